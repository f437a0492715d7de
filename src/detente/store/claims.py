"""What stands beside the events in the store: claims, relations between events, and the evidence of many events at once."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import Any

import msgspec
import sqlalchemy as sa

from detente.records import Claim
from detente.store import schema
from detente.store.schema import Store, reading

_d, _m, _e = schema.documents, schema.mentions, schema.events
_CLAIM = msgspec.json.Decoder(Claim)
_ASKED_AT_ONCE = 500
"""Ids in one question: databases bound how many a question may hold."""


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """The document that something stands in. ``key``: its number in the store."""

    key: int
    doc_id: str
    title: str | None
    publisher: str | None
    published_on: datetime.date | None
    url: str | None


class StoredClaim(msgspec.Struct, frozen=True):
    """A claim with its document."""

    claim: Claim
    source: Source


class StoredRelation(msgspec.Struct, frozen=True, kw_only=True):
    """How two events hang together, by the words of a document: ``kind`` is prompted, followed, in-response-to or part-of."""

    kind: str
    first: str
    second: str
    text: str
    source: Source


_SOURCE = tuple(_d.c[name].label(f"of_{name}") for name in ("id", "doc_id", "title", "publisher", "published_on", "url"))


def _source(row: Any) -> Source:
    day = row["of_published_on"]
    return Source(
        key=row["of_id"],
        doc_id=row["of_doc_id"],
        title=row["of_title"],
        publisher=row["of_publisher"],
        published_on=datetime.date.fromisoformat(day[:10]) if day else None,
        url=row["of_url"],
    )


def read_claims(store: Store, *, since: datetime.date | None = None, until: datetime.date | None = None) -> list[StoredClaim]:
    """A store and the days of publication -> its claims, newest document first, those of documents without a day left out. Near copies claim nothing of their own."""
    c = schema.claims
    query = sa.select(c.c.record, *_SOURCE).join(_d, c.c.document_id == _d.c.id).where(*_published(since, until))
    with reading(store) as connection:
        rows = connection.execute(query.order_by(_d.c.published_on.desc(), _d.c.id, c.c.id)).mappings().all()
    return [StoredClaim(_CLAIM.decode(row["record"]), _source(row)) for row in rows]


def read_relations(store: Store, *, since: datetime.date | None = None, until: datetime.date | None = None) -> list[StoredRelation]:
    """A store and the days of publication -> the relations between events, by their events' ids, newest document first. One event with itself is left out."""
    return _relations(store, _published(since, until))


def read_relations_of(store: Store, event_id: str) -> list[StoredRelation]:
    """An event's id -> its relations to other events, newest document first, those of near copies left out."""
    of_event = sa.select(_m.c.id).join(_e, _m.c.event_id == _e.c.id).where(_e.c.event_id == event_id)
    r = schema.relations
    return _relations(store, [sa.or_(r.c.first.in_(of_event), r.c.second.in_(of_event)), _d.c.copy_of.is_(None)])


def _relations(store: Store, conditions: Iterable[sa.ColumnElement[bool]]) -> list[StoredRelation]:
    r = schema.relations
    first, second = _m.alias("m1"), _m.alias("m2")
    one, two = _e.alias("e1"), _e.alias("e2")
    query = (
        sa.select(r.c.kind, r.c.record, one.c.event_id.label("first_event"), two.c.event_id.label("second_event"), *_SOURCE)
        .join(_d, r.c.document_id == _d.c.id)
        .join(first, r.c.first == first.c.id)
        .join(second, r.c.second == second.c.id)
        .join(one, first.c.event_id == one.c.id)
        .join(two, second.c.event_id == two.c.id)
        .where(one.c.id != two.c.id, *conditions)
    )
    with reading(store) as connection:
        rows = connection.execute(query.order_by(_d.c.published_on.desc(), _d.c.id, r.c.id)).mappings().all()
    return [
        StoredRelation(kind=row["kind"], first=row["first_event"], second=row["second_event"], text=msgspec.json.decode(row["record"]).get("text", ""), source=_source(row))
        for row in rows
    ]


def read_evidence(store: Store, event_ids: Iterable[str], *, until: datetime.date | None = None) -> dict[str, list[str]]:
    """Events' ids -> the words of all their mentions, each text once, in the order of their coming; events without words are left out.

    With ``until`` only what was published by then, or on no known day.
    """
    wanted = list(dict.fromkeys(event_ids))
    out: dict[str, list[str]] = {}
    with reading(store) as connection:
        for n in range(0, len(wanted), _ASKED_AT_ONCE):
            query = sa.select(_e.c.event_id, _m.c.evidence).join(_m, _m.c.event_id == _e.c.id).where(_e.c.event_id.in_(wanted[n : n + _ASKED_AT_ONCE]), _m.c.evidence != "")
            if until:
                query = query.outerjoin(_d, _m.c.document_id == _d.c.id).where(sa.or_(_d.c.published_on.is_(None), _d.c.published_on <= until.isoformat()))
            for event_id, text in connection.execute(query.order_by(_m.c.event_id, _m.c.position)):
                texts = out.setdefault(event_id, [])
                if text not in texts:
                    texts.append(text)
    return out


def documents_of(store: Store, event_ids: Iterable[str]) -> set[int]:
    """Events' ids -> the numbers of the documents that tell of them."""
    wanted = list(dict.fromkeys(event_ids))
    out: set[int] = set()
    with reading(store) as connection:
        for n in range(0, len(wanted), _ASKED_AT_ONCE):
            query = sa.select(_m.c.document_id).join(_e, _m.c.event_id == _e.c.id).where(_e.c.event_id.in_(wanted[n : n + _ASKED_AT_ONCE]), _m.c.document_id.is_not(None))
            out.update(key for (key,) in connection.execute(query.distinct()))
    return out


def _published(since: datetime.date | None, until: datetime.date | None) -> list[sa.ColumnElement[bool]]:
    out: list[sa.ColumnElement[bool]] = [_d.c.copy_of.is_(None), _d.c.published_on.is_not(None)]
    if since:
        out.append(_d.c.published_on >= since.isoformat())
    if until:
        out.append(_d.c.published_on < (until + datetime.timedelta(days=1)).isoformat() if until < datetime.date.max else sa.true())
    return out
