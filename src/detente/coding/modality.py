"""Whether an event mention is told as actual, future, hypothetical or negated.

Modality is read by climbing from the trigger to the root: auxiliaries, negation, conditions, and what governs an infinitive, a gerund or a noun.
"""

from __future__ import annotations

from collections.abc import Mapping

from detente.codebook.load import Codebook
from detente.codebook.types import OPERATORS, VERBAL
from detente.coding.grammar import children, is_passive, is_verb
from detente.records import EventMention, Modality, Sentence

_WILL = frozenset({"will", "'ll", "shall", "wo", "gonna"})
_WOULD = frozenset({"would", "could", "may", "might", "should", "must", "can", "'d", "ought", "ca"})
_CONDITIONS = frozenset({"if", "unless", "whether", "lest", "once", "until"})
_PRESUPPOSING = frozenset(
    {"after", "since", "by", "in", "for", "while", "following", "when", "before", "over", "despite", "upon", "on", "with", "at", "as", "about", "during", "amid"}
)


def read_modality(s: Sentence, m: EventMention, by_token: Mapping[tuple[int, int], EventMention], codebook: Codebook) -> Modality:
    """The modality of one event mention."""
    if s.words[-1] == "?" or any(w == "?" for w in s.words[-2:]):
        return "hypothetical"
    token = m.trigger
    above = by_token.get((s.index, s.heads[token]))
    if above is not None and above is not m and above.event_type == "PROTEST" and m.event_type in ("REQUEST", "ACCUSE") and is_verb(s, token):
        return "actual"  # "marched to demand that": marching is demanding
    if not is_verb(s, token):
        return _noun_modality(s, token, by_token, codebook)
    return _verb_modality(s, token, by_token, codebook, 0)


def _noun_modality(s: Sentence, n: int, by_token: Mapping[tuple[int, int], EventMention], codebook: Codebook) -> Modality:
    """By the words at event noun ``n``, the verb that it is the subject or object of, or the noun above it."""
    grammar = codebook.grammar
    if s.tags[n][:2] == "JJ":
        head = s.heads[n]
        return _verb_modality(s, head, by_token, codebook, 0) if is_verb(s, head) else "actual"
    for c in s.children[n]:
        low = s.words[c].lower()
        if low in ("no", "any") and s.deps[c] == "det":
            return "negated" if low == "no" else "hypothetical"
        if low in codebook.grammar["unreal_adjectives"]:
            return "hypothetical"
    for _ in range(8):
        dep, head = s.deps[n], s.heads[n]
        if dep == "conj":
            n = head
            continue
        if dep in ("dobj", "nsubj", "nsubjpass", "attr") and is_verb(s, head):
            lemma = s.lemmas[head]
            if dep == "dobj":
                if lemma in grammar["negating_verbs"]:
                    return "negated"
                if lemma in grammar["future_verbs"] and lemma not in grammar["light_verbs"] or lemma in ("plan", "seek", "want", "propose", "discuss", "consider"):
                    return "future"
            if lemma in grammar["light_verbs"] or lemma in grammar["occurrence_verbs"]:
                return _verb_modality(s, head, by_token, codebook, 1)
            return "actual"
        if dep == "pobj":
            prep, above = s.lemmas[head], s.heads[head]
            if s.tags[above][:2] == "NN":
                if s.lemmas[above] in grammar["future_nouns"] and prep in ("of", "for", "to", "on", "against"):
                    return "future"
                if prep in ("of",) and s.lemmas[above] in ("start", "beginning", "end", "resumption", "wake", "aftermath", "series", "wave", "day", "round", "spate", "string"):
                    n = above
                    continue
                return "actual"
            if (
                is_verb(s, above)
                and prep in ("for", "of", "to")
                and (
                    s.lemmas[above] in grammar["future_verbs"]
                    or s.lemmas[above] in ("call", "warn", "push", "press", "appeal", "brace", "lead", "threaten", "amount", "agree", "return")
                )
            ):
                return "future"
            if is_verb(s, above) and prep == "from" and s.lemmas[above] in grammar["negating_verbs"]:
                return "negated"
            return "negated" if prep == "without" else "actual"
        break
    return "actual"


