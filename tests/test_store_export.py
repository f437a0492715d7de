"""Export: from the store to a file and into another store, nothing is lost that the format has; barred rows stay in; memory does not grow."""

from __future__ import annotations

import io
import subprocess
import sys
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa

from detente.cli import main
from detente.commands_store import _as_row, _own_parts
from detente.exchange import icews, plover, polecat, read_events, write_events
from detente.exchange.crosswalk import licence_of
from detente.exchange.imported import ImportedActor, ImportedEvent, ImportedPlace, OriginRow
from detente.records import Event
from detente.show import RowsBar
from detente.store import schema
from detente.store.filters import Filters
from detente.store.importing import Imported, Terms, import_events, import_origins
from detente.store.origin_rows import pack_rows, unpack_rows
from detente.store.reading_out import find_barred, read_out
from detente.store.schema import Store, open_store, writing
from detente.store.write import add_report
from formats import ACLED, ICEWS, MEETING, POLECAT, gdelt_row, read_acled, read_gdelt, read_icews, turned
from formats import table as rows_of
from stores import actor, event, report

FORMATS = ("jsonl", "csv", "parquet", "icews", "gdelt", "polecat", "plover")
ALL = Filters(modality=None, review=None)


def put(store: Store, events: Sequence[ImportedEvent | Event], origin: str, *, may: bool = True) -> int:
    return import_events(store, map(_as_row, events), origin=origin, location="file", codebook="c", licence=licence_of(origin), may_be_passed_on=may).new


def fill(store: Store) -> None:
    """Two reports of one event, one of another, and files of five data sets; no two events that a data set would take for one."""
    blast = event(place="Kaesong", dead=3, modes=("destroy", "explosives"), said_by=(actor("KOR"),), cameo="1712")
    add_report(store, report(blast, doc_id="a", publisher="Wire"))
    add_report(store, report(msgspec.structs.replace(blast, dead=5), doc_id="b", publisher="Paper", published_on="2020-06-18"))
    add_report(store, report(event("MOBILIZE", "PRK/MIL", "", "2017-09-01", end="2017-09-30", precision="month", text="tested it", historical=True, cameo="150"), doc_id="c"))
    put(store, read_icews(ICEWS, ICEWS | {"Event ID": "77", "Publisher": "Another"}, MEETING, turned(MEETING, **{"Event ID": "8"})), "icews")
    put(store, read_gdelt(gdelt_row("1"), gdelt_row("2")), "gdelt")
    put(store, [e for e in polecat.read_events(rows_of(polecat.COLUMNS, POLECAT | {"Actor Title": "chief"}, blank="None")) if isinstance(e, ImportedEvent)], "polecat")
    put(store, [e for e in read_acled(ACLED) if isinstance(e, ImportedEvent)], "acled")
    line = msgspec.json.encode(
        {"id": "p1", "date": "2020-06", "actor": [{"code": "FRA", "sector": "GOV"}], "event": "AID", "cite_info": {"document": "d", "further": [{"document": "e"}]}}
    )
    put(store, [e for e in plover.read_events(io.BytesIO(line)) if isinstance(e, ImportedEvent)], "plover")


def out_of(store: Store, name: str, filters: Filters = ALL) -> bytes:
    out = io.BytesIO()
    write_events(name, read_out(store, filters, as_rows=name not in ("jsonl", "csv", "parquet")), out)
    return out.getvalue()


def readable(name: str, written: bytes) -> list[Any]:
    """What a format's file says, without its order: rows with the id of the file's row, which is of the row; of a table the cells."""
    if name == "parquet":
        import pyarrow.parquet

        return sorted(map(repr, ({k: v for k, v in row.items() if k != "mentions"} for row in pyarrow.parquet.read_table(io.BytesIO(written)).to_pylist())))
    return sorted(written.splitlines())


