"""Fetching: what is refused, wherever a name, a redirect or a server would lead; limits on size and time."""

from __future__ import annotations

import gzip
import shutil
import socket
import ssl
import subprocess
import threading
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from detente.reading import fetch as fetching
from detente.reading.fetch import Fetched, Limits, fetch, read_limits, refuse_status
from detente.reading.record import Skipped
from webs import CLOSED, OPEN, Site, serving


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as started:
        yield started


def reason(url: str, limits: Limits = OPEN, **options: Any) -> str:
    answer = fetch(url, limits, **options)
    assert isinstance(answer, Skipped), answer
    assert answer.path == url
    return answer.reason


def answer(url: str, limits: Limits = OPEN, **options: Any) -> Fetched:
    found = fetch(url, limits, **options)
    assert isinstance(found, Fetched), found
    return found


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """Host -> the network addresses that the name service gives for it in this test; each look-up takes the next one of a list of lists."""
    known: dict[str, list[str]] = {}

    def look_up(host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        if host not in known:
            raise socket.gaierror(-2, "unknown")
        return [(0, 0, 0, "", (ip, port)) for ip in known[host]]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return known


# -- what is asked and answered -------------------------------------------------------------------------------------------
def test_a_page_comes_with_its_headers_and_names_us(site: Site) -> None:
    site.pages["/a?b=1"] = (200, {"Content-Type": "text/plain", "ETag": '"x"'}, b"hello")
    found = answer(f"{site.url}/a?b=1#part", headers={"If-None-Match": '"y"'})
    assert (found.status, found.body, found.headers["etag"], found.url) == (200, b"hello", '"x"', f"{site.url}/a?b=1")
    [(_, headers)] = site.asked
    assert headers["user-agent"] == "detente/test"
    assert headers["host"] == f"127.0.0.1:{site.port}"
    assert headers["if-none-match"] == '"y"'


def test_a_proxy_of_the_environment_is_not_used(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9/")
    site.pages["/"] = b"direct"
    assert answer(site.url).body == b"direct"


def test_a_status_that_is_no_success_is_told_and_has_no_body(site: Site) -> None:
    site.pages["/"] = (503, {"Retry-After": "5"}, b"busy")
    found = answer(site.url)
    assert (found.status, found.body, found.headers["retry-after"]) == (503, b"", "5")
    refused = refuse_status(site.url, found)
    assert refused is not None and refused.message == "found the status 503 Service Unavailable; expected 200"


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_a_packed_page_is_unpacked(site: Site, encoding: str) -> None:
    packed = gzip.compress(b"hello" * 100) if encoding == "gzip" else zlib.compress(b"hello" * 100)
    site.pages["/"] = (200, {"Content-Encoding": encoding}, packed)
    assert answer(site.url).body == b"hello" * 100


# -- where it may lead ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "localhost.", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "169.254.169.254", "[64:ff9b::7f00:1]", "①②⑦.0.0.1"])
def test_a_host_of_this_machine_or_network_is_refused(host: str) -> None:
    assert reason(f"http://{host}/", CLOSED) == "private-address"


def test_a_name_that_means_this_machine_is_refused(site: Site, names: dict[str, list[str]]) -> None:
    names["innocent.example"] = ["127.0.0.1"]
    assert reason("http://innocent.example/", CLOSED) == "private-address"
    assert not site.asked


def test_a_name_with_one_private_address_among_public_ones_is_refused(names: dict[str, list[str]]) -> None:
    names["mixed.example"] = ["93.184.216.34", "10.0.0.7"]
    assert reason("http://mixed.example/", CLOSED) == "private-address"


def test_the_connection_goes_to_the_address_that_was_checked_and_the_name_is_looked_up_once(site: Site, names: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    names["rebinding.example"] = ["93.184.216.34"]
    asked: list[Any] = []

    def dial(ip: str, port: int, _: float) -> socket.socket:
        asked.append((ip, port))
        names["rebinding.example"] = ["127.0.0.1"]
        raise ConnectionRefusedError

    monkeypatch.setattr(fetching, "_dial", dial)
    assert reason("http://rebinding.example/", CLOSED) == "no-connection"
    assert asked == [("93.184.216.34", 80)]


@pytest.mark.parametrize(
    ("goal", "expected"),
    [
        ("http://127.0.0.1:8080/", "private-address"),
        ("http://169.254.169.254/latest/meta-data/", "private-address"),
        ("http://inner.example/", "private-address"),
        ("//inner.example/", "private-address"),
        ("file:///etc/passwd", "bad-scheme"),
        ("ftp://example.org/", "bad-scheme"),
        ("http://u:p@example.org/", "bad-url"),
        ("http://example.org:25/", "bad-port"),
        ("http://0x7f000001/", "bad-url"),
    ],
)
def test_a_redirect_is_checked_as_the_first_address_was(site: Site, names: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch, goal: str, expected: str) -> None:
    names |= {"outer.example": ["93.184.216.34"], "inner.example": ["192.168.0.1"], "127.0.0.1": ["127.0.0.1"], "169.254.169.254": ["169.254.169.254"]}
    site.pages["/"] = (302, {"Location": goal}, b"")
    dial = fetching._dial
    monkeypatch.setattr(fetching, "_dial", lambda ip, _, timeout: dial("127.0.0.1", site.port, timeout) if ip == "93.184.216.34" else pytest.fail(f"connected to {ip}"))
    assert reason("http://outer.example/", CLOSED) == expected
    assert len(site.asked) == 1


def test_a_permanent_redirect_is_told_and_a_passing_one_is_not(site: Site) -> None:
    site.pages |= {"/old": (301, {"Location": "/new"}, b""), "/new": b"here", "/seldom": (302, {"Location": "/old"}, b""), "/half": (308, {"Location": "/seldom"}, b"")}
    assert answer(f"{site.url}/old").moved_to == f"{site.url}/new"
    assert answer(f"{site.url}/seldom").moved_to is None
    assert answer(f"{site.url}/half").moved_to == f"{site.url}/seldom"
    assert answer(f"{site.url}/half").url == f"{site.url}/new"


def test_a_circle_of_redirects_ends(site: Site) -> None:
    site.pages["/"] = (302, {"Location": "/"}, b"")
    assert reason(site.url + "/") == "too-many-redirects"
    assert len(site.asked) == fetching.MOST_REDIRECTS + 1


def test_a_host_that_nobody_knows_is_told(names: dict[str, list[str]]) -> None:
    assert reason("http://nowhere.example/") == "no-host"


def test_a_server_that_is_down_is_told() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert reason(f"http://127.0.0.1:{port}/") == "no-connection"


# -- how much, and how long -----------------------------------------------------------------------------------------------
def test_a_body_over_the_limit_is_refused_announced_or_not(site: Site) -> None:
    site.pages["/announced"] = b"x" * (OPEN.max_bytes + 1)

    def drip(handler: Any) -> None:
        handler.send_response(200)
        handler.end_headers()
        for _ in range(100):
            handler.wfile.write(b"x" * 10_000)

    site.pages["/not"] = drip
    assert reason(f"{site.url}/announced") == "too-long"
    assert reason(f"{site.url}/not") == "too-long"
    site.pages["/just"] = b"x" * OPEN.max_bytes
    assert len(answer(f"{site.url}/just").body) == OPEN.max_bytes


def test_a_gzip_bomb_does_not_go_off(site: Site) -> None:
    import tracemalloc

    bomb = gzip.compress(b"\0" * 50_000_000, compresslevel=9)
    assert len(bomb) < OPEN.max_bytes
    site.pages["/"] = (200, {"Content-Encoding": "gzip"}, bomb)
    tracemalloc.start()
    assert reason(site.url) == "too-long"
    assert tracemalloc.get_traced_memory()[1] < 5_000_000
    tracemalloc.stop()


@pytest.mark.parametrize("headers", [{"Content-Encoding": "br"}, {"Content-Encoding": "gzip, gzip"}, {"Content-Encoding": "gzip"}])
def test_a_body_that_cannot_be_unpacked_is_refused(site: Site, headers: dict[str, str]) -> None:
    site.pages["/"] = (200, headers, b"no gzip")
    assert reason(site.url) == "bad-response"


def test_a_body_that_breaks_off_is_not_taken_for_a_whole_one(site: Site) -> None:
    site.pages["/"] = (200, {"Content-Length": "100"}, b"half")
    site.pages["/packed"] = (200, {"Content-Encoding": "gzip"}, gzip.compress(b"hello" * 50)[:-12])
    site.pages["/chunks"] = lambda handler: handler.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n5\r\nwo")
    for path in ("/", "/packed", "/chunks"):
        assert reason(f"{site.url}{path}") == "bad-response", path


@pytest.mark.parametrize("answered", [b"", b"SSH-2.0-OpenSSH_9\r\n", b"HTTP/1.1 abc\r\n\r\n", b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200 + b"\r\n"])
def test_what_is_no_http_is_refused(site: Site, answered: bytes) -> None:
    site.pages["/"] = lambda handler: handler.wfile.write(answered)
    assert reason(site.url) in ("bad-response", "no-connection")


@pytest.mark.parametrize("start", [b"", b"HTTP/1.1 200 OK\r\nX-Slow: ", b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"])
def test_a_server_that_drips_is_left_when_the_time_is_over(site: Site, start: bytes) -> None:
    left = threading.Event()

    def drip(handler: Any) -> None:
        handler.wfile.write(start)
        while not left.wait(0.02):
            if start:
                handler.wfile.write(b"x")

    site.pages["/"] = drip
    started = time.monotonic()
    assert reason(site.url, OPEN._replace(timeout_seconds=1)) == "timeout"
    left.set()
    assert time.monotonic() - started < 8


def test_a_fetch_ends_when_the_run_is_stopped(site: Site) -> None:
    came, left = threading.Event(), threading.Event()

    def hang(handler: Any) -> None:
        came.set()
        left.wait(10)

    site.pages["/"] = hang
    started = time.monotonic()
    assert reason(site.url, OPEN._replace(timeout_seconds=60), stopped=came.is_set) == "stopped"
    left.set()
    assert time.monotonic() - started < 8


def test_a_name_service_that_hangs_is_left_when_the_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    left = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: left.wait(10) and [])
    assert reason("http://slow.example/", OPEN._replace(timeout_seconds=1)) == "timeout"
    left.set()


# -- TLS ------------------------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    if shutil.which("openssl") is None:
        pytest.skip("found no openssl to make a certificate with")
    folder = tmp_path_factory.mktemp("tls")
    key, cert = folder / "key.pem", folder / "cert.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert, "-days", "2", "-subj", "/CN=wire.example"]
    subprocess.run([*command, "-addext", "subjectAltName=DNS:wire.example"], check=True, capture_output=True)
    return key, cert


@pytest.fixture
def tls_port(certificate: tuple[Path, Path]) -> Iterator[int]:
    """A server that answers each connection by TLS with the name that it was called by (SNI)."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate[1], certificate[0])
    called: list[str | None] = []
    context.sni_callback = lambda _, name, __: called.append(name)
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                plain, _ = listening.accept()
            except OSError:
                return
            plain.settimeout(5)
            try:
                with context.wrap_socket(plain, server_side=True) as secure:
                    secure.recv(65536)
                    body = str(called[-1]).encode()
                    secure.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
            except OSError:
                plain.close()

    thread = threading.Thread(target=serve)
    thread.start()
    yield int(listening.getsockname()[1])
    listening.shutdown(socket.SHUT_RDWR)
    listening.close()
    thread.join()


def test_a_certificate_is_checked_against_the_name_though_the_connection_is_made_by_address(
    tls_port: int, certificate: tuple[Path, Path], names: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    names |= {"wire.example": ["127.0.0.1"], "other.example": ["127.0.0.1"]}
    assert reason(f"https://wire.example:{tls_port}/") == "bad-certificate"  # nobody vouches for it
    trusting = ssl.create_default_context(cafile=str(certificate[1]))
    monkeypatch.setattr(fetching, "_tls", lambda: trusting)
    assert answer(f"https://wire.example:{tls_port}/").body == b"wire.example"
    assert reason(f"https://other.example:{tls_port}/") == "bad-certificate"


def test_the_settings_make_the_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DETENTE_ALLOW_PRIVATE_ADDRESSES", "DETENTE_USER_AGENT", "DETENTE_MAX_FETCH_BYTES"):
        monkeypatch.delenv(name, raising=False)
    assert not read_limits().allow_private
    assert read_limits().user_agent.startswith("detente/0.")
    monkeypatch.setenv("DETENTE_ALLOW_PRIVATE_ADDRESSES", "1")
    assert read_limits().allow_private
    assert not read_limits({"allow_private_addresses": "0", "max_fetch_bytes": "7"}).allow_private
    monkeypatch.setenv("DETENTE_ALLOW_PRIVATE_ADDRESSES", "2")
    from detente.errors import SettingsError

    with pytest.raises(SettingsError, match="expected 0 or 1"):
        read_limits()
    with pytest.raises(SettingsError, match="printable ASCII"):
        read_limits({"allow_private_addresses": 0, "user_agent": "a\r\nHost: b"})


# -- sending ----------------------------------------------------------------------------------------------------------------
def test_a_body_is_sent_by_post_with_its_headers(site: Site) -> None:
    site.pages["/hook"] = (204, {}, b"")
    assert answer(f"{site.url}/hook", headers={"Content-Type": "application/json"}, post=b'{"a": 1}').status == 204
    [(headers, body)] = site.posted
    assert (headers["content-type"], headers["content-length"], body) == ("application/json", "8", b'{"a": 1}')


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_what_is_sent_to_one_address_is_not_sent_to_another(site: Site, status: int) -> None:
    site.pages |= {"/hook": (status, {"Location": "/other"}, b""), "/other": b""}
    assert answer(f"{site.url}/hook", post=b"{}").status == status
    assert site.paths == ["/hook"]


def test_the_body_of_an_answer_to_a_post_is_not_read(site: Site) -> None:
    site.pages["/hook"] = b"x" * 1_000_000
    assert answer(f"{site.url}/hook", OPEN._replace(max_bytes=10), post=b"{}").body == b""


def test_nothing_is_sent_to_a_private_address() -> None:
    assert reason("http://localhost:8080/hook", CLOSED, post=b"{}") == "private-address"
