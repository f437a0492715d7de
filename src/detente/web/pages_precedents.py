"""Past weeks like the present ones, of this pair and of others, laid over each other, with what followed them and how often."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

import msgspec

from detente.web.asked import Asked
from detente.web.pairs import Heading, make_heading, read_situation, read_span
from detente.web.rendering import address, pair_address
from detente.web.routing import Page

if TYPE_CHECKING:
    import polars as pl
    from altair.typing import ChartType

    from detente.analysis.precedents import Precedent, Precedents
    from detente.analysis.situation import Situation

TRACE_DAYS = 400
"""Events of so many days before a window are read for its line: an older one holds nobody on a rung any more."""
SHOWN = 8


class Like(msgspec.Struct, frozen=True, kw_only=True):
    """A precedent with what it is called, and where its own situation is to be seen."""

    name: str
    to: str
    precedent: Precedent


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """An outcome by horizon: what it means, and its rates in the order of ``horizons``, ``None`` where there is none."""

    outcome: str
    means: str
    rates: tuple[object | None, ...]


class PrecedentsPage(msgspec.Struct, frozen=True, kw_only=True):
    """All of it. ``reason`` says why there is none, else it is empty."""

    head: Heading
    reason: str
    window_days: int
    like: tuple[Like, ...]
    found: int
    horizons: tuple[int, ...]
    rows: tuple[Row, ...]


def read_page(asked: Asked) -> PrecedentsPage:
    """``pair``, ``at`` -> the precedents."""
    from detente.show_situation import say_reason

    situation = read_situation(asked)
    read_span(asked, situation)
    found = situation.precedents
    horizons, rows = list_rates(found)
    return PrecedentsPage(
        head=make_heading(asked, situation, "precedents"),
        reason=say_reason(found.reason) if found.reason else "",
        window_days=found.window_days,
        like=tuple(_name(one) for one in found.precedents[:SHOWN]),
        found=len(found.precedents),
        horizons=horizons,
        rows=rows,
    )


def list_rates(found: Precedents) -> tuple[tuple[int, ...], tuple[Row, ...]]:
    """Precedents -> the horizons, and a row of base rates for each outcome."""
    from detente.analysis.aftermath import OUTCOMES

    means = {outcome.name: outcome.means for outcome in OUTCOMES}
    horizons = tuple(sorted({rate.days for rate in found.base_rates}))
    by_key = {(rate.outcome, rate.days): rate for rate in found.base_rates}
    names = dict.fromkeys(rate.outcome for rate in found.base_rates)
    return horizons, tuple(Row(outcome=name, means=means.get(name, ""), rates=tuple(by_key.get((name, days)) for days in horizons)) for name in names)


def _name(found: Precedent) -> Like:
    from detente.show_situation import say_party

    window = found.window
    return Like(name=f"{say_party(window.first)} and {say_party(window.second)}", to=address(pair_address(window.first, window.second), {"at": window.end}), precedent=found)


def draw(asked: Asked) -> ChartType | None:
    """The rungs of the present and of its precedents by days from the day of comparison."""
    from detente.charts.precedents import MOST_LINES, draw_precedents, trace_precedents
    from detente.show_situation import say_party

    situation = read_situation(asked)
    read_span(asked, situation)
    found = situation.precedents.precedents[:MOST_LINES]
    if not found:
        return None
    lines = trace_precedents(situation.dyad, [(one, _load(situation, one)) for one in found], situation.at)
    return draw_precedents(lines, names=(say_party(situation.a.name), say_party(situation.b.name)))


def _load(situation: Situation, found: Precedent) -> pl.DataFrame:
    """The events around a window: of this pair they are at hand."""
    from detente.analysis.dyads import load_dyad
    from detente.charts.precedents import AFTER_DAYS
    from detente.codebook.groups import Member
    from detente.codebook.parties import Party
    from detente.store.tables import Wanted

    window = found.window
    if {window.first, window.second} == {situation.a.name, situation.b.name}:
        return situation.dyad
    first, second = (Party(key, (Member(key),)) for key in (window.first, window.second))
    until = min(situation.at, window.end + datetime.timedelta(days=AFTER_DAYS))
    since = window.end - min(datetime.timedelta(days=TRACE_DAYS), window.end - datetime.date.min)
    # by what was known on the day of the situation, as the precedents were found
    table = load_dyad(situation.store, first, second, Wanted(since=since, until=situation.at), with_text=False)
    return table.filter(table["day"] <= until)


PAGES = (
    Page(
        "/dyads/{pair:path}/precedents", read_page, "dyad_precedents.html", lambda r: f"Precedents: {r.head.a.name} and {r.head.b.name}", nav="dyads", charts={"precedents": draw}
    ),
)
