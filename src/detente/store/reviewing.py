"""What reviewers decide of events: accept, correct, reject, merge, split, undo. Nothing is deleted: a decision stands until it is undone."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Literal

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from detente.errors import ChangedError, StoreError
from detente.records import Event
from detente.store import schema
from detente.store.query import find_key, read_event
from detente.store.rebuilding import CORRECTABLE, load_stored, rebuild_event, standing_versions
from detente.store.rows import encode, found_event, insert_row
from detente.store.schema import Store, now, reading, writing

Action = Literal["accept", "correct", "reject", "merge", "split", "undo"]
ACTIONS: tuple[Action, ...] = ("accept", "correct", "reject", "merge", "split", "undo")
MOST_SAID = 3
"""Decisions that are named, the latest, where one is refused as the event has changed."""
LONGEST_WHY = 2_000
"""Characters of a reason or a name that are kept; a longer one is refused."""


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """One decision. ``record`` is what it set and what it needs to be undone; ``values`` in it: how the event stood then, as the reviewer judged it."""

    id: int
    event_id: str
    action: Action
    reviewer: str
    decided_at: str
    why: str
    record: dict[str, Any]
    undone_by: int | None = None


def read_state(store: Store, event_id: str) -> str:
    """An event -> a word for how it stands, another after each decision and each further report. Given back as ``seen``, a decision is refused if it no longer holds."""
    with reading(store) as connection:
        return _state_of(connection, find_key(connection, event_id, store.name))


def judge_event(store: Store, event_id: str, action: Literal["accept", "reject"], *, reviewer: str, why: str = "", seen: str | None = None) -> Decision:
    """Accept an event as it stands, or reject it: a rejected one is in no series, and no later report joins it. Raises ``ChangedError`` if it is not as ``seen``."""
    with writing(store) as connection:
        key, event = _find(connection, event_id, store.name, seen)
        return _decide(connection, [key], event, action, reviewer, why, {})


def correct_event(store: Store, event_id: str, fields: Mapping[str, Any], *, reviewer: str, why: str = "", seen: str | None = None) -> Decision:
    """Set fields of an event, named and shaped as in ``records.Event``. They stand against what later reports and later coding say."""
    if unknown := sorted(set(fields) - set(CORRECTABLE)):
        raise StoreError(f"{store.name}: found the field {unknown[0]!r}; expected some of {', '.join(CORRECTABLE)}")
    if not fields:
        raise StoreError(f"{store.name}: found nothing to correct; expected some of {', '.join(CORRECTABLE)}")
    with writing(store) as connection:
        key, event = _find(connection, event_id, store.name, seen)
        return _decide(connection, [key], event, "correct", reviewer, why, {"fields": msgspec.to_builtins(dict(fields))})


def merge_events(store: Store, event_id: str, others: Sequence[str], *, reviewer: str, why: str = "", seen: str | None = None) -> Decision:
    """Make one event of several: the first stays, with all mentions; what reviewers set of the others rests until the merge is undone."""
    with writing(store) as connection:
        key, event = _find(connection, event_id, store.name, seen)
        joined: list[dict[str, Any]] = []
        reports, sources = 0, 0
        for other in others:
            other_key, other_id = _find(connection, other, store.name)
            if other_key == key or other_id in {j["event_id"] for j in joined}:
                raise StoreError(f"{store.name}: found event {other_id} twice; expected different events")
            row = connection.execute(sa.select(schema.events).where(schema.events.c.id == other_key)).mappings().one()
            moved = [m.mention_id for m in load_stored(connection, other_key)]
            joined.append({"event_id": other_id, "origin": row["origin"], "mentions": moved, "counts": {name: row[name] for name in (*_TOLD, "revised_at")}})
            reports, sources = reports + row["reports"], max(sources, row["sources"])
            _move(connection, moved, key)
            rebuild_event(connection, other_key)
        if not joined:
            raise StoreError(f"{store.name}: found one event; expected at least two to merge")
        own = connection.execute(sa.select(*(schema.events.c[name] for name in _TOLD)).where(schema.events.c.id == key)).mappings().one()
        record = {"joined": joined, "counts": dict(own), "others": [j["event_id"] for j in joined]}
        connection.execute(schema.events.update().where(schema.events.c.id == key), {"reports": own["reports"] + reports, "sources": max(own["sources"], sources)})
        return _decide(connection, [key], event, "merge", reviewer, why, record)


_TOLD = ("reports", "sources", "first_report", "latest_report")
"""What an event of a dataset says of its reports: not to be had from its mentions."""


def split_event(store: Store, event_id: str, mention_ids: Sequence[str], *, reviewer: str, why: str = "", seen: str | None = None) -> Decision:
    """Take mentions out of an event: they become one of their own."""
    with writing(store) as connection:
        key, event = _find(connection, event_id, store.name, seen)
        stored = load_stored(connection, key)
        moved = _choose(mention_ids, [m.mention_id for m in stored], event, store.name)
        if len(moved) == len(stored):
            raise StoreError(f"{store.name}: found all {len(stored)} mentions of event {event}; expected some, so that one stays")
        founder = next(m for m in stored if m.mention_id in moved)
        made = hashlib.blake2b(f"{event}|split|{founder.mention_id}".encode(), digest_size=8).hexdigest()
        if connection.scalar(sa.select(schema.events.c.id).where(schema.events.c.event_id == made)) is not None:
            raise StoreError(f"{store.name}: found event {made}, split off before; expected mentions that are still together")
        origin = connection.scalar(sa.select(schema.events.c.origin).where(schema.events.c.id == key)) or ""
        new = _found(connection, made, origin, founder.event, founder.where.published_on if founder.where else None)
        _move(connection, moved, new)
        return _decide(connection, [key, new], event, "split", reviewer, why, {"moved": moved, "others": [made], "order": [m.mention_id for m in stored]})


def undo(store: Store, decision: int | None = None, *, reviewer: str, why: str = "", seen: str | None = None) -> Decision:
    """Take a decision back, by default the reviewer's latest that stands. One that later decisions rest on must wait until they are undone."""
    with writing(store) as connection:
        chosen = _standing_decision(connection, decision, reviewer, store.name)
        if seen is not None:
            _find(connection, chosen.event_id, store.name, seen)
        touched = {chosen.event_id, *chosen.record.get("others", [])}
        for later in _load(connection, schema.decisions.c.id > chosen.id, schema.decisions.c.undone_by.is_(None), schema.decisions.c.action != "undo"):
            if touched & {later.event_id, *later.record.get("others", [])}:
                raise StoreError(f"{store.name}: found decision {later.id} ({later.action} of {later.event_id}) made after {chosen.id}; undo that one first")
        made = _write(connection, chosen.event_id, "undo", reviewer, why, {"undoes": chosen.id})
        connection.execute(schema.decisions.update().where(schema.decisions.c.id == chosen.id), {"undone_by": made})
        key = _key_of(connection, chosen.event_id)
        keys = [key]
        if chosen.action == "merge":
            keys += [_part(connection, joined) for joined in chosen.record["joined"]]
            connection.execute(schema.events.update().where(schema.events.c.id == key), chosen.record["counts"])
        elif chosen.action == "split":
            keys += [_key_of(connection, other) for other in chosen.record["others"]]
            # what joined the split-off event since goes back with it
            moved = [m.mention_id for other in keys[1:] for m in load_stored(connection, other)]
            _move(connection, moved, key)
            known = [m.mention_id for m in load_stored(connection, key)]
            _set_order(connection, [*chosen.record["order"], *(m for m in known if m not in chosen.record["order"])], 0)
        for touched_key in keys:
            rebuild_event(connection, touched_key)
        return _load(connection, schema.decisions.c.id == made)[0]


