"""Phrases that describe somebody -> who it is: a role with its country, members of a group, a partner, "the country"."""

from __future__ import annotations

import msgspec

from detente.codebook.register import Role
from detente.coding.discourse import Discourse, actor_at, country_name, learn_name, resolve
from detente.coding.grammar import children
from detente.coding.modifiers import Country, find_armed_owner, find_countries, find_nation
from detente.coding.names import resolve_named, resolve_person, with_title
from detente.coding.phrases import Phrase
from detente.coding.roles import find_role, resolve_bare_role, resolve_crowd
from detente.records import Actor


def resolve_role(d: Discourse, i: int, role: Role, depth: int) -> Phrase | None:
    """Whom a role denotes: an armed body's man, the countries that its modifiers name, a partner, else by ``resolve_bare_role``."""
    s = d.s
    sectors = role.sectors
    plural = s.tags[i] in ("NNS", "NNPS") or any(s.deps[c] == "nummod" for c in s.children[i])
    first = min([i, *(c for c in s.children[i] if s.deps[c] in ("compound", "amod", "poss", "nmod", "det") and c < i)])
    # A title before a name: the name is the head elsewhere; here "i" heads a phrase whose appositive may be a name.
    for c in children(s, i, "appos"):
        named = d.at.get(c)
        if named is not None and named.entry.kind == "person":
            person = resolve_person(d, named.entry, named.first, named.last)
            return with_title(d, person, role, first)
    is_partner = s.lemmas[i].lower() in d.grammar["partner_nouns"]
    named = next((d.at[c] for c in children(s, i, "appos") if is_partner and c in d.at and d.at[c].entry.kind == "country"), None)
    if named is not None:
        return resolve_named(d, named.head, named, depth)  # "its neighbour Iraq"
    armed = find_armed_owner(d, i, depth) if role.kind in ("person", "group", "body") and not is_partner else None
    if armed is not None:
        return Phrase(armed, "group", plural, role.phrase)
    countries = find_countries(d, i, depth)
    if is_partner:
        countries = countries or _partner_of(d, i, depth)
        sectors = ("GOV",) if countries else sectors
    entity = None
    former = any(s.lemmas[c].lower() in ("former", "ex", "retired", "ousted", "deposed") for c in s.children[i])
    if former and {"GOV", "MIL", "LEG", "JUD"} & set(sectors):
        sectors = ("ELI",)
    nation = find_nation(d, i)
    if nation is not None and {"GOV", "MIL"} & set(sectors):
        sectors = nation.sectors
    actors: list[Actor] = []
    for country, name in countries:
        actors.append(actor_at(d, first, i, name, country, sectors, entity))
    if not actors:
        actors = resolve_bare_role(d, i, first, role, sectors)
    phrase = Phrase(tuple(actors), role.kind, plural, role.phrase, not countries)
    if role.kind != "property" and actors and actors[0].country:
        d.roles[role.phrase] = phrase
        d.roles[s.lemmas[i].lower()] = phrase
    for c in children(s, i, "appos"):
        if s.tags[c] == "NNP" and c not in d.at and actors:
            learn_name(d, c, phrase)
    return phrase


def _partner_of(d: Discourse, i: int, depth: int) -> list[Country]:
    """ "The country's neighbour", "his counterpart": the last other country spoken of, beside that of the owner."""
    owners = [resolve(d, c, depth + 1) for c in children(d.s, i, "poss")]
    own = {a.country for owner in owners if owner is not None for a in owner.actors}
    if not own - {None}:
        return []
    for known in reversed(d.known[-30:]):
        for a in known.phrase.actors:
            if a.country and a.country not in own and known.phrase.kind not in ("place", "expert") and d.s.index - known.sentence <= 3:
                return [(a.country, country_name(d, a.country))]
    return []


def resolve_contained(d: Discourse, i: int, depth: int) -> Phrase | None:
    """ "dozens of protesters", "members of the group", "one of the soldiers"."""
    s = d.s
    if s.lemmas[i].lower() not in d.grammar["containers"]:
        if s.tags[i] == "CD" and s.deps[i] in ("nsubj", "nsubjpass", "dobj") and d.home and not s.children[i] and s.words[i].lower() not in ("one", "two", "both"):
            return resolve_crowd(d, i)
        return None
    if s.lemmas[i].lower() in d.grammar["crowd_nouns"] and not any(s.lemmas[p] == "of" for p in children(s, i, "prep")) and s.deps[i] in ("nsubj", "nsubjpass", "dobj") and d.home:
        return resolve_crowd(d, i)
    for prep in children(s, i, "prep"):
        if s.lemmas[prep] in ("of", "from"):
            for inner in children(s, prep, "pobj"):
                phrase = resolve(d, inner, depth + 1)
                if phrase is not None and phrase.actors:
                    own = find_role(d, i)
                    if own is not None and phrase.kind in ("country", "capital", "people", "place"):
                        return None
                    if (
                        own is not None
                        and own.kind in ("person",)
                        and phrase.kind == "body"
                        and s.lemmas[i] in ("spokesman", "spokeswoman", "spokesperson", "representative", "official", "envoy", "member", "leader", "chief")
                    ):
                        return Phrase(phrase.actors, "person", role=own.phrase)
                    return Phrase(phrase.actors, phrase.kind if phrase.kind != "country" else "people", True, phrase.role)
    return None


def resolve_definite(d: Discourse, i: int) -> Phrase | None:
    """ "the country", "the group": the last thing of that kind, unless the phrase says itself which one."""
    s = d.s
    lemma = s.lemmas[i].lower()
    if lemma not in d.grammar["country_nouns"] and lemma not in d.grammar["body_nouns"]:
        return None
    if any(s.deps[c] in ("poss", "compound") or c in d.at for c in s.children[i]):
        return None
    if not any(s.lemmas[c].lower() in ("the", "this", "that", "both") for c in s.children[i]):
        return None
    for known in reversed(d.known[-40:]):
        phrase = known.phrase
        if lemma in d.grammar["country_nouns"] and phrase.kind in ("country", "capital", "people") and phrase.actors and phrase.actors[0].country:
            return Phrase((msgspec.structs.replace(phrase.actors[0], sectors=("GOV",)),), "country")
        if lemma in d.grammar["body_nouns"] and phrase.kind in ("body", "group") and phrase.actors and phrase.actors[0].entity:
            return phrase
    return None
