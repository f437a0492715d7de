"""The commands about the event store: parsed arguments -> one call of the library, shown -> exit code."""

from __future__ import annotations

import argparse
import contextlib
import csv
import io
import sys
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from detente import show, show_store
from detente.codebook.load import load_codebook
from detente.commands import Run
from detente.errors import InputError, SettingsError
from detente.records import Document, Event
from detente.running import Item
from detente.settings import read_text

if TYPE_CHECKING:
    from detente.exchange.imported import ImportedEvent, RefusedRow, WithdrawnRow
    from detente.store.filters import Filters
    from detente.store.importing import Imported, Terms
    from detente.store.schema import Store

    Storable = Imported | ImportedEvent | WithdrawnRow

MOST_PAGES = 1_000_000_000
"""Page numbers and events a page up to here: their product is still a number of the database (63 bits)."""


def open_given(given: str | None, *, create: bool) -> Store:
    """What --store gave, else the setting -> the open store."""
    from detente.store.schema import open_store

    address = read_text("store", given) or ""
    return open_store(address if "://" in address else Path(address).expanduser(), create=create)


def run_add(arguments: argparse.Namespace) -> int:
    """``detente add``."""
    from detente.store.write import Sketches, add_report

    run = Run(arguments)
    store = open_given(arguments.store, create=True)
    sketches: Sketches = {}
    new = copies = founded = joined = 0
    try:
        for report in run.code(_unknown(run, store, run.read(arguments.paths, arguments.date))):
            added = add_report(store, report, sketches)
            new, copies = new + (not added.known), copies + (added.copy_of is not None)
            founded, joined, run.done_before = founded + added.founded, joined + added.joined, run.done_before + added.known
    finally:
        if run.coded or run.done_before:
            show.say(show_store.added_line(store.name, new=new, copies=copies, known=run.done_before, founded=founded, joined=joined))
        store.close()
    return run.finish()


def _unknown(run: Run, store: Store, items: Iterable[Item]) -> Iterator[Item]:
    """What was read -> the same without the documents whose text the store has; those are counted."""
    from detente.store.write import find_known

    for item in items:
        if isinstance(item, Document) and find_known(store, [item]):
            run.done_before += 1
        else:
            yield item


def _filters(arguments: argparse.Namespace, store: Store) -> Filters:
    from detente.store.filters import Filters
    from detente.store.query import check_actors

    if arguments.one_way and not arguments.dyad:
        raise SettingsError("--one-way: found no --dyad; expected one with it")
    named = {flag: getattr(arguments, flag) for flag in ("source", "target", "dyad", "rung", "place", "origin", "text")}
    for flag, given in [*named.items(), *(("actor", given) for given in arguments.actor)]:
        if given is not None and not given.strip():
            # as of a variable of the shell that is not set: all events are not what was meant
            raise SettingsError(f"--{flag}: found {given!r}; expected something to look for, or no --{flag}")
    types = tuple(name.strip().upper() for given in arguments.type for name in given.split(",") if name.strip())
    known = load_codebook().types
    if wrong := [name for name in types if name not in known]:
        raise SettingsError(f"--type: found {wrong[0]!r}; expected PLOVER types ({', '.join(known)}), one or several with commas between")
    filters = Filters(
        actors=tuple(arguments.actor),
        source=arguments.source,
        target=arguments.target,
        dyad=split_dyad(arguments.dyad) if arguments.dyad else None,
        one_way=arguments.one_way,
        types=types,
        modes=tuple(_known(arguments.mode, "mode", {mode for frame in known.values() for mode in frame["modes"]})),
        contexts=tuple(_known(arguments.context, "context", load_codebook().contexts)),
        rungs=_split_rungs(arguments.rung) if arguments.rung else None,
        quads=tuple(arguments.quad),
        place=arguments.place,
        since=arguments.since,
        until=arguments.until,
        modality=None if arguments.modality == "any" else arguments.modality,
        origin=arguments.origin,
        least_confidence=arguments.confidence,
        text=arguments.text,
        with_background=not arguments.no_background,
        review=None if arguments.review == "any" else arguments.review,
    )
    check_actors(store, filters, "--")
    return filters


