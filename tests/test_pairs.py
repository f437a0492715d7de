"""The pairs of a store by its index of pairs: the same as by its events, as they were known at a day."""

from __future__ import annotations

import datetime

import msgspec
import pytest

from detente.analysis.dyads import count_dyads, list_dyads
from detente.analysis.table import load_table
from detente.store.filters import Filters
from detente.store.importing import Imported, import_events
from detente.store.pairs import count_pairs, list_days, list_pairs
from detente.store.query import find_events
from detente.store.reviewing import judge_event
from detente.store.schema import Store
from detente.store.sides import find_party
from detente.store.tables import Wanted
from detente.store.write import add_report
from stores import actor, event, report

DAY = datetime.date


@pytest.fixture
def filled(store: Store) -> Store:
    """Events that were told late, told again with another party, done by two at once, planned, rejected, without a day, of two origins."""
    both = (actor("PRK"), actor("KOR"))
    coded = [
        (msgspec.structs.replace(event("CONSULT", "KOR", "PRK", "2018-04-27", "held a summit"), source=both, target=both[::-1]), "2018-04-28"),
        (event("ACCUSE", "USA", "PRK", "2018-05-01", "accused it of stalling"), "2018-06-01"),
        (event("THREATEN", "PRK", "USA", "2018-05-02", "threatened it"), "2018-05-02"),
        (event("ASSAULT", "PRK", "KOR", "2018-05-03", "will attack", modality="future"), "2018-05-03"),
        (event("ACCUSE", "KOR", "PRK", None, "blamed it"), "2018-05-04"),
        (event("PROTEST", "KOR", "USA", "2018-05-05", "marched against it"), "2018-05-05"),
        (event("ASSAULT", "", "KOR", "2018-05-10", "bombed a base", cameo="183"), "2018-05-10"),
        (event("ASSAULT", "PRK", "KOR", "2018-05-10", "bombed a base", cameo="183"), "2018-07-10"),
    ]
    for n, (one, published_on) in enumerate(coded):
        add_report(store, report(one, doc_id=f"d{n}", published_on=published_on, publisher=f"Paper {n}"))
    judge_event(store, find_events(store, Filters(types=("PROTEST",))).events[0]["event_id"], "reject", reviewer="ann")
    rows = [Imported(str(n), n, event("AID", "CHN", "PRK", f"2019-03-0{n}"), evidence="sent rice") for n in (1, 2)]
    import_events(store, rows, origin="icews", location="a.tab", codebook="cameo")
    return store


@pytest.mark.parametrize("actor_name", [None, "PRK", "PRK/GOV"])
@pytest.mark.parametrize(
    "wanted",
    [
        Wanted(),
        Wanted(until=DAY(2018, 5, 2)),
        Wanted(until=DAY(2018, 5, 31)),
        Wanted(until=DAY(2018, 7, 31), since=DAY(2018, 5, 1)),
        Wanted(since=DAY(2019, 1, 1)),
        Wanted(origins=("icews",)),
        Wanted(origins=("detente",), until=DAY(2018, 5, 31)),
    ],
)
def test_pairs_by_the_index_are_those_of_the_events(filled: Store, wanted: Wanted, actor_name: str | None) -> None:
    party = find_party(filled, actor_name) if actor_name else None
    expected = list_dyads(load_table(filled, wanted), party)
    found = count_dyads(filled, party, wanted)
    assert found.rows() == expected.rows()
    assert found.schema == expected.schema


def test_what_two_did_together_is_one_event_of_the_pair(filled: Store) -> None:
    spans = {(pair.a, pair.b): pair for pair in list_pairs(filled, until=DAY(2018, 4, 30))}
    assert (spans["KOR", "PRK"].events, spans["KOR", "PRK"].first) == (1, "2018-04-27")


def test_the_number_of_a_pair_at_a_day_leaves_out_what_was_told_later(filled: Store) -> None:
    counted = [{(a, b): number for a, b, number in count_pairs(filled, until=day)} for day in (DAY(2018, 5, 31), DAY(2018, 6, 1))]
    assert [each.get(("USA", "PRK"), 0) for each in counted] == [0, 1]
    assert [each["PRK", "USA"] for each in counted] == [1, 1]


def test_days_of_a_pair_are_those_on_which_something_happened(filled: Store) -> None:
    assert list_days(filled, [("PRK", "KOR"), ("KOR", "PRK")]) == [DAY(2018, 4, 27), DAY(2018, 5, 10)]
    assert list_days(filled, []) == []
