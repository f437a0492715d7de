"""A store's events as flat arrays, and what of them was known at a day: what forecasts are made of. A million events are read from kept arrays in a few hundredths of a second."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from detente.codebook.load import load_plover
from detente.codebook.register import country_names
from detente.forecasting.dyad_events import DyadEvents
from detente.forecasting.dyad_features import Array
from detente.forecasting.quads import Ints
from detente.store.flat import COLUMNS, SHARP, Retold, Row, restate_rows
from detente.store.schema import Store

EPOCH = datetime.date(1970, 1, 1)
ALWAYS = -(10**7)
"""The day on which an event was told of first, where nobody says: from the start."""
UNCOUNTED = -1
"""``dead`` where nobody says how many."""


class FlatEvents(NamedTuple):
    """Events by (day, number), a row for each pair of parties, an array for each column; days count from 1970-01-01. ``retold``: [event, (number, first, latest report)].

    ``numbers``: of the events in their store. ``sources``, ``targets``: positions in ``parties`` (all countries by alphabet, then the others); ``kinds``: in ``types``.
    ``sharp``: as in ``store.flat``, 0 of background. Scores that are not known count as 0.
    """

    parties: tuple[str, ...]
    types: tuple[str, ...]
    numbers: Ints
    sources: Ints
    targets: Ints
    days: Ints
    told: Ints
    kinds: Ints
    quads: Ints
    rungs: Ints
    intensity: Array
    goldstein: Array
    dead: Ints
    sharp: Ints
    retold: Ints


class KnownEvents(NamedTuple):
    """What was known at a day: the events, and beside each its number in the store, its scores and its toll."""

    events: DyadEvents
    numbers: Ints
    intensity: Array
    goldstein: Array
    dead: Ints


def flatten(rows: Sequence[Row], retold: Sequence[Retold], known: Sequence[str] = ()) -> FlatEvents:
    """Flat rows -> arrays. ``known``: parties that have their places already, countries first."""
    countries = tuple(sorted(country_names()))
    types = tuple(sorted(load_plover()["types"]))
    kind = {name: position for position, name in enumerate(types)}
    columns: dict[str, Any] = dict(zip(COLUMNS, zip(*rows, strict=True) if rows else [()] * len(COLUMNS), strict=True))
    others = {name for column in ("source", "target") for name in dict.fromkeys(columns[column])} - set(known or countries)
    parties = (*(known or countries), *sorted(others))
    number = {name: position for position, name in enumerate(parties)}
    days = {text: _count_days(text) for column in (columns["day"], columns["told"], *([(one.first, one.latest) for one in retold])) for text in dict.fromkeys(column)}

    def whole(name: str, dtype: npt.DTypeLike, places: dict[Any, int] | None = None, missing: int = 0) -> Any:
        values = columns[name] if places is None else [places.get(value, -1) for value in columns[name]]
        return np.array([missing if value is None else value for value in values], dtype=dtype)

    def score(name: str) -> Array:
        return np.array([value or 0.0 for value in columns[name]], dtype=np.float64)

    made = FlatEvents(
        parties, types, whole("id", np.int64), whole("source", np.int32, number), whole("target", np.int32, number), whole("day", np.int32, days),
        whole("told", np.int32, days), whole("event_type", np.int8, kind), whole("quad", np.int8), whole("rung", np.int8), score("intensity"), score("goldstein"),
        whole("dead", np.int32, missing=UNCOUNTED), whole("sharp", np.int8), np.array([(one.id, days[one.first], days[one.latest]) for one in retold], dtype=np.int64).reshape(-1, 3),
    )  # fmt: skip
    return _take(made, np.flatnonzero(made.kinds >= 0))


def _count_days(text: str | None) -> int:
    return ALWAYS if text is None else (datetime.date.fromisoformat(text[:10]) - EPOCH).days


def _take(flat: FlatEvents, chosen: Ints) -> FlatEvents:
    """Some of the rows, by (day, number, parties)."""
    taken: dict[str, Any] = {name: getattr(flat, name)[chosen] for name in FlatEvents._fields[2:-1]}
    order = np.lexsort((taken["targets"], taken["sources"], taken["numbers"], taken["days"]))
    return flat._replace(**{name: values[order] for name, values in taken.items()})


def know_events(flat: FlatEvents, store: Store, day: datetime.date, since: datetime.date) -> KnownEvents:
    """Flat events, their store and a day -> those that had happened and were told of by then, as they stood then, from ``since`` on, which their days count from.

    Countries are those that occur, by alphabet, so that nothing later shows in any number.
    """
    return _renumber(_stand(flat, store, day, (since - EPOCH).days, for_pairs=False), (since - EPOCH).days)


def know_pairs(flat: FlatEvents, store: Store, day: datetime.date) -> FlatEvents:
    """Flat events, their store and a day -> those of all parties, known to the week or better, that had happened and were told of by then, as they stood then."""
    return _stand(flat, store, day, ALWAYS, for_pairs=True)


def _stand(flat: FlatEvents, store: Store, day: datetime.date, first: int, *, for_pairs: bool) -> FlatEvents:
    """What was known at the end of a day of the days from ``first`` on: of pairs of any parties, or of countries and sharp to the day."""
    last = (day - EPOCH).days
    doubtful = flat.retold[(flat.retold[:, 1] <= last) & (flat.retold[:, 2] > last), 0]
    start, stop = np.searchsorted(flat.days, [first, last + 1])
    here = np.arange(start, stop)
    here = here[(flat.told[here] <= last) & _are_usable(flat, here, for_pairs=for_pairs)]
    if len(doubtful):
        here = here[~np.isin(flat.numbers[here], doubtful)]
    known = flat._replace(**{name: getattr(flat, name)[here] for name in FlatEvents._fields[2:-1]})
    if len(doubtful):
        then = flatten(restate_rows(store, doubtful.tolist(), day), [], flat.parties)
        then = _take(then, np.flatnonzero(_are_usable(then, np.arange(len(then.days)), for_pairs=for_pairs)))
        joined: dict[str, Any] = {name: np.concatenate([getattr(known, name), getattr(then, name)]) for name in FlatEvents._fields[2:-1]}
        both = known._replace(parties=then.parties, **joined)
        known = _take(both, np.flatnonzero((both.days >= first) & (both.days <= last) & (both.told <= last)))
    return known


def _are_usable(flat: FlatEvents, rows: Ints, *, for_pairs: bool) -> npt.NDArray[np.bool_]:
    """Which of some rows are sharp enough, and of different parties or else between or within countries."""
    if for_pairs:
        usable: npt.NDArray[np.bool_] = (flat.sharp[rows] >= SHARP["week"]) & (flat.sources[rows] != flat.targets[rows])
        return usable
    nations = len(country_names())
    sharp: npt.NDArray[np.bool_] = (flat.sharp[rows] >= SHARP["day"]) & (flat.sources[rows] < nations) & (flat.targets[rows] < nations)
    return sharp


def _renumber(known: FlatEvents, first: int) -> KnownEvents:
    used = np.unique(np.concatenate([known.sources, known.targets]))
    countries = tuple(known.parties[position] for position in used.tolist())
    places = np.zeros(len(known.parties) + 1, dtype=np.int64)
    places[used] = np.arange(len(used))
    events = DyadEvents(
        countries, known.types, places[known.sources], places[known.targets], known.days.astype(np.int64) - first, known.kinds.astype(np.int64),
        known.quads.astype(np.int64), known.rungs.astype(np.int64), first, dated=True,
    )  # fmt: skip
    return KnownEvents(events, known.numbers, known.intensity, known.goldstein, known.dead)
