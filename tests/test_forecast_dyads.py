"""Dyad forecasts: targets and scores worked out by hand, baselines, and that the future moves nothing."""

from __future__ import annotations

import datetime
import json
import math
from pathlib import Path

import numpy as np
import pytest

from detente.analysis.table import make_table
from detente.cli import main
from detente.errors import InputError
from detente.forecasting.backtest_dyads import DyadBacktest, backtest_dyads
from detente.forecasting.dyad_baselines import make_baselines
from detente.forecasting.dyad_events import DyadEvents, choose_dyads, country_of, read_dyad_events, take_dyad_events
from detente.forecasting.dyad_features import SCALE, fade, make_features, past_rate, recent_rate
from detente.forecasting.dyad_model import (
    Calibration,
    DyadSettings,
    apply_calibration,
    choose_calibration,
    expit,
    explain,
    fit_intensity,
    fit_isotonic,
    fit_platt,
    fit_regression,
    logit,
    predict,
    train_model,
)
from detente.forecasting.dyad_scores import find_auc, find_skill, score_probabilities
from detente.forecasting.dyad_targets import CONFLICT, answer, count_by_day, find_hits, parse_target
from detente.forecasting.quads import Benchmark, Quads

TYPES = ("ASSAULT", "CONSULT", "THREATEN")
QUADS, RUNGS = np.array([4, 1, 3]), np.array([5, -1, 2])
QUICK = DyadSettings(warm_days=10)
SCORE, DAYS = 120, 150


def make_events(rows: list[tuple[int, int, int, int]], countries: int = 6) -> DyadEvents:
    """Rows of source, target, day, type."""
    columns = np.array(sorted(rows, key=lambda row: row[2]), dtype=np.int64).reshape(-1, 4)
    kinds = columns[:, 3]
    return DyadEvents(tuple("ABCDEF"[:countries]), TYPES, columns[:, 0], columns[:, 1], columns[:, 2], kinds, QUADS[kinds], RUNGS[kinds])


def made_up(seed: int = 1) -> list[tuple[int, int, int, int]]:
    """Pairs that differ in how often they fight, fights that come in runs, and talks."""
    rng = np.random.default_rng(seed)
    rows: list[tuple[int, int, int, int]] = []
    for a in range(6):
        for b in range(6):
            heat = 0.0
            for day in range(DAYS):
                heat = heat * 0.9 + (rng.random() < 0.006 * (a + 1))
                if rng.random() < min(heat * 0.7, 0.9):
                    rows.append((a, b, day, 0))
                if rng.random() < 0.2:
                    rows.append((a, b, day, int(rng.integers(1, 3))))
    return rows


# -- events and dyads --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("entity", "country"),
    [("Government_(Russia)", "RUS"), ("Foreign_Affairs_(United_States)", "USA"), ("Sergey_Viktorovich_Lavrov", "RUS"), ("UN_Security_Council", ""), ("Media_(Africa)", "")],
)
def test_the_country_of_an_entity_is_read_off_its_name(entity: str, country: str) -> None:
    assert country_of(entity) == country


def test_events_of_a_benchmark_have_countries_types_quads_and_rungs() -> None:
    quads = Quads(*(np.array(column) for column in ([0, 1, 2], [0, 1, 0], [1, 0, 0], [5, 6, 7])))
    events = read_dyad_events(Benchmark(("Citizen_(Chad)", "Mali", "UN_Security_Council"), ("Use_unconventional_violence", "Consult"), (quads,)))
    assert events.countries == ("MLI", "TCD")
    assert [events.types[kind] for kind in events.kinds] == ["ASSAULT", "CONSULT"]
    assert (events.days.tolist(), events.first, events.quads.tolist()) == ([0, 1], 5, [4, 1])


