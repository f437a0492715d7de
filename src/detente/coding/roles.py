"""Roles: the president, police, protesters. Which role the words name, and whose it is where they do not say."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from detente.codebook.register import Role
from detente.coding.discourse import Discourse, actor_at, country_name
from detente.coding.grammar import children
from detente.coding.phrases import Phrase
from detente.coding.pronouns import MAX_GAP_SENTENCES
from detente.coding.whose import choose_country, describe_countries
from detente.records import Actor

_BODY_WORDS = {
    "bloc": ("igo", "alliance"),
    "alliance": ("igo", "alliance"),
    "agency": ("agency", "igo", "state media", "media"),
    "group": ("armed group", "ngo", "igo", "alliance"),
    "organisation": ("igo", "ngo"),
    "organization": ("igo", "ngo"),
    "militia": ("armed group",),
    "party": ("party",),
    "union": ("union",),
    "company": ("company",),
    "court": ("court",),
    "movement": ("armed group", "party"),
    "broadcaster": ("media", "state media"),
    "newspaper": ("media", "state media"),
    "bank": ("igo",),
    "body": ("igo",),
}
_OWN_SECTORS = frozenset({"CVL", "COP", "OPP", "PTY", "MIL", "GOV", "LEG"})
_REGIONS = {"european": "European Union", "african": "African Union", "arab": "Arab League"}
"""Of which body the leaders of a region are the members."""


def find_role(d: Discourse, i: int) -> Role | None:
    """The longest role phrase that ends in token ``i`` (or has it as head before "of")."""
    s = d.s
    lemma = s.lemmas[i].lower()
    options = d.register.roles.get(lemma, ())
    surface = s.words[i].lower()
    if s.tags[i] in ("NNP", "NNPS") and (i == 0 or s.kind == "title") and surface.endswith("s"):
        options = (*options, *d.register.roles.get(surface[:-1], ()))
        lemma = surface[:-1]
    if surface != lemma:
        options = (*d.register.roles.get(surface, ()), *options)
    if not options:
        return None
    for role in options:
        words = role.words
        if "of" in words[1:]:
            cut = words.index("of")
            ahead = [s.words[k].lower() for k in range(i + 1, min(len(s.words), i + 1 + len(words) - cut))]
            lemmas_ahead = [s.lemmas[k].lower() for k in range(i + 1, min(len(s.words), i + 1 + len(words) - cut))]
            if (list(words[cut:]) in (ahead, lemmas_ahead)) and all(k >= 0 and s.lemmas[k].lower() == w for k, w in zip(range(i - cut + 1, i), words[: cut - 1], strict=True)):
                return role
            continue
        n = len(words)
        if i - n + 1 >= 0 and all(s.lemmas[k].lower() == w or s.words[k].lower() == w for k, w in zip(range(i - n + 1, i), words[:-1], strict=True)):
            return role
    return None


def resolve_bare_role(d: Discourse, i: int, first: int, role: Role, sectors: tuple[str, ...]) -> list[Actor]:
    """A role that names no country (head ``i``, phrase from token ``first``): who held it before in the text, else the likeliest country's."""
    s = d.s
    determined = any(s.deps[c] in ("det", "poss") and s.lemmas[c].lower() in ("the", "that", "this", "their", "its", "his") for c in s.children[i])
    if determined:
        before = d.roles.get(role.phrase) or (d.roles.get(s.lemmas[i].lower()) if role.kind in ("body", "person") else None)
        named = _named_body(d, role, s.lemmas[i].lower())
        if named is not None and (before is None or role.kind == "body"):
            return list(named.actors)
        if before is not None:
            return [msgspec.structs.replace(a, text=d.plain[s.starts[first] : s.ends[i]], span=(s.starts[first], s.ends[i])) for a in before.actors]
    if "UAF" in sectors or "CRM" in sectors and role.kind == "person":
        return [actor_at(d, first, i, role.phrase, None, sectors)]
    if sectors == ("REF",):
        return [actor_at(d, first, i, role.phrase, None, ("CVL", "REF"))]
    if "NGO" in sectors and any(s.lemmas[c].lower() in ("international", "foreign", "western", "global", "overseas", "right", "aid", "humanitarian") for c in s.children[i]):
        return [actor_at(d, first, i, role.phrase, None, sectors)]
    if sectors == ("UNK",) or s.tags[i] == "NNS" and role.phrase in ("nation", "country", "state", "government", "power", "leader", "world leader", "official", "member state"):
        return _members_body(d, i, first)
    country = _whose(d, i, role)
    if "JRN" in sectors and role.words[0] in ("state", "official", "government"):
        # "a statement carried by state media": those of the country whose statement it is
        near = [m for m in d.mentions[s.index] if m.entry.country and m.entry.kind in ("country", "demonym", "person", "capital")]
        country = min(near, key=lambda m: abs(m.head - i)).entry.country if near else country
    name = country_name(d, country) if country else role.phrase
    if "IGO" in sectors or ("REB" in sectors and role.kind == "expert"):
        return [actor_at(d, first, i, role.phrase, None, sectors)]
    return [actor_at(d, first, i, name, country, sectors)]


