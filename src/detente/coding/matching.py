"""A clause and the patterns of its verb or adjective -> the match of the most specific that fits."""

from __future__ import annotations

from collections.abc import Iterable

from detente.codebook.load import Pattern
from detente.coding.filling import fill_clause
from detente.coding.grammar import Clause, children, is_verb
from detente.coding.phrases import expand
from detente.coding.search import Found, Search, clause_at, is_lemma, with_conjuncts

_REPRESENTING = frozenset({"GOV", "MIL", "SPY"})


def best_match(search: Search, clause: Clause, patterns: Iterable[Pattern]) -> Found | None:
    """The most specific of a verb's or adjective's patterns that the clause fits; of equals the one that finds more actors, unless one ``beats`` the other."""
    best: Found | None = None
    for pattern in patterns:
        if best is not None and pattern.specificity < best.specificity and not best.incomplete:
            break
        found = _match(search, clause, pattern)
        if found is None:
            continue
        if found.incomplete and best is not None:
            continue
        is_better = found.specificity == best.specificity and best.needs_target and not found.needs_target if best is not None else True
        if best is None or best.incomplete or found.specificity > best.specificity or best.rule.id in found.rule.beats or is_better:
            best = found
        elif found.specificity == best.specificity and best.rule.id not in found.rule.beats and found.rule.id not in best.rule.beats:
            if len(found.source) + len(found.target) > len(best.source) + len(best.target):
                best = found
    return best


def _match(search: Search, clause: Clause, p: Pattern) -> Found | None:
    """One pattern against a clause: its words, objects, prepositions and complement must be there; they say who is the target."""
    s = search.s
    v = clause.verb
    if not search.vocabulary.issuperset(p.words):
        return None
    for word in p.words:
        if word not in clause.words and word not in clause.particles and not _word_near(search, v, word):
            return None
    objects = clause.objects
    if p.no_object and objects:
        return None
    if p.objects is not None and not any(is_lemma(search, o, p.objects) for o in with_conjuncts(search, objects)):
        return None
    for name, lemmas in p.prep_needs:
        if any(q.name == name and (not lemmas or is_lemma(search, q.object, lemmas)) for q in clause.prepositions):
            continue
        if not lemmas or not _has_particle(search, v, name) or not any(is_lemma(search, o, lemmas) for o in with_conjuncts(search, objects)):
            return None  # "hand over the suspect": the parser reads a particle where the pattern has a preposition
    if p.complement == "to" and clause.infinitive is None:
        return None
    if p.complement == "that" and clause.clause is None:
        return None
    targets: tuple[int, ...] = ()
    if p.target == "prep":
        heads = [q for q in clause.prepositions if q.name in p.target_preps]
        if not heads:
            if not objects or p.objects is not None or not any(_has_particle(search, v, name) for name in p.target_preps):
                return None
            targets = objects
        else:
            nearest = min(heads, key=lambda q: (q.depth, q.token))
            targets = () if is_verb(s, nearest.object) and nearest.object not in search.phrases else (nearest.object,)
    elif p.target == "object":
        targets = objects
        if p.objects is not None:
            targets = tuple(o for o in objects if not is_lemma(search, o, p.objects)) or clause.datives
        if not targets and p.complement == "to" and clause.infinitive is not None:
            targets = tuple(o for o in clause_at(search, clause.infinitive).subjects if o not in clause.subjects)
        if not targets and clause.datives and is_verb(s, v):
            targets = tuple(d for d in clause.datives if s.tags[d] not in ("IN", "TO"))
    elif p.objects is not None:  # "ban {newspaper}": the noun of the pattern may itself be the target
        named = [o for o in objects if is_lemma(search, o, p.objects) and o in search.phrases and _names_somebody(search, o, clause)]
        targets = tuple(named)
    rule = search.book.rules[p.rule]
    if rule.subject == "target":
        agents = [q.object for q in clause.prepositions if q.name in ("by", "from") and q.object in search.phrases]
        return fill_clause(search, rule, p, clause, agents[:1], clause.subjects)
    subjects = clause.subjects
    if clause.passive and not subjects and p.target != "object" and p.objects is None and not any(s.deps[c] in ("auxpass", "agent") for c in s.children[v]):
        subjects = clause.objects  # "Mujuru, called for elections": the parser took the past tense for a participle
    return fill_clause(search, rule, p, clause, subjects, targets)


def _names_somebody(search: Search, o: int, clause: Clause) -> bool:
    """ "banned the newspaper", "burned American flags": what a pattern names is the target if it is somebody, or a thing that the words give to somebody else.

    What a state does with its own envoys ("recalled its ambassador") it does to another.
    """
    phrase = search.phrases[o]
    if _REPRESENTING & {x for a in phrase.actors for x in a.sectors} and any(search.s.tags[c] == "PRP$" for c in search.s.children[o]):
        return not {a.country for a in phrase.actors} <= {a.country for a in expand(search.s, clause.subjects, search.phrases)}
    if phrase.kind != "property" or phrase.inferred:
        return phrase.kind in ("body", "group", "person")
    own = {a.country for a in expand(search.s, clause.subjects, search.phrases)}
    return bool(own) and not own & {a.country for a in phrase.actors}


def _has_particle(search: Search, v: int, word: str) -> bool:
    """Whether the parser takes a word for a particle of verb ``v``: "hand over"."""
    return any(search.s.deps[c] == "prt" and search.s.words[c].lower() == word for c in search.s.children[v])


def _word_near(search: Search, v: int, word: str) -> bool:
    """Whether a fixed word of a pattern belongs to verb ``v``: below it, or right behind it where the parser went astray."""
    s = search.s
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
