"""What moved a forecast: the terms of the regression and what the intensity owes to each rate, joined by what they tell of, in words, with the latest events behind each."""

from __future__ import annotations

import datetime
from typing import NamedTuple

import msgspec
import numpy as np

from detente.forecasting.dyad_features import MATERIAL_CONFLICT, QUADS, TARGET, Array
from detente.forecasting.dyad_targets import Bools, Target, find_hits
from detente.forecasting.flat_events import KnownEvents

MOST = 5
"""Drivers that are told, those that moved the odds most."""
BEHIND = 3
"""Events that are named for a driver, the latest."""
BEHIND_DAYS = 90
"""Only events of so many days before the forecast are named: what is older has faded."""
OWN_RATE, WORLD, CALENDAR = "own rate", "world", "calendar"
RUNGS = "rungs"


class Cited(msgspec.Struct, frozen=True):
    """An event behind a driver. ``event_id`` is empty of an event of a scenario."""

    event_id: str
    day: datetime.date
    source: str
    event_type: str
    target: str


class Driver(msgspec.Struct, frozen=True, kw_only=True):
    """What a group of features told: ``kind`` of acts and ``side`` whose they are, and how far it ``moved`` the logarithm of the odds from what they are on a mean day of a mean pair."""

    kind: str
    side: str
    words: str
    moved: float
    events: tuple[Cited, ...] = ()


class Group(NamedTuple):
    """A kind of acts and whose they are, of a feature."""

    kind: str
    side: str


def group_feature(name: str) -> Group:
    """The name of a feature -> what it tells of.

    >>> group_feature("days with material conflict, b to a, 30 days")
    Group(kind='material conflict', side='b to a')
    """
    if name.startswith(("past rate", "recent rate")):
        return Group(OWN_RATE, "")
    if "in the world" in name:
        return Group(WORLD, "")
    if name.startswith("day of week"):
        return Group(CALENDAR, "")
    plain = name.removeprefix("days with ").removeprefix("days since ")
    parts = plain.split(", ")
    return Group(parts[0], parts[1] if len(parts) > 1 else "")


def group_moves(names: tuple[str, ...], moved: Array) -> list[tuple[Group, float]]:
    """Names of features and how far each moved the logit -> the groups that moved it most, and how far."""
    sums: dict[Group, float] = {}
    for name, value in zip(names, moved.tolist(), strict=True):
        group = group_feature(name)
        sums[group] = sums.get(group, 0.0) + value
    return sorted(sums.items(), key=lambda pair: (-abs(pair[1]), pair[0]))[:MOST]


def say_group(group: Group, target: str, a: str, b: str) -> str:
    """A group of features, the target in words, and the names of the two -> words."""
    if group.kind == OWN_RATE:
        return f"how often there was {target} by {a} toward {b}, in three years and of late"
    if group.kind == WORLD:
        return "how much goes on in the world, and how much of it is this"
    if group.kind == CALENDAR:
        return "the day of the week"
    acts = target if group.kind == TARGET else "how high the acts stood on the ladder" if group.kind == RUNGS else group.kind
    sides = {
        "a to b": f"of {a} toward {b}",
        "b to a": f"of {b} toward {a}",
        "a to others": f"of {a} toward others",
        "others to a": f"of others toward {a}",
        "within a": f"within {a}",
        "b to others": f"of {b} toward others",
        "others to b": f"of others toward {b}",
        "within b": f"within {b}",
    }
    return f"{acts}, {sides.get(group.side, group.side)}".rstrip(", ") if group.kind == RUNGS else f"{acts} {sides.get(group.side, group.side)}".rstrip()


def find_behind(known: KnownEvents, group: Group, target: Target, pair: tuple[int, int], day: int) -> list[int]:
    """A group of features -> positions of the latest events that it counts, the latest first."""
    events = known.events
    chosen = _are_of(known, group, target) & (events.days < day) & (events.days >= day - BEHIND_DAYS)
    a, b = pair
    src, tgt = events.sources, events.targets
    sides: dict[str, Bools] = {
        "a to b": (src == a) & (tgt == b),
        "b to a": (src == b) & (tgt == a),
        "a to others": (src == a) & (tgt != a) & (tgt != b),
        "others to a": (tgt == a) & (src != a) & (src != b),
        "within a": (src == a) & (tgt == a),
        "b to others": (src == b) & (tgt != a) & (tgt != b),
        "others to b": (tgt == b) & (src != a) & (src != b),
        "within b": (src == b) & (tgt == b),
    }
    side = "a to b" if group.kind == OWN_RATE else group.side
    if side not in sides:
        return []
    return [int(place) for place in np.flatnonzero(chosen & sides[side])[::-1][:BEHIND]]


def _are_of(known: KnownEvents, group: Group, target: Target) -> Bools:
    if group.kind in (TARGET, OWN_RATE):
        return find_hits(known.events, target)
    if group.kind == RUNGS:
        positive: Bools = known.events.rungs > 0
        return positive
    same: Bools = known.events.quads == QUADS.get(group.kind, QUADS[MATERIAL_CONFLICT])
    return same
