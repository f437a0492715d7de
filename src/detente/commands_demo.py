"""``detente demo``: the bundled reports, coded, stored and merged, and where North and South Korea stand by them."""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from detente import show
from detente.codebook.load import load_plover
from detente.commands import DEMO_REPORTS, Run
from detente.errors import MissingExtraError
from detente.records import CodedReport, Event
from detente.running import limit_threads

if TYPE_CHECKING:
    from detente.store.schema import Store

SHOWN_REPORTS = 10
"""So many of the bundled reports are shown with their events: enough to see what is coded, and the situation stands on the screen still."""
DYAD, DAY = ("PRK", "KOR"), "2020-06-16"
"""The pair of which the bundled reports tell, and the day on which their quarrel came to its head."""


def run_demo(arguments: argparse.Namespace) -> int:
    """``detente demo``."""
    from detente.store.schema import open_store
    from detente.store.write import Sketches, add_report

    limit_threads()
    run, started = Run(arguments), time.perf_counter()
    events: list[Event] = []
    shown: list[Event] = []
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(Path(folder, "demo.db"))
        sketches: Sketches = {}
        show.say(show.table_header())
        for report in run.code(run.read([DEMO_REPORTS])):
            events.extend(report.events)
            if run.coded <= SHOWN_REPORTS:
                _show_report(report)
                shown.extend(report.events)
            add_report(store, report, sketches)
        if run.coded > SHOWN_REPORTS:
            show.say(f"\n... and {run.coded - SHOWN_REPORTS:,} more reports, whose events detente code {DEMO_REPORTS} --format table shows")
        show.say(sectors_line(shown))
        show.show_summary(events, run.coded, time.perf_counter() - started)
        show.say()
        try:
            _show_situation(store)
        except MissingExtraError as error:
            show.say(f"Where the two Koreas stand: {error}")
        finally:
            store.close()
    return run.finish()


def _show_report(report: CodedReport) -> None:
    document = report.document
    show.say(f"\n{document.published_on} {document.publisher or ''}: {document.title or document.id}")
    for line in show.table_lines(report.events):
        show.say(line)


def sectors_line(events: Sequence[Event]) -> str:
    """Events -> what the sectors in brackets after their actors mean, in the words of PLOVER."""
    given = {sector for event in events for actor in (*event.source, *event.target, *event.said_by) for sector in actor.sectors}
    told = "; ".join(f"{sector} {means}" for sector, means in load_plover()["sectors"].items() if sector in given)
    return f"\nIn brackets after an actor: its sectors, with + between them, where it is not the state as such ({told})."


def _show_situation(store: Store) -> None:
    from detente.commands_situation import import_situation
    from detente.show_situation import situation_lines

    situation = import_situation()(store, *DYAD, at=DAY)
    for line in situation_lines(situation):
        show.say(line)
    show.say(f"\nThe same of reports of yours: detente add reports/; detente situation {DYAD[0]} {DYAD[1]}")
