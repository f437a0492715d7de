"""Events that others coded -> the store. Each file goes in whole or not at all."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence, Set
from hashlib import blake2b
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from detente.collecting import uncollected
from detente.exchange.imported import ImportedEvent, WithdrawnRow
from detente.store import schema
from detente.store.amending import WITHDRAWN, amend_events, merged_ids, withdraw_events, withdrawn_ids
from detente.store.bulk import analyse, find_ids, words_at_the_end
from detente.store.imported_rows import Imported, Tables, as_row
from detente.store.recorded import keep_records, read_record
from detente.store.rows import CODED_HERE, provenance
from detente.store.schema import Store, writing

__all__ = ["Imported", "Outcome", "Terms", "import_events", "import_origins", "keep_records", "read_record"]
IMPORT_ROWS = 10_000
"""Imported events that are written at a time; all are of one transaction."""

ANALYSED_FROM = 10_000
"""New events of one import from which on the database counts anew what its planner goes by."""


class Terms(NamedTuple):
    """An origin, its licence, and whether that allows its rows to be passed on."""

    origin: str
    licence: str | None = None
    may_be_passed_on: bool = True


class Outcome(NamedTuple):
    """What an import came to, in events as they were read. ``known``: there was nothing new; ``joined``: further rows of known ones; ``revised``: later
    versions of known ones; ``withdrawn``: taken back by their origin."""

    new: int = 0
    known: int = 0
    joined: int = 0
    revised: int = 0
    withdrawn: int = 0


def import_events(
    store: Store,
    rows: Iterable[Imported | ImportedEvent | WithdrawnRow],
    *,
    origin: str,
    location: str,
    codebook: str,
    licence: str | None = None,
    may_be_passed_on: bool = True,
) -> Outcome:
    """Events of another origin -> the store, all or none. What is there already changes nothing.

    Each is an event of its own: its origin has merged its reports already, and its text is not at hand to match it with others.
    """
    return import_origins(store, [(Terms(origin, licence, may_be_passed_on), rows)], location=location, codebook=codebook)


def import_origins(store: Store, parts: Iterable[tuple[Terms, Iterable[Imported | ImportedEvent | WithdrawnRow]]], *, location: str, codebook: str) -> Outcome:
    """Events of several origins that stand in one file -> the store, all or none."""
    with uncollected(), writing(store, many=True) as connection:
        outcome = Outcome()
        for terms, rows in parts:
            outcome = _sum((outcome, _import_part(connection, terms, rows, location, codebook)))
        if outcome.new >= ANALYSED_FROM:
            analyse(connection)
    return outcome


def _sum(outcomes: Iterable[Outcome]) -> Outcome:
    return Outcome(*map(sum, zip(*outcomes, strict=True)))


def _import_part(connection: Connection, terms: Terms, rows: Iterable[Imported | ImportedEvent | WithdrawnRow], location: str, codebook: str) -> Outcome:
    source = provenance(connection, terms.origin, location, codebook, licence=terms.licence, may_be_passed_on=terms.may_be_passed_on)
    tables = Tables(connection, terms.origin, source)
    merged = merged_ids(connection)
    left = iter(rows)
    outcome = Outcome()
    with words_at_the_end(connection, tables.next_mention):
        while chunk := list(itertools.islice(left, IMPORT_ROWS)):
            outcome = _sum((outcome, _import_chunk(tables, chunk, merged)))
    tables.close()
    return outcome


def _import_chunk(tables: Tables, chunk: Sequence[Imported | ImportedEvent | WithdrawnRow], merged: Set[str]) -> Outcome:
    fresh: dict[str, Imported] = {}
    again: list[tuple[str, Imported]] = []
    withdrawn: dict[str, WithdrawnRow] = {}
    resting = 0
    # an event that was coded into this very store, and comes back to it from a file, is there under its own id
    coded = _find_mentions(tables.connection, [item.key for item in chunk if type(item) is Imported]) if tables.origin == CODED_HERE else set()
    start = f"{tables.origin}|"
    for item in chunk:
        if type(item) is WithdrawnRow:
            withdrawn[_event_id(start, item.event_id)] = item
            continue
        row = as_row(item) if type(item) is ImportedEvent else item
        assert type(row) is Imported
        key = _event_id(start, row.key)
        if key in merged or row.key in coded:
            resting += 1
        elif key in fresh:
            again.append((key, row))
        else:
            fresh[key] = row
    known = find_ids(tables.connection, [*fresh, *withdrawn])
    again = [*((key, item) for key, item in fresh.items() if key in known), *again]
    new = {key: item for key, item in fresh.items() if key not in known} if known else fresh
    hidden = set(withdrawn_ids(tables.connection, new))
    for key, item in new.items():
        tables.add(key, item, review=WITHDRAWN if key in hidden else "")
    tables.flush()
    if again:
        known |= find_ids(tables.connection, [key for key, _ in again])
    joined, revised = amend_events(tables, [(known[key], item) for key, item in again]) if again else (0, 0)
    if withdrawn:  # what came in this very file may be taken back by it
        known |= find_ids(tables.connection, [key for key in withdrawn if key in new])
    taken_back = withdraw_events(tables.connection, tables.provenance, withdrawn, known) if withdrawn else 0
    return Outcome(len(new), len(again) - joined - revised + resting, joined, revised, taken_back + len(hidden))


def _event_id(start: str, key: str) -> str:
    return blake2b(f"{start}{key}".encode(), digest_size=8).hexdigest()


def _find_mentions(connection: Connection, ids: Sequence[str]) -> set[str]:
    m, found = schema.mentions, set[str]()
    for start in range(0, len(ids), 900):
        found |= set(connection.scalars(sa.select(m.c.mention_id).where(m.c.mention_id.in_(ids[start : start + 900]))))
    return found
