"""What is forecast of a dyad: at least one event of a type, of a quad class, or on a rung or higher, within so many days. Texts of targets -> masks of events -> answers."""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from detente.codebook.ladder import HIGHEST_SINGLE, LOWEST
from detente.codebook.load import load_plover
from detente.errors import InputError
from detente.forecasting.dyad_events import DyadEvents
from detente.forecasting.quads import Ints

Bools = npt.NDArray[np.bool_]
CONFLICT_TYPES = ("PROTEST", "SANCTION", "MOBILIZE", "COERCE", "ASSAULT")
"""Material conflict: PLOVER's types of quad class 4, the CAMEO roots 14 to 20."""


class Target(NamedTuple):
    """``name``: as it was asked for. An event counts if it is of one of the ``types``, or of the ``quad`` class, or on the ``rung`` or higher, whichever is given."""

    name: str
    types: tuple[str, ...] = ()
    quad: int | None = None
    rung: int | None = None


CONFLICT = Target("conflict", CONFLICT_TYPES)


def parse_target(text: str) -> Target:
    """``conflict``, a type of PLOVER's (``ASSAULT``), ``quad:3`` or ``rung:4`` (that rung or higher) -> the target. Raises ``InputError`` for anything else."""
    plain = text.strip()
    types = load_plover()["types"]
    if plain.casefold() == CONFLICT.name:
        return CONFLICT
    if plain.upper() in types:
        return Target(plain.upper(), (plain.upper(),))
    if found := re.fullmatch(r"quad:([1-4])", plain.casefold()):
        return Target(plain.casefold(), quad=int(found[1]))
    if (found := re.fullmatch(r"rung:(-?\d)", plain.casefold())) and LOWEST < int(found[1]) <= HIGHEST_SINGLE:
        return Target(plain.casefold(), rung=int(found[1]))
    raise InputError(f"the target: found {text!r}; expected conflict, a type ({', '.join(types)}), quad:1 to quad:4, or rung:{LOWEST + 1} to rung:{HIGHEST_SINGLE}")


EACH = ("type", "quad", "rung")
"""Kinds of targets that can be asked for all at once."""


def list_targets(kind: str) -> list[Target]:
    """A kind of ``EACH`` -> all its targets: PLOVER's types, the quad classes, or the rungs, each with all above it."""
    names = {"type": list(load_plover()["types"]), "quad": [f"quad:{quad}" for quad in range(1, 5)], "rung": [f"rung:{rung}" for rung in range(LOWEST + 1, HIGHEST_SINGLE + 1)]}
    return [parse_target(name) for name in names[kind]]


def find_hits(events: DyadEvents, target: Target) -> Bools:
    """Events -> which of them are the target's."""
    if target.rung is not None:
        high: Bools = events.rungs >= target.rung
        return high
    if target.quad is not None:
        same: Bools = events.quads == target.quad
        return same
    wanted = [number for number, name in enumerate(events.types) if name in target.types]
    return np.isin(events.kinds, wanted)


def count_by_day(events: DyadEvents, dyads: Ints, days: int, chosen: Bools | None = None, *, directed: bool) -> npt.NDArray[np.float64]:
    """Events (or those chosen) -> how many each dyad has on each day, [dyad, day]; a dyad undirected has those of both sides."""
    out = np.zeros((len(dyads), days))
    width = len(events.countries)
    row_of = np.full(width * width, -1)
    row_of[dyads[:, 0] * width + dyads[:, 1]] = np.arange(len(dyads))
    if not directed:
        row_of[dyads[:, 1] * width + dyads[:, 0]] = np.arange(len(dyads))
    rows = row_of[events.sources * width + events.targets]
    kept = (rows >= 0) & (events.days < days)
    if chosen is not None:
        kept &= chosen
    np.add.at(out, (rows[kept], events.days[kept]), 1)
    return out


def answer(counts: npt.NDArray[np.float64], horizon: int) -> Bools:
    """Counts [dyad, day] -> [dyad, day]: was there an event on the day or the ``horizon`` - 1 days after it? Days whose window runs over the end are left out."""
    sums = np.concatenate([np.zeros((len(counts), 1)), np.cumsum(counts > 0, axis=1)], axis=1)
    came: Bools = sums[:, horizon:] > sums[:, :-horizon]
    return came
