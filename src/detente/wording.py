"""Small words that pages, terminal and charts have in common."""

from __future__ import annotations

import datetime


def say_day(day: datetime.date) -> str:
    """A day -> 16 June 2020."""
    return f"{day.day} {day:%B %Y}"
