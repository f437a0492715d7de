"""Events of a dyad -> the marks that stand for them, one for each day, side and rung."""

from __future__ import annotations

from typing import Any

import polars as pl

from detente.charts.style import as_moment, cut, name_rung, say_day

WORDS_CHARS = 140
"""So many characters of an event's words are shown in a tooltip."""


def make_marks(events: pl.DataFrame, names: tuple[str, str]) -> list[dict[str, Any]]:
    """A dyad's table (with ``side``) -> a row for each day, side and rung, told by its event with most reports; ``events`` says how many it stands for.

    A dyad of many thousand events so has no more marks than the eye can tell apart.
    """
    if events.is_empty():
        return []
    grouped = (
        events.sort("day", "reports", "confidence", "event_id", descending=[False, True, True, False])
        .group_by("day", "side", "rung", maintain_order=True)
        .agg(pl.len().alias("events"), pl.col("event_id").head(3).alias("ids"), pl.col("event_type", "modes", "text", "source_name", "target_name", "reports").first())
        .sort("day", "side", "rung")
    )
    return [_mark(row, names) for row in grouped.iter_rows(named=True)]


def _mark(row: dict[str, Any], names: tuple[str, str]) -> dict[str, Any]:
    more = row["events"] - len(row["ids"])
    return {
        "day": as_moment(row["day"]),
        "date": say_day(row["day"]),
        "side": names[0] if row["side"] == "a" else names[1],
        "who": f"{cut(row['source_name'], 40)} → {cut(row['target_name'], 40)}",
        "type": " ".join([row["event_type"], *row["modes"]]),
        "rung": row["rung"],
        "rung_name": name_rung(row["rung"]),
        "events": row["events"],
        "words": cut(row["text"], WORDS_CHARS),
        "ids": ", ".join(row["ids"]) + (f" and {more} more" if more > 0 else ""),
    }


TOOLTIP = {"date": "day", "who": "who", "type": "type", "rung_name": "rung", "words": "words", "events": "events of this rung that day", "ids": "event ids"}
"""What a mark says when pointed at."""
