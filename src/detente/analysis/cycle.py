"""In which stage of the cycle a dyad is, week by week: how probable each stage is, and the events that say so.

A hidden semi-Markov model. What a week of each stage shows, how long stages last and what follows them stands in ``codebook/data/cycle.toml``; a
dyad's usual volume of events is always learned from it, the rest where it has enough events, with the table as the prior (MAP by EM).
"""

from __future__ import annotations

import datetime
from typing import NamedTuple

import msgspec
import numpy as np
import polars as pl

from detente.analysis.markov import Array, Chain, Index, Posterior, by_stage, infer, likeliest_path, make_chain
from detente.analysis.weeks import Emission, Weeks, count_weeks, expected_numbers, independent_counts, log_emission, make_emission, number_terms, sign_terms
from detente.codebook.cycle import STAGES, CycleTable, load_cycle

ROUNDS = 12
"""Most rounds of EM; the level has settled to 1% in fewer on all simulated dyads."""
SETTLED = 0.01
"""EM ends when the level changes by less than this share, and the log posterior by less than 0.1."""
EVIDENCE_WEEKS = 12
"""Evidence is listed from the present spell, and no farther back than this."""


class StageEvidence(msgspec.Struct, frozen=True):
    """An event, and by how much it speaks for the named stage against the next best: the log (natural) of the ratio of its probabilities."""

    event_id: str
    day: datetime.date
    sign: str
    log_ratio: float


class StageNow(msgspec.Struct, frozen=True):
    """The stage at a day. ``stage`` is ``None`` where ``reason`` says why: ``few-events`` or ``no-reports``.

    ``since``: first day of the week from which on it has been the most probable, in hindsight. ``evidence`` and ``against`` are events of this spell, the weightiest
    first; ``number_log_ratio`` is what the number of events adds, silence included. ``events``: how many the model rests on; ``learned``: whether it was
    fitted to them beyond the level.
    """

    at: datetime.date
    stage: str | None
    probability: float
    rival: str
    rival_probability: float
    since: datetime.date | None
    reason: str
    events: int
    learned: bool
    probabilities: dict[str, float]
    evidence: tuple[StageEvidence, ...]
    against: tuple[StageEvidence, ...]
    number_log_ratio: float


class CycleFit(NamedTuple):
    """A dyad's weeks with the model fitted to them: ``filtered`` and ``smoothed`` [T, S], ``path`` [T] the single most likely history."""

    book: CycleTable
    weeks: Weeks
    emission: Emission
    chain: Chain
    filtered: Array
    smoothed: Array
    path: Index
    learned: bool


def fit_cycle(table: pl.DataFrame, at: datetime.date, *, volume: pl.DataFrame | None = None, book: CycleTable | None = None, learn: bool | None = None) -> CycleFit:
    """A dyad's events -> the cycle as known at ``at``; later events do not count.

    ``volume`` (day, events): how many events the whole store has; without it, a week without events is taken for a quiet one. ``learn`` overrides
    the table's thresholds. ``filtered`` weighs each week by what came up to it; the parameters themselves know all weeks up to ``at``.
    """
    known = book or load_cycle()
    weeks = count_weeks(table, at, known, volume)
    enough = len(weeks.ends) >= known.learning.least_weeks and weeks.numbers.sum() >= known.learning.least_events
    learned = bool(enough) if learn is None else learn
    return _fit(weeks, known, learned)


def _fit(weeks: Weeks, book: CycleTable, learned: bool) -> CycleFit:
    chain = chain_of(book)
    shape = (len(weeks.ends), len(STAGES))
    if not len(weeks.ends):
        return CycleFit(book, weeks, make_emission(book, 0.0), chain, np.zeros(shape), np.zeros(shape), np.zeros(0, dtype=np.intp), False)
    usual = by_stage(chain, chain.start[None])[0] @ make_emission(book, 1.0).activity
    start = make_emission(book, float(weeks.numbers.sum() / weeks.exposure.sum() / usual))
    emission, chain = _learn(weeks, book, start, chain, learned)
    seen = log_emission(weeks, emission)
    posterior = infer(chain, seen)
    return CycleFit(book, weeks, emission, chain, by_stage(chain, posterior.filtered), by_stage(chain, posterior.smoothed), likeliest_path(chain, seen), learned)


