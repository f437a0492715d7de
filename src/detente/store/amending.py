"""What an origin says of events that the store has: further rows, a later version, a withdrawal."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from detente.exchange.imported import WithdrawnRow, as_event
from detente.store import schema
from detente.store.imported_rows import Imported, Tables, mention_key
from detente.store.origin_rows import KeptRow, unpack_rows
from detente.store.recorded import keep_records, whole_record
from detente.store.revising import replace_standing
from detente.store.rows import encode, index_parties, insert_new, read_standing, standing_columns

WITHDRAWN = "withdrawn"
REVIEWED = ("accepted", "corrected", "rejected")
"""States that a reviewer gave: how such an event stands is his, and what its origin says later is only added to it."""
_ASKED_AT_ONCE = 500
_OriginRows = list[KeptRow]
_e, _m, _w = schema.events, schema.mentions, schema.withdrawals


class _Stored(NamedTuple):
    """An event of the store: its version, its review, and the rows of its origin that it has, ``None`` if nobody noted them (an older detente)."""

    revised_at: int | None
    review: str
    rows: _OriginRows | None


def amend_events(tables: Tables, items: Sequence[tuple[int, Imported]]) -> tuple[int, int]:
    """Numbers of events, and what a file says of them -> how many got further rows, how many a later version; what is known changes nothing."""
    joined = revised = 0
    stored = _load(tables.connection, {event for event, _ in items})
    for event, item in items:
        now = stored[event]
        if item.revised_at is not None and item.revised_at > (now.revised_at or 0):
            _take_version(tables, event, item, now)
            revised += 1
        elif item.revised_at == now.revised_at and now.rows is not None and (rows := _further(now.rows, item.origin_rows)):
            _take_rows(tables, event, item, [*now.rows, *rows], rows)
            joined += 1
        else:
            continue
        stored |= _load(tables.connection, {event})  # it may come again in the same file
    return joined, revised


def _load(connection: Connection, events: Iterable[int]) -> dict[int, _Stored]:
    listed = sorted(events)
    parts = split_off(connection)
    found: dict[int, tuple[int | None, str]] = {}
    rows = defaultdict[int, list[str]](list)
    for start in range(0, len(listed), _ASKED_AT_ONCE):
        part = listed[start : start + _ASKED_AT_ONCE]
        found |= {key: (at, review) for key, at, review in connection.execute(sa.select(_e.c.id, _e.c.revised_at, _e.c.review).where(_e.c.id.in_(part)))}
        for key, text in connection.execute(sa.select(_m.c.event_id, _m.c.origin_rows).where(_m.c.event_id.in_(part))):
            rows[key].append(text)
        for key, event_id in connection.execute(sa.select(_e.c.id, _e.c.event_id).where(_e.c.event_id.in_(parts), _e.c.id.in_(part))).all() if parts else ():
            # rows that a reviewer made an event of their own are known all the same
            rows[key] += connection.scalars(sa.select(_m.c.origin_rows).where(_m.c.mention_id.in_(parts[event_id]), _m.c.event_id != key, _m.c.origin_rows != ""))
    return {key: _Stored(*state, [row for text in rows[key] for row in unpack_rows(text)] if all(rows[key]) else None) for key, state in found.items()}


def _further(known: _OriginRows, text: str) -> _OriginRows:
    have = {row.row_id for row in known}
    return [row for row in unpack_rows(text) if row.row_id not in have]


def _take_rows(tables: Tables, event: int, item: Imported, rows: _OriginRows, new: _OriginRows) -> None:
    """Rows that say again what an event says -> one more mention, and higher counts."""
    _, counts = read_standing(tables.connection, event)
    days = [day for day in (counts["first_report"], counts["latest_report"], item.reported_on) if day]
    mirrored = sum(row.mirrored for row in rows)
    _add_mention(tables, event, counts["mentions"], item, encode(new))
    values = {
        "mentions": counts["mentions"] + 1,
        "reports": max(mirrored, len(rows) - mirrored),
        "sources": max(1, len({row.publisher for row in rows if row.publisher})),
        "first_report": min(days, default=None),
        "latest_report": max(days, default=None),
    }
    tables.connection.execute(_e.update().where(_e.c.id == event), values)


def _take_version(tables: Tables, event: int, item: Imported, stored: _Stored) -> None:
    """A later version of an event takes the place of the one before, which stays among its mentions; what changed is in the history."""
    connection = tables.connection
    keep_records(connection, event)
    before, counts = read_standing(connection, event)
    coded = as_event(item.event)
    after, changes = replace_standing(before, coded, item.reported_on)
    mention = _add_mention(tables, event, counts["mentions"], item, item.origin_rows)
    values: dict[str, Any] = {"mentions": counts["mentions"] + 1, "revised_at": item.revised_at}
    if stored.review not in REVIEWED:
        values |= {"quad": coded.quad, "modality": coded.modality, "revision": counts["revision"] + bool(changes), "review": ""}
        values |= standing_columns(connection, after, tables.origin)
        history = [{"event_id": event, "revision": values["revision"], "field": f, "before": encode(b), "after": encode(a), "mention_id": mention} for f, b, a in changes]
        if history:
            connection.execute(schema.history.insert(), history)
        for table in (schema.participants, schema.dyads):
            connection.execute(table.delete().where(table.c.event_id == event))
        index_parties(connection, event, after)
    connection.execute(_e.update().where(_e.c.id == event), values)
    hide_withdrawn(connection, event)


def _add_mention(tables: Tables, event: int, position: int, item: Imported, origin_rows: str) -> int:
    number = tables.take_mention()
    event_id = tables.connection.scalar(sa.select(_e.c.event_id).where(_e.c.id == event)) or ""
    values = {"id": number, "mention_id": mention_key(number), "event_id": event, "position": position, "provenance_id": tables.provenance, "row": item.row}
    tables.connection.execute(_m.insert(), {**values, "evidence": item.evidence, "record": whole_record(event_id, item.event), "origin_rows": origin_rows})
    return number


def merged_ids(connection: Connection) -> set[str]:
    """The ids of events that reviewers made part of others: they are known, though they have no row."""
    d = schema.decisions
    records = connection.scalars(sa.select(d.c.record).where(d.c.action == "merge", d.c.undone_by.is_(None)))
    return {other for record in records for other in msgspec.json.decode(record)["others"]}


def split_off(connection: Connection) -> dict[str, list[str]]:
    """The ids of events that reviewers split -> the ids of the mentions that were taken out of each."""
    d = schema.decisions
    out = defaultdict[str, list[str]](list)
    for event_id, record in connection.execute(sa.select(d.c.event_id, d.c.record).where(d.c.action == "split", d.c.undone_by.is_(None))):
        out[event_id] += msgspec.json.decode(record)["moved"]
    return out


# -- withdrawals -------------------------------------------------------------------------------------------------------------
def withdraw_events(connection: Connection, provenance: int, rows: Mapping[str, WithdrawnRow], known: Mapping[str, int]) -> int:
    """Ids of events and what an origin says that it takes back -> how many events of the store are withdrawn by it.

    An event that is not there yet is withdrawn when it comes; a version later than the withdrawal stands.
    """
    values = [{"event_id": key, "withdrawn_at": row.withdrawn_at, "provenance_id": provenance, "row": row.line} for key, row in rows.items()]
    insert_new(connection, _w, values)
    for value in values:
        if value["withdrawn_at"] is not None:
            later = sa.and_(_w.c.event_id == value["event_id"], _w.c.withdrawn_at < value["withdrawn_at"])
            connection.execute(_w.update().where(later), value)
    return sum(hide_withdrawn(connection, known[key]) for key in rows if key in known)


def hide_withdrawn(connection: Connection, event: int) -> bool:
    """The number of an event -> whether it was marked as withdrawn just now: a withdrawal stands, and no reviewer has decided."""
    row = connection.execute(sa.select(_e.c.event_id, _e.c.review, _e.c.revised_at).where(_e.c.id == event)).one()
    if row.review or not is_withdrawn(connection, row.event_id, row.revised_at):
        return False
    connection.execute(_e.update().where(_e.c.id == event), {"review": WITHDRAWN})
    connection.execute(schema.dyads.delete().where(schema.dyads.c.event_id == event))
    return True


def is_withdrawn(connection: Connection, event_id: str, revised_at: int | None) -> bool:
    """The id and the version of an event -> whether its origin has taken it back."""
    at = connection.execute(sa.select(_w.c.withdrawn_at).where(_w.c.event_id == event_id)).first()
    return at is not None and (at[0] is None or revised_at is None or at[0] >= revised_at)


def withdrawn_ids(connection: Connection, events: Mapping[str, Imported]) -> Iterator[str]:
    """New events -> the ids of those that were withdrawn before they came."""
    if connection.execute(sa.select(_w.c.event_id).limit(1)).first() is None:
        return
    listed = list(events)
    for start in range(0, len(listed), _ASKED_AT_ONCE):
        part = listed[start : start + _ASKED_AT_ONCE]
        for key, at in connection.execute(sa.select(_w.c.event_id, _w.c.withdrawn_at).where(_w.c.event_id.in_(part))):
            version = events[key].revised_at
            if at is None or version is None or at >= version:
                yield key
