"""Event mentions with a missing role -> the same with the role that the document gives: the act that is condemned, the other side of the quarrel.

A newspaper names the other side once and then writes "condemned the test", "threatened to hit back", "demanded an apology". Each inferred
actor says by its ``inferred`` step how it was found; what stays unknown stays empty.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec

from detente.codebook.load import Codebook
from detente.coding.actors import ActorTable, Phrase
from detente.coding.grammar import subtree
from detente.records import Actor, EventMention, Sentence

_NEEDS_TARGET = frozenset({"ACCUSE", "REJECT", "THREATEN", "SUPPORT", "SANCTION", "ASSAULT", "PROTEST", "CONSULT", "AGREE", "COERCE", "CONCEDE", "AID", "COOPERATE", "REQUEST", "MOBILIZE"})
_COOPERATIVE = frozenset({"CONSULT", "AGREE", "SUPPORT", "COOPERATE", "RETREAT", "CONCEDE"})
_ADVERSARIAL = frozenset({"ACCUSE", "REJECT", "THREATEN"})
_MAX_GAP_SENTENCES = 3


def complete_roles(mentions: Sequence[EventMention], sentences: Sequence[Sentence], table: ActorTable, codebook: Codebook) -> list[EventMention]:
    """Event mentions -> event mentions with missing targets (and sources of definite event nouns) filled where the document gives them."""
    out: list[EventMention] = []
    hostile = _hostile_sources(mentions)
    for m in mentions:
        s, here = sentences[m.sentence], table.phrases[m.sentence]
        if m.event_type in _PRESS_DOES_NOT and any("JRN" in a.sectors for a in m.source):
            m = msgspec.structs.replace(m, source=tuple(a for a in m.source if "JRN" not in a.sectors))  # who reports an act has not done it
            if not m.source and not m.target:
                continue
        if m.source and not m.own_object and not m.incomplete and m.event_type in _NEEDS_TARGET and (not m.target or _threatens_itself(m)):
            target = _find_target(m, s, here, mentions, hostile, table, codebook)
            if target:
                m = msgspec.structs.replace(m, target=target, needs_target=False)
        elif m.target and not m.source and not m.incomplete and m.is_passive:
            m = _with_authority(m, s, table)
        if not m.needs_target:
            out.append(m)
    return out


_AUTHORITIES = {"arrest": "COP", "deport": "COP", "convict": "JUD", "investigate": "JUD", "allege": "JUD", "curfew": "GOV", "censor": "GOV"}


def _with_authority(m: EventMention, s: Sentence, table: ActorTable) -> EventMention:
    """"Two women were charged": courts and police act where the event is told, if nobody else is named; "kicked out of Britain" by Britain."""
    if {"expel", "deport"} & set(m.modes):
        out_of = [x for x in table.mentions[m.sentence] if x.entry.kind in ("country", "capital") and s.deps[x.head] == "pobj" and s.lemmas[s.heads[x.head]].lower() in ("from", "of") and x.head > m.trigger]
        if out_of and out_of[0].entry.country:
            return msgspec.structs.replace(m, source=(Actor("", out_of[0].entry.name, out_of[0].entry.country, ("GOV",)),))
    sector = next((_AUTHORITIES[mode] for mode in m.modes if mode in _AUTHORITIES), None)
    if sector is None or m.event_type == "ACCUSE" and not m.cameo.startswith(("115", "09", "173")) or {"GOV", "REB"} & {x for a in m.target for x in a.sectors} and table.home is None:
        return m
    places = [x.entry.country or (x.entry.place.country if x.entry.place else None) for x in table.mentions[m.sentence] if s.deps[x.head] == "pobj" and s.lemmas[s.heads[x.head]].lower() in ("in", "at", "near")]
    country = next((c for c in places if c), None) or table.dateline or table.home
    if country is None:
        return m
    return msgspec.structs.replace(m, source=(Actor("", country, country, (sector,)),))


def _threatens_itself(m: EventMention) -> bool:
    """A state that "warns" its own forces: the words below the trigger misled, the other side is meant."""
    state = {"GOV", "MIL"}
    return m.event_type == "THREATEN" and _countries(m.source) == _countries(m.target) and all(set(a.sectors) & state for a in (*m.source, *m.target))


def _key(a: Actor) -> str:
    return a.country or ("United Nations" if a.name.startswith(("UN ", "United Nations")) else a.name if "IGO" in a.sectors else a.entity or a.name)


def _countries(actors: Sequence[Actor]) -> set[str]:
    return {_key(a) for a in actors}


_PRESS_DOES_NOT = frozenset({"ASSAULT", "COERCE", "MOBILIZE", "SANCTION", "RETREAT", "CONCEDE", "AID"})
_NO_PARTY = frozenset({"IGO", "JRN", "NGO", "EDU"})


def _find_target(m: EventMention, s: Sentence, here: Mapping[int, Phrase], mentions: Sequence[EventMention], hostile: Counter[str], table: ActorTable, codebook: Codebook) -> tuple[Actor, ...]:
    own = _countries(m.source)
    weapons = m.event_type == "MOBILIZE" and "weapons" in m.modes
    if weapons:
        flown = _flown_over(m, s, here, own)
        reacts = not flown and any(n > max((hostile[c] for c in own), default=0) for c, n in hostile.items() if c not in own)
        return flown or (_other_side(m, table, own, hostile) if reacts else ())
    inside = _inside_clause(m, s, here, own)
    if inside and m.event_type not in ("PROTEST",):
        return inside
    if m.event_type in ("ACCUSE", "SUPPORT", "REJECT", "SANCTION", "THREATEN"):
        nouns = _act_nouns(m, s, codebook)
        act = _antecedent(m, nouns, mentions, own, codebook, table) if nouns else None
        if act is not None:
            return act
    if m.event_type in ("COERCE", "RETREAT", "CONCEDE") or m.event_type in ("REJECT", "THREATEN", "ASSAULT", "AGREE") and not {"GOV", "IGO"} & {x for a in m.source for x in a.sectors}:
        domestic = _domestic_side(m, table)
        if domestic:
            return domestic
    if m.event_type == "MOBILIZE" and not any(n for c, n in hostile.items() if c not in own and c in [k for k, _ in table.countries[:3]]):
        return ()
    if m.event_type in _ADVERSARIAL or m.event_type in ("SANCTION", "ASSAULT", "MOBILIZE", "AGREE"):
        return _other_side(m, table, own, hostile)
    if m.event_type == "REQUEST" and any(s.tags[k] == "PRP" for k in s.children[m.trigger] if s.deps[k] in ("dobj", "nsubj")):
        return _other_side(m, table, own, hostile)
    if m.event_type == "PROTEST":
        country = next((a.country for a in m.source if a.country), None)
        if country and not {"GOV"} & {x for a in m.source for x in a.sectors}:
            name = next(a.name for a in m.source if a.country == country)
            return (Actor("", name, country, ("GOV",)),)
    return ()


def _inside_clause(m: EventMention, s: Sentence, here: Mapping[int, Phrase], own: set[str]) -> tuple[Actor, ...]:
    """Another country named below the trigger: in the object, the complement clause or its phrases; the nearest."""
    below = [k for k in subtree(s, m.trigger) if k in here and k != m.trigger]
    skip = {a.span for a in m.source}
    best: tuple[float, tuple[Actor, ...]] | None = None
    for k in below:
        phrase = here[k]
        if phrase.kind in ("place",) or any(a.span in skip for a in phrase.actors):
            continue
        others = tuple(a for a in phrase.actors if _key(a) not in own and a.sectors and not (m.event_type in _PRESS_DOES_NOT and _NO_PARTY & set(a.sectors)))
        if not others:
            continue
        token, prep = k, ""
        for _ in range(4):
            if s.deps[token] == "pobj":
                prep = s.lemmas[s.heads[token]].lower()
                break
            if s.heads[token] == token:
                break
            token = s.heads[token]
        if prep in ("in", "at", "near", "by", "from", "after", "during", "following", "until", "before", "since", "to") and m.event_type not in ("REQUEST",) and not (prep == "to" and m.event_type in ("REJECT", "ACCUSE", "AGREE", "AID", "SANCTION")):
            continue
        if m.event_type == "REQUEST" and not (s.deps[k] in ("dobj", "dative") or prep in ("to", "on", "from", "with", "by", "upon") and s.heads[s.heads[token]] == m.trigger):
            continue
        if k < m.trigger and s.deps[k] in ("nsubj", "nsubjpass"):
            continue
        cost = abs(k - m.trigger) + (6 if phrase.kind == "owner" else 0) - (4 if prep in ("with", "against", "on", "at", "over", "of") else 0)
        if best is None or cost < best[0]:
            best = (cost, others)
    return best[1] if best else ()


def _flown_over(m: EventMention, s: Sentence, here: Mapping[int, Phrase], own: set[str]) -> tuple[Actor, ...]:
    """A missile "over Japan", "through Japan's airspace", "toward Guam"."""
    for k in subtree(s, m.trigger):
        if k in here and s.deps[k] == "pobj" and s.lemmas[s.heads[k]].lower() in ("over", "through", "toward", "towards", "into", "at", "across"):
            others = tuple(a for a in here[k].actors if a.country and a.country not in own)
            if others:
                return others
    return ()


def _act_nouns(m: EventMention, s: Sentence, codebook: Codebook) -> list[str]:
    """Lemmas of the trigger's objects that point back to an event."""
    below = [*s.children[m.trigger], *(c for p in s.children[m.trigger] if s.deps[p] == "prep" for c in s.children[p])]
    return [s.lemmas[k].lower() for k in below if s.deps[k] in ("dobj", "pobj", "nsubjpass") and s.lemmas[k].lower() in codebook.anaphora]


