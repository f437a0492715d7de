"""From a request to an answer: the one way for pages, their twins, their charts and forms. A page cannot be without a twin, an action not without a log entry."""

from __future__ import annotations

import datetime
import gzip
import hashlib
import hmac
import re
import sqlite3
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

import anyio
import anyio.from_thread
import msgspec
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from detente.errors import DetenteError, InputError
from detente.store.audit import log_action
from detente.store.tokens import Role, allows
from detente.web.asked import Asked
from detente.web.cache import Kept
from detente.web.identity import Who
from detente.web.limits import is_late, set_deadline
from detente.web.refusals import TITLES, Fault, Problem, RefusedError, make_fault, refusal_of, refuse
from detente.web.rendering import Chrome, clean, part, render
from detente.web.routing import Action, Chart, Done, File, Page, Posted, Shown
from detente.web.state import Desk

if TYPE_CHECKING:
    from altair.typing import ChartType

NOTICE_COOKIE, THEME_COOKIE = "detente_notice", "detente_theme"
SEEN_COOKIE = "detente_seen"
"""The version of the store after the reader's own last change: no older page is shown to them, whichever process answers."""
THEMES = ("light", "dark")
WAITING_SECONDS = 120
"""So long a request waits for its turn, where others keep all threads busy, before it is told to come back."""
GZIP_FROM = 600
"""Shorter bodies are not packed."""
GZIP_LEVEL = 5
MOST_FIELDS, MOST_FILES = 100, 5
MENDABLE = (400, 409, 503)
"""Refusals of a form that its reader can mend on its page: wrong values, what has changed meanwhile, and what must wait; what was typed is not lost."""
STATE_END = "~"
"""Between the state of what is shown and the digest of the answer, in the tag of an answer that has both."""
_JSON = "application/json"


class Body(NamedTuple):
    """An answer that can be given again: as it is, and packed."""

    content: bytes
    packed: bytes | None
    media_type: str
    etag: str


# -- routes ------------------------------------------------------------------------------------------------------------------
def page_routes(page: Page) -> list[Route]:
    """A page -> its addresses: those of its charts and its twin before its own, which may end in a parameter that would take them in."""
    path = "/index" if page.path == "/" else page.path
    charts = [Route(f"{path}/{name}.svg", _chart_endpoint(page, name, chart), methods=["GET"]) for name, chart in page.charts.items()]
    return [*charts, Route(f"{path}.json", _endpoint(page, as_data=True), methods=["GET"]), Route(page.path, _endpoint(page, as_data=False), methods=["GET"])]


def action_route(action: Action, pages: Sequence[Page] = ()) -> Route:
    """An action, and the pages of which one may have its form -> its address."""
    page = next((page for page in pages if page.path == action.on), None)

    async def endpoint(request: Request) -> Response:
        return await _act(request, action, page)

    return Route(action.path, endpoint, methods=["POST"])


# -- pages -------------------------------------------------------------------------------------------------------------------
def _endpoint(page: Page, *, as_data: bool) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        need_role(request, page.role)
        also = await anyio.to_thread.run_sync(page.also) if page.also else None
        if as_data:
            return await kept_answer(request, page.is_kept, ("data", also), lambda: _encode(_make_record(request, page), request), may_lag=page.may_lag)
        theme, notice = theme_of(request), request.cookies.get(NOTICE_COOKIE, "")
        who: Who = request.state.who
        variant = ("page", theme, who.name, who.role, who.key, also)
        answer = await kept_answer(request, page.is_kept and not notice, variant, lambda: _show(request, page, theme, notice), may_lag=page.may_lag)
        if notice:
            answer.delete_cookie(NOTICE_COOKIE)
        return answer

    return endpoint


def _chart_endpoint(page: Page, name: str, chart: Chart) -> Callable[[Request], Awaitable[Response]]:
    def draw(request: Request) -> Body:
        asked = make_asked(request)
        drawn = chart(asked)
        check_read(asked)
        if drawn is None:
            raise refuse(404, f"{name}: found too little to draw; expected more events")
        return make_body(_as_clean_svg(drawn, name).encode(), "image/svg+xml")

    async def endpoint(request: Request) -> Response:
        need_role(request, page.role)
        return await kept_answer(request, page.is_kept, "chart", lambda: draw(request))

    return endpoint


def make_asked(request: Request) -> Asked:
    """A request -> what its page is asked."""
    desk: Desk = request.app.state.desk
    given: dict[str, list[str]] = {}
    for name, value in request.query_params.multi_items():
        given.setdefault(name, []).append(value)
    return Asked(desk.store, desk.options, request.path_params, given, request.state.who, desk.shared, desk.version)


