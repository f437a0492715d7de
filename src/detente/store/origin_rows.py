"""What the rows of an imported event say beyond its row of ``events`` <-> one compact text, ``mentions.origin_rows``.

The store holds an imported event as it holds a coded one: type, actors, day, place, toll. A data set's file says more (its ids, documents, sentences,
publishers, and its own words for what our fields say in ours), and whoever exports the event in that format again wants it back as it stood.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from detente.exchange.imported import ImportedActor, ImportedEvent, ImportedPlace, Losses, OriginRow


class KeptPlace(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """``ImportedPlace`` without the names of its fields."""

    name: str | None
    country: str | None
    latitude: float | None
    longitude: float | None
    precision: str
    region: str | None
    gazetteer_id: str | None
    cells: str
    losses: Losses


class KeptEvent(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An imported event without its rows and what its row of ``events`` holds. ``source`` and ``target``: cells and losses of each actor; ``unknown``:
    those of quad and intensity that the data set does not tell, since the table has a number for each."""

    event_id: str
    source: tuple[tuple[str, Losses], ...]
    target: tuple[tuple[str, Losses], ...]
    place: KeptPlace | None
    directed: bool
    revised_at: int | None
    losses: Losses
    unknown: tuple[str, ...]


class KeptRow(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """``OriginRow`` without the names of its fields; a ``place`` of true is that of the event. The first row of an event has the ``event`` beside it."""

    row_id: str
    document: str | None
    publisher: str | None
    mirrored: bool
    line: int = 0
    sentence: int | None = None
    reported_on: str | None = None
    cells: str = ""
    place: KeptPlace | bool | None = True
    event: KeptEvent | None = None


_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(tuple[KeptRow, ...])


def pack_rows(event: ImportedEvent) -> str:
    """An imported event -> the text that ``unpack_rows`` reads: a JSON list with a list for each row."""
    unknown = tuple(name for name, value in (("quad", event.quad), ("intensity", event.intensity)) if value is None)
    about = KeptEvent(
        event.event_id, _keep_actors(event.source), _keep_actors(event.target), _keep_place(event.place), event.directed, event.revised_at, event.losses, unknown
    )  # fmt: skip
    rows = [
        KeptRow(
            row.row_id, row.document, row.publisher, row.mirrored, row.line, row.sentence, row.reported_on, row.cells,
            row.place is not None if row.place is event.place or row.place is None or row.place == event.place else _keep_place(row.place),
            None if n else about,
        )
        for n, row in enumerate(event.rows or (OriginRow(event.event_id, 0, place=event.place),))
    ]  # fmt: skip
    return _ENCODER.encode(rows).decode()


def unpack_rows(text: str) -> tuple[KeptRow, ...]:
    """The text of ``pack_rows`` -> the rows, the first with what is kept of the event."""
    return _DECODER.decode(text) if text else ()


def give_back_rows(kept: Iterable[KeptRow], place: ImportedPlace | None, *, with_cells: bool) -> tuple[OriginRow, ...]:
    """Kept rows and the event's place -> the rows. Without cells (a reviewer corrected the event) the rows say what the event says."""
    return tuple(
        OriginRow(
            row.row_id, row.line, row.document, row.sentence, row.publisher, row.reported_on,
            place if row.place is True or not with_cells else give_back_place(row.place) if isinstance(row.place, KeptPlace) else None,
            row.mirrored, row.cells if with_cells else "",
        )
        for row in kept
    )  # fmt: skip


def give_back_place(place: KeptPlace | None) -> ImportedPlace | None:
    """A kept place -> the place."""
    return None if place is None else ImportedPlace(*(getattr(place, name) for name in KeptPlace.__struct_fields__))


def give_back_actors(actors: Iterable[ImportedActor], kept: Sequence[tuple[str, Losses]]) -> tuple[ImportedActor, ...]:
    """The actors of one side and what was kept of them -> the actors with their cells; one that a reviewer added has none."""
    return tuple(
        msgspec.structs.replace(actor, cells=kept[n][0], losses=kept[n][1]) if n < len(kept) else actor
        for n, actor in enumerate(actors)
    )  # fmt: skip


def _keep_place(place: ImportedPlace | None) -> KeptPlace | None:
    return None if place is None else KeptPlace(
        place.name, place.country, place.latitude, place.longitude, place.precision, place.region, place.gazetteer_id, place.cells, place.losses
    )  # fmt: skip


def _keep_actors(actors: Iterable[ImportedActor]) -> tuple[tuple[str, Losses], ...]:
    return tuple((actor.cells, actor.losses) for actor in actors)
