"""Each page in a real browser: axe finds nothing, nothing runs over the edge, in light, dark and on a phone."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.request import urlopen

import pytest

from browsers import PHONE

Open = Callable[..., Any]
EVENT, REPORT = "EVENT", "REPORT"
"""Stand for an event of several reports, and a report of the corpus."""
PAGES = (
    "/",
    "/dyads",
    "/dyads/PRK-KOR?at=2020-06-16",
    "/dyads/PRK-KOR/precedents?at=2020-06-16",
    "/dyads/PRK-KOR/forecast?at=2020-06-16",
    "/dyads/PRK-KOR/series?at=2020-06-16",
    "/dyads/PRK-KOR/events?at=2020-06-16",
    "/dyads/FRA-PER",
    "/events",
    "/events?type=THREATEN&rung=4..6",
    f"/events/{EVENT}",
    "/documents",
    "/try",
    f"/documents/{REPORT}",
    "/review",
    "/review/next",
    "/alerts",
    "/map",
    "/actors",
    "/actors/PRK",
    "/codebook",
    "/codebook/ASSAULT",
    "/codebook/rules?text=blow+up",
    "/codebook/rules/assault.weapon-hits",
    "/codebook/ladder",
    "/codebook/cycle",
    "/skill",
    "/api",
    "/login",
    "/nothing-here",
)


def read(url: str) -> Any:
    with urlopen(url) as answer:
        return json.load(answer)


def address_of(desk: str, path: str) -> str:
    """A path of the list -> its address, with ids of the store in place of the words that stand for them."""
    if EVENT in path:
        path = path.replace(EVENT, read(f"{desk}/events.json?order=most-told&dyad=PRK-KOR")["events"][0]["event_id"])
    return desk + path.replace(REPORT, "kr-091")


def violations(page: Any, **options: Any) -> list[tuple[str, list[str]]]:
    """A page -> what axe holds against it."""
    from axe_playwright_python.sync_playwright import Axe

    return [(found["id"], [node["html"][:160] for node in found["nodes"]][:4]) for found in Axe().run(page, options=options or None).response["violations"]]


@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_no_violation_and_nothing_runs_over_the_edge(desk: str, open_page: Open, path: str) -> None:
    page = open_page(address_of(desk, path))
    assert page.locator("h1").count() == 1
    found = {"light": violations(page), "edge": over_the_edge(page)}
    page.emulate_media(color_scheme="dark")
    found["dark"] = violations(page, runOnly=["color-contrast", "link-in-text-block"])
    page.set_viewport_size(PHONE)
    found |= {"phone": violations(page), "edge of a phone": over_the_edge(page)}
    assert {look: faults for look, faults in found.items() if faults} == {}


def over_the_edge(page: Any) -> list[tuple[str, list[str]]]:
    """A page -> whether it is wider than its window."""
    wide, seen = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    return [(f"{wide} pixels in a window of {seen}", [])] if wide > seen else []


@pytest.mark.parametrize("path", PAGES)
def test_a_page_says_the_same_without_a_script(desk: str, open_page: Open, path: str) -> None:
    url = address_of(desk, path)
    page, plain = open_page(url), open_page(url, script=False)
    assert plain.locator("h1").inner_text() == page.locator("h1").inner_text()
    assert plain.locator("main a").count() >= page.locator("main .head a").count()
    assert plain.locator("main").inner_text().strip()
