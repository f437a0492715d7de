"""What a backtest found -> lines for a terminal."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from detente.forecasting.backtest_dyads import DyadBacktest, TargetBacktest
    from detente.forecasting.backtest_quads import QuadBacktest
    from detente.forecasting.backtest_types import TypeBacktest
    from detente.forecasting.dyad_chance import Chance
    from detente.forecasting.evaluation import Interval

REASONS = {"too-few-days": "too few days to train on, or to score", "too-few-events": "too few events to learn from"}


def backtest_lines(found: QuadBacktest) -> Iterator[str]:
    """A backtest on benchmark files -> what was asked, the table of models, the table of kinds of answers, time and memory."""
    queries = next(iter(found.scores.values())).queries
    yield f"{queries:,} queries, both directions, of {_days(found.first_day, found.last_day)}; {found.history:,} events before them; {found.entities:,} entities, {found.relations} relations"
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


def type_lines(found: TypeBacktest) -> Iterator[str]:
    """A backtest of types -> what was asked, the table of models, by known and new pairs, and how shares came true."""
    queries = next(iter(found.scores.values())).queries
    yield f"{queries:,} events of {_days(found.first_day, found.last_day)}, asked which of {found.types} types; {found.history:,} events before them; {found.parties:,} parties"
    yield "single-step, time-aware filter, ties at their mean rank; intervals: 95%, days resampled; log loss and ECE: of the shares given to all types"
    yield ""
    yield f"{'':12}{'MRR':24}{'Hits@1':>8}{'Hits@3':>8}{'Hits@10':>9}{'log loss':>10}{'ECE':>8}" + "".join(f"{kind:>13}" for kind in found.kinds)
    for model, scores in found.scores.items():
        hits = "".join(f"{interval.value:>{width}.3f}" for interval, width in zip(scores.hits.values(), (8, 8, 9), strict=True))
        has_shares = model in found.log_loss
        shares = f"{found.log_loss[model]:>10.3f}{found.calibration_error[model]:>8.4f}" if has_shares else f"{'':18}"
        yield f"{model:12}{_with_interval(scores.mrr):24}{hits}{shares}" + "".join(f"{mrr[model]:>13.3f}" for _, mrr in found.kinds.values())
    yield ""
    yield "; ".join(f"{kind}: {share:.1%} of the events" for kind, (share, _) in found.kinds.items()) + f"; {found.seconds:.0f} seconds by the clock"


MOST_DETAILS = 4
"""Up to so many targets each has its table of models and its classes of forecasts; more are a line each."""


def dyad_lines(found: DyadBacktest) -> Iterator[str]:
    """A backtest on dyads -> what was asked, then for each target the table of models and how forecasts came true; of many targets, a line each."""
    kind = "directed" if found.directed else "undirected"
    yield f"{len(found.dyads)} {kind} dyads of countries, the most active before {_day(found.score_day)}; {found.events:,} events before it; events known to {_day(found.end_day)}"
    yield "each day forecast with all days before it; intervals: 95%, dyads and weeks resampled; skill: 1 - Brier / Brier of the baseline"
    if len(found.targets) > MOST_DETAILS:
        yield ""
        yield from _table_lines(found)
        return
    for target in found.targets:
        yield ""
        yield from _target_lines(target)


SHOWN = {"climatology": "over climatology", "dyad climatology": "over dyad climatology", "persistence": "over persistence", "recent frequency": "over recent frequency"}
"""Baselines that a line of many targets tells the skill over."""
OWN_RATE = "dyad climatology"
"""The baseline that is hardest to beat, and whose skill chance moves most."""


def _table_lines(found: DyadBacktest) -> Iterator[str]:
    """Targets -> a line each: how often it came true, Brier, skill over each baseline, AUC, calibration error."""
    names = [_name(target) for target in found.targets]
    width = max(map(len, names)) + 2
    yield f"{'':{width}}{'came true':>10}{'Brier':>9}  " + "".join(f"{title:24}" for title in SHOWN.values()) + f"{'log loss':>8}{'AUC':>7}{'ECE':>7}{'ECE .1-.6':>11}"
    for name, target in zip(names, found.targets, strict=True):
        if target.reason:
            yield f"{name:{width}}not enough data: {REASONS[target.reason]}"
            continue
        scores = next(iter(target.scores.values()))
        skills = "".join(f"{_skill(target.skill[baseline]):24}" for baseline in SHOWN)
        auc, middle = ("" if value is None else f"{value:.3f}" for value in (scores.auc, scores.middle_calibration_error))
        yield f"{name:{width}}{target.base_rate:>10.1%}{scores.brier.value:>9.4f}  {skills}{scores.log_loss:>8.4f}{auc:>7}{scores.calibration_error:>7.3f}{middle:>11}"


def _name(target: TargetBacktest) -> str:
    return f"{target.target}, {target.horizon_days} d"


def _skill(skill: Interval) -> str:
    """A skill with its interval; where hardly anything came true, a resample may have next to nothing, and a skill of any depth."""
    return f"{skill.value:+.3f} [{'<-1' if skill.low < -1 else f'{skill.low:+.3f}'}, {skill.high:+.3f}]"


def _target_lines(target: TargetBacktest) -> Iterator[str]:
    title = f"{target.target} within {target.horizon_days} day{'s' if target.horizon_days > 1 else ''}"
    if target.reason:
        yield f"{title}: not enough data: {REASONS[target.reason]}"
        return
    yield f"{title}: {target.forecasts:,} forecasts, {_day(target.first_day)} to {_day(target.last_day)}, {target.base_rate:.1%} came true ({target.train_rate:.1%} before); calibration: {target.calibration}"
    yield f"{'':20}{'Brier':28}{'skill of the model':26}{'log loss':>9}{'AUC':>7}{'ECE':>7}{'ECE .1-.6':>11}{'forecasts':>11}"
    for model, scores in target.scores.items():
        skill = _skill(target.skill[model]) if model in target.skill else ""
        auc = "" if scores.auc is None else f"{scores.auc:.3f}"
        middle = "" if scores.middle_calibration_error is None else f"{scores.middle_calibration_error:.3f}"
        yield f"{model:20}{_with_interval(scores.brier):28}{skill:26}{scores.log_loss:>9.4f}{auc:>7}{scores.calibration_error:>7.3f}{middle:>11}{scores.middle_forecasts:>11,}"
    if target.if_held is not None:
        yield from _chance_lines(target.if_held)
    first = next(iter(target.scores))
    yield f"{'reliability, ' + first:20}{'forecasts':>11}{'mean':>9}{'came true':>11}"
    for row in target.scores[first].reliability:
        yield f"{f'{row.low:.1f} to {row.high:.1f}':20}{row.forecasts:>11,}{row.mean_probability:>9.3f}{row.share:>11.3f}  [{row.share_low:.3f}, {row.share_high:.3f}]"


def _chance_lines(chance: Chance) -> Iterator[str]:
    """What chance leaves: the two figures that it moves most, beside what right forecasts have."""
    skill, error = chance.skill[OWN_RATE], chance.middle_calibration_error
    yield f"if every forecast held, the model would have a skill over {OWN_RATE} of {_skill(skill)}" + (
        "" if error is None else f" and an ECE .1-.6 of {error.value:.3f} [{error.low:.3f}, {error.high:.3f}]"
    )


def _day(day: int | datetime.date) -> str:
    return f"day {day}" if isinstance(day, int) else day.isoformat()


def _days(first: int | datetime.date, last: int | datetime.date) -> str:
    return f"days {first} to {last}" if isinstance(first, int) else f"{first} to {last}"


def _with_interval(interval: Interval) -> str:
    return f"{interval.value:.4f} [{interval.low:.4f}, {interval.high:.4f}]"
