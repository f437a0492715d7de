"""Events <-> the 20 tab-separated columns of ICEWS (``events.YYYY*.tab``).

Written: ICEWS has one source and one target a row, so an event with several gives a row for each pair. It has no field for modality, attribution or
evidence: what it lacks is left out. No mirror rows are made for consultations; those that were read are given back.

Read: rows with the same date, source, target and code are one event with several rows; a row of CAMEO 04x and its mirror image too. Both styles of dates
are known. No quoting: a quote is a character. What the mapping keeps and loses: docs/formats.md.
"""

from __future__ import annotations

import datetime
import fnmatch
import functools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from detente.codebook.load import load_codebook, read_table
from detente.codebook.types import STATE_SECTORS
from detente.exchange.cells import parse_number, parse_whole
from detente.exchange.crosswalk import TABLES, Memo, country_code, country_name, find_coding, in_order, names_a_state, sector_codes
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
from detente.exchange.lines import Input, check_header, open_input, parse_lines, read_lines
from detente.exchange.output import Output, number_cell, open_output
from detente.records import CodedReport, Event, When

COLUMNS = (
    "Event ID",
    "Event Date",
    "Source Name",
    "Source Sectors",
    "Source Country",
    "Event Text",
    "CAMEO Code",
    "Intensity",
    "Target Name",
    "Target Sectors",
    "Target Country",
    "Story ID",
    "Sentence Number",
    "Publisher",
    "City",
    "District",
    "Province",
    "Country",
    "Latitude",
    "Longitude",
)
HEADER = ("\t".join(COLUMNS) + "\n").encode()
MISSING = "NA"
SECTORS: Mapping[str, str] = {
    "GOV": "Government",
    "MIL": "Military",
    "COP": "Police",
    "JUD": "Judicial",
    "LEG": "Legislative / Parliamentary",
    "PTY": "Parties",
    "PRM": "Government Forces",
    "REB": "Rebel",
    "UAF": "Unidentified Forces",
    "SPY": "Intelligence",
    "OPP": "Dissident",
    "CVL": "General Population / Civilian / Social",
    "BUS": "Business",
    "CRM": "Criminals / Gangs",
    "EDU": "Education",
    "ELI": "Elite",
    "JRN": "Media",
    "LAB": "Labor",
    "AGR": "Agricultural",
    "MED": "Medical / Health",
    "REF": "Refugees",
    "REL": "Religious",
    "SOC": "Social",
    "IGO": "International Government Organization",
    "NGO": "Nongovernmental Organization",
}
"""PLOVER's sectors in ICEWS's manner of speech; one without a counterpart is written as its code."""
STRONG = {"GOV": "Executive"}
"""For sectors whose word is also that of a whole branch: in ICEWS the police are ``Government,Police``."""

ORIGIN = "icews"
_SPACES = re.compile(r"\s+")
_ISO_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_US_DATE = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")


def encode_events(events: Iterable[Event | ImportedEvent], publishers: Mapping[str, str] | None = None) -> bytes:
    """Events (and the publisher of each document by its id, where known) -> their lines, UTF-8, without the header."""
    return "".join(line for event in events for line in _lines(event, publishers or {})).encode()


def encode_report(report: CodedReport) -> bytes:
    """A coded report -> the lines of its events."""
    publisher = report.document.publisher
    return encode_events(report.events, {report.document.id: publisher} if publisher else None)


def write_events(events: Iterable[Event | ImportedEvent], out: Output, *, publishers: Mapping[str, str] | None = None) -> int:
    """Events -> a file or binary stream in ICEWS's columns with a header; gives back how many events were written."""
    count = 0
    with open_output(out) as stream:
        stream.write(HEADER)
        for event in events:
            stream.write(encode_events((event,), publishers))
            count += 1
    return count


def _lines(event: Event | ImportedEvent, publishers: Mapping[str, str]) -> Iterator[str]:
    publisher = publishers.get(event.doc_id) if isinstance(event, Event) else None
    imported = as_imported(event, publisher=publisher)
    for pair in directed_pairs(imported):
        yield "\t".join(_cells(imported, pair)) + "\n"


