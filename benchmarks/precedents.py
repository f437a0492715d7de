"""Precedents measured: whether what followed past weeks like the present ones tells what follows, and how long it takes in a large store.

python benchmarks/precedents.py skill|speed
"""

from __future__ import annotations

import datetime
import random
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "benchmarks")]

import store as stores  # noqa: E402
from ladder import load_icews14  # noqa: E402
from measure import Measure  # noqa: E402

from detente.analysis import precedents as method  # noqa: E402
from detente.analysis.aftermath import tell_aftermath  # noqa: E402
from detente.analysis.dyads import list_dyads, load_dyad, select_dyad  # noqa: E402
from detente.analysis.neighbours import load_others  # noqa: E402
from detente.analysis.precedents import find_precedents  # noqa: E402
from detente.analysis.windows import make_rows  # noqa: E402
from detente.codebook.parties import resolve_party  # noqa: E402
from detente.errors import InputError  # noqa: E402
from detente.store.importing import import_events  # noqa: E402
from detente.store.schema import open_store  # noqa: E402
from detente.store.sides import find_party  # noqa: E402

DYADS = 60
FIRST, EVERY_DAYS, TIMES = datetime.date(2014, 6, 1), 21, 7
LONGEST_DAYS = 30
"""A year of data leaves no room for the horizon of 90 days."""
LEAST_USUAL_WEEKS = 4


def measure_skill() -> Iterator[Measure]:
    """The Brier score (0 best) of the rates over all outcomes and horizons: the dyad's usual rate, that of the precedents, and the one drawn between."""
    table = load_icews14()
    last = table["day"].max()
    errors: dict[tuple[str, int], list[tuple[float, float, float]]] = defaultdict(list)
    asked = told = shown = 0
    for a, b in list_dyads(table).head(DYADS).select("a", "b").iter_rows():
        try:
            dyad = select_dyad(table, resolve_party(a), resolve_party(b))
        except InputError:
            continue
        for n in range(TIMES):
            at = FIRST + datetime.timedelta(days=EVERY_DAYS * n)
            later = at + datetime.timedelta(days=LONGEST_DAYS + 2)
            if later > last:  # type: ignore[operator]
                continue
            asked += 1
            found = find_precedents(dyad, table, names=(a, b), at=at)
            if found.reason or found.present is None:
                continue
            told, shown = told + 1, shown + len(found.precedents)
            met = {(f.days, o) for f in tell_aftermath(make_rows(dyad, None, names=(a, b), at=later), 0, at, found.present.rung, later) if f.is_over for o in f.outcomes}
            for r in found.base_rates:
                if r.days <= LONGEST_DAYS and r.usual_rate is not None and r.expected is not None and r.usual_weeks >= LEAST_USUAL_WEEKS:
                    came = float((r.days, r.outcome) in met)
                    errors[r.outcome, r.days].append(((r.usual_rate - came) ** 2, (r.rate - came) ** 2, (r.expected - came) ** 2))
    group = "precedents (ICEWS14)"
    yield Measure(group, "days asked about", asked, detail=f"{told} with precedents, {shown / max(told, 1):.1f} each")
    means = [[statistics.fmean(case[n] for case in cases) for cases in errors.values()] for n in range(3)]
    for name, values in zip(("usual rate", "rate of the precedents", "expected"), means, strict=True):
        yield Measure(group, f"Brier score, {name}", statistics.fmean(values), bound="<=", detail=f"mean of {len(values)} outcomes and horizons")
    for key, *_ in sorted(errors.items()):
        usual, rate, expected = (statistics.fmean(case[n] for case in errors[key]) for n in range(3))
        yield Measure(group, f"{key[0]} within {key[1]} days", expected, bound="<=", detail=f"usual {usual:.4f}, precedents {rate:.4f}, {len(errors[key])} cases")


def measure_weights() -> Iterator[Measure]:
    """The same with one part left out at a time."""
    weights = dict(method.WEIGHTS)
    for name in [name for name in weights if name != "stage"]:
        method.WEIGHTS = {**weights, name: 1e-6}
        yield from (m._replace(group=f"precedents without {name}") for m in measure_skill() if m.name.startswith("Brier"))
    method.WEIGHTS = weights


def measure_speed(path: Path | None = None) -> Iterator[Measure]:
    """Seconds for the precedents of a large dyad of a million imported events: medians of 5, by the clock and by the processor."""
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(path or Path(folder, "s.db"))
        if path is None:
            import_events(store, stores.make_rows(stores.MILLION, random.Random(2)), origin="made-up", location="rows", codebook="cameo")
        a, b = find_party(store, "CHN"), find_party(store, "RUS")
        dyad = load_dyad(store, a, b, with_text=False)
        at = dyad["day"].max()
        assert isinstance(at, datetime.date)
        others = load_others(store, a, b, dyad.height)
        asked: dict[str, Callable[[], object]] = {
            "others read": lambda: load_others(store, a, b, dyad.height),
            "precedents found": lambda: find_precedents(dyad, others, names=("CHN", "RUS"), at=at),
        }
        for name, ask in asked.items():
            clock, processor = [], []
            for _ in range(5):
                started, used = time.perf_counter(), time.process_time()
                ask()
                clock.append(time.perf_counter() - started)
                processor.append(time.process_time() - used)
            detail = f"processor {statistics.median(processor):.2f}; the dyad {dyad.height:,}, others {others.height:,} events"
            yield Measure("precedents (1,000,000 events)", name, statistics.median(clock), 0.5, "<=", " s", detail)
        store.close()


if __name__ == "__main__":
    wanted = {"skill": measure_skill, "weights": measure_weights, "speed": lambda: measure_speed(Path(sys.argv[2]) if len(sys.argv) > 2 else None)}
    for measure in wanted[sys.argv[1]]():
        print(f"{measure.group}: {measure.name}: {measure.value:.4f}{measure.unit} {measure.detail}", flush=True)
