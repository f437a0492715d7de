"""What events to show: each filter is a condition of SQL and a phrase of English, made together, so that what is shown is what is said."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from detente.codebook.ladder import HIGHEST_SINGLE, LOWEST
from detente.codebook.parties import Party, is_code, resolve_party
from detente.errors import SettingsError
from detente.store import schema
from detente.store.sides import Side, choose_actors, make_side

MODALITIES = ("actual", "future", "hypothetical", "negated")
REVIEWS = {
    "standing": "neither rejected nor withdrawn",
    "accepted": "accepted by a reviewer",
    "corrected": "corrected by a reviewer",
    "rejected": "rejected by a reviewer",
    "withdrawn": "withdrawn by their origin",
    "unreviewed": "not reviewed",
}
OUT_OF_VIEW = ("rejected", "withdrawn")
"""States of review that keep an event out of lists and series unless asked for."""
QUADS = {1: "verbal cooperation", 2: "material cooperation", 3: "verbal conflict", 4: "material conflict"}
COUNTED = 1_000
"""Events are counted up to here: to count them all would cost more than to show a page of them."""
WALKED_FROM = 20_000
"""A party with so many events is looked for event by event, in the order of the page: to gather them first would cost more. Set on a million events."""
_FIRST_DAY = datetime.date(1, 1, 31)


class Filters(msgspec.Struct, frozen=True, kw_only=True):
    """What to show; what is left out does not count. An actor is whatever ``resolve_party`` reads: a country (PRK, North Korea), its sector (PRK/MIL), a region, a name.

    ``dyad``: two parties; ``one_way``: only what the first did to the second. ``modality`` of ``None`` is any. ``rungs``: lowest and highest of the ladder.
    ``review``: ``standing`` is all that no reviewer has rejected and no origin withdrawn, ``None`` all. Days are inclusive; an event whose
    day is known to a month or a year only counts if its period touches the days asked for.
    """

    actors: tuple[str, ...] = ()
    source: str | None = None
    target: str | None = None
    dyad: tuple[str, str] | None = None
    one_way: bool = False
    types: tuple[str, ...] = ()
    modes: tuple[str, ...] = ()
    contexts: tuple[str, ...] = ()
    rungs: tuple[int, int] | None = None
    quads: tuple[int, ...] = ()
    place: str | None = None
    since: datetime.date | None = None
    until: datetime.date | None = None
    modality: str | None = "actual"
    origin: str | None = None
    least_confidence: float | None = None
    text: str | None = None
    with_background: bool = True
    review: str | None = "standing"


_e, _m, _p = schema.events, schema.mentions, schema.places
_e, _m, _p = schema.events, schema.mentions, schema.places
Condition = tuple[sa.ColumnElement[bool], str]
IsLarge = Callable[[sa.Select[int]], bool]
"""Whether a query of events' numbers gives so many that each event is better asked whether it is one of them."""


def _among(query: sa.Select[int], is_large: IsLarge) -> sa.ColumnElement[bool]:
    """Events whose numbers a query gives."""
    if is_large(query):
        return query.where(query.selected_columns[0] == _e.c.id).correlate(_e).exists()
    return _e.c.id.in_(query)


def _takes_part(party: Party, role: str | None, is_large: IsLarge) -> sa.ColumnElement[bool]:
    """Events in which a party stands on a side; a member of a group counts in its time only."""
    table = schema.participants

    def among(side: Side) -> sa.ColumnElement[bool]:
        query = sa.select(table.c.event_id).where(table.c.actor_id.in_(choose_actors(side)))
        return _among(query.where(table.c.role == role) if role else query, is_large)

    spells: dict[tuple[datetime.date | None, datetime.date | None], list[str]] = {}
    for member in party.members:
        spells.setdefault((member.since, member.until), []).append(member.country)
    always = Side(tuple(spells.pop((None, None), ())), party.names, party.sectors)
    out = [among(always)] if always.keys or always.names or not spells else []
    for (since, until), keys in spells.items():
        within = [*([_e.c.date_start >= since.isoformat()] if since else []), *([_e.c.date_start <= until.isoformat()] if until else [])]
        out.append(sa.and_(*within, among(Side(tuple(keys), sectors=party.sectors))))
    return sa.or_(*out) if len(out) > 1 else out[0]


