"""The queue of review: events most worth a look first, and each with its evidence and the decision, one after the other."""

from __future__ import annotations

from typing import Any

import msgspec

from detente.store.filters import COUNTED, Filters
from detente.store.query import check_actors
from detente.store.review_queue import Queued, read_queue
from detente.store.reviewed import reviewers
from detente.store.reviewing import Decision, latest_decision
from detente.web.asked import Asked
from detente.web.event import EventRecord, make_record
from detente.web.filters import split_pair
from detente.web.routing import Page

PAGE_QUEUE, MOST_QUEUE = 25, 100
"""Events of the queue on a page: unless asked otherwise, and at most."""


class QueuedEvent(msgspec.Struct, frozen=True):
    """An event of the queue: how much it is worth a look, the fields on which sources differ, and the words that it rests on."""

    event: dict[str, Any]
    score: float
    differing: tuple[str, ...]
    words: str


class QueueRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A page of the queue; ``reviewers``: who judged how many events so far."""

    said: str
    total: int
    counted_to: int
    before: str | None
    after: str | None
    queued: tuple[QueuedEvent, ...]
    reviewers: dict[str, int]


class ReviewRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One event of the queue with all that its page has. ``left``: how many there are to review, ``counted_to`` if as many or more; ``next_cursor`` and
    ``previous_cursor``: those of the events beside it, ``None`` at the ends. ``last``: the latest decision of who looks that stands, to be undone."""

    shown: EventRecord | None
    said: str
    left: int
    counted_to: int
    score: float
    differing: tuple[str, ...]
    next_cursor: str | None
    previous_cursor: str | None
    last: Decision | None = None


def _read_filters(asked: Asked) -> Filters:
    """``dyad``, ``origin``, ``since``, ``until`` -> which events are to be reviewed."""
    dyad = asked.text("dyad")
    filters = Filters(dyad=split_pair("dyad", dyad) if dyad else None, origin=asked.text("origin"), since=asked.day("since"), until=asked.day("until"))
    check_actors(asked.store, filters)
    return filters


def read_review(asked: Asked) -> QueueRecord:
    """``dyad``, ``origin``, ``since``, ``until``, ``cursor``, ``page_events`` -> a page of the queue."""
    found = read_queue(asked.store, _read_filters(asked), cursor=asked.text("cursor"), limit=asked.number("page_events", PAGE_QUEUE, most=MOST_QUEUE))
    return QueueRecord(
        said=found.said,
        total=found.total,
        counted_to=COUNTED,
        before=found.before,
        after=found.after,
        queued=tuple(_shown(one) for one in found.queued),
        reviewers=reviewers(asked.store),
    )


def _shown(one: Queued) -> QueuedEvent:
    return QueuedEvent(one.event, one.score, tuple(one.differing), one.words)


def read_next(asked: Asked) -> ReviewRecord:
    """``dyad``, ``origin``, ``since``, ``until``, ``cursor`` -> the first event of the queue after the cursor, with its evidence."""
    filters, cursor = _read_filters(asked), asked.text("cursor")
    found = read_queue(asked.store, filters, cursor=cursor, limit=1)
    if cursor and not found.queued:  # the last one was decided: those that were passed over come again
        found = read_queue(asked.store, filters, limit=1)
    last = latest_decision(asked.store, asked.who.name)
    if not found.queued:
        return ReviewRecord(shown=None, said=found.said, left=found.total, counted_to=COUNTED, score=0.0, differing=(), next_cursor=None, previous_cursor=None, last=last)
    one = found.queued[0]
    return ReviewRecord(
        shown=make_record(asked, one.event["event_id"]),
        said=found.said,
        left=found.total,
        counted_to=COUNTED,
        score=one.score,
        differing=tuple(one.differing),
        next_cursor=found.after,
        previous_cursor=found.before,
        last=last,
    )


PAGES = (
    Page("/review", read_review, "review.html", "Review", nav="review", may_lag=False),
    Page("/review/next", read_next, "review_next.html", "Review", nav="review", is_kept=False),
)
