"""Counts of past events that fade with time, kept day by day: by (subject, relation, object), by pair, by the subject's country, and so on.

A table has a row for each key that occurs anywhere in the data; a key that has not occurred yet counts zero, so that what is later moves nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy import sparse

from detente.forecasting.attributes import Attributes
from detente.forecasting.quads import Ints, Quads

Floats: TypeAlias = npt.NDArray[np.float32]
HALF_LIVES = (2.0, 7.0, 30.0, 120.0, math.inf)
"""Days after which an event counts half. On ICEWS14 30 carries most; 2 is the news of the week, infinity the plain count."""
NEVER = -1
"""The last day of a key that has not occurred."""


class Family(NamedTuple):
    """What is counted together. ``subject`` and ``object``: id, country, role or any; ``relation``: id, root, quad, side (given or received) or any."""

    subject: str
    relation: str
    object: str


TRIPLE, PAIR = Family("id", "id", "id"), Family("id", "any", "id")


class Table(NamedTuple):
    """The counts of a family. ``codes``: sorted keys; the other arrays have a row more, for keys that are in no table, which stays empty.

    ``sums``: [key, half-life] counts as faded on the key's last day. ``first``, ``last``, ``days``: first and last day, and number of days with an event.
    ``groups``, ``starts``: the distinct (subject, relation) of the keys and where each begins, for whole rows at once.
    """

    family: Family
    codes: Ints
    sums: npt.NDArray[np.float64]
    first: Ints
    last: Ints
    days: Ints
    objects: Ints
    groups: Ints
    starts: Ints


class Counts(NamedTuple):
    """All tables, and what their keys are made of: ``maps`` gives for each side and attribute the group of a number, ``fading`` [days, half-life] the weights."""

    maps: Mapping[tuple[str, str], Ints]
    tables: Mapping[Family, Table]
    fading: npt.NDArray[np.float64]


def make_counts(quads: Quads, attributes: Attributes, families: tuple[Family, ...]) -> Counts:
    """All events that will ever be counted (mirrors included; only their keys are taken) -> empty tables."""
    entities, relations = np.arange(attributes.entities), np.arange(2 * attributes.relations)
    actors = {"id": entities, "country": attributes.countries, "role": attributes.roles, "any": 0 * entities}
    kinds = {"id": relations, "root": attributes.roots, "quad": attributes.quad_classes, "side": relations // max(attributes.relations, 1), "any": 0 * relations}
    maps = {
        **{("subject", name): groups for name, groups in actors.items()},
        **{("object", name): groups for name, groups in actors.items()},
        **{("relation", name): groups for name, groups in kinds.items()},
    }
    return Counts(maps, {family: _make_table(quads, maps, family) for family in families}, _weigh_ages(int(quads.days.max(initial=0)) + 2))


def _weigh_ages(number: int) -> npt.NDArray[np.float64]:
    """How many ages, from 0 days on -> what is left of an event [age, half-life]."""
    return np.stack([np.exp2(-np.arange(number) / half) for half in HALF_LIVES], axis=1)


def _make_table(quads: Quads, maps: Mapping[tuple[str, str], Ints], family: Family) -> Table:
    return _lay_table(np.unique(code_keys(maps, family, quads.subjects, quads.relations, quads.objects)), maps, family)


def _lay_table(codes: Ints, maps: Mapping[tuple[str, str], Ints], family: Family) -> Table:
    """Distinct keys in order -> their table, empty."""
    width = _width(maps, "object", family.object)
    groups, starts = np.unique(codes // width, return_index=True)
    rows = len(codes) + 1
    days = np.full((2, rows), NEVER, dtype=np.int64)
    return Table(family, codes, np.zeros((rows, len(HALF_LIVES))), days[0], days[1], np.zeros(rows, np.int64), codes % width, groups, np.append(starts, len(codes)))


def _width(maps: Mapping[tuple[str, str], Ints], side: str, name: str) -> int:
    return int(maps[side, name].max(initial=0)) + 1


def code_groups(maps: Mapping[tuple[str, str], Ints], family: Family, subjects: Ints, relations: Ints) -> Ints:
    """Subjects and relations (arrays of one shape) -> the numbers of their groups in a family."""
    return maps["subject", family.subject][subjects] * _width(maps, "relation", family.relation) + maps["relation", family.relation][relations]


def code_keys(maps: Mapping[tuple[str, str], Ints], family: Family, subjects: Ints, relations: Ints, objects: Ints) -> Ints:
    """Subjects, relations and objects (shapes that broadcast) -> the numbers of their keys in a family."""
    return code_groups(maps, family, subjects, relations) * _width(maps, "object", family.object) + maps["object", family.object][objects]


def add_day(counts: Counts, quads: Quads, day: int, tables: Mapping[Family, Table] | None = None) -> None:
    """Count the events of one day (mirrors included) in all tables, or in those given; days must come in order."""
    for family, table in (counts.tables if tables is None else tables).items():
        codes, number = np.unique(code_keys(counts.maps, family, quads.subjects, quads.relations, quads.objects), return_counts=True)
        rows = np.searchsorted(table.codes, codes)
        table.sums[rows] = table.sums[rows] * counts.fading[day - table.last[rows]] * (table.last[rows] != NEVER)[:, None] + number[:, None]
        table.first[rows] = np.where(table.first[rows] == NEVER, day, table.first[rows])
        table.last[rows] = day
        table.days[rows] += 1


class About(NamedTuple):
    """Whose rows are needed, on a ``day``, of tables that are filled at once: of these ``subjects``, or their groups, under these ``relations``, or theirs. Of ``whole`` families all rows."""

    day: int
    subjects: Ints
    relations: Ints
    whole: tuple[Family, ...]


def fill_counts(quads: Quads, attributes: Attributes, families: tuple[Family, ...], about: About) -> Counts:
    """Past events in the order of their days (mirrors included) -> the tables that ``add_day`` makes of them day by day, of the rows that are asked for."""
    empty = make_counts(quads.take(np.zeros(0, np.int64)), attributes, ())._replace(fading=_weigh_ages(about.day + 2))
    tables = {family: _fill_table(_concern(quads, empty.maps, family, about), empty, family) for family in families}
    return empty._replace(tables=tables)


def _concern(quads: Quads, maps: Mapping[tuple[str, str], Ints], family: Family, about: About) -> Quads:
    """The events of the rows that are asked for."""
    if family in about.whole:
        return quads
    kept = np.ones(len(quads.days), dtype=bool)
    for side, name, values, wanted in (("subject", family.subject, quads.subjects, about.subjects), ("relation", family.relation, quads.relations, about.relations)):
        groups = maps[side, name]
        chosen = np.zeros(int(groups.max(initial=0)) + 1, dtype=bool)
        chosen[groups[wanted]] = True
        kept &= chosen[groups][values]
    return quads.take(kept)


def _fill_table(quads: Quads, counts: Counts, family: Family) -> Table:
    codes = code_keys(counts.maps, family, quads.subjects, quads.relations, quads.objects)
    order = np.argsort(codes, kind="stable")  # the events of a key stay in the order of their days
    codes, days = codes[order], quads.days[order]
    is_first = np.diff(codes, prepend=-1) != 0
    starts = np.flatnonzero(is_first)
    table = _lay_table(codes[starts], counts.maps, family)
    if not len(starts):
        return table
    rows = np.cumsum(is_first) - 1
    table.first[:-1], table.last[:-1] = days[starts], days[np.append(starts[1:], len(days)) - 1]
    table.days[:-1] = np.bincount(rows, weights=is_first | (np.diff(days, prepend=-1) != 0))
    table.sums[:-1] = np.add.reduceat(counts.fading[table.last[rows] - days], starts)
    return table


def find_rows(table: Table, codes: Ints) -> Ints:
    """Keys -> their rows in a table, the empty last row for one that is not there."""
    rows = np.searchsorted(table.codes, codes)
    return np.where(np.append(table.codes, -1)[rows] == codes, rows, len(table.codes))


def faded(counts: Counts, table: Table, rows: Ints, day: int, half_lives: tuple[int, ...]) -> Floats:
    """Rows of a table -> their counts as faded on a day, [..., half-life], for positions in ``HALF_LIVES``."""
    chosen = list(half_lives)
    age = day - table.last[rows]
    age[table.last[rows] == NEVER] = 0
    return (table.sums[rows][..., chosen] * counts.fading[:, chosen][age]).astype(np.float32)


def faded_keys(counts: Counts, table: Table, day: int, half_life: int) -> npt.NDArray[np.float64]:
    """A table -> the counts of all its keys as faded on a day."""
    ages = np.where(table.last[:-1] == NEVER, 0, day - table.last[:-1])
    values: npt.NDArray[np.float64] = table.sums[:-1, half_life] * counts.fading[ages, half_life]
    return values


def sum_groups(table: Table, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Values of all keys of a table -> their sum in each group."""
    sums: npt.NDArray[np.float64] = np.add.reduceat(np.append(values, 0.0), table.starts[:-1])
    return sums


