"""Event mentions with a missing role -> the same with the role that the document gives: the act that is condemned, the other side of the quarrel.

A newspaper names the other side once and then writes "condemned the test", "threatened to hit back", "demanded an apology". For each type of
event the ways to find the other side are tried in a fixed order (``_WAYS``); what none of them finds stays empty.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

from detente.codebook.load import Codebook
from detente.codebook.types import JUDGING, STATE_SECTORS
from detente.coding.authorities import PRESS_DOES_NOT, drop_own_forces, drop_press, name_authority, name_decreeing_state, restrict_between_states
from detente.coding.grammar import is_verb, read_clause, subtree
from detente.coding.phrases import ActorTable, Phrase, expand
from detente.records import Actor, EventMention, Sentence

_PEOPLE = frozenset({"CVL", "LAB", "EDU", "REL", "AGR", "SOC", "NGO", "MED", "REF"})
_NO_PARTY = frozenset({"IGO", "JRN", "NGO", "EDU"})
_COOPERATIVE = frozenset({"CONSULT", "AGREE", "SUPPORT", "COOPERATE", "RETREAT", "CONCEDE"})
_HOSTILE = frozenset({"ASSAULT", "COERCE", "SANCTION", "MOBILIZE", "THREATEN"})
_QUARREL = _HOSTILE | {"ACCUSE", "REJECT"}
DOMESTIC_SHARE = 0.6
"""From this share of country mentions on, a document is about one country, whose sectors are then sides of their own. Set on the sample corpora."""
QUARREL_BONUS = 3.5
"""How much nearer a side counts with which the source is known to quarrel in the document. Set on the sample corpora."""
MAX_GAP_SENTENCES = 3
"""How far back the other side is looked for."""


class _Story(msgspec.Struct, frozen=True):
    """What the document as a whole tells of its sides."""

    mentions: Sequence[EventMention]
    table: ActorTable
    codebook: Codebook
    hostile: Counter[str]
    ranks: Mapping[str, int]
    is_domestic: bool
    has_protest: bool
    initiator: str | None
    quarrels: Mapping[str, Mapping[str, tuple[int, Actor]]]


def complete_roles(mentions: Sequence[EventMention], sentences: Sequence[Sentence], table: ActorTable, codebook: Codebook) -> list[EventMention]:
    """Event mentions -> event mentions with missing targets (and the authorities behind agentless arrests and trials) where the document gives them."""
    story = _read_story(mentions, table, codebook)
    out: list[EventMention] = []
    for m in mentions:
        m = name_decreeing_state(drop_own_forces(drop_press(m)), story.table.home if story.is_domestic else None)
        if not m.source and not m.target and not m.incomplete:
            continue
        s, here = sentences[m.sentence], table.phrases[m.sentence]
        if m.source and not m.own_object and not m.incomplete and (not m.target or _hits_itself(m)):
            told = _deed_above(m, s, here, story)
            target = told or _find_target(m, s, here, story)
            if target:
                m = msgspec.structs.replace(m, target=target, needs_target=False, inferred=() if told else ("target",))
        elif m.source and m.weak_target and not m.incomplete:
            named = _inside(m, s, here, _sides(m.source, story), story)
            m = msgspec.structs.replace(m, target=named, inferred=("target",)) if named else m
        elif m.target and not m.source and not m.incomplete and m.is_passive:
            m = msgspec.structs.replace(name_authority(m, s, table, story.table.home if story.is_domestic else None), inferred=("source",))
        if not m.needs_target:
            out.append(restrict_between_states(drop_own_forces(m), codebook))
    return out


def _read_story(mentions: Sequence[EventMention], table: ActorTable, codebook: Codebook) -> _Story:
    total = sum(n for _, n in table.countries)
    is_domestic = bool(table.countries) and table.countries[0][1] >= DOMESTIC_SHARE * total and table.countries[0][0] == table.home
    hostile: Counter[str] = Counter()
    initiator: str | None = None
    for m in mentions:
        if m.modality == "actual" and m.event_type in _HOSTILE:
            sides = [_side(a, table.home if is_domestic else None) for a in m.source if not _NO_PARTY & set(a.sectors)]
            hostile.update(set(sides))
            initiator = initiator or (sides[0] if sides else None)
    ranks = {code: i for i, (code, _) in enumerate(table.countries)}
    home = table.home if is_domestic else None
    quarrels: dict[str, dict[str, tuple[int, Actor]]] = {}
    for m in mentions:
        if m.event_type in _QUARREL and m.modality == "actual" and not m.weak_target:
            for a in m.source:
                for b in m.target:
                    if _side(a, home) != _side(b, home) and not _NO_PARTY & set(b.sectors):
                        known = quarrels.setdefault(_side(a, home), {})
                        known[_side(b, home)] = (known.get(_side(b, home), (0, b))[0] + 1, b)
    return _Story(mentions, table, codebook, hostile, ranks, is_domestic, any(m.event_type == "PROTEST" for m in mentions), initiator, quarrels)


def _side(a: Actor, home: str | None) -> str:
    """The side that an actor stands on: its country; within the home country of a domestic story, its branch; else the body itself."""
    if a.country and a.country == home:
        sectors = set(a.sectors)
        branch: str | None = next((x for x in ("GOV", "LEG", "JUD", "MIL", "COP", "REB") if x in sectors), None)
        branch = {"COP": "GOV", "SPY": "GOV"}.get(branch or "", branch)
        return f"{home}/{branch or ('OPP' if {'OPP', 'PTY'} & sectors else 'CVL' if sectors & _PEOPLE else a.sectors[0] if a.sectors else '')}"
    if a.country:
        return a.country
    return "United Nations" if a.name.startswith(("UN ", "United Nations")) else a.name if "IGO" in a.sectors else a.entity or a.name


def _sides(actors: Iterable[Actor], story: _Story) -> set[str]:
    home = story.table.home if story.is_domestic else None
    return {_side(a, home) for a in actors}


def _others(actors: Iterable[Actor], own: set[str], story: _Story) -> tuple[Actor, ...]:
    home = story.table.home if story.is_domestic else None
    return tuple(a for a in actors if _side(a, home) not in own)


def _hits_itself(m: EventMention) -> bool:
    """A state that "warns" its own forces: the words below the trigger misled, the other side is meant."""
    countries = {a.country for a in (*m.source, *m.target)}
    return m.event_type == "THREATEN" and len(countries) == 1 and all({"GOV", "MIL"} & set(a.sectors) for a in (*m.source, *m.target))


# -- the ways ------------------------------------------------------------------------------------------------------------
Way = Callable[[EventMention, Sentence, Mapping[int, Phrase], set[str], _Story], tuple[Actor, ...] | None]


def _find_target(m: EventMention, s: Sentence, here: Mapping[int, Phrase], story: _Story) -> tuple[Actor, ...]:
    own = _sides(m.source, story)
    for way in _WAYS.get(m.event_type, ()):
        found = way(m, s, here, own, story)
        if found is not None:
            return found
    return ()


def _inside(m: EventMention, s: Sentence, here: Mapping[int, Phrase], own: set[str], story: _Story) -> tuple[Actor, ...] | None:
    """Another side named below the trigger: in the object, the complement clause or its phrases; the nearest."""
    skip = {a.span for a in m.source}
    if m.event_type == "SUPPORT" and any(
        s.deps[k] == "dobj" and story.codebook.anaphora.get(s.lemmas[k], frozenset()) & _HOSTILE and s.lemmas[k] not in ("move", "decision", "step", "action", "act")
        for k in s.children[m.trigger]
    ):
        return None  # to support sanctions on Iran is not to support Iran
    if any(s.deps[k] == "dobj" and k not in here and s.tags[k] in ("NNP", "NNPS") for k in s.children[m.trigger]):
        return ()  # "accused the West of": somebody is named whom the register does not know
    best: tuple[float, tuple[Actor, ...]] | None = None
    for k in subtree(s, m.trigger):
        if k not in here or k == m.trigger or here[k].kind in ("place", "expert") or any(a.span in skip for a in here[k].actors):
            continue
        phrase = here[k]
        others = tuple(a for a in _others(phrase.actors, own, story) if not (m.event_type in PRESS_DOES_NOT and _NO_PARTY & set(a.sectors)))
        if not others or k < m.trigger and s.deps[k] in ("nsubj", "nsubjpass") or phrase.kind == "property" and phrase.inferred:
            continue
        prep, is_near = _governing_preposition(s, k, m.trigger)
        if prep in _NOT_TOWARDS.get(m.event_type, _NOT_TARGET_PREPS):
            continue
        if m.event_type == "REQUEST" and not (s.deps[k] in ("dobj", "dative") or prep in ("to", "on", "from", "with", "by", "upon") and is_near):
            continue
        cost = abs(k - m.trigger) + (6 if phrase.kind == "owner" else 0) - (4 if prep in ("with", "against", "on", "at", "over", "of") else 0)
        if best is None or cost < best[0]:
            best = (cost, others)
    return best[1] if best else None


_NOT_TARGET_PREPS = frozenset({"in", "at", "near", "by", "from", "after", "during", "following", "until", "before", "since", "to"})
_TO_COUNTS = _NOT_TARGET_PREPS - {"to"}
_NOT_TOWARDS = {t: _TO_COUNTS for t in ("REJECT", "ACCUSE", "AGREE", "AID", "SANCTION")} | {"REQUEST": frozenset()}


def _governing_preposition(s: Sentence, k: int, trigger: int) -> tuple[str, bool]:
    """The preposition whose object token ``k`` belongs to, and whether it hangs right on the trigger."""
    token = k
    for _ in range(4):
        if s.deps[token] == "pobj":
            return s.lemmas[s.heads[token]].lower(), s.heads[s.heads[token]] == trigger
        if s.heads[token] == token:
            break
        token = s.heads[token]
    return "", False


def _deed_above(m: EventMention, s: Sentence, here: Mapping[int, Phrase], story: _Story) -> tuple[Actor, ...]:
    """ "launched a missile, which Seoul denounced": who did what the relative clause judges."""
    if (
        m.event_type not in JUDGING
        or s.deps[m.trigger] != "relcl"
        or not any(s.deps[c] in ("dobj", "nsubjpass") and s.words[c].lower() in ("which", "that") for c in s.children[m.trigger])
    ):
        return ()
    own = _sides(m.source, story)
    noun = s.heads[m.trigger]
    if noun in here and here[noun].kind != "place" and not here[noun].inferred:
        named = _others(here[noun].actors, own, story)
        if named:
            return named
    token = noun
    while s.heads[token] != token and not is_verb(s, token):
        token = s.heads[token]
    doers = expand(s, read_clause(s, token).subjects, here) if is_verb(s, token) else ()
    return _others(doers, own, story)


def _act(m: EventMention, s: Sentence, here: Mapping[int, Phrase], own: set[str], story: _Story) -> tuple[Actor, ...] | None:
    """Who did the act that the object points back to ("condemned the test"): the nearest event of the noun's family by another side.

    An act whose doer the document does not know gives the empty tuple: nobody is named.
    """
    below = [*s.children[m.trigger], *(c for p in s.children[m.trigger] if s.deps[p] == "prep" for c in s.children[p])]
    nouns = [s.lemmas[k].lower() for k in below if s.deps[k] in ("dobj", "pobj", "nsubjpass") and s.lemmas[k].lower() in story.codebook.anaphora]
    if not nouns and m.rule.startswith("reject.deny") and any(s.tags[k] in ("PRP", "DT", "WDT") for k in below if s.deps[k] == "dobj"):
        nouns = ["accusation"]  # "The ministry denied it"
    if {"resolution", "vote", "draft"} & set(nouns):
        body = _last_body(m, own, story, {"IGO"})
        if body:
            return body
    best: tuple[float, tuple[Actor, ...]] | None = None
    for noun in nouns:
        for other in story.mentions:
            if other is m or other.event_type not in story.codebook.anaphora[noun] or other.modality != "actual":
                continue
            pool = (*other.source, *other.target) if other.event_type in _COOPERATIVE else other.source
            others = _others(pool, own, story)
            if not others and (pool or not (other.is_passive or other.nominal or other.incomplete)):
                continue
            gap = m.sentence - other.sentence
            same_word = noun in other.evidence.text.lower() or noun in other.rule
            cost = (gap if gap >= 0 else 3 - gap) * 0.7 - (3 if same_word else 0)
            if best is None or cost < best[0]:
                best = (cost, others)
        if noun in ("resolution", "vote", "sanction", "measure", "draft", "ruling", "verdict", "warrant", "judgment", "judgement"):
            body = _last_body(m, own, story, {"JUD"} if noun in ("ruling", "verdict", "warrant", "judgment", "judgement") else {"IGO"})
            if body and (best is None or best[0] > -2):
                return body
    return best[1] if best and best[0] < 6 else None


def _last_body(m: EventMention, own: set[str], story: _Story, sectors: set[str]) -> tuple[Actor, ...]:
    """The last body of a kind spoken of: who passes resolutions, who rules."""
    for number in range(m.sentence, max(-1, m.sentence - 7), -1):
        for phrase in reversed(story.table.phrases[number].values()):
            if phrase.actors and sectors & set(phrase.actors[0].sectors) and _others(phrase.actors[:1], own, story):
                return phrase.actors[:1]
    return ()


def _other_side(m: EventMention, s: Sentence, here: Mapping[int, Phrase], own: set[str], story: _Story) -> tuple[Actor, ...] | None:
    """The other side of the quarrel: the last other side spoken of nearby, those that act with hostility and that the story is about first."""
    home = story.table.home if story.is_domestic else None
    best: tuple[float, tuple[Actor, ...]] | None = None
    for gap in range(MAX_GAP_SENTENCES + 1):
        number = m.sentence - gap
        if number < 0:
            break
        for k, phrase in story.table.phrases[number].items():
            if gap == 0 and k >= m.trigger or phrase.kind in ("place", "expert", "unknown", "property"):
                continue
            others = tuple(a for a in _others(phrase.actors, own, story) if (a.country or a.entity) and not _NO_PARTY & set(a.sectors))
            if not others or len(others) < len(phrase.actors):
                continue
            side = _side(others[0], home)
            known = sum(story.quarrels.get(o, {}).get(side, (0,))[0] for o in own)
            cost = gap * 1.5 + min(story.ranks.get(others[0].country or "", 2), 4) * 1.5 + (0 if gap else 0.5) - min(story.hostile[side], 3) - min(known, 2) * QUARREL_BONUS
            if best is None or cost < best[0]:
                best = (cost, others)
    if best is not None and best[0] < 6.0:
        return best[1][:1]
    known_targets = [pair for o in own for pair in story.quarrels.get(o, {}).values()]
    return (max(known_targets, key=lambda pair: pair[0])[1],) if known_targets else None


def _outsider(m: EventMention, s: Sentence, here: Mapping[int, Phrase], own: set[str], story: _Story) -> tuple[Actor, ...] | None:
    """Other countries' words on a story about one country are meant for it: its rulers."""
    home = story.table.home
    if not story.is_domestic or home is None or any(a.country == home for a in m.source) or {"JRN"} & {x for a in m.source for x in a.sectors}:
        return None
    for number in range(m.sentence, -1, -1):
        for phrase in story.table.phrases[number].values():
            found = tuple(a for a in phrase.actors if a.country == home and {"GOV", "MIL"} & set(a.sectors))
            if found and phrase.kind not in ("place", "property", "expert"):
                return found[:1]
    return None


