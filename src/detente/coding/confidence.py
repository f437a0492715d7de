"""A merged event -> the probability that it is right, from what supports it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from detente.records import EventMention


def confidence_features(group: Sequence[EventMention]) -> list[float]:
    """What confidence rests on, in the order of the weights."""
    key = group[0]
    return [
        1.0,
        float(bool(key.source)),
        float(bool(key.target)),
        float(key.nominal),
        min(key.score, 6.0) / 6,
        math.log(len(group)),
        float(key.decided_by == "classifier"),
        float(any(m.sentence < 3 for m in group)),
        float(key.when is not None),
    ]


WEIGHTS = (-0.9, 0.8, 0.9, -0.5, 0.9, 0.6, -0.8, 0.5, 0.2)


def estimate_confidence(group: Sequence[EventMention]) -> float:
    """A logistic function of the features."""
    total = sum(w * x for w, x in zip(WEIGHTS, confidence_features(group), strict=True))
    return round(1 / (1 + math.exp(-total)), 3)
