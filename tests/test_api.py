"""The API: pages by cursor, formats, tags, refusals, roles, and what it does."""

from __future__ import annotations

import csv
import io
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from starlette.testclient import TestClient

from detente.store.audit import list_entries
from detente.store.reviewing import judge_event
from detente.store.tokens import add_token
from detente.store.write import add_report
from detente.web import adding
from detente.web.api_routes import CALLS
from stores import event, report
from webs_desk import desk_of, make_client, sample_store

API = "/api/v1"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with make_client(sample_store(tmp_path_factory.mktemp("api") / "store.db")) as made:
        yield made


@pytest.fixture
def own(tmp_path: Path) -> Iterator[TestClient]:
    """A client whose store the test may change."""
    with make_client(sample_store(tmp_path / "store.db")) as made:
        yield made


def _walk(client: TestClient, address: str | None) -> Iterator[dict[str, Any]]:
    while address:
        page = client.get(address).json()
        yield from page["items"]
        address = page["next"]


def _first(client: TestClient) -> str:
    return str(client.get(f"{API}/events?dyad=PRK-KOR&limit=1").json()["items"][0]["event_id"])


# -- pages -------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("address", ["/events?limit=7", "/events?order=gravest&limit=7", "/documents?limit=7"])
def test_pages_give_each_item_once(client: TestClient, address: str) -> None:
    key = "event_id" if "events" in address else "doc_id"
    ids = [item[key] for item in _walk(client, API + address)]
    assert len(ids) == len(set(ids)) == 34


def test_an_event_that_comes_meanwhile_shifts_no_page(own: TestClient) -> None:
    first = own.get(f"{API}/events?limit=10").json()
    add_report(desk_of(own).store, report(event("PROTEST", "PRK", "KOR", "2020-06-30", "protested anew"), doc_id="new", published_on="2020-06-30"))
    rest = [item["event_id"] for item in _walk(own, first["next"])]
    ids = [item["event_id"] for item in first["items"]] + rest
    assert len(ids) == len(set(ids)) == 34


def test_the_address_of_the_next_page_is_in_the_link_header(client: TestClient) -> None:
    answer = client.get(f"{API}/events?limit=2&dyad=PRK-KOR")
    assert answer.headers["link"] == f'<{answer.json()["next"]}>; rel="next"'
    assert "dyad=PRK-KOR" in answer.json()["next"]


def test_a_page_leads_back_to_the_one_before(client: TestClient) -> None:
    first = client.get(f"{API}/events?limit=5").json()
    second = client.get(first["next"]).json()
    assert client.get(second["previous"]).json()["items"] == first["items"]


def test_pairs_come_a_page_at_a_time_with_the_busiest_first(client: TestClient) -> None:
    found = list(_walk(client, f"{API}/dyads?limit=1"))
    assert found == [{"a": "DEU", "b": "FRA", "events": 24, "a_to_b": 0, "b_to_a": 24}, {"a": "KOR", "b": "PRK", "events": 10, "a_to_b": 0, "b_to_a": 10}]


@pytest.mark.parametrize("path", ["/events", "/documents", "/dyads", "/alerts", "/decisions"])
def test_a_cursor_that_was_made_up_is_refused(client: TestClient, path: str) -> None:
    answer = client.get(f"{API}{path}?cursor=WzFd")
    assert (answer.status_code, answer.json()["error"]["where"]) == (400, "cursor")


# -- formats -----------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("path", ["/events", "/documents", "/dyads/PRK-KOR/series", "/alerts"])
def test_tables_come_in_four_formats_with_the_same_rows(client: TestClient, path: str) -> None:
    as_json = len(list(_walk(client, f"{API}{path}"))) if "series" not in path else len(client.get(f"{API}{path}").json()["items"])
    as_csv = list(csv.DictReader(io.StringIO(client.get(API + path, headers={"Accept": "text/csv"}).text)))
    lines = client.get(API + path, headers={"Accept": "application/x-ndjson"}).text.splitlines()
    as_parquet = pl.read_parquet(io.BytesIO(client.get(f"{API}{path}?format=parquet").content))
    assert as_json == len(as_csv) == len([json.loads(line) for line in lines]) == as_parquet.height
    if as_csv:
        assert list(as_csv[0]) == as_parquet.columns


