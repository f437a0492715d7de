"""Two functions of counts: the log of the gamma function, and the upper tail of a Poisson or a negative binomial.

Of our own because ``scipy.special`` takes a quarter of a second to import, an eighth of what a situation over a million events may take.
``tests/test_counting.py`` holds them against it.
"""

from __future__ import annotations

from math import exp, lgamma, log

import numpy as np
from numpy.typing import NDArray

SHIFT = 8
"""Arguments are raised by so much before Stirling's series, whose four terms then err by less than 1e-11."""
TERMS = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680)
"""Of Stirling's series (Abramowitz and Stegun 6.1.40)."""
NEGLIGIBLE = 1e-14
"""A term that adds less than this share of the sum ends it."""

MOST_SIZE = 1e7
"""A negative binomial of a larger size is taken for Poisson, from which its counts then differ by less than rounding does."""


def log_gamma(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Positive numbers, of any shape -> the natural logarithm of the gamma function of each."""
    x = values + SHIFT
    rising = values.copy()
    for n in range(1, SHIFT):
        rising *= values + n
    inverse = 1 / x
    square = inverse * inverse
    series = inverse * (TERMS[0] + square * (TERMS[1] + square * (TERMS[2] + square * TERMS[3])))
    found: NDArray[np.float64] = (x - 0.5) * np.log(x) - x + 0.5 * np.log(2 * np.pi) + series - np.log(rising)
    return found


def upper_tail(seen: int, mean: float, size: float | None = None) -> float:
    """P(so many or more) where ``mean`` are expected: Poisson, or with ``size`` negative binomial (variance: mean + mean²/size)."""
    if seen <= 0:
        return 1.0
    if mean <= 0:
        return 0.0
    if size is not None and size > MOST_SIZE:
        size = None
    if seen <= mean:
        return 1 - sum(exp(_log_share(k, mean, size)) for k in range(seen))
    term = exp(_log_share(seen, mean, size))
    total, k = term, seen
    while term > NEGLIGIBLE * total:
        term *= mean / (k + 1) if size is None else (k + size) / (k + 1) * mean / (size + mean)
        total, k = total + term, k + 1
    return min(total, 1.0)


def _log_share(k: int, mean: float, size: float | None) -> float:
    if size is None:
        return k * log(mean) - mean - lgamma(k + 1)
    return lgamma(k + size) - lgamma(k + 1) - lgamma(size) + k * log(mean / (size + mean)) - size * log((size + mean) / size)
