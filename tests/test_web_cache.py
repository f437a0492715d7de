"""Answers are kept until the store changes, made once, and given packed or not at all."""

from __future__ import annotations

import asyncio
import gzip
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from detente.store.reviewing import judge_event
from detente.store.schema import Store, open_store, reading, writing
from detente.store.web_tables import read_counters
from detente.web.cache import Cache, Kept
from detente.web.dispatch import has_tag
from detente.web.shared import Shared
from webs_desk import desk_of, make_client, sample_store


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    with make_client(sample_store(tmp_path / "store.db")) as made:
        yield made


def counters(store: Store) -> tuple[int, int]:
    with reading(store) as connection:
        return read_counters(connection)


# -- the store's counters ----------------------------------------------------------------------------------------------------
def test_each_change_counts_once_and_where_it_belongs(store: Store) -> None:
    data, access = counters(store)
    with writing(store):
        pass
    assert counters(store) == (data + 1, access)
    with writing(store, counter="access"):
        pass
    assert counters(store) == (data + 1, access + 1)
    with writing(store, counter=None):
        pass
    assert counters(store) == (data + 1, access + 1)


def test_what_is_not_kept_does_not_count(store: Store) -> None:
    before = counters(store)
    with pytest.raises(RuntimeError), writing(store):
        raise RuntimeError
    assert counters(store) == before


