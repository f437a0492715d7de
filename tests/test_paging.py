"""Pages by cursor."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from pathlib import Path

import pytest

from detente.errors import SettingsError
from detente.store.document_list import find_documents
from detente.store.filters import Filters
from detente.store.listing import ORDERS, list_events
from detente.store.review_queue import read_queue
from detente.store.schema import Store, open_store
from detente.store.write import add_report
from stores import event, report


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Events some of which have the same day, rung or confidence, or none, on each database in turn."""
    made = open_store(tmp_path_factory.mktemp("paging") / "store.db" if request.param == "sqlite" else str(request.getfixturevalue("postgres")()))
    for n in range(23):
        day = None if n % 7 == 3 else f"2020-06-{1 + n % 5:02}"
        kind = ("CONSULT", "ACCUSE", "ASSAULT", "PROTEST")[n % 4]
        told = event(kind, ("PRK", "IRN", "RUS")[n % 3], ("KOR", "ISR")[n % 2], day, f"act number {n}", confidence=0.5 + (n % 4) / 10, dead=n if n % 5 == 0 else None)
        add_report(made, report(told, doc_id=f"d{n}", published_on=f"2020-07-{1 + n % 9:02}", publisher=("Agency", "Daily")[n % 2]))
    yield made
    made.close()


def _walk(store: Store, order: str, size: int) -> list[list[str]]:
    pages, cursor = [], None
    while True:
        page = list_events(store, Filters(), order=order, cursor=cursor, limit=size)
        pages.append([event["event_id"] for event in page.events])
        if page.after is None:
            return pages
        cursor = page.after


@pytest.mark.parametrize("order", ORDERS)
def test_pages_hold_each_event_once_in_the_order_that_was_asked_for(store: Store, order: str) -> None:
    whole = [event["event_id"] for event in list_events(store, Filters(), order=order, limit=100).events]
    assert [event_id for page in _walk(store, order, 4) for event_id in page] == whole
    assert len(set(whole)) == list_events(store, Filters()).total


@pytest.mark.parametrize("order", ORDERS)
def test_the_page_before_is_the_one_that_was_left(store: Store, order: str) -> None:
    cursor, seen = None, []
    while True:
        page = list_events(store, Filters(), order=order, cursor=cursor, limit=5)
        ids = [event["event_id"] for event in page.events]
        if seen:
            assert page.before is not None
            back = list_events(store, Filters(), order=order, cursor=page.before, limit=5)
            assert [event["event_id"] for event in back.events] == seen[-1]
            assert back.after is not None
            assert (back.before is None) == (len(seen) == 1)
        seen.append(ids)
        if page.after is None:
            return
        cursor = page.after


def test_events_without_a_day_come_last_whichever_way(store: Store) -> None:
    for order in ("newest", "oldest"):
        days = [event["date"] for event in list_events(store, Filters(), order=order, limit=100).events]
        first = days.index(None)
        assert first
        assert all(day is None for day in days[first:])


def test_what_comes_in_meanwhile_shifts_no_page(tmp_path: Path) -> None:
    store = open_store(tmp_path / "store.db")
    for n in range(6):
        add_report(store, report(event("ACCUSE", day=f"2020-06-{10 + n}", text=f"said {n}"), doc_id=f"d{n}"))
    first = list_events(store, Filters(), limit=3)
    add_report(store, report(event("ACCUSE", day="2020-06-30", text="said later"), doc_id="late"))
    second = list_events(store, Filters(), cursor=first.after, limit=3)
    assert not {e["event_id"] for e in first.events} & {e["event_id"] for e in second.events}
    assert len(second.events) == 3


@pytest.mark.parametrize("cursor", ["x", "e30", "é", "W10", "WyJhZnRlciIsIm9sZGVzdCIsIjIwMjAiLDFd", "a" * 1_000, "WyJhZnRlciIsIm5ld2VzdCIsbnVsbCwxZTk5XQ"])
def test_a_cursor_that_is_not_of_this_order_is_refused(store: Store, cursor: str) -> None:
    with pytest.raises(SettingsError, match="expected one of a page in the same order"):
        list_events(store, Filters(), cursor=cursor)


def test_an_unknown_order_is_refused(store: Store) -> None:
    with pytest.raises(SettingsError, match="order"):
        list_events(store, Filters(), order="best")


def test_documents_are_found_by_publisher_days_and_words(store: Store) -> None:
    found = find_documents(store, publisher="Agency", limit=100)
    assert {document.publisher for document in found.documents} == {"Agency"}
    assert found.said == "Reports by Agency"
    days = [document.published_on for document in find_documents(store, since=None, limit=100).documents]
    assert days == sorted(days, reverse=True)
    one = find_documents(store, text="d7 nothing-like-it", limit=100)
    assert one.total == 0


def test_documents_are_paged_by_cursor(store: Store) -> None:
    first = find_documents(store, limit=10, newest_first=False)
    second = find_documents(store, limit=10, newest_first=False, cursor=first.after)
    third = find_documents(store, limit=10, newest_first=False, cursor=second.after)
    ids = [document.doc_id for page in (first, second, third) for document in page.documents]
    assert len(ids) == len(set(ids)) == 23
    assert third.after is None


def test_documents_are_found_by_the_first_and_the_last_day(store: Store) -> None:
    found = find_documents(store, since=datetime.date(2020, 7, 3), until=datetime.date(2020, 7, 3), limit=100)
    assert {document.published_on for document in found.documents} == {"2020-07-03"}
    assert find_documents(store, until=datetime.date.max).total == 23


def test_the_queue_of_review_is_paged_like_any_list(store: Store) -> None:
    seen, cursor = [], None
    while True:
        page = read_queue(store, Filters(), cursor=cursor, limit=4)
        seen += [(one.score, one.event["event_id"]) for one in page.queued]
        if page.after is None:
            break
        cursor = page.after
    assert [score for score, _ in seen] == sorted((score for score, _ in seen), reverse=True)
    assert len({event_id for _, event_id in seen}) == page.total == list_events(store, Filters()).total


def test_a_document_in_a_list_has_its_events_and_the_gravest_rung(store: Store) -> None:
    document = next(d for d in find_documents(store, limit=100).documents if d.doc_id == "d10")
    assert (document.events, document.rung) == (1, 6)
