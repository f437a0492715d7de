"""The cycle measured on made-up crises whose stages are known: which share of weeks is named rightly, and whether the probabilities hold.

python benchmarks/cycle.py [CRISES]      (default: 60 of each kind; about two minutes)
"""

from __future__ import annotations

import datetime
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import polars as pl

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "benchmarks")]

from store import DEMO, Measure  # noqa: E402

from detente.analysis.cycle import find_stage, fit_cycle, spells  # noqa: E402
from detente.analysis.dyads import load_dyad  # noqa: E402
from detente.analysis.markov import by_stage  # noqa: E402
from detente.analysis.simulated import Crisis, simulate_crisis  # noqa: E402
from detente.analysis.table import load_volume  # noqa: E402
from detente.analysis.weeks import log_emission  # noqa: E402
from detente.codebook.cycle import STAGES, CycleTable, load_cycle  # noqa: E402
from detente.pipeline import code_documents  # noqa: E402
from detente.reading import read_documents  # noqa: E402
from detente.records import Document  # noqa: E402
from detente.store.schema import open_store  # noqa: E402
from detente.store.sides import find_party  # noqa: E402
from detente.store.write import Sketches, add_report  # noqa: E402

CRISES = 60
KINDS: dict[str, dict[str, Any]] = {
    "0.5 events in a calm week": {"level": 0.5},
    "3 events": {"level": 3.0},
    "10 events": {"level": 10.0},
    "3 events, other shares, 20% miscoded": {"level": 3.0, "shares_like": 30.0, "miscoded": 0.2},
    "10 events, other shares, 20% miscoded": {"level": 10.0, "shares_like": 30.0, "miscoded": 0.2},
}
"""Other shares: the dyad's weeks of a stage are not those of the table (Dirichlet around it, weight 30), which the model has to find out."""
RULE = {0: "calm", 1: "grievance", 2: "threat", 3: "rupture", 4: "provocation", 5: "provocation", 6: "provocation"}
"""What is compared with: the highest rung of the last four weeks, a concession (rung -3) if there is no quarrel."""


WANTED = {
    "2017-11-30": {"provocation", "standoff"},
    "2017-12-31": {"provocation", "standoff"},
    "2018-04-30": {"bargaining"},
    "2020-06-16": {"provocation"},
}
"""Days of the sample corpus on which the stage between the Koreas is beyond doubt."""
REDRAWN = 100
DOUBT_FIGURES, DOUBT_LENGTHS = 0.4, 0.3
"""Standard deviations of the logarithm: shares, what follows and spread are off by a half as often as not, activity and weeks by a third."""


def measure_cycle(crises: int = CRISES) -> Iterator[Measure]:
    """Each kind of crisis -> shares of weeks named rightly, as known then and in hindsight, beside each week by itself, a rule, and calm throughout."""
    for kind, settings in KINDS.items():
        made = [simulate_crisis(np.random.default_rng(seed), **settings) for seed in range(crises)]
        yield from _measure_kind(f"cycle, {kind}", made)
    yield from measure_now(crises)
    yield from measure_speed()
    yield from measure_doubt()


def _measure_kind(group: str, made: list[Crisis]) -> Iterator[Measure]:
    rights: dict[str, list[np.ndarray]] = {name: [] for name in ("filtered", "smoothed", "path", "beside", "table only", "alone", "rule", "calm")}
    sure: list[np.ndarray] = []
    for crisis in made:
        fit, plain = fit_cycle(crisis.table, crisis.at), fit_cycle(crisis.table, crisis.at, learn=False)
        true = np.array([STAGES.index(stage) for stage in crisis.stages])[-len(fit.path) :]
        named = fit.filtered.argmax(axis=1)
        apart = np.abs(named - true)
        for name, right in (
            ("filtered", named == true),
            ("smoothed", fit.smoothed.argmax(axis=1) == true),
            ("path", fit.path == true),
            ("beside", np.minimum(apart, len(STAGES) - apart) <= 1),
            ("table only", plain.filtered.argmax(axis=1) == true),
            ("alone", (log_emission(fit.weeks, fit.emission) + np.log(by_stage(fit.chain, fit.chain.start[None]))).argmax(axis=1) == true),
            ("rule", name_by_rule(crisis, len(true)) == true),
            ("calm", true == 0),
        ):
            rights[name].append(right)
        sure.append(fit.filtered.max(axis=1))
    share = {name: float(np.concatenate(found).mean()) for name, found in rights.items()}
    beside = f"each week alone {share['alone']:.3f}, rule {share['rule']:.3f}, calm {share['calm']:.3f}"
    detail = f"{len(np.concatenate(sure))} weeks of {len(made)} crises; learned nothing but the level {share['table only']:.3f}; {beside}"
    yield Measure(group, "stage as known then", share["filtered"], detail=detail)
    yield Measure(group, "or one beside it in the cycle", share["beside"])
    yield Measure(group, "stage in hindsight", share["smoothed"], detail=f"most likely path {share['path']:.3f}")
    yield Measure(group, "calibration error", calibration(np.concatenate(sure), np.concatenate(rights["filtered"])), bound="<=")


