"""A situation -> a page of terminal text: where things stand, why, and how sure that is."""

from __future__ import annotations

import datetime
import textwrap
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from detente.codebook.ladder import HIGHEST, LOWEST, load_ladder
from detente.codebook.register import country_names
from detente.show import fit
from detente.wording import count_of, say_alert, say_day

if TYPE_CHECKING:
    from detente.analysis.aftermath import BaseRate
    from detente.analysis.alerts import Alert
    from detente.analysis.claims import DyadClaim
    from detente.analysis.cycle import StageNow
    from detente.analysis.episodes import Episode
    from detente.analysis.ladder import Standing
    from detente.analysis.precedents import Precedents
    from detente.analysis.reciprocity import Reciprocity
    from detente.analysis.situation import Cited, Situation
    from detente.analysis.ties import Tie

WIDTH = 100
"""Columns of the page."""
BLOCKS = "▁▂▃▄▅▆▇█"
SPARK_WEEKS = 52
SHOWN_EVENTS = 4
SHOWN_EPISODES = 4
SHOWN_PRECEDENTS = 3
SHOWN_CLAIMS = 6
REASONS = {
    "few-events": "too few events",
    "no-reports": "no reports",
    "short-history": "too short a history",
    "few-occasions": "too few occasions",
    "sparse-reports": "reports are too sparse",
    "no-similar-window": "nothing in the store is like it",
}
"""The analysis says why it cannot tell by a code; this is what people read."""
CONVINCING = 0.05
"""A p-value up to here is called significant."""


def situation_lines(situation: Situation) -> Iterator[str]:
    """The whole page."""
    a, b = say_party(situation.a.name), say_party(situation.b.name)
    title = f"{a} and {b} on {say_day(situation.at)}"
    yield title
    yield "=" * len(title)
    number = situation.dyad["event_id"].n_unique()
    if situation.reason:
        yield from _wrap(f"Too little is known: {count_of(number, 'event')} until that day; at least {_least()} are needed to say where the two stand.")
        yield from _events("All that is known", situation.cite(situation.dyad["event_id"].to_list()))
        yield from not_counted(situation)
        return
    yield from _wrap(say_lead(situation, a, b))
    yield ""
    yield from _sparkline(situation)
    yield from _ladder(situation, a, b)
    yield from _events(f"Rung {situation.standing.rung} rests on", situation.cite(situation.standing.event_ids), newest=True)
    yield from _stage(situation)
    yield from _episodes(situation.episodes, a, b)
    yield from _reciprocity(situation.quarrel, a, b)
    yield from _precedents(situation.precedents)
    yield from _alerts(situation)
    yield from _ties(situation.ties, a, b)
    yield from _claims(situation.claims)
    yield ""
    yield _base(situation)
    yield from not_counted(situation)


def _least() -> int:
    from detente.analysis.situation import LEAST_EVENTS

    return LEAST_EVENTS


def say_party(name: str) -> str:
    """PRK/MIL -> North Korea (MIL); a name stays."""
    country, slash, sectors = name.partition("/")
    known = country_names().get(country) or country or "actors"
    return f"{known} ({sectors})" if slash else known


def say_lead(situation: Situation, a: str, b: str) -> str:
    """Rung, direction, stage and who drives it, in two or three sentences."""
    standing, stage = situation.standing, situation.stage
    lead = f"Rung {standing.rung} of {HIGHEST}, {standing.name}"
    lead += f", since {say_day(standing.since)}" if standing.since else ""
    lead += f"; {say_movement(standing)}. "
    if stage.stage:
        lead += f"Stage of the cycle: {stage.stage} ({stage.probability:.0%}; next {stage.rival}, {stage.rival_probability:.0%}). "
    else:
        lead += "The stage of the cycle cannot be told from so few events. "
    if standing.higher == "even":
        lead += f"Both sides stand on rung {standing.a.rung}."
    else:
        higher, lower = (a, b) if standing.higher == "a" else (b, a)
        lead += f"{higher} stands higher (rung {max(standing.a.rung, standing.b.rung)}) than {lower} (rung {min(standing.a.rung, standing.b.rung)})."
    return lead


def say_movement(standing: Standing) -> str:
    """Rising (p = 0.009); or that it cannot be told."""
    movement = standing.movement
    if movement.direction == "unknown":
        return "its direction cannot be told"
    return movement.direction + (f" (p = {movement.p_value:.2g})" if movement.p_value is not None else "")


def _sparkline(situation: Situation) -> Iterator[str]:
    track = situation.rungs.tail(7 * SPARK_WEEKS)
    if track.is_empty():
        return
    rungs = track["rung"].to_list()
    weeks = [max(rungs[max(0, n - 7) : n]) for n in range(len(rungs), 0, -7)][::-1]
    first = situation.at - datetime.timedelta(days=len(rungs) - 1)
    yield f"Rung by week, {first:%b %Y} to {situation.at:%b %Y}"
    yield "  " + "".join(BLOCKS[max(0, min(7, rung))] if rung >= 0 else "·" for rung in weeks) + "   · cooperation  ▁ routine  █ 7 and above"


