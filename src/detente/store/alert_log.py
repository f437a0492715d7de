"""Which alerts were raised, and whether the webhook has them; and which pairs have events that nobody has looked at yet."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from typing import Any, Literal, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from detente.store import schema
from detente.store.alert_tables import alert_marks, alerts
from detente.store.schema import Store, now, reading, writing

Delivery = Literal["none", "waiting", "delivered", "given-up"]
_BATCH = 500
"""So many pairs are asked for at a time: databases bound the length of a statement."""


class Raised(NamedTuple):
    """An alert that was raised. ``record`` is the JSON that file and webhook get; ``tries`` are those of the webhook that failed, ``reason`` the last one's."""

    alert_id: str
    kind: str
    a: str
    b: str
    day: datetime.date
    rung: int
    record: str
    tries: int = 0
    reason: str | None = None


class Hold(NamedTuple):
    """The webhook's failures in a row, and until when it is left alone."""

    failures: int = 0
    until: datetime.datetime | None = None


# -- what is to be looked at -----------------------------------------------------------------------------------------------
def find_looked(store: Store) -> int | None:
    """A store -> the last document that was looked at, ``None`` if none ever was."""
    with reading(store) as connection:
        value = _mark(connection, "document")
        return int(value) if value else None


def last_document(store: Store) -> int:
    """A store -> its last document, 0 if it has none."""
    with reading(store) as connection:
        return int(connection.scalar(sa.select(sa.func.max(schema.documents.c.id))) or 0)


def latest_report_day(store: Store, until: datetime.date) -> datetime.date | None:
    """A store -> the day of its latest report, not after ``until``: a page with a date of next year must not carry the present away."""
    day = schema.documents.c.published_on
    with reading(store) as connection:
        found = connection.scalar(sa.select(sa.func.max(day)).where(day <= until.isoformat()))
        return datetime.date.fromisoformat(found) if found else None


def find_touched(store: Store, after: int, last: int, since: datetime.date, until: datetime.date) -> list[tuple[str, str]]:
    """Documents ``after`` (not itself) to ``last`` -> the pairs of two different parties, each once and by alphabet, of their events of these days."""
    d, m = schema.dyads, schema.mentions
    events = sa.select(m.c.event_id).where(m.c.document_id > after, m.c.document_id <= last)
    query = (
        sa.select(d.c.source, d.c.target)
        .distinct()
        .where(d.c.event_id.in_(events), d.c.date_start >= since.isoformat(), d.c.date_start <= until.isoformat(), d.c.source != d.c.target, d.c.source != "", d.c.target != "")
    )
    with reading(store) as connection:
        return sorted({(min(source, target), max(source, target)) for source, target in connection.execute(query)})


def has_more_events(store: Store, a: str, b: str, than: int) -> bool:
    """A pair -> whether it has more than so many events, whoever did it."""
    d = schema.dyads
    some = sa.select(d.c.event_id).where(sa.tuple_(d.c.source, d.c.target).in_([(a, b), (b, a)])).limit(than + 1).subquery()
    with reading(store) as connection:
        return int(connection.scalar(sa.select(sa.func.count()).select_from(some)) or 0) > than


# -- what was raised ---------------------------------------------------------------------------------------------------------
def find_raised(store: Store, pairs: Iterable[tuple[str, str]], since: datetime.date) -> list[Raised]:
    """Pairs -> the alerts of theirs that were raised for ``since`` or later, by day."""
    wanted = list(pairs)
    out: list[Raised] = []
    with reading(store) as connection:
        for start in range(0, len(wanted), _BATCH):
            chosen = sa.tuple_(alerts.c.a, alerts.c.b).in_(wanted[start : start + _BATCH])
            out += _read(connection, chosen, alerts.c.day >= since.isoformat())
    return out


class Place(NamedTuple):
    """The place of an alert in the order of their raising: ``raised_at`` (UTC, to the second), then the id."""

    raised_at: str
    alert_id: str


def list_raised(
    store: Store, *, pair: tuple[str, str] | None = None, since: datetime.date | None = None, until: datetime.date | None = None, before: Place | None = None, limit: int | None
) -> list[tuple[Place, Raised]]:
    """All that were raised with their places, the latest first: of a pair, of some days, before one in this order, at most so many."""
    wanted: list[sa.ColumnElement[bool]] = []
    if pair:
        wanted.append(sa.tuple_(alerts.c.a, alerts.c.b).in_([pair, pair[::-1]]))
    if since:
        wanted.append(alerts.c.day >= since.isoformat())
    if until:
        wanted.append(alerts.c.day <= until.isoformat())
    if before:
        wanted.append(sa.or_(alerts.c.raised_at < before.raised_at, sa.and_(alerts.c.raised_at == before.raised_at, alerts.c.alert_id < before.alert_id)))
    return _with_places(store, sa.select(alerts).where(*wanted).order_by(alerts.c.raised_at.desc(), alerts.c.alert_id.desc()).limit(limit))


