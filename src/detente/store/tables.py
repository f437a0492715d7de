"""Many events out of the store at once, as plain columns: what the analysis is made of. Whole pages for people are ``query``'s."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Sequence
from typing import Any, cast

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from detente.codebook.ladder import rung_of
from detente.collecting import uncollected
from detente.errors import SettingsError
from detente.store import schema
from detente.store.event_indexes import LEFT_OUT
from detente.store.filters import OUT_OF_VIEW
from detente.store.known import Known, in_parts, known_by, stand_at, told_after, told_again
from detente.store.rows import encode
from detente.store.schema import Store, reading
from detente.store.sides import Side, choose_actors

TEXT_CHARS = 200
"""So many first characters of the evidence are read: enough to recognise the event by."""
COLUMNS = (
    *("event_id", "origin", "day", "precision", "sources", "targets", "event_type", "modes", "contexts", "quad", "intensity", "goldstein", "cameo"),
    *("rung", "dead", "injured", "historical", "confidence", "reports", "place_name", "place_country", "latitude", "longitude", "text"),
)
"""What a row of ``read_rows`` has. ``sources`` and ``targets`` are the actors as JSON, ``modes`` and ``contexts`` too; ``day`` is ISO."""

_e, _m, _p, _d = schema.events, schema.mentions, schema.places, schema.dyads
COUNTING: tuple[sa.ColumnElement[bool], ...] = (_e.c.modality == "actual", _e.c.review.not_in(OUT_OF_VIEW))
"""Events that count: all but those of ``LEFT_OUT``."""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which events to read. ``first`` and ``second``: between these two sides, in either direction; ``first`` alone: on either side of the event.
    ``until``: neither happened nor was first told of after that day."""

    first: Side | None = None
    second: Side | None = None
    since: datetime.date | None = None
    until: datetime.date | None = None
    origins: tuple[str, ...] = ()
    least_confidence: float | None = None


def read_rows(store: Store, wanted: Wanted | None = None, *, with_text: bool = True) -> Sequence[tuple[Any, ...]]:
    """What is wanted -> a row for each event that has a day, happened (``modality`` actual) and was not rejected by a reviewer, in the order of ``COLUMNS``, in no order of their own.

    ``historical`` is 0 or 1. Without text it is faster by half.
    """
    text = sa.func.substr(_m.c.evidence, 1, TEXT_CHARS) if with_text else sa.literal("")
    columns: tuple[sa.ColumnElement[Any], ...] = (
        *(_e.c.event_id, _e.c.origin, _e.c.date_start, _e.c.date_precision, _e.c.source, _e.c.target, _e.c.event_type, _e.c.modes, _e.c.contexts),
        *(_e.c.quad, _e.c.intensity, _e.c.goldstein, _e.c.cameo, _e.c.rung, _e.c.dead, _e.c.injured, sa.cast(_e.c.historical, sa.Integer), _e.c.confidence, _e.c.reports),
        *(text, _e.c.place_id),
    )
    found = _e.outerjoin(_m, sa.and_(_m.c.event_id == _e.c.id, _m.c.position == 0)) if with_text else _e
    until = wanted.until if wanted is not None else None
    if until is not None:
        columns = (*columns, told_again(until))
    query = sa.select(*columns).select_from(found).where(*_conditions(wanted or Wanted()))
    with uncollected(), reading(store) as connection:
        # the driver's own tuples: rows of SQLAlchemy's would double the time of a large dyad
        cursor = connection.execute(query).cursor
        assert cursor is not None
        rows = cast("Sequence[tuple[Any, ...]]", cursor.fetchall())
        places = _read_places(connection, {row[_PLACE] for row in rows} - {None})
        whole = [row[:_TEXT] + places[row[_PLACE]] + row[_TEXT:_PLACE] for row in rows]
        if until is None:
            return whole
        known = stand_at(connection, {row[-1] for row in rows} - {None}, until)
        return [_as_known(row, known[row[0]]) if row[0] in known else row for row in whole] if known else whole


_TEXT = COLUMNS.index("place_name")
_PLACE = _TEXT + 1


def _read_places(connection: Connection, numbers: Collection[int]) -> dict[int | None, tuple[Any, ...]]:
    """Numbers of places -> what rows say of them; apart, as many events have one place. Of an event without a place all is unknown."""
    query = sa.select(_p.c.id, _p.c.name, _p.c.country, _p.c.latitude, _p.c.longitude)
    found = (row for part in in_parts(numbers) for row in connection.execute(query.where(_p.c.id.in_(part))).tuples())
    return {None: (None, None, None, None), **{number: tuple(rest) for number, *rest in found}}


