"""What a watcher should look at: onset, jump of rung, burst, first-ever type, silence after noise, broken channel; each with its events and a rank.

Every alert is raised by what was told until its day. Decision: docs/decisions/0014-alerts.md, with what counts as a false alarm and how many there are.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray

from detente.analysis.counting import MOST_SIZE, log_gamma, upper_tail
from detente.analysis.ladder import rate_conflict, sharp_events
from detente.codebook.alerts import load_alert_kinds
from detente.codebook.ladder import Ladder, load_ladder

AlertKind = Literal["onset", "jump", "burst", "first-type", "silence", "broken-channel"]
LEAST_OTHERS, MOST_GROWTH = 90, 4.0
"""A burst is corrected for the volume of reporting only where there are so many events of others to go by, and by no more than this factor."""
KNOWN_DAYS, KNOWN_REACH = 3, 365
"""On so many days at least, of a year, something was reported before acts as grave as those of a jump would have sunk: a few old acts that a report recalls are no past of the store. Not tuned."""
SHARE_Z = 1.645
"""One-sided 95%: how sure it must be that a dyad is told of so often."""


class AlertSettings(msgspec.Struct, frozen=True, kw_only=True):
    """When an alert is raised. Set on ICEWS14 so that the busiest dyads have under 2 false alarms a year (benchmarks/alerts.py).

    ``alert_rung``: onsets, jumps and first types count from this rung; ``jump_rungs``: the least rise within a day; ``quiet_days`` on rungs up to ``quiet_rung`` come
    before an onset; ``base_days``: what burst and silence are compared with; ``burst_days``, ``burst_events``, ``burst_p``: at least so many acts of conflict in so many
    days, that likely; ``silence_p``: how unlikely a silence; ``least_events`` before first types and silences; ``again_days``: no second alert of a kind within, ``break_again_days``
    for broken channels, each of which may be another one.
    """

    alert_rung: int = 4
    jump_rungs: int = 3
    quiet_days: int = 60
    quiet_rung: int = 2
    base_days: int = 90
    burst_days: int = 7
    burst_events: int = 6
    burst_p: float = 1e-5
    silence_p: float = 1e-6
    least_events: int = 20
    again_days: int = 30
    break_again_days: int = 3


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to look at. ``before`` and ``after``: rungs (onset, jump, first-type, broken-channel), expected and seen acts of conflict (burst), usual days between events
    and days of silence (silence). ``score`` ranks: the rung plus a surprise of 0 to 5. ``event_ids``: what it rests on (silence: the last events before it).
    ``also``: kinds that the same events of that day would have raised too."""

    kind: AlertKind
    a: str
    b: str
    day: datetime.date
    score: float
    rung: int
    before: float
    after: float
    event_ids: tuple[str, ...]
    also: tuple[AlertKind, ...] = ()


class _Watched(msgspec.Struct, frozen=True):
    """A dyad by day, from its first event: events, acts of conflict and rung; events of ``others``; whether anything at all was ``reported``, and on which ``known`` days, also before
    the first."""

    a: str
    b: str
    first: datetime.date
    events: pl.DataFrame
    numbers: NDArray[np.int64]
    told: NDArray[np.int64]
    hostile: NDArray[np.int64]
    conflict: NDArray[np.int64]
    others: NDArray[np.int64]
    reported: NDArray[np.bool_]
    known: NDArray[np.int64]

    def day(self, number: int) -> datetime.date:
        return self.first + datetime.timedelta(days=number)

    def ids(self, first: int, last: int, condition: pl.Expr | None = None) -> tuple[str, ...]:
        """The events of days ``first`` to ``last``."""
        low, high = np.searchsorted(self.numbers, [first, last + 1])
        found = self.events.slice(int(low), int(high - low))
        return tuple((found if condition is None else found.filter(condition))["event_id"].unique(maintain_order=True))


class _Raised(NamedTuple):
    """An alert, still without its events: those of the days ``first`` to ``last`` that meet the condition."""

    alert: Alert
    first: int
    last: int
    condition: pl.Expr | None = None


