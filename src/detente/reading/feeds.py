"""RSS and Atom feeds -> entries, and the entries of a feed that was read from a file -> Documents. Nothing is fetched here."""

from __future__ import annotations

import datetime
import hashlib
import io
import re
import warnings
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import urljoin
from xml.parsers import expat

from detente.reading.addresses import looks_like_url
from detente.reading.markup import looks_like_markup, strip_markup
from detente.reading.record import Skipped, clean_text, read_record, to_date
from detente.reading.source import Source, decode
from detente.reading.txt import read_whole
from detente.records import Document

MOST_ENTRIES = 1_000
"""Entries of one feed that are looked at, the first ones: real feeds have 10 to 200."""
MOST_BROKEN_CHARACTERS = 300_000
"""Broken XML up to this length is read leniently; feedparser's lenient parser takes time by the square of the length of hostile text (4 MB: minutes)."""
MOST_FIELD_CHARACTERS = 200_000
"""A longer title or content of an entry is cut: the longest articles have 100,000 characters."""
HEAD_CHARACTERS = 4_096
_ROOT = re.compile(r"<(?:[\w.-]+:)?(rss|feed|rdf)\b", re.IGNORECASE)
_DECLARATION = re.compile(r"\A\s*<\?xml\b[^>]*?\?>", re.IGNORECASE)
_ENCODING = re.compile(rb"\A\s*<\?xml\b[^>]*?encoding\s*=\s*[\"']([A-Za-z0-9._-]+)[\"']", re.IGNORECASE)


class Entry(NamedTuple):
    """One item of a feed. ``key`` tells it from the others of its feed; ``text`` is what the feed itself has of it, in plain paragraphs."""

    key: str
    url: str | None
    title: str | None
    published_on: datetime.date | None
    text: str | None


class Feed(NamedTuple):
    """A feed: its name, and its entries in its own order."""

    title: str | None
    entries: tuple[Entry, ...]


def looks_like_feed(head: bytes) -> bool:
    """The first bytes of a file -> whether they begin an RSS or Atom feed."""
    return _begins_feed(_to_text(head[:HEAD_CHARACTERS]))


def _begins_feed(start: str) -> bool:
    text = re.sub(r"<!--.*?-->", "", start, flags=re.DOTALL)
    first = next((m for m in re.finditer(r"<(?![?!])", text)), None)
    return first is not None and _ROOT.match(text, first.start()) is not None


