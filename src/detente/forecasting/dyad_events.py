"""Events between countries as arrays: who, to whom, on which day, of which type; out of the files of a benchmark or of an events table.

Countries of a benchmark's entities are read off names: ``Government_(Russia)`` as well as ``Russia``, since ICEWS14 has no plain entity for many of the largest states, and
people by the register, also where ICEWS writes a middle name. Events within a country are kept: they tell of unrest at home.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from detente.codebook.ladder import rung_of
from detente.exchange.imported import CellError
from detente.exchange.quads import find_coding_by_name, find_icews_actor
from detente.forecasting.quads import Benchmark, Ints, join_quads

if TYPE_CHECKING:
    import polars as pl

ORIGIN = "icews"
"""The benchmarks are made of ICEWS, which counts no dead: some of its codes are taken to be lethal."""
LONGEST_CODE = 3
"""Letters of a country's code; keys of a store's parties that are longer are names of actors, not of countries."""


class DyadEvents(NamedTuple):
    """Events in the order of their days, an array for each column. ``countries``, ``types``: the names by number. ``sources``, ``targets``: numbers of countries; ``kinds``: of types.

    ``days`` count from ``first``, which counts from 1970-01-01 if ``dated``, else from time 0 of a benchmark.
    """

    countries: tuple[str, ...]
    types: tuple[str, ...]
    sources: Ints
    targets: Ints
    days: Ints
    kinds: Ints
    quads: Ints
    rungs: Ints
    first: int = 0
    dated: bool = False

    def name_day(self, day: int) -> int | datetime.date:
        """A day counted from ``first`` -> its date, or its number in the benchmark, whose days have no date."""
        return datetime.date(1970, 1, 1) + datetime.timedelta(days=self.first + day) if self.dated else self.first + day

    def take(self, chosen: npt.NDArray[np.bool_] | Ints) -> DyadEvents:
        """A mask or positions -> the events chosen."""
        return self._replace(**{name: getattr(self, name)[chosen] for name in ("sources", "targets", "days", "kinds", "quads", "rungs")})


def country_of(entity: str) -> str:
    """The name of an ICEWS entity, underscores for spaces -> the code of its country, "" where the name shows none."""
    name = entity.replace("_", " ")
    actor = find_icews_actor(name)
    words = name.split()
    if actor.country or actor.sectors or len(words) < 3 or "(" in name:
        return actor.country or ""
    return find_icews_actor(f"{words[0]} {words[-1]}").country or ""


def read_dyad_events(benchmark: Benchmark) -> DyadEvents:
    """A benchmark -> all its events whose two entities have a country."""
    quads = join_quads(benchmark.parts)
    names = [country_of(entity) for entity in benchmark.entities]
    countries = tuple(sorted(set(names) - {""}))
    number = {name: position for position, name in enumerate(countries)}
    of_entity = np.array([number.get(name, -1) for name in names], dtype=np.int64)
    types, kinds, classes, rungs = _code_relations(benchmark.relations)
    first = int(quads.days[0])
    found = DyadEvents(
        countries, types, of_entity[quads.subjects], of_entity[quads.objects], quads.days - first,
        kinds[quads.relations], classes[quads.relations], rungs[quads.relations], first,
    )  # fmt: skip
    return found.take((found.sources >= 0) & (found.targets >= 0))


def _code_relations(relations: Sequence[str]) -> tuple[tuple[str, ...], Ints, Ints, Ints]:
    rows = []
    for name in relations:
        try:
            coding = find_coding_by_name(name)
        except CellError:
            rows.append(("", 0, 0))
            continue
        kind = coding.event_type or ""
        rows.append((kind, coding.quad, rung_of(kind, coding.modes, cameo=coding.cameo, origin=ORIGIN) if kind else 0))
    types = tuple(sorted({row[0] for row in rows}))
    codes = np.array([(types.index(kind), quad, rung) for kind, quad, rung in rows], dtype=np.int64)
    return types, codes[:, 0], codes[:, 1], codes[:, 2]


def take_dyad_events(table: pl.DataFrame) -> DyadEvents:
    """An events table -> its events between countries; those told as background or not sharp to the day are left out."""
    import polars as pl

    kept = table.filter(
        (pl.col("precision") == "day") & ~pl.col("historical") & (pl.col("source").str.len_chars() == LONGEST_CODE) & (pl.col("target").str.len_chars() == LONGEST_CODE)
    ).sort("day")
    countries = tuple(sorted({*kept["source"].unique(), *kept["target"].unique()}))
    types = tuple(sorted(kept["event_type"].unique()))
    days = kept["day"].to_physical().to_numpy().astype(np.int64)
    first = int(days[0]) if len(days) else 0

    def numbers(column: str, names: Sequence[str]) -> Ints:
        positions = {name: position for position, name in enumerate(names)}
        return np.array([positions[value] for value in kept[column]], dtype=np.int64)

    return DyadEvents(
        countries, types, numbers("source", countries), numbers("target", countries), days - first, numbers("event_type", types),
        kept["quad"].to_numpy().astype(np.int64), kept["rung"].to_numpy().astype(np.int64), first, dated=True,
    )  # fmt: skip


def choose_dyads(events: DyadEvents, before: int, most: int, *, directed: bool) -> Ints:
    """The dyads of two countries with the most events before a day -> [dyad, (source, target)]; equal ones in the order of their names.

    Undirected, the events of both sides count together and the first by name stands first.
    """
    past = events.take((events.days < before) & (events.sources != events.targets))
    a, b = past.sources, past.targets
    if not directed:
        a, b = np.minimum(a, b), np.maximum(a, b)
    keys, sizes = np.unique(a * len(events.countries) + b, return_counts=True)
    best = keys[np.lexsort((keys, -sizes))[:most]]
    return np.stack([best // len(events.countries), best % len(events.countries)], axis=1)
