"""Where two parties stand at a day: the first page of a situation, with the events that each statement rests on."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import TYPE_CHECKING

import msgspec

from detente.web.asked import Asked
from detente.web.glances import Glances, read_glances, see_models
from detente.web.pairs import SHOWN_DAYS, WINDOWS, Heading, go_back, make_heading, read_situation, read_span
from detente.web.rendering import address
from detente.web.routing import Page

if TYPE_CHECKING:
    import polars as pl
    from altair.typing import ChartType

    from detente.analysis.alerts import Alert
    from detente.analysis.claims import DyadClaim
    from detente.analysis.cycle import StageNow
    from detente.analysis.episodes import Episode
    from detente.analysis.ladder import Standing
    from detente.analysis.situation import Cited, Situation
    from detente.analysis.ties import Tie
    from detente.charts.marks import Stands

SHOWN_EVENTS, SHOWN_EPISODES, SHOWN_CLAIMS, SHOWN_ALERTS, SHOWN_EVIDENCE = 6, 8, 12, 8, 5
RECENT_DAYS = 14
"""What happened last is what happened in so many days."""
MOST_MARKS = 500
"""Marks of a ladder: with more it weighs above 300 kB and takes above half a second; a mark then stands for a week or a month."""
MOST_STEPS = 53
"""Rows of the table beside the ladder."""
CYCLE_DAYS = 365
"""The chart of the cycle goes back so far, as the ladder above it does."""


class Rung(msgspec.Struct, frozen=True):
    """A rung of the ladder as it stands beside the text: the share of days so far on which the two stood on it, and who stands there now."""

    number: int
    name: str
    share: float
    is_now: bool
    sides: tuple[str, ...]
    is_peak: bool


class Told(msgspec.Struct, frozen=True):
    """An alert or a tie in words, with its event."""

    what: str
    event_id: str


class Window(msgspec.Struct, frozen=True):
    """A link that shows other days of the chart."""

    to: str
    label: str
    title: str
    is_current: bool


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """The days that the ladder shows."""

    first: datetime.date
    last: datetime.date
    windows: tuple[Window, ...]
    earlier: str | None
    later: str | None


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """Some days of the ladder, as the table beside the chart has them: the rung farthest from routine that the pair and each side stood on."""

    first: datetime.date
    last: datetime.date
    rung: int
    a: int
    b: int
    events: int


class StageWeek(msgspec.Struct, frozen=True, kw_only=True):
    """A week of the cycle: its most likely stage in hindsight."""

    first: datetime.date
    last: datetime.date
    stage: str
    probability: float
    events: int


class SituationPage(msgspec.Struct, frozen=True, kw_only=True):
    """The first page of a situation. ``events`` are those that ``holding``, ``recent``, the stage, crises and alerts name, by id; of a pair with too few events, all of them, and no ``glances``."""

    head: Heading
    lead: str
    standing: Standing
    rungs: tuple[Rung, ...]
    shown: Shown
    track: tuple[Step, ...]
    recent: tuple[str, ...]
    holding: tuple[str, ...]
    stage: StageNow | None
    stage_reason: str
    weeks: tuple[StageWeek, ...]
    glances: Glances | None
    episodes: tuple[Episode, ...]
    alerts: tuple[Alert, ...]
    alert_words: tuple[Told, ...]
    ties: tuple[Tie, ...]
    tie_words: tuple[Told, ...]
    claims: tuple[DyadClaim, ...]
    events: dict[str, Cited]


def read_page(asked: Asked) -> SituationPage:
    """``pair``, ``at``, ``from``, ``until`` -> where the two stand."""
    from detente.show_situation import say_lead, say_reason

    situation = read_situation(asked)
    shown = _read_shown(asked, situation)
    head = make_heading(asked, situation)
    standing = situation.standing
    if situation.reason:
        every = situation.cite(situation.dyad["event_id"])
        return SituationPage(
            head=head, lead="", standing=standing, rungs=(), shown=shown, track=(), recent=tuple(e.event_id for e in every[::-1]), holding=(), stage=None, stage_reason=say_reason(situation.reason), weeks=(),
            glances=None, episodes=(), alerts=(), alert_words=(), ties=(), tie_words=(), claims=situation.claims[:SHOWN_CLAIMS], events={e.event_id: e for e in every},
        )  # fmt: skip
    stage, alerts = situation.stage, tuple(sorted(situation.alerts, key=lambda alert: alert.day, reverse=True)[:SHOWN_ALERTS])
    recent = _choose_recent(situation)
    holding = standing.event_ids[::-1][:SHOWN_EVENTS]
    named = [*recent, *holding, *(e.event_id for e in (*stage.evidence[:SHOWN_EVIDENCE], *stage.against[:1]))]
    episodes = situation.episodes[::-1][:SHOWN_EPISODES]
    named += [event for episode in episodes for event in (*episode.onset_ids[:1], *episode.peak_ids[:1], *episode.ending_ids[:1])]
    named += [event for alert in alerts for event in alert.event_ids[:1]]
    events = {cited.event_id: cited for cited in situation.cite(named)}
    return SituationPage(
        head=head,
        lead=say_lead(situation, head.a.name, head.b.name),
        standing=standing,
        rungs=tuple(_list_rungs(situation)),
        shown=shown,
        track=tuple(_list_steps(situation, shown)),
        recent=recent,
        holding=holding,
        stage=stage,
        stage_reason=say_reason(stage.reason) if stage.reason else "",
        weeks=tuple(_list_weeks(situation)),
        glances=read_glances(asked, situation, head.a.name, head.b.name),
        episodes=episodes,
        alerts=alerts,
        alert_words=tuple(_say_alerts(alerts, events)),
        ties=situation.ties,
        tie_words=tuple(_say_ties(situation, head)),
        claims=situation.claims[:SHOWN_CLAIMS],
        events=events,
    )


def _choose_recent(situation: Situation) -> tuple[str, ...]:
    """The events of the last days that matter most, as a report has them, the latest first."""
    from detente.report import choose_main

    return tuple(event.event_id for event in choose_main(situation)[::-1])


def _list_rungs(situation: Situation) -> Iterable[Rung]:
    """The rungs from the highest that matters to the lowest, one beyond each."""
    from detente.codebook.ladder import HIGHEST, LOWEST, load_ladder
    from detente.show_situation import say_party

    standing, names = situation.standing, load_ladder().rungs
    total = max(1, sum(standing.days_at.values()))
    sides = ((say_party(situation.a.name), standing.a.rung), (say_party(situation.b.name), standing.b.rung))
    told = [standing.rung, standing.a.rung, standing.b.rung, 0, *(rung for rung, days in standing.days_at.items() if days)]
    for rung in range(min(HIGHEST, max(told) + 1), max(LOWEST, min(told) - 1) - 1, -1):
        yield Rung(
            rung,
            names[rung].name,
            standing.days_at.get(rung, 0) / total,
            rung == standing.rung,
            tuple(key for key, (_, stands) in zip("ab", sides, strict=True) if stands == rung),
            standing.peak is not None and standing.peak.rung == rung,
        )


def _say_alerts(alerts: Iterable[Alert], events: dict[str, Cited]) -> Iterable[Told]:
    from detente.wording import say_alert

    for alert in alerts:
        first = alert.event_ids[0] if alert.event_ids else ""
        yield Told(say_alert(alert, events[first].event_type if first in events else ""), first)


def _say_ties(situation: Situation, head: Heading) -> Iterable[Told]:
    from detente.show_situation import say_tie

    for tie in situation.ties:
        yield Told(say_tie(tie, head.a.name, head.b.name), tie.changes[-1].event_id)


def _list_steps(situation: Situation, shown: Shown) -> Iterable[Step]:
    """The ladder over the days shown, in as many stretches as a table can have."""
    import polars as pl

    track = _between(situation.rungs, shown.first, shown.last)
    events = dict(_between(situation.dyad, shown.first, shown.last).group_by("day").agg(pl.col("event_id").n_unique()).iter_rows())
    size = max(7, -(-track.height // MOST_STEPS))
    for end in range(track.height, 0, -size):
        part = track.slice(max(0, end - size), min(size, end))
        rungs = [_farthest(part[name].to_list()) for name in ("rung", "rung_a", "rung_b")]
        yield Step(first=part["day"][0], last=part["day"][-1], rung=rungs[0], a=rungs[1], b=rungs[2], events=sum(events.get(day, 0) for day in part["day"]))


def _farthest(rungs: list[int]) -> int:
    """Rungs of some days -> the highest, or the lowest where none is above routine."""
    return max(rungs) if max(rungs) > 0 else min(rungs)


def _list_weeks(situation: Situation) -> Iterable[StageWeek]:
    """The weeks that the chart of the cycle shows, the latest first."""
    weeks = situation.weeks.filter(situation.weeks["week_end"] >= go_back(situation.at, CYCLE_DAYS))
    best = weeks.sort("smoothed", descending=True).unique("week_start", keep="first", maintain_order=True).sort("week_start", descending=True)
    for row in best.select("week_start", "week_end", "stage", "smoothed", "events").iter_rows():
        yield StageWeek(first=row[0], last=row[1], stage=row[2], probability=row[3], events=row[4])


# -- the ladder --------------------------------------------------------------------------------------------------------------
def _read_shown(asked: Asked, situation: Situation) -> Shown:
    """The days shown, and the links to others: lengths, a step to either side."""
    first, last = read_span(asked, situation)
    path = make_path(situation)
    kept = {"at": situation.at if situation.asked else None}
    ends_now = last == situation.at
    days = (last - first).days
    begin = situation.dyad["day"].min()
    begin = begin if isinstance(begin, datetime.date) else first

    def to(start: datetime.date, end: datetime.date) -> str:
        is_usual = end == situation.at and start == go_back(end, SHOWN_DAYS)
        return address(path, {**kept, "from": None if is_usual else start, "until": None if end == situation.at else end}) + "#ladder"

    windows = [Window(to(go_back(last, length), last), short, f"{title} up to the last day shown", days == length) for short, title, length in WINDOWS]
    windows.append(Window(to(begin, situation.at), "all", "From the first event on", first == begin and ends_now))
    step = max(1, days)
    later = min(situation.at, last + datetime.timedelta(days=min(step, (situation.at - last).days)))
    return Shown(
        first=first,
        last=last,
        windows=tuple(windows),
        earlier=to(go_back(first, step), first) if first > begin else None,
        later=to(go_back(later, step), later) if not ends_now else None,
    )


def make_path(situation: Situation) -> str:
    """A situation -> the address of its first page."""
    from detente.web.rendering import pair_address

    return pair_address(situation.a.name, situation.b.name)


def draw_ladder_chart(asked: Asked) -> ChartType | None:
    """The ladder over the days shown; each mark leads to its event, or to the list of those that it stands for."""
    from detente.charts.ladder import draw_ladder
    from detente.show_situation import say_party

    situation = read_situation(asked)
    first, last = read_span(asked, situation)
    track = _between(situation.rungs, first, last)
    if track.is_empty() or situation.dyad.is_empty():
        return None
    names = (say_party(situation.a.name), say_party(situation.b.name))
    path, at = make_path(situation), situation.at if situation.asked else None

    def link(mark: Stands) -> str:
        if mark.events == 1:
            return f"/events/{mark.event_id}"
        return address(f"{path}/events", {"at": at, "from": mark.first, "until": mark.last, "side": mark.side, "rung": mark.rung})

    return draw_ladder(track, _between(situation.dyad, first, last), names=names, most_marks=MOST_MARKS, link=link)


def _between(table: pl.DataFrame, first: datetime.date, last: datetime.date) -> pl.DataFrame:
    return table.filter(table["day"].is_between(first, last))


def draw_cycle_chart(asked: Asked) -> ChartType | None:
    """The stages of the cycle over the last two years."""
    from detente.charts.series import draw_cycle
    from detente.errors import InputError
    from detente.show_situation import say_party

    situation = read_situation(asked)
    read_span(asked, situation)
    if situation.reason:
        return None
    try:
        return draw_cycle(situation.weeks, situation.stage, names=(say_party(situation.a.name), say_party(situation.b.name)), since=go_back(situation.at, CYCLE_DAYS))
    except InputError:
        return None


def title_of(record: SituationPage) -> str:
    """The record of a page of a situation -> the title of the page."""
    return f"{record.head.a.name} and {record.head.b.name}"


PAGES = (Page("/dyads/{pair:path}", read_page, "situation.html", title_of, nav="dyads", charts={"ladder": draw_ladder_chart, "cycle": draw_cycle_chart}, also=see_models),)
