"""Who is who: the parties of a store, and of each what the register knows, whom it deals with, and what it did and met with last."""

from __future__ import annotations

import datetime
import functools
from typing import TYPE_CHECKING, Any

import msgspec

from detente.errors import InputError
from detente.store.filters import Filters
from detente.store.query import find_events, find_unknown
from detente.store.tables import latest_day
from detente.web.asked import Asked
from detente.web.desk import first_words
from detente.web.leaders import Leader, find_leaders
from detente.web.pages_dyads import PairRow, list_all, list_of, rank_pairs, read_recent, show_pair
from detente.web.pairs import Side, name_party
from detente.web.refusals import missing
from detente.web.routing import Page

if TYPE_CHECKING:
    from altair.typing import ChartType

    from detente.codebook.parties import Party
    from detente.codebook.register import Entry

PAGE_ACTORS, MOST_PAGE = 60, 10_000
SHOWN_PAIRS, SHOWN_EVENTS, SHOWN_ALIASES, SHOWN_FOUND, SHOWN_LEADERS = 12, 8, 40, 20, 14


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """An office between two days, as far as they are known; ``is_now``: held on the store's latest day."""

    role: str
    country: str
    sectors: tuple[str, ...]
    start: str
    end: str
    is_now: bool


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What the register says of one that is called so."""

    name: str
    kind: str
    country: str
    sectors: tuple[str, ...]
    detail: str
    aliases: tuple[str, ...]
    offices: tuple[Held, ...]


class Listed(msgspec.Struct, frozen=True):
    """A party of the store: with how many pairs, and events of them."""

    actor: Side
    pairs: int
    events: int
    last: str


class ActorsPage(msgspec.Struct, frozen=True, kw_only=True):
    """Parties of the store, most events first; with ``text`` those whose name holds it, and what else the register has under that name."""

    text: str
    total: int
    page: int
    page_actors: int
    actors: tuple[Listed, ...]
    found: tuple[Known, ...]
    near: tuple[str, ...]


class ActorPage(msgspec.Struct, frozen=True, kw_only=True):
    """One party on a day. ``is_group``: it is made of several countries, ``members``, whose events are listed with each of them. ``leaders``: who held office there then;
    ``words``: the first of the evidence of the events, by id."""

    actor: Side
    at: datetime.date | None
    is_asked: bool
    leaders: tuple[Leader, ...]
    leaders_total: int
    known: tuple[Known, ...]
    members: tuple[Side, ...]
    is_group: bool
    sectors: tuple[str, ...]
    pairs_total: int
    pairs: tuple[PairRow, ...]
    did: tuple[dict[str, Any], ...]
    did_total: int
    met: tuple[dict[str, Any], ...]
    met_total: int
    words: dict[str, str]
    weeks: int


# -- the list ----------------------------------------------------------------------------------------------------------------
def read_list(asked: Asked) -> ActorsPage:
    """``text``, ``page`` -> parties of the store, and of the register."""
    text, number = asked.text("text") or "", asked.number("page", 1, most=MOST_PAGE)
    listed = asked.share(("actors",), lambda: _count(asked))
    wanted = text.casefold()
    chosen = [one for one in listed if wanted in f"{one.actor.name} {one.actor.key}".casefold()] if text else listed
    found: tuple[Known, ...] = ()
    near: tuple[str, ...] = ()
    if text:
        from detente.actor_file import find_entries, suggest_names

        at = latest_day(asked.store)
        found = tuple(_tell(entry, at) for _, entry in find_entries(text)[:SHOWN_FOUND])
        near = () if found or chosen else tuple(suggest_names(text))
    return ActorsPage(
        text=text, total=len(chosen), page=number, page_actors=PAGE_ACTORS, actors=tuple(chosen[(number - 1) * PAGE_ACTORS : number * PAGE_ACTORS]), found=found, near=near
    )


def _count(asked: Asked) -> list[Listed]:
    from detente.show_situation import say_party

    sums: dict[str, tuple[int, int, str]] = {}
    for span in list_all(asked):
        for key in (span.a, span.b):
            pairs, events, last = sums.get(key, (0, 0, ""))
            sums[key] = (pairs + 1, events + span.events, max(last, span.last))
    ranked = sorted(sums.items(), key=lambda item: (-item[1][1], item[0]))
    return [Listed(Side(key, say_party(key)), *counted) for key, counted in ranked]


# -- one actor ---------------------------------------------------------------------------------------------------------------
def read_actor(asked: Asked) -> ActorPage:
    """``name`` of the path (PRK, PRK/MIL, Hamas, East Asia), ``at`` -> who that is, by default on the latest day of the store."""
    from detente.analysis.movers import WEEKS
    from detente.show_situation import say_party

    party = _find(asked)
    given = asked.day("at")
    at = given or latest_day(asked.store)
    pairs = [span for span in list_of(asked, party) if at is None or span.first <= at.isoformat()]
    recent = read_recent(asked, at) if at else None
    ranked = rank_pairs(pairs, "grave", recent, party)[:SHOWN_PAIRS]
    is_group = len(party.members) > 1
    did, did_total = _list_events(asked, party, "source", at)
    met, met_total = _list_events(asked, party, "target", at)
    leaders = find_leaders(party.members[0].country, at, party.sectors) if at and len(party.members) == 1 and not party.names else []
    return ActorPage(
        actor=Side(party.name, say_party(party.name)),
        at=at,
        is_asked=given is not None,
        leaders=tuple(leaders[:SHOWN_LEADERS]),
        leaders_total=len(leaders),
        known=tuple(_tell(entry, at) for entry in _entries(party)),
        members=tuple(Side(m.country, say_party(m.country)) for m in party.members) if is_group else (),
        is_group=is_group,
        sectors=party.sectors,
        pairs_total=len(pairs),
        pairs=tuple(show_pair(span, recent, at, party) for span in ranked) if at and recent is not None else (),
        did=did,
        did_total=did_total,
        met=met,
        met_total=met_total,
        words=first_words(asked.store, list({event["event_id"]: None for event in (*did, *met)})),
        weeks=WEEKS,
    )


def _find(asked: Asked) -> Party:
    try:
        return name_party(asked, asked.path["name"])
    except InputError as error:
        raise missing(str(error)) from None


def _entries(party: Party) -> list[Entry]:
    """What the register has of a party: its country or its name."""
    from detente.actor_file import find_entries

    base = party.name.partition("/")[0]
    if len(party.members) > 1 or not base:
        return []
    found = [entry for _, entry in find_entries(base)]
    if party.members:
        return [entry for entry in found if entry.kind == "country"][:1]
    return [entry for entry in found if entry.kind in ("person", "organisation")][:3]


def _tell(entry: Entry, at: datetime.date | None) -> Known:
    from detente.codebook.register import tenure_on

    now = tenure_on(entry, at.isoformat()) if at and entry.tenures else None
    offices = tuple(
        Held(role=t.role, country=t.country or "", sectors=t.sectors, start=t.start, end=t.end, is_now=now is not None and now[1] and t == now[0])
        for t in entry.tenures
        if t.role or t.start or t.end
    )
    aliases = tuple(form for form in _forms_of().get(entry, ()) if form != entry.name)[:SHOWN_ALIASES]
    return Known(name=entry.name, kind=entry.kind, country=entry.country or "", sectors=entry.sectors, detail=entry.detail, aliases=aliases, offices=offices)


@functools.cache
def _forms_of() -> dict[Entry, tuple[str, ...]]:
    """Each entry of the register -> the names that it goes by."""
    from detente.codebook.register import load_register

    out: dict[Entry, dict[str, None]] = {}
    for listed in load_register().names.values():
        for form, entries in listed:
            for entry in entries:
                out.setdefault(entry, {})[form] = None
    return {entry: tuple(forms) for entry, forms in out.items()}


def _list_events(asked: Asked, party: Party, side: str, at: datetime.date | None) -> tuple[tuple[dict[str, Any], ...], int]:
    """The latest events that a party did, or met with, and how many there are in all."""
    name = party.name
    if at is None or len(party.members) > 1:
        return (), 0
    filters = Filters(source=name, until=at, with_background=False) if side == "source" else Filters(target=name, until=at, with_background=False)
    if find_unknown(asked.store, filters):
        return (), 0
    found = find_events(asked.store, filters, limit=SHOWN_EVENTS, newest_first=True)
    return tuple(found.events), found.total


def draw(asked: Asked) -> ChartType | None:
    """Whom the party deals with, and what passes between those, in the last half year of the store."""
    import polars as pl

    from detente.analysis.dyads import is_party
    from detente.charts.network import MOST_PARTIES, count_ties, draw_network

    party, at = _find(asked), asked.day("at") or latest_day(asked.store)
    if at is None:
        return None
    table = read_recent(asked, at)
    own = table.filter(is_party(party, "source") | is_party(party, "target"))
    about = set(own.filter(is_party(party, "source"))["source"]) | set(own.filter(is_party(party, "target"))["target"])
    keys = list(dict.fromkeys(key for pair in count_ties(own).select("a", "b").iter_rows() for key in pair))[:MOST_PARTIES]
    if not keys or (party.names and not any(key.casefold() in party.names for key in about)):
        return None  # a person or body of a state: the network of its events would be the state's
    whole = pl.concat([own, table.filter(pl.col("source").is_in(keys) & pl.col("target").is_in(keys))]).unique(["event_id", "source", "target"], maintain_order=True)
    try:
        return draw_network(whole.sort("day", "event_id", "source", "target"), about=tuple(sorted(about)))
    except InputError:
        return None


PAGES = (
    Page("/actors", read_list, "actors.html", "Actors", nav="actors"),
    Page("/actors/{name:path}", read_actor, "actor.html", lambda r: r.actor.name, nav="actors", charts={"network": draw}),
)
