"""Crises as spells: when each began and ended, how far it went, who moved first, and how it ended."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Literal, NamedTuple

import msgspec
import numpy as np
import polars as pl

from detente.analysis.ladder import LETHAL, Days, sharp_events, track_rungs

HOSTILE_RUNG = 2
"""An act from this rung up (a threat) belongs to a crisis; complaints alone do not."""
CRISIS_RUNG = 4
"""A spell is a crisis if it goes as far as this: a threat or a show of force, the second level of the Militarized Interstate Disputes."""
GAP_DAYS = 30
"""So long after the last hostile act a crisis counts as over. The disputes of MID are closed by six months without an incident; news has more acts, and shorter gaps."""
CONCESSION, TALKS = ("CONCEDE", "RETREAT"), ("CONSULT", "AGREE")

Ending = Literal["talks", "concession", "fading-out", "still-going"]
Mover = Literal["a", "b", "both"]


class Episode(msgspec.Struct, frozen=True, kw_only=True):
    """A crisis of a dyad.

    ``onset``: day of the first hostile act, with the events of that day and ``first_mover``, who did them; ``peak``: first day on ``highest`` rung (by the
    acts, 7 and 8 where the dyad came to fighting), with the events of that day; ``last``: day of the last hostile act until ``at``; ``end``: the same if it is over,
    else ``None``. ``duration_days`` from onset to last, both counted. ``ending`` with its events: for talks and concession those that ended it, else the last
    hostile ones; ``ended_by``: who conceded. ``hostile_ids``: all hostile acts.
    """

    onset: datetime.date
    onset_ids: tuple[str, ...]
    first_mover: Mover
    peak: datetime.date
    highest: int
    peak_ids: tuple[str, ...]
    last: datetime.date
    end: datetime.date | None
    duration_days: int
    hostile_ids: tuple[str, ...]
    ending: Ending
    ending_ids: tuple[str, ...]
    ended_by: Mover | None


def find_episodes(dyad: pl.DataFrame, at: datetime.date, *, hostile_rung: int = HOSTILE_RUNG, crisis_rung: int = CRISIS_RUNG, gap_days: int = GAP_DAYS) -> list[Episode]:
    """A dyad's table and a day -> its crises until then, the oldest first: runs of hostile acts with no gap above ``gap_days`` that go to ``crisis_rung``.

    How one ended is looked for between its last act on ``crisis_rung`` and ``gap_days`` after its last hostile act: concessions if there are more than the dyad's
    rate so far leads to expect, else talks likewise, else it faded out.
    """
    events = sharp_events(dyad, at)
    hostile = events.filter(pl.col("rung") >= hostile_rung).with_columns(spell=(pl.col("day").diff().dt.total_days().fill_null(0) > gap_days).cum_sum())
    track = track_rungs(dyad, at)
    spells = hostile.filter(pl.col("rung").max().over("spell") >= crisis_rung).partition_by("spell", maintain_order=True)
    endings = [_tell_ending(events, "concession", CONCESSION), _tell_ending(events, "talks", TALKS)] if spells else []
    return [_make_episode(spell, endings, track, at, crisis_rung, gap_days) for spell in spells]


class _Told(NamedTuple):
    """The events that may end a crisis in one way, by day, with their days since 1970 and how many different ones there are up to each."""

    ending: Ending
    events: pl.DataFrame
    days: Days
    upto: Days
    first_day: int


def _tell_ending(events: pl.DataFrame, ending: Ending, types: tuple[str, ...]) -> _Told:
    told = events.filter(pl.col("event_type").is_in(types))
    return _Told(ending, told, _day_numbers(told), np.append(0, told["event_id"].is_first_distinct().cum_sum().to_numpy()).astype(np.int64), int(_day_numbers(events)[0]))


def _day_numbers(events: pl.DataFrame) -> Days:
    return events["day"].to_physical().to_numpy().astype(np.int64)


def _of_days(events: pl.DataFrame, days: Days, first: int, last: int) -> pl.DataFrame:
    """Events by day, their days, and two days, both included -> the events of these."""
    low, high = np.searchsorted(days, [first, last + 1])
    return events.slice(int(low), int(high - low))


def _make_episode(spell: pl.DataFrame, endings: Sequence[_Told], track: pl.DataFrame, at: datetime.date, crisis_rung: int, gap_days: int) -> Episode:
    onset, last = spell["day"][0], spell["day"][-1]
    days = _day_numbers(spell)
    first = _of_days(spell, days, days[0], days[0])
    highest, peak = _find_peak(spell, track)
    top = spell.filter(pl.col("day") == peak)
    over = (at - last).days > gap_days
    found = _find_ending(spell, days, endings, crisis_rung, gap_days) if over else None
    ending, deciding = found or ("fading-out" if over else "still-going", _of_days(spell, days, days[-1], days[-1]))
    return Episode(
        onset=onset,
        onset_ids=_ids(first),
        first_mover=_mover(first),
        peak=peak,
        highest=highest,
        peak_ids=_ids(top.filter(pl.col("rung") == top["rung"].max())),
        last=last,
        end=last if over else None,
        duration_days=(last - onset).days + 1,
        hostile_ids=_ids(spell),
        ending=ending,
        ending_ids=_ids(deciding),
        ended_by=_mover(deciding) if ending == "concession" else None,
    )


def _find_peak(spell: pl.DataFrame, track: pl.DataFrame) -> tuple[int, datetime.date]:
    """A spell and the dyad's rungs by day -> the highest rung and its first day; fighting counts on days of the spell's own acts only."""
    rungs, number = spell["rung"].to_numpy().astype(np.int64), _day_numbers(spell) - int(_day_numbers(track.head(1))[0])
    fought = track["conflict"].to_numpy()[number]
    reached = np.where((rungs >= LETHAL) & (fought > LETHAL), fought, rungs)
    place = int(reached.argmax())
    return int(reached[place]), spell["day"][place]


def _find_ending(spell: pl.DataFrame, days: Days, endings: Sequence[_Told], crisis_rung: int, gap_days: int) -> tuple[Ending, pl.DataFrame] | None:
    """A spell that is over -> what ended it, with its events, or ``None`` if it faded out."""
    core = int(days[np.flatnonzero(spell["rung"].to_numpy() >= crisis_rung)[-1]])
    close = int(days[-1]) + gap_days
    for told in endings:
        found = _of_days(told.events, told.days, core + 1, close)
        usual = int(told.upto[np.searchsorted(told.days, core, side="right")]) / max(1, core - told.first_day) * (close - core)
        if found["event_id"].n_unique() > usual:
            return told.ending, found
    return None


def _ids(events: pl.DataFrame) -> tuple[str, ...]:
    return tuple(events["event_id"].unique(maintain_order=True))


def _mover(events: pl.DataFrame) -> Mover:
    sides = set(events["side"])
    return "both" if len(sides) > 1 else "a" if "a" in sides else "b"
