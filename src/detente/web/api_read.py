"""The calls of the API that read: documents, events, pairs, decisions, the codebook, the register."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from typing import Any, TypeVar

import msgspec

from detente.actor_file import find_entries, suggest_names
from detente.codebook.ladder import load_ladder
from detente.codebook.load import load_codebook
from detente.errors import InputError, StoreError
from detente.store.document_list import find_documents
from detente.store.documents import StoredDocument
from detente.store.filters import COUNTED
from detente.store.listing import ORDERS, list_events
from detente.store.pairs import count_pairs
from detente.store.query import load_event
from detente.store.reviewing import list_decisions, read_state
from detente.web.api_call import CURSOR, FILTERS, ITEMS, LIMIT, MOST_ITEMS, SINCE, UNTIL, Call, Parameter, Table
from detente.web.api_records import (
    CodebookShown,
    DecisionPage,
    DocumentPage,
    EventPage,
    EventType,
    KnownActor,
    KnownActors,
    Pair,
    PairPage,
    RuleShown,
    RungShown,
    StoredEvent,
    TypeRules,
    WholeEvent,
)
from detente.web.asked import Asked
from detente.web.documents import read_document, read_wanted_documents
from detente.web.downloads import read_wanted, write_events
from detente.web.filters import read_filters
from detente.web.refusals import missing

_Seen = TypeVar("_Seen")
MOST_CURSOR = 600
BATCH_ITEMS = 200
"""Documents that are read at a time for a file."""


# -- cursors -----------------------------------------------------------------------------------------------------------------
def pack_cursor(seen: object) -> str:
    """The last item's place in its order -> a cursor."""
    return base64.urlsafe_b64encode(msgspec.json.encode(seen)).decode().rstrip("=")


def unpack_cursor(cursor: str | None, kind: type[_Seen]) -> _Seen | None:
    """A cursor -> the place that it was made of. Refused: one that was not made here."""
    if cursor is None:
        return None
    try:
        if len(cursor) > MOST_CURSOR:
            raise ValueError
        return msgspec.json.decode(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True), type=kind)
    except (ValueError, binascii.Error, msgspec.DecodeError):
        raise InputError(f"cursor: found {cursor[:40]!r}; expected one of a page of this list; begin without it") from None


def read_limit(asked: Asked) -> int:
    """``limit``."""
    return asked.number("limit", ITEMS, most=MOST_ITEMS)


# -- events ------------------------------------------------------------------------------------------------------------------
def _read_events(asked: Asked) -> EventPage:
    order = asked.choice("order", tuple(ORDERS), "newest")
    asked.switch("with_barred")  # of files only: a page tells of single events, as the desk does
    found = list_events(asked.store, read_filters(asked), order=order, cursor=asked.text("cursor"), limit=read_limit(asked))
    items = msgspec.convert(found.events, list[StoredEvent])
    return EventPage(said=found.said, total=found.total, counted_to=COUNTED, items=items, next=found.after, previous=found.before)


def find_whole(asked: Asked) -> WholeEvent:
    """``event_id`` of the address -> the event. Refused with 404: none, or several."""
    event_id = asked.path["event_id"]
    try:
        state = read_state(asked.store, event_id)  # before the event: what comes between the two is a change that was not shown
        return msgspec.convert({**load_event(asked.store, event_id), "state": state}, WholeEvent)
    except StoreError as error:
        if "the database refused" in str(error):
            raise
        raise missing(f"event: found none, or several, with the id {event_id[:80]!r}; expected that of one event of the store") from None


# -- documents ---------------------------------------------------------------------------------------------------------------
_DOCUMENTS = (
    Parameter("publisher", "Only this publisher's."),
    SINCE,
    UNTIL,
    Parameter("text", "All these words stand in the title or the text."),
    Parameter("copies", "Whether reports come that copy another.", "choice", ("with", "without"), default="with"),
    Parameter("order", "By day of publication; those without a day come last.", "choice", ("newest", "oldest"), default="newest"),
)


