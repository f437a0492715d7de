"""Reciprocity measured on made-up dyads whose truth is known: how near the Hawkes fit comes, how often its intervals hold, how often chance is taken for an answer.

python benchmarks/hawkes.py [DYADS]      (default: 40 of each kind; about three minutes)
"""

from __future__ import annotations

import datetime
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "benchmarks")]

from store import Measure  # noqa: E402

from detente.analysis.acts import acts_by_day  # noqa: E402
from detente.analysis.escalation import meet_escalations  # noqa: E402
from detente.analysis.hawkes import Estimate, HawkesFit, fit_hawkes  # noqa: E402
from detente.analysis.reciprocity import ANSWER_DAYS  # noqa: E402
from detente.analysis.simulated import FIRST_DAY, simulate_answers  # noqa: E402
from detente.analysis.table import make_table  # noqa: E402

DYADS = 40
VERDICT_DAYS = 1825


class Truth(NamedTuple):
    """Base acts a day, acts brought about [side][by side], half-lives."""

    days: int
    base: Sequence[float]
    answers: Sequence[Sequence[float]]
    half_life_days: Sequence[float]


KINDS = {
    "10 years, 2 acts in 3 days": Truth(3650, (0.3, 0.3), ((0.3, 0.3), (0.1, 0.4)), (3.0, 5.0)),
    "5 years, an act in 4 days": Truth(1825, (0.1, 0.1), ((0.3, 0.3), (0.1, 0.4)), (3.0, 5.0)),
    "2 years, an act in 8 days": Truth(730, (0.06, 0.06), ((0.3, 0.3), (0.1, 0.4)), (3.0, 5.0)),
    "5 years, nobody answers": Truth(1825, (0.12, 0.12), ((0.3, 0.0), (0.0, 0.4)), (3.0, 5.0)),
    "5 years, answers within hours": Truth(1825, (0.1, 0.1), ((0.3, 0.3), (0.1, 0.4)), (0.5, 0.5)),
}


def measure_hawkes(dyads: int = DYADS) -> Iterator[Measure]:
    """Each kind of dyad -> medians and errors of what was fitted, side by side with the truth."""
    for kind, truth in KINDS.items():
        started = time.perf_counter()
        made = [simulate_answers(np.random.default_rng(seed), *truth) for seed in range(dyads)]
        fits = [fit for fit in (fit_hawkes(a, b) for a, b in made) if not fit.reason]
        spent = (time.perf_counter() - started) / dyads
        acts = np.mean([a.sum() + b.sum() for a, b in made])
        yield Measure(f"hawkes, {kind}", "fitted", len(fits) / dyads, detail=f"{acts:.0f} acts of both sides on average, {spent:.2f} s each")
        yield from _measure_kind(f"hawkes, {kind}", truth, fits)
    yield from measure_common_season(dyads)
    yield from measure_verdicts(dyads)


def _measure_kind(group: str, truth: Truth, fits: list[HawkesFit]) -> Iterator[Measure]:
    for side, name in enumerate("ab"):
        found = [getattr(fit, name) for fit in fits]
        for what, true in (
            ("base", truth.base[side]),
            ("own", truth.answers[side][side]),
            ("cross", truth.answers[side][1 - side]),
            ("half_life_days", truth.half_life_days[side]),
        ):
            estimates = [estimate for estimate in (getattr(one, what) for one in found) if estimate is not None]
            values = np.array([estimate.value for estimate in estimates])
            low, middle, high = np.quantile(values, (0.1, 0.5, 0.9))
            held = np.mean([_holds(estimate, true) for estimate in estimates])
            yield Measure(group, f"side {name}, {what}: median", float(middle), detail=f"true {true:g}; 8 of 10 between {low:.2f} and {high:.2f}; interval holds it {held:.2f}")
        taken = np.mean([one.p_value is not None and one.p_value <= 0.05 for one in found])
        yield Measure(group, f"side {name}, p <= 0.05 for cross", float(taken), detail="an answer is there" if truth.answers[side][1 - side] else "nothing is there")


