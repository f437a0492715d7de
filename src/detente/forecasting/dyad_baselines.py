"""Baselines of dyad forecasts, each a probability by dyad and day [dyad, day] out of counts of the days before it.

*Climatology*: the share of windows with the target over all dyads. *Dyad climatology*: the dyad's own share, drawn to that of all; both stand still from the first
scored day on. *Running climatology*: the same, kept up to date. *Persistence*: whether the last days as many as the window had the target; what followed in the
past says how likely it is to last. *Recent frequency*: the dyad's share of late, old windows fading.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from detente.forecasting.dyad_features import RECENT_HALVES, Array, Features, past_rate, recent_rate
from detente.forecasting.dyad_targets import answer

CLIMATOLOGY, DYAD_CLIMATOLOGY, RUNNING, PERSISTENCE, RECENT = "climatology", "dyad climatology", "running climatology", "persistence", "recent frequency"


def make_baselines(features: Features, horizon: int, score: int) -> Mapping[str, Array]:
    """Features and the first scored day -> the probabilities of each baseline on all days; those before ``score`` are only there to be compared with."""
    counts = features.counts
    overall, rate = past_rate(counts, horizon)
    shape = counts.shape
    held = held_last(counts, horizon)
    known = answer(counts[:, :score], horizon).astype(float)
    return {
        CLIMATOLOGY: np.full(shape, overall[score]),
        DYAD_CLIMATOLOGY: np.repeat(rate[:, [score]], shape[1], axis=1),
        RUNNING: rate,
        PERSISTENCE: _calibrate(held, known, float(overall[score])),
        RECENT: recent_rate(counts, horizon, overall, RECENT_HALVES[-1]),
    }


def held_last(counts: Array, horizon: int) -> Array:
    """Counts [dyad, day] -> 1 where the ``horizon`` days before the day held an event, else 0."""
    sums = np.concatenate([np.zeros((len(counts), 1)), np.cumsum(counts > 0, axis=1)], axis=1)
    days = np.arange(counts.shape[1])
    held: Array = (sums[:, days] > sums[:, np.maximum(days - horizon, 0)]).astype(float)
    return held


def _calibrate(held: Array, known: Array, overall: float) -> Array:
    """What held and the answers known by the first scored day -> the share of answers after a window that held, and after one that did not, drawn to the share of all."""
    past = held[:, : known.shape[1]]
    shares = [(float((known * (past == state)).sum()) + overall) / (float((past == state).sum()) + 1) for state in (0, 1)]
    return np.where(held == 1, shares[1], shares[0])
