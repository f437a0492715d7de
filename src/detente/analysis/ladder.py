"""Where a dyad stands on the ladder of escalation: its rung by date, and that of each side, the peak, the days on each rung, and which way it moves.

Decision: docs/decisions/0013-rung-of-a-dyad.md. A dyad stands on the rung of its highest recent event; an event holds its rung for some days, then
sinks by steps (``[decay]`` of the codebook's ladder). Rungs 7 and 8 come of lethal incidents on several days. A dyad with no conflict left that counts
stands on the rung of its cooperation, below 0; cooperation beside conflict is told, but does not lower the rung.
"""

from __future__ import annotations

import datetime
from typing import Literal

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray

from detente.analysis.direction import Movement, find_movement
from detente.codebook.ladder import HIGHEST_SINGLE, LOWEST, Fighting, Ladder, load_ladder

Days = NDArray[np.int64]
SHARP = ("day", "week")
"""Precisions of the events that count here: one that is known to a month or a year only would stand on a day that nobody told."""
LETHAL = 6
COUNTED_SHARE = 0.5
"""Where at least this share of the lethal incidents of a window comes with a toll, war needs the number of dead; else the days decide alone."""


class Peak(msgspec.Struct, frozen=True):
    """The highest rung that a dyad stood on, the first day on which it did, and the events that brought it there."""

    rung: int
    day: datetime.date
    event_ids: tuple[str, ...]


class SideStanding(msgspec.Struct, frozen=True):
    """How far one side went by its own acts, and the acts that hold it there."""

    rung: int
    event_ids: tuple[str, ...]


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """Where a dyad stands on a day.

    ``rung`` -4 to 8 and its ``name``; ``since``: the day from which it has stood there without a break; ``event_ids``: the events that hold it there, and
    ``reports`` how many independent reports the best told of them has. ``conflict`` (0 to 8) and ``cooperation`` (-4 to 0) are the two parts, ``cooperation_ids``
    the events of the latter. ``higher``: the side that went further. ``days_at``: days on each rung since the first event, the present one included.
    ``reason``: "" or why there is no more to say: "no-events", or "few-events" or "short-history" (then there is no direction).
    """

    at: datetime.date
    rung: int
    name: str
    since: datetime.date | None
    event_ids: tuple[str, ...]
    reports: int
    conflict: int
    cooperation: int
    cooperation_ids: tuple[str, ...]
    a: SideStanding
    b: SideStanding
    higher: Literal["a", "b", "even"]
    peak: Peak | None
    movement: Movement
    days_at: dict[int, int]
    reason: Literal["", "no-events", "few-events", "short-history"] = ""


def sharp_events(dyad: pl.DataFrame, at: datetime.date) -> pl.DataFrame:
    """A dyad's table -> the events until ``at`` whose day is known to the week or better."""
    return dyad.filter((pl.col("day") <= at) & pl.col("precision").is_in(SHARP))


def track_rungs(dyad: pl.DataFrame, at: datetime.date, *, since: datetime.date | None = None, ladder: Ladder | None = None) -> pl.DataFrame:
    """A dyad's table (``select_dyad``) -> a row a day from its first event, or ``since``, until ``at``.

    Columns: ``day``, ``rung`` (-4 to 8), ``conflict`` (0 to 8), ``cooperation`` (-4 to 0), ``rung_a`` and ``rung_b`` (by each side's own acts), ``highest`` (of that
    day's events, null on a day without). Events before ``since`` still count while they last. No rows if there is no event.
    """
    steps = ladder or load_ladder()
    events = sharp_events(dyad, at)
    if events.is_empty():
        names = ("rung", "conflict", "cooperation", "rung_a", "rung_b", "highest")
        return pl.DataFrame(schema={"day": pl.Date(), **{n: pl.Int8() for n in names}})
    first = events["day"][0]
    size = (at - first).days + 1
    conflict, cooperation = rate_conflict(events, first, size, steps), _cooperation(events, first, size, steps)
    sides = {
        f"rung_{s}": combine(rate_conflict(own, first, size, steps), _cooperation(own, first, size, steps)) for s in ("a", "b") for own in (events.filter(pl.col("side") == s),)
    }
    track = pl.DataFrame(
        {"day": pl.date_range(first, at, eager=True), "rung": combine(conflict, cooperation), "conflict": conflict, "cooperation": cooperation, **sides}
    ).with_columns(pl.exclude("day").cast(pl.Int8))
    track = track.join(events.group_by("day").agg(highest=pl.col("rung").max()), on="day", how="left", maintain_order="left")
    return track if since is None else track.filter(pl.col("day") >= since)


