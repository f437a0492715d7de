"""Probabilities and what came -> Brier score, skill against baselines, log loss, AUC, calibration error, reliability table; intervals by resampling dyads and weeks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
import numpy as np

from detente.analysis.shares import wilson
from detente.forecasting.dyad_features import Array
from detente.forecasting.evaluation import Interval
from detente.forecasting.quads import Ints
from detente.forecasting.resampling import Draws, draw_blocks, find_ends, give_interval, resample_groups, resample_sums

BINS = 10
"""Classes of equal width that forecasts are sorted into for the calibration error and the reliability table."""
MIDDLE = (0.1, 0.6)
"""The range in which the calibration error is also told: most forecasts are far below it, and would hide what is wrong there."""
RANKS = 1000
"""Classes of equal size that forecasts are put in, by their rank, for the interval of AUC; the figure itself takes each forecast as it is."""


class ReliabilityRow(msgspec.Struct, frozen=True):
    """Forecasts of one class: its ends, how many, their mean, and the share that came true with its interval."""

    low: float
    high: float
    forecasts: int
    mean_probability: float
    share: float
    share_low: float
    share_high: float


class DyadScores(msgspec.Struct, frozen=True):
    """What is said of a set of probabilities. ``calibration_error``: expected, over classes weighted by size; ``middle_calibration_error``: of forecasts from 0.1 to 0.6.

    ``auc`` is not known if all answers are alike, the error in the middle if no forecast is there. ``intervals``: the ends of the 95% intervals of these four, by name.
    """

    brier: Interval
    log_loss: float
    auc: float | None
    calibration_error: float
    middle_calibration_error: float | None
    middle_forecasts: int
    reliability: Sequence[ReliabilityRow]
    intervals: Mapping[str, tuple[float, float]] = {}


def score_probabilities(probabilities: Array, right: Array, draws: Draws | None = None) -> DyadScores:
    """Probabilities and answers (0, 1), both [dyad, day] -> their scores. ``draws``: the resamples that intervals rest on, where several models are to have the same."""
    draws = draws or draw_blocks(*right.shape)
    p, y = probabilities.reshape(-1), right.reshape(-1)
    middle = (p >= MIDDLE[0]) & (p < MIDDLE[1])
    losses = -(right * np.log(probabilities) + (1 - right) * np.log1p(-probabilities))
    classes, inner = _classes(probabilities), _classes(probabilities) * middle.reshape(right.shape) + BINS * ~middle.reshape(right.shape)
    table = tabulate_reliability(p, y)
    log_loss, auc, error = float(losses.mean()), find_auc(p, y), sum_errors(table)
    middle_error = sum_errors(tabulate_reliability(p[middle], y[middle])) if middle.any() else None
    intervals = {"log_loss": find_ends(resample_sums(draws, losses) / np.maximum(_sizes(draws, right), 1))}
    if auc is not None:
        intervals["auc"] = find_ends(_resample_auc(draws, probabilities, right))
    intervals["calibration_error"] = _error_ends(draws, probabilities, right, classes, error)
    if middle_error is not None:
        intervals["middle_calibration_error"] = _error_ends(draws, probabilities, right, inner, middle_error)
    return DyadScores(
        _interval(draws, (probabilities - right) ** 2, np.ones_like(right), skill=False),
        log_loss,
        auc,
        error,
        middle_error,
        int(middle.sum()),
        _with_ends(table, draws, right, classes),
        intervals,
    )


def find_skill(probabilities: Array, baseline: Array, right: Array, draws: Draws | None = None) -> Interval:
    """Probabilities of a forecast and of a baseline, and answers -> Brier skill, 1 - Brier / Brier of the baseline; 0 where both are without error."""
    return _interval(draws or draw_blocks(*right.shape), (probabilities - right) ** 2, (baseline - right) ** 2, skill=True)


def find_auc(probabilities: Array, right: Array) -> float | None:
    """Probabilities and answers in one row -> the chance that one with the event has the higher probability than one without, level ones half."""
    order, sizes = np.unique(probabilities, return_inverse=True, return_counts=True)[1:]
    ranks = (np.cumsum(sizes) - (sizes - 1) / 2)[order]
    hits, misses = float(right.sum()), float((1 - right).sum())
    return float((ranks[right == 1].sum() - hits * (hits + 1) / 2) / (hits * misses)) if hits and misses else None


def tabulate_reliability(probabilities: Array, right: Array) -> list[ReliabilityRow]:
    """Probabilities and answers in one row -> a row for each class of a tenth that has forecasts, with Wilson's intervals, as if each forecast stood for itself."""
    places, rows = _classes(probabilities), []
    for place in np.unique(places).tolist():
        p, y = probabilities[places == place], right[places == place]
        rows.append(ReliabilityRow(place / BINS, (place + 1) / BINS, len(p), float(p.mean()), float(y.mean()), *wilson(round(y.sum()), len(p))))
    return rows


