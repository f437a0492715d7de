"""What the analysis found -> lines for a terminal."""

from __future__ import annotations

import datetime
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from detente.codebook.ladder import load_ladder
from detente.show import fit
from detente.show_situation import WIDTH, say_party
from detente.wording import count_of, say_day

if TYPE_CHECKING:
    import polars as pl

    from detente.analysis.aftermath import Aftermath, BaseRate
    from detente.analysis.claims import DyadClaim
    from detente.analysis.precedents import Precedent, Precedents, Window
    from detente.analysis.ties import Tie
    from detente.store.claims import StoredRelation

SHOWN_PRECEDENTS = 5
"""Precedents that are told one by one; the base rates rest on all."""
SHOWN_CHANGES = 6
"""Changes of a tie that are listed, the latest."""
SHOWN_CLAIMS = 25
SHOWN_IDS = 4
REASONS = {
    "few-events": "too few events in these weeks to compare them with others: {events} of at least {least}",
    "no-similar-window": "no past weeks, here or between other actors, are enough like these",
}


def precedents_lines(found: Precedents) -> Iterator[str]:
    """Precedents -> the present weeks, those of the past that are like them, and the base rates."""
    from detente.analysis.precedents import LEAST_WINDOW_EVENTS

    yield f"{say_party(found.first)} and {say_party(found.second)} on {say_day(found.at)}: precedents of the last {found.window_days} days"
    if found.present is not None:
        yield from _wrap("  now: ", _window(found.present))
        yield f"       {_ids(found.present.event_ids)}"
    if found.reason is not None:
        yield "  knows too little: " + REASONS[found.reason].format(events=found.present_events, least=LEAST_WINDOW_EVENTS)
        return
    for n, each in enumerate(found.precedents[:SHOWN_PRECEDENTS], start=1):
        yield ""
        yield from _precedent(n, each)
    if len(found.precedents) > SHOWN_PRECEDENTS:
        yield f"\n... and {len(found.precedents) - SHOWN_PRECEDENTS} more, in --json"
    yield from _rates(found.base_rates, len(found.precedents))


def _window(window: Window) -> str:
    from detente.analysis.precedents import say_direction

    name = load_ladder().rungs[window.rung].name
    types = ", ".join(f"{kind} {count}" for kind, count in list(window.types.items())[:4])
    return f"{count_of(window.events, 'event')}, highest rung {window.rung} ({name}), {say_direction(window.rise)}; {types}"


def _precedent(n: int, each: Precedent) -> Iterator[str]:
    window = each.window
    yield f"{n}. {say_party(window.first)} and {say_party(window.second)}, {window.start} to {window.end}: similarity {each.similarity:.2f}" + (
        f", stage {window.stage}" if window.stage else ""
    )
    yield from _wrap("     ", _window(window))
    agree = [f"{p.name} {p.similarity:.2f}" for p in each.parts if p.agrees]
    differ = [f"{p.name} {p.similarity:.2f} ({p.there}; now {p.here})" for p in each.parts if not p.agrees]
    yield f"     agree: {', '.join(agree) or 'none'}"
    if differ:
        yield from _wrap("     differ: ", "; ".join(differ))
    for aftermath in each.followed:
        yield from _wrap("     ", _aftermath(aftermath))
    yield f"     {_ids(window.event_ids)}"


def _aftermath(aftermath: Aftermath) -> str:
    if not aftermath.is_over:
        return f"{aftermath.days} days after: not over yet"
    rung = "no events" if aftermath.highest_rung is None else f"{count_of(aftermath.events, 'event')}, highest rung {aftermath.highest_rung}"
    ids = f"; {_ids(aftermath.event_ids)}" if aftermath.event_ids else ""
    return f"{aftermath.days} days after: {rung}" + (f"; {', '.join(aftermath.outcomes)}" if aftermath.outcomes else "") + ids