def test_events_of_a_table_are_those_between_countries_that_are_sharp_to_the_day() -> None:
    base = {"source": "PRK", "target": "KOR", "event_type": "ASSAULT"}
    rows = [
        base | {"day": "2020-06-16"},
        base | {"day": "2020-06-18", "source": "Hamas"},
        base | {"day": "2020-06-20", "precision": "month"},
        base | {"day": "2020-06-21", "historical": True},
    ]
    events = take_dyad_events(make_table(rows))
    assert (events.countries, events.days.tolist()) == (("KOR", "PRK"), [0])
    assert events.first == (datetime.date(2020, 6, 16) - datetime.date(1970, 1, 1)).days


def test_dyads_are_chosen_by_the_events_before_the_day_and_never_within_a_country() -> None:
    events = make_events([(0, 1, 1, 0), (0, 1, 2, 0), (1, 0, 2, 1), (2, 3, 1, 0), (3, 2, 1, 0), (4, 4, 1, 0), (4, 5, 9, 0), (4, 5, 9, 0), (4, 5, 9, 0)])
    assert choose_dyads(events, 5, 2, directed=True).tolist() == [[0, 1], [1, 0]]
    assert choose_dyads(events, 5, 9, directed=False).tolist() == [[0, 1], [2, 3]]


# -- targets -----------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("text", "hit"), [("conflict", [0]), ("assault", [0]), ("quad:3", [2]), ("rung:2", [0, 2]), ("rung:6", [])])
def test_a_target_takes_its_events(text: str, hit: list[int]) -> None:
    assert np.flatnonzero(find_hits(make_events([(0, 1, 1, 0), (0, 1, 1, 1), (0, 1, 1, 2)]), parse_target(text))).tolist() == hit


@pytest.mark.parametrize("text", ["war", "quad:5", "rung:9", "rung:-4", ""])
def test_another_target_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="expected conflict, a type"):
        parse_target(text)


def test_an_answer_is_an_event_on_the_day_or_the_days_after_it_and_windows_over_the_end_are_left_out() -> None:
    assert answer(np.array([[0.0, 0, 2, 0, 0, 1]]), 2).tolist() == [[False, True, True, False, True]]


def test_an_undirected_dyad_has_the_events_of_both_sides() -> None:
    events, dyads = make_events([(0, 1, 0, 0), (1, 0, 1, 0), (1, 0, 1, 0)]), np.array([[0, 1]])
    assert count_by_day(events, dyads, 2, directed=True).tolist() == [[1, 0]]
    assert count_by_day(events, dyads, 2, directed=False).tolist() == [[1, 2]]


# -- features and baselines --------------------------------------------------------------------------------------------------
def test_counts_fade_by_half_in_a_half_life_and_leave_out_the_day_itself() -> None:
    assert fade(np.array([[4.0, 0, 2, 0]]), 1.0).tolist() == [[0, 2, 1, 1.5]]


def test_a_feature_is_the_logarithm_of_a_rate_a_day_that_fades() -> None:
    features = make_features(make_events([(0, 1, 0, 0), (0, 1, 0, 0), (1, 0, 1, 2)]), np.array([[0, 1]]), CONFLICT, 1, 4, directed=True)
    left = math.log(3) * 0.5 ** (3 / 2) * math.log(2) / 2  # two events on day 0, asked on day 3, a half-life of two days
    assert features.values[0, 3, features.names.index("target, a to b, 2 days")] == pytest.approx(math.log1p(SCALE * left))
    assert features.values[0, 3, features.names.index("verbal conflict, b to a, 2 days")] > 0
    assert features.values[0, 3, features.names.index("target, b to a, 2 days")] == 0


def test_the_target_stands_in_the_features_once() -> None:
    for name in ("conflict", "quad:3", "ASSAULT"):
        names = make_features(make_events(made_up()), np.array([[0, 1]]), parse_target(name), 1, 20, directed=True).names
        assert len(set(names)) == len(names)
        assert ("material conflict, a to b, 2 days" in names, "verbal conflict, a to b, 2 days" in names) == (name != "conflict", name != "quad:3")


