"""Exchange: what the reader makes of rows of GDELT: good, quirky, broken."""

from __future__ import annotations

import pytest

from detente.exchange import gdelt
from formats import gdelt_row, old_layout, only, read_gdelt, split


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
