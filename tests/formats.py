"""Rows of each format of exchange, made up, and what reads them."""

from __future__ import annotations

import io
from typing import Any

import msgspec

from detente.exchange import acled, gdelt, icews, plover, ucdp
from detente.exchange.imported import Imported, ImportedEvent, RefusedRow


def lines(*rows: str, encoding: str = "utf-8") -> io.BytesIO:
    return io.BytesIO("".join(row + "\n" for row in rows).encode(encoding))


def table(columns: tuple[str, ...], *rows: dict[str, str], blank: str = "", separator: str = "\t") -> io.BytesIO:
    cells = [[row.get(column, blank) for column in columns] for row in rows]
    if separator == ",":
        cells = [['"' + cell.replace('"', '""') + '"' for cell in row] for row in cells]
    return lines(separator.join(columns), *(separator.join(row) for row in cells))


def only(found: Any) -> ImportedEvent:
    (event,) = found
    assert isinstance(event, ImportedEvent), event
    return event


def split(found: Any) -> tuple[list[ImportedEvent], list[RefusedRow]]:
    records: list[Imported] = list(found)
    return [r for r in records if isinstance(r, ImportedEvent)], [r for r in records if isinstance(r, RefusedRow)]


ICEWS = {
    "Event ID": "7",
    "Event Date": "2019-03-04",
    "Source Name": "Foreign Affairs (Peru)",
    "Source Sectors": "Government,Executive,Foreign Ministry",
    "Source Country": "Peru",
    "Event Text": "Criticize or denounce",
    "CAMEO Code": "111",
    "Intensity": "-2",
    "Target Name": 'The "Front" (Chile)',
    "Target Sectors": "Insurgents,Dissident",
    "Target Country": "Chile",
    "Story ID": "900",
    "Sentence Number": "3",
    "Publisher": "A Paper",
    "City": "Tacna",
    "District": "NA",
    "Province": "Tacna Province",
    "Country": "Peru",
    "Latitude": "-18.0146",
    "Longitude": "-70.2536",
}


MEETING = ICEWS | {"Event Text": "Consult", "CAMEO Code": "040", "Intensity": "1"}


def turned(row: dict[str, str], **changes: str) -> dict[str, str]:
    sides = {f"Source {part}": row[f"Target {part}"] for part in ("Name", "Sectors", "Country")}
    return row | sides | {f"Target {part}": row[f"Source {part}"] for part in ("Name", "Sectors", "Country")} | changes


def read_icews(*rows: dict[str, str]) -> list[Any]:
    return list(icews.read_events(table(icews.COLUMNS, *rows, blank="NA")))


PLACE = ["4", "Kaesong, Hwanghae-bukto, North Korea", "KN", "KN03", "19000", "37.9708", "126.554", "-195277"]


def gdelt_row(row_id: str = "1", *, date: str = "20200616", first: str = "PRKGOV", second: str = "KOR", code: str = "1712", url: str = "https://www.news.example/a") -> list[str]:
    def actor(text: str) -> list[str]:
        return [text, f"NAME {text}" if text else "", text[:3], "", "", "", "", text[3:], "", ""]

    head = [row_id, date, date[:6], date[:4], "2020.4521", *actor(first), *actor(second), "1", code, code[:3], code[:2], "4", "-9.2", "10", "2", "10", "-4.5"]
    return [*head, *PLACE, *([""] * 8), *PLACE, "20200617093000", url]


def read_gdelt(*rows: list[str]) -> list[Any]:
    return list(gdelt.read_events(lines(*("\t".join(row) for row in rows))))


def old_layout(row: list[str], *, url: bool = True) -> list[str]:
    kept = [cell for index, cell in enumerate(row) if index not in (39, 47, 55)]
    return [*kept[:56], "20200617", *([row[60]] if url else [])]


POLECAT = {
    "Event ID": "P1",
    "Event Date": "2021-05-06",
    "Event Type": "COERCE",
    "Event Mode": "arrest",
    "Intensity": "-7.0",
    "Quad Code": "4",
    "Contexts": "['legal', 'human_rights']",
    "Actor Name": "Police of Somewhere",
    "Actor Country": "KEN",
    "Actor COW": "501",
    "Primary Actor Sector": "COP",
    "Actor Sectors": "COP; GOV",
    "Recipient Sectors": "CVL",
    "Placename": "Nakuru",
    "City": "Nakuru",
    "Country": "Kenya",
    "Latitude": "-0.3",
    "Longitude": "36.07",
    "Feature Type": "PPLA",
    "Source": "A Wire",
    "Publication Date": "2021-05-07",
}


ACLED = {
    "event_id_cnty": "KEN9",
    "event_date": "06 May 2021",
    "year": "2021",
    "time_precision": "1",
    "disorder_type": "Political violence",
    "event_type": "Battles",
    "sub_event_type": "Armed clash",
    "actor1": "Military Forces of Kenya (2013-2022)",
    "assoc_actor_1": "Police Forces of Kenya (2013-2022)",
    "inter1": "State forces",
    "actor2": "Some Front",
    "inter2": "2",
    "iso": "404",
    "region": "Eastern Africa",
    "country": "Kenya",
    "admin1": "Lamu",
    "location": "Kiunga",
    "latitude": "-1.75",
    "longitude": "41.48",
    "geo_precision": "1",
    "source": "Paper A; Paper B",
    "notes": 'On 6 May, a clash, "heavy" it was said.',
    "fatalities": "3",
    "timestamp": "1620700000",
}


def read_acled(*rows: dict[str, str]) -> list[Any]:
    return list(acled.read_events(table(acled.COLUMNS, *rows, separator=",")))


UCDP = {
    "id": "5",
    "type_of_violence": "1",
    "side_a": "Government of Yemen (North Yemen)",
    "side_b": "Some Group",
    "source_office": "A Wire",
    "source_date": "2015-04-03",
    "source_headline": "Clash reported",
    "where_prec": "1",
    "where_coordinates": "Taizz town",
    "adm_1": "Taizz",
    "latitude": "13.58",
    "longitude": "44.02",
    "country": "Yemen (North Yemen)",
    "country_id": "678",
    "date_prec": "1",
    "date_start": "2015-04-02 00:00:00.000",
    "date_end": "2015-04-02 00:00:00.000",
    "best": "11",
    "high": "15",
    "low": "8",
    "gwnoa": "678",
}


def read_ucdp(*rows: dict[str, str]) -> list[Any]:
    return list(ucdp.read_events(table(ucdp.COLUMNS, *rows, separator=",")))


PLOVER: dict[str, Any] = {
    "id": "w-1",
    "date": "2022-03",
    "actor": [{"code": "BRA", "sector": "GOV", "entity_text": "the ministry", "identifier_id": "Q1", "identifier_text": None}],
    "event": "AID",
    "mode": [],
    "context": ["health"],
    "recipient": [{"code": "IGO", "sector": "", "entity_text": "the agency"}, {"code": "PRY", "sector": ["MED", "CVL"], "entity_text": "hospitals"}],
    "event_loc": {"name": "Asuncion", "country": "PRY", "lat": -25.3, "lon": -57.6},
    "quad_code": 2,
    "event_scale": 10,
    "text": "The ministry sent medicine.",
    "cite_info": {"url": "https://x.example/1", "publisher": "X", "date": "2022-04-01"},
    "size": {"dead": 0, "injured": None, "arrested": 2},
}


def read_plover(*rows: dict[str, Any]) -> list[Any]:
    return list(plover.read_events(lines(*(msgspec.json.encode(row).decode() for row in rows))))
