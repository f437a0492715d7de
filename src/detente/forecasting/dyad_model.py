"""The model of dyad forecasts: a self-exciting intensity with weights that are nowhere negative, then a ridge-penalised logistic regression that starts from it, calibrated.

The intensity adds up what the dyad does over the long run and what each kind of act of late adds to it: of few weights, none of them negative, none can play against
another. P(event within the window) = 1 - exp(-intensity ** power). Where that errs the regression, on the logarithms of the same rates, mends it. Calibration (none,
Platt's line or an isotonic curve) is learned on days later than those that the model behind it was trained on, and of the three the one is taken that does best on
dyads it was not fitted to.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from detente.errors import MissingExtraError
from detente.forecasting.dyad_features import SCALE, Array, Features
from detente.forecasting.dyad_targets import answer
from detente.forecasting.quads import Ints

LEAST_PROBABILITY = 1e-4
"""No forecast is surer than this."""
NEWTON_STEPS, SMALL_STEP = 25, 1e-6
MOST_STEPS = 300
"""Steps of the search for the weights of the intensity."""
POWERS = (0.5, 1.5)
"""The power of the intensity lies between: below 1, events come in clusters, and twice the intensity is less than twice the chance."""
LEAST_INTENSITY = 1e-6
FOLDS = 5
"""Groups of dyads that the ways of calibration are compared on, each fitted to the other four."""

LEAST_GAIN = 0.005
"""A calibration must lower the Brier score by this share on dyads left out, or none is taken: the days that calibrate are few, and a curve learns their chance."""


class DyadSettings(NamedTuple):
    """How the model is trained; chosen by the mean over months of ICEWS14 train (from days 150, 180, 210, 240 and 270 on). ``lasso``: penalty on the weights of the intensity, rates
    taken over their means; ``ridge``: on those of the regression, for each row, features in standard deviations. ``warm_days``: first days, not learned from. ``late_share``: the last
    part of the days to learn from, which calibrates. ``stride``: of the days only each so many-th is learned from, which long histories can spare: windows overlap.
    """

    lasso: float = 0.001
    ridge: float = 0.015
    warm_days: int = 30
    late_share: float = 0.3
    stride: int = 1


class Calibration(NamedTuple):
    """``method``: none, platt or isotonic; ``slope`` and ``intercept`` of the line in logits; ``xs``, ``ys``: corners of the curve, in logits and probabilities."""

    method: str = "none"
    slope: float = 1.0
    intercept: float = 0.0
    xs: Array = np.zeros(0)
    ys: Array = np.zeros(0)


class DyadModel(NamedTuple):
    """A trained model. ``pulls``: what each rate adds to the intensity; ``power``: of the intensity; ``usual``: the mean rates. ``means``, ``scales``: of the features; ``weights``: of the
    regression, the constant last.
    """

    pulls: Array
    power: float
    usual: Array
    means: Array
    scales: Array
    weights: Array
    calibration: Calibration


def logit(probability: Array) -> Array:
    """Probabilities -> logarithms of the odds."""
    cut = np.clip(probability, LEAST_PROBABILITY, 1 - LEAST_PROBABILITY)
    odds: Array = np.log(cut / (1 - cut))
    return odds


def expit(logits: Array) -> Array:
    """Logarithms of odds -> probabilities, none surer than ``LEAST_PROBABILITY``."""
    probability: Array = np.clip(1 / (1 + np.exp(-np.clip(logits, -30, 30))), LEAST_PROBABILITY, 1 - LEAST_PROBABILITY)
    return probability


def train_model(features: Features, horizon: int, score: int, settings: DyadSettings) -> DyadModel:
    """Features and the first scored day -> the model, from days whose window is over before it. Raises ``MissingExtraError`` without SciPy."""
    answers = answer(features.counts[:, :score], horizon)
    last = answers.shape[1]  # days 0 to last - 1 have an answer by then
    late = last - max(1, int((last - settings.warm_days) * settings.late_share))
    early = _fit(features, answers, np.arange(settings.warm_days, max(late - horizon + 1, settings.warm_days + 1), settings.stride), settings)
    days = np.arange(late, last)
    raw = _logits(early, features, days)
    calibration = choose_calibration(raw, answers[:, days].astype(float))
    return _fit(features, answers, np.arange(settings.warm_days, last, settings.stride), settings)._replace(calibration=calibration)


def predict(model: DyadModel, features: Features, days: Ints) -> Array:
    """A model, features and days -> probabilities [dyad, day]."""
    return apply_calibration(model.calibration, _logits(model, features, days))


def explain(model: DyadModel, features: Features, dyad: int, day: int) -> Array:
    """A model, features, a dyad and a day -> how far each feature moves the logit from what it is at the mean rates, intensity (Aumann-Shapley values) and regression together."""
    values = features.values[dyad, [day]].astype(np.float64)
    rates = _rates(values)[0]
    parts = model.pulls * (rates - model.usual)
    one, other = (_start(model.pulls, model.power, row[None])[0] for row in (rates, model.usual))
    slope = (one - other) / parts.sum() if abs(parts.sum()) > LEAST_INTENSITY else 0.0
    moved: Array = slope * parts + ((values - model.means) / model.scales * model.weights[:-1])[0]
    return moved


def _rows(features: Features, days: Ints) -> Array:
    return features.values[:, days].reshape(-1, len(features.names)).astype(np.float64)


def _rates(values: Array) -> Array:
    """Features -> the rates a day that they are logarithms of."""
    rates: Array = np.expm1(values) / SCALE
    return rates


def _start(pulls: Array, power: float, rates: Array) -> Array:
    """The logit that the intensity gives."""
    return logit(-np.expm1(-((rates @ pulls + LEAST_INTENSITY) ** power)))


def _fit(features: Features, answers: npt.NDArray[np.bool_], days: Ints, settings: DyadSettings) -> DyadModel:
    values, right = _rows(features, days), answers[:, days].astype(float).reshape(-1)
    rates = _rates(values)
    pulls, power = fit_intensity(rates, right, settings.lasso)
    means, scales = values.mean(axis=0), values.std(axis=0) + 1e-6
    weights = fit_regression((values - means) / scales, right, _start(pulls, power, rates), settings.ridge * len(right))
    return DyadModel(pulls, power, rates.mean(axis=0), means, scales, weights, Calibration())


def _logits(model: DyadModel, features: Features, days: Ints) -> Array:
    values = _rows(features, days)
    line = (values - model.means) / model.scales @ model.weights[:-1] + model.weights[-1]
    joined: Array = _start(model.pulls, model.power, _rates(values)) + line
    return joined.reshape(len(features.values), len(days))


def fit_intensity(rates: Array, right: Array, lasso: float) -> tuple[Array, float]:
    """Rows of rates and answers (0, 1) -> the weights, none negative, and the power by which 1 - exp(-(rates @ weights) ** power) is likeliest, less ``lasso`` times their sum.

    Rates are taken over their means. The first of them begins alone: the search ends at the nearest of what may be several tops. Raises ``MissingExtraError`` without SciPy.
    """
    try:
        from scipy.optimize import minimize
    except ImportError as error:
        raise MissingExtraError("scipy: not installed; it trains the forecasts: pip install 'detente[forecast]'") from error
    scales = rates.mean(axis=0) + 1e-9
    scaled, number = rates / scales, rates.shape[1]

    def loss(found: Array) -> tuple[float, Array]:
        weights, power = found[:-1], found[-1]
        intensity = scaled @ weights + LEAST_INTENSITY
        hazard = intensity**power
        chance = np.maximum(-np.expm1(-hazard), 1e-12)
        bend = (right * np.exp(-hazard) / chance - (1 - right)) * hazard / len(right)
        slopes = np.append(lasso - scaled.T @ (bend * power / intensity), -(bend * np.log(intensity)).sum())
        return float(-np.mean(right * np.log(chance) - (1 - right) * hazard) + lasso * weights.sum()), slopes

    begin = np.append(np.full(number, 0.001), 1.0)
    begin[0] = 0.05
    bounds = [(0.0, None)] * number + [POWERS]
    found = minimize(loss, begin, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": MOST_STEPS}).x
    return found[:-1] / scales, float(found[-1])


def fit_regression(values: Array, right: Array, start: Array, ridge: float) -> Array:
    """Rows of features, answers (0, 1) and the logit that each row starts from -> weights, the constant last, by Newton's method; the constant is not penalised."""
    wide = np.concatenate([values, np.ones((len(values), 1))], axis=1)
    penalty = np.append(np.full(values.shape[1], ridge), 1e-6)
    weights = np.zeros(wide.shape[1])
    for _ in range(NEWTON_STEPS):
        chance = expit(wide @ weights + start)
        bend = (wide * (chance * (1 - chance))[:, None]).T @ wide + np.diag(penalty)
        step = np.linalg.solve(bend, wide.T @ (chance - right) + penalty * weights)
        weights -= step
        if np.abs(step).max() < SMALL_STEP:
            break
    return weights


