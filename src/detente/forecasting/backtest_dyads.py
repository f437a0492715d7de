"""Backtest of dyad forecasts: on each day of the scored part, how likely is the target within so many days, for the dyads that were most active before it.

Rolling origin: each day is forecast with all days before it as history. Dyads are chosen and the model is trained on days before the first scored one, from
windows that were over by then. A window that runs beyond the last day is not scored.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence

import msgspec
import numpy as np

from detente.errors import InputError
from detente.forecasting.dyad_baselines import make_baselines
from detente.forecasting.dyad_chance import Chance, draw_scores
from detente.forecasting.dyad_events import DyadEvents, choose_dyads
from detente.forecasting.dyad_features import make_features
from detente.forecasting.dyad_model import DyadSettings, predict, train_model
from detente.forecasting.dyad_scores import DyadScores, find_skill, summarise
from detente.forecasting.dyad_targets import Target, answer
from detente.forecasting.dyad_training import MOST_DYADS, TESTED_DYADS
from detente.forecasting.evaluation import Interval
from detente.forecasting.quads import Ints
from detente.forecasting.resampling import draw_blocks

MODEL = "model"
LEAST_DAYS = 30
"""Days with an answer, after the first that only fill the counts, that a model is trained on at least."""
LEAST_HITS = 20
"""Answers that must be yes, of the days to train on, for a model to be trained."""
Say = Callable[[str], None]


class TargetBacktest(msgspec.Struct, frozen=True):
    """One target within one horizon. ``reason``: why there are no figures (``too-few-days``, ``too-few-events``), else "". ``skill``: of the model over each baseline.

    ``forecasts``: dyads times days; ``base_rate``: the share that came true. ``calibration``: the method that was taken. ``if_held``: the model's scores if every forecast held, by chance alone.
    """

    target: str
    horizon_days: int
    reason: str = ""
    forecasts: int = 0
    first_day: int | datetime.date = 0
    last_day: int | datetime.date = 0
    base_rate: float = 0.0
    train_rate: float = 0.0
    calibration: str = ""
    scores: Mapping[str, DyadScores] = {}
    skill: Mapping[str, Interval] = {}
    if_held: Chance | None = None


class DyadBacktest(msgspec.Struct, frozen=True):
    """What a backtest found. ``dyads``: the countries of each; ``directed``: events of the first toward the second only.

    ``events``: between countries and within them, before ``score_day``, the first scored; ``end_day`` is the last whose events are known. Days are dates, or numbers in a benchmark.
    """

    dyads: Sequence[str]
    directed: bool
    events: int
    score_day: int | datetime.date
    end_day: int | datetime.date
    targets: Sequence[TargetBacktest]


def backtest_dyads(
    events: DyadEvents,
    score: int,
    targets: Sequence[tuple[Target, int]],
    *,
    end: int | None = None,
    most: int = TESTED_DYADS,
    directed: bool = True,
    settings: DyadSettings | None = None,
    say: Say | None = None,
) -> DyadBacktest:
    """Events, the first scored day, and targets with their horizons in days -> the scores. ``end``: the day after the last whose events are known; the last event's if not given.

    Days count from 0 here, the day of the first event.

    Raises ``InputError`` if no dyad has events before the scored part.
    """
    settings = settings or DyadSettings()
    stop = int(events.days.max(initial=-1)) + 1 if end is None else end
    trained = choose_dyads(events, score, max(most, MOST_DYADS), directed=directed)
    dyads = trained[:most]
    if not len(dyads):
        raise InputError("the events before the scored part: found none between two countries; expected some")
    found = []
    for target, horizon in targets:
        if say:
            say(f"{target.name} within {horizon} day{'s' if horizon > 1 else ''}: {len(dyads)} dyads")
        found.append(_backtest(events.take(events.days < stop), trained, most, target, horizon, score, stop, directed, settings))
    arrow = " > " if directed else " - "
    names = [arrow.join((events.countries[a], events.countries[b])) for a, b in dyads.tolist()]
    return DyadBacktest(names, directed, int((events.days < score).sum()), events.name_day(score), events.name_day(stop - 1), found)


def _backtest(events: DyadEvents, trained: Ints, most: int, target: Target, horizon: int, score: int, stop: int, directed: bool, settings: DyadSettings) -> TargetBacktest:
    days = np.arange(score, stop - horizon + 1)
    if not len(days) or score - horizon - settings.warm_days < LEAST_DAYS + horizon:
        return TargetBacktest(target.name, horizon, "too-few-days")
    learned = make_features(events, trained, target, horizon, stop, directed=directed)
    features = learned.take(most)
    past = answer(features.counts[:, :score], horizon)
    if past[:, settings.warm_days :].sum() < LEAST_HITS:
        return TargetBacktest(target.name, horizon, "too-few-events")
    model = train_model(learned, horizon, score, settings)
    right = answer(features.counts, horizon)[:, days].astype(float)
    told, baselines = predict(model, features, days), {name: values[:, days] for name, values in make_baselines(features, horizon, score).items()}
    draws = draw_blocks(*right.shape)
    return TargetBacktest(
        target.name, horizon, "", right.size, events.name_day(score), events.name_day(int(days[-1])), float(right.mean()), float(past.mean()), model.calibration.method,
        summarise({MODEL: told, **baselines}, right, draws), {name: find_skill(told, values, right, draws) for name, values in baselines.items()},
        draw_scores(told, baselines, horizon),
    )  # fmt: skip
