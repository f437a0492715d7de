"""The rung of a dyad by date, of each side, its peak, and its direction."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import polars as pl
import pytest

from detente.analysis.direction import find_movement, permute_blocks
from detente.analysis.ladder import find_standing, sharp_events, track_rungs
from detente.codebook.ladder import load_ladder
from dyads import act, day, dyad, random_acts

DECAY = load_ladder().decay


def rungs(acts: list[dict[str, Any]], until: int) -> list[int]:
    return track_rungs(dyad(acts), day(until))["rung"].to_list()


def test_a_rung_is_held_and_then_sinks_step_by_step_to_nothing() -> None:
    seen = rungs([act(0, 3)], DECAY.hold_days + 3 * DECAY.step_days)
    assert seen == [3] * DECAY.hold_days + [2] * DECAY.step_days + [1] * DECAY.step_days + [0] * (DECAY.step_days + 1)


def test_the_highest_recent_event_counts_and_lower_ones_show_again_when_it_has_sunk() -> None:
    seen = rungs([act(0, 5), act(20, 3)], DECAY.hold_days + 2 * DECAY.step_days + 1)
    assert seen[0] == seen[19] == seen[20] == 5
    assert seen[DECAY.hold_days + 2 * DECAY.step_days] == 3


def test_a_dyad_that_only_cooperates_stands_below_zero() -> None:
    assert rungs([act(0, -3), act(1, -1)], 2) == [-3, -3, -3]


def test_conflict_outranks_cooperation_which_is_told_beside_it() -> None:
    standing = find_standing(dyad([act(0, 3, "a"), act(1, -2, "b")]), day(2))
    assert (standing.rung, standing.conflict, standing.cooperation, standing.cooperation_ids) == (3, 3, -2, ("1:-2:b",))


def test_each_side_stands_where_its_own_acts_hold_it() -> None:
    standing = find_standing(dyad([act(0, 5, "a"), act(1, 1, "b")]), day(2))
    assert (standing.a.rung, standing.a.event_ids, standing.b.rung, standing.b.event_ids) == (5, ("0:5:a",), 1, ("1:1:b",))
    assert standing.higher == "a"


def test_the_events_that_hold_the_rung_are_named() -> None:
    acts = [act(0, 5), act(3, 5, "b", reports=7), act(4, 4)]
    standing = find_standing(dyad(acts), day(5))
    assert (standing.event_ids, standing.reports, standing.name) == (("0:5:a", "3:5:b"), 7, "force without deaths")


def test_the_events_that_have_sunk_to_the_rung_are_named() -> None:
    standing = find_standing(dyad([act(0, 5), act(10, 3)]), day(DECAY.hold_days + DECAY.step_days))
    assert (standing.rung, standing.event_ids) == (3, ("0:5:a", "10:3:a"))


def test_lethal_incidents_on_several_days_of_a_fortnight_are_sustained_fighting() -> None:
    standing = find_standing(dyad([act(n, 6) for n in (0, 5, 9)]), day(9))
    assert (standing.rung, len(standing.event_ids)) == (7, 3)
    assert rungs([act(n, 6) for n in (0, 5, 9)], 9)[:9] == [6] * 9


def test_lethal_incidents_on_one_day_are_no_sustained_fighting() -> None:
    assert rungs([act(0, 6, event_id=f"e{n}") for n in range(9)], 0) == [6]


def test_many_lethal_days_over_weeks_are_war_where_the_dead_are_many() -> None:
    assert max(rungs([act(n, 6, dead=30) for n in range(0, 36, 3)], 36)) == 8
    assert max(rungs([act(n, 6, dead=2) for n in range(0, 36, 3)], 36)) == 7


def test_where_nobody_counts_the_dead_the_days_decide_alone() -> None:
    fighting = [act(n, 6, dead=None, origin="icews", cameo="190") for n in range(0, 36, 3)]
    standing = find_standing(dyad(fighting), day(36))
    assert (standing.rung, standing.peak and standing.peak.day, len(standing.event_ids)) == (8, day(33), 12)


def test_fighting_that_has_sunk_still_names_its_incidents() -> None:
    standing = find_standing(dyad([act(n, 6) for n in (0, 5, 9)]), day(9 + DECAY.hold_days + DECAY.step_days))
    assert standing.rung == 5
    assert set(standing.event_ids) == {"0:6:a", "5:6:a", "9:6:a"}


def test_the_peak_is_the_first_day_on_the_highest_rung() -> None:
    peak = find_standing(dyad([act(0, 2), act(10, 4), act(40, 4), act(80, 1)]), day(90)).peak
    assert peak is not None
    assert (peak.rung, peak.day, peak.event_ids) == (4, day(10), ("10:4:a",))


def test_the_days_on_all_rungs_add_up_to_those_since_the_first_event() -> None:
    standing = find_standing(dyad(random_acts(1, 100)), day(120))
    assert sum(standing.days_at.values()) == (day(120) - dyad(random_acts(1, 100))["day"][0]).days + 1


def test_since_is_the_first_day_of_the_present_stay() -> None:
    assert find_standing(dyad([act(0, 2), act(10, 4), act(15, 4)]), day(16)).since == day(10)


@pytest.mark.parametrize("seed", range(5))
def test_what_comes_later_changes_nothing(seed: int) -> None:
    acts = random_acts(seed, 200)
    at = 110
    early = dyad([a for a in acts if a["day"] <= day(at)])
    assert find_standing(dyad(acts), day(at)) == find_standing(early, day(at))
    assert track_rungs(dyad(acts), day(200))[: (day(at) - early["day"][0]).days + 1].equals(track_rungs(early, day(at)))


def test_an_event_known_to_the_month_only_does_not_count() -> None:
    standing = find_standing(dyad([act(0, 6, precision="month"), act(1, 1)]), day(2))
    assert standing.rung == 1


def test_no_events_are_a_reason_not_an_error() -> None:
    standing = find_standing(dyad([]), day(0))
    assert (standing.reason, standing.rung, standing.peak, standing.movement.direction) == ("no-events", 0, None, "unknown")
    assert track_rungs(dyad([]), day(0)).columns == ["day", "rung", "conflict", "cooperation", "rung_a", "rung_b", "highest"]


def test_a_standing_goes_out_as_json() -> None:
    assert b'"rung":5' in msgspec.json.encode(find_standing(dyad([act(0, 5)]), day(0)))


def test_another_decay_can_be_given() -> None:
    quick = msgspec.structs.replace(load_ladder(), decay=msgspec.structs.replace(DECAY, hold_days=1, step_days=1))
    assert track_rungs(dyad([act(0, 3)]), day(3), ladder=quick)["rung"].to_list() == [3, 2, 1, 0]


def test_a_part_of_the_track_is_that_part_of_the_whole() -> None:
    table = dyad(random_acts(2, 60))
    whole = track_rungs(table, day(59))
    assert track_rungs(table, day(59), since=day(30)).equals(whole.filter(pl.col("day") >= day(30)))


# -- direction
def calm_then_crisis() -> list[dict[str, Any]]:
    return [act(0, 1), act(20, 1), act(40, 0)] + [act(n, 4, "ab"[n % 2]) for n in range(61, 75, 2)]


def test_more_and_higher_acts_are_a_rise() -> None:
    movement = find_movement(sharp_events(dyad(calm_then_crisis()), day(74)), day(74))
    assert (movement.direction, movement.reason) == ("rising", "")
    assert movement.p_value is not None and movement.p_value < 0.05
    assert movement.event_ids[0] == "61:4:b"


def test_acts_that_cease_are_a_fall() -> None:
    acts = [act(n, 3) for n in range(0, 61, 2)] + [act(n, -1) for n in (64, 68, 72)]
    assert find_movement(sharp_events(dyad(acts), day(74)), day(74)).direction == "falling"


def test_an_even_flow_is_steady() -> None:
    assert find_movement(sharp_events(dyad([act(n, 2) for n in range(0, 80, 3)]), day(78)), day(78)).direction == "steady"


def test_three_events_are_too_few_for_a_direction() -> None:
    movement = find_movement(sharp_events(dyad([act(n, 5) for n in (0, 70, 72)]), day(74)), day(74))
    assert (movement.direction, movement.reason, movement.p_value) == ("unknown", "few-events", None)


def test_a_record_that_has_just_begun_has_no_direction() -> None:
    movement = find_movement(sharp_events(dyad([act(n, 5) for n in range(10)]), day(10)), day(10))
    assert (movement.direction, movement.reason) == ("unknown", "short-history")


def test_the_permutation_test_counts_all_ways_to_deal_the_blocks() -> None:
    values = np.array([0.0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3])
    assert permute_blocks(values, 3, 1) == pytest.approx(2 / 220)


# -- the sample corpus
@pytest.fixture(scope="session")
def korea(tmp_path_factory: pytest.TempPathFactory) -> pl.DataFrame:
    """What the two Koreas did to each other by the sample corpus, coded and merged as ``detente add`` does."""
    from detente.analysis.dyads import load_dyad
    from detente.codebook.parties import resolve_party
    from detente.pipeline import code_documents
    from detente.reading import read_documents
    from detente.records import Document
    from detente.store.schema import open_store
    from detente.store.write import Sketches, add_report

    sample = Path(__file__).parent.parent / "src" / "detente" / "demo" / "reports.jsonl"
    store = open_store(tmp_path_factory.mktemp("korea") / "s.db")
    sketches: Sketches = {}
    for report in code_documents([d for d in read_documents([sample]) if isinstance(d, Document)], keep_all=True):
        add_report(store, report, sketches)
    table = load_dyad(store, resolve_party("PRK"), resolve_party("KOR"))
    store.close()
    return table


def test_the_koreas_stand_on_rung_five_and_rise_when_the_office_is_blown_up(korea: pl.DataFrame) -> None:
    standing = find_standing(korea, datetime.date(2020, 6, 16))
    assert (standing.rung, standing.movement.direction, standing.a.rung) == (5, "rising", 5)
    behind = korea.filter(pl.col("event_id").is_in(standing.event_ids) & (pl.col("day") == datetime.date(2020, 6, 16)))
    assert behind["text"].str.contains("liaison office").any()


def test_the_koreas_stand_below_zero_at_the_summit_of_april_2018(korea: pl.DataFrame) -> None:
    assert find_standing(korea, datetime.date(2018, 4, 27)).rung < 0


def test_the_koreas_crisis_of_2020_ends_in_a_concession(korea: pl.DataFrame) -> None:
    from detente.analysis.episodes import find_episodes

    last = find_episodes(korea, datetime.date(2020, 12, 31))[-1]
    assert (last.highest, last.ending, last.ended_by) == (5, "concession", "a")
    assert last.onset < datetime.date(2020, 6, 16) <= last.last


def test_the_koreas_broken_channels_raise_alerts(korea: pl.DataFrame) -> None:
    from detente.analysis.alerts import find_alerts

    days = {x.day for x in find_alerts(korea, datetime.date(2020, 6, 20)) if "broken-channel" in (x.kind, *x.also)}
    assert {datetime.date(2020, 6, 9), datetime.date(2020, 6, 16)} <= days
