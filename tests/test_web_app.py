"""Pages, their twins, and forms of the desk."""

from __future__ import annotations

import re
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.testclient import TestClient

from detente.cli import main
from detente.store.audit import list_entries
from detente.store.reviewing import judge_event
from detente.web import routes
from detente.web.rendering import address, clean, pair_address, sparkline
from webs_desk import csrf_of, desk_of, make_client, sample_store, words_of

STATIC_PAGES = [page.path for page in routes.PAGES if "{" not in page.path]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with make_client(sample_store(tmp_path_factory.mktemp("desk") / "store.db"), with_style=True) as made:
        yield made


@pytest.fixture
def own(tmp_path: Path) -> Iterator[TestClient]:
    """A client whose store the test may change."""
    with make_client(sample_store(tmp_path / "store.db")) as made:
        yield made


# -- pages -------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("path", STATIC_PAGES)
def test_each_page_is_shown(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "<h1>" in answer.text


@pytest.mark.parametrize("path", STATIC_PAGES)
def test_each_page_has_a_twin(client: TestClient, path: str) -> None:
    answer = client.get("/index.json" if path == "/" else f"{path}.json")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert isinstance(answer.json(), dict)


@pytest.mark.parametrize("path", STATIC_PAGES)
def test_no_page_has_anything_inline_or_from_elsewhere(client: TestClient, path: str) -> None:
    page = client.get(path).text
    assert not re.search(r"<[^>]+\s(?:style|on\w+)=", page)
    assert not re.search(r"<script(?![^>]* src=)", page)
    assert "<style" not in page
    assert not re.search(r'(?:src|srcset|<link[^>]* href)="(?:https?:)?//', page)


@pytest.mark.parametrize("path", STATIC_PAGES)
def test_each_id_of_a_page_stands_once_and_each_label_has_its_field(client: TestClient, path: str) -> None:
    page = client.get(path).text
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'<label[^>]* for="([^"]+)"', page)) <= set(ids)


def test_the_desk_shows_the_pair_that_moved_most(client: TestClient) -> None:
    record = client.get("/index.json").json()
    first = record["movers"][0]
    assert (first["a"], first["b"], first["rung"]) == ("KOR", "PRK", 5)
    assert len(first["weeks"]) == 26
    assert first["weeks"][-1] == 5
    assert "North Korea" in client.get("/").text


def test_a_pair_whose_history_begins_before_the_weeks_read_has_a_direction(client: TestClient) -> None:
    assert client.get("/index.json").json()["movers"][0]["direction"] in ("rising", "unknown")


def test_the_desk_can_stand_at_an_earlier_day(client: TestClient) -> None:
    record = client.get("/index.json?at=2020-04-01").json()
    assert record["at"] == "2020-04-01"
    assert all(event["date"]["start"] <= "2020-04-01" for event in record["events"])


def test_the_desk_of_an_empty_store_says_what_to_do(tmp_path: Path) -> None:
    with make_client(tmp_path / "new.db") as client:
        assert "Nothing is in this store yet" in client.get("/").text


def test_the_events_say_in_english_which_they_are(client: TestClient) -> None:
    page = client.get("/events?type=ASSAULT&dyad=PRK-KOR")
    assert "Events between PRK and KOR, in either direction, of the type ASSAULT" in page.text
    assert client.get("/events.json?type=ASSAULT&dyad=PRK-KOR").json()["total"] == 4


def test_events_are_paged_and_ordered(client: TestClient) -> None:
    first = client.get("/events.json?page_events=5&order=oldest").json()
    second = client.get(f"/events.json?page_events=5&order=oldest&cursor={first['after']}").json()
    days = [event["date"]["start"] for event in [*first["events"], *second["events"]]]
    assert days == sorted(days)
    assert len({event["event_id"] for event in [*first["events"], *second["events"]]}) == 10


def test_a_document_shows_its_text_and_its_events(client: TestClient) -> None:
    record = client.get("/documents/korea-9.json").json()
    assert record["publisher"] == "Agency"
    assert [mention["record"]["event_type"] for mention in record["mentions"]] == ["ASSAULT"]
    assert "Day 9" in words_of(client.get("/documents/korea-9").text)


