"""From a request of the API to its answer: role, format, parameters, body, pages, tags. One way for all calls."""

from __future__ import annotations

import datetime
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, NamedTuple

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from detente.errors import InputError
from detente.store.audit import log_action
from detente.web.api_call import MEDIA, PREFIX, Call, Format
from detente.web.asked import Asked
from detente.web.cache import Kept
from detente.web.dispatch import STATE_END, Body, answer_with, check_read, make_asked, make_body, need_role, path_of, run
from detente.web.downloads import answer_file
from detente.web.refusals import RefusedError, make_fault, refuse
from detente.web.rendering import address
from detente.web.state import Desk

LINKS = ("next", "previous")
_ALSO: dict[str, Format] = {"application/jsonl": "jsonl", "application/x-jsonlines": "jsonl", "application/x-parquet": "parquet"}
"""Further names of formats, as programs write them."""


class Given(NamedTuple):
    """An answer, and the header that leads to the pages beside it."""

    body: Body
    link: str


def api_routes(calls: Iterable[Call]) -> list[Route]:
    """Calls -> the routes: one for each address, whatever methods it takes, so that another method is told which it takes."""
    by_path: dict[str, dict[str, Call]] = {}
    for call in calls:
        by_path.setdefault(call.path, {})[call.method] = call
    return [Route(PREFIX + path, _endpoint(methods), methods=["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]) for path, methods in by_path.items()]


def _endpoint(methods: dict[str, Call]) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        method = "GET" if request.method == "HEAD" else request.method
        call = methods.get(method)
        if call is None:
            allowed = ", ".join([*methods, *(["HEAD"] if "GET" in methods else [])])
            raise refuse(405, f"{request.method}: found a method that this address does not take; expected {allowed}", headers={"Allow": allowed})
        need_role(request, call.role)
        return await (_read(request, call) if method == "GET" else _write(request, call))

    return endpoint


# -- reading -----------------------------------------------------------------------------------------------------------------
async def _read(request: Request, call: Call) -> Response:
    form = choose_format(request, call.formats)
    if form != "json":
        # to be asked for the head of a file is no reason to write it
        return Response(media_type=MEDIA[form]) if request.method == "HEAD" else await _answer_table(request, call, form)
    desk: Desk = request.app.state.desk

    def make() -> Given:
        asked = _asked(request)
        record = call.handler(asked)
        check_read(asked, "call")
        shown, link = _with_links(request, record)
        return Given(make_body(msgspec.json.encode(shown), MEDIA["json"], getattr(record, "state", "") if call.has_state else ""), link)

    async def made() -> Kept:
        given: Given = await run(request, make)
        return Kept(given, len(given.body.content) + len(given.body.packed or b""))

    if call.is_kept:
        # only the present state of the store will do: a program that has just changed something reads on at once
        given: Given = await desk.cache.get((path_of(request), request.scope["query_string"], "api", datetime.datetime.now(datetime.UTC).date()), made)
    else:
        given = (await made()).value
    answer = answer_with(request, given.body)
    answer.headers["Vary"] = "Accept, Accept-Encoding, Authorization, Cookie"
    if given.link:
        answer.headers["Link"] = given.link
    return answer


def _asked(request: Request) -> Asked:
    for name, value in request.query_params.multi_items():
        if not value.strip():
            # as of a variable that is not set: all there is, is not what was meant
            raise InputError(f"{name[:80]}: found nothing; expected a value, or no {name[:80]}")
    asked = make_asked(request)
    asked.text("format")  # it was read before
    return asked


def _with_links(request: Request, record: msgspec.Struct) -> tuple[msgspec.Struct, str]:
    """A record -> the same with the addresses of the pages beside it in place of their cursors, and the header that has them."""
    query = {name: request.query_params.getlist(name) for name in request.query_params}
    given = {name: cursor for name in LINKS if (cursor := getattr(record, name, None))}
    links = {name: address(path_of(request), query, cursor=cursor) for name, cursor in given.items()}
    header = ", ".join(f'<{to}>; rel="{"prev" if name == "previous" else name}"' for name, to in links.items())
    return (msgspec.structs.replace(record, **links) if links else record), header


async def _answer_table(request: Request, call: Call, form: Format) -> Response:
    def begin() -> tuple[str, Callable[[Any], object]]:
        asked = _asked(request)
        if call.files is not None:
            return "events", call.files(asked, form)
        table = call.table
        assert table is not None
        columns, rows = table.columns(asked), table.rows(asked)
        from detente.web.api_tables import write_rows

        first = next(rows, None)  # what is wrong with the parameters is told before the file begins
        check_read(asked, "call")
        return table.name, lambda out: write_rows(form, columns, _chain(first, rows), out)

    name, write = await run(request, begin)
    answer = await answer_file(write, f"detente-{name}.{form}", MEDIA[form])
    answer.headers["Vary"] = "Accept, Authorization, Cookie"
    return answer


def _chain(first: dict[str, Any] | None, rest: Iterable[dict[str, Any]]) -> Iterable[dict[str, Any]]:
    if first is not None:
        yield first
        yield from rest


# -- writing -----------------------------------------------------------------------------------------------------------------
async def _write(request: Request, call: Call) -> Response:
    choose_format(request, call.formats)
    body = await read_body(request, call.takes)
    desk: Desk = request.app.state.desk
    who = request.state.who

    def do() -> bytes:
        asked = _asked(request)
        check_read(asked, "call")
        done = call.handler(asked, body, read_state_seen(request)) if call.is_conditional else call.handler(asked, body)
        if call.is_logged:
            log_action(desk.store, who=who.name, role=who.role or "", action=f"api: {call.title.lower()}", what=_what(request, done))
        return msgspec.json.encode(done)

    content: bytes = await run(request, do)
    desk.look(at_once=True)
    return Response(content, status_code=call.status, headers={"Cache-Control": "no-store"}, media_type=MEDIA["json"])


def _what(request: Request, done: Any) -> str:
    """What was changed -> its name in the log: the event or the decision of the address, or the reports that were added."""
    given = [str(value) for value in request.path_params.values()] or list(getattr(done, "doc_ids", ()))
    return ", ".join(given)[:200]


def read_state_seen(request: Request) -> str | None:
    """``If-Match`` -> the state that its tag names; ``None`` if any will do. A tag that was never given names a state that nothing has."""
    tag = ",".join(request.headers.getlist("if-match")).strip()
    if "if-match" not in request.headers or tag == "*":
        return None
    if tag.count('"') > 2:
        raise InputError("if-match: found several tags; expected that of the event as it was read")
    return tag.removeprefix("W/").strip('"').partition(STATE_END)[0]


async def read_body(request: Request, kind: Any) -> Any:
    """A request -> its JSON as a record of this kind. Refused: what is no JSON, and what is not of the kind."""
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media != MEDIA["json"]:
        raise refuse(415, f"body: found {media[:80] or 'no content type'!r}; expected application/json", code="wrong-type")
    content = await request.body()
    try:
        return msgspec.json.decode(content, type=kind)
    except msgspec.ValidationError as error:
        message, _, where = str(error).partition(" - at `")
        found = where.rstrip("`").removeprefix("$").lstrip(".") or "body"
        raise RefusedError(422, make_fault("bad-request", f"{found}: found something else; expected a value of the schema: {message}")) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise refuse(400, f"body: found no JSON ({error}); expected one object") from None


# -- formats -----------------------------------------------------------------------------------------------------------------
def choose_format(request: Request, offered: tuple[Format, ...]) -> Format:
    """``format``, else ``Accept``, and the formats of a call -> the one to answer in. Refused with 406: none of those that are taken."""
    named = request.query_params.getlist("format")
    if named:
        if len(named) > 1 or named[0] not in offered:
            status = 400 if len(named) > 1 or named[0] not in MEDIA else 406
            raise refuse(status, f"format: found {', '.join(named)[:60]!r}; expected one of {', '.join(offered)}", code="" if status == 400 else "wrong-format")
        return named[0]
    accept = request.headers.get("accept", "").strip() or "*/*"
    best: tuple[float, int] = (0.0, 0)
    chosen: Format | None = None
    ranges = [_read_range(one) for one in accept.split(",")]
    for number, form in enumerate(offered):
        quality = max((weight for media, weight in _most_exact(ranges, form)), default=0.0)
        if quality > 0 and (quality, -number) > best:
            best, chosen = (quality, -number), form
    if chosen is None:
        raise refuse(406, f"accept: found {accept[:80]!r}; expected one of {', '.join(MEDIA[form] for form in offered)}", code="wrong-format")
    return chosen


def _read_range(text: str) -> tuple[str, float]:
    media, *given = (piece.strip().lower() for piece in text.split(";"))
    weight = next((piece[2:] for piece in given if piece.startswith("q=")), "1")
    try:
        return media, min(1.0, max(0.0, float(weight)))
    except ValueError:
        return media, 1.0


def _most_exact(ranges: list[tuple[str, float]], form: Format) -> list[tuple[str, float]]:
    """Those of the accepted ranges that say most exactly whether a format is taken: its type, else its kind, else any."""
    names = [MEDIA[form], *(other for other, meant in _ALSO.items() if meant == form)]
    for wanted in (names, [f"{MEDIA[form].partition('/')[0]}/*"], ["*/*"]):
        if found := [one for one in ranges if one[0] in wanted]:
            return found
    return []
