"""Events of a document -> the same with source and target weighed anew: the rules' choice against everybody else whom the document speaks of nearby.

A linear score over candidates; what the rules chose is a strong feature among others, so that they are overruled only where much speaks against them.
The weights stand in ``codebook/data/reference.toml``; ``tools/fit_reference.py`` fits them on the annotated corpora.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from detente.codebook.types import STATE_SECTORS
from detente.coding.authorities import is_own_force
from detente.coding.grammar import first_conjunct
from detente.coding.phrases import ActorTable, Phrase, expand
from detente.records import Actor, EventMention, Sentence

Role = Literal["source", "target"]
MAX_GAP_SENTENCES = 3
MAX_CANDIDATES = 14
LEADING = 3
"""How many of the sides that the document speaks of most are candidates wherever they are named."""
MAX_PATH = 4
"""Dependency steps between trigger and candidate that are told apart."""


class Candidate(msgspec.Struct, frozen=True):
    """Somebody who may fill a role: the actors, and the phrase that names them nearest to the trigger (``None``: named nowhere near)."""

    actors: tuple[Actor, ...]
    phrase: Phrase | None = None
    sentence: int = -1
    token: int = -1


UNKNOWN = Phrase((), "unknown attacker")
"""Stands for a phrase where nobody is said to have done a deed of violence."""
FIRM = frozenset({"country", "capital", "body", "person", "group"})
"""Kinds of phrases that name somebody, where no country had to be guessed."""
OWN_STATE = Phrase((), "own state")
"""Stands for a phrase where the candidate is the government of the source's own country, named or not."""


class Scene(msgspec.Struct, frozen=True):
    """What all mentions of a document have in common: how often each side is spoken of, and who acts on whom."""

    sentences: Sequence[Sentence]
    table: ActorTable
    counts: Mapping[str, int]
    ranks: Mapping[str, int]
    leading: tuple[Candidate, ...]
    titled: frozenset[str]
    acts: Mapping[tuple[str, str], int]


def branch_of(sectors: Sequence[str]) -> str:
    """Which side within a country an actor of these sectors stands on: the state, its opponents, armed groups, or the people."""
    found = set(sectors)
    return "armed" if "REB" in found else "opposition" if found & {"OPP", "PTY"} and "GOV" not in found else "state" if found & STATE_SECTORS else "people"


def side_key(a: Actor) -> str:
    """What makes two actors one side: country and branch, else the body's name."""
    return f"{a.country} {branch_of(a.sectors)}" if a.country else a.entity or a.name


def read_scene(mentions: Sequence[EventMention], sentences: Sequence[Sentence], table: ActorTable) -> Scene:
    """The document's sides."""
    counts: Counter[str] = Counter()
    for here in table.phrases:
        for phrase in (p for p in here.values() if p.kind not in ("place", "expert")):
            counts.update(list(dict.fromkeys(side_key(a) for a in phrase.actors)))
    acts: Counter[tuple[str, str]] = Counter((side_key(a), side_key(b)) for m in mentions for a in m.source for b in m.target)
    ranks = {key: n for n, (key, _) in enumerate(counts.most_common())}
    alone = [p for here in table.phrases for p in here.values() if p.kind not in ("place", "expert") and len(p.actors) == 1]
    first = ((next((p for p in alone if side_key(p.actors[0]) == key), None)) for key in list(ranks)[:LEADING])
    leading = [Candidate(p.actors, p) for p in first if p is not None]
    titled = frozenset(side_key(a) for s, here in zip(sentences, table.phrases, strict=True) if s.kind == "title" for p in here.values() for a in p.actors)
    return Scene(sentences, table, counts, ranks, tuple(leading), titled, acts)


def find_candidates(m: EventMention, role: Role, scene: Scene) -> list[Candidate]:
    """The rules' choice first, then nobody, then whom the sentence and those before it speak of, nearest first; each side once."""
    chosen, other = (m.source, m.target) if role == "source" else (m.target, m.source)
    out = [Candidate(chosen)] if chosen else []
    identical = {(side_key(a), a.sectors) for a in other}
    seen = {frozenset(side_key(a) for a in chosen)} if chosen else set()
    out.append(Candidate(()))
    if role == "source" and not chosen and m.event_type == "ASSAULT":
        out.append(Candidate((Actor("", "unidentified", None, ("UAF",)),), UNKNOWN))
    for gap in range(MAX_GAP_SENTENCES + 1):
        number = m.sentence - gap
        if number < 0:
            break
        s, here = scene.sentences[number], scene.table.phrases[number]
        heads = sorted(here, key=lambda k: abs(k - m.trigger) if gap == 0 else -k)
        for k in heads:
            phrase = here[k]
            if phrase.kind == "expert" or not phrase.actors:
                continue
            for actors in dict.fromkeys((expand(s, [first_conjunct(s, k)], here) or phrase.actors, phrase.actors)):
                keys = frozenset(side_key(a) for a in actors)
                if keys and keys not in seen and len(out) < MAX_CANDIDATES and not _are_own_forces(actors, m, role) and not identical & {(side_key(a), a.sectors) for a in actors}:
                    seen.add(keys)
                    out.append(Candidate(actors, phrase, number, k))
    for lead in scene.leading:
        keys = frozenset(side_key(a) for a in lead.actors)
        if keys not in seen and not _are_own_forces(lead.actors, m, role) and not identical & {(side_key(a), a.sectors) for a in lead.actors}:
            seen.add(keys)
            out.append(lead)
    if role == "target":
        for a in other[:1]:
            if a.country and not {"GOV", "MIL"} & set(a.sectors) and frozenset({f"{a.country} state"}) not in seen:
                out.append(Candidate((Actor("", a.name, a.country, ("GOV",)),), OWN_STATE))
    return out


