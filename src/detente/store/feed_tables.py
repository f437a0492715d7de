"""The tables of the watched feeds: a step of the schema of its own, with tables of its own, so that the first step stays what it was."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

_metadata = sa.MetaData()

feeds = sa.Table(
    "feeds",
    _metadata,
    sa.Column("url", sa.Text, primary_key=True),
    sa.Column("title", sa.Text),
    sa.Column("etag", sa.Text),
    sa.Column("last_modified", sa.Text),
    sa.Column("polled_at", sa.Text),
    sa.Column("next_due", sa.Text),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("last_error", sa.Text),
    sa.Column("gone", sa.Boolean, nullable=False),
    comment="what a server said of a feed when it was asked last; failures in a row; moments in UTC",
)
feed_entries = sa.Table(
    "feed_entries",
    _metadata,
    sa.Column("feed_url", sa.Text, sa.ForeignKey("feeds.url"), primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("url", sa.Text, index=True),
    sa.Column("title", sa.Text),
    sa.Column("published_on", sa.Text),
    sa.Column("text", sa.Text),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("reason", sa.Text),
    sa.Column("seen_at", sa.Text, nullable=False),
    sa.Index("feed_entries_by_state", "feed_url", "state"),
    comment="each entry once: waiting, added, known (its text was there already) or given-up, with the reason; text only while it waits",
)


def make_feed_tables(connection: Connection) -> None:
    """A connection -> the tables of feeds in its store."""
    _metadata.create_all(connection)
