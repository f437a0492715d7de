"""When a feed is asked next: pure functions from what is known of it and what its server said."""

from __future__ import annotations

import datetime

from detente.feed_list import FeedPlan
from detente.store.feeds import FeedState

MOST_BACK_OFF_MINUTES = 24 * 60
"""A feed that fails is asked once a day at least: it may come back."""
SPREAD = 0.1
"""Share of the time between two visits by which it is made longer at random, so that feeds, and many users, do not ask all at once."""
MOST_TRIES = 5
"""Visits of its feed at which an entry's page is asked for before it is given up: with 30 minutes between, two hours."""
FINAL_REASONS = frozenset(
    [
        *("robots", "bad-url", "bad-scheme", "bad-port", "private-address", "unknown-format", "not-english", "binary"),
        *("too-long", "no-link", "coding-failed", "too-many-redirects", "hostile-xml", "reading-failed"),
    ]
)
"""Reasons that a later try would meet again: the entry is given up at once."""
UNCOUNTED_REASONS = frozenset(["stopped", "host-busy"])
"""Reasons that are not the entry's: it goes on waiting as if it had not been tried."""


def is_due(state: FeedState, now: datetime.datetime) -> bool:
    """A feed's state -> whether it is to be asked."""
    return not state.gone and (state.next_due is None or state.next_due <= now)


def after_success(state: FeedState, plan: FeedPlan, now: datetime.datetime, chance: float) -> FeedState:
    """The feed answered -> when it is due next. ``chance`` is a random number from 0 to 1."""
    return state._replace(polled_at=now, next_due=now + _spread(plan.every_minutes, chance), failures=0, last_error=None)


def after_failure(state: FeedState, plan: FeedPlan, now: datetime.datetime, chance: float, *, reason: str, after_seconds: float | None = None) -> FeedState:
    """The feed failed -> twice the time for each failure in a row, a day at most (or the plan's own time, if that is longer); not before its server wants it."""
    minutes = max(plan.every_minutes, min(plan.every_minutes * 2.0 ** min(state.failures + 1, 16), MOST_BACK_OFF_MINUTES))
    wait = max(_spread(minutes, chance), datetime.timedelta(seconds=after_seconds or 0))
    return state._replace(polled_at=now, next_due=now + wait, failures=state.failures + 1, last_error=reason)


def after_gone(state: FeedState, now: datetime.datetime) -> FeedState:
    """The server says that the feed is gone for good (410) -> never due."""
    return state._replace(polled_at=now, next_due=None, gone=True, last_error="http-status", failures=state.failures + 1)


def give_up(reason: str, tries: int) -> bool:
    """Why an entry could not be added, and how often -> whether it is given up."""
    return reason in FINAL_REASONS or tries >= MOST_TRIES


def _spread(minutes: float, chance: float) -> datetime.timedelta:
    return datetime.timedelta(minutes=minutes * (1 + SPREAD * chance))
