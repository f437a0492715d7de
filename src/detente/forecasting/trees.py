"""Boosted trees as arrays: kept without LightGBM's own format, read in a moment, and asked without LightGBM, whose import alone takes longer than a forecast."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from detente.forecasting.dyad_features import Array
from detente.forecasting.quads import Ints


class Trees(NamedTuple):
    """Nodes of all trees in one row. A leaf points to itself on both sides. ``roots``: the first node of each tree; ``covers``: rows that came by in training."""

    roots: Ints
    features: Ints
    thresholds: Array
    left: Ints
    right: Ints
    values: Array
    covers: Array

    def predict(self, values: Array, *, raw_score: bool = True, pred_contrib: bool = False, num_threads: int = 1) -> Array:
        """Rows of features -> the sum of the trees' leaves [row]; with ``pred_contrib`` each feature's Shapley value and the mean last, [row, feature + 1], as LightGBM gives them.

        The signature is that of LightGBM's booster, whose place the trees take; ``raw_score`` and ``num_threads`` change nothing.
        """
        if pred_contrib:
            return np.stack([_explain(self, row) for row in values])
        nodes = np.broadcast_to(self.roots, (len(values), len(self.roots)))
        while True:
            goes_left = np.take_along_axis(values, self.features[nodes], axis=1) <= self.thresholds[nodes]
            after = np.where(goes_left, self.left[nodes], self.right[nodes])
            if np.array_equal(after, nodes):
                return np.asarray(self.values[nodes].sum(axis=1))
            nodes = after


def take_trees(booster: Any) -> Trees:
    """A booster of LightGBM -> its trees. Only splits of the kind ``<=`` on numbers are known here, which is all that features without gaps have."""
    nodes: list[tuple[int, float, int, int, float, float]] = []
    roots = []

    def add(node: Mapping[str, Any]) -> int:
        here = len(nodes)
        if "split_feature" not in node:
            nodes.append((0, 0.0, here, here, float(node["leaf_value"]), float(node.get("leaf_count", 1))))
            return here
        assert node["decision_type"] == "<=", node["decision_type"]
        nodes.append((0, 0.0, 0, 0, 0.0, 0.0))
        left, right = add(node["left_child"]), add(node["right_child"])
        nodes[here] = (int(node["split_feature"]), float(node["threshold"]), left, right, 0.0, float(node["internal_count"]))
        return here

    for tree in booster.dump_model()["tree_info"]:
        roots.append(add(tree["tree_structure"]))
    columns = list(zip(*nodes, strict=True))
    features, left, right = (np.array(columns[n], dtype=np.int64) for n in (0, 2, 3))
    return Trees(np.array(roots, dtype=np.int64), features, np.array(columns[1]), left, right, np.array(columns[4]), np.array(columns[5]))


def _explain(trees: Trees, row: Array) -> Array:
    """Shapley values by their definition, over the few features of each tree: exact, and quick for trees of a few leaves (Lundberg et al. 2020, path-dependent)."""
    out = np.zeros(len(row) + 1)
    for root in trees.roots.tolist():
        used = sorted(_features(trees, root))
        worth = {chosen: _expect(trees, root, row, set(chosen)) for size in range(len(used) + 1) for chosen in itertools.combinations(used, size)}
        out[-1] += worth[()]
        for feature in used:
            for chosen, value in worth.items():
                if feature in chosen:
                    continue
                weight = 1 / (len(used) * _choose(len(used) - 1, len(chosen)))
                out[feature] += weight * (worth[tuple(sorted((*chosen, feature)))] - value)
    return out


def _choose(most: int, some: int) -> int:
    out = 1
    for step in range(some):
        out = out * (most - step) // (step + 1)
    return out


def _features(trees: Trees, node: int) -> set[int]:
    left, right = int(trees.left[node]), int(trees.right[node])
    return set() if left == node else {int(trees.features[node])} | _features(trees, left) | _features(trees, right)


def _expect(trees: Trees, node: int, row: Array, known: set[int]) -> float:
    """What a tree says of a row of which some features are known; where one is not, both branches by the rows that took them."""
    left, right = int(trees.left[node]), int(trees.right[node])
    if left == node:
        return float(trees.values[node])
    feature = int(trees.features[node])
    if feature in known:
        return _expect(trees, left if row[feature] <= trees.thresholds[node] else right, row, known)
    covers = trees.covers[left], trees.covers[right]
    return float((covers[0] * _expect(trees, left, row, known) + covers[1] * _expect(trees, right, row, known)) / (covers[0] + covers[1]))
