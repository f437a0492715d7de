"""ACLED exports (CSV, 31 columns) -> events; files of deleted events -> withdrawals.

ACLED implies no direction: actor1 and its associates are the source, actor2 and its associates the target of an event that is not ``directed``. A row with
an ``event_id_cnty`` that was there before is a later version; ``revised_at`` (ACLED's timestamp) says which is newer. A file with ``event_id_cnty`` and
``deleted_timestamp`` lists events that ACLED took back. What the mapping keeps and loses: docs/formats.md.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping

import msgspec

from detente.codebook.load import read_table
from detente.exchange.cells import parse_number, parse_whole
from detente.exchange.crosswalk import TABLES, Memo, cameo_quad, country_code, country_name, country_table, goldstein_of, intensity_of, licence_of, quad_of
from detente.exchange.fold import Key, Parsed, fold_rows
from detente.exchange.imported import CellError, ImportedActor, ImportedEvent, ImportedPlace, OriginRow, RefusedRow, WithdrawnRow, make_event_id
from detente.exchange.lines import Input, check_header, open_input, parse_cells, read_csv
from detente.exchange.periods import parse_day, period_around
from detente.records import Precision, When

ORIGIN = "acled"
COLUMNS = tuple(
    "event_id_cnty event_date year time_precision disorder_type event_type sub_event_type actor1 assoc_actor_1 inter1 actor2 assoc_actor_2 inter2 interaction "
    "civilian_targeting iso region country admin1 admin2 admin3 location latitude longitude geo_precision source source_scale notes fatalities tags timestamp".split()
)
DELETED_COLUMNS = ("event_id_cnty", "deleted_timestamp")
KEPT = ("disorder_type", "event_type", "sub_event_type", "interaction", "civilian_targeting", "region", "admin2", "admin3", "geo_precision", "source_scale", "tags")
"""Columns that the mapping does not hold; they stay in ``OriginRow.cells``."""
PRECISIONS: Mapping[str, Precision] = {"1": "day", "2": "week", "3": "month"}
GEO_PRECISIONS = {"1": "city", "2": "region", "3": "region"}
_FORCES = re.compile(r"(?:Forces|Government) of (?:the )?(.+?)(?: \(\d{4}.*)?$")
_BRACKETS = re.compile(r"\(([^()\d]+)\)")
_SPACES = re.compile(r"\s+")


def read_events(given: Input) -> Iterator[ImportedEvent | WithdrawnRow | RefusedRow]:
    """A path or binary stream of an ACLED export, or of its list of deleted events -> events, withdrawals, and the rows that it refuses.

    Raises ``InputError`` for a file that cannot be read or has another header.
    """
    with open_input(given) as stream:
        rows = read_csv(stream)
        _, first = next(rows, (1, []))
        header = [cell.strip().casefold() for cell in first] if isinstance(first, list) else []
        if set(DELETED_COLUMNS) <= set(header):
            yield from _read_deleted(rows, header)
            return
        check_header(given, header, COLUMNS, "ACLED")
        yield from fold_rows(_parse_rows(rows, header), _make_event)


def _read_deleted(rows: Iterator[tuple[int, list[str] | RefusedRow]], header: list[str]) -> Iterator[WithdrawnRow | RefusedRow]:
    def parse(cells: list[str], line: int) -> WithdrawnRow:
        row = dict(zip(header, map(str.strip, cells), strict=True))
        if not row["event_id_cnty"]:
            raise CellError("event_id_cnty", "", "an id such as NIG123")
        at = parse_whole(row["deleted_timestamp"], "deleted_timestamp")
        return WithdrawnRow(make_event_id(ORIGIN, (row["event_id_cnty"],)), ORIGIN, row["event_id_cnty"], line, at)

    return parse_cells(rows, header, parse)


def _parse_rows(rows: Iterator[tuple[int, list[str] | RefusedRow]], header: list[str]) -> Iterator[Parsed[ImportedEvent] | RefusedRow]:
    actors = Memo(_find_actor)

    def parse(cells: list[str], line: int) -> Parsed[ImportedEvent]:
        event = _parse_row(dict(zip(header, map(str.strip, cells), strict=True)), line, actors)
        return Parsed((event.event_id, str(event.revised_at)), False, False, event.rows[0], event)

    return parse_cells(rows, header, parse)


def _make_event(key: Key, event: ImportedEvent, rows: tuple[OriginRow, ...], repeats: int) -> ImportedEvent:
    return msgspec.structs.replace(event, rows=rows, repeats=repeats)


def _parse_row(cells: Mapping[str, str], line: int, actors: Mapping[tuple[str, str], ImportedActor]) -> ImportedEvent:
    row_id = cells["event_id_cnty"]
    if not row_id:
        raise CellError("event_id_cnty", row_id, "an id such as NIG123")
    coding = _event_table().get((cells["event_type"].casefold(), cells["sub_event_type"].casefold()))
    if coding is None:
        raise CellError("sub_event_type", f"{cells['event_type']}: {cells['sub_event_type']}", "a sub-event of ACLED's codebook")
    place = _find_place(cells)
    source, target = (_find_side(cells, side, actors) for side in "12")
    modes = tuple(filter(None, coding["modes"].split("|")))
    cameo, event_type = coding["cameo"] or None, coding["type"] or None
    lost = [loss for actor in (*source, *target) for loss in actor.losses]
    lost += [*(() if event_type else ("no-plover-type",)), *(place.losses if place else ())]
    return ImportedEvent(
        event_id=make_event_id(ORIGIN, (row_id,)),
        origin=ORIGIN,
        licence=licence_of(ORIGIN),
        event_type=event_type,
        modes=modes,
        contexts=tuple(filter(None, coding["contexts"].split("|"))),
        quad=quad_of(event_type) or (cameo_quad(cameo) if cameo else None),
        intensity=intensity_of(event_type, modes),
        cameo=cameo,
        goldstein=goldstein_of(cameo) if cameo else None,
        source=source,
        target=target,
        directed=False,
        date=_find_date(cells),
        place=place,
        dead=parse_whole(cells["fatalities"], "fatalities"),
        text=cells["notes"] or None,
        rows=(OriginRow(row_id, line, None, None, cells["source"] or None, None, place, False, "\t".join(_SPACES.sub(" ", cells[column]) for column in KEPT)),),
        revised_at=parse_whole(cells["timestamp"], "timestamp"),
        losses=tuple(dict.fromkeys(lost)),
    )


def _find_date(cells: Mapping[str, str]) -> When:
    precision = PRECISIONS.get(cells["time_precision"])
    if precision is None:
        raise CellError("time_precision", cells["time_precision"], "1 (day), 2 (week) or 3 (month)")
    return period_around(parse_day(cells["event_date"], "event_date"), precision)


def _find_side(cells: Mapping[str, str], side: str, actors: Mapping[tuple[str, str], ImportedActor]) -> tuple[ImportedActor, ...]:
    main, others = cells[f"actor{side}"], cells[f"assoc_actor_{side}"]
    found = [actors[main, cells[f"inter{side}"]]] if main else []
    return (*found, *(actors[name.strip(), ""] for name in others.split(";") if name.strip()))


def _find_actor(cells: tuple[str, str]) -> ImportedActor:
    """A name and what kind of actor it is -> the actor; the country is that of its forces or stands in brackets."""
    name, kind = cells
    row = _kind_table().get(kind.casefold(), {})
    sector = next((found for words, found in _name_table() if name.startswith(words) or f" {words}" in name or f"({words}" in name), None)
    forces, brackets = _FORCES.search(name), _BRACKETS.findall(name)
    named = next((code for code in map(country_code, [*([forces[1]] if forces else []), *reversed(brackets)]) if code), None)
    losses = []
    if sector is None and row.get("guess"):
        losses.append("sector-guessed")
    if kind not in ("", "0") and not row:
        losses.append(f"actor-kind:{kind}")
    sector = sector or row.get("sector")
    return ImportedActor(name, named, (sector,) if sector else (), cells=kind, losses=tuple(losses))


def _find_place(cells: Mapping[str, str]) -> ImportedPlace | None:
    number = cells["iso"].removesuffix(".0").lstrip("0")
    country = country_table("iso_number").get(number) or country_code(cells["country"])
    losses = () if country or not cells["country"] else (f"country:{cells['country']}",)
    north, east = parse_number(cells["latitude"], "latitude", 90), parse_number(cells["longitude"], "longitude", 180)
    name = cells["location"] or cells["admin1"] or country_name(country)
    region = cells["admin1"] if cells["admin1"] != name else ""
    precision = GEO_PRECISIONS.get(cells["geo_precision"])
    if precision is None:
        raise CellError("geo_precision", cells["geo_precision"], "1 (town), 2 (part of a region) or 3 (region)")
    return ImportedPlace(name, country, north, east, precision, region or None, losses=losses)


@functools.cache
def _event_table() -> Mapping[tuple[str, str], Mapping[str, str]]:
    return {(row["event_type"].casefold(), row["sub_event_type"].casefold()): row for row in read_table(TABLES / "acled_events.csv")}


@functools.cache
def _kind_table() -> Mapping[str, Mapping[str, str]]:
    rows = read_table(TABLES / "acled_actors.csv")
    return {key.casefold(): row for row in reversed(rows) for key in (row["inter"], row["name"])}


@functools.cache
def _name_table() -> tuple[tuple[str, str], ...]:
    return tuple((row["words"], row["sector"]) for row in read_table(TABLES / "acled_names.csv"))
