"""How much a store holds, without counting where counting is dear."""

from __future__ import annotations

import datetime

import msgspec
import sqlalchemy as sa

from detente.store import schema
from detente.store.schema import Store, reading


class Sizes(msgspec.Struct, frozen=True):
    """Documents and events of a store, and the first day of which it tells. ``events`` is the number of the latest event: rows that were merged away count too."""

    documents: int
    events: int
    first_day: datetime.date | None


def count_rows(store: Store) -> Sizes:
    """A store -> its sizes, from the ends of its indexes."""
    d, e = schema.documents, schema.events
    with reading(store) as connection:
        first = connection.scalar(sa.select(sa.func.min(e.c.date_start)))
        return Sizes(
            int(connection.scalar(sa.select(sa.func.max(d.c.id))) or 0),
            int(connection.scalar(sa.select(sa.func.max(e.c.id))) or 0),
            datetime.date.fromisoformat(first) if first else None,
        )


def first_day_of(store: Store, a: str, b: str) -> datetime.date | None:
    """A pair -> the day of its first event in either direction."""
    d = schema.dyads
    with reading(store) as connection:
        found = [connection.scalar(sa.select(sa.func.min(d.c.date_start)).where(d.c.source == s, d.c.target == t, d.c.date_start > "")) for s, t in ((a, b), (b, a))]
    days = [day for day in found if day]
    return datetime.date.fromisoformat(min(days)) if days else None
