"""What stirred in the last days, over all pairs, the most urgent first."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

import msgspec

from detente.errors import InputError
from detente.store.sizes import first_day_of
from detente.store.tables import Wanted, latest_day
from detente.web.alerting import with_words_of_breaks
from detente.web.asked import Asked
from detente.web.pages_dyads import read_recent
from detente.web.pairs import Side
from detente.web.rendering import address, pair_address
from detente.web.routing import Page

if TYPE_CHECKING:
    import polars as pl

    from detente.analysis.alerts import Alert

MEANS = {
    "onset": "a high rung after long calm",
    "jump": "several rungs at once",
    "burst": "more acts of conflict than expected",
    "first-type": "the first hostile act of its type",
    "silence": "no word for unusually long",
    "broken-channel": "a channel cut, closed or destroyed",
}
KINDS = tuple(MEANS)
SHOWN_DAYS = 14
MOST_PAIRS = 150
"""Pairs that are looked at: those with the largest sum of rungs of conflict in the days asked for. A page must not take more than some seconds; ``detente alerts`` looks at all."""
MOST_ALERTS = 200


class AlertRow(msgspec.Struct, frozen=True, kw_only=True):
    """An alert in words. ``to``: the situation as it was known on its day; ``events``: the first of those that it rests on, id and type."""

    a: Side
    b: Side
    to: str
    alert: Alert
    what: str
    events: tuple[tuple[str, str], ...]


class AlertsPage(msgspec.Struct, frozen=True, kw_only=True):
    """The alerts of the days ``since`` to ``at``. ``counts``: how many of each kind before ``kind`` and ``score`` were asked for; ``pairs_seen`` of ``pairs`` were looked at."""

    at: datetime.date | None
    since: datetime.date | None
    days: int
    kinds: tuple[str, ...]
    score: float
    counts: dict[str, int]
    means: dict[str, str]
    pairs: int
    pairs_seen: int
    total: int
    alerts: tuple[AlertRow, ...]


def read_page(asked: Asked) -> AlertsPage:
    """``days``, ``at``, ``kind`` (also several), ``score`` -> the alerts."""
    days = asked.number("days", SHOWN_DAYS, most=365)
    score = asked.number("score", 0, least=0, most=13)
    kinds = asked.texts("kind")
    if wrong := [kind for kind in kinds if kind not in KINDS]:
        raise InputError(f"kind: found {wrong[0][:40]!r}; expected one of {', '.join(KINDS)}")
    at = asked.day("at") or latest_day(asked.store)
    if at is None:
        return AlertsPage(at=None, since=None, days=days, kinds=kinds, score=score, counts={}, means=MEANS, pairs=0, pairs_seen=0, total=0, alerts=())
    since = at - min(datetime.timedelta(days=days - 1), at - datetime.date.min)
    found, types, pairs = asked.share(("alerts", since, at), lambda: find_alerts_of(asked, since, at))
    counts = {kind: sum(alert.kind == kind for alert in found) for kind in KINDS}
    wanted = [alert for alert in found if (not kinds or alert.kind in kinds) and alert.score >= score]
    return AlertsPage(
        at=at,
        since=since,
        days=days,
        kinds=kinds,
        score=score,
        counts=counts,
        means=MEANS,
        pairs=pairs,
        pairs_seen=min(pairs, MOST_PAIRS),
        total=len(wanted),
        alerts=tuple(_show(alert, types) for alert in wanted[:MOST_ALERTS]),
    )


def find_alerts_of(asked: Asked, since: datetime.date, at: datetime.date) -> tuple[list[Alert], dict[str, str], int]:
    """The alerts of the pairs that conflict most, the types of their events, and how many pairs had any conflict."""
    import polars as pl

    from detente.analysis.alerts import find_alerts
    from detente.analysis.table import load_volume

    table = read_recent(asked, at)
    first = table["day"].min()
    pairs = table.filter(pl.col("source") != pl.col("target")).with_columns(a=pl.min_horizontal("source", "target"), b=pl.max_horizontal("source", "target"))
    weight = pl.col("rung").cast(pl.Int64).clip(lower_bound=0).sum().alias("weight")
    ranked = pairs.filter(pl.col("day") >= since).group_by("a", "b").agg(weight).sort(["weight", "a", "b"], descending=[True, False, False])
    chosen = pairs.join(ranked.head(MOST_PAIRS), on=["a", "b"], how="semi").drop("a", "b")
    begin = first if isinstance(first, datetime.date) else since
    found = find_alerts(with_words_of_breaks(asked.store, chosen), at, since=since, volume=load_volume(asked.store, Wanted(since=begin, until=at)))
    # what is first in these weeks need not be the first ever
    found = [alert for alert in found if alert.kind != "first-type" or first_day_of(asked.store, alert.a, alert.b) == _first_of(pairs, alert)]
    return found, dict(chosen.select("event_id", "event_type").iter_rows()), ranked.height


def _first_of(pairs: pl.DataFrame, alert: Alert) -> object:
    return pairs.filter((pairs["a"] == alert.a) & (pairs["b"] == alert.b))["day"].min()


def _show(alert: Alert, types: dict[str, str]) -> AlertRow:
    from detente.show_situation import say_party
    from detente.wording import say_alert

    return AlertRow(
        a=Side(alert.a, say_party(alert.a)),
        b=Side(alert.b, say_party(alert.b)),
        to=address(pair_address(alert.a, alert.b), {"at": alert.day}),
        alert=alert,
        what=say_alert(alert, types.get(alert.event_ids[0], "") if alert.event_ids else ""),
        events=tuple((event, types.get(event, "event")) for event in alert.event_ids[:4]),
    )


PAGES = (Page("/alerts", read_page, "alerts.html", "Alerts", nav="alerts"),)
