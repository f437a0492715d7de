"""Events <-> flat tables, one row an event: CSV and Parquet. Cells that hold several values have ``|`` between them.

A name's own ``|`` and ``\\`` have a ``\\`` before them. Of an actor the spans and the words of the text stay behind, of the evidence all but the first.
"""

from __future__ import annotations

import csv
import datetime
import io
import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from detente.errors import InputError
from detente.exchange.imported import CellError, ImportedEvent, RefusedRow, as_event
from detente.exchange.lines import Input, check_header, input_name, open_input, parse_cells, read_csv
from detente.exchange.output import Output, open_output
from detente.records import Actor, CodedReport, Event, Evidence, Place, When

COLUMNS: tuple[tuple[str, str], ...] = (
    ("event_id", "text"),
    ("doc_id", "text"),
    ("codebook", "text"),
    ("event_type", "text"),
    ("modes", "text"),
    ("contexts", "text"),
    ("quad", "integer"),
    ("intensity", "number"),
    ("cameo", "text"),
    ("goldstein", "number"),
    ("source_names", "text"),
    ("source_countries", "text"),
    ("source_sectors", "text"),
    ("source_entities", "text"),
    ("target_names", "text"),
    ("target_countries", "text"),
    ("target_sectors", "text"),
    ("target_entities", "text"),
    ("date_start", "date"),
    ("date_end", "date"),
    ("date_precision", "text"),
    ("date_text", "text"),
    ("place_name", "text"),
    ("place_country", "text"),
    ("place_latitude", "number"),
    ("place_longitude", "number"),
    ("place_precision", "text"),
    ("said_by_names", "text"),
    ("said_by_countries", "text"),
    ("said_by_sectors", "text"),
    ("modality", "text"),
    ("historical", "truth"),
    ("dead", "integer"),
    ("injured", "integer"),
    ("evidence_start", "integer"),
    ("evidence_end", "integer"),
    ("evidence_text", "text"),
    ("rule", "text"),
    ("mentions", "integer"),
    ("confidence", "number"),
    ("decided_by", "text"),
)
"""Column, kind. Sectors of one actor have ``+`` between them; the evidence is that of the first mention, ``mentions`` counts them all."""

_FORMULA = re.compile("'*[=+@\\t-]")
HEADER = (",".join(name for name, _ in COLUMNS) + "\r\n").encode()
ROWS_PER_GROUP = 5_000
"""Events per row group of a Parquet file: what is held before it is written."""


def flatten_event(event: Event | ImportedEvent) -> list[Any]:
    """An event -> its cells in the order of ``COLUMNS``; ``None`` is not known."""
    event = as_event(event)
    when, place, first = event.date, event.place, event.evidence[0] if event.evidence else None
    return [
        event.event_id,
        event.doc_id,
        event.codebook,
        event.event_type,
        "|".join(event.modes),
        "|".join(event.contexts),
        event.quad,
        event.intensity,
        event.cameo,
        event.goldstein,
        *_flatten_actors(event.source),
        *_flatten_actors(event.target),
        *((when.start, when.end, when.precision, when.text) if when else (None,) * 4),
        *((place.name, place.country, place.latitude, place.longitude, place.precision) if place else (None,) * 5),
        *_flatten_actors(event.said_by)[:3],
        event.modality,
        event.historical,
        event.dead,
        event.injured,
        *((*first.span, first.text, first.rule) if first else (None,) * 4),
        len(event.evidence),
        event.confidence,
        event.decided_by,
    ]


def _flatten_actors(actors: Sequence[Actor]) -> tuple[str, str, str, str]:
    return (
        "|".join(map(_escape, (a.name for a in actors))),
        "|".join(a.country or "" for a in actors),
        "|".join("+".join(a.sectors) for a in actors),
        "|".join(map(_escape, (a.entity or "" for a in actors))),
    )


def _escape(name: str) -> str:
    return name.replace("\\", "\\\\").replace("|", "\\|")


def encode_events(events: Iterable[Event | ImportedEvent]) -> bytes:
    """Events -> their CSV lines, UTF-8, without the header."""
    out = io.StringIO()
    csv.writer(out).writerows([safe_cell(cell) for cell in flatten_event(event)] for event in events)
    return out.getvalue().encode()


def encode_report(report: CodedReport) -> bytes:
    """A coded report -> the CSV lines of its events."""
    return encode_events(report.events)


