"""Alerts of many pairs, as the desk and its page of alerts find them: without the words of all events, but with those that an alert rests on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from detente.store.claims import read_evidence

if TYPE_CHECKING:
    import polars as pl

    from detente.store.schema import Store


def with_words_of_breaks(store: Store, table: pl.DataFrame) -> pl.DataFrame:
    """An events table that was loaded without words -> the same with those of the acts that may have broken a channel: whether one did is told by its words as well."""
    import polars as pl

    from detente.codebook.alerts import load_alert_kinds
    from detente.store.rows import CODED_HERE

    rule = load_alert_kinds().broken_channel
    of_type = (pl.col("event_type").eq(kind) & pl.col("modes").list.set_intersection(list(modes)).list.len().gt(0) for kind, modes in rule.types.items())
    # events of datasets have no words
    ids = table.filter(pl.any_horizontal(*of_type) & (pl.col("origin") == CODED_HERE))["event_id"].unique().to_list()
    words = {event_id: texts[0] for event_id, texts in read_evidence(store, ids).items()}
    return table.with_columns(text=pl.col("event_id").replace_strict(words, default=pl.col("text"), return_dtype=pl.String)) if words else table
