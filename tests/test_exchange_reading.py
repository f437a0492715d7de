"""Exchange: what the readers make of rows of each format: good, quirky, broken. All rows are of our own making."""

from __future__ import annotations

import gzip
import io
import zipfile
from pathlib import Path
from typing import Any

import msgspec
import pytest

from detente.codebook.load import load_codebook, read_table
from detente.errors import InputError
from detente.exchange import IMPORTS, acled, crosswalk, gdelt, icews, plover, polecat, quads, read_events, ucdp
from detente.exchange.directed import event_maker
from detente.exchange.fold import fold_rows
from detente.exchange.imported import Imported, ImportedEvent, RefusedRow, WithdrawnRow
from detente.exchange.periods import parse_period, period_text
from detente.records import When


def lines(*rows: str, encoding: str = "utf-8") -> io.BytesIO:
    return io.BytesIO("".join(row + "\n" for row in rows).encode(encoding))


def table(columns: tuple[str, ...], *rows: dict[str, str], blank: str = "", separator: str = "\t") -> io.BytesIO:
    cells = [[row.get(column, blank) for column in columns] for row in rows]
    if separator == ",":
        cells = [['"' + cell.replace('"', '""') + '"' for cell in row] for row in cells]
    return lines(separator.join(columns), *(separator.join(row) for row in cells))


def only(found: Any) -> ImportedEvent:
    (event,) = found
    assert isinstance(event, ImportedEvent), event
    return event


def split(found: Any) -> tuple[list[ImportedEvent], list[RefusedRow]]:
    records: list[Imported] = list(found)
    return [r for r in records if isinstance(r, ImportedEvent)], [r for r in records if isinstance(r, RefusedRow)]


# -- ICEWS ----------------------------------------------------------------------------------------------------------------
ICEWS = {
    "Event ID": "7",
    "Event Date": "2019-03-04",
    "Source Name": "Foreign Affairs (Peru)",
    "Source Sectors": "Government,Executive,Foreign Ministry",
    "Source Country": "Peru",
    "Event Text": "Criticize or denounce",
    "CAMEO Code": "111",
    "Intensity": "-2",
    "Target Name": 'The "Front" (Chile)',
    "Target Sectors": "Insurgents,Dissident",
    "Target Country": "Chile",
    "Story ID": "900",
    "Sentence Number": "3",
    "Publisher": "A Paper",
    "City": "Tacna",
    "District": "NA",
    "Province": "Tacna Province",
    "Country": "Peru",
    "Latitude": "-18.0146",
    "Longitude": "-70.2536",
}
MEETING = ICEWS | {"Event Text": "Consult", "CAMEO Code": "040", "Intensity": "1"}


def turned(row: dict[str, str], **changes: str) -> dict[str, str]:
    sides = {f"Source {part}": row[f"Target {part}"] for part in ("Name", "Sectors", "Country")}
    return row | sides | {f"Target {part}": row[f"Source {part}"] for part in ("Name", "Sectors", "Country")} | changes


def read_icews(*rows: dict[str, str]) -> list[Any]:
    return list(icews.read_events(table(icews.COLUMNS, *rows, blank="NA")))


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


# -- GDELT ----------------------------------------------------------------------------------------------------------------
PLACE = ["4", "Kaesong, Hwanghae-bukto, North Korea", "KN", "KN03", "19000", "37.9708", "126.554", "-195277"]


def gdelt_row(row_id: str = "1", *, date: str = "20200616", first: str = "PRKGOV", second: str = "KOR", code: str = "1712", url: str = "https://www.news.example/a") -> list[str]:
    def actor(text: str) -> list[str]:
        return [text, f"NAME {text}" if text else "", text[:3], "", "", "", "", text[3:], "", ""]

    head = [row_id, date, date[:6], date[:4], "2020.4521", *actor(first), *actor(second), "1", code, code[:3], code[:2], "4", "-9.2", "10", "2", "10", "-4.5"]
    return [*head, *PLACE, *([""] * 8), *PLACE, "20200617093000", url]


def read_gdelt(*rows: list[str]) -> list[Any]:
    return list(gdelt.read_events(lines(*("\t".join(row) for row in rows))))


def old_layout(row: list[str], *, url: bool = True) -> list[str]:
    kept = [cell for index, cell in enumerate(row) if index not in (39, 47, 55)]
    return [*kept[:56], "20200617", *([row[60]] if url else [])]


