"""Events <-> the 40 tab-separated columns of POLECAT.

Read: a header with additional names whose rows lack them, tabs at the end, rows in ISO-8859-1, lists in one cell (``a; b``, ``a, b`` or ``['a', 'b']``) and
``None`` for nothing. Written: a row for each pair of actor and recipient; lists with ``; `` between. What the mapping keeps and loses: docs/formats.md.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from detente.exchange.cells import parse_number
from detente.exchange.crosswalk import Memo, country_code, country_column, country_name, country_table, find_plover, intensity_of, licence_of, plover_flags, sector_codes
from detente.exchange.fold import Key, Parsed, fold_rows
from detente.exchange.imported import (
    CellError,
    ImportedActor,
    ImportedEvent,
    ImportedPlace,
    OriginRow,
    Pair,
    RefusedRow,
    as_imported,
    directed_pairs,
    make_event_id,
    without_mirrors,
)
from detente.exchange.lines import Input, check_header, open_input, parse_lines, read_lines
from detente.exchange.output import Output, number_cell, open_output
from detente.exchange.periods import parse_day, period_around
from detente.records import Event

ORIGIN = "polecat"
COLUMNS = tuple(
    "Event ID|Event Date|Event Type|Event Mode|Intensity|Quad Code|Contexts|Actor Name|Actor Country|Actor COW|Primary Actor Sector|Actor Sectors|Actor Title|"
    "Actor Name Raw|Wikipedia Actor ID|Recipient Name|Recipient Country|Recipient COW|Primary Recipient Sector|Recipient Sectors|Recipient Title|"
    "Recipient Name Raw|Wikipedia Recipient ID|Placename|City|District|Province|Country|Latitude|Longitude|GeoNames ID|Raw Placename|Feature Type|Source|"
    "Publication Date|Story People|Story Organizations|Story Locations|Language|Version".split("|")
)
HEADER = ("\t".join(COLUMNS) + "\n").encode()
OTHER_NAMES = {"event intensity": "Intensity"}
KEPT = tuple("Actor Title|Actor Name Raw|Recipient Title|Recipient Name Raw|District|Raw Placename|Story People|Story Organizations|Story Locations|Language|Version".split("|"))
"""Columns that the mapping does not hold; they stay in ``OriginRow.cells``."""
MISSING = "None"
FEATURES = {"site": "S", "city": "PPL", "region": "ADM1", "country": "PCLI", "sea": "SEA"}
_FEATURE_KINDS = (("PPL", "city"), ("ADM", "region"), ("PCL", "country"), ("SEA", "sea"), ("OCN", "sea"), ("P", "city"), ("A", "region"), ("S", "site"))
_SPACES = re.compile(r"\s+")
_DATE = re.compile(r"\s*\d{1,4}[-/]\d")
_LIST = re.compile(r"\s*[;|,]\s*")


def encode_events(events: Iterable[Event | ImportedEvent]) -> bytes:
    """Events -> their lines, UTF-8, without the header. What PLOVER has no type for (statements of CAMEO's 01) is left out."""
    kept = (event for event in map(as_imported, events) if event.event_type is not None)
    return "".join("\t".join(_cells(event, pair)) + "\n" for event in kept for pair in directed_pairs(without_mirrors(event))).encode()


def write_events(events: Iterable[Event | ImportedEvent], out: Output) -> int:
    """Events -> a file or binary stream in POLECAT's columns with a header; gives back how many events were written."""
    count = 0
    with open_output(out) as stream:
        stream.write(HEADER)
        for event in events:
            lines = encode_events((event,))
            stream.write(lines)
            count += bool(lines)
    return count


def _cells(event: ImportedEvent, pair: Pair) -> list[str]:
    row = pair.row
    cells = dict.fromkeys(COLUMNS, MISSING)
    if event.origin == ORIGIN and row.cells:
        cells.update(zip(KEPT, row.cells.split("\t"), strict=True))
    cells |= {
        "Event ID": _cell(row.row_id if not pair.number else f"{row.row_id}-{pair.number}"),
        "Event Date": event.date.start if event.date else MISSING,
        "Event Type": event.event_type or MISSING,
        "Event Mode": _list_cell([*event.modes, *plover_flags(event.modality, historical=event.historical)]),
        "Intensity": number_cell(event.intensity, MISSING),
        "Quad Code": MISSING if event.quad is None else str(event.quad),
        "Contexts": _list_cell(event.contexts),
        **_actor_cells(pair.source, "Actor"),
        **_actor_cells(pair.target, "Recipient"),
        **_place_cells(row.place),
        "Source": _cell(row.publisher),
        "Publication Date": row.reported_on or MISSING,
    }
    return [cells[column] for column in COLUMNS]


def _actor_cells(actor: ImportedActor | None, side: str) -> dict[str, str]:
    if actor is None:
        return {}
    return {
        f"{side} Name": _cell(actor.name).replace(";", ","),
        f"{side} Country": actor.country or MISSING,
        f"{side} COW": country_column("cow_number").get(actor.country or "", MISSING),
        f"Primary {side} Sector": actor.sectors[0] if actor.sectors else MISSING,
        f"{side} Sectors": _list_cell(actor.sectors),
        f"Wikipedia {side} ID": _cell(actor.entity),
    }


def _place_cells(place: ImportedPlace | None) -> dict[str, str]:
    if place is None:
        return {}
    province = place.region or (place.name if place.precision == "region" else None)
    return {
        "Placename": _cell(place.name),
        "City": _cell(place.name if place.precision == "city" else None),
        "Province": _cell(province),
        "Country": _cell(country_name(place.country)),
        "Latitude": number_cell(place.latitude, MISSING),
        "Longitude": number_cell(place.longitude, MISSING),
        "GeoNames ID": _cell(place.gazetteer_id),
        "Feature Type": FEATURES.get(place.precision, MISSING),
    }


def _cell(text: str | None) -> str:
    return _SPACES.sub(" ", text or "").strip() or MISSING


def _list_cell(values: Sequence[str]) -> str:
    return "; ".join(values) or MISSING


# -- reading ----------------------------------------------------------------------------------------------------------------
def read_events(given: Input) -> Iterator[ImportedEvent | RefusedRow]:
    """A path or binary stream in POLECAT's columns -> its events, exact repeats counted, and the rows that it refuses.

    Raises ``InputError`` for a file that cannot be read or has another header.
    """
    with open_input(given) as stream:
        yield from fold_rows(_parse_lines(given, read_lines(stream)), _make_event)


def _parse_lines(given: Input, lines: Iterator[tuple[int, bytes]]) -> Iterator[Parsed[ImportedEvent] | RefusedRow]:
    _, first = next(lines, (1, b""))
    header = [OTHER_NAMES.get(name.strip().casefold(), name.strip()) for name in _decode(first)[0].rstrip("\t").split("\t")]
    check_header(given, header, COLUMNS, "POLECAT")
    memo = Memo(_find_actor)

    def parse(line: bytes, number: int) -> Parsed[ImportedEvent]:
        text, encoding = _decode(line)
        cells = {name: "" if cell.strip() == MISSING else cell.strip() for name, cell in _align(header, text.split("\t")).items()}
        event = _parse_row(cells, number, memo)
        losses = (*event.losses, "encoding") if encoding != "utf-8" else event.losses
        event = msgspec.structs.replace(event, losses=losses)
        return Parsed((_what_it_says(event),), False, False, event.rows[0], event)

    return parse_lines(((number, line) for number, line in lines if line.strip()), parse)


def _what_it_says(event: ImportedEvent) -> str:
    """An event of one row -> all that it says but its id, line and losses, so that rows that say the same are known."""
    row = msgspec.structs.replace(event.rows[0], row_id="", line=0)
    return msgspec.json.encode(msgspec.structs.replace(event, rows=(row,), losses=())).decode()


def _decode(line: bytes) -> tuple[str, str]:
    try:
        return line.decode(), "utf-8"
    except UnicodeDecodeError:
        return line.decode("iso-8859-1"), "iso-8859-1"


def _align(header: Sequence[str], cells: list[str]) -> dict[str, str]:
    """A header, perhaps with names more than 40, and a row, perhaps with tabs at its end -> the cells by name; a row that lacks the additional ones is read
    without them: where both fit, the reading counts that finds a date in the column of dates."""
    standard = [name for name in header if name in COLUMNS]
    fits = [dict(zip(names, cells, strict=False)) for names in (header, standard) if len(cells) >= len(names) and not any(map(str.strip, cells[len(names) :]))]
    if not fits:
        more = f", or {len(header)}" if len(header) > len(standard) else ""
        raise CellError("row", f"{len(cells)} cells", f"{len(standard)} cells with a tab between{more}")
    return next((fit for fit in fits if _DATE.match(fit["Publication Date"])), fits[0])


def _split(cell: str) -> list[str]:
    """A list in one cell -> its members."""
    if cell.startswith("["):
        try:
            values = ast.literal_eval(cell)
        except (ValueError, SyntaxError):
            values = None
        if isinstance(values, list) and all(isinstance(value, str) for value in values):
            return [value.strip() for value in values if value.strip() and value != MISSING]
        cell = cell.strip("[]").replace("'", "").replace('"', "")
    return [part for part in _LIST.split(cell.strip()) if part and part != MISSING]


def _parse_row(cells: Mapping[str, str], line: int, memo: Mapping[tuple[str, ...], tuple[ImportedActor, ...]]) -> ImportedEvent:
    row_id = cells["Event ID"]
    if not row_id:
        raise CellError("Event ID", row_id, "an id")
    plover = find_plover(cells["Event Type"], _split(cells["Event Mode"]), _split(cells["Contexts"]))
    intensity = parse_number(cells["Intensity"], "Intensity", 10)
    quad = parse_number(cells["Quad Code"], "Quad Code", 4)
    if quad is not None and quad not in (1, 2, 3, 4):
        raise CellError("Quad Code", cells["Quad Code"], "1, 2, 3 or 4")
    place = _find_place(cells)
    sides = []
    for side in ("Actor", "Recipient"):
        names = ("Name", "Country", "COW", "Sectors")
        sides.append(memo[(*(cells[f"{side} {name}"] for name in names), cells[f"Primary {side} Sector"], cells[f"Wikipedia {side} ID"])])
    reported = parse_day(cells["Publication Date"], "Publication Date").isoformat() if cells["Publication Date"] else None
    kept = "\t".join(cells[column] or MISSING for column in KEPT)
    lost = [*plover.losses, *(loss for side in sides for actor in side for loss in actor.losses), *(place.losses if place else ())]
    return ImportedEvent(
        event_id="",
        origin=ORIGIN,
        licence=licence_of(ORIGIN),
        event_type=plover.event_type,
        modes=plover.modes,
        contexts=plover.contexts,
        quad=None if quad is None else int(quad),
        intensity=intensity_of(plover.event_type, plover.modes) if intensity is None else intensity,
        source=sides[0],
        target=sides[1],
        date=period_around(parse_day(cells["Event Date"], "Event Date"), "day") if cells["Event Date"] else None,
        place=place,
        modality=plover.modality,
        historical=plover.historical,
        rows=(OriginRow(row_id, line, None, None, cells["Source"] or None, reported, place, False, kept),),
        losses=tuple(dict.fromkeys(lost)),
    )


def _make_event(key: Key, event: ImportedEvent, rows: tuple[OriginRow, ...], repeats: int) -> ImportedEvent:
    return msgspec.structs.replace(event, event_id=make_event_id(ORIGIN, key), rows=rows, repeats=repeats)


def _find_actor(cells: tuple[str, ...]) -> tuple[ImportedActor, ...]:
    """Name, country, COW, sectors, primary sector, Wikipedia id -> the actors of one side."""
    name, country, cow, sectors, primary, entity = cells
    names = [part.strip() for part in name.split(";") if part.strip()] if not name.startswith("[") else _split(name)
    countries, numbers = _split(country), _split(cow)
    found = [sector.upper() for sector in dict.fromkeys((*_split(primary), *_split(sectors)))]
    kept = tuple(sector for sector in found if sector in sector_codes())
    losses = tuple(f"sector:{sector}" for sector in found if sector not in kept)
    if not names and not countries and not kept:
        return ()
    out = []
    for number in range(max(len(names), 1)):
        named = countries[number] if len(countries) > number else countries[0] if countries else ""
        code = country_code(named) if named else country_table("cow_number").get(numbers[0].removesuffix(".0").lstrip("0")) if numbers else None
        lost = (*losses, f"country:{named}") if named and code is None else losses
        out.append(ImportedActor(names[number] if names else None, code, kept, entity or None, losses=lost))
    return tuple(out)


def _find_place(cells: Mapping[str, str]) -> ImportedPlace | None:
    name, city, province, country = (cells[column] for column in ("Placename", "City", "Province", "Country"))
    north, east = parse_number(cells["Latitude"], "Latitude", 90), parse_number(cells["Longitude"], "Longitude", 180)
    if not any((name, city, province, country)) and north is None:
        return None
    code = country_code(country) if country else None
    kind = next((kind for prefix, kind in _FEATURE_KINDS if cells["Feature Type"].startswith(prefix)), None)
    precision = kind or ("city" if city else "region" if province else "country")
    shown = name or city or province or country
    losses = (f"country:{country}",) if country and code is None else ()
    region = province if province and province != shown else None
    return ImportedPlace(shown or None, code, north, east, precision, region, cells["GeoNames ID"] or None, losses=losses)
