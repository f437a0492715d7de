"""What a source file holds of one report (text, title, date ...) -> Document, or a reason why it is skipped."""

from __future__ import annotations

import datetime
import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from detente.errors import InputError
from detente.reading.language import guess_foreign
from detente.reading.markup import looks_like_markup, strip_markup
from detente.records import Document

KEYS: Mapping[str, tuple[str, ...]] = {
    "text": ("text", "body", "content", "article"),
    "title": ("title", "headline"),
    "published_on": ("published_on", "published", "date", "pub_date", "publication_date"),
    "url": ("url", "link"),
    "publisher": ("publisher", "source"),
    "language": ("language", "lang"),
    "id": ("id", "doc_id", "doc", "story_id", "uuid", "guid"),
}
"""The names that each field may go by in JSON objects, CSV headers and Parquet columns; the first that is present counts."""

_ENGLISH = re.compile(r"en(g|glish)?([-_].*)?$", re.IGNORECASE)
_MONTHS = {name: i for i, name in enumerate(["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], start=1)}
_DAY_FIRST = re.compile(r"^(?:[A-Za-z]{3,9},? )?(\d{1,2})(?:st|nd|rd|th)? ([A-Za-z]{3,9})\.?,? (\d{4})\b")
_MONTH_FIRST = re.compile(r"^(?:[A-Za-z]{3,9},? )?([A-Za-z]{3,9})\.? (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})\b")
_ISO = re.compile(r"^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?=$|[T ])|^(\d{4})(\d{2})(\d{2})(?=$|T\d)")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u2060\ufeff]")


class Skipped(msgspec.Struct, frozen=True):
    """Why a file, a line or (``whole=False``) one field of a report was not used. ``reason`` is a fixed code that can be counted."""

    path: str
    line: int | None
    reason: str
    message: str
    whole: bool = True

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}" if self.line else f"{self.path}: {self.message}"


def make_document(
    text: str,
    *,
    published_on: datetime.date | str | None = None,
    title: str | None = None,
    doc_id: str | None = None,
    url: str | None = None,
    publisher: str | None = None,
    language: str | None = None,
    origin: str | None = None,
) -> Document:
    """The parts of a report -> its Document; the title is put before a text that does not begin with it. Raises ``InputError``."""
    body, heading = clean_text(text), clean_text(title or "")
    if not body:
        raise InputError("text: found nothing; expected the text of a report")
    day = parse_date(published_on) if isinstance(published_on, str) else published_on
    if isinstance(published_on, str) and day is None:
        raise InputError(f"published_on: found {published_on!r}; expected YYYY-MM-DD")
    if heading and not _words(body[: len(heading) * 2 + 40]).startswith(_words(heading)):
        body = f"{heading}\n\n{body}"
    identity = doc_id or hashlib.blake2b(body.encode(), digest_size=8).hexdigest()
    return Document(id=identity, text=body, title=heading or None, published_on=day, url=url, publisher=publisher, language=language, origin=origin)


def read_record(raw: Mapping[str, Any], path: str, line: int | None, default_date: datetime.date | None) -> list[Document | Skipped]:
    """One object or row -> its Document, or why it is skipped; a date that is not understood gives both, the Document without a date."""
    fields = {name: _first_present(raw, keys) for name, keys in KEYS.items()}
    text = _as_text(fields["text"])
    if text is None:
        if any(key in raw for key in KEYS["text"]):
            return [Skipped(path, line, "empty", "found no text in the report; expected its text")]
        found = ", ".join(str(k) for k in list(raw)[:8]) or "no keys"
        return [Skipped(path, line, "missing-key", f"found {found}; expected a key {' or '.join(KEYS['text'])}")]
    if looks_like_markup(text):
        text = strip_markup(text)
    title = _as_text(fields["title"])
    foreign = _foreign_reason(_as_text(fields["language"]), text)
    if foreign:
        return [Skipped(path, line, "not-english", foreign)]
    out: list[Document | Skipped] = []
    given = fields["published_on"]
    day = to_date(given)
    if given is not None and day is None:
        message = f"found the publication date {str(given)[:40]!r}; expected YYYY-MM-DD; coded without a date"
        out.append(Skipped(path, line, "date-not-understood", message, whole=False))
    elif day is None:
        day = default_date
    try:
        document = make_document(
            text,
            published_on=day,
            title=strip_markup(title) if title and looks_like_markup(title) else title,
            doc_id=_as_line(fields["id"]),
            url=_as_line(fields["url"]),
            publisher=_as_line(fields["publisher"]),
            language=_as_text(fields["language"]),
            origin=f"{path}:{line}" if line else path,
        )
    except InputError:
        return [Skipped(path, line, "empty", "found no text in the report; expected its text")]
    return [*out, document]


def clean_text(text: str) -> str:
    """Text -> the same with plain line ends, without control characters and lone surrogates, stripped: what is stored and what spans point into."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _CONTROL.sub("", text).encode("utf-8", "replace").decode().strip()


def to_date(value: Any) -> datetime.date | None:
    """A date as JSON, CSV or Parquet hold it -> the day, ``None`` if there is none or it is not understood."""
    if isinstance(value, datetime.datetime):
        return value.date()
    if isinstance(value, datetime.date):
        return value
    return parse_date(str(value)) if isinstance(value, str | int) and not isinstance(value, bool) else None


def parse_date(text: str) -> datetime.date | None:
    """2020-06-16, 2020-06-16T10:00Z, 20200616, 16 June 2020, Tue, 16 Jun 2020, June 16, 2020 -> the day; ``None`` for others, 06/07/2020 among them."""
    text = text.strip()
    if match := _ISO.match(text):
        year, month, day = (int(part) for part in match.groups() if part)
    elif match := _DAY_FIRST.match(text):
        year, month, day = int(match[3]), _month(match[2]), int(match[1])
    elif match := _MONTH_FIRST.match(text):
        year, month, day = int(match[3]), _month(match[1]), int(match[2])
    else:
        return None
    try:
        return datetime.date(year, month, day)
    except ValueError:
        return None


def _month(name: str) -> int:
    return _MONTHS.get(name[:3].lower(), 0)


def _first_present(raw: Mapping[str, Any], keys: Sequence[str]) -> Any:
    for key in keys:
        value = raw.get(key)
        if value is not None and value != "" and value == value:  # a missing cell of a table may be NaN, which differs from itself
            return value
    return None


def _as_line(value: Any) -> str | None:
    """The same on one line and without control characters, as of names, which stand in lists and messages."""
    text = _as_text(value)
    return " ".join(clean_text(text).split()) or None if text else None


def _as_text(value: Any) -> str | None:
    """Text as such; a list of paragraphs joined; the name of a publisher given as an object."""
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, list):
        return "\n\n".join(v for v in value if isinstance(v, str)).strip() or None
    if isinstance(value, Mapping):
        return _as_text(value.get("name"))
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None


def _foreign_reason(language: str | None, text: str) -> str | None:
    if language and not _ENGLISH.match(language.strip()):
        return f"found a report in language {language.strip()[:20]!r}; expected English"
    guess = guess_foreign(text)
    return f"found a report that is not in English ({guess}); expected English" if guess else None


def _words(text: str) -> str:
    return re.sub(r"\W+", " ", text).strip().casefold()
