"""A dyad and a day -> the most similar windows of the past, what followed each, and the base rates that come of them."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import NamedTuple

import msgspec
import numpy as np
import polars as pl

from detente.analysis import windows
from detente.analysis.aftermath import Aftermath, BaseRate, base_rates, name_events, tell_aftermath, usual_rates
from detente.analysis.windows import WINDOW_DAYS, WINDOW_WEEKS, Panel, Rows, slice_of

WEIGHTS: Mapping[str, float] = {"mix": 0.3, "order": 0.2, "rung": 0.2, "direction": 0.1, "driver": 0.1, "pace": 0.2, "history": 0.4, "stage": 0.2}
"""How much each part counts; a part that is not known counts neither way. Set by the benchmark, docs/analysis.md."""
AGREES_FROM = 0.75
"""From here on a part is said to agree."""
LEAST_WINDOW_EVENTS = 5
"""A window with fewer events shows neither a mix nor an order."""
LEAST_SIMILARITY = 0.6
"""A window less alike than this is no precedent."""
MOST_PRECEDENTS = 20
"""Precedents that the base rates rest on."""
FINALISTS = 300
"""Windows that are alike by their sketches and are compared in the order of their acts."""
STEADY_BELOW = 1
"""Rungs: a window whose halves differ by less has no direction."""
_SHOWN_TYPES = 4


class Part(msgspec.Struct, frozen=True):
    """One part of a similarity: 0 nothing in common, 1 the same; ``here`` and ``there`` say it in words."""

    name: str
    similarity: float
    agrees: bool
    here: str
    there: str


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """Some weeks of a dyad. ``rise``: rungs that the later half stands above the earlier; ``drive``: the first party's share of hostile acts; ``stage`` if known."""

    first: str
    second: str
    start: datetime.date
    end: datetime.date
    events: int
    rung: int
    rise: int
    drive: float | None
    types: dict[str, int]
    stage: str | None
    event_ids: tuple[str, ...]


class Precedent(msgspec.Struct, frozen=True, kw_only=True):
    """A window like the present one: why, and what followed. ``window.first`` plays the part of the dyad's first party."""

    window: Window
    similarity: float
    parts: tuple[Part, ...]
    followed: tuple[Aftermath, ...]


class Precedents(msgspec.Struct, frozen=True, kw_only=True):
    """All of it. ``reason``: why there is nothing to tell (``few-events``, ``no-similar-window``), else ``None``."""

    first: str
    second: str
    at: datetime.date
    window_days: int
    reason: str | None
    present_events: int
    present: Window | None
    precedents: tuple[Precedent, ...] = ()
    base_rates: tuple[BaseRate, ...] = ()


class _Past(NamedTuple):
    """Everything that is asked while precedents are chosen."""

    rows: Rows
    panel: Panel
    at: datetime.date
    stages: Mapping[datetime.date, str]


class _Found(NamedTuple):
    """A window by its dyad's number and its own, with the similarity of its parts. ``turned``: the parties change places."""

    pair: int
    window: int
    turned: bool
    parts: dict[str, float]

    @property
    def similarity(self) -> float:
        return sum(WEIGHTS[name] * value for name, value in self.parts.items()) / sum(WEIGHTS[name] for name in self.parts)


def find_precedents(
    dyad: pl.DataFrame,
    others: pl.DataFrame | None = None,
    *,
    names: tuple[str, str],
    at: datetime.date,
    limit: int = MOST_PRECEDENTS,
    stages: Mapping[datetime.date, str] | None = None,
) -> Precedents:
    """A dyad's events (with ``side``), the events of all dyads, the names of the parties and a day -> its precedents, most similar first.

    A window is the four weeks up to ``at``; those of the past end whole weeks earlier. Each ends before the present one begins. No two overlap in
    their days if their dyads share a party: they would hold the same events. What followed counts only if its days were over before ``at``.
    ``stages``: the last day of a window of the dyad -> its stage. Two parties of another dyad may change places, those of the dyad itself not.

    The idea is that of analogues, the nearest neighbours of the present in the past (Lorenz, J. Atmos. Sci. 26 (1969), 636-646); the measure is ours.
    """
    rows = windows.make_rows(dyad, others, names=names, at=at)
    here = slice_of(rows, 0, windows.ordinal(at) - WINDOW_DAYS + 1, windows.ordinal(at))
    nothing = Precedents(first=names[0], second=names[1], at=at, window_days=WINDOW_DAYS, reason="few-events", present_events=here.stop - here.start, present=None)
    if here.stop - here.start < LEAST_WINDOW_EVENTS:
        return nothing
    past = _Past(rows, windows.make_panel(rows, at), at, stages or {})
    present = _describe(past, 0, 0, turned=False)
    found = _choose(past, _compare(past), limit)
    if not found:
        return msgspec.structs.replace(nothing, reason="no-similar-window", present=present)
    precedents = tuple(_explain(past, each, present) for each in found)
    rates = base_rates([p.followed for p in precedents], usual_rates(rows, at, present.rung))
    return msgspec.structs.replace(nothing, reason=None, present=present, precedents=precedents, base_rates=rates)