def _make_record(request: Request, page: Page) -> msgspec.Struct:
    asked = make_asked(request)
    record = page.handler(asked)
    check_read(asked)
    return record


def check_read(asked: Asked, what: str = "page") -> None:
    """An unknown parameter is refused: one that is misspelt would else pass for one that finds everything. ``what``: a page, or a call of the API."""
    if asked.unread:
        expected = f"some of {', '.join(asked.known)}" if asked.known else "no parameters"
        raise InputError(f"{asked.unread[0]}: found a parameter that this {what} does not have; expected {expected}")


def _encode(record: msgspec.Struct, request: Request) -> Body:
    return make_body(msgspec.json.encode(record), _JSON)


def _draw(page: Page, asked: Asked) -> dict[str, str]:
    """A page and what it is asked -> its charts by name, those for which there is enough to draw."""
    if not page.charts:
        return {}
    return {name: _as_clean_svg(drawn, name) for name, make in page.charts.items() if (drawn := make(asked)) is not None}


def _as_clean_svg(drawn: ChartType, name: str) -> str:
    """A chart and its name -> its SVG. The names in it are of reports: what hides or turns words, and what no XML may hold, is a dot in it as on the page."""
    from detente.charts.saving import as_svg

    return clean(as_svg(drawn, prefix=f"{name}-"))


def _show(request: Request, page: Page, theme: str, notice: str) -> Body:
    asked = make_asked(request)
    record = page.handler(asked)
    charts = _draw(page, asked)
    check_read(asked)
    title = page.title if isinstance(page.title, str) else page.title(record)
    return make_body(render(page.template, record, chrome_of(request, title, page.nav, notice), charts).encode("utf-8", "replace"), "text/html; charset=utf-8")


def chrome_of(request: Request, title: str, nav: str = "", notice: str = "") -> Chrome:
    """A request -> what stands around its page."""
    desk: Desk = request.app.state.desk
    query = {name: request.query_params.getlist(name) for name in request.query_params}
    return Chrome(request.state.who, theme_of(request), path_of(request), query, nav, title, _read_notice(notice), desk.options.is_open)


def _read_notice(kept: str) -> str:
    """The value of the notice's cookie -> its words."""
    try:
        return kept.encode("ascii", "ignore").decode("unicode_escape")
    except UnicodeDecodeError:
        return ""


def path_of(request: Request) -> str:
    """A request -> its path as it stands in an address. ``request.url.path`` ends at a ``?`` or ``#`` that an id in it has: two reports would be one."""
    return quote(request.scope["path"], safe="/:@!$&'()*+,;=~")


def theme_of(request: Request) -> str:
    """The theme that the reader chose, else nothing: then the browser decides."""
    chosen = request.cookies.get(THEME_COOKIE, "")
    return chosen if chosen in THEMES else ""


def make_body(content: bytes, media_type: str, state: str = "") -> Body:
    """A body and its type -> the same with its packed form and its tag. ``state``: a word for how that which is shown stands, with which the tag begins."""
    packed = gzip.compress(content, GZIP_LEVEL, mtime=0) if len(content) >= GZIP_FROM else None
    return Body(content, packed, media_type, f'W/"{f"{state}{STATE_END}" if state else ""}{hashlib.blake2b(content, digest_size=12).hexdigest()}"')


async def kept_answer(request: Request, is_kept: bool, variant: Hashable, make: Callable[[], Body], *, may_lag: bool = True) -> Response:
    """A request and how to make its answer -> the answer: kept, made, or "not modified". ``variant``: what else than the address the answer depends on."""
    desk: Desk = request.app.state.desk

    async def made() -> Kept:
        body = await run(request, make)
        return Kept(body, len(body.content) + len(body.packed or b""))

    if is_kept:
        key = (path_of(request), request.scope["query_string"], variant, datetime.datetime.now(datetime.UTC).date())
        body: Body = await desk.cache.get(key, made, least_version(request) if may_lag else None)
    else:
        body = (await made()).value
    return answer_with(request, body)


def least_version(request: Request) -> int:
    """A request -> the oldest version of the store that the reader may be shown."""
    seen = request.cookies.get(SEEN_COOKIE, "")
    return int(seen) if seen.isascii() and seen.isdecimal() and len(seen) < 16 else 0


