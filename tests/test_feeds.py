"""Feeds: RSS and Atom in all their shapes give entries; hostile ones are refused at once."""

from __future__ import annotations

import datetime
import time
from pathlib import Path

import pytest

from detente.reading import Skipped, read_documents
from detente.reading.feeds import MOST_BROKEN_CHARACTERS, Entry, Feed, looks_like_feed, parse_feed
from detente.records import Document
from webs import rss

BODY = (
    "The army of Ruritania shelled a border village on Monday, killing four people, the governor of the province said. "
    "The government of Syldavia condemned the attack and said that it would recall its ambassador from the capital."
)
ATOM = f"""<?xml version="1.0" encoding="utf-8"?>
<!-- made by hand -->
<feed xmlns="http://www.w3.org/2005/Atom"><title>Atom &amp; Wire</title><id>urn:f</id>
<entry><id>urn:1</id><title type="html">Border &lt;b&gt;village&lt;/b&gt; shelled</title><link href="/1.html"/>
<published>2019-05-07T23:30:00-05:00</published><updated>2019-05-09T00:00:00Z</updated><summary>short</summary>
<content type="html">&lt;p&gt;{BODY}&lt;/p&gt;&lt;p&gt;More.&lt;/p&gt;</content></entry></feed>"""
RDF = """<?xml version="1.0"?><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">
<channel rdf:about="http://x/"><title>Old Wire</title></channel>
<item rdf:about="http://x/1"><title>One</title><link>http://x/1</link><dc:date>2019-05-07</dc:date><description>text</description></item></rdf:RDF>"""


def entries(data: str | bytes, base: str | None = "http://wire.example/feeds/") -> tuple[Entry, ...]:
    feed = parse_feed(data.encode() if isinstance(data, str) else data, "feed", base)
    assert isinstance(feed, Feed), feed
    return feed.entries


def refusal(data: bytes) -> str:
    found = parse_feed(data, "feed")
    assert isinstance(found, Skipped)
    return found.reason


def test_an_rss_item_gives_its_fields() -> None:
    item = {"title": "A &amp; B", "link": "http://x/1", "guid": "g1", "pubDate": "Tue, 07 May 2019 10:00:00 GMT", "description": "&lt;p&gt;One.&lt;/p&gt;&lt;p&gt;Two.&lt;/p&gt;"}
    assert entries(rss(item)) == (Entry("g1", "http://x/1", "A & B", datetime.date(2019, 5, 7), "One.\n\nTwo."),)


def test_an_atom_entry_gives_its_content_and_the_day_as_its_publisher_writes_it() -> None:
    feed = parse_feed(ATOM.encode(), "feed", "http://wire.example/feeds/a.xml")
    assert isinstance(feed, Feed) and feed.title == "Atom & Wire"
    [entry] = feed.entries
    assert entry == Entry("urn:1", "http://wire.example/1.html", "Border village shelled", datetime.date(2019, 5, 7), f"{BODY}\n\nMore.")


def test_the_old_rdf_kind_is_read() -> None:
    [entry] = entries(RDF)
    assert (entry.url, entry.published_on) == ("http://x/1", datetime.date(2019, 5, 7))


def test_entries_without_an_id_are_told_apart_and_repeats_count_once() -> None:
    found = entries(rss({"link": "http://x/1"}, {"link": "http://x/2"}, {"link": "http://x/1"}, {"title": "a"}, {"title": "b"}))
    assert len(found) == len({entry.key for entry in found}) == 4


@pytest.mark.parametrize("encoding", ["utf-8", "iso-8859-1", "utf-16", "windows-1252"])
def test_a_feed_is_read_in_the_encoding_that_it_declares(encoding: str) -> None:
    text = rss({"title": "Côte d’Ivoire" if encoding != "iso-8859-1" else "Côte d'Ivoire", "link": "http://x/1"}).replace("utf-8", encoding)
    assert entries(text.encode(encoding))[0].title in ("Côte d’Ivoire", "Côte d'Ivoire")


