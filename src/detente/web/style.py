"""How the desk looks: the colours of its pages come from the charts', so that a rung has one colour everywhere; and a page that shows each component."""

from __future__ import annotations

import datetime
import functools
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from detente.codebook.ladder import HIGHEST, LOWEST
from detente.web.asked import Asked
from detente.web.dispatch import Body, answer_with, make_body
from detente.web.routing import Page

if TYPE_CHECKING:
    from altair.typing import ChartType

AUTO_DARK = "@media (prefers-color-scheme: dark){:root:not(.theme-light)"


class StyleRecord(msgspec.Struct, frozen=True):
    """What the page of components shows."""

    rungs: tuple[int, ...]
    weeks: tuple[int, ...]
    events: tuple[dict[str, Any], ...]
    day: datetime.date


def show_style(asked: Asked) -> StyleRecord:
    """Nothing -> examples for each component."""
    party = {"name": "North Korea", "country": "PRK", "sectors": ["GOV"], "entity": None}
    other = {"name": "South Korea", "country": "KOR", "sectors": ["GOV"], "entity": None}
    event = {
        "event_id": "0123456789abcdef", "event_type": "ASSAULT", "modes": ["destroy"], "contexts": ["diplomatic"], "source": [party], "target": [other], "quad": 4,
        "date": {"start": "2020-06-16", "end": "2020-06-16", "precision": "day"}, "place": {"name": "Kaesong", "country": "PRK"}, "rung": 5, "confidence": 0.94, "reports": 3,
        "sources": 2, "review": "", "dead": None, "injured": None, "modality": "actual", "historical": False, "origin": "detente",
    }  # fmt: skip
    return StyleRecord(tuple(range(LOWEST, HIGHEST + 1)), (-1, 0, 1, 1, 3, 4, 5, 5, 2, 1, 0, -2, -1), (event,), datetime.date(2020, 6, 16))


@functools.cache
def colours_css() -> str:
    """Nothing -> the style sheet of colours that pages and charts share: rungs by class, and the dark colours of charts, which are drawn on a light ground."""
    from detente.charts.style import DARK, LIGHT

    def rungs(look: Any) -> str:
        return "".join(f"--rung-{'m' if r < 0 else ''}{abs(r)}:{look.rungs[r - LOWEST]};" for r in range(LOWEST, HIGHEST + 1)) + f"--side-a:{look.a};--side-b:{look.b};"

    pairs: dict[str, str] = {}
    for name in ("rungs", "quads", "intensity"):
        pairs |= dict(zip(getattr(LIGHT, name), getattr(DARK, name), strict=True))
    pairs |= {LIGHT.stages[stage]: DARK.stages[stage] for stage in LIGHT.stages}
    pairs |= {getattr(LIGHT, name): getattr(DARK, name) for name in ("background", "ink", "soft", "grid", "land", "a", "b")}
    fills = [f'.chart [{kind}="{light}"]{{{kind}:{dark}}}' for light, dark in pairs.items() for kind in ("fill", "stroke")]
    dark = f":root.theme-dark{{{rungs(DARK)}}}" + "".join(f":root.theme-dark {rule}" for rule in fills)
    auto = f"{AUTO_DARK}{{{rungs(DARK)}}}" + "".join(f":root:not(.theme-light) {rule}" for rule in fills) + "}"
    classes = "".join(f".{name}{{--rung:var(--{name})}}" for name in (f"rung-{'m' if r < 0 else ''}{abs(r)}" for r in range(LOWEST, HIGHEST + 1)))
    return f":root{{{rungs(LIGHT)}}}{classes}@media screen{{{dark}{auto}}}"


async def show_colours(request: Request) -> Response:
    """The style sheet of colours."""
    return answer_with(request, _colours_body())


@functools.cache
def _colours_body() -> Body:
    return make_body(colours_css().encode(), "text/css; charset=utf-8")


def draw_example(asked: Asked) -> ChartType:
    """Nothing -> a ladder of made-up events."""
    from detente.analysis.dyads import select_dyad
    from detente.analysis.ladder import track_rungs
    from detente.analysis.table import make_table
    from detente.charts.ladder import draw_ladder
    from detente.codebook.parties import resolve_party

    kinds = (
        ("2020-05-31", "KOR", "ACCUSE"),
        ("2020-06-04", "PRK", "THREATEN"),
        ("2020-06-09", "PRK", "SANCTION"),
        ("2020-06-16", "PRK", "ASSAULT"),
        ("2020-06-17", "KOR", "REJECT"),
    )
    rows = [{"day": day, "source": who, "target": "KOR" if who == "PRK" else "PRK", "event_type": kind} for day, who, kind in kinds]
    dyad = select_dyad(make_table(rows), resolve_party("PRK"), resolve_party("KOR"))
    return draw_ladder(track_rungs(dyad, datetime.date(2020, 6, 30)), dyad, names=("North Korea", "South Korea"))


PAGES = (Page("/style", show_style, "style.html", "Components", charts={"ladder": draw_example}, is_kept=False),)
OTHERS = (Route("/colours.css", show_colours, methods=["GET"]),)