def _as_known(row: tuple[Any, ...], known: Known) -> tuple[Any, ...]:
    """A row of ``read_rows`` and how its event stood at the day asked for -> the row as it was then."""
    then = known.standing
    lists = {name: encode(getattr(then, name)) for name in ("modes", "contexts")}
    place = then.place
    values = {
        **dict(zip(COLUMNS, row, strict=True)),
        **{name: getattr(then, name) for name in ("event_type", "intensity", "goldstein", "cameo", "dead", "injured", "confidence")},
        **lists,
        "sources": encode(then.source),
        "targets": encode(then.target),
        "day": then.date_start,
        "precision": then.date_precision,
        "historical": int(then.historical),
        "rung": rung_of(then.event_type, then.modes, dead=then.dead, cameo=then.cameo, origin=row[1]),
        "reports": known.reports,
        "place_name": place and place.name,
        "place_country": place and place.country,
        "latitude": place and place.latitude,
        "longitude": place and place.longitude,
    }
    return tuple(values.values())


def read_volume(store: Store, wanted: Wanted | None = None) -> list[tuple[str, int]]:
    """What is wanted -> (day, number of events), by day: how much was reported at all."""
    asked = wanted or Wanted()
    if asked.first is None and not asked.origins and asked.least_confidence is None:
        return _count_but_few(store, asked)
    query = sa.select(_e.c.date_start, sa.func.count()).where(*_conditions(asked)).group_by(_e.c.date_start).order_by(_e.c.date_start)
    with reading(store) as connection:
        return [(day, number) for day, number in connection.execute(query)]


def _count_but_few(store: Store, asked: Wanted) -> list[tuple[str, int]]:
    """Days alone -> the same in less than half the time: all events by the index of days, less the few that do not count, which have indexes of their own."""
    days = [_e.c.date_start >= (asked.since.isoformat() if asked.since else "")]
    if asked.until:
        days.append(_e.c.date_start <= asked.until.isoformat())
    # the days of the few are looked at here: a condition on them would have the database go by the index of all
    few = [sa.select(_e.c.date_start).where(LEFT_OUT), *([sa.select(_e.c.date_start).where(*COUNTING, *told_after(asked.until))] if asked.until else [])]
    query = sa.select(_e.c.date_start, sa.func.count()).where(*days).group_by(_e.c.date_start).order_by(_e.c.date_start)
    with reading(store) as connection:
        counted: dict[str, int] = dict(connection.execute(query).tuples().all())
        for day in (day for each in few for day in connection.scalars(each)):
            if day in counted:
                counted[day] -= 1
    return [(day, number) for day, number in counted.items() if number]


def read_reported(store: Store, wanted: Wanted | None = None) -> list[tuple[str, str | None, int]]:
    """What is wanted -> (day, day of the first report, number of events): what the volume until any day is made of."""
    columns = (_e.c.date_start, _e.c.first_report)
    query = sa.select(*columns, sa.func.count()).where(*_conditions(wanted or Wanted())).group_by(*columns)
    with reading(store) as connection:
        return [(day, told, number) for day, told, number in connection.execute(query)]


def count_told_later(store: Store, wanted: Wanted) -> int:
    """What is wanted ``until`` a day -> how many more events had happened by then of which the store was told only later."""
    if wanted.until is None:
        return 0
    later = told_after(wanted.until)
    query = sa.select(sa.func.count()).select_from(_e).where(*_conditions(msgspec.structs.replace(wanted, until=None)), *later)
    with reading(store) as connection:
        if connection.scalar(sa.select(_e.c.id).where(*later).limit(1)) is None:
            return 0  # as in a store of imported events only: no need to look at each event of the two
        return int(connection.scalar(query) or 0)


def count_undated(store: Store, wanted: Wanted) -> int:
    """What is wanted between two sides -> how many more events have no day, of those told of ``until`` a day: no series, rung or situation has them. ``since`` bounds nothing."""
    if wanted.first is None or wanted.second is None:
        raise SettingsError("first, second: found one side or none; expected two")
    asked = [*COUNTING, _e.c.date_start.is_(None), _undated_between(wanted.first, wanted.second)]
    if wanted.until:
        asked.append(sa.or_(_e.c.first_report.is_(None), _e.c.first_report <= wanted.until.isoformat()))
    if wanted.origins:
        asked.append(_e.c.origin.in_(wanted.origins))
    if wanted.least_confidence is not None:
        asked.append(_e.c.confidence >= wanted.least_confidence)
    with reading(store) as connection:
        if connection.scalar(sa.select(_e.c.id).where(_e.c.date_start.is_(None)).limit(1)) is None:
            return 0  # as in a store of imported events only
        return int(connection.scalar(sa.select(sa.func.count()).select_from(_e).where(*asked)) or 0)