def _read_documents(asked: Asked) -> DocumentPage:
    found = find_documents(asked.store, **read_wanted_documents(asked)._asdict(), cursor=asked.text("cursor"), limit=read_limit(asked))
    return DocumentPage(said=found.said, total=found.total, counted_to=found.counted_to, items=found.documents, next=found.after, previous=found.before)


def _walk_documents(asked: Asked) -> Iterator[dict[str, Any]]:
    wanted = read_wanted_documents(asked)._asdict()
    cursor = None
    while True:
        found = find_documents(asked.store, **wanted, cursor=cursor, limit=BATCH_ITEMS)
        for document in found.documents:
            yield msgspec.to_builtins(document)
        if (cursor := found.after) is None:
            return


_DOCUMENT_COLUMNS = (
    ("doc_id", "text"),
    ("title", "text"),
    ("beginning", "text"),
    ("publisher", "text"),
    ("published_on", "date"),
    ("copy_of", "text"),
    ("events", "integer"),
    ("rung", "integer"),
)


# -- pairs -------------------------------------------------------------------------------------------------------------------
def _read_pairs(asked: Asked) -> PairPage:
    until, actor, limit = asked.day("until"), asked.text("actor"), read_limit(asked)
    seen = unpack_cursor(asked.text("cursor"), tuple[int, str, str])
    pairs = asked.share(("api pairs", until), lambda: _count_both(asked, until))
    left = [pair for pair in pairs if (actor is None or actor in (pair.a, pair.b)) and (seen is None or _place(pair) > (-seen[0], *seen[1:]))]
    last = left[limit - 1] if len(left) > limit else None
    return PairPage(items=left[:limit], next=pack_cursor((last.events, last.a, last.b)) if last else None)


def _count_both(asked: Asked, until: Any) -> list[Pair]:
    """All pairs, the busiest first."""
    counts: dict[tuple[str, str], list[int]] = {}
    for source, target, number in count_pairs(asked.store, until=until):
        pair = counts.setdefault((min(source, target), max(source, target)), [0, 0])
        pair[source > target] += number
    made = [Pair(a=a, b=b, events=forth + back, a_to_b=forth, b_to_a=back) for (a, b), (forth, back) in counts.items()]
    return sorted(made, key=_place)


def _place(pair: Pair) -> tuple[int, str, str]:
    return (-pair.events, pair.a, pair.b)


# -- decisions ---------------------------------------------------------------------------------------------------------------
def _read_decisions(asked: Asked) -> DecisionPage:
    event, reviewer, limit = asked.text("event"), asked.text("reviewer"), read_limit(asked)
    seen = unpack_cursor(asked.text("cursor"), int)
    found = [one for one in reversed(list_decisions(asked.store, event_id=event, reviewer=reviewer)) if seen is None or one.id < seen]
    return DecisionPage(items=found[:limit], next=pack_cursor(found[limit - 1].id) if len(found) > limit else None)


# -- the codebook and the register -------------------------------------------------------------------------------------------
def _read_codebook(asked: Asked) -> CodebookShown:
    del asked
    book, ladder = load_codebook(), load_ladder()
    return CodebookShown(
        version=book.version,
        types=[_show_type(name) for name in book.types],
        contexts=sorted(book.contexts),
        sectors=dict(book.sectors),
        ladder=[RungShown(rung=number, name=rung.name, means=rung.means) for number, rung in sorted(ladder.rungs.items())],
    )


def _show_type(name: str) -> EventType:
    book, frame, rungs = load_codebook(), load_codebook().types[name], load_ladder().types
    number = sum(rule.type == name for rule in book.rules.values())
    return EventType(
        name=name, means=frame["means"], quad=frame["quad"], intensity=frame["score"], modes=frame["modes"], rung=rungs[name].rung if name in rungs else None, rules=number
    )


def _read_type(asked: Asked) -> TypeRules:
    name = asked.path["type"]
    book = load_codebook()
    if name not in book.types:
        raise missing(f"type: found {name[:40]!r}; expected one of {', '.join(book.types)}")
    rules = [RuleShown(**{field: getattr(rule, field) for field in RuleShown.__struct_fields__}) for rule in book.rules.values() if rule.type == name]
    return TypeRules(type=_show_type(name), rules=rules)


