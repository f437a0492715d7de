"""Time expressions -> days.

A closed grammar over the words, resolved against the publication date and the tense. Without a publication date relative expressions stay
unresolved (reason ``relative-without-publication-date``); no date is made up.
"""

from __future__ import annotations

import bisect
import calendar
import datetime
import re
from collections.abc import Collection

import msgspec

from detente.coding.grammar import NUMBER_WORDS, is_verb
from detente.records import Precision, Sentence, Span, When

Day = datetime.date
_MONTHS = {
    m: i
    for i, names in enumerate(
        ("january jan", "february feb", "march mar", "april apr", "may", "june jun", "july jul", "august aug", "september sept sep", "october oct", "november nov", "december dec"),
        1,
    )
    for m in names.split()
}
_DAYS = {
    d: i for i, names in enumerate(("monday mon", "tuesday tues tue", "wednesday wed", "thursday thurs thu", "friday fri", "saturday sat", "sunday sun")) for d in names.split()
}
_NUMBERS = NUMBER_WORDS | {"couple": 2, "several": 4, "few": 3, "dozen": 12, "a few": 3, "a couple of": 2, "many": 10}
_M = r"(?:january|february|march|april|may|june|july|august|september|october|november|december|jan|feb|mar|apr|jun|jul|aug|sept|sep|oct|nov|dec)\b\.?"
_W = r"(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday)"
_N = r"(?:half an?|\d{1,3}|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|a few|a couple of|several|an?)"
_U = r"(?:day|week|fortnight|month|year|decade|hour|minute)s?"
_PART = r"(?:morning|afternoon|evening|night|noon|midnight)"
_OWNER = r"(?:(?<=\bits )|(?<=\bhis )|(?<=\bher )|(?<=\btheir )|(?<=\bthe )|(?<='s ))"
"""What stands before a month that says which of several is meant: its January test, the June clashes."""
_GRAMMAR = re.compile(
    "|".join(
        (
            r"(?P<iso>\b\d{4}-\d{2}-\d{2}\b)",
            rf"(?P<skip>\b(?:every|each|on alternate) {_W}s?\b|\b{_W}s\b)",
            rf"(?P<dmy>\b(?:{_W},? (?:the )?)?(?P<dmy_d>\d{{1,2}})(?:st|nd|rd|th)?(?: of)? (?P<dmy_m>{_M})(?:,? (?P<dmy_y>(?:19|20)\d{{2}})\b)?)",
            rf"(?P<mdy>\b(?:{_W},? )?(?P<mdy_m>{_M}) (?P<mdy_d>\d{{1,2}})(?:st|nd|rd|th)?\b(?!\d|:)(?:-(?P<mdy_d2>\d{{1,2}}))?(?:,? (?P<mdy_y>(?:19|20)\d{{2}})\b)?)",
            rf"(?P<my>\b(?P<my_q>early |late |mid-?|last |this |next )?(?P<my_m>{_M})(?: of)?(?: |, )(?P<my_y>(?:19|20)\d{{2}})\b)",
            rf"(?P<ago>\b(?P<ago_n>{_N}) (?P<ago_u>{_U})(?P<ago_half> and a half)? (?:ago|before now)\b)",
            rf"(?P<rel>\b(?P<rel_n>{_N}) (?P<rel_u>{_U}) (?P<rel_w>earlier|later|before|after|previously)\b)",
            rf"(?P<wd>\b(?P<wd_q>last |this |next |late |early |overnight |on |the previous |the following |the )?(?:on )?(?P<wd_d>{_W})(?P<wd_last> last(?! (?:week|month|year)))?(?P<wd_week>(?: of)? (?:last|the previous) week)?(?:'s)?(?: (?:in the )?{_PART})?\b(?!,? (?:the )?\d{{1,2}}(?:st|nd|rd|th)?(?: of)? {_M})(?!,? {_M} \d))",
            r"(?P<now>\b(?:earlier |later )?(?P<now_w>today|yesterday|tomorrow|tonight|overnight|the day before yesterday)\b)",
            rf"(?P<dayp>\b(?P<dayp_w>this|last|yesterday) (?:{_PART})\b)",
            r"(?P<now2>\b(?P<now2_w>(?:earlier|later) (?:in the|that|the same) day|(?:the same|that) (?:day|night|morning|afternoon|evening|week|month|year)|at (?:the same|that) time|this time|(?:hours|minutes|moments|shortly) (?:earlier|later|afterwards?)|the (?:day|night|evening|afternoon|morning) before|the (?:previous|next|following) (?:day|night|evening|afternoon|morning)|a day (?:earlier|later))\b)",
            r"(?P<feast>\b(?P<feast_d>christmas day|christmas eve|boxing day|new year's eve|new year's day)\b)",
            r"(?P<unit>\b(?:(?:earlier|later|late|early|since|until) )?(?:in )?(?P<unit_q>last|this|next|the past|the last|past|previous|the previous|the coming|the same|over the|at the) (?P<unit_u>weekend|week|month|year|day|summer|spring|autumn|fall|winter)\b)",
            rf"(?P<span>\b(?:the )?(?P<span_q>past|last|recent|previous|coming|next) (?:(?P<span_n>{_N}) )?(?P<span_u>days|weeks|months|years|hours)\b)",
            rf"(?P<m>\b(?P<m_q>last |this |next |since |in |early |late |mid-?|by |until |of )(?:early |late |mid-?)?(?P<m_m>{_M})(?! \d)(?![a-z])(?P<m_past>(?: of)? (?:last year|the (?:year before|previous year)))?)",
            rf"(?P<mod>{_OWNER}(?P<mod_m>{_M})(?= (?!(?:on|in|of|to|against|for|and|or|at|by|with|from)\b)[a-z]))",
            r"(?P<decade>\bthe (?:early |late |mid-)?(?P<decade_y>(?:19|20)\d0)s\b)",
            r"(?P<y>\b(?P<y_q>since |in |of |early |late |mid-|from |until |by |the )?(?P<y_y>(?:19[4-9]|20[0-4])\d)\b(?![-/\d]|[,.]\d| (?:people|troops|soldiers|men|women|dollars|euros|percent|km|miles|metres|meters|square|tons|tonnes|refugees|others)))",
            rf"(?P<part>\b(?:early |late |earlier |later )?(?:in the (?:early |late )?(?:morning|afternoon|evening|hours)|at (?:dawn|dusk|midnight|noon|daybreak))\b(?! (?:on |of |last )?(?:{_W}|{_M}|\d)))",
        )
    )
)


