"""Coded reports -> the store. Each goes in whole or not at all."""

from __future__ import annotations

import datetime
import functools
import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from detente.codebook.ladder import rung_of
from detente.records import Actor, CodedReport, Document, Event, Place
from detente.store import schema
from detente.store.duplicates import Copy, find_original, hash_bands, text_digest, word_runs
from detente.store.matching import DAY, MONTH, UNDATED, YEAR, Sketch, index_keys, look_up, make_sketch, match_event, party_key, pick_best
from detente.store.revising import Standing, found_standing, revise
from detente.store.schema import Store, now, reading, writing

CODED_HERE = "detente"
"""The origin of what this program codes itself."""
PER_RANGE = 24
"""Events that one range of the index may bring, the latest first: a bound on the cost of a report, whatever the size of the store."""
MOST_CANDIDATES = 48
MEMBERS_COMPARED = 8
"""Mentions of an event that a new one is compared with: its first ones."""
SKETCHES_KEPT = 20_000

_ENCODER = msgspec.json.Encoder()
_EVENT = msgspec.json.Decoder(Event)
_ACTORS = msgspec.json.Decoder(tuple[Actor, ...])
_TEXTS = msgspec.json.Decoder(tuple[str, ...])


class Added(NamedTuple):
    """What became of a report. ``known``: its text was there already and nothing was changed; ``copy_of``: id of the report that it copies."""

    known: bool
    copy_of: str | None = None
    founded: int = 0
    joined: int = 0


Sketches = dict[int, Sketch]


def encode(value: Any) -> str:
    """A value -> JSON text."""
    return _ENCODER.encode(value).decode()


def find_known(store: Store, documents: Iterable[Document]) -> set[str]:
    """Documents -> the digests of those of their texts that the store has."""
    digests = [text_digest(d.text) for d in documents]
    with reading(store) as connection:
        return set(connection.scalars(sa.select(schema.documents.c.digest).where(schema.documents.c.digest.in_(digests))))


def add_report(store: Store, report: CodedReport, sketches: Sketches | None = None) -> Added:
    """A coded report -> the store, in one transaction: document, mentions, events founded or revised, claims, relations.

    ``sketches`` may be handed from call to call: mentions that were read already. A text that is there changes nothing.
    """
    known = sketches if sketches is not None else {}
    try:
        with writing(store) as connection:
            return _add(connection, report, known)
    except BaseException:
        known.clear()  # ids of rows that were not kept may be given anew
        raise


def _add(connection: Connection, report: CodedReport, sketches: Sketches) -> Added:
    digest = text_digest(report.document.text)
    if connection.execute(sa.select(schema.documents.c.id).where(schema.documents.c.digest == digest)).first() is not None:
        return Added(known=True)
    codebook = report.events[0].codebook if report.events else ""
    location, row = split_origin(report.document)
    source = provenance(connection, CODED_HERE, location, codebook, licence=None, may_be_passed_on=True)
    document, copy = _add_document(connection, report.document, digest, source, row)
    day = report.document.published_on
    fresh = [make_sketch(event, day) for event in report.events]
    matched = pick_best(_candidate_scores(connection, fresh, sketches))
    of_mention: dict[str, int] = {}
    for n, (event, sketch) in enumerate(zip(report.events, fresh, strict=True)):
        home, score = matched.get(n, (None, None))
        where = _Where(document, copy, source, row, report.document.publisher or "", day.isoformat() if day else None)
        mention = _add_mention(connection, event, sketch, _mention_key(digest, event), home, score, where)
        of_mention[event.event_id] = mention
        sketches[mention] = sketch
    while len(sketches) > SKETCHES_KEPT:
        sketches.pop(next(iter(sketches)))
    _add_claims(connection, report, document, of_mention)
    original = connection.scalar(sa.select(schema.documents.c.doc_id).where(schema.documents.c.id == copy.document)) if copy else None
    return Added(False, original, len(fresh) - len(matched), len(matched))


def split_origin(document: Document) -> tuple[str, int | None]:
    """A document -> the file or URL that it was read from, and its line or row."""
    origin = document.origin or document.url or "-"
    path, _, line = origin.rpartition(":")
    return (path, int(line)) if path and line.isdigit() else (origin, None)


def _mention_key(digest: str, event: Event) -> str:
    return hashlib.blake2b(f"{digest}|{event.event_id}".encode(), digest_size=8).hexdigest()


