"""Asking the store: each filter finds what it says, on SQLite and PostgreSQL, and the commands show it."""

from __future__ import annotations

import csv
import datetime
import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from detente.cli import main
from detente.errors import SettingsError, StoreError
from detente.store import schema
from detente.store.filters import COUNTED, Filters, say_filters
from detente.store.importing import Imported, import_events
from detente.store.query import _begins, count_days, find_events, load_event
from detente.store.schema import Store, reading
from detente.store.write import add_report
from stores import event, report

DAY = datetime.date


@pytest.fixture
def filled(store: Store) -> Store:
    """Six events, each of a report of its own."""
    events = {
        "blast": event(modes=("destroy", "explosives"), place="Kaesong", dead=2, text="blew up the liaison office"),
        "talks": event("CONSULT", "KOR", "PRK", "2018-04-27", text="held a summit", place="Seoul"),
        "accuse": event("ACCUSE", "USA", "PRK", "2018-05-01", text="accused it of stalling", confidence=0.3),
        "drill": event("MOBILIZE", "PRK/MIL", "", "2017-09-01", end="2017-09-30", precision="month", text="tested a missile", historical=True),
        "plan": event("MOBILIZE", "USA/MIL", "PRK", "2018-06-01", text="will send bombers", modality="future"),
        "raid": event("ASSAULT", "/REB", "COD/CVL", None, text="raided a village", place="Goma"),
    }
    for name, coded in events.items():
        add_report(store, report(coded, doc_id=name, published_on="2020-06-17"))
    import_events(store, [Imported("1", 1, event("AID", "CHN", "PRK", "2019-03-01"), evidence="sent rice")], origin="icews", location="a.tab", codebook="cameo")
    return store


def names(store: Store, **filters: Any) -> set[str]:
    found = find_events(store, Filters(**filters)).events
    return {load_event(store, e["event_id"])["evidence"][0]["doc_id"] or e["origin"] for e in found}


CASES: dict[str, tuple[dict[str, Any], set[str], str]] = {
    "country on either side": ({"actors": ("KOR",)}, {"blast", "talks"}, "with KOR on either side"),
    "sector of a country": ({"source": "PRK/MIL"}, {"drill"}, "done by PRK (MIL)"),
    "sector": ({"source": "/REB"}, {"raid"}, "done by actors of the sector REB"),
    "target": ({"target": "PRK"}, {"talks", "accuse", "icews"}, "done to PRK"),
    "small letters": ({"actors": ("prk",)}, {"blast", "talks", "accuse", "drill", "icews"}, "with PRK on either side"),
    "dyad": ({"dyad": ("PRK", "KOR")}, {"blast", "talks"}, "between PRK and KOR, in either direction"),
    "dyad one way": ({"dyad": ("PRK", "KOR"), "one_way": True}, {"blast"}, "done by PRK to KOR"),
    "dyad with a sector": ({"dyad": ("/REB", "COD")}, {"raid"}, "between actors of the sector REB and COD"),
    "types": ({"types": ("AID", "ACCUSE")}, {"icews", "accuse"}, "of the type AID or ACCUSE"),
    "mode": ({"modes": ("explosives",)}, {"blast"}, "of the mode explosives"),
    "quad": ({"quads": (1, 2)}, {"talks", "icews"}, "that are verbal cooperation or material cooperation"),
    "place": ({"place": "goma"}, {"raid"}, "in goma"),
    "country of the place": ({"place": "PRK"}, {"blast"}, "in PRK"),
    "since": ({"since": DAY(2019, 1, 1)}, {"blast", "icews"}, "from 2019-01-01"),
    "since within a month": ({"since": DAY(2017, 9, 15), "until": DAY(2017, 9, 20)}, {"drill"}, "from 2017-09-15, until 2017-09-20"),
    "until": ({"until": DAY(2018, 4, 27)}, {"talks", "drill"}, "until 2018-04-27"),
    "modality": ({"modality": "future"}, {"plan"}, "told as future"),
    "origin": ({"origin": "icews"}, {"icews"}, "coded by icews"),
    "confidence": ({"least_confidence": 0.5, "dyad": ("USA", "PRK"), "modality": None}, {"plan"}, "with a confidence of 0.5 or more"),
    "words": ({"text": "offices liaison"}, {"blast"}, "whose evidence has offices liaison"),
    "phrase": ({"text": '"held a summit"'}, {"talks"}, 'whose evidence has "held a summit"'),
    "background left out": ({"source": "PRK/MIL", "with_background": False}, set(), "without background"),
}


