"""Indexes of the events: what pages are ordered by, and the exceptions that are taken from what is counted. Figures are those of a look at each event."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from detente.analysis.situation import Situation
from detente.analysis.table import load_reported, load_table, load_volume, volume_until
from detente.store import schema
from detente.store.event_indexes import LEFT_OUT
from detente.store.filters import Filters, make_conditions
from detente.store.known import told_after
from detente.store.query import find_events
from detente.store.reviewing import judge_event
from detente.store.schema import Store, open_store, reading, writing
from detente.store.sides import Side
from detente.store.tables import Wanted, count_told_later
from detente.store.write import add_report
from stores import event, report

DAY = datetime.date
_e = schema.events


@pytest.fixture
def filled(store: Store) -> Store:
    """Events told on their day and later, planned, rejected, without a day."""
    coded = [
        (event("CONSULT", "KOR", "PRK", "2018-04-27", "held a summit"), "2018-04-27"),
        (event("ACCUSE", "USA", "PRK", "2018-04-27", "accused it of stalling"), "2018-06-01"),
        (event("ASSAULT", "PRK", "KOR", "2018-05-02", "will attack", modality="future"), "2018-05-02"),
        (event("THREATEN", "PRK", "KOR", "2018-05-02", "threatened it"), "2018-05-02"),
        (event("PROTEST", "KOR", "PRK", "2018-05-05", "marched against it"), "2018-06-05"),
        (event("REJECT", "KOR", "PRK", None, "rejected it"), "2018-05-06"),
    ]
    for n, (one, published_on) in enumerate(coded):
        add_report(store, report(one, doc_id=f"d{n}", published_on=published_on))
    judge_event(store, find_events(store, Filters(types=("PROTEST",))).events[0]["event_id"], "reject", reviewer="ann")
    return store


def _plan(store: Store, query: sa.Select[int]) -> str:
    with reading(store) as connection:
        text = query.compile(connection, compile_kwargs={"literal_binds": True})
        return " ".join(row[-1] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}"))


def test_a_store_that_is_upgraded_has_the_indexes_of_a_new_one(tmp_path: Path) -> None:
    found = []
    for name in ("new", "old"):
        store = open_store(tmp_path / f"{name}.db")
        if name == "old":
            with writing(store) as connection:
                for index in ("events_by_rung", "events_by_reports", "events_by_confidence", "events_left_out", "events_told_later"):
                    connection.exec_driver_sql(f"DROP INDEX {index}")
                connection.exec_driver_sql("DELETE FROM migrations WHERE number >= 10")
            store.close()
            store = open_store(tmp_path / "old.db")
        with reading(store) as connection:
            made = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL ORDER BY name")
            found.append({index: " ".join(text.split()).replace("IF NOT EXISTS ", "") for index, text in made})
        store.close()
    assert found[0] == found[1]
    assert {"events_by_rung", "events_left_out", "events_told_later"} <= set(found[0])


@pytest.mark.parametrize("column", ["rung", "reports", "confidence"])
def test_a_page_in_an_order_is_walked_by_its_index(tmp_path: Path, column: str) -> None:
    store = open_store(tmp_path / "s.db")
    where = [condition for condition, _ in make_conditions(Filters(rungs=(2, 6)), "sqlite", order=_e.c[column])]
    plan = _plan(store, sa.select(_e.c.id).where(*where, _e.c[column].is_not(None)).order_by(_e.c[column].desc(), _e.c.id.desc()).limit(26))
    store.close()
    assert f"events_by_{column}" in plan and "TEMP B-TREE" not in plan


def test_rungs_that_are_asked_for_do_not_decide_the_way_through_a_page_by_day(tmp_path: Path) -> None:
    store = open_store(tmp_path / "s.db")
    where = [condition for condition, _ in make_conditions(Filters(rungs=(2, 6), least_confidence=0.5), "sqlite", order=_e.c.date_start)]
    plan = _plan(store, sa.select(_e.c.id).where(*where).order_by(_e.c.date_start.desc(), _e.c.id.desc()).limit(26))
    store.close()
    assert "events_by_date" in plan


def test_the_few_that_do_not_count_are_found_by_their_indexes(tmp_path: Path) -> None:
    store = open_store(tmp_path / "s.db")
    plans = [_plan(store, sa.select(_e.c.id).where(*conditions)) for conditions in ([LEFT_OUT], told_after(DAY(2018, 5, 1)))]
    store.close()
    assert "COVERING INDEX events_left_out" in plans[0] and "COVERING INDEX events_told_later" in plans[1]


@pytest.mark.parametrize("until", [None, DAY(2018, 4, 26), DAY(2018, 4, 30), DAY(2018, 5, 31), DAY(2018, 6, 1), DAY(2019, 1, 1)])
def test_the_volume_is_that_of_the_events(filled: Store, until: datetime.date | None) -> None:
    for since in (None, DAY(2018, 5, 1)):
        table = load_table(filled, Wanted(since=since, until=until)).unique("event_id")
        counted = sorted((day, len(rows)) for (day,), rows in table.group_by("day"))
        assert load_volume(filled, Wanted(since=since, until=until)).rows() == counted


@pytest.mark.parametrize("until", [DAY(2018, 4, 26), DAY(2018, 4, 30), DAY(2018, 6, 1)])
def test_what_was_reported_gives_the_volume_until_any_day(filled: Store, until: datetime.date) -> None:
    expected = load_volume(filled, Wanted(until=until))
    found = volume_until(load_reported(filled), until)
    assert found.rows() == expected.rows() and found.schema == expected.schema


def test_a_situation_takes_what_was_reported_from_others(filled: Store) -> None:
    alone, sharing = (Situation(filled, "PRK", "KOR", at="2018-05-31", reported=given) for given in (None, load_reported(filled)))
    assert alone.volume.rows() == sharing.volume.rows()


def test_events_told_of_later_are_counted_for_a_pair_only_where_there_are_any(filled: Store) -> None:
    sides = {"first": Side(keys=("USA",)), "second": Side(keys=("PRK",))}
    assert [count_told_later(filled, Wanted(until=day, **sides)) for day in (DAY(2018, 4, 26), DAY(2018, 5, 31), DAY(2018, 6, 30))] == [0, 1, 0]
