"""Sentences and their actors -> event mentions, by the codebook's rules over the dependency structure.

Three passes a sentence: verbs (with particles, light verbs and adjectives), composition (a verb that ends, rejects, asks for or threatens an
event noun or an infinitive), and event nouns that stand alone. Nothing here knows dates, places or who said it.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from detente.codebook.load import Codebook
from detente.coding.compositions import compose_noun, find_light_verb, refine
from detente.coding.echoes import find_echoes
from detente.coding.event_nouns import MEETING_PREPOSITIONS, find_by_noun, noun_options
from detente.coding.grammar import Clause, Preposition, children, clause_prepositions, clause_span, is_verb, read_clause
from detente.coding.matching import best_match
from detente.coding.search import HOSTILE, REPEATED, Found, Phrases, Search, clause_at, with_conjuncts
from detente.coding.statements import find_statements
from detente.records import EventMention, Evidence, Refusal, Sentence


def find_events(text: str, sentences: Sequence[Sentence], phrases: Sequence[Phrases], codebook: Codebook) -> tuple[list[EventMention], list[Refusal]]:
    """A document's sentences with their resolved noun phrases -> event mentions in order of the text, and what was refused and why."""
    mentions: list[EventMention] = []
    refusals: list[Refusal] = []
    for s, here in zip(sentences, phrases, strict=True):
        vocabulary = frozenset(w.lower() for w in s.words) | frozenset(s.lemmas)
        search = Search(text, s, here, codebook, vocabulary)
        mentions.extend(_mention(search, f) for f in _find(search))
        mentions.extend(find_echoes(search, mentions))
        refusals.extend(search.refusals)
    return mentions, refusals


def _find(search: Search) -> list[Found]:
    """All matches in one sentence: verbs and adjectives, nouns that no verb has used, statements; then what operators take from the acts below them."""
    s, book = search.s, search.book
    by_verb: dict[int, Found] = {}
    for v, lemma in enumerate(s.lemmas):
        if is_verb(s, v) and s.deps[v] not in ("aux", "auxpass") and not (s.deps[v] == "amod" and lemma in book.grammar["labelling_verbs"]):
            found = _by_verb(search, v, lemma)
            if found is not None:
                by_verb[v] = found
        elif lemma in book.adjectives and s.deps[v] in ("acomp", "amod", "oprd", "advcl", "conj", "attr"):
            found = _by_adjective(search, v, lemma)
            if found is not None:
                by_verb[v] = found
    out = list(by_verb.values())
    out.extend(msgspec.structs.replace(f, source=f.target, target=f.source) for f in by_verb.values() if f.is_reciprocal and f.target)
    for n, lemma in enumerate(s.lemmas):
        proper = s.tags[n] == "NNP" and s.kind != "title"  # "the Korean War", "Battle of Britain": names, not news
        if n not in search.used_nouns and not proper and (lemma in book.nouns and s.tags[n][:2] == "NN" or lemma.lower() in book.nouns and s.tags[n] == "NNP"):
            noun_found = find_by_noun(search, n)
            if noun_found is not None:
                out.append(noun_found)
    by_trigger = {f.noun if f.noun is not None else f.trigger: f for f in out}
    out.extend(find_statements(search, out))
    composed = [refine(search, f, by_trigger) for f in out]
    return sorted((f for f in composed if f is not None and _keep(search, f)), key=lambda f: f.trigger)


def _by_verb(search: Search, v: int, lemma: str) -> Found | None:
    """The match of verb ``v``: its own pattern, or what it makes of the noun that is its object."""
    book = search.book
    best: Found | None = None
    patterns = book.verbs.get(lemma)
    if patterns:
        clause = clause_at(search, v)
        best = best_match(search, clause, patterns)
    composed = compose_noun(search, v, lemma) if lemma in book.composing else None
    if composed is not None and (best is None or best.specificity < 2):
        return composed
    if best is None or best.specificity < 2 or best.type == "SUPPORT" and lemma in ("approve", "adopt", "pass", "authorise", "authorize", "announce"):
        light = find_light_verb(search, v, lemma)
        if light is not None and (best is None or best.type == light.type or best.specificity < 2 or light.type in HOSTILE):
            return light
    if best is not None:
        _use_object_nouns(search, best)
    return best


def _by_adjective(search: Search, a: int, lemma: str) -> Found | None:
    """The match of an adjective that says what somebody does: "is ready to", "critical of"."""
    s = search.s
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
    return best_match(search, clause, search.book.adjectives[lemma])


def _use_object_nouns(search: Search, found: Found) -> None:
    """The nouns that a verb pattern names are part of its event, not events of their own."""
    clause = found.clause
    if clause is None:
        return
    p_nouns = search.book.nouns
    for o in with_conjuncts(search, clause.objects):
        if search.s.lemmas[o].lower() in p_nouns and found.specificity >= 2 and o not in found.target_heads:
            search.used_nouns.add(o)
    for q in clause.prepositions:
        if search.s.lemmas[q.object].lower() in p_nouns and q.depth == 0 and found.specificity >= 2 and q.object not in found.target_heads and q.object not in search.phrases:
            if not _is_occasion(search, q, found):
                search.used_nouns.add(q.object)


def _is_occasion(search: Search, q: Preposition, found: Found) -> bool:
    """Whether talks are but where or when something was done, and an event beside it: "urged him in a phone call with Oman to", "agreed at a meeting"."""
    pattern = next(noun_options(search, q.object), None)
    return found.type != "CONSULT" and pattern is not None and search.book.rules[pattern.rule].type == "CONSULT" and q.name in MEETING_PREPOSITIONS


def _keep(search: Search, f: Found) -> bool:
    """A mention without any actor is kept where it can only repeat an event told elsewhere ("the office was destroyed on Tuesday")."""
    return bool(f.source or f.target) or f.type in REPEATED


def _mention(search: Search, f: Found) -> EventMention:
    """A finished match -> the record that later steps read, with the words that it rests on."""
    s = search.s
    if f.own_object and f.type == "ASSAULT" and "destroy" in f.modes:
        made = search.book.compositions["own"]["ASSAULT"]
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
        evidence=Evidence((start, end), search.text[start:end], (s.starts[anchor], s.ends[anchor]), f.rule_id),
        score=float(min(f.specificity, 9)),
        nominal=f.nominal,
        in_title=s.kind == "title",
        own_object=f.own_object,
        incomplete=f.incomplete,
        needs_target=f.needs_target,
        is_passive=f.clause is not None and f.clause.passive,
        weak_target=bool(f.target)
        and all(h in search.phrases and search.phrases[h].kind == "property" and search.phrases[h].inferred for h in f.target_heads if h in search.phrases)
        and any(h in search.phrases for h in f.target_heads),
    )


__all__ = ["find_events"]
