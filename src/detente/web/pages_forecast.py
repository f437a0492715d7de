"""What may come next: the forecast of two countries beside its baselines, how good such forecasts were, and what moved it. A page view never trains: a button does."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import msgspec

from detente.errors import InputError
from detente.store.sizes import count_rows
from detente.web.asked import Asked
from detente.web.pages_precedents import Row, list_rates
from detente.web.pairs import Heading, go_back, make_heading, read_situation, read_span
from detente.web.rendering import address, pair_address
from detente.web.routing import Action, Done, Page, Posted
from detente.web.training import NotTrainedError, Work, begin_work, find_work, refuse_training, refuse_work

if TYPE_CHECKING:
    from detente.analysis.situation import Situation
    from detente.forecasting.dyad_forecast import View
    from detente.forecasting.forecast import Forecast
    from detente.forecasting.scenario import Supposed

MOST_READ = 100_000
"""Events of a store that a page view may read anew for a forecast, after the store has changed; above it takes seconds."""
USUAL_DAYS = 1095
"""The days that the pair's own rates are taken of: as many as the models learn from."""
QUADS = (4, 3, 1, 2)
MOST_SUPPOSED = 20
"""Events of a scenario."""


class Usual(msgspec.Struct, frozen=True, kw_only=True):
    """How often windows of so many days held an event of a quad class of one side, over the last ``USUAL_DAYS`` days that were over; ``held``: the last window did."""

    side: str
    quad: int
    horizon_days: int
    windows: int
    share: float
    held: bool


class Supposition(msgspec.Struct, frozen=True):
    """An event of the scenario: as the address has it, in words, and the address of the page without it."""

    text: str
    said: str
    without: str


class ForecastPage(msgspec.Struct, frozen=True, kw_only=True):
    """``supposed``: the events of a scenario, ``supposing``: the forecast if they had happened too; ``suppose_from``: the first day that one may have.
    ``state``: ``told``, ``few-events``, ``no-country`` (``said`` says whose), ``not-trained`` or ``training``. The base rates of precedents are there in any case that has some."""

    head: Heading
    state: str
    said: str
    work: Work | None
    model_day: datetime.date | None
    known_events: int
    view: View | None
    supposed: tuple[Supposition, ...]
    supposing: View | None
    suppose_from: datetime.date
    usual: tuple[Usual, ...]
    rates_reason: str
    horizons: tuple[int, ...]
    rows: tuple[Row, ...]


def read_page(asked: Asked) -> ForecastPage:
    """``pair``, ``at``, ``if`` (several: "2020-06-17 PRK MOBILIZE KOR"), or ``by`` (a, b) with ``type`` and ``on`` for one more -> what may come next."""
    from detente.show_outlook import say_lead
    from detente.show_situation import say_reason

    situation = read_situation(asked)
    read_span(asked, situation)
    texts = _read_scenario(asked, situation)
    suppose_from = situation.at + datetime.timedelta(days=1)
    work = find_work(_key(situation))
    if work and not work.fault:
        return ForecastPage(
            head=make_heading(asked, situation, "forecast"),
            state="training",
            said="",
            work=work,
            model_day=None,
            known_events=0,
            view=None,
            supposed=(),
            supposing=None,
            suppose_from=suppose_from,
            usual=(),
            rates_reason="",
            horizons=(),
            rows=(),
        )
    found = situation.precedents
    horizons, rows = list_rates(found)
    state, said, forecast = _look(situation)
    then = _ask(situation, texts) if texts and state == "told" else None
    supposing = then.supposing if then else None  # refused here if the scenario is none
    if then and then.supposing:
        said = say_lead(then.as_record())
    return ForecastPage(
        head=make_heading(asked, situation, "forecast"),
        state=state,
        said=said,
        work=work if state == "not-trained" else None,
        model_day=forecast.models.model_day if forecast else None,
        known_events=forecast.events if forecast else 0,
        view=forecast.view if forecast else None,
        supposed=tuple(_show_supposed(situation, texts, then.supposed)) if then else (),
        supposing=supposing,
        suppose_from=suppose_from,
        usual=() if state == "told" else tuple(_find_usual(situation)),
        rates_reason=say_reason(found.reason) if found.reason else "",
        horizons=horizons,
        rows=rows,
    )


