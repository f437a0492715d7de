"""What modifies a noun -> the countries, the armed or other bodies and the peoples that it names."""

from __future__ import annotations

from detente.codebook.register import NATION, Entry, tenure_on
from detente.coding.discourse import Discourse, actor_at, country_name, resolve
from detente.coding.grammar import children, conjuncts
from detente.coding.mentions import code_of
from detente.coding.phrases import Mention
from detente.records import Actor

Country = tuple[str, str]
"""A country's code and the name by which the text means it."""


def find_countries(d: Discourse, i: int, depth: int) -> list[Country]:
    """Countries named by what modifies head ``i``: adjectives, compounds, possessors, else names right before it, else "of/in/from" phrases."""
    s = d.s
    out = _in_modifiers(d, i, depth) or _right_before(d, i) or _in_prepositions(d, i, depth)
    if not out and s.lemmas[i] in ("leader", "official", "side", "president", "delegation") and any(s.words[k].lower() == "koreas" for k in range(i, min(len(s.words), i + 6))):
        out = [("PRK", "North Korea"), ("KOR", "South Korea")]
    return list(dict.fromkeys(out))


def _in_modifiers(d: Discourse, i: int, depth: int) -> list[Country]:
    """Countries of adjectives, compounds and possessors, and of what is coordinated with them."""
    s = d.s
    out: list[Country] = []
    queue = [c for c in s.children[i] if s.deps[c] in ("amod", "compound", "poss", "nmod", "nummod")]
    if s.lemmas[i].lower() in d.grammar["partner_nouns"]:
        queue = [c for c in queue if s.deps[c] != "poss"]  # "its neighbour", "his Russian counterpart": whose partner it is, not who
    while queue:
        c = queue.pop(0)
        m = d.at.get(c)
        if s.tags[c] in ("VBN", "VBG") and c >= 1 and s.words[c - 1] == "-":
            continue  # "Iran-backed", "US-led": says who helps, not whose it is
        if m is not None:
            if m.last + 2 < len(s.words) and s.words[m.last + 1] == "-" and s.tags[m.last + 2] in ("VBN", "VBG", "VBD"):
                continue
            out.extend(countries_of(d, m))
            queue.extend(k for k in s.children[c] if s.deps[k] in ("conj",))
        elif s.tags[c] == "PRP$" or s.deps[c] == "poss":
            owner = resolve(d, c, depth + 1)
            for a in owner.actors if owner else ():
                if a.country:
                    out.append((a.country, a.name if not a.entity else country_name(d, a.country)))
            queue.extend(k for k in s.children[c] if s.deps[k] in ("conj",))
        else:
            low = s.words[c].lower()
            if (
                low in ("north", "south")
                and s.words[c][0].isupper()
                and {"PRK", "KOR"} & d.countries
                and not (c > 1 and s.words[c - 1] == "-" and s.words[c - 2].lower() in ("anti", "pro", "non"))
            ):
                code = "PRK" if low == "north" else "KOR"
                out.append((code, country_name(d, code)))
            queue.extend(k for k in s.children[c] if s.deps[k] in ("compound", "amod", "nmod", "conj", "poss") and c != i)
    return out


def _right_before(d: Discourse, i: int) -> list[Country]:
    """Names that stand before the head but hang elsewhere: "South Korean and US officials"."""
    s = d.s
    out: list[Country] = []
    k = i - 1
    while k >= 0 and (s.tags[k] in ("JJ", "NN", "NNP", "NNS", "CC", "HYPH", "POS", "VBN") or s.words[k] in ("-", ",")) and i - k < 7:
        m = d.at.get(k)
        if m is not None and m.entry.kind in ("demonym", "country", "capital", "metonym") and s.heads[m.head] >= k:
            if not (m.last + 2 < len(s.words) and s.words[m.last + 1] == "-" and s.tags[m.last + 2] in ("VBN", "VBG", "VBD")):
                out.extend(countries_of(d, m))
            k = m.first
        k -= 1
    return out


def _in_prepositions(d: Discourse, i: int, depth: int) -> list[Country]:
    """Countries of "of/in/from/for/to/at" phrases below head ``i``."""
    s = d.s
    out: list[Country] = []
    for prep in children(s, i, "prep"):
        if s.lemmas[prep] in ("of", "in", "from", "for", "to", "at"):
            for inner in children(s, prep, "pobj"):
                for each in conjuncts(s, inner):
                    m = d.at.get(each)
                    if m is not None and (m.entry.kind in ("country", "capital", "metonym") or m.entry.kind == "place" and s.lemmas[prep] != "to"):
                        out.extend(countries_of(d, m))
                    elif m is None and s.lemmas[prep] == "of" or s.lemmas[prep] in ("of", "at", "in") and any(s.tags[k] == "PRP$" or s.deps[k] == "poss" for k in s.children[each]):
                        found = resolve(d, each, depth + 1)
                        if found is not None and not found.inferred and found.kind != "place":
                            out.extend((a.country, country_name(d, a.country)) for a in found.actors if a.country)
    return out


def countries_of(d: Discourse, m: Mention) -> list[Country]:
    """The country that a name of the register belongs to; a person's is that of the office held on the day. Empty where it has none."""
    entry = m.entry
    if entry.kind in ("country", "demonym", "capital", "metonym") and entry.country:
        return [(entry.country, entry.name)]
    code = None
    if entry.kind == "place":
        code = code_of(entry)
    elif entry.kind == "person":
        found = tenure_on(entry, d.day)
        code = found[0].country if found else None
    elif entry.kind == "organisation":
        code = entry.country
    return [(code, country_name(d, code))] if code else []


def find_armed_owner(d: Discourse, i: int, depth: int) -> tuple[Actor, ...] | None:
    """ "Taliban fighters", "members of Hezbollah", "the group's leader", "Islamic State militants", "UN peacekeepers"."""
    s = d.s
    heads = [c for c in s.children[i] if s.deps[c] in ("compound", "amod", "nmod", "poss")]
    heads += [k for p in children(s, i, "prep") if s.lemmas[p] in ("of", "from", "for", "at", "with") for k in children(s, p, "pobj")]
    out: list[Actor] = []
    for c in heads:
        m = d.at.get(c)
        if m is not None and m.entry.kind == "organisation":
            out.append(actor_at(d, min(m.first, i), max(m.last, i), m.entry.name, m.entry.country, m.entry.sectors, m.entry.name))
        elif m is None and s.deps[c] in ("poss", "pobj"):
            owner = resolve(d, c, depth + 1)
            if owner is not None and owner.kind in ("body", "group", "pronoun") and owner.actors and (owner.actors[0].entity or not owner.actors[0].country):
                out.extend(owner.actors)
    return tuple(out) or None


def find_nation(d: Discourse, i: int) -> Entry | None:
    """The people without a state that an adjective before head ``i`` names: "Kurdish forces"."""
    found = (d.at.get(c) for c in d.s.children[i] if d.s.deps[c] in ("amod", "compound", "nmod"))
    return next((m.entry for m in found if m is not None and m.entry.detail == NATION), None)
