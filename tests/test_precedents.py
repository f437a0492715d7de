"""Precedents: which past windows are like the present one, what followed them, and the base rates that come of them."""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
import pytest

from detente.analysis.aftermath import OUTCOMES, wilson
from detente.analysis.precedents import Precedents, find_precedents
from detente.analysis.table import make_table
from detente.analysis.windows import TOKENS, WINDOW_DAYS, align, choose_acts, make_rows, tokens

AT = datetime.date(2020, 6, 16)
CRISIS = (
    (20, "A", "ACCUSE"), (18, "B", "REJECT"), (13, "A", "THREATEN"), (12, "B", "ACCUSE"), (8, "A", "SANCTION"), (5, "A", "THREATEN"), (1, "A", "MOBILIZE"),
)  # fmt: skip
"""Days before the end of a window, who acts, and how: a quarrel that climbs."""
TALKS = ((20, "A", "CONSULT"), (17, "B", "CONSULT"), (11, "B", "AGREE"), (9, "A", "AGREE"), (4, "B", "SUPPORT"), (2, "A", "COOPERATE"))

Acts = Sequence[tuple[int, str, str]]


def acts(kind: Acts, end: datetime.date, *, a: str = "A", b: str = "B", name: str = "") -> list[dict[str, Any]]:
    """Acts -> rows that end on a day, between two parties of other names if they are given."""
    names = {"A": a, "B": b}
    other = {"A": b, "B": a}
    return [
        {
            "event_id": f"{name}{a}{b}-{end}-{n}",
            "day": end - datetime.timedelta(days=days),
            "source": names[who],
            "target": other[who],
            "event_type": event_type,
        }
        for n, (days, who, event_type) in enumerate(kind)
    ]


def after(end: datetime.date, days: int, event_type: str, *, a: str = "A", b: str = "B") -> dict[str, Any]:
    return {"event_id": f"after-{a}{b}-{end}-{days}", "day": end + datetime.timedelta(days=days), "source": a, "target": b, "event_type": event_type}


def back(weeks: int) -> datetime.date:
    return AT - datetime.timedelta(weeks=weeks)


def find(rows: Iterable[Mapping[str, Any]], others: Iterable[Mapping[str, Any]] = (), **more: Any) -> Precedents:
    table = make_table(rows)
    dyad = table.with_columns(side=pl.when(pl.col("source") == "A").then(pl.lit("a")).otherwise(pl.lit("b")))
    rest = make_table(others)
    return find_precedents(dyad, rest if rest.height else None, names=("A", "B"), at=more.pop("at", AT), **more)


def test_a_crisis_of_the_past_is_the_best_precedent_of_a_crisis() -> None:
    found = find([*acts(TALKS, back(60)), *acts(CRISIS, back(40)), *acts(TALKS, back(20)), *acts(CRISIS, AT)])
    assert found.reason is None
    assert found.precedents[0].window.end == back(40)
    assert found.precedents[0].similarity == pytest.approx(1.0)


def test_talks_are_no_precedent_of_a_crisis() -> None:
    found = find([*acts(TALKS, back(60)), *acts(CRISIS, AT)])
    assert found.reason == "no-similar-window"
    assert found.precedents == ()
    assert found.present is not None


def test_three_events_are_too_few_to_compare() -> None:
    found = find(acts(CRISIS[:3], AT))
    assert (found.reason, found.present_events, found.precedents, found.base_rates) == ("few-events", 3, (), ())


def test_a_dyad_without_events_knows_too_little() -> None:
    assert find([], at=datetime.date(1, 1, 1)).reason == "few-events"


def test_events_after_the_day_change_nothing() -> None:
    rows = [*acts(CRISIS, back(40)), *acts(TALKS, back(20)), *acts(CRISIS, AT)]
    later = [after(AT, days, "ASSAULT") for days in range(1, 40)]
    assert find([*rows, *later], later, limit=9) == find(rows, limit=9)


def test_no_precedent_overlaps_the_present_window() -> None:
    steady = [row for weeks in range(30) for row in acts(CRISIS, back(weeks))]
    found = find(steady)
    assert found.present is not None
    assert all(p.window.end < found.present.start for p in found.precedents)


def test_precedents_of_one_dyad_do_not_overlap_each_other() -> None:
    steady = [row for weeks in range(30) for row in acts(CRISIS, back(weeks))]
    ends = sorted(p.window.end for p in find(steady).precedents)
    assert len(ends) > 3
    assert all((later - earlier).days >= WINDOW_DAYS for earlier, later in itertools.pairwise(ends))