def _antecedent(m: EventMention, nouns: Sequence[str], mentions: Sequence[EventMention], own: set[str], codebook: Codebook, table: ActorTable) -> tuple[Actor, ...] | None:
    """Who did the act that the nouns point back to: the nearest event of the noun's family by another side, one with the same word first."""
    best: tuple[float, tuple[Actor, ...]] | None = None
    for noun in nouns:
        types = codebook.anaphora[noun]
        for other in mentions:
            if other is m or other.event_type not in types or other.modality != "actual":
                continue
            pool = (*other.source, *other.target) if other.event_type in _COOPERATIVE else other.source
            others = tuple(a for a in pool if _key(a) not in own)
            if not others and (pool or not (other.is_passive or other.nominal or other.incomplete)):
                continue
            gap = m.sentence - other.sentence
            cost = (gap if gap >= 0 else 3 - gap) * 0.7 - (3 if noun in other.evidence.text.lower() or noun in other.rule else 0)
            if best is None or cost < best[0]:
                best = (cost, others)
        if noun in ("resolution", "vote", "sanction", "measure", "draft"):
            body = _last_body(m, table, own)
            if body and (best is None or best[0] > -2):
                return body
    return best[1] if best and best[0] < 6 else None


def _last_body(m: EventMention, table: ActorTable, own: set[str]) -> tuple[Actor, ...]:
    """The last intergovernmental body spoken of: who passes resolutions."""
    for number in range(m.sentence, max(-1, m.sentence - 7), -1):
        for phrase in reversed(table.phrases[number].values()):
            if phrase.actors and "IGO" in phrase.actors[0].sectors and _key(phrase.actors[0]) not in own:
                return phrase.actors[:1]
    return ()


