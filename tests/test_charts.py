"""Charts: what is drawn, what is refused, that nothing after a day counts, and that the same data give the same chart."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest
from altair.typing import ChartType

from detente.analysis.cycle import cycle_weeks, fit_cycle, name_stage
from detente.analysis.hawkes import Estimate, Excitation, HawkesFit
from detente.analysis.ladder import track_rungs
from detente.analysis.precedents import find_precedents
from detente.analysis.reciprocity import Reciprocity, answer_rates, find_reciprocity
from detente.analysis.series import make_series
from detente.analysis.table import make_table
from detente.charts.ladder import draw_ladder
from detente.charts.map import COUNTRIES, choose_view, draw_map
from detente.charts.marks import make_marks, span_of
from detente.charts.network import count_ties, draw_network, lay_out
from detente.charts.precedents import AFTER_DAYS, draw_precedents, trace_precedents
from detente.charts.reciprocity import draw_reciprocity
from detente.charts.series import draw_cycle, draw_series, period_for
from detente.charts.timeline import draw_timeline
from detente.errors import InputError
from dyads import START, act, day, dyad, random_acts

NAMES = ("Aland", "Bland")
AT = day(220)
PLACED = {"place_name": "Kaesong", "latitude": 37.97, "longitude": 126.55}


def events() -> pl.DataFrame:
    return dyad(random_acts(7, 221))


def ladder(table: pl.DataFrame, *, dark: bool = False) -> ChartType:
    return draw_ladder(track_rungs(table, AT), table, names=NAMES, dark=dark)


def series(table: pl.DataFrame, *, dark: bool = False) -> ChartType:
    volume = pl.DataFrame({"day": [START + datetime.timedelta(days=n) for n in range(221)], "events": [5] * 221})
    made = make_series(table, AT, by="week", kind="quad", volume=volume)
    return draw_series(made, track_rungs(table, AT), names=NAMES, by="week", dark=dark)


def timeline(table: pl.DataFrame, *, dark: bool = False) -> ChartType:
    return draw_timeline(table, names=NAMES, dark=dark)


def cycle(table: pl.DataFrame, *, dark: bool = False) -> ChartType:
    fit = fit_cycle(table, AT)
    return draw_cycle(cycle_weeks(fit), name_stage(fit, AT), names=NAMES, dark=dark)


def reciprocity(table: pl.DataFrame, *, dark: bool = False) -> ChartType:
    return draw_reciprocity(find_reciprocity(table, AT), answer_rates(table, AT), names=NAMES, dark=dark)


def precedents(table: pl.DataFrame, *, dark: bool = False) -> ChartType:
    found = find_precedents(table, names=("A", "B"), at=AT, limit=3)
    return draw_precedents(trace_precedents(table, [(p, table) for p in found.precedents], AT), names=NAMES, dark=dark)


def network(table: pl.DataFrame, *, dark: bool = False) -> ChartType:
    return draw_network(table, dark=dark)


def world(table: pl.DataFrame, *, dark: bool = False) -> ChartType:
    return draw_map(table.with_columns(**{name: pl.lit(value) for name, value in PLACED.items()}), title="A and B", dark=dark)


KINDS: list[Callable[..., ChartType]] = [ladder, series, timeline, cycle, reciprocity, precedents, network, world]


def rows_of(chart: ChartType) -> list[dict[str, Any]]:
    """All rows of data in a chart."""
    return [row for rows in chart.to_dict()["datasets"].values() if isinstance(rows, list | tuple) for row in rows]


def title_of(chart: ChartType) -> str:
    return " ".join(chart.to_dict()["title"]["text"])


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_specification_is_valid_vega_lite_with_a_title(kind: Callable[..., ChartType], dark: bool) -> None:
    spec = kind(events(), dark=dark).to_dict()
    assert spec["title"]["text"][0]
    assert spec["config"]["background"] == ("#14181d" if dark else "#ffffff")


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_events_give_the_same_chart(kind: Callable[..., ChartType]) -> None:
    assert json.dumps(kind(events()).to_dict()) == json.dumps(kind(events()).to_dict())


@pytest.mark.parametrize("kind", KINDS)
def test_a_chart_loads_nothing_from_elsewhere(kind: Callable[..., ChartType]) -> None:
    spec = kind(events()).to_dict()
    spec.pop("$schema")
    text = json.dumps(spec)
    assert "://" not in text
    assert '"url"' not in text


@pytest.mark.parametrize("kind", [ladder, series, timeline, network, world])
def test_no_event_is_refused_in_one_line(kind: Callable[..., ChartType]) -> None:
    with pytest.raises(InputError, match=r"found no event.*; expected at least one") as caught:
        kind(events().head(0))
    assert "\n" not in str(caught.value)


def test_too_few_events_for_a_stage_are_refused() -> None:
    with pytest.raises(InputError, match=r"found 2 events up to .*; expected more to tell a stage by"):
        cycle(dyad([act(1, 1), act(200, 2)]))


def test_too_few_acts_for_a_rate_are_refused() -> None:
    with pytest.raises(InputError, match="seen often enough for a rate"):
        reciprocity(dyad([act(1, 1), act(2, 1, "b")]))


def test_no_precedent_is_refused() -> None:
    with pytest.raises(InputError, match="precedents of Aland and Bland: found none"):
        draw_precedents(trace_precedents(events(), [], AT), names=NAMES)


# -- ladder and timeline -----------------------------------------------------------------------------------------------------
def test_the_title_of_the_ladder_says_where_they_stand() -> None:
    assert title_of(ladder(dyad([act(219, 5)]))) == "Aland and Bland on 8 August 2020: rung 5, force without deaths"


def test_events_after_the_day_are_no_marks_of_the_ladder() -> None:
    table = dyad([act(200, 3), act(300, 6, event_id="after-the-day")])
    assert "after-the-day" not in json.dumps(ladder(table).to_dict())


def test_events_of_one_day_side_and_rung_are_one_mark_that_tells_how_many() -> None:
    table = dyad([act(1, 2, event_id=f"e{n}", text=f"word {n}", reports=n) for n in range(1, 6)] + [act(1, 2, "b")])
    marks = make_marks(table, NAMES)
    assert [(m["side"], m["events"], m["ids"], m["words"]) for m in marks] == [("Aland", 5, "e5, e4, e3 and 2 more", "word 5"), ("Bland", 1, "1:2:b", "")]


def test_a_mark_of_a_long_chart_stands_for_a_week_or_a_month() -> None:
    assert [span_of(day(0), day(n)) for n in (365, 1500, 4000)] == ["1d", "1w", "1mo"]
    table = dyad([act(n, 2, event_id=f"e{n}", reports=1 + (n == 3)) for n in range(10)])
    assert [(m["events"], m["date"]) for m in make_marks(table, NAMES, span="1mo")] == [(10, "4 January 2020")]


def test_days_are_written_as_midnight_of_the_reader() -> None:
    assert make_marks(dyad([act(0, 2)]), NAMES)[0]["day"] == "2020-01-01T00:00:00"


def test_a_timeline_has_a_line_for_each_of_the_last_days_with_the_event_farthest_from_routine() -> None:
    table = dyad([act(n, 1, text="small") for n in range(60)] + [act(59, 5, event_id="big", text="large")])
    lines = [row for row in rows_of(timeline(table)) if "line" in row]
    assert len(lines) == 25
    assert [row["line"] for row in lines if row["date"] == "29 February 2020"] == ["large"]


def test_events_of_a_month_only_are_not_on_the_timeline() -> None:
    with pytest.raises(InputError, match="whose day is known"):
        timeline(dyad([act(1, 2, precision="month")]))


def test_long_words_are_cut() -> None:
    [mark] = make_marks(dyad([act(1, 2, text="word " * 200)]), NAMES)
    assert len(mark["words"]) <= 140
    assert mark["words"].endswith("…")


# -- series and cycle --------------------------------------------------------------------------------------------------------
def test_conflict_is_drawn_upwards_and_cooperation_downwards() -> None:
    rows = [row for row in rows_of(series(events())) if "quad" in row]
    assert {row["quad"] for row in rows if row["high"] > 0} == {"verbal conflict", "material conflict"}
    assert {row["quad"] for row in rows if row["high"] < 0} == {"verbal cooperation", "material cooperation"}


def test_bars_of_a_week_add_up_to_its_events() -> None:
    table = dyad([act(n % 7, rung, event_id=f"e{n}") for n, rung in enumerate([1, 1, 3, 5, 5, -1, -4])])
    bars = [row for row in rows_of(draw_series(make_series(table, day(6), by="month", kind="quad"), track_rungs(table, day(6)), names=NAMES, by="month")) if "quad" in row]
    assert (max(row["high"] for row in bars), min(row["high"] for row in bars)) == (5, -2)


def test_the_corrected_series_stands_beside_the_raw_one_only_where_volume_is_known() -> None:
    table = events()
    raw = draw_series(make_series(table, AT, by="week", kind="quad"), track_rungs(table, AT), names=NAMES, by="week")
    assert len(raw.to_dict()["vconcat"]) == 2
    assert len(series(table).to_dict()["vconcat"]) == 3


def test_many_weeks_are_drawn_as_months() -> None:
    assert period_for(day(0), day(365)) == "week"
    assert period_for(day(0), day(365 * 5)) == "month"


def test_the_stages_of_a_week_fill_it() -> None:
    rows = [row for row in rows_of(cycle(events())) if "stage" in row and row["probability"] > 0.01]
    last = [row for row in rows if row["to"] == max(r["to"] for r in rows)]
    assert sum(row["high"] - row["low"] for row in last) == pytest.approx(1, abs=0.05)


# -- reciprocity -------------------------------------------------------------------------------------------------------------
def test_fitted_excitation_is_drawn_as_it_fades() -> None:
    sure = Estimate(0.4, 0.2, 0.6)
    side = Excitation(50, Estimate(0.1, 0.05, 0.2), sure, Estimate(0.2, 0.1, 0.3), Estimate(2.0, 1.0, 4.0), 0.01, 1.0)
    fit, none = HawkesFit(300, "", side, side, 0.6), HawkesFit(300, "few-events")
    found = find_reciprocity(events(), AT)
    chart = draw_reciprocity(Reciprocity(AT, START, "", fit, none, found.escalations), answer_rates(events(), AT), names=NAMES)
    own = [row["acts"] for row in rows_of(chart) if row.get("curve") == "Aland, after one of its own"]
    assert own[0] == pytest.approx(0.4 * (1 - 0.5**0.5), abs=1e-4)
    assert own[2] == pytest.approx(own[0] / 2, abs=1e-4)


def test_without_a_fit_there_is_no_panel_of_excitation() -> None:
    assert not [row for row in rows_of(reciprocity(dyad(random_acts(3, 120, 0.2)))) if "acts" in row]


# -- precedents --------------------------------------------------------------------------------------------------------------
def test_lines_of_precedents_end_where_their_days_or_the_present_do() -> None:
    table = events()
    found = find_precedents(table, names=("A", "B"), at=AT, limit=3)
    assert found.precedents
    for line in trace_precedents(table, [(p, table) for p in found.precedents], AT):
        assert line.track["day"].max() <= min(AT, line.end + datetime.timedelta(days=AFTER_DAYS))


# -- network -----------------------------------------------------------------------------------------------------------------
def test_places_of_a_network_lie_in_the_square_and_apart() -> None:
    weights = np.array([[0, 9, 1, 0], [9, 0, 0, 2], [1, 0, 0, 1], [0, 2, 1, 0]], dtype=float)
    places = lay_out(weights)
    apart = np.linalg.norm(places[:, None] - places[None], axis=2)[~np.eye(4, dtype=bool)]
    assert np.abs(places).max() == pytest.approx(1)
    assert apart.min() > 0.3


def test_a_network_without_ties_has_its_parties_apart() -> None:
    places = lay_out(np.zeros((3, 3)))
    assert np.isfinite(places).all()
    assert len({tuple(place) for place in places.round(3)}) == 3


def test_ties_are_counted_both_ways_with_their_mean_intensity() -> None:
    ties = count_ties(make_table([{"day": "2020-01-01", "source": s, "target": t, "event_type": k} for s, t, k in [("X", "Y", "AID"), ("Y", "X", "ASSAULT"), ("X", "X", "AID")]]))
    assert ties.select("a", "b", "events", "forth").rows() == [("X", "Y", 2, 1)]


def test_who_is_asked_for_is_in_the_network_however_few_the_events() -> None:
    rows = [{"day": "2020-01-01", "source": f"S{n}", "target": f"S{(n + 1) % 40}", "event_type": "CONSULT"} for n in range(40)] * 3
    rows += [{"day": "2020-01-01", "source": "Few", "target": "S1", "event_type": "CONSULT"}]
    shown = {row["name"] for row in rows_of(draw_network(make_table(rows), about=("Few", "S1"))) if "is_asked" in row}
    assert {"Few", "S1"} <= shown
    assert len(shown) <= 24


# -- map ---------------------------------------------------------------------------------------------------------------------
def test_places_on_both_sides_of_the_date_line_are_near_each_other() -> None:
    view = choose_view(np.array([178.0, -178.0]), np.array([-17.0, -14.0]))
    assert not view.is_world
    assert abs(abs(view.longitude) - 180) < 1


def test_places_all_over_the_world_show_the_whole_of_it() -> None:
    assert choose_view(np.array([-77.0, 2.0, 126.0]), np.array([38.0, 48.0, 37.0])).is_world


def test_one_place_is_shown_with_its_surroundings() -> None:
    view = choose_view(np.array([126.5]), np.array([37.9]))
    assert view.longitude == pytest.approx(126.5)
    assert view.latitude == pytest.approx(37.9, abs=0.01)


def test_events_of_one_place_are_one_circle_by_their_highest_rung() -> None:
    chart = draw_map(dyad([act(1, 1, **PLACED), act(2, 5, **PLACED), act(3, 2)]), title="A and B")
    [place] = [row for row in rows_of(chart) if "lon" in row and "rung" in row and "align" not in row]
    assert (place["place"], place["events"], place["rung_name"]) == ("Kaesong", 2, "5 force without deaths")
    assert "1 more event tells no place" in json.dumps(chart.to_dict())


def test_the_base_layer_is_the_file_that_was_fetched() -> None:
    import hashlib

    assert hashlib.sha256(COUNTRIES.read_bytes()).hexdigest() == "2516c915867c7baf18ddec727aec46c315541a07cfb3d79a6559b05d5e94eee8"
