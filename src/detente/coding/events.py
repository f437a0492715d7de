"""Sentences and their actors -> event mentions, by the codebook's rules over the dependency structure.

Three passes a sentence: verbs (with particles, light verbs and adjectives), composition (a verb that ends, rejects, asks for or threatens an
event noun or an infinitive), and event nouns that stand alone. Nothing here knows dates, places or who said it.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from detente.codebook.load import Codebook, Composition, NounPattern, Pattern, Rule
from detente.codebook.types import OPERATORS, SYMMETRIC, VERBAL
from detente.coding.grammar import Clause, children, clause_prepositions, clause_span, conjuncts, is_verb, noun_agents, read_clause
from detente.coding.phrases import Phrase, expand
from detente.records import Actor, EventMention, Evidence, Refusal, Sentence

STATE = frozenset({"GOV", "MIL", "COP", "JUD", "LEG", "SPY", "IGO"})
ARMED = frozenset({"MIL", "REB", "UAF", "PRM", "COP", "CRM"})
CIVILIAN = frozenset({"EDU", "LAB", "AGR", "REL", "REF", "SOC", "MED", "NGO", "UNK", "OPP", "PTY"})
HOSTILE = frozenset({"ASSAULT", "COERCE", "SANCTION", "MOBILIZE", "PROTEST"})
_REPEATED = frozenset({"ASSAULT", "CONSULT", "COERCE", "SANCTION", "MOBILIZE", "PROTEST", "RETREAT", "AGREE"})
_PRIVATE = frozenset({"CVL", "BUS", "EDU", "MED", "LAB", "AGR", "REF", "UNK"})
_PACKAGES = frozenset(
    {"round", "series", "wave", "package", "set", "string", "raft", "slew", "number", "spate", "form", "kind", "batch", "resumption", "continuation", "start", "lot"}
)
_OWNED = VERBAL | {"SANCTION"}
"""What somebody's team, chief, branch or resolution does is his own act."""
_SPEAKERS = frozenset({"GOV", "MIL", "LEG", "IGO", "REB", "PTY", "OPP", "PRM", "SPY", "COP", "JUD"})
Phrases = Mapping[int, Phrase]


class Found(msgspec.Struct):
    """A match in the making: rule, trigger token, roles as head tokens and as actors."""

    rule: Rule
    trigger: int
    clause: Clause | None
    source_heads: tuple[int, ...]
    target_heads: tuple[int, ...]
    source: tuple[Actor, ...]
    target: tuple[Actor, ...]
    specificity: int
    type: str
    modes: tuple[str, ...]
    cameo: str
    rule_id: str
    nominal: bool = False
    complement: int | None = None
    noun: int | None = None
    own_object: bool = False
    incomplete: bool = False
    needs_target: bool = False
    is_reciprocal: bool = False


def find_events(text: str, sentences: Sequence[Sentence], phrases: Sequence[Phrases], codebook: Codebook) -> tuple[list[EventMention], list[Refusal]]:
    """A document's sentences with their resolved noun phrases -> event mentions in order of the text, and what was refused and why."""
    mentions: list[EventMention] = []
    refusals: list[Refusal] = []
    for s, here in zip(sentences, phrases, strict=True):
        finder = _Finder(text, s, here, codebook)
        found = finder.find()
        refusals.extend(finder.refusals)
        mentions.extend(finder.mention(f) for f in found)
    return mentions, refusals


