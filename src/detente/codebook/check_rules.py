"""Rules -> their faults: keys, codes, roles, conditions, patterns, and patterns that two types share."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from detente.codebook.faults import Frame, Line, clash, fault, listed
from detente.codebook.load import RULE_KEYS, Pattern, compile_noun, compile_pattern

REQUIRED_KEYS = ("id", "means", "type", "cameo", "fires", "spares")
LIST_KEYS = frozenset({"modes", "contexts", "verbs", "nouns", "adjectives", "beats"})
CONDITION_KEYS = frozenset({"object", "subject", "prep", "modifier"})
ROLE_CLASSES = frozenset({"state", "armed", "actor", "any"})
_ID = re.compile(r"[a-z]+\.[a-z0-9-]+")


Say = Callable[[str, str, str, str], None]


def check_rule(rule: Line, frame: Frame, ids: dict[str, Line]) -> list[str]:
    """The faults of one rule; ``ids`` are the rules before it by id, to which it is added."""
    faults: list[str] = []
    raw = rule.raw

    def say(key: str, found: str, expected: str, fix: str) -> None:
        faults.append(fault(rule.file, rule.lines.get(key, rule.line), rule.id, found, expected, fix))

    for key in raw:
        if key not in RULE_KEYS:
            say(key, f"the key {key!r}", "a key of docs/codebook.md", "correct or drop it")
    for key in REQUIRED_KEYS:
        if not raw.get(key):
            say(key, f"no {key!r}", f"{' '.join(REQUIRED_KEYS)}", f"write {key!r}")
    if rule.id in ids:
        first = ids[rule.id]
        say("id", "a second rule with this id", f"unique ids (first at {first.file.name}:{first.line})", "rename one")
    ids.setdefault(rule.id, rule)
    _check_id_and_type(rule, frame, say)
    _check_code(rule, frame, say)
    _check_roles(rule, frame, say)
    _check_conditions(rule, frame, say)
    _check_patterns(rule, frame, say)
    for key in ("fires", "spares"):
        if key in raw and not str(raw[key]).rstrip("\"'”’)").endswith((".", "!", "?")):
            say(key, repr(raw[key]), "a whole sentence with its full stop", "complete it")
    return faults


def _check_id_and_type(rule: Line, frame: Frame, say: Say) -> None:
    raw = rule.raw
    kind = raw.get("type", "")
    if kind and kind not in frame.types:
        say("type", f"type {kind!r}", f"one of {' '.join(frame.types)}", "correct it")
    if rule.id != "?" and not _ID.fullmatch(rule.id):
        say("id", f"id {rule.id!r}", "type.short-name in lower case", "rename it")
    elif kind in frame.types and rule.id.split(".")[0] != kind.lower():
        say("id", f"id {rule.id!r} in a rule of type {kind}", f"{kind.lower()}.{rule.id.split('.')[-1]}", "rename the rule or correct its type")
    modes = frame.types.get(kind, {}).get("modes", {})
    for mode in listed(raw.get("modes")):
        if kind in frame.types and mode not in modes:
            say("modes", f"mode {mode!r}", f"one of {kind}'s: {' '.join(modes) or 'none'}", "correct or drop it")
    for context in listed(raw.get("contexts")):
        if context not in frame.contexts:
            say("contexts", f"context {context!r}", "one of PLOVER's contexts (plover.toml)", "correct or drop it")
    for key in LIST_KEYS & set(raw):
        if not isinstance(raw[key], (list, str)):
            say(key, f"{key} as a map", "a list", "write [a, b]")


def _check_code(rule: Line, frame: Frame, say: Say) -> None:
    code, kind = rule.raw.get("cameo", ""), rule.raw.get("type", "")
    if not code:
        return
    row = frame.cameo.get(code)
    if row is None:
        say("cameo", f"CAMEO code {code!r}", "a code of cameo.csv, in quotes", "correct it")
    elif row["type"] in frame.types and kind in frame.types and clash(frame, row["type"], kind):
        say("cameo", f"CAMEO {code}, which is {row['type']}, in a rule of type {kind}", "a code on the same side of cooperation and conflict", "correct the code or the type")


def _check_roles(rule: Line, frame: Frame, say: Say) -> None:
    raw = rule.raw
    for key in ("source", "target"):
        for name in listed(raw.get(key)):
            if name not in ROLE_CLASSES and name not in frame.sectors:
                say(key, f"{key} {name!r}", f"a sector of plover.toml or one of {' '.join(sorted(ROLE_CLASSES))}", "correct it")
    for name in listed(raw.get("needs")):
        if name not in ("source", "target"):
            say("needs", f"needs {name!r}", "source or target", "correct it")
    for key in ("owner", "subject"):
        if key in raw and raw[key] not in ("source", "target"):
            say(key, f"{key} {raw[key]!r}", "source or target", "correct it")


def _check_conditions(rule: Line, frame: Frame, say: Say) -> None:
    for key in ("when", "unless"):
        value = rule.raw.get(key)
        if value in (None, ""):
            continue
        if not isinstance(value, dict):
            say(key, f"{key} as {value!r}", f"a map with {' '.join(sorted(CONDITION_KEYS))}", "write it as a map")
            continue
        for name, words in value.items():
            if name not in CONDITION_KEYS:
                say(key, f"{key}.{name}", f"one of {' '.join(sorted(CONDITION_KEYS))}", "correct it")
            for word in listed(words):
                if word.startswith("@") and word[1:] not in frame.classes:
                    say(key, f"class {word}", f"one of {' '.join(sorted(frame.classes))}", "correct it or add the class to classes.yaml")


def _check_patterns(rule: Line, frame: Frame, say: Say) -> None:
    raw = rule.raw
    patterns = [(key, text) for key in ("verbs", "nouns", "adjectives") for text in _listed_patterns(raw.get(key))]
    if raw.get("statement"):
        if patterns:
            say("statement", "patterns in a statement rule", "none: the grammar finds it below verbs of saying", "drop 'statement' or the patterns")
    elif not patterns:
        say("verbs", "no pattern", "verbs, nouns or adjectives", "write at least one")
    seen = set()
    for key, text in patterns:
        if (key, text) in seen:
            say(key, f"the pattern {text!r} twice", "each pattern once", "drop one")
        seen.add((key, text))
        try:
            if key == "nouns":
                compile_noun(text, rule.id, frame.grammar)
            else:
                compile_pattern(text, rule.id, frame.classes, frame.grammar)
        except (ValueError, IndexError) as error:
            say(key, str(error), "a pattern as in docs/codebook.md", "correct it")


def _listed_patterns(value: Any) -> list[str]:
    """Patterns have commas inside braces, so that a plain text is one pattern."""
    return [str(v) for v in value] if isinstance(value, list) else [str(value)] if value else []


def check_overlaps(rules: Iterable[Line], frame: Frame) -> list[str]:
    """The same pattern in two rules of different types, with nothing written that tells them apart."""
    faults: list[str] = []
    owners: dict[tuple[str, Any], list[Line]] = {}
    for rule in rules:
        for key in ("verbs", "nouns", "adjectives"):
            for text in _listed_patterns(rule.raw.get(key)):
                try:
                    same = (key, _sense(key, text, frame))
                except (ValueError, IndexError):
                    continue
                for other in owners.get(same, ()):
                    if other.raw.get("type") != rule.raw.get("type") and not _told_apart(rule, other):
                        found = f"the pattern {text!r}, which {other.id} ({other.file.name}:{other.line}) has too"
                        faults.append(
                            fault(rule.file, rule.lines[key], rule.id, found, "beats, when or unless that tells the two apart", "write one of them, or drop the pattern here")
                        )
                owners.setdefault(same, []).append(rule)
    return faults


def _sense(key: str, text: str, frame: Frame) -> Any:
    """What a pattern matches, so that ``attack`` and ``attack +`` are the same."""
    if key == "nouns":
        noun = compile_noun(text, "", frame.grammar)
        return (*noun.modifiers, noun.head)
    p: Pattern = compile_pattern(text, "", frame.classes, frame.grammar)
    return (p.lemma, p.words, p.objects, p.target, p.target_preps, p.prep_needs, p.complement, p.no_object)


def _told_apart(a: Line, b: Line) -> bool:
    if b.id in listed(a.raw.get("beats")) or a.id in listed(b.raw.get("beats")):
        return True
    if any(rule.raw.get(key) for rule in (a, b) for key in ("when", "unless")):
        return True
    return any(_disjoint(listed(a.raw.get(key)), listed(b.raw.get(key))) for key in ("source", "target"))


def _disjoint(first: list[str], second: list[str]) -> bool:
    """Whether no actor fits both lists; classes of actors may hold any sector, so that only plain sectors count."""
    return bool(first and second) and not (set(first) | set(second)) & ROLE_CLASSES and not set(first) & set(second)
