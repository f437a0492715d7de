"""The annotated corpora -> weights of reference (codebook/data/reference.toml): whom a pronoun stands for, and whose a role is that names no country.

    python tools/fit_reference.py            # fit, write, print accuracy held out by report
    python tools/fit_reference.py --check    # only measure

A pronoun or a bare role counts where it stands in the evidence of an annotated event of which the actors on its side are known. What is right is what shares
a country (or a stateless body's name) with them. Multinomial logistic regression with an L2 penalty over the candidates; deterministic.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

import msgspec
import numpy as np
from sklearn.model_selection import GroupKFold

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "src"))

from detente.codebook.load import DATA  # noqa: E402
from detente.coding import actors  # noqa: E402
from detente.coding.actors import _Reader  # noqa: E402
from detente.coding.pronouns import describe_antecedent, pronoun_class  # noqa: E402
from detente.evaluating import normalize_gold, overlap  # noqa: E402
from detente.pipeline import trace_documents  # noqa: E402
from detente.reading import read_documents  # noqa: E402
from detente.records import Actor, Document  # noqa: E402

CORPORA = (
    (ROOT / "src/detente/demo/reports.jsonl", ROOT / "benchmarks/gold_sample.jsonl"),
    (ROOT / "benchmarks/world_reports.jsonl", ROOT / "benchmarks/gold_world.jsonl"),
    *([(ROOT / "benchmarks/news_reports.jsonl", ROOT / "benchmarks/gold_news.jsonl")] if (ROOT / "benchmarks/news_reports.jsonl").exists() else []),
)
WEIGHTS = DATA / "reference.toml"
PENALTY = 3.0
FOLDS = 8
ROUNDS = 400


_SIDES = {"nsubj": "source", "nsubjpass": "target", "dobj": "target", "pobj": "target", "poss": "either"}
"""On which side of an event a pronoun stands, by its place in the sentence; an owner may be on either."""


class Choice(NamedTuple):
    """One reference to be resolved: its report, the features of each candidate, and which candidates are right."""

    report: str
    candidates: list[dict[str, float]]
    right: np.ndarray


def collect() -> dict[str, list[Choice]]:
    """Code the corpora and note what each pronoun and each bare role had to choose from."""
    out: dict[str, list[Choice]] = {"pronoun": [], "role": []}
    for path, gold_path in CORPORA:
        gold = {g["doc"]: g for g in map(msgspec.json.decode, gold_path.read_text("utf-8").splitlines()) if g}
        for document in read_documents([path]):
            if isinstance(document, Document) and document.id in gold:
                seen: list[tuple[str, int, Any]] = []
                with patch.object(_Reader, "_pronoun", _recording_pronoun(seen)), patch.object(_Reader, "_country_of", _recording_role(seen)):
                    list(trace_documents([document]))
                _label(document, gold[document.id], seen, out)
    return out


def _recording_pronoun(seen: list[tuple[str, int, Any]]) -> Callable[..., Any]:
    plain = _Reader._pronoun

    def record(self: _Reader, i: int, low: str) -> Any:
        s = self.s
        if pronoun_class(low) and s.deps[i] in _SIDES:
            options = [(describe_antecedent(found, n, s, i), known.phrase.actors) for n, (known, found) in enumerate(self.antecedents(i))]
            seen.append(("pronoun", s.starts[i], (_SIDES[s.deps[i]], options)))
        return plain(self, i, low)

    return record


def _recording_role(seen: list[tuple[str, int, Any]]) -> Callable[..., Any]:
    def record(self: _Reader, i: int, sectors: Sequence[str], same_role: str | None) -> Any:
        described = actors.describe_countries(self.setting, self.s, i, sectors, self._own_people(), same_role, self.home, self.dateline_country)
        seen.append(("role", self.s.starts[i], ({"JRN": "MED"}.get(sectors[0], sectors[0]) if sectors else "", described)))
        return actors.choose_country(described, self.role_weights)

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


def _codes(side: Any, which: str) -> frozenset[str]:
    codes = {"source": side.source, "target": side.target, "either": side.source | side.target}[which]
    return frozenset(key for key, _ in codes)


def _key(a: Actor) -> str:
    return a.country or a.name.upper()


def fit(choices: Sequence[Choice]) -> dict[str, float]:
    """Weights under which the right candidates are likeliest."""
    names = sorted({name for c in choices for candidate in c.candidates for name in candidate})
    column = {name: k for k, name in enumerate(names)}
    tables = [_matrix(c, column) for c in choices]
    weights = np.zeros(len(names))
    for _ in range(ROUNDS):
        slope = -PENALTY * weights / len(choices)
        for table, choice in zip(tables, choices, strict=True):
            scores = np.exp(table @ weights - (table @ weights).max())
            told = scores * choice.right
            slope += (told / told.sum() - scores / scores.sum()) @ table / len(choices)
        weights += 0.5 * slope
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


def held_out(choices: Sequence[Choice]) -> Iterator[float]:
    """Accuracy of each fold of whole reports by weights fitted on the others."""
    for rest, held in GroupKFold(FOLDS).split(choices, groups=[c.report for c in choices]):
        part = [choices[k] for k in held]
        yield accuracy(part, fit([choices[k] for k in rest])) * len(part)


def main() -> None:
    """Fit and write, or only measure."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--check", action="store_true", help="measure only, write nothing")
    only = options.parse_args().check
    lines = ["# made by tools/fit_reference.py from the annotated corpora; do not edit"]
    for what, choices in collect().items():
        share = sum(held_out(choices)) / len(choices)
        print(f"{what}: {len(choices)} references, {share:.3f} right, held out by report")
        lines += ["", f"# {len(choices)} references, L2 penalty {PENALTY:g}; held out by report {share:.3f} are right", f"[{what}]"]
        lines += [f'"{name}" = {value:.2f}' for name, value in fit(choices).items() if abs(value) >= 0.005]
    if not only:
        WEIGHTS.write_text("\n".join(lines) + "\n", "utf-8")
        print(f"written to {WEIGHTS}")


if __name__ == "__main__":
    main()