def find_alerts(
    table: pl.DataFrame, at: datetime.date, *, since: datetime.date | None = None, settings: AlertSettings | None = None, volume: pl.DataFrame | None = None, least_events: int = 5
) -> list[Alert]:
    """An events table of many dyads -> the alerts of the days ``since`` to ``at`` (by default the last 30), the highest score first.

    Pairs are of two different parties, whoever did it; those with fewer than ``least_events`` until ``at`` are passed over. ``volume`` (``load_volume``): all that was reported, by
    default the events of the table; by its growth beyond the dyad bursts are corrected.
    """
    from_day = since or at - datetime.timedelta(days=29)
    told = sharp_events(table, at).filter(pl.col("source") != pl.col("target")).with_columns(a=pl.min_horizontal("source", "target"), b=pl.max_horizontal("source", "target"))
    counts = volume if volume is not None else told.group_by("day").agg(events=pl.col("event_id").n_unique())
    told = told.filter(pl.len().over("a", "b") >= least_events)
    out: list[Alert] = []
    for (a, b), events in told.partition_by(["a", "b"], as_dict=True, maintain_order=True).items():
        if from_day - events["day"][-1] <= datetime.timedelta(days=365):
            out += find_dyad_alerts(events, at, since=from_day, a=str(a), b=str(b), settings=settings, volume=counts)
    return sorted(out, key=lambda alert: (-alert.score, alert.day, alert.a, alert.b, alert.kind))


def find_dyad_alerts(
    dyad: pl.DataFrame, at: datetime.date, *, since: datetime.date, a: str, b: str, settings: AlertSettings | None = None, volume: pl.DataFrame | None = None
) -> list[Alert]:
    """A dyad's table, by whatever parties -> its alerts of the days ``since`` to ``at``, by day."""
    chosen = settings or AlertSettings()
    watched = _watch(sharp_events(dyad, at), at, a, b, volume, load_ladder())
    if watched is None:
        return []
    found = [alert for kind in (_find_rises, _find_bursts, _find_first_types, _find_silences, _find_breaks) for alert in kind(watched, chosen)]
    # alerts of earlier days only keep later ones from being told again: what they rest on is not looked up
    return _join([_cite(watched, raised) for raised in _keep(found, chosen) if raised.alert.day >= since])


def _cite(w: _Watched, raised: _Raised) -> Alert:
    return msgspec.structs.replace(raised.alert, event_ids=w.ids(raised.first, raised.last, raised.condition))


def _keep(found: list[_Raised], s: AlertSettings) -> list[_Raised]:
    """Alerts of a dyad -> by day, without those that repeat one of their kind too soon; a jump to a higher rung is no repeat."""
    kept: list[_Raised] = []
    latest: dict[AlertKind, Alert] = {}
    for raised in sorted(found, key=lambda x: x.alert.day):
        alert = raised.alert
        earlier = latest.get(alert.kind)
        if earlier is None or not is_repeat(alert, earlier.day, earlier.rung, s):
            kept.append(raised)
            latest[alert.kind] = alert
    return kept


def is_repeat(alert: Alert, day: datetime.date, rung: int, settings: AlertSettings | None = None) -> bool:
    """An alert, and the day and rung of another of its dyad and kind -> whether it comes too soon, before or after, to be told; a jump to a higher rung is no repeat."""
    s = settings or AlertSettings()
    again = s.break_again_days if alert.kind == "broken-channel" else s.again_days
    return abs((alert.day - day).days) < again and not (alert.kind == "jump" and alert.rung > rung)


def _join(kept: list[Alert]) -> list[Alert]:
    """Alerts of a dyad by day -> those of one day that rest on common events are one, of the kind with the highest score."""
    out: list[Alert] = []
    for alert in kept:
        same = next((n for n, other in enumerate(out) if other.day == alert.day and set(other.event_ids) & set(alert.event_ids)), None)
        if same is None:
            out.append(alert)
            continue
        first, second = sorted((out[same], alert), key=lambda x: -x.score)
        out[same] = msgspec.structs.replace(first, also=(*first.also, second.kind, *second.also))
    return out


def _watch(events: pl.DataFrame, at: datetime.date, a: str, b: str, volume: pl.DataFrame | None, ladder: Ladder) -> _Watched | None:
    if events.is_empty():
        return None
    once = events.unique("event_id", keep="first", maintain_order=True)
    first = once["day"][0]
    size = (at - first).days + 1
    numbers = _number_days(once["day"], first)
    hostile = np.bincount(numbers[(once["rung"] > 0).to_numpy()], minlength=size).astype(np.int64)
    told = np.bincount(numbers, minlength=size).astype(np.int64)
    total = _count_volume(volume, first, size) if volume is not None else np.ones(size, np.int64)
    others = np.maximum(0, total - told) if volume is not None else np.zeros(size, np.int64)
    known = np.flatnonzero(told) if volume is None else np.unique(_number_days(volume["day"], first))
    return _Watched(a, b, first, once, numbers, told, hostile, rate_conflict(once, first, size, ladder), others, total > 0, known)


def _number_days(days: pl.Series, first: datetime.date) -> NDArray[np.int64]:
    """Days -> how many days after the first each is."""
    return (days.to_physical().to_numpy() - (first - datetime.date(1970, 1, 1)).days).astype(np.int64)