def test_the_past_rate_counts_windows_that_are_over() -> None:
    counts = np.zeros((1, 5))
    counts[0, 1] = 1  # windows of two days: those of days 0 and 1 hold it, those of 2 and 3 do not
    overall, rate = past_rate(counts, 2)
    assert overall.tolist() == pytest.approx([1 / 20, 1 / 20, 2 / 21, 3 / 22, 3 / 23])
    assert rate[0, 4] == pytest.approx((2 + 30 * 3 / 23) / (3 + 30))
    assert (np.diff(recent_rate(counts, 2, np.full(5, 0.1), 10.0)[0]) >= 0).tolist() == [True, True, True, False]


@pytest.mark.parametrize("directed", [True, False])
@pytest.mark.parametrize("horizon", [1, 7])
def test_events_planted_on_a_day_and_later_move_no_feature_and_no_baseline_of_it(directed: bool, horizon: int) -> None:
    rows, rng = made_up(), np.random.default_rng(5)
    planted = rows + [(int(rng.integers(6)), int(rng.integers(6)), int(rng.integers(SCORE, DAYS)), int(rng.integers(3))) for _ in range(3000)]
    dyads = choose_dyads(make_events(rows), SCORE, 12, directed=directed)
    assert choose_dyads(make_events(planted), SCORE, 12, directed=directed).tolist() == dyads.tolist()
    one, other = (make_features(make_events(some), dyads, CONFLICT, horizon, DAYS, directed=directed) for some in (rows, planted))
    assert np.array_equal(one.values[:, : SCORE + 1], other.values[:, : SCORE + 1])
    assert not np.array_equal(one.values[:, SCORE + 1], other.values[:, SCORE + 1])
    for name, values in make_baselines(one, horizon, SCORE).items():
        assert np.array_equal(values[:, : SCORE + 1], make_baselines(other, horizon, SCORE)[name][:, : SCORE + 1])


def test_events_planted_later_move_neither_the_model_nor_its_forecast() -> None:
    rows = made_up()
    planted = rows + [(a, b, day, 0) for a in range(6) for b in range(6) for day in range(SCORE, DAYS)]
    dyads = choose_dyads(make_events(rows), SCORE, 12, directed=True)
    found = []
    for some in (rows, planted):
        features = make_features(make_events(some), dyads, CONFLICT, 7, DAYS, directed=True)
        found.append(predict(train_model(features, 7, SCORE, QUICK), features, np.array([SCORE])))
    assert np.array_equal(*found)


def test_persistence_is_the_share_that_followed() -> None:
    counts = np.zeros((1, 9))
    counts[0, [1, 2, 6]] = 1
    features = make_features(make_events([(0, 1, day, 0) for day in (1, 2, 6)]), np.array([[0, 1]]), CONFLICT, 1, 9, directed=True)
    assert np.array_equal(features.counts[:, :7], counts[:, :7])
    overall = past_rate(counts, 1)[0][8]
    told = make_baselines(features, 1, 8)["persistence"]
    # before day 8, one of three days after an event had one (3 and 7 had none), and two of the five others
    assert told[0, 7] == pytest.approx((1 + overall) / (3 + 1))
    assert told[0, 8] == pytest.approx((2 + overall) / (5 + 1))


# -- model and calibration ---------------------------------------------------------------------------------------------------
def test_a_regression_without_penalty_meets_the_shares_of_two_groups() -> None:
    values, right = np.repeat([[0.0], [1.0]], 10, axis=0), np.array([1.0] * 2 + [0] * 8 + [1] * 7 + [0] * 3)
    weights = fit_regression(values, right, np.zeros(20), 0.0)
    assert expit(values @ weights[:-1] + weights[-1])[[0, -1]].tolist() == pytest.approx([0.2, 0.7], abs=1e-6)


def test_a_heavy_penalty_leaves_the_start() -> None:
    assert abs(fit_regression(np.array([[1.0], [-1.0]]), np.array([1.0, 0.0]), np.zeros(2), 1e9)[0]) < 1e-6


