"""Events out of the store. Each filter is a condition of SQL and a phrase of English, made together, so that what is shown is what is said."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from detente.codebook.ladder import HIGHEST_SINGLE, LOWEST
from detente.codebook.parties import Party, is_code, resolve_party
from detente.errors import SettingsError, StoreError
from detente.store import schema
from detente.store.recorded import read_record
from detente.store.schema import Store, reading
from detente.store.sides import Side, choose_actors, find_party, make_side

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
PAGE_EVENTS = 25
LEAST_PREFIX = 4
"""So many first characters of an event's id are taken for it."""
COUNTED = 1_000
"""Events are counted up to here: to count them all would cost more than to show a page of them."""
WALKED_FROM = 20_000
"""A party with so many events is looked for event by event, in the order of the page: to gather them first would cost more. Set on a million events."""
_FIRST_DAY = datetime.date(1, 1, 31)
_ACTORS = msgspec.json.Decoder(list[dict[str, Any]])


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


class Page(NamedTuple):
    """Some of the events that were found. ``total``: how many there are, ``COUNTED`` if there are as many or more; ``said``: in English, what they are."""

    said: str
    total: int
    first: int
    events: list[dict[str, Any]]


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


def _resolve(asked: str) -> Party:
    """A text of a filter -> its party: a name that is not known is one of the store's. ``check_actors`` says whether the store has it."""
    return resolve_party(asked, lambda _: True)


def _say(party: Party) -> str:
    sectors = "+".join(party.sectors)
    base = party.name.removesuffix(f"/{sectors}") if sectors else party.name
    if party.sectors and not (party.members or party.names):
        return f"actors of the sector {' or '.join(party.sectors)}"
    return f"{base} ({sectors})" if sectors else base


def _by_actors(f: Filters, is_large: IsLarge) -> list[Condition]:
    out: list[Condition] = [(_takes_part(a, None, is_large), f"with {_say(a)} on either side") for a in map(_resolve, f.actors)]
    if f.source:
        source = _resolve(f.source)
        out.append((_takes_part(source, "source", is_large), f"done by {_say(source)}"))
    if f.target:
        target = _resolve(f.target)
        out.append((_takes_part(target, "target", is_large), f"done to {_say(target)}"))
    if f.dyad:
        first, second = map(_resolve, f.dyad)
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


def find_events(store: Store, filters: Filters, *, first: int = 1, limit: int | None = PAGE_EVENTS, newest_first: bool = False) -> Page:
    """Filters -> a page of events by day, those without a day at the end; ``first`` counts from 1."""
    if first < 1:
        raise SettingsError(f"page: found {first}; expected 1 or more")
    order = [_e.c.date_start.desc().nulls_last(), _e.c.id.desc()] if newest_first else [_e.c.date_start.asc().nulls_last(), _e.c.id.asc()]
    with reading(store) as connection:
        conditions = [condition for condition, _ in make_conditions(filters, connection.dialect.name, lambda query: is_large_in(connection, query))]
        # the page is chosen by narrow rows, and only its events are then read whole
        chosen = sa.select(_e.c.id).where(*conditions).order_by(*order).offset(first - 1)
        if limit is not None:
            chosen = chosen.limit(limit)
        total = connection.scalar(sa.select(sa.func.count()).select_from(sa.select(_e.c.id).where(*conditions).limit(COUNTED).subquery())) or 0
        rows = connection.execute(listing().where(_e.c.id.in_(chosen)).order_by(*order)).mappings().all()
        return Page(say_filters(filters), total, first, [event_dict(row) for row in rows])


def asked_actors(filters: Filters) -> list[tuple[str, str]]:
    """Filters -> the actors that they ask for, each with the name of its filter."""
    one = (("source", filters.source), ("target", filters.target), *(("dyad", name) for name in filters.dyad or ()))
    return [*(("actor", name) for name in filters.actors), *((name, value) for name, value in one if value)]


def check_actors(store: Store, filters: Filters, mark: str = "") -> None:
    """Refuses, with ``InputError``, an actor that neither the register nor the store has. ``mark``: what stands before the filter's name in a refusal ("--")."""
    for name, asked in asked_actors(filters):
        find_party(store, asked, f"{mark}{name}")


def find_unknown(store: Store, filters: Filters) -> list[str]:
    """Filters -> the actors and the origin that they ask for and the store does not have at all, in any event."""
    asked = dict.fromkeys(name for _, name in asked_actors(filters))
    origins = sa.select(schema.origins.c.name)
    with reading(store) as connection:
        out = [name for name in asked if connection.scalar(choose_actors(make_side(_resolve(name))).limit(1)) is None]
        return out if filters.origin is None or connection.scalar(origins.where(schema.origins.c.name == filters.origin)) else [*out, filters.origin]


