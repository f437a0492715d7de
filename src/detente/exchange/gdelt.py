"""Events <-> GDELT's events: 61 tab-separated columns without a header (2.0); 58 and 57 (1.0) are read too.

Read: rows with the same day, actors, code and place of action are one event with several rows; a row of CAMEO 04x and its mirror image too. All columns
that the mapping does not hold are kept in ``OriginRow.cells``. Written: a row for each pair of source and target, 61 columns; what GDELT has and the event
lacks (tone, counts of mentions) is left empty. What the mapping keeps and loses: docs/formats.md.
"""

from __future__ import annotations

import datetime
import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from urllib.parse import urlsplit

import msgspec

from detente.codebook.load import read_table
from detente.exchange.cells import parse_number
from detente.exchange.crosswalk import TABLES, Memo, cameo_quad, country_column, country_name, country_table, find_coding, names_a_state, sector_codes
from detente.exchange.directed import Content, event_maker, key_row
from detente.exchange.fold import Parsed, fold_rows
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
    whole_number_id,
)
from detente.exchange.lines import Input, open_input, parse_lines, read_lines
from detente.exchange.output import Output, number_cell, open_output
from detente.records import Event, When

ORIGIN = "gdelt"
_ACTOR = ("Code", "Name", "CountryCode", "KnownGroupCode", "EthnicCode", "Religion1Code", "Religion2Code", "Type1Code", "Type2Code", "Type3Code")
_GEO = ("Type", "FullName", "CountryCode", "ADM1Code", "ADM2Code", "Lat", "Long", "FeatureID")
COLUMNS = (
    *("GLOBALEVENTID", "SQLDATE", "MonthYear", "Year", "FractionDate"),
    *(f"Actor{side}{name}" for side in (1, 2) for name in _ACTOR),
    *("IsRootEvent", "EventCode", "EventBaseCode", "EventRootCode", "QuadClass", "GoldsteinScale", "NumMentions", "NumSources", "NumArticles", "AvgTone"),
    *(f"{whose}Geo_{name}" for whose in ("Actor1", "Actor2", "Action") for name in _GEO),
    *("DATEADDED", "SOURCEURL"),
)
GEO_PRECISION = {"1": "country", "2": "region", "3": "city", "4": "city", "5": "region"}
_MEDIA, _HEALTH = "MED", "HLH"
_WRITTEN_SECTORS = {"JRN": _MEDIA, "MED": _HEALTH}
"""PLOVER's codes that are others in CAMEO: its MED is the media."""
_INNER_COMMA = ",\xa0"
"""Within a name of the places that we write, so that ``Washington, D.C.`` stays one part of FullName."""
_SPACES = {9: " ", 10: " ", 13: " "}


class Layout(msgspec.Struct, frozen=True):
    """How a row ends: the width of a place, and the number of columns from the place of action on."""

    geo_width: int
    ending: int

    @property
    def has_url(self) -> bool:
        return self.ending == self.geo_width + 2


LAYOUTS = {61: Layout(8, 10), 58: Layout(7, 9), 57: Layout(7, 8)}
"""Columns of a file -> its layout: 2.0, 1.0 since April 2013, 1.0 before."""
_FIRST_COUNT = COLUMNS.index("NumMentions")


def encode_events(events: Iterable[Event | ImportedEvent]) -> bytes:
    """Events -> their lines, UTF-8; the format has no header."""
    return "".join("\t".join(cells) + "\n" for event in map(as_imported, events) for pair in directed_pairs(event) for cells in (_cells(event, pair),)).encode()


def write_events(events: Iterable[Event | ImportedEvent], out: Output) -> int:
    """Events -> a file or binary stream in GDELT 2.0's columns; gives back how many events were written."""
    count = 0
    with open_output(out) as stream:
        for event in events:
            stream.write(encode_events((event,)))
            count += 1
    return count


def _cells(event: ImportedEvent, pair: Pair) -> list[str]:
    row, own = pair.row, event.origin == ORIGIN
    day = event.date.start if event.date else ""
    stamp = day.replace("-", "")
    code = pair.cameo or ""
    action = _place_cells(row.place, own=own)
    if own and row.cells:
        dates, root, rest = _unpack(row.cells)
    else:
        added = (row.reported_on or day).replace("-", "")
        dates = [stamp[:6], stamp[:4], fraction_of(datetime.date.fromisoformat(day)) if day else ""]
        root, rest = "", [*([""] * 4), *([""] * 16), added and f"{added}000000"]
    return [
        whole_number_id(row.row_id, pair.number),
        stamp,
        *dates,
        *_actor_cells(pair.source, own=own),
        *_actor_cells(pair.target, own=own),
        root,
        code,
        code[:3],
        code[:2],
        str(cameo_quad(code)) if code else "",
        "" if pair.goldstein is None else repr(float(pair.goldstein)),
        *rest[:20],
        *action,
        rest[20],
        _cell(row.document),
    ]


