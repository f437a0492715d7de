"""A merged event -> the probability that it is right, from what supports it and what speaks against it.

A logistic function of the features below. The weights stand in ``codebook/data/confidence.toml``; ``tools/fit_confidence.py`` fits them on the
two annotated sample corpora and draws docs/reliability.svg. A feature of which the direction is plain (a second mention cannot make an event less
likely) has a sign that the fit keeps; the others may go either way.
"""

from __future__ import annotations

import functools
import math
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec

from detente.codebook.load import DATA
from detente.errors import CodebookError
from detente.records import Actor, EventMention

Group = Sequence[EventMention]
"""The mentions of one event, the best of them first."""
FLOOR, CEILING = 0.02, 0.98
"""What confidence is kept within: nine hundred labelled events cannot tell 0.99 from 0.999."""

_OPEN_SECTORS = frozenset({"UAF", "UNK"})
_PRONOUNS = frozenset({"he", "she", "it", "they", "him", "her", "them", "his", "its", "their", "who", "which", "that", "we", "us", "our"})


class Feature(msgspec.Struct, frozen=True):
    """One thing that confidence rests on. ``sign`` is what its weight must be: 1 not below zero, -1 not above, 0 either."""

    name: str
    sign: int
    measure: Callable[[Group], float]


class Weights(msgspec.Struct, frozen=True):
    """The fitted weights: of the features, and of the event types (a type that is not listed counts 0). ``unseen`` is how much less sure text is that the codebook was not written beside."""

    bias: float
    unseen: float
    features: Mapping[str, float]
    types: Mapping[str, float]


def _is_named(actors: Sequence[Actor], mention: EventMention) -> bool:
    """Whether one of the actors stands in the words that the event rests on, and not as a pronoun."""
    first, last = mention.evidence.span
    return any(a.span is not None and first <= a.span[0] < last and a.text != "" and a.text.lower() not in _PRONOUNS for a in actors)


def _is_inferred(actors: Sequence[Actor]) -> bool:
    """Whether no actor of the side is named where the event is told: the side comes from elsewhere in the document."""
    return bool(actors) and all(a.span is None or not a.text for a in actors)


def _is_open(actors: Sequence[Actor]) -> bool:
    return bool(actors) and all(_OPEN_SECTORS & set(a.sectors) for a in actors)


def _countries(actors: Sequence[Actor]) -> set[str]:
    return {a.country for a in actors if a.country}


def _distance(actors: Sequence[Actor], mention: EventMention) -> float:
    """How far the nearest of the actors is from the trigger: log of characters, 0 if none of them has a place in the text."""
    start, end = mention.evidence.trigger
    gaps = [max(start - a.span[1], a.span[0] - end, 0) for a in actors if a.span is not None]
    return math.log1p(min(gaps)) / 5 if gaps else 0.0


FEATURES: tuple[Feature, ...] = (
    Feature("mentions", 1, lambda g: math.log(len(g))),
    Feature("specificity", 1, lambda g: min(g[0].score, 6.0) / 6),
    Feature("source_named", 1, lambda g: float(any(_is_named(m.source, m) for m in g))),
    Feature("target_named", 1, lambda g: float(any(_is_named(m.target, m) for m in g))),
    Feature("source_missing", -1, lambda g: float(not any(m.source for m in g))),
    Feature("target_missing", -1, lambda g: float(not any(m.target for m in g))),
    Feature("source_inferred", -1, lambda g: float(all(_is_inferred(m.source) for m in g))),
    Feature("target_inferred", -1, lambda g: float(all(_is_inferred(m.target) for m in g))),
    Feature("source_unidentified", -1, lambda g: float(_is_open(g[0].source))),
    Feature("target_unidentified", -1, lambda g: float(_is_open(g[0].target))),
    Feature("source_far", -1, lambda g: min(_distance(m.source, m) for m in g)),
    Feature("target_far", -1, lambda g: min(_distance(m.target, m) for m in g)),
    Feature("doubt", -1, lambda g: min(g[0].doubt, 6.0)),
    Feature("weak_target", -1, lambda g: float(all(m.weak_target for m in g))),
    Feature("classifier", -1, lambda g: float(g[0].decided_by == "classifier")),
    Feature("within_country", 0, lambda g: float(bool(_countries(g[0].source) & _countries(g[0].target)))),
    Feature("nominal", 0, lambda g: float(all(m.nominal for m in g))),
    Feature("passive", 0, lambda g: float(g[0].is_passive)),
    Feature("in_title", 0, lambda g: float(any(m.in_title for m in g))),
    Feature("early", 0, lambda g: float(any(m.sentence < 3 for m in g))),
    Feature("late", 0, lambda g: math.log1p(min(m.sentence for m in g)) / 3),
    Feature("dated", 0, lambda g: float(any(m.when is not None for m in g))),
    Feature("placed", 0, lambda g: float(any(m.place is not None for m in g))),
    Feature("attributed", 0, lambda g: float(any(m.said_by for m in g))),
    Feature("historical", 0, lambda g: float(g[0].historical)),
)
"""In the order of confidence.toml."""


def confidence_features(group: Group) -> dict[str, float]:
    """The mentions of an event, best first -> its features by name."""
    return {feature.name: feature.measure(group) for feature in FEATURES}


def estimate_confidence(group: Group) -> float:
    """The mentions of an event, best first -> the probability that it is right under the strict criterion of ``detente evaluate``."""
    weights = load_weights()
    total = weights.bias + weights.unseen + weights.types.get(group[0].event_type, 0.0)
    total += sum(weights.features[name] * value for name, value in confidence_features(group).items())
    return round(min(max(1 / (1 + math.exp(-total)), FLOOR), CEILING), 3)


@functools.cache
def load_weights(path: Path = DATA / "confidence.toml") -> Weights:
    """The fitted weights; raises ``CodebookError`` if the file has others than the features name."""
    try:
        raw = tomllib.loads(path.read_text("utf-8"))
        weights = Weights(float(raw["bias"]), float(raw["unseen"]), {k: float(v) for k, v in raw["features"].items()}, {k: float(v) for k, v in raw["types"].items()})
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise CodebookError(f"{path}: {type(error).__name__}: {error}; expected bias, unseen, [features] and [types]; make it anew with tools/fit_confidence.py") from error
    if faults := set(weights.features) ^ {f.name for f in FEATURES}:
        raise CodebookError(f"{path}: [features]: {', '.join(sorted(faults))} missing or unknown; make the file anew with tools/fit_confidence.py")
    return weights
