"""Groups of parties: regions of the world, and organisations of states with their bodies and their members by date."""

from __future__ import annotations

import datetime
import functools
from collections.abc import Mapping
from pathlib import Path

import msgspec

from detente.codebook.load import DATA, read_table
from detente.codebook.register import split
from detente.errors import CodebookError

MEMBERS = " members"
"""After the name of an organisation: its member states, not the organisation."""


class Member(msgspec.Struct, frozen=True):
    """A country of a group; ``since`` and ``until``: first and last day, ``None`` where there is no bound."""

    country: str
    since: datetime.date | None = None
    until: datetime.date | None = None


class Group(msgspec.Struct, frozen=True):
    """A group by its name: ``members`` are countries, ``bodies`` names of actors. A region has members only, an organisation bodies only."""

    name: str
    members: tuple[Member, ...] = ()
    bodies: tuple[str, ...] = ()


@functools.cache
def load_groups(folder: Path = DATA / "groups") -> Mapping[str, Group]:
    """The data files -> each group by each of its names, in small letters. Raises ``CodebookError`` for a row that is none.

    An organisation gives two groups: "nato" (itself, with its bodies) and "nato members" (its states).
    """
    out = _load_regions(folder / "regions.csv")
    names = organisation_names()
    for row in read_table(folder / "blocs.csv"):
        forms = names.get(row["name"], (row["name"],))
        bodies = (row["name"], *split(row["bodies"]))
        members = tuple(_read_member(folder / "blocs.csv", row["name"], text) for text in split(row["members"]))
        for form in forms:
            out[form.casefold()] = Group(row["name"], bodies=bodies)
            if members:
                out[f"{form}{MEMBERS}".casefold()] = Group(f"{row['name']}{MEMBERS}", members=members)
    return out


def _load_regions(path: Path) -> dict[str, Group]:
    rows = read_table(path)
    below: dict[str, set[str]] = {row["name"]: set(split(row["countries"])) for row in rows}
    parents = {row["name"]: row["part_of"] for row in rows}
    if lost := sorted({p for p in parents.values() if p} - set(parents)):
        raise CodebookError(f"{path}: found the region {lost[0]!r} in part_of; expected one that has a row")
    for name, countries in [(n, set(c)) for n, c in below.items()]:
        above = parents[name]
        while above:
            below[above] |= countries
            above = parents[above]
    groups = {row["name"]: Group(row["name"], tuple(Member(c) for c in sorted(below[row["name"]]))) for row in rows}
    return {form.casefold(): groups[row["name"]] for row in rows for form in (row["name"], *split(row["aliases"]))}


def _read_member(path: Path, group: str, text: str) -> Member:
    code, _, period = text.partition(" ")
    first, _, last = period.partition("/")
    try:
        return Member(code, datetime.date.fromisoformat(first), datetime.date.fromisoformat(last) if last else None)
    except ValueError:
        raise CodebookError(f"{path}: {group}: found {text!r}; expected a member as 'GBR 1973-01-01/2020-01-31'") from None


@functools.cache
def organisation_names() -> Mapping[str, tuple[str, ...]]:
    """Each organisation of the register -> its name and all its aliases."""
    return {row["name"]: (row["name"], *split(row["aliases"])) for row in read_table(DATA / "actors" / "organisations.csv")}
