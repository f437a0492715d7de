"""Baselines that every forecast is shown beside. For ranking: recurrency and plain frequency.

Recurrency is that of Gastinger, Meilicke, Errica, Sztyler, Schuelke and Stuckenschmidt, "History repeats itself: a baseline for temporal knowledge graph
forecasting" (IJCAI 2024): strict, the triple happened, the later the better; relaxed, the object is often one of the relation; a weighted sum of both.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from detente.forecasting.counts import NEVER, TRIPLE, Counts, Family, Floats, Table, code_groups, find_groups, lay_out
from detente.forecasting.evaluation import Queries, rank_answers

TO_OBJECT = Family("any", "id", "id")
FAMILIES = (TRIPLE, TO_OBJECT)
FADINGS = (0.0, 0.01, 0.03, 0.1, 0.3, 1.0)
"""Values tried for lambda: a triple last seen d days ago scores 2^(-lambda d)."""
MIXES = (0.5, 0.9, 0.99, 0.99999)
"""Values tried for alpha, the weight of the strict score; the relaxed one has the rest."""
DEFAULT = (0.1, 0.99)
LEAST_QUERIES = 20
"""A relation asked less often on the days that lambda and alpha are chosen on gets the pair that is best over all relations."""


class Recurrency(NamedTuple):
    """Lambda and alpha by relation (mirrors included)."""

    fadings: npt.NDArray[np.float64]
    mixes: npt.NDArray[np.float64]


def _sizes(table: Table) -> npt.NDArray[np.float64]:
    return table.sums[:, -1]  # the half-life of the last column is infinite: plain counts


def _fill(counts: Counts, family: Family, queries: Queries, values: npt.NDArray[np.float64]) -> Floats:
    """Values of a table's keys -> a matrix [query, entity] of them, 0 where there is no key."""
    table = counts.tables[family]
    rows = find_groups(table, code_groups(counts.maps, family, queries.subjects, queries.relations))
    filled: Floats = lay_out(counts, table, values)[rows].toarray()
    return filled


def relaxed_scores(counts: Counts, queries: Queries) -> Floats:
    """Queries -> [query, entity]: of all past events of the relation, the share to this object."""
    filled = _fill(counts, TO_OBJECT, queries, _sizes(counts.tables[TO_OBJECT])[:-1])
    filled /= np.maximum(filled.sum(axis=1, keepdims=True), 1)
    return filled


def recurrency_scores(counts: Counts, queries: Queries, recurrency: Recurrency) -> Floats:
    """Queries and past counts -> scores [query, entity] of the recurrency baseline."""
    mixes = recurrency.mixes[queries.relations][:, None].astype(np.float32)
    strict = _strict_scores(last_ages(counts, queries), recurrency.fadings[queries.relations][:, None])
    return mixes * strict + (1 - mixes) * relaxed_scores(counts, queries)


def last_ages(counts: Counts, queries: Queries) -> Floats:
    """Queries -> [query, entity]: days since the triple happened last, 0 if never."""
    table = counts.tables[TRIPLE]
    return _fill(counts, TRIPLE, queries, np.where(table.last[:-1] == NEVER, 0, queries.day - table.last[:-1]).astype(float))


def _strict_scores(ages: Floats, fading: float | npt.NDArray[np.float64]) -> Floats:
    return np.where(ages > 0, np.exp2(-np.asarray(fading, np.float32) * ages), np.float32(0)).astype(np.float32)


def frequency_scores(counts: Counts, queries: Queries) -> Floats:
    """Queries and past counts -> scores [query, entity]: how often the triple happened; where equal, the share of the object in the relation decides."""
    return _fill(counts, TRIPLE, queries, _sizes(counts.tables[TRIPLE])[:-1]) + np.float32(0.5) * relaxed_scores(counts, queries)


class Trial(NamedTuple):
    """One day on which lambda and alpha are tried: for each event the relation and its reciprocal rank under each pair of them, [event, pair]."""

    relations: npt.NDArray[np.int64]
    reciprocal: npt.NDArray[np.float64]


PAIRS = tuple((fading, mix) for fading in FADINGS for mix in MIXES)


def try_day(counts: Counts, queries: Queries) -> Trial:
    """The queries of a day, asked before it is counted -> how each pair of lambda and alpha would have done."""
    ages, relaxed = last_ages(counts, queries), relaxed_scores(counts, queries)
    found = []
    for fading in FADINGS:
        strict = _strict_scores(ages, fading)
        found += [1 / rank_answers(np.float32(mix) * strict + np.float32(1 - mix) * relaxed, queries) for mix in MIXES]
    return Trial(queries.relations[queries.query], np.stack(found, axis=1))


def choose_recurrency(trials: Sequence[Trial], relations: int) -> Recurrency:
    """Days that were tried -> the best lambda and alpha of each of so many relations (mirrors included), by mean reciprocal rank."""
    chosen = np.tile(np.array(DEFAULT), (relations, 1))
    if trials:
        kinds, reciprocal = np.concatenate([t.relations for t in trials]), np.concatenate([t.reciprocal for t in trials])
        chosen[:] = PAIRS[int(reciprocal.mean(axis=0).argmax())]
        sums = np.stack([np.bincount(kinds, weights=column, minlength=relations) for column in reciprocal.T], axis=1)
        often = np.flatnonzero(np.bincount(kinds, minlength=relations) >= LEAST_QUERIES)
        chosen[often] = np.array(PAIRS)[sums[often].argmax(axis=1)]
    return Recurrency(chosen[:, 0], chosen[:, 1])
