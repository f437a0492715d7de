"""Stored documents coded again: what differs from the coding that is kept, and the new one in its place. What reviewers decided stays."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterator, Sequence
from typing import Any, Literal, NamedTuple

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from detente.errors import StoreError
from detente.records import Actor, CodedReport, Document, Event
from detente.store import schema
from detente.store.duplicates import Copy, text_digest
from detente.store.matching import index_keys, make_sketch, pick_best
from detente.store.rebuilding import rebuild_event
from detente.store.rows import CODED_HERE, Where, encode, mention_text, provenance
from detente.store.schema import Store, reading, writing
from detente.store.write import add_claims, add_mention, candidate_scores, mention_key

PAGE_DOCUMENTS = 200
CONFIDENCE_STEP = 0.05
"""A confidence that moves by less is no change to speak of."""
_EVENT = msgspec.json.Decoder(Event)


class Change(NamedTuple):
    """One coded event of a document, before and after. ``stays``: a reviewer decided on it, so that it is kept though it is no longer coded."""

    kind: Literal["new", "gone", "changed", "same"]
    before: Event | None
    after: Event | None
    fields: tuple[str, ...] = ()
    stays: bool = False


class Recoded(NamedTuple):
    """A document and what another coding makes of it."""

    doc_id: str
    title: str | None
    published_on: str | None
    changes: tuple[Change, ...]
    claims_differ: bool

    @property
    def differs(self) -> bool:
        """Whether there is anything to keep."""
        return self.claims_differ or any(c.kind != "same" for c in self.changes)


class _Stored(NamedTuple):
    """A mention of the document as it is stored."""

    id: int
    mention_id: str
    event: Event
    home: int
    home_id: str


def stored_documents(store: Store, *, doc_ids: Collection[str] = (), since: datetime.date | None = None, until: datetime.date | None = None) -> Iterator[Document]:
    """The documents of a store in the order in which they were added, all or those asked for. Refused: a document that is not there."""
    d, p = schema.documents, schema.provenance
    wanted = [d.c.published_on >= since.isoformat()] if since else []
    wanted += [d.c.published_on <= until.isoformat()] if until else []
    if doc_ids:
        with reading(store) as connection:
            known = set(connection.scalars(sa.select(d.c.doc_id).where(d.c.doc_id.in_(doc_ids))))
        if missing := sorted(set(doc_ids) - known):
            raise StoreError(f"{store.name}: found no document {missing[0]!r}; expected the id of a report, as detente event shows it")
        wanted.append(d.c.doc_id.in_(doc_ids))
    query = sa.select(d, p.c.location).join(p, d.c.provenance_id == p.c.id).where(*wanted).order_by(d.c.id).limit(PAGE_DOCUMENTS)
    last = 0
    while True:
        with reading(store) as connection:
            rows = connection.execute(query.where(d.c.id > last)).mappings().all()
        for row in rows:
            day = datetime.date.fromisoformat(row["published_on"]) if row["published_on"] else None
            origin = row["location"] + (f":{row['row']}" if row["row"] is not None else "")
            fields = {name: row[name] for name in ("text", "title", "url", "publisher", "language")}
            yield Document(id=row["doc_id"], published_on=day, origin=origin, **fields)
        if len(rows) < PAGE_DOCUMENTS:
            return
        last = rows[-1]["id"]


def count_documents(store: Store) -> int:
    """A store -> how many documents it has."""
    with reading(store) as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(schema.documents)) or 0


def compare_coding(store: Store, report: CodedReport) -> Recoded:
    """A stored document coded again -> what differs; nothing is changed."""
    with reading(store) as connection:
        row, stored = _load(connection, report.document, store.name)
        return _compare(connection, row, stored, report)[0]


def keep_coding(store: Store, report: CodedReport) -> Recoded:
    """A stored document coded again -> its new coding in place of the old one, in one transaction; gives back what changed.

    A mention that is coded as before keeps its event. One whose type, parties or day changed is matched anew, unless a reviewer decided on its event.
    """
    with writing(store) as connection:
        row, stored = _load(connection, report.document, store.name)
        recoded, pairs, reviewed = _compare(connection, row, stored, report)
        if recoded.differs:
            _replace(connection, row, stored, report, pairs, reviewed)
        return recoded


def _load(connection: Connection, document: Document, name: str) -> tuple[Any, list[_Stored]]:
    d, m, e = schema.documents, schema.mentions, schema.events
    row = connection.execute(sa.select(d).where(d.c.digest == text_digest(document.text))).mappings().one_or_none()
    if row is None:
        raise StoreError(f"{name}: found no document with the text of {document.id}; expected one that detente add has stored")
    query = sa.select(m.c.id, m.c.mention_id, m.c.record, m.c.event_id, e.c.event_id.label("home_id")).join(e, m.c.event_id == e.c.id)
    rows = connection.execute(query.where(m.c.document_id == row["id"]).order_by(m.c.id))
    return row, [_Stored(r.id, r.mention_id, _EVENT.decode(r.record), r.event_id, r.home_id) for r in rows]


def _compare(connection: Connection, row: Any, stored: Sequence[_Stored], report: CodedReport) -> tuple[Recoded, dict[int, int], set[str]]:
    pairs = pair_codings([s.event for s in stored], report.events)
    reviewed = _reviewed(connection, {s.home_id for s in stored})
    changes: list[Change] = []
    for n, old in enumerate(stored):
        if n not in pairs:
            stays = old.home_id in reviewed
            changes.append(Change("same" if stays else "gone", old.event, None, (), stays))
            continue
        fields = differing_fields(old.event, report.events[pairs[n]])
        changes.append(Change("changed" if fields else "same", old.event, report.events[pairs[n]], fields, old.home_id in reviewed))
    paired = set(pairs.values())
    changes += [Change("new", None, event) for n, event in enumerate(report.events) if n not in paired]
    claims = list(connection.scalars(sa.select(schema.claims.c.record).where(schema.claims.c.document_id == row["id"]).order_by(schema.claims.c.id)))
    differ = claims != [encode(c) for c in report.claims]
    return Recoded(row["doc_id"], row["title"], row["published_on"], tuple(changes), differ), pairs, reviewed


def pair_codings(before: Sequence[Event], after: Sequence[Event]) -> dict[int, int]:
    """Two codings of one text -> which event of the first is which of the second: they rest on the same words; of several the most alike, pure."""
    scores = []
    for i, old in enumerate(before):
        for j, new in enumerate(after):
            shared = sum(a.trigger[0] < b.trigger[1] and b.trigger[0] < a.trigger[1] for a in old.evidence for b in new.evidence)
            if shared or (not old.evidence and not new.evidence and old.event_type == new.event_type):
                alike = 4 * (old.event_type == new.event_type) + 2 * (old.modality == new.modality)
                alike += (_who(old.source) == _who(new.source)) + (_who(old.target) == _who(new.target)) + min(shared, 3)
                scores.append((-alike, i, j))
    out: dict[int, int] = {}
    taken: set[int] = set()
    for _, i, j in sorted(scores):
        if i not in out and j not in taken:
            out[i] = j
            taken.add(j)
    return out


def differing_fields(before: Event, after: Event) -> tuple[str, ...]:
    """Two codings of one event -> the names of the fields in which they differ; how the codebook is called does not count."""
    out = [name for name in ("event_type", "modes", "contexts", "cameo", "modality", "historical", "dead", "injured") if getattr(before, name) != getattr(after, name)]
    out += [name for name in ("source", "target", "said_by") if _who(getattr(before, name)) != _who(getattr(after, name))]
    if _when(before) != _when(after):
        out.append("date")
    if (before.place and (before.place.name, before.place.country)) != (after.place and (after.place.name, after.place.country)):
        out.append("place")
    if [(e.rule, e.span) for e in before.evidence] != [(e.rule, e.span) for e in after.evidence]:
        out.append("evidence")
    if abs(before.confidence - after.confidence) >= CONFIDENCE_STEP:
        out.append("confidence")
    return tuple(out)


def _who(actors: Sequence[Actor]) -> list[tuple[str, str | None, tuple[str, ...], str | None]]:
    return [(a.name, a.country, a.sectors, a.entity) for a in actors]


def _when(event: Event) -> tuple[str, str, str] | None:
    return (event.date.start, event.date.end, event.date.precision) if event.date else None


def _reviewed(connection: Connection, event_ids: Collection[str]) -> set[str]:
    """Events -> those on which a decision stands, also as part of a merge or a split."""
    d = schema.decisions
    standing = sa.and_(d.c.undone_by.is_(None), d.c.action != "undo")
    found = set(connection.scalars(sa.select(d.c.event_id).where(standing, d.c.event_id.in_(event_ids))))
    for record in connection.scalars(sa.select(d.c.record).where(standing, d.c.action.in_(("merge", "split")))):
        found |= set(msgspec.json.decode(record)["others"]) & set(event_ids)
    return found


def _replace(connection: Connection, row: Any, stored: Sequence[_Stored], report: CodedReport, pairs: dict[int, int], reviewed: set[str]) -> None:
    for table in (schema.relations, schema.claims):
        connection.execute(table.delete().where(table.c.document_id == row["id"]))
    codebook = report.events[0].codebook if report.events else ""
    location = connection.scalar(sa.select(schema.provenance.c.location).where(schema.provenance.c.id == row["provenance_id"])) or "-"
    source = provenance(connection, CODED_HERE, location, codebook, licence=None, may_be_passed_on=True)
    day = report.document.published_on
    touched: set[int] = set()
    loose: list[int] = []
    of_mention: dict[str, int] = {}
    for n, old in enumerate(stored):
        after = report.events[pairs[n]] if n in pairs else None
        if after is None and old.home_id in reviewed:
            continue
        touched.add(old.home)
        if after is not None and (old.home_id in reviewed or index_keys(make_sketch(old.event, day)) == index_keys(make_sketch(after, day))):
            values = {"record": encode(after), "evidence": mention_text(after), "provenance_id": source}
            connection.execute(schema.mentions.update().where(schema.mentions.c.id == old.id), values)
            of_mention[after.event_id] = old.id
            continue
        connection.execute(schema.history.delete().where(schema.history.c.mention_id == old.id))
        connection.execute(schema.mentions.delete().where(schema.mentions.c.id == old.id))
        if after is not None:
            loose.append(pairs[n])
    for home in sorted(touched):
        rebuild_event(connection, home)
    loose += [n for n in range(len(report.events)) if n not in set(pairs.values())]
    fresh = [make_sketch(report.events[n], day) for n in loose]
    matched = pick_best(candidate_scores(connection, fresh, {}))
    copy = Copy(row["copy_of"], row["similarity"] or 0.0) if row["copy_of"] is not None else None
    where = Where(row["id"], copy, source, row["row"], row["publisher"] or "", row["published_on"])
    for place, n in enumerate(loose):
        event = report.events[n]
        joined = matched.get(place)
        key = _free_key(connection, row["digest"], event)
        of_mention[event.event_id] = add_mention(connection, event, fresh[place], key, joined[0] if joined else None, joined[1] if joined else None, where)
    add_claims(connection, report, row["id"], of_mention)


def _free_key(connection: Connection, digest: str, event: Event) -> str:
    """The permanent id of a new mention: another one if the first choice was given before the document was coded anew."""
    m, e = schema.mentions, schema.events
    text = digest
    while True:
        key = mention_key(text, event)
        taken = [connection.scalar(sa.select(c).where(c == key)) for c in (m.c.mention_id, e.c.event_id)]
        if taken == [None, None]:
            return key
        text += "+"
