"""A situation -> a report for a reader who has five minutes: as HTML that needs no network, as Markdown, or as PDF by a browser."""

from __future__ import annotations

import datetime
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import jinja2
import msgspec

from detente import __version__
from detente.codebook.ladder import load_ladder
from detente.errors import InputError, MissingExtraError
from detente.show_situation import REASONS, not_counted, say_lead, say_met, say_party, say_pull, say_tie
from detente.store.sources import Telling, read_tellings
from detente.wording import say_day

if TYPE_CHECKING:
    from altair.typing import ChartType

    from detente.analysis.situation import Cited, Situation

RECENT_DAYS = 14
CHART_DAYS = 730
"""The charts of a report go back so far: what is older is told by its tables."""
MAIN_EVENTS = 7
SHOWN_HOLDING = 5
SHOWN_PRECEDENTS = 3
SHOWN_CLAIMS = 10
ENDINGS = (".html", ".md", ".pdf")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome", "msedge")
PRINT_SECONDS = 120


class Source(msgspec.Struct, frozen=True):
    """A numbered entry of the list of sources: a report, or a dataset."""

    number: int
    label: str
    title: str
    published_on: str
    url: str
    quotes: tuple[tuple[str, str], ...]


class Shown(msgspec.Struct, frozen=True):
    """An event as the report tells it, with the numbers of its sources."""

    event: Cited
    day: str
    act: str
    sources: tuple[int, ...]


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What the templates show."""

    title: str
    a: str
    b: str
    at: str
    lead: str
    rung: int
    rung_name: str
    reason: str
    main: tuple[Shown, ...]
    holding: tuple[Shown, ...]
    stage: Any
    stage_reason: str
    stage_events: tuple[tuple[Shown, float], ...]
    answers: tuple[str, ...]
    episodes: tuple[Any, ...]
    precedents: tuple[Any, ...]
    precedents_reason: str
    rates: tuple[Any, ...]
    ties: tuple[tuple[str, tuple[int, ...]], ...]
    claims: tuple[Any, ...]
    sources: tuple[Source, ...]
    events: int
    left_out: tuple[str, ...]
    first: str
    last: str
    origins: str
    version: str


def make_report(situation: Situation) -> Report:
    """A situation -> what its report says, with every event's sources numbered."""
    a, b = say_party(situation.a.name), say_party(situation.b.name)
    main = choose_main(situation)
    holding = situation.cite(situation.standing.event_ids)[::-1][:SHOWN_HOLDING]
    stage = situation.cite(e.event_id for e in situation.stage.evidence[:4])
    tie_ids = [tie.changes[-1].event_id for tie in situation.ties]
    named = [e.event_id for e in (*main, *holding, *stage)] + tie_ids  # in the order of the page, which that of the numbers is
    tellings = read_tellings(situation.store, named, until=situation.at)
    sources, numbers = number_sources(named, tellings)
    ratios = {e.event_id: e.log_ratio for e in situation.stage.evidence}
    days = situation.dyad["day"].sort().to_list()
    counts = situation.dyad.unique("event_id")["origin"].value_counts().sort("count", descending=True)
    return Report(
        title=f"{a} and {b} on {say_day(situation.at)}",
        a=a,
        b=b,
        at=situation.at.isoformat(),
        lead=say_lead(situation, a, b) if not situation.reason else "",
        rung=situation.standing.rung,
        rung_name=load_ladder().rungs[situation.standing.rung].name,
        reason=situation.reason,
        main=tuple(_show(e, numbers) for e in main),
        holding=tuple(_show(e, numbers) for e in holding),
        stage=situation.stage,
        stage_reason=REASONS.get(situation.stage.reason, situation.stage.reason),
        stage_events=tuple((_show(e, numbers), ratios[e.event_id]) for e in stage),
        answers=tuple([*say_pull(situation.quarrel, a, b), *say_met(situation.quarrel, a, b)]),
        episodes=situation.episodes[::-1],
        precedents=situation.precedents.precedents[:SHOWN_PRECEDENTS],
        precedents_reason=REASONS.get(situation.precedents.reason or "", situation.precedents.reason or ""),
        rates=situation.precedents.base_rates,
        ties=tuple((say_tie(tie, a, b), numbers.get(tie.changes[-1].event_id, ())) for tie in situation.ties),
        claims=situation.claims[:SHOWN_CLAIMS],
        sources=sources,
        events=situation.dyad["event_id"].n_unique(),
        left_out=tuple(not_counted(situation)),
        first=str(days[0]) if days else "",
        last=str(days[-1]) if days else "",
        origins=", ".join(f"{count:,} of {origin}" for origin, count in counts.iter_rows()),
        version=__version__,
    )


