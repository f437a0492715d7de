"""What a file is, before SQLite may touch it: to open a file sets its journal, so another's file would be changed before it is refused."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from detente.errors import StoreError

HEADER = b"SQLite format 3\x00"
"""The first bytes of every SQLite database (https://www.sqlite.org/fileformat.html, 1.3.1)."""


def check_file(path: Path, *, create: bool) -> None:
    """A path -> nothing; the file is only read. Refused with ``StoreError``: no store where none may be made, a file that is no SQLite database, a database of something else."""
    absent = StoreError(f"{path}: found no store; expected one that detente add or detente import has made")
    if not path.exists():
        if not create:
            raise absent
        return
    if not path.is_file():
        return  # a directory, a device: SQLite says why it cannot be opened
    try:
        with path.open("rb") as file:
            header = file.read(len(HEADER))
    except OSError as error:
        raise StoreError(f"{path}: cannot be opened ({error.strerror or error}); expected a store of detente") from error
    if not header:
        if not create:
            raise absent
    elif header != HEADER:
        raise StoreError(f"{path}: cannot be opened (file is not a database); expected a store of detente")
    elif (names := _table_names(path)) and "migrations" not in names:
        raise foreign(str(path), names)
    elif not names and not create:
        raise absent


def foreign(name: str, tables: set[str]) -> StoreError:
    """A database with other tables than ours -> the refusal."""
    return StoreError(f"{name}: found a database of something else ({', '.join(sorted(tables)[:3])}); expected a store of detente or a new file")


def _table_names(path: Path) -> set[str]:
    """The tables of a database, read without writing; those of one that cannot be read so (a journal to roll back) are asked for when it is opened."""
    try:
        connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
    except sqlite3.Error:
        return {"migrations"}
    try:
        return {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    except sqlite3.Error:
        return {"migrations"}
    finally:
        connection.close()
