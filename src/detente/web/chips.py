"""Filters that are set -> each by itself in English, with what the address has without it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

from detente.store.filters import Filters, make_conditions


class Chip(msgspec.Struct, frozen=True):
    """A filter that is set: what it says, and the parameter with what is left of it when the chip is gone."""

    said: str
    name: str
    rest: tuple[str, ...]


class _Part(NamedTuple):
    name: str
    rest: tuple[str, ...]
    field: str
    value: Any


def make_chips(filters: Filters) -> tuple[Chip, ...]:
    """Filters -> a chip for each, in the order in which the sentence has them. What the desk asks for by itself (that it happened) has one too: without it all modalities show."""
    out = []
    for part in _parts(filters):
        values: dict[str, Any] = {"modality": None, "review": None, part.field: part.value}
        if part.name == "dyad":
            values["one_way"] = filters.one_way
        one = Filters(**values)
        said = ", ".join(phrase for _, phrase in make_conditions(one, "sqlite") if phrase)
        if said:
            out.append(Chip(said, part.name, part.rest))
    return tuple(out)


def _parts(f: Filters) -> Iterator[_Part]:
    for name, field, values in (
        ("actor", "actors", f.actors),
        ("type", "types", f.types),
        ("mode", "modes", f.modes),
        ("context", "contexts", f.contexts),
        ("quad", "quads", tuple(str(q) for q in f.quads)),
    ):
        for n, value in enumerate(values):
            yield _Part(name, values[:n] + values[n + 1 :], field, (int(value),) if name == "quad" else (value,))
    for name in ("source", "target", "dyad", "place", "since", "until", "origin", "text"):
        if value := getattr(f, name):
            yield _Part(name, (), name, value)
    if f.rungs:
        yield _Part("rung", (), "rungs", f.rungs)
    if f.modality:
        yield _Part("modality", ("any",), "modality", f.modality)
    if not f.with_background:
        yield _Part("background", (), "with_background", False)
    if f.least_confidence is not None:
        yield _Part("confidence", (), "least_confidence", f.least_confidence)
    if f.review not in (None, "standing"):
        yield _Part("review", (), "review", f.review)
