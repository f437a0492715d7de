"""A dyad's events -> weeks of signs, and how likely each stage of the cycle makes such a week.

Weeks are counted back from ``at``: the last one is the seven days that end with it, so that the present is never a week cut short.
"""

from __future__ import annotations

import datetime
from typing import NamedTuple

import numpy as np
import polars as pl

from detente.analysis.counting import log_gamma
from detente.analysis.markov import Array
from detente.codebook.cycle import CycleTable, sign_of

SHARP = ("day", "week")
"""Precisions that tell the week of an event; those of a month or year are left out."""
MOST_EXPOSURE = 3.0
"""A week with very many reports counts as one with so many times the mean, for it is mostly one story told by all."""


class Weeks(NamedTuple):
    """``counts`` [T, C] events by week and sign, each weighed by its confidence and by 1 + ln of the reports that tell it, so that the deed that all
    papers tell is not lost among the words that one prints; ``numbers`` [T] events; ``exposure`` [T] how much the store could
    have seen, mean about 1, 0: nothing; ``events``: event_id, day, week, sign, weight, one row an event."""

    ends: tuple[datetime.date, ...]
    counts: Array
    numbers: Array
    exposure: Array
    events: pl.DataFrame


class Emission(NamedTuple):
    """What weeks of each stage look like: ``shares`` [S, C] of signs, ``activity`` [S] events next to calm, ``level`` events of a calm week at exposure 1."""

    shares: Array
    activity: Array
    level: float
    concentration: float
    size: float


def count_weeks(table: pl.DataFrame, at: datetime.date, book: CycleTable, volume: pl.DataFrame | None = None) -> Weeks:
    """A dyad's events up to ``at`` -> its weeks, from the first event that was news when it was told.

    ``volume`` (day, events) are those of the whole store: a week in which it has nothing says nothing. Without them every week counts alike.
    An event with several rows counts once.
    """
    known = table.filter((pl.col("day") <= at) & pl.col("precision").is_in(SHARP)).unique("event_id", keep="first", maintain_order=True)
    first = known.filter(~pl.col("historical"))["day"].min()
    if not isinstance(first, datetime.date):
        nothing = known.clear().select("event_id", "day", week=pl.lit(0), sign=pl.lit(0), weight=pl.lit(0.0))
        return Weeks((), np.zeros((0, len(book.signs))), np.zeros(0), np.zeros(0), nothing)
    total = (at - first).days // 7 + 1
    known = known.filter(pl.col("day") > at - datetime.timedelta(days=7 * total))
    week = (total - 1 - (pl.lit(at) - pl.col("day")).dt.total_days() // 7).cast(pl.Int64)
    weight = pl.col("confidence").fill_null(1.0) * (1 + pl.col("reports").fill_null(1).clip(lower_bound=1).log())
    events = known.select("event_id", "day", week=week, sign=_sign_index(known, book), weight=weight)
    index, sign = events["week"].to_numpy(), events["sign"].to_numpy()
    counts = np.zeros((total, len(book.signs)))
    np.add.at(counts, (index, sign), events["weight"].to_numpy())
    numbers = np.bincount(index, minlength=total).astype(float)
    ends = tuple(at - datetime.timedelta(days=7 * back) for back in range(total - 1, -1, -1))
    return Weeks(ends, counts, numbers, _exposure(numbers, at, volume), events)


def _sign_index(events: pl.DataFrame, book: CycleTable) -> pl.Series:
    order = {name: place for place, name in enumerate(book.signs)}
    kinds = events.select("event_type", "rung").unique()
    known = kinds.with_columns(sign=pl.Series([order[sign_of(kind, rung, book)] for kind, rung in kinds.iter_rows()], dtype=pl.Int64))
    return events.select("event_type", "rung").join(known, on=["event_type", "rung"], how="left", maintain_order="left")["sign"]


def _exposure(numbers: Array, at: datetime.date, volume: pl.DataFrame | None) -> Array:
    if volume is None:
        return np.ones(len(numbers))
    seen = volume.filter((pl.col("day") <= at) & (pl.col("day") > at - datetime.timedelta(days=7 * len(numbers))))
    index = len(numbers) - 1 - (at - seen["day"]).dt.total_days().to_numpy() // 7
    weekly = np.bincount(index, weights=seen["events"].to_numpy(), minlength=len(numbers)).astype(float)
    weekly = np.maximum(weekly, numbers)
    found: Array = np.minimum(weekly / weekly[weekly > 0].mean(), MOST_EXPOSURE)
    return found


def make_emission(book: CycleTable, level: float) -> Emission:
    """The table of the cycle, and a dyad's level -> what its weeks look like."""
    stages = book.stages.values()
    shares = np.array([[stage.shares[sign] for sign in book.signs] for stage in stages]) / 100
    return Emission(shares, np.array([stage.activity for stage in stages]), level, book.spread.concentration, book.spread.size)


def expected_numbers(weeks: Weeks, emission: Emission) -> Array:
    """How many events each week would have under each stage [T, S]."""
    found: Array = emission.level * weeks.exposure[:, None] * emission.activity
    return found


def log_emission(weeks: Weeks, emission: Emission) -> Array:
    """Log probability of each week under each stage [T, S]: its signs (Dirichlet-multinomial) and its number of events (negative binomial).

    Constants that are the same under all stages are left out.
    """
    found: Array = sign_terms(weeks, emission).sum(axis=2) + number_terms(weeks, emission)
    return found


def sign_terms(weeks: Weeks, emission: Emission) -> Array:
    """What the events of each sign add to the log probability of each week under each stage [T, S, C]."""
    weight = emission.concentration * emission.shares
    found: Array = log_gamma(weeks.counts[:, None, :] + weight) - log_gamma(weight)
    return found


def number_terms(weeks: Weeks, emission: Emission) -> Array:
    """What the number of events adds [T, S]; nothing in a week that nobody reported on."""
    expected = expected_numbers(weeks, emission)
    size, numbers = emission.size, weeks.numbers[:, None]
    logs = numbers * np.log(np.where(expected > 0, expected, 1) / (size + expected)) - size * np.log1p(expected / size)
    found: Array = np.where(expected > 0, logs, 0.0)
    return found


def independent_counts(weeks: Weeks, emission: Emission) -> Array:
    """Counts [T, C] scaled down to as many independent events as the spread of the signs lets a week hold."""
    total = weeks.counts.sum(axis=1, keepdims=True)
    scaled: Array = weeks.counts * (emission.concentration + 1) / (emission.concentration + np.maximum(total, 1))
    return scaled
