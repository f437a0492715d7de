"""What the other pages of a situation come to, in a few lines each, for the first one: who answers whom, precedents, the forecast."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import msgspec

from detente.errors import InputError, MissingExtraError
from detente.store.sizes import count_rows
from detente.web.asked import Asked
from detente.web.training import NotTrainedError, refuse_training

if TYPE_CHECKING:
    from detente.analysis.precedents import Precedents
    from detente.analysis.reciprocity import Reciprocity
    from detente.analysis.situation import Situation
    from detente.forecasting.dyad_forecast import Outlook

MOST_EVENTS = 20_000
"""In a larger store the first page leaves precedents and forecasts to their own pages: they look at all pairs, which takes a tenth of a second of one core here, and 0.4 s with 57,000 events."""
DAYS = 7
"""The forecast that is shown is of so many days: one of the horizons of the forecast's own page, so that its models are the same."""
RATE_DAYS = 30
"""What followed precedents is told within so many days."""
SHOWN_TARGETS = ("conflict", "quad:3")
"""Material and verbal conflict; of the two other classes the page of the forecast tells."""
SHOWN_OUTCOMES = 3


class Chance(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the forecast: ``probability`` beside the pair's ``usual`` rate; ``verdict`` says whether such forecasts were better than that rate, ``reason`` why there is no probability."""

    source: str
    target: str
    what: str
    probability: float | None
    usual: float | None
    verdict: str
    reason: str


class Glances(msgspec.Struct, frozen=True, kw_only=True):
    """A few lines of each. ``forecast_reason``: why there is no forecast at all."""

    answers: tuple[str, ...]
    precedents: tuple[str, ...]
    forecast_days: int
    forecast: tuple[Chance, ...]
    forecast_reason: str


def read_glances(asked: Asked, situation: Situation, a: str, b: str) -> Glances:
    """A situation and the names of its two sides -> the lines. In a large store only those of the two sides' own events: precedents and forecasts look at all pairs."""
    if count_rows(asked.store).events > MOST_EVENTS:
        return Glances(answers=tuple(_say_answers(situation.quarrel, a, b)), precedents=(), forecast_days=DAYS, forecast=(), forecast_reason="")
    forecast, reason = _look(situation)
    return Glances(
        answers=tuple(_say_answers(situation.quarrel, a, b)),
        precedents=tuple(_say_precedents(situation.precedents)),
        forecast_days=DAYS,
        forecast=forecast,
        forecast_reason=reason,
    )


def _say_answers(found: Reciprocity, a: str, b: str) -> Iterator[str]:
    from detente.show_situation import say_pull, say_reason

    yield f"Whether acts of one bring about those of the other is not known: {say_reason(found.reason)}." if found.reason else " ".join(say_pull(found, a, b))
    for met in found.escalations:
        told = [outcome for outcome in met.outcomes if outcome.count]
        if told:
            most = max(told, key=lambda outcome: outcome.share)
            times = "once" if met.occasions == 1 else f"{met.occasions} times"
            name, other = (a, b) if met.side == "a" else (b, a)
            yield f"Escalation by {name} ({times}) was met most often with {most.answer} of {other}, {most.share:.0%}."


def _say_precedents(found: Precedents) -> Iterator[str]:
    from detente.show_situation import say_party, say_reason
    from detente.wording import say_day

    if found.reason or not found.precedents:
        yield f"None: {say_reason(found.reason)}." if found.reason else "None."
        return
    first, number = found.precedents[0], len(found.precedents)
    window = first.window
    name = f"{say_party(window.first)} and {say_party(window.second)}, {say_day(window.start)} to {say_day(window.end)}"
    yield f"{number} past window{'' if number == 1 else 's'} like the last {found.window_days} days; the most alike: {name} ({first.similarity:.0%})."
    rates = [rate for rate in found.base_rates if rate.days == RATE_DAYS and rate.occurred]
    told = sorted(rates, key=lambda rate: -abs(rate.rate - (rate.usual_rate or 0.0)))[:SHOWN_OUTCOMES]
    if told:
        shares = (f"{r.outcome} after {r.occurred} of {r.precedents}" + (f" (usually {r.usual_rate:.0%})" if r.usual_rate is not None else "") for r in told)
        yield f"Within {RATE_DAYS} days followed {', '.join(shares)}."


def _look(situation: Situation) -> tuple[tuple[Chance, ...], str]:
    """The forecast as far as its models are there, else why there is none."""
    from detente.forecasting.forecast import Forecast

    try:
        view = Forecast(situation.store, situation.a.name, situation.b.name, at=situation.at, within=(DAYS,), say=refuse_training).view
    except NotTrainedError:
        return (), "The models of this month are not trained yet."
    except InputError:
        return (), "Forecasts are of two countries."
    except MissingExtraError as error:
        return (), str(error)
    if view is None:
        return (), "Too few events in the last three years."
    return tuple(_chance(outlook, side.source, side.target) for side in view.directions for outlook in _chosen(side.outlooks)), ""


def _chosen(outlooks: Iterable[Outlook]) -> list[Outlook]:
    return [outlook for outlook in outlooks if outlook.target in SHOWN_TARGETS]


def _chance(outlook: Outlook, source: str, target: str) -> Chance:
    from detente.forecasting.words import say_target
    from detente.show_outlook import OWN_RATE, say_verdict
    from detente.show_situation import say_party

    return Chance(
        source=say_party(source),
        target=say_party(target),
        what=say_target(outlook.target),
        probability=outlook.probability,
        usual=outlook.baselines.get(OWN_RATE),
        verdict="" if outlook.probability is None else say_verdict(outlook.measured),
        reason=outlook.reason,
    )


def see_models() -> tuple[int, ...]:
    """Nothing -> what changes when models are trained: the page with the forecast is then another, though the store is as it was."""
    from detente.forecasting.keeping import find_cache

    try:
        return (find_cache().joinpath("models").stat().st_mtime_ns,)
    except OSError:
        return ()
