"""How templates say what events, their evidence, their relations and decisions are: the filters of the pages of reports, events and reviews."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from detente.codebook.ladder import HIGHEST_SINGLE, LOWEST, load_ladder
from detente.codebook.load import load_codebook
from detente.show_review import decision_detail
from detente.show_store import say_value
from detente.web.marks import find_lead, mark_document, name_document, publisher_choices

RELATIONS = {"prompted": "prompted", "followed": "was followed by", "in-response-to": "was answered by", "part-of": "is a part of"}
"""How the first event of a relation hangs together with the second, in words."""


def split_trigger(evidence: Mapping[str, Any]) -> tuple[str, str, str]:
    """A piece of evidence -> its words before the trigger, the trigger, and after it; all before if the spans do not fit the words."""
    text, (start, end), (first, last) = str(evidence["text"]), evidence["span"], evidence["trigger"]
    if end - start != len(text) or not start <= first < last <= end:
        return text, "", ""
    return text[: first - start], text[first - start : last - start], text[last - start :]


def rung_choices(given: str) -> list[tuple[str, str]]:
    """The rungs that are asked for -> what can be chosen: from each rung of quarrel up, the cooperative ones, and what was given."""
    rungs = load_ladder().rungs
    known = [
        ("", "any"),
        *((f"{r}..{HIGHEST_SINGLE}", f"from {r} {rungs[r].name}") for r in range(1, HIGHEST_SINGLE)),
        (str(HIGHEST_SINGLE), f"{HIGHEST_SINGLE} {rungs[HIGHEST_SINGLE].name}"),
    ]
    known += [("0", f"0 {rungs[0].name}"), (f"{LOWEST}..-1", "below 0: cooperation")]
    return known if given in dict(known) else [*known, (given, given)]


def type_choices(given: str) -> list[str]:
    """A type -> all types of the codebook, the one that is given first if they do not have it."""
    return list(dict.fromkeys([*([given] if given and given not in load_codebook().types else []), *load_codebook().types]))


def drop_repeats(actors: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Actors as coded -> the same, each once, however often the text names it in the same words."""
    return list({(a["name"], a["entity"], tuple(a["sectors"] or ()), a["text"]): a for a in actors}.values())


FILTERS: dict[str, Any] = {
    "marked": mark_document,
    "lead_of": lambda document: find_lead(document.mentions, document.text),
    "drop_repeats": drop_repeats,
    "name_of": name_document,
    "numbers": lambda told: {one.mention.mention_id: one.number for one in told},
    "publisher_choices": publisher_choices,
    "value": say_value,
    "decided": lambda decision: decision_detail(decision["action"], decision["record"]),
    "pieces_of": split_trigger,
    "rung_choices": rung_choices,
    "type_choices": type_choices,
    "relation": lambda kind: RELATIONS.get(kind, kind.replace("-", " ")),
    "modes_of": lambda name: tuple(load_codebook().types.get(name, {}).get("modes", ())),
    "means": lambda name: load_codebook().types.get(name, {}).get("means", ""),
}
