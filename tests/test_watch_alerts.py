"""Alerts of a watched store: each is raised once, whatever ends in between, and reaches terminal and file."""

from __future__ import annotations

import datetime
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from alerting import HOOK, SECRET, TODAY, add, alerting_of, blow_up, calm_past, raised_ids
from detente.cli import main
from detente.raising import LEAST_SCORE, begin_looking, raise_alerts, read_alert
from detente.show_watch import alert_line
from detente.store.alert_log import find_looked, find_untold, keep_raised
from detente.store.importing import Imported, import_events
from detente.store.schema import Store, open_store
from detente.watch_alerts import alert, append_lines
from detente.webhook import sign
from stores import event
from webs import Clock, Site, page, rss


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