def check_origins(store: Store, origins: Sequence[str]) -> None:
    """Refuses origins of which the store has no event."""
    with reading(store) as connection:
        for origin in origins:
            if connection.execute(sa.select(_e.c.id).where(_e.c.origin == origin).limit(1)).first() is None:
                known = ", ".join(connection.scalars(sa.select(_e.c.origin).distinct().order_by(_e.c.origin)))
                raise SettingsError(f"origin: found {origin!r}; expected {known or 'an origin of the store, which has none'}")


def latest_day(store: Store) -> datetime.date | None:
    """The latest day of which the store tells that something happened, not after today; what was rejected or withdrawn tells nothing."""
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    with reading(store) as connection:
        found = connection.scalar(sa.select(sa.func.max(_e.c.date_start)).where(_e.c.date_start <= today, _e.c.modality == "actual", _e.c.review.not_in(OUT_OF_VIEW)))
    return datetime.date.fromisoformat(found) if found else None


def has_events(store: Store) -> bool:
    """Whether the store holds any event at all."""
    with reading(store) as connection:
        return connection.execute(sa.select(_e.c.id).limit(1)).first() is not None


def _conditions(wanted: Wanted) -> list[sa.ColumnElement[bool]]:
    if wanted.second is not None and wanted.first is None:
        raise SettingsError("second: found a second side without a first; expected both")
    out: list[sa.ColumnElement[bool]] = [*COUNTING, _e.c.date_start.is_not(None)]
    if wanted.first is not None and wanted.second is not None:
        out.append(_between(wanted.first, wanted.second))
    elif wanted.first is not None:
        out.append(_e.c.id.in_(_takes_part(wanted.first, None)))
    if wanted.since:
        out.append(_e.c.date_start >= wanted.since.isoformat())
    if wanted.until:
        out += known_by(wanted.until)
    if wanted.origins:
        out.append(_e.c.origin.in_(wanted.origins))
    if wanted.least_confidence is not None:
        out.append(_e.c.confidence >= wanted.least_confidence)
    return out


def _between(first: Side, second: Side) -> sa.ColumnElement[bool]:
    """What two sides did to each other, by the index of pairs where both are keys; sectors are looked at by whoever reads the rows."""
    if _is_keyed(first) and _is_keyed(second):
        ways = ((first, second), (second, first))
        # one list of both ways: two of them are both looked through for each event
        return _e.c.id.in_(sa.union_all(*(sa.select(_d.c.event_id).where(_d.c.source.in_(source.keys), _d.c.target.in_(target.keys)) for source, target in ways)))
    return _between_actors(first, second)


def _between_actors(first: Side, second: Side) -> sa.ColumnElement[bool]:
    """The same by the actors that took part, sectors too."""
    ways = ((first, second), (second, first))
    return sa.or_(*(sa.and_(_e.c.id.in_(_takes_part(source, "source")), _e.c.id.in_(_takes_part(target, "target"))) for source, target in ways))


def _undated_between(first: Side, second: Side) -> sa.ColumnElement[bool]:
    """The same of events without a day, which stand together in the index of pairs. They are counted, not read: sectors are looked at here."""
    if any(side.sectors or not _is_keyed(side) for side in (first, second)):
        return _between_actors(first, second)
    pairs = (sa.select(_d.c.event_id).where(_d.c.source.in_(one.keys), _d.c.target.in_(other.keys), _d.c.date_start == "") for one, other in ((first, second), (second, first)))
    return _e.c.id.in_(sa.union_all(*(query.where(_d.c.source != _d.c.target) for query in pairs)))


def _is_keyed(side: Side) -> bool:
    return bool(side.keys) and not side.names


def _takes_part(side: Side, role: str | None) -> sa.Select[Any]:
    table = schema.participants
    query = sa.select(table.c.event_id).where(table.c.actor_id.in_(choose_actors(side)))
    return query.where(table.c.role == role) if role else query
