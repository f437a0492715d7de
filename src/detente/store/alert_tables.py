"""The tables of raised alerts: a step of the schema of its own, as that of the feeds is."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

_metadata = sa.MetaData()

alerts = sa.Table(
    "alerts",
    _metadata,
    sa.Column("alert_id", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("a", sa.Text, nullable=False),
    sa.Column("b", sa.Text, nullable=False),
    sa.Column("day", sa.Text, nullable=False),
    sa.Column("rung", sa.Integer, nullable=False),
    sa.Column("record", sa.Text, nullable=False),
    sa.Column("raised_at", sa.Text, nullable=False),
    sa.Column("told_at", sa.Text),
    sa.Column("delivery", sa.Text, nullable=False),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("reason", sa.Text),
    sa.Column("settled_at", sa.Text),
    sa.Index("alerts_by_pair", "a", "b", "kind", "day"),
    sa.Index("alerts_by_delivery", "delivery"),
    comment="each alert once, the record as JSON as it is sent; told_at: on the terminal and in the file; delivery to the webhook: none, waiting, delivered or given-up",
)
alert_marks = sa.Table(
    "alert_marks",
    _metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
    comment="document: the last one that was looked at for alerts; hold: until when the webhook is left alone; failures: its failed tries in a row",
)


def make_alert_tables(connection: Connection) -> None:
    """A connection -> the tables of alerts in its store."""
    _metadata.create_all(connection)
