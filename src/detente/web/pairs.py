"""Which pair, which day and which days of a chart an address means: the same for all pages of a situation."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import msgspec

from detente.errors import InputError
from detente.web.asked import Asked
from detente.web.refusals import missing
from detente.web.rendering import address, pair_address

if TYPE_CHECKING:
    from detente.analysis.situation import Situation
    from detente.codebook.parties import Party

EPOCH = datetime.date(1970, 1, 1)
WINDOWS = (("3m", "3 months", 91), ("1y", "1 year", 365), ("5y", "5 years", 1826))
"""What the chart of the ladder can show by a link: what the link says in short and at length, and how many days up to its last."""
SHOWN_DAYS = 365
"""The ladder shows a year by itself: it has the course of a crisis."""
TABS = (("", "Situation"), ("events", "Events"), ("answers", "Who answers whom"), ("precedents", "Precedents"), ("forecast", "Forecast"), ("series", "Series"))


class Side(msgspec.Struct, frozen=True):
    """A party of the page: what it is called in addresses, and in words."""

    key: str
    name: str


class Tab(msgspec.Struct, frozen=True):
    """A link to another page of the situation."""

    to: str
    label: str
    is_current: bool


class Timebar(msgspec.Struct, frozen=True, kw_only=True):
    """How to go to another day. ``first``, ``last``: the days of the two parties' first and last event; ``day_before`` and so on: addresses, ``None`` where there is nothing to go to."""

    at: datetime.date
    is_asked: bool
    first: datetime.date | None
    last: datetime.date | None
    first_number: int
    last_number: int
    number: int
    path: str
    day_before: str | None
    day_after: str | None
    event_before: str | None
    event_after: str | None
    latest: str | None


class Heading(msgspec.Struct, frozen=True, kw_only=True):
    """What all pages of a situation begin with."""

    a: Side
    b: Side
    at: datetime.date
    events: int
    first_day: datetime.date | None
    last_day: datetime.date | None
    origins: dict[str, int]
    reason: str
    told_later: int
    undated: int
    path: str
    tabs: tuple[Tab, ...]
    time: Timebar


# -- the pair ----------------------------------------------------------------------------------------------------------------
def find_pair(asked: Asked, text: str) -> tuple[Party, Party]:
    """A text of an address (PRK-KOR, "Abu Sayyaf - PHL", PRK/MIL-KOR) -> its two parties. A name with hyphens is cut where both sides are known. Refused: what names no two parties."""
    return asked.share(("pair", text), lambda: _find_pair(asked, text))


def _find_pair(asked: Asked, text: str) -> tuple[Party, Party]:
    first: InputError | None = None
    for a, b in _cuts(text):
        try:
            return name_party(asked, a), name_party(asked, b)
        except InputError as error:
            first = first or error
    raise missing(str(first) if first else f"pair: found {text[:80]!r}; expected two actors with a hyphen between, as PRK-KOR, or 'Hamas - ISR'")


def _cuts(text: str) -> Iterator[tuple[str, str]]:
    for between in (" - ", "-"):
        parts = text.split(between)
        for cut in range(1, len(parts)):
            a, b = between.join(parts[:cut]).strip(), between.join(parts[cut:]).strip()
            if a and b:
                yield a, b


def name_party(asked: Asked, text: str) -> Party:
    """A text -> the party of the store or the codebook that it names."""
    from detente.store.sides import find_party

    return asked.share(("party", text), lambda: find_party(asked.store, text))


def read_situation(asked: Asked) -> Situation:
    """``pair`` of the path, ``at`` or ``day`` -> the situation, which all pages of it share."""
    from detente.analysis.situation import Situation
    from detente.analysis.table import load_reported
    from detente.store.tables import has_events

    a, b = find_pair(asked, asked.path["pair"])
    at = read_day(asked)
    if not has_events(asked.store):
        raise missing("store: found no events in it; expected some; paste a report at the desk, or detente add, or detente import")
    today = datetime.datetime.now(datetime.UTC).date()
    if at is not None and at > today:
        raise InputError(f"at: found {at}, which is to come; expected a day up to {today}")

    def make() -> Situation:
        # how much was reported on each day is the same for all pairs
        return Situation(asked.store, a.name, b.name, at=at, reported=asked.share(("reported",), lambda: load_reported(asked.store)))

    return asked.share(("situation", a.name, b.name, at), make)


