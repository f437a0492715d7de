"""Who answers whom: rates, lags, and what escalation is met with."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np
import polars as pl
import pytest

from detente.analysis.escalation import ANSWERS
from detente.analysis.reciprocity import answer_rates, find_reciprocity
from detente.analysis.shares import wilson
from detente.analysis.table import make_table

FIRST = datetime.date(2015, 1, 1)
DAYS = 1200
AT = FIRST + datetime.timedelta(days=DAYS)


def act(side: str, day: int, event_type: str, **more: Any) -> dict[str, Any]:
    source, target = ("AAA", "BBB") if side == "a" else ("BBB", "AAA")
    return {"day": FIRST + datetime.timedelta(days=day), "source": source, "target": target, "event_type": event_type, **more}


def sided(rows: list[dict[str, Any]]) -> pl.DataFrame:
    return make_table(rows).with_columns(side=pl.when(pl.col("source") == "AAA").then(pl.lit("a")).otherwise(pl.lit("b")))


def answering(seed: int = 0, *, with_type: str = "REJECT", lag: int = 3, share: float = 0.8) -> list[dict[str, Any]]:
    """Side a accuses now and then; side b answers after a fixed time, and threatens at random."""
    rng = np.random.default_rng(seed)
    rows = []
    for day in range(0, DAYS, 20):
        start = day + int(rng.integers(10))
        rows.append(act("a", start, "ACCUSE"))
        if rng.random() < share:
            rows.append(act("b", start + lag, with_type))
        rows.append(act("b", int(rng.integers(DAYS)), "THREATEN"))
    return rows


def row_of(rates: pl.DataFrame, side: str, act: str, answer: str) -> dict[str, Any]:
    [row] = rates.filter((pl.col("side") == side) & (pl.col("act") == act) & (pl.col("answer") == answer)).to_dicts()
    return row


def test_an_answer_is_found_with_its_rate_and_lag_and_stands_first() -> None:
    rates = answer_rates(sided(answering()), AT)
    row = rates.row(0, named=True)
    assert (row["side"], row["act"], row["answer"]) == ("a", "ACCUSE", "REJECT")
    assert row["rate"] == pytest.approx(0.8, abs=0.12) and row["low"] < row["rate"] < row["high"]
    assert row["median_lag_days"] == 3 and row["lift"] > 1.8
    assert row["p_value"] < 0.01 and row["q_value"] < 0.05


def test_what_comes_at_random_is_no_answer() -> None:
    row = row_of(answer_rates(sided(answering()), AT), "a", "ACCUSE", "THREATEN")
    assert row["p_value"] > 0.05 and row["low"] < row["base_rate"] < row["high"]


def test_the_latest_acts_and_answers_are_named_in_pairs() -> None:
    table = sided(answering())
    row = row_of(answer_rates(table, AT), "a", "ACCUSE", "REJECT")
    days = dict(zip(table["event_id"], table["day"], strict=True))
    assert len(row["act_ids"]) == len(row["answer_ids"]) == 5
    assert all((days[b] - days[a]).days == 3 for a, b in zip(row["act_ids"], row["answer_ids"], strict=True))


def test_an_answer_on_the_same_day_is_counted_apart() -> None:
    rows = [act("a", day, "ACCUSE") for day in range(0, 400, 40)] + [act("b", day, "REJECT") for day in range(0, 400, 40)]
    row = row_of(answer_rates(sided(rows), FIRST + datetime.timedelta(days=400)), "a", "ACCUSE", "REJECT")
    assert (row["occasions"], row["answered"], row["same_day"]) == (10, 0, 10)


def test_an_act_whose_window_is_not_over_is_left_out() -> None:
    rows = [act("a", day, "ACCUSE") for day in range(0, 400, 40)]
    rows += [act("b", 1, "REJECT")]
    last = FIRST + datetime.timedelta(days=362)
    assert row_of(answer_rates(sided(rows), last), "a", "ACCUSE", "REJECT")["occasions"] == 9


def test_nothing_after_the_day_counts() -> None:
    rows = answering()
    at = FIRST + datetime.timedelta(days=800)
    before = [row for row in rows if row["day"] <= at]
    later = [{**row, "event_id": f"later{n}"} for n, row in enumerate(rows) if row["day"] > at]
    assert find_reciprocity(sided(before), at) == find_reciprocity(sided([*before, *later]), at)
    assert answer_rates(sided(before), at).equals(answer_rates(sided([*before, *later]), at))


def test_an_act_that_both_sides_do_together_neither_answers_nor_is_answered() -> None:
    rows = [act(side, day, "AGREE", event_id=f"joint{day}") for day in range(0, 400, 40) for side in "ab"]
    rows += [act(side, day + 3, "ACCUSE") for day in range(0, 400, 40) for side in "ab"]
    rates = answer_rates(sided(rows), AT)
    assert set(rates["act"]) == set(rates["answer"]) == {"ACCUSE"}


def test_q_values_are_those_of_benjamini_and_hochberg() -> None:
    rng = np.random.default_rng(4)
    kinds = ["CONSULT", "AGREE", "ACCUSE", "THREATEN", "REJECT"]
    rates = answer_rates(sided([act(str(rng.choice(["a", "b"])), int(rng.integers(DAYS)), str(rng.choice(kinds))) for _ in range(600)]), AT)
    p_values = rates["p_value"].to_list()
    expected = [min(1.0, min(p * len(p_values) / rank for rank, p in enumerate(p_values, start=1) if rank >= start)) for start in range(1, len(p_values) + 1)]
    assert rates["q_value"].to_list() == pytest.approx(expected)


def test_rates_may_be_of_quads_or_rungs() -> None:
    rates = answer_rates(sided(answering()), AT, by="quad")
    assert set(rates["act"]) == {"3"} and rates.filter(pl.col("side") == "a")["answer"].to_list() == ["3"]
    assert "2" in answer_rates(sided(answering()), AT, by="rung")["answer"].to_list()


# -- escalation ------------------------------------------------------------------------------------------------------------
def escalating(answer: str | None, seed: int = 1) -> list[dict[str, Any]]:
    """Side a threatens every two months; side b answers within days, and does this and that at random."""
    rng = np.random.default_rng(seed)
    rows = []
    for day in range(0, DAYS - 20, 60):
        start = day + int(rng.integers(20))
        rows.append(act("a", start, "THREATEN"))
        if answer and rng.random() < 0.9:
            rows.append(act("b", start + 1 + int(rng.integers(4)), answer))
        rows += [act("b", int(rng.integers(DAYS)), kind) for kind in ("CONSULT", "ACCUSE")]
        rows.append(act("b", int(rng.integers(DAYS)), "SANCTION" if rng.random() < 0.4 else "AGREE"))
    return rows


@pytest.mark.parametrize(("answer", "verdict"), [("MOBILIZE", "escalation"), ("CONCEDE", "concession"), (None, "no-pattern")])
def test_escalation_is_told_from_concession_and_from_neither(answer: str | None, verdict: str) -> None:
    met = find_reciprocity(sided(escalating(answer)), AT).escalations[0]
    assert (met.side, met.verdict, met.reason) == ("a", verdict, "")
    assert [o.answer for o in met.outcomes] == list(ANSWERS)
    assert sum(o.share for o in met.outcomes) == pytest.approx(1)
    assert sum(o.base_share or 0 for o in met.outcomes) == pytest.approx(1, abs=0.03)


def test_what_escalation_was_met_with_names_its_events() -> None:
    table = sided(escalating("CONCEDE"))
    outcome = find_reciprocity(table, AT).escalations[0].outcomes[ANSWERS.index("concession")]
    kinds = table.filter(pl.col("event_id").is_in(list(outcome.event_ids)))["event_type"].unique().to_list()
    assert outcome.count > 10 and {"THREATEN", "CONCEDE"} <= set(kinds)


def test_going_on_with_what_one_did_is_no_new_escalation() -> None:
    rows = [act("a", day, "THREATEN") for day in range(0, 300, 5)] + [act("a", 200, "MOBILIZE"), act("b", 1, "ACCUSE")]
    assert find_reciprocity(sided(rows), AT).escalations[0].occasions == 2


def test_an_escalation_whose_window_is_not_over_is_left_out() -> None:
    table = sided([act("a", day, "THREATEN") for day in (10, 100, 200)] + [act("b", 0, "ACCUSE")])
    counts = [find_reciprocity(table, FIRST + datetime.timedelta(days=day)).escalations[0].occasions for day in (206, 207)]
    assert counts == [2, 3]


def test_few_occasions_give_no_verdict() -> None:
    met = find_reciprocity(sided([act("a", 10, "THREATEN"), act("b", 12, "ACCUSE"), act("a", 500, "CONSULT")]), AT).escalations
    assert [(m.verdict, m.reason) for m in met] == [(None, "few-occasions")] * 2


def test_three_events_and_none_at_all_are_too_few() -> None:
    for rows in ([], [act("a", 0, "ACCUSE"), act("b", 1, "ACCUSE"), act("a", 2, "ASSAULT")]):
        found = find_reciprocity(sided(rows), AT)
        assert found.hostile.reason in ("few-events", "short-history") and found.hostile.a is None
        assert answer_rates(sided(rows), AT).is_empty()


# -- what the store saw ------------------------------------------------------------------------------------------------------
def test_a_store_with_reports_on_few_days_tells_no_answers() -> None:
    table = sided(answering())
    volume = table.group_by("day").agg(events=pl.len())
    found = find_reciprocity(table, AT, volume=volume)
    assert found.reason == found.hostile.reason == "sparse-reports"
    assert all(met.verdict is None for met in found.escalations)
    rates = answer_rates(table, AT, volume=volume)
    assert rates["base_rate"].null_count() == rates["p_value"].null_count() == rates.height > 0


def test_a_store_with_reports_on_all_days_is_no_hindrance() -> None:
    table = sided(answering())
    volume = pl.DataFrame({"day": [FIRST + datetime.timedelta(days=n) for n in range(DAYS + 1)]}).with_columns(events=pl.lit(30))
    assert find_reciprocity(table, AT, volume=volume).reason == ""
    assert answer_rates(table, AT, volume=volume).equals(answer_rates(table, AT))


def test_the_interval_of_a_share_is_wilsons() -> None:
    assert wilson(0, 10) == pytest.approx((0, 0.2775), abs=1e-3)
    assert wilson(8, 10) == pytest.approx((0.4902, 0.9433), abs=1e-3)
    assert wilson(0, 0) == (0, 1)