def _unpack(packed: str) -> tuple[list[str], str, list[str]]:
    """``OriginRow.cells`` -> three columns of dates, IsRootEvent, and in 2.0's layout four counts, two places and DATEADDED."""
    cells = packed.split("\t")
    dates, root, rest = cells[:3], cells[3], cells[4:]
    if len(rest) == 19:  # 1.0: two places without ADM2Code
        rest = [*rest[:8], "", *rest[8:15], "", *rest[15:]]
    return dates, root, rest


def _actor_cells(actor: ImportedActor | None, *, own: bool) -> Sequence[str]:
    if actor is None:
        return ("",) * len(_ACTOR)
    if own and actor.cells:
        code, *rest = actor.cells.split("\t")
        return code, _cell(actor.name), *rest
    country = country_column("cameo").get(actor.country or "", actor.country or "")
    roles = [_WRITTEN_SECTORS.get(sector, sector) for sector in actor.sectors][:3]
    types = roles + [""] * (3 - len(roles))
    return country + "".join(roles), _cell(actor.name), country, "", "", "", "", *types


def _place_cells(place: ImportedPlace | None, *, own: bool) -> Sequence[str]:
    if place is None:
        return ("",) * len(_GEO)
    if own and place.cells:
        cells = place.cells.split("\t")
        return cells if len(cells) == len(_GEO) else [*cells[:4], "", *cells[4:]]
    kind = {"country": "1", "region": "5", "sea": "5"}.get(place.precision, "4")
    parts = (place.name, place.region, country_name(place.country) if kind != "1" else None)
    full = ", ".join(_cell(part).replace(", ", _INNER_COMMA) for part in parts if part)
    degrees = number_cell(place.latitude), number_cell(place.longitude)
    return kind, full, country_column("fips").get(place.country or "", ""), "", "", *degrees, place.gazetteer_id or ""


def _cell(text: str | None) -> str:
    return (text or "").translate(_SPACES).strip()


def fraction_of(day: datetime.date) -> str:
    """A day -> GDELT's FractionDate: the year and the share of it that is over, months of 30 days."""
    return f"{day.year + (day.month * 30 + day.day) / 365:.4f}" if day.month < 12 else f"{min(day.year + (day.month * 30 + day.day) / 365, day.year + 0.9999):.4f}"


# -- reading ----------------------------------------------------------------------------------------------------------------
def read_events(given: Input) -> Iterator[ImportedEvent | RefusedRow]:
    """A path or binary stream of GDELT 1.0 or 2.0 events -> its events, mirror rows folded and repeats counted, and the rows that it refuses.

    The first row with 61, 58 or 57 cells says which; rows of another width are refused. Raises ``InputError`` for a file that cannot be read.
    """
    with open_input(given) as stream:
        yield from fold_rows(parse_lines(read_lines(stream), _Parser().parse), event_maker(ORIGIN))


class _Parser:
    """The layout of one file, and what its cells were found to mean."""

    def __init__(self) -> None:
        self.width = 0
        self.dates = Memo(_find_date)
        self.actors = Memo(_find_actor)
        self.codings = Memo(functools.partial(find_coding, column="EventCode"))
        self.scales = Memo(functools.partial(parse_number, column="GoldsteinScale", most=10))
        self.places = Memo(_find_place)
        self.added = Memo(_find_added)

    def parse(self, line: bytes, number: int) -> Parsed[Content]:
        """A line and its number -> the row. Only the columns that are looked at are split off: this runs once a row."""
        text = line.decode()
        found = text.count("\t") + 1
        if found != self.width:
            if self.width or found not in LAYOUTS:
                raise CellError("row", f"{found} cells", f"{self.width or '61 (GDELT 2.0), 58 or 57 (1.0)'} cells with a tab between")
            self.width = found
        layout = LAYOUTS[found]
        *cells, tail = text.split("\t", _FIRST_COUNT)
        between, *ending = tail.rsplit("\t", layout.ending)
        row_id = cells[0]
        if not (row_id.isascii() and row_id.isdigit()):
            raise CellError("GLOBALEVENTID", row_id, "a whole number")
        when = self.dates[cells[1]]
        first, source = self.actors[tuple(cells[5:15])]
        second, target = self.actors[tuple(cells[15:25])]
        coding = self.codings[cells[26]]
        goldstein = self.scales[cells[30]]
        _check_counts(between)
        place = self.places[tuple(ending[: layout.geo_width])]
        added = ending[layout.geo_width]
        url = ending[-1] if layout.has_url else ""
        kept = f"{cells[2]}\t{cells[3]}\t{cells[4]}\t{cells[25]}\t{between}\t{added}"
        row = OriginRow(row_id, number, url or None, None, _publisher_of(url), self.added[added], place, False, kept)
        return key_row(first, second, (when, source, target, coding, goldstein, place), row, place.cells if place else None)


