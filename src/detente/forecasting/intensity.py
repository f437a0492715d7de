"""How hostile or friendly acts will be in sum: the mean and an interval of the sum of PLOVER's intensity over a window, by a regression, with the baselines beside.

Sums of pairs differ by orders of magnitude: each is counted from the pair's own mean in the pair's own standard deviations, both drawn to those of all pairs. A ridge
regression tells from what remains of past days, with several half-lives, both ways, how far the next window will be from that mean.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from detente.forecasting.dyad_baselines import CLIMATOLOGY, DYAD_CLIMATOLOGY, PERSISTENCE, RECENT
from detente.forecasting.dyad_features import PRIOR_WINDOWS, RECENT_HALVES, RECENT_PRIOR, Array, fade
from detente.forecasting.dyad_training import LEAST_DAYS, Measured, find_stride, find_test_start, take_skill
from detente.forecasting.quads import Ints

HALVES = (3.0, 10.0, 30.0, 90.0)
"""Half-lives in days of the sums of intensity."""
SPAN = (0.1, 0.9)
"""Quantiles of the errors of forecasts between which the interval lies, of all windows that the regression learned from, of pairs as lively."""
SPAN_EDGES = (0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875, 0.9375, 0.97)
"""Shares of the days, the quietest first, at which classes end that have an interval of their own: of quiet pairs most sums are 0, those of the liveliest spread and are few. Set on ICEWS14 and the sample corpus."""
RIDGE = 100.0
"""Penalty on the weights, features in standard deviations of the sums."""
WARM_DAYS = 45
STIR_HALF, STIR_LEAST = 30.0, 0.5
"""Half-life in days of what is left of acts, and so much of it, in points of intensity, makes a pair stir."""
LEAST_STIRRING = 500
"""Days of stirring pairs among those that measure, below which nothing is told."""
FARTHEST = 8.0
"""Standard deviations beyond which a sum counts as this far off: one bombing must not decide a weight."""


class Daily(NamedTuple):
    """Sums of intensity by day [dyad, day]: of the acts of the first toward the second and back, each in all and of the hostile ones alone."""

    forth: Array
    forth_hostile: Array
    back: Array
    back_hostile: Array

    def take(self, rows: Ints) -> Daily:
        """Positions of dyads -> these alone."""
        return Daily(*(values[rows] for values in self))


class Usual(NamedTuple):
    """What is usual by day, of windows over before it [dyad, day]: the pair's ``mean`` and ``deviation``, its ``recent`` mean, the sum of the ``last`` window; of all pairs the mean ``all`` and the variance ``spread`` [day]."""

    all: Array
    spread: Array
    mean: Array
    deviation: Array
    recent: Array
    last: Array


def sum_days(sources: Ints, targets: Ints, days: Ints, values: Array, dyads: Ints, size: int, countries: int) -> Daily:
    """Events with their scores -> daily sums of some dyads over ``size`` days."""
    row_of = np.full(countries * countries, -1)
    row_of[dyads[:, 0] * countries + dyads[:, 1]] = np.arange(len(dyads))
    out = []
    for one, other in ((sources, targets), (targets, sources)):
        rows = row_of[one * countries + other]
        for wanted in ((rows >= 0) & (days < size), (rows >= 0) & (days < size) & (values < 0)):
            sums = np.zeros((len(dyads), size))
            np.add.at(sums, (rows[wanted], days[wanted]), values[wanted])
            out.append(sums)
    return Daily(*out)


def add_windows(daily: Array, horizon: int) -> Array:
    """Sums by day -> sums of the ``horizon`` days from each day on [dyad, day]; days whose window runs over the end are left out."""
    sums = np.concatenate([np.zeros((len(daily), 1)), np.cumsum(daily, axis=1)], axis=1)
    windows: Array = sums[:, horizon:] - sums[:, :-horizon]
    return windows


