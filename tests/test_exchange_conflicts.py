"""Exchange: what the readers make of rows of ACLED and UCDP: good, quirky, broken."""

from __future__ import annotations

import pytest

from detente.codebook.load import read_table
from detente.exchange import acled, crosswalk, ucdp
from detente.exchange.imported import RefusedRow, WithdrawnRow
from detente.records import When
from formats import ACLED, UCDP, lines, only, read_acled, read_ucdp, split


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
