"""A watched store that raises alerts: its calm past, what disturbs it, a run that tells of it."""

from __future__ import annotations

import datetime
import hashlib
from pathlib import Path
from typing import Any

from detente.raising import LEAST_SCORE, begin_looking
from detente.store.alert_log import find_raised
from detente.store.schema import Store
from detente.store.write import add_report
from detente.watch_alerts import Alerting
from detente.webhook import Delivering, make_webhook
from stores import event, report
from webs import OPEN, Clock, Site

TODAY = datetime.date(2020, 6, 17)


SECRET = "correct horse battery staple"


HOOK = "/hook?token=hidden"


def calm_past(store: Store, source: str = "PRK", target: str = "KOR") -> None:
    """Six talks of a pair, ten days apart, until the beginning of June 2020; they count as looked at."""
    for n in range(6):
        day = (datetime.date(2020, 4, 10) + datetime.timedelta(days=10 * n)).isoformat()
        add(store, event("CONSULT", source, target, day, f"met for talks number {n}"), published_on=day)
    begin_looking(store)


def add(store: Store, *events: Any, published_on: str = "2020-06-17") -> None:
    doc_id = hashlib.blake2b(repr([e.event_id for e in events]).encode(), digest_size=6).hexdigest()
    add_report(store, report(*events, doc_id=doc_id, published_on=published_on))


def blow_up(day: str = "2020-06-16", **more: Any) -> Any:
    return event("ASSAULT", "PRK", "KOR", day, "blew up the liaison office", modes=("destroy",), **more)


def raised_ids(store: Store) -> list[str]:
    return [r.alert_id for r in find_raised(store, [("KOR", "PRK")], datetime.date(2000, 1, 1))]


def alerting_of(store: Store, clock: Clock, *, file: Path | None = None, site: Site | None = None) -> Alerting:
    def now() -> datetime.datetime:
        return datetime.datetime(2020, 6, 17, 9, 0, tzinfo=datetime.UTC) + datetime.timedelta(seconds=clock.seconds - 1000)

    webhook = make_webhook(f"{site.url}{HOOK}", SECRET, any_port=True) if site else None
    delivering = Delivering(store, webhook, OPEN, now, lambda: clock.stopped) if webhook else None
    return Alerting(store, now, file, LEAST_SCORE, delivering)