@pytest.mark.parametrize("path", ["/documents/none", "/nothing", "/documents/none.json", "/static/none.css", "/nowhere"])
def test_what_is_not_there_is_404(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404


@pytest.mark.parametrize(
    ("query", "where"),
    [
        ("foo=1", "foo"),
        ("page_events=0", "page_events"),
        ("page_events=1e3", "page_events"),
        ("page_events=" + "9" * 5_000, "page_events"),
        ("page_events=1&page_events=2", "page_events"),
        ("page=2", "page"),
        ("cursor=none", "cursor"),
        ("order=best", "order"),
        ("since=20200101", "since"),
        ("since=2020-02-30", "since"),
        ("type=WAR", "type"),
        ("rung=9", "rung"),
        ("rung=6..4", "rung"),
        ("dyad=PRK", "dyad"),
        ("confidence=nan", "confidence"),
        ("modality=maybe", "modality"),
        ("text=%00", "text"),
        ("text=" + "a" * 3_000, "text"),
        ("since=2021-01-01&until=2020-01-01", "since"),
    ],
)
def test_a_wrong_parameter_is_refused_with_where_and_what_was_expected(client: TestClient, query: str, where: str) -> None:
    answer = client.get(f"/events.json?{query}")
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert error["code"] == "bad-request"
    assert error["where"] == where
    assert error["expected"]


def test_a_refusal_of_a_page_is_a_page(client: TestClient) -> None:
    answer = client.get("/events?page_events=0")
    assert answer.status_code == 400
    assert "expected a whole number, 1 to 200" in answer.text


def test_a_method_that_an_address_does_not_take_is_refused(client: TestClient) -> None:
    assert client.post("/events.json").status_code == 405


def test_a_fault_of_ours_tells_the_reader_nothing_of_the_inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("secret of the inside")

    monkeypatch.setattr("detente.web.events.list_events", fail)
    with make_client(tmp_path / "store.db") as client:
        client._transport.raise_server_exceptions = False  # type: ignore[attr-defined]
        answer = client.get("/events.json")
    assert answer.status_code == 500
    assert answer.json()["error"]["code"] == "fault"
    assert "secret" not in answer.text
    assert "content-security-policy" in answer.headers


# -- charts ------------------------------------------------------------------------------------------------------------------
def test_a_chart_stands_in_its_page_and_has_an_address_of_its_own(client: TestClient) -> None:
    page, chart = client.get("/style").text, client.get("/style/ladder.svg")
    assert chart.headers["content-type"] == "image/svg+xml"
    assert chart.text.startswith("<svg")
    assert re.findall(r' d="[^"]+"', chart.text) == re.findall(r' d="[^"]+"', page[page.index("chart-frame") : page.index("<figcaption>")])


def test_each_colour_of_a_chart_has_one_for_the_dark(client: TestClient) -> None:
    colours = set(re.findall(r'(?:fill|stroke)="(#[0-9a-f]{6})"', client.get("/style/ladder.svg").text))
    style = client.get("/colours.css").text
    assert colours
    assert not [colour for colour in colours if f':root.theme-dark .chart [fill="{colour}"]' not in style]


def test_a_chart_of_too_little_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = next(page for page in routes.PAGES if page.path == "/style")
    monkeypatch.setattr(routes, "PAGES", (page._replace(charts={"ladder": lambda asked: None}),))
    with make_client(tmp_path / "store.db", with_style=True) as client:
        assert client.get("/style/ladder.svg").status_code == 404
        assert "Too little to draw" in client.get("/style").text


# -- hostile words -----------------------------------------------------------------------------------------------------------
HOSTILE = '<script>alert(1)</script><img src=x onerror=alert(1)> \u202egnp.exe " onmouseover="alert(1)'


def test_words_of_a_report_are_escaped(own: TestClient) -> None:
    from detente.store.schema import open_store
    from detente.store.write import add_report
    from stores import event, report

    store = open_store(desk_of(own).options.store)
    told = event("ACCUSE", "PRK", "KOR", "2020-06-30", HOSTILE)
    add_report(store, report(told, doc_id='a"><b>', text=f"{HOSTILE} it said", publisher=HOSTILE))
    store.close()
    for path in ("/", "/events", "/documents/a%22%3E%3Cb%3E"):
        page = own.get(path).text
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "\u202e" not in page
        assert not re.search(r'<[a-z]+[^<>]*" onmouseover="', page)


def test_words_of_an_address_are_escaped(client: TestClient) -> None:
    page = client.get("/events", params={"text": HOSTILE}).text
    assert "<script>alert" not in page
    assert client.get("/%3Cscript%3Ealert(1)%3C/script%3E").text.count("<script>alert") == 0


def test_hidden_characters_are_shown_as_dots() -> None:
    assert clean("a\u202eb\u2066c\x07d") == "a·b·c·d"


# -- forms -------------------------------------------------------------------------------------------------------------------
def test_a_pasted_report_is_coded_stored_and_shown(own: TestClient) -> None:
    text = "North Korea blew up the liaison office in Kaesong on Tuesday, South Korea's unification ministry said."
    answer = own.post("/add", data={"text": text, "published_on": "2020-06-17", "csrf": csrf_of(own)})
    assert answer.status_code == 303
    document = own.get(answer.headers["location"].partition("#")[0])
    lead = answer.headers["location"].partition("#event-")[2]
    assert "blew up the liaison office" in words_of(document.text)
    assert f'id="event-{lead}"' in document.text
    assert "1 report read" in document.text
    entry = list_entries(desk_of(own).store, limit=1)[0]
    assert (entry.action, entry.role) == ("add report", "review")


def test_what_was_said_once_is_not_said_again(own: TestClient) -> None:
    answer = own.get("/", headers={"Cookie": "detente_notice=Stored."})
    assert "Stored." in answer.text
    assert answer.headers["set-cookie"].startswith('detente_notice=""; ')
    assert "Stored." not in own.get("/").text


def test_an_uploaded_file_is_read_by_its_ending_and_nothing_of_its_name_is_a_path(own: TestClient) -> None:
    line = b'{"id": "up-1", "text": "Iran threatened Israel with war on Monday, officials in Tehran said.", "date": "2020-06-17"}\n'
    answer = own.post("/add", data={"csrf": csrf_of(own)}, files={"file": ("../../etc/reports.jsonl", line)})
    assert answer.headers["location"].startswith("/documents/up-1#event-")
    assert own.get("/documents/up-1.json").json()["location"] == "reports.jsonl"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, "found nothing"),
        ({"text": "a", "url": "https://example.org/"}, "found text and url"),
        ({"url": "file:///etc/passwd"}, "expected an address"),
        ({"text": "a", "published_on": "x"}, "YYYY-MM-DD"),
    ],
)
def test_a_form_that_says_too_little_or_too_much_is_refused(client: TestClient, fields: dict[str, str], expected: str) -> None:
    answer = client.post("/add", data={**fields, "csrf": csrf_of(client)})
    assert answer.status_code == 400
    assert expected in answer.text.replace("&#39;", "'")


