"""Data files of the codebook -> typed, indexed records. Everything that the coding steps know of the domain comes through here."""

from __future__ import annotations

import csv
import functools
import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec
import yaml

from detente.errors import CodebookError

DATA = Path(__file__).parent / "data"
VERSION = "plover-2.0/detente-0.1"
RULE_KEYS = frozenset("id means type modes contexts cameo verbs nouns adjectives owner subject source target needs when unless beats statement fires spares".split())
_TOKEN = re.compile(r"\{[^}]*\}|\S+")


class Pattern(msgspec.Struct, frozen=True):
    """A compiled verb or adjective pattern. ``target`` is object, prep, or none; ``specificity`` counts its fixed elements."""

    rule: str
    text: str
    lemma: str
    words: tuple[str, ...]
    objects: frozenset[str] | None
    target: str
    target_preps: tuple[str, ...]
    prep_needs: tuple[tuple[str, frozenset[str]], ...]
    complement: str | None
    no_object: bool
    specificity: int


class NounPattern(msgspec.Struct, frozen=True):
    """A compiled event noun: its modifiers before the head, and the prepositions that introduce the target."""

    rule: str
    text: str
    head: str
    modifiers: tuple[str, ...]
    target_preps: tuple[str, ...]
    specificity: int


class Rule(msgspec.Struct, frozen=True):
    """One event rule, as written in ``rules/*.yaml``; see docs/codebook.md for each key."""

    id: str
    means: str
    type: str
    modes: tuple[str, ...]
    contexts: tuple[str, ...]
    cameo: str
    verbs: tuple[str, ...]
    nouns: tuple[str, ...]
    adjectives: tuple[str, ...]
    owner: str
    subject: str
    source: frozenset[str]
    target: frozenset[str]
    needs: frozenset[str]
    when: Mapping[str, frozenset[str]]
    unless: Mapping[str, frozenset[str]]
    beats: tuple[str, ...]
    fires: str
    spares: str
    file: str


class Composition(msgspec.Struct, frozen=True):
    """What a verb class makes of an event noun or an infinitive of a given type."""

    verb_class: str
    type: str
    modes: tuple[str, ...]
    cameo: str


class Codebook(msgspec.Struct, frozen=True):
    """The loaded codebook: rules with their indexes by lemma, the type table, crosswalks and word classes."""

    version: str
    rules: Mapping[str, Rule]
    verbs: Mapping[str, tuple[Pattern, ...]]
    nouns: Mapping[str, tuple[NounPattern, ...]]
    adjectives: Mapping[str, tuple[Pattern, ...]]
    types: Mapping[str, Mapping[str, Any]]
    cameo: Mapping[str, Mapping[str, str]]
    classes: Mapping[str, frozenset[str]]
    grammar: Mapping[str, frozenset[str]]
    compositions: Mapping[str, Mapping[str, Composition]]
    composing: Mapping[str, tuple[tuple[str, tuple[str, ...], str], ...]]
    sectors: Mapping[str, str]
    contexts: frozenset[str]
    aliases: Mapping[str, Mapping[str, str]]
    anaphora: Mapping[str, frozenset[str]]
    reference: Mapping[str, Mapping[str, float]]


@functools.cache
def load_codebook(folder: str | None = None) -> Codebook:
    """The bundled codebook, or that of ``folder``; raises ``CodebookError`` naming every fault that keeps it from loading."""
    base = Path(folder) if folder else DATA
    plover = load_plover(base)
    classes = {name: frozenset(words) for name, words in read_yaml(base / "classes.yaml").items()}
    grammar = {name: frozenset(words) for name, words in read_yaml(base / "grammar.yaml").items()}
    rules: dict[str, Rule] = {}
    faults: list[str] = []
    for path in sorted((base / "rules").glob("*.yaml")):
        for raw in read_yaml(path):
            try:
                rule = make_rule(raw, path.name, classes)
            except (KeyError, TypeError, ValueError) as error:
                faults.append(f"{path}: {raw.get('id', '?') if isinstance(raw, dict) else raw!r}: {error}")
                continue
            if rule.id in rules:
                faults.append(f"{path}: {rule.id}: found a second rule with this id (first in {rules[rule.id].file}); expected unique ids; rename one")
            rules[rule.id] = rule
    verbs: dict[str, list[Pattern]] = {}
    nouns: dict[str, list[NounPattern]] = {}
    adjectives: dict[str, list[Pattern]] = {}
    for rule in rules.values():
        try:
            for text in rule.verbs:
                pattern = compile_pattern(text, rule.id, classes, grammar)
                verbs.setdefault(pattern.lemma, []).append(pattern)
            for text in rule.adjectives:
                pattern = compile_pattern(text, rule.id, classes, grammar)
                adjectives.setdefault(pattern.lemma, []).append(pattern)
            for text in rule.nouns:
                noun = compile_noun(text, rule.id, grammar)
                nouns.setdefault(noun.head, []).append(noun)
        except ValueError as error:
            faults.append(f"{rule.file}: {rule.id}: {error}")
    if faults:
        raise CodebookError("\n".join(faults))
    compositions, composing = _load_compositions(base / "compose.yaml")
    return Codebook(
        version=VERSION,
        rules=rules,
        verbs={k: tuple(sorted(v, key=lambda p: -p.specificity)) for k, v in verbs.items()},
        nouns={k: tuple(sorted(v, key=lambda p: -p.specificity)) for k, v in nouns.items()},
        adjectives={k: tuple(sorted(v, key=lambda p: -p.specificity)) for k, v in adjectives.items()},
        types=plover["types"],
        cameo={row["code"]: row for row in read_table(base / "cameo.csv")},
        classes=classes,
        grammar=grammar,
        compositions=compositions,
        composing=composing,
        sectors=plover["sectors"],
        contexts=frozenset(plover["contexts"]["names"]),
        aliases=plover["aliases"],
        anaphora=_load_anaphora(base / "anaphora.yaml"),
        reference=tomllib.loads((base / "reference.toml").read_text("utf-8")),
    )


