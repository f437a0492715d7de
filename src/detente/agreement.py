"""How far two reviewers agree: Krippendorff's alpha per field (Krippendorff, Content Analysis, 4th ed. 2019, ch. 12). Pure."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from detente.evaluating import normalize_gold

Metric = Callable[[Any, Any], float]
FIELDS: tuple[str, ...] = ("verdict", "event_type", "modes", "quad", "source", "target", "date", "place", "modality", "historical", "dead", "injured")
ABSENT = "not coded"


class FieldAgreement(msgspec.Struct, frozen=True):
    """One field. ``units``: events that both judged; ``agreed``: share with the same value; ``alpha``: ``None`` where it is not defined, ``reason`` says why."""

    field: str
    units: int
    agreed: float | None
    alpha: float | None
    reason: str | None = None


def nominal(a: Hashable, b: Hashable) -> float:
    """The distance of two values that are the same or not."""
    return float(a != b)


def interval(a: float, b: float) -> float:
    """The squared difference of two numbers."""
    return float(a - b) ** 2


def alpha_of(units: Iterable[Sequence[Any]], metric: Metric = nominal) -> float | None:
    """Units, each the values that its coders gave (``None``: none) -> Krippendorff's alpha; ``None`` if no two values differ or fewer than two units pair.

    1 is agreement, 0 what chance would give, below 0 worse than chance.

    >>> round(alpha_of([(1, 1), (2, 2), (1, 2), (2, 2), (1, 1)]), 3)
    0.64
    """
    pairable = [values for unit in units if len(values := [v for v in unit if v is not None]) > 1]
    if len(pairable) < 2:
        return None
    counts = Counter(v for values in pairable for v in values)
    total = sum(counts.values())
    expected = sum(n * k * metric(a, b) for a, n in counts.items() for b, k in counts.items()) / (total * (total - 1))
    if expected == 0:
        return None
    observed = sum(metric(a, b) / (len(values) - 1) for values in pairable for i, a in enumerate(values) for j, b in enumerate(values) if i != j) / total
    return 1 - observed / expected


_METRICS: Mapping[str, tuple[Callable[[Any], Any], Metric]] = {
    "date": (lambda v: datetime.date.fromisoformat(v[:10]).toordinal(), interval),
    "dead": (float, interval),
    "injured": (float, interval),
    "modes": (tuple, nominal),
    "source": (tuple, nominal),
    "target": (tuple, nominal),
}


def compare_judgements(first: Mapping[str, Mapping[str, Any]], second: Mapping[str, Mapping[str, Any]], fields: Sequence[str] = FIELDS) -> list[FieldAgreement]:
    """Two reviewers' values by event -> their agreement per field, over the events that both judged.

    ``date`` is compared by its distance in days and tolls by their difference; sides and modes are the same or not. A verdict counts for all events, the
    other fields only where neither rejected the event.
    """
    shared = sorted(first.keys() & second.keys())
    kept = [e for e in shared if "reject" not in (first[e].get("verdict"), second[e].get("verdict"))]
    out = []
    for field in fields:
        read, metric = _METRICS.get(field, (lambda v: v, nominal))
        events = shared if field in ("verdict", "found") else kept
        units = [tuple(None if e[field] is None else read(e[field]) for e in (first[name], second[name])) for name in events if field in first[name] and field in second[name]]
        units = [u for u in units if None not in u]
        alpha = alpha_of(units, metric)
        reason = None if alpha is not None else "fewer than two events" if len(units) < 2 else "all values are the same"
        out.append(FieldAgreement(field, len(units), sum(a == b for a, b in units) / len(units) if units else None, alpha, reason))
    return out


GOLD_FIELDS = ("found", "event_type", "source", "target", "date", "place", "historical")
_LEAST_OVERLAP = 0.5
"""So much of the shorter evidence's words two annotations of one event share."""


def pair_gold(first: Iterable[Mapping[str, Any]], second: Iterable[Mapping[str, Any]]) -> tuple[dict[str, dict[str, Any]], dict[str, dict[str, Any]]]:
    """Two gold files of the same documents -> the values of each by event; events are paired by the words that they rest on, one that only one has is ``found`` there."""
    sides: tuple[dict[str, dict[str, Any]], dict[str, dict[str, Any]]] = ({}, {})
    others = {str(d["doc"]): d for d in second}
    for document in first:
        name = str(document["doc"])
        if name not in others:
            continue
        a, b = ([*d["required"], *d["optional"]] for d in (document, others[name]))
        pairs = _pair(a, b)
        for i, event in enumerate(a):
            j = pairs.get(i)
            sides[0][f"{name}/{i}"] = _values(event)
            sides[1][f"{name}/{i}"] = {"found": ABSENT} if j is None else _values(b[j])
        for j in sorted(set(range(len(b))) - set(pairs.values())):
            sides[0][f"{name}/+{j}"], sides[1][f"{name}/+{j}"] = {"found": ABSENT}, _values(b[j])
    return sides


def _values(event: Mapping[str, Any]) -> dict[str, Any]:
    side = normalize_gold(event)
    codes = {role: tuple(sorted("/".join(part for part in code if part) for code in getattr(side, role))) for role in ("source", "target")}
    date = side.date if side.date and len(side.date) >= 10 else None
    return {"found": "coded", "event_type": side.type, **codes, "date": date, "place": side.place, "historical": side.historical}


def _pair(a: Sequence[Mapping[str, Any]], b: Sequence[Mapping[str, Any]]) -> dict[int, int]:
    scores = []
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            left, right = (set(str(e.get("evidence") or "").lower().split()) for e in (x, y))
            shared = len(left & right) / max(1, min(len(left), len(right)))
            if shared >= _LEAST_OVERLAP:
                scores.append((-shared - 0.5 * (x["type"] == y["type"]), i, j))
    out: dict[int, int] = {}
    for _, i, j in sorted(scores):
        if i not in out and j not in out.values():
            out[i] = j
    return out