class Expression(msgspec.Struct, frozen=True):
    """A time expression: its tokens, its words, and the period it gives (``None`` where it cannot be resolved, with the reason).
    ``is_modifier``: it tells which of several a noun means ("the June clashes"), and dates no other act."""

    first: int
    last: int
    span: Span
    text: str
    when: When | None
    reason: str | None = None
    is_modifier: bool = False


def find_expressions(text: str, s: Sentence, published_on: Day | None, context: When | None = None, done: Collection[str] = ()) -> list[Expression]:
    """The time expressions of a sentence, resolved against the publication date; ``context`` is the period last spoken of, ``done`` the verbs below
    whose past an infinitive tells of the past too ("tried to cross on Monday")."""
    start, end = s.span
    lowered = text[start:end].lower().replace("\u00a0", " ").replace("\n", " ").replace("’", "'").replace("–", "-")
    if len(lowered) != end - start:
        lowered = "".join(c.lower() if len(c.lower()) == 1 else c for c in text[start:end])
    out: list[Expression] = []
    for match in _GRAMMAR.finditer(lowered):
        kind = next(name for name in _KINDS if match.group(name))
        if kind in ("dmy", "mdy", "m", "my", "mod") and not _really_month(text, start, match, kind):
            continue
        a, b = start + match.start(), start + match.end()
        first = max(0, bisect.bisect_right(s.starts, a) - 1)
        last = max(first, bisect.bisect_left(s.ends, b))
        last = min(last, len(s.words) - 1)
        future = _is_future(s, first, done)
        try:
            period, reason = _RESOLVE[kind](match, published_on, context, future)
        except (ValueError, OverflowError):
            continue
        when = None
        if period is not None:
            day_start, day_end, precision = period
            when = When(day_start.isoformat(), day_end.isoformat(), precision, text[a:b], (a, b))
        out.append(Expression(first, last, (a, b), text[a:b], when, reason, kind == "mod"))
        if period is not None and period[2] in ("day", "month") and (published_on is None or period[0] <= published_on):
            context = when
    return out


