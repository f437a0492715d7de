"""Train the second opinion from ``codebook/data/training/*.tsv`` and write ``codebook/data/classifier/head.*`` (the same from the same files).

    python tools/train_classifier.py            # cross-validate, train on everything, write
    python tools/train_classifier.py --check    # cross-validate only

Needs scikit-learn (the ``dev`` extra); the installed package needs numpy alone. Under five minutes on one core.
"""

from __future__ import annotations

import argparse
import collections
import csv
import json
import os
import random
import re
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

import numpy as np  # noqa: E402
from scipy.sparse import csr_matrix, hstack  # noqa: E402
from sklearn.linear_model import LogisticRegression  # noqa: E402

from detente.codebook.load import DATA, load_codebook  # noqa: E402
from detente.coding.classify import FOLDER, NAMED_WEIGHT, load_encoder, read_dense, softmax  # noqa: E402
from detente.coding.grammar import is_verb  # noqa: E402
from detente.coding.pair_features import Pair, PairFeatures, describe_pairs, label_of  # noqa: E402
from detente.coding.parse import load_parser  # noqa: E402
from detente.relating import fold_label, load_conventions, make_pairs  # noqa: E402

SEED = 20261122
FOLDS = 4
STRENGTH = 0.7
"""Inverse of the penalty on weights (scikit-learn's C); chosen among four values on the development relations."""
MADE_WEIGHT = 0.8
"""How much a sentence made by an operator counts beside a written one; chosen like ``STRENGTH``."""
STYLE_WEIGHT = 3.0
"""How much a row of ``extra.tsv`` counts: it goes through CAMEO code by code in the short sentences that relation data are made of; chosen like ``STRENGTH``."""
MADE_AT_MOST = 900
"""How many sentences made by operators are kept for each type."""
SEEN_AT_LEAST = 2
KEPT_NAMES = 16_000
"""Named features kept: those with the largest weights."""

COOPERATIVE = frozenset({"CONSULT", "SUPPORT", "COOPERATE", "AID", "CONCEDE", "RETREAT"})
HOSTILE = frozenset({"ASSAULT", "COERCE", "SANCTION", "MOBILIZE", "PROTEST"})
OPERATORS = {
    "AGREE": (
        "will {v}", "agreed to {v}", "has agreed to {v}", "is ready to {v}", "is willing to {v}", "promised to {v}", "plans to {v}", "offered to {v}",
        "said it would {v}", "is to {v}", "said on Friday it will {v}", "is expected to {v}", "announced it would {v}", "pledged to {v}", "is prepared to {v}",
    ),
    "REJECT": (
        "refused to {v}", "will not {v}", "said it would not {v}", "declined to {v}", "has refused to {v}", "said on Tuesday it will not {v}", "failed to {v}",
        "ruled out plans to {v}", "would not {v}", "refuses to {v}",
    ),
    "THREATEN": (
        "threatened to {v}", "will {v}", "said it would {v}", "vowed to {v}", "announced it will {v}", "plans to {v}", "has threatened to {v}",
        "warned it would {v}", "is prepared to {v}", "said on Monday it will {v}",
    ),
}  # fmt: skip
"""A cooperative act that is promised is AGREE, one that is refused is REJECT, a hostile act that is announced is THREATEN: whatever the act."""
REPORTS = ("said it had {w}", "said on Tuesday it had {w}", "says it has {w}", "announced that it had {w}", "said that it has {w}")
"""An act that is reported as done stays the act that it is."""
REPORTED_SHARE = 0.4

_SANCTIONS = re.compile(r"\b(sanction|embargo|tariff|blacklist|asset freeze|import ban|export ban)", re.IGNORECASE)
_BLOCKADE = re.compile(r"\b(blockad|besieg|laid siege|siege of|sealed off|encircl)", re.IGNORECASE)
_OCCUPY = re.compile(r"\b(overr[au]n|occupie|retook|(captured|seized) (the|a) (town|city|village|airport|province|port|capital|district|border|hill))", re.IGNORECASE)


