"""Events out of the store as the records that the writers of ``detente.exchange`` take, as a stream: memory does not grow with their number."""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Generator, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from detente.exchange.imported import ImportedActor, ImportedEvent, ImportedPlace, OriginRow, as_imported
from detente.records import Actor, Event, Place, When
from detente.store import schema
from detente.store.filters import Filters, make_conditions
from detente.store.origin_rows import give_back_actors, give_back_place, give_back_rows, unpack_rows
from detente.store.revising import found_standing
from detente.store.schema import Store, reading

BATCH_EVENTS = 500
"""Events that are held at a time; beside them eight bytes for each event that was asked for."""
_EVENT = msgspec.json.Decoder(Event)
_ACTORS = msgspec.json.Decoder(tuple[Actor, ...])
_TEXTS = msgspec.json.Decoder(tuple[str, ...])
_e, _m, _p, _d, _o = schema.events, schema.mentions, schema.places, schema.documents, schema.origins
_PLACE = tuple(_p.c[name].label(f"place_{name}") for name in ("name", "country", "latitude", "longitude", "precision", "gazetteer_id"))
_READ_EVENTS = (
    sa.select(_e, _o.c.licence, *_PLACE).outerjoin(_p, _e.c.place_id == _p.c.id).outerjoin(_o, _e.c.origin == _o.c.name).where(_e.c.id.in_(sa.bindparam("chosen", expanding=True)))
)
_READ_MENTIONS = (
    sa.select(
        *(_m.c[name] for name in ("event_id", "mention_id", "document_id", "row", "evidence", "record", "origin_rows")),
        *(_d.c[name] for name in ("doc_id", "publisher", "published_on", "copy_of")),
    )
    .outerjoin(_d, _m.c.document_id == _d.c.id)
    .where(_m.c.event_id.in_(sa.bindparam("chosen", expanding=True)))
    .order_by(_m.c.event_id, _m.c.position)
)


class Barred(NamedTuple):
    """An origin whose rows may not be passed on, and how many events of it were asked for."""

    origin: str
    licence: str | None
    events: int


def find_barred(store: Store, filters: Filters) -> list[Barred]:
    """Filters -> the origins among these events whose licence bars passing rows on; empty if there are none."""
    conditions = [condition for condition, _ in make_conditions(filters, store.engine.dialect.name)]
    with reading(store) as connection:
        barred = {row.name: row.licence for row in connection.execute(sa.select(_o.c.name, _o.c.licence).where(_o.c.may_be_passed_on.is_(False)))}
        if not barred:
            return []
        query = sa.select(_e.c.origin, sa.func.count()).where(*conditions, _e.c.origin.in_(sorted(barred))).group_by(_e.c.origin).order_by(_e.c.origin)
        return [Barred(origin, barred[origin], number) for origin, number in connection.execute(query)]


def read_out(store: Store, filters: Filters, *, as_rows: bool = False, newest_first: bool = False) -> Generator[Event | ImportedEvent]:
    """Filters -> the events, by day, those without a day last, all of one state of the store.

    A coded event comes as the ``Event`` of its first report with what further reports revised, under the store's id; ``as_rows`` makes of it an
    ``ImportedEvent`` with a row for each independent report, for formats in which a report is a row. An imported event comes with its own rows and cells.
    """
    conditions = [condition for condition, _ in make_conditions(filters, store.engine.dialect.name)]
    order = [_e.c.date_start.desc().nulls_last(), _e.c.id.desc()] if newest_first else [_e.c.date_start.asc().nulls_last(), _e.c.id.asc()]
    with reading(store) as connection:
        asked = sa.select(_e.c.id).where(*conditions).order_by(*order).execution_options(yield_per=10_000)
        chosen = array("q", connection.scalars(asked))
        for start in range(0, len(chosen), BATCH_EVENTS):
            yield from _read_batch(connection, chosen[start : start + BATCH_EVENTS].tolist(), as_rows=as_rows)


def _read_batch(connection: Connection, chosen: Sequence[int], *, as_rows: bool) -> Iterator[Event | ImportedEvent]:
    events: dict[int, Any] = {row["id"]: row for row in connection.execute(_READ_EVENTS, {"chosen": chosen}).mappings()}
    mentions: dict[int, list[Any]] = defaultdict(list)
    for mention in connection.execute(_READ_MENTIONS, {"chosen": chosen}):
        mentions[mention.event_id].append(mention)
    for key in chosen:
        row, told = events[key], mentions[key]
        if told and not told[0].origin_rows and told[0].record:
            event = _as_coded(row, told[0])
            yield _with_reports(event, told) if as_rows else event
        else:
            yield _as_imported(row, told)


