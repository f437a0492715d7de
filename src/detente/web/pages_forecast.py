"""What may come next: the forecast of two countries beside its baselines, how good such forecasts were, and what moved it. A page view never trains: a button does."""

from __future__ import annotations

import datetime
import threading
from typing import TYPE_CHECKING

import msgspec

from detente.errors import DetenteError, InputError
from detente.web.asked import Asked
from detente.web.pairs import Heading, make_heading, read_situation, read_span
from detente.web.pages_precedents import Row, list_rates
from detente.web.rendering import address, pair_address
from detente.web.routing import Action, Done, Page, Posted

if TYPE_CHECKING:
    from detente.analysis.situation import Situation
    from detente.forecasting.dyad_forecast import View
    from detente.forecasting.forecast import Forecast
    from detente.store.schema import Store

_TRAINING = "training"
"""With this word the forecast says that it is about to train a model."""


class NotTrainedError(Exception):
    """A model that a forecast needs is not there."""


class Work(msgspec.Struct, frozen=True):
    """Training that goes on: since when, what it does now, how many models are made; ``fault`` if it ended in one."""

    since: datetime.datetime
    what: str
    models: int
    fault: str = ""


class ForecastPage(msgspec.Struct, frozen=True, kw_only=True):
    """``state``: ``told``, ``few-events``, ``no-country`` (``said`` says whose), ``not-trained`` or ``training``. The base rates of precedents are there in any case that has some."""

    head: Heading
    state: str
    said: str
    work: Work | None
    model_day: datetime.date | None
    known_events: int
    view: View | None
    rates_reason: str
    horizons: tuple[int, ...]
    rows: tuple[Row, ...]


_WORK: dict[tuple[str, str, str, datetime.date], Work] = {}
_LOCK = threading.Lock()


def read_page(asked: Asked) -> ForecastPage:
    """``pair``, ``at`` -> what may come next."""
    from detente.show_situation import say_reason

    situation = read_situation(asked)
    read_span(asked, situation)
    found = situation.precedents
    horizons, rows = list_rates(found)
    state, said, forecast = _look(asked, situation)
    return ForecastPage(
        head=make_heading(asked, situation, "forecast"),
        state=state,
        said=said,
        work=_work_of(situation),
        model_day=forecast.models.model_day if forecast else None,
        known_events=forecast.events if forecast else 0,
        view=forecast.view if forecast else None,
        rates_reason=say_reason(found.reason) if found.reason else "",
        horizons=horizons,
        rows=rows,
    )


def _look(asked: Asked, situation: Situation) -> tuple[str, str, Forecast | None]:
    """The forecast as far as its models are there."""
    from detente.show_outlook import say_lead

    try:
        forecast = _ask(situation.store, situation, _refuse_training)
    except InputError as error:
        return "no-country", str(error), None
    try:
        if forecast.reason:
            return "few-events", "", forecast
        if forecast.view is None:
            return "few-events", "", forecast
    except NotTrainedError:
        work = _work_of(situation)
        return ("training" if work and not work.fault else "not-trained"), "", None
    with _LOCK:
        _WORK.pop(_key(situation), None)
    return "told", say_lead(forecast.as_record()), forecast


def _ask(store: Store, situation: Situation, say):  # type: ignore[no-untyped-def]
    from detente.forecasting.forecast import Forecast

    return Forecast(store, situation.a.name, situation.b.name, at=situation.at, say=say)


def _refuse_training(said: str) -> None:
    if said.startswith(_TRAINING):
        raise NotTrainedError(said)


# -- training ----------------------------------------------------------------------------------------------------------------
def train(posted: Posted) -> Done:
    """``pair``, ``at`` -> training is begun beside the desk's other work; the page says how far it is."""
    asked = posted.asked
    situation = read_situation(asked)
    to = address(f"{pair_address(situation.a.name, situation.b.name)}/forecast", {"at": situation.at if situation.asked else None})
    what = f"forecast of {situation.a.name} and {situation.b.name} at {situation.at}"
    key = _key(situation)
    with _LOCK:
        running = [work for work in _WORK.values() if not work.fault]
        if key in _WORK and not _WORK[key].fault:
            return Done(what, to, "Training is under way already.")
        if running:
            return Done(what, to, "Another training is under way; one at a time.")
        _WORK[key] = Work(datetime.datetime.now(datetime.UTC), "reading the events", 0)
    threading.Thread(target=_train, args=(situation, key), daemon=True).start()
    return Done(what, to, "Training has begun: about a minute for a store of a million events.")


def _train(situation: Situation, key: tuple[str, str, str, datetime.date]) -> None:
    def say(said: str) -> None:
        with _LOCK:
            before = _WORK[key]
            _WORK[key] = Work(before.since, said, before.models + said.startswith(_TRAINING))

    try:
        _ask(situation.store, situation, say).as_record()
    except DetenteError as error:
        with _LOCK:
            _WORK[key] = Work(_WORK[key].since, "", _WORK[key].models, str(error))
        return
    except Exception as error:
        with _LOCK:
            _WORK[key] = Work(_WORK[key].since, "", _WORK[key].models, f"a fault of ours: {type(error).__name__}")
        raise
    with _LOCK:
        _WORK.pop(key, None)


def _key(situation: Situation) -> tuple[str, str, str, datetime.date]:
    return situation.store.name, situation.a.name, situation.b.name, situation.at


def _work_of(situation: Situation) -> Work | None:
    with _LOCK:
        return _WORK.get(_key(situation))


PAGES = (Page("/dyads/{pair:path}/forecast", read_page, "dyad_forecast.html", lambda r: f"Forecast: {r.head.a.name} and {r.head.b.name}", nav="dyads", is_kept=False),)
ACTIONS = (Action("/dyads/{pair:path}/forecast/train", train, "train forecast", role="code"),)
