"""A codebook folder -> all its faults at once, one line each: ``file:line: id: found ...; expected ...; fix``.

Three passes: the rules, the word lists that stand beside them, the tables of actors and places; then the examples, which are run through the coding steps.
"""

from __future__ import annotations

import csv
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import yaml

from detente.codebook.load import DATA, RULE_KEYS, Pattern, compile_noun, compile_pattern, load_codebook
from detente.errors import CodebookError

REQUIRED_KEYS = ("id", "means", "type", "cameo", "fires", "spares")
LIST_KEYS = frozenset({"modes", "contexts", "verbs", "nouns", "adjectives", "beats"})
CONDITION_KEYS = frozenset({"object", "subject", "prep", "modifier"})
ROLE_CLASSES = frozenset({"state", "armed", "actor", "any"})
ROLE_KINDS = frozenset({"body", "person", "group", "property", "expert", "kin"})
ORGANISATION_KINDS = frozenset({
    "agency", "party", "armed group", "media", "company", "igo", "university", "think tank", "ngo", "state media", "criminal group", "union", "church", "court", "alliance",
})  # fmt: skip
PLACE_KINDS = frozenset({"region", "city", "island", "base", "building", "site", "meeting place", "border", "sea", "strait"})
COMPOSITION_KEYS = frozenset({"type", "modes", "cameo"})
GRAMMAR_KEYS = frozenset({
    "prepositions", "light_verbs", "occurrence_verbs", "report_verbs", "belief_verbs", "future_verbs", "future_adjectives", "future_nouns", "opinion_nouns", "negating_verbs", "negators",
    "actual_verbs", "causing_verbs", "relation_prompted", "relation_followed", "containers", "transparent_nouns", "person_titles", "partner_nouns", "abstract_subjects",
    "weekdays", "offtopic_nouns", "source_nouns", "experts",
})  # fmt: skip
"""The word classes that the coding steps read by name; others may be added."""
TABLES = {
    "actors/countries.csv": ("code", "name", "aliases", "demonyms", "capital", "metonyms", "latitude", "longitude"),
    "actors/nations.csv": ("name", "forms", "country", "sectors"),
    "actors/organisations.csv": ("name", "aliases", "country", "sectors", "kind", "start", "end"),
    "actors/roles.csv": ("phrase", "sectors", "plural", "kind"),
    "places/crisis_places.csv": ("name", "aliases", "country", "latitude", "longitude", "kind", "owner"),
}
PEOPLE_COLUMNS = ("name", "aliases", "country", "sectors", "role", "start", "end")
_DATE = re.compile(r"\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?")
_ID = re.compile(r"[a-z]+\.[a-z0-9-]+")


class Line(msgspec.Struct, frozen=True):
    """A rule as written: its values, and the line of the rule and of each of its keys."""

    file: Path
    line: int
    raw: Mapping[str, Any]
    lines: Mapping[str, int]

    @property
    def id(self) -> str:
        return str(self.raw.get("id", "?"))


class _Frame(msgspec.Struct, frozen=True):
    """What rules may name."""

    base: Path
    types: Mapping[str, Mapping[str, Any]]
    contexts: frozenset[str]
    sectors: frozenset[str]
    cameo: Mapping[str, Mapping[str, str]]
    classes: Mapping[str, frozenset[str]]
    grammar: Mapping[str, frozenset[str]]


def check_codebook(folder: str | Path | None = None, examples: bool = True) -> list[str]:
    """A codebook folder (the bundled one if none is named) -> its faults, none if it is sound.

    ``examples`` also codes every ``fires`` and ``spares`` (some seconds), unless a fault keeps the rules from loading.
    """
    base = Path(folder) if folder else DATA
    faults: list[str] = []
    frame = _read_frame(base, faults)
    if frame is None:
        return faults
    rules = [rule for path in sorted((base / "rules").glob("*.yaml")) for rule in _read_rules(path, faults)]
    ids: dict[str, Line] = {}
    for rule in rules:
        faults.extend(_check_rule(rule, frame, ids))
    for rule in rules:
        for other in _listed(rule.raw.get("beats")):
            if other not in ids:
                faults.append(_fault(rule.file, rule.lines["beats"], rule.id, f"beats {other!r}", "the id of a rule", "correct or drop it"))
    faults.extend(_check_overlaps(rules, frame))
    faults.extend(_check_compositions(frame))
    faults.extend(_check_words(frame))
    faults.extend(_check_tables(frame))
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


