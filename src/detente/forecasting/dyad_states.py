"""Does a crisis break out between two, and does one that is on cool down? Probabilities of these, of either side's acts, with the baselines beside.

A crisis is on, as in ``analysis.episodes``, while hostile acts (rung 2 or higher) follow each other with gaps of 30 days at most and one of them was on rung 4 or higher.
*Onset*: none is on, and one is within the window. *De-escalation*: one is on, the two stand on rung 2 or higher, and on the last day of the window two rungs lower, or more.
"""

from __future__ import annotations

import datetime
from typing import NamedTuple

import numpy as np

from detente.analysis.episodes import CRISIS_RUNG, GAP_DAYS, HOSTILE_RUNG
from detente.forecasting.dyad_baselines import CLIMATOLOGY, DYAD_CLIMATOLOGY, PERSISTENCE, RECENT
from detente.forecasting.dyad_events import DyadEvents
from detente.forecasting.dyad_features import PRIOR_WINDOWS, RECENT_HALVES, RECENT_PRIOR, Array, Columns, fade, make_columns
from detente.forecasting.dyad_model import expit, fit_regression, logit
from detente.forecasting.dyad_targets import Bools, Target, count_by_day
from detente.forecasting.dyad_training import LEAST_DAYS, Measured, are_enough, find_stride, find_test_start, take_skill
from detente.forecasting.quads import Ints

ONSET, COOLING = "onset", "de-escalation"
FALL = 2
"""Rungs that the two must stand lower for it to be a de-escalation."""
RISING = Target(f"rung:{CRISIS_RUNG}", rung=CRISIS_RUNG)
RIDGE = 300.0
"""Penalty on the weights of the regression, features in standard deviations."""
WARM_DAYS = 45
MOST_ROWS = 30_000
"""Dyads times days that are learned from at most."""


class States(NamedTuple):
    """Of undirected dyads by day: ``on``, whether a crisis was on when the day before ended, and ``rung`` of their conflict then [dyad, day], one day more than there are events for."""

    on: Bools
    rung: Ints


class Asked(NamedTuple):
    """A question by day: could it be asked (``open``), was it answered yes (``came``), did the days before look like yes (``held``) [dyad, day]; the last ``horizon`` days have no answer yet."""

    open: Bools
    came: Bools
    held: Bools


def track_states(events: DyadEvents, dead: Ints, dyads: Ints, days: int) -> States:
    """Events, their tolls and undirected dyads -> their states on the days 0 to ``days``."""
    hostile = count_by_day(events, dyads, days, events.rungs >= HOSTILE_RUNG, directed=False) > 0
    high = count_by_day(events, dyads, days, events.rungs >= CRISIS_RUNG, directed=False) > 0
    on = np.zeros((len(dyads), days + 1), dtype=bool)
    last, reached = np.full(len(dyads), -(10**6)), np.zeros(len(dyads), dtype=bool)
    for day in range(days):
        struck = hostile[:, day]
        reached &= ~struck | (day - last <= GAP_DAYS)
        reached |= high[:, day]
        last = np.where(struck, day, last)
        on[:, day + 1] = reached & (day - last <= GAP_DAYS)
    return States(on, np.stack([_track_rung(events, dead, pair, days) for pair in dyads]) if len(dyads) else np.zeros((0, days + 1), dtype=np.int64))


def _track_rung(events: DyadEvents, dead: Ints, pair: Ints, days: int) -> Ints:
    import polars as pl

    from detente.analysis.ladder import rate_conflict
    from detente.codebook.ladder import load_ladder

    mine = ((events.sources == pair[0]) & (events.targets == pair[1])) | ((events.sources == pair[1]) & (events.targets == pair[0]))
    where = np.flatnonzero(mine & (events.days < days))
    epoch = datetime.date(1970, 1, 1)
    toll = pl.Series(dead[where], dtype=pl.Int64)
    frame = pl.DataFrame({"day": pl.Series(events.days[where], dtype=pl.Int32).cast(pl.Date), "rung": events.rungs[where], "dead": toll}).with_columns(
        dead=pl.when(pl.col("dead") >= 0).then(pl.col("dead"))
    )
    out = np.zeros(days + 1, dtype=np.int64)
    out[1:] = rate_conflict(frame, epoch, days, load_ladder())
    return out


