"""Features of dyads by day, [dyad, day, feature]: what the days before tell. Nothing of the day itself or later goes in.

Counts fade with several half-lives, by kind of act and by side; beside them the same of each party with all others, at home, and of the whole world; how often past
windows held the target; days since; the rung; the day of the week.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from detente.forecasting.dyad_events import DyadEvents
from detente.forecasting.dyad_targets import CONFLICT_TYPES, Bools, Target, answer, count_by_day, find_hits
from detente.forecasting.quads import Ints

Array = npt.NDArray[np.float64]
OWN_HALVES = (3.0, 10.0, 30.0, 90.0)
"""Half-lives in days of the counts of the dyad itself."""
OTHER_HALVES = (10.0, 60.0)
"""Half-lives in days of the counts of third parties and of the world."""
FAR = 365.0
"""Days since an event that there has not been, or longer ago."""
PRIOR_WINDOWS = 30.0
"""Past windows that the rate over all dyads counts for in that of one dyad."""
RECENT_HALVES = (20.0, 45.0)
"""Half-lives in days of a window in the recent frequencies; the last is that of the baseline."""
RECENT_PRIOR = 10.0
"""Windows that the rate over all dyads counts for in a recent frequency."""
WEEK = 7
BLOCK = 64
"""Days that are faded at once: a loop over single days takes many times as long for a few dyads."""
TARGET, VERBAL_CONFLICT, VERBAL_COOPERATION, MATERIAL_COOPERATION, MATERIAL_CONFLICT = (
    "target",
    "verbal conflict",
    "verbal cooperation",
    "material cooperation",
    "material conflict",
)
QUADS = {VERBAL_COOPERATION: 1, MATERIAL_COOPERATION: 2, VERBAL_CONFLICT: 3, MATERIAL_CONFLICT: 4}


class Features(NamedTuple):
    """``names`` of the last axis, ``values`` [dyad, day, feature]; ``rate`` [dyad, day]: the share of past windows with the target, drawn to that of all dyads."""

    names: tuple[str, ...]
    values: npt.NDArray[np.float32]
    rate: Array
    counts: Array


def fade(counts: Array, half_life: float) -> Array:
    """Counts [..., day] -> for each day, what is left of those of the days before it."""
    keep = 0.5 ** (1 / half_life)
    size = counts.shape[-1]
    blocks = -(-size // BLOCK)
    padded = np.zeros((*counts.shape[:-1], blocks * BLOCK))
    padded[..., :size] = counts
    padded = padded.reshape(*counts.shape[:-1], blocks, BLOCK)
    age = np.arange(BLOCK)[None, :] - np.arange(BLOCK)[:, None]  # from the day of a count to the day asked
    inside = padded @ np.where(age > 0, keep ** np.maximum(age, 0), 0.0)
    whole = padded @ keep ** (BLOCK - np.arange(BLOCK, dtype=float))  # what is left of a block when the next begins
    left = np.zeros(padded.shape[:-1])
    for block in range(1, blocks):
        left[..., block] = left[..., block - 1] * keep**BLOCK + whole[..., block - 1]
    faded: Array = (inside + left[..., None] * keep ** np.arange(BLOCK, dtype=float)).reshape(*counts.shape[:-1], blocks * BLOCK)[..., :size]
    return faded


def days_since(counts: Array) -> Array:
    """Counts [..., day] -> for each day, days since the last before it that had any, up to ``FAR``."""
    days = np.arange(counts.shape[-1])
    last = np.maximum.accumulate(np.where(counts > 0, days, -int(FAR)), axis=-1)
    before = np.concatenate([np.full((*counts.shape[:-1], 1), -int(FAR)), last[..., :-1]], axis=-1)
    since: Array = np.minimum(days - before, FAR)
    return since


def past_rate(counts: Array, horizon: int, overall: Array | None = None) -> tuple[Array, Array]:
    """Counts [dyad, day] -> for each day the share of windows, over before it, that held an event: over all dyads [day], and by dyad drawn to it [dyad, day].

    ``overall``: the first of these over other dyads, which is then taken.
    """
    answers = answer(counts, horizon).astype(float) if counts.shape[1] >= horizon else np.zeros((len(counts), 0))
    known = np.zeros((len(counts), counts.shape[1] + 1))
    known[:, horizon : horizon + answers.shape[1]] = answers  # the window of day d is over when day d + horizon is asked
    hits = np.cumsum(known, axis=1)[:, : counts.shape[1]]
    windows = np.maximum(np.arange(counts.shape[1]) - horizon + 1, 0)
    if overall is None:
        overall = (hits.sum(axis=0) + 1) / (windows * len(counts) + 20)
    effective = PRIOR_WINDOWS
    return overall, (hits + effective * overall) / (windows + effective)


def recent_rate(counts: Array, horizon: int, overall: Array, half_life: float) -> Array:
    """Counts [dyad, day] and the rate over all [day] -> for each day the dyad's share of windows over before it, old ones fading, drawn to that of all."""
    if counts.shape[1] < horizon:
        return np.broadcast_to(overall, counts.shape)
    over, there = np.zeros_like(counts), np.zeros(counts.shape[1])
    over[:, horizon - 1 :] = answer(counts, horizon)  # the window of day d ends on day d + horizon - 1
    there[horizon - 1 :] = 1
    share: Array = (fade(over, half_life) + RECENT_PRIOR * overall) / (fade(there, half_life) + RECENT_PRIOR)
    return share