def _fault(path: Path, line: int, name: str, found: str, expected: str, fix: str) -> str:
    return f"{path}:{line}: {name}: found {found}; expected {expected}; {fix}"


def _listed(value: Any) -> list[str]:
    if value in (None, ""):
        return []
    return [str(v) for v in value] if isinstance(value, list) else [part.strip() for part in str(value).split(",")]


# -- reading with line numbers ------------------------------------------------------------------------------------------
def _compose(path: Path, faults: list[str]) -> Any:
    """A YAML file's node tree, ``None`` (with a fault) where it cannot be read."""
    try:
        with path.open(encoding="utf-8") as stream:
            return yaml.compose(stream, Loader=yaml.CBaseLoader)
    except OSError as error:
        faults.append(_fault(path, 1, path.name, f"no readable file ({error.strerror})", "the file", "restore it"))
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        faults.append(_fault(path, line, path.name, str(error.problem), "YAML", "mend the syntax; quote text that has a colon or begins with a sign"))
    return None


def _plain(node: Any, path: Path, name: str, faults: list[str]) -> Any:
    """A node -> text, list or map; a key that stands twice is a fault."""
    if isinstance(node, yaml.MappingNode):
        out: dict[str, Any] = {}
        for key, value in node.value:
            if key.value in out:
                faults.append(_fault(path, key.start_mark.line + 1, name, f"the key {key.value!r} twice", "each key once", "join or drop one"))
            out[key.value] = _plain(value, path, name, faults)
        return out
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item, path, name, faults) for item in node.value]
    return node.value if node is not None else None


def _read_rules(path: Path, faults: list[str]) -> list[Line]:
    root = _compose(path, faults)
    if root is None:
        return []
    if not isinstance(root, yaml.SequenceNode):
        faults.append(_fault(path, 1, path.name, "a map or plain text", "a list of rules", "begin each rule with '- id:'"))
        return []
    out = []
    for node in root.value:
        line = node.start_mark.line + 1
        if not isinstance(node, yaml.MappingNode):
            faults.append(_fault(path, line, "?", "a plain value", "a rule with the keys of docs/codebook.md", "begin it with 'id:'"))
            continue
        name = next((v.value for k, v in node.value if k.value == "id"), "?")
        out.append(Line(path, line, _plain(node, path, name, faults), {k.value: k.start_mark.line + 1 for k, _ in node.value}))
    return out


def _read_words(path: Path, faults: list[str]) -> dict[str, Any]:
    root = _compose(path, faults)
    found = _plain(root, path, path.name, faults) if root is not None else {}
    if isinstance(found, dict):
        return found
    faults.append(_fault(path, 1, path.name, "a list or plain text", "a map of names", "write 'name: [...]'"))
    return {}


def _read_frame(base: Path, faults: list[str]) -> _Frame | None:
    try:
        plover = tomllib.loads((base / "plover.toml").read_text("utf-8"))
        types, contexts, sectors = plover["types"], plover["contexts"]["names"], plover["sectors"]
    except (OSError, tomllib.TOMLDecodeError, KeyError) as error:
        faults.append(_fault(base / "plover.toml", 1, "plover.toml", f"{type(error).__name__}: {error}", "types, contexts and sectors", "restore the file"))
        return None
    classes = {name: frozenset(_listed(words)) for name, words in _read_words(base / "classes.yaml", faults).items()}
    grammar = {name: frozenset(_listed(words)) for name, words in _read_words(base / "grammar.yaml", faults).items()}
    cameo = {row["code"]: row for _, row in _read_rows(base / "cameo.csv", ("code", "name", "goldstein", "type", "mode", "contexts"), faults)}
    return _Frame(base, types, frozenset(contexts), frozenset(sectors), cameo, classes, grammar) if grammar else None


