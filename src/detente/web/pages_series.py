"""What passed between two parties by day, week or month: as told, and corrected for how much was reported at all."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, cast

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from detente.web.asked import Asked
from detente.web.dispatch import Body, kept_answer, make_asked, make_body, need_role
from detente.web.pairs import Heading, go_back, make_heading, read_situation
from detente.web.routing import Page

if TYPE_CHECKING:
    import polars as pl
    from altair.typing import ChartType

    from detente.analysis.series import Period
    from detente.analysis.situation import Situation

PERIODS, MEASURES = ("day", "week", "month"), ("events", "intensity")
SHOWN_DAYS = {"day": 90, "week": 730, "month": 3652}
"""Days shown by themselves, for each period: as many bars as are told apart."""
MOST_PERIODS = 600
"""Rows of the table on the page, the latest; the file has all."""


class Total(msgspec.Struct, frozen=True, kw_only=True):
    """A period: events as told and corrected, the sum and mean of their intensity, and the share of all that was reported. ``is_whole``: no end of the days shown cuts it."""

    period: datetime.date
    is_whole: bool
    events: int
    corrected: float | None
    score_sum: float | None
    score_mean: float | None
    score_corrected: float | None
    share: float | None


class SeriesPage(msgspec.Struct, frozen=True, kw_only=True):
    """The series, the latest period first. ``unplaced``: events whose date is not sharp enough for the period."""

    head: Heading
    by: str
    measure: str
    first: datetime.date
    last: datetime.date
    unplaced: int
    periods: int
    totals: tuple[Total, ...]


def read_page(asked: Asked) -> SeriesPage:
    """``pair``, ``at``, ``from``, ``by``, ``measure`` -> the series."""
    from detente.analysis.series import count_unplaced

    situation = read_situation(asked)
    by, measure, first = _read(asked, situation)
    head = make_heading(asked, situation, "series")
    table = _make(situation, by, first)
    rows = table.reverse().head(MOST_PERIODS).select(Total.__struct_fields__).iter_rows(named=True)
    return SeriesPage(
        head=head,
        by=by,
        measure=measure,
        first=first,
        last=situation.at,
        unplaced=count_unplaced(situation.dyad, situation.at, by, since=first),
        periods=table.height,
        totals=tuple(Total(**row) for row in rows),
    )


def _read(asked: Asked, situation: Situation) -> tuple[Period, str, datetime.date]:
    by = cast("Period", asked.choice("by", PERIODS, "week"))
    measure = asked.choice("measure", MEASURES, "events")
    asked.day("until")  # other pages of the situation have it, and their links bring it along
    first = asked.day("from") or go_back(situation.at, SHOWN_DAYS[by])
    begin = situation.dyad["day"].min()
    if isinstance(begin, datetime.date):
        first = max(first, begin)
    return by, measure, min(first, situation.at)


def _make(situation: Situation, by: Period, first: datetime.date) -> pl.DataFrame:
    from detente.analysis.series import make_series

    return make_series(situation.dyad, situation.at, by=by, volume=situation.volume, since=first)


def draw(asked: Asked) -> ChartType | None:
    """The rung by day, events or intensity by quad class as told, and the same corrected."""
    from detente.analysis.series import make_series
    from detente.charts.series import draw_series
    from detente.errors import InputError
    from detente.show_situation import say_party

    situation = read_situation(asked)
    by, measure, first = _read(asked, situation)
    series = make_series(situation.dyad, situation.at, by=by, kind="quad", volume=situation.volume, since=first)
    track = situation.rungs.filter(situation.rungs["day"] >= first)
    names = (say_party(situation.a.name), say_party(situation.b.name))
    try:
        return draw_series(series, track, names=names, by=by, measure="intensity" if measure == "intensity" else "events")
    except InputError:
        return None


async def download(request: Request) -> Response:
    """The series as CSV, both sides and all quad classes apart."""
    need_role(request, "read")

    def make() -> Body:
        from detente.analysis.series import make_series

        asked = make_asked(request)
        situation = read_situation(asked)
        by, _, first = _read(asked, situation)
        series = make_series(situation.dyad, situation.at, by=by, kind="quad", per_side=True, volume=situation.volume, since=first)
        return make_body(series.write_csv().encode(), "text/csv; charset=utf-8")

    answer = await kept_answer(request, True, "csv", make)
    answer.headers["Content-Disposition"] = 'attachment; filename="series.csv"'
    return answer


PAGES = (Page("/dyads/{pair:path}/series", read_page, "dyad_series.html", lambda r: f"Series: {r.head.a.name} and {r.head.b.name}", nav="dyads", charts={"series": draw}),)
OTHERS = (Route("/dyads/{pair:path}/series.csv", download, methods=["GET"]),)
