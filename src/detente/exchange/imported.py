"""What a reader of a data set gives: an imported event, a row that it withdraws, or a row that it refused and why.

Guarantees: every row of a file ends in exactly one record, as one of the ``rows`` of an event, as a withdrawal or as a refusal. Rows that say the same
again become further ``rows`` of one event. ``event_id`` follows from what the row says (or from the data set's own id where it is unique): the same row
read again, or a repeat too far off to be folded, has the same ``event_id``, and whoever keeps events adds the rows that he lacks. ``None`` means "not known".

``cells`` are an origin's own words that the mapping does not hold, tab-separated, as they stood in the file; the writer of the same format gives them
back. They belong to the mapped values beside them: who changes a value empties the ``cells`` of that record.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from detente.records import Actor, Event, Modality, Place, When

OWN_ORIGIN = "detente"
Losses = tuple[str, ...]


class ImportedActor(msgspec.Struct, frozen=True, gc=False):
    """Who, as a data set has it: ``country`` ISO 3166 alpha-3, ``sectors`` PLOVER's, ``entity`` an identifier of a person or body."""

    name: str | None
    country: str | None
    sectors: tuple[str, ...]
    entity: str | None = None
    cells: str = ""
    losses: Losses = ()


class ImportedPlace(msgspec.Struct, frozen=True, gc=False):
    """Where: degrees, ``precision`` as in ``records.Place``, ``region`` the first-level division if the place is smaller."""

    name: str | None
    country: str | None
    latitude: float | None
    longitude: float | None
    precision: str
    region: str | None = None
    gazetteer_id: str | None = None
    cells: str = ""
    losses: Losses = ()


class OriginRow(msgspec.Struct, frozen=True, gc=False):
    """One row of the file behind an event. ``mirrored``: it names the parties the other way round."""

    row_id: str
    line: int
    document: str | None = None
    sentence: int | None = None
    publisher: str | None = None
    reported_on: str | None = None
    place: ImportedPlace | None = None
    mirrored: bool = False
    cells: str = ""


