"""The events of the store, by filters that say themselves."""

from __future__ import annotations

from typing import Any

import msgspec

from detente.store.query import COUNTED, PAGE_EVENTS, find_events
from detente.web.asked import Asked
from detente.web.filters import read_filters
from detente.web.routing import Page

MOST_PAGE, MOST_EVENTS = 100_000, 200
ORDERS = ("newest", "oldest")


class EventsRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A page of events. ``said``: in English, which these are; ``total``: how many, ``counted_to`` if as many or more."""

    said: str
    total: int
    counted_to: int
    page: int
    page_events: int
    order: str
    events: tuple[dict[str, Any], ...]


def read_events(asked: Asked) -> EventsRecord:
    """Filters (``filters.read_filters``), ``page``, ``page_events``, ``order`` -> a page of events."""
    number, size = asked.number("page", 1, most=MOST_PAGE), asked.number("page_events", PAGE_EVENTS, most=MOST_EVENTS)
    order = asked.choice("order", ORDERS, "newest")
    found = find_events(asked.store, read_filters(asked), first=1 + (number - 1) * size, limit=size, newest_first=order == "newest")
    return EventsRecord(said=found.said, total=found.total, counted_to=COUNTED, page=number, page_events=size, order=order, events=tuple(found.events))


PAGES = (Page("/events", read_events, "events.html", "Events", nav="events"),)
