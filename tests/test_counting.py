"""Functions of counts, held against SciPy's."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special

from detente.analysis.counting import log_gamma, upper_tail


def test_log_gamma_is_that_of_scipy_from_a_thousandth_to_a_million() -> None:
    values = np.concatenate([np.geomspace(1e-3, 1e6, 2000), np.arange(1, 50) / 7])
    assert np.allclose(log_gamma(values), special.gammaln(values), rtol=1e-11, atol=1e-10)


@pytest.mark.parametrize("mean", [0.01, 0.7, 3.0, 40.0, 900.0])
@pytest.mark.parametrize("seen", [0, 1, 2, 7, 39, 41, 120, 1000])
def test_tails_are_those_of_scipy(seen: int, mean: float) -> None:
    poisson = special.pdtrc(seen - 1, mean) if seen else 1.0
    assert upper_tail(seen, mean) == pytest.approx(poisson, rel=1e-8, abs=1e-290)
    for size in (0.2, 1.5, 30.0):
        binomial = special.betainc(seen, size, mean / (size + mean)) if seen else 1.0
        assert upper_tail(seen, mean, size) == pytest.approx(binomial, rel=1e-7, abs=1e-290)


def test_nothing_is_expected_so_anything_is_impossible() -> None:
    assert upper_tail(1, 0.0) == 0.0
    assert upper_tail(0, 0.0) == 1.0