def join_ranges(starts: Ints, ends: Ints) -> Ints:
    """Starts and ends -> all positions of all ranges, one range after the other."""
    lengths = ends - starts
    positions: Ints = np.arange(int(lengths.sum())) + np.repeat(starts - np.cumsum(lengths) + lengths, lengths)
    return positions


def share_rows(counts: Counts, table: Table, day: int, half_life: int) -> sparse.csr_matrix:
    """A table as a matrix [group, object] of shares of the group's faded count; the last row is empty, for groups that are not there."""
    values = faded_keys(counts, table, day, half_life)
    return lay_out(counts, table, values / np.repeat(np.maximum(sum_groups(table, values), 1e-30), np.diff(table.starts)))


def lay_out(counts: Counts, table: Table, values: npt.NDArray[np.float64]) -> sparse.csr_matrix:
    """Values of all keys of a table -> a matrix [group, object]; the last row is empty, for groups that are not there."""
    some = values != 0  # keys that come later are left out
    starts = np.concatenate([[0], np.cumsum(some)])[np.append(table.starts, table.starts[-1])]
    return sparse.csr_matrix((values[some].astype(np.float32), table.objects[some], starts), shape=(len(table.groups) + 1, _width(counts.maps, "object", table.family.object)))


def find_groups(table: Table, groups: Ints) -> Ints:
    """Groups -> their rows in the matrix of ``share_rows``, the empty last one for a group that is not there."""
    rows = np.searchsorted(table.groups, groups)
    return np.where(np.append(table.groups, -1)[rows] == groups, rows, len(table.groups))
