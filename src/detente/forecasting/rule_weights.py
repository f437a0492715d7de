"""Weights of one-hop rules, learned day by day: what (s, r', o), seen so many days ago and so often, adds to the score of o as the answer to (s, r, ?).

The confidences of ``rules`` count each rule alone; here all that speaks for an object is summed and the sums of a subject's past objects are set against each
other (softmax), so that rules which say the same share the weight. One step of AdaGrad (Duchi, Hazan and Singer 2011) a day, once the day is over.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import sparse

from detente.forecasting.counts import Floats
from detente.forecasting.evaluation import Queries
from detente.forecasting.quads import Ints
from detente.forecasting.rules import CLASSES, KINSHIPS, Bodies, Rules

RATE = 0.1
"""Length of a step; 0.05 and 0.3 ranked the past objects of days 274 to 303 of ICEWS14 worse."""


class RuleWeights(NamedTuple):
    """Weights by the cells of ``Bodies.levels``, and the sums of their squared gradients."""

    weights: tuple[Floats, ...]
    squares: tuple[Floats, ...]


def make_rule_weights(rules: Rules) -> RuleWeights:
    """Rules -> weights of 0."""
    sizes = (len(rules.seen), len(rules.root_seen), CLASSES * KINSHIPS)
    return RuleWeights(*(tuple(np.zeros(size, np.float32) for size in sizes) for _ in range(2)))


class _Sums(NamedTuple):
    """One entry for each query and past object, in order; ``pair``: of each body, its entry."""

    pair: Ints
    query: Ints
    objects: Ints
    scores: Floats
    shares: Floats
    starts: Ints


def _sum_bodies(learned: RuleWeights, bodies: Bodies) -> _Sums:
    new = (np.diff(bodies.query, prepend=-1) != 0) | (np.diff(bodies.objects, prepend=-1) != 0)
    pair, first = np.cumsum(new) - 1, np.flatnonzero(new)
    query, objects = bodies.query[first], bodies.objects[first]
    by_body = sum(weights[cells] for weights, cells in zip(learned.weights, bodies.levels, strict=True))
    scores = np.bincount(pair, weights=by_body).astype(np.float32)
    starts = np.flatnonzero(np.diff(query, prepend=-1))
    sizes = np.diff(np.append(starts, len(query)))
    powers = np.exp(scores - np.repeat(np.maximum.reduceat(scores, starts), sizes))
    return _Sums(pair, query, objects, scores, powers / np.repeat(np.add.reduceat(powers, starts), sizes), starts)


def weigh_bodies(learned: RuleWeights, bodies: Bodies, shape: tuple[int, int]) -> tuple[sparse.csr_matrix, sparse.csr_matrix]:
    """Bodies -> for each [query, entity] the score, and the share that its softmax has among the past objects of the subject."""
    if not len(bodies.query):
        return sparse.csr_matrix(shape, dtype=np.float32), sparse.csr_matrix(shape, dtype=np.float32)
    sums = _sum_bodies(learned, bodies)
    rows = np.searchsorted(sums.query, np.arange(shape[0] + 1))
    return sparse.csr_matrix((sums.scores, sums.objects, rows), shape=shape), sparse.csr_matrix((sums.shares, sums.objects, rows), shape=shape)


def learn_rule_weights(learned: RuleWeights, bodies: Bodies, queries: Queries, entities: int) -> None:
    """Move the weights, once the day is over, toward those under which its answers were more likely."""
    if not len(bodies.query):
        return
    sums = _sum_bodies(learned, bodies)
    right = np.isin(sums.query * entities + sums.objects, queries.query * entities + queries.answers).astype(np.float32)
    answers = np.add.reduceat(right, sums.starts)
    pull = right - sums.shares * np.repeat(answers, np.diff(np.append(sums.starts, len(sums.query))))
    for weights, squares, cells in zip(learned.weights, learned.squares, bodies.levels, strict=True):
        places, inverse = np.unique(cells, return_inverse=True)
        gradient = np.bincount(inverse, weights=pull[sums.pair])
        squares[places] += gradient**2
        weights[places] += RATE * gradient / np.sqrt(squares[places] + 1)
