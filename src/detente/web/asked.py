"""What a page is asked: the store, the parameters of its address or form, and who asks. Handlers get nothing else."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Collection, Hashable, Mapping
from typing import TypeVar

from detente.errors import InputError
from detente.store.schema import Store
from detente.web.identity import Who
from detente.web.options import Options
from detente.web.shared import Shared

LONGEST_VALUE = 2_000
"""Characters of a parameter of an address; a longer one is refused."""
_Made = TypeVar("_Made")


class Asked:
    """The parameters of one request, read by name and kind. A parameter that is not there, or is empty, is the default.

    Each one that is read is remembered: ``unread`` are those that the page does not know, which the desk refuses.
    """

    def __init__(
        self, store: Store, options: Options, path: Mapping[str, str], given: Mapping[str, list[str]], who: Who, shared: Shared | None = None, version: Hashable = None
    ) -> None:
        self._shared = shared or Shared()
        self._version = version
        self.store = store
        self.options = options
        self.path = path
        self.who = who
        self._given = given
        self._read: set[str] = set()

    def share(self, key: Hashable, make: Callable[[], _Made]) -> _Made:
        """A key and how to make its object -> the object, which the page, its twin and its charts share until the store changes. The key holds all that it depends on."""
        made: _Made = self._shared.get(self._version, key, make)
        return made

    def texts(self, name: str) -> tuple[str, ...]:
        """All values of a parameter, without the empty ones."""
        self._read.add(name)
        out = tuple(value.strip() for value in self._given.get(name, ()) if value.strip())
        if any(len(value) > LONGEST_VALUE for value in out):
            raise InputError(f"{name}: found {max(map(len, out)):,} characters; expected at most {LONGEST_VALUE:,}")
        if any("\0" in value for value in out):
            raise InputError(f"{name}: found a character that ends texts (U+0000); expected words")
        return out

    def text(self, name: str, default: str | None = None) -> str | None:
        """A parameter that may be there once."""
        found = self.texts(name)
        if len(found) > 1:
            raise InputError(f"{name}: found it {len(found)} times; expected it once")
        return found[0] if found else default

    def long_text(self, name: str) -> str:
        """A field of a form that may be long, as it was written."""
        self._read.add(name)
        return "".join(self._given.get(name, ())[:1]).replace("\0", "")

    def has(self, name: str) -> bool:
        """Whether a field of a form was sent, be it empty."""
        self._read.add(name)
        return name in self._given

    def choice(self, name: str, allowed: Collection[str], default: str) -> str:
        """A parameter that is one of some words."""
        found = self.text(name, default) or default
        if found not in allowed:
            raise InputError(f"{name}: found {found!r}; expected one of {', '.join(allowed)}")
        return found

    def number(self, name: str, default: int, *, least: int = 1, most: int) -> int:
        """A parameter that is a whole number."""
        found = self.text(name)
        if found is None:
            return default
        # int() takes more than digits: 1_000, other scripts, and numbers whose reading takes minutes
        if not (found.removeprefix("-").isascii() and found.removeprefix("-").isdecimal() and len(found) < 16 and least <= int(found) <= most):
            raise InputError(f"{name}: found {found[:40]!r}; expected a whole number, {least:,} to {most:,}")
        return int(found)

    def fraction(self, name: str) -> float | None:
        """A parameter that is a number from 0 to 1."""
        found = self.text(name)
        if found is None:
            return None
        try:
            value = float(found)
        except ValueError:
            value = -1.0
        if not 0 <= value <= 1:
            raise InputError(f"{name}: found {found[:40]!r}; expected a number, 0 to 1")
        return value

    def switch(self, name: str) -> bool:
        """A parameter that is 1 (or "on", as a form sends it) or not there."""
        return self.choice(name, ("0", "1", "on"), "0") != "0"

    def day(self, name: str) -> datetime.date | None:
        """A parameter that is a day."""
        return parse_day(name, self.text(name))

    @property
    def unread(self) -> tuple[str, ...]:
        """Parameters that were given, but not read."""
        return tuple(sorted(set(self._given) - self._read))

    @property
    def known(self) -> tuple[str, ...]:
        """Parameters that were read."""
        return tuple(sorted(self._read))


def parse_day(name: str, text: str | None) -> datetime.date | None:
    """The name of a parameter and its value -> the day. Refused: what is no day as YYYY-MM-DD."""
    if text is None:
        return None
    try:
        if len(text) != 10:  # Python reads 20200616 and 2020-W25-2 too, an address should have one way to say it
            raise ValueError
        return datetime.date.fromisoformat(text)
    except ValueError:
        raise InputError(f"{name}: found {text[:40]!r}; expected YYYY-MM-DD") from None
