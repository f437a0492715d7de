"""Logging in with a token, logging out, and the choice of light or dark."""

from __future__ import annotations

from urllib.parse import urlsplit

import anyio
import msgspec
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from detente.store.audit import log_action
from detente.web.dispatch import THEME_COOKIE, THEMES, check_form_word, chrome_of, is_own, read_form
from detente.web.identity import SESSION_COOKIE, SESSION_SECONDS, by_session, open_session
from detente.web.refusals import refuse
from detente.web.rendering import render
from detente.web.state import Desk

YEAR_SECONDS = 365 * 24 * 3600


class LoginRecord(msgspec.Struct, frozen=True):
    """The page to log in at. ``to``: where the reader wanted to go; ``message``: why the last try failed."""

    to: str
    message: str = ""


async def show_login(request: Request) -> Response:
    """The page to log in at."""
    return _login_page(request, LoginRecord(own_path(request.query_params.get("to", "/"))), 200)


async def log_in(request: Request) -> Response:
    """A token -> a session, and on to where the reader wanted to go. A wrong one is told no more than that, and not often a minute."""
    desk: Desk = request.app.state.desk
    fields, _ = await read_form(request)
    check_form_word(request.state.who, "".join(fields.get("csrf", [""])[:1]))
    to = own_path("".join(fields.get("to", ["/"])[:1]))
    caller = request.client.host if request.client else "?"
    if wait := desk.logins.take(caller):
        raise refuse(429, "login: found too many tries; expected fewer; wait a minute", headers={"Retry-After": str(int(wait) + 1)})
    session = open_session(desk.keys, "".join(fields.get("token", [""])[:1]).strip())
    who = by_session(desk.keys, session) if session else None
    if session is None or who is None:
        await anyio.to_thread.run_sync(lambda: log_action(desk.store, who="nobody", role="", action="login refused", what=caller), limiter=desk.limiter)
        return _login_page(request, LoginRecord(to, "This token is not valid."), 401)
    await anyio.to_thread.run_sync(lambda: log_action(desk.store, who=who.name, role=who.role or "", action="login", what=caller), limiter=desk.limiter)
    answer = RedirectResponse(to, status_code=303)
    answer.set_cookie(SESSION_COOKIE, session, max_age=SESSION_SECONDS, httponly=True, samesite="strict", secure=request.url.scheme == "https")
    return answer


async def log_out(request: Request) -> Response:
    """The session's cookie is taken away."""
    fields, _ = await read_form(request)
    check_form_word(request.state.who, "".join(fields.get("csrf", [""])[:1]))
    answer = RedirectResponse("/login", status_code=303)
    answer.delete_cookie(SESSION_COOKIE)
    return answer


async def choose_theme(request: Request) -> Response:
    """Light, dark, or what the browser wants -> a cookie, and back to the page."""
    fields, _ = await read_form(request)
    theme = "".join(fields.get("theme", [""])[:1])
    answer = RedirectResponse(own_path("".join(fields.get("to", ["/"])[:1])), status_code=303)
    if theme in THEMES:
        answer.set_cookie(THEME_COOKIE, theme, max_age=YEAR_SECONDS, samesite="lax", httponly=True)
    else:
        answer.delete_cookie(THEME_COOKIE)
    return answer


def own_path(text: str) -> str:
    """Where somebody wants to go -> the same if it is on this desk, else its first page."""
    return text if is_own(text) and not urlsplit(text).netloc and len(text) < 4_000 else "/"


def _login_page(request: Request, record: LoginRecord, status: int) -> Response:
    page = render("login.html", record, chrome_of(request, "Log in"), {})
    return Response(page, status_code=status, headers={"Cache-Control": "no-store"}, media_type="text/html; charset=utf-8")


OTHERS = (
    Route("/login", show_login, methods=["GET"]),
    Route("/login", log_in, methods=["POST"]),
    Route("/logout", log_out, methods=["POST"]),
    Route("/theme", choose_theme, methods=["POST"]),
)
