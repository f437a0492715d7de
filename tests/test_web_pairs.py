"""The list of pairs, alerts, the map and actors."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import polars as pl
import pytest
from starlette.testclient import TestClient

from detente.store.pairs import list_pairs
from detente.store.schema import open_store
from detente.store.write import add_report
from detente.web import pages_map
from stores import event, report
from webs_desk import make_client, sample_store

LISTS = ("/dyads", "/alerts", "/map", "/actors")


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with make_client(sample_store(tmp_path_factory.mktemp("desk") / "desk.db")) as made:
        yield made


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with make_client(tmp_path_factory.mktemp("empty") / "empty.db") as made:
        yield made


@pytest.mark.parametrize("path", LISTS)
def test_each_list_is_shown_and_has_a_twin(client: TestClient, path: str) -> None:
    page = client.get(path)
    assert page.status_code == client.get(f"{path}.json").status_code == 200
    assert "style=" not in page.text and f'href="{path}" aria-current="page"' in page.text


@pytest.mark.parametrize("path", LISTS)
def test_an_empty_store_has_empty_lists(empty: TestClient, path: str) -> None:
    page = empty.get(path)
    assert page.status_code == 200
    assert "Nothing is in this store yet" in page.text


@pytest.mark.parametrize("path", LISTS)
def test_a_parameter_that_a_list_does_not_have_is_refused(client: TestClient, path: str) -> None:
    assert client.get(f"{path}?colour=red").status_code == 400


# -- pairs -----------------------------------------------------------------------------------------------------------------
def test_the_gravest_pair_comes_first_with_where_it_stands(client: TestClient) -> None:
    pairs = client.get("/dyads.json").json()["pairs"]
    assert [(pair["a"]["key"], pair["b"]["key"]) for pair in pairs] == [("KOR", "PRK"), ("DEU", "FRA")]
    assert pairs[0]["mover"]["rung"] == 5 and pairs[0]["events"] == 10 and pairs[0]["to"] == "/dyads/KOR-PRK"
    assert pairs[0]["latest"]["event_type"] == "ASSAULT"


@pytest.mark.parametrize(("order", "first"), [("events", "DEU"), ("name", "DEU"), ("latest", "KOR"), ("grave", "KOR")])
def test_pairs_are_ordered_as_asked_for(client: TestClient, order: str, first: str) -> None:
    assert client.get(f"/dyads.json?order={order}").json()["pairs"][0]["a"]["key"] == first


def test_the_pairs_of_a_country_have_it_first(client: TestClient) -> None:
    record = client.get("/dyads.json?a=North+Korea").json()
    assert record["total"] == 1 and record["pairs"][0]["a"]["key"] == "PRK" and record["of"]["name"] == "North Korea"


@pytest.mark.parametrize(("party", "other"), [("East Asia", None), ("PRK/GOV", "KOR"), ("Western Europe", None)])
def test_regions_and_parts_of_countries_have_pairs_too(client: TestClient, party: str, other: str | None) -> None:
    record = client.get(f"/dyads.json?a={quote(party)}").json()
    assert [pair["b"]["key"] for pair in record["pairs"]] == ([other] if other else [])


def test_two_actors_of_the_form_lead_to_their_situation(client: TestClient) -> None:
    answer = client.get("/dyads/between?a=North+Korea&b=the+UN")
    assert answer.status_code == 303 and answer.headers["location"] == "/dyads/PRK-United%20Nations"
    assert client.get("/dyads/between?a=PRK").headers["location"] == "/dyads?a=PRK"
    assert client.get("/dyads/between").headers["location"] == "/dyads"


@pytest.mark.parametrize("address", ["/dyads?a=Nobody", "/dyads/between?a=Nobody&b=PRK", "/actors/Nobody", "/map?actor=Nobody", "/map?dyad=Nobody-PRK"])
def test_unknown_actors_are_not_found(client: TestClient, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 404 and "expected" in answer.text


def test_pairs_are_found_by_a_part_of_a_name(client: TestClient) -> None:
    assert [pair["b"]["key"] for pair in client.get("/dyads.json?text=franc").json()["pairs"]] == ["FRA"]


def test_what_did_not_happen_makes_no_pair(tmp_path: Path) -> None:
    store = open_store(tmp_path / "planned.db")
    add_report(store, report(event("ASSAULT", "PRK", "KOR", modality="future"), event("ACCUSE", "PRK", "USA", text="blamed them"), doc_id="one"))
    assert [(pair.a, pair.b, pair.events) for pair in list_pairs(store)] == [("PRK", "USA", 1)]
    store.close()


# -- alerts ----------------------------------------------------------------------------------------------------------------
def test_alerts_are_ranked_and_lead_to_the_day_and_the_events(client: TestClient) -> None:
    record = client.get("/alerts.json?days=60").json()
    scores = [row["alert"]["score"] for row in record["alerts"]]
    assert scores and scores == sorted(scores, reverse=True)
    first = record["alerts"][0]
    assert first["to"] == f"/dyads/KOR-PRK?at={first['alert']['day']}" and first["events"]
    assert f"/events/{first['events'][0][0]}" in client.get("/alerts?days=60").text


def test_alerts_are_filtered_by_kind_and_score(client: TestClient) -> None:
    every = client.get("/alerts.json?days=60").json()
    kind = every["alerts"][0]["alert"]["kind"]
    assert {row["alert"]["kind"] for row in client.get(f"/alerts.json?days=60&kind={kind}").json()["alerts"]} == {kind}
    assert client.get("/alerts.json?days=60&score=13").json()["total"] == 0
    assert every["counts"] == client.get(f"/alerts.json?days=60&kind={kind}").json()["counts"]


@pytest.mark.parametrize("query", ["kind=flood", "days=0", "days=x", "score=-1", "at=2020-02-30"])
def test_filters_of_alerts_that_are_none_are_refused(client: TestClient, query: str) -> None:
    assert client.get(f"/alerts?{query}").status_code == 400


# -- map -------------------------------------------------------------------------------------------------------------------
def test_the_map_has_the_places_of_its_days_with_links_to_their_events(client: TestClient) -> None:
    record = client.get("/map.json?days=90").json()
    assert [(place["name"], place["rung"]) for place in record["places"]] == [("Kaesong", 5)]
    assert record["places"][0]["to"].startswith("/events?place=Kaesong&since=")
    page = client.get("/map?days=90").text
    assert "https://" not in page.partition("<main")[2].partition("</main>")[0].replace("http://www.w3.org", "")


def test_a_day_without_placed_events_has_a_map_that_says_so(client: TestClient) -> None:
    page = client.get("/map?at=2020-02-01&days=7")
    assert page.status_code == 200 and "Too little to draw" in page.text and "No event of these days tells a place" in page.text


@pytest.mark.parametrize(("query", "total"), [("actor=PRK", 10), ("dyad=PRK-KOR", 10), ("actor=FRA", 13), ("dyad=PRK-KOR&rung=5", 4), ("actor=East+Asia", 10)])
def test_the_map_is_filtered_by_actor_pair_and_rung(client: TestClient, query: str, total: int) -> None:
    assert client.get(f"/map.json?days=90&{query}").json()["total"] == total


@pytest.mark.parametrize("query", ["actor=PRK&dyad=PRK-KOR", "days=0", "rung=9", "at=2020-13-01", "day=1.5"])
def test_filters_of_the_map_that_are_none_are_refused(client: TestClient, query: str) -> None:
    assert client.get(f"/map?{query}").status_code == 400


def test_near_places_are_one_circle_where_there_are_many() -> None:
    from detente.analysis.table import make_table
    from detente.web.pages_map import MOST_CIRCLES, cluster

    rows = [
        {
            "day": "2020-06-16",
            "source": "PRK",
            "target": "KOR",
            "event_type": "ASSAULT",
            "place_name": f"P{n}",
            "place_country": "KOR",
            "latitude": 30 + n % 20 / 10,
            "longitude": 120 + n // 20 / 10,
        }
        for n in range(MOST_CIRCLES + 50)
    ]
    table = make_table(rows)
    drawn = cluster(table)
    assert drawn.height == table.height
    assert drawn.select("place_name", "latitude", "longitude").n_unique() <= MOST_CIRCLES
    assert any(" near" in name for name in drawn["place_name"])
    assert cluster(table.head(10)).equals(table.head(10))


@pytest.mark.parametrize(("far", "view", "outside"), [(1, "near", 1), (4, "all", 4)])
def test_the_map_shows_the_part_of_the_world_where_most_happened(far: int, view: str, outside: int) -> None:
    spots = [("Kaesong", 37.97, 126.55)] * 5 + [("Seoul", 37.57, 126.98)] * 2 + [("Washington", 38.9, -77.0)] * far
    placed = pl.DataFrame([{"place_name": name, "latitude": north, "longitude": east} for name, north, east in spots])
    near = pages_map.take_near(placed)
    assert placed.height - near.height == outside
    assert ("near" if near.height >= placed.height * pages_map.NEAR_SHARE else "all") == view


def test_places_on_both_sides_of_the_date_line_are_near_each_other() -> None:
    placed = pl.DataFrame([{"place_name": name, "latitude": -17.0, "longitude": east} for name, east in (("Suva", 178.4), ("Apia", -171.8))])
    assert pages_map.take_near(placed).height == 2


def test_all_places_are_shown_to_who_asks_for_them(client: TestClient) -> None:
    assert client.get("/map.json?view=all").json()["view"] == "all"
    assert client.get("/map.json").json()["view"] == "near"
    assert client.get("/map.json?view=some").status_code == 400


@pytest.mark.parametrize("address", ["/alerts.json?at=2020-06-16", "/index.json?at=2020-06-16"])
def test_a_channel_whose_break_only_the_words_tell_of_is_an_alert(tmp_path: Path, address: str) -> None:
    path = tmp_path / "breaks.db"
    store = open_store(path)
    for day in range(1, 16):
        add_report(store, report(event("ACCUSE", "PRK", "KOR", f"2020-06-{day:02}", f"accused it for the {day}. time"), doc_id=f"d{day}", published_on=f"2020-06-{day:02}"))
    broken = event("SANCTION", "PRK", "KOR", "2020-06-16", "cut the hotline", modes=("discontinue",))
    add_report(store, report(broken, doc_id="cut", published_on="2020-06-16"))
    store.close()
    with make_client(path) as made:
        assert ("broken-channel", "2020-06-16") in {(one["alert"]["kind"], one["alert"]["day"]) for one in made.get(address).json()["alerts"]}


# -- actors ----------------------------------------------------------------------------------------------------------------
def test_an_actor_has_its_aliases_its_pairs_and_its_latest_events(client: TestClient) -> None:
    record = client.get("/actors/PRK.json").json()
    assert record["actor"]["name"] == "North Korea" and "DPRK" in record["known"][0]["aliases"]
    assert [pair["b"]["key"] for pair in record["pairs"]] == ["KOR"]
    assert record["did_total"] == 10 and record["met_total"] == 0
    assert f"/events/{record['did'][0]['event_id']}" in client.get("/actors/PRK").text


def test_an_office_is_told_with_its_dates(client: TestClient) -> None:
    found = client.get("/actors.json?text=Kim+Jong+Un").json()["found"]
    office = found[0]["offices"][0]
    assert office["role"] == "supreme leader" and office["start"] == "2011-12-17" and office["is_now"]


@pytest.mark.parametrize("name", ["East Asia", "PRK/MIL", "/REB", "NATO", "NATO members", "the UN"])
def test_regions_sectors_and_organisations_have_pages(client: TestClient, name: str) -> None:
    page = client.get(f"/actors/{quote(name, safe='')}")
    assert page.status_code == 200


def test_a_misspelt_name_gets_a_suggestion(client: TestClient) -> None:
    assert "Kim Jong Un" in client.get("/actors.json?text=Kim+Jong+Unn").json()["near"]


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", 'x" onload="y', "%00", "../../etc/passwd"])
def test_hostile_names_are_not_found_and_do_no_harm(client: TestClient, name: str) -> None:
    answer = client.get(f"/actors/{quote(name, safe='')}")
    assert answer.status_code in (400, 404)
    assert "<script>alert" not in answer.text and '" onload="y' not in answer.text
