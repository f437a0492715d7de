"""Events that others coded -> the store. Each file goes in whole or not at all."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from hashlib import blake2b
from typing import NamedTuple

from detente.exchange.imported import ImportedEvent, WithdrawnRow
from detente.store.bulk import find_ids, uncollected, words_at_the_end
from detente.store.imported_rows import Imported, Tables, as_row
from detente.store.recorded import keep_records, read_record
from detente.store.schema import Store, writing
from detente.store.rows import provenance

__all__ = ["Imported", "Outcome", "import_events", "keep_records", "read_record"]
IMPORT_ROWS = 10_000
"""Imported events that are written at a time; all are of one transaction."""


class Outcome(NamedTuple):
    """What an import came to, in events. ``known``: nothing of them was new; ``joined``: got further rows; ``revised``: a later version took the place."""

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
        new = 0
        left = iter(rows)
        with words_at_the_end(connection, tables.next_mention):
            while chunk := list(itertools.islice(left, IMPORT_ROWS)):
                fresh = {}
                for item in chunk:
                    if type(item) is ImportedEvent:
                        item = as_row(item)
                    fresh[blake2b(f"{origin}|{item.key}".encode(), digest_size=8).hexdigest()] = item
                known = find_ids(connection, list(fresh))
                for key, item in fresh.items():
                    if key not in known:
                        tables.add(key, item)
                        new += 1
                tables.flush()
        tables.close()
        return Outcome(new)
