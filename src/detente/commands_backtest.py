"""``detente backtest``: parsed arguments -> one call of the library, shown or drawn -> exit code."""

from __future__ import annotations

import argparse
import datetime
import importlib.util
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from detente import show, show_backtest
from detente.commands_store import open_given
from detente.errors import InputError, MissingExtraError, SettingsError

if TYPE_CHECKING:
    import polars as pl
    from altair.typing import ChartType

    from detente.forecasting.attributes import Attributes
    from detente.forecasting.backtest_dyads import DyadBacktest
    from detente.forecasting.backtest_quads import QuadBacktest
    from detente.forecasting.backtest_types import TypeBacktest
    from detente.forecasting.dyad_events import DyadEvents
    from detente.forecasting.dyad_targets import Target
    from detente.forecasting.quads import Benchmark

Ranked = TypeVar("Ranked", "QuadBacktest", "TypeBacktest")
EXTRA = ("lightgbm", "scipy")
FILES = ("train", "valid", "entities", "relations")
"""Flags of the files of a benchmark; all of them, or ``--store`` and ``--since``."""
EPOCH = datetime.date(1970, 1, 1)


def need(*packages: str) -> None:
    """Names of packages -> nothing; refused if one is not installed."""
    if lacking := [name for name in packages if importlib.util.find_spec(name) is None]:
        raise MissingExtraError(f"{lacking[0]}: not installed; forecasts need it: pip install 'detente[forecast]'")


def cross_targets(arguments: argparse.Namespace, days: tuple[int, ...]) -> list[tuple[Target, int]]:
    """``--target`` and ``--within``, each of one with each of the other."""
    from detente.forecasting.dyad_targets import list_targets, parse_target

    if wrong := [within for within in arguments.within or () if within < 1]:
        raise SettingsError(f"--within: found {wrong[0]}; expected 1 or more days")
    each = [target for kind in getattr(arguments, "each", None) or () for target in list_targets(kind)]
    targets = dict.fromkeys([parse_target(name) for name in arguments.target or ([] if each else ["conflict"])] + each)
    return [(target, within) for target in targets for within in arguments.within or days]


def _chart_path(arguments: argparse.Namespace) -> Path | None:
    """``-o``; a wrong ending is refused before anything is computed."""
    if not arguments.output:
        return None
    from detente.charts.saving import check_ending

    check_ending(Path(arguments.output))
    return Path(arguments.output)


def _save(chart: ChartType, path: Path) -> None:
    from detente.charts.saving import save_chart

    save_chart(chart, path)
    show.warn(f"{path} written")


def _has_files(arguments: argparse.Namespace, command: str) -> bool:
    """Whether the files of a benchmark are to be read. Refused: some of them only, neither them nor a day, both."""
    given = [name for name in (*FILES, "test") if getattr(arguments, name)]
    lacking = [name for name in FILES if name not in given]
    if (given and lacking) or (not given and not arguments.since):
        raise SettingsError(f"backtest {command}: expected --train, --valid, --entities and --relations, or --since with the events of a store")
    if given and (flag := next((name for name in ("since", "until", "origin", "store") if getattr(arguments, name)), None)):
        raise SettingsError(f"--{flag}: found it with files of a benchmark; expected it with the events of a store only")
    return bool(given)


def _read_benchmark(arguments: argparse.Namespace) -> Benchmark:
    from detente.forecasting.quads import read_benchmark

    parts = [arguments.train, arguments.valid, *([arguments.test] if arguments.test else [])]
    return read_benchmark(parts, arguments.entities, arguments.relations)


def _load_table(arguments: argparse.Namespace) -> pl.DataFrame:
    """The events of a store that ``--until`` and ``--origin`` leave."""
    need("polars")
    from detente.analysis.table import load_table
    from detente.store.tables import Wanted

    if arguments.until and arguments.until < arguments.since:
        raise SettingsError(f"--until: found {arguments.until}, before {arguments.since}; expected a day after it")
    store = open_given(arguments.store, create=False)
    try:
        table = load_table(store, Wanted(until=arguments.until, origins=tuple(arguments.origin)), with_text=False)
    finally:
        store.close()
    if table.is_empty():
        raise InputError(f"the store: found no events{' of ' + ', '.join(arguments.origin) if arguments.origin else ''}; expected some")
    return table


# -- dyads ---------------------------------------------------------------------------------------------------------------------
def run_backtest_dyads(arguments: argparse.Namespace) -> int:
    """``detente backtest dyads``: 1 if there are too few days or events for one of the targets."""
    has_files, path = _has_files(arguments, "dyads"), _chart_path(arguments)
    if arguments.dyads < 1:
        raise SettingsError(f"--dyads: found {arguments.dyads}; expected 1 or more")
    targets = cross_targets(arguments, (7,))
    need(*EXTRA)
    from detente.forecasting.backtest_dyads import backtest_dyads

    events, score, end = _read_files(arguments) if has_files else _read_store(arguments)
    found = backtest_dyads(events, score, targets, end=end, most=arguments.dyads, directed=not arguments.undirected, say=show.warn)
    if not has_files:
        _keep(arguments, found)
    if arguments.json:
        show.say_json(found)
    else:
        for line in show_backtest.dyad_lines(found):
            show.say(line)
    if path is not None:
        _save(_draw(arguments, found), path)
    return 1 if any(target.reason for target in found.targets) else 0