def test_a_gdelt_row_becomes_an_event_in_our_terms() -> None:
    assert len(gdelt_row()) == len(gdelt.COLUMNS) == 61
    event = only(read_gdelt(gdelt_row()))
    assert (event.event_type, event.modes, event.cameo, event.goldstein) == ("ASSAULT", ("destroy",), "1712", -9.2)
    assert [(a.name, a.country, a.sectors) for a in (*event.source, *event.target)] == [("NAME PRKGOV", "PRK", ("GOV",)), ("NAME KOR", "KOR", ("GOV",))]
    assert event.place and (event.place.name, event.place.region, event.place.country, event.place.longitude) == ("Kaesong", "Hwanghae-bukto", "PRK", 126.554)
    row = event.rows[0]
    assert (row.row_id, row.document, row.publisher, row.reported_on) == ("1", "https://www.news.example/a", "news.example", "2020-06-17")


@pytest.mark.parametrize("url", [True, False])
def test_gdelt_1_is_read_by_its_own_columns(url: bool) -> None:
    event = only(read_gdelt(old_layout(gdelt_row(), url=url)))
    assert event.place and (event.place.name, event.place.latitude) == ("Kaesong", 37.9708)
    assert (event.rows[0].reported_on, event.rows[0].document) == ("2020-06-17", "https://www.news.example/a" if url else None)


def test_gdelt_repeats_and_mirrors_are_folded() -> None:
    meeting = gdelt_row("1", code="040")
    mirror, again = gdelt_row("2", first="KOR", second="PRKGOV", code="040"), gdelt_row("3", code="040", url="https://b.example/x")
    event = only(read_gdelt(meeting, mirror, again))
    assert ([row.mirrored for row in event.rows], event.repeats) == ([False, True, False], 1)


def test_gdelt_rows_of_another_place_stay_apart() -> None:
    other = gdelt_row("2")
    other[52] = "Sinuiju, P'yongan-bukto, North Korea"
    assert len(read_gdelt(gdelt_row("1"), other)) == 2


@pytest.mark.parametrize(
    ("code", "country", "sectors"),
    [("ROMMIL", "ROU", ("MIL",)), ("USAMED", "USA", ("JRN",)), ("HLH", None, ("MED",)), ("CHN", "CHN", ("GOV",)), ("NGO", None, ("NGO",)), ("EUR", None, ())],
)
def test_actor_codes_of_cameo_are_countries_and_sectors(code: str, country: str | None, sectors: tuple[str, ...]) -> None:
    row = gdelt_row()
    roles = code if code in ("HLH", "NGO") else code[3:]
    row[5:15] = [code, "X", "" if roles == code else code[:3], "", "", "", "", roles, "", ""]
    event = only(read_gdelt(row))
    assert (event.source[0].country, event.source[0].sectors) == (country, sectors)


def test_known_groups_give_the_sector_and_stay_as_entity() -> None:
    row = gdelt_row()
    row[5:15] = ["UNO", "UNITED NATIONS", "", "UNO", "", "", "", "", "", ""]
    actor = only(read_gdelt(row)).source[0]
    assert (actor.sectors, actor.entity, actor.country) == (("IGO",), "UNO", None)


@pytest.mark.parametrize(
    ("index", "cell"), [(0, "x"), (1, "20201301"), (1, "2020061"), (26, "77"), (30, "-11"), (31, "many"), (34, "sad"), (51, "9"), (56, "95.0"), (59, "20200230000000")]
)
def test_a_bad_cell_of_gdelt_is_refused_with_its_line(index: int, cell: str) -> None:
    bad = gdelt_row("2")
    bad[index] = cell
    events, refused = split(read_gdelt(gdelt_row("1"), bad, gdelt_row("3", date="20200617")))
    assert (len(events), [(row.line, row.column) for row in refused]) == (2, [(2, gdelt.COLUMNS[index])])


def test_a_gdelt_row_of_another_width_is_refused() -> None:
    events, refused = split(read_gdelt(gdelt_row("1"), gdelt_row("2")[:-1], old_layout(gdelt_row("3"))))
    assert (len(events), [row.line for row in refused]) == (1, [2, 3])


