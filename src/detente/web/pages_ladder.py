"""The ladder of escalation and the cycle of a crisis, as the codebook has them."""

from __future__ import annotations

import msgspec

from detente.codebook.cycle import CycleTable, load_cycle
from detente.codebook.ladder import Ladder, load_ladder
from detente.web.asked import Asked
from detente.web.routing import Page


class RungRow(msgspec.Struct, frozen=True):
    """A rung; the types, and the modes of types, that stand on it; types that stand on it if somebody died."""

    rung: int
    name: str
    means: str
    types: tuple[tuple[str, str], ...]
    lethal: tuple[str, ...]


class LadderPage(msgspec.Struct, frozen=True):
    """The rungs, highest first, and the figures of the ladder as its file has them."""

    rungs: tuple[RungRow, ...]
    ladder: Ladder


class CyclePage(msgspec.Struct, frozen=True):
    """The stages and signs of the cycle as its file has them."""

    cycle: CycleTable


def read_ladder(_: Asked) -> LadderPage:
    """Nothing -> the ladder."""
    ladder = load_ladder()
    rows = []
    for number, rung in sorted(ladder.rungs.items(), reverse=True):
        types = [(name, "") for name, entry in ladder.types.items() if entry.rung == number]
        types += [(name, mode) for name, entry in ladder.types.items() for mode, at in entry.modes.items() if at == number]
        rows.append(RungRow(number, rung.name, rung.means, tuple(types), tuple(name for name, entry in ladder.types.items() if entry.lethal == number)))
    return LadderPage(tuple(rows), ladder)


def read_cycle(_: Asked) -> CyclePage:
    """Nothing -> the cycle."""
    return CyclePage(load_cycle())


PAGES = (
    Page("/codebook/ladder", read_ladder, "codebook_ladder.html", "Ladder", nav="codebook"),
    Page("/codebook/cycle", read_cycle, "codebook_cycle.html", "Cycle", nav="codebook"),
)
