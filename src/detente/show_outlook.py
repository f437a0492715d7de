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

WIDTH = 100
"""Columns of the page."""
LABEL = 33
SPAN = 16
"""Columns of the interval of a sum, which are taken off its label."""
BASELINES = ("climatology", "dyad climatology", "persistence", "recent frequency")
HEADS = (("all", "pairs"), ("this", "pair"), ("if it", "lasts"), ("of", "late"))
"""The baselines as the head of the table has them, on two lines."""
OWN_RATE, RECENT = "dyad climatology", "recent frequency"
LEAD_DAYS = 7
REASONS = {
    "too-few-days": "not enough data: days",
    "too-few-events": "not enough data: cases",
    "crisis-is-on": "a crisis is on already",
    "no-crisis": "no crisis is on",
    "low-rung": "they stand too low to fall two rungs",
    "ladder-is-slower": "cannot be: a fall of two rungs takes longer",
}


SHORT = {"too-few-days": "few days", "too-few-events": "few cases"}
"""Why a row that has its usual rates has no forecast."""


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
    for place, side in enumerate(view.directions):
        yield from _direction(side, record.view.directions[place] if record.supposed else None)
    yield from _states(view, record.view if record.supposed else None)
    for side in view.directions:
        yield from _drivers(side)
    yield from _precedents(record.precedents)
    yield from _skill(view)
    yield ""
    yield from _wrap(
        f"Rests on {record.events:,} events between the two, known on {say_day(record.at)}; the models learned from what was known before {say_day(record.model_day)}. "
        '"Few cases": fewer than 20 windows apart from each other that had it, or had it not; "few days": too short a history. "Worse": go by the rate of the pair. The intensity of an act is -10 to 10. Usual rates: all pairs (climatology); this pair (its own share of windows, drawn to that of all); if it lasts (persistence: what followed windows with it, or without it, as the '
        "last one was); of late (the pair's share, old windows fading)."
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
        best = next((o for o in side.outlooks if o.horizon_days == LEAD_DAYS), side.outlooks[0])
        said = f"{say_party(side.source)} toward {say_party(side.target)} within {_days(best.horizon_days)} from {say_day(record.view.begins)}: {say_target(best.target)} "
        if best.probability is None:
            said += "cannot be forecast from so few data"
            said += f"; its usual rate is {_percent(best.baselines[OWN_RATE])}, of late {_percent(best.baselines[RECENT])}" if best.baselines else ""
        else:
            said += f"{_percent(best.probability)} (usual rate {_percent(best.baselines[OWN_RATE])})"
        if record.supposing is not None and best.probability is not None:
            then = next(o for o in record.supposing.directions[number].outlooks if (o.target, o.horizon_days) == (best.target, best.horizon_days))
            said += f"; supposing what stands below {_percent(then.probability)}"
        out.append(said + ".")
    return " ".join(out)


def _days(number: int) -> str:
    return "1 day" if number == 1 else f"{number} days"


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
    yield from _heads("at least one event of", "forecast", is_supposed=bool(before))
    for outlook, without in told:
        name = f"{say_target(outlook.target)}, {_days(outlook.horizon_days)}"
        yield _row(name, outlook, without)


def _heads(name: str, told: str, *, is_supposed: bool, than: str = "its rate") -> Iterator[str]:
    """The two lines at the head of a table; ``than``: what forecasts were better than, or not."""
    moved = f"{'without':>8}{'moved':>7}" if is_supposed else ""
    yield f"  {'':<{LABEL}}{'':>9}{'':>{len(moved)}}" + "".join(f"{first:>7}" for first, _ in HEADS) + "  than"
    yield f"  {name:<{LABEL}}{told:>9}{moved}" + "".join(f"{second:>7}" for _, second in HEADS) + f"  {than}"


def _row(name: str, outlook: Outlook, without: Outlook | None) -> str:
    if outlook.probability is None and not outlook.baselines:
        return f"  {name:<{LABEL}}  {REASONS.get(outlook.reason, outlook.reason)}"
    moved = ""
    if without is not None and without.probability is not None and outlook.probability is not None:
        moved = f"{_percent(without.probability):>8}{f'{100 * (outlook.probability - without.probability):+.1f}':>7}"
    elif without is not None:
        moved = f"{'-':>8}{'':>7}"
    usual = "".join(f"{_percent(outlook.baselines[one]):>7}" for one in BASELINES)
    return f"  {name:<{LABEL}}{_percent(outlook.probability):>9}{moved}{usual}  {SHORT[outlook.reason] if outlook.reason else _judge(outlook.measured)}"


def _intensity(outlooks: Sequence[IntensityOutlook], before: Sequence[IntensityOutlook] | None) -> Iterator[str]:
    yield from _heads(f"{'sum of intensity':<{LABEL - SPAN}}{'4 of 5 in':>{SPAN}}", "mean", is_supposed=bool(before), than="its mean")
    for n, outlook in enumerate(outlooks):
        name = _days(outlook.horizon_days)
        if outlook.mean is None:
            yield f"  {name:<{LABEL}}  {REASONS.get(outlook.reason, outlook.reason)}"
            continue
        without = before[n].mean if before else None
        moved = "" if before is None else f"{_round(without):>8}{outlook.mean - without:>+7.1f}" if without is not None else f"{'-':>8}{'':>7}"
        usual = "".join(f"{_round(outlook.baselines[one]):>7}" for one in BASELINES)
        yield f"  {name:<{LABEL - SPAN}}{_span(outlook):>{SPAN}}{_round(outlook.mean):>9}{moved}{usual}  {_judge(outlook.measured)}"


def _span(outlook: IntensityOutlook) -> str:
    return "not known" if outlook.low is None else f"{_round(outlook.low)} to {_round(outlook.high)}"


def _round(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}" if abs(value) < 10 else f"{value:.0f}"


def _states(view: View, before: View | None) -> Iterator[str]:
    yield ""
    on = "a crisis is on" if view.crisis else "no crisis is on"
    yield f"Crises, acts of either side; on the day before {say_day(view.begins)} {on}, rung {view.rung}"
    told = [(n, outlook) for n, outlook in enumerate(view.states) if outlook.reason not in ("crisis-is-on", "no-crisis")]
    from detente.forecasting.words import say_target

    if told:
        yield from _heads("", "forecast", is_supposed=before is not None)
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
    yield f"  {'':<{LABEL}}" + "".join(f"{first:>8}" for first, _ in HEADS)
    yield f"  {'skill over':<{LABEL}}" + "".join(f"{second:>8}" for _, second in HEADS) + f"{'error':>8}{'windows':>10}"
    for name, measured in rows:
        if measured is None:
            yield f"  {name:<{LABEL}}  not measured: too few days or events"
            continue
        error = "" if measured.calibration_error is None else f"{measured.calibration_error:.3f}"
        yield f"  {name:<{LABEL}}" + "".join(f"{measured.skill[one].value:>+8.2f}" for one in BASELINES) + f"{error:>8}{measured.forecasts:>10,}"
    yield from _wrap(
        'Skill: 1 - error / error of the baseline, of squared errors (Brier), over windows of the most active pairs; 0 is no better, 1 perfect. "Better" above: the interval of 95% '
        "of the skill over the pair's own rate is above 0. Error: mean distance of forecasts from how often they came true.",
        "  ",
    )


def say_verdict(measured: Measured | None) -> str:
    """Whether such forecasts were better than the pair's own rate, by the interval of the skill over it."""
    if measured is None:
        return "not measured"
    skill = measured.skill[OWN_RATE]
    return "better" if skill.low > 0 else "worse: go by the rate" if skill.high < 0 else "no better"


def _judge(measured: Measured | None) -> str:
    """The same in a word or two, as a column of a table has room for."""
    return say_verdict(measured).partition(":")[0]


def _drivers(side: Direction) -> Iterator[str]:
    from detente.forecasting.words import say_target

    told = [outlook for outlook in side.outlooks if outlook.drivers]
    if not told:
        return
    outlook = next((one for one in told if one.horizon_days == LEAD_DAYS), told[0])
    yield ""
    yield from _wrap(
        f"What moved {say_target(outlook.target)} of {say_party(side.source)} toward {say_party(side.target)}, {_days(outlook.horizon_days)}; against a mean pair on a mean day"
    )
    for driver in outlook.drivers:
        factor = math.exp(driver.moved)
        yield from textwrap.wrap(f"odds x {factor:.2f}  {driver.words}", WIDTH, initial_indent="  ", subsequent_indent=" " * 15)
        if driver.events:
            yield from _wrap(", ".join(f"{one.event_id[:8] or 'supposed'} {one.day} {one.source} {one.event_type} {one.target}" for one in driver.events), " " * 15)


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
