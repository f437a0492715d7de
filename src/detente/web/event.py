"""An event: the evidence of every source, where sources differ, its history; and what a reviewer decides of it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import msgspec

from detente.corrections import make_fields, typed_fields
from detente.errors import ChangedError, InputError, SettingsError, StoreError
from detente.store.claims import StoredRelation, read_relations_of
from detente.store.documents import texts_of_mentions
from detente.store.filters import Filters
from detente.store.listing import read_events
from detente.store.near import find_near
from detente.store.query import find_events, load_event
from detente.store.reviewing import Decision, correct_event, judge_event, merge_events, read_state, split_event, undo
from detente.web.asked import Asked
from detente.web.refusals import missing, refuse
from detente.web.rendering import part
from detente.web.routing import Action, Done, Page, Posted

SHOWN_FOUND = 8
"""Events that are shown as found when one to merge with is looked for."""
PAGE = "/events/{event_id}"


MOST_CONTEXTS = 40
"""Mentions for which the words around their evidence are shown: the texts of all that told of a war would be megabytes."""
CONTEXT_CHARS = 220
"""Characters before and after the evidence that are shown, at most: about a sentence."""


class Context(msgspec.Struct, frozen=True):
    """The words of the report before and after a mention's first piece of evidence."""

    before: str
    after: str


class EventRecord(msgspec.Struct, frozen=True, kw_only=True):
    """An event as ``detente event --json`` gives it. ``state``: a word for how it stands, which forms give back; ``typed``: its fields as a reviewer types them;
    ``related``: the events of the relations, by id; ``contexts``: words around the evidence, by mention; ``near``: events that may be the same; ``found``: those that were looked for by ``find``."""

    event: dict[str, Any]
    state: str
    relations: tuple[StoredRelation, ...]
    related: dict[str, dict[str, Any]]
    contexts: dict[str, Context]
    near: tuple[dict[str, Any], ...]
    found: tuple[dict[str, Any], ...]
    find: str
    typed: dict[str, str]
    asked: str


def read_event(asked: Asked) -> EventRecord:
    """``event_id`` of the address (or that of one of its mentions, or its first characters) -> the event. ``find``: words or an id, to look for one to merge with."""
    return make_record(asked, asked.path["event_id"], asked.text("find") or "")


def make_record(asked: Asked, event_id: str, find: str = "") -> EventRecord:
    """An event's id, and what to look for -> its record. Refused: an id that no event has."""
    try:
        state = read_state(asked.store, event_id)  # before the event: what comes between the two is a change that was not shown
        event = load_event(asked.store, event_id)
    except StoreError as error:
        if "the database refused" in str(error):
            raise
        raise missing(f"event: {_plain(asked, error)}") from None
    own = event["event_id"]
    relations = tuple(read_relations_of(asked.store, own))
    return EventRecord(
        event=event,
        state=state,
        relations=relations,
        related=read_events(asked.store, [event_id for r in relations for event_id in (r.first, r.second) if event_id != own]),
        contexts=_read_contexts(asked, event["evidence"]),
        near=tuple(find_near(asked.store, event)),
        found=tuple(_find(asked, find, own)) if find else (),
        find=find,
        typed=typed_fields(event),
        asked=event_id,
    )


def _read_contexts(asked: Asked, mentions: list[dict[str, Any]]) -> dict[str, Context]:
    spans = {m["mention_id"]: m["record"]["evidence"][0] for m in mentions[:MOST_CONTEXTS] if m["record"]["evidence"]}
    texts = texts_of_mentions(asked.store, spans)
    return {mention: cut_context(text, tuple(spans[mention]["span"])) for mention, text in texts.items() if text[slice(*spans[mention]["span"])] == spans[mention]["text"]}


def cut_context(text: str, span: tuple[int, int]) -> Context:
    """A text and a span -> the words beside it, of the same paragraph, at most ``CONTEXT_CHARS`` each, cut between words.

    >>> cut_context("It fell. They left at noon. Rain.", (9, 18))
    Context(before='It fell. ', after=' at noon. Rain.')
    """
    start, end = span
    first = max(0, start - CONTEXT_CHARS, text.rfind("\n", 0, start) + 1)
    stop = text.find("\n", end)
    last = min(len(text) if stop < 0 else stop, end + CONTEXT_CHARS)
    before, after = text[first:start], text[end:last]
    if first and text[first - 1] != "\n" and " " in before:
        before = "…" + before[before.index(" ") :]
    if last < len(text) and text[last] != "\n" and " " in after:
        after = after[: after.rindex(" ") + 1] + "…"
    return Context(before, after)


def _find(asked: Asked, find: str, own: str) -> list[dict[str, Any]]:
    """Words of the evidence, or an id -> events, without the one that is looked at."""
    if find.isalnum() and not find.isalpha():
        try:
            return [event for event in [load_event(asked.store, find)] if event["event_id"] != own]
        except StoreError:
            pass  # no id after all
    found = find_events(asked.store, Filters(text=find, modality=None), limit=SHOWN_FOUND + 1, newest_first=True)
    return [event for event in found.events if event["event_id"] != own][:SHOWN_FOUND]


# -- decisions -----------------------------------------------------------------------------------------------------------------
def accept(posted: Posted) -> Done:
    """``why``, ``state`` -> the event accepted as it stands."""
    return _judge(posted, is_accepted=True)


