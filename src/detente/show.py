"""Coded reports and figures -> what a person reads at a terminal. With ``cli`` the only module that prints."""

from __future__ import annotations

import os
import re
import shutil
import sys
import time
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from detente.reading.record import Skipped
from detente.reading.source import Position
from detente.records import Actor, CodedReport, Event

if TYPE_CHECKING:
    from rich.progress import Progress

SHOWN_PER_REASON = 20
"""Skips that are named one by one for each reason; the rest is counted."""
BAR_FROM_REPORTS = 2
"""Reports coded before the bar appears: for a single one it would only flicker."""
_ACTED_UPON = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")
"""C0 and C1 controls but the line end, line and paragraph separators, and what turns the direction of writing."""
TABLE_COLUMNS = (("date", 10), ("source", 26), ("type", 26), ("target", 26), ("place", 16), ("said by", 20))


def make_plain(text: str) -> str:
    """A text -> the same with a question mark for each character that a terminal would act upon (controls, marks of direction); line ends stay."""
    return _ACTED_UPON.sub("?", text)


def say(line: str = "") -> None:
    """A line -> standard output, without characters that a terminal would act upon: names, files and words of reports are others' text."""
    print(make_plain(line))


def say_json(value: Any) -> None:
    """Anything that msgspec writes -> JSON on standard output, with characters that a terminal would act upon as escapes, so that it says the same."""
    text = msgspec.json.format(msgspec.json.encode(value)).decode()
    print(_ACTED_UPON.sub(lambda found: f"\\u{ord(found[0]):04x}", text))


def warn(line: str) -> None:
    """A line -> standard error, without characters that a terminal would act upon."""
    plain = "".join(c if c.isprintable() or c == "\n" else "?" for c in line)
    print(plain, file=sys.stderr, flush=True)


def name_actors(actors: Sequence[Actor], nobody: str = "-") -> str:
    """Actors -> their names with sectors: North Korea (MIL), Kim Yo Jong (PRK GOV)."""
    parts = []
    for actor in actors:
        sectors = "+".join(actor.sectors)
        state = actor.entity is None and actor.country is not None and sectors == "GOV"
        label = actor.entity or actor.name
        parts.append(label if state else f"{label} ({f'{actor.country} ' if actor.country and actor.entity else ''}{sectors})" if sectors else label)
    return ", ".join(dict.fromkeys(parts)) or nobody


def name_type(event: Event) -> str:
    """An event -> ASSAULT destroy, explosives."""
    return f"{event.event_type} {', '.join(event.modes)}".strip()


def _date_cell(event: Event) -> str:
    if event.date is None:
        return "no date"
    return event.date.start[: {"year": 4, "month": 7}.get(event.date.precision, 10)]


def describe_event(event: Event) -> str:
    """An event -> one line: date, who, what, to whom, where, how many died, who says so."""
    line = f"{_date_cell(event):<10}  {name_actors(event.source, '?')}: {name_type(event)}"
    line += f" > {name_actors(event.target)}" if event.target else ""
    line += f", at {event.place.name}" if event.place else ""
    counts = [f"{count} {what}" for count, what in ((event.dead, "dead"), (event.injured, "injured")) if count is not None]
    line += f", {' and '.join(counts)}" if counts else ""
    line += f"; according to {name_actors(event.said_by)}" if event.said_by else ""
    notes = [note for note in ("background" if event.historical else "", event.modality if event.modality != "actual" else "") if note]
    return line + (f" [{', '.join(notes)}]" if notes else "")


def show_brief(report: CodedReport) -> None:
    """A coded report -> its title, a line for each event, the claims and the relations."""
    document = report.document
    title = document.title or document.text.split("\n", 1)[0]
    say(title if len(title) <= 120 else title[:117] + "...")
    about = [str(part) for part in (document.published_on, document.publisher, document.origin) if part]
    say("  ".join(about)) if about else None
    say()
    lines = {event.event_id: describe_event(event) for event in report.events}
    for line in lines.values() or ["no events found"]:
        say(line)
    if report.claims:
        say("\nClaims")
        for claim in report.claims:
            holder = name_actors([claim.holder]) + (f", {claim.affiliation}" if claim.affiliation else "")
            say(f"  {holder}: {claim.kind}: {' '.join(claim.text.split())}")
    if report.relations:
        types = {event.event_id: f"{_date_cell(event)} {name_actors(event.source, '?')}: {event.event_type}" for event in report.events}
        say("\nRelations")
        for relation in report.relations:
            say(f"  {types.get(relation.first, relation.first)} -- {relation.kind} -- {types.get(relation.second, relation.second)}")


def table_header() -> str:
    """The heading of the table that ``table_lines`` fills."""
    return "  ".join(f"{name:<{width}}" for name, width in TABLE_COLUMNS).rstrip()


def table_lines(events: Iterable[Event]) -> list[str]:
    """Events -> lines of columns, cut to width."""
    out = []
    for event in events:
        place = event.place.name if event.place else ""
        cells = (_date_cell(event), name_actors(event.source, "?"), name_type(event), name_actors(event.target), place, name_actors(event.said_by, ""))
        out.append("  ".join(fit(cell, width) for cell, (_, width) in zip(cells, TABLE_COLUMNS, strict=True)).rstrip())
    return out


