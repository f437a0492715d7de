"""How much better than each baseline a model is, target by target."""

from __future__ import annotations

from typing import Any

import altair as alt
from altair.typing import ChartType

from detente.charts.reliability import name_target, say_days, say_target
from detente.charts.style import WIDTH, as_data, as_tooltip, finish, get_look, say_number
from detente.errors import InputError
from detente.forecasting.backtest_dyads import DyadBacktest, TargetBacktest
from detente.forecasting.dyad_baselines import CLIMATOLOGY, DYAD_CLIMATOLOGY, PERSISTENCE, RECENT

SHOWN = (CLIMATOLOGY, DYAD_CLIMATOLOGY, PERSISTENCE, RECENT)
SHAPES = ("circle", "square", "triangle-up", "diamond")
STEP = 9
"""Pixels of height for each baseline of a target."""
LEAST_SKILL = -0.6
"""What is worse than this is cut off at the edge: a rare target can have an interval down to any depth."""


def draw_skill(found: DyadBacktest, *, dark: bool = False) -> ChartType:
    """A backtest of dyads -> for each target the Brier skill over each baseline with its 95% interval, in the order in which targets were asked for.

    Refused: no target has figures.
    """
    look = get_look(dark=dark)
    told = [target for target in found.targets if not target.reason]
    if not told:
        raise InputError("the skill of forecasts: found no target with enough data; expected more days or events")
    rows = [row for target in told for row in _rows(target)]
    names = [_name_row(target) for target in told]
    least = max(LEAST_SKILL, min(-0.05, *(row["low"] for row in rows)))
    most = min(1.0, max(0.1, *(row["high"] for row in rows)) + 0.02)
    axis = alt.Axis(title="Brier skill: 0 as good as the baseline, 1 without error", tickCount=8, format=".1f")
    scale = alt.Scale(domain=[least, most], nice=False, clamp=True)
    x = alt.X(field="skill", type="quantitative", scale=scale, axis=axis)
    y = alt.Y(
        field="target", type="nominal", sort=names, axis=alt.Axis(title=None, labelLimit=300, domain=False, ticks=False), scale=alt.Scale(paddingInner=0.25, paddingOuter=0.1)
    )
    offset = alt.YOffset(field="baseline", type="nominal", sort=list(SHOWN))
    domain = list(SHOWN)
    legend = alt.Legend(title="skill over", orient="top", symbolSize=60)
    colour = alt.Color(field="baseline", type="nominal", scale=alt.Scale(domain=domain, range=list(look.quads)), legend=legend)
    shape = alt.Shape(field="baseline", type="nominal", scale=alt.Scale(domain=domain, range=list(SHAPES)), legend=legend)
    tooltip = as_tooltip(target="target", baseline="over", shown="skill (95%)", rate="came true")
    base = alt.Chart(as_data(rows)).encode(y=y, yOffset=offset, color=colour, tooltip=tooltip)
    interval = base.mark_rule(strokeWidth=2, opacity=0.7).encode(x=alt.X(field="low", type="quantitative", scale=scale, axis=axis), x2=alt.X2(field="high"))
    point = base.mark_point(size=40, filled=True, opacity=1).encode(x=x, shape=shape)
    zero = alt.Chart(as_data([{"skill": 0}])).mark_rule(color=look.ink, strokeWidth=1).encode(x=x)
    drawn = alt.layer(zero, interval, point).properties(width=WIDTH - 170, height=alt.Step(STEP, **{"for": "offset"}))
    kind = "directed" if found.directed else "undirected"
    note = f"{say_number(told[0].forecasts, 'forecast')} of {say_number(len(found.dyads), f'{kind} dyad')}, {say_days(told[0])}; in brackets, how many came true. Lines: 95% intervals, dyads and weeks resampled."
    without = [say_target(target) for target in found.targets if target.reason]
    return finish(drawn, look, "Skill of dyad forecasts over the baselines", note, f"Too few events or days: {', '.join(without)}." if without else "")


def _name_row(target: TargetBacktest) -> str:
    return f"{name_target(target)}, {target.horizon_days} d ({target.base_rate:.1%})"


def _rows(target: TargetBacktest) -> list[dict[str, Any]]:
    return [
        {
            "target": _name_row(target),
            "baseline": name,
            "skill": round(skill.value, 4),
            "low": round(skill.low, 4),
            "high": round(skill.high, 4),
            "shown": f"{skill.value:+.3f} ({skill.low:+.3f} to {skill.high:+.3f})",
            "rate": f"{target.base_rate:.1%}",
        }
        for name in SHOWN
        if (skill := target.skill.get(name)) is not None
    ]
