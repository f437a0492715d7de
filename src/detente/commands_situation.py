"""The commands about where a pair stands: parsed arguments -> one call of the library, shown -> exit code."""

from __future__ import annotations

import argparse
import contextlib
import datetime
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from detente import show
from detente.collecting import uncollected
from detente.commands_store import open_given
from detente.errors import InputError, MissingExtraError, SettingsError, StoreError
from detente.running import limit_threads
from detente.wording import count_of

if TYPE_CHECKING:
    from detente.analysis.situation import Situation

ALERT_DAYS = 30
"""Alerts are listed for so many days, unless ``--since`` says otherwise."""


def import_situation() -> type[Situation]:
    """Nothing -> the class, or a clear word on what is missing."""
    limit_threads()  # small matrices: threads would wait for each other most of the time
    try:
        with uncollected():
            from detente.analysis.situation import Situation
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "detente":
            raise
        raise MissingExtraError(f"{error.name} is missing; install it: pip install 'detente[analysis]'") from None
    return Situation


@contextlib.contextmanager
def open_situation(arguments: argparse.Namespace) -> Iterator[Situation]:
    """``a``, ``b``, ``at``, ``origin`` and ``store`` of the arguments -> the situation; the store is closed at the end."""
    make = import_situation()
    store = open_given(arguments.store, create=False)
    try:
        yield make(store, arguments.a, arguments.b, at=arguments.at, origins=tuple(arguments.origin))
    finally:
        store.close()


def run_situation(arguments: argparse.Namespace) -> int:
    """``detente situation``: 1 if too little is known."""
    from detente.show_situation import situation_lines

    with uncollected(), open_situation(arguments) as situation:
        if arguments.json:
            show.say_json(situation.as_record())
        else:
            for line in situation_lines(situation):
                show.say(line)
        return 1 if situation.reason else 0


def run_timeline(arguments: argparse.Namespace) -> int:
    """``detente timeline``."""
    from detente.show_situation import timeline_lines

    with open_situation(arguments) as situation:
        if arguments.since and arguments.since > situation.at:
            raise SettingsError(f"--since: found {arguments.since}, after {situation.at}; expected a day before it")
        _refuse_empty(situation)
        if arguments.json:
            events = situation.dyad if arguments.since is None else situation.dyad.filter(situation.dyad["day"] >= arguments.since)
            show.say_json(situation.cite(events["event_id"]))
            return 0
        for line in timeline_lines(situation, arguments.since):
            show.say(line)
        return 0


def _refuse_empty(situation: Situation) -> None:
    if situation.dyad.is_empty():
        raise InputError(f"{situation.store.name}: found no event between {situation.a.name} and {situation.b.name} with a day; expected two actors that had to do with each other")


def run_report(arguments: argparse.Namespace) -> int:
    """``detente report``: 1 if too little is known."""
    from detente.report import check_report_ending, write_report

    path = Path(arguments.output)
    check_report_ending(path)
    with open_situation(arguments) as situation:
        _refuse_empty(situation)
        write_report(situation, path)
        show.say(f"{path}: {situation.a.name} and {situation.b.name} on {situation.at}, {count_of(situation.dyad['event_id'].n_unique(), 'event')}")
        return 1 if situation.reason else 0


def run_alerts(arguments: argparse.Namespace) -> int:
    """``detente alerts``."""
    from detente.analysis.alerts import find_alerts
    from detente.analysis.table import load_table, load_volume
    from detente.show_situation import alert_lines
    from detente.store.tables import Wanted, check_origins, has_events, latest_day

    if arguments.limit < 1:
        raise SettingsError(f"--limit: found {arguments.limit}; expected 1 or more")
    store = open_given(arguments.store, create=False)
    try:
        at = arguments.at or latest_day(store)
        if at is None or not has_events(store):
            raise StoreError(f"{store.name}: found no events; expected some; detente add or detente import brings them in")
        check_origins(store, arguments.origin)
        since = arguments.since or at - min(datetime.timedelta(days=ALERT_DAYS - 1), at - datetime.date.min)
        if since > at:
            raise SettingsError(f"--since: found {since}, after {at}; expected a day before it")
        # without --at nothing is left out as told later: the press tells of a day on the next
        wanted = Wanted(until=arguments.at, origins=tuple(arguments.origin))
        found = [a for a in find_alerts(load_table(store, wanted, with_text=True), at, since=since, volume=load_volume(store, wanted)) if a.score >= arguments.score]
    finally:
        store.close()
    if arguments.json:
        show.say_json(found)
    else:
        for line in alert_lines(found, since, at, arguments.limit):
            show.say(line)
    return 0