class Data(NamedTuple):
    """Rows ready to learn from: pairs, pairs x dense, named features, labels, modes, the written row each comes from, and weights."""

    pairs: list[Pair]
    dense: np.ndarray
    features: list[PairFeatures]
    labels: list[str]
    modes: list[str]
    origin: np.ndarray
    weights: np.ndarray


def read_rows(folder: Path = DATA / "training") -> list[dict[str, str]]:
    """The training files' rows, in order of file and line."""
    rows = []
    for path in sorted(folder.glob("*.tsv")):
        with path.open(encoding="utf-8", newline="") as stream:
            rows.extend(csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))
    return rows


def label_row(row: dict[str, str]) -> str:
    """The classifier's label of a row: its type, or type/CAMEO code for the acts that conventions move."""
    kind, mode, text = row["event_type"], row["mode"], row["sentence"]
    code = row.get("cameo") or ""
    if not code and kind == "SANCTION" and mode in ("discontinue", "") and _SANCTIONS.search(text):
        code = "163"
    if not code and kind == "COERCE" and mode == "restrict" and _BLOCKADE.search(text):
        code = "191"
    if not code and kind == "COERCE" and mode == "seize" and _OCCUPY.search(text):
        code = "192"
    return label_of(kind, (mode,), code)


def make_sentences(rows: Sequence[dict[str, str]], pairs: Sequence[Pair], features: Sequence[PairFeatures]) -> list[tuple[int, dict[str, str]]]:
    """Our own sentences with their main verb promised, refused or threatened: (number of the written row, made row)."""
    rnd = random.Random(SEED)
    made = []
    for number, (row, pair, found) in enumerate(zip(rows, pairs, features, strict=True)):
        kinds = ("AGREE", "REJECT") if row["event_type"] in COOPERATIVE else ("THREATEN",) if row["event_type"] in HOSTILE else ()
        if not kinds:
            continue
        operators = [(k, form) for k in kinds for form in OPERATORS[k]]
        reports = [(label_row(row), form) for form in REPORTS]
        if row.get("cameo") is not None:
            chosen = [*rnd.sample(operators, 2), rnd.choice(reports)]
        else:
            chosen = [rnd.choice(reports if rnd.random() < REPORTED_SHARE else operators)]
        for kind, form in chosen:
            text = _under_operator(row["sentence"], pair, found, form)
            if text and row["source"] in text and row["target"] in text:
                made.append((number, {"sentence": text, "source": row["source"], "target": row["target"], "event_type": kind, "mode": ""}))
    rnd.shuffle(made)
    kept: collections.Counter[str] = collections.Counter()
    out = []
    for number, row in made:
        kept[row["event_type"]] += 1
        if kept[row["event_type"]] <= MADE_AT_MOST:
            out.append((number, row))
    return out


def _under_operator(text: str, pair: Pair, found: PairFeatures, form: str) -> str | None:
    s, v, subject = pair.sentences[found.sentence], found.trigger, found.heads[0]
    if v is None or subject is None or not is_verb(s, v) or s.deps[subject] != "nsubj" or s.heads[subject] != v:
        return None
    helpers = [c for c in s.children[v] if s.deps[c] in ("aux", "auxpass", "neg")]
    if s.tags[v] not in ("VBD", "VBZ", "VBP", "VBN", "VBG") or s.lemmas[v] in ("be", "have"):
        return None
    if any(s.deps[c] != "aux" or s.lemmas[c].lower() not in ("have", "be", "has") for c in helpers) or min([*helpers, v]) < subject:
        return None
    first = min([*helpers, v])
    if s.tags[subject] in ("NNS", "NNPS"):
        form = re.sub(r"\bis\b", "are", re.sub(r"\bhas\b", "have", re.sub(r"\bit\b", "they", form))).replace("plans to", "plan to").replace("refuses", "refuse")
    if "{w}" in form and not (s.tags[v] == "VBN" or s.tags[v] == "VBD" and s.words[v].endswith("ed")):
        return None
    return text[: s.starts[first]] + form.format(v=s.lemmas[v].lower(), w=s.words[v]) + text[s.ends[v] :]


