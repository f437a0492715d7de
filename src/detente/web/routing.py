"""What a page and an action are made of."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from detente.store.tokens import Role
from detente.web.asked import Asked

if TYPE_CHECKING:
    from altair.typing import ChartType

Handler = Callable[[Asked], msgspec.Struct]
Chart = Callable[[Asked], "ChartType | None"]
"""Draws on a light ground; pages make the dark one of it by their style. ``None``: there is too little to draw."""


class Page(NamedTuple):
    """A page and its twin. ``path`` as Starlette writes it (``/dyads/{pair}``); ``title``: a text, or made of the record.

    ``handler`` gives the record, which the twin (``path`` + ".json") gives as it is and ``template`` shows. ``charts`` are drawn for the page, and
    each has an address of its own (``path`` + "/NAME.svg"). ``nav``: which entry of the navigation it belongs to. ``is_kept``: the answer stays the same until the
    store changes or the day ends. ``may_lag``: if it is slow, the last one is given a little longer while it is made anew; not where the next decision rests on the last.
    ``also``: what else than the store an answer depends on, as a value that changes when that does.
    """

    path: str
    handler: Handler
    template: str
    title: str | Callable[[Any], str]
    nav: str = ""
    role: Role = "read"
    charts: Mapping[str, Chart] = {}
    is_kept: bool = True
    may_lag: bool = True
    also: Callable[[], Hashable] | None = None


class File(NamedTuple):
    """A file that came with a form."""

    name: str
    content: bytes


class Posted(NamedTuple):
    """What an action is asked: its fields as a page's, and its files."""

    asked: Asked
    files: Mapping[str, File]


class Done(NamedTuple):
    """What an action did: to what (for the log), where the reader goes now, and what is said there."""

    what: str
    to: str
    notice: str = ""


class Shown(NamedTuple):
    """What a form asked to see, where nothing was done: the record of the page that has the form. It stands in no log."""

    record: msgspec.Struct


class Action(NamedTuple):
    """A form's address: who may send it, what the log calls it, and the function that does it. ``on``: the path of the page with the form, shown again if it is refused."""

    path: str
    handler: Callable[[Posted], Done | Shown]
    name: str
    role: Role = "review"
    on: str = ""
