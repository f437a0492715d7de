"""Which entities may be the answer: a mixture of simple guesses over all entities, whose weights are learned from the days before.

Each guess is a distribution over entities: the subject's objects under the relation, its partners, the objects of the relation, those of compatriots, of
similar subjects, two steps away. The mixture picks the candidates that the ranker sees, and puts the other entities in order behind them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from scipy import sparse

from detente.forecasting.attributes import Attributes
from detente.forecasting.counts import PAIR, TRIPLE, Counts, Family, Floats, code_groups, faded_keys, find_groups, share_rows, sum_groups
from detente.forecasting.evaluation import Queries
from detente.forecasting.quads import Ints
from detente.forecasting.rule_weights import RuleWeights, weigh_bodies
from detente.forecasting.rules import Bodies, Rules, apply_rules

DIRECT = (
    (TRIPLE, 1), (TRIPLE, 2), (TRIPLE, 4),
    (Family("id", "root", "id"), 2), (Family("id", "side", "id"), 2), (Family("id", "quad", "id"), 2), (PAIR, 1), (PAIR, 2), (PAIR, 4),
    (Family("any", "id", "id"), 1), (Family("any", "id", "id"), 3), (Family("country", "id", "id"), 2), (Family("country", "any", "id"), 2),
    (Family("role", "id", "id"), 3), (Family("any", "any", "id"), 2),
)  # fmt: skip
"""Guesses that are the shares of a table: its family, and the half-life by its position in ``HALF_LIVES``."""
TO_COUNTRY, POPULAR = Family("id", "any", "country"), Family("any", "any", "id")
EVERYWHERE = (PAIR, TO_COUNTRY, POPULAR)
"""Tables, beside that of triples, of which the guesses look at the rows of entities other than the subject."""
DERIVED = ("rules", "rules, weighed", "alike, relation", "alike", "two steps", "two steps, recent", "partners, relation", "partners' country")
GUESSES = len(DIRECT) + len(DERIVED)
ALIKE = 100
"""How many of the most similar subjects speak for a subject. On four days of ICEWS14 valid 20 did worse, 150 a little better and slower."""
ALIKE_HALF_LIFE = 3
"""What makes subjects similar fades more slowly than what they then do."""
MIX_BOUNDS = (0.01, 0.5, 2.0, 6.0, 20.0)
"""Faded counts of the subject under the relation that part the queries into classes; each class has weights of its own."""
ROUNDS = 40
"""Rounds of expectation maximisation."""


class Guesses(NamedTuple):
    """What the guesses say of one day. ``shares``: by guess, [query, entity]. ``best_rule``, ``rule_scores``: [query, entity]. ``classes``: of each query, for the weights.

    ``profiles``: what each entity did to whom, [entity, act], rows of length 1.
    """

    shares: tuple[sparse.csr_matrix, ...]
    best_rule: sparse.csr_matrix
    rule_scores: sparse.csr_matrix
    classes: Ints
    profiles: sparse.csr_matrix


def make_guesses(counts: Counts, attributes: Attributes, rules: Rules, learned: RuleWeights, bodies: Bodies, queries: Queries) -> Guesses:
    """Queries and past counts -> the guesses."""
    shares: list[sparse.csr_matrix] = []
    matrices: dict[tuple[Family, int], sparse.csr_matrix] = {}
    for family, half_life in DIRECT:
        table = counts.tables[family]
        matrices[family, half_life] = matrix = share_rows(counts, table, queries.day, half_life)
        shares.append(matrix[find_groups(table, code_groups(counts.maps, family, queries.subjects, queries.relations))])
    best, either = apply_rules(rules, bodies, (len(queries.subjects), attributes.entities))
    profiles = _profile_entities(counts, attributes, queries.day)
    scores, weighed = weigh_bodies(learned, bodies, (len(queries.subjects), attributes.entities))
    shares += [_normalise(either), weighed, *_derive(counts, attributes, queries, matrices, profiles)]
    table = counts.tables[TRIPLE]
    asked = np.append(sum_groups(table, faded_keys(counts, table, queries.day, 2)), 0.0)[find_groups(table, code_groups(counts.maps, TRIPLE, queries.subjects, queries.relations))]
    return Guesses(tuple(shares), best, scores, np.searchsorted(MIX_BOUNDS, asked), profiles)


def _derive(
    counts: Counts, attributes: Attributes, queries: Queries, matrices: dict[tuple[Family, int], sparse.csr_matrix], profiles: sparse.csr_matrix
) -> Iterator[sparse.csr_matrix]:
    """The guesses that go by way of other entities, in the order of ``DERIVED``."""
    pairs, triples, table = counts.tables[PAIR], matrices[TRIPLE, 2], counts.tables[TRIPLE]
    everyone = find_groups(pairs, np.arange(attributes.entities))
    recent, by_subject, ever = (matrices[PAIR, half_life][everyone] for half_life in (1, 2, 4))
    subjects, where = np.unique(queries.subjects, return_inverse=True)
    alike = _most_alike(profiles, subjects)

    def follow(weights: sparse.csr_matrix) -> sparse.csr_matrix:
        by_query = weights[where].tocoo()
        groups = find_groups(table, code_groups(counts.maps, TRIPLE, by_query.col, queries.relations[by_query.row]))
        spread = sparse.csr_matrix((by_query.data, (by_query.row, groups)), shape=(len(queries.subjects), triples.shape[0]))
        return _normalise(spread @ triples)

    def step_twice(step: sparse.csr_matrix) -> sparse.csr_matrix:
        steps = step[subjects] @ step
        steps.data[steps.indices == np.repeat(subjects, np.diff(steps.indptr))] = 0
        return _normalise(steps)[where]

    yield follow(alike)
    yield _normalise(alike @ by_subject)[where]
    yield step_twice(ever)
    yield step_twice(recent)
    yield follow(by_subject[subjects])
    countries = share_rows(counts, counts.tables[TO_COUNTRY], queries.day, 3)
    theirs = countries[find_groups(counts.tables[TO_COUNTRY], code_groups(counts.maps, TO_COUNTRY, subjects, np.zeros_like(subjects)))]
    popular = matrices[POPULAR, 2][0].toarray()[0]
    totals = np.maximum(np.bincount(attributes.countries, weights=popular), 1e-12)
    seen = np.flatnonzero(popular)
    places = (attributes.countries[seen], seen)
    within = sparse.csr_matrix(((popular / totals[attributes.countries])[seen], places), shape=(theirs.shape[1], attributes.entities))
    yield _normalise(theirs @ within)[where]


def _normalise(rows: sparse.csr_matrix) -> sparse.csr_matrix:
    """Rows of weights -> float32 rows that sum to 1, or stay empty."""
    totals = np.maximum(np.asarray(rows.sum(axis=1)).reshape(-1), 1e-12)
    values = (rows.data / np.repeat(totals, np.diff(rows.indptr))).astype(np.float32)
    return sparse.csr_matrix((values, rows.indices, rows.indptr), shape=rows.shape)


def _profile_entities(counts: Counts, attributes: Attributes, day: int) -> sparse.csr_matrix:
    """What each entity did to whom, as a row of length 1 over (relation, object): logarithms of faded counts, what few did weighing more."""
    table, kinds = counts.tables[TRIPLE], len(attributes.roots)
    values = np.log1p(faded_keys(counts, table, day, ALIKE_HALF_LIFE))
    seen = np.flatnonzero(values)
    groups = np.repeat(table.groups, np.diff(table.starts))[seen]
    _, acts, sharers = np.unique((groups % kinds) * attributes.entities + table.objects[seen], return_inverse=True, return_counts=True)
    values = values[seen] * np.log(attributes.entities / sharers[acts])
    lengths = np.sqrt(np.bincount(groups // kinds, weights=values**2, minlength=attributes.entities))
    values = values / np.maximum(lengths[groups // kinds], 1e-12)
    return sparse.csr_matrix((values.astype(np.float32), (groups // kinds, acts)), shape=(attributes.entities, max(len(sharers), 1)))


def _most_alike(profiles: sparse.csr_matrix, subjects: Ints) -> sparse.csr_matrix:
    """Rows of length 1 for all entities, and subjects -> [subject, entity]: the cosine with the most similar others, 0 with the rest."""
    cosine = (profiles[subjects] @ profiles.T).toarray()
    cosine[np.arange(len(subjects)), subjects] = 0
    kept = min(ALIKE, cosine.shape[1])
    columns = np.argpartition(-cosine, kept - 1, axis=1)[:, :kept]
    values = np.take_along_axis(cosine, columns, axis=1)
    rows = np.repeat(np.arange(len(subjects)), kept)
    return sparse.csr_matrix((values.reshape(-1), (rows, columns.reshape(-1))), shape=cosine.shape)


def _flat_cells(matrix: sparse.csr_matrix) -> Ints:
    """A sparse matrix -> where its values lie in the dense one, read row by row."""
    cells: Ints = np.repeat(np.arange(matrix.shape[0]) * matrix.shape[1], np.diff(matrix.indptr)) + matrix.indices
    return cells


def read_cells(matrix: sparse.csr_matrix, rows: Ints, columns: Ints, scratch: Floats) -> Floats:
    """A sparse matrix, and rows and columns that broadcast -> the values there. ``scratch``: zeros of the shape of the matrix, which are zeros again afterwards."""
    flat, cells = scratch.reshape(-1), _flat_cells(matrix)
    flat[cells] = matrix.data
    values: Floats = scratch[rows, columns]
    flat[cells] = 0
    return values


# -- the mixture ----------------------------------------------------------------------------------------------------------------
class Evidence(NamedTuple):
    """What each guess gave to the true answers of a day, [answer, guess], and the class of each answer's query."""

    shares: Floats
    classes: Ints