def _verb_modality(s: Sentence, v: int, by_token: Mapping[tuple[int, int], EventMention], codebook: Codebook, depth: int) -> Modality:
    """By the words around verb ``v``, else by what it hangs on, up to the root."""
    if depth > 10:
        return "actual"
    grammar = codebook.grammar
    own, infinitive, own_finite = _own_modality(s, v, grammar)
    if own is not None:
        return own
    gerund = s.tags[v] == "VBG" and not own_finite
    dep, head = s.deps[v], s.heads[v]
    if head == v:
        return "future" if infinitive and s.kind == "title" else "actual"
    if dep in ("acl", "ccomp", "relcl") and _is_doubt(s, head, codebook) and not gerund:
        return "hypothetical"
    if dep == "conj":
        if not is_verb(s, head):
            return "actual"
        has_subject = any(s.deps[c] in ("nsubj", "nsubjpass") for c in s.children[v])
        is_past = s.tags[v] == "VBD" and s.words[v].lower() != s.lemmas[v]  # "threatened to end the accord and shut the office": both are threatened
        if has_subject and is_past and any(s.tags[c] == "MD" for c in s.children[head]):
            return "actual"  # "said it would be a breach, and Peru called for calm": the parser joined the last clause to the one that is said
        if has_subject or own_finite or is_past and s.tags[head] != "VBD":
            return _upward_clause(s, head, by_token, codebook, depth + 1)
        return _verb_modality(s, head, by_token, codebook, depth + 1)
    if dep in ("xcomp", "ccomp", "advcl", "oprd", "dep") and is_verb(s, head):
        return _under_verb(s, v, infinitive, by_token, codebook, depth)
    if dep == "pcomp":
        return _under_preposition(s, v, by_token, codebook, depth)
    lemma = s.lemmas[head]
    if dep in ("acl", "relcl") and (infinitive or gerund and s.lemmas[head] in grammar["future_nouns"]):
        if lemma not in grammar["future_nouns"] and lemma in ("decision", "order", "move", "first", "last", "second", "latest", "failure", "only", "one"):
            return "negated" if lemma == "failure" else "actual"
        return "future"
    if dep in ("acl", "relcl"):
        return "actual"
    if dep in ("xcomp", "ccomp", "advcl", "acomp") and s.tags[head][:2] in ("JJ", "NN", "RB"):
        if infinitive or lemma in grammar["future_adjectives"]:
            return "future" if s.tags[head][:2] == "JJ" or infinitive else "actual"
        if is_verb(s, s.heads[head]):
            return _verb_modality(s, s.heads[head], by_token, codebook, depth + 1)
    if dep in ("csubj", "csubjpass") and s.tags[v] == "VBG" and s.tags[head] in ("VBZ", "VBP"):
        return "hypothetical"
    if dep in ("acomp", "attr") and is_verb(s, head):
        return _verb_modality(s, head, by_token, codebook, depth + 1)
    return "actual"


def _own_modality(s: Sentence, v: int, grammar: Mapping[str, frozenset[str]]) -> tuple[Modality | None, bool, bool]:
    """What the words around verb ``v`` say of it (``None`` where they leave it open), whether it is an infinitive, and whether it has an auxiliary of its own."""
    infinitive = own_finite = False
    for c in s.children[v]:
        dep, low = s.deps[c], s.words[c].lower()
        if dep == "neg" or dep in ("advmod", "preconj") and low in ("never", "hardly", "neither", "nor"):
            return "negated", infinitive, own_finite
        if dep == "aux":
            if s.tags[c] == "TO":
                infinitive = True
            elif low in _WILL:
                return "future", infinitive, own_finite
            elif low in _WOULD:
                return "hypothetical", infinitive, own_finite
            else:
                own_finite = True
        if dep == "mark" and low in _CONDITIONS and not (low in ("until", "once") and _is_told_past(s, v)):
            return "hypothetical", infinitive, own_finite
        if dep == "prep" and low == "in" and any(s.lemmas[o] in grammar["opinion_nouns"] and children(s, o, "poss") for o in children(s, c, "pobj")):
            return "hypothetical", infinitive, own_finite  # "a government that in its view lets them": somebody's opinion
        if dep == "advmod" and low in ("potentially", "possibly", "perhaps", "nearly", "almost"):
            return "hypothetical", infinitive, own_finite
        if dep in ("nsubj", "nsubjpass", "dobj") and any(s.words[d].lower() == "no" and s.deps[d] == "det" for d in s.children[c]):
            return "negated", infinitive, own_finite
        if dep in ("nsubj", "nsubjpass") and low in ("nobody", "none", "neither"):
            return "negated", infinitive, own_finite
    return None, infinitive, own_finite


