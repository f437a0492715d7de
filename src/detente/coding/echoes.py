"""Acts that are told by their likeness to the one before: "France followed suit", "Moscow replied in kind"."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from detente.coding.grammar import children, clause_span, is_verb
from detente.coding.phrases import expand
from detente.coding.search import Search, clause_at, without_source
from detente.records import Actor, EventMention, Evidence

ECHO_SENTENCES = 2
"""How far back the act may be told. Set by hand: in news the echo comes in the same sentence or the next."""
_ECHOED = frozenset({"SANCTION", "COERCE", "ASSAULT", "MOBILIZE", "RETREAT", "CONCEDE", "AID", "SUPPORT", "ACCUSE", "REQUEST", "REJECT", "COOPERATE", "THREATEN"})


def find_echoes(search: Search, before: Sequence[EventMention]) -> list[EventMention]:
    """A sentence and the mentions up to its end -> what its echoing verbs repeat: the same act by another, or the act given back to who did it."""
    s, grammar = search.s, search.book.grammar
    out: list[EventMention] = []
    for v, lemma in enumerate(s.lemmas):
        if not is_verb(s, v):
            continue
        is_same = any(f"{lemma} {s.lemmas[c].lower()}" in grammar["echoing"] for c in s.children[v] if s.deps[c] in ("dobj", "advmod"))
        is_answer = lemma in grammar["answering_verbs"] and any(s.lemmas[c] == "in" and any(s.lemmas[o] == "kind" for o in s.children[c]) for c in children(s, v, "prep"))
        source = expand(s, clause_at(search, v).subjects, search.phrases) if is_same or is_answer else ()
        echoed = _echoed(search, v, before, source, is_answer) if source else None
        if echoed is None:
            continue
        first, last = clause_span(s, v)
        start, end = s.starts[first], s.ends[last]
        rule = f"echo+{echoed.rule}"
        out.append(
            msgspec.structs.replace(
                echoed,
                sentence=s.index,
                trigger=v,
                source=source,
                target=without_source(echoed.source if is_answer else echoed.target, source),
                rule=rule,
                evidence=Evidence((start, end), search.text[start:end], (s.starts[v], s.ends[v]), rule),
                nominal=False,
                in_title=s.kind == "title",
                is_passive=False,
            )
        )
    return out


def _echoed(search: Search, v: int, before: Sequence[EventMention], source: tuple[Actor, ...], is_answer: bool) -> EventMention | None:
    """The nearest act told before verb ``v``: another's if it is done likewise, one upon the source if it is given back."""
    s, own = search.s, {a.country or a.name for a in source}
    for m in sorted(before, key=lambda m: (m.sentence, m.trigger), reverse=True):
        if (m.sentence, m.trigger) >= (s.index, v) or m.incomplete or m.event_type not in _ECHOED:
            continue
        if s.index - m.sentence > ECHO_SENTENCES:
            return None
        doers, sufferers = {a.country or a.name for a in m.source}, {a.country or a.name for a in m.target}
        if own & sufferers if is_answer else doers and not own & doers:
            return m
    return None
