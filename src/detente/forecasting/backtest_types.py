"""Backtest of types: on each day, which type of act comes from one party toward another, ranked with all days before it, beside recurrency and frequency.

The question is asked of each pair that has an event on the day; its other types of that day are taken out (time-aware filter), ties count at their mean rank.
"""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from detente.errors import InputError
from detente.forecasting.attributes import Attributes, find_attributes
from detente.forecasting.baselines import DEFAULT
from detente.forecasting.counts import NEVER, PAIR, Floats, code_keys, find_rows
from detente.forecasting.dyad_scores import ReliabilityRow, sum_errors, tabulate_reliability
from detente.forecasting.evaluation import Scores, rank_pairs, score_ranks
from detente.forecasting.quads import Benchmark, Ints, Quads, add_mirrors, join_quads
from detente.forecasting.ranking_model import Sample, Settings, fit_ranker, pack_samples
from detente.forecasting.trees import Trees, score_trees
from detente.forecasting.type_ranking import (
    PairQueries,
    TypeState,
    choose_fading,
    count_day,
    days_of,
    frequency_of_types,
    make_type_features,
    make_type_state,
    mix_shares,
    recurrency_of_types,
    sample_types,
    try_fadings,
)  # fmt: skip

if TYPE_CHECKING:
    from lightgbm import Booster

TYPE_SETTINGS = Settings(fit_queries=30_000, rounds=150, learning_rate=0.05, leaves=15)
"""Fewer and smaller trees than whom an act is directed at needs: there are some 16 candidates in place of 150. Chosen beforehand."""
TRIAL_DAYS = 20
"""Lambda and alpha of recurrency are chosen on so many of the last days before the scored part."""
MOST_ROWS = 1_000_000
"""Queries times types that are learned from: where there are hundreds of types, fewer queries are taken."""
FIT_SHARE = 0.6
"""The most of the days before the scored part that may train; the first are needed to fill the counts."""
RANKER, MIXTURE, RECURRENCY, FREQUENCY = "ranker", "counts", "recurrency", "frequency"
KNOWN, NEW = "known pair", "new pair"
Say = Callable[[str], None]


class TypeBacktest(msgspec.Struct, frozen=True):
    """What a backtest found. ``scores`` by model; ``kinds``: by whether the pair had an event before, the share of answers and the mean reciprocal rank by model.

    ``log_loss``, ``reliability``: of the shares that ranker and counts give to all types, an event a time. ``by_day`` as in a ``QuadBacktest``. Days are dates, or numbers in a benchmark.
    """

    parties: int
    types: int
    history: int
    first_day: int | datetime.date
    last_day: int | datetime.date
    scores: Mapping[str, Scores]
    kinds: Mapping[str, tuple[float, Mapping[str, float]]]
    log_loss: Mapping[str, float]
    calibration_error: Mapping[str, float]
    reliability: Mapping[str, list[ReliabilityRow]]
    by_day: Mapping[int | datetime.date, Mapping[str, float]]
    seconds: float


class TypeModel(NamedTuple):
    """What past days taught: the trees (``None``: too little to learn from), lambda and alpha of recurrency."""

    ranker: Booster | None
    recurrency: tuple[float, float]


