"""Fetching as a guest does: pauses, robots.txt, hosts that ask to be left alone."""

from __future__ import annotations

import datetime
from collections.abc import Iterator

import pytest

from detente.reading.fetch import Fetched
from detente.reading.record import Skipped
from detente.reading.web import MOST_PAUSE_SECONDS, get_page, get_success, retry_after
from webs import OPEN, Clock, Site, serving, web_of


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as started:
        started.pages |= {"/a": b"a", "/b": b"b"}
        yield started


def reason(found: Fetched | Skipped) -> str:
    assert isinstance(found, Skipped), found
    return found.reason


def test_two_requests_to_one_host_have_a_pause_between_them(site: Site) -> None:
    clock = Clock()
    web = web_of(clock, OPEN._replace(pause_seconds=2))
    for path in ("/a", "/b"):
        assert isinstance(get_page(web, site.url + path, ask_robots=False), Fetched)
    assert clock.waits == [2.0]
    clock.seconds += 100
    get_page(web, site.url + "/a", ask_robots=False)
    assert clock.waits == [2.0]


def test_robots_txt_is_asked_for_once_and_kept_to(site: Site) -> None:
    site.pages["/robots.txt"] = b"User-agent: *\nDisallow: /private\nAllow: /private/open\n\nUser-agent: other\nDisallow: /\n"
    site.pages["/private/open"] = b"open"
    web = web_of(Clock())
    assert reason(get_page(web, site.url + "/private/a")) == "robots"
    assert isinstance(get_page(web, site.url + "/private/open"), Fetched)
    assert isinstance(get_page(web, site.url + "/a"), Fetched)
    assert [path for path, _ in site.asked] == ["/robots.txt", "/private/open", "/a"]


def test_a_rule_for_our_name_goes_before_that_for_all(site: Site) -> None:
    site.pages["/robots.txt"] = b"User-agent: *\nDisallow:\n\nUser-agent: detente\nDisallow: /\n"
    assert reason(get_page(web_of(Clock()), site.url + "/a")) == "robots"


def test_without_a_robots_txt_everything_is_allowed(site: Site) -> None:
    assert isinstance(get_page(web_of(Clock()), site.url + "/a"), Fetched)


def test_a_host_that_cannot_say_what_it_allows_is_asked_for_nothing_until_later(site: Site) -> None:
    clock = Clock()
    web = web_of(clock)
    site.pages["/robots.txt"] = (503, {}, b"")
    assert reason(get_page(web, site.url + "/a")) == "robots-unknown"
    site.pages["/robots.txt"] = b""
    assert reason(get_page(web, site.url + "/a")) == "robots-unknown"
    assert not site.paths
    clock.seconds += 3601
    assert isinstance(get_page(web, site.url + "/a"), Fetched)


def test_the_pause_that_a_host_asks_for_is_kept_to_a_limit(site: Site) -> None:
    clock = Clock()
    web = web_of(clock)
    site.pages["/robots.txt"] = b"User-agent: *\nCrawl-delay: 7\n"
    get_page(web, site.url + "/a")
    get_page(web, site.url + "/b")
    assert clock.waits == [7.0, 7.0]
    web.robots.clear()
    site.pages["/robots.txt"] = b"User-agent: *\nCrawl-delay: 86400\n"
    get_page(web, site.url + "/a")
    assert clock.waits[-1] == MOST_PAUSE_SECONDS


def test_a_host_that_is_busy_is_left_alone_as_long_as_it_asks(site: Site) -> None:
    clock = Clock()
    web = web_of(clock)
    site.pages["/a"] = (429, {"Retry-After": "120"}, b"")
    assert reason(get_success(web, site.url + "/a")) == "http-status"
    assert reason(get_page(web, site.url + "/b")) == "host-busy"
    assert site.paths == ["/a"]
    clock.seconds += 121
    assert isinstance(get_page(web, site.url + "/b"), Fetched)


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        ("120", 120),
        ("0", 0),
        ("Wed, 01 Jan 2020 00:10:00 GMT", 600),
        ("Tue, 31 Dec 2019 00:00:00 GMT", 0),
        ("99999999999", 86400),
        ("soon", None),
        ("", None),
        ("-5", None),
        ("²", None),
    ],
)
def test_retry_after_is_understood_as_seconds_and_as_a_date(given: str, seconds: float | None) -> None:
    answer = Fetched("http://a/", 503, {"retry-after": given}, b"")
    assert retry_after(answer, datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)) == seconds


def test_a_redirect_to_another_host_is_asked_as_its_guest_too(site: Site) -> None:
    with serving() as other:
        other.pages |= {"/robots.txt": b"User-agent: *\nDisallow: /closed\n", "/closed": b"no", "/open": b"yes"}
        goal = other.url.replace("127.0.0.1", "localhost")
        site.pages |= {"/in": (302, {"Location": f"{goal}/closed"}, b""), "/out": (302, {"Location": f"{goal}/open"}, b"")}
        clock = Clock()
        web = web_of(clock, OPEN._replace(pause_seconds=2))
        assert reason(get_page(web, site.url + "/in")) == "robots"
        assert other.paths == []
        found = get_page(web, site.url + "/out")
        assert isinstance(found, Fetched) and found.body == b"yes"


def test_a_redirect_within_a_host_is_followed_at_once(site: Site) -> None:
    site.pages["/old"] = (301, {"Location": "/a"}, b"")
    clock = Clock()
    found = get_page(web_of(clock, OPEN._replace(pause_seconds=2)), site.url + "/old", ask_robots=False)
    assert isinstance(found, Fetched) and found.body == b"a"
    assert clock.waits == []


def test_a_private_address_is_the_reason_that_is_told_not_its_robots_txt() -> None:
    assert reason(get_page(web_of(Clock(), OPEN._replace(allow_private=False)), "http://localhost/a")) == "private-address"
