"""An event made anew from its mentions and from what reviewers set: after a correction, a merge, a split, an undo or another coding."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from detente.records import Actor, Event, Place, When
from detente.store import schema
from detente.store.amending import WITHDRAWN, is_withdrawn
from detente.store.duplicates import Copy
from detente.store.matching import index_keys, make_sketch
from detente.store.recorded import keep_records
from detente.store.revising import Standing, found_standing, replace_standing, revise
from detente.store.rows import COUNTS, Where, count_report, encode, index_parties, insert_new, standing_columns

_EVENT = msgspec.json.Decoder(Event)
CORRECTABLE = ("event_type", "modes", "contexts", "cameo", "goldstein", "intensity", "quad", "source", "target", "date", "place", "modality", "historical", "dead", "injured")
"""The fields that a reviewer's correction may set, named as in ``records.Event``."""


class StoredMention(NamedTuple):
    """A mention as it is stored. ``where`` is ``None`` for what others coded: there is no document."""

    id: int
    mention_id: str
    event: Event
    where: Where | None


def load_stored(connection: Connection, event: int) -> list[StoredMention]:
    """An event -> its mentions, that which founded it first; each has its whole record from then on."""
    keep_records(connection, event)
    m, d = schema.mentions, schema.documents
    query = (
        sa.select(m.c.id, m.c.mention_id, m.c.record, m.c.document_id, m.c.provenance_id, m.c.row, d.c.publisher, d.c.published_on, d.c.copy_of, d.c.similarity)
        .outerjoin(d, m.c.document_id == d.c.id)
        .where(m.c.event_id == event)
        .order_by(m.c.position, m.c.id)
    )
    out = []
    for row in connection.execute(query):
        copy = Copy(row.copy_of, row.similarity or 0.0) if row.copy_of is not None else None
        where = None if row.document_id is None else Where(row.document_id, copy, row.provenance_id, row.row, row.publisher or "", row.published_on)
        out.append(StoredMention(row.id, row.mention_id, _EVENT.decode(row.record), where))
    return out


def rebuild_event(connection: Connection, event: int) -> None:
    """An event -> its row, history, counts and indexes as its mentions and the live decisions about it give them; dropped if no mention is left."""
    row = connection.execute(sa.select(schema.events).where(schema.events.c.id == event)).mappings().one()
    mentions = load_stored(connection, event)
    _clear(connection, event)
    if not mentions:
        connection.execute(schema.events.delete().where(schema.events.c.id == event))
        return
    versions = _versions(mentions) if row["revised_at"] is not None else []
    judged = _judged_versions(connection, row["event_id"])
    versions, later = (versions[:judged], versions[judged:]) if judged else (versions, [])
    standing, counts = _replay(connection, event, [m for m in mentions if m not in later], {name: row[name] for name in COUNTS}, versions)
    counts["mentions"] = len(mentions)
    review, fields = live_review(connection, row["event_id"])
    if not review and is_withdrawn(connection, row["event_id"], row["revised_at"]):
        review = WITHDRAWN
    standing = apply_fields(standing, fields)
    first = (versions or mentions[:1])[-1].event
    values = {
        **standing_columns(connection, standing, row["origin"]),
        **counts,
        "quad": fields.get("quad", first.quad),
        "modality": fields.get("modality", first.modality),
        "review": review,
    }
    connection.execute(schema.events.update().where(schema.events.c.id == event), values)
    index_parties(connection, event, standing)
    if review in ("rejected", WITHDRAWN):  # no series counts it, and no later report joins it
        connection.execute(schema.dyads.delete().where(schema.dyads.c.event_id == event))
    else:  # later reports join what was told here; what others coded is looked up by its own ids only
        _index_matches(connection, event, [m for m in mentions if m.where is not None])


def _clear(connection: Connection, event: int) -> None:
    for table in (schema.history, schema.event_reports, schema.event_sources, schema.match_keys, schema.participants, schema.dyads):
        connection.execute(table.delete().where(table.c.event_id == event))


def _versions(mentions: Sequence[StoredMention]) -> list[StoredMention]:
    """The mentions of an event that its origin revises -> its versions: of these each takes the place of the one before."""
    return [m for m in mentions if m.where is None and m.event.event_id == mentions[0].event.event_id]