def _known(given: Iterable[str], flag: str, known: Collection[str]) -> Iterator[str]:
    for name in given:
        if name not in known:
            raise SettingsError(f"--{flag}: found {name!r}; expected one of {', '.join(sorted(known))}")
        yield name


def _split_rungs(text: str) -> tuple[int, int]:
    low, dots, high = text.partition("..")
    try:
        return int(low), int(high if dots else low)
    except ValueError:
        raise SettingsError(f"--rung: found {text!r}; expected a rung, as 5, or two with dots between, as 4..6") from None


def split_dyad(text: str) -> tuple[str, str]:
    """PRK-USA, or two names with " - " between -> the two actors."""
    parts = text.split(" - ") if " - " in text else text.split("-")
    if len(parts) != 2 or not all(part.strip() for part in parts):
        raise SettingsError(f"--dyad: found {text!r}; expected two actors, as PRK-USA, or 'Hamas - ISR'")
    return parts[0].strip(), parts[1].strip()


SHOWN_REFUSALS = 20
"""Refused rows that are told one by one; the others are counted."""


def run_import(arguments: argparse.Namespace) -> int:
    """``detente import``."""
    from detente.store.importing import import_origins

    path = Path(arguments.file)
    seen: Counter[str] = Counter()
    store = open_given(arguments.store, create=True)
    try:
        with show.RowsBar(path.name) as bar:
            parts = _own_parts(arguments.format, path, seen, bar) if arguments.format in OWN_FORMATS else [_dataset_part(arguments.format, path, seen, bar)]
            outcome = import_origins(store, parts, location=str(path), codebook=load_codebook().version)
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error
    finally:
        store.close()
    show.say(show_store.imported_line(store.name, outcome, seen))
    return 2 if seen["refused"] and not (seen["event"] + seen["untyped"] + seen["withdrawn"]) else int(bool(seen["refused"]))


OWN_FORMATS = ("jsonl", "csv", "parquet")
"""Formats whose events say themselves who coded them; they may be of several origins."""


def _dataset_part(name: str, path: Path, seen: Counter[str], bar: show.RowsBar) -> tuple[Terms, Iterator[Storable]]:
    from detente import exchange

    return _terms_of(name), _importable(exchange.read_events(name, path), path, seen, bar)


def _own_parts(name: str, path: Path, seen: Counter[str], bar: show.RowsBar) -> list[tuple[Terms, Iterator[Storable]]]:
    """A file in a format of ours -> its events, origin by origin: it is read once to see which it has, and once for each."""
    from detente import exchange
    from detente.exchange.imported import ImportedEvent, WithdrawnRow, origin_of
    from detente.store.importing import Imported

    def rows_of(origin: str) -> Iterator[Storable]:
        for item in exchange.read_events(name, path):
            if isinstance(item, Event | ImportedEvent) and item.event_type and origin_of(item) == origin:
                yield _as_row(item)

    usable = _importable(exchange.read_events(name, path), path, seen, bar)
    origins = {origin_of(item.event if isinstance(item, Imported) else item) for item in usable if not isinstance(item, WithdrawnRow)}
    return [(_terms_of(origin), rows_of(origin)) for origin in sorted(origins)]


def _terms_of(origin: str) -> Terms:
    """An origin -> on what terms its rows go in; of one that is not known nobody has said that they may be passed on."""
    from detente.exchange.crosswalk import origins
    from detente.store.importing import Terms

    known = origins().get(origin)
    return Terms(origin, known["licence"], known["redistribute"] == "yes") if known else Terms(origin, None, may_be_passed_on=False)