def _compare(past: _Past) -> list[_Found]:
    """The windows of the past that are most like the present one, all parts compared, most similar first."""
    panel = past.panel
    usable = panel.events >= LEAST_WINDOW_EVENTS
    usable[:, :WINDOW_WEEKS] = False
    finalists: list[_Found] = []
    for turned in (False, True):
        parts = windows.compare(panel, turned=turned)
        score = np.where(usable, sum(WEIGHTS[name] * value for name, value in parts.items()), -1.0)
        if turned:
            score[0] = -1.0
        flat = score.reshape(-1)
        best = np.argpartition(-flat, min(FINALISTS, flat.size - 1))[:FINALISTS]
        for n in best[flat[best] > 0].tolist():
            pair, window = divmod(n, score.shape[1])
            finalists.append(_Found(pair, window, turned, {name: float(value[pair, window]) for name, value in parts.items()}))
    acts = windows.choose_acts(past.rows)
    there = [windows.tokens(acts, _where(acts, past.at, f.pair, f.window), turned=f.turned) for f in finalists]
    orders = windows.align(windows.tokens(acts, _where(acts, past.at, 0, 0), turned=False), there)
    here = _stage(past, 0, 0)
    for found, order in zip(finalists, orders.tolist(), strict=True):
        found.parts["order"] = order
        stage = _stage(past, found.pair, found.window)
        if here is not None and stage is not None:
            found.parts["stage"] = float(here == stage)
    return sorted(finalists, key=lambda f: (-f.similarity, f.pair, f.window, f.turned))


def _choose(past: _Past, ranked: list[_Found], limit: int) -> list[_Found]:
    """Ranked windows -> the best that do not overlap: never in one dyad, nor in two that share a party."""
    chosen: list[_Found] = []
    for found in ranked:
        if len(chosen) == limit or found.similarity < LEAST_SIMILARITY:
            break
        parties = _parties(past, found.pair)
        if all(abs(found.window - c.window) >= WINDOW_WEEKS or not parties & _parties(past, c.pair) for c in chosen):
            chosen.append(found)
    return chosen


def _parties(past: _Past, pair: int) -> set[str]:
    """A dyad's parties; a part of a country (PRK/MIL) counts as the country."""
    return {name.partition("/")[0] or name for name in past.rows.names[pair]}


def _end(past: _Past, window: int) -> datetime.date:
    return past.at - datetime.timedelta(weeks=window)


def _where(rows: Rows, at: datetime.date, pair: int, window: int) -> slice:
    last = windows.ordinal(at) - 7 * window
    return slice_of(rows, pair, last - WINDOW_DAYS + 1, last)


def _stage(past: _Past, pair: int, window: int) -> str | None:
    """The stage of the dyad itself at the latest day told of the window's last week."""
    if pair or not past.stages:
        return None
    end = _end(past, window)
    days = [end - datetime.timedelta(days=back) for back in range(7)]
    return next((past.stages[day] for day in days if day in past.stages), None)


def _describe(past: _Past, pair: int, window: int, *, turned: bool) -> Window:
    rows, where = past.rows, _where(past.rows, past.at, pair, window)
    names = past.rows.names[pair]
    kinds, counts = np.unique(rows.kind[where], return_counts=True)
    types = {windows.event_types()[k]: int(c) for k, c in sorted(zip(kinds.tolist(), counts.tolist(), strict=True), key=lambda pair: (-pair[1], pair[0]))}
    sides = rows.side[where][rows.rung[where] >= windows.HOSTILE_RUNG]
    share = float((sides == int(turned)).mean()) if sides.size else None
    end = _end(past, window)
    return Window(
        first=names[int(turned)],
        second=names[1 - int(turned)],
        start=end - datetime.timedelta(days=WINDOW_DAYS - 1),
        end=end,
        events=where.stop - where.start,
        rung=int(past.panel.top[pair, window]),
        rise=int(past.panel.rise[pair, window]),
        drive=share,
        types=types,
        stage=_stage(past, pair, window),
        event_ids=name_events(rows, where),
    )


def _explain(past: _Past, found: _Found, present: Window) -> Precedent:
    window = _describe(past, found.pair, found.window, turned=found.turned)
    parts = tuple(Part(name, round(found.parts[name], 3), found.parts[name] >= AGREES_FROM, _say(name, present), _say(name, window)) for name in WEIGHTS if name in found.parts)
    followed = tell_aftermath(past.rows, found.pair, window.end, max(window.rung, present.rung), past.at)
    return Precedent(window=window, similarity=round(found.similarity, 3), parts=parts, followed=followed)


def say_direction(rise: int) -> str:
    """A rise in rungs -> rising, falling or steady."""
    return "steady" if abs(rise) < STEADY_BELOW else "rising" if rise > 0 else "falling"


def _say(name: str, window: Window) -> str:
    """What a window shows in one part, in words."""
    if name == "mix":
        return ", ".join(f"{kind} {count}" for kind, count in list(window.types.items())[:_SHOWN_TYPES])
    if name == "rung":
        return f"highest rung {window.rung}"
    if name == "direction":
        return f"{say_direction(window.rise)} ({window.rise:+d})" if window.rise else "steady"
    if name == "driver":
        return "no hostile acts" if window.drive is None else f"{window.first} {window.drive:.0%} of hostile acts"
    if name == "pace":
        return f"{window.events} events"
    if name == "stage":
        return window.stage or ""
    return f"{window.first}-{window.second}" if name == "history" else f"{window.events} events by day"
