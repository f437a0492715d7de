"""Running: many processes give what one gives, and a run that is killed goes on where it was."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from detente.errors import InputError
from detente.exchange import jsonl
from detente.journal import JournaledFile
from detente.reading import Skipped, make_document
from detente.records import CodedReport, Document
from detente.running import Options, code_batch, code_corpus

ASKED = {"format": "jsonl"}
PAIRS = [("Ruritania", "France"), ("Kenya", "Somalia"), ("Chile", "Peru"), ("Iran", "Iraq"), ("India", "Nepal")]


def make_corpus(count: int) -> list[Document]:
    out = []
    for n in range(count):
        first, second = PAIRS[n % len(PAIRS)]
        text = f"{first} accused {second} of breaking the treaty on Monday. The foreign minister of {second} rejected the charge, case {n}."
        out.append(make_document(text, published_on="2019-05-07", doc_id=f"r{n}"))
    return out


def test_an_output_that_cannot_be_opened_leaves_no_journal_behind(tmp_path: Path) -> None:
    path = tmp_path / "folder"
    path.mkdir()
    with pytest.raises(IsADirectoryError):
        JournaledFile(path, b"", ASKED, resume=False)
    assert [p.name for p in tmp_path.iterdir()] == ["folder"]


def write_and_break_off(path: Path, head: bytes, documents: list[Document]) -> JournaledFile:
    """An output file, one line with its id per document, as it is left when the run ends by an error."""
    file = JournaledFile(path, head, ASKED, resume=False)
    for document in documents:
        file.write(document, document.id.encode() + b"\n")
    file.__exit__(KeyError, None, None)
    return file


def write_corpus(path: Path, documents: list[Document]) -> Path:
    path.write_text("".join(json.dumps({"id": d.id, "text": d.text, "date": "2019-05-07"}) + "\n" for d in documents))
    return path


def detente(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "detente", *map(str, arguments)]


def wait_for(condition: object, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.01)


def alive_in_session(session: int) -> list[int]:
    out = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[3]) == session and fields[0] != "Z":
                out.append(int(entry.name))
    return out


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
def test_a_killed_run_goes_on_with_nothing_lost_and_nothing_twice(tmp_path: Path) -> None:
    documents = make_corpus(160)
    corpus = write_corpus(tmp_path / "corpus.jsonl", documents)
    out, journal = tmp_path / "out.jsonl", tmp_path / "out.jsonl.progress"
    command = detente("code", corpus, "-o", out, "--workers", "2", "--batch-reports", "8", "--small-corpus-reports", "0")
    process = subprocess.Popen(command, start_new_session=True, stderr=subprocess.DEVNULL)
    wait_for(lambda: journal.exists() and journal.read_bytes().count(b"\n") > 16)
    process.send_signal(signal.SIGKILL)
    process.wait()
    wait_for(lambda: not alive_in_session(process.pid), 20)  # the workers end themselves
    done = journal.read_bytes().count(b"\n") - 1
    assert 16 <= done < 160, "killed too late to test anything"
    with out.open("ab") as stream:
        stream.write(b'{"event_id": "half a li')
    again = subprocess.run([*command, "--resume", "--workers", "1"], capture_output=True, text=True, check=True)
    assert f"went on after {done} reports" in again.stderr
    assert not journal.exists()
    whole = code_batch(list(documents), None, False)
    assert out.read_bytes() == b"".join(jsonl.encode_report(r) for r in whole if isinstance(r, CodedReport))
    ids = [json.loads(line)["event_id"] for line in out.read_text().splitlines()]
    assert len(ids) == len(set(ids)) > 160
    finished = subprocess.run([*command, "--resume", "--workers", "1"], capture_output=True, text=True)
    assert finished.returncode == 0
    assert "nothing to resume" in finished.stderr


def test_results_come_in_input_order_and_reading_never_runs_far_ahead() -> None:
    documents = make_corpus(80)
    skip = Skipped("a", 1, "empty", "x")
    items = [*documents[:17], skip, *documents[17:]]
    read: list[Document | Skipped] = []

    def reading() -> Iterator[Document | Skipped]:
        for item in items:
            read.append(item)
            yield item

    results = code_corpus(reading(), Options(workers=2, batch_reports=4, small_corpus_reports=0))
    first = [next(results) for _ in range(4)]
    assert len(read) <= 4 * (2 * 3 + 2)
    got = [r.document.id if isinstance(r, CodedReport) else r for r in [*first, *results]]
    assert got == [i.id if isinstance(i, Document) else i for i in items]


def test_a_report_that_cannot_be_coded_costs_itself_only(monkeypatch: pytest.MonkeyPatch) -> None:
    import detente.pipeline

    real = detente.pipeline.code_documents

    def failing(documents: list[Document], **options: object) -> object:
        if any(d.id == "r1" for d in documents):
            raise IndexError("of the test")
        return real(documents, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(detente.pipeline, "code_documents", failing)
    documents = [*make_corpus(1), make_document("x", doc_id="r1", origin="a.jsonl:7"), *make_corpus(3)[2:]]
    results = code_batch(documents, None, False)  # type: ignore[arg-type]
    assert [isinstance(r, CodedReport) for r in results] == [True, False, True]
    assert str(results[1]).startswith("a.jsonl:7: coding this report failed (IndexError: of the test)")


def test_a_sentence_of_five_thousand_words_goes_through() -> None:
    text = "The minister of Kenya said that " + "the long and winding report of the committee about the border, " * 450 + "was rejected by Somalia."
    assert len(text.split()) > 4900
    (result,) = code_batch([make_document(text)], None, False)
    assert isinstance(result, CodedReport)


def test_an_output_shorter_than_its_journal_says_is_still_taken_up(tmp_path: Path) -> None:
    documents = make_corpus(3)
    path = tmp_path / "out.jsonl"
    write_and_break_off(path, b"head\n", documents)
    os.truncate(path, path.stat().st_size - 2)
    with JournaledFile(path, b"head\n", ASKED, resume=True) as again:
        assert [again.is_done(d) for d in documents] == [True, True, False]
        again.write(documents[2], b"r2\n")
    assert path.read_bytes() == b"head\nr0\nr1\nr2\n"


@pytest.mark.parametrize("cut", [0, 5, 1])
def test_a_journal_that_breaks_off_anywhere_is_taken_up(tmp_path: Path, cut: int) -> None:
    documents = make_corpus(2)
    path = tmp_path / "out.jsonl"
    file = write_and_break_off(path, b"", documents)
    os.truncate(file.journal_path, file.journal_path.stat().st_size - cut)
    with JournaledFile(path, b"", ASKED, resume=True) as again:
        for document in documents:
            if not again.is_done(document):
                again.write(document, document.id.encode() + b"\n")
    assert path.read_bytes() == b"r0\nr1\n"


def test_two_reports_alike_are_both_kept_when_resuming(tmp_path: Path) -> None:
    document = make_corpus(1)[0]
    path = tmp_path / "out.jsonl"
    write_and_break_off(path, b"", [document])
    with JournaledFile(path, b"", ASKED, resume=True) as again:
        assert [again.is_done(document), again.is_done(document)] == [True, False]


def test_a_run_with_other_options_is_not_taken_up(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    write_and_break_off(path, b"", make_corpus(1))
    with pytest.raises(InputError, match="expected the same options"):
        JournaledFile(path, b"", {"format": "csv"}, resume=True)
