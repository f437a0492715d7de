"""Records -> HTML, by the templates of this package. What is escaped, and how numbers, days and actors are written, is decided here."""

from __future__ import annotations

import datetime
import functools
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

import jinja2
import msgspec
from markupsafe import Markup

from detente import __version__
from detente.codebook.ladder import LOWEST, load_ladder
from detente.report import safe_link
from detente.show_outlook import REASONS as OUTLOOK_REASONS
from detente.show_situation import say_party
from detente.web.event_words import FILTERS as EVENT_FILTERS
from detente.web.identity import Who
from detente.wording import count_of, say_day

SHOWN_CHARS = 180
"""Characters of an event's words in a list."""
_HIDDEN = re.compile("[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f\\u200e\\u200f\\u061c\\u202a-\\u202e\\u2066-\\u2069\\ufeff\\ufff9-\\ufffb\\ud800-\\udfff]")
"""Characters that change the direction of what follows, or that nobody sees: a report must not make a page say something else than its words."""

_UNNAMED = re.compile(r'(<g(?: class="[^"]*")?(?: clip-path="[^"]*")?(?: transform="[^"]*")?) role="graphics-symbol" aria-roledescription="[^"]*"(?=[ />])(?! aria-label)')
"""A group of a chart that is said to be a symbol, but has no name to be read: to a reader of the screen it is no more than its parts."""


class Chrome(NamedTuple):
    """What stands around each page: who looks, in which theme, at which address, and what was just done.

    ``fault``: why a form of this page was refused; ``typed``: what stood in it, to be mended.
    """

    who: Who
    theme: str
    path: str
    query: Mapping[str, Sequence[str]]
    nav: str
    title: str
    notice: str = ""
    is_open: bool = True
    fault: str = ""
    typed: Mapping[str, Sequence[str]] = {}

    @property
    def here(self) -> str:
        """The address of this page, to come back to."""
        return address(self.path, self.query)

    @property
    def twin(self) -> str:
        """The address of this page's record."""
        path = "/index" if self.path == "/" else self.path
        return address(f"{path}.json", self.query)


def address(path: str, query: Mapping[str, Any] | None = None, **changed: Any) -> str:
    """A path, parameters, and some of them changed -> the address. ``None``, an empty text or an empty list takes a parameter away."""
    merged = {**(query or {}), **changed}
    pairs = [(name, str(one)) for name, value in merged.items() for one in (value if isinstance(value, list | tuple) else [value]) if one not in (None, "")]
    return f"{path}?{urlencode(pairs)}" if pairs else path


def part(text: str) -> str:
    """A text -> the same as one part of a path."""
    return quote(text, safe="")


def pair_address(a: str, b: str) -> str:
    """Two parties -> the address of their situation. Names with hyphens have spaces around the one between them, as on the command line."""
    return f"/dyads/{part(f'{a} - {b}' if '-' in a + b else f'{a}-{b}')}"


def clean(text: object) -> str:
    """Words out of a report or a parameter -> the same without hidden and turning characters, each shown as a dot."""
    return _HIDDEN.sub("·", unicodedata.normalize("NFC", str(text)))


def sparkline(values: Sequence[float | None], width: int, height: int) -> list[str]:
    """Numbers, ``None`` where nothing is known -> the parts of a line as "x,y x,y", for SVG polylines. The scale is that of the ladder, whatever the numbers are."""
    if not values:
        return []
    low, high = float(LOWEST), 8.0
    step = (width - 4) / max(1, len(values) - 1)
    parts: list[list[str]] = [[]]
    for n, value in enumerate(values):
        if value is None:
            parts.append([])
            continue
        y = 2 + (height - 4) * (1 - (min(high, max(low, value)) - low) / (high - low))
        parts[-1].append(f"{2 + n * step:.1f},{y:.1f}")
    # a point alone is drawn as a short dash
    return [" ".join(p) if len(p) > 1 else f"{p[0]} {float(p[0].split(',')[0]) + 1:.1f},{p[0].split(',')[1]}" for p in parts if p]


def zero_of(height: int) -> str:
    """The height of a sparkline -> where its rung 0 is."""
    return sparkline([0], 0, height)[0].split(" ")[0].split(",")[1]


