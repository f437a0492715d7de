"""Judged documents -> gold as ``detente evaluate`` reads it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from detente.records import Actor, Event

if TYPE_CHECKING:
    from detente.store.reviewed import JudgedDocument, JudgedMention


def gold_document(document: JudgedDocument) -> dict[str, Any]:
    """A judged document -> its gold: what reviewers accepted or corrected is required, what nobody judged optional, what was rejected is left out.

    Only acts that happened, or did not by a reviewer's word, are gold: as in ``detente code`` without ``--all``.
    """
    told = [(mention.review, _corrected(mention.event, mention.fields)) for mention in document.mentions if _is_told(mention)]
    required, optional = ([_gold_event(event) for review, event in told if bool(review) == judged] for judged in (True, False))
    return {"doc": document.doc_id, "published": document.published_on, "required": required, "optional": optional}


def required_ids(document: JudgedDocument) -> set[str]:
    """A judged document -> the events of the store that its gold requires: one event may be told by several mentions and documents."""
    return {mention.event_id for mention in document.mentions if mention.review and _is_told(mention)}


def _is_told(mention: JudgedMention) -> bool:
    return mention.review != "rejected" and _corrected(mention.event, mention.fields).modality == "actual"


def report_of(document: JudgedDocument) -> dict[str, Any]:
    """A judged document -> the report, to be coded again."""
    return {"id": document.doc_id, "title": document.title, "text": document.text, "published_on": document.published_on, "url": document.url, "publisher": document.publisher}


def _corrected(event: Event, fields: Mapping[str, Any]) -> Event:
    return msgspec.convert({**msgspec.to_builtins(event), **fields}, Event) if fields else event


def _gold_event(event: Event) -> dict[str, Any]:
    date = event.date.start[: {"year": 4, "month": 7}.get(event.date.precision, 10)] if event.date else None
    return {
        "type": event.event_type,
        "source": list(dict.fromkeys(_code(a) for a in event.source)),
        "target": list(dict.fromkeys(_code(a) for a in event.target)),
        "date": date,
        "place": {"name": event.place.name, "country": event.place.country} if event.place else None,
        "said_by": list(dict.fromkeys(_code(a) for a in event.said_by)),
        "background": event.historical,
        "evidence": event.evidence[0].text if event.evidence else "",
        "core": bool(event.evidence and event.evidence[0].span[0] == 0),
    }


def _code(actor: Actor) -> str:
    """An actor -> PRK/GOV; one without a country by sector and name, as ---/REB:Hamas."""
    sector = actor.sectors[0] if actor.sectors else ""
    return f"{actor.country}/{sector}".rstrip("/") if actor.country else f"---/{sector}:{actor.name}"
