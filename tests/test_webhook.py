"""Alerts to a webhook: signed, tried again, given up with the reason kept, never holding up the others."""

from __future__ import annotations

import datetime
import hashlib
import hmac
import json
import re
import threading
from pathlib import Path
from typing import Any

import pytest

from alerting import HOOK, SECRET, TODAY, add, alerting_of, blow_up, calm_past
from detente.errors import SettingsError
from detente.raising import raise_alerts
from detente.store.alert_log import Hold, Raised, find_raised, find_undelivered, keep_raised, load_hold
from detente.store.schema import Store, open_store
from detente.watch_alerts import alert, attend
from detente.watching import Watcher, watch_feeds
from detente.webhook import FIRST_PAUSE_SECONDS, MOST_PAUSE_SECONDS, MOST_TRIES, after_failure, deliver_alerts, make_webhook, seconds_to_next_try, sign
from webs import CLOSED, Clock, Site, web_of


class Hooked:
    """A store with an alert that waits for the webhook of a site."""

    def __init__(self, store: Store, site: Site) -> None:
        self.clock, self.site, self.store = Clock(), site, store
        self.alerting = alerting_of(store, self.clock, site=site)
        assert self.alerting.delivering is not None
        self.run = self.alerting.delivering
        calm_past(store)
        add(store, blow_up())
        [self.raised] = raise_alerts(store, TODAY, deliver=True)

    def add_alert(self, number: int) -> Raised:
        """A further alert that waits."""
        made = self.raised._replace(alert_id=f"a{number}", record=f'{{"n": {number}}}')
        keep_raised(self.store, [made], 7, deliver=True)
        return made

    def deliver(self, *, seconds: float = 0) -> list[str]:
        self.clock.seconds += seconds
        return [sent.delivery for sent in deliver_alerts(self.run)]


@pytest.fixture
def hooked(quick_store: Store, site: Site) -> Hooked:
    return Hooked(quick_store, site)


