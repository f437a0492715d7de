"""Which pairs moved most in the last days: of all pairs of a table, those whose level of hostility changed most, with where they stand now."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator

import msgspec
import numpy as np
import polars as pl

from detente.analysis.direction import EARLIER_DAYS, LATER_DAYS, find_movement
from detente.analysis.ladder import combine, find_standing, sharp_events, track_rungs

WEEKS = 26
"""Weeks of a pair's way on the ladder that are shown, and read."""
LOOKED_AT = 2
"""Pairs that are looked at closely for each one that is given: the quick measure by which they are chosen knows nothing of chance."""
LEAST_EVENTS = 5
"""Pairs with fewer events in the days compared say nothing of where they go."""


class Mover(msgspec.Struct, frozen=True, kw_only=True):
    """A pair that moved. ``a`` before ``b`` by alphabet; ``rung`` where it stands; ``direction`` and ``p_value`` of ``direction.find_movement``; ``change``: by how much
    the sum of rungs a day moved; ``weeks``: the highest rung of each of the last ``WEEKS`` weeks, the latest last; ``event_ids``: what holds it on its rung."""

    a: str
    b: str
    rung: int
    direction: str
    p_value: float | None
    change: float
    events: int
    last_day: datetime.date
    weeks: tuple[int, ...]
    event_ids: tuple[str, ...]


def find_movers(table: pl.DataFrame, at: datetime.date, *, most: int, first_day: Callable[[str, str], datetime.date | None] = lambda a, b: None) -> list[Mover]:
    """An events table of the last ``WEEKS`` weeks -> up to ``most`` pairs of different parties, those that surely moved first, then by how much.

    ``first_day``: a pair -> the day of its first event of all, where the table may not reach back to it.
    """
    pairs = _pairs_of(table, at)
    found = [mover for a, b, events in _choose(pairs, at, most * LOOKED_AT) for mover in [_look(events, a, b, at, first_day(a, b))]]
    return sorted(found, key=lambda m: (m.direction not in ("rising", "falling"), -abs(m.change), -m.rung, m.a, m.b))[:most]


def _pairs_of(table: pl.DataFrame, at: datetime.date) -> pl.DataFrame:
    told = sharp_events(table, at).filter((pl.col("source") != pl.col("target")) & (pl.col("source") != "") & (pl.col("target") != "") & ~pl.col("historical"))
    return told.with_columns(a=pl.min_horizontal("source", "target"), b=pl.max_horizontal("source", "target"))


def _choose(pairs: pl.DataFrame, at: datetime.date, most: int) -> Iterator[tuple[str, str, pl.DataFrame]]:
    """Pairs by how much the sum of their rungs a day changed: a table, not a loop over all pairs."""
    age = (pl.lit(at) - pl.col("day")).dt.total_days()
    rung = pl.col("rung").cast(pl.Int64)
    near = (
        pairs.filter(age < LATER_DAYS + EARLIER_DAYS)
        .unique(["event_id", "a", "b"])
        .group_by("a", "b")
        .agg(later=rung.filter(age < LATER_DAYS).sum(), earlier=rung.filter(age >= LATER_DAYS).sum(), events=pl.len())
        .filter(pl.col("events") >= LEAST_EVENTS)
        .with_columns(moved=(pl.col("later") / LATER_DAYS - pl.col("earlier") / EARLIER_DAYS).abs())
        .sort(["moved", "a", "b"], descending=[True, False, False])
        .head(most)
    )
    chosen = pairs.join(near.select("a", "b"), on=["a", "b"], how="semi").partition_by(["a", "b"], as_dict=True, maintain_order=True)
    for (a, b), events in chosen.items():
        yield str(a), str(b), events


def _look(events: pl.DataFrame, a: str, b: str, at: datetime.date, first_day: datetime.date | None) -> Mover:
    return look_at(events.with_columns(side=pl.when(pl.col("source") == a).then(pl.lit("a")).otherwise(pl.lit("b"))), a, b, at, first_day)


def look_at(dyad: pl.DataFrame, a: str, b: str, at: datetime.date, first_day: datetime.date | None) -> Mover:
    """A dyad's table of the last ``WEEKS`` weeks, sharp and without what is told as background -> where the pair stands and goes. Refused: an empty table."""
    standing = find_standing(dyad, at)
    movement = find_movement(dyad, at, known_since=first_day)
    return Mover(
        a=a,
        b=b,
        rung=standing.rung,
        direction=movement.direction,
        p_value=movement.p_value,
        change=movement.change,
        events=movement.events,
        last_day=dyad["day"][-1],
        weeks=_weeks(dyad, at),
        event_ids=standing.event_ids[:5],
    )


def _weeks(dyad: pl.DataFrame, at: datetime.date) -> tuple[int, ...]:
    """The rung farthest up that the pair stood on in each week until ``at``; before its first event of the table it stood on 0."""
    track = track_rungs(dyad, at)
    days = np.zeros(WEEKS * 7, np.int64)
    rungs = track["rung"].to_numpy()[-len(days) :]
    days[len(days) - len(rungs) :] = rungs
    weeks = days.reshape(WEEKS, 7)
    tops, lows = weeks.max(axis=1), weeks.min(axis=1)
    return tuple(int(rung) for rung in combine(np.maximum(tops, 0), np.minimum(lows, 0)))
