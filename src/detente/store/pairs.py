"""The pairs of parties in a store, how many events each has, and the events of some of them as narrow rows."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any, NamedTuple, cast

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from detente.codebook.ladder import rung_of
from detente.store import schema
from detente.store.bulk import uncollected
from detente.store.known import in_parts, stand_at, told_again
from detente.store.rows import dyad_pairs
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


class PairSpan(NamedTuple):
    """A pair of two different parties, by alphabet: how many events they have, and the ISO days of the first and last."""

    a: str
    b: str
    events: int
    first: str
    last: str


def list_pairs(store: Store) -> list[PairSpan]:
    """A store -> all its pairs, by the events that have a day and happened (``modality`` actual); the index of pairs has no rejected ones."""
    # what did not happen is the exception: to leave it out takes a ninth of the time of a join with what did
    other = sa.select(_e.c.id).where(_e.c.modality != "actual")
    query = sa.select(_d.c.source, _d.c.target, sa.func.count(), sa.func.min(_d.c.date_start), sa.func.max(_d.c.date_start))
    out: dict[tuple[str, str], PairSpan] = {}
    with reading(store) as connection:
        for source, target, number, first, last in connection.execute(query.where(_d.c.date_start > "", _d.c.event_id.not_in(other)).group_by(_d.c.source, _d.c.target)):
            if not (source and target) or source == target:
                continue
            a, b = sorted((source, target))
            before = out.get((a, b))
            out[a, b] = PairSpan(a, b, number + before.events, min(first, before.first), max(last, before.last)) if before else PairSpan(a, b, number, first, last)
    return list(out.values())


def read_pair_rows(store: Store, pairs: Sequence[tuple[str, str]], *, until: datetime.date | None = None) -> list[tuple[Any, ...]]:
    """Ordered pairs -> a row for each event of theirs that has a day and happened (``modality`` actual), in the order of ``COLUMNS``. The index of pairs has no rejected ones.

    ``until``: neither happened nor was first told of after that day; told of again after it, an event is given as it stood then.
    """
    columns = (_e.c.event_id, _e.c.date_start, _e.c.date_precision, _d.c.source, _d.c.target, _e.c.event_type, _e.c.rung, sa.cast(_e.c.historical, sa.Integer))
    out: list[tuple[Any, ...]] = []
    with uncollected(), reading(store) as connection:
        for source, target in pairs:
            chosen = sa.select(*columns).join(_e, _d.c.event_id == _e.c.id).where(_d.c.source == source, _d.c.target == target, _d.c.date_start != "", _e.c.modality == "actual")
            if until:
                chosen = chosen.where(*known_by(until)).add_columns(told_again(until))
            # the driver's own tuples, as in ``tables``
            cursor = connection.execute(chosen).cursor
            assert cursor is not None
            rows = cast("list[tuple[Any, ...]]", cursor.fetchall())
            if until and (later := {row[-1] for row in rows} - {None}):
                rows = _as_known(connection, rows, later, until)
            out += [row[: len(COLUMNS)] for row in rows] if until else rows
    return out


def _as_known(connection: Connection, rows: list[tuple[Any, ...]], later: set[int], until: datetime.date) -> list[tuple[Any, ...]]:
    """Rows, the numbers of those told of again after a day, and the day -> the rows as they were then."""
    known = stand_at(connection, later, until)
    origins = dict(row for part in in_parts(later) for row in connection.execute(sa.select(_e.c.event_id, _e.c.origin).where(_e.c.id.in_(part))).tuples())
    out = []
    for row in rows:
        if row[0] in known:
            then = known[row[0]].standing
            if not then.date_start or then.date_start > until.isoformat() or (row[3], row[4]) not in dyad_pairs(then.source, then.target):
                continue
            rung = rung_of(then.event_type, then.modes, dead=then.dead, cameo=then.cameo, origin=origins[row[0]])
            row = (row[0], then.date_start, then.date_precision, row[3], row[4], then.event_type, rung, int(then.historical))
        out.append(row)
    return out
