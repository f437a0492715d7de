"""What the tests of the desk share: a store with reports made by hand, and a client of an application over it."""

from __future__ import annotations

import datetime
import html
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, TypeVar

from starlette.testclient import TestClient

from detente.store.schema import open_store
from detente.store.write import add_report
from detente.web.app import make_app
from detente.web.guard import Guard
from detente.web.options import Options
from detente.web.state import Desk
from stores import event, report

HOST = "http://127.0.0.1:8765"
SECRET = b"a key of the tests, 32 bytes long"
_WORDS = "The two sides spoke of each other again, and neither of them"
_Address = TypeVar("_Address", Path, str)
FIRST_DAY = datetime.date(2020, 1, 6)


def sample_store(path: _Address) -> _Address:
    """A path -> a store of half a year of two quarrels, coded by hand: the Koreas', which rises in June 2020, and a quiet one."""
    store = open_store(path)
    for week in range(24):
        day = FIRST_DAY + datetime.timedelta(weeks=week)
        add_report(store, report(event("CONSULT", "FRA", "DEU", day.isoformat(), f"met in week {week}"), doc_id=f"quiet-{week}", published_on=day.isoformat()))
    for number in range(10):
        day = datetime.date(2020, 5, 20) + datetime.timedelta(days=3 * number)
        kind = "THREATEN" if number < 6 else "ASSAULT"
        told = event(kind, "PRK", "KOR", day.isoformat(), f"{kind.lower()}ed the South, day {number}", place="Kaesong")
        add_report(store, report(told, doc_id=f"korea-{number}", published_on=day.isoformat(), publisher="Agency", text=f"Day {number}. {_WORDS} {number} {told.event_id}"))
    store.close()
    return path


def make_client(path: Path | str, *, client: tuple[str, int] = ("127.0.0.1", 50_000), **options: Any) -> TestClient:
    """The path of a store, made if it is not there, and options -> a client. Faults of ours are raised in the test."""
    app = make_app(Options(store=str(path), secret=SECRET, **options))
    return TestClient(app, base_url=HOST, follow_redirects=False, client=client)


def desk_of(client: TestClient) -> Desk:
    """A client -> the desk that it asks."""
    guard = client.app
    assert isinstance(guard, Guard)
    return guard.desk


def csrf_of(client: TestClient, path: str = "/login") -> str:
    """A client -> the word that its forms carry."""
    found = re.search(r'name="csrf" value="([^"]+)"', client.get(path).text)
    assert found
    return found[1]


def words_of(page: str) -> str:
    """A page -> the words of its text, as a reader has them: without tags, numbers of events and runs of spaces."""
    body = re.sub(r'<a class="badge[^>]*>[^<]*</a>', "", page.partition("<main")[2])
    return " ".join(html.unescape(re.sub(r"<[^>]+>", "", body)).split())


class Elements(HTMLParser):
    """The elements of a page, as a browser takes them: names with their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Called by the parser with each element."""
        self.found.append((tag, {name: value or "" for name, value in attrs}))


def check_inert(page: str) -> None:
    """A page -> fails if anything in it runs, loads from elsewhere, is inline, or leads to what is no page."""
    for tag, attributes in Elements(page).found:
        assert tag not in ("img", "iframe", "object", "embed", "base", "style")
        assert not [name for name in attributes if name.startswith("on") or name in ("style", "srcdoc")], (tag, attributes)
        assert tag != "script" or attributes.get("src", "").startswith("/static/"), attributes
        for name in ("href", "src", "action", "formaction", "xlink:href"):
            assert attributes.get(name, "/").startswith(("/", "#", "https://", "http://")), attributes
    assert page.count("</body>") == 1
    assert page.rstrip().endswith("</html>")
    assert not re.search("[\u202a-\u202e\u2066-\u2069\x1b\x07]", page)
