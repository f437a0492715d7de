"""Backtest on benchmark files: who does a subject turn to, day by day, with a ranker that was trained on the days before the first scored one.

Each day is asked before it is counted (single-step). The last days before the scored part train the ranker, with features that are strictly earlier
than the day that they speak of; the days before those only fill the counts.
"""

from __future__ import annotations

import datetime
import resource
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from detente.errors import InputError
from detente.forecasting import baselines, candidates, ranking_features
from detente.forecasting.attributes import Attributes, find_attributes
from detente.forecasting.baselines import Recurrency
from detente.forecasting.candidates import Evidence
from detente.forecasting.counts import NEVER, PAIR, TRIPLE, Floats, code_keys, find_rows
from detente.forecasting.evaluation import Queries, Scores, make_queries, rank_answers, score_ranks, take_queries
from detente.forecasting.quads import Benchmark, Ints, Quads, add_mirrors, join_quads
from detente.forecasting.ranking_features import State
from detente.forecasting.ranking_model import Sample, Settings, draw_candidates, fit_ranker, pack_samples, score_entities, start_scores, take_sample
from detente.forecasting.rules import find_bodies

if TYPE_CHECKING:
    from lightgbm import Booster

CELLS_AT_ONCE = 4_000_000
"""Queries times entities that are held at once, which bounds the memory: about 100 bytes each."""
MOST_RELATIONS = 1000
"""Rules are counted for each pair of relations: with 1,000 of them the counts take 0.8 GB."""
FIT_SHARE = 0.6
"""The most of the days before the scored part that may train the ranker; the first are needed to fill the counts."""
WARM_DAYS, WARM_STEP = 80, 4
"""The weights of the guesses are learned on every so many of the days before those that train the ranker."""
TRIAL_DAYS = 20
"""Lambda and alpha of the recurrency baseline are chosen on so many of the last days before the scored part."""
KINDS = ("new pair", "known pair, new relation", "recurring")
MODELS = ("ranker", "recurrency", "frequency")
Say = Callable[[str], None]


class Plan(NamedTuple):
    """Which days do what: those up to ``warm`` only fill the counts, then the weights of the guesses are learned, from ``fit`` on the ranker, ``score`` is asked."""

    warm: int
    fit: int
    score: int
    end: int


class KindScores(msgspec.Struct, frozen=True):
    """The answers of one kind: their share of all, and the mean reciprocal rank that each model gives them."""

    share: float
    mrr: Mapping[str, float]


class QuadBacktest(msgspec.Struct, frozen=True):
    """What a backtest found. ``scores``: by model; ``kinds``: by what was known of the pair; ``coverage``: share of answers among the ranker's candidates.

    ``by_day``: day and, by model, the mean reciprocal rank of its answers. Days are dates, or numbers in a benchmark. ``seconds``: by phase, wall clock; ``cpu_seconds``: of all threads. ``peak_bytes``: the largest resident memory.
    """

    entities: int
    relations: int
    history: int
    first_day: int | datetime.date
    last_day: int | datetime.date
    candidates: int
    scores: Mapping[str, Scores]
    kinds: Mapping[str, KindScores]
    coverage: float
    by_day: Mapping[int | datetime.date, Mapping[str, float]]
    seconds: Mapping[str, float]
    cpu_seconds: float
    peak_bytes: int


def plan_days(first: int, score: int, end: int, fit_days: int) -> Plan:
    """The first day of all, the first and the last day that are scored -> the plan."""
    fit = max(score - fit_days, score - int((score - first) * FIT_SHARE))
    return Plan(max(first + 1, fit - WARM_DAYS), fit, score, end)


