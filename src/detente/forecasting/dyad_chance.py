"""What chance alone makes of forecasts: the scores that they would have if every one of them held, by drawing outcomes from the forecasts themselves.

A measured skill or calibration error is to be read beside these: within them, the figure is what right forecasts can get in so few weeks. Each day of a dyad has a mark of its
own, and a window the event if one of its marks is low enough, so that each comes as often as its forecast says and windows that overlap hang together. Acts that come in bursts
would make chance larger still.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import numpy as np

from detente.forecasting.dyad_features import Array
from detente.forecasting.dyad_scores import MIDDLE, sum_errors, tabulate_reliability
from detente.forecasting.evaluation import SEED, Interval
from detente.forecasting.resampling import give_interval

DRAWS = 200
"""Draws of the outcomes of all dyads and days."""


class Chance(msgspec.Struct, frozen=True):
    """Means over draws with the ends between which 95% of them lie. ``skill``: over each baseline; ``middle_calibration_error``: from 0.1 to 0.6, ``None`` if no forecast is there."""

    skill: Mapping[str, Interval]
    middle_calibration_error: Interval | None


def draw_scores(told: Array, baselines: Mapping[str, Array], horizon: int) -> Chance:
    """Forecasts and those of baselines [dyad, day], and the days of a window -> the scores of the forecasts if every one of them held."""
    rng, hazard = np.random.default_rng(SEED), -np.log1p(-told)
    inside = (told >= MIDDLE[0]) & (told < MIDDLE[1])
    skills, errors = {name: np.zeros(DRAWS) for name in baselines}, np.zeros(DRAWS)
    for draw in range(DRAWS):
        marks = rng.exponential(size=(told.shape[0], told.shape[1] + horizon - 1))
        came = (np.lib.stride_tricks.sliding_window_view(marks, horizon, axis=1).min(axis=2) * horizon < hazard).astype(float)
        brier = ((told - came) ** 2).sum()
        for name, baseline in baselines.items():
            skills[name][draw] = 1 - brier / ((baseline - came) ** 2).sum()
        if inside.any():
            errors[draw] = sum_errors(tabulate_reliability(told[inside], came[inside]))
    return Chance({name: give_interval(float(values.mean()), values) for name, values in skills.items()}, give_interval(float(errors.mean()), errors) if inside.any() else None)
