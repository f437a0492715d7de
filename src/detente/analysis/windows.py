"""Events of many dyads -> their windows: weekly sketches of each dyad, and how alike two windows are part by part."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from detente.codebook.ladder import load_ladder

WINDOW_WEEKS = 4
"""Weeks of a window: long enough to show a sequence of acts, short enough that a crisis fills one. Set by the benchmark, docs/analysis.md."""
WINDOW_DAYS = 7 * WINDOW_WEEKS
HALF_LIFE_WEEKS = 2.0
"""In the mix of types an event this old counts half as much as one of the window's last week."""
HISTORY_WEEKS = 1_560
"""No further back than thirty years: a stray date of 1950 must not make the sketches large."""
MOST_CELLS = 500_000
"""Weeks of all dyads that are sketched, which bounds the memory at about 70 MB; the dyads with most events go first."""
TOKENS = 40
"""Acts of a window that are compared in their order, the latest of them."""
HOSTILE_RUNG = 1
"""From here on an act counts towards who drives a window."""
_RUNG_SPAN, _PACE_SPAN, _USUAL_SPAN = 6.0, 3.0, 4.0
"""So many rungs, and so many doublings of pace, apart is nothing in common; so many doublings of the usual pace apart leave 1/e of ``history``."""
_EMPTY = -100

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]


class Rows(NamedTuple):
    """Events as arrays of one length, by dyad and day. ``side`` 0: the first party acts; ``day``: days since 1970."""

    pair: Ints
    side: Ints
    day: Ints
    kind: Ints
    rung: Ints
    names: tuple[tuple[str, str], ...]
    ids: pl.Series


class Panel(NamedTuple):
    """Windows of all dyads, one for each week back from ``at``: arrays with the axes dyad, window; window 0 is the present one.

    ``mix`` [dyad, window, type]: square roots of the shares of the types. ``top``: highest rung. ``rise``: how many rungs the later half stands above
    the earlier. ``drive``: the first party's share of hostile acts. ``pace``: log2 of its events. ``events``: how many. By dyad alone: ``usual_mix``, of
    all its windows, and ``usual_pace``, log2 of their mean of events.
    """

    mix: Floats
    top: Floats
    rise: Floats
    drive: Floats
    pace: Floats
    events: Floats
    usual_mix: Floats
    usual_pace: Floats


def event_types() -> tuple[str, ...]:
    """Nothing -> the PLOVER types, in the order of the sketches."""
    return tuple(load_ladder().types)


def ordinal(day: datetime.date) -> int:
    """A day -> days since 1970."""
    return day.toordinal() - datetime.date(1970, 1, 1).toordinal()


