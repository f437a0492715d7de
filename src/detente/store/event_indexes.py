"""Indexes of the events that are neither by day nor by type: what lists are ordered by, and the few events that do not count. A step of the schema of its own."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

ORDERED_BY = ("rung", "reports", "confidence")
"""Columns that events are listed by. Each costs an import about 1.5% of its time, and a store 13 bytes an event; without it a page of a million events takes up to a second."""
LEFT_OUT = sa.text("(modality <> 'actual' OR review IN ('rejected', 'withdrawn'))")
"""Events that series and situations leave out, in the words of their index: a condition with other words, or with parameters, is not answered by it."""
_TOLD_LATER = sa.text("first_report > date_start")
"""Events that were told of only after they had happened; ``known.told_after`` has the same words."""
_LEFT_OUT_BY = ("modality", "review", "date_start")
_TOLD_LATER_BY = ("first_report", "date_start", "modality", "review")
"""Whatever is asked of these events stands in their index, or SQLite would rather look through a larger one that has it."""


def event_indexes() -> list[sa.Index]:
    """Nothing -> the indexes, for the table of the events. Those of exceptions hold these only, and cost the others nothing."""
    return [
        *(sa.Index(f"events_by_{column}", column, "id") for column in ORDERED_BY),
        sa.Index("events_left_out", *_LEFT_OUT_BY, sqlite_where=LEFT_OUT, postgresql_where=LEFT_OUT),
        sa.Index("events_told_later", *_TOLD_LATER_BY, sqlite_where=_TOLD_LATER, postgresql_where=_TOLD_LATER),
    ]


def make_event_indexes(connection: Connection) -> None:
    """A connection -> the indexes in its store. A store made anew has them by the first step."""
    for column in ORDERED_BY:
        connection.exec_driver_sql(f"CREATE INDEX IF NOT EXISTS events_by_{column} ON events ({column}, id)")
    connection.exec_driver_sql(f"CREATE INDEX IF NOT EXISTS events_left_out ON events ({', '.join(_LEFT_OUT_BY)}) WHERE {LEFT_OUT}")
    connection.exec_driver_sql(f"CREATE INDEX IF NOT EXISTS events_told_later ON events ({', '.join(_TOLD_LATER_BY)}) WHERE {_TOLD_LATER}")