# -- rules --------------------------------------------------------------------------------------------------------------
def _check_rule(rule: Line, frame: _Frame, ids: dict[str, Line]) -> list[str]:
    faults: list[str] = []
    raw = rule.raw

    def say(key: str, found: str, expected: str, fix: str) -> None:
        faults.append(_fault(rule.file, rule.lines.get(key, rule.line), rule.id, found, expected, fix))

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


Say = Callable[[str, str, str, str], None]


def _check_id_and_type(rule: Line, frame: _Frame, say: Say) -> None:
    raw = rule.raw
    kind = raw.get("type", "")
    if kind and kind not in frame.types:
        say("type", f"type {kind!r}", f"one of {' '.join(frame.types)}", "correct it")
    if rule.id != "?" and not _ID.fullmatch(rule.id):
        say("id", f"id {rule.id!r}", "type.short-name in lower case", "rename it")
    elif kind in frame.types and rule.id.split(".")[0] != kind.lower():
        say("id", f"id {rule.id!r} in a rule of type {kind}", f"{kind.lower()}.{rule.id.split('.')[-1]}", "rename the rule or correct its type")
    modes = frame.types.get(kind, {}).get("modes", {})
    for mode in _listed(raw.get("modes")):
        if kind in frame.types and mode not in modes:
            say("modes", f"mode {mode!r}", f"one of {kind}'s: {' '.join(modes) or 'none'}", "correct or drop it")
    for context in _listed(raw.get("contexts")):
        if context not in frame.contexts:
            say("contexts", f"context {context!r}", "one of PLOVER's contexts (plover.toml)", "correct or drop it")
    for key in LIST_KEYS & set(raw):
        if not isinstance(raw[key], (list, str)):
            say(key, f"{key} as a map", "a list", "write [a, b]")


def _check_code(rule: Line, frame: _Frame, say: Say) -> None:
    code, kind = rule.raw.get("cameo", ""), rule.raw.get("type", "")
    if not code:
        return
    row = frame.cameo.get(code)
    if row is None:
        say("cameo", f"CAMEO code {code!r}", "a code of cameo.csv, in quotes", "correct it")
    elif row["type"] in frame.types and kind in frame.types and _clash(frame, row["type"], kind):
        say("cameo", f"CAMEO {code}, which is {row['type']}, in a rule of type {kind}", "a code on the same side of cooperation and conflict", "correct the code or the type")


def _clash(frame: _Frame, first: str, second: str) -> bool:
    """Cooperation against conflict is a contradiction; neighbours within a side (RETREAT and CONCEDE) are not."""
    return (int(frame.types[first]["quad"]) > 2) is not (int(frame.types[second]["quad"]) > 2)


def _check_roles(rule: Line, frame: _Frame, say: Say) -> None:
    raw = rule.raw
    for key in ("source", "target"):
        for name in _listed(raw.get(key)):
            if name not in ROLE_CLASSES and name not in frame.sectors:
                say(key, f"{key} {name!r}", f"a sector of plover.toml or one of {' '.join(sorted(ROLE_CLASSES))}", "correct it")
    for name in _listed(raw.get("needs")):
        if name not in ("source", "target"):
            say("needs", f"needs {name!r}", "source or target", "correct it")
    for key in ("owner", "subject"):
        if key in raw and raw[key] not in ("source", "target"):
            say(key, f"{key} {raw[key]!r}", "source or target", "correct it")


def _check_conditions(rule: Line, frame: _Frame, say: Say) -> None:
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
            for word in _listed(words):
                if word.startswith("@") and word[1:] not in frame.classes:
                    say(key, f"class {word}", f"one of {' '.join(sorted(frame.classes))}", "correct it or add the class to classes.yaml")


def _check_patterns(rule: Line, frame: _Frame, say: Say) -> None:
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


