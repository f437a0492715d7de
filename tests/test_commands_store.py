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
