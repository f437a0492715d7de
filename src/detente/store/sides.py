"""Parties as the store has them: whom a text names, and which rows of its actors that is."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import sqlalchemy as sa

from detente.codebook.parties import Party, is_code, resolve_party
from detente.store import schema
from detente.store.schema import Store, reading


class Side(msgspec.Struct, frozen=True):
    """Who may stand on a side: actors by party ``keys`` (country, else name), or by ``names`` (small letters) of actors or entities; of these ``sectors``.

    All empty: anybody.
    """

    keys: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    sectors: tuple[str, ...] = ()


def make_side(party: Party) -> Side:
    """A party -> the side that the store is asked for; dates of membership are looked at in the table."""
    return Side(keys=tuple(dict.fromkeys(m.country for m in party.members)), names=party.names, sectors=party.sectors)


def find_party(store: Store, text: str, where: str = "actor") -> Party:
    """A store and a text -> the party; refused if nobody of that name is known here or in the store. ``where``: what the refusal begins with."""
    return resolve_party(text, lambda name: has_actor(store, name), where)


def has_actor(store: Store, name: str) -> bool:
    """Whether an actor or an entity of the store has this name, in capital or small letters, or a country of it this code."""
    table, asked = schema.actors, name.casefold()
    named = [sa.func.lower(table.c.name) == asked, sa.func.lower(table.c.entity) == asked, *([table.c.country == name] if is_code(name) else [])]
    with reading(store) as connection:
        return connection.execute(sa.select(table.c.id).where(sa.or_(*named)).limit(1)).first() is not None


def choose_actors(side: Side) -> sa.Select[int]:
    """A side -> the query of the numbers of its actors."""
    actors = schema.actors
    chosen = sa.select(actors.c.id)
    if named := list(_named(side)):
        chosen = chosen.where(sa.or_(*named))
    if side.sectors:
        chosen = chosen.where(sa.or_(*(actors.c.sectors.contains(f"+{sector}+", autoescape=True) for sector in side.sectors)))
    return chosen


def _named(side: Side) -> Iterable[sa.ColumnElement[bool]]:
    actors = schema.actors
    out: list[sa.ColumnElement[bool]] = []
    if side.keys:
        out.append(actors.c.country.in_(side.keys))
        out.append(sa.and_(actors.c.country == "", actors.c.name.in_(side.keys)))
    if side.names:
        out.append(sa.or_(sa.func.lower(actors.c.name).in_(side.names), sa.func.lower(actors.c.entity).in_(side.names)))
    return out
