"""The forecast of a pair on the desk: told if its models are there, else a button that trains them in a process of its own."""

from __future__ import annotations

import datetime
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from detente.web import pages_forecast
from webs_desk import csrf_of, make_client, sample_store

KEY = ("a store", "PRK", "KOR", datetime.date(2020, 6, 16))


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    monkeypatch.setenv("DETENTE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(pages_forecast, "_WORK", {})
    with make_client(sample_store(tmp_path / "desk.db")) as made:
        yield made


def untrained(*_: object) -> None:
    raise pages_forecast.NotTrainedError


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


def test_training_needs_a_form_of_the_desk(client: TestClient) -> None:
    assert client.post("/dyads/PRK-KOR/forecast/train", data={"at": "2020-06-10"}).status_code == 403


def test_the_button_begins_training_and_the_page_says_so(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[tuple[object, ...]] = []
    monkeypatch.setattr(pages_forecast, "_train", lambda *asked: begun.append(asked))
    answer = client.post("/dyads/PRK-KOR/forecast/train", data={"csrf": csrf_of(client), "at": "2020-06-10"})
    assert answer.status_code == 303 and answer.headers["location"] == "/dyads/PRK-KOR/forecast?at=2020-06-10"
    assert begun[0][0][-4:] == ["KOR", "--at", "2020-06-10", "--json"]  # type: ignore[index]
    assert "Under way" in client.get("/dyads/PRK-KOR/forecast?at=2020-06-10").text
    again = client.post("/dyads/PRK-KOR/forecast/train", data={"csrf": csrf_of(client), "at": "2020-06-10"})
    assert again.status_code == 303 and len(begun) == 1


def test_what_the_training_says_is_kept_and_its_end_clears_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages_forecast, "_WORK", {KEY: pages_forecast.Work(datetime.datetime.now(datetime.UTC), "", 0)})
    pages_forecast._train([sys.executable, "-c", "import sys; print('training one', file=sys.stderr)"], "nowhere.db", KEY)
    assert pages_forecast._WORK == {}


def test_a_training_that_fails_leaves_its_last_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages_forecast, "_WORK", {KEY: pages_forecast.Work(datetime.datetime.now(datetime.UTC), "", 0)})
    code = "import os, sys; print('training one', file=sys.stderr); print('lightgbm:', os.environ['DETENTE_STORE'], file=sys.stderr); sys.exit(2)"
    pages_forecast._train([sys.executable, "-c", code], "nowhere.db", KEY)
    assert pages_forecast._WORK[KEY].fault == "lightgbm: nowhere.db" and pages_forecast._WORK[KEY].models == 1