@pytest.mark.parametrize("name", FORMATS)
def test_what_was_exported_and_imported_into_another_store_is_exported_equal(store: Store, tmp_path: Path, name: str) -> None:
    fill(store)
    written = out_of(store, name)
    path, address = tmp_path / f"events.{name}", str(tmp_path / "other.db")
    path.write_bytes(written)
    assert main(["import", name, str(path), "--store", address]) == 0
    other = open_store(address)
    again = out_of(other, name)
    other.close()
    assert len(readable(name, written)) > 5
    assert readable(name, again) == readable(name, written)


FILES: dict[str, Callable[[], Sequence[ImportedEvent]]] = {
    "icews": (lambda: read_icews(ICEWS, ICEWS | {"Event ID": "77", "Publisher": "Another", "City": "Lyon"}, MEETING, turned(MEETING, **{"Event ID": "8"}))),
    "gdelt": (lambda: read_gdelt(gdelt_row("1"), gdelt_row("2"))),
    "acled": (lambda: [e for e in read_acled(ACLED) if isinstance(e, ImportedEvent)]),
    "polecat": (lambda: [e for e in polecat.read_events(rows_of(polecat.COLUMNS, POLECAT, blank="None")) if isinstance(e, ImportedEvent)]),
}


@pytest.mark.parametrize("origin", FILES)
def test_an_imported_event_comes_out_as_its_reader_gave_it(store: Store, origin: str) -> None:
    given = FILES[origin]()
    assert put(store, given, origin) == len(given) > 0
    found = list(read_out(store, ALL))
    assert all(isinstance(e, ImportedEvent) for e in found)
    assert sorted(found, key=lambda e: e.event_id) == sorted(given, key=lambda e: e.event_id)


def test_a_coded_event_comes_out_whole_with_what_later_reports_revised(store: Store) -> None:
    coded = event(place="Kaesong", dead=3, said_by=(actor("KOR"),))
    add_report(store, report(coded, doc_id="a", publisher="Wire"))
    (alone,) = read_out(store, ALL)
    assert alone == msgspec.structs.replace(coded, event_id=alone.event_id, doc_id="a")
    add_report(store, report(msgspec.structs.replace(coded, dead=7), doc_id="b", publisher="Paper", published_on="2020-06-18"))
    (revised,) = read_out(store, ALL)
    assert isinstance(revised, Event) and (revised.dead, revised.evidence, revised.said_by, revised.doc_id) == (7, coded.evidence, coded.said_by, "a")
    (rows,) = read_out(store, ALL, as_rows=True)
    assert isinstance(rows, ImportedEvent)
    assert [(r.document, r.publisher, r.reported_on) for r in rows.rows] == [("a", "Wire", "2020-06-17"), ("b", "Paper", "2020-06-18")]
    assert rows.repeats == 1


def test_near_copies_are_no_rows(store: Store) -> None:
    wire = " ".join(f"Sentence {n} tells that minister {n * 7} met envoy {n * 13} about matter {n * n} there." for n in range(15))
    add_report(store, report(event(), doc_id="wire", text=wire))
    add_report(store, report(event(), doc_id="copy", text="By our staff. " + wire))
    (found,) = read_out(store, ALL, as_rows=True)
    assert isinstance(found, ImportedEvent) and [r.document for r in found.rows] == ["wire"]


def test_what_a_reviewer_corrected_goes_out_as_corrected_without_the_files_own_words(store: Store) -> None:
    put(store, read_icews(ICEWS), "icews")
    with writing(store) as connection:
        source = '[{"text":"","name":"Peru","country":"PER","sectors":["GOV"],"entity":null,"span":null}]'
        connection.execute(schema.events.update().values(source=source, review="corrected"))
    (found,) = read_out(store, ALL)
    assert isinstance(found, ImportedEvent)
    assert found.source == (ImportedActor("Peru", "PER", ("GOV",)),)
    assert found.rows[0].cells == "" and found.place is not None and found.place.cells == ""


def test_events_of_an_older_import_go_out_as_their_row_stands(store: Store) -> None:
    import_events(store, [Imported("1", 1, event("AID", "CHN", "PRK", "2019-03-01"), origin_rows="")], origin="icews", location="a.tab", codebook="cameo")
    (found,) = read_out(store, ALL)
    assert isinstance(found, Event) and (found.event_type, found.source[0].country) == ("AID", "CHN")