@functools.cache
def load_plover(base: Path = DATA) -> Mapping[str, Any]:
    """PLOVER's frame alone (types, contexts, sectors, aliases): what needs no rules need not wait for them."""
    return tomllib.loads((base / "plover.toml").read_text("utf-8"))


def _load_anaphora(path: Path) -> dict[str, frozenset[str]]:
    """Noun -> the types of event that it may point back to."""
    out: dict[str, frozenset[str]] = {}
    for family in read_yaml(path).values():
        for noun in family["nouns"]:
            out[noun] = out.get(noun, frozenset()) | frozenset(family["types"])
    return out


def _load_compositions(path: Path) -> tuple[dict[str, dict[str, Composition]], dict[str, tuple[tuple[str, tuple[str, ...], str], ...]]]:
    table: dict[str, dict[str, Composition]] = {}
    by_lemma: dict[str, list[tuple[str, tuple[str, ...], str]]] = {}
    for name, entry in read_yaml(path).items():
        table[name] = {key: Composition(name, value["type"], tuple(value.get("modes", ())), value.get("cameo", "")) for key, value in entry["gives"].items()}
        for text in entry.get("verbs", ()):
            lemma, *words = text.split()
            by_lemma.setdefault(lemma, []).append((name, tuple(words), text))
    return table, {lemma: tuple(sorted(found, key=lambda f: -len(f[1]))) for lemma, found in by_lemma.items()}


def read_yaml(path: Path) -> Any:
    """A YAML file in which every scalar is text and a repeated key is an error."""
    try:
        with path.open(encoding="utf-8") as stream:
            return yaml.load(stream, Loader=_StrictLoader)  # noqa: S506 - a BaseLoader: text, lists and maps only
    except OSError as error:
        raise CodebookError(f"{path}: cannot be read: {error.strerror}") from error
    except yaml.YAMLError as error:
        raise CodebookError(f"{path}: {error}") from error


class _StrictLoader(yaml.CBaseLoader):
    """Text, lists and maps only; no repeated keys."""

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        seen = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f"key {key.value!r} stands twice", key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep=True)


def read_table(path: Path) -> list[dict[str, str]]:
    """A CSV file with a header -> its rows; lines that start with ``#`` are comments."""
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            return list(csv.DictReader(line for line in stream if not line.startswith("#")))
    except OSError as error:
        raise CodebookError(f"{path}: cannot be read: {error.strerror}") from error


def make_rule(raw: Any, file: str, classes: Mapping[str, frozenset[str]]) -> Rule:
    """A rule from its YAML map; raises ``ValueError`` or ``KeyError`` with what is wrong."""
    if not isinstance(raw, dict):
        raise ValueError("found a plain value; expected a map with the keys of docs/codebook.md")
    unknown = set(raw) - RULE_KEYS
    if unknown:
        raise ValueError(f"unknown key {sorted(unknown)}; expected some of {sorted(RULE_KEYS)}")
    listed = {k: _as_list(raw.get(k)) for k in ("modes", "contexts", "verbs", "nouns", "adjectives", "source", "target", "needs", "beats")}
    conditions = {}
    for name in ("when", "unless"):
        value = raw.get(name) or {}
        if not isinstance(value, dict) or set(value) - {"object", "subject", "prep", "modifier"}:
            raise ValueError(f"{name}: found {value!r}; expected a map with object, subject, prep, modifier")
        conditions[name] = {k: _expand(_as_list(v), classes) for k, v in value.items()}
    return Rule(
        id=raw["id"],
        means=raw["means"],
        type=raw["type"],
        modes=tuple(listed["modes"]),
        contexts=tuple(listed["contexts"]),
        cameo=raw["cameo"],
        verbs=tuple(listed["verbs"]),
        nouns=tuple(listed["nouns"]),
        adjectives=tuple(listed["adjectives"]),
        owner=raw.get("owner", "source"),
        subject=raw.get("subject", "source"),
        source=frozenset(listed["source"] or ["actor"]),
        target=frozenset(listed["target"] or ["any"]),
        needs=frozenset(listed["needs"]),
        when=conditions["when"],
        unless=conditions["unless"],
        beats=tuple(listed["beats"]),
        fires=raw["fires"],
        spares=raw["spares"],
        file=file,
    )


