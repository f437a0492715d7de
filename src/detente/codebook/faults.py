"""The codebook's files read with their line numbers, so that what is wrong can be named: ``file:line: id: found ...; expected ...; fix``."""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import yaml


class Line(msgspec.Struct, frozen=True):
    """A rule as written: its values, and the line of the rule and of each of its keys."""

    file: Path
    line: int
    raw: Mapping[str, Any]
    lines: Mapping[str, int]

    @property
    def id(self) -> str:
        return str(self.raw.get("id", "?"))


class Frame(msgspec.Struct, frozen=True):
    """What rules may name."""

    base: Path
    types: Mapping[str, Mapping[str, Any]]
    contexts: frozenset[str]
    sectors: frozenset[str]
    cameo: Mapping[str, Mapping[str, str]]
    classes: Mapping[str, frozenset[str]]
    grammar: Mapping[str, frozenset[str]]


def read_frame(base: Path, faults: list[str]) -> Frame | None:
    """The names that rules may use; ``None`` (with a fault) where the files that state them cannot be read."""
    try:
        plover = tomllib.loads((base / "plover.toml").read_text("utf-8"))
        types, contexts, sectors = plover["types"], plover["contexts"]["names"], plover["sectors"]
    except (OSError, tomllib.TOMLDecodeError, KeyError) as error:
        faults.append(fault(base / "plover.toml", 1, "plover.toml", f"{type(error).__name__}: {error}", "types, contexts and sectors", "restore the file"))
        return None
    classes = {name: frozenset(listed(words)) for name, words in read_words(base / "classes.yaml", faults).items()}
    grammar = {name: frozenset(listed(words)) for name, words in read_words(base / "grammar.yaml", faults).items()}
    cameo = {row["code"]: row for _, row in read_rows(base / "cameo.csv", ("code", "name", "goldstein", "type", "mode", "contexts"), faults)}
    return Frame(base, types, frozenset(contexts), frozenset(sectors), cameo, classes, grammar) if grammar else None


def fault(path: Path, line: int, name: str, found: str, expected: str, fix: str) -> str:
    """One fault, as ``detente codebook check`` prints it."""
    return f"{path}:{line}: {name}: found {found}; expected {expected}; {fix}"


def listed(value: Any) -> list[str]:
    """A value that may be one text with commas or a list -> its parts."""
    if value in (None, ""):
        return []
    return [str(v) for v in value] if isinstance(value, list) else [part.strip() for part in str(value).split(",")]


def compose_nodes(path: Path, faults: list[str]) -> Any:
    """A YAML file's node tree, ``None`` (with a fault) where it cannot be read."""
    try:
        with path.open(encoding="utf-8") as stream:
            return yaml.compose(stream, Loader=yaml.CBaseLoader)
    except OSError as error:
        faults.append(fault(path, 1, path.name, f"no readable file ({error.strerror})", "the file", "restore it"))
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        faults.append(fault(path, line, path.name, str(error.problem), "YAML", "mend the syntax; quote text that has a colon or begins with a sign"))
    return None


def plain_value(node: Any, path: Path, name: str, faults: list[str]) -> Any:
    """A node -> text, list or map; a key that stands twice is a fault."""
    if isinstance(node, yaml.MappingNode):
        out: dict[str, Any] = {}
        for key, value in node.value:
            if key.value in out:
                faults.append(fault(path, key.start_mark.line + 1, name, f"the key {key.value!r} twice", "each key once", "join or drop one"))
            out[key.value] = plain_value(value, path, name, faults)
        return out
    if isinstance(node, yaml.SequenceNode):
        return [plain_value(item, path, name, faults) for item in node.value]
    return node.value if node is not None else None


def read_rules(path: Path, faults: list[str]) -> list[Line]:
    """A file of rules -> its rules with their lines; what is no rule is a fault and left out."""
    root = compose_nodes(path, faults)
    if root is None:
        return []
    if not isinstance(root, yaml.SequenceNode):
        faults.append(fault(path, 1, path.name, "a map or plain text", "a list of rules", "begin each rule with '- id:'"))
        return []
    out = []
    for node in root.value:
        line = node.start_mark.line + 1
        if not isinstance(node, yaml.MappingNode):
            faults.append(fault(path, line, "?", "a plain value", "a rule with the keys of docs/codebook.md", "begin it with 'id:'"))
            continue
        name = next((v.value for k, v in node.value if k.value == "id"), "?")
        out.append(Line(path, line, plain_value(node, path, name, faults), {k.value: k.start_mark.line + 1 for k, _ in node.value}))
    return out


def read_words(path: Path, faults: list[str]) -> dict[str, Any]:
    """A file of named lists or maps; empty (with a fault) where it is none."""
    root = compose_nodes(path, faults)
    found = plain_value(root, path, path.name, faults) if root is not None else {}
    if isinstance(found, dict):
        return found
    faults.append(fault(path, 1, path.name, "a list or plain text", "a map of names", "write 'name: [...]'"))
    return {}


def read_rows(path: Path, columns: tuple[str, ...], faults: list[str]) -> list[tuple[int, dict[str, str]]]:
    """Rows of a table with their line numbers; a wrong header or a row of another width is a fault and left out."""
    if not path.exists():
        faults.append(fault(path, 1, path.name, "no file", f"a table with {' '.join(columns)}", "restore it"))
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
                faults.append(fault(path, number, path.name, f"the columns {' '.join(header)}", f"also {' '.join(missing)}", "correct the header"))
                return []
        elif len(cells) != len(header):
            faults.append(fault(path, number, cells[0] if cells else "?", f"{len(cells)} cells", f"{len(header)}", "quote cells that have a comma"))
        else:
            out.append((number, dict(zip(header, cells, strict=True))))
    return out


def clash(frame: Frame, first: str, second: str) -> bool:
    """Cooperation against conflict is a contradiction; neighbours within a side (RETREAT and CONCEDE) are not."""
    return (int(frame.types[first]["quad"]) > 2) is not (int(frame.types[second]["quad"]) > 2)