def choose_main(situation: Situation) -> list[Cited]:
    """The events of the last days that matter most: far from routine, and told by many; by day."""
    since = situation.at - datetime.timedelta(days=RECENT_DAYS)
    recent = situation.cite(situation.dyad.filter(situation.dyad["day"] > since)["event_id"])
    chosen = sorted(recent, key=lambda e: (-abs(e.rung) - min(e.reports, 10) / 3, -e.day.toordinal(), e.event_id))[:MAIN_EVENTS]
    return sorted(chosen, key=lambda e: (e.day, e.event_id))


def _show(event: Cited, numbers: Mapping[str, tuple[int, ...]]) -> Shown:
    kind = event.event_type.lower() + (f" ({', '.join(event.modes)})" if event.modes else "")
    day = event.day.isoformat()[: {"year": 4, "month": 7}.get(event.precision, 10)]
    return Shown(event, day, kind, numbers.get(event.event_id, ()))


def number_sources(event_ids: Iterable[str], tellings: Mapping[str, list[Telling]]) -> tuple[tuple[Source, ...], dict[str, tuple[int, ...]]]:
    """Events and what tells of them -> the numbered sources, each once, with its words by event, and the numbers of each event. Copies are left out."""
    order: dict[tuple[str, str], int] = {}
    entries: dict[int, tuple[Telling, dict[str, str]]] = {}
    numbers: dict[str, tuple[int, ...]] = {}
    for event_id in dict.fromkeys(event_ids):
        found: dict[int, None] = {}
        for telling in tellings.get(event_id, []):
            if telling.is_copy:
                continue
            key = (telling.doc_id or telling.location, telling.url or "")
            number = order.setdefault(key, len(order) + 1)
            entries.setdefault(number, (telling, {}))[1].setdefault(event_id, " ".join(telling.words.split()))
            found[number] = None
        numbers[event_id] = tuple(sorted(found))
    sources = tuple(Source(n, _label(t), t.title or "", t.published_on or "", safe_link(t.url), tuple(words.items())) for n, (t, words) in sorted(entries.items()))
    return sources, numbers


def _label(telling: Telling) -> str:
    parts = [telling.publisher or "", telling.doc_id or ""] if telling.doc_id else [telling.origin, Path(telling.location).name + (f":{telling.row}" if telling.row else "")]
    return ", ".join(part for part in parts if part)


def safe_link(url: str | None) -> str:
    """An address out of a report -> the same if a browser may follow it: http and https only, else nothing."""
    try:
        return url if url and urlsplit(url).scheme.lower() in ("http", "https") and urlsplit(url).netloc else ""
    except ValueError:
        return ""


# -- writing -------------------------------------------------------------------------------------------------------------------
def write_report(situation: Situation, path: Path) -> None:
    """A situation -> a file, .html, .md or .pdf by its ending. Refused: another ending, a file that cannot be written, PDF without a browser."""
    ending = check_report_ending(path)
    report = make_report(situation)
    try:
        if ending == ".md":
            path.write_text(render_markdown(report), encoding="utf-8")
        elif ending == ".html":
            path.write_text(render_html(report, draw_charts(situation)), encoding="utf-8")
        else:
            print_page(render_html(report, draw_charts(situation)), path)
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror or error}") from error


