"""Scenarios: a text such as "2020-06-17 PRK MOBILIZE KOR" -> an event that did not happen, added to those that did."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import numpy as np

from detente.codebook.ladder import rung_of
from detente.codebook.load import load_plover
from detente.errors import DetenteError, InputError
from detente.exchange.crosswalk import intensity_of
from detente.forecasting.flat_events import UNCOUNTED, KnownEvents

FARTHEST_DAYS = 365
"""So many days after ``at`` a scenario may go: further ahead nothing is known of the days between."""
SUPPOSED = -1
"""The number of an event that is in no store."""


class Supposed(msgspec.Struct, frozen=True):
    """An event of a scenario; ``source`` and ``target`` are codes of countries."""

    day: datetime.date
    source: str
    event_type: str
    target: str


def parse_scenario(text: str, at: datetime.date, find_country: Callable[[str], str]) -> Supposed:
    """A text, the last day that counts and what makes a country's code of a text -> the event. Raises ``InputError`` with what was expected."""
    types = load_plover()["types"]
    words = text.split()
    place = next((n for n, word in enumerate(words) if word.upper() in types and 1 < n < len(words) - 1), None)
    fault = f'--if: found {text!r}; expected a day, who, a type and toward whom, as "{at + datetime.timedelta(days=1)} PRK MOBILIZE KOR"'
    try:
        day = datetime.date.fromisoformat(words[0]) if words else None
    except ValueError:
        day = None
    if day is None:
        raise InputError(f"{fault}; the day is no YYYY-MM-DD")
    if place is None:
        raise InputError(f"{fault}; none of its words between two actors is a type ({', '.join(types)})")
    if not at <= day <= at + datetime.timedelta(days=FARTHEST_DAYS):
        raise InputError(f"--if: found the day {day}; expected one from {at} on, the last day that counts, and at most {FARTHEST_DAYS} days after it")
    try:
        source, target = (find_country(" ".join(part)) for part in (words[1:place], words[place + 1 :]))
    except DetenteError as error:
        raise InputError(f"--if {text!r}: {error}") from error
    return Supposed(day, source, words[place].upper(), target)


def _take(columns: dict[str, Any], order: Any) -> dict[str, Any]:
    return {name: values[order] for name, values in columns.items()}


def suppose(known: KnownEvents, events: Sequence[Supposed]) -> KnownEvents:
    """What was known, and events of a scenario -> both together. Score, quad class and rung are those of the type alone: nobody died, no modes."""
    types = load_plover()["types"]
    have = known.events
    countries = tuple(sorted({*have.countries, *(party for one in events for party in (one.source, one.target))}))
    number = {name: place for place, name in enumerate(countries)}
    places = np.array([number[name] for name in have.countries], dtype=np.int64)
    added = {
        "sources": [number[one.source] for one in events],
        "targets": [number[one.target] for one in events],
        "days": [(one.day - datetime.date(1970, 1, 1)).days - have.first for one in events],
        "kinds": [have.types.index(one.event_type) for one in events],
        "quads": [int(types[one.event_type]["quad"]) for one in events],
        "rungs": [rung_of(one.event_type) for one in events],
    }
    base = have._replace(sources=places[have.sources], targets=places[have.targets])
    joined: dict[str, Any] = {name: np.concatenate([getattr(base, name), np.array(values, dtype=np.int64)]) for name, values in added.items()}
    order = np.argsort(joined["days"], kind="stable")
    scores = np.array([intensity_of(one.event_type, ()) or 0.0 for one in events])
    return KnownEvents(
        base._replace(countries=countries, **_take(joined, order)),
        np.append(known.numbers, np.full(len(events), SUPPOSED))[order],
        np.append(known.intensity, scores)[order],
        np.append(known.goldstein, np.zeros(len(events)))[order],
        np.append(known.dead, np.full(len(events), UNCOUNTED))[order],
    )
