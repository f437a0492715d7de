"""Exchange: what was written and read again is equal, field by field, for every field that the format has."""

from __future__ import annotations

import datetime
import io
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detente.codebook.load import load_codebook
from detente.exchange import EXPORTS, crosswalk, gdelt, icews, jsonl, plover, polecat, read_events, table, write_events
from detente.exchange.imported import ImportedActor, ImportedEvent, ImportedPlace, OriginRow, RefusedRow, as_event, as_imported
from detente.exchange.periods import period_around
from detente.records import Actor, Event, Evidence, Place, When
from formats import ACLED, ICEWS, MEETING, POLECAT, gdelt_row, read_acled, read_icews, turned
from formats import table as rows_of

CASES = settings(max_examples=150, deadline=None)
CODEBOOK = load_codebook()
MISSING_WORDS = {"NA", "None", ""}
# -- events of any kind ---------------------------------------------------------------------------------------------------
LETTERS = st.characters(codec="utf-8", exclude_categories=["Cs", "Cc", "Zl", "Zp", "Zs"])
WORDS = st.text(LETTERS, min_size=1, max_size=12).filter(lambda text: text.strip() == text and text not in MISSING_WORDS and not text.startswith("["))
NAMES = st.lists(WORDS, min_size=1, max_size=3).map(" ".join)
COUNTRIES = st.sampled_from(sorted(crosswalk.country_column("fips")))
SECTORS = st.lists(st.sampled_from(sorted(CODEBOOK.sectors)), min_size=1, max_size=3, unique=True).map(tuple)
DAYS = st.dates(min_value=datetime.date(1980, 1, 1), max_value=datetime.date(2030, 12, 31))
PERIODS = st.builds(period_around, DAYS, st.sampled_from(["day", "week", "month", "year"]))
DEGREES = st.tuples(st.floats(-90, 90), st.floats(-180, 180))
CODES = sorted(code for code, row in CODEBOOK.cameo.items() if row["type"] and len(code) > 2 and code[:2] != "04")
GOLDSTEIN = st.floats(-10, 10)


@st.composite
def actors(draw: Any) -> Actor:
    name = draw(NAMES)
    return Actor(name, name, draw(st.none() | COUNTRIES), draw(SECTORS))


@st.composite
def places(draw: Any) -> Place:
    north, east = draw(DEGREES)
    return Place(draw(NAMES), draw(COUNTRIES), north, east, draw(st.sampled_from(["city", "region"])))


@st.composite
def events(draw: Any, *, sides: int = 1, days_only: bool = True) -> Event:
    cameo = draw(st.sampled_from(CODES))
    coding = crosswalk.find_coding(cameo)
    when = draw(PERIODS)
    return Event(
        event_id=f"{draw(st.integers(0, 2**64 - 1)):016x}",
        doc_id=draw(WORDS),
        codebook="c",
        event_type=str(coding.event_type),
        modes=coding.modes,
        contexts=coding.contexts,
        quad=coding.quad,
        intensity=float(coding.intensity or 0),
        cameo=cameo,
        goldstein=draw(GOLDSTEIN),
        source=tuple(draw(st.lists(actors(), min_size=1, max_size=sides))),
        target=tuple(draw(st.lists(actors(), min_size=0, max_size=sides))),
        date=period_around(datetime.date.fromisoformat(when.start), "day") if days_only else when,
        place=draw(st.none() | places()),
        said_by=(),
        modality=draw(st.sampled_from(["actual", "future", "hypothetical", "negated"])),
        historical=draw(st.booleans()),
        dead=draw(st.none() | st.integers(0, 10**6)),
        injured=draw(st.none() | st.integers(0, 10**6)),
        evidence=(),
        confidence=draw(st.floats(0, 1)),
        decided_by="rule",
    )


def through(name: str, given: Sequence[Any]) -> list[Any]:
    out = io.BytesIO()
    assert write_events(name, given, out) == len(given)
    out.seek(0)
    found = list(read_events(name, out))
    assert not [record for record in found if isinstance(record, RefusedRow)]
    return found


def sides(event: ImportedEvent, *, ordered: bool = True) -> list[list[tuple[Any, ...]]]:
    """The actors of both sides; where the format's list of sectors has no order, in ours."""
    return [[(a.name, a.country, a.sectors if ordered else crosswalk.in_order(a.sectors)) for a in side] for side in (event.source, event.target)]


def where(place: ImportedPlace | None) -> Any:
    return place and (place.name, place.country, place.latitude, place.longitude, place.precision)