def test_an_intensity_finds_what_pulls_and_gives_the_rest_no_weight() -> None:
    rng = np.random.default_rng(6)
    rates = rng.gamma(0.5, 1.0, (40_000, 3))
    right = (rng.random(40_000) < -np.expm1(-(0.1 * rates[:, 0] + 0.3 * rates[:, 1]))).astype(float)
    pulls, power = fit_intensity(rates, right, 0.0)
    assert pulls.tolist() == pytest.approx([0.1, 0.3, 0], abs=0.02)
    assert power == pytest.approx(1, abs=0.05)


def test_what_moved_a_forecast_adds_up_to_the_way_from_the_mean_rates() -> None:
    features = make_features(make_events(made_up()), np.array([[5, 0], [0, 5], [4, 3]]), CONFLICT, 7, DAYS, directed=True)
    model = train_model(features, 7, SCORE, QUICK)._replace(calibration=Calibration())
    moved, at_mean = explain(model, features, 0, SCORE), model.usual @ model.pulls
    start = math.log(math.expm1(at_mean**model.power))
    told = predict(model, features, np.array([SCORE]))[0, 0]
    assert moved.sum() + start + model.weights[-1] == pytest.approx(float(logit(told)), abs=1e-4)


def test_an_isotonic_curve_pools_what_falls() -> None:
    curve = fit_isotonic(np.array([0.0, 1, 2, 3]), np.array([0.0, 1, 0, 1]))
    assert (curve.xs.tolist(), curve.ys.tolist()) == ([0, 1.5, 3], [0, 0.5, 1])
    assert apply_calibration(curve, np.array([0.75])).tolist() == [0.25]


def test_platt_finds_odds_that_were_doubled() -> None:
    rng = np.random.default_rng(3)
    true = rng.normal(-1, 1.5, 20_000)
    right = (rng.random(20_000) < expit(true)).astype(float)
    found = fit_platt(2 * true + 1, right)
    assert (found.slope, found.intercept) == (pytest.approx(0.5, abs=0.05), pytest.approx(-0.5, abs=0.06))


def test_forecasts_that_hold_are_left_as_they_are_and_crooked_ones_are_mended() -> None:
    rng = np.random.default_rng(4)
    true = rng.normal(-2, 1, (50, 100))
    right = (rng.random(true.shape) < expit(true)).astype(float)
    assert choose_calibration(true, right).method == "none"
    assert choose_calibration(true + 2, right).method != "none"


# -- scores ------------------------------------------------------------------------------------------------------------------
def test_scores_by_hand() -> None:
    found = score_probabilities(np.array([[0.2, 0.8], [0.05, 0.3]]), np.array([[0.0, 1.0], [0.0, 1.0]]))
    assert found.brier.value == pytest.approx((0.04 + 0.04 + 0.0025 + 0.49) / 4)
    assert found.log_loss == pytest.approx(-(math.log(0.8) + math.log(0.8) + math.log(0.95) + math.log(0.3)) / 4)
    assert found.calibration_error == pytest.approx((0.2 + 0.2 + 0.05 + 0.7) / 4)
    assert (found.middle_calibration_error, found.middle_forecasts) == (pytest.approx((0.2 + 0.7) / 2), 2)
    assert [(row.low, row.forecasts) for row in found.reliability] == [(0, 1), (0.2, 1), (0.3, 1), (0.8, 1)]


def test_auc_counts_level_ones_half() -> None:
    assert find_auc(np.array([0.1, 0.5, 0.5, 0.9]), np.array([0.0, 0, 1, 1])) == pytest.approx(3.5 / 4)
    assert find_auc(np.array([0.1, 0.5]), np.array([0.0, 0])) is None


def test_skill_is_the_share_of_the_baselines_error_that_is_gone() -> None:
    found = find_skill(np.full((3, 2), 0.1), np.full((3, 2), 0.2), np.zeros((3, 2)))
    assert (found.value, found.low, found.high) == (pytest.approx(0.75), pytest.approx(0.75), pytest.approx(0.75))


