"""A web address -> the bytes behind it, or bytes sent to it. The only network access of detente; every address is checked before a connection is made to it."""

from __future__ import annotations

import contextlib
import functools
import http.client
import ipaddress
import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple
from urllib.parse import urljoin

import detente
from detente.errors import SettingsError
from detente.reading.addresses import Address, Refused, is_public, parse_url
from detente.reading.body import read_body
from detente.reading.record import Skipped
from detente.settings import read_number, read_switch, read_text

MOST_REDIRECTS = 5
CONNECT_SECONDS = 10
"""So long one network address may take to answer a connection; the whole fetch has its own limit."""
WATCH_SECONDS = 0.1
"""So often a fetch in progress is looked at: is its time over, or has the user stopped the run?"""
_REDIRECTS = frozenset([301, 302, 303, 307, 308])
_PERMANENT = frozenset([301, 308])
_ACCEPT = "text/html, application/xhtml+xml, application/rss+xml, application/atom+xml, application/xml;q=0.9, */*;q=0.5"


class Limits(NamedTuple):
    """How to fetch: bytes of a body (as sent and unpacked), seconds of a whole fetch with its redirects, how often a host is asked."""

    max_bytes: int
    timeout_seconds: int
    pause_seconds: int
    user_agent: str
    allow_private: bool = False


class Fetched(NamedTuple):
    """What a server answered. ``url`` is the address that answered at last, ``moved_to`` the one that takes the place of the asked one for good.

    ``headers`` have names in lower case. ``body`` is unpacked, and empty if the status is not a success (2xx).
    """

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    moved_to: str | None = None


def read_limits(given: Mapping[str, object] | None = None) -> Limits:
    """What the flags gave, by the names of the settings -> limits: flag, else environment, else default."""
    flags = given or {}
    agent = read_text("user_agent", flags.get("user_agent")) or f"detente/{detente.__version__}"
    if not agent.isascii() or not agent.isprintable():
        raise SettingsError(f"--user-agent: found {agent!r}; expected printable ASCII")
    return Limits(
        max_bytes=read_number("max_fetch_bytes", flags.get("max_fetch_bytes")),
        timeout_seconds=read_number("fetch_timeout_seconds", flags.get("fetch_timeout_seconds")),
        pause_seconds=read_number("host_pause_seconds", flags.get("host_pause_seconds")),
        user_agent=agent,
        allow_private=read_switch("allow_private_addresses", flags.get("allow_private_addresses")),
    )


def never() -> bool:
    """Nothing -> ``False``: a run that nobody stops."""
    return False


def allow(_: Address) -> None:
    """An address -> nothing: whoever is asked, no further check is made."""


def fetch(
    url: str,
    limits: Limits,
    headers: Mapping[str, str] | None = None,
    *,
    stopped: Callable[[], bool] = never,
    before: Callable[[Address], None] = allow,
    post: bytes | None = None,
) -> Fetched | Skipped:
    """A URL and further headers -> the answer, whatever its status, or why there is none.

    Each hop of a redirect is checked as the first address was; its name is looked up once, all its addresses must be public (unless the limits
    allow others), and the connection is made to the very address that was checked. Proxies of the environment are not used. ``stopped`` is
    asked several times a second; once it is true the fetch ends with the reason ``stopped``. ``before`` is called with the address of each hop: it may
    wait, which does not count as time of the fetch, or raise ``Refused``. With ``post`` that body is sent by POST: no redirect is followed, since what
    was meant for one address is not for another, and the body of the answer is not read.
    """
    end = time.monotonic() + limits.timeout_seconds
    moved_to, moves_for_good = None, True
    here = url
    try:
        for _ in range(MOST_REDIRECTS + 1):
            address = parse_url(here, any_port=limits.allow_private)
            began = time.monotonic()
            before(address)
            end += time.monotonic() - began
            answer = _ask(address, limits, headers or {}, end, stopped, post)
            if post is not None or answer.status not in _REDIRECTS or "location" not in answer.headers:
                return answer._replace(moved_to=moved_to)
            here = urljoin(address.url, answer.headers["location"])
            moves_for_good = moves_for_good and answer.status in _PERMANENT
            moved_to = here if moves_for_good else moved_to
    except Refused as refused:
        hop = "" if here == url else f"redirected to {here[:200]}: "
        return Skipped(url, None, refused.reason, hop + refused.message)
    return Skipped(url, None, "too-many-redirects", f"found more than {MOST_REDIRECTS} redirects; expected a page")


def refuse_status(url: str, answer: Fetched) -> Skipped | None:
    """An answer -> why it is no page, ``None`` if it is one."""
    if 200 <= answer.status < 300 and answer.status != 206:
        return None
    return Skipped(url, None, "http-status", f"found the status {answer.status} {http.client.responses.get(answer.status, '')}".rstrip() + "; expected 200")