def _holds(estimate: Estimate, true: float) -> bool:
    return (estimate.low is None or estimate.low <= true) and (estimate.high is None or true <= estimate.high)


def measure_common_season(dyads: int) -> Iterator[Measure]:
    """Two sides that do not know of each other, and whose acts rise and fall in the same year: no answer is there, and the plain fit sees one."""
    fits = []
    for seed in range(dyads):
        rng = np.random.default_rng([seed, 2])
        season = 0.2 * (1 + 0.9 * np.sin(2 * np.pi * np.arange(1825) / 365))
        fits.append(fit_hawkes(rng.poisson(season).astype(float), rng.poisson(season).astype(float)))
    sides = [side for fit in fits for side in (fit.a, fit.b) if side is not None]
    detail = f"the interval of cross leaves 0 out in {np.mean([bool(side.cross.low) for side in sides]):.2f}; median cross {np.median([side.cross.value for side in sides]):.2f}"
    yield Measure(
        "hawkes, 5 years, a common season and no answers",
        "p <= 0.05 for cross",
        float(np.mean([side.p_value is not None and side.p_value <= 0.05 for side in sides])),
        detail=detail,
    )


def measure_verdicts(dyads: int) -> Iterator[Measure]:
    """Dyads of five years in which side b meets side a's threats with force, with a step back, or not at all -> what the verdict says."""
    for met, wanted in (("MOBILIZE", "escalation"), ("CONCEDE", "concession"), ("", "no-pattern")):
        verdicts = []
        for seed in range(5 * dyads):
            days = acts_by_day(simulate_met(np.random.default_rng([seed, 3]), met), FIRST_DAY + datetime.timedelta(days=VERDICT_DAYS))
            found = meet_escalations(days, "a", ANSWER_DAYS, "")
            verdicts.append(found.verdict or found.reason)
        others = ", ".join(f"{verdict} {count}" for verdict, count in Counter(verdicts).most_common())
        yield Measure(
            "escalation, 5 years, threats in bursts", f"met with {met or 'nothing'}: {wanted}", verdicts.count(wanted) / len(verdicts), detail=f"{others} of {len(verdicts)}"
        )


def simulate_met(rng: np.random.Generator, met: str) -> pl.DataFrame:
    """Side a threatens in bursts; half of its threats side b meets within days; beside that it acts in bursts of its own, of all kinds."""
    threats, acts = simulate_answers(rng, VERDICT_DAYS, (0.02, 0.1), ((0.3, 0.0), (0.0, 0.5)), (3.0, 5.0))
    kinds = ("CONSULT", "ACCUSE", "REQUEST", "AGREE", "SANCTION", "THREATEN", "CONCEDE")
    rows = [("AAA", day, "THREATEN") for day in np.repeat(np.arange(VERDICT_DAYS), threats.astype(int))]
    rows += [("BBB", day, str(rng.choice(kinds))) for day in np.repeat(np.arange(VERDICT_DAYS), acts.astype(int))]
    if met:
        rows += [("BBB", day + int(rng.integers(1, 5)), met) for who, day, _ in rows if who == "AAA" and rng.random() < 0.5]
    other = {"AAA": "BBB", "BBB": "AAA"}
    table = make_table({"day": FIRST_DAY + datetime.timedelta(days=int(day)), "source": who, "target": other[who], "event_type": kind} for who, day, kind in rows)
    return table.with_columns(side=pl.when(pl.col("source") == "AAA").then(pl.lit("a")).otherwise(pl.lit("b")))


def main() -> None:
    """Print the measures."""
    for measure in measure_hawkes(int(sys.argv[1]) if len(sys.argv) > 1 else DYADS):
        print(f"{measure.group}: {measure.name}: {measure.value:.3f}{measure.unit}  {measure.detail}", flush=True)


if __name__ == "__main__":
    main()
