"""The codebook on the desk: types, rules found by words, each rule with what it coded, ladder and cycle."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from detente.codebook.load import load_codebook
from detente.store.rule_uses import find_coded_by
from detente.store.schema import Store
from detente.store.write import add_report
from detente.web.pages_codebook import patterns_of
from stores import event, report
from webs_desk import make_client, sample_store, words_of


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with make_client(sample_store(tmp_path_factory.mktemp("codebook") / "store.db")) as made:
        yield made


def test_each_type_stands_in_its_quad_class_with_its_events(client: TestClient) -> None:
    record = client.get("/codebook.json").json()
    rows = {row["name"]: row for group in record["quads"] for row in group["types"]}
    assert set(rows) == set(load_codebook().types)
    assert rows["CONSULT"]["events"] == 24
    assert rows["ASSAULT"]["rung"] == 5
    assert rows["ASSAULT"]["lethal"] == 6
    assert record["patterns"] == sum(len(patterns_of(rule)) for rule in load_codebook().rules.values()) > 20_000


def test_a_type_shows_its_modes_and_all_its_rules(client: TestClient) -> None:
    record = client.get("/codebook/ASSAULT.json").json()
    assert {mode["name"]: mode["rung"] for mode in record["modes"]}["targeted"] == 6
    assert len(record["rules"]) == sum(rule.type == "ASSAULT" for rule in load_codebook().rules.values())


@pytest.mark.parametrize("path", ["/codebook/NONE", "/codebook/assault", "/codebook/rules/none", "/codebook/rules/"])
def test_what_the_codebook_does_not_have_is_404(client: TestClient, path: str) -> None:
    assert client.get(path).status_code in (404, 307)


def test_rules_are_found_by_words_of_their_patterns_first(client: TestClient) -> None:
    record = client.get("/codebook/rules.json?text=Blow+UP").json()
    assert 0 < record["total"] < 100
    first = record["rules"][0]
    assert all("blow" in pattern and "up" in pattern for pattern in first["shown"])


def test_rules_are_found_by_their_examples_too(client: TestClient) -> None:
    rule = load_codebook().rules["assault.weapon-hits"]
    record = client.get("/codebook/rules.json", params={"text": rule.fires}).json()
    assert [found["id"] for found in record["rules"]] == ["assault.weapon-hits"]


def test_pages_of_rules_hold_every_rule_once(client: TestClient) -> None:
    seen: list[str] = []
    number = 1
    while rules := client.get(f"/codebook/rules.json?type=ASSAULT&page={number}").json()["rules"]:
        seen += [rule["id"] for rule in rules]
        number += 1
    assert sorted(seen) == sorted(rule.id for rule in load_codebook().rules.values() if rule.type == "ASSAULT")


def test_words_that_no_rule_has_are_said_to_be_found_nowhere(client: TestClient) -> None:
    assert "No rule holds these words" in words_of(client.get("/codebook/rules?text=zzqqy").text)


def test_a_rule_shows_what_fires_it_what_must_not_and_what_it_coded(client: TestClient) -> None:
    page = words_of(client.get("/codebook/rules/assault.blow-up").text)
    rule = load_codebook().rules["assault.blow-up"]
    assert rule.fires in page
    assert rule.spares in page
    record = client.get("/codebook/rules/assault.blow-up.json").json()
    assert record["coded"] > 0
    assert record["events"]


def test_rules_that_go_before_others_are_linked_both_ways(client: TestClient) -> None:
    rule = next(rule for rule in load_codebook().rules.values() if rule.beats)
    assert rule.id in client.get(f"/codebook/rules/{rule.beats[0]}.json").json()["beaten_by"]


def test_the_second_opinion_has_a_page_among_the_rules(client: TestClient) -> None:
    page = client.get("/codebook/rules/classifier")
    assert page.status_code == 200
    assert "second opinion" in words_of(page.text)


def test_ladder_and_cycle_are_shown_as_the_codebook_has_them(client: TestClient) -> None:
    rungs = client.get("/codebook/ladder.json").json()["rungs"]
    assert [row["rung"] for row in rungs] == list(range(8, -5, -1))
    cycle = client.get("/codebook/cycle.json").json()["cycle"]
    assert next(iter(cycle["stages"])) == "calm"
    assert "The cycle of a crisis" in client.get("/codebook/cycle").text


def test_what_two_rules_coded_together_is_found_by_both(store: Store) -> None:
    add_report(store, report(event("REQUEST", rule="request.urge-to>agree.commit"), doc_id="a"))
    add_report(store, report(event("THREATEN", day="2019-01-01", rule="request.urge-to_x"), doc_id="b"))
    assert find_coded_by(store, "request.urge-to").mentions == 1
    assert find_coded_by(store, "agree.commit").events[0]["event_type"] == "REQUEST"
    assert find_coded_by(store, "request.urge%").mentions == 0
    assert find_coded_by(store, "request_urge-to").mentions == 0
