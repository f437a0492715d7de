"""Exchange: what the formats hold of an event."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import msgspec
import pytest

from detente.exchange import icews, jsonl, petrarch, table
from detente.records import Actor, Event, Evidence, Place, When

NORTH = Actor("North Korea", "North Korea", "PRK", ("GOV", "MIL"), None, (0, 11))
SOUTH = Actor("Seoul", "South Korea", "KOR", ("GOV",))
GROUP = Actor("the militants", "Some Front", None, ("REB",))
EVENT = Event(
    event_id="00ff00ff00ff00ff",
    doc_id="report\t1",
    codebook="plover-2.0/detente-0.1",
    event_type="ASSAULT",
    modes=("destroy", "explosives"),
    contexts=("diplomatic",),
    quad=4,
    intensity=-8.5,
    cameo="1712",
    goldstein=-9.2,
    source=(NORTH,),
    target=(SOUTH, GROUP),
    date=When("2020-06-16", "2020-06-16", "day", "on Tuesday", (30, 40)),
    place=Place("Kaesong", "PRK", 37.97, 126.55, "city"),
    said_by=(SOUTH,),
    modality="actual",
    historical=False,
    dead=None,
    injured=2,
    evidence=(Evidence((0, 40), '=cmd("x"), it said', (12, 20), "assault.blow-up"),),
    confidence=0.94,
    decided_by="rule",
)
BARE = msgspec.structs.replace(EVENT, event_id="0a", source=(), target=(), date=None, place=None, said_by=(), evidence=(), goldstein=None)


def test_json_lines_give_the_event_back(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    assert jsonl.write_events([EVENT, BARE], path) == 2
    assert [msgspec.json.decode(line, type=Event) for line in path.read_bytes().splitlines()] == [EVENT, BARE]


def test_json_lines_have_the_fields_of_the_design() -> None:
    row = msgspec.json.decode(jsonl.encode_events([EVENT]))
    assert row["source"] == [{"text": "North Korea", "name": "North Korea", "country": "PRK", "sectors": ["GOV", "MIL"], "entity": None, "span": [0, 11]}]
    assert row["date"] == {"start": "2020-06-16", "end": "2020-06-16", "precision": "day", "text": "on Tuesday", "span": [30, 40]}
    assert (row["dead"], row["injured"], row["historical"]) == (None, 2, False)


def test_csv_has_a_row_an_event_with_all_columns() -> None:
    out = io.BytesIO()
    table.write_events([EVENT, BARE], out)
    rows = list(csv.DictReader(io.StringIO(out.getvalue().decode(), newline="")))
    assert list(rows[0]) == [name for name, _ in table.COLUMNS]
    assert rows[0]["target_names"] == "South Korea|Some Front"
    assert rows[0]["target_countries"] == "KOR|"
    assert rows[0]["source_sectors"] == "GOV+MIL"
    assert rows[0]["intensity"] == "-8.5"
    assert rows[1]["date_start"] == ""


def test_csv_never_hands_a_formula_to_a_spreadsheet() -> None:
    rows = list(csv.reader(io.StringIO(table.encode_events([EVENT]).decode(), newline="")))
    assert """'=cmd("x"), it said""" in rows[0]


def test_parquet_holds_the_same_columns_typed(tmp_path: Path) -> None:
    import pyarrow.parquet

    path = tmp_path / "events.parquet"
    assert table.write_parquet(iter([EVENT, BARE]), path) == 2
    found = pyarrow.parquet.read_table(path)
    assert found.column_names == [name for name, _ in table.COLUMNS]
    first = found.to_pylist()[0]
    assert (first["date_start"].isoformat(), first["injured"], first["dead"], first["historical"]) == ("2020-06-16", 2, None, False)


def test_an_empty_parquet_file_has_its_columns(tmp_path: Path) -> None:
    import pyarrow.parquet

    assert table.write_parquet([], tmp_path / "none.parquet") == 0
    assert pyarrow.parquet.read_table(tmp_path / "none.parquet").num_rows == 0


def test_icews_has_twenty_columns_and_a_row_for_each_pair() -> None:
    out = io.BytesIO()
    icews.write_events([EVENT, BARE], out, publishers={"report\t1": "Wire"})
    lines = [line.split("\t") for line in out.getvalue().decode().splitlines()]
    assert lines[0] == list(icews.COLUMNS)
    assert {len(line) for line in lines} == {20}
    first, second, bare = (dict(zip(lines[0], line, strict=True)) for line in lines[1:])
    assert (first["Source Name"], first["Source Sectors"], first["Source Country"]) == ("North Korea", "Executive,Military", "North Korea")
    assert (first["Target Country"], second["Target Name"], second["Target Country"]) == ("South Korea", "Some Front", "NA")
    assert (first["CAMEO Code"], first["Intensity"], first["Event Date"], first["Story ID"]) == ("1712", "-9.2", "2020-06-16", "report 1")
    assert (first["City"], first["Country"], first["Latitude"], first["Publisher"]) == ("Kaesong", "North Korea", "37.97", "Wire")
    assert first["Event ID"] != second["Event ID"]
    assert int(first["Event ID"]) < 2**53
    assert (bare["Event Date"], bare["Source Name"], bare["Target Name"], bare["Intensity"]) == ("NA", "NA", "NA", "NA")


DICTIONARY = """\
; actors of a test
JANE_ROE_ [USAELI <930120]   # before office
+SENATOR_ROE_
    [USAGOV 930120-20010120]
    [USAELI >20010120]
LI_TEST-NAME [CHNMIL]
SOME_FRONT_OF_NOWHERE_ [---REB]
UNO_ [IGOUNO]
"""
COUNTRIES = frozenset({"USA", "CHN"})


def test_an_actor_dictionary_gives_rows_with_dates_and_synonyms() -> None:
    rows = list(petrarch.read_dictionary(DICTIONARY.splitlines(), COUNTRIES))
    assert rows[:3] == [
        petrarch.ActorRow("Jane Roe", "Senator Roe", "USA", "ELI", "", "", "1993-01-20"),
        petrarch.ActorRow("Jane Roe", "Senator Roe", "USA", "GOV", "", "1993-01-20", "2001-01-20"),
        petrarch.ActorRow("Jane Roe", "Senator Roe", "USA", "ELI", "", "2001-01-20", ""),
    ]
    assert rows[3] == petrarch.ActorRow("Li Test-Name", "Li Test-name", "CHN", "MIL", "", "", "")
    assert rows[4] == petrarch.ActorRow("Some Front of Nowhere", "", "", "REB", "", "", "")
    assert rows[5] == petrarch.ActorRow("Uno", "UNO", "", "IGO", "", "", "")


def test_an_agent_dictionary_gives_roles_without_a_country() -> None:
    rows = list(petrarch.read_dictionary(["MINISTER_ {MINISTERS_} [~GOV]"], COUNTRIES))
    assert rows == [petrarch.ActorRow("minister", "ministers", "", "GOV", petrarch.AGENT_ROLE, "", "")]


@pytest.mark.parametrize(("line", "number"), [("X_ [QQQ]", 1), ("X_ [USAGOV 991399]", 1), ("X_ [USAGOV", 1)])
def test_a_line_that_is_not_understood_is_named(line: str, number: int) -> None:
    faults = [found for found in petrarch.read_dictionary([line], COUNTRIES) if isinstance(found, petrarch.Fault)]
    assert [fault.line for fault in faults] == [number]
    assert "expected" in faults[0].message