def _cells(event: ImportedEvent, pair: Pair) -> list[str]:
    row, own = pair.row, event.origin == ORIGIN
    return [
        whole_number_id(row.row_id, pair.number),
        event.date.start if event.date else MISSING,
        *_actor_cells(pair.source, own=own),
        _cameo_name(pair.cameo or ""),
        pair.cameo or MISSING,
        number_cell(pair.goldstein, MISSING),
        *_actor_cells(pair.target, own=own),
        _cell(row.document),
        MISSING if row.sentence is None else str(row.sentence),
        _cell(row.publisher),
        *_place_cells(row.place, own=own),
    ]


def _cameo_name(code: str) -> str:
    row = load_codebook().cameo.get(code)
    return row["name"] if row else MISSING


def _actor_cells(actor: ImportedActor | None, *, own: bool) -> Sequence[str]:
    if actor is None:
        return MISSING, MISSING, MISSING
    if own and actor.cells:
        return _cell(actor.name), *actor.cells.split("\t")
    return _cell(actor.name), _sector_cell(actor.sectors), country_name(actor.country) or MISSING


def _sector_cell(sectors: Sequence[str]) -> str:
    """PLOVER's sectors -> ICEWS's words; where one would not count beside the others, a word that does, or PLOVER's code, which always counts."""
    names = [SECTORS.get(sector, sector) for sector in sectors]
    if in_order(sectors) != _find_sectors(",".join(names))[0]:
        names = [name if _find_sector(name) == (sector, "") else STRONG.get(sector, sector) for name, sector in zip(names, sectors, strict=True)]
    return ",".join(names) or MISSING


def _place_cells(place: ImportedPlace | None, *, own: bool) -> Sequence[str]:
    if place is None:
        return (MISSING,) * 6
    if own and place.cells:
        return place.cells.split("\t")
    city = place.name if place.precision in ("city", "site") else None
    province = place.region if city else None if place.precision == "country" else place.name
    degrees = number_cell(place.latitude, MISSING), number_cell(place.longitude, MISSING)
    return _cell(city), MISSING, _cell(province), country_name(place.country) or MISSING, *degrees


def _cell(text: str | None) -> str:
    """Text -> a cell: the format knows no quoting, so tabs and line ends become spaces."""
    return _SPACES.sub(" ", text or "").strip() or MISSING


# -- reading ----------------------------------------------------------------------------------------------------------------
def read_events(given: Input) -> Iterator[ImportedEvent | RefusedRow]:
    """A path or binary stream in ICEWS's columns -> its events, mirror rows folded and repeats counted, and the rows that it refuses.

    Raises ``InputError`` for a file that cannot be read or has another header.
    """
    with open_input(given) as stream:
        yield from fold_rows(parse_rows(given, read_lines(stream)), event_maker(ORIGIN))


def parse_rows(given: Input, lines: Iterator[tuple[int, bytes]]) -> Iterator[Parsed[Content] | RefusedRow]:
    """Numbered lines, the header first -> the rows, each with the key of its repeats, and the rows that are refused."""
    _, header = next(lines, (1, b""))
    check_header(given, header.decode("utf-8", "replace").split("\t"), COLUMNS, "ICEWS")
    memos = _Memos()
    return parse_lines(lines, lambda line, number: _parse_row(line.decode().split("\t"), number, memos))


class _Memos:
    """What the cells of one file were found to mean."""

    def __init__(self) -> None:
        self.dates = Memo(parse_date)
        self.actors = Memo(_find_actor)
        self.codings = Memo(find_coding)
        self.numbers = Memo(functools.partial(parse_number, column="Intensity", most=10, missing=MISSING))
        self.places = Memo(_find_place)
        self.sentences = Memo(functools.partial(parse_whole, column="Sentence Number", missing=MISSING))


