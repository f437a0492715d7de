"""The models that a forecast of a store at a day asks: found among those kept, or trained, measured and kept.

Each is kept under the digest of what it learned from: what was known before the first of the month. New events of the month do not touch it, and all days of the month share it.
"""

from __future__ import annotations

import datetime
import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from detente.forecasting.dyad_features import Columns, make_columns
from detente.forecasting.dyad_states import States, make_state_columns, track_states, train_state
from detente.forecasting.dyad_targets import Target
from detente.forecasting.dyad_training import HISTORY_DAYS, TESTED_DYADS, Measured, Trained, choose_model_dyads, find_model_day, train_target
from detente.forecasting.flat_events import KnownEvents, know_events, take_origins
from detente.forecasting.intensity import Daily, sum_days, train_intensity
from detente.forecasting.keeping import Say, digest, digest_code, find_cache, find_made
from detente.forecasting.kept_events import load_flat
from detente.forecasting.quads import Ints
from detente.store.schema import Store


class Models:
    """The models of a store at a day ``at``, kept in the folder ``cache``. ``model_day``: the day before which they learn; ``first``: the date of day 0, ``score``: the model's day counted from it.

    ``origins``: only events that these coded, if any is named. ``then``: what was known before the model's day, within three years of it. ``is_empty``: nothing was.
    """

    def __init__(self, store: Store, at: datetime.date, say: Say | None = None, cache: str | None = None, origins: Sequence[str] = ()) -> None:
        self.store, self.at, self.say, self.cache = store, at, say, find_cache(cache)
        self.flat = take_origins(load_flat(store, self.cache, say), origins)
        self.model_day = find_model_day(at)
        since = self.model_day - min(datetime.timedelta(days=HISTORY_DAYS), self.model_day - datetime.date.min)
        then = know_events(self.flat, store, self.model_day - datetime.timedelta(days=1), since)
        self.is_empty = not len(then.numbers)
        shift = 0 if self.is_empty else int(then.events.days[0])
        self.first = since + datetime.timedelta(days=shift)
        self.then = then._replace(events=then.events._replace(days=then.events.days - shift, first=then.events.first + shift))
        self.score = (self.model_day - self.first).days

    def known(self) -> KnownEvents:
        """What was known at the day itself, from day 0 on."""
        return know_events(self.flat, self.store, self.at, self.first)

    @functools.cached_property
    def key(self) -> str:
        """A digest of all that the models learn from, and of the code that trains them."""
        events = self.then.events
        arrays = (events.sources, events.targets, events.days, events.kinds, events.quads, events.rungs, self.then.intensity, self.then.dead)
        return digest(digest_code(), ",".join(events.countries), str(self.first), str(self.score), *(np.ascontiguousarray(values).tobytes() for values in arrays))

    def _find(self, name: str, make: Callable[[], object]) -> Any:
        def train() -> object:
            if self.say:
                self.say(f"training on what was known before {self.model_day}: {name}")
            return make()

        return find_made(self.cache, digest(self.key, name), train)

    def target(self, target: Target, horizon: int) -> Trained:
        """A target within so many days -> its model."""
        name = f"{target.name} within {_days(horizon)}"
        if self.is_empty:
            return Trained("too-few-events")
        made = self._find(name, lambda: list(train_target(self._columns(target), horizon, self.score, self.first)))
        reason, model, measured, overall, shares = made
        return Trained(reason, model, read_measured(measured), overall, tuple(shares))

    def intensity(self, horizon: int) -> dict[str, Any]:
        """Days -> the regression of the sum of intensity over them, as ``train_intensity`` gives it."""
        if self.is_empty:
            return {"reason": "too-few-events"}
        return _with_measured(self._find(f"sum of intensity over {_days(horizon)}", lambda: train_intensity(self._daily, horizon, self.score, self.first)))

    def state(self, kind: str, horizon: int) -> dict[str, Any]:
        """Onset or de-escalation within so many days -> its model, as ``train_state`` gives it."""
        if self.is_empty:
            return {"reason": "too-few-events"}
        return _with_measured(self._find(f"{kind} within {_days(horizon)}", lambda: train_state(*self._states, kind, horizon, self.score, self.first)))

    # -- what training needs, made once a run --------------------------------------------------------------------------------
    @functools.cached_property
    def _dyads(self) -> Ints:
        return choose_model_dyads(self.then.events, self.score, directed=True)

    @functools.lru_cache(maxsize=1)  # noqa: B019
    def _columns(self, target: Target) -> Columns:
        return make_columns(self.then.events, self._dyads, target, self.score + 1, directed=True)

    @functools.cached_property
    def _daily(self) -> Daily:
        return sum_intensity(self.then, self._dyads[:TESTED_DYADS], self.score)

    @functools.cached_property
    def _states(self) -> tuple[Columns, States]:
        dyads = choose_model_dyads(self.then.events, self.score, directed=False, most=TESTED_DYADS)
        states = track_states(self.then.events, self.then.dead, dyads, self.score)
        return make_state_columns(self.then.events, dyads, self.score, states), states


def sum_intensity(known: KnownEvents, dyads: Ints, days: int) -> Daily:
    """Known events -> daily sums of PLOVER's intensity of some dyads on the days 0 to ``days`` - 1."""
    events = known.events
    return sum_days(events.sources, events.targets, events.days, known.intensity, dyads, days, len(events.countries))


def read_measured(found: Any) -> Measured | None:
    """What was kept of a measurement -> the record."""
    import msgspec

    return None if found is None else msgspec.convert(found, Measured, strict=False)


def _with_measured(found: dict[str, Any]) -> dict[str, Any]:
    return found | {"measured": read_measured(found.get("measured"))}


def _days(number: int) -> str:
    return f"{number} day{'s' if number > 1 else ''}"