def test_rows_that_say_no_more_than_their_document_are_read_too() -> None:
    (row,) = unpack_rows('[["1","d","Wire",true]]')
    assert (row.row_id, row.document, row.publisher, row.mirrored, row.event) == ("1", "d", "Wire", True, None)
    assert unpack_rows("") == ()


def test_a_row_keeps_a_place_of_its_own_and_the_lack_of_one() -> None:
    here, there = (ImportedPlace(name, "FRA", 1.0, 2.0, "city", cells=name) for name in ("Lyon", "Nice"))
    rows = (OriginRow("1", 1, place=here), OriginRow("2", 2, place=there), OriginRow("3", 3))
    given = ImportedEvent(event_id="e", origin="icews", licence="L", event_type="AID", place=here, rows=rows)
    assert [row.place if isinstance(row.place, bool | None) else row.place.name for row in unpack_rows(pack_rows(given))] == [True, "Nice", False]


@pytest.mark.parametrize("name", ["icews", "gdelt"])
def test_an_event_without_a_cameo_code_goes_out_under_one_of_its_type_and_mode(name: str) -> None:
    out = io.BytesIO()
    kinds = [("ASSAULT", ("destroy",)), ("CONSULT", ()), ("PROTEST", ("riot",)), ("AID", ()), ("COERCE", ("seize",))]
    given = [ImportedEvent(event_id=f"{n}", origin="acled", licence="", event_type=t, modes=m, source=(ImportedActor(f"A{n}", "FRA", ("GOV",)),)) for n, (t, m) in enumerate(kinds)]
    assert write_events(name, given, out) == len(kinds)
    out.seek(0)
    assert [(e.event_type, e.modes) for e in read_events(name, out) if isinstance(e, ImportedEvent)] == kinds


# -- own formats come back ----------------------------------------------------------------------------------------------------
def test_an_export_that_comes_back_to_its_own_store_changes_nothing(store: Store, tmp_path: Path) -> None:
    fill(store)
    (tmp_path / "all.jsonl").write_bytes(out_of(store, "jsonl"))
    parts = _own_parts("jsonl", tmp_path / "all.jsonl", Counter(), RowsBar("file"))
    assert [terms.origin for terms, _ in parts] == ["acled", "detente", "gdelt", "icews", "plover", "polecat"]
    assert import_origins(store, parts, location="all.jsonl", codebook="c").new == 0


def test_events_of_several_origins_keep_theirs_and_its_licence(store: Store, tmp_path: Path) -> None:
    fill(store)
    (tmp_path / "all.csv").write_bytes(out_of(store, "csv"))
    assert main(["import", "csv", str(tmp_path / "all.csv"), "--store", str(tmp_path / "other.db")]) == 0
    other = open_store(tmp_path / "other.db")
    assert [b.origin for b in find_barred(other, ALL)] == ["acled", "plover", "polecat"]
    other.close()


def test_a_part_that_fails_leaves_nothing_of_the_other_parts(store: Store) -> None:
    def broken() -> Iterator[Imported]:
        yield Imported("1", 1, event())
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="disk"):
        import_origins(store, [(Terms("a"), [Imported("1", 1, event())]), (Terms("b"), broken())], location="f", codebook="c")
    assert list(read_out(store, ALL)) == []


# -- the command --------------------------------------------------------------------------------------------------------------
@pytest.fixture
def filled(tmp_path: Path) -> str:
    address = str(tmp_path / "s.db")
    store = open_store(address)
    add_report(store, report(event(), doc_id="a"))
    put(store, read_icews(ICEWS), "icews")
    put(store, [e for e in read_acled(ACLED) if isinstance(e, ImportedEvent)], "acled", may=False)
    store.close()
    return address


