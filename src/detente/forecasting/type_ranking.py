"""Which type of act comes next from one party toward another: all types ranked, by what the two did before and what each does with others.

The same counts, ranker and loss as for the question whom an act is directed at; here the pair is given and all relations are candidates, so that each has a share of 1.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from detente.forecasting.attributes import Attributes
from detente.forecasting.baselines import DEFAULT, PAIRS
from detente.forecasting.counts import NEVER, PAIR, TRIPLE, About, Counts, Family, Floats, add_day, code_keys, faded, fill_counts, find_rows, make_counts
from detente.forecasting.evaluation import rank_pairs
from detente.forecasting.quads import Ints, Quads
from detente.forecasting.ranking_features import FAR
from detente.forecasting.ranking_model import Sample

GIVEN, TAKEN, WORLD, REGIONS = Family("id", "id", "any"), Family("any", "id", "id"), Family("any", "id", "any"), Family("country", "id", "country")
SAME_CLASS = Family("id", "quad", "id")
VIEWS: tuple[tuple[Family, tuple[int, ...], bool], ...] = (
    (TRIPLE, (0, 1, 2, 3, 4), False),
    (TRIPLE, (0, 1, 2, 4), True),
    (SAME_CLASS, (1, 2, 4), False),
    (SAME_CLASS, (1, 2, 4), True),
    (GIVEN, (1, 2, 4), False),
    (GIVEN, (1, 2, 4), True),
    (TAKEN, (1, 2, 4), False),
    (REGIONS, (2, 4), False),
    (WORLD, (1, 3), False),
    (PAIR, (0, 1, 2, 4), False),
    (PAIR, (1, 4), True),
)
"""What is counted, with which half-lives (positions in ``HALF_LIVES``), and whether of what the second did to the first. Chosen beforehand, none of it tried against others."""
OWN_WEIGHT, SHARED_WEIGHT = 3.0, 10.0
"""Events that the shares of the two parties count for in that of the pair, and those of all that they count for in that of a party. Chosen beforehand."""
SHARE_HALF = 3
"""Position of the half-life, 120 days, of the counts that shares are made of."""


class PairQueries(NamedTuple):
    """The questions of one day: of each distinct pair what the first did to the second. ``query``, ``answers``: for each event, its query and its type."""

    day: int
    subjects: Ints
    objects: Ints
    query: Ints
    answers: Ints


class TypeState(NamedTuple):
    """All that is known of the past."""

    counts: Counts
    attributes: Attributes


def make_type_state(quads: Quads, attributes: Attributes) -> TypeState:
    """All events that will ever be counted (mirrors included; only their keys are taken) -> a state that knows nothing yet."""
    return TypeState(make_counts(quads, attributes, tuple(dict.fromkeys(family for family, _, _ in VIEWS))), attributes)


def fill_type_state(quads: Quads, attributes: Attributes, queries: PairQueries) -> TypeState:
    """Past events in the order of their days (mirrors included) -> the state after them, as far as these queries ask it."""
    about = About(queries.day, queries.subjects, np.arange(2 * attributes.relations), (TAKEN, WORLD))
    return TypeState(fill_counts(quads, attributes, tuple(dict.fromkeys(family for family, _, _ in VIEWS)), about), attributes)


def count_day(state: TypeState, quads: Quads, day: int) -> None:
    """Count the events of a day (mirrors included), once it is over."""
    add_day(state.counts, quads, day)


def ask_pairs(quads: Quads, day: int, relations: int) -> PairQueries:
    """The events of one day (mirrors are left out) -> its questions."""
    kept = quads.take(quads.relations < relations)
    width = int(kept.objects.max(initial=0)) + 1
    codes, query = np.unique(kept.subjects * width + kept.objects, return_inverse=True)
    return PairQueries(day, codes // width, codes % width, query.reshape(-1), kept.relations)


def _counts(state: TypeState, queries: PairQueries, family: Family, halves: tuple[int, ...], *, mirrored: bool) -> tuple[Floats, npt.NDArray[np.float32]]:
    """Counts [query, type, half-life] and days since the last [query, type]."""
    kinds = np.arange(state.attributes.relations) + (state.attributes.relations if mirrored else 0)
    table = state.counts.tables[family]
    rows = find_rows(table, code_keys(state.counts.maps, family, queries.subjects[:, None], kinds[None, :], queries.objects[:, None]))
    ages = np.where(table.last[rows] == NEVER, FAR, queries.day - table.last[rows]).astype(np.float32)
    return faded(state.counts, table, rows, queries.day, halves), ages


def mix_shares(state: TypeState, queries: PairQueries) -> Floats:
    """Queries -> [query, type], each row with the sum 1: the share of the type in what the pair did, drawn to that in what each of the two does and takes, and these to all."""

    def count(family: Family) -> Floats:
        return _counts(state, queries, family, (SHARE_HALF,), mirrored=False)[0][..., 0]

    def draw(counts: Floats, prior: Floats, weight: float) -> Floats:
        drawn: Floats = (counts + weight * prior) / (counts.sum(axis=1, keepdims=True) + weight)
        return drawn

    everywhere = count(WORLD) + np.float32(1)
    world: Floats = everywhere / everywhere.sum(axis=1, keepdims=True)
    parties = np.float32(0.5) * (draw(count(GIVEN), world, SHARED_WEIGHT) + draw(count(TAKEN), world, SHARED_WEIGHT))
    return draw(count(TRIPLE), parties, OWN_WEIGHT)


def make_type_features(state: TypeState, queries: PairQueries, mixed: Floats) -> Floats:
    """Queries and their mixture -> features [query, type, feature]."""
    columns: list[Floats] = [mixed]
    for family, halves, mirrored in VIEWS:
        counts, ages = _counts(state, queries, family, halves, mirrored=mirrored)
        columns += [counts[..., n] for n in range(len(halves))]
        if family.relation != "any":
            columns += [counts[..., n] / np.maximum(counts[..., n].sum(axis=1, keepdims=True), np.float32(1e-3)) for n in range(len(halves))]
        if family in (TRIPLE, PAIR, SAME_CLASS):
            columns.append(ages)
    kinds = np.arange(state.attributes.relations)
    columns += [np.broadcast_to(column.astype(np.float32), mixed.shape) for column in (kinds, state.attributes.quad_classes[kinds])]
    return np.stack(columns, axis=2).astype(np.float32)


def sample_types(state: TypeState, queries: PairQueries, kept: Ints) -> Sample:
    """The questions of a day and which of them are taken -> what is learned from them."""
    right = np.zeros((len(queries.subjects), state.attributes.relations), bool)
    right[queries.query, queries.answers] = True
    chosen = queries._replace(subjects=queries.subjects[kept], objects=queries.objects[kept])
    mixed = mix_shares(state, chosen)
    return Sample(make_type_features(state, chosen, mixed), right[kept], np.log(mixed))


# -- baselines -------------------------------------------------------------------------------------------------------------------
def recurrency_of_types(state: TypeState, queries: PairQueries, pair: tuple[float, float] = DEFAULT) -> Floats:
    """Queries, lambda and alpha -> [query, type]: how lately the two did it, 2^(-lambda days), mixed with the share of the type in all events."""
    ages = _counts(state, queries, TRIPLE, (4,), mirrored=False)[1]
    strict = np.where(ages < FAR, np.exp2(-np.float32(pair[0]) * ages), np.float32(0))
    everywhere = _counts(state, queries, WORLD, (4,), mirrored=False)[0][..., 0]
    found: Floats = np.float32(pair[1]) * strict + np.float32(1 - pair[1]) * everywhere / np.maximum(everywhere.sum(axis=1, keepdims=True), 1)
    return found


def frequency_of_types(state: TypeState, queries: PairQueries) -> Floats:
    """Queries -> [query, type]: how often the two did it; where equal, the share of the type in all events decides."""
    counts, everywhere = (_counts(state, queries, family, (4,), mirrored=False)[0][..., 0] for family in (TRIPLE, WORLD))
    found: Floats = counts + np.float32(0.5) * everywhere / np.maximum(everywhere.sum(axis=1, keepdims=True), 1)
    return found


def choose_fading(trials: Sequence[npt.NDArray[np.float64]]) -> tuple[float, float]:
    """Reciprocal ranks of past answers [event, pair of lambda and alpha] -> the best pair."""
    return PAIRS[int(np.concatenate(trials).mean(axis=0).argmax())] if trials else DEFAULT


def try_fadings(state: TypeState, queries: PairQueries) -> npt.NDArray[np.float64]:
    """The questions of a day, before it is counted -> the reciprocal rank of each answer under each pair of lambda and alpha."""
    return np.stack([1 / rank_pairs(recurrency_of_types(state, queries, pair), queries.query, queries.answers) for pair in PAIRS], axis=1)


def days_of(quads: Quads, first: int, last: int, relations: int) -> Iterator[tuple[Quads, PairQueries]]:
    """Events by day, from the first to the last -> each day's events and questions."""
    for day in np.unique(quads.days[(quads.days >= first) & (quads.days <= last)]):
        events = quads.take(quads.days == day)
        yield events, ask_pairs(events, int(day), relations)
