"""The tables of the desk: counters of changes, tokens, and the log of who did what. A step of the schema of its own."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

_metadata = sa.MetaData()
_Key = sa.BigInteger().with_variant(sa.Integer, "sqlite")
COUNTERS = ("data", "access")
"""``data`` goes up with each change of what pages show, ``access`` with each change of the tokens."""

counters = sa.Table(
    "counters",
    _metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", sa.BigInteger, nullable=False),
    comment="how often something was changed: who holds a result knows by it that the result is old",
)
tokens = sa.Table(
    "tokens",
    _metadata,
    sa.Column("digest", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("created_at", sa.Text, nullable=False),
    sa.Column("revoked_at", sa.Text),
    comment="who may use the desk from elsewhere; of a token only its SHA-256 is kept",
)
audit = sa.Table(
    "audit",
    _metadata,
    sa.Column("id", _Key, primary_key=True),
    sa.Column("at", sa.Text, nullable=False, index=True),
    sa.Column("who", sa.Text, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("object", sa.Text, nullable=False),
    comment="each login and each change that was made through the desk or its API, and each change of tokens",
)
_COUNT = counters.update().where(counters.c.name == sa.bindparam("counter")).values(value=counters.c.value + 1)


def make_web_tables(connection: Connection) -> None:
    """A connection -> the tables of the desk in its store, with the counters at 1."""
    _metadata.create_all(connection)
    have = set(connection.scalars(sa.select(counters.c.name)))
    for name in COUNTERS:
        if name not in have:
            connection.execute(counters.insert().values(name=name, value=1))


def count_change(connection: Connection, counter: str) -> None:
    """A connection that writes, and a counter -> the counter is up by one once the transaction is kept."""
    connection.execute(_COUNT, {"counter": counter})


def read_counters(connection: Connection) -> tuple[int, int]:
    """A connection -> the values of ``data`` and ``access``."""
    found = {name: int(value) for name, value in connection.execute(sa.select(counters.c.name, counters.c.value))}
    return found["data"], found["access"]
