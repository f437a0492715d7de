"""One-hop rules: where (s, r', o) was seen so many days ago and so often, how likely is o the answer to (s, r, ?)?

The confidence of each rule is counted from past queries: of all objects that stood in r' to the subject when (s, r, ?) was asked, the share that was an answer.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import sparse

from detente.forecasting.attributes import Attributes
from detente.forecasting.counts import NEVER, TRIPLE, Counts, join_ranges
from detente.forecasting.evaluation import Queries
from detente.forecasting.quads import Ints

LAGS = (1, 2, 4, 7, 14, 30, 90)
"""Upper ends, in days, of the classes of the time since r' was last seen; the last class is open."""
OFTEN = (1, 3)
"""Upper ends of the classes of the number of days on which r' was seen; the last class is open."""
CLASSES = (len(LAGS) + 1) * (len(OFTEN) + 1)
PRIOR = 5.0
"""How many observations the confidence over all relations of the same two CAMEO roots counts for, in that of a single pair of relations."""


KINSHIPS = 3
"""A body's relation is that of the query, another of the same CAMEO root, or neither."""


class Rules(NamedTuple):
    """Counts of the rules, [class, r', r] flat, and by the roots of r' and r; ``order``: rows of the table of triples by subject, object, relation."""

    seen: npt.NDArray[np.float32]
    right: npt.NDArray[np.float32]
    root_seen: npt.NDArray[np.float32]
    root_right: npt.NDArray[np.float32]
    roots: Ints
    order: Ints
    subjects: Ints
    relations: Ints
    objects: Ints


class Bodies(NamedTuple):
    """What the rules rest on, one entry for each query and past triple of its subject, sorted by query and object: positions in the tables of ``Rules``."""

    query: Ints
    objects: Ints
    cells: Ints
    root_cells: Ints
    kin_cells: Ints

    @property
    def levels(self) -> tuple[Ints, Ints, Ints]:
        """The cells from fine to coarse: by the two relations, by their roots, by whether these are the same."""
        return self.cells, self.root_cells, self.kin_cells


def make_rules(counts: Counts, attributes: Attributes) -> Rules:
    """Empty tables of triples -> rules of which nothing is known yet."""
    table = counts.tables[TRIPLE]
    kinds, roots = len(attributes.roots), int(attributes.roots.max(initial=0)) + 1
    groups = np.repeat(table.groups, np.diff(table.starts))
    subjects, relations = groups // (kinds or 1), groups % (kinds or 1)
    order = np.lexsort((relations, table.objects, subjects))
    flat, flat_roots = CLASSES * kinds * kinds, CLASSES * roots * roots
    return Rules(
        np.zeros(flat, np.float32), np.zeros(flat, np.float32), np.zeros(flat_roots, np.float32), np.zeros(flat_roots, np.float32),
        attributes.roots, order, subjects[order], relations[order], table.objects[order],
    )  # fmt: skip


def find_bodies(counts: Counts, rules: Rules, queries: Queries) -> Bodies:
    """Queries -> all triples of their subjects that were seen before the day."""
    table = counts.tables[TRIPLE]
    starts, ends = (np.searchsorted(rules.subjects, queries.subjects, side=side) for side in ("left", "right"))
    query = np.repeat(np.arange(len(starts)), ends - starts)
    rows = join_ranges(starts, ends)
    seen = table.last[rules.order[rows]] != NEVER
    query, rows = query[seen], rows[seen]
    keys = rules.order[rows]
    kind = np.searchsorted(LAGS, queries.day - table.last[keys]) * (len(OFTEN) + 1) + np.searchsorted(OFTEN, table.days[keys])
    bodies, heads = rules.relations[rows], queries.relations[query]
    kinds, roots = len(rules.roots), int(rules.roots.max(initial=0)) + 1
    cells = (kind * kinds + bodies) * kinds + heads
    root_cells = (kind * roots + rules.roots[bodies]) * roots + rules.roots[heads]
    kinship = np.where(bodies == heads, 0, np.where(rules.roots[bodies] == rules.roots[heads], 1, 2))
    return Bodies(query, rules.objects[rows], cells, root_cells, kind * KINSHIPS + kinship)


def apply_rules(rules: Rules, bodies: Bodies, shape: tuple[int, int]) -> tuple[sparse.csr_matrix, sparse.csr_matrix]:
    """Bodies -> for each [query, entity] the highest confidence of a rule, and the noisy-or of all: the chance that one of them holds."""
    if not len(bodies.query):
        return sparse.csr_matrix(shape, dtype=np.float32), sparse.csr_matrix(shape, dtype=np.float32)
    prior = (rules.root_right[bodies.root_cells] + 0.01) / (rules.root_seen[bodies.root_cells] + 1)
    confidence = (rules.right[bodies.cells] + PRIOR * prior) / (rules.seen[bodies.cells] + PRIOR)
    starts = np.flatnonzero(np.diff(bodies.query * shape[1] + bodies.objects, prepend=-1))
    columns, rows = bodies.objects[starts], np.searchsorted(bodies.query[starts], np.arange(shape[0] + 1))
    best = np.maximum.reduceat(confidence, starts)
    either = -np.expm1(np.add.reduceat(np.log1p(-np.minimum(confidence, 0.999)), starts))
    highest, any_holds = (sparse.csr_matrix((values.astype(np.float32), columns, rows), shape=shape) for values in (best, either))
    return highest, any_holds


def learn_rules(rules: Rules, bodies: Bodies, queries: Queries, entities: int) -> None:
    """Count, once the day is over, which of the bodies were followed by an answer."""
    place = bodies.query * entities + bodies.objects
    right = np.isin(place, queries.query * entities + queries.answers)
    for cells, seen, hit in ((bodies.cells, rules.seen, rules.right), (bodies.root_cells, rules.root_seen, rules.root_right)):
        for table, chosen in ((seen, cells), (hit, cells[right])):
            places, number = np.unique(chosen, return_counts=True)
            table[places] += number
