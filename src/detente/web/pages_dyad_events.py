"""All events between two parties, as a situation counts them: what was known on its day, of any parties that it takes."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

import msgspec

from detente.codebook.ladder import HIGHEST_SINGLE, LOWEST
from detente.web.asked import Asked
from detente.web.pairs import Heading, make_heading, read_situation
from detente.web.routing import Page

if TYPE_CHECKING:
    from detente.analysis.situation import Cited

PAGE_EVENTS = 50
MOST_PAGE = 100_000


class DyadEventsPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of the events of two parties: ``first`` to ``last`` bound the days, ``side`` who did it ("a", "b" or ""), ``rung`` where on the ladder."""

    head: Heading
    first: datetime.date | None
    last: datetime.date | None
    side: str
    rung: int | None
    total: int
    page: int
    page_events: int
    order: str
    events: tuple[Cited, ...]


def read_page(asked: Asked) -> DyadEventsPage:
    """``pair``, ``at``, ``from``, ``until``, ``side``, ``rung``, ``order``, ``page`` -> the events."""
    import polars as pl

    situation = read_situation(asked)
    first, last = asked.day("from"), asked.day("until")
    side, order = asked.choice("side", ("a", "b", "both"), "both"), asked.choice("order", ("newest", "oldest"), "newest")
    rung = asked.number("rung", 0, least=LOWEST, most=HIGHEST_SINGLE) if asked.text("rung") is not None else None
    number = asked.number("page", 1, most=MOST_PAGE)
    table = situation.dyad
    for condition in (
        pl.col("day") >= first if first else None,
        pl.col("day") <= last if last else None,
        pl.col("side") == side if side != "both" else None,
        pl.col("rung") == rung if rung is not None else None,
    ):
        table = table if condition is None else table.filter(condition)
    ids = table["event_id"].unique(maintain_order=True)
    ids = ids.reverse() if order == "newest" else ids
    shown = situation.cite(ids.slice((number - 1) * PAGE_EVENTS, PAGE_EVENTS))
    return DyadEventsPage(
        head=make_heading(asked, situation, "events"),
        first=first,
        last=last,
        side="" if side == "both" else side,
        rung=rung,
        total=len(ids),
        page=number,
        page_events=PAGE_EVENTS,
        order=order,
        events=tuple(shown[::-1] if order == "newest" else shown),
    )


PAGES = (Page("/dyads/{pair:path}/events", read_page, "dyad_events.html", lambda r: f"Events: {r.head.a.name} and {r.head.b.name}", nav="dyads"),)