def _between(first: Party, second: Party, is_large: IsLarge) -> sa.ColumnElement[bool]:
    """What the first did to the second: by the index of pairs where both are whole countries, or groups of them at all times."""
    table = schema.dyads
    if not (_is_keyed(first) and _is_keyed(second)):
        return _between_hidden(first, second, is_large)
    ours, theirs = make_side(first).keys, make_side(second).keys
    query = sa.select(table.c.event_id).where(table.c.source.in_(ours), table.c.target.in_(theirs))
    if ours != theirs and set(ours) & set(theirs):
        query = query.where(table.c.source != table.c.target)  # what a state of a region did to itself is not between the region and the state
    return _among(query, is_large)


def _is_keyed(party: Party) -> bool:
    return bool(party.members) and not (party.names or party.sectors or any(member.since or member.until for member in party.members))


def _between_hidden(first: Party, second: Party, is_large: IsLarge) -> sa.ColumnElement[bool]:
    """The same by the participants: the index of pairs, of which series are made, has no rejected and no withdrawn events."""
    return sa.and_(_takes_part(first, "source", is_large), _takes_part(second, "target", is_large))


def resolve_asked(asked: str) -> Party:
    """A text of a filter -> its party: a name that is not known is one of the store's. ``check_actors`` says whether the store has it."""
    return resolve_party(asked, lambda _: True)


def _say(party: Party) -> str:
    sectors = "+".join(party.sectors)
    base = party.name.removesuffix(f"/{sectors}") if sectors else party.name
    if party.sectors and not (party.members or party.names):
        return f"actors of the sector {' or '.join(party.sectors)}"
    return f"{base} ({sectors})" if sectors else base


def _by_actors(f: Filters, is_large: IsLarge) -> list[Condition]:
    out: list[Condition] = [(_takes_part(a, None, is_large), f"with {_say(a)} on either side") for a in map(resolve_asked, f.actors)]
    if f.source:
        source = resolve_asked(f.source)
        out.append((_takes_part(source, "source", is_large), f"done by {_say(source)}"))
    if f.target:
        target = resolve_asked(f.target)
        out.append((_takes_part(target, "target", is_large), f"done to {_say(target)}"))
    if f.dyad:
        first, second = map(resolve_asked, f.dyad)
        names = [_say(party) for party in (first, second)]
        between = _between if f.review not in (None, *OUT_OF_VIEW) else _between_hidden
        if f.one_way:
            out.append((between(first, second, is_large), f"done by {names[0]} to {names[1]}"))
        else:
            out.append((sa.or_(between(first, second, is_large), between(second, first, is_large)), f"between {names[0]} and {names[1]}, in either direction"))
    return out


def _ranged(column: sa.ColumnElement[Any], order: sa.ColumnElement[Any] | None) -> sa.ColumnElement[Any]:
    """A column that is asked for a range, and that of the page's order -> the column for a condition: by its index only if both are one.

    For a page in another order the database would gather and sort all events of the range, a third of a second for a million.
    """
    return column if order is column else column + 0


def _by_kind(f: Filters, order: sa.ColumnElement[Any] | None) -> list[Condition]:
    out: list[Condition] = []
    if f.types:
        out.append((_e.c.event_type.in_(f.types), f"of the type {_either(f.types)}"))
    for mode in f.modes:
        out.append((_e.c.modes.contains(f'"{mode}"', autoescape=True), f"of the mode {mode}"))
    for context in f.contexts:
        out.append((_e.c.contexts.contains(f'"{context}"', autoescape=True), f"in the context {context}"))
    if f.rungs:
        low, high = f.rungs
        out.append((_ranged(_e.c.rung, order).between(low, high), f"on rung {low}" if low == high else f"on the rungs {low} to {high}"))
    if f.quads:
        out.append((_e.c.quad.in_(f.quads), f"that are {_either([QUADS[q] for q in f.quads])}"))
    if f.modality:
        out.append((_e.c.modality == f.modality, "that happened" if f.modality == "actual" else f"told as {f.modality}"))
    if not f.with_background:
        out.append((_e.c.historical.is_(False), "without background"))
    return out


