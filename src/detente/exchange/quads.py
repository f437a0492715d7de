"""Quads of a temporal knowledge graph made of ICEWS (ICEWS14, ICEWS18, ICEWS05-15 and kin) -> events.

A row is subject, relation, object, time and an optional -1, as numbers with tabs between; ``entity2id.txt`` and ``relation2id.txt`` beside the file name
them. Relations are names of CAMEO codes, entities names of ICEWS's actors with underscores for spaces; the country is read off the name. Rows of CAMEO 04x
are folded with their mirror images. What the mapping keeps and loses: docs/formats.md.
"""

from __future__ import annotations

import datetime
import functools
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from detente.codebook.load import DATA, load_codebook, read_table
from detente.errors import InputError
from detente.exchange.crosswalk import TABLES, Coding, Memo, country_code, find_coding
from detente.exchange.directed import Content, event_maker, key_row
from detente.exchange.fold import Parsed, fold_rows
from detente.exchange.imported import CellError, ImportedActor, ImportedEvent, OriginRow, RefusedRow
from detente.exchange.lines import open_input, parse_lines, read_lines
from detente.records import When

ORIGIN = "quads"
STARTS = {"icews14": "2014-01-01", "icews18": "2018-01-01", "icews05": "2005-01-01", "icews11": "2011-01-01"}
"""The first day of the benchmarks, by the beginning of the name of their folder (in small letters)."""
_IN_BRACKETS = re.compile(r"(.*) \(([^()]*(?:\([^()]*\))?[^()]*)\)$")


def read_events(path: str | Path, *, start: datetime.date | None = None, step_hours: int | None = None) -> Iterator[ImportedEvent | RefusedRow]:
    """A file of quads (with its two lists of names beside it) -> its events and the rows that it refuses.

    ``start``: the day of time 0; taken from the folder's name where that is one of the known benchmarks. ``step_hours``: hours in one unit of time, 24 or
    1; found out where it is not given (1 if all times are multiples of 24). Raises ``InputError`` if files or the start are lacking.
    """
    path = Path(path)
    entities, relations = read_names(path.parent / "entity2id.txt"), read_names(path.parent / "relation2id.txt")
    first = start or _known_start(path)
    hours = step_hours or find_step(path)
    with open_input(path) as stream:
        yield from fold_rows(_parse_lines(read_lines(stream), first, hours, entities, relations), event_maker(ORIGIN))


