"""Two sides that excite each other: how many acts one act brings about, of its own side and of the other, and how fast that fades.

A Hawkes process on days. Dates have no hour, so that an order within a day would be made up, and with it who answers whom; the kernel therefore starts on the
next day, and what happens on one day is no answer (reciprocity.py counts it apart). On day t side i has on average

    base_i * exposure_t + own_i * (own acts, fading) + cross_i * (acts of the other, fading)

where an act weighs (1-f) f^(k-1) after k days, 1 in all: ``own`` and ``cross`` are acts brought about per act, and f gives the half-life. Fitted by maximum
likelihood (Poisson), from several starts, as the half-life has local maxima; given it, the likelihood is concave. Days are more uneven than Poisson's:
intervals are of the profile likelihood, widened by Pearson's dispersion.
"""

from __future__ import annotations

import functools
from typing import NamedTuple

import msgspec
import numpy as np

from detente.analysis.markov import Array, Index
from detente.analysis.shifts import make_shifts, p_of, sum_products

LEAST_EVENTS = 30
"""Of each side; with fewer the half-life is anybody's guess (docs/analysis.md has the error by number of events)."""
LEAST_DAYS = 90
STARTS_DAYS = (0.7, 2.5, 8.0, 25.0)
"""Half-lives to start from."""
HALF_LIFE_DAYS = (0.3, 60.0)
"""Bounds. Below, all is over the next day; above, it cannot be told from ups and downs of the base."""
MOST_EXCITED = 3.0
"""Bound of ``own`` and ``cross``, far above what lasts: at 1 each act would bring about another for ever."""
MOST_STEPS = 100
"""Of one descent; it takes 5 to 20."""
WIDTH = 3.841
"""Drop of twice the log likelihood at the ends of a 95% interval."""
PROBED_DAYS = (1.0, 3.0, 7.0, 14.0)
"""Half-lives at which the other side's acts are tried against chance; the best counts, for shifted histories too."""
NAMES = ("base", "own", "cross", "half_life_days")


class Estimate(msgspec.Struct, frozen=True):
    """A figure with its 95% interval; an end is ``None`` where the events do not bound it."""

    value: float
    low: float | None
    high: float | None


class Excitation(msgspec.Struct, frozen=True):
    """One side. ``base``: acts a day that answer nothing; ``own``, ``cross``: its acts brought about by one act of its own, of the other side.

    ``half_life_days`` is ``None`` where nothing is brought about. ``p_value``: how often histories moved against each other show as much cross
    excitation. ``dispersion``: 1 for Poisson's days, more for uneven ones.
    """

    events: int
    base: Estimate
    own: Estimate
    cross: Estimate
    half_life_days: Estimate | None
    p_value: float | None
    dispersion: float


class HawkesFit(msgspec.Struct, frozen=True):
    """Both sides; ``reason`` is ``few-events`` or ``short-history`` where nothing was fitted. ``spread``: acts brought about by an act in the next round,
    the greatest eigenvalue; at 1 and above a quarrel feeds itself."""

    days: int
    reason: str
    a: Excitation | None = None
    b: Excitation | None = None
    spread: float | None = None


class _Problem(NamedTuple):
    """``answers`` [D] are explained by ``acts`` [2, D] (own, other); ``exposure`` [D]."""

    answers: Array
    acts: Array
    exposure: Array


def fit_hawkes(a: Array, b: Array, exposure: Array | None = None) -> HawkesFit:
    """Acts of side a and of side b on each day [D] -> the fit. ``exposure`` [D]: how much the store saw of each day, mean about 1, above 0."""
    days = len(a)
    if days < LEAST_DAYS:
        return HawkesFit(days, "short-history")
    if min(a.sum(), b.sum()) < LEAST_EVENTS:
        return HawkesFit(days, "few-events")
    seen = np.ones(days) if exposure is None else exposure
    sides = [_fit_side(_Problem(own, np.stack([own, other]), seen)) for own, other in ((a, b), (b, a))]
    matrix = np.array([[sides[0].own.value, sides[0].cross.value], [sides[1].cross.value, sides[1].own.value]])
    return HawkesFit(days, "", sides[0], sides[1], float(np.abs(np.linalg.eigvals(matrix)).max()))