def _count_volume(volume: pl.DataFrame, first: datetime.date, size: int) -> NDArray[np.int64]:
    """Events a day in all -> the same by day number, from a dyad's first day."""
    numbers = _number_days(volume["day"], first)
    inside = (numbers >= 0) & (numbers < size)
    counts = np.zeros(size, np.int64)
    counts[numbers[inside]] = volume["events"].to_numpy()[inside]
    return counts


# -- one function a kind ---------------------------------------------------------------------------------------------------------
def _raise(w: _Watched, kind: AlertKind, n: int, surprise: float, *, before: float, after: float, rung: int | None = None) -> Alert:
    """An alert of the day ``n``, its events not yet named; ``rung``: by default that on which the dyad stands."""
    at = int(w.conflict[n]) if rung is None else rung
    return Alert(kind=kind, a=w.a, b=w.b, day=w.day(n), score=_score(at, surprise), rung=at, before=before, after=after, event_ids=())


def _find_rises(w: _Watched, s: AlertSettings) -> Iterator[_Raised]:
    """Onsets (a high rung after long calm) and jumps (several rungs at once, or from incidents to fighting). Before the store begins nothing is known: there is no jump until acts as grave, told of
    by no report of the store, would have sunk by as many rungs as make one."""
    decay = load_ladder().decay
    sunk_days = decay.hold_days + (s.jump_rungs - 1) * decay.step_days
    rise = np.diff(w.conflict, prepend=w.conflict[:1])
    for n in np.flatnonzero((rise >= s.jump_rungs) & (w.conflict >= s.alert_rung) | (rise > 0) & (w.conflict >= 7)).tolist():
        before, after = int(w.conflict[n - 1]), int(w.conflict[n])
        calm = n >= s.quiet_days and w.conflict[n - s.quiet_days : n].max() <= s.quiet_rung
        if not calm and np.count_nonzero((w.known >= n - KNOWN_REACH) & (w.known <= n - sunk_days)) < KNOWN_DAYS:
            continue
        yield _Raised(_raise(w, "onset" if calm else "jump", n, after - before, before=before, after=after), n, n, pl.col("rung") >= min(after, 6))


