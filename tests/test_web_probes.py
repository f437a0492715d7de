"""Probes of the whole desk: a store in which every text is hostile, walked link by link; and every parameter of every page given what it does not expect."""

from __future__ import annotations

import datetime
import gzip
import html
import io
import json
import re
import zipfile
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlsplit

import msgspec
import pytest
from starlette.testclient import TestClient

from detente.records import Actor, Claim, Evidence, Place
from detente.store.filters import Filters
from detente.store.query import find_events
from detente.store.reviewing import correct_event, judge_event
from detente.store.schema import open_store
from detente.store.tokens import add_token
from detente.store.write import add_report
from detente.web import routes
from stores import event, report
from webs_desk import HOST, Elements, check_inert, csrf_of, make_client, sample_store

TEXTS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' autofocus onfocus='alert(1)",
    "javascript:alert(1)//",
    "</script></title></textarea><svg onload=alert(1)>",
    "{{ 7 * 7 }}{% include 'base.html' %}",
    "\u202egnp.exe\u2066\x1b[31m",
    "a-b/c?d=e#f&g;h",
    "../../etc/passwd",
    "<style>*{display:none}</style><!--",
)
"""What stands for a title, a publisher, an actor, a place, a rule, a reason, a reviewer."""
VALUES = ("<script>alert(1)</script>", "' OR 1=1; DROP TABLE events; --", "../../etc/passwd\r\nSet-Cookie: a=b", "9" * 400, "-1e309", "\U0010ffff%00%", "x" * 1_999)
"""What stands for the value of a parameter."""
MOST_PAGES = 260
"""Pages that are walked: each kind of page with several of the hostile names."""


def readable(text: str) -> str:
    """A text -> the same without what no name may hold."""
    return "".join(letter for letter in text if letter.isprintable())


def hostile_store(path: Path) -> Path:
    """A path -> a store whose reports hold hostile texts in every field that takes one."""
    sample_store(str(path))
    store = open_store(path)
    for n, hostile in enumerate(TEXTS):
        words = f"{hostile} blew up the office of {hostile}."
        rebel = Actor(hostile, hostile, None, ("REB",), hostile, (0, len(hostile)))
        at = words.index(" blew") + 1
        evidence = Evidence((0, at + 7), words[: at + 7], (at, at + 7), hostile)
        place = Place(hostile, "PRK", 37.9, 126.5, "city", hostile, (0, len(hostile)))
        days = [(datetime.date(2019, 6, 1) + datetime.timedelta(days=30 * n + more)).isoformat() for more in (0, 1, 2)]
        told = [
            event("ASSAULT", "PRK", "KOR", days[0], f"x{n}", evidence=(evidence,), said_by=(rebel,)),
            event("ACCUSE", "KOR", "PRK", days[1], f"y{n}", evidence=(evidence,)),
        ]
        told = [msgspec.structs.replace(one, place=place, source=(*one.source, rebel)) for one in told]
        claim = Claim(holder=rebel, affiliation=hostile, kind="cause", text=hostile, span=(0, len(hostile)), about=("PRK", "KOR"))
        coded = report(*told, doc_id=f"{hostile} {n}", text=f"{words} {'Plain words make the rest. ' * 4}{n}", publisher=hostile, published_on=days[2], claims=(claim,))
        add_report(store, msgspec.structs.replace(coded, document=msgspec.structs.replace(coded.document, url=f"javascript:{hostile}", title=hostile)))
        add_token(store, f"token {n} {re.sub(r'[^ -~]', '', hostile)}"[:60].strip(), "read", by=readable(hostile))
    decided = [found["event_id"] for found in find_events(store, Filters(types=("ASSAULT",)), limit=40).events]
    for n, (event_id, hostile) in enumerate(zip(decided, TEXTS, strict=False)):
        if n % 2:
            correct_event(store, event_id, {"event_type": "REJECT"}, reviewer=readable(hostile), why=hostile)
        else:
            judge_event(store, event_id, "accept", reviewer=readable(hostile), why=hostile)
    assert len(decided) > 5
    store.close()
    return path


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with make_client(hostile_store(tmp_path_factory.mktemp("probes") / "store.db"), token_requests=1_000_000) as made:
        yield made


def kind_of(path: str) -> str:
    """A path -> the page that it is of, by the longest that fits."""
    fitting = [page.path for page in routes.PAGES if re.fullmatch(re.sub(r"\{\w+(:path)?\}", ".+", page.path), path)]
    return max(fitting, key=len, default=path)


def links_of(page: str) -> list[str]:
    """A page -> the addresses of the desk that it leads to."""
    found = [attributes.get("href") or attributes.get("xlink:href") or "" for tag, attributes in Elements(page).found if tag == "a"]
    return [to.partition("#")[0] for to in found if to.startswith("/") and not to.startswith(("/events/download", "/static"))]


