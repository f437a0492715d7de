"""The forecast of two countries at a day: probabilities beside the baselines, both ways, what moved them, how good such forecasts were. Nothing after the day counts."""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
import numpy as np

from detente.forecasting.drivers import Cited, Driver, find_behind, group_moves, say_group
from detente.forecasting.dyad_baselines import CLIMATOLOGY, DYAD_CLIMATOLOGY, PERSISTENCE, RECENT, held_last
from detente.forecasting.dyad_features import RECENT_HALVES, Array, Columns, add_rates, make_columns, recent_rate
from detente.forecasting.dyad_model import explain, logit, predict
from detente.forecasting.dyad_states import COOLING, ONSET, States, ask, find_recent, is_too_short, make_state_columns, run_rates, tell_state, track_states
from detente.forecasting.dyad_targets import Target, parse_target
from detente.forecasting.dyad_training import Measured
from detente.forecasting.flat_events import KnownEvents
from detente.forecasting.intensity import find_usual, tell_intensity
from detente.forecasting.kept_models import Models, sum_intensity
from detente.forecasting.quads import Ints
from detente.forecasting.words import say_target

LEAST_EVENTS = 10
"""Events between the two, either way, below which nothing is forecast of them."""
ROUNDS = 5
"""So often horizons and rungs are ordered by turns: after two or three nothing moves by more than a hundredth of a percent."""
STATE_KINDS = (ONSET, COOLING)


class Outlook(msgspec.Struct, frozen=True, kw_only=True):
    """One question within one horizon. ``reason``: why there is no forecast (``too-few-days``, ``too-few-events``, ``crisis-is-on``, ``no-crisis``, ``low-rung``, ``ladder-is-slower``), else "".

    ``measured``: how such forecasts of the same model did on days that it had not seen, ``None`` if that could not be measured.
    """

    target: str
    horizon_days: int
    reason: str = ""
    probability: float | None = None
    baselines: Mapping[str, float] = {}
    calibration: str = ""
    measured: Measured | None = None
    drivers: Sequence[Driver] = ()


class IntensityOutlook(msgspec.Struct, frozen=True, kw_only=True):
    """The sum of PLOVER's intensity over a window: its ``mean``, and ``low`` to ``high``, into which four of five such windows fell; not known where no pair that the model learned from was as lively."""

    horizon_days: int
    reason: str = ""
    mean: float | None = None
    low: float | None = None
    high: float | None = None
    baselines: Mapping[str, float] = {}
    measured: Measured | None = None


class Direction(msgspec.Struct, frozen=True, kw_only=True):
    """What is forecast of the acts of ``source`` toward ``target``."""

    source: str
    target: str
    outlooks: Sequence[Outlook]
    intensity: Sequence[IntensityOutlook]


class View(msgspec.Struct, frozen=True, kw_only=True):
    """What is forecast for windows that begin with the day ``begins``. ``crisis``: whether one was on the day before, ``rung``: of the conflict then; ``states``: onset and de-escalation."""

    begins: datetime.date
    directions: Sequence[Direction]
    crisis: bool
    rung: int
    states: Sequence[Outlook]


class Question(NamedTuple):
    """What is asked of the models: targets, horizons in days, and whether what moved each is told."""

    targets: Sequence[Target]
    horizons: Sequence[int]
    explained: Sequence[Target]


class _Scene(NamedTuple):
    """What is known, of whom it is asked (numbers of the two countries, the other way second), the first day of the windows and the names by which drivers are told."""

    known: KnownEvents
    pairs: Ints
    day: int
    names: tuple[str, str]


def count_between(known: KnownEvents, a: str, b: str) -> int:
    """Events known, two countries -> how many are between them, either way."""
    events = known.events
    if a not in events.countries or b not in events.countries:
        return 0
    one, other = events.countries.index(a), events.countries.index(b)
    return int((((events.sources == one) & (events.targets == other)) | ((events.sources == other) & (events.targets == one))).sum())


