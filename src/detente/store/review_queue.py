"""Which events are worth a reviewer's look first: grave ones of which the coding is not sure, and those on which sources differ."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec
import sqlalchemy as sa

from detente.store import schema
from detente.store.filters import COUNTED, Filters, make_conditions, say_filters
from detente.store.paging import Order, cut_page
from detente.store.query import differing_values, event_dict, is_large_in, listing
from detente.store.recorded import read_record
from detente.store.schema import Store, reading

_e, _m, _d = schema.events, schema.mentions, schema.documents
UNRATED = 0.8
"""The confidence that what others coded is taken to have: datasets come without one (the store has 1), and it comes after what is known to be doubtful."""
CODED_HERE = "detente"
RUNG_WEIGHT = 0.5
"""A rung up counts as much as half of being wholly unsure on rung 0: an act of force with 0.6 stands before a grievance with 0.3. A choice, not measured."""
REVISED_WEIGHT = 0.75
"""What a further report has changed is raised by so much, as if it were a rung and a half graver: sources differ, or one knew more."""


class Queued(NamedTuple):
    """An event of the queue: how much it is worth a look (``score``, 0 and up), on what sources differ, and the words that it rests on."""

    event: dict[str, Any]
    score: float
    differing: dict[str, list[dict[str, Any]]]
    words: str


class Queue(NamedTuple):
    """A page of the queue. ``total``: unreviewed events of these, ``COUNTED`` if as many or more; ``before`` and ``after``: cursors."""

    said: str
    total: int
    before: str | None
    after: str | None
    queued: list[Queued]


def _score() -> sa.ColumnElement[float]:
    """How unsure the coding is, times how far from routine it is (contact and routine count 1), raised where reports have revised it."""
    height = sa.case((_e.c.rung > 0, _e.c.rung), (_e.c.rung < 0, -0.5 * _e.c.rung), else_=0)
    revised = sa.case((_e.c.revision > 0, REVISED_WEIGHT), else_=0.0)
    rated = sa.case((_e.c.origin == CODED_HERE, sa.func.coalesce(_e.c.confidence, UNRATED)), else_=UNRATED)
    return (1.0 - rated) * (1.0 + RUNG_WEIGHT * height + revised)


def read_queue(store: Store, filters: Filters, *, cursor: str | None = None, limit: int = 25) -> Queue:
    """Filters (their ``review`` is set to unreviewed) -> the events most worth a look, a page of them."""
    wanted = msgspec.structs.replace(filters, review="unreviewed")
    with reading(store) as connection:
        conditions = [condition for condition, _ in make_conditions(wanted, connection.dialect.name, lambda query: is_large_in(connection, query))]
        score = _score()
        cut = cut_page(connection, conditions, Order("queue", score, True), _e.c.id, cursor=cursor, limit=limit)
        total = connection.scalar(sa.select(sa.func.count()).select_from(sa.select(_e.c.id).where(*conditions).limit(COUNTED).subquery())) or 0
        rows = {row["id"]: row for row in connection.execute(listing().add_columns(score.label("score")).where(_e.c.id.in_(cut.keys))).mappings()}
        told = _mentions_of(connection, cut.keys)
    queued = [Queued(event_dict(rows[key]), rows[key]["score"], differing_values(told.get(key, [])), _words(told.get(key, []))) for key in cut.keys]
    return Queue(say_filters(wanted), total, cut.before, cut.after, queued)


def _mentions_of(connection: sa.Connection, keys: list[int]) -> dict[int, list[dict[str, Any]]]:
    """Events' numbers -> their mentions, with as much as ``differing_values`` asks of them."""
    query = (
        sa.select(_m, _d.c.doc_id, _d.c.publisher, _d.c.published_on, _d.c.copy_of)
        .outerjoin(_d, _m.c.document_id == _d.c.id)
        .where(_m.c.event_id.in_(keys))
        .order_by(_m.c.event_id, _m.c.position)
    )
    out: dict[int, list[dict[str, Any]]] = {}
    for m in connection.execute(query).mappings().all():
        record = msgspec.to_builtins(read_record(connection, m))
        plain = {name: m[name] for name in ("doc_id", "publisher", "published_on", "copy_of")}
        out.setdefault(m["event_id"], []).append({**plain, "record": record})
    return out


def _words(mentions: list[dict[str, Any]]) -> str:
    return next((str(piece["text"]) for mention in mentions for piece in mention["record"]["evidence"]), "")
