"""What passed between a dyad week by week: rungs, counts or intensity by quad class as told and corrected, and the stages of the cycle."""

from __future__ import annotations

import datetime
from typing import Any, Literal

import altair as alt
import polars as pl
from altair.typing import ChartType

from detente.analysis.cycle import StageNow
from detente.charts.style import QUADS, WIDTH, Look, as_data, as_moment, as_tooltip, day_axis, day_scale, finish, get_look, name_rung, rung_scale, say_number
from detente.codebook.cycle import STAGES
from detente.errors import InputError
from detente.wording import say_day

Measure = Literal["events", "intensity"]
Period = Literal["day", "week", "month"]
Days = tuple[datetime.date, datetime.date]
MOST_WEEKS = 160
"""More weeks than this are drawn as months: a bar of a week would be thinner than four pixels."""
ENDS: dict[Period, str] = {"day": "1d", "week": "1w", "month": "1mo"}
DRAWN_FROM = 0.002
"""A stage less probable than this in all weeks is not in the legend: nobody could see it."""


def period_for(first: datetime.date, last: datetime.date) -> Period:
    """The days that a chart shows -> the period of its bars."""
    return "month" if (last - first).days > 7 * MOST_WEEKS else "week"


def draw_series(series: pl.DataFrame, track: pl.DataFrame, *, names: tuple[str, str], by: Period, measure: Measure = "events", dark: bool = False) -> ChartType:
    """A series by quad class (``make_series(kind="quad", volume=...)``) and the dyad's track -> its rung, events as told, and corrected for volume.

    Conflict is drawn upwards and cooperation downwards, in both measures. Without the columns of a volume the corrected series is left out. Refused: a series without events.
    """
    if series.is_empty() or not series["events"].sum():
        raise InputError(f"series of {names[0]} and {names[1]}: found no event in these days; expected at least one")
    look = get_look(dark=dark)
    start, end = series["period"].min(), series.select(pl.col("period").max().dt.offset_by(ENDS[by])).item()
    assert isinstance(start, datetime.date)
    days = (start, end)
    value, corrected, unit = ("events", "corrected", "events") if measure == "events" else ("score_sum", "score_corrected", "PLOVER intensity")
    has_volume = corrected in series.columns
    parts = [_draw_rungs(track, look, days), _draw_bars(series, value, by, look, days, f"{unit} a {by}", last=not has_volume)]
    if has_volume:
        parts.append(_draw_bars(series, corrected, by, look, days, f"{unit}, corrected", last=True))
    total = say_number(int(series["events"].sum()), "event")
    shown_from = max(start, track["day"][0]) if track.height else start
    title = f"{names[0]} and {names[1]}: {total} from {say_day(shown_from)} to {say_day(track['day'][-1] if track.height else end)}"
    note = "Top: the rung of the dyad by day. Below: " + (
        f"events of each quad class by {by}" if measure == "events" else f"intensity summed over events by {by} (PLOVER scores: −10 conflict, 10 cooperation)"
    )
    note += "; conflict upwards, cooperation downwards."
    if has_volume:
        note += f" Corrected: as it would be had each {by} had the mean number of reported events; blank where nothing at all was reported."
    return finish(alt.vconcat(*parts, spacing=14).resolve_scale(color="independent"), look, title, note)


def _draw_rungs(track: pl.DataFrame, look: Look, days: Days) -> ChartType:
    spans = track.with_columns(spell=(pl.col("rung") != pl.col("rung").shift()).fill_null(value=True).cum_sum()).group_by("spell", maintain_order=True)
    rows = [
        {
            "from": as_moment(first),
            "to": as_moment(last + datetime.timedelta(days=1)),
            "zero": 0,
            "rung": rung,
            "rung_name": name_rung(rung),
            "span": say_day(first) if first == last else f"{say_day(first)} to {say_day(last)}",
        }
        for _, first, last, rung in spans.agg(pl.col("day").min().alias("first"), pl.col("day").max().alias("last"), pl.col("rung").first()).iter_rows()
    ]
    drawn: ChartType = (
        alt.Chart(as_data(rows))
        .mark_rect(stroke=None)
        .encode(
            x=alt.X(field="from", type="temporal", axis=day_axis(*days, labels=False), scale=day_scale(*days)),
            x2=alt.X2(field="to"),
            y=alt.Y(
                field="zero",
                type="quantitative",
                axis=alt.Axis(title="rung", values=[-4, 0, 4, 8], format="d", domain=False, ticks=False),
                scale=alt.Scale(domain=[-4, 8], nice=False),
            ),
            y2=alt.Y2(field="rung"),
            color=alt.Color(field="rung_name", type="nominal", scale=rung_scale(look, [row["rung"] for row in rows]), legend=None),
            tooltip=as_tooltip(rung_name="rung", span="days"),
        )
        .properties(width=WIDTH, height=90)
    )
    return drawn


