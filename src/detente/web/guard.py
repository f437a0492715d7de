"""Before a request reaches a page: is it for this host, is it small enough, who asks, from which page, how often. After: headers that bind the browser."""

from __future__ import annotations

import ipaddress
from collections.abc import MutableMapping
from typing import Any
from urllib.parse import urlsplit

from fastapi import FastAPI
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request, cookie_parser
from starlette.types import Message, Receive, Scope, Send

from detente.errors import DetenteError
from detente.web.dispatch import answer_refusal
from detente.web.identity import SESSION_COOKIE, Who, by_session, by_token, local_user, nobody
from detente.web.options import LOOPBACK_NAMES, Options, is_loopback
from detente.web.refusals import RefusedError, refusal_of, refuse
from detente.web.state import Desk

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; manifest-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
"""Nothing from elsewhere, nothing inline."""
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "X-Frame-Options": "DENY",
}
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
MOST_TARGET = 16_000
"""Characters of an address with its parameters."""


class Guard:
    """The application with its guard around it, outside of all else, so that no answer is without its headers. Plain ASGI: it must cost next to nothing."""

    def __init__(self, app: FastAPI, desk: Desk) -> None:
        self.app = app
        self.desk = desk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        scope["app"] = self.app
        scope.setdefault("state", {})["who"] = nobody(self.desk.options.secret)
        sender = _with_headers(send)
        try:
            check_host(headers.get("host", ""), self.desk.options)
            _check_length(scope, headers, self.desk.options)
            self.desk.look()
            who = identify(self.desk, headers)
            scope["state"]["who"] = who
            check_origin(scope["method"], headers)
            _check_rate(self.desk, who)
        except (RefusedError, DetenteError) as error:
            refusal = error if isinstance(error, RefusedError) else refusal_of(error)
            await (await answer_refusal(Request(scope, receive), refusal))(scope, receive, sender)
            return
        await self.app(scope, _bounded(receive, self.desk.options.max_upload_bytes), sender)


def check_host(given: str, options: Options) -> None:
    """The Host header -> refused if it names another host than ours: a page elsewhere may have had its name lead here (DNS rebinding).

    Names of this machine, the host that we listen on, and those of the settings are ours. A bare IP address cannot be rebound.
    """
    name = host_name(given)
    if name in LOOPBACK_NAMES or name in options.names or (name and name == options.host.lower()):
        return
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        raise refuse(421, f"host: found {given[:80]!r}; expected a name of this desk; DETENTE_HOST_NAMES lists further ones", code="wrong-host") from None
    if options.host in ("0.0.0.0", "::", "") or name.strip("[]") == options.host.strip("[]") or not is_loopback(options.host):  # noqa: S104 - compared, not bound
        return
    raise refuse(421, f"host: found {given[:80]!r}; expected a name of this machine", code="wrong-host")


def host_name(given: str) -> str:
    """A Host header -> its name without port, in small letters."""
    name = given.strip().lower()
    if name.startswith("["):
        return name.partition("]")[0] + "]"
    return name.partition(":")[0]


def identify(desk: Desk, headers: Headers) -> Who:
    """The headers of a request -> who asks. A token that is given and not live is refused, whoever may come in without."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme:
        found = by_token(desk.keys, token.strip()) if scheme.lower() == "bearer" else None
        if found is None:
            raise refuse(401, "token: found one that is not valid; expected a live one, as detente token list shows them", headers={"WWW-Authenticate": "Bearer"})
        return found
    session = cookie_parser(headers.get("cookie", "")).get(SESSION_COOKIE)
    if session and (who := by_session(desk.keys, session)):
        return who
    return local_user(desk.options.secret, desk.local_name) if desk.options.is_open else nobody(desk.options.secret)


def check_origin(method: str, headers: Headers) -> None:
    """A request that changes something -> refused if a browser says that a page of another origin sent it. Programs send neither header."""
    if method in SAFE_METHODS:
        return
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    wrong = (site is not None and site not in ("same-origin", "none")) or (origin is not None and urlsplit(origin).netloc.lower() != headers.get("host", "").strip().lower())
    if wrong:
        raise refuse(403, f"origin: found {(origin or site or '')[:80]!r}; expected a page of this desk", code="origin")


def _check_length(scope: Scope, headers: Headers, options: Options) -> None:
    if len(scope.get("raw_path") or b"") + len(scope["query_string"]) > MOST_TARGET:
        raise refuse(414, f"address: found more than {MOST_TARGET:,} characters; expected fewer", code="too-long")
    length = headers.get("content-length", "0")
    if not length.isdecimal() or len(length) > 15 or int(length) > options.max_upload_bytes:
        raise refuse(413, too_large(options.max_upload_bytes), headers={"Connection": "close"})


def too_large(most: int) -> str:
    """The limit of an upload -> how it is refused."""
    return f"body: found more than {most:,} bytes; expected fewer; detente add takes files of any size"


def _check_rate(desk: Desk, who: Who) -> None:
    if who.key.startswith(("token ", "session ")) and (wait := desk.requests.take(who.name)):
        raise refuse(429, f"requests: found more than {desk.requests.per_minute} a minute; expected fewer", headers={"Retry-After": str(int(wait) + 1)})


def _bounded(receive: Receive, most: int) -> Receive:
    """The body as it comes -> the same, refused as soon as it is longer than allowed, whatever its length was said to be."""
    seen = 0

    async def bounded() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > most:
            raise refuse(413, too_large(most), headers={"Connection": "close"})
        return message

    return bounded


def _with_headers(send: Send) -> Send:
    async def sender(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return sender
