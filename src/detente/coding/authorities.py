"""Event mentions -> the same with what their type leaves to be understood: police arrest, governments decree, nobody shows force to his own, the press only reports."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from detente.codebook.load import Codebook
from detente.codebook.types import STATE_SECTORS
from detente.coding.phrases import ActorTable
from detente.records import Actor, EventMention, Sentence

PRESS_DOES_NOT = frozenset({"ASSAULT", "COERCE", "SANCTION", "MOBILIZE", "THREATEN", "RETREAT", "CONCEDE", "AID"})
"""Deeds that whoever reports them has not done."""
_DECREES = frozenset({"censor", "curfew", "restrict", "martial-law"})
"""Modes of coercion that only a government can impose."""
_AUTHORITIES = {"arrest": "COP", "deport": "COP", "convict": "JUD", "investigate": "JUD", "allege": "JUD", "curfew": "GOV", "censor": "GOV"}
"""Modes of an act and the sector that does it where nobody is named."""


def drop_press(m: EventMention) -> EventMention:
    """Who reports an act has not done it."""
    if m.event_type in PRESS_DOES_NOT and any("JRN" in a.sectors for a in m.source):
        return msgspec.structs.replace(m, source=tuple(a for a in m.source if "JRN" not in a.sectors))
    return m


def name_decreeing_state(m: EventMention, home: str | None) -> EventMention:
    """ "Internet access was cut", "gatherings are forbidden": in a story about one country (``home``) its government does it to its people."""
    if m.source or m.target or m.nominal or m.event_type != "COERCE" or not _DECREES & set(m.modes) or home is None:
        return m
    return msgspec.structs.replace(m, source=(Actor("", home, home, ("GOV",)),), target=(Actor("", home, home, ("CVL",)),), incomplete=False, inferred=("source", "target"))


def is_own_force(a: Actor, source: Sequence[Actor]) -> bool:
    """Whether an actor is the police or army of the state that is the source."""
    return bool({"MIL", "COP"} & set(a.sectors)) and any(a.country is not None and a.country == b.country and STATE_SECTORS & set(b.sectors) for b in source)


def drop_own_forces(m: EventMention) -> EventMention:
    """The forces that a state sends or alerts are not whom it shows them to ("Brazil reinforced its garrison")."""
    if m.event_type != "MOBILIZE" or not m.source or not m.target:
        return m
    return msgspec.structs.replace(m, target=tuple(a for a in m.target if not is_own_force(a, m.source)))


def name_authority(m: EventMention, s: Sentence, table: ActorTable, home: str | None) -> EventMention:
    """ "Two women were charged": courts and police act where the event is told, if nobody else is named; "kicked out of Britain" by Britain.

    ``home`` is the country of a story that is about one country only.
    """
    if {"expel", "deport"} & set(m.modes):
        for x in table.mentions[m.sentence]:
            if (
                x.entry.kind in ("country", "capital")
                and x.entry.country
                and s.deps[x.head] == "pobj"
                and s.lemmas[s.heads[x.head]].lower() in ("from", "of")
                and x.head > m.trigger
            ):
                return msgspec.structs.replace(m, source=(Actor("", x.entry.name, x.entry.country, ("GOV",)),))
    sector = next((_AUTHORITIES[mode] for mode in m.modes if mode in _AUTHORITIES), None)
    if sector is None or m.event_type == "ACCUSE" and not m.cameo.startswith(("115", "09", "173")):
        return m
    places = [
        x.entry.country or (x.entry.place.country if x.entry.place else None)
        for x in table.mentions[m.sentence]
        if s.deps[x.head] == "pobj" and s.lemmas[s.heads[x.head]].lower() in ("in", "at", "near")
    ]
    country = next((c for c in places if c), None) or home
    return m if country is None else msgspec.structs.replace(m, source=(Actor("", country, country, (sector,)),))


def restrict_between_states(m: EventMention, codebook: Codebook) -> EventMention:
    """A restriction that one state or body puts on another is a sanction (annotation guide); blockades and seizures stay coercion."""
    if m.event_type != "COERCE" or not set(m.modes) & {"restrict", "withhold"} or not m.cameo.startswith(("172", "163")):
        return m
    sources, targets = {a.country for a in m.source}, {a.country for a in m.target}
    outward = bool(targets) and None not in targets and not sources & targets and all({"GOV", "IGO", "LEG"} & set(a.sectors) for a in m.source) and bool(m.source)
    if not outward or not any({"GOV", "BUS", "MIL"} & set(a.sectors) for a in m.target):
        return m
    made = codebook.compositions["between-states"][m.event_type]
    return msgspec.structs.replace(m, event_type=made.type, modes=made.modes, cameo=made.cameo)
