"""Benchmark files of a temporal knowledge graph (ICEWS14 and kin) -> arrays of numbers, sorted by day.

The rows are those that ``exchange.quads`` reads for the store: subject, relation, object, time and an optional -1, with tabs between. Here a fault anywhere
refuses the whole input, since a score over a part of a benchmark is a score on another benchmark.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from detente.errors import InputError
from detente.exchange.lines import open_input, read_lines
from detente.exchange.quads import find_step, read_names

Ints: TypeAlias = npt.NDArray[np.int64]
HOURS_A_DAY = 24
SHOWN_FAULTS = 5
"""Faults of a file that a message names; the others are counted."""
LARGEST_NUMBER = 10_000_000
"""A larger number of an entity or relation is refused: arrays are as long as the largest number."""


class Quads(NamedTuple):
    """Events in the order of their days, one array for each column, all of one length: who, what, to whom, on which day (counted from time 0)."""

    subjects: Ints
    relations: Ints
    objects: Ints
    days: Ints

    def take(self, chosen: npt.NDArray[np.bool_] | Ints) -> Quads:
        """A mask or positions -> the events chosen."""
        return Quads(*(column[chosen] for column in self))

    @property
    def events(self) -> int:
        """How many events there are."""
        return len(self.days)


class Benchmark(NamedTuple):
    """The files of a benchmark as read. ``parts``: train, valid and perhaps test, each later than the one before. Names by number; a gap is an empty name."""

    entities: tuple[str, ...]
    relations: tuple[str, ...]
    parts: tuple[Quads, ...]


def read_benchmark(parts: Sequence[str | Path], entities: str | Path, relations: str | Path) -> Benchmark:
    """Files of quads in the order of time, and the two lists of names -> the benchmark.

    Times are hours, or days if any is not a multiple of 24. Raises ``InputError`` for a file that cannot be read or is empty, a row that is not four or
    five numbers, a number that is in no list, and parts whose days overlap.
    """
    names, kinds = _list_names(Path(entities)), _list_names(Path(relations))
    paths = [Path(part) for part in parts]
    step = HOURS_A_DAY if max(map(find_step, paths)) == 1 else 1
    read = tuple(_read_part(path, len(names), len(kinds), step) for path in paths)
    for before, after, path in zip(read, read[1:], paths[1:], strict=False):
        if before.days[-1] >= after.days[0]:
            raise InputError(f"{path}: found day {after.days[0]}; expected days after {before.days[-1]}, the last of the part before; give the parts in the order of time")
    return Benchmark(names, kinds, read)


def join_quads(parts: Sequence[Quads]) -> Quads:
    """Events in several pieces -> all of them, sorted by day (those of a day keep their order)."""
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
    order = np.argsort(columns[3], kind="stable")
    return Quads(*(column[order] for column in columns))


def add_mirrors(quads: Quads, relations: int) -> Quads:
    """Events -> the same and the mirror of each (object, relation + ``relations``, subject), so that "by whom?" is asked as "to whom?" is."""
    return join_quads([quads, Quads(quads.objects, quads.relations + relations, quads.subjects, quads.days)])


def _list_names(path: Path) -> tuple[str, ...]:
    found: Mapping[str, str] = read_names(path)
    numbers = {int(key): name for key, name in found.items()}
    if not numbers:
        raise InputError(f"{path}: found no names; expected a name, a tab and a number in each line")
    if max(numbers) > LARGEST_NUMBER:
        raise InputError(f"{path}: found the number {max(numbers)}; expected numbers up to {LARGEST_NUMBER}")
    return tuple(numbers.get(number, "") for number in range(max(numbers) + 1))


def _read_part(path: Path, entities: int, relations: int, step: int) -> Quads:
    rows: list[tuple[int, int, int, int]] = []
    faults: list[str] = []
    limits = (("subject", entities), ("relation", relations), ("object", entities))
    with open_input(path) as stream:
        for number, line in read_lines(stream):
            if not line.strip():
                continue
            cells = line.split(b"\t")
            if len(cells) not in (4, 5) or not all(cell.isdigit() for cell in cells[:4]):
                faults.append(f"{path}:{number}: found {line.decode('utf-8', 'replace')!r}; expected subject, relation, object and time as whole numbers with a tab between")
                continue
            values = [int(cell) for cell in cells[:4]]
            wrong = next(((name, value) for (name, limit), value in zip(limits, values, strict=False) if value >= limit), None)
            if wrong:
                faults.append(f"{path}:{number}: found {wrong[0]} {wrong[1]}; expected a number of the list of names")
                continue
            rows.append((values[0], values[1], values[2], values[3] // step))
    if faults:
        more = f" (and {len(faults) - SHOWN_FAULTS} more faults)" if len(faults) > SHOWN_FAULTS else ""
        raise InputError("; ".join(faults[:SHOWN_FAULTS]) + more)
    if not rows:
        raise InputError(f"{path}: found no rows; expected subject, relation, object and time in each line")
    return join_quads([Quads(*np.array(rows, dtype=np.int64).T)])
