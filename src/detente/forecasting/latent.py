"""Latent vectors of entities: who did like things to like others lies close together, also where the two never met.

What each entity did to whom (``candidates.profile_entities``) is a sparse matrix; its leading left singular vectors, found by subspace iteration, give each entity a
vector of a few numbers. Yesterday's vectors are where today's search starts, so that a step a day is enough.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import sparse

from detente.forecasting.counts import Floats

SIZE = 48
"""Numbers in a vector."""
FIRST_STEPS = 4
"""Steps of subspace iteration from random vectors; later days take one."""
SEED = 1
SMALLEST = 1e-9
"""Below it a length counts as none."""


def start_basis(entities: int) -> npt.NDArray[np.float64]:
    """So many entities -> random orthonormal columns [entity, number] to start from."""
    return np.linalg.qr(np.random.default_rng(SEED).standard_normal((entities, min(SIZE, entities))))[0]


def step_basis(profiles: sparse.csr_matrix, basis: npt.NDArray[np.float64], steps: int = 1) -> npt.NDArray[np.float64]:
    """Profiles [entity, act] and a basis of before -> one closer to their leading left singular vectors."""
    for _ in range(steps):
        basis = np.linalg.qr(profiles @ (profiles.T @ basis))[0]
    return basis


def find_vectors(profiles: sparse.csr_matrix, basis: npt.NDArray[np.float64]) -> Floats:
    """Profiles and their basis -> vectors [entity, number] of length 1, 0 for who did nothing yet; the product of two is how alike the entities are."""
    across = profiles.T @ basis
    values, axes = np.linalg.eigh(across.T @ across)
    vectors = (profiles @ across) @ (axes / np.sqrt(np.maximum(values, SMALLEST)))
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / np.maximum(lengths, SMALLEST)).astype(np.float32)
