"""Events that others coded -> the store. Each file goes in whole or not at all."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence, Set
from hashlib import blake2b
from typing import NamedTuple

from detente.exchange.imported import ImportedEvent, WithdrawnRow
from detente.store.amending import WITHDRAWN, amend_events, merged_ids, withdraw_events, withdrawn_ids
from detente.store.bulk import analyse, find_ids, uncollected, words_at_the_end
from detente.store.imported_rows import Imported, Tables, as_row
from detente.store.recorded import keep_records, read_record
from detente.store.rows import provenance
from detente.store.schema import Store, writing

__all__ = ["Imported", "Outcome", "import_events", "keep_records", "read_record"]
IMPORT_ROWS = 10_000
"""Imported events that are written at a time; all are of one transaction."""

ANALYSED_FROM = 10_000
"""New events of one import from which on the database counts anew what its planner goes by."""


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
    with uncollected(), writing(store, many=True) as connection:
        source = provenance(connection, origin, location, codebook, licence=licence, may_be_passed_on=may_be_passed_on)
        tables = Tables(connection, origin, source)
        merged = merged_ids(connection)
        left = iter(rows)
        outcome = Outcome()
        with words_at_the_end(connection, tables.next_mention):
            while chunk := list(itertools.islice(left, IMPORT_ROWS)):
                outcome = Outcome(*map(sum, zip(outcome, _import_chunk(tables, chunk, merged), strict=True)))
        tables.close()
        if outcome.new >= ANALYSED_FROM:
            analyse(connection)
    return outcome


def _import_chunk(tables: Tables, chunk: Sequence[Imported | ImportedEvent | WithdrawnRow], merged: Set[str]) -> Outcome:
    fresh: dict[str, Imported] = {}
    again: list[tuple[str, Imported]] = []
    withdrawn: dict[str, WithdrawnRow] = {}
    resting = 0
    start = f"{tables.origin}|"
    for item in chunk:
        if type(item) is WithdrawnRow:
            withdrawn[_event_id(start, item.event_id)] = item
            continue
        row = as_row(item) if type(item) is ImportedEvent else item
        assert type(row) is Imported
        key = _event_id(start, row.key)
        if key in merged:
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
    taken_back = withdraw_events(tables.connection, tables.provenance, withdrawn, known) if withdrawn else 0
    return Outcome(len(new), len(again) - joined - revised + resting, joined, revised, taken_back + len(hidden))


def _event_id(start: str, key: str) -> str:
    return blake2b(f"{start}{key}".encode(), digest_size=8).hexdigest()