def _is_told_past(s: Sentence, v: int) -> bool:
    """ "they met until the palace forbade it": both verbs are in the past, and nothing above is only thought of."""
    head = s.heads[v]
    auxiliaries = {s.words[c].lower() for c in children(s, head, "aux")}
    return s.tags[v] == "VBD" and s.tags[head] in ("VBD", "VBN") and not auxiliaries & (_WILL | _WOULD) and not any(s.tags[c] == "TO" for c in children(s, head, "aux"))


def _is_doubt(s: Sentence, token: int, codebook: Codebook) -> bool:
    """ "an accusation that it had attacked": the clause tells what is claimed, not what is."""
    return s.tags[token][:2] == "NN" and s.lemmas[token] in codebook.grammar["doubt_nouns"]


def _upward_clause(s: Sentence, v: int, by_token: Mapping[tuple[int, int], EventMention], codebook: Codebook, depth: int) -> Modality:
    """The modality that a conjunct with its own subject takes from what governs the whole coordination."""
    dep, head = s.deps[v], s.heads[v]
    if dep in ("ccomp", "advcl") and is_verb(s, head):
        return _under_verb(s, v, False, by_token, codebook, depth)
    return "actual"


def _under_verb(s: Sentence, v: int, infinitive: bool, by_token: Mapping[tuple[int, int], EventMention], codebook: Codebook, depth: int) -> Modality:
    """Of a clause that hangs on a verb: what the event that the verb tells, or the verb's kind, makes of it."""
    grammar = codebook.grammar
    dep, head = s.deps[v], s.heads[v]
    lemma, governor = s.lemmas[head], by_token.get((s.index, head))
    told = by_token.get((s.index, v))
    if infinitive and told is not None and told.event_type in VERBAL and (lemma in grammar["contact_verbs"] or governor is not None and governor.event_type == "CONSULT"):
        return _verb_modality(s, head, by_token, codebook, depth + 1)  # "telephoned to urge": the urging was done
    if dep == "advcl":
        return _adverbial(s, v, infinitive, by_token, codebook, depth)
    if governor is not None and governor.event_type in OPERATORS and (infinitive or dep == "ccomp" or dep == "xcomp"):
        if governor.rule.startswith("agree") and dep == "ccomp" and not infinitive:
            return "actual"
        return "future"
    if lemma in codebook.grammar["alleging_verbs"] and lemma != "claim":
        return "negated" if lemma == "deny" else "hypothetical"
    if lemma in grammar["negating_verbs"] or lemma == "rule" and any(s.words[c].lower() == "out" for c in s.children[head]):
        return "negated"
    if infinitive and lemma == "go" and s.words[head].lower() == "going":
        return "future"
    return _complement(s, v, infinitive, by_token, codebook, depth)


def _adverbial(s: Sentence, v: int, infinitive: bool, by_token: Mapping[tuple[int, int], EventMention], codebook: Codebook, depth: int) -> Modality:
    """Of a purpose ("went to meet"), a condition, or what happened beside the act of the verb above ("fled, leaving")."""
    head = s.heads[v]
    lemma, governor = s.lemmas[head], by_token.get((s.index, head))
    grammar = codebook.grammar
    if infinitive:
        if governor is not None and governor.event_type in OPERATORS:
            return "future"
        if lemma in grammar["actual_verbs"] and lemma in ("go", "come", "use", "rush", "join", "order", "force"):
            return _verb_modality(s, head, by_token, codebook, depth + 1)
        return "future"
    marks = [s.words[c].lower() for c in s.children[v] if s.deps[c] in ("mark", "advmod")]
    if any(w in _CONDITIONS for w in marks) and not _is_told_past(s, v):
        return "hypothetical"
    if not marks and s.tags[v] in ("VBG", "VBN"):
        return _verb_modality(s, head, by_token, codebook, depth + 1)
    return "actual"


