"""Small words that pages, terminal and charts have in common."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

from detente.codebook.ladder import load_ladder

if TYPE_CHECKING:
    from detente.analysis.alerts import Alert


def count_of(number: int, noun: str) -> str:
    """2345, event -> 2,345 events; 1, event -> 1 event."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def say_day(day: datetime.date) -> str:
    """A day -> 16 June 2020."""
    return f"{day.day} {day:%B %Y}"


def say_alert(alert: Alert, event_type: str) -> str:
    """An alert and the type of its first event ("" if not at hand) -> what happened, in some words."""
    from detente.analysis.alerts import AlertSettings  # with polars, which other words need not wait for

    rung = f"rung {alert.after:.0f}, {load_ladder().rungs[int(alert.after)].name}" if alert.kind not in ("burst", "silence") else ""
    match alert.kind:
        case "onset":
            return f"{rung}, after long calm (rung {alert.before:.0f})"
        case "jump":
            return f"{rung}, up from rung {alert.before:.0f}"
        case "burst":
            return f"{alert.after:.0f} acts of conflict in {AlertSettings().burst_days} days, {alert.before:.1f} expected"
        case "first-type":
            return f"the first {event_type or 'event of its type'} ever between them ({rung})"
        case "silence":
            return f"{alert.after:.0f} days without a word, {alert.before:.1f} between two are usual"
        case "broken-channel":
            return f"a channel was cut, closed or destroyed ({rung})"
