"""Every gold case of ``tests/gold/<step>/<topic>.yaml`` holds, or is a strict expected failure with its reason (``xfail``).

A case: ``id``, ``text``, optionally ``title`` and ``published_on`` (else conftest's day; ``none``), and only the fields that it asserts:

- ``dates``: words -> ``2021-03-09`` (day), ``2021-02`` (month), ``2020`` (year), ``2021-03-01/2021-03-07``, or ``none``: no period.
- ``dead``, ``injured``: a number or ``none``.
- ``actors``: words -> codes as in the annotation guide: ``KOR/GOV``, ``---/REB:Islamic State``, ``GBR/GOV|MIL`` (either), ``none``; a list is a set. ``words#2``: where they stand the second time.
- ``events``: each must be there; ``[]``: no actual event at all. Keys: ``type`` (``A|B``: either), ``modes`` (among others), ``source``, ``target``, ``modality`` (else actual), ``said_by``,
  ``date``, ``place`` (``Kaesong/PRK``), ``dead``, ``injured``, ``evidence`` (how many mentions).
- ``absent``: types that no actual event may have. ``count``: type -> how many actual events.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

import pytest

from conftest import gold_cases
from detente.coding.expressions import find_expressions
from detente.pipeline import Trace
from detente.records import Actor, Event, When

CASES = gold_cases()
FIELDS = frozenset({"id", "text", "title", "published_on", "xfail", "dates", "dead", "injured", "actors", "events", "absent", "count"})
EVENT_FIELDS = frozenset({"type", "modes", "source", "target", "modality", "said_by", "date", "place", "dead", "injured", "evidence"})
LEAST = {"dates": 40, "casualties": 25, "actors": 60, "places": 25, "attribution": 45, "events": 90, "merge": 15}


def _parameters() -> list[Any]:
    return [pytest.param(key, id=key, marks=[pytest.mark.xfail(reason=case["xfail"], strict=True)] if case.get("xfail") else []) for key, case in CASES.items()]


@pytest.mark.parametrize("key", _parameters())
def test_gold(key: str, gold: dict[str, Trace]) -> None:
    case, trace = CASES[key], gold[key]
    problems = [*_dates(case, trace), *_toll(case, trace), *_actors(case, trace), *_events(case, trace)]
    assert not problems, f"{case['text']}\n" + "\n".join(problems) + f"\ncoded:\n{_shown(trace)}"


def test_cases_name_only_known_fields() -> None:
    unknown = {key: sorted(set(case) - FIELDS) for key, case in CASES.items() if set(case) - FIELDS}
    unknown |= {key: sorted(set(e) - EVENT_FIELDS) for key, case in CASES.items() for e in case.get("events") or () if set(e) - EVENT_FIELDS}
    assert not unknown
    assert not [key for key, case in CASES.items() if not set(case) - {"id", "text", "title", "published_on", "xfail"}]


@pytest.mark.parametrize("step", LEAST)
def test_each_step_has_enough_cases(step: str) -> None:
    assert sum(key.startswith(f"{step}/") for key in CASES) >= LEAST[step]


# -- comparing ------------------------------------------------------------------------------------------------------------
def _period(words: str) -> tuple[str, str] | None:
    """``2021-02`` -> its first and last day."""
    if words == "none":
        return None
    if "/" in words:
        start, end = words.split("/")
        return start, end
    if len(words) == 4:
        return f"{words}-01-01", f"{words}-12-31"
    if len(words) == 7:
        first = datetime.date.fromisoformat(f"{words}-01")
        last = (first.replace(day=28) + datetime.timedelta(days=4)).replace(day=1) - datetime.timedelta(days=1)
        return first.isoformat(), last.isoformat()
    return words, words


def _bounds(when: When | None) -> tuple[str, str] | None:
    return None if when is None else (when.start, when.end)


def _dates(case: dict[str, Any], trace: Trace) -> list[str]:
    found = [e for s in trace.sentences for e in find_expressions(trace.document.text, s, trace.document.published_on)] if "dates" in case else []
    problems = []
    for words, wanted in (case.get("dates") or {}).items():
        start = trace.document.text.index(words)
        here = [e for e in found if e.span[0] < start + len(words) and e.span[1] > start]
        got = {_bounds(e.when) for e in here} or {None}
        if got != {_period(wanted)}:
            problems.append(f"{words!r}: found {[(e.text, _bounds(e.when)) for e in here]}, expected {wanted}")
    return problems


def _number(text: str) -> int | None:
    return None if text == "none" else int(text)


def _toll(case: dict[str, Any], trace: Trace) -> list[str]:
    problems = []
    violent = [e for e in trace.report.events if e.modality == "actual" and e.event_type in ("ASSAULT", "PROTEST")]
    for name in ("dead", "injured"):
        if name in case:
            got = [getattr(e, name) for e in violent] or [None]
            if _number(case[name]) not in got or not set(got) <= {_number(case[name]), None}:
                problems.append(f"{name}: found {got}, expected {case[name]}")
    return problems


def _code(actor: Actor) -> str:
    return f"{actor.country or '---'}/{'+'.join(actor.sectors)}:{actor.entity or actor.name}"


def _is(actor: Actor, code: str) -> bool:
    place, _, name = code.partition(":")
    country, _, sectors = place.partition("/")
    return (actor.country or "---") == country and bool(set(actor.sectors) & set(sectors.split("|"))) and name in ("", actor.entity, actor.name)


def _listed(value: Any) -> list[str]:
    return [] if value in ("none", "", None) else [value] if isinstance(value, str) else list(value)


def _same_actors(actors: Sequence[Actor], wanted: Sequence[str]) -> bool:
    return all(any(_is(a, c) for a in actors) for c in wanted) and all(any(_is(a, c) for c in wanted) for a in actors)


def _actors(case: dict[str, Any], trace: Trace) -> list[str]:
    problems = []
    text = trace.document.text
    for key, wanted in (case.get("actors") or {}).items():
        words, _, nth = key.partition("#")
        start = -1
        for _ in range(int(nth or 1)):
            start = text.index(words, start + 1)
        found: tuple[Actor, ...] = ()
        for s, phrases in zip(trace.sentences, trace.actors.phrases, strict=True):
            inside = [i for i in phrases if start <= s.starts[i] and s.ends[i] <= start + len(words)]
            tops = [i for i in inside if not any(s.heads[i] == j and j != i for j in inside)]
            for top in tops:
                found = found or phrases[top].actors
        if not _same_actors(found, _listed(wanted)):
            problems.append(f"{key!r}: found {[_code(a) for a in found]}, expected {wanted}")
    return problems


def _matches(event: Event, wanted: dict[str, Any]) -> bool:
    checks = (
        event.event_type in wanted["type"].split("|"),
        event.modality == wanted.get("modality", "actual"),
        set(_listed(wanted.get("modes"))) <= set(event.modes),
        "source" not in wanted or _same_actors(event.source, _listed(wanted["source"])),
        "target" not in wanted or _same_actors(event.target, _listed(wanted["target"])),
        "said_by" not in wanted or _same_actors(event.said_by, _listed(wanted["said_by"])),
        "date" not in wanted or _bounds(event.date) == _period(wanted["date"]),
        "place" not in wanted or (f"{event.place.name}/{event.place.country}" if event.place else "none") == wanted["place"],
        "dead" not in wanted or event.dead == _number(wanted["dead"]),
        "injured" not in wanted or event.injured == _number(wanted["injured"]),
        "evidence" not in wanted or len(event.evidence) == int(wanted["evidence"]),
    )
    return all(checks)


def _events(case: dict[str, Any], trace: Trace) -> list[str]:
    actual = [e for e in trace.report.events if e.modality == "actual"]
    problems = [f"expected {wanted}" for wanted in case.get("events") or () if not any(_matches(e, wanted) for e in trace.report.events)]
    if case.get("events") == [] and actual:
        problems.append("expected no event")
    problems += [f"expected no {kind}" for kind in _listed(case.get("absent")) if any(e.event_type == kind for e in actual)]
    for kind, number in (case.get("count") or {}).items():
        got = sum(e.event_type == kind for e in actual)
        if got != int(number):
            problems.append(f"found {got} {kind}, expected {number}")
    return problems


def _shown(trace: Trace) -> str:
    lines = []
    for e in trace.report.events:
        said = f" said_by {[_code(a) for a in e.said_by]}" if e.said_by else ""
        place = f" at {e.place.name}/{e.place.country}" if e.place else ""
        toll = f" dead {e.dead} injured {e.injured}" if e.dead is not None or e.injured is not None else ""
        lines.append(
            f"  {e.event_type} {list(e.modes)} {[_code(a) for a in e.source]} -> {[_code(a) for a in e.target]} {e.modality} {_bounds(e.date)}{place}{toll}{said} [{e.evidence[0].rule}] x{len(e.evidence)}"
        )
    return "\n".join(lines) or "  nothing"
