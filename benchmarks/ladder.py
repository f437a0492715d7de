"""The ladder's settings measured: which decay tells best how far the next days go, and how often the test of direction cries wolf.

python benchmarks/ladder.py decay|direction
"""

from __future__ import annotations

import datetime
import itertools
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "benchmarks")]

import msgspec  # noqa: E402
import numpy as np  # noqa: E402
import polars as pl  # noqa: E402
from measure import Measure  # noqa: E402
from numpy.typing import NDArray  # noqa: E402

from detente.analysis.direction import BLOCK_DAYS, EARLIER_DAYS, LATER_DAYS, LEVEL, permute_blocks, sum_days  # noqa: E402
from detente.analysis.dyads import list_dyads, select_dyad  # noqa: E402
from detente.analysis.ladder import sharp_events, track_rungs  # noqa: E402
from detente.analysis.table import load_table  # noqa: E402
from detente.codebook.ladder import Decay, Ladder, load_ladder  # noqa: E402
from detente.codebook.parties import resolve_party  # noqa: E402
from detente.errors import InputError  # noqa: E402
from detente.store.schema import open_store  # noqa: E402

ICEWS14 = Path(os.environ.get("DETENTE_ICEWS14", ROOT.parent / "shared" / "data" / "icews14"))
HORIZON_DAYS = 30
LEAST_EVENTS = 50
SIMULATED = 2_000


def import_icews14(folder: Path) -> Path:
    """A folder -> a store in it with the quads of 2014 (train and valid)."""
    from detente.cli import main

    path = folder / "icews14.db"
    for name in ("train", "valid"):
        main(["import", "quads", str(ICEWS14 / f"{name}.txt"), "--store", str(path)])
    return path


def load_icews14() -> pl.DataFrame:
    """The quads of 2014 -> the events table, by way of a store."""
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(import_icews14(Path(folder)), create=False)
        table = load_table(store, with_text=False)
        store.close()
    return table


def busy_dyads(table: pl.DataFrame, least: int = LEAST_EVENTS) -> Iterator[pl.DataFrame]:
    """A table -> the dyads of two countries that have so many events."""
    for a, b in list_dyads(table).filter(pl.col("events") >= least).select("a", "b").iter_rows():
        try:
            yield select_dyad(table, resolve_party(a), resolve_party(b))
        except InputError:
            continue  # a name that neither the register nor the groups have


def measure_decay() -> Iterator[Measure]:
    """Mean distance between the rung of conflict that a dyad stands on and the highest rung of the 30 days that follow, over the weeks of the busy dyads of 2014."""
    dyads = list(busy_dyads(load_icews14()))
    ladder = load_ladder()
    for hold, step in itertools.product((1, 7, 14, 21, 30, 45, 60, 90), (3, 7, 15, 30)):
        tried = msgspec.structs.replace(ladder, decay=Decay(hold, step))
        misses = [miss for dyad in dyads for miss in _misses(dyad, tried)]
        chosen = " (as set)" if tried.decay == ladder.decay else ""
        yield Measure(
            "decay",
            f"hold {hold}, step {step}{chosen}",
            float(np.mean(np.abs(misses))),
            unit=" rungs",
            detail=f"bias {np.mean(misses):+.2f}; {len(misses):,} weeks of {len(dyads)} dyads",
        )


def _misses(dyad: pl.DataFrame, ladder: Ladder) -> Iterator[float]:
    end = dyad["day"][-1]
    track = track_rungs(dyad, end, ladder=ladder)
    first, conflict = track["day"][0], track["conflict"].to_numpy().astype(int)
    highest = track["highest"].fill_null(0).clip(lower_bound=0).to_numpy().astype(int)
    for n in range(60, (end - first).days - HORIZON_DAYS + 1, 7):
        yield min(conflict[n], 6) - highest[n + 1 : n + 1 + HORIZON_DAYS].max()


def measure_direction() -> Iterator[Measure]:
    """How often the test tells a movement where there is none (runs of events at a constant rate; the weeks of real dyads shuffled), and how often it finds one."""
    rng = np.random.default_rng(14)
    for later, earlier, block in ((15, 45, 5), (20, 20, 5), (15, 30, 5), (15, 15, 3), (21, 42, 7)):
        chosen = " (as set)" if (later, earlier, block) == (LATER_DAYS, EARLIER_DAYS, BLOCK_DAYS) else ""
        group = f"direction, {later} days against {earlier}, blocks of {block}{chosen}"
        for name, rate, more in (("single events", 0.5, 0.0), ("runs of 2", 0.25, 0.5), ("runs of 3", 0.2, 0.67), ("runs of 5", 0.1, 0.8)):
            told = [permute_blocks(_simulate(rng, rate, more, later + earlier), later, block) <= LEVEL for _ in range(SIMULATED)]
            yield Measure(group, f"told where there is none: {name}", float(np.mean(told)), detail=f"{SIMULATED:,} simulated dyads, level {LEVEL:g}")
        for name, before, after in (("fourfold", (0.1, 0.3), (0.4, 0.3)), ("eightfold", (0.05, 0.3), (0.4, 0.3))):
            found = [permute_blocks(np.concatenate([_simulate(rng, *before, earlier), _simulate(rng, *after, later)]), later, block) <= LEVEL for _ in range(SIMULATED)]
            yield Measure(group, f"found where the rate grows {name}", float(np.mean(found)))
    seen, shuffled = [], []
    size = LATER_DAYS + EARLIER_DAYS
    for dyad in busy_dyads(load_icews14()):
        events = sharp_events(dyad, datetime.date.max)
        values = sum_days(events, events["day"][0], (events["day"][-1] - events["day"][0]).days + 1)
        seen += [permute_blocks(values[n : n + size], LATER_DAYS, BLOCK_DAYS) <= LEVEL for n in range(0, len(values) - size, LATER_DAYS)]
        weeks = values[: len(values) // 7 * 7].reshape(-1, 7)
        shuffled += [permute_blocks(rng.permutation(weeks).ravel()[:size], LATER_DAYS, BLOCK_DAYS) <= LEVEL for _ in range(20)]
    yield Measure("direction, ICEWS14", "told in busy dyads", float(np.mean(seen)), detail=f"{len(seen):,} windows")
    yield Measure("direction, ICEWS14", "told when the weeks of each dyad are shuffled", float(np.mean(shuffled)), detail=f"{len(shuffled):,} windows")


def _simulate(rng: np.random.Generator, rate: float, more: float, size: int) -> NDArray[np.float64]:
    """Days of a dyad without a trend: runs of events begin at a rate; each event is followed by another, that day or within days, with probability ``more``."""
    values = np.zeros(size + 30)
    for day in np.flatnonzero(rng.random(size + 30) < rate):
        at = int(day)
        while at < len(values):
            values[at] += rng.choice([-2, -1, 1, 1, 1, 2, 3, 4, 5])
            if rng.random() >= more:
                break
            at += 1 + rng.poisson(1) if rng.random() < 0.6 else 0
    return values[30:]


MEASURES: dict[str, Callable[[], Iterator[Measure]]] = {"decay": measure_decay, "direction": measure_direction}

if __name__ == "__main__":
    for chosen in sys.argv[1:] or MEASURES:
        for m in MEASURES[chosen]():
            print(f"{m.group}: {m.name}: {m.value:.3f}{m.unit}  {m.detail}", flush=True)