# -- POLECAT --------------------------------------------------------------------------------------------------------------
POLECAT = {
    "Event ID": "P1",
    "Event Date": "2021-05-06",
    "Event Type": "COERCE",
    "Event Mode": "arrest",
    "Intensity": "-7.0",
    "Quad Code": "4",
    "Contexts": "['legal', 'human_rights']",
    "Actor Name": "Police of Somewhere",
    "Actor Country": "KEN",
    "Actor COW": "501",
    "Primary Actor Sector": "COP",
    "Actor Sectors": "COP; GOV",
    "Recipient Sectors": "CVL",
    "Placename": "Nakuru",
    "City": "Nakuru",
    "Country": "Kenya",
    "Latitude": "-0.3",
    "Longitude": "36.07",
    "Feature Type": "PPLA",
    "Source": "A Wire",
    "Publication Date": "2021-05-07",
}


def test_a_polecat_row_becomes_an_event() -> None:
    event = only(polecat.read_events(table(polecat.COLUMNS, POLECAT, blank="None")))
    assert (event.event_type, event.modes, event.contexts, event.quad, event.intensity) == ("COERCE", ("arrest",), ("legal", "human_rights"), 4, -7)
    assert [(a.name, a.country, a.sectors) for a in (*event.source, *event.target)] == [("Police of Somewhere", "KEN", ("COP", "GOV")), (None, None, ("CVL",))]
    assert event.place and (event.place.name, event.place.country, event.place.precision) == ("Nakuru", "KEN", "city")
    assert (event.rows[0].publisher, event.rows[0].reported_on, event.licence) == ("A Wire", "2021-05-07", "POLECAT-research-only")


def test_malformed_polecat_lines_are_read_where_they_can_be() -> None:
    cells = [POLECAT.get(column, "None") for column in polecat.COLUMNS]
    header = [*polecat.COLUMNS[:33], "Headline", *polecat.COLUMNS[33:]]
    header[4] = "Event Intensity"
    rows = [
        "\t".join(cells),  # without the additional name's cell
        "\t".join(["P2", "2021-05-08", *cells[2:], "", ""]),  # tabs at the end
        "\t".join(["P3", "2021-05-09", *cells[2:33], "A headline", *cells[33:]]),
        "\t".join(cells[:12]),
        "\t".join(["P5", "2021-05-10", "NONSENSE", *cells[3:]]),
    ]
    events, refused = split(polecat.read_events(lines("\t".join(header), *rows)))
    assert [event.rows[0].publisher for event in events] == ["A Wire"] * 3
    assert [(row.line, row.column) for row in refused] == [(5, "row"), (6, "event type")]


def test_a_polecat_row_in_latin_1_is_read_and_says_so() -> None:
    stream = table(polecat.COLUMNS, POLECAT | {"Actor Name": "Policía"}, blank="None").getvalue().decode().encode("iso-8859-1")
    event = only(polecat.read_events(io.BytesIO(stream)))
    assert (event.source[0].name, event.losses) == ("Policía", ("encoding",))


def test_old_names_of_modes_and_contexts_are_known() -> None:
    event = only(polecat.read_events(table(polecat.COLUMNS, POLECAT | {"Event Mode": "ban", "Contexts": "democracy, humanitarian, odd"}, blank="None")))
    assert (event.modes, event.contexts, event.losses) == (("restrict",), ("pro_democracy", "human_security"), ("context:odd",))


def test_repeated_polecat_rows_are_counted() -> None:
    event = only(polecat.read_events(table(polecat.COLUMNS, POLECAT, POLECAT | {"Event ID": "P2"}, blank="None")))
    assert (event.repeats, [row.row_id for row in event.rows]) == (1, ["P1", "P2"])


# -- ACLED ----------------------------------------------------------------------------------------------------------------
ACLED = {
    "event_id_cnty": "KEN9",
    "event_date": "06 May 2021",
    "year": "2021",
    "time_precision": "1",
    "disorder_type": "Political violence",
    "event_type": "Battles",
    "sub_event_type": "Armed clash",
    "actor1": "Military Forces of Kenya (2013-2022)",
    "assoc_actor_1": "Police Forces of Kenya (2013-2022)",
    "inter1": "State forces",
    "actor2": "Some Front",
    "inter2": "2",
    "iso": "404",
    "region": "Eastern Africa",
    "country": "Kenya",
    "admin1": "Lamu",
    "location": "Kiunga",
    "latitude": "-1.75",
    "longitude": "41.48",
    "geo_precision": "1",
    "source": "Paper A; Paper B",
    "notes": 'On 6 May, a clash, "heavy" it was said.',
    "fatalities": "3",
    "timestamp": "1620700000",
}


def read_acled(*rows: dict[str, str]) -> list[Any]:
    return list(acled.read_events(table(acled.COLUMNS, *rows, separator=",")))


