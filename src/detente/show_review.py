"""Decisions, agreement and recoding -> lines for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from detente.records import Event
from detente.show import describe_event, fit
from detente.wording import count_of

if TYPE_CHECKING:
    from detente.agreement import FieldAgreement
    from detente.store.recoding import Recoded
    from detente.store.reviewing import Decision
    from detente.store.schema import Store

DERIVED = ("quad", "intensity", "goldstein")
"""Fields that follow from the type, its modes and its code."""


def decision_line(decision: Decision) -> str:
    """A decision -> one line."""
    detail = decision_detail(decision.action, decision.record)
    told = f"{decision.id}  {decision.decided_at[:16]}  {decision.reviewer}  {decision.action} {decision.event_id}" + (f": {detail}" if detail else "")
    return told + (f' ("{decision.why}")' if decision.why else "") + (f"  undone by {decision.undone_by}" if decision.undone_by else "")


def decision_detail(action: str, record: Mapping[str, Any]) -> str:
    """What was decided and the record of it -> what it set, in words; empty if the action says all."""
    return {
        "correct": lambda: ", ".join(f"{name} = {_plain(value)}" for name, value in record["fields"].items() if name not in DERIVED),
        "merge": lambda: "with " + ", ".join(record["others"]),
        "split": lambda: f"{len(record['moved'])} mentions into {record['others'][0]}",
        "undo": lambda: f"decision {record['undoes']}",
    }.get(action, lambda: "")()


def _plain(value: Any) -> str:
    if isinstance(value, list):
        return " and ".join(_plain(v) for v in value) or "none"
    if isinstance(value, dict):
        if "start" in value:
            return str(value["start"]) if value["start"] == value["end"] else f"{value['start']} to {value['end']}"
        return str(value.get("entity") or value.get("name")) + (f" ({'+'.join(value['sectors'])})" if value.get("sectors") else "")
    return "-" if value is None else str(value)


def near_lines(store: Store, event: Mapping[str, Any]) -> Iterator[str]:
    """An event -> events of its type, parties and days: it may be one of them."""
    from detente.store.near import find_near
    from detente.store.reviewing import judged_values

    others = find_near(store, event)
    if others:
        yield "\nPerhaps the same"
    for other in others:
        values = judged_values(other)
        yield f"  {other['event_id'][:8]}  {values['date']}  {', '.join(values['source'])}: {values['event_type']} > {', '.join(values['target'])}  {other['reports']} report{'' if other['reports'] == 1 else 's'}"


def agreement_lines(first: str, second: str, found: Sequence[FieldAgreement]) -> Iterator[str]:
    """Agreement per field -> a table."""
    yield f"{first} and {second}: Krippendorff's alpha (1 agreement, 0 chance)"
    yield f"{'field':<12}{'events':>8}{'the same':>10}{'alpha':>8}"
    for entry in found:
        same = "-" if entry.agreed is None else f"{entry.agreed:.0%}"
        yield f"{entry.field:<12}{entry.units:>8}{same:>10}" + (f"{entry.alpha:>8.3f}" if entry.alpha is not None else f"{'-':>8}  {entry.reason}")


SIGNS = {"new": "+", "gone": "-", "changed": "~"}


def recoded_lines(recoded: Recoded) -> Iterator[str]:
    """A document coded anew -> what differs."""
    yield "  ".join(part for part in (recoded.doc_id, recoded.published_on, fit(recoded.title or "", 60).rstrip()) if part)
    for change in recoded.changes:
        event = change.after or change.before
        if event is None or (change.kind == "same" and change.after is not None):
            continue
        if change.after is None and change.stays:
            yield f"  ! no longer coded, but kept: a reviewer decided on it: {describe_event(event)}"
            continue
        yield f"  {SIGNS[change.kind]} {describe_event(event)}  [{event.evidence[0].rule if event.evidence else ''}]"
        if change.before is not None and change.after is not None:
            for name in change.fields:
                yield f"      {name}: {_field(change.before, name)} -> {_field(change.after, name)}"
    if recoded.claims_differ:
        yield "  ~ claims"


def _field(event: Event, name: str) -> str:
    value = getattr(event, name)
    if name in ("source", "target", "said_by"):
        return ", ".join(f"{a.entity or a.name} ({'+'.join(a.sectors)})" for a in value) or "nobody"
    if name == "date":
        return "none" if value is None else value.start if value.start == value.end else f"{value.start} to {value.end}"
    if name == "place":
        return value.name if value else "none"
    if name == "evidence":
        return ", ".join(dict.fromkeys(e.rule for e in value))
    if isinstance(value, tuple):
        return "+".join(value) or "none"
    return "none" if value is None else str(value)


def recoded_summary(name: str, counts: Mapping[str, int]) -> str:
    """Counts of a run of ``recode`` -> one line."""
    return (
        f"{name}: {count_of(counts['documents'], 'document')} coded again, {counts['differing']:,} of them otherwise than before; "
        f"mentions: {counts['new']:,} new, {counts['gone']:,} gone, {counts['changed']:,} changed, {counts['same']:,} as before"
    )