def prepare(rows: Sequence[dict[str, str]]) -> Data:
    """Rows -> everything that learning needs; the slow part."""
    parser, codebook, encoder = load_parser(), load_codebook(), load_encoder()
    pairs = make_pairs(rows, parser)
    features = describe_pairs(pairs, codebook)
    made = make_sentences(rows, pairs, features)
    made_rows = [row for _, row in made]
    made_pairs = make_pairs(made_rows, parser)
    pairs += made_pairs
    features += describe_pairs(made_pairs, codebook)
    labels = [label_row(row) for row in rows] + [row["event_type"] for row in made_rows]
    modes = [f"{row['event_type']}.{row['mode']}" for row in rows] + [""] * len(made)
    origin = np.array([*range(len(rows)), *(number for number, _ in made)])
    style = np.array([STYLE_WEIGHT if row.get("cameo") is not None else 1.0 for row in rows])
    weights = np.array([*style, *(MADE_WEIGHT * style[number] for number, _ in made)])
    return Data(pairs, read_dense(encoder, pairs, features), features, labels, modes, origin, weights)


def index_names(features: Iterable[PairFeatures]) -> dict[str, int]:
    """Names seen often enough -> columns."""
    seen = collections.Counter(name for f in features for name in f.names)
    return {name: k for k, name in enumerate(sorted(n for n, count in seen.items() if count >= SEEN_AT_LEAST))}


def stack(dense: np.ndarray, features: Sequence[PairFeatures], names: dict[str, int]) -> csr_matrix:
    """Dense and named features side by side."""
    rows, columns, values = [], [], []
    for row, f in enumerate(features):
        for name, value in f.names.items():
            if name in names:
                rows.append(row)
                columns.append(names[name])
                values.append(NAMED_WEIGHT * value)
    return hstack([csr_matrix(dense), csr_matrix((values, (rows, columns)), shape=(len(features), len(names)))]).tocsr()


def fit(x: csr_matrix, y: Sequence[str], weights: np.ndarray) -> LogisticRegression:
    """The one linear layer."""
    return LogisticRegression(C=STRENGTH, max_iter=200, tol=1e-3).fit(x, y, sample_weight=weights)


def draw_folds(data: Data) -> np.ndarray:
    """The fold of every written row; the sentences made from a row share its fold."""
    return np.random.default_rng(SEED).integers(0, FOLDS, int(data.origin.max()) + 1)


def cross_validate(data: Data, folds: Iterable[int] = range(FOLDS)) -> tuple[list[str], np.ndarray]:
    """Held-out scores of every written row of these folds: labels in order, rows x labels (zero for rows of other folds)."""
    fold = draw_folds(data)
    order = sorted(set(data.labels))
    scores = np.zeros((len(fold), len(order)))
    for k in folds:
        train = np.flatnonzero(fold[data.origin] != k)
        test = np.flatnonzero(fold == k)
        names = index_names(data.features[i] for i in train)
        model = fit(stack(data.dense[train], [data.features[i] for i in train], names), [data.labels[i] for i in train], data.weights[train])
        scores[np.ix_(test, [order.index(c) for c in model.classes_])] = model.decision_function(stack(data.dense[test], [data.features[i] for i in test], names))
    return order, scores


def find_temperature(scores: np.ndarray, gold: np.ndarray) -> float:
    """The divisor of scores under which held-out probabilities are likeliest."""
    tried = np.linspace(0.3, 2.0, 35)
    return float(min(tried, key=lambda t: -np.log(softmax(scores / t)[np.arange(len(gold)), gold] + 1e-9).mean()))


def macro_f1(gold: Sequence[str], predicted: Sequence[str]) -> float:
    """Unweighted mean of F1 over the labels of ``gold``."""
    values = []
    for label in sorted(set(gold)):
        hits = sum(g == p == label for g, p in zip(gold, predicted, strict=True))
        values.append(2 * hits / max(1, gold.count(label) + list(predicted).count(label)))
    return float(np.mean(values))


