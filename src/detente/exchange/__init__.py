"""Events -> the formats that others read. Each module has the same verb, ``write_events(events, out)``.

The formats of lines (JSONL, CSV, ICEWS) also have ``HEADER`` and ``encode_events(events) -> bytes``, so that a run can be written report by
report and taken up again. Modules are imported when used: Parquet brings a heavy library with it.
"""

from __future__ import annotations

import importlib
from typing import Protocol, cast

from detente.records import CodedReport

LINE_FORMATS = {"jsonl": "detente.exchange.jsonl", "csv": "detente.exchange.table", "icews": "detente.exchange.icews"}
"""Formats that are written a report at a time, and the modules that write them."""
FORMATS = (*LINE_FORMATS, "parquet", "table")


class LineFormat(Protocol):
    """What a module of ``LINE_FORMATS`` offers."""

    HEADER: bytes

    def encode_report(self, report: CodedReport) -> bytes:
        """A coded report -> the lines of its events."""


def line_format(name: str) -> LineFormat:
    """A name of ``LINE_FORMATS`` -> its module."""
    return cast(LineFormat, importlib.import_module(LINE_FORMATS[name]))
