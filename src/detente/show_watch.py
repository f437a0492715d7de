"""What one visit to a feed brought -> lines for a terminal or a log."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from detente.feed_list import FeedPlan
from detente.store.feeds import FeedState
from detente.watching import Visit
from detente.webhook import Sent
from detente.wording import count_of

if TYPE_CHECKING:
    from detente.raising import AlertRecord

MOST_IDS = 3
"""Events of an alert that its line names; all of them are in the file and at the webhook."""


def visit_line(visit: Visit, now: datetime.datetime) -> str:
    """A visit -> one line: when, which feed, what was new, what failed, when it is asked next."""
    if visit.error is not None:
        told = f"failed ({visit.error.reason}), {visit.state.failures} in a row"
    else:
        told = f"{visit.new} new"
    counted = [
        f"{visit.states[state]} {words}" for state, words in (("added", "added"), ("known", "known"), ("waiting", "waiting"), ("given-up", "given up")) if visit.states[state]
    ]
    return f"{moment(now)} {visit.plan.url}: {', '.join([told, *counted])}; next {due_words(visit.state)}"


def trouble_lines(visit: Visit) -> Iterator[str]:
    """A visit -> a line for the feed's own fault, for its new address, and for each page that could not be added, told when it first fails and when it is given up."""
    if visit.error is not None:
        yield str(visit.error)
    if visit.moved_to is not None:
        yield f"{visit.plan.url}: has moved for good to {visit.moved_to}; change it in the list of feeds"
    yield from map(str, visit.troubles)


def start_lines(plans: Sequence[FeedPlan], states: Sequence[FeedState], store: str, now: datetime.datetime, *, once: bool) -> Iterator[str]:
    """Feeds and what is known of them -> what the run is about to do."""
    yield f"{moment(now)} watching {len(plans)} feed{'' if len(plans) == 1 else 's'} into {store}" + ("" if once else "; stop with Ctrl-C")
    for plan, state in zip(plans, states, strict=True):
        if state.gone:
            yield f"{plan.url}: is gone for good (410, told {moment(state.polled_at) if state.polled_at else 'earlier'}) and not asked; take it out of the list of feeds"
        elif state.next_due is not None and state.next_due > now:
            yield f"{plan.url}: not due before {moment(state.next_due)}" + (f" ({count_of(state.failures, 'failure')} in a row, {state.last_error})" if state.failures else "")


def alert_line(alert: AlertRecord, now: datetime.datetime) -> str:
    """An alert -> one line: when, how urgent, who, kind, day, what, and the ids of the events that it rests on."""
    also = f" (also {', '.join(alert.also)})" if alert.also else ""
    ids = ", ".join(alert.event_ids[:MOST_IDS]) + (f" and {len(alert.event_ids) - MOST_IDS} more" if len(alert.event_ids) > MOST_IDS else "")
    line = f"{moment(now)} ALERT {alert.score:.1f} {alert.a} - {alert.b}: {alert.kind}{also} on {alert.day}: {alert.what}; events {ids}"
    return "".join(c if c.isprintable() else "?" for c in line)


def sent_line(sent: Sent, host: str, hold: datetime.datetime | None) -> str | None:
    """What became of an alert at the webhook -> a line if it did not get through; the host only, as paths of webhooks are often secret."""
    if sent.delivery == "delivered":
        return None
    then = (
        f"given up at try {sent.alert.tries}"
        if sent.delivery == "given-up"
        else f"try {sent.alert.tries}, the next not before {moment(hold)}"
        if hold
        else f"try {sent.alert.tries}"
    )
    return f"webhook at {host}: alert {sent.alert.alert_id}: {sent.message}; {then}"


def due_words(state: FeedState) -> str:
    """A feed's state -> when it is asked next."""
    return "never" if state.next_due is None else moment(state.next_due)


def moment(value: datetime.datetime) -> str:
    """A moment -> 2026-01-31T09:05Z."""
    return value.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%MZ")