def _check_overlaps(rules: Iterable[Line], frame: _Frame) -> list[str]:
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
                            _fault(rule.file, rule.lines[key], rule.id, found, "beats, when or unless that tells the two apart", "write one of them, or drop the pattern here")
                        )
                owners.setdefault(same, []).append(rule)
    return faults


def _sense(key: str, text: str, frame: _Frame) -> Any:
    """What a pattern matches, so that ``attack`` and ``attack +`` are the same."""
    if key == "nouns":
        noun = compile_noun(text, "", frame.grammar)
        return (*noun.modifiers, noun.head)
    p: Pattern = compile_pattern(text, "", frame.classes, frame.grammar)
    return (p.lemma, p.words, p.objects, p.target, p.target_preps, p.prep_needs, p.complement, p.no_object)


def _told_apart(a: Line, b: Line) -> bool:
    if b.id in _listed(a.raw.get("beats")) or a.id in _listed(b.raw.get("beats")):
        return True
    if any(rule.raw.get(key) for rule in (a, b) for key in ("when", "unless")):
        return True
    return any(_disjoint(_listed(a.raw.get(key)), _listed(b.raw.get(key))) for key in ("source", "target"))


def _disjoint(first: list[str], second: list[str]) -> bool:
    """Whether no actor fits both lists; classes of actors may hold any sector, so that only plain sectors count."""
    return bool(first and second) and not (set(first) | set(second)) & ROLE_CLASSES and not set(first) & set(second)


# -- compose, anaphora, classes, grammar --------------------------------------------------------------------------------
def _check_compositions(frame: _Frame) -> list[str]:
    path, faults = frame.base / "compose.yaml", list[str]()
    root = _compose(path, faults)
    for key, value in root.value if isinstance(root, yaml.MappingNode) else ():
        name, line = key.value, key.start_mark.line + 1
        entry = _plain(value, path, name, faults)
        if not isinstance(entry, dict) or "gives" not in entry or set(entry) - {"verbs", "gives"}:
            faults.append(_fault(path, line, name, f"{entry!r:.60}", "a map with gives and verbs", "correct it"))
            continue
        if not entry.get("verbs") and not ((name.startswith("to-") and name[3:] in frame.types) or name in ("own", "between-states", "agreed")):
            faults.append(_fault(path, line, name, "no verbs", "verbs, or a name to-TYPE", "write the verbs"))
        for verb in {v for v in _listed(entry.get("verbs")) if _listed(entry.get("verbs")).count(v) > 1}:
            faults.append(_fault(path, line, name, f"the verb {verb!r} twice", "each verb once", "drop one"))
        for kind, made in (entry["gives"] or {}).items():
            faults.extend(_check_composition(path, line, f"{name}.{kind}", kind, made, frame))
    return faults


def _check_composition(path: Path, line: int, name: str, kind: str, made: Any, frame: _Frame) -> Iterator[str]:
    if kind not in frame.types:
        yield _fault(path, line, name, f"type {kind!r}", "a PLOVER type", "correct it")
    if not isinstance(made, dict) or set(made) - COMPOSITION_KEYS or made.get("type") not in frame.types:
        yield _fault(path, line, name, f"{made!r:.60}", "a map with type, modes, cameo", "correct it")
        return
    for mode in _listed(made.get("modes")):
        if mode not in frame.types[made["type"]].get("modes", {}):
            yield _fault(path, line, name, f"mode {mode!r}", f"a mode of {made['type']}", "correct it")
    code = made.get("cameo")
    if code and code not in frame.cameo:
        yield _fault(path, line, name, f"CAMEO code {code!r}", "a code of cameo.csv", "correct it")
    elif code and frame.cameo[code]["type"] in frame.types and _clash(frame, frame.cameo[code]["type"], made["type"]):
        yield _fault(path, line, name, f"CAMEO {code}, which is {frame.cameo[code]['type']}", f"a code that goes with {made['type']}", "correct it")


