"""Single rows of the store: how an event stands, its parties, what counts its reports. Used by whatever writes."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from detente.codebook.ladder import rung_of
from detente.records import Actor, Event, Place
from detente.store import schema
from detente.store.duplicates import Copy
from detente.store.matching import party_key
from detente.store.revising import Standing, found_standing
from detente.store.schema import now

CODED_HERE = "detente"
"""The origin of what this program codes itself."""
_ENCODER = msgspec.json.Encoder()
_ACTORS = msgspec.json.Decoder(tuple[Actor, ...])
_TEXTS = msgspec.json.Decoder(tuple[str, ...])


def encode(value: Any) -> str:
    """A value -> JSON text."""
    return _ENCODER.encode(value).decode()


def insert_new(connection: Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Rows -> a table, those left out that are there already."""
    if rows:
        make = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
        connection.execute(make(table).on_conflict_do_nothing(), [dict(row) for row in rows])


def row_id(connection: Connection, table: sa.Table, values: Mapping[str, Any], more: Mapping[str, Any] | None = None) -> int:
    """The row of a table with these values -> its id; made, with ``more``, if there is none."""
    found = connection.scalar(_finding(table, tuple(values)), values)
    if found is None:
        return insert_row(connection, table, {**values, **(more or {})})
    return int(found)


@functools.cache
def _finding(table: sa.Table, columns: tuple[str, ...]) -> sa.Select[int]:
    return sa.select(table.c.id).where(*(table.c[name] == sa.bindparam(name) for name in columns))


def insert_row(connection: Connection, table: sa.Table, values: Mapping[str, Any]) -> int:
    """A row -> its new id."""
    key = connection.execute(table.insert(), values).inserted_primary_key
    assert key is not None
    return int(key[0])


def provenance(connection: Connection, origin: str, location: str, codebook: str, *, licence: str | None, may_be_passed_on: bool) -> int:
    """Where rows come from -> its row, made if there is none."""
    insert_new(connection, schema.origins, [{"name": origin, "licence": licence, "may_be_passed_on": may_be_passed_on}])
    return row_id(connection, schema.provenance, {"origin": origin, "location": location, "codebook": codebook}, {"recorded_at": now()})


class Where(NamedTuple):
    """The report of a mention."""

    document: int
    copy: Copy | None
    provenance: int
    row: int | None
    publisher: str
    published_on: str | None

    @property
    def root(self) -> int:
        """The document that counts: the original of a copy."""
        return self.copy.document if self.copy else self.document


def mention_text(event: Event) -> str:
    """A coded event -> the words that it rests on, as they are searched and shown."""
    return "\n".join(dict.fromkeys(" ".join(e.text.split()) for e in event.evidence))


def found_event(connection: Connection, event: Event, key: str, origin: str, published_on: str | None, counts: Mapping[str, Any]) -> int:
    """The first mention of an event -> the event's row, and who takes part."""
    standing = found_standing(event, published_on)
    values = {**standing_columns(connection, standing, origin), **counts, "event_id": key, "origin": origin, "quad": event.quad, "modality": event.modality}
    home = insert_row(connection, schema.events, values)
    index_parties(connection, home, standing)
    return home


def standing_columns(connection: Connection, standing: Standing, origin: str) -> dict[str, Any]:
    """How an event stands, and who coded it -> the columns of its row."""
    values: dict[str, Any] = {name: getattr(standing, name) for name in standing.__struct_fields__ if name != "place"}
    values |= {name: encode(values[name]) for name in ("modes", "contexts", "source", "target")}
    rung = rung_of(standing.event_type, standing.modes, dead=standing.dead, cameo=standing.cameo, origin=origin)
    return values | {"place_id": place_id(connection, standing.place), "rung": rung}


def place_id(connection: Connection, place: Place | None) -> int | None:
    """A place -> its row, made if there is none."""
    if place is None:
        return None
    key = {"name": place.name, "country": place.country or "", "precision": place.precision}
    return row_id(connection, schema.places, key, {"latitude": place.latitude, "longitude": place.longitude, "gazetteer_id": place.gazetteer_id})