def chain_of(book: CycleTable) -> Chain:
    """The table of the cycle -> its chain."""
    stages = book.stages.values()
    leave = np.array([[stage.next.get(name, 0.0) for name in STAGES] for stage in stages]) / 100
    return make_chain(leave, [stage.weeks for stage in stages], [stage.phases for stage in stages])


def _learn(weeks: Weeks, book: CycleTable, emission: Emission, chain: Chain, learned: bool) -> tuple[Emission, Chain]:
    """EM: the level always; shares, durations and what follows what if ``learned``."""
    prior, prior_chain, before = emission, chain, -np.inf
    for _ in range(ROUNDS):
        posterior = infer(chain, log_emission(weeks, emission))
        stages = by_stage(chain, posterior.smoothed)
        level = _next_level(weeks, emission, stages)
        settled = abs(level / emission.level - 1) < SETTLED and (not learned or abs(posterior.log_likelihood - before) < 0.1)
        before = posterior.log_likelihood
        emission = emission._replace(level=level)
        if learned:
            pull = book.learning.prior_events
            shares = pull * prior.shares + stages.T @ independent_counts(weeks, emission)
            emission = emission._replace(shares=shares / shares.sum(axis=1, keepdims=True))
            chain = _next_chain(book, prior_chain, posterior)
        if settled:
            break
    return emission, chain


def _next_level(weeks: Weeks, emission: Emission, stages: Array) -> float:
    """One step of EM for the level, over the gamma mixing of the negative binomial."""
    expected = expected_numbers(weeks, emission)
    mixing = (emission.size + weeks.numbers[:, None]) / (emission.size + expected)
    return float(weeks.numbers.sum() / (stages * mixing * expected / emission.level).sum())


def _next_chain(book: CycleTable, prior: Chain, posterior: Posterior) -> Chain:
    """The expected moves and those of the table, which weighs as so many spells -> the chain."""
    names, size = prior.stage_of, len(STAGES)
    between, leave, weeks = posterior.moved, np.zeros((size, size)), []
    for place, stage in enumerate(book.stages.values()):
        states = np.flatnonzero(names == place)
        out = between[states[-1]].copy()
        out[states] = 0
        toward = np.bincount(names, weights=out, minlength=size)
        ended = toward.sum()
        pull = book.learning.prior_spells
        leave[place] = pull * np.array([stage.next.get(other, 0.0) for other in STAGES]) / 100 + toward
        leave[place] /= leave[place].sum()
        spent = between[states].sum()
        weeks.append(max(float(stage.phases), (pull * stage.weeks + spent) / (pull + ended)))
    return make_chain(leave, weeks, [stage.phases for stage in book.stages.values()])


def find_stage(table: pl.DataFrame, at: datetime.date, *, volume: pl.DataFrame | None = None, book: CycleTable | None = None) -> StageNow:
    """A dyad's events -> its stage at ``at`` with the events that say so. See ``fit_cycle`` for ``volume``."""
    return name_stage(fit_cycle(table, at, volume=volume, book=book), at)


def name_stage(fit: CycleFit, at: datetime.date) -> StageNow:
    """A fitted cycle -> the stage of its last week."""
    weeks, knowing, total = fit.weeks, fit.book.knowing, len(fit.weeks.ends)
    belief = fit.filtered[-1] if total else by_stage(fit.chain, fit.chain.start[None])[0]
    best, rival = (int(place) for place in np.argsort(-belief, kind="stable")[:2])
    reason = ""
    if weeks.numbers.sum() < knowing.least_events:
        reason = "few-events"
    elif not weeks.exposure[-knowing.silent_weeks :].any():
        reason = "no-reports"
    spell = _present_spell(fit.smoothed.argmax(axis=1), best) if not reason else np.zeros(0, dtype=np.intp)
    recent = spell[-EVIDENCE_WEEKS:]
    evidence = sorted(_weigh_events(fit, recent, best, rival), key=lambda e: (-abs(e.log_ratio), e.day, e.event_id))
    numbers = number_terms(weeks, fit.emission)[recent]
    return StageNow(
        at=at,
        stage=None if reason else STAGES[best],
        probability=float(belief[best]),
        rival=STAGES[rival],
        rival_probability=float(belief[rival]),
        since=None if reason else weeks.ends[int(spell[0])] - datetime.timedelta(days=6),
        reason=reason,
        events=int(weeks.numbers.sum()),
        learned=bool(fit.learned),
        probabilities={name: float(share) for name, share in zip(STAGES, belief, strict=True)},
        evidence=tuple(e for e in evidence if e.log_ratio > 0),
        against=tuple(e for e in evidence if e.log_ratio < 0),
        number_log_ratio=float((numbers[:, best] - numbers[:, rival]).sum()),
    )


