"""Events on the desk: filters with their chips, order, and files to download."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from detente import exchange
from detente.cli import main
from detente.store.imported_rows import Imported
from detente.store.importing import Terms, import_origins
from detente.store.reviewing import judge_event
from detente.store.schema import open_store
from detente.web import downloads
from stores import event
from webs_desk import desk_of, make_client, sample_store, words_of


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sample_store(tmp_path_factory.mktemp("events") / "store.db")


@pytest.fixture(scope="module")
def client(path: Path) -> Iterator[TestClient]:
    with make_client(path) as made:
        yield made


# -- chips -----------------------------------------------------------------------------------------------------------------------
def test_each_filter_has_a_chip_that_says_it(client: TestClient) -> None:
    record = client.get("/events.json?type=ASSAULT,THREATEN&dyad=PRK-KOR&one_way=1&rung=4..6&since=2020-05-01&place=Kaesong&confidence=0.5&background=without").json()
    assert [chip["said"] for chip in record["chips"]] == [
        "of the type ASSAULT",
        "of the type THREATEN",
        "done by PRK to KOR",
        "in Kaesong",
        "from 2020-05-01",
        "on the rungs 4 to 6",
        "that happened",
        "without background",
        "with a confidence of 0.5 or more",
    ]


def test_a_chip_leads_to_the_same_without_it(client: TestClient) -> None:
    page = client.get("/events?type=ASSAULT&type=THREATEN&dyad=PRK-KOR").text
    chips = dict(re.findall(r'<li><a href="([^"]+)" aria-label="Take away: ([^"]+)"', page))
    taken = {said: to.replace("&amp;", "&") for to, said in chips.items()}
    assert taken["of the type ASSAULT"] == "/events?type=THREATEN&dyad=PRK-KOR"
    assert taken["between PRK and KOR, in either direction"] == "/events?type=ASSAULT&type=THREATEN"
    assert taken["that happened"].endswith("&modality=any")
    for to in taken.values():
        assert client.get(to).status_code == 200


def test_the_chip_of_the_last_filter_leads_to_all(client: TestClient) -> None:
    assert client.get("/events.json?modality=any").json()["chips"] == []
    assert client.get("/events.json?modality=any").json()["said"] == "All events"


def test_fields_hold_what_the_address_asks_for(client: TestClient) -> None:
    page = client.get("/events?dyad=PRK-KOR&rung=5&since=2020-06-01&actor=PRK&actor=KOR").text
    assert 'name="dyad" type="text" value="PRK-KOR"' in page
    assert '<option value="5" selected>' in page
    assert '<input type="hidden" name="actor" value="KOR">' in page


# -- order -------------------------------------------------------------------------------------------------------------------
def test_a_head_of_the_table_sorts_and_turns_the_order_around(client: TestClient) -> None:
    page = client.get("/events?order=gravest&type=ASSAULT").text
    assert re.search(r'aria-sort="descending"><a href="/events\?order=mildest&amp;type=ASSAULT">Rung', page)
    rungs = [event["rung"] for event in client.get("/events.json?order=gravest&page_events=200").json()["events"]]
    assert rungs == sorted(rungs, reverse=True)


def test_a_page_by_cursor_keeps_filters_and_order(client: TestClient) -> None:
    page = client.get("/events?order=oldest&page_events=5&dyad=PRK-KOR").text
    to = re.search(r'rel="next" href="([^"]+)"', page)
    assert to
    second = client.get(to[1].replace("&amp;", "&")).text
    assert "between PRK and KOR" in second
    assert 'rel="prev"' in second
    assert 'rel="next"' not in second


def test_no_events_say_how_to_find_some(client: TestClient) -> None:
    assert "Take a filter away above" in words_of(client.get("/events?actor=ISL").text)


def test_an_actor_that_nobody_knows_is_refused(client: TestClient) -> None:
    for address in ("/events?actor=Narnia", "/events/download/csv?dyad=Narnia-PRK", "/api/v1/events?source=Narnia", "/review?dyad=Narnia-PRK"):
        answer = client.get(address)
        assert answer.status_code == 400 and "found &#39;Narnia&#39;" in answer.text.replace("'", "&#39;"), address


def test_an_actor_is_read_by_its_name_too(client: TestClient) -> None:
    by_name, by_code = (client.get(f"/events.json?dyad={pair}").json() for pair in ("North Korea-South Korea", "PRK-KOR"))
    assert by_name["events"] == by_code["events"] != []


# -- downloads -----------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", [*exchange.EXPORTS, "parquet"])
def test_a_download_has_the_bytes_of_the_command(client: TestClient, path: Path, tmp_path: Path, name: str) -> None:
    written = tmp_path / "written"
    assert main(["export", name, "--dyad", "PRK-KOR", "--type", "ASSAULT", "--since", "2020-06-01", "--store", str(path), "-o", str(written)]) == 0
    answer = client.get(f"/events/download/{name}?dyad=PRK-KOR&type=ASSAULT&since=2020-06-01")
    assert answer.status_code == 200
    assert answer.content == written.read_bytes()
    assert answer.headers["content-disposition"].startswith('attachment; filename="detente-events.')


def test_each_format_of_the_command_is_offered(client: TestClient) -> None:
    assert set(downloads.FORMATS) == {*exchange.EXPORTS, "parquet"}
    page = client.get("/events?dyad=PRK-KOR&order=gravest").text
    for name in downloads.FORMATS:
        assert f'href="/events/download/{name}?dyad=PRK-KOR"' in page


def test_a_download_can_begin_with_the_latest(client: TestClient) -> None:
    days = [line.split(",")[12] for line in client.get("/events/download/csv?order=newest").text.splitlines()[1:]]
    assert client.get("/events/download/csv").text.splitlines()[1] == client.get("/events/download/csv?order=newest").text.splitlines()[-1]
    assert days


def test_no_events_make_a_file_with_a_head_only(client: TestClient) -> None:
    assert client.get("/events/download/csv?actor=ISL").text.count("\n") == 1
    assert client.get("/events/download/jsonl?actor=ISL").content == b""


@pytest.mark.parametrize(
    ("address", "status"), [("/events/download/xls", 404), ("/events/download/csv?type=WAR", 400), ("/events/download/csv?page=2", 400), ("/events/download/csv?cursor=x", 400)]
)
def test_a_wrong_download_is_refused(client: TestClient, address: str, status: int) -> None:
    assert client.get(address).status_code == status


def _with_barred(path: Path) -> Path:
    sample_store(path)
    store = open_store(path)
    told = event("PROTEST", "KOR", "KOR", "2020-06-01", "x", decided_by="acled")
    import_origins(store, [(Terms("acled", "EULA", may_be_passed_on=False), iter([Imported(told.event_id, 1, told, "x")]))], location="a.csv", codebook="acled")
    store.close()
    return path


def test_events_that_may_not_be_passed_on_are_refused_unless_one_takes_it_on_oneself(tmp_path: Path) -> None:
    with make_client(_with_barred(tmp_path / "store.db")) as client:
        answer = client.get("/events/download/csv")
        assert answer.status_code == 403
        assert "may not be passed on" in answer.text
        assert client.get("/events/download/csv?origin=detente").status_code == 200
        assert "acled" in client.get("/events/download/csv?with_barred=1").text


def test_what_fails_in_the_middle_of_a_download_does_not_pass_for_a_whole_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def half(name: str, events: object, out: object) -> int:
        out.write(b"x" * 200_000)  # type: ignore[attr-defined]
        out.flush()  # type: ignore[attr-defined]
        raise RuntimeError("the disk went away")

    monkeypatch.setattr("detente.exchange.write_events", half)
    with make_client(path) as client, pytest.raises(RuntimeError, match="the disk went away"):
        client.get("/events/download/csv")


def test_downloads_at_once_are_bounded_and_given_back(client: TestClient) -> None:
    for _ in range(downloads.MOST_DOWNLOADS * 2):
        assert client.get("/events/download/csv?actor=ISL").status_code == 200
    taken = [downloads._slots.acquire(timeout=5) for _ in range(downloads.MOST_DOWNLOADS)]
    try:
        answer = client.get("/events/download/csv")
        assert answer.status_code == 503
        assert answer.headers["retry-after"] == "60"
    finally:
        for _ in taken:
            downloads._slots.release()
    assert not [thread for thread in threading.enumerate() if thread.name == "download"]


def test_rejected_events_are_in_no_list_and_no_file_unless_asked_for(tmp_path: Path) -> None:
    with make_client(sample_store(tmp_path / "store.db")) as client:
        first = client.get("/events.json").json()["events"][0]["event_id"]
        judge_event(desk_of(client).store, first, "reject", reviewer="jane")
        assert first not in client.get("/events").text
        assert first not in client.get("/events/download/jsonl").text
        assert first in client.get("/events?review=rejected").text
        assert first in client.get("/events/download/jsonl?review=any").text


@pytest.mark.parametrize(("address", "what"), [("/events?foo=1", "this page"), ("/api/v1/events?foo=1", "this call")])
def test_an_unknown_parameter_is_refused_by_a_page_or_a_call(client: TestClient, address: str, what: str) -> None:
    assert f"foo: found a parameter that {what} does not have" in client.get(address, headers={"Accept": "application/json"}).text
