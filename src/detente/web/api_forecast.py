"""The forecast of a pair in the API. Reading one never trains a model; a POST has them trained beside the desk's other work."""

from __future__ import annotations

import datetime
from typing import Any

from detente.errors import InputError, MissingExtraError
from detente.forecasting.forecast import Forecast, ForecastRecord
from detente.store.sizes import count_rows
from detente.web.api_records import MOST_DAYS, MOST_HORIZONS, MOST_TARGETS, Training, Wanted
from detente.web.asked import Asked
from detente.web.filters import split_pair
from detente.web.pages_forecast import MOST_READ, MOST_SUPPOSED
from detente.web.refusals import refuse
from detente.web.training import NotTrainedError, begin_work, find_work, refuse_training, refuse_work

AGAIN_SECONDS = "10"


def _make(asked: Asked, at: datetime.date | None, targets: tuple[str, ...], within: tuple[int, ...], supposing: tuple[str, ...] = ()) -> Forecast:
    a, b = split_pair("pair", asked.path["pair"])
    say = refuse_work if count_rows(asked.store).events > MOST_READ else refuse_training
    return Forecast(asked.store, a, b, at=at, targets=targets, within=within, supposing=supposing, say=say)


def read_forecast(asked: Asked) -> ForecastRecord:
    """``pair``, ``at``, ``target``, ``within``, ``if`` -> the forecast, of models that are there."""
    _need_extra()
    at, targets, supposing = asked.day("at"), asked.texts("target"), asked.texts("if")
    within = tuple(_read_days(text) for text in asked.texts("within"))
    for name, given, most in (("target", targets, MOST_TARGETS), ("within", within, MOST_HORIZONS), ("if", supposing, MOST_SUPPOSED)):
        if len(given) > most:
            raise InputError(f"{name}: found {len(given)}; expected at most {most}")
    forecast = _make(asked, at, targets, within, supposing)
    try:
        return forecast.as_record()
    except NotTrainedError:
        work = find_work(_key(asked, forecast))
        if work and not work.fault:
            raise refuse(409, "models: found that they are being trained; expected them ready; ask again soon", code="training", headers={"Retry-After": AGAIN_SECONDS}) from None
        if work:
            raise refuse(409, f"models: found that training them failed ({work.fault}); expected trained ones", code="not-trained") from None
        raise refuse(409, "models: found none of this month for this question; expected trained ones; POST it to this address with the role code", code="not-trained") from None


def _read_days(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 5 and 1 <= int(text) <= MOST_DAYS):
        raise InputError(f"within: found {text[:20]!r}; expected days, 1 to {MOST_DAYS}")
    return int(text)


def _need_extra() -> None:
    import importlib.util

    if lacking := [name for name in ("polars", "scipy") if importlib.util.find_spec(name) is None]:
        raise MissingExtraError(f"{lacking[0]}: not installed; forecasts need it: pip install 'detente[forecast]'")


def _key(asked: Asked, forecast: Forecast) -> Any:
    return asked.store.name, forecast.a, forecast.b, forecast.at, tuple(target.name for target in forecast.question.targets), forecast.question.horizons


# -- training ----------------------------------------------------------------------------------------------------------------
def train(asked: Asked, wanted: Wanted) -> Training:
    """``pair`` and which models -> they are trained beside the other work, or are there."""
    _need_extra()
    within = tuple(wanted.within)
    forecast = _make(asked, wanted.at, tuple(wanted.target), within)
    key = _key(asked, forecast)
    if (going := find_work(key)) and not going.fault:
        return Training(state="training", since=going.since)
    try:
        forecast.as_record()
    except NotTrainedError:
        pass
    else:
        return Training(state="ready", since=None)
    arguments = [forecast.a, forecast.b, "--at", forecast.at.isoformat()]
    arguments += [word for name in wanted.target for word in ("--target", name)] + [word for days in wanted.within for word in ("--within", str(days))]
    return Training(state="training", since=begin_work(key, arguments, asked.options.store)[0].since)
