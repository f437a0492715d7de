"""Gold events and coded events -> how right the coding is: precision, recall and F1, per type, and a list of the errors.

A coded event is right if it matches a required or an optional gold event of its document; recall counts the required ones only. Three levels:
``strict`` (the same type, CONCEDE and RETREAT being one, a shared source country and a shared target country), ``quad`` (the quad class in
place of the type) and ``dyad`` (the actors alone). Each gold event is matched once, by a maximum matching that prefers the closest pairs.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import msgspec

from detente.codebook.load import load_codebook
from detente.codebook.types import FOLDED, SYMMETRIC

Level = Literal["strict", "quad", "dyad"]
Codes = frozenset[tuple[str, str]]
LEVELS: tuple[Level, ...] = ("strict", "quad", "dyad")
UNIDENTIFIED = frozenset({"UAF", "UNK", "CRM"})
NO_COUNTRY = frozenset({"", "---", "INT", "XXX", "UNK"})


class Side(msgspec.Struct, frozen=True):
    """One event, gold or coded, in the form in which the two are compared. ``raw`` is what the file holds."""

    type: str
    source: Codes
    target: Codes
    date: str | None
    place: str | None
    said_by: frozenset[str]
    historical: bool
    raw: Mapping[str, Any]


class Pair(msgspec.Struct, frozen=True):
    """A coded event and the gold event that it matched."""

    coded: Side
    gold: Side
    required: bool


class Score(msgspec.Struct, frozen=True):
    """Counts of one level: coded events, how many are right; required gold events, how many are found."""

    right: int
    coded: int
    found: int
    required: int

    @property
    def precision(self) -> float:
        return self.right / self.coded if self.coded else 0.0

    @property
    def recall(self) -> float:
        return self.found / self.required if self.required else 0.0

    @property
    def f1(self) -> float:
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


class Miss(msgspec.Struct, frozen=True):
    """An error. ``kind``: missed (a required event that nothing matched) or wrong (a coded event that matches nothing); ``near`` is what stands against it."""

    kind: Literal["missed", "wrong"]
    doc: str
    event: Side
    near: tuple[str, ...]


class Evaluation(msgspec.Struct, frozen=True):
    """All figures: per level, per field of the strictly matched events (right, asked), per type (strict), and the errors."""

    levels: Mapping[str, Score]
    fields: Mapping[str, tuple[int, int]]
    types: Mapping[str, Score]
    errors: tuple[Miss, ...]


def evaluate_events(gold: Iterable[Mapping[str, Any]], coded: Iterable[Mapping[str, Any]]) -> Evaluation:
    """Gold documents (``doc``, ``required``, ``optional``) and coded events as ``detente code`` writes them -> the evaluation."""
    by_doc: dict[str, list[Side]] = defaultdict(list)
    for event in coded:
        by_doc[str(event["doc_id"])].append(normalize_coded(event))
    totals: dict[str, list[int]] = {level: [0, 0, 0, 0] for level in LEVELS}
    right, asked = Counter[str](), Counter[str]()
    types: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    errors: list[Miss] = []
    for document in gold:
        name = str(document["doc"])
        required = [normalize_gold(e) for e in document["required"]]
        optional = [normalize_gold(e) for e in document["optional"]]
        found = by_doc.get(name, [])
        for level in LEVELS:
            pairs = match_document(found, required, optional, level)
            counts = (len(pairs), len(found), sum(p.required for p in pairs), len(required))
            totals[level] = [a + b for a, b in zip(totals[level], counts, strict=True)]
            if level == "strict":
                for pair in pairs:
                    if pair.required:
                        _compare_fields(pair, right, asked)
                _count_types(types, pairs, found, required)
                errors.extend(_list_errors(name, pairs, found, required))
    scores = {level: Score(*counts) for level, counts in totals.items()}
    return Evaluation(scores, {k: (right[k], n) for k, n in asked.items()}, {k: Score(*types[k]) for k in sorted(types)}, tuple(errors))


def normalize_gold(event: Mapping[str, Any]) -> Side:
    """A gold event -> the form for comparison."""
    place = event.get("place")
    said = frozenset(key for key, _ in _gold_codes(event.get("said_by") or []))
    return Side(
        type=event["type"],
        source=_gold_codes(event["source"]),
        target=_gold_codes(event["target"]),
        date=event.get("date"),
        place=place["name"] if place else None,
        said_by=said,
        historical=bool(event.get("background")),
        raw=event,
    )


def normalize_coded(event: Mapping[str, Any]) -> Side:
    """A coded event -> the form for comparison: its date as precise as it claims to be."""
    date = event.get("date") or {}
    if not isinstance(date, Mapping):
        date = {"start": date, "precision": "day"}
    start = date.get("start")
    if start:
        start = start[: {"year": 4, "month": 7}.get(str(date.get("precision")), 10)]
    return Side(
        type=event["event_type"],
        source=_coded_codes(event.get("source")),
        target=_coded_codes(event.get("target")),
        date=start,
        place=(event.get("place") or {}).get("name"),
        said_by=frozenset(key for key, _ in _coded_codes(event.get("said_by"))),
        historical=bool(event.get("historical", event.get("background"))),
        raw=event,
    )


def _gold_codes(actors: Iterable[str]) -> Codes:
    """``PRK/GOV``, ``---/REB:Islamic State``, ``IGO`` -> (key, sector); an actor without a country is keyed by its name or sector."""
    out = set()
    for actor in actors:
        country, _, rest = actor.partition("/")
        sector, _, name = rest.partition(":")
        sector = {"MED": "JRN"}.get(sector, sector)
        out.add((country if country not in NO_COUNTRY else (name or sector).upper(), sector))
    return frozenset(out)


def _coded_codes(actors: Iterable[Mapping[str, Any]] | None) -> Codes:
    out: set[tuple[str, str]] = set()
    for actor in actors or []:
        country = actor.get("country") or ""
        sectors = actor.get("sectors") or [""]
        if "IGO" in sectors and not country:
            country = "IGO"
        stateless = country in NO_COUNTRY
        out.update(((sectors[0] or "").upper() if stateless else country, sector) for sector in sectors)
        if stateless and actor.get("name"):
            out.add((actor["name"].upper(), sectors[0]))
    return frozenset(out)


def _keys(codes: Codes) -> frozenset[str]:
    return frozenset(key for key, _ in codes)


def overlap(coded: frozenset[str], gold: frozenset[str]) -> bool:
    """Whether two sides share a party: a key, a name that contains the other, or both not identified."""
    if not coded and not gold:
        return True
    if coded & gold or any(len(x) > 3 and len(y) > 3 and (x in y or y in x) for x in coded for y in gold):
        return True
    return bool((coded & UNIDENTIFIED or not coded) and gold & UNIDENTIFIED)


def _quad(event_type: str) -> int:
    return int(load_codebook().types[event_type]["quad"])


def matches(coded: Side, gold: Side, level: Level) -> bool:
    """A coded and a gold event -> whether they are the same at a level. Verbal cooperation may have its sides swapped."""
    source, target = _keys(coded.source), _keys(coded.target)
    gold_source, gold_target = _keys(gold.source), _keys(gold.target)
    straight = overlap(source, gold_source) and overlap(target, gold_target)
    swapped = _quad(gold.type) == 1 and overlap(source, gold_target) and overlap(target, gold_source)
    parties = gold_source | gold_target
    pooled = gold.type in SYMMETRIC and bool(parties) and (source | target) >= parties
    if not (straight or swapped or pooled):
        return False
    if level == "dyad":
        return True
    if level == "quad":
        return _quad(coded.type) == _quad(gold.type)
    return FOLDED.get(coded.type, coded.type) == FOLDED.get(gold.type, gold.type)


def match_document(coded: Sequence[Side], required: Sequence[Side], optional: Sequence[Side], level: Level) -> list[Pair]:
    """A document's events -> the pairs that match: first with the required ones, then what is left with the optional ones."""
    first = _match(coded, required, level)
    rest = [event for i, event in enumerate(coded) if i not in first]
    second = _match(rest, optional, level)
    return [Pair(coded[i], required[j], True) for i, j in first.items()] + [Pair(rest[i], optional[j], False) for i, j in second.items()]