def _find_bursts(w: _Watched, s: AlertSettings) -> Iterator[_Raised]:
    """More acts of conflict in some days than the days before lead to expect, given how much was reported: a negative binomial with the dyad's own spread."""
    starts = np.concatenate([[0], np.cumsum(w.hostile)])
    others = np.concatenate([[0], np.cumsum(w.others)])
    days = np.flatnonzero(w.hostile)
    days = days[days - s.burst_days + 1 >= s.base_days]
    low = days - s.burst_days + 1
    base = low - s.base_days
    seen = starts[days + 1] - starts[low]
    more = _grown((others[days + 1] - others[low]) / s.burst_days, others[low] - others[base], s.base_days)
    expected = (starts[low] - starts[base] + 0.5) / s.base_days * s.burst_days * more
    unusual = (seen >= s.burst_events) & (seen > expected)
    days, low, seen, expected = (column[unusual] for column in (days, low, seen, expected))
    edges = low[:, None] - s.burst_days * np.arange(s.base_days // s.burst_days, -1, -1)
    windows = np.diff(starts[edges], axis=1)
    # so many or more are at least as likely as so many: most days are out by this, which is worked out for all at once
    rare = _log_share(seen, expected, windows) <= np.log(s.burst_p) + 1
    for n, first, acts, usual, before in zip(*(column[rare].tolist() for column in (days, low, seen, expected)), windows[rare], strict=True):
        p = _tail(acts, usual, before)
        if p <= s.burst_p:
            alert = _raise(w, "burst", n, -np.log10(max(p, 1e-300)) / 2, before=round(usual, 2), after=acts)
            yield _Raised(alert, first, n, pl.col("rung") > 0)


def _grown(now_per_day: NDArray[np.float64], before: NDArray[np.int64], days: int) -> NDArray[np.float64]:
    """How much more is reported of others now than in so many days before, within bounds; 1 where too little is reported of others to say."""
    return np.where(before >= LEAST_OTHERS, np.clip(now_per_day / (np.maximum(before, 1) / days), 1 / MOST_GROWTH, MOST_GROWTH), 1.0)


def _log_share(seen: NDArray[np.int64], expected: NDArray[np.float64], windows: NDArray[np.int64]) -> NDArray[np.float64]:
    """Logs of how likely exactly so many are, by the same distributions as ``_tail``; ``windows`` [day, window]."""
    mean: NDArray[np.float64] = windows.mean(axis=1)
    variance: NDArray[np.float64] = windows.var(axis=1, ddof=1) if windows.shape[1] > 1 else np.zeros(len(windows))
    spread = (variance > mean) & (mean > 0)
    size: NDArray[np.float64] = np.where(spread, mean**2 / np.where(spread, variance - mean, 1.0), MOST_SIZE)  # at which it is Poisson
    odds = expected / size
    acts = seen.astype(np.float64)
    ways = log_gamma(acts + size) - log_gamma(size) - log_gamma(acts + 1)
    found: NDArray[np.float64] = ways + acts * (np.log(odds) - np.log1p(odds)) - size * np.log1p(odds)
    return found


def _tail(seen: int, expected: float, windows: NDArray[np.int64]) -> float:
    """How likely so many or more are: negative binomial by moments, Poisson where the windows vary no more than that."""
    mean, variance = float(windows.mean()), float(windows.var(ddof=1)) if len(windows) > 1 else 0.0
    if variance <= mean or mean == 0:
        return upper_tail(seen, expected)
    return upper_tail(seen, expected, mean**2 / (variance - mean))


def _find_first_types(w: _Watched, s: AlertSettings) -> Iterator[_Raised]:
    """The first event ever of a hostile type, from the alert's rung up, between parties that have long been told of."""
    for kind, row in (
        w.events.with_row_index("n")
        .filter(pl.col("event_type").is_in(load_alert_kinds().first_type.types))
        .group_by("event_type", maintain_order=True)
        .agg(pl.col("n").min())
        .iter_rows()
    ):
        n, rung = int(w.numbers[row]), int(w.events["rung"][row])
        if row >= s.least_events and n >= s.base_days and rung >= s.alert_rung:
            alert = _raise(w, "first-type", n, float(np.log10(row)), rung=rung, before=int(w.conflict[n - 1]), after=rung)
            yield _Raised(alert, n, n, pl.col("event_type") == kind)


def _find_silences(w: _Watched, s: AlertSettings) -> Iterator[_Raised]:
    """So many days without a word, after days with words so often, as hardly ever happens by chance. Days on which nothing at all was reported do not count."""
    size = len(w.told)
    days = np.flatnonzero(w.told)
    following = np.append(days[1:], size)
    heard = np.concatenate([[0], np.cumsum(w.told > 0)])
    reported = np.concatenate([[0], np.cumsum(w.reported)])
    known = (days + 1 >= s.base_days) & (np.cumsum(w.told)[days] >= s.least_events)
    days, following = days[known], following[known]
    base = days - s.base_days + 1
    share = _least_share(heard[days + 1] - heard[base], reported[days + 1] - reported[base])
    needed = np.ceil(np.log(s.silence_p) / np.log1p(-share)).astype(np.int64)
    quiet = np.searchsorted(reported, reported[days + 1] + needed) - 1
    silent = (quiet < following) & (quiet < size)
    for n, end, usual in zip(days[silent].tolist(), quiet[silent].tolist(), share[silent].tolist(), strict=True):
        yield _Raised(_raise(w, "silence", end, -np.log10(s.silence_p) / 2, before=round(1 / usual, 1), after=end - n), n, n)


def _least_share(told: NDArray[np.int64], days: NDArray[np.int64]) -> NDArray[np.float64]:
    """Days with a word among the days reported -> what share it is at least: the lower end of Wilson's interval, as few days say little."""
    z2 = SHARE_Z**2
    middle, reach = told + z2 / 2, SHARE_Z * np.sqrt(told * np.maximum(0, days - told) / np.maximum(1, days) + z2 / 4)
    share: NDArray[np.float64] = np.clip((middle - reach) / (days + z2), 1e-6, 1 - 1e-6)
    return share


def _find_breaks(w: _Watched, s: AlertSettings) -> Iterator[_Raised]:
    """A channel cut, closed or destroyed: relations, an office, an embassy, a line, talks."""
    rule = load_alert_kinds().broken_channel
    is_break = pl.any_horizontal(*(pl.col("event_type").eq(kind) & _shares("modes", modes) for kind, modes in rule.types.items()))
    is_channel = pl.any_horizontal(*(pl.col("event_type").eq(kind) & _shares("contexts", contexts) for kind, contexts in rule.contexts.items()))
    words = "|".join(re.escape(word) for word in rule.words)
    is_broken = is_break & (is_channel | pl.col("text").str.contains(rf"(?i)\b({words})\b"))
    broken = w.events.filter(is_broken)
    for day, rung in broken.group_by("day", maintain_order=True).agg(pl.col("rung").max()).iter_rows():
        n = (day - w.first).days
        yield _Raised(_raise(w, "broken-channel", n, 3, before=int(w.conflict[n - 1]) if n else 0, after=int(rung)), n, n, is_broken)


def _shares(column: str, values: tuple[str, ...]) -> pl.Expr:
    return pl.any_horizontal(*(pl.col(column).list.contains(value) for value in values))


def _score(rung: int, surprise: float) -> float:
    return round(rung + min(5.0, max(0.0, float(surprise))), 2)