def _ladder(situation: Situation, a: str, b: str) -> Iterator[str]:
    standing, names = situation.standing, load_ladder().rungs
    total = max(1, sum(standing.days_at.values()))
    top = max(standing.rung, standing.a.rung, standing.b.rung, standing.peak.rung if standing.peak else 0, 0) + 1
    low = min(standing.rung, standing.a.rung, standing.b.rung, 0)
    yield ""
    yield "Ladder" + " " * 34 + "days there so far"
    for rung in range(min(top, HIGHEST), max(low - 1, LOWEST) - 1, -1):
        marks = ["◀ now" if rung == standing.rung else ""]
        marks += [name for name, side in ((a, standing.a), (b, standing.b)) if side.rung == rung]
        if standing.peak and standing.peak.rung == rung:
            marks.append(f"highest, first on {say_day(standing.peak.day)}")
        share = standing.days_at.get(rung, 0) / total
        shown = ", ".join(m for m in marks[1:])
        told = " ".join(part for part in (marks[0], shown) if part)
        yield f"  {rung:>2}  {names[rung].name:<32}  {share:>4.0%}  {told}".rstrip()


def _events(heading: str, cited: Sequence[Cited], *, newest: bool = False, shown: int = SHOWN_EVENTS) -> Iterator[str]:
    if not cited:
        return
    yield ""
    yield heading
    chosen = cited[-shown:][::-1] if newest else cited[:shown]
    for event in chosen:
        yield from event_lines(event)
    if len(cited) > len(chosen):
        yield f"  and {len(cited) - len(chosen)} more"


def event_lines(event: Cited) -> Iterator[str]:
    """An event that a statement rests on -> one line, and its words."""
    kind = f"{event.event_type} {', '.join(event.modes)}".strip()
    toll = f", {event.dead} dead" if event.dead is not None else ""
    reports = f"{event.reports} report{'' if event.reports == 1 else 's'}"
    yield f"  {event.event_id[:8]}  {_event_day(event)}  rung {event.rung:>2}  {event.source}: {kind} > {event.target}{toll} ({reports})"
    if event.words:
        yield " " * 12 + textwrap.shorten(f"“{event.words}”", WIDTH - 12, placeholder=" …”")


def _event_day(event: Cited) -> str:
    return event.day.isoformat()[: {"year": 4, "month": 7}.get(event.precision, 10)]


def _stage(situation: Situation) -> Iterator[str]:
    stage = situation.stage
    yield ""
    yield "Stage of the cycle"
    if stage.stage is None:
        yield f"  not known: {say_reason(stage.reason)}"
        return
    for name, probability in stage.probabilities.items():
        if probability >= 0.01:
            yield f"  {name:<12} {probability:>4.0%} {'█' * round(40 * probability)}"
    yield f"  {stage.stage} since {say_day(stage.since) if stage.since else 'the first report'}" + (
        "" if stage.learned else "; with the table's rates, as the pair has too few weeks to learn its own"
    )
    yield from _speak("speaks for it", situation, stage)
    if stage.against:
        strongest = situation.cite([stage.against[0].event_id])
        for event in strongest:
            yield f"  most against it: {event.event_id[:8]} {_event_day(event)} {event.source}: {event.event_type} > {event.target}"


def _speak(heading: str, situation: Situation, stage: StageNow) -> Iterator[str]:
    by_id = {e.event_id: e for e in situation.cite([e.event_id for e in stage.evidence[:SHOWN_EVENTS]])}
    for evidence in stage.evidence[:SHOWN_EVENTS]:
        event = by_id.get(evidence.event_id)
        if event:
            yield f"  {heading}: {event.event_id[:8]} {_event_day(event)} {event.source}: {event.event_type} > {event.target}  (log ratio {evidence.log_ratio:.1f} against {stage.rival})"


def _episodes(episodes: Sequence[Episode], a: str, b: str) -> Iterator[str]:
    yield ""
    yield f"Crises until then: {len(episodes)}"
    movers = {"a": a, "b": b, "both": "both"}
    for episode in reversed(episodes[-SHOWN_EPISODES:]):
        end = "still going" if episode.end is None else f"to {episode.end}"
        how = {"talks": "ended in talks", "concession": "ended in a concession", "fading-out": "faded out", "still-going": ""}[episode.ending]
        by = f" by {movers[episode.ended_by]}" if episode.ended_by and episode.ending == "concession" else ""
        days = f"{episode.duration_days} day{'' if episode.duration_days == 1 else 's'}"
        parts = [f"{episode.onset} {end}", days, f"highest rung {episode.highest}", f"first move by {movers[episode.first_mover]}", how + by]
        yield "  " + ", ".join(part for part in parts if part)