def look_out(models: Models, known: KnownEvents, pair: tuple[str, str], begins: datetime.date, question: Question, names: tuple[str, str]) -> View:
    """Models, what is known (with a scenario's events, if any), two countries that had enough to do with each other, and the first day of the windows -> the view."""
    places = [known.events.countries.index(code) for code in pair]
    day = (begins - models.first).days
    scene = _Scene(known, np.array([places, places[::-1]], dtype=np.int64), day, names)
    columns = {target: make_columns(known.events, scene.pairs, target, day + 1, directed=True) for target in question.targets}
    asked = [_ask_target(models, scene, columns[target], target, horizon, target in question.explained) for target in question.targets for horizon in question.horizons]
    outlooks = [order_outlooks([both[row] for both in asked]) for row in (0, 1)]
    intensity = _ask_intensity(models, scene, question.horizons)
    sides = (pair, pair[::-1])
    directions = [Direction(source=one, target=other, outlooks=outlooks[row], intensity=intensity[row]) for row, (one, other) in enumerate(sides)]
    states = track_states(known.events, known.dead, scene.pairs[:1], day + 1)
    return View(
        begins=begins,
        directions=directions,
        crisis=bool(states.on[0, day]),
        rung=int(states.rung[0, day]),
        states=order_outlooks(_ask_states(models, scene, states, question.horizons), rising=(ONSET,)),
    )


def _ask_target(models: Models, scene: _Scene, columns: Columns, target: Target, horizon: int, explained: bool) -> list[Outlook]:
    """A target within a horizon, both ways."""
    trained = models.target(target, horizon)
    model, day = trained.model, scene.day
    if not trained.overall:
        return [Outlook(target=target.name, horizon_days=horizon, reason=trained.reason)] * 2
    overall = np.full(day + 1, trained.overall)
    features = add_rates(columns, horizon, overall)
    held, recent = held_last(features.counts, horizon), recent_rate(features.counts, horizon, overall, RECENT_HALVES[-1])
    told = None if model is None else predict(model, features, np.array([day]))
    return [
        Outlook(
            target=target.name,
            horizon_days=horizon,
            reason=trained.reason,
            probability=None if told is None else float(told[row, 0]),
            baselines={
                CLIMATOLOGY: trained.overall,
                DYAD_CLIMATOLOGY: float(features.rate[row, day]),
                PERSISTENCE: trained.shares[int(held[row, day])],
                RECENT: float(recent[row, day]),
            },
            calibration="" if model is None else model.calibration.method,
            measured=trained.measured,
            drivers=_find_drivers(scene, explain(model, features, row, day), features.names, target, row) if explained and model else [],
        )
        for row in (0, 1)
    ]


def order_outlooks(outlooks: Sequence[Outlook], rising: Sequence[str] | None = None) -> list[Outlook]:
    """Outlooks, each of a model of its own -> the same, those of longer windows nowhere less likely than those of shorter ones, and a rung or higher nowhere less likely than one above it: where they
    were, both have their mean.

    ``rising``: the targets of which the first holds; all, if not given.
    """
    told = {(one.target, one.horizon_days): one.probability for one in outlooks if one.probability is not None}
    targets = [target for target in dict.fromkeys(target for target, _ in told) if rising is None or target in rising]
    rungs = {target: parse_target(target).rung for target in targets if target.startswith("rung:")}
    longer = [sorted(key for key in told if key[0] == target) for target in targets]
    lower = [sorted((key for key in told if key[0] in rungs and key[1] == days), key=lambda key: -(rungs[key[0]] or 0)) for days in dict.fromkeys(days for _, days in told)]
    for _ in range(ROUNDS if rungs else 1):
        for chain in (*longer, *(lower if rungs else ())):
            told.update(zip(chain, _pool([told[key] for key in chain]), strict=True))
    for chain in longer if rungs else ():  # what the rounds left; it keeps the order of the rungs
        told.update(zip(chain, itertools.accumulate((told[key] for key in chain), max), strict=True))
    return [msgspec.structs.replace(one, probability=told.get((one.target, one.horizon_days))) for one in outlooks]


