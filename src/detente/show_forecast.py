"""A forecast -> lines for a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from detente.forecasting.dyad_forecast import DyadForecast

REASONS = {"too-few-days": "too few days to train on, or to score", "too-few-events": "too few events to learn from"}


def forecast_lines(found: DyadForecast) -> Iterator[str]:
    """The forecast of a dyad -> a table of probabilities with the baselines beside, then what moved each."""
    yield f"{found.a} toward {found.b}, from the day after {found.at}; {found.events:,} events between them up to then, either way"
    told = [outlook for outlook in found.outlooks if not outlook.reason]
    if told:
        yield f"{'at least one event of':28}{'model':>8}" + "".join(f"{name:>21}" for name in told[0].baselines)
    for outlook in found.outlooks:
        name = f"{outlook.target} within {outlook.horizon_days} d"
        if outlook.probability is None:
            yield f"{name:28}not enough data: {REASONS[outlook.reason]}"
        else:
            yield f"{name:28}{outlook.probability:>8.1%}" + "".join(f"{value:>21.1%}" for value in outlook.baselines.values())
    for outlook in told:
        yield ""
        yield f"what moved {outlook.target} within {outlook.horizon_days} d, from the dyad's own rate, in logarithms of the odds"
        yield from (f"  {driver.moved:+.2f}  {driver.feature}" for driver in outlook.drivers)