def test_an_acled_row_becomes_an_event_without_direction() -> None:
    assert len(acled.COLUMNS) == 31
    event = only(read_acled(ACLED))
    assert (event.event_type, event.cameo, event.quad, event.directed, event.dead) == ("ASSAULT", "190", 4, False, 3)
    assert [(a.country, a.sectors) for a in event.source] == [("KEN", ("MIL",)), ("KEN", ("COP",))]
    assert [(a.country, a.sectors) for a in event.target] == [(None, ("REB",))]
    assert event.place and (event.place.name, event.place.region, event.place.country) == ("Kiunga", "Lamu", "KEN")
    assert (event.text, event.revised_at) == ('On 6 May, a clash, "heavy" it was said.', 1620700000)
    assert event.licence == "ACLED-EULA" and crosswalk.origins()["acled"]["redistribute"] == "no"


@pytest.mark.parametrize(("precision", "start", "end"), [("1", "2021-05-06", "2021-05-06"), ("2", "2021-05-03", "2021-05-09"), ("3", "2021-05-01", "2021-05-31")])
def test_dates_of_acled_span_what_their_precision_says(precision: str, start: str, end: str) -> None:
    for date in ("06 May 2021", "2021-05-06"):
        found = only(read_acled(ACLED | {"event_date": date, "time_precision": precision})).date
        assert found and (found.start, found.end) == (start, end)


def test_an_update_has_the_id_of_its_event_and_a_later_stamp() -> None:
    first, second = read_acled(ACLED, ACLED | {"fatalities": "5", "timestamp": "1630000000"})
    assert first.event_id == second.event_id and first.revised_at < second.revised_at and second.dead == 5


def test_tombstones_withdraw_events() -> None:
    found = list(acled.read_events(lines("event_id_cnty,deleted_timestamp", "KEN9,1640000000", ",5")))
    assert isinstance(found[0], WithdrawnRow) and isinstance(found[1], RefusedRow)
    assert (found[0].event_id, found[0].withdrawn_at) == (only(read_acled(ACLED)).event_id, 1640000000)


def test_every_sub_event_of_acled_has_a_type_or_none_of_plover() -> None:
    rows = read_table(crosswalk.TABLES / "acled_events.csv")
    assert len(rows) == 25
    for row in rows:
        event = only(read_acled(ACLED | {"event_type": row["event_type"], "sub_event_type": row["sub_event_type"]}))
        assert (event.event_type is None) == ("no-plover-type" in event.losses)


@pytest.mark.parametrize(
    ("column", "cell"), [("event_date", "sometime"), ("time_precision", "9"), ("sub_event_type", "Quarrel"), ("fatalities", "-1"), ("latitude", "north"), ("geo_precision", "")]
)
def test_a_bad_cell_of_acled_is_refused_with_its_line(column: str, cell: str) -> None:
    events, refused = split(read_acled(ACLED | {"notes": "two\nlines"}, ACLED | {"event_id_cnty": "KEN10", column: cell}, ACLED | {"event_id_cnty": "KEN11"}))
    assert (len(events), [(row.line, row.column) for row in refused]) == (2, [(4, column)])


# -- UCDP -----------------------------------------------------------------------------------------------------------------
UCDP = {
    "id": "5",
    "type_of_violence": "1",
    "side_a": "Government of Yemen (North Yemen)",
    "side_b": "Some Group",
    "source_office": "A Wire",
    "source_date": "2015-04-03",
    "source_headline": "Clash reported",
    "where_prec": "1",
    "where_coordinates": "Taizz town",
    "adm_1": "Taizz",
    "latitude": "13.58",
    "longitude": "44.02",
    "country": "Yemen (North Yemen)",
    "country_id": "678",
    "date_prec": "1",
    "date_start": "2015-04-02 00:00:00.000",
    "date_end": "2015-04-02 00:00:00.000",
    "best": "11",
    "high": "15",
    "low": "8",
    "gwnoa": "678",
}


def read_ucdp(*rows: dict[str, str]) -> list[Any]:
    return list(ucdp.read_events(table(ucdp.COLUMNS, *rows, separator=",")))


def test_a_ucdp_row_becomes_an_event() -> None:
    assert len(ucdp.COLUMNS) == 49
    event = only(read_ucdp(UCDP))
    assert [(a.country, a.sectors) for a in (*event.source, *event.target)] == [("YEM", ("GOV",)), (None, ("REB",))]
    assert (event.event_type, event.directed, event.dead, event.date) == ("ASSAULT", False, 11, When("2015-04-02", "2015-04-02", "day"))
    assert event.place and (event.place.name, event.place.country, event.place.region) == ("Taizz town", "YEM", "Taizz")


