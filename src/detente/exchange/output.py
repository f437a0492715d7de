"""Where events go, a path or an open stream -> a binary stream."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

Output = str | Path | BinaryIO


@contextlib.contextmanager
def open_output(out: Output) -> Iterator[BinaryIO]:
    """A path (opened, and closed at the end) or a binary stream (left open) -> the stream."""
    if isinstance(out, str | Path):
        with Path(out).open("wb") as stream:
            yield stream
    else:
        yield out


def number_cell(value: float | None, missing: str = "") -> str:
    """A number -> the shortest text that reads back as the same number; whole ones without a point."""
    if value is None:
        return missing
    return str(int(value)) if value == int(value) else repr(float(value))
