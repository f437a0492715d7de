"""Merging across documents: what is one event and what is not, and how well the sample corpus is merged."""

from __future__ import annotations

import datetime
import sys
from pathlib import Path
from typing import Any

import pytest

from detente.records import Event
from detente.store.matching import compare, index_keys, look_up, make_sketch, match_event, pick_best
from stores import event

ROOT = Path(__file__).parent.parent
sys.path.append(str(ROOT / "benchmarks"))
LEAST_PAIRWISE, LEAST_B_CUBED = 0.85, 0.93
"""Floors of the sample corpus; what it last gave stands in docs/store.md."""

SHELLING: dict[str, Any] = {"modes": ("artillery",), "cameo": "194", "rule": "assault.shell", "place": "Goma", "text": "rebels shelled a camp near Goma"}


def match(a: Event, b: Event, told: str = "2020-06-17", later: str = "2020-06-17") -> float:
    """Two mentions -> their score, if the second is looked up where the first is found; else minus infinity."""
    first, second = make_sketch(a, datetime.date.fromisoformat(told)), make_sketch(b, datetime.date.fromisoformat(later))
    found = any((r.key, r.period) == (k, p) and r.low <= d <= r.high for r in look_up(second) for k, p, d in index_keys(first))
    return match_event(second, [first]) if found else float("-inf")


SAME = {
    "the same told twice": (event(), event()),
    "other words of one act": (event(text="blew up the liaison office"), event(text="demolished the joint liaison office", rule="assault.destroy")),
    "a state and its army": (event(source="PRK/GOV"), event(source="PRK/MIL")),
    "attackers unknown, later named": (event(source="/UAF", target="COD/CVL", **SHELLING), event(source="RWA/MIL", target="COD/CVL", **SHELLING)),
    "attackers left out": (event(source="", target="COD/CVL", **SHELLING), event(source="RWA/MIL", target="COD/CVL", **SHELLING)),
    "a meeting told from either side": (event("CONSULT", "PRK", "KOR", text="held talks"), event("CONSULT", "KOR", "PRK", text="held talks")),
    "a day and the month that it lies in": (event(), event(day="2020-06-01", end="2020-06-30", precision="month")),
    "a day off, where the report filled it in": (event(), event(day="2020-06-17", date=None)),
    "towns a few miles apart": (event(source="RWA", target="COD", **SHELLING), event(source="RWA", target="COD", **{**SHELLING, "text": "shelled a camp of rebels"})),
}
DIFFERENT = {
    "two meetings with one party in common": (
        event("CONSULT", "KOR", "USA", text="spoke by telephone", modes=("phone",), cameo="041", rule="consult.phone"),
        event("CONSULT", "JPN", "USA", text="spoke by telephone", modes=("phone",), cameo="041", rule="consult.phone"),
    ),
    "another type": (event(), event("PROTEST")),
    "another pair": (event(), event(source="IRN", target="ISR")),
    "a week later": (event(), event(day="2020-06-23")),
    "two days later, both days given": (event(source="RWA", target="COD", **SHELLING), event(source="RWA", target="COD", day="2020-06-18", **SHELLING)),
    "a threat and a deed that is only planned": (event("MOBILIZE"), event("MOBILIZE", modality="future")),
    "two towns far apart": (
        event(source="RWA", target="COD", **SHELLING),
        event(source="RWA", target="COD", **{**SHELLING, "place": "Bunia", "text": "a market was hit by mortars"}),
    ),
    "two statements of one day": (
        event("ACCUSE", "KOR", "PRK", text="condemned the missile launch", rule="accuse.condemn", cameo="111"),
        event("ACCUSE", "KOR", "PRK", text="blamed hackers for the outage", rule="accuse.blame", cameo="112"),
    ),
    "two speakers of one state": (
        event("REQUEST", "USA", "PRK", text="urged restraint", entity="Jane Roe", rule="request.urge", cameo="020"),
        event("REQUEST", "USA", "PRK", text="called for talks", entity="John Doe", rule="request.call", cameo="022"),
    ),
    "police against opposition, army against rebels": (
        event("COERCE", "TUR/COP", "TUR/OPP", modes=("arrest",), cameo="173", text="arrested two lawmakers", rule="coerce.arrest"),
        event("COERCE", "TUR/MIL", "TUR/REB", modes=("seize",), cameo="171", text="seized a depot", rule="coerce.seize"),
    ),
}


@pytest.mark.parametrize("name", SAME)
def test_mentions_of_one_event_match(name: str) -> None:
    a, b = SAME[name]
    assert match(a, b) >= 0 and match(b, a) >= 0


@pytest.mark.parametrize("name", DIFFERENT)
def test_mentions_of_two_events_do_not_match(name: str) -> None:
    a, b = DIFFERENT[name]
    assert match(a, b) < 0 and match(b, a) < 0


def test_what_rules_a_match_out_has_a_coded_reason() -> None:
    day = datetime.date(2020, 6, 17)
    one = make_sketch(event(), day)
    others = {"type": event("AID"), "actors": event(source="CHL", target="PER"), "date": event(day="2019-01-01")}
    assert {reason: compare(one, make_sketch(other, day)).reason for reason, other in others.items()} == {reason: reason for reason in others}


def test_comparing_is_the_same_both_ways() -> None:
    day = datetime.date(2020, 6, 17)
    for a, b in [*SAME.values(), *DIFFERENT.values()]:
        assert compare(make_sketch(a, day), make_sketch(b, day)) == compare(make_sketch(b, day), make_sketch(a, day))


def test_an_anniversary_finds_the_old_event_and_no_new_one_of_the_season() -> None:
    told_later = event(day="2020-06-01", end="2020-06-30", precision="month", historical=True)
    assert match(event(), told_later, later="2023-06-16") >= 0
    assert match(event(day="2023-06-16"), told_later, told="2023-06-16", later="2023-06-16") < 0


def test_each_event_gets_one_mention_of_a_document_the_best_pair_first() -> None:
    assert pick_best([(0.5, 0, 7), (0.9, 1, 7), (0.4, 0, 8), (-0.1, 2, 9)]) == {1: (7, 0.9), 0: (8, 0.4)}


def test_the_sample_corpus_is_merged_as_annotated() -> None:
    import store as bench

    pairwise, b_cubed = (m.value for m in bench.measure_merging())
    assert pairwise >= LEAST_PAIRWISE
    assert b_cubed >= LEAST_B_CUBED


def test_the_measures_of_merging_are_those_of_a_case_worked_by_hand() -> None:
    import merging

    true, found = {"a": 1, "b": 1, "c": 1, "d": 2}, {"a": 1, "b": 1, "c": 2, "d": 2}
    assert merging.score_pairs(true, found) == (1 / 2, 1 / 3)
    assert merging.score_b_cubed(true, found) == pytest.approx(((1 + 1 + 0.5 + 0.5) / 4, (2 / 3 + 2 / 3 + 1 / 3 + 1) / 4))