def test_one_sided_violence_is_done_to_civilians_of_the_country() -> None:
    event = only(read_ucdp(UCDP | {"type_of_violence": "3", "side_b": "Civilians"}))
    assert (event.directed, event.target[0].country, event.target[0].sectors) == (True, "YEM", ("CVL",))


@pytest.mark.parametrize(("column", "cell"), [("type_of_violence", "4"), ("date_end", "2015-04-01"), ("best", "many"), ("where_prec", "0"), ("longitude", "190")])
def test_a_bad_cell_of_ucdp_is_refused_with_its_line(column: str, cell: str) -> None:
    events, refused = split(read_ucdp(UCDP, UCDP | {"id": "6", column: cell}, UCDP | {"id": "7"}))
    assert (len(events), [(row.line, row.column) for row in refused]) == (2, [(3, column)])


# -- PLOVER ---------------------------------------------------------------------------------------------------------------
PLOVER: dict[str, Any] = {
    "id": "w-1",
    "date": "2022-03",
    "actor": [{"code": "BRA", "sector": "GOV", "entity_text": "the ministry", "identifier_id": "Q1", "identifier_text": None}],
    "event": "AID",
    "mode": [],
    "context": ["health"],
    "recipient": [{"code": "IGO", "sector": "", "entity_text": "the agency"}, {"code": "PRY", "sector": ["MED", "CVL"], "entity_text": "hospitals"}],
    "event_loc": {"name": "Asuncion", "country": "PRY", "lat": -25.3, "lon": -57.6},
    "quad_code": 2,
    "event_scale": 10,
    "text": "The ministry sent medicine.",
    "cite_info": {"url": "https://x.example/1", "publisher": "X", "date": "2022-04-01"},
    "size": {"dead": 0, "injured": None, "arrested": 2},
}


def read_plover(*rows: dict[str, Any]) -> list[Any]:
    return list(plover.read_events(lines(*(msgspec.json.encode(row).decode() for row in rows))))


def test_a_plover_line_becomes_an_event() -> None:
    event = only(read_plover(PLOVER))
    assert (event.event_type, event.contexts, event.quad, event.intensity, event.dead) == ("AID", ("health",), 2, 10, 0)
    assert [(a.name, a.country, a.sectors) for a in event.target] == [("the agency", None, ("IGO",)), ("hospitals", "PRY", ("MED", "CVL"))]
    assert (event.date, event.source[0].entity, event.losses) == (When("2022-03-01", "2022-03-31", "month"), "Q1", ("arrested",))
    assert event.place and (event.place.name, event.place.country, event.place.latitude) == ("Asuncion", "PRY", -25.3)


def test_flags_of_plover_are_modality_and_not_modes() -> None:
    event = only(read_plover(PLOVER | {"event": "ASSAULT", "mode": ["aerial", "hypothetical", "historical"]}))
    assert (event.modes, event.modality, event.historical) == (("aerial",), "hypothetical", True)


@pytest.mark.parametrize(
    "change", [{"id": None}, {"event": "DANCE"}, {"date": "soon"}, {"actor": ["x"]}, {"quad_code": 7}, {"size": {"dead": "many"}}, {"event_loc": {"lat": 99}}, {"mode": [1]}]
)
def test_a_bad_line_of_plover_is_refused(change: dict[str, Any]) -> None:
    events, refused = split(read_plover(PLOVER, PLOVER | change, PLOVER | {"id": "w-3"}))
    assert (len(events), [row.line for row in refused]) == (2, [2])


def test_lines_that_are_no_objects_are_refused() -> None:
    assert [row.line for row in split(plover.read_events(lines("[1]", "{", '"x"')))[1]] == [1, 2, 3]


# -- quads ----------------------------------------------------------------------------------------------------------------
def make_quads(folder: Path, *rows: str) -> Path:
    folder.mkdir()
    (folder / "entity2id.txt").write_text("Citizen_(Nigeria)\t0\nPeru\t1\nPolice_(Chile)\t2\nA_Person\t3\n")
    (folder / "relation2id.txt").write_text("Consult\t0\nMake_a_visit\t1\nHost_a_visit\t2\nArrest,_detain,_or_charge_with_legal_action\t3\nDance\t4\n")
    (folder / "train.txt").write_text("".join(row + "\n" for row in rows))
    return folder / "train.txt"


