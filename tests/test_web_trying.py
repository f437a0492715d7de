"""The page to try a report: what would be coded is shown, nothing is stored."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from detente.store.audit import list_entries
from detente.store.sizes import count_rows
from detente.store.tokens import add_token
from detente.web import adding
from webs_desk import check_inert, csrf_of, desk_of, make_client, sample_store, words_of

TEXT = "North Korea blew up the liaison office in Kaesong on Tuesday, South Korea's unification ministry said. The South may cut aid to the North."


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with make_client(sample_store(tmp_path_factory.mktemp("try") / "store.db")) as made:
        yield made


def _try(client: TestClient, **fields: str) -> str:
    answer = client.post("/try", data={"csrf": csrf_of(client), "text": TEXT, "published_on": "2020-06-17", **fields})
    assert answer.status_code == 200
    return answer.text


def test_a_text_that_is_tried_is_shown_with_its_events(client: TestClient) -> None:
    page = _try(client, title="Office blown up")
    check_inert(page)
    assert '<article class="told-card c1"' in page
    assert "blew up the liaison office in Kaesong" in words_of(page)
    assert 'href="/codebook/rules/assault.blow-up"' in page
    assert "not stored" in page


def test_nothing_that_is_tried_is_stored_or_logged(client: TestClient) -> None:
    store = desk_of(client).store
    desk_of(client).look(at_once=True)
    before = (count_rows(store), desk_of(client).version, list_entries(store, limit=5))
    _try(client)
    desk_of(client).look(at_once=True)
    assert (count_rows(store), desk_of(client).version, list_entries(store, limit=5)) == before


def test_no_card_of_a_tried_report_leads_to_an_event_of_the_store(client: TestClient) -> None:
    assert 'href="/events/' not in _try(client).partition('class="reading tried"')[2]


def test_what_was_typed_stays_to_be_stored(client: TestClient) -> None:
    page = _try(client, title="A <b>title</b>")
    assert f"{TEXT.replace(chr(39), '&#39;')}</textarea>" in page
    assert 'value="A &lt;b&gt;title&lt;/b&gt;"' in page
    assert 'formaction="/add"' in page


def test_words_that_are_not_coded_come_with_the_reason(client: TestClient) -> None:
    assert "a role that the rule needs is empty" in words_of(_try(client, text="The ministry warned on Tuesday that it had been destroyed. " + TEXT))


def test_a_supposed_act_is_shown_as_such(client: TestClient) -> None:
    assert '<span class="tag">hypothetical</span>' in _try(client)


def test_of_a_file_the_first_report_is_tried(client: TestClient) -> None:
    lines = b'{"id": "up-1", "text": "Iran threatened Israel with war on Monday, officials in Tehran said.", "date": "2020-06-17"}\n{"id": "up-2", "text": "Rain fell."}\n'
    answer = client.post("/try", data={"csrf": csrf_of(client)}, files={"file": ("reports.jsonl", lines)})
    assert "THREATEN" in answer.text
    assert "1 more report left out" in words_of(answer.text)


def test_data_are_given_to_who_asks_for_them(client: TestClient) -> None:
    tried = client.post("/try", data={"csrf": csrf_of(client), "text": TEXT}, headers={"Accept": "application/json"}).json()["tried"]
    assert tried["document"]["text"] == TEXT
    assert tried["document"]["mentions"][0]["event_id"] == ""


@pytest.mark.parametrize(
    ("fields", "expected"), [({"text": " "}, "found nothing"), ({"url": "https://example.org/"}, "found text and url"), ({"text": "a " * 50_001}, "at most 100,000")]
)
def test_a_text_that_cannot_be_tried_is_refused_on_the_page(client: TestClient, fields: dict[str, str], expected: str) -> None:
    answer = client.post("/try", data={"csrf": csrf_of(client), "text": TEXT, **fields})
    assert (answer.status_code, expected in words_of(answer.text), "Nothing is stored" in answer.text) == (400, True, True)


def test_who_comes_when_too_many_code_keeps_what_was_typed(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adding._coders, "acquire", lambda **_: False)
    answer = client.post("/try", data={"csrf": csrf_of(client), "text": TEXT})
    assert (answer.status_code, answer.headers["retry-after"], "Kaesong on Tuesday" in answer.text) == (503, "5", True)


def test_who_may_only_read_tries_nothing(tmp_path: Path) -> None:
    with make_client(sample_store(tmp_path / "store.db"), is_open=False) as closed:
        token = add_token(desk_of(closed).store, "anna", "read", by="root")
        assert closed.get("/try", headers={"Authorization": f"Bearer {token}"}).status_code == 403


def test_planned_acts_of_a_report_are_stored_as_the_command_does(tmp_path: Path) -> None:
    with make_client(sample_store(tmp_path / "store.db")) as own:
        answer = own.post("/add", data={"text": TEXT, "published_on": "2020-06-17", "csrf": csrf_of(own)})
        document = own.get(f"{answer.headers['location'].partition('#')[0]}.json").json()
    assert "hypothetical" in {mention["record"]["modality"] for mention in document["mentions"]}
