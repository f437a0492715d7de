"""What the commands of the store refuse, each with one line and exit code 2."""

from __future__ import annotations

from pathlib import Path

import pytest

from detente.cli import main
from detente.store.schema import open_store
from detente.store.write import add_report
from stores import event, report


@pytest.fixture
def store(tmp_path: Path) -> Path:
    path = tmp_path / "crisis.db"
    open_store(path, create=True).close()
    return path


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--dyad", ""], "--dyad: found ''; expected something to look for"),
        (["--text", " "], "--text: found ' '; expected something to look for"),
        (["--source", ""], "--source: found ''; expected something to look for"),
        (["--actor", ""], "--actor: found ''; expected something to look for"),
        (["--mode", "fly"], "--mode: found 'fly'; expected one of abduct"),
        (["--context", "sea"], "--context: found 'sea'; expected one of"),
        (["--page", "9" * 30], "expected at most 1,000,000,000 of each"),
        (["--page-events", "9" * 30], "expected at most 1,000,000,000 of each"),
    ],
)
def test_a_filter_that_can_find_nothing_is_refused(store: Path, options: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["events", "--store", str(store), *options]) == 2
    err = capsys.readouterr().err
    assert said in err
    assert err.count("\n") == 1


def test_the_highest_page_is_empty_and_no_fault(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["events", "--store", str(store), "--page", "1000000000", "--page-events", "1000000000"]) == 0
    assert "none" in capsys.readouterr().out


@pytest.mark.parametrize("form", ["csv", "acled", "ucdp"])
def test_a_csv_with_another_header_is_one_line(store: Path, tmp_path: Path, form: str, capfd: pytest.CaptureFixture[str]) -> None:
    wrong = tmp_path / "wrong.csv"
    wrong.write_text("a,b\n1,2\n", encoding="utf-8")
    assert main(["import", form, str(wrong), "--store", str(store)]) == 2
    err = capfd.readouterr().err
    assert "found a header without" in err
    assert err.count("\n") == 1


def test_what_the_store_does_not_have_is_named_where_nothing_is_found(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    filled = open_store(store)
    add_report(filled, report(event("COERCE", "IRN", "KOR"), doc_id="d1"))
    filled.close()
    assert main(["events", "--store", str(store), "--dyad", "prk-KOR", "--origin", "foo"]) == 0
    err = capsys.readouterr().err
    assert [line.split(";")[0].rpartition(" ")[2] for line in err.splitlines()] == ["'prk'", "'foo'"]


def test_the_name_of_a_country_as_a_filter_is_told_to_find_less_than_its_code(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["events", "--store", str(store), "--dyad", "North Korea - KOR"]) == 0
    assert "--dyad 'North Korea': taken as the name of an actor; PRK finds all who act for the country" in capsys.readouterr().err
    assert main(["events", "--store", str(store), "--actor", "PRK"]) == 0
    assert "taken as" not in capsys.readouterr().err


def test_a_refused_row_is_told_by_file_and_line_and_counted_as_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "events.tab"
    path.write_text("a\tb\n" * 22)
    assert main(["import", "gdelt", str(path), "--store", str(tmp_path / "new.db")]) == 2
    told = capsys.readouterr()
    assert f"{path}:1: row: found '2 cells'; expected 61" in told.err
    assert told.err.endswith("... more rows refused, counted at the end\n")
    assert "0 events of 22 rows read, 0 of them new; 22 rows refused" in told.out


def test_a_table_that_cannot_be_written_is_told_by_its_path_once(store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    filled = open_store(store)
    add_report(filled, report(event("COERCE", "IRN", "KOR"), doc_id="d1"))
    filled.close()
    path = tmp_path / "nowhere" / "pairs.csv"
    assert main(["dyads", "--store", str(store), "-o", str(path)]) == 2
    err = capsys.readouterr().err
    assert err.count(str(path)) == 1
    assert "cannot be written (No such file or directory (os error 2)); expected a file in a directory" in err
