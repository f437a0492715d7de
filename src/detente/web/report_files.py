"""A situation's report, made and sent at once: HTML that needs nothing else, Markdown, or PDF."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from detente.web.dispatch import Body, kept_answer, make_asked, make_body, need_role
from detente.web.pairs import read_situation
from detente.web.refusals import refuse

if TYPE_CHECKING:
    from detente.analysis.situation import Situation

MEDIA = {"html": "text/html; charset=utf-8", "md": "text/markdown; charset=utf-8", "pdf": "application/pdf"}


async def send_report(request: Request) -> Response:
    """``pair``, ``ending``, ``at`` -> the report as a file. Refused: PDF without a browser to print with (501)."""
    need_role(request, "read")
    ending = request.path_params["ending"]
    if ending not in MEDIA:
        raise refuse(404, f"report: found the ending {ending[:20]!r}; expected one of {', '.join(MEDIA)}")
    made = await kept_answer(request, True, "report", lambda: _make(request, ending))
    name = re.sub(r"[^A-Za-z0-9-]+", "_", request.path_params["pair"])[:60].strip("_") or "report"
    made.headers["Content-Disposition"] = f'attachment; filename="{name}.{ending}"'
    return made


def _make(request: Request, ending: str) -> Body:
    asked = make_asked(request)
    situation = read_situation(asked)
    if asked.unread:
        raise refuse(400, f"{asked.unread[0]}: found a parameter that a report does not have; expected some of {', '.join(asked.known)}")
    return make_body(_write(situation, ending), MEDIA[ending])


def _write(situation: Situation, ending: str) -> bytes:
    from detente.report import write_report

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"report.{ending}")
        write_report(situation, path)
        return path.read_bytes()


OTHERS = (Route("/dyads/{pair:path}/report.{ending}", send_report, methods=["GET"]),)
