"""A parsed sentence -> who does what in each clause: logical subject, object, prepositions, whatever the surface form.

Free functions over ``records.Sentence``; every coding step may read them. They undo the passive, fill the gaps of relative clauses,
participles and infinitives under control, and share the arguments of coordinated verbs.
"""

from __future__ import annotations

import msgspec

from detente.records import Sentence

SUBJECTS = ("nsubj", "nsubjpass", "csubj", "csubjpass", "expl")
RELATIVE = frozenset({"who", "which", "that", "whom", "whose"})
_OBJECT_PREPS = frozenset({"of", "for", "from", "into", "with", "over"})
_SAYING = frozenset({"say", "tell", "claim", "argue", "report", "suggest", "believe"})
_SUFFERED = frozenset(
    {"arrest", "detain", "jail", "imprison", "charge", "convict", "sentence", "expel", "deport", "kill", "injure", "wound", "hurt", "abduct", "kidnap", "capture"}
    | {"displace", "evacuate", "destroy", "damage", "loot", "ransack", "torch"}
)
"""Verbs that without an object, after a passive, are passive themselves."""
_HAVING_DONE = frozenset({"order", "have", "get"})
"""With object and participle their subject is who does it through others: "ordered the camp cleared"."""
_SEEING_DONE = frozenset({"see", "want", "find", "like"})
"""The same, but others do it: "has seen its envoy thrown out"."""
_SUBJECT_CONTROL = frozenset({"promise", "vow", "threaten", "pledge", "threat", "telephone", "phone", "ring", "write", "visit", "meet", "join"})
MAX_DEPTH = 12
"""How far a chain of conjuncts or clauses is followed: hostile text nests without end."""
NUMBER_WORDS = {
    w: i for i, w in enumerate("zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty".split())
}
NUMBER_WORDS |= {"a": 1, "an": 1, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90}


class Preposition(msgspec.Struct, frozen=True):
    """A preposition that belongs to a clause: its lemma ("out of" is one), its token, its object's head and how far from the verb it hangs."""

    name: str
    token: int
    object: int
    depth: int


class Clause(msgspec.Struct, frozen=True):
    """A verb with its logical arguments, as token indexes of heads (coordination not yet expanded)."""

    verb: int
    passive: bool
    subjects: tuple[int, ...]
    objects: tuple[int, ...]
    datives: tuple[int, ...]
    prepositions: tuple[Preposition, ...]
    particles: frozenset[str]
    words: frozenset[str]
    infinitive: int | None
    clause: int | None
    subject_is_shared: bool


def children(s: Sentence, i: int, *deps: str) -> list[int]:
    """The dependents of token ``i`` with one of these labels, left to right."""
    return [c for c in s.children[i] if s.deps[c] in deps]


def is_verb(s: Sentence, i: int) -> bool:
    return s.tags[i][:2] == "VB"


def subtree(s: Sentence, i: int) -> list[int]:
    """Token ``i`` and everything below it, in order of the text."""
    out = [i]
    stack = [i]
    while stack:
        below = s.children[stack.pop()]
        out.extend(below)
        stack.extend(below)
    return sorted(out)


def conjuncts(s: Sentence, i: int) -> list[int]:
    """Token ``i`` and the heads coordinated with it, in order."""
    out = [i]
    for token in out:
        if len(out) > 40:
            break
        out.extend(children(s, token, "conj"))
        if s.kind == "title":  # "Russia, Ukraine swap prisoners": a comma for "and"
            out.extend(c for c in children(s, token, "appos") if c == token + 2 and s.words[token + 1] == "," and s.tags[c] == s.tags[token] == "NNP" and not s.children[c])
        else:  # "Saudi Arabia, Egypt, the Emirates and Bahrain": of a list of names the parser often takes the second for an apposition
            out.extend(c for c in children(s, token, "appos") if s.tags[c] == s.tags[token] == "NNP" and s.words[c - 1] == "," and c - token <= 4 and _begins_list(s, c))
        # "Moon Jae-in and Donald Trump": the parser often hangs the first name on the second
        out.extend(
            c for c in s.children[token] if s.deps[c] in ("nmod", "compound", "amod") and c < token and s.tags[c][:2] == "NN" and any(s.deps[k] == "cc" for k in s.children[c])
        )
    return out


def _begins_list(s: Sentence, i: int) -> bool:
    """Whether further names follow ``i`` in a list that ends with "and"."""
    following = children(s, i, "conj")
    return bool(following) and all(s.tags[c][:3] == "NNP" for c in following) and not any(s.deps[c] in ("relcl", "acl", "prep") for c in s.children[i])


