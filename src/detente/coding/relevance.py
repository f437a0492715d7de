"""Event mentions -> those that are politics: some political actor takes part, and not every actor is only guessed from the setting.

A story on a zoo accident has "police", "officials" and a country too; what it lacks is anybody political by name.
"""

from __future__ import annotations

from collections.abc import Sequence

from detente.coding.phrases import ActorTable
from detente.records import Actor, EventMention, Refusal, Sentence

POLITICAL = frozenset({"GOV", "MIL", "COP", "JUD", "LEG", "SPY", "IGO", "REB", "PTY", "OPP", "PRM", "UAF", "NGO", "REL", "LAB"})
_NAMED_KINDS = frozenset({"person", "organisation", "metonym", "country", "capital"})
_ACTING = frozenset({"nsubj", "nsubjpass", "poss", "dobj", "conj", "pobj"})
ENOUGH_NAMES = 3
"""So many mentions of political actors by name make a story political. Set on stories about sport, accidents, products and crime of our own."""
SHORT_SENTENCES = 6
"""A text of fewer sentences is taken as political: there is too little of it to tell."""
_OPEN_TO_ALL = frozenset({"PROTEST", "ASSAULT"})


def keep_political(mentions: Sequence[EventMention], sentences: Sequence[Sentence], table: ActorTable) -> tuple[list[EventMention], list[Refusal]]:
    """Event mentions -> those kept, and a refusal for each that is left out."""
    guessed = {a.span for phrases in table.phrases for p in phrases.values() if p.inferred for a in p.actors}
    is_political = len(sentences) < SHORT_SENTENCES or count_names(sentences, table) >= ENOUGH_NAMES
    kept: list[EventMention] = []
    refusals: list[Refusal] = []
    for m in mentions:
        reason = _reason_against(m, guessed, is_political)
        if reason is None:
            kept.append(m)
        else:
            refusals.append(Refusal("relevance", reason, m.evidence.span, m.rule))
    return kept, refusals


def _reason_against(m: EventMention, guessed: set[tuple[int, int] | None], is_political: bool) -> str | None:
    actors = (*m.source, *m.target)
    if not actors:
        return None
    if m.source and not any(POLITICAL & set(a.sectors) for a in actors) and m.event_type not in _OPEN_TO_ALL:
        return "nobody-political"
    if not is_political and all(_is_guessed(a, guessed) for a in actors):
        return "story-not-political"
    return None


def _is_guessed(a: Actor, guessed: set[tuple[int, int] | None]) -> bool:
    return a.span is None or a.span in guessed or not POLITICAL & set(a.sectors)


def count_names(sentences: Sequence[Sentence], table: ActorTable) -> int:
    """How often political actors are named where they can act: leaders, bodies, armed groups, countries and capitals."""
    total = 0
    for s, found in zip(sentences, table.mentions, strict=True):
        for m in found:
            if m.entry.kind not in _NAMED_KINDS or s.deps[m.head] not in _ACTING:
                continue
            if m.entry.kind in ("country", "capital"):
                total += s.deps[m.head] != "pobj" or s.lemmas[s.heads[m.head]].lower() in ("by", "with", "against", "between", "on")
            else:
                total += bool(POLITICAL & set(m.entry.sectors))
    return total
