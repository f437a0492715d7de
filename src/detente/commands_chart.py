"""``detente chart``: parsed arguments -> a chart of two actors in a file -> exit code."""

from __future__ import annotations

import argparse
import contextlib
import datetime
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from detente import show
from detente.commands_analysis import Dyad, open_dyad
from detente.commands_store import open_given
from detente.errors import InputError, MissingExtraError, SettingsError, StoreError
from detente.show_situation import say_party

if TYPE_CHECKING:
    import polars as pl
    from altair.typing import ChartType

    from detente.store.schema import Store

SHOWN_DAYS = {"ladder": 365, "series": 730, "cycle": 730, "network": 365, "map": 365}
"""Days up to ``--at`` that a chart shows unless ``--since`` says otherwise: a year has the course of a crisis, two its background. The others show all."""
MAY_BE_OF_ALL = ("network", "map")
"""Charts that can be drawn of a whole store, without two actors."""


def run_chart(arguments: argparse.Namespace) -> int:
    """``detente chart``."""
    from detente.charts import saving

    path = Path(arguments.output)
    saving.check_ending(path)
    if arguments.measure != "events" and arguments.kind != "series":
        raise SettingsError(f"--measure: found it with {arguments.kind}; expected it with series only")
    saving.save_chart(_draw(arguments), path)
    show.say(f"{path} written")
    return 0


def _draw(arguments: argparse.Namespace) -> ChartType:
    if arguments.a is None and arguments.kind in MAY_BE_OF_ALL:
        with _open_all(arguments) as (store, at):
            return _draw_all(arguments, store, at)
    if arguments.b is None:
        raise SettingsError(f"chart {arguments.kind}: found {'no actor' if arguments.a is None else 'one actor'}; expected two")
    with open_dyad(arguments, with_text=True) as dyad:
        since = _first_day(arguments, dyad.at)
        known = dyad._replace(events=dyad.events.filter(dyad.events["day"] <= dyad.at))
        names = (say_party(dyad.a.name), say_party(dyad.b.name))
        return _BY_KIND[arguments.kind](arguments, known, names, since)


def _first_day(arguments: argparse.Namespace, at: datetime.date) -> datetime.date | None:
    """``--since``, or what the kind shows by itself; ``None``: from the first event on."""
    if arguments.since is not None:
        if arguments.since > at:
            raise SettingsError(f"--since: found {arguments.since}, after {at}; expected a day before it")
        return arguments.since  # type: ignore[no-any-return]
    days = SHOWN_DAYS.get(arguments.kind)
    return datetime.date.fromordinal(max(at.toordinal() - days + 1, 1)) if days else None


def _from(events: pl.DataFrame, since: datetime.date | None) -> pl.DataFrame:
    return events.filter(events["day"] >= since) if since else events


def _ladder(arguments: argparse.Namespace, dyad: Dyad, names: tuple[str, str], since: datetime.date | None) -> ChartType:
    from detente.analysis.ladder import track_rungs
    from detente.charts.ladder import draw_ladder

    return draw_ladder(track_rungs(dyad.events, dyad.at, since=since), dyad.events, names=names, dark=arguments.dark)


def _timeline(arguments: argparse.Namespace, dyad: Dyad, names: tuple[str, str], since: datetime.date | None) -> ChartType:
    from detente.charts.timeline import draw_timeline

    return draw_timeline(_from(dyad.events, since), names=names, dark=arguments.dark)


def _series(arguments: argparse.Namespace, dyad: Dyad, names: tuple[str, str], since: datetime.date | None) -> ChartType:
    from detente.analysis.ladder import track_rungs
    from detente.analysis.series import make_series
    from detente.analysis.table import load_volume
    from detente.charts.series import draw_series, period_for
    from detente.store.tables import Wanted

    first = dyad.events["day"].min()
    start = max(since, first) if since and isinstance(first, datetime.date) else since
    by = period_for(start or dyad.at, dyad.at)
    series = make_series(dyad.events, dyad.at, by=by, kind="quad", volume=load_volume(dyad.store, Wanted(until=dyad.at)), since=start)
    track = track_rungs(dyad.events, dyad.at, since=start)
    return draw_series(series, track, names=names, by=by, measure=arguments.measure, dark=arguments.dark)


def _cycle(arguments: argparse.Namespace, dyad: Dyad, names: tuple[str, str], since: datetime.date | None) -> ChartType:
    from detente.analysis.cycle import cycle_weeks, fit_cycle, name_stage
    from detente.analysis.table import load_volume
    from detente.charts.series import draw_cycle
    from detente.store.tables import Wanted

    fit = fit_cycle(dyad.events, dyad.at, volume=load_volume(dyad.store, Wanted(until=dyad.at)))
    return draw_cycle(cycle_weeks(fit), name_stage(fit, dyad.at), names=names, since=since, dark=arguments.dark)


def _reciprocity(arguments: argparse.Namespace, dyad: Dyad, names: tuple[str, str], since: datetime.date | None) -> ChartType:
    from detente.analysis.reciprocity import answer_rates, find_reciprocity
    from detente.analysis.table import load_volume
    from detente.charts.reciprocity import draw_reciprocity
    from detente.store.tables import Wanted

    events, volume = _from(dyad.events, since), load_volume(dyad.store, Wanted(until=dyad.at))
    return draw_reciprocity(find_reciprocity(events, dyad.at, volume=volume), answer_rates(events, dyad.at, volume=volume), names=names, dark=arguments.dark)


