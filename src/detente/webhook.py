"""Alerts -> a webhook: signed, sent again until it has them, given up after so many tries. The clock and the waiting are handed in."""

from __future__ import annotations

import datetime
import hashlib
import hmac
import math
from collections.abc import Callable
from typing import NamedTuple

from detente.errors import SettingsError
from detente.reading.addresses import Address, Refused, parse_url
from detente.reading.fetch import Fetched, Limits, fetch
from detente.reading.record import Skipped
from detente.reading.web import retry_after
from detente.store.alert_log import Delivery, Hold, Raised, find_undelivered, load_hold, settle_alert
from detente.store.schema import Store

SECRET_VARIABLE = "DETENTE_WEBHOOK_SECRET"
MOST_TRIES = 30
"""Tries of one alert before it is given up: with the pauses below, most of a day of a server that is down."""
FIRST_PAUSE_SECONDS = 30
MOST_PAUSE_SECONDS = 3600
"""Pause after the first failure, twice as long after each further one in a row, and the longest; a server's Retry-After may ask for more, a day at most."""
TOO_MANY = 429


class Webhook(NamedTuple):
    """Where alerts are sent, and with which key they are signed."""

    address: Address
    secret: bytes

    def __repr__(self) -> str:
        return f"Webhook({self.address.host})"  # neither the key nor the path, which often is a secret too, belongs in a message


class Sent(NamedTuple):
    """What became of an alert: ``delivered``, still ``waiting``, or ``given-up``, and why."""

    alert: Raised
    delivery: Delivery
    message: str = ""


class Delivering(NamedTuple):
    """What a run delivers with."""

    store: Store
    webhook: Webhook
    limits: Limits
    now: Callable[[], datetime.datetime]
    stopped: Callable[[], bool]


def make_webhook(url: str, secret: str | None, *, any_port: bool = False) -> Webhook:
    """The address and the key -> the webhook. Raises ``SettingsError`` for an address that may not be asked, and where there is no key."""
    try:
        address = parse_url(url, any_port=any_port)
    except Refused as refused:
        raise SettingsError(f"--webhook: {refused.message}") from None
    if not secret:
        raise SettingsError(f"{SECRET_VARIABLE}: found no key to sign with; expected a long random text that the receiver has too, as openssl rand -hex 32 gives one")
    return Webhook(address, secret.encode())


def sign(secret: bytes, timestamp: str, body: bytes) -> str:
    """A key, seconds since 1970 as text, and a body -> the signature: ``sha256=`` and the hexadecimal HMAC-SHA256 of timestamp, full stop and body."""
    return "sha256=" + hmac.new(secret, timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def deliver_alerts(run: Delivering) -> list[Sent]:
    """A run -> the alerts that wait are sent, each settled by itself, until one fails: then the webhook is left alone for a while, longer each time."""
    out: list[Sent] = []
    hold = load_hold(run.store)
    if hold.until is not None and run.now() < hold.until:
        return out
    for alert in find_undelivered(run.store):
        if run.stopped():
            break
        answer = _send(run, alert)
        if isinstance(answer, Skipped) and answer.reason == "stopped":
            break
        reason, message = _fault(answer)
        if not reason:
            hold = Hold()
            settle_alert(run.store, alert._replace(reason=None), "delivered", hold)
            out.append(Sent(alert, "delivered"))
            continue
        tried = alert._replace(tries=alert.tries + 1, reason=reason)
        again = _may_be_mended(answer)
        hold = after_failure(hold, run.now(), retry_after(answer, run.now()) if isinstance(answer, Fetched) else None) if again else hold
        delivery: Delivery = "waiting" if again and tried.tries < MOST_TRIES else "given-up"
        settle_alert(run.store, tried, delivery, hold)
        out.append(Sent(tried, delivery, message))
        if again:
            break
    return out


def seconds_to_next_try(run: Delivering) -> float | None:
    """A run -> the seconds until there is something to send, ``None`` if nothing waits."""
    if not find_undelivered(run.store):
        return None
    until = load_hold(run.store).until
    return max(0.0, (until - run.now()).total_seconds()) if until else 0.0


def after_failure(hold: Hold, now: datetime.datetime, after_seconds: float | None) -> Hold:
    """The webhook's state and what its server asks for -> the state after one more failure."""
    pause = min(FIRST_PAUSE_SECONDS * 2.0 ** min(hold.failures, 16), MOST_PAUSE_SECONDS)
    return Hold(hold.failures + 1, now + datetime.timedelta(seconds=math.ceil(max(pause, after_seconds or 0))))


def _send(run: Delivering, alert: Raised) -> Fetched | Skipped:
    body = alert.record.encode()
    timestamp = str(int(run.now().timestamp()))
    headers = {
        "Content-Type": "application/json",
        "Accept": "*/*",
        "Idempotency-Key": alert.alert_id,
        "Detente-Timestamp": timestamp,
        "Detente-Signature": sign(run.webhook.secret, timestamp, body),
    }
    return fetch(run.webhook.address.url, run.limits, headers, stopped=run.stopped, post=body)


def _fault(answer: Fetched | Skipped) -> tuple[str, str]:
    """An answer -> the code of what is wrong with it and the same in words; both empty if the alert was taken."""
    if isinstance(answer, Skipped):
        return answer.reason, answer.message
    if 200 <= answer.status < 300:
        return "", ""
    return f"status-{answer.status}", f"found the status {answer.status}; expected 200 or another of success"


def _may_be_mended(answer: Fetched | Skipped) -> bool:
    """Whether a later try may succeed: no answer, too many requests, a fault of the server. Whatever else it says, it would say again."""
    return isinstance(answer, Skipped) or answer.status == TOO_MANY or answer.status >= 500
