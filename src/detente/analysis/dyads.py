"""Two parties -> their rows of the events table; a table or a store -> its pairs."""

from __future__ import annotations

from typing import Literal

import msgspec
import polars as pl

from detente.analysis.table import JOINED, load_table
from detente.codebook.parties import Party, is_whole_country
from detente.errors import InputError
from detente.store.pairs import list_pairs
from detente.store.schema import Store
from detente.store.sides import make_side
from detente.store.tables import Wanted

Direction = Literal["both", "a-to-b", "b-to-a"]


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