def name_by_rule(crisis: Crisis, weeks: int) -> np.ndarray:
    """A crisis -> the place of the stage of each of its last weeks by the rule."""
    back = (crisis.at - crisis.table["day"]).dt.total_days().to_numpy() // 7
    rungs = crisis.table["rung"].to_numpy()
    named = []
    for week in range(weeks - 1, -1, -1):
        seen = rungs[(back >= week) & (back < week + 4)]
        top = max(0, int(seen.max())) if len(seen) else 0
        named.append(STAGES.index("concession" if top == 0 and (seen == -3).any() else RULE[top]))
    return np.array(named)


def calibration(sure: np.ndarray, right: np.ndarray) -> float:
    """Probabilities of the named stages, and whether they were right -> their mean distance over ten bins of equal count."""
    order = np.argsort(sure)
    return float(sum(abs(sure[part].mean() - right[part].mean()) * len(part) for part in np.array_split(order, 10)) / len(order))


def measure_now(crises: int) -> Iterator[Measure]:
    """``find_stage`` at a random week after the first year: no later event is known to it, not even through the level."""
    right, sure = [], []
    for seed in range(4 * crises):
        rng = np.random.default_rng([seed, 1])
        crisis = simulate_crisis(rng)
        week = int(rng.integers(52, len(crisis.stages)))
        at = crisis.at - datetime.timedelta(days=7 * (len(crisis.stages) - 1 - week))
        stage = find_stage(crisis.table, at)
        right.append(stage.stage == crisis.stages[week])
        sure.append(stage.probability)
    yield Measure("cycle, 3 events", "stage of the present, no later event known", float(np.mean(right)), detail=f"{len(right)} crises, mean probability {np.mean(sure):.3f}")


def measure_speed() -> Iterator[Measure]:
    """A dyad of 30,000 events over 25 years."""
    crisis = simulate_crisis(np.random.default_rng(0), weeks=1300, level=14.0)
    table = crisis.table.sample(30_000, seed=0).sort("day") if crisis.table.height > 30_000 else crisis.table
    volume = table.group_by("day").agg(events=pl.len() * 30).sort("day")
    started = time.perf_counter()
    find_stage(table, crisis.at, volume=volume)
    yield Measure("cycle, speed", "find_stage", time.perf_counter() - started, unit=" s", detail=f"{table.height} events, 1300 weeks, by the clock", bound="<=")


def measure_doubt() -> Iterator[Measure]:
    """The sample corpus with the table's figures redrawn: how often each day keeps its stage, beside the probability that the table as it is gives."""
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(Path(folder, "s.db"))
        sketches: Sketches = {}
        for report in code_documents([d for d in read_documents([DEMO]) if isinstance(d, Document)], keep_all=True):
            add_report(store, report, sketches)
        table, volume = load_dyad(store, find_party(store, "PRK"), find_party(store, "KOR")), load_volume(store)
        store.close()
    books = [redraw(load_cycle(), np.random.default_rng(seed)) for seed in range(REDRAWN)]
    for text, stages in WANTED.items():
        at = datetime.date.fromisoformat(text)
        now = find_stage(table, at, volume=volume)
        kept = np.mean([find_stage(table, at, volume=volume, book=book).stage in stages for book in books])
        detail = f"the table as it is: {now.stage} {now.probability:.2f}, then {now.rival} {now.rival_probability:.2f}; wanted {' or '.join(sorted(stages))}"
        yield Measure("cycle, sample, table redrawn", f"{text}: stage kept", float(kept), detail=detail)


def redraw(book: CycleTable, rng: np.random.Generator) -> CycleTable:
    """The table of the cycle with every figure off by chance."""

    def near(figures: dict[str, float]) -> dict[str, float]:
        drawn = np.array(list(figures.values())) * np.exp(rng.normal(0, DOUBT_FIGURES, len(figures)))
        return dict(zip(figures, (100 * drawn / drawn.sum()).tolist(), strict=True))

    def length(figure: float, doubt: float = DOUBT_LENGTHS) -> float:
        return float(figure * np.exp(rng.normal(0, doubt)))

    change = msgspec.structs.replace
    stages = {
        name: change(stage, shares=near(stage.shares), next=near(stage.next), activity=length(stage.activity), weeks=max(stage.phases, length(stage.weeks)))
        for name, stage in book.stages.items()
    }
    spread = change(book.spread, concentration=length(book.spread.concentration, DOUBT_FIGURES), size=length(book.spread.size, DOUBT_FIGURES))
    return change(book, stages=stages, spread=spread)


def show_stages(path: str, first: str, second: str, at: str) -> None:
    """Print the spells of a pair of a store."""
    store = open_store(path)
    table = load_dyad(store, find_party(store, first), find_party(store, second))
    fit = fit_cycle(table, datetime.date.fromisoformat(at), volume=load_volume(store))
    store.close()
    for stage, start, end, weeks, probability, events in spells(fit).iter_rows():
        print(f"{start} to {end}  {weeks:3} weeks  {len(events):4} events  {stage} {probability:.2f}")


def main() -> None:
    """Print the measures, or the stages of a pair."""
    if sys.argv[1:2] == ["stages"]:
        show_stages(*sys.argv[2:6])
        return
    for measure in measure_cycle(int(sys.argv[1]) if len(sys.argv) > 1 else CRISES):
        print(f"{measure.group}: {measure.name}: {measure.value:.3f}{measure.unit}  {measure.detail}", flush=True)


if __name__ == "__main__":
    main()