def answer_with(request: Request, body: Body) -> Response:
    """A body -> the answer: packed if the reader takes that, without body if the reader has it."""
    headers = {"ETag": body.etag, "Cache-Control": "private, no-cache", "Vary": "Accept-Encoding, Cookie, Authorization"}
    if has_tag(request.headers.get("if-none-match", ""), body.etag):
        return Response(status_code=304, headers=headers)
    if body.packed is not None and "gzip" in request.headers.get("accept-encoding", "").lower():
        return Response(body.packed, headers={**headers, "Content-Encoding": "gzip"}, media_type=body.media_type)
    return Response(body.content, headers=headers, media_type=body.media_type)


def has_tag(given: str, etag: str) -> bool:
    """If-None-Match and a tag -> whether it names the tag; compared weakly, as RFC 9110 asks."""
    bare = etag.removeprefix("W/")
    return given.strip() == "*" or any(one.strip().removeprefix("W/") == bare for one in given.split(","))


async def run(request: Request, make: Callable[[], Any]) -> Any:
    """A function that asks the store -> what it gives, run beside the event loop, within the time of a request and with as many others as the machine can bear."""
    desk: Desk = request.app.state.desk

    def begin() -> None:
        scope.deadline = anyio.current_time() + desk.options.request_seconds + 5

    def timed() -> Any:
        # its time begins now: where many ask at once for what nobody has asked before, the last of them waits longer for its turn than its page takes
        anyio.from_thread.run_sync(begin)
        set_deadline(desk.options.request_seconds)
        try:
            return make()
        except DetenteError as error:
            if is_late():
                raise RefusedError(503, make_fault("time-limit", _late(desk)), {"Retry-After": "60"}) from error
            raise refusal_of(error) from error
        except sqlite3.OperationalError as error:  # of a cursor that is read past the store's own functions
            if not is_late():
                raise
            raise RefusedError(503, make_fault("time-limit", _late(desk)), {"Retry-After": "60"}) from error

    try:
        with anyio.fail_after(WAITING_SECONDS) as scope:
            return await anyio.to_thread.run_sync(timed, limiter=desk.limiter, abandon_on_cancel=True)
    except TimeoutError:
        raise RefusedError(503, make_fault("time-limit", _late(desk)), {"Retry-After": "60"}) from None


def _late(desk: Desk) -> str:
    return f"request: found that it takes more than {desk.options.request_seconds} seconds; expected less; ask for fewer days or events"


# -- actions -----------------------------------------------------------------------------------------------------------------
async def _act(request: Request, action: Action, page: Page | None) -> Response:
    need_role(request, action.role)
    desk: Desk = request.app.state.desk
    fields, files = await read_form(request)
    check_form_word(request.state.who, "".join(fields.pop("csrf", ["", ""])[:1]))
    who: Who = request.state.who

    def do() -> Done | Response:
        asked = Asked(desk.store, desk.options, request.path_params, fields, who)
        done = action.handler(Posted(asked, files))
        if isinstance(done, Shown):
            assert page is not None, action.path
            return _answer_shown(request, page, done.record, fields)
        log_action(desk.store, who=who.name, role=who.role or "", action=action.name, what=done.what)
        return done

    try:
        done: Done | Response = await run(request, do)
    except RefusedError as error:
        if page is None or error.status not in MENDABLE or _wants_data(request):
            raise
        return await _show_again(request, page, error, fields)
    if isinstance(done, Response):
        return done
    answer = RedirectResponse(done.to if is_own(done.to) else "/", status_code=303)
    desk.look(at_once=True)
    answer.set_cookie(SEEN_COOKIE, str(desk.version), max_age=3600, httponly=True, samesite="strict")
    if done.notice:
        set_notice(answer, done.notice)
    return answer


async def _show_again(request: Request, page: Page, error: RefusedError, fields: Mapping[str, list[str]]) -> Response:
    """A form that was refused -> its page again with the reason, and what was typed. A page that cannot be shown any more leaves the refusal."""
    desk: Desk = request.app.state.desk

    def make() -> str:
        asked = Asked(desk.store, desk.options, request.path_params, {}, request.state.who, desk.shared, desk.version)
        record = page.handler(asked)
        return render(page.template, record, _form_chrome(request, page, record, fields, error.fault.message), _draw(page, asked))

    try:
        shown: str = await run(request, make)
    except RefusedError:
        raise error from None
    headers = {"Cache-Control": "no-store", **error.headers}
    return Response(shown.encode("utf-8", "replace"), status_code=error.status, headers=headers, media_type="text/html; charset=utf-8")


