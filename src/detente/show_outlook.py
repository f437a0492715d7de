"""A forecast of two countries -> a page of terminal text: how likely what is, beside what is usual, what moved it, how good such forecasts were."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from detente.show_situation import rate_lines, say_party, say_reason
from detente.wording import say_day

if TYPE_CHECKING:
    from detente.analysis.precedents import Precedents
    from detente.forecasting.dyad_forecast import Direction, IntensityOutlook, Outlook, View
    from detente.forecasting.dyad_training import Measured
    from detente.forecasting.forecast import ForecastRecord
    from detente.forecasting.scenario import Supposed

WIDTH = 110
"""Columns of the page."""
LABEL = 36
BASELINES = ("climatology", "dyad climatology", "persistence", "recent frequency")
HEADS = ("all pairs", "this pair", "if it lasts", "of late")
"""The baselines as the head of the table has them."""
OWN_RATE = "dyad climatology"
LEAD_DAYS = 7
REASONS = {
    "too-few-days": "too few days to learn from",
    "too-few-events": "too few events to learn from",
    "crisis-is-on": "a crisis is on already",
    "no-crisis": "no crisis is on",
    "low-rung": "they stand too low to fall two rungs",
}


def forecast_lines(record: ForecastRecord) -> Iterator[str]:
    """The whole page."""
    a, b = say_party(record.a), say_party(record.b)
    title = f"{a} and {b}: the days after {say_day(record.at)}"
    yield title
    yield "=" * len(title)
    if record.view is None:
        number = f"{record.events} event{'' if record.events == 1 else 's'}"
        yield from _wrap(f"Not enough data: {number} between the two up to that day, of known days and in the last three years; at least {_least()} are needed.")
        yield from _precedents(record.precedents)
        return
    yield from _wrap(say_lead(record))
    view = record.supposing or record.view
    if record.supposed:
        yield ""
        yield "Supposing that"
        yield from (f"  {say_supposed(one)}" for one in record.supposed)
        yield from _wrap(f"happens, and nothing else between {say_day(record.at)} and {say_day(view.begins)}, on which all windows begin:" if _is_gap(record) else "happens:", "  ")
    for number, side in enumerate(view.directions):
        before = record.view.directions[number] if record.supposed else None
        yield from _direction(side, before)
    yield from _states(view, record.view if record.supposed else None)
    yield from _skill(view)
    for side in view.directions:
        yield from _drivers(side)
    yield from _precedents(record.precedents)
    yield ""
    yield from _wrap(
        f"Rests on {record.events:,} events between the two, known on {say_day(record.at)}; the models learned from what was known before {say_day(record.model_day)}. "
        "Usual rates: all pairs (climatology), this pair (its own share of windows, drawn to that of all), if it lasts (persistence), of late (its share with old windows fading)."
    )


def _least() -> int:
    from detente.forecasting.dyad_forecast import LEAST_EVENTS

    return LEAST_EVENTS


def _is_gap(record: ForecastRecord) -> bool:
    return (max(one.day for one in record.supposed) - record.at).days > 1


def say_supposed(one: Supposed) -> str:
    """17 June 2020: North Korea MOBILIZE South Korea."""
    return f"{say_day(one.day)}: {say_party(one.source)} {one.event_type} {say_party(one.target)}"


def say_lead(record: ForecastRecord) -> str:
    """What matters most, in a sentence for each way."""
    from detente.forecasting.words import say_target

    out = []
    assert record.view is not None
    for number, side in enumerate(record.view.directions):
        told = [outlook for outlook in side.outlooks if outlook.probability is not None]
        if not told:
            continue
        best = next((o for o in told if o.horizon_days == LEAD_DAYS), told[0])
        said = f"{say_party(side.source)} toward {say_party(side.target)} in the {_days(best.horizon_days)} from {say_day(record.view.begins)}: {say_target(best.target)} {_percent(best.probability)}"
        said += f" (usual rate {_percent(best.baselines[OWN_RATE])})"
        if record.supposing is not None:
            then = next(o for o in record.supposing.directions[number].outlooks if (o.target, o.horizon_days) == (best.target, best.horizon_days))
            said += f"; supposing what stands below {_percent(then.probability)}"
        out.append(said + ".")
    return " ".join(out) or "Not enough data: nothing that was asked could be learned from the days before."


def _days(number: int) -> str:
    return "day" if number == 1 else f"{number} days"


def _percent(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.0%}" if 0.0995 <= value <= 0.9905 else f"{value:.1%}"


def _direction(side: Direction, before: Direction | None) -> Iterator[str]:
    yield ""
    yield f"{say_party(side.source)} toward {say_party(side.target)}"
    yield from _table(side.outlooks, before.outlooks if before else None)
    yield from _intensity(side.intensity, before.intensity if before else None)


def _table(outlooks: Sequence[Outlook], before: Sequence[Outlook] | None) -> Iterator[str]:
    """Rows by target, in each the horizons."""
    from detente.forecasting.words import say_target

    told = [(outlook, before[n] if before else None) for n, outlook in enumerate(outlooks)]
    yield f"  {'at least one event of':<{LABEL}}{'forecast':>10}" + (f"{'without':>9}{'moved':>9}" if before else "") + "".join(f"{head:>12}" for head in HEADS)
    for outlook, without in told:
        name = f"{say_target(outlook.target)}, {_days(outlook.horizon_days)}"
        yield _row(name, outlook, without)


def _row(name: str, outlook: Outlook, without: Outlook | None) -> str:
    if outlook.probability is None:
        return f"  {name:<{LABEL}}  not told: {REASONS.get(outlook.reason, outlook.reason)}"
    moved = ""
    if without is not None and without.probability is not None:
        moved = f"{_percent(without.probability):>9}{f'{100 * (outlook.probability - without.probability):+.1f}':>9}"
    elif without is not None:
        moved = f"{'-':>9}{'':>9}"
    return f"  {name:<{LABEL}}{_percent(outlook.probability):>10}{moved}" + "".join(f"{_percent(outlook.baselines[name]):>12}" for name in BASELINES)


def _intensity(outlooks: Sequence[IntensityOutlook], before: Sequence[IntensityOutlook] | None) -> Iterator[str]:
    yield f"  {'sum of intensity (-10 to 10 an act)':<{LABEL}}{'mean':>10}" + (f"{'without':>9}{'moved':>9}" if before else "") + "".join(f"{head:>12}" for head in HEADS) + "  4 of 5 in"
    for n, outlook in enumerate(outlooks):
        name = _days(outlook.horizon_days)
        if outlook.mean is None:
            yield f"  {name:<{LABEL}}  not told: {REASONS.get(outlook.reason, outlook.reason)}"
            continue
        without = before[n].mean if before else None
        moved = "" if before is None else f"{without:>9.1f}{outlook.mean - without:>+9.1f}" if without is not None else f"{'-':>9}{'':>9}"
        usual = "".join(f"{outlook.baselines[name]:>12.1f}" for name in BASELINES)
        yield f"  {name:<{LABEL}}{outlook.mean:>10.1f}{moved}{usual}  {outlook.low:.0f} to {outlook.high:.0f}"


def _states(view: View, before: View | None) -> Iterator[str]:
    yield ""
    on = "a crisis is on" if view.crisis else "no crisis is on"
    yield f"Crises, acts of either side; on the day before {say_day(view.begins)} {on}, rung {view.rung}"
    told = [(n, outlook) for n, outlook in enumerate(view.states) if outlook.reason not in ("crisis-is-on", "no-crisis")]
    from detente.forecasting.words import say_target

    if told:
        yield f"  {'':<{LABEL}}{'forecast':>10}" + (f"{'without':>9}{'moved':>9}" if before else "") + "".join(f"{head:>12}" for head in HEADS)
    for n, outlook in told:
        yield _row(f"{say_target(outlook.target)}, {_days(outlook.horizon_days)}", outlook, before.states[n] if before else None)


def _skill(view: View) -> Iterator[str]:
    """How such forecasts did on days that the model had not seen; the models of both ways are the same."""
    from detente.forecasting.words import say_target

    yield ""
    yield "How good such forecasts were, on days that the model had not seen"
    rows = [
        *((f"{say_target(o.target)}, {_days(o.horizon_days)}", o.measured) for o in (*view.directions[0].outlooks, *view.states) if o.probability is not None),
        *((f"sum of intensity, {_days(o.horizon_days)}", o.measured) for o in view.directions[0].intensity if o.mean is not None),
    ]
    if not rows:
        yield "  nothing could be measured"
        return
    yield f"  {'skill over':<{LABEL}}" + "".join(f"{head:>12}" for head in HEADS) + f"{'error':>8}{'windows':>10}"
    for name, measured in rows:
        if measured is None:
            yield f"  {name:<{LABEL}}  not measured: too few days or events"
            continue
        error = "" if measured.calibration_error is None else f"{measured.calibration_error:.3f}"
        yield f"  {name:<{LABEL}}" + "".join(f"{measured.skill[one].value:>+12.2f}" for one in BASELINES) + f"{error:>8}{measured.forecasts:>10,}  {say_verdict(measured)}"
    yield from _wrap(
        "Skill: 1 - error / error of the baseline, of squared errors (Brier), of the most active pairs; 0 is no better, 1 perfect. Error: mean distance of forecasts from how often they came true.", "  "
    )


def say_verdict(measured: Measured) -> str:
    """Whether the forecasts were better than the pair's own rate, by the interval of the skill over it."""
    skill = measured.skill[OWN_RATE]
    if skill.low > 0:
        return "better than the pair's own rate"
    if skill.high < 0:
        return "worse than the pair's own rate: go by that"
    return "no better than the pair's own rate"


