"""Which documents a store has: by publisher, day and words, a page at a time."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from detente.errors import SettingsError
from detente.store import schema
from detente.store.filters import COUNTED
from detente.store.paging import Order, cut_page
from detente.store.schema import Store, reading

_d, _m, _e = schema.documents, schema.mentions, schema.events
MOST_PUBLISHERS = 200
"""So many publishers, those with most documents, are listed to choose from."""
MOST_WORDS = 12
"""Words that are looked for at once: each reads the texts."""


class ListedDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A document in a list. ``events``: mentions of events in it; ``rung``: the gravest of them that stands; ``beginning``: the first words after the title."""

    doc_id: str
    title: str | None
    beginning: str
    publisher: str | None
    published_on: str | None
    copy_of: str | None
    events: int
    rung: int | None


class DocumentPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of documents: which they are, in English, how many there are (``counted_to`` if as many or more), and the cursors of the pages beside."""

    said: str
    total: int
    counted_to: int
    before: str | None
    after: str | None
    documents: tuple[ListedDocument, ...]


def find_documents(
    store: Store,
    *,
    publisher: str | None = None,
    since: datetime.date | None = None,
    until: datetime.date | None = None,
    text: str | None = None,
    with_copies: bool = True,
    newest_first: bool = True,
    cursor: str | None = None,
    limit: int = 25,
) -> DocumentPage:
    """What to look for -> a page of documents by day of publication, those without one last. ``text``: all its words stand in the title or the text, in any case of letters."""
    conditions, phrases = _make_conditions(publisher, since, until, text, with_copies)
    order = Order("newest" if newest_first else "oldest", _d.c.published_on, newest_first)
    with reading(store) as connection:
        cut = cut_page(connection, conditions, order, _d.c.id, cursor=cursor, limit=limit)
        total = connection.scalar(sa.select(sa.func.count()).select_from(sa.select(_d.c.id).where(*conditions).limit(COUNTED).subquery())) or 0
        documents = _read_listed(connection, cut.keys)
    said = f"Reports {', '.join(phrases)}" if phrases else "All reports"
    return DocumentPage(said=said, total=total, counted_to=COUNTED, before=cut.before, after=cut.after, documents=documents)


def _make_conditions(
    publisher: str | None, since: datetime.date | None, until: datetime.date | None, text: str | None, with_copies: bool
) -> tuple[list[sa.ColumnElement[bool]], list[str]]:
    """What to look for -> conditions of SQL, and what they say in English."""
    if since and until and since > until:
        raise SettingsError(f"since: found {since}; expected a day not after until, {until}")
    conditions, phrases = list[sa.ColumnElement[bool]](), list[str]()
    if publisher:
        conditions.append(_d.c.publisher == publisher)
        phrases.append(f"by {publisher}")
    if since:
        conditions.append(_d.c.published_on >= since.isoformat())
        phrases.append(f"from {since}")
    if until:
        if until < datetime.date.max:  # a time of the day may follow the day
            conditions.append(_d.c.published_on < (until + datetime.timedelta(days=1)).isoformat())
        phrases.append(f"until {until}")
    if text:
        conditions += [sa.or_(_d.c.title.icontains(word, autoescape=True), _d.c.text.icontains(word, autoescape=True)) for word in _words(text)]
        phrases.append(f"with the words {text}")
    if not with_copies:
        conditions.append(_d.c.copy_of.is_(None))
        phrases.append("without copies")
    return conditions, phrases


def _read_listed(connection: Connection, keys: Sequence[int]) -> tuple[ListedDocument, ...]:
    """Keys of documents -> the documents as they are listed, in the same order, each with how many events it tells and the highest rung of these."""
    original = _d.alias("original")
    query = (
        sa.select(_d.c.id, _d.c.doc_id, _d.c.title, sa.func.substr(_d.c.text, 1, 600).label("head"), _d.c.publisher, _d.c.published_on, original.c.doc_id.label("original"))
        .outerjoin(original, _d.c.copy_of == original.c.id)
        .where(_d.c.id.in_(keys))
    )
    rows = {row.id: row for row in connection.execute(query)}
    standing = sa.case((_e.c.review.not_in(("rejected", "withdrawn")), _e.c.rung))
    told = sa.select(_m.c.document_id, sa.func.count(), sa.func.max(standing)).join(_e, _m.c.event_id == _e.c.id).where(_m.c.document_id.in_(keys)).group_by(_m.c.document_id)
    counts = {key: (number, rung) for key, number, rung in connection.execute(told)}
    return tuple(_as_listed(rows[key], *counts.get(key, (0, None))) for key in keys)


def _as_listed(row: Any, number: int, rung: int | None) -> ListedDocument:
    return ListedDocument(
        doc_id=row.doc_id,
        title=row.title,
        beginning=_beginning(row.title, row.head),
        publisher=row.publisher,
        published_on=row.published_on[:10] if row.published_on else None,
        copy_of=row.original,
        events=number,
        rung=rung,
    )


def list_publishers(store: Store) -> list[tuple[str, int]]:
    """A store -> its publishers with how many documents each has, by name: at most ``MOST_PUBLISHERS``, those with most."""
    number = sa.func.count()
    query = sa.select(_d.c.publisher, number).where(_d.c.publisher.is_not(None), _d.c.publisher != "").group_by(_d.c.publisher).order_by(number.desc(), _d.c.publisher)
    with reading(store) as connection:
        return sorted((name, count) for name, count in connection.execute(query.limit(MOST_PUBLISHERS)))


def _words(text: str) -> list[str]:
    words = text.split()
    if len(words) > MOST_WORDS:
        raise SettingsError(f"text: found {len(words)} words; expected at most {MOST_WORDS}")
    return words


def _beginning(title: str | None, head: str) -> str:
    """The first words of a text, without the title that it begins with."""
    body = head.strip()
    if title and body.startswith(title):
        body = body[len(title) :]
    words = " ".join(body.split())
    return words if len(words) <= 240 else f"{words[:240].rsplit(' ', 1)[0]} …"
