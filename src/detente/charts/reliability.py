"""Whether probabilities hold: of the forecasts of each class, how many came true."""

from __future__ import annotations

import datetime
from typing import Any

import altair as alt
from altair.typing import ChartType

from detente.charts.style import QUADS, WIDTH, Look, as_data, as_tooltip, finish, get_look, say_number
from detente.errors import InputError
from detente.forecasting.backtest_dyads import MODEL, DyadBacktest, TargetBacktest
from detente.forecasting.dyad_baselines import DYAD_CLIMATOLOGY
from detente.wording import say_day

SIDE, SMALL_SIDE = 360, 190
"""Pixels of the side of a diagram that stands alone, and of one among several."""
MOST_TARGETS = 9
"""Targets that are drawn, the first ones with figures: three rows of three."""
BARS_SHARE = 0.22
"""Height of the bars below a diagram, of its side."""


def draw_reliability(found: DyadBacktest, *, dark: bool = False) -> ChartType:
    """A backtest of dyads -> a diagram for each target: classes of forecasts by the share that came true, with 95% intervals, and how many there are of each.

    Refused: no target has figures.
    """
    look = get_look(dark=dark)
    told = [target for target in found.targets if not target.reason]
    if not told:
        raise InputError("the reliability of forecasts: found no target with enough data; expected more days or events")
    shown, alone = told[:MOST_TARGETS], len(told) == 1
    panels = [_draw_panel(target, look, SIDE if alone else SMALL_SIDE, with_title=not alone) for target in shown]
    drawn = panels[0] if alone else alt.concat(*panels, columns=WIDTH // SMALL_SIDE, spacing=22)
    kind = "directed" if found.directed else "undirected"
    title = f"How forecasts came true: {say_target(told[0])}" if alone else "How forecasts came true"
    note = f"{say_number(told[0].forecasts, 'forecast')}{'' if alone else ' each,'} of {say_number(len(found.dyads), f'{kind} dyad')}, {say_days(told[0])}.{f' {_sum_up(told[0])}' if alone else ''}"
    how = "Filled marks: the model, by classes of a tenth, with 95% intervals (dyads and weeks resampled); on the dashed line forecasts hold. Rings: the dyad's own climatology."
    more = f"{len(told) - MOST_TARGETS} more targets are not drawn." if len(told) > MOST_TARGETS else ""
    return finish(drawn, look, title, note, how, more)


def name_target(target: TargetBacktest) -> str:
    """A target -> its name in words: verbal conflict for quad:3, rung 4 or higher for rung:4."""
    kind, _, number = target.target.partition(":")
    return {"quad": lambda: QUADS[int(number)], "rung": lambda: f"rung {number.replace('-', '−')} or higher"}.get(kind, lambda: target.target)()


def say_target(target: TargetBacktest) -> str:
    """A target -> its name in words, with its horizon: conflict within 7 days."""
    return f"{name_target(target)} within {say_number(target.horizon_days, 'day')}"


def say_days(target: TargetBacktest) -> str:
    """A target -> the days on which it was forecast."""
    first, last = target.first_day, target.last_day
    if isinstance(first, datetime.date) and isinstance(last, datetime.date):
        return f"{say_day(first)} to {say_day(last)}"
    return f"days {first} to {last}"


def _sum_up(target: TargetBacktest) -> str:
    return f"{target.base_rate:.1%} came true; calibration error {target.scores[MODEL].calibration_error:.3f}."


def _rows(target: TargetBacktest, model: str) -> list[dict[str, Any]]:
    return [
        {
            "model": model,
            "from": row.low,
            "to": row.high,
            "mean": round(row.mean_probability, 4),
            "share": round(row.share, 4),
            "low": round(row.share_low, 4),
            "high": round(row.share_high, 4),
            "forecasts": row.forecasts,
            "class": f"{row.low:.1f} to {row.high:.1f}",
            "shown": f"{row.share:.3f} ({row.share_low:.3f} to {row.share_high:.3f})",
            "said": f"{row.mean_probability:.3f}",
        }
        for row in target.scores[model].reliability
    ]


def _draw_panel(target: TargetBacktest, look: Look, side: int, *, with_title: bool) -> ChartType:
    rows, other = _rows(target, MODEL), _rows(target, DYAD_CLIMATOLOGY)
    scale, ticks = alt.Scale(domain=[0, 1], nice=False), 5 if side == SIDE else 2
    x = alt.X(field="mean", type="quantitative", scale=scale, axis=alt.Axis(title=None, labels=False, ticks=False, format="%", tickCount=ticks))
    y = alt.Y(field="share", type="quantitative", scale=scale, axis=alt.Axis(title="came true", format="%", tickCount=ticks))
    tooltip = as_tooltip(model="forecasts of", said="mean forecast", shown="came true (95%)", forecasts="forecasts", **{"class": "class"})
    base = alt.Chart(as_data(rows)).encode(x=x, tooltip=tooltip)
    ends = [alt.Y(field="low", type="quantitative", scale=scale, axis=alt.Axis(title="came true", format="%", tickCount=ticks)), alt.Y2(field="high")]
    diagonal = alt.Chart(as_data([{"mean": 0, "share": 0}, {"mean": 1, "share": 1}])).mark_line(strokeDash=[4, 4], strokeWidth=1, color=look.soft).encode(x=x, y=y)
    rings = alt.Chart(as_data(other)).mark_point(size=36, strokeWidth=1.5, filled=False, color=look.b, opacity=1).encode(x=x, y=y, tooltip=tooltip)
    upper = alt.layer(
        diagonal,
        base.mark_rule(strokeWidth=2, opacity=0.55, color=look.a).encode(*ends),
        base.mark_line(strokeWidth=1.5, color=look.a).encode(y=y),
        rings,
        base.mark_point(size=46, filled=True, color=look.a, opacity=1).encode(y=y),
    ).properties(width=side, height=side)
    lower = (
        alt.Chart(as_data(rows))
        .mark_bar(color=look.a, opacity=0.8)
        .encode(
            x=alt.X(field="from", type="quantitative", scale=scale, axis=alt.Axis(title="forecast", format="%", tickCount=ticks, grid=False)),
            x2=alt.X2(field="to"),
            y=alt.Y(
                field="forecasts", type="quantitative", scale=alt.Scale(type="symlog", nice=False), axis=alt.Axis(title="forecasts", values=_ticks(rows), grid=False, format=",d")
            ),
            y2=alt.Y2(datum=0),
            tooltip=tooltip,
        )
        .properties(width=side, height=round(side * BARS_SHARE))
    )
    drawn = alt.vconcat(upper, lower, spacing=6)
    if not with_title:
        return drawn
    return drawn.properties(title=alt.TitleParams(text=say_target(target), subtitle=_sum_up(target), anchor="start", fontSize=12, color=look.ink, offset=6))


def _ticks(rows: list[dict[str, Any]]) -> list[int]:
    """Powers of ten up to the largest class, every second one if there are many: a scale from 0 that shows classes of ten beside those of thousands."""
    powers = [10**n for n in range(1, 9) if 10**n <= max(row["forecasts"] for row in rows)]
    return [0, *(powers if len(powers) < 3 else powers[::-2][::-1])]
