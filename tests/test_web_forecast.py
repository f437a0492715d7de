"""The forecast of a pair on the desk: told if its models are there, else a button that trains them in a process of its own."""

from __future__ import annotations

import datetime
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from detente.web import pages_forecast, training
from detente.web.refusals import RefusedError
from webs_desk import csrf_of, desk_of, make_client, sample_store

KEY = ("a store", "PRK", "KOR", datetime.date(2020, 6, 16))


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    monkeypatch.setenv("DETENTE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(training, "_queue", training.Queue())
    with make_client(sample_store(tmp_path / "desk.db")) as made:
        yield made


def untrained(*_: object) -> None:
    raise training.NotTrainedError


def test_few_events_are_said_instead_of_a_forecast(client: TestClient) -> None:
    record = client.get("/dyads/FRA-KOR/forecast.json").json()
    assert record["state"] == "few-events" and record["view"] is None


def test_parties_that_are_no_countries_have_no_forecast(client: TestClient) -> None:
    record = client.get("/dyads/East Asia-FRA/forecast.json").json()
    assert record["state"] == "no-country" and "several countries" in record["said"]


def test_a_page_view_trains_nothing_and_offers_to(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages_forecast, "_ask", untrained)
    page = client.get("/dyads/PRK-KOR/forecast")
    assert "Not trained yet" in page.text and 'action="/dyads/PRK-KOR/forecast/train"' in page.text


def test_what_is_usual_is_told_without_a_model(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages_forecast, "_ask", untrained)
    usual = {(one["side"], one["quad"], one["horizon_days"]): one for one in client.get("/dyads/PRK-KOR/forecast.json").json()["usual"]}
    # ten events in 28 days, the last four assaults, every third day
    assaults = usual["a", 4, 7]
    assert assaults["held"] and assaults["windows"] == 22 and 0.3 < assaults["share"] < 0.9
    assert usual["b", 4, 7]["share"] == 0 and not usual["b", 4, 7]["held"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A desk whose models of the latest month are there."""
    from detente.forecasting.forecast import Forecast

    folder = tmp_path_factory.mktemp("trained")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DETENTE_CACHE", str(folder / "cache"))
        with make_client(sample_store(folder / "desk.db")) as made:
            assert Forecast(desk_of(made).store, "PRK", "KOR").view is not None
            yield made


def test_a_scenario_of_the_form_is_told_beside_the_forecast_without_it(trained: TestClient) -> None:
    record = trained.get("/dyads/PRK-KOR/forecast.json?by=b&type=MOBILIZE").json()
    assert record["state"] == "told"
    day = record["suppose_from"]
    assert [one["text"] for one in record["supposed"]] == [f"{day} KOR MOBILIZE PRK"]
    assert record["supposing"]["begins"] > record["view"]["begins"]
    page = trained.get("/dyads/PRK-KOR/forecast?by=b&type=MOBILIZE").text
    assert "South Korea MOBILIZE North Korea" in page and ">Supposing that<" in page


def test_each_table_of_a_forecast_has_a_name_of_its_own(trained: TestClient) -> None:
    labels = re.findall(r'role="region" aria-label="([^"]+)"', trained.get("/dyads/PRK-KOR/forecast").text)
    assert len(labels) > 3 and len(labels) == len(set(labels))


def test_events_of_a_scenario_add_up_and_each_can_be_taken_away(trained: TestClient) -> None:
    day = trained.get("/dyads/PRK-KOR/forecast.json").json()["suppose_from"]
    first = f"{day} KOR THREATEN PRK"
    supposed = trained.get("/dyads/PRK-KOR/forecast.json", params={"if": first, "type": "ASSAULT", "on": day}).json()["supposed"]
    assert [one["text"] for one in supposed] == [first, f"{day} PRK ASSAULT KOR"]
    rest = trained.get(supposed[0]["without"].replace("/forecast?", "/forecast.json?")).json()["supposed"]
    assert [one["text"] for one in rest] == [f"{day} PRK ASSAULT KOR"]


@pytest.mark.parametrize(
    "query", ["if=x", "type=DANCE", "type=ASSAULT&by=c", "type=ASSAULT&on=1999-01-01", "if=" + "&if=".join(f"2030-01-{n:02}+PRK+ACCUSE+KOR" for n in range(1, 23))]
)
def test_a_scenario_that_is_none_is_refused(trained: TestClient, query: str) -> None:
    assert trained.get(f"/dyads/PRK-KOR/forecast.json?{query}").status_code == 400


def test_training_needs_a_form_of_the_desk(client: TestClient) -> None:
    assert client.post("/dyads/PRK-KOR/forecast/train", data={"at": "2020-06-10"}).status_code == 403


def test_the_button_begins_training_and_the_page_says_so(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[tuple[object, ...]] = []
    monkeypatch.setattr(training, "_train", lambda *asked: begun.append(asked))
    answer = client.post("/dyads/PRK-KOR/forecast/train", data={"csrf": csrf_of(client), "at": "2020-06-10"})
    assert answer.status_code == 303 and answer.headers["location"] == "/dyads/PRK-KOR/forecast?at=2020-06-10"
    assert begun[0][2][-4:] == ["KOR", "--at", "2020-06-10", "--json"]  # type: ignore[index]
    assert "Under way" in client.get("/dyads/PRK-KOR/forecast?at=2020-06-10").text
    again = client.post("/dyads/PRK-KOR/forecast/train", data={"csrf": csrf_of(client), "at": "2020-06-10"})
    assert again.status_code == 303 and len(begun) == 1


def begin_queue() -> training.Queue:
    queue = training.Queue()
    queue.works[KEY] = training.Work(datetime.datetime.now(datetime.UTC), "", 0)
    return queue


def test_what_the_training_says_is_kept_and_its_end_clears_it() -> None:
    queue = begin_queue()
    training._train(queue, KEY, [sys.executable, "-c", "import sys; print('training one', file=sys.stderr)"], "nowhere.db")
    assert queue.works == {}


def test_a_training_that_fails_leaves_its_last_words() -> None:
    queue = begin_queue()
    code = "import os, sys; print('training one', file=sys.stderr); print('lightgbm:', os.environ['DETENTE_STORE'], file=sys.stderr); sys.exit(2)"
    training._train(queue, KEY, [sys.executable, "-c", code], "nowhere.db")
    assert queue.works[KEY].fault == "lightgbm: nowhere.db" and queue.works[KEY].models == 1


def test_a_training_waits_its_turn_and_too_many_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "_queue", training.Queue())
    monkeypatch.setattr(training, "_train", lambda *asked: None)
    first, is_new = training.begin_work("first", (), "nowhere.db")
    assert (first.what, is_new) == ("reads the events", True)
    assert training.begin_work("first", (), "nowhere.db") == (first, False)
    assert training.begin_work("second", (), "nowhere.db")[0].what == "waits for its turn"
    for n in range(training.MOST_WAITING - 1):
        training.begin_work(n, (), "nowhere.db")
    with pytest.raises(RefusedError) as refused:
        training.begin_work("last", (), "nowhere.db")
    assert refused.value.status == 503