def _hostile_sources(mentions: Sequence[EventMention]) -> Counter[str]:
    """How often each country is the source of a hostile act in the document."""
    out: Counter[str] = Counter()
    for m in mentions:
        if m.modality == "actual" and m.event_type in ("ASSAULT", "COERCE", "SANCTION", "MOBILIZE", "THREATEN"):
            out.update({a.country for a in m.source if a.country})
    return out


def _other_side(m: EventMention, table: ActorTable, own: set[str], hostile: Counter[str]) -> tuple[Actor, ...]:
    """The other side of the quarrel: the last other actor spoken of nearby, preferring the countries that the document is about."""
    ranks = {code: i for i, (code, _) in enumerate(table.countries)}
    best: tuple[float, tuple[Actor, ...]] | None = None
    for gap in range(_MAX_GAP_SENTENCES + 1):
        number = m.sentence - gap
        if number < 0:
            break
        for k, phrase in table.phrases[number].items():
            if gap == 0 and k >= m.trigger or phrase.kind in ("place", "expert", "unknown", "property"):
                continue
            others = tuple(a for a in phrase.actors if (a.country or a.entity) and (a.country or a.entity) not in own and not {"JRN", "IGO", "NGO", "EDU"} & set(a.sectors))
            if not others or len(others) < len(phrase.actors):
                continue
            cost = gap * 1.5 + min(ranks.get(others[0].country or "", 9), 4) * 1.5 + (0 if gap else 0.5) - min(hostile[others[0].country or ""], 3)
            if best is None or cost < best[0]:
                best = (cost, others)
    if best is not None and best[0] < 6.0:
        a = best[1][0]
        return (msgspec.structs.replace(a, text=a.text),)
    return _domestic_side(m, table)


_STATE = frozenset({"GOV", "MIL", "COP", "LEG", "JUD", "SPY"})


def _domestic_side(m: EventMention, table: ActorTable) -> tuple[Actor, ...]:
    """Within one country: the government for those who stand against it; for the state, the last opponents spoken of, else its people."""
    home = next((a.country for a in m.source if a.country), None)
    if home is None or home != table.home:
        return ()
    name = next(a.name for a in m.source if a.country == home)
    if not _STATE & {x for a in m.source for x in a.sectors}:
        return (Actor("", name, home, ("GOV",)),) if m.event_type not in ("ASSAULT", "ACCUSE") else ()
    if m.event_type == "ACCUSE":
        return ()
    for number in range(m.sentence, max(-1, m.sentence - 4), -1):
        for phrase in reversed(table.phrases[number].values()):
            found = tuple(a for a in phrase.actors if a.country == home and {"REB", "OPP", "PTY", "CVL", "LAB", "EDU", "REL", "NGO", "SOC", "CRM"} & set(a.sectors))
            if found and phrase.kind not in ("property", "expert"):
                return found[:1]
    return (Actor("", name, home, ("CVL",)),) if m.event_type in ("COERCE",) else ()