# -- backtest ----------------------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def found() -> DyadBacktest:
    return backtest_dyads(make_events(made_up()), SCORE, [(CONFLICT, 7), (CONFLICT, 90), (parse_target("AID"), 7)], most=20, settings=QUICK)


def test_a_backtest_beats_climatology_where_fights_come_in_runs(found: DyadBacktest) -> None:
    target = found.targets[0]
    assert (target.first_day, target.last_day, target.forecasts) == (120, 143, 20 * 24)
    assert set(target.scores) - {"model"} == set(target.skill) == {"climatology", "dyad climatology", "running climatology", "persistence", "recent frequency"}
    assert target.skill["climatology"].value > 0.02


def test_what_cannot_be_scored_or_learned_says_so(found: DyadBacktest) -> None:
    assert [target.reason for target in found.targets] == ["", "too-few-days", "too-few-events"]


def test_a_backtest_gives_the_same_figures_twice(found: DyadBacktest) -> None:
    again = backtest_dyads(make_events(made_up()), SCORE, [(CONFLICT, 7)], most=20, settings=QUICK)
    assert again.targets[0] == found.targets[0]


# -- the command -----------------------------------------------------------------------------------------------------------
def write_files(folder: Path) -> list[str]:
    """The made-up events as a benchmark."""
    names = ("Chad", "Mali", "Niger", "Kenya", "Ghana", "Togo")
    rows = sorted(made_up(), key=lambda row: row[2])
    for name, lines in {
        "train.txt": [f"{a}\t{kind}\t{b}\t{24 * day}" for a, b, day, kind in rows if day < SCORE],
        "valid.txt": [f"{a}\t{kind}\t{b}\t{24 * day}" for a, b, day, kind in rows if day >= SCORE],
        "entity2id.txt": [f"Citizen_({name})\t{number}" for number, name in enumerate(names)],
        "relation2id.txt": ["Use_unconventional_violence\t0", "Consult\t1", "Threaten\t2"],
    }.items():
        (folder / name).write_text("\n".join(lines) + "\n")
    flags = {"train": "train.txt", "valid": "valid.txt", "entities": "entity2id.txt", "relations": "relation2id.txt"}
    return ["backtest", "dyads", *(word for flag, name in flags.items() for word in (f"--{flag}", str(folder / name)))]


def test_the_command_shows_the_model_beside_the_baselines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(write_files(tmp_path)) == 0
    out = capsys.readouterr().out
    assert out.startswith("30 directed dyads of countries, the most active before day 120;")
    assert "conflict within 7 days: 720 forecasts, day 120 to day 143" in out
    assert all(f"\n{name} " in out for name in ("model", "climatology", "dyad climatology", "running climatology", "persistence", "recent frequency"))
    assert "\nif every forecast held, the model would have a skill over dyad climatology of " in out


def test_json_has_the_figures_and_a_target_without_data_makes_the_exit_code_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*write_files(tmp_path), "--json", "--undirected", "--target", "rung:4", "--within", "1", "--within", "90"]) == 1
    shown = json.loads(capsys.readouterr().out)
    assert [target["reason"] for target in shown["targets"]] == ["", "too-few-days"]
    assert shown["dyads"][0].count(" - ") == 1
    assert 0 < shown["targets"][0]["scores"]["model"]["brier"]["value"] < 0.3


def test_a_store_is_scored_from_the_day_given_and_days_are_dates(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "icews14"
    folder.mkdir()
    write_files(folder)
    (folder / "train.txt").write_text((folder / "train.txt").read_text() + (folder / "valid.txt").read_text())
    store = ["--store", str(tmp_path / "events.db")]
    assert main(["import", "quads", str(folder / "train.txt"), *store]) == 0
    capsys.readouterr()
    assert main(["backtest", "dyads", *store, "--since", "2014-05-01", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["score_day"], shown["end_day"], shown["targets"][0]["last_day"]) == ("2014-05-01", "2014-05-30", "2014-05-24")
