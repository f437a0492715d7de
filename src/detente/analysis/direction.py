"""Which way a dyad moves: are the last days higher on the ladder than those before them, by more than chance would do?

Method: each day is worth its highest rung if there was conflict, else its lowest, and 0 if nothing was told. The means of two windows of equal length,
that which ends at the day asked for and the one before it, are compared by an exact permutation test (Fisher 1935; Good 2005): the days of both are cut
into blocks, since events come in runs, and all ways of dealing half of the blocks to the later window are counted. The test asks for no distribution
and few events; with blocks of several days it does not take one cluster for a trend. Its size is measured in docs/decisions/0013-rung-of-a-dyad.md.
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

WINDOW_DAYS = 14
"""Length of each of the two windows."""
BLOCK_DAYS = 2
"""Days that are dealt together. 14 blocks in all: 3,432 ways to deal them, so the least p is 0.0006 for both directions."""
LEVEL = 0.1
"""A movement is told from this p (two-sided) down."""
LEAST_EVENTS = 5
"""With fewer events in both windows nothing is said."""


class Movement(msgspec.Struct, frozen=True):
    """``direction`` with the test's two-sided ``p_value``; ``change``: by how many rungs the mean day moved; ``event_ids`` of the later window.

    ``reason``: "" or "few-events"; then the direction is "unknown" and there is no p.
    """

    direction: Literal["rising", "falling", "steady", "unknown"]
    p_value: float | None
    change: float
    events: int
    event_ids: tuple[str, ...]
    reason: Literal["", "few-events"] = ""


def find_movement(events: pl.DataFrame, at: datetime.date, *, window_days: int = WINDOW_DAYS, block_days: int = BLOCK_DAYS) -> Movement:
    """A dyad's events (``ladder.sharp_events``) and a day -> which way it moves then."""
    start = at - datetime.timedelta(days=2 * window_days - 1)
    near = events.filter(pl.col("day").is_between(start, at))
    values = value_days(near, start, 2 * window_days)
    change = float(values[window_days:].mean() - values[:window_days].mean())
    later = tuple(near.filter(pl.col("day") > at - datetime.timedelta(days=window_days))["event_id"].unique(maintain_order=True))
    number = near["event_id"].n_unique()
    if number < LEAST_EVENTS:
        return Movement("unknown", None, round(change, 3), number, later, "few-events")
    p = permute_blocks(values, block_days)
    direction: Literal["rising", "falling", "steady"] = "steady" if p > LEVEL or change == 0 else "rising" if change > 0 else "falling"
    return Movement(direction, round(p, 4), round(change, 3), number, later)


def value_days(events: pl.DataFrame, start: datetime.date, size: int) -> NDArray[np.float64]:
    """Events, a first day and a number of days -> each day's worth: the highest rung if there was conflict, else the lowest, else 0."""
    values = np.zeros(size)
    daily = events.group_by("day").agg(high=pl.col("rung").max(), low=pl.col("rung").min())
    for day, high, low in daily.iter_rows():
        values[(day - start).days] = high if high > 0 else low
    return values


def permute_blocks(values: NDArray[np.float64], block_days: int) -> float:
    """Days of two windows -> the two-sided p of their difference: the share of all ways to deal the blocks that give one as large."""
    blocks = values.reshape(-1, block_days).sum(axis=1)
    half = len(blocks) // 2
    sums = _deals(len(blocks)) @ blocks
    seen = blocks[half:].sum()
    higher, lower = float(np.mean(sums >= seen - 1e-9)), float(np.mean(sums <= seen + 1e-9))
    return min(1.0, 2 * min(higher, lower))


@functools.cache
def _deals(blocks: int) -> NDArray[np.float64]:
    """All ways to choose half of the blocks, a row each with 1 for those that are chosen."""
    chosen = list(itertools.combinations(range(blocks), blocks // 2))
    deals = np.zeros((len(chosen), blocks))
    deals[np.repeat(np.arange(len(chosen)), blocks // 2), np.array(chosen).ravel()] = 1
    return deals
