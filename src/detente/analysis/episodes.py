"""Crises as spells: when each began and ended, how far it went, who moved first, and how it ended."""

from __future__ import annotations

import datetime
from typing import Literal

import msgspec
import polars as pl

from detente.analysis.ladder import sharp_events, track_rungs

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
    return [_make_episode(spell, events, track, at, crisis_rung, gap_days) for spell in spells]


def _make_episode(spell: pl.DataFrame, events: pl.DataFrame, track: pl.DataFrame, at: datetime.date, crisis_rung: int, gap_days: int) -> Episode:
    onset, last = spell["day"][0], spell["day"][-1]
    first = spell.filter(pl.col("day") == onset)
    highest, peak = _find_peak(spell, track)
    top = spell.filter(pl.col("day") == peak)
    over = (at - last).days > gap_days
    ending, deciding = _find_ending(spell, events, crisis_rung, gap_days) if over else ("still-going", spell.filter(pl.col("day") == last))
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
    days = spell.group_by("day").agg(pl.col("rung").max()).join(track.select("day", fought="conflict"), on="day", how="left").sort("day")
    days = days.with_columns(reached=pl.when((pl.col("rung") >= 6) & (pl.col("fought") > 6)).then(pl.col("fought")).otherwise(pl.col("rung")))
    top = days.filter(pl.col("reached") == pl.col("reached").max()).row(0, named=True)
    return int(top["reached"]), top["day"]


def _find_ending(spell: pl.DataFrame, events: pl.DataFrame, crisis_rung: int, gap_days: int) -> tuple[Ending, pl.DataFrame]:
    core = spell.filter(pl.col("rung") >= crisis_rung)["day"][-1]
    last = spell["day"][-1]
    close = last + datetime.timedelta(days=gap_days)
    known_days = max(1, (core - events["day"][0]).days)
    kinds: tuple[tuple[Ending, tuple[str, ...]], ...] = (("concession", CONCESSION), ("talks", TALKS))
    for ending, types in kinds:
        told = events.filter(pl.col("event_type").is_in(types))
        found = told.filter((pl.col("day") > core) & (pl.col("day") <= close))
        usual = told.filter(pl.col("day") <= core)["event_id"].n_unique() / known_days * (close - core).days
        if found["event_id"].n_unique() > usual:
            return ending, found
    return "fading-out", spell.filter(pl.col("day") == last)


def _ids(events: pl.DataFrame) -> tuple[str, ...]:
    return tuple(events["event_id"].unique(maintain_order=True))


def _mover(events: pl.DataFrame) -> Mover:
    sides = set(events["side"])
    return "both" if len(sides) > 1 else "a" if "a" in sides else "b"