def reject(posted: Posted) -> Done:
    """``why``, ``state`` -> the event rejected."""
    return _judge(posted, is_accepted=False)


def _judge(posted: Posted, *, is_accepted: bool) -> Done:
    asked = posted.asked
    with _deciding(asked) as seen:
        decision = judge_event(asked.store, asked.path["event_id"], "accept" if is_accepted else "reject", reviewer=asked.who.name, why=asked.long_text("why"), seen=seen)
    return _done(asked, decision, "Accepted" if is_accepted else "Rejected: no list and no series counts it now")


def correct(posted: Posted) -> Done:
    """The fields of ``corrections.make_fields``, ``why``, ``state`` -> those that differ from how the event stands, set."""
    asked = posted.asked
    event_id = asked.path["event_id"]
    with _deciding(asked) as seen:
        event = load_event(asked.store, event_id)
        before = typed_fields(event)
        changed = {name: asked.long_text(name).strip() for name in before if asked.has(name)}
        changed = {name: value for name, value in changed.items() if _bare(value) != _bare(before[name])}
        if not changed:
            raise InputError("correct: found all fields as they were; expected one that differs")
        decision = correct_event(asked.store, event_id, make_fields(changed, event), reviewer=asked.who.name, why=asked.long_text("why"), seen=seen)
    return _done(asked, decision, f"Corrected: {', '.join(changed)}")


def _bare(value: str) -> str:
    """A list with commas -> the same whatever its order and spaces."""
    return ", ".join(sorted(part.strip() for part in value.split(",") if part.strip()))


def merge(posted: Posted) -> Done:
    """``other`` (several), ``others`` (ids, with spaces or commas between), ``why``, ``state`` -> one event of all."""
    asked = posted.asked
    others = [*asked.texts("other"), *asked.long_text("others").replace(",", " ").split()]
    if not others:
        raise InputError("merge: found no event to merge with; expected one that is ticked, or an id")
    with _deciding(asked) as seen:
        decision = merge_events(asked.store, asked.path["event_id"], others, reviewer=asked.who.name, why=asked.long_text("why"), seen=seen)
    return _done(asked, decision, f"Merged with {', '.join(decision.record['others'])}")


def split(posted: Posted) -> Done:
    """``mention`` (several), ``why``, ``state`` -> these mentions an event of their own."""
    asked = posted.asked
    with _deciding(asked) as seen:
        decision = split_event(asked.store, asked.path["event_id"], asked.texts("mention"), reviewer=asked.who.name, why=asked.long_text("why"), seen=seen)
    return _done(asked, decision, f"Split: {decision.record['others'][0]} is an event of its own now")


def take_back(posted: Posted) -> Done:
    """``decision``, ``why``, ``state`` -> the decision undone."""
    asked = posted.asked
    number = asked.number("decision", 0, most=2**53)
    if not number:
        raise InputError("decision: found none; expected the number of one that stands")
    with _deciding(asked) as seen:
        decision = undo(asked.store, number, reviewer=asked.who.name, why=asked.long_text("why"), seen=seen)
    return _done(asked, decision, f"Decision {number} is undone")


def _done(asked: Asked, decision: Decision, notice: str) -> Done:
    queue = asked.text("queue")  # the address of the queue that the reviewer works through
    to = queue if queue and queue.partition("?")[0] == "/review/next" else f"/events/{part(decision.event_id)}"
    return Done(what=f"{decision.action} {decision.event_id}, decision {decision.id}", to=to, notice=f"{notice} ({asked.who.name}).")


@contextlib.contextmanager
def _deciding(asked: Asked) -> Iterator[str | None]:
    """While a decision is made: gives the ``state`` of the form; what has changed meanwhile is answered with 409, what is gone with 404, what cannot be with 400."""
    try:
        yield asked.text("state")
    except ChangedError as error:
        raise refuse(409, str(error), code="changed") from None
    except StoreError as error:
        text = _plain(asked, error)
        if "the database refused" in text:
            raise
        if "found no event" in text:
            raise missing(f"event: {text}") from None
        is_late = any(words in text for words in ("undone already", "undo that one first", "split off before"))
        raise refuse(409 if is_late else 400, text, code="changed" if is_late else "") from None
    except SettingsError as error:
        raise refuse(400, str(error).removeprefix("--set ")) from None


def _plain(asked: Asked, error: StoreError) -> str:
    """An error of the store -> without the path of its file, which is nobody's business."""
    return str(error).removeprefix(f"{asked.store.name}: ")


PAGES = (Page(PAGE, read_event, "event.html", lambda r: f"{r.event['event_type']} {r.event['event_id'][:8]}", nav="events", may_lag=False),)
ACTIONS = (
    Action(f"{PAGE}/accept", accept, "accept event", on=PAGE),
    Action(f"{PAGE}/reject", reject, "reject event", on=PAGE),
    Action(f"{PAGE}/correct", correct, "correct event", on=PAGE),
    Action(f"{PAGE}/merge", merge, "merge events", on=PAGE),
    Action(f"{PAGE}/split", split, "split event", on=PAGE),
    Action(f"{PAGE}/undo", take_back, "undo decision", on=PAGE),
)
