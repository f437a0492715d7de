"""Single documents out of the store, with what was coded in them."""

from __future__ import annotations

import datetime
from collections.abc import Iterable

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from detente.records import Claim, Event, Relation, Span
from detente.store import schema
from detente.store.duplicates import text_digest
from detente.store.recorded import read_record
from detente.store.schema import Store, reading

_d, _m, _e = schema.documents, schema.mentions, schema.events
_CLAIM = msgspec.json.Decoder(Claim)
_RELATION = msgspec.json.Decoder(Relation)


class StoredMention(msgspec.Struct, frozen=True):
    """A mention in a document: the event that it is of, how a reviewer judged that, its rung, and the record as it was coded."""

    mention_id: str
    event_id: str
    review: str
    rung: int | None
    record: Event


class ToldRelation(msgspec.Struct, frozen=True):
    """How two events hang together by the words of a document: ``kind`` is prompted, followed, in-response-to or part-of; ``first`` and ``second`` are mentions' ids."""

    kind: str
    first: str
    second: str
    span: Span
    text: str


class StoredDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A document. ``copy_of``: the id of the report that it copies, with the ``similarity``; ``location`` and ``row``: where it was read from."""

    doc_id: str
    title: str | None
    text: str
    published_on: datetime.date | None
    url: str | None
    publisher: str | None
    language: str | None
    location: str
    row: int | None
    copy_of: str | None
    similarity: float | None
    mentions: tuple[StoredMention, ...]
    claims: tuple[Claim, ...]
    relations: tuple[ToldRelation, ...] = ()
    same_id: int = 0
    """Further documents that came under the same id; the latest is shown."""


def find_document(store: Store, doc_id: str) -> StoredDocument | None:
    """An id -> the latest document that came under it, with its mentions in the order of the text and its claims; ``None`` if there is none."""
    original, p = _d.alias("original"), schema.provenance
    query = (
        sa.select(_d, original.c.doc_id.label("original_id"), p.c.location)
        .join(p, _d.c.provenance_id == p.c.id)
        .outerjoin(original, _d.c.copy_of == original.c.id)
        .where(_d.c.doc_id == doc_id)
        .order_by(_d.c.id.desc())
    )
    with reading(store) as connection:
        rows = connection.execute(query).mappings().all()
        if not rows:
            return None
        row = rows[0]
        mentions = connection.execute(
            sa.select(_m, _e.c.event_id.label("of_event"), _e.c.review, _e.c.rung).join(_e, _m.c.event_id == _e.c.id).where(_m.c.document_id == row["id"]).order_by(_m.c.id)
        ).mappings()
        told = tuple(StoredMention(m["mention_id"], m["of_event"], m["review"], m["rung"], read_record(connection, m)) for m in mentions.all())
        c = schema.claims
        relations = _read_relations(connection, row["id"])
        claims = tuple(_CLAIM.decode(record) for record in connection.scalars(sa.select(c.c.record).where(c.c.document_id == row["id"]).order_by(c.c.id)))
    return StoredDocument(
        **{name: row[name] for name in ("doc_id", "title", "text", "url", "publisher", "language", "location", "row", "similarity")},
        published_on=datetime.date.fromisoformat(row["published_on"][:10]) if row["published_on"] else None,
        copy_of=row["original_id"],
        mentions=told,
        claims=claims,
        relations=relations,
        same_id=len(rows) - 1,
    )


def _read_relations(connection: Connection, document: int) -> tuple[ToldRelation, ...]:
    r, first, second = schema.relations, _m.alias("m1"), _m.alias("m2")
    query = (
        sa.select(r.c.record, first.c.mention_id, second.c.mention_id)
        .join(first, r.c.first == first.c.id)
        .join(second, r.c.second == second.c.id)
        .where(r.c.document_id == document)
        .order_by(r.c.id)
    )
    out = []
    for record, one, other in connection.execute(query):
        relation = _RELATION.decode(record)
        out.append(ToldRelation(relation.kind, one, other, relation.span, relation.text))
    return tuple(out)


def ids_of_texts(store: Store, texts: Iterable[str]) -> dict[str, str]:
    """Texts -> the ids of the documents that have them, by text; those that the store does not have are left out."""
    by_digest = {text_digest(text): text for text in texts}
    with reading(store) as connection:
        found = connection.execute(sa.select(_d.c.digest, _d.c.doc_id).where(_d.c.digest.in_(list(by_digest))))
        return {by_digest[digest]: doc_id for digest, doc_id in found}


def texts_of_mentions(store: Store, mention_ids: Iterable[str]) -> dict[str, str]:
    """Mentions' ids -> the texts that they stand in, by mention; those of imported events have none."""
    wanted = list(mention_ids)
    with reading(store) as connection:
        found = connection.execute(sa.select(_m.c.mention_id, _d.c.text).join(_d, _m.c.document_id == _d.c.id).where(_m.c.mention_id.in_(wanted)))
        return {mention: text for mention, text in found}
