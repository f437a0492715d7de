"""Days and partial dates of other data sets <-> ``When``: a partial date spans its whole period."""

from __future__ import annotations

import calendar
import datetime
import re

from detente.exchange.imported import CellError
from detente.records import Precision, When

_ISO = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:[T ].*)?)?)?")
_US = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
_NAMED = re.compile(r"(\d{1,2}) ([A-Za-z]+)[ -](\d{4})")
_MONTHS = {name.casefold(): number for names in (calendar.month_name, calendar.month_abbr) for number, name in enumerate(names) if name}


def parse_day(cell: str, column: str) -> datetime.date:
    """A cell with a day as YYYY-MM-DD (a time after it is left out), m/d/yyyy or dd Month yyyy -> the day; raises ``CellError`` for anything else."""
    text = cell.strip()
    try:
        if found := _ISO.fullmatch(text):
            return datetime.date(int(found[1]), int(found[2]), int(found[3]))
        if found := _US.fullmatch(text):
            return datetime.date(int(found[3]), int(found[1]), int(found[2]))
        if (found := _NAMED.fullmatch(text)) and found[2].casefold() in _MONTHS:
            return datetime.date(int(found[3]), _MONTHS[found[2].casefold()], int(found[1]))
    except (ValueError, TypeError):
        pass
    raise CellError(column, cell, "a day as YYYY-MM-DD, m/d/yyyy or dd Month yyyy")


def period_around(day: datetime.date, precision: Precision) -> When:
    """A day and how precise it is -> the day, or the week from Monday, the month or the year that it lies in."""
    if precision == "day":
        return When(day.isoformat(), day.isoformat(), "day")
    if precision == "week":
        first = day - datetime.timedelta(days=day.weekday())
        return When(first.isoformat(), (first + datetime.timedelta(days=6)).isoformat(), "week")
    if precision == "month":
        last = calendar.monthrange(day.year, day.month)[1]
        return When(day.replace(day=1).isoformat(), day.replace(day=last).isoformat(), "month")
    return When(f"{day.year:04}-01-01", f"{day.year:04}-12-31", "year")


def parse_period(cell: str, column: str) -> When:
    """``2020-06-16``, ``2020-06``, ``2020`` or ``2020-06-15/2020-06-21`` -> the period; raises ``CellError`` for anything else."""
    first, _, last = cell.strip().partition("/")
    if last:
        start, end = parse_day(first, column), parse_day(last, column)
        if start > end:
            raise CellError(column, cell, "a period that begins before it ends")
        return When(start.isoformat(), end.isoformat(), period_precision(start, end))
    found = _ISO.fullmatch(first)
    if found and found[3] is None:
        try:
            day = datetime.date(int(found[1]), int(found[2] or 1), 1)
        except ValueError:
            raise CellError(column, cell, "a date as YYYY-MM-DD, YYYY-MM or YYYY") from None
        return period_around(day, "month" if found[2] else "year")
    return period_around(parse_day(first, column), "day")


def period_precision(start: datetime.date, end: datetime.date) -> Precision:
    """First and last day -> how precise that is, by the number of days: one, up to ten, up to 31, more."""
    days = (end - start).days + 1
    return "day" if days == 1 else "week" if days <= 10 else "month" if days <= 31 else "year"


def period_text(when: When) -> str:
    """A period -> the shortest text that ``parse_period`` gives back as the same period."""
    for text in (when.start, when.start[:7], when.start[:4]):
        found = parse_period(text, "date")
        if (found.start, found.end, found.precision) == (when.start, when.end, when.precision):
            return text
    return f"{when.start}/{when.end}"
