"""Boosted trees as plain arrays: what LightGBM grew is kept and asked without it, and without reading code out of a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from detente.forecasting.quads import Ints

if TYPE_CHECKING:
    import lightgbm

    from detente.forecasting.counts import Floats


class Trees(NamedTuple):
    """Trees by node [tree, node], of which the first is the root: at each the ``feature`` that is looked at, the ``threshold`` up to which a row goes ``left``, else ``right``. A child below 0 is a
    leaf, the -1 - child-th of ``leaves`` [tree, leaf]."""

    features: Ints
    thresholds: npt.NDArray[np.float64]
    left: Ints
    right: Ints
    leaves: npt.NDArray[np.float64]


def take_trees(booster: lightgbm.Booster) -> Trees:
    """What LightGBM grew on features without gaps or categories -> arrays."""
    texts = [dict(line.split("=", 1) for line in block.splitlines() if "=" in line) for block in booster.model_to_string().split("\nTree=")[1:]]

    def table(name: str, fill: float) -> npt.NDArray[np.float64]:
        rows = [text.get(name, "").split() for text in texts]
        out = np.full((len(rows), max([1, *map(len, rows)])), fill, dtype=np.float64)
        for place, row in enumerate(rows):
            out[place, : len(row)] = [float(value) for value in row]
        return out

    # a tree that could not grow has one leaf and no node: whatever its root looks at, the row lands there
    features, left, right = (table(name, fill).astype(np.int64) for name, fill in (("split_feature", 0), ("left_child", -1), ("right_child", -1)))
    return Trees(features, table("threshold", 0), left, right, table("leaf_value", 0))


def score_trees(trees: Trees, features: Floats) -> npt.NDArray[np.float64]:
    """Trees and features [row, feature] -> the sum of the leaves that each row falls into [row]."""
    rows, tree = np.arange(len(features))[:, None], np.arange(len(trees.leaves))[None, :]
    node = np.zeros((len(features), len(trees.leaves)), dtype=np.int64)
    while (node >= 0).any():
        at = np.maximum(node, 0)
        goes_left = features[rows, trees.features[tree, at]].astype(np.float64) <= trees.thresholds[tree, at]
        node = np.where(node < 0, node, np.where(goes_left, trees.left[tree, at], trees.right[tree, at]))
    summed: npt.NDArray[np.float64] = trees.leaves[tree, -1 - node].sum(axis=1)
    return summed
