"""The annotated corpora -> weights of reference (codebook/data/reference.toml): whom a pronoun stands for, whose a role is that names no country, who are source and target.

    python tools/fit_reference.py            # fit, write, print accuracy held out by report
    python tools/fit_reference.py --check    # only measure the weights as they stand

A pronoun or a bare role counts where it stands in the evidence of an annotated event; a source or target where an event of the annotated type was coded from words of
the evidence. What is right is what shares a country (or a stateless body's name) with the annotated actors. Multinomial logistic regression with an L2 penalty over
the candidates. Each fit begins without weights and is repeated once, since pronouns decide which candidates there are: the same corpora give the same file.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

import msgspec
import numpy as np
from scipy.sparse import csr_matrix
from sklearn.model_selection import GroupKFold

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "src"))

from detente.codebook.load import DATA, load_codebook  # noqa: E402
from detente.codebook.types import FOLDED  # noqa: E402
from detente.coding import actors, roles  # noqa: E402
from detente.coding.antecedents import find_antecedents, resolve_pronoun  # noqa: E402
from detente.coding.discourse import Discourse  # noqa: E402
from detente.coding.parties import Role, branch_of, describe_candidate, find_candidates, read_scene  # noqa: E402
from detente.coding.pronouns import describe_antecedent, pronoun_class  # noqa: E402
from detente.coding.whose import choose_country, describe_countries  # noqa: E402
from detente.evaluating import normalize_gold, overlap  # noqa: E402
from detente.pipeline import Trace, trace_documents  # noqa: E402
from detente.reading import read_documents  # noqa: E402
from detente.records import Actor, Document  # noqa: E402

CORPORA = (
    (ROOT / "src/detente/demo/reports.jsonl", ROOT / "benchmarks/gold_sample.jsonl"),
    (ROOT / "benchmarks/world_reports.jsonl", ROOT / "benchmarks/gold_world.jsonl"),
    (ROOT / "benchmarks/news_reports.jsonl", ROOT / "benchmarks/gold_news.jsonl"),
)
WEIGHTS = DATA / "reference.toml"
PENALTIES = {"pronoun": 3.0, "role": 3.0, "source": 5.0, "target": 8.0}
SEEN_AT_LEAST = 3
SMALLEST = 0.01
"""Weights nearer to zero than this are left out."""
FOLDS = 8
ROUNDS = 300


_SIDES = {"nsubj": "source", "nsubjpass": "target", "dobj": "target", "pobj": "target", "poss": "either"}
"""On which side of an event a pronoun stands, by its place in the sentence; an owner may be on either."""


class Choice(NamedTuple):
    """One reference to be resolved: its report, the features of each candidate, and which candidates are right."""

    report: str
    candidates: list[dict[str, float]]
    right: np.ndarray


def collect() -> dict[str, list[Choice]]:
    """Code the corpora and note what each pronoun and each bare role had to choose from."""
    out: dict[str, list[Choice]] = {what: [] for what in PENALTIES}
    for path, gold_path in CORPORA:
        gold = {g["doc"]: g for g in map(msgspec.json.decode, gold_path.read_text("utf-8").splitlines()) if g}
        for document in read_documents([path]):
            if isinstance(document, Document) and document.id in gold:
                seen: list[tuple[str, int, Any]] = []
                with patch.object(actors, "resolve_pronoun", _recording_pronoun(seen)), patch.object(roles, "country_of", _recording_role(seen)):
                    trace = next(iter(trace_documents([document])))
                _label(document, gold[document.id], seen, out)
                _label_parties(trace, gold[document.id], out)
    return out


def _recording_pronoun(seen: list[tuple[str, int, Any]]) -> Callable[..., Any]:
    def record(d: Discourse, i: int, low: str) -> Any:
        s = d.s
        if pronoun_class(low) and s.deps[i] in _SIDES:
            options = [(describe_antecedent(found, n, s, i), known.phrase.actors) for n, (known, found) in enumerate(find_antecedents(d, i))]
            seen.append(("pronoun", s.starts[i], (_SIDES[s.deps[i]], options)))
        return resolve_pronoun(d, i, low)

    return record


def _recording_role(seen: list[tuple[str, int, Any]]) -> Callable[..., Any]:
    def record(d: Discourse, i: int, sectors: Sequence[str], same_role: str | None) -> Any:
        described = describe_countries(d.setting, d.s, i, sectors, roles.own_people(d), same_role, d.home, d.dateline_country)
        seen.append(("role", d.s.starts[i], ({"JRN": "MED"}.get(sectors[0], sectors[0]) if sectors else "", described)))
        return choose_country(described, d.reference["role"])

    return record


def _label(document: Document, gold: dict[str, Any], seen: Sequence[tuple[str, int, Any]], out: dict[str, list[Choice]]) -> None:
    done = set()
    spans = [(document.text.find(e["evidence"]), e) for e in (*gold["required"], *gold["optional"])]
    for what, at, content in seen:
        event = next((e for start, e in spans if 0 <= start <= at < start + len(e["evidence"])), None)
        if event is None or (what, at) in done:
            continue
        done.add((what, at))
        if what == "pronoun":
            side, options = content
            known = _codes(normalize_gold(event), side)
            right = np.array([bool(found) and overlap(frozenset({_key(a) for a in found}), known) for _, found in options], dtype=float)
            if not right.any():  # whoever it was, the register does not know the name
                right = np.array(["kind unknown" in names for names, _ in options], dtype=float)
            if known and right.any():
                out[what].append(Choice(document.id, [names for names, _ in options], right))
        else:
            sector, described = content
            countries = {code.split("/")[0] for code in (*event["source"], *event["target"]) if code.split("/")[1].split(":")[0] == sector}
            if len(countries) == 1 and countries & set(described):
                out[what].append(Choice(document.id, list(described.values()), np.array([float(c in countries) for c in described])))


def _label_parties(trace: Trace, gold: dict[str, Any], out: dict[str, list[Choice]]) -> None:
    text = trace.document.text
    events = [(text.find(e["evidence"]), len(e["evidence"]), normalize_gold(e)) for e in (*gold["required"], *gold["optional"])]
    mentions = [m for m in trace.mentions if m.modality == "actual"]
    scene = read_scene(mentions, trace.sentences, trace.actors)
    roles: tuple[Role, Role] = ("source", "target")
    for m in mentions:
        start, end = m.evidence.trigger
        kind = FOLDED.get(m.event_type, m.event_type)
        event = next((e for at, length, e in events if 0 <= at < end and at + length > start and FOLDED.get(e.type, e.type) == kind), None)
        if event is None or not (m.source or m.target):
            continue
        for role in roles:
            known = _codes(event, role)
            candidates = find_candidates(m, role, scene)
            right = np.array([_is_right(c.actors, known) for c in candidates], dtype=float)
            branches = {branch_of([sector]) for _, sector in (event.source if role == "source" else event.target)}
            closer = right * np.array([float(not c.actors or branch_of(c.actors[0].sectors) in branches) for c in candidates])
            right = closer if closer.any() else right
            if right.any():
                out[role].append(Choice(trace.document.id, [describe_candidate(c, m, role, scene) for c in candidates], right))


def _is_right(found: Sequence[Actor], known: frozenset[str]) -> bool:
    if not found or not known:
        return not found and not known
    codes = {"IGO" if "IGO" in a.sectors and not a.country else a.country or (a.sectors[0] if a.sectors else a.name) for a in found}
    return overlap(frozenset(codes | {a.name.upper() for a in found if not a.country}), known)


def _codes(side: Any, which: str) -> frozenset[str]:
    codes = {"source": side.source, "target": side.target, "either": side.source | side.target}[which]
    return frozenset(key for key, _ in codes)


def _key(a: Actor) -> str:
    return a.country or a.name.upper()


def fit(choices: Sequence[Choice], penalty: float) -> dict[str, float]:
    """Weights under which the right candidates are likeliest; Adam on the whole data."""
    seen = Counter(name for c in choices for candidate in c.candidates for name in candidate)
    column = {name: k for k, name in enumerate(sorted(n for n, count in seen.items() if count >= SEEN_AT_LEAST))}
    table = csr_matrix(np.vstack([_matrix(c, column) for c in choices]))
    right = np.concatenate([c.right for c in choices])
    starts = np.cumsum([0, *(len(c.right) for c in choices)])[:-1]
    sizes = [len(c.right) for c in choices]

    def shares(scores: np.ndarray) -> np.ndarray:
        return scores / np.repeat(np.add.reduceat(scores, starts), sizes)

    weights, speed, power = np.zeros(len(column)), np.zeros(len(column)), np.zeros(len(column))
    for step in range(1, ROUNDS + 1):
        scores = table @ weights
        scores = np.exp(scores - np.repeat(np.maximum.reduceat(scores, starts), sizes))
        slope = (table.T @ (shares(scores * right) - shares(scores)) - penalty * weights) / len(choices)
        speed, power = 0.9 * speed + 0.1 * slope, 0.99 * power + 0.01 * slope**2
        weights = weights + 0.05 * (speed / (1 - 0.9**step)) / (np.sqrt(power / (1 - 0.99**step)) + 1e-8)
    return {name: float(weights[k]) for name, k in column.items()}


def _matrix(choice: Choice, column: dict[str, int]) -> np.ndarray:
    table = np.zeros((len(choice.candidates), len(column)))
    for row, candidate in enumerate(choice.candidates):
        for name, value in candidate.items():
            if name in column:
                table[row, column[name]] = value
    return table


def accuracy(choices: Sequence[Choice], weights: dict[str, float]) -> float:
    """The share of choices of which the likeliest candidate is right."""
    best = [max(range(len(c.candidates)), key=lambda k: sum(weights.get(n, 0.0) * v for n, v in c.candidates[k].items())) for c in choices]
    return sum(float(c.right[k]) for c, k in zip(choices, best, strict=True)) / len(choices)


def held_out(choices: Sequence[Choice], penalty: float) -> float:
    """Accuracy over folds of whole reports, each by weights fitted on the others."""
    hits = 0.0
    for rest, held in GroupKFold(FOLDS).split(choices, groups=[c.report for c in choices]):
        part = [choices[k] for k in held]
        hits += accuracy(part, fit([choices[k] for k in rest], penalty)) * len(part)
    return hits / len(choices)


def write(weights: Mapping[str, Mapping[str, float]], notes: Mapping[str, str]) -> None:
    """The weights -> reference.toml."""
    lines = ["# made by tools/fit_reference.py from the annotated corpora; do not edit"]
    for what in PENALTIES:
        lines += ["", f"# {notes[what]}" if what in notes else "#", f"[{what}]"]
        lines += [f'"{name}" = {value:.2f}' for name, value in weights.get(what, {}).items() if abs(value) >= SMALLEST]
    WEIGHTS.write_text("\n".join(lines) + "\n", "utf-8")
    load_codebook.cache_clear()


def main() -> None:
    """Fit and write, or only measure."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--check", action="store_true", help="measure only, write nothing")
    if options.parse_args().check:
        for what, choices in collect().items():
            print(f"{what}: {len(choices)} references, {accuracy(choices, dict(load_codebook().reference[what])):.3f} right by the weights as they stand")
        return
    write({}, {})
    choices = collect()
    write({what: fit(choices[what], penalty) for what, penalty in PENALTIES.items()}, {})
    choices = collect()
    notes = {}
    for what, penalty in PENALTIES.items():
        notes[what] = f"{len(choices[what])} references, L2 penalty {penalty:g}; held out by report {held_out(choices[what], penalty):.3f} are right"
        print(f"{what}: {notes[what]}", flush=True)
    write({what: fit(choices[what], penalty) for what, penalty in PENALTIES.items()}, notes)
    print(f"written to {WEIGHTS}")


if __name__ == "__main__":
    main()