def _drivers(side: Direction) -> Iterator[str]:
    from detente.forecasting.words import say_target

    told = [outlook for outlook in side.outlooks if outlook.drivers]
    if not told:
        return
    outlook = next((one for one in told if one.horizon_days == LEAD_DAYS), told[0])
    yield ""
    yield f"What moved {say_target(outlook.target)} of {say_party(side.source)} toward {say_party(side.target)}, {_days(outlook.horizon_days)}"
    for driver in outlook.drivers:
        factor = math.exp(driver.moved)
        yield f"  odds x {factor:.2f}  {driver.words}"
        if driver.events:
            yield " " * 15 + ", ".join(f"{one.event_id[:8] or 'supposed'} {one.day} {one.source} {one.event_type} {one.target}" for one in driver.events)


def _precedents(found: Precedents) -> Iterator[str]:
    yield ""
    yield f"A second view: past weeks like the last {found.window_days} days"
    if found.reason:
        yield f"  none: {say_reason(found.reason)}"
        return
    best = found.precedents[0].window
    yield from _wrap(
        f"{len(found.precedents)} such windows; the most alike: {say_party(best.first)} and {say_party(best.second)}, {best.start} to {best.end} "
        f"({found.precedents[0].similarity:.0%} alike). detente precedents shows them.",
        "  ",
    )
    yield from rate_lines(found.base_rates)
    if drawn := _drawn(found):
        yield from _wrap("Drawn to the usual rate: " + "; ".join(drawn) + ".", "  ")


def _drawn(found: Precedents) -> list[str]:
    """The rates that err least, of the outcomes that matter most."""
    by_outcome: Mapping[str, list[str]] = {"escalation": [], "force": []}
    for rate in found.base_rates:
        if rate.outcome in by_outcome and rate.expected is not None:
            by_outcome[rate.outcome].append(f"{rate.expected:.0%} within {rate.days} days")
    return [f"{outcome} {', '.join(parts)}" for outcome, parts in by_outcome.items() if parts]


def _wrap(text: str, indent: str = "") -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=indent, subsequent_indent=indent)