# -- formats of a row a pair ----------------------------------------------------------------------------------------------
@CASES
@given(events())
def test_icews_gives_back_every_field_that_it_has(event: Event) -> None:
    (found,) = through("icews", [event])
    sent = as_imported(event)
    assert (found.date, found.cameo, found.goldstein, found.event_type, found.modes) == (event.date, event.cameo, event.goldstein, event.event_type, event.modes)
    assert sides(found, ordered=False) == sides(sent, ordered=False)
    assert where(found.place) == where(sent.place)
    assert (found.rows[0].document, found.rows[0].row_id.isdigit()) == (event.doc_id, True)


@CASES
@given(events())
def test_gdelt_gives_back_every_field_that_it_has(event: Event) -> None:
    (found,) = through("gdelt", [event])
    sent = as_imported(event)
    assert (found.date, found.cameo, found.goldstein, found.event_type, found.modes) == (event.date, event.cameo, event.goldstein, event.event_type, event.modes)
    assert sides(found) == sides(sent)
    assert where(found.place) == where(sent.place)
    assert found.rows[0].document == event.doc_id


@CASES
@given(events())
def test_polecat_gives_back_every_field_that_it_has(event: Event) -> None:
    (found,) = through("polecat", [event])
    sent = as_imported(event)
    for name in ("event_type", "modes", "contexts", "quad", "intensity", "date", "modality", "historical"):
        assert getattr(found, name) == getattr(sent, name), name
    semicolons = [[(a[0].replace(";", ","), *a[1:]) for a in side] for side in sides(sent)]
    assert sides(found) == semicolons
    assert where(found.place) == where(sent.place)
    assert found.rows[0].row_id == event.event_id


@CASES
@given(events(sides=3, days_only=False))
def test_plover_gives_back_every_field_that_it_has(event: Event) -> None:
    (found,) = through("plover", [event])
    sent = as_imported(event)
    for name in ("event_id", "event_type", "modes", "contexts", "quad", "intensity", "date", "dead", "injured", "text", "modality", "historical", "source", "target", "place"):
        assert getattr(found, name) == getattr(sent, name), name
    assert found.rows[0].document == event.doc_id


@CASES
@given(events(sides=3, days_only=False))
def test_our_own_formats_give_back_every_field(event: Event) -> None:
    assert through("jsonl", [event]) == [event]
    rounded = [msgspec.structs.replace(found, date=event.date) for found in through("csv", [event])]
    assert rounded == [event] == through("parquet", [event])
    imported = as_imported(event)
    assert through("jsonl", [imported]) == [imported]


ODD = Event(
    event_id="0a",
    doc_id="'=1|2",
    codebook="c",
    event_type="ASSAULT",
    modes=("beat", "destroy"),
    contexts=(),
    quad=4,
    intensity=-8.5,
    cameo="182",
    goldstein=None,
    source=(Actor("a|b\\", "a|b\\", None, (), "e|"), Actor("", "", "PRK", ("GOV", "MIL"))),
    target=(),
    date=When("2020-01-01", "2020-12-31", "year", "=in 2020"),
    place=Place("+x", None, None, None, "sea"),
    said_by=(Actor("-y", "-y", None, ()),),
    modality="actual",
    historical=True,
    dead=0,
    injured=None,
    evidence=(Evidence((3, 9), '"quoted", it\nsaid', (3, 3), "r.x"),),
    confidence=0.1,
    decided_by="rule",
)


@pytest.mark.parametrize("name", ["csv", "parquet", "jsonl"])
def test_separators_and_formulas_in_names_come_back(name: str) -> None:
    assert through(name, [ODD]) == [ODD]


# -- imported, exported, imported again -----------------------------------------------------------------------------------
def bare(event: ImportedEvent) -> ImportedEvent:
    """Without line numbers, rows in the order of their ids."""
    return msgspec.structs.replace(event, rows=tuple(sorted((msgspec.structs.replace(row, line=0) for row in event.rows), key=lambda row: row.row_id)))


def test_icews_rows_come_back_as_they_were_mirrors_and_repeats_too() -> None:
    hosting = turned(MEETING, **{"CAMEO Code": "043", "Event ID": "12", "Intensity": "2.8", "Event Text": "Host a visit"})
    rows = [ICEWS, ICEWS | {"Event ID": "9", "City": "NA", "Story ID": "901"}, MEETING | {"Event ID": "10"}, turned(MEETING, **{"Event ID": "11"}), hosting]
    first = read_icews(*rows)
    out = io.BytesIO()
    icews.write_events(first, out)
    assert sorted(out.getvalue().decode().splitlines()[1:]) == sorted("\t".join(row[column] for column in icews.COLUMNS) for row in rows)
    out.seek(0)
    assert [bare(event) for event in icews.read_events(out)] == [bare(event) for event in first]


