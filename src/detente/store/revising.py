"""An event of the store and a further mention of it -> the event as it now stands, and what changed. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from detente.records import Actor, Event
from detente.store.matching import UNKNOWN_SECTORS

_RANK = {"day": 0, "week": 1, "month": 2, "year": 3}
_SHARP = {"site": 0, "city": 1, "region": 2, "sea": 2, "country": 3}


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """What the store holds to be the case of an event. ``toll_on``: the day of the report that the toll is from; ``place`` as in ``Event``."""

    event_type: str
    modes: tuple[str, ...]
    contexts: tuple[str, ...]
    cameo: str
    goldstein: float | None
    intensity: float
    source: tuple[Actor, ...]
    target: tuple[Actor, ...]
    date_start: str | None
    date_end: str | None
    date_precision: str | None
    date_is_given: bool
    place: Any
    historical: bool
    dead: int | None
    injured: int | None
    toll_on: str | None
    confidence: float


class Change(NamedTuple):
    """One field that a mention changed."""

    field: str
    before: Any
    after: Any


def bare_actors(actors: Sequence[Actor]) -> tuple[Actor, ...]:
    """Actors of a mention -> the same without the words of the document, each once."""
    return tuple(dict.fromkeys(msgspec.structs.replace(a, text="", span=None) for a in actors))


def found_standing(event: Event, published_on: str | None) -> Standing:
    """The first mention of an event -> how the event stands."""
    when = event.date
    return Standing(
        event_type=event.event_type,
        modes=event.modes,
        contexts=event.contexts,
        cameo=event.cameo,
        goldstein=event.goldstein,
        intensity=event.intensity,
        source=bare_actors(event.source),
        target=bare_actors(event.target),
        date_start=when.start if when else None,
        date_end=when.end if when else None,
        date_precision=when.precision if when else None,
        date_is_given=when is not None and when.text is not None,
        place=msgspec.structs.replace(event.place, text=None, span=None) if event.place else None,
        historical=event.historical,
        dead=event.dead,
        injured=event.injured,
        toll_on=published_on if event.dead is not None or event.injured is not None else None,
        confidence=event.confidence,
    )


def revise(now: Standing, event: Event, published_on: str | None) -> tuple[Standing, list[Change]]:
    """How an event stands and a further mention -> how it stands then, with the changes worth keeping.

    A side that was not known is filled in, a general party gives way to a named one; the sharper date and place win; of tolls the latest report's counts,
    of one day the higher. Who is the source is never turned round by a later report: that he is named otherwise shows among the event's values.
    """
    new = found_standing(event, published_on)
    values: dict[str, Any] = {
        "modes": tuple(dict.fromkeys((*now.modes, *new.modes))) if new.event_type == now.event_type else now.modes,
        "contexts": tuple(dict.fromkeys((*now.contexts, *new.contexts))),
        "source": _better_actors(now.source, new.source, now.target),
        "target": _better_actors(now.target, new.target, now.source),
        "place": new.place if new.place and (now.place is None or _SHARP.get(new.place.precision, 9) < _SHARP.get(now.place.precision, 9)) else now.place,
        "historical": now.historical and new.historical,
        "confidence": max(now.confidence, new.confidence),
        **_better_date(now, new),
        **_later_toll(now, new),
    }
    if new.event_type == now.event_type and new.cameo.startswith(now.cameo) and new.cameo != now.cameo:
        values |= {"cameo": new.cameo, "goldstein": new.goldstein}
    if abs(new.intensity) > abs(now.intensity) and new.event_type == now.event_type:
        values["intensity"] = new.intensity
    after = msgspec.structs.replace(now, **values)
    return after, _changes(now, after)


def replace_standing(now: Standing, event: Event, published_on: str | None) -> tuple[Standing, list[Change]]:
    """How an event of another origin stands and its later version -> how it stands then: as the version says, with the changes worth keeping."""
    after = found_standing(event, published_on)
    return after, _changes(now, after)


def _changes(now: Standing, after: Standing) -> list[Change]:
    told = [field for field in after.__struct_fields__ if field not in ("toll_on", "confidence", "date_is_given") and getattr(now, field) != getattr(after, field)]
    return [Change(field, getattr(now, field), getattr(after, field)) for field in told]


def is_unknown(actor: Actor) -> bool:
    """Whether an actor is one of whom nobody has said who he is."""
    return actor.entity is None and set(actor.sectors) <= UNKNOWN_SECTORS


def _better_actors(now: tuple[Actor, ...], new: tuple[Actor, ...], others: tuple[Actor, ...]) -> tuple[Actor, ...]:
    """The named ones instead of nobody or unknown ones, unless they stand on the other side."""
    known = tuple(a for a in new if not is_unknown(a))
    if not known or {a.country or a.name for a in known} & {a.country or a.name for a in others}:
        return now
    return known if not now or all(is_unknown(a) for a in now) else now


def _better_date(now: Standing, new: Standing) -> dict[str, Any]:
    def rank(s: Standing) -> tuple[int, bool]:
        return (_RANK.get(s.date_precision or "", 9), not s.date_is_given)

    if new.date_start is None or rank(new) >= rank(now):
        return {}
    return {name: getattr(new, name) for name in ("date_start", "date_end", "date_precision", "date_is_given")}


def _later_toll(now: Standing, new: Standing) -> dict[str, Any]:
    if new.toll_on is None and new.dead is None and new.injured is None:
        return {}
    day_now, day_new = now.toll_on or "", new.toll_on or ""
    out: dict[str, Any] = {}
    for name in ("dead", "injured"):
        before, after = getattr(now, name), getattr(new, name)
        if after is not None and (before is None or day_new > day_now or (day_new == day_now and after > before)):
            out[name] = after
    return out | {"toll_on": max(day_now, day_new) or None} if out else {}
