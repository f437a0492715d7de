"""Who answers whom, with what, after how long, and whether escalation is met by escalation or by concession.

The unit is the day on which a side acted, not the event, for one act is often several events. An answer comes on a later day, within a window: the order
within a day is not known, and what falls on the same day is counted apart. Each figure stands beside what the same window holds at other times
(shifts.py), for in a quarrel something always follows.
"""

from __future__ import annotations

import datetime
from typing import Literal, NamedTuple

import msgspec
import numpy as np
import polars as pl

from detente.analysis.hawkes import HawkesFit, fit_hawkes
from detente.analysis.markov import Array, Index
from detente.analysis.shifts import make_shifts, p_of, sum_products

ANSWER_DAYS = 7
"""Default window of an answer. On the dyads of ICEWS14 most excitation that is there has faded by then (docs/analysis.md)."""
BEFORE_DAYS = 14
"""A side escalates on a day on which it stands higher than on any of so many days before."""
ESCALATION_RUNG = 2
"""Escalation is a threat or worse."""
YIELDING_RUNG = -2
"""Yielding is a commitment, a concession, or cooperation; talk alone is not."""
LEAST_COVERED = 0.5
"""If the store has events on a smaller share of the days, lags tell when reports came, not when sides acted."""
LEAST_OCCASIONS = 5
"""With fewer acts there is no verdict."""
CONVINCING = 0.05 / 3
"""A verdict needs a p-value no greater: 5% shared by the three answers that it may name."""
LEAST_EXPOSURE, MOST_EXPOSURE = 0.05, 5.0
"""Bounds of what a day of the store may count as, next to its mean day."""
EXAMPLES = 5
"""So many of the latest acts and answers are named in each row."""
ANSWERS = ("escalation", "both", "concession", "words", "silence")
"""What an escalation may be met with. ``both``: hostile and yielding acts in one window."""
Side = Literal["a", "b"]


class Outcome(msgspec.Struct, frozen=True):
    """How often escalation was met so; ``base_share`` is that of other times, by shifts (``None`` without); ``event_ids``: the latest acts and their answers."""

    answer: str
    count: int
    share: float
    low: float
    high: float
    base_share: float | None
    p_value: float | None
    event_ids: tuple[str, ...]


class EscalationMet(msgspec.Struct, frozen=True):
    """What one side's escalations are met with by the other.

    ``verdict``: ``escalation`` or ``concession`` where that follows more often than by chance, ``both``, ``no-pattern``, or ``None`` with
    ``few-occasions``, ``short-history`` or ``sparse-reports`` as the ``reason``.
    """

    side: Side
    occasions: int
    verdict: str | None
    reason: str
    outcomes: tuple[Outcome, ...]


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


class _Days(NamedTuple):
    """A dyad's history by day: ``events`` with the column ``index``; ``size`` days from the first event to ``at``."""

    events: pl.DataFrame
    first: datetime.date | None
    size: int


def _by_day(table: pl.DataFrame, at: datetime.date) -> _Days:
    """A dyad's events with their ``side`` -> those of known days up to ``at``, one row an event. Joint acts, told of both sides as source, answer nothing."""
    known = table.filter((pl.col("day") <= at) & (pl.col("precision") == "day"))
    joint = known.group_by("event_id").agg(pl.col("side").n_unique()).filter(pl.col("side") > 1)["event_id"]
    known = known.filter(~pl.col("event_id").is_in(joint.implode())).unique("event_id", keep="first", maintain_order=True).sort("day", "event_id")
    first = known.filter(~pl.col("historical"))["day"].min()
    if not isinstance(first, datetime.date):
        return _Days(known.clear().with_columns(index=pl.lit(0)), None, 0)
    known = known.filter(pl.col("day") >= first).with_columns(index=(pl.col("day") - first).dt.total_days())
    return _Days(known, first, (at - first).days + 1)


def _counts(days: _Days, side: Side, chosen: pl.Expr) -> Array:
    index = days.events.filter((pl.col("side") == side) & chosen)["index"].to_numpy()
    return np.bincount(index, minlength=days.size).astype(float)


