"""Where rows come from, a path or an open binary stream -> numbered lines; what is packed with gzip or zip is unpacked on the way."""

from __future__ import annotations

import contextlib
import csv
import gzip
import io
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, TypeVar, cast

from detente.errors import InputError
from detente.exchange.imported import CellError, RefusedRow

Input = str | Path | BinaryIO
_Parsed = TypeVar("_Parsed")
BOM = b"\xef\xbb\xbf"


@contextlib.contextmanager
def open_input(given: Input) -> Iterator[BinaryIO]:
    """A path (opened, and closed at the end) or a binary stream (left open) -> the stream; of a zip file its only member."""
    if not isinstance(given, str | Path):
        yield given
        return
    path = Path(given)
    try:
        with path.open("rb") as stream:
            if path.suffix.lower() == ".gz":
                with gzip.open(stream) as inner:
                    yield cast(BinaryIO, inner)
            elif path.suffix.lower() == ".zip":
                with zipfile.ZipFile(stream) as archive:
                    names = [name for name in archive.namelist() if not name.endswith("/")]
                    if len(names) != 1:
                        raise InputError(f"{path}: found {len(names)} files in the archive; expected one; unpack it and give the file that you want")
                    with archive.open(names[0]) as member:
                        yield cast(BinaryIO, member)
            else:
                yield stream
    except (OSError, zipfile.BadZipFile, EOFError) as error:
        raise InputError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from error


def read_lines(stream: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """A stream -> line numbers from 1 and lines without their end, a byte order mark left out."""
    for number, line in enumerate(stream, 1):
        if number == 1 and line.startswith(BOM):
            line = line[3:]
        yield number, line.rstrip(b"\r\n")


def parse_lines(lines: Iterable[tuple[int, bytes]], parse: Callable[[bytes, int], _Parsed]) -> Iterator[_Parsed | RefusedRow]:
    """Numbered lines, and what makes something of a line and its number -> what it makes, and the lines that it refuses; empty lines are passed over."""
    for number, line in lines:
        if not line:
            continue
        try:
            parsed = parse(line, number)
        except CellError as error:
            yield error.at(number)
        except UnicodeDecodeError as error:
            yield CellError("row", repr(line[error.start : error.start + 20]), "text in UTF-8").at(number)
        else:
            yield parsed


def parse_cells(rows: Iterable[tuple[int, list[str] | RefusedRow]], header: Sequence[str], parse: Callable[[list[str], int], _Parsed]) -> Iterator[_Parsed | RefusedRow]:
    """Rows of CSV, its header, and what makes something of cells and line -> what it makes, and the rows that are refused."""
    for line, cells in rows:
        if isinstance(cells, RefusedRow):
            yield cells
            continue
        try:
            if len(cells) != len(header):
                raise CellError("row", f"{len(cells)} cells", f"{len(header)} cells, as the header has")
            check_text(cells)
            parsed = parse(cells, line)
        except CellError as error:
            yield error.at(line)
        else:
            yield parsed


def check_header(given: Input, found: Sequence[str], expected: Sequence[str], name: str) -> None:
    """Raises ``InputError`` unless a header has all the names expected, in any case of letters."""
    have = {cell.strip().casefold() for cell in found}
    lacking = [column for column in expected if column.casefold() not in have]
    if lacking:
        shown = ", ".join(lacking[:4]) + (f" and {len(lacking) - 4} more" if len(lacking) > 4 else "")
        raise InputError(f"{input_name(given)}:1: found a header without {shown}; expected the {len(expected)} columns of {name}; give a file of that format")


def input_name(given: Input) -> str:
    """What to call the input in a message."""
    return str(given) if isinstance(given, str | Path) else str(getattr(given, "name", "the stream"))


def read_csv(stream: BinaryIO) -> Iterator[tuple[int, list[str] | RefusedRow]]:
    """A CSV stream in UTF-8 -> the line where each row begins and its cells, or a refusal of a row that the format bars."""
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="surrogateescape", newline="")
    try:
        reader = csv.reader(text, strict=True)
        line = 1
        while True:
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield line, RefusedRow(line, "row", str(error), "cells separated by commas, quotes closed and doubled within")
            else:
                if cells:
                    yield line, cells
            line = reader.line_num + 1
    finally:
        if not stream.closed:  # a file that was refused is closed before this generator is
            text.detach()


def check_text(cells: Sequence[str]) -> None:
    """Raises ``CellError`` for cells that were not UTF-8 (they hold lone surrogates)."""
    for cell in cells:
        if not cell.isascii() and any("\ud800" <= letter <= "\udfff" for letter in cell):
            raise CellError("row", cell.encode("utf-8", "surrogateescape").decode("latin-1"), "text in UTF-8")
