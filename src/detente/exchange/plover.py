"""Events <-> PLOVER's JSON lines: id, date, actor[], event, mode[], context[], recipient[], event_loc{}, quad_code, event_scale, text, cite_info{}, size{}.

Each side is a list, so an event is one line. What PLOVER leaves open is written so: partial dates as ``2020-06``, ``2020`` or ``first/last``; modality
among the modes, with PLOVER's own flags; a second and later report of an event under ``cite_info.further``. What is lost: docs/formats.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from detente.exchange.crosswalk import country_code, find_plover, intensity_of, licence_of, plover_flags, sector_codes
from detente.exchange.imported import CellError, ImportedActor, ImportedEvent, ImportedPlace, OriginRow, RefusedRow, as_imported, make_event_id, without_mirrors
from detente.exchange.lines import Input, open_input, parse_lines, read_lines
from detente.exchange.output import Output, open_output
from detente.exchange.periods import parse_period, period_text
from detente.records import Event

ORIGIN = "plover"
_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder()


def encode_events(events: Iterable[Event | ImportedEvent]) -> bytes:
    """Events -> their lines, UTF-8. What PLOVER has no type for (statements of CAMEO's 01) is left out."""
    return b"".join(_ENCODER.encode(_fields(without_mirrors(event))) + b"\n" for event in map(as_imported, events) if event.event_type is not None)


def write_events(events: Iterable[Event | ImportedEvent], out: Output) -> int:
    """Events -> a file or binary stream of PLOVER's JSON lines; gives back how many were written."""
    count = 0
    with open_output(out) as stream:
        for event in events:
            line = encode_events((event,))
            stream.write(line)
            count += bool(line)
    return count


def _fields(event: ImportedEvent) -> dict[str, Any]:
    place = event.place
    return {
        "id": event.event_id if event.origin != ORIGIN else event.rows[0].row_id,
        "date": event.date and period_text(event.date),
        "actor": [_actor_fields(actor) for actor in event.source],
        "event": event.event_type,
        "mode": [*event.modes, *plover_flags(event.modality, historical=event.historical)],
        "context": event.contexts,
        "recipient": [_actor_fields(actor) for actor in event.target],
        "event_loc": place and _place_fields(place),
        "quad_code": event.quad,
        "event_scale": event.intensity,
        "text": event.text,
        "cite_info": _cite_fields(event.rows),
        "size": {"dead": event.dead, "injured": event.injured, "arrested": None},
    }


def _actor_fields(actor: ImportedActor) -> dict[str, Any]:
    sectors = list(actor.sectors)
    return {
        "code": actor.country,
        "sector": sectors[0] if len(sectors) == 1 else sectors,
        "entity_text": actor.name,
        "identifier_id": actor.entity,
        "identifier_text": None,
    }


def _place_fields(place: ImportedPlace) -> dict[str, Any]:
    return {
        "name": place.name,
        "country": place.country,
        "latitude": place.latitude,
        "longitude": place.longitude,
        "precision": place.precision,
        "region": place.region,
        "geonames_id": place.gazetteer_id,
    }


def _cite_fields(rows: Sequence[OriginRow]) -> dict[str, Any]:
    cites = [{"document": row.document, "sentence": row.sentence, "publisher": row.publisher, "date": row.reported_on} for row in rows]
    return {**cites[0], "further": cites[1:]} if len(cites) > 1 else cites[0] if cites else {}


# -- reading ----------------------------------------------------------------------------------------------------------------
def read_events(given: Input) -> Iterator[ImportedEvent | RefusedRow]:
    """A path or binary stream of PLOVER's JSON lines -> its events and the lines that it refuses. Raises ``InputError`` for a file that cannot be read."""
    with open_input(given) as stream:
        yield from parse_lines(((number, line) for number, line in read_lines(stream) if line.strip()), _parse_line)


def _parse_line(line: bytes, number: int) -> ImportedEvent:
    try:
        raw = _DECODER.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise CellError("line", line[:60].decode("utf-8", "replace"), f"a JSON object ({error})") from None
    if not isinstance(raw, dict):
        raise CellError("line", line[:60].decode("utf-8", "replace"), "a JSON object")
    row_id = _text(raw, "id")
    if not row_id:
        raise CellError("id", repr(raw.get("id")), "a text or a number")
    plover = find_plover(_text(raw, "event") or "", _texts(raw, "mode"), _texts(raw, "context"))
    date = _text(raw, "date")
    place = _find_place(_map(raw, "event_loc"))
    size = _map(raw, "size")
    source, target = tuple(_find_actors(raw, "actor")), tuple(_find_actors(raw, "recipient"))
    lost = [*plover.losses, *(loss for actor in (*source, *target) for loss in actor.losses), *(place.losses if place else ())]
    if _whole(size, "arrested") is not None:
        lost.append("arrested")
    quad = _whole(raw, "quad_code")
    if quad is not None and quad not in (1, 2, 3, 4):
        raise CellError("quad_code", str(quad), "1, 2, 3 or 4")
    scale = _number(raw, "event_scale")
    return ImportedEvent(
        event_id=plover_id(row_id),
        origin=ORIGIN,
        licence=licence_of(ORIGIN),
        event_type=plover.event_type,
        modes=plover.modes,
        contexts=plover.contexts,
        quad=quad,
        intensity=intensity_of(plover.event_type, plover.modes) if scale is None else scale,
        source=source,
        target=target,
        date=parse_period(date, "date") if date else None,
        place=place,
        dead=_whole(size, "dead"),
        injured=_whole(size, "injured"),
        modality=plover.modality,
        historical=plover.historical,
        text=_text(raw, "text"),
        rows=tuple(_find_rows(_map(raw, "cite_info"), row_id, number, place)),
        losses=tuple(dict.fromkeys(lost)),
    )


def plover_id(row_id: str) -> str:
    """PLOVER's own id of an event -> ours: the same if it has our form, so that an event of detente's that went out comes back under its id."""
    return row_id if len(row_id) == 16 and set(row_id) <= set("0123456789abcdef") else make_event_id(ORIGIN, (row_id,))


def _find_rows(cite: Mapping[str, Any], row_id: str, line: int, place: ImportedPlace | None) -> Iterator[OriginRow]:
    further = cite.get("further") or []
    for number, one in enumerate((cite, *further) if isinstance(further, list) else (cite,)):
        if not isinstance(one, dict):
            raise CellError("cite_info", repr(one), "an object")
        document = next(filter(None, (_text(one, key) for key in ("document", "url", "id"))), None)
        publisher = _text(one, "publisher") or _text(one, "source")
        date = _text(one, "date")
        day = parse_period(date, "cite_info.date").start if date else None
        yield OriginRow(row_id if not number else f"{row_id}:{number}", line, document, _whole(one, "sentence"), publisher, day, place)


def _find_actors(raw: Mapping[str, Any], column: str) -> Iterator[ImportedActor]:
    value = raw.get(column)
    for one in value if isinstance(value, list) else [value] if value else []:
        if not isinstance(one, dict):
            raise CellError(column, repr(one), "a list of objects with code, sector, entity_text")
        code = _text(one, "code")
        country = country_code(code) if code else None
        named = [sector.strip().upper() for sector in _texts(one, "sector") if sector.strip()]
        sectors = [sector for sector in named if sector in sector_codes()]
        losses = [f"sector:{sector}" for sector in named if sector not in sector_codes()]
        if code and country is None:
            if code in ("IGO", "NGO") and code not in sectors:
                sectors.append(code)
            elif code not in ("IGO", "NGO"):
                losses.append(f"country:{code}")
        if _text(one, "identifier_text"):
            losses.append("identifier-text")
        yield ImportedActor(_text(one, "entity_text"), country, tuple(dict.fromkeys(sectors)), _text(one, "identifier_id"), losses=tuple(losses))


def _find_place(raw: Mapping[str, Any]) -> ImportedPlace | None:
    def first(*keys: str) -> str | None:
        return next(filter(None, (_text(raw, key) for key in keys)), None)

    named = first("country", "country_code")
    country = country_code(named) if named else None
    name, region = first("name", "placename", "city"), first("region", "admin1", "province")
    north = _degrees(raw, ("latitude", "lat"), 90)
    east = _degrees(raw, ("longitude", "lon", "lng"), 180)
    if not any((named, name, region)) and north is None:
        return None
    precision = first("precision") or ("city" if name else "region" if region else "country")
    losses = (f"country:{named}",) if named and country is None else ()
    return ImportedPlace(name, country, north, east, precision, region, first("geonames_id", "geonameid"), losses=losses)


def _degrees(raw: Mapping[str, Any], keys: Sequence[str], most: int) -> float | None:
    value = next((_number(raw, key) for key in keys if raw.get(key) is not None), None)
    if value is not None and not -most <= value <= most:
        raise CellError(keys[0], str(value), f"degrees from -{most} to {most}")
    return value


def _map(raw: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = raw.get(key)
    if value is None or value == "" or value == []:
        return {}
    if not isinstance(value, dict):
        raise CellError(key, repr(value), "an object")
    return value


def _text(raw: Mapping[str, Any], key: str) -> str | None:
    value = raw.get(key)
    if isinstance(value, bool | list | dict):
        raise CellError(key, repr(value), "a text")
    return None if value is None or value == "" else str(value)


def _texts(raw: Mapping[str, Any], key: str) -> list[str]:
    value = raw.get(key)
    values = value if isinstance(value, list) else str(value).replace(";", ",").split(",") if value else []
    if not all(isinstance(one, str) for one in values):
        raise CellError(key, repr(value), "a list of texts")
    return values


def _number(raw: Mapping[str, Any], key: str) -> float | None:
    value = raw.get(key)
    if value is None or value == "":
        return None
    try:
        return float(value)
    except (TypeError, ValueError):
        raise CellError(key, repr(value), "a number") from None


def _whole(raw: Mapping[str, Any], key: str) -> int | None:
    value = _number(raw, key)
    if value is not None and (value != value // 1 or value < 0):
        raise CellError(key, repr(value), "a whole number")
    return None if value is None else int(value)
