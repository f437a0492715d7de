"""A store's events as flat arrays, and what of them was known at a day: what forecasts are made of. A million events are read from kept arrays in a few hundredths of a second."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from detente.codebook.load import load_plover
from detente.codebook.register import country_names
from detente.errors import InputError
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
    ``sectors``: [event, (number, position in ``parties``, position in ``sorts``)] of parties without a country: what sort of actor they are told to be.

    ``numbers``: of the events in their store. ``sources``, ``targets``: positions in ``parties`` (all countries by alphabet, then the others); ``kinds``: in ``types``.
    ``origins``: positions in ``coders``, who coded them. ``sharp``: as in ``store.flat``, 0 of background. Scores that are not known count as 0.
    """

    parties: tuple[str, ...]
    types: tuple[str, ...]
    coders: tuple[str, ...]
    sorts: tuple[str, ...]
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
    origins: Ints
    retold: Ints
    sectors: Ints


ROWS = FlatEvents._fields[4:-2]
"""The columns that have a place for each row."""


class KnownEvents(NamedTuple):
    """What was known at a day: the events, and beside each its number in the store, its scores and its toll."""

    events: DyadEvents
    numbers: Ints
    intensity: Array
    goldstein: Array
    dead: Ints


def flatten(rows: Sequence[Row], retold: Sequence[Retold], known: FlatEvents | None = None, told: Sequence[tuple[int, str, str]] = ()) -> FlatEvents:
    """Flat rows -> arrays. ``known``: whose parties and coders have their places already. ``told``: sectors, as ``read_sectors`` gives them."""
    countries = tuple(sorted(country_names()))
    types = tuple(sorted(load_plover()["types"]))
    kind = {name: position for position, name in enumerate(types)}
    columns: dict[str, Any] = dict(zip(COLUMNS, zip(*rows, strict=True) if rows else [()] * len(COLUMNS), strict=True))
    parties = _join_names(known.parties if known else countries, (*columns["source"], *columns["target"]))
    coders, sorts = _join_names(known.coders if known else (), columns["origin"]), tuple(sorted({sectors for _, _, sectors in told}))
    number, coder, sort = ({name: position for position, name in enumerate(names)} for names in (parties, coders, sorts))
    days = {text: _count_days(text) for column in (columns["day"], columns["told"], *([(one.first, one.latest) for one in retold])) for text in dict.fromkeys(column)}

    def whole(name: str, dtype: npt.DTypeLike, places: dict[Any, int] | None = None, missing: int = 0) -> Any:
        values = columns[name] if places is None else [places.get(value, -1) for value in columns[name]]
        return np.array([missing if value is None else value for value in values], dtype=dtype)

    def score(name: str) -> Array:
        return np.array([value or 0.0 for value in columns[name]], dtype=np.float64)

    made = FlatEvents(
        parties, types, coders, sorts, whole("id", np.int64), whole("source", np.int32, number), whole("target", np.int32, number), whole("day", np.int32, days),
        whole("told", np.int32, days), whole("event_type", np.int8, kind), whole("quad", np.int8), whole("rung", np.int8), score("intensity"), score("goldstein"),
        whole("dead", np.int32, missing=UNCOUNTED), whole("sharp", np.int8), whole("origin", np.int16, coder), np.array([(one.id, days[one.first], days[one.latest]) for one in retold], dtype=np.int64).reshape(-1, 3),
        np.array([(event, number[name], sort[sectors]) for event, name, sectors in told if name in number], dtype=np.int64).reshape(-1, 3),
    )  # fmt: skip
    return _take(made, np.flatnonzero(made.kinds >= 0))


def _join_names(known: Sequence[str], names: Sequence[str]) -> tuple[str, ...]:
    """Names that have their places, and more of them -> all, the new ones by alphabet behind."""
    return (*known, *sorted(set(names) - set(known)))


def _count_days(text: str | None) -> int:
    return ALWAYS if text is None else (datetime.date.fromisoformat(text[:10]) - EPOCH).days


def _take(flat: FlatEvents, chosen: Ints) -> FlatEvents:
    """Some of the rows, by (day, number, parties)."""
    taken: dict[str, Any] = {name: getattr(flat, name)[chosen] for name in ROWS}
    order = np.lexsort((taken["targets"], taken["sources"], taken["numbers"], taken["days"]))
    return flat._replace(**{name: values[order] for name, values in taken.items()})


def take_origins(flat: FlatEvents, origins: Sequence[str]) -> FlatEvents:
    """Flat events and who coded those that are wanted -> these alone; all of them if nobody is named. Refused with ``InputError``: a coder of none of the events."""
    if unknown := [name for name in origins if name not in flat.coders]:
        raise InputError(f"--origin: found {unknown[0]}; expected one that coded events of the store: {', '.join(flat.coders) or 'it has none'}")
    if not origins:
        return flat
    kept = np.flatnonzero(np.isin(flat.origins, [flat.coders.index(name) for name in origins]))
    numbers = flat.numbers[kept]
    return flat._replace(
        **{name: getattr(flat, name)[kept] for name in ROWS}, retold=flat.retold[np.isin(flat.retold[:, 0], numbers)], sectors=flat.sectors[np.isin(flat.sectors[:, 0], numbers)]
    )


def know_events(flat: FlatEvents, store: Store, day: datetime.date, since: datetime.date) -> KnownEvents:
    """Flat events, their store and a day -> those that had happened and were told of by then, as they stood then, from ``since`` on, which their days count from.

    Countries are those that occur, by alphabet, so that nothing later shows in any number.
    """
    return _renumber(_stand(flat, store, day, (since - EPOCH).days, for_pairs=False), (since - EPOCH).days)


def know_pairs(flat: FlatEvents, store: Store, day: datetime.date, since: datetime.date | None = None) -> FlatEvents:
    """Flat events, their store and a day -> those of all parties, known to the week or better, that had happened (from ``since`` on) and were told of by then, as they stood then."""
    return _stand(flat, store, day, ALWAYS if since is None else (since - EPOCH).days, for_pairs=True)


def _stand(flat: FlatEvents, store: Store, day: datetime.date, first: int, *, for_pairs: bool) -> FlatEvents:
    """What was known at the end of a day of the days from ``first`` on: of pairs of any parties, or of countries and sharp to the day."""
    last = (day - EPOCH).days
    doubtful = flat.retold[(flat.retold[:, 1] <= last) & (flat.retold[:, 2] > last), 0]
    start, stop = np.searchsorted(flat.days, [first, last + 1])
    here = np.arange(start, stop)
    here = here[(flat.told[here] <= last) & _are_usable(flat, here, for_pairs=for_pairs)]
    if len(doubtful):
        here = here[~np.isin(flat.numbers[here], doubtful)]
    sectors = flat.sectors[~np.isin(flat.sectors[:, 0], doubtful) & np.isin(flat.sectors[:, 0], flat.numbers[here])] if len(flat.sectors) else flat.sectors
    known = flat._replace(**{name: getattr(flat, name)[here] for name in ROWS}, sectors=sectors)
    if len(doubtful):
        then = flatten(restate_rows(store, doubtful.tolist(), day), [], flat)
        then = _take(then, np.flatnonzero(_are_usable(then, np.arange(len(then.days)), for_pairs=for_pairs)))
        joined: dict[str, Any] = {name: np.concatenate([getattr(known, name), getattr(then, name)]) for name in ROWS}
        both = known._replace(parties=then.parties, coders=then.coders, **joined)
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
