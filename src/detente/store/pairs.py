"""The pairs of parties in a store, how many events each has, and the events of some of them as narrow rows."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any, cast

import sqlalchemy as sa

from detente.store import schema
from detente.store.schema import Store, reading
from detente.store.tables import known_by

COLUMNS = ("event_id", "day", "precision", "source", "target", "event_type", "rung", "historical")
"""What a row of ``read_pair_rows`` has; ``day`` is ISO."""

_e, _d = schema.events, schema.dyads


def count_pairs(store: Store, *, until: datetime.date | None = None) -> list[tuple[str, str, int]]:
    """A store -> (source, target, number of events) of each ordered pair of two different parties; with ``until`` only of events up to that day."""
    query = sa.select(_d.c.source, _d.c.target, sa.func.count()).where(_d.c.date_start > "")
    if until:
        query = query.where(_d.c.date_start <= until.isoformat())
    with reading(store) as connection:
        counted = connection.execute(query.group_by(_d.c.source, _d.c.target))
        return [(source, target, number) for source, target, number in counted if source and target and source != target]


def read_pair_rows(store: Store, pairs: Sequence[tuple[str, str]], *, until: datetime.date | None = None) -> list[tuple[Any, ...]]:
    """Ordered pairs -> a row for each event of theirs that has a day and happened (``modality`` actual), in the order of ``COLUMNS``. The index of pairs has no rejected ones.

    ``until``: neither happened nor was first told of after that day.
    """
    columns = (_e.c.event_id, _e.c.date_start, _e.c.date_precision, _d.c.source, _d.c.target, _e.c.event_type, _e.c.rung, sa.cast(_e.c.historical, sa.Integer))
    out: list[tuple[Any, ...]] = []
    with reading(store) as connection:
        for source, target in pairs:
            chosen = sa.select(*columns).join(_e, _d.c.event_id == _e.c.id).where(_d.c.source == source, _d.c.target == target, _d.c.date_start != "", _e.c.modality == "actual")
            if until:
                chosen = chosen.where(*known_by(until))
            # the driver's own tuples, as in ``tables``
            cursor = connection.execute(chosen).cursor
            assert cursor is not None
            out += cast("list[tuple[Any, ...]]", cursor.fetchall())
    return out
