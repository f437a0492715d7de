"""Watching feeds: what is new is added once, failures are waited out, and nothing is lost when a run ends anywhere."""

from __future__ import annotations

import datetime
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from detente.feed_list import FeedPlan
from detente.feed_schedule import MOST_TRIES
from detente.reading.record import Skipped
from detente.records import Document
from detente.show_watch import trouble_lines, visit_line
from detente.store.feeds import FeedState, WaitingEntry, find_waiting, is_page_stored, keep_feed, load_feed, settle_entry
from detente.store.filters import Filters
from detente.store.query import find_events
from detente.store.schema import Store, open_store
from detente.watching import Visit, Watcher, seconds_to_next, watch_feeds
from webs import OPEN, Clock, Site, page, rss, serving, web_of

START = datetime.datetime(2021, 3, 10, 12, 0, tzinfo=datetime.UTC)
DAY = "Tue, 09 Mar 2021 10:00:00 GMT"
TEXTS = (
    "The army of Kenya shelled a village in Somalia on Monday, killing four people, the governor of the province said in a statement that was read on television.",
    "Iran and Iraq agreed on Monday to reopen a border crossing that had been closed for a year, the foreign ministry in Baghdad said after a day of talks there.",
)


class Watch:
    """A watcher over one feed, with a clock that the test moves; ``add`` keeps what it is given instead of coding it."""

    def __init__(self, store: Store, site: Site, **plan: object) -> None:
        self.clock = Clock()
        self.site = site
        self.plan = FeedPlan(f"{site.url}/feed", **plan)  # type: ignore[arg-type]
        self.added: list[Document] = []
        self.visits: list[Visit] = []
        self.fails: Callable[[Document], Skipped | None] = lambda _: None
        self.watcher = Watcher(store, web_of(self.clock), self.add, self.now, lambda: 0.0)

    def now(self) -> datetime.datetime:
        return START + datetime.timedelta(seconds=self.clock.seconds - 1000)

    def add(self, document: Document) -> bool | Skipped:
        if (failed := self.fails(document)) is not None:
            return failed
        new = document.text not in [d.text for d in self.added]
        self.added.append(document)
        return new

    def visit(self, *, minutes: float = 0) -> Visit:
        """Let so much time go by -> what one visit brought."""
        self.clock.seconds += minutes * 60
        before = len(self.visits)
        watch_feeds(self.watcher, [self.plan], self.visits.append, once=True)
        assert len(self.visits) == before + 1, "the feed was not due"
        return self.visits[-1]


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as started:
        started.pages |= {f"/{n}.html": page(f"Title {n}", text) for n, text in enumerate(TEXTS)}
        started.pages["/feed"] = feed_of(started, 0, 1)
        yield started


def feed_of(site: Site, *numbers: int, etag: str | None = None) -> tuple[int, dict[str, str], bytes]:
    items = [{"title": f"Title {n}", "link": f"{site.url}/{n}.html", "guid": f"g{n}", "pubDate": DAY, "description": TEXTS[n] if n < 2 else ""} for n in numbers]
    return 200, {"ETag": etag} if etag else {}, rss(*items).encode()


@pytest.fixture
def watch(quick_store: Store, site: Site) -> Watch:
    return Watch(quick_store, site)


# -- what is new --------------------------------------------------------------------------------------------------------
def test_the_pages_of_a_feed_are_added_with_its_day_and_name(watch: Watch) -> None:
    visit = watch.visit()
    assert (visit.new, dict(visit.states), visit.error) == (2, {"added": 2}, None)
    document = watch.added[-1]
    assert document.text == f"Title 0\n\n{TEXTS[0]}"
    assert (document.published_on, document.publisher, document.url) == (datetime.date(2021, 3, 9), "Test Wire", f"{watch.site.url}/0.html")


def test_an_entry_is_added_once_and_its_page_fetched_once(watch: Watch) -> None:
    watch.visit()
    second = watch.visit(minutes=31)
    assert (second.new, dict(second.states)) == (0, {})
    assert watch.site.paths.count("/0.html") == 1


def test_the_publisher_of_the_list_goes_before_that_of_the_feed(quick_store: Store, site: Site) -> None:
    watch = Watch(quick_store, site, publisher="My Wire")
    watch.visit()
    assert {document.publisher for document in watch.added} == {"My Wire"}


def test_a_feed_may_be_taken_by_its_own_text(quick_store: Store, site: Site) -> None:
    watch = Watch(quick_store, site, full_text=False)
    watch.visit()
    assert site.paths == ["/feed"]
    assert [d.text for d in watch.added] == [f"Title {n}\n\n{TEXTS[n]}" for n in (1, 0)]


