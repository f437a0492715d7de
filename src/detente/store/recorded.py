"""The record of a mention. That of an imported event is not stored twice: where it is empty, it says what the event's row does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from detente.exchange.imported import ImportedEvent, as_event
from detente.records import Actor, Event, Place, When
from detente.store import schema

_ENCODER = msgspec.json.Encoder()
_EVENT = msgspec.json.Decoder(Event)
_ACTORS = msgspec.json.Decoder(tuple[Actor, ...])
_TEXTS = msgspec.json.Decoder(tuple[str, ...])
_p = schema.places
_ROW = (
    sa.select(schema.events, _p.c.name, _p.c.country, _p.c.precision, _p.c.latitude, _p.c.longitude, _p.c.gazetteer_id)
    .outerjoin(_p, schema.events.c.place_id == _p.c.id)
    .where(schema.events.c.id == sa.bindparam("event"))
)


def read_record(connection: Connection, mention: sa.RowMapping | Mapping[str, Any]) -> Event:
    """A row of ``mentions`` (its columns ``event_id``, ``record``, ``origin_rows``) -> the coded event that it holds."""
    if mention["record"]:
        return _EVENT.decode(mention["record"])
    row = connection.execute(_ROW, {"event": mention["event_id"]}).mappings().one()
    place = None
    if row["place_id"] is not None:
        place = Place(row["name"], row["country"] or None, row["latitude"], row["longitude"], row["precision"], gazetteer_id=row["gazetteer_id"])
    rows = msgspec.json.decode(mention["origin_rows"] or "[]")
    return Event(
        event_id=row["event_id"],
        doc_id=(rows[0][1] or rows[0][0]) if rows else "",
        codebook=row["origin"],
        event_type=row["event_type"],
        modes=_TEXTS.decode(row["modes"]),
        contexts=_TEXTS.decode(row["contexts"]),
        quad=row["quad"],
        intensity=row["intensity"],
        cameo=row["cameo"],
        goldstein=row["goldstein"],
        source=tuple(msgspec.structs.replace(a, text=a.name) for a in _ACTORS.decode(row["source"])),
        target=tuple(msgspec.structs.replace(a, text=a.name) for a in _ACTORS.decode(row["target"])),
        date=When(row["date_start"], row["date_end"], row["date_precision"]) if row["date_start"] else None,
        place=place,
        said_by=(),
        modality=row["modality"],
        historical=row["historical"],
        dead=row["dead"],
        injured=row["injured"],
        evidence=(),
        confidence=row["confidence"],
        decided_by=row["origin"],
    )


def whole_record(event_id: str, coded: Event | ImportedEvent) -> str:
    """The public id of an imported event, and the event -> its record, as JSON."""
    event = coded if isinstance(coded, Event) else msgspec.structs.replace(as_event(coded), event_id=event_id)
    return _ENCODER.encode(event).decode()


def keep_records(connection: Connection, event: int) -> None:
    """The number of an event -> its empty records written out. To be called before anything changes the event's row: they would change with it."""
    m = schema.mentions
    for row in connection.execute(sa.select(m.c.id, m.c.event_id, m.c.record, m.c.origin_rows).where(m.c.event_id == event, m.c.record == "")).mappings().all():
        connection.execute(m.update().where(m.c.id == row["id"]), {"record": _ENCODER.encode(read_record(connection, row)).decode()})