def _fit_side(problem: _Problem) -> Excitation:
    best, _ = _optimise(problem)
    mean = _expected(problem, best)[0]
    dispersion = max(1.0, float(((problem.answers - mean) ** 2 / mean).sum() / (len(mean) - len(NAMES))))
    errors = _errors(problem, best)
    found = [_interval(problem, best, place, WIDTH * dispersion / 2, errors[place]) for place in range(len(NAMES))]
    excited = best[1] + best[2] > 0.01
    return Excitation(int(problem.answers.sum()), found[0], found[1], found[2], found[3] if excited else None, _chance(problem), dispersion)


def _bounds(problem: _Problem) -> list[tuple[float, float]]:
    return [(1e-6, 10 * problem.answers.sum() / problem.exposure.sum()), (0.0, MOST_EXCITED), (0.0, MOST_EXCITED), HALF_LIFE_DAYS]


def _optimise(problem: _Problem, fixed: int | None = None, value: float = 0.0, start: Array | None = None) -> tuple[Array, float]:
    """The maximum of the likelihood, with one parameter held if asked -> parameters, minus the log likelihood."""
    bounds = np.array(_bounds(problem))
    starts = [start] if start is not None else [np.array([problem.answers.sum() / problem.exposure.sum() / 2, 0.25, 0.25, half]) for half in STARTS_DAYS]
    if fixed is not None:
        bounds[fixed] = value
    found = [_descend(problem, np.clip(guess, bounds[:, 0], bounds[:, 1]), bounds) for guess in starts]
    return min(found, key=lambda pair: pair[1])


LEAST_GAIN = 1e-4
"""A step that raises the log likelihood by less ends the search: parameters are then within a hundredth of their standard error."""


def _descend(problem: _Problem, x: Array, bounds: Array) -> tuple[Array, float]:
    """Fisher's scoring, damped after Levenberg and Marquardt and kept within bounds -> where it ends, and the loss there.

    Of our own because L-BFGS-B of scipy takes twenty times as long where its linear algebra runs in several threads, for four parameters.
    """
    loss, slope, information = _scores(problem, x)
    damping = 1e-3
    for _ in range(MOST_STEPS):
        stuck = ((x <= bounds[:, 0]) & (slope > 0)) | ((x >= bounds[:, 1]) & (slope < 0)) | (bounds[:, 0] == bounds[:, 1])
        free = np.flatnonzero(~stuck)
        if not len(free):
            break
        part = information[np.ix_(free, free)]
        step = np.linalg.solve(part + np.diag(damping * np.diag(part) + 1e-12), -slope[free])
        moved = x.copy()
        moved[free] = np.clip(x[free] + step, bounds[free, 0], bounds[free, 1])
        tried = _scores(problem, moved)
        if tried[0] <= loss:
            gained, x = loss - tried[0], moved
            loss, slope, information = tried
            damping = max(damping / 10, 1e-9)
            if gained < LEAST_GAIN:
                break
        else:
            damping *= 10
            if damping > 1e9:
                break
    return x, loss


def _scores(problem: _Problem, x: Array) -> tuple[float, Array, Array]:
    """Minus the Poisson log likelihood, its slope, and the expected information [4, 4]."""
    mean, left, fade = _expected(problem, x)
    loss = float((mean - problem.answers * np.log(mean)).sum())
    by_fade = _gather(left - problem.acts, fade)
    of_half_life = (x[1] * by_fade[0] + x[2] * by_fade[1]) * fade * np.log(2) / x[3] ** 2
    slopes = np.stack([problem.exposure, left[0], left[1], of_half_life])
    return loss, slopes @ (1 - problem.answers / mean), (slopes / mean) @ slopes.T


def _fade(acts: Array, fade: float) -> Array:
    """Acts [..., D] -> what is left of them on each day, from the next day on; one pass over the days."""
    return (1 - fade) * _gather(acts, fade)


BLOCK_DAYS = 64
"""Days that are worked out at once. Of our own because scipy.signal takes a second to import, for one line."""


