"""A dyad's acts by day: who did what on which, how long until the next, and how much of those days the store saw."""

from __future__ import annotations

import datetime
from typing import Literal, NamedTuple

import numpy as np
import polars as pl

from detente.analysis.markov import Array, Index
from detente.analysis.shifts import make_shifts

LEAST_COVERED = 0.5
"""If the store has events on a smaller share of the days, lags tell when reports came, not when sides acted."""
LEAST_EXPOSURE, MOST_EXPOSURE = 0.05, 5.0
"""Bounds of what a day of the store may count as, next to its mean day."""
HISTORY_DAYS = 3640
"""Ten years, all but: who answers whom changes with governments, and a Fourier transform of this length is quick."""
Side = Literal["a", "b"]


class ActDays(NamedTuple):
    """A dyad's history by day: ``events`` with the column ``index``; ``size`` days from the first event of the last ten years to ``at``."""

    events: pl.DataFrame
    first: datetime.date | None
    size: int


def acts_by_day(table: pl.DataFrame, at: datetime.date) -> ActDays:
    """A dyad's events with their ``side`` -> those of known days in the ten years up to ``at``, one row an event. Joint acts, told of both sides as source, answer nothing."""
    known = table.filter((pl.col("day") <= at) & (pl.col("day") > at - datetime.timedelta(days=HISTORY_DAYS)) & (pl.col("precision") == "day"))
    joint = known.group_by("event_id").agg(pl.col("side").n_unique()).filter(pl.col("side") > 1)["event_id"]
    known = known.filter(~pl.col("event_id").is_in(joint.implode())).unique("event_id", keep="first", maintain_order=True).sort("day", "event_id")
    first = known.filter(~pl.col("historical"))["day"].min()
    if not isinstance(first, datetime.date):
        return ActDays(known.clear().with_columns(index=pl.lit(0)), None, 0)
    known = known.filter(pl.col("day") >= first).with_columns(index=(pl.col("day") - first).dt.total_days())
    return ActDays(known, first, (at - first).days + 1)


def count_acts(days: ActDays, side: Side, chosen: pl.Expr) -> Array:
    """A side's acts of a kind -> how many there are on each day [D]."""
    index = days.events.filter((pl.col("side") == side) & chosen)["index"].to_numpy()
    return np.bincount(index, minlength=days.size).astype(float)


def daily_exposure(days: ActDays, volume: pl.DataFrame | None) -> Array | None:
    """The store's events on each day, as a share of the mean [D]."""
    if volume is None or days.first is None:
        return None
    seen = volume.with_columns(index=(pl.col("day") - days.first).dt.total_days()).filter(pl.col("index").is_between(0, days.size - 1))
    daily = np.bincount(seen["index"].to_numpy(), weights=seen["events"].to_numpy(), minlength=days.size)
    return np.minimum(daily / daily.mean(), MOST_EXPOSURE) if daily.any() else None


def why_silent(seen: Array | None) -> str:
    """What the store saw of each day [D] -> ``sparse-reports`` if that is too little to tell who answers whom, else an empty text."""
    return "sparse-reports" if seen is not None and (seen > 0).mean() < LEAST_COVERED else ""


def shifts_of(days: ActDays, reason: str) -> Index:
    """The shifts to compare a history with; none if there is a reason to conclude nothing."""
    return np.zeros(0, dtype=np.intp) if reason else make_shifts(days.size)


def mark_days(events: pl.DataFrame, size: int) -> Array:
    """Acts -> 1 on the days that have one, 0 on the others [D]."""
    return (np.bincount(events["index"].to_numpy(), minlength=size) > 0).astype(float)


def wait_days(present: Array) -> Array:
    """Days with an act [D] -> from each day, how many days until the next later one [D]; infinite after the last."""
    size = len(present)
    after = np.append(np.flatnonzero(present), np.inf)
    days = np.arange(size)
    found: Array = after[np.searchsorted(after, days, side="right")] - days
    return found


def first_ids(events: pl.DataFrame, days: Array | Index) -> list[str]:
    """Acts in the order of days -> the first one of each of the days asked for."""
    places = np.searchsorted(events["index"].to_numpy(), days)
    return events["event_id"].gather(places).to_list()