def sum_errors(table: Sequence[ReliabilityRow]) -> float:
    """A reliability table -> the expected calibration error: how far the mean forecast is from the share that came true, classes weighted by size."""
    return sum(row.forecasts * abs(row.mean_probability - row.share) for row in table) / sum(row.forecasts for row in table)


def _classes(probabilities: Array) -> Ints:
    places: Ints = np.minimum((probabilities * BINS).astype(np.int64), BINS - 1)
    return places


def _sizes(draws: Draws, right: Array) -> Array:
    return resample_sums(draws, np.ones_like(right))


def _with_ends(table: Sequence[ReliabilityRow], draws: Draws, right: Array, classes: Ints) -> list[ReliabilityRow]:
    """A reliability table -> the same with the intervals of its shares: by resampling, or as they are where that is wider, as it is where a class is nearly all yes or all no."""
    hits, sizes = (resample_groups(draws, values, classes) for values in (right, np.ones_like(right)))
    rows = []
    for row in table:
        place = round(row.low * BINS)
        shares = np.divide(hits[:, place], sizes[:, place], out=np.full(len(sizes), np.nan), where=sizes[:, place] > 0)
        low, high = find_ends(shares)
        rows.append(msgspec.structs.replace(row, share_low=float(np.fmin(low, row.share_low)), share_high=float(np.fmax(high, row.share_high))))
    return rows


def _resample_auc(draws: Draws, probabilities: Array, right: Array) -> Array:
    values, place = np.unique(probabilities, return_inverse=True)
    groups = place.reshape(right.shape) * min(len(values), RANKS) // len(values)
    hits, misses = resample_groups(draws, right, groups), resample_groups(draws, 1 - right, groups)
    above = (hits * (np.cumsum(misses, axis=1) - misses / 2)).sum(axis=1)
    pairs = hits.sum(axis=1) * misses.sum(axis=1)
    found: Array = np.divide(above, pairs, out=np.full(len(pairs), np.nan), where=pairs > 0)
    return found


def _error_ends(draws: Draws, probabilities: Array, right: Array, classes: Ints, error: float) -> tuple[float, float]:
    """Ends of the interval of a calibration error; class ``BINS`` does not count. A resample adds chance to each class, so that its error is larger on average: that much is taken off."""
    gaps = np.abs(resample_groups(draws, probabilities - right, classes)[:, :BINS]).sum(axis=1)
    sizes = resample_groups(draws, np.ones_like(right), classes)[:, :BINS].sum(axis=1)
    errors = np.divide(gaps, sizes, out=np.full(len(sizes), np.nan), where=sizes > 0)
    low, high = find_ends(errors - np.nanmean(errors) + error)
    return max(low, 0.0), high


def _interval(draws: Draws, upper: Array, lower: Array, *, skill: bool) -> Interval:
    """Two measures [dyad, day] -> the ratio of their sums, or 1 - it, with its interval."""

    def ratio(a: Array, b: Array) -> Array:
        value = a / np.maximum(b, 1e-12)
        return np.where(b > 0, 1 - value, 0.0) if skill else value

    return give_interval(float(ratio(upper.sum(), lower.sum())), ratio(resample_sums(draws, upper), resample_sums(draws, lower)))


def summarise(models: Mapping[str, Array], right: Array, draws: Draws | None = None) -> Mapping[str, DyadScores]:
    """Probabilities by model -> scores by model."""
    draws = draws or draw_blocks(*right.shape)
    return {name: score_probabilities(probabilities, right, draws) for name, probabilities in models.items()}
