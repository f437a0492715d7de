"""The pages of a situation: what they say, whom and which days they take, and what they refuse."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

from detente.store.schema import open_store
from detente.store.write import add_report
from detente.web import glances
from stores import event, report
from webs_desk import make_client, sample_store

TABS = ("", "/events", "/answers", "/precedents", "/forecast", "/series")


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with make_client(sample_store(tmp_path_factory.mktemp("desk") / "desk.db")) as made:
        yield made


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A store with parties whose names are hard on addresses."""
    path = tmp_path_factory.mktemp("odd") / "odd.db"
    store = open_store(path)
    from detente.records import Actor

    names = ["Abu-Sayyaf-Group", "A/B Front", 'x" onmouseover="alert(1)', "<script>alert(1)</script>", "100% Front?#", "Left - Right"]
    for number, name in enumerate(names):
        for day, kind in enumerate(("ASSAULT", "THREATEN", "ACCUSE", "CONSULT", "AGREE", "SANCTION")):
            one = event(kind, "PRK", "PHL", f"2020-{1 + number:02}-{10 + day:02}", f"acted {number} on day {day}")
            one = _with_source(one, Actor(name, name, None, ("REB",)))
            add_report(store, report(one, doc_id=f"odd-{number}-{day}", published_on=f"2020-{1 + number:02}-{10 + day:02}"))
    store.close()
    with make_client(path) as made:
        yield made


def harmful_parts(page: str) -> list[str]:
    """A page -> its scripts with code, attributes that run code or style, and addresses of code."""
    found: list[str] = []

    class Reader(HTMLParser):
        in_script = False

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            self.in_script = tag == "script"
            found.extend(f"{tag} {name}" for name, value in attrs if name.startswith("on") or name == "style" or (value or "").strip().lower().startswith("javascript:"))

        def handle_endtag(self, tag: str) -> None:
            self.in_script = False

        def handle_data(self, data: str) -> None:
            if self.in_script and data.strip():
                found.append(f"script {data}")

    Reader().feed(page)
    return found


def _with_source(one: Any, actor: Any) -> Any:
    import msgspec

    return msgspec.structs.replace(one, source=(actor,))


@pytest.mark.parametrize("tab", TABS)
def test_each_page_of_a_situation_is_shown_and_has_a_twin(client: TestClient, tab: str) -> None:
    page, twin = client.get(f"/dyads/PRK-KOR{tab}"), client.get(f"/dyads/PRK-KOR{tab}.json")
    assert page.status_code == twin.status_code == 200
    assert "North Korea" in page.text and "South Korea" in page.text
    assert twin.json()["head"]["a"] == {"key": "PRK", "name": "North Korea"}
    assert not harmful_parts(page.text)


def test_the_situation_says_its_lead_and_cites_the_events_that_it_rests_on(client: TestClient) -> None:
    page, record = client.get("/dyads/PRK-KOR").text, client.get("/dyads/PRK-KOR.json").json()
    assert record["lead"].startswith("Rung 5 of 8") and record["lead"] in page
    assert record["holding"] and all(f"/events/{one}" in page for one in record["holding"])
    assert set(record["recent"]) <= set(record["events"])


def test_marks_of_the_ladder_lead_to_events_that_are_there(client: TestClient) -> None:
    import re

    drawn = client.get("/dyads/PRK-KOR/ladder.svg")
    assert drawn.headers["content-type"] == "image/svg+xml"
    links = set(re.findall(r'href="(/events/[0-9a-f]+)"', drawn.text))
    assert links
    known = set(client.get("/dyads/PRK-KOR/events.json").text.split('"'))
    assert all(link.removeprefix("/events/") in known for link in links)


def test_on_a_past_day_nothing_later_is_known(client: TestClient) -> None:
    record = client.get("/dyads/PRK-KOR.json?at=2020-06-01").json()
    assert record["head"]["at"] == "2020-06-01" and record["head"]["events"] == 5
    assert record["standing"]["rung"] < 5
    assert all(one["day"] <= "2020-06-01" for one in record["events"].values())


def test_the_slider_gives_a_day_by_its_number(client: TestClient) -> None:
    number = (datetime.date(2020, 6, 1) - datetime.date(1970, 1, 1)).days
    assert client.get(f"/dyads/PRK-KOR.json?day={number}").json()["head"]["at"] == "2020-06-01"


def test_one_can_go_to_the_next_event_from_a_past_day(client: TestClient) -> None:
    time = client.get("/dyads/PRK-KOR.json?at=2020-05-25").json()["head"]["time"]
    assert time["event_before"] == "/dyads/PRK-KOR?at=2020-05-23" and time["event_after"] == "/dyads/PRK-KOR?at=2020-05-26"
    assert time["latest"] == "/dyads/PRK-KOR"


