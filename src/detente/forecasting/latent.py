"""Latent vectors of entities: who did like things to like others lies close together, also where the two never met.

What each entity did to whom (``Guesses.profiles``) is a sparse matrix; its leading left singular vectors, found by subspace iteration, give each entity a
vector of a few numbers. Yesterday's vectors are where today's search starts, so that a step a day is enough.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import sparse

from detente.forecasting.counts import NEVER, Floats
from detente.forecasting.quads import Ints

SIZE = 48
"""Numbers in a vector; not tuned."""
FIRST_STEPS = 4
"""Steps of subspace iteration from random vectors; later days take one."""
SEED = 1
SMALLEST = 1e-9
"""Below it a length counts as none."""


class Latents(NamedTuple):
    """``basis`` and ``vectors``: [entity, number], changed in place; a vector has length 1, or 0 for who did nothing yet. ``day``: the one day that they are of."""

    basis: npt.NDArray[np.float64]
    vectors: Floats
    day: Ints


def make_latents(entities: int) -> Latents:
    """So many entities -> random orthonormal columns to start from, and no vectors yet."""
    basis = np.linalg.qr(np.random.default_rng(SEED).standard_normal((entities, min(SIZE, entities))))[0]
    return Latents(basis, np.zeros(basis.shape, np.float32), np.array([NEVER]))


def find_vectors(latents: Latents, profiles: sparse.csr_matrix, day: int) -> Floats:
    """Profiles [entity, act] as they are before a day -> vectors [entity, number]; the product of two of them is how alike the entities are."""
    if latents.day[0] != day:
        for _ in range(FIRST_STEPS if latents.day[0] == NEVER else 1):
            latents.basis[:] = np.linalg.qr(profiles @ (profiles.T @ latents.basis))[0]
        across = profiles.T @ latents.basis
        values, axes = np.linalg.eigh(across.T @ across)
        vectors = (profiles @ across) @ (axes / np.sqrt(np.maximum(values, SMALLEST)))
        latents.vectors[:] = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), SMALLEST)
        latents.day[0] = day
    return latents.vectors
