"""The calls of the API that work something out: where a pair stands, its series, alerts."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any

import msgspec
import polars as pl

from detente.analysis.alerts import find_alerts
from detente.analysis.series import PLACED, count_unplaced, make_series
from detente.analysis.situation import Situation, SituationRecord
from detente.analysis.table import load_table, load_volume
from detente.errors import InputError
from detente.raising import read_alert
from detente.store.alert_log import Place, Raised, list_raised
from detente.store.tables import Wanted, check_origins, latest_day
from detente.web.api_call import AT, CURSOR, LIMIT, ORIGIN, PAIR, SINCE, UNTIL, Call, Parameter, Table
from detente.web.api_read import pack_cursor, read_limit, unpack_cursor
from detente.web.api_records import AlertPage, FoundAlerts, RaisedAlert, Series, SeriesRow
from detente.web.asked import Asked
from detente.web.filters import split_pair
from detente.wording import say_alert

ALERT_DAYS = 30
"""Alerts of so many days are worked out, unless asked otherwise."""
LEAST_SCORE, MOST_SCORE = 0, 20
KINDS, SCORES = ("event_type", "quad", "rung"), ("intensity", "goldstein")


def open_situation(asked: Asked) -> Situation:
    """``pair`` of the address, ``at``, ``origin`` -> the situation, shared by all that ask for the same one."""
    a, b = split_pair("pair", asked.path["pair"])
    at, origins = asked.day("at"), asked.texts("origin")
    return asked.share(("api situation", a, b, at, origins), lambda: Situation(asked.store, a, b, at=at, origins=origins))


def _read_situation(asked: Asked) -> SituationRecord:
    situation = open_situation(asked)
    return asked.share(("api record", situation.a.name, situation.b.name, situation.at, situation.origins, situation.asked), situation.as_record)


# -- series ------------------------------------------------------------------------------------------------------------------
_SERIES = (
    Parameter("by", "The length of a period; a week begins on Monday.", "choice", tuple(PLACED), default="week"),
    Parameter("kind", "A row for each type, quad class or rung of a period.", "choice", KINDS),
    Parameter("per_side", "A row for each side: `a` for what the first did, `b` for the second.", "switch"),
    Parameter("score", "Which score is summed: PLOVER's intensity or Goldstein's.", "choice", SCORES, default="intensity"),
)


def _read_series(asked: Asked) -> Series:
    situation, by = open_situation(asked), asked.choice("by", tuple(PLACED), "week")
    kind, score, since, per_side = asked.choice("kind", ("", *KINDS), ""), asked.choice("score", SCORES, "intensity"), asked.day("since"), asked.switch("per_side")
    if since and since > situation.at:
        raise InputError(f"since: found {since}; expected a day not after {situation.at}")
    given: dict[str, Any] = {"by": by, "kind": kind or None, "per_side": per_side, "score": score, "volume": situation.volume, "since": since}
    rows = make_series(situation.dyad, situation.at, **given)
    return Series(
        a=situation.a.name,
        b=situation.b.name,
        at=situation.at,
        by=by,
        score=score,
        unplaced=count_unplaced(situation.dyad, situation.at, by, since=since),  # type: ignore[arg-type]
        items=[SeriesRow(**row) for row in rows.iter_rows(named=True)],
    )


_SERIES_COLUMNS = (
    ("period", "date"),
    ("side", "text"),
    ("kind", "text"),
    ("is_whole", "truth"),
    ("events", "integer"),
    ("score_sum", "number"),
    ("score_mean", "number"),
    ("volume", "integer"),
    ("share", "number"),
    ("corrected", "number"),
    ("score_corrected", "number"),
)


def _walk_series(asked: Asked) -> Iterator[dict[str, Any]]:
    for row in _read_series(asked).items:
        yield msgspec.to_builtins(row)


# -- alerts ------------------------------------------------------------------------------------------------------------------
def _read_alerts(asked: Asked) -> AlertPage:
    limit, dyad = read_limit(asked), asked.text("dyad")
    pair = split_pair("dyad", dyad) if dyad else None
    found = list_raised(asked.store, pair=pair, since=asked.day("since"), until=asked.day("until"), before=_seen(asked), limit=limit + 1)
    items = [as_raised(alert) for alert in found[:limit]]
    last = items[-1] if len(found) > limit else None
    return AlertPage(items=items, next=pack_cursor((last.raised_at, last.alert_id)) if last else None)


def _seen(asked: Asked) -> Place | None:
    seen = unpack_cursor(asked.text("cursor"), tuple[str, str])
    return None if seen is None else Place(*seen)


def as_raised(raised: Raised) -> RaisedAlert:
    """What the store keeps of an alert -> as the API shows it."""
    return msgspec.convert(msgspec.to_builtins(read_alert(raised)), RaisedAlert)


def _walk_alerts(asked: Asked) -> Iterator[dict[str, Any]]:
    dyad = asked.text("dyad")
    pair, since, until = split_pair("dyad", dyad) if dyad else None, asked.day("since"), asked.day("until")
    for alert in list_raised(asked.store, pair=pair, since=since, until=until, before=None, limit=None):
        yield msgspec.to_builtins(as_raised(alert))


_ALERT_COLUMNS = (
    ("alert_id", "text"),
    ("raised_at", "text"),
    ("kind", "text"),
    ("also", "texts"),
    ("a", "text"),
    ("b", "text"),
    ("day", "date"),
    ("score", "number"),
    ("rung", "integer"),
    ("before", "number"),
    ("after", "number"),
    ("what", "text"),
    ("event_ids", "texts"),
)


def _find(asked: Asked) -> FoundAlerts:
    given, origins, score = asked.day("at"), asked.texts("origin"), asked.number("least_score", LEAST_SCORE, least=LEAST_SCORE, most=MOST_SCORE)
    check_origins(asked.store, origins)
    since, limit = asked.day("since"), read_limit(asked)
    at = given or latest_day(asked.store)
    if at is None:
        return FoundAlerts(since=None, at=None, total=0, items=[])
    begin = since or at - min(datetime.timedelta(days=ALERT_DAYS - 1), at - datetime.date.min)
    if begin > at:
        raise InputError(f"since: found {begin}; expected a day not after {at}")
    found = [alert for alert in asked.share(("api alerts", given, begin, origins), lambda: _find_all(asked, given, at, begin, origins)) if alert.score >= score]
    return FoundAlerts(since=begin, at=at, total=len(found), items=found[:limit])


def _find_all(asked: Asked, given: datetime.date | None, at: datetime.date, since: datetime.date, origins: tuple[str, ...]) -> list[RaisedAlert]:
    # without a day that was asked for nothing is left out as told later: the press tells of a day on the next
    wanted = Wanted(until=given, origins=origins)
    table = load_table(asked.store, wanted, with_text=False)
    found = find_alerts(table, at, since=since, volume=load_volume(asked.store, wanted))
    named = {event_id for alert in found for event_id in alert.event_ids[:1]}
    types = dict(table.filter(pl.col("event_id").is_in(named)).select("event_id", "event_type").iter_rows())
    return [
        RaisedAlert(what=say_alert(alert, types.get(alert.event_ids[0], "") if alert.event_ids else ""), **{name: getattr(alert, name) for name in alert.__struct_fields__})
        for alert in found
    ]


_DYAD = Parameter("dyad", "Only this pair's: PRK-KOR.")
CALLS = (
    Call(
        "GET",
        "/dyads/{pair}/situation",
        "readSituation",
        "The situation of a pair",
        "Where two parties stand at a day: rung, direction, stage, crises, who answers whom, precedents, alerts, ties and claims. `events` holds each event that some part names.",
        _read_situation,
        SituationRecord,
        "dyads",
        (PAIR, AT, ORIGIN),
    ),
    Call(
        "GET",
        "/dyads/{pair}/series",
        "readSeries",
        "The series of a pair",
        "Events and their scores by period, beside what they would be had each period the mean volume of reports.",
        _read_series,
        Series,
        "dyads",
        (PAIR, AT, SINCE, *_SERIES, ORIGIN),
        table=Table("series", lambda _: _SERIES_COLUMNS, _walk_series),
    ),
    Call(
        "GET",
        "/alerts",
        "listAlerts",
        "Alerts that were raised",
        "The alerts that `detente watch` raised, the latest first. `since` and `until` are days of the events, not of the raising.",
        _read_alerts,
        AlertPage,
        "alerts",
        (_DYAD, SINCE, UNTIL, LIMIT, CURSOR),
        table=Table("alerts", lambda _: _ALERT_COLUMNS, _walk_alerts),
    ),
    Call(
        "GET",
        "/alerts/found",
        "findAlerts",
        "Alerts worked out now",
        "The alerts of all pairs, worked out of the events as `detente alerts` does, the highest score first.",
        _find,
        FoundAlerts,
        "alerts",
        (AT, SINCE, Parameter("least_score", "At least this score.", "number", least=LEAST_SCORE, most=MOST_SCORE, default=LEAST_SCORE), ORIGIN, LIMIT),
    ),
)
