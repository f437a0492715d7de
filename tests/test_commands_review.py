"""The commands of reviewers at the terminal: what is asked, what is shown, and what a wrong answer is told."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from detente.cli import main
from detente.store.filters import Filters
from detente.store.query import find_events, load_event
from detente.store.schema import open_store
from detente.store.write import add_report
from stores import event, report


@pytest.fixture
def address(tmp_path: Path) -> str:
    """A store of two attacks of one day that may be one, and talks."""
    path = str(tmp_path / "s.db")
    store = open_store(path)
    add_report(store, report(event(text="blew up the liaison office", place="Kaesong"), doc_id="a", published_on="2020-06-16"))
    add_report(store, report(event(day="2020-06-18", text="shelled an island with guns", cameo="194", rule="assault.shell"), doc_id="b", published_on="2020-06-17"))
    add_report(store, report(event("CONSULT", "KOR", "PRK", "2018-04-27", "held a summit", cameo="040"), doc_id="c", published_on="2018-04-27"))
    store.close()
    return path


def ids(address: str, **filters: object) -> list[str]:
    store = open_store(address)
    found = [e["event_id"] for e in find_events(store, Filters(**filters)).events]  # type: ignore[arg-type]
    store.close()
    return found


def test_a_session_shows_each_event_and_takes_an_answer_for_it(address: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = ids(address, types=("ASSAULT",))
    answers = f"a it was so\nc dead=x\nc dead=3 place='Paju, KOR' ; counted there\nm {second[:8]}\nr no\nq\n"
    monkeypatch.setattr("sys.stdin", io.StringIO(answers))
    assert main(["review", "--store", address, "--by", "jane"]) == 0
    out = capsys.readouterr().out
    assert "not reviewed: 3. Reviewer: jane." in out
    assert "held a summit" in out and f"Perhaps the same\n  {second[:8]}  2020-06-18" in out
    assert "--set dead: found 'x'; expected a number of people" in out
    assert "2 events reviewed by jane" in out or "3 events reviewed by jane" in out
    store = open_store(address)
    assert (load_event(store, first)["dead"], load_event(store, first)["place"]["name"]) == (3, "Paju")
    store.close()


def test_an_unknown_answer_is_named_and_what_was_undone_is_not_counted(address: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("yes\na it was so\nu\na\nq\n"))
    assert main(["review", "--store", address, "--by", "jane"]) == 0
    out = capsys.readouterr().out
    assert "found 'yes'; expected one of a, r, c, m, s, u, n, q, ?" in out
    assert "1 event reviewed by jane" in out


def test_an_event_that_is_told_twice_is_one_judged_event(address: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = open_store(address)
    add_report(store, report(event("CONSULT", "KOR", "PRK", "2018-04-27", "met for a summit", cameo="040"), doc_id="d", published_on="2018-04-28"))
    store.close()
    (key,) = ids(address, types=("CONSULT",))
    main(["review", "accept", key, "--by", "jane", "--store", address])
    capsys.readouterr()
    assert main(["review", "export", "-o", str(tmp_path / "gold.jsonl"), "--store", address]) == 0
    assert "1 judged event, told 2 times in 2 documents" in capsys.readouterr().err


def test_decisions_are_listed_and_undone_by_number(address: str, capsys: pytest.CaptureFixture[str]) -> None:
    first = ids(address, types=("ASSAULT",))[0]
    assert main(["review", "reject", first, "--by", "jane", "--why", "a film", "--store", address]) == 0
    assert first not in ids(address)
    capsys.readouterr()
    assert main(["review", "log", "--json", "--store", address]) == 0
    (entry,) = json.loads(capsys.readouterr().out)
    assert (entry["reviewer"], entry["action"], entry["why"]) == ("jane", "reject", "a film")
    assert main(["review", "undo", str(entry["id"]), "--by", "omar", "--store", address]) == 0
    assert first in ids(address)


def test_a_faulty_decision_is_one_line_and_exit_code_2(address: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["review", "accept", "ffffffff", "--by", "jane", "--store", address]) == 2
    assert "found no event 'ffffffff'; expected an id as detente events shows it" in capsys.readouterr().err
    assert main(["review", "correct", ids(address)[0], "--set", "dead", "--by", "jane", "--store", address]) == 2
    assert "expected a field and its value, as type=ASSAULT" in capsys.readouterr().err


def test_what_was_judged_is_gold_that_evaluate_reads(address: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    gold, reports = tmp_path / "gold.jsonl", tmp_path / "reports.jsonl"
    assert main(["review", "export", "-o", str(gold), "--store", address]) == 2
    assert "nothing is gold before" in capsys.readouterr().err
    main(["review", "correct", ids(address, types=("CONSULT",))[0], "--set", "target=PRK/GOV", "--by", "jane", "--store", address])
    assert main(["review", "export", "-o", str(gold), "--reports", str(reports), "--store", address]) == 0
    (document,) = [json.loads(line) for line in gold.read_text().splitlines()]
    assert (document["doc"], [e["type"] for e in document["required"]], document["required"][0]["target"]) == ("c", ["CONSULT"], ["PRK/GOV"])
    assert [json.loads(line)["id"] for line in reports.read_text().splitlines()] == ["c"]
    predicted = tmp_path / "events.jsonl"
    predicted.write_text(
        json.dumps({"doc_id": "c", "event_type": "CONSULT", "source": [{"country": "KOR", "sectors": ["GOV"]}], "target": [{"country": "PRK", "sectors": ["GOV"]}]}) + "\n"
    )
    capsys.readouterr()
    assert main(["evaluate", str(gold), str(predicted), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["strict"]["R"] == 1.0


def test_agreement_names_the_reviewers_that_there_are(address: str, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("jane", "omar"):
        for key in ids(address):
            main(["review", "accept", key, "--by", name, "--store", address])
    capsys.readouterr()
    assert main(["agreement", "jane", "omar", "--store", address]) == 0
    out = capsys.readouterr().out
    assert "event_type         3      100%   1.000" in out
    assert main(["agreement", "jane", "ann", "--store", address]) == 2
    assert "found no judgements of 'ann'; expected two reviewers (jane (3), omar (3))" in capsys.readouterr().err


def test_recode_shows_the_difference_and_keeps_it_only_when_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text, address = tmp_path / "a.txt", str(tmp_path / "s.db")
    text.write_text("Turkish police arrested two opposition lawmakers in Ankara on Monday.")
    assert main(["add", str(text), "--date", "2019-03-12", "--store", address]) == 0
    store = open_store(address)
    with store.engine.begin() as connection:  # as a codebook without the rule's modes would have coded it
        connection.exec_driver_sql("UPDATE mentions SET record = json_set(record, '$.modes', json('[]'))")
    store.close()
    capsys.readouterr()
    assert main(["recode", "--store", address]) == 0
    out = capsys.readouterr().out
    assert "modes: none -> arrest" in out and "1 changed" in out and "nothing was changed; detente recode --keep" in out
    assert main(["recode", "--keep", "--store", address]) == 0
    assert "1 document coded anew" in capsys.readouterr().out
    assert main(["recode", "--store", address]) == 0
    assert "0 of them otherwise than before" in capsys.readouterr().out