def say_reason(code: str) -> str:
    """A code -> what people read."""
    return REASONS.get(code, code)


def _reciprocity(found: Reciprocity, a: str, b: str) -> Iterator[str]:
    yield ""
    yield "Who answers whom"
    for said in (*say_pull(found, a, b), *say_met(found, a, b)):
        yield from _wrap(said, "  ")


def say_pull(found: Reciprocity, a: str, b: str) -> Iterator[str]:
    """What hostile acts bring about, by the fit -> a sentence a side."""
    if found.reason:
        yield f"Not known: {say_reason(found.reason)}."
        return
    fit = found.hostile
    if fit.a is None or fit.b is None:
        yield f"What hostile acts bring about is not known: {say_reason(fit.reason)}."
        return
    for name, other, side in ((a, b, fit.a), (b, a, fit.b)):
        life = f"; half of that within {side.half_life_days.value:.1f} days" if side.half_life_days else ""
        sure = "more than chance" if side.p_value is not None and side.p_value <= CONVINCING else "no more than chance may bring"
        cross = f"{side.cross.value:.2f} {_range(side.cross.low, side.cross.high)}"
        yield f"A hostile act of {other} brings about {cross} of {name} ({sure}{_p(side.p_value)}); one of its own {side.own.value:.2f}{life}."


def say_met(found: Reciprocity, a: str, b: str) -> Iterator[str]:
    """What each side's escalations are met with -> a sentence a side."""
    if found.reason:
        return
    told = {
        "escalation": "is met by escalation",
        "concession": "is met by concession",
        "both": "is met by both escalation and concession",
        "no-pattern": "is met in no settled way",
    }
    for met in found.escalations:
        name, other = (a, b) if met.side == "a" else (b, a)
        if met.verdict is None:
            yield f"What meets escalation by {name} is not known: {say_reason(met.reason)} ({met.occasions})."
            continue
        shares = ", ".join(f"{o.answer} {o.share:.0%}" + (f" (else {o.base_share:.0%})" if o.base_share is not None else "") for o in met.outcomes if o.count)
        yield f"Escalation by {name} ({met.occasions} times) {told.get(met.verdict, met.verdict)} of {other}: {shares}."


def _range(low: float | None, high: float | None) -> str:
    return f"[{'?' if low is None else f'{low:.2f}'}, {'?' if high is None else f'{high:.2f}'}]"


def _p(value: float | None) -> str:
    return "" if value is None else f", p = {value:.2g}"


def _precedents(found: Precedents) -> Iterator[str]:
    yield ""
    yield f"Precedents: the last {found.window_days} days are most like"
    if found.reason:
        yield f"  none: {say_reason(found.reason)}"
        return
    for precedent in found.precedents[:SHOWN_PRECEDENTS]:
        window = precedent.window
        alike = ", ".join(part.name for part in precedent.parts if part.agrees)
        yield f"  {say_party(window.first)} and {say_party(window.second)}, {window.start} to {window.end}: {precedent.similarity:.0%} alike" + (f" in {alike}" if alike else "")
        for after in precedent.followed:
            if after.is_over:
                yield (
                    f"      {after.days:>2} days later: "
                    + (", ".join(after.outcomes) or "nothing of note")
                    + (f"; highest rung {after.highest_rung}" if after.highest_rung is not None else "")
                )
    yield from rate_lines(found.base_rates)


def rate_lines(rates: Sequence[BaseRate]) -> Iterator[str]:
    """Base rates -> a table: an outcome a row, a horizon a column, each with the pair's usual rate."""
    horizons = sorted({rate.days for rate in rates})
    if not horizons:
        return
    yield "  " + f"{'what follows (usually)':<22}" + "".join(f"{f'{days} days':>25}" for days in horizons)
    by_key = {(rate.outcome, rate.days): rate for rate in rates}
    for outcome in dict.fromkeys(rate.outcome for rate in rates):
        cells = []
        for days in horizons:
            rate = by_key.get((outcome, days))
            usual = f" ({rate.usual_rate:.0%})" if rate and rate.usual_rate is not None else ""
            cells.append(f"{rate.occurred} of {rate.precedents}, {rate.rate:.0%}{usual}" if rate else "-")
        yield "  " + f"{outcome:<22}" + "".join(f"{cell:>25}" for cell in cells)


