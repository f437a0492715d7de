"""Events that others coded, in the store: whole, once, revised and withdrawn by their origin."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from detente.cli import main
from detente.errors import StoreError
from detente.exchange import read_events
from detente.exchange.acled import COLUMNS
from detente.exchange.imported import ImportedActor, ImportedEvent, ImportedPlace, OriginRow, WithdrawnRow
from detente.records import When
from detente.store import importing, schema
from detente.store.filters import Filters
from detente.store.importing import Imported, Outcome, import_events, keep_records, read_record
from detente.store.query import count_days, find_events, load_event
from detente.store.reviewing import correct_event, judge_event, merge_events, split_event, undo
from detente.store.schema import Store, migrate, open_store, reading, writing
from stores import event

GIVEN: dict[str, Any] = {"origin": "acled", "location": "a.csv", "codebook": "c"}
TOWN = ImportedPlace("Bria", "CAF", 6.54, 21.99, "city")
KEPT = ("events", "mentions", "participants", "dyads", "history", "actors", "places", "withdrawals")


def imported(key: str = "k1", *, revised_at: int | None = None, rows: tuple[str, ...] = ("r1",), **more: Any) -> ImportedEvent:
    values: dict[str, Any] = {
        "event_id": key,
        "origin": "acled",
        "licence": "x",
        "event_type": "ASSAULT",
        "modes": ("beat",),
        "quad": 4,
        "intensity": -9.0,
        "cameo": "182",
        "goldstein": -9.5,
        "source": (ImportedActor("Seleka", "CAF", ("REB",)),),
        "target": (ImportedActor("Civilians", "CAF", ("CVL",)), ImportedActor("Traders", "CAF", ("BUS",))),
        "date": When("2020-01-05", "2020-01-05", "day"),
        "place": TOWN,
        "text": "An armed group attacked a market.",
        "rows": tuple(OriginRow(row, n, f"story-{row}", publisher=f"paper {row}") for n, row in enumerate(rows, 2)),
        "repeats": len(rows) - 1,
        "revised_at": revised_at,
    }
    return ImportedEvent(**{**values, **more})


def contents(store: Store) -> dict[str, list[str]]:
    with reading(store) as connection:
        return {name: sorted(map(repr, connection.execute(sa.select(schema.metadata.tables[name])))) for name in KEPT}


def the_event(store: Store, **filters: Any) -> dict[str, Any]:
    (found,) = find_events(store, Filters(**{"review": None, "modality": None, **filters})).events
    return load_event(store, found["event_id"])


def test_every_field_of_an_imported_event_is_in_the_store_and_in_its_record(store: Store) -> None:
    assert import_events(store, [imported(dead=3)], **GIVEN) == Outcome(new=1)
    found = the_event(store)
    assert (found["event_type"], found["modes"], found["quad"], found["cameo"], found["dead"], found["rung"]) == ("ASSAULT", ["beat"], 4, "182", 3, 6)
    assert [actor["name"] for actor in found["target"]] == ["Civilians", "Traders"]
    assert found["place"] == {"name": "Bria", "country": "CAF", "latitude": 6.54, "longitude": 21.99, "precision": "city", "gazetteer_id": None}
    (mention,) = found["evidence"]
    assert (mention["row"], mention["location"], mention["record"]["doc_id"]) == (2, "a.csv", "story-r1")
    assert mention["record"]["source"][0] == {"text": "Seleka", "name": "Seleka", "country": "CAF", "sectors": ["REB"], "entity": None, "span": None}
    assert (mention["record"]["decided_by"], mention["record"]["date"]["start"], mention["record"]["confidence"]) == ("acled", "2020-01-05", 1.0)
    assert find_events(store, Filters(text="market")).total == 1


def test_a_second_place_of_one_name_keeps_its_own_coordinates_in_the_record(store: Store) -> None:
    other = ImportedPlace("Bria", "CAF", 1.0, 2.0, "city")
    import_events(store, [imported(), imported("k2", rows=("r2",), place=other, cameo="190")], **GIVEN)
    with reading(store) as connection:
        found = {round(read_record(connection, row).place.latitude, 2) for row in connection.execute(sa.select(schema.mentions)).mappings().all()}  # type: ignore[union-attr,arg-type]
    assert found == {6.54, 1.0}


def test_importing_twice_changes_nothing_whatever_the_chunks(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "IMPORT_ROWS", 3)
    events = [imported(f"k{n}", rows=(f"r{n}", f"s{n}")) for n in range(10)]
    assert import_events(store, events, **GIVEN).new == 10
    before = contents(store)
    assert import_events(store, events, **GIVEN) == Outcome(known=10)
    assert contents(store) == before
    with reading(store) as connection:
        assert {n for (n,) in connection.execute(sa.select(schema.events.c.reports))} == {2}


@pytest.mark.parametrize("chunk", [1, 100])
def test_rows_that_come_later_join_their_event_in_the_same_file_or_in_another(store: Store, monkeypatch: pytest.MonkeyPatch, chunk: int) -> None:
    monkeypatch.setattr(importing, "IMPORT_ROWS", chunk)
    assert import_events(store, [imported(), imported("k2", rows=("x",)), imported(rows=("r2",))], **GIVEN) == Outcome(new=2, joined=1)
    assert import_events(store, [imported(rows=("r1", "r3"))], **{**GIVEN, "location": "b.csv"}) == Outcome(joined=1)
    found = load_event(store, find_events(store, Filters()).events[0]["event_id"])
    assert (found["reports"], found["sources"], found["mentions"]) == (3, 3, 3)
    assert [m["location"] for m in found["evidence"]] == ["a.csv", "a.csv", "b.csv"]
    before = contents(store)
    assert import_events(store, [imported(rows=("r1", "r3")), imported(rows=("r2",))], **GIVEN) == Outcome(known=2)
    assert contents(store) == before


def test_mirror_rows_are_no_further_reports(store: Store) -> None:
    import_events(store, [imported()], **GIVEN)
    mirror = imported(rows=())
    import_events(store, [ImportedEvent(**{name: getattr(mirror, name) for name in mirror.__struct_fields__ if name != "rows"}, rows=(OriginRow("m", 9, mirrored=True),))], **GIVEN)
    found = the_event(store)
    assert (found["reports"], found["mentions"]) == (1, 2)


def test_a_later_version_takes_the_place_of_the_earlier_one_and_an_older_one_changes_nothing(store: Store) -> None:
    import_events(store, [imported(revised_at=100, dead=3)], **GIVEN)
    later = imported(revised_at=200, dead=5, source=(ImportedActor("Anti-Balaka", "CAF", ("UAF",)),))
    assert import_events(store, [later], **{**GIVEN, "location": "b.csv"}) == Outcome(revised=1)
    found = the_event(store)
    assert (found["dead"], found["source"][0]["name"], found["revision"], found["mentions"], found["reports"]) == (5, "Anti-Balaka", 1, 2, 1)
    assert {(h["field"]) for h in found["history"]} == {"dead", "source"}
    assert [m["record"]["dead"] for m in found["evidence"]] == [3, 5]
    assert find_events(store, Filters(source="Seleka")).total == 0
    before = contents(store)
    assert import_events(store, [imported(revised_at=150, dead=4), later], **GIVEN) == Outcome(known=2)
    assert contents(store) == before


def test_a_withdrawn_event_is_hidden_and_kept_until_a_later_version_brings_it_back(store: Store) -> None:
    import_events(store, [imported(revised_at=100), imported("k2", rows=("r2",), revised_at=100)], **GIVEN)
    gone = WithdrawnRow("k1", "acled", "CAF1", 7, 150)
    assert import_events(store, [gone], **{**GIVEN, "location": "deleted.csv"}) == Outcome(withdrawn=1)
    assert find_events(store, Filters()).total == 1
    assert count_days(store, "CAF", "CAF") == [("2020-01-05", 1)]
    found = the_event(store, review="withdrawn")
    assert (found["review"], found["withdrawal"]) == ("withdrawn", {"withdrawn_at": 150, "location": "deleted.csv", "row": 7})
    assert find_events(store, Filters(review="withdrawn", dyad=("CAF", "CAF"))).total == 1
    before = contents(store)
    assert import_events(store, [gone, imported(revised_at=100)], **GIVEN) == Outcome(known=1)
    assert contents(store) == before
    assert import_events(store, [imported(revised_at=160, dead=1)], **GIVEN) == Outcome(revised=1)
    assert find_events(store, Filters()).total == 2
    assert count_days(store, "CAF", "CAF") == [("2020-01-05", 2)]


def test_a_withdrawal_that_comes_before_its_event_hides_it(store: Store) -> None:
    assert import_events(store, [WithdrawnRow("k1", "acled", "CAF1", 7, 150)], **GIVEN) == Outcome()
    assert import_events(store, [imported(revised_at=150)], **GIVEN) == Outcome(new=1, withdrawn=1)
    assert find_events(store, Filters()).total == 0
    assert count_days(store, "CAF", "CAF") == []


def test_what_a_reviewer_decided_stands_against_later_versions_and_withdrawals(store: Store) -> None:
    import_events(store, [imported(revised_at=100, dead=3)], **GIVEN)
    key = the_event(store)["event_id"]
    correct_event(store, key, {"dead": 9}, reviewer="ann")
    import_events(store, [imported(revised_at=200, dead=5), WithdrawnRow("k1", "acled", "CAF1", 7, 300)], **GIVEN)
    found = the_event(store)
    assert (found["dead"], found["review"], found["mentions"]) == (9, "corrected", 2)
    assert [m["record"]["dead"] for m in found["evidence"]] == [3, 5]
    undo(store, reviewer="ann")
    found = the_event(store)
    assert (found["dead"], found["review"]) == (5, "withdrawn")


def test_a_correction_that_is_undone_leaves_the_event_as_it_was_imported(store: Store) -> None:
    import_events(store, [imported(dead=3)], **GIVEN)
    before = the_event(store)
    correct_event(store, before["event_id"], {"dead": 9}, reviewer="ann")
    assert the_event(store)["evidence"][0]["record"]["dead"] == 3
    undo(store, reviewer="ann")
    assert {**the_event(store), "decisions": []} == {**before, "decisions": []}


def test_an_event_that_a_reviewer_merged_into_another_is_known(store: Store) -> None:
    events = [imported(), imported("k2", rows=("r2",), dead=2)]
    import_events(store, events, **GIVEN)
    first, second = (e["event_id"] for e in find_events(store, Filters()).events)
    merge_events(store, first, [second], reviewer="ann")
    assert import_events(store, events, **GIVEN) == Outcome(known=2)
    assert find_events(store, Filters()).total == 1


def test_a_rejected_event_stays_rejected(store: Store) -> None:
    import_events(store, [imported(revised_at=1)], **GIVEN)
    judge_event(store, the_event(store)["event_id"], "reject", reviewer="ann")
    import_events(store, [imported(revised_at=2), WithdrawnRow("k1", "acled", "CAF1", 7, 3)], **GIVEN)
    assert the_event(store)["review"] == "rejected"
    assert count_days(store, "CAF", "CAF") == []


def test_records_are_kept_whole_before_a_row_changes(store: Store) -> None:
    import_events(store, [imported(dead=3)], **GIVEN)
    with writing(store) as connection:
        row = connection.execute(sa.select(schema.mentions)).mappings().one()
        assert row["record"] == ""
        before = read_record(connection, row)
        keep_records(connection, row["event_id"])
        connection.execute(schema.events.update().values(dead=8))
        assert read_record(connection, connection.execute(sa.select(schema.mentions)).mappings().one()) == before


def test_coded_events_that_are_imported_keep_their_whole_record(store: Store) -> None:
    coded = event("CONSULT", "PRK", "USA", "2018-01-02", text="met in Singapore")
    import_events(store, [Imported("a", None, coded, "met in Singapore")], **GIVEN)
    assert the_event(store)["evidence"][0]["record"]["evidence"][0]["text"] == "met in Singapore"


def test_an_import_that_breaks_off_late_leaves_nothing_and_the_words_are_indexed_as_before(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "IMPORT_ROWS", 2)

    def broken() -> Any:
        yield from (imported(f"k{n}") for n in range(5))
        raise OSError("the disk is gone")

    import_events(store, [imported("first")], **GIVEN)
    before = contents(store)
    with pytest.raises(OSError, match="disk"):
        import_events(store, broken(), **GIVEN)
    assert contents(store) == before
    import_events(store, [imported("k1", text="A convoy was looted.")], **GIVEN)
    assert find_events(store, Filters(text="convoy")).total == 1
    assert find_events(store, Filters(text="market")).total == 1


def test_an_import_that_is_killed_leaves_nothing_and_can_be_run_again(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    script = """
import os, signal, sys
sys.path.insert(0, sys.argv[2])
from test_importing import GIVEN, imported
from detente.store import importing
from detente.store.schema import open_store
importing.IMPORT_ROWS = 100
def rows():
    for n in range(1000):
        if n == 750:
            os.kill(os.getpid(), signal.SIGKILL)
        yield imported(f"k{n}", rows=(f"r{n}",))
