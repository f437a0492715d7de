"""When a feed is asked next: by its plan, later the more often it fails, never before its server wants it."""

from __future__ import annotations

import datetime

import pytest

from detente.feed_list import FeedPlan
from detente.feed_schedule import MOST_TRIES, after_failure, after_gone, after_success, give_up, is_due
from detente.store.feeds import FeedState

NOW = datetime.datetime(2021, 3, 10, 12, 0, tzinfo=datetime.UTC)
PLAN = FeedPlan("http://wire.example/feed", every_minutes=30)
NEW = FeedState(PLAN.url)


def minutes(state: FeedState) -> float:
    assert state.next_due is not None
    return (state.next_due - NOW).total_seconds() / 60


def test_a_feed_that_was_never_asked_is_due() -> None:
    assert is_due(NEW, NOW)


def test_a_feed_that_answers_is_due_again_after_its_time_and_some_chance() -> None:
    assert minutes(after_success(NEW, PLAN, NOW, 0.0)) == 30
    assert minutes(after_success(NEW, PLAN, NOW, 1.0)) == pytest.approx(33)
    state = after_success(NEW, PLAN, NOW, 0.0)
    assert not is_due(state, NOW + datetime.timedelta(minutes=29))
    assert is_due(state, NOW + datetime.timedelta(minutes=30))


def test_each_failure_in_a_row_doubles_the_time_up_to_a_day() -> None:
    state, waits = NEW, []
    for _ in range(8):
        state = after_failure(state, PLAN, NOW, 0.0, reason="timeout")
        waits.append(minutes(state))
    assert waits == [60, 120, 240, 480, 960, 1440, 1440, 1440]
    assert (state.failures, state.last_error) == (8, "timeout")
    again = after_success(state, PLAN, NOW, 0.0)
    assert (minutes(again), again.failures, again.last_error) == (30, 0, None)


def test_a_feed_that_is_asked_once_a_week_is_not_asked_more_often_because_it_fails() -> None:
    assert minutes(after_failure(NEW, PLAN._replace(every_minutes=10_080), NOW, 0.0, reason="timeout")) == 10_080


def test_a_server_that_names_a_later_moment_is_obeyed_and_an_earlier_one_is_not() -> None:
    assert minutes(after_failure(NEW, PLAN, NOW, 0.0, reason="http-status", after_seconds=7200)) == 120
    assert minutes(after_failure(NEW, PLAN, NOW, 0.0, reason="http-status", after_seconds=1)) == 60


def test_hundreds_of_failures_overflow_nothing() -> None:
    assert minutes(after_failure(NEW._replace(failures=100_000), PLAN, NOW, 0.0, reason="timeout")) == 1440


def test_a_feed_that_is_gone_is_never_due() -> None:
    state = after_gone(NEW, NOW)
    assert not is_due(state, NOW + datetime.timedelta(days=10_000))


def test_an_entry_is_given_up_at_once_if_another_try_must_fail_too() -> None:
    assert give_up("robots", 1) and give_up("private-address", 1)
    assert not give_up("timeout", MOST_TRIES - 1)
    assert give_up("timeout", MOST_TRIES)
