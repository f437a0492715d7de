"""Alerts measured on ICEWS14 (quads of 2014): how many a dyad-year, and how many of them nothing came of.

    python benchmarks/alerts.py

A false alarm is an alert on day t after which, in the days t+1 to t+30, the dyad neither sees an act on the alert's rung or higher (on rung 4 at least),
nor more acts of material conflict than in its mean 30 days before the alert's own events. What the alert itself rests on never counts.
"""

from __future__ import annotations

import datetime
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "benchmarks")]

import numpy as np  # noqa: E402
import polars as pl  # noqa: E402
from ladder import Measure, load_icews14  # noqa: E402

from detente.analysis.alerts import Alert, AlertSettings, find_alerts  # noqa: E402
from detente.analysis.dyads import list_dyads  # noqa: E402

SINCE, UNTIL = datetime.date(2014, 4, 1), datetime.date(2014, 10, 31)
"""The data have 1 January to 30 November: 90 days come before the first alert, 30 after the last."""
FOLLOWED_DAYS = 30
LEAST_RUNG = 4
STRATA = (5, 20, 50, 100, 200)
WANTED = 2.0
Outcomes = dict[tuple[str, str], pl.DataFrame]


def measure_alerts(settings: AlertSettings | None = None, table: pl.DataFrame | None = None) -> Iterator[Measure]:
    """False alarms per dyad-year at the default setting, by how much there is about the dyads; by kind; and what a random day gives."""
    told = load_icews14() if table is None else table
    dyads = list_dyads(told)
    events = split_dyads(told)
    alerts = find_alerts(told, UNTIL, since=SINCE, settings=settings)
    false = [alert for alert in alerts if is_false(alert, events[alert.a, alert.b])]
    years = ((UNTIL - SINCE).days + 1) / 365
    for least in STRATA:
        chosen = set(dyads.filter(pl.col("events") >= least).select("a", "b").iter_rows())
        raised = [x for x in alerts if (x.a, x.b) in chosen]
        wrong = [x for x in false if (x.a, x.b) in chosen]
        detail = f"{len(chosen):,} dyads, {len(raised)} alerts ({len(raised) / len(chosen) / years:.2f} a dyad-year), {len(wrong)} false"
        yield Measure("alerts (ICEWS14)", f"false alarms a dyad-year, dyads with {least} events or more", len(wrong) / len(chosen) / years, WANTED, "<=", detail=detail)
        worst = Counter((x.a, x.b) for x in wrong).most_common(1)
        if worst:
            yield Measure("alerts (ICEWS14)", f"most of one dyad, {least} events or more", worst[0][1] / years, detail="-".join(worst[0][0]))
    kinds, wrong_kinds = Counter(x.kind for x in alerts), Counter(x.kind for x in false)
    for kind, number in kinds.most_common():
        yield Measure("alerts (ICEWS14)", f"followed: {kind}", 1 - wrong_kinds[kind] / number, detail=f"{number} alerts")
    yield Measure("alerts (ICEWS14)", "followed: all", 1 - len(false) / max(1, len(alerts)), detail=f"{len(alerts)} alerts")
    yield Measure("alerts (ICEWS14)", "followed: a random day instead, same dyads and rungs", chance(alerts, events), detail="each alert moved to 20 random days")
    yield Measure("alerts (ICEWS14)", "rises to rung 6 that were alerted 30 to 0 days before", *found_rises(alerts, events))


def split_dyads(told: pl.DataFrame) -> Outcomes:
    """A table -> each dyad's events, once each."""
    pairs = told.filter(pl.col("source") != pl.col("target")).with_columns(a=pl.min_horizontal("source", "target"), b=pl.max_horizontal("source", "target"))
    parts = pairs.unique(["a", "b", "event_id"]).sort("day").select("a", "b", "event_id", "day", "rung", "quad").partition_by(["a", "b"], as_dict=True)
    return {(str(a), str(b)): part for (a, b), part in parts.items()}


def is_false(alert: Alert, events: pl.DataFrame) -> bool:
    """Whether nothing came of an alert."""
    own = events.filter(pl.col("event_id").is_in(alert.event_ids))["day"].min()
    assert isinstance(own, datetime.date)
    return not is_followed(events, alert.day, min(own, alert.day), max(LEAST_RUNG, alert.rung))


def is_followed(events: pl.DataFrame, day: datetime.date, before: datetime.date, rung: int) -> bool:
    """Whether the days after ``day`` see an act on ``rung`` (fighting: 6), or more material conflict than the mean of the days before ``before``."""
    after = events.filter((pl.col("day") > day) & (pl.col("day") <= day + datetime.timedelta(days=FOLLOWED_DAYS)))
    if (after["rung"] >= min(rung, 6)).any():
        return True
    known = (before - datetime.date(2014, 1, 1)).days
    base = events.filter((pl.col("day") < before) & (pl.col("quad") == 4)).height / max(1, known) * FOLLOWED_DAYS
    return after.filter(pl.col("quad") == 4).height > base


def chance(alerts: Iterable[Alert], events: Outcomes) -> float:
    """How often a random day of the same dyad would have been followed."""
    rng = np.random.default_rng(14)
    days = (UNTIL - SINCE).days + 1
    hits = [is_followed(events[x.a, x.b], d, d, max(LEAST_RUNG, x.rung)) for x in alerts for d in (SINCE + datetime.timedelta(days=int(n)) for n in rng.integers(0, days, 20))]
    return float(np.mean(hits))


def found_rises(alerts: Iterable[Alert], events: Outcomes) -> tuple[float, None, str, str, str]:
    """Of the second lethal incidents within 30 days (a first one cannot be known before), how many an alert came before or with the first."""
    days = {(a, b): sorted(x.day for x in alerts if (x.a, x.b) == (a, b)) for a, b in {(x.a, x.b) for x in alerts}}
    found = total = 0
    for pair, part in events.items():
        lethal = part.filter(pl.col("rung") >= 6)["day"].unique().sort().to_list()
        for earlier, first, second in zip([datetime.date(2013, 1, 1), *lethal], lethal, lethal[1:], strict=False):
            if (first - earlier).days > 60 and (second - first).days <= FOLLOWED_DAYS and SINCE <= first <= UNTIL:
                total += 1
                found += any(first - datetime.timedelta(days=30) <= d < second for d in days.get(pair, []))
    return found / max(1, total), None, ">=", "", f"{total} outbreaks: a lethal incident after 60 days without, and a second within 30 days"


MEASURES: dict[str, Callable[[], Iterator[Measure]]] = {"alerts": measure_alerts}

if __name__ == "__main__":
    for m in measure_alerts():
        told = f", wanted {m.bound} {m.wanted:g}{m.unit}" if m.wanted is not None else ""
        print(f"{m.group}: {m.name}: {m.value:.3f}{m.unit}{told}  {m.detail}", flush=True)
