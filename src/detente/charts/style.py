"""How all charts look: colours, fonts, sizes, titles. The only place that knows a colour."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from detente.codebook.ladder import HIGHEST, LOWEST, load_ladder
from detente.errors import MissingExtraError

try:
    import altair as alt
    from altair.typing import ChartType
except ImportError as error:
    raise MissingExtraError("charts: found no altair; to install it: pip install 'detente[charts]'") from error

WIDTH = 680
"""Pixels of a chart's inner width: fits a page of A4 and a column of a screen."""
FONT = "Arial, Helvetica, 'Liberation Sans', 'DejaVu Sans', sans-serif"
FEW_DAYS = 20
"""Up to so many days each has a tick of its own."""
RUNG_NAMES_WIDTH = 158
"""Pixels kept for the names of the rungs: an SVG is measured in Arial, but shown in what the reader has, which may be wider."""
RUNGS = range(LOWEST, HIGHEST + 1)
QUADS: Mapping[int, str] = {1: "verbal cooperation", 2: "material cooperation", 3: "verbal conflict", 4: "material conflict"}


class Look(NamedTuple):
    """The colours of a chart. ``a`` and ``b`` are the two sides; ``rungs`` from the lowest to the highest; ``intensity`` from conflict to cooperation."""

    background: str
    ink: str
    soft: str
    grid: str
    land: str
    border: str
    a: str
    b: str
    quads: tuple[str, ...]
    rungs: tuple[str, ...]
    intensity: tuple[str, ...]
    stages: Mapping[str, str]


LIGHT = Look(
    background="#ffffff",
    ink="#1f2328",
    soft="#59636e",
    grid="#e4e7eb",
    land="#e3e5e8",
    border="#ffffff",
    a="#0072b2",
    b="#d55e00",
    quads=("#7fb8e0", "#08519c", "#fdb462", "#b93c02"),
    rungs=("#08519c", "#2f7fbf", "#6baed6", "#a5cfe6", "#b5b8bc", "#fbdc8a", "#fdc04a", "#f99a29", "#e8730f", "#c94c04", "#993404", "#662506", "#360f02"),
    intensity=("#993404", "#f0882a", "#c9ccd0", "#6baed6", "#08519c"),
    stages={
        "calm": "#d5d8dc",
        "grievance": "#f5e663",
        "threat": "#f0a320",
        "rupture": "#d68ab1",
        "provocation": "#c2410c",
        "standoff": "#5b1a45",
        "bargaining": "#7cc4ee",
        "concession": "#0b62a4",
    },
)
DARK = Look(
    background="#14181d",
    ink="#e8eaed",
    soft="#a3abb5",
    grid="#2b323a",
    land="#2f363e",
    border="#14181d",
    a="#56b4e9",
    b="#f08a3c",
    quads=("#3f7fb5", "#9bd1f7", "#a8691d", "#ffb454"),
    rungs=("#a3d4f5", "#6aaedd", "#4486b8", "#305f85", "#6f7680", "#6b4413", "#8a5512", "#ad6813", "#d07e18", "#f09a2e", "#fbb75a", "#fdd58f", "#fff2d2"),
    intensity=("#ffb454", "#b8742a", "#7b838c", "#4a8fc4", "#9bd1f7"),
    stages={
        "calm": "#3a424b",
        "grievance": "#f5e663",
        "threat": "#e08e0b",
        "rupture": "#d68ab1",
        "provocation": "#d9480f",
        "standoff": "#7a3fa0",
        "bargaining": "#8fd3f8",
        "concession": "#2f7fc1",
    },
)
"""Dark is no mirror of light: what is farther from routine is darker on white and brighter on black. Neighbours in a scale differ in lightness, so
that they can be told apart without colour; blue against orange is seen alike by those who see no red or no green (tests/test_charts_style.py)."""


def get_look(*, dark: bool) -> Look:
    """Whether the ground is dark -> the colours."""
    return DARK if dark else LIGHT