def learn_types(state: TypeState, quads: Quads, score: int, settings: Settings, *, with_trials: bool = True) -> TypeModel:
    """A state that knows nothing, events with their mirrors, and the first day that is not to be learned from -> the model; the state then knows all days before it."""
    relations, rng = state.attributes.relations, np.random.default_rng(settings.seed)
    first = int(quads.days[0]) if quads.events else score
    fit = max(score - settings.fit_days, score - int((score - first) * FIT_SHARE))
    events = int(((quads.days >= fit) & (quads.days < score) & (quads.relations < relations)).sum())
    kept, samples, trials = min(1.0, min(settings.fit_queries, MOST_ROWS // relations) / max(events, 1)), list[Sample](), list[npt.NDArray[np.float64]]()
    for happened, queries in days_of(quads, first, score - 1, relations):
        if queries.day >= fit:
            some = np.flatnonzero(rng.random(len(queries.subjects)) < kept)
            samples += [sample_types(state, queries, some)] if len(some) else []
        if with_trials and queries.day >= score - TRIAL_DAYS and len(queries.answers):
            trials.append(try_fadings(state, queries))
        count_day(state, happened, queries.day)
    return TypeModel(fit_ranker(pack_samples(samples, settings), settings), choose_fading(trials) if trials else DEFAULT)


def share_types(state: TypeState, queries: PairQueries, ranker: Booster | Trees | None, threads: int = 1) -> Floats:
    """Queries and the trees -> [query, type]: the share that each type has in what comes next, each row with the sum 1; without trees that of the counts."""
    mixed = mix_shares(state, queries)
    if ranker is None:
        return mixed
    features = make_type_features(state, queries, mixed)
    rows = features.reshape(-1, features.shape[2])
    told = score_trees(ranker, rows) if isinstance(ranker, Trees) else np.asarray(ranker.predict(rows, raw_score=True, num_threads=threads))
    raw = np.log(mixed) + told.reshape(mixed.shape)
    powers = np.exp(raw - raw.max(axis=1, keepdims=True))
    shares: Floats = (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)
    return shares


class _Found(NamedTuple):
    """The answers of a day: their ranks by model, whether the pair was known, and for two models the shares of all types [answer, type]."""

    day: int
    ranks: Mapping[str, npt.NDArray[np.float64]]
    known: npt.NDArray[np.bool_]
    shares: Mapping[str, Floats]
    answers: Ints


def backtest_types(benchmark: Benchmark, attributes: Attributes | None = None, settings: Settings = TYPE_SETTINGS, say: Say | None = None) -> TypeBacktest:
    """A benchmark -> how its last part was ranked, with all parts before it as history. ``attributes``: groups of parties and types, where they are known better than by names.

    Raises ``InputError`` if there are fewer than two days before the scored part, ``MissingExtraError`` without LightGBM.
    """
    started, parts, say = time.perf_counter(), benchmark.parts, say or (lambda _: None)
    score, end = int(parts[-1].days[0]), int(parts[-1].days[-1])
    if score - int(parts[0].days[0]) < 2:
        raise InputError(f"the events before the scored part: found {score - int(parts[0].days[0])} days; expected 2 or more")
    attributes = attributes or find_attributes(benchmark.entities, benchmark.relations)
    quads = add_mirrors(join_quads(parts), attributes.relations)
    state = make_type_state(quads, attributes)
    say(f"learning from days before {score}")
    model = learn_types(state, quads, score, settings)
    found = list(_score(state, quads, model, score, end, settings.threads))
    say(f"scored {len(found)} days")
    return _sum_up(benchmark, found, score, end, time.perf_counter() - started)


def _score(state: TypeState, quads: Quads, model: TypeModel, score: int, end: int, threads: int) -> Iterator[_Found]:
    table = state.counts.tables[PAIR]
    for events, queries in days_of(quads, score, end, state.attributes.relations):
        shares = {RANKER: share_types(state, queries, model.ranker, threads), MIXTURE: mix_shares(state, queries)}
        scores = shares | {RECURRENCY: recurrency_of_types(state, queries, model.recurrency), FREQUENCY: frequency_of_types(state, queries)}
        known = table.last[find_rows(table, code_keys(state.counts.maps, PAIR, queries.subjects, 0 * queries.subjects, queries.objects))] != NEVER
        ranks = {name: rank_pairs(values, queries.query, queries.answers) for name, values in scores.items()}
        yield _Found(queries.day, ranks, known[queries.query], {name: values[queries.query] for name, values in shares.items()}, queries.answers)
        count_day(state, events, queries.day)


def _sum_up(benchmark: Benchmark, found: list[_Found], score: int, end: int, seconds: float) -> TypeBacktest:
    days, known = np.concatenate([np.full(len(f.answers), f.day) for f in found]), np.concatenate([f.known for f in found])
    answers = np.concatenate([f.answers for f in found])
    ranks = {name: np.concatenate([f.ranks[name] for f in found]) for name in (RANKER, MIXTURE, RECURRENCY, FREQUENCY)}
    shares = {name: np.concatenate([f.shares[name] for f in found]).astype(np.float64) for name in (RANKER, MIXTURE)}
    right = np.zeros((len(answers), len(benchmark.relations)))
    right[np.arange(len(answers)), answers] = 1
    tables = {name: tabulate_reliability(values.reshape(-1), right.reshape(-1)) for name, values in shares.items()}
    by_day: dict[int | datetime.date, Mapping[str, float]] = {
        int(day): {name: float((1 / values[days == day]).mean()) for name, values in ranks.items()} for day in np.unique(days)
    }
    return TypeBacktest(
        len(benchmark.entities), len(benchmark.relations), sum(part.events for part in benchmark.parts[:-1]), score, end,
        {name: score_ranks(values, days) for name, values in ranks.items()},
        {kind: (float(mask.mean()), {name: float((1 / values[mask]).mean()) for name, values in ranks.items()}) for kind, mask in ((KNOWN, known), (NEW, ~known)) if mask.any()},
        {name: float(-np.log(np.maximum(values[np.arange(len(answers)), answers], 1e-9)).mean()) for name, values in shares.items()},
        {name: sum_errors(table) for name, table in tables.items()},
        tables, by_day, seconds,
    )  # fmt: skip