def _check_counts(between: str) -> None:
    """Raises ``CellError`` unless mentions, sources and articles are whole numbers and the tone is a number, or empty."""
    *counts, tone, _ = between.split("\t", 4)
    if not "".join(counts).isdigit():
        for index, cell in enumerate(counts):
            if cell and not cell.isdigit():
                raise CellError(COLUMNS[_FIRST_COUNT + index], cell, "a whole number")
    try:
        float(tone or 0)
    except ValueError:
        raise CellError("AvgTone", tone, "a number") from None


def _publisher_of(url: str) -> str | None:
    """A link -> its host without ``www.``; what is no link of the web has none."""
    if url[:4] != "http":
        return None
    parts = url.split("/", 3)
    return parts[2].removeprefix("www.") or None if len(parts) > 2 else urlsplit(url).hostname


def _day_of(cell: str, column: str) -> str | None:
    if not cell:
        return None
    try:
        if len(cell) not in (8, 14) or not cell.isascii() or not cell.isdigit():
            raise ValueError(cell)
        return datetime.date(int(cell[:4]), int(cell[4:6]), int(cell[6:8])).isoformat()
    except ValueError:
        raise CellError(column, cell, "a day as YYYYMMDD" + (" or with HHMMSS" if column == "DATEADDED" else "")) from None


def _find_date(cell: str) -> When | None:
    day = _day_of(cell, "SQLDATE") if len(cell) in (0, 8) else _day_of("?", "SQLDATE")
    return When(day, day, "day") if day else None


def _find_added(cell: str) -> str | None:
    return _day_of(cell, "DATEADDED")


def _find_actor(cells: tuple[str, ...]) -> tuple[str, ImportedActor | None]:
    """The ten cells of an actor -> a text that tells it from all others, and who it is; ``None`` if all are empty."""
    code, name, country, group, _, _, _, *types = cells
    if not any(cells):
        return "", None
    losses: list[str] = []
    found = country_table("cameo").get(country) or (country if country in country_column("cameo") else None)
    groups = [group, *types] if any((group, *types)) else [code[at : at + 3] for at in range(0, len(code), 3)]
    if country and not found and country not in _group_table():
        losses.append(f"country:{country}")
    sectors = []
    for part in filter(None, groups):
        sector, known = _find_group(part)
        if sector:
            sectors.append(sector)
        elif not known:
            losses.append(f"actor:{part}")
    if not sectors and (found and code == country or names_a_state(name, found)):
        sectors = ["GOV"]
    kept = "\t".join((code, *cells[2:]))
    return "\t".join(cells), ImportedActor(name or None, found, tuple(dict.fromkeys(sectors)), group or None, kept, tuple(losses))


def _find_group(code: str) -> tuple[str, bool]:
    """Three letters of an actor code -> the sector, if they tell one, and whether they are known."""
    row = _group_table().get(code)
    if row:
        return row["sector"], True
    if code in sector_codes():
        return code, True
    return "", code in country_table("cameo") or code in country_column("cameo")


@functools.cache
def _group_table() -> Mapping[str, Mapping[str, str]]:
    return {row["code"]: row for row in read_table(TABLES / "cameo_actors.csv")}


def _find_place(cells: tuple[str, ...]) -> ImportedPlace | None:
    kind, full, country, latitude, longitude, feature = *cells[:3], *cells[-3:]
    if kind in ("", "0") and not full:
        return None
    if kind not in GEO_PRECISION:
        raise CellError("ActionGeo_Type", kind, "0 to 5")
    code = fips_table().get(country)
    losses = () if code or not country else (f"country:{country}",)
    parts = [part.replace(_INNER_COMMA, ", ") for part in full.split(", ")]
    region = ", ".join(parts[1:-1]) or None
    north, east = parse_number(latitude, "ActionGeo_Lat", 90), parse_number(longitude, "ActionGeo_Long", 180)
    return ImportedPlace(parts[0] or None, code, north, east, GEO_PRECISION[kind], region, feature or None, "\t".join(cells), losses)


@functools.cache
def fips_table() -> Mapping[str, str]:
    """FIPS 10-4 -> ISO codes, with those codes that GDELT still writes for Gaza and Serbia."""
    return {"GZ": "PSE", "RB": "SRB", "YI": "SCG", **country_table("fips")}