def read_names(path: Path) -> Mapping[str, str]:
    """A list of names with their numbers -> number to name."""
    try:
        rows = [line.rstrip("\t").rpartition("\t") for line in path.read_text("utf-8-sig").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read: {error}; expected the list of names beside the file of quads") from error
    bad = next((number for number, (name, _, key) in enumerate(rows, 1) if not name or not key.isdigit()), None)
    if bad is not None:
        raise InputError(f"{path}:{bad}: found {rows[bad - 1]!r}; expected a name, a tab and a number")
    return {key: name for name, _, key in rows}


def _known_start(path: Path) -> datetime.date:
    folder = path.resolve().parent.name.casefold().replace("-", "").replace("_", "")
    found = next((day for name, day in STARTS.items() if folder.startswith(name)), None)
    if found is None:
        raise InputError(f"{path}: found no day that time 0 stands for (its folder is not named after {', '.join(STARTS)}); give the first day")
    return datetime.date.fromisoformat(found)


def find_step(path: Path) -> int:
    """A file -> hours in a unit of its times: 1 if all are multiples of 24, else 24."""
    with open_input(path) as stream:
        for _, line in read_lines(stream):
            cells = line.split(b"\t")
            if len(cells) > 3 and cells[3].isdigit() and int(cells[3]) % 24:
                return 24
    return 1


def _parse_lines(
    lines: Iterator[tuple[int, bytes]], first: datetime.date, hours: int, entities: Mapping[str, str], relations: Mapping[str, str]
) -> Iterator[Parsed[Content] | RefusedRow]:
    def find_actor(number: str, column: str) -> ImportedActor:
        if number not in entities:
            raise CellError(column, number, "a number of entity2id.txt")
        return find_icews_actor(entities[number].replace("_", " "))

    def find_relation(number: str) -> Coding:
        if number not in relations:
            raise CellError("relation", number, "a number of relation2id.txt")
        return find_coding_by_name(relations[number])

    def find_day(cell: str) -> When:
        try:
            day = (first + datetime.timedelta(hours=int(cell) * hours)).isoformat()
        except (ValueError, OverflowError):
            raise CellError("time", cell, f"a whole number of steps of {hours} h from {first}") from None
        return When(day, day, "day")

    subjects, objects = Memo(functools.partial(find_actor, column="subject")), Memo(functools.partial(find_actor, column="object"))
    codings, days = Memo(find_relation), Memo(find_day)

    def parse(line: bytes, number: int) -> Parsed[Content]:
        cells = line.decode().split("\t")
        if len(cells) not in (4, 5):
            raise CellError("row", f"{len(cells)} cells", "4 or 5 numbers with a tab between")
        when, source, target, coding = days[cells[3]], subjects[cells[0]], objects[cells[2]], codings[cells[1]]
        row = OriginRow("\t".join(cells[:4]), number)
        return key_row(str(source.name), str(target.name), (when, source, target, coding, coding.goldstein, None), row)

    return parse_lines(lines, parse)


def find_coding_by_name(relation: str) -> Coding:
    """The name of a CAMEO code, underscores for spaces -> its coding; raises ``CellError`` for a name of none."""
    code = _code_names().get(_plain(relation))
    if code is None:
        raise CellError("relation", relation, "the name of a CAMEO code")
    return find_coding(code)


def _plain(name: str) -> str:
    return re.sub(r"\W+", " ", name.replace("_", " ")).strip().casefold()


@functools.cache
def _code_names() -> Mapping[str, str]:
    """Name -> code; where a root and its general code have one name, the general code, which is what ICEWS writes."""
    names = {_plain(row["name"]): code for code, row in load_codebook().cameo.items()}
    return {**names, **{_plain(row["name"]): row["code"] for row in read_table(TABLES / "cameo_names.csv")}}


@functools.lru_cache(maxsize=100_000)
def find_icews_actor(name: str) -> ImportedActor:
    """An ICEWS actor's name, such as ``Citizen (Nigeria)`` -> the actor: the country from the brackets, the sectors from the role before them."""
    state = country_code(name)
    if state:
        return ImportedActor(name, state, ("GOV",))
    found = _IN_BRACKETS.match(name)
    if found:
        country, sectors = country_code(found[2]), _role_sectors(found[1])
    else:
        country, sectors = _register().get(name.casefold(), (None, _role_sectors(name)))
        if sectors and sectors[0] in ("IGO", "NGO"):
            return ImportedActor(name, country, sectors)
    return ImportedActor(name, country, sectors, losses=(*(() if country else ("actor-country",)), *(() if sectors else ("actor-sector",))))


def _role_sectors(role: str) -> tuple[str, ...]:
    rows = _roles()
    plain = role.casefold()
    return next((sectors for word, sectors in rows if re.search(rf"\b{re.escape(word)}\b", plain)), ())


@functools.cache
def _roles() -> tuple[tuple[str, tuple[str, ...]], ...]:
    return tuple((row["role"].casefold(), tuple(row["sectors"].split("|"))) for row in read_table(TABLES / "icews_roles.csv"))


@functools.cache
def _register() -> Mapping[str, tuple[str | None, tuple[str, ...]]]:
    """Names of the register's people and bodies, small letters -> country and sectors, each only as far as all its rows agree on it."""
    found: dict[str, list[tuple[str, str]]] = {}
    for path in (DATA / "actors" / "organisations.csv", *sorted((DATA / "actors").glob("people_*.csv"))):
        for row in read_table(path):
            for name in (row["name"], *row["aliases"].split("|")):
                if " " in name or path.stem == "organisations":
                    found.setdefault(name.casefold(), []).append((row["country"], row["sectors"]))
    out: dict[str, tuple[str | None, tuple[str, ...]]] = {}
    for name, rows in found.items():
        countries, sectors = {country for country, _ in rows}, {sector for _, sector in rows}
        sector = sectors.pop() if len(sectors) == 1 else ""
        out[name] = (countries.pop() or None) if len(countries) == 1 else None, tuple(filter(None, sector.split("|")))
    return out
