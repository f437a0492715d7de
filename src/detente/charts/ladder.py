"""The ladder over time, the timeline of the last days, and precedents laid over the present."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any, NamedTuple

import altair as alt
import polars as pl

from detente.analysis.ladder import track_rungs
from detente.analysis.precedents import Precedent
from detente.charts.marks import TOOLTIP, make_marks
from detente.charts.style import (
    LOWEST, RUNGS, WIDTH, as_data, as_moment, as_tooltip, cut, day_axis, finish, get_look, name_rung, rung_axis, say_day, say_number, say_rung, side_scale,
)  # fmt: skip
from detente.errors import InputError
from detente.exchange.crosswalk import country_name

APART = 0.13
"""Rungs by which the two sides are drawn apart where they stand on the same one."""
TIMELINE_DAYS = 25
"""Days with events that a timeline shows: a page of them."""
LINE_CHARS = 86
"""Characters of an event's words on a line of the timeline."""
MARKS_WIDTH, WORDS_WIDTH = 210, 520
"""Pixels of the two halves of a timeline."""
MARKS_APART = 0.25
"""As ``APART``, where a rung is only 16 pixels wide."""
MOST_LINES = 6
"""Precedents that can be told apart when laid over each other."""
BEFORE_DAYS, AFTER_DAYS = 60, 90
"""Days shown before and after the day of comparison; a window is 28 days, outcomes are told for up to 90."""


def draw_ladder(track: pl.DataFrame, dyad: pl.DataFrame, *, names: tuple[str, str], dark: bool = False) -> alt.LayerChart:
    """The track of a dyad (``track_rungs``) and its events (with ``side``) -> each side's way on the ladder, with the events as marks.

    Events outside of the track's days are left out. Refused: a track without days.
    """
    if track.is_empty():
        raise InputError(f"ladder of {names[0]} and {names[1]}: found no event in these days; expected at least one")
    look = get_look(dark=dark)
    first, last = track["day"][0], track["day"][-1]
    shown = dyad.filter(pl.col("day").is_between(first, last) & pl.col("precision").is_in(["day", "week"]))
    marks = [m | {"level": m["rung"] + (APART if m["side"] == names[0] else -APART)} for m in make_marks(shown, names)]
    x = alt.X(field="day", type="temporal", axis=day_axis(), scale=alt.Scale(domain=[as_moment(first), as_moment(last + datetime.timedelta(days=2))]))
    y = alt.Y(field="level", type="quantitative", axis=rung_axis(), scale=alt.Scale(domain=[LOWEST - 0.4, RUNGS[-1] + 0.4], nice=False, zero=False))
    colour = alt.Color(field="side", type="nominal", scale=side_scale(look, names), legend=alt.Legend(title=None, orient="top", symbolType="circle"))
    shape = alt.Shape(field="side", type="nominal", scale=alt.Scale(domain=list(names), range=["circle", "triangle-up"]), legend=alt.Legend(title=None, orient="top"))
    zero = alt.Chart(as_data([{}])).mark_rule(color=look.soft, strokeWidth=1).encode(y=alt.datum(0, type="quantitative"))
    lines = alt.Chart(as_data(_steps(track, names))).mark_line(interpolate="step-after", strokeWidth=2, opacity=0.75).encode(x=x, y=y, color=colour)
    points = (
        alt.Chart(as_data(marks))
        .mark_point(filled=True, opacity=0.9, stroke=look.background, strokeWidth=0.6)
        .encode(
            x=x,
            y=y,
            color=colour,
            shape=shape,
            size=alt.Size(field="events", type="quantitative", scale=alt.Scale(type="sqrt", domain=[1, 10], range=[35, 190], clamp=True), legend=None),
            tooltip=as_tooltip(**TOOLTIP),
        )
    )
    ends = track.row(-1, named=True)
    higher = "both equally high" if ends["rung_a"] == ends["rung_b"] else f"{names[0] if ends['rung_a'] > ends['rung_b'] else names[1]} higher"
    title = f"{names[0]} and {names[1]} on {say_day(last)}: rung {say_rung(ends['rung'])}"
    note = f"How far up the ladder each side stands by its own acts (lines) and its events (marks, larger for several of one day), from {say_day(first)}; at the end {higher}."
    return finish(alt.layer(zero, lines, points).properties(width=WIDTH, height=360), look, title, note)