def find_reciprocity(table: pl.DataFrame, at: datetime.date, *, within_days: int = ANSWER_DAYS, volume: pl.DataFrame | None = None) -> Reciprocity:
    """A dyad's events with their ``side`` -> who answers whom as known at ``at``.

    ``volume`` (day, events): how many events the whole store has, so that its busy days are not taken for excitation.
    """
    days = _by_day(table, at)
    seen = _exposure(days, volume)
    reason = _reason(seen)
    if reason:
        fits = [HawkesFit(days.size, reason)] * 2
    else:
        known = None if seen is None else np.maximum(seen, LEAST_EXPOSURE)
        fits = [fit_hawkes(_counts(days, "a", chosen), _counts(days, "b", chosen), known) for chosen in (pl.col("rung") > 0, pl.col("rung") < 0)]
    met = _meet(days, "a", within_days, reason), _meet(days, "b", within_days, reason)
    return Reciprocity(at, days.first, reason, fits[0], fits[1], met)


def _exposure(days: _Days, volume: pl.DataFrame | None) -> Array | None:
    """The store's events on each day, as a share of the mean [D]."""
    if volume is None or days.first is None:
        return None
    seen = volume.with_columns(index=(pl.col("day") - days.first).dt.total_days()).filter(pl.col("index").is_between(0, days.size - 1))
    daily = np.bincount(seen["index"].to_numpy(), weights=seen["events"].to_numpy(), minlength=days.size)
    return np.minimum(daily / daily.mean(), MOST_EXPOSURE) if daily.any() else None


def _reason(seen: Array | None) -> str:
    return "sparse-reports" if seen is not None and (seen > 0).mean() < LEAST_COVERED else ""


def _shifts(days: _Days, reason: str) -> Index:
    return np.zeros(0, dtype=np.intp) if reason else make_shifts(days.size)


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
    base_rate), p_value, q_value (Benjamini and Hochberg's, over all rows), median_lag_days, same_day (occasions with such an act of the other side on that very day), act_ids and answer_ids (the latest, in
    pairs). Acts whose window is not over at ``at`` are left out, kinds with fewer than ``least`` occasions too.
    Where history is short or reports are sparse (``volume``, as in ``find_reciprocity``) there is no chance to compare with. Sorted by p-value.
    """
    days = _by_day(table, at)
    shifts = _shifts(days, _reason(_exposure(days, volume)))
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


def _rates(days: _Days, shifts: Index, side: Side, within_days: int, by: str, least: int) -> list[dict[str, object]]:
    other: Side = "b" if side == "a" else "a"
    mine, theirs = ({str(kind[0]): part for kind, part in days.events.filter(pl.col("side") == s).group_by(by, maintain_order=True)} for s in (side, other))
    acted = {kind: _present(part, days.size) for kind, part in mine.items()}
    waits = {kind: _wait(_present(part, days.size)) for kind, part in theirs.items()}
    open_from = days.size - within_days
    rows: list[dict[str, object]] = []
    for act, present in acted.items():
        occasions = np.flatnonzero(present[: max(open_from, 0)])
        if len(occasions) < least:
            continue
        marks = np.zeros(days.size)
        marks[occasions] = 1
        for answer, wait in waits.items():
            hit = (wait <= within_days).astype(float)
            sums = sum_products(marks, hit)
            answered = occasions[hit[occasions] > 0]
            share = len(answered) / len(occasions)
            low, high = wilson(len(answered), len(occasions))
            base = float(sums[shifts].mean() / len(occasions)) if len(shifts) else None
            rows.append(
                {
                    "side": side,
                    "act": act,
                    "answer": answer,
                    "occasions": len(occasions),
                    "answered": len(answered),
                    "rate": share,
                    "low": low,
                    "high": high,
                    "base_rate": base,
                    "lift": share / base if base else None,
                    "p_value": p_of(len(answered), sums[shifts]),
                    "median_lag_days": float(np.median(wait[answered])) if len(answered) else None,
                    "same_day": int(_present(theirs[answer], days.size)[occasions].sum()),
                    "act_ids": [_first_id(mine[act], day) for day in answered[-EXAMPLES:]],
                    "answer_ids": [_first_id(theirs[answer], day + wait[day]) for day in answered[-EXAMPLES:]],
                }
            )
    return rows


def _present(events: pl.DataFrame, size: int) -> Array:
    return (np.bincount(events["index"].to_numpy(), minlength=size) > 0).astype(float)


def _wait(present: Array) -> Array:
    """Days with an act [D] -> from each day, how many days until the next later one [D]; infinite after the last."""
    size = len(present)
    after = np.append(np.flatnonzero(present), np.inf)
    days = np.arange(size)
    found: Array = after[np.searchsorted(after, days, side="right")] - days
    return found


def _first_id(events: pl.DataFrame, day: float) -> str:
    return str(events["event_id"][int(events["index"].search_sorted(int(day)))])


def wilson(count: int, total: int) -> tuple[float, float]:
    """So many of so many -> the 95% interval of the share."""
    if not total:
        return 0.0, 1.0
    z, share = 1.96, count / total
    middle = share + z * z / (2 * total)
    width = z * np.sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    return float(max(0.0, (middle - width) / (1 + z * z / total))), float(min(1.0, (middle + width) / (1 + z * z / total)))


def _meet(days: _Days, side: Side, within_days: int, reason: str) -> EscalationMet:
    """One side's escalations and what the other does in the window after them."""
    other: Side = "b" if side == "a" else "a"
    acts = _escalations(days, side) if days.size else np.zeros(0, dtype=np.intp)
    acts = acts[acts < days.size - within_days]
    if not len(acts):
        return EscalationMet(side, 0, None, "few-occasions", ())
    met = _answers(days, other, within_days)
    shifts = _shifts(days, reason)
    marks = np.zeros(days.size)
    marks[acts] = 1
    theirs = days.events.filter(pl.col("side") == other)
    mine = days.events.filter((pl.col("side") == side) & (pl.col("rung") >= ESCALATION_RUNG))
    outcomes = []
    for code, answer in enumerate(ANSWERS):
        hit = (met == code).astype(float)
        hit[days.size - within_days :] = 0
        sums = sum_products(marks, hit)
        found = acts[hit[acts] > 0]
        low, high = wilson(len(found), len(acts))
        base = float(sums[shifts].mean() / len(acts)) if len(shifts) else None
        ids = [i for day in found[-EXAMPLES:] for i in (_first_id(mine, day), *_answer_ids(theirs, int(day), within_days, answer))]
        outcomes.append(Outcome(answer, len(found), len(found) / len(acts), low, high, base, p_of(len(found), sums[shifts]), tuple(dict.fromkeys(ids))))
    verdict, why = (None, reason) if reason else _judge(outcomes, len(acts), len(shifts))
    return EscalationMet(side, len(acts), verdict, why, tuple(outcomes))


