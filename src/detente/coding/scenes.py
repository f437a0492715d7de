"""Where the text is: the town of the report and the scene that goes on from sentence to sentence, for events that no words of their own place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from detente.codebook.load import Codebook
from detente.codebook.register import Register
from detente.codebook.types import SYMMETRIC
from detente.coding.grammar import children, is_verb
from detente.coding.locatives import STRONG, place_of, preposition_of
from detente.coding.phrases import Mention
from detente.records import EventMention, Place, Sentence

SCENE_SENTENCES = 2
"""For how many sentences a named scene goes on: "Police fired tear gas" is where the sentence before was. Set on the sample corpora."""
TOWN_DEGREES = 0.25
"""How far from a town's centre a site may lie to be in it: about 25 km."""
MAIN_PLACE_SENTENCES = 2
"""Up to this sentence a town is named as that of the whole report. Set on the gold corpora."""
SITUATED = frozenset({"ASSAULT", "PROTEST", "COERCE", "MOBILIZE", "CONSULT", "RETREAT"})
_SETTLED = frozenset({"ASSAULT", "PROTEST", "COERCE"})
"""What happens in the town of which a report tells if nothing else is said; troops move, and talks are held elsewhere."""


class Scene(msgspec.Struct, frozen=True):
    """Where the text is: the sentence that said so, and what happened there."""

    sentence: int
    place: Place
    event_type: str


def scene_of(m: EventMention, scene: Scene | None, opening: Place | None, mains: Mapping[str, Place], dateline: Place | None) -> Place | None:
    """Where an event is that its own sentence does not place: where the text is going on, where it opened, where all of it happens."""
    if scene is not None and m.sentence - scene.sentence == 1 and (m.is_continued or m.event_type == "AGREE" and scene.event_type in SYMMETRIC and not m.historical):
        return scene.place
    if m.event_type not in SITUATED or m.historical:
        return None
    near = scene.place if scene is not None and m.sentence - scene.sentence <= SCENE_SENTENCES else opening if m.sentence <= 3 else None
    if near is None and dateline is not None and m.sentence <= 3 and _on_neutral_ground(m, dateline):
        near = dateline
    if near is not None and not _could_be_there(m, near):
        near = None
    homes = {a.country for a in m.source if a.country} or {a.country for a in m.target if a.country}
    if near is None and m.event_type in _SETTLED and len(homes) == 1:
        near = mains.get(*homes)
    return near


def town_of(place: Place, dateline: Place | None) -> Place:
    """A building or square in the town from which the report is sent is in that town."""
    if place.precision != "site" or dateline is None or None in (place.latitude, place.longitude, dateline.latitude, dateline.longitude):
        return place
    north, east = (place.latitude or 0) - (dateline.latitude or 0), (place.longitude or 0) - (dateline.longitude or 0)
    is_near = max(abs(north), abs(east)) <= TOWN_DEGREES
    return msgspec.structs.replace(dateline, text=place.text, span=place.span) if is_near else place


def _named_places(sentences: Sequence[Sentence], names: Sequence[Sequence[Mention]], register: Register, ranks: Mapping[str, int]) -> Iterator[tuple[int, Place]]:
    """The towns and sites that are named as places, with the sentence: not "Seoul said", "relations with Seoul", "the ministry in Seoul", a government."""
    for s in sentences:
        for mention in names[s.index]:
            place = place_of(mention, register, ranks) if mention.entry.kind in ("place", "capital", "metonym") else None
            if place is None or place.precision not in ("city", "site"):
                continue
            prep = preposition_of(s, mention.head)
            is_capital = mention.entry.kind in ("capital", "metonym") or place.name in register.capitals or mention.text in register.capitals
            if not is_capital or prep is not None and s.lemmas[prep].lower() in STRONG - {"on", "over"} and s.tags[s.heads[prep]][:2] != "NN":
                yield s.index, place


def lead_place(sentences: Sequence[Sentence], names: Sequence[Sequence[Mention]], register: Register, ranks: Mapping[str, int]) -> Place | None:
    """The one town or site in which title and first sentence put the news."""
    found = {place.name: place for index, place in _named_places(sentences[:2], names, register, ranks)}
    return next(iter(found.values())) if len(found) == 1 else None


def main_places(sentences: Sequence[Sentence], names: Sequence[Sequence[Mention]], register: Register, ranks: Mapping[str, int], dateline: Place | None) -> dict[str, Place]:
    """By country, the town or site of which the report tells: of those that title and lead name as places (or the dateline), the one that is named most
    often; where none is, the capital that the title names in any role ("Colombo takes the plunge")."""
    counts: dict[str, int] = {}
    lead: dict[str, Place] = {}
    if dateline is not None:
        counts[dateline.name], lead[dateline.name] = 1, dateline
    for index, place in _named_places(sentences, names, register, ranks):
        counts[place.name] = counts.get(place.name, 0) + 1
        if index <= MAIN_PLACE_SENTENCES:
            lead.setdefault(place.name, place)
    out = {p.country or "": town_of(p, dateline) for p in sorted(lead.values(), key=lambda p: counts[p.name])}
    for mention in names[0] if sentences and sentences[0].kind == "title" else ():
        capital = place_of(mention, register, ranks) if mention.entry.kind == "capital" else None
        if capital is not None:
            out.setdefault(capital.country or "", capital)
    return out


def is_remote(s: Sentence, m: EventMention, codebook: Codebook) -> bool:
    """Whether the act was done from afar, so that it has no one place: "spoke by telephone", "said in a tweet"."""
    verb = m.trigger if is_verb(s, m.trigger) or not is_verb(s, s.heads[m.trigger]) else s.heads[m.trigger]
    for child in (c for k in (verb, *children(s, verb, "dobj")) for c in s.children[k]):
        if s.deps[child] in ("prep", "agent") and any(s.tags[c][:2] == "NN" and s.lemmas[c].lower() in codebook.grammar["remote_nouns"] for c in s.children[child]):
            return True
    return s.lemmas[m.trigger].lower() in codebook.grammar["remote_nouns"] and (m.event_type == "CONSULT" or s.lemmas[m.trigger] != "call")


def _could_be_there(m: EventMention, place: Place) -> bool:
    return m.event_type in ("CONSULT", "AGREE") or any(a.country == place.country for a in (*m.source, *m.target))


def _on_neutral_ground(m: EventMention, place: Place) -> bool:
    """Whether a meeting or a deal between two countries is reported from a third one."""
    homes = {a.country for a in (*m.source, *m.target) if a.country}
    return m.event_type in ("CONSULT", "AGREE") and len(homes) > 1 and place.country not in homes
