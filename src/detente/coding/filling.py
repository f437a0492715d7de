"""A rule and the tokens of its roles -> a match with source and target, or a refusal with its reason."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from detente.codebook.load import Pattern, Rule
from detente.codebook.types import JUDGING, VERBAL
from detente.coding.grammar import Clause, children, clause_prepositions, conjuncts, is_verb
from detente.coding.phrases import expand
from detente.coding.search import REPEATED, STATE, Found, Search, fits, is_lemma, is_mutual, refuse, with_conjuncts
from detente.records import Actor

_PRIVATE = frozenset({"CVL", "BUS", "EDU", "MED", "LAB", "AGR", "REF", "UNK"})
_OWNED = VERBAL | {"SANCTION"}
"""What somebody's team, chief, branch or resolution does is his own act."""


def fill_clause(search: Search, rule: Rule, p: Pattern, clause: Clause, subjects: Sequence[int], targets: Sequence[int]) -> Found | None:
    """Heads of subjects and targets in a clause that a pattern fits -> the match with its actors; ``None`` where it is refused."""
    s = search.s
    source = expand(s, [h for h in subjects if not _is_bare_place(search, h, rule)], search.phrases)
    if not source and (not subjects or clause.subject_is_shared) and not clause.passive:
        subjects, source = _matrix_subject(search, clause.verb, subjects)
    if rule.type == "CONSULT" and p.target == "object":
        targets = [h for h in targets if h not in search.phrases or search.phrases[h].kind not in ("owner", "property")]  # one meets people, not ships or remarks
    target = without_own(search, rule, expand(s, targets, search.phrases), targets, source)
    exchanged = s.lemmas[clause.verb] in ("trade", "exchange", "swap")
    each_other = len(source) > 1 and _is_reciprocal(search, clause.verb, [*targets, *clause.objects])
    if len(source) > 1 and (exchanged or each_other or not target and is_mutual(rule)):
        source, target = source[:1], source[1:]
    if rule.type == "MOBILIZE" and not source and target and all({"MIL", "COP", "PRM"} & set(a.sectors) for a in target):
        source, target = target, ()  # "riot police were deployed": the forces are the state's own
    if not meets_conditions(search, rule, clause, subjects, targets):
        return None
    if subjects and not source and not _is_instrument(search, rule, subjects):
        if not all(s.words[h].lower() in ("it", "they", "he", "she", "who", "that", "which", "we", "i", "you", "this") for h in subjects):
            refuse(search, "source-is-no-actor", clause.verb, rule.id)
            return None
    if source and not fits(source, rule.source) or target and not fits(target, rule.target):
        refuse(search, "role-does-not-fit", clause.verb, rule.id)
        return None
    incomplete = False
    needs_target = "target" in rule.needs and not target and bool(source) and _may_be_found(search, rule, (*targets, *clause.objects))
    if "source" in rule.needs and not source or "target" in rule.needs and not target and not needs_target:
        refuse(search, "role-missing", clause.verb, rule.id)
        if rule.type not in REPEATED or not clause.passive or source:
            return None
        incomplete = True
    if not source and not target and (rule.type not in REPEATED or subjects and not clause.passive):
        refuse(search, "no-actor", clause.verb, rule.id)
        return None
    own_object = _is_own(search, targets, source)
    if rule.type == "ASSAULT" and not source and target and clause.passive and all(set(a.sectors) <= _PRIVATE for a in target) and s.index > 2 and s.kind != "title":
        incomplete = True  # "a man was stabbed": news of conflict only where an attack is told
    return Found(
        rule=rule,
        trigger=clause.verb,
        clause=clause,
        source_heads=tuple(subjects),
        target_heads=tuple(targets),
        source=source,
        target=target,
        specificity=p.specificity,
        type=rule.type,
        modes=rule.modes,
        cameo=rule.cameo,
        rule_id=rule.id,
        complement=clause.infinitive if p.complement == "to" else clause.clause if p.complement == "that" else None,
        own_object=own_object,
        incomplete=incomplete or not source and not target,
        needs_target=needs_target,
        is_reciprocal=each_other and not is_mutual(rule),
    )


def _may_be_found(search: Search, rule: Rule, heads: Sequence[int]) -> bool:
    """Whether the object points to an act or to somebody whom the document may name elsewhere: "the deal"; for judgements "him", "the other side", "her officers" too."""
    s = search.s
    if any(s.lemmas[h].lower() in search.book.anaphora for h in heads):
        return True
    parties = search.book.grammar["party_nouns"] | search.book.grammar["country_nouns"] | search.book.grammar["body_nouns"]
    return rule.type in JUDGING and any(
        h in search.phrases and search.phrases[h].kind not in ("property", "owner", "place") or s.tags[h] == "PRP" or s.lemmas[h].lower() in parties for h in heads
    )


def _is_reciprocal(search: Search, v: int, heads: Iterable[int]) -> bool:
    """ "accused each other", "expelled one another's envoys", "each blamed the other": what the subjects do to one another."""
    s = search.s
    for h in heads:
        for k in (h, *s.children[h]):
            low, before = s.words[k].lower(), s.words[k - 1].lower() if k else ""
            if low == "other" and before in ("each", "the") or low == "another" and before == "one":
                return k > v
    return False