def backtest_quads(benchmark: Benchmark, settings: Settings | None = None, say: Say | None = None, attributes: Attributes | None = None) -> QuadBacktest:
    """A benchmark -> the scores of the ranker and of the baselines on its last part, with all parts before it as history. ``say`` is told the progress.
    ``attributes``: groups of entities and relations, where they are known better than by their names.

    Raises ``InputError`` if there are fewer than two days before the scored part or too many relations, ``MissingExtraError`` without LightGBM.
    """
    settings, say = settings or Settings(), say or (lambda _: None)
    started, cpu = time.perf_counter(), time.process_time()
    parts = benchmark.parts
    plan = plan_days(int(parts[0].days[0]), int(parts[-1].days[0]), int(parts[-1].days[-1]), settings.fit_days)
    if plan.score - int(parts[0].days[0]) < 2:
        raise InputError(f"the events before the scored part: found {plan.score - int(parts[0].days[0])} days; expected 2 or more")
    if len(benchmark.relations) > MOST_RELATIONS:
        raise InputError(f"the list of relations: found {len(benchmark.relations):,}; expected up to {MOST_RELATIONS:,}, as rules are counted for each pair of them")
    attributes = attributes or find_attributes(benchmark.entities, benchmark.relations)
    quads = add_mirrors(join_quads(parts), attributes.relations)
    run = Run(ranking_features.make_state(quads, attributes), plan, settings)
    clock = {"read": time.perf_counter() - started}
    learned = learn_past(run, quads, say)
    clock["features"] = time.perf_counter() - started - sum(clock.values())
    say(f"training on {sum(len(sample.right) for sample in learned.samples):,} queries, {sum(sample.right.size for sample in learned.samples):,} candidates")
    training = pack_samples(learned.samples, settings)
    learned.samples.clear()
    ranker = fit_ranker(training, settings)
    del training
    clock["training"] = time.perf_counter() - started - sum(clock.values())
    found = list(_score(run, quads, ranker, learned, say))
    clock["scoring"] = time.perf_counter() - started - sum(clock.values())
    return _sum_up(benchmark, plan, settings, found, clock, cpu)


class Run(NamedTuple):
    """What a backtest goes by. The state changes as days are counted."""

    state: State
    plan: Plan
    settings: Settings


class Asked(NamedTuple):
    """Some queries of a day with what the past says of them."""

    queries: Queries
    mixed: Floats
    chosen: Ints
    features: Floats


class _Found(NamedTuple):
    """Some answers of a day: their ranks by model, what was known of the pair (position in ``KINDS``), whether the ranker saw them."""

    day: int
    ranks: Mapping[str, npt.NDArray[np.float64]]
    kinds: Ints
    covered: npt.NDArray[np.bool_]


def _days(quads: Quads, first: int, last: int) -> Iterator[tuple[Quads, Queries]]:
    for day in np.unique(quads.days[(quads.days >= first) & (quads.days <= last)]):
        events = quads.take(quads.days == day)
        yield events, make_queries(events, int(day))


