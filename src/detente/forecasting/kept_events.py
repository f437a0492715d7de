"""A store's events as arrays in a file of the cache folder, which hold until the store's events change."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from detente import __version__
from detente.forecasting.flat_events import FlatEvents, flatten
from detente.forecasting.keeping import Say, digest, digest_code, keep_bytes, pack_value, recall_value
from detente.store.flat import mark_state, read_flat_rows, read_sectors
from detente.store.schema import Store

SOURCES = ("flat_events", "keeping", "kept_events")
"""Modules that make the arrays."""


def load_flat(store: Store, cache: Path, say: Say | None = None) -> FlatEvents:
    """A store and the cache folder -> its events as arrays, kept from the last time if nothing has changed since."""
    name, state = mark_state(store)
    path = cache / "events" / f"{digest(name)}.events"
    mark = digest(state, __version__, digest_code(SOURCES))
    found = recall_value(path)
    if isinstance(found, dict) and found.pop("mark", "") == mark and set(found) == set(FlatEvents._fields):
        kept: dict[str, Any] = {name: tuple(values) if isinstance(values, list) else values for name, values in found.items()}
        return FlatEvents(**kept)
    if say:
        say(f"{store.name}: reading the events")
    flat = flatten(*read_flat_rows(store), told=read_sectors(store))
    keep_bytes(path, pack_value({"mark": mark, **flat._asdict()}))
    return flat
