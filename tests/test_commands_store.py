"""What the commands of the store refuse, each with one line and exit code 2."""

from __future__ import annotations

import json
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


@pytest.mark.parametrize(
    "asked", [["--actor", "North Korea"], ["--actor", "prk"], ["--dyad", "North Korea-South Korea"], ["--dyad", "the DPRK - East Asia"], ["--source", "prk mil"]]
)
def test_a_filter_reads_an_actor_as_the_situation_does(store: Path, asked: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    filled = open_store(store)
    add_report(filled, report(event("COERCE", "PRK/MIL", "KOR"), event("CONSULT", "USA", "JPN"), event("COERCE", "PRK/GOV", "PRK/CVL"), doc_id="d1"))
    filled.close()
    assert main(["events", "--store", str(store), "--type", "COERCE,CONSULT", "--target", "KOR", "--format", "json", *asked]) == 0
    told = capsys.readouterr()
    assert [e["target"][0]["country"] for e in json.loads(told.out)["events"]] == ["KOR"]
    assert told.err == ""


def test_what_a_state_did_to_itself_is_not_between_it_and_its_region(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    filled = open_store(store)
    add_report(filled, report(event("COERCE", "PRK/GOV", "PRK/CVL"), event("CONSULT", "PRK", "KOR"), doc_id="d1"))
    filled.close()
    assert main(["events", "--store", str(store), "--dyad", "PRK - East Asia", "--format", "json"]) == 0
    assert [e["event_type"] for e in json.loads(capsys.readouterr().out)["events"]] == ["CONSULT"]


@pytest.mark.parametrize("command", ["events", "export", "review"])
@pytest.mark.parametrize("flag", ["--dyad", "--actor"])
def test_an_actor_that_neither_the_register_nor_the_store_has_is_refused(store: Path, command: str, flag: str, capsys: pytest.CaptureFixture[str]) -> None:
    if (command, flag) == ("review", "--actor"):
        return
    given = [flag, "Narnia-IND" if flag == "--dyad" else "Narnia", "--store", str(store)]
    assert main([command, *given, *(["jsonl"] if command == "export" else ["--by", "A"] if command == "review" else [])]) == 2
    err = capsys.readouterr().err
    assert f"{flag}: found 'Narnia'; expected a country" in err and err.count("\n") == 1


def test_an_actor_of_the_store_is_found_by_its_exact_name(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    filled = open_store(store)
    add_report(filled, report(event("COERCE", "/REB", "KOR", entity="Free Riders of Zenda"), event("CONSULT", "SUN", "KOR"), doc_id="d1"))
    filled.close()
    for name in ("Free Riders of Zenda", "free riders of zenda", "SUN"):
        assert main(["events", "--store", str(store), "--source", name, "--format", "json"]) == 0
        assert len(json.loads(capsys.readouterr().out)["events"]) == 1, name


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
