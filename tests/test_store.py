"""The store: nothing lost, nothing twice, older stores upgraded, newer ones refused; the same on SQLite and PostgreSQL."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa

from detente.errors import StoreError
from detente.exchange import jsonl
from detente.records import Claim, Relation
from detente.store import schema
from detente.store.filters import Filters
from detente.store.importing import Imported, import_events
from detente.store.query import find_events, load_event
from detente.store.schema import MIGRATIONS, Migration, Store, migrate, open_store, reading, writing
from detente.store.write import add_report
from stores import actor, event, report

WHOLE_TABLES = ("documents", "bands", "events", "mentions", "participants", "dyads", "match_keys", "event_sources", "event_reports", "history", "claims", "relations", "actors")


def contents(store: Store) -> dict[str, list[Any]]:
    """All rows of the tables, in order, without the moment of recording."""
    with reading(store) as connection:
        return {name: sorted(map(repr, connection.execute(sa.select(schema.metadata.tables[name])))) for name in WHOLE_TABLES}


def one_event(store: Store, **filters: Any) -> dict[str, Any]:
    (found,) = find_events(store, Filters(**filters)).events
    return found


# -- schema -----------------------------------------------------------------------------------------------------------------
def test_a_store_is_made_once_and_opened_again(address: str) -> None:
    for _ in range(2):
        store = open_store(address)
        with reading(store) as connection:
            done = list(connection.execute(sa.select(schema.migrations.c.number, schema.migrations.c.name).order_by(schema.migrations.c.number)))
        store.close()
        assert done == [(step.number, step.name) for step in MIGRATIONS]


def test_an_older_store_is_upgraded_in_place_with_its_events(address: str) -> None:
    store = open_store(address)
    add_report(store, report(event(), doc_id="a"))
    later = Migration(MIGRATIONS[-1].number + 1, "a column", lambda c: c.exec_driver_sql("ALTER TABLE documents ADD COLUMN mood TEXT") and None)
    migrate(store, (*MIGRATIONS, later))
    with reading(store) as connection:
        assert connection.exec_driver_sql("SELECT doc_id, mood FROM documents").all() == [("a", None)]
        assert connection.scalar(sa.select(sa.func.max(schema.migrations.c.number))) == later.number
    store.close()


def test_a_newer_store_is_refused_with_what_to_do(address: str) -> None:
    store = open_store(address)
    with writing(store) as connection:
        connection.execute(schema.migrations.insert(), {"number": 999, "name": "from the future", "applied_at": ""})
    store.close()
    with pytest.raises(StoreError, match=r"newer detente \(step 999, from the future.*upgrade detente"):
        open_store(address)


def test_a_migration_that_fails_leaves_no_trace(address: str) -> None:
    store = open_store(address)

    def fail(connection: sa.Connection) -> None:
        connection.exec_driver_sql("CREATE TABLE half (id INTEGER)")
        raise RuntimeError("of the test")

    with pytest.raises(RuntimeError):
        migrate(store, (*MIGRATIONS, Migration(99, "half", fail)))
    with reading(store) as connection:
        assert "half" not in sa.inspect(connection).get_table_names()
    migrate(store)
    store.close()


def test_sqlite_runs_in_wal_mode(tmp_path: Path) -> None:
    open_store(tmp_path / "s.db").close()
    assert sqlite3.connect(tmp_path / "s.db").execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_file_that_is_no_store_is_refused_and_not_touched(tmp_path: Path) -> None:
    text, other = tmp_path / "a.txt", tmp_path / "b.db"
    text.write_text("no database, but a text of some length\n" * 50)
    connection = sqlite3.connect(other)
    connection.execute("CREATE TABLE songs (title TEXT)")
    connection.commit()
    connection.close()
    with pytest.raises(StoreError, match="not a database"):
        open_store(text)
    with pytest.raises(StoreError, match="something else"):
        open_store(other)
    with pytest.raises(StoreError, match="found no store"):
        open_store(tmp_path / "nothing.db", create=False)
    with pytest.raises(StoreError, match="expected a file or postgresql"):
        open_store("mysql://somewhere/x")
    assert text.read_text().startswith("no database") and not (tmp_path / "nothing.db").exists()


@pytest.mark.parametrize("create", [True, False])
def test_a_file_of_somebody_else_stays_as_it_is_to_the_byte(tmp_path: Path, create: bool) -> None:
    text, short, other = tmp_path / "a.txt", tmp_path / "b.txt", tmp_path / "c.db"
    text.write_text("no database, but a text of some length\n" * 50)
    short.write_text("x")
    connection = sqlite3.connect(other)
    connection.execute("CREATE TABLE songs (title TEXT)")
    connection.commit()
    connection.close()
    before = {path: path.read_bytes() for path in (text, short, other)}
    for path in before:
        with pytest.raises(StoreError):
            open_store(path, create=create)
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_an_empty_file_is_no_store_to_read_and_is_left_empty(tmp_path: Path) -> None:
    empty = tmp_path / "s.db"
    empty.touch()
    for address in (empty, f"sqlite:///{empty}"):
        with pytest.raises(StoreError, match="found no store"):
            open_store(address, create=False)
    assert [(path.name, path.stat().st_size) for path in tmp_path.iterdir()] == [("s.db", 0)]
    open_store(empty).close()
    assert empty.stat().st_size > 0


# -- adding -----------------------------------------------------------------------------------------------------------------
def test_what_is_added_comes_back_whole(store: Store) -> None:
    coded = event(place="Kaesong", dead=3, modes=("destroy", "explosives"), said_by=(actor("KOR"),))
    claim = Claim(holder=actor("KOR", entity="Jane Roe"), affiliation="a university", kind="motive", text="It wants talks", span=(0, 5))
    first, second = coded, event("ACCUSE", "KOR", "PRK", text="condemned the demolition", rule="accuse.condemn", cameo="111")
    link = Relation("prompted", first.event_id, second.event_id, (0, 5), "after")
    added = add_report(store, report(first, second, doc_id="a", publisher="Wire", claims=(claim,), relations=(link,)))
    assert added == (False, None, 2, 0)
    found = load_event(store, one_event(store, types=("ASSAULT",))["event_id"])
    (mention,) = found["evidence"]
    assert mention["record"] == msgspec.to_builtins(coded) | msgspec.json.decode(jsonl.encode_events([coded]))
    assert (mention["doc_id"], mention["publisher"], mention["location"], mention["codebook"]) == ("a", "Wire", "a.txt", "test-1")
    assert found["place"]["name"] == "Kaesong" and found["dead"] == 3 and found["source"][0]["country"] == "PRK"
    with reading(store) as connection:
        assert msgspec.json.decode(connection.scalar(sa.select(schema.claims.c.record)) or "", type=Claim) == claim
        assert connection.execute(sa.select(schema.relations.c.kind)).all() == [("prompted",)]


def test_the_same_document_again_changes_nothing(store: Store) -> None:
    add_report(store, report(event(), doc_id="a"))
    before = contents(store)
    assert add_report(store, report(event(), doc_id="a")).known
    assert contents(store) == before


def test_the_same_text_under_another_name_and_with_other_spaces_changes_nothing(store: Store) -> None:
    text = "Seoul said so. " * 5
    add_report(store, report(event(), doc_id="a", text=text))
    before = contents(store)
    assert add_report(store, report(event(), doc_id="b", text=text.replace(" ", "  ") + "\n", publisher="Other")).known
    assert contents(store) == before


def test_two_documents_of_one_name_are_both_kept(store: Store) -> None:
    add_report(store, report(event(), doc_id="a", text="First text of the name."))
    assert not add_report(store, report(event("PROTEST", "CHL/CVL", "CHL"), doc_id="a", text="Second text of the name.")).known
    assert find_events(store, Filters()).total == 2


def test_a_report_that_fails_leaves_no_trace(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    import detente.store.write as write

    monkeypatch.setattr(write, "add_claims", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        add_report(store, report(event(), doc_id="a"))
    assert not any(contents(store).values())


# -- near copies ------------------------------------------------------------------------------------------------------------
WIRE = " ".join(f"Sentence {n} tells that minister {n * 7} met envoy {n * 13} about matter {n * n} in the capital." for n in range(15))


def test_a_near_copy_is_kept_and_linked_and_is_no_further_report(store: Store) -> None:
    add_report(store, report(event(), doc_id="wire", text=WIRE, publisher="Wire"))
    copy = add_report(store, report(event(), doc_id="paper", text="By our staff. " + WIRE.replace("Sentence 3", "Line 3"), publisher="Paper"))
    assert copy.copy_of == "wire" and copy.joined == 1
    found = load_event(store, one_event(store)["event_id"])
    assert (found["mentions"], found["reports"], found["sources"], found["copies"]) == (2, 1, 1, 1)
    assert [m["copy_of"] for m in found["evidence"]] == [None, "wire"]


def test_a_cut_copy_and_a_copy_in_a_later_run_are_found(address: str) -> None:
    store = open_store(address)
    add_report(store, report(event(), doc_id="wire", text=WIRE))
    store.close()
    store = open_store(address)
    assert add_report(store, report(doc_id="cut", text=WIRE[: len(WIRE) * 2 // 3])).copy_of == "wire"
    assert add_report(store, report(doc_id="other")).copy_of is None
    store.close()


def test_an_event_that_only_a_copy_and_a_later_original_tell_counts_two_reports(store: Store) -> None:
    add_report(store, report(doc_id="wire", text=WIRE, publisher="Wire"))
    add_report(store, report(event(), doc_id="copy", text=WIRE + " One more.", publisher="Paper"))
    add_report(store, report(event(), doc_id="own", publisher="Own"))
    assert (one_event(store)["reports"], one_event(store)["copies"]) == (2, 1)


def test_the_hashes_of_a_text_stay_what_stored_ones_are() -> None:
    from detente.store.duplicates import hash_bands, word_runs

    assert hash_bands(word_runs(WIRE))[:2] == [-5830234878560164796, -9001594563810595085], (
        "the library hashes otherwise than before: stored bands must be made anew by a migration"
    )


# -- revising ---------------------------------------------------------------------------------------------------------------
def test_a_toll_that_rises_revises_the_event_and_keeps_its_history(store: Store) -> None:
    for day, dead in (("2020-06-16", 3), ("2020-06-18", 7), ("2020-06-17", 5)):
        add_report(store, report(event(place="Kaesong", dead=dead), doc_id=day, published_on=day, publisher=day))
    found = load_event(store, one_event(store)["event_id"])
    assert (found["dead"], found["revision"], found["reports"], found["sources"]) == (7, 1, 3, 3)
    assert (found["first_report"], found["latest_report"]) == ("2020-06-16", "2020-06-18")
    assert [(c["field"], c["before"], c["after"]) for c in found["history"]] == [("dead", 3, 7)]
    assert [(v["value"], [r["doc_id"] for r in v["reports"]]) for v in found["differing"]["dead"]] == [("3", ["2020-06-16"]), ("5", ["2020-06-17"]), ("7", ["2020-06-18"])]


def test_unknown_attackers_later_named_are_one_event_with_both_said(store: Store) -> None:
    add_report(store, report(event(source="/UAF", target="COD/CVL", place="Goma", text="gunmen killed villagers near Goma"), doc_id="a"))
    add_report(store, report(event(source="RWA/MIL", target="COD/CVL", place="Goma", text="soldiers killed villagers near Goma"), doc_id="b"))
    found = load_event(store, one_event(store)["event_id"])
    assert [a["country"] for a in found["source"]] == ["RWA"]
    assert {v["value"] for v in found["differing"]["source"]} == {"unknown (UAF)", "RWA (MIL)"}
    assert one_event(store, dyad=("RWA", "COD"))["event_id"] == found["event_id"]


def test_background_joins_the_old_event_and_does_not_make_it_background(store: Store) -> None:
    add_report(store, report(event(place="Kaesong"), doc_id="a"))
    later = event(day="2020-06-01", end="2020-06-30", precision="month", historical=True)
    add_report(store, report(later, doc_id="b", published_on="2023-06-16"))
    found = one_event(store)
    assert (found["reports"], found["historical"], found["date"]["start"]) == (2, False, "2020-06-16")


def test_two_events_of_one_document_stay_two(store: Store) -> None:
    add_report(store, report(event(), event(text="blew up the liaison office again"), doc_id="a"))
    assert find_events(store, Filters()).total == 2


# -- importing --------------------------------------------------------------------------------------------------------------
def rows(count: int) -> list[Imported]:
    return [Imported(str(n), n, event("CONSULT", "PRK", "USA", f"2018-01-{1 + n % 28:02}", text="met"), reports=4, sources=2) for n in range(count)]


def test_importing_twice_changes_nothing_and_licences_are_kept(store: Store) -> None:
    given = {"origin": "icews", "location": "a.tab", "codebook": "cameo", "licence": "none of it may be passed on", "may_be_passed_on": False}
    assert import_events(store, rows(40), **given).new == 40  # type: ignore[arg-type]
    before = contents(store)
    assert import_events(store, rows(40), **given).new == 0  # type: ignore[arg-type]
    assert contents(store) == before
    assert add_report(store, report(event("CONSULT", "PRK", "USA", "2018-01-01"), doc_id="a")).founded == 1
    assert find_events(store, Filters(dyad=("PRK", "USA"))).total == 41
    with reading(store) as connection:
        assert connection.scalar(sa.select(schema.origins.c.may_be_passed_on).where(schema.origins.c.name == "icews")) is False


def test_an_import_that_breaks_off_leaves_nothing(store: Store) -> None:
    def broken() -> Any:
        yield from rows(10)
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="disk"):
        import_events(store, broken(), origin="icews", location="a.tab", codebook="cameo")
    assert find_events(store, Filters()).total == 0


# -- killing ----------------------------------------------------------------------------------------------------------------
def write_corpus(path: Path, count: int) -> Path:
    pairs = [("France", "Kenya"), ("Chile", "Peru"), ("Iran", "Iraq"), ("India", "Nepal")]
    with path.open("wb") as stream:
        for n in range(count):
            a, b = pairs[n % 4]
            text = f"{a} accused {b} of breaking treaty {n // 8} on Monday. The foreign minister of {b} rejected the charge, case {n}. Number {n * n} was not named."
            stream.write(msgspec.json.encode({"id": f"r{n}", "text": text, "date": "2019-05-07", "publisher": f"Paper {n % 3}"}) + b"\n")
    return path


def kill_at_random(command: list[str], times: int, rng: random.Random, longest: float) -> int:
    """Start a command and kill it, again and again; how often it was killed before it ended."""
    killed = 0
    for _ in range(times):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(rng.uniform(0.4, longest))  # the moment is the matter of the test; nothing is waited for
        if process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
            killed += 1
        process.wait()
    return killed


def test_a_store_ends_as_if_its_runs_had_never_been_killed(tmp_path: Path) -> None:
    corpus = write_corpus(tmp_path / "corpus.jsonl", 60)

    def command(name: str) -> list[str]:
        return [sys.executable, "-m", "detente", "add", str(corpus), "--store", str(tmp_path / name), "--workers", "1", "--batch-reports", "4"]

    started = time.monotonic()
    subprocess.run(command("whole.db"), check=True, capture_output=True)
    longest = time.monotonic() - started
    kill_at_random(command("killed.db"), 4, random.Random(3), longest)
    last = subprocess.run(command("killed.db"), check=True, capture_output=True, text=True)
    whole, killed = open_store(tmp_path / "whole.db"), open_store(tmp_path / "killed.db")
    assert contents(killed) == contents(whole), last.stdout
    assert len(contents(whole)["documents"]) == 60
    assert sqlite3.connect(tmp_path / "killed.db").execute("PRAGMA integrity_check").fetchone() == ("ok",)
    whole.close()
    killed.close()


def test_a_store_from_before_reviews_gets_rungs_and_decisions(tmp_path: Path) -> None:
    store = open_store(tmp_path / "old.db")
    add_report(store, report(event(dead=2), doc_id="a"))
    with writing(store) as connection:
        for statement in (
            "DROP TABLE decisions",
            "DROP INDEX events_by_volume",
            "DROP INDEX events_by_rung",
            "DROP INDEX events_left_out",
            "DROP INDEX events_told_later",
            "ALTER TABLE events DROP COLUMN rung",
            "ALTER TABLE events DROP COLUMN review",
            "DELETE FROM migrations WHERE number >= 3",
        ):
            connection.exec_driver_sql(statement)
    store.close()
    upgraded = open_store(tmp_path / "old.db")
    assert (one_event(upgraded)["rung"], one_event(upgraded)["review"]) == (6, "")
    upgraded.close()
