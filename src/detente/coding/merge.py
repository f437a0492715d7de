"""Event mentions of one document -> events: one per real event, holding all its mentions as evidence."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence

import msgspec

from detente.codebook.load import Codebook
from detente.codebook.types import FOLDED, STATE_SECTORS, SYMMETRIC, VERBAL
from detente.records import Actor, EventMention, When

LEAD_SENTENCES = 2
"""Up to this sentence a report tells in short what it tells again below. Set on the annotated corpora, like the next."""
MAX_GAP_SENTENCES = 4
"""Farther apart than this, two sentences below the lead that tell of a deed in other words tell of two."""
_BROAD = frozenset({"ASSAULT", "PROTEST", "CONSULT", "MOBILIZE"})
"""Types of which one act is told in many ways."""


def merge_mentions(mentions: Sequence[EventMention]) -> list[list[EventMention]]:
    """Mentions -> groups that report the same event, best mention first, in order of first mention."""
    return [_turn_alike(group) for group in _gather(mentions)]


def _gather(mentions: Sequence[EventMention]) -> list[list[EventMention]]:
    groups: list[list[EventMention]] = []
    for m in mentions:
        if not m.incomplete:
            _join(groups, m)
    for m in mentions:
        if m.incomplete:
            _attach(groups, m)
    return [sorted(g, key=_quality, reverse=True) for g in groups]


def _turn_alike(group: list[EventMention]) -> list[EventMention]:
    """Mentions of one event, best first -> the same, those with the sides exchanged turned as the best one has them ("A met B", "B and A met")."""
    best = group[0]
    source, target = _keys(best.source), _keys(best.target)
    if best.event_type not in SYMMETRIC or not source or not target or source & target:
        return group
    return [best, *(_turned(m) if _keys(m.source) & target and _keys(m.target) & source and not _keys(m.source) & source else m for m in group[1:])]


def _turned(m: EventMention) -> EventMention:
    other = {"source": "target", "target": "source"}
    return msgspec.structs.replace(m, source=m.target, target=m.source, inferred=tuple(other[role] for role in m.inferred))


def merge_groups(groups: Sequence[list[EventMention]]) -> list[list[EventMention]]:
    """Groups of which the roles have been weighed anew -> the same, those joined that now report the same event."""
    keys = [msgspec.structs.replace(g[0], when=best_when(g)) for g in groups]
    whole = {id(key): group for key, group in zip(keys, groups, strict=True)}
    return [_turn_alike(sorted((m for key in joined for m in whole[id(key)]), key=_quality, reverse=True)) for joined in _gather(keys)]


def _attach(groups: list[list[EventMention]], m: EventMention) -> None:
    """A mention that does not say who adds its day, place and toll to the nearest event of its type before it; alone it is no event."""
    if m.source or m.target:
        home = next((g for g in groups if all(_compatible(m, other) for other in g) and _linked(m, g)), None)
        if home is not None:
            home.append(m)
        return
    fitting = [
        g
        for g in groups
        if g[0].event_type == m.event_type
        and g[0].modality == m.modality
        and any(o.sentence <= m.sentence for o in g)
        and all(_days_meet(m.when, o.when) for o in g)
        and _code_meets(g, m)
    ]
    if fitting:
        min(fitting, key=lambda g: min(abs(m.sentence - o.sentence) for o in g)).append(m)


def _code_meets(group: Sequence[EventMention], m: EventMention) -> bool:
    return any(o.cameo[:2] == m.cameo[:2] or set(o.modes) & set(m.modes) for o in group)


def _join(groups: list[list[EventMention]], m: EventMention) -> None:
    home = next((g for g in groups if all(_compatible(m, other) for other in g) and _linked(m, g)), None)
    if home is None:
        groups.append([m])
    else:
        home.append(m)


def _quality(m: EventMention) -> tuple[int, int, float]:
    return (bool(m.source) + bool(m.target), -int(m.nominal), m.score)


def _keys(actors: Sequence[Actor]) -> set[str]:
    return {
        a.country or ("United Nations" if a.name.startswith(("UN ", "United Nations")) else a.name if "IGO" in a.sectors else a.entity or a.name)
        for a in actors
        if not set(a.sectors) <= {"UAF", "UNK"}
    }


def _sides(a: EventMention, b: EventMention) -> tuple[set[str], set[str], set[str], set[str]]:
    """The keys of both sides of two mentions; where both stay within one country, the sectors tell the sides apart."""
    sa, ta, sb, tb = _keys(a.source), _keys(a.target), _keys(b.source), _keys(b.target)
    if sa & ta and sb & tb:
        return _branches(a.source), _branches(a.target), _branches(b.source), _branches(b.target)
    return sa, ta, sb, tb


def _branches(actors: Sequence[Actor]) -> set[str]:
    return {f"{a.country or a.name}/{_group(a)}" for a in actors}


def _group(a: Actor) -> str:
    return "GOV" if {"GOV", "LEG"} & set(a.sectors) else a.sectors[0] if a.sectors else ""


def _same_act(a: EventMention, b: EventMention) -> bool:
    """Whether two mentions of one type between the same sides can be the same act: the same words or code, or one is short for the other."""
    if _is_full(a) and _is_full(b) and a.rule != b.rule and _are_apart(a, b):
        return False
    if a.nominal or b.nominal or a.in_title or b.in_title:
        return True
    if a.event_type in VERBAL and a.sentence != b.sentence:
        return a.rule == b.rule and abs(a.sentence - b.sentence) > 3
    return a.rule == b.rule or _share_code(a, b) or a.event_type in _BROAD


def _is_full(m: EventMention) -> bool:
    """Told in a clause of its own, not taken up again by a noun."""
    return not (m.nominal or m.incomplete)


def _are_apart(a: EventMention, b: EventMention) -> bool:
    """Whether two full tellings by different rules stand where a report would not say the same thing twice: in one sentence, or far from each other behind the lead.

    What a headline says in other words than the text stands in the lead.
    """
    if a.in_title or b.in_title:
        return not _share_code(a, b) and max(a.sentence, b.sentence) > LEAD_SENTENCES
    if a.sentence == b.sentence:
        is_outcome = any(toll is not None for m in (a, b) for toll in (m.dead, m.injured))  # "attacked the post, killing six"
        spans = {x.span for x in a.target} & {x.span for x in b.target}
        return a.trigger != b.trigger and a.event_type in _BROAD and not is_outcome and not spans and not _share_code(a, b)
    return min(a.sentence, b.sentence) > LEAD_SENTENCES and abs(a.sentence - b.sentence) > MAX_GAP_SENTENCES


def _share_code(a: EventMention, b: EventMention) -> bool:
    return a.cameo.startswith(b.cameo) or b.cameo.startswith(a.cameo) or bool(set(a.modes) & set(b.modes))


def _unknown_against_state(a: EventMention, b: EventMention) -> bool:
    """Unidentified attackers are not the police or the army."""
    return _are_unknown(a.source) and _are_of_state(b.source) or _are_unknown(b.source) and _are_of_state(a.source)


def _are_unknown(actors: Sequence[Actor]) -> bool:
    return bool(actors) and all(set(a.sectors) <= {"UAF", "UNK"} for a in actors)


def _are_of_state(actors: Sequence[Actor]) -> bool:
    return bool(actors) and all(STATE_SECTORS & set(a.sectors) for a in actors)


def _compatible(a: EventMention, b: EventMention) -> bool:
    if FOLDED.get(a.event_type, a.event_type) != FOLDED.get(b.event_type, b.event_type) or a.modality != b.modality:
        return False
    if not _days_meet(a.when, b.when) or a.historical != b.historical or _unknown_against_state(a, b):
        return False
    if not _same_act(a, b):
        return False
    sa, ta, sb, tb = _sides(a, b)
    is_lead = max(a.sentence, b.sentence) <= LEAD_SENTENCES
    if (a.in_title or b.in_title) and (_meet(_keys(a.source), _keys(b.source)) or is_lead and _meet(_keys(a.target), _keys(b.target))):
        return True
    straight = _meet(sa, sb) and _meet(ta, tb)
    is_vow = a.event_type == "AGREE" and a.rule != b.rule and bool(sa) and bool(sb)  # what each side promises the other is two promises
    crossed = a.event_type in SYMMETRIC and not is_vow and _meet(sa, tb) and _meet(ta, sb)
    if not straight and not crossed:
        return False
    if a.modes and b.modes and not set(a.modes) & set(b.modes) and a.event_type in ("COERCE", "SANCTION", "RETREAT") and a.sentence != b.sentence:
        return False
    if a.dead is not None and b.dead is not None and a.when is None and b.when is None and a.dead != b.dead and not (_same(sa, sb) and _same(ta, tb)):
        return False
    if (
        a.place is not None
        and b.place is not None
        and a.place.precision == b.place.precision == "city"
        and a.place.name != b.place.name
        and a.event_type in ("ASSAULT", "PROTEST", "CONSULT")
    ):
        return False
    return True


def _linked(m: EventMention, group: Sequence[EventMention]) -> bool:
    """Something positive must be shared: both sides, or one side and the day, the rule, or the neighbourhood."""
    for other in group:
        if m.in_title or other.in_title:
            return bool(_keys((*m.source, *m.target)) & _keys((*other.source, *other.target)))
        s_shared = bool(_keys(m.source) & _keys(other.source)) or bool(_keys(m.source) & _keys(other.target)) and m.event_type in SYMMETRIC
        t_shared = bool(_keys(m.target) & _keys(other.target)) or bool(_keys(m.target) & _keys(other.source)) and m.event_type in SYMMETRIC
        if s_shared and (t_shared or not m.target or not other.target):
            return True
        if t_shared and (not m.source or not other.source):
            return True
    return False


def _meet(a: set[str], b: set[str]) -> bool:
    return not a or not b or bool(a & b)


def _same(a: set[str], b: set[str]) -> bool:
    return a == b


def _days_meet(a: When | None, b: When | None) -> bool:
    return a is None or b is None or not (a.end < b.start or b.end < a.start)


_RANK = {"day": 0, "week": 1, "month": 2, "year": 3}


def best_when(group: Sequence[EventMention]) -> When | None:
    """The most precise date that any mention gives."""
    dated = [m for m in group if m.when is not None]
    return min(dated, key=lambda m: (_RANK[m.when.precision] if m.when else 9, round(m.date_cost))).when if dated else None


def joined_actors(group: Sequence[EventMention], role: str) -> tuple[Actor, ...]:
    """The actors in one role: those of the best mention that has any (mentions come best first)."""
    return next((getattr(m, role) for m in group if getattr(m, role)), ())


def event_ids(doc_id: str, keys: Sequence[EventMention]) -> list[str]:
    """A document and the best mention of each of its events -> stable ids: the same document coded by the same codebook gives the same, whatever else is kept of it."""
    out, seen = list[str](), Counter[str]()
    for key in keys:
        raw = f"{doc_id}|{key.event_type}|{sorted(_keys(key.source))}|{sorted(_keys(key.target))}|{key.evidence.trigger}|{key.modality}"
        out.append(hashlib.blake2b(f"{raw}|{seen[raw]}".encode(), digest_size=8).hexdigest())
        seen[raw] += 1
    return out


def goldstein_of(codebook: Codebook, cameo: str) -> float | None:
    """The Goldstein value of a CAMEO code, that of its parent if the code itself has none."""
    while cameo:
        row = codebook.cameo.get(cameo)
        if row is not None and row["goldstein"]:
            return float(row["goldstein"])
        cameo = cameo[:-1]
    return None


def intensity_of(codebook: Codebook, event_type: str, modes: Sequence[str]) -> float:
    """PLOVER's score: that of the mode furthest from zero, else that of the type."""
    table = codebook.types[event_type]
    scores = [float(table["modes"][m]) for m in modes if m in table["modes"]]
    return max(scores, key=abs) if scores else float(table["score"])


__all__ = ["best_when", "event_ids", "goldstein_of", "intensity_of", "joined_actors", "merge_groups", "merge_mentions", "msgspec"]
