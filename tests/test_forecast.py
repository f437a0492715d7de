"""The forecast of two countries of a store: nothing later moves it, models are kept, scenarios, and what it says where it cannot tell."""

from __future__ import annotations

import datetime
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import detente
from detente.cli import main
from detente.errors import InputError, StoreError
from detente.forecasting.dyad_forecast import Outlook, order_outlooks
from detente.forecasting.forecast import Forecast
from detente.forecasting.kept_models import Models
from detente.store.schema import Store, open_store
from detente.store.write import add_report
from stores import event, report
from test_forecast_dyads import made_up

NAMES = ("Chad", "Mali", "Niger", "Kenya", "Ghana", "Togo")
DAYS = 130
AT = "2014-05-10"
"""The 130th day of the quads: all of the 1st of May's month that they have."""
ASKED = ["--at", AT, "--target", "conflict", "--within", "7"]


def import_quads(folder: Path, store: Path, rows: list[tuple[int, int, int, int]], names: tuple[str, ...] = NAMES) -> None:
    """Rows of source, target, day of 2014, type -> events of the store."""
    files = folder / "icews14"
    files.mkdir(parents=True, exist_ok=True)
    (files / "train.txt").write_text("\n".join(f"{a}\t{kind}\t{b}\t{24 * day}" for a, b, day, kind in sorted(rows, key=lambda row: row[2])) + "\n")
    (files / "entity2id.txt").write_text("\n".join(f"Citizen_({name})\t{number}" for number, name in enumerate(names)) + "\n")
    (files / "relation2id.txt").write_text("Use_unconventional_violence\t0\nConsult\t1\nThreaten\t2\n")
    assert main(["import", "quads", str(files / "train.txt"), "--store", str(store)]) == 0


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of made-up quads, and of two coded reports; with the models of the day in a cache beside it."""
    folder = tmp_path_factory.mktemp("forecast")
    import_quads(folder, folder / "base.db", [row for row in made_up() if row[2] < DAYS])
    store = open_store(folder / "base.db")
    add_report(store, report(event("ASSAULT", "KEN", "TCD", "2014-05-08", "shelled the border post", place="Goma"), doc_id="first", published_on="2014-05-08"))
    store.close()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DETENTE_CACHE", str(folder / "cache"))
        detente.Forecast(folder / "base.db", "KEN", "TCD", at=AT, targets=["conflict"], within=[7]).as_record()
    return folder


@pytest.fixture
def path(base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the store, and of the cache, that a test may change."""
    shutil.copytree(base / "cache", tmp_path / "cache")
    shutil.copy(base / "base.db", tmp_path / "events.db")
    monkeypatch.setenv("DETENTE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "events.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    opened = open_store(path)
    yield opened
    opened.close()


def ask(path: Path, capsys: pytest.CaptureFixture[str], *more: str) -> str:
    capsys.readouterr()
    assert main(["forecast", "KEN", "TCD", *ASKED, "--store", str(path), "--json", *more]) == 0
    return capsys.readouterr().out


# -- nothing later ------------------------------------------------------------------------------------------------------------
def plant(path: Path, folder: Path) -> None:
    """Events that happen later, of old and new parties; events of before that are told of later; a later report of an event that was known."""
    rng = np.random.default_rng(3)
    rows = [(int(rng.integers(7)), int(rng.integers(7)), int(rng.integers(DAYS, DAYS + 60)), int(rng.integers(3))) for _ in range(800)]
    import_quads(folder / "later", path, [row for row in rows if row[0] != row[1]], (*NAMES, "Benin"))
    store = open_store(path)
    for n, (source, target) in enumerate((("KEN", "TCD"), ("TCD", "KEN"), ("MLI", "NER"), ("KEN", "UGA")) * 6):
        told = event("ASSAULT", source, target, f"2014-04-{5 + n:02}", f"raided village number {n}", dead=3)
        add_report(store, report(told, doc_id=f"late {n}", published_on="2014-05-20"))
    again = event("ASSAULT", "KEN", "TCD", "2014-05-08", "shelled the border post", place="Goma", dead=40, modes=("artillery",))
    assert add_report(store, report(again, doc_id="again", published_on="2014-05-12")).joined == 1
    store.close()


@pytest.mark.parametrize("is_cached", [True, False])
def test_nothing_that_happens_or_is_told_of_later_moves_a_byte(path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], is_cached: bool) -> None:
    before = ask(path, capsys)
    plant(path, tmp_path)
    if not is_cached:
        shutil.rmtree(tmp_path / "cache")
    assert ask(path, capsys) == before
    capsys.readouterr()
    assert main(["forecast", "KEN", "TCD", "--at", "2014-05-21", "--target", "conflict", "--within", "7", "--store", str(path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["view"] != json.loads(before)["view"]


# -- what is kept -------------------------------------------------------------------------------------------------------------
def test_a_kept_model_is_not_trained_again_and_the_forecast_is_the_same(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said: list[str] = []
    kept = Forecast(path, "KEN", "TCD", at=AT, targets=["conflict"], within=[7], say=said.append)
    assert kept.view is not None and all("reading" in line for line in said)
    shutil.rmtree(path.parent / "cache")
    fresh = Forecast(path, "KEN", "TCD", at=AT, targets=["conflict"], within=[7], say=said.append)
    assert fresh.view == kept.view
    assert any(line == "training on what was known before 2014-05-01: conflict within 7 days" for line in said)


def test_new_events_of_the_month_leave_the_models_and_earlier_ones_do_not(path: Path, store: Store) -> None:
    key = Models(store, datetime.date(2014, 5, 10)).key
    add_report(store, report(event("ASSAULT", "KEN", "TCD", "2014-05-09", "burned the market"), doc_id="new", published_on="2014-05-09"))
    assert Models(store, datetime.date(2014, 5, 10)).key == key == Models(store, datetime.date(2014, 5, 30)).key
    add_report(store, report(event("ASSAULT", "KEN", "TCD", "2014-04-09", "burned the bridge"), doc_id="old", published_on="2014-04-09"))
    assert Models(store, datetime.date(2014, 5, 10)).key != key


def test_files_of_the_cache_that_are_broken_are_made_anew(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = ask(path, capsys)
    for file in (path.parent / "cache").rglob("*.*"):
        file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    assert ask(path, capsys) == before


def test_a_cache_that_cannot_be_written_costs_time_only(path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    before = ask(path, capsys)
    (path.parent / "file").write_text("no folder")
    monkeypatch.setenv("DETENTE_CACHE", str(path.parent / "file"))
    assert ask(path, capsys) == before


# -- what is told -------------------------------------------------------------------------------------------------------------
def test_both_ways_have_probabilities_baselines_measured_skill_and_drivers_with_events(path: Path) -> None:
    record = Forecast(path, "Kenya", "chad", at=AT, targets=["conflict"], within=[7]).as_record()
    assert record.view is not None and (record.a, record.b, record.model_day) == ("KEN", "TCD", datetime.date(2014, 5, 1))
    assert [(side.source, side.target) for side in record.view.directions] == [("KEN", "TCD"), ("TCD", "KEN")]
    outlook = record.view.directions[0].outlooks[0]
    assert outlook.probability is not None and 0 < outlook.probability < 1
    assert set(outlook.baselines) == {"climatology", "dyad climatology", "persistence", "recent frequency"}
    assert outlook.measured is not None and outlook.measured.last_day < record.model_day and set(outlook.measured.skill) == set(outlook.baselines)
    assert 0 < len(outlook.drivers) <= 5 and any(driver.events for driver in outlook.drivers)
    assert all(one.day <= record.at for driver in outlook.drivers for one in driver.events)
    own = next(driver for driver in outlook.drivers if (driver.kind, driver.side) == ("target", "a to b"))
    assert own.events[0].event_id and own.words == "material conflict of Kenya toward Chad"


def test_intensity_and_crises_are_told_beside(path: Path) -> None:
    view = Forecast(path, "KEN", "TCD", at=AT, targets=["conflict"], within=[7]).view
    assert view is not None
    told = view.directions[0].intensity[0]
    assert told.mean is not None and told.low is not None and told.high is not None and told.low <= told.high
    assert {one.target for one in view.states} == {"onset", "de-escalation"}
    assert [one.reason == "crisis-is-on" for one in view.states if one.target == "onset"] == [view.crisis]


def test_a_longer_window_is_never_less_likely() -> None:
    def made(days: int, chance: float | None) -> Outlook:
        return Outlook(target="conflict", horizon_days=days, probability=chance)

    told = order_outlooks([made(30, 0.1), made(1, 0.2), made(7, None), made(90, 0.5)])
    assert [one.probability for one in told] == [pytest.approx(0.15), pytest.approx(0.15), None, 0.5]


def test_a_rung_is_never_less_likely_than_one_above_it() -> None:
    def made(rung: int, days: int, chance: float) -> Outlook:
        return Outlook(target=f"rung:{rung}", horizon_days=days, probability=chance)

    asked = [made(1, 7, 0.1), made(1, 30, 0.3), made(4, 7, 0.3), made(4, 30, 0.2), made(6, 7, 0.05), made(6, 30, 0.4)]
    told = {(one.target, one.horizon_days): one.probability or 0 for one in order_outlooks(asked)}
    for days in (7, 30):
        assert told["rung:1", days] >= told["rung:4", days] >= told["rung:6", days]
    assert all(told[f"rung:{rung}", 7] <= told[f"rung:{rung}", 30] for rung in (1, 4, 6))
    assert order_outlooks([made(1, 7, 0.4), made(4, 7, 0.2)]) == [made(1, 7, 0.4), made(4, 7, 0.2)]


def test_an_origin_that_coded_nothing_is_refused(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["forecast", "KEN", "UGA", *ASKED, "--store", str(path), "--origin", "nobody"]) == 2
    assert "--origin: found nobody; expected one that coded events of the store" in capsys.readouterr().err


def test_two_that_hardly_met_are_not_forecast(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["forecast", "KEN", "UGA", *ASKED, "--store", str(path)]) == 1
    assert "Not enough data: 0 events between the two" in capsys.readouterr().out


def test_a_horizon_that_the_days_cannot_train_says_so_and_shows_the_usual_rates(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["forecast", "KEN", "TCD", "--at", AT, "--target", "conflict", "--within", "90", "--store", str(path)]) == 1
    out = capsys.readouterr().out
    assert "cannot be forecast from so few data" in " ".join(out.split()) and "not enough data: days" in out


@pytest.mark.parametrize(
    ("a", "b", "message"),
    [
        ("KEN/MIL", "TCD", "found KEN/MIL, a part of a country; expected a country"),
        ("KEN", "East Asia", "found Eastern Asia, several countries; expected a country"),
        ("KEN", "Kenya", "found KEN twice"),
        ("KEN", "Atlantis", "found 'Atlantis'; expected a country"),
    ],
)
def test_parties_are_two_countries(path: Path, capsys: pytest.CaptureFixture[str], a: str, b: str, message: str) -> None:
    assert main(["forecast", a, b, *ASKED, "--store", str(path)]) == 2
    assert message in capsys.readouterr().err


def test_a_store_without_events_is_refused(tmp_path: Path) -> None:
    open_store(tmp_path / "empty.db").close()
    with pytest.raises(StoreError, match="found no events"):
        Forecast(tmp_path / "empty.db", "KEN", "TCD")


def test_days_beyond_a_year_are_refused(path: Path) -> None:
    with pytest.raises(InputError, match="found 400; expected 1 to 365 days"):
        Forecast(path, "KEN", "TCD", within=[400])


# -- the page -----------------------------------------------------------------------------------------------------------------
def test_the_page_leads_with_both_ways_and_has_each_part(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["forecast", "KEN", "TCD", *ASKED, "--store", str(path)]) == 0
    out = capsys.readouterr().out
    lines = out.splitlines()
    assert lines[0] == "Kenya and Chad: the days after 10 May 2014"
    assert lines[2].startswith("Kenya toward Chad within 7 days from 11 May 2014: material conflict ")
    for part in (
        "\nKenya toward Chad\n",
        "\nChad toward Kenya\n",
        "sum of intensity",
        "Crises, acts of either side",
        "What moved material conflict",
        "A second view",
        "How good such",
    ):
        assert part in out
    row = next(line for line in lines if line.startswith("  material conflict, 7 days"))
    assert row.count("%") == 5 and row.rstrip().endswith(("better", "no better", "worse"))


# -- scenarios ----------------------------------------------------------------------------------------------------------------
def test_a_scenario_shows_the_outlook_without_and_with_it_for_the_same_days(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    more = ("--if", "2014-05-12 KEN ASSAULT TCD", "--if", "2014-05-13 Kenya assault Chad")
    found = json.loads(ask(path, capsys, *more))
    assert [one["day"] for one in found["supposed"]] == ["2014-05-12", "2014-05-13"]
    assert found["view"]["begins"] == found["supposing"]["begins"] == "2014-05-14"
    without, then = (found[name]["directions"][0]["outlooks"][0]["probability"] for name in ("view", "supposing"))
    assert then > without
    assert main(["forecast", "KEN", "TCD", *ASKED, "--store", str(path), *more]) == 0
    out = capsys.readouterr().out
    assert "Supposing that\n  12 May 2014: Kenya ASSAULT Chad\n" in out and "without" in out and f"{100 * (then - without):+.1f}" in out


def test_the_tables_of_a_scenario_fit_into_100_columns(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["forecast", "KEN", "TCD", "--at", AT, "--store", str(path), "--if", "2014-05-12 KEN ASSAULT TCD"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if len(line) > 100] == []
    heads = [n for n, line in enumerate(lines) if "at least one event of" in line]
    assert len(heads) == 2 and all(len(lines[n - 1].rsplit("  ", 1)[0]) == len(lines[n].rsplit("  ", 1)[0]) for n in heads)


def test_what_cannot_be_is_told_in_one_clause(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["forecast", "KEN", "TCD", "--at", AT, "--store", str(path)])
    assert all(line.count(": ") <= 1 for line in capsys.readouterr().out.splitlines() if line.startswith("  two rungs lower"))


def test_a_scenario_may_name_third_parties_that_the_store_does_not_have(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert json.loads(ask(path, capsys, "--if", "2014-05-12 United States MOBILIZE KEN"))["supposed"][0]["source"] == "USA"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("KEN ASSAULT TCD", "the day is no YYYY-MM-DD"),
        ("2014-05-12 KEN ATTACKS TCD", "none of its words between two actors is a type"),
        ("2014-05-12 ASSAULT TCD", "none of its words between two actors is a type"),
        ("2014-05-09 KEN ASSAULT TCD", "found the day 2014-05-09; expected one from 2014-05-10 on"),
        ("2016-05-09 KEN ASSAULT TCD", "at most 365 days after it"),
        ("2014-05-12 KEN ASSAULT Atlantis", "found 'Atlantis'; expected a country"),
        ("2014-05-12 KEN/REB ASSAULT TCD", "found KEN/REB, a part of a country"),
    ],
)
def test_a_scenario_that_is_none_is_refused_with_what_was_expected(path: Path, capsys: pytest.CaptureFixture[str], text: str, message: str) -> None:
    assert main(["forecast", "KEN", "TCD", *ASKED, "--store", str(path), "--if", text]) == 2
    err = capsys.readouterr().err
    assert message in err and err.count("\n") == 1