def read_day(asked: Asked) -> datetime.date | None:
    """The day to stand at: ``at`` as YYYY-MM-DD, or ``day`` as the slider has it, a number of days from 1 January 1970."""
    at = asked.day("at")
    number = asked.number("day", 0, least=-700_000, most=2_900_000)
    given = asked.text("day") is not None
    if given and at is not None:
        raise InputError("day: found it with at; expected one of them")
    return EPOCH + datetime.timedelta(days=number) if given else at


def read_span(asked: Asked, situation: Situation) -> tuple[datetime.date, datetime.date]:
    """``from`` and ``until`` -> the first and last day that charts show, by default the last year; never after the day that the page stands at."""
    start, end = asked.day("from"), asked.day("until")
    last = min(end or situation.at, situation.at)
    if start is not None and start > last:
        raise InputError(f"from: found {start}, after {last}; expected a day up to it")
    return start or go_back(last, SHOWN_DAYS), last


def go_back(day: datetime.date, days: int) -> datetime.date:
    """A day and a number of days -> the day so many before, not before the first that there is."""
    return datetime.date.fromordinal(max(1, day.toordinal() - days))


# -- what stands at the top --------------------------------------------------------------------------------------------------
def make_heading(asked: Asked, situation: Situation, tab: str = "") -> Heading:
    """A situation -> its heading, with links that keep the day and the days shown."""
    from detente.show_situation import say_party

    a, b = situation.a.name, situation.b.name
    path = pair_address(a, b)
    kept: dict[str, Any] = {"at": situation.at if situation.asked else None, "from": asked.text("from"), "until": asked.text("until")}
    days = situation.dyad["day"]
    return Heading(
        a=Side(a, say_party(a)),
        b=Side(b, say_party(b)),
        at=situation.at,
        events=situation.dyad["event_id"].n_unique(),
        first_day=days.min(),  # type: ignore[arg-type]
        last_day=days.max(),  # type: ignore[arg-type]
        origins=dict(situation.dyad.unique("event_id")["origin"].value_counts().sort("count", descending=True).iter_rows()),
        reason=situation.reason,
        told_later=situation.told_later,
        undated=situation.undated,
        path=path,
        tabs=tuple(Tab(address(f"{path}/{key}" if key else path, kept), label, key == tab) for key, label in TABS),
        time=_make_timebar(asked, situation, f"{path}/{tab}" if tab else path),
    )


def _make_timebar(asked: Asked, situation: Situation, path: str) -> Timebar:
    days = list_days(asked, situation)
    first, last = (days[0], days[-1]) if days else (None, None)
    at, day = situation.at, datetime.timedelta(days=1)
    before = max((d for d in days if d < at), default=None)
    after = min((d for d in days if d > at), default=None)

    def to(there: datetime.date | None) -> str | None:
        return address(path, {"at": there}) if there else None

    return Timebar(
        at=at,
        is_asked=situation.asked,
        first=first,
        last=last,
        first_number=number_of(first or at),
        last_number=number_of(max(last or at, at)),
        number=number_of(at),
        path=path,
        day_before=to(at - day if first and at > first else None),
        day_after=to(at + day if last and at < last else None),
        event_before=to(before),
        event_after=to(after),
        latest=address(path) if situation.asked and last and last != at else None,
    )


def number_of(day: datetime.date) -> int:
    """A day -> its number from 1 January 1970, as the slider has it."""
    return (day - EPOCH).days


def list_days(asked: Asked, situation: Situation) -> list[datetime.date]:
    """A situation -> the days on which anything happened between the two, also those after the day that it stands at: one can go there."""
    a, b = situation.a, situation.b
    if not situation.asked:
        return asked.share(("days", a.name, b.name), lambda: situation.dyad["day"].unique().sort().to_list())
    return asked.share(("days", a.name, b.name), lambda: _load_days(asked, a, b))


def _load_days(asked: Asked, a: Party, b: Party) -> list[datetime.date]:
    from detente.analysis.dyads import load_dyad
    from detente.store.pairs import list_days as list_between

    if all(party.members and not party.names and not party.sectors and all(m.since is None and m.until is None for m in party.members) for party in (a, b)):
        # two sets of countries: by the index of pairs, without the events themselves
        pairs = [pair for one in a.members for other in b.members if one != other for pair in ((one.country, other.country), (other.country, one.country))]
        return list_between(asked.store, list(dict.fromkeys(pairs)))
    return load_dyad(asked.store, a, b, with_text=False)["day"].unique().sort().to_list()
