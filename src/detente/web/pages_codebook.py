"""The codebook's frame: types by quad class, each with its modes and rules; contexts and sectors."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import msgspec
import sqlalchemy as sa

from detente.codebook.ladder import load_ladder
from detente.codebook.load import Rule, load_codebook
from detente.store.filters import QUADS
from detente.store.schema import events, reading
from detente.web.asked import Asked
from detente.web.refusals import missing
from detente.web.routing import Page


class TypeRow(msgspec.Struct, frozen=True, kw_only=True):
    """A type in the list. ``rung``: of one event of it; ``lethal``: if somebody died; ``events``: of the store."""

    name: str
    means: str
    quad: int
    score: float
    modes: int
    rung: int
    lethal: int | None
    rules: int
    patterns: int
    events: int


class QuadGroup(msgspec.Struct, frozen=True):
    """A quad class with its types."""

    quad: int
    name: str
    types: tuple[TypeRow, ...]


class CodebookPage(msgspec.Struct, frozen=True, kw_only=True):
    """The codebook at a glance. ``sectors``: code and meaning."""

    version: str
    rules: int
    patterns: int
    quads: tuple[QuadGroup, ...]
    contexts: tuple[str, ...]
    sectors: dict[str, str]


class ModeRow(msgspec.Struct, frozen=True):
    """A mode of a type: its score, its rung, and the rules that give it."""

    name: str
    score: float
    rung: int
    rules: int


class RuleRow(msgspec.Struct, frozen=True, kw_only=True):
    """A rule in a list. ``shown``: some of its patterns, those first that hold the words searched for."""

    id: str
    type: str
    modes: tuple[str, ...]
    means: str
    fires: str
    patterns: int
    shown: tuple[str, ...]


class TypePage(msgspec.Struct, frozen=True, kw_only=True):
    """A type with its modes; its CAMEO codes with their names; its rules."""

    type: TypeRow
    quad_name: str
    modes: tuple[ModeRow, ...]
    cameo: tuple[tuple[str, str], ...]
    rules: tuple[RuleRow, ...]


def patterns_of(rule: Rule) -> tuple[str, ...]:
    """A rule -> its patterns: verbs, nouns, adjectives."""
    return (*rule.verbs, *rule.nouns, *rule.adjectives)


def row_of(rule: Rule, shown: tuple[str, ...]) -> RuleRow:
    """A rule and those of its patterns that are to be shown -> its row."""
    return RuleRow(id=rule.id, type=rule.type, modes=rule.modes, means=rule.means, fires=rule.fires, patterns=len(patterns_of(rule)), shown=shown)


def _count_events(asked: Asked) -> Mapping[str, int]:
    def count() -> dict[str, int]:
        with reading(asked.store) as connection:
            return {name: number for name, number in connection.execute(sa.select(events.c.event_type, sa.func.count()).group_by(events.c.event_type))}

    return asked.share(("events by type",), count)


def _list_types(asked: Asked) -> dict[str, TypeRow]:
    codebook, ladder, counted = load_codebook(), load_ladder(), _count_events(asked)
    rules = Counter(rule.type for rule in codebook.rules.values())
    patterns: Counter[str] = Counter()
    for rule in codebook.rules.values():
        patterns[rule.type] += len(patterns_of(rule))
    return {
        name: TypeRow(
            name=name,
            means=frame["means"],
            quad=frame["quad"],
            score=float(frame["score"]),
            modes=len(frame["modes"]),
            rung=ladder.types[name].rung,
            lethal=ladder.types[name].lethal,
            rules=rules[name],
            patterns=patterns[name],
            events=counted.get(name, 0),
        )
        for name, frame in codebook.types.items()
    }


def read_codebook(asked: Asked) -> CodebookPage:
    """The store, for its counts -> the codebook at a glance."""
    codebook, rows = load_codebook(), _list_types(asked)
    groups = tuple(QuadGroup(quad, name, tuple(row for row in rows.values() if row.quad == quad)) for quad, name in QUADS.items())
    return CodebookPage(
        version=codebook.version,
        rules=len(codebook.rules),
        patterns=sum(row.patterns for row in rows.values()),
        quads=groups,
        contexts=tuple(sorted(codebook.contexts)),
        sectors=dict(codebook.sectors),
    )


SHOWN_PATTERNS = 6


def read_type(asked: Asked) -> TypePage:
    """``name`` of the address -> the type, its modes and its rules."""
    codebook, name = load_codebook(), asked.path["name"]
    if name not in codebook.types:
        raise missing(f"type: found {name[:60]!r}; expected one of {', '.join(codebook.types)}")
    row = _list_types(asked)[name]
    rules = sorted((rule for rule in codebook.rules.values() if rule.type == name), key=lambda rule: rule.id)
    given = Counter(mode for rule in rules for mode in rule.modes)
    rungs: Mapping[str, int] = load_ladder().types[name].modes
    frame: Mapping[str, Any] = codebook.types[name]
    codes = sorted({rule.cameo for rule in rules if rule.cameo})
    return TypePage(
        type=row,
        quad_name=QUADS[row.quad],
        modes=tuple(ModeRow(mode, float(score), rungs.get(mode, row.rung), given[mode]) for mode, score in frame["modes"].items()),
        cameo=tuple((code, codebook.cameo.get(code, {}).get("name", "")) for code in codes),
        rules=tuple(row_of(rule, patterns_of(rule)[:SHOWN_PATTERNS]) for rule in rules),
    )


PAGES = (
    Page("/codebook", read_codebook, "codebook.html", "Codebook", nav="codebook"),
    Page("/codebook/{name}", read_type, "codebook_type.html", lambda r: r.type.name, nav="codebook"),
)
