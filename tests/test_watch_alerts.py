"""Alerts of a watched store: each is raised once, whatever ends in between, and reaches terminal, file and webhook."""

from __future__ import annotations

import datetime
import hashlib
import hmac
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from detente.cli import main
from detente.errors import SettingsError
from detente.raising import LEAST_SCORE, begin_looking, raise_alerts, read_alert
from detente.show_watch import alert_line
from detente.store.alert_log import Hold, Raised, find_looked, find_raised, find_undelivered, find_untold, keep_raised, load_hold
from detente.store.importing import Imported, import_events
from detente.store.schema import Store, open_store
from detente.store.write import add_report
from detente.watch_alerts import Alerting, alert, append_lines, attend
from detente.watching import Watcher, watch_feeds
from detente.webhook import FIRST_PAUSE_SECONDS, MOST_PAUSE_SECONDS, MOST_TRIES, Delivering, after_failure, deliver_alerts, make_webhook, seconds_to_next_try, sign
from stores import event, report
from webs import CLOSED, OPEN, Clock, Site, page, rss, serving, web_of

TODAY = datetime.date(2020, 6, 17)
SECRET = "correct horse battery staple"
HOOK = "/hook?token=hidden"


@pytest.fixture
def quick_store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path / "store.db")
    yield opened
    opened.close()


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as started:
        started.pages[HOOK] = b""
        yield started


def calm_past(store: Store, source: str = "PRK", target: str = "KOR") -> None:
    """Six talks of a pair, ten days apart, until the beginning of June 2020; they count as looked at."""
    for n in range(6):
        day = (datetime.date(2020, 4, 10) + datetime.timedelta(days=10 * n)).isoformat()
        add(store, event("CONSULT", source, target, day, f"met for talks number {n}"), published_on=day)
    begin_looking(store)


def add(store: Store, *events: Any, published_on: str = "2020-06-17") -> None:
    doc_id = hashlib.blake2b(repr([e.event_id for e in events]).encode(), digest_size=6).hexdigest()
    add_report(store, report(*events, doc_id=doc_id, published_on=published_on))


def blow_up(day: str = "2020-06-16", **more: Any) -> Any:
    return event("ASSAULT", "PRK", "KOR", day, "blew up the liaison office", modes=("destroy",), **more)


def raised_ids(store: Store) -> list[str]:
    return [r.alert_id for r in find_raised(store, [("KOR", "PRK")], datetime.date(2000, 1, 1))]


# -- what is raised ----------------------------------------------------------------------------------------------------------
def test_a_new_report_raises_the_alert_of_its_pair_with_its_events_and_their_words(store: Store) -> None:
    calm_past(store)
    add(store, blow_up())
    [raised] = raise_alerts(store, TODAY)
    record = read_alert(raised)
    assert (record.kind, record.also, record.a, record.b, str(record.day), record.rung) == ("onset", ("broken-channel",), "KOR", "PRK", "2020-06-16", 5)
    assert [(e.event_id, e.event_type, e.source, e.target, e.text) for e in record.events] == [(record.event_ids[0], "ASSAULT", "PRK", "KOR", "blew up the liaison office")]
    assert record.score >= LEAST_SCORE
    assert record.what == "rung 5, force without deaths, after long calm (rung 0)"
    assert find_untold(store) == [raised]


def test_an_alert_is_raised_once_however_many_reports_follow(quick_store: Store) -> None:
    calm_past(quick_store)
    add(quick_store, blow_up())
    assert len(raise_alerts(quick_store, TODAY)) == 1
    assert raise_alerts(quick_store, TODAY) == []
    add(quick_store, event("ASSAULT", "KOR", "PRK", "2020-06-17", "shelled a post", modes=("destroy",)))
    assert raise_alerts(quick_store, TODAY) == []


def test_an_earlier_day_that_a_late_report_brings_raises_no_second_alert(quick_store: Store) -> None:
    calm_past(quick_store)
    add(quick_store, blow_up())
    raise_alerts(quick_store, TODAY)
    add(quick_store, event("ASSAULT", "KOR", "PRK", "2020-06-14", "shelled a post", modes=("destroy",)))
    assert [read_alert(r).kind for r in raise_alerts(quick_store, TODAY)] == []


