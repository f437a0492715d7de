"""JSON files -> Documents: one object a line (JSONL), one object, or an array of objects, read piece by piece."""

from __future__ import annotations

import codecs
import datetime
import json
from collections.abc import Iterator
from typing import Any

import msgspec

from detente.reading.record import KEYS, Skipped, read_record
from detente.reading.source import CHUNK_BYTES, Line, Source, decode, read_lines, say_bytes
from detente.records import Document

_LISTS = ("articles", "documents", "reports", "items", "results", "data")
"""Keys under which an object may hold an array of reports."""


def read_jsonl(source: Source, default_date: datetime.date | None) -> Iterator[Document | Skipped]:
    """An open JSONL file -> its reports; a bad line is skipped, the next one read."""
    for line in read_lines(source):
        if line.data is None:
            yield _too_long(source, line)
        elif line.data.strip():
            yield from _read_line(decode(line.data), source.name, line.number, default_date)


def read_json(source: Source, default_date: datetime.date | None) -> Iterator[Document | Skipped]:
    """An open JSON file -> its reports: those of an array, of a list under a key such as "articles", one object, or one object a line."""
    reader = _Pieces(source)
    first = reader.peek()
    if first == "[":
        reader.take(1)
        yield from _read_array(reader, default_date)
        return
    if not first:
        yield Skipped(source.name, None, "empty", "found an empty file; expected JSON")
        return
    while reader.peek():
        line = reader.line
        value = reader.decode_value()
        if isinstance(value, Skipped):
            yield value
            return
        yield from _read_value(value, source.name, line, default_date)


def _read_line(text: str, path: str, line: int, default_date: datetime.date | None) -> Iterator[Document | Skipped]:
    try:
        value = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        yield Skipped(path, line, "broken-json", f"found broken JSON ({error}); expected one JSON object a line")
        return
    yield from _read_value(value, path, line, default_date)


def _read_value(value: Any, path: str, line: int, default_date: datetime.date | None) -> Iterator[Document | Skipped]:
    if isinstance(value, list) and all(isinstance(v, dict) for v in value):
        for item in value:
            yield from read_record(item, path, line, default_date)
    elif not isinstance(value, dict):
        yield Skipped(path, line, "not-an-object", f"found {type(value).__name__} {str(value)[:30]!r}; expected a JSON object")
    elif not any(key in value for key in KEYS["text"]) and (listed := next((k for k in _LISTS if isinstance(value.get(k), list)), None)):
        yield from _read_value(value[listed], path, line, default_date)
    else:
        yield from read_record(value, path, line, default_date)


def _read_array(reader: _Pieces, default_date: datetime.date | None) -> Iterator[Document | Skipped]:
    while (following := reader.peek(skip=",")) and following != "]":
        line = reader.line
        value = reader.decode_value()
        if isinstance(value, Skipped):
            yield value
            return
        yield from _read_value(value, reader.source.name, line, default_date)
    if not following:
        yield Skipped(reader.source.name, reader.line, "broken-json", "found the end of the file inside an array; expected ]")


def _too_long(source: Source, line: Line) -> Skipped:
    found = f"found a line of {say_bytes(line.length)}; expected at most {say_bytes(source.limit_bytes)}"
    return Skipped(source.name, line.number, "too-long", found)


class _Pieces:
    """A JSON text that is decoded value by value and held only as far as the value at hand needs."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.line = 1
        self._buffer = ""
        self._decoder = codecs.getincrementaldecoder("utf-8")("windows-1252")
        self._ended = False
        self._json = json.JSONDecoder()

    def peek(self, skip: str = "") -> str:
        """The next character that is no space, "" at the end."""
        while True:
            rest = self._buffer.lstrip(" \t\r\n\ufeff" + skip)
            self._count(len(self._buffer) - len(rest))
            if rest or not self._fill(CHUNK_BYTES):
                return rest[:1]

    def take(self, count: int) -> None:
        """Go on by so many characters."""
        self._count(count)

    def decode_value(self) -> Any:
        """The next value, or why there is none; after an error no further value can be told apart."""
        size = CHUNK_BYTES
        while True:
            try:
                value, end = self._json.raw_decode(self._buffer)
            except (ValueError, RecursionError) as error:
                if isinstance(error, ValueError) and len(self._buffer) <= self.source.limit_bytes and self._fill(size):
                    size *= 2
                    continue
                return self._refuse(error)
            self._count(end)
            return value

    def _refuse(self, error: Exception) -> Skipped:
        if len(self._buffer) > self.source.limit_bytes:
            message = f"found a value of more than {say_bytes(self.source.limit_bytes)} or broken JSON in it; the rest of the file is not read"
            return Skipped(self.source.name, self.line, "too-long", message)
        at = self.line + (error.lineno - 1 if isinstance(error, json.JSONDecodeError) else 0)
        what = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
        return Skipped(self.source.name, at, "broken-json", f"found broken JSON ({what}); expected a JSON value; the rest of the file is not read")

    def _fill(self, count: int) -> bool:
        if self._ended:
            return False
        data = self.source.stream.read(count)
        self.source.position.read_bytes += len(data)
        self._ended = not data
        self._buffer += self._decoder.decode(data, final=not data)
        return True

    def _count(self, count: int) -> None:
        self.line += self._buffer.count("\n", 0, count)
        self._buffer = self._buffer[count:]