def _steps(track: pl.DataFrame, names: tuple[str, str]) -> list[dict[str, Any]]:
    """A row a day -> the rows at which a side's rung changes, and the ends."""
    rows = []
    for column, name, offset in (("rung_a", names[0], APART), ("rung_b", names[1], -APART)):
        changes = track.filter((pl.col(column) != pl.col(column).shift()).fill_null(value=True) | (pl.int_range(pl.len()) == pl.len() - 1))
        rows += [{"day": as_moment(day), "side": name, "level": rung + offset} for day, rung in changes.select("day", column).iter_rows()]
        rows.append({"day": as_moment(track["day"][-1] + datetime.timedelta(days=1)), "side": name, "level": track[column][-1] + offset})
    return rows


def draw_timeline(dyad: pl.DataFrame, *, names: tuple[str, str], days: int = TIMELINE_DAYS, dark: bool = False) -> alt.HConcatChart:
    """A dyad's events (with ``side``) -> its last days with events, a line each: the rungs of that day's events, and the words of the one farthest from routine.

    Refused: no event whose day is known.
    """
    known = dyad.filter(pl.col("precision") == "day")
    last = known["day"].unique().sort().tail(days)
    if last.is_empty():
        raise InputError(f"timeline of {names[0]} and {names[1]}: found no event whose day is known; expected at least one")
    look = get_look(dark=dark)
    shown = known.filter(pl.col("day").is_in(last.implode()))
    marks = [m | {"level": m["rung"] + (MARKS_APART if m["side"] == names[0] else -MARKS_APART)} for m in make_marks(shown, names)]
    y = alt.Y(field="date", type="ordinal", sort=[say_day(d) for d in last], axis=alt.Axis(title=None, grid=True, domain=False, ticks=False, labelLimit=140))
    x_axis = alt.Axis(title="rung of the ladder (cooperation below 0, conflict above)", orient="top", values=list(RUNGS), format="d", grid=False, titlePadding=8, labelOverlap=False)
    x = alt.X(field="level", type="quantitative", axis=x_axis, scale=alt.Scale(domain=[LOWEST - 0.5, RUNGS[-1] + 0.5], nice=False))
    points = (
        alt.Chart(as_data(marks))
        .mark_point(filled=True, size=75, opacity=1, stroke=look.background, strokeWidth=0.6)
        .encode(
            x=x,
            y=y,
            color=alt.Color(field="side", type="nominal", scale=side_scale(look, names), legend=alt.Legend(title=None, orient="bottom", symbolType="circle")),
            shape=alt.Shape(field="side", type="nominal", scale=alt.Scale(domain=list(names), range=["circle", "triangle-up"]), legend=alt.Legend(title=None, orient="bottom")),
            tooltip=as_tooltip(**TOOLTIP),
        )
    )
    zero = alt.Chart(as_data([{}])).mark_rule(color=look.soft).encode(x=alt.datum(0, type="quantitative"))
    words = (
        alt.Chart(as_data(_lines(shown, names)))
        .mark_text(align="left", baseline="middle", x=0, limit=WORDS_WIDTH)
        .encode(y=alt.Y(field="date", type="ordinal", sort=[say_day(d) for d in last], axis=None), text=alt.Text(field="line", type="nominal"), tooltip=as_tooltip(**TOOLTIP))
    )
    height = alt.Step(22)
    chart = alt.hconcat(alt.layer(zero, points).properties(width=MARKS_WIDTH, height=height), words.properties(width=WORDS_WIDTH, height=height), spacing=12)
    title = f"{names[0]} and {names[1]}: what happened from {say_day(last[0])} to {say_day(last[-1])}"
    told = say_number(last.len(), "day")
    return finish(chart, look, title, f"The last {told} with events. A mark for each rung on which a side acted; in words the event farthest from routine.")


def _lines(shown: pl.DataFrame, names: tuple[str, str]) -> list[dict[str, Any]]:
    """Events -> for each day the mark farthest from routine, with the line that tells it."""
    weight = pl.col("rung").cast(pl.Int16).abs()
    top = shown.sort(weight, "reports", "confidence", "event_id", descending=[True, True, True, False]).unique("day", keep="first", maintain_order=True)
    return [m | {"line": cut(m["words"] or f"{m['who']}: {m['type']}", LINE_CHARS)} for m in make_marks(top, names)]


