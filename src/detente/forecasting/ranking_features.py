"""What the ranker sees of a candidate: counts of the past between it and the subject, seen from many sides, and the guesses that made it a candidate.

Everything is read from the state as it is before the day is counted. ``advance`` counts a day; nothing else changes the state.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from detente.forecasting import candidates, latent, rule_weights, rules
from detente.forecasting.attributes import Attributes
from detente.forecasting.candidates import Guesses
from detente.forecasting.counts import (
    HALF_LIVES,
    NEVER,
    PAIR,
    TRIPLE,
    About,
    Counts,
    Family,
    Floats,
    Table,
    add_day,
    code_groups,
    code_keys,
    faded,
    fill_counts,
    find_groups,
    find_rows,
    make_counts,
    share_rows,
)
from detente.forecasting.evaluation import Queries
from detente.forecasting.latent import Latents, make_latents
from detente.forecasting.quads import Ints, Quads
from detente.forecasting.rule_weights import RuleWeights
from detente.forecasting.rules import Bodies, Rules

FAR = 10_000
"""Days since something that has never happened: more than any data set is long."""
LIFT_PRIOR = np.float32(0.5)
"""Added below the line of a lift, so that a single event is no certainty."""


class View(NamedTuple):
    """Features of one family. ``counts``, ``relative``, ``shares``: positions in ``HALF_LIVES`` of the faded counts that are given as they are, in relation to the
    best candidate of the query, and as a share of what the subject did under the relation of the family. ``age``: days since the last; ``rhythm``: that
    against the mean gap. ``lifts``: of all that this subject and object (or their groups) have between them, the share under the relation. ``mirrored``: of the mirror relation, what the candidate did to the subject. ``new``: only events of pairs that had none before.
    """

    family: Family
    counts: tuple[int, ...] = ()
    relative: tuple[int, ...] = ()
    shares: tuple[int, ...] = ()
    lifts: tuple[int, ...] = ()
    age: bool = False
    rhythm: bool = False
    mirrored: bool = False
    new: bool = False


VIEWS = (
    View(TRIPLE, (0, 3, 4), (1, 3), (3,), lifts=(3,), age=True, rhythm=True),
    View(TRIPLE, (2,), age=True, mirrored=True),
    View(Family("id", "root", "id"), (2,), (4,), age=True),
    View(Family("id", "quad", "id"), (0,), age=True),
    View(Family("id", "side", "id"), (), (4,), rhythm=True),
    View(Family("id", "side", "id"), (2, 4), mirrored=True),
    View(PAIR, (0, 4), (0, 4), (0,), age=True, rhythm=True),
    View(Family("any", "id", "id"), (0, 4), (0, 4), (0,), lifts=(4,)),
    View(Family("any", "root", "id"), (0, 2, 4), (2,)),
    View(Family("any", "any", "id"), (0, 2, 4)),
    View(Family("country", "id", "id"), (0, 2, 4), lifts=(4,), age=True),
    View(Family("country", "any", "id"), (0, 4), (2,), age=True),
    View(Family("role", "id", "id"), (4,), (2,), lifts=(4,)),
    View(Family("id", "id", "country"), (), (), (2, 4), lifts=(4,)),
    View(Family("id", "any", "country"), (1, 2), (), (2, 4)),
    View(Family("id", "id", "role"), (), (), (2, 4), lifts=(4,)),
    View(Family("id", "any", "role"), (), (), (2, 4)),
    View(Family("country", "id", "role"), (), (), (4,)),
    View(Family("country", "id", "country"), (), (), (2, 4), lifts=(4,)),
    View(Family("country", "any", "country"), (), (), (2, 4)),
    View(Family("role", "id", "role"), (), (), (3,), lifts=(4,)),
    View(Family("any", "id", "role"), (), (), (3,)),
    View(Family("any", "id", "id"), (1, 3), (3,), new=True),
    View(Family("any", "any", "id"), (1, 3), new=True),
    View(Family("country", "any", "id"), (1, 3), new=True),
    View(Family("role", "any", "role"), (3,), new=True),
)
"""The sides that a candidate is seen from: of about 180 features those that brought least gain on ICEWS14 train are left out."""
ASKED = (
    View(Family("id", "any", "any"), (0, 2, 4), age=True),
    View(Family("id", "id", "any"), (0, 2, 4), age=True),
    View(Family("any", "id", "any"), (0, 2)),
    View(Family("id", "any", "any"), (1, 3), new=True),
    View(Family("id", "id", "any"), (3,), new=True),
    View(Family("any", "id", "any"), (3,), new=True),
)
"""What is said of the query itself, the same for all its candidates: how active the subject is, and how often it turns to someone new."""
RELATIVE = (1, 6, 8, 10, 11, 12, 14, *range(len(candidates.DIRECT), candidates.GUESSES))
"""Guesses, by position, that are also given in relation to that of the best candidate."""
PLACED = (0, 1, 6, 7, len(candidates.DIRECT), len(candidates.DIRECT) + 1, len(candidates.DIRECT) + 2)
"""Guesses, by position, of which it is also told how many candidates they give more."""
LATENT = (
    (TRIPLE, 3), (PAIR, 3), (Family("country", "id", "id"), 3), (Family("any", "id", "id"), 3), (Family("role", "id", "id"), 3),
)  # fmt: skip
"""Groups of past objects, the faded mean of whose vectors is set beside that of the candidate."""
OTHERS = ("rules, score", "rule, best", "rule, best, relative", "mixture", "mixture, relative", "mixture, rank", "same country", "same role", "weekday")


class State(NamedTuple):
    """All that is known of the past: counts of all events, counts of the first events of pairs, rules and their weights, and how alike entities are."""

    attributes: Attributes
    counts: Counts
    new: Mapping[Family, Table]
    rules: Rules
    rule_weights: RuleWeights
    latents: Latents


def make_state(quads: Quads, attributes: Attributes) -> State:
    """All events that will ever be counted (mirrors included; only their keys are taken) -> a state that knows nothing yet."""
    families, new = _list_families()
    counts = make_counts(quads, attributes, families)
    made = rules.make_rules(counts, attributes)
    return State(attributes, counts, make_counts(quads, attributes, new).tables, made, rule_weights.make_rule_weights(made), make_latents(attributes.entities))


class Lessons(NamedTuple):
    """What going through past days taught, and counting their events at once does not: ``rules``, the counts of the rules in the order of ``Rules``; their ``weights``; the ``basis`` of the latent
    vectors [entity, number]. All empty: nothing."""

    rules: Sequence[Floats] = ()
    weights: Sequence[Floats] = ()
    basis: npt.NDArray[np.float64] | None = None


def take_lessons(state: State) -> Lessons:
    """A state that went through past days -> what they taught."""
    made = state.rules
    return Lessons((made.seen, made.right, made.root_seen, made.root_right), state.rule_weights.weights, state.latents.basis)


def fill_state(quads: Quads, attributes: Attributes, queries: Queries, lessons: Lessons) -> State:
    """Past events in the order of their days (mirrors included) -> the state after them, as far as these queries ask it, with what other days taught."""
    families, new = _list_families()
    kinds = attributes.relations
    about = About(queries.day, queries.subjects, np.concatenate([queries.relations, (queries.relations + kinds) % (2 * kinds)]), (TRIPLE, *candidates.EVERYWHERE))
    counts = fill_counts(quads, attributes, families, about)
    _, first, of = np.unique(quads.subjects * attributes.entities + quads.objects, return_index=True, return_inverse=True)
    of_new = quads.take(quads.days == quads.days[first][of])
    made, latents = rules.make_rules(counts, attributes), make_latents(attributes.entities)
    weights = rule_weights.make_rule_weights(made)
    if lessons.rules:
        seen, right, root_seen, root_right = lessons.rules
        made = made._replace(seen=seen, right=right, root_seen=root_seen, root_right=root_right)
        weights = weights._replace(weights=tuple(lessons.weights))
    if lessons.basis is not None and lessons.basis.shape == latents.basis.shape:
        latents = latents._replace(basis=lessons.basis.copy())
    return State(attributes, counts, fill_counts(of_new, attributes, new, about).tables, made, weights, latents)


def _list_families() -> tuple[tuple[Family, ...], tuple[Family, ...]]:
    """What is counted: of all events, and of the first of pairs."""
    families = [*(family for family, _ in candidates.DIRECT), candidates.TO_COUNTRY, *(family for family, _ in LATENT)]
    families += [
        family
        for view in (*VIEWS, *ASKED)
        if not view.new
        for family in (view.family, *([_parent(view.family)] if view.shares else []), *([_whole(view.family)] if view.lifts else []))
    ]
    return tuple(dict.fromkeys(families)), tuple(dict.fromkeys(view.family for view in (*VIEWS, *ASKED) if view.new))


def _parent(family: Family) -> Family:
    return Family(family.subject, family.relation, "any")


def _whole(family: Family) -> Family:
    return Family(family.subject, "any", family.object)


def advance(state: State, quads: Quads, queries: Queries, bodies: Bodies) -> None:
    """Count the events of a day (mirrors included), once it is over."""
    pairs = state.counts.tables[PAIR]
    known = pairs.last[find_rows(pairs, code_keys(state.counts.maps, PAIR, quads.subjects, quads.relations, quads.objects))] != NEVER
    rules.learn_rules(state.rules, bodies, queries, state.attributes.entities)
    rule_weights.learn_rule_weights(state.rule_weights, bodies, queries, state.attributes.entities)
    add_day(state.counts, quads, queries.day)
    add_day(state.counts, quads.take(~known), queries.day, state.new)


def name_features() -> list[str]:
    """The names of the columns of ``make_features``, in their order."""
    direct = [f"guess {'/'.join(family)} {HALF_LIVES[half]:g}" for family, half in candidates.DIRECT] + [f"guess {name}" for name in candidates.DERIVED]
    names = [*direct, *(f"{direct[position]}, relative" for position in RELATIVE), *(f"{direct[position]}, ahead" for position in PLACED), *OTHERS]
    names += ["latent self", *(f"latent {'/'.join(f)}" for f, _ in LATENT)]
    for view in (*VIEWS, *ASKED):
        name = "/".join(view.family) + (" mirrored" if view.mirrored else "") + (" new" if view.new else "")
        names += [f"{name} count {HALF_LIVES[half]:g}" for half in view.counts]
        names += [f"{name} relative {HALF_LIVES[half]:g}" for half in view.relative]
        names += [f"{name} share {HALF_LIVES[half]:g}" for half in view.shares]
        names += [f"{name} lift {HALF_LIVES[half]:g}" for half in view.lifts]
        names += [f"{name} age"] * view.age + [f"{name} rhythm"] * view.rhythm
    return names


def make_features(state: State, guesses: Guesses, mixed: Floats, chosen: Ints, queries: Queries, kept: Ints | None = None) -> Floats:
    """Candidates [query, candidate] -> their features [query, candidate, feature]; of those at the positions ``kept`` [query, some] alone, if given.

    A feature that is relative to the best candidate, or a place among them, looks at all candidates in either case.
    """
    shape = chosen.shape if kept is None else kept.shape
    features = np.empty((*shape, len(name_features())), np.float32)
    for place, column in enumerate(_columns(state, guesses, mixed, chosen, queries, kept)):
        features[:, :, place] = column
    return features


def _columns(state: State, guesses: Guesses, mixed: Floats, chosen: Ints, queries: Queries, kept: Ints | None) -> Iterator[Floats]:
    def narrow(columns: Iterator[Floats]) -> Iterator[Floats]:
        return columns if kept is None else (np.take_along_axis(column, kept, axis=1) for column in columns)

    shown = chosen if kept is None else np.take_along_axis(chosen, kept, axis=1)
    yield from narrow(_guess_columns(state, guesses, mixed, chosen, queries))
    yield from _latent_columns(state, guesses, shown, queries)
    for view in VIEWS:
        yield from narrow(_view_columns(state, view, chosen, queries)) if view.relative else _view_columns(state, view, shown, queries)
    for view in ASKED:
        yield from _view_columns(state, view, np.zeros((len(chosen), 1), np.int64), queries)


def _relative(values: Floats) -> Floats:
    relative: Floats = values / np.maximum(values.max(axis=1, keepdims=True), np.float32(1e-9))
    return relative


def _guess_columns(state: State, guesses: Guesses, mixed: Floats, chosen: Ints, queries: Queries) -> Iterator[Floats]:
    scratch, rows = np.zeros(mixed.shape, np.float32), np.arange(len(chosen))[:, None]
    shares = [candidates.read_cells(share, rows, chosen, scratch) for share in guesses.shares]
    yield from shares
    yield from (_relative(shares[position]) for position in RELATIVE)
    yield from ((shares[position][:, None, :] > shares[position][:, :, None]).sum(axis=2).astype(np.float32) for position in PLACED)
    best, mixture = candidates.read_cells(guesses.best_rule, rows, chosen, scratch), np.take_along_axis(mixed, chosen, axis=1)
    yield candidates.read_cells(guesses.rule_scores, rows, chosen, scratch)
    yield from (best, _relative(best), mixture, _relative(mixture))
    yield np.broadcast_to(np.arange(chosen.shape[1], dtype=np.float32), chosen.shape)
    groups = state.attributes
    for attribute in (groups.countries, groups.roles):
        yield (attribute[chosen] == attribute[queries.subjects][:, None]).astype(np.float32)
    yield np.full(chosen.shape, queries.day % 7, np.float32)


def _latent_columns(state: State, guesses: Guesses, shown: Ints, queries: Queries) -> Iterator[Floats]:
    """How alike a candidate is to the subject, and to what the groups of ``LATENT`` acted on before."""
    vectors = latent.find_vectors(state.latents, guesses.profiles, queries.day)
    theirs = vectors[shown]
    yield np.einsum("qn,qcn->qc", vectors[queries.subjects], theirs)
    for family, half in LATENT:
        table = state.counts.tables[family]
        matrix = share_rows(state.counts, table, queries.day, half)
        rows = find_groups(table, code_groups(state.counts.maps, family, queries.subjects, queries.relations))
        middle = np.asarray(matrix[rows] @ vectors)
        yield np.matmul(theirs, middle[:, :, None])[:, :, 0]


def _view_columns(state: State, view: View, chosen: Ints, queries: Queries) -> Iterator[Floats]:
    table = state.new[view.family] if view.new else state.counts.tables[view.family]
    kinds = state.attributes.relations
    relations = (queries.relations + kinds) % (2 * kinds) if view.mirrored else queries.relations
    rows = find_rows(table, code_keys(state.counts.maps, view.family, queries.subjects[:, None], relations[:, None], chosen))
    wanted = tuple(sorted({*view.counts, *view.relative, *view.shares, *view.lifts}))
    values = faded(state.counts, table, rows, queries.day, wanted)
    by_half = {half: values[..., position] for position, half in enumerate(wanted)}
    yield from (by_half[half] for half in view.counts)
    yield from (_relative(by_half[half]) for half in view.relative)
    if view.shares:
        parent = state.counts.tables[_parent(view.family)]
        of = find_rows(parent, code_keys(state.counts.maps, parent.family, queries.subjects, relations, np.zeros_like(relations)))
        totals = faded(state.counts, parent, of, queries.day, view.shares)
        yield from ((by_half[half] / np.maximum(totals[:, position, None], np.float32(1e-9))).astype(np.float32, copy=False) for position, half in enumerate(view.shares))
    if view.lifts:
        whole = state.counts.tables[_whole(view.family)]
        of = find_rows(whole, code_keys(state.counts.maps, whole.family, queries.subjects[:, None], relations[:, None], chosen))
        totals = faded(state.counts, whole, of, queries.day, view.lifts)
        yield from (by_half[half] / (totals[..., position] + LIFT_PRIOR) for position, half in enumerate(view.lifts))
    ages = np.where(table.last[rows] == NEVER, FAR, queries.day - table.last[rows]).astype(np.float32)
    if view.age:
        yield ages
    if view.rhythm:
        gaps = (table.last[rows] - table.first[rows]) / np.maximum(table.days[rows] - 1, 1)
        yield np.where(table.days[rows] > 1, ages / np.maximum(gaps, 1), -1).astype(np.float32)
