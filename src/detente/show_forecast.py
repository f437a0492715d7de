"""What a backtest found -> lines for a terminal, and a chart."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from detente.forecasting.backtest_dyads import DyadBacktest, TargetBacktest
    from detente.forecasting.backtest_quads import QuadBacktest
    from detente.forecasting.evaluation import Interval

COLOURS = {"ranker": "#1f5fa8", "recurrency": "#c2571a", "frequency": "#777777"}
WIDTH, HEIGHT = 640, 300
LEFT, TOP, RIGHT, BOTTOM = 50, 40, 620, 240


def backtest_lines(found: QuadBacktest) -> Iterator[str]:
    """A backtest on benchmark files -> what was asked, the table of models, the table of kinds of answers, time and memory."""
    queries = next(iter(found.scores.values())).queries
    yield f"{queries:,} queries, both directions, of days {found.first_day} to {found.last_day}; {found.history:,} events before them; {found.entities:,} entities, {found.relations} relations"
    yield "single-step, time-aware filter, ties at their mean rank; intervals: 95%, days resampled"
    yield ""
    yield f"{'':12}{'MRR':24}{'Hits@1':>8}{'Hits@3':>8}{'Hits@10':>9}"
    for model, scores in found.scores.items():
        hits = "".join(f"{interval.value:>{width}.3f}" for interval, width in zip(scores.hits.values(), (8, 8, 9), strict=True))
        yield f"{model:12}{_with_interval(scores.mrr):24}{hits}"
    yield ""
    yield f"{'MRR by kind of answer':30}{'share':>7}" + "".join(f"{model:>12}" for model in found.scores)
    for name, kind in found.kinds.items():
        yield f"{name:30}{kind.share:>7.1%}" + "".join(f"{kind.mrr[model]:>12.3f}" for model in found.scores)
    yield ""
    yield f"{found.coverage:.1%} of the answers were among the {found.candidates} candidates that the ranker saw"
    phases = ", ".join(f"{name} {seconds:.0f} s" for name, seconds in found.seconds.items() if name != "total")
    yield f"{found.seconds['total']:.0f} seconds by the clock ({phases}), {found.cpu_seconds:.0f} of CPU, {found.peak_bytes / 1e9:.2f} GB at most"


REASONS = {"too-few-days": "too few days to train on, or to score", "too-few-events": "too few events to learn from"}


def dyad_lines(found: DyadBacktest) -> Iterator[str]:
    """A backtest on dyads -> for each target what was asked, the table of models, and how forecasts came true."""
    kind = "directed" if found.directed else "undirected"
    yield f"{len(found.dyads)} {kind} dyads of countries, the most active before {_day(found.score_day)}; {found.events:,} events before it; events known to {_day(found.end_day)}"
    yield "each day forecast with all days before it; intervals: 95%, dyads resampled; skill: 1 - Brier / Brier of the baseline"
    for target in found.targets:
        yield ""
        yield from _target_lines(target)


def _day(day: int | datetime.date) -> str:
    return f"day {day}" if isinstance(day, int) else day.isoformat()


def _target_lines(target: TargetBacktest) -> Iterator[str]:
    title = f"{target.target} within {target.horizon_days} day{'s' if target.horizon_days > 1 else ''}"
    if target.reason:
        yield f"{title}: not enough data: {REASONS[target.reason]}"
        return
    yield f"{title}: {target.forecasts:,} forecasts, {_day(target.first_day)} to {_day(target.last_day)}, {target.base_rate:.1%} came true ({target.train_rate:.1%} before); calibration: {target.calibration}"
    yield f"{'':20}{'Brier':28}{'skill of the model':26}{'log loss':>9}{'AUC':>7}{'ECE':>7}{'ECE .1-.6':>11}{'forecasts':>11}"
    for model, scores in target.scores.items():
        skill = f"{target.skill[model].value:+.3f} [{target.skill[model].low:+.3f}, {target.skill[model].high:+.3f}]" if model in target.skill else ""
        auc = "" if scores.auc is None else f"{scores.auc:.3f}"
        middle = "" if scores.middle_calibration_error is None else f"{scores.middle_calibration_error:.3f}"
        yield f"{model:20}{_with_interval(scores.brier):28}{skill:26}{scores.log_loss:>9.4f}{auc:>7}{scores.calibration_error:>7.3f}{middle:>11}{scores.middle_forecasts:>11,}"
    first = next(iter(target.scores))
    yield f"{'reliability, ' + first:20}{'forecasts':>11}{'mean':>9}{'came true':>11}"
    for row in target.scores[first].reliability:
        yield f"{f'{row.low:.1f} to {row.high:.1f}':20}{row.forecasts:>11,}{row.mean_probability:>9.3f}{row.share:>11.3f}"


def _with_interval(interval: Interval) -> str:
    return f"{interval.value:.4f} [{interval.low:.4f}, {interval.high:.4f}]"


def draw_days(by_day: Mapping[int, Mapping[str, float]]) -> str:
    """Day -> model -> mean reciprocal rank: an SVG with a line for each model."""
    days = sorted(by_day)
    models = list(by_day[days[0]])
    span = max(days[-1] - days[0], 1)

    def place(day: int, value: float) -> str:
        return f"{LEFT + (RIGHT - LEFT) * (day - days[0]) / span:.1f},{BOTTOM - (BOTTOM - TOP) * value:.1f}"

    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="11">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
    ]
    for tick in (0.0, 0.25, 0.5, 0.75, 1.0):
        y = BOTTOM - (BOTTOM - TOP) * tick
        lines.append(f'<path d="M{LEFT} {y:.1f}H{RIGHT}" stroke="#dddddd"/><text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{tick:g}</text>')
    for number, model in enumerate(models):
        colour = COLOURS.get(model, "black")
        points = " ".join(place(day, by_day[day][model]) for day in days)
        lines.append(f'<polyline fill="none" stroke="{colour}" stroke-width="2" points="{points}"/>')
        lines.append(f'<text x="{LEFT + 110 * number}" y="{TOP - 16}" fill="{colour}">{model}</text>')
    lines.append(f'<text x="{LEFT}" y="{BOTTOM + 16}" text-anchor="middle">{days[0]}</text><text x="{RIGHT}" y="{BOTTOM + 16}" text-anchor="middle">{days[-1]}</text>')
    lines.append(f'<text x="{(LEFT + RIGHT) // 2}" y="{BOTTOM + 36}" text-anchor="middle">day; mean reciprocal rank of its answers</text></svg>')
    return "\n".join(lines) + "\n"
