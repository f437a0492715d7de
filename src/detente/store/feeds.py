"""What is known of the watched feeds, in the store: so that a run that was stopped, or killed, goes on where it was."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Literal, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from detente.store.feed_tables import feed_entries, feeds
from detente.store.schema import Store, now, reading, writing

State = Literal["waiting", "added", "known", "given-up"]


class FeedState(NamedTuple):
    """A feed as it was when it was asked last. ``failures`` are those in a row; a feed that is ``gone`` (410) is not asked again."""

    url: str
    title: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    polled_at: datetime.datetime | None = None
    next_due: datetime.datetime | None = None
    failures: int = 0
    last_error: str | None = None
    gone: bool = False


class WaitingEntry(NamedTuple):
    """An entry that is to be added. ``text`` is set if it is to be taken from the feed; ``tries`` are those that failed, ``reason`` the code of the last one."""

    key: str
    url: str | None
    title: str | None
    published_on: datetime.date | None
    text: str | None = None
    tries: int = 0
    reason: str | None = None


def load_feed(store: Store, url: str) -> FeedState:
    """A feed's URL -> its state; that of one which was never asked if it is not known."""
    with reading(store) as connection:
        row = connection.execute(sa.select(feeds).where(feeds.c.url == url)).one_or_none()
    if row is None:
        return FeedState(url)
    return FeedState(**{**row._asdict(), "polled_at": _moment(row.polled_at), "next_due": _moment(row.next_due)})


def keep_feed(store: Store, state: FeedState, entries: Sequence[WaitingEntry] = ()) -> int:
    """A feed's state and the entries that it has now -> both kept at once. Gives how many entries are new; they wait."""
    values = {**state._asdict(), "polled_at": _text(state.polled_at), "next_due": _text(state.next_due)}
    with writing(store, counter=None) as connection:
        make = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
        connection.execute(make(feeds).values(values).on_conflict_do_update(index_elements=["url"], set_=values))
        seen = set(connection.scalars(sa.select(feed_entries.c.key).where(feed_entries.c.feed_url == state.url)))
        fresh = [entry for entry in {e.key: e for e in entries}.values() if entry.key not in seen]
        rows = [
            {**entry._asdict(), "published_on": _text(entry.published_on), "feed_url": state.url, "position": len(seen) + n, "state": "waiting", "seen_at": now()}
            for n, entry in enumerate(fresh)
        ]
        if rows:
            connection.execute(feed_entries.insert(), rows)
    return len(fresh)


def find_waiting(store: Store, feed_url: str) -> list[WaitingEntry]:
    """A feed -> its entries that wait, the oldest first as far as the feed's order (newest first) tells."""
    columns = [feed_entries.c[name] for name in WaitingEntry._fields]
    with reading(store) as connection:
        rows = connection.execute(sa.select(*columns).where(feed_entries.c.feed_url == feed_url, feed_entries.c.state == "waiting").order_by(feed_entries.c.position.desc()))
        return [WaitingEntry(**{**row._asdict(), "published_on": datetime.date.fromisoformat(row.published_on) if row.published_on else None}) for row in rows]


def settle_entry(store: Store, feed_url: str, entry: WaitingEntry, state: State) -> None:
    """An entry with its tries and reason -> kept in this state; its text is kept only while it waits."""
    values = {"state": state, "tries": entry.tries, "reason": entry.reason, "text": entry.text if state == "waiting" else None}
    with writing(store, counter=None) as connection:
        connection.execute(feed_entries.update().where(feed_entries.c.feed_url == feed_url, feed_entries.c.key == entry.key).values(values))


def is_page_stored(store: Store, url: str) -> bool:
    """The URL of an entry -> whether the page behind it is in the store already, by whichever feed."""
    with reading(store) as connection:
        found = connection.execute(sa.select(feed_entries.c.key).where(feed_entries.c.url == url, feed_entries.c.state.in_(("added", "known"))).limit(1))
        return found.first() is not None


def _text(value: datetime.date | None) -> str | None:
    if isinstance(value, datetime.datetime):
        return value.astimezone(datetime.UTC).isoformat(timespec="seconds")
    return value.isoformat() if value else None


def _moment(text: str | None) -> datetime.datetime | None:
    return datetime.datetime.fromisoformat(text) if text else None