def _insert_new(connection: Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Rows -> a table, those left out that are there already."""
    if rows:
        make = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
        connection.execute(make(table).on_conflict_do_nothing(), [dict(row) for row in rows])


def row_id(connection: Connection, table: sa.Table, values: Mapping[str, Any], more: Mapping[str, Any] | None = None) -> int:
    """The row of a table with these values -> its id; made, with ``more``, if there is none."""
    found = connection.scalar(_finding(table, tuple(values)), values)
    if found is None:
        return _insert(connection, table, {**values, **(more or {})})
    return int(found)


@functools.cache
def _finding(table: sa.Table, columns: tuple[str, ...]) -> sa.Select[int]:
    return sa.select(table.c.id).where(*(table.c[name] == sa.bindparam(name) for name in columns))


def _insert(connection: Connection, table: sa.Table, values: Mapping[str, Any]) -> int:
    """A row -> its new id."""
    key = connection.execute(table.insert(), values).inserted_primary_key
    assert key is not None
    return int(key[0])


def provenance(connection: Connection, origin: str, location: str, codebook: str, *, licence: str | None, may_be_passed_on: bool) -> int:
    """Where rows come from -> its row, made if there is none."""
    _insert_new(connection, schema.origins, [{"name": origin, "licence": licence, "may_be_passed_on": may_be_passed_on}])
    return row_id(connection, schema.provenance, {"origin": origin, "location": location, "codebook": codebook}, {"recorded_at": now()})


def _add_document(connection: Connection, document: Document, digest: str, provenance: int, row: int | None) -> tuple[int, Copy | None]:
    runs = word_runs(document.text)
    hashes = hash_bands(runs) if runs else []
    copy = find_original(connection, runs, hashes) if hashes else None
    values = {
        "digest": digest,
        "doc_id": document.id,
        "title": document.title,
        "text": document.text,
        "published_on": document.published_on.isoformat() if document.published_on else None,
        "url": document.url,
        "publisher": document.publisher,
        "language": document.language,
        "provenance_id": provenance,
        "row": row,
        "copy_of": copy.document if copy else None,
        "similarity": copy.similarity if copy else None,
    }
    added = _insert(connection, schema.documents, values)
    if copy is None:  # only originals can be found: a bucket does not grow with each copy, and no copy is the copy of another
        _insert_new(connection, schema.bands, [{"hash": h, "document_id": added} for h in sorted(set(hashes))])
    return added, copy


# -- merging -----------------------------------------------------------------------------------------------------------------
_RANGES = sa.text(
    " UNION ALL ".join(
        f"SELECT event_id FROM (SELECT event_id FROM match_keys WHERE key = :key AND period = {n} AND day BETWEEN :low{n} AND :high{n}"  # noqa: S608 - numbers of ours
        f" ORDER BY day DESC, event_id DESC LIMIT {PER_RANGE}) AS range{n}"
        for n in (DAY, MONTH, YEAR, UNDATED)
    )
)


def _candidate_scores(connection: Connection, fresh: Sequence[Sketch], sketches: Sketches) -> list[tuple[float, int, int]]:
    """The mentions of a report -> (score, mention, event) for every event that they might be of."""
    asked = [_find_candidates(connection, sketch) for sketch in fresh]
    members = _load_members(connection, {event for events in asked for event in events}, sketches)
    return [(match_event(sketch, members[event]), n, event) for n, (sketch, events) in enumerate(zip(fresh, asked, strict=True)) for event in events if members.get(event)]


def _find_candidates(connection: Connection, sketch: Sketch) -> list[int]:
    found: dict[int, None] = {}
    asked = look_up(sketch)
    bounds = {f"{side}{part.period}": getattr(part, side) for part in asked for side in ("low", "high")}
    for key in dict.fromkeys(part.key for part in asked):
        if len(found) >= MOST_CANDIDATES:
            break
        for (event,) in connection.execute(_RANGES, {"key": key, **bounds}):
            found[event] = None
    return list(found)[:MOST_CANDIDATES]


def _load_members(connection: Connection, events: Collection[int], sketches: Sketches) -> dict[int, list[Sketch]]:
    """Events -> the sketches of their first mentions."""
    table, members = schema.mentions, dict[int, list[Sketch]]()
    unread: dict[int, int] = {}
    listed = sorted(events)
    for start in range(0, len(listed), 500):
        query = sa.select(table.c.id, table.c.event_id).where(table.c.event_id.in_(listed[start : start + 500]), table.c.position < MEMBERS_COMPARED)
        for mention, event in connection.execute(query.order_by(table.c.event_id, table.c.position)):
            if mention in sketches:
                members.setdefault(event, []).append(sketches[mention])
            else:
                unread[mention] = event
    whole = sa.select(table.c.id, table.c.record, schema.documents.c.published_on).outerjoin(schema.documents, table.c.document_id == schema.documents.c.id)
    missing = sorted(unread)
    for start in range(0, len(missing), 500):
        for mention, record, day in connection.execute(whole.where(table.c.id.in_(missing[start : start + 500])).order_by(table.c.id)):
            sketches[mention] = make_sketch(_EVENT.decode(record), datetime.date.fromisoformat(day) if day else None)
            members.setdefault(unread[mention], []).append(sketches[mention])
    return members


class _Where(NamedTuple):
    """The report of a mention."""

    document: int
    copy: Copy | None
    provenance: int
    row: int | None
    publisher: str
    published_on: str | None

    @property
    def root(self) -> int:
        """The document that counts: the original of a copy."""
        return self.copy.document if self.copy else self.document


def _add_mention(connection: Connection, event: Event, sketch: Sketch, key: str, home: int | None, score: float | None, where: _Where) -> int:
    """A mention -> its event, founded if there is none, and its row."""
    joined = None if home is None else _read_standing(connection, home)
    if home is None:
        home = _found_event(connection, event, key, where)
    values = {
        "mention_id": key,
        "event_id": home,
        "position": joined[1]["mentions"] if joined else 0,
        "match_score": score,
        "document_id": where.document,
        "provenance_id": where.provenance,
        "row": where.row,
        "evidence": "\n".join(dict.fromkeys(" ".join(e.text.split()) for e in event.evidence)),
        "record": encode(event),
    }
    mention = _insert(connection, schema.mentions, values)
    _insert_new(connection, schema.match_keys, [{"key": k, "period": p, "day": d, "event_id": home} for k, p, d in index_keys(sketch)])
    if joined is not None:
        standing, counts = joined
        after, changes = revise(standing, event, where.published_on)
        counts = _count_report(connection, home, counts, where) | {"revision": counts["revision"] + bool(changes)}
        rows = [{"event_id": home, "revision": counts["revision"], "field": f, "before": encode(b), "after": encode(a), "mention_id": mention} for f, b, a in changes]
        if rows:
            connection.execute(schema.history.insert(), rows)
        _write_standing(connection, home, after, counts, {change.field for change in changes})
    return mention


def _found_event(connection: Connection, event: Event, key: str, where: _Where) -> int:
    standing = found_standing(event, where.published_on)
    counts: dict[str, Any] = {"mentions": 1, "reports": 1, "copies": int(where.copy is not None), "sources": 1, "revision": 0}
    counts |= {"first_report": where.published_on, "latest_report": where.published_on}
    values = {**standing_columns(connection, standing, CODED_HERE), **counts, "event_id": key, "origin": CODED_HERE, "quad": event.quad, "modality": event.modality}
    home = _insert(connection, schema.events, values)
    _index_parties(connection, home, standing)
    connection.execute(schema.event_reports.insert(), {"event_id": home, "document_id": where.root})
    connection.execute(schema.event_sources.insert(), {"event_id": home, "publisher": where.publisher})
    return home


def standing_columns(connection: Connection, standing: Standing, origin: str) -> dict[str, Any]:
    """How an event stands, and who coded it -> the columns of its row."""
    values: dict[str, Any] = {name: getattr(standing, name) for name in standing.__struct_fields__ if name != "place"}
    values |= {name: encode(values[name]) for name in ("modes", "contexts", "source", "target")}
    rung = rung_of(standing.event_type, standing.modes, dead=standing.dead, cameo=standing.cameo, origin=origin)
    return values | {"place_id": place_id(connection, standing.place), "rung": rung}


def place_id(connection: Connection, place: Place | None) -> int | None:
    """A place -> its row, made if there is none."""
    if place is None:
        return None
    key = {"name": place.name, "country": place.country or "", "precision": place.precision}
    return row_id(connection, schema.places, key, {"latitude": place.latitude, "longitude": place.longitude, "gazetteer_id": place.gazetteer_id})


_COUNTS = ("mentions", "reports", "sources", "copies", "first_report", "latest_report", "revision")
_p = schema.places
_READ_EVENT = (
    sa.select(schema.events, _p.c.name, _p.c.country, _p.c.precision, _p.c.latitude, _p.c.longitude, _p.c.gazetteer_id)
    .outerjoin(_p, schema.events.c.place_id == _p.c.id)
    .where(schema.events.c.id == sa.bindparam("event"))
)
_COUNTED_REPORT = sa.select(schema.event_reports.c.event_id).where(
    schema.event_reports.c.event_id == sa.bindparam("event"), schema.event_reports.c.document_id == sa.bindparam("root")
)
_COUNTED_SOURCE = sa.select(schema.event_sources.c.event_id).where(
    schema.event_sources.c.event_id == sa.bindparam("event"), schema.event_sources.c.publisher == sa.bindparam("told")
)
_WRITE_EVENT = schema.events.update().where(schema.events.c.id == sa.bindparam("event"))


def _read_standing(connection: Connection, event: int) -> tuple[Standing, dict[str, Any]]:
    """An event's row -> how it stands, and its counts."""
    row = connection.execute(_READ_EVENT, {"event": event}).mappings().one()
    place = None if row["place_id"] is None else Place(row["name"], row["country"] or None, row["latitude"], row["longitude"], row["precision"], gazetteer_id=row["gazetteer_id"])
    values: dict[str, Any] = {name: row[name] for name in Standing.__struct_fields__ if name in schema.events.c}
    values |= {"modes": _TEXTS.decode(row["modes"]), "contexts": _TEXTS.decode(row["contexts"]), "source": _ACTORS.decode(row["source"]), "target": _ACTORS.decode(row["target"])}
    return Standing(**values, place=place), {name: row[name] for name in _COUNTS}


def _write_standing(connection: Connection, event: int, standing: Standing, counts: Mapping[str, Any], changed: set[str]) -> None:
    connection.execute(_WRITE_EVENT, {**standing_columns(connection, standing, CODED_HERE), **counts, "event": event})
    if changed & {"source", "target", "date_start"}:
        for table in (schema.participants, schema.dyads):
            connection.execute(table.delete().where(table.c.event_id == event))
        _index_parties(connection, event, standing)


def _index_parties(connection: Connection, event: int, standing: Standing) -> None:
    roles = [(actor, role) for role, side in (("source", standing.source), ("target", standing.target)) for actor in side]
    rows = [{"event_id": event, "role": role, "actor_id": row_id(connection, schema.actors, actor_columns(actor))} for actor, role in roles]
    _insert_new(connection, schema.participants, rows)
    pairs = dyad_pairs(standing.source, standing.target)
    _insert_new(connection, schema.dyads, [{"source": s, "target": t, "date_start": standing.date_start or "", "event_id": event} for s, t in pairs])


def actor_columns(actor: Actor) -> dict[str, str]:
    """An actor -> its row."""
    return {"name": actor.name, "country": actor.country or "", "sectors": f"+{'+'.join(actor.sectors)}+" if actor.sectors else "", "entity": actor.entity or ""}


def dyad_pairs(source: Iterable[Actor], target: Iterable[Actor]) -> list[tuple[str, str]]:
    """Both sides -> the pairs of party keys."""
    targets = sorted({party_key(a) for a in target})
    return [(s, t) for s in sorted({party_key(a) for a in source}) for t in targets]


def _count_report(connection: Connection, event: int, counts: Mapping[str, Any], where: _Where) -> dict[str, Any]:
    """An event's counts and one more mention -> its counts then: it is a further report unless it, or what it copies, was counted."""
    is_new = connection.execute(_COUNTED_REPORT, {"event": event, "root": where.root}).first() is None
    is_further = is_new and connection.execute(_COUNTED_SOURCE, {"event": event, "told": where.publisher}).first() is None
    if is_new:
        connection.execute(schema.event_reports.insert(), {"event_id": event, "document_id": where.root})
    if is_further:
        connection.execute(schema.event_sources.insert(), {"event_id": event, "publisher": where.publisher})
    days = [day for day in (counts["first_report"], counts["latest_report"], where.published_on) if day]
    return {
        "mentions": counts["mentions"] + 1,
        "reports": counts["reports"] + int(is_new),
        "sources": counts["sources"] + int(is_further),
        "copies": counts["copies"] + int(where.copy is not None),
        "first_report": min(days, default=None),
        "latest_report": max(days, default=None),
    }


def _add_claims(connection: Connection, report: CodedReport, document: int, of_mention: Mapping[str, int]) -> None:
    claims = [{"document_id": document, "holder": c.holder.entity or c.holder.name, "kind": c.kind, "record": encode(c)} for c in report.claims]
    if claims:
        connection.execute(schema.claims.insert(), claims)
    known = [r for r in report.relations if r.first in of_mention and r.second in of_mention]
    if known:
        rows = [{"document_id": document, "kind": r.kind, "first": of_mention[r.first], "second": of_mention[r.second], "record": encode(r)} for r in known]
        connection.execute(schema.relations.insert(), rows)