# -- coded events -----------------------------------------------------------------------------------------------------------
def _as_coded(row: Mapping[str, Any], first: Any) -> Event:
    """An event's row and its first mention -> the mention's record, with the values that later reports or a reviewer gave the event."""
    record = _EVENT.decode(first.record)
    at_first = found_standing(record, first.published_on)
    place = None
    if row["place_id"] is not None:
        place = Place(
            row["place_name"], row["place_country"] or None, row["place_latitude"], row["place_longitude"], row["place_precision"], gazetteer_id=row["place_gazetteer_id"]
        )
    now: dict[str, Any] = {name: row[name] for name in ("event_type", "goldstein", "historical", "dead", "injured", "confidence")}
    now |= {"cameo": row["cameo"] or "", "intensity": row["intensity"] or 0.0, "modes": _TEXTS.decode(row["modes"]), "contexts": _TEXTS.decode(row["contexts"])}
    now |= {"source": _ACTORS.decode(row["source"]), "target": _ACTORS.decode(row["target"])}
    changed = {name: value for name, value in now.items() if getattr(at_first, name) != value}
    if (at_first.date_start, at_first.date_end, at_first.date_precision) != (row["date_start"], row["date_end"], row["date_precision"]):
        changed["date"] = _when(row)
    if place != at_first.place and not (place and at_first.place and _same_place(place, at_first.place)):
        changed["place"] = place
    if first.document_id is not None:
        changed |= {"event_id": row["event_id"], "doc_id": first.doc_id}
    return msgspec.structs.replace(record, quad=row["quad"], modality=row["modality"], **changed)


def _same_place(a: Place, b: Place) -> bool:
    """Whether two places are one row of the table, which keeps the degrees that came first."""
    return (a.name, a.country, a.precision) == (b.name, b.country, b.precision)


def _with_reports(event: Event, mentions: Sequence[Any]) -> ImportedEvent:
    """A coded event and its mentions -> the event with a row for each independent report."""
    imported, reports = as_imported(event), dict[Any, Any]()
    for mention in mentions:
        reports.setdefault(mention.copy_of or mention.document_id, mention)
    rows = (OriginRow(m.mention_id, m.row or 0, m.doc_id or event.doc_id, None, m.publisher, m.published_on, imported.place) for m in reports.values())
    first, *further = rows
    return msgspec.structs.replace(imported, rows=(msgspec.structs.replace(first, row_id=event.event_id), *further), repeats=len(further))


# -- imported events --------------------------------------------------------------------------------------------------------
def _as_imported(row: Mapping[str, Any], mentions: Sequence[Any]) -> ImportedEvent:
    """The row of an imported event and its mentions -> the event as its reader gave it; what a reviewer corrected is without the cells of the file."""
    if row["revised_at"] is not None:  # the latest version stands for all
        mentions = mentions[-1:]
    kept = [row for m in mentions for row in unpack_rows(m.origin_rows)]
    told = [row.event for row in kept if row.event]
    first = told[0] if told else None
    with_cells = row["review"] != "corrected"
    place = give_back_place(first.place) if first and with_cells else _stored_place(row)
    source, target = (tuple(ImportedActor(a.name or None, a.country, a.sectors, a.entity) for a in _ACTORS.decode(row[side])) for side in ("source", "target"))
    if first and with_cells:
        source, target = give_back_actors(source, first.source), give_back_actors(target, first.target)
    unknown = first.unknown if first else ()
    rows = give_back_rows(kept, place, with_cells=with_cells)
    return ImportedEvent(
        event_id=first.event_id if first else row["event_id"],
        origin=row["origin"],
        licence=row["licence"] or "",
        event_type=row["event_type"] or None,
        modes=_TEXTS.decode(row["modes"]),
        contexts=_TEXTS.decode(row["contexts"]),
        quad=None if "quad" in unknown else row["quad"],
        intensity=None if "intensity" in unknown else row["intensity"],
        cameo=row["cameo"] or None,
        goldstein=row["goldstein"],
        source=source,
        target=target,
        directed=first.directed if first else True,
        date=_when(row),
        place=place,
        dead=row["dead"],
        injured=row["injured"],
        modality=row["modality"],
        historical=row["historical"],
        text=next((m.evidence for m in mentions if m.evidence), None),
        rows=rows or (OriginRow(row["event_id"], 0, reported_on=row["first_report"], place=place),),
        repeats=max(0, row["reports"] - 1),
        revised_at=first.revised_at if first else None,
        losses=first.losses if first else (),
    )


def _stored_place(row: Mapping[str, Any]) -> ImportedPlace | None:
    if row["place_id"] is None:
        return None
    degrees = row["place_latitude"], row["place_longitude"]
    return ImportedPlace(row["place_name"] or None, row["place_country"] or None, *degrees, row["place_precision"], gazetteer_id=row["place_gazetteer_id"])


def _when(row: Mapping[str, Any]) -> When | None:
    return When(row["date_start"], row["date_end"], row["date_precision"]) if row["date_start"] else None
