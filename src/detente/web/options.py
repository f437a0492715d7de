"""What the desk is told before it starts: the settings, read once, for each process the same."""

from __future__ import annotations

import ipaddress
import os
from typing import NamedTuple

from detente.settings import read_number, read_switch, read_text

PROCESSES = "DETENTE_DESK_PROCESSES"
"""By this variable the command tells its processes how many they are."""
LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]", "::1")


class Options(NamedTuple):
    """The settings of the desk; their units are those of ``settings.SETTINGS``. ``secret`` signs sessions and forms; ``with_style``: the page of components too;
    ``processes``: that answer, among which the limits of requests and logins are divided."""

    store: str
    host: str = "127.0.0.1"
    port: int = 8765
    names: tuple[str, ...] = ()
    is_open: bool = True
    max_upload_bytes: int = 5_000_000
    upload_reports: int = 20
    request_seconds: int = 30
    token_requests: int = 600
    cache_bytes: int = 64_000_000
    secret: bytes = b""
    with_style: bool = False
    processes: int = 1


def read_options(secret: bytes) -> Options:
    """The key that signs -> the settings of the environment as options."""
    host = read_text("host") or "127.0.0.1"
    return Options(
        store=read_text("store") or "",
        host=host,
        port=read_number("port"),
        names=tuple(name.strip().lower() for name in (read_text("host_names") or "").split(",") if name.strip()),
        is_open=is_loopback(host) and not read_switch("require_token"),
        max_upload_bytes=read_number("max_upload_bytes"),
        upload_reports=read_number("upload_reports"),
        request_seconds=read_number("request_seconds"),
        token_requests=read_number("token_requests"),
        cache_bytes=read_number("cache_bytes"),
        secret=secret,
        with_style=read_switch("style_page"),
        processes=int(os.environ.get(PROCESSES, "1")),
    )


def is_loopback(host: str) -> bool:
    """A host to listen on -> whether only this machine can reach it."""
    if host.lower() in LOOPBACK_NAMES:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
