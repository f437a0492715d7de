"""Where two parties stand at a day: every part of the analysis over one pair, each worked out when it is first asked for."""

from __future__ import annotations

import datetime
import functools
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec
import polars as pl

from detente.analysis.alerts import Alert, find_dyad_alerts
from detente.analysis.claims import DyadClaim, find_claims
from detente.analysis.cycle import CycleFit, StageNow, cycle_weeks, fit_cycle, name_stage, spells
from detente.analysis.dyads import load_dyad
from detente.analysis.episodes import Episode, find_episodes
from detente.analysis.ladder import Standing, find_standing, track_rungs
from detente.analysis.neighbours import load_others
from detente.analysis.precedents import Precedents, find_precedents
from detente.analysis.reciprocity import Reciprocity, find_reciprocity
from detente.analysis.series import Period, Score, make_series
from detente.analysis.table import load_volume, volume_until
from detente.analysis.ties import Tie, find_ties
from detente.codebook.parties import Party
from detente.errors import InputError, StoreError
from detente.store.claims import documents_of, read_claims, read_evidence
from detente.store.rows import CODED_HERE
from detente.store.schema import Store, open_store
from detente.store.sides import find_party, make_side
from detente.store.tables import Wanted, check_origins, count_told_later, count_undated, has_events, latest_day

LEAST_EVENTS = 5
"""With fewer events a pair's situation is not known: each part says so by itself, and the page says it first."""
CLAIM_DAYS = 90
"""Claims of so many days before are part of a situation."""
ALERT_DAYS = 30
"""Alerts of so many days before are part of a situation."""


class Cited(msgspec.Struct, frozen=True):
    """An event that a statement rests on. ``side``: who did it ("a" or "b"); ``words``: the first words of its evidence."""

    event_id: str
    day: datetime.date
    precision: str
    side: str
    source: str
    target: str
    event_type: str
    modes: tuple[str, ...]
    rung: int
    dead: int | None
    reports: int
    words: str


class SituationRecord(msgspec.Struct, frozen=True, kw_only=True):
    """All of it as data; ``events`` holds every event that some part names. ``reason``: ``few-events`` if too little is known, else empty. ``undated``: events between the two
    that have no day, and do not count."""

    a: str
    b: str
    at: datetime.date
    reason: str
    number: int
    first_day: datetime.date | None
    last_day: datetime.date | None
    undated: int
    origins: dict[str, int]
    standing: Standing
    stage: StageNow
    episodes: tuple[Episode, ...]
    reciprocity: Reciprocity
    precedents: Precedents
    alerts: tuple[Alert, ...]
    ties: tuple[Tie, ...]
    claims: tuple[DyadClaim, ...]
    events: dict[str, Cited]


