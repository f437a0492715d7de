"""The alerts of ``detente watch``: raised after a visit that added something, told on the terminal, in a file and to a webhook."""

from __future__ import annotations

import argparse
import datetime
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from detente import show
from detente.errors import DetenteError, SettingsError
from detente.reading.fetch import Limits
from detente.settings import read_text
from detente.store.alert_log import Raised, find_untold, load_hold, mark_told
from detente.store.schema import Store
from detente.webhook import Delivering, Webhook, deliver_alerts, make_webhook, seconds_to_next_try


class Asked(NamedTuple):
    """What the user wants of alerts. ``least_score`` of ``None``: the default."""

    file: Path | None
    webhook: Webhook | None
    least_score: float | None


class Alerting(NamedTuple):
    """What a run raises alerts with."""

    store: Store
    now: Callable[[], datetime.datetime]
    file: Path | None
    least_score: float
    delivering: Delivering | None


def read_alerting(arguments: argparse.Namespace, *, any_port: bool) -> Asked:
    """``--alerts-file``, ``--webhook`` and ``--least-score`` -> what is wanted; refused before anything is done: a file that cannot be written, a webhook without a key."""
    url = read_text("webhook", arguments.webhook)
    webhook = make_webhook(url, read_text("webhook_secret"), any_port=any_port) if url else None
    path = Path(arguments.alerts_file) if arguments.alerts_file else None
    if path is not None:
        append_lines(path, [])
    return Asked(path, webhook, arguments.least_score)


def start_alerting(asked: Asked, store: Store, limits: Limits, now: Callable[[], datetime.datetime], stopped: Callable[[], bool]) -> Alerting | None:
    """What is wanted -> alerts that an earlier run left are told and sent; ``None``, told once, where the analysis is not installed."""
    try:
        from detente.raising import LEAST_SCORE, begin_looking
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "detente":
            raise
        show.warn(f"no alerts are raised: {error.name} is missing; install it: pip install 'detente[analysis]'")
        return None
    begin_looking(store)
    delivering = Delivering(store, asked.webhook, limits, now, stopped) if asked.webhook else None
    alerting = Alerting(store, now, asked.file, LEAST_SCORE if asked.least_score is None else asked.least_score, delivering)
    alert(alerting)
    return alerting


def alert(alerting: Alerting) -> None:
    """A run -> the alerts of what is new are raised, told and sent.

    A fault of the analysis costs no reports: it is told, the watch goes on, and the same reports are looked at again after the next visit.
    """
    from detente.raising import raise_alerts

    try:
        raise_alerts(alerting.store, alerting.now().date(), least_score=alerting.least_score, deliver=alerting.delivering is not None)
    except DetenteError:
        raise
    except Exception as error:
        show.warn(f"raising alerts failed ({type(error).__name__}: {str(error)[:200]}); please report it as a bug")
    _tell(alerting, find_untold(alerting.store))
    attend(alerting)


def attend(alerting: Alerting) -> float | None:
    """A run -> what is due at the webhook is sent; the seconds until more is, ``None`` if nothing waits."""
    from detente.show_watch import sent_line

    run = alerting.delivering
    if run is None:
        return None
    for sent in deliver_alerts(run):
        if (line := sent_line(sent, run.webhook.address.host, load_hold(run.store).until)) is not None:
            show.warn(line)
    return seconds_to_next_try(run)


def append_lines(path: Path, lines: Sequence[str]) -> None:
    """Lines -> at the end of a file, which is made if need be. A line that a kill broke off is closed first, so that it spoils no other."""
    try:
        with path.open("a+b") as stream:
            if stream.tell() and lines:
                stream.seek(-1, 2)
                broken = stream.read(1) != b"\n"
                lines = ["", *lines] if broken else lines
            stream.write("".join(f"{line}\n" for line in lines).encode())
    except OSError as error:
        raise SettingsError(f"--alerts-file: {path}: cannot be written ({error.strerror}); expected a file that can") from error


def _tell(alerting: Alerting, raised: Sequence[Raised]) -> None:
    """Alerts -> the file, the terminal, and marked: killed in between, the next run tells them again rather than never."""
    from detente.raising import read_alert
    from detente.show_watch import alert_line

    if not raised:
        return
    if alerting.file is not None:
        append_lines(alerting.file, [each.record for each in raised])
    for each in raised:
        show.say(alert_line(read_alert(each), alerting.now()))
    sys.stdout.flush()
    mark_told(alerting.store, raised)