def _parse_row(cells: list[str], line: int, memos: _Memos) -> Parsed[Content]:
    if len(cells) != len(COLUMNS):
        raise CellError("row", f"{len(cells)} cells", f"{len(COLUMNS)} cells with a tab between")
    row_id, date, s_name, s_sectors, s_country, _, code, intensity, t_name, t_sectors, t_country, story, sentence, publisher, *where = cells
    if not row_id or row_id == MISSING:
        raise CellError("Event ID", row_id, "a number")
    when = memos.dates[date]
    coding = memos.codings[code]
    place = memos.places[tuple(where)]
    source, target = memos.actors[s_name, s_sectors, s_country], memos.actors[t_name, t_sectors, t_country]
    row = OriginRow(
        row_id,
        line,
        None if story == MISSING else story,
        memos.sentences[sentence],
        None if publisher == MISSING else publisher,
        None,
        place,
    )
    return key_row(s_name, t_name, (when, source, target, coding, memos.numbers[intensity], place), row)


def parse_date(cell: str) -> When | None:
    """A cell with a day, YYYY-MM-DD or m/d/yyyy -> the day; raises ``CellError`` for anything else but NA."""
    if cell == MISSING:
        return None
    text, found = cell, _US_DATE.fullmatch(cell)
    if found:
        text = f"{found[3]}-{int(found[1]):02}-{int(found[2]):02}"
    try:
        if not _ISO_DATE.fullmatch(text):
            raise ValueError(text)
        datetime.date.fromisoformat(text)
    except ValueError:
        raise CellError("Event Date", cell, "a day as YYYY-MM-DD or m/d/yyyy") from None
    return When(text, text, "day")


def _find_actor(cells: tuple[str, str, str]) -> ImportedActor | None:
    name, sectors, country = cells
    if cells == (MISSING,) * 3:
        return None
    code = None if country == MISSING else country_code(country)
    found, losses = _find_sectors(sectors)
    if not found and names_a_state(name, code):
        found = ("GOV",)
    if code is None and country != MISSING:
        losses = (*losses, f"country:{country}")
    return ImportedActor(None if name == MISSING else name, code, found, cells=f"{sectors}\t{country}", losses=losses)


@functools.lru_cache(maxsize=100_000)
def _find_sectors(cell: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """A list of ICEWS's sectors -> PLOVER's in order of weight, and a loss for each name that no table has."""
    if cell == MISSING:
        return (), ()
    found: dict[str, set[str]] = {"": set(), "general": set(), "weak": set()}
    losses = []
    for name in filter(None, map(str.strip, cell.split(","))):
        sector, strength = _find_sector(name)
        if sector is None:
            losses.append(f"sector:{name}")
        elif sector:
            found[strength].add(sector)
    told = found[""] if found[""] & STATE_SECTORS else found[""] | found["general"]
    return in_order(told or found["weak"]), tuple(losses)


@functools.lru_cache(maxsize=10_000)
def _find_sector(name: str) -> tuple[str | None, str]:
    """A sector's name -> PLOVER's code (empty: nothing that PLOVER has; ``None``: unknown name) and its strength."""
    if name in sector_codes():
        return name, ""
    exact, patterns = _sector_table()
    if name in exact:
        return exact[name]
    return next((found for pattern, found in patterns if fnmatch.fnmatchcase(name, pattern)), (None, ""))


@functools.cache
def _sector_table() -> tuple[dict[str, tuple[str, str]], list[tuple[str, tuple[str, str]]]]:
    rows = [(row["name"], (row["sector"], row["strength"])) for row in read_table(TABLES / "icews_sectors.csv")]
    return {name: found for name, found in rows if "*" not in name}, [(name, found) for name, found in rows if "*" in name]


def _find_place(cells: tuple[str, ...]) -> ImportedPlace | None:
    city, district, province, country, latitude, longitude = cells
    if cells == (MISSING,) * 6:
        return None
    code = None if country == MISSING else country_code(country)
    losses = () if code or country == MISSING else (f"country:{country}",)
    north, east = parse_number(latitude, "Latitude", 90, missing=MISSING), parse_number(longitude, "Longitude", 180, missing=MISSING)
    smallest = next((cell for cell in (city, district, province) if cell != MISSING), None)
    precision = "city" if city != MISSING else "region" if smallest else "country"
    region = province if smallest is not None and province not in (MISSING, smallest) else None
    name = smallest or (country_name(code) if code else None if country == MISSING else country)
    return ImportedPlace(name, code, north, east, precision, region, cells="\t".join(cells), losses=losses)
