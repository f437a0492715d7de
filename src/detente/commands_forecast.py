"""``detente forecast``: parsed arguments -> one call of the library, shown -> exit code."""

from __future__ import annotations

import argparse

from detente import show
from detente.commands_backtest import need
from detente.commands_store import open_given


def run_forecast(arguments: argparse.Namespace) -> int:
    """``detente forecast``: 1 if too little is known of the two, or of all that was asked nothing could be told."""
    from detente.running import limit_threads

    limit_threads()
    need("polars")
    from detente.forecasting.forecast import Forecast
    from detente.show_outlook import forecast_lines

    store = open_given(arguments.store, create=False)
    try:
        forecast = Forecast(
            store,
            arguments.a,
            arguments.b,
            at=arguments.at,
            targets=arguments.target or (),
            within=arguments.within or (),
            full=arguments.full,
            supposing=arguments.suppose,
            say=show.warn,
            cache=arguments.cache,
            origins=tuple(arguments.origin),
        )
        record = forecast.as_record()
    finally:
        store.close()
    if arguments.json:
        show.say_json(record)
    else:
        for line in forecast_lines(record):
            show.say(line)
    told = [outlook for side in (record.view.directions if record.view else ()) for outlook in side.outlooks if not outlook.reason]
    return 0 if told else 1
