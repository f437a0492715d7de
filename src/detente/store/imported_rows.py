"""Imported events -> rows of the tables, thousands at a time. What many events share (actors, places, codes) is made out once."""

from __future__ import annotations

from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from detente.codebook.ladder import rung_of
from detente.exchange.imported import ImportedActor, ImportedEvent, ImportedPlace
from detente.records import Actor, Event, Place
from detente.store import schema
from detente.store.bulk import insert_many
from detente.store.matching import party_key
from detente.store.origin_rows import pack_rows
from detente.store.recorded import whole_record
from detente.store.rows import actor_columns, encode

EVENT_COLUMNS = tuple(
    "id event_id origin event_type modes contexts quad intensity cameo goldstein source target date_start date_end date_precision date_is_given place_id modality "
    "historical dead injured toll_on confidence mentions reports copies sources first_report latest_report revision rung review revised_at".split()
)
MENTION_COLUMNS = ("id", "mention_id", "event_id", "position", "provenance_id", "row", "evidence", "record", "origin_rows")
ACTOR_COLUMNS = ("id", "name", "country", "sectors", "entity")
PLACE_COLUMNS = ("id", "name", "country", "precision", "latitude", "longitude", "gazetteer_id")
MEMO_ENTRIES = 200_000
"""Actors and places whose rows are held in memory by the object that names them: as many as a large file has; 40 MB."""
Row = tuple[Any, ...]


class Imported(NamedTuple):
    """An event that others coded: its permanent key within its origin, the row of the file, and how often it was reported.

    ``origin_rows``: the rows of the file that it is of, as ``origin_rows.pack_rows`` packs them; ``revised_at`` tells a later version of it from an earlier one.
    """

    key: str
    row: int | None
    event: Event | ImportedEvent
    evidence: str = ""
    reports: int = 1
    sources: int = 1
    reported_on: str | None = None
    origin_rows: str = ""
    revised_at: int | None = None


class _Side(NamedTuple):
    """An actor (held, so that its number in memory stays its own), its row, its JSON, and the key of its party."""

    actor: Actor | ImportedActor
    id: int
    json: str
    party: str


class _Spot(NamedTuple):
    """A place, its row, and whether the row says all that the place does."""

    place: Place | ImportedPlace
    id: int
    is_whole: bool


def as_row(event: ImportedEvent) -> Imported:
    """What a reader gives -> what the store takes."""
    rows = event.rows
    if len(rows) == 1:
        row = rows[0]
        return Imported(event.event_id, row.line, event, event.text or "", 1, 1, row.reported_on, pack_rows(event), event.revised_at)
    publishers = len({row.publisher for row in rows if row.publisher})
    first = rows[0] if rows else None
    return Imported(
        event.event_id,
        first.line if first else None,
        event,
        event.text or "",
        event.repeats + 1,
        max(1, publishers),
        first.reported_on if first else None,
        pack_rows(event),
        event.revised_at,
    )


