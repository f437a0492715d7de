"""The ladder of escalation: the codebook's data file -> the rung of an event."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Collection, Mapping
from pathlib import Path

import msgspec

from detente.codebook.load import DATA
from detente.errors import CodebookError

LOWEST, HIGHEST_SINGLE, HIGHEST = -4, 6, 8
"""The lowest rung, the highest that one event can stand on, and the highest of all."""


class Rung(msgspec.Struct, frozen=True):
    """A rung by its name, and what it means."""

    name: str
    means: str


class TypeRung(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The rung of a type, of those of its modes that stand elsewhere, and the rung if somebody died."""

    rung: int
    modes: dict[str, int] = {}
    lethal: int | None = None


class Presumed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Codes taken to be lethal, and the origins that count no dead."""

    cameo: tuple[str, ...]
    origins: tuple[str, ...]


class Fighting(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Lethal incidents on ``lethal_days`` days of ``window_days``; ``dead``: so many, where they are counted."""

    lethal_days: int
    window_days: int
    dead: int | None = None


class Decay(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An event holds a dyad on its rung for ``hold_days``, its own included; then the dyad sinks by a rung every ``step_days``."""

    hold_days: int
    step_days: int


class Ladder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole ladder."""

    rungs: dict[int, Rung]
    types: dict[str, TypeRung]
    cameo: dict[str, int]
    presumed_lethal: Presumed
    sustained: Fighting
    war: Fighting
    decay: Decay


@functools.cache
def load_ladder(path: Path = DATA / "ladder.toml") -> Ladder:
    """The data file -> the ladder. Raises ``CodebookError`` for a file that is none."""
    try:
        return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Ladder, strict=False)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise CodebookError(f"{path}: found {error}; expected the rungs, types, cameo, presumed_lethal, sustained, war and decay of a ladder") from error


def rung_of(event_type: str, modes: Collection[str] = (), *, dead: int | None = None, cameo: str = "", origin: str = "", ladder: Ladder | None = None) -> int:
    """An event -> its rung, -4 (cooperation) to 6 (lethal incident).

    ``dead`` of 0 says that nobody died, ``None`` that nobody says; an origin that counts no dead has codes that are taken to be lethal.

    >>> rung_of("ASSAULT", ["destroy"]), rung_of("ASSAULT", ["destroy"], dead=2), rung_of("THREATEN", ["violence"])
    (5, 6, 4)
    """
    steps = ladder or load_ladder()
    entry = steps.types.get(event_type)
    if entry is None:
        return 0
    found = max([entry.rung, *(entry.modes[m] for m in modes if m in entry.modes)])
    if code := _longest(cameo, steps.cameo):
        found = max(found, steps.cameo[code])
    if entry.lethal is None:
        return found
    if dead is None:
        presumed = origin in steps.presumed_lethal.origins and cameo.startswith(steps.presumed_lethal.cameo)
        return max(found, entry.lethal) if presumed else found
    return entry.lethal if dead else min(found, entry.lethal - 1)


def _longest(code: str, known: Mapping[str, int]) -> str | None:
    return next((code[:size] for size in range(len(code), 0, -1) if code[:size] in known), None)
