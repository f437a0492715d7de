"""``detente forecast``: parsed arguments -> one call of the library, shown -> exit code."""

from __future__ import annotations

import argparse
import datetime
from typing import TYPE_CHECKING

from detente import show, show_forecast
from detente.commands_backtest import EXTRA
from detente.commands_backtest import cross_targets as _targets
from detente.commands_backtest import need as _need
from detente.commands_store import open_given
from detente.errors import InputError

if TYPE_CHECKING:
    from detente.forecasting.dyad_events import DyadEvents


def _load_events(arguments: argparse.Namespace, until: datetime.date | None) -> DyadEvents:
    """The events of a store between and within countries, of those that had happened and were told of by a day."""
    _need("polars")
    from detente.analysis.table import load_table
    from detente.forecasting.dyad_events import take_dyad_events
    from detente.store.tables import Wanted

    store = open_given(arguments.store, create=False)
    try:
        events = take_dyad_events(load_table(store, Wanted(until=until), with_text=False))
    finally:
        store.close()
    if not len(events.days):
        raise InputError(f"the store: found no events of countries{f' up to {until}' if until else ''} with a day of their own; expected some")
    return events


FORECAST_DAYS = (1, 7, 30)
"""Days that ``detente forecast`` tells of, unless ``--within`` says otherwise."""


def run_forecast(arguments: argparse.Namespace) -> int:
    """``detente forecast``: 1 if there is not enough data for one of the targets."""
    targets = _targets(arguments, FORECAST_DAYS)
    _need(*EXTRA)
    from detente.forecasting.dyad_forecast import forecast_dyad

    events = _load_events(arguments, arguments.at)
    at = arguments.at or datetime.date(1970, 1, 1) + datetime.timedelta(days=events.first + int(events.days[-1]))
    found = forecast_dyad(events, arguments.a, arguments.b, at, targets)
    if arguments.json:
        show.say_json(found)
    else:
        for line in show_forecast.forecast_lines(found):
            show.say(line)
    return 1 if any(outlook.reason for outlook in found.outlooks) else 0
