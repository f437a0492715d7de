"""What data sets of CAMEO codes share: a row with a day, a source, a target and a code -> a key by which repeats and mirror images are found, and the event."""

from __future__ import annotations

import functools

from detente.exchange.crosswalk import Coding, find_coding, licence_of
from detente.exchange.fold import Key, Make, Parsed
from detente.exchange.imported import MIRROR_CODES, ImportedActor, ImportedEvent, ImportedPlace, OriginRow, make_event_id
from detente.records import When

Content = tuple[When | None, ImportedActor | None, ImportedActor | None, Coding, float | None, ImportedPlace | None]
"""When, source, target, code, Goldstein value, place."""


def key_row(first: str, second: str, content: Content, row: OriginRow, *more: str | None) -> Parsed[Content]:
    """What tells source and target from others, what the row says, and what else tells it from others -> the row with its key.

    Every CAMEO 04x but a visit is its own mirror image; to host a visit (043) is to make one (042), and the visitor is the source.
    """
    when, source, target, coding, _, place = content
    code, day = coding.cameo, when.start if when else None
    if code[:2] != "04":
        return Parsed((day, first, second, code, *more), False, False, row, content)
    if code == "043":
        visit = _visit()
        return Parsed((day, second, first, "042", *more), True, False, row, (when, target, source, visit, visit.goldstein, place))
    flipped = code not in MIRROR_CODES and first > second
    key = (day, second, first, code, *more) if flipped else (day, first, second, code, *more)
    return Parsed(key, flipped, flipped, row, content)


@functools.cache
def _visit() -> Coding:
    return find_coding("042")


def event_maker(origin: str) -> Make[Content]:
    """An origin -> what makes an event of key, content, rows and the number of repeats."""
    licence = licence_of(origin)

    def make(key: Key, content: Content, rows: tuple[OriginRow, ...], repeats: int) -> ImportedEvent:
        when, source, target, coding, goldstein, place = content
        losses = coding.losses
        if source and source.losses or target and target.losses or place and place.losses:
            found = [*(source.losses if source else ()), *(target.losses if target else ()), *(place.losses if place else ())]
            losses = tuple(dict.fromkeys((*losses, *found)))
        return ImportedEvent(
            event_id=make_event_id(origin, key),
            origin=origin,
            licence=licence,
            event_type=coding.event_type,
            modes=coding.modes,
            contexts=coding.contexts,
            quad=coding.quad,
            intensity=coding.intensity,
            cameo=coding.cameo,
            goldstein=goldstein,
            source=(source,) if source else (),
            target=(target,) if target else (),
            date=when,
            place=place,
            rows=rows,
            repeats=repeats,
            losses=losses,
        )

    return make
