"""How sure a share is."""

from __future__ import annotations

from math import sqrt

_Z95 = 1.959964


def wilson(occurred: int, tried: int) -> tuple[float, float]:
    """So many of so many -> the score interval of 95% for the rate. Wilson, JASA 22 (1927), 209-212.

    >>> [round(edge, 3) for edge in wilson(8, 10)]
    [0.49, 0.943]
    """
    if tried < 1:
        return 0.0, 1.0
    rate, z2 = occurred / tried, _Z95**2
    middle = (rate + z2 / (2 * tried)) / (1 + z2 / tried)
    half = _Z95 * sqrt(rate * (1 - rate) / tried + z2 / (4 * tried**2)) / (1 + z2 / tried)
    return max(0.0, middle - half), min(1.0, middle + half)
