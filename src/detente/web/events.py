"""The events of the store, by filters that say themselves, in any order, a page at a time."""

from __future__ import annotations

from typing import Any

import msgspec

from detente.store.filters import COUNTED
from detente.store.listing import ORDERS, list_events
from detente.store.query import PAGE_EVENTS
from detente.web.asked import Asked
from detente.web.chips import Chip, make_chips
from detente.web.downloads import FORMATS
from detente.web.filters import read_filters
from detente.web.routing import Page

MOST_EVENTS = 200
"""Events on a page, at most."""


class FileFormat(msgspec.Struct, frozen=True):
    """A format to download the events in: its name in the address, its title, and for whom it is."""

    name: str
    title: str
    use: str


class EventsRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A page of events. ``said``: in English, which these are; ``chips``: the same filter by filter; ``total``: how many, ``counted_to`` if as many or more;
    ``before`` and ``after``: cursors of the pages beside, ``None`` at the ends."""

    said: str
    chips: tuple[Chip, ...]
    total: int
    counted_to: int
    page_events: int
    order: str
    before: str | None
    after: str | None
    formats: tuple[FileFormat, ...]
    events: tuple[dict[str, Any], ...]


def read_events(asked: Asked) -> EventsRecord:
    """Filters (``filters.read_filters``), ``order`` (one of ``listing.ORDERS``), ``page_events``, ``cursor`` -> a page of events."""
    size = asked.number("page_events", PAGE_EVENTS, most=MOST_EVENTS)
    order = asked.choice("order", tuple(ORDERS), "newest")
    filters = read_filters(asked)
    found = list_events(asked.store, filters, order=order, cursor=asked.text("cursor"), limit=size)
    return EventsRecord(
        said=found.said,
        chips=make_chips(filters),
        total=found.total,
        counted_to=COUNTED,
        page_events=size,
        order=order,
        before=found.before,
        after=found.after,
        formats=tuple(FileFormat(name, form.title, form.use) for name, form in FORMATS.items()),
        events=tuple(found.events),
    )


PAGES = (Page("/events", read_events, "events.html", "Events", nav="events"),)
