"""The page of an event, each decision of a reviewer with its undo, and the queue of review."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from httpx import Response
from starlette.testclient import TestClient

from detente.store.audit import list_entries
from detente.store.reviewing import judge_event
from detente.store.schema import open_store
from detente.store.tokens import add_token
from detente.store.write import add_report
from detente.web.event import Context, cut_context
from stores import event, report
from webs_desk import check_inert, csrf_of, desk_of, make_client, words_of

DAY = "2020-06-16"


def _store(path: Path) -> Path:
    """One event of three reports, that differ on the dead; one near it; one quiet."""
    store = open_store(path)
    for n, dead in enumerate((None, 3, 4)):
        told = event("ASSAULT", "PRK", "KOR", DAY, f"blew up the liaison office, report {n}", modes=("destroy",), dead=dead, place="Kaesong", confidence=0.4)
        add_report(store, report(told, doc_id=f"r{n}", published_on=f"2020-06-{17 + n}", publisher=("Agency", "Daily", "Herald")[n]))
    near = event("ASSAULT", "PRK", "KOR", "2020-06-18", "fired at a post", modes=("firearms",), cameo="193", confidence=0.9)
    add_report(store, report(near, doc_id="near", published_on="2020-06-18"))
    add_report(store, report(event("CONSULT", "FRA", "DEU", "2020-02-02", "met in Paris", confidence=0.9), doc_id="quiet", published_on="2020-02-02"))
    store.close()
    return path


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    with make_client(_store(tmp_path / "store.db")) as made:
        yield made


def _ids(client: TestClient) -> dict[str, str]:
    events = client.get("/events.json?review=any").json()["events"]
    return {f"{e['event_type']} {e['date']['start']}": e["event_id"] for e in events}


def _blast(client: TestClient) -> str:
    return _ids(client)[f"ASSAULT {DAY}"]


def _event(client: TestClient, event_id: str) -> dict[str, Any]:
    found: dict[str, Any] = client.get(f"/events/{event_id}.json").json()["event"]
    return found


def _post(client: TestClient, event_id: str, action: str, **fields: Any) -> Response:
    state = fields.pop("state", None) or client.get(f"/events/{event_id}.json").json()["state"]
    return client.post(f"/events/{event_id}/{action}", data={"csrf": csrf_of(client), "state": state, **fields})


# -- the page ------------------------------------------------------------------------------------------------------------------
def test_the_page_has_the_evidence_of_every_source_with_its_place_in_the_report(client: TestClient) -> None:
    page = client.get(f"/events/{_blast(client)}").text
    for publisher in ("Agency", "Daily", "Herald"):
        assert publisher in page
    assert re.search(r'href="/documents/r1#at-\w+"', page)
    assert "blew up the liaison office, report 2" in words_of(page)
    assert "<mark>blew</mark>" in page
    check_inert(page)


def test_the_page_says_where_sources_differ_and_what_further_reports_changed(client: TestClient) -> None:
    page = client.get(f"/events/{_blast(client)}").text
    rows = [words_of(f"<main>{row}") for row in re.findall(r"<tr.*?</tr>", page.partition('id="differing"')[2], re.DOTALL)]
    assert rows[1] == ">dead31Daily"
    assert rows[2] == ">41Herald"
    assert "Versions" in page


def test_the_twin_has_the_event_as_the_command_gives_it(client: TestClient) -> None:
    record = client.get(f"/events/{_blast(client)}.json").json()
    assert len(record["event"]["evidence"]) == 3
    assert record["event"]["reports"] == 3
    assert record["typed"]["source"] == "PRK/GOV"
    assert [near["event_id"] for near in record["near"]] == [_ids(client)["ASSAULT 2020-06-18"]]


def test_the_first_characters_of_an_id_and_a_mention_lead_to_the_event(client: TestClient) -> None:
    event_id = _blast(client)
    mention = _event(client, event_id)["evidence"][1]["mention_id"]
    assert _event(client, event_id[:8])["event_id"] == event_id
    assert _event(client, mention)["event_id"] == event_id
    assert "is a part of this event" in client.get(f"/events/{mention}").text


@pytest.mark.parametrize("event_id", ["0000000000000000", "none", "..%2f..%2fetc", "'; DROP TABLE events; --", "a%00b", "é" * 20])
def test_an_id_that_no_event_has_is_404(client: TestClient, event_id: str) -> None:
    answer = client.get(f"/events/{event_id}")
    assert answer.status_code == 404
    assert "store.db" not in answer.text


def test_an_event_to_merge_with_is_looked_for_by_words_and_by_id(client: TestClient) -> None:
    event_id, other = _blast(client), _ids(client)["CONSULT 2020-02-02"]
    assert [found["event_id"] for found in client.get(f"/events/{event_id}.json?find=Paris").json()["found"]] == [other]
    assert [found["event_id"] for found in client.get(f"/events/{event_id}.json", params={"find": other}).json()["found"]] == [other]
    assert client.get(f"/events/{event_id}.json?find=nothing+of+it").json()["found"] == []
    assert f'name="other" value="{other}"' in client.get(f"/events/{event_id}?find=Paris").text


# -- decisions -------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("action", "review"), [("accept", "accepted"), ("reject", "rejected")])
def test_a_verdict_stands_is_signed_and_can_be_undone(client: TestClient, action: str, review: str) -> None:
    event_id = _blast(client)
    answer = _post(client, event_id, action, why="I was there")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/events/{event_id}")
    found = _event(client, event_id)
    assert found["review"] == review
    decision = found["decisions"][0]
    assert (decision["action"], decision["reviewer"], decision["why"]) == (action, desk_of(client).local_name, "I was there")
    page = client.get(f"/events/{event_id}").text
    assert f'name="decision" value="{decision["id"]}"' in page
    undone = _post(client, event_id, "undo", decision=str(decision["id"]))
    assert undone.status_code == 303
    assert _event(client, event_id)["review"] == ""


def test_a_decision_is_said_once_on_the_next_page_and_logged(client: TestClient) -> None:
    event_id = _blast(client)
    to = _post(client, event_id, "accept").headers["location"]
    assert f"Accepted ({desk_of(client).local_name})." in client.get(to).text
    assert "Accepted (" not in client.get(to).text
    entry = list_entries(desk_of(client).store, limit=1)[0]
    assert entry.action == "accept event"
    assert event_id in entry.object


@pytest.mark.parametrize(
    ("field", "typed", "name", "value"),
    [
        ("type", "COERCE", "event_type", "COERCE"),
        ("mode", "explosives", "modes", ["explosives"]),
        ("context", "military, diplomatic", "contexts", ["military", "diplomatic"]),
        ("cameo", "190", "cameo", "190"),
        ("dead", "7", "dead", 7),
        ("injured", "2", "injured", 2),
        ("modality", "hypothetical", "modality", "hypothetical"),
        ("background", "yes", "historical", True),
    ],
)
def test_each_field_can_be_corrected_and_the_correction_undone(client: TestClient, field: str, typed: str, name: str, value: Any) -> None:
    event_id = _blast(client)
    before = _event(client, event_id)
    form = client.get(f"/events/{event_id}.json").json()["typed"]
    answer = _post(client, event_id, "correct", **{**form, field: typed})
    assert answer.status_code == 303
    after = _event(client, event_id)
    assert after[name] == value
    assert after["review"] == "corrected"
    assert set(after["decisions"][0]["record"]["fields"]) <= {name, "event_type", "modes", "quad", "intensity", "cameo", "goldstein"}
    _post(client, event_id, "undo", decision=str(after["decisions"][0]["id"]))
    assert _event(client, event_id)[name] == before[name]


def test_actors_date_and_place_are_corrected_as_they_are_typed(client: TestClient) -> None:
    event_id = _blast(client)
    _post(client, event_id, "correct", source="PRK/MIL", target="KOR/MIL, JPN/GOV", date="2020-06", place="Seoul")
    found = _event(client, event_id)
    assert [(a["country"], a["sectors"]) for a in (*found["source"], *found["target"])] == [("PRK", ["MIL"]), ("KOR", ["MIL"]), ("JPN", ["GOV"])]
    assert found["date"] == {"start": "2020-06-01", "end": "2020-06-30", "precision": "month"}
    assert found["place"]["name"] == "Seoul"


def test_a_field_that_is_emptied_is_not_known(client: TestClient) -> None:
    event_id = _blast(client)
    _post(client, event_id, "correct", date="", place="", dead="")
    found = _event(client, event_id)
    assert (found["date"], found["place"], found["dead"]) == (None, None, None)


def test_a_wrong_correction_in_the_queue_leads_back_to_the_queue_once_it_is_mended(client: TestClient) -> None:
    refused = _post(client, _blast(client), "correct", dead="many", queue="/review/next?dyad=PRK-KOR")
    assert refused.status_code == 400
    assert '<input type="hidden" name="queue" value="/review/next?dyad=PRK-KOR">' in refused.text


def test_a_correction_that_changes_nothing_is_refused(client: TestClient) -> None:
    event_id = _blast(client)
    answer = _post(client, event_id, "correct", **client.get(f"/events/{event_id}.json").json()["typed"])
    assert answer.status_code == 400
    assert "expected one that differs" in answer.text
    assert _event(client, event_id)["decisions"] == []


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("source", "Nobody of that name"),
        ("date", "yesterday"),
        ("place", "Nowhere at all"),
        ("dead", "many"),
        ("type", "WAR"),
        ("mode", "tickle"),
        ("cameo", "9999"),
        ("modality", "maybe"),
        ("context", "x"),
    ],
)
def test_a_wrong_value_is_refused_on_the_page_with_what_was_typed(client: TestClient, field: str, typed: str) -> None:
    event_id = _blast(client)
    answer = _post(client, event_id, "correct", **{field: typed, "why": "it is so"})
    assert answer.status_code == 400
    page = answer.text
    assert f'action="/events/{event_id}/correct"' in page
    assert 'role="alert"' in page
    assert "expected" in words_of(page)
    assert field in ("type", "modality") or f'value="{typed}"' in page
    assert 'value="it is so"' in page
    assert _event(client, event_id)["review"] == ""


def test_events_are_merged_by_ticks_and_ids_and_the_merge_undone(client: TestClient) -> None:
    event_id, ids = _blast(client), _ids(client)
    answer = _post(client, event_id, "merge", other=ids["ASSAULT 2020-06-18"], others=ids["CONSULT 2020-02-02"][:10])
    assert answer.status_code == 303
    found = _event(client, event_id)
    assert found["mentions"] == 5
    assert len(_ids(client)) == 1
    assert _event(client, ids["CONSULT 2020-02-02"])["event_id"] == event_id
    _post(client, event_id, "undo", decision=str(found["decisions"][0]["id"]))
    assert _ids(client) == ids
    assert _event(client, event_id)["mentions"] == 3


def test_mentions_are_split_off_and_the_split_undone(client: TestClient) -> None:
    event_id = _blast(client)
    mentions = [m["mention_id"] for m in _event(client, event_id)["evidence"]]
    assert _post(client, event_id, "split", mention=mentions[1:2]).status_code == 303
    found = _event(client, event_id)
    made = found["decisions"][0]["record"]["others"][0]
    assert (found["mentions"], _event(client, made)["mentions"]) == (2, 1)
    _post(client, event_id, "undo", decision=str(found["decisions"][0]["id"]))
    assert [m["mention_id"] for m in _event(client, event_id)["evidence"]] == mentions
    assert client.get(f"/events/{made}").status_code == 404


@pytest.mark.parametrize(
    ("action", "fields", "expected"),
    [
        ("merge", {}, "expected one that is ticked"),
        ("merge", {"others": "0000000000"}, "no event"),
        ("split", {}, "no mentions to split off"),
        ("undo", {}, "found none"),
        ("undo", {"decision": "x"}, "whole number"),
    ],
)
def test_a_decision_that_says_too_little_is_refused(client: TestClient, action: str, fields: dict[str, str], expected: str) -> None:
    answer = _post(client, _blast(client), action, **fields)
    assert answer.status_code in (400, 404)
    assert expected in words_of(answer.text)


def test_all_mentions_cannot_be_split_off(client: TestClient) -> None:
    event_id = _blast(client)
    answer = _post(client, event_id, "split", mention=[m["mention_id"] for m in _event(client, event_id)["evidence"]])
    assert answer.status_code == 400
    assert "so that one stays" in words_of(answer.text)


# -- conflicts -------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("action", ["accept", "reject", "correct", "merge", "split"])
def test_a_decision_on_what_has_changed_meanwhile_is_refused(client: TestClient, action: str) -> None:
    event_id = _blast(client)
    state = client.get(f"/events/{event_id}.json").json()["state"]
    mention = _event(client, event_id)["evidence"][1]["mention_id"]
    judge_event(desk_of(client).store, event_id, "accept", reviewer="jane")
    answer = _post(client, event_id, action, state=state, dead="9", others=_ids(client)["CONSULT 2020-02-02"], mention=mention)
    assert answer.status_code == 409
    assert "it has changed since it was shown" in words_of(answer.text)
    assert "jane" in answer.text
    assert len(_event(client, event_id)["decisions"]) == 1


def test_who_is_refused_is_told_what_came_meanwhile(client: TestClient) -> None:
    event_id = _blast(client)
    shown = client.get(f"/events/{event_id}.json").json()
    judge_event(desk_of(client).store, event_id, "accept", reviewer="jane")
    told = event("ASSAULT", "PRK", "KOR", DAY, "blew up the liaison office, told late", modes=("destroy",), place="Kaesong")
    add_report(desk_of(client).store, report(told, doc_id="late", published_on="2020-06-20", publisher="Late"))
    said = words_of(_post(client, event_id, "reject", state=shown["state"]).text)
    assert "(accept by jane, " in said
    assert "; 1 more mention)" in said


def test_a_made_up_state_is_refused_and_tells_nothing(client: TestClient) -> None:
    event_id = _blast(client)
    answer = _post(client, event_id, "accept", state=f"{event_id}.1.1.1.x")
    assert (answer.status_code, "since it was shown;" in words_of(answer.text)) == (409, True)


def test_a_decision_is_not_undone_by_who_has_not_seen_the_last_one(client: TestClient) -> None:
    event_id = _blast(client)
    _post(client, event_id, "correct", dead="5")
    shown = client.get(f"/events/{event_id}.json").json()
    _post(client, event_id, "accept")
    answer = _post(client, event_id, "undo", decision=str(shown["event"]["decisions"][0]["id"]), state=shown["state"])
    assert (answer.status_code, "accept by" in words_of(answer.text)) == (409, True)


def test_a_report_that_joined_meanwhile_is_a_change(client: TestClient) -> None:
    event_id = _blast(client)
    state = client.get(f"/events/{event_id}.json").json()["state"]
    told = event("ASSAULT", "PRK", "KOR", DAY, "blew up the liaison office, told late", modes=("destroy",), place="Kaesong")
    add_report(desk_of(client).store, report(told, doc_id="late", published_on="2020-06-20", publisher="Late"))
    assert _post(client, event_id, "accept", state=state).status_code == 409


def test_an_event_that_was_merged_into_another_is_not_judged_under_its_old_id(client: TestClient) -> None:
    event_id, other = _blast(client), _ids(client)["ASSAULT 2020-06-18"]
    state = client.get(f"/events/{other}.json").json()["state"]
    _post(client, event_id, "merge", other=other)
    assert _post(client, other, "reject", state=state).status_code == 409
    assert _event(client, event_id)["review"] == ""


def test_what_is_undone_already_or_rests_under_later_decisions_is_a_conflict(client: TestClient) -> None:
    event_id = _blast(client)
    _post(client, event_id, "accept")
    _post(client, event_id, "correct", dead="5")
    first, second = (str(d["id"]) for d in _event(client, event_id)["decisions"])
    early = _post(client, event_id, "undo", decision=first)
    assert (early.status_code, "undo that one first" in words_of(early.text)) == (409, True)
    _post(client, event_id, "undo", decision=second)
    twice = _post(client, event_id, "undo", decision=second)
    assert (twice.status_code, "undone already" in words_of(twice.text)) == (409, True)


def test_data_are_refused_as_data(client: TestClient) -> None:
    answer = client.post(f"/events/{_blast(client)}/undo", data={"csrf": csrf_of(client), "decision": "99"}, headers={"Accept": "application/json"})
    assert answer.status_code == 400
    assert "no such decision" in answer.json()["error"]["message"]


# -- who may ------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("role", ["read", "code"])
def test_who_has_not_the_role_review_sees_no_forms_and_decides_nothing(client: TestClient, role: Any) -> None:
    token = add_token(desk_of(client).store, f"{role}er", role, by="jane")
    headers = {"Authorization": f"Bearer {token}"}
    event_id = _blast(client)
    page = client.get(f"/events/{event_id}", headers=headers).text
    assert "/accept" not in page
    assert "need a token with the role review" in page
    csrf = csrf_of(client)
    for action in ("accept", "reject", "correct", "merge", "split", "undo"):
        assert client.post(f"/events/{event_id}/{action}", data={"csrf": csrf}, headers=headers).status_code == 403


@pytest.mark.parametrize("action", ["accept", "reject", "correct", "merge", "split", "undo"])
def test_a_form_without_its_word_decides_nothing(client: TestClient, action: str) -> None:
    event_id = _blast(client)
    answer = client.post(f"/events/{event_id}/{action}", data={"decision": "1", "dead": "1"})
    assert answer.status_code == 403
    assert _event(client, event_id)["decisions"] == []


def test_a_decision_is_signed_with_the_name_of_the_token(client: TestClient) -> None:
    token = add_token(desk_of(client).store, "jane", "review", by="joe")
    event_id = _blast(client)
    headers = {"Authorization": f"Bearer {token}"}
    found = re.search(r'name="csrf" value="([^"]+)"', client.get(f"/events/{event_id}", headers=headers).text)
    assert found
    client.post(f"/events/{event_id}/accept", data={"csrf": found[1]}, headers=headers)
    assert _event(client, event_id)["decisions"][0]["reviewer"] == "jane"


@pytest.mark.parametrize("why", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "\u202etxt", "{{ 7 * 7 }}"])
def test_a_hostile_reason_is_shown_as_words(client: TestClient, why: str) -> None:
    event_id = _blast(client)
    _post(client, event_id, "accept", why=why)
    check_inert(client.get(f"/events/{event_id}").text)
    refused = _post(client, event_id, "correct", dead="x", why=why, source=why)
    assert refused.status_code == 400
    check_inert(refused.text)


def test_a_reason_that_is_too_long_is_refused(client: TestClient) -> None:
    assert _post(client, _blast(client), "accept", why="a" * 2_001).status_code == 400


# -- the queue ------------------------------------------------------------------------------------------------------------------
def test_the_queue_begins_with_what_is_grave_unsure_and_differs(client: TestClient) -> None:
    record = client.get("/review.json").json()
    ids = _ids(client)
    assert [one["event"]["event_id"] for one in record["queued"]] == [ids[f"ASSAULT {DAY}"], ids["ASSAULT 2020-06-18"], ids["CONSULT 2020-02-02"]]
    assert record["queued"][0]["differing"] == ["dead"]
    scores = [one["score"] for one in record["queued"]]
    assert scores == sorted(scores, reverse=True)
    assert "sources differ: dead" in client.get("/review").text


def test_the_queue_is_worked_through_one_after_the_other(client: TestClient) -> None:
    seen = []
    address = "/review/next"
    for _ in range(3):
        page = client.get(address).text
        found = re.search(r'action="/events/(\w+)/accept"', page)
        queue = re.search(r'name="queue" value="([^"]+)"', page)
        assert found and queue
        seen.append(found[1])
        address = _post(client, found[1], "accept", queue=queue[1].replace("&amp;", "&")).headers["location"]
        assert address.startswith("/review/next")
    assert len(set(seen)) == 3
    assert "Nothing is left to review" in client.get(address).text
    assert client.get("/review.json").json()["reviewers"] == {desk_of(client).local_name: 3}


def test_next_and_previous_walk_the_queue_without_a_decision(client: TestClient) -> None:
    first = client.get("/review/next.json").json()
    second = client.get("/review/next.json", params={"cursor": first["next_cursor"]}).json()
    assert second["shown"]["event"]["event_id"] != first["shown"]["event"]["event_id"]
    back = client.get("/review/next.json", params={"cursor": second["previous_cursor"]}).json()
    assert back["shown"]["event"]["event_id"] == first["shown"]["event"]["event_id"]
    assert back["previous_cursor"] is None


def test_what_was_passed_over_comes_again_after_the_last(client: TestClient) -> None:
    first = client.get("/review/next.json").json()
    second = client.get("/review/next.json", params={"cursor": first["next_cursor"]}).json()
    back = f"/review/next?cursor={second['previous_cursor']}"
    event_id = first["shown"]["event"]["event_id"]
    to = _post(client, event_id, "accept", queue=back).headers["location"]
    assert to == back
    assert client.get(to.replace("/next?", "/next.json?")).json()["shown"]["event"]["event_id"] == second["shown"]["event"]["event_id"]


def test_the_last_decision_can_be_undone_from_the_queue(client: TestClient) -> None:
    event_id = _blast(client)
    _post(client, event_id, "reject")
    page = client.get("/review/next").text
    decision = re.search(r'name="decision" value="(\d+)"', page)
    assert decision
    answer = _post(client, event_id, "undo", decision=decision[1], queue="/review/next")
    assert answer.headers["location"] == "/review/next"
    assert client.get("/review.json").json()["queued"][0]["event"]["event_id"] == event_id


def test_the_queue_leads_nowhere_else(client: TestClient) -> None:
    event_id = _blast(client)
    for to in ("https://evil.example/", "//evil.example", "/review/next\\evil", "/review/next.evil"):
        location = _post(client, event_id, "accept", queue=to).headers["location"]
        assert location == f"/events/{event_id}"


@pytest.mark.parametrize(("query", "number"), [("dyad=PRK-KOR", 2), ("until=2020-03-01", 1), ("origin=icews", 0), ("since=2020-06-17", 1)])
def test_the_queue_can_be_narrowed(client: TestClient, query: str, number: int) -> None:
    assert client.get(f"/review.json?{query}").json()["total"] == number
    assert client.get(f"/review?{query}").status_code == 200


def test_keys_are_told_to_readers_and_marked_on_what_they_press(client: TestClient) -> None:
    page = client.get("/review/next").text
    for key in ("a", "r", "c", "n"):
        assert f'data-key="{key}"' in page
        assert f"<kbd>{key}</kbd>" in page


def test_the_words_around_the_evidence_are_of_its_paragraph_and_cut_between_words() -> None:
    text = f"Before it.\nFirst {'word ' * 80}they left {'word ' * 80}last\nAfter it."
    start = text.index("they left")
    around = cut_context(text, (start, start + 9))
    assert around.before.startswith("… word") and around.before.endswith("word ")
    assert around.after.startswith(" word") and around.after.endswith("word …")
    assert cut_context("They left.", (0, 9)) == Context("", ".")