def _keep(arguments: argparse.Namespace, found: DyadBacktest | QuadBacktest | TypeBacktest) -> None:
    """What was found on a store is kept, for the desk to show it."""
    from detente.forecasting.backtest_dyads import DyadBacktest
    from detente.forecasting.kept_backtests import keep_backtest, keep_ranking

    store = open_given(arguments.store, create=False)
    try:
        if isinstance(found, DyadBacktest):
            keep_backtest(store, found)
        else:
            keep_ranking(store, found)
    finally:
        store.close()


def _draw(arguments: argparse.Namespace, found: DyadBacktest) -> ChartType:
    """The reliability of one target, or the skill at several, unless ``--chart`` says otherwise."""
    from detente.charts.reliability import draw_reliability
    from detente.charts.skill import draw_skill

    kind = arguments.chart or ("reliability" if len(found.targets) == 1 else "skill")
    return (draw_reliability if kind == "reliability" else draw_skill)(found, dark=arguments.dark)


def _read_files(arguments: argparse.Namespace) -> tuple[DyadEvents, int, int]:
    """The files of a benchmark -> the events, the first scored day and the day after the last, counted from the first of all."""
    from detente.forecasting.dyad_events import read_dyad_events

    benchmark = _read_benchmark(arguments)
    first, last = int(benchmark.parts[0].days[0]), benchmark.parts[-1]
    return read_dyad_events(benchmark), int(last.days[0]) - first, int(last.days[-1]) - first + 1


def _read_store(arguments: argparse.Namespace) -> tuple[DyadEvents, int, int]:
    """The events of a store, and ``--since`` as the first scored day -> the same."""
    from detente.forecasting.dyad_events import take_dyad_events

    events = take_dyad_events(_load_table(arguments))
    if not len(events.days):
        raise InputError("the store: found no events of countries with a day of their own; expected some")
    score = (arguments.since - EPOCH).days - events.first
    last = int(events.days[-1])
    if not 0 < score <= last:
        raise SettingsError(f"--since: found {arguments.since}; expected a day after the first of the store's events and up to the last")
    # a last day that was asked for is known even if nothing happened on it
    return events, score, max(last, (arguments.until - EPOCH).days - events.first if arguments.until else last) + 1


# -- quads and types -----------------------------------------------------------------------------------------------------------
def run_backtest_quads(arguments: argparse.Namespace) -> int:
    """``detente backtest quads``."""
    benchmark, attributes, first, path = _read_quads(arguments, "quads")
    from detente.forecasting.backtest_quads import backtest_quads
    from detente.forecasting.ranking_model import Settings
    from detente.forecasting.store_quads import name_days

    found = backtest_quads(benchmark, Settings(threads=arguments.threads), show.warn, attributes)
    if first is not None:
        found = name_days(found, first)
        _keep(arguments, found)
    return _tell(arguments, found, show_backtest.backtest_lines, path)


def run_backtest_types(arguments: argparse.Namespace) -> int:
    """``detente backtest types``."""
    benchmark, attributes, first, path = _read_quads(arguments, "types")
    from detente.forecasting.backtest_types import TYPE_SETTINGS, backtest_types
    from detente.forecasting.store_quads import name_days

    found = backtest_types(benchmark, attributes, TYPE_SETTINGS._replace(threads=arguments.threads), show.warn)
    if first is not None:
        found = name_days(found, first)
        _keep(arguments, found)
    return _tell(arguments, found, show_backtest.type_lines, path)


def _read_quads(arguments: argparse.Namespace, command: str) -> tuple[Benchmark, Attributes | None, int | None, Path | None]:
    """The files of a benchmark, or the events of a store, those before ``--since`` as history; of a store also what is known of its parties and its first day. And where to draw."""
    has_files, path = _has_files(arguments, command), _chart_path(arguments)
    if arguments.threads < 1:
        raise SettingsError(f"--threads: found {arguments.threads}; expected 1 or more")
    need(*EXTRA)
    if has_files:
        return _read_benchmark(arguments), None, None, path
    from detente.forecasting.store_quads import split_quads, take_quads

    quads = take_quads(_load_table(arguments), arguments.since)
    return split_quads(quads, (arguments.since - EPOCH).days), quads.attributes, quads.first, path


def _tell(arguments: argparse.Namespace, found: Ranked, lines: Callable[[Ranked], Iterator[str]], path: Path | None) -> int:
    if arguments.json:
        show.say_json(found)
    else:
        for line in lines(found):
            show.say(line)
    if path is not None:
        from detente.charts.ranking import draw_days

        _save(draw_days(found, dark=arguments.dark), path)
    return 0