@pytest.mark.parametrize("query", ["at=2020-02-30", "at=yesterday", "day=x", "at=2020-06-01&day=18414", "at=9999-01-01", "until=20200601", "nonsense=1"])
@pytest.mark.parametrize("tab", TABS)
def test_days_that_are_none_are_refused(client: TestClient, query: str, tab: str) -> None:
    assert client.get(f"/dyads/PRK-KOR{tab}?{query}").status_code == 400


def test_days_that_end_before_they_begin_are_refused(client: TestClient) -> None:
    assert client.get("/dyads/PRK-KOR?from=2021-01-01").status_code == 400


@pytest.mark.parametrize("tab", TABS)
def test_before_the_first_event_each_page_says_that_too_little_is_known(client: TestClient, tab: str) -> None:
    page = client.get(f"/dyads/PRK-KOR{tab}?at=1950-01-01")
    assert page.status_code == 200
    assert "0 events" in page.text


@pytest.mark.parametrize("pair", ["FRA-KOR", "PRK-/REB", "Western Europe-PRK", "the UN - PRK"])
@pytest.mark.parametrize("tab", TABS)
def test_pairs_without_events_are_empty_not_missing(client: TestClient, pair: str, tab: str) -> None:
    assert client.get(f"/dyads/{quote(pair, safe='')}{tab}").status_code == 200


@pytest.mark.parametrize("pair", ["East Asia-PRK", "PRK/GOV-KOR", "North Korea - South Korea", "NATO members-PRK"])
def test_regions_parts_and_names_are_parties(client: TestClient, pair: str) -> None:
    assert client.get(f"/dyads/{quote(pair, safe='')}").status_code == 200


@pytest.mark.parametrize("pair", ["Nobody-PRK", "PRK", "-", "PRK-", "%00-PRK", "PRK-KOR/nothing", "..%2F..%2Fetc-passwd"])
def test_unknown_actors_are_not_found(client: TestClient, pair: str) -> None:
    answer = client.get(f"/dyads/{pair}")
    assert answer.status_code in (400, 404)
    assert "expected" in answer.text


def test_a_party_with_itself_is_refused(client: TestClient) -> None:
    assert client.get("/dyads/PRK-PRK").status_code == 400


@pytest.mark.parametrize("name", ["Abu-Sayyaf-Group", "A/B Front", 'x" onmouseover="alert(1)', "<script>alert(1)</script>", "100% Front?#", "Left - Right"])
@pytest.mark.parametrize("tab", ["", "/events", "/series"])
def test_names_with_hyphens_slashes_and_markup_are_parties_and_do_no_harm(odd: TestClient, name: str, tab: str) -> None:
    page = odd.get(f"/dyads/{quote(f'{name} - PHL', safe='')}{tab}")
    assert page.status_code == 200
    assert not harmful_parts(page.text)
    record = odd.get(f"/dyads/{quote(f'{name} - PHL', safe='')}{tab}.json").json()
    assert record["head"]["a"]["key"] == name and record["head"]["events"] == 6
    # the links of the page lead to the same pair again
    assert odd.get(record["head"]["path"] + ".json").json()["head"]["a"]["key"] == name


def test_events_are_filtered_by_side_rung_and_days(client: TestClient) -> None:
    every = client.get("/dyads/PRK-KOR/events.json").json()
    assert every["total"] == 10
    assert client.get("/dyads/PRK-KOR/events.json?side=b").json()["total"] == 0
    some = client.get("/dyads/PRK-KOR/events.json?rung=5&from=2020-06-10&until=2020-06-20").json()
    assert some["total"] and all(one["rung"] == 5 and "2020-06-10" <= one["day"] <= "2020-06-20" for one in some["events"])
    assert client.get("/dyads/PRK-KOR/events?rung=99").status_code == 400


def test_the_newest_event_comes_first_unless_the_oldest_is_asked_for(client: TestClient) -> None:
    newest = [one["day"] for one in client.get("/dyads/PRK-KOR/events.json").json()["events"]]
    oldest = [one["day"] for one in client.get("/dyads/PRK-KOR/events.json?order=oldest").json()["events"]]
    assert newest == sorted(newest, reverse=True) and oldest == newest[::-1]


@pytest.mark.parametrize(("ending", "media"), [("html", "text/html"), ("md", "text/markdown")])
def test_the_report_is_sent_as_a_file(client: TestClient, ending: str, media: str) -> None:
    sent = client.get(f"/dyads/PRK-KOR/report.{ending}?at=2020-06-10")
    assert sent.status_code == 200 and sent.headers["content-type"].startswith(media)
    assert sent.headers["content-disposition"] == f'attachment; filename="PRK-KOR.{ending}"'
    assert "10 June 2020" in sent.text


