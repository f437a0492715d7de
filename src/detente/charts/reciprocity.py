"""Who answers whom: rates of answers beside chance, and how long one act makes others follow."""

from __future__ import annotations

from typing import Any

import altair as alt
import polars as pl
from altair.typing import ChartType

from detente.analysis.hawkes import Excitation, HawkesFit
from detente.analysis.reciprocity import ANSWER_DAYS, Reciprocity
from detente.charts.style import WIDTH, Look, as_data, as_tooltip, finish, get_look, say_number, side_scale
from detente.errors import InputError
from detente.wording import say_day

MOST_ANSWERS = 9
"""Pairs of act and answer shown for each side."""
KERNEL_DAYS = 21
"""Days for which excitation is drawn; with the half-lives found on ICEWS14 (0.3 to 4 days) all of it is over by then."""
KERNEL_WIDTH = 240
REASONS = {
    "sparse-reports": "The store has reports on too few days to tell who answers whom: rates only, nothing to compare them with.",
    "short-history": "History is too short for a comparison with chance.",
    "few-events": "Too few events for a fit of excitation.",
}


def draw_reciprocity(found: Reciprocity, rates: pl.DataFrame, *, names: tuple[str, str], within_days: int = ANSWER_DAYS, dark: bool = False) -> ChartType:
    """What ``find_reciprocity`` and ``answer_rates`` give -> answers by rate, with their interval and the rate of chance, and the excitation if it was fitted.

    Refused: no act with answers enough for a rate.
    """
    rows = [row for side in ("a", "b") for row in _answer_rows(rates, side, names)]
    if not rows:
        raise InputError(f"reciprocity of {names[0]} and {names[1]}: found no act that was seen often enough for a rate of answers; expected more events")
    look = get_look(dark=dark)
    parts: list[ChartType] = [_draw_rates(part, look, names, within_days, who) for who in names if (part := [row for row in rows if row["side"] == who])]
    fitted = [(kind, fit) for kind, fit in (("hostile", found.hostile), ("friendly", found.friendly)) if fit.a is not None]
    kernels = [_draw_kernel(fit, look, names, kind, with_legend=number == len(fitted)) for number, (kind, fit) in enumerate(fitted, start=1)]
    if kernels:
        parts.append(alt.hconcat(*kernels, spacing=30).resolve_scale(y="independent", color="independent", strokeDash="independent"))
    title = f"{names[0]} and {names[1]}: who answers whom, as known on {say_day(found.at)}"
    note = f"Share of acts (days on which a side acted so) that the other side answered within {within_days} days: mark and 95% interval"
    note += "; the bar is how often the same follows at other times." if any(row["base"] is not None for row in rows) else "."
    reason = found.reason or found.hostile.reason
    return finish(alt.vconcat(*parts, spacing=22).resolve_scale(color="independent", strokeDash="independent"), look, title, note, REASONS.get(reason, ""))


def _answer_rows(rates: pl.DataFrame, side: str, names: tuple[str, str]) -> list[dict[str, Any]]:
    """The answers that speak most: by p-value as the table is sorted, or by rate where there is none."""
    own = rates.filter((pl.col("side") == side) & (pl.col("answered") > 0)).head(MOST_ANSWERS)
    return [
        {
            "side": names[0] if side == "a" else names[1],
            "pair": f"{row['act']} → {row['answer']}",
            "rate": row["rate"],
            "low": row["low"],
            "high": row["high"],
            "base": row["base_rate"],
            "is_sure": row["q_value"] is not None and row["q_value"] < 0.05,
            "lag": "" if row["median_lag_days"] is None else f"{row['median_lag_days']:g} d",
            "share": f"{row['rate']:.0%} ({row['answered']} of {row['occasions']})",
            "chance": "not known" if row["base_rate"] is None else f"{row['base_rate']:.0%}",
            "q": "not known" if row["q_value"] is None else f"{row['q_value']:.2g}",
            "ids": ", ".join([*row["act_ids"][-2:], *row["answer_ids"][-2:]]),
        }
        for row in own.iter_rows(named=True)
    ]