def _check_words(frame: _Frame) -> list[str]:
    faults: list[str] = []
    path = frame.base / "anaphora.yaml"
    for name, family in _read_words(path, faults).items():
        if not isinstance(family, dict) or set(family) != {"nouns", "types"}:
            faults.append(_fault(path, 1, name, f"{family!r:.60}", "a map with nouns and types", "correct it"))
            continue
        faults.extend(_fault(path, 1, name, f"type {kind!r}", "a PLOVER type", "correct it") for kind in _listed(family["types"]) if kind not in frame.types)
    path = frame.base / "grammar.yaml"
    faults.extend(_fault(path, 1, name, "no such list", "every word class that the coding steps read", "restore it") for name in sorted(GRAMMAR_KEYS - set(frame.grammar)))
    for name, words in (*frame.grammar.items(), *frame.classes.items()):
        file = path if name in frame.grammar else frame.base / "classes.yaml"
        if not words:
            faults.append(_fault(file, 1, name, "an empty list", "words", "fill or drop it"))
    return faults


# -- tables -------------------------------------------------------------------------------------------------------------
def _read_rows(path: Path, columns: tuple[str, ...], faults: list[str]) -> list[tuple[int, dict[str, str]]]:
    """Rows of a table with their line numbers; a wrong header or a row of another width is a fault and left out."""
    if not path.exists():
        faults.append(_fault(path, 1, path.name, "no file", f"a table with {' '.join(columns)}", "restore it"))
        return []
    out: list[tuple[int, dict[str, str]]] = []
    header: list[str] | None = None
    for number, text in enumerate(path.read_text("utf-8").splitlines(), start=1):
        if text.startswith("#") or not text.strip():
            continue
        cells = next(csv.reader([text]))
        if header is None:
            header = cells
            if missing := [c for c in columns if c not in header]:
                faults.append(_fault(path, number, path.name, f"the columns {' '.join(header)}", f"also {' '.join(missing)}", "correct the header"))
                return []
        elif len(cells) != len(header):
            faults.append(_fault(path, number, cells[0] if cells else "?", f"{len(cells)} cells", f"{len(header)}", "quote cells that have a comma"))
        else:
            out.append((number, dict(zip(header, cells, strict=True))))
    return out


def _check_tables(frame: _Frame) -> list[str]:
    faults: list[str] = []
    folder = frame.base / "actors"
    path = folder / "countries.csv"
    countries = _read_rows(path, TABLES["actors/countries.csv"], faults)
    codes: dict[str, int] = {}
    for line, row in countries:
        if not re.fullmatch(r"[A-Z]{3}", row["code"]):
            faults.append(_fault(path, line, row["name"], f"code {row['code']!r}", "ISO 3166 alpha-3", "correct it"))
        if row["code"] in codes:
            faults.append(_fault(path, line, row["name"], f"code {row['code']} again (first on line {codes[row['code']]})", "each country once", "drop one"))
        codes.setdefault(row["code"], line)
        faults.extend(_check_position(path, line, row))
    known = frozenset(codes)
    for people in sorted(folder.glob("people*.csv")):
        for line, row in _read_rows(people, PEOPLE_COLUMNS, faults):
            faults.extend(_check_actor(people, line, row, frame, known))
    path = folder / "organisations.csv"
    for line, row in _read_rows(path, TABLES["actors/organisations.csv"], faults):
        faults.extend(_check_actor(path, line, row, frame, known))
        if row["kind"] not in ORGANISATION_KINDS:
            faults.append(_fault(path, line, row["name"], f"kind {row['kind']!r}", f"one of {', '.join(sorted(ORGANISATION_KINDS))}", "correct it"))
    path = folder / "roles.csv"
    seen: dict[str, int] = {}
    for line, row in _read_rows(path, TABLES["actors/roles.csv"], faults):
        faults.extend(_check_role_row(path, line, row, frame, seen))
    path = frame.base / "places" / "crisis_places.csv"
    for line, row in _read_rows(path, TABLES["places/crisis_places.csv"], faults):
        faults.extend(_check_place(path, line, row, known))
    cities = frame.base / "places" / "cities.csv"
    if cities.exists():
        for line, row in _read_rows(cities, ("id", "name", "aliases", "country", "latitude", "longitude"), faults):
            faults.extend(_check_position(cities, line, row))
            if row["country"] not in known:
                faults.append(_fault(cities, line, row["name"], f"country {row['country']!r}", "a code of countries.csv", "correct it"))
    return faults