def first_conjunct(s: Sentence, i: int) -> int:
    """The head of the coordination that token ``i`` belongs to."""
    for _ in range(MAX_DEPTH):
        if s.deps[i] != "conj" or s.heads[i] == i:
            break
        i = s.heads[i]
    return i


def goes_on(s: Sentence, verb: int) -> bool:
    """Whether the subject of the main verb is one that the text before has named: "They urged", "Its foreign ministry"."""
    top = first_conjunct(s, verb)
    if not is_verb(s, verb) or s.heads[top] != top:
        return False
    subjects, _ = surface_subjects(s, verb)
    return any(
        s.tags[k] == "PRP" and s.words[k].lower() in ("he", "she", "they", "it") or any(s.tags[c] == "PRP$" and s.words[c][0].isupper() for c in s.children[k])
        for k in subjects[:1]
    )


def is_passive(s: Sentence, v: int, depth: int = 0) -> bool:
    """Whether verb ``v`` is in the passive, reduced passives ("troops sent by") and headline passives ("Six killed in blast") included."""
    kids = s.children[v]
    deps = [s.deps[c] for c in kids]
    if "auxpass" in deps or "nsubjpass" in deps:
        return True
    if s.tags[v] not in ("VBN", "VBD"):
        return False
    has_aux = any(d == "aux" for d in deps)
    if s.tags[v] == "VBN" and not has_aux:
        if _is_had_done(s, v, _HAVING_DONE | _SEEING_DONE):
            return True
        if s.deps[v] in ("acl", "advcl", "relcl", "amod", "oprd", "ccomp", "xcomp") and "dobj" not in deps and "nsubj" not in deps:
            return True
        if s.deps[v] == "conj" and "nsubj" not in deps and depth < MAX_DEPTH and is_verb(s, s.heads[v]):
            return is_passive(s, s.heads[v], depth + 1) and "dobj" not in deps
        if "agent" in deps and "nsubj" not in deps:
            return True
    if s.deps[v] == "conj" and s.tags[v] == "VBD" and "nsubj" not in deps and "dobj" not in deps and "agent" in deps:
        return True
    if s.deps[v] == "conj" and "nsubj" in deps and "dobj" not in deps and not has_aux and (s.tags[v] == "VBN" or s.lemmas[v] in _SUFFERED):
        return depth < MAX_DEPTH and is_verb(s, s.heads[v]) and is_passive(s, s.heads[v], depth + 1)  # "78 were wounded and 259 arrested"
    if s.deps[v] == "acl" and s.tags[v] == "VBD" and "dobj" not in deps:
        return True
    return s.kind == "title" and not has_aux and "dobj" not in deps and s.tags[v] == "VBN"


def _is_had_done(s: Sentence, v: int, verbs: frozenset[str]) -> bool:
    """ "ordered the camp cleared": a participle with its object before it, below a verb of having things done."""
    head = s.heads[v]
    return s.deps[v] in ("ccomp", "xcomp") and is_verb(s, head) and s.lemmas[head] in verbs and bool(children(s, v, "nsubj")) and not children(s, v, "dobj", "aux")


def surface_subjects(s: Sentence, v: int, depth: int = 0) -> tuple[list[int], bool]:
    """The surface subject of verb ``v``, found by control and sharing where it is not expressed; and whether it had to be found."""
    if depth > MAX_DEPTH:
        return [], True
    own = children(s, v, *SUBJECTS)
    own = [c for c in own if s.deps[c] != "expl"] or [c for c in children(s, v, "attr") if any(s.deps[o] == "expl" for o in s.children[v])]
    if own:
        subject = own[0]
        if s.words[subject].lower() in RELATIVE:
            antecedent = _antecedent(s, v, depth)
            return ([antecedent], False) if antecedent is not None else ([], True)
        return [subject], False
    return _shared_subject(s, v, depth), True


def _antecedent(s: Sentence, v: int, depth: int) -> int | None:
    for _ in range(MAX_DEPTH):
        if s.deps[v] == "relcl":
            return s.heads[v]
        if s.deps[v] not in ("conj", "xcomp", "ccomp") or s.heads[v] == v:
            return None
        v = s.heads[v]
    return None


