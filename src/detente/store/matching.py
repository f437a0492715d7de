"""Do two mentions, of different documents, report one event? Pure: events as coded in, a score or a coded reason against out.

Kinds of evidence are weighed against each other, since coding errs in each of them now and then: type and mode, both sides, day, place, toll and
wording. What is hardly ever coded by mistake rules a match out: another family of types, no party in common, days far apart.
The weights were set by hand on the sample corpus and benchmarks/same_events.jsonl; docs/decisions/0012-merging-across-documents.md says how.
"""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Iterable, Sequence
from typing import Final, Literal, NamedTuple

from detente.codebook.types import FOLDED, SYMMETRIC, VERBAL
from detente.records import Actor, Event, Place, When

UNKNOWN_SECTORS = frozenset({"UAF", "UNK"})
Period = Literal[0, 1, 2, 3]
"""How sharp a mention's date is: 0 day or week, 1 month, 2 year, 3 none (its day is then that of the report)."""
DAY: Final = 0
MONTH: Final = 1
YEAR: Final = 2
UNDATED: Final = 3

NEAR_DAYS = 1
"""A day off is common: time zones, night and morning, and events dated by their report."""
LOOSE_DAYS = 3
"""So far off a day may be that the words do not give: one that was filled in from the report."""
LOOK_BACK_DAYS = 45
"""An undated mention may tell of what happened in so many days before its report."""
FAR_KM = 60.0
"""Towns further apart are two places."""
SCATTERED = frozenset({"ASSAULT", "PROTEST", "CONSULT", "COERCE", "MOBILIZE"})
"""Types of which there are many a day, each at its own place."""
SITE = frozenset({"city", "site"})


class Sketch(NamedTuple):
    """A mention as it is compared. ``first`` and ``last`` day; ``is_given``: the words give the day; ``words`` without the parties' names."""

    family: str
    event_type: str
    cameo: str
    modes: frozenset[str]
    modality: str
    source: frozenset[str]
    target: frozenset[str]
    source_part: frozenset[str]
    target_part: frozenset[str]
    source_entity: frozenset[str]
    unsure: frozenset[str]
    first: datetime.date | None
    last: datetime.date | None
    period: Period
    is_given: bool
    place: Place | None
    dead: int | None
    words: frozenset[str]
    rules: frozenset[str]


def make_sketch(event: Event, published_on: datetime.date | None) -> Sketch:
    """A coded event and the day of its report -> the form in which it is compared."""
    names = _content_words(f"{a.name} {a.text}" for a in (*event.source, *event.target))
    first, last, period = _days(event.date, published_on)
    return Sketch(
        family=family_of(event.event_type),
        event_type=event.event_type,
        cameo=event.cameo,
        modes=frozenset(event.modes),
        modality=event.modality,
        source=party_keys(event.source),
        target=party_keys(event.target),
        source_part=_parts(event.source),
        target_part=_parts(event.target),
        source_entity=frozenset(a.entity for a in event.source if a.entity),
        unsure=frozenset(side for side, actors in (("source", event.source), ("target", event.target)) if not _is_named(actors, event)),
        first=first,
        last=last,
        period=period,
        is_given=event.date is not None and event.date.text is not None,
        place=event.place,
        dead=event.dead,
        words=_content_words(e.text for e in event.evidence) - names,
        rules=frozenset(e.rule for e in event.evidence),
    )


def _is_named(actors: Sequence[Actor], event: Event) -> bool:
    """Whether the words that the event rests on name one of its actors; else the coder took them from elsewhere in the report."""
    return any(a.span is not None and e.span[0] <= a.span[0] < e.span[1] for a in actors for e in event.evidence)


def family_of(event_type: str) -> str:
    """A type -> the type under which it is compared."""
    return FOLDED.get(event_type, event_type)


def party_key(actor: Actor) -> str:
    """An actor -> whom a pair is made of: its country, else its name; a general actor and its part have one key."""
    return actor.country or actor.name


def party_keys(actors: Iterable[Actor]) -> frozenset[str]:
    """Actors of one side -> their keys; nobody knows who an unknown actor without a country is, so it has none."""
    return frozenset(party_key(a) for a in actors if a.country or not set(a.sectors) <= UNKNOWN_SECTORS)


