"""What would chance give? The two sides' histories moved against each other.

Quarrels fall into the same year without one being the answer to the other. Moved by one to six months, each side keeps its own bursts and the
season of the quarrel, and only what ties the days together is lost.
"""

from __future__ import annotations

import numpy as np

from detente.analysis.markov import Array, Index

NEAREST_DAYS, FARTHEST_DAYS = 30, 180
"""Shifts are at least and at most so long: longer than an answer takes, shorter than the ups and downs of relations."""
LEAST_SHIFTS = 40
"""With fewer there is no p-value."""


def make_shifts(days: int) -> Index:
    """Length of a history in days -> the shifts to compare with, in both directions; at most a third of the history."""
    far = min(FARTHEST_DAYS, days // 3)
    if 2 * (far - NEAREST_DAYS + 1) < LEAST_SHIFTS:
        return np.zeros(0, dtype=np.intp)
    forward = np.arange(NEAREST_DAYS, far + 1)
    return np.concatenate([forward, days - forward]).astype(np.intp)


def sum_products(acts: Array, answers: Array) -> Array:
    """``acts`` [D] and ``answers`` [..., D] -> their products summed over the days, for each circular shift of the answers [..., D]; 0 is no shift."""
    size = acts.shape[-1]
    found: Array = np.fft.irfft(np.conj(np.fft.rfft(acts)) * np.fft.rfft(answers), n=size)
    return found


def p_of(observed: float, chance: Array) -> float | None:
    """A figure and what shifts give -> how often chance gives as much, or ``None`` without shifts."""
    return float((1 + (chance >= observed - 1e-9).sum()) / (1 + len(chance))) if len(chance) else None
