"""Who held office in a country on a day."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from detente.codebook.load import DATA
from detente.web import leaders
from detente.web.leaders import find_leaders
from webs_desk import make_client, sample_store

DAY = datetime.date(2020, 6, 16)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with make_client(sample_store(tmp_path_factory.mktemp("leaders") / "store.db")) as made:
        yield made


def test_those_in_office_on_the_day_are_found_and_the_head_comes_first() -> None:
    found = find_leaders("PRK", DAY)
    assert (found[0].name, found[0].role) == ("Kim Jong Un", "supreme leader")
    assert found[1].role == "prime minister"
    assert "Kim Jong Il" not in {leader.name for leader in found}


@pytest.mark.parametrize(("day", "name"), [("2011-12-16", "Kim Jong Il"), ("2011-12-18", "Kim Jong Un")])
def test_an_office_changes_hands_on_its_day(day: str, name: str) -> None:
    assert [one.name for one in find_leaders("PRK", datetime.date.fromisoformat(day)) if one.role == "supreme leader"] == [name]


def test_a_month_in_which_an_office_began_counts_whole() -> None:
    assert "Ri Son Gwon" in {one.name for one in find_leaders("PRK", datetime.date(2020, 1, 1)) if one.role == "foreign minister"}


def test_the_source_is_the_row_that_says_so() -> None:
    leader = find_leaders("PRK", DAY)[0]
    name, _, row = leader.source.partition(", row ")
    line = (DATA / "actors" / name).read_text("utf-8").splitlines()[int(row) - 1]
    assert line.startswith(f"{leader.name},") and leader.role in line


def test_of_a_part_of_a_country_only_its_own_are_told() -> None:
    assert {"MIL" in leader.sectors for leader in find_leaders("PRK", DAY, ("MIL",))} == {True}


def test_offices_of_the_users_own_actors_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path / "own.csv"
    own.write_text("name,aliases,country,sectors,role,start,end\nJane Doe,,LUX,GOV,foreign minister,2019,\n", "utf-8")
    monkeypatch.setenv("DETENTE_ACTORS", str(own))
    leaders._offices.cache_clear()
    try:
        assert ("Jane Doe", "own.csv, row 2") in {(one.name, one.source) for one in find_leaders("LUX", DAY)}
    finally:
        leaders._offices.cache_clear()


def test_the_page_of_a_country_names_its_leaders_on_the_day(client: TestClient) -> None:
    record = client.get("/actors/PRK.json?at=2011-01-01").json()
    assert "Kim Jong Il" in {leader["name"] for leader in record["leaders"]}
    page = client.get("/actors/PRK?at=2020-06-16").text
    assert 'href="/actors/Kim%20Jong%20Un"' in page and "people_asia.csv, row" in page


def test_at_a_past_day_nothing_later_is_told_of_an_actor(client: TestClient) -> None:
    record = client.get("/actors/PRK.json?at=2020-06-10").json()
    assert record["did"] and all(event["date"]["start"] <= "2020-06-10" for event in (*record["did"], *record["met"]))


def test_events_of_an_actor_come_with_their_words(client: TestClient) -> None:
    record = client.get("/actors/PRK.json").json()
    assert all(record["words"][event["event_id"]] for event in record["did"])
    assert '<p class="words">' in client.get("/actors/PRK").text


@pytest.mark.parametrize("name", ["East Asia", "Nobody we know"])
def test_what_is_no_country_has_no_leaders(client: TestClient, name: str) -> None:
    answer = client.get(f"/actors/{name}.json")
    assert answer.status_code == 404 or answer.json()["leaders"] == []
