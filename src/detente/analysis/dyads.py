"""Who a pair is made of, at any level: a text such as "PRK/MIL", "the UN" or "East Asia" -> a party; two parties -> their rows of the events table."""

from __future__ import annotations

import difflib
import functools
from collections.abc import Callable
from typing import Literal

import msgspec
import polars as pl

from detente.analysis.table import JOINED, load_table
from detente.codebook.groups import Member, load_groups, organisation_names
from detente.codebook.load import DATA, load_plover, read_table
from detente.codebook.register import load_register, split
from detente.errors import InputError
from detente.store.pairs import list_pairs
from detente.store.schema import Store
from detente.store.tables import Side, Wanted, has_actor

Direction = Literal["both", "a-to-b", "b-to-a"]


class Party(msgspec.Struct, frozen=True):
    """Who stands on one side of a dyad. All of: one of ``members`` (countries, each in its time) or of ``names``; one of ``sectors`` where there are any.

    ``name`` is what the party is called. A party without members and names is anybody of its sectors ("/REB").
    """

    name: str
    members: tuple[Member, ...] = ()
    names: tuple[str, ...] = ()
    sectors: tuple[str, ...] = ()


def resolve_party(text: str, known: Callable[[str], bool] | None = None) -> Party:
    """A text -> the party it names. ``known`` says whether the store has an actor of a name that neither the register nor the groups have.

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
            f"actor: found {text!r}; expected a country (PRK), a part of one (PRK/MIL), a sector (/REB), a region, an organisation or a name in the store{_near(base)}"
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
    return Party(asked, names=(asked.casefold(),)) if asked and known is not None and known(asked) else None


def _near(text: str) -> str:
    near = difflib.get_close_matches(text.casefold(), [*_country_codes(), *load_groups()], n=1, cutoff=0.8)
    return f"; did you mean {near[0]}?" if near else ""


def make_side(party: Party) -> Side:
    """A party -> the side that the store is asked for; dates of membership are looked at in the table."""
    return Side(keys=tuple(dict.fromkeys(m.country for m in party.members)), names=party.names, sectors=party.sectors)


def is_party(party: Party, role: Literal["source", "target"]) -> pl.Expr:
    """A party and a role -> the condition that it stands there."""
    who = pl.lit(value=not (party.members or party.names))
    always = [m.country for m in party.members if m.since is None and m.until is None]
    if always:
        who = who | pl.col(role).is_in(always)
    for m in party.members:
        if m.since is not None or m.until is not None:
            spell = pl.col(role) == m.country
            spell = spell & (pl.col("day") >= m.since) if m.since else spell
            who = who | (spell & (pl.col("day") <= m.until) if m.until else spell)
    if party.names:
        names = list(party.names)
        for column in (role, f"{role}_name", f"{role}_entity"):
            who = who | pl.col(column).str.to_lowercase().str.split(JOINED).list.eval(pl.element().is_in(names)).list.any()
    if not party.sectors:
        return who
    return who & pl.any_horizontal(*(pl.col(f"{role}_sectors").str.contains(f"+{sector}+", literal=True) for sector in party.sectors))


def select_dyad(table: pl.DataFrame, a: Party, b: Party, direction: Direction = "both") -> pl.DataFrame:
    """An events table and two parties -> what they did to each other, by day, with the column ``side``: "a" or "b", who did it.

    One row an event and side, however many members of a group took part. What a state did to itself counts only where both parties are parts (NGA/MIL
    and NGA/REB); where two groups share members, a row that could be of either side is of "a". Refused: a party with itself.
    """
    if (a.members, a.names, a.sectors) == (b.members, b.names, b.sectors):
        raise InputError(f"dyad: found {a.name} twice; expected two parties")
    forth = is_party(a, "source") & is_party(b, "target")
    back = is_party(b, "source") & is_party(a, "target")
    found = table.with_columns(side=pl.when(forth).then(pl.lit("a")).when(back).then(pl.lit("b"))).filter(pl.col("side").is_not_null())
    if not (a.sectors and b.sectors):
        found = found.filter(pl.col("source") != pl.col("target"))
    if direction != "both":
        found = found.filter(pl.col("side") == direction[0])
    return found.unique(subset=["event_id", "side"], keep="first", maintain_order=True)


def load_dyad(store: Store, a: Party, b: Party, wanted: Wanted | None = None, *, with_text: bool = True) -> pl.DataFrame:
    """A store and two parties -> their rows as ``select_dyad`` gives them; ``wanted`` may bound days, origins and confidence."""
    asked = msgspec.structs.replace(wanted or Wanted(), first=make_side(a), second=make_side(b))
    return select_dyad(load_table(store, asked, with_text=with_text), a, b)


def find_party(store: Store, text: str) -> Party:
    """A store and a text -> the party; refused if nobody of that name is known here or in the store."""
    return resolve_party(text, lambda name: has_actor(store, name))


def is_whole_country(party: Party) -> bool:
    """Whether a party is one whole country, at any time: its pairs are then those of the store's index."""
    return len(party.members) == 1 and not (party.names or party.sectors or party.members[0].since or party.members[0].until)


def count_dyads(store: Store, party: Party | None = None, wanted: Wanted | None = None) -> pl.DataFrame:
    """A store -> its pairs as ``list_dyads`` gives them, without reading the events where the index of pairs has all that is asked; ``wanted`` may bound days and origins."""
    asked = wanted or Wanted()
    if party is not None and not is_whole_country(party):
        # of what was told of again, the index of actors has those of now only
        side = None if asked.until else make_side(party)
        return list_dyads(load_table(store, msgspec.structs.replace(asked, first=side), with_text=False), party)
    spans = list_pairs(store, since=asked.since, until=asked.until, origins=asked.origins)
    if party is not None:
        key = party.members[0].country
        spans = [span._replace(a=party.name, b=span.b if span.a == key else span.a) for span in spans if key in (span.a, span.b)]
    columns = {"a": pl.String(), "b": pl.String(), "events": pl.UInt32(), "first": pl.String(), "last": pl.String()}
    return _order_pairs(pl.DataFrame(spans, schema=columns, orient="row").with_columns(pl.col("first", "last").str.to_date()))


def list_dyads(table: pl.DataFrame, party: Party | None = None) -> pl.DataFrame:
    """An events table -> its pairs of two different parties in either order: ``a``, ``b`` (by alphabet), ``events``, ``first``, ``last``, most events first.

    With a party: its pairs only, the party as ``a`` and each counterpart as ``b``.
    """
    pairs = table.filter(pl.col("source") != pl.col("target"))
    if party is None:
        pairs = pairs.with_columns(a=pl.min_horizontal("source", "target"), b=pl.max_horizontal("source", "target"))
    else:
        forth, back = is_party(party, "source"), is_party(party, "target")
        pairs = pairs.filter(forth != back).with_columns(a=pl.lit(party.name), b=pl.when(forth).then(pl.col("target")).otherwise(pl.col("source")))
    return _order_pairs(pairs.group_by("a", "b").agg(pl.col("event_id").n_unique().alias("events"), pl.col("day").min().alias("first"), pl.col("day").max().alias("last")))


def _order_pairs(pairs: pl.DataFrame) -> pl.DataFrame:
    return pairs.sort(["events", "a", "b"], descending=[True, False, False])