def _gather(values: Array, fade: float) -> Array:
    """Values [..., D] -> for each day the sum of those before it, each faded since the day after its own [..., D]; by blocks of days, and over the blocks."""
    size = values.shape[-1]
    count = -(-size // BLOCK_DAYS)
    blocks = np.zeros((*values.shape[:-1], count * BLOCK_DAYS))
    blocks[..., :size] = values
    blocks = blocks.reshape(*values.shape[:-1], count, BLOCK_DAYS)
    since = fade ** np.arange(BLOCK_DAYS)
    carried = (blocks @ since[::-1]) @ _powers(count, fade**BLOCK_DAYS).T  # what the blocks before leave over at the start of each
    out: Array = blocks @ _powers(BLOCK_DAYS, fade).T + carried[..., None] * since
    return out.reshape(*values.shape[:-1], -1)[..., :size]


@functools.lru_cache(maxsize=2)
def _powers(size: int, fade: float) -> Array:
    """[n, m] what is left in n of what came in m: 0 unless m is earlier."""
    left: Array = np.append(fade ** np.arange(size), 0.0)[_ages(size)]
    return left


@functools.cache
def _ages(size: int) -> Index:
    ages: Index = np.subtract.outer(np.arange(size), np.arange(size)) - 1
    return np.where(ages >= 0, ages, size)


def _expected(problem: _Problem, x: Array) -> tuple[Array, Array, float]:
    fade = 0.5 ** (1 / x[3])
    left = _fade(problem.acts, fade)
    return x[0] * problem.exposure + x[1] * left[0] + x[2] * left[1] + 1e-12, left, fade


def _interval(problem: _Problem, best: Array, place: int, rise: float, error: float) -> Estimate:
    """Where the profile of the loss has risen by so much on either side of its minimum; ``error`` is a first guess of the standard error."""
    low, high = (_end(problem, best, place, rise, sign * error) for sign in (-1, 1))
    return Estimate(float(best[place]), 0.0 if low is None and place < 3 else low, high)


def _end(problem: _Problem, best: Array, place: int, rise: float, error: float) -> float | None:
    """One end of an interval, or ``None`` if the parameter's bound is within it. The root of the rise is nearly straight, so that few steps do."""
    edge = _bounds(problem)[place][int(error > 0)]
    lowest = _scores(problem, best)[0]
    value, start, room = float(best[place]), best, abs(edge - best[place])
    step = min(abs(1.96 * error), room)
    if room < 1e-6:
        return None
    for _ in range(6):
        start, loss = _optimise(problem, place, value + np.sign(error) * step, start)
        ratio = np.sqrt(max(loss - lowest, 1e-9) / rise)
        if abs(ratio - 1) < 0.02 or (step == room and ratio < 1):
            break
        step = min(step / np.clip(ratio, 0.2, 5.0), room)
    return None if step == room and ratio < 1 else float(value + np.sign(error) * step)


def _errors(problem: _Problem, best: Array) -> Array:
    """Standard errors by the expected information, as a first guess [4]."""
    spread = np.diag(np.linalg.pinv(_scores(problem, best)[2]))
    found: Array = np.sqrt(np.maximum(spread, (0.05 * np.maximum(best, 0.02)) ** 2))
    return found


def _chance(problem: _Problem) -> float | None:
    """How often the other side's acts, moved in time, explain as much of what base and own acts leave over; by the score of the likelihood."""
    days = len(problem.answers)
    shifts = make_shifts(days)
    if not len(shifts):
        return None
    alone, _ = _optimise(problem, 2, 0.0)
    left_over = problem.answers / _expected(problem, alone)[0] - 1
    probes = np.stack([_fade(problem.acts[1], 0.5 ** (1 / half)) for half in PROBED_DAYS])
    sums = sum_products(left_over, probes)
    moved, still = sums[:, shifts], sums[:, 0]
    middle, width = moved.mean(axis=1), moved.std(axis=1) + 1e-12
    return p_of(float(((still - middle) / width).max()), ((moved - middle[:, None]) / width[:, None]).max(axis=0))