def _importable(read: Iterable[Event | ImportedEvent | WithdrawnRow | RefusedRow], path: Path, seen: Counter[str], bar: show.RowsBar) -> Iterator[Storable]:
    """What a format's reader gives -> what the store takes; what cannot go in is told or counted in ``seen``."""
    from detente.exchange.imported import ImportedEvent, RefusedRow, WithdrawnRow

    events = rows = repeats = mirrored = untyped = 0  # plain numbers: this loop runs once an event of a large file
    try:
        for item in read:
            if type(item) is ImportedEvent:
                count = len(item.rows)
                rows += count
                repeats += item.repeats
                bar.advance(count)
                if item.event_type is None:
                    untyped += 1
                    continue
                if count > item.repeats + 1:
                    mirrored += count - item.repeats - 1
                events += 1
                yield item
            elif isinstance(item, RefusedRow):
                seen["refused"] += 1
                if seen["refused"] <= SHOWN_REFUSALS:
                    show.warn(f"{path}:{item.line}: {item.column}: found {item.found}; expected {item.expected}")
                elif seen["refused"] == SHOWN_REFUSALS + 1:
                    show.warn("... more rows refused, counted at the end")
            elif isinstance(item, WithdrawnRow):
                seen["withdrawn"] += 1
                yield item
            elif isinstance(item, Event):
                events, rows = events + 1, rows + 1
                yield _as_row(item)
    finally:
        seen.update(event=events, rows=rows, repeats=repeats, mirrored=mirrored, untyped=untyped)


def _as_row(item: Event | ImportedEvent) -> Storable:
    """An event of a file -> what the store takes: one of a data set as it is, a coded one with its words."""
    from detente.store.importing import Imported

    return Imported(item.event_id, None, item) if isinstance(item, Event) else item


def run_events(arguments: argparse.Namespace) -> int:
    """``detente events``."""
    from detente.store.query import find_events, find_unknown

    if arguments.page < 1 or arguments.page_events < 0 or (arguments.page > 1 and arguments.page_events == 0):
        raise SettingsError(f"--page: found page {arguments.page} of {arguments.page_events} events; expected a page from 1, of 1 event or more")
    if max(arguments.page, arguments.page_events) > MOST_PAGES:
        raise SettingsError(f"--page: found page {arguments.page} of {arguments.page_events} events; expected at most {MOST_PAGES:,} of each")
    store = open_given(arguments.store, create=False)
    try:
        first = 1 + (arguments.page - 1) * arguments.page_events
        filters = _filters(arguments, store)
        page = find_events(store, filters, first=first, limit=arguments.page_events or None, newest_first=arguments.newest)
        unknown = [] if page.total else find_unknown(store, filters)
    finally:
        store.close()
    for name in unknown:
        show.warn(f"{store.name}: no event in it is of {name!r}")
    if arguments.format == "json":
        show.say_json(page._asdict())
        return 0
    if arguments.format == "csv":
        out = io.StringIO()
        csv.writer(out, lineterminator="\n").writerows(
            [show_store.CSV_COLUMNS, *([show.make_plain(str(c)) if isinstance(c, str) else c for c in show_store.csv_row(event)] for event in page.events)]
        )
        sys.stdout.write(out.getvalue())
        show.warn(show_store.page_line(page))
        return 0
    for line in show_store.page_lines(page, show.terminal_columns()):
        show.say(line)
    return 0


def run_export(arguments: argparse.Namespace) -> int:
    """``detente export``."""
    from detente import exchange
    from detente.exchange.output import replacing
    from detente.store.filters import say_filters
    from detente.store.reading_out import find_barred, read_out

    path = Path(arguments.output) if arguments.output and arguments.output != "-" else None
    if path is None and arguments.format == "parquet" and sys.stdout.isatty():
        raise SettingsError("parquet: found a terminal; expected -o FILE or a pipe")
    store = open_given(arguments.store, create=False)
    try:
        filters = _filters(arguments, store)
        if not arguments.with_barred and (barred := find_barred(store, filters)):
            raise SettingsError(show_store.barred_line(barred))
        events = read_out(store, filters, as_rows=arguments.format not in OWN_FORMATS, newest_first=arguments.newest)
        with contextlib.closing(events), replacing(path) if path else contextlib.nullcontext(sys.stdout.buffer) as out:
            written = exchange.write_events(arguments.format, events, out)
    finally:
        store.close()
    show.warn(show_store.exported_line(say_filters(filters), written, arguments.format, str(path) if path else None))
    return 0


def run_event(arguments: argparse.Namespace) -> int:
    """``detente event``."""
    from detente.store.query import load_event

    store = open_given(arguments.store, create=False)
    try:
        event = load_event(store, arguments.event_id)
    finally:
        store.close()
    if arguments.json:
        show.say_json(event)
        return 0
    for line in show_store.event_lines(event):
        show.say(line)
    return 0
