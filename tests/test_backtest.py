"""Backtests: intervals over dyads and weeks, all targets of a kind at once, stores up to a day and of an origin, charts."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from detente.charts.ranking import draw_days
from detente.charts.reliability import MOST_TARGETS, draw_reliability, name_target
from detente.charts.skill import SHOWN, draw_skill
from detente.cli import main
from detente.errors import InputError
from detente.forecasting.backtest_dyads import MODEL, DyadBacktest, TargetBacktest
from detente.forecasting.backtest_quads import QuadBacktest
from detente.forecasting.dyad_chance import draw_scores
from detente.forecasting.dyad_scores import DyadScores, find_skill, score_probabilities, sum_errors, tabulate_reliability
from detente.forecasting.dyad_targets import EACH, list_targets
from detente.forecasting.evaluation import RESAMPLES, Interval, Scores
from detente.forecasting.resampling import draw_blocks, find_ends, resample_groups, resample_sums
from detente.show_backtest import dyad_lines, type_lines
from detente.store.importing import Imported, import_events
from detente.store.schema import open_store
from stores import event

FIRST, DAYS = datetime.date(2020, 1, 1), 170
COUNTRIES = ("KEN", "SOM", "ETH", "UGA")


# -- resampling --------------------------------------------------------------------------------------------------------------
def test_a_resample_draws_as_many_dyads_and_weeks_as_there_are() -> None:
    draws = draw_blocks(5, 20)
    assert draws.week_of.tolist() == [0] * 7 + [1] * 7 + [2] * 6
    assert draws.dyads.shape == (RESAMPLES, 5)
    assert (draws.dyads.sum(axis=1) == 5).all()
    assert (draws.weeks.sum(axis=1) == 3).all()


def test_a_single_week_is_in_each_resample() -> None:
    assert (draw_blocks(3, 7).weeks == 1).all()


def test_sums_and_groups_count_a_forecast_as_often_as_its_dyad_and_its_week_were_drawn() -> None:
    rng = np.random.default_rng(3)
    values, groups, draws = rng.random((4, 16)), rng.integers(0, 3, (4, 16)), draw_blocks(4, 16)
    weights = draws.dyads[7][:, None] * draws.weeks[7][draws.week_of][None, :]
    assert resample_sums(draws, values)[7] == pytest.approx((weights * values).sum())
    expected = [(weights * values)[groups == group].sum() for group in range(3)]
    assert resample_groups(draws, values, groups)[7].tolist() == pytest.approx(expected)


def test_a_group_that_has_no_forecast_sums_to_nothing() -> None:
    draws = draw_blocks(2, 7)
    assert resample_groups(draws, np.ones((2, 7)), np.full((2, 7), 2))[:, :2].max() == 0


def test_a_figure_that_no_resample_has_has_no_ends() -> None:
    assert np.isnan(find_ends(np.full(5, np.nan))).all()


def test_what_moves_all_dyads_in_a_week_widens_the_interval() -> None:
    rng = np.random.default_rng(1)
    own = (rng.random((50, 28)) < 0.3).astype(float)
    shared = np.repeat((np.arange(28) // 7 % 2)[None, :], 50, axis=0) * (rng.random((50, 28)) < 0.6)
    widths = [(found := score_probabilities(np.full((50, 28), 0.3), right).brier).high - found.low for right in (own, shared.astype(float))]
    assert widths[1] > 2 * widths[0]


# -- scores ------------------------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def scores() -> DyadScores:
    rng = np.random.default_rng(2)
    chance = rng.random((40, 21)) ** 2
    return score_probabilities(np.clip(chance, 1e-3, 1 - 1e-3), (rng.random((40, 21)) < chance).astype(float))


def test_each_figure_lies_within_its_interval(scores: DyadScores) -> None:
    assert set(scores.intervals) == {"log_loss", "auc", "calibration_error", "middle_calibration_error"}
    for name, (low, high) in scores.intervals.items():
        assert low <= getattr(scores, name) <= high
    assert scores.brier.low < scores.brier.value < scores.brier.high


def test_the_share_of_each_class_lies_within_its_interval(scores: DyadScores) -> None:
    assert len(scores.reliability) == 10
    assert all(0 <= row.share_low <= row.share <= row.share_high <= 1 for row in scores.reliability)


def test_a_class_that_is_all_yes_is_not_sure() -> None:
    (row,) = tabulate_reliability(np.full(4, 0.95), np.ones(4))
    assert row.share == 1 == pytest.approx(row.share_high)
    assert 0.3 < row.share_low < 0.7


def test_the_calibration_error_weighs_classes_by_size() -> None:
    table = tabulate_reliability(np.array([0.1, 0.1, 0.1, 0.8]), np.array([0.0, 0, 0, 1]))
    assert sum_errors(table) == pytest.approx((3 * 0.1 + 0.2) / 4)


def test_a_model_that_is_its_baseline_has_no_skill() -> None:
    same = np.full((3, 14), 0.2)
    assert find_skill(same, same, (np.arange(42).reshape(3, 14) % 5 == 0).astype(float)) == Interval(0, 0, 0)


# -- chance ------------------------------------------------------------------------------------------------------------------
def test_if_every_forecast_held_its_skill_would_be_what_it_says_on_average() -> None:
    told, usual = np.repeat(np.random.default_rng(5).random((200, 1)) ** 2 * 0.9, 40, axis=1), np.full((200, 40), 0.3)
    expected = ((told - usual) ** 2).sum() / (usual**2 - 2 * usual * told + told).sum()
    found = draw_scores(told, {"usual": usual, "itself": told}, 7)
    assert found.skill["usual"].value == pytest.approx(expected, abs=0.005)
    assert found.skill["usual"].low < expected < found.skill["usual"].high
    assert found.skill["itself"] == Interval(0, 0, 0)


def test_chance_makes_more_of_long_windows_whose_days_are_shared() -> None:
    told = np.full((30, 28), 0.3)
    short, long = (draw_scores(told, {}, horizon).middle_calibration_error for horizon in (1, 14))
    assert short is not None
    assert long is not None
    assert long.value > 2 * short.value


def test_without_a_forecast_in_the_middle_chance_has_no_error_there() -> None:
    assert draw_scores(np.full((3, 14), 0.02), {}, 7).middle_calibration_error is None


# -- targets -----------------------------------------------------------------------------------------------------------------
def test_all_targets_of_a_kind_are_types_quad_classes_or_rungs() -> None:
    types, quads, rungs = ([target.name for target in list_targets(kind)] for kind in EACH)
    assert (len(types), "ASSAULT" in types) == (16, True)
    assert quads == ["quad:1", "quad:2", "quad:3", "quad:4"]
    assert (rungs[0], rungs[-1]) == ("rung:-3", "rung:6")


@pytest.mark.parametrize(("target", "name"), [("quad:3", "verbal conflict"), ("rung:-1", "rung −1 or higher"), ("ASSAULT", "ASSAULT"), ("conflict", "conflict")])
def test_a_chart_names_targets_in_words(target: str, name: str) -> None:
    assert name_target(TargetBacktest(target, 7)) == name


# -- charts ------------------------------------------------------------------------------------------------------------------
def make_backtest(scores: DyadScores, names: list[str], *, dated: bool = True) -> DyadBacktest:
    days = (datetime.date(2020, 5, 1), datetime.date(2020, 5, 21)) if dated else (304, 324)
    skill = {name: Interval(0.1, -4.0, 0.3) for name in (*SHOWN, "running climatology")}
    targets = [TargetBacktest(name, 7, "", 840, days[0], days[1], 0.25, 0.2, "none", dict.fromkeys((MODEL, *skill), scores), skill) for name in names]
    return DyadBacktest(["KEN > SOM"], True, 900, days[0], days[1], [*targets, TargetBacktest("AID", 7, "too-few-events")])


def rows_of(part: dict[str, Any], whole: dict[str, Any]) -> list[dict[str, Any]]:
    """A part of a chart's specification -> its data."""
    rows: list[dict[str, Any]] = whole["datasets"][part["data"]["name"]]
    return rows