def test_a_page_that_two_feeds_have_is_fetched_once(watch: Watch, quick_store: Store) -> None:
    watch.visit()
    watch.site.pages["/other"] = watch.site.pages["/feed"]
    other = watch.plan._replace(url=f"{watch.site.url}/other")
    watch_feeds(watch.watcher, [other], watch.visits.append, once=True)
    assert dict(watch.visits[-1].states) == {"known": 2}
    assert watch.site.paths.count("/0.html") == 1


# -- politeness ---------------------------------------------------------------------------------------------------------
def test_a_feed_that_has_not_changed_is_not_sent_again(watch: Watch) -> None:
    def answer(handler: object) -> tuple[int, dict[str, str], bytes]:
        if handler.headers.get("If-None-Match") == '"v1"' and handler.headers.get("If-Modified-Since") == "then":  # type: ignore[attr-defined]
            return 304, {}, b""
        return 200, {"ETag": '"v1"', "Last-Modified": "then"}, feed_of(watch.site, 0)[2]

    watch.site.pages["/feed"] = answer
    assert watch.visit().new == 1
    visit = watch.visit(minutes=31)
    assert (visit.new, visit.error) == (0, None)
    assert visit.state.etag == '"v1"'
    assert watch.site.asked[-1][1]["if-none-match"] == '"v1"'


def test_a_feed_is_not_asked_before_it_is_due(watch: Watch) -> None:
    watch.visit()
    watch.clock.seconds += 29 * 60
    watch_feeds(watch.watcher, [watch.plan], watch.visits.append, once=True)
    assert watch.site.paths.count("/feed") == 1
    assert seconds_to_next(watch.watcher, [watch.plan]) == 60


def test_a_feed_is_asked_without_robots_txt_and_its_pages_are_not(watch: Watch) -> None:
    watch.site.pages["/robots.txt"] = b"User-agent: *\nDisallow: /feed\nDisallow: /0\n"
    visit = watch.visit()
    assert dict(visit.states) == {"added": 1, "given-up": 1}
    assert [trouble.reason for trouble in visit.troubles] == ["robots"]


# -- what is down or broken -----------------------------------------------------------------------------------------------
def test_a_feed_that_is_down_is_asked_less_and_less_and_goes_on_when_it_is_back(watch: Watch) -> None:
    good = watch.site.pages["/feed"]
    watch.site.pages["/feed"] = (500, {}, b"")
    assert watch.visit().state.failures == 1
    assert seconds_to_next(watch.watcher, [watch.plan]) == 3600
    failed = watch.visit(minutes=60)
    assert (failed.state.failures, failed.error and failed.error.reason) == (2, "http-status")
    assert failed.state.next_due == watch.now() + datetime.timedelta(minutes=120)
    watch.site.pages["/feed"] = good
    back = watch.visit(minutes=120)
    assert (back.new, back.state.failures) == (2, 0)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [(b"<html>no feed</html>", "not-a-feed"), (b"<rss><chan", "broken-feed"), (b"<!DOCTYPE r [<!ENTITY a 'b'>]><rss/>", "hostile-xml"), (b"x" * 300_000, "too-long")],
)
def test_a_broken_feed_is_a_failure_and_keeps_what_was_known(watch: Watch, answer: bytes, reason: str) -> None:
    watch.site.pages["/feed"] = feed_of(watch.site, 0, etag='"v1"')
    watch.visit()
    watch.site.pages["/feed"] = answer
    visit = watch.visit(minutes=31)
    assert (visit.error and visit.error.reason, visit.state.failures, visit.state.etag) == (reason, 1, '"v1"')


def test_one_feed_that_fails_does_not_stop_the_others(watch: Watch) -> None:
    bad = FeedPlan("http://127.0.0.1:1/feed")
    watch_feeds(watch.watcher, [bad, watch.plan], watch.visits.append, once=True)
    assert [visit.error and visit.error.reason for visit in watch.visits] == ["no-connection", None]
    assert len(watch.added) == 2


def test_a_server_that_says_when_to_come_back_is_obeyed(watch: Watch) -> None:
    watch.site.pages["/feed"] = (429, {"Retry-After": "20000"}, b"")
    assert watch.visit().state.next_due == watch.now() + datetime.timedelta(seconds=20_000)