@pytest.mark.parametrize("name", CASES)
def test_a_filter_finds_what_it_says(filled: Store, name: str) -> None:
    filters, expected, said = CASES[name]
    assert names(filled, **filters) == expected
    assert said in say_filters(Filters(**filters))


@pytest.mark.parametrize("text", ["'; DROP TABLE events; --", '"', "a OR b", "NEAR(a b)", "col:x *", "%_"])
def test_any_text_can_be_looked_for(filled: Store, text: str) -> None:
    try:
        find_events(filled, Filters(text=text))
    except SettingsError as error:
        assert "--text" in str(error)
    assert find_events(filled, Filters(modality=None)).total == 7


def test_pages_together_are_the_whole_and_those_without_a_day_come_last(filled: Store) -> None:
    whole = find_events(filled, Filters(), limit=None)
    pages = [e for first in (1, 3, 5) for e in find_events(filled, Filters(), first=first, limit=2).events]
    assert pages == whole.events and whole.total == len(pages) == 6
    assert [e["date"] and e["date"]["start"] for e in pages] == ["2017-09-01", "2018-04-27", "2018-05-01", "2019-03-01", "2020-06-16", None]
    assert find_events(filled, Filters(), newest_first=True).events[0]["date"]["start"] == "2020-06-16"
    assert find_events(filled, Filters(), first=50).events == []


def test_a_daily_series_counts_one_direction(filled: Store) -> None:
    assert count_days(filled, "USA", "PRK") == [("2018-05-01", 1), ("2018-06-01", 1)]
    assert count_days(filled, "COD", "PRK") == []


