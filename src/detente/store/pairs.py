"""The pairs of parties in a store, how many events each has, and the events of some of them as narrow rows."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, cast

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from detente.codebook.ladder import rung_of
from detente.collecting import uncollected
from detente.store import schema
from detente.store.event_indexes import LEFT_OUT
from detente.store.known import in_parts, known_by, stand_at, told_after, told_again
from detente.store.rows import dyad_pairs
from detente.store.schema import Store, reading
from detente.store.tables import COUNTING

COLUMNS = ("event_id", "day", "precision", "source", "target", "event_type", "rung", "historical")
"""What a row of ``read_pair_rows`` has; ``day`` is ISO."""

_e, _d = schema.events, schema.dyads


def count_pairs(store: Store, *, until: datetime.date | None = None) -> list[tuple[str, str, int]]:
    """A store -> (source, target, number of events) of each ordered pair of two different parties; with ``until`` only of events that had happened and were told of by that day."""
    query = sa.select(_d.c.source, _d.c.target, sa.func.count()).where(_d.c.date_start > "")
    if until:
        query = query.where(_d.c.date_start <= until.isoformat())
    with reading(store) as connection:
        counted: dict[tuple[str, str], int] = {(source, target): number for source, target, number in connection.execute(query.group_by(_d.c.source, _d.c.target))}
        if until:
            for source, target in connection.execute(sa.select(_d.c.source, _d.c.target).join(_e, _d.c.event_id == _e.c.id).where(*told_after(until))):
                counted[source, target] -= 1
    return [(source, target, number) for (source, target), number in counted.items() if source and target and source != target and number]


def list_days(store: Store, pairs: Sequence[tuple[str, str]]) -> list[datetime.date]:
    """Ordered pairs -> the days on which anything happened between any of them (``modality`` actual), in order. The index of pairs has no rejected events."""
    out: set[str] = set()
    with reading(store) as connection:
        for source, target in pairs:
            chosen = (
                sa.select(_d.c.date_start).join(_e, _d.c.event_id == _e.c.id).where(_d.c.source == source, _d.c.target == target, _d.c.date_start != "", _e.c.modality == "actual")
            )
            out.update(connection.scalars(chosen.distinct()))
    return [datetime.date.fromisoformat(day) for day in sorted(out)]


class PairSpan(NamedTuple):
    """A pair of two different parties, by alphabet: how many events they have, and the ISO days of the first and last."""

    a: str
    b: str
    events: int
    first: str
    last: str


def list_pairs(store: Store, *, since: datetime.date | None = None, until: datetime.date | None = None, origins: Sequence[str] = ()) -> list[PairSpan]:
    """A store -> all its pairs, by the events that have a day and happened (``modality`` actual), each counted once a pair; the index of pairs has no rejected ones.

    ``until``: neither happened nor was first told of after that day; told of again after it, an event counts as it stood then. ``origins``: only events of these.
    """
    first_day = since.isoformat() if since else "0"
    of_origins = [_e.c.origin.in_(origins)] if origins else []
    # what does not count is the exception: to leave it out takes a ninth of the time of a join with what does
    out_of_sight = [sa.select(_e.c.id).where(LEFT_OUT), *([sa.select(_e.c.id).where(_e.c.origin.not_in(origins))] if origins else [])]
    kept = [_d.c.date_start >= first_day]
    if until:
        kept.append(_d.c.date_start <= until.isoformat())
        out_of_sight += [sa.select(_e.c.id).where(*conditions) for conditions in (told_after(until), _told_again(until))]
    kept += [_d.c.event_id.not_in(chosen) for chosen in out_of_sight]
    out: dict[tuple[str, str], PairSpan] = {}
    with reading(store) as connection:
        query = sa.select(_d.c.source, _d.c.target, sa.func.count(), sa.func.min(_d.c.date_start), sa.func.max(_d.c.date_start)).where(*kept)
        for source, target, number, first, last in connection.execute(query.group_by(_d.c.source, _d.c.target)):
            _add_span(out, source, target, number, first, last)
        for source, target, number in connection.execute(_count_joint(kept)):
            out[source, target] = out[source, target]._replace(events=out[source, target].events - number)
        for day, pairs in _list_retold(connection, [*COUNTING, *of_origins], first_day, until) if until else ():
            for source, target in {(min(pair), max(pair)) for pair in pairs}:
                _add_span(out, source, target, 1, day, day)
    return list(out.values())


def _add_span(out: dict[tuple[str, str], PairSpan], source: str, target: str, number: int, first: str, last: str) -> None:
    if source != target:
        a, b = sorted((source, target))
        before = out.get((a, b))
        out[a, b] = PairSpan(a, b, number + before.events, min(first, before.first), max(last, before.last)) if before else PairSpan(a, b, number, first, last)


def _count_joint(kept: Sequence[sa.ColumnElement[bool]]) -> sa.Select[str, str, int]:
    """Conditions on rows of the index of pairs -> of each pair, by alphabet, how many events both did to each other, as those who meet: they have a row each way."""
    back, several = _d.alias("back"), _d.alias("several")
    meeting = sa.and_(back.c.event_id == _d.c.event_id, back.c.source == _d.c.target, back.c.target == _d.c.source, back.c.date_start == _d.c.date_start)
    chosen = sa.select(several.c.event_id).group_by(several.c.event_id).having(sa.func.count() > 1)
    return (
        sa.select(_d.c.source, _d.c.target, sa.func.count())
        .join(back, meeting)
        .where(_d.c.event_id.in_(chosen), _d.c.source < _d.c.target, *kept)
        .group_by(_d.c.source, _d.c.target)
    )


def _list_retold(connection: Connection, wanted: Sequence[sa.ColumnElement[bool]], since: str, until: datetime.date) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Events told of again after a day -> the day and the pairs of each as they were then, those left out that were then of another time."""
    numbers = {event_id: number for number, event_id in connection.execute(sa.select(_e.c.id, _e.c.event_id).where(*wanted, *_told_again(until), *known_by(until)))}
    known = stand_at(connection, list(numbers.values()), until)
    for then in (each.standing for each in known.values()):
        if then.date_start and since <= then.date_start <= until.isoformat():
            yield then.date_start, dyad_pairs(then.source, then.target)
    now: dict[int, tuple[str, list[tuple[str, str]]]] = {}
    for part in in_parts([number for event_id, number in numbers.items() if event_id not in known]):  # no document tells of these: they are what they were
        for number, day, source, target in connection.execute(sa.select(_d.c.event_id, _d.c.date_start, _d.c.source, _d.c.target).where(_d.c.event_id.in_(part))):
            now.setdefault(number, (day, []))[1].append((source, target))
    yield from (each for each in now.values() if each[0] >= since)


def _told_again(day: datetime.date) -> list[sa.ColumnElement[bool]]:
    """A day -> the conditions of events of which more was told after it."""
    return [_e.c.mentions > 1, _e.c.latest_report > day.isoformat()]


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
