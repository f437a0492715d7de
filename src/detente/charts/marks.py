"""Events of a dyad -> the marks that stand for them, one for each day (in long charts each week or month), side and rung."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any, NamedTuple

import polars as pl

from detente.charts.style import as_moment, cut, name_rung
from detente.wording import say_day

WORDS_CHARS = 140
"""So many characters of an event's words are shown in a tooltip."""
MOST_DAYS, MOST_WEEKS = 800, 400
"""Up to so many days a mark stands for a day, up to so many weeks for a week, beyond for a month: ten years of a dyad with 30,000 events are some 1,700 marks
then, in place of 43,000, which no page holds and no eye tells apart."""


def span_of(first: datetime.date, last: datetime.date) -> str:
    """The days of a chart -> what a mark of it stands for, as polars says it: 1d, 1w or 1mo."""
    days = (last - first).days
    return "1d" if days <= MOST_DAYS else "1w" if days <= 7 * MOST_WEEKS else "1mo"


def choose_span(events: pl.DataFrame, most: int) -> str:
    """A dyad's table (with ``side``) and how many marks at most -> the shortest span that gives no more; a year if none does."""
    for span in ("1d", "1w", "1mo", "1q"):
        if events.select(pl.struct(pl.col("day").dt.truncate(span), "side", "rung").n_unique()).item() <= most:
            return span
    return "1y"


class Stands(NamedTuple):
    """What a mark stands for: events of a side ("a" or "b") on a rung, of these days; ``event_id`` is the one that tells it."""

    event_id: str
    events: int
    side: str
    rung: int
    first: datetime.date
    last: datetime.date


def make_marks(events: pl.DataFrame, names: tuple[str, str], *, span: str = "1d", link: Callable[[Stands], str] | None = None) -> list[dict[str, Any]]:
    """A dyad's table (with ``side``) -> a row for each span, side and rung, told by (and standing on the day of) its event with most reports.

    ``events`` says how many it stands for; ``link`` where a click on it leads.
    """
    if events.is_empty():
        return []
    grouped = (
        events.sort("reports", "confidence", "day", "event_id", descending=[True, True, False, False])
        .group_by(pl.col("day").dt.truncate(span).alias("span"), "side", "rung", maintain_order=True)
        .agg(
            pl.len().alias("events"),
            pl.col("event_id").head(3).alias("ids"),
            pl.col("day", "event_type", "modes", "text", "source_name", "target_name", "reports").first(),
            first=pl.col("day").min(),
            last=pl.col("day").max(),
        )
        .sort("day", "side", "rung")
    )
    return [_mark(row, names, link) for row in grouped.iter_rows(named=True)]


def _mark(row: dict[str, Any], names: tuple[str, str], link: Callable[[Stands], str] | None) -> dict[str, Any]:
    more = row["events"] - len(row["ids"])
    linked = {"href": link(Stands(row["ids"][0], row["events"], row["side"], row["rung"], row["first"], row["last"]))} if link else {}
    mark = linked | {
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
    return mark | {"said": "; ".join(f"{title}: {mark[field]}" for field, title in TOOLTIP.items() if field != "ids" and mark[field] not in ("", 1))}


TOOLTIP = {"date": "day", "who": "who", "type": "type", "rung_name": "rung", "words": "words", "events": "events that the mark stands for", "ids": "event ids"}
"""What a mark says when pointed at."""