def test_a_jump_to_a_higher_rung_is_raised_beside_an_earlier_alert(quick_store: Store) -> None:
    calm_past(quick_store)
    add(quick_store, blow_up("2020-06-11"))
    raise_alerts(quick_store, TODAY)
    add(quick_store, *(event("ASSAULT", "KOR", "PRK", f"2020-06-{n}", f"killed {n} soldiers", modes=("firearms",), dead=n) for n in (12, 14, 16)))
    assert [(r.kind, r.rung) for r in raise_alerts(quick_store, TODAY)] == [("jump", 7)]


def test_what_was_in_the_store_before_the_first_watch_raises_nothing(quick_store: Store) -> None:
    calm_past(quick_store)
    add(quick_store, blow_up())
    keep_raised(quick_store, (), 7, deliver=False)
    assert raise_alerts(quick_store, TODAY) == []


def test_reports_that_a_killed_run_did_not_come_to_are_looked_at_by_the_next(quick_store: Store) -> None:
    calm_past(quick_store)
    add(quick_store, blow_up())
    begin_looking(quick_store)  # the next run: it must not count them as looked at
    assert find_looked(quick_store) == 6
    assert len(raise_alerts(quick_store, TODAY)) == 1


def test_events_later_than_the_latest_report_count_for_nothing(quick_store: Store) -> None:
    calm_past(quick_store)
    planted = [event("ASSAULT", "PRK", "KOR", f"2020-06-{n}", f"killed {n}", modes=("firearms",), dead=9) for n in range(18, 29)]
    import_events(quick_store, [Imported(f"x{n}", n, each) for n, each in enumerate(planted)], origin="icews", location="x.tab", codebook="c")
    add(quick_store, event("CONSULT", "PRK", "KOR", "2020-06-16", "met again"))
    assert raise_alerts(quick_store, datetime.date(2020, 12, 31)) == []
    add(quick_store, blow_up())
    [raised] = raise_alerts(quick_store, datetime.date(2020, 12, 31))
    assert (raised.day, raised.rung) == (datetime.date(2020, 6, 16), 5)


def test_a_report_with_a_date_far_ahead_does_not_carry_the_present_away(quick_store: Store) -> None:
    calm_past(quick_store)
    add(quick_store, event("CONSULT", "USA", "CHN", None, "met"), published_on="2031-01-01")
    add(quick_store, blow_up())
    assert len(raise_alerts(quick_store, TODAY)) == 1


def test_old_reports_raise_no_alert(quick_store: Store) -> None:
    calm_past(quick_store)
    add(quick_store, blow_up("2020-06-01"), published_on="2020-06-02")
    add(quick_store, event("CONSULT", "USA", "CHN", "2020-06-16", "met"))
    assert raise_alerts(quick_store, TODAY) == []


def test_only_pairs_that_the_new_reports_touch_are_looked_at(quick_store: Store) -> None:
    calm_past(quick_store)
    add(quick_store, blow_up())
    keep_raised(quick_store, (), 7, deliver=False)
    add(quick_store, event("CONSULT", "USA", "CHN", "2020-06-16", "met"))
    assert raise_alerts(quick_store, TODAY) == []


def long_past(store: Store) -> None:
    """Thirty talks of a pair, five days apart, until the middle of May 2020; they count as looked at."""
    for n in range(30):
        day = (datetime.date(2020, 1, 1) + datetime.timedelta(days=5 * n)).isoformat()
        add(store, event("CONSULT", "PRK", "KOR", day, f"met for talks number {n}"), published_on=day)
    begin_looking(store)


