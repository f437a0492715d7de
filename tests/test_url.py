"""Reading from the web: pages, feeds and tables by URL."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator

import pytest

from detente.reading import Skipped, read_documents
from detente.reading.url import origin_name
from detente.records import Document
from detente.store.write import split_origin
from webs import CLOSED, Clock, Site, page, rss, serving, web_of

BODY = (
    "The army of Ruritania shelled a border village on Monday, killing four people, the governor of the province said.\n\n"
    "The government of Syldavia condemned the attack and said that it would recall its ambassador from the capital."
)


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as started:
        started.pages["/1.html"] = page("Border village shelled", BODY)
        yield started


def read(*urls: str) -> list[Document | Skipped]:
    return list(read_documents(urls, web=web_of(Clock())))


def reasons(*urls: str) -> list[str]:
    return [item.reason for item in read(*urls) if isinstance(item, Skipped)]


def test_a_page_gives_its_article_with_its_address(site: Site) -> None:
    [document] = read(f"{site.url}/1.html")
    assert isinstance(document, Document)
    assert document.text == f"Border village shelled\n\n{BODY}"
    assert document.url == document.origin == f"{site.url}/1.html"


def test_a_feed_gives_the_pages_of_its_entries_with_its_days_and_name(site: Site) -> None:
    items = [{"link": f"{site.url}/1.html", "pubDate": "Tue, 07 May 2019 10:00:00 GMT"}, {"link": f"{site.url}/gone.html"}, {"title": "no link"}]
    site.pages["/feed"] = (200, {"Content-Type": "text/xml"}, rss(*items).encode())
    document, gone, unlinked = read(f"{site.url}/feed")
    assert isinstance(document, Document) and isinstance(gone, Skipped) and isinstance(unlinked, Skipped)
    assert (document.published_on, document.publisher, document.url) == (datetime.date(2019, 5, 7), "Test Wire", f"{site.url}/1.html")
    assert (gone.path, gone.reason, unlinked.reason) == (f"{site.url}/gone.html", "http-status", "no-link")


def test_tables_and_texts_are_read_by_their_media_type(site: Site) -> None:
    rows = [{"text": BODY, "date": "2019-05-07"}, {"text": BODY + " Again.", "url": "http://own.example/"}]
    site.pages |= {
        "/j": (200, {"Content-Type": "application/json"}, json.dumps(rows).encode()),
        "/l": (200, {"Content-Type": "application/x-ndjson; charset=utf-8"}, "\n".join(map(json.dumps, rows)).encode()),
        "/t": (200, {"Content-Type": "text/plain; charset=windows-1252"}, BODY.replace("Ruritania", "Ruritânia").encode("windows-1252")),
        "/c.csv": (200, {"Content-Type": "application/octet-stream"}, b"text;date\n" + BODY.replace("\n\n", " ").encode() + b";2019-05-07\n"),
    }
    found = read(*(site.url + path for path in ("/j", "/l", "/t", "/c.csv")))
    assert all(isinstance(item, Document) for item in found) and len(found) == 6
    documents = [item for item in found if isinstance(item, Document)]
    assert [d.url for d in documents[:2]] == [f"{site.url}/j", "http://own.example/"]
    assert "Ruritânia" in documents[4].text
    assert documents[5].published_on == datetime.date(2019, 5, 7)


def test_one_bad_address_does_not_stop_the_others(site: Site) -> None:
    site.pages["/pdf"] = (200, {"Content-Type": "application/pdf"}, b"%PDF-1.7")
    site.pages["/zip.html"] = (200, {}, b"PK\0\0")
    urls = ["ftp://x/", "http://u:p@x/", f"{site.url}/no", f"{site.url}/pdf", f"{site.url}/zip.html", f"{site.url}/1.html"]
    assert reasons(*urls) == ["bad-scheme", "bad-url", "http-status", "unknown-format", "binary"]
    assert isinstance(read(*urls)[-1], Document)


def test_robots_txt_holds_for_the_pages_of_a_feed(site: Site) -> None:
    site.pages["/robots.txt"] = b"User-agent: *\nDisallow: /1\n"
    site.pages["/feed"] = rss({"link": f"{site.url}/1.html"})
    assert reasons(f"{site.url}/feed") == ["robots"]


def test_a_feed_cannot_lead_to_this_machine() -> None:
    from detente.reading.feeds import parse_feed

    assert parse_feed(rss({"link": "http://127.0.0.1/"}).encode(), "feed")
    [skipped] = read_documents(["http://127.0.0.1/"], web=web_of(Clock(), CLOSED))
    assert isinstance(skipped, Skipped) and skipped.reason == "private-address"


@pytest.mark.parametrize("url", ["http://x.example/a:12", "http://x.example:8080", "http://x.example/a"])
def test_the_end_of_an_address_is_not_taken_for_a_line(url: str) -> None:
    document = Document(id="a", text="a", origin=origin_name(url))
    assert split_origin(document)[1] is None