def find_usual(daily: Array, horizon: int, pool: tuple[float, float] | None = None) -> Usual:
    """Sums by day -> what is usual by day. ``pool``: mean and variance over all pairs, where those given are but some of them."""
    size = daily.shape[1]
    number = np.maximum(np.arange(size) - horizon + 1, 0)
    sums, squares = _over(daily, horizon)
    if pool is None:
        everyone = sums.sum(axis=0) / np.maximum(number * len(daily), 1)
        spread = np.maximum(squares.sum(axis=0) / np.maximum(number * len(daily), 1) - everyone**2, 1e-6)
    else:
        everyone, spread = np.full(size, pool[0]), np.full(size, pool[1])
    mean = (sums + PRIOR_WINDOWS * everyone) / (number + PRIOR_WINDOWS)
    variance = (squares + PRIOR_WINDOWS * (spread + everyone**2)) / (number + PRIOR_WINDOWS) - mean**2
    ended, there = np.zeros_like(daily), np.zeros(size)
    if size >= horizon:
        ended[:, horizon - 1 :] = add_windows(daily, horizon)
        there[horizon - 1 :] = 1
    late = (fade(ended, RECENT_HALVES[-1]) + RECENT_PRIOR * everyone) / (fade(there, RECENT_HALVES[-1]) + RECENT_PRIOR)
    last = np.concatenate([np.zeros((len(daily), 1)), ended[:, :-1]], axis=1)
    return Usual(everyone, spread, mean, np.sqrt(np.maximum(variance, 1e-6)), late, last)


def _over(daily: Array, horizon: int) -> tuple[Array, Array]:
    """Sums and squares of the windows that were over before each day [dyad, day], added up."""
    size = daily.shape[1]
    known = np.zeros((len(daily), size + 1))
    if size >= horizon:
        windows = add_windows(daily, horizon)
        known[:, horizon : horizon + windows.shape[1]] = windows
    return np.cumsum(known, axis=1)[:, :size], np.cumsum(known**2, axis=1)[:, :size]


def make_signs(daily: Daily, usual: Usual, horizon: int) -> Array:
    """What remains of past days, as a mean a day times the horizon, from the pair's mean in its deviations [dyad, day, feature]."""
    out = []
    for values in daily:
        for half in HALVES:
            keep = 0.5 ** (1 / half)
            pace = fade(values, half) * (1 - keep) / keep * horizon
            out.append(np.clip((pace - usual.mean) / usual.deviation, -FARTHEST, FARTHEST))
    out.append((usual.recent - usual.mean) / usual.deviation)
    return np.stack(out, axis=-1)


def train_intensity(daily: Daily, horizon: int, score: int, first: datetime.date) -> dict[str, object]:
    """Daily sums of the model's dyads up to its day -> ``reason``, and if that is empty ``weights`` (the constant last), ``spans``: how far forecasts of pairs so lively erred, ``pool`` for ``find_usual``, ``measured``."""
    start = find_test_start(score, horizon, WARM_DAYS)
    if start - horizon - WARM_DAYS < LEAST_DAYS + horizon:
        return {"reason": "too-few-days"}
    usual = find_usual(daily.forth[:, :score], horizon)
    signs = make_signs(Daily(*(values[:, :score] for values in daily)), usual, horizon)
    sums = add_windows(daily.forth[:, :score], horizon)
    late = np.arange(start, sums.shape[1])
    before = _fit(signs, sums, usual, np.arange(WARM_DAYS, start - horizon + 1, find_stride(len(sums), start)))
    told = _predict(before, signs[:, late])
    off = (sums[:, late] - usual.mean[:, late]) / usual.deviation[:, late]
    stirs = are_stirring(daily)
    if stirs[:, late].sum() < LEAST_STIRRING:
        return {"reason": "too-few-events"}
    weights = _fit(signs, sums, usual, np.arange(WARM_DAYS, sums.shape[1], find_stride(len(sums), score)))
    # of all days that know a month of windows, not the late ones alone: of a quiet year nothing would be learned of how far a crisis errs
    days = np.arange(WARM_DAYS + horizon, sums.shape[1])
    errors = (sums[:, days] - usual.mean[:, days]) / usual.deviation[:, days] - _predict(weights, signs[:, days])
    of = stirs[:, days]
    return {
        "reason": "",
        "weights": weights,
        "pool": [float(usual.all[-1]), float(usual.spread[-1])],
        "spans": find_spans(find_liveliness(daily, usual)[:, days][of], errors[of], sums[:, days][of]),
        "measured": _measure(off, told, usual, sums, late, start, first),
    }


