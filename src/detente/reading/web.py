"""Fetching as a guest does: a pause between two requests to one host, robots.txt, and no request to a host that asked to be left alone."""

from __future__ import annotations

import datetime
import email.utils
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from detente.reading.addresses import Address, Refused
from detente.reading.fetch import Fetched, Limits, fetch, never, read_limits, refuse_status
from detente.reading.record import Skipped

if TYPE_CHECKING:
    from protego import Protego

MOST_PAUSE_SECONDS = 60
"""A longer Crawl-delay of a robots.txt is taken as this: the other hosts must not wait for one host for hours."""
MOST_ROBOTS_BYTES = 500 * 1024
"""RFC 9309 asks that so much of a robots.txt be read; a longer one counts as one that cannot be had."""
ROBOTS_SECONDS = 24 * 3600
ROBOTS_RETRY_SECONDS = 600
"""So long a robots.txt is gone by (RFC 9309: a day at most), and one that could not be had is not asked for again."""
MOST_AFTER_SECONDS = 24 * 3600
"""A longer Retry-After counts as this."""
_BUSY = frozenset([429, 503])


class Robots(NamedTuple):
    """What a host lets robots fetch: its rules, ``None`` if the host could not say and so nothing is fetched; good until a moment of the clock."""

    rules: Protego | None
    until: float
    failed: Skipped | None = None


class Web(NamedTuple):
    """What a run knows of the web: limits, clock, and for each host when it was asked last, until when it is left alone, and its robots.txt."""

    limits: Limits
    clock: Callable[[], float]
    wait: Callable[[float], None]
    stopped: Callable[[], bool]
    asked: dict[str, float]
    busy: dict[str, float]
    robots: dict[str, Robots]


def make_web(limits: Limits | None = None, *, clock: Callable[[], float] = time.monotonic, wait: Callable[[float], None] = time.sleep, stopped: Callable[[], bool] = never) -> Web:
    """Limits (else those of the environment) -> a run that has asked nobody yet. ``wait`` takes seconds and may return early if ``stopped`` is true."""
    return Web(limits or read_limits(), clock, wait, stopped, {}, {}, {})


def get_page(web: Web, url: str, headers: Mapping[str, str] | None = None, *, ask_robots: bool = True) -> Fetched | Skipped:
    """A URL -> the answer, after the pause that its host is due; a host that is busy (Retry-After), or whose robots.txt refuses, is not asked.

    The hosts that redirects lead to are treated alike, but for the pause between two pages of one host.
    """
    visited: list[str] = []

    def before(address: Address) -> None:
        if web.clock() < web.busy.get(address.host, 0.0):
            raise Refused("host-busy", f"{address.host} asked for no further requests until later; expected no request before")
        delay = _allowed_pause(web, address) if ask_robots else web.limits.pause_seconds
        if address.host not in visited:
            _pause(web, address.host, delay)
        visited.append(address.host)

    answer = fetch(url, web.limits, headers, stopped=web.stopped, before=before)
    web.asked.update(dict.fromkeys(visited, web.clock()))
    if isinstance(answer, Fetched) and answer.status in _BUSY and (after := retry_after(answer)) is not None:
        web.busy[visited[-1]] = web.clock() + after
    return answer


def get_success(web: Web, url: str) -> Fetched | Skipped:
    """A URL -> the page; an answer that is none is told by its status."""
    answer = get_page(web, url)
    return answer if isinstance(answer, Skipped) else refuse_status(url, answer) or answer


def retry_after(answer: Fetched, now: datetime.datetime | None = None) -> float | None:
    """An answer -> the seconds after which its server wants to be asked again (given as seconds or as a date), ``None`` if it does not say."""
    given = answer.headers.get("retry-after", "").strip()
    if given.isascii() and given.isdigit():
        return float(min(int(given[:9]), MOST_AFTER_SECONDS))
    try:
        moment = email.utils.parsedate_to_datetime(given)
    except (ValueError, TypeError, IndexError):
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)
    return min(max(0.0, (moment - (now or datetime.datetime.now(datetime.UTC))).total_seconds()), MOST_AFTER_SECONDS)


def _pause(web: Web, host: str, delay: float) -> None:
    left = web.asked.get(host, float("-inf")) + delay - web.clock()
    if left > 0:
        web.wait(left)


def _allowed_pause(web: Web, address: Address) -> float:
    """An address -> the pause that its host wants between two pages. Raises ``Refused`` if its robots.txt refuses the page, or cannot be had."""
    robots = _robots(web, address)
    if web.stopped():
        raise Refused("stopped", "the run was stopped")
    if robots.failed is not None:
        raise Refused(robots.failed.reason, f"{robots.failed.message} (when asked for robots.txt)")
    if robots.rules is None:
        raise Refused("robots-unknown", f"{address.host} did not say what robots may fetch (robots.txt: status 429 or 5xx); expected its robots.txt, or that it has none")
    product = web.limits.user_agent.split("/")[0]
    if not robots.rules.can_fetch(address.url, product):
        raise Refused("robots", f"robots.txt of {address.host} refuses this page to robots; expected a page that it allows")
    return max(web.limits.pause_seconds, min(robots.rules.crawl_delay(product) or 0, MOST_PAUSE_SECONDS))


def _robots(web: Web, address: Address) -> Robots:
    """A host -> its rules. As RFC 9309 has it: without a robots.txt (4xx) everything is allowed; if the host fails (5xx, no answer), nothing."""
    site = f"{address.scheme}://{address.authority}"
    known = web.robots.get(site)
    if known is not None and web.clock() < known.until:
        return known
    from protego import Protego

    url = f"{site}/robots.txt"
    _pause(web, address.host, web.limits.pause_seconds)
    answer = fetch(url, web.limits._replace(max_bytes=min(web.limits.max_bytes, MOST_ROBOTS_BYTES)), stopped=web.stopped)
    web.asked[address.host] = web.clock()
    if isinstance(answer, Skipped):
        found = Robots(None, web.clock() + ROBOTS_RETRY_SECONDS, answer)
    elif answer.status >= 500 or answer.status == 429:
        found = Robots(None, web.clock() + ROBOTS_RETRY_SECONDS)
    else:
        text = answer.body.decode("utf-8", "replace") if answer.status == 200 else ""
        found = Robots(Protego.parse(text), web.clock() + ROBOTS_SECONDS)
    web.robots[site] = found
    return found