def list_decisions(store: Store, *, event_id: str | None = None, reviewer: str | None = None) -> list[Decision]:
    """All decisions in order, of one event or of one reviewer if named."""
    d = schema.decisions
    with reading(store) as connection:
        wanted = []
        if event_id is not None:
            wanted.append(d.c.event_id == _find(connection, event_id, store.name)[1])
        if reviewer is not None:
            wanted.append(d.c.reviewer == reviewer)
        return _load(connection, *wanted)


def latest_decision(store: Store, reviewer: str) -> Decision | None:
    """A reviewer -> the latest decision of theirs that stands: what ``undo`` takes back if it is told none."""
    d = schema.decisions
    with reading(store) as connection:
        number = connection.scalar(sa.select(sa.func.max(d.c.id)).where(d.c.reviewer == reviewer.strip(), d.c.undone_by.is_(None), d.c.action != "undo"))
        return _load(connection, d.c.id == number)[0] if number is not None else None


def _state_of(connection: Connection, key: int) -> str:
    e, d = schema.events.c, schema.decisions
    row = connection.execute(sa.select(e.event_id, e.mentions, e.revision, e.reports).where(e.id == key)).one()
    decided = connection.scalar(sa.select(sa.func.count()).select_from(d).where(d.c.event_id == row.event_id))
    return f"{row.event_id}.{row.mentions}.{row.reports}.{row.revision}.{decided}"


