"""PETRARCH-style dictionaries -> rows of detente's actor file.

An actor dictionary has a name with codes, synonyms after ``+``, more codes with dates on lines of their own, and comments after ``;`` or ``#``::

    HARRY_TRUMAN_ [USAELI <450412]   ; before he was president
    +PRESIDENT_TRUMAN_
        [USAGOV 450412-530120]
        [USAELI >530120]

An agent dictionary has roles without a country: ``MINISTER_ {MINISTERS_} [~GOV]``. Dates are YYMMDD (years up to 30 are of this century) or
YYYYMMDD, ``<`` until and ``>`` from a day. Codes are a country and sectors, three letters each; sectors that PLOVER lacks are left out.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

CAMEO_SECTORS: Mapping[str, str] = {
    "GOV": "GOV", "MIL": "MIL", "COP": "COP", "JUD": "JUD", "LEG": "LEG", "PTY": "PTY", "REB": "REB", "INS": "REB", "SEP": "REB", "RAD": "REB", "PRM": "PRM",
    "UAF": "UAF", "SPY": "SPY", "OPP": "OPP", "CVL": "CVL", "BUS": "BUS", "MNC": "BUS", "CRM": "CRM", "EDU": "EDU", "ELI": "ELI", "MED": "JRN", "JRN": "JRN",
    "LAB": "LAB", "AGR": "AGR", "HLH": "MED", "REF": "REF", "REL": "REL", "SOC": "SOC", "DEV": "SOC", "HRI": "NGO", "ENV": "SOC", "NGO": "NGO", "NGM": "NGO",
    "IGO": "IGO", "IMG": "REB", "PRE": "PRE",
}  # fmt: skip
"""CAMEO's role codes and PLOVER's sectors for them."""
CAMEO_COUNTRIES: Mapping[str, str] = {"ROM": "ROU", "ZAR": "COD", "TMP": "TLS", "PSE": "PSE", "GZS": "PSE", "WSB": "PSE", "SCN": "", "BAL": ""}
"""Country codes of CAMEO that ISO 3166 writes otherwise; an empty one is no country."""
AGENT_ROLE = "(agent)"
"""What stands in the role column of a row that came from an agent dictionary: a common noun, no name."""

_LINE = re.compile(r"^(?P<plus>\+)?(?P<name>[^\[{]*?)\s*(?:\{(?P<plural>[^}]*)\})?\s*(?P<codes>(?:\[[^\]]*\]\s*)*)$")
_CODE = re.compile(r"\[\s*(?P<agent>~)?(?P<code>[A-Za-z~-]*)\s*(?P<dates>[<>\d][\d<>\s-]*)?\]")
_SMALL = frozenset({"of", "and", "the", "for", "in", "on", "de", "al"})
MAX_ACRONYM_LETTERS = 5
"""A single word of so few letters may be an acronym: it is entered both as written and as a name."""


class ActorRow(NamedTuple):
    """A row of the actor file; several values of a cell have ``|`` between them, days are ISO, an empty ``end`` is "still"."""

    name: str
    aliases: str
    country: str
    sectors: str
    role: str
    start: str
    end: str


class Code(NamedTuple):
    country: str
    sectors: tuple[str, ...]
    start: str
    end: str
    agent: bool


class Fault(NamedTuple):
    """A line that was not understood."""

    line: int
    message: str


def read_dictionary(lines: Iterable[str], known_countries: frozenset[str]) -> Iterator[ActorRow | Fault]:
    """The lines of a dictionary and the codes of all countries -> actor rows, and a fault for each line that is not understood."""
    names: list[str] = []
    codes: list[Code] = []
    bare: Fault | None = None  # an actor for whom no line has given a code yet
    for number, raw in enumerate(lines, start=1):
        line = re.split(r"[;#]", raw, maxsplit=1)[0].strip()
        if not line or line.startswith(("!", "<")):
            continue
        match = _LINE.match(line)
        if match is None:
            yield Fault(number, f"found {line[:50]!r}; expected NAME_ [CODE], +SYNONYM_ or [CODE dates]")
            continue
        if match["name"].strip() and not match["plus"]:
            yield from _rows(names, codes)
            if bare:
                yield bare
            names, codes = [], []
            bare = Fault(number, f"found {line[:50]!r} without a code; expected NAME_ [CODE], or the codes on the lines after it")
        names.extend(part for part in (match["name"].strip(), (match["plural"] or "").strip()) if part.strip("_= "))
        for code in _CODE.finditer(match["codes"]):
            bare = None
            found = read_code(code["code"], code["dates"] or "", known_countries, agent=bool(code["agent"]))
            if isinstance(found, str):
                yield Fault(number, found)
            else:
                codes.append(found)
    yield from _rows(names, codes)
    if bare:
        yield bare


def read_code(code: str, dates: str, known_countries: frozenset[str], *, agent: bool = False) -> Code | str:
    """``USAGOV``, ``450412-530120`` -> the parts, or what is wrong with them."""
    letters = code.upper().replace("~", "")
    parts = [letters[i : i + 3] for i in range(0, len(letters), 3)]
    country = ""
    if parts and not agent and (parts[0] == "---" or CAMEO_COUNTRIES.get(parts[0], parts[0]) in {*known_countries, ""}):
        first = parts.pop(0)
        country = "" if first == "---" else CAMEO_COUNTRIES.get(first, first)
    sectors = tuple(dict.fromkeys(CAMEO_SECTORS[p] for p in parts if p in CAMEO_SECTORS))
    if not country and not sectors:
        return f"found the code {code!r}; expected a country and sectors that detente knows, such as USAGOV"
    period = read_period(dates)
    return period if isinstance(period, str) else Code(country, sectors or ("GOV",), *period, agent)


def read_period(text: str) -> tuple[str, str] | str:
    """``<450412``, ``>530120``, ``450412-530120`` or nothing -> first and last day (ISO, "" is open), or what is wrong."""
    parts = [part for part in re.split(r"\s*-\s*", text.strip()) if part]
    days = [read_day(part.strip(" <>")) for part in parts]
    if len(parts) > 2 or None in days:
        return f"found the dates {text.strip()!r}; expected <YYMMDD, >YYMMDD or YYMMDD-YYMMDD"
    if not parts:
        return "", ""
    first = days[0] or ""
    if parts[0].startswith("<"):
        return "", first
    if parts[0].startswith(">"):
        return first, ""
    return first, (days[1] or "") if len(days) == 2 else ""


def read_day(digits: str) -> str | None:
    """YYMMDD or YYYYMMDD -> the ISO day, ``None`` if it is none."""
    if not digits.isdigit() or len(digits) not in (6, 8):
        return None
    if len(digits) == 6:
        digits = ("20" if digits[:2] <= "30" else "19") + digits
    try:
        return datetime.date(int(digits[:4]), int(digits[4:6]), int(digits[6:])).isoformat()
    except ValueError:
        return None


def read_name(raw: str, *, agent: bool = False) -> list[str]:
    """``KIM_JONG-UN_`` -> the forms that a text may have: Kim Jong-Un, Kim Jong-un."""
    words = [w for w in raw.strip(" _=").replace("=", "_").split("_") if w]
    if agent:
        return [" ".join(words).lower()]
    cased = [w.lower() if w.lower() in _SMALL and i else _capitalize(w) for i, w in enumerate(words)]
    forms = [" ".join(cased), " ".join(re.sub(r"-(\w)", lambda m: "-" + m[1].lower(), w) for w in cased)]
    if len(words) == 1 and len(words[0]) <= MAX_ACRONYM_LETTERS:
        forms.append(words[0].upper())
    return list(dict.fromkeys(forms))


def _capitalize(word: str) -> str:
    return "-".join(part[:1].upper() + part[1:].lower() for part in word.split("-"))


def _rows(names: list[str], codes: list[Code]) -> Iterator[ActorRow]:
    if not names:
        return
    for code in codes:
        forms = list(dict.fromkeys(form for name in names for form in read_name(name, agent=code.agent)))
        yield ActorRow(forms[0], "|".join(forms[1:]), code.country, "|".join(code.sectors), AGENT_ROLE if code.agent else "", code.start, code.end)
