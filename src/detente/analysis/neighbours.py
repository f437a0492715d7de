"""The dyads of a store in which precedents are looked for: those that are as busy as the dyad asked for, so that a large store is not read whole."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from math import log2

import polars as pl

from detente.analysis.windows import LEAST_PAIR_EVENTS
from detente.codebook.parties import Party
from detente.store.pairs import COLUMNS, count_pairs, read_pair_rows
from detente.store.schema import Store

MOST_EVENTS = 15_000
"""Events of other dyads that are read, which bounds the time: under half a second of one core (benchmarks/precedents.py)."""
SHARED_PARTY = 1.0
"""A dyad that shares a party goes before one that is so many doublings nearer in its number of events."""


def load_others(store: Store, a: Party, b: Party, events: int, *, until: datetime.date | None = None) -> pl.DataFrame:
    """A store, two parties and their number of events -> the events of the other dyads that are nearest to it, as ``find_precedents`` takes them.

    Nearest: by the ratio of their numbers of events; one that shares a party is nearer (``SHARED_PARTY``). They are read whole, in this order, until
    ``MOST_EVENTS``. The columns are those of ``store.pairs``. With ``until`` nothing counts that happened or was first told of after that day.
    """
    return _make_frame(read_pair_rows(store, choose_pairs(count_pairs(store, until=until), a, b, events), until=until))


def choose_pairs(counted: Iterable[tuple[str, str, int]], a: Party, b: Party, events: int) -> list[tuple[str, str]]:
    """Source, target and number of events of each pair, two parties and their own number of events -> the other pairs that are nearest to it, both ways, until ``MOST_EVENTS``."""
    keys = [{m.country for m in party.members} | set(party.names) for party in (a, b)]
    counts: dict[tuple[str, str], int] = {}
    for source, target, number in counted:
        first, second = min(source, target), max(source, target)
        counts[first, second] = counts.get((first, second), 0) + number
    ranked = sorted((_distance(pair, number, events, keys), pair) for pair, number in counts.items() if number >= LEAST_PAIR_EVENTS and not _is_own(pair, keys))
    chosen: list[tuple[str, str]] = []
    total = 0
    for _, (first, second) in ranked:
        if chosen and total + counts[first, second] > MOST_EVENTS:
            break
        total += counts[first, second]
        chosen += [(first, second), (second, first)]
    return chosen


def _is_own(pair: tuple[str, str], keys: list[set[str]]) -> bool:
    names = [{name, name.casefold()} for name in pair]
    return any(names[0] & x and names[1] & y for x, y in ((keys[0], keys[1]), (keys[1], keys[0])))


def _distance(pair: tuple[str, str], number: int, events: int, keys: list[set[str]]) -> float:
    shares = any({name, name.casefold()} & (keys[0] | keys[1]) for name in pair)
    return abs(log2(number / max(events, 1))) - (SHARED_PARTY if shares else 0.0)


def _make_frame(rows: list[tuple[object, ...]]) -> pl.DataFrame:
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(COLUMNS)
    types = {"rung": pl.Int8(), "historical": pl.Int8()}
    raw = pl.DataFrame([pl.Series(name, values, dtype=types.get(name, pl.String())) for name, values in zip(COLUMNS, columns, strict=True)])
    return raw.with_columns(pl.col("day").str.to_date(), pl.col("rung").fill_null(0), pl.col("historical").cast(pl.Boolean)).sort("day", "event_id", "source", "target")