def shorten(text: str, most: int = SHOWN_CHARS) -> str:
    """Words of a report -> on one line, the first of them, cut between two words."""
    plain = " ".join(text.split())
    return plain if len(plain) <= most else plain[: plain.rfind(" ", most // 2, most) if " " in plain[most // 2 : most] else most].rstrip(" ,;:") + " …"


def share_width(share: float) -> str:
    """A share from 0 to 1 -> the width of its bar, of 100."""
    return f"{100 * min(1.0, max(0.0, share)):.1f}"


def say_when(date: Mapping[str, Any] | None) -> str:
    """A date of an event -> in words, no sharper than it is known."""
    if not date or not date.get("start"):
        return "no date"
    start, end, precision = str(date["start"]), str(date.get("end") or date["start"]), date.get("precision")
    day = datetime.date.fromisoformat(start)
    if precision == "year":
        return start[:4]
    if precision == "month":
        return f"{day:%B %Y}"
    return say_day(day) if start == end else f"{say_day(day)} to {say_day(datetime.date.fromisoformat(end))}"


def say_sharp(day: datetime.date, precision: str) -> str:
    """A day and how sharp it is -> in words, no sharper than it is known."""
    return f"{day:%Y}" if precision == "year" else f"{day:%B %Y}" if precision == "month" else say_day(day)


def say_outlook_target(name: str) -> str:
    """A target of a forecast -> in words."""
    from detente.forecasting.words import say_target

    return say_target(name)


def say_actor(actor: Mapping[str, Any]) -> str:
    """An actor of an event -> its name, with its sectors if they are more than the government."""
    sectors = "+".join(actor.get("sectors") or ())
    name = actor.get("entity") or actor.get("name") or actor.get("country") or "unknown"
    name = say_party(str(name)) if name == actor.get("country") else name
    return f"{name} ({sectors})" if sectors and sectors != "GOV" else str(name)


def say_actors(actors: Iterable[Mapping[str, Any]]) -> str:
    """Actors of a side -> their names; nobody known is said."""
    return ", ".join(dict.fromkeys(say_actor(a) for a in actors)) or "not known"


def rung_name(rung: int) -> str:
    """A rung -> its name."""
    return load_ladder().rungs[rung].name


def rung_class(rung: int) -> str:
    """A rung -> the class of its colour: rung-m4 to rung-8."""
    return f"rung-{'m' if rung < 0 else ''}{abs(rung)}"


def signed(rung: int) -> str:
    """A rung -> its number with a real minus."""
    return str(rung).replace("-", "−")


FILTERS: dict[str, Any] = {
    "party": say_party,
    "percent": lambda value: f"{value:.0%}",
    "day": lambda value: say_day(value) if isinstance(value, datetime.date) else say_day(datetime.date.fromisoformat(value)) if value else "no date",
    "when": say_when,
    "sharp": say_sharp,
    "target": say_outlook_target,
    "outlook_reason": lambda code: OUTLOOK_REASONS.get(code, code),
    "actor": say_actor,
    "actors": say_actors,
    "rung_name": rung_name,
    "rung_class": rung_class,
    "signed": signed,
    "number": lambda value: f"{value:,}",
    "score": lambda value: f"{value:+g}".replace("-", "−") if value else "0",
    "clean": clean,
    "shorten": shorten,
    "count": count_of,
    "part": part,
    "safe_link": safe_link,
}


@functools.cache
def environment() -> jinja2.Environment:
    """The templates of the desk: everything is escaped, a name that is not there is an error."""
    loader = jinja2.PackageLoader("detente", "web/templates")
    made = jinja2.Environment(loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True, auto_reload=False)
    made.filters |= {**FILTERS, **EVENT_FILTERS}
    made.globals |= {
        "address": address,
        "pair_address": pair_address,
        "sparkline": sparkline,
        "share_width": share_width,
        "zero_of": zero_of,
        "version": __version__,
        "nav_paths": frozenset(("/", "/dyads", "/events", "/documents", "/alerts", "/review", "/map", "/actors", "/codebook", "/skill")),
    }
    made.finalize = _finalize
    return made


def _finalize(value: Any) -> Any:
    """Every text that a template shows goes through ``clean``, so that no page can forget it; what is HTML already stays."""
    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    return clean(value)


def render(template: str, record: msgspec.Struct, chrome: Chrome, charts: Mapping[str, str]) -> str:
    """A template's name, the record of a page, what stands around it, and its charts as SVG -> HTML."""
    drawn = {name: Markup(_UNNAMED.sub(r"\g<1>", svg)) for name, svg in charts.items()}  # noqa: S704 - SVG of our renderer, which escapes its texts
    return environment().get_template(template).render(record=record, page=chrome, charts=drawn)
