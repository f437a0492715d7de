"""What a running desk holds: the store, its options, the cache, the tokens it knows."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Mapping
from pathlib import Path

import anyio
import sqlalchemy as sa

from detente.errors import StoreError
from detente.settings import read_reviewer
from detente.store.schema import Store, open_store
from detente.store.tokens import Token, list_tokens
from detente.store.web_tables import read_counters
from detente.web.cache import Cache
from detente.web.identity import Keys
from detente.web.limits import Buckets, bound_queries, share_of
from detente.web.options import Options
from detente.web.shared import Shared

THREADS = 3
"""So many requests are worked on at once; the others wait. More would only share the same cores, and memory."""
LOGINS_PER_MINUTE = 10
LOOK_SECONDS = 0.25
"""PostgreSQL is asked not more often than this for its counters, so that a kept page costs no round trip; a change by others shows that much later."""


class Desk:
    """One process of the desk. ``limiter`` bounds the work at once; ``streams``: who has one open; ``is_ending``: they are to end."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.store: Store = _open(options.store)
        bound_queries(self.store)
        self.cache = Cache(options.cache_bytes)
        self.shared = Shared()
        self.requests = Buckets(share_of(options.token_requests, options.processes))
        self.logins = Buckets(share_of(LOGINS_PER_MINUTE, options.processes))
        self.limiter = anyio.CapacityLimiter(THREADS)
        self.local_name = read_reviewer()
        self.streams: list[str] = []
        self.is_ending = False
        self._keys = Keys(options.secret, {})
        self._counters = (0, 0)
        self._looked = 0.0
        self._watch: sa.Connection | None = None

    def look(self, *, at_once: bool = False) -> None:
        """See whether the store, or its tokens, have changed since. Fast enough to be done with each request; ``at_once``: whenever it was looked at last."""
        now = time.monotonic()
        if not at_once and self.store.engine.dialect.name != "sqlite" and now - self._looked < LOOK_SECONDS:
            return
        self._looked = now
        found = self._read_counters()
        if found[1] != self._counters[1]:
            self._keys = Keys(self.options.secret, _by_digest(list_tokens(self.store, live=True)))
        if found[0] != self._counters[0]:
            self.cache.use_version(found[0])
        self._counters = found

    def _read_counters(self) -> tuple[int, int]:
        """The counters, over a connection of their own, which is opened anew if the database has closed it."""
        for is_last in (False, True):
            try:
                if self._watch is None:
                    self._watch = self.store.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
                if self.store.engine.dialect.name != "sqlite":
                    return read_counters(self._watch)
                # the driver itself: 10 microseconds instead of 200, with each request
                driver = self._watch.connection.driver_connection
                assert driver is not None
                found = dict(driver.execute("SELECT name, value FROM counters").fetchall())
                return found["data"], found["access"]
            except (sa.exc.DBAPIError, sqlite3.Error) as error:
                watch, self._watch = self._watch, None
                if watch is not None:
                    watch.invalidate()
                    watch.close()
                if is_last:
                    raise StoreError(f"{self.store.name}: the database refused ({type(error).__name__}); expected a store that can be read") from error
        raise AssertionError

    @property
    def keys(self) -> Keys:
        """The key that signs, and the live tokens."""
        return self._keys

    @property
    def version(self) -> int:
        """The counter of changes of the store."""
        return self._counters[0]

    def close(self) -> None:
        """Give all connections back."""
        if self._watch is not None:
            self._watch.close()
        self.store.close()


def _open(address: str) -> Store:
    return open_store(address if "://" in address else Path(address).expanduser(), create=True)


def _by_digest(tokens: list[Token]) -> Mapping[str, Token]:
    return {token.digest: token for token in tokens}
