"""Whom a text names, at any level: "PRK/MIL", "the UN", "East Asia", "Hamas" -> a party. Commands, pages and filters all read actors by it."""

from __future__ import annotations

import difflib
import functools
from collections.abc import Callable

import msgspec

from detente.codebook.groups import Member, load_groups, organisation_names
from detente.codebook.load import DATA, load_plover, read_table
from detente.codebook.register import load_register, split
from detente.errors import InputError


class Party(msgspec.Struct, frozen=True):
    """Who stands on one side of a dyad. All of: one of ``members`` (countries, each in its time) or of ``names``; one of ``sectors`` where there are any.

    ``name`` is what the party is called. A party without members and names is anybody of its sectors ("/REB").
    """

    name: str
    members: tuple[Member, ...] = ()
    names: tuple[str, ...] = ()
    sectors: tuple[str, ...] = ()


def resolve_party(text: str, known: Callable[[str], bool] | None = None, where: str = "actor") -> Party:
    """A text -> the party it names. ``known`` says whether the store has an actor of a name that neither the register nor the groups have; ``where``: what a refusal begins with.

    A country by code or name (PRK, North Korea), a part of one (PRK/MIL or PRK MIL), a sector of any country (/REB), a region (East Asia), an
    organisation with its bodies (the UN, NATO), its states (NATO members, each in its time), or an actor's name (Hamas).
    Refused with ``InputError``: what is none of these.

    >>> resolve_party("prk mil").name, len(resolve_party("East Asia").members)
    ('PRK/MIL', 8)
    """
    asked = " ".join(text.split())
    base, sectors = _split_sectors(asked)
    if not base and sectors:
        return Party(f"/{sectors[0]}", sectors=sectors)
    party = _find_country(base) or _find_group(base) or _find_name(base, known)
    if party is None:
        raise InputError(
            f"{where}: found {text!r}; expected a country (PRK), a part of one (PRK/MIL), a sector (/REB), a region, an organisation or a name in the store{_near(base)}"
        )
    return Party(f"{party.name}/{'+'.join(sectors)}", party.members, party.names, sectors) if sectors else party


def _split_sectors(asked: str) -> tuple[str, tuple[str, ...]]:
    """PRK/MIL, PRK MIL, /GOV+MIL -> PRK, (MIL,); what follows counts only if all of it are sectors."""
    known = load_plover()["sectors"]
    mark = "/" if "/" in asked else " "
    base, found, last = asked.rpartition(mark)
    sectors = tuple(part.strip().upper() for part in last.split("+"))
    if not found or not all(s in known for s in sectors) or (mark == " " and last.upper() != last and _find_country(base) is None):
        return asked, ()
    return base.strip(), sectors


def _find_country(text: str) -> Party | None:
    code = _country_codes().get(text.casefold().removeprefix("the "))
    return Party(code, (Member(code),)) if code else None


@functools.cache
def _country_codes() -> dict[str, str]:
    """Codes, names and aliases of countries, in small letters -> their codes."""
    rows = read_table(DATA / "actors" / "countries.csv")
    named = {form.casefold().removeprefix("the "): row["code"] for row in rows for form in (row["name"], *split(row["aliases"]))}
    return named | {row["code"].casefold(): row["code"] for row in rows}


def _find_group(text: str) -> Party | None:
    groups = load_groups()
    group = groups.get(text.casefold()) or groups.get(text.casefold().removeprefix("the "))
    if group is None and text.casefold().startswith("members of "):
        group = groups.get(f"{text[11:].removeprefix('the ')} members".casefold())
    return Party(group.name, group.members, _all_names(group.bodies)) if group else None


def _all_names(bodies: tuple[str, ...]) -> tuple[str, ...]:
    """Names of actors -> these and all by which the register knows them, in small letters: other data sets use other ones."""
    known = organisation_names()
    return tuple(sorted({form.casefold() for body in bodies for form in known.get(body, (body,))}))


def _find_name(text: str, known: Callable[[str], bool] | None) -> Party | None:
    asked = text.replace("’", "'")
    for name, forms in organisation_names().items():
        if asked.casefold() in (form.casefold() for form in forms):
            return Party(name, names=_all_names((name,)))
    people = [e for forms in load_register().names.get(asked.split(" ")[0], ()) if forms[0] == asked for e in forms[1] if e.kind == "person"]
    if people:
        return Party(people[0].name, names=tuple(sorted({people[0].name.casefold(), asked.casefold()})))
    if not asked or known is None or not known(asked):
        return None
    return Party(asked, (Member(asked),) if is_code(asked) else (), names=(asked.casefold(),))


def is_code(text: str) -> bool:
    """Whether a text has the form of a country's code; a store may have codes that the register does not, as of states that are no more."""
    return len(text) == 3 and text.isascii() and text.isalpha() and text.isupper()


def _near(text: str) -> str:
    near = difflib.get_close_matches(text.casefold(), [*_country_codes(), *load_groups()], n=1, cutoff=0.8)
    return f"; did you mean {near[0]}?" if near else ""


def is_whole_country(party: Party) -> bool:
    """Whether a party is one whole country, at any time: its pairs are then those of the store's index."""
    return len(party.members) == 1 and not (party.names or party.sectors or party.members[0].since or party.members[0].until)
