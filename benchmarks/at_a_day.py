"""Event forecasts at a day, as `detente forecast --actor A --type T --at DAY` makes them, on ICEWS14 as a store: of all that happened on the day after, how high its targets were
ranked and whether the probabilities held. Each month has the model of its first day; days of the month's end, whose model is older, stand for themselves.

python benchmarks/at_a_day.py [MONTH ...]      (default: 6 8 10; some five minutes)
"""

from __future__ import annotations

import datetime
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "benchmarks")]

import numpy as np  # noqa: E402
from ladder import import_icews14  # noqa: E402

from detente.forecasting.baselines import recurrency_scores  # noqa: E402
from detente.forecasting.dyad_scores import sum_errors, tabulate_reliability  # noqa: E402
from detente.forecasting.evaluation import make_queries, rank_answers  # noqa: E402
from detente.forecasting.event_forecast import find_past, share_targets  # noqa: E402
from detente.forecasting.kept_events import load_flat  # noqa: E402
from detente.forecasting.quads import Quads  # noqa: E402
from detente.forecasting.rank_models import TARGETS, RankModel, find_rank_model  # noqa: E402
from detente.forecasting.store_quads import EPOCH, StoreQuads, find_quads  # noqa: E402
from detente.store.schema import Store, open_store  # noqa: E402

MONTHS, PARTS = (6, 8, 10), ((1, 14), (15, 28))
LEAST = 0.1
"""Probabilities from here on are held against what came; most are far below, and would hide how far these are off."""


class Day(NamedTuple):
    """Of the events of a day: the reciprocal rank of each target, by the ranker and by recurrency; the probabilities of ``LEAST`` or more for each event, and whether they named its target."""

    ranked: np.ndarray
    recurrency: np.ndarray
    told: np.ndarray
    right: np.ndarray


def ask_day(now: StoreQuads, model: RankModel, came: StoreQuads, at: datetime.date) -> Day:
    """Events known at a day, the model, and the events of the day after -> how these were forecast. Actors that had not acted cannot be asked; a target never seen has the last place."""
    number = {name: place for place, name in enumerate(now.parties)}
    places, size = np.array([number.get(name, len(number)) for name in came.parties], dtype=np.int64), len(number)
    subjects, objects = places[came.quads.subjects], places[came.quads.objects]
    day = (at - EPOCH).days - now.first + 1
    asked = np.isin(subjects, now.quads.subjects)
    queries = make_queries(Quads(subjects[asked], came.quads.relations[asked], objects[asked], np.full(int(asked.sum()), day)), day)
    counts, chosen, shares = share_targets(now, now.quads, queries, model)
    scores = np.zeros((len(queries.subjects), size + 1), np.float32)
    np.put_along_axis(scores, chosen, shares.astype(np.float32), axis=1)
    usual = np.concatenate([recurrency_scores(counts, queries, model.recurrency), np.zeros((len(scores), 1), np.float32)], axis=1)
    told, right = shares[queries.query], chosen[queries.query] == queries.answers[:, None]
    high = told >= LEAST
    return Day(1 / rank_answers(scores, queries), 1 / rank_answers(usual, queries), told[high], right[high].astype(float))


def ask_days(store: Store, cache: Path, month: int, days: range) -> Iterator[Day]:
    """A store and days of a month of 2014 -> what was forecast at the end of each of them."""
    flat = load_flat(store, cache)
    for at in (datetime.date(2014, month, day) for day in days):
        past, after = find_past(store, at, cache), at + datetime.timedelta(days=1)
        model = find_rank_model(TARGETS, past.before, at.replace(day=1), cache)
        yield ask_day(past.now, model, find_quads(flat, store, after, after, after), at)


def main(months: Sequence[int]) -> None:
    """Months -> a line for each half of them on standard output."""
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(import_icews14(Path(folder)), create=False)
        for month in months:
            for first, last in PARTS:
                found = Day(*(np.concatenate(values) for values in zip(*ask_days(store, Path(folder), month, range(first, last + 1)), strict=True)))
                off = sum_errors(tabulate_reliability(found.told, found.right))
                print(
                    f"2014-{month:02}, at days {first} to {last}: {len(found.ranked):,} events, MRR {found.ranked.mean():.3f}, recurrency {found.recurrency.mean():.3f};",
                    f"{len(found.told):,} probabilities of {LEAST:g} or more: off by {off:.3f}, mean {found.told.mean():.3f}, came true {found.right.mean():.3f}",
                    flush=True,
                )
        store.close()


if __name__ == "__main__":
    main([int(word) for word in sys.argv[1:]] or MONTHS)