def check_report_ending(path: Path) -> str:
    """A path -> its ending in small letters. Refused: one of which no report can be made."""
    if path.suffix.lower() not in ENDINGS:
        raise InputError(f"{path}: found the ending {path.suffix or 'of none'!r}; expected one of {', '.join(ENDINGS)}")
    return path.suffix.lower()


def _environment(*, escape: bool) -> jinja2.Environment:
    # Markdown is no HTML: its text goes through plain_markdown
    loader = jinja2.PackageLoader("detente", "templates")
    environment = jinja2.Environment(loader=loader, autoescape=escape, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True)  # noqa: S701
    environment.filters |= {"party": say_party, "percent": lambda v: f"{v:.0%}", "plain": plain_markdown}
    return environment


def render_html(report: Report, charts: Mapping[str, str]) -> str:
    """A report and its charts as SVG -> one page: no script, no request to any host."""
    return _environment(escape=True).get_template("report.html").render(report=report, charts=charts)


def render_markdown(report: Report) -> str:
    """A report -> Markdown, without charts."""
    return _environment(escape=False).get_template("report.md").render(report=report)


def plain_markdown(text: str) -> str:
    """Words out of a report -> the same with what Markdown and HTML would read as marks made harmless, on one line.

    >>> plain_markdown("a <b> [c](d) *e*")
    'a &lt;b&gt; \\\\[c\\\\](d) \\\\*e\\\\*'
    """
    out = " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    for mark in "\\`*_[]#|":
        out = out.replace(mark, f"\\{mark}")
    return out


def draw_charts(situation: Situation) -> dict[str, str]:
    """A situation -> its charts as SVG by name; one that has too little to show is left out."""
    from detente.charts.ladder import draw_ladder
    from detente.charts.saving import as_svg
    from detente.charts.series import draw_cycle

    names = (say_party(situation.a.name), say_party(situation.b.name))
    since = situation.at - datetime.timedelta(days=CHART_DAYS)
    rungs, dyad = (table.filter(table["day"] >= since) for table in (situation.rungs, situation.dyad))
    weeks = situation.weeks.filter(situation.weeks["week_end"] >= since)
    makers: dict[str, Callable[[], ChartType]] = {
        "ladder": lambda: draw_ladder(rungs, dyad, names=names),
        "cycle": lambda: draw_cycle(weeks, situation.stage, names=names),
    }
    out = {}
    for name, make in makers.items():
        try:
            out[name] = as_svg(make(), prefix=f"{name}-")
        except InputError:
            continue  # too little to draw: the text says so
    return out


def find_browser() -> str | None:
    """The first browser on the path that can print a page."""
    return next((found for name in BROWSERS if (found := shutil.which(name))), None)


def print_page(page: str, path: Path) -> None:
    """A page -> a PDF, printed by a browser without a window and without network. Refused: no browser, or one that fails."""
    browser = find_browser()
    if browser is None:
        raise MissingExtraError(f"{path}: found no browser to print with ({', '.join(BROWSERS)}); install chromium, or write .html and print that")
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "report.html")
        source.write_text(page, encoding="utf-8")
        made = Path(folder, "report.pdf")
        command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--host-resolver-rules=MAP * ~NOTFOUND", "--no-pdf-header-footer"]
        command += [f"--user-data-dir={folder}/profile", f"--print-to-pdf={made}", source.as_uri()]
        try:
            done = subprocess.run(command, capture_output=True, timeout=PRINT_SECONDS, check=False)  # noqa: S603 - a fixed command, no text of reports in it
        except subprocess.TimeoutExpired:
            raise InputError(f"{path}: {browser} did not print within {PRINT_SECONDS} seconds; write .html and print that") from None
        if done.returncode or not made.exists():
            raise InputError(f"{path}: {browser} could not print ({done.stderr.decode(errors='replace').strip().splitlines()[-1:]}); write .html and print that")
        shutil.copyfile(made, path)