def _as_list(value: Any) -> list[str]:
    if value in (None, ""):
        return []
    if isinstance(value, list):
        return [str(v) for v in value]
    return [part.strip() for part in str(value).split(",")]


def _expand(words: Iterable[str], classes: Mapping[str, frozenset[str]]) -> frozenset[str]:
    out: set[str] = set()
    for word in words:
        if word.startswith("@"):
            if word[1:] not in classes:
                raise ValueError(f"class {word}; expected one of {sorted(classes)}")
            out |= classes[word[1:]]
        else:
            out.add(word)
    return frozenset(out)


def compile_pattern(text: str, rule: str, classes: Mapping[str, frozenset[str]], grammar: Mapping[str, frozenset[str]]) -> Pattern:
    """A verb pattern's text -> its parts; the grammar of patterns is in docs/codebook.md."""
    tokens = _TOKEN.findall(text)
    if not tokens or not tokens[0][0].isalpha():
        raise ValueError(f"pattern {text!r}; expected a verb lemma first")
    lemma, rest = tokens[0], tokens[1:]
    prepositions = grammar["prepositions"]
    words: list[str] = []
    objects: frozenset[str] | None = None
    target, target_preps = "object", []
    needs: list[tuple[str, frozenset[str]]] = []
    complement: str | None = None
    no_object = False
    marked = False
    i = 0
    while i < len(rest):
        token = rest[i]
        following = rest[i + 1] if i + 1 < len(rest) else ""
        two = f"{token} {following}"
        after_two = rest[i + 2] if i + 2 < len(rest) else ""
        if two in prepositions and (after_two == "+" or after_two.startswith("{")):
            token, following, i = two, after_two, i + 1
        if token == "-":
            no_object = True
        elif token == "+":
            target, marked = "object", True
        elif token.startswith("{"):
            objects = _expand([w.strip() for w in token[1:-1].replace("|", ",").split(",")], classes)
            if not marked:
                target = "none"
        elif token in prepositions and following == "+":
            target, marked = "prep", True
            target_preps.append(token)
            i += 1
        elif token in prepositions and following.startswith("{"):
            needs.append((token, _expand([w.strip() for w in following[1:-1].replace("|", ",").split(",")], classes)))
            i += 1
        elif token in ("to", "that") and i == len(rest) - 1:
            complement = token
        elif token in prepositions and marked and i == len(rest) - 1:
            needs.append((token, frozenset()))
        elif token.replace("-", "").replace("'", "").isalpha():
            words.append(token)
        else:
            raise ValueError(f"pattern {text!r}: {token!r}; expected a word, '+', '-' or {{lemmas}}")
        i += 1
    if (no_object or rest and rest[-1] in prepositions) and not marked:
        target = "none"
    specificity = 2 * len(words) + 2 * (objects is not None) + 2 * len(needs) + (target == "prep") + 2 * (complement is not None) + no_object
    fixed = [objects] if objects else [lemmas for _, lemmas in needs]
    specificity += any(lemmas and all(" " in each for each in lemmas) for lemmas in fixed)  # "car bomb" says more than "bomb"
    return Pattern(rule, text, lemma, tuple(words), objects, target, tuple(target_preps), tuple(needs), complement, no_object, specificity)


def compile_noun(text: str, rule: str, grammar: Mapping[str, frozenset[str]]) -> NounPattern:
    """An event noun's text -> head, modifiers, target prepositions."""
    tokens = [part for word in text.split() for part in (word.replace("-", " - ").split() if "|" not in word else [word])]  # the tokenizer splits at hyphens
    preps: tuple[str, ...] = ()
    if len(tokens) > 1 and all(p in grammar["prepositions"] for p in tokens[-1].split("|")):
        preps = tuple(tokens[-1].split("|"))
        tokens = tokens[:-1]
    if not tokens:
        raise ValueError(f"noun {text!r}; expected a noun before its prepositions")
    return NounPattern(rule, text, tokens[-1], tuple(tokens[:-1]), preps, 2 * len(tokens) + bool(preps))
