"""Resamples of forecasts [dyad, day]: dyads and weeks drawn with replacement, each for itself, and a forecast counts as often as both of its own were drawn.

Days of a dyad hang together, and so does what moves all dyads in a week: resampling dyads alone leaves the second out. Both at once is the pigeonhole bootstrap of Owen
(Annals of Applied Statistics 1, 2007), whose intervals are rather too wide than too narrow. With windows longer than a week, neighbouring weeks still share events.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from detente.forecasting.evaluation import LEVEL, RESAMPLES, SEED, Interval
from detente.forecasting.quads import Ints

Array = npt.NDArray[np.float64]
WEEK_DAYS = 7
"""Days in a block."""
CELLS_AT_ONCE = 4_000_000
"""Resamples times forecasts that are held at once: 8 bytes each, a few times over."""


class Draws(NamedTuple):
    """How often each dyad [resample, dyad] and each week [resample, week] was drawn; ``week_of``: the week of each day, from the first on."""

    dyads: Array
    weeks: Array
    week_of: Ints


def draw_blocks(dyads: int, days: int, *, seed: int = SEED) -> Draws:
    """How many dyads and days there are -> the draws. A single week is there in each of them, so that dyads alone differ."""
    rng, week_of = np.random.default_rng(seed), np.arange(days) // WEEK_DAYS
    weeks = int(week_of.max(initial=0)) + 1
    drawn, kept = (rng.multinomial(size, np.full(size, 1 / size), size=RESAMPLES).astype(float) for size in (dyads, weeks))
    return Draws(drawn, kept, week_of)


def resample_sums(draws: Draws, values: Array) -> Array:
    """Values [dyad, day] -> their sum in each resample."""
    by_week = np.stack([values[:, draws.week_of == week].sum(axis=1) for week in range(draws.weeks.shape[1])], axis=1)
    sums: Array = ((draws.dyads @ by_week) * draws.weeks).sum(axis=1)
    return sums


def resample_groups(draws: Draws, values: Array, groups: Ints) -> Array:
    """Values and the group (0, 1, ...) of each, both [dyad, day] -> the sum of each group in each resample, [resample, group]."""
    flat, week = groups.reshape(-1), np.tile(draws.week_of, len(groups))
    order = np.argsort(flat, kind="stable")
    present, starts = np.unique(flat[order], return_index=True)
    dyad = np.repeat(np.arange(len(groups)), groups.shape[1])[order]
    out = np.zeros((len(draws.dyads), int(flat.max(initial=0)) + 1))
    step = max(1, CELLS_AT_ONCE // len(flat))
    for start in range(0, len(out), step):
        rows = slice(start, start + step)
        weighed = draws.dyads[rows][:, dyad] * draws.weeks[rows][:, week[order]] * values.reshape(-1)[order]
        out[rows, present] = np.add.reduceat(weighed, starts, axis=1)
    return out


def find_ends(resampled: Array) -> tuple[float, float]:
    """A figure in each resample, not a number where it could not be told -> the ends of its interval; not a number if it never could."""
    if np.isnan(resampled).all():
        return float("nan"), float("nan")
    low, high = np.nanquantile(resampled, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def give_interval(value: float, resampled: Array) -> Interval:
    """A figure, and what it is in each resample -> the figure with its interval."""
    return Interval(value, *find_ends(resampled))
