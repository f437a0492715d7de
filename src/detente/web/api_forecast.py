"""The forecast of a pair in the API. Reading one never trains a model; a POST has them trained beside the desk's other work."""

from __future__ import annotations

import datetime
import os
import subprocess
import sys
import threading
from typing import Any

from detente.errors import InputError, MissingExtraError
from detente.forecasting.forecast import Forecast, ForecastRecord
from detente.store.sizes import count_rows
from detente.web.api_records import MOST_DAYS, MOST_HORIZONS, MOST_TARGETS, Training, Wanted
from detente.web.asked import Asked
from detente.web.filters import split_pair
from detente.web.pages_forecast import MOST_READ, NotTrainedError
from detente.web.refusals import refuse

MOST_SUPPOSED = 20
"""Events of a scenario."""
MOST_WAITING = 8
"""Trainings that wait for their turn; one goes on at a time."""
AGAIN_SECONDS = "10"
_TRAINING = "training"
"""With this word the forecast says that it is about to train a model."""
TOLD = (0, 1)
"""The command ends with 1 where nothing could be told; its models are there all the same."""
_turn, _lock = threading.Lock(), threading.Lock()
_going: dict[Any, datetime.datetime] = {}
_failed: dict[Any, str] = {}


def _refuse_training(said: str) -> None:
    if said.startswith(_TRAINING):
        raise NotTrainedError(said)


def _refuse_work(said: str) -> None:
    """To read all events of a large store again is no work for a request either: a POST has that done too."""
    raise NotTrainedError(said)


def _make(asked: Asked, at: datetime.date | None, targets: tuple[str, ...], within: tuple[int, ...], supposing: tuple[str, ...] = ()) -> Forecast:
    a, b = split_pair("pair", asked.path["pair"])
    say = _refuse_work if count_rows(asked.store).events > MOST_READ else _refuse_training
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
        key = _key(asked, forecast)
        if key in _going:
            raise refuse(409, "models: found that they are being trained; expected them ready; ask again soon", code="training", headers={"Retry-After": AGAIN_SECONDS}) from None
        if (fault := _failed.get(key)) is not None:
            raise refuse(409, f"models: found that training them failed ({fault}); expected trained ones", code="not-trained") from None
        raise refuse(409, "models: found none of this month for this question; expected trained ones; POST it to this address with the role code", code="not-trained") from None


def _read_days(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 5 and 1 <= int(text) <= MOST_DAYS):
        raise InputError(f"within: found {text[:20]!r}; expected days, 1 to {MOST_DAYS}")
    return int(text)


def _need_extra() -> None:
    import importlib.util

    if lacking := [name for name in ("lightgbm", "scipy") if importlib.util.find_spec(name) is None]:
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
    with _lock:
        if since := _going.get(key):
            return Training(state="training", since=since)
        if len(_going) > MOST_WAITING:
            raise refuse(503, f"models: found {len(_going)} trainings that wait; expected fewer; try again", code="busy", headers={"Retry-After": "60"})
    try:
        forecast.as_record()
    except NotTrainedError:
        pass
    else:
        return Training(state="ready", since=None)
    since = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
    command = [sys.executable, "-m", "detente", "forecast", forecast.a, forecast.b, "--at", forecast.at.isoformat(), "--json"]
    command += [word for name in wanted.target for word in ("--target", name)] + [word for days in wanted.within for word in ("--within", str(days))]
    with _lock:
        _failed.pop(key, None)
        if key not in _going:
            _going[key] = since
            threading.Thread(target=_work, args=(key, command, asked.options.store), name="training", daemon=True).start()
        return Training(state="training", since=_going[key])


def _work(key: Any, command: list[str], store: str) -> None:
    """Train what is not there, one at a time and in a process of its own, so that the desk stays quick. The store goes by the environment: its address may hold a password."""
    try:
        with _turn:
            done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, errors="replace", env={**os.environ, "DETENTE_STORE": store}, check=False)  # noqa: S603 - our own command
        if done.returncode not in TOLD:
            _failed[key] = (done.stderr.strip().splitlines() or ["it ended without a word"])[-1][:300]
    except OSError as error:
        _failed[key] = f"the process cannot be started: {error.strerror}"
    finally:
        with _lock:
            _going.pop(key, None)