def main() -> None:
    """Train and write, or only check."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--check", action="store_true", help="cross-validate only, write nothing")
    arguments.add_argument("--no-cv", action="store_true", help="skip cross-validation and keep the stored temperature and scores")
    options = arguments.parse_args()
    started = time.time()
    rows = read_rows()
    data = prepare(rows)
    print(f"{len(rows)} written sentences, {len(data.labels) - len(rows)} made by operators; prepared in {time.time() - started:.0f} s", flush=True)
    if options.no_cv:
        about = json.loads((FOLDER / "head.json").read_text("utf-8"))
        temperature, results = about["temperature"], about["scores"]
    else:
        temperature, results = report(rows, data)
        print(f"cross-validated in {time.time() - started:.0f} s", flush=True)
    if not options.check:
        write(data, temperature, results)
        print(f"written to {FOLDER} in {time.time() - started:.0f} s")


def report(rows: Sequence[dict[str, str]], data: Data) -> tuple[float, dict[str, object]]:
    """Cross-validate, print, and return temperature and figures."""
    order, scores = cross_validate(data)
    gold = np.array([order.index(label) for label in data.labels[: len(rows)]])
    temperature = find_temperature(scores, gold)
    results = measure(order, softmax(scores / temperature), gold)
    print(json.dumps(results))
    return temperature, results


def measure(order: Sequence[str], probabilities: np.ndarray, gold: np.ndarray) -> dict[str, object]:
    """Labels in order, rows x labels and the right labels' numbers -> F1, accuracy and reliability over the 15 types of relation data."""
    conventions = load_conventions()
    none = order.index("NONE")
    events = np.flatnonzero(gold != none)
    known = probabilities.copy()
    known[:, none] = 0
    known /= known.sum(axis=1, keepdims=True)
    folded = [fold_label(label, conventions) for label in order]
    kinds = sorted(set(folded) - {"NONE"})
    by_kind = np.stack([known[:, [k for k, f in enumerate(folded) if f == kind]].sum(axis=1) for kind in kinds], axis=1)
    told = [folded[gold[i]] for i in events]
    guessed = [kinds[k] for k in by_kind[events].argmax(axis=1)]
    sure = by_kind[events].max(axis=1)
    right = np.array([g == t for g, t in zip(guessed, told, strict=True)])
    bins = []
    for low in np.arange(0, 1, 0.1):
        chosen = (sure >= low) & ((sure < low + 0.1) | (low > 0.85))
        if chosen.sum() >= 10:
            bins.append([round(float(low), 1), int(chosen.sum()), round(float(sure[chosen].mean()), 3), round(float(right[chosen].mean()), 3)])
    return {
        "rows": len(gold), "macro_f1_15": round(macro_f1(told, guessed), 3), "accuracy_15": round(float(right.mean()), 3),
        "none_accuracy": round(float(np.mean((probabilities.argmax(axis=1) == none) == (gold == none))), 3), "reliability": bins,
    }  # fmt: skip


def write(data: Data, temperature: float, results: dict[str, object]) -> None:
    """Train on everything and write the head's files."""
    names = index_names(data.features)
    model = fit(stack(data.dense, data.features, names), data.labels, data.weights)
    width = data.dense.shape[1]
    named = model.coef_[:, width:].T
    kept = np.sort(np.argsort(-np.abs(named).max(axis=1), kind="stable")[:KEPT_NAMES])
    listed = sorted(names, key=names.__getitem__)
    scale = np.abs(named[kept]).max() / 127
    written = [i for i, mode in enumerate(data.modes) if mode and not mode.startswith("NONE")]
    moded = LogisticRegression(C=2.0, max_iter=150, tol=1e-3).fit(data.dense[written], [data.modes[i] for i in written])
    FOLDER.mkdir(exist_ok=True)
    np.savez_compressed(
        FOLDER / "head.npz", dense=model.coef_[:, :width].T.astype(np.float16), named=np.round(named[kept] / scale).astype(np.int8), named_scale=np.float32(scale),
        bias=model.intercept_.astype(np.float32), mode_dense=moded.coef_.T.astype(np.float16), mode_bias=moded.intercept_.astype(np.float32),
    )  # fmt: skip
    (FOLDER / "features.txt").write_text("".join(listed[k] + "\n" for k in kept), "utf-8")
    about = {"made_by": "tools/train_classifier.py", "labels": list(model.classes_), "modes": list(moded.classes_), "temperature": round(temperature, 3), "scores": results}
    (FOLDER / "head.json").write_text(json.dumps(about, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
