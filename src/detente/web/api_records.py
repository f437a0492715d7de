"""What the API gives and takes, where no other module has a record of it. Each field is described in ``api_fields.toml``."""

from __future__ import annotations

import datetime
from typing import Annotated, Any, Literal

import msgspec

from detente.codebook.register import Tenure
from detente.records import Claim, Event, Modality, Precision, Refusal, Relation
from detente.store.document_list import ListedDocument
from detente.store.reviewing import LONGEST_WHY, Decision
from detente.web.adding import LONGEST_TEXT

MOST_OTHERS = 100
"""Events of a merge and mentions of a split."""
MOST_DAYS = 365
"""Days that are forecast, at most: that of ``forecasting.forecast``, which is loaded later."""
MOST_TARGETS, MOST_HORIZONS = 12, 6
"""So many targets and numbers of days of one forecast: each of one with each of the other has a model of its own."""
EventId = Annotated[str, msgspec.Meta(min_length=4, max_length=64, pattern="^[A-Za-z0-9]+$")]
Why = Annotated[str, msgspec.Meta(max_length=LONGEST_WHY)]
Address = str | None


# -- events ------------------------------------------------------------------------------------------------------------------
class Party(msgspec.Struct, frozen=True, kw_only=True):
    """Who did it, or to whom."""

    name: str
    country: str | None
    sectors: list[str]
    entity: str | None


class Period(msgspec.Struct, frozen=True, kw_only=True):
    """When: the first and the last day of the period that is known."""

    start: datetime.date
    end: datetime.date
    precision: Precision


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """Where."""

    name: str
    country: str | None
    latitude: float | None
    longitude: float | None
    precision: str
    gazetteer_id: str | None


class StoredEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event as it stands: with all that later reports and reviewers changed."""

    event_id: str
    origin: str
    event_type: str
    modes: list[str]
    contexts: list[str]
    quad: int
    intensity: float | None
    cameo: str | None
    goldstein: float | None
    rung: int | None
    source: list[Party]
    target: list[Party]
    date: Period | None
    place: Site | None
    modality: Modality
    historical: bool
    dead: int | None
    injured: int | None
    confidence: float | None
    review: Literal["", "accepted", "corrected", "rejected", "withdrawn"]
    mentions: int
    reports: int
    sources: int
    copies: int
    first_report: str | None
    latest_report: str | None
    revision: int


class EventPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of events."""

    next: Address
    previous: Address
    said: str
    total: int
    counted_to: int
    items: list[StoredEvent]


class Withdrawal(msgspec.Struct, frozen=True, kw_only=True):
    """That its origin has taken the event back."""

    withdrawn_at: int | None
    location: str
    row: int | None


class Revised(msgspec.Struct, frozen=True, kw_only=True):
    """A value that a later report revised."""

    revision: int
    field: str
    before: Any
    after: Any
    because_of: str


class MadeDecision(msgspec.Struct, frozen=True, kw_only=True):
    """A decision of a reviewer of the event."""

    id: int
    action: str
    reviewer: str
    decided_at: str
    why: str
    undone_by: int | None
    record: dict[str, Any]


class WholeEvent(StoredEvent, frozen=True, kw_only=True):
    """An event with its evidence, where sources differ, its history and the decisions of reviewers."""

    state: str
    withdrawal: Withdrawal | None
    differing: dict[str, Any]
    evidence: list[dict[str, Any]]
    history: list[Revised]
    decisions: list[MadeDecision]


# -- documents, pairs, decisions ---------------------------------------------------------------------------------------------
class DocumentPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of documents."""

    next: Address
    previous: Address
    said: str
    total: int
    counted_to: int
    items: tuple[ListedDocument, ...]


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    """Two different parties, and how many events with a day they have."""

    a: str
    b: str
    events: int
    a_to_b: int
    b_to_a: int


class PairPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of pairs, the busiest first."""

    next: Address
    items: list[Pair]


class DecisionPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of decisions, the latest first."""

    next: Address
    items: list[Decision]


class SeriesRow(msgspec.Struct, frozen=True, kw_only=True):
    """What passed between the two in one period."""

    period: datetime.date
    is_whole: bool
    events: int
    score_sum: float | None
    score_mean: float | None
    volume: int
    share: float | None
    corrected: float | None
    score_corrected: float | None
    side: str | None = None
    kind: str | None = None


class Series(msgspec.Struct, frozen=True, kw_only=True):
    """The series of a pair."""

    a: str
    b: str
    at: datetime.date
    by: str
    score: str
    unplaced: int
    items: list[SeriesRow]


class RaisedAlert(msgspec.Struct, frozen=True, kw_only=True):
    """An alert, and what it says in words."""

    kind: str
    a: str
    b: str
    day: datetime.date
    score: float
    rung: int
    before: float
    after: float
    also: tuple[str, ...]
    what: str
    event_ids: tuple[str, ...]
    alert_id: str | None = None
    raised_at: str | None = None


class AlertPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of the alerts that ``detente watch`` raised, the latest first."""

    next: Address
    items: list[RaisedAlert]