def _are_own_forces(actors: Sequence[Actor], m: EventMention, role: Role) -> bool:
    """Whether the actors are the police or army of the state that moves them: nobody shows his force to his own."""
    return role == "target" and m.event_type == "MOBILIZE" and all(is_own_force(a, m.source) for a in actors)


def describe_candidate(c: Candidate, m: EventMention, role: Role, scene: Scene) -> dict[str, float]:
    """A candidate for a role of a mention -> named features."""
    chosen, other = (m.source, m.target) if role == "source" else (m.target, m.source)
    kind = m.event_type
    if not c.actors:
        return {"nobody": 1.0, f"nobody {kind}": 1.0, "nobody, chosen": float(not chosen), "nobody, passive": float(m.is_passive), "nobody, nominal": float(m.nominal)}
    out: dict[str, float] = {}
    is_chosen = bool(chosen) and c.phrase is None
    token, number = (c.token, c.sentence) if not is_chosen else _where(chosen, m, scene)
    if is_chosen:
        near = "inferred" if role in m.inferred else "by grammar" if number == m.sentence else "by grammar, elsewhere"
        out |= {"chosen": 1.0, f"chosen {near}": 1.0, f"chosen {kind}": 1.0, f"chosen {near} {kind}": 1.0, "chosen weak": float(m.weak_target), "chosen nominal": float(m.nominal)}
    if c.phrase is UNKNOWN:
        return {"unknown attacker": 1.0, "unknown attacker, passive": float(m.is_passive), "unknown attacker, nominal": float(m.nominal)}
    keys = {side_key(a) for a in c.actors}
    others = {side_key(a) for a in other}
    out["same as other"] = float(bool(keys & others))
    out["own country"] = float(any(a.country is not None and a.country == b.country for a in c.actors for b in other))
    sector = c.actors[0].sectors[0] if c.actors[0].sectors else ""
    out[f"{kind} {sector}"] = out[f"sector {sector}"] = 1.0
    out[f"rank {min(min(scene.ranks.get(k, 9) for k in keys), 4)}"] = 1.0
    out[f"rank {min(min(scene.ranks.get(k, 9) for k in keys), 4)} {kind}"] = 1.0
    out["titled"] = float(bool(keys & scene.titled))
    near_home = "home" if {a.country for a in c.actors} & {a.country for a in other if a.country} else "abroad"
    if other:
        theirs = other[0].sectors[0] if other[0].sectors else ""
        out[f"{kind} {sector} and {theirs} {near_home}"] = out[f"{sector} and {theirs} {near_home}"] = 1.0
    out[f"{kind} {near_home}"] = 1.0
    if c.phrase is OWN_STATE:
        out["own state"] = out[f"own state {kind}"] = 1.0
    out |= _describe_standing(token, number, m, scene, "by grammar" if is_chosen and role not in m.inferred else None) if number >= 0 else {"nowhere": 1.0}
    total = sum(scene.counts.values()) or 1
    share = max((scene.counts.get(k, 0) / total for k in keys), default=0.0)
    out["share"] = share
    out["most spoken of"] = float(share == max(scene.counts.values(), default=0) / total)
    out["speaker"] = float(bool(keys & {side_key(a) for a in m.said_by}))
    forth = sum(scene.acts.get((k, o) if role == "source" else (o, k), 0) for k in keys for o in others) - int(is_chosen)
    back = sum(scene.acts.get((o, k) if role == "source" else (k, o), 0) for k in keys for o in others)
    out["acts"], out["is acted on"] = math.log1p(max(forth, 0)), math.log1p(back)
    return out


def _describe_standing(token: int, number: int, m: EventMention, scene: Scene, path: str | None) -> dict[str, float]:
    """Where a candidate stands to the trigger: in which sentence, before or behind it, by which ``path`` of the parse (looked up where none is given)."""
    out: dict[str, float] = {}
    kind = m.event_type
    gap = m.sentence - number
    phrase = scene.table.phrases[number].get(token)
    out[f"gap {gap}"] = 1.0
    if phrase is not None:
        out[f"kind {phrase.kind}"] = 1.0
        out[f"kind {phrase.kind} gap {min(gap, 1)}"] = 1.0
    if gap == 0:
        before = token < m.trigger
        out["before" if before else "after"] = 1.0
        out["distance"] = math.log1p(abs(token - m.trigger)) / 3
        path = path or _path(scene.sentences[m.sentence], m.trigger, token)
        out[f"path {path}"] = 1.0
        voice = "passive" if m.is_passive else "nominal" if m.nominal else "active"
        out[f"path {path} {voice}"] = out[f"path {path} {voice} {kind}"] = 1.0
    else:
        there = scene.sentences[number]
        out[f"earlier {there.deps[token]}"] = 1.0
        out["earlier title"] = float(there.kind == "title")
    return out