def _fit(signs: Array, sums: Array, usual: Usual, days: Ints) -> Array:
    right = np.clip((sums[:, days] - usual.mean[:, days]) / usual.deviation[:, days], -FARTHEST, FARTHEST).reshape(-1)
    wide = signs[:, days].reshape(-1, signs.shape[-1])
    wide = np.concatenate([wide, np.ones((len(wide), 1))], axis=1)
    penalty = np.diag([RIDGE] * signs.shape[-1] + [1e-6])
    return np.asarray(np.linalg.solve(wide.T @ wide + penalty, wide.T @ right), dtype=np.float64)


def _predict(weights: Array, signs: Array) -> Array:
    told: Array = signs @ weights[:-1] + weights[-1]
    return told


def _measure(off: Array, told: Array, usual: Usual, sums: Array, late: Ints, start: int, first: datetime.date) -> Measured:
    """Skill: 1 - squared error / that of the baseline, each in the pair's deviations, dyads resampled."""
    from detente.forecasting.dyad_scores import find_skill

    baselines = {
        CLIMATOLOGY: np.broadcast_to(usual.all[start], sums[:, late].shape),
        DYAD_CLIMATOLOGY: np.broadcast_to(usual.mean[:, [start]], sums[:, late].shape),
        PERSISTENCE: usual.last[:, late],
        RECENT: usual.recent[:, late],
    }
    scaled = {name: (values - usual.mean[:, late]) / usual.deviation[:, late] for name, values in baselines.items()}
    return Measured(
        forecasts=off.size,
        first_day=first + datetime.timedelta(days=start),
        last_day=first + datetime.timedelta(days=int(late[-1])),
        skill={name: take_skill(find_skill(told, values, off)) for name, values in scaled.items()},
    )


def are_stirring(daily: Daily) -> npt.NDArray[np.bool_]:
    """Whether anything of late was left, either way, on each day [dyad, day]: the sums of pairs that have nothing to do with each other err by nothing, and would hide how far others do."""
    left: npt.NDArray[np.bool_] = fade(np.abs(daily.forth) + np.abs(daily.back), STIR_HALF) > STIR_LEAST
    return left


def find_liveliness(daily: Daily, usual: Usual) -> Array:
    """How much is left of what the pair did of late, hostile or friendly, in its own deviations [dyad, day]. What a sum may differ by goes by this, not by the forecast: a pair that does nothing, and one
    whose acts cancel out, may have the same."""
    size = usual.deviation.shape[1]
    lively: Array = fade(np.abs(daily.forth[:, :size]), STIR_HALF) / usual.deviation
    return lively


def find_spans(lively: Array, errors: Array, sums: Array) -> dict[str, list[float]]:
    """How lively pairs were, what came less what was told, in their deviations, and what came -> ``edges`` between classes of days, the quantiles ``low`` and ``high`` of the errors of each, whether
    0 is a part of it (``nothing``: 0 or 1), and in one place the ``most`` lively."""
    edges = np.unique(np.quantile(lively, SPAN_EDGES))
    place = np.searchsorted(edges, lively)
    used = [n for n in range(len(edges) + 1) if (place == n).any()]
    ends = [np.quantile(errors[place == n], SPAN).tolist() for n in used]
    # where more sums than may fall out of the interval are 0, none without 0 can be right
    nothing = [float((sums[place == n] == 0).mean() > SPAN[0] + 1 - SPAN[1]) for n in used]
    return {"edges": [float(edges[n]) for n in used[:-1]], "low": [low for low, _ in ends], "high": [high for _, high in ends], "nothing": nothing, "most": [float(lively.max())]}


def tell_intensity(weights: Array, spans: Mapping[str, Sequence[float]], daily: Daily, usual: Usual, horizon: int) -> tuple[float, float | None, float | None]:
    """A regression and the daily sums of one dyad up to the day -> the mean of the sum over the window that begins with the last day, and the ends of its interval; none if the pair is livelier than
    any was of those that the regression learned from."""
    mean, deviation = float(usual.mean[0, -1]), float(usual.deviation[0, -1])
    told = float(_predict(weights, make_signs(daily, usual, horizon)[0, -1])) * deviation + mean
    lively = float(find_liveliness(daily, usual)[0, -1])
    if lively > spans["most"][0]:
        return told, None, None
    place = int(np.searchsorted(spans["edges"], lively))
    low, high = told + min(spans["low"][place], 0.0) * deviation, told + max(spans["high"][place], 0.0) * deviation
    return (told, min(low, 0.0), max(high, 0.0)) if spans["nothing"][place] else (told, low, high)