def _domestic(m: EventMention, s: Sentence, here: Mapping[int, Phrase], own: set[str], story: _Story) -> tuple[Actor, ...] | None:
    """Within one country: the government for those who stand against it; for the state, the last opponents spoken of."""
    home = next((a.country for a in m.source if a.country), None)
    if home is None or home != story.table.home:
        return None
    name = next(a.name for a in m.source if a.country == home)
    if not STATE_SECTORS & {x for a in m.source for x in a.sectors}:
        return (Actor("", name, home, ("GOV",)),) if m.event_type != "ASSAULT" or any("REB" in a.sectors for a in m.source) else None
    for number in range(m.sentence, max(-1, m.sentence - 4), -1):
        for phrase in reversed(story.table.phrases[number].values()):
            found = tuple(a for a in phrase.actors if a.country == home and (_PEOPLE | {"REB", "OPP", "PTY", "CRM"}) & set(a.sectors))
            if found and phrase.kind not in ("property", "expert"):
                return found[:1]
    return None


def _opponents(m: EventMention, s: Sentence, here: Mapping[int, Phrase], own: set[str], story: _Story) -> tuple[Actor, ...] | None:
    """The government, for parties, unions and citizens of the story's country."""
    return _domestic(m, s, here, own, story) if not STATE_SECTORS & {x for a in m.source for x in a.sectors} else None