def _read_scenario(asked: Asked, situation: Situation) -> tuple[str, ...]:
    """``if``, and the event that the form adds, as ``if`` has it."""
    given, kind, by, on = asked.texts("if"), asked.text("type"), asked.choice("by", ("a", "b"), "a"), asked.day("on")
    if kind:
        source, target = (situation.a.name, situation.b.name) if by == "a" else (situation.b.name, situation.a.name)
        given = (*given, f"{on or situation.at + datetime.timedelta(days=1)} {source} {kind} {target}")
    if len(given) > MOST_SUPPOSED:
        raise InputError(f"if: found {len(given)}; expected at most {MOST_SUPPOSED}")
    return tuple(dict.fromkeys(given))


def _show_supposed(situation: Situation, texts: Sequence[str], supposed: Sequence[Supposed]) -> Iterator[Supposition]:
    from detente.show_outlook import say_supposed

    path, at = f"{pair_address(situation.a.name, situation.b.name)}/forecast", situation.at if situation.asked else None
    for text, one in zip(texts, supposed, strict=True):
        yield Supposition(text, say_supposed(one), address(path, {"at": at, "if": [other for other in texts if other != text]}))


def _find_usual(situation: Situation) -> Iterator[Usual]:
    """The baselines that need no model: the pair's own shares of windows, and whether the last one held such an event."""
    import numpy as np
    import polars as pl

    from detente.forecasting.dyad_baselines import held_last
    from detente.forecasting.dyad_targets import answer
    from detente.forecasting.forecast import HORIZONS

    first = situation.dyad["day"].min()
    if not isinstance(first, datetime.date):
        return
    start = max(first, go_back(situation.at, USUAL_DAYS - 1))
    size = (situation.at - start).days + 1
    sharp = situation.dyad.filter((pl.col("day") >= start) & (pl.col("precision") == "day"))
    for side in ("a", "b"):
        for quad in QUADS:
            days = sharp.filter((pl.col("side") == side) & (pl.col("quad") == quad))["day"].to_list()
            counts = np.zeros((1, size + 1))
            np.add.at(counts, (0, [(day - start).days for day in days]), 1)
            for horizon in HORIZONS:
                windows = answer(counts[:, :size], horizon)
                if windows.size:
                    yield Usual(side=side, quad=quad, horizon_days=horizon, windows=windows.size, share=float(windows.mean()), held=bool(held_last(counts, horizon)[0, size]))


def _look(situation: Situation) -> tuple[str, str, Forecast | None]:
    """The state of the forecast, what is said of it, and the forecast as far as its models are there."""
    from detente.show_outlook import say_lead

    try:
        forecast = _ask(situation)
        if forecast.reason or forecast.view is None:
            return "few-events", "", forecast
        return "told", say_lead(forecast.as_record()), forecast
    except InputError as error:
        return "no-country", str(error), None
    except NotTrainedError:
        return "not-trained", "", None


def _ask(situation: Situation, supposing: Sequence[str] = ()) -> Forecast:
    from detente.forecasting.forecast import Forecast

    say = refuse_work if count_rows(situation.store).events > MOST_READ else refuse_training
    return Forecast(situation.store, situation.a.name, situation.b.name, at=situation.at, supposing=supposing, say=say)


# -- training ----------------------------------------------------------------------------------------------------------------
def train(posted: Posted) -> Done:
    """``pair``, ``at`` -> training is begun in a process of its own, so that the desk stays quick; the page says how far it is."""
    asked = posted.asked
    situation = read_situation(asked)
    to = address(f"{pair_address(situation.a.name, situation.b.name)}/forecast", {"at": situation.at if situation.asked else None})
    what = f"forecast of {situation.a.name} and {situation.b.name} at {situation.at}"
    forecast = _ask(situation)  # refused here if the two are no countries
    arguments = (forecast.a, forecast.b, "--at", situation.at.isoformat())
    work, is_new = begin_work(_key(situation), arguments, asked.options.store)
    return Done(what, to, f"Training: {work.what}." if is_new else "Training is under way already.")


def _key(situation: Situation) -> tuple[str, str, str, datetime.date]:
    return situation.store.name, situation.a.name, situation.b.name, situation.at


PAGES = (Page("/dyads/{pair:path}/forecast", read_page, "dyad_forecast.html", lambda r: f"Forecast: {r.head.a.name} and {r.head.b.name}", nav="dyads", is_kept=False),)
ACTIONS = (Action("/dyads/{pair:path}/forecast/train", train, "train forecast", role="code"),)
