"""Names and noun phrases of a document, with whom they denote: the records that later steps read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from detente.codebook.register import Entry
from detente.coding.grammar import conjuncts
from detente.records import Actor, Sentence


class Mention(msgspec.Struct, frozen=True):
    """A register name in a sentence: first and last token, its head token, and the entries it may mean, best first."""

    first: int
    last: int
    head: int
    text: str
    entry: Entry
    options: tuple[Entry, ...] = ()


class Phrase(msgspec.Struct, frozen=True):
    """Whom a noun phrase denotes. ``kind``: person, body, group, country, capital, people, property, owner, place, pronoun, expert, unknown."""

    actors: tuple[Actor, ...]
    kind: str
    plural: bool = False
    role: str = ""
    inferred: bool = False


class ActorTable(msgspec.Struct, frozen=True):
    """Per sentence: the names found and, by head token, whom each noun phrase denotes; and the country the document is mostly about."""

    mentions: tuple[tuple[Mention, ...], ...]
    phrases: tuple[dict[int, Phrase], ...]
    countries: tuple[tuple[str, int], ...]
    home: str | None
    dateline: str | None = None


def expand(s: Sentence, heads: Iterable[int], phrases: Mapping[int, Phrase]) -> tuple[Actor, ...]:
    """The actors of noun phrases and of all that is coordinated with them, in order, without repeats."""
    out: list[Actor] = []
    seen: set[tuple[str | None, tuple[str, ...], str | None]] = set()
    for head in heads:
        for each in conjuncts(s, head):
            phrase = phrases.get(each)
            for a in phrase.actors if phrase else ():
                key = (a.country, a.sectors, a.entity)
                if key not in seen:
                    seen.add(key)
                    out.append(a)
    return tuple(out)