def test_all_61_columns_of_gdelt_come_back_as_they_were() -> None:
    rows = [gdelt_row("1"), gdelt_row("2", code="040"), gdelt_row("3", code="040", first="KOR", second="PRKGOV"), gdelt_row("4", url="https://b.example/")]
    rows[1][30] = rows[2][30] = "1.0"
    rows[1][29] = rows[2][29] = "1"
    text = "".join("\t".join(row) + "\n" for row in rows)
    first = list(gdelt.read_events(io.BytesIO(text.encode())))
    assert sorted(gdelt.encode_events([e for e in first if isinstance(e, ImportedEvent)]).decode().splitlines()) == sorted(text.splitlines())


def test_gdelt_1_goes_out_as_gdelt_2_and_comes_back_equal() -> None:
    from formats import old_layout, read_gdelt

    first = read_gdelt(old_layout(gdelt_row("1")))
    again = list(gdelt.read_events(io.BytesIO(gdelt.encode_events(first))))
    assert isinstance(again[0], ImportedEvent)
    assert (again[0].source, again[0].cameo, again[0].date, where(again[0].place)) == (first[0].source, first[0].cameo, first[0].date, where(first[0].place))


def test_polecat_rows_come_back() -> None:
    extra = {"Actor Title": "chief", "Story People": "A; B", "Language": "en", "Recipient Country": "KEN", "Recipient Name": "The People"}
    first = list(polecat.read_events(rows_of(polecat.COLUMNS, POLECAT | extra, POLECAT | {"Event ID": "P2"} | extra, blank="None")))
    again = list(polecat.read_events(io.BytesIO(polecat.HEADER + polecat.encode_events(e for e in first if isinstance(e, ImportedEvent)))))
    assert [bare(event) for event in again if isinstance(event, ImportedEvent)] == [bare(event) for event in first if isinstance(event, ImportedEvent)]
    assert len(first) == 1


@pytest.mark.parametrize("name", [*EXPORTS, "parquet"])
def test_events_of_every_origin_go_out_in_every_format(name: str) -> None:
    given_events = [*read_icews(ICEWS, MEETING, turned(MEETING, **{"Event ID": "8"})), *read_acled(ACLED)]
    found = through(name, given_events)
    assert len(found) == (4 if name in ("icews", "gdelt", "polecat") else 3)  # two Kenyan actors against one make two rows
    assert all(isinstance(record, Event | ImportedEvent) for record in found)


def test_statements_that_plover_has_no_type_for_are_left_out_of_its_formats() -> None:
    (event,) = read_icews(ICEWS | {"CAMEO Code": "010", "Intensity": "0"})
    assert plover.encode_events([event]) == polecat.encode_events([event]) == b""


def test_an_imported_event_has_the_shape_of_a_coded_one_for_tables(tmp_path: Path) -> None:
    (event,) = read_icews(ICEWS)
    assert table.write_parquet([event], tmp_path / "e.parquet") == 1
    (found,) = table.read_parquet(tmp_path / "e.parquet")
    assert isinstance(found, Event) and (found.decided_by, found.doc_id, found.cameo) == ("icews", "900", "111")
    assert as_event(found) is found and math.isclose(found.goldstein or 0, -2)


def test_broken_lines_of_our_own_formats_are_refused_and_the_rest_goes_on() -> None:
    good = jsonl.encode_events([ODD])
    found = list(jsonl.read_events(io.BytesIO(good + b'{"event_id": 3}\nno\n' + good)))
    assert [record.line for record in found if isinstance(record, RefusedRow)] == [2, 3] and len(found) == 4
    rows = table.HEADER + table.encode_events([ODD]) + table.encode_events([ODD]).replace(b"-8.5", b"bad") + b"a,b\r\n" + table.encode_events([ODD])
    found_rows = list(table.read_events(io.BytesIO(rows)))
    assert [record.line for record in found_rows if isinstance(record, RefusedRow)] == [4, 6] and len(found_rows) == 4


def test_rows_and_actors_carry_no_state_of_their_reader() -> None:
    row = OriginRow("1", 1, place=ImportedPlace("x", None, None, None, "city"))
    assert msgspec.json.decode(msgspec.json.encode(row), type=OriginRow) == row
    assert msgspec.structs.replace(ImportedActor("x", None, ()), country="PRK").country == "PRK"
