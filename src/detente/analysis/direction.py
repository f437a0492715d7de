"""Which way a dyad moves: are the last days more hostile than those before them, by more than chance would do?

Method: each day is worth the sum of the rungs of its events (conflict above 0, cooperation below: the usual net sum of scaled event data, as Goldstein 1992).
The last days are compared with a longer stretch before them by an exact permutation test (Good 2005): the days are cut into blocks, since events come in
runs, and all ways of dealing as many blocks to the later days are counted. The test asks for no distribution, and a single cluster of a few days
is no trend to it. How often it errs is measured in docs/decisions/0013-rung-of-a-dyad.md.
"""

from __future__ import annotations

import datetime
import functools
import itertools
from typing import Literal

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray

LATER_DAYS, EARLIER_DAYS = 15, 45
"""The days whose level is asked about, and the stretch before them that they are compared with."""
BLOCK_DAYS = 5
"""Days that are dealt together: 3 of 12 blocks, 220 ways, so the least two-sided p is 0.009."""
LEVEL = 0.05
"""A movement is told from this p (two-sided) down."""
LEAST_EVENTS = 5
"""With fewer events in all these days nothing is said."""


class Movement(msgspec.Struct, frozen=True):
    """``direction`` with the test's two-sided ``p_value``; ``change``: by how much the sum of rungs a day moved; ``events`` looked at, ``event_ids`` of the later days.

    ``reason``: "", "few-events" or "short-history" (the dyad's first event is later than the first of the days compared); then the direction is "unknown" and there is no p.
    """

    direction: Literal["rising", "falling", "steady", "unknown"]
    p_value: float | None
    change: float
    events: int
    event_ids: tuple[str, ...]
    reason: Literal["", "few-events", "short-history"] = ""


def find_movement(
    events: pl.DataFrame,
    at: datetime.date,
    *,
    later_days: int = LATER_DAYS,
    earlier_days: int = EARLIER_DAYS,
    block_days: int = BLOCK_DAYS,
    known_since: datetime.date | None = None,
) -> Movement:
    """A dyad's events (``ladder.sharp_events``) and a day -> which way it moves then. The lengths are multiples of ``block_days``.

    ``known_since``: the day of the dyad's first event, if the table does not reach back to it.
    """
    size = later_days + earlier_days
    start = at - datetime.timedelta(days=size - 1)
    near = events.filter(pl.col("day").is_between(start, at))
    values = sum_days(near, start, size)
    change = float(values[earlier_days:].mean() - values[:earlier_days].mean())
    later = tuple(near.filter(pl.col("day") > at - datetime.timedelta(days=later_days))["event_id"].unique(maintain_order=True))
    number = near["event_id"].n_unique()
    if number < LEAST_EVENTS:
        return Movement("unknown", None, round(change, 3), number, later, "few-events")
    if (known_since or events["day"][0]) > start:  # days before the first event may be calm, or not be covered: nobody knows
        return Movement("unknown", None, round(change, 3), number, later, "short-history")
    p = permute_blocks(values, later_days, block_days)
    direction: Literal["rising", "falling", "steady"] = "steady" if p > LEVEL or change == 0 else "rising" if change > 0 else "falling"
    return Movement(direction, round(p, 4), round(change, 3), number, later)


def sum_days(events: pl.DataFrame, start: datetime.date, size: int) -> NDArray[np.float64]:
    """Events, a first day and a number of days -> each day's sum of rungs."""
    values = np.zeros(size)
    for day, total in events.group_by("day").agg(pl.col("rung").cast(pl.Int64).sum()).iter_rows():
        values[(day - start).days] = total
    return values


def permute_blocks(values: NDArray[np.float64], later_days: int, block_days: int) -> float:
    """Days, and how many of them are the later ones -> the two-sided p of their difference: the share of all ways to deal the blocks that give one as large."""
    blocks = values.reshape(-1, block_days).sum(axis=1)
    later = later_days // block_days
    sums = _deals(len(blocks), later) @ blocks
    seen = blocks[-later:].sum()
    higher, lower = float(np.mean(sums >= seen - 1e-9)), float(np.mean(sums <= seen + 1e-9))
    return min(1.0, 2 * min(higher, lower))


@functools.cache
def _deals(blocks: int, later: int) -> NDArray[np.float64]:
    """All ways to choose the later blocks, a row each with 1 for those that are chosen."""
    chosen = list(itertools.combinations(range(blocks), later))
    deals = np.zeros((len(chosen), blocks))
    deals[np.repeat(np.arange(len(chosen)), later), np.array(chosen).ravel()] = 1
    return deals
