"""The user's own actor file: rows are checked, added without repeats and looked up, beside the bundled register."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from detente.codebook.load import load_codebook, read_table
from detente.codebook.register import ACTOR_COLUMNS, Entry, load_register, tenure_on, user_actor_file
from detente.errors import CodebookError, InputError
from detente.exchange.petrarch import ActorRow, Fault, read_dictionary
from detente.reading.source import decode

_DAY = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?$")
KINDS_SHOWN = ("country", "demonym", "capital", "metonym", "person", "organisation")


class ImportReport(NamedTuple):
    """Rows read, rows that are new to the file, and faults as ``file:line: found; expected``."""

    read: int
    added: int
    faults: list[str]


def add_rows(rows: Iterable[ActorRow], path: Path | None = None) -> int:
    """Actor rows -> appended to the user's actor file (made if it is not there); rows that stand in it already are left out. Gives back how many are new."""
    path = path or user_actor_file()
    known = {tuple((row.get(c) or "").strip() for c in ACTOR_COLUMNS) for row in read_table(path)} if path.exists() else set()
    fresh = [row for row in dict.fromkeys(rows) if tuple(row) not in known]
    if not fresh:
        return 0
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        starts = not path.exists() or not path.stat().st_size
        with path.open("a", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream)
            if starts:
                writer.writerow(ACTOR_COLUMNS)
            writer.writerows(fresh)
    except OSError as error:
        raise CodebookError(f"{path}: cannot be written ({error.strerror}); expected a file that can; DETENTE_ACTORS names another") from error
    load_register.cache_clear()
    return len(fresh)


def make_row(*, name: str, aliases: str = "", country: str = "", sectors: str = "", role: str = "", start: str = "", end: str = "") -> ActorRow:
    """The parts of an actor, several values with commas or ``|`` between them -> its row. Raises ``InputError`` with all faults."""
    listed = [part.strip() for part in re.split(r"[|,]", sectors.upper()) if part.strip()]
    country = country.strip().upper()
    faults = []
    if not name.strip():
        faults.append("name: found nothing; expected a name")
    if country and country not in load_register().countries:
        faults.append(f"country: found {country!r}; expected an ISO 3166 alpha-3 code such as PRK, or nothing")
    if unknown := [s for s in listed if s not in load_codebook().sectors]:
        faults.append(f"sectors: found {', '.join(unknown)}; expected some of {', '.join(load_codebook().sectors)}")
    if not listed and not country:
        faults.append("sectors: found nothing; expected --country or --sectors")
    faults.extend(f"{label}: found {day!r}; expected YYYY-MM-DD, YYYY-MM or YYYY" for label, day in (("start", start), ("end", end)) if day and not _DAY.match(day))
    if faults:
        raise InputError("; ".join(faults))
    names = "|".join(part.strip() for part in re.split(r"[|,]", aliases) if part.strip())
    return ActorRow(name.strip(), names, country, "|".join(listed or ["GOV"]), role.strip(), start, end)


def import_dictionary(source: Path, target: Path | None = None) -> ImportReport:
    """A PETRARCH-style actor or agent dictionary -> rows in the user's actor file, and a report of what came of it."""
    try:
        text = decode(source.read_bytes())
    except OSError as error:
        raise InputError(f"{source}: cannot be read ({error.strerror}); expected an actor dictionary") from error
    rows: list[ActorRow] = []
    faults: list[str] = []
    for found in read_dictionary(text.splitlines(), frozenset(load_register().countries)):
        if isinstance(found, Fault):
            faults.append(f"{source}:{found.line}: {found.message}")
        else:
            rows.append(found)
    return ImportReport(len(rows), add_rows(rows, target), faults)


def find_entries(name: str) -> list[tuple[str, Entry]]:
    """A name, an alias, a surname or a country code in any case -> the register's entries for it, each with the form that matched; places are left out."""
    wanted = name.strip().casefold().replace("’", "'")
    out: dict[Entry, str] = {}
    if country := load_register().countries.get(name.strip().upper()):
        out[country] = country.name
    for form, entries in _forms():
        if form.casefold() == wanted:
            for entry in entries:
                if entry.kind in KINDS_SHOWN:
                    out.setdefault(entry, form)
    return [(form, entry) for entry, form in out.items()]


def suggest_names(name: str, limit: int = 5) -> list[str]:
    """A name that is not known -> names of the register that look like it."""
    import difflib

    forms = {form for form, entries in _forms() if any(e.kind in KINDS_SHOWN for e in entries)}
    return difflib.get_close_matches(name, forms, n=limit, cutoff=0.75)


def describe_entry(entry: Entry, at: str | None = None) -> list[str]:
    """An entry -> lines that say what it is and which offices it held; with ``at`` (ISO day) the one held then is marked."""
    lines = [f"{entry.name}: {entry.kind}, {entry.country or 'no country'}, {'+'.join(entry.sectors) or 'no sector'}" + (f" ({entry.detail})" if entry.detail else "")]
    found = tenure_on(entry, at) if at else None
    for tenure in entry.tenures:
        if not (tenure.role or tenure.start or tenure.end):
            continue
        mark = "*" if found is not None and found[1] and tenure == found[0] else " "
        period = f"{tenure.start or '...'} to {tenure.end or 'today'}"
        lines.append(f"  {mark} {period:<26} {tenure.country or '---'} {'+'.join(tenure.sectors):<8} {tenure.role}")
    if at and entry.tenures and (found is None or not found[1]):
        lines.append(f"    holds none of these on {at}")
    return lines


def _forms() -> Iterator[tuple[str, tuple[Entry, ...]]]:
    register = load_register()
    for listed in register.names.values():
        yield from listed
    yield from register.surnames.items()
