"""Whose are "the police", "the opposition", "two soldiers": the country of a role that names none, weighed from what the document speaks of around it.

A linear score over the countries that the document names. The weights stand in ``codebook/data/reference.toml``; ``tools/fit_reference.py`` fits them
on the annotated corpora.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from detente.records import Sentence

LOCATIVE = frozenset({"in", "at", "near", "outside", "inside", "across", "around", "on", "through"})
_STATE = frozenset({"GOV", "LEG", "JUD", "MIL", "SPY"})


class Spoken(msgspec.Struct, frozen=True):
    """A country spoken of: in which sentence, its last token, whether as the place where something is, as a place at all, or as a subject."""

    country: str
    index: int
    in_title: bool
    last: int
    is_location: bool
    is_place: bool
    is_subject: bool


class Setting(msgspec.Struct, frozen=True):
    """The countries of a document: where each is spoken of, and its share of all mentions and of the places."""

    spoken: Mapping[int, Sequence[Spoken]]
    titled: frozenset[str]
    shares: Mapping[str, float]
    place_shares: Mapping[str, float]


def read_setting(spoken: Iterable[Spoken]) -> Setting:
    """All mentions of countries -> what does not change within the document."""
    by_sentence: dict[int, list[Spoken]] = defaultdict(list)
    total: Counter[str] = Counter()
    places: Counter[str] = Counter()
    titled = set()
    for each in spoken:
        by_sentence[each.index].append(each)
        total[each.country] += 2 if each.in_title else 1
        places[each.country] += each.is_place
        if each.in_title:
            titled.add(each.country)
    count, count_places = sum(total.values()) or 1, sum(places.values()) or 1
    return Setting(by_sentence, frozenset(titled), {c: n / count for c, n in total.items()}, {c: n / count_places for c, n in places.items()})


def describe_countries(
    setting: Setting, s: Sentence, token: int, sectors: Sequence[str], own_people: set[str], same_role: str | None, home: str | None, dateline: str | None
) -> dict[str, dict[str, float]]:
    """A role at ``token`` of sentence ``s`` -> named features of each country that it may belong to.

    ``own_people`` are countries whose police, soldiers, citizens were just named; ``same_role`` is whose role of this name was spoken of last.
    """
    out: dict[str, dict[str, float]] = {c: {"share": share, "place share": setting.place_shares.get(c, 0.0)} for c, share in setting.shares.items()}

    def add(name: str, countries: Iterable[str | None]) -> None:
        for country in countries:
            if country:
                out.setdefault(country, {})[name] = 1.0

    for each in setting.spoken.get(s.index, ()):
        add("before" if each.last < token else "after", [each.country])
        if each.is_location:
            add("place here", [each.country])
        if each.is_subject and each.last < token:
            add("subject here", [each.country])
    add("one sentence back", (each.country for each in setting.spoken.get(s.index - 1, ())))
    add("two sentences back", (each.country for each in setting.spoken.get(s.index - 2, ())))
    add("title", setting.titled)
    add("own people", own_people)
    add("same role", [same_role])
    add("home", [home])
    add("dateline", [dateline])
    if sectors and sectors[0] in _STATE:
        for names in out.values():
            names.update({f"state: {name}": value for name, value in names.items()})
    return out


def choose_country(described: Mapping[str, Mapping[str, float]], weights: Mapping[str, float]) -> str | None:
    """Countries with their features -> the likeliest, ``None`` where there are none."""
    scores = {c: sum(weights.get(name, 0.0) * value for name, value in names.items()) for c, names in described.items()}
    return max(sorted(scores), key=lambda c: scores[c]) if scores else None
