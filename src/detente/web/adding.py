"""The box of the desk: a text, an address or a file -> coded, stored, and shown."""

from __future__ import annotations

import contextlib
import datetime
import tempfile
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import msgspec

from detente.errors import InputError
from detente.reading import READERS, Skipped, make_document, read_documents
from detente.records import CodedReport, Document
from detente.running import Item, Options, code_corpus
from detente.settings import count_workers, read_text
from detente.store.documents import find_document, ids_of_texts
from detente.store.write import Added, add_report, find_known
from detente.web.asked import Asked
from detente.web.marks import find_lead
from detente.web.refusals import refuse
from detente.web.rendering import part
from detente.web.routing import Done, File, Posted

if TYPE_CHECKING:
    from detente.store.schema import Store

SOURCE = "desk"
"""Where a pasted text is said to come from."""
LONGEST_TEXT = 100_000
"""Characters of a text that is coded without being stored, or that a program sends: about 15,000 words, which take 3 seconds of one core (measured on the reports of the demo)."""
MOST_CODING = 3
"""Requests that code at once: one codes, the others wait for the parser; more would hold the threads that pages need."""
_coders = threading.BoundedSemaphore(MOST_CODING)
_coding = threading.Lock()
"""One report at a time: the parser is one, and two would only share its core."""


class Stored(msgspec.Struct, frozen=True):
    """What became of what was given: documents by id, those of them that were known, events founded and joined, and what could not be read."""

    doc_ids: tuple[str, ...]
    known: int
    founded: int
    joined: int
    skipped: tuple[str, ...] = ()


def add_given(posted: Posted) -> Done:
    """The form: ``text`` with ``title`` and ``published_on``, or ``url``, or a ``file`` -> stored; then to the document, or the events if there are several."""
    asked = posted.asked
    items = read_given(posted)
    with a_place_to_code():
        stored = store_reports(asked, items)
    if not stored.doc_ids:
        raise InputError(stored.skipped[0] if stored.skipped else "report: found nothing to code; expected a report")
    return Done(what=", ".join(stored.doc_ids)[:200], to=_where(asked.store, stored), notice=say_stored(stored))


def read_given(posted: Posted) -> Iterable[Item]:
    """The form: ``text`` with ``title`` and ``published_on``, or ``url``, or a ``file`` -> its reports. Refused: none of them, or several."""
    asked = posted.asked
    text, url, title, day = asked.long_text("text"), asked.text("url"), asked.text("title"), asked.day("published_on")
    file = posted.files.get("file")
    given = [name for name, there in (("text", text.strip()), ("url", url), ("file", file and file.content)) if there]
    if len(given) != 1:
        raise InputError(f"report: found {' and '.join(given) or 'nothing'}; expected a text, an address or a file")
    if file and file.content:
        return read_upload(file, day, asked)
    if url:
        return read_address(url, day)
    return [make_document(text, title=title, published_on=day, publisher=None, origin=SOURCE)]


@contextlib.contextmanager
def a_place_to_code() -> Iterator[None]:
    """A place among those who code; refused with 503 if there is none."""
    if not _coders.acquire(blocking=False):
        raise refuse(503, f"code: found {MOST_CODING} requests that code; expected fewer; try again", code="busy", headers={"Retry-After": "5"})
    try:
        yield
    finally:
        _coders.release()


def _where(store: Store, stored: Stored) -> str:
    """What was stored -> the only report, at its lead event; of several the list of reports."""
    if len(stored.doc_ids) != 1:
        return "/documents"
    to, found = f"/documents/{part(stored.doc_ids[0])}", find_document(store, stored.doc_ids[0])
    lead = find_lead(found.mentions, found.text) if found else None
    return f"{to}#event-{part(lead.mention_id)}" if lead else to


def say_stored(stored: Stored) -> str:
    """What became of it -> in a sentence."""
    parts = [f"{len(stored.doc_ids)} report{'' if len(stored.doc_ids) == 1 else 's'} read"]
    if stored.known:
        parts.append(f"{stored.known} known already")
    parts.append(f"{stored.founded} new event{'' if stored.founded == 1 else 's'}, {stored.joined} told before")
    if stored.skipped:
        parts.append(f"{len(stored.skipped)} could not be read")
    return "; ".join(parts) + "."


def store_reports(asked: Asked, items: Iterable[Item]) -> Stored:
    """Documents -> coded one at a time and stored."""
    ids: list[str] = []
    skipped: list[str] = []
    added: list[Added] = []
    for item in items:
        if isinstance(item, Skipped):
            skipped.append(str(item))
            continue
        if len(ids) >= asked.options.upload_reports:
            skipped.append(f"{item.id}: found more than {asked.options.upload_reports} reports; expected fewer; detente add takes any number")
            break
        done = _store_one(asked.store, item)
        if isinstance(done, Skipped):
            skipped.append(str(done))
            continue
        ids.append(ids_of_texts(asked.store, [item.text]).get(item.text, item.id))
        added.append(done)
    return Stored(tuple(ids), sum(a.known for a in added), sum(a.founded for a in added), sum(a.joined for a in added), tuple(skipped))


def _store_one(store: Store, document: Document) -> Added | Skipped:
    if find_known(store, [document]):
        return Added(known=True)
    report = code_document(document)
    return report if isinstance(report, Skipped) else add_report(store, report)


def code_document(document: Document) -> CodedReport | Skipped:
    """A document -> the coded report with planned, hypothetical and denied acts, as ``detente add`` keeps them, or why it could not be coded. The first call loads the parser (1 to 2 s)."""
    options = Options(pipeline=read_text("pipeline"), keep_all=True, workers=min(1, count_workers()))
    with _coding:
        return next(iter(code_corpus([document], options)))


def read_address(url: str, day: datetime.date | None) -> Iterator[Item]:
    """An address -> its report, by the rules of fetching: no address of a local network, no host that asks to be left alone."""
    if not url.lower().startswith(("http://", "https://")):
        raise InputError(f"url: found {url[:80]!r}; expected an address that begins with http:// or https://")
    yield from read_documents([url], day)


def read_upload(file: File, day: datetime.date | None, asked: Asked) -> Iterator[Item]:
    """A file that was sent -> its reports. Its name says its format, and is kept as where they come from; nothing of it becomes a path."""
    name = PurePosixPath(file.name.replace("\\", "/")).name or "upload"
    ending = PurePosixPath(name).suffix.lower()
    if ending not in {*READERS, ".parquet"}:
        raise InputError(f"file: found the ending {ending or 'of none'!r}; expected one of {', '.join([*READERS, '.parquet'])}")
    with tempfile.TemporaryDirectory(prefix="detente-") as folder:
        path = Path(folder, f"upload{ending}")
        path.write_bytes(file.content)
        for item in read_documents([path], day, limit_bytes=asked.options.max_upload_bytes):
            yield _named(item, str(path), name)


def _named(item: Item, path: str, name: str) -> Item:
    """What was read of the temporary file -> as of the file that was sent."""
    if isinstance(item, Skipped):
        return msgspec.structs.replace(item, path=name)
    return msgspec.structs.replace(item, origin=(item.origin or "").replace(path, name))