def _check_actor(path: Path, line: int, row: Mapping[str, str], frame: _Frame, countries: frozenset[str]) -> Iterator[str]:
    name = row["name"] or "?"
    if not row["name"]:
        yield _fault(path, line, name, "no name", "a name", "write it")
    if row["country"] and row["country"] not in countries:
        yield _fault(path, line, name, f"country {row['country']!r}", "a code of countries.csv, or nothing", "correct it")
    sectors = [part.strip() for part in row["sectors"].split("|") if part.strip()]
    if not sectors:
        yield _fault(path, line, name, "no sector", "one of plover.toml's", "write it")
    for sector in sectors:
        if sector not in frame.sectors:
            yield _fault(path, line, name, f"sector {sector!r}", "one of plover.toml's, with | between", "correct it")
    start, end = row["start"].strip(), row["end"].strip()
    for day in (start, end):
        if day and not _DATE.fullmatch(day):
            yield _fault(path, line, name, f"date {day!r}", "YYYY, YYYY-MM or YYYY-MM-DD", "correct it")
    length = min(len(start), len(end))
    if length and start[:length] > end[:length]:
        yield _fault(path, line, name, f"start {start} after end {end}", "start first", "swap or correct them")


def _check_role_row(path: Path, line: int, row: Mapping[str, str], frame: _Frame, seen: dict[str, int]) -> Iterator[str]:
    phrase = row["phrase"]
    if phrase in seen:
        yield _fault(path, line, phrase, f"the phrase again (first on line {seen[phrase]})", "each phrase once", "drop one")
    seen.setdefault(phrase, line)
    if phrase != phrase.lower():
        yield _fault(path, line, phrase, "capitals", "lower case: lemmas are compared", "write it in lower case")
    if row["kind"] not in ROLE_KINDS:
        yield _fault(path, line, phrase, f"kind {row['kind']!r}", f"one of {' '.join(sorted(ROLE_KINDS))}", "correct it")
    for sector in row["sectors"].split("|"):
        if sector.strip() not in frame.sectors:
            yield _fault(path, line, phrase, f"sector {sector!r}", "one of plover.toml's, with | between", "correct it")


def _check_place(path: Path, line: int, row: Mapping[str, str], countries: frozenset[str]) -> Iterator[str]:
    yield from _check_position(path, line, row)
    if row["kind"] not in PLACE_KINDS:
        yield _fault(path, line, row["name"], f"kind {row['kind']!r}", f"one of {', '.join(sorted(PLACE_KINDS))}", "correct it")
    for key in ("country", "owner"):
        for code in row[key].split("|"):
            if code and code not in countries:
                yield _fault(path, line, row["name"], f"{key} {code!r}", "a code of countries.csv", "correct it")


def _check_position(path: Path, line: int, row: Mapping[str, str]) -> Iterator[str]:
    for key, limit in (("latitude", 90), ("longitude", 180)):
        try:
            sound = abs(float(row[key])) <= limit
        except ValueError:
            sound = False
        if not sound:
            yield _fault(path, line, row.get("name", "?"), f"{key} {row[key]!r}", f"degrees from -{limit} to {limit}", "correct it")


# -- examples -----------------------------------------------------------------------------------------------------------
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
            faults.append(
                _fault(rule.file, rule.lines[key], rule.id, f"{others} in fires {text!r}", "an event of this rule", "correct the pattern, its conditions, or the example")
            )
        if key == "spares" and ours:
            faults.append(
                _fault(
                    rule.file, rule.lines[key], rule.id, f"an event of this rule in spares {text!r}", "none", "narrow the pattern with when or unless, or choose another example"
                )
            )
    return faults


__all__ = ["check_codebook", "check_examples"]