def make_features(events: DyadEvents, dyads: Ints, target: Target, horizon: int, days: int, *, directed: bool) -> Features:
    """Events -> features of each dyad on each of the days 0 to ``days`` - 1."""
    return add_rates(make_columns(events, dyads, target, days, directed=directed), horizon)


class Columns(NamedTuple):
    """The features that are the same for every horizon, by name [dyad, day], and the target's events ``counts`` [dyad, day]."""

    values: dict[str, Array]
    counts: Array


def add_rates(columns: Columns, horizon: int, overall: Array | None = None) -> Features:
    """Columns and a horizon -> the features. ``overall``: the rate over all dyads [day], where those given are but some of them."""
    overall, rate = past_rate(columns.counts, horizon, overall)
    rates: dict[str, Array] = {"past rate": np.log(rate / (1 - rate)), "past rate of all": np.broadcast_to(np.log(overall / (1 - overall)), rate.shape)}
    for half in RECENT_HALVES:
        recent = recent_rate(columns.counts, horizon, overall, half)
        rates[f"recent rate, {half:g} days"] = np.log(recent / (1 - recent))
    values = rates | columns.values
    return Features(tuple(values), np.stack(list(values.values()), axis=-1).astype(np.float32), rate, columns.counts)


def make_columns(events: DyadEvents, dyads: Ints, target: Target, days: int, *, directed: bool) -> Columns:
    """Events -> what ``make_features`` has but for the rates."""
    hits = find_hits(events, target)
    masks = {TARGET: hits, **{name: events.quads == quad for name, quad in QUADS.items()}}
    if target.quad == QUADS[MATERIAL_CONFLICT] or set(target.types) == set(CONFLICT_TYPES):
        masks.pop(MATERIAL_CONFLICT)  # it would stand there twice
    counts = count_by_day(events, dyads, days, hits, directed=directed)
    columns: dict[str, Array] = {}
    sides = {"a to b": dyads, "b to a": dyads[:, ::-1]} if directed else {"both": dyads}
    between = _are_between(events, dyads)  # few, where few dyads are asked
    own, own_masks = events.take(between), {name: mask[between] for name, mask in masks.items()}
    for side, pairs in sides.items():
        columns.update(_own_columns(own, pairs, days, own_masks, side, directed=directed))
    columns.update(_party_columns(events, dyads, days, masks, directed=directed))
    columns.update(_world_columns(events, counts, days, hits))
    return Columns(columns, counts)


def _are_between(events: DyadEvents, dyads: Ints) -> Bools:
    """Which events are of one of the dyads, either way."""
    width = len(events.countries)
    asked = np.zeros(width * width, dtype=bool)
    asked[dyads[:, 0] * width + dyads[:, 1]] = asked[dyads[:, 1] * width + dyads[:, 0]] = True
    found: Bools = asked[events.sources * width + events.targets]
    return found