def _say_changes(connection: Connection, key: int, seen: str) -> str:
    """An event, and the word for how it stood when it was shown -> what came since, in words; nothing if the word is of another event."""
    event_id, *now_counts = _state_of(connection, key).rsplit(".", 4)
    shown_id, *counts = seen.rsplit(".", 4)
    if shown_id != event_id or len(counts) != 4 or not all(count.isascii() and count.isdecimal() and len(count) < 10 for count in counts):
        return ""
    since = _load(connection, schema.decisions.c.event_id == event_id)[int(counts[3]) :]
    said = [f"{one.action} by {one.reviewer}, {one.decided_at[:10]} {one.decided_at[11:16]} UTC" for one in since[-MOST_SAID:]]
    if more := int(now_counts[0]) - int(counts[0]):
        said.append(f"{abs(more)} {'more' if more > 0 else 'fewer'} mention{'' if abs(more) == 1 else 's'}")
    return f" ({'; '.join(said)})" if said else ""


def _find(connection: Connection, asked: str, name: str, seen: str | None = None) -> tuple[int, str]:
    key = find_key(connection, asked, name)
    if seen is not None and seen != _state_of(connection, key):
        raise ChangedError(
            f"event {asked}: found that it has changed since it was shown{_say_changes(connection, key, seen)}; expected it as it was; look at it again, then decide"
        )
    return key, str(connection.scalar(sa.select(schema.events.c.event_id).where(schema.events.c.id == key)))


def _key_of(connection: Connection, event_id: str) -> int:
    key = connection.scalar(sa.select(schema.events.c.id).where(schema.events.c.event_id == event_id))
    assert key is not None, event_id  # an event under a standing decision is never dropped
    return int(key)


def _decide(connection: Connection, keys: Collection[int], event_id: str, action: Action, reviewer: str, why: str, record: dict[str, Any]) -> Decision:
    if action in ("accept", "correct", "reject") and (versions := standing_versions(connection, min(keys))):
        record = {**record, "versions": versions}
    made = _write(connection, event_id, action, reviewer, why, record)
    for key in keys:
        rebuild_event(connection, key)
    record = {**record, "values": judged_values(read_event(connection, min(keys)))} if action in ("accept", "correct", "reject") else record
    connection.execute(schema.decisions.update().where(schema.decisions.c.id == made), {"record": encode(record)})
    return _load(connection, schema.decisions.c.id == made)[0]


def judged_values(event: Mapping[str, Any]) -> dict[str, Any]:
    """An event -> the values that reviewers are compared by."""

    def names(side: str) -> list[str]:
        return sorted(f"{a['entity'] or a['country'] or a['name']}/{'+'.join(a['sectors'])}" for a in event[side])

    return {
        **{name: event[name] for name in ("event_type", "quad", "modality", "historical", "dead", "injured")},
        "modes": sorted(event["modes"]),
        "source": names("source"),
        "target": names("target"),
        "date": event["date"]["start"] if event["date"] else None,
        "place": event["place"]["name"] if event["place"] else None,
    }


def _write(connection: Connection, event_id: str, action: Action, reviewer: str, why: str, record: Mapping[str, Any]) -> int:
    name, reason = reviewer.strip(), why.strip()
    if not name or not name.isprintable() or len(name) > 200:
        raise StoreError(f"reviewer: found {reviewer[:40]!r}; expected a name of at most 200 characters")
    if len(reason) > LONGEST_WHY:
        raise StoreError(f"why: found {len(reason):,} characters; expected at most {LONGEST_WHY:,}")
    values = {"event_id": event_id, "action": action, "reviewer": name, "decided_at": now(), "why": reason, "record": encode(record)}
    return insert_row(connection, schema.decisions, values)


