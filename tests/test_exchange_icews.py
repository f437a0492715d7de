"""Exchange: what the reader makes of rows of ICEWS: good, quirky, broken. All rows are of our own making."""

from __future__ import annotations

import gzip
import io
import zipfile
from pathlib import Path

import pytest

from detente.errors import InputError
from detente.exchange import crosswalk, icews
from detente.exchange.directed import event_maker
from detente.exchange.fold import fold_rows
from detente.records import When
from formats import ICEWS, MEETING, only, read_icews, split, table, turned


def test_an_icews_row_becomes_an_event_in_our_terms() -> None:
    event = only(read_icews(ICEWS))
    assert (event.event_type, event.modes, event.quad, event.intensity, event.cameo, event.goldstein) == ("ACCUSE", ("disapprove",), 3, -2, "111", -2)
    assert [(a.name, a.country, a.sectors) for a in event.source] == [("Foreign Affairs (Peru)", "PER", ("GOV",))]
    assert [(a.name, a.country, a.sectors) for a in event.target] == [('The "Front" (Chile)', "CHL", ("REB",))]
    assert event.date == When("2019-03-04", "2019-03-04", "day")
    assert event.place and (event.place.name, event.place.country, event.place.latitude, event.place.precision) == ("Tacna", "PER", -18.0146, "city")
    assert (event.rows[0].row_id, event.rows[0].line, event.rows[0].document, event.rows[0].sentence, event.rows[0].publisher) == ("7", 2, "900", 3, "A Paper")
    assert (event.origin, event.repeats, event.losses) == ("icews", 0, ())


def test_a_state_named_without_a_sector_is_its_government() -> None:
    event = only(read_icews(ICEWS | {"Source Name": "Peru", "Source Sectors": "NA"}))
    assert event.source[0].sectors == ("GOV",)


def test_a_meeting_and_its_mirror_are_one_consultation_of_both() -> None:
    event = only(read_icews(MEETING, turned(MEETING, **{"Event ID": "8"})))
    assert (event.event_type, event.repeats) == ("CONSULT", 0)
    assert [(row.row_id, row.mirrored) for row in event.rows] == [("7", False), ("8", True)]
    assert (event.source[0].country, event.target[0].country) == ("PER", "CHL")


@pytest.mark.parametrize("visit_first", [True, False])
def test_a_visit_and_its_hosting_are_one_visit_by_the_visitor(visit_first: bool) -> None:
    visit = MEETING | {"CAMEO Code": "042", "Intensity": "1.9"}
    hosting = turned(visit, **{"CAMEO Code": "043", "Intensity": "2.8", "Event ID": "8"})
    event = only(read_icews(*((visit, hosting) if visit_first else (hosting, visit))))
    assert (event.cameo, event.goldstein, event.modes, event.source[0].country) == ("042", 1.9, ("visit",), "PER")
    assert sorted((row.row_id, row.mirrored) for row in event.rows) == [("7", False), ("8", True)]


def test_meetings_of_other_days_or_codes_stay_apart() -> None:
    rows = MEETING, turned(MEETING, **{"Event Date": "2019-03-05"}), turned(MEETING, **{"CAMEO Code": "041"})
    assert len(read_icews(*rows)) == 3


def test_exact_repeats_are_one_event_with_all_their_rows() -> None:
    event = only(read_icews(ICEWS, ICEWS | {"Event ID": "9", "Story ID": "901", "City": "NA"}, ICEWS | {"Event ID": "10", "Story ID": "902"}))
    assert event.repeats == 2
    assert [row.document for row in event.rows] == ["900", "901", "902"]
    assert event.rows[1].place and event.rows[1].place.name == "Tacna Province"


def test_an_event_has_the_same_id_whichever_of_its_rows_is_read() -> None:
    first, mirror = MEETING, turned(MEETING, **{"Event ID": "8"})
    ids = {only(read_icews(*rows)).event_id for rows in ((first,), (mirror,), (first, mirror), (mirror, first))}
    assert len(ids) == 1


def test_both_styles_of_dates_are_the_same_day() -> None:
    assert only(read_icews(ICEWS | {"Event Date": "3/4/2019"})).date == When("2019-03-04", "2019-03-04", "day")


