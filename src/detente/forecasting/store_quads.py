"""Events of a store -> quads, as the ranker takes them: parties as entities, PLOVER's types as relations, days counted from the first event.

A party is a country, or an actor without one by its name. What a party does to itself is left out: whom an act is directed at is asked among the others. Events told as
background or not sharp to the day are left out too.
"""

from __future__ import annotations

import datetime
import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import msgspec
import numpy as np

from detente.codebook.groups import MEMBERS, load_groups
from detente.codebook.load import load_plover
from detente.errors import InputError
from detente.forecasting.attributes import Attributes, number_groups, with_mirrors
from detente.forecasting.flat_events import FlatEvents, know_pairs
from detente.forecasting.quads import Benchmark, Quads
from detente.store.flat import SHARP

if TYPE_CHECKING:
    import polars as pl

    from detente.forecasting.backtest_quads import QuadBacktest
    from detente.forecasting.backtest_types import TypeBacktest
    from detente.store.schema import Store

Backtest = TypeVar("Backtest", "QuadBacktest", "TypeBacktest")
EPOCH = datetime.date(1970, 1, 1)


class StoreQuads(NamedTuple):
    """``parties`` and ``types``: names by number; ``first``: the day that the days of ``quads`` count from, itself counted from 1970-01-01."""

    parties: tuple[str, ...]
    types: tuple[str, ...]
    quads: Quads
    attributes: Attributes
    first: int


def take_quads(table: pl.DataFrame, before: datetime.date | None = None) -> StoreQuads:
    """An events table -> its events between two parties. Groups: a country's region, an actor's sectors as told ``before`` a day, the quad class of a type.

    Raises ``InputError`` if there are no events.
    """
    import polars as pl

    kept = table.filter((pl.col("precision") == "day") & ~pl.col("historical") & (pl.col("source") != pl.col("target"))).sort("day")
    if kept.is_empty():
        raise InputError("the store: found no events between two parties with a day of their own; expected some")
    parties, types = tuple(sorted({*kept["source"].unique(), *kept["target"].unique()})), tuple(load_plover()["types"])
    number, kind = ({name: position for position, name in enumerate(names)} for names in (parties, types))
    days = kept["day"].to_physical().to_numpy().astype(np.int64)
    subjects, relations, objects = (
        np.array([numbers[value] for value in kept[column]], dtype=np.int64) for column, numbers in (("source", number), ("event_type", kind), ("target", number))
    )
    told = kept.filter(pl.col("day") < before) if before else kept
    return StoreQuads(parties, types, Quads(subjects, relations, objects, days - days[0]), _group(_count_sectors(told), parties, types), int(days[0]))


def find_quads(flat: FlatEvents, store: Store, known: datetime.date, since: datetime.date, until: datetime.date) -> StoreQuads:
    """A store's events as arrays, the store, and the day at whose end things were known -> the events between two parties from one day to another, as ``take_quads`` gives them. There may be none."""
    found = know_pairs(flat, store, known, since)
    rows = np.flatnonzero((found.sharp == SHARP["day"]) & (found.days <= (until - EPOCH).days))
    numbers, sources, targets, days = (getattr(found, name)[rows].astype(np.int64) for name in ("numbers", "sources", "targets", "days"))
    used = sorted(np.unique(np.concatenate([sources, targets])).tolist(), key=lambda place: found.parties[place])
    parties, types = tuple(found.parties[place] for place in used), tuple(load_plover()["types"])
    place = np.zeros(len(found.parties), dtype=np.int64)
    place[used] = np.arange(len(used))
    kinds = np.array([types.index(name) for name in found.types], dtype=np.int64)[found.kinds[rows]]
    told = found.sectors[np.isin(found.sectors[:, 0], numbers)]
    pairs, often = np.unique(told[:, 1:], axis=0, return_counts=True)
    sectors = {found.parties[party]: found.sorts[sort] for party, sort in pairs[np.argsort(often, kind="stable")].tolist()}  # of each party the one told most often is the last
    first = int(days[0]) if len(days) else (since - EPOCH).days
    first -= first % 7  # so that days of two such readings that are as many weeks apart are the same day of the week
    return StoreQuads(parties, types, Quads(place[sources], kinds, place[targets], days - first), _group(sectors, parties, types), first)


def _count_sectors(told: pl.DataFrame) -> dict[str, str]:
    """An events table -> the sectors that each party has in most of its events."""
    sectors: dict[str, str] = {}
    for side in ("target", "source"):
        rows = told.group_by(side, f"{side}_sectors").len().sort("len", side, f"{side}_sectors")
        sectors.update(zip(rows[side], rows[f"{side}_sectors"], strict=True))
    return sectors


def _group(sectors: Mapping[str, str], parties: tuple[str, ...], types: tuple[str, ...]) -> Attributes:
    """The groups of parties: regions are facts, ``sectors`` are told."""
    regions = _regions()
    by_region = [regions.get(party, f"party {party}") for party in parties]
    roles = ["state" if party in regions else sectors.get(party, "") for party in parties]
    quads = [int(load_plover()["types"][name]["quad"]) for name in types]
    return Attributes(number_groups(by_region), number_groups(roles), with_mirrors(number_groups([quad > 2 for quad in quads])), with_mirrors(number_groups(quads)))


@functools.cache
def _regions() -> Mapping[str, str]:
    """Country -> the smallest of the regions that it lies in."""
    out: dict[str, str] = {}
    for region in sorted({g for g in load_groups().values() if g.members and not g.name.endswith(MEMBERS)}, key=lambda g: (-len(g.members), g.name)):
        out.update(dict.fromkeys((member.country for member in region.members), region.name))
    return out


def split_quads(found: StoreQuads, score: int) -> Benchmark:
    """Quads of a store and the first scored day, counted from 1970-01-01 -> a benchmark of what comes before it and what does not. Refused: one of the two is empty."""
    late = found.quads.days >= score - found.first
    if late.all() or not late.any():
        day = EPOCH + datetime.timedelta(days=score)
        raise InputError(
            f"the store: found no events {'before' if late.all() else 'from'} {day}{'' if late.all() else ' on'}; expected some before the first scored day and some from it on"
        )
    return Benchmark(found.parties, found.types, (found.quads.take(~late), found.quads.take(late)))


def name_days(backtest: Backtest, first: int) -> Backtest:
    """A backtest whose days count from the first event -> the same with dates."""

    def name(day: int | datetime.date) -> datetime.date:
        return day if isinstance(day, datetime.date) else EPOCH + datetime.timedelta(days=first + day)

    return msgspec.structs.replace(
        backtest, first_day=name(backtest.first_day), last_day=name(backtest.last_day), by_day={name(day): scores for day, scores in backtest.by_day.items()}
    )
