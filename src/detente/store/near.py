"""Events that may be one with an event: of its type and parties, about its days."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from detente.store.filters import Filters
from detente.store.query import find_events
from detente.store.schema import Store

NEAR_DAYS = 3
"""So many days before and after an event others are near it."""
SHOWN_NEAR = 5


def find_near(store: Store, event: Mapping[str, Any], *, most: int = SHOWN_NEAR) -> list[dict[str, Any]]:
    """An event as ``load_event`` gives it -> the events near it; none if its day or a side is not known."""
    if not event["date"] or not event["source"] or not event["target"]:
        return []
    start, end = (datetime.date.fromisoformat(event["date"][name]) for name in ("start", "end"))
    margin = datetime.timedelta(days=NEAR_DAYS)
    sides = [event[role][0]["country"] or event[role][0]["name"] for role in ("source", "target")]
    first = max(start, datetime.date.min + margin) - margin
    last = min(end, datetime.date.max - margin) + margin
    filters = Filters(dyad=(sides[0], sides[1]), types=(event["event_type"],), since=first, until=last, modality=event["modality"])
    return [e for e in find_events(store, filters, limit=most + 1).events if e["event_id"] != event["event_id"]][:most]
