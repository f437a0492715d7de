"""Which events of a store a rule of the codebook coded."""

from __future__ import annotations

from typing import Any, NamedTuple

import sqlalchemy as sa

from detente.store.query import read_event
from detente.store.schema import Store, mentions, reading

COUNTED_TO = 1_000
"""Mentions that are counted; there may be more."""


class RuleUses(NamedTuple):
    """Mentions that a rule coded, at most ``COUNTED_TO``, and the events of the latest of them, newest first."""

    mentions: int
    events: tuple[dict[str, Any], ...]


def find_coded_by(store: Store, rule: str, *, most: int = 10) -> RuleUses:
    """A rule's id -> what it coded, by itself or with another rule (``request.urge-to>agree.commit`` is of both). Each mention's record is looked through: 2 s a million."""
    named = rule.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    forms = [f'%"rule":"{named}"%', f'%"rule":"{named}>%', f'%>{named}"%']
    coded = sa.select(mentions.c.id, mentions.c.event_id).where(mentions.c.record != "", sa.or_(*(mentions.c.record.like(form, escape="\\") for form in forms)))
    with reading(store) as connection:
        rows = connection.execute(coded.order_by(mentions.c.id.desc()).limit(COUNTED_TO)).all()
        keys = list(dict.fromkeys(key for _, key in rows))[:most]
        return RuleUses(len(rows), tuple(read_event(connection, key) for key in keys))
