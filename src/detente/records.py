"""The dictionary: the frozen records that the coding stages exchange.

Guarantees: a span is ``(start, end)``, characters of ``Document.text``, end exclusive. Token indexes count within their sentence.
``None`` means "not known". Nothing here is ever changed in place: a stage makes new records.
"""

from __future__ import annotations

import datetime
from typing import Literal

import msgspec

Span = tuple[int, int]
Modality = Literal["actual", "future", "hypothetical", "negated"]
Precision = Literal["day", "week", "month", "year"]
BlockKind = Literal["title", "body", "caption", "boilerplate", "repeat"]


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """One report as read: ``text`` holds title and body; every later span points into it."""

    id: str
    text: str
    title: str | None = None
    published_on: datetime.date | None = None
    url: str | None = None
    publisher: str | None = None
    language: str | None = None
    origin: str | None = None


class Block(msgspec.Struct, frozen=True):
    """A paragraph of a document, with what kind of text it is."""

    span: Span
    kind: BlockKind


class Sentence(msgspec.Struct, frozen=True):
    """A parsed sentence. All lists have one entry per token; ``heads`` index into the sentence, the root points at itself."""

    index: int
    block: int
    kind: BlockKind
    words: list[str]
    lemmas: list[str]
    tags: list[str]
    deps: list[str]
    heads: list[int]
    starts: list[int]
    ends: list[int]
    children: list[list[int]]
    root: int

    @property
    def span(self) -> Span:
        return (self.starts[0], self.ends[-1])


class Actor(msgspec.Struct, frozen=True):
    """Who, as coded: ``country`` ISO 3166 alpha-3 or ``None``, ``sectors`` PLOVER's, ``entity`` the register's name of a person or body."""

    text: str
    name: str
    country: str | None
    sectors: tuple[str, ...]
    entity: str | None = None
    span: Span | None = None


class Mention(msgspec.Struct, frozen=True):
    """A stretch of tokens that names an actor or a place of the register. ``kind`` says how it was named."""

    sentence: int
    first: int
    last: int
    head: int
    span: Span
    text: str
    kind: str
    actor: Actor | None
    place: Place | None = None
    is_person: bool = False


class Place(msgspec.Struct, frozen=True):
    """Where: ``precision`` is site, city, region, country or sea; latitude and longitude in degrees."""

    name: str
    country: str | None
    latitude: float | None
    longitude: float | None
    precision: str
    text: str | None = None
    span: Span | None = None
    gazetteer_id: str | None = None


class When(msgspec.Struct, frozen=True, gc=False):
    """When: first and last day (ISO) of the period that the words give, and how precise they are."""

    start: str
    end: str
    precision: Precision
    text: str | None = None
    span: Span | None = None


class Evidence(msgspec.Struct, frozen=True):
    """The words that an event rests on: the clause, the trigger within the document, and the rule that fired."""

    span: Span
    text: str
    trigger: Span
    rule: str


class EventMention(msgspec.Struct, frozen=True, kw_only=True):
    """One mention of an event in one sentence, before merging. ``trigger`` is a token index of ``sentence``."""

    sentence: int
    trigger: int
    event_type: str
    modes: tuple[str, ...]
    contexts: tuple[str, ...]
    cameo: str
    source: tuple[Actor, ...]
    target: tuple[Actor, ...]
    rule: str
    decided_by: Literal["rule", "classifier"] = "rule"
    modality: Modality = "actual"
    historical: bool = False
    said_by: tuple[Actor, ...] = ()
    when: When | None = None
    place: Place | None = None
    dead: int | None = None
    injured: int | None = None
    evidence: Evidence
    score: float = 0.0
    nominal: bool = False
    in_title: bool = False
    own_object: bool = False
    incomplete: bool = False
    needs_target: bool = False
    is_passive: bool = False
    is_past_perfect: bool = False
    is_present: bool = False
    date_reason: str | None = None
    date_cost: float = 0.0
    narrated: When | None = None
    is_continued: bool = False
    opens_scene: bool = False
    weak_target: bool = False
    inferred: tuple[str, ...] = ()
    doubt: float = 0.0


class Relation(msgspec.Struct, frozen=True):
    """How two events of a document hang together: ``kind`` is prompted, followed or in-response-to."""

    kind: str
    first: str
    second: str
    span: Span
    text: str


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """What a named expert or official holds: ``kind`` is cause, motive, assessment or prediction."""

    holder: Actor
    affiliation: str | None
    kind: str
    text: str
    span: Span
    about: tuple[str, ...] = ()


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One event of a document, holding all its mentions as evidence; field by field what ``detente code`` writes."""

    event_id: str
    doc_id: str
    codebook: str
    event_type: str
    modes: tuple[str, ...]
    contexts: tuple[str, ...]
    quad: int
    intensity: float
    cameo: str
    goldstein: float | None
    source: tuple[Actor, ...]
    target: tuple[Actor, ...]
    date: When | None
    place: Place | None
    said_by: tuple[Actor, ...]
    modality: Modality
    historical: bool
    dead: int | None
    injured: int | None
    evidence: tuple[Evidence, ...]
    confidence: float
    decided_by: str


class Refusal(msgspec.Struct, frozen=True):
    """Why a step did not code something: a fixed reason code, where, and the rule if one was involved."""

    step: str
    reason: str
    span: Span
    rule: str | None = None


class CodedReport(msgspec.Struct, frozen=True, kw_only=True):
    """All that coding made of one document."""

    document: Document
    events: tuple[Event, ...]
    claims: tuple[Claim, ...]
    relations: tuple[Relation, ...]
    refusals: tuple[Refusal, ...]
    notes: tuple[str, ...] = ()
