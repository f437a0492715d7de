"""Events out of the store: pages of them, and single ones with their mentions and where these differ."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from detente.errors import SettingsError, StoreError
from detente.store import schema
from detente.store.filters import COUNTED, WALKED_FROM, Filters, make_conditions, resolve_asked, say_filters
from detente.store.recorded import read_record
from detente.store.schema import Store, reading
from detente.store.sides import choose_actors, find_party, make_side

_e, _m, _p = schema.events, schema.mentions, schema.places
PAGE_EVENTS = 25
LEAST_PREFIX = 4
"""So many first characters of an event's id are taken for it."""
_ACTORS = msgspec.json.Decoder(list[dict[str, Any]])


class Page(NamedTuple):
    """Some of the events that were found. ``total``: how many there are, ``COUNTED`` if there are as many or more; ``said``: in English, what they are."""

    said: str
    total: int
    first: int
    events: list[dict[str, Any]]


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
        out = [name for name in asked if connection.scalar(choose_actors(make_side(resolve_asked(name))).limit(1)) is None]
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
