"""The learned ranker: boosted trees over the features of candidates, which correct the mixture of guesses.

The loss is that of the protocol: for each answer the softmax over the candidates that are no other answer of the query (time-aware filter). The trees start from
the logarithm of the mixture, so that they learn only where it errs. Of the candidates that the mixture puts far behind, a sample stands for all, each with
the logarithm of how many it stands for added, so that the sum below the softmax keeps its value on average.
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
    """How the ranker is trained; tried on every third day of ICEWS14 valid. ``candidates``: entities of a query that are ranked by it. ``head``, ``tail``: how many of
    the first candidates are all learned from, and how many drawn from the others. ``fit_queries``: if the days have more, a sample is taken.
    """

    candidates: int = 150
    head: int = 40
    tail: int = 28
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


def take_sample(features: Floats, start: Floats, chosen: Ints, queries: Queries, settings: Settings, rng: np.random.Generator) -> Sample:
    """The candidates of a day, best first by the mixture, and its answers -> what is learned from them; queries none of whose answers is a candidate are left out."""
    right = np.zeros(chosen.shape, bool)
    np.logical_or.at(right, queries.query, chosen[queries.query] == queries.answers[:, None])
    if chosen.shape[1] > settings.head + settings.tail:
        order = rng.random(chosen.shape)
        order[right] = -1
        order[:, : settings.head] = -2
        kept = np.sort(np.argsort(order, axis=1, kind="stable")[:, : settings.head + settings.tail], axis=1)
        behind = right[:, settings.head :].sum(axis=1)
        stands_for = (chosen.shape[1] - settings.head - behind) / np.maximum(settings.tail - behind, 1)
        right = np.take_along_axis(right, kept, axis=1)
        features = np.take_along_axis(features, kept[:, :, None], axis=1)
        start = np.take_along_axis(start, kept, axis=1) + np.where((kept >= settings.head) & ~right, np.log(stands_for)[:, None], 0).astype(np.float32)
    useful = right.any(axis=1)
    return Sample(features[useful], right[useful], start[useful])


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
