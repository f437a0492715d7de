"""Probabilities and what came -> Brier score, skill against baselines, log loss, AUC, calibration error, reliability table; intervals by resampling dyads.

Days of a dyad hang together, and so do windows that overlap: whole dyads are resampled. What moves all dyads in the scored days together is not in the intervals.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
import numpy as np

from detente.forecasting.dyad_features import Array
from detente.forecasting.evaluation import LEVEL, RESAMPLES, SEED, Interval

BINS = 10
"""Classes of equal width that forecasts are sorted into for the calibration error and the reliability table."""
MIDDLE = (0.1, 0.6)
"""The range in which the calibration error is also told: most forecasts are far below it, and would hide what is wrong there."""


class ReliabilityRow(msgspec.Struct, frozen=True):
    """Forecasts of one class: its ends, how many, their mean, and the share that came true."""

    low: float
    high: float
    forecasts: int
    mean_probability: float
    share: float


class DyadScores(msgspec.Struct, frozen=True):
    """What is said of a set of probabilities. ``calibration_error``: expected, over classes weighted by size; ``middle_calibration_error``: of forecasts from 0.1 to 0.6.

    ``auc`` is not known if all answers are alike, the error in the middle if no forecast is there.
    """

    brier: Interval
    log_loss: float
    auc: float | None
    calibration_error: float
    middle_calibration_error: float | None
    middle_forecasts: int
    reliability: Sequence[ReliabilityRow]


def score_probabilities(probabilities: Array, right: Array) -> DyadScores:
    """Probabilities and answers (0, 1), both [dyad, day] -> their scores."""
    p, y = probabilities.reshape(-1), right.reshape(-1)
    middle = (p >= MIDDLE[0]) & (p < MIDDLE[1])
    table = tabulate_reliability(p, y)
    return DyadScores(
        _interval(((probabilities - right) ** 2).sum(axis=1), np.full(len(right), float(right.shape[1])), skill=False),
        float(-np.mean(y * np.log(p) + (1 - y) * np.log1p(-p))),
        find_auc(p, y),
        _calibration_error(table),
        _calibration_error(tabulate_reliability(p[middle], y[middle])) if middle.any() else None,
        int(middle.sum()),
        table,
    )


def find_skill(probabilities: Array, baseline: Array, right: Array) -> Interval:
    """Probabilities of a forecast and of a baseline, and answers -> Brier skill, 1 - Brier / Brier of the baseline; 0 where both are without error."""
    return _interval(((probabilities - right) ** 2).sum(axis=1), ((baseline - right) ** 2).sum(axis=1), skill=True)


def find_auc(probabilities: Array, right: Array) -> float | None:
    """Probabilities and answers in one row -> the chance that one with the event has the higher probability than one without, level ones half."""
    order, sizes = np.unique(probabilities, return_inverse=True, return_counts=True)[1:]
    ranks = (np.cumsum(sizes) - (sizes - 1) / 2)[order]
    hits, misses = float(right.sum()), float((1 - right).sum())
    return float((ranks[right == 1].sum() - hits * (hits + 1) / 2) / (hits * misses)) if hits and misses else None


def tabulate_reliability(probabilities: Array, right: Array) -> list[ReliabilityRow]:
    """Probabilities and answers in one row -> a row for each class of a tenth that has forecasts."""
    places = np.minimum((probabilities * BINS).astype(int), BINS - 1)
    return [
        ReliabilityRow(place / BINS, (place + 1) / BINS, int((places == place).sum()), float(probabilities[places == place].mean()), float(right[places == place].mean()))
        for place in np.unique(places).tolist()
    ]


def _calibration_error(table: Sequence[ReliabilityRow]) -> float:
    return sum(row.forecasts * abs(row.mean_probability - row.share) for row in table) / sum(row.forecasts for row in table)


def _interval(upper: Array, lower: Array, *, skill: bool) -> Interval:
    """Sums by dyad -> their ratio, or 1 - it, with its interval over dyads drawn with replacement."""
    drawn = np.random.default_rng(SEED).integers(0, len(upper), size=(RESAMPLES, len(upper)))

    def ratio(a: Array, b: Array) -> Array:
        value = a / np.maximum(b, 1e-12)
        return np.where(b > 0, 1 - value, 0.0) if skill else value

    low, high = np.quantile(ratio(upper[drawn].sum(axis=1), lower[drawn].sum(axis=1)), [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(float(ratio(upper.sum(), lower.sum())), float(low), float(high))


def summarise(models: Mapping[str, Array], right: Array) -> Mapping[str, DyadScores]:
    """Probabilities by model -> scores by model."""
    return {name: score_probabilities(probabilities, right) for name, probabilities in models.items()}