def parse_feed(data: bytes, name: str, base_url: str | None = None) -> Feed | Skipped:
    """The bytes of a feed, the name that messages give it, and its address -> its entries.

    Broken XML is read as far as it goes, by feedparser. Refused are what is no feed (``not-a-feed``) and XML that defines entities
    (``hostile-xml``): no feed needs them, and a few lines of them can swell to gigabytes.
    """
    text = _to_text(data)
    if "<!ENTITY" in text.upper():
        return Skipped(name, None, "hostile-xml", "found XML that defines entities of its own; expected a feed without")
    if not _begins_feed(text[:HEAD_CHARACTERS]):
        return Skipped(name, None, "not-a-feed", "found neither RSS nor Atom; expected a feed")
    xml = _DECLARATION.sub("", text, count=1).encode("utf-8", "replace")
    if len(text) > MOST_BROKEN_CHARACTERS and (fault := _fault(xml)):
        return Skipped(name, None, "broken-feed", f"found a long feed that is broken ({fault}); expected well-formed RSS or Atom")
    import feedparser

    headers = {"content-type": "application/xml; charset=utf-8"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found = feedparser.parse(io.BytesIO(xml), response_headers=headers, sanitize_html=False, resolve_relative_uris=False)
        except Exception as error:  # its lenient parser may trip over anything; a broken feed must not stop the others
            return Skipped(name, None, "broken-feed", f"found a feed that cannot be read ({type(error).__name__}); expected RSS or Atom")
    entries = tuple(_entry(raw, base_url) for raw in found.entries[:MOST_ENTRIES])
    if not entries and found.bozo:
        return Skipped(name, None, "broken-feed", f"found a broken feed ({str(found.get('bozo_exception'))[:80]}); expected RSS or Atom")
    return Feed(_plain(found.feed.get("title")), tuple({entry.key: entry for entry in entries}.values()))


def read_feed(source: Source, default_date: datetime.date | None) -> Iterator[Document | Skipped]:
    """An open feed -> a report for each entry, of what the feed itself has of it (its content, else its summary)."""
    data = read_whole(source)
    if isinstance(data, Skipped):
        yield data
        return
    feed = parse_feed(data, source.name)
    if isinstance(feed, Skipped):
        yield feed
        return
    if not feed.entries:
        yield Skipped(source.name, None, "empty", "found a feed without entries; expected some")
    for number, entry in enumerate(feed.entries, start=1):
        yield from read_record(entry_record(entry, feed.title), source.name, number, default_date)


def entry_record(entry: Entry, publisher: str | None) -> dict[str, Any]:
    """An entry -> the fields of a report by the names that ``read_record`` knows."""
    return {
        "text": entry.text or "",
        "title": entry.title,
        "published_on": entry.published_on,
        "url": entry.url if looks_like_url(entry.url or "") else None,
        "publisher": publisher,
    }


def _to_text(data: bytes) -> str:
    """XML as bytes -> text: by its byte order mark, else by the encoding it declares, else as other texts are read."""
    declared = _ENCODING.match(data)
    if declared and not data.startswith((b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")):
        try:
            name = declared[1].decode("ascii").lower()
            if name not in ("utf-8", "utf8"):
                return data.decode(name, "replace")
        except (LookupError, ValueError):
            pass  # an encoding that nobody knows: read as if none were declared
    return decode(data)


def _fault(xml: bytes) -> str | None:
    """XML without entities of its own -> why it is not well-formed, ``None`` if it is."""
    parser = expat.ParserCreate("utf-8")
    try:
        parser.Parse(xml, True)
    except expat.ExpatError as error:
        return str(error)
    return None


def _entry(raw: Mapping[str, Any], base_url: str | None) -> Entry:
    link = _web_link(raw.get("link"), base_url)
    title = _plain(raw.get("title"))
    contents = [part.get("value") for part in raw.get("content") or [] if isinstance(part, Mapping)]
    texts = [plain for value in [*contents, raw.get("summary")] if (plain := _paragraphs(value))]
    text = max(texts, key=len) if texts else None
    key = str(raw.get("id") or link or hashlib.blake2b(f"{title}|{text}".encode(), digest_size=16).hexdigest())
    return Entry(key[:1000], link, title, _published_on(raw), text)


def _web_link(link: Any, base_url: str | None) -> str | None:
    if not isinstance(link, str) or not link.strip():
        return None
    try:
        return urljoin(base_url or "", link.strip())
    except ValueError:
        return None


def _published_on(raw: Mapping[str, Any]) -> datetime.date | None:
    """The day as its publisher writes it; where it is not understood, that of the moment in UTC."""
    for name in ("published", "updated"):
        if (day := to_date(raw.get(name))) is not None:
            return day
        moment = raw.get(f"{name}_parsed")
        if moment is not None:
            try:
                return datetime.date(*moment[:3])
            except ValueError:
                continue
    return None


def _plain(value: Any) -> str | None:
    if not isinstance(value, str):
        return None
    value = value[:MOST_FIELD_CHARACTERS]
    return " ".join(clean_text(strip_markup(value) if looks_like_markup(value) else value).split()) or None


def _paragraphs(value: Any) -> str | None:
    if not isinstance(value, str):
        return None
    value = value[:MOST_FIELD_CHARACTERS]
    return clean_text(strip_markup(value) if "<" in value or "&" in value else value) or None
