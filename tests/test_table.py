"""The events table."""

from __future__ import annotations

import datetime

import pytest

from detente.analysis.table import EVENTS, make_table
from detente.errors import InputError


def test_a_row_of_four_columns_is_filled_in_by_the_codebook() -> None:
    row = make_table([{"day": "2020-06-16", "source": "PRK", "target": "KOR", "event_type": "ASSAULT", "modes": ["destroy"]}]).row(0, named=True)
    assert (row["day"], row["quad"], row["rung"], row["intensity"], row["modes"]) == (datetime.date(2020, 6, 16), 4, 5, -8.5, ["destroy"])
    assert (row["source_name"], row["source_sectors"], row["dead"], row["reports"]) == ("PRK", "+GOV+", None, 1)


def test_rows_are_sorted_by_day() -> None:
    table = make_table([{"day": day, "source": "A", "target": "B", "event_type": "ACCUSE"} for day in ("2020-03-01", "2019-01-01", "2020-01-01")])
    assert table["day"].is_sorted()


def test_no_rows_make_a_table_with_all_columns() -> None:
    table = make_table([])
    assert table.height == 0
    assert dict(table.schema) == EVENTS


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"day": "2020-01-01", "source": "A", "target": "B"}, "row 1: found no event_type"),
        ({"day": "2020-01-01", "source": "A", "target": "B", "event_type": "HUG"}, "row 1: found the type 'HUG'"),
        ({"day": "2020-01-01", "source": "A", "target": "B", "event_type": "AID", "sort": 1}, "row 1: found the column 'sort'"),
    ],
)
def test_a_row_that_is_none_is_refused(row: dict[str, object], words: str) -> None:
    with pytest.raises(InputError, match=words):
        make_table([row])