class Tables:
    """The running numbers, the known actors and places, and the rows to be written, of one import; in one transaction, in which nobody else writes."""

    def __init__(self, connection: Connection, origin: str, provenance: int) -> None:
        self.connection, self.origin, self.provenance = connection, origin, provenance
        self._next = {t.name: (connection.scalar(sa.select(sa.func.max(t.c.id))) or 0) + 1 for t in (schema.events, schema.mentions, schema.actors, schema.places)}
        a, p = schema.actors.c, schema.places.c
        self._actor_ids = {row[1:]: row[0] for row in map(tuple, connection.execute(sa.select(a.id, a.name, a.country, a.sectors, a.entity)))}
        self._place_rows: dict[Row, Row] = {
            (row[1], row[2], row[3]): (row[0], *row[4:])
            for row in map(tuple, connection.execute(sa.select(p.id, p.name, p.country, p.precision, p.latitude, p.longitude, p.gazetteer_id)))
        }
        self._sides: dict[int, _Side] = {}
        self._spots: dict[int, _Spot] = {}
        self._codings: dict[Row, tuple[str, str, int]] = {}
        self._begin()

    def _begin(self) -> None:
        self._events: list[Row] = []
        self._mentions: list[Row] = []
        self._participants: list[Row] = []
        self._dyads: list[Row] = []
        self._actors: list[Row] = []
        self._places: list[Row] = []

    def add(self, event_id: str, item: Imported, *, review: str = "") -> None:
        """A new event -> its rows."""
        _, line, coded, evidence, reports, sources, reported_on, origin_rows, revised_at = item
        number, mention = self._next["events"], self._next["mentions"]
        self._next["events"], self._next["mentions"] = number + 1, mention + 1
        source, target = self._find_sides(coded.source), self._find_sides(coded.target)
        spot = self._find_spot(coded.place) if coded.place is not None else None
        when, dead, injured = coded.date, coded.dead, coded.injured
        start, end, precision, is_given = (when.start, when.end, when.precision, when.text is not None) if when is not None else (None, None, None, False)
        kind = (coded.event_type, coded.modes, coded.contexts, coded.cameo, dead)
        found = self._codings.get(kind)
        if found is None:
            found = self._codings[kind] = self._find_coding(coded)
        modes, contexts, rung = found
        self._events.append(
            (
                *(number, event_id, self.origin, coded.event_type, modes, contexts, coded.quad or 0, coded.intensity or 0.0, coded.cameo or "", coded.goldstein),
                *(_as_json(source), _as_json(target), start, end, precision, is_given, spot and spot.id, coded.modality, coded.historical, dead, injured),
                *(reported_on if dead is not None or injured is not None else None, getattr(coded, "confidence", 1.0), 1, reports, 0, sources),
                *(reported_on, reported_on, 0, rung, review, revised_at),
            )
        )
        if not evidence and type(coded) is Event:
            evidence = "\n".join(piece.text for piece in coded.evidence)
        record = "" if type(coded) is ImportedEvent and (spot is None or spot.is_whole) else whole_record(event_id, coded)
        self._mentions.append((mention, mention_key(mention), number, 0, self.provenance, line, evidence, record, origin_rows))
        if len(source) == 1 and len(target) == 1:  # as nearly all have: the same as below, in half the time
            self._participants += ((source[0].id, number, "source"), (target[0].id, number, "target"))
            pairs = [(source[0].party, target[0].party, start or "", number)]
        else:
            self._participants += {(side.id, number, role) for role, sides in (("source", source), ("target", target)) for side in sides}
            pairs = list({(s.party, t.party, start or "", number) for s in source for t in target})
        if not review:
            self._dyads += pairs

    @property
    def next_mention(self) -> int:
        """The number that the next mention gets."""
        return self._next["mentions"]

    def take_mention(self) -> int:
        """The number of a mention that is written by itself."""
        self._next["mentions"] += 1
        return self._next["mentions"] - 1

    def _find_coding(self, coded: Event | ImportedEvent) -> tuple[str, str, int]:
        rung = rung_of(coded.event_type or "", coded.modes, dead=coded.dead, cameo=coded.cameo or "", origin=self.origin)
        return encode(coded.modes), encode(coded.contexts), rung

    def _find_sides(self, actors: tuple[Actor, ...] | tuple[ImportedActor, ...]) -> list[_Side]:
        sides, out = self._sides, []
        for actor in actors:
            found = sides.get(id(actor))
            out.append(found if found is not None and found.actor is actor else self._make_side(actor))
        return out

    def _make_side(self, actor: Actor | ImportedActor) -> _Side:
        name = actor.name or ""
        plain = Actor("", name, actor.country, actor.sectors, actor.entity)
        key = tuple(actor_columns(plain).values())
        number = self._actor_ids.get(key)
        if number is None:
            number = self._actor_ids[key] = self._next["actors"]
            self._next["actors"] += 1
            self._actors.append((number, *key))
        if len(self._sides) >= MEMO_ENTRIES:
            self._sides.clear()
        side = self._sides[id(actor)] = _Side(actor, number, encode(plain), party_key(plain))
        return side

    def _find_spot(self, place: Place | ImportedPlace) -> _Spot:
        found = self._spots.get(id(place))
        if found is not None and found.place is place:
            return found
        key, rest = (place.name or "", place.country or "", place.precision), (place.latitude, place.longitude, place.gazetteer_id)
        row = self._place_rows.get(key)
        if row is None:
            row = self._place_rows[key] = (self._next["places"], *rest)
            self._next["places"] += 1
            self._places.append((row[0], *key, *rest))
        if len(self._spots) >= MEMO_ENTRIES:
            self._spots.clear()
        spot = self._spots[id(place)] = _Spot(place, row[0], row[1:] == rest)
        return spot

    def flush(self) -> None:
        """Write the rows that were made, the indexes of pairs and of participants in the order of their keys."""
        self._participants.sort()
        self._dyads.sort()
        for table, columns, rows in (
            (schema.actors, ACTOR_COLUMNS, self._actors),
            (schema.places, PLACE_COLUMNS, self._places),
            (schema.events, EVENT_COLUMNS, self._events),
            (schema.mentions, MENTION_COLUMNS, self._mentions),
            (schema.participants, ("actor_id", "event_id", "role"), self._participants),
            (schema.dyads, ("source", "target", "date_start", "event_id"), self._dyads),
        ):
            if rows:
                insert_many(self.connection, table, columns, rows)
        self._begin()

    def close(self) -> None:
        """Tell PostgreSQL, which counts rows by itself, how far the numbers have come."""
        if self.connection.dialect.name == "postgresql":
            for name, number in self._next.items():
                self.connection.execute(sa.text("SELECT setval(pg_get_serial_sequence(:name, 'id'), :number, false)"), {"name": name, "number": number})


def mention_key(number: int) -> str:
    """The number of an imported mention -> its public id: none that a digest gives, and in the order of the numbers, which its index takes in fastest."""
    return f"m{number:07}"


def _as_json(sides: list[_Side]) -> str:
    if len(sides) == 1:
        return f"[{sides[0].json}]"
    return f"[{','.join({side.id: side.json for side in sides}.values())}]"