class Line(NamedTuple):
    """The rungs of a dyad around a day of comparison. ``track`` as of ``track_rungs``; ``end``: the last day of its window; ``label`` names it."""

    label: str
    end: datetime.date
    track: pl.DataFrame


def trace_precedents(present: Line, precedents: Sequence[tuple[Precedent, pl.DataFrame]], at: datetime.date) -> list[Line]:
    """The present line and precedents with the events of their dyads (with ``side``) -> the lines to draw, the present one first; nothing after ``at``."""
    lines = [present]
    for found, dyad in precedents[:MOST_LINES]:
        window = found.window
        until = min(at, window.end + datetime.timedelta(days=AFTER_DAYS))
        track = track_rungs(dyad, until, since=window.end - datetime.timedelta(days=BEFORE_DAYS))
        lines.append(Line(f"{country_name(window.first)} and {country_name(window.second)}, {say_day(window.end)} ({found.similarity:.0%} alike)", window.end, track))
    return lines


def draw_precedents(lines: Sequence[Line], *, names: tuple[str, str], dark: bool = False) -> alt.LayerChart:
    """The lines of ``trace_precedents`` -> the rung of each, by days from its day of comparison. Refused: no precedent."""
    if len(lines) < 2:
        raise InputError(f"precedents of {names[0]} and {names[1]}: found none; expected at least one")
    look = get_look(dark=dark)
    labels = [line.label for line in lines]
    rows = []
    for number, line in enumerate(lines):
        # lines that share a rung lie side by side: up to a third of a rung apart
        place = (number + 1) // 2 * (1 if number % 2 else -1)
        offset = place * 0.66 / len(lines)
        for day, rung in line.track.select("day", "rung").iter_rows():
            days = (day - line.end).days
            if -BEFORE_DAYS <= days <= AFTER_DAYS:
                rows.append({"line": line.label, "days": days, "level": rung + offset, "rung_name": name_rung(rung), "date": say_day(day), "is_present": number == 0})
    scale = alt.Scale(domain=labels, range=[look.ink, *_line_colours(look.stages)][: len(labels)])
    x_axis = alt.Axis(title="days from the day of comparison", grid=False, values=list(range(-BEFORE_DAYS, AFTER_DAYS + 1, 15)), labelExpr="datum.value == 0 ? '0' : format(datum.value, '+d')")
    base = (
        alt.Chart(as_data(rows))
        .mark_line(interpolate="step-after")
        .encode(
            x=alt.X(field="days", type="quantitative", axis=x_axis, scale=alt.Scale(domain=[-BEFORE_DAYS, AFTER_DAYS], nice=False)),
            y=alt.Y(field="level", type="quantitative", axis=rung_axis(), scale=alt.Scale(domain=[LOWEST - 0.4, RUNGS[-1] + 0.4], nice=False, zero=False)),
            color=alt.Color(field="line", type="nominal", scale=scale, legend=alt.Legend(title=None, orient="bottom", columns=2, labelLimit=345, symbolType="stroke")),
            strokeWidth=alt.condition("datum.is_present", alt.value(4), alt.value(1.8)),
            tooltip=as_tooltip(line="dyad and day of comparison", date="day", days="days from it", rung_name="rung"),
        )
    )
    now = alt.Chart(as_data([{}])).mark_rule(color=look.soft, strokeDash=[4, 3]).encode(x=alt.datum(0, type="quantitative"))
    followed = say_number(len(lines) - 1, "precedent")
    title = f"{names[0]} and {names[1]}: {followed} laid over {say_day(lines[0].end)}"
    note = f"Rung by day, for {BEFORE_DAYS} days before the day of comparison (dashed) and up to {AFTER_DAYS} after it. The thick line is the present; lines on one rung are drawn side by side."
    return finish(alt.layer(now, base).properties(width=WIDTH, height=330), look, title, note)


def _line_colours(stages: Any) -> list[str]:
    return [stages[name] for name in ("provocation", "concession", "threat", "rupture", "bargaining", "standoff")]