def test_windows_of_two_dyads_that_share_a_party_do_not_overlap() -> None:
    others = [row for name in ("C", "D") for weeks in (40, 41, 42) for row in acts(CRISIS, back(weeks), a="A", b=name, name=str(weeks))]
    found = find(acts(CRISIS, AT), others)
    ends = sorted(p.window.end for p in found.precedents)
    assert ends
    assert all((later - earlier).days >= WINDOW_DAYS for earlier, later in itertools.pairwise(ends))


def test_the_same_weeks_of_dyads_without_a_common_party_are_two_precedents() -> None:
    others = [row for a, b in (("C", "D"), ("E", "F")) for weeks in (40, 50, 60) for row in acts(CRISIS, back(weeks), a=a, b=b)]
    found = find(acts(CRISIS, AT), others)
    assert sorted((p.window.first, p.window.end) for p in found.precedents) == [(a, back(w)) for a in ("C", "E") for w in (60, 50, 40)]


def test_the_parties_of_another_dyad_change_places_if_they_fit_better_so() -> None:
    others = [row for weeks in (40, 50, 60) for row in acts(CRISIS, back(weeks), a="Z", b="C")]
    found = find(acts(CRISIS, AT), others)
    assert {(p.window.first, p.window.second) for p in found.precedents} == {("Z", "C")}


def test_the_events_of_the_dyad_itself_are_no_other_dyad() -> None:
    rows = [row for weeks in (60, 50, 40, 0) for row in acts(CRISIS, back(weeks))]
    assert find(rows, rows).precedents == find(rows).precedents


def test_what_followed_is_told_with_its_events() -> None:
    found = find([*acts(CRISIS, back(40)), after(back(40), 3, "ASSAULT"), after(back(40), 20, "CONSULT"), *acts(CRISIS, AT)])
    week, month, _ = found.precedents[0].followed
    assert (week.events, week.highest_rung, week.event_ids) == (1, 5, (f"after-AB-{back(40)}-3",))
    assert week.outcomes == ("escalation", "force")
    assert set(month.outcomes) == {"escalation", "force", "talks"}


def test_a_horizon_that_is_not_over_is_told_as_such_and_counts_for_nothing() -> None:
    found = find([*acts(CRISIS, back(6)), after(back(6), 3, "ASSAULT"), *acts(CRISIS, AT)])
    assert [f.is_over for f in found.precedents[0].followed] == [True, True, False]
    assert found.precedents[0].followed[2].outcomes == ()


def test_a_horizon_that_ends_on_the_day_itself_is_not_over() -> None:
    at = back(0)
    found = find([*acts(CRISIS, at - datetime.timedelta(days=35)), *acts(CRISIS, at)])
    ends = {p.window.end: [f.is_over for f in p.followed] for p in found.precedents}
    assert ends[at - datetime.timedelta(days=35)] == [True, True, False]
    assert all((at - end).days > days for end, over in ends.items() for days, is_over in zip((7, 30, 90), over, strict=True) if is_over)


def test_base_rates_count_the_precedents_and_have_an_interval() -> None:
    rows = [row for weeks in (120, 100, 80, 60) for row in [*acts(CRISIS, back(weeks)), *([after(back(weeks), 5, "ASSAULT")] if weeks > 60 else [])]]
    found = find([*rows, *acts(CRISIS, AT)])
    rate = next(r for r in found.base_rates if (r.outcome, r.days) == ("force", 7))
    assert (rate.occurred, rate.precedents, rate.rate) == (3, 4, 0.75)
    assert (rate.low, rate.high) == wilson(3, 4)
    assert rate.usual_rate is not None and rate.expected is not None
    assert rate.usual_rate < rate.expected < rate.rate


def test_the_usual_rate_is_that_of_all_past_weeks() -> None:
    rows = [row for weeks in range(5, 60) for row in acts(CRISIS, back(weeks), name=str(weeks))]
    found = find([*rows, *acts(CRISIS, AT)])
    usual = {r.outcome: r.usual_rate for r in found.base_rates if r.days == 7}
    assert usual["talks"] == 0.0
    assert usual["quiet"] is not None and usual["quiet"] < 0.2


def test_two_precedents_are_too_few_for_a_base_rate() -> None:
    found = find([*acts(CRISIS, back(60)), *acts(CRISIS, back(40)), *acts(CRISIS, AT)])
    assert len(found.precedents) == 2
    assert found.base_rates == ()


