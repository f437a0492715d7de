"""Proper names that the register lacks: titled, described by an appositive, or known from earlier in the document."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from detente.codebook.register import COMMON_SURNAMES, HEADS, Entry, tenure_on
from detente.coding.discourse import Discourse, actor_at, learn_name, resolve
from detente.coding.grammar import children, is_verb
from detente.coding.modifiers import find_armed_owner, find_countries
from detente.coding.names import resolve_person
from detente.coding.phrases import Mention, Phrase
from detente.coding.roles import find_role, resolve_bare_role
from detente.records import Actor, Sentence


def resolve_unknown_name(d: Discourse, i: int, depth: int) -> Phrase | None:
    """A proper name that is not in the register: known in this document, titled, or described by an appositive."""
    s = d.s
    word = s.words[i]
    first = min([i, *(c for c in s.children[i] if s.deps[c] in ("compound", "amod", "nmod", "poss") and c < i)])
    if word.lower() in ("koreas",):
        return Phrase((actor_at(d, i, i, "North Korea", "PRK", ("GOV",)), actor_at(d, i, i, "South Korea", "KOR", ("GOV",))), "country", True)
    known = d.people.get(word)
    surname = _find_surname(d, word) if known is None else None
    if surname is not None and not any(s.deps[c] == "compound" and s.tags[c] == "NNP" and s.words[c].lower().rstrip(".") not in d.grammar["person_titles"] for c in s.children[i]):
        phrase = resolve_person(d, surname, first, i)
        d.people[word] = phrase
        return phrase
    titled = _resolve_titled(d, i, depth) if known is None or known.kind == "unknown" else None
    if titled is not None:
        learn_name(d, i, titled)
        return titled
    if known is not None and known.actors:
        return Phrase(
            tuple(msgspec.structs.replace(a, text=d.plain[s.starts[first] : s.ends[i]], span=(s.starts[first], s.ends[i])) for a in known.actors),
            known.kind,
            False,
            known.role,
        )
    described = _described(d, i, first, depth)
    if described is not None:
        learn_name(d, i, described)
        return described
    if s.tags[i] == "NNP" and s.deps[i] in ("nsubj", "nsubjpass", "dobj", "pobj", "appos", "conj", "poss"):
        return Phrase((), "unknown")
    return None


def is_name(d: Discourse, i: int) -> bool:
    """Whether a capitalised word that is tagged as a common noun is a name all the same ("Trump praised", "Guterres said"): one that the text uses, or a leader's."""
    s = d.s
    word = s.words[i]
    if word in d.people or word == "Koreas":
        return True
    is_first = i == 0 or i == 1 and not s.words[0][0].isalnum()
    entry = _find_surname(d, word) if is_first and s.deps[i] in ("nsubj", "nsubjpass", "poss") else None
    return entry is not None and any(t.country in d.countries for t in entry.tenures)


def _described(d: Discourse, i: int, first: int, depth: int) -> Phrase | None:
    """Who an unknown name is by what stands at it: an appositive, the phrase that it is the appositive of, "the man who leads ..."."""
    s = d.s
    for c in children(s, i, "appos"):
        described = resolve(d, c, depth + 1)
        if described is not None and described.actors and described.kind in ("person", "expert", "body", "group", "kin"):
            return Phrase(_renamed(d, described, first, i), "person", role=described.role)
    if s.deps[i] == "appos" and is_verb(s, s.heads[i]) is False:
        host = d.here.get(s.heads[i])
        if host is not None and host.kind in ("person", "expert", "kin"):
            return Phrase(_renamed(d, host, first, i), "person", role=host.role)
    for c in (k for p in children(s, i, "prep") for o in children(s, p, "pobj") for k in children(s, o, "appos")):
        named = d.at.get(c)
        if named is not None and named.entry.kind == "person" and s.deps[i] == "nsubj" and s.words[c - 1][0].isupper():
            return resolve_person(d, named.entry, named.first, named.last)  # "The Special Coordinator for the Peace Process, Tor Wennesland,": the name was hung too deep
    for c in children(s, i, "relcl"):
        if s.lemmas[c] in d.grammar["leading_verbs"]:
            for led in children(s, c, "dobj"):
                described = resolve(d, led, depth + 1)
                if described is not None and described.actors:
                    return Phrase(_renamed(d, described, first, i), "person", role="leader")
    return None


