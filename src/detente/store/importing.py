"""Events that others coded -> the store. Each file goes in whole or not at all."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from detente.codebook.ladder import rung_of
from detente.records import Actor, Event, Place
from detente.store import schema
from detente.store.revising import found_standing
from detente.store.rows import CODED_HERE, actor_columns, dyad_pairs, encode, place_id, provenance, row_id
from detente.store.schema import Store, writing

IMPORT_ROWS = 5_000
"""Imported rows that are written at a time; all are of one transaction."""


class Imported(NamedTuple):
    """An event that others coded: its permanent key within its origin, the row of the file, and how often it was reported.

    ``origin_rows``: what its own rows say beyond the event (``origin_rows.pack_rows``).
    """

    key: str
    row: int | None
    event: Event
    evidence: str = ""
    reports: int = 1
    sources: int = 1
    reported_on: str | None = None
    origin_rows: str = ""


class Terms(NamedTuple):
    """An origin, its licence, and whether that allows its rows to be passed on."""

    origin: str
    licence: str | None = None
    may_be_passed_on: bool = True


def import_events(store: Store, rows: Iterable[Imported], *, origin: str, location: str, codebook: str, licence: str | None = None, may_be_passed_on: bool = True) -> int:
    """Events of another origin -> the store, all or none; gives back how many are new. A key that is there already changes nothing.

    Each is an event of its own: its origin has merged its reports already, and its text is not at hand to match it with others.
    """
    return import_origins(store, [(Terms(origin, licence, may_be_passed_on), rows)], location=location, codebook=codebook)


def import_origins(store: Store, parts: Iterable[tuple[Terms, Iterable[Imported]]], *, location: str, codebook: str) -> int:
    """Events of several origins that stand in one file -> the store, all or none; gives back how many are new."""
    with writing(store) as connection:
        return sum(_import_part(connection, terms, rows, location, codebook) for terms, rows in parts)


def _import_part(connection: Connection, terms: Terms, rows: Iterable[Imported], location: str, codebook: str) -> int:
    source = provenance(connection, terms.origin, location, codebook, licence=terms.licence, may_be_passed_on=terms.may_be_passed_on)
    batch = _Batch(connection, terms.origin, source)
    left = iter(rows)
    while chunk := list(itertools.islice(left, IMPORT_ROWS)):
        batch.add(chunk)
    batch.close()
    return batch.added


class _Batch:
    """The running numbers and the known actors and places of one import; of one transaction, in which nobody else writes."""

    def __init__(self, connection: Connection, origin: str, provenance: int) -> None:
        self.added = 0
        self._connection, self._origin, self._provenance = connection, origin, provenance
        self._next = {t.name: (connection.scalar(sa.select(sa.func.max(t.c.id))) or 0) + 1 for t in (schema.events, schema.mentions)}
        self._actors: dict[tuple[str | None, ...], int] = {}
        self._places: dict[tuple[str | None, ...], int] = {}

    def add(self, chunk: Sequence[Imported]) -> None:
        """Rows -> the tables, those left out whose key is there."""
        keys = {hashlib.blake2b(f"{self._origin}|{item.key}".encode(), digest_size=8).hexdigest(): item for item in chunk}
        known = self._find_known(list(keys))
        # an event that was coded into this very store, and comes back to it from a file, is there under its own id
        coded = self._find_known([item.key for item in chunk]) if self._origin == CODED_HERE else set()
        fresh = [(key, item) for key, item in keys.items() if key not in known and item.key not in coded]
        tables: dict[sa.Table, list[dict[str, Any]]] = {schema.events: [], schema.mentions: [], schema.participants: [], schema.dyads: []}
        for key, item in fresh:
            self._add_row(tables, key, item)
        for table, values in tables.items():
            if values:
                self._connection.execute(table.insert(), values)
        self.added += len(fresh)

    def _find_known(self, keys: Sequence[str]) -> set[str]:
        table, known = schema.mentions, set[str]()
        for start in range(0, len(keys), 900):
            known |= set(self._connection.scalars(sa.select(table.c.mention_id).where(table.c.mention_id.in_(keys[start : start + 900]))))
        return known

    def _add_row(self, tables: Mapping[sa.Table, list[dict[str, Any]]], key: str, item: Imported) -> None:
        event, mention = self._next["events"], self._next["mentions"]
        self._next["events"], self._next["mentions"] = event + 1, mention + 1
        coded = item.event
        standing = found_standing(coded, item.reported_on)
        tables[schema.events].append(
            {
                **{name: getattr(standing, name) for name in standing.__struct_fields__ if name != "place"},
                **{name: encode(getattr(standing, name)) for name in ("modes", "contexts", "source", "target")},
                "id": event,
                "place_id": self._place(standing.place),
                "event_id": key,
                "origin": self._origin,
                "quad": coded.quad,
                "modality": coded.modality,
                "rung": rung_of(standing.event_type, standing.modes, dead=standing.dead, cameo=standing.cameo, origin=self._origin),
                "mentions": 1,
                "reports": item.reports,
                "sources": item.sources,
                "copies": 0,
                "revision": 0,
                "first_report": item.reported_on,
                "latest_report": item.reported_on,
            }
        )
        evidence = item.evidence or "\n".join(e.text for e in coded.evidence)
        tables[schema.mentions].append(
            {
                "id": mention,
                "mention_id": key,
                "event_id": event,
                "position": 0,
                "match_score": None,
                "document_id": None,
                "provenance_id": self._provenance,
                "row": item.row,
                "evidence": evidence,
                "record": encode(coded),
                "origin_rows": item.origin_rows,
            }
        )
        roles = {(self._actor(actor), role) for role, side in (("source", standing.source), ("target", standing.target)) for actor in side}
        tables[schema.participants].extend({"event_id": event, "role": role, "actor_id": actor} for actor, role in sorted(roles))
        day = standing.date_start or ""
        tables[schema.dyads].extend({"source": s, "target": t, "date_start": day, "event_id": event} for s, t in dyad_pairs(standing.source, standing.target))

    def _actor(self, actor: Actor) -> int:
        columns = actor_columns(actor)
        key = tuple(columns.values())
        if key not in self._actors:
            self._actors[key] = row_id(self._connection, schema.actors, columns)
        return self._actors[key]

    def _place(self, place: Place | None) -> int | None:
        if place is None:
            return None
        key = (place.name, place.country, place.precision)
        if key not in self._places:
            found = place_id(self._connection, place)
            assert found is not None
            self._places[key] = found
        return self._places[key]

    def close(self) -> None:
        """Tell PostgreSQL, which counts rows by itself, how far the numbers have come."""
        if self._connection.dialect.name == "postgresql":
            for name, number in self._next.items():
                self._connection.execute(sa.text("SELECT setval(pg_get_serial_sequence(:name, 'id'), :number, false)"), {"name": name, "number": number})
