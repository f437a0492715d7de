"""What followed a window of a dyad, and how often it does: outcomes, base rates with their intervals, and the dyad's usual rates beside them."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from detente.analysis.shares import wilson
from detente.analysis.windows import WINDOW_DAYS, Rows, ordinal, slice_of
from detente.codebook.ladder import LOWEST

HORIZONS = (7, 30, 90)
"""Days over which it is told what followed."""
LEAST_PRECEDENTS = 3
"""With fewer precedents than this over at a horizon there is no base rate."""
SHOWN_IDS = 12
"""Events named for a window or for what followed it; those farthest from routine first."""
USUAL_COUNTS = 5.0
"""The usual rate counts as so many precedents in what is expected."""


class Outcome(NamedTuple):
    """What may follow: an event on rungs ``low`` to ``high``, or ``none`` such. ``above_peak``: above the highest rung of the window as well."""

    name: str
    means: str
    low: int
    high: int = 8
    above_peak: bool = False
    none: bool = False


OUTCOMES = (
    Outcome("escalation", "an act on a higher rung than any of that window and of the present one", 1, above_peak=True),
    Outcome("force", "force or destruction, rung 5 or higher", 5),
    Outcome("deaths", "a lethal incident, rung 6", 6),
    Outcome("talks", "they talk or visit, rung -1", -1, -1),
    Outcome("commitment", "one promises or backs, rung -2", -2, -2),
    Outcome("concession", "one yields, rung -3", -3, -3),
    Outcome("quiet", "nothing on rung 3 or higher", 3, none=True),
)


class Aftermath(msgspec.Struct, frozen=True):
    """What followed within ``days``. ``is_over`` is false if the days were not all past: nothing else is then told. ``event_ids``: farthest from routine first."""

    days: int
    is_over: bool
    events: int = 0
    highest_rung: int | None = None
    outcomes: tuple[str, ...] = ()
    event_ids: tuple[str, ...] = ()


class BaseRate(msgspec.Struct, frozen=True, kw_only=True):
    """How often an outcome followed within ``days``: after ``occurred`` of ``precedents``, with a Wilson interval of 95%.

    ``usual_rate``: the share of the dyad's past weeks after which it came, whatever they were like; ``None`` if none has its days over.
    ``expected``: the rate drawn towards the usual one, which errs less than either (docs/analysis.md); ``None`` without a usual one.
    """

    outcome: str
    days: int
    precedents: int
    occurred: int
    rate: float
    low: float
    high: float
    usual_rate: float | None
    usual_weeks: int
    expected: float | None


def name_events(rows: Rows, where: slice) -> tuple[str, ...]:
    """A stretch of a dyad's rows -> the ids of its events, farthest from routine first, then latest; each once."""
    rungs = rows.rung[where]
    order = where.start + np.lexsort((-np.arange(rungs.size), -rungs, -np.abs(rungs)))
    return tuple(dict.fromkeys(rows.ids[order[: 4 * SHOWN_IDS]]))[:SHOWN_IDS]


def tell_aftermath(rows: Rows, pair: int, end: datetime.date, peak: int, at: datetime.date) -> tuple[Aftermath, ...]:
    """A dyad, a window's last day and the rung that an escalation must pass -> what followed in the days after it, for each horizon that was over before ``at``."""
    out = []
    for days in HORIZONS:
        if ordinal(end) + days >= ordinal(at):
            out.append(Aftermath(days, False))
            continue
        where = slice_of(rows, pair, ordinal(end) + 1, ordinal(end) + days)
        rungs = rows.rung[where]
        met = tuple(o.name for o in OUTCOMES if _is_met(o, rungs, peak))
        ids = name_events(rows, where)
        out.append(Aftermath(days, True, rows.ids[where].n_unique(), int(rungs.max()) if rungs.size else None, met, ids))
    return tuple(out)


def _is_met(outcome: Outcome, rungs: NDArray[np.int32], peak: int) -> bool:
    low = max(outcome.low, peak + 1) if outcome.above_peak else outcome.low
    return bool(((rungs >= low) & (rungs <= outcome.high)).any()) is not outcome.none


def usual_rates(rows: Rows, at: datetime.date, peak: int) -> dict[tuple[str, int], tuple[float, int]]:
    """The dyad's rows and the highest rung of its present window -> for each outcome and horizon the share of its past weeks after which it came, and how many weeks those are.

    A week counts with the window that ends with it, from the first whole window since the dyad's first event; its horizon must be over before ``at``.
    Escalation is to a rung above the present ``peak``: above that of each week's own window it would come after every quiet month.
    """
    own = slice_of(rows, 0, -(10**7), ordinal(at))
    days, rungs = rows.day[own], rows.rung[own]
    if not days.size:
        return {}
    ends = np.arange(ordinal(at), int(days[0]) + WINDOW_DAYS - 2, -7)
    # events on each rung up to a day, so that a stretch of days is a difference of two rows
    upto = np.zeros((days.size + 1, 9 - LOWEST), np.int64)
    upto[np.arange(1, days.size + 1), rungs - LOWEST] = 1
    upto = upto.cumsum(axis=0)
    at_end = np.searchsorted(days, ends, side="right")
    out = {}
    for horizon in HORIZONS:
        over = ends + horizon < ordinal(at)
        if not over.any():
            continue
        after = upto[np.searchsorted(days, ends[over] + horizon, side="right")] - upto[at_end[over]]
        for outcome in OUTCOMES:
            low = max(outcome.low, peak + 1) if outcome.above_peak else outcome.low
            met = (after[:, low - LOWEST : outcome.high - LOWEST + 1] > 0).any(axis=1)
            out[outcome.name, horizon] = (float((met != outcome.none).mean()), int(over.sum()))
    return out


def base_rates(followed: Sequence[Sequence[Aftermath]], usual: dict[tuple[str, int], tuple[float, int]]) -> tuple[BaseRate, ...]:
    """What followed each precedent, and the usual rates -> the base rates. Without ``LEAST_PRECEDENTS`` over at a horizon it has none."""
    out = []
    for horizon in HORIZONS:
        over = [a for each in followed for a in each if a.days == horizon and a.is_over]
        if len(over) < LEAST_PRECEDENTS:
            continue
        for outcome in OUTCOMES:
            met = sum(outcome.name in a.outcomes for a in over)
            low, high = wilson(met, len(over))
            rate, weeks = usual.get((outcome.name, horizon), (None, 0))
            out.append(
                BaseRate(
                    outcome=outcome.name,
                    days=horizon,
                    precedents=len(over),
                    occurred=met,
                    rate=met / len(over),
                    low=low,
                    high=high,
                    usual_rate=rate,
                    usual_weeks=weeks,
                    expected=None if rate is None else (met + USUAL_COUNTS * rate) / (len(over) + USUAL_COUNTS),
                )
            )
    return tuple(out)
