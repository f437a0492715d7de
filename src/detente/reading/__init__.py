"""Files, directories, web addresses and standard input -> Documents, one at a time, with a reason for everything that is skipped."""

from __future__ import annotations

import datetime
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import msgspec

from detente.reading.addresses import looks_like_url
from detente.reading.feeds import looks_like_feed, read_feed
from detente.reading.html import read_html
from detente.reading.json_ import read_json, read_jsonl
from detente.reading.record import Skipped, make_document
from detente.reading.source import HEAD_BYTES, Position, Source, file_size, is_binary
from detente.reading.table import read_csv, read_parquet
from detente.reading.txt import read_txt
from detente.records import Document

if TYPE_CHECKING:
    from detente.reading.web import Web

__all__ = ["READERS", "Position", "Skipped", "make_document", "read_documents", "read_stream"]

MAX_REPORT_BYTES = 5_000_000
Reader = Callable[[Source, datetime.date | None], Iterator[Document | Skipped]]
READERS: dict[str, Reader] = {
    ".txt": read_txt,
    ".text": read_txt,
    ".html": read_html,
    ".htm": read_html,
    ".xhtml": read_html,
    ".json": read_json,
    ".jsonl": read_jsonl,
    ".ndjson": read_jsonl,
    ".csv": read_csv,
    ".tsv": read_csv,
    ".xml": read_feed,
    ".rss": read_feed,
    ".atom": read_feed,
}
FORMATS = ".txt, .html, .json, .jsonl, .csv, .parquet, .xml"


def read_documents(
    paths: Iterable[str | os.PathLike[str]],
    default_date: datetime.date | None = None,
    *,
    limit_bytes: int = MAX_REPORT_BYTES,
    position: Position | None = None,
    web: Web | None = None,
) -> Iterator[Document | Skipped]:
    """Paths of files and directories, URLs, ``-`` (standard input) -> their reports in order, and a ``Skipped`` for each that cannot be used.

    ``default_date`` is the publication date of reports that state none. Nothing of a corpus is held but the report at hand; a report of
    more than ``limit_bytes`` is skipped. ``position`` is kept up to date for a progress bar. URLs are fetched by ``web`` (if none is given, by one
    with the limits of the environment); of a feed the pages of its entries are read.
    """
    where = position or Position()
    named = [os.fspath(p) for p in paths]
    files = [item for name in named for item in ([name] if name == "-" or _is_url(name) else _list_files(Path(name)))]
    where.total_bytes = 0 if any(isinstance(f, str) for f in files) else sum(file_size(f) for f in files if isinstance(f, Path))
    for item in files:
        if isinstance(item, Skipped):
            yield item
            continue
        if item == "-":
            found = _read_stdin(default_date, limit_bytes, where)
        elif isinstance(item, str):
            from detente.reading.url import read_url
            from detente.reading.web import make_web

            web = web or make_web()
            found = read_url(item, web, default_date, read_stream)
        else:
            found = _read_file(item, default_date, limit_bytes, where)
        for document in found:
            where.documents += isinstance(document, Document)
            yield document


def _is_url(name: str) -> bool:
    return looks_like_url(name) and not os.path.exists(name)  # noqa: PTH110 - Path.exists fails on long names


def _list_files(path: Path) -> list[Path | Skipped]:
    """A path -> itself, or the files under it by name; hidden ones are left out."""
    if not os.path.isdir(path):  # noqa: PTH112 - Path.is_dir fails on names that are too long
        return [path]
    out: list[Path | Skipped] = []

    def refuse(error: OSError) -> None:
        out.append(Skipped(str(error.filename), None, "unreadable", f"found a directory that cannot be read ({error.strerror}); expected one that can"))

    for folder, folders, names in os.walk(path, onerror=refuse):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            file = Path(folder, name)
            if name.startswith("."):
                continue
            if file.suffix.lower() in READERS or file.suffix.lower() == ".parquet":
                out.append(file)
            else:
                out.append(Skipped(str(file), None, "unknown-format", f"found {file.suffix or 'no ending'}; expected one of {FORMATS}"))
    return out or [Skipped(str(path), None, "empty", f"found no files in the directory; expected some of {FORMATS}")]


def _read_file(path: Path, default_date: datetime.date | None, limit_bytes: int, position: Position) -> Iterator[Document | Skipped]:
    name = str(path)
    before = position.read_bytes
    try:
        if path.exists() and not path.is_file():
            yield Skipped(name, None, "unreadable", "found no regular file; expected a file or a directory")
        elif path.suffix.lower() == ".parquet":
            yield from read_parquet(path, position, default_date)
        else:
            with path.open("rb") as stream:
                yield from read_stream(Source(name, stream, limit_bytes, position), path.suffix.lower(), default_date)
    except OSError as error:
        reason = "not-found" if isinstance(error, FileNotFoundError) else "unreadable"
        yield Skipped(name, None, reason, f"cannot be read ({error.strerror or error}); expected a readable file")
    position.read_bytes = before + file_size(path)


def _read_stdin(default_date: datetime.date | None, limit_bytes: int, position: Position) -> Iterator[Document | Skipped]:
    yield from read_stream(Source("-", sys.stdin.buffer, limit_bytes, position), "", default_date)


def read_stream(source: Source, suffix: str, default_date: datetime.date | None) -> Iterator[Document | Skipped]:
    """An open source and the ending of its name ("" if it has none that tells) -> its reports."""
    head = _peek(source.stream)
    if is_binary(head):
        yield Skipped(source.name, None, "binary", f"found binary data; expected text ({FORMATS})")
        return
    reader = _choose_json(head) if suffix == ".json" else READERS.get(suffix) or _guess_reader(head)
    if reader in (read_json, read_jsonl, read_csv) and head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        yield Skipped(source.name, None, "encoding", "found UTF-16; expected UTF-8")
        return
    if not head:
        yield Skipped(source.name, None, "empty", "found an empty file; expected a report")
        return
    yield from reader(source, default_date)


def _peek(stream: BinaryIO) -> bytes:
    peek = getattr(stream, "peek", None)
    if peek is not None:
        return bytes(peek(HEAD_BYTES)[:HEAD_BYTES])
    head = stream.read(HEAD_BYTES)
    stream.seek(0)
    return head


def _guess_reader(head: bytes) -> Reader:
    """The first bytes of something without a telling name -> its reader: JSON by its bracket, a page by its tag, else text."""
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:200].lower()
    if start.startswith(b"{"):
        return _choose_json(head)
    if start.startswith(b"[") and b"{" in start[:20]:
        return read_json
    if looks_like_feed(head):
        return read_feed
    return read_html if start.startswith((b"<!doctype", b"<html", b"<?xml", b"<head", b"<body")) else read_txt


def _choose_json(head: bytes) -> Reader:
    """One object a line is read by lines, so that a broken one costs itself only; a file that is one value is read as such."""
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    first, newline, _ = start.partition(b"\n")
    if not start.startswith(b"{"):
        return read_json
    if not newline:
        return read_jsonl
    try:
        msgspec.json.decode(first)
    except msgspec.DecodeError:
        return read_json
    return read_jsonl