def _members_body(d: Discourse, i: int, first: int) -> list[Actor]:
    """ "European leaders", "the 27 leaders", "Leaders demanded": the body of states that meets, by its region's name or by being spoken of just before."""
    s = d.s
    if s.deps[i] != "nsubj" or s.lemmas[i].lower() not in d.grammar["member_nouns"]:
        return []
    region = next((s.words[c].lower() for c in s.children[i] if s.deps[c] == "amod" and s.words[c].lower() in _REGIONS), None)
    if region is not None:
        name = _REGIONS[region]
        return [actor_at(d, first, i, name, None, ("IGO",), name)]
    if any(s.deps[c] in ("amod", "compound", "poss", "nmod") for c in s.children[i]) or children(s, i, "prep"):
        return []
    for known in reversed(d.known[-40:]):
        if s.index - known.sentence > MAX_GAP_SENTENCES:
            break
        if known.phrase.kind == "body" and known.phrase.actors and "IGO" in known.phrase.actors[0].sectors:
            return [msgspec.structs.replace(known.phrase.actors[0], text=d.plain[s.starts[first] : s.ends[i]], span=(s.starts[first], s.ends[i]))]
    return []


def _named_body(d: Discourse, role: Role, word: str) -> Phrase | None:
    """ "the court", "the agency", "the bloc": the last organisation of the document that is one."""
    for known in reversed(d.known[-40:]):
        phrase = known.phrase
        if phrase.kind != "body" or not phrase.actors or phrase.actors[0].entity is None:
            continue
        name = phrase.actors[0].entity.lower()
        kind = phrase.role
        if word in name.split() or word in _BODY_WORDS and kind in _BODY_WORDS[word] or word in ("court", "tribunal") and "JUD" in phrase.actors[0].sectors:
            return phrase
    return None


def resolve_crowd(d: Discourse, i: int) -> Phrase:
    """ "Tens of thousands marched", "dozens were detained": people of the country that the document is about."""
    country = country_of(d, i, ("CVL",), None) or ""
    return Phrase((actor_at(d, i, i, country_name(d, country), country, ("CVL",)),), "people", True, "", True)


def _whose(d: Discourse, i: int, role: Role) -> str | None:
    """The country of a role that names none."""
    s = d.s
    before = d.roles.get(role.phrase) or d.roles.get(s.lemmas[i].lower())
    same_role = before.actors[0].country if before is not None and before.actors else None
    return country_of(d, i, role.sectors, same_role)


def country_of(d: Discourse, i: int, sectors: Sequence[str], same_role: str | None) -> str | None:
    """The likeliest country of a role or crowd at token ``i``; ``same_role`` is whose role of this name was spoken of last."""
    described = describe_countries(d.setting, d.s, i, sectors, own_people(d), same_role, d.home, d.dateline_country)
    return choose_country(described, d.reference["role"])


def own_people(d: Discourse) -> set[str]:
    """Countries whose officials, soldiers or citizens were just named."""
    near = [k.phrase for k in d.known[-12:] if d.s.index - k.sentence <= 1 and k.phrase.actors and not k.phrase.inferred]
    return {p.actors[0].country for p in near if p.actors[0].country and p.kind in ("group", "person", "body", "people") and _OWN_SECTORS & set(p.actors[0].sectors)}