@pytest.mark.parametrize("most_whole", [1, 2_000])
@pytest.mark.parametrize("earlier", [True, False])
def test_a_type_is_the_first_ever_or_not_however_much_is_read_of_a_pair(quick_store: Store, monkeypatch: pytest.MonkeyPatch, most_whole: int, earlier: bool) -> None:
    monkeypatch.setattr("detente.raising.MOST_WHOLE", most_whole)
    if earlier:
        add(quick_store, event("ASSAULT", "KOR", "PRK", "2015-03-01", "shelled a post", modes=("destroy",)), published_on="2015-03-02")
    long_past(quick_store)
    add(quick_store, blow_up())
    [raised] = raise_alerts(quick_store, TODAY)
    record = read_alert(raised)
    assert record.kind == "onset" and ("first-type" in record.also) is not earlier


def test_an_alert_below_the_least_score_is_not_raised(quick_store: Store) -> None:
    calm_past(quick_store)
    add(quick_store, blow_up())
    assert raise_alerts(quick_store, TODAY, least_score=12.5) == []


def test_the_line_of_an_alert_says_who_what_and_which_events(quick_store: Store) -> None:
    calm_past(quick_store)
    add(quick_store, blow_up())
    [raised] = raise_alerts(quick_store, TODAY)
    record = read_alert(raised)
    line = alert_line(record, datetime.datetime(2020, 6, 17, 9, 5, tzinfo=datetime.UTC))
    start = f"2020-06-17T09:05Z ALERT {record.score} KOR - PRK: onset (also broken-channel) on 2020-06-16: rung 5, force without deaths"
    assert line.startswith(start) and line.endswith(f"events {record.event_ids[0]}")


# -- terminal and file ---------------------------------------------------------------------------------------------------------
def alerting_of(store: Store, clock: Clock, *, file: Path | None = None, site: Site | None = None) -> Alerting:
    def now() -> datetime.datetime:
        return datetime.datetime(2020, 6, 17, 9, 0, tzinfo=datetime.UTC) + datetime.timedelta(seconds=clock.seconds - 1000)

    webhook = make_webhook(f"{site.url}{HOOK}", SECRET, any_port=True) if site else None
    delivering = Delivering(store, webhook, OPEN, now, lambda: clock.stopped) if webhook else None
    return Alerting(store, now, file, LEAST_SCORE, delivering)


