"""Event forecasts at a day: at whom an actor's act of a type will be directed, and which type of act comes next from one party toward another.

Each has a probability that adds up to 1 over all answers: it says whom, or what, if there is such an act, not whether there is one (that is what dyad forecasts say).
Nothing after the day counts, neither for the forecast nor for the model, which is trained on the last days up to it.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence

import msgspec
import numpy as np

from detente.errors import InputError
from detente.forecasting.backtest_quads import Run, ask_past, learn_past, plan_days
from detente.forecasting.backtest_types import MIXTURE, RANKER, TYPE_SETTINGS, learn_types, share_types
from detente.forecasting.baselines import recurrency_scores
from detente.forecasting.counts import NEVER, TRIPLE, Counts, code_keys, find_rows
from detente.forecasting.evaluation import Queries
from detente.forecasting.quads import Quads, add_mirrors
from detente.forecasting.ranking_features import make_state
from detente.forecasting.ranking_model import Settings, fit_ranker, pack_samples, start_scores
from detente.forecasting.store_quads import EPOCH, StoreQuads
from detente.forecasting.type_ranking import PairQueries, make_type_state, recurrency_of_types

LEAST_DAYS, LEAST_EVENTS = 60, 1000
"""Days with events, and events between parties, below which nothing is trained: the counts alone rank, with equal or drawn weights."""
HISTORY_DAYS = 730
"""Days up to the day asked for that count: the slowest of the counts halves in 120 days."""
TARGET_SETTINGS = Settings(candidates=100, drawn=24, fit_days=90, fit_queries=6_000, rounds=80, leaves=15, threads=1)
"""Fewer days, queries and trees than a backtest has, so that an answer comes within a minute."""


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
    train on. ``events``: between parties, that count; ``own_events``: of them those of the actor (with that type, or toward that party). ``reason``: why nothing is ranked, else ""."""

    question: str
    actor: str
    event_type: str
    toward: str
    at: datetime.date
    method: str
    events: int
    own_events: int
    reason: str
    answers: Sequence[RankedAnswer] = ()


def rank_targets(found: StoreQuads, actor: str, event_type: str, at: datetime.date, settings: Settings = TARGET_SETTINGS) -> EventForecast:
    """Events of a store, a party's key, a type, a day -> whom such an act will be directed at from the day after on, likeliest first.

    Raises ``InputError`` for a party without events and for another type, ``MissingExtraError`` without LightGBM.
    """
    subject, kind = _find_party(found, actor), _find_type(found, event_type)
    past, day = _take_past(found, at)
    own = int(((past.subjects == subject) & (past.relations == kind)).sum())
    made = EventForecast("target", found.parties[subject], found.types[kind], "", at, MIXTURE, past.events, own, "")
    if not (past.subjects == subject).any():
        return msgspec.structs.replace(made, reason="no-acts")
    trained, settings = _is_enough(past), settings if _is_enough(past) else settings._replace(fit_queries=0)
    quads = add_mirrors(past, found.attributes.relations)
    run = Run(make_state(quads, found.attributes), plan_days(int(past.days[0]), day, day, settings.fit_days), settings)
    learned = learn_past(run, quads, lambda _: None)
    ranker = fit_ranker(pack_samples(learned.samples, settings), settings) if trained else None
    queries = Queries(day, np.array([subject]), np.array([kind]), np.zeros(0, np.int64), np.zeros(0, np.int64))
    asked = ask_past(run, queries, learned.weights)
    raw = start_scores(asked.mixed, asked.chosen).astype(np.float64)[0]
    if ranker is not None:
        raw += np.asarray(ranker.predict(asked.features[0], raw_score=True, num_threads=settings.threads))
    raw[(np.take_along_axis(asked.mixed, asked.chosen, axis=1)[0] <= 0) | (asked.chosen[0] == subject)] = -np.inf
    powers = np.exp(raw - raw.max())
    places = _places(recurrency_scores(run.state.counts, queries, learned.recurrency)[0])
    rows = [(int(entity), float(share)) for entity, share in zip(asked.chosen[0], powers / powers.sum(), strict=True) if share > 0]
    answers = [_answer(found, run.state.counts, entity, found.parties[entity], share, places, (subject, kind, entity)) for entity, share in rows]
    return msgspec.structs.replace(made, method=MIXTURE if ranker is None else RANKER, answers=_sorted(answers))


def rank_types(found: StoreQuads, actor: str, toward: str, at: datetime.date, settings: Settings = TYPE_SETTINGS) -> EventForecast:
    """Events of a store, two parties' keys, a day -> which type of act comes next from the first toward the second, from the day after on, likeliest first.

    Raises as ``rank_targets`` does.
    """
    subject, entity = _find_party(found, actor), _find_party(found, toward)
    if subject == entity:
        raise InputError(f"the pair: found {actor} twice; expected two parties")
    past, day = _take_past(found, at)
    own = int(((past.subjects == subject) & (past.objects == entity)).sum())
    made = EventForecast("type", found.parties[subject], "", found.parties[entity], at, MIXTURE, past.events, own, "")
    if not ((past.subjects == subject) | (past.objects == entity)).any():
        return msgspec.structs.replace(made, reason="no-acts")
    trained = _is_enough(past)
    quads = add_mirrors(past, found.attributes.relations)
    state = make_type_state(quads, found.attributes)
    model = learn_types(state, quads, day, settings if trained else settings._replace(fit_queries=0))
    queries = PairQueries(day, np.array([subject]), np.array([entity]), np.zeros(0, np.int64), np.zeros(0, np.int64))
    shares = share_types(state, queries, model.ranker if trained else None, settings.threads)[0].tolist()
    places = _places(recurrency_of_types(state, queries, model.recurrency)[0])
    answers = [_answer(found, state.counts, kind, name, shares[kind], places, (subject, kind, entity)) for kind, name in enumerate(found.types)]
    return msgspec.structs.replace(made, method=RANKER if trained and model.ranker is not None else MIXTURE, answers=_sorted(answers))


def _find_party(found: StoreQuads, key: str) -> int:
    if key in found.parties:
        return found.parties.index(key)
    raise InputError(f"{key}: found no event of it with another party; expected a party that acted, or was acted on")


def _find_type(found: StoreQuads, text: str) -> int:
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


def _is_enough(past: Quads) -> bool:
    return past.events >= LEAST_EVENTS and len(np.unique(past.days)) >= LEAST_DAYS


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
