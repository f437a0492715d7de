"""What reviewers judged, out of the store: documents with their mentions for gold, and each reviewer's judgements for agreement."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec
import sqlalchemy as sa

from detente.records import Event
from detente.store import schema
from detente.store.rebuilding import live_review
from detente.store.schema import Store, reading

_EVENT = msgspec.json.Decoder(Event)


class JudgedMention(NamedTuple):
    """A mention, the state of review of its event, what reviewers set of it, and the event's id in the store."""

    event: Event
    review: str
    fields: dict[str, Any]
    event_id: str


class JudgedDocument(NamedTuple):
    """A document of which a reviewer judged at least one event, with all its mentions."""

    doc_id: str
    title: str | None
    text: str
    published_on: str | None
    url: str | None
    publisher: str | None
    mentions: list[JudgedMention]


def judged_documents(store: Store) -> Iterator[JudgedDocument]:
    """A store -> the documents that have a judged event, in the order in which they were added."""
    d, m, e = schema.documents, schema.mentions, schema.events
    judged = sa.select(m.c.document_id).join(e, m.c.event_id == e.c.id).where(e.c.review != "", m.c.document_id.is_not(None))
    with reading(store) as connection:
        for row in connection.execute(sa.select(d).where(d.c.id.in_(judged)).order_by(d.c.id)).mappings().all():
            mentions = []
            query = sa.select(m.c.record, e.c.event_id, e.c.review).join(e, m.c.event_id == e.c.id).where(m.c.document_id == row["id"]).order_by(m.c.id)
            for record, event_id, review in connection.execute(query).all():
                fields = live_review(connection, event_id)[1] if review == "corrected" else {}
                mentions.append(JudgedMention(_EVENT.decode(record), review, fields, event_id))
            yield JudgedDocument(row["doc_id"], row["title"], row["text"], row["published_on"], row["url"], row["publisher"], mentions)


def judgements(store: Store, reviewer: str) -> dict[str, dict[str, Any]]:
    """A reviewer -> what he last said of each event and did not take back: its ``verdict``, and the values as they then stood."""
    d = schema.decisions
    query = sa.select(d.c.event_id, d.c.action, d.c.record).where(d.c.reviewer == reviewer, d.c.undone_by.is_(None), d.c.action.in_(("accept", "correct", "reject")))
    with reading(store) as connection:
        return {event: {"verdict": action, **msgspec.json.decode(record)["values"]} for event, action, record in connection.execute(query.order_by(d.c.id))}


def reviewers(store: Store) -> dict[str, int]:
    """A store -> its reviewers, each with the number of events that he judged."""
    d = schema.decisions
    query = sa.select(d.c.reviewer, sa.func.count(sa.distinct(d.c.event_id))).where(d.c.undone_by.is_(None), d.c.action.in_(("accept", "correct", "reject"))).group_by(d.c.reviewer)
    with reading(store) as connection:
        return {name: number for name, number in connection.execute(query.order_by(d.c.reviewer))}