def _citizens(m: EventMention, s: Sentence, here: Mapping[int, Phrase], own: set[str], story: _Story) -> tuple[Actor, ...] | None:
    """The people, for curfews and bans that name nobody."""
    home = next((a.country for a in m.source if a.country), None)
    if home is None or home != story.table.home or not story.is_domestic:
        return None
    return (Actor("", next(a.name for a in m.source if a.country == home), home, ("CVL",)),)


def _government(m: EventMention, s: Sentence, here: Mapping[int, Phrase], own: set[str], story: _Story) -> tuple[Actor, ...] | None:
    """The protesters' own government."""
    home = next((a.country for a in m.source if a.country), None)
    if home is None or "GOV" in {x for a in m.source for x in a.sectors}:
        return None
    return (Actor("", next(a.name for a in m.source if a.country == home), home, ("GOV",)),)


def _flown_over(m: EventMention, s: Sentence, here: Mapping[int, Phrase], own: set[str], story: _Story) -> tuple[Actor, ...] | None:
    """A missile "over Japan", "through Japan's airspace", "toward Guam"; a weapons test at nobody has no target."""
    if "weapons" not in m.modes:
        return None
    for k in subtree(s, m.trigger):
        if k in here and s.deps[k] == "pobj" and s.lemmas[s.heads[k]].lower() in ("over", "through", "toward", "towards", "into", "at", "across"):
            others = tuple(a for a in _others(here[k].actors, own, story) if a.country)
            if others:
                return others
    return () if story.initiator is None or story.initiator in own else None


