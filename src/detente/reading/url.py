"""A web address -> Documents: a page, a table of reports, or a feed whose entries' pages are fetched."""

from __future__ import annotations

import datetime
import io
import re
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath
from urllib.parse import urlsplit

import msgspec

from detente.reading.feeds import Entry, looks_like_feed, parse_feed
from detente.reading.fetch import Fetched
from detente.reading.record import Skipped
from detente.reading.source import HEAD_BYTES, Position, Source, is_binary
from detente.reading.web import Web, get_success
from detente.records import Document

SUFFIX_OF_TYPE = {
    "text/html": ".html",
    "application/xhtml+xml": ".html",
    "text/plain": ".txt",
    "application/json": ".json",
    "application/x-ndjson": ".jsonl",
    "application/jsonl": ".jsonl",
    "application/x-jsonlines": ".jsonl",
    "text/csv": ".csv",
    "text/tab-separated-values": ".tsv",
    "application/rss+xml": ".xml",
    "application/atom+xml": ".xml",
    "application/rdf+xml": ".xml",
}
"""The media types that are read, each as a file of the ending would be."""
_VAGUE = frozenset(["", "application/octet-stream", "binary/octet-stream", "application/xml", "text/xml"])
"""Media types that say nothing of what is inside."""
_NO_ENCODING = frozenset(["utf-8", "utf8"])
StreamReader = Callable[[Source, str, datetime.date | None], Iterator[Document | Skipped]]
"""An open source, the ending that its kind has, and the default date -> its reports."""


def read_url(url: str, web: Web, default_date: datetime.date | None, read_stream: StreamReader) -> Iterator[Document | Skipped]:
    """A URL -> its reports; of a feed the pages of its entries. Each has the address it was asked by as ``origin``, and a ``url``."""
    answer = get_success(web, url)
    if isinstance(answer, Skipped):
        yield answer
        return
    if not looks_like_feed(answer.body[:HEAD_BYTES]):
        yield from read_answer(url, answer, default_date, read_stream)
        return
    feed = parse_feed(answer.body, url, answer.url)
    if isinstance(feed, Skipped):
        yield feed
        return
    if not feed.entries:
        yield Skipped(url, None, "empty", "found a feed without entries; expected some")
    for entry in feed.entries:
        if entry.url is None:
            yield Skipped(url, None, "no-link", f"found an entry without a link ({(entry.title or entry.key)[:60]!r}); expected one with the address of its page")
            continue
        for item in read_page(entry.url, web, default_date, read_stream):
            yield item if isinstance(item, Skipped) else with_entry(item, entry, feed.title)


def read_page(url: str, web: Web, default_date: datetime.date | None, read_stream: StreamReader) -> Iterator[Document | Skipped]:
    """The URL of a page -> its reports; a feed is not followed further."""
    answer = get_success(web, url)
    if isinstance(answer, Skipped):
        yield answer
    else:
        yield from read_answer(url, answer, default_date, read_stream)


def read_answer(url: str, answer: Fetched, default_date: datetime.date | None, read_stream: StreamReader) -> Iterator[Document | Skipped]:
    """What a server gave -> its reports, by its media type, else by the ending of its address, else by its first bytes."""
    media_type, _, parameters = answer.headers.get("content-type", "").partition(";")
    kind = media_type.strip().lower()
    suffix = SUFFIX_OF_TYPE.get(kind)
    if suffix is None:
        if kind not in _VAGUE:
            yield Skipped(url, None, "unknown-format", f"found the media type {kind[:60]}; expected a page, a feed, JSON, CSV or plain text")
            return
        suffix = PurePosixPath(urlsplit(answer.url).path).suffix.lower()
    body = _to_utf8(answer.body, parameters)
    if is_binary(body[:HEAD_BYTES]):
        yield Skipped(url, None, "binary", "found binary data; expected a page, a feed, JSON, CSV or plain text")
        return
    source = Source(origin_name(url), io.BytesIO(body), max(len(body), 1), Position())
    for item in read_stream(source, suffix, default_date):
        yield item if isinstance(item, Skipped) else msgspec.structs.replace(item, url=answer.url if suffix == ".html" else item.url or answer.url)


def with_entry(document: Document, entry: Entry, feed_title: str | None, *, named: str | None = None) -> Document:
    """A page's report and the entry that led to it -> the report with the day of the feed, else its own; the publisher that the user named, else its own, else the feed."""
    return msgspec.structs.replace(document, published_on=entry.published_on or document.published_on, publisher=named or document.publisher or feed_title)


def origin_name(url: str) -> str:
    """A URL -> the same, written so that its end is not taken for the number of a line."""
    return re.sub(r":(\d+)$", r"%3A\1", url) if urlsplit(url).path else f"{url}/"


def _to_utf8(body: bytes, parameters: str) -> bytes:
    """A body -> in UTF-8, if the server names another encoding that is known."""
    named = re.search(r"charset\s*=\s*[\"']?([A-Za-z0-9._-]+)", parameters, re.IGNORECASE)
    if named is None or named[1].lower() in _NO_ENCODING or body.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        return body
    try:
        return body.decode(named[1], "replace").encode("utf-8", "replace")
    except (LookupError, ValueError):
        return body