# -- texts of reports ----------------------------------------------------------------------------------------------------------
def test_every_page_of_a_store_of_hostile_texts_is_inert_and_every_link_leads_somewhere(client: TestClient) -> None:
    seen: dict[str, int] = {}
    of_kind: dict[str, int] = {}
    broken, waiting = [], deque([("/", "")])
    while waiting and len(seen) < MOST_PAGES:
        to, origin = waiting.popleft()
        path, kind = urlsplit(to).path, kind_of(urlsplit(to).path)
        if to in seen or of_kind.get(kind, 0) >= MOST_PAGES // 16:
            continue
        answer = client.get(to)
        seen[to] = answer.status_code
        of_kind[kind] = of_kind.get(kind, 0) + 1
        if answer.status_code == 404 and path.startswith("/codebook/rules/"):  # no codebook has the rules of this store
            check_inert(answer.text)
        elif answer.status_code != 200:
            broken.append((answer.status_code, to, origin))
        elif "text/html" in answer.headers["content-type"] and "attachment" not in answer.headers.get("content-disposition", ""):
            check_inert(answer.text)
            assert "{{ 7 * 7 }}" not in answer.text or "49{%" not in answer.text
            waiting.extend((link, path) for link in links_of(answer.text))
    assert broken == []
    assert {"/", "/dyads/{pair:path}", "/events/{event_id}", "/documents/{doc_id:path}", "/actors/{name:path}", "/review"} <= set(of_kind), sorted(of_kind)


def test_every_twin_of_a_page_of_hostile_texts_is_data(client: TestClient) -> None:
    for page in routes.PAGES:
        if "{" in page.path or page.path == "/style":
            continue
        answer = client.get("/index.json" if page.path == "/" else f"{page.path}.json")
        assert answer.status_code == 200, page.path
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["x-content-type-options"] == "nosniff"
        json.loads(answer.content)


# -- parameters ----------------------------------------------------------------------------------------------------------------
FILLED = {"name": "PRK", "pair": "PRK-KOR", "doc_id": "korea-9", "rule": "assault.blow-up", "backtest": "none"}


def filled(client: TestClient, path: str) -> str:
    """The path of a page -> an address of it."""
    event_id = client.get("/events.json").json()["events"][0]["event_id"]
    values = {**FILLED, "event_id": event_id} | ({"name": "ASSAULT"} if path.startswith("/codebook") else {})
    return re.sub(r"\{(\w+)(?::path)?\}", lambda part: values.get(part[1], "PRK-KOR"), path)


def parameters_of(client: TestClient, path: str) -> list[str]:
    """The path of a page -> the parameters that it reads: it says so when it is given one that it does not have."""
    expected = client.get(f"{path}?no_such=1", headers={"Accept": "application/json"}).json()["error"]["expected"] or ""
    return [] if not expected.startswith("some of ") else expected.removeprefix("some of ").split(", ")


@pytest.mark.parametrize("path", sorted({page.path for page in routes.PAGES if page.path not in ("/style", "/skill/{backtest}")}))
def test_a_parameter_of_a_page_given_a_hostile_value_is_refused_or_shown_as_words(client: TestClient, path: str) -> None:
    address = filled(client, path)
    for n, name in enumerate(parameters_of(client, address)):
        for value in (VALUES[0], VALUES[1 + n % (len(VALUES) - 1)]):
            answer = client.get(address, params={name: value})
            assert answer.status_code in (200, 400, 404), (address, name, value)
            assert "set-cookie" not in answer.headers
            check_inert(answer.text)


@pytest.mark.parametrize("value", TEXTS, ids=range(len(TEXTS)))
@pytest.mark.parametrize("path", sorted({page.path for page in routes.PAGES if "{" in page.path}))
def test_an_address_of_a_hostile_name_is_refused_or_shown_as_words(client: TestClient, path: str, value: str) -> None:
    answer = client.get(re.sub(r"\{\w+(:path)?\}", lambda _: quote(value, safe=""), path))
    if answer.status_code == 307:  # without the slash at its end
        assert answer.headers["location"].startswith(f"{HOST}/")
        return
    assert answer.status_code in (200, 400, 404)
    check_inert(answer.text)


def test_nothing_that_was_asked_changed_the_store(client: TestClient) -> None:
    assert client.get("/index.json").json()["sizes"]["events"] > 40