importing.import_events(open_store(sys.argv[1]), rows(), **GIVEN)
"""
    killed = subprocess.run([sys.executable, "-c", script, str(path), str(Path(__file__).parent)], check=False, capture_output=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    store = open_store(path)
    assert all(not rows for rows in contents(store).values())
    assert import_events(store, [imported()], **GIVEN).new == 1
    assert find_events(store, Filters(text="market")).total == 1
    store.close()


def test_a_store_that_cannot_be_written_is_told_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = open_store(tmp_path / "s.db")
    with reading(store) as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()

    def limited() -> Any:
        for n in range(50_000):
            if n == 1:
                for driver in held:
                    driver.execute(f"PRAGMA max_page_count={pages + 40}")
            yield imported(f"k{n}", rows=(f"r{n}",))

    held: list[sqlite3.Connection] = []
    real = importing.Tables

    def tables(connection: Any, *rest: Any) -> Any:
        held.append(connection.connection.driver_connection)
        return real(connection, *rest)

    monkeypatch.setattr(importing, "Tables", tables)
    with pytest.raises(StoreError, match="full"):
        import_events(store, limited(), **GIVEN)
    store.close()


# -- older stores -------------------------------------------------------------------------------------------------------------
def test_a_store_of_before_imports_is_upgraded_and_takes_imports(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    store = open_store(path)
    import_events(store, [Imported("a", 1, event("CONSULT", "PRK", "USA", "2018-01-02", text="met"), "met")], **GIVEN)
    store.close()
    with sqlite3.connect(path) as connection:  # as the step before left it
        for statement in (
            "ALTER TABLE events DROP COLUMN revised_at",
            "DROP TABLE withdrawals",
            "DELETE FROM migrations WHERE name = 'versions'",
        ):
            connection.execute(statement)
    connection.close()
    store = open_store(path)
    migrate(store)
    again = [Imported("a", 1, event("CONSULT", "PRK", "USA", "2018-01-02", text="met"), "met"), imported("b")]
    assert import_events(store, again, **GIVEN) == Outcome(new=1, known=1)
    assert find_events(store, Filters(text="met")).total == 1
    assert find_events(store, Filters(text="market")).total == 1
    store.close()


# -- at the command line ------------------------------------------------------------------------------------------------------
def acled_file(path: Path, *rows: dict[str, str]) -> Path:
    plain = dict.fromkeys(COLUMNS, "")
    plain |= {"event_id_cnty": "CAF1", "event_date": "2020-01-05", "time_precision": "1", "event_type": "Battles", "sub_event_type": "Armed clash", "actor1": "Seleka"}
    plain |= {"inter1": "Rebel group", "actor2": "Anti-Balaka", "inter2": "Identity militia", "country": "Central African Republic", "location": "Bria", "latitude": "6.5"}
    plain |= {"longitude": "21.9", "geo_precision": "1", "fatalities": "3", "timestamp": "100", "notes": "They clashed.", "source": "a paper"}
    lines = [",".join(COLUMNS), *(",".join({**plain, **row}[name] for name in COLUMNS) for row in rows)]
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def test_updates_and_withdrawals_of_acled_come_into_the_store(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    address = str(tmp_path / "s.db")
    first = acled_file(tmp_path / "a.csv", {}, {"event_id_cnty": "CAF2"}, {"event_id_cnty": "CAF3"})
    second = acled_file(tmp_path / "b.csv", {"fatalities": "7", "timestamp": "200"}, {"event_id_cnty": "CAF2"})
    gone = tmp_path / "gone.csv"
    gone.write_text("event_id_cnty,deleted_timestamp\nCAF3,300\n,300\n", "utf-8")
    assert main(["import", "acled", str(first), "--store", address]) == 0
    assert "3 events of 3 rows read, 3 of them new" in capsys.readouterr().out
    assert main(["import", "acled", str(second), "--store", address]) == 0
    assert "0 of them new; 1 a later version of a known one; 1 known" in capsys.readouterr().out
    assert main(["import", "acled", str(gone), "--store", address]) == 1
    shown = capsys.readouterr()
    assert "1 withdrawal read; 1 event withdrawn; 1 row refused" in shown.out
    assert "gone.csv:3: " in shown.err
    store = open_store(address)
    assert sorted(e["dead"] for e in find_events(store, Filters()).events) == [3, 7]
    store.close()
    assert main(["events", "--review", "withdrawn", "--store", address]) == 0
    assert "withdrawn by their origin" in capsys.readouterr().out


def test_a_file_whose_rows_are_all_refused_is_exit_2_and_statements_are_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    address = str(tmp_path / "s.db")
    bad = acled_file(tmp_path / "bad.csv", {"geo_precision": "9"}, {"event_date": "soon"})
    assert main(["import", "acled", str(bad), "--store", address]) == 2
    assert "2 rows refused" in capsys.readouterr().out
    silent = acled_file(tmp_path / "c.csv", {"event_type": "Strategic developments", "sub_event_type": "Other"})
    assert [found.event_type for found in read_events("acled", silent) if isinstance(found, ImportedEvent)] == [None]
    assert main(["import", "acled", str(silent), "--store", address]) == 0
    assert "1 statement that PLOVER does not count left out" in capsys.readouterr().out


def test_an_event_that_is_withdrawn_in_the_file_it_comes_in_is_hidden(store: Store) -> None:
    assert import_events(store, [imported(revised_at=1), WithdrawnRow("k1", "acled", "k1", 2, 2)], **GIVEN).withdrawn == 1
    assert find_events(store, Filters()).events == []
    assert len(find_events(store, Filters(review="withdrawn")).events) == 1


def test_rows_that_a_reviewer_split_off_are_known_when_their_file_comes_again(store: Store) -> None:
    import_events(store, [imported(rows=("r1",))], **GIVEN)
    assert import_events(store, [imported(rows=("r2",))], **GIVEN).joined == 1
    (found,) = find_events(store, Filters()).events
    split_event(store, found["event_id"], [load_event(store, found["event_id"])["evidence"][1]["mention_id"]], reviewer="jane")
    assert import_events(store, [imported(rows=("r2",))], **GIVEN) == Outcome(known=1)
    undo(store, reviewer="jane")
    assert import_events(store, [imported(rows=("r2",))], **GIVEN) == Outcome(known=1)


def test_a_version_that_was_merged_into_another_event_is_the_same_version_after_the_undo(store: Store) -> None:
    import_events(store, [imported("k1", revised_at=1, event_type="AID")], **GIVEN)
    import_events(store, [imported("k1", revised_at=2, event_type="ASSAULT"), imported("k2", event_type="CONSULT")], **GIVEN)
    of = {e["event_type"]: e["event_id"] for e in find_events(store, Filters()).events}
    merge_events(store, of["CONSULT"], [of["ASSAULT"]], reviewer="jane")
    undo(store, reviewer="jane")
    assert load_event(store, of["ASSAULT"])["event_type"] == "ASSAULT"
    assert import_events(store, [imported("k1", revised_at=2, event_type="ASSAULT")], **GIVEN) == Outcome(known=1)


def test_a_second_reviewer_accepts_the_version_that_stands_and_no_later_one(store: Store) -> None:
    import_events(store, [imported(revised_at=1, event_type="AID")], **GIVEN)
    (found,) = find_events(store, Filters()).events
    judge_event(store, found["event_id"], "accept", reviewer="jane")
    import_events(store, [imported(revised_at=2, event_type="ASSAULT")], **GIVEN)
    judge_event(store, found["event_id"], "accept", reviewer="bob")
    assert load_event(store, found["event_id"])["event_type"] == "AID"
