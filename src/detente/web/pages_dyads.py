"""The pairs of a store: where each stands and goes, and the way to the situation of any two parties."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from detente.errors import InputError
from detente.store.pairs import PairSpan, list_pairs
from detente.store.tables import Wanted, latest_day
from detente.web.asked import Asked
from detente.web.dispatch import make_asked, need_role, run
from detente.web.pairs import Side, name_party
from detente.web.refusals import missing
from detente.web.rendering import address, pair_address
from detente.web.routing import Page

if TYPE_CHECKING:
    import polars as pl

    from detente.analysis.movers import Mover
    from detente.codebook.parties import Party

PAGE_PAIRS, MOST_PAGE = 25, 100_000
ORDERS = ("grave", "latest", "events", "name")
GRAVE_DAYS = 60
"""The gravest pairs are those with the largest sum of rungs of conflict in so many days, the days that the direction of a pair is told by."""


class LastEvent(msgspec.Struct, frozen=True):
    """The latest event of a pair, as far as the last weeks have it."""

    event_id: str
    day: datetime.date
    event_type: str
    rung: int


class PairRow(msgspec.Struct, frozen=True, kw_only=True):
    """A pair. ``mover``: where it stands and goes; ``None`` if nothing sharp was told of it in the last half year."""

    a: Side
    b: Side
    to: str
    events: int
    first: datetime.date
    last: datetime.date
    mover: Mover | None
    latest: LastEvent | None


class PairsPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of pairs. ``of``: the party whose pairs these are, if one was asked for; ``text``: what their names hold."""

    at: datetime.date | None
    of: Side | None
    asked: str
    text: str
    order: str
    total: int
    page: int
    page_pairs: int
    weeks: int
    names: tuple[str, ...]
    pairs: tuple[PairRow, ...]


def read_page(asked: Asked) -> PairsPage:
    """``a`` (a party), ``b`` (the other), ``text``, ``order``, ``page`` -> pairs."""
    from detente.analysis.movers import WEEKS
    from detente.show_situation import say_party

    a, b, text = asked.text("a"), asked.text("b"), asked.text("text") or ""
    order, number = asked.choice("order", ORDERS, "grave"), asked.number("page", 1, most=MOST_PAGE)
    at = latest_day(asked.store)
    if b and not a:
        a, b = b, None
    party = _party(asked, a) if a else None
    found = list_of(asked, party)
    if b:
        other = _party(asked, b)
        found = [span for span in found if {span.a, span.b} == {party.name if party else "", other.name}] or ([PairSpan(party.name, other.name, 0, "", "")] if party else [])
    if text:
        wanted = text.casefold()
        found = [span for span in found if wanted in f"{say_party(span.a)} {span.a} {say_party(span.b)} {span.b}".casefold()]
    recent = read_recent(asked, at) if at else None
    ranked = rank_pairs(found, order, recent, party)
    shown = ranked[(number - 1) * PAGE_PAIRS : number * PAGE_PAIRS]
    return PairsPage(
        at=at,
        of=Side(party.name, say_party(party.name)) if party else None,
        asked=a or "",
        text=text,
        order=order,
        total=len(found),
        page=number,
        page_pairs=PAGE_PAIRS,
        weeks=WEEKS,
        names=list_names(asked),
        pairs=tuple(show_pair(span, recent, at, party) for span in shown if span.events and at) if recent is not None and at else (),
    )


def _party(asked: Asked, text: str) -> Party:
    try:
        return name_party(asked, text)
    except InputError as error:
        raise missing(str(error)) from None


def list_all(asked: Asked) -> list[PairSpan]:
    """All pairs of the store, those left out of which one is not known."""
    return asked.share(("pairs",), lambda: [span for span in list_pairs(asked.store) if span.a and span.b])


def list_names(asked: Asked) -> tuple[str, ...]:
    """The parties of the store that have most pairs, to choose from while typing."""
    from detente.show_situation import say_party

    def make() -> tuple[str, ...]:
        counts: dict[str, int] = {}
        for span in list_all(asked):
            for key in (span.a, span.b):
                counts[key] = counts.get(key, 0) + span.events
        return tuple(say_party(key) for key in sorted(counts, key=lambda key: (-counts[key], key))[:300])

    return asked.share(("names",), make)


def list_of(asked: Asked, party: Party | None) -> list[PairSpan]:
    """A party -> its pairs, the party first; without one, all. Whole countries are looked up in the index of pairs, the others in the events."""
    spans = list_all(asked)
    if party is None:
        return spans
    from detente.codebook.parties import is_whole_country

    if is_whole_country(party):
        key = party.members[0].country
        return [span if span.a == key else span._replace(a=span.b, b=span.a) for span in spans if key in (span.a, span.b)]
    return asked.share(("pairs of", party.name), lambda: _list_group(asked, party))


