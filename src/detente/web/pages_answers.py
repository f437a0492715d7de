"""Who answers whom: what hostile acts of each side bring about, and what its escalations are met with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from detente.web.asked import Asked
from detente.web.pairs import Heading, make_heading, read_situation, read_span
from detente.web.routing import Page

if TYPE_CHECKING:
    import polars as pl
    from altair.typing import ChartType

    from detente.analysis.reciprocity import Reciprocity
    from detente.analysis.situation import Situation

SHOWN_RATES = 40


class AnswersPage(msgspec.Struct, frozen=True, kw_only=True):
    """``said``: what is known, a sentence each; ``rates``: how often a kind of act of a side was answered by a kind of the other, with the latest of both."""

    head: Heading
    said: tuple[str, ...]
    quarrel: Reciprocity
    rates: tuple[Rate, ...]
    within_days: int


class Rate(msgspec.Struct, frozen=True, kw_only=True):
    """A row of ``analysis.reciprocity.answer_rates``."""

    side: str
    act: str
    answer: str
    occasions: int
    answered: int
    rate: float
    low: float
    high: float
    base_rate: float | None
    q_value: float | None
    median_lag_days: float | None
    act_ids: tuple[str, ...]
    answer_ids: tuple[str, ...]


def read_page(asked: Asked) -> AnswersPage:
    """``pair``, ``at`` -> who answers whom."""
    from detente.analysis.reciprocity import ANSWER_DAYS
    from detente.show_situation import say_met, say_pull

    situation = read_situation(asked)
    read_span(asked, situation)
    head = make_heading(asked, situation, "answers")
    said = (*say_pull(situation.quarrel, head.a.name, head.b.name), *say_met(situation.quarrel, head.a.name, head.b.name))
    rates = _find_rates(asked, situation).head(SHOWN_RATES).select(Rate.__struct_fields__).iter_rows(named=True)
    return AnswersPage(head=head, said=said, quarrel=situation.quarrel, rates=tuple(Rate(**row) for row in rates), within_days=ANSWER_DAYS)


def _find_rates(asked: Asked, situation: Situation) -> pl.DataFrame:
    from detente.analysis.reciprocity import answer_rates

    key = ("rates", situation.a.name, situation.b.name, situation.at, situation.asked)
    return asked.share(key, lambda: answer_rates(situation.dyad, situation.at, volume=situation.volume))


def draw(asked: Asked) -> ChartType | None:
    """Rates of answers beside chance, and how long one act makes others follow."""
    from detente.charts.reciprocity import draw_reciprocity
    from detente.errors import InputError
    from detente.show_situation import say_party

    situation = read_situation(asked)
    read_span(asked, situation)
    try:
        return draw_reciprocity(situation.quarrel, _find_rates(asked, situation), names=(say_party(situation.a.name), say_party(situation.b.name)))
    except InputError:
        return None


PAGES = (
    Page("/dyads/{pair:path}/answers", read_page, "dyad_answers.html", lambda r: f"Who answers whom: {r.head.a.name} and {r.head.b.name}", nav="dyads", charts={"answers": draw}),
)