def test_a_report_of_another_ending_or_parameter_is_refused(client: TestClient) -> None:
    assert client.get("/dyads/PRK-KOR/report.exe").status_code == 404
    assert client.get("/dyads/PRK-KOR/report.md?x=1").status_code == 400


def test_a_report_in_pdf_without_a_browser_says_so(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("detente.report.find_browser", lambda: None)
    answer = client.get("/dyads/PRK-KOR/report.pdf")
    assert answer.status_code == 501
    assert "no browser" in answer.text


def test_the_series_has_a_row_for_each_period_and_a_file(client: TestClient) -> None:
    record = client.get("/dyads/PRK-KOR/series.json?by=month").json()
    assert [one["period"] for one in record["totals"]] == ["2020-06-01", "2020-05-01"]
    assert sum(one["events"] for one in record["totals"]) == 10
    sent = client.get("/dyads/PRK-KOR/series.csv?by=month")
    assert sent.headers["content-type"].startswith("text/csv") and sent.text.startswith("period,")


def test_an_unknown_period_is_refused(client: TestClient) -> None:
    assert client.get("/dyads/PRK-KOR/series?by=year").status_code == 400


def test_an_empty_store_has_no_situation_and_says_what_to_do(tmp_path: Path) -> None:
    with make_client(tmp_path / "empty.db") as empty:
        answer = empty.get("/dyads/PRK-KOR")
        assert answer.status_code == 404
        assert "detente add" in answer.text


def test_windows_of_the_ladder_are_addresses_and_the_one_shown_is_marked(client: TestClient) -> None:
    shown = client.get("/dyads/PRK-KOR.json").json()["shown"]
    assert [window["label"] for window in shown["windows"]] == ["3m", "1y", "5y", "all"]
    for window in shown["windows"]:
        again = client.get(window["to"].replace("PRK-KOR", "PRK-KOR.json")).json()["shown"]
        assert [one["is_current"] for one in again["windows"]] == [one["label"] == window["label"] for one in shown["windows"]]


# -- what the other pages come to --------------------------------------------------------------------------------------------
def test_the_first_page_tells_shortly_what_the_others_come_to(client: TestClient) -> None:
    found = client.get("/dyads/PRK-KOR.json").json()["glances"]
    page = client.get("/dyads/PRK-KOR").text
    assert found["answers"] and found["precedents"] and (found["forecast"] or found["forecast_reason"])
    for name in ("answers", "precedents", "forecast"):
        assert f'id="{name}-title"' in page and f'href="/dyads/PRK-KOR/{name}"' in page


def test_links_to_the_other_pages_keep_the_day(client: TestClient) -> None:
    assert 'href="/dyads/PRK-KOR/precedents?at=2020-06-10">Laid over each other' in client.get("/dyads/PRK-KOR?at=2020-06-10").text


def test_a_large_store_leaves_precedents_and_forecast_to_their_pages(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(glances, "MOST_EVENTS", 1)
    found = client.get("/dyads/PRK-KOR.json?at=2020-06-15").json()["glances"]
    assert found["answers"] and found["precedents"] == [] and found["forecast"] == []


def test_the_first_page_is_made_anew_when_models_were_trained(client: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DETENTE_CACHE", str(tmp_path))
    monkeypatch.setattr(glances, "_look", lambda _: ((), "none yet"))
    assert client.get("/dyads/PRK-KOR.json?at=2020-06-14").json()["glances"]["forecast_reason"] == "none yet"
    (tmp_path / "models").mkdir()
    monkeypatch.setattr(glances, "_look", lambda _: ((), "there now"))
    assert client.get("/dyads/PRK-KOR.json?at=2020-06-14").json()["glances"]["forecast_reason"] == "there now"


def test_the_forecast_of_the_first_page_is_that_of_its_own_page(client: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DETENTE_CACHE", str(tmp_path))
    from detente.forecasting.forecast import Forecast
    from webs_desk import desk_of

    view = Forecast(desk_of(client).store, "PRK", "KOR", within=[glances.DAYS]).view
    assert view is not None
    told = {(one["source"], one["what"]): one for one in client.get("/dyads/PRK-KOR.json").json()["glances"]["forecast"]}
    conflict = next(one for one in view.directions[0].outlooks if (one.target, one.horizon_days) == ("conflict", glances.DAYS))
    assert (told["North Korea", "material conflict"]["probability"], told["North Korea", "material conflict"]["reason"]) == (conflict.probability, conflict.reason)
    assert len(told) == 4
