"""The command line: what each command prints, and its exit codes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import detente
from detente import show
from detente.cli import main, make_parser
from detente.errors import SettingsError
from detente.settings import SERVING, SETTINGS, count_workers, read_number

TEXT = "Kenya accused Somalia of breaking the treaty on Monday.\n\nSomalia's foreign ministry rejected the charge and said that it would recall its ambassador.\n"


@pytest.fixture
def report(tmp_path: Path) -> Path:
    path = tmp_path / "report.txt"
    path.write_text(TEXT)
    return path


@pytest.fixture
def own_actors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    from detente.codebook.register import load_register

    path = tmp_path / "own" / "actors.csv"
    monkeypatch.setenv("DETENTE_ACTORS", str(path))
    load_register.cache_clear()
    yield path  # type: ignore[misc]
    load_register.cache_clear()


def run(*arguments: str | Path, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "detente", *map(str, arguments)], capture_output=True, text=True, **options)  # type: ignore[call-overload,no-any-return]


def test_help_answers_at_once_without_heavy_imports() -> None:
    code = "import sys, detente.cli; detente.cli.make_parser(); print(sorted({'numpy', 'spacy', 'rich', 'msgspec', 'yaml', 'multiprocessing'} & set(sys.modules)))"
    started = time.perf_counter()
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "[]"
    assert time.perf_counter() - started < 2


def all_commands() -> list[list[str]]:
    out: list[list[str]] = []

    def walk(parser: object, path: list[str]) -> None:
        inner = [a for a in parser._actions if hasattr(a, "choices") and isinstance(a.choices, dict)]  # type: ignore[attr-defined]
        if path:
            out.append(path)
        for action in inner:
            for name, child in action.choices.items():
                walk(child, [*path, name])

    walk(make_parser(), [])
    return out


@pytest.mark.parametrize("command", all_commands(), ids=" ".join)
def test_every_help_shows_an_example(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*command, "--help"])
    assert ended.value.code == 0
    assert f"example:\n  detente {command[0]}" in capsys.readouterr().out


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out == f"detente {detente.__version__}\n"


def test_a_wrong_argument_is_one_plain_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["code", "x.txt", "--date", "tuesday"])
    assert ended.value.code == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert "expected YYYY-MM-DD" in err


def test_a_report_is_coded_to_json_lines(report: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert main(["code", str(report), "--date", "2019-05-08", "--format", "jsonl"]) == 0
    events = [json.loads(line) for line in capfdbinary.readouterr().out.splitlines()]
    assert "ACCUSE" in {e["event_type"] for e in events}
    assert events[0]["date"]["start"] == "2019-05-06"


def test_without_a_date_the_run_names_the_first_report_and_says_how_many_they_are(tmp_path: Path) -> None:
    for n in range(3):
        (tmp_path / f"{n}.txt").write_text(TEXT)
    done = run("code", tmp_path)
    assert done.returncode == 0
    note = "no publication date: relative dates stay unresolved"
    assert done.stderr == f"{tmp_path / '0.txt'}: {note}\n3 reports in all: {note}\n"


def test_a_report_from_standard_input_is_coded() -> None:
    done = run("code", "-", "--date", "2019-05-08", input=json.dumps({"id": "x", "text": TEXT}) + "\n")
    assert done.returncode == 0
    assert {json.loads(line)["doc_id"] for line in done.stdout.splitlines()} == {"x"}


def test_a_single_report_at_a_terminal_gives_a_brief(report: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    assert main(["code", str(report), "--date", "2019-05-08"]) == 0
    out = capsys.readouterr().out
    assert "2019-05-06  Kenya: ACCUSE" in out
    assert "> Somalia" in out


def test_part_skipped_is_exit_code_1_with_a_count(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps({"text": TEXT, "date": "2019-05-08"}) + "\n{broken\n{}\n")
    assert main(["code", str(path), "-o", str(tmp_path / "out.jsonl")]) == 1
    err = capsys.readouterr().err
    assert f"{path}:2: found broken JSON" in err
    assert "1 coded, 2 skipped: 1 broken-json, 1 missing-key" in err


def test_nothing_read_is_exit_code_2_with_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["code", str(tmp_path / "none.txt")]) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert "none.txt: cannot be read" in err


def test_many_skips_of_a_kind_are_counted_not_listed(capsys: pytest.CaptureFixture[str]) -> None:
    from detente.reading import Skipped

    log = show.SkipLog()
    for n in range(100):
        log.note(Skipped("a.jsonl", n + 1, "empty", "found nothing"))
    log.close(5)
    err = capsys.readouterr().err
    assert err.count("\n") == show.SHOWN_PER_REASON + 2
    assert err.endswith("5 coded, 100 skipped: 100 empty\n")


@pytest.mark.parametrize(("ending", "start"), [("csv", b"event_id,doc_id"), ("tab", b"Event ID\tEvent Date"), ("parquet", b"PAR1")])
def test_the_ending_of_the_output_tells_the_format(report: Path, tmp_path: Path, ending: str, start: bytes) -> None:
    out = tmp_path / f"out.{ending}"
    assert main(["code", str(report), "--date", "2019-05-08", "-o", str(out)]) == 0
    assert out.read_bytes().startswith(start)


def test_an_output_that_cannot_be_written_is_exit_code_2(report: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["code", str(report), "-o", str(tmp_path / "no" / "such" / "out.jsonl")]) == 2
    assert "cannot be written" in capsys.readouterr().err


def test_resume_without_an_output_is_refused(report: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["code", str(report), "--resume"]) == 2
    assert "expected -o FILE" in capsys.readouterr().err


def test_a_pipeline_that_is_not_installed_is_named(report: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["code", str(report), "--pipeline", "en_core_no_such"]) == 2
    assert "en_core_no_such" in capsys.readouterr().err


def test_a_reader_that_leaves_early_is_no_fault(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text("".join(json.dumps({"id": str(n), "text": TEXT, "date": "2019-05-08"}) + "\n" for n in range(60)))
    process = subprocess.Popen([sys.executable, "-m", "detente", "code", path, "--workers", "1"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr is not None
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait() == 0


def test_explain_shows_the_rule_of_each_event(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "North Korea blew up the liaison office on Tuesday.", "--date", "2020-06-16"]) == 0
    out = capsys.readouterr().out
    assert "assault.blow-up" in out
    assert "2020-06-16" in out
    assert "SENTENCES AND ACTORS" in out


def test_a_long_text_is_not_taken_for_a_path(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "Kenya accused Somalia of lying about the border. " * 9]) == 0
    assert main(["explain", "nosuch.txt"]) == 2
    assert "nosuch.txt: cannot be read" in capsys.readouterr().err


def test_the_library_codes_a_text() -> None:
    report = detente.code("North Korea blew up the liaison office on Tuesday.", published_on="2020-06-16", title="Office gone")
    assert [e.event_type for e in report.events] == ["ASSAULT"]
    assert report.document.text.startswith("Office gone\n\n")


def test_importing_the_library_is_light() -> None:
    out = subprocess.run([sys.executable, "-c", "import sys, detente; print('numpy' in sys.modules, 'msgspec' in sys.modules)"], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "False False"


def test_pairs_without_their_columns_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "pairs.tsv"
    path.write_text("id\tsentence\n1\tKenya accused Somalia.\n")
    assert main(["relate", str(path)]) == 2
    assert "source, target missing" in capsys.readouterr().err


def test_relations_have_tabs_between_their_cells_on_standard_output_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "pairs.tsv"
    path.write_text("id\tsentence\tsource\ttarget\n1\tKenya accused Somalia of arming rebels.\tKenya\tSomalia\n")
    assert main(["relate", str(path)]) == 0
    header, row = capsys.readouterr().out.splitlines()
    assert header.split("\t") == ["id", "event_type", "mode", "cameo", "quad", "confidence", "rule"]
    assert row.split("\t")[:2] == ["1", "ACCUSE"]


def test_a_row_of_pairs_that_cannot_be_read_is_named_with_its_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "pairs.tsv"
    path.write_text("id\tsentence\tsource\ttarget\n1\tKenya accused Somalia of arming rebels.\tKenya\tSomalia\nlost\n")
    assert main(["relate", str(path)]) == 1
    told = capsys.readouterr()
    assert told.out.splitlines()[2] == "lost" + "\t" * 6
    assert f"{path}:3: found no sentence" in told.err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_device_is_told_in_one_line() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([sys.executable, "-m", "detente", "actors", "show", "Barack Obama"], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == "detente: cannot write (No space left on device); expected a device with room\n"


def test_codebook_show_tells_the_modes_and_rules(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["codebook", "show", "assault"]) == 0
    out = capsys.readouterr().out
    assert "heavy-weapons" in out
    assert "fires:" in out
    assert main(["codebook", "show", "NONSENSE"]) == 2


def test_actors_show_marks_the_office_of_the_day(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["actors", "show", "Barack Obama", "--at", "2012-01-01"]) == 0
    marked = [line for line in capsys.readouterr().out.splitlines() if line.strip().startswith("*")]
    assert len(marked) == 1
    assert "president" in marked[0]


def test_an_added_actor_is_found_and_coded(own_actors: Path, capsys: pytest.CaptureFixture[str]) -> None:
    add = ["actors", "add", "Jane Q. Roe", "--country", "KEN", "--sectors", "GOV", "--role", "special envoy", "--start", "2018-01-01", "--aliases", "Envoy Roe"]
    assert main(add) == 0
    assert main(add) == 0
    assert len(own_actors.read_text().splitlines()) == 2
    capsys.readouterr()
    assert main(["actors", "show", "envoy roe"]) == 0
    assert "special envoy" in capsys.readouterr().out


def test_a_wrong_actor_is_refused_with_all_faults(own_actors: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["actors", "add", "X", "--country", "ZZZ", "--sectors", "ABC", "--start", "soon"]) == 2
    err = capsys.readouterr().err
    assert all(word in err for word in ("country:", "sectors:", "start:"))
    assert not own_actors.exists()


def test_a_dictionary_is_imported_and_its_faults_named(own_actors: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "actors.txt"
    path.write_text("JANE_ROE_ [KENGOV 180101-190101]\n+ENVOY_ROE_\nBAD_ [QQQ]\n")
    assert main(["actors", "import", str(path)]) == 1
    assert "actors.txt:3: found the code 'QQQ'" in capsys.readouterr().err
    assert own_actors.read_text().splitlines()[1] == "Jane Roe,Envoy Roe,KEN,GOV,,2018-01-01,2019-01-01"


def test_an_actor_without_a_code_is_named_and_a_file_without_actors_refused(own_actors: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "actors.txt"
    path.write_text("JANE_ROE_\n+ENVOY_ROE_\n     [KENGOV]\nSOMEBODY_\n")
    assert main(["actors", "import", str(path)]) == 1
    told = capsys.readouterr()
    assert "actors.txt:4: found 'SOMEBODY_' without a code" in told.err
    assert "1 row added of 1" in told.out
    path.write_text("# nobody\n")
    assert main(["actors", "import", str(path)]) == 2
    assert "found no actor; expected a dictionary" in capsys.readouterr().err


def test_every_setting_with_a_flag_is_a_variable_and_a_flag_of_add_or_of_the_command_that_it_is_for() -> None:
    choices = next(a for a in make_parser()._actions if isinstance(a.choices, dict)).choices
    for setting in SETTINGS:
        if not setting.has_flag:
            continue
        help_text = choices["serve" if setting.name in SERVING else {"by": "review", "webhook": "watch", "cache": "forecast"}.get(setting.name, "add")].format_help()  # type: ignore[index,call-overload]
        assert setting.flag in help_text
        assert setting.variable in help_text


def test_a_setting_comes_from_the_flag_then_the_variable_then_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DETENTE_BATCH_REPORTS", raising=False)
    assert read_number("batch_reports") == 32
    monkeypatch.setenv("DETENTE_BATCH_REPORTS", "7")
    assert read_number("batch_reports") == 7
    assert read_number("batch_reports", "9") == 9
    monkeypatch.setenv("DETENTE_WORKERS", "none")
    with pytest.raises(SettingsError, match="DETENTE_WORKERS"):
        count_workers()


def test_all_cores_are_used_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DETENTE_WORKERS", raising=False)
    assert count_workers() == len(os.sched_getaffinity(0))


def test_a_second_interrupt_while_cleaning_up_ends_at_once_and_without_a_traceback() -> None:
    script = """
