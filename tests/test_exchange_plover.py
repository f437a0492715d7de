"""Exchange: what the readers make of POLECAT and of PLOVER lines: good, quirky, broken."""

from __future__ import annotations

import io
from typing import Any

import pytest

from detente.exchange import plover, polecat
from detente.records import When
from formats import PLOVER, POLECAT, lines, only, read_plover, split, table


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
