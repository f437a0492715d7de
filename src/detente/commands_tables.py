"""The commands that give tables: the pairs of a store, and the series of one pair."""

from __future__ import annotations

import argparse
import datetime
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from detente import show
from detente.codebook.register import country_names
from detente.commands_situation import import_situation, open_situation
from detente.commands_store import open_given
from detente.errors import InputError, SettingsError, StoreError
from detente.show_situation import say_party
from detente.wording import count_of

if TYPE_CHECKING:
    import polars as pl

ENDINGS = (".csv", ".parquet", ".jsonl")


def run_dyads(arguments: argparse.Namespace) -> int:
    """``detente dyads``."""
    _check_ending(arguments.output)
    if arguments.limit < 1:
        raise SettingsError(f"--limit: found {arguments.limit}; expected 1 or more")
    import_situation()
    from detente.analysis.dyads import count_dyads
    from detente.store.sides import find_party
    from detente.store.tables import Wanted, check_origins, has_events

    store = open_given(arguments.store, create=False)
    try:
        if not has_events(store):
            raise StoreError(f"{store.name}: found no events; expected some; detente add or detente import brings them in")
        check_origins(store, arguments.origin)
        party = find_party(store, arguments.actor) if arguments.actor else None
        wanted = Wanted(since=arguments.since, until=arguments.at, origins=tuple(arguments.origin))
        pairs = count_dyads(store, party, wanted)
    finally:
        store.close()
    return _give(pairs, arguments, list(_dyad_lines(pairs, arguments.limit, show.terminal_columns())))


def _dyad_lines(pairs: pl.DataFrame, limit: int, columns: int | None) -> Iterator[str]:
    yield count_of(pairs.height, "pair") + (", the busiest first" if pairs.height > 1 else "")
    if pairs.height:
        yield f"  {'events':>9}  {'first':<10}  {'last':<10}  pair"
    known = country_names()
    keys = [f"{a} - {b}" for a, b in pairs.head(limit).select("a", "b").iter_rows()]
    wide = max(map(len, keys), default=0)
    for key, (a, b, events, first, last) in zip(keys, pairs.head(limit).iter_rows(), strict=True):
        line = f"  {events:>9,}  {first}  {last}  {key}"
        named = f"{line}{' ' * (wide - len(key))}  {known.get(a, a)} - {known.get(b, b)}"
        yield named if (a in known or b in known) and (columns is None or len(named) <= columns) else line
    if pairs.height > limit:
        yield f"  and {pairs.height - limit:,} more: --limit, or -o pairs.csv for all"


def run_series(arguments: argparse.Namespace) -> int:
    """``detente series``."""
    _check_ending(arguments.output)
    with open_situation(arguments) as situation:
        if situation.dyad.is_empty():
            raise InputError(f"{situation.store.name}: found no event between {situation.a.name} and {situation.b.name} with a day; expected two that had to do with each other")
        if arguments.since and arguments.since > situation.at:
            raise SettingsError(f"--since: found {arguments.since}, after {situation.at}; expected a day before it")
        from detente.analysis.series import count_unplaced, make_series

        series = make_series(
            situation.dyad,
            situation.at,
            by=arguments.by,
            kind=arguments.kind,
            per_side=arguments.per_side,
            score=arguments.score,
            volume=situation.volume,
            since=arguments.since,
        )
        unplaced = count_unplaced(situation.dyad, situation.at, arguments.by, since=arguments.since)
        names = {"a": situation.a.name, "b": situation.b.name}
    return _give(series, arguments, list(_series_lines(series, names, arguments, unplaced)))


def _series_lines(series: pl.DataFrame, names: dict[str, str], arguments: argparse.Namespace, unplaced: int) -> Iterator[str]:
    yield f"{say_party(names['a'])} and {say_party(names['b'])} by {arguments.by}: events, their {arguments.score}, and both as they would be had each {arguments.by} the mean volume of reports"
    keys = [key for key in ("side", "kind") if key in series.columns]
    heads = "".join(f"{'by' if key == 'side' else arguments.kind:<14}" for key in keys)
    yield f"  {arguments.by:<10}  {heads}{'events':>8}{'corrected':>11}{'sum':>9}{'mean':>8}{'corrected':>11}"
    for row in series.iter_rows(named=True):
        if keys and not row["events"]:
            continue  # a line a kind and period would bury those that have any; the file has all
        told = "".join(f"{names.get(row[key], row[key]):<14}" for key in keys)
        yield (
            f"  {row['period']}  {told}{row['events']:>8,}{_number(row['corrected']):>11}{_number(row['score_sum']):>9}{_number(row['score_mean']):>8}"
            f"{_number(row['score_corrected']):>11}{'' if row['is_whole'] else '  (in part)'}"
        )
    if unplaced:
        yield f"Left out: {count_of(unplaced, 'event')} whose date is not sharp enough for a {arguments.by}."


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:,.1f}"


def _check_ending(path: str | None) -> None:
    if path and not path.lower().endswith(ENDINGS):
        raise SettingsError(f"-o: found {path}; expected a name that ends in {', '.join(ENDINGS)}")


def _give(table: pl.DataFrame, arguments: argparse.Namespace, lines: list[str]) -> int:
    """A table -> a file, JSON or lines, as asked for."""
    if arguments.output:
        path = Path(arguments.output)
        write = {".csv": table.write_csv, ".parquet": table.write_parquet, ".jsonl": table.write_ndjson}[path.suffix.lower()]
        try:
            write(path)  # type: ignore[operator]
        except OSError as error:
            # polars names the path too, after the reason
            raise InputError(
                f"{path}: cannot be written ({str(error.strerror or error).removesuffix(f': {path}')}); expected a file in a directory that can be written to"
            ) from error
        show.say(f"{path}: {count_of(table.height, 'row')}")
    elif arguments.json:
        show.say_json([{key: value.isoformat() if isinstance(value, datetime.date) else value for key, value in row.items()} for row in table.iter_rows(named=True)])
    else:
        for line in lines:
            show.say(line)
    return 0
