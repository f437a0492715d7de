"""Events as files, in each format of ``detente export``: by the same filters as the page, with the same bytes as the command."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import AsyncIterator, Callable
from typing import BinaryIO, NamedTuple

import anyio
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from detente import exchange
from detente.errors import DetenteError
from detente.show_store import barred_line
from detente.store.filters import Filters
from detente.store.reading_out import find_barred, read_out
from detente.store.schema import Store
from detente.store.tokens import allows
from detente.web.asked import Asked
from detente.web.dispatch import check_read, make_asked, need_role, run
from detente.web.filters import read_filters
from detente.web.limits import set_deadline
from detente.web.refusals import missing, refusal_of, refuse

DOWNLOAD_SECONDS = 1_800
"""So long one download may take; the time of a request does not bound it, as a million events take minutes."""
MOST_DOWNLOADS = 4
"""Downloads at once: each holds a state of the store, and a thread."""
CHUNK_BYTES = 65_536
OWN_FORMATS = ("jsonl", "csv", "parquet")
"""Formats in which an event is one row, however many reports it has."""
_slots = threading.BoundedSemaphore(MOST_DOWNLOADS)


class Format(NamedTuple):
    """A format: how it is called, the ending of its files, their type, and for whom it is."""

    title: str
    ending: str
    media_type: str
    use: str


FORMATS = {
    "csv": Format("CSV", "csv", "text/csv; charset=utf-8", "spreadsheets, R, Stata"),
    "jsonl": Format("JSONL", "jsonl", "application/x-ndjson", "all fields with their evidence"),
    "parquet": Format("Parquet", "parquet", "application/vnd.apache.parquet", "pandas, polars, DuckDB"),
    "plover": Format("PLOVER", "plover.jsonl", "application/x-ndjson", "PLOVER's own JSON lines"),
    "icews": Format("ICEWS", "icews.tab", "text/tab-separated-values; charset=utf-8", "20 columns"),
    "gdelt": Format("GDELT", "gdelt.tsv", "text/tab-separated-values; charset=utf-8", "61 columns of 2.0"),
    "polecat": Format("POLECAT", "polecat.tsv", "text/tab-separated-values; charset=utf-8", "40 columns"),
}
"""All formats that ``detente export`` writes."""


def read_wanted(asked: Asked) -> tuple[Filters, bool]:
    """The filters of an address, ``order`` (oldest, newest), ``with_barred`` -> which events, and whether the latest come first. Refused: events that may not be passed on."""
    filters, newest_first = read_filters(asked), asked.choice("order", ("oldest", "newest"), "oldest") == "newest"
    with_barred = asked.switch("with_barred")
    check_read(asked)
    if with_barred and not (asked.who.role and allows(asked.who.role, "review")):
        raise refuse(403, f"with_barred: found the role {asked.who.role}; expected review: what may not be passed on is for those who answer for the store", code="role")
    if not with_barred and (barred := find_barred(asked.store, filters)):
        raise refuse(403, barred_line(barred).replace("export: ", "download: ").replace("--origin", "origin").replace("--with-barred", "with_barred=1"), code="licence")
    return filters, newest_first


async def download(request: Request) -> Response:
    """A format and filters -> the file, as a stream. What fails before its first bytes is refused as anywhere; later the connection breaks, so that half a file is not taken for a whole one."""
    need_role(request, "read")
    name = request.path_params["format"]
    if name not in FORMATS:
        raise missing(f"format: found {name[:40]!r}; expected one of {', '.join(FORMATS)}")
    store: Store = request.app.state.desk.store
    filters, newest_first = await run(request, lambda: read_wanted(make_asked(request)))
    form = FORMATS[name]
    return await answer_file(lambda out: write_events(name, store, filters, newest_first, out), f"detente-events.{form.ending}", form.media_type)


def write_events(name: str, store: Store, filters: Filters, newest_first: bool, out: BinaryIO) -> None:
    """A format and events -> written to a binary stream."""
    events = read_out(store, filters, as_rows=name not in OWN_FORMATS, newest_first=newest_first)
    try:
        exchange.write_events(name, events, out)
    finally:
        events.close()


async def answer_file(write: Callable[[BinaryIO], object], file_name: str, media_type: str) -> Response:
    """What writes a file into a binary stream -> the answer that streams it. What fails before its first bytes is refused as anywhere."""
    if not _slots.acquire(blocking=False):
        raise refuse(503, f"download: found {MOST_DOWNLOADS} under way; expected fewer; try again in a minute", headers={"Retry-After": "60"})
    body = _stream(write)
    first = await anext(body, b"")

    async def whole() -> AsyncIterator[bytes]:
        yield first
        async for chunk in body:
            yield chunk

    headers = {"Content-Disposition": f'attachment; filename="{file_name}"', "Cache-Control": "private, no-store"}
    return StreamingResponse(whole(), headers=headers, media_type=media_type)


async def _stream(write_to: Callable[[BinaryIO], object]) -> AsyncIterator[bytes]:
    """What writes -> the bytes that it writes. A thread writes into a pipe: it waits while the reader is slow, and ends when the reader is gone."""
    reading, writing = os.pipe()
    failed: list[BaseException] = []

    def write() -> None:
        set_deadline(DOWNLOAD_SECONDS)
        try:
            with os.fdopen(writing, "wb", buffering=CHUNK_BYTES) as out:
                write_to(out)
        except BrokenPipeError:
            pass  # the reader left
        except BaseException as error:
            failed.append(error)
        finally:
            _slots.release()

    thread = threading.Thread(target=write, name="download", daemon=True)
    thread.start()
    until = time.monotonic() + DOWNLOAD_SECONDS
    try:
        while chunk := await anyio.to_thread.run_sync(os.read, reading, CHUNK_BYTES):
            yield chunk
            if time.monotonic() > until:
                raise TimeoutError("a download took too long")
        await anyio.to_thread.run_sync(thread.join)
        if failed:
            raise refusal_of(failed[0]) if isinstance(failed[0], DetenteError) else failed[0]
    finally:
        os.close(reading)


OTHERS = (Route("/events/download/{format}", download, methods=["GET"]),)
