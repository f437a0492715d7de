"""The desk: which crises moved most, the latest alerts and events, and a box for a report."""

from __future__ import annotations

import datetime
import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from detente.store.claims import read_evidence
from detente.store.filters import Filters
from detente.store.query import find_events
from detente.store.sizes import Sizes, count_rows, first_day_of
from detente.store.tables import Wanted, latest_day
from detente.web.adding import add_given
from detente.web.alerting import with_words_of_breaks
from detente.web.asked import Asked
from detente.web.rendering import shorten
from detente.web.routing import Action, Page

if TYPE_CHECKING:
    import polars as pl

    from detente.analysis.alerts import Alert
    from detente.analysis.movers import Mover
    from detente.store.schema import Store

SHOWN_MOVERS, SHOWN_ALERTS, SHOWN_EVENTS = 12, 8, 10
LATEST_EVENTS = 60
"""So many of the latest are looked at: of one day those that most reports tell of, and the gravest, come first."""
ALERT_DAYS = 14
"""Alerts of so many days are shown."""
ALERT_PAIRS = 40
"""Pairs that are looked at for alerts: those with the gravest acts of these days. All of them take seconds in a store of a million events; ``detente alerts`` looks at all."""
GRAVE = 3
"""Acts from this rung up, rupture, are grave: the lowest on which a broken channel is told."""


class AlertShown(msgspec.Struct, frozen=True):
    """An alert, and what it says in words."""

    alert: Alert
    what: str


class DeskRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The desk on a day: ``at`` is the latest day of which the store tells, ``None`` for an empty store."""

    at: datetime.date | None
    sizes: Sizes
    movers: tuple[Mover, ...]
    alerts: tuple[AlertShown, ...]
    events: tuple[dict[str, Any], ...]
    words: dict[str, str] = {}
    """The first words of the evidence of these events, where there are any."""


def read_desk(asked: Asked) -> DeskRecord:
    """A store -> its desk. ``at``: stand at another day."""
    from detente.analysis.alerts import find_alerts
    from detente.analysis.movers import WEEKS, find_movers
    from detente.analysis.table import load_table, load_volume
    from detente.wording import say_alert

    store, sizes = asked.store, count_rows(asked.store)
    given = asked.day("at")
    at = given or latest_day(store)
    if at is None:
        return DeskRecord(at=None, sizes=sizes, movers=(), alerts=(), events=())
    since = at - min(datetime.timedelta(weeks=WEEKS), at - datetime.date.min)
    # without a day that was asked for nothing is left out as told later: the press tells of a day on the next
    wanted = Wanted(since=since, until=given)
    table = load_table(store, wanted, with_text=False)
    movers = find_movers(table, at, most=SHOWN_MOVERS, first_day=functools.partial(first_day_of, store))
    alerts_from = at - min(datetime.timedelta(days=ALERT_DAYS - 1), at - datetime.date.min)
    found = find_alerts(with_words_of_breaks(store, _gravest_pairs(table, alerts_from)), at, since=alerts_from, volume=load_volume(store, wanted))
    if sizes.first_day and sizes.first_day < since:
        found = [alert for alert in found if alert.kind != "first-type"]  # what is first in these weeks need not be the first ever
    types = dict(table.select("event_id", "event_type").iter_rows())
    latest = _choose_latest(find_events(store, Filters(until=at, with_background=False), limit=LATEST_EVENTS, newest_first=True).events)
    return DeskRecord(
        at=at,
        sizes=sizes,
        movers=tuple(movers),
        alerts=tuple(AlertShown(alert, say_alert(alert, types.get(alert.event_ids[0], "") if alert.event_ids else "")) for alert in found[:SHOWN_ALERTS]),
        events=tuple(latest),
        words=first_words(store, [event["event_id"] for event in latest]),
    )


def _choose_latest(events: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The latest events -> those to be shown, in the order of ``LATEST_EVENTS``."""

    def weight(event: dict[str, Any]) -> tuple[int, int, float]:
        return -event["reports"], -abs(event["rung"] or 0), -(event["confidence"] or 0.0)

    by_weight = sorted(events, key=weight)
    return sorted(by_weight, key=lambda event: event["date"]["start"] if event["date"] else "", reverse=True)[:SHOWN_EVENTS]


def first_words(store: Store, event_ids: list[str]) -> dict[str, str]:
    """Events -> the first words that tell of each."""
    return {event_id: shorten(texts[0]) for event_id, texts in read_evidence(store, event_ids).items()}


def _gravest_pairs(table: pl.DataFrame, since: datetime.date) -> pl.DataFrame:
    """An events table -> the rows of the pairs with the gravest acts since a day."""
    import polars as pl

    pairs = table.with_columns(a=pl.min_horizontal("source", "target"), b=pl.max_horizontal("source", "target"))
    weight = pl.col("rung").cast(pl.Int64).sum().alias("weight")
    grave = pairs.filter((pl.col("day") >= since) & (pl.col("rung") >= GRAVE)).group_by("a", "b").agg(weight).sort(["weight", "a", "b"], descending=[True, False, False])
    return pairs.join(grave.head(ALERT_PAIRS), on=["a", "b"], how="semi").drop("a", "b")


PAGES = (Page("/", read_desk, "desk.html", "Desk", nav="desk"),)
ACTIONS = (Action("/add", add_given, "add report", role="code", on="/"),)