def _match(coded: Sequence[Side], gold: Sequence[Side], level: Level) -> dict[int, int]:
    """Maximum matching by augmenting paths; each event tries its closest partner first."""
    weighed = ((_closeness(c, g, level), i, j) for i, c in enumerate(coded) for j, g in enumerate(gold))
    partners: dict[int, list[int]] = defaultdict(list)
    for weight, i, j in sorted(weighed, reverse=True):
        if weight:
            partners[i].append(j)
    owner: dict[int, int] = {}

    def augment(i: int, seen: set[int]) -> bool:
        for j in partners[i]:
            if j in seen:
                continue
            seen.add(j)
            if j not in owner or augment(owner[j], seen):
                owner[j] = i
                return True
        return False

    for i in range(len(coded)):
        augment(i, set())
    return {i: j for j, i in owner.items()}


def _closeness(coded: Side, gold: Side, level: Level) -> float:
    if not matches(coded, gold, level):
        return 0.0
    return 1 + 0.5 * (coded.type == gold.type) + 0.2 * (coded.date == gold.date) + 0.1 * bool(coded.source & gold.source)


def _compare_fields(pair: Pair, right: Counter[str], asked: Counter[str]) -> None:
    """Count which fields of a strictly matched event agree; a field that the gold event leaves open is not asked."""
    coded, gold = pair.coded, pair.gold
    place, named = (gold.place or "").lower(), (coded.place or "").lower()
    verdicts = {
        "date": (coded.date or "")[: len(gold.date)] == gold.date if gold.date else None,
        "background": coded.historical == gold.historical,
        "place": bool(named) and (named in place or place in named) if gold.place else None,
        "said_by": bool(coded.said_by & gold.said_by) if gold.said_by else None,
        "source sector": bool(coded.source & gold.source) or not gold.source,
    }
    for name, verdict in verdicts.items():
        if verdict is not None:
            asked[name] += 1
            right[name] += verdict


def _count_types(types: dict[str, list[int]], pairs: Sequence[Pair], coded: Sequence[Side], required: Sequence[Side]) -> None:
    for pair in pairs:
        types[pair.coded.type][0] += 1
        if pair.required:
            types[pair.gold.type][2] += 1
    for event in coded:
        types[event.type][1] += 1
    for event in required:
        types[event.type][3] += 1


def _list_errors(doc: str, pairs: Sequence[Pair], coded: Sequence[Side], required: Sequence[Side]) -> list[Miss]:
    hit = {id(p.coded) for p in pairs} | {id(p.gold) for p in pairs}
    missed, wrong = [g for g in required if id(g) not in hit], [c for c in coded if id(c) not in hit]
    out = [Miss("missed", doc, g, tuple(c.type for c in wrong if matches(c, g, "dyad"))) for g in missed]
    return out + [Miss("wrong", doc, c, tuple(g.type for g in missed if matches(c, g, "dyad"))) for c in wrong]
