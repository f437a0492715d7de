"""Reports on the desk: the list, the text with its events, and what hostile texts make of them."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import msgspec
import pytest
from starlette.testclient import TestClient

from detente.records import Actor, Claim, Event, Evidence, Relation
from detente.store.schema import open_store
from detente.store.write import add_report
from stores import event, report
from webs_desk import check_inert, make_client, words_of

TEXT = (
    "North Korea blows up office\n\nSEOUL, June 16 — North Korea blew up the liaison office in Kaesong on Tuesday, after it had threatened the South.\n\n"
    "“It is a grave act,” South Korea's ministry said."
)
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "javascript:alert(1)",
    "{{ 7 * 7 }}{% raw %}",
    "\u202egnp.exe\u2066",
    "</p></article></body>",
    "<!--",
    "&lt;script&gt;",
    "a" * 5_000,
    "e" + "\u0301" * 300,
    "\x1b[31m\x07",
)
"""Texts that must be shown as words, whatever they are, in each field that comes from a report."""


def _evidence(words: str, trigger: str, rule: str = "assault.blow-up", text: str = TEXT) -> Evidence:
    start, at = text.index(words), text.index(trigger)
    return Evidence((start, start + len(words)), words, (at, at + len(trigger)), rule)


def _koreas() -> tuple[Event, Event]:
    blew = event(
        "ASSAULT",
        "PRK",
        "KOR",
        text="blew",
        evidence=(_evidence("North Korea blew up the liaison office", "blew up"), _evidence("North Korea blows up office", "blows")),
        place="Kaesong",
    )
    threat = event("THREATEN", "PRK", "KOR", text="threat", evidence=(_evidence("after it had threatened the South", "threatened", "threaten.warn-that>reject.refuse"),))
    return blew, threat


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    path = tmp_path_factory.mktemp("documents") / "store.db"
    store = open_store(path)
    blew, threat = _koreas()
    said = Actor("South Korea's ministry", "South Korea", "KOR", ("GOV",), "Ministry of Unification", (TEXT.index("South Korea's"), TEXT.index("South Korea's") + 22))
    start = TEXT.index("It is a grave act")
    claim = Claim(holder=said, affiliation="minister", kind="assessment", text="It is a grave act", span=(start, start + 17), about=("PRK",))
    relation = Relation("followed", threat.event_id, blew.event_id, (0, 10), "blew up the liaison office, after it had threatened")
    coded = report(blew, threat, doc_id="koreas", text=TEXT, published_on="2020-06-16", publisher="Agency", claims=(claim,), relations=(relation,))
    add_report(store, coded)
    for n in range(30):
        add_report(store, report(event("CONSULT", "FRA", "DEU", f"2020-01-{1 + n:02}", f"met {n}"), doc_id=f"q-{n}", publisher="Daily", published_on=f"2020-01-{1 + n:02}"))
    add_report(store, report(doc_id="a/b c?d#e", text="A report whose id has signs of addresses in it, and no events.", publisher="Daily", published_on="2020-02-01"))
    store.close()
    with make_client(path) as made:
        yield made


def test_a_report_is_shown_whole_whatever_is_marked_in_it(client: TestClient) -> None:
    assert " ".join(TEXT.split()) in words_of(client.get("/documents/koreas").text)


def test_the_trigger_of_each_event_leads_to_its_card_and_the_card_back(client: TestClient) -> None:
    page = client.get("/documents/koreas").text
    marks = dict(re.findall(r'id="at-(\w+)" href="#event-(\w+)"', page))
    assert len(marks) == 2
    for mention, card in marks.items():
        assert mention == card
        assert f'id="event-{card}"' in page
        assert f'href="#at-{mention}"' in page


def test_a_mark_says_to_a_reader_of_the_screen_which_event_it_is(client: TestClient) -> None:
    assert 'aria-label="Event 1: ASSAULT, PRK to KOR"' in client.get("/documents/koreas").text.replace("North Korea", "PRK").replace("South Korea", "KOR")


def test_a_card_has_each_field_with_its_words_and_its_rules(client: TestClient) -> None:
    page = client.get("/documents/koreas").text
    card = words_of("<main" + page[page.index('class="told-card c2') - 9 :].partition("</article>")[0])
    assert "who" in card and "whom" in card and "when" in card and "rung" in card
    assert "threaten.warn-that" in card
    assert 'href="/codebook/rules/threaten.warn-that"' in page
    assert 'href="/codebook/rules/reject.refuse"' in page


def test_claims_and_relations_stand_beside(client: TestClient) -> None:
    words = words_of(client.get("/documents/koreas").text)
    assert "assessment Ministry of Unification, minister" in words
    assert "THREATEN was followed by" in words
    record = client.get("/documents/koreas.json").json()
    assert record["relations"][0]["kind"] == "followed"
    assert record["claims"][0]["text"] == "It is a grave act"


def test_the_lead_event_is_named(client: TestClient) -> None:
    page = client.get("/documents/koreas").text
    card = page[page.index('<article class="told-card c1') :].partition("</article>")[0]
    assert "ASSAULT" in card
    assert ">lead<" in card


def test_the_twin_has_the_spans_of_all_that_is_marked(client: TestClient) -> None:
    record = client.get("/documents/koreas.json").json()
    pieces = [piece for mention in record["mentions"] for piece in mention["record"]["evidence"]]
    assert all(record["text"][slice(*piece["span"])] == piece["text"] for piece in pieces)


def test_an_id_with_signs_of_addresses_leads_to_its_report(client: TestClient) -> None:
    page = client.get("/documents?text=signs")
    to = re.search(r'href="(/documents/a%2F[^"]+)"', page.text)
    assert to
    assert "no events" in client.get(to[1]).text
    assert client.get(f"{to[1]}.json").json()["doc_id"] == "a/b c?d#e"


def test_two_ids_that_differ_after_a_sign_of_addresses_are_two_reports(tmp_path: Path) -> None:
    store = open_store(tmp_path / "store.db")
    for doc_id in ("a", "a#b", "a?b"):
        add_report(store, report(doc_id=doc_id, text=f"This is the report with the id {doc_id}, and it has {len(doc_id)} characters in its id {doc_id}."))
    store.close()
    with make_client(tmp_path / "store.db") as client:
        for doc_id in ("a", "a#b", "a?b", "a"):
            assert f"id {doc_id}," in client.get(f"/documents/{quote(doc_id, safe='')}").text


def test_a_report_without_events_says_so(client: TestClient) -> None:
    assert "No events were found in this report." in client.get("/documents/a%2Fb%20c%3Fd%23e").text


def test_the_style_of_marks_is_served_with_a_tag(client: TestClient) -> None:
    answer = client.get("/marks.css")
    assert answer.headers["content-type"].startswith("text/css")
    assert client.get("/marks.css", headers={"If-None-Match": answer.headers["etag"]}).status_code == 304


# -- the list ------------------------------------------------------------------------------------------------------------------
def test_reports_are_filtered_by_publisher_days_and_words(client: TestClient) -> None:
    record = client.get("/documents.json?publisher=Agency").json()
    assert [document["doc_id"] for document in record["documents"]] == ["koreas"]
    assert record["documents"][0]["events"] == 2
    assert record["documents"][0]["rung"] == 5
    assert client.get("/documents.json?since=2020-02-01&until=2020-02-01").json()["total"] == 1
    assert client.get("/documents.json?text=LIAISON+kaesong").json()["total"] == 1
    assert client.get("/documents.json?text=%25").json()["total"] == 0


def test_reports_are_paged_by_cursor_and_say_where_one_is(client: TestClient) -> None:
    first = client.get("/documents.json").json()
    assert (first["total"], first["before"], len(first["documents"])) == (32, None, 25)
    second = client.get("/documents.json", params={"cursor": first["after"]}).json()
    assert (second["after"], len(second["documents"])) == (None, 7)
    assert 'rel="prev"' in client.get("/documents", params={"cursor": first["after"]}).text


def test_publishers_can_be_chosen_and_one_that_is_not_listed_stays_chosen(client: TestClient) -> None:
    assert re.search(r'<option value="Daily">Daily \(31\)', client.get("/documents").text)
    page = client.get("/documents?publisher=Nobody").text
    assert '<option value="Nobody" selected>' in page
    assert "No such reports." in page


def test_a_store_without_reports_says_what_to_do(tmp_path: Path) -> None:
    with make_client(tmp_path / "new.db") as client:
        assert "No reports in this store yet." in client.get("/documents").text


@pytest.mark.parametrize("query", ["since=2020-02-01&until=2020-01-01", "order=best", "cursor=x", "text=" + "+a" * 13, "since=now", "publishers=x"])
def test_a_wrong_parameter_of_the_list_is_refused(client: TestClient, query: str) -> None:
    assert client.get(f"/documents.json?{query}").status_code == 400


# -- hostile texts ---------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("hostile", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_report_is_shown_as_words(tmp_path: Path, hostile: str) -> None:
    path = tmp_path / "store.db"
    store = open_store(path)
    text = f"{hostile} blew up the office in {hostile}.\n\n“{hostile}” said the other. {'Plain words make the rest of it. ' * 3}"
    actor = Actor(hostile, hostile.strip() or "x", None, ("REB",), hostile, (0, len(hostile)))
    at = text.index(" blew") + 1
    evidence = Evidence((0, at + 7), text[: at + 7], (at, at + 7), hostile)
    coded = report(event("ASSAULT", text="x", evidence=(evidence,), said_by=(actor,)), doc_id=hostile[:200], text=text, publisher=hostile)
    document = msgspec.structs.replace(coded.document, text=text, url=hostile, title=hostile)
    add_report(store, msgspec.structs.replace(coded, document=document))
    store.close()
    with make_client(path) as client:
        listed = client.get("/documents").text
        event_id = client.get("/events.json").json()["events"][0]["event_id"]
        pages = [listed, client.get(f"/events/{event_id}").text, client.get("/review").text, client.get("/review/next").text, client.get("/events").text]
        to = re.search(r'<h2><a href="(/documents/[^"]*)"', listed)
        assert to
        shown = client.get(html.unescape(to[1]))
        assert shown.status_code == 200
        for page in [*pages, shown.text]:
            check_inert(page)
        assert "7 * 7" not in hostile or "{{ 7 * 7 }}" in shown.text
