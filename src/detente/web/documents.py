"""A report: its text, and what was coded in it."""

from __future__ import annotations

from detente.store.documents import StoredDocument, find_document
from detente.web.asked import Asked
from detente.web.refusals import missing
from detente.web.routing import Page


def read_document(asked: Asked) -> StoredDocument:
    """``doc_id`` of the address -> the document."""
    doc_id = asked.path["doc_id"]
    found = find_document(asked.store, doc_id)
    if found is None:
        raise missing(f"document: found none with the id {doc_id[:80]!r}; expected one of the store")
    return found


PAGES = (Page("/documents/{doc_id:path}", read_document, "document.html", lambda r: r.title or r.doc_id, nav="events"),)
