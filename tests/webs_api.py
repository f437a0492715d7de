"""A desk that listens on a loopback port of its own, for tests of programs that ask it."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import uvicorn

from detente.web.app import make_app
from detente.web.options import Options
from detente.web.state import Desk
from webs_desk import SECRET


class Served(NamedTuple):
    """A running desk: its address, the desk, and the server."""

    address: str
    desk: Desk
    server: uvicorn.Server


@contextlib.contextmanager
def serving(path: Path | str, **options: Any) -> Iterator[Served]:
    """A store and options -> a desk that listens until the end of the block."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        guard = make_app(Options(store=str(path), port=port, secret=SECRET, **options))
        server = uvicorn.Server(uvicorn.Config(guard, http="h11", h11_max_incomplete_event_size=4_000_000, log_level="error", access_log=False, timeout_graceful_shutdown=5))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        try:
            # the socket listens already: a first request waits until the server takes it
            yield Served(f"http://127.0.0.1:{port}", guard.desk, server)
        finally:
            guard.desk.is_ending = True
            server.should_exit = True
            thread.join(timeout=20)
            assert not thread.is_alive()