def test_barred_rows_are_refused_with_what_to_do_and_nothing_is_written(filled: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "x.tab"
    out.write_text("as before", "utf-8")
    assert main(["export", "icews", "--store", filled, "-o", str(out)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "1 event of acled (licence: ACLED-EULA)" in line and "--origin" in line and "--with-barred" in line
    assert out.read_text("utf-8") == "as before" and sorted(p.name for p in tmp_path.glob("x*")) == ["x.tab"]
    assert main(["export", "icews", "--store", filled, "-o", str(out), "--origin", "icews"]) == 0
    assert len(out.read_text("utf-8").splitlines()) == 2
    assert main(["export", "jsonl", "--store", filled, "-o", str(out), "--with-barred"]) == 0
    assert len(out.read_text("utf-8").splitlines()) == 3


def test_filters_are_those_of_events_and_are_said(filled: str, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    assert main(["export", "jsonl", "--store", filled, "--dyad", "PRK-KOR", "--type", "ASSAULT"]) == 0
    shown = capsysbinary.readouterr()
    (line,) = shown.out.splitlines()
    assert msgspec.json.decode(line, type=Event).event_type == "ASSAULT"
    assert b"between PRK and KOR, in either direction, of the type ASSAULT" in shown.err and b"1 event written as jsonl" in shown.err


def test_nothing_found_is_an_empty_file_with_its_header(filled: str, tmp_path: Path) -> None:
    assert main(["export", "icews", "--store", filled, "--dyad", "CUB-MLI", "-o", str(tmp_path / "x.tab")]) == 0
    assert (tmp_path / "x.tab").read_bytes() == icews.HEADER


def test_a_directory_that_is_not_there_and_a_store_that_is_not_are_one_line(filled: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "csv", "--store", filled, "--origin", "icews", "-o", str(tmp_path / "no" / "x.csv")]) == 2
    assert main(["export", "csv", "--store", str(tmp_path / "none.db")]) == 2
    assert [line.startswith("detente: ") for line in capsys.readouterr().err.splitlines()] == [True, True]


def test_an_export_that_fails_leaves_the_file_that_was_there(filled: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "x.csv"
    out.write_text("as before", "utf-8")
    monkeypatch.setattr("detente.exchange.table.flatten_event", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        main(["export", "csv", "--store", filled, "--origin", "icews", "-o", str(out)])
    assert out.read_text("utf-8") == "as before" and sorted(p.name for p in tmp_path.glob("x*")) == ["x.csv"]


@pytest.mark.parametrize("name", ["jsonl", "csv", "parquet"])
def test_a_reader_that_leaves_is_no_fault(tmp_path: Path, name: str) -> None:
    store = open_store(tmp_path / "s.db")
    import_events(store, (Imported(str(n), n, event(text=f"{n} " * 40)) for n in range(6000)), origin="detente", location="f", codebook="c")
    store.close()
    command = [sys.executable, "-m", "detente", "export", name, "--store", str(tmp_path / "s.db")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None and process.stderr is not None
    assert process.stdout.read(10)
    process.stdout.close()
    told = process.stderr.read()
    process.stderr.close()
    assert (process.wait(), told) == (0, b"")


def test_memory_does_not_grow_with_the_events(tmp_path: Path) -> None:
    store = open_store(tmp_path / "s.db")
    peaks = []
    for part in range(2):
        rows = (Imported(f"{part} {n}", n, event(text=f"{n} " * 40)) for n in range(3000 + part * 12_000))
        import_events(store, rows, origin="made-up", location="f", codebook="c")
        tracemalloc.start()
        assert sum(1 for _ in read_out(store, ALL)) == (3000, 18_000)[part]
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    store.close()
    assert peaks[1] < 1.5 * peaks[0] + 1_000_000


def test_an_older_store_gets_the_column_of_rows(tmp_path: Path) -> None:
    store = open_store(tmp_path / "s.db")
    with writing(store) as connection:
        connection.execute(sa.delete(schema.migrations).where(schema.migrations.c.number == 5))
        connection.exec_driver_sql("ALTER TABLE mentions DROP COLUMN origin_rows")
    store.close()
    store = open_store(tmp_path / "s.db")
    assert put(store, read_icews(ICEWS), "icews") == 1
    assert [type(e) for e in read_out(store, ALL)] == [ImportedEvent]
    store.close()
