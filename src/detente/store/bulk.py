"""Many rows into the store at once: past the layer that makes SQL, by the driver itself."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

CACHE_KB = 262_144
"""Pages that SQLite holds in memory during an import: the indexes of a million events fit, so that no page is written twice."""
COMMON_CACHE_KB = 65_536
"""And at other times."""

ANALYSED_ROWS = 1_000
"""Rows of each index that SQLite's planner is given: enough to tell a small party from a large one, at a cost that does not grow."""


@contextlib.contextmanager
def preparing(connection: Connection, *, many: bool) -> Iterator[None]:
    """A connection of SQLite before its transaction -> the same with more memory, and without checks of keys that the import has made itself."""
    driver = connection.connection.driver_connection if many and connection.dialect.name == "sqlite" else None
    if driver is None:
        yield
        return
    driver.execute(f"PRAGMA cache_size=-{CACHE_KB}")
    driver.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
    finally:
        driver.execute("PRAGMA foreign_keys=ON")
        driver.execute(f"PRAGMA cache_size=-{COMMON_CACHE_KB}")


def insert_many(connection: Connection, table: sa.Table, columns: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> None:
    """Rows (tuples in the order of ``columns``) -> a table: SQLite by one prepared statement, PostgreSQL by COPY."""
    driver = connection.connection.driver_connection
    assert driver is not None
    names = ", ".join(f'"{name}"' for name in columns)
    if connection.dialect.name == "sqlite":
        statement = f"INSERT INTO {table.name} ({names}) VALUES ({', '.join('?' * len(columns))})"  # noqa: S608 - names of the schema
    else:
        statement = f"COPY {table.name} ({names}) FROM STDIN"
    dialect = connection.dialect.dbapi
    assert dialect is not None
    try:
        if connection.dialect.name == "sqlite":
            driver.executemany(statement, rows)
            return
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)
    except dialect.OperationalError as error:
        raise sa.exc.OperationalError(statement, None, error) from error


def find_ids(connection: Connection, event_ids: Sequence[str]) -> dict[str, int]:
    """Public ids of events -> the numbers of those that the store has."""
    driver = connection.connection.driver_connection
    assert driver is not None
    if connection.dialect.name == "sqlite":
        query = "SELECT event_id, id FROM events WHERE event_id IN (SELECT value FROM json_each(?))"
        return dict(driver.execute(query, ('["' + '","'.join(event_ids) + '"]',)))
    with driver.cursor() as cursor:
        return dict(cursor.execute("SELECT event_id, id FROM events WHERE event_id = ANY(%s)", (list(event_ids),)).fetchall())


@contextlib.contextmanager
def words_at_the_end(connection: Connection, first: int) -> Iterator[None]:
    """The words of mentions from the number ``first`` on are indexed after all of them are written (SQLite: its trigger is away meanwhile)."""
    if connection.dialect.name != "sqlite":
        yield
        return
    trigger = connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name = 'mentions_text_insert'").scalar_one()
    connection.exec_driver_sql("DROP TRIGGER mentions_text_insert")
    yield
    connection.exec_driver_sql("INSERT INTO mentions_text(rowid, evidence) SELECT id, evidence FROM mentions WHERE id >= ? AND evidence <> ''", (first,))
    connection.exec_driver_sql(trigger)


def analyse(connection: Connection) -> None:
    """Have the database count what its planner goes by; SQLite by a sample of each index."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"PRAGMA analysis_limit={ANALYSED_ROWS}")
    connection.exec_driver_sql("ANALYZE")


def add_version_columns(connection: Connection) -> None:
    """What a store of before versions lacks; SQLite's triggers let pass what has no words."""
    if "revised_at" not in {column["name"] for column in sa.inspect(connection).get_columns("events")}:
        connection.exec_driver_sql("ALTER TABLE events ADD COLUMN revised_at BIGINT")
    if connection.dialect.name == "postgresql":
        return
    for name, when, columns, values in (
        ("insert", "INSERT ON mentions WHEN new.evidence <> ''", "rowid, evidence", "new.id, new.evidence"),
        ("delete", "DELETE ON mentions WHEN old.evidence <> ''", "mentions_text, rowid, evidence", "'delete', old.id, old.evidence"),
    ):
        connection.exec_driver_sql(f"DROP TRIGGER mentions_text_{name}")
        connection.exec_driver_sql(f"CREATE TRIGGER mentions_text_{name} AFTER {when} BEGIN INSERT INTO mentions_text({columns}) VALUES ({values}); END")  # noqa: S608 - texts of ours
