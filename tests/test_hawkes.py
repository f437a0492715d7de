"""Two sides that excite each other, on made-up days; benchmarks/hawkes.py has the figures."""

from __future__ import annotations

import numpy as np
import pytest

from detente.analysis.hawkes import _fade, _optimise, _Problem, _scores, fit_hawkes
from detente.analysis.shifts import make_shifts, p_of, sum_products
from detente.analysis.simulated import simulate_answers


def made(seed: int, days: int = 3650, answers: tuple[tuple[float, float], tuple[float, float]] = ((0.3, 0.3), (0.0, 0.4))) -> tuple[np.ndarray, np.ndarray]:
    return simulate_answers(np.random.default_rng(seed), days, (0.3, 0.3), answers, (3.0, 5.0))


def test_what_is_left_of_an_act_halves_with_the_half_life_and_adds_up_to_one() -> None:
    acts = np.zeros(400)
    acts[3] = 1
    left = _fade(acts, 0.5 ** (1 / 5))
    assert left[3] == 0 and left[4] > 0
    assert left[9] == pytest.approx(left[4] / 2)
    assert left.sum() == pytest.approx(1)


def test_the_slope_of_the_likelihood_is_that_of_its_differences() -> None:
    a, b = made(0, days=300)
    problem = _Problem(a, np.stack([a, b]), np.linspace(0.5, 1.5, 300))
    x = np.array([0.2, 0.3, 0.1, 4.0])
    slopes = [(_scores(problem, x + step)[0] - _scores(problem, x - step)[0]) / 2e-5 for step in 1e-5 * np.eye(4)]
    assert _scores(problem, x)[1] == pytest.approx(slopes, rel=1e-4)


def test_a_made_up_dyad_is_recovered() -> None:
    fits = [fit_hawkes(*made(seed)) for seed in range(4)]
    sides = [(fit.a, fit.b) for fit in fits if fit.a and fit.b]
    assert len(sides) == 4

    def mean(side: int, name: str) -> float:
        return float(np.mean([getattr(pair[side], name).value for pair in sides]))

    assert mean(0, "base") == pytest.approx(0.3, abs=0.06)
    assert mean(0, "own") == pytest.approx(0.3, abs=0.08)
    assert mean(0, "cross") == pytest.approx(0.3, abs=0.08)
    assert mean(0, "half_life_days") == pytest.approx(3, abs=1)
    assert mean(1, "own") == pytest.approx(0.4, abs=0.08)
    assert mean(1, "cross") < 0.06
    assert mean(1, "half_life_days") == pytest.approx(5, abs=1.5)


def test_at_the_ends_of_an_interval_the_likelihood_has_fallen_as_chi_squared_says() -> None:
    a, b = made(1, days=1500)
    fit = fit_hawkes(a, b)
    assert fit.a and fit.a.cross.low and fit.a.cross.high and fit.a.half_life_days and fit.a.half_life_days.high
    problem = _Problem(a, np.stack([a, b]), np.ones(1500))
    lowest = _optimise(problem)[1]
    for place, end in ((2, fit.a.cross.low), (2, fit.a.cross.high), (3, fit.a.half_life_days.high)):
        assert 2 * (_optimise(problem, place, end)[1] - lowest) / fit.a.dispersion == pytest.approx(3.84, rel=0.06)


def test_who_answers_is_told_from_who_does_not() -> None:
    fit = fit_hawkes(*made(1))
    assert fit.a and fit.b
    assert fit.a.p_value is not None and fit.a.p_value < 0.02 and fit.a.cross.low
    assert fit.b.p_value is not None and fit.b.p_value > 0.05 and fit.b.cross.low == 0


def test_a_year_that_both_sides_share_is_no_answer() -> None:
    rng = np.random.default_rng(5)
    season = 0.25 * (1 + 0.9 * np.sin(2 * np.pi * np.arange(1825) / 365))
    fit = fit_hawkes(rng.poisson(season).astype(float), rng.poisson(season).astype(float))
    assert fit.a and fit.b and fit.a.p_value and fit.b.p_value
    assert min(fit.a.p_value, fit.b.p_value) > 0.05


def test_busy_days_of_the_store_are_no_excitation() -> None:
    rng = np.random.default_rng(6)
    exposure = np.where(np.arange(1500) // 50 % 2, 1.9, 0.1)
    a, b = (rng.poisson(0.4 * exposure).astype(float) for _ in range(2))
    plain, corrected = fit_hawkes(a, b), fit_hawkes(a, b, exposure)
    assert plain.spread and corrected.spread is not None
    assert plain.spread > 0.5 > 0.2 > corrected.spread


def test_without_excitation_there_is_no_half_life() -> None:
    a = np.tile([1.0, 0.0, 0.0], 200)
    fit = fit_hawkes(a, np.roll(np.tile([0.0, 0.0, 0.0, 1.0, 0.0, 0.0], 100), 1))
    assert fit.a and fit.a.own.value < 0.05 and fit.a.cross.value < 0.5
    rng = np.random.default_rng(2)
    quiet = fit_hawkes(rng.binomial(1, 0.9, 900).astype(float), rng.binomial(1, 0.9, 900).astype(float))
    assert quiet.a and (quiet.a.half_life_days is None or quiet.a.own.value + quiet.a.cross.value > 0.01)


@pytest.mark.parametrize(("days", "acts", "reason"), [(60, 60, "short-history"), (400, 29, "few-events")])
def test_too_little_is_said_and_nothing_is_fitted(days: int, acts: int, reason: str) -> None:
    a = np.zeros(days)
    a[:acts] = 1
    fit = fit_hawkes(a, a)
    assert (fit.reason, fit.a, fit.b, fit.spread) == (reason, None, None, None)


def test_ties_within_a_day_are_no_answers() -> None:
    rng = np.random.default_rng(8)
    joint = rng.poisson(0.2, 2000).astype(float)
    fit = fit_hawkes(joint, joint)
    assert fit.a and fit.a.cross.value < 0.15


def test_sums_of_products_are_those_of_each_shift() -> None:
    rng = np.random.default_rng(0)
    acts, answers = rng.random(50), rng.random((2, 50))
    sums = sum_products(acts, answers)
    for shift in (0, 1, 17, 49):
        assert np.allclose(sums[:, shift], (acts * np.roll(answers, -shift, axis=1)).sum(axis=1))


def test_shifts_are_of_one_to_six_months_and_of_none_in_a_short_history() -> None:
    shifts = make_shifts(2000)
    assert {min(int(s), 2000 - int(s)) for s in shifts} == set(range(30, 181))
    assert len(make_shifts(120)) == 0
    assert p_of(3, np.array([1.0, 2.0, 3.0])) == 0.5 and p_of(3, np.zeros(0)) is None