def test_a_feed_that_is_gone_is_told_and_not_asked_again(watch: Watch, quick_store: Store) -> None:
    watch.site.pages["/feed"] = (410, {}, b"")
    visit = watch.visit()
    assert visit.error is not None and visit.error.reason == "gone"
    assert load_feed(quick_store, watch.plan.url).gone
    watch.clock.seconds += 1e7
    watch_feeds(watch.watcher, [watch.plan], watch.visits.append)  # ends by itself: nothing will be due
    assert watch.site.paths == ["/feed"]


def test_a_feed_that_has_moved_for_good_is_told_its_new_address(watch: Watch) -> None:
    watch.site.pages |= {"/new": watch.site.pages["/feed"], "/feed": (301, {"Location": "/new"}, b"")}
    visit = watch.visit()
    assert (visit.moved_to, visit.new) == (f"{watch.site.url}/new", 2)
    assert f"{watch.plan.url}: has moved for good to {watch.site.url}/new; change it in the list of feeds" in trouble_lines(visit)


def test_a_page_that_fails_is_tried_again_told_once_and_then_given_up(watch: Watch) -> None:
    watch.site.pages["/feed"] = feed_of(watch.site, 7)
    told = [[trouble.reason for trouble in watch.visit(minutes=31 if n else 0).troubles] for n in range(MOST_TRIES)]
    assert told == [["http-status"], *[[]] * (MOST_TRIES - 2), ["http-status"]]
    assert dict(watch.visits[-1].states) == {"given-up": 1}
    assert dict(watch.visit(minutes=31).states) == {}
    assert watch.site.paths.count("/7.html") == MOST_TRIES


def test_a_page_that_comes_later_is_added_then(watch: Watch) -> None:
    watch.site.pages["/feed"] = feed_of(watch.site, 7)
    assert dict(watch.visit().states) == {"waiting": 1}
    watch.site.pages["/7.html"] = page("Title 7", TEXTS[0])
    assert dict(watch.visit(minutes=31).states) == {"added": 1}