def is_large_in(connection: Connection, query: sa.Select[int]) -> bool:
    """Whether a query of events' numbers gives so many that the events are better walked through."""
    return (connection.scalar(sa.select(sa.func.count()).select_from(query.limit(WALKED_FROM).subquery())) or 0) >= WALKED_FROM


def count_days(store: Store, first: str, second: str) -> list[tuple[str, int]]:
    """Two countries -> what the first did to the second: (day, number of events), by day; events without a day are left out."""
    table = schema.dyads
    query = sa.select(table.c.date_start, sa.func.count()).where(table.c.source == first, table.c.target == second, table.c.date_start != "")
    with reading(store) as connection:
        return [(day, number) for day, number in connection.execute(query.group_by(table.c.date_start).order_by(table.c.date_start))]


def listing() -> sa.Select[Any]:
    """The rows that ``event_dict`` takes."""
    where = [_p.c.name, _p.c.country, _p.c.precision, _p.c.latitude, _p.c.longitude, _p.c.gazetteer_id]
    return sa.select(_e, *(c.label(f"place_{c.name}") for c in where)).outerjoin(_p, _e.c.place_id == _p.c.id)


def event_dict(row: Any) -> dict[str, Any]:
    """A row of ``listing`` -> the event as it is written as JSON."""
    place = None
    if row["place_id"] is not None:
        place = {name: row[f"place_{name}"] for name in ("name", "country", "latitude", "longitude", "precision", "gazetteer_id")} | {"country": row["place_country"] or None}
    date = {"start": row["date_start"], "end": row["date_end"], "precision": row["date_precision"]} if row["date_start"] else None
    plain = ("event_id", "origin", "event_type", "quad", "intensity", "cameo", "goldstein", "modality", "historical", "dead", "injured", "confidence", "rung", "review")
    counts = ("mentions", "reports", "sources", "copies", "first_report", "latest_report", "revision")
    return {
        **{name: row[name] for name in plain},
        "modes": msgspec.json.decode(row["modes"]),
        "contexts": msgspec.json.decode(row["contexts"]),
        "source": _plain_actors(row["source"]),
        "target": _plain_actors(row["target"]),
        "date": date,
        "place": place,
        **{name: row[name] for name in counts},
    }


def _plain_actors(text: str) -> list[dict[str, Any]]:
    return [{name: actor.get(name) for name in ("name", "country", "sectors", "entity")} for actor in _ACTORS.decode(text)]


def load_event(store: Store, event_id: str) -> dict[str, Any]:
    """An event's id, that of one of its mentions, or the first characters of one -> the event with its mentions, differing values and history."""
    with reading(store) as connection:
        key = find_key(connection, event_id, store.name)
        event = read_event(connection, key)
        mentions = _load_mentions(connection, key)
        changes = connection.execute(
            sa.select(schema.history, _m.c.mention_id.label("by"))
            .join(_m, schema.history.c.mention_id == _m.c.id)
            .where(schema.history.c.event_id == key)
            .order_by(schema.history.c.id)
        ).mappings()
        history = [
            {"revision": c["revision"], "field": c["field"], "before": msgspec.json.decode(c["before"]), "after": msgspec.json.decode(c["after"]), "because_of": c["by"]}
            for c in changes
        ]
        decided = connection.execute(sa.select(schema.decisions).where(schema.decisions.c.event_id == event["event_id"]).order_by(schema.decisions.c.id)).mappings()
        decisions = [{**{name: d[name] for name in _DECIDED}, "record": msgspec.json.decode(d["record"])} for d in decided]
        withdrawal = _load_withdrawal(connection, event["event_id"])
    return {**event, "withdrawal": withdrawal, "differing": differing_values(mentions), "evidence": mentions, "history": history, "decisions": decisions}


def _load_withdrawal(connection: Connection, event_id: str) -> dict[str, Any] | None:
    """When and where its origin took an event back; a version later than that stands all the same."""
    w, o = schema.withdrawals, schema.provenance
    found = connection.execute(sa.select(w.c.withdrawn_at, o.c.location, w.c.row).join(o, w.c.provenance_id == o.c.id).where(w.c.event_id == event_id)).mappings().first()
    return dict(found) if found else None


_DECIDED = ("id", "action", "reviewer", "decided_at", "why", "undone_by")


def read_event(connection: Connection, key: int) -> dict[str, Any]:
    """The row of an event -> the event as it is written as JSON."""
    return event_dict(connection.execute(listing().where(_e.c.id == key)).mappings().one())