def _resolve_titled(d: Discourse, i: int, depth: int) -> Phrase | None:
    """ "Defence Minister Jim Mattis", "Cmdr. Chiwenga", "police chief Sayed Kamal Sadat": a role before an unknown name."""
    s = d.s
    k = i - 1
    while k >= 0 and i - k < 9 and (s.tags[k][:2] in ("NN", "JJ") or s.words[k] in ("-", ".", "'s")):
        role = find_role(d, k)
        if role is not None and role.kind in ("person", "expert", "kin", "group"):
            countries = find_countries(d, i, depth) or find_countries(d, k, depth)
            start = min(c for c in (k, *(c for c in s.children[i] if c < i)))
            sectors = role.sectors
            if "former" in (s.words[max(0, start - 1)].lower(), s.words[start].lower()):
                sectors = ("ELI",) if {"GOV", "MIL", "LEG"} & set(sectors) else sectors
            armed = find_armed_owner(d, i, depth)
            name = d.plain[s.starts[k + 1] : s.ends[i]] if k + 1 <= i else s.words[i]
            if armed:
                return Phrase(tuple(msgspec.structs.replace(a, entity=name) for a in armed[:1]), "person", role=role.phrase)
            if not countries:
                home = resolve_bare_role(d, k, k, role, sectors)
                return Phrase(tuple(msgspec.structs.replace(a, entity=name, span=(s.starts[k], s.ends[i])) for a in home[:1]), "person", role=role.phrase)
            country, cname = countries[0]
            return Phrase((Actor(d.plain[s.starts[start] : s.ends[i]], cname, country, sectors, name, (s.starts[start], s.ends[i])),), "person", role=role.phrase)
        k -= 1
    return None


def _find_surname(d: Discourse, word: str) -> Entry | None:
    """A surname alone that can only mean one head of state or government in office."""
    found = d.register.surnames.get(word)
    if not found or d.day is None or word in d.other_names:
        return None
    current = []
    for entry in found:
        tenure = tenure_on(entry, d.day)
        if tenure and tenure[1] and tenure[0].role in HEADS and (tenure[0].country in d.countries or word not in COMMON_SURNAMES):
            current.append(entry)
    if word in COMMON_SURNAMES:
        current = [e for e in current if any(t.country in d.countries for t in e.tenures)]
    return current[0] if len({e.name for e in current}) == 1 else None


def _renamed(d: Discourse, phrase: Phrase, first: int, last: int) -> tuple[Actor, ...]:
    """The first of a phrase's actors under the name that tokens ``first`` to ``last`` give him."""
    s = d.s
    text = d.plain[s.starts[first] : s.ends[last]]
    return tuple(msgspec.structs.replace(a, text=text, span=(s.starts[first], s.ends[last]), entity=a.entity or text) for a in phrase.actors[:1])


def unknown_surnames(s: Sentence, found: Sequence[Mention], grammar: Mapping[str, frozenset[str]]) -> Iterable[str]:
    """Surnames of full names that the register lacks ("Ana Rouhani"): later in the document the surname alone means this person."""
    taken = {k for m in found for k in range(m.first, m.last + 1)}
    for i in range(1, len(s.words)):
        first = s.words[i - 1]
        named = s.tags[i] == s.tags[i - 1] == "NNP" and s.heads[i - 1] == i and s.deps[i - 1] == "compound" and not {i, i - 1} & taken
        if named and len(first) > 2 and first[1:].islower() and first.lower() not in grammar["person_titles"]:
            yield s.words[i]
