"""CSV and Parquet tables -> Documents, a row each, read row by row or batch by batch."""

from __future__ import annotations

import csv
import datetime
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path

from detente.reading.record import KEYS, Skipped, read_record
from detente.reading.source import Line, Position, Source, decode, file_size, read_lines, say_bytes
from detente.records import Document

BATCH_ROWS = 256
_DELIMITERS = ",;\t|"
_WANTED = frozenset(key for keys in KEYS.values() for key in keys)


def read_csv(source: Source, default_date: datetime.date | None) -> Iterator[Document | Skipped]:
    """An open CSV file (comma, semicolon, tab or bar, whichever its header uses most) -> its reports."""
    csv.field_size_limit(max(csv.field_size_limit(), source.limit_bytes + 1))
    lines: Iterator[Line] = read_lines(source)
    header_line = next((line for line in lines if line.data is None or line.data.strip()), None)
    if header_line is None or header_line.data is None:
        yield Skipped(source.name, None, "empty", "found no header; expected a CSV file whose first line names its columns")
        return
    header = decode(header_line.data)
    delimiter = max(_DELIMITERS, key=header.count)
    columns = [name.strip().lower() for name in next(csv.reader([header], delimiter=delimiter), [])]
    fault = _missing_text(columns, source.name, header_line.number)
    if fault:
        yield fault
        return
    for number, row in _rows(lines, source, delimiter):
        if isinstance(row, Skipped):
            yield row
        elif len(row) > len(columns):
            yield Skipped(source.name, number, "wrong-columns", f"found {len(row)} cells; expected {len(columns)} ({', '.join(columns[:6])})")
        elif any(cell.strip() for cell in row):
            yield from read_record(dict(zip(columns, row, strict=False)), source.name, number, default_date)


def read_parquet(path: Path, position: Position, default_date: datetime.date | None) -> Iterator[Document | Skipped]:
    """A Parquet file -> its reports; a message names the row, counted from 1."""
    import pyarrow
    import pyarrow.parquet

    name, size = str(path), file_size(path)
    try:
        with pyarrow.parquet.ParquetFile(path) as table:
            columns = {column.lower(): column for column in table.schema_arrow.names}
            fault = _missing_text(list(columns), name, None)
            if fault:
                yield fault
                return
            wanted = {columns[key]: key for key in columns if key in _WANTED}
            row_number, rows = 0, max(1, table.metadata.num_rows)
            for batch in table.iter_batches(batch_size=BATCH_ROWS, columns=list(wanted)):
                for row in batch.to_pylist():
                    row_number += 1
                    yield from read_record({wanted[key]: value for key, value in row.items()}, name, row_number, default_date)
                position.read_bytes += round(size * batch.num_rows / rows)
    except (pyarrow.ArrowException, OSError) as error:
        yield Skipped(name, None, "broken-parquet", f"found no readable Parquet ({str(error).splitlines()[0][:120]}); expected a Parquet table")


def _missing_text(columns: Sequence[str], name: str, line: int | None) -> Skipped | None:
    if any(key in columns for key in KEYS["text"]):
        return None
    found = ", ".join(columns[:8])
    return Skipped(name, line, "missing-key", f"found the columns {found}; expected a column {' or '.join(KEYS['text'])}")


def _rows(lines: Iterator[Line], source: Source, delimiter: str) -> Iterator[tuple[int, list[str] | Skipped]]:
    """Lines -> rows with the number of their first line. A quote that is never closed costs its own line only, not the rest of the file."""
    waiting: deque[Line] = deque()
    while line := waiting.popleft() if waiting else next(lines, None):
        if line.data is None:
            yield line.number, Skipped(source.name, line.number, "too-long", f"found a line of {say_bytes(line.length)}; expected at most {say_bytes(source.limit_bytes)}")
            continue
        held, text, size = [line], decode(line.data), line.length
        while row_is_open(text, delimiter):
            following = waiting.popleft() if waiting else next(lines, None)
            if following is not None:
                held.append(following)
                size += following.length
            if following is None or following.data is None or size > source.limit_bytes:
                waiting.extendleft(reversed(held[1:]))
                yield line.number, Skipped(source.name, line.number, "open-quote", "found a quote that is not closed; expected a closing quote before the next report")
                break
            text += decode(following.data)
        else:
            yield line.number, next(csv.reader(text.splitlines(keepends=True), delimiter=delimiter), [])


def row_is_open(text: str, delimiter: str) -> bool:
    """The lines of a row so far -> whether a quoted cell goes on in the next line."""
    if text.count('"') % 2 == 0:
        return False
    try:
        for _ in csv.reader(text.splitlines(keepends=True), delimiter=delimiter, strict=True):
            pass
    except csv.Error as error:
        return "unexpected end of data" in str(error)
    return False