def test_what_is_sent_is_the_record_with_a_signature_that_verifies_and_an_id(hooked: Hooked) -> None:
    assert hooked.deliver() == ["delivered"]
    [(headers, body)] = hooked.site.posted
    timestamp = headers["detente-timestamp"]
    assert headers["detente-signature"] == "sha256=" + hmac.new(SECRET.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()
    assert int(timestamp) == int(hooked.run.now().timestamp())
    assert (headers["idempotency-key"], headers["content-type"]) == (hooked.raised.alert_id, "application/json")
    assert json.loads(body)["events"][0]["text"] == "blew up the liaison office"
    assert hooked.deliver() == []


def test_the_check_that_the_docs_give_to_receivers_holds(hooked: Hooked, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (Path(__file__).parent.parent / "docs" / "watch.md").read_text("utf-8")
    [code] = re.findall(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    scope: dict[str, Any] = {}
    exec(code, scope)
    hooked.deliver()
    [(sent, body)] = hooked.site.posted
    headers = {"Detente-Timestamp": sent["detente-timestamp"], "Detente-Signature": sent["detente-signature"]}
    seconds = int(sent["detente-timestamp"])
    monkeypatch.setattr("time.time", lambda: seconds + 299)
    assert scope["is_genuine"](headers, body, SECRET)
    assert not scope["is_genuine"](headers, body + b" ", SECRET)
    assert not scope["is_genuine"](headers, body, "another key")
    assert not scope["is_genuine"]({**headers, "Detente-Timestamp": str(seconds + 1)}, body, SECRET)
    monkeypatch.setattr("time.time", lambda: seconds + 301)
    assert not scope["is_genuine"](headers, body, SECRET)


def test_a_changed_body_or_moment_has_another_signature() -> None:
    signed = sign(b"key", "1600000000", b"{}")
    assert len({signed, sign(b"key", "1600000001", b"{}"), sign(b"key", "1600000000", b"{ }"), sign(b"other", "1600000000", b"{}")}) == 4


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_server_that_is_busy_or_failing_gets_the_alert_later(hooked: Hooked, status: int) -> None:
    hooked.site.pages[HOOK] = (status, {}, b"")
    assert hooked.deliver() == ["waiting"]
    assert find_undelivered(hooked.store)[0].reason == f"status-{status}"
    assert hooked.deliver(seconds=FIRST_PAUSE_SECONDS - 1) == []
    hooked.site.pages[HOOK] = b""
    assert hooked.deliver(seconds=1) == ["delivered"]
    first, second = (body for _, body in hooked.site.posted)
    assert first == second
    assert load_hold(hooked.store) == Hold()


def test_retry_after_is_kept_to(hooked: Hooked) -> None:
    hooked.site.pages[HOOK] = (503, {"Retry-After": "7000"}, b"")
    hooked.deliver()
    assert seconds_to_next_try(hooked.run) == 7000
    assert hooked.deliver(seconds=6999) == []
    hooked.add_alert(1)
    assert hooked.deliver() == []
    hooked.site.pages[HOOK] = b""
    assert hooked.deliver(seconds=1) == ["delivered", "delivered"]


def test_a_server_that_does_not_answer_gets_the_alert_later(hooked: Hooked) -> None:
    gone = hooked.run._replace(webhook=make_webhook("http://127.0.0.1:1/hook", SECRET, any_port=True))
    [sent] = deliver_alerts(gone)
    assert (sent.delivery, sent.alert.reason) == ("waiting", "no-connection")
    assert hooked.deliver(seconds=FIRST_PAUSE_SECONDS) == ["delivered"]


def test_each_failure_in_a_row_doubles_the_pause_up_to_an_hour() -> None:
    now = datetime.datetime(2020, 6, 17, tzinfo=datetime.UTC)
    hold, pauses = Hold(), []
    for _ in range(9):
        hold = after_failure(hold, now, None)
        assert hold.until is not None
        pauses.append((hold.until - now).total_seconds())
    assert pauses == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]


def test_an_alert_is_given_up_after_so_many_tries_with_the_reason_kept(hooked: Hooked) -> None:
    hooked.site.pages[HOOK] = (500, {}, b"")
    told = [hooked.deliver(seconds=MOST_PAUSE_SECONDS) for _ in range(MOST_TRIES)]
    assert told == [*[["waiting"]] * (MOST_TRIES - 1), ["given-up"]]
    assert hooked.deliver(seconds=MOST_PAUSE_SECONDS) == []
    [kept] = find_raised(hooked.store, [("KOR", "PRK")], TODAY - datetime.timedelta(days=9))
    assert (kept.tries, kept.reason) == (MOST_TRIES, "status-500")
    assert seconds_to_next_try(hooked.run) is None


@pytest.mark.parametrize(("status", "headers"), [(400, {}), (404, {}), (302, {"Location": "/other"}), (308, {"Location": "/other"})])
def test_an_answer_that_a_later_try_would_meet_again_gives_the_alert_up_and_holds_up_no_other(hooked: Hooked, status: int, headers: dict[str, str]) -> None:
    hooked.add_alert(1)
    answers: list[Any] = [(status, headers, b""), (200, {}, b"")]
    hooked.site.pages |= {HOOK: lambda _: answers.pop(0), "/other": b""}
    assert sorted(hooked.deliver()) == ["delivered", "given-up"]
    assert hooked.site.paths == [HOOK, HOOK]


def test_an_alert_that_always_fails_does_not_hold_up_the_others(hooked: Hooked) -> None:
    hooked.site.pages[HOOK] = (500, {}, b"")
    hooked.deliver()
    hooked.add_alert(1)

    def answer(handler: Any) -> tuple[int, dict[str, str], bytes]:
        return (200 if handler.headers["Idempotency-Key"] == "a1" else 500), {}, b""

    hooked.site.pages[HOOK] = answer
    assert hooked.deliver(seconds=FIRST_PAUSE_SECONDS) == ["delivered", "waiting"]


def test_a_restart_delivers_what_the_last_run_could_not(tmp_path: Path, site: Site) -> None:
    first = open_store(tmp_path / "s.db")
    hooked = Hooked(first, site)
    site.pages[HOOK] = (503, {}, b"")
    hooked.deliver()
    first.close()
    second = open_store(tmp_path / "s.db")
    site.pages[HOOK] = b""
    hooked.clock.seconds += FIRST_PAUSE_SECONDS
    alert(alerting_of(second, hooked.clock, site=site))
    assert [headers["idempotency-key"] for headers, _ in site.posted] == [hooked.raised.alert_id] * 2
    assert find_undelivered(second) == []
    second.close()


def test_a_run_that_is_stopped_counts_no_try(hooked: Hooked) -> None:
    hooked.clock.stopped = True
    assert hooked.deliver() == []
    assert find_undelivered(hooked.store)[0].tries == 0
    assert hooked.site.posted == []


def test_a_try_that_a_stop_breaks_off_does_not_count(hooked: Hooked) -> None:
    left = threading.Event()

    def hang(_: object) -> None:
        hooked.clock.stopped = True
        left.wait(20)

    hooked.site.pages[HOOK] = hang
    assert hooked.deliver() == []
    left.set()
    assert find_undelivered(hooked.store) == [hooked.raised]
    assert load_hold(hooked.store) == Hold()


def test_a_watch_wakes_for_the_webhook_while_no_feed_is_due(hooked: Hooked) -> None:
    statuses = iter([503, 503, 200])
    hooked.site.pages[HOOK] = lambda _: (next(statuses), {}, b"")
    watch_feeds(Watcher(hooked.store, web_of(hooked.clock), lambda _: True, hooked.run.now, lambda: 0.0, lambda: attend(hooked.alerting)), [], lambda _: None)
    assert hooked.clock.waits == [30, 60]
    assert find_undelivered(hooked.store) == []


def test_a_webhook_on_this_machine_is_refused_unless_the_limits_open_it(hooked: Hooked) -> None:
    [sent] = deliver_alerts(hooked.run._replace(limits=CLOSED, webhook=make_webhook("http://localhost:8080/hook", SECRET)))
    assert (sent.delivery, sent.alert.reason) == ("waiting", "private-address")
    assert hooked.site.posted == []


def test_an_address_that_may_not_be_asked_is_refused_at_once() -> None:
    with pytest.raises(SettingsError, match="--webhook: found port 25"):
        make_webhook("http://example.org:25/", SECRET)
    with pytest.raises(SettingsError, match="--webhook: found the scheme 'ftp'"):
        make_webhook("ftp://example.org/", SECRET)


def test_the_key_and_the_path_of_a_webhook_are_in_no_message(hooked: Hooked, capsys: pytest.CaptureFixture[str]) -> None:
    hooked.site.pages[HOOK] = (503, {}, b"")
    attend(hooked.alerting)
    err = capsys.readouterr().err
    assert err.startswith(f"webhook at 127.0.0.1: alert {hooked.raised.alert_id}: found the status 503; expected 200 or another of success; try 1, the next not before ")
    assert "hidden" not in err + repr(hooked.run.webhook) and SECRET not in err + repr(hooked.run.webhook)
