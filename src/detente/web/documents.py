"""Reports: the list of them, and each with its text and what was coded in it."""

from __future__ import annotations

import datetime
import functools
from typing import NamedTuple

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from detente.store.document_list import ListedDocument, find_documents, list_publishers
from detente.store.documents import StoredDocument, find_document
from detente.web.asked import Asked
from detente.web.dispatch import Body, answer_with, make_body
from detente.web.marks import marks_css, name_document
from detente.web.refusals import missing
from detente.web.routing import Page

DEFAULT_PAGE, MOST_PAGE = 25, 200
"""Reports on a page: unless asked otherwise, and at most."""


class DocumentsRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A page of reports. ``said``: which they are; ``before`` and ``after``: cursors of the pages beside, ``None`` at the ends; ``counted_to``: the count stops there."""

    said: str
    total: int
    counted_to: int
    page_documents: int
    order: str
    before: str | None
    after: str | None
    publishers: tuple[tuple[str, int], ...]
    documents: tuple[ListedDocument, ...]


class WantedDocuments(NamedTuple):
    """Which documents are asked for, named as ``find_documents`` takes them."""

    publisher: str | None
    since: datetime.date | None
    until: datetime.date | None
    text: str | None
    with_copies: bool
    newest_first: bool


def read_wanted_documents(asked: Asked) -> WantedDocuments:
    """``publisher``, ``since``, ``until``, ``text``, ``copies`` (with, without), ``order`` (newest, oldest) -> which documents are asked for, by a page or a program."""
    return WantedDocuments(
        publisher=asked.text("publisher"),
        since=asked.day("since"),
        until=asked.day("until"),
        text=asked.text("text"),
        with_copies=asked.choice("copies", ("with", "without"), "with") == "with",
        newest_first=asked.choice("order", ("newest", "oldest"), "newest") == "newest",
    )


def read_document(asked: Asked) -> StoredDocument:
    """``doc_id`` of the address -> the document."""
    doc_id = asked.path["doc_id"]
    found = find_document(asked.store, doc_id)
    if found is None:
        raise missing(f"document: found none with the id {doc_id[:80]!r}; expected one of the store")
    return found


def read_documents(asked: Asked) -> DocumentsRecord:
    """``publisher``, ``since``, ``until``, ``text``, ``copies`` (with, without), ``order``, ``page_documents``, ``cursor`` -> a page of reports."""
    size = asked.number("page_documents", DEFAULT_PAGE, most=MOST_PAGE)
    wanted = read_wanted_documents(asked)
    found = find_documents(asked.store, **wanted._asdict(), cursor=asked.text("cursor"), limit=size)
    publishers = asked.share(("publishers",), lambda: tuple(list_publishers(asked.store)))
    return DocumentsRecord(
        said=found.said,
        total=found.total,
        counted_to=found.counted_to,
        page_documents=size,
        order="newest" if wanted.newest_first else "oldest",
        before=found.before,
        after=found.after,
        publishers=publishers,
        documents=found.documents,
    )


async def show_marks(request: Request) -> Response:
    """The style sheet by which the words of an event are highlighted with it."""
    return answer_with(request, _marks_body())


@functools.cache
def _marks_body() -> Body:
    return make_body(marks_css().encode(), "text/css; charset=utf-8")


PAGES = (
    Page("/documents", read_documents, "documents.html", "Reports", nav="documents"),
    Page("/documents/{doc_id:path}", read_document, "document.html", name_document, nav="documents"),
)
OTHERS = (Route("/marks.css", show_marks, methods=["GET"]),)