def test_each_precedent_says_which_parts_agree_and_names_its_events() -> None:
    found = find([*acts(CRISIS, back(40)), *acts(CRISIS, AT)])
    first = found.precedents[0]
    assert {p.name for p in first.parts} == {"mix", "order", "rung", "direction", "driver", "pace", "history"}
    assert all(p.agrees for p in first.parts)
    assert len(first.window.event_ids) == len(CRISIS)


def test_another_order_of_the_same_acts_agrees_less_in_order_alone() -> None:
    turned = [(21 - days, who, kind) for days, who, kind in CRISIS]
    found = find([*acts(CRISIS, back(60)), *acts(turned, back(40)), *acts(CRISIS, AT)])
    same, other = (next(p for p in found.precedents if (p.window.end > back(50)) is later) for later in (False, True))
    parts = [{p.name: p.similarity for p in each.parts} for each in (same, other)]
    assert parts[1]["order"] < parts[0]["order"] == 1.0
    assert same.similarity > other.similarity


def test_the_stage_counts_where_it_is_known() -> None:
    rows = [*acts(CRISIS, back(60)), *acts(CRISIS, back(40)), *acts(CRISIS, AT)]
    days = [AT - datetime.timedelta(days=n) for n in range(3, 500)]
    found = find(rows, stages={AT: "provocation", **{day: "provocation" if day < back(50) else "bargaining" for day in days}})
    assert [p.window.stage for p in found.precedents] == ["provocation", "bargaining"]
    assert [[p.agrees for p in each.parts if p.name == "stage"] for each in found.precedents] == [[True], [False]]
    assert found.precedents[0].similarity > found.precedents[1].similarity + 0.1


def test_background_and_events_known_to_a_year_only_are_left_out() -> None:
    rows = [{**row, "historical": True} for row in acts(CRISIS, back(60))] + [{**row, "precision": "year"} for row in acts(CRISIS, back(40))]
    assert find([*rows, *acts(CRISIS, AT)]).precedents == ()


def test_the_interval_of_no_success_reaches_up_and_that_of_nothing_is_all() -> None:
    low, high = wilson(0, 5)
    assert low == 0.0
    assert 0.4 < high < 0.5
    assert wilson(0, 0) == (0.0, 1.0)


def test_acts_in_one_order_agree_wholly_and_nothing_with_nothing_not_at_all() -> None:
    one = np.array([[0, 1, 2], [1, 3, 4], [0, 5, 6]], np.int32)
    assert align(one, [one, one[:2], one[::-1]]).tolist() == pytest.approx([1.0, 0.8, 1 / 3])
    assert align(one[:0], [one]).tolist() == [0.0]


def test_every_outcome_says_what_it_means() -> None:
    assert len({o.name for o in OUTCOMES}) == len(OUTCOMES)
    assert all(o.means for o in OUTCOMES)


def test_of_a_day_and_side_the_act_farthest_from_routine_counts() -> None:
    rows = [
        ("2020-06-01", "PRK", "KOR", "CONSULT"),
        ("2020-06-01", "PRK", "KOR", "THREATEN"),
        ("2020-06-01", "PRK", "KOR", "ACCUSE"),
        ("2020-06-01", "KOR", "PRK", "AID"),
        ("2020-06-02", "KOR", "PRK", "ACCUSE"),
        ("2020-06-02", "KOR", "PRK", "REJECT"),
    ]
    table = make_table({"event_id": f"e{n}", "day": day, "source": a, "target": b, "event_type": kind} for n, (day, a, b, kind) in enumerate(rows))
    dyad = table.with_columns(side=pl.when(pl.col("source") == "PRK").then(pl.lit("a")).otherwise(pl.lit("b")))
    acts = choose_acts(make_rows(dyad, None, names=("PRK", "KOR"), at=datetime.date(2020, 6, 30)))
    assert acts.ids.to_list() == ["e1", "e3", "e4"]
    sides = [tokens(acts, slice(0, 3), turned=turned)[:, 0].tolist() for turned in (False, True)]
    assert sides == [[0, 1, 1], [0, 1, 0]]


def test_of_a_window_the_latest_acts_are_compared() -> None:
    days = [(datetime.date(2020, 1, 1) + datetime.timedelta(days=n)).isoformat() for n in range(TOKENS + 5)]
    table = make_table({"day": day, "source": "PRK", "target": "KOR", "event_type": "THREATEN" if n < 5 else "ACCUSE"} for n, day in enumerate(days))
    acts = choose_acts(make_rows(table.with_columns(side=pl.lit("a")), None, names=("PRK", "KOR"), at=datetime.date(2020, 6, 30)))
    found = tokens(acts, slice(0, TOKENS + 5), turned=False)
    assert len(found) == TOKENS and len(set(found[:, 1].tolist())) == 1
