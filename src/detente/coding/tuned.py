"""A second reading of a pair: MiniLM tuned on the codebook's own sentences, with both parties marked in the text that it reads.

What tuning changed is stored as thin factors (``classifier/tuned.npz``): their products are added to the package's weights, which are rounded to int8 again
and put back at their places in the model's bytes. Made by ``tools/tune_encoder.py``; ``relate`` mixes this reading with the linear layer's.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from detente.codebook.load import load_codebook
from detente.coding.classify import FOLDER, Array, Classifier, Encoder, load_classifier, make_encoder, softmax
from detente.coding.pair_features import Pair
from detente.errors import CodebookError
from detente.records import Span

SOURCE_MARK, TARGET_MARK = 1030, 1001
"""The vocabulary's numbers of ``@``, which stands before and after the source, and of ``#``, before and after the target."""
TUNED_WEIGHT = 0.5
"""How much the tuned encoder counts beside the linear layer: both alike. On the development relations 0.4 to 0.5 are best and 0.3 and 0.6 within a point."""


class Tuning(msgspec.Struct, frozen=True):
    """What was learned: factors per changed matrix, whole vectors, their byte places in the model, and the last layer (3 x 384 rows, a column per label)."""

    labels: tuple[str, ...]
    temperature: float
    matrices: tuple[tuple[int, int, Array, Array], ...]
    vectors: tuple[tuple[int, Array], ...]
    weights: Array
    bias: Array

    def merge(self, model: bytes) -> bytes:
        """The model's bytes -> the same with every changed weight in its place."""
        out = bytearray(model)
        for at, scales_at, left, right in self.matrices:
            rows, columns = left.shape[0], right.shape[1]
            old = np.frombuffer(model, np.int8, rows * columns, at).reshape(rows, columns)
            merged = old * np.frombuffer(model, "<f4", columns, scales_at) + left @ right
            scales = (np.abs(merged).max(axis=0) / 127).astype("<f4")
            _put(out, at, np.round(merged / scales).astype(np.int8))
            _put(out, scales_at, scales)
        for at, vector in self.vectors:
            _put(out, at, vector.astype("<f4"))
        return bytes(out)


class TunedReader:
    """The tuned encoder and its last layer. Get it with ``load_reader``."""

    def __init__(self, encoder: Encoder, tuning: Tuning) -> None:
        self.encoder, self.tuning = encoder, tuning

    def judge(self, pairs: Sequence[Pair], others: Array) -> Array:
        """Pairs and the linear layer's scores of them (pairs x labels, calibrated) -> probabilities of both together, pairs x labels."""
        return softmax(mix_scores(others, self.read(pairs)) / self.tuning.temperature)

    def read(self, pairs: Sequence[Pair]) -> Array:
        """Pairs -> scores, pairs x ``Tuning.labels``."""
        marked = [mark_parties(*self.encoder.tokenize(pair.text), pair.source, pair.target) for pair in pairs]
        hidden = self.encoder.run([ids for ids, _, _ in marked])
        pooled = [np.concatenate([h[s], h[t], h.mean(axis=0)]) for h, (_, s, t) in zip(hidden, marked, strict=True)]
        return np.asarray(np.array(pooled, dtype=np.float32) @ self.tuning.weights + self.tuning.bias, dtype=np.float32)


def mix_scores(linear: Array, tuned: Array) -> Array:
    """Scores of the linear layer and of the tuned encoder -> their weighted mean, so that one which is sure outweighs one which is not."""
    return (1 - TUNED_WEIGHT) * linear + TUNED_WEIGHT * tuned


def mark_parties(ids: Sequence[int], offsets: Sequence[Span], source: Span | None, target: Span | None) -> tuple[list[int], int, int]:
    """Tokens of a text -> the same with marks around the parties, and where the first mark of source and target stands: 0, the start, for one not named."""
    before: dict[int, list[int]] = {}
    after: dict[int, list[int]] = {}
    for mark, span in ((SOURCE_MARK, source), (TARGET_MARK, target)):
        inside = [k for k, (a, b) in enumerate(offsets) if span is not None and a < b and a < span[1] and b > span[0]]
        if inside:
            before.setdefault(inside[0], []).append(mark)
            after.setdefault(inside[-1], []).append(mark)
    out: list[int] = []
    first = {SOURCE_MARK: 0, TARGET_MARK: 0}
    for k, token in enumerate(ids):
        for mark in before.get(k, ()):
            first[mark] = len(out)
            out.append(mark)
        out += [token, *after.get(k, ())]
    return out, first[SOURCE_MARK], first[TARGET_MARK]


def load_tuning(folder: Path) -> Tuning:
    """``tuned.json`` and ``tuned.npz`` in ``folder`` -> ``Tuning``; a changed or foreign file is refused."""
    try:
        about: Mapping[str, Any] = json.loads((folder / "tuned.json").read_text("utf-8"))
        found = hashlib.sha256((folder / "tuned.npz").read_bytes()).hexdigest()
        if found != about["sha256"]:
            raise CodebookError(f"{folder / 'tuned.npz'}: found SHA256 {found}; expected {about['sha256']}; make both files with tools/tune_encoder.py")
        with np.load(folder / "tuned.npz", allow_pickle=False) as stored:
            arrays: dict[str, Array] = {key: stored[key].astype(np.float32) for key in stored.files}
    except (OSError, ValueError, KeyError) as error:
        raise CodebookError(f"{folder}: the tuned weights cannot be read: {error}; make them with tools/tune_encoder.py") from error
    matrices = tuple((at, scales_at, arrays[f"left_{k}"], arrays[f"right_{k}"]) for k, (at, scales_at) in enumerate(about["matrices"]))
    vectors = tuple((at, arrays[f"vector_{k}"]) for k, at in enumerate(about["vectors"]))
    return Tuning(tuple(about["labels"]), float(about["temperature"]), matrices, vectors, arrays["weights"], arrays["bias"])


@functools.cache
def load_reader() -> TunedReader:
    """The tuned encoder, loaded once per process."""
    tuning = load_tuning(FOLDER)
    return TunedReader(make_encoder(tuning.merge), tuning)


@functools.cache
def load_both() -> Classifier:
    """The classifier whose verdicts are mixed with the tuned reading; about twice as slow as ``load_classifier``'s."""
    reader, plain = load_reader(), load_classifier()
    if reader.tuning.labels != plain.head.labels:
        raise CodebookError(f"{FOLDER}: the tuned encoder's labels are not the classifier's; make its files anew with tools/tune_encoder.py")
    return Classifier(plain.encoder, plain.head, load_codebook(), reader.judge)


def _put(out: bytearray, at: int, values: NDArray[Any]) -> None:
    content = values.tobytes()
    out[at : at + len(content)] = content