def _shared_subject(s: Sentence, v: int, depth: int) -> list[int]:
    dep, head = s.deps[v], s.heads[v]
    if head == v:
        return []
    if dep == "conj":
        if not is_verb(s, head):
            return []
        is_beside_speech = s.deps[head] == "ccomp" and s.lemmas[s.heads[head]] in _SAYING and is_passive(s, head) and not is_passive(s, v) and s.tags[v] == "VBD"
        return surface_subjects(s, s.heads[head] if is_beside_speech else head, depth + 1)[0]  # "said that six had been killed and warned of revenge"
    if dep in ("xcomp", "ccomp", "oprd", "dep"):
        if not is_verb(s, head):
            return _shared_subject(s, head, depth + 1) if s.tags[head][:2] == "JJ" or s.deps[head] in ("acomp", "attr") else []
        if s.lemmas[head] not in _SUBJECT_CONTROL:
            objects = children(s, head, "dobj", "dative")
            if objects and objects[0] < v:
                return objects[:1]
            for prep in children(s, head, "prep"):
                if s.lemmas[prep] in ("on", "upon", "for") and dep == "xcomp" and s.lemmas[head] in ("call", "prevail", "wait", "arrange"):
                    return children(s, prep, "pobj")
        return surface_subjects(s, head, depth + 1)[0]
    if dep in ("csubj", "csubjpass", "ccomp") and s.tags[v] == "VBG" and not children(s, v, "aux"):
        return [] if dep != "ccomp" or s.lemmas[head] in _SAYING else surface_subjects(s, head, depth + 1)[0]
    if dep == "acomp" or dep == "attr":
        return surface_subjects(s, head, depth + 1)[0] if is_verb(s, head) else []
    if dep == "advcl":
        if is_verb(s, head):
            objects = children(s, head, "dobj")
            if objects and objects[0] < v and s.lemmas[head] in ("urge", "ask", "order", "tell", "press", "push", "force", "send", "deploy", "use", "allow"):
                if any(s.lemmas[c] == "to" for c in children(s, v, "aux")):
                    return objects[:1]
            return surface_subjects(s, head, depth + 1)[0]
        return []
    if dep in ("acl", "relcl"):
        if any(s.tags[c] == "TO" for c in children(s, v, "aux")):
            return noun_agents(s, head, depth + 1)
        return [head]
    if dep == "pcomp":
        return _subject_through_preposition(s, head, depth)
    return []


def _subject_through_preposition(s: Sentence, prep: int, depth: int) -> list[int]:
    governor = s.heads[prep]
    if governor == prep:
        return []
    if is_verb(s, governor):
        if s.lemmas[prep] in _OBJECT_PREPS:
            if is_passive(s, governor):
                return surface_subjects(s, governor, depth + 1)[0]
            objects = children(s, governor, "dobj")
            if objects:
                return objects[:1]
        return surface_subjects(s, governor, depth + 1)[0]
    return noun_agents(s, governor, depth + 1)


def noun_agents(s: Sentence, n: int, depth: int = 0) -> list[int]:
    """Who does what noun ``n`` names: its possessor ("Pyongyang's decision to"), else the subject of the verb it is the object of."""
    if depth > MAX_DEPTH:
        return []
    owners = children(s, n, "poss")
    if owners:
        return owners[:1]
    for prep in children(s, n, "prep", "agent"):
        if s.lemmas[prep] == "by":
            return children(s, prep, "pobj")
    dep, head = s.deps[n], s.heads[n]
    if dep in ("dobj", "attr", "oprd") and is_verb(s, head):
        return surface_subjects(s, head, depth + 1)[0]
    if dep == "pobj" and is_verb(s, s.heads[head]):
        return surface_subjects(s, s.heads[head], depth + 1)[0]
    if dep in ("nsubj", "nsubjpass", "pobj", "appos", "conj", "ROOT"):
        named = [c for c in children(s, n, "compound", "amod", "nmod") if s.tags[c] in ("NNP", "NNPS", "JJ")]
        return named[:1]
    return []


def read_clause(s: Sentence, v: int) -> Clause:
    """The logical arguments of verb ``v``."""
    passive = is_passive(s, v)
    surface, shared = surface_subjects(s, v)
    prepositions = clause_prepositions(s, v)
    if passive:
        agents = [c for p in s.children[v] if s.deps[p] in ("agent", "prep") and s.lemmas[p] == "by" for c in children(s, p, "pobj")]
        objects = surface if s.deps[v] not in ("acl",) else [s.heads[v]]
        if s.deps[v] == "amod":
            objects = [s.heads[v]]
        extra = [c for c in children(s, v, "dobj", "oprd")]
        if not agents and _is_had_done(s, v, _HAVING_DONE):
            agents = surface_subjects(s, s.heads[v])[0]
        subjects, objects = agents, [*objects, *extra]
    else:
        subjects = surface
        objects = [c for c in children(s, v, "dobj", "obj") if s.words[c].lower() not in RELATIVE]
        objects = objects or _gap_object(s, v) or _later_object(s, v)
    infinitive = next((c for c in children(s, v, "xcomp", "advcl", "ccomp") if any(s.tags[a] == "TO" for a in children(s, c, "aux"))), None)
    if infinitive is None:
        infinitive = _buried_infinitive(s, v)
    clause = next((c for c in children(s, v, "ccomp", "advcl", "xcomp", "csubj") if c != infinitive and (s.deps[c] == "ccomp" or is_verb(s, c) and s.deps[c] == "xcomp")), None)
    particles = frozenset(s.words[c].lower() for c in s.children[v] if s.deps[c] in ("prt", "advmod") or s.deps[c] == "prep" and not s.children[c])
    words = frozenset(s.lemmas[c].lower() for c in s.children[v] if s.deps[c] not in ("punct", "aux", "auxpass", "mark", "cc", "neg"))
    return Clause(v, passive, tuple(subjects), tuple(dict.fromkeys(objects)), tuple(children(s, v, "dative")), tuple(prepositions), particles, words, infinitive, clause, shared)


