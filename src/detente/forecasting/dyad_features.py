"""Features of dyads by day, [dyad, day, feature]: what the days before tell. Nothing of the day itself or later goes in.

Each is a rate a day, as log(1 + ``SCALE`` * rate): how often past windows held the target, by dyad and over all; acts by kind and side, fading with two half-lives; what
each party does to others, they to it, and what happens within it; how much of the target there is in the world. The first stage of the model takes the rates as they are,
the second their logarithms.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from detente.forecasting.dyad_events import DyadEvents
from detente.forecasting.dyad_targets import CONFLICT_TYPES, Bools, Target, answer, count_by_day, find_hits
from detente.forecasting.quads import Ints

Array = npt.NDArray[np.float64]
OWN_HALVES = (2.0, 20.0)
"""Half-lives in days of the acts of the dyad itself; set on ICEWS14 train (docs/forecasts.md), as those below."""
OTHER_HALF = 20.0
"""Half-life in days of what the parties do to others and at home."""
WORLD_HALF, WORLD_PRIOR = 10.0, 5.0
"""Half-life in days of the target's events in the world, and days of the past that are laid to them."""
SCALE = 10.0
"""What a rate a day is taken times before its logarithm: far below 1 / ``SCALE`` a feature is straight, far above it is a logarithm."""
PRIOR_WINDOWS = 30.0
"""Past windows that the rate over all dyads counts for in that of one dyad."""
RECENT_HALVES = (20.0, 45.0)
"""Half-lives in days of a window in the recent frequencies; the last is that of the baseline."""
RECENT_PRIOR = 10.0
"""Windows that the rate over all dyads counts for in a recent frequency."""
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

    def take(self, number: int) -> Features:
        """How many -> the same of so many dyads, the first."""
        return self._replace(values=self.values[:number], rate=self.rate[:number], counts=self.counts[:number])


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
    """The features that are the same for every horizon, by name [dyad, day], the target's events ``counts`` [dyad, day], and how much of it there was in the ``world`` of late,
    1 if as much as ever [day].
    """

    values: dict[str, Array]
    counts: Array
    world: Array


def add_rates(columns: Columns, horizon: int, overall: Array | None = None) -> Features:
    """Columns and a horizon -> the features. ``overall``: the rate over all dyads [day], where those given are but some of them."""
    overall, rate = past_rate(columns.counts, horizon, overall)
    own, all_ = -np.log1p(-rate), np.broadcast_to(-np.log1p(-overall), rate.shape)
    values = {"past rate": _shrink(own), "past rate of all": _shrink(all_), "past rate by target in the world": _shrink(own * columns.world)} | columns.values
    return Features(tuple(values), np.stack(list(values.values()), axis=-1).astype(np.float32), rate, columns.counts)


def _shrink(rates: Array) -> Array:
    shrunk: Array = np.log1p(SCALE * rates)
    return shrunk


def _rate(counts: Array, half_life: float) -> Array:
    """Counts [..., day] -> how many a day of late, many on one day counting little more than a few, as a feature."""
    return _shrink(fade(np.log1p(counts), half_life) * np.log(2) / half_life)


def make_columns(events: DyadEvents, dyads: Ints, target: Target, days: int, *, directed: bool) -> Columns:
    """Events -> what ``make_features`` has but for the rates."""
    hits = find_hits(events, target)
    same = QUADS[MATERIAL_CONFLICT] if set(target.types) == set(CONFLICT_TYPES) else target.quad
    masks = {TARGET: hits, **{name: events.quads == quad for name, quad in QUADS.items() if quad != same}}  # none twice
    counts = count_by_day(events, dyads, days, hits, directed=directed)
    columns: dict[str, Array] = {}
    sides = {"a to b": dyads, "b to a": dyads[:, ::-1]} if directed else {"both": dyads}
    between = _are_between(events, dyads)  # few, where few dyads are asked
    own, own_masks = events.take(between), {name: mask[between] for name, mask in masks.items()}
    for side, pairs in sides.items():
        for kind, mask in own_masks.items():
            acts = count_by_day(own, pairs, days, mask, directed=directed)
            columns.update({f"{kind}, {side}, {half:g} days": _rate(acts, half) for half in OWN_HALVES})
    columns.update(_party_columns(events, dyads, days, masks, directed=directed))
    return Columns(columns, counts, _compare_world(events, days, hits))


def _are_between(events: DyadEvents, dyads: Ints) -> Bools:
    """Which events are of one of the dyads, either way."""
    width = len(events.countries)
    asked = np.zeros(width * width, dtype=bool)
    asked[dyads[:, 0] * width + dyads[:, 1]] = asked[dyads[:, 1] * width + dyads[:, 0]] = True
    found: Bools = asked[events.sources * width + events.targets]
    return found


def _party_columns(events: DyadEvents, dyads: Ints, days: int, masks: dict[str, Bools], *, directed: bool) -> dict[str, Array]:
    """What each party does to others and they to it, the dyad's own acts taken out, and what happens within it."""
    columns: dict[str, Array] = {}
    width, abroad = len(events.countries), events.sources != events.targets
    for kind in [name for name in (TARGET, VERBAL_CONFLICT) if name in masks]:
        chosen = masks[kind] & (events.days < days)
        out, into, home = np.zeros((width, days)), np.zeros((width, days)), np.zeros((width, days))
        np.add.at(out, (events.sources[chosen & abroad], events.days[chosen & abroad]), 1)
        np.add.at(into, (events.targets[chosen & abroad], events.days[chosen & abroad]), 1)
        np.add.at(home, (events.sources[chosen & ~abroad], events.days[chosen & ~abroad]), 1)
        a, b = dyads.T
        there, back = (count_by_day(events, pairs, days, chosen, directed=True) for pairs in (dyads, dyads[:, ::-1]))
        flows = {"a to others": out[a] - there, "others to a": into[a] - back, "within a": home[a]}
        flows |= {"b to others": out[b] - back, "others to b": into[b] - there, "within b": home[b]}
        columns.update({f"{kind}, {name}, {OTHER_HALF:g} days": _rate(values, OTHER_HALF) for name, values in (flows if directed else _both(flows)).items()})
    return columns


def _both(flows: dict[str, Array]) -> dict[str, Array]:
    """By party -> by the more and the less active, as the parties of an undirected dyad have no order."""
    out: dict[str, Array] = {}
    for name in ("{} to others", "others to {}", "within {}"):
        one, other = flows[name.format("a")], flows[name.format("b")]
        out[name.format("more active")], out[name.format("less active")] = np.maximum(one, other), np.minimum(one, other)
    return out


def _compare_world(events: DyadEvents, days: int, hits: Bools) -> Array:
    """The target's events a day in the world of late, over those a day of all the past [day]."""
    struck = np.bincount(events.days[hits & (events.days < days)], minlength=days)[:days].astype(float)
    before = np.arange(days)
    usual = (np.cumsum(struck) - struck + WORLD_PRIOR) / (before + WORLD_PRIOR)
    late: Array = (fade(struck, WORLD_HALF) + WORLD_PRIOR * usual) / (fade(np.ones(days), WORLD_HALF) + WORLD_PRIOR) / usual
    return late
