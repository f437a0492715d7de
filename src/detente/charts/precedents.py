"""Precedents laid over the present: the rung of each by days from the day of comparison."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import altair as alt
import polars as pl
from altair.typing import ChartType

from detente.analysis.ladder import track_rungs
from detente.analysis.precedents import Precedent
from detente.charts.style import RUNGS, WIDTH, as_data, as_tooltip, finish, get_look, name_rung, rung_axis, say_number
from detente.codebook.ladder import LOWEST
from detente.errors import InputError
from detente.exchange.crosswalk import country_name
from detente.wording import say_day

MOST_LINES = 6
"""Precedents that can be told apart when laid over each other."""
BEFORE_DAYS, AFTER_DAYS = 60, 90
"""Days shown before and after the day of comparison; a window is 28 days, outcomes are told for up to 90."""


class Line(NamedTuple):
    """The rungs of a dyad around a day of comparison. ``track`` as of ``track_rungs``; ``end``: the last day of its window; ``label`` names it."""

    label: str
    end: datetime.date
    track: pl.DataFrame


def trace_precedents(dyad: pl.DataFrame, precedents: Sequence[tuple[Precedent, pl.DataFrame]], at: datetime.date) -> list[Line]:
    """A dyad's events and precedents with those of their dyads (with ``side``) -> the lines to draw, the present one first; nothing after ``at``."""
    lines = [Line(f"now: {say_day(at)}", at, track_rungs(dyad, at, since=at - datetime.timedelta(days=BEFORE_DAYS)))]
    for found, dyad in precedents[:MOST_LINES]:
        window = found.window
        until = min(at, window.end + datetime.timedelta(days=AFTER_DAYS))
        track = track_rungs(dyad, until, since=window.end - datetime.timedelta(days=BEFORE_DAYS))
        lines.append(Line(f"{country_name(window.first)} and {country_name(window.second)}, {say_day(window.end)} ({found.similarity:.0%} alike)", window.end, track))
    return lines


def draw_precedents(lines: Sequence[Line], *, names: tuple[str, str], dark: bool = False) -> ChartType:
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
    x_axis = alt.Axis(
        title="days from the day of comparison", grid=False, values=list(range(-BEFORE_DAYS, AFTER_DAYS + 1, 15)), labelExpr="datum.value == 0 ? '0' : format(datum.value, '+d')"
    )
    base = (
        alt.Chart(as_data(rows))
        .mark_line(interpolate="step-after")
        .encode(
            x=alt.X(field="days", type="quantitative", axis=x_axis, scale=alt.Scale(domain=[-BEFORE_DAYS, AFTER_DAYS], nice=False)),
            y=alt.Y(field="level", type="quantitative", axis=rung_axis(), scale=alt.Scale(domain=[LOWEST - 0.4, RUNGS[-1] + 0.4], nice=False, zero=False)),
            color=alt.Color(field="line", type="nominal", scale=scale, legend=alt.Legend(title=None, orient="bottom", columns=1, labelLimit=600, symbolType="stroke")),
            strokeWidth=alt.condition("datum.is_present", alt.value(4), alt.value(1.8)),
            tooltip=as_tooltip(line="dyad and day of comparison", date="day", days="days from it", rung_name="rung"),
        )
    )
    now = alt.Chart(as_data([{}])).mark_rule(color=look.soft, strokeDash=[4, 3]).encode(x=alt.datum(0, type="quantitative"))
    followed = say_number(len(lines) - 1, "precedent")
    title = f"{names[0]} and {names[1]}: {followed} laid over {say_day(lines[0].end)}"
    note = f"Rung by day, for {BEFORE_DAYS} days before the day of comparison (dashed) and up to {AFTER_DAYS} after it. The thick line is the present; lines on one rung are drawn side by side."
    return finish(alt.layer(now, base).properties(width=WIDTH, height=330), look, title, note)


def _line_colours(stages: Mapping[str, str]) -> list[str]:
    return [stages[name] for name in ("provocation", "concession", "threat", "rupture", "bargaining", "standoff")]
