"""Answers kept until the store changes. One that many ask for at once is made once."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, NamedTuple


class Kept(NamedTuple):
    """A value and what it weighs in bytes."""

    value: Any
    weight: int


class Cache:
    """Values by key, up to ``limit_bytes``; those that nobody asked for longest go first. To be used in one event loop only: it needs no lock then.

    Each key belongs to a version of the store; with a new version all that is older is dropped at once.
    """

    def __init__(self, limit_bytes: int) -> None:
        self.limit_bytes = limit_bytes
        self.bytes = 0
        self._version: Hashable = None
        self._kept: OrderedDict[Hashable, Kept] = OrderedDict()
        self._coming: dict[Hashable, asyncio.Future[Kept]] = {}

    def use_version(self, version: Hashable) -> None:
        """The version that the store has now."""
        if version != self._version:
            self._version = version
            self._kept.clear()
            self.bytes = 0

    def find(self, key: Hashable) -> Any:
        """A key -> what is kept for it at the present version, else ``None``."""
        found = self._kept.get((self._version, key))
        if found is None:
            return None
        self._kept.move_to_end((self._version, key))
        return found.value

    async def get(self, key: Hashable, make: Callable[[], Awaitable[Kept]]) -> Any:
        """A key -> its value, made by ``make`` if it is not there; who asks meanwhile waits for the same. What ``make`` raises, all of them get, and nothing is kept."""
        whole = (self._version, key)
        if (found := self.find(key)) is not None:
            return found
        if (coming := self._coming.get(whole)) is None:
            coming = asyncio.ensure_future(make())
            self._coming[whole] = coming
            coming.add_done_callback(lambda done: self._keep(whole, done))
        # a caller who leaves must not take the answer from the others
        return (await asyncio.shield(coming)).value

    def _keep(self, whole: tuple[Hashable, Hashable], done: asyncio.Future[Kept]) -> None:
        self._coming.pop(whole, None)
        if done.cancelled() or done.exception() is not None or whole[0] != self._version:
            return
        made = done.result()
        if made.weight > self.limit_bytes:
            return
        self._kept[whole] = made
        self.bytes += made.weight
        while self.bytes > self.limit_bytes:
            self.bytes -= self._kept.popitem(last=False)[1].weight
