"""A report coded to be looked at: shown as the page of a report shows it, with what was not coded and why. Nothing of it is stored."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from detente.codebook.ladder import rung_of
from detente.errors import InputError
from detente.reading import Skipped
from detente.records import CodedReport, Document, Event
from detente.running import Item
from detente.store.documents import StoredDocument, StoredMention, ToldRelation
from detente.web.adding import LONGEST_TEXT, a_place_to_code, code_document, read_given
from detente.web.asked import Asked
from detente.web.rendering import shorten
from detente.web.routing import Action, Page, Posted, Shown

PAGE = "/try"
MOST_REFUSED = 60
"""Mentions that were not coded are shown up to so many."""
REASONS = {
    "no-actor": "neither who nor whom is an actor",
    "source-is-no-actor": "who did it is no actor",
    "role-missing": "a role that the rule needs is empty",
    "role-does-not-fit": "the actor is not of those that the rule is of",
    "bare-noun": "a noun that nothing shows to have taken place",
    "future": "planned or announced",
    "hypothetical": "only supposed",
    "negated": "denied, or it did not happen",
}
"""What the reasons of refusals mean; the table in docs/architecture.md."""


class Refused(msgspec.Struct, frozen=True):
    """A mention that was not coded: its words, why, and the rule that it was refused under."""

    words: str
    reason: str
    said: str
    rule: str


class Tried(msgspec.Struct, frozen=True, kw_only=True):
    """A report as it was coded: a document that is in no store, so that its mentions have no event. ``further``: reports of the same file or feed that were left out."""

    document: StoredDocument
    refused: tuple[Refused, ...]
    notes: tuple[str, ...]
    further: int


class TryPage(msgspec.Struct, frozen=True, kw_only=True):
    """The page: how long a text may be, and what was tried, if anything."""

    longest_text: int
    tried: Tried | None


def read_try(asked: Asked) -> TryPage:
    """Nothing -> the page with its box."""
    del asked
    return TryPage(longest_text=LONGEST_TEXT, tried=None)


def try_given(posted: Posted) -> Shown:
    """The form of the desk's box (``text`` with ``title`` and ``published_on``, ``url`` or ``file``) -> the first report in it, coded and shown."""
    document, further = _take_first(read_given(posted))
    if len(document.text) > LONGEST_TEXT:
        raise InputError(f"text: found {len(document.text):,} characters; expected at most {LONGEST_TEXT:,}; detente explain takes any number")
    with a_place_to_code():
        report = code_document(document)
    if isinstance(report, Skipped):
        raise InputError(str(report))
    tried = Tried(document=_as_stored(report), refused=tuple(_list_refused(report)), notes=report.notes, further=further)
    return Shown(TryPage(longest_text=LONGEST_TEXT, tried=tried))


def _take_first(items: Iterable[Item]) -> tuple[Document, int]:
    """What was read -> the first report, and how many more there are."""
    first: Document | None = None
    skipped, further = "", 0
    for item in items:
        if isinstance(item, Skipped):
            skipped = skipped or str(item)
        elif first is None:
            first = item
        else:
            further += 1
    if first is None:
        raise InputError(skipped or "report: found nothing to code; expected a report")
    return first, further


def _as_stored(report: CodedReport) -> StoredDocument:
    """A coded report -> the document that the page of a report shows. Its mentions are of no event of the store."""
    document = report.document
    return StoredDocument(
        doc_id=document.id,
        title=document.title,
        text=document.text,
        published_on=document.published_on,
        url=document.url,
        publisher=document.publisher,
        language=document.language,
        location=document.origin or "",
        row=None,
        copy_of=None,
        similarity=None,
        mentions=tuple(StoredMention(event.event_id, "", "", _rung(event), event) for event in report.events),
        claims=report.claims,
        relations=tuple(ToldRelation(r.kind, r.first, r.second, r.span, r.text) for r in report.relations),
    )


def _rung(event: Event) -> int:
    return rung_of(event.event_type, event.modes, dead=event.dead, cameo=event.cameo)


def _list_refused(report: CodedReport) -> Iterator[Refused]:
    """Refusals in the order of the text, each with its words."""
    text = report.document.text
    for refusal in sorted(report.refusals, key=lambda refusal: refusal.span)[:MOST_REFUSED]:
        yield Refused(shorten(text[slice(*refusal.span)]), refusal.reason, REASONS.get(refusal.reason, refusal.reason.replace("-", " ")), refusal.rule or "")


PAGES = (Page(PAGE, read_try, "try.html", "Try a report", nav="documents", role="code"),)
ACTIONS = (Action(PAGE, try_given, "try report", role="code", on=PAGE),)
