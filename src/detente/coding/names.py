"""Names of the register -> whom they denote on the day of the report."""

from __future__ import annotations

import re

import msgspec

from detente.codebook.register import Entry, Role, tenure_on
from detente.coding.discourse import Discourse, actor_at, country_name
from detente.coding.modifiers import find_countries
from detente.coding.phrases import Mention, Phrase
from detente.coding.roles import find_role
from detente.coding.whose import LOCATIVE

_ARTICLE = re.compile(r"^(?:al|el|an|as|ar|ash|ad)-", re.IGNORECASE)
"""The article that Arabic surnames are written with or without."""
_BODIES = {
    "un": "United Nations",
    "eu": "European Union",
    "european": "European Union",
    "nato": "NATO",
    "iaea": "International Atomic Energy Agency",
    "au": "African Union",
    "african": "African Union",
    "osce": "OSCE",
    "who": "World Health Organization",
    "imf": "International Monetary Fund",
    "world": "World Bank",
    "arab": "Arab League",
    "opcw": "OPCW",
    "icc": "International Criminal Court",
}

_SEATS = {"Brussels": "European Union"}
"""Capitals that newspapers name for the body that sits there rather than for their country."""


def resolve_named(d: Discourse, i: int, mention: Mention, depth: int) -> Phrase | None:
    """Whom a name of the register denotes as head ``i`` of its phrase; a title before a person decides for what is not known of him."""
    s, entry = d.s, mention.entry
    first, last = mention.first, mention.last
    if entry.kind == "person":
        phrase = resolve_person(d, entry, first, last)
        title = find_role(d, first - 1) if first > 0 else None
        if title is not None:
            phrase = with_title(d, phrase, title, first)
        return phrase
    if entry.kind == "demonym":
        plural = s.tags[i] in ("NNS", "NNPS") or mention.text.endswith(("ians", "ans", "is"))
        determiners = [s.lemmas[c].lower() for c in s.children[i] if s.deps[c] == "det"]
        modified = any(s.deps[c] in ("nummod", "amod", "compound") for c in s.children[i])
        people = (
            plural
            and (modified or "the" not in determiners)
            or not plural
            and s.tags[i] in ("NN",)
            or not plural
            and bool(determiners)
            and s.deps[i] in ("dobj", "nsubj", "nsubjpass", "pobj")
        )
        return Phrase((actor_at(d, first, last, entry.name, entry.country, ("CVL",) if people else entry.sectors),), "people", plural)
    if entry.kind == "organisation":
        phrase = Phrase((actor_at(d, first, last, entry.name, entry.country, entry.sectors or ("GOV",), entry.name),), "body", role=entry.detail)
        owner = find_countries(d, i, depth)
        if owner and entry.country is None and "IGO" not in entry.sectors:
            phrase = Phrase((actor_at(d, first, last, entry.name, entry.country, entry.sectors, entry.name),), "body", role=entry.detail)
        return phrase
    if entry.kind == "place":
        if entry.country:
            name = d.register.countries[entry.country].name if entry.country in d.register.countries else entry.name
            return Phrase((actor_at(d, first, last, name, entry.country, ("GOV",)),), "place")
        place = entry.place
        if place is not None and place.country:
            country = d.register.countries.get(place.country)
            return Phrase((actor_at(d, first, last, country.name if country else place.name, place.country, ("GOV",)),), "place")
        return None
    if entry.kind == "capital" and mention.text in _SEATS and _stands_for_body(d, mention):
        return Phrase((actor_at(d, first, last, _SEATS[mention.text], None, ("IGO",), _SEATS[mention.text]),), "body")
    actors = [actor_at(d, first, last, entry.name, entry.country, entry.sectors)]
    if entry.country == "KOR" and first >= 2 and s.words[first - 2] == "North" and s.words[first - 1] in ("and", "or"):
        actors.insert(0, actor_at(d, first - 2, first - 2, country_name(d, "PRK"), "PRK", ("GOV",)))
    return Phrase(tuple(actors), entry.kind if entry.kind != "metonym" else "country", len(actors) > 1)


def _stands_for_body(d: Discourse, mention: Mention) -> bool:
    """Whether a capital that is also a seat acts in the sentence, in a document that does not speak of its country otherwise."""
    s = d.s
    is_setting = s.deps[mention.head] == "pobj" and s.lemmas[s.heads[mention.head]].lower() in LOCATIVE
    return not is_setting and not any(m.entry.country == mention.entry.country and m.text not in _SEATS for found in d.mentions for m in found)


def with_title(d: Discourse, person: Phrase, title: Role, first: int) -> Phrase:
    """A person who by the register holds no office, with the office that the words before token ``first`` give ("Defence Minister X"), unless they say "former"."""
    said_former = any(d.s.words[k].lower() in ("former", "ex", "ousted", "deposed") for k in range(max(0, first - 5), first + 2) if k < len(d.s.words))
    is_office = title.kind == "person" and bool({"GOV", "MIL", "LEG", "OPP", "PTY"} & set(title.sectors))
    if person.actors[0].sectors != ("ELI",) or not is_office or said_former:
        return person
    return Phrase(tuple(msgspec.structs.replace(a, sectors=title.sectors) for a in person.actors), "person", role=title.phrase)


def resolve_person(d: Discourse, entry: Entry, first: int, last: int) -> Phrase:
    """A person, in the office held on the day of the report; one who has left it is of the elite."""
    found = tenure_on(entry, d.day)
    if found is None:
        return Phrase((actor_at(d, first, last, entry.name, entry.country, entry.sectors or ("ELI",), entry.name),), "person")
    tenure, current = found
    sectors = tenure.sectors if current or not {"GOV", "MIL", "LEG"} & set(tenure.sectors) else ("ELI",)
    country = tenure.country
    if country is None and "IGO" not in sectors and "REB" not in sectors and sectors == ("ELI",):
        sectors = ("IGO",)
    name = country_name(d, country) if country else _body_of(tenure.role) if "IGO" in sectors else entry.name
    return Phrase((actor_at(d, first, last, name, country, sectors, entry.name),), "person", role=tenure.role)


def remember_person(d: Discourse, mention: Mention) -> None:
    """Note the surname of a person whom the sentence names: alone it will mean this person. Where family names come first, the first word is it."""
    entry, text = mention.entry, mention.text
    phrase = resolve_person(d, entry, mention.first, mention.last)
    family_first = entry.country in ("PRK", "KOR", "CHN", "TWN", "VNM", "MMR", "KHM")
    words = {text.split()[-1], text.split()[0] if family_first else "", entry.name.split()[-1]} - {""}
    for word in words | {_ARTICLE.sub("", word) for word in words}:
        d.people.setdefault(word, phrase)


def _body_of(role: str) -> str:
    """The organisation that an official's role names: "un secretary-general" -> United Nations."""
    return _BODIES.get(role.split(" ")[0], role)