def _precedents(arguments: argparse.Namespace, dyad: Dyad, names: tuple[str, str], since: datetime.date | None) -> ChartType:
    from detente.analysis.dyads import load_dyad
    from detente.analysis.neighbours import load_others
    from detente.analysis.precedents import find_precedents
    from detente.charts.precedents import MOST_LINES, draw_precedents, trace_precedents
    from detente.codebook.groups import Member
    from detente.codebook.parties import Party
    from detente.store.tables import Wanted

    events = _from(dyad.events, since)
    found = find_precedents(events, load_others(dyad.store, dyad.a, dyad.b, events.height, until=dyad.at), names=(dyad.a.name, dyad.b.name), at=dyad.at, limit=MOST_LINES)
    if not found.precedents:
        why = "too few events in the last four weeks" if found.reason == "few-events" else "no past weeks like the present ones"
        raise InputError(f"precedents of {names[0]} and {names[1]} at {dyad.at}: found {why}; expected another day, or other actors")
    pairs = []
    for precedent in found.precedents:
        first, second = (Party(key, (Member(key),)) for key in (precedent.window.first, precedent.window.second))
        own = {first.name, second.name} == {dyad.a.name, dyad.b.name}
        pairs.append((precedent, events if own else load_dyad(dyad.store, first, second, Wanted(until=dyad.at), with_text=False)))
    return draw_precedents(trace_precedents(events, pairs, dyad.at), names=names, dark=arguments.dark)


def _map(arguments: argparse.Namespace, dyad: Dyad, names: tuple[str, str], since: datetime.date | None) -> ChartType:
    from detente.charts.map import draw_map

    return draw_map(_from(dyad.events, since), title=f"{names[0]} and {names[1]}", dark=arguments.dark)


def _network(arguments: argparse.Namespace, dyad: Dyad, names: tuple[str, str], since: datetime.date | None) -> ChartType:
    """The two, all whom they deal with, and what passes between those."""
    import polars as pl

    from detente.analysis.dyads import is_party
    from detente.analysis.table import load_table
    from detente.charts.network import MOST_PARTIES, count_ties, draw_network
    from detente.store.sides import Side, make_side
    from detente.store.tables import Wanted

    tables, about = [], set[str]()
    for party in (dyad.a, dyad.b):
        own = load_table(dyad.store, Wanted(first=make_side(party), since=since, until=dyad.at), with_text=False)
        tables.append(own.filter(is_party(party, "source") | is_party(party, "target")))
        about |= set(own.filter(is_party(party, "source"))["source"]) | set(own.filter(is_party(party, "target"))["target"])
    ties = count_ties(pl.concat(tables).unique(["event_id", "source", "target"], maintain_order=True))
    keys = tuple(dict.fromkeys(key for pair in ties.select("a", "b").iter_rows() for key in pair))[: 2 * MOST_PARTIES]
    between = load_table(dyad.store, Wanted(first=Side(keys=keys), second=Side(keys=keys), since=since, until=dyad.at), with_text=False) if keys else tables[0]
    whole = pl.concat([*tables, between.filter(pl.col("source").is_in(list(keys)) & pl.col("target").is_in(list(keys)))]).unique(
        ["event_id", "source", "target"], maintain_order=True
    )
    return draw_network(whole.sort("day", "event_id", "source", "target"), about=tuple(sorted(about)), dark=arguments.dark)


@contextlib.contextmanager
def _open_all(arguments: argparse.Namespace) -> Iterator[tuple[Store, datetime.date]]:
    """A store and the day asked for, else that of its latest event. Refused: an empty store."""
    try:
        from detente.analysis.table import load_volume
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "detente":
            raise
        raise MissingExtraError(f"{error.name} is missing; install it: pip install 'detente[charts]'") from None

    store = open_given(arguments.store, create=False)
    try:
        latest = load_volume(store)["day"].max()
        if not isinstance(latest, datetime.date):
            raise StoreError(f"{store.name}: found no events; expected some; detente add or detente import brings them in")
        yield store, arguments.at or latest
    finally:
        store.close()


def _draw_all(arguments: argparse.Namespace, store: Store, at: datetime.date) -> ChartType:
    from detente.analysis.table import load_table
    from detente.charts.map import draw_map
    from detente.charts.network import draw_network
    from detente.store.tables import Wanted

    # without --at nothing is left out as told later: the press tells of a day on the next
    table = load_table(store, Wanted(since=_first_day(arguments, at), until=arguments.at), with_text=arguments.kind == "map")
    if arguments.kind == "map":
        return draw_map(table, title="All actors", dark=arguments.dark)
    return draw_network(table, dark=arguments.dark)


_BY_KIND: dict[str, Callable[[argparse.Namespace, Dyad, tuple[str, str], datetime.date | None], ChartType]] = {
    "ladder": _ladder,
    "series": _series,
    "timeline": _timeline,
    "cycle": _cycle,
    "reciprocity": _reciprocity,
    "network": _network,
    "map": _map,
    "precedents": _precedents,
}