def test_broken_xml_is_read_as_far_as_it_goes() -> None:
    data = rss({"title": "Tom & Jerry", "link": "http://x/1"}, {"title": "two", "link": "http://x/2"})
    assert [entry.url for entry in entries(data[:-20])] == ["http://x/1", "http://x/2"]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"<html><body>no feed</body></html>", "not-a-feed"),
        (b"", "not-a-feed"),
        (b"{}", "not-a-feed"),
        (b"<rss><channel", "broken-feed"),
        (b'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><rss><channel><item><title>&b;</title></item></channel></rss>', "hostile-xml"),
        (b'<!DOCTYPE r [<!EnTiTy x SYSTEM "file:///etc/passwd">]><rss><channel><item><title>&x;</title></item></channel></rss>', "hostile-xml"),
        ('<?xml version="1.0" encoding="utf-16"?><!DOCTYPE r [<!ENTITY a "aaaa">]><rss/>'.encode("utf-16"), "hostile-xml"),
    ],
)
def test_what_is_no_feed_is_refused_with_its_reason(data: bytes, reason: str) -> None:
    assert refusal(data) == reason


def _field(text: bytes) -> bytes:
    return b"<rss><channel><item><title>x</title><description><![CDATA[" + text + b"]]></description></item></channel></rss>"


SIZE = 2_000_000
HOSTILE = {
    "tags": _field(b"<a " * (SIZE // 3)),
    "comments": _field(b"<!--" * (SIZE // 4)),
    "ends": _field(b"</" * (SIZE // 2)),
    "instructions": _field(b"<?" * (SIZE // 2)),
    "quotes": _field(b'<a b="' * (SIZE // 6)),
    "open": b"<rss><channel>" + b"<a>" * (SIZE // 3),
    "signs": b"<rss><channel><item><title>" + b"<" * SIZE,
    "and-signs": b"<rss><channel><item><title>" + b"&" * SIZE,
    "prolog": b"<?xml " + b"<?" * (SIZE // 2),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_feed_takes_seconds_at_most(name: str) -> None:
    started = time.process_time()
    parse_feed(HOSTILE[name], "feed")
    assert time.process_time() - started < 5  # without the guards: minutes


def test_a_long_feed_must_be_well_formed() -> None:
    items = [{"title": f"t{n}", "link": f"http://x/{n}", "description": "word " * 100} for n in range(MOST_BROKEN_CHARACTERS // 500)]
    whole = rss(*items).encode()
    assert len(whole) > MOST_BROKEN_CHARACTERS
    assert len(entries(whole)) == len(items)
    assert refusal(whole[:-20]) == "broken-feed"


def test_a_feed_is_known_by_its_first_element() -> None:
    assert looks_like_feed(ATOM.encode()) and looks_like_feed(RDF.encode()) and looks_like_feed(b"<rss>")
    assert not looks_like_feed(b"<html><rss>") and not looks_like_feed(b"text about <rss>"[:10]) and not looks_like_feed(b"<!-- <rss> --><html>")


@pytest.mark.parametrize("name", ["a.xml", "a.rss", "a.atom"])
def test_a_feed_from_a_file_gives_a_report_an_entry_without_any_network(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.getaddrinfo", lambda *_: pytest.fail("looked up a name"))
    path = tmp_path / name
    path.write_text(ATOM)
    [document] = read_documents([path])
    assert isinstance(document, Document)
    assert document.text == f"Border village shelled\n\n{BODY}\n\nMore."
    assert (document.publisher, document.url, document.origin) == ("Atom & Wire", None, f"{path}:1")
    assert document.published_on == datetime.date(2019, 5, 7)


def test_a_directory_with_a_feed_is_read_whole(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text(rss({"title": "t", "description": BODY}, {"title": "empty"}))
    (tmp_path / "b.xml").write_text("<settings/>")
    found = list(read_documents([tmp_path]))
    assert [type(item).__name__ if isinstance(item, Document) else item.reason for item in found] == ["Document", "empty", "not-a-feed"]