def _list_group(asked: Asked, party: Party) -> list[PairSpan]:
    from detente.analysis.dyads import list_dyads
    from detente.analysis.table import load_table
    from detente.store.sides import make_side

    pairs = list_dyads(load_table(asked.store, Wanted(first=make_side(party)), with_text=False), party)
    return [PairSpan(a, b, events, str(first), str(last)) for a, b, events, first, last in pairs.select("a", "b", "events", "first", "last").iter_rows() if b]


def read_recent(asked: Asked, at: datetime.date) -> pl.DataFrame:
    """A day -> the sharp events of the weeks up to it, of all pairs."""
    from detente.analysis.ladder import sharp_events
    from detente.analysis.movers import WEEKS
    from detente.analysis.table import load_table

    since = at - min(datetime.timedelta(weeks=WEEKS), at - datetime.date.min)

    def load() -> pl.DataFrame:
        # without an end nothing is left out as told later: the press tells of a day on the next
        table = sharp_events(load_table(asked.store, Wanted(since=since), with_text=False), at)
        return table.filter(~table["historical"])

    return asked.share(("recent", since, at), load)


def rank_pairs(found: list[PairSpan], order: str, recent: pl.DataFrame | None, party: Party | None) -> list[PairSpan]:
    """Pairs, an order, the events of the last weeks and the party whose pairs they are -> the pairs in that order."""
    import polars as pl

    from detente.show_situation import say_party

    if order == "events":
        return sorted(found, key=lambda span: (-span.events, span.a, span.b))
    if order == "name":
        return sorted(found, key=lambda span: (say_party(span.a), say_party(span.b)))
    latest = sorted(found, key=lambda span: (span.last, span.events), reverse=True)
    if order == "latest" or recent is None or recent.is_empty():
        return latest
    last = recent["day"].max()
    assert isinstance(last, datetime.date)
    near = recent.filter((pl.col("day") > last - datetime.timedelta(days=GRAVE_DAYS)) & (pl.col("rung") > 0) & (pl.col("source") != pl.col("target")))
    if party is not None:
        from detente.analysis.dyads import is_party

        forth = is_party(party, "source")
        near = near.filter(forth != is_party(party, "target")).with_columns(a=pl.lit(party.name), b=pl.when(forth).then(pl.col("target")).otherwise(pl.col("source")))
    else:
        near = near.with_columns(a=pl.min_horizontal("source", "target"), b=pl.max_horizontal("source", "target"))
    sums = {(a, b): rungs for a, b, rungs in near.unique(["event_id", "a", "b"]).group_by("a", "b").agg(pl.col("rung").cast(pl.Int64).sum()).iter_rows()}
    return sorted(latest, key=lambda span: -sums.get((span.a, span.b), 0) or -sums.get((party.name if party else span.a, span.b), 0))


def show_pair(span: PairSpan, recent: pl.DataFrame, at: datetime.date, party: Party | None) -> PairRow:
    """A pair, the events of the last weeks, their last day and the party whose pairs are shown -> its row."""
    from detente.analysis.dyads import select_dyad
    from detente.analysis.movers import look_at
    from detente.show_situation import say_party

    first, last = datetime.date.fromisoformat(span.first), datetime.date.fromisoformat(span.last)
    one = party if party is not None and (span.a == party.name or party.names) else _of_key(span.a)
    dyad = select_dyad(recent, one, _of_key(span.b))
    row = dyad.row(-1, named=True) if dyad.height else None
    return PairRow(
        a=Side(span.a, say_party(span.a)),
        b=Side(span.b, say_party(span.b)),
        to=pair_address(span.a, span.b),
        events=span.events,
        first=first,
        last=last,
        mover=look_at(dyad, span.a, span.b, at, first) if dyad.height else None,
        latest=LastEvent(row["event_id"], row["day"], row["event_type"], row["rung"]) if row else None,
    )


def _of_key(key: str) -> Party:
    from detente.codebook.groups import Member
    from detente.codebook.parties import Party

    return Party(key, (Member(key),))


async def go_between(request: Request) -> Response:
    """``a``, ``b`` of the form -> the address of their situation, or of the pairs of the one that was given. Refused: parties that are none."""
    need_role(request, "read")

    def find() -> str:
        asked = make_asked(request)
        given: Sequence[str] = [text for text in (asked.text("a"), asked.text("b")) if text]
        names = [_party(asked, text).name for text in given]
        return pair_address(names[0], names[1]) if len(names) == 2 else address("/dyads", {"a": names[0]} if names else {})

    return RedirectResponse(await run(request, find), status_code=303)


PAGES = (Page("/dyads", read_page, "dyads.html", lambda r: f"Pairs of {r.of.name}" if r.of else "Pairs", nav="dyads"),)
OTHERS = (Route("/dyads/between", go_between, methods=["GET"]),)