def test_a_refused_report_is_answered_on_the_desk_with_what_was_typed(client: TestClient) -> None:
    fields = {"text": "Some <b>words</b>", "title": "A title", "url": "http://10.0.0.1/secret"}
    answer = client.post("/add", data={**fields, "csrf": csrf_of(client)})
    assert answer.status_code == 400
    assert "Crises that moved most" in answer.text
    assert 'role="alert"' in answer.text
    assert 'value="A title"' in answer.text
    assert "Some &lt;b&gt;words&lt;/b&gt;</textarea>" in answer.text


@pytest.mark.parametrize("url", ["http://127.0.0.1/secret", "http://10.0.0.1/", "http://[::1]/", "http://169.254.169.254/latest", "http://localhost/"])
def test_an_address_of_a_local_network_is_not_fetched(client: TestClient, url: str) -> None:
    answer = client.post("/add", data={"url": url, "csrf": csrf_of(client)})
    assert answer.status_code == 400
    assert "expected" in answer.text
    assert "Crises that moved most" in answer.text


def test_a_refused_report_is_answered_as_data_to_who_asks_for_data(client: TestClient) -> None:
    answer = client.post("/add", data={"csrf": csrf_of(client)}, headers={"Accept": "application/json"})
    assert answer.json()["error"]["where"] == "report"