def _form_chrome(request: Request, page: Page, record: msgspec.Struct, fields: Mapping[str, list[str]], fault: str = "") -> Chrome:
    """A request with a form of a page -> what stands around the page that answers it, which is at another address."""
    path = re.sub(r"\{(\w+)(?::\w+)?\}", lambda found: part(str(request.path_params.get(found[1], ""))), page.path)
    title = page.title if isinstance(page.title, str) else page.title(record)
    desk: Desk = request.app.state.desk
    return Chrome(request.state.who, theme_of(request), path, {}, page.nav, title, is_open=desk.options.is_open, fault=fault, typed=fields)


def _answer_shown(request: Request, page: Page, record: msgspec.Struct, fields: Mapping[str, list[str]]) -> Response:
    """What a form asked to see -> the answer, with what was typed: data to who asked for data."""
    headers = {"Cache-Control": "no-store"}
    if _wants_data(request):
        return Response(msgspec.json.encode(record), headers=headers, media_type=_JSON)
    shown = render(page.template, record, _form_chrome(request, page, record, fields), {})
    return Response(shown.encode("utf-8", "replace"), headers=headers, media_type="text/html; charset=utf-8")


async def read_form(request: Request) -> tuple[dict[str, list[str]], dict[str, File]]:
    """A request with a form -> its fields and files. Refused: another kind of body, too many parts."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in ("application/x-www-form-urlencoded", "multipart/form-data"):
        raise refuse(415, f"form: found {kind or 'no content type'!r}; expected a form", code="wrong-type")
    form: FormData = await request.form(max_files=MOST_FILES, max_fields=MOST_FIELDS, max_part_size=request.app.state.desk.options.max_upload_bytes)
    fields: dict[str, list[str]] = {}
    files: dict[str, File] = {}
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            files[name] = File(value.filename or "", await value.read())
        else:
            fields.setdefault(name, []).append(value)
    await form.close()
    return fields, files


def check_form_word(who: Who, word: str) -> None:
    """A form's signed word -> refused if it is not the one that the reader's pages have: the form was made elsewhere."""
    if not hmac.compare_digest(word.encode("utf-8", "surrogatepass"), who.csrf.encode()):
        raise RefusedError(403, Fault("csrf", "form: found no valid word of a page of the desk; expected a form of it; load the page again", "form", "a form of the desk"))


def set_notice(answer: Response, text: str) -> None:
    """An answer -> the same with what the next page says once. Letters beyond Latin are told by their number: cookies are ASCII."""
    answer.set_cookie(NOTICE_COOKIE, text[:300].encode("unicode_escape").decode(), max_age=60, httponly=True, samesite="strict")


def is_own(to: str) -> bool:
    """Whether an address leads to this desk: //host and /\\host do not."""
    return to.startswith("/") and not to.startswith(("//", "/\\")) and "\n" not in to and "\r" not in to


def need_role(request: Request, role: Role) -> None:
    """A request, and the role that it needs -> refused if who asks has not got it."""
    who: Who = request.state.who
    if who.role is None:
        raise RefusedError(
            401,
            make_fault("no-token", "token: found none; expected one, as detente token add makes it; log in at /login, or send Authorization: Bearer"),
            {"WWW-Authenticate": "Bearer"},
        )
    if not allows(who.role, role):
        raise refuse(403, f"role: found {who.role}; expected {role}; ask who made the token for one with that role", code="role")


# -- refusals ----------------------------------------------------------------------------------------------------------------
async def answer_refusal(request: Request, error: Exception) -> Response:
    """A refusal -> the answer: data to who asked for data, else a page; a page that needs a login leads to it."""
    assert isinstance(error, RefusedError)
    wants_data = _wants_data(request)
    if error.status == 401 and not wants_data and request.method == "GET":
        there = path_of(request) + (f"?{request.scope['query_string'].decode('ascii', 'replace')}" if request.scope["query_string"] else "")
        return RedirectResponse(f"/login?to={quote(there, safe='')}", status_code=303)
    headers = {"Cache-Control": "no-store", **error.headers}
    if wants_data:
        return Response(msgspec.json.encode(Problem(error.fault)), status_code=error.status, headers=headers, media_type=_JSON)
    page = render("refusal.html", Problem(error.fault), chrome_of(request, TITLES.get(error.status, "Refused")), {})
    return Response(page, status_code=error.status, headers=headers, media_type="text/html; charset=utf-8")


def _wants_data(request: Request) -> bool:
    path = path_of(request)
    return path.startswith("/api/") or path.endswith(".json") or "text/html" not in request.headers.get("accept", "*/*") and _JSON in request.headers.get("accept", "")