def _by_where_and_when(f: Filters) -> list[Condition]:
    out: list[Condition] = []
    if f.place:
        is_country = is_code(f.place)
        where = _p.c.country == f.place if is_country else sa.func.lower(_p.c.name) == f.place.casefold()
        out.append((_e.c.place_id.in_(sa.select(_p.c.id).where(where)), f"in {f.place}"))
    if f.since:
        # the end decides; the start only bounds the search by the index, as no period is longer than a year
        day = f.since.isoformat()
        earliest = min(f"{f.since.year:04}-01-01", (f.since - datetime.timedelta(days=6)).isoformat()) if f.since > _FIRST_DAY else "0001-01-01"
        out.append((sa.and_(_e.c.date_start >= earliest, _e.c.date_end >= day), f"from {day}"))
    if f.until:
        out.append((_e.c.date_start <= f.until.isoformat(), f"until {f.until.isoformat()}"))
    return out


def _by_record(f: Filters, dialect: str, order: sa.ColumnElement[Any] | None) -> list[Condition]:
    out: list[Condition] = []
    if f.origin:
        out.append((_e.c.origin == f.origin, f"coded by {f.origin}"))
    if f.review == "unreviewed":
        out.append((_e.c.review == "", REVIEWS[f.review]))
    elif f.review == "standing":
        out.append((_e.c.review.not_in(OUT_OF_VIEW), ""))
    elif f.review:
        out.append((_e.c.review == f.review, REVIEWS[f.review]))
    if f.least_confidence is not None:
        out.append((_ranged(_e.c.confidence, order) >= f.least_confidence, f"with a confidence of {f.least_confidence:g} or more"))
    if f.text:
        out.append((_has_words(f.text, dialect), f"whose evidence has {f.text}"))
    return out


def _has_words(text: str, dialect: str) -> sa.ColumnElement[bool]:
    """All the words, a "phrase" as it stands; word forms do not matter."""
    if dialect == "postgresql":
        found = sa.select(_m.c.event_id).where(sa.func.to_tsvector(sa.literal_column("'english'"), _m.c.evidence).op("@@")(sa.func.websearch_to_tsquery("english", text)))
        return _e.c.id.in_(found)
    parts = text.split('"')
    words = [part if n % 2 else word for n, part in enumerate(parts) for word in ([part] if n % 2 else part.split()) if part.strip()]
    if not words:
        raise SettingsError(f"--text: found {text!r}; expected words to look for")
    asked = " ".join(f'"{word}"' for word in words)
    rows = sa.text("SELECT rowid FROM mentions_text WHERE mentions_text MATCH :asked").bindparams(asked=asked)
    return _e.c.id.in_(sa.select(_m.c.event_id).where(_m.c.id.in_(rows)))


def _either(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def make_conditions(filters: Filters, dialect: str, is_large: IsLarge = lambda _: False, order: sa.ColumnElement[Any] | None = None) -> list[Condition]:
    """Filters -> conditions, each with its phrase; ``is_large`` tells which parties have so many events that the events are walked through instead, ``order`` by which column."""
    check_filters(filters)
    groups: tuple[Callable[[Filters], list[Condition]], ...] = (
        lambda f: _by_actors(f, is_large),
        lambda f: _by_kind(f, order),
        _by_where_and_when,
        lambda f: _by_record(f, dialect, order),
    )
    return [condition for group in groups for condition in group(filters)]


def check_filters(filters: Filters) -> None:
    """Refuses values that nothing can have, all in one message."""
    faults = [f"--quad: found {q}; expected 1 to 4" for q in filters.quads if q not in QUADS]
    if filters.modality is not None and filters.modality not in MODALITIES:
        faults.append(f"--modality: found {filters.modality!r}; expected any, {', '.join(MODALITIES)}")
    if filters.review is not None and filters.review not in REVIEWS:
        faults.append(f"--review: found {filters.review!r}; expected any, {', '.join(REVIEWS)}")
    if filters.rungs and not LOWEST <= filters.rungs[0] <= filters.rungs[1] <= HIGHEST_SINGLE:
        faults.append(f"--rung: found {filters.rungs[0]} to {filters.rungs[1]}; expected {LOWEST} to {HIGHEST_SINGLE}, the lower first")
    if filters.since and filters.until and filters.since > filters.until:
        faults.append(f"--since: found {filters.since}; expected a day not after --until {filters.until}")
    if filters.least_confidence is not None and not 0 <= filters.least_confidence <= 1:
        faults.append(f"--confidence: found {filters.least_confidence:g}; expected 0 to 1")
    if faults:
        raise SettingsError("; ".join(faults))


def say_filters(filters: Filters) -> str:
    """Filters -> in English, which events these are."""
    phrases = [said for _, said in make_conditions(filters, "sqlite") if said]
    return f"Events {', '.join(phrases)}" if phrases else "All events"
