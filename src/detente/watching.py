"""Watching feeds: ask each when it is due, keep what is new, add its pages to the store. The clock, the waiting and the coding are handed in."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from detente.errors import DetenteError
from detente.feed_list import FeedPlan
from detente.feed_schedule import UNCOUNTED_REASONS, after_failure, after_gone, after_success, give_up, is_due
from detente.reading import read_stream
from detente.reading.feeds import Entry, parse_feed
from detente.reading.fetch import Fetched, refuse_status
from detente.reading.record import Skipped, read_record
from detente.reading.url import read_page, with_entry
from detente.reading.web import Web, get_page, retry_after
from detente.records import Document
from detente.store.feeds import FeedState, WaitingEntry, find_waiting, is_page_stored, keep_feed, load_feed, settle_entry
from detente.store.schema import Store

GONE = 410
NOT_MODIFIED = 304
MOST_SLEEP_SECONDS = 3600
"""The longest sleep between two looks at what is due: a clock that is set anew, or a machine that slept, delays no feed for longer."""


def nothing() -> float | None:
    """Nothing -> ``None``: there is nothing to do between two visits."""
    return None


class Watcher(NamedTuple):
    """What a run of watching works with. ``add`` takes a document into the store and says whether it was new, or why it could not be added.

    ``between`` is called before each sleep, does what is due then, and says in how many seconds it wants to be called again, ``None`` if it need not be.
    """

    store: Store
    web: Web
    add: Callable[[Document], bool | Skipped]
    now: Callable[[], datetime.datetime]
    chance: Callable[[], float]
    between: Callable[[], float | None] = nothing


class Visit(NamedTuple):
    """What one visit to a feed brought. ``new``: entries not seen before; ``states``: what became of those that waited; ``troubles`` names each that failed.

    ``error`` is why the feed itself could not be read, ``moved_to`` its new address if it has moved for good.
    """

    plan: FeedPlan
    state: FeedState
    new: int = 0
    states: Mapping[str, int] = MappingProxyType({})
    troubles: tuple[Skipped, ...] = ()
    error: Skipped | None = None
    moved_to: str | None = None


def watch_feeds(watcher: Watcher, plans: Sequence[FeedPlan], tell: Callable[[Visit], None], *, once: bool = False) -> None:
    """Feeds -> visited whenever they are due, until the run is stopped, or (``once``) each that is due one time. Each visit is told.

    Entries that an earlier run found and did not come to are added at once, whether their feed is due or not.
    """
    while not watcher.web.stopped():
        states = [load_feed(watcher.store, plan.url) for plan in plans]
        for plan, state in sorted(zip(plans, states, strict=True), key=lambda pair: str(pair[1].next_due or "")):
            if watcher.web.stopped():
                return
            if is_due(state, watcher.now()):
                tell(visit_feed(watcher, plan, state))
            elif any(entry.tries == 0 for entry in find_waiting(watcher.store, plan.url)):
                tell(Visit(plan, state, 0, *_add_waiting(watcher, plan, state, untried_only=True)))  # a run that broke off left them
        waits = [seconds for seconds in (watcher.between(), seconds_to_next(watcher, plans)) if seconds is not None]
        if once or not waits or watcher.web.stopped():
            return
        watcher.web.wait(min(*waits, MOST_SLEEP_SECONDS))


def seconds_to_next(watcher: Watcher, plans: Sequence[FeedPlan]) -> float | None:
    """Feeds -> the seconds until one is due, ``None`` if all are gone."""
    states = [load_feed(watcher.store, plan.url) for plan in plans]
    waits = [(state.next_due - watcher.now()).total_seconds() if state.next_due else 0.0 for state in states if not state.gone]
    return min(max(min(waits), 0.0), MOST_SLEEP_SECONDS) if waits else None


def visit_feed(watcher: Watcher, plan: FeedPlan, state: FeedState) -> Visit:
    """A feed that is due -> asked, its new entries kept, and those that wait added. The state goes into the store before the first page is asked for."""
    if is_stopped(answer := get_page(watcher.web, plan.url, _conditions(state), ask_robots=False)):
        return Visit(plan, state)
    visit = _read_feed(watcher, plan, state, answer)
    kept = keep_feed(watcher.store, visit.state, visit.entries)
    states, troubles = _add_waiting(watcher, plan, visit.state)
    moved_to = answer.moved_to if isinstance(answer, Fetched) and visit.error is None else None
    return Visit(plan, visit.state, kept, states, troubles, visit.error, moved_to)


def is_stopped(answer: Fetched | Skipped) -> bool:
    """An answer -> whether there is none because the run was stopped."""
    return isinstance(answer, Skipped) and answer.reason == "stopped"


class _Answered(NamedTuple):
    state: FeedState
    entries: tuple[WaitingEntry, ...] = ()
    error: Skipped | None = None


def _conditions(state: FeedState) -> dict[str, str]:
    """What is known of a feed -> the headers by which its server need not send it again."""
    headers = {"If-None-Match": state.etag, "If-Modified-Since": state.last_modified}
    return {name: value for name, value in headers.items() if value}


def _read_feed(watcher: Watcher, plan: FeedPlan, state: FeedState, answer: Fetched | Skipped) -> _Answered:
    """What the feed's server said -> the feed's new state, and its entries or why there are none."""
    now, chance = watcher.now(), watcher.chance()
    if isinstance(answer, Fetched) and answer.status == NOT_MODIFIED:
        return _Answered(after_success(state, plan, now, chance))
    if isinstance(answer, Fetched) and answer.status == GONE:
        return _Answered(after_gone(state, now), error=Skipped(plan.url, None, "gone", "the server says that this feed is gone for good (410); take it out of the list"))
    refused = answer if isinstance(answer, Skipped) else refuse_status(plan.url, answer)
    if refused is not None or isinstance(answer, Skipped):
        after = retry_after(answer, now) if isinstance(answer, Fetched) else None
        return _Answered(after_failure(state, plan, now, chance, reason=refused.reason if refused else "", after_seconds=after), error=refused)
    feed = parse_feed(answer.body, plan.url, answer.url)
    if isinstance(feed, Skipped):
        return _Answered(after_failure(state, plan, now, chance, reason=feed.reason), error=feed)
    known = state._replace(title=feed.title, etag=_header(answer, "etag"), last_modified=_header(answer, "last-modified"))
    return _Answered(after_success(known, plan, now, chance), tuple(_as_waiting(entry, plan) for entry in feed.entries))


def _header(answer: Fetched, name: str) -> str | None:
    """A header that will be sent back -> the same, if it is printable ASCII of a sane length."""
    value = answer.headers.get(name, "")
    return value if value and len(value) <= 500 and value.isascii() and value.isprintable() else None


def _as_waiting(entry: Entry, plan: FeedPlan) -> WaitingEntry:
    return WaitingEntry(entry.key, entry.url, entry.title, entry.published_on, None if plan.full_text else entry.text)


def _add_waiting(watcher: Watcher, plan: FeedPlan, state: FeedState, *, untried_only: bool = False) -> tuple[Counter[str], tuple[Skipped, ...]]:
    """A feed's entries that wait -> added, known, given up or still waiting; each is settled by itself, so that a stop or a kill loses none."""
    states: Counter[str] = Counter()
    troubles = []
    for entry in find_waiting(watcher.store, plan.url):
        if watcher.web.stopped():
            break
        if untried_only and entry.tries:
            continue
        outcome = _add_entry(watcher, plan, state, entry)
        if isinstance(outcome, bool):
            settled = "added" if outcome else "known"
            settle_entry(watcher.store, plan.url, entry._replace(reason=None), "added" if outcome else "known")
        elif outcome.reason in UNCOUNTED_REASONS:
            settled = "waiting"
        else:
            tried = entry._replace(tries=entry.tries + 1, reason=outcome.reason)
            settled = "given-up" if give_up(outcome.reason, tried.tries) else "waiting"
            settle_entry(watcher.store, plan.url, tried, "given-up" if settled == "given-up" else "waiting")
            if entry.tries == 0 or settled == "given-up":
                troubles.append(outcome)
        states[settled] += 1
    return states, tuple(troubles)


