"""Event forecasts at a day: at whom an actor's act of a type will be directed, and which type of act comes next from one party toward another.

Each has a probability that adds up to 1 over all answers: it says whom, or what, if there is such an act, not whether there is one (that is what dyad forecasts say).
Nothing after the day counts: not for the counts, which are those of the day, nor for the model, which learned from what was known before the first of its month.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from detente.errors import InputError
from detente.forecasting.backtest_quads import Run, ask_past, plan_days
from detente.forecasting.backtest_types import MIXTURE, RANKER, share_types
from detente.forecasting.baselines import recurrency_scores
from detente.forecasting.counts import NEVER, TRIPLE, Counts, code_keys, find_rows
from detente.forecasting.dyad_training import find_model_day
from detente.forecasting.evaluation import Queries
from detente.forecasting.flat_events import take_origins
from detente.forecasting.keeping import Say
from detente.forecasting.kept_events import load_flat
from detente.forecasting.quads import Ints, Quads, add_mirrors
from detente.forecasting.rank_models import TARGET_SETTINGS, RankModel, move_lessons
from detente.forecasting.ranking_features import fill_state
from detente.forecasting.ranking_model import start_scores
from detente.forecasting.store_quads import EPOCH, StoreQuads, find_quads
from detente.forecasting.trees import score_trees
from detente.forecasting.type_ranking import PairQueries, fill_type_state, recurrency_of_types
from detente.store.schema import Store

HISTORY_DAYS = 730
"""Days up to the day asked for that count, and before the model's day that it learns from: the slowest of the counts halves in 120 days."""


class RankedAnswer(msgspec.Struct, frozen=True):
    """An answer. ``probability``: of all answers; ``recurrency_place``: where the baseline has it, from 1, ``None`` if it never happened; ``events``: so often in the
    days that count, ``last``: the latest day."""

    name: str
    probability: float
    recurrency_place: int | None
    events: int
    last: datetime.date | None


class EventForecast(msgspec.Struct, frozen=True):
    """``question``: target, of what ``actor`` does by way of ``event_type``; or type, of what ``actor`` does to ``toward``. ``method``: ranker, or counts where there is too little to
    train on; ``model_day``: what was known before it taught the model. ``events``: between parties, that count; ``own_events``: of them those of the actor (with that type, or toward that party). ``reason``: why nothing is ranked, else ""."""

    question: str
    actor: str
    event_type: str
    toward: str
    at: datetime.date
    method: str
    model_day: datetime.date
    events: int
    own_events: int
    reason: str
    answers: Sequence[RankedAnswer] = ()


class Past(NamedTuple):
    """Events of a store for forecasts ``at`` a day: ``now``, those that count then, and ``before``, those that the model of its month learns from."""

    at: datetime.date
    now: StoreQuads
    before: StoreQuads


def find_past(store: Store, at: datetime.date, cache: Path, *, told_later: bool = False, origins: Sequence[str] = (), say: Say | None = None) -> Past:
    """A store, a day and the cache folder -> the events that count. ``told_later``: also those that happened by the day and were told of after it. ``origins``: only events that these coded.

    Raises ``InputError`` for an origin of no event, and if there are no events between two parties.
    """
    flat = take_origins(load_flat(store, cache, say), origins)
    known = max(at, EPOCH + datetime.timedelta(days=int(flat.told.max(initial=0)))) if told_later else at
    model_day = find_model_day(at)
    now, before = (find_quads(flat, store, know, _back(last, HISTORY_DAYS - 1), last) for know, last in ((known, at), (_back(model_day, 1), _back(model_day, 1))))
    if not now.quads.events:
        raise InputError(f"the store: found no events between two parties in the {HISTORY_DAYS} days up to {at}; expected some")
    return Past(at, now, before)


def _back(day: datetime.date, days: int) -> datetime.date:
    return datetime.date.fromordinal(max(day.toordinal() - days, 1))


def rank_targets(found: StoreQuads, actor: str, event_type: str, at: datetime.date, model: RankModel) -> EventForecast:
    """Events of a store, a party's key, a type, a day and its model -> whom such an act will be directed at from the day after on, likeliest first.

    Raises ``InputError`` for a party without events and for another type.
    """
    subject, kind = _find_party(found, actor), find_type(found, event_type)
    past, day = _take_past(found, at)
    own = int(((past.subjects == subject) & (past.relations == kind)).sum())
    made = EventForecast("target", found.parties[subject], found.types[kind], "", at, MIXTURE, model.day, past.events, own, "")
    if not (past.subjects == subject).any():
        return msgspec.structs.replace(made, reason="no-acts")
    queries = Queries(day, np.array([subject]), np.array([kind]), np.zeros(0, np.int64), np.zeros(0, np.int64))
    counts, chosen, shares = share_targets(found, past, queries, model)
    places = _places(recurrency_scores(counts, queries, model.recurrency)[0])
    rows = [(int(entity), float(share)) for entity, share in zip(chosen[0], shares[0], strict=True) if share > 0]
    answers = [_answer(found, counts, entity, found.parties[entity], share, places, (subject, kind, entity)) for entity, share in rows]
    return msgspec.structs.replace(made, method=MIXTURE if model.trees is None else RANKER, answers=_sorted(answers))


