"""Who held office in a country on a day, by the actor files of the codebook and the user's own, each with the row that says so."""

from __future__ import annotations

import datetime
import functools
from collections.abc import Collection, Iterator
from pathlib import Path

import msgspec

from detente.codebook.load import DATA, read_table
from detente.codebook.register import HEADS, split, user_actor_file

SECOND_HEADS = frozenset({"prime minister", "premier", "chancellor"})
"""Heads of government: named after the head of state, where there is another."""
ROW_OF_FIRST = 2
"""The first row of a file is its head."""


class Leader(msgspec.Struct, frozen=True, kw_only=True):
    """An office with its holder. ``start`` and ``end``: ISO, as much of the day as is known, empty where nothing is; ``source``: the file and its row."""

    name: str
    role: str
    sectors: tuple[str, ...]
    start: str
    end: str
    is_head: bool
    source: str


def find_leaders(country: str, at: datetime.date, sectors: Collection[str] = ()) -> list[Leader]:
    """A country's code, a day, and sectors if only those are meant -> who held an office there on that day: heads of state and government first, then by sector and role."""
    day = at.isoformat()
    found = [leader for where, leader in _offices() if where == country and _holds(leader, day) and (not sectors or set(sectors) & set(leader.sectors))]
    return sorted(found, key=lambda leader: (not leader.is_head, leader.role in SECOND_HEADS, leader.sectors != ("GOV",), leader.role, leader.name))


def _holds(leader: Leader, day: str) -> bool:
    """Whether the office was held on a day; the year or month that one began or ended in counts whole."""
    return day[: len(leader.start)] >= leader.start and (not leader.end or day[: len(leader.end)] <= leader.end)


@functools.cache
def _offices() -> tuple[tuple[str, Leader], ...]:
    return tuple(_read(user_actor_file(), *sorted((DATA / "actors").glob("people*.csv"))))


def _read(own: Path, *bundled: Path) -> Iterator[tuple[str, Leader]]:
    for path in (own, *bundled):
        if not path.exists():
            continue
        for number, row in enumerate(read_table(path), start=ROW_OF_FIRST):
            role = row["role"].strip()
            if row["country"].strip() and role and row["start"].strip():
                leader = Leader(
                    name=row["name"].strip(),
                    role=role,
                    sectors=split(row["sectors"]),
                    start=row["start"].strip(),
                    end=row["end"].strip(),
                    is_head=role in HEADS,
                    source=f"{path.name}, row {number}",
                )
                yield row["country"].strip(), leader
