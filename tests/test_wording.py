"""Small words in common."""

from __future__ import annotations

import datetime

import pytest

from detente.analysis.alerts import Alert
from detente.wording import count_of, say_alert, say_day


def test_one_is_singular_and_thousands_have_commas() -> None:
    assert [count_of(n, "event") for n in (0, 1, 2, 12345)] == ["0 events", "1 event", "2 events", "12,345 events"]


def test_a_day_is_said_without_a_leading_zero() -> None:
    assert say_day(datetime.date(2020, 6, 3)) == "3 June 2020"


@pytest.mark.parametrize(
    ("kind", "before", "after", "said"),
    [
        ("onset", 1, 5, "rung 5, force without deaths, after long calm (rung 1)"),
        ("jump", 2, 6, "rung 6, lethal incident, up from rung 2"),
        ("burst", 1.25, 9, "9 acts of conflict in 7 days, 1.2 expected"),
        ("first-type", 0, 5, "the first ASSAULT ever between them (rung 5, force without deaths)"),
        ("silence", 2.5, 60, "60 days without a word, 2.5 between two are usual"),
        ("broken-channel", 1, 3, "a channel was cut, closed or destroyed (rung 3, rupture)"),
    ],
)
def test_each_kind_of_alert_says_what_happened(kind: str, before: float, after: float, said: str) -> None:
    alert = Alert(kind=kind, a="PRK", b="KOR", day=datetime.date(2020, 6, 16), score=7.0, rung=5, before=before, after=after, event_ids=("e",))
    assert say_alert(alert, "ASSAULT") == said