def _pool(values: Sequence[float]) -> list[float]:
    """Values -> the nearest that never fall: neighbours that do have their mean (isotonic regression)."""
    blocks: list[tuple[float, int]] = []
    for value in values:
        blocks.append((value, 1))
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            (one, size), (other, more) = blocks[-2:]
            blocks[-2:] = [((one * size + other * more) / (size + more), size + more)]
    return [value for value, size in blocks for _ in range(size)]


def _find_drivers(scene: _Scene, moved: Array, names: tuple[str, ...], target: Target, row: int) -> list[Driver]:
    events, pair = scene.known.events, scene.pairs[row]
    a, b = scene.names if row == 0 else scene.names[::-1]
    out = []
    for group, sum_ in group_moves(names, moved):
        behind = find_behind(scene.known, group, target, (int(pair[0]), int(pair[1])), scene.day)
        cited = tuple(
            Cited(
                str(int(scene.known.numbers[n])),
                datetime.date(1970, 1, 1) + datetime.timedelta(days=events.first + int(events.days[n])),
                events.countries[int(events.sources[n])],
                events.types[int(events.kinds[n])],
                events.countries[int(events.targets[n])],
            )
            for n in behind
        )
        out.append(Driver(kind=group.kind, side=group.side, words=say_group(group, say_target(target.name), a, b), moved=sum_, events=cited))
    return out


def _ask_intensity(models: Models, scene: _Scene, horizons: Sequence[int]) -> list[list[IntensityOutlook]]:
    """For both ways, the sum of intensity over each horizon."""
    daily = sum_intensity(scene.known, scene.pairs, scene.day + 1)
    out: list[list[IntensityOutlook]] = [[], []]
    for horizon in horizons:
        trained = models.intensity(horizon)
        for row in (0, 1):
            if trained["reason"]:
                out[row].append(IntensityOutlook(horizon_days=horizon, reason=trained["reason"]))
                continue
            mine = daily.take(np.array([row]))
            usual = find_usual(mine.forth, horizon, trained["pool"])
            mean, low, high = tell_intensity(trained["weights"], trained["spans"], mine, usual, horizon)
            baselines = {
                CLIMATOLOGY: float(usual.all[-1]),
                DYAD_CLIMATOLOGY: float(usual.mean[0, -1]),
                PERSISTENCE: float(usual.last[0, -1]),
                RECENT: float(usual.recent[0, -1]),
            }
            out[row].append(IntensityOutlook(horizon_days=horizon, mean=mean, low=low, high=high, baselines=baselines, measured=trained["measured"]))
    return out


def _ask_states(models: Models, scene: _Scene, states: States, horizons: Sequence[int]) -> list[Outlook]:
    columns = make_state_columns(scene.known.events, scene.pairs[:1], scene.day + 1, states)
    high = columns.counts > 0
    values = np.array([[column[0, scene.day] for column in columns.values.values()]])
    out = []
    for kind in STATE_KINDS:
        for horizon in horizons:
            asked = ask(states, kind, horizon, high)
            trained: dict[str, Any] = {"reason": "ladder-is-slower"} if is_too_short(kind, horizon) else models.state(kind, horizon)
            reason = trained["reason"]
            if not asked.open[0, scene.day]:
                reason = "crisis-is-on" if kind == ONSET else "no-crisis" if not states.on[0, scene.day] else "low-rung"
            if reason:
                out.append(Outlook(target=kind, horizon_days=horizon, reason=reason))
                continue
            overall = np.full(scene.day + 1, trained["overall"])
            rate = run_rates(asked, horizon, overall)[1]
            baselines = {
                CLIMATOLOGY: float(trained["overall"]),
                DYAD_CLIMATOLOGY: float(rate[0, scene.day]),
                PERSISTENCE: float(trained["shares"][int(asked.held[0, scene.day])]),
                RECENT: float(find_recent(asked, horizon, overall)[0, scene.day]),
            }
            told = tell_state(trained, values, logit(rate[0, [scene.day]]))
            out.append(Outlook(target=kind, horizon_days=horizon, probability=float(told[0]), baselines=baselines, measured=trained["measured"]))
    return out