def _adversary(m: EventMention, s: Sentence, here: Mapping[int, Phrase], own: set[str], story: _Story) -> tuple[Actor, ...] | None:
    """For shows of force: the other side only where it has acted with hostility; protesters in a domestic story."""
    leading = [code for code, _ in story.table.countries[:3]]
    if story.initiator is not None and story.initiator not in own and story.initiator.split("/")[0] in leading:
        return _other_side(m, s, here, own, story)
    return _citizens(m, s, here, own, story) if story.has_protest else ()


def _addressee(m: EventMention, s: Sentence, here: Mapping[int, Phrase], own: set[str], story: _Story) -> tuple[Actor, ...] | None:
    """Whom a demand is meant for: "urged him", "demanded an explanation"; outsiders call on the side that acts with hostility."""
    if (
        any(s.tags[k] == "PRP" for k in s.children[m.trigger] if s.deps[k] in ("dobj", "nsubj"))
        or m.cameo.startswith(("10", "024", "0253", "025"))
        and "call-for" not in m.rule
        and "restraint" not in m.rule
    ):
        found = _other_side(m, s, here, own, story)
        if found:
            return found
    return None


def _parties(m: EventMention, s: Sentence, here: Mapping[int, Phrase], own: set[str], story: _Story) -> tuple[Actor, ...] | None:
    """Whom a mediator brings together: the last two other sides."""
    if "mediat" not in m.rule and "045" not in m.cameo:
        return None
    home = story.table.home if story.is_domestic else None
    pair: dict[str, Actor] = {}
    for number in range(m.sentence, max(-1, m.sentence - 5), -1):
        for phrase in reversed(story.table.phrases[number].values()):
            for a in _others(phrase.actors, own, story):
                if phrase.kind not in ("place", "property", "expert") and not _NO_PARTY & set(a.sectors) and len(pair) < 2:
                    pair.setdefault(_side(a, home), a)
    return tuple(pair.values()) or None


_WAYS: Mapping[str, tuple[Way, ...]] = {
    "ACCUSE": (_inside, _act, _outsider, _opponents, _other_side),
    "REJECT": (_inside, _act, _outsider, _opponents, _other_side, _domestic),
    "THREATEN": (_inside, _act, _opponents, _other_side, _domestic),
    "SUPPORT": (_inside, _act),
    "REQUEST": (_inside, _addressee, _outsider),
    "SANCTION": (_inside, _act, _outsider, _other_side),
    "ASSAULT": (_inside, _opponents, _other_side, _domestic),
    "MOBILIZE": (_flown_over, _inside, _adversary),
    "AGREE": (_inside, _opponents, _other_side),
    "COERCE": (_inside, _domestic, _citizens),
    "RETREAT": (_inside, _domestic),
    "CONCEDE": (_inside, _domestic),
    "PROTEST": (_government,),
    "CONSULT": (_inside, _parties),
    "AID": (_inside,),
    "COOPERATE": (_inside,),
}
