"""The last days of a dyad, a line each: on which rungs who acted, and what happened in words."""

from __future__ import annotations

from typing import Any

import altair as alt
import polars as pl
from altair.typing import ChartType

from detente.charts.marks import TOOLTIP, make_marks
from detente.charts.style import RUNGS, as_data, as_tooltip, cut, finish, get_look, say_number, side_scale
from detente.codebook.ladder import LOWEST
from detente.errors import InputError
from detente.wording import say_day

TIMELINE_DAYS = 25
"""Days with events that a timeline shows: a page of them."""
LINE_CHARS = 86
"""Characters of an event's words on a line of the timeline."""
MARKS_WIDTH, WORDS_WIDTH = 210, 520
"""Pixels of the two halves of a timeline."""
MARKS_APART = 0.25
"""Rungs by which the two sides are drawn apart where they stand on the same one."""


def draw_timeline(dyad: pl.DataFrame, *, names: tuple[str, str], days: int = TIMELINE_DAYS, dark: bool = False) -> ChartType:
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
    x_axis = alt.Axis(
        title="rung of the ladder (cooperation below 0, conflict above)", orient="top", values=list(RUNGS), format="d", grid=False, titlePadding=8, labelOverlap=False
    )
    scale = alt.Scale(domain=[LOWEST - 0.5, RUNGS[-1] + 0.5], nice=False)
    x = alt.X(field="level", type="quantitative", axis=x_axis, scale=scale)
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
    zero = alt.Chart(as_data([{}])).mark_rule(color=look.soft).encode(x=alt.XDatum(0, type="quantitative", axis=x_axis, scale=scale))
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