def _read_safely(url: str, web: Web) -> list[Document | Skipped]:
    """A page -> its reports. A fault of a parser costs this page only: the entry would else be met again, and end the run again, at every start."""
    try:
        return list(read_page(url, web, None, read_stream))
    except DetenteError:
        raise
    except Exception as error:
        return [Skipped(url, None, "reading-failed", f"reading this page failed ({type(error).__name__}: {str(error)[:200]}); please report it as a bug")]


def _add_entry(watcher: Watcher, plan: FeedPlan, state: FeedState, entry: WaitingEntry) -> bool | Skipped:
    """An entry -> whether its report is new to the store, or why it could not be added."""
    if plan.full_text and entry.url is None:
        return Skipped(plan.url, None, "no-link", f"found an entry without a link ({(entry.title or entry.key)[:60]!r}); expected one, or full_text = false")
    if plan.full_text and entry.url is not None:
        if is_page_stored(watcher.store, entry.url):
            return False
        items = _read_safely(entry.url, watcher.web)
    else:
        items = list(read_record({"text": entry.text or "", "title": entry.title, "url": entry.url}, entry.url or plan.url, None, None))
    document = next((item for item in items if isinstance(item, Document)), None)
    if document is None:
        return next((item for item in items if isinstance(item, Skipped)), Skipped(entry.url or plan.url, None, "empty", "found no text; expected a report"))
    told = Entry(entry.key, entry.url, entry.title, entry.published_on, None)
    return watcher.add(with_entry(document, told, state.title, named=plan.publisher))
