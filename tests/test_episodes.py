"""Crises as spells."""

from __future__ import annotations

from typing import Any

import pytest

from detente.analysis.episodes import GAP_DAYS, Episode, find_episodes
from dyads import act, day, dyad, random_acts


def episodes(acts: list[dict[str, Any]], at: int) -> list[Episode]:
    return find_episodes(dyad(acts), day(at))


def test_a_crisis_runs_from_its_first_to_its_last_hostile_act() -> None:
    (one,) = episodes([act(0, 1), act(10, 2, "b"), act(20, 5), act(30, 3)], 100)
    assert (one.onset, one.peak, one.highest, one.last, one.end, one.duration_days) == (day(10), day(20), 5, day(30), day(30), 21)
    assert (one.onset_ids, one.peak_ids, one.hostile_ids) == (("10:2:b",), ("20:5:a",), ("10:2:b", "20:5:a", "30:3:a"))


@pytest.mark.parametrize(("sides", "mover"), [("a", "a"), ("b", "b"), ("ab", "both")])
def test_the_first_mover_did_the_first_hostile_act(sides: str, mover: str) -> None:
    (one,) = episodes([act(0, 1, "a"), *(act(5, 4, s) for s in sides), act(6, 4, "a")], 50)
    assert one.first_mover == mover


def test_complaints_and_lone_threats_are_no_crisis() -> None:
    assert episodes([act(0, 1), act(1, 2), act(2, 3)], 50) == []


def test_a_long_gap_parts_two_crises() -> None:
    assert [e.onset for e in episodes([act(0, 4), act(GAP_DAYS, 4), act(2 * GAP_DAYS + 1, 4)], 200)] == [day(0), day(2 * GAP_DAYS + 1)]


def test_a_crisis_whose_last_act_is_recent_is_still_going() -> None:
    (one,) = episodes([act(0, 4), act(5, 4)], 20)
    assert (one.ending, one.end, one.ending_ids) == ("still-going", None, ("5:4:a",))


@pytest.mark.parametrize(
    ("after", "ending", "ids"),
    [
        ([act(12, -1, "b"), act(14, -2)], "talks", ("12:-1:b", "14:-2:a")),
        ([act(12, -1, "b"), act(14, -3, "b")], "concession", ("14:-3:b",)),
        ([act(12, 1, "b")], "fading-out", ("5:4:a",)),
        ([act(5 + GAP_DAYS + 1, -3)], "fading-out", ("5:4:a",)),
    ],
)
def test_how_a_crisis_ended_is_told_with_its_events(after: list[dict[str, Any]], ending: str, ids: tuple[str, ...]) -> None:
    (one,) = episodes([act(0, 4), act(5, 4), *after], 100)
    assert (one.ending, one.ending_ids) == (ending, ids)
    assert one.ended_by == ("b" if ending == "concession" else None)


def test_talks_no_more_frequent_than_ever_end_nothing() -> None:
    talks = [act(n, -1) for n in range(0, 150, 5)]
    assert episodes([*talks, act(60, 4), act(62, 4)], 150)[0].ending == "fading-out"


def test_fighting_shows_in_the_highest_rung() -> None:
    (one,) = episodes([act(n, 6) for n in (0, 4, 8)], 100)
    assert (one.highest, one.peak) == (7, day(8))


@pytest.mark.parametrize("seed", range(4))
def test_what_comes_later_changes_nothing(seed: int) -> None:
    acts = random_acts(seed, 300, 0.15)
    assert episodes(acts, 150) == episodes([a for a in acts if a["day"] <= day(150)], 150)


def test_no_events_give_no_crises() -> None:
    assert episodes([], 10) == []
