"""The parameters of an address -> which events of the store: the same for pages, downloads and the API, and the same words as the command line's."""

from __future__ import annotations

from collections.abc import Collection

from detente.codebook.ladder import HIGHEST_SINGLE, LOWEST
from detente.codebook.load import load_codebook
from detente.errors import InputError
from detente.store.filters import MODALITIES, REVIEWS, Filters
from detente.store.query import check_actors
from detente.web.asked import Asked

QUADS = ("1", "2", "3", "4")


def read_filters(asked: Asked) -> Filters:
    """The parameters ``actor type mode context quad rung source target dyad one_way place since until modality origin confidence text background review`` -> filters. Refused: an actor that neither the register nor the store has."""
    codebook = load_codebook()
    types = tuple(name.strip().upper() for given in asked.texts("type") for name in given.split(",") if name.strip())
    dyad = asked.text("dyad")
    one_way = asked.switch("one_way")
    modality = asked.choice("modality", (*MODALITIES, "any"), "actual")
    review = asked.choice("review", (*REVIEWS, "any"), "standing")
    filters = Filters(
        actors=asked.texts("actor"),
        source=asked.text("source"),
        target=asked.text("target"),
        dyad=split_pair("dyad", dyad) if dyad else None,
        one_way=one_way and dyad is not None,
        types=_known("type", types, codebook.types),
        modes=_known("mode", asked.texts("mode"), {mode for frame in codebook.types.values() for mode in frame["modes"]}),
        contexts=_known("context", asked.texts("context"), codebook.contexts),
        rungs=_split_rungs(asked.text("rung")),
        quads=tuple(int(quad) for quad in _known("quad", asked.texts("quad"), QUADS)),
        place=asked.text("place"),
        since=asked.day("since"),
        until=asked.day("until"),
        modality=None if modality == "any" else modality,
        origin=asked.text("origin"),
        least_confidence=asked.fraction("confidence"),
        text=asked.text("text"),
        with_background=asked.choice("background", ("with", "without"), "with") == "with",
        review=None if review == "any" else review,
    )
    check_actors(asked.store, filters)
    return filters


def _known(name: str, given: tuple[str, ...], known: Collection[str]) -> tuple[str, ...]:
    if wrong := [value for value in given if value not in known]:
        raise InputError(f"{name}: found {wrong[0][:40]!r}; expected one of {', '.join(sorted(known))}")
    return given


def split_pair(name: str, text: str) -> tuple[str, str]:
    """PRK-USA, or two names with " - " between -> the two actors."""
    parts = text.split(" - ") if " - " in text else text.split("-")
    if len(parts) != 2 or not all(part.strip() for part in parts):
        raise InputError(f"{name}: found {text[:80]!r}; expected two actors, as PRK-USA, or 'Hamas - ISR'")
    return parts[0].strip(), parts[1].strip()


def _split_rungs(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    low, dots, high = text.partition("..")
    allowed = {str(rung): rung for rung in range(LOWEST, HIGHEST_SINGLE + 1)}
    first, last = allowed.get(low), allowed.get(high if dots else low)
    if first is None or last is None or first > last:
        raise InputError(f"rung: found {text[:20]!r}; expected a rung, {LOWEST} to {HIGHEST_SINGLE}, or two with dots between, as 4..6")
    return first, last
