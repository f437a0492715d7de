"""The body of an answer -> its bytes, unpacked; never more than a limit, and never half of it."""

from __future__ import annotations

import http.client
import zlib
from collections.abc import Callable, Iterator

from detente.reading.addresses import Refused
from detente.reading.source import say_bytes

CHUNK_BYTES = 1 << 16


def read_body(response: http.client.HTTPResponse, max_bytes: int, encoding: str, check: Callable[[], None]) -> bytes:
    """An open answer, the most bytes that it may have (as sent, and as unpacked), and its content encoding -> its bytes.

    ``check`` is called between pieces and may raise. Raises ``Refused``: ``too-long``, or ``bad-response`` for a body that breaks off or is packed otherwise
    than by gzip or zlib.
    """
    if (response.length or 0) > max_bytes:
        raise _too_long(max_bytes)
    body = bytearray()
    for piece in _unpack(_pieces(response, max_bytes, check), encoding, max_bytes):
        body += piece
        if len(body) > max_bytes:
            raise _too_long(max_bytes)
    return bytes(body)


def _pieces(response: http.client.HTTPResponse, max_bytes: int, check: Callable[[], None]) -> Iterator[bytes]:
    """A body as it comes; one that breaks off before its end is refused, never taken for a whole one."""
    received = 0
    while piece := response.read1(CHUNK_BYTES):
        received += len(piece)
        if received > max_bytes:
            raise _too_long(max_bytes)
        check()
        yield piece
    check()
    if response.length:
        raise Refused("bad-response", f"found an answer that breaks off {response.length:,} bytes before its end; expected it whole")


def _unpack(pieces: Iterator[bytes], encoding: str, max_bytes: int) -> Iterator[bytes]:
    """A body as sent -> unpacked; at most ``max_bytes`` are ever unpacked, so that no bomb goes off."""
    name = encoding.strip().lower()
    if name in ("", "identity"):
        yield from pieces
        return
    if name not in ("gzip", "x-gzip", "deflate"):
        raise Refused("bad-response", f"found the content encoding {name[:40]!r}; expected gzip or none")
    unpacker = zlib.decompressobj(wbits=47)  # 32 + 15: gzip or zlib, told by the first bytes
    left, begun = max_bytes + 1, False
    try:
        for piece in pieces:
            begun = True
            unpacked = unpacker.decompress(piece, left)
            left -= len(unpacked)
            yield unpacked
            if left <= 0 or unpacker.unconsumed_tail:
                raise _too_long(max_bytes)
    except zlib.error:
        raise Refused("bad-response", "found a packed answer that cannot be unpacked; expected gzip") from None
    if begun and not unpacker.eof:
        raise Refused("bad-response", "found a packed answer that breaks off; expected it whole")


def _too_long(max_bytes: int) -> Refused:
    return Refused("too-long", f"found more than {say_bytes(max_bytes)}; expected less (--max-fetch-bytes sets how much)")