# -- calibration -----------------------------------------------------------------------------------------------------------
def choose_calibration(logits: Array, right: Array) -> Calibration:
    """Logits and answers [dyad, day] that the model was not trained on -> the calibration with the least Brier score on dyads left out, fitted to all."""
    methods = {"none": lambda _x, _y: Calibration(), "platt": fit_platt, "isotonic": fit_isotonic}
    group = np.arange(len(logits)) % FOLDS
    loss = dict.fromkeys(methods, 0.0)
    for fold in range(FOLDS):
        out = group == fold
        for name, fit in methods.items():
            found = fit(logits[~out].reshape(-1), right[~out].reshape(-1))
            loss[name] += float(((apply_calibration(found, logits[out]) - right[out]) ** 2).sum())
    best = min(loss, key=lambda name: loss[name] * (1 if name == "none" else 1 + LEAST_GAIN))
    return methods[best](logits.reshape(-1), right.reshape(-1))


def fit_platt(logits: Array, right: Array) -> Calibration:
    """Logits and answers -> the line from logits to calibrated logits (Platt 1999), drawn to no change by a weak penalty."""
    weights = fit_regression(logits[:, None], right, logits, 1.0)
    return Calibration("platt", 1 + float(weights[0]), float(weights[1]))


def fit_isotonic(logits: Array, right: Array) -> Calibration:
    """Logits and answers -> the rising curve with the least squared error (pool adjacent violators), straight lines between the middles of its steps."""
    order = np.argsort(logits, kind="stable")
    blocks: list[list[float]] = []  # sum of answers, rows, sum of logits
    for x, y in zip(logits[order].tolist(), right[order].tolist(), strict=True):
        blocks.append([y, 1.0, x])
        while len(blocks) > 1 and blocks[-2][0] * blocks[-1][1] >= blocks[-1][0] * blocks[-2][1]:
            top = blocks.pop()
            blocks[-1] = [one + other for one, other in zip(blocks[-1], top, strict=True)]
    return Calibration("isotonic", xs=np.array([b[2] / b[1] for b in blocks]), ys=np.array([b[0] / b[1] for b in blocks]))


def apply_calibration(calibration: Calibration, logits: Array) -> Array:
    """Logits -> calibrated probabilities."""
    if calibration.method == "isotonic":
        curve: Array = np.clip(np.interp(logits, calibration.xs, calibration.ys), LEAST_PROBABILITY, 1 - LEAST_PROBABILITY)
        return curve
    return expit(calibration.intercept + calibration.slope * logits)
