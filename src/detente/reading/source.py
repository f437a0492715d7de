"""Bytes of a file -> text and lines, in bounded memory: what all the readers of formats share."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from detente.reading.language import guess_foreign

HEAD_BYTES = 4096
CHUNK_BYTES = 1 << 20
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


class Position:
    """How far reading has come, in bytes of the input; ``total_bytes`` is 0 if it is not known (standard input)."""

    def __init__(self) -> None:
        self.total_bytes = 0
        self.read_bytes = 0
        self.documents = 0

    def estimate_total(self) -> int | None:
        """Reports in all, judged by the bytes read so far; ``None`` as long as nothing can be said."""
        if not self.documents or not self.read_bytes or self.total_bytes < self.read_bytes:
            return None
        return max(self.documents, round(self.documents * self.total_bytes / self.read_bytes))


class Source(NamedTuple):
    """An open file with the name that messages give it."""

    name: str
    stream: BinaryIO
    limit_bytes: int
    position: Position


class Line(NamedTuple):
    """A line of a file; ``data`` is ``None`` if it is longer than the limit."""

    number: int
    data: bytes | None
    length: int


def read_lines(source: Source) -> Iterator[Line]:
    """An open file -> its lines; a line over the limit is passed over in pieces, never held."""
    number = 0
    while data := source.stream.readline(source.limit_bytes + 1):
        number += 1
        length = len(data)
        source.position.read_bytes += length
        if length <= source.limit_bytes or data.endswith(b"\n"):
            yield Line(number, data.removeprefix(codecs.BOM_UTF8) if number == 1 else data, length)
            continue
        while data and not data.endswith(b"\n"):
            data = source.stream.readline(CHUNK_BYTES)
            length += len(data)
            source.position.read_bytes += len(data)
        yield Line(number, None, length)


def is_binary(head: bytes) -> bool:
    """The first bytes of a file -> whether they are no text."""
    if head.startswith(tuple(bom for bom, _ in _BOMS)):
        return False
    return b"\0" in head or head.startswith(b"%PDF-")


def decode(data: bytes) -> str:
    """Bytes of a text -> the text: by its byte order mark, else UTF-8, else stray bytes of Windows-1252 among UTF-8, else by guess."""
    for bom, name in _BOMS:
        if data.startswith(bom):
            return data.decode(name, "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    mended = data.decode("utf-8", "windows-1252")
    multibyte = sum(1 for c in data.decode("utf-8", "ignore") if ord(c) > 127)
    # an English report that is not in UTF-8 is in Windows-1252 all but always; guessers go wrong on its few odd bytes
    if multibyte or guess_foreign(mended) is None:
        return mended
    import charset_normalizer

    best = charset_normalizer.from_bytes(data[: 64 * 1024]).best()
    return data.decode(best.encoding, "replace") if best else mended


def _mend(error: UnicodeError) -> tuple[str | bytes, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    bad = error.object[error.start : error.end]
    return bad.decode("cp1252", "replace"), error.end


codecs.register_error("windows-1252", _mend)


def say_bytes(count: int) -> str:
    """A number of bytes -> 5.0 MB."""
    return f"{count / 1e6:.1f} MB" if count >= 100_000 else f"{count:,} bytes"


def file_size(path: Path) -> int:
    """A path -> its size in bytes, 0 if it cannot be told."""
    try:
        return path.stat().st_size
    except OSError:
        return 0
