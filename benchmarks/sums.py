"""How many sums of intensity fall into the interval of their forecast, which says "4 of 5": of a store, asked on the 30 days after each model's day.

python benchmarks/sums.py STORE HORIZON_DAYS MODEL_DAY...      for instance icews14.db 7 2014-08-01 2014-09-01
"""

from __future__ import annotations

import datetime
import itertools
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "src")]

import numpy as np  # noqa: E402

from detente.forecasting.flat_events import know_events  # noqa: E402
from detente.forecasting.intensity import STIR_HALF, Daily, add_windows, are_stirring, fade, find_usual, tell_intensity  # noqa: E402
from detente.forecasting.kept_models import Models, sum_intensity  # noqa: E402
from detente.store.schema import Store, open_store  # noqa: E402

ASKED_DAYS = 30
LEFT = (0.0, 5.0, 40.0, float("inf"))
"""Points left of what a pair did of late, between which the shares are told apart."""


def ask_month(store: Store, model_day: datetime.date, horizon: int, cache: str) -> list[tuple[float, bool | None]]:
    """A store, a model's day and a horizon -> for each pair and day with something left: how much, and whether the sum fell in; ``None`` where no interval is told."""
    models = Models(store, model_day, cache=cache)
    trained = models.intensity(horizon)
    if trained["reason"]:
        print(f"{model_day}: not told ({trained['reason']})")
        return []
    known = know_events(models.flat, store, model_day + datetime.timedelta(days=ASKED_DAYS + horizon), models.first)
    places = [known.events.countries.index(code) for code in models.then.events.countries]
    daily = sum_intensity(known, np.array(places)[models._dyads], models.score + ASKED_DAYS + horizon)
    came, stirs, left = add_windows(daily.forth, horizon), are_stirring(daily), fade(np.abs(daily.forth), STIR_HALF)
    out: list[tuple[float, bool | None]] = []
    for day in range(models.score, models.score + ASKED_DAYS):
        for row in np.flatnonzero(stirs[:, day]).tolist():
            mine = Daily(*(values[[row], : day + 1] for values in daily))
            _, low, high = tell_intensity(trained["weights"], trained["spans"], mine, find_usual(mine.forth, horizon, trained["pool"]), horizon)
            out.append((float(left[row, day]), None if low is None or high is None else bool(low - 1e-9 <= came[row, day] <= high + 1e-9)))
    return out


def main() -> None:
    """The arguments -> a line a class."""
    path, horizon, *days = sys.argv[1:]
    store = open_store(Path(path), create=False)
    with tempfile.TemporaryDirectory() as cache:
        found = [one for day in days for one in ask_month(store, datetime.date.fromisoformat(day), int(horizon), cache)]
    store.close()
    told = [(left, fell) for left, fell in found if fell is not None]
    print(f"in all: {np.mean([fell for _, fell in told]):.3f} of {len(told):,}; no interval: {len(found) - len(told):,}")
    for low, high in itertools.pairwise(LEFT):
        chosen = [fell for left, fell in told if low <= left < high]
        if chosen:
            print(f"{low:g} to {high:g} points left: {np.mean(chosen):.3f} of {len(chosen):,}")


if __name__ == "__main__":
    main()