def standing_versions(connection: Connection, event: int) -> int:
    """An event -> with how many versions of its origin it stands: those that were there when a reviewer first judged it, else all; 0 if it has none."""
    row = connection.execute(sa.select(schema.events.c.event_id, schema.events.c.revised_at).where(schema.events.c.id == event)).one()
    if row.revised_at is None:
        return 0
    return _judged_versions(connection, row.event_id) or len(_versions(load_stored(connection, event)))


def _judged_versions(connection: Connection, event_id: str) -> int:
    d = schema.decisions
    query = sa.select(d.c.record).where(d.c.event_id == event_id, d.c.undone_by.is_(None), d.c.action.in_(("accept", "correct", "reject"))).order_by(d.c.id).limit(1)
    record = connection.scalar(query)
    return int(msgspec.json.decode(record).get("versions", 0)) if record else 0


def _replay(connection: Connection, event: int, mentions: Sequence[StoredMention], before: Mapping[str, Any], versions: Sequence[StoredMention]) -> tuple[Standing, dict[str, Any]]:
    """Mentions, one after the other -> how the event stands, and its counts; the history is written on the way."""
    told = [m for m in mentions if m.where is not None]
    counts: dict[str, Any] = {"mentions": 0, "reports": 0, "sources": 0, "copies": 0, "first_report": None, "latest_report": None}
    standing: Standing | None = None
    revision = 0
    for position, mention in enumerate(mentions):
        day = mention.where.published_on if mention.where else None
        if mention.where:
            counts = count_report(connection, event, counts, mention.where)
        connection.execute(schema.mentions.update().where(schema.mentions.c.id == mention.id), {"position": position})
        if standing is None:
            standing = found_standing(mention.event, day)
            continue
        standing, changes = (replace_standing if mention in versions else revise)(standing, mention.event, day)
        revision += bool(changes)
        rows = [{"event_id": event, "revision": revision, "field": f, "before": encode(b), "after": encode(a), "mention_id": mention.id} for f, b, a in changes]
        if rows:
            connection.execute(schema.history.insert(), rows)
    assert standing is not None
    if not told:  # a dataset says by itself how often it was reported
        counts = {**before}
    elif len(told) < len(mentions):
        counts["reports"] += len(mentions) - len(told)
    return standing, {**counts, "mentions": len(mentions), "revision": revision}


def _index_matches(connection: Connection, event: int, mentions: Sequence[StoredMention]) -> None:
    for mention in mentions:
        day = datetime.date.fromisoformat(mention.where.published_on) if mention.where and mention.where.published_on else None
        insert_new(connection, schema.match_keys, [{"key": k, "period": p, "day": d, "event_id": event} for k, p, d in index_keys(make_sketch(mention.event, day))])


def live_review(connection: Connection, event_id: str) -> tuple[str, dict[str, Any]]:
    """An event's id -> its state of review, and the fields that reviewers set: later decisions over earlier ones, those undone left out."""
    d = schema.decisions
    query = sa.select(d.c.action, d.c.record).where(d.c.event_id == event_id, d.c.undone_by.is_(None), d.c.action.in_(("accept", "correct", "reject"))).order_by(d.c.id)
    verdict, fields = "", dict[str, Any]()
    for action, record in connection.execute(query):
        fields |= msgspec.json.decode(record).get("fields", {}) if action == "correct" else {}
        verdict = "rejected" if action == "reject" else "corrected" if fields else "accepted"
    return verdict, fields


def apply_fields(standing: Standing, fields: Mapping[str, Any]) -> Standing:
    """How an event stands and what a reviewer set (as in JSON) -> how it stands then."""
    values = {name: fields[name] for name in ("event_type", "cameo", "goldstein", "intensity", "historical", "dead", "injured") if name in fields}
    values |= {name: tuple(fields[name]) for name in ("modes", "contexts") if name in fields}
    values |= {name: msgspec.convert(fields[name], tuple[Actor, ...]) for name in ("source", "target") if name in fields}
    if "date" in fields:
        when = msgspec.convert(fields["date"], When | None)
        values |= {"date_start": when and when.start, "date_end": when and when.end, "date_precision": when and when.precision, "date_is_given": when is not None}
    if "place" in fields:
        values["place"] = msgspec.convert(fields["place"], Place | None)
    return msgspec.structs.replace(standing, **values)