def make_rows(dyad: pl.DataFrame, others: pl.DataFrame | None, *, names: tuple[str, str], at: datetime.date) -> Rows:
    """A dyad's events (with ``side``) and all events -> rows up to ``at``; dyad 0 is the one asked for. Events known to a month or a year only are left out.

    Others are the pairs of different parties, in the order of the alphabet; the dyad's own events are not among them.
    """
    own = _known(dyad, at).select("event_id", "day", "event_type", "rung", a=pl.lit(names[0]), b=pl.lit(names[1]), side=(pl.col("side") == "b").cast(pl.Int32))
    frames = [own.with_columns(pair=pl.lit(0, pl.UInt32))]
    labels = [names]
    if others is not None:
        turned = pl.col("source") > pl.col("target")
        rest = (
            _known(others, at)
            .filter((pl.col("source") != pl.col("target")) & (pl.col("source") != "") & (pl.col("target") != ""))
            .join(own.select("event_id").unique(), on="event_id", how="anti")
            .select(
                *("event_id", "day", "event_type", "rung"),
                a=pl.when(turned).then("target").otherwise("source"),
                b=pl.when(turned).then("source").otherwise("target"),
                side=turned.cast(pl.Int32),
            )
        )
        earliest = rest["day"].to_physical().min()
        span = (ordinal(at) - earliest) // 7 + 1 if isinstance(earliest, int) else 1
        pairs = rest.group_by("a", "b").len().sort("len", "a", "b", descending=[True, False, False]).head(MOST_CELLS // min(span, HISTORY_WEEKS))
        pairs = pairs.filter(pl.col("len") >= LEAST_PAIR_EVENTS).with_row_index("pair", offset=1)
        frames.append(rest.join(pairs.drop("len"), on=["a", "b"]).select(frames[0].columns))
        labels += list(pairs.select("a", "b").iter_rows())
    kinds = {name: n for n, name in enumerate(event_types())}
    table = pl.concat(frames, how="vertical_relaxed").filter(pl.col("event_type").is_in(list(kinds))).sort("pair", "day", maintain_order=True)
    return Rows(
        table["pair"].to_numpy().astype(np.int32),
        table["side"].to_numpy().astype(np.int32),
        table["day"].to_physical().to_numpy().astype(np.int32),
        table["event_type"].replace_strict(kinds, return_dtype=pl.Int32).to_numpy().astype(np.int32),
        table["rung"].to_numpy().astype(np.int32),
        tuple(labels),
        table["event_id"],
    )


LEAST_PAIR_EVENTS = 20
"""Another dyad with fewer events has no windows worth comparing."""


def _known(table: pl.DataFrame, at: datetime.date) -> pl.DataFrame:
    known = (pl.col("day") <= at) & ~pl.col("historical")
    return table.filter(known & (pl.col("day").to_physical() > ordinal(at) - 7 * HISTORY_WEEKS) & pl.col("precision").is_in(["day", "week"]))


def make_panel(rows: Rows, at: datetime.date) -> Panel:
    """Rows -> the windows of their dyads."""
    kinds, pairs = len(event_types()), len(rows.names)
    week = (ordinal(at) - rows.day) // 7
    weeks = int(week.max(initial=0)) + WINDOW_WEEKS
    cell = rows.pair * weeks + week
    mix = np.zeros((pairs, weeks, kinds), np.float32)
    np.add.at(mix.reshape(-1), cell * kinds + rows.kind, 1.0)
    hostile = np.zeros((2, pairs, weeks), np.float32)
    is_hostile = rows.rung >= HOSTILE_RUNG
    np.add.at(hostile.reshape(-1), (rows.side * pairs * weeks + cell)[is_hostile], 1.0)
    path = np.full((pairs, weeks), _EMPTY, np.float32)
    np.maximum.at(path.reshape(-1), cell, rows.rung.astype(np.float32))
    events = _sum(mix.sum(axis=2))
    first, second = _sum(hostile[0]), _sum(hostile[1])
    total = mix.sum(axis=1)
    usual_mix = np.sqrt(total / np.maximum(total.sum(axis=1, keepdims=True), 1))
    usual_pace = np.log2(events.mean(axis=1) + 0.01)
    return Panel(_sketch(mix), *_climb(path), (first + 0.5) / (first + second + 1.0), np.log2(np.maximum(events, 0.5)), events, usual_mix, usual_pace)


def _sum(weekly: Floats) -> Floats:
    """Sums of ``WINDOW_WEEKS`` weeks; week 0 is the latest, so a window holds its own week and those after it in the array."""
    out = weekly.copy()
    for j in range(1, WINDOW_WEEKS):
        out[:, :-j] += weekly[:, j:]
    return out


def _sketch(weekly: Floats) -> Floats:
    out = weekly.copy()
    for j in range(1, WINDOW_WEEKS):
        out[:, :-j] += np.float32(0.5 ** (j / HALF_LIFE_WEEKS)) * weekly[:, j:]
    total = out.sum(axis=2, keepdims=True)
    np.divide(out, total, out=out, where=total > 0)
    return np.sqrt(out, out=out)


def _climb(path: Floats) -> tuple[Floats, Floats]:
    """Highest rung of each week -> that of each window, and the rise from its earlier half to its later; a week without events is rung 0."""
    pairs, weeks = path.shape
    padded = np.full((pairs, weeks + WINDOW_WEEKS), _EMPTY, np.float32)
    padded[:, :weeks] = path
    each = np.stack([padded[:, j : j + weeks] for j in range(WINDOW_WEEKS)])
    top = each.max(axis=0)
    level = np.where(each == _EMPTY, np.float32(0), each)
    half = WINDOW_WEEKS // 2
    rise = level[:half].max(axis=0) - level[half:].max(axis=0)
    return np.where(top == _EMPTY, np.float32(0), top), rise


def compare(panel: Panel, *, turned: bool) -> dict[str, Floats]:
    """A panel -> likeness of every window to the present one, 0 to 1, for each part that the sketches show. ``turned``: the parties change places.

    ``mix`` is the Bhattacharyya coefficient of the shares of types; ``history`` the same of all that the two dyads ever did, times how close they are
    in their usual pace: what is a burst between two neighbours at peace is a calm month of a war.
    """
    drive = 1 - panel.drive if turned else panel.drive
    here = panel.drive[0, 0]
    history = (panel.usual_mix @ panel.usual_mix[0]) * np.exp(-np.abs(panel.usual_pace - panel.usual_pace[0]) / _USUAL_SPAN)
    return {
        "mix": panel.mix @ panel.mix[0, 0],
        "rung": np.maximum(0, 1 - np.abs(panel.top - panel.top[0, 0]) / _RUNG_SPAN),
        "direction": np.maximum(0, 1 - np.abs(panel.rise - panel.rise[0, 0]) / _RUNG_SPAN),
        "driver": 1 - np.abs(drive - here),
        "pace": np.maximum(0, 1 - np.abs(panel.pace - panel.pace[0, 0]) / _PACE_SPAN),
        "history": np.broadcast_to(history[:, None], panel.top.shape),
    }


def slice_of(rows: Rows, pair: int, first: int, last: int) -> slice:
    """A dyad and two days since 1970, both included -> its rows between them."""
    low, high = np.searchsorted(rows.pair, [pair, pair + 1])
    start, stop = np.searchsorted(rows.day[low:high], [first, last + 1])
    return slice(int(low + start), int(low + stop))


def choose_acts(rows: Rows) -> Rows:
    """Rows -> for each dyad, day and side the act farthest from routine, the first of several, by dyad, day and side."""
    order = np.lexsort((-rows.rung, -np.abs(rows.rung), rows.side, rows.day, rows.pair))
    groups = [column[order] for column in (rows.pair, rows.day, rows.side)]
    is_first = np.ones(len(order), bool)
    is_first[1:] = np.any([column[1:] != column[:-1] for column in groups], axis=0)
    chosen = order[is_first]
    return Rows(rows.pair[chosen], rows.side[chosen], rows.day[chosen], rows.kind[chosen], rows.rung[chosen], rows.names, rows.ids[chosen])


def tokens(acts: Rows, where: slice, *, turned: bool) -> Ints:
    """The acts that were chosen, and a window of them -> the latest ``TOKENS`` in order, [act, (side, type, rung)]."""
    side = 1 - acts.side[where] if turned else acts.side[where]
    order = np.lexsort((side, acts.day[where]))[-TOKENS:]
    return np.stack([side, acts.kind[where], acts.rung[where]], axis=1)[order]


def align(here: Ints, there: Sequence[Ints]) -> NDArray[np.float64]:
    """The acts of a window and those of others -> for each other the share of acts that stand in the same order, 0 to 1.

    A soft longest common subsequence: two acts of one side agree wholly if they are of one type, by half if they stand at most a rung apart; acts of
    different sides by half of that. Twice the sum over both lengths.
    """
    longest = max((len(t) for t in there), default=0)
    if not len(here) or not longest:
        return np.zeros(len(there))
    other = np.full((len(there), longest, 3), _EMPTY, np.int32)
    for n, acts in enumerate(there):
        other[n, : len(acts)] = acts
    best = np.zeros((len(there), longest + 1))
    for side, kind, rung in here:
        score = np.where(other[..., 1] == kind, 1.0, np.where(np.abs(other[..., 2] - rung) <= 1, 0.5, 0.0))
        score = score * np.where(other[..., 0] == side, 1.0, 0.5) * (other[..., 1] != _EMPTY)
        best[:, 1:] = np.maximum(best[:, 1:], best[:, :-1] + score)
        best = np.maximum.accumulate(best, axis=1)
    shares: NDArray[np.float64] = 2 * best[:, -1] / (len(here) + np.array([len(t) for t in there]))
    return shares