def _read_actors(asked: Asked) -> KnownActors:
    name = asked.text("name")
    if name is None:
        raise InputError("name: found nothing; expected the name or the code of an actor")
    found = [KnownActor(form=form, **{field: value for field, value in msgspec.to_builtins(entry).items() if field != "place"}) for form, entry in find_entries(name)]
    return KnownActors(name=name, items=msgspec.convert(msgspec.to_builtins(found), list[KnownActor]), similar=[] if found else suggest_names(name))


_ORDER = Parameter("order", "What comes first. In csv, jsonl and parquet only `oldest`, the default there, and `newest`.", "choice", tuple(ORDERS), default="newest")
_BARRED = Parameter("with_barred", "In csv, jsonl and parquet: also what may not be passed on, for the role review.", "switch")
CALLS = (
    Call(
        "GET",
        "/events",
        "listEvents",
        "Events",
        "Events by filters, a page at a time. In csv, jsonl and parquet all of them come as one file, as `detente export` writes it; files have the evidence, and are read back by `detente import`.",
        _read_events,
        EventPage,
        "events",
        (*FILTERS, _ORDER, _BARRED, LIMIT, CURSOR),
        files=lambda asked, form: (lambda wanted, store: lambda out: write_events(form, store, *wanted, out))(read_wanted(asked), asked.store),
    ),
    Call(
        "GET",
        "/events/{event_id}",
        "readEvent",
        "One event",
        "An event with the evidence of each report, where they differ, what was revised and what reviewers decided. The first characters of an id do, if no other begins with them.",
        find_whole,
        WholeEvent,
        "events",
        (Parameter("event_id", "The event's id, or that of a mention of it.", in_path=True),),
        has_state=True,
    ),
    Call(
        "GET",
        "/documents",
        "listDocuments",
        "Reports",
        "Reports, a page at a time. In csv, jsonl and parquet all of them come at once.",
        _read_documents,
        DocumentPage,
        "documents",
        (*_DOCUMENTS, LIMIT, CURSOR),
        table=Table("documents", lambda _: _DOCUMENT_COLUMNS, _walk_documents),
    ),
    Call(
        "GET",
        "/documents/{doc_id:path}",
        "readDocument",
        "One report",
        "A report: its text, the events as they were coded in it, claims and relations. Spans are characters of the text, the end exclusive.",
        read_document,
        StoredDocument,
        "documents",
        (Parameter("doc_id", "The report's id.", in_path=True),),
    ),
    Call(
        "GET",
        "/dyads",
        "listDyads",
        "Pairs",
        "Pairs of two different parties that have events with a day, the busiest first.",
        _read_pairs,
        PairPage,
        "dyads",
        (Parameter("actor", "Only pairs with it: a country's code, or a name as pairs have it.", example="PRK"), UNTIL, LIMIT, CURSOR),
    ),
    Call(
        "GET",
        "/decisions",
        "listDecisions",
        "Decisions of reviewers",
        "Decisions of reviewers, the latest first.",
        _read_decisions,
        DecisionPage,
        "review",
        (Parameter("event", "Only of this event."), Parameter("reviewer", "Only this reviewer's."), LIMIT, CURSOR),
    ),
    Call("GET", "/codebook", "readCodebook", "The codebook", "Types of events, contexts, sectors and the ladder.", _read_codebook, CodebookShown, "codebook"),
    Call(
        "GET",
        "/codebook/{type}",
        "readType",
        "One type",
        "A type of event with its rules.",
        _read_type,
        TypeRules,
        "codebook",
        (Parameter("type", "The type's name, in capitals.", in_path=True, example="ASSAULT"),),
    ),
    Call(
        "GET",
        "/actors",
        "findActors",
        "Actors",
        "Whom a name means: the entries of the register of actors.",
        _read_actors,
        KnownActors,
        "actors",
        (Parameter("name", "A name, an alias, a surname or the code of a country.", needed=True, example="PRK"),),
    ),
)
