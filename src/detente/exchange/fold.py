"""Rows that say the same, also the other way round -> one event with all of them, as a stream.

At most ``OPEN_EVENTS`` events are held back, so that memory stays flat: the older half comes out when there are more. A repeat of an event that is out
comes as an event of the same ``event_id`` with the rows that are new.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Generic, TypeVar

import msgspec

from detente.exchange.imported import ImportedEvent, OriginRow, RefusedRow

OPEN_EVENTS = 20_000
"""Events that are held back: about a week of ICEWS (3,700 rows in two days of 2018), some hours of GDELT; 40 MB."""
_Content = TypeVar("_Content")
Key = tuple[str | None, ...]


class Parsed(msgspec.Struct, Generic[_Content], gc=False):
    """A row understood: ``key`` is what makes another row a repeat; ``flipped``, whether it names the parties in the other order than ``key``;
    ``base``, which of the two orders the event takes if this row is its first; ``content``, what the event is made of."""

    key: Key
    flipped: bool
    base: bool
    row: OriginRow
    content: _Content


Make = Callable[[Key, _Content, tuple[OriginRow, ...], int], ImportedEvent]


class _Open(msgspec.Struct, Generic[_Content], gc=False):
    base: bool
    content: _Content
    rows: list[OriginRow]
    mirrored: int = 0


def fold_rows(parsed: Iterable[Parsed[_Content] | RefusedRow], make: Make[_Content], *, open_events: int = OPEN_EVENTS) -> Iterator[ImportedEvent | RefusedRow]:
    """Parsed rows and how to make an event of key, content, rows and number of repeats -> events in the order of their first rows; refusals as they come."""
    waiting: dict[Key, _Open[_Content]] = {}
    for item in parsed:
        if type(item) is RefusedRow:
            yield item
            continue
        assert not isinstance(item, RefusedRow)
        found = waiting.get(item.key)
        if found is None:
            found = waiting[item.key] = _Open(item.base, item.content, [item.row])
            if item.flipped is not item.base:
                found.mirrored = 1
                found.rows[0] = msgspec.structs.replace(item.row, mirrored=True)
            if len(waiting) > open_events:
                oldest = list(itertools.islice(waiting.items(), open_events // 2))
                waiting = dict(itertools.islice(waiting.items(), open_events // 2, None))
                for key, left in oldest:
                    yield _close(key, left, make)
        elif item.flipped is found.base:
            found.rows.append(item.row)
        else:
            found.mirrored += 1
            found.rows.append(msgspec.structs.replace(item.row, mirrored=True))
    for key, left in waiting.items():
        yield _close(key, left, make)


def _close(key: Key, found: _Open[_Content], make: Make[_Content]) -> ImportedEvent:
    rows = tuple(found.rows)
    return make(key, found.content, rows, max(found.mirrored, len(rows) - found.mirrored) - 1)