@pytest.mark.parametrize(
    ("column", "cell", "expected"),
    [
        ("Event Date", "2019-02-30", "m/d/yyyy"),
        ("Event Date", "13/1/2019", "YYYY-MM-DD"),
        ("CAMEO Code", "999", "CAMEO code"),
        ("CAMEO Code", "---", "CAMEO code"),
        ("Intensity", "strong", "-10 to 10"),
        ("Intensity", "nan", "-10 to 10"),
        ("Latitude", "91", "-90 to 90"),
        ("Longitude", "east", "-180 to 180"),
        ("Sentence Number", "3rd", "whole number"),
        ("Event ID", "NA", "a number"),
    ],
)
def test_a_bad_cell_of_icews_is_refused_with_its_line_and_the_rest_goes_on(column: str, cell: str, expected: str) -> None:
    events, refused = split(read_icews(ICEWS, ICEWS | {column: cell}, ICEWS | {"Event Date": "2019-03-09"}))
    assert len(events) == 2
    assert [(row.line, row.column) for row in refused] == [(3, column)]
    assert cell in refused[0].found and expected in refused[0].expected and str(refused[0]).startswith("line 3: ")


def test_rows_of_another_width_and_other_encodings_are_refused() -> None:
    good = "\t".join(ICEWS[column] for column in icews.COLUMNS)
    stream = io.BytesIO(b"\xef\xbb\xbf" + "\t".join(icews.COLUMNS).encode() + b"\r\n" + good.encode() + b"\r\n\r\n" + b"a\tb\n" + good.encode("utf-8")[:-3] + b"\xff\xfe3\n")
    events, refused = split(icews.read_events(stream))
    assert [len(events), [row.line for row in refused]] == [1, [4, 5]]
    assert "2 cells" in refused[0].found and "UTF-8" in refused[1].expected


def test_a_file_of_another_kind_is_an_input_error(tmp_path: Path) -> None:
    (tmp_path / "x.tab").write_text("a\tb\n1\t2\n")
    with pytest.raises(InputError, match="Event ID"):
        list(icews.read_events(tmp_path / "x.tab"))
    with pytest.raises(InputError, match="cannot be read"):
        list(icews.read_events(tmp_path / "none.tab"))


def test_packed_files_are_unpacked(tmp_path: Path) -> None:
    raw = table(icews.COLUMNS, ICEWS).getvalue()
    (tmp_path / "e.tab.gz").write_bytes(gzip.compress(raw))
    with zipfile.ZipFile(tmp_path / "e.zip", "w") as archive:
        archive.writestr("e.tab", raw)
    assert list(icews.read_events(tmp_path / "e.tab.gz")) == list(icews.read_events(tmp_path / "e.zip")) == read_icews(ICEWS)


def test_unknown_countries_and_sectors_are_noted_as_lost() -> None:
    event = only(read_icews(ICEWS | {"Source Country": "Atlantis", "Source Sectors": "Mermaids,Police"}))
    assert (event.source[0].country, event.source[0].sectors) == (None, ("COP",))
    assert event.losses == ("sector:Mermaids", "country:Atlantis")


def test_what_plover_does_not_count_has_no_type_and_says_so() -> None:
    event = only(read_icews(ICEWS | {"CAMEO Code": "010", "Intensity": "0"}))
    assert (event.event_type, event.quad, event.intensity, event.losses) == (None, 1, None, ("no-plover-type",))


@pytest.mark.parametrize(("cell", "code", "like"), [("40", "040", "040"), ("1834", "1834", "183"), ("155", "155", "154"), ("1951", "1951", "195"), ("1459", "1459", "145")])
def test_codes_of_other_cameo_versions_count_as_the_nearest(cell: str, code: str, like: str) -> None:
    found, known = crosswalk.find_coding(cell), crosswalk.find_coding(like)
    assert (found.cameo, found.event_type, found.modes, found.goldstein) == (code, known.event_type, known.modes, known.goldstein)
    assert found.losses


def test_events_come_out_when_too_many_wait_and_late_repeats_keep_the_id() -> None:
    rows = [ICEWS | {"Event ID": str(day), "Event Date": f"2019-03-{day:02}"} for day in (1, 2, 3, 4, 1)]
    parsed = icews.parse_rows("x", iter(list(enumerate(table(icews.COLUMNS, *rows).getvalue().splitlines(), 1))))
    events, _ = split(fold_rows(parsed, event_maker(icews.ORIGIN), open_events=2))
    assert [len(event.rows) for event in events] == [1] * 5
    assert events[0].event_id == next(e for e in events if e.rows[0].row_id == "1" and e is not events[0]).event_id
