"""A web server on loopback that a test starts and scripts, and a clock that only the test moves."""

from __future__ import annotations

import contextlib
import http.server
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from detente.reading.fetch import Limits
from detente.reading.web import Web, make_web

OPEN = Limits(max_bytes=200_000, timeout_seconds=5, pause_seconds=0, user_agent="detente/test", allow_private=True)
CLOSED = OPEN._replace(allow_private=False)
Answer = tuple[int, Mapping[str, str], bytes]
Page = Answer | bytes | str | Callable[[Any], Answer | None]
"""A page of a site: its body, or status, headers and body, or a function of the request handler (``None``: it has written by itself)."""


class Site:
    """What a server answers, by path, and the requests that it got: (path, headers with names in lower case), and (headers, body) of those by POST."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.pages: dict[str, Page] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.posted: list[tuple[dict[str, str], bytes]] = []

    @property
    def paths(self) -> list[str]:
        """The paths that were asked for, robots.txt left out."""
        return [path for path, _ in self.asked if path != "/robots.txt"]

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])


@contextlib.contextmanager
def serving() -> Iterator[Site]:
    """A server on 127.0.0.1 with a site that is empty at first."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
            page = site.pages.get(self.path, (404, {}, b""))
            with contextlib.suppress(ConnectionError):  # a client that leaves early is part of the tests
                answer = page(self) if callable(page) else page
                if answer is not None:
                    self.send(answer)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            site.posted.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.do_GET()

        def send(self, answer: Answer | bytes | str) -> None:
            body = answer.encode() if isinstance(answer, str) else answer
            status, headers, data = (200, {"Content-Type": "text/html"}, body) if isinstance(body, bytes) else body
            self.send_response(status)
            for name, value in {"Content-Length": str(len(data)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    server.daemon_threads = True
    server.block_on_close = False
    site = Site(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.01))
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Clock:
    """A clock in seconds that goes on only when somebody waits."""

    def __init__(self) -> None:
        self.seconds = 1000.0
        self.waits: list[float] = []
        self.stopped = False

    def __call__(self) -> float:
        return self.seconds

    def wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.seconds += seconds


def web_of(clock: Clock, limits: Limits = OPEN) -> Web:
    """A clock -> a web that goes by it."""
    return make_web(limits, clock=clock, wait=clock.wait, stopped=lambda: clock.stopped)


def page(title: str, body: str) -> str:
    """A title and a text -> a page as papers have it."""
    paragraphs = "".join(f"<p>{p}</p>" for p in body.split("\n\n"))
    return f"<html><head><title>{title}</title></head><body><nav><a href='/'>Home</a></nav><article><h1>{title}</h1>{paragraphs}</article></body></html>"


def rss(*items: Mapping[str, str], title: str = "Test Wire") -> str:
    """Items, each with its elements -> an RSS feed."""
    inner = "".join("<item>" + "".join(f"<{name}>{value}</{name}>" for name, value in item.items()) + "</item>" for item in items)
    return f"<?xml version='1.0' encoding='utf-8'?><rss version='2.0'><channel><title>{title}</title>{inner}</channel></rss>"
