"""The forecast of one dyad at a day: probabilities beside the baselines, and what moved them. Nothing after the day counts, neither for the forecast nor for the model."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence

import msgspec
import numpy as np

from detente.errors import InputError
from detente.forecasting.backtest_dyads import LEAST_DAYS, LEAST_HITS
from detente.forecasting.dyad_baselines import RUNNING, make_baselines
from detente.forecasting.dyad_events import DyadEvents, choose_dyads
from detente.forecasting.dyad_features import make_features
from detente.forecasting.dyad_model import DyadSettings, explain, predict, train_model
from detente.forecasting.dyad_targets import Target, answer
from detente.forecasting.quads import Ints

LEAST_EVENTS = 10
"""Events between the two, either way, below which nothing is forecast of them."""
DRIVERS = 5
"""Features that are told, those that moved the logit most."""
MOST_DYADS = 200
"""The most active dyads up to the day, which the model is trained on beside the one that is asked."""


class Driver(msgspec.Struct, frozen=True):
    """A feature, and how far it moved the logarithm of the odds, from those of the dyad's own rate."""

    feature: str
    moved: float


class Outlook(msgspec.Struct, frozen=True):
    """One target within one horizon. ``reason``: why there is no forecast (``too-few-days``, ``too-few-events``), else "".

    ``baselines``: at the day of a forecast the running climatology is the dyad climatology, and is left out.
    """

    target: str
    horizon_days: int
    reason: str = ""
    probability: float | None = None
    baselines: Mapping[str, float] = {}
    calibration: str = ""
    drivers: Sequence[Driver] = ()


class DyadForecast(msgspec.Struct, frozen=True):
    """What is forecast of ``a`` toward ``b`` for the days after ``at``; ``events``: between the two up to then, either way."""

    a: str
    b: str
    at: datetime.date
    events: int
    outlooks: Sequence[Outlook]


def forecast_dyad(events: DyadEvents, a: str, b: str, at: datetime.date, targets: Sequence[tuple[Target, int]], settings: DyadSettings | None = None) -> DyadForecast:
    """Events with dates, two countries by their codes, a day, targets with their horizons in days -> the forecast for windows that begin the day after.

    Raises ``InputError`` for a country that has no event.
    """
    pair = [_find(events, code) for code in (a, b)]
    if pair[0] == pair[1]:
        raise InputError(f"the dyad: found {a} twice; expected two countries")
    day = (at - datetime.date(1970, 1, 1)).days - events.first + 1
    past = events.take(events.days < day)
    between = int((((past.sources == pair[0]) & (past.targets == pair[1])) | ((past.sources == pair[1]) & (past.targets == pair[0]))).sum())
    chosen = choose_dyads(past, day, MOST_DYADS, directed=True)
    dyads = np.concatenate([np.array([pair]), chosen[(chosen != pair).any(axis=1)]])
    outlooks = [
        Outlook(target.name, horizon, "too-few-events") if between < LEAST_EVENTS else _look_out(past, dyads, day, target, horizon, settings or DyadSettings())
        for target, horizon in targets
    ]
    return DyadForecast(events.countries[pair[0]], events.countries[pair[1]], at, between, outlooks)


def _find(events: DyadEvents, code: str) -> int:
    if code.upper() not in events.countries:
        raise InputError(f"the dyad: found {code!r}; expected the code of a country that has events, such as {', '.join(events.countries[:3])}")
    return events.countries.index(code.upper())


def _look_out(past: DyadEvents, dyads: Ints, day: int, target: Target, horizon: int, settings: DyadSettings) -> Outlook:
    """The first of the dyads is asked."""
    if day - horizon - settings.warm_days < LEAST_DAYS + horizon:
        return Outlook(target.name, horizon, "too-few-days")
    features = make_features(past, dyads, target, horizon, day + 1, directed=True)
    if answer(features.counts[:, :day], horizon)[:, settings.warm_days :].sum() < LEAST_HITS:
        return Outlook(target.name, horizon, "too-few-events")
    model = train_model(features, horizon, day, settings)
    moved = explain(model, features, 0, day)
    return Outlook(
        target.name, horizon, "", float(predict(model, features, np.array([day]))[0, 0]),
        {name: float(values[0, day]) for name, values in make_baselines(features, horizon, day).items() if name != RUNNING}, model.calibration.method,
        [Driver(features.names[n], float(moved[n])) for n in np.argsort(-np.abs(moved), kind="stable")[:DRIVERS]],
    )  # fmt: skip