def find_key(connection: Connection, asked: str, name: str) -> int:
    """An event's id, that of one of its mentions, or the first characters of one -> the event's row; ``name`` is that of the store."""
    if len(asked) < LEAST_PREFIX or not asked.isalnum():
        raise StoreError(f"{name}: found the id {asked!r}; expected an event's id, or its first characters, at least {LEAST_PREFIX}")
    found: dict[int, str] = {}
    for query in (sa.select(_e.c.id, _e.c.event_id).where(*_begins(_e.c.event_id, asked)), sa.select(_m.c.event_id, _m.c.mention_id).where(*_begins(_m.c.mention_id, asked))):
        found |= {key: shown for key, shown in connection.execute(query.limit(6))}
    if not found:
        raise StoreError(f"{name}: found no event {asked!r}; expected an id as detente events shows it")
    if whole := [key for key, shown in found.items() if shown == asked]:
        return whole[0]
    if len(found) > 1:
        raise StoreError(f"{name}: found several events that begin with {asked!r} ({', '.join(sorted(found.values())[:5])}); expected one; give more of the id")
    return next(iter(found))


def _begins(column: sa.Column[str], asked: str) -> tuple[sa.ColumnElement[bool], ...]:
    """First characters of an id -> the condition; the bounds are what an index answers by, LIKE reads the whole table (14 s for a million events)."""
    return column >= asked, column < asked + "zz", column.startswith(asked)


def _load_mentions(connection: Connection, event: int) -> list[dict[str, Any]]:
    d, o = schema.documents, schema.provenance
    original = d.alias("original")
    query = (
        sa.select(
            _m,
            d.c.doc_id,
            d.c.title,
            d.c.published_on,
            d.c.publisher,
            d.c.url,
            d.c.similarity,
            original.c.doc_id.label("copy_of"),
            o.c.origin,
            o.c.location,
            o.c.codebook,
            o.c.recorded_at,
        )
        .join(o, _m.c.provenance_id == o.c.id)
        .outerjoin(d, _m.c.document_id == d.c.id)
        .outerjoin(original, d.c.copy_of == original.c.id)
        .where(_m.c.event_id == event)
        .order_by(_m.c.position)
    )
    fields = ("doc_id", "title", "publisher", "published_on", "url", "copy_of", "similarity", "origin", "location", "row", "codebook", "recorded_at", "match_score")
    return [
        {"mention_id": m["mention_id"], **{name: m[name] for name in fields}, "record": msgspec.json.decode(m["record"] or msgspec.json.encode(read_record(connection, m)))}
        for m in connection.execute(query).mappings().all()
    ]


def differing_values(mentions: Sequence[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """The mentions of an event -> for each field on which they differ, the values, most told first, each with the reports that have it and who is said to say so.

    Copies tell nothing of their own. A date differs if two periods do not overlap; that one says "in June" and one "on 16 June" is no difference.
    """
    telling = [m for m in mentions if m["copy_of"] is None]
    out: dict[str, list[dict[str, Any]]] = {}
    for name, value_of in _VALUES:
        told: dict[str, dict[str, Any]] = {}
        for mention in telling:
            value = value_of(mention["record"])
            if value is None:
                continue
            entry = told.setdefault(value, {"value": value, "reports": [], "said_by": []})
            entry["reports"].append({"doc_id": mention["doc_id"], "publisher": mention["publisher"], "published_on": mention["published_on"]})
            entry["said_by"] = list(dict.fromkeys([*entry["said_by"], *(_label(a) for a in mention["record"].get("said_by") or [])]))
        if len(told) > 1 and not (name == "date" and _overlap(list(told))):
            out[name] = sorted(told.values(), key=lambda e: (-len(e["reports"]), str(e["value"])))
    return out


def _sides(name: str) -> Callable[[dict[str, Any]], str | None]:
    return lambda record: ", ".join(sorted({_label(a) for a in record[name]})) or None


def _label(actor: dict[str, Any]) -> str:
    sectors = "+".join(actor.get("sectors") or [])
    return f"{actor.get('entity') or actor['name']}{f' ({sectors})' if sectors and sectors != 'GOV' else ''}"


def _period(record: dict[str, Any]) -> str | None:
    date = record.get("date")
    if not date:
        return None
    return str(date["start"]) if date["start"] == date["end"] else f"{date['start']}/{date['end']}"


def _overlap(periods: Sequence[str]) -> bool:
    bounds = [(p.partition("/")[0], p.rpartition("/")[2]) for p in periods]
    return max(start for start, _ in bounds) <= min(end for _, end in bounds)


def _number(name: str) -> Callable[[dict[str, Any]], str | None]:
    return lambda record: None if record.get(name) is None else str(record[name])


_VALUES: tuple[tuple[str, Callable[[dict[str, Any]], str | None]], ...] = (
    ("source", _sides("source")),
    ("target", _sides("target")),
    ("date", _period),
    ("place", lambda record: record["place"]["name"] if record.get("place") else None),
    ("dead", _number("dead")),
    ("injured", _number("injured")),
)