def finish(chart: ChartType, look: Look, title: str, *notes: str) -> ChartType:
    """A bare chart -> the same with its title, the lines below it, and the look."""
    subtitle = [line for note in notes if note for line in wrap(note)]
    finished: ChartType = (
        chart.properties(title=alt.TitleParams(text=wrap(title, 84), subtitle=subtitle), padding={"left": 14, "top": 14, "right": 26, "bottom": 14})
        .configure(background=look.background, font=FONT)
        .configure_view(stroke=None)
        .configure_title(anchor="start", color=look.ink, subtitleColor=look.soft, fontSize=15, subtitleFontSize=11.5, subtitleLineHeight=15, offset=14, subtitlePadding=6)
        .configure_axis(
            labelColor=look.ink, titleColor=look.soft, gridColor=look.grid, domainColor=look.soft, tickColor=look.soft, labelFontSize=11, titleFontSize=11, titleFontWeight="normal"
        )
        .configure_header(labelColor=look.ink, titleColor=look.soft)
        .configure_legend(labelColor=look.ink, titleColor=look.soft, labelFontSize=11, titleFontSize=11, titleFontWeight="normal", labelLimit=220, symbolStrokeWidth=1.5)
        .configure_text(color=look.ink, fontSize=11)
    )
    return finished


def wrap(text: str, width: int = 122) -> list[str]:
    """A text -> its lines, none longer than ``width`` characters unless a word is."""
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def cut(text: str, most: int) -> str:
    """A text -> its first characters, with an ellipsis if there were more."""
    clean = " ".join(text.split())
    return clean if len(clean) <= most else clean[: most - 1].rstrip() + "…"


def say_number(number: int, noun: str) -> str:
    """A number and a noun -> 1 event, 2 events."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def name_rung(rung: int) -> str:
    """A rung -> its number and name: 5 force without deaths."""
    return f"{rung} {load_ladder().rungs[rung].name}".replace("-", "−", 1)


def say_rung(rung: int) -> str:
    """A rung -> its number and name in a sentence: 5, force without deaths."""
    return name_rung(rung).replace(" ", ", ", 1)


def as_moment(day: datetime.date) -> str:
    """A day -> how charts read it: midnight where the reader is. A bare date would be taken as midnight in Greenwich, the day before in America."""
    return f"{day.isoformat()}T00:00:00"


def as_data(rows: Sequence[Mapping[str, Any]]) -> alt.InlineData:
    """Rows -> the data of a chart, in the chart itself."""
    data = alt.InlineData(values=[])
    # set afterwards, so that they are checked with the whole chart only, and a tuple, which Altair does not copy at each step: a quarter of the time for 2,000 rows
    data["values"] = tuple(rows)
    return data


def day_axis(first: datetime.date, last: datetime.date, *, labels: bool = True) -> alt.Axis:
    """The axis of the days from first to last; ``labels`` false for the upper ones of a stack of charts. No tick is finer than a day."""
    if (last - first).days <= FEW_DAYS:
        return alt.Axis(title=None, grid=False, labels=labels, ticks=labels, domain=labels, labelOverlap=True, tickCount="day", format="%-d %b")
    return alt.Axis(title=None, grid=False, labels=labels, ticks=labels, domain=labels, labelOverlap=True, labelFlush=False, tickCount=10)


def day_scale(first: datetime.date, end: datetime.date) -> alt.Scale:
    """The scale of the days from first up to the end, which is not in it any more."""
    return alt.Scale(domain=[as_moment(first), as_moment(end)])


def rung_axis() -> alt.Axis:
    """The axis of the ladder, each rung by number and name."""
    names = json.dumps([name_rung(rung) for rung in RUNGS], ensure_ascii=False)
    return alt.Axis(
        title=None,
        values=list(RUNGS),
        labelExpr=f"{names}[datum.value + {-LOWEST}]",
        labelLimit=200,
        labelOverlap=False,
        minExtent=RUNG_NAMES_WIDTH,
        grid=True,
        domain=False,
        ticks=False,
    )


def rung_scale(look: Look, present: Sequence[int]) -> alt.Scale:
    """The rungs that a chart shows -> the scale of their colours, by name."""
    shown = sorted(set(present))
    return alt.Scale(domain=[name_rung(rung) for rung in shown], range=[look.rungs[rung - LOWEST] for rung in shown])


def side_scale(look: Look, names: tuple[str, str]) -> alt.Scale:
    """The names of the sides -> the scale of their colours."""
    return alt.Scale(domain=list(names), range=[look.a, look.b])


def as_tooltip(**fields: str) -> list[alt.Tooltip]:
    """Fields with their titles -> a tooltip that shows them as they are written."""
    return [alt.Tooltip(field=field, title=title, type="nominal") for field, title in fields.items()]