def _alerts(situation: Situation) -> Iterator[str]:
    listed = sorted(situation.alerts, key=lambda alert: alert.day, reverse=True)
    types = {event.event_id: event.event_type for event in situation.cite(alert.event_ids[0] for alert in listed if alert.event_ids)}
    yield ""
    yield "Alerts of the last 30 days" + ("" if listed else ": none")
    for alert in listed:
        yield f"  {alert.day}  {alert.kind:<16} {say_alert(alert, types.get(alert.event_ids[0], '') if alert.event_ids else '')}  {', '.join(i[:8] for i in alert.event_ids[:3])}"


def _ties(ties: Sequence[Tie], a: str, b: str) -> Iterator[str]:
    yield ""
    yield "What links them" + ("" if ties else ": no report tells")
    for tie in ties:
        yield f"  {say_tie(tie, a, b)}  ({tie.changes[-1].event_id[:8]})"


def say_tie(tie: Tie, a: str, b: str) -> str:
    """Liaison office, Kaesong: destroyed since 16 June 2020; of talks and visits, which do not last, what came of the last: talks: last refused 1 March 2019."""
    owner = f" by {a if tie.side == 'a' else b}" if tie.side else ""
    state = f"last {tie.state} {say_day(tie.since)}" if tie.kind in ("talks", "visits") else f"{tie.state} since {say_day(tie.since)}"
    return f"{tie.name}{owner}" + (f", {tie.place}" if tie.place else "") + f": {state}"


def _claims(claims: Sequence[DyadClaim]) -> Iterator[str]:
    yield ""
    yield "What officials and experts say (claims, no events)" + ("" if claims else ": nothing in these 90 days")
    for claim in claims[:SHOWN_CLAIMS]:
        about = f" ({claim.affiliation})" if claim.affiliation else ""
        yield f"  {claim.day}  {claim.who}{about}, {claim.kind}"
        yield from _wrap(f"“{' '.join(claim.words.split())}”", " " * 14)
    if len(claims) > SHOWN_CLAIMS:
        yield f"  and {len(claims) - SHOWN_CLAIMS} more: detente claims"


def _base(situation: Situation) -> str:
    origins = situation.dyad.unique("event_id")["origin"].value_counts().sort("count", descending=True)
    told = ", ".join(f"{count:,} of {origin}" for origin, count in origins.iter_rows())
    days = situation.dyad["day"].sort().to_list()
    return f"Rests on {count_of(situation.dyad['event_id'].n_unique(), 'event')} between {days[0]} and {days[-1]} ({told}). detente event ID shows each with its sources."


def not_counted(situation: Situation) -> Iterator[str]:
    """What is between the two and does not count, a line a kind."""
    if situation.undated:
        yield f"Not counted: {count_of(situation.undated, 'event')} without a day."
    if situation.told_later:
        yield f"Not counted: {count_of(situation.told_later, 'event')} of which the first report came after that day."


def timeline_lines(situation: Situation, since: datetime.date | None) -> Iterator[str]:
    """The events of a pair by day, each with its rung as a bar: to the right what ``a`` did, to the left what ``b`` did."""
    a, b = say_party(situation.a.name), say_party(situation.b.name)
    events = situation.dyad if since is None else situation.dyad.filter(situation.dyad["day"] >= since)
    cited = situation.cite(events["event_id"])
    yield f"{a} (→) and {b} (←), {cited[0].day if cited else since or ''} to {situation.at}: {count_of(len(cited), 'event')}; a bar a rung"
    last = ""
    for event in cited:
        day = _event_day(event)
        bar = "▮" * event.rung if event.rung > 0 else "▯" * -event.rung
        kind = f"{event.event_type} {', '.join(event.modes)}".strip()
        toll = f", {event.dead} dead" if event.dead is not None else ""
        yield f"{day if day != last else '':<10}  {event.rung:>2} {bar:<6} {'→' if event.side == 'a' else '←'} {event.source}: {kind} > {event.target}{toll}  {event.event_id[:8]}"
        last = day


def alert_lines(alerts: Sequence[Alert], since: datetime.date, at: datetime.date, limit: int) -> Iterator[str]:
    """Alerts -> a ranked table."""
    yield f"Alerts from {since} to {at}, the most urgent first" + (":" if alerts else ": none")
    if alerts:
        yield f"  {'score':>5}  {'day':<10}  {'pair':<28} {'kind':<16} {'what':<52} events"
    for alert in alerts[:limit]:
        pair = f"{say_party(alert.a)} - {say_party(alert.b)}"
        also = f" (also {', '.join(alert.also)})" if alert.also else ""
        yield f"  {alert.score:>5.1f}  {alert.day}  {fit(pair, 28)} {alert.kind:<16} {fit(say_alert(alert, '') + also, 52)} {', '.join(i[:8] for i in alert.event_ids[:3])}"
    if len(alerts) > limit:
        yield f"  and {len(alerts) - limit:,} more"


def _wrap(text: str, indent: str = "") -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=indent, subsequent_indent=indent)
