"""How far up the ladder each side stood, day by day, with the events that brought it there."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

import altair as alt
import polars as pl
from altair.typing import ChartType

from detente.charts.marks import TOOLTIP, Stands, choose_span, make_marks, span_of
from detente.charts.style import RUNGS, WIDTH, as_data, as_moment, as_tooltip, day_axis, finish, get_look, rung_axis, say_rung, side_scale
from detente.codebook.ladder import LOWEST
from detente.errors import InputError
from detente.wording import say_day

APART = 0.13
"""Rungs by which the two sides are drawn apart where they stand on the same one."""


def draw_ladder(
    track: pl.DataFrame, dyad: pl.DataFrame, *, names: tuple[str, str], most_marks: int | None = None, link: Callable[[Stands], str] | None = None, dark: bool = False
) -> ChartType:
    """The track of a dyad (``track_rungs``) and its events (with ``side``) -> each side's way on the ladder, with the events as marks.

    Events outside of the track's days are left out. ``most_marks``: with more, a mark stands for a week, a month, a quarter or a year; ``link``: where a click on one leads. Refused: a track without days.
    """
    if track.is_empty():
        raise InputError(f"ladder of {names[0]} and {names[1]}: found no event in these days; expected at least one")
    look = get_look(dark=dark)
    first, last = track["day"][0], track["day"][-1]
    margin = datetime.timedelta(days=max(1, (last - first).days // 100))
    shown = dyad.filter(pl.col("day").is_between(first, last) & pl.col("precision").is_in(["day", "week"]))
    span = span_of(first, last) if most_marks is None else choose_span(shown, most_marks)
    marks = [m | {"level": m["rung"] + (APART if m["side"] == names[0] else -APART)} for m in make_marks(shown, names, span=span, link=link)]
    x = alt.X(field="day", type="temporal", axis=day_axis(first, last), scale=alt.Scale(domain=[as_moment(first - margin), as_moment(last + datetime.timedelta(days=1) + margin)]))
    scale = alt.Scale(domain=[LOWEST - 0.4, RUNGS[-1] + 0.4], nice=False, zero=False)
    y = alt.Y(field="level", type="quantitative", axis=rung_axis(), scale=scale)
    colour = alt.Color(field="side", type="nominal", scale=side_scale(look, names), legend=alt.Legend(title=None, orient="top", symbolType="circle"))
    shape = alt.Shape(field="side", type="nominal", scale=alt.Scale(domain=list(names), range=["circle", "triangle-up"]), legend=alt.Legend(title=None, orient="top"))
    zero = alt.Chart(as_data([{}])).mark_rule(color=look.soft, strokeWidth=1).encode(y=alt.YDatum(0, type="quantitative", axis=rung_axis(), scale=scale))
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
            description=alt.Description(field="said", type="nominal"),
        )
    )
    if link:
        points = points.encode(href=alt.Href(field="href", type="nominal"))
    ends = track.row(-1, named=True)
    higher = "both equally high" if ends["rung_a"] == ends["rung_b"] else f"{names[0] if ends['rung_a'] > ends['rung_b'] else names[1]} higher"
    title = f"{names[0]} and {names[1]} on {say_day(last)}: rung {say_rung(ends['rung'])}"
    note = f"How far up the ladder each side stands by its own acts (lines) and its events (marks, larger for several events), from {say_day(first)}; at the end {higher}."
    return finish(alt.layer(zero, lines, points).properties(width=WIDTH, height=360), look, title, note)


def _steps(track: pl.DataFrame, names: tuple[str, str]) -> list[dict[str, Any]]:
    """A row a day -> the rows at which a side's rung changes, and the ends."""
    rows = []
    for column, name, offset in (("rung_a", names[0], APART), ("rung_b", names[1], -APART)):
        changes = track.filter((pl.col(column) != pl.col(column).shift()).fill_null(value=True) | (pl.int_range(pl.len()) == pl.len() - 1))
        rows += [{"day": as_moment(day), "side": name, "level": rung + offset} for day, rung in changes.select("day", column).iter_rows()]
        rows.append({"day": as_moment(track["day"][-1] + datetime.timedelta(days=1)), "side": name, "level": track[column][-1] + offset})
    return rows
