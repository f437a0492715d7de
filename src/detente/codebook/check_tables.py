"""Tables of actors and places -> their faults."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from detente.codebook.faults import Frame, fault, read_rows

ROLE_KINDS = frozenset({"body", "person", "group", "property", "expert", "kin"})
ORGANISATION_KINDS = frozenset({
    "agency", "party", "armed group", "media", "company", "igo", "university", "think tank", "ngo", "state media", "criminal group", "union", "church", "court", "alliance",
})  # fmt: skip
PLACE_KINDS = frozenset({"region", "city", "island", "base", "building", "site", "meeting place", "border", "sea", "strait"})
TABLES = {
    "actors/countries.csv": ("code", "name", "aliases", "demonyms", "capital", "metonyms", "latitude", "longitude"),
    "actors/nations.csv": ("name", "forms", "country", "sectors"),
    "actors/organisations.csv": ("name", "aliases", "country", "sectors", "kind", "start", "end"),
    "actors/roles.csv": ("phrase", "sectors", "plural", "kind"),
    "places/crisis_places.csv": ("name", "aliases", "country", "latitude", "longitude", "kind", "owner"),
}
PEOPLE_COLUMNS = ("name", "aliases", "country", "sectors", "role", "start", "end")
_DATE = re.compile(r"\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?")


def check_tables(frame: Frame) -> list[str]:
    """The faults of every table of the folder."""
    faults: list[str] = []
    folder = frame.base / "actors"
    path = folder / "countries.csv"
    countries = read_rows(path, TABLES["actors/countries.csv"], faults)
    codes: dict[str, int] = {}
    for line, row in countries:
        if not re.fullmatch(r"[A-Z]{3}", row["code"]):
            faults.append(fault(path, line, row["name"], f"code {row['code']!r}", "ISO 3166 alpha-3", "correct it"))
        if row["code"] in codes:
            faults.append(fault(path, line, row["name"], f"code {row['code']} again (first on line {codes[row['code']]})", "each country once", "drop one"))
        codes.setdefault(row["code"], line)
        faults.extend(_check_position(path, line, row))
    known = frozenset(codes)
    for people in sorted(folder.glob("people*.csv")):
        for line, row in read_rows(people, PEOPLE_COLUMNS, faults):
            faults.extend(_check_actor(people, line, row, frame, known))
    path = folder / "organisations.csv"
    for line, row in read_rows(path, TABLES["actors/organisations.csv"], faults):
        faults.extend(_check_actor(path, line, row, frame, known))
        if row["kind"] not in ORGANISATION_KINDS:
            faults.append(fault(path, line, row["name"], f"kind {row['kind']!r}", f"one of {', '.join(sorted(ORGANISATION_KINDS))}", "correct it"))
    path = folder / "roles.csv"
    seen: dict[str, int] = {}
    for line, row in read_rows(path, TABLES["actors/roles.csv"], faults):
        faults.extend(_check_role_row(path, line, row, frame, seen))
    path = frame.base / "places" / "crisis_places.csv"
    for line, row in read_rows(path, TABLES["places/crisis_places.csv"], faults):
        faults.extend(_check_place(path, line, row, known))
    cities = frame.base / "places" / "cities.csv"
    if cities.exists():
        for line, row in read_rows(cities, ("id", "name", "aliases", "country", "latitude", "longitude"), faults):
            faults.extend(_check_position(cities, line, row))
            if row["country"] not in known:
                faults.append(fault(cities, line, row["name"], f"country {row['country']!r}", "a code of countries.csv", "correct it"))
    return faults


def _check_actor(path: Path, line: int, row: Mapping[str, str], frame: Frame, countries: frozenset[str]) -> Iterator[str]:
    name = row["name"] or "?"
    if not row["name"]:
        yield fault(path, line, name, "no name", "a name", "write it")
    if row["country"] and row["country"] not in countries:
        yield fault(path, line, name, f"country {row['country']!r}", "a code of countries.csv, or nothing", "correct it")
    sectors = [part.strip() for part in row["sectors"].split("|") if part.strip()]
    if not sectors:
        yield fault(path, line, name, "no sector", "one of plover.toml's", "write it")
    for sector in sectors:
        if sector not in frame.sectors:
            yield fault(path, line, name, f"sector {sector!r}", "one of plover.toml's, with | between", "correct it")
    start, end = row["start"].strip(), row["end"].strip()
    for day in (start, end):
        if day and not _DATE.fullmatch(day):
            yield fault(path, line, name, f"date {day!r}", "YYYY, YYYY-MM or YYYY-MM-DD", "correct it")
    length = min(len(start), len(end))
    if length and start[:length] > end[:length]:
        yield fault(path, line, name, f"start {start} after end {end}", "start first", "swap or correct them")


def _check_role_row(path: Path, line: int, row: Mapping[str, str], frame: Frame, seen: dict[str, int]) -> Iterator[str]:
    phrase = row["phrase"]
    if phrase in seen:
        yield fault(path, line, phrase, f"the phrase again (first on line {seen[phrase]})", "each phrase once", "drop one")
    seen.setdefault(phrase, line)
    if phrase != phrase.lower():
        yield fault(path, line, phrase, "capitals", "lower case: lemmas are compared", "write it in lower case")
    if row["kind"] not in ROLE_KINDS:
        yield fault(path, line, phrase, f"kind {row['kind']!r}", f"one of {' '.join(sorted(ROLE_KINDS))}", "correct it")
    for sector in row["sectors"].split("|"):
        if sector.strip() not in frame.sectors:
            yield fault(path, line, phrase, f"sector {sector!r}", "one of plover.toml's, with | between", "correct it")


def _check_place(path: Path, line: int, row: Mapping[str, str], countries: frozenset[str]) -> Iterator[str]:
    yield from _check_position(path, line, row)
    if row["kind"] not in PLACE_KINDS:
        yield fault(path, line, row["name"], f"kind {row['kind']!r}", f"one of {', '.join(sorted(PLACE_KINDS))}", "correct it")
    for key in ("country", "owner"):
        for code in row[key].split("|"):
            if code and code not in countries:
                yield fault(path, line, row["name"], f"{key} {code!r}", "a code of countries.csv", "correct it")


def _check_position(path: Path, line: int, row: Mapping[str, str]) -> Iterator[str]:
    for key, limit in (("latitude", 90), ("longitude", 180)):
        try:
            sound = abs(float(row[key])) <= limit
        except ValueError:
            sound = False
        if not sound:
            yield fault(path, line, row.get("name", "?"), f"{key} {row[key]!r}", f"degrees from -{limit} to {limit}", "correct it")
