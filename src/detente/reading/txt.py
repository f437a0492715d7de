"""A plain text file -> one Document."""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from detente.reading.record import Skipped, read_record
from detente.reading.source import Source, decode, say_bytes
from detente.records import Document


def read_whole(source: Source) -> bytes | Skipped:
    """An open file -> all its bytes, unless it is over the limit or empty."""
    data = source.stream.read(source.limit_bytes + 1)
    source.position.read_bytes += len(data)
    if len(data) > source.limit_bytes:
        return Skipped(source.name, None, "too-long", f"found more than {say_bytes(source.limit_bytes)}; expected one report (set --max-report-bytes for longer ones)")
    if not data.strip():
        return Skipped(source.name, None, "empty", "found an empty file; expected a report")
    return data


def read_txt(source: Source, default_date: datetime.date | None) -> Iterator[Document | Skipped]:
    """An open text file -> its one report; a headline is told from the body later, by ``reading.segment``."""
    data = read_whole(source)
    if isinstance(data, Skipped):
        yield data
        return
    yield from read_record({"text": decode(data)}, source.name, None, default_date)
