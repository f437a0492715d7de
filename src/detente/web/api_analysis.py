"""Where a pair stands, its series, alerts: the work of the calls of ``api_analysis_calls``, which is loaded with the first of them."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from detente.analysis.alerts import Alert
from detente.analysis.series import count_unplaced, make_series
from detente.analysis.situation import Situation, SituationRecord
from detente.errors import InputError
from detente.raising import read_alert
from detente.store.alert_log import Place, Raised, list_raised
from detente.store.tables import latest_day
from detente.web.api_analysis_calls import KINDS, LEAST_SCORE, MOST_ALERT_DAYS, MOST_SCORE, PERIODS, SCORES
from detente.web.api_read import pack_cursor, read_limit, unpack_cursor
from detente.web.api_records import AlertPage, FoundAlerts, RaisedAlert, Series, SeriesRow
from detente.web.asked import Asked
from detente.web.filters import split_pair
from detente.web.pages_alerts import MOST_PAIRS, SHOWN_DAYS, find_alerts_of
from detente.wording import say_alert


def open_situation(asked: Asked) -> Situation:
    """``pair`` of the address, ``at``, ``origin`` -> the situation, shared by all that ask for the same one."""
    a, b = split_pair("pair", asked.path["pair"])
    at, origins = asked.day("at"), asked.texts("origin")
    return asked.share(("api situation", a, b, at, origins), lambda: Situation(asked.store, a, b, at=at, origins=origins))


def read_situation(asked: Asked) -> SituationRecord:
    """``pair``, ``at``, ``origin`` -> the situation."""
    situation = open_situation(asked)
    return asked.share(("api record", situation.a.name, situation.b.name, situation.at, situation.origins, situation.asked), situation.as_record)


# -- series ------------------------------------------------------------------------------------------------------------------
def read_series(asked: Asked) -> Series:
    """``pair``, ``at``, ``since``, ``by``, ``kind``, ``per_side``, ``score``, ``origin`` -> the series."""
    situation, by = open_situation(asked), asked.choice("by", PERIODS, "week")
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


def walk_series(asked: Asked) -> Iterator[dict[str, Any]]:
    """The same as rows."""
    for row in read_series(asked).items:
        yield msgspec.to_builtins(row)


# -- alerts ------------------------------------------------------------------------------------------------------------------
def read_alerts(asked: Asked) -> AlertPage:
    """``dyad``, ``since``, ``until``, ``limit``, ``cursor`` -> a page of what was raised."""
    limit, dyad = read_limit(asked), asked.text("dyad")
    pair = split_pair("dyad", dyad) if dyad else None
    found = list_raised(asked.store, pair=pair, since=asked.day("since"), until=asked.day("until"), before=_seen(asked), limit=limit + 1)
    items = [as_raised(alert) for _, alert in found[:limit]]
    return AlertPage(items=items, next=pack_cursor(found[limit - 1][0]) if len(found) > limit else None)


def _seen(asked: Asked) -> Place | None:
    seen = unpack_cursor(asked.text("cursor"), tuple[str, str])
    return None if seen is None else Place(*seen)


def as_raised(raised: Raised) -> RaisedAlert:
    """What the store keeps of an alert -> as the API shows it."""
    return msgspec.convert(msgspec.to_builtins(read_alert(raised)), RaisedAlert)


def walk_alerts(asked: Asked) -> Iterator[dict[str, Any]]:
    """All of them as rows."""
    dyad = asked.text("dyad")
    pair, since, until = split_pair("dyad", dyad) if dyad else None, asked.day("since"), asked.day("until")
    for _, alert in list_raised(asked.store, pair=pair, since=since, until=until, before=None, limit=None):
        yield msgspec.to_builtins(as_raised(alert))


def find_now(asked: Asked) -> FoundAlerts:
    """``at``, ``days``, ``least_score``, ``limit`` -> the alerts of the pairs that conflict most: those that the page of alerts has."""
    days, score = asked.number("days", SHOWN_DAYS, most=MOST_ALERT_DAYS), asked.number("least_score", LEAST_SCORE, least=LEAST_SCORE, most=MOST_SCORE)
    limit, at = read_limit(asked), asked.day("at") or latest_day(asked.store)
    if at is None:
        return FoundAlerts(since=None, at=None, pairs=0, pairs_seen=0, total=0, items=[])
    since = at - min(datetime.timedelta(days=days - 1), at - datetime.date.min)
    found, types, pairs = asked.share(("alerts", since, at), lambda: find_alerts_of(asked, since, at))
    wanted = [_tell(alert, types) for alert in found if alert.score >= score]
    return FoundAlerts(since=since, at=at, pairs=pairs, pairs_seen=min(pairs, MOST_PAIRS), total=len(wanted), items=wanted[:limit])


def _tell(alert: Alert, types: Mapping[str, str]) -> RaisedAlert:
    what = say_alert(alert, types.get(alert.event_ids[0], "") if alert.event_ids else "")
    return RaisedAlert(what=what, **{name: getattr(alert, name) for name in alert.__struct_fields__})
