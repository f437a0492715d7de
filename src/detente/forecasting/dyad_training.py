"""The models of dyad forecasts as they are kept: trained on what was known before the first of a month, each measured on the last part of its own days."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import numpy as np

from detente.forecasting.dyad_baselines import CLIMATOLOGY, PERSISTENCE, RUNNING, held_last, make_baselines
from detente.forecasting.dyad_events import DyadEvents, choose_dyads
from detente.forecasting.dyad_features import Columns, Features, add_rates
from detente.forecasting.dyad_model import DyadModel, DyadSettings, predict, train_model
from detente.forecasting.dyad_targets import Bools, answer
from detente.forecasting.quads import Ints

if TYPE_CHECKING:
    from detente.forecasting.evaluation import Interval

HISTORY_DAYS = 1096
"""Days before the model's own that it learns from: three years. Older ones tell of other governments, and would cost time."""
MOST_DYADS = 400
"""The most active dyads, which a model is trained on, here and in the backtest. More teach it less of what moves the busy ones, fewer leave it to their chance."""
TESTED_DYADS = 200
"""Of them the most active, which the model is measured on; a backtest scores as many."""
MOST_ROWS = 40_000
"""Dyads times days that a model learns from at most: of more, each second, third ... day is taken. Set for the time that training takes (docs/forecasts.md)."""
TESTED_SHARE = 0.25
"""The last part of the days with an answer, on which a model trained before them is measured."""
LEAST_DAYS = 30
"""Days with an answer, after the first that only fill the counts, that a model is trained on at least."""
LEAST_HITS = 20
"""Windows that do not overlap and hold the target, over all dyads, that a model is trained on at least; as many that do not."""


class Skill(NamedTuple):
    """Brier skill, or that of squared errors, over a baseline, and the ends of its interval of 95%."""

    value: float
    low: float
    high: float


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """How the same model, trained on days before ``first_day`` (of windows), did on those up to ``last_day``. ``skill``: over each baseline, with its interval of 95%.

    ``came``: the share that came true; of a regression there is none, and no calibration error either.
    """

    forecasts: int
    first_day: datetime.date
    last_day: datetime.date
    came: float | None = None
    calibration_error: float | None = None
    skill: Mapping[str, Skill] = {}


class Trained(NamedTuple):
    """A model with how it did, or the ``reason`` why there is none (``too-few-days``, ``too-few-events``): a model that could not be measured is none.

    ``overall``: the rate over all dyads at the model's day; ``shares``: how often a window without the target was followed by one with it, and how often one with it.
    """

    reason: str
    model: DyadModel | None = None
    measured: Measured | None = None
    overall: float = 0.0
    shares: tuple[float, float] = (0.0, 0.0)


def take_skill(found: Interval) -> Skill:
    """An interval of a backtest -> the record that is kept; theirs comes with all that ranking needs."""
    return Skill(found.value, found.low, found.high)


def find_model_day(at: datetime.date) -> datetime.date:
    """The last day that counts -> the day before which a model learns: the first of its month, so that the forecasts of a month share a model."""
    return at.replace(day=1)


def choose_model_dyads(events: DyadEvents, score: int, *, directed: bool, most: int = MOST_DYADS) -> Ints:
    """Events known before the model's day -> the dyads that it is trained on [dyad, (source, target)], the most active first."""
    return choose_dyads(events, score, most, directed=directed)


def find_stride(dyads: int, days: int, most: int = MOST_ROWS) -> int:
    """Dyads and days -> each so many-th day is learned from; never each seventh, which would be one day of the week."""
    stride = max(1, -(-dyads * days // most))
    return stride + (stride % 7 == 0)


def train_target(columns: Columns, horizon: int, score: int, first: datetime.date, settings: DyadSettings | None = None) -> Trained:
    """Columns of the model's dyads on the days 0 to its own, ``score``, and a horizon -> the model, measured. ``first``: the date of day 0."""
    settings = settings or DyadSettings()
    settings = settings._replace(stride=find_stride(len(columns.counts), score))
    if score - horizon - settings.warm_days < LEAST_DAYS + horizon:
        return Trained("too-few-days")
    hits = answer(columns.counts[:, :score], horizon)
    features = add_rates(columns, horizon)
    usual = _summarise(features, horizon, score)
    start = find_test_start(score, horizon, settings.warm_days)
    if start - horizon - settings.warm_days < LEAST_DAYS + horizon:
        return Trained("too-few-days", None, None, *usual)
    if not are_enough(hits[:, settings.warm_days : start - horizon + 1], horizon):
        return Trained("too-few-events", None, None, *usual)
    model = train_model(features, horizon, score, settings)
    return Trained("", model, _measure(features, horizon, score, first, settings), *usual)


def _summarise(features: Features, horizon: int, score: int) -> tuple[float, tuple[float, float]]:
    """Features up to the model's day -> what baselines need to know of all dyads."""
    told, held = make_baselines(features, horizon, score), held_last(features.counts, horizon)
    overall = float(told[CLIMATOLOGY][0, score])
    after = [told[PERSISTENCE][held == state] for state in (0, 1)]
    return overall, (float(after[0][0]) if len(after[0]) else overall, float(after[1][0]) if len(after[1]) else overall)


def are_enough(answers: Bools, horizon: int, asked: Bools | None = None) -> bool:
    """Answers of windows [dyad, day], and which of them count -> whether enough are yes and enough are no; windows that overlap tell of the same events, and count once."""
    apart = answers[:, ::horizon]
    counted = np.ones_like(apart) if asked is None else asked[:, ::horizon]
    return int((apart & counted).sum()) >= LEAST_HITS and int((~apart & counted).sum()) >= LEAST_HITS


def find_test_start(score: int, horizon: int, warm: int) -> int:
    """The model's day, a horizon and the days left out at the start -> the first day that the model is measured on."""
    last = score - horizon + 1
    return last - max(1, int((last - warm) * TESTED_SHARE))


def _measure(features: Features, horizon: int, score: int, first: datetime.date, settings: DyadSettings) -> Measured:
    from detente.forecasting.dyad_scores import find_skill, score_probabilities

    start = find_test_start(score, horizon, settings.warm_days)
    days = np.arange(start, score - horizon + 1)
    model, features = train_model(features, horizon, start, settings), features.take(TESTED_DYADS)
    told = predict(model, features, days)
    right = answer(features.counts[:, :score], horizon)[:, days].astype(float)
    baselines = {name: values[:, days] for name, values in make_baselines(features, horizon, start).items() if name != RUNNING}
    return Measured(
        forecasts=right.size,
        first_day=first + datetime.timedelta(days=start),
        last_day=first + datetime.timedelta(days=int(days[-1])),
        came=float(right.mean()),
        calibration_error=score_probabilities(told, right).calibration_error,
        skill={name: take_skill(find_skill(told, values, right)) for name, values in baselines.items()},
    )
