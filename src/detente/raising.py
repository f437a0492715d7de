"""New reports in a store -> the alerts they raise, each once, also after a restart. What the terminal, the file and the webhook get is made here."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Iterable
from typing import NamedTuple

import msgspec
import polars as pl

from detente.analysis.alerts import Alert, AlertSettings, find_alerts, is_repeat
from detente.analysis.table import load_table, load_volume
from detente.store.alert_log import Raised, find_looked, find_raised, find_touched, has_more_events, keep_raised, last_document, latest_report_day
from detente.store.schema import Store, now
from detente.store.sides import Side
from detente.store.tables import Wanted
from detente.wording import say_alert

LOOK_DAYS = 7
"""Alerts of so many days up to the latest report are raised: reports of an event come for days, and a burst is counted over seven. Older ones are history."""
LEAST_SCORE = 6.0
"""The least score that is raised if ``--least-score`` says nothing else: the highest that keeps broken channels (rung 3, and 3 for a channel).

Set on ICEWS14, April to October 2014: 344 of 358 alerts have it. 45% of them are followed, as of all; 48% from 8, 42% from 10: a higher one makes alerts fewer,
hardly better, and takes the broken channels away (3 of 45 have 6.5)."""
MOST_WHOLE = 2_000
"""A pair with more events is looked at from the beginning of last year only: of an older past nothing but a first-ever type is judged, and then all of it is read."""
MOST_QUOTED = 20
"""Events of an alert that are sent with their words; all are sent with their ids."""


class Quoted(msgspec.Struct, frozen=True):
    """An event that an alert rests on, with the first words of its evidence."""

    event_id: str
    day: datetime.date
    event_type: str
    source: str
    target: str
    text: str


class AlertRecord(msgspec.Struct, frozen=True, kw_only=True):
    """An alert as the file and the webhook get it: that of ``analysis.alerts`` with an id, the moment, what it says in words, and the words of its events."""

    alert_id: str
    raised_at: str
    kind: str
    also: tuple[str, ...]
    a: str
    b: str
    day: datetime.date
    score: float
    rung: int
    before: float
    after: float
    what: str
    event_ids: tuple[str, ...]
    events: tuple[Quoted, ...]


class Look(NamedTuple):
    """The days that are looked at, and the first and last document that are new."""

    since: datetime.date
    at: datetime.date
    after: int
    last: int


def begin_looking(store: Store) -> None:
    """A store that was never watched for alerts -> what it holds counts as looked at: no old news is raised."""
    if find_looked(store) is None:
        keep_raised(store, (), last_document(store), deliver=False)


def raise_alerts(store: Store, today: datetime.date, *, least_score: float = LEAST_SCORE, deliver: bool = False) -> list[Raised]:
    """A store and the present day -> the alerts that the documents added since the last look raise, kept in the store; with ``deliver`` for the webhook too.

    Only the pairs that these documents' events touch are looked at, on the last days up to the latest report; what was raised before for the same pair and kind is not
    raised again for as long as ``AlertSettings`` says.
    """
    after, last = find_looked(store) or 0, last_document(store)
    if after >= last:
        return []
    # a report may bear the date of a place where it is tomorrow already
    at = latest_report_day(store, today + datetime.timedelta(days=1)) or today
    look = Look(at - datetime.timedelta(days=LOOK_DAYS - 1), at, after, last)
    pairs = find_touched(store, look.after, look.last, look.since, look.at)
    settings = AlertSettings()
    before = find_raised(store, pairs, look.since - datetime.timedelta(days=settings.again_days))
    volume = load_volume(store, Wanted(since=_last_year(look), until=at)) if pairs else None
    raised = [
        record
        for a, b in pairs
        for alert, table in _look_at(store, a, b, look, volume)
        if alert.score >= least_score and not _was_raised(alert, before, settings)
        for record in [_keepable(alert, table)]
    ]
    keep_raised(store, raised, last, deliver=deliver)
    return raised


def _look_at(store: Store, a: str, b: str, look: Look, volume: pl.DataFrame | None) -> Iterable[tuple[Alert, pl.DataFrame]]:
    """A pair -> its alerts of the days that are looked at, each with the pair's table."""
    recent = _last_year(look) if has_more_events(store, a, b, MOST_WHOLE) else None
    table, found = _find_of_pair(store, a, b, look, volume, recent)
    if recent and any("first-type" in (alert.kind, *alert.also) for alert in found):
        table, found = _find_of_pair(store, a, b, look, volume, None)
    return [(alert, table) for alert in found]


def _last_year(look: Look) -> datetime.date:
    """The first day of the year before: so that from one look to the next the same alerts are repeats of the same earlier ones."""
    return datetime.date(look.at.year - 1, 1, 1)


def _find_of_pair(store: Store, a: str, b: str, look: Look, volume: pl.DataFrame | None, first: datetime.date | None) -> tuple[pl.DataFrame, list[Alert]]:
    table = load_table(store, Wanted(first=Side(keys=(a,)), second=Side(keys=(b,)), since=first, until=look.at))
    own = table.filter((pl.col("source").eq(a) & pl.col("target").eq(b)) | (pl.col("source").eq(b) & pl.col("target").eq(a)))
    return own, find_alerts(own, look.at, since=look.since, volume=volume)


def _was_raised(alert: Alert, before: Iterable[Raised], settings: AlertSettings) -> bool:
    """Whether the alert repeats one of its pair that was raised before, as this kind or among the kinds that the same events would have raised."""
    earlier = [r for r in before if (r.a, r.b) == (alert.a, alert.b) and alert.kind in _kinds(r)]
    return any(is_repeat(alert, r.day, r.rung, settings) for r in earlier)


def _kinds(raised: Raised) -> tuple[str, ...]:
    return (raised.kind, *read_alert(raised).also)


def read_alert(raised: Raised) -> AlertRecord:
    """What the store keeps of an alert -> the record."""
    return msgspec.json.decode(raised.record, type=AlertRecord)


def _keepable(alert: Alert, table: pl.DataFrame) -> Raised:
    key = f"{alert.kind}|{alert.a}|{alert.b}|{alert.day}|{alert.rung}"
    alert_id = hashlib.blake2b(key.encode(), digest_size=8).hexdigest()
    columns = table.select("event_id", "day", "event_type", "source", "target", "text")
    quoted = tuple(Quoted(*row) for row in columns.filter(pl.col("event_id").is_in(alert.event_ids)).unique("event_id", keep="first", maintain_order=True).iter_rows())
    record = AlertRecord(
        alert_id=alert_id, raised_at=now(), kind=alert.kind, also=alert.also, a=alert.a, b=alert.b, day=alert.day, score=alert.score, rung=alert.rung, before=alert.before,
        after=alert.after, what=say_alert(alert, quoted[0].event_type if quoted else ""), event_ids=alert.event_ids, events=quoted[:MOST_QUOTED],
    )  # fmt: skip
    return Raised(alert_id, alert.kind, alert.a, alert.b, alert.day, alert.rung, msgspec.json.encode(record).decode())
