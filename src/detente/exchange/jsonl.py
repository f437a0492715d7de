"""Events <-> JSONL, one event a line, as docs/cli.md gives it: detente's own format, which loses nothing.

An imported event has a line of its own shape, that of ``ImportedEvent``; the reader tells the two apart by the field ``origin``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from detente.exchange.imported import CellError, ImportedEvent, RefusedRow
from detente.exchange.lines import Input, open_input, read_lines
from detente.exchange.output import Output, open_output
from detente.records import CodedReport, Event

HEADER = b""
_ENCODER = msgspec.json.Encoder()


def encode_events(events: Iterable[Event | ImportedEvent]) -> bytes:
    """Events -> their lines, UTF-8."""
    return b"".join(_ENCODER.encode(event) + b"\n" for event in events)


def encode_report(report: CodedReport) -> bytes:
    """A coded report -> the lines of its events."""
    return encode_events(report.events)


def write_events(events: Iterable[Event | ImportedEvent], out: Output) -> int:
    """Events -> a file or binary stream of JSON lines; gives back how many were written."""
    count = 0
    with open_output(out) as stream:
        for event in events:
            stream.write(encode_events((event,)))
            count += 1
    return count


def read_events(given: Input) -> Iterator[Event | ImportedEvent | RefusedRow]:
    """A path or binary stream of JSON lines -> the events as they were written, and the lines that it refuses."""
    with open_input(given) as stream:
        for number, line in read_lines(stream):
            if not line.strip():
                continue
            try:
                raw = msgspec.json.decode(line)
                imported = isinstance(raw, dict) and "origin" in raw
                yield msgspec.convert(raw, ImportedEvent) if imported else msgspec.convert(raw, Event)
            except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError) as error:
                yield CellError("line", line.decode("utf-8", "replace"), f"an event of detente's ({error})").at(number)