def _own_columns(events: DyadEvents, pairs: Ints, days: int, masks: dict[str, Bools], side: str, *, directed: bool) -> dict[str, Array]:
    columns: dict[str, Array] = {}
    for kind, mask in masks.items():
        counts = count_by_day(events, pairs, days, mask, directed=directed)
        for half in OWN_HALVES:
            columns[f"{kind}, {side}, {half:g} days"] = np.log1p(fade(counts, half))
        if kind in (TARGET, MATERIAL_CONFLICT):
            for half in OWN_HALVES:
                columns[f"days with {kind}, {side}, {half:g} days"] = np.log1p(fade((counts > 0).astype(float), half))
        if kind in (TARGET, VERBAL_CONFLICT):
            columns[f"days since {kind}, {side}"] = np.log1p(days_since(counts))
    climb = _weigh_by_day(events, pairs, days, np.maximum(events.rungs, 0).astype(float), directed=directed)
    for half in OWN_HALVES[1:3]:
        columns[f"rungs, {side}, {half:g} days"] = np.log1p(fade(climb, half))
    return columns


def _weigh_by_day(events: DyadEvents, pairs: Ints, days: int, weights: Array, *, directed: bool) -> Array:
    out = np.zeros((len(pairs), days))
    for value in np.unique(weights[weights > 0]):
        out += value * count_by_day(events, pairs, days, weights == value, directed=directed)
    return out


def _party_columns(events: DyadEvents, dyads: Ints, days: int, masks: dict[str, Bools], *, directed: bool) -> dict[str, Array]:
    """What each party does to others and they to it, the dyad's own acts taken out, and what happens within it."""
    columns: dict[str, Array] = {}
    width, abroad = len(events.countries), events.sources != events.targets
    for kind in (TARGET, VERBAL_CONFLICT):
        chosen = masks[kind] & (events.days < days)
        out, into, home = np.zeros((width, days)), np.zeros((width, days)), np.zeros((width, days))
        np.add.at(out, (events.sources[chosen & abroad], events.days[chosen & abroad]), 1)
        np.add.at(into, (events.targets[chosen & abroad], events.days[chosen & abroad]), 1)
        np.add.at(home, (events.sources[chosen & ~abroad], events.days[chosen & ~abroad]), 1)
        a, b = dyads.T
        there, back = (count_by_day(events, pairs, days, chosen, directed=True) for pairs in (dyads, dyads[:, ::-1]))
        for half in OTHER_HALVES:
            flows = {"a to others": fade(out[a] - there, half), "others to a": fade(into[a] - back, half), "within a": fade(home[a], half)}
            flows |= {"b to others": fade(out[b] - back, half), "others to b": fade(into[b] - there, half), "within b": fade(home[b], half)}
            for name, values in (flows if directed else _both(flows)).items():
                columns[f"{kind}, {name}, {half:g} days"] = np.log1p(np.maximum(values, 0))
    return columns


def _both(flows: dict[str, Array]) -> dict[str, Array]:
    """By party -> by the more and the less active, as the parties of an undirected dyad have no order."""
    out: dict[str, Array] = {}
    for name in ("{} to others", "others to {}", "within {}"):
        one, other = flows[name.format("a")], flows[name.format("b")]
        out[name.format("more active")], out[name.format("less active")] = np.maximum(one, other), np.minimum(one, other)
    return out


def _world_columns(events: DyadEvents, counts: Array, days: int, hits: Bools) -> dict[str, Array]:
    inside = events.days < days
    everything, struck = (np.bincount(events.days[mask], minlength=days)[:days].astype(float) for mask in (inside, inside & hits))
    columns: dict[str, Array] = {}
    for half in OTHER_HALVES:
        share = fade(struck, half) / np.maximum(fade(everything, half), 1)
        columns[f"share of target in the world, {half:g} days"] = np.broadcast_to(share, counts.shape)
    weight = fade(np.ones(days), OTHER_HALVES[0])
    volume = fade(everything, OTHER_HALVES[0]) / np.maximum(weight, 1e-9)
    columns["events a day in the world"] = np.broadcast_to(np.log1p(volume), counts.shape)
    angle = 2 * np.pi * (np.arange(days) % WEEK) / WEEK
    columns["day of week, sine"], columns["day of week, cosine"] = (np.broadcast_to(turn(angle), counts.shape) for turn in (np.sin, np.cos))
    return columns