def test_a_series_has_the_same_figures_as_csv_and_as_json(client: TestClient) -> None:
    rows = client.get(f"{API}/dyads/PRK-KOR/series").json()["items"]
    lines = csv.DictReader(io.StringIO(client.get(f"{API}/dyads/PRK-KOR/series?format=csv").text))
    for row, line in zip(rows, lines, strict=True):
        assert line["period"] == row["period"]
        assert int(line["events"]) == row["events"]
        assert (float(line["score_sum"]) if line["score_sum"] else None) == row["score_sum"]


@pytest.mark.parametrize(
    ("accept", "given"),
    [
        ("*/*", "application/json"),
        ("text/csv;q=0.5, application/json;q=0.4", "text/csv; charset=utf-8"),
        ("application/json;q=0, */*", "text/csv; charset=utf-8"),
        ("application/jsonl", "application/x-ndjson"),
        ("text/html, text/*;q=0.1", "text/csv; charset=utf-8"),
    ],
)
def test_the_format_is_the_one_that_is_accepted_best(client: TestClient, accept: str, given: str) -> None:
    assert client.get(f"{API}/events", headers={"Accept": accept}).headers["content-type"] == given


def test_a_format_that_is_not_given_is_refused(client: TestClient) -> None:
    assert client.get(f"{API}/events", headers={"Accept": "image/png"}).status_code == 406
    assert client.get(f"{API}/dyads?format=csv").status_code == 406
    assert client.get(f"{API}/events?format=xml").status_code == 400


def test_a_cell_that_a_spreadsheet_would_run_is_made_harmless(own: TestClient) -> None:
    told = report(event("CONSULT", "FRA", "DEU", "2020-06-30", "met"), doc_id="formula", published_on="2020-06-30", publisher="=cmd()")
    add_report(desk_of(own).store, told)
    rows = list(csv.DictReader(io.StringIO(own.get(f"{API}/documents?format=csv").text)))
    assert rows[0]["publisher"] == "'=cmd()"


def test_a_file_knows_no_pages(client: TestClient) -> None:
    assert client.get(f"{API}/documents?format=csv&limit=3").json()["error"]["where"] == "limit"


# -- tags --------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("path", ["/events", "/dyads/PRK-KOR/situation", "/codebook", "/openapi.json"])
def test_an_answer_that_has_not_changed_is_not_sent_again(client: TestClient, path: str) -> None:
    tag = client.get(API + path).headers["etag"]
    again = client.get(API + path, headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")


def test_a_decision_is_seen_at_once_and_changes_the_tag(own: TestClient) -> None:
    address = f"{API}/events?dyad=PRK-KOR"
    before = own.get(address)
    own.post(f"{API}/events/{_first(own)}/reject", json={})
    after = own.get(address)
    assert after.json()["total"] == before.json()["total"] - 1
    assert after.headers["etag"] != before.headers["etag"]


# -- refusals ----------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("GET", "/events/ffffffff", 404),
        ("GET", "/documents/none", 404),
        ("GET", "/codebook/NONE", 404),
        ("POST", "/decisions/99/undo", 404),
        ("POST", "/events/ffffffff/accept", 404),
        ("DELETE", "/events", 405),
        ("POST", "/events", 405),
        ("GET", "/code", 405),
        ("GET", "/events?colour=red", 400),
        ("GET", "/events?dyad=", 400),
        ("GET", "/events?limit=1_0", 400),
        ("GET", "/dyads/PRK/situation", 400),
        ("GET", "/dyads/PRK-KOR/series?since=2021-01-01", 400),
        ("POST", "/code", 422),
    ],
)
def test_every_refusal_has_one_shape(client: TestClient, method: str, path: str, status: int) -> None:
    answer = client.request(method, API + path, **({"json": {}} if method == "POST" else {}))
    assert answer.status_code == status
    assert list(answer.json()) == ["error"]
    assert list(answer.json()["error"]) == ["code", "message", "where", "expected"]