import os, signal, sys
import detente.commands_register as commands
from detente.cli import main

def run(arguments):
    try:
        os.kill(os.getpid(), signal.SIGINT)
    finally:
        os.kill(os.getpid(), signal.SIGINT)
        print("cleaned up")

commands.run_codebook_check = run
sys.exit(main(["codebook", "check"]))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "detente: stopped\n")


def test_interrupts_are_as_before_when_a_command_has_ended(capsys: pytest.CaptureFixture[str]) -> None:
    before = signal.getsignal(signal.SIGINT)
    assert main(["codebook", "show", "ASSAULT"]) == 0
    assert signal.getsignal(signal.SIGINT) is before


def test_a_type_is_shown_with_all_its_patterns_if_asked(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["codebook", "show", "ASSAULT"]) == 0
    few = capsys.readouterr().out
    assert main(["codebook", "show", "assault", "--all"]) == 0
    whole = capsys.readouterr().out
    assert "more (--all)" in few and "more (--all)" not in whole
    assert len(whole) > len(few) and whole.count("\n") == few.count("\n")


def test_an_output_whose_ending_no_format_has_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report, out = tmp_path / "a.txt", tmp_path / "out.xyz"
    report.write_text("North Korea shelled a South Korean island on Tuesday.")
    asked = ["code", str(report), "--date", "2020-06-16", "--workers", "1", "-o", str(out)]
    assert main(asked) == 2
    assert f"-o: found {out}; expected a name that ends in .csv, .parquet" in capsys.readouterr().err
    assert not out.exists()
    assert main([*asked, "--format", "jsonl"]) == 0
    assert json.loads(out.read_text().splitlines()[0])["doc_id"]


def test_the_demo_explains_the_sectors_that_it_shows() -> None:
    from detente.commands_demo import sectors_line
    from stores import event

    line = sectors_line([event(source="PRK/UAF", target="KOR/LEG+OPP")])
    assert "LEG legislature; " in line and "UAF armed actor not identified" in line and "REB" not in line


@pytest.mark.parametrize(("options", "said"), [(["--within", "0"], "--within: found 0; expected 1 to"), (["--target", "war"], "--target: found 'war'; expected conflict")])
def test_what_the_library_refuses_is_told_by_the_option_that_was_given(tmp_path: Path, options: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    from detente.store.schema import open_store
    from detente.store.write import add_report
    from stores import event
    from stores import report as coded

    path = tmp_path / "s.db"
    store = open_store(path)
    add_report(store, coded(event(), doc_id="a"))
    store.close()
    assert main(["forecast", "PRK", "KOR", "--store", str(path), *options]) == 2
    assert f"detente: {said}" in capsys.readouterr().err
