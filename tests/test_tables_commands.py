"""The commands that give tables: ``dyads`` and ``series``."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from detente.cli import main
from detente.store.schema import open_store
from detente.store.write import add_report
from stores import event, report


@pytest.fixture
def store(tmp_path: Path) -> str:
    """Three acts of two pairs in two months."""
    path = tmp_path / "s.db"
    opened = open_store(path)
    acts = (("THREATEN", "PRK", "KOR", "2020-05-20"), ("ASSAULT", "PRK", "KOR", "2020-06-16"), ("ACCUSE", "USA", "PRK", "2020-06-16"))
    for n, (kind, source, target, day) in enumerate(acts):
        add_report(opened, report(event(kind, source, target, day, f"act number {n}", rule=f"r{n}"), doc_id=f"d{n}", published_on=day))
    opened.close()
    return str(path)


def test_pairs_are_listed_with_the_busiest_first_and_those_of_one_actor_with_it_in_front(store: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dyads", "--store", store, "--json"]) == 0
    assert [(row["a"], row["b"], row["events"]) for row in json.loads(capsys.readouterr().out)] == [("KOR", "PRK", 2), ("PRK", "USA", 1)]
    assert main(["dyads", "USA", "--store", store]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "          1  2020-06-16  2020-06-16  USA - PRK  United States - North Korea"
    assert main(["dyads", "--store", store, "--limit", "1"]) == 0
    assert "and 1 more" in capsys.readouterr().out


def test_a_series_has_a_row_a_period_and_is_written_as_a_file(store: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "months.csv"
    assert main(["series", "PRK", "KOR", "--store", store, "--by", "month", "-o", str(path)]) == 0
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["period"], row["events"], row["volume"]) for row in rows] == [("2020-05-01", "1", "1"), ("2020-06-01", "1", "2")]
    capsys.readouterr()
    assert main(["series", "PRK", "KOR", "--store", store, "--by", "month", "--per-side", "--kind", "event_type"]) == 0
    shown = capsys.readouterr().out.splitlines()[2:]
    assert [line.split()[1:4] for line in shown] == [["PRK", "THREATEN", "1"], ["PRK", "ASSAULT", "1"]]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["series", "PRK", "KOR", "-o", "x.doc"], "expected a name that ends in .csv"),
        (["series", "KOR", "USA"], "found no event between KOR and USA"),
        (["series", "PRK", "KOR", "--since", "2021-01-01"], "--since: found 2021-01-01"),
        (["dyads", "--limit", "0"], "--limit: found 0"),
        (["dyads", "Atlantis"], "Atlantis"),
    ],
)
def test_what_cannot_be_given_is_one_line_and_exit_code_2(arguments: list[str], told: str, store: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*arguments, "--store", store]) == 2
    error = capsys.readouterr().err
    assert told in error and error.count("\n") == 1