class Situation:
    """Two parties of a store at a day.

    ``a``, ``b``: texts as ``parties.resolve_party`` reads them (PRK, PRK/MIL, "the UN", "East Asia", Hamas). ``at``: a day or its ISO text, by default the
    day of their latest event, or of the store's if there is none between them; nothing after it counts. ``origins``: only events of these. ``reported``: what ``table.load_reported`` gives for these origins, where many
    situations share it. Tables are polars frames.
    Refused: unknown parties, a party with itself, a day that is none, a store without events.
    """

    def __init__(
        self, store: Store | str | Path, a: str, b: str, *, at: datetime.date | str | None = None, origins: Iterable[str] = (), reported: pl.DataFrame | None = None
    ) -> None:
        self.store = store if isinstance(store, Store) else open_store(store, create=False)
        if not has_events(self.store):
            raise StoreError(f"{self.store.name}: found no events; expected some; detente add or detente import brings them in")
        self.a: Party = find_party(self.store, a)
        self.b: Party = find_party(self.store, b)
        self.origins = tuple(origins)
        check_origins(self.store, self.origins)
        dyad = load_dyad(self.store, self.a, self.b, Wanted(until=parse_at(at), origins=self.origins))
        latest = dyad["day"].max()
        self.at: datetime.date = parse_at(at) or (latest if isinstance(latest, datetime.date) else latest_day(self.store) or datetime.datetime.now(datetime.UTC).date())
        self.dyad: pl.DataFrame = dyad
        self.asked = at is not None
        self._reported = reported

    @property
    def reason(self) -> str:
        """Why too little is known, or nothing."""
        return "few-events" if self.dyad["event_id"].n_unique() < LEAST_EVENTS else ""

    @functools.cached_property
    def told_later(self) -> int:
        """How many events between the two had happened by the day that was asked for, and were told of only after it: they do not count, and no record of the day has them."""
        return count_told_later(self.store, Wanted(first=make_side(self.a), second=make_side(self.b), until=self.at, origins=self.origins)) if self.asked else 0

    @functools.cached_property
    def undated(self) -> int:
        """How many events between the two have no day, of those told of by the day that was asked for: they do not count."""
        asked = Wanted(first=make_side(self.a), second=make_side(self.b), until=self.at if self.asked else None, origins=self.origins)
        return count_undated(self.store, asked)

    @functools.cached_property
    def volume(self) -> pl.DataFrame:
        """How many events the store has of each day: ``day``, ``events``."""
        return load_volume(self.store, Wanted(until=self.at, origins=self.origins)) if self._reported is None else volume_until(self._reported, self.at)

    @functools.cached_property
    def others(self) -> pl.DataFrame:
        """Events of the pairs that are nearest to this one in their number of events, for comparison."""
        return load_others(self.store, self.a, self.b, self.dyad.height, until=self.at)

    @functools.cached_property
    def standing(self) -> Standing:
        """The rung, its peak and direction."""
        return find_standing(self.dyad, self.at)

    @functools.cached_property
    def rungs(self) -> pl.DataFrame:
        """A row a day: the rung, and each side's."""
        return track_rungs(self.dyad, self.at)

    @functools.cached_property
    def episodes(self) -> tuple[Episode, ...]:
        """Crises so far."""
        return tuple(find_episodes(self.dyad, self.at))

    @functools.cached_property
    def cycle(self) -> CycleFit:
        """The weeks with the model of the cycle fitted to them."""
        return fit_cycle(self.dyad, self.at, volume=self.volume)

    @functools.cached_property
    def stage(self) -> StageNow:
        """The stage of the cycle."""
        return name_stage(self.cycle, self.at)

    @functools.cached_property
    def weeks(self) -> pl.DataFrame:
        """A row per week and stage with its probability."""
        return cycle_weeks(self.cycle)

    @functools.cached_property
    def spells(self) -> pl.DataFrame:
        """Spells of stages in hindsight."""
        return spells(self.cycle)

    @functools.cached_property
    def reciprocity(self) -> Reciprocity:
        """Who answers whom."""
        return find_reciprocity(self.dyad, self.at, volume=self.volume)

    @functools.cached_property
    def quarrel(self) -> Reciprocity:
        """The same of hostile acts alone, in half the time: what a page tells."""
        return find_reciprocity(self.dyad, self.at, volume=self.volume, with_friendly=False)

    @functools.cached_property
    def precedents(self) -> Precedents:
        """Similar windows of the past, and what followed."""
        return find_precedents(self.dyad, self.others, names=(self.a.name, self.b.name), at=self.at, stages=self._stages())

    def _stages(self) -> dict[datetime.date, str]:
        return {row["week_end"]: row["stage"] for row in self.weeks.filter(pl.col("on_path")).iter_rows(named=True)}

    @functools.cached_property
    def alerts(self) -> tuple[Alert, ...]:
        """What stirred in the last days."""
        since = self.at - datetime.timedelta(days=ALERT_DAYS)
        return tuple(find_dyad_alerts(self.dyad, self.at, since=since, a=self.a.name, b=self.b.name, volume=self.volume))

    @functools.cached_property
    def ties(self) -> tuple[Tie, ...]:
        """What links the two."""
        told = self.dyad.filter(pl.col("origin") == CODED_HERE)  # what others coded has no more words than the table has
        return tuple(find_ties(self.dyad, self.at, read_evidence(self.store, told["event_id"], until=self.at)))

    @functools.cached_property
    def claims(self) -> tuple[DyadClaim, ...]:
        """What officials and experts held of the two in the last ``CLAIM_DAYS`` days, newest first. They are no events."""
        since = self.at - datetime.timedelta(days=CLAIM_DAYS)
        held = read_claims(self.store, since=since, until=self.at)
        reports = documents_of(self.store, self.dyad["event_id"]) if held else set()
        return tuple(find_claims(held, self.a, self.b, at=self.at, since=since, reports=reports))

    def series(self, by: Period = "week", *, per_side: bool = False, score: Score = "intensity") -> pl.DataFrame:
        """Counts and intensity by period, corrected for the volume of reporting beside the raw figures."""
        return make_series(self.dyad, self.at, by=by, per_side=per_side, score=score, volume=self.volume)

    def cite(self, event_ids: Iterable[str]) -> list[Cited]:
        """Ids of events of the pair -> the events, by day."""
        wanted = list(dict.fromkeys(event_ids))
        rows = self.dyad.filter(pl.col("event_id").is_in(wanted)).unique("event_id", keep="first", maintain_order=True)
        return [make_cited(row) for row in rows.sort("day", "event_id").iter_rows(named=True)]

    def as_record(self) -> SituationRecord:
        """The whole situation as data."""
        parts: dict[str, Any] = {name: getattr(self, name) for name in ("standing", "stage", "episodes", "reciprocity", "precedents", "alerts", "ties", "claims")}
        named = set(_walk_ids(msgspec.to_builtins(parts)))
        days = self.dyad["day"]
        return SituationRecord(
            a=self.a.name,
            b=self.b.name,
            at=self.at,
            reason=self.reason,
            number=self.dyad["event_id"].n_unique(),
            first_day=days.min(),  # type: ignore[arg-type]
            last_day=days.max(),  # type: ignore[arg-type]
            undated=self.undated,
            origins=dict(self.dyad.unique("event_id")["origin"].value_counts().sort("origin").iter_rows()),
            events={cited.event_id: cited for cited in self.cite(named)},
            **parts,
        )