def _really_month(text: str, start: int, match: re.Match[str], kind: str) -> bool:
    month = match.group(f"{kind}_m")
    word = text[start + match.start(f"{kind}_m") : start + match.end(f"{kind}_m")]
    return word[0].isupper() and not (kind == "m" and month in ("may", "march", "mar") and match.group("m_q").strip() in ("of",))


_KINDS = ("iso", "skip", "dmy", "mdy", "my", "ago", "rel", "wd", "now", "dayp", "unit", "span", "m", "mod", "decade", "y", "part", "now2", "feast")
Resolved = tuple[tuple[Day, Day, Precision] | None, str | None]
_NO_DATE: Resolved = (None, "relative-without-publication-date")


def _is_future(s: Sentence, token: int, done: Collection[str]) -> bool:
    """Whether the verb that governs the expression speaks of the future."""
    for _ in range(6):
        if is_verb(s, token):
            auxiliaries = [c for c in s.children[token] if s.deps[c] == "aux"]
            if any(s.words[c].lower() in ("will", "'ll", "shall") for c in auxiliaries):
                return True
            head = s.heads[token]
            is_done = s.tags[head] == "VBD" and (s.deps[token] == "advcl" or s.deps[token] == "xcomp" and s.lemmas[head] in done)  # "flew in to meet him on Monday"
            return any(s.tags[c] == "TO" for c in auxiliaries) and not is_done
        if s.heads[token] == token:
            return False
        token = s.heads[token]
    return False


def _day(day: Day) -> Resolved:
    return (day, day, "day"), None


def _month(year: int, month: int) -> Resolved:
    return (Day(year, month, 1), Day(year, month, calendar.monthrange(year, month)[1]), "month"), None


def _year(year: int) -> Resolved:
    return (Day(year, 1, 1), Day(year, 12, 31), "year"), None


def read_number(word: str) -> int:
    """'three', '3', 'a few' -> a count."""
    return int(word) if word.isdigit() else _NUMBERS.get(word.strip(), 1)


def _iso(m: re.Match[str], published: Day | None, context: When | None, future: bool) -> Resolved:
    return _day(Day.fromisoformat(m.group("iso")))


def _named_day(month: str, day: str, year: str | None, published: Day | None, future: bool) -> Resolved:
    number = _MONTHS[month.rstrip(".").lower()]
    if year:
        return _day(Day(int(year), number, int(day)))
    if published is None:
        return _NO_DATE
    found = Day(published.year, number, int(day))
    if future and found < published:
        ahead = Day(published.year + 1, number, int(day))
        found = ahead if ahead - published < published - found else found  # "refused to stop the work on Sept. 9": the infinitive is no future
    elif not future and found > published + datetime.timedelta(days=60 if found.month != 12 else 20):
        found = Day(published.year - 1, number, int(day))
    elif not future and found > published and (found - published).days > 10:
        found = Day(published.year - 1, number, int(day)) if (found - published).days > 150 else found
    return _day(found)


def _dmy(m: re.Match[str], published: Day | None, context: When | None, future: bool) -> Resolved:
    return _named_day(m.group("dmy_m"), m.group("dmy_d"), m.group("dmy_y"), published, future)


def _mdy(m: re.Match[str], published: Day | None, context: When | None, future: bool) -> Resolved:
    found, reason = _named_day(m.group("mdy_m"), m.group("mdy_d"), m.group("mdy_y"), published, future)
    if found is not None and m.group("mdy_d2"):
        return (found[0], found[0].replace(day=int(m.group("mdy_d2"))), "day"), None
    return found, reason


def _my(m: re.Match[str], published: Day | None, context: When | None, future: bool) -> Resolved:
    return _month(int(m.group("my_y")), _MONTHS[m.group("my_m").rstrip(".")])