class FoundAlerts(msgspec.Struct, frozen=True, kw_only=True):
    """The alerts of some days, the highest score first."""

    since: datetime.date | None
    at: datetime.date | None
    pairs: int
    pairs_seen: int
    total: int
    items: list[RaisedAlert]


# -- the codebook and the register -------------------------------------------------------------------------------------------
class EventType(msgspec.Struct, frozen=True, kw_only=True):
    """A type of event."""

    name: str
    means: str
    quad: int
    intensity: float
    modes: dict[str, float]
    rung: int | None
    rules: int


class RungShown(msgspec.Struct, frozen=True, kw_only=True):
    """A rung of the ladder."""

    rung: int
    name: str
    means: str


class CodebookShown(msgspec.Struct, frozen=True, kw_only=True):
    """The codebook in short."""

    version: str
    types: list[EventType]
    contexts: list[str]
    sectors: dict[str, str]
    ladder: list[RungShown]


class RuleShown(msgspec.Struct, frozen=True, kw_only=True):
    """A rule: what it means, its patterns, and a sentence that fires it beside one that must not."""

    id: str
    means: str
    type: str
    modes: tuple[str, ...]
    contexts: tuple[str, ...]
    cameo: str
    verbs: tuple[str, ...]
    nouns: tuple[str, ...]
    adjectives: tuple[str, ...]
    beats: tuple[str, ...]
    fires: str
    spares: str
    file: str


class TypeRules(msgspec.Struct, frozen=True, kw_only=True):
    """A type with its rules."""

    type: EventType
    rules: list[RuleShown]


class KnownActor(msgspec.Struct, frozen=True, kw_only=True):
    """An actor of the register."""

    kind: str
    name: str
    form: str
    country: str | None
    sectors: tuple[str, ...]
    detail: str
    tenures: list[Tenure]


class KnownActors(msgspec.Struct, frozen=True, kw_only=True):
    """The actors of the register that a name may mean; if there are none, names like it."""

    name: str
    items: list[KnownActor]
    similar: list[str]


# -- what comes in -----------------------------------------------------------------------------------------------------------
class Text(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A report to code."""

    text: Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_TEXT, pattern=r"\S")]
    title: Annotated[str, msgspec.Meta(max_length=1_000)] | None = None
    published_on: datetime.date | None = None
    publisher: Annotated[str, msgspec.Meta(max_length=200)] | None = None


class Coded(msgspec.Struct, frozen=True, kw_only=True):
    """What was coded in a text. Nothing of it is stored."""

    doc_id: str
    text: str
    events: tuple[Event, ...]
    claims: tuple[Claim, ...]
    relations: tuple[Relation, ...]
    refusals: tuple[Refusal, ...]
    notes: tuple[str, ...]


class Reports(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Reports to code and to store."""

    documents: Annotated[list[Text], msgspec.Meta(min_length=1, max_length=20)]


class Because(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why."""

    why: Why = ""


class Correction(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Fields to set, each as a reviewer would type it."""

    fields: Annotated[dict[str, Annotated[str, msgspec.Meta(max_length=2_000)]], msgspec.Meta(min_length=1)]
    why: Why = ""


class Merging(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Events that are the same as the one of the address."""

    others: Annotated[list[EventId], msgspec.Meta(min_length=1, max_length=MOST_OTHERS)]
    why: Why = ""


class Splitting(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Mentions that are of another event."""

    mentions: Annotated[list[EventId], msgspec.Meta(min_length=1, max_length=MOST_OTHERS)]
    why: Why = ""


class Wanted(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which models are to be trained: those that the same question needs when it is read."""

    at: datetime.date | None = None
    target: Annotated[list[Annotated[str, msgspec.Meta(min_length=1, max_length=60)]], msgspec.Meta(max_length=MOST_TARGETS)] = []
    within: Annotated[list[Annotated[int, msgspec.Meta(ge=1, le=MOST_DAYS)]], msgspec.Meta(max_length=MOST_HORIZONS)] = []


class Training(msgspec.Struct, frozen=True, kw_only=True):
    """How far it is: ``training`` since when, or ``ready``."""

    state: Literal["training", "ready"]
    since: datetime.datetime | None