def _rates(rates: Sequence[BaseRate], precedents: int) -> Iterator[str]:
    if not rates:
        yield f"\nNo base rates: {precedents} precedents are too few, or their days are not over."
        return
    from detente.analysis.aftermath import OUTCOMES

    yield ""
    yield from _wrap("", "Base rates: after how many precedents it came, with an interval of 95%; usual: after any week of the two; expected: drawn towards the usual")
    yield f"  {'within':<8}{'what':<13}{'came':<10}{'rate':<6}{'interval':<13}{'usual':<7}{'expected':<10}"
    for rate in rates:
        usual = "" if rate.usual_rate is None else f"{rate.usual_rate:.0%}"
        expected = "" if rate.expected is None else f"{rate.expected:.0%}"
        came, interval = f"{rate.occurred} of {rate.precedents}", f"{rate.low:.0%} to {rate.high:.0%}"
        yield f"  {f'{rate.days} days':<8}{rate.outcome:<13}{came:<10}{rate.rate:<6.0%}{interval:<13}{usual:<7}{expected}".rstrip()
    yield from _wrap("  ", "; ".join(f"{o.name}: {o.means}" for o in OUTCOMES))


def _ids(ids: Sequence[str]) -> str:
    """Events' ids -> the first characters of some, as ``detente event`` takes them."""
    more = f" and {len(ids) - SHOWN_IDS} more" if len(ids) > SHOWN_IDS else ""
    return "events " + ", ".join(i[:8] for i in ids[:SHOWN_IDS]) + more if ids else "no events"


def ties_lines(ties: Sequence[Tie], a: str, b: str, at: datetime.date) -> Iterator[str]:
    """Ties -> each with its state and what changed it, latest first."""
    a, b = say_party(a), say_party(b)
    yield f"{a} and {b} on {say_day(at)}: what links them"
    if not ties:
        yield "  knows too little: no event up to then tells of a channel, talks, an agreement, a project, a visit or sanctions"
    for tie in ties:
        owner = f" by {a if tie.side == 'a' else b}" if tie.side else ""
        yield (
            f"\n{tie.name}{owner}" + (f", {tie.place}" if tie.place else "") + f": {tie.state} since {tie.since}"
            if not _momentary(tie)
            else f"\n{tie.name}: last {tie.state} {tie.since}"
        )
        for change in reversed(tie.changes[-SHOWN_CHANGES:]):
            also = f" (+{len(change.also)})" if change.also else ""
            day = str(change.day)[: {"year": 4, "month": 7}.get(change.precision, 10)]
            yield f"  {day:<10}  {fit(change.state, 10)}  {change.event_id[:8]}{also}  {_cut(change.words)}".rstrip()
        if len(tie.changes) > SHOWN_CHANGES:
            yield f"  and {len(tie.changes) - SHOWN_CHANGES} earlier"


def _momentary(tie: Tie) -> bool:
    return tie.kind in ("talks", "visits")


def _wrap(head: str, text: str) -> list[str]:
    """A text after its head -> lines of the page's width, those after the first as far in as the text."""
    return textwrap.wrap(text, WIDTH, initial_indent=head, subsequent_indent=" " * len(head), break_long_words=False, break_on_hyphens=False)


def _cut(text: str) -> str:
    return text if len(text) <= WIDTH else text[: WIDTH - 1].rstrip() + "…"


def claims_lines(
    claims: Sequence[DyadClaim], relations: Iterable[StoredRelation], events: pl.DataFrame, names: tuple[str, str], since: datetime.date, at: datetime.date
) -> Iterator[str]:
    """Claims and relations -> who says what, newest first, and which event is said to hang together with which."""
    yield f"{say_party(names[0])} and {say_party(names[1])}, {say_day(since)} to {say_day(at)}: what named experts and officials say; claims, no events"
    if not claims:
        yield "  none"
    for claim in claims[:SHOWN_CLAIMS]:
        about = ", ".join(part for part in (claim.affiliation, claim.country) if part)
        yield f"\n{claim.day}  {claim.who}" + (f" ({about})" if about else "") + f": {claim.kind}"
        yield from _wrap("  ", " ".join(claim.words.split()))
        source = claim.source
        yield "  " + ", ".join(part for part in (source.title, source.publisher, source.doc_id, source.url) if part)
    if len(claims) > SHOWN_CLAIMS:
        yield f"\n... and {len(claims) - SHOWN_CLAIMS} earlier, in --json"
    rows = {row[0]: f"{row[1]} {row[2]} {row[3]} ({row[0][:8]})" for row in events.select("event_id", "day", "source_name", "event_type").iter_rows()}
    for n, relation in enumerate(relations):
        if not n:
            yield "\nRelations between their events, by the words of a report"
        yield f"  {rows.get(relation.first, relation.first)} -- {relation.kind} -- {rows.get(relation.second, relation.second)}; {relation.source.doc_id}"
