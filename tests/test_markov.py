"""Hidden semi-Markov chains: against brute force, and durations as phases."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from detente.analysis.markov import Chain, by_stage, infer, likeliest_path, make_chain

LEAVE = np.array([[0.0, 0.7, 0.3], [0.5, 0.0, 0.5], [0.9, 0.1, 0.0]])


@pytest.fixture
def chain() -> Chain:
    return make_chain(LEAVE, [4.0, 2.0, 3.0], [2, 1, 1])


@pytest.fixture
def emission() -> np.ndarray:
    return np.random.default_rng(7).normal(size=(5, 3))


def all_paths(chain: Chain, emission: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Every path of states, and its joint probability with what was seen."""
    paths = np.array(list(itertools.product(range(len(chain.start)), repeat=len(emission))))
    weight = chain.start[paths[:, 0]]
    for week in range(1, len(emission)):
        weight = weight * chain.moves[paths[:, week - 1], paths[:, week]]
    for week in range(len(emission)):
        weight = weight * np.exp(emission[week, chain.stage_of[paths[:, week]]])
    return paths, weight


def test_smoothed_probabilities_and_the_likelihood_are_those_of_all_paths_added_up(chain: Chain, emission: np.ndarray) -> None:
    paths, weight = all_paths(chain, emission)
    found = infer(chain, emission)
    expected = np.array([[weight[paths[:, week] == state].sum() for state in range(4)] for week in range(5)]) / weight.sum()
    assert np.allclose(found.smoothed, expected)
    assert np.isclose(found.log_likelihood, np.log(weight.sum()))


def test_filtered_probabilities_are_the_smoothed_ones_of_a_history_that_ends_there(chain: Chain, emission: np.ndarray) -> None:
    whole = infer(chain, emission).filtered
    for end in range(1, 6):
        assert np.allclose(whole[end - 1], infer(chain, emission[:end]).smoothed[-1])


def test_expected_moves_are_those_of_all_paths_added_up(chain: Chain, emission: np.ndarray) -> None:
    paths, weight = all_paths(chain, emission)
    expected = np.zeros((4, 4))
    for week in range(1, 5):
        np.add.at(expected, (paths[:, week - 1], paths[:, week]), weight / weight.sum())
    assert np.allclose(infer(chain, emission).moved, expected)


def test_the_likeliest_path_is_the_best_of_all(chain: Chain, emission: np.ndarray) -> None:
    paths, weight = all_paths(chain, emission)
    assert likeliest_path(chain, emission).tolist() == chain.stage_of[paths[weight.argmax()]].tolist()


def test_a_stage_lasts_its_mean_and_two_phases_make_its_length_more_regular() -> None:
    rng = np.random.default_rng(0)

    def lengths(phases: int) -> np.ndarray:
        chain = make_chain(np.array([[0.0, 1.0], [1.0, 0.0]]), [8.0, 1.0], [phases, 1])
        state, spent, found = 0, 0, []
        for _ in range(40_000):
            if chain.stage_of[state] == 0:
                spent += 1
            elif spent:
                found.append(spent)
                spent = 0
            state = int(rng.choice(len(chain.start), p=chain.moves[state]))
        return np.array(found)

    once, twice = lengths(1), lengths(2)
    assert once.mean() == pytest.approx(8, rel=0.05) and twice.mean() == pytest.approx(8, rel=0.05)
    assert twice.std() < 0.85 * once.std() and twice.min() >= 2


def test_a_week_that_says_nothing_leaves_what_is_known_to_fade_towards_the_long_run(chain: Chain) -> None:
    seen = np.zeros((200, 3))
    seen[0] = [-50.0, 0.0, -50.0]
    found = by_stage(chain, infer(chain, seen).filtered)
    assert found[0, 1] == pytest.approx(1)
    assert np.allclose(found[-1], by_stage(chain, chain.start[None])[0], atol=1e-6)


def test_a_week_that_all_stages_find_impossible_does_not_break_the_recursion(chain: Chain) -> None:
    seen = np.full((3, 3), -1e6)
    seen[1, 0] = -1e9
    assert np.isfinite(infer(chain, seen).smoothed).all()