def test_each_alert_is_one_line_of_the_file(quick_store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "alerts.jsonl"
    calm_past(quick_store)
    calm_past(quick_store, "USA", "CHN")
    keep_raised(quick_store, (), 12, deliver=False)
    alerting = alerting_of(quick_store, Clock(), file=path)
    for each in (blow_up(), event("ASSAULT", "USA", "CHN", "2020-06-16", "sank a ship", modes=("destroy",))):
        add(quick_store, each)
        alert(alerting)
        alert(alerting)
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [(line["a"], line["b"], line["events"][0]["text"]) for line in lines] == [("KOR", "PRK", "blew up the liaison office"), ("CHN", "USA", "sank a ship")]
    assert capsys.readouterr().out.count(" ALERT ") == 2


def test_an_alert_that_a_kill_kept_from_being_told_is_told_by_the_next_run(quick_store: Store, tmp_path: Path) -> None:
    path = tmp_path / "alerts.jsonl"
    calm_past(quick_store)
    add(quick_store, blow_up())
    raise_alerts(quick_store, TODAY)  # and here the run is killed
    alert(alerting_of(quick_store, Clock(), file=path))
    alert(alerting_of(quick_store, Clock(), file=path))
    assert len(path.read_text().splitlines()) == 1


def test_a_line_that_a_kill_broke_off_spoils_no_other(tmp_path: Path) -> None:
    path = tmp_path / "alerts.jsonl"
    path.write_text('{"a": 1}\n{"a":')
    append_lines(path, ['{"a": 2}'])
    append_lines(path, ['{"a": 3}'])
    assert path.read_text().splitlines() == ['{"a": 1}', '{"a":', '{"a": 2}', '{"a": 3}']


def test_a_fault_of_the_analysis_is_told_and_the_watch_goes_on(quick_store: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("planted")

    calm_past(quick_store)
    add(quick_store, blow_up())
    with monkeypatch.context() as patched:
        patched.setattr("detente.raising.find_alerts", fail)
        alert(alerting_of(quick_store, Clock()))
    assert "raising alerts failed (ZeroDivisionError: planted)" in capsys.readouterr().err
    alert(alerting_of(quick_store, Clock()))
    assert len(raised_ids(quick_store)) == 1


# -- the webhook ---------------------------------------------------------------------------------------------------------------
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


# -- the command ---------------------------------------------------------------------------------------------------------------
def arguments_of(tmp_path: Path, site: Site, *more: str) -> list[str]:
    feeds = tmp_path / "feeds.toml"
    feeds.write_text(f'[[feed]]\nurl = "{site.url}/feed"\n')
    return ["watch", str(feeds), "--once", "--store", str(tmp_path / "store.db"), "--allow-private-addresses", "1", "--host-pause-seconds", "0", *more]


def test_a_webhook_without_a_key_is_refused_with_exit_code_2(tmp_path: Path, site: Site, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DETENTE_WEBHOOK_SECRET", raising=False)
    assert main(arguments_of(tmp_path, site, "--webhook", f"{site.url}{HOOK}")) == 2
    assert capsys.readouterr().err.startswith("detente: DETENTE_WEBHOOK_SECRET: found no key to sign with; expected ")
    assert site.asked == []


def test_an_alerts_file_that_cannot_be_written_is_refused_with_exit_code_2(tmp_path: Path, site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments_of(tmp_path, site, "--alerts-file", str(tmp_path / "none" / "a.jsonl"))) == 2
    assert "--alerts-file: " in capsys.readouterr().err


@pytest.mark.parametrize("score", ["-1", "14", "high"])
def test_a_least_score_beyond_the_scale_is_refused(tmp_path: Path, site: Site, score: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(arguments_of(tmp_path, site, f"--least-score={score}"))
    assert f"found {score!r}; expected a number, 0 to 13" in capsys.readouterr().err


def test_the_help_names_the_least_score_that_holds(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["watch", "--help"])
    assert f"(default: {LEAST_SCORE:g})" in " ".join(capsys.readouterr().out.split())


def test_without_the_analysis_the_watch_says_so_once_and_goes_on(tmp_path: Path, site: Site) -> None:
    (tmp_path / "polars.py").write_text("raise ModuleNotFoundError(\"No module named 'polars'\", name='polars')\n")
    site.pages["/feed"] = rss()
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])}
    done = subprocess.run([sys.executable, "-m", "detente", *arguments_of(tmp_path, site)], capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0
    assert done.stderr == "no alerts are raised: polars is missing; install it: pip install 'detente[analysis]'\n"
    assert "done: 0 added" in done.stdout


def test_the_command_raises_the_alert_of_a_report_that_a_feed_brings(tmp_path: Path, site: Site) -> None:
    opened = open_store(tmp_path / "store.db")
    calm_past(opened, "KEN", "SOM")
    opened.close()
    text = "The army of Kenya attacked the army of Somalia on Tuesday and killed four soldiers, the governor of the province said in a statement that was read on television."
    site.pages["/feed"] = rss({"title": "Shelling", "link": f"{site.url}/1.html", "guid": "1", "pubDate": "Wed, 17 Jun 2020 10:00:00 GMT"})
    site.pages["/1.html"] = page("A day of shelling", text)
    alerts = tmp_path / "alerts.jsonl"
    command = [sys.executable, "-m", "detente", *arguments_of(tmp_path, site, "--alerts-file", str(alerts), "--webhook", f"{site.url}{HOOK}")]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "DETENTE_WEBHOOK_SECRET": SECRET}, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert re.search(r"ALERT 11\.0 KEN - SOM: onset on 2020-06-16: rung 6, lethal incident, after long calm \(rung 0\); events [0-9a-f]{16}\n", done.stdout)
    [line] = alerts.read_text().splitlines()
    [(headers, body)] = site.posted
    assert body.decode() == line and "attacked the army of Somalia" in line
    assert headers["detente-signature"] == sign(SECRET.encode(), headers["detente-timestamp"], body)
