"""The Georeferenced Event Dataset of UCDP (CSV, 49 columns) -> events.

One-sided violence is directed, from side_a to civilians; the sides of state-based and non-state violence have no order. ``dead`` is the best estimate. What
the mapping keeps and loses: docs/formats.md.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping

import msgspec

from detente.codebook.load import read_table
from detente.exchange.cells import parse_number, parse_whole
from detente.exchange.crosswalk import TABLES, Memo, country_code, country_name, country_table, goldstein_of, intensity_of, licence_of, quad_of
from detente.exchange.fold import Key, Parsed, fold_rows
from detente.exchange.imported import CellError, ImportedActor, ImportedEvent, ImportedPlace, OriginRow, RefusedRow, make_event_id
from detente.exchange.lines import Input, check_header, open_input, parse_cells, read_csv
from detente.exchange.periods import parse_day
from detente.records import Precision, When

ORIGIN = "ucdp"
COLUMNS = tuple(
    "id relid year active_year code_status type_of_violence conflict_dset_id conflict_new_id conflict_name dyad_dset_id dyad_new_id dyad_name side_a_dset_id "
    "side_a_new_id side_a side_b_dset_id side_b_new_id side_b number_of_sources source_article source_office source_date source_headline source_original "
    "where_prec where_coordinates where_description adm_1 adm_2 latitude longitude geom_wkt priogrid_gid country country_id region event_clarity date_prec "
    "date_start date_end deaths_a deaths_b deaths_civilians deaths_unknown best high low gwnoa gwnob".split()
)
KEPT = tuple(
    "relid active_year code_status type_of_violence conflict_new_id conflict_name dyad_new_id dyad_name side_a_new_id side_b_new_id number_of_sources "
    "source_article source_date source_original where_prec where_description adm_2 priogrid_gid region event_clarity date_prec deaths_a deaths_b "
    "deaths_civilians deaths_unknown high low".split()
)
"""Columns that the mapping does not hold; they stay in ``OriginRow.cells``."""
PRECISIONS: Mapping[str, Precision] = {"1": "day", "2": "week", "3": "week", "4": "month", "5": "year"}
WHERE_PRECISIONS = {"1": "city", "2": "city", "3": "region", "4": "region", "5": "region", "6": "country", "7": "sea"}
_GOVERNMENT = re.compile(r"Government of (?:the )?(.+)$")
_SPACES = re.compile(r"\s+")


def read_events(given: Input) -> Iterator[ImportedEvent | RefusedRow]:
    """A path or binary stream of UCDP GED -> its events and the rows that it refuses. Raises ``InputError`` for a file that cannot be read or has another
    header."""
    with open_input(given) as stream:
        rows = read_csv(stream)
        _, first = next(rows, (1, []))
        header = [cell.strip().casefold() for cell in first] if isinstance(first, list) else []
        check_header(given, header, COLUMNS, "UCDP GED")
        yield from fold_rows(_parse_rows(rows, header), _make_event)


def _parse_rows(rows: Iterator[tuple[int, list[str] | RefusedRow]], header: list[str]) -> Iterator[Parsed[ImportedEvent] | RefusedRow]:
    actors = Memo(_find_actor)

    def parse(cells: list[str], line: int) -> Parsed[ImportedEvent]:
        event = _parse_row(dict(zip(header, map(str.strip, cells), strict=True)), line, actors)
        return Parsed(tuple(cells), False, False, event.rows[0], event)

    return parse_cells(rows, header, parse)


def _make_event(key: Key, event: ImportedEvent, rows: tuple[OriginRow, ...], repeats: int) -> ImportedEvent:
    return msgspec.structs.replace(event, rows=rows, repeats=repeats)


def _parse_row(cells: Mapping[str, str], line: int, actors: Mapping[tuple[str, str, str, str], ImportedActor]) -> ImportedEvent:
    row_id = cells["id"]
    if not row_id:
        raise CellError("id", row_id, "a number")
    violence = _violence_table().get(cells["type_of_violence"])
    if violence is None:
        raise CellError("type_of_violence", cells["type_of_violence"], "1 (state-based), 2 (non-state) or 3 (one-sided)")
    place = _find_place(cells)
    source, target = (actors[cells[f"side_{side}"], cells[f"gwno{side}"], cells["type_of_violence"], place.country or ""] for side in "ab")
    cameo, event_type = violence["cameo"], violence["type"]
    published = re.match(r"\d{4}-\d\d-\d\d", cells["source_date"])
    row = OriginRow(
        row_id,
        line,
        None,
        None,
        cells["source_office"] or None,
        parse_day(published[0], "source_date").isoformat() if published else None,
        place,
        False,
        "\t".join(_SPACES.sub(" ", cells[column]) for column in KEPT),
    )
    return ImportedEvent(
        event_id=make_event_id(ORIGIN, (row_id,)),
        origin=ORIGIN,
        licence=licence_of(ORIGIN),
        event_type=event_type,
        contexts=tuple(filter(None, violence["contexts"].split("|"))),
        quad=quad_of(event_type),
        intensity=intensity_of(event_type, ()),
        cameo=cameo,
        goldstein=goldstein_of(cameo),
        source=(source,),
        target=(target,),
        directed=violence["directed"] == "yes",
        date=_find_date(cells),
        place=place,
        dead=parse_whole(cells["best"], "best"),
        text=cells["source_headline"] or None,
        rows=(row,),
        losses=tuple(dict.fromkeys((*source.losses, *target.losses, *place.losses))),
    )


def _find_date(cells: Mapping[str, str]) -> When:
    start, end = parse_day(cells["date_start"], "date_start"), parse_day(cells["date_end"], "date_end")
    precision = PRECISIONS.get(cells["date_prec"])
    if precision is None:
        raise CellError("date_prec", cells["date_prec"], "1 (day) to 5 (more than a month)")
    if end < start:
        raise CellError("date_end", cells["date_end"], "a day not before date_start")
    return When(start.isoformat(), end.isoformat(), precision)


def _find_actor(cells: tuple[str, str, str, str]) -> ImportedActor:
    """Name of a side, its number if it is a state, type of violence, country of the event -> the actor."""
    name, number, violence, country = cells
    row = _violence_table()[violence]
    found = _GOVERNMENT.match(name)
    if found or number not in ("", "NA"):
        named = country_code(found[1]) if found else None
        state = named or country_table("gw_number").get(number.removesuffix(".0"))
        return ImportedActor(name, state, ("GOV",), losses=() if state else (f"country:{name}",))
    if name.casefold() == "civilians":
        return ImportedActor(name, country or None, ("CVL",))
    return ImportedActor(name, None, (row["group_sector"],), losses=("sector-guessed",) if row["guess"] else ())


def _find_place(cells: Mapping[str, str]) -> ImportedPlace:
    named = cells["country"]
    country = country_table("gw_number").get(cells["country_id"].removesuffix(".0")) or country_code(named)
    precision = WHERE_PRECISIONS.get(cells["where_prec"])
    if precision is None:
        raise CellError("where_prec", cells["where_prec"], "1 (exact) to 7 (sea or air)")
    north, east = parse_number(cells["latitude"], "latitude", 90), parse_number(cells["longitude"], "longitude", 180)
    where, adm_2, adm_1 = cells["where_coordinates"], cells["adm_2"], cells["adm_1"]
    name = where or adm_2 or adm_1 or country_name(country)
    region = adm_1 if adm_1 != name else ""
    return ImportedPlace(name, country, north, east, precision, region or None, losses=() if country or not named else (f"country:{named}",))


@functools.cache
def _violence_table() -> Mapping[str, Mapping[str, str]]:
    return {row["type_of_violence"]: row for row in read_table(TABLES / "ucdp_violence.csv")}
