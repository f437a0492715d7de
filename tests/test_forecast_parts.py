"""The parts of a forecast by hand: what is kept, what was known, crises, sums of intensity, drivers."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from detente.errors import InputError
from detente.forecasting import dyad_states, flat_events, intensity, keeping
from detente.forecasting.drivers import CALENDAR, OWN_RATE, WORLD, group_feature, say_group
from detente.forecasting.dyad_events import choose_dyads
from detente.forecasting.dyad_features import add_rates, fade, make_columns, make_features, past_rate
from detente.forecasting.dyad_model import Calibration
from detente.forecasting.dyad_states import COOLING, ONSET, States, ask
from detente.forecasting.dyad_targets import CONFLICT
from detente.forecasting.dyad_training import are_enough, find_model_day, find_stride
from detente.store.flat import mark_state, read_flat_rows
from detente.store.importing import Imported, import_events
from detente.store.schema import open_store, reading, writing
from detente.store.write import add_report
from stores import event, report
from test_forecast_dyads import DAYS, SCORE, made_up, make_events


# -- what is kept -------------------------------------------------------------------------------------------------------------
def test_a_value_comes_back_as_it_was_kept(tmp_path: Path) -> None:
    value = {"calibration": Calibration("isotonic", xs=np.array([0.5, 1.5])), "list": [1, None, "Ø", 2.5], "empty": np.zeros((0, 3), dtype=np.int8)}
    keeping.keep_bytes(tmp_path / "a" / "b.model", keeping.pack_value(value))
    found = keeping.recall_value(tmp_path / "a" / "b.model")
    assert found["list"] == value["list"] and found["empty"].shape == (0, 3)
    assert isinstance(found["calibration"], Calibration) and found["calibration"].xs.tolist() == [0.5, 1.5]
    assert [file.name for file in (tmp_path / "a").iterdir()] == ["b.model"]


@pytest.mark.parametrize("raw", [b"", b"\x05", b"\xff" * 40, b"\x02\x00\x00\x00\x00\x00\x00\x00{]"])
def test_a_file_that_is_no_value_is_none(tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "x.model").write_bytes(raw)
    assert keeping.recall_value(tmp_path / "x.model") is None


def test_only_the_files_used_last_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    monkeypatch.setattr(keeping, "MOST_FILES", 2)
    for n in range(4):
        (tmp_path / f"{n}.model").write_bytes(b"x")
        os.utime(tmp_path / f"{n}.model", (n, n))
    keeping.prune(tmp_path)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["2.model", "3.model"]


# -- what was known -----------------------------------------------------------------------------------------------------------
def test_the_mark_of_a_store_changes_when_it_is_written_to_and_not_when_it_is_read(tmp_path: Path) -> None:
    store = open_store(tmp_path / "a.db")
    before = mark_state(store)
    with reading(store) as connection:
        connection.exec_driver_sql("SELECT count(*) FROM events")
    store.close()
    store = open_store(tmp_path / "a.db")
    assert mark_state(store)[1] == mark_state(store)[1]
    add_report(store, report(event(), doc_id="one"))
    assert mark_state(store) != before
    store.close()


def test_bookkeeping_leaves_the_mark_of_a_store(tmp_path: Path) -> None:
    store = open_store(tmp_path / "a.db")
    add_report(store, report(event(), doc_id="one"))
    before = mark_state(store)
    with writing(store, counter=None) as connection:
        connection.exec_driver_sql("CREATE TABLE notes (text TEXT)")
    assert mark_state(store) == before
    store.close()


def test_another_store_in_its_place_has_another_mark(tmp_path: Path) -> None:
    marks = []
    for text in ("one", "two"):
        (tmp_path / "a.db").unlink(missing_ok=True)
        store = open_store(tmp_path / "a.db")
        add_report(store, report(event(text=f"shelled {text}"), doc_id=text))
        store.close()
        store = open_store(tmp_path / "a.db")
        marks.append(mark_state(store))
        store.close()
    assert marks[0][0] == marks[1][0] and marks[0][1] != marks[1][1]


def test_on_postgresql_bookkeeping_leaves_the_mark_and_a_report_changes_it(postgres: Callable[[], str]) -> None:
    store = open_store(postgres())
    add_report(store, report(event(), doc_id="one"))
    before = mark_state(store)
    with writing(store, counter=None) as connection:
        connection.exec_driver_sql("CREATE TABLE notes (text TEXT)")
    assert mark_state(store) == before
    add_report(store, report(event("AID", text="sent aid"), doc_id="two"))
    assert mark_state(store) != before
    store.close()


def test_events_can_be_those_of_one_origin_alone(tmp_path: Path) -> None:
    store = open_store(tmp_path / "a.db")
    add_report(store, report(event(), doc_id="one"))
    rows = [Imported("e1", 1, event("AID", "PRK", "KOR", "2020-06-17", "sent aid"), "sent aid")]
    import_events(store, rows, origin="icews", location="test", codebook="plover-2.0/test", licence="none", may_be_passed_on=False)
    flat = flat_events.flatten(*read_flat_rows(store))
    store.close()
    assert sorted(flat.coders) == ["detente", "icews"]
    assert [len(flat_events.take_origins(flat, chosen).numbers) for chosen in ((), ("icews",), ("icews", "detente"))] == [2, 1, 2]
    with pytest.raises(InputError, match="--origin: found gdelt; expected one that coded events of the store: detente, icews"):
        flat_events.take_origins(flat, ["gdelt"])


def test_an_event_is_known_from_the_day_it_is_told_of_and_as_it_then_stood(tmp_path: Path) -> None:
    store = open_store(tmp_path / "a.db")
    add_report(store, report(event(dead=None), doc_id="one", published_on="2020-06-18"))
    later = report(event(dead=4), doc_id="two", published_on="2020-06-22")
    assert add_report(store, later).joined == 1
    flat = flat_events.flatten(*read_flat_rows(store))
    since = datetime.date(2020, 6, 1)
    known = {day: flat_events.know_events(flat, store, datetime.date(2020, 6, day), since) for day in (17, 18, 22)}
    assert [len(known[day].numbers) for day in (17, 18, 22)] == [0, 1, 1]
    assert [known[day].dead.tolist() for day in (18, 22)] == [[flat_events.UNCOUNTED], [4]]
    assert known[18].events.days.tolist() == [15] and known[18].events.countries == ("KOR", "PRK")
    assert [flat_events.know_pairs(flat, store, datetime.date(2020, 6, day)).rungs.tolist() for day in (17, 18, 22)] == [[], [5], [6]]
    store.close()


def test_background_and_what_is_known_to_the_month_only_do_not_count(tmp_path: Path) -> None:
    store = open_store(tmp_path / "a.db")
    told = [event(historical=True), event("THREATEN", precision="month", text="threatened much"), event("CONSULT", target="/REB", text="met rebels")]
    add_report(store, report(*told, doc_id="one", published_on="2020-06-18"))
    flat = flat_events.flatten(*read_flat_rows(store))
    assert len(flat.numbers) == 3
    assert len(flat_events.know_events(flat, store, datetime.date(2020, 7, 1), datetime.date(2020, 6, 1)).numbers) == 0
    store.close()


# -- training -----------------------------------------------------------------------------------------------------------------
def test_all_days_of_a_month_share_its_first() -> None:
    assert {find_model_day(datetime.date(2020, 6, day)) for day in (1, 16, 30)} == {datetime.date(2020, 6, 1)}


def test_a_stride_is_never_a_week() -> None:
    assert [find_stride(200, 100 * days, 20_000) for days in (1, 3, 7, 14)] == [1, 3, 8, 15]


def test_windows_that_overlap_count_once() -> None:
    answers = np.zeros((1, 700), dtype=bool)
    answers[0, :60] = True
    assert are_enough(answers, 1) and not are_enough(answers, 30)


def test_a_pair_alone_has_the_features_that_it_has_among_all() -> None:
    events = make_events(made_up())
    dyads = choose_dyads(events, SCORE, 12, directed=True)
    among = make_features(events, dyads, CONFLICT, 7, DAYS, directed=True)
    overall = past_rate(among.counts, 7)[0]
    alone = add_rates(make_columns(events, dyads[[5]], CONFLICT, DAYS, directed=True), 7, overall)
    assert alone.names == among.names
    assert np.allclose(alone.values[0], among.values[5], rtol=1e-5, atol=1e-6)


def test_fading_over_more_days_than_a_block_is_what_is_left_of_each() -> None:
    counts = np.random.default_rng(1).integers(0, 3, size=(2, 150)).astype(float)
    by_hand = sum(counts[:, n] * 0.5 ** ((149 - n) / 10) for n in range(149))
    assert fade(counts, 10.0)[:, 149] == pytest.approx(by_hand)


# -- crises -------------------------------------------------------------------------------------------------------------------
def test_a_crisis_is_on_until_thirty_days_after_the_last_hostile_act() -> None:
    rows = [(0, 1, 5, 2), (1, 0, 10, 0), (0, 1, 30, 2)]  # a threat (rung 2), an assault (5), a threat
    events = make_events(rows)
    states = dyad_states.track_states(events, np.full(3, -1), np.array([[0, 1]]), 100)
    assert np.flatnonzero(states.on[0]).tolist() == list(range(11, 62))
    assert states.rung[0, 10] == 2 and states.rung[0, 11] == 5


def test_threats_alone_are_no_crisis() -> None:
    events = make_events([(0, 1, day, 2) for day in range(5, 60)])
    assert not dyad_states.track_states(events, np.full(55, -1), np.array([[0, 1]]), 80).on.any()


def test_an_onset_is_asked_while_none_is_on_and_a_fall_while_one_is() -> None:
    states = States(np.array([[False, False, True, True, True]]), np.array([[0, 2, 5, 4, 3]]))
    high = np.array([[False, True, False, False]])
    onset, fall = ask(states, ONSET, 1, high), ask(states, COOLING, 2, high)
    assert (onset.open.tolist(), onset.came.tolist()) == ([[True, True, False, False]], [[False, True, False, False]])
    assert (fall.open.tolist(), fall.came.tolist()) == ([[False, False, True, True]], [[False, False, True]])


# -- intensity ----------------------------------------------------------------------------------------------------------------
def test_usual_sums_are_of_windows_that_were_over() -> None:
    daily = np.array([[0.0, -4, 0, 0, 0, 0]])
    usual = intensity.find_usual(daily, 2)
    assert intensity.add_windows(daily, 2).tolist() == [[-4, -4, 0, 0, 0]]
    assert usual.all.tolist() == pytest.approx([0, 0, -4, -4, -8 / 3, -2])
    assert usual.last.tolist() == [[0, 0, -4, -4, 0, 0]]


def test_sums_of_later_days_move_no_usual_and_no_sign() -> None:
    rng = np.random.default_rng(6)
    daily = intensity.Daily(*(rng.normal(size=(3, 60)) for _ in range(4)))
    planted = intensity.Daily(*(np.concatenate([values[:, :40], 9 * values[:, 40:]], axis=1) for values in daily))
    usual, other = (intensity.find_usual(each.forth, 7) for each in (daily, planted))
    assert all(np.array_equal(one[..., :41], two[..., :41]) for one, two in zip(usual, other, strict=True))
    assert np.array_equal(intensity.make_signs(daily, usual, 7)[:, :41], intensity.make_signs(planted, other, 7)[:, :41])


def test_a_regression_finds_that_sums_go_on() -> None:
    rng = np.random.default_rng(7)
    level = np.repeat(rng.normal(size=(40, 20)) * 3, 20, axis=1)
    forth = level + rng.normal(size=level.shape)
    daily = intensity.Daily(forth, np.minimum(forth, 0), np.zeros_like(forth), np.zeros_like(forth))
    made = intensity.train_intensity(daily, 7, 400, datetime.date(2020, 1, 1))
    measured = made["measured"]
    assert isinstance(measured, intensity.Measured) and measured.skill["dyad climatology"].low > 0.1
    one = daily.take(np.array([0]))
    mean, low, high = intensity.tell_intensity(made["weights"], made["spans"], one, intensity.find_usual(one.forth, 7, (0.0, 40.0)), 7)  # type: ignore[arg-type]
    assert low is not None and high is not None and low < mean < high


def test_an_interval_holds_0_where_many_sums_are_0() -> None:
    lively, errors = np.linspace(0, 1, 1000), np.linspace(0.1, 0.2, 1000)
    spans = [intensity.find_spans(lively, errors, np.where(np.arange(1000) % 10 < zeros, 0.0, 5.0)) for zeros in (1, 4)]
    assert [sum(found["nothing"]) for found in spans] == [0, len(spans[1]["nothing"])]
    assert spans[0]["low"][0] == pytest.approx(errors[:126].min() + 0.1 * np.ptp(errors[:126]), abs=1e-4)


def test_a_quiet_last_year_makes_no_interval_narrow() -> None:
    rng = np.random.default_rng(3)
    forth = rng.normal(0, 8, (30, 600)) * (rng.random((30, 600)) < 0.3)
    forth[:, 400:] = 0
    forth[:, 400::25] = 0.5
    daily = intensity.Daily(forth, np.minimum(forth, 0), forth, np.minimum(forth, 0))
    spans = intensity.train_intensity(daily, 7, 600, datetime.date(2020, 1, 1))["spans"]
    assert isinstance(spans, dict) and min(spans["low"][-3:]) < -0.8 and max(spans["high"][-3:]) > 0.8


def test_a_pair_livelier_than_any_that_was_learned_from_has_no_interval() -> None:
    forth = np.zeros((1, 60))
    forth[0, 50:] = -9.0
    daily = intensity.Daily(forth, forth, forth, forth)
    usual = intensity.find_usual(forth, 7, (0.0, 1.0))
    spans = {"edges": [], "low": [-1.0], "high": [1.0], "nothing": [0.0], "most": [0.1]}
    mean, low, high = intensity.tell_intensity(np.zeros(len(intensity.HALVES) * 4 + 2), spans, daily, usual, 7)
    assert mean < 0 and (low, high) == (None, None)
    assert intensity.tell_intensity(np.zeros(len(intensity.HALVES) * 4 + 2), spans | {"most": [1e6]}, daily, usual, 7)[1] is not None


# -- drivers ------------------------------------------------------------------------------------------------------------------
def test_every_feature_is_told_in_words() -> None:
    events = make_events(made_up())
    dyads = choose_dyads(events, SCORE, 3, directed=True)
    for name in make_features(events, dyads, CONFLICT, 7, SCORE, directed=True).names:
        group = group_feature(name)
        words = say_group(group, "material conflict", "Kenya", "Chad")
        assert group.kind in (OWN_RATE, WORLD, CALENDAR) or "Kenya" in words or "Chad" in words, name


def test_what_is_told_of_a_group_names_who_and_whom() -> None:
    assert say_group(group_feature("days with verbal conflict, b to a, 30 days"), "ASSAULT", "Kenya", "Chad") == "verbal conflict of Chad toward Kenya"
    assert say_group(group_feature("target, a to others, 10 days"), "ASSAULT", "Kenya", "Chad") == "ASSAULT of Kenya toward others"


def test_a_fall_of_two_rungs_within_a_week_cannot_be() -> None:
    assert [dyad_states.is_too_short(COOLING, horizon) for horizon in (1, 7, 8, 30)] == [True, True, False, False]
    assert not dyad_states.is_too_short(ONSET, 1)


def test_no_pair_on_the_ladder_falls_two_rungs_within_a_week() -> None:
    rng = np.random.default_rng(5)
    rows = [(0, 1, int(day), int(kind)) for day, kind in zip(np.sort(rng.integers(0, 300, 60)), rng.integers(0, 3, 60), strict=True)]
    rung = dyad_states.track_states(make_events(rows), np.full(len(rows), -1), np.array([[0, 1]]), 400).rung[0]
    assert (rung[7:] >= rung[:-7] - 1).all() and (rung[14:] <= rung[:-14] - 2).any()


def test_the_interval_of_a_lively_pair_is_wider_than_that_of_a_quiet_one_and_holds_the_mean() -> None:
    rng = np.random.default_rng(2)
    forth = np.zeros((30, 400))
    forth[:10] = rng.normal(0, 8, (10, 400)) * (rng.random((10, 400)) < 0.5)
    forth[10:] = rng.normal(0, 8, (20, 400)) * (rng.random((20, 400)) < 0.02)
    daily = intensity.Daily(forth, np.minimum(forth, 0), forth, np.minimum(forth, 0))
    made = intensity.train_intensity(daily, 7, 400, datetime.date(2020, 1, 1))
    told = [
        intensity.tell_intensity(made["weights"], made["spans"], mine, intensity.find_usual(mine.forth, 7, made["pool"]), 7)  # type: ignore[arg-type]
        for mine in (daily.take(np.array([row])) for row in range(30))
    ]
    assert all(low is not None and high is not None and low <= mean <= high for mean, low, high in told)
    widths = [high - low for _, low, high in told if low is not None and high is not None]
    assert min(widths[:10]) > 5 and np.mean(widths[:10]) > 2 * np.mean(widths[10:])
