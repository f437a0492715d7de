"""A codebook folder -> all its faults at once, one line each: ``file:line: id: found ...; expected ...; fix``.

Three passes: the rules, the word lists that stand beside them, the tables of actors and places; then the examples, which are run through the coding steps.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from detente.codebook.check_rules import check_overlaps, check_rule
from detente.codebook.check_tables import check_tables
from detente.codebook.check_words import check_compositions, check_words
from detente.codebook.faults import Line, fault, listed, read_frame, read_rules
from detente.codebook.load import DATA, load_codebook
from detente.errors import CodebookError


def check_codebook(folder: str | Path | None = None, examples: bool = True) -> list[str]:
    """A codebook folder (the bundled one if none is named) -> its faults, none if it is sound.

    ``examples`` also codes every ``fires`` and ``spares`` (some seconds), unless a fault keeps the rules from loading.
    """
    base = Path(folder) if folder else DATA
    faults: list[str] = []
    frame = read_frame(base, faults)
    if frame is None:
        return faults
    rules = [rule for path in sorted((base / "rules").glob("*.yaml")) for rule in read_rules(path, faults)]
    ids: dict[str, Line] = {}
    for rule in rules:
        faults.extend(check_rule(rule, frame, ids))
    for rule in rules:
        for other in listed(rule.raw.get("beats")):
            if other not in ids:
                faults.append(fault(rule.file, rule.lines["beats"], rule.id, f"beats {other!r}", "the id of a rule", "correct or drop it"))
    faults.extend(check_overlaps(rules, frame))
    faults.extend(check_compositions(frame))
    faults.extend(check_words(frame))
    faults.extend(check_tables(frame))
    if examples and _loads(base):
        faults.extend(check_examples(base, rules))
    return faults


def _loads(base: Path) -> bool:
    """Whether the folder's rules can be run; why they cannot is among the faults already."""
    try:
        load_codebook(None if base == DATA else str(base))
    except (CodebookError, ValueError, KeyError, TypeError, AttributeError):
        return False
    return True


def check_examples(folder: Path, rules: Iterable[Line]) -> list[str]:
    """Rules whose ``fires`` gives no actual event of that rule, or whose ``spares`` gives one. All sentences are parsed in one batch."""
    from detente.codebook.register import load_register
    from detente.coding.actors import find_actors
    from detente.coding.attribution import attribute_events
    from detente.coding.events import find_events
    from detente.coding.parse import load_parser, parse_blocks
    from detente.records import Block

    book, register = load_codebook(None if folder == DATA else str(folder)), load_register()
    cases = [(rule, key, str(rule.raw[key])) for rule in rules for key in ("fires", "spares")]
    texts = [text for *_, text in cases]
    parsed = parse_blocks(load_parser(), texts, [[Block((0, len(text)), "body")] for text in texts])
    faults = []
    for (rule, key, text), sentences in zip(cases, parsed, strict=True):
        table = find_actors(text, sentences, book, register, None, None)
        found, _ = find_events(text, sentences, table.phrases, book)
        mentions = [m for m in attribute_events(found, sentences, table.phrases, book) if m.modality == "actual"]
        ours = [m for m in mentions if (m.source or m.target) and rule.id in re.split(r"[>+]", m.rule)]
        if key == "fires" and not ours:
            others = ", ".join(sorted({m.rule for m in mentions})) or "no event"
            faults.append(fault(rule.file, rule.lines[key], rule.id, f"{others} in fires {text!r}", "an event of this rule", "correct the pattern, its conditions, or the example"))
        if key == "spares" and ours:
            faults.append(
                fault(rule.file, rule.lines[key], rule.id, f"an event of this rule in spares {text!r}", "none", "narrow the pattern with when or unless, or choose another example")
            )
    return faults


__all__ = ["check_codebook", "check_examples"]
