"""Events <-> the formats that others read. Each module has the same verbs, ``write_events(events, out)`` and ``read_events(path or stream)``.

The formats of lines (JSONL, CSV, ICEWS) also have ``HEADER`` and ``encode_events(events) -> bytes``, so that a run can be written report by
report and taken up again. Modules are imported when used: Parquet brings a heavy library with it.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Iterator
from typing import Protocol, cast

from detente.exchange.imported import Imported, ImportedEvent
from detente.exchange.lines import Input
from detente.exchange.output import Output
from detente.records import CodedReport, Event

LINE_FORMATS = {"jsonl": "detente.exchange.jsonl", "csv": "detente.exchange.table", "icews": "detente.exchange.icews"}
"""Formats that are written a report at a time, and the modules that write them."""
FORMATS = (*LINE_FORMATS, "parquet", "table")


IMPORTS = {
    **{name: f"detente.exchange.{name}" for name in ("icews", "gdelt", "polecat", "acled", "ucdp", "plover", "quads", "jsonl")},
    "csv": "detente.exchange.table",
}
"""Formats that are read as events, and the modules whose ``read_events`` reads them; Parquet is read by ``table.read_parquet``."""
EXPORTS = {**LINE_FORMATS, "gdelt": "detente.exchange.gdelt", "polecat": "detente.exchange.polecat", "plover": "detente.exchange.plover"}
"""Formats that any events, coded or imported, are written in, and the modules whose ``write_events`` does; Parquet is written by ``table.write_parquet``."""


class LineFormat(Protocol):
    """What a module of ``LINE_FORMATS`` offers."""

    HEADER: bytes

    def encode_report(self, report: CodedReport) -> bytes:
        """A coded report -> the lines of its events."""


def line_format(name: str) -> LineFormat:
    """A name of ``LINE_FORMATS`` -> its module."""
    return cast(LineFormat, importlib.import_module(LINE_FORMATS[name]))


class EventFormat(Protocol):
    """What a module of ``IMPORTS`` and of ``EXPORTS`` offers."""

    def read_events(self, given: Input) -> Iterator[Event | Imported]:
        """A path or binary stream -> events, withdrawals, refused rows."""

    def write_events(self, events: Iterable[Event | ImportedEvent], out: Output) -> int:
        """Events -> a file or binary stream; gives back how many were written."""


def read_events(name: str, given: Input) -> Iterator[Event | Imported]:
    """A format of ``IMPORTS`` or ``parquet``, and a path or binary stream (quads: a path) -> events, withdrawals, refused rows, as a stream."""
    if name == "parquet":
        from detente.exchange.table import read_parquet

        return read_parquet(given)
    return cast(EventFormat, importlib.import_module(IMPORTS[name])).read_events(given)


def write_events(name: str, events: Iterable[Event | ImportedEvent], out: Output) -> int:
    """A format of ``EXPORTS`` or ``parquet``, events, and a path or binary stream -> how many events were written."""
    if name == "parquet":
        from detente.exchange.table import write_parquet

        return write_parquet(events, out)
    return cast(EventFormat, importlib.import_module(EXPORTS[name])).write_events(events, out)