def _draw_rates(rows: list[dict[str, Any]], look: Look, names: tuple[str, str], within_days: int, who: str) -> ChartType:
    other = names[1] if who == names[0] else names[0]
    y = alt.Y(field="pair", type="nominal", sort=[row["pair"] for row in rows], axis=alt.Axis(title=None, labelLimit=230, domain=False, ticks=False, grid=True))
    scale = alt.Scale(domain=[0, 1])
    axis = alt.Axis(title=f"answered within {within_days} days (median lag at the right)", format="%", grid=False, tickCount=5)
    tooltip = as_tooltip(pair="act → answer", share="answered", chance="at other times", lag="median lag", q="q-value", ids="latest acts and answers")
    base = alt.Chart(as_data(rows)).encode(y=y, tooltip=tooltip)
    x = alt.X(field="rate", type="quantitative", scale=scale, axis=axis)
    colour = alt.value(side_scale(look, names).to_dict()["range"][names.index(who)])
    interval = base.mark_rule(strokeWidth=2, opacity=0.6).encode(x=alt.X(field="low", type="quantitative", scale=scale, axis=axis), x2=alt.X2(field="high"), color=colour)
    chance = base.transform_filter("isValid(datum.base)").mark_tick(thickness=3, size=14, color=look.ink).encode(x=alt.X(field="base", type="quantitative", scale=scale, axis=axis))
    point = base.mark_point(size=70, strokeWidth=2, opacity=1).encode(x=x, stroke=colour, fill=alt.condition("datum.is_sure", colour, alt.value(look.background)))
    lag = base.mark_text(align="left", baseline="middle", x=WIDTH - 130 + 8, color=look.soft).encode(text=alt.Text(field="lag", type="nominal"))
    sure = "; filled: more often than by chance" if any(row["is_sure"] for row in rows) else ""
    heading = alt.TitleParams(text=f"{who} acts, {other} answers{sure}", anchor="start", fontSize=12, color=look.ink, offset=4)
    return alt.layer(interval, chance, point, lag).properties(width=WIDTH - 130, height=alt.Step(20), title=heading)


def _draw_kernel(fit: HawkesFit, look: Look, names: tuple[str, str], kind: str, *, with_legend: bool) -> ChartType:
    assert fit.a is not None
    assert fit.b is not None
    curves = [(fit.a, names[0], "its own", fit.a.own.value), (fit.a, names[0], names[1], fit.a.cross.value)]
    curves += [(fit.b, names[1], "its own", fit.b.own.value), (fit.b, names[1], names[0], fit.b.cross.value)]
    labels = [_name_curve(who, after) for _, who, after, _ in curves]
    rows = [_kernel_row(side, who, after, weight, day) for side, who, after, weight in curves for day in range(1, KERNEL_DAYS + 1)]
    x = alt.X(field="day", type="quantitative", axis=alt.Axis(title="days after the act", grid=False), scale=alt.Scale(domain=[1, KERNEL_DAYS], nice=False))
    legend = alt.Legend(title=None, orient="right", symbolType="stroke", symbolSize=250) if with_legend else None
    colour = alt.Color(field="curve", type="nominal", scale=alt.Scale(domain=labels, range=[look.a, look.a, look.b, look.b]), legend=legend)
    dash = alt.StrokeDash(field="curve", type="nominal", scale=alt.Scale(domain=labels, range=[[1, 0], [5, 3]] * 2), legend=legend)
    acts = f"{say_number(fit.a.events, f'{kind} act')} of {names[0]}, {fit.b.events:,} of {names[1]}"
    heading = alt.TitleParams(text=f"{kind.capitalize()} acts that one act brings about", subtitle=acts, anchor="start", fontSize=12, color=look.ink, offset=6)
    drawn: ChartType = (
        alt.Chart(as_data(rows))
        .mark_line(strokeWidth=2)
        .encode(
            x=x,
            y=alt.Y(field="acts", type="quantitative", axis=alt.Axis(title="acts a day", tickCount=4)),
            color=colour,
            strokeDash=dash,
            tooltip=as_tooltip(curve="who, after what", day="days after", shown="acts that day", all="acts in all", half_life="half-life"),
        )
        .properties(width=KERNEL_WIDTH, height=150, title=heading)
    )
    return drawn


def _name_curve(who: str, after: str) -> str:
    return f"{who}, after {'an act' if after != 'its own' else 'one'} of {after}"


def _kernel_row(side: Excitation, who: str, after: str, weight: float, day: int) -> dict[str, Any]:
    fade = 0.5 ** (1 / side.half_life_days.value) if side.half_life_days else 0.0
    acts = weight * (1 - fade) * fade ** (day - 1)
    half = f"{side.half_life_days.value:.1f} days" if side.half_life_days else "nothing is brought about"
    return {"curve": _name_curve(who, after), "day": day, "acts": round(acts, 5), "shown": f"{acts:.3f}", "all": f"{weight:.2f}", "half_life": half}
