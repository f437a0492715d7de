"""Events -> the 20 tab-separated columns of ICEWS (``events.YYYY.tab``), for tools that were written for that data set.

ICEWS has one source and one target a row: an event with several gives a row for each pair. It has no field for modality, attribution or
evidence; what it lacks is left out here, so this format loses much. No mirror rows are written for consultations.
"""

from __future__ import annotations

import functools
import hashlib
import itertools
import re
from collections.abc import Iterable, Iterator, Mapping

from detente.exchange.output import Output, open_output
from detente.records import Actor, CodedReport, Event, Place

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

_SPACES = re.compile(r"\s+")
_NOBODY: tuple[Actor | None, ...] = (None,)


def encode_events(events: Iterable[Event], publishers: Mapping[str, str] | None = None) -> bytes:
    """Events (and the publisher of each document by its id, where known) -> their lines, UTF-8, without the header."""
    rows = (row for event in events for row in _rows(event, (publishers or {}).get(event.doc_id)))
    return "".join("\t".join(row) + "\n" for row in rows).encode()


def encode_report(report: CodedReport) -> bytes:
    """A coded report -> the lines of its events."""
    publisher = report.document.publisher
    return encode_events(report.events, {report.document.id: publisher} if publisher else None)


def write_events(events: Iterable[Event], out: Output, *, publishers: Mapping[str, str] | None = None) -> int:
    """Events -> a file or binary stream in ICEWS's columns with a header; gives back how many events were written."""
    count = 0
    with open_output(out) as stream:
        stream.write(HEADER)
        for event in events:
            stream.write(encode_events((event,), publishers))
            count += 1
    return count


def _rows(event: Event, publisher: str | None) -> Iterator[list[str]]:
    place = event.place
    pairs = itertools.product(event.source or _NOBODY, event.target or _NOBODY)
    for number, (source, target) in enumerate(pairs):
        yield [
            _row_id(event.event_id, number),
            event.date.start if event.date else MISSING,
            *_actor_cells(source),
            _cameo_name(event.cameo),
            event.cameo,
            MISSING if event.goldstein is None else f"{event.goldstein:.1f}",
            *_actor_cells(target),
            _cell(event.doc_id),
            MISSING,
            _cell(publisher),
            *_place_cells(place),
        ]


def _row_id(event_id: str, number: int) -> str:
    """A whole number, as ICEWS has; of 52 bits, so that programs that read it as floating point keep it exact."""
    digest = hashlib.blake2b(f"{event_id}:{number}".encode(), digest_size=8).hexdigest()
    return str(int(digest[:13], 16))


def _actor_cells(actor: Actor | None) -> tuple[str, str, str]:
    if actor is None:
        return MISSING, MISSING, MISSING
    sectors = ",".join(SECTORS.get(sector, sector) for sector in actor.sectors)
    return _cell(actor.entity or actor.name), sectors or MISSING, _country_name(actor.country)


def _place_cells(place: Place | None) -> tuple[str, str, str, str, str, str]:
    if place is None:
        return (MISSING,) * 6
    city = place.name if place.precision in ("city", "site") else MISSING
    province = place.name if place.precision == "region" else MISSING
    latitude = MISSING if place.latitude is None else f"{place.latitude:g}"
    longitude = MISSING if place.longitude is None else f"{place.longitude:g}"
    return _cell(city), MISSING, _cell(province), _country_name(place.country), latitude, longitude


def _cell(text: str | None) -> str:
    """Text -> a cell: the format knows no quoting, so tabs and line ends become spaces."""
    return _SPACES.sub(" ", text or "").strip() or MISSING


def _country_name(code: str | None) -> str:
    return MISSING if code is None else _names()[0].get(code, code)


def _cameo_name(code: str) -> str:
    return _names()[1].get(code, MISSING)


@functools.cache
def _names() -> tuple[dict[str, str], dict[str, str]]:
    from detente.codebook.load import DATA, read_table

    countries = {row["code"]: row["name"] for row in read_table(DATA / "actors" / "countries.csv")}
    return countries, {row["code"]: row["name"] for row in read_table(DATA / "cameo.csv")}
