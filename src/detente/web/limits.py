"""Bounds: how many requests a token may make, how long a request may ask the database."""

from __future__ import annotations

import contextvars
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from detente.store.schema import Store

STEPS_BETWEEN = 4_000
"""Steps of SQLite's machine between two looks at the clock: about a tenth of a millisecond, so that looking costs nothing that can be measured."""
MOST_BUCKETS = 10_000
"""So many callers are told apart; the one that was silent longest is forgotten."""
_deadline: contextvars.ContextVar[float | None] = contextvars.ContextVar("deadline", default=None)


# -- time --------------------------------------------------------------------------------------------------------------------
def set_deadline(seconds: float | None) -> None:
    """From now on what this request asks of the database may take so long in all."""
    _deadline.set(None if seconds is None else time.monotonic() + seconds)


def is_late() -> bool:
    """Whether the time of this request is over."""
    until = _deadline.get()
    return until is not None and time.monotonic() > until


def bound_queries(store: Store) -> None:
    """A store -> the same, whose queries end when the time of the request that asks them is over."""
    if store.engine.dialect.name == "sqlite":
        sa.event.listen(store.engine, "connect", _bound_sqlite)
        store.engine.dispose()  # connections that are open already were not bound
    else:
        sa.event.listen(store.engine, "begin", _bound_postgres)


def _bound_sqlite(connection: Any, _: object) -> None:
    connection.set_progress_handler(is_late, STEPS_BETWEEN)


def _bound_postgres(connection: sa.Connection) -> None:
    until = _deadline.get()
    if until is not None:
        connection.exec_driver_sql(f"SET LOCAL statement_timeout = {max(1, int((until - time.monotonic()) * 1000))}")


# -- number ------------------------------------------------------------------------------------------------------------------
def share_of(limit: int, processes: int) -> int:
    """A limit of all processes together -> that of each: they do not tell each other who came, so that each takes its part, rounded up.

    >>> share_of(600, 4), share_of(10, 4)
    (150, 3)
    """
    return -(-limit // processes)


class Buckets:
    """Token buckets: each caller may make ``per_minute`` requests a minute, as many at once if it was silent before. One lock, so that threads may share it."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.per_minute = per_minute
        self._clock = clock
        self._lock = threading.Lock()
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, caller: str) -> float:
        """A caller -> 0 if the request may be made, else the seconds until the next one may."""
        now = self._clock()
        with self._lock:
            left, at = self._left.pop(caller, (float(self.per_minute), now))
            left = min(float(self.per_minute), left + (now - at) * self.per_minute / 60)
            self._left[caller] = (max(0.0, left - 1) if left >= 1 else left, now)
            if len(self._left) > MOST_BUCKETS:
                self._left.popitem(last=False)
            return 0.0 if left >= 1 else (1 - left) * 60 / self.per_minute
