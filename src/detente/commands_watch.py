"""``detente watch``: the list of feeds -> visits, told line by line, until it is stopped."""

from __future__ import annotations

import argparse
import contextlib
import datetime
import functools
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from detente import show
from detente.commands import Run
from detente.commands_store import open_given
from detente.feed_list import load_feeds
from detente.reading.record import Skipped
from detente.records import Document
from detente.running import code_corpus

if TYPE_CHECKING:
    from detente.store.schema import Store

SLICE_SECONDS = 0.25
"""So soon a signal is noticed while nothing is due."""


class _Stop:
    """Whether the user has asked for an end. A plain flag: the handler runs between any two steps of the program and must not take a lock."""

    def __init__(self) -> None:
        self.asked = False

    def __call__(self) -> bool:
        return self.asked

    def wait(self, seconds: float) -> None:
        """Sleep for so long, or until the end is asked for."""
        end = time.monotonic() + seconds
        while not self.asked and (left := end - time.monotonic()) > 0:
            time.sleep(min(SLICE_SECONDS, left))


@contextlib.contextmanager
def _stopping_on_signals() -> Iterator[_Stop]:
    """SIGINT and SIGTERM ask for an end, the second one forces it. What was set before is set again afterwards."""
    stop = _Stop()
    numbers = (signal.SIGINT, signal.SIGTERM)

    def handle(_: int, __: object) -> None:
        stop.asked = True
        for number, earlier in before.items():
            signal.signal(number, earlier)

    before = {number: signal.getsignal(number) for number in numbers}
    for number in numbers:
        signal.signal(number, handle)
    try:
        yield stop
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)


def run_watch(arguments: argparse.Namespace) -> int:
    """``detente watch``."""
    from detente import show_watch
    from detente.reading.fetch import read_limits
    from detente.reading.web import make_web
    from detente.store.feeds import load_feed
    from detente.watch_alerts import alert, attend, read_alerting, start_alerting
    from detente.watching import Visit, Watcher, nothing, watch_feeds

    run = Run(arguments)
    limits = read_limits(vars(arguments))
    asked = read_alerting(arguments, any_port=limits.allow_private)
    plans = load_feeds(Path(arguments.feeds), any_port=limits.allow_private)
    visits: Counter[bool] = Counter()
    totals: Counter[str] = Counter()
    store = open_given(arguments.store, create=True)

    def tell(visit: Visit) -> None:
        visits[visit.error is None] += 1
        totals.update(visit.states)
        _say(show_watch.visit_line(visit, _now()))
        for line in show_watch.trouble_lines(visit):
            show.warn(line)
        if alerting is not None and visit.states.get("added"):
            alert(alerting)

    try:
        with _stopping_on_signals() as stop:
            for line in show_watch.start_lines(plans, [load_feed(store, plan.url) for plan in plans], store.name, _now(), once=arguments.once):
                _say(line)
            alerting = start_alerting(asked, store, limits, _now, stop)
            watcher = Watcher(
                store, make_web(limits, wait=stop.wait, stopped=stop), _adding(run, store), _now, random.random, functools.partial(attend, alerting) if alerting else nothing
            )
            watch_feeds(watcher, plans, tell, once=arguments.once)
            _say(f"{show_watch.moment(_now())} {'stopped' if stop() else 'done'}: {totals['added']} added, {totals['known']} known, {totals['given-up']} given up")
    finally:
        store.close()
    if not arguments.once or not visits[False]:
        return 0
    return 1 if visits[True] else 2


def _adding(run: Run, store: Store) -> Callable[[Document], bool | Skipped]:
    """How ``add`` codes and stores -> the same for one document: whether it was new, or why it could not be coded."""
    from detente.store.write import Sketches, add_report, find_known

    sketches: Sketches = {}

    def add(document: Document) -> bool | Skipped:
        if find_known(store, [document]):
            return False
        for result in code_corpus([document], run.options):
            return result if isinstance(result, Skipped) else not add_report(store, result, sketches).known
        return Skipped(document.origin or "", None, "empty", "found nothing to code; expected a report")

    return add


def _say(line: str) -> None:
    show.say(line)
    sys.stdout.flush()


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)
