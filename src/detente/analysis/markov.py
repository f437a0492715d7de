"""Hidden semi-Markov chains in numpy: durations as phases, forward-backward, the most likely path.

A stage that lasts a negative binomial number of weeks is a row of ``phases`` states, each with the same chance to be left for the next one; the
last one leads to other stages (Johnson 2005; Langrock and Zucchini 2011). So the usual recursions of a Markov chain are exact for it, and the spell
that is still going needs no special case. Axes: T weeks, S stages, K states (all phases of all stages).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Index = NDArray[np.intp]
MOST_AGAINST = 200.0
"""A week speaks against a stage by no more than this (natural logarithm), so that nothing underflows to an impossible week."""


class Chain(NamedTuple):
    """``stage_of`` [K] the stage of each state; ``moves`` [K, K] probabilities from row to column; ``start`` [K]."""

    stage_of: Index
    moves: Array
    start: Array


class Posterior(NamedTuple):
    """``filtered`` and ``smoothed`` [T, K]; ``moved`` [K, K] expected numbers of moves; ``log_likelihood`` of all weeks."""

    filtered: Array
    smoothed: Array
    moved: Array
    log_likelihood: float


def make_chain(leave: Array, weeks: Sequence[float], phases: Sequence[int]) -> Chain:
    """Where each stage leads to [S, S] (rows sum to 1, nothing to itself), mean weeks and phases of each -> the chain; it starts anywhere, as often as
    in the long run."""
    stage_of = np.repeat(np.arange(len(weeks)), phases)
    first = np.cumsum([0, *phases[:-1]])
    moves = np.zeros((len(stage_of), len(stage_of)))
    for stage, (mean, count) in enumerate(zip(weeks, phases, strict=True)):
        step = count / mean
        for phase in range(count):
            state = first[stage] + phase
            moves[state, state] += 1 - step
            if phase < count - 1:
                moves[state, state + 1] += step
            else:
                moves[state, first] += step * leave[stage]
    return Chain(stage_of, moves, stationary(moves))


def stationary(moves: Array) -> Array:
    """Moves [K, K] -> how often the chain is in each state in the long run [K]."""
    size = len(moves)
    system = np.vstack([moves.T - np.eye(size), np.ones(size)])
    found: Array = np.linalg.lstsq(system, np.append(np.zeros(size), 1.0), rcond=None)[0].clip(min=0)
    found /= found.sum()
    return found


def infer(chain: Chain, log_emission: Array) -> Posterior:
    """A chain and the log probability of each week under each stage [T, S] -> what is believed of each week, before and after the later ones."""
    peak = log_emission.max(axis=1, keepdims=True)
    seen = np.exp((log_emission - peak).clip(min=-MOST_AGAINST))[:, chain.stage_of]
    total, states = seen.shape
    filtered, scale = np.empty((total, states)), np.empty(total)
    belief = chain.start
    for week in range(total):
        joint = (belief if week == 0 else belief @ chain.moves) * seen[week]
        scale[week] = joint.sum()
        belief = filtered[week] = joint / scale[week]
    ahead = np.ones((total, states))
    for week in range(total - 2, -1, -1):
        ahead[week] = chain.moves @ (seen[week + 1] * ahead[week + 1]) / scale[week + 1]
    smoothed = filtered * ahead
    moved = chain.moves * (filtered[:-1].T @ (seen[1:] * ahead[1:] / scale[1:, None])) if total > 1 else np.zeros_like(chain.moves)
    return Posterior(filtered, smoothed / smoothed.sum(axis=1, keepdims=True), moved, float(np.log(scale).sum() + peak.sum()))


def likeliest_path(chain: Chain, log_emission: Array) -> Index:
    """As ``infer`` -> the stage of each week [T] on the single most likely path (Viterbi)."""
    with np.errstate(divide="ignore"):
        log_moves, score = np.log(chain.moves), np.log(chain.start) + log_emission[0, chain.stage_of]
    total = len(log_emission)
    back = np.zeros((total, len(chain.start)), dtype=np.intp)
    for week in range(1, total):
        options = score[:, None] + log_moves
        back[week] = options.argmax(axis=0)
        score = options.max(axis=0) + log_emission[week, chain.stage_of]
    path = np.empty(total, dtype=np.intp)
    path[-1] = score.argmax()
    for week in range(total - 1, 0, -1):
        path[week - 1] = back[week, path[week]]
    return chain.stage_of[path]


def by_stage(chain: Chain, probabilities: Array) -> Array:
    """Probabilities of states [T, K] -> of stages [T, S]."""
    found = np.zeros((len(probabilities), int(chain.stage_of[-1]) + 1))
    np.add.at(found.T, chain.stage_of, probabilities.T)
    return found
