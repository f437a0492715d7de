"""The commands about forecasts: parsed arguments -> one call of the library, shown -> exit code."""

from __future__ import annotations

import argparse
import datetime
import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

from detente import show, show_forecast
from detente.commands_store import open_given
from detente.errors import InputError, MissingExtraError, SettingsError

if TYPE_CHECKING:
    from detente.forecasting.dyad_events import DyadEvents
    from detente.forecasting.dyad_targets import Target

EXTRA = ("lightgbm", "scipy")


def run_backtest_quads(arguments: argparse.Namespace) -> int:
    """``detente backtest quads``."""
    chart = Path(arguments.output) if arguments.output else None
    if chart is not None and chart.suffix.lower() != ".svg":
        raise SettingsError(f"-o: found {arguments.output}; expected a name that ends in .svg")
    if arguments.threads < 1:
        raise SettingsError(f"--threads: found {arguments.threads}; expected 1 or more")
    _need(*EXTRA)
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


def _need(*packages: str) -> None:
    if lacking := [name for name in packages if importlib.util.find_spec(name) is None]:
        raise MissingExtraError(f"{lacking[0]}: not installed; forecasts need it: pip install 'detente[forecast]'")


FILES = ("train", "valid", "entities", "relations")
"""Flags of the files of a benchmark; all of them, or ``--store`` and ``--since``."""


def run_backtest_dyads(arguments: argparse.Namespace) -> int:
    """``detente backtest dyads``: 1 if there are too few days or events for one of the targets."""
    given = [name for name in (*FILES, "test") if getattr(arguments, name)]
    lacking = [name for name in FILES if name not in given]
    if (given and lacking) or (not given and not arguments.since) or (given and arguments.since):
        raise SettingsError("backtest dyads: expected --train, --valid, --entities and --relations, or --since with the events of a store")
    if arguments.dyads < 1:
        raise SettingsError(f"--dyads: found {arguments.dyads}; expected 1 or more")
    targets = _targets(arguments, (7,))
    _need(*EXTRA)
    from detente.forecasting.backtest_dyads import backtest_dyads

    events, score, end = _read_files(arguments) if given else _read_store(arguments)
    found = backtest_dyads(events, score, targets, end=end, most=arguments.dyads, directed=not arguments.undirected, say=show.warn)
    if arguments.json:
        show.say_json(found)
    else:
        for line in show_forecast.dyad_lines(found):
            show.say(line)
    return 1 if any(target.reason for target in found.targets) else 0


def _read_files(arguments: argparse.Namespace) -> tuple[DyadEvents, int, int]:
    """The files of a benchmark -> the events, the first scored day and the day after the last, counted from the first of all."""
    from detente.forecasting.dyad_events import read_dyad_events
    from detente.forecasting.quads import read_benchmark

    parts = [arguments.train, arguments.valid, *([arguments.test] if arguments.test else [])]
    benchmark = read_benchmark(parts, arguments.entities, arguments.relations)
    first, last = int(benchmark.parts[0].days[0]), benchmark.parts[-1]
    return read_dyad_events(benchmark), int(last.days[0]) - first, int(last.days[-1]) - first + 1


def _read_store(arguments: argparse.Namespace) -> tuple[DyadEvents, int, int]:
    """The events of a store, and ``--since`` as the first scored day -> the same."""
    events = _load_events(arguments, None)
    score = (arguments.since - datetime.date(1970, 1, 1)).days - events.first
    if not 0 < score <= int(events.days[-1]):
        raise SettingsError(f"--since: found {arguments.since}; expected a day after the first of the store's events and up to the last")
    return events, score, int(events.days[-1]) + 1


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


def run_forecast(arguments: argparse.Namespace) -> int:
    """``detente forecast``: 1 if too little is known of the two, or of all that was asked nothing could be told."""
    from detente.running import limit_threads

    limit_threads()
    _need("polars", *EXTRA)
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


def _targets(arguments: argparse.Namespace, days: tuple[int, ...]) -> list[tuple[Target, int]]:
    """``--target`` and ``--within``, each of one with each of the other."""
    from detente.forecasting.dyad_targets import parse_target

    if wrong := [within for within in arguments.within or () if within < 1]:
        raise SettingsError(f"--within: found {wrong[0]}; expected 1 or more days")
    return [(parse_target(name), within) for name in arguments.target or ["conflict"] for within in arguments.within or days]
