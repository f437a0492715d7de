"""Series of a dyad by day, week and month."""

from __future__ import annotations

import datetime

import polars as pl
import pytest

from detente.analysis.series import count_unplaced, make_series
from dyads import act, day, dyad, random_acts

DATE = datetime.date


def test_days_without_events_have_zero_events_and_no_score() -> None:
    series = make_series(dyad([act(0, 5), act(2, 1)]), day(3), by="day")
    assert series.select("period", "events", "score_mean").rows() == [(day(0), 1, -8.5), (day(1), 0, None), (day(2), 1, -3.0), (day(3), 0, None)]


def test_weeks_begin_on_monday_and_a_cut_one_says_so() -> None:
    series = make_series(dyad([act(0, 1), act(7, 1)]), day(14), by="week")
    assert series.select("period", "is_whole", "events").rows() == [(DATE(2019, 12, 30), False, 1), (DATE(2020, 1, 6), True, 1), (DATE(2020, 1, 13), False, 0)]


def test_months_are_whole_from_first_to_last_day() -> None:
    series = make_series(dyad([act(0, 1)]), DATE(2020, 2, 29), by="month")
    assert series.select("period", "is_whole").rows() == [(DATE(2020, 1, 1), True), (DATE(2020, 2, 1), True)]


@pytest.mark.parametrize(("kind", "values"), [("event_type", ["ASSAULT", "CONSULT"]), ("quad", ["1", "4"]), ("rung", ["-1", "5"])])
def test_counts_are_by_kind(kind: str, values: list[str]) -> None:
    series = make_series(dyad([act(0, 5), act(1, -1)]), day(1), by="day", kind=kind)  # type: ignore[arg-type]
    assert sorted(series.filter(pl.col("events") == 1)["kind"].to_list()) == sorted(values)
    assert series.height == 4


def test_counts_are_by_side() -> None:
    series = make_series(dyad([act(0, 5, "a"), act(0, 1, "b"), act(0, 2, "b")]), day(0), by="day", per_side=True)
    assert series.select("side", "events").rows() == [("a", 1), ("b", 2)]


def test_the_kinds_add_up_to_the_whole() -> None:
    table = dyad(random_acts(3, 90))
    by_kind = make_series(table, day(90), kind="rung").group_by("period").agg(pl.col("events").sum()).sort("period")
    assert by_kind["events"].to_list() == make_series(table, day(90))["events"].to_list()


def test_the_score_can_be_goldsteins() -> None:
    series = make_series(dyad([act(0, 5, goldstein=-9.2), act(0, 1, "b", goldstein=None)]), day(0), by="day", score="goldstein")
    assert series.select("events", "score_sum", "score_mean").row(0) == (2, -9.2, -9.2)


def test_the_corrected_series_stands_beside_the_raw_one() -> None:
    volume = pl.DataFrame({"day": [day(0), day(1), day(2)], "events": [10, 40, 10]})
    series = make_series(dyad([act(n, 1, "ab"[k % 2], event_id=f"{n}{k}") for n, times in ((0, 1), (1, 4), (2, 2)) for k in range(times)]), day(2), by="day", volume=volume)
    assert series["events"].to_list() == [1, 4, 2]
    assert series["share"].to_list() == pytest.approx([0.1, 0.1, 0.2])
    assert series["corrected"].to_list() == pytest.approx([2.0, 2.0, 4.0])


def test_a_day_on_which_nothing_was_reported_has_no_share() -> None:
    volume = pl.DataFrame({"day": [day(0)], "events": [10]})
    assert make_series(dyad([act(0, 1)]), day(1), by="day", volume=volume)["share"].to_list() == [0.1, None]


def test_an_event_of_march_is_left_out_of_days_and_counted_so() -> None:
    table = dyad([act(0, 1), act(60, 5, precision="month")])
    assert make_series(table, day(90), by="day")["events"].sum() == 1
    assert make_series(table, day(90), by="month")["events"].sum() == 2
    assert (count_unplaced(table, day(90), "day"), count_unplaced(table, day(90), "month")) == (1, 0)


def test_what_comes_later_is_left_out() -> None:
    table = dyad([act(0, 1), act(5, 5)])
    assert make_series(table, day(4), by="day").equals(make_series(dyad([act(0, 1)]), day(4), by="day"))


def test_an_event_told_of_both_sides_counts_once() -> None:
    table = dyad([act(0, -1, "a", event_id="x"), act(0, -1, "b", event_id="x")])
    assert make_series(table, day(0), by="day")["events"].to_list() == [1]


def test_no_events_make_a_series_without_rows() -> None:
    series = make_series(dyad([]), day(0), kind="quad", per_side=True, volume=pl.DataFrame({"day": [day(0)], "events": [3]}))
    assert series.height == 0
    assert {"side", "kind", "events", "share", "corrected"} <= set(series.columns)


def test_a_series_can_begin_before_the_first_event() -> None:
    assert make_series(dyad([act(2, 1)]), day(3), by="day", since=day(0))["events"].to_list() == [0, 0, 1, 0]