def shift(anchor: Day, count: int, unit: str) -> Resolved:
    """The period that lies ``count`` units (negative: before) from a day, as precise as the unit is."""
    unit = unit.rstrip("s")
    if unit in ("hour", "minute"):
        return _day(anchor if abs(count) < 24 else anchor + datetime.timedelta(hours=count))
    if unit == "day":
        return _day(anchor + datetime.timedelta(days=count))
    if unit in ("week", "fortnight"):
        day = anchor + datetime.timedelta(weeks=count * (2 if unit == "fortnight" else 1))
        monday = day - datetime.timedelta(days=day.weekday())
        return (monday, monday + datetime.timedelta(days=6), "week"), None
    if unit == "month":
        index = anchor.year * 12 + anchor.month - 1 + count
        return _month(index // 12, index % 12 + 1)
    return _year(anchor.year + count * (10 if unit == "decade" else 1))


def _ago(m: re.Match[str], published: Day | None, context: When | None, future: bool) -> Resolved:
    if published is None:
        return _NO_DATE
    count, unit = m.group("ago_n"), m.group("ago_u").rstrip("s")
    if (m.group("ago_half") or count.startswith("half")) and unit == "year":
        return shift(published, -12 * (0 if count.startswith("half") else read_number(count)) - 6, "month")
    return shift(published, -read_number(count), unit)


def _rel(m: re.Match[str], published: Day | None, context: When | None, future: bool) -> Resolved:
    anchor = Day.fromisoformat(context.start) if context is not None else published
    if anchor is None or m.group("rel_w") in ("before", "after"):
        return None, "relative-to-another-event"
    sign = 1 if m.group("rel_w") == "later" else -1
    return shift(anchor, sign * read_number(m.group("rel_n")), m.group("rel_u"))


def _wd(m: re.Match[str], published: Day | None, context: When | None, future: bool) -> Resolved:
    if published is None:
        return _NO_DATE
    wanted = _DAYS[m.group("wd_d")]
    quality = (m.group("wd_q") or "").strip()
    if m.group("wd_week"):
        return _day(published - datetime.timedelta(days=published.weekday() + 7 - wanted))
    if quality in ("the following", "the previous") and context is not None and context.precision == "day":
        told = Day.fromisoformat(context.start)
        ahead, behind = (wanted - told.weekday()) % 7 or 7, (told.weekday() - wanted) % 7 or 7
        return _day(told + datetime.timedelta(days=ahead if quality == "the following" else -behind))
    back = (published.weekday() - wanted) % 7
    if quality == "next" or future:
        ahead = (wanted - published.weekday()) % 7
        return _day(published + datetime.timedelta(days=ahead or (7 if quality == "next" else 0)))
    if (quality == "last" or m.group("wd_last")) and back == 0:
        back = 7
    return _day(published - datetime.timedelta(days=back))


def _now(m: re.Match[str], published: Day | None, context: When | None, future: bool) -> Resolved:
    if published is None:
        return _NO_DATE
    shift = {"yesterday": -1, "tomorrow": 1, "the day before yesterday": -2}.get(m.group("now_w"), 0)
    return _day(published + datetime.timedelta(days=shift))


def _dayp(m: re.Match[str], published: Day | None, context: When | None, future: bool) -> Resolved:
    return _NO_DATE if published is None else _day(published - datetime.timedelta(days=0 if m.group("dayp_w") == "this" else 1))


def _unit(m: re.Match[str], published: Day | None, context: When | None, future: bool) -> Resolved:
    if published is None:
        return _NO_DATE
    quality, unit = m.group("unit_q").removeprefix("the "), m.group("unit_u")
    if quality in ("over the", "at the") and unit != "weekend":
        return None, "no-period"
    if m.group(0).startswith("later") and quality == "this":
        return None, "future-period"
    step = {"last": -1, "past": -1, "previous": -1, "next": 1, "coming": 1}.get(quality, 0)
    if unit == "day":
        return _day(published + datetime.timedelta(days=step))
    if unit == "weekend":
        saturday = published - datetime.timedelta(days=(published.weekday() - 5) % 7 or (7 if step else 0))
        return (saturday, saturday + datetime.timedelta(days=1), "day"), None
    if unit in ("summer", "spring", "autumn", "fall", "winter"):
        return _year(published.year + step)
    return shift(published, step, unit)


def _span(m: re.Match[str], published: Day | None, context: When | None, future: bool) -> Resolved:
    if published is None:
        return _NO_DATE
    if m.group("span_q") in ("coming", "next"):
        return None, "future-period"
    unit = m.group("span_u").rstrip("s")
    days = {"day": 1, "week": 7, "month": 30, "year": 365, "hour": 0}[unit] * read_number(
        m.group("span_n") or {"day": "7", "week": "3", "month": "3", "year": "3", "hour": "1"}[unit]
    )
    precision: Precision = "week" if days <= 21 else "month" if days <= 200 else "year"
    if days <= 1:
        precision = "day"
    return (published - datetime.timedelta(days=days), published, precision), None


def _m(m: re.Match[str], published: Day | None, context: When | None, future: bool) -> Resolved:
    if published is None:
        return _NO_DATE
    is_named = m.group("m") is not None
    number = _MONTHS[m.group("m_m" if is_named else "mod_m").rstrip(".")]
    quality = m.group("m_q").strip() if is_named else ""
    year = published.year
    if future or quality == "next":
        year += number < published.month
    elif is_named and (m.group("m_past") or "").endswith("last year"):
        year -= 1
    elif is_named and m.group("m_past"):
        year = (Day.fromisoformat(context.start).year if context is not None else year) - 1
    elif number > published.month or quality == "last" and number == published.month:
        year -= 1
    return _month(year, number)


def _decade(m: re.Match[str], published: Day | None, context: When | None, future: bool) -> Resolved:
    year = int(m.group("decade_y"))
    return (Day(year, 1, 1), Day(year + 9, 12, 31), "year"), None


def _y(m: re.Match[str], published: Day | None, context: When | None, future: bool) -> Resolved:
    year = int(m.group("y_y"))
    if published is not None and year > published.year + 30:
        raise ValueError("not a year")
    return _year(year)


def _now2(m: re.Match[str], published: Day | None, context: When | None, future: bool) -> Resolved:
    words = m.group("now2_w")
    if words == "at that time" and context is not None:
        return (Day.fromisoformat(context.start), Day.fromisoformat(context.end), context.precision), None
    anchor = Day.fromisoformat(context.start) if context is not None and "in the day" not in words else _news_day(published, context)
    if anchor is None:
        return _NO_DATE
    if words in ("that week", "that month", "that year", "the same week", "the same month", "the same year"):
        return shift(anchor, 0, words.split()[-1])
    is_before = words == "a day earlier" or words.startswith("the previous ") or words.startswith("the ") and words.endswith(" before")
    step = -1 if is_before else 1 if words == "a day later" or words.startswith(("the next ", "the following ")) else 0
    return _day(anchor + datetime.timedelta(days=step))


def _feast(m: re.Match[str], published: Day | None, context: When | None, future: bool) -> Resolved:
    month, day = _FEASTS[m.group("feast_d")]
    return _named_day(month, day, None, published, future)


_FEASTS = {
    "christmas eve": ("december", "24"),
    "christmas day": ("december", "25"),
    "boxing day": ("december", "26"),
    "new year's eve": ("december", "31"),
    "new year's day": ("january", "1"),
}


def _part(m: re.Match[str], published: Day | None, context: When | None, future: bool) -> Resolved:
    anchor = _news_day(published, context)
    return _NO_DATE if anchor is None else _day(anchor)


def _news_day(published: Day | None, context: When | None) -> Day | None:
    """The day that a time of day belongs to: the one last spoken of if that is news, else the day of publication."""
    if published is None or context is None or context.precision != "day":
        return published
    day = Day.fromisoformat(context.start)
    return day if 0 <= (published - day).days <= 2 else published


def _skip(m: re.Match[str], published: Day | None, context: When | None, future: bool) -> Resolved:
    return None, "recurring"


_RESOLVE = {
    "skip": _skip,
    "part": _part,
    "iso": _iso,
    "dmy": _dmy,
    "mdy": _mdy,
    "my": _my,
    "ago": _ago,
    "rel": _rel,
    "wd": _wd,
    "now": _now,
    "dayp": _dayp,
    "unit": _unit,
    "span": _span,
    "m": _m,
    "mod": _m,
    "decade": _decade,
    "y": _y,
    "now2": _now2,
    "feast": _feast,
}