def _parts(actors: Iterable[Actor]) -> frozenset[str]:
    return frozenset(f"{party_key(a)}/{'GOV' if s == 'LEG' else s}" for a in actors for s in a.sectors if s not in UNKNOWN_SECTORS)


def _days(when: When | None, published_on: datetime.date | None) -> tuple[datetime.date | None, datetime.date | None, Period]:
    if when is None:
        return published_on, published_on, UNDATED
    period: Period = 1 if when.precision == "month" else 2 if when.precision == "year" else 0
    return datetime.date.fromisoformat(when.start), datetime.date.fromisoformat(when.end), period


_WORD = re.compile(r"[a-z][a-z'’-]{2,}|\d+")
_EMPTY = frozenset(
    "the and for that with was were has had have its his her their they she him from which who whom when where while after before said says say will would could"
    " been are but not this than then also into over about more most other some two three first last year week month day days hours monday tuesday wednesday"
    " thursday friday saturday sunday january february march april may june july august september october november december".split()
)
"""Words that any report has. They only keep wording from being chance; no event is coded by them."""


def _content_words(texts: Iterable[str]) -> frozenset[str]:
    return frozenset(_stem(word) for text in texts for word in _WORD.findall(text.lower()) if word not in _EMPTY)


def _stem(word: str) -> str:
    for ending in ("'s", "’s", "ations", "ation", "ions", "ion", "ments", "ment", "ings", "ing", "ers", "ies", "ed", "es", "er", "s", "e", "y"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word


class Judgement(NamedTuple):
    """How well two mentions match; below zero they are two events. ``reason`` is a fixed code where something rules a match out."""

    score: float
    reason: str | None = None


def compare(a: Sketch, b: Sketch) -> Judgement:
    """Two mentions -> how well they match."""
    if a.family != b.family or a.modality != b.modality:
        return Judgement(-math.inf, "type")
    wording = _overlap(a.words, b.words)
    days = _score_days(a, b, wording)
    if days is None:
        return Judgement(-math.inf, "date")
    sides = _score_sides(a, b)
    if sides is None:
        return Judgement(-math.inf, "actors")
    return Judgement(round(BIAS + sides + days + _score_place(a, b) + _score_act(a, b) + _score_toll(a, b) + WORDING * wording, 4))


BIAS = -2.3
"""What must be outweighed: two mentions of one type, pair and time are not yet one event."""
WORDING = 5.5
"""The weight of wording that is wholly the same."""
SAME_DAY = 1.5
NEXT_DAY = 0.8
"""A day apart, of which one was filled in from the report, told in words of which some are the same."""
NEXT_DAY_GIVEN = 0.2
"""A day apart where both reports name the day, or where they share no word."""
SAME_RULE = 0.6
"""The same rule of the codebook fired: the same verb of the same thing."""
SAY_MORE = 1.4
"""Who speaks often speaks several times a day: two statements must have more in common than two deeds."""


FEW_WORDS = 12.0
"""The weight that a shorter text is taken to have, lest one shared word of two be much."""


def _overlap(a: frozenset[str], b: frozenset[str]) -> float:
    """Two sets of words -> the share of what they have in common, 0 to 1; longer words are rarer and weigh more."""
    shared = _weight(a & b)
    return shared / math.sqrt(max(_weight(a), FEW_WORDS) * max(_weight(b), FEW_WORDS)) if shared else 0.0


def _weight(words: Iterable[str]) -> float:
    return sum(min(len(w), 9) / 3 for w in words)


def _score_days(a: Sketch, b: Sketch, wording: float) -> float | None:
    """Days -> a score, ``None`` if they cannot be those of one event."""
    if a.first is None or a.last is None or b.first is None or b.last is None:
        return -0.8
    gap = max((a.first - b.last).days, (b.first - a.last).days, 0)
    if UNDATED in (a.period, b.period):
        return _score_undated(a, b)
    if a.period == DAY and b.period == DAY:
        if gap <= NEAR_DAYS:
            if gap == 0:
                return SAME_DAY
            return NEXT_DAY if wording and not (a.is_given and b.is_given) else NEXT_DAY_GIVEN
        return -1.2 if gap <= LOOSE_DAYS and not (a.is_given and b.is_given) and wording > 0.2 else None
    if gap:
        return None
    return 0.6 if YEAR not in (a.period, b.period) else 0.0


def _score_undated(a: Sketch, b: Sketch) -> float | None:
    """A mention without a date tells of what happened by the day of its report, mostly not long before."""
    if a.first is None or b.first is None:
        return -0.8
    if a.period == UNDATED and b.period == UNDATED:
        return 0.0 if abs((a.first - b.first).days) <= LOOSE_DAYS else None
    told, happened = (a, b) if a.period == UNDATED else (b, a)
    assert told.first is not None and happened.first is not None
    since = (told.first - happened.first).days
    if since < -NEAR_DAYS or since > LOOK_BACK_DAYS:
        return None
    return 0.4 if since <= NEAR_DAYS else -0.4


def _score_sides(a: Sketch, b: Sketch) -> float | None:
    """Sides -> a score, ``None`` if no party is common. One side may be coded wrong, left out, or not yet known."""
    doubtful = a.unsure | b.unsure
    if a.family == "CONSULT" and _are_other_pairs(a, b):
        return None
    straight = _score_pairing(a.source, a.target, b.source, b.target, doubtful)
    crossed = _score_pairing(a.source, a.target, b.target, b.source)
    if crossed is not None and a.family not in SYMMETRIC:
        crossed -= 0.9
    best = max((s for s in (straight, crossed) if s is not None), default=None)
    if best is None:
        return None
    if best == straight:
        best += _score_parts(a.source_part, b.source_part) + _score_parts(a.target_part, b.target_part)
        if a.source_entity and b.source_entity:
            best += 0.4 if a.source_entity & b.source_entity else -0.8 if a.family in VERBAL else -0.2
    return best


def _are_other_pairs(a: Sketch, b: Sketch) -> bool:
    """Whether two meetings of two known parties each are not of the same two: who met whom is what a meeting is known by."""
    first, second = a.source | a.target, b.source | b.target
    return len(first) == len(second) == 2 and bool(a.source and a.target and b.source and b.target) and len(first & second) < 2


def _score_pairing(a1: frozenset[str], a2: frozenset[str], b1: frozenset[str], b2: frozenset[str], doubtful: frozenset[str] = frozenset()) -> float | None:
    first = None if "source" in doubtful and not a1 & b1 else _meet(a1, b1)  # a party that no words name may be wrong: it speaks for a match, not against
    second = None if "target" in doubtful and not a2 & b2 else _meet(a2, b2)
    if first is None and second is None:
        return 0.0 if not (a1 or a2) or not (b1 or b2) else None
    if first is False and second is False or first is False and second is None or first is None and second is False:
        return None
    return {(True, True): 1.6, (True, None): 1.0, (None, True): 0.8, (True, False): 0.2, (False, True): -0.2}[first, second]


def _meet(a: frozenset[str], b: frozenset[str]) -> bool | None:
    """Whether two sides share a party; ``None`` if one of them is not known."""
    return bool(a & b) if a and b else None


def _score_parts(a: frozenset[str], b: frozenset[str]) -> float:
    """Parts of one country: the same one speaks for a match, a state and its army are one actor named in two ways, police and opposition are two."""
    if not a or not b:
        return 0.0
    if a & b:
        return 0.2
    return -0.1 if all(p.rpartition("/")[2] in _STATE for p in a | b) else -0.5


_STATE = frozenset({"GOV", "MIL", "COP", "SPY", "ELI", "PTY", "JUD"})


def _score_act(a: Sketch, b: Sketch) -> float:
    score = -SAY_MORE if a.family in VERBAL else 0.0
    if a.modes and b.modes:
        score += (0.3 + 0.2 * len(a.modes & b.modes)) if a.modes & b.modes else -0.6
    if a.rules & b.rules:
        score += SAME_RULE
    if a.cameo == b.cameo:
        return score + 0.3
    return score + (0.1 if a.cameo[:2] == b.cameo[:2] else -0.5)


def _score_place(a: Sketch, b: Sketch) -> float:
    """Places -> a score, very low if two towns are far apart and the type is one of which each has its own."""
    if a.place is None or b.place is None:
        return 0.0
    if a.place.name == b.place.name:
        return 0.6 if a.place.precision in SITE else 0.1
    if a.place.precision in SITE and b.place.precision in SITE:
        distance = distance_km(a.place, b.place)
        if distance is not None and distance <= FAR_KM:
            return 0.3
        return -3.0 if a.family in SCATTERED else -0.4
    return 0.1 if a.place.country == b.place.country else -0.4


def distance_km(a: Place, b: Place) -> float | None:
    """Two places -> how far apart they are; ``None`` if one has no coordinates."""
    if a.latitude is None or a.longitude is None or b.latitude is None or b.longitude is None:
        return None
    mean = math.radians((a.latitude + b.latitude) / 2)
    return 111.2 * math.hypot(a.latitude - b.latitude, (a.longitude - b.longitude) * math.cos(mean))


def _score_toll(a: Sketch, b: Sketch) -> float:
    if a.dead is None or b.dead is None:
        return 0.0
    if a.dead == b.dead:
        return 0.5
    return 0.0 if min(a.dead, b.dead) * 3 >= max(a.dead, b.dead) else -0.5


BEST_MEMBERS = 3


def match_event(mention: Sketch, members: Sequence[Sketch]) -> float:
    """A mention and the mentions that an event has -> how well it fits; below zero it does not.

    The best few members count, so that one thin mention neither carries nor bars a match; a member that is ruled out counts as a weak no.
    """
    scores = sorted((max(compare(mention, m).score, -2.5) for m in members), reverse=True)[:BEST_MEMBERS]
    return round((scores[0] + sum(scores) / len(scores)) / 2, 4) if scores else -math.inf


# -- looking up ------------------------------------------------------------------------------------------------------------
class LookUp(NamedTuple):
    """Where an event may be found: one key, the kind of period, and the days (ISO) between which its period begins."""

    key: str
    period: int
    low: str
    high: str


def index_keys(mention: Sketch) -> list[tuple[str, int, str]]:
    """A mention -> the (key, period, day) under which its event is found: the pair, each party, or where nobody is known the country of the place."""
    day = mention.first.isoformat() if mention.first else ""
    return [(key, mention.period, day) for key in _keys(mention)]


def _keys(mention: Sketch) -> list[str]:
    head = f"{mention.family}/{mention.modality}"
    parties = sorted(mention.source | mention.target)
    pairs = sorted({"|".join(sorted((s, t))) for s in mention.source for t in mention.target})
    if not parties:
        return [f"{head}/@{mention.place.country if mention.place and mention.place.country else ''}"]
    return [f"{head}/{key}" for key in (*pairs, *parties)]


def look_up(mention: Sketch) -> list[LookUp]:
    """A mention -> the ranges of the index in which its event may stand, the pair before the single parties."""
    return [LookUp(key, period, low, high) for key in _keys(mention) for period, low, high in _ranges(mention)]


def _ranges(mention: Sketch) -> list[tuple[int, str, str]]:
    if mention.first is None or mention.last is None:
        return [(period, "", "") for period in (DAY, MONTH, YEAR, UNDATED)]
    first, last = mention.first, mention.last
    back = LOOK_BACK_DAYS if mention.period == UNDATED else LOOSE_DAYS
    return [
        (DAY, _iso(first, -back - 6), _iso(last, LOOSE_DAYS)),
        (MONTH, _iso(first.replace(day=1), -back), _iso(last, 0)),
        (YEAR, f"{first.year:04}-01-01", _iso(last, 0)),
        (UNDATED, _iso(first, -LOOSE_DAYS), _iso(last, LOOSE_DAYS if mention.period == UNDATED else LOOK_BACK_DAYS)),
    ]


def _iso(day: datetime.date, shift: int) -> str:
    try:
        return (day + datetime.timedelta(days=shift)).isoformat()
    except OverflowError:
        return day.isoformat()


def pick_best(scores: Iterable[tuple[float, int, int]]) -> dict[int, tuple[int, float]]:
    """(score, mention, event) of one document -> the event of each mention, best pairs first: the coder told them apart, so no event gets two."""
    taken: set[int] = set()
    out: dict[int, tuple[int, float]] = {}
    for score, mention, event in sorted(scores, key=lambda s: (-s[0], s[1], s[2])):
        if score >= 0 and mention not in out and event not in taken:
            out[mention] = (event, score)
            taken.add(event)
    return out


__all__ = ["Judgement", "LookUp", "Sketch", "compare", "index_keys", "look_up", "make_sketch", "match_event", "pick_best"]