def test_a_page_is_the_same_whether_parties_are_gathered_or_the_events_walked_through(filled: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = [Filters(dyad=("PRK", "KOR")), Filters(actors=("PRK",)), Filters(source="PRK", target="KOR", review=None), Filters(dyad=("PRK", "KOR"), review=None)]
    gathered = [find_events(filled, filters) for filters in asked]
    monkeypatch.setattr("detente.store.query.WALKED_FROM", 1)
    assert [find_events(filled, filters) for filters in asked] == gathered
    assert all(page.events for page in gathered[:2])


def test_more_events_than_are_counted_are_said_to_be_more(store: Store) -> None:
    rows = (Imported(str(n), n, event("AID", "CHN", "PRK", "2019-03-01")) for n in range(COUNTED + 5))
    import_events(store, rows, origin="icews", location="a.tab", codebook="cameo")
    assert find_events(store, Filters()).total == COUNTED


def test_all_faults_of_filters_are_told_at_once() -> None:
    with pytest.raises(SettingsError, match=r"--quad: found 9.*--modality: found 'x'.*--since.*--confidence"):
        say_filters(Filters(quads=(9,), modality="x", since=DAY(2020, 1, 2), until=DAY(2020, 1, 1), least_confidence=2))


def test_an_event_is_found_by_its_first_characters_and_by_any_of_its_mentions(filled: Store) -> None:
    add_report(filled, report(event(modes=("destroy",), place="Kaesong"), doc_id="again"))
    (found,) = find_events(filled, Filters(modes=("destroy",))).events
    whole = load_event(filled, found["event_id"])
    assert len(whole["evidence"]) == 2
    assert load_event(filled, found["event_id"][:6]) == load_event(filled, whole["evidence"][1]["mention_id"]) == whole
    for wrong in ("nothing", "ab", "%%%%%%"):
        with pytest.raises(StoreError, match="expected"):
            load_event(filled, wrong)


# -- commands -----------------------------------------------------------------------------------------------------------------
NEWS = "North Korea shelled a South Korean island on Tuesday. Japan condemned the attack."


def test_add_events_and_event_at_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str], address: str) -> None:
    path = tmp_path / "a.txt"
    path.write_text(NEWS)
    add = ["add", str(path), "--date", "2020-06-16", "--store", address, "--workers", "1"]
    assert main(add) == 0
    assert "1 report added; 2 mentions: 2 new events" in capsys.readouterr().out
    assert main(add) == 0
    assert "0 reports added; 1 there already; 0 mentions" in capsys.readouterr().out
    asked = ["events", "--dyad", "PRK-KOR", "--one-way", "--store", address]
    assert main(asked) == 0
    out = capsys.readouterr().out
    assert out.startswith("Events done by PRK to KOR, that happened: 1 to 1 of 1.") and "ASSAULT" in out
    assert main([*asked, "--format", "json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)["events"]
    assert main([*asked, "--format", "csv"]) == 0
    (row,) = csv.DictReader(io.StringIO(capsys.readouterr().out))
    assert (row["event_id"], row["source_countries"], row["date_start"]) == (found["event_id"], "PRK", "2020-06-16")
    assert main(["event", found["event_id"][:8], "--store", address]) == 0
    out = capsys.readouterr().out
    assert "1 independent report of 1 publisher" in out and f"{path}, plover" in out and "assault." in out
    assert main(["event", found["event_id"], "--store", address, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["evidence"][0]["record"]["event_type"] == "ASSAULT"


def test_nothing_found_is_said_and_is_no_fault(filled: Store, address: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["events", "--actor", "NZL", "--store", address]) == 0
    assert capsys.readouterr().out.strip() == "Events with NZL on either side, that happened: none."


@pytest.mark.parametrize("arguments", [["--one-way"], ["--dyad", "PRK"], ["--page", "0"], ["--quad", "5"], ["--confidence", "3"], ["--type", "WAR"], ["--type", "ASSAULT,WAR"]])
def test_a_wrong_argument_is_one_plain_line(tmp_path: Path, arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    from detente.store.schema import open_store

    open_store(tmp_path / "s.db").close()
    assert main(["events", "--store", str(tmp_path / "s.db"), *arguments]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_code_and_help_do_not_load_the_database_library() -> None:
    script = "import sys, detente.cli, detente.commands, detente.show, detente.running; sys.exit('sqlalchemy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_imported_events_stand_in_the_store_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report_file, rows, address = tmp_path / "r.txt", tmp_path / "events.tab", str(tmp_path / "s.db")
    report_file.write_text("Norway bombed Chad on Monday. Peru condemned the attack.", "utf-8")
    assert main(["code", str(report_file), "--date", "2021-03-10", "--format", "icews", "-o", str(rows)]) == 0
    capsys.readouterr()
    assert main(["import", "icews", str(rows), "--store", address]) == 0
    assert "2 events of 2 rows read, 2 of them new" in capsys.readouterr().out
    assert main(["import", "icews", str(rows), "--store", address]) == 0
    assert "0 of them new" in capsys.readouterr().out
    assert main(["events", "--dyad", "NOR-TCD", "--origin", "icews", "--store", address, "--format", "json"]) == 0
    [event] = json.loads(capsys.readouterr().out)["events"]
    assert event["event_type"] == "ASSAULT"


def test_a_bad_row_is_told_with_its_line_and_the_rest_goes_in(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report_file, rows, address = tmp_path / "r.txt", tmp_path / "events.tab", str(tmp_path / "s.db")
    report_file.write_text("Norway bombed Chad on Monday.", "utf-8")
    assert main(["code", str(report_file), "--date", "2021-03-10", "--format", "icews", "-o", str(rows)]) == 0
    with rows.open("a", encoding="utf-8") as stream:
        stream.write("only\tthree\tcells\n")
    capsys.readouterr()
    assert main(["import", "icews", str(rows), "--store", address]) == 1
    shown = capsys.readouterr()
    assert "events.tab:3: " in shown.err
    assert "1 event of 2 rows read, 1 of them new; 1 row refused" in shown.out


def test_a_file_of_another_format_is_refused_whole(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "x.tab").write_text("a\tb\n1\t2\n", "utf-8")
    assert main(["import", "icews", str(tmp_path / "x.tab"), "--store", str(tmp_path / "s.db")]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_whoever_reads_sees_one_state_of_the_store_while_another_writes(store: Store) -> None:
    add_report(store, report(event(), doc_id="first"))
    count = sa.select(sa.func.count()).select_from(schema.events)
    with reading(store) as connection:
        assert connection.scalar(count) == 1
        add_report(store, report(event("AID", "CHN", "PRK", "2019-03-01", "sent rice"), doc_id="second"))
        assert connection.scalar(count) == 1
    with reading(store) as connection:
        assert connection.scalar(count) == 2


def test_the_first_characters_of_an_id_are_looked_up_by_its_index(store: Store) -> None:
    add_report(store, report(event(), doc_id="first"))
    (found,) = find_events(store, Filters()).events
    for length in (4, 8, 16):
        assert load_event(store, found["event_id"][:length])["event_id"] == found["event_id"]
    if store.engine.dialect.name == "sqlite":
        query = str(sa.select(schema.events.c.id).where(*_begins(schema.events.c.event_id, "abcd")).compile(compile_kwargs={"literal_binds": True}))
        with reading(store) as connection:
            plan = " ".join(row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}"))
        assert "SEARCH events USING" in plan and "event_id>?" in plan
