"""The forecast of two countries of a store at a day, as one call of the library: every part of it over one pair, each worked out when it is first asked for."""

from __future__ import annotations

import datetime
import functools
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from detente.analysis.precedents import Precedents
from detente.codebook.ladder import HIGHEST_SINGLE, LOWEST
from detente.codebook.load import load_plover
from detente.codebook.parties import Party
from detente.codebook.register import country_names
from detente.errors import InputError, StoreError
from detente.forecasting.dyad_forecast import LEAST_EVENTS, Question, View, count_between, look_out
from detente.forecasting.dyad_targets import CONFLICT, Target, parse_target
from detente.forecasting.keeping import Say
from detente.forecasting.kept_models import Models
from detente.forecasting.scenario import Supposed, parse_scenario, suppose
from detente.store.flat import name_ids
from detente.store.schema import Store, open_store
from detente.store.sides import find_party
from detente.store.tables import has_events, latest_day

HORIZONS = (1, 7, 30, 90)
"""Days that are forecast, unless others are asked for."""
TARGETS = ("conflict", "quad:1", "quad:2", "quad:3")
"""What is forecast, unless something else is asked for: quad class 4 is material conflict."""
MOST_DAYS = 365
"""Three years of events have no more than two windows of a year that are not the same days."""


class ForecastRecord(msgspec.Struct, frozen=True, kw_only=True):
    """All of it as data. ``reason``: ``few-events`` if the two had too little to do with each other, else empty; then there is no ``view``.

    ``model_day``: the models learned from what was known before it. ``events``: between the two in the three years before, either way. With a scenario ``supposed``, ``view`` is what is forecast without it
    for the same days, ``supposing`` with it. ``origins``: who coded the events that count; empty: anybody.
    """

    a: str
    b: str
    at: datetime.date
    model_day: datetime.date
    events: int
    reason: str
    view: View | None
    supposed: tuple[Supposed, ...]
    supposing: View | None
    precedents: Precedents
    origins: tuple[str, ...] = ()


class Forecast:
    """What two countries of a store may do next, by what was known at a day.

    ``store``: an open store, or its file or URL. ``a``, ``b``: countries by code, name or alias. ``at``: a day or its ISO text, by default the latest of the store; nothing
    that happened or was told of after it counts. ``targets``: as ``--target`` takes them; ``within``: days; ``full``: all types and rungs. ``supposing``: events of a scenario,
    such as "2020-06-17 PRK MOBILIZE KOR". ``say``: told when a model must be trained, which takes seconds each; models are kept for the next time in the
    folder ``cache`` (default: the setting). ``origins``: only events that these coded; by default those of all count, one that two of them tell of twice.
    Refused with ``InputError``: parties that are no countries, a target, day or scenario that is none; with ``StoreError`` a store without events.

    >>> forecast = detente.Forecast("detente.db", "PRK", "KOR", at="2020-06-16")  # doctest: +SKIP
    >>> forecast.view.directions[0].outlooks[0].probability  # doctest: +SKIP
    """

    def __init__(
        self,
        store: Store | str | Path,
        a: str,
        b: str,
        *,
        at: datetime.date | str | None = None,
        targets: Sequence[str] = (),
        within: Sequence[int] = (),
        full: bool = False,
        supposing: Iterable[str] = (),
        say: Say | None = None,
        cache: str | None = None,
        origins: Sequence[str] = (),
    ) -> None:
        from detente.analysis.situation import parse_at

        self.store = store if isinstance(store, Store) else open_store(store, create=False)
        if not has_events(self.store):
            raise StoreError(f"{self.store.name}: found no events; expected some; detente add or detente import brings them in")
        self.parties: tuple[Party, Party] = (find_party(self.store, a), find_party(self.store, b))
        self.a, self.b = (find_country(party) for party in self.parties)
        if self.a == self.b:
            raise InputError(f"dyad: found {self.a} twice; expected two countries")
        self.at: datetime.date = parse_at(at) or latest_day(self.store) or datetime.datetime.now(datetime.UTC).date()
        self.question = make_question(targets, within, full=full)
        self.supposed = tuple(parse_scenario(text, self.at, lambda name: find_country(find_party(self.store, name))) for text in supposing)
        self.say, self.cache, self.origins = say, cache, tuple(origins)

    @functools.cached_property
    def models(self) -> Models:
        """The models of the day, trained or as they were kept."""
        return Models(self.store, self.at, self.say, self.cache, self.origins)

    @functools.cached_property
    def _known(self) -> Any:
        return self.models.known()

    @functools.cached_property
    def events(self) -> int:
        """Events between the two that count here, either way."""
        return count_between(self._known, self.a, self.b)

    @property
    def reason(self) -> str:
        """Why nothing is forecast, or nothing."""
        return "few-events" if self.events < LEAST_EVENTS else ""

    @functools.cached_property
    def begins(self) -> datetime.date:
        """The first day of the windows: the day after ``at``, or after the last of the scenario."""
        return max([self.at, *(one.day for one in self.supposed)]) + datetime.timedelta(days=1)

    @functools.cached_property
    def view(self) -> View | None:
        """What is forecast by what was known."""
        return None if self.reason else self._look_out([])

    @functools.cached_property
    def supposing(self) -> View | None:
        """The same if the events of the scenario had happened too; ``None`` without a scenario."""
        return None if self.reason or not self.supposed else self._look_out(self.supposed)

    def _look_out(self, supposed: Sequence[Supposed]) -> View:
        known = suppose(self._known, supposed) if supposed else self._known
        names = country_names()
        view = look_out(self.models, known, (self.a, self.b), self.begins, self.question, (names[self.a], names[self.b]))
        return _name_events(self.store, view)

    @functools.cached_property
    def precedents(self) -> Precedents:
        """Past weeks like the present ones, and what followed: the second view."""
        from detente.forecasting.second_view import find_second_view

        return find_second_view(self.models.flat, self.store, self.parties, self.at)

    def as_record(self) -> ForecastRecord:
        """The whole forecast as data."""
        return ForecastRecord(
            a=self.a,
            b=self.b,
            at=self.at,
            model_day=self.models.model_day,
            events=self.events,
            reason=self.reason,
            view=self.view,
            supposed=self.supposed,
            supposing=self.supposing,
            precedents=self.precedents,
            origins=self.origins,
        )