def _gap_object(s: Sentence, v: int) -> list[int]:
    """ "the office that the North destroyed": the antecedent is the object."""
    if s.deps[v] != "relcl":
        return []
    own = [c for c in children(s, v, *SUBJECTS)]
    if own and s.words[own[0]].lower() not in RELATIVE:
        if any(s.lemmas[p] not in ("by",) and not s.children[p] for p in children(s, v, "prep")):
            return []
        if any(s.words[c].lower() == "whose" for c in s.children[own[0]]) or any(s.tags[c] == "WRB" for c in s.children[v]):
            return []  # "Kuwait, whose emir flew", "the town where rebels attacked"
        if any(s.tags[o] == "WDT" for p in children(s, v, "prep") for o in children(s, p, "pobj")):
            return []  # "the talks at which Iran threatened"
        return [s.heads[v]]
    return []


def _later_object(s: Sentence, v: int) -> list[int]:
    """ "shelled and bombed the town": the object stands with the last of coordinated verbs."""
    for conj in children(s, v, "conj"):
        if is_verb(s, conj) and conj - v <= 3 and not is_passive(s, conj):
            return children(s, conj, "dobj")
    return []


def _buried_infinitive(s: Sentence, v: int) -> int | None:
    """ "called on Iran to stop": the parser often hangs the infinitive on the object."""
    for child in s.children[v]:
        if s.deps[child] in ("dobj", "dative"):
            holders = [child]
        elif s.deps[child] == "prep":
            holders = children(s, child, "pobj")
        else:
            continue
        for holder in holders:
            for c in children(s, holder, "acl", "relcl"):
                if any(s.tags[a] == "TO" for a in children(s, c, "aux")):
                    return c
    return None


def clause_prepositions(s: Sentence, v: int) -> list[Preposition]:
    """All prepositions of the verb phrase: those of the verb, then those that the parser hung on its objects and deeper."""
    out: list[Preposition] = []
    queue: list[tuple[int, int]] = [(v, 0)]
    while queue:
        token, depth = queue.pop(0)
        for child in s.children[token]:
            dep = s.deps[child]
            if dep in ("prep", "dative") and s.tags[child] in ("IN", "TO", "RB", "VBG", "RP") or dep == "agent":
                out.extend(_read_preposition(s, child, depth, queue))
            elif depth < 3 and dep in ("dobj", "oprd", "attr", "acomp", "prt", "advmod", "nsubjpass") and (dep != "nsubjpass" or depth == 0):
                queue.append((child, depth + 1))
        if len(out) > 30:
            break
    return out


def _read_preposition(s: Sentence, p: int, depth: int, queue: list[tuple[int, int]]) -> list[Preposition]:
    name = s.lemmas[p] if s.tags[p] != "VBG" else s.words[p].lower()
    out = []
    for child in s.children[p]:
        dep = s.deps[child]
        if dep == "pobj":
            out.append(Preposition(name, p, child, depth))
            if depth < 2:
                queue.append((child, depth + 1))
        elif dep == "prep":
            for inner in children(s, child, "pobj"):
                out.append(Preposition(f"{name} {s.lemmas[child]}", p, inner, depth))
                out.append(Preposition(s.lemmas[child], child, inner, depth))
                if depth < 2:
                    queue.append((inner, depth + 1))
        elif dep in ("pcomp", "amod", "acomp", "advcl"):
            out.append(Preposition(name, p, child, depth))
    return out


def clause_span(s: Sentence, v: int) -> tuple[int, int]:
    """First and last token of the words that state what ``v`` governs, without subordinate clauses that stand at its edges."""
    keep = {v}
    stack = [v]
    while stack:
        token = stack.pop()
        for c in s.children[token]:
            if token == v and s.deps[c] in ("conj", "cc", "punct", "parataxis") or s.deps[c] in ("advcl", "relcl", "appos") and token == v:
                continue
            keep.add(c)
            stack.append(c)
    return min(keep), max(keep)
