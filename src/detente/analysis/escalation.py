"""Whether escalation is met by escalation or by concession, beside what the other side does at any other time."""

from __future__ import annotations

import msgspec
import numpy as np
import polars as pl

from detente.analysis.acts import ActDays, Side, first_ids, mark_days, shifts_of, wait_days
from detente.analysis.markov import Array, Index
from detente.analysis.shares import wilson
from detente.analysis.shifts import p_of, sum_products

BEFORE_DAYS = 14
"""A side escalates on a day on which it stands higher than on any of so many days before."""
ESCALATION_RUNG = 2
"""Escalation is a threat or worse."""
YIELDING_RUNG = -2
"""Yielding is a commitment, a concession, or cooperation; talk alone is not."""
LEAST_OCCASIONS = 5
"""With fewer acts there is no verdict."""
CONVINCING = 0.05 / 3
"""A verdict needs a p-value no greater: 5% shared by the three answers that it may name."""
EXAMPLES = 5
"""So many of the latest acts and answers are named."""
ANSWERS = ("escalation", "both", "concession", "words", "silence")
"""What an escalation may be met with. ``both``: hostile and yielding acts in one window."""


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


def meet_escalations(days: ActDays, side: Side, within_days: int, reason: str) -> EscalationMet:
    """One side's escalations and what the other does in the window after them."""
    other: Side = "b" if side == "a" else "a"
    acts = _escalations(days, side) if days.size else np.zeros(0, dtype=np.intp)
    acts = acts[acts < days.size - within_days]
    if not len(acts):
        return EscalationMet(side, 0, None, "few-occasions", ())
    met = _answers(days, other, within_days)
    shifts = shifts_of(days, reason)
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
        ids = [i for day in found[-EXAMPLES:] for i in (*first_ids(mine, np.array([day])), *_answer_ids(theirs, int(day), within_days, answer))]
        outcomes.append(Outcome(answer, len(found), len(found) / len(acts), low, high, base, p_of(len(found), sums[shifts]), tuple(dict.fromkeys(ids))))
    verdict, why = (None, reason) if reason else _judge(outcomes, len(acts), len(shifts))
    return EscalationMet(side, len(acts), verdict, why, tuple(outcomes))


def _highest(days: ActDays, side: Side) -> Array:
    """The highest rung of a side on each day [D], minus infinity where it did nothing."""
    top = np.full(days.size, -np.inf)
    mine = days.events.filter(pl.col("side") == side)
    np.maximum.at(top, mine["index"].to_numpy(), mine["rung"].to_numpy().astype(float))
    return top


def _escalations(days: ActDays, side: Side) -> Index:
    """The days on which a side stands on a rung of escalation, higher than on any of the days before."""
    top = _highest(days, side)
    padded = np.concatenate([np.full(BEFORE_DAYS, -np.inf), top])
    before = np.lib.stride_tricks.sliding_window_view(padded, BEFORE_DAYS)[: days.size].max(axis=1)
    return np.flatnonzero((top >= ESCALATION_RUNG) & (top > before))


def _answers(days: ActDays, side: Side, within_days: int) -> Index:
    """What a side does within the window after each day [D], as a place in ``ANSWERS``."""
    own = pl.col("side") == side
    hostile, yielding, anything = (
        wait_days(mark_days(days.events.filter(own & chosen), days.size)) <= within_days
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
