"""Rows as files: CSV, JSONL and Parquet, written as they come."""

from __future__ import annotations

import csv
import datetime
import io
import itertools
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

import msgspec

from detente.exchange.output import number_cell
from detente.exchange.table import ROWS_PER_GROUP, safe_cell
from detente.web.api_call import Format

Columns = tuple[tuple[str, str], ...]
"""Names and kinds: text, texts (several), integer, number, truth, date."""
_LINES = 500
"""Lines of CSV and JSONL that are written at a time."""


def write_rows(form: Format, columns: Columns, rows: Iterable[dict[str, Any]], out: BinaryIO) -> None:
    """A format, columns and rows -> written to a binary stream. JSONL has the rows as they are; CSV and Parquet have the columns, several texts with ``|`` between them in CSV."""
    if form == "parquet":
        _write_parquet(columns, rows, out)
    elif form == "csv":
        out.write((",".join(name for name, _ in columns) + "\r\n").encode())
        for some in _in_parts(rows, _LINES):
            text = io.StringIO()
            csv.writer(text).writerows([_cell(row.get(name)) for name, _ in columns] for row in some)
            out.write(text.getvalue().encode("utf-8", "replace"))
    else:
        for some in _in_parts(rows, _LINES):
            out.write(b"".join(msgspec.json.encode(row) + b"\n" for row in some))


def _in_parts(rows: Iterable[dict[str, Any]], size: int) -> Iterator[list[dict[str, Any]]]:
    left = iter(rows)
    while some := list(itertools.islice(left, size)):
        yield some


def _cell(value: Any) -> Any:
    if isinstance(value, float):
        return number_cell(value)
    return safe_cell("|".join(map(str, value)) if isinstance(value, list | tuple) else value)


def _write_parquet(columns: Columns, rows: Iterable[dict[str, Any]], out: BinaryIO) -> None:
    import pyarrow
    import pyarrow.parquet

    kinds = {
        "text": pyarrow.string(),
        "texts": pyarrow.list_(pyarrow.string()),
        "integer": pyarrow.int64(),
        "number": pyarrow.float64(),
        "truth": pyarrow.bool_(),
        "date": pyarrow.date32(),
    }
    schema = pyarrow.schema([(name, kinds[kind]) for name, kind in columns])
    with pyarrow.parquet.ParquetWriter(pyarrow.PythonFile(out, mode="w"), schema) as writer:
        for some in _in_parts(rows, ROWS_PER_GROUP):
            writer.write_table(pyarrow.table({name: [_typed(row.get(name), kind) for row in some] for name, kind in columns}, schema=schema))


def _typed(value: Any, kind: str) -> Any:
    return datetime.date.fromisoformat(value) if kind == "date" and isinstance(value, str) else value
