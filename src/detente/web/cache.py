"""Answers kept until the store changes. One that many ask for at once is made once; one that is slow to make is given a little longer while its successor is made."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, NamedTuple

SLOW_SECONDS = 0.3
"""An answer that took longer to make is given for ``LAG_SECONDS`` after the store has changed, while it is made anew; quicker ones are made at once."""
LAG_SECONDS = 30.0
"""So old may the state of the store be that a slow page shows: reports come in by the minute, and a page of a million events takes seconds."""
MOST_VERSIONS = 100
"""So many versions are remembered with the moment of their end."""


class Kept(NamedTuple):
    """A value and what it weighs in bytes."""

    value: Any
    weight: int


class _Entry(NamedTuple):
    """A value with its version of the store, its weight, and how long it took to make."""

    version: int
    value: Any
    weight: int
    seconds: float


class Cache:
    """Values by key, up to ``limit_bytes``; those that nobody asked for longest go first. To be used in one event loop only: it needs no lock then.

    Each value belongs to a version of the store, a number that goes up; what is older than the present one counts as not there, or as slow and lagging.
    """

    def __init__(self, limit_bytes: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.limit_bytes = limit_bytes
        self.bytes = 0
        self._clock = clock
        self._version = 0
        self._ended: OrderedDict[int, float] = OrderedDict()
        self._kept: OrderedDict[Hashable, _Entry] = OrderedDict()
        self._coming: dict[Hashable, asyncio.Future[Kept]] = {}

    def use_version(self, version: int) -> None:
        """The version that the store has now."""
        if version != self._version:
            self._ended[self._version] = self._clock()
            while len(self._ended) > MOST_VERSIONS:
                self._ended.popitem(last=False)
            self._version = version

    def find(self, key: Hashable, least_version: int | None = None) -> Any:
        """A key -> what is kept for it at the present version, else ``None``; with ``least_version`` also what is slow to make and ended less than ``LAG_SECONDS`` ago."""
        entry = self._kept.get(key)
        if entry is None:
            return None
        if entry.version != self._version:
            ended = self._ended.get(entry.version)
            is_lagging = ended is not None and entry.seconds > SLOW_SECONDS and self._clock() - ended <= LAG_SECONDS
            if least_version is None or entry.version < least_version or not is_lagging:
                return None
        self._kept.move_to_end(key)
        return entry.value

    async def get(self, key: Hashable, make: Callable[[], Awaitable[Kept]], least_version: int | None = None) -> Any:
        """A key -> its value, made by ``make`` if it is not there; who asks meanwhile waits for the same. What ``make`` raises, all of them get, and nothing is kept.

        ``least_version``: who asks takes a slow value of that version or a later one as it was a moment ago; it is made anew meanwhile. ``None``: only the present one will do.
        """
        if (found := self.find(key)) is not None:
            return found
        coming = self._start(key, make)
        if (lagging := self.find(key, least_version)) is not None:
            return lagging
        # a caller who leaves must not take the answer from the others
        return (await asyncio.shield(coming)).value

    def _start(self, key: Hashable, make: Callable[[], Awaitable[Kept]]) -> asyncio.Future[Kept]:
        whole = (self._version, key)
        if (coming := self._coming.get(whole)) is None:
            began, version = self._clock(), self._version
            coming = asyncio.ensure_future(make())
            self._coming[whole] = coming
            coming.add_done_callback(lambda done: self._keep(whole, version, self._clock() - began, done))
        return coming

    def _keep(self, whole: tuple[int, Hashable], version: int, seconds: float, done: asyncio.Future[Kept]) -> None:
        self._coming.pop(whole, None)
        if done.cancelled() or done.exception() is not None:
            return
        made, key = done.result(), whole[1]
        before = self._kept.get(key)
        if made.weight > self.limit_bytes or (before is not None and before.version > version):
            return
        self.bytes += made.weight - (before.weight if before else 0)
        self._kept[key] = _Entry(version, made.value, made.weight, seconds)
        self._kept.move_to_end(key)
        while self.bytes > self.limit_bytes:
            self.bytes -= self._kept.popitem(last=False)[1].weight