def _present_spell(named: Index, stage: int) -> Index:
    """The stages of the weeks -> the weeks at their end that have this one."""
    other = np.flatnonzero(named != stage)
    return np.arange(min(int(other[-1]) + 1 if len(other) else 0, len(named) - 1), len(named))


def _weigh_events(fit: CycleFit, chosen: Index, best: int, rival: int) -> list[StageEvidence]:
    """Events of the chosen weeks with their log ratio. What a week's events of one sign say together is divided among them by weight."""
    if not len(chosen):
        return []
    terms = sign_terms(fit.weeks, fit.emission)
    ratio = terms[:, best] - terms[:, rival]
    names = list(fit.book.signs)
    found = fit.weeks.events.filter(pl.col("week") >= int(chosen[0]))
    return [
        StageEvidence(event_id, day, names[sign], float(ratio[week, sign] * weight / fit.weeks.counts[week, sign]))
        for event_id, day, week, sign, weight in found.select("event_id", "day", "week", "sign", "weight").iter_rows()
        if weight > 0
    ]


def cycle_weeks(fit: CycleFit) -> pl.DataFrame:
    """A fitted cycle -> a row per week and stage: week_start, week_end, events, stage, filtered, smoothed, on_path."""
    weeks, size = fit.weeks, len(STAGES)
    ends = [end for end in weeks.ends for _ in STAGES]
    return pl.DataFrame(
        {
            "week_start": pl.Series([end - datetime.timedelta(days=6) for end in ends], dtype=pl.Date),
            "week_end": pl.Series(ends, dtype=pl.Date),
            "events": pl.Series(np.repeat(weeks.numbers, size), dtype=pl.Int64),
            "stage": pl.Series(list(STAGES) * len(weeks.ends), dtype=pl.String),
            "filtered": fit.filtered.ravel(),
            "smoothed": fit.smoothed.ravel(),
            "on_path": (fit.path[:, None] == np.arange(size)).ravel(),
        }
    )


def spells(fit: CycleFit) -> pl.DataFrame:
    """A fitted cycle -> a row per spell of the stage that is most probable in hindsight: stage, start, end, weeks, probability (mean), event_ids."""
    named, weeks = fit.smoothed.argmax(axis=1), fit.weeks
    first = np.flatnonzero(np.r_[True, named[1:] != named[:-1]]) if len(named) else named
    last = np.r_[first[1:] - 1, len(named) - 1] if len(named) else named
    found = pl.DataFrame(
        {
            "stage": pl.Series([STAGES[place] for place in named[first]], dtype=pl.String()),
            "start": pl.Series([weeks.ends[week] - datetime.timedelta(days=6) for week in first], dtype=pl.Date()),
            "end": pl.Series([weeks.ends[week] for week in last], dtype=pl.Date()),
            "weeks": pl.Series(last - first + 1, dtype=pl.Int64()),
            "probability": pl.Series([fit.smoothed[a : b + 1, named[a]].mean() for a, b in zip(first, last, strict=True)], dtype=pl.Float64()),
        }
    )
    spell_of = np.searchsorted(first, weeks.events["week"].to_numpy(), side="right") - 1
    ids = weeks.events.with_columns(spell=spell_of).sort("day", "event_id").group_by("spell").agg(event_ids=pl.col("event_id"))
    listed = found.with_row_index("spell").with_columns(pl.col("spell").cast(pl.Int64)).join(ids, on="spell", how="left", maintain_order="left").drop("spell")
    return listed.with_columns(pl.col("event_ids").fill_null([]))