def see_answers(guesses: Guesses, queries: Queries) -> Evidence:
    """Guesses and the answers, once the day is over -> what the weights are learned from."""
    scratch = np.zeros(guesses.best_rule.shape, np.float32)
    given = [read_cells(share, queries.query, queries.answers, scratch) for share in guesses.shares]
    return Evidence(np.stack(given, axis=1), guesses.classes[queries.query])


def start_weights() -> Floats:
    """Nothing known -> equal weights [class, guess]."""
    return np.full((len(MIX_BOUNDS) + 1, GUESSES), 1 / GUESSES, np.float32)


def learn_weights(evidence: Sequence[Evidence]) -> Floats:
    """Past days -> the weights [class, guess] under which their answers were most likely (expectation maximisation)."""
    weights = start_weights()
    shares, classes = np.concatenate([e.shares for e in evidence]), np.concatenate([e.classes for e in evidence])
    for number in range(len(weights)):
        rows = shares[classes == number]
        rows = rows[rows.sum(axis=1) > 0]
        for _ in range(ROUNDS if len(rows) else 0):
            parts = rows * weights[number] + 1e-12
            parts /= parts.sum(axis=1, keepdims=True)
            weights[number] = parts.mean(axis=0)
    # no guess is ever ruled out, so that whoever was seen ranks before who never was
    weights += np.float32(1e-4)
    weights /= weights.sum(axis=1, keepdims=True)
    return weights


def mix_guesses(guesses: Guesses, weights: Floats) -> Floats:
    """Guesses and weights -> the mixture [query, entity], 0 for an entity that no guess knows."""
    mixed = np.zeros(guesses.best_rule.shape, np.float32)
    for number, share in enumerate(guesses.shares):
        mixed.reshape(-1)[_flat_cells(share)] += share.data * np.repeat(weights[guesses.classes, number], np.diff(share.indptr))
    return mixed


def pick_candidates(mixed: Floats, count: int) -> Ints:
    """The mixture -> the positions of the best entities, [query, candidate], best first, equal ones by number."""
    kept = min(count, mixed.shape[1])
    columns = np.argpartition(-mixed, kept - 1, axis=1)[:, :kept]
    values = np.take_along_axis(mixed, columns, axis=1)
    order = np.lexsort((columns, -values), axis=1)
    return np.take_along_axis(columns, order, axis=1)