def _matrix_subject(search: Search, v: int, subjects: Sequence[int]) -> tuple[Sequence[int], tuple[Actor, ...]]:
    """ "called off talks that were due on Friday and threatened to": a shared subject that is no actor is looked for further up."""
    s = search.s
    token = v
    in_relative = False
    for _ in range(6):
        head = s.heads[token]
        in_relative = in_relative or s.deps[token] == "relcl"
        if head == token or s.deps[token] not in ("conj", "xcomp", "relcl", "ccomp", "dep", "parataxis") and not (in_relative and s.deps[token] in ("dobj", "pobj", "prep")):
            break
        token = head
        if is_verb(s, token):
            for found in children(s, token, "nsubj"):
                if found in search.phrases and search.phrases[found].kind not in ("place", "owner", "property", "expert"):
                    return (found,), expand(s, (found,), search.phrases)
    return subjects, ()


def _is_bare_place(search: Search, head: int, rule: Rule) -> bool:
    """A province or town that is no actor of its own ("the province that left 32 dead"); what somebody owns speaks for him ("its chief urged") but does no deeds."""
    phrase = search.phrases.get(head)
    if phrase is None or phrase.kind not in ("place", "owner"):
        return False
    if phrase.kind == "place":
        return True
    lemma = search.s.lemmas[head].lower()
    return lemma not in search.book.grammar["transparent_nouns"] and not (
        rule.type in _OWNED and (lemma in search.book.grammar["authored_nouns"] or _is_owned_by_name(search, head))
    )


def _is_owned_by_name(search: Search, head: int) -> bool:
    """ "the UN rights chief", "its director": the owner is named; "the Russian painter" is only of a nation."""
    s = search.s
    return any(s.deps[c] == "poss" or s.deps[c] in ("compound", "nmod") and c in search.phrases and search.phrases[c].kind == "body" for c in s.children[head])


def without_own(search: Search, rule: Rule, target: tuple[Actor, ...], heads: Sequence[int], source: tuple[Actor, ...]) -> tuple[Actor, ...]:
    """The target without what is the source itself: its own words again, or a thing that is its own only by inference."""
    mine = {a.span for a in source}
    own = {a.country for a in source}
    if rule.type not in ("ASSAULT", "COERCE", "SANCTION", "MOBILIZE", "RETREAT") and target:
        heads = [h for each in heads for h in conjuncts(search.s, each) if not (h in search.phrases and search.phrases[h].kind == "property" and search.phrases[h].inferred)]
        target = tuple(dict.fromkeys(a for h in heads if h in search.phrases for a in search.phrases[h].actors))
    kinds = [search.phrases[h] for each in heads for h in conjuncts(search.s, each) if h in search.phrases]
    if kinds and all(p.kind == "pronoun" for p in kinds) and rule.type in ("ACCUSE", "THREATEN", "SANCTION", "REJECT", "SUPPORT", "REQUEST"):
        return tuple(a for a in target if a.country not in own or a.country is None and a.span not in mine)
    if kinds and all(p.kind in ("property", "owner", "place") for p in kinds) and any(p.inferred or p.kind == "place" for p in kinds):
        return tuple(a for a in target if a.country not in {b.country for b in source if set(b.sectors) & STATE})
    return tuple(a for a in target if a.span not in mine)


def _is_own(search: Search, heads: Sequence[int], source: tuple[Actor, ...]) -> bool:
    """Whether the object is the source's own thing by its words ("its test site"): then nobody else is the target."""
    own = {a.country for a in source if a.country and set(a.sectors) & STATE}  # what a state has is not its rebels'
    s = search.s
    wholes = [k for h in heads if h not in search.phrases for p in children(s, h, "prep") if s.lemmas[p] == "of" for k in children(s, p, "pobj")]  # ten of its guard posts
    phrases = [search.phrases[h] for h in (*heads, *wholes) if h in search.phrases]
    return bool(own) and bool(phrases) and all(p.kind in ("owner", "property") and not p.inferred and {a.country for a in p.actors} <= own for p in phrases)


def _is_instrument(search: Search, rule: Rule, subjects: Sequence[int]) -> bool:
    """ "the bomb killed six", "the attack wounded": a weapon or an event stands where the source would."""
    lemmas = {search.s.lemmas[h].lower() for h in subjects}
    return rule.type == "ASSAULT" and bool(lemmas & (search.book.classes["weapon"] | search.book.classes.get("violence", frozenset())))


def meets_conditions(search: Search, rule: Rule, clause: Clause | None, subjects: Sequence[int], targets: Sequence[int], noun: int | None = None) -> bool:
    """Whether the words that a rule asks for (``when``) are there, and those that it excludes (``unless``) are not; ``noun`` where the event is a noun's."""
    for wanted, conditions in ((True, rule.when), (False, rule.unless)):
        for key, lemmas in conditions.items():
            if _holds(search, key, lemmas, clause, subjects, targets, noun) is not wanted:
                return False
    return True


def _holds(search: Search, key: str, lemmas: frozenset[str], clause: Clause | None, subjects: Sequence[int], targets: Sequence[int], noun: int | None) -> bool:
    """Whether the words that stand at ``key`` (object, subject, prep, else below the head) have one of ``lemmas``."""
    s = search.s
    if key == "object":
        heads = list(with_conjuncts(search, [*(clause.objects if clause else ()), *targets]))
        return any(is_lemma(search, h, lemmas) for h in heads)
    if key == "subject":
        return any(is_lemma(search, h, lemmas) for h in with_conjuncts(search, subjects))
    if key == "prep":
        found = clause.prepositions if clause else clause_prepositions(s, noun if noun is not None else 0)
        return any(is_lemma(search, q.object, lemmas) or q.name in lemmas for q in found)
    head = noun if noun is not None else clause.verb if clause else 0
    return any(s.lemmas[c].lower() in lemmas or s.words[c].lower() in lemmas for c in s.children[head])