def _blocks(queries: Queries, entities: int) -> Iterator[Queries]:
    size = max(1, CELLS_AT_ONCE // entities)
    for start in range(0, len(queries.subjects), size):
        yield take_queries(queries, np.arange(start, min(start + size, len(queries.subjects))))


def _guess(run: Run, queries: Queries) -> candidates.Guesses:
    state = run.state
    return candidates.make_guesses(state.counts, state.attributes, state.rules, state.rule_weights, find_bodies(state.counts, state.rules, queries), queries)


def ask_past(run: Run, queries: Queries, weights: Floats) -> Asked:
    """Queries of the day that follows what the state has counted -> candidates and their features; the answers are not looked at."""
    guesses = _guess(run, queries)
    mixed = candidates.mix_guesses(guesses, weights)
    chosen = candidates.pick_candidates(mixed, run.settings.candidates)
    return Asked(queries, mixed, chosen, ranking_features.make_features(run.state, guesses, mixed, chosen, queries))


def _sample(run: Run, queries: Queries, weights: Floats, rng: np.random.Generator) -> Sample:
    """Queries of a past day, asked before it is counted, with their answers -> what the ranker learns from them."""
    guesses = _guess(run, queries)
    mixed = candidates.mix_guesses(guesses, weights)
    chosen = candidates.pick_candidates(mixed, run.settings.candidates)
    draw = draw_candidates(start_scores(mixed, chosen), chosen, queries, run.settings.drawn, rng)
    return take_sample(ranking_features.make_features(run.state, guesses, mixed, chosen, queries, draw.kept), draw)


class Learned(NamedTuple):
    """What the days before the scored part gave: samples for the ranker, the weights of the guesses, the baseline's lambda and alpha."""

    samples: list[Sample]
    weights: Floats
    recurrency: Recurrency


def learn_past(run: Run, quads: Quads, say: Say) -> Learned:
    """Go through the days before the scored part: count them, and gather what is learned from."""
    plan, state, rng = run.plan, run.state, np.random.default_rng(run.settings.seed)
    evidence: list[Evidence] = []
    samples: list[Sample] = []
    trials: list[baselines.Trial] = []
    weights: Floats | None = None
    kept = _share_of_queries(quads, plan, run.settings.fit_queries)
    for events, queries in _days(quads, 0, plan.score - 1):
        day, everything = queries.day, find_bodies(state.counts, state.rules, queries)
        if plan.warm <= day < plan.fit and (day - plan.warm) % WARM_STEP == 0:
            evidence += [candidates.see_answers(_guess(run, block), block) for block in _blocks(queries, state.attributes.entities)]
        if day >= plan.fit:
            if weights is None:
                weights = candidates.learn_weights(evidence) if evidence else candidates.start_weights()
            some = np.flatnonzero(rng.random(len(queries.subjects)) < kept)
            for block in _blocks(take_queries(queries, some), state.attributes.entities):
                samples.append(_sample(run, block, weights, rng))
            if (day - plan.fit) % 10 == 0:
                say(f"features of day {day}, to {plan.score - 1}")
        if day >= plan.score - TRIAL_DAYS:
            trials.append(baselines.try_day(state.counts, queries))
        ranking_features.advance(state, events, queries, everything)
    return Learned(samples, candidates.start_weights() if weights is None else weights, baselines.choose_recurrency(trials, 2 * state.attributes.relations))


def _share_of_queries(quads: Quads, plan: Plan, most: int) -> float:
    chosen = quads.take((quads.days >= plan.fit) & (quads.days < plan.score))
    count = len(np.unique(np.stack([chosen.days, chosen.subjects, chosen.relations]), axis=1).T)
    return min(1.0, most / max(count, 1))


def _score(run: Run, quads: Quads, ranker: Booster | None, learned: Learned, say: Say) -> Iterator[_Found]:
    """Ask the scored days, each before it is counted."""
    state = run.state
    for events, queries in _days(quads, run.plan.score, run.plan.end):
        everything = find_bodies(state.counts, state.rules, queries)
        for block in _blocks(queries, state.attributes.entities):
            asked = ask_past(run, block, learned.weights)
            ranked = {
                "ranker": score_entities(ranker, asked.features, asked.mixed, asked.chosen, run.settings.threads),
                "recurrency": baselines.recurrency_scores(state.counts, block, learned.recurrency),
                "frequency": baselines.frequency_scores(state.counts, block),
            }
            covered = (asked.chosen[block.query] == block.answers[:, None]).any(axis=1)
            yield _Found(block.day, {name: rank_answers(scores, block) for name, scores in ranked.items()}, _kinds(state, block), covered)
        ranking_features.advance(state, events, queries, everything)
        say(f"scored day {queries.day}, to {run.plan.end}")


def _kinds(state: State, queries: Queries) -> Ints:
    known = []
    for family in (PAIR, TRIPLE):
        table = state.counts.tables[family]
        keys = code_keys(state.counts.maps, family, queries.subjects[queries.query], queries.relations[queries.query], queries.answers)
        known.append((table.last[find_rows(table, keys)] != NEVER).astype(np.int64))
    kinds: Ints = known[0] + known[1]
    return kinds


def _sum_up(benchmark: Benchmark, plan: Plan, settings: Settings, found: list[_Found], clock: Mapping[str, float], cpu: float) -> QuadBacktest:
    kinds, covered = np.concatenate([f.kinds for f in found]), np.concatenate([f.covered for f in found])
    days = np.concatenate([np.full(len(f.kinds), f.day) for f in found])
    ranks = {name: np.concatenate([f.ranks[name] for f in found]) for name in MODELS}
    by_kind = {
        name: KindScores(float((kinds == n).mean()), {model: float((1 / ranks[model][kinds == n]).mean()) for model in MODELS})
        for n, name in enumerate(KINDS)
        if (kinds == n).any()
    }
    by_day: dict[int | datetime.date, Mapping[str, float]] = {int(day): {model: float((1 / ranks[model][days == day]).mean()) for model in MODELS} for day in np.unique(days)}
    return QuadBacktest(
        len(benchmark.entities), len(benchmark.relations), sum(part.events for part in benchmark.parts[:-1]), plan.score, plan.end, min(settings.candidates, len(benchmark.entities)),
        {model: score_ranks(ranks[model], days) for model in MODELS}, by_kind, float(covered.mean()), by_day, {**clock, "total": sum(clock.values())}, time.process_time() - cpu, _peak_bytes(),
    )  # fmt: skip


def _peak_bytes() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
