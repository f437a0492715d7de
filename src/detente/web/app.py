"""The application: routes, refusals and static files in one place."""

from __future__ import annotations

import contextlib
import importlib
import logging
import secrets
import threading
from collections.abc import AsyncIterator
from pathlib import Path

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.staticfiles import StaticFiles

from detente import __version__
from detente.codebook.load import load_codebook
from detente.running import limit_threads
from detente.settings import read_text
from detente.web import routes
from detente.web.api_stream import end_streams_with
from detente.web.dispatch import action_route, answer_refusal, page_routes
from detente.web.guard import Guard
from detente.web.options import Options, read_options
from detente.web.refusals import Fault, RefusedError, make_fault, refuse
from detente.web.state import Desk

STATIC = Path(__file__).parent / "static"
_log = logging.getLogger("detente.web")


def make_app(options: Options) -> Guard:
    """The options of a desk -> the guarded application, with its store open. FastAPI's own pages of documentation are off: they load scripts from elsewhere."""
    limit_threads()
    desk = Desk(options)

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        threading.Thread(target=_warm_up, daemon=True).start()
        end_streams_with(desk)
        yield
        desk.is_ending = True
        desk.close()

    app = FastAPI(title="detente", version=__version__, docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)
    app.state.desk = desk
    pages = [page for page in routes.PAGES if options.with_style or page.path != "/style"]
    app.router.routes += list(routes.OTHERS)  # first: a page whose address ends in a free part would take them in
    app.router.routes += [route for page in pages for route in page_routes(page)]
    app.router.routes += [action_route(action, pages) for action in routes.ACTIONS]
    for router in routes.API:
        app.include_router(router)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    app.add_exception_handler(RefusedError, answer_refusal)
    app.add_exception_handler(HTTPException, _answer_http)
    app.add_exception_handler(RequestValidationError, _answer_invalid)
    app.add_exception_handler(Exception, _answer_fault)
    return Guard(app, desk)


def app_of_environment() -> Guard:
    """Nothing -> the application with the settings of the environment: what each process of ``detente serve`` starts with."""
    secret = read_text("web_secret")
    return make_app(read_options(secret.encode() if secret else secrets.token_bytes(32)))


def _warm_up() -> None:
    """Load what most pages need while the first reader is on the way: one to two seconds that the start need not wait for."""
    for name in ("detente.analysis.alerts", "detente.analysis.movers", "detente.wording"):
        importlib.import_module(name)
    load_codebook()


async def _answer_http(request: Request, error: Exception) -> Response:
    """What Starlette refuses itself (no such page, wrong method, a broken form), in our shape."""
    assert isinstance(error, HTTPException)
    said = {
        404: f"{request.url.path}: found no such page; expected one that the desk has",
        405: f"{request.method}: found a method that this address does not take; expected another",
    }
    refusal = refuse(error.status_code, said.get(error.status_code, str(error.detail)), headers=dict(error.headers or {}))
    return await answer_refusal(request, refusal)


async def _answer_invalid(request: Request, error: Exception) -> Response:
    """What the API's models refuse, in our shape: the first fault, with where it is."""
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"][1:]) or str(first["loc"][0])
    return await answer_refusal(request, RefusedError(422, Fault("bad-request", f"{where}: {first['msg']}"[:500], where, str(first["msg"])[:300])))


async def _answer_fault(request: Request, error: Exception) -> Response:
    """A fault of ours: told in the log with its place, to the reader without."""
    _log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return await answer_refusal(request, RefusedError(500, make_fault("fault", "the desk failed; its log says where; please report it as a bug")))