def texts(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def test_the_reliability_of_one_target_has_its_classes_the_diagonal_and_the_sizes(scores: DyadScores) -> None:
    spec = draw_reliability(make_backtest(scores, ["quad:3"])).to_dict()
    assert "verbal conflict within 7 days" in texts(spec["title"]["text"])
    assert "840 forecasts of 1 directed dyad, 1 May 2020 to 21 May 2020. 25.0% came true" in " ".join(spec["title"]["subtitle"])
    upper, lower = spec["vconcat"]
    marks = [layer["mark"]["type"] for layer in upper["layer"]]
    assert (marks.count("point"), marks.count("rule"), lower["mark"]["type"]) == (2, 1, "bar")
    assert sum(row["forecasts"] for row in rows_of(lower, spec)) == 840


def test_the_reliability_of_many_targets_stops_at_nine_and_says_so(scores: DyadScores) -> None:
    spec = draw_reliability(make_backtest(scores, [f"rung:{n}" for n in range(1, 5)] * 3), dark=True).to_dict()
    assert len(spec["concat"]) == MOST_TARGETS
    assert "3 more targets are not drawn." in " ".join(spec["title"]["subtitle"])


def test_skill_is_drawn_over_each_baseline_and_cut_off_where_it_is_without_bottom(scores: DyadScores) -> None:
    spec = draw_skill(make_backtest(scores, ["conflict", "rung:4"], dated=False)).to_dict()
    rows = rows_of(spec["layer"][1], spec)
    assert [(row["target"], row["baseline"]) for row in rows] == [(name, baseline) for name in ("conflict, 7 d (25.0%)", "rung 4 or higher, 7 d (25.0%)") for baseline in SHOWN]
    assert spec["layer"][1]["encoding"]["x"]["scale"]["domain"][0] == -0.6
    assert "days 304 to 324" in " ".join(spec["title"]["subtitle"])
    assert "Too few events or days: AID within 7 days." in " ".join(spec["title"]["subtitle"])


@pytest.mark.parametrize("draw", [draw_reliability, draw_skill])
def test_a_backtest_without_figures_is_not_drawn(scores: DyadScores, draw: Any) -> None:
    with pytest.raises(InputError, match="found no target with enough data"):
        draw(make_backtest(scores, []))


def test_many_targets_are_a_line_each(scores: DyadScores) -> None:
    lines = list(dyad_lines(make_backtest(scores, [f"quad:{n}" for n in range(1, 5)])))
    assert "over dyad climatology" in lines[3]
    assert lines[4].startswith("quad:1, 7 d       25.0%   0.1465  ") and "+0.100 [<-1, +0.300]" in lines[4]
    assert lines[-1] == "AID, 7 d     not enough data: too few events to learn from"


def make_ranking(days: list[int | datetime.date]) -> QuadBacktest:
    found = Scores(10, Interval(0.5, 0.4, 0.6), {k: Interval(0.5, 0.4, 0.6) for k in (1, 3, 10)})
    models = ("ranker", "recurrency", "frequency")
    return QuadBacktest(5, 2, 30, days[0], days[-1], 5, dict.fromkeys(models, found), {}, 1.0, {day: dict.fromkeys(models, 0.5) for day in days}, {"total": 1.0}, 1.0, 1)


@pytest.mark.parametrize("dated", [True, False])
def test_ranks_by_day_have_a_line_for_each_model(dated: bool) -> None:
    spec = draw_days(make_ranking([FIRST + datetime.timedelta(days=n) if dated else n for n in range(3)])).to_dict()
    assert spec["encoding"]["x"]["type"] == ("temporal" if dated else "quantitative")
    assert {row["model"] for row in rows_of(spec, spec)} == {"ranker", "recurrency", "frequency"}
    assert "ranker 0.500" in " ".join(spec["title"]["subtitle"])


# -- the commands ------------------------------------------------------------------------------------------------------------
def made_up() -> list[tuple[str, str, str, str]]:
    """Type, source, target, day: four countries that talk often, and fight in runs."""
    rng, rows = np.random.default_rng(4), []
    for a in COUNTRIES:
        for b in COUNTRIES:
            heat = 0.0
            for day in range(DAYS if a != b else 0):
                heat = heat * 0.9 + (rng.random() < 0.03)
                on = (FIRST + datetime.timedelta(days=day)).isoformat()
                rows += [("ASSAULT", a, b, on)] * bool(rng.random() < min(0.7 * heat, 0.9))
                rows += [(str(rng.choice(["CONSULT", "ACCUSE", "AID"])), a, b, on)] * bool(rng.random() < 0.4)
    return rows


def fill(path: Path, rows: list[tuple[str, str, str, str]], origin: str = "icews") -> None:
    opened = open_store(path, create=not path.exists())
    events = [Imported(f"{origin}{n}", n, event(kind, source, target, day, f"act {n}"), f"act {n}") for n, (kind, source, target, day) in enumerate(rows)]
    import_events(opened, events, origin=origin, location="test", codebook="plover-2.0/test", licence="none", may_be_passed_on=False)
    opened.close()


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Events of one origin, and of another a flood that would change all figures."""
    path = tmp_path_factory.mktemp("backtest") / "events.db"
    fill(path, made_up())
    fill(path, [("ASSAULT", "KEN", "SOM", (FIRST + datetime.timedelta(days=day)).isoformat()) for day in range(DAYS)], "gdelt")
    return path


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = main(["backtest", *words])
    said = capsys.readouterr()
    return code, said.out, said.err


BASE = ("--origin", "icews", "--since", "2020-05-01", "--until", "2020-06-10")


def test_quad_classes_of_a_store_are_scored_up_to_a_day_and_drawn(store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    chart = tmp_path / "skill.json"
    code, out, _ = run(capsys, "dyads", "--store", str(store), *BASE, "--each", "quad", "--target", "conflict", "--json", "-o", str(chart))
    shown = json.loads(out)
    assert (code, shown["end_day"]) == (0, "2020-06-10")
    assert [target["target"] for target in shown["targets"]] == ["conflict", "quad:1", "quad:2", "quad:3", "quad:4"]
    assert {"low", "high", "forecasts", "mean_probability", "share", "share_low", "share_high"} == set(shown["targets"][0]["scores"]["model"]["reliability"][0])
    assert "Skill of dyad forecasts" in texts(json.loads(chart.read_text())["title"])


def test_one_target_is_drawn_as_a_reliability_diagram(store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "dyads", "--store", str(store), *BASE, "--directed", "-o", str(tmp_path / "chart.svg"))
    assert (code, out.splitlines()[0].startswith("12 directed dyads")) == (0, True)
    assert "How forecasts came true: conflict within 7 days" in (tmp_path / "chart.svg").read_text()


def test_another_origin_and_later_days_move_nothing(store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fill(tmp_path / "own.db", [row for row in made_up() if row[3] <= "2020-06-10"])
    told = [run(capsys, "dyads", "--store", str(path), *BASE, "--json")[1] for path in (store, tmp_path / "own.db")]
    assert told[0] == told[1]


def test_types_of_a_store_are_ranked_beside_the_baselines(store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "types", "--store", str(store), *BASE, "--threads", "1", "-o", str(tmp_path / "days.json"))
    lines = out.splitlines()
    assert (code, [line.split()[0] for line in lines[4:8]]) == (0, ["ranker", "counts", "recurrency", "frequency"])
    assert "2020-05-01 to 2020-06-10, asked which of 16 types" in lines[0]
    assert "What comes next between two" in texts(json.loads((tmp_path / "days.json").read_text())["title"])


def test_quads_of_a_store_are_ranked_and_days_are_dates(store: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "detente.forecasting.backtest_quads.backtest_quads", lambda benchmark, *_: make_ranking([int(benchmark.parts[1].days[0]), int(benchmark.parts[1].days[-1])])
    )
    code, out, _ = run(capsys, "quads", "--store", str(store), *BASE, "--json")
    shown = json.loads(out)
    assert (code, shown["first_day"], shown["last_day"], list(shown["by_day"])) == (0, "2020-05-01", "2020-06-10", ["2020-05-01", "2020-06-10"])


@pytest.mark.parametrize("command", ["quads", "types", "dyads"])
@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "expected --train, --valid, --entities and --relations, or --since"),
        (("--since", "2020-05-01", "--until", "2020-04-01"), "--until: found 2020-04-01, before 2020-05-01; expected a day after it"),
        (("--since", "2020-05-01", "--origin", "polecat"), "found no events of polecat; expected some"),
        (("--since", "2020-05-01", "-o", "chart.bmp"), "chart.bmp: found the ending '.bmp'"),
        (("--since", "2031-05-01"), "2031-05-01"),
    ],
    ids=["nothing", "until before since", "no such origin", "no such chart", "since too late"],
)
def test_what_does_not_fit_is_refused(store: Path, capsys: pytest.CaptureFixture[str], command: str, words: tuple[str, ...], message: str) -> None:
    code, _, err = run(capsys, command, "--store", str(store), *words)
    assert (code, message in err) == (2, True), err


def test_files_and_a_store_do_not_go_together(capsys: pytest.CaptureFixture[str]) -> None:
    files = [word for name in ("train", "valid", "entities", "relations") for word in (f"--{name}", "x")]
    assert "--until: found it with files of a benchmark" in run(capsys, "dyads", *files, "--until", "2020-01-01")[2]


def test_lines_of_types_tell_known_and_new_pairs() -> None:
    from detente.forecasting.backtest_types import TypeBacktest

    ranking = make_ranking([3, 4])
    kinds = {"known pair": (0.75, {"ranker": 0.6, "recurrency": 0.5, "frequency": 0.4}), "new pair": (0.25, {"ranker": 0.3, "recurrency": 0.2, "frequency": 0.1})}
    found = TypeBacktest(5, 16, 30, 3, 4, ranking.scores, kinds, {"ranker": 1.5}, {"ranker": 0.01}, {}, ranking.by_day, 2.0)
    lines = list(type_lines(found))
    assert lines[3].split()[-4:] == ["known", "pair", "new", "pair"]
    assert lines[4].split()[-4:] == ["1.500", "0.0100", "0.600", "0.300"]
    assert lines[-1] == "known pair: 75.0% of the events; new pair: 25.0% of the events; 2 seconds by the clock"
    assert msgspec.json.encode(found)