def _complement(s: Sentence, v: int, infinitive: bool, by_token: Mapping[tuple[int, int], EventMention], codebook: Codebook, depth: int) -> Modality:
    """Of what a verb has as its complement: wanted, believed, said, or done."""
    grammar, told = codebook.grammar, by_token.get((s.index, v))
    dep, head = s.deps[v], s.heads[v]
    lemma = s.lemmas[head]
    if (
        s.tags[v] == "VBG"
        and dep == "xcomp"
        and lemma in ("consider", "mull", "weigh", "contemplate", "plan", "propose", "discuss", "suggest", "recommend", "favour", "favor", "oppose", "risk", "envisage")
    ):
        return "future"
    if infinitive and lemma in grammar["future_verbs"] and lemma not in ("see",):
        return "future"
    if infinitive and is_passive(s, head) and lemma in ("say", "report", "believe", "think", "know", "claim", "allege"):
        return "actual"
    if infinitive and lemma == "be" and dep == "xcomp" and s.tags[head] in ("VBZ", "VBP") and not (told is not None and told.event_type == "SANCTION"):
        return "future"  # "is to send police"; but a state that announces a sanction has taken it
    if infinitive and lemma in grammar["actual_verbs"]:
        return _verb_modality(s, head, by_token, codebook, depth + 1)
    if infinitive and dep in ("xcomp", "ccomp"):
        return "future"
    if dep == "ccomp" and lemma in grammar["belief_verbs"] and lemma not in ("see", "consider"):
        return "hypothetical"
    if dep == "ccomp" and lemma in ("warn", "demand", "insist", "recommend", "propose", "suggest", "ensure", "pretend"):
        return "hypothetical" if lemma not in ("insist", "suggest", "warn") else "actual"
    if dep == "ccomp" and lemma in grammar["report_verbs"]:
        return "actual"
    if dep in ("xcomp", "ccomp", "oprd"):
        return _verb_modality(s, head, by_token, codebook, depth + 1)
    return "actual"


def _under_preposition(s: Sentence, v: int, by_token: Mapping[tuple[int, int], EventMention], codebook: Codebook, depth: int) -> Modality:
    """Of a gerund behind a preposition: "without firing", "after attacking", "accused of plotting"."""
    grammar = codebook.grammar
    prep = s.heads[v]
    name, above = s.lemmas[prep], s.heads[prep]
    if name == "without":
        return "negated"
    lemma = s.lemmas[above]
    if name == "from" and lemma in grammar["negating_verbs"] or lemma in ("fall", "stop", "refrain") and name in ("short", "of", "from"):
        return "negated"
    if lemma in codebook.grammar["alleging_verbs"] or lemma == "warn" and name == "against":
        return "hypothetical"
    governor = by_token.get((s.index, above))
    if governor is not None and governor.event_type == "ACCUSE" and name in ("of",):
        return "hypothetical"
    if s.tags[above][:2] == "NN":
        return "future" if lemma in grammar["future_nouns"] else "actual"
    if lemma in grammar["future_adjectives"] or lemma in ("consider", "think", "plan", "talk", "dream"):
        return "future"
    if name == "on" and lemma in ("go", "keep", "carry") and is_verb(s, above):
        return _verb_modality(s, above, by_token, codebook, depth + 1)  # "would go on shelling"
    if name in _PRESUPPOSING:
        above_modality = _verb_modality(s, above, by_token, codebook, depth + 1) if is_verb(s, above) else "actual"
        return above_modality if above_modality in ("future", "hypothetical") and name in ("after", "by", "before", "upon", "when", "while", "in") else "actual"
    return _verb_modality(s, above, by_token, codebook, depth + 1) if is_verb(s, above) else "actual"
