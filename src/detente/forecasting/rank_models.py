"""What event forecasts are asked with: trees, and what past days taught of guesses, rules and the baseline. Learned once a month of what was known before its first, and kept by the digest of that."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from detente.forecasting.backtest_quads import Run, learn_past, plan_days
from detente.forecasting.backtest_types import TYPE_SETTINGS, learn_types
from detente.forecasting.baselines import DEFAULT, Recurrency
from detente.forecasting.candidates import start_weights
from detente.forecasting.counts import Floats
from detente.forecasting.keeping import Say, digest, digest_code, find_made
from detente.forecasting.quads import Quads, add_mirrors
from detente.forecasting.ranking_features import Lessons, make_state, take_lessons
from detente.forecasting.ranking_model import Settings, fit_ranker, pack_samples
from detente.forecasting.store_quads import EPOCH, StoreQuads
from detente.forecasting.trees import Trees, take_trees
from detente.forecasting.type_ranking import make_type_state

LEAST_DAYS, LEAST_EVENTS = 60, 1000
"""Days with events, and events between parties, below which nothing is trained: the counts alone rank, with equal or drawn weights."""
TARGET_SETTINGS = Settings(candidates=100, drawn=24, fit_days=90, fit_queries=6_000, rounds=80, leaves=15, threads=1)
"""Fewer days, queries and trees than a backtest has, so that the first answer of a month comes within a minute."""
TARGETS, TYPES = "whom an act is directed at", "which type comes next"
_SOURCES = (
    *("attributes", "backtest_quads", "backtest_types", "baselines", "candidates", "counts", "evaluation", "flat_events", "keeping", "latent", "quads"),
    *("rank_models", "ranking_features", "ranking_model", "rule_weights", "rules", "store_quads", "trees", "type_ranking"),
)
"""Modules that make what is kept."""


class RankModel(NamedTuple):
    """``day``: the model learned from what was known before it. ``trees``: ``None`` if there was too little to train on. ``recurrency``: of types a single pair of numbers. Of types there are no
    ``weights`` of guesses and no ``lessons``; their latent basis is by party, of which those were there then."""

    day: datetime.date
    trees: Trees | None
    recurrency: Recurrency
    weights: Floats
    lessons: Lessons = Lessons()
    parties: Sequence[str] = ()


def find_rank_model(kind: str, past: StoreQuads, day: datetime.date, cache: Path, say: Say | None = None, settings: Settings | None = None) -> RankModel:
    """``TARGETS`` or ``TYPES``, what was known before a day, the day, the cache folder -> the model, kept from the last time or trained. Raises ``MissingExtraError`` if LightGBM, which trains it, is not there."""
    settings = settings or (TARGET_SETTINGS if kind == TARGETS else TYPE_SETTINGS._replace(threads=1))

    def train() -> object:
        if say:
            say(f"training on {past.quads.events:,} events between parties, known before {day}: {kind}")
        made = learn_rank_model(kind, past, day, settings)
        return [made.trees, made.recurrency, made.weights, made.lessons, made.parties]

    arrays = [np.ascontiguousarray(values).tobytes() for values in (*past.quads, *past.attributes)]
    found = find_made(
        cache,
        digest(digest_code(_SOURCES), kind, repr((*settings, LEAST_DAYS, LEAST_EVENTS)), ",".join(past.types), ",".join(past.parties), str(past.first), str(day), *arrays),
        train,
    )
    trees, recurrency, weights, lessons, parties = found
    return RankModel(day, None if trees is None else Trees(*trees), Recurrency(*recurrency), weights, Lessons(*lessons), parties)


def learn_rank_model(kind: str, past: StoreQuads, day: datetime.date, settings: Settings) -> RankModel:
    """``TARGETS`` or ``TYPES``, events, a day -> the model that learned from the events before it."""
    score = (day - EPOCH).days - past.first
    known = past.quads.take(past.quads.days < score)
    settings = settings if _are_enough(known) else settings._replace(fit_queries=0)
    quads = add_mirrors(known, past.attributes.relations)
    if kind == TYPES:
        learned = learn_types(make_type_state(quads, past.attributes), quads, score, settings)
        pair = Recurrency(*(np.array([value]) for value in learned.recurrency))
        return RankModel(day, None if learned.ranker is None else take_trees(learned.ranker), pair, np.zeros((0, 0), np.float32))
    if not known.events:
        return RankModel(day, None, Recurrency(*(np.full(2 * past.attributes.relations, value) for value in DEFAULT)), start_weights())
    run = Run(make_state(quads, past.attributes), plan_days(int(known.days[0]), score, score, settings.fit_days), settings)
    taught = learn_past(run, quads, lambda _: None)
    ranker = fit_ranker(pack_samples(taught.samples, settings), settings) if settings.fit_queries else None
    return RankModel(day, None if ranker is None else take_trees(ranker), taught.recurrency, taught.weights, take_lessons(run.state), past.parties)


def move_lessons(model: RankModel, parties: Sequence[str]) -> Lessons:
    """A model, and parties by number as they are now -> its lessons with the latent basis of these, those that are new at 0."""
    basis = model.lessons.basis
    if basis is None:
        return model.lessons
    place = {name: number for number, name in enumerate(model.parties)}
    now = np.array([place.get(name, -1) for name in parties], dtype=np.int64)
    return model.lessons._replace(basis=np.where(now[:, None] >= 0, basis[now], 0.0))


def _are_enough(past: Quads) -> bool:
    return past.events >= LEAST_EVENTS and len(np.unique(past.days)) >= LEAST_DAYS
