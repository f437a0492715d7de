"""Events of the store in any of several orders, a page at a time by cursor."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import sqlalchemy as sa

from detente.errors import SettingsError, StoreError
from detente.store import schema
from detente.store.filters import COUNTED, Filters, make_conditions, say_filters
from detente.store.paging import Order, cut_page
from detente.store.query import PAGE_EVENTS, event_dict, find_key, is_large_in, listing, read_event
from detente.store.schema import Store, reading

_e = schema.events
ORDERS: dict[str, Order] = {
    order.name: order
    for order in (
        Order("newest", _e.c.date_start, True),
        Order("oldest", _e.c.date_start, False),
        Order("gravest", _e.c.rung, True),
        Order("mildest", _e.c.rung, False),
        Order("most-told", _e.c.reports, True),
        Order("least-told", _e.c.reports, False),
        Order("surest", _e.c.confidence, True),
        Order("least-sure", _e.c.confidence, False),
        Order("type", _e.c.event_type, False),
        Order("type-last", _e.c.event_type, True),
    )
}
"""The orders that events may be listed in; those without the value come last."""


class Listed(NamedTuple):
    """A page of events. ``total``: how many there are, ``COUNTED`` if as many or more; ``before`` and ``after``: cursors of the pages beside."""

    said: str
    total: int
    before: str | None
    after: str | None
    events: list[dict[str, Any]]


def list_events(store: Store, filters: Filters, *, order: str = "newest", cursor: str | None = None, limit: int = PAGE_EVENTS) -> Listed:
    """Filters, one of ``ORDERS`` and a cursor -> a page of events."""
    if order not in ORDERS:
        raise SettingsError(f"order: found {order!r}; expected one of {', '.join(ORDERS)}")
    with reading(store) as connection:
        conditions = [condition for condition, _ in make_conditions(filters, connection.dialect.name, lambda query: is_large_in(connection, query), ORDERS[order].column)]
        cut = cut_page(connection, conditions, ORDERS[order], _e.c.id, cursor=cursor, limit=limit)
        total = connection.scalar(sa.select(sa.func.count()).select_from(sa.select(_e.c.id).where(*conditions).limit(COUNTED).subquery())) or 0
        rows = {row["id"]: row for row in connection.execute(listing().where(_e.c.id.in_(cut.keys))).mappings()}
    return Listed(say_filters(filters), total, cut.before, cut.after, [event_dict(rows[key]) for key in cut.keys])


def read_events(store: Store, event_ids: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Some events' ids -> the events by id, as lists show them; those that the store does not have are left out."""
    out = {}
    with reading(store) as connection:
        for event_id in dict.fromkeys(event_ids):
            try:
                out[event_id] = read_event(connection, find_key(connection, event_id, store.name))
            except StoreError:
                continue
    return out