# -- answers -----------------------------------------------------------------------------------------------------------------
def test_a_kept_answer_asks_the_store_nothing(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    first = client.get("/events")

    def fail(*_: object, **__: object) -> None:
        raise AssertionError("asked again")

    monkeypatch.setattr("detente.web.events.list_events", fail)
    assert client.get("/events").content == first.content


def test_who_has_the_answer_gets_none(client: TestClient) -> None:
    first = client.get("/events.json")
    second = client.get("/events.json", headers={"If-None-Match": first.headers["etag"]})
    assert (second.status_code, second.content) == (304, b"")
    assert second.headers["etag"] == first.headers["etag"]


def test_a_change_by_another_program_makes_a_new_answer(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("detente.web.cache.SLOW_SECONDS", 1e9)  # on a busy machine any answer may be slow
    first = client.get("/events.json")
    other = open_store(desk_of(client).options.store)
    judge_event(other, first.json()["events"][0]["event_id"], "accept", reviewer="jane")
    other.close()
    second = client.get("/events.json", headers={"If-None-Match": first.headers["etag"]})
    assert second.status_code == 200
    assert second.json()["events"][0]["review"] == "accepted"


def test_the_desk_works_on_each_database(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("detente.web.state.LOOK_SECONDS", 0)
    monkeypatch.setattr("detente.web.cache.SLOW_SECONDS", 1e9)
    with make_client(sample_store(address)) as client:
        first = client.get("/events.json").json()["events"][0]
        assert client.get("/").status_code == 200
        judge_event(desk_of(client).store, first["event_id"], "accept", reviewer="jane")
        assert client.get("/events.json").json()["events"][0]["review"] == "accepted"


def test_a_connection_that_the_database_closed_is_opened_again(client: TestClient) -> None:
    assert client.get("/events.json").status_code == 200
    watch = desk_of(client)._watch
    assert watch is not None
    driver = watch.connection.driver_connection
    assert driver is not None
    driver.close()
    assert client.get("/events.json").status_code == 200


@pytest.mark.parametrize(("given", "is_there"), [('W/"a"', True), ('"a"', True), ('"b", W/"a"', True), ("*", True), ('"b"', False), ("", False), ("a", False)])
def test_tags_are_compared_weakly(given: str, is_there: bool) -> None:
    assert has_tag(given, 'W/"a"') is is_there


def test_an_answer_is_packed_for_who_takes_that_only(client: TestClient) -> None:
    with client.stream("GET", "/events.json", headers={"Accept-Encoding": "gzip"}) as packed:
        raw = b"".join(packed.iter_raw())
    assert packed.headers["content-encoding"] == "gzip"
    plain = client.get("/events.json", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert gzip.decompress(raw) == plain.content


def test_two_readers_do_not_get_each_others_page(client: TestClient) -> None:
    assert 'class="theme-dark"' not in client.get("/").text
    client.cookies.set("detente_theme", "dark")
    assert 'class="theme-dark"' in client.get("/").text


# -- the cache ---------------------------------------------------------------------------------------------------------------
def test_many_who_ask_at_once_have_it_made_once() -> None:
    made = []

    async def make() -> Kept:
        made.append(1)
        await asyncio.sleep(0)
        return Kept("value", 5)

    async def ask() -> list[str]:
        cache = Cache(100)
        cache.use_version(1)
        return await asyncio.gather(*(cache.get("key", make) for _ in range(20)))

    assert asyncio.run(ask()) == ["value"] * 20
    assert len(made) == 1


def test_a_caller_who_leaves_does_not_take_the_answer_from_the_others() -> None:
    async def ask() -> str:
        cache, go = Cache(100), asyncio.Event()

        async def make() -> Kept:
            await go.wait()
            return Kept("value", 5)

        first = asyncio.ensure_future(cache.get("key", make))
        second = asyncio.ensure_future(cache.get("key", make))
        await asyncio.sleep(0)
        first.cancel()
        go.set()
        return str(await second)

    assert asyncio.run(ask()) == "value"


def test_a_failure_is_told_to_all_and_not_kept() -> None:
    async def fail() -> Kept:
        raise ValueError("no")

    async def works() -> Kept:
        return Kept("value", 1)

    async def ask() -> tuple[list[object], str]:
        cache = Cache(100)
        told = await asyncio.gather(cache.get("key", fail), cache.get("key", fail), return_exceptions=True)
        return list(told), await cache.get("key", works)

    told, value = asyncio.run(ask())
    assert [type(one) for one in told] == [ValueError, ValueError]
    assert value == "value"


def test_what_nobody_asked_for_longest_goes_first() -> None:
    async def ask() -> list[object]:
        cache = Cache(30)

        async def keep(key: str, weight: int = 10) -> None:
            async def make() -> Kept:
                return Kept(key, weight)

            await cache.get(key, make)

        for key in "abc":
            await keep(key)
        cache.find("a")
        await keep("d")
        await keep("large", 31)
        return [cache.find(key) for key in ("a", "b", "c", "d", "large")] + [cache.bytes]

    assert asyncio.run(ask()) == ["a", None, "c", "d", None, 30]


def test_what_was_begun_before_a_change_is_given_but_not_kept() -> None:
    async def ask() -> tuple[str, object]:
        cache = Cache(100)
        cache.use_version(1)

        async def make() -> Kept:
            cache.use_version(2)
            return Kept("old", 3)

        return await cache.get("key", make), cache.find("key")

    assert asyncio.run(ask()) == ("old", None)


@pytest.mark.parametrize(
    ("seconds", "later", "least", "expected"),
    [(1.0, 5.0, 1, "old"), (0.1, 5.0, 1, "new"), (1.0, 60.0, 1, "new"), (1.0, 5.0, 2, "new"), (1.0, 5.0, None, "new")],
    ids=["slow", "quick", "too-old", "own-change", "present-only"],
)
def test_a_slow_answer_is_given_a_little_longer_while_it_is_made_anew(seconds: float, later: float, least: int | None, expected: str) -> None:
    async def ask() -> tuple[str, str]:
        now = [0.0]
        cache = Cache(100, lambda: now[0])
        cache.use_version(1)

        async def make_old() -> Kept:
            now[0] += seconds
            return Kept("old", 3)

        async def make_new() -> Kept:
            return Kept("new", 3)

        await cache.get("key", make_old)
        cache.use_version(2)
        now[0] += later
        first = await cache.get("key", make_new, least)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return first, await cache.get("key", make_new, least)

    assert asyncio.run(ask()) == (expected, "new")


# -- shared objects ----------------------------------------------------------------------------------------------------------
def test_an_object_is_made_once_for_all_threads_and_anew_for_a_new_version() -> None:
    shared, made = Shared(), []

    def make() -> int:
        made.append(1)
        return len(made)

    threads = [threading.Thread(target=lambda: shared.get(1, "key", make)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert shared.get(1, "key", make) == 1
    assert shared.get(2, "key", make) == 2


def test_a_failed_object_is_tried_again() -> None:
    shared = Shared()
    with pytest.raises(ZeroDivisionError):
        shared.get(1, "key", lambda: 1 // 0)
    assert shared.get(1, "key", lambda: 7) == 7
