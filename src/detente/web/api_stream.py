"""The stream of new alerts: server-sent events, each alert once, from where the reader left off."""

from __future__ import annotations

import functools
import logging
import signal
import threading
import time
from collections.abc import AsyncIterator
from typing import Any

import anyio
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from detente.errors import DetenteError
from detente.store.alert_log import Place, Raised, find_place, find_since
from detente.web.api_call import PREFIX
from detente.web.dispatch import check_read, make_asked, need_role, run
from detente.web.identity import SESSION_COOKIE, by_session
from detente.web.refusals import RefusedError, refuse
from detente.web.state import Desk

MOST_STREAMS, STREAMS_EACH = 50, 5
"""Streams at once: of all, and of one token."""
LOOK_SECONDS = 1.0
"""So often a stream looks whether the store has changed. It asks for alerts only if it has."""
HEARTBEAT_SECONDS = 15.0
"""After so much silence a comment is sent, by which proxies and readers know that the stream lives."""
STREAM_SECONDS = 3_600.0
"""A stream ends after so long; a reader comes again by itself, with the last id that it has."""
_AGAIN_MILLISECONDS = 3_000
_log = logging.getLogger("detente.web")
PATH = f"{PREFIX}/alerts/stream"


async def stream_alerts(request: Request) -> Response:
    """``Last-Event-ID`` (or ``last_event_id``) -> what was raised after it, then what is raised from now on; without one only the latter."""
    need_role(request, "read")
    desk: Desk = request.app.state.desk
    asked = make_asked(request)
    last = asked.text("last_event_id") or request.headers.get("last-event-id", "").strip() or None
    check_read(asked, "call")
    if request.method == "HEAD":
        return Response(media_type="text/event-stream")
    place = await run(request, lambda: find_place(desk.store, last))
    if last is not None and place is None:
        raise refuse(400, f"last_event_id: found {last[:40]!r}; expected the id of an alert; begin without it")
    key = request.state.who.key
    if len(desk.streams) >= MOST_STREAMS or desk.streams.count(key) >= STREAMS_EACH:
        raise refuse(503, f"streams: found {len(desk.streams)}; expected fewer than {MOST_STREAMS}, and {STREAMS_EACH} of one reader", code="busy", headers={"Retry-After": "30"})
    desk.streams.append(key)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_tell(request, desk, key, place), headers=headers, media_type="text/event-stream")


async def _tell(request: Request, desk: Desk, key: str, place: Place | None) -> AsyncIterator[bytes]:
    until, heard, version = time.monotonic() + STREAM_SECONDS, time.monotonic(), -1
    told: set[str] = set() if place is None else await _told_with(request, desk, place)
    try:
        yield f"retry: {_AGAIN_MILLISECONDS}\n\n".encode()
        while not desk.is_ending and time.monotonic() < until and _is_live(request, desk):
            desk.look()
            if desk.version != version:
                version = desk.version
                since = place.raised_at if place else ""
                found: list[tuple[Place, Raised]] = await run(request, functools.partial(find_since, desk.store, since))
                for place_now, raised in found:
                    if place_now.alert_id in told:
                        continue
                    place = place_now
                    told.add(place_now.alert_id)
                    heard = time.monotonic()
                    yield _event(raised)
            if time.monotonic() - heard >= HEARTBEAT_SECONDS:
                heard = time.monotonic()
                yield b": still here\n\n"
            await anyio.sleep(LOOK_SECONDS)
    except (RefusedError, DetenteError) as error:
        # the reader comes again by itself, and is told then
        _log.warning("a stream of alerts ended: %s", error)
    finally:
        desk.streams.remove(key)


async def _told_with(request: Request, desk: Desk, place: Place) -> set[str]:
    """The place of the last alert that a reader has -> the ids of those that were raised in the same second, up to it: the reader has them."""
    found: list[tuple[Place, Any]] = await run(request, lambda: find_since(desk.store, place.raised_at))
    return {one.alert_id for one, _ in found if one <= place}


def _is_live(request: Request, desk: Desk) -> bool:
    """Whether the token or session that the stream was opened with is still live: a revoked one ends it."""
    key = request.state.who.key
    if key.startswith("session "):
        return by_session(desk.keys, request.cookies.get(SESSION_COOKIE, "")) is not None
    return not key.startswith("token ") or any(f"token {digest[:16]}" == key for digest in desk.keys.tokens)


def _event(raised: Raised) -> bytes:
    """An alert -> its event: the record is one line of JSON."""
    return f"id: {raised.alert_id}\nevent: alert\ndata: {' '.join(raised.record.splitlines())}\n\n".encode()


def end_streams_with(desk: Desk) -> None:
    """A desk -> its streams end with the signal that ends the process: the server waits for all answers to end, and these would not. Only where the process hears signals."""
    for number in (signal.SIGINT, signal.SIGTERM):
        before = signal.getsignal(number)

        def hear(given: int, frame: Any, before: Any = before) -> None:
            desk.is_ending = True
            if callable(before):
                before(given, frame)

        if callable(before) and threading.current_thread() is threading.main_thread():
            signal.signal(number, hear)


OTHERS = (Route(PATH, stream_alerts, methods=["GET"]),)
OPENAPI: dict[str, Any] = {
    PATH: {
        "get": {
            "operationId": "streamAlerts",
            "summary": "Alerts as they are raised",
            "description": (
                "A stream of server-sent events: `event: alert` with the id of the alert and its record as JSON (a `RaisedAlert` with the words of its `events`), as soon as `detente watch` has raised it. "
                "A reader that comes again with the header `Last-Event-ID` gets what was raised meanwhile. Role: `read`."
            ),
            "tags": ["alerts"],
            "parameters": [
                {
                    "name": "last_event_id",
                    "in": "query",
                    "description": "The id of the last alert that the reader has, where the header `Last-Event-ID` cannot be sent.",
                    "schema": {"type": "string", "minLength": 1, "maxLength": 64},
                }
            ],
            "responses": {
                "200": {"description": "The stream.", "content": {"text/event-stream": {"schema": {"type": "string"}}}},
                **{str(status): {"$ref": f"#/components/responses/{status}"} for status in (400, 401, 403, 414, 421, 429, 503)},
            },
        }
    }
}
