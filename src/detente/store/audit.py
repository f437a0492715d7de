"""The log of who did what through the desk: logins, changes, tokens. Entries are only ever added."""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from detente.store.schema import Store, now, reading, writing
from detente.store.web_tables import audit

LONGEST_TEXT = 300
"""Characters of a name, an action or an object that are kept."""


class Entry(NamedTuple):
    """One entry: when (UTC), who with which role, what was done, to what."""

    id: int
    at: str
    who: str
    role: str
    action: str
    object: str


def keep_entry(connection: Connection, *, who: str, role: str, action: str, what: str) -> None:
    """A connection that writes -> one more entry in its transaction."""
    kept = {"who": who, "role": role, "action": action, "object": what}
    connection.execute(audit.insert().values(at=now(), **{name: _plain(text) for name, text in kept.items()}))


def log_action(store: Store, *, who: str, role: str, action: str, what: str) -> None:
    """The same in a transaction of its own, for what is no change of the store, as a login."""
    with writing(store, counter=None) as connection:
        keep_entry(connection, who=who, role=role, action=action, what=what)


def list_entries(store: Store, *, limit: int, who: str | None = None) -> list[Entry]:
    """The latest ``limit`` entries, latest first; of one person if named."""
    query = sa.select(audit).order_by(audit.c.id.desc()).limit(limit)
    with reading(store) as connection:
        return [Entry(**row) for row in connection.execute(query if who is None else query.where(audit.c.who == who)).mappings()]


def _plain(text: str) -> str:
    """A text from outside -> one printable line: a log must not be made to lie by line breaks."""
    return "".join(c if c.isprintable() else " " for c in text)[:LONGEST_TEXT]
