"""A thing or an act -> whom it belongs to, or whose words it is."""

from __future__ import annotations

from detente.coding.descriptions import resolve_definite
from detente.coding.discourse import Discourse, actor_at, resolve
from detente.coding.grammar import children, conjuncts, noun_agents
from detente.coding.modifiers import Country, countries_of, find_nation
from detente.coding.names import resolve_named, resolve_person
from detente.coding.phrases import Phrase
from detente.records import Actor


def resolve_owned(d: Discourse, i: int, depth: int) -> Phrase | None:
    """A thing or an act: whom it belongs to, by possessor, adjective, compound or "of"."""
    s = d.s
    lemma = s.lemmas[i].lower()
    back = resolve_definite(d, i)
    if back is not None:
        return back
    for c in children(s, i, "appos"):
        named = d.at.get(c)
        if named is not None and named.entry.kind == "person":
            return resolve_person(d, named.entry, named.first, named.last)  # "his party colleague Rahul Gandhi"
    owners: list[Actor] = []
    for c in children(s, i, "poss"):
        phrase = resolve(d, c, depth + 1)
        owners.extend(phrase.actors if phrase else ())
    if not owners:
        nation = find_nation(d, i)
        for country, name in _modifier_names(d, i):
            owners.append(actor_at(d, i, i, name, country, ("GOV",) if nation is None else nation.sectors))
    if not owners and lemma in d.grammar["transparent_nouns"]:
        for prep in children(s, i, "prep"):
            if s.lemmas[prep] in ("of", "by"):
                for inner in children(s, prep, "pobj"):
                    for each in conjuncts(s, inner):
                        phrase = resolve(d, each, depth + 1)
                        owners.extend(phrase.actors if phrase else ())
    if not owners:
        for c in children(s, i, "compound", "nmod", "amod"):
            m = d.at.get(c)
            if m is not None and m.entry.kind in ("organisation", "person"):
                phrase = resolve_named(d, c, m, depth)
                owners.extend(phrase.actors if phrase else ())
            elif m is None and s.words[c] in d.people:
                owners.extend(d.people[s.words[c]].actors)
    if lemma in d.grammar["authored_nouns"]:
        owners = owners or _find_authors(d, i, depth)
        if owners:
            d.authors = tuple(owners)
    return Phrase(tuple(dict.fromkeys(owners)), "owner") if owners else None


def _find_authors(d: Discourse, i: int, depth: int) -> list[Actor]:
    """Whose words a text is that names no owner: who passes or issues it ("adopted a resolution condemning"), else whose the last text was ("The text deplores")."""
    s = d.s
    agents = [k for p in children(s, i, "prep", "agent") if s.lemmas[p] in ("by", "from") for k in children(s, p, "pobj")]
    agents = agents or [k for c in children(s, i, "acl") for p in children(s, c, "agent") for k in children(s, p, "pobj")] or noun_agents(s, i)
    found = [a for k in agents if k != i for phrase in [resolve(d, k, depth + 1)] if phrase is not None and phrase.kind != "owner" for a in phrase.actors]
    if found or not any(s.lemmas[c].lower() in ("the", "this", "that") for c in children(s, i, "det")):
        return found
    return list(d.authors)


def _modifier_names(d: Discourse, i: int) -> list[Country]:
    """Countries of adjectives and compounds before head ``i``, and of what is coordinated with them."""
    s = d.s
    out: list[Country] = []
    queue = [c for c in s.children[i] if s.deps[c] in ("amod", "compound", "nmod")]
    while queue:
        c = queue.pop(0)
        m = d.at.get(c)
        if m is not None and m.entry.kind in ("country", "demonym", "capital", "metonym"):
            out.extend(countries_of(d, m))
        elif s.words[c] in ("North", "South") and {"PRK", "KOR"} & d.countries:
            out.append(("PRK", "North Korea") if s.words[c] == "North" else ("KOR", "South Korea"))
        queue.extend(k for k in s.children[c] if s.deps[k] in ("conj", "amod", "compound"))
    return list(dict.fromkeys(out))