LEAST_COLUMN = 10
"""A column of a table is made no narrower than this to fit a terminal; set so that a country's name and a type stay readable."""


def terminal_columns() -> int | None:
    """The width of the terminal that standard output goes to, or ``None`` if it is none: a file and a pipe get the whole width."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def narrow(columns: Sequence[tuple[str, int]], width: int | None) -> tuple[tuple[str, int], ...]:
    """Columns by name and width, two blanks between them, and the width to fit (``None``: any) -> the same, the widest made narrower by turns."""
    widths = [wide for _, wide in columns]
    while width is not None and sum(widths) + 2 * (len(widths) - 1) > width and max(widths) > LEAST_COLUMN:
        widths[widths.index(max(widths))] -= 1
    return tuple((name, wide) for (name, _), wide in zip(columns, widths, strict=True))


def fit(text: str, width: int) -> str:
    """A text -> the same cut or filled to a width of the terminal's columns."""
    columns = [2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text]
    if sum(columns) <= width:
        return text + " " * (width - sum(columns))
    kept = text
    while kept and sum(columns[: len(kept)]) > width - 1:
        kept = kept[:-1]
    return kept + "…" + " " * (width - 1 - sum(columns[: len(kept)]))


def show_summary(events: Sequence[Event], reports: int, seconds: float) -> None:
    """All events of a run -> counts by type, the pairs of actors with most events, and the speed."""
    types = Counter(event.event_type for event in events)
    pairs = Counter(
        f"{source.country or source.name} > {target.country or target.name}"
        for event in events
        for source in event.source[:1]
        for target in event.target[:1]
        if (source.country or source.name) != (target.country or target.name)
    )
    say(f"\n{len(events)} events in {reports} reports, {seconds:.1f} seconds ({reports / max(seconds, 1e-9):.1f} reports a second)")
    say("types   " + ", ".join(f"{name} {count}" for name, count in types.most_common()))
    say("dyads   " + ", ".join(f"{name} {count}" for name, count in pairs.most_common(8)))


class SkipLog:
    """Skips as they come -> lines on standard error, and the count by reason at the end."""

    def __init__(self) -> None:
        self.lost = Counter[str]()
        self.mended = Counter[str]()

    def note(self, skipped: Skipped) -> None:
        """Name one skip, unless many of its reason were named."""
        counter = self.lost if skipped.whole else self.mended
        counter[skipped.reason] += 1
        if counter[skipped.reason] <= SHOWN_PER_REASON:
            warn(str(skipped))
        elif counter[skipped.reason] == SHOWN_PER_REASON + 1:
            warn(f"... more of {skipped.reason}, counted at the end")

    def close(self, coded: int) -> None:
        """Say how many were skipped and why, if any was."""
        if self.lost:
            reasons = ", ".join(f"{count} {reason}" for reason, count in sorted(self.lost.items()))
            warn(f"{coded} coded, {sum(self.lost.values())} skipped: {reasons}")
        if self.mended:
            warn("coded without: " + ", ".join(f"{count} {reason}" for reason, count in sorted(self.mended.items())))


BAR_SECONDS = 1.0
"""A bar of rows is shown after so long, and anew each time it has passed."""


class ProgressBar:
    """Reports done -> a bar with rate and time left on standard error; nothing if that is no terminal."""

    def __init__(self, position: Position) -> None:
        self._position = position
        self._bar: Progress | None = None
        self._started = time.monotonic()
        self._done = 0
        if _has_terminal():
            self._bar = make_bar("coding")

    def advance(self) -> None:
        """One more report is coded."""
        self._done += 1
        if self._bar is not None and self._done >= BAR_FROM_REPORTS:
            self._bar.start()  # a second call does nothing
            rate = self._done / max(time.monotonic() - self._started, 1e-6)
            total = self._position.estimate_total()
            self._bar.update(self._bar.task_ids[0], completed=self._done, total=max(total, self._done) if total else None, rate=f"{rate:.1f} reports/s")

    def __enter__(self) -> ProgressBar:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()


class RowsBar:
    """Rows of a file done -> their number and rate on standard error; nothing if that is no terminal. How many there are is not known before the end."""

    def __init__(self, name: str) -> None:
        self._bar = make_bar(f"importing {name}") if _has_terminal() else None
        self._started = self._shown = time.monotonic()
        self._done = 0

    def advance(self, rows: int) -> None:
        """So many more rows are read."""
        self._done += rows
        if self._bar is not None and time.monotonic() - self._shown > BAR_SECONDS:
            self._shown = time.monotonic()
            self._bar.start()  # a second call does nothing
            self._bar.update(self._bar.task_ids[0], completed=self._done, rate=f"{self._done / (self._shown - self._started):,.0f} rows/s")

    def __enter__(self) -> RowsBar:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()


def _has_terminal() -> bool:
    return sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


def make_bar(what: str) -> Progress:
    """What is being done -> a bar for it, not yet shown."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns: list[Any] = [TextColumn(what), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]}"), TimeRemainingColumn()]
    bar = Progress(*columns, console=Console(stderr=True), transient=True)
    bar.add_task(what, total=None, rate="")
    return bar
