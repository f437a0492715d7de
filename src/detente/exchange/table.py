"""Events -> flat tables, one row an event: CSV and Parquet. Cells that hold several values have ``|`` between them."""

from __future__ import annotations

import csv
import datetime
import io
import itertools
from collections.abc import Iterable, Sequence
from typing import Any

from detente.exchange.output import Output, open_output
from detente.records import Actor, CodedReport, Event

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

HEADER = (",".join(name for name, _ in COLUMNS) + "\r\n").encode()
ROWS_PER_GROUP = 5_000
"""Events per row group of a Parquet file: what is held before it is written."""


def flatten_event(event: Event) -> list[Any]:
    """An event -> its cells in the order of ``COLUMNS``; ``None`` is not known."""
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
        "|".join(a.name for a in actors),
        "|".join(a.country or "" for a in actors),
        "|".join("+".join(a.sectors) for a in actors),
        "|".join(a.entity or "" for a in actors),
    )


def encode_events(events: Iterable[Event]) -> bytes:
    """Events -> their CSV lines, UTF-8, without the header."""
    out = io.StringIO()
    csv.writer(out).writerows([_safe_cell(cell) for cell in flatten_event(event)] for event in events)
    return out.getvalue().encode()


def encode_report(report: CodedReport) -> bytes:
    """A coded report -> the CSV lines of its events."""
    return encode_events(report.events)


def _safe_cell(cell: Any) -> Any:
    """A spreadsheet runs a text that begins like a formula; an apostrophe before it stops that. Truth values are written as JSON has them."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return "'" + cell if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@", "\t") else cell


def write_events(events: Iterable[Event], out: Output) -> int:
    """Events -> a CSV file or binary stream with a header; gives back how many were written."""
    count = 0
    with open_output(out) as stream:
        stream.write(HEADER)
        for event in events:
            stream.write(encode_events((event,)))
            count += 1
    return count


def write_parquet(events: Iterable[Event], out: Output) -> int:
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