def test_another_method_is_told_which_there_are(client: TestClient) -> None:
    assert client.put(f"{API}/documents", json={}).headers["allow"] == "GET, POST, HEAD"


@pytest.mark.parametrize(
    ("content", "media", "status"),
    [
        (b"{", "application/json", 400),
        (b'{"text": "\xff"}', "application/json", 400),
        (b'{"text": 1}', "application/json", 422),
        (b'{"text": "a", "colour": "red"}', "application/json", 422),
        (b'{"text": "  "}', "application/json", 422),
        (b"text=a", "application/x-www-form-urlencoded", 415),
        (b"[" * 100_000, "application/json", 422),
    ],
)
def test_a_body_of_another_shape_is_refused(client: TestClient, content: bytes, media: str, status: int) -> None:
    answer = client.post(f"{API}/code", content=content, headers={"Content-Type": media})
    assert answer.status_code == status
    assert answer.json()["error"]["message"]


def test_a_body_that_is_too_large_is_refused(tmp_path: Path) -> None:
    with make_client(sample_store(tmp_path / "store.db"), max_upload_bytes=1_000) as small:
        answer = small.post(f"{API}/code", content=iter([b'{"text": "', b"a" * 2_000, b'"}']), headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too-large")


def test_too_many_requests_are_told_when_the_next_may_come(tmp_path: Path) -> None:
    with make_client(sample_store(tmp_path / "store.db"), token_requests=2) as few:
        token = add_token(desk_of(few).store, "quick", "read", by="test")
        answers = [few.get(f"{API}/codebook", headers={"Authorization": f"Bearer {token}"}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert int(answers[2].headers["retry-after"]) >= 1


# -- roles -------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.name)
def test_no_call_is_answered_without_a_token_where_one_is_asked_for(tmp_path: Path, call: Any) -> None:
    path = call.path.replace("{pair:path}", "PRK-KOR").replace("{doc_id:path}", "korea-1").replace("{event_id}", "ffffffff").replace("{type}", "ASSAULT").replace("{decision}", "1")
    with make_client(sample_store(tmp_path / "store.db"), is_open=False) as closed:
        assert closed.request(call.method, API + path).status_code == 401


@pytest.mark.parametrize(("role", "path"), [("read", "/code"), ("read", "/dyads/PRK-KOR/forecast"), ("code", "/events/ffffffff/accept"), ("code", "/decisions/1/undo")])
def test_a_role_that_is_not_enough_is_refused(tmp_path: Path, role: Any, path: str) -> None:
    with make_client(sample_store(tmp_path / "store.db"), is_open=False) as closed:
        token = add_token(desk_of(closed).store, "small", role, by="test")
        answer = closed.post(API + path, json={}, headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "role")


# -- what it does ------------------------------------------------------------------------------------------------------------
def test_an_event_is_corrected_and_that_is_undone(own: TestClient) -> None:
    event_id = _first(own)
    before = own.get(f"{API}/events/{event_id}").json()
    made = own.post(f"{API}/events/{event_id}/correct", json={"fields": {"dead": "3"}, "why": "the toll"})
    assert (made.status_code, own.get(f"{API}/events/{event_id}").json()["dead"]) == (201, 3)
    undone = own.post(f"{API}/decisions/{made.json()['id']}/undo", json={})
    assert undone.json()["record"] == {"undoes": made.json()["id"]}
    assert own.get(f"{API}/events/{event_id}").json()["dead"] == before["dead"]


@pytest.mark.parametrize("form", ["tag", "bare tag", "state"])
def test_a_decision_on_the_event_as_it_was_read_is_taken(own: TestClient, form: str) -> None:
    address = f"{API}/events/{_first(own)}"
    read = own.get(address)
    given = {"tag": read.headers["etag"], "bare tag": read.headers["etag"].removeprefix("W/"), "state": f'"{read.json()["state"]}"'}[form]
    assert own.post(f"{address}/accept", json={}, headers={"If-Match": given}).status_code == 201


@pytest.mark.parametrize(("action", "body"), [("accept", {}), ("reject", {}), ("correct", {"fields": {"dead": "2"}}), ("split", {"mentions": ["ffffffff"]})])
def test_a_decision_on_an_event_that_changed_since_it_was_read_is_refused(own: TestClient, action: str, body: dict[str, Any]) -> None:
    address = f"{API}/events/{_first(own)}"
    tag = own.get(address).headers["etag"]
    judge_event(desk_of(own).store, _first(own), "accept", reviewer="jane")
    answer = own.post(f"{address}/{action}", json=body, headers={"If-Match": tag})
    assert (answer.status_code, answer.json()["error"]["code"], "accept by jane" in answer.json()["error"]["message"]) == (412, "changed", True)
    assert len(own.get(address).json()["decisions"]) == 1


def test_of_two_reviewers_who_read_the_same_one_is_taken(own: TestClient) -> None:
    address = f"{API}/events/{_first(own)}"
    tag = own.get(address).headers["etag"]
    answers = [own.post(f"{address}/{action}", json={}, headers={"If-Match": tag}).status_code for action in ("accept", "reject")]
    assert answers == [201, 412]
    assert own.post(f"{address}/reject", json={}, headers={"If-Match": own.get(address).headers["etag"]}).status_code == 201


def test_an_undo_heeds_what_came_since_the_event_was_read(own: TestClient) -> None:
    address = f"{API}/events/{_first(own)}"
    made = own.post(f"{address}/accept", json={}).json()["id"]
    tag = own.get(address).headers["etag"]
    own.post(f"{address}/correct", json={"fields": {"dead": "2"}})
    assert own.post(f"{API}/decisions/{made}/undo", json={}, headers={"If-Match": tag}).status_code == 412


@pytest.mark.parametrize(("given", "status"), [("*", 201), ('W/"never~given"', 412), ("", 412), ('"a", "b"', 400)])
def test_other_words_of_if_match_are_answered_by_what_they_mean(own: TestClient, given: str, status: int) -> None:
    assert own.post(f"{API}/events/{_first(own)}/accept", json={}, headers={"If-Match": given}).status_code == status


def test_events_are_merged_and_split_by_their_ids(own: TestClient) -> None:
    one, two = (item["event_id"] for item in own.get(f"{API}/events?dyad=PRK-KOR&limit=2").json()["items"])
    merged = own.post(f"{API}/events/{one}/merge", json={"others": [two]})
    assert merged.status_code == 201
    mention = own.get(f"{API}/events/{one}").json()["evidence"][1]["mention_id"]
    assert own.post(f"{API}/events/{one}/split", json={"mentions": [mention]}).status_code == 201


def test_a_change_stands_in_the_log_with_who_made_it(own: TestClient) -> None:
    event_id = _first(own)
    token = add_token(desk_of(own).store, "anna", "review", by="test")
    own.post(f"{API}/events/{event_id}/accept", json={}, headers={"Authorization": f"Bearer {token}"})
    entry = list_entries(desk_of(own).store, limit=1)[0]
    assert (entry.who, entry.role, entry.action, entry.object) == ("anna", "review", "api: accept an event", event_id)
    assert own.get(f"{API}/decisions").json()["items"][0]["reviewer"] == "anna"


def test_a_decision_that_others_rest_on_is_not_undone(own: TestClient) -> None:
    event_id = _first(own)
    first = own.post(f"{API}/events/{event_id}/accept", json={}).json()["id"]
    own.post(f"{API}/events/{event_id}/reject", json={})
    answer = own.post(f"{API}/decisions/{first}/undo", json={})
    assert answer.status_code == 400
    assert "undo that one first" in answer.json()["error"]["message"]


def test_a_text_that_is_coded_is_not_stored(own: TestClient) -> None:
    sent = {"text": "North Korea fired two missiles toward the Sea of Japan on Tuesday, officials said.", "published_on": "2020-06-16"}
    coded = own.post(f"{API}/code", json=sent).json()
    assert coded["events"]
    assert all(coded["text"][slice(*one["span"])] == one["text"] for found in coded["events"] for one in found["evidence"])
    assert own.get(f"{API}/documents").json()["total"] == 34


def test_reports_are_stored_once(own: TestClient) -> None:
    sent = {"documents": [{"text": "French police arrested four men in Lyon on Monday.", "published_on": "2020-06-16"}]}
    first = own.post(f"{API}/documents", json=sent)
    assert (first.status_code, first.json()["known"]) == (201, 0)
    assert own.post(f"{API}/documents", json=sent).json()["known"] == 1
    assert own.get(f"{API}/documents/{first.json()['doc_ids'][0]}").json()["text"].startswith("French police")


def test_more_texts_at_once_than_may_wait_are_refused(own: TestClient) -> None:
    for _ in range(adding.MOST_CODING):
        assert adding._coders.acquire(blocking=False)
    try:
        answer = own.post(f"{API}/code", json={"text": "They met."})
    finally:
        for _ in range(adding.MOST_CODING):
            adding._coders.release()
    assert (answer.status_code, answer.json()["error"]["code"], answer.headers["retry-after"]) == (503, "busy", "5")


def test_no_forecast_is_trained_by_reading_it(own: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DETENTE_CACHE", str(tmp_path / "cache"))
    address = f"{API}/dyads/PRK-KOR/forecast"
    answer = own.get(f"{address}?target=conflict&within=7")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "not-trained")
    assert not list((tmp_path / "cache").glob("models/*"))
    asked = own.post(address, json={"target": ["conflict"], "within": [7]})
    assert (asked.status_code, asked.json()["state"]) == (202, "training")
    for thread in threading.enumerate():
        if thread.name == "training":
            thread.join(60)
    told = own.get(f"{address}?target=conflict&within=7").json()
    assert [outlook["target"] for outlook in told["view"]["directions"][0]["outlooks"]] == ["conflict"]
    assert own.post(address, json={"target": ["conflict"], "within": [7]}).json() == {"state": "ready", "since": None}


def test_the_situation_names_no_event_that_it_does_not_hold(client: TestClient) -> None:
    told = client.get(f"{API}/dyads/PRK-KOR/situation").json()
    assert set(told["standing"]["event_ids"]) <= set(told["events"])
    assert told["number"] == 10


def test_a_party_may_be_a_part_of_a_country(client: TestClient) -> None:
    told = client.get(f"{API}/dyads/PRK%2FGOV-KOR/situation").json()
    assert (told["a"], told["b"]) == ("PRK/GOV", "KOR")


def test_an_empty_store_answers_with_empty_lists(tmp_path: Path) -> None:
    with make_client(tmp_path / "empty.db") as empty:
        for path in ("/events", "/documents", "/dyads", "/alerts", "/alerts/found", "/decisions"):
            assert empty.get(API + path).json()["items"] == []
        assert empty.get(f"{API}/dyads/PRK-KOR/situation").status_code == 400


def test_the_page_of_the_api_names_each_call(client: TestClient) -> None:
    page = client.get("/api").text
    assert [call.name for call in CALLS if f'id="{call.name}"' not in page] == []
    assert "style=" not in page
    assert "https://" not in page
