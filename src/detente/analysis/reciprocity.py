"""Who answers whom, with what, after how long, and whether escalation is met by escalation or by concession.

The unit is the day on which a side acted, not the event, for one act is often several events. An answer comes on a later day, within a window: the order
within a day is not known, and what falls on the same day is counted apart. Each figure stands beside what the same window holds at other times
(shifts.py), for in a quarrel something always follows.
"""

from __future__ import annotations

import datetime
from typing import Literal

import msgspec
import numpy as np
import polars as pl

from detente.analysis.acts import LEAST_EXPOSURE, ActDays, Side, acts_by_day, count_acts, daily_exposure, first_ids, mark_days, shifts_of, wait_days, why_silent
from detente.analysis.escalation import EXAMPLES, LEAST_OCCASIONS, EscalationMet, meet_escalations
from detente.analysis.hawkes import HawkesFit, fit_hawkes
from detente.analysis.markov import Index
from detente.analysis.shares import wilson
from detente.analysis.shifts import p_of, sum_products

ANSWER_DAYS = 7
"""Default window of an answer. The excitation found on six dyads of ICEWS14 has half-lives of 0.3 to 4 days."""


class Reciprocity(msgspec.Struct, frozen=True):
    """All of it for a dyad at a day. ``hostile``, ``friendly``: acts above and below rung 0 as Hawkes processes.

    ``reason``: ``sparse-reports`` where the store has events on so few days that it cannot tell who answers whom; then nothing is concluded.
    """

    at: datetime.date
    first_day: datetime.date | None
    reason: str
    hostile: HawkesFit
    friendly: HawkesFit
    escalations: tuple[EscalationMet, EscalationMet]


def find_reciprocity(table: pl.DataFrame, at: datetime.date, *, within_days: int = ANSWER_DAYS, volume: pl.DataFrame | None = None, with_friendly: bool = True) -> Reciprocity:
    """A dyad's events with their ``side`` -> who answers whom as known at ``at``.

    ``volume`` (day, events): how many events the whole store has, so that its busy days are not taken for excitation. Without ``with_friendly`` friendly
    acts are not fitted (reason ``not-asked``), in half the time.
    """
    days = acts_by_day(table, at)
    seen = daily_exposure(days, volume)
    reason = why_silent(seen)
    if reason:
        fits = [HawkesFit(days.size, reason)] * 2
    else:
        known = None if seen is None else np.maximum(seen, LEAST_EXPOSURE)
        fits = [fit_hawkes(count_acts(days, "a", chosen), count_acts(days, "b", chosen), known) for chosen in (pl.col("rung") > 0, pl.col("rung") < 0)[: 1 + with_friendly]]
        fits += [] if with_friendly else [HawkesFit(days.size, "not-asked")]
    met = meet_escalations(days, "a", within_days, reason), meet_escalations(days, "b", within_days, reason)
    return Reciprocity(at, days.first, reason, fits[0], fits[1], met)


def answer_rates(
    table: pl.DataFrame,
    at: datetime.date,
    *,
    within_days: int = ANSWER_DAYS,
    by: Literal["event_type", "quad", "rung"] = "event_type",
    least: int = LEAST_OCCASIONS,
    volume: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """A dyad's events with their ``side`` -> a row for each kind of act of a side and each kind of answer of the other side.

    Columns: side (who acted), act, answer, occasions (days with such an act), answered, rate, low, high (95%, Wilson), base_rate (by shifts), lift (rate /
    base_rate), p_value, q_value (Benjamini and Hochberg's, over all rows), median_lag_days, same_day (occasions with such an act of the other side
    on that very day), act_ids and answer_ids (the latest, in pairs). Acts whose window is not over at ``at`` are left out, kinds with fewer than ``least`` occasions too.
    Where history is short or reports are sparse (``volume``, as in ``find_reciprocity``) there is no chance to compare with. Sorted by p-value.
    """
    days = acts_by_day(table, at)
    shifts = shifts_of(days, why_silent(daily_exposure(days, volume)))
    sides: tuple[Side, Side] = ("a", "b")
    rows = [row for side in sides for row in _rates(days, shifts, side, within_days, by, least)] if days.size else []
    schema: dict[str, pl.DataType] = {
        "side": pl.String(), "act": pl.String(), "answer": pl.String(), "occasions": pl.Int64(), "answered": pl.Int64(), "rate": pl.Float64(), "low": pl.Float64(), "high": pl.Float64(),
        "base_rate": pl.Float64(), "lift": pl.Float64(), "p_value": pl.Float64(), "median_lag_days": pl.Float64(), "same_day": pl.Int64(),
        "act_ids": pl.List(pl.String), "answer_ids": pl.List(pl.String),
    }  # fmt: skip
    found = pl.DataFrame(rows, schema=schema, orient="row").sort("p_value", "rate", descending=[False, True], nulls_last=True, maintain_order=True)
    tested = found["p_value"].count()
    steps = pl.col("p_value") * tested / pl.int_range(1, pl.len() + 1)
    return found.with_columns(q_value=steps.reverse().cum_min().reverse().clip(upper_bound=1.0))


def _rates(days: ActDays, shifts: Index, side: Side, within_days: int, by: str, least: int) -> list[dict[str, object]]:
    other: Side = "b" if side == "a" else "a"
    mine, theirs = ({str(kind[0]): part for kind, part in days.events.filter(pl.col("side") == s).group_by(by, maintain_order=True)} for s in (side, other))
    marks = {kind: mark_days(part, days.size) for kind, part in mine.items()}
    for present in marks.values():
        present[max(days.size - within_days, 0) :] = 0
    marks = {kind: present for kind, present in marks.items() if present.sum() >= least}
    if not marks or not theirs:
        return []
    there = {kind: mark_days(part, days.size) for kind, part in theirs.items()}
    waits = {kind: wait_days(present) for kind, present in there.items()}
    hits = np.stack([wait <= within_days for wait in waits.values()]).astype(float)
    rows: list[dict[str, object]] = []
    for act, present in marks.items():
        occasions, sums = np.flatnonzero(present), sum_products(present, hits)
        for place, (answer, wait) in enumerate(waits.items()):
            answered, chance = occasions[hits[place, occasions] > 0], sums[place, shifts]
            count, total = len(answered), len(occasions)
            low, high = wilson(count, total)
            base = float(chance.mean() / total) if len(shifts) else None
            rows.append(
                {
                    "side": side,
                    "act": act,
                    "answer": answer,
                    "occasions": total,
                    "answered": count,
                    "rate": count / total,
                    "low": low,
                    "high": high,
                    "base_rate": base,
                    "lift": count / total / base if base else None,
                    "p_value": p_of(count, chance),
                    "median_lag_days": float(np.median(wait[answered])) if count else None,
                    "same_day": int(there[answer][occasions].sum()),
                    "act_ids": first_ids(mine[act], answered[-EXAMPLES:]),
                    "answer_ids": first_ids(theirs[answer], (answered + wait[answered])[-EXAMPLES:]),
                }
            )
    return rows
