"""Event forecasts -> lines for a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING

from detente.show_situation import WIDTH, say_party
from detente.wording import say_day

if TYPE_CHECKING:
    from detente.forecasting.event_forecast import EventForecast

METHODS = {
    "ranker": "a ranker trained on what was known before {day}",
    "counts": "counts of these events, as too little was known before {day} to train a ranker",
}
LONGEST_NAME = 44


def event_lines(found: EventForecast, limit: int) -> Iterator[str]:
    """An event forecast -> what is asked, what it rests on, and the likeliest answers beside the baseline."""
    actor, toward = say_party(found.actor), say_party(found.toward) if found.toward else ""
    if found.question == "target":
        yield f"Whom will {actor} direct {found.event_type} at? From the day after {say_day(found.at)}, if there is such an act."
    else:
        yield f"What will {actor} do toward {toward} next? From the day after {say_day(found.at)}, if there is an act."
    if found.reason:
        yield f"not enough data: {actor} has not acted{f', nor has anybody acted toward {toward}' if toward else ''} in the days that count"
        return
    own = f"{found.own_events:,} of them {found.event_type} of {actor}" if found.question == "target" else f"{found.own_events:,} of them of {actor} toward {toward}"
    rests = f"{found.events:,} events between parties in the days that count, {own}; by {METHODS[found.method].format(day=say_day(found.model_day))}."
    yield from textwrap.wrap(f"{rests} By recurrency: the place that the baseline gives; so far: how often it happened.", WIDTH)
    yield ""
    shown = [(answer, say_party(answer.name) if found.question == "target" else answer.name) for answer in found.answers[:limit]]
    width = min(LONGEST_NAME, max((len(name) for _, name in shown), default=0)) + 2
    yield f"{'':4}{'':{width}}{'probability':>12}{'by recurrency':>15}{'so far':>8}  last"
    for place, (answer, name) in enumerate(shown, 1):
        other = "-" if answer.recurrency_place is None else f"{answer.recurrency_place}."
        yield f"{place:>3} {name[:LONGEST_NAME]:{width}}{answer.probability:>12.1%}{other:>15}{answer.events:>8,}  {answer.last or 'never'}"
    if len(found.answers) > limit:
        rest = sum(answer.probability for answer in found.answers[limit:])
        yield f"{'':4}{f'{len(found.answers) - limit} more':{width}}{rest:>12.1%}"
