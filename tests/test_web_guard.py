"""Who is let in to the desk, and what is refused before a page is asked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from detente.cli import main
from detente.errors import SettingsError, StoreError
from detente.store.audit import list_entries
from detente.store.schema import Store, open_store
from detente.store.tokens import add_token, list_tokens, revoke_token
from detente.web import identity
from detente.web.guard import HEADERS, host_name
from detente.web.identity import Keys, by_session, open_session
from detente.web.limits import Buckets, set_deadline
from detente.web.options import is_loopback
from webs_desk import HOST, SECRET, csrf_of, desk_of, make_client, sample_store


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


@pytest.fixture
def client(path: Path) -> Iterator[TestClient]:
    """The desk on a loopback address: the local user may do all."""
    with make_client(path) as made:
        yield made


@pytest.fixture
def closed(path: Path) -> Iterator[TestClient]:
    """A desk that asks for a token."""
    with make_client(path, is_open=False) as made:
        yield made


def token_of(path: Path, role: str, name: str = "jane") -> str:
    store = open_store(path)
    try:
        return add_token(store, name, role, by="root")  # type: ignore[arg-type]
    finally:
        store.close()


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


# -- headers and hosts -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("asked", ["/", "/index.json", "/nothing", "/static/desk.css", "/events?page=0", "/colours.css"])
def test_each_answer_binds_the_browser(client: TestClient, asked: str) -> None:
    answer = client.get(asked)
    for name, value in HEADERS.items():
        assert answer.headers[name] == value


def test_the_policy_lets_nothing_inline_run() -> None:
    policy = HEADERS["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert "http" not in policy


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8765", "", "localhost.evil.example", "192.168.1.5", "[::2]:8765", "127.0.0.1.evil.example"])
def test_another_host_is_refused(client: TestClient, host: str) -> None:
    answer = client.get("/index.json", headers={"Host": host})
    assert answer.status_code == 421
    assert answer.json()["error"]["code"] == "wrong-host"


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1", "127.0.0.1:9", "[::1]:8765"])
def test_names_of_this_machine_are_let_in(client: TestClient, host: str) -> None:
    assert client.get("/index.json", headers={"Host": host}).status_code == 200


def test_names_of_the_settings_are_let_in(path: Path) -> None:
    with make_client(path, names=("desk.example.org",)) as client:
        assert client.get("/index.json", headers={"Host": "desk.example.org"}).status_code == 200


def test_a_desk_for_others_is_asked_by_address_but_not_by_any_name(path: Path) -> None:
    token = token_of(path, "read")
    with make_client(path, host="0.0.0.0", is_open=False) as client:
        assert client.get("/index.json", headers={"Host": "10.0.0.5:8765", **bearer(token)}).status_code == 200
        assert client.get("/index.json", headers={"Host": "evil.example", **bearer(token)}).status_code == 421


@pytest.mark.parametrize(("given", "name"), [("a:80", "a"), ("[::1]:80", "[::1]"), ("A", "a"), ("", "")])
def test_a_host_is_read_without_its_port(given: str, name: str) -> None:
    assert host_name(given) == name


@pytest.mark.parametrize(
    ("host", "is_so"), [("127.0.0.1", True), ("localhost", True), ("::1", True), ("127.8.8.8", True), ("0.0.0.0", False), ("::", False), ("example.org", False)]
)
def test_loopback_is_told_from_other_addresses(host: str, is_so: bool) -> None:
    assert is_loopback(host) is is_so


# -- forms -------------------------------------------------------------------------------------------------------------------
def test_a_form_without_the_word_of_a_page_is_refused(client: TestClient) -> None:
    answer = client.post("/add", data={"text": "x"})
    assert answer.status_code == 403
    assert client.post("/add", data={"text": "x", "csrf": "x"}).status_code == 403


@pytest.mark.parametrize(
    "headers", [{"Origin": "http://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "http://127.0.0.1:1"}]
)
def test_a_form_of_another_page_is_refused_though_it_has_the_word(client: TestClient, headers: dict[str, str]) -> None:
    assert client.post("/theme", data={"theme": "dark"}, headers=headers).status_code == 403


def test_a_form_of_this_page_is_taken(client: TestClient) -> None:
    answer = client.post("/theme", data={"theme": "dark"}, headers={"Origin": HOST, "Sec-Fetch-Site": "same-origin"})
    assert answer.status_code == 303


def test_the_word_of_one_session_is_none_of_another() -> None:
    assert identity.known_as(SECRET, "a", "read", "session 1").csrf != identity.known_as(SECRET, "a", "read", "session 2").csrf


def test_a_form_of_another_kind_is_refused(client: TestClient) -> None:
    assert client.post("/add", json={"text": "x"}).status_code == 415


# -- bounds ------------------------------------------------------------------------------------------------------------------
def test_a_body_that_says_it_is_too_large_is_refused(path: Path) -> None:
    with make_client(path, max_upload_bytes=1_000) as client:
        assert client.post("/add", data={"text": "x" * 2_000}).status_code == 413


def test_a_body_that_comes_in_parts_and_is_too_large_is_refused(path: Path) -> None:
    def parts() -> Iterator[bytes]:
        for _ in range(10):
            yield b"x" * 500

    with make_client(path, max_upload_bytes=1_000) as client:
        answer = client.post("/add", content=parts(), headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert answer.status_code == 413


def test_an_address_that_is_too_long_is_refused(client: TestClient) -> None:
    assert client.get("/events.json?text=" + "a" * 20_000).status_code == 414


def test_a_query_that_takes_too_long_ends(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def late(_: object) -> None:
        set_deadline(-1)

    monkeypatch.setattr("detente.web.dispatch.set_deadline", late)
    sample_store(path)
    with make_client(path) as client:
        desk_of(client).store.engine.dispose()
        monkeypatch.setattr("detente.web.limits.STEPS_BETWEEN", 1)
        answer = client.get("/events.json")
    assert answer.status_code == 503
    assert answer.json()["error"]["code"] == "time-limit"


def test_a_token_has_so_many_requests_a_minute(path: Path) -> None:
    token = token_of(path, "read")
    with make_client(path, token_requests=3) as client:
        answers = [client.get("/login", headers=bearer(token)).status_code for _ in range(5)]
        refused = client.get("/index.json", headers=bearer(token))
    assert answers == [200, 200, 200, 429, 429]
    assert int(refused.headers["retry-after"]) >= 1


@pytest.mark.parametrize(("processes", "allowed"), [(1, 6), (2, 3), (4, 2)])
def test_the_limit_is_divided_among_the_processes(path: Path, processes: int, allowed: int) -> None:
    with make_client(path, token_requests=6, processes=processes) as client:
        assert desk_of(client).requests.per_minute == allowed
        assert desk_of(client).logins.per_minute == -(-10 // processes)


def test_a_bucket_fills_again_with_time() -> None:
    time = [0.0]
    buckets = Buckets(60, lambda: time[0])
    assert [buckets.take("a") for _ in range(61)][-1] > 0
    assert buckets.take("b") == 0
    time[0] = 1.0
    assert buckets.take("a") == 0
    assert buckets.take("a") > 0


# -- tokens and roles --------------------------------------------------------------------------------------------------------
def test_without_a_token_data_is_refused_and_a_page_leads_to_the_login(closed: TestClient) -> None:
    answer = closed.get("/events.json?type=ASSAULT")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    page = closed.get("/events?type=ASSAULT")
    assert (page.status_code, page.headers["location"]) == (303, "/login?to=%2Fevents%3Ftype%3DASSAULT")


def test_the_page_to_log_in_at_tells_nothing_of_the_store(closed: TestClient) -> None:
    assert closed.get("/login").status_code == 200


@pytest.mark.parametrize(("role", "status"), [("read", 403), ("code", 400), ("review", 400)])
def test_a_role_may_do_what_the_ones_below_it_may(path: Path, closed: TestClient, role: str, status: int) -> None:
    headers = bearer(token_of(path, role))
    assert closed.get("/index.json", headers=headers).status_code == 200
    word = identity.by_token(Keys(SECRET, {t.digest: t for t in list_tokens(desk_of(closed).store)}), headers["Authorization"][7:])
    assert word is not None
    assert closed.post("/add", data={"csrf": word.csrf}, headers=headers).status_code == status


@pytest.mark.parametrize("header", ["Bearer nonsense", "Basic amFuZTp4", "Bearer", "bearer \udcff".encode("utf-8", "surrogateescape").decode("latin-1")])
def test_a_token_that_is_not_valid_is_refused_where_none_is_needed(client: TestClient, header: str) -> None:
    assert client.get("/index.json", headers=[(b"authorization", header.encode("latin-1"))]).status_code == 401


def test_a_revoked_token_is_let_in_no_more_at_once(path: Path, closed: TestClient) -> None:
    headers = bearer(token_of(path, "read"))
    assert closed.get("/index.json", headers=headers).status_code == 200
    store = open_store(path)
    revoke_token(store, "jane", by="root")
    store.close()
    assert closed.get("/index.json", headers=headers).status_code == 401


def test_a_token_stands_nowhere_in_the_store(path: Path) -> None:
    token = token_of(path, "review")
    assert token.encode() not in b"".join(file.read_bytes() for file in path.parent.glob("store.db*"))


def test_a_name_has_one_live_token(store: Store) -> None:
    add_token(store, "jane", "read", by="root")
    with pytest.raises(SettingsError, match="already"):
        add_token(store, "jane", "review", by="root")
    revoke_token(store, "jane", by="root")
    add_token(store, "jane", "review", by="root")
    assert [token.revoked_at is None for token in list_tokens(store)].count(True) == 1
    with pytest.raises(StoreError, match="no live token"):
        revoke_token(store, "omar", by="root")


# -- sessions ----------------------------------------------------------------------------------------------------------------
def log_in(client: TestClient, token: str, to: str = "/events") -> int:
    answer = client.post("/login", data={"token": token, "to": to, "csrf": csrf_of(client)})
    return answer.status_code


def test_a_login_opens_a_session_that_does_not_hold_the_token(path: Path, closed: TestClient) -> None:
    token = token_of(path, "read")
    answer = closed.post("/login", data={"token": token, "to": "/events", "csrf": csrf_of(closed)})
    assert (answer.status_code, answer.headers["location"]) == (303, "/events")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert token.lower() not in cookie
    assert closed.get("/").status_code == 200
    assert "jane" in closed.get("/").text


def test_a_session_ends_with_its_token(path: Path, closed: TestClient) -> None:
    log_in(closed, token_of(path, "read"))
    store = open_store(path)
    revoke_token(store, "jane", by="root")
    store.close()
    assert closed.get("/").status_code == 303


def test_a_session_ends_after_its_time(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    token = token_of(path, "read")
    store = open_store(path)
    keys = Keys(SECRET, {t.digest: t for t in list_tokens(store)})
    store.close()
    session = open_session(keys, token)
    assert session is not None
    assert by_session(keys, session) is not None
    monkeypatch.setattr(identity, "SESSION_SECONDS", -1)
    assert by_session(keys, session) is None


@pytest.mark.parametrize("change", [lambda s: s[:-1] + ("A" if s[-1] != "A" else "B"), lambda s: "0" + s[1:], lambda s: "", lambda s: s.replace(".", ""), lambda s: s + "é"])
def test_a_changed_session_is_none(path: Path, change: object) -> None:
    token = token_of(path, "review")
    store = open_store(path)
    keys = Keys(SECRET, {t.digest: t for t in list_tokens(store)})
    store.close()
    session = open_session(keys, token)
    assert session is not None
    changed = change(session)  # type: ignore[operator]
    assert changed == session or by_session(keys, changed) is None


def test_logging_out_ends_the_session_in_this_browser(path: Path, closed: TestClient) -> None:
    log_in(closed, token_of(path, "read"))
    closed.post("/logout", data={"csrf": csrf_of(closed, "/")})
    assert closed.get("/").status_code == 303


def test_tries_to_log_in_are_bounded_and_logged(path: Path, closed: TestClient) -> None:
    statuses = [log_in(closed, f"detente_{n}") for n in range(12)]
    assert statuses[:10] == [401] * 10
    assert statuses[10:] == [429] * 2
    entries = list_entries(desk_of(closed).store, limit=50)
    assert [entry.action for entry in entries] == ["login refused"] * 10


def test_the_log_tells_who_logged_in(path: Path, closed: TestClient) -> None:
    log_in(closed, token_of(path, "code"))
    entries = list_entries(desk_of(closed).store, limit=50)
    assert [(entry.who, entry.action) for entry in entries] == [("jane", "login"), ("root", "token add")]


def test_an_entry_of_the_log_is_one_line(store: Store) -> None:
    from detente.store.audit import log_action

    log_action(store, who="a\nb", role="", action="x", what="y" * 5_000)
    entry = list_entries(store, limit=1)[0]
    assert entry.who == "a b"
    assert len(entry.object) == 300


# -- commands ----------------------------------------------------------------------------------------------------------------
def test_a_token_is_made_listed_and_revoked_at_the_command_line(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    at = ["--store", str(path)]
    assert main(["token", "add", "jane", "--role", "code", "--by", "root", *at]) == 0
    assert capsys.readouterr().out.startswith("detente_")
    assert main(["token", "list", *at]) == 0
    assert "jane" in capsys.readouterr().out
    assert main(["token", "revoke", "jane", "--by", "root", *at]) == 0
    assert main(["token", "list", "--json", *at]) == 0
    assert '"revoked_at"' in capsys.readouterr().out
    assert main(["audit", *at]) == 0
    assert capsys.readouterr().out.splitlines()[0].endswith("token revoke  jane")


def test_the_desk_does_not_listen_to_others_without_a_token(path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("DETENTE_HOST", "DETENTE_STORE", "DETENTE_WEB_SECRET"):
        monkeypatch.setenv(name, "")
    assert main(["serve", "--host", "0.0.0.0", "--store", str(path)]) == 2
    assert "detente token add" in capsys.readouterr().err


# -- probes ------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "probe",
    [
        "/static/../app.py",
        "/static/..%2fapp.py",
        "/static/%2e%2e/%2e%2e/web/app.py",
        "/static//etc/passwd",
        "/static/..%5c..%5capp.py",
        "/documents/..%2f..%2fetc%2fpasswd",
        "/documents/%00",
        "/documents/%ff%fe",
        "/events%0d%0aSet-Cookie:%20a=b",
        "/documents/' OR 1=1 --",
        "/documents/" + "a" * 5_000,
    ],
)
def test_a_path_that_probes_finds_nothing(client: TestClient, probe: str) -> None:
    answer = client.get(probe)
    assert answer.status_code == 404
    assert "set-cookie" not in answer.headers
    assert "import annotations" not in answer.text
    assert "root:" not in answer.text


@pytest.mark.parametrize(
    "value", ["' OR '1'='1", '"; DROP TABLE events; --', "a* OR b", 'NEAR("a b", 2)', "evidence:x", "^x", "-", '"', "{}", "%", "\\", "a" * 1_999, "\ud7ff\U0010ffff"]
)
@pytest.mark.parametrize("name", ["text", "actor", "place", "source", "origin"])
def test_a_parameter_that_probes_is_looked_for_as_it_stands(client: TestClient, name: str, value: str) -> None:
    answer = client.get("/events.json", params={name: value})
    assert answer.status_code in (200, 400)
    if answer.status_code == 200:
        assert answer.json()["total"] == 0


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE", "OPTIONS"])
def test_methods_that_no_address_takes_are_refused(client: TestClient, method: str) -> None:
    assert client.request(method, "/events").status_code == 405


def test_a_form_of_too_many_parts_is_refused(client: TestClient) -> None:
    answer = client.post("/add", data={f"field{n}": "x" for n in range(500)} | {"csrf": csrf_of(client)})
    assert answer.status_code == 400


@pytest.mark.parametrize("body", [b"--x\r\n", b"--x\r\nContent-Disposition: form-data\r\n\r\n", b"\x00" * 100, b'--x\r\nContent-Disposition: form-data; name="csrf"\r\n\r\nx'])
def test_a_broken_form_is_refused(client: TestClient, body: bytes) -> None:
    answer = client.post("/add", content=body, headers={"Content-Type": "multipart/form-data; boundary=x"})
    assert answer.status_code in (400, 403)


@pytest.mark.parametrize(
    "cookie",
    ["detente_session=x.1.y.z", "detente_session=" + "." * 50, "detente_theme=%22%3E%3Cscript%3E", "detente_notice=\\ud800\\x", "detente_seen=99999999999999999999", "=;;=="],
)
def test_a_cookie_that_probes_changes_nothing(client: TestClient, cookie: str) -> None:
    answer = client.get("/events", headers={"Cookie": cookie})
    assert answer.status_code == 200
    assert "<script>" not in answer.text
