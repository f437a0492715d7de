"""Coded reports -> the store. Each goes in whole or not at all."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from detente.records import CodedReport, Document, Event
from detente.store import schema
from detente.store.duplicates import Copy, find_original, hash_bands, text_digest, word_runs
from detente.store.matching import DAY, MONTH, UNDATED, YEAR, Sketch, index_keys, look_up, make_sketch, match_event, pick_best
from detente.store.rebuilding import rebuild_event
from detente.store.revising import revise
from detente.store.rows import CODED_HERE, Where, count_report, encode, found_event, insert_new, insert_row, mention_text, provenance, read_standing, write_standing
from detente.store.schema import Store, reading, writing

PER_RANGE = 24
"""Events that one range of the index may bring, the latest first: a bound on the cost of a report, whatever the size of the store."""
MOST_CANDIDATES = 48
MEMBERS_COMPARED = 8
"""Mentions of an event that a new one is compared with: its first ones."""
SKETCHES_KEPT = 20_000

_EVENT = msgspec.json.Decoder(Event)


class Added(NamedTuple):
    """What became of a report. ``known``: its text was there already and nothing was changed; ``copy_of``: id of the report that it copies."""

    known: bool
    copy_of: str | None = None
    founded: int = 0
    joined: int = 0


Sketches = dict[int, Sketch]


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
    matched = pick_best(candidate_scores(connection, fresh, sketches))
    of_mention: dict[str, int] = {}
    for n, (event, sketch) in enumerate(zip(report.events, fresh, strict=True)):
        home, score = matched.get(n, (None, None))
        where = Where(document, copy, source, row, report.document.publisher or "", day.isoformat() if day else None)
        mention = add_mention(connection, event, sketch, mention_key(digest, event), home, score, where)
        of_mention[event.event_id] = mention
        sketches[mention] = sketch
    while len(sketches) > SKETCHES_KEPT:
        sketches.pop(next(iter(sketches)))
    add_claims(connection, report, document, of_mention)
    original = connection.scalar(sa.select(schema.documents.c.doc_id).where(schema.documents.c.id == copy.document)) if copy else None
    return Added(False, original, len(fresh) - len(matched), len(matched))


def split_origin(document: Document) -> tuple[str, int | None]:
    """A document -> the file or URL that it was read from, and its line or row."""
    origin = document.origin or document.url or "-"
    path, _, line = origin.rpartition(":")
    return (path, int(line)) if path and line.isdigit() else (origin, None)


def mention_key(digest: str, event: Event) -> str:
    return hashlib.blake2b(f"{digest}|{event.event_id}".encode(), digest_size=8).hexdigest()


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
    added = insert_row(connection, schema.documents, values)
    if copy is None:  # only originals can be found: a bucket does not grow with each copy, and no copy is the copy of another
        insert_new(connection, schema.bands, [{"hash": h, "document_id": added} for h in sorted(set(hashes))])
    return added, copy


# -- merging -----------------------------------------------------------------------------------------------------------------
_RANGES = sa.text(
    " UNION ALL ".join(
        f"SELECT event_id FROM (SELECT event_id FROM match_keys WHERE key = :key AND period = {n} AND day BETWEEN :low{n} AND :high{n}"  # noqa: S608 - numbers of ours
        f" ORDER BY day DESC, event_id DESC LIMIT {PER_RANGE}) AS range{n}"
        for n in (DAY, MONTH, YEAR, UNDATED)
    )
)


def candidate_scores(connection: Connection, fresh: Sequence[Sketch], sketches: Sketches) -> list[tuple[float, int, int]]:
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


_REVIEW = sa.select(schema.events.c.review).where(schema.events.c.id == sa.bindparam("event"))


def add_mention(connection: Connection, event: Event, sketch: Sketch, key: str, home: int | None, score: float | None, where: Where) -> int:
    """A mention -> its event, founded if there is none, and its row."""
    joined = None if home is None else read_standing(connection, home)
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
        "evidence": mention_text(event),
        "record": encode(event),
    }
    mention = insert_row(connection, schema.mentions, values)
    insert_new(connection, schema.match_keys, [{"key": k, "period": p, "day": d, "event_id": home} for k, p, d in index_keys(sketch)])
    if joined is not None:
        standing, counts = joined
        after, changes = revise(standing, event, where.published_on)
        counts = count_report(connection, home, counts, where) | {"revision": counts["revision"] + bool(changes)}
        rows = [{"event_id": home, "revision": counts["revision"], "field": f, "before": encode(b), "after": encode(a), "mention_id": mention} for f, b, a in changes]
        if rows:
            connection.execute(schema.history.insert(), rows)
        write_standing(connection, home, after, counts, {change.field for change in changes})
        if connection.scalar(_REVIEW, {"event": home}) == "corrected":
            rebuild_event(connection, home)  # what a reviewer set stands against later reports
    return mention


def _found_event(connection: Connection, event: Event, key: str, where: Where) -> int:
    counts: dict[str, Any] = {"mentions": 1, "reports": 1, "copies": int(where.copy is not None), "sources": 1, "revision": 0}
    counts |= {"first_report": where.published_on, "latest_report": where.published_on}
    home = found_event(connection, event, key, CODED_HERE, where.published_on, counts)
    connection.execute(schema.event_reports.insert(), {"event_id": home, "document_id": where.root})
    connection.execute(schema.event_sources.insert(), {"event_id": home, "publisher": where.publisher})
    return home


def add_claims(connection: Connection, report: CodedReport, document: int, of_mention: Mapping[str, int]) -> None:
    """Claims and relations of a report -> their rows; ``of_mention``: the row of each coded event's mention."""
    claims = [{"document_id": document, "holder": c.holder.entity or c.holder.name, "kind": c.kind, "record": encode(c)} for c in report.claims]
    if claims:
        connection.execute(schema.claims.insert(), claims)
    known = [r for r in report.relations if r.first in of_mention and r.second in of_mention]
    if known:
        rows = [{"document_id": document, "kind": r.kind, "first": of_mention[r.first], "second": of_mention[r.second], "record": encode(r)} for r in known]
        connection.execute(schema.relations.insert(), rows)
