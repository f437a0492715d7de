"""How well answers were ranked, day by day."""

from __future__ import annotations

import datetime
from typing import Any

import altair as alt
from altair.typing import ChartType

from detente.charts.style import WIDTH, as_data, as_moment, as_tooltip, day_axis, finish, get_look
from detente.forecasting.backtest_quads import QuadBacktest
from detente.forecasting.backtest_types import TypeBacktest
from detente.wording import say_day


def draw_days(found: QuadBacktest | TypeBacktest, *, dark: bool = False) -> ChartType:
    """A backtest of rankings, of whom or of what -> the mean reciprocal rank of each day's answers, a line for each model."""
    look, models = get_look(dark=dark), list(found.scores)
    rows = [_row(day, model, value) for day, values in found.by_day.items() for model, value in values.items()]
    first, last = found.first_day, found.last_day
    dated = isinstance(first, datetime.date) and isinstance(last, datetime.date)
    axis = day_axis(first, last) if isinstance(first, datetime.date) and isinstance(last, datetime.date) else alt.Axis(title="day", grid=False, tickCount=10, format="d")
    colours = {"ranker": look.a, "counts": look.ink, "recurrency": look.b, "frequency": look.soft}
    scale = alt.Scale(domain=models, range=[colours[model] for model in models])
    drawn = (
        alt.Chart(as_data(rows))
        .mark_line(strokeWidth=2, point=alt.OverlayMarkDef(size=28))
        .encode(
            x=alt.X(field="day", type="temporal" if dated else "quantitative", axis=axis, scale=alt.Scale(zero=False, nice=False, padding=8)),
            y=alt.Y(field="mrr", type="quantitative", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(title="mean reciprocal rank", tickCount=5, domain=False)),
            color=alt.Color(field="model", type="nominal", scale=scale, legend=alt.Legend(title=None, orient="top")),
            tooltip=as_tooltip(shown_day="day", model="model", shown="mean reciprocal rank"),
        )
        .properties(width=WIDTH, height=260)
    )
    whole = ", ".join(f"{model} {scores.mrr.value:.3f}" for model, scores in found.scores.items())
    note = f"{next(iter(found.scores.values())).queries:,} answers, {'each' if isinstance(found, TypeBacktest) else 'both directions, each'} day with all days before it as history; over all days: {whole}."
    asked = "What comes next between two" if isinstance(found, TypeBacktest) else "Who acts on whom"
    return finish(drawn, look, f"{asked}: how high the true answers were ranked", note)


def _row(day: int | datetime.date, model: str, value: float) -> dict[str, Any]:
    is_date = isinstance(day, datetime.date)
    return {"day": as_moment(day) if is_date else day, "shown_day": say_day(day) if is_date else str(day), "model": model, "mrr": round(value, 4), "shown": f"{value:.3f}"}  # type: ignore[arg-type]
