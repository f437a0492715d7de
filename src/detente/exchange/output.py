"""Where events go, a path or an open stream -> a binary stream."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from detente.errors import InputError

Output = str | Path | BinaryIO


@contextlib.contextmanager
def open_output(out: Output) -> Iterator[BinaryIO]:
    """A path (opened, and closed at the end) or a binary stream (left open) -> the stream."""
    if isinstance(out, str | Path):
        with Path(out).open("wb") as stream:
            yield stream
    else:
        yield out


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A path -> a stream beside it that takes its place at the end; if anything fails, what stood there stands there still. Raises ``InputError``."""
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(path)
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror or error}; expected a file in a directory that can be written to") from error
    finally:
        part.unlink(missing_ok=True)


def number_cell(value: float | None, missing: str = "") -> str:
    """A number -> the shortest text that reads back as the same number; whole ones without a point."""
    if value is None:
        return missing
    return str(int(value)) if value == int(value) else repr(float(value))
