"""The precedents of two countries out of a store's arrays of events: what ``analysis.precedents`` finds, without reading the store, by what was known at the day alone."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import numpy as np
import polars as pl

from detente.analysis.neighbours import choose_pairs
from detente.analysis.precedents import Precedents, find_precedents
from detente.codebook.parties import Party
from detente.forecasting.flat_events import FlatEvents, know_pairs
from detente.forecasting.quads import Ints
from detente.store.flat import SHARP, name_ids
from detente.store.schema import Store


def find_second_view(flat: FlatEvents, store: Store, parties: tuple[Party, Party], at: datetime.date) -> Precedents:
    """A store's arrays, the store, two countries and a day -> the precedents of their last weeks."""
    known = know_pairs(flat, store, at)
    width = len(known.parties)
    keys = known.sources.astype(np.int64) * width + known.targets
    place = {name: number for number, name in enumerate(known.parties)}
    a, b = (party.members[0].country for party in parties)
    own = _take(known, keys, [(a, b), (b, a)], place)
    found, sizes = np.unique(keys, return_counts=True)
    counted = [(known.parties[key // width], known.parties[key % width], size) for key, size in zip(found.tolist(), sizes.tolist(), strict=True)]
    others = _take(known, keys, choose_pairs(counted, *parties, own.height), place)
    side = pl.when(pl.col("source") == a).then(pl.lit("a")).otherwise(pl.lit("b"))
    return _name_events(store, find_precedents(own.with_columns(side=side), others, names=(a, b), at=at))


def _take(known: FlatEvents, keys: Ints, pairs: Sequence[tuple[str, str]], place: Mapping[str, int]) -> pl.DataFrame:
    """The events of some ordered pairs, with their numbers in the store as ids."""
    wanted = np.array([place[source] * len(known.parties) + place[target] for source, target in pairs], dtype=np.int64)
    rows = np.flatnonzero(np.isin(keys, wanted))
    parties, types, precision = (np.array(names, dtype=object) for names in (known.parties, known.types, ("", *sorted(SHARP, key=lambda name: SHARP[name]))))
    return pl.DataFrame(
        {
            "event_id": pl.Series(known.numbers[rows]).cast(pl.String),
            "day": pl.Series(known.days[rows].astype(np.int32)).cast(pl.Date),
            "precision": pl.Series(precision[known.sharp[rows]].tolist(), dtype=pl.String),
            "source": pl.Series(parties[known.sources[rows]].tolist(), dtype=pl.String),
            "target": pl.Series(parties[known.targets[rows]].tolist(), dtype=pl.String),
            "event_type": pl.Series(types[known.kinds[rows]].tolist(), dtype=pl.String),
            "rung": pl.Series(known.rungs[rows].astype(np.int8)),
            "historical": pl.Series([False] * len(rows), dtype=pl.Boolean),
        }
    )


def _name_events(store: Store, found: Precedents) -> Precedents:
    """Precedents that name events by their numbers -> the same with their ids."""
    plain = msgspec.to_builtins(found)
    numbers: set[int] = set()

    def note(ids: list[str]) -> list[str]:
        numbers.update(map(int, ids))
        return ids

    _walk(plain, note)
    ids = name_ids(store, numbers)
    return msgspec.convert(_walk(plain, lambda named: [ids[int(number)] for number in named]), Precedents)


def _walk(value: Any, change: Any) -> Any:
    """Nested data -> the same with each list of ids changed."""
    if isinstance(value, dict):
        return {key: change(inner) if key == "event_ids" else _walk(inner, change) for key, inner in value.items()}
    return [_walk(inner, change) for inner in value] if isinstance(value, list | tuple) else value
