"""A page -> one Document: the article without menus and advertisements, and what the page says of its title, date and publisher."""

from __future__ import annotations

import datetime
import logging
from collections.abc import Iterator
from typing import Any

from detente.reading.markup import strip_markup
from detente.reading.record import Skipped, read_record
from detente.reading.source import Source
from detente.reading.txt import read_whole
from detente.records import Document

_DATE_SEARCH = {"extensive_search": False, "original_date": True}
"""Only dates that the page states as its own (metadata, <time>): a guess from footers and links would be an invented date."""


def read_html(source: Source, default_date: datetime.date | None) -> Iterator[Document | Skipped]:
    """An open page -> its one report; nothing is fetched and no script is run."""
    data = read_whole(source)
    if isinstance(data, Skipped):
        yield data
        return
    raw = extract_article(data)
    if not raw["text"]:
        yield Skipped(source.name, None, "empty", "found a page without an article; expected text")
        return
    yield from read_record(raw, source.name, None, default_date)


def extract_article(data: bytes) -> dict[str, Any]:
    """The bytes of a page -> its text, title, published_on, url and publisher, as far as it has them."""
    import trafilatura

    from detente.reading.source import decode

    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
    logging.getLogger("htmldate").setLevel(logging.CRITICAL)
    html = decode(data)
    try:
        found = trafilatura.bare_extraction(html, with_metadata=True, include_comments=False, include_tables=False, date_extraction_params=dict(_DATE_SEARCH))
    except (RecursionError, ValueError, AttributeError, TypeError):  # pages that no browser would show; the plain stripper takes any
        found = None
    if found is None or not found.text:
        return {"text": strip_markup(html)}
    return {
        "text": "\n\n".join(line for line in found.text.split("\n") if line.strip()),
        "title": found.title,
        "published_on": found.date,
        "url": found.url,
        "publisher": found.sitename,
    }