def _ask(address: Address, limits: Limits, headers: Mapping[str, str], end: float, stopped: Callable[[], bool], post: bytes | None) -> Fetched:
    """One request to one checked address, without following redirects."""
    addresses = _resolve(address, limits, end, stopped)
    with _watched(end, stopped) as watched:
        try:
            watched.socket = _connect(address, addresses, end)
            if address.scheme == "https":
                watched.socket = _tls().wrap_socket(watched.socket, server_hostname=address.host, do_handshake_on_connect=False)
                watched.socket.do_handshake()
            connection = http.client.HTTPConnection(address.host, address.port)
            connection.sock = watched.socket  # http.client connects by itself only if it has no socket
            connection.auto_open = 0
            sent = {"User-Agent": limits.user_agent, "Accept": _ACCEPT, "Accept-Encoding": "gzip", "Connection": "close", **headers, "Host": address.authority}
            connection.request("GET" if post is None else "POST", address.target, body=post, headers=sent)
            with contextlib.closing(connection.getresponse()) as response:
                return _read_answer(address.url, response, limits.max_bytes if post is None else None, watched.check)
        except ssl.SSLCertVerificationError as error:
            raise Refused("bad-certificate", f"found a certificate that does not hold for {address.host} ({error.verify_message}); expected a valid one") from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            watched.check()
            if isinstance(error, TimeoutError):
                raise Refused("timeout", "found no answer in time; expected one") from None
            if isinstance(error, http.client.HTTPException | ValueError):
                raise Refused("bad-response", f"found no valid HTTP answer ({type(error).__name__}); expected one") from None
            raise Refused("no-connection", f"cannot be reached ({error.strerror or type(error).__name__}); expected a server that answers") from None


class _Watched:
    """A fetch in progress: its socket, and why it was ended from outside, if it was."""

    def __init__(self) -> None:
        self.socket: socket.socket | None = None
        self.ended: Refused | None = None

    def check(self) -> None:
        """Raise the reason for which the fetch was ended, if it was."""
        if self.ended is not None:
            raise self.ended


@contextlib.contextmanager
def _watched(end: float, stopped: Callable[[], bool]) -> Iterator[_Watched]:
    """A fetch that is ended when its time is over, however slowly the server drips, or when the run is stopped."""
    watched, done = _Watched(), threading.Event()

    def watch() -> None:
        while not done.wait(WATCH_SECONDS):
            watched.ended = watched.ended or _why_end(end, stopped)
            if watched.ended is not None and watched.socket is not None:
                with contextlib.suppress(OSError):
                    socket.socket.shutdown(watched.socket, socket.SHUT_RDWR)  # that of TLS would first change the object that is being read

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield watched
    finally:
        done.set()
        watcher.join()
        if watched.socket is not None:
            watched.socket.close()


def _why_end(end: float, stopped: Callable[[], bool]) -> Refused | None:
    if stopped():
        return Refused("stopped", "the run was stopped")
    return Refused("timeout", "found an answer that does not end in time; expected it whole") if time.monotonic() > end else None


def _resolve(address: Address, limits: Limits, end: float, stopped: Callable[[], bool]) -> list[str]:
    """A host -> its network addresses, each checked. The system's resolver knows no time limit, so that it is asked in a thread which may be left behind."""
    answers: queue.SimpleQueue[list[str] | OSError] = queue.SimpleQueue()

    def look_up() -> None:
        try:
            found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
            answers.put(list(dict.fromkeys(str(entry[4][0]) for entry in found)))
        except (OSError, UnicodeError) as error:
            answers.put(error if isinstance(error, OSError) else OSError(str(error)))

    threading.Thread(target=look_up, daemon=True).start()
    while True:
        try:
            found = answers.get(timeout=WATCH_SECONDS)
            break
        except queue.Empty:
            if (why := _why_end(end, stopped)) is not None:
                raise why from None
    if isinstance(found, OSError) or not found:
        raise Refused("no-host", f"found no network address of {address.host}; expected a host that the name service knows")
    hidden = [text for text in found if not is_public(ipaddress.ip_address(text))]
    if hidden and not limits.allow_private:
        raise Refused("private-address", f"found {address.host}, which is {hidden[0]}; expected a host of the public internet only (--allow-private-addresses opens others)")
    return found


def _connect(address: Address, addresses: list[str], end: float) -> socket.socket:
    """Checked network addresses -> a connection to the first one that answers."""
    last: OSError = TimeoutError()
    for ip in addresses:
        left = end - time.monotonic()
        if left <= 0:
            break
        try:
            connected = _dial(ip, address.port, min(CONNECT_SECONDS, left))
        except OSError as error:
            last = error
            continue
        connected.settimeout(max(end - time.monotonic(), WATCH_SECONDS))
        return connected
    raise last


def _dial(ip: str, port: int, timeout_seconds: float) -> socket.socket:
    """A network address, never a name -> a connection to it."""
    dialled = socket.socket(socket.AF_INET6 if ":" in ip else socket.AF_INET, socket.SOCK_STREAM)
    try:
        dialled.settimeout(timeout_seconds)
        dialled.connect((ip, port))
    except BaseException:
        dialled.close()
        raise
    return dialled


@functools.cache
def _tls() -> ssl.SSLContext:
    """The system's trusted certificates and those of certifi: some systems come with none."""
    import certifi

    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


def _read_answer(url: str, response: http.client.HTTPResponse, max_bytes: int | None, check: Callable[[], None]) -> Fetched:
    """A response -> the answer; its body is left unread if ``max_bytes`` is ``None``."""
    headers: dict[str, str] = {}
    for name, value in response.getheaders():
        headers.setdefault(name.lower(), value.encode("latin-1", "replace").decode("utf-8", "replace"))
    body = b"" if max_bytes is None or not 200 <= response.status < 300 else read_body(response, max_bytes, headers.get("content-encoding", ""), check)
    return Fetched(url, response.status, headers, body)
