"""All calls of the API, and what tells of them: the OpenAPI record and its page."""

from __future__ import annotations

import functools
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from detente.web import api_analysis_calls, api_read, api_stream, api_write
from detente.web.api import api_routes
from detente.web.api_call import MEDIA, PREFIX, Call
from detente.web.api_openapi import make_openapi
from detente.web.dispatch import Body, answer_with, make_body, run

CALLS: tuple[Call, ...] = (*api_read.CALLS, *api_analysis_calls.CALLS, *api_write.CALLS)


@functools.cache
def make_record() -> dict[str, Any]:
    """The OpenAPI record of this detente."""
    return make_openapi(CALLS, api_stream.OPENAPI)


@functools.cache
def _make() -> Body:
    return make_body(msgspec.json.encode(make_record()), MEDIA["json"])


async def _openapi(request: Request) -> Response:
    return answer_with(request, await run(request, _make))


OTHERS = (Route(f"{PREFIX}/openapi.json", _openapi, methods=["GET"]), *api_stream.OTHERS, *api_routes(CALLS))
