"""The calls of the API that do something: code a text, add reports, and the decisions of reviewers."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any, Literal

from detente.corrections import make_fields
from detente.errors import ChangedError
from detente.reading import Skipped, make_document
from detente.records import Document
from detente.store.query import load_event
from detente.store.reviewing import Decision, correct_event, judge_event, list_decisions, merge_events, split_event, undo
from detente.web.adding import LONGEST_TEXT, SOURCE, Stored, a_place_to_code, code_document, store_reports
from detente.web.api_call import Call, Parameter
from detente.web.api_records import Because, Coded, Correction, Merging, Reports, Splitting, Text
from detente.web.asked import Asked
from detente.web.refusals import missing, refuse


def _make(text: Text) -> Document:
    return make_document(text.text.replace("\0", ""), title=text.title, published_on=text.published_on, publisher=text.publisher, origin=SOURCE)


def _code(asked: Asked, given: Text) -> Coded:
    del asked
    document = _make(given)
    with a_place_to_code():
        report = code_document(document)
    if isinstance(report, Skipped):
        raise refuse(422, f"text: found that it cannot be coded ({report}); expected a report", code="not-coded")
    found = {name: getattr(report, name) for name in ("events", "claims", "relations", "refusals", "notes")}
    return Coded(doc_id=report.document.id, text=report.document.text, **found)


def _add(asked: Asked, given: Reports) -> Stored:
    length = sum(len(document.text) for document in given.documents)
    if length > LONGEST_TEXT:
        raise refuse(413, f"documents: found {length:,} characters of text; expected at most {LONGEST_TEXT:,}; detente add takes any number")
    with a_place_to_code():
        return store_reports(asked, [_make(document) for document in given.documents])


# -- decisions ---------------------------------------------------------------------------------------------------------------
def _event_of(asked: Asked) -> str:
    """``event_id`` of the address -> the id, if there is such an event."""
    from detente.web.api_read import find_whole

    return find_whole(asked).event_id


@contextlib.contextmanager
def _deciding() -> Iterator[None]:
    """While a decision is made: an event that has changed since it was read is answered with 412."""
    try:
        yield
    except ChangedError as error:
        raise refuse(412, str(error), code="changed") from None


def _judge(action: Literal["accept", "reject"]) -> Callable[[Asked, Because, str | None], Decision]:
    def judge(asked: Asked, given: Because, seen: str | None) -> Decision:
        with _deciding():
            return judge_event(asked.store, _event_of(asked), action, reviewer=asked.who.name, why=given.why, seen=seen)

    return judge


def _correct(asked: Asked, given: Correction, seen: str | None) -> Decision:
    event_id = _event_of(asked)
    fields = make_fields(given.fields, load_event(asked.store, event_id))
    with _deciding():
        return correct_event(asked.store, event_id, fields, reviewer=asked.who.name, why=given.why, seen=seen)


def _merge(asked: Asked, given: Merging, seen: str | None) -> Decision:
    with _deciding():
        return merge_events(asked.store, _event_of(asked), given.others, reviewer=asked.who.name, why=given.why, seen=seen)


def _split(asked: Asked, given: Splitting, seen: str | None) -> Decision:
    with _deciding():
        return split_event(asked.store, _event_of(asked), given.mentions, reviewer=asked.who.name, why=given.why, seen=seen)


def _undo(asked: Asked, given: Because, seen: str | None) -> Decision:
    text = asked.path["decision"]
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 16 else 0
    if not any(one.id == number for one in list_decisions(asked.store)):
        raise missing(f"decision: found none with the number {text[:40]!r}; expected one that /decisions lists")
    with _deciding():
        return undo(asked.store, number, reviewer=asked.who.name, why=given.why, seen=seen)


_EVENT = Parameter("event_id", "The event's id.", in_path=True)


def _review(
    path: str, name: str, title: str, means: str, handler: Callable[[Asked, Any, str | None], Decision], takes: Any, example: dict[str, Any], parameter: Parameter = _EVENT
) -> Call:
    return Call(
        "POST", path, name, title, means, handler, Decision, "review", (parameter,), takes=takes, role="review", status=201, example=example, is_logged=True, is_conditional=True
    )


_TEXT = {"text": "North Korea fired two ballistic missiles toward the Sea of Japan on Tuesday, the South Korean military said.", "published_on": "2020-06-16"}
CALLS = (
    Call(
        "POST",
        "/code",
        "codeText",
        "Code a text",
        f"Takes a text of a report, gives its events, claims and relations, and why other mentions were not coded. Nothing is stored. At most {LONGEST_TEXT:,} characters; one text is coded at a time.",
        _code,
        Coded,
        "documents",
        takes=Text,
        role="code",
        example=_TEXT,
    ),
    Call(
        "POST",
        "/documents",
        "addDocuments",
        "Add reports",
        f"Reports are coded and stored; the events join those that are told already. A report whose text the store has is left as it is. At most {LONGEST_TEXT:,} characters in all.",
        _add,
        Stored,
        "documents",
        takes=Reports,
        role="code",
        status=201,
        example={"documents": [{**_TEXT, "title": "North Korea fires missiles", "publisher": "Agency"}]},
        is_logged=True,
    ),
    _review("/events/{event_id}/accept", "acceptEvent", "Accept an event", "The event is right as it stands.", _judge("accept"), Because, {"why": "as the report has it"}),
    _review("/events/{event_id}/reject", "rejectEvent", "Reject an event", "The event is none: it is in no list and no series.", _judge("reject"), Because, {"why": "a film"}),
    _review(
        "/events/{event_id}/correct",
        "correctEvent",
        "Correct an event",
        "Set fields of the event: `type`, `mode`, `context`, `cameo`, `source`, `target`, `date`, `place`, `modality`, `background` (yes, no), `dead`, `injured`, written as in `detente review correct`; an empty value is nothing. They stand against later reports.",
        _correct,
        Correction,
        {"fields": {"type": "THREATEN", "target": "KOR/GOV"}, "why": "announced, not done"},
    ),
    _review(
        "/events/{event_id}/merge",
        "mergeEvents",
        "Merge events",
        "Other events are the same as this one, which stays.",
        _merge,
        Merging,
        {"others": ["0123456789abcdef"], "why": "one launch"},
    ),
    _review("/events/{event_id}/split", "splitEvent", "Split an event", "Some of its mentions are of another event.", _split, Splitting, {"mentions": ["0123456789abcdef"]}),
    _review(
        "/decisions/{decision}/undo",
        "undoDecision",
        "Undo a decision",
        "Take a decision back. One that later decisions rest on must wait until they are undone.",
        _undo,
        Because,
        {"why": "by mistake"},
        Parameter("decision", "The decision's number.", in_path=True),
    ),
)
