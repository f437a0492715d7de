"""The learned ranker: boosted trees over the features of candidates, which correct the mixture of guesses.

The loss is that of the protocol: for each answer the softmax over the candidates that are no other answer of the query (time-aware filter). The trees start from
the logarithm of the mixture, so that they learn only where it errs. A sample of the wrong candidates stands for all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from detente.errors import MissingExtraError
from detente.forecasting.counts import Floats
from detente.forecasting.evaluation import Queries
from detente.forecasting.quads import Ints

if TYPE_CHECKING:
    import lightgbm

SMALLEST = np.float32(1e-9)
"""Added to the mixture before its logarithm is taken."""


class Settings(NamedTuple):
    """How the ranker is trained; tried on every third day of ICEWS14 valid, ``drawn`` on the 30 days before valid. ``candidates``: entities of a query that are ranked by it. ``drawn``: how many of
    them are learned from. ``fit_queries``: if the days have more, a sample is taken.
    """

    candidates: int = 150
    drawn: int = 28
    fit_days: int = 124
    fit_queries: int = 65_000
    rounds: int = 240
    learning_rate: float = 0.08
    leaves: int = 31
    least_hessian: float = 3.0
    bins: int = 63
    seed: int = 1
    threads: int = 2


class Sample(NamedTuple):
    """Queries to learn from: features [query, candidate, feature], which candidates are answers, and where their scores start."""

    features: Floats
    right: npt.NDArray[np.bool_]
    start: Floats


def start_scores(mixed: Floats, chosen: Ints) -> Floats:
    """The mixture [query, entity] and the candidates -> where the trees start from."""
    scores: Floats = np.log(np.take_along_axis(mixed, chosen, axis=1) + SMALLEST)
    return scores


class Draw(NamedTuple):
    """The candidates of a day's queries that are learned from, all [query, drawn]: their positions in the list, which are answers, where their scores start."""

    kept: Ints
    right: npt.NDArray[np.bool_]
    start: Floats


def draw_candidates(start: Floats, chosen: Ints, queries: Queries, drawn: int, rng: np.random.Generator) -> Draw:
    """Where the scores of candidates start, and the answers of the day -> the answers and, for so many in all, some of the wrong candidates.

    Priority sampling (Duffield, Lund and Thorup 2007), by the root of the mixture: a likely candidate is almost always drawn, the rest more seldom, each with the
    logarithm of how many it stands for added, so that the sum below the softmax keeps its value on average.
    """
    right = np.zeros(chosen.shape, bool)
    np.logical_or.at(right, queries.query, chosen[queries.query] == queries.answers[:, None])
    if drawn >= chosen.shape[1]:
        return Draw(np.broadcast_to(np.arange(chosen.shape[1]), chosen.shape), right, start)
    size = np.exp((start - start.max(axis=1, keepdims=True)) / 2)
    priority = np.where(right, np.inf, size / (1 - rng.random(chosen.shape)))
    order = np.argsort(-priority, axis=1, kind="stable")
    least = np.take_along_axis(priority, order[:, drawn : drawn + 1], axis=1)
    kept = np.sort(order[:, :drawn], axis=1)
    stands_for = np.maximum(least / np.take_along_axis(size, kept, axis=1), 1)
    right = np.take_along_axis(right, kept, axis=1)
    raised = np.where(right, 0, np.log(stands_for, where=~right, out=np.zeros_like(stands_for)))
    return Draw(kept, right, np.take_along_axis(start, kept, axis=1) + raised.astype(np.float32))


def take_sample(features: Floats, draw: Draw) -> Sample:
    """The candidates drawn and their features -> what is learned from them; queries none of whose answers is a candidate are left out."""
    useful = draw.right.any(axis=1)
    return Sample(features[useful], draw.right[useful], draw.start[useful])


