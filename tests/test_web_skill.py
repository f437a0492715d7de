"""How good the forecasts and how right the coding is, as the desk shows it."""

from __future__ import annotations

import datetime
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from detente.forecasting.backtest_dyads import DyadBacktest, TargetBacktest
from detente.forecasting.backtest_quads import KindScores, QuadBacktest
from detente.forecasting.backtest_types import TypeBacktest
from detente.forecasting.dyad_scores import DyadScores, ReliabilityRow
from detente.forecasting.evaluation import Interval, Scores
from detente.forecasting.kept_backtests import keep_backtest, keep_ranking, list_backtests, list_rankings
from detente.store.schema import open_store
from detente.web.pages_skill import load_accuracy
from webs_desk import check_inert, make_client, sample_store, words_of

ROOT = Path(__file__).parent.parent
ROWS = tuple(ReliabilityRow(n / 10, n / 10 + 0.1, 50 - 4 * n, n / 10 + 0.05, n / 10 + 0.04, n / 10, n / 10 + 0.08) for n in range(10))


def made_backtest(score_day: datetime.date = datetime.date(2020, 3, 1)) -> DyadBacktest:
    """What a backtest might find, made by hand: one target with figures, one with too few events."""
    scores = DyadScores(Interval(0.12, 0.1, 0.14), 0.4, 0.81, 0.02, 0.05, 200, ROWS, {"log_loss": (0.35, 0.45)})
    skill = {"dyad climatology": Interval(0.21, 0.1, 0.3), "persistence": Interval(-0.02, -0.1, 0.05)}
    told = TargetBacktest(
        "quad:4", 7, "", 400, score_day, datetime.date(2020, 6, 1), 0.2, 0.18, "isotonic", {"model": scores, "dyad climatology": scores, "persistence": scores}, skill
    )
    return DyadBacktest(["PRK > KOR", "KOR > PRK"], True, 300, score_day, datetime.date(2020, 6, 1), [told, TargetBacktest("quad:1", 7, "too-few-events")])


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DETENTE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_figures_of_the_coding_are_those_of_the_latest_benchmarks(tmp_path: Path) -> None:
    subprocess.run([sys.executable, ROOT / "tools" / "make_accuracy.py", tmp_path / "made.json"], check=True)
    kept = ROOT / "src" / "detente" / "web" / "accuracy.json"
    assert kept.read_text("utf-8") == (tmp_path / "made.json").read_text("utf-8"), "run tools/make_accuracy.py"
    assert any(group.group.startswith("events, sample") for group in load_accuracy().groups)


def test_without_a_backtest_it_is_said_plainly_with_the_command_that_makes_one(tmp_path: Path) -> None:
    with make_client(sample_store(tmp_path / "store.db")) as client:
        page = client.get("/skill").text
    assert "No backtest of this store is kept" in words_of(page)
    assert "detente backtest dyads --since" in words_of(page)


def test_a_kept_backtest_is_listed_and_shown_whole(tmp_path: Path) -> None:
    store = open_store(sample_store(tmp_path / "store.db"))
    kept = keep_backtest(store, made_backtest())
    store.close()
    with make_client(tmp_path / "store.db") as client:
        listed = client.get("/skill.json").json()["backtests"]
        assert [(row["backtest_id"], row["first_day"]) for row in listed] == [(kept.backtest_id, "2020-03-01")]
        page = client.get(f"/skill/{kept.backtest_id}").text
        check_inert(page)
        assert "+0.210" in page
        assert "not enough data: too few events" in words_of(page)
        assert page.count("<svg") > 2
        assert client.get(f"/skill/{kept.backtest_id}/reliability.svg").status_code == 200
        assert "persistence" in words_of(client.get("/skill").text)
        assert client.get("/skill/none").status_code == 404


def test_a_backtest_of_another_store_is_not_shown(tmp_path: Path) -> None:
    first, second = open_store(tmp_path / "a.db"), open_store(tmp_path / "b.db")
    keep_backtest(first, made_backtest())
    assert len(list_backtests(first)) == 1
    assert list_backtests(second) == []
    first.close()
    second.close()


def test_the_same_backtest_made_again_takes_the_place_of_the_old(tmp_path: Path) -> None:
    store = open_store(tmp_path / "a.db")
    keep_backtest(store, made_backtest())
    keep_backtest(store, made_backtest())
    keep_backtest(store, made_backtest(datetime.date(2020, 4, 1)))
    assert len(list_backtests(store)) == 2
    store.close()


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b"\xff", msgspec.json.encode({"found": None})])
def test_a_file_that_is_no_backtest_is_left_out(tmp_path: Path, cache: Path, content: bytes) -> None:
    store = open_store(tmp_path / "a.db")
    keep_backtest(store, made_backtest())
    (cache / "backtests" / "other.json").write_bytes(content)
    assert len(list_backtests(store)) == 1
    store.close()


# -- rankings ----------------------------------------------------------------------------------------------------------------
SCORES = {"ranker": Scores(412, Interval(0.523, 0.49, 0.55), {1: Interval(0.4, 0.3, 0.5), 10: Interval(0.8, 0.7, 0.9)})}
FIRST, LAST = datetime.date(2020, 6, 1), datetime.date(2020, 6, 20)


def made_types() -> TypeBacktest:
    return TypeBacktest(26, 16, 300, FIRST, LAST, SCORES, {"known pair": (0.75, {"ranker": 0.61})}, {}, {}, {}, {FIRST: {"ranker": 0.5}}, 1.0)


def made_quads() -> QuadBacktest:
    return QuadBacktest(26, 16, 300, FIRST, LAST, 20, SCORES, {"known": KindScores(0.6, {"ranker": 0.7})}, 0.98, {FIRST: {"ranker": 0.5}}, {}, {}, 0)


def test_backtests_of_types_and_quads_are_shown_with_their_figures(tmp_path: Path) -> None:
    store = open_store(sample_store(tmp_path / "store.db"))
    keep_ranking(store, made_types())
    keep_ranking(store, made_quads())
    store.close()
    with make_client(tmp_path / "store.db") as client:
        record, page = client.get("/skill.json").json(), client.get("/skill").text
    check_inert(page)
    assert {kept["kind"] for kept in record["rankings"]} == {"types", "quads"}
    assert record["rankings"][0]["scores"]["ranker"]["mrr"]["value"] == 0.523
    words = words_of(page)
    assert "Which type of act comes" in words and "Whom an act is directed at" in words and "0.523" in words and "75% known pair" in words
    assert str(tmp_path) not in page + str(record)


def test_a_ranking_made_again_takes_the_place_of_the_old(tmp_path: Path) -> None:
    store = open_store(sample_store(tmp_path / "store.db"))
    for _ in range(2):
        keep_ranking(store, made_types())
    assert [kept.kind for kept in list_rankings(store)] == ["types"]
    assert list_backtests(store) == []
    store.close()


def test_without_a_ranking_its_commands_are_named(tmp_path: Path) -> None:
    with make_client(sample_store(tmp_path / "store.db")) as client:
        assert "detente backtest quads --since DAY" in words_of(client.get("/skill").text)