def combine(conflict: Days, cooperation: Days) -> Days:
    """Both parts by day -> the rung: that of the conflict while there is any."""
    return np.where(conflict > 0, conflict, cooperation)


def lose_rungs(age_days: Days, ladder: Ladder) -> Days:
    """Ages of events in days -> how many rungs they have sunk."""
    return np.maximum(0, -((ladder.decay.hold_days - 1 - age_days) // ladder.decay.step_days))


def rate_conflict(events: pl.DataFrame, first: datetime.date, size: int, ladder: Ladder) -> Days:
    """Sharp events, their first day and a number of days -> the rung of conflict by day, 0 to 8."""
    days, rungs = _day_numbers(events, first), events["rung"].to_numpy().astype(np.int64)
    present = {r: _marks(days[rungs == r], size) for r in range(1, HIGHEST_SINGLE + 1)}
    for rung, rule in ((7, ladder.sustained), (8, ladder.war)):
        present[rung] = present[LETHAL] & _is_fighting(events, first, size, rule)
    return _levels(present, size, ladder)


def _cooperation(events: pl.DataFrame, first: datetime.date, size: int, ladder: Ladder) -> Days:
    days, rungs = _day_numbers(events, first), events["rung"].to_numpy().astype(np.int64)
    return -_levels({-r: _marks(days[rungs == r], size) for r in range(LOWEST, 0)}, size, ladder)


def _levels(present: dict[int, NDArray[np.bool_]], size: int, ladder: Ladder) -> Days:
    """On which days there were events of each rung -> the highest that is left by day."""
    index = np.arange(size)
    best = np.zeros(size, np.int64)
    for rung, marks in present.items():
        if marks.any():
            last = np.maximum.accumulate(np.where(marks, index, -1))
            best = np.maximum(best, np.where(last >= 0, rung - lose_rungs(index - last, ladder), 0))
    return best


def _day_numbers(events: pl.DataFrame, first: datetime.date) -> Days:
    return (events["day"] - pl.Series([first], dtype=pl.Date())).dt.total_days().to_numpy().astype(np.int64)


def _marks(days: Days, size: int) -> NDArray[np.bool_]:
    marks = np.zeros(size, bool)
    marks[days] = True
    return marks


def _is_fighting(events: pl.DataFrame, first: datetime.date, size: int, rule: Fighting) -> NDArray[np.bool_]:
    """On which days the window that ends with them has enough lethal days, and enough dead where they are counted."""
    lethal = events.filter(pl.col("rung") >= LETHAL)
    days = _day_numbers(lethal, first)
    enough = _sum_window(_marks(days, size).astype(np.int64), rule.window_days) >= rule.lethal_days
    if rule.dead is None or not enough.any():
        return enough
    is_counted = lethal["dead"].is_not_null().to_numpy()
    dead = lethal["dead"].fill_null(0).to_numpy().astype(np.int64)
    total, counted, incidents = (_sum_window(np.bincount(days, w, size).astype(np.int64), rule.window_days) for w in (dead, is_counted, np.ones(len(days))))
    return enough & ((total >= rule.dead) | (counted < COUNTED_SHARE * incidents))


def _sum_window(values: Days, window_days: int) -> Days:
    sums = np.cumsum(values)
    sums[window_days:] -= np.cumsum(values)[:-window_days]
    return sums


def find_standing(dyad: pl.DataFrame, at: datetime.date, *, ladder: Ladder | None = None) -> Standing:
    """A dyad's table and a day -> where it stands then; what comes after ``at`` does not count."""
    steps = ladder or load_ladder()
    events = sharp_events(dyad, at)
    track = track_rungs(dyad, at, ladder=steps)
    movement = find_movement(events, at)
    if track.is_empty():
        nobody = SideStanding(0, ())
        name = steps.rungs[0].name
        return Standing(
            at=at, rung=0, name=name, since=None, event_ids=(), reports=0, conflict=0, cooperation=0, cooperation_ids=(), a=nobody, b=nobody, higher="even", peak=None, movement=movement, days_at={}, reason="no-events"
        )  # fmt: skip
    last = track.row(-1, named=True)
    rung, conflict, cooperation = last["rung"], last["conflict"], last["cooperation"]
    held = _holding(events, at, rung, steps)
    sides = {s: SideStanding(last[f"rung_{s}"], _ids(_holding(events.filter(pl.col("side") == s), at, last[f"rung_{s}"], steps))) for s in ("a", "b")}
    other = track.filter(pl.col("rung") != rung)
    counts = track["rung"].value_counts().sort("rung")
    return Standing(
        at=at,
        rung=rung,
        name=steps.rungs[rung].name,
        since=track["day"][0] if other.is_empty() else other["day"][-1] + datetime.timedelta(days=1),
        event_ids=_ids(held),
        reports=int(held["reports"].max() or 0) if held.height else 0,  # type: ignore[arg-type]
        conflict=conflict,
        cooperation=cooperation,
        cooperation_ids=_ids(_holding(events, at, cooperation, steps)),
        a=sides["a"],
        b=sides["b"],
        higher="a" if sides["a"].rung > sides["b"].rung else "b" if sides["b"].rung > sides["a"].rung else "even",
        peak=_find_peak(events, track, steps),
        movement=movement,
        days_at=dict(counts.iter_rows()),
        reason=movement.reason,
    )


def _ids(events: pl.DataFrame) -> tuple[str, ...]:
    return tuple(events["event_id"].unique(maintain_order=True))


def _holding(events: pl.DataFrame, at: datetime.date, rung: int, ladder: Ladder) -> pl.DataFrame:
    """The events that hold a dyad or a side on a rung on a day: those that have sunk to it; of fighting, the lethal ones of its window."""
    if rung == 0 or events.is_empty():
        return events.head(0)
    sunk = lose_rungs(-_day_numbers(events, at), ladder)
    rungs = events["rung"].to_numpy().astype(np.int64)
    holds = pl.lit(pl.Series(rungs * np.sign(rung) - sunk == abs(rung)))
    if rung > 0 and (fighting := _last_fighting(events, at, rung, ladder)):
        day, rule = fighting
        holds = holds | ((pl.col("rung") >= LETHAL) & pl.col("day").is_between(day - datetime.timedelta(days=rule.window_days - 1), day))
    return events.filter(holds)


def _last_fighting(events: pl.DataFrame, at: datetime.date, rung: int, ladder: Ladder) -> tuple[datetime.date, Fighting] | None:
    """The fighting that has sunk to this rung, if it is that which holds it: its last day and its rule."""
    first = events["day"][0]
    size = (at - first).days + 1
    lethal = _marks(_day_numbers(events.filter(pl.col("rung") >= LETHAL), first), size)
    for top, rule in ((8, ladder.war), (7, ladder.sustained)):
        marks = lethal & _is_fighting(events, first, size, rule)
        if marks.any():
            last = int(np.flatnonzero(marks)[-1])
            if top - int(lose_rungs(np.array([size - 1 - last]), ladder)[0]) == rung:
                return first + datetime.timedelta(days=last), rule
    return None


def _find_peak(events: pl.DataFrame, track: pl.DataFrame, ladder: Ladder) -> Peak | None:
    rung = int(track["rung"].max())  # type: ignore[arg-type]
    day = track.filter(pl.col("rung") == rung)["day"][0]
    return Peak(rung, day, _ids(_holding(events.filter(pl.col("day") <= day), day, rung, ladder))) if rung > 0 else None
