"""Verbs that make an event of a noun or of another event: launch an attack, suspend talks, threaten to attack."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from detente.codebook.load import Composition
from detente.codebook.types import OPERATORS
from detente.coding.event_nouns import fill_noun, noun_options, noun_roles
from detente.coding.filling import meets_conditions
from detente.coding.grammar import Clause, children, is_verb
from detente.coding.phrases import expand
from detente.coding.search import HOSTILE, Found, Search, clause_at, fits, refuse, with_conjuncts, without_source
from detente.records import Actor

_NOTHING_ENDED: Mapping[str, Composition] = {}


def find_light_verb(search: Search, v: int, lemma: str) -> Found | None:
    """ "launch an attack on", "impose sanctions": the event that the object of a light verb names, in the roles of the clause."""
    if lemma not in search.book.grammar["light_verbs"]:
        return None
    clause = clause_at(search, v)
    for o in with_conjuncts(search, _unpacked(search, clause.objects)):
        if o in search.used_nouns or search.s.lemmas[o].lower() not in search.book.nouns:
            continue
        for p in noun_options(search, o):
            rule = search.book.rules[p.rule]
            sources, targets = noun_roles(search, o, p, rule)
            if not targets:
                near = [
                    q
                    for q in clause.prepositions
                    if q.name in (*p.target_preps, "with", "against", "on", "to", "over") and q.object != o and (q.name in p.target_preps or q.name in ("with", "against"))
                ]
                targets = [min(near, key=lambda q: (q.depth, q.token)).object] if near else []
                if not targets and clause.datives:
                    targets = [_dative(search, d) for d in clause.datives]
            agents = list(clause.subjects) or sources
            if rule.owner == "target" and sources and not targets:
                targets = [h for h in sources if h not in agents]
            if not meets_conditions(search, rule, None, agents, targets, o):
                continue
            found = fill_noun(search, rule, p, o, agents, targets, clause)
            if found is not None:
                found.trigger, found.noun, found.nominal = v, o, False
                found.specificity = 2 + p.specificity
                search.used_nouns.add(o)
                return found
    return None


def _unpacked(search: Search, heads: Iterable[int]) -> list[int]:
    """ "a new round of sanctions": the noun inside a container."""
    s = search.s
    packages = search.book.grammar["wrapping_nouns"]
    out: list[int] = []
    for o in heads:
        inner = [k for p in children(s, o, "prep") if s.lemmas[p] == "of" for k in children(s, p, "pobj")] if s.lemmas[o] in packages else []
        out.extend(inner or [o])
    return out


def _dative(search: Search, d: int) -> int:
    """The noun of a dative that the parser hung on a preposition."""
    inner = children(search.s, d, "pobj")
    return inner[0] if inner else d


def compose_noun(search: Search, v: int, lemma: str) -> Found | None:
    """ "suspended talks with", "called for an end to the shelling", "rejected the demand"."""
    clause = clause_at(search, v)
    for name, words, _ in search.book.composing[lemma]:
        gives = search.book.compositions[name]
        if not words:
            if any(search.s.deps[c] == "prt" for c in search.s.children[v]):
                continue
            heads: list[int] = list(clause.objects)
        elif words[-1] in search.book.grammar["prepositions"]:
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
        if words and words[-1] in search.book.grammar["prepositions"] and not heads and all(w in clause.particles or w in clause.words for w in words):
            heads = list(clause.objects)
        for o in with_conjuncts(search, _unpacked(search, heads)):
            found = _composed(search, clause, o, name, gives)
            if found is not None:
                return found
    return None


def _composed(search: Search, clause: Clause, o: int, name: str, gives: Mapping[str, Composition]) -> Found | None:
    """What the verb of ``clause`` makes of the event that noun ``o`` names, by composition ``name``, which ``gives`` an outcome for each type of event."""
    s = search.s
    noun, ended = _deciding_noun(search, o)
    if name in ("end", "ease") and s.lemmas[noun] in search.book.grammar["pausing_nouns"]:
        return None
    for p in noun_options(search, noun):
        rule = search.book.rules[p.rule]
        made = gives.get(ended[rule.type].type if rule.type in ended else rule.type)
        if made is None:
            continue
        sources, targets = noun_roles(search, noun, p, rule)
        if not meets_conditions(search, rule, None, sources, targets, noun):
            continue
        source = expand(s, clause.subjects, search.phrases)
        if name == "end" and source and not fits(source, rule.source) and rule.type in ("ASSAULT", "PROTEST"):
            continue
        if clause.subjects and not source:
            refuse(search, "source-is-no-actor", clause.verb, f"compose.{name}")
            return None
        others = [] if name == "request" and rule.type in ("RETREAT", "CONCEDE") else [*targets, *sources]
        target = without_source(expand(s, others, search.phrases), source) or _near_target(search, clause, (o, noun), source)
        if name in ("reject", "violate") and sources:
            target = without_source(expand(s, sources, search.phrases), source) or target
        if not source and not target:
            return None
        search.used_nouns.update((noun, o))
        return Found(
            rule=rule,
            trigger=clause.verb,
            clause=clause,
            source_heads=clause.subjects,
            target_heads=tuple(others),
            source=source,
            target=target,
            specificity=3 + p.specificity,
            type=made.type,
            modes=made.modes or (rule.modes if made.type == rule.type else ()),
            cameo=made.cameo or rule.cameo,
            rule_id=f"compose.{name}+{rule.id}",
            noun=noun,
        )
    return None


def _deciding_noun(search: Search, o: int) -> tuple[int, Mapping[str, Composition]]:
    """ "an end to the violence", "a halt to": the inner noun decides, as what its end makes of it; else noun ``o`` itself, as it is."""
    s = search.s
    noun, ended = o, _NOTHING_ENDED
    if s.lemmas[o] in search.book.grammar["ending_nouns"]:
        for prep in children(s, o, "prep"):
            for inner in children(s, prep, "pobj"):
                if next(noun_options(search, inner), None) is not None:
                    noun, ended = inner, search.book.compositions["end"]
    return noun, ended


def _near_target(search: Search, clause: Clause, nouns: tuple[int, int], source: tuple[Actor, ...]) -> tuple[Actor, ...]:
    """Whom the first preposition of the clause names, where the noun phrase has no target."""
    near = [q.object for q in clause.prepositions if q.name in ("with", "to", "against", "from", "on", "of", "for") and q.object not in nouns and q.object in search.phrases]
    return without_source(expand(search.s, near[:1], search.phrases), source)


def refine(search: Search, f: Found, by_trigger: Mapping[int, Found]) -> Found | None:
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
            subject = clause_at(search, below).subjects if is_verb(search.s, below) else ()
            target = without_source(expand(search.s, subject, search.phrases), f.source)
            if not target and is_verb(search.s, below):
                target = without_source(expand(search.s, clause_at(search, below).objects, search.phrases), f.source)
            if target and fits(target, f.rule.target):
                return msgspec.structs.replace(f, target=target)
        return f
    made = search.book.compositions.get(f"to-{f.type}", {}).get(inner.type)
    if f.rule.id == "agree.agree-to" and search.s.lemmas[f.trigger] == "agree":
        made = search.book.compositions["agreed"].get(inner.type, made)
    if f.type == "AGREE" and _is_negated(search, below):
        made = search.book.compositions["to-REJECT"].get(inner.type) if inner.type not in HOSTILE else None
    target = f.target
    if not target:
        pool = inner.target if f.type != "REQUEST" else (*inner.source, *inner.target)
        target = without_source(pool, f.source)
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


def _is_negated(search: Search, v: int) -> bool:
    """ "vowed never to give up", "promised to carry out no tests"."""
    s = search.s
    around = [*s.children[v], *(c for o in children(s, v, "dobj") for c in s.children[o])]
    return any(s.deps[c] == "neg" or s.words[c].lower() in ("never", "no", "not") for c in around)