COUNTS = ("mentions", "reports", "sources", "copies", "first_report", "latest_report", "revision")
_p = schema.places
_READ_EVENT = (
    sa.select(schema.events, _p.c.name, _p.c.country, _p.c.precision, _p.c.latitude, _p.c.longitude, _p.c.gazetteer_id)
    .outerjoin(_p, schema.events.c.place_id == _p.c.id)
    .where(schema.events.c.id == sa.bindparam("event"))
)
_COUNTED_REPORT = sa.select(schema.event_reports.c.event_id).where(
    schema.event_reports.c.event_id == sa.bindparam("event"), schema.event_reports.c.document_id == sa.bindparam("root")
)
_COUNTED_SOURCE = sa.select(schema.event_sources.c.event_id).where(
    schema.event_sources.c.event_id == sa.bindparam("event"), schema.event_sources.c.publisher == sa.bindparam("told")
)
_ORIGIN = sa.select(schema.events.c.origin).where(schema.events.c.id == sa.bindparam("event"))
_WRITE_EVENT = schema.events.update().where(schema.events.c.id == sa.bindparam("event"))


def read_standing(connection: Connection, event: int) -> tuple[Standing, dict[str, Any]]:
    """An event's row -> how it stands, and its counts."""
    row = connection.execute(_READ_EVENT, {"event": event}).mappings().one()
    place = None if row["place_id"] is None else Place(row["name"], row["country"] or None, row["latitude"], row["longitude"], row["precision"], gazetteer_id=row["gazetteer_id"])
    values: dict[str, Any] = {name: row[name] for name in Standing.__struct_fields__ if name in schema.events.c}
    values |= {"modes": _TEXTS.decode(row["modes"]), "contexts": _TEXTS.decode(row["contexts"]), "source": _ACTORS.decode(row["source"]), "target": _ACTORS.decode(row["target"])}
    return Standing(**values, place=place), {name: row[name] for name in COUNTS}


def write_standing(connection: Connection, event: int, standing: Standing, counts: Mapping[str, Any], changed: set[str]) -> None:
    """How an event stands now -> its row; ``changed`` names the fields that did change."""
    origin = connection.scalar(_ORIGIN, {"event": event}) or CODED_HERE
    connection.execute(_WRITE_EVENT, {**standing_columns(connection, standing, origin), **counts, "event": event})
    if changed & {"source", "target", "date_start"}:
        for table in (schema.participants, schema.dyads):
            connection.execute(table.delete().where(table.c.event_id == event))
        index_parties(connection, event, standing)


def index_parties(connection: Connection, event: int, standing: Standing) -> None:
    """Who takes part in an event -> what filters and series go by."""
    roles = [(actor, role) for role, side in (("source", standing.source), ("target", standing.target)) for actor in side]
    rows = [{"event_id": event, "role": role, "actor_id": row_id(connection, schema.actors, actor_columns(actor))} for actor, role in roles]
    insert_new(connection, schema.participants, rows)
    pairs = dyad_pairs(standing.source, standing.target)
    insert_new(connection, schema.dyads, [{"source": s, "target": t, "date_start": standing.date_start or "", "event_id": event} for s, t in pairs])


def actor_columns(actor: Actor) -> dict[str, str]:
    """An actor -> its row."""
    return {"name": actor.name, "country": actor.country or "", "sectors": f"+{'+'.join(actor.sectors)}+" if actor.sectors else "", "entity": actor.entity or ""}


def dyad_pairs(source: Iterable[Actor], target: Iterable[Actor]) -> list[tuple[str, str]]:
    """Both sides -> the pairs of party keys."""
    targets = sorted({party_key(a) for a in target})
    return [(s, t) for s in sorted({party_key(a) for a in source}) for t in targets]


def count_report(connection: Connection, event: int, counts: Mapping[str, Any], where: Where) -> dict[str, Any]:
    """An event's counts and one more mention -> its counts then: it is a further report unless it, or what it copies, was counted."""
    is_new = connection.execute(_COUNTED_REPORT, {"event": event, "root": where.root}).first() is None
    is_further = is_new and connection.execute(_COUNTED_SOURCE, {"event": event, "told": where.publisher}).first() is None
    if is_new:
        connection.execute(schema.event_reports.insert(), {"event_id": event, "document_id": where.root})
    if is_further:
        connection.execute(schema.event_sources.insert(), {"event_id": event, "publisher": where.publisher})
    days = [day for day in (counts["first_report"], counts["latest_report"], where.published_on) if day]
    return {
        "mentions": counts["mentions"] + 1,
        "reports": counts["reports"] + int(is_new),
        "sources": counts["sources"] + int(is_further),
        "copies": counts["copies"] + int(where.copy is not None),
        "first_report": min(days, default=None),
        "latest_report": max(days, default=None),
    }
