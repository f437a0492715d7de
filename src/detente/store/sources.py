"""The reports behind events: who told what, where, in which words."""

from __future__ import annotations

import datetime
from collections.abc import Iterable

import msgspec
import sqlalchemy as sa

from detente.store import schema
from detente.store.schema import Store, reading

_ASKED_AT_ONCE = 500


class Telling(msgspec.Struct, frozen=True):
    """One report, or row of a dataset, of an event. ``is_copy``: a near copy of another report; ``location``: the file, URL or dataset that it came from."""

    doc_id: str | None
    title: str | None
    publisher: str | None
    published_on: str | None
    url: str | None
    words: str
    origin: str
    location: str
    row: int | None
    is_copy: bool


def read_tellings(store: Store, event_ids: Iterable[str], *, until: datetime.date | None = None) -> dict[str, list[Telling]]:
    """Events' ids -> what tells of each, in the order of its coming; with ``until`` only what was published by then, or on no known day."""
    wanted = list(dict.fromkeys(event_ids))
    e, m, d, p = schema.events, schema.mentions, schema.documents, schema.provenance
    columns = (e.c.event_id, d.c.doc_id, d.c.title, d.c.publisher, d.c.published_on, d.c.url, m.c.evidence, p.c.origin, p.c.location, m.c.row, d.c.copy_of)
    query = sa.select(*columns).select_from(m.join(e, m.c.event_id == e.c.id).join(p, m.c.provenance_id == p.c.id).outerjoin(d, m.c.document_id == d.c.id))
    if until:
        query = query.where(sa.or_(d.c.published_on.is_(None), d.c.published_on <= until.isoformat()))
    out: dict[str, list[Telling]] = {}
    with reading(store) as connection:
        for n in range(0, len(wanted), _ASKED_AT_ONCE):
            rows = connection.execute(query.where(e.c.event_id.in_(wanted[n : n + _ASKED_AT_ONCE])).order_by(m.c.event_id, m.c.position))
            for event_id, doc_id, title, publisher, day, url, words, origin, location, row, copy_of in rows:
                out.setdefault(event_id, []).append(Telling(doc_id, title, publisher, day, url, words, origin, location, row, copy_of is not None))
    return out