def safe_cell(cell: Any) -> Any:
    """A spreadsheet runs a text that begins like a formula; an apostrophe before it stops that. Truth values are written as JSON has them."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return "'" + cell if isinstance(cell, str) and _FORMULA.match(cell) else cell


def write_events(events: Iterable[Event | ImportedEvent], out: Output) -> int:
    """Events -> a CSV file or binary stream with a header; gives back how many were written."""
    count = 0
    with open_output(out) as stream:
        stream.write(HEADER)
        for event in events:
            stream.write(encode_events((event,)))
            count += 1
    return count


def write_parquet(events: Iterable[Event | ImportedEvent], out: Output) -> int:
    """Events -> a Parquet file or binary stream, the same columns typed, a row group at a time; gives back how many were written."""
    import pyarrow
    import pyarrow.parquet

    kinds = {"text": pyarrow.string(), "integer": pyarrow.int64(), "number": pyarrow.float64(), "truth": pyarrow.bool_(), "date": pyarrow.date32()}
    schema = pyarrow.schema([(name, kinds[kind]) for name, kind in COLUMNS])
    count, left = 0, iter(events)
    with open_output(out) as stream, pyarrow.parquet.ParquetWriter(stream, schema) as writer:
        while rows := [flatten_event(event) for event in itertools.islice(left, ROWS_PER_GROUP)]:
            cells = {name: _typed(column, kind) for (name, kind), column in zip(COLUMNS, zip(*rows, strict=True), strict=True)}
            writer.write_table(pyarrow.table(cells, schema=schema))
            count += len(rows)
    return count


def _typed(column: Sequence[Any], kind: str) -> list[Any]:
    return [datetime.date.fromisoformat(cell) if cell else None for cell in column] if kind == "date" else list(column)


# -- reading ----------------------------------------------------------------------------------------------------------------
def read_events(given: Input) -> Iterator[Event | RefusedRow]:
    """A path or binary stream of our CSV -> its events and the rows that it refuses. Raises ``InputError`` for a file with another header."""
    names = [name for name, _ in COLUMNS]
    with open_input(given) as stream:
        rows = read_csv(stream)
        _, header = next(rows, (1, []))
        header = header if isinstance(header, list) else []
        check_header(given, header, names, "detente's CSV")
        yield from parse_cells(rows, header, lambda cells, _: _make_event({name: _read_cell(name, cell) for name, cell in zip(header, cells, strict=True)}))


def read_parquet(given: Input) -> Iterator[Event | RefusedRow]:
    """A path or binary stream of our Parquet -> its events, a row group at a time. Raises ``InputError`` for a file of another kind."""
    import pyarrow
    import pyarrow.parquet

    with open_input(given) as stream:
        try:
            file = pyarrow.parquet.ParquetFile(stream)
        except pyarrow.ArrowException as error:
            raise InputError(f"{input_name(given)}: cannot be read as Parquet: {error}") from error
        check_header(given, file.schema_arrow.names, [name for name, _ in COLUMNS], "detente's Parquet")
        line = 0
        for batch in file.iter_batches(ROWS_PER_GROUP):
            for row in batch.to_pylist():
                line += 1
                cells = {name: cell.isoformat() if isinstance(cell, datetime.date) else cell for name, cell in row.items()}
                try:
                    yield _make_event(cells)
                except CellError as error:
                    yield error.at(line)


def _read_cell(column: str, cell: str) -> Any:
    """A cell of CSV -> its value, by the kind of its column."""
    kind = _KINDS.get(column, "text")
    if kind == "text":
        return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell
    if not cell:
        return None
    try:
        if kind == "truth":
            return {"true": True, "false": False}[cell]
        if kind == "date":
            return datetime.date.fromisoformat(cell).isoformat()
        return int(cell) if kind == "integer" else float(cell)
    except (ValueError, KeyError):
        raise CellError(column, cell, {"truth": "true or false", "date": "a day as YYYY-MM-DD"}.get(kind, "a number")) from None


_KINDS = dict(COLUMNS)


def _make_event(cells: Mapping[str, Any]) -> Event:
    for column in ("event_id", "quad", "intensity", "modality", "historical", "confidence"):
        if cells[column] is None or cells[column] == "":
            raise CellError(column, "nothing", "a value")
    start, end = cells["evidence_start"], cells["evidence_end"]
    evidence = () if start is None or end is None else (Evidence((start, end), cells["evidence_text"] or "", (start, start), cells["rule"] or ""),)
    date = When(cells["date_start"], cells["date_end"], cells["date_precision"], cells["date_text"] or None) if cells["date_start"] else None
    place = None
    if cells["place_precision"]:
        degrees = cells["place_latitude"], cells["place_longitude"]
        place = Place(cells["place_name"] or "", cells["place_country"] or None, *degrees, cells["place_precision"])
    plain = {name: cells[name] for name in ("event_id", "doc_id", "codebook", "event_type", "quad", "intensity", "cameo", "goldstein")}
    more = {name: cells[name] for name in ("modality", "historical", "dead", "injured", "confidence", "decided_by")}
    event = Event(
        **plain,
        **more,
        modes=tuple(filter(None, cells["modes"].split("|"))),
        contexts=tuple(filter(None, cells["contexts"].split("|"))),
        source=_read_actors(cells, "source"),
        target=_read_actors(cells, "target"),
        date=date,
        place=place,
        said_by=_read_actors(cells, "said_by"),
        evidence=evidence,
    )
    try:
        return msgspec.convert(msgspec.to_builtins(event), Event)
    except msgspec.ValidationError as error:
        raise CellError("row", cells["event_id"], f"an event of detente's ({error})") from None


def _read_actors(cells: Mapping[str, Any], side: str) -> tuple[Actor, ...]:
    names = _split(cells[f"{side}_names"])
    countries, sectors = cells[f"{side}_countries"].split("|"), cells[f"{side}_sectors"].split("|")
    if not any((cells[f"{side}_names"], cells[f"{side}_countries"], cells[f"{side}_sectors"])):
        return ()
    entities = _split(cells.get(f"{side}_entities") or "|" * (len(names) - 1))
    if not len(names) == len(countries) == len(sectors) == len(entities):
        raise CellError(f"{side}_names", str(len(names)), f"as many names as countries ({len(countries)}), sectors and entities")
    return tuple(
        Actor(name, name, country or None, tuple(filter(None, sector.split("+"))), entity or None)
        for name, country, sector, entity in zip(names, countries, sectors, entities, strict=True)
    )


def _split(cell: str) -> list[str]:
    """Names with ``|`` between, each perhaps with escapes -> the names."""
    parts, letters = [""], iter(cell)
    for letter in letters:
        if letter == "|":
            parts.append("")
        else:
            parts[-1] += next(letters, "") if letter == "\\" else letter
    return parts