def test_quads_become_events_with_days_and_actors(tmp_path: Path) -> None:
    events, _ = split(quads.read_events(make_quads(tmp_path / "icews14", "2\t3\t0\t48\t-1", "3\t3\t1\t0")))
    assert [(e.date.start, e.event_type, e.modes) for e in events if e.date] == [("2014-01-03", "COERCE", ("arrest",)), ("2014-01-01", "COERCE", ("arrest",))]
    assert [(a.name, a.country, a.sectors) for a in (*events[0].source, *events[0].target)] == [
        ("Police (Chile)", "CHL", ("COP",)),
        ("Citizen (Nigeria)", "NGA", ("CVL",)),
    ]
    assert events[1].losses == ("actor-country", "actor-sector")


def test_quads_mirrored_are_folded_and_times_in_days_are_seen(tmp_path: Path) -> None:
    path = make_quads(tmp_path / "icews18", "1\t0\t2\t1", "2\t0\t1\t1", "1\t2\t2\t5", "2\t1\t1\t5", "1\t0\t2\t1")
    events, _ = split(quads.read_events(path))
    assert [(e.cameo, len(e.rows), e.repeats, e.date and e.date.start) for e in events] == [("040", 3, 1, "2018-01-02"), ("042", 2, 0, "2018-01-06")]
    assert events[1].source[0].name == "Police (Chile)"


def test_bad_quads_are_refused_and_an_unknown_start_is_asked_for(tmp_path: Path) -> None:
    path = make_quads(tmp_path / "other", "9\t0\t1\t0", "1\t4\t2\t0", "1\t0\t2", "1\t0\t2\tx", "1\t0\t2\t24")
    with pytest.raises(InputError, match="first day"):
        list(quads.read_events(path))
    import datetime

    events, refused = split(quads.read_events(path, start=datetime.date(2020, 1, 1)))
    assert ([e.date and e.date.start for e in events], [row.line for row in refused]) == (["2020-01-02"], [1, 2, 3, 4])


# -- all ------------------------------------------------------------------------------------------------------------------
def test_every_format_is_read_by_its_name(tmp_path: Path) -> None:
    assert set(IMPORTS) == {"icews", "gdelt", "polecat", "acled", "ucdp", "plover", "quads", "jsonl", "csv"}
    assert list(read_events("icews", table(icews.COLUMNS, ICEWS))) == read_icews(ICEWS)


@pytest.mark.parametrize("text", ["2020-02-29", "2020-02", "2020", "2020-06-15/2020-06-21", "2020-06-15/2020-07-21"])
def test_partial_dates_come_back_as_they_were(text: str) -> None:
    assert period_text(parse_period(text, "date")) == text


def test_tables_name_only_what_the_codebook_has() -> None:
    countries = {row["code"] for row in read_table(crosswalk.DATA / "actors" / "countries.csv")}
    sectors, types = set(load_codebook().sectors), load_codebook().types
    assert {row["country"] for row in read_table(crosswalk.TABLES / "country_names.csv")} <= countries
    assert set(sectors) == set(crosswalk.SECTOR_ORDER)
    for name, column in (("icews_sectors", "sector"), ("cameo_actors", "sector"), ("acled_actors", "sector"), ("acled_names", "sector"), ("ucdp_violence", "group_sector")):
        assert {row[column] for row in read_table(crosswalk.TABLES / f"{name}.csv")} - {""} <= sectors
    assert {part for row in read_table(crosswalk.TABLES / "icews_roles.csv") for part in row["sectors"].split("|")} <= sectors
    for row in read_table(crosswalk.TABLES / "acled_events.csv"):
        assert not row["type"] or set(filter(None, row["modes"].split("|"))) <= set(types[row["type"]]["modes"])
        assert set(filter(None, row["contexts"].split("|"))) <= load_codebook().contexts
    assert {row["nearest"] for row in read_table(crosswalk.TABLES / "cameo_versions.csv")} <= set(load_codebook().cameo)


def test_the_table_of_country_codes_is_what_its_script_makes(tmp_path: Path) -> None:
    import subprocess
    import sys

    root = Path(__file__).parent.parent
    subprocess.run([sys.executable, root / "tools" / "make_country_codes.py", tmp_path / "made.csv"], check=True)
    assert (tmp_path / "made.csv").read_text() == (crosswalk.TABLES / "country_codes.csv").read_text()