def _highest(days: _Days, side: Side) -> Array:
    """The highest rung of a side on each day [D], minus infinity where it did nothing."""
    top = np.full(days.size, -np.inf)
    mine = days.events.filter(pl.col("side") == side)
    np.maximum.at(top, mine["index"].to_numpy(), mine["rung"].to_numpy().astype(float))
    return top


def _escalations(days: _Days, side: Side) -> Index:
    """The days on which a side stands on a rung of escalation, higher than on any of the days before."""
    top = _highest(days, side)
    padded = np.concatenate([np.full(BEFORE_DAYS, -np.inf), top])
    before = np.lib.stride_tricks.sliding_window_view(padded, BEFORE_DAYS)[: days.size].max(axis=1)
    return np.flatnonzero((top >= ESCALATION_RUNG) & (top > before))


def _answers(days: _Days, side: Side, within_days: int) -> Index:
    """What a side does within the window after each day [D], as a place in ``ANSWERS``."""
    own = pl.col("side") == side
    hostile, yielding, anything = (
        _wait(_present(days.events.filter(own & chosen), days.size)) <= within_days
        for chosen in (pl.col("rung") >= ESCALATION_RUNG, pl.col("rung") <= YIELDING_RUNG, pl.lit(value=True))
    )
    return np.select([hostile & yielding, hostile, yielding, anything], [1, 0, 2, 3], default=4).astype(np.intp)


def _answer_ids(theirs: pl.DataFrame, day: int, within_days: int, answer: str) -> list[str]:
    rung = pl.col("rung")
    kinds = {
        "escalation": rung >= ESCALATION_RUNG,
        "concession": rung <= YIELDING_RUNG,
        "both": (rung >= ESCALATION_RUNG) | (rung <= YIELDING_RUNG),
        "words": rung.is_between(YIELDING_RUNG + 1, ESCALATION_RUNG - 1),
        "silence": pl.lit(value=False),
    }
    found = theirs.filter(pl.col("index").is_between(day + 1, day + within_days) & kinds[answer])
    return found["event_id"].head(EXAMPLES).to_list()


def _judge(outcomes: list[Outcome], occasions: int, shifts: int) -> tuple[str | None, str]:
    if occasions < LEAST_OCCASIONS:
        return None, "few-occasions"
    if not shifts:
        return None, "short-history"
    more = [o.answer for o in outcomes[:3] if o.p_value is not None and o.p_value <= CONVINCING]
    return (more[0] if len(more) == 1 else "both" if more else "no-pattern"), ""