def _where(actors: Sequence[Actor], m: EventMention, scene: Scene) -> tuple[int, int]:
    """Token and sentence of the phrase that names the actors nearest to the trigger; (-1, -1) where none does."""
    spans = {a.span for a in actors if a.span is not None}
    for gap in range(MAX_GAP_SENTENCES + 1):
        number = m.sentence - gap
        if number < 0:
            break
        here = scene.table.phrases[number]
        found = [k for k, p in here.items() if any(a.span in spans for a in p.actors)]
        if found:
            return (min(found, key=lambda k: abs(k - m.trigger)) if gap == 0 else found[-1]), number
    keys = {side_key(a) for a in actors}
    found = [k for k, p in scene.table.phrases[m.sentence].items() if any(side_key(a) in keys for a in p.actors)]
    return (min(found, key=lambda k: abs(k - m.trigger)), m.sentence) if found else (-1, -1)


def _path(s: Sentence, trigger: int, token: int) -> str:
    """Dependency labels from the trigger up and down to the token, prepositions by name."""
    up, down = _chain(s, trigger), _chain(s, token)
    top = next((k for k in up if k in down), None)
    if top is None:
        return "none"
    ascent, descent = up[: up.index(top)], down[: down.index(top)][::-1]
    if len(ascent) + len(descent) > MAX_PATH:
        return f"far {'up' if ascent else ''}{'down' if descent else ''}"
    return "^".join(s.deps[k] for k in ascent) + "|" + ">".join(f"{s.lemmas[k].lower()}" if s.deps[k] in ("prep", "agent") else s.deps[k] for k in descent)


def _chain(s: Sentence, token: int) -> list[int]:
    out = [token]
    while s.heads[out[-1]] != out[-1] and len(out) < 40:
        out.append(s.heads[out[-1]])
    return out


def choose_parties(
    groups: Sequence[Sequence[EventMention]], sentences: Sequence[Sentence], table: ActorTable, weights: Mapping[str, Mapping[str, float]]
) -> list[list[EventMention]]:
    """Mentions grouped by event, best first -> the same groups with the likeliest source and target in all mentions of each event."""
    scene = read_scene([m for g in groups for m in g], sentences, table)
    out = []
    for group in groups:
        said = tuple(dict.fromkeys(a for m in group for a in m.said_by))
        key = _with_role(_with_role(msgspec.structs.replace(group[0], said_by=said, inferred=()), "source", group), "target", group)
        if key.source or key.target:
            key = _choose(_choose(key, "source", scene, weights["source"]), "target", scene, weights["target"])
        out.append([msgspec.structs.replace(m, source=key.source, target=key.target, doubt=key.doubt) for m in group])
    return out


def _with_role(key: EventMention, role: Role, group: Sequence[EventMention]) -> EventMention:
    """What the grammar of any mention of the group says of a role goes before what was found elsewhere."""
    told = next((m for m in group if getattr(m, role) and role not in m.inferred), None)
    if told is None:
        told = next((m for m in group if getattr(m, role)), key)
        key = msgspec.structs.replace(key, inferred=(*key.inferred, role))
    found: tuple[Actor, ...] = getattr(told, role)
    return msgspec.structs.replace(key, source=found) if role == "source" else msgspec.structs.replace(key, target=found)


def _is_firm(m: EventMention, role: Role, scene: Scene) -> bool:
    """Whether the grammar gives the role and the words name who it is: nothing in the document can say it better."""
    chosen = m.source if role == "source" else m.target
    if not chosen or role in m.inferred:
        return False
    token, number = _where(chosen, m, scene)
    phrase = scene.table.phrases[number].get(token) if number == m.sentence else None
    return phrase is not None and phrase.kind in FIRM and not phrase.inferred


def _choose(m: EventMention, role: Role, scene: Scene, weights: Mapping[str, float]) -> EventMention:
    if _is_firm(m, role, scene):
        return m
    candidates = find_candidates(m, role, scene)
    scores = [sum(weights.get(name, 0.0) * value for name, value in describe_candidate(c, m, role, scene).items()) for c in candidates]
    top = max(scores)
    best = candidates[scores.index(top)].actors
    doubt = m.doubt + math.log(sum(math.exp(score - top) for score in scores))
    return msgspec.structs.replace(m, source=best, doubt=doubt) if role == "source" else msgspec.structs.replace(m, target=best, doubt=doubt)
