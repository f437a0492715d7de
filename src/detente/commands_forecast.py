"""The commands about forecasts: parsed arguments -> one call of the library, shown -> exit code."""

from __future__ import annotations

import argparse
import importlib.util
from pathlib import Path

from detente import show, show_forecast
from detente.errors import InputError, MissingExtraError, SettingsError

EXTRA = ("lightgbm", "scipy")


def run_backtest_quads(arguments: argparse.Namespace) -> int:
    """``detente backtest quads``."""
    chart = Path(arguments.output) if arguments.output else None
    if chart is not None and chart.suffix.lower() != ".svg":
        raise SettingsError(f"-o: found {arguments.output}; expected a name that ends in .svg")
    if arguments.threads < 1:
        raise SettingsError(f"--threads: found {arguments.threads}; expected 1 or more")
    if lacking := [name for name in EXTRA if importlib.util.find_spec(name) is None]:
        raise MissingExtraError(f"{lacking[0]}: not installed; forecasts need it: pip install 'detente[forecast]'")
    from detente.forecasting.backtest_quads import backtest_quads
    from detente.forecasting.quads import read_benchmark
    from detente.forecasting.ranking_model import Settings

    parts = [arguments.train, arguments.valid, *([arguments.test] if arguments.test else [])]
    found = backtest_quads(read_benchmark(parts, arguments.entities, arguments.relations), Settings(threads=arguments.threads), show.warn)
    if chart is not None:
        try:
            chart.write_text(show_forecast.draw_days(found.by_day), "utf-8")
        except OSError as error:
            raise InputError(f"{chart}: cannot be written: {error.strerror}") from error
    if arguments.json:
        show.say_json(found)
        return 0
    for line in show_forecast.backtest_lines(found):
        show.say(line)
    return 0
