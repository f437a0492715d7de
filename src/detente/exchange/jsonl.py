"""Events -> JSONL, one event a line, as docs/cli.md gives it: detente's own format, which loses nothing."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from detente.exchange.output import Output, open_output
from detente.records import CodedReport, Event

HEADER = b""
_ENCODER = msgspec.json.Encoder()


def encode_events(events: Iterable[Event]) -> bytes:
    """Events -> their lines, UTF-8."""
    return b"".join(_ENCODER.encode(event) + b"\n" for event in events)


def encode_report(report: CodedReport) -> bytes:
    """A coded report -> the lines of its events."""
    return encode_events(report.events)


def write_events(events: Iterable[Event], out: Output) -> int:
    """Events -> a file or binary stream of JSON lines; gives back how many were written."""
    count = 0
    with open_output(out) as stream:
        for event in events:
            stream.write(encode_events((event,)))
            count += 1
    return count