def test_a_page_that_cannot_be_coded_or_read_costs_itself_only(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    watch.fails = lambda document: Skipped("x", None, "coding-failed", "of the test") if "Kenya" in document.text else None
    assert dict(watch.visit().states) == {"added": 1, "given-up": 1}
    monkeypatch.setattr("detente.watching.read_page", lambda *_: 1 / 0)
    watch.site.pages["/feed"] = feed_of(watch.site, 7)
    [trouble] = watch.visit(minutes=31).troubles
    assert trouble.reason == "reading-failed" and "ZeroDivisionError" in trouble.message


# -- ending and going on --------------------------------------------------------------------------------------------------
def test_a_run_that_breaks_off_between_two_pages_goes_on_with_the_rest(watch: Watch, quick_store: Store) -> None:
    def fail(document: Document) -> Skipped | None:
        if len(watch.added) == 1:
            raise KeyboardInterrupt
        return None

    watch.fails = fail
    with pytest.raises(KeyboardInterrupt):
        watch.visit()
    assert len(find_waiting(quick_store, watch.plan.url)) == 1
    watch.fails = lambda _: None
    assert dict(watch.visit().states) == {"added": 1}  # at once: the feed itself is not due yet, and not asked
    assert len(watch.added) == 2
    assert watch.site.paths.count("/feed") == 1


def test_a_page_that_failed_waits_until_its_feed_is_due(watch: Watch) -> None:
    watch.site.pages["/feed"] = feed_of(watch.site, 7)
    watch.visit()
    watch_feeds(watch.watcher, [watch.plan], watch.visits.append, once=True)
    assert watch.site.paths.count("/7.html") == 1


def test_a_stop_ends_the_run_after_the_page_at_hand(watch: Watch, quick_store: Store) -> None:
    def stop(_: Document) -> None:
        watch.clock.stopped = True

    watch.fails = stop
    watch_feeds(watch.watcher, [watch.plan], watch.visits.append)
    assert len(watch.added) == 1
    assert [entry.tries for entry in find_waiting(quick_store, watch.plan.url)] == [0]


def test_a_run_that_is_not_stopped_waits_and_asks_again(watch: Watch) -> None:
    def tell(visit: Visit) -> None:
        watch.visits.append(visit)
        watch.clock.stopped = len(watch.visits) == 3

    watch_feeds(watch.watcher, [watch.plan], tell)
    assert watch.clock.waits == [1800.0, 1800.0]
    assert watch.site.paths.count("/feed") == 3


def test_a_visit_is_one_line(watch: Watch) -> None:
    visit = watch.visit()
    assert visit_line(visit, watch.now()) == f"2021-03-10T12:00Z {watch.plan.url}: 2 new, 2 added; next 2021-03-10T12:30Z"
    watch.site.pages["/feed"] = (500, {}, b"")
    failed = watch.visit(minutes=30)
    assert visit_line(failed, watch.now()) == f"2021-03-10T12:30Z {watch.plan.url}: failed (http-status), 1 in a row; next 2021-03-10T13:30Z"


# -- the state in the store -------------------------------------------------------------------------------------------------
def test_the_state_of_a_feed_comes_back_whole(store: Store) -> None:
    state = FeedState("http://a/", "Title", '"e"', "then", START, START, 3, "timeout", False)
    entry = WaitingEntry("k", "http://a/1", "One", datetime.date(2021, 3, 9), "text", 0, None)
    assert load_feed(store, "http://a/") == FeedState("http://a/")
    assert keep_feed(store, state, [entry, entry, entry._replace(key="l", url=None, published_on=None)]) == 2
    assert load_feed(store, "http://a/") == state
    assert keep_feed(store, state._replace(failures=0), [entry]) == 0
    assert load_feed(store, "http://a/").failures == 0
    assert find_waiting(store, "http://a/")[1] == entry
    settle_entry(store, "http://a/", entry._replace(tries=2, reason="timeout"), "waiting")
    assert find_waiting(store, "http://a/")[1] == entry._replace(tries=2, reason="timeout")
    assert not is_page_stored(store, "http://a/1")
    settle_entry(store, "http://a/", entry, "added")
    assert is_page_stored(store, "http://a/1")
    assert [waiting.key for waiting in find_waiting(store, "http://a/")] == ["l"]


# -- the command ----------------------------------------------------------------------------------------------------------
def command(tmp_path: Path, site: Site, *arguments: str) -> list[str]:
    feeds = tmp_path / "feeds.toml"
    feeds.write_text(f'[[feed]]\nurl = "{site.url}/feed"\n')
    settings = ["--allow-private-addresses", "1", "--host-pause-seconds", "0"]
    return [sys.executable, "-m", "detente", "watch", str(feeds), "--store", str(tmp_path / "w.db"), *settings, *arguments]


def test_the_command_adds_what_is_new_and_says_so(tmp_path: Path, site: Site) -> None:
    done = subprocess.run(command(tmp_path, site, "--once"), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    start, told, end = done.stdout.splitlines()
    assert "watching 1 feed into" in start and "2 new, 2 added; next" in told and end.endswith("done: 2 added, 0 known, 0 given up")
    store = open_store(tmp_path / "w.db")
    [event] = find_events(store, Filters(source="KEN", types=("ASSAULT",))).events
    store.close()
    assert event["dead"] == 4 and event["latest_report"] == "2021-03-09"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_command_with_exit_code_0_and_no_traceback(tmp_path: Path, site: Site, number: signal.Signals) -> None:
    site.pages["/feed"] = rss()
    with subprocess.Popen(command(tmp_path, site), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stderr is not None
        assert "watching" in process.stdout.readline()
        assert "0 new" in process.stdout.readline()
        started = time.monotonic()
        process.send_signal(number)
        rest, errors = process.communicate(timeout=20)
    assert process.returncode == 0
    assert rest.endswith("stopped: 0 added, 0 known, 0 given up\n") and errors == ""
    assert time.monotonic() - started < 10


def test_a_feed_on_this_machine_is_refused_unless_the_setting_opens_it(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    from detente.cli import main

    monkeypatch.delenv("DETENTE_ALLOW_PRIVATE_ADDRESSES", raising=False)
    (tmp_path / "feeds.toml").write_text('[[feed]]\nurl = "http://localhost/feed"\n')
    assert main(["watch", str(tmp_path / "feeds.toml"), "--once", "--store", str(tmp_path / "w.db")]) == 2
    assert "found localhost, which is" in capsys.readouterr().err


def test_pages_are_added_by_their_address(tmp_path: Path, site: Site, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    from detente.cli import main

    monkeypatch.setenv("DETENTE_ALLOW_PRIVATE_ADDRESSES", "1")
    urls = [f"{site.url}/0.html", f"{site.url}/gone.html"]
    assert main(["add", *urls, "--store", str(tmp_path / "w.db"), "--host-pause-seconds", str(OPEN.pause_seconds)]) == 1
    out = capsys.readouterr()
    assert "1 report added" in out.out
    assert f"{urls[1]}: found the status 404 Not Found; expected 200" in out.err