def _draw_bars(series: pl.DataFrame, value: str, by: Period, look: Look, days: Days, title: str, *, last: bool) -> ChartType:
    """Bars stacked from 0: conflict up, cooperation down; material acts stand outside of words."""
    rows = []
    for (period,), part in series.group_by("period", maintain_order=True):
        assert isinstance(period, datetime.date)
        end = pl.Series([period]).dt.offset_by(ENDS[by])[0]
        given = {int(row["kind"]): row for row in part.iter_rows(named=True)}
        for way, quads in ((1, (3, 4)), (-1, (1, 2))):
            level = 0.0
            for quad in quads:
                row = given.get(quad)
                if row is None or not row["events"] or row[value] is None:
                    continue
                size = abs(float(row[value])) * way
                rows.append(
                    {
                        "from": as_moment(period),
                        "to": as_moment(end),
                        "low": level,
                        "high": level + size,
                        "quad": QUADS[quad],
                        "events": row["events"],
                        "value": f"{float(row[value]):,.1f}".removesuffix(".0").replace("-", "−"),
                        "span": say_day(period) if by == "day" else f"{by} from {say_day(period)}",
                    }
                )
                level += size
    scale = alt.Scale(domain=[QUADS[quad] for quad in (4, 3, 1, 2)], range=[look.quads[quad - 1] for quad in (4, 3, 1, 2)])
    # only the axis of a series of scores has signs that mean something: PLOVER's are below 0 for conflict, which is drawn upwards
    label = "format(-datum.value, 'd')" if value.startswith("score") else "format(abs(datum.value), '~r')"
    axis = alt.Axis(title=title, labelExpr=f"datum.value == 0 ? '0' : {label}", tickMinStep=1, tickCount=6)
    bars = (
        alt.Chart(as_data(rows))
        .mark_rect(stroke=look.background, strokeWidth=0.4)
        .encode(
            x=alt.X(field="from", type="temporal", axis=day_axis(*days, labels=last), scale=day_scale(*days)),
            x2=alt.X2(field="to"),
            y=alt.Y(field="low", type="quantitative", axis=axis),
            y2=alt.Y2(field="high"),
            color=alt.Color(field="quad", type="nominal", scale=scale, legend=None if last and title.endswith("corrected") else alt.Legend(title="quad class")),
            tooltip=as_tooltip(span="when", quad="quad class", value=title, events="events as told"),
        )
    )
    zero = alt.Chart(as_data([{}])).mark_rule(color=look.soft).encode(y=alt.datum(0, type="quantitative"))
    return alt.layer(bars, zero).properties(width=WIDTH, height=150)


def draw_cycle(weeks: pl.DataFrame, now: StageNow, *, names: tuple[str, str], since: datetime.date | None = None, dark: bool = False) -> ChartType:
    """The weeks of a fitted cycle (``cycle_weeks``) and the stage that is named -> how probable each stage is, week by week, over the number of events.

    Refused: no weeks.
    """
    shown = weeks.filter(pl.col("week_end") >= since) if since else weeks
    if shown.is_empty() or now.reason == "few-events":
        raise InputError(f"cycle of {names[0]} and {names[1]}: found {say_number(now.events, 'event')} up to {now.at}; expected more to tell a stage by")
    look = get_look(dark=dark)
    rows = _stack(shown)
    probable = [stage for stage in STAGES if any(row["stage"] == stage and row["probability"] >= DRAWN_FROM for row in rows)]
    scale = alt.Scale(domain=probable, range=[look.stages[stage] for stage in probable])
    days = (shown["week_start"][0], shown["week_end"][-1] + datetime.timedelta(days=1))
    areas = (
        alt.Chart(as_data([row for row in rows if row["stage"] in probable]))
        # a stroke of the same colour closes the hairs of light between neighbours
        .mark_rect(strokeWidth=0.7)
        .encode(
            x=alt.X(field="from", type="temporal", axis=day_axis(*days, labels=False), scale=day_scale(*days)),
            x2=alt.X2(field="to"),
            y=alt.Y(field="low", type="quantitative", axis=alt.Axis(title="probability", format="%", tickCount=4), scale=alt.Scale(domain=[0, 1])),
            y2=alt.Y2(field="high"),
            color=alt.Color(field="stage", type="nominal", scale=scale, legend=alt.Legend(title="stage", symbolType="square")),
            stroke=alt.Stroke(field="stage", type="nominal", scale=scale, legend=None),
            tooltip=as_tooltip(week="week", stage="stage", share="probability, in hindsight", then="probability, as known then", events="events of the week"),
        )
        .properties(width=WIDTH, height=240)
    )
    bars = (
        alt.Chart(as_data([row for row in rows if row["stage"] == STAGES[0]]))
        .mark_rect(color=look.soft, stroke=None)
        .encode(
            x=alt.X(field="from", type="temporal", axis=day_axis(*days), scale=day_scale(*days)),
            x2=alt.X2(field="to"),
            y=alt.Y(field="none", type="quantitative", axis=alt.Axis(title="events a week", tickCount=3, tickMinStep=1)),
            y2=alt.Y2(field="events"),
            tooltip=as_tooltip(week="week", events="events"),
        )
        .properties(width=WIDTH, height=60)
    )
    title = f"{names[0]} and {names[1]} on {say_day(now.at)}: " + (f"{now.stage}, {now.probability:.0%}" if now.stage else f"no stage can be named ({now.reason})")
    rests = f"The model rests on {say_number(now.events, 'event')}."
    return finish(
        alt.vconcat(areas, bars, spacing=12),
        look,
        title,
        f"How probable each stage of the cycle is by week, in hindsight from {say_day(now.at)}; below, the events that say so. {rests}",
    )


def _stack(weeks: pl.DataFrame) -> list[dict[str, Any]]:
    """A row per week and stage, with the part of the week's bar that is the stage's."""
    levels: dict[datetime.date, float] = {}
    rows = []
    for row in weeks.iter_rows(named=True):
        start, end = row["week_start"], row["week_end"]
        low = levels.get(start, 0.0)
        levels[start] = low + row["smoothed"]
        rows.append(
            {
                "from": as_moment(start),
                "to": as_moment(end + datetime.timedelta(days=1)),
                "low": round(low, 4),
                "high": round(levels[start], 4),
                "none": 0,
                "stage": row["stage"],
                "probability": row["smoothed"],
                "share": f"{row['smoothed']:.0%}",
                "then": f"{row['filtered']:.0%}",
                "events": row["events"],
                "week": f"{say_day(start)} to {say_day(end)}",
            }
        )
    return rows
