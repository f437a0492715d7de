"""The cycle of a crisis: the codebook's data file -> stages with what their weeks show, and the sign of an event."""

from __future__ import annotations

import functools
import tomllib
from pathlib import Path

import msgspec

from detente.codebook.load import DATA
from detente.errors import CodebookError

STAGES = ("calm", "grievance", "threat", "rupture", "provocation", "standoff", "bargaining", "concession")
"""In the order of the cycle; after the last, the first again."""


class Sign(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an event shows: those of the named types, and those on the named rungs."""

    means: str
    types: tuple[str, ...] = ()
    rungs: tuple[int, ...] = ()


class Stage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A stage: shares of signs and the stages that follow it in parts of 100; mean duration in weeks over so many phases; volume next to calm."""

    means: str
    why: str
    activity: float
    weeks: float
    phases: int
    shares: dict[str, float]
    next: dict[str, float]


class Spread(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How far a week may be from its stage: concentration of the Dirichlet-multinomial, size of the negative binomial."""

    concentration: float
    size: float


class Learning(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From how many weeks and events on a dyad is learned from, and the weight of the table in events and in spells, per stage."""

    least_weeks: int
    least_events: int
    prior_events: float
    prior_spells: float


class Knowing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """With fewer events, or after so many weeks without any report, too little is known."""

    least_events: int
    silent_weeks: int


class CycleTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole data file."""

    signs: dict[str, Sign]
    stages: dict[str, Stage]
    spread: Spread
    learning: Learning
    knowing: Knowing


@functools.cache
def load_cycle(path: Path = DATA / "cycle.toml") -> CycleTable:
    """The data file -> the cycle. Raises ``CodebookError`` with all faults of a file that is none."""
    try:
        table = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), CycleTable, strict=False)
    except (OSError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise CodebookError(f"{path}: found {error}; expected the signs, stages, spread, learning and knowing of a cycle") from error
    if faults := find_faults(table):
        raise CodebookError("\n".join(f"{path}: {fault}" for fault in faults))
    return table


def find_faults(table: CycleTable) -> list[str]:
    """A cycle -> what is wrong with its figures, a line each."""
    faults = []
    if tuple(table.stages) != STAGES:
        faults.append(f"stages: found {', '.join(table.stages)}; expected {', '.join(STAGES)}, in this order")
    for name, stage in table.stages.items():
        if set(stage.shares) != set(table.signs) or not all(share > 0 for share in stage.shares.values()) or abs(sum(stage.shares.values()) - 100) > 1e-6:
            faults.append(f"{name}.shares: found a sum of {sum(stage.shares.values()):g}; expected a share above 0 for each sign, 100 in all")
        if name in stage.next or not set(stage.next) <= set(STAGES) or abs(sum(stage.next.values()) - 100) > 1e-6:
            faults.append(f"{name}.next: found a sum of {sum(stage.next.values()):g} over {', '.join(stage.next)}; expected other stages, 100 in all")
        if not 1 <= stage.phases <= stage.weeks or stage.activity <= 0:
            faults.append(f"{name}: found {stage.phases} phases in {stage.weeks:g} weeks, activity {stage.activity:g}; expected 1 <= phases <= weeks, activity above 0")
    if min(table.spread.concentration, table.spread.size) <= 0:
        faults.append("spread: expected figures above 0")
    return faults


def sign_of(event_type: str, rung: int, table: CycleTable | None = None) -> str:
    """An event's type and rung -> its sign; types go before rungs, earlier signs before later ones.

    >>> sign_of("REJECT", 1), sign_of("ACCUSE", 1), sign_of("ASSAULT", 5)
    ('refusal', 'grievance', 'force')
    """
    signs = (table or load_cycle()).signs
    by_type = next((name for name, sign in signs.items() if event_type in sign.types), None)
    by_rung = by_type or next((name for name, sign in signs.items() if rung in sign.rungs), None)
    return by_rung or list(signs)[-1]