# -- headers and places to go ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "to",
    [
        "//evil.example",
        "https://evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "/\r\nSet-Cookie: a=b",
        "javascript:alert(1)",
        "/%0d%0aLocation:%20//evil.example",
        "////evil",
    ],
)
@pytest.mark.parametrize("form", ["/theme", "/login"])
def test_no_place_to_go_leads_off_the_desk_or_into_a_header(tmp_path: Path, form: str, to: str) -> None:
    store = open_store(tmp_path / "store.db")
    token = add_token(store, "jane", "read", by="root")
    store.close()
    with make_client(tmp_path / "store.db") as client:
        answer = client.post(form, data={"theme": "dark", "token": token, "to": to, "csrf": csrf_of(client)})
        assert answer.status_code == 303
        location = answer.headers["location"]
        assert location.startswith("/")
        assert not location.startswith(("//", "/\\"))
        assert not urlsplit(location).netloc
        assert "a=b" not in str([value for name, value in answer.headers.multi_items() if name == "set-cookie"])


@pytest.mark.parametrize("header", ["X-Forwarded-Host", "X-Forwarded-For", "Forwarded", "X-Original-URL", "X-HTTP-Method-Override"])
def test_what_a_proxy_might_say_is_not_believed(client: TestClient, header: str) -> None:
    answer = client.get("/codebook", headers={header: "evil.example"})
    assert answer.status_code == 200
    assert "evil.example" not in answer.text


def test_a_session_that_was_planted_is_not_the_one_that_a_login_opens(tmp_path: Path) -> None:
    store = open_store(tmp_path / "store.db")
    first, second = add_token(store, "mallory", "read", by="root"), add_token(store, "jane", "review", by="root")
    store.close()
    with make_client(tmp_path / "store.db", is_open=False) as client:
        client.post("/login", data={"token": first, "to": "/", "csrf": csrf_of(client)})
        planted = client.cookies["detente_session"]
        word = csrf_of(client)
        client.post("/login", data={"token": second, "to": "/", "csrf": word})
        assert client.cookies["detente_session"] != planted
        assert csrf_of(client) != word
        assert client.post("/add", data={"text": "x", "csrf": word}).status_code == 403


def test_every_cookie_is_for_the_server_alone_and_stays_on_the_desk(tmp_path: Path) -> None:
    store = open_store(tmp_path / "store.db")
    token = add_token(store, "jane", "code", by="root")
    store.close()
    with make_client(tmp_path / "store.db") as client:
        answers = [client.post(form, data={"theme": "dark", "token": token, "to": "/", "csrf": csrf_of(client)}) for form in ("/theme", "/login")]
        cookies = [value.lower() for answer in answers for name, value in answer.headers.multi_items() if name == "set-cookie"]
    assert len(cookies) == 2
    for cookie in cookies:
        assert "httponly" in cookie
        assert "samesite=strict" in cookie or ("samesite=lax" in cookie and "theme" in cookie)


# -- files -----------------------------------------------------------------------------------------------------------------------
def zipped() -> bytes:
    """An archive that grows a thousandfold."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("report.txt", b"0" * 3_000_000)
    return made.getvalue()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("../../evil.txt", b""),
        ("report.zip", zipped()),
        ("report.txt.gz", gzip.compress(b"0" * 3_000_000)),
        ("deep.json", b"[" * 100_000),
        ("deep.json", b'{"a":' * 50_000 + b"1" + b"}" * 50_000),
        ("many.jsonl", b"{}\n" * 1_000),
        (
            "entities.xml",
            b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "'
            + b"x" * 1_000
            + b'"><!ENTITY c "'
            + b"&b;" * 1_000
            + b'">]><rss><channel><item><title>&c;&c;</title></item></channel></rss>',
        ),
        ("outside.xml", b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><rss><channel><item><title>&b;</title></item></channel></rss>'),
        ("not.parquet", b"PAR1" + b"\x00" * 100 + b"PAR1"),
        ("<script>alert(1)</script>.exe", b"x"),
        ("a" * 300 + ".csv", b'text\n"' + b"x" * 200_000),
    ],
    ids=lambda value: value[:20] if isinstance(value, str) else "",
)
def test_a_hostile_file_is_refused_in_place(tmp_path: Path, name: str, content: bytes) -> None:
    with make_client(tmp_path / "store.db") as client:
        answer = client.post("/add", data={"csrf": csrf_of(client)}, files={"file": (name, content)}, headers={"Accept": "text/html"})
        assert answer.status_code == 400
        assert "root:" not in answer.text
        check_inert(answer.text)
        assert client.get("/index.json").json()["sizes"]["documents"] == 0
    assert not (tmp_path.parent / "evil.txt").exists()


def test_a_refusal_of_a_hostile_file_names_it_as_words(tmp_path: Path) -> None:
    with make_client(tmp_path / "store.db") as client:
        answer = client.post("/add", data={"csrf": csrf_of(client)}, files={"file": ("<b>x</b>.exe", b"x")}, headers={"Accept": "text/html"})
    assert "expected one of" in html.unescape(answer.text)
    assert "<b>x</b>" not in answer.text
