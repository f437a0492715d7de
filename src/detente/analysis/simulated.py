"""Made-up dyads whose truth is known, to measure the analysis with: crises with their stages, and sides that answer each other."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from detente.analysis.cycle import chain_of
from detente.analysis.markov import Array
from detente.analysis.table import make_table
from detente.analysis.weeks import make_emission
from detente.codebook.cycle import STAGES, CycleTable, load_cycle

FIRST_DAY = datetime.date(2010, 1, 4)
SHOWN_BY: Mapping[str, Mapping[str, Any]] = {
    "cooperation": {"event_type": "COOPERATE"},
    "concession": {"event_type": "RETREAT"},
    "commitment": {"event_type": "AGREE"},
    "contact": {"event_type": "CONSULT"},
    "refusal": {"event_type": "REJECT"},
    "grievance": {"event_type": "ACCUSE"},
    "threat": {"event_type": "THREATEN"},
    "rupture": {"event_type": "SANCTION"},
    "show": {"event_type": "MOBILIZE"},
    "force": {"event_type": "ASSAULT", "modes": ["destroy"]},
    "killing": {"event_type": "ASSAULT", "dead": 1},
    "appeal": {"event_type": "REQUEST"},
}
"""An event for each sign of the cycle."""


class Crisis(NamedTuple):
    """A made-up dyad: its events with the column ``side``, the last day, and the true stage of each week."""

    table: pl.DataFrame
    at: datetime.date
    stages: tuple[str, ...]


def simulate_crisis(rng: np.random.Generator, *, weeks: int = 260, level: float = 3.0, shares_like: float = 0.0, miscoded: float = 0.0, book: CycleTable | None = None) -> Crisis:
    """A dyad over so many weeks with ``level`` events in a calm week, drawn from the table of the cycle.

    ``shares_like``: if above 0, the dyad's own shares of signs are drawn around the table's, the closer the greater it is (Dirichlet). ``miscoded``: the
    share of events that show a sign drawn from all alike.
    """
    known = book or load_cycle()
    chain, emission = chain_of(known), make_emission(known, level)
    shares = np.array([rng.dirichlet(shares_like * row) for row in emission.shares]) if shares_like else emission.shares
    state = int(rng.choice(len(chain.start), p=chain.start))
    rows: list[dict[str, Any]] = []
    stages = []
    signs = list(known.signs)
    for week in range(weeks):
        stage = int(chain.stage_of[state])
        stages.append(STAGES[stage])
        count = int(rng.poisson(level * emission.activity[stage] * rng.gamma(emission.size, 1 / emission.size)))
        mix = rng.dirichlet(emission.concentration * shares[stage] + 1e-6)
        for sign in rng.choice(len(signs), size=count, p=mix):
            shown = signs[int(rng.integers(len(signs)))] if rng.random() < miscoded else signs[int(sign)]
            sides = ("AAA", "BBB") if rng.random() < 0.5 else ("BBB", "AAA")
            day = FIRST_DAY + datetime.timedelta(days=7 * week + int(rng.integers(7)))
            rows.append({"day": day, "source": sides[0], "target": sides[1], **SHOWN_BY[shown]})
        state = int(rng.choice(len(chain.start), p=chain.moves[state]))
    table = make_table(rows).with_columns(side=pl.when(pl.col("source") == "AAA").then(pl.lit("a")).otherwise(pl.lit("b")))
    return Crisis(table, FIRST_DAY + datetime.timedelta(days=7 * weeks - 1), tuple(stages))


def simulate_answers(rng: np.random.Generator, days: int, base: Sequence[float], answers: Sequence[Sequence[float]], half_life_days: Sequence[float]) -> tuple[Array, Array]:
    """Two sides that excite each other in continuous time -> events on each day of side a and of side b.

    ``base``: events a day of each side that answer nothing. ``answers[i][j]``: how many events of side i one event of side j brings about, after times
    with side i's half-life (exponential). A cascade: first the base, then what it brings about, then what that does.
    """
    wave = [rng.uniform(0, days, rng.poisson(rate * days)) for rate in base]
    found = [list(times) for times in wave]
    while any(len(times) for times in wave):
        following: list[Array] = []
        for side in (0, 1):
            born = [np.zeros(0)]
            for other in (0, 1):
                parents = np.repeat(wave[other], rng.poisson(answers[side][other], len(wave[other])))
                born.append(parents + rng.exponential(half_life_days[side] / np.log(2), len(parents)))
            times = np.concatenate(born)
            following.append(times[times < days])
            found[side].extend(following[side])
        wave = following
    a, b = (np.bincount(np.array(times).astype(int), minlength=days).astype(float) for times in found)
    return a, b
