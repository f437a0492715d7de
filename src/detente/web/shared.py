"""Objects that several pages of one state of the store are made of, as a situation: made once, by whoever asks first."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any

MOST_SHARED = 12
"""So many are held: a situation of a busy pair is some tens of megabytes."""


class _Slot:
    """A place for an object that is being made; who comes meanwhile waits for the lock."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.value: Any = None
        self.is_made = False


class Shared:
    """The last objects by key, for threads. With a new version of the store all are forgotten."""

    def __init__(self, most: int = MOST_SHARED) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._version: Hashable = None
        self._slots: OrderedDict[Hashable, _Slot] = OrderedDict()

    def get(self, version: Hashable, key: Hashable, make: Callable[[], Any]) -> Any:
        """A key -> its object at a version of the store. What ``make`` raises is raised, and nothing is kept."""
        with self._lock:
            if version != self._version:
                self._version = version
                self._slots.clear()
            slot = self._slots.setdefault(key, _Slot())
            self._slots.move_to_end(key)
            while len(self._slots) > self._most:
                self._slots.popitem(last=False)
        with slot.lock:
            if not slot.is_made:
                slot.value = make()
                slot.is_made = True
            return slot.value
