"""What an analyst does at the desk, in a real browser."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from browsers import REPORTS

from .test_looks import read, violations

Open = Callable[..., Any]


def sample_report(doc_id: str) -> dict[str, str]:
    """A report of the sample corpus."""
    return next(report for line in REPORTS.read_text("utf-8").splitlines() if (report := json.loads(line))["id"] == doc_id)


def test_a_pasted_report_is_shown_with_its_lead_event(empty_desk: str, open_page: Open) -> None:
    report = sample_report("kr-091")
    page = open_page(f"{empty_desk}/")
    page.get_by_label("Text", exact=True).fill(report["text"])
    page.get_by_label("Title", exact=True).fill(report["title"])
    page.get_by_label("Published on").fill(report["published_on"])
    page.get_by_role("button", name="Read it").click()
    page.wait_for_url(re.compile(r"/documents/.+#event-"))
    lead = page.locator(f"[id='{page.evaluate('decodeURIComponent(location.hash.slice(1))')}']")
    assert lead.is_visible()
    words = lead.inner_text()
    assert "ASSAULT" in words
    assert "North Korea" in words
    assert "1 report read" in page.get_by_role("status").inner_text()


def test_a_report_that_is_tried_is_shown_and_can_then_be_stored(empty_desk: str, open_page: Open) -> None:
    report = sample_report("kr-090")
    page = open_page(f"{empty_desk}/")
    before = read(f"{empty_desk}/documents.json")["total"]
    page.get_by_label("Text", exact=True).fill(report["text"])
    page.get_by_label("Published on").fill(report["published_on"])
    page.get_by_role("button", name="Try", exact=True).click()
    page.wait_for_url(re.compile(r"/try$"))
    assert page.locator(".told-card").count() > 0
    assert page.locator("h1").count() == 1
    assert violations(page) == []
    assert read(f"{empty_desk}/documents.json")["total"] == before
    page.get_by_role("button", name="Read it and store").click()
    page.wait_for_url(re.compile(r"/documents/.+#event-"))
    assert read(f"{empty_desk}/documents.json")["total"] == before + 1


def test_what_is_filtered_is_what_is_downloaded(desk: str, open_page: Open, tmp_path: Path) -> None:
    page = open_page(f"{desk}/events")
    page.get_by_label("Pair", exact=True).fill("PRK-KOR")
    page.get_by_label("Type", exact=True).select_option("THREATEN")
    page.get_by_role("button", name="Show", exact=True).click()
    page.wait_for_url(re.compile(r"type=THREATEN"))
    shown = int(re.sub(r"\D", "", page.locator(".said b").inner_text()))
    assert shown == page.locator(".event-table tbody tr").count() > 0
    page.get_by_text("Download", exact=True).click()
    with page.expect_download() as waiting:
        page.get_by_role("link", name="CSV").click()
    waiting.value.save_as(tmp_path / "events.csv")
    with (tmp_path / "events.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == shown
    assert {row["event_type"] for row in rows} == {"THREATEN"}


def test_the_slider_leads_to_another_day(desk: str, open_page: Open) -> None:
    page = open_page(f"{desk}/dyads/PRK-KOR?at=2020-06-16")
    before = page.locator("#standing-title").inner_text()
    slider = page.locator("input[type=range]")
    slider.focus()
    for _ in range(3):
        slider.press("PageDown")
    page.wait_for_url(lambda url: "at=" in url and "at=2020-06-16" not in url)
    day = re.search(r"at=(\d{4}-\d\d-\d\d)", page.url)
    assert day and day[1] < "2020-06-16"
    assert page.get_by_label("Day", exact=True).input_value() == day[1]
    page.go_back()
    assert page.locator("#standing-title").inner_text() == before


def test_the_day_is_chosen_without_a_script_too(desk: str, open_page: Open) -> None:
    page = open_page(f"{desk}/dyads/PRK-KOR", script=False)
    page.get_by_label("Day", exact=True).fill("2018-04-28")
    page.locator(".timebar-date button").click()
    page.wait_for_url(re.compile("at=2018-04-28"))
    assert "28 April 2018" in page.locator("main").inner_text()


def test_an_event_is_corrected_and_the_correction_undone(own_desk: str, open_page: Open) -> None:
    page = open_page(f"{own_desk}/events?dyad=PRK-KOR&type=THREATEN")
    page.locator(".event-table tbody a").first.click()
    page.wait_for_url(re.compile(r"/events/\w+"))
    page.get_by_text("Correct fields").click()
    page.get_by_label("Type", exact=True).select_option("ACCUSE")
    page.locator("#correct").get_by_label("Why").fill("they only complained")
    page.get_by_role("button", name="Set what differs").click()
    page.wait_for_selector(".review-corrected")
    assert "ACCUSE" in page.locator("h1").inner_text()
    assert "they only complained" in page.locator("#decisions").inner_text()
    page.locator("#decisions").get_by_role("button", name="Undo").first.click()
    page.wait_for_selector("#decisions .undone")
    assert "THREATEN" in page.locator("h1").inner_text()
    assert page.locator("h1 .review-corrected").count() == 0


def ground_of(page: Any) -> int:
    """How bright a page is behind its cards, 0 to 765."""
    return sum(int(part) for part in re.findall(r"\d+", page.evaluate("getComputedStyle(document.body).backgroundColor"))[:3])


def test_the_page_is_dark_where_the_system_is(desk: str, open_page: Open) -> None:
    assert ground_of(open_page(f"{desk}/", dark=True)) < 150
    assert ground_of(open_page(f"{desk}/")) > 600


def test_the_reader_may_choose_the_dark_and_it_stays(desk: str, open_page: Open) -> None:
    page = open_page(f"{desk}/codebook")
    page.get_by_role("button", name="Theme: Dark").click()
    page.wait_for_selector("html.theme-dark")
    assert page.url.endswith("/codebook")
    page.goto(f"{desk}/events")
    assert ground_of(page) < 150


def test_the_menu_of_a_phone_leads_to_a_page(desk: str, open_page: Open) -> None:
    page = open_page(f"{desk}/", phone=True)
    assert not page.get_by_role("navigation", name="Main").is_visible()
    page.locator(".menu summary").click()
    page.get_by_role("navigation", name="Menu").get_by_role("link", name="Codebook").click()
    page.wait_for_url(re.compile("/codebook$"))


@pytest.mark.parametrize("script", [True, False])
def test_a_rule_is_found_by_its_words(desk: str, open_page: Open, script: bool) -> None:
    page = open_page(f"{desk}/codebook", script=script)
    page.get_by_label("Find a rule by its words").fill("blow up")
    page.get_by_role("button", name="Find", exact=True).click()
    page.wait_for_url(re.compile(r"text=blow\+up"))
    page.locator(".rule-list h2 a").first.click()
    assert "It must not fire at" in page.locator("main").inner_text()


def focused(page: Any) -> str:
    """The words of what has the focus, or its label."""
    return str(page.evaluate("(document.activeElement.innerText || document.activeElement.getAttribute('aria-label') || document.activeElement.id).trim()"))


def tab_to(page: Any, words: str, *, most: int = 80) -> None:
    """Press Tab until what has these words has the focus; each stop on the way must show that it has it (of a date, the browser marks the part)."""
    for _ in range(most):
        page.keyboard.press("Tab")
        shown = page.evaluate(
            "(() => { const e = document.activeElement; if (e === document.body || e.type === 'date') return true; const s = getComputedStyle(e), p = getComputedStyle(e.parentElement);"
            " return s.outlineStyle !== 'none' || p.outlineStyle !== 'none' || s.boxShadow !== 'none'; })()"
        )
        assert shown, f"no mark of the focus on {focused(page)!r}"
        if focused(page) == words:
            return
    raise AssertionError(f"{words}: not reached by {most} tabs; the last was {focused(page)!r}")


def test_the_content_is_one_key_away(desk: str, open_page: Open) -> None:
    page = open_page(f"{desk}/")
    page.keyboard.press("Tab")
    assert focused(page) == "Skip to the content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_an_event_is_found_and_accepted_by_keyboard_alone(own_desk: str, open_page: Open) -> None:
    page = open_page(f"{own_desk}/")
    tab_to(page, "find-text")
    page.keyboard.type("liaison office")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/events\?text=liaison"))
    kind = page.locator(".event-table tbody a").first.inner_text()
    tab_to(page, kind, most=120)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/events/\w+"))
    tab_to(page, "Accept", most=120)
    page.keyboard.press("Enter")
    page.wait_for_selector(".review-accepted")
    assert "accept" in page.locator("#decisions").inner_text()