def find_since(store: Store, raised_at: str) -> list[tuple[Place, Raised]]:
    """A moment -> what was raised then or later, in the order of the raising."""
    return _with_places(store, sa.select(alerts).where(alerts.c.raised_at >= raised_at).order_by(alerts.c.raised_at, alerts.c.alert_id))


def _with_places(store: Store, query: sa.Select[Any]) -> list[tuple[Place, Raised]]:
    with reading(store) as connection:
        rows = connection.execute(query).mappings().all()
    return [(Place(row["raised_at"], row["alert_id"]), _as_raised(row)) for row in rows]


def find_place(store: Store, alert_id: str | None = None) -> Place | None:
    """An alert's id -> its place; without one that of the latest alert. ``None`` if there is none."""
    query = sa.select(alerts.c.raised_at, alerts.c.alert_id)
    query = query.order_by(alerts.c.raised_at.desc(), alerts.c.alert_id.desc()).limit(1) if alert_id is None else query.where(alerts.c.alert_id == alert_id)
    with reading(store) as connection:
        row = connection.execute(query).first()
        return Place(*row) if row else None


def keep_raised(store: Store, raised: Iterable[Raised], looked: int, *, deliver: bool) -> None:
    """New alerts, and the last document that was looked at for them -> kept at once; with ``deliver`` they wait for the webhook."""
    rows = [{**alert._asdict(), "day": alert.day.isoformat(), "raised_at": now(), "delivery": "waiting" if deliver else "none"} for alert in raised]
    with writing(store, counter="data" if rows else None) as connection:
        make = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
        if rows:  # another watch of this store may have raised the same
            connection.execute(make(alerts).on_conflict_do_nothing(), rows)
        _set_mark(connection, "document", str(looked))


def find_untold(store: Store) -> list[Raised]:
    """A store -> the alerts that are not yet on the terminal and in the file, in the order of their raising."""
    with reading(store) as connection:
        return _read(connection, alerts.c.told_at.is_(None))


def mark_told(store: Store, told: Iterable[Raised]) -> None:
    """Alerts -> marked as told."""
    rows = [{"told": alert.alert_id} for alert in told]
    if rows:
        with writing(store, counter=None) as connection:
            connection.execute(alerts.update().where(alerts.c.alert_id == sa.bindparam("told")).values(told_at=now()), rows)


# -- the webhook ---------------------------------------------------------------------------------------------------------------
def find_undelivered(store: Store) -> list[Raised]:
    """A store -> the alerts that wait for the webhook, those that were tried least first: one that fails always must not hold up the others."""
    with reading(store) as connection:
        return sorted(_read(connection, alerts.c.delivery == "waiting"), key=lambda alert: alert.tries)


def settle_alert(store: Store, alert: Raised, delivery: Delivery, hold: Hold) -> None:
    """An alert with its tries and reason, and the webhook's state -> both kept at once."""
    values = {"delivery": delivery, "tries": alert.tries, "reason": alert.reason, "settled_at": None if delivery == "waiting" else now()}
    with writing(store, counter=None) as connection:
        connection.execute(alerts.update().where(alerts.c.alert_id == alert.alert_id).values(values))
        _set_mark(connection, "failures", str(hold.failures))
        _set_mark(connection, "hold", hold.until.isoformat(timespec="seconds") if hold.until else "")


def load_hold(store: Store) -> Hold:
    """A store -> the webhook's state."""
    with reading(store) as connection:
        failures, until = _mark(connection, "failures"), _mark(connection, "hold")
    return Hold(int(failures or 0), datetime.datetime.fromisoformat(until) if until else None)


def _read(connection: Connection, *conditions: sa.ColumnElement[bool]) -> list[Raised]:
    query = sa.select(alerts).where(*conditions).order_by(alerts.c.raised_at, alerts.c.day, alerts.c.alert_id)
    return [_as_raised(row) for row in connection.execute(query).mappings()]


def _as_raised(row: Mapping[Any, Any]) -> Raised:
    return Raised(**{name: row[name] for name in Raised._fields if name != "day"}, day=datetime.date.fromisoformat(row["day"]))


def _mark(connection: Connection, name: str) -> str | None:
    value = connection.scalar(sa.select(alert_marks.c.value).where(alert_marks.c.name == name))
    return None if value is None else str(value)


def _set_mark(connection: Connection, name: str, value: str) -> None:
    connection.execute(alert_marks.delete().where(alert_marks.c.name == name))
    connection.execute(alert_marks.insert().values(name=name, value=value))