def find_country(party: Party) -> str:
    """A party -> the code of the country that it is. Refused with ``InputError``: a part of a country, a region, an organisation, a name."""
    if len(party.members) == 1 and not party.names and not party.sectors:
        return party.members[0].country
    what = "a part of a country" if party.sectors and party.members else "several countries" if party.members else "no country"
    raise InputError(f"actor: found {party.name}, {what}; expected a country (PRK, North Korea): forecasts learn from pairs of countries; detente precedents takes other parties")


def make_question(targets: Sequence[str], within: Sequence[int], *, full: bool) -> Question:
    """Texts of targets, days, and whether all types and rungs are wanted too -> what is asked. The first target is explained, and material conflict where it is among them."""
    if wrong := [days for days in within if not 1 <= days <= MOST_DAYS]:
        raise InputError(f"within: found {wrong[0]}; expected 1 to {MOST_DAYS} days")
    names = list(targets or TARGETS)
    if full:
        names += [*load_plover()["types"], *(f"rung:{rung}" for rung in range(LOWEST + 1, HIGHEST_SINGLE + 1) if rung)]
    chosen = list(dict.fromkeys(parse_target(name) for name in names))
    explained: list[Target] = [CONFLICT] if CONFLICT in chosen else chosen[:1]
    return Question(chosen, tuple(dict.fromkeys(within or HORIZONS)), explained if not targets else chosen)


def _name_events(store: Store, view: View) -> View:
    """A view that names events by their numbers in the store -> the same with their ids, one question for all."""
    cited = {int(one.event_id) for side in view.directions for outlook in side.outlooks for driver in outlook.drivers for one in driver.events}
    ids: Mapping[int, str] = name_ids(store, {number for number in cited if number >= 0})
    replace = msgspec.structs.replace

    def named(side: Any) -> Any:
        return replace(side, outlooks=[replace(outlook, drivers=[_named(driver) for driver in outlook.drivers]) for outlook in side.outlooks])

    def _named(driver: Any) -> Any:
        return replace(driver, events=tuple(replace(one, event_id=ids.get(int(one.event_id), "")) for one in driver.events))

    return replace(view, directions=[named(side) for side in view.directions])