def make_cited(row: Mapping[str, Any]) -> Cited:
    """A row of a dyad's table -> the event as it is cited."""
    return Cited(
        event_id=row["event_id"],
        day=row["day"],
        precision=row["precision"],
        side=row["side"],
        source=_who(row, "source"),
        target=_who(row, "target"),
        event_type=row["event_type"],
        modes=tuple(row["modes"] or ()),
        rung=row["rung"],
        dead=row["dead"],
        reports=row["reports"],
        words=" ".join(row["text"].split()),
    )


def _who(row: Mapping[str, Any], role: str) -> str:
    return str(row[f"{role}_entity"] or row[f"{role}_name"] or row[role])


def _walk_ids(value: Any) -> Iterable[str]:
    """Every event id in nested data, by the names of the fields that hold them."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "event_id" and isinstance(inner, str):
                yield inner
            elif isinstance(key, str) and (key.endswith("_ids") or key == "also"):
                yield from (i for i in inner if isinstance(i, str))
            else:
                yield from _walk_ids(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _walk_ids(inner)


def parse_at(at: datetime.date | str | None) -> datetime.date | None:
    """A day, its ISO text or nothing -> the day. Refused: what is no day."""
    if not isinstance(at, str):
        return at
    try:
        return datetime.date.fromisoformat(at)
    except ValueError:
        raise InputError(f"at: found {at!r}; expected YYYY-MM-DD") from None
