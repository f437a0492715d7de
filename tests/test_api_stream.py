"""The stream of alerts: each once, from where the reader left off, and its end."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from detente.raising import AlertRecord
from detente.store.alert_log import Raised, keep_raised
from detente.store.schema import Store, open_store
from detente.store.tokens import add_token, revoke_token
from detente.web import api_stream
from webs_api import Served, serving

PATH = "/api/v1/alerts/stream"
DAY = datetime.date(2020, 6, 16)


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    monkeypatch.setattr(api_stream, "LOOK_SECONDS", 0.02)
    with serving(tmp_path / "store.db") as made:
        yield made


def _raise(store: Store, alert_id: str, at: str = "2026-01-01T00:00:00+00:00") -> None:
    record = AlertRecord(
        alert_id=alert_id,
        raised_at=at,
        kind="jump",
        also=(),
        a="KOR",
        b="PRK",
        day=DAY,
        score=7.5,
        rung=5,
        before=1.0,
        after=5.0,
        what="from one to five\nin a day",
        event_ids=("e1",),
        events=(),
    )
    keep_raised(store, [Raised(alert_id, "jump", "KOR", "PRK", DAY, 5, msgspec.json.encode(record).decode())], 1, deliver=False)


def _read(lines: Iterator[str], number: int) -> list[dict[str, Any]]:
    """So many alerts of a stream."""
    out: list[dict[str, Any]] = []
    found: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(": ")
        found[name] = value
        if not line and "data" in found:
            out.append({"id": found["id"], **json.loads(found["data"])})
            found = {}
            if len(out) == number:
                break
    return out


def test_an_alert_that_is_raised_comes_at_once(served: Served) -> None:
    _raise(served.desk.store, "old1")
    with httpx.stream("GET", served.address + PATH, timeout=20) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        lines = answer.iter_lines()
        assert next(lines) == "retry: 3000"
        _raise(served.desk.store, "new1")
        _raise(served.desk.store, "new2")
        assert {alert["id"] for alert in _read(lines, 2)} == {"new1", "new2"}


def test_a_reader_that_comes_again_gets_what_was_raised_meanwhile(served: Served) -> None:
    for number in range(4):
        _raise(served.desk.store, f"id{number}")
    with httpx.stream("GET", served.address + PATH, headers={"Last-Event-ID": "id1"}, timeout=20) as answer:
        assert [alert["id"] for alert in _read(answer.iter_lines(), 2)] == ["id2", "id3"]


def test_the_id_may_be_a_parameter(served: Served) -> None:
    _raise(served.desk.store, "id0")
    _raise(served.desk.store, "id1")
    with httpx.stream("GET", f"{served.address}{PATH}?last_event_id=id0", timeout=20) as answer:
        found = _read(answer.iter_lines(), 1)
    assert (found[0]["id"], found[0]["what"]) == ("id1", "from one to five\nin a day")


def test_an_id_that_no_alert_has_is_refused(served: Served) -> None:
    answer = httpx.get(served.address + PATH, headers={"Last-Event-ID": "none"})
    assert (answer.status_code, answer.json()["error"]["where"]) == (400, "last_event_id")


def test_a_stream_lives_while_nothing_is_raised(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_stream, "HEARTBEAT_SECONDS", 0.05)
    with httpx.stream("GET", served.address + PATH, timeout=20) as answer:
        assert ": still here" in (line for line in answer.iter_lines())


def test_streams_end_with_the_desk(served: Served) -> None:
    with httpx.stream("GET", served.address + PATH, timeout=20) as answer:
        lines = answer.iter_lines()
        next(lines)
        served.desk.is_ending = True
        assert list(lines) == [""]
    assert served.desk.streams == []


def test_more_streams_than_one_reader_may_have_are_refused(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_stream, "STREAMS_EACH", 1)
    with httpx.stream("GET", served.address + PATH, timeout=20) as first:
        assert first.status_code == 200
        second = httpx.get(served.address + PATH)
    assert (second.status_code, second.json()["error"]["code"], second.headers["retry-after"]) == (503, "busy", "30")


def test_a_stream_ends_with_its_token(served: Served) -> None:
    store = open_store(str(served.desk.store.engine.url)) if "://" in served.desk.store.name else open_store(Path(served.desk.store.name))
    token = add_token(store, "reader", "read", by="test")
    with httpx.stream("GET", served.address + PATH, headers={"Authorization": f"Bearer {token}"}, timeout=20) as answer:
        lines = answer.iter_lines()
        next(lines)
        revoke_token(store, "reader", by="test")
        assert list(lines) == [""]
    store.close()


def test_alerts_that_were_raised_come_the_latest_first(served: Served) -> None:
    for number in range(5):
        _raise(served.desk.store, f"id{number}")
    page = httpx.get(f"{served.address}/api/v1/alerts?limit=2").json()
    rest = httpx.get(served.address + page["next"]).json()
    assert len({alert["alert_id"] for alert in page["items"] + rest["items"]}) == 4
    assert httpx.get(f"{served.address}/api/v1/alerts?dyad=PRK-USA").json()["items"] == []
    assert len(httpx.get(f"{served.address}/api/v1/alerts?dyad=PRK-KOR&format=jsonl").text.splitlines()) == 5