def _load(connection: Connection, *wanted: sa.ColumnElement[bool]) -> list[Decision]:
    rows = connection.execute(sa.select(schema.decisions).where(*wanted).order_by(schema.decisions.c.id)).mappings()
    plain = [name for name in Decision.__struct_fields__ if name != "record"]
    return [Decision(**{name: row[name] for name in plain}, record=msgspec.json.decode(row["record"])) for row in rows]


def _standing_decision(connection: Connection, asked: int | None, reviewer: str, name: str) -> Decision:
    d = schema.decisions
    if asked is None:
        found = _load(connection, d.c.reviewer == reviewer.strip(), d.c.undone_by.is_(None), d.c.action != "undo")
        if not found:
            raise StoreError(f"{name}: found no decision of {reviewer.strip()!r} that stands; expected one to undo")
        return found[-1]
    found = _load(connection, d.c.id == asked)
    if not found or found[0].action == "undo" or found[0].undone_by is not None:
        state = "no such decision" if not found else "an undo" if found[0].action == "undo" else "that it is undone already"
        raise StoreError(f"{name}: decision {asked}: found {state}; expected one that stands, as detente review log shows them")
    return found[0]


def _choose(asked: Sequence[str], known: Sequence[str], event: str, name: str) -> list[str]:
    """First characters of mention ids -> the ids."""
    out: dict[str, None] = {}
    for text in asked:
        found = [m for m in known if m.startswith(text)] if text else []
        if len(found) != 1:
            raise StoreError(f"{name}: found {len(found) or 'no'} mentions {text!r} in event {event}; expected one of {', '.join(m[:8] for m in known)}")
        out[found[0]] = None
    if not out:
        raise StoreError(f"{name}: found no mentions to split off; expected some of {', '.join(m[:8] for m in known)}")
    return list(out)


def _move(connection: Connection, mention_ids: Sequence[str], home: int) -> None:
    if mention_ids:
        connection.execute(schema.history.delete().where(schema.history.c.mention_id.in_(sa.select(schema.mentions.c.id).where(schema.mentions.c.mention_id.in_(mention_ids)))))
        last = connection.scalar(sa.select(sa.func.max(schema.mentions.c.position)).where(schema.mentions.c.event_id == home))
        _set_order(connection, mention_ids, 0 if last is None else last + 1, {"event_id": home})


def _set_order(connection: Connection, mention_ids: Sequence[str], first: int, more: Mapping[str, Any] | None = None) -> None:
    """Mentions -> one after the other from a position on: the first of an event says what it is, the others sharpen that."""
    for place, mention in enumerate(mention_ids, first):
        connection.execute(schema.mentions.update().where(schema.mentions.c.mention_id == mention), {"position": place, **(more or {})})


def _found(connection: Connection, event_id: str, origin: str, event: Event, published_on: str | None) -> int:
    counts = {"mentions": 1, "reports": 1, "copies": 0, "sources": 1, "revision": 0, "first_report": published_on, "latest_report": published_on}
    return found_event(connection, event, event_id, origin, published_on, counts)


def _part(connection: Connection, joined: Mapping[str, Any]) -> int:
    """What a merge remembers of an event -> the event again, with the mentions that it had."""
    first = connection.scalar(sa.select(schema.mentions.c.event_id).where(schema.mentions.c.mention_id == joined["mentions"][0]))
    stored = {m.mention_id: m for m in load_stored(connection, first or 0)}
    founder = stored[joined["mentions"][0]]
    key = _found(connection, joined["event_id"], joined["origin"], founder.event, founder.where.published_on if founder.where else None)
    connection.execute(schema.events.update().where(schema.events.c.id == key), joined["counts"])
    _move(connection, joined["mentions"], key)
    return key


__all__ = [
    "ACTIONS",
    "Action",
    "Decision",
    "correct_event",
    "judge_event",
    "judged_values",
    "latest_decision",
    "list_decisions",
    "merge_events",
    "read_state",
    "split_event",
    "undo",
]
