"""Which pairs moved most."""

from __future__ import annotations

import datetime
from typing import Any

import polars as pl

from detente.analysis.movers import WEEKS, find_movers
from detente.analysis.table import make_table

AT = datetime.date(2020, 6, 30)


def acts(a: str, b: str, kind: str, first: int, last: int, step: int = 1) -> list[dict[str, Any]]:
    """Acts of a to b on days before ``AT``, from ``first`` days before down to ``last``."""
    return [{"day": AT - datetime.timedelta(days=n), "source": a, "target": b, "event_type": kind} for n in range(first, last - 1, -step)]


def table() -> pl.DataFrame:
    rising = acts("PRK", "KOR", "CONSULT", 150, 15, 5) + acts("PRK", "KOR", "ASSAULT", 14, 0)
    falling = acts("IND", "PAK", "ASSAULT", 150, 15, 2) + acts("PAK", "IND", "CONSULT", 14, 0, 2)
    steady = acts("FRA", "DEU", "CONSULT", 150, 0, 3)
    few = acts("ISR", "SYR", "ASSAULT", 3, 0)
    return make_table([*rising, *falling, *steady, *few])


def test_pairs_that_surely_moved_come_first_whichever_way() -> None:
    found = find_movers(table(), AT, most=10)
    assert [(m.a, m.b, m.direction) for m in found] == [("KOR", "PRK", "rising"), ("IND", "PAK", "falling"), ("DEU", "FRA", "steady")]


def test_no_more_are_given_than_asked_for() -> None:
    assert len(find_movers(table(), AT, most=1)) == 1


def test_a_mover_tells_where_it_stands_and_how_it_came_there() -> None:
    mover = find_movers(table(), AT, most=1)[0]
    assert mover.rung == 5
    assert mover.change > 0
    assert mover.last_day == AT
    assert len(mover.weeks) == WEEKS
    assert mover.weeks[-1] == 5
    assert mover.weeks[0] == 0
    assert mover.weeks[10] == -1
    assert mover.event_ids


def test_nothing_after_the_day_counts() -> None:
    found = find_movers(table(), AT - datetime.timedelta(days=16), most=10)
    assert all(m.last_day <= AT - datetime.timedelta(days=16) for m in found)
    assert ("KOR", "PRK", "rising") not in [(m.a, m.b, m.direction) for m in found]


def test_a_pair_whose_table_begins_late_has_a_direction_if_its_history_began_earlier() -> None:
    late = make_table(acts("PRK", "KOR", "ASSAULT", 14, 0))
    assert find_movers(late, AT, most=1)[0].direction == "unknown"
    assert find_movers(late, AT, most=1, first_day=lambda a, b: datetime.date(2015, 1, 1))[0].direction == "rising"


def test_an_empty_table_has_no_movers() -> None:
    assert find_movers(table().head(0), AT, most=5) == []