class _Finder:
    """The search in one sentence. Lives for one sentence only."""

    def __init__(self, text: str, s: Sentence, phrases: Phrases, codebook: Codebook) -> None:
        self.text, self.s, self.phrases, self.book = text, s, phrases, codebook
        self.clauses: dict[int, Clause] = {}
        self.refusals: list[Refusal] = []
        self.used_nouns: set[int] = set()

    @functools.cached_property
    def vocabulary(self) -> frozenset[str]:
        """All words of the sentence, as written and as lemmas: what a pattern needs and is not here need not be looked for."""
        return frozenset(w.lower() for w in self.s.words) | frozenset(self.s.lemmas)

    def clause(self, v: int) -> Clause:
        if v not in self.clauses:
            self.clauses[v] = read_clause(self.s, v)
        return self.clauses[v]

    def find(self) -> list[Found]:
        s, book = self.s, self.book
        by_verb: dict[int, Found] = {}
        for v, lemma in enumerate(s.lemmas):
            if is_verb(s, v) and s.deps[v] not in ("aux", "auxpass") and not (s.deps[v] == "amod" and lemma in book.grammar["labelling_verbs"]):
                found = self._by_verb(v, lemma)
                if found is not None:
                    by_verb[v] = found
            elif lemma in book.adjectives and s.deps[v] in ("acomp", "amod", "oprd", "advcl", "conj", "attr"):
                found = self._by_adjective(v, lemma)
                if found is not None:
                    by_verb[v] = found
        out = list(by_verb.values())
        out.extend(msgspec.structs.replace(f, source=f.target, target=f.source) for f in by_verb.values() if f.is_reciprocal and f.target)
        for n, lemma in enumerate(s.lemmas):
            proper = s.tags[n] == "NNP" and s.kind != "title"  # "the Korean War", "Battle of Britain": names, not news
            if n not in self.used_nouns and not proper and (lemma in book.nouns and s.tags[n][:2] == "NN" or lemma.lower() in book.nouns and s.tags[n] == "NNP"):
                noun_found = self._by_noun(n)
                if noun_found is not None:
                    out.append(noun_found)
        by_trigger = {f.noun if f.noun is not None else f.trigger: f for f in out}
        out.extend(self._statements(out))
        composed = [self._refine(f, by_trigger) for f in out]
        return sorted((f for f in composed if f is not None and self._keep(f)), key=lambda f: f.trigger)

    # -- verbs -------------------------------------------------------------------------------------------------------
    def _by_verb(self, v: int, lemma: str) -> Found | None:
        book = self.book
        best: Found | None = None
        patterns = book.verbs.get(lemma)
        if patterns:
            clause = self.clause(v)
            best = self._best(clause, patterns)
        composed = self._compose_noun(v, lemma) if lemma in book.composing else None
        if composed is not None and (best is None or best.specificity < 2):
            return composed
        if best is None or best.specificity < 2 or best.type == "SUPPORT" and lemma in ("approve", "adopt", "pass", "authorise", "authorize", "announce"):
            light = self._light_verb(v, lemma)
            if light is not None and (best is None or best.type == light.type or best.specificity < 2 or light.type in HOSTILE):
                return light
        if best is not None:
            self._use_object_nouns(best)
        return best

    def _best(self, clause: Clause, patterns: Iterable[Pattern]) -> Found | None:
        best: Found | None = None
        for pattern in patterns:
            if best is not None and pattern.specificity < best.specificity and not best.incomplete:
                break
            found = self._match(clause, pattern)
            if found is None:
                continue
            if found.incomplete and best is not None:
                continue
            if best is None or best.incomplete or found.specificity > best.specificity or best.rule.id in found.rule.beats:
                best = found
            elif found.specificity == best.specificity and best.rule.id not in found.rule.beats and found.rule.id not in best.rule.beats:
                if len(found.source) + len(found.target) > len(best.source) + len(best.target):
                    best = found
        return best

    def _match(self, clause: Clause, p: Pattern) -> Found | None:
        s = self.s
        v = clause.verb
        if not self.vocabulary.issuperset(p.words):
            return None
        for word in p.words:
            if word not in clause.words and word not in clause.particles and not self._word_near(v, word):
                return None
        objects = clause.objects
        if p.no_object and objects:
            return None
        if p.objects is not None and not any(self._is_lemma(o, p.objects) for o in self._with_conjuncts(objects)):
            return None
        for name, lemmas in p.prep_needs:
            if any(q.name == name and (not lemmas or self._is_lemma(q.object, lemmas)) for q in clause.prepositions):
                continue
            if not lemmas or not self._has_particle(v, name) or not any(self._is_lemma(o, lemmas) for o in self._with_conjuncts(objects)):
                return None  # "hand over the suspect": the parser reads a particle where the pattern has a preposition
        if p.complement == "to" and clause.infinitive is None:
            return None
        if p.complement == "that" and clause.clause is None:
            return None
        targets: tuple[int, ...] = ()
        if p.target == "prep":
            heads = [q for q in clause.prepositions if q.name in p.target_preps]
            if not heads:
                if not objects or p.objects is not None or not any(self._has_particle(v, name) for name in p.target_preps):
                    return None
                targets = objects
            else:
                nearest = min(heads, key=lambda q: (q.depth, q.token))
                targets = () if is_verb(s, nearest.object) and nearest.object not in self.phrases else (nearest.object,)
        elif p.target == "object":
            targets = objects
            if p.objects is not None:
                targets = tuple(o for o in objects if not self._is_lemma(o, p.objects)) or clause.datives
            if not targets and p.complement == "to" and clause.infinitive is not None:
                targets = tuple(o for o in self.clause(clause.infinitive).subjects if o not in clause.subjects)
            if not targets and clause.datives and is_verb(s, v):
                targets = tuple(d for d in clause.datives if s.tags[d] not in ("IN", "TO"))
            needs_object = p.specificity == 0 and not targets
            if needs_object and not clause.passive and not self._may_lack_object(clause):
                pass
        elif p.objects is not None:  # "ban {newspaper}": the noun of the pattern may itself be the target
            named = [o for o in objects if self._is_lemma(o, p.objects) and o in self.phrases and self._names_somebody(self.phrases[o], clause)]
            targets = tuple(named)
        rule = self.book.rules[p.rule]
        if rule.subject == "target":
            agents = [q.object for q in clause.prepositions if q.name in ("by", "from") and q.object in self.phrases]
            return self._fill(rule, p, clause, agents[:1], clause.subjects)
        subjects = clause.subjects
        if clause.passive and not subjects and p.target != "object" and p.objects is None and not any(s.deps[c] in ("auxpass", "agent") for c in s.children[v]):
            subjects = clause.objects  # "Mujuru, called for elections": the parser took the past tense for a participle
        return self._fill(rule, p, clause, subjects, targets)

    def _names_somebody(self, phrase: Phrase, clause: Clause) -> bool:
        """ "banned the newspaper", "burned American flags": what a pattern names is the target if it is somebody, or a thing that the words give to somebody else."""
        if phrase.kind != "property" or phrase.inferred:
            return phrase.kind in ("body", "group", "person")
        own = {a.country for a in expand(self.s, clause.subjects, self.phrases)}
        return bool(own) and not own & {a.country for a in phrase.actors}

    def _may_lack_object(self, clause: Clause) -> bool:
        return bool(clause.subjects)

    def _has_particle(self, v: int, word: str) -> bool:
        return any(self.s.deps[c] == "prt" and self.s.words[c].lower() == word for c in self.s.children[v])

    def _word_near(self, v: int, word: str) -> bool:
        """Whether a fixed word of a pattern belongs to verb ``v``: below it, or right behind it where the parser went astray."""
        s = self.s
        for k in range(v + 1, min(len(s.words), v + 12)):
            if s.words[k].lower() == word or s.lemmas[k] == word:
                token = k
                for _ in range(3):
                    token = s.heads[token]
                    if token == v:
                        return True
                return k - v <= 2
        ahead = [c for c in children(s, v, "ccomp") if c < v]  # "That was unacceptable, France said"
        return any(s.words[k].lower() == word or s.lemmas[k] == word for c in ahead for k in (c, *s.children[c]))

    def _with_conjuncts(self, heads: Iterable[int]) -> Iterator[int]:
        for head in heads:
            yield from conjuncts(self.s, head)

    def _is_lemma(self, token: int, lemmas: frozenset[str]) -> bool:
        s = self.s
        lemma = s.lemmas[token].lower()
        if lemma in lemmas:
            return True
        before = [c for c in s.children[token] if s.deps[c] in ("compound", "amod", "nmod") and c < token]
        if any(f"{s.lemmas[c].lower()} {lemma}" in lemmas for c in before):
            return True
        if lemma in self.book.grammar["containers"] and any(q in ("of",) for q in (s.lemmas[c] for c in children(s, token, "prep"))):
            return any(self._is_lemma(o, lemmas) for c in children(s, token, "prep") for o in children(s, c, "pobj"))
        return False

    def _fill(self, rule: Rule, p: Pattern | NounPattern, clause: Clause, subjects: Sequence[int], targets: Sequence[int], specificity: int | None = None) -> Found | None:
        s = self.s
        source = expand(s, [h for h in subjects if not self._bare_place(h, rule)], self.phrases)
        if not source and (not subjects or clause.subject_is_shared) and not clause.passive:
            subjects, source = self._matrix_subject(clause.verb, subjects)
        if rule.type == "CONSULT" and isinstance(p, Pattern) and p.target == "object":
            targets = [h for h in targets if h not in self.phrases or self.phrases[h].kind not in ("owner", "property")]  # one meets people, not ships or remarks
        target = self._other(rule, expand(s, targets, self.phrases), targets, source)
        exchanged = s.lemmas[clause.verb] in ("trade", "exchange", "swap")
        each_other = len(source) > 1 and self._is_reciprocal(clause.verb, [*targets, *clause.objects])
        if len(source) > 1 and (exchanged or each_other or not target and self._is_mutual(rule)):
            source, target = source[:1], source[1:]
        if rule.type == "MOBILIZE" and not source and target and all({"MIL", "COP", "PRM"} & set(a.sectors) for a in target):
            source, target = target, ()  # "riot police were deployed": the forces are the state's own
        if not self._conditions(rule, clause, subjects, targets):
            return None
        if subjects and not source and not self._instrument(rule, subjects):
            if not all(s.words[h].lower() in ("it", "they", "he", "she", "who", "that", "which", "we", "i", "you", "this") for h in subjects):
                self._refuse("source-is-no-actor", clause.verb, rule.id)
                return None
        if source and not _fits(source, rule.source) or target and not _fits(target, rule.target):
            self._refuse("role-does-not-fit", clause.verb, rule.id)
            return None
        incomplete = False
        needs_target = "target" in rule.needs and not target and bool(source) and any(s.lemmas[h].lower() in self.book.anaphora for h in (*targets, *clause.objects))
        if "source" in rule.needs and not source or "target" in rule.needs and not target and not needs_target:
            self._refuse("role-missing", clause.verb, rule.id)
            if rule.type not in _REPEATED or not clause.passive or source:
                return None
            incomplete = True
        if not source and not target and (rule.type not in _REPEATED or subjects and not clause.passive):
            self._refuse("no-actor", clause.verb, rule.id)
            return None
        own_object = self._is_own(targets, source)
        if rule.type == "ASSAULT" and not source and target and clause.passive and all(set(a.sectors) <= _PRIVATE for a in target) and s.index > 2 and s.kind != "title":
            incomplete = True  # "a man was stabbed": news of conflict only where an attack is told
        return Found(
            rule, clause.verb, clause, tuple(subjects), tuple(targets), source, target, p.specificity if specificity is None else specificity,
            rule.type, rule.modes, rule.cameo, rule.id, complement=clause.infinitive if isinstance(p, Pattern) and p.complement == "to" else clause.clause if isinstance(p, Pattern) and p.complement == "that" else None,
            own_object=own_object,
            incomplete=incomplete or not source and not target,
            needs_target=needs_target,
            is_reciprocal=each_other and not self._is_mutual(rule),
        )  # fmt: skip

    def _is_reciprocal(self, v: int, heads: Iterable[int]) -> bool:
        """ "accused each other", "expelled one another's envoys", "each blamed the other": what the subjects do to one another."""
        s = self.s
        for h in heads:
            for k in (h, *s.children[h]):
                low, before = s.words[k].lower(), s.words[k - 1].lower() if k else ""
                if low == "other" and before in ("each", "the") or low == "another" and before == "one":
                    return k > v
        return False

    @staticmethod
    def _is_mutual(rule: Rule) -> bool:
        """What two subjects do to one another: talks, accords, clashes."""
        return (
            rule.type in SYMMETRIC
            or rule.type == "SUPPORT"
            and rule.cameo in ("057", "054", "050")
            or rule.type == "ASSAULT"
            and any(w in rule.id for w in ("clash", "fight", "battle"))
        )

    def _matrix_subject(self, v: int, subjects: Sequence[int]) -> tuple[Sequence[int], tuple[Actor, ...]]:
        """ "called off talks that were due on Friday and threatened to": a shared subject that is no actor is looked for further up."""
        s = self.s
        token = v
        for _ in range(4):
            head = s.heads[token]
            if head == token or s.deps[token] not in ("conj", "xcomp", "relcl", "ccomp", "dep", "parataxis"):
                break
            token = head
            if is_verb(s, token):
                for found in children(s, token, "nsubj"):
                    if found in self.phrases and self.phrases[found].kind not in ("place", "owner", "property", "expert"):
                        return (found,), expand(s, (found,), self.phrases)
        return subjects, ()

    def _bare_place(self, head: int, rule: Rule) -> bool:
        """A province or town that is no actor of its own ("the province that left 32 dead"); what somebody owns speaks for him ("its chief urged") but does no deeds."""
        phrase = self.phrases.get(head)
        if phrase is None or phrase.kind not in ("place", "owner"):
            return False
        if phrase.kind == "place":
            return True
        lemma = self.s.lemmas[head].lower()
        return lemma not in self.book.grammar["transparent_nouns"] and not (rule.type in _OWNED and (lemma in self.book.grammar["authored_nouns"] or self._is_owned_by_name(head)))

    def _is_owned_by_name(self, head: int) -> bool:
        """ "the UN rights chief", "its director": the owner is named; "the Russian painter" is only of a nation."""
        s = self.s
        return any(s.deps[c] == "poss" or s.deps[c] in ("compound", "nmod") and c in self.phrases and self.phrases[c].kind == "body" for c in s.children[head])

    def _other(self, rule: Rule, target: tuple[Actor, ...], heads: Sequence[int], source: tuple[Actor, ...]) -> tuple[Actor, ...]:
        """The target without what is the source itself: its own words again, or a thing that is its own only by inference."""
        mine = {a.span for a in source}
        own = {a.country for a in source}
        if rule.type not in ("ASSAULT", "COERCE", "SANCTION", "MOBILIZE", "RETREAT") and target:
            heads = [h for each in heads for h in conjuncts(self.s, each) if not (h in self.phrases and self.phrases[h].kind == "property" and self.phrases[h].inferred)]
            target = tuple(dict.fromkeys(a for h in heads if h in self.phrases for a in self.phrases[h].actors))
        kinds = [self.phrases[h] for each in heads for h in conjuncts(self.s, each) if h in self.phrases]
        if kinds and all(p.kind == "pronoun" for p in kinds) and rule.type in ("ACCUSE", "THREATEN", "SANCTION", "REJECT", "SUPPORT", "REQUEST"):
            return tuple(a for a in target if a.country not in own or a.country is None and a.span not in mine)
        if kinds and all(p.kind in ("property", "owner", "place") for p in kinds) and any(p.inferred or p.kind == "place" for p in kinds):
            return tuple(a for a in target if a.country not in own)
        return tuple(a for a in target if a.span not in mine)

    def _is_own(self, heads: Sequence[int], source: tuple[Actor, ...]) -> bool:
        """Whether the object is the source's own thing by its words ("its test site"): then nobody else is the target."""
        own = {a.country for a in source if a.country}
        s = self.s
        wholes = [k for h in heads if h not in self.phrases for p in children(s, h, "prep") if s.lemmas[p] == "of" for k in children(s, p, "pobj")]  # ten of its guard posts
        phrases = [self.phrases[h] for h in (*heads, *wholes) if h in self.phrases]
        return bool(own) and bool(phrases) and all(p.kind in ("owner", "property") and not p.inferred and {a.country for a in p.actors} <= own for p in phrases)

    def _instrument(self, rule: Rule, subjects: Sequence[int]) -> bool:
        """ "the bomb killed six", "the attack wounded": a weapon or an event stands where the source would."""
        lemmas = {self.s.lemmas[h].lower() for h in subjects}
        return rule.type == "ASSAULT" and bool(lemmas & (self.book.classes["weapon"] | self.book.classes.get("violence", frozenset())))

    def _conditions(self, rule: Rule, clause: Clause | None, subjects: Sequence[int], targets: Sequence[int], noun: int | None = None) -> bool:
        for wanted, conditions in ((True, rule.when), (False, rule.unless)):
            for key, lemmas in conditions.items():
                if self._holds(key, lemmas, clause, subjects, targets, noun) is not wanted:
                    return False
        return True

    def _holds(self, key: str, lemmas: frozenset[str], clause: Clause | None, subjects: Sequence[int], targets: Sequence[int], noun: int | None) -> bool:
        s = self.s
        if key == "object":
            heads = list(self._with_conjuncts([*(clause.objects if clause else ()), *targets]))
            return any(self._is_lemma(h, lemmas) for h in heads)
        if key == "subject":
            return any(self._is_lemma(h, lemmas) for h in self._with_conjuncts(subjects))
        if key == "prep":
            found = clause.prepositions if clause else clause_prepositions(s, noun if noun is not None else 0)
            return any(self._is_lemma(q.object, lemmas) or q.name in lemmas for q in found)
        head = noun if noun is not None else clause.verb if clause else 0
        return any(s.lemmas[c].lower() in lemmas or s.words[c].lower() in lemmas for c in s.children[head])

    def _use_object_nouns(self, found: Found) -> None:
        """The nouns that a verb pattern names are part of its event, not events of their own."""
        clause = found.clause
        if clause is None:
            return
        p_nouns = self.book.nouns
        for o in self._with_conjuncts(clause.objects):
            if self.s.lemmas[o].lower() in p_nouns and found.specificity >= 2 and o not in found.target_heads:
                self.used_nouns.add(o)
        for q in clause.prepositions:
            if self.s.lemmas[q.object].lower() in p_nouns and q.depth == 0 and found.specificity >= 2 and q.object not in found.target_heads and q.object not in self.phrases:
                self.used_nouns.add(q.object)

    # -- adjectives -----------------------------------------------------------------------------------------------------
    def _by_adjective(self, a: int, lemma: str) -> Found | None:
        s = self.s
        verb = s.heads[a] if s.deps[a] in ("acomp", "oprd", "conj", "attr") else a
        subject: list[int] = []
        if is_verb(s, verb):
            subject = list(read_clause(s, verb).subjects)
        elif s.deps[a] == "amod":
            return None
        infinitive = next((c for c in children(s, a, "xcomp", "advcl", "ccomp") if any(s.tags[t] == "TO" for t in children(s, c, "aux"))), None)
        that = next(iter(children(s, a, "ccomp")), None)
        words = frozenset(s.lemmas[c] for c in s.children[a])
        clause = Clause(a, False, tuple(subject), (), (), tuple(clause_prepositions(s, a)), frozenset(), words, infinitive, that, False)
        return self._best(clause, self.book.adjectives[lemma])

    # -- light verbs and composition -------------------------------------------------------------------------------------
    def _event_noun(self, n: int) -> NounPattern | None:
        """The noun pattern that token ``n`` heads, the most specific first."""
        s = self.s
        options = self.book.nouns.get(s.lemmas[n]) or self.book.nouns.get(s.lemmas[n].lower())
        for p in options or ():
            k = len(p.modifiers)
            if k == 0 or n >= k and all(s.lemmas[n - k + j].lower() == m or s.words[n - k + j].lower() == m for j, m in enumerate(p.modifiers)):
                return p
        return None

    def _noun_options(self, n: int) -> Iterator[NounPattern]:
        s = self.s
        for p in self.book.nouns.get(s.lemmas[n]) or self.book.nouns.get(s.lemmas[n].lower()) or ():
            k = len(p.modifiers)
            if k == 0 or n >= k and all(s.lemmas[n - k + j].lower() == m or s.words[n - k + j].lower() == m for j, m in enumerate(p.modifiers)):
                yield p

    def _light_verb(self, v: int, lemma: str) -> Found | None:
        if lemma not in self.book.grammar["light_verbs"]:
            return None
        clause = self.clause(v)
        for o in self._with_conjuncts(self._unpacked(clause.objects)):
            if o in self.used_nouns or self.s.lemmas[o].lower() not in self.book.nouns:
                continue
            for p in self._noun_options(o):
                rule = self.book.rules[p.rule]
                sources, targets = self._noun_roles(o, p, rule)
                if not targets:
                    near = [
                        q
                        for q in clause.prepositions
                        if q.name in (*p.target_preps, "with", "against", "on", "to", "over") and q.object != o and (q.name in p.target_preps or q.name in ("with", "against"))
                    ]
                    targets = [min(near, key=lambda q: (q.depth, q.token)).object] if near else []
                    if not targets and clause.datives:
                        targets = [self._dative(d) for d in clause.datives]
                agents = list(clause.subjects) or sources
                if rule.owner == "target" and sources and not targets:
                    targets = [h for h in sources if h not in agents]
                if not self._conditions(rule, None, agents, targets, o):
                    continue
                found = self._fill_noun(rule, p, o, agents, targets, clause)
                if found is not None:
                    found.trigger, found.noun, found.nominal = v, o, False
                    found.specificity = 2 + p.specificity
                    self.used_nouns.add(o)
                    return found
        return None

    def _unpacked(self, heads: Iterable[int]) -> list[int]:
        """ "a new round of sanctions": the noun inside a container."""
        s = self.s
        out: list[int] = []
        for o in heads:
            inner = [k for p in children(s, o, "prep") if s.lemmas[p] == "of" for k in children(s, p, "pobj")] if s.lemmas[o] in _PACKAGES else []
            out.extend(inner or [o])
        return out

    def _dative(self, d: int) -> int:
        inner = children(self.s, d, "pobj")
        return inner[0] if inner else d

    def _fill_noun(self, rule: Rule, p: NounPattern, n: int, sources: Sequence[int], targets: Sequence[int], clause: Clause | None) -> Found | None:
        s = self.s
        source = expand(s, sources, self.phrases)
        if (
            source
            and all(h in self.phrases and self.phrases[h].kind in ("place", "capital", "country") and s.deps[h] == "pobj" for h in sources)
            and rule.type in ("PROTEST", "ASSAULT")
            and s.lemmas[s.heads[sources[0]]] in ("in", "at", "across", "near")
        ):
            source = tuple(msgspec.structs.replace(a, sectors=("CVL",) if rule.type == "PROTEST" else ("UAF",)) for a in source)
        target = self._other(rule, expand(s, targets, self.phrases), targets, source)
        if self._is_mutual(rule) and not target and len(source) > 1:
            source, target = source[:1], source[1:]
        if rule.type in SYMMETRIC and not source and len(target) > 1:
            source, target = target[:1], target[1:]
        if not source and not target and not (rule.type in _REPEATED and any(s.lemmas[c].lower() in ("the", "this", "that") for c in children(s, n, "det"))):
            return None
        if source and not _fits(source, rule.source) or target and not _fits(target, rule.target):
            self._refuse("role-does-not-fit", n, rule.id)
            return None
        incomplete = not source and not target
        if "source" in rule.needs and not source or "target" in rule.needs and not target:
            if rule.type not in _REPEATED or not any(s.lemmas[c].lower() in ("the", "this", "that") for c in children(s, n, "det")):
                return None
            incomplete = True
        return Found(
            rule, n, clause, tuple(sources), tuple(targets), source, target, p.specificity, rule.type, rule.modes, rule.cameo, rule.id, True, noun=n, incomplete=incomplete
        )

    def _compose_noun(self, v: int, lemma: str) -> Found | None:
        """ "suspended talks with", "called for an end to the shelling", "rejected the demand"."""
        clause = self.clause(v)
        for name, words, text in self.book.composing[lemma]:
            gives = self.book.compositions[name]
            if not words:
                if any(self.s.deps[c] == "prt" for c in self.s.children[v]):
                    continue
                heads: list[int] = list(clause.objects)
            elif words[-1] in self.book.grammar["prepositions"]:
                wanted = " ".join(words)
                heads = [
                    q.object
                    for q in clause.prepositions
                    if (q.name == wanted or q.name == words[-1] and all(w in clause.words or w in clause.particles for w in words[:-1]))
                    and q.depth <= (len(words) > 1)  # "claimed responsibility for": the preposition hangs on the noun
                ]
            else:
                if not all(w in clause.particles or w in clause.words for w in words):
                    continue
                heads = list(clause.objects)
            if words and words[-1] in self.book.grammar["prepositions"] and not heads and all(w in clause.particles or w in clause.words for w in words):
                heads = list(clause.objects)
            for o in self._with_conjuncts(self._unpacked(heads)):
                found = self._composed(clause, o, name, gives, text)
                if found is not None:
                    return found
        return None

    def _composed(self, clause: Clause, o: int, name: str, gives: Mapping[str, Composition], text: str) -> Found | None:
        s = self.s
        noun = o
        # "an end to the violence", "the release of", "a halt to": the inner noun decides
        inner_class: Mapping[str, Composition] | None = None
        if s.lemmas[o] in ("end", "halt", "stop", "cessation", "suspension", "lifting", "easing"):
            for prep in children(s, o, "prep"):
                for inner in children(s, prep, "pobj"):
                    if self._event_noun(inner) is not None:
                        noun, inner_class = inner, self.book.compositions["end"]
        for p in self._noun_options(noun):
            rule = self.book.rules[p.rule]
            kind = rule.type
            if name in ("end", "ease") and s.lemmas[noun] in ("pause", "freeze", "halt", "suspension", "cut", "break", "end", "cutoff"):
                continue
            if inner_class is not None and kind in inner_class:
                kind = inner_class[kind].type
            rule_of = gives.get(kind)
            if rule_of is None:
                continue
            sources, targets = self._noun_roles(noun, p, rule)
            if not self._conditions(rule, None, sources, targets, noun):
                continue
            source = expand(s, clause.subjects, self.phrases)
            if name == "end" and source and not _fits(source, rule.source) and rule.type in ("ASSAULT", "PROTEST"):
                continue
            if clause.subjects and not source:
                self._refuse("source-is-no-actor", clause.verb, f"compose.{name}")
                return None
            others = [] if name == "request" and rule.type in ("RETREAT", "CONCEDE") else [h for h in (*targets, *sources)]
            target = self._not_source(expand(s, others, self.phrases), source)
            if not target:
                near = [
                    q.object
                    for q in clause.prepositions
                    if q.name in ("with", "to", "against", "from", "on", "of", "for") and q.object not in (o, noun) and q.object in self.phrases
                ]
                target = self._not_source(expand(s, near[:1], self.phrases), source)
            if name in ("reject", "violate") and sources:
                target = self._not_source(expand(s, sources, self.phrases), source) or target
            if not source and not target:
                return None
            self.used_nouns.add(noun)
            self.used_nouns.add(o)
            modes = rule_of.modes or (rule.modes if rule_of.type == rule.type else ())
            return Found(
                rule,
                clause.verb,
                clause,
                clause.subjects,
                tuple(others),
                source,
                target,
                3 + p.specificity,
                rule_of.type,
                tuple(modes),
                rule_of.cameo or rule.cameo,
                f"compose.{name}+{rule.id}",
                noun=noun,
            )
        return None

    @staticmethod
    def _not_source(actors: Iterable[Actor], source: tuple[Actor, ...]) -> tuple[Actor, ...]:
        keys = {(a.country, a.sectors, a.entity) for a in source}
        return tuple(a for a in actors if (a.country, a.sectors, a.entity) not in keys)

    # -- nouns alone ----------------------------------------------------------------------------------------------------
    def _noun_roles(self, n: int, p: NounPattern, rule: Rule) -> tuple[list[int], list[int]]:
        """Heads of source and target inside the noun phrase of event noun ``n``."""
        s = self.s
        owners = [c for c in s.children[n] if s.deps[c] in ("poss", "compound", "amod", "nmod") and c in self.phrases]
        owners += self._flat_owners(n) if not owners else []
        sources: list[int] = []
        targets: list[int] = []
        if s.deps[n] == "dobj" and is_verb(s, s.heads[n]):  # "condemned the shelling of Idlib by Russia": the parser hangs "by" on the verb
            sources.extend(k for a in children(s, s.heads[n], "prep", "agent") if s.lemmas[a] == "by" and a > n for k in children(s, a, "pobj") if k in self.phrases)
        for c in s.children[n]:
            if s.deps[c] in ("acl",) and s.tags[c] == "VBN":
                sources.extend(k for a in children(s, c, "agent", "prep") if s.lemmas[a] == "by" for k in children(s, a, "pobj"))
        for q in clause_prepositions(s, n):
            if q.depth > 1 or q.object not in self.phrases and not conjuncts(s, q.object)[1:]:
                continue
            if q.name == "between" or q.name == "among":
                both = conjuncts(s, q.object)
                if len(both) > 1:
                    sources.append(both[0])
                    targets.extend(both[1:])
                else:
                    sources.append(q.object)
            elif q.name == "by":
                if q.depth == 0 or not sources:  # "complaints by A over moves by B": the near one acts
                    sources.append(q.object)
            elif q.name in p.target_preps:
                targets.append(q.object)
            elif (
                q.name == "of"
                and q.depth == 0
                and q.object in self.phrases
                and self.phrases[q.object].kind == "property"
                and self.phrases[q.object].inferred
                and rule.owner == "source"
            ):
                continue  # "the launch of a missile": a thing is no source
            elif q.name == "of" and q.depth == 0:
                (targets if rule.owner == "target" or rule.type == "ASSAULT" else sources).append(q.object)
            elif q.name == "from" and rule.type in ("THREATEN", "REQUEST", "ACCUSE", "REJECT", "AID", "SUPPORT") and q.depth == 0:
                sources.append(q.object)
        if rule.owner == "target":
            (sources if targets else targets).extend(owners)
        elif sources and rule.type in SYMMETRIC:
            targets.extend(owners)
        else:
            sources.extend(owners)
        return [h for h in dict.fromkeys(sources)], [h for h in dict.fromkeys(targets) if h not in sources]

    def _flat_owners(self, n: int) -> list[int]:
        """Adjectives and names right before the noun that the parser hung on one another ("US air strikes")."""
        s = self.s
        out = []
        k = n - 1
        while k >= 0 and n - k <= 4 and s.tags[k] in ("JJ", "NN", "NNP", "NNPS", "VBN", "CD", "HYPH", "NNS"):
            if k in self.phrases and s.heads[k] >= k:
                out.append(k)
            k -= 1
        return out[:1]

    def _by_noun(self, n: int) -> Found | None:
        s = self.s
        if s.deps[n] in ("compound", "nmod") and s.tags[s.heads[n]][:2] == "NN":
            return None
        for p in self._noun_options(n):
            rule = self.book.rules[p.rule]
            sources, targets = self._noun_roles(n, p, rule)
            occurrence = self._occurrence(n)
            if occurrence is not None and not sources:
                for q in self.clause(occurrence).prepositions:  # "fighting erupted between A and B"
                    if q.name in ("between", "among"):
                        both = conjuncts(s, q.object)
                        sources, targets = both[:1], [*targets, *both[1:]]
                        break
            if occurrence is not None and not targets:
                clause = self.clause(occurrence)
                near = [q.object for q in clause.prepositions if q.name in p.target_preps and q.name not in ("in", "at", "of") and q.object in self.phrases]
                targets = near[:1]
                if not targets and rule.type == "ASSAULT" and s.lemmas[occurrence] in ("kill", "wound", "injure", "hit", "target", "destroy", "damage", "leave", "strike"):
                    targets = [o for o in clause.objects if o in self.phrases]
            if (
                not sources
                and targets
                and rule.type == "CONSULT"
                and s.deps[n] == "pobj"
                and is_verb(s, s.heads[s.heads[n]])
                and s.lemmas[s.heads[n]].lower() in ("after", "following", "at", "during", "in", "on", "before", "for")
            ):
                sources = [h for h in self.clause(s.heads[s.heads[n]]).subjects if h in self.phrases and h not in targets]  # "after talks with Iran, Oman said"
            if occurrence is not None and not sources and not targets and rule.type in ("PROTEST", "ASSAULT"):
                sources = self._people_of_place(occurrence)
            if not sources and rule.owner == "source":
                agents = [
                    h for h in noun_agents(s, n) if h in self.phrases and h not in targets and s.deps[n] == "dobj" and s.lemmas[s.heads[n]] in self.book.grammar["light_verbs"]
                ]
                sources = agents
            if not self._conditions(rule, None, sources, targets, n):
                continue
            found = self._fill_noun(rule, p, n, sources, targets, None)
            if found is None:
                continue
            if not self._stands_alone(n, found, occurrence):
                self._refuse("bare-noun", n, rule.id)
                return None
            return found
        return None

    def _people_of_place(self, v: int) -> list[int]:
        """ "Protests erupted in Tehran": where nobody is named, the place's people; as the token of the place."""
        return [
            q.object
            for q in self.clause(v).prepositions
            if q.name in ("in", "at", "across", "near") and q.object in self.phrases and self.phrases[q.object].kind in ("place", "capital", "country")
        ][:1]

    def _occurrence(self, n: int) -> int | None:
        """The verb that says that the event named by ``n`` took place."""
        s = self.s
        head = s.heads[n]
        if s.deps[n] in ("nsubj", "nsubjpass") and is_verb(s, head):
            if s.lemmas[head] in self.book.grammar["occurrence_verbs"] or s.lemmas[head] in self.book.grammar["light_verbs"]:
                return head
        if s.deps[n] in ("attr",) and is_verb(s, head) and any(s.deps[c] == "expl" for c in s.children[head]):
            return head
        return None

    def _stands_alone(self, n: int, found: Found, occurrence: int | None) -> bool:
        s = self.s
        if found.incomplete:
            return True
        both = bool(found.source and found.target)
        dep, head = s.deps[n], s.heads[n]
        governing = s.lemmas[s.heads[head]] if dep == "pobj" else ""
        if (
            dep == "pobj"
            and s.lemmas[head] in ("of", "for", "to", "about", "on", "over")
            and (governing in self.book.grammar["future_nouns"] or governing in ("impact", "effect", "chance", "talk", "type", "kind", "issue", "question"))
        ):
            return False
        if found.type in ("ASSAULT", "CONSULT", "MOBILIZE", "PROTEST", "COERCE", "RETREAT"):
            if both or occurrence is not None:
                return True
            after = dep == "pobj" and s.lemmas[head] in ("after", "following", "during", "in", "by", "with", "over", "for", "since", "before", "at", "amid", "to", "of")
            return bool(found.source or found.target) and (after or dep in ("dobj", "nsubj", "nsubjpass", "ROOT", "conj", "appos")) and found.type != "CONSULT"
        if found.type in ("SANCTION", "AID", "ACCUSE", "REQUEST", "THREATEN", "REJECT", "AGREE", "SUPPORT", "COOPERATE", "CONCEDE"):
            governed = (
                dep in ("dobj", "pobj")
                and (governing_verb := s.lemmas[head] if dep == "dobj" else s.lemmas[head].lower())
                and governing_verb in ("follow", "after", "following", "prompt", "draw", "provoke", "trigger", "spark", "amid", "despite", "repeat", "renew")
            )
            return both or (occurrence is not None or bool(governed)) and bool(found.source or found.target)
        return both

    # -- statements --------------------------------------------------------------------------------------------------
    def _statements(self, found: Sequence[Found]) -> list[Found]:
        """ "said it would suspend aid" is a threat, "said it would send aid" a promise, "said he must resign" a demand."""
        s = self.s
        taken = {f.trigger for f in found}
        out: list[Found] = []
        for v, lemma in enumerate(s.lemmas):
            if v in taken or lemma not in self.book.grammar["report_verbs"] or not is_verb(s, v):
                continue
            content = children(s, v, "ccomp")
            if not content and s.deps[v] == "parataxis" and is_verb(s, s.heads[v]):
                content = [s.heads[v]]
            for below in content:
                made = self._statement(v, below, found)
                if made is not None:
                    out.append(made)
                    break
        return out

    def _statement(self, v: int, below: int, found: Sequence[Found]) -> Found | None:
        s = self.s
        if not is_verb(s, below):
            return None
        modals = {s.words[c].lower() for c in children(s, below, "aux")}
        speaker = expand(s, self.clause(v).subjects, self.phrases)
        if not speaker or not _fits(speaker, _SPEAKERS):
            return None
        inner = next((f for f in found if f.clause is not None and f.clause.verb == below or f.trigger == below), None)
        subject = self._not_source(expand(s, self.clause(below).subjects, self.phrases), ())
        own = (
            bool(subject)
            and any(
                a.country == b.country and (a.country or a.name == b.name) and bool(set(a.sectors) & set(b.sectors) or {"GOV", "MIL"} >= {*a.sectors, *b.sectors})
                for a in subject
                for b in speaker
            )
            or not subject
            and bool(children(s, below, "nsubj"))
            and s.words[children(s, below, "nsubj")[0]].lower() in ("it", "they", "he", "she", "we", "i")
        )
        negated = any(s.deps[c] == "neg" or s.words[c].lower() == "never" for c in s.children[below])
        if (
            modals & {"must", "should", "ought"}
            and not own
            and (subject or s.deps[below] == "ccomp")
            and "must" in modals | ({"must"} if inner is not None and "should" in modals else set())
        ):
            return self._stated(v, below, speaker, subject, "request.say-must", inner)
        if inner is None or not own or not modals & {"will", "would", "wo", "'ll", "'d"}:
            return None
        if negated:
            return self._stated(v, below, speaker, inner.target, "reject.say-would-not", inner) if inner.type not in HOSTILE and inner.type not in OPERATORS else None
        if inner.type == "SANCTION":  # a state that announces a measure has taken it
            return msgspec.structs.replace(
                inner,
                trigger=v,
                clause=self.clause(v),
                source=speaker,
                target=self._not_source(inner.target, speaker),
                rule_id=f"statement+{inner.rule_id}",
                complement=None,
                incomplete=False,
            )
        if inner.type in HOSTILE:
            return self._stated(v, below, speaker, inner.target, "threaten.say-would", inner)
        if inner.type in ("CONSULT", "AID", "COOPERATE", "SUPPORT", "CONCEDE", "RETREAT"):
            return self._stated(v, below, speaker, inner.target, "agree.say-would", inner)
        return None

    def _stated(self, v: int, below: int, speaker: tuple[Actor, ...], target: Sequence[Actor], rule_id: str, inner: Found | None) -> Found | None:
        rule = self.book.rules.get(rule_id)
        if rule is None:
            return None
        made = self.book.compositions.get(f"to-{rule.type}", {}).get(inner.type) if inner is not None else None
        return Found(
            rule, v, self.clause(v), self.clause(v).subjects, (), speaker, self._not_source(target, speaker), 2, rule.type,
            made.modes if made and made.type == rule.type else rule.modes, made.cameo if made and made.type == rule.type else rule.cameo, rule_id, complement=None,
        )  # fmt: skip

    # -- refinement ----------------------------------------------------------------------------------------------------
    def _refine(self, f: Found, by_trigger: Mapping[int, Found]) -> Found | None:
        """An operator takes its mode, code and missing target from the act below it ("threatened to attack Iran")."""
        if f.type not in OPERATORS or f.clause is None:
            return f
        below = f.complement if f.complement is not None else f.clause.infinitive if f.clause.infinitive is not None else f.clause.clause
        if below is None:
            return f
        inner = by_trigger.get(below)
        if inner is None:
            inner = next((g for g in by_trigger.values() if g.clause is not None and g.clause.verb == below), None)
        if inner is None:
            if not f.target and f.type in ("REQUEST", "THREATEN", "REJECT"):
                subject = self.clause(below).subjects if is_verb(self.s, below) else ()
                target = self._not_source(expand(self.s, subject, self.phrases), f.source)
                if not target and is_verb(self.s, below):
                    target = self._not_source(expand(self.s, self.clause(below).objects, self.phrases), f.source)
                if target and _fits(target, f.rule.target):
                    return msgspec.structs.replace(f, target=target)
            return f
        made = self.book.compositions.get(f"to-{f.type}", {}).get(inner.type)
        if f.rule.id == "agree.agree-to" and self.s.lemmas[f.trigger] == "agree":
            made = self.book.compositions["agreed"].get(inner.type, made)
        if f.type == "AGREE" and self._is_negated(below):
            made = self.book.compositions["to-REJECT"].get(inner.type) if inner.type not in HOSTILE else None
        target = f.target
        if not target:
            pool = inner.target if f.type != "REQUEST" else (*inner.source, *inner.target)
            target = self._not_source(pool, f.source)
        if made is None:
            return msgspec.structs.replace(f, target=target)
        same_side = not inner.source or any(a.country == b.country for a in inner.source for b in f.source)
        if made.type != f.type and not same_side:
            return msgspec.structs.replace(f, target=target)
        cameo = made.cameo if len(f.cameo) <= 3 or made.type != f.type else f.cameo
        return msgspec.structs.replace(
            f,
            type=made.type,
            modes=made.modes or (f.modes if made.type == f.type else ()),
            cameo=cameo,
            target=target,
            rule_id=f"{f.rule_id}>{inner.rule_id}" if len(f.rule_id) < 60 else f.rule_id,
        )

    def _is_negated(self, v: int) -> bool:
        """ "vowed never to give up", "promised to carry out no tests"."""
        s = self.s
        around = [*s.children[v], *(c for o in children(s, v, "dobj") for c in s.children[o])]
        return any(s.deps[c] == "neg" or s.words[c].lower() in ("never", "no", "not") for c in around)

    def _keep(self, f: Found) -> bool:
        """A mention without any actor is kept where it can only repeat an event told elsewhere ("the office was destroyed on Tuesday")."""
        return bool(f.source or f.target) or f.type in _REPEATED

    def _refuse(self, reason: str, token: int, rule: str) -> None:
        self.refusals.append(Refusal("events", reason, (self.s.starts[token], self.s.ends[token]), rule))

    def mention(self, f: Found) -> EventMention:
        s = self.s
        if f.own_object and f.type == "ASSAULT" and "destroy" in f.modes:
            made = self.book.compositions["own"]["ASSAULT"]
            f = msgspec.structs.replace(f, type=made.type, modes=made.modes, cameo=made.cameo, target=())
        first, last = clause_span(s, f.trigger)
        for head in (*f.source_heads, *f.target_heads, f.noun if f.noun is not None else f.trigger):
            first, last = min(first, head), max(last, head)
        start, end = s.starts[first], s.ends[last]
        anchor = f.noun if f.nominal and f.noun is not None else f.trigger
        return EventMention(
            sentence=s.index,
            trigger=anchor,
            event_type=f.type,
            modes=f.modes,
            contexts=f.rule.contexts,
            cameo=f.cameo,
            source=f.source,
            target=f.target,
            rule=f.rule_id,
            evidence=Evidence((start, end), self.text[start:end], (s.starts[anchor], s.ends[anchor]), f.rule_id),
            score=float(min(f.specificity, 9)),
            nominal=f.nominal,
            in_title=s.kind == "title",
            own_object=f.own_object,
            incomplete=f.incomplete,
            needs_target=f.needs_target,
            is_passive=f.clause is not None and f.clause.passive,
            weak_target=bool(f.target)
            and all(h in self.phrases and self.phrases[h].kind == "property" and self.phrases[h].inferred for h in f.target_heads if h in self.phrases)
            and any(h in self.phrases for h in f.target_heads),
        )


def _fits(actors: Sequence[Actor], allowed: frozenset[str]) -> bool:
    """Whether any of the actors belongs to one of the classes or sectors."""
    if "any" in allowed or "actor" in allowed:
        return True
    for a in actors:
        sectors = set(a.sectors)
        if sectors & allowed or ("CVL" in allowed and sectors & CIVILIAN) or ("state" in allowed and sectors & STATE) or ("armed" in allowed and sectors & ARMED):
            return True
    return False


__all__ = ["find_events"]