def is_too_short(kind: str, horizon: int) -> bool:
    """Whether the ladder cannot answer yes within so many days: what an act holds up sinks by a rung in so many days, and so does the highest of all that is held up. Nothing is to be learned then."""
    from detente.codebook.ladder import load_ladder

    return kind == COOLING and -(-horizon // load_ladder().decay.step_days) < FALL


def ask(states: States, kind: str, horizon: int, high: Bools) -> Asked:
    """States, a question and its horizon -> by day whether it could be asked, and the answer. ``high``: days with an act that makes a crisis [dyad, day]."""
    days = states.on.shape[1] - 1
    now = states.rung[:, :days]
    if kind == ONSET:
        open_, sums = ~states.on[:, :days], np.concatenate([np.zeros((len(high), 1)), np.cumsum(high, axis=1)], axis=1)
        came = sums[:, horizon:] > sums[:, :-horizon]
        held = _had_hostile(states, days)
    else:
        open_ = states.on[:, :days] & (now >= FALL)
        came = states.rung[:, horizon:] <= states.rung[:, : days - horizon + 1] - FALL
        earlier = np.concatenate([np.zeros((len(now), min(horizon, days)), dtype=now.dtype), now[:, : max(days - horizon, 0)]], axis=1)
        held = now < earlier
    return Asked(open_, came, held)


def _had_hostile(states: States, days: int) -> Bools:
    """Whether some conflict was left on the ladder: the threat or complaint before the crisis."""
    held: Bools = states.rung[:, :days] >= 1
    return held


def run_rates(asked: Asked, horizon: int, overall: Array | None = None) -> tuple[Array, Array]:
    """A question -> for each day the share of the windows over before it that came, over all dyads [day] and by dyad drawn to it [dyad, day]. ``overall``: the first over others."""
    size, width = asked.open.shape[1], asked.came.shape[1]
    hits, number = np.zeros((2, len(asked.open), size + 1))
    hits[:, horizon : horizon + width] = asked.open[:, :width] & asked.came
    number[:, horizon : horizon + width] = asked.open[:, :width]
    hits, number = np.cumsum(hits, axis=1)[:, :size], np.cumsum(number, axis=1)[:, :size]
    if overall is None:
        overall = (hits.sum(axis=0) + 1) / (number.sum(axis=0) + 20)
    return overall, (hits + PRIOR_WINDOWS * overall) / (number + PRIOR_WINDOWS)


def find_shares(asked: Asked, horizon: int, until: int) -> tuple[float, float]:
    """A question and a day -> the share of the windows over before it that came, of those after days that did not look like it, and of those that did."""
    number = max(until - horizon + 1, 0)
    open_, came, held = asked.open[:, :number], asked.came[:, :number], asked.held[:, :number]
    overall = (came & open_).sum() / max(open_.sum(), 1)
    alike = [open_ & (held == state) for state in (False, True)]
    first, second = ((float((came & one).sum()) + overall) / (float(one.sum()) + 1) for one in alike)
    return float(first), float(second)


def find_recent(asked: Asked, horizon: int, overall: Array) -> Array:
    """A question and the rate over all [day] -> the dyad's share of late of the windows over before each day, drawn to that of all [dyad, day]."""
    size, width = asked.open.shape[1], min(asked.came.shape[1], asked.open.shape[1] - horizon + 1)
    hits, number = np.zeros((2, len(asked.open), size))
    if width > 0:
        hits[:, horizon - 1 : horizon - 1 + width] = asked.open[:, :width] & asked.came[:, :width]
        number[:, horizon - 1 : horizon - 1 + width] = asked.open[:, :width]
    rate: Array = (fade(hits, RECENT_HALVES[-1]) + RECENT_PRIOR * overall) / (fade(number, RECENT_HALVES[-1]) + RECENT_PRIOR)
    return rate


def make_state_columns(events: DyadEvents, dyads: Ints, days: int, states: States) -> Columns:
    """The features of a forecast of states: those of acts on rung 4 or higher, of either side, and the rung."""
    columns = make_columns(events, dyads, RISING, days, directed=False)
    return columns._replace(values=columns.values | {"rung": states.rung[:, :days].astype(float), "rung, squared": states.rung[:, :days].astype(float) ** 2})


def train_state(columns: Columns, states: States, kind: str, horizon: int, score: int, first: datetime.date) -> dict[str, object]:
    """Columns and states up to the model's day -> ``reason``, and if that is empty ``weights``, ``means``, ``scales``, ``measured``, and of all dyads the rate ``overall`` and ``shares``."""
    start = find_test_start(score, horizon, WARM_DAYS)
    if start - horizon - WARM_DAYS < LEAST_DAYS + horizon:
        return {"reason": "too-few-days"}
    high = columns.counts[:, :score] > 0
    asked = ask(States(states.on[:, : score + 1], states.rung[:, : score + 1]), kind, horizon, high)
    stride = find_stride(len(high), score, MOST_ROWS)
    rate = run_rates(asked, horizon)[1]
    if not are_enough(asked.came[:, WARM_DAYS : start - horizon + 1], horizon, asked.open[:, WARM_DAYS : start - horizon + 1]):
        return {"reason": "too-few-events"}
    before = _fit(*_rows(columns, asked, rate, np.arange(WARM_DAYS, start - horizon + 1, stride)))
    full = _fit(*_rows(columns, asked, rate, np.arange(WARM_DAYS, score - horizon + 1, stride)))
    pool = {"overall": float(run_rates(asked, horizon)[0][-1]), "shares": list(find_shares(asked, horizon, score))}
    return {"reason": "", **full, **pool, "measured": _measure(columns, asked, rate, before, horizon, start, first)}


def _rows(columns: Columns, asked: Asked, rate: Array, days: Ints) -> tuple[Array, Array, Array]:
    """The rows of the days in which the question could be asked: features, answers, where each starts from."""
    open_ = asked.open[:, days]
    values = np.stack([column[:, days][open_] for column in columns.values.values()], axis=-1)
    return values, asked.came[:, days][open_].astype(float), logit(rate[:, days][open_])


def _fit(values: Array, right: Array, start: Array) -> dict[str, Array]:
    means, scales = values.mean(axis=0), values.std(axis=0) + 1e-6
    return {"weights": fit_regression((values - means) / scales, right, start, RIDGE), "means": means, "scales": scales}


def tell_state(model: dict[str, Array], values: Array, start: Array) -> Array:
    """A model, features [row, feature] and where each row starts from, in logits -> probabilities."""
    return expit(start + (values - model["means"]) / model["scales"] @ model["weights"][:-1] + model["weights"][-1])


def _measure(columns: Columns, asked: Asked, rate: Array, model: dict[str, Array], horizon: int, start: int, first: datetime.date) -> Measured | None:
    from detente.forecasting.dyad_scores import find_skill, score_probabilities

    days = np.arange(start, asked.came.shape[1])
    values, right, begin = _rows(columns, asked, rate, days)
    if not len(right):
        return None
    told, open_ = tell_state(model, values, begin), asked.open[:, days]
    overall = run_rates(asked, horizon)[0]
    shares = find_shares(asked, horizon, start)
    baselines = {
        CLIMATOLOGY: np.broadcast_to(overall[start], open_.shape),
        DYAD_CLIMATOLOGY: np.broadcast_to(rate[:, [start]], open_.shape),
        PERSISTENCE: np.where(asked.held[:, days], shares[1], shares[0]),
        RECENT: find_recent(asked, horizon, overall)[:, days],
    }
    return Measured(
        forecasts=len(right),
        first_day=first + datetime.timedelta(days=start),
        last_day=first + datetime.timedelta(days=int(days[-1])),
        came=float(right.mean()),
        calibration_error=score_probabilities(told[:, None], right[:, None]).calibration_error,
        skill={name: take_skill(find_skill(_spread(open_, told), _spread(open_, baseline[open_]), _spread(open_, right))) for name, baseline in baselines.items()},
    )


def _spread(open_: Bools, values: Array) -> Array:
    """What is told of the open places alone -> [dyad, day] with zeros elsewhere, which add nothing to a sum of errors."""
    out = np.zeros(open_.shape)
    out[open_] = values
    return out
