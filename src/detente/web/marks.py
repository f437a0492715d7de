"""The text of a report with what was coded in it -> paragraphs of pieces that do not overlap, each with all marks that lie over it."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import msgspec

from detente.records import Event
from detente.store.documents import StoredDocument, StoredMention

FIELDS = ("words", "said", "source", "target", "date", "place")
"""What of an event has words of its own in the text; ``words`` is the clause that it rests on."""
MARKED_EVENTS = 150
"""Events whose words are highlighted by style alone, for which rules stand in ``/marks.css``; further ones are marked and linked all the same."""
LONGEST_TEXT = 400_000
"""Characters of a text that a page shows; the twin gives all. A page should weigh less than a megabyte."""
LONGEST_HEADLINE = 140
"""Characters of a first paragraph that may pass for a title."""
_QUOTE = re.compile(r"“[^“”\n]{2,2000}[”]|(?<!\w)\"[^\"\n]{2,2000}\"")
_BREAK = re.compile(r"[ \t\r]*\n(?:[ \t\r]*\n)+")


class Mark(NamedTuple):
    """One stretch of the text. ``kind``: one of ``FIELDS``, trigger, claim or quote; ``number``: of its event or claim, from 1, in the order of the text."""

    start: int
    end: int
    kind: str
    number: int = 0


class Piece(NamedTuple):
    """A stretch of text with the same marks all over. ``classes`` say which; ``trigger``: the number of the event whose trigger it is; ``ends``: events whose first trigger ends here."""

    text: str
    classes: str
    trigger: int
    ends: tuple[int, ...]


class Told(msgspec.Struct, frozen=True):
    """An event of a report with its number in the text, from 1. ``at``: where its trigger stands, ``None`` for one without words.

    ``event_id``: that of the event, where this card is the one to find it by; ``None`` if another card has it, or the mention's own id is the same. ``event``: what was coded, as plain data.
    """

    number: int
    mention: StoredMention
    at: int | None
    event_id: str | None
    event: dict[str, Any]


class Marked(NamedTuple):
    """A report to be shown: its paragraphs, its events in the order of the text, and how many characters are left out at the end."""

    paragraphs: tuple[tuple[Piece, ...], ...]
    told: tuple[Told, ...]
    has_title: bool
    left_out: int


def mark_document(document: StoredDocument) -> Marked:
    """A document -> its text in marked pieces, and its events in the order in which the text tells them."""
    text = document.text[:LONGEST_TEXT]
    told = order_mentions(document.mentions, len(document.text))
    marks = [*_event_marks(told), *(Mark(*c.span, "claim", n) for n, c in enumerate(document.claims, 1)), *(Mark(*m.span(), "quote") for m in _QUOTE.finditer(text))]
    pieces = cut(text, marks)
    paragraphs = tuple(tuple(p for p in pieces[first:last]) for first, last in _paragraphs(pieces))
    has_title = text.lstrip().startswith(document.title) if document.title else _is_headline("".join(piece.text for piece in paragraphs[0])) if len(paragraphs) > 1 else False
    return Marked(paragraphs, told, has_title, len(document.text) - len(text))


def _is_headline(paragraph: str) -> bool:
    """Whether the first paragraph of a text without a title looks like one: short, and no sentence that ends."""
    words = paragraph.strip()
    return len(words) <= LONGEST_HEADLINE and words[-1:] not in tuple('.!?:"”')


def name_document(document: StoredDocument) -> str:
    """A document -> its title, else the first words of its text, else its id."""
    first = document.text.strip().partition("\n")[0].strip()
    return document.title or (first if len(first) <= LONGEST_HEADLINE else f"{first[:80].rpartition(' ')[0] or first[:80]} …") or document.doc_id


def order_mentions(mentions: Iterable[StoredMention], length: int) -> tuple[Told, ...]:
    """Mentions of a text so long -> the same in the order of their first triggers, numbered; those without words come last."""

    def at(mention: StoredMention) -> int | None:
        return min((e.trigger[0] for e in mention.record.evidence if 0 <= e.trigger[0] < e.trigger[1] <= length), default=None)

    ordered = sorted(mentions, key=lambda m: (at(m) is None, at(m) or 0))
    taken, out = {m.mention_id for m in ordered}, list[Told]()
    for number, mention in enumerate(ordered, 1):
        out.append(Told(number, mention, at(mention), None if mention.event_id in taken else mention.event_id, msgspec.to_builtins(mention.record)))
        taken.add(mention.event_id)
    return tuple(out)


def find_lead(mentions: Sequence[StoredMention], text: str) -> StoredMention | None:
    """Mentions of a text -> what the report is about: of what happened and is no background, the gravest of the first paragraph that tells of any, which mostly is the title."""
    told = [t for t in order_mentions(mentions, len(text)) if t.at is not None]
    new = [t for t in told if t.mention.record.modality == "actual" and not t.mention.record.historical] or told
    if not new:
        return None
    first = new[0].at or 0
    end = next((found.start() for found in _BREAK.finditer(text) if found.start() > first), len(text))
    head = [t for t in new if t.at is not None and t.at < end]
    return max(head, key=lambda t: (abs(t.mention.rung or 0), -t.number)).mention


def _event_marks(told: Iterable[Told]) -> Iterable[Mark]:
    for number, event in ((t.number, t.mention.record) for t in told):
        yield from (Mark(*e.span, "words", number) for e in event.evidence)
        yield from (Mark(*e.trigger, "trigger", number) for e in event.evidence)
        yield from (Mark(*span, kind, number) for kind, span in _field_spans(event))


def _field_spans(event: Event) -> Iterable[tuple[str, tuple[int, int]]]:
    for kind, actors in (("source", event.source), ("target", event.target), ("said", event.said_by)):
        yield from ((kind, actor.span) for actor in actors if actor.span)
    if event.date and event.date.span:
        yield "date", event.date.span
    if event.place and event.place.span:
        yield "place", event.place.span


def cut(text: str, marks: Iterable[Mark]) -> list[Piece]:
    """A text and marks that may nest and overlap -> its pieces in order: together they are the whole text. Marks that lie outside of it are left out."""
    kept = [m for m in marks if 0 <= m.start < m.end <= len(text)]
    breaks = [(found.start(), found.end()) for found in _BREAK.finditer(text)]
    bounds = sorted({0, len(text), *(b for m in kept for b in m[:2]), *(b for pair in breaks for b in pair)})
    opening: dict[int, list[Mark]] = {}
    for mark in kept:
        opening.setdefault(mark.start, []).append(mark)
    last: dict[int, int] = {}
    for mark in kept:
        if mark.kind == "trigger":
            last[mark.number] = min(last.get(mark.number, mark.end), mark.end)
    ending: dict[int, list[int]] = {}
    for number, end in last.items():
        ending.setdefault(end, []).append(number)
    out, over = list[Piece](), list[Mark]()
    for start, end in itertools.pairwise(bounds):
        over = [m for m in over if m.end > start] + opening.get(start, [])
        out.append(_make_piece(text[start:end], over, tuple(sorted(ending.get(end, ())))))
    return out


def _make_piece(text: str, over: Sequence[Mark], ends: tuple[int, ...]) -> Piece:
    classes: dict[str, None] = {}
    trigger = 0
    for mark in over:
        if mark.kind in ("claim", "quote"):
            classes[f"m-{mark.kind}"] = None
            continue
        if mark.kind == "trigger":
            trigger = trigger or mark.number
            classes[f"t{mark.number}"] = None
        kind = "actor" if mark.kind in ("source", "target", "said") else mark.kind
        classes[f"m-{kind}"] = None
        classes[f"e{mark.number}-{mark.kind}"] = None
    return Piece(text, " ".join(classes), trigger, ends)


def _paragraphs(pieces: Sequence[Piece]) -> Iterable[tuple[int, int]]:
    """Pieces -> first and last of each paragraph; those that are breaks between are left out."""
    first = 0
    for n, piece in enumerate(pieces):
        if _BREAK.fullmatch(piece.text):
            if n > first:
                yield first, n
            first = n + 1
    if len(pieces) > first:
        yield first, len(pieces)


def marks_css() -> str:
    """Nothing -> the rules by which an event's words, its card and its mark are highlighted together: there is no other way without a script than one for each number."""
    out = []
    for n in range(1, MARKED_EVENTS + 1):
        looked_at = f".reading:has(.t{n}:is(:hover,:focus-visible,:target),.c{n}:is(:hover,:focus-within,:target),.c{n} :target)"
        fields = "".join(f".e{n}-{kind}{{--lit:var(--lit-{kind});--lit-line:var(--lit-line-{kind})}}" for kind in FIELDS)
        out.append(
            f"{looked_at}{{{fields}.t{n}{{--lit:var(--lit-trigger);--lit-line:var(--lit-line-trigger)}}.c{n}{{--card-line:var(--accent);--card-place:sticky;--card-over:2}}}}"
        )
    return "".join(out)


def publisher_choices(publishers: Sequence[tuple[str, int]], given: str) -> list[tuple[str, str]]:
    """Publishers with their numbers, and the one that is asked for -> what can be chosen; who is asked for always can."""
    known = [(name, f"{name} ({number:,})") for name, number in publishers]
    return known if not given or given in dict(publishers) else [(given, given), *known]
