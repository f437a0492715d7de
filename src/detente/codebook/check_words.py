"""Word lists and compositions beside the rules -> their faults."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from detente.codebook.faults import Frame, clash, compose_nodes, fault, listed, plain_value, read_words

COMPOSITION_KEYS = frozenset({"type", "modes", "cameo"})
GRAMMAR_KEYS = frozenset({
    "prepositions", "light_verbs", "occurrence_verbs", "report_verbs", "belief_verbs", "future_verbs", "future_adjectives", "future_nouns", "opinion_nouns", "negating_verbs", "negators",
    "actual_verbs", "causing_verbs", "relation_prompted", "relation_followed", "containers", "transparent_nouns", "person_titles", "partner_nouns", "abstract_subjects",
    "weekdays", "offtopic_nouns", "source_nouns", "experts",
    "unreal_adjectives", "doubt_nouns", "alleging_verbs", "carrying_verbs", "claim_cause", "claim_motive", "claim_prediction", "silent_verbs", "response_nouns", "occasion_verbs",
    "attempt_verbs", "times_of_day", "message_nouns", "remote_nouns", "capital_sites", "no_towns", "echoing", "answering_verbs", "attesting_verbs", "telling_verbs", "official_nouns", "witness_nouns", "labelling_verbs",
    "party_nouns", "party_leaders", "authored_nouns", "member_nouns", "contact_verbs",
    "arrival_verbs", "departure_verbs", "road_nouns", "resident_nouns",
    "country_nouns", "body_nouns", "crowd_nouns", "wrapping_nouns", "ending_nouns", "pausing_nouns", "leading_verbs",
})  # fmt: skip
"""The word classes that the coding steps read by name; others may be added."""


def check_compositions(frame: Frame) -> list[str]:
    """The faults of compose.yaml."""
    path, faults = frame.base / "compose.yaml", list[str]()
    root = compose_nodes(path, faults)
    for key, value in root.value if isinstance(root, yaml.MappingNode) else ():
        name, line = key.value, key.start_mark.line + 1
        entry = plain_value(value, path, name, faults)
        if not isinstance(entry, dict) or "gives" not in entry or set(entry) - {"verbs", "gives"}:
            faults.append(fault(path, line, name, f"{entry!r:.60}", "a map with gives and verbs", "correct it"))
            continue
        if not entry.get("verbs") and not ((name.startswith("to-") and name[3:] in frame.types) or name in ("own", "between-states", "agreed")):
            faults.append(fault(path, line, name, "no verbs", "verbs, or a name to-TYPE", "write the verbs"))
        for verb in {v for v in listed(entry.get("verbs")) if listed(entry.get("verbs")).count(v) > 1}:
            faults.append(fault(path, line, name, f"the verb {verb!r} twice", "each verb once", "drop one"))
        for kind, made in (entry["gives"] or {}).items():
            faults.extend(_check_composition(path, line, f"{name}.{kind}", kind, made, frame))
    return faults


def _check_composition(path: Path, line: int, name: str, kind: str, made: Any, frame: Frame) -> Iterator[str]:
    if kind not in frame.types:
        yield fault(path, line, name, f"type {kind!r}", "a PLOVER type", "correct it")
    if not isinstance(made, dict) or set(made) - COMPOSITION_KEYS or made.get("type") not in frame.types:
        yield fault(path, line, name, f"{made!r:.60}", "a map with type, modes, cameo", "correct it")
        return
    for mode in listed(made.get("modes")):
        if mode not in frame.types[made["type"]].get("modes", {}):
            yield fault(path, line, name, f"mode {mode!r}", f"a mode of {made['type']}", "correct it")
    code = made.get("cameo")
    if code and code not in frame.cameo:
        yield fault(path, line, name, f"CAMEO code {code!r}", "a code of cameo.csv", "correct it")
    elif code and frame.cameo[code]["type"] in frame.types and clash(frame, frame.cameo[code]["type"], made["type"]):
        yield fault(path, line, name, f"CAMEO {code}, which is {frame.cameo[code]['type']}", f"a code that goes with {made['type']}", "correct it")


def check_words(frame: Frame) -> list[str]:
    """The faults of anaphora.yaml, grammar.yaml and classes.yaml."""
    faults: list[str] = []
    path = frame.base / "anaphora.yaml"
    for name, family in read_words(path, faults).items():
        if not isinstance(family, dict) or set(family) != {"nouns", "types"}:
            faults.append(fault(path, 1, name, f"{family!r:.60}", "a map with nouns and types", "correct it"))
            continue
        faults.extend(fault(path, 1, name, f"type {kind!r}", "a PLOVER type", "correct it") for kind in listed(family["types"]) if kind not in frame.types)
    path = frame.base / "grammar.yaml"
    faults.extend(fault(path, 1, name, "no such list", "every word class that the coding steps read", "restore it") for name in sorted(GRAMMAR_KEYS - set(frame.grammar)))
    for name, words in (*frame.grammar.items(), *frame.classes.items()):
        file = path if name in frame.grammar else frame.base / "classes.yaml"
        if not words:
            faults.append(fault(file, 1, name, "an empty list", "words", "fill or drop it"))
    return faults