def test_a_file_of_an_unknown_kind_is_refused(client: TestClient) -> None:
    answer = client.post("/add", data={"csrf": csrf_of(client)}, files={"file": ("a.exe", b"MZ")})
    assert answer.status_code == 400


def test_the_theme_is_kept_in_a_cookie_and_shown_by_the_server(own: TestClient) -> None:
    answer = own.post("/theme", data={"theme": "dark", "to": "/events?order=oldest"})
    assert answer.headers["location"] == "/events?order=oldest"
    assert '<html lang="en" class="theme-dark">' in own.get("/").text
    own.post("/theme", data={"theme": "", "to": "/"})
    assert '<html lang="en">' in own.get("/").text


@pytest.mark.parametrize("to", ["//evil.example/", "https://evil.example/", "/\\evil.example", "javascript:alert(1)", "/a\r\nSet-Cookie: x=1"])
def test_no_form_leads_to_another_host(own: TestClient, to: str) -> None:
    assert own.post("/theme", data={"theme": "dark", "to": to}).headers["location"] == "/"


def test_a_change_of_the_store_shows_at_once(own: TestClient) -> None:
    before = own.get("/events.json").json()
    judge_event(desk_of(own).store, before["events"][0]["event_id"], "reject", reviewer="jane")
    assert own.get("/events.json").json()["total"] == before["total"] - 1


# -- small parts -------------------------------------------------------------------------------------------------------------
def test_an_address_takes_changes_and_drops_what_is_empty() -> None:
    assert address("/events", {"type": ["A", "B"], "page": "2", "text": ""}, page=None, order="oldest") == "/events?type=A&type=B&order=oldest"


def test_the_address_of_a_pair_tells_hyphens_of_names_apart() -> None:
    assert pair_address("PRK", "KOR") == "/dyads/PRK-KOR"
    assert pair_address("Al-Shabaab", "SOM") == "/dyads/Al-Shabaab%20-%20SOM"


def test_a_sparkline_breaks_where_nothing_is_known() -> None:
    parts = sparkline([0, 1, None, 8], 100, 30)
    assert len(parts) == 2
    assert parts[0].startswith("2.0,")
    assert parts[1].split()[0] == "98.0,2.0"


# -- the command -------------------------------------------------------------------------------------------------------------
def test_serve_opens_the_desk_and_stops_when_told(tmp_path: Path) -> None:
    path = sample_store(tmp_path / "store.db")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "detente", "serve", "--store", str(path), "--port", str(port)]
    server = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        assert server.stderr is not None
        assert f"http://127.0.0.1:{port}/" in server.stderr.readline()
        answer = _ask_until_up(f"http://127.0.0.1:{port}/index.json", server)
        assert answer.json()["sizes"]["documents"] == 34
    finally:
        server.send_signal(signal.SIGINT)
        server.communicate(timeout=30)
    assert server.returncode in (0, 130)


def test_serve_refuses_a_port_that_is_taken(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert main(["serve", "--store", str(tmp_path / "store.db"), "--port", str(port)]) == 2
    told = capsys.readouterr().err
    assert told.startswith(f"detente: --port: found {port}, on which 127.0.0.1 cannot listen (Address already in use)")
    assert "http://" not in told


def _ask_until_up(url: str, server: subprocess.Popen[str]) -> httpx.Response:
    """An address and the process that will serve it -> its answer, as soon as there is one."""
    with httpx.Client(transport=httpx.HTTPTransport(), timeout=30) as client:
        end = time.monotonic() + 30
        while True:
            try:
                return client.get(url)
            except httpx.ConnectError:
                assert server.poll() is None and time.monotonic() < end, "the desk did not start"
                select.select([], [], [], 0.05)


def test_of_the_latest_day_what_most_tell_of_and_what_is_gravest_comes_first() -> None:
    from detente.web.desk import _choose_latest

    def made(name: str, day: str, reports: int, rung: int) -> dict[str, Any]:
        return {"event_id": name, "date": {"start": day}, "reports": reports, "rung": rung, "confidence": 0.5}

    events = [made("weak", "2020-06-16", 1, 1), made("grave", "2020-06-16", 1, 5), made("told", "2020-06-16", 4, 2), made("old", "2020-06-15", 9, 6)]
    assert [event["event_id"] for event in _choose_latest(events)] == ["told", "grave", "weak", "old"]