class Training(NamedTuple):
    """Samples as LightGBM keeps them, a byte for each feature, and which candidates are answers: the samples themselves can go."""

    data: lightgbm.Dataset
    right: npt.NDArray[np.bool_]


def pack_samples(samples: Sequence[Sample], settings: Settings) -> Training | None:
    """Samples of past days -> what the trees are grown on, or ``None`` if there is nothing to learn from. Raises ``MissingExtraError`` without LightGBM."""
    try:
        import lightgbm
    except ImportError as error:
        raise MissingExtraError("lightgbm: not installed; it trains the ranker: pip install 'detente[forecast]'") from error
    right = np.concatenate([sample.right for sample in samples]) if samples else np.zeros((0, 0), bool)
    if not right.size:
        return None
    start = np.concatenate([sample.start for sample in samples])
    blocks = [sample.features.reshape(-1, sample.features.shape[2]) for sample in samples]  # a list, so that they are not copied into one
    data = lightgbm.Dataset(blocks, right.reshape(-1).astype(np.float32), init_score=start.reshape(-1), params=_options(settings))
    return Training(data.construct(), right)


def _options(settings: Settings) -> dict[str, Any]:
    return {
        "learning_rate": settings.learning_rate, "num_leaves": settings.leaves, "max_bin": settings.bins, "min_sum_hessian_in_leaf": settings.least_hessian,
        "min_data_in_leaf": 20, "lambda_l2": 1.0, "feature_fraction": 0.5, "boost_from_average": False, "num_threads": settings.threads, "seed": settings.seed,
        "deterministic": True, "force_row_wise": True, "verbose": -1,
    }  # fmt: skip


def fit_ranker(training: Training | None, settings: Settings) -> lightgbm.Booster | None:
    """Packed samples -> the trees; ``None``, on which the mixture alone ranks, if there were no samples."""
    if training is None:
        return None
    import lightgbm

    return lightgbm.train({**_options(settings), "objective": _make_objective(training.right)}, training.data, num_boost_round=settings.rounds)


def _make_objective(right: npt.NDArray[np.bool_]) -> Any:
    """The answers [query, candidate] -> LightGBM's function from scores to gradients: minus the logarithm of each answer's softmax among it and the wrong ones."""

    row, column = np.nonzero(right)
    starts = np.searchsorted(row, np.arange(len(right)))

    def objective(scores: npt.NDArray[np.float64], _: object) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        table = scores.reshape(right.shape)
        powers = np.exp(table - table.max(axis=1, keepdims=True))
        own = powers[row, column]
        wrong = np.maximum(powers.sum(axis=1) - np.add.reduceat(own, starts), 0)
        inverse = 1 / np.maximum(wrong[row] + own, 1e-300)
        gradient = powers * np.add.reduceat(inverse, starts)[:, None]
        bend = gradient - powers**2 * np.add.reduceat(inverse**2, starts)[:, None]
        gradient[row, column], bend[row, column] = own * inverse - 1, own * inverse * (1 - own * inverse)
        return gradient.reshape(-1), np.maximum(bend, 1e-12).reshape(-1)

    return objective


def score_entities(ranker: lightgbm.Booster | None, features: Floats, mixed: Floats, chosen: Ints, threads: int) -> Floats:
    """Candidates and their features -> scores [query, entity]: candidates first, as the ranker has them, then the others as the mixture has them, then those
    that no guess knows, all level at 0."""
    scores = start_scores(mixed, chosen).astype(np.float64)
    if ranker is not None:
        scores += np.asarray(ranker.predict(features.reshape(-1, features.shape[2]), raw_score=True, num_threads=threads)).reshape(chosen.shape)
    out = mixed.copy()  # a mixture is below 1, what the ranker has at least 1
    known = np.take_along_axis(mixed, chosen, axis=1) > 0
    np.put_along_axis(out, chosen, np.where(known, scores - scores.min(initial=0) + 1, 0).astype(np.float32), axis=1)
    return out
