"""How events stood at a day of the past: by the mentions that were published by then, so that no later toll, date or party is in it."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Mapping
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from detente.store import schema
from detente.store.rebuilding import apply_fields, live_review, load_stored
from detente.store.revising import Standing, found_standing, revise

ASKED_AT_ONCE = 500
"""Numbers of events in one question, below what every database takes."""


class Known(NamedTuple):
    """How an event stood, and how many independent reports had told of it."""

    standing: Standing
    reports: int


def known_by(day: datetime.date) -> list[sa.ColumnElement[bool]]:
    """A day -> the conditions that an event happened and was told of by then: one that was first told of later was not known."""
    e = schema.events
    return [e.c.date_start <= day.isoformat(), sa.or_(e.c.first_report.is_(None), e.c.first_report <= day.isoformat())]


def told_after(day: datetime.date) -> list[sa.ColumnElement[bool]]:
    """A day -> the conditions of events that had happened by then and were first told of only after it. That they were told of after they happened follows, and has an index."""
    e = schema.events
    return [e.c.first_report > e.c.date_start, e.c.first_report > day.isoformat(), e.c.date_start <= day.isoformat()]


def told_again(day: datetime.date) -> sa.ColumnElement[int | None]:
    """A day -> a column beside events: the number of one of which reports told again after it, nothing for the others. ``stand_at`` says how it stood."""
    e = schema.events
    return sa.case((sa.and_(e.c.mentions > 1, e.c.latest_report > day.isoformat()), e.c.id))


def stand_at(connection: Connection, numbers: Collection[int], day: datetime.date) -> Mapping[str, Known]:
    """Numbers of events (``told_again``), and a day -> their ids, and how each stood at the end of that day.

    What reviewers set stands at every day: it says what was the case, not what is new. One of which no document tells, or none by that day, is left out.
    """
    e, day_text = schema.events, day.isoformat()
    out: dict[str, Known] = {}
    retold = sa.select(e.c.id, e.c.event_id).where(e.c.mentions > 1, e.c.latest_report > day_text)
    for key, event_id in [row for part in in_parts(numbers) for row in connection.execute(retold.where(e.c.id.in_(part))).tuples()]:
        told = [(m.event, m.where) for m in load_stored(connection, key) if m.where is not None and (m.where.published_on or "") <= day_text]
        if not told:
            continue
        standing = found_standing(told[0][0], told[0][1].published_on)
        for event, where in told[1:]:
            standing, _ = revise(standing, event, where.published_on)
        out[event_id] = Known(apply_fields(standing, live_review(connection, event_id)[1]), len({where.root for _, where in told}))
    return out


def in_parts(numbers: Collection[int]) -> list[list[int]]:
    """Numbers of events -> the same in order, ``ASKED_AT_ONCE`` at a time."""
    listed = sorted(numbers)
    return [listed[start : start + ASKED_AT_ONCE] for start in range(0, len(listed), ASKED_AT_ONCE)]