class ImportedEvent(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An event of another data set in our terms.

    ``event_type`` is ``None`` for what PLOVER does not count (statements of CAMEO's 01). ``directed`` is false where source and target are sides without
    an order. ``repeats`` counts the rows that say the same again, mirror images not counted. ``revised_at`` (seconds, Unix) tells a later version of the
    same ``event_id`` from an earlier one. ``losses`` are codes (docs/formats.md) of what this event's mapping could not keep.
    """

    event_id: str
    origin: str
    licence: str
    event_type: str | None
    modes: tuple[str, ...] = ()
    contexts: tuple[str, ...] = ()
    quad: int | None = None
    intensity: float | None = None
    cameo: str | None = None
    goldstein: float | None = None
    source: tuple[ImportedActor, ...] = ()
    target: tuple[ImportedActor, ...] = ()
    directed: bool = True
    date: When | None = None
    place: ImportedPlace | None = None
    dead: int | None = None
    injured: int | None = None
    modality: Modality = "actual"
    historical: bool = False
    text: str | None = None
    rows: tuple[OriginRow, ...] = ()
    repeats: int = 0
    revised_at: int | None = None
    losses: Losses = ()


class WithdrawnRow(msgspec.Struct, frozen=True):
    """A data set takes an event back: the events of this ``event_id`` are to be dropped."""

    event_id: str
    origin: str
    row_id: str
    line: int
    withdrawn_at: int | None = None


class RefusedRow(msgspec.Struct, frozen=True):
    """A row that cannot be used: its line, what was found there, what was expected."""

    line: int
    column: str
    found: str
    expected: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.column}: found {self.found}; expected {self.expected}"


Imported = ImportedEvent | WithdrawnRow | RefusedRow


class CellError(ValueError):
    """A cell that cannot be used; becomes a ``RefusedRow`` with its line."""

    def __init__(self, column: str, found: str, expected: str) -> None:
        super().__init__(column, found, expected)
        self.column, self.found, self.expected = column, found if len(found) <= 60 else found[:57] + "...", expected

    def at(self, line: int) -> RefusedRow:
        """The line -> the refusal."""
        return RefusedRow(line, self.column, repr(self.found), self.expected)


def make_event_id(origin: str, key: Iterable[str | None]) -> str:
    """What tells an event from all others of its origin -> its id, 16 hexadecimal digits."""
    parts = (origin, *key)
    text = "\x1f".join([part or "" for part in parts]) if None in parts else "\x1f".join(parts)  # type: ignore[arg-type]
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def as_imported(event: Event | ImportedEvent, *, publisher: str | None = None, reported_on: str | None = None) -> ImportedEvent:
    """An event, coded or imported -> the record that the writers write. What no data set has (attribution, modality, spans) stays behind."""
    if isinstance(event, ImportedEvent):
        return event
    where, place = event.place, None
    if where is not None:
        place = ImportedPlace(where.name, where.country, where.latitude, where.longitude, where.precision, gazetteer_id=where.gazetteer_id)
    return ImportedEvent(
        event_id=event.event_id,
        origin=OWN_ORIGIN,
        licence="own",
        event_type=event.event_type,
        modes=event.modes,
        contexts=event.contexts,
        quad=event.quad,
        intensity=event.intensity,
        cameo=event.cameo or None,
        goldstein=event.goldstein,
        source=_as_actors(event.source),
        target=_as_actors(event.target),
        date=event.date and When(event.date.start, event.date.end, event.date.precision),
        place=place,
        dead=event.dead,
        injured=event.injured,
        modality=event.modality,
        historical=event.historical,
        text=event.evidence[0].text if event.evidence else None,
        rows=(OriginRow(event.event_id, 0, event.doc_id, publisher=publisher, reported_on=reported_on, place=place),),
    )


def origin_of(event: Event | ImportedEvent) -> str:
    """An event -> who coded it; in tables an imported event has its origin in ``decided_by`` and ``codebook``, as ``as_event`` writes it."""
    if isinstance(event, ImportedEvent):
        return event.origin
    return event.decided_by if event.decided_by == event.codebook else OWN_ORIGIN


def _as_actors(actors: Sequence[Actor]) -> tuple[ImportedActor, ...]:
    return tuple(ImportedActor(actor.entity or actor.name, actor.country, actor.sectors) for actor in actors)


def as_event(imported: ImportedEvent | Event) -> Event:
    """An imported event -> the record that coded events have, for formats of our own that are tables; ``codebook`` and ``decided_by`` name the origin."""
    if isinstance(imported, Event):
        return imported
    first, where, place = imported.rows[0] if imported.rows else None, imported.place, None
    if where is not None:
        place = Place(where.name or "", where.country, where.latitude, where.longitude, where.precision, gazetteer_id=where.gazetteer_id)
    return Event(
        event_id=imported.event_id,
        doc_id=(first.document or first.row_id) if first else "",
        codebook=imported.origin,
        event_type=imported.event_type or "",
        modes=imported.modes,
        contexts=imported.contexts,
        quad=imported.quad or 0,
        intensity=imported.intensity or 0.0,
        cameo=imported.cameo or "",
        goldstein=imported.goldstein,
        source=tuple(as_actor(actor) for actor in imported.source),
        target=tuple(as_actor(actor) for actor in imported.target),
        date=imported.date,
        place=place,
        said_by=(),
        modality=imported.modality,
        historical=imported.historical,
        dead=imported.dead,
        injured=imported.injured,
        evidence=(),
        confidence=1.0,
        decided_by=imported.origin,
    )


def as_actor(actor: ImportedActor) -> Actor:
    """An imported actor -> the record that coded actors have."""
    return Actor(actor.name or "", actor.name or "", actor.country, actor.sectors, actor.entity)


class Pair(msgspec.Struct, frozen=True):
    """One row to write in a format that has one source and one target a row."""

    row: OriginRow
    number: int
    source: ImportedActor | None
    target: ImportedActor | None
    cameo: str | None
    goldstein: float | None


MIRROR_CODES = {"042": "043", "043": "042"}
"""Visit and host are each other's mirror; every other CAMEO 04x is its own."""
_NOBODY: tuple[ImportedActor | None, ...] = (None,)


def directed_pairs(event: ImportedEvent) -> Iterator[Pair]:
    """An event -> a pair for each of its rows and each source and target; mirrored rows get theirs turned round and the code that goes with it.

    An event that has no CAMEO code gets one that comes to the same type and, as far as there is one, modes.
    """
    from detente.exchange.crosswalk import code_for, goldstein_of

    cameo, goldstein = event.cameo, event.goldstein
    if cameo is None and (cameo := code_for(event.event_type, event.modes)) is not None and goldstein is None:
        goldstein = goldstein_of(cameo)
    turned = MIRROR_CODES.get(cameo or "", cameo)
    for row in event.rows or (OriginRow(event.event_id, 0, place=event.place),):
        for number, (source, target) in enumerate(itertools.product(event.source or _NOBODY, event.target or _NOBODY)):
            if row.mirrored:
                yield Pair(row, number, target, source, turned, goldstein if turned == cameo else goldstein_of(turned or ""))
            else:
                yield Pair(row, number, source, target, cameo, goldstein)


def without_mirrors(event: ImportedEvent) -> ImportedEvent:
    """An event -> the same for formats without mirror rows: one row for a sentence, none of them mirrored."""
    if not any(row.mirrored for row in event.rows):
        return event
    plain = [row for row in event.rows if not row.mirrored]
    sentences = {(row.document, row.sentence) for row in plain}
    turned = [msgspec.structs.replace(row, mirrored=False) for row in event.rows if row.mirrored and (row.document, row.sentence) not in sentences]
    return msgspec.structs.replace(event, rows=(*plain, *turned))


def whole_number_id(row_id: str, number: int) -> str:
    """An id -> a whole number, as ICEWS and GDELT have: a number of their own stays, others get 52 bits, so that floating point keeps them exact."""
    if row_id.isascii() and row_id.isdigit() and not number and len(row_id) <= 16 and int(row_id) < 2**53:
        return row_id
    return str(int(hashlib.blake2b(f"{row_id}:{number}".encode(), digest_size=8).hexdigest()[:13], 16))