class TargetShares(NamedTuple):
    """The ``counts`` up to the day, candidates [query, candidate], and the share that each has in whom the act is directed at, each row with the sum 1."""

    counts: Counts
    chosen: Ints
    shares: npt.NDArray[np.float64]


def share_targets(found: StoreQuads, past: Quads, queries: Queries, model: RankModel) -> TargetShares:
    """Events of a store, those of them that count, queries of the day after them, and the model -> what they are answered with; nobody acts on itself."""
    state = fill_state(add_mirrors(past, found.attributes.relations), found.attributes, queries, move_lessons(model, found.parties))
    asked = ask_past(Run(state, plan_days(0, queries.day, queries.day, 0), TARGET_SETTINGS), queries, model.weights)
    raw = start_scores(asked.mixed, asked.chosen).astype(np.float64)
    if model.trees is not None:
        raw += score_trees(model.trees, asked.features.reshape(-1, asked.features.shape[2])).reshape(raw.shape)
    raw[(np.take_along_axis(asked.mixed, asked.chosen, axis=1) <= 0) | (asked.chosen == queries.subjects[:, None])] = -np.inf
    powers = np.exp(raw - raw.max(axis=1, keepdims=True))
    return TargetShares(state.counts, asked.chosen, powers / powers.sum(axis=1, keepdims=True))


def rank_types(found: StoreQuads, actor: str, toward: str, at: datetime.date, model: RankModel) -> EventForecast:
    """Events of a store, two parties' keys, a day and its model -> which type of act comes next from the first toward the second, from the day after on, likeliest first.

    Raises as ``rank_targets`` does.
    """
    subject, entity = _find_party(found, actor), _find_party(found, toward)
    if subject == entity:
        raise InputError(f"the pair: found {actor} twice; expected two parties")
    past, day = _take_past(found, at)
    own = int(((past.subjects == subject) & (past.objects == entity)).sum())
    made = EventForecast("type", found.parties[subject], "", found.parties[entity], at, MIXTURE, model.day, past.events, own, "")
    if not ((past.subjects == subject) | (past.objects == entity)).any():
        return msgspec.structs.replace(made, reason="no-acts")
    queries = PairQueries(day, np.array([subject]), np.array([entity]), np.zeros(0, np.int64), np.zeros(0, np.int64))
    state = fill_type_state(add_mirrors(past, found.attributes.relations), found.attributes, queries)
    shares = share_types(state, queries, model.trees)[0].tolist()
    fading, mix = (float(values[0]) for values in model.recurrency)
    places = _places(recurrency_of_types(state, queries, (fading, mix))[0])
    answers = [_answer(found, state.counts, kind, name, shares[kind], places, (subject, kind, entity)) for kind, name in enumerate(found.types)]
    return msgspec.structs.replace(made, method=MIXTURE if model.trees is None else RANKER, answers=_sorted(answers))


def _find_party(found: StoreQuads, key: str) -> int:
    if key in found.parties:
        return found.parties.index(key)
    raise InputError(f"{key}: found no event of it with another party; expected a party that acted, or was acted on")


def find_type(found: StoreQuads, text: str) -> int:
    """A type's name in any letters -> its number. Refused: another one."""
    if text.upper() in found.types:
        return found.types.index(text.upper())
    raise InputError(f"the type: found {text!r}; expected one of {', '.join(found.types)}")


def _take_past(found: StoreQuads, at: datetime.date) -> tuple[Quads, int]:
    """The events that count, and the day after ``at``, counted as theirs are."""
    day = (at - EPOCH).days - found.first + 1
    past = found.quads.take((found.quads.days < day) & (found.quads.days >= day - HISTORY_DAYS))
    if not past.events:
        raise InputError(f"the store: found no events between two parties in the {HISTORY_DAYS} days up to {at}; expected some")
    return past, day


def _places(scores: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> list[int]:
    """Scores of all answers -> their places from 1, level ones sharing the first of theirs."""
    order = np.sort(-scores)
    return [int(place) + 1 for place in np.searchsorted(order, -scores)]


def _answer(found: StoreQuads, counts: Counts, number: int, name: str, share: float, places: list[int], quad: tuple[int, int, int]) -> RankedAnswer:
    table = counts.tables[TRIPLE]
    row = int(find_rows(table, code_keys(counts.maps, TRIPLE, *(np.array([n]) for n in quad)))[0])
    last, seen = int(table.last[row]), round(float(table.sums[row, -1]))
    return RankedAnswer(name, share, places[number] if last != NEVER else None, seen, None if last == NEVER else EPOCH + datetime.timedelta(days=found.first + last))


def _sorted(answers: list[RankedAnswer]) -> list[RankedAnswer]:
    return sorted(answers, key=lambda answer: (-answer.probability, answer.name))
