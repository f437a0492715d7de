"""CAMEO codes, country names and sectors of other data sets -> ours. The tables are data: codebook/data/exchange/, codebook/data/cameo.csv.

Lookups keep what they found in a ``Memo``: the cells of a data set repeat, and a reader spends its time on what is new.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

import msgspec

from detente.codebook.load import DATA, load_codebook, read_table
from detente.exchange.imported import CellError, Losses
from detente.records import Modality

TABLES = DATA / "exchange"
SECTOR_ORDER = (
    "GOV MIL COP SPY JUD LEG PTY PRM REB UAF OPP CRM CVL BUS EDU JRN LAB AGR MED REF REL NGO IGO SOC ELI PRE UNK"  # PLOVER's, the sector of the act first
).split()
_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


class Memo(dict[_Key, _Value]):
    """A dictionary that finds what it lacks with ``find`` and keeps it."""

    def __init__(self, find: Callable[[_Key], _Value]) -> None:
        super().__init__()
        self._find = find

    def __missing__(self, key: _Key) -> _Value:
        value = self[key] = self._find(key)
        return value


class Coding(msgspec.Struct, frozen=True, gc=False):
    """What a CAMEO code comes to: the code with its leading zero, PLOVER's type, modes and contexts, quad class, scores."""

    cameo: str
    event_type: str | None
    modes: tuple[str, ...]
    contexts: tuple[str, ...]
    quad: int
    intensity: float | None
    goldstein: float | None
    losses: Losses


def cameo_quad(code: str) -> int:
    """A CAMEO code -> GDELT's quad class of its root: 1 verbal cooperation, 2 material cooperation, 3 verbal conflict, 4 material conflict."""
    root = int(code[:2])
    return 1 if root <= 5 else 2 if root <= 8 else 3 if root <= 13 else 4


@functools.lru_cache(maxsize=10_000)
def code_for(event_type: str | None, modes: tuple[str, ...]) -> str | None:
    """PLOVER's type and modes -> a CAMEO code that comes to the same, for formats that cannot do without: the shortest, then lowest, of those with most of the modes
    and fewest others; ``None`` for a type that CAMEO lacks."""
    codings = [find_coding(code) for code, row in load_codebook().cameo.items() if event_type and row["type"] == event_type]
    fit = [(len(set(c.modes) ^ set(modes)), len(c.cameo), c.cameo) for c in codings if len(c.cameo) > 2]
    return min(fit)[2] if fit else None


def quad_of(event_type: str | None) -> int | None:
    """A type of PLOVER's -> its quad class."""
    return None if event_type is None else int(load_codebook().types[event_type]["quad"])


def find_coding(cell: str, column: str = "CAMEO Code") -> Coding:
    """A cell with a code of any CAMEO version, perhaps without its leading zero -> its coding; raises ``CellError`` for a code of none."""
    codebook = load_codebook()
    code, known, losses = _find_code(cell)
    if known is None:
        raise CellError(column, cell, "a CAMEO code such as 040 or 1712")
    if known != code:
        losses = (*losses, "cameo-nearest")
    row = codebook.cameo[known]
    event_type = row["type"] or None
    modes = tuple(filter(None, row["mode"].split("|")))
    contexts = tuple(filter(None, row["contexts"].split("|")))
    quad = quad_of(event_type) or cameo_quad(known)
    if event_type is None:
        losses = (*losses, "no-plover-type")
    return Coding(code, event_type, modes, contexts, quad, intensity_of(event_type, modes), goldstein_of(known), losses)


def _find_code(cell: str) -> tuple[str, str | None, Losses]:
    """The code as it should be written, the code of ours that it counts as, losses."""
    cameo, versions = load_codebook().cameo, _versions()
    for code, losses in ((cell, ()), ("0" + cell, ("cameo-zero-added",))):
        if code in cameo:
            return code, code, losses
        if code in versions:
            return code, versions[code], losses
    if cell.isdigit() and len(cell) in (3, 4) and cell[:3] in cameo:
        return cell, cell[:3], ()
    if cell.isdigit() and len(cell) in (3, 4) and cell[:2] in cameo:
        return cell, cell[:2], ()
    return cell, None, ()


@functools.cache
def _versions() -> dict[str, str]:
    return {row["code"]: row["nearest"] for row in read_table(TABLES / "cameo_versions.csv")}


def goldstein_of(code: str) -> float | None:
    """A CAMEO code -> its Goldstein value, that of its parent if it has none."""
    cameo = load_codebook().cameo
    while code:
        if code in cameo and cameo[code]["goldstein"]:
            return float(cameo[code]["goldstein"])
        code = code[:-1]
    return None


def intensity_of(event_type: str | None, modes: Iterable[str]) -> float | None:
    """PLOVER's score: that of the mode furthest from zero, else that of the type."""
    if event_type is None:
        return None
    entry = load_codebook().types[event_type]
    scores = [float(entry["modes"][mode]) for mode in modes if mode in entry["modes"]]
    return max(scores, key=abs) if scores else float(entry["score"])


class Plover(msgspec.Struct, frozen=True):
    """Names of PLOVER as the codebook has them, and what the file's own names said beyond them."""

    event_type: str
    modes: tuple[str, ...]
    contexts: tuple[str, ...]
    modality: Modality
    historical: bool
    losses: Losses


MODALITIES: Mapping[str, Modality] = {"future": "future", "hypothetical": "hypothetical", "negation": "negated"}
"""PLOVER's flags on an event, which stand among its modes."""
HISTORICAL = "historical"


def find_plover(event_type: str, modes: Iterable[str], contexts: Iterable[str]) -> Plover:
    """PLOVER's names as files write them -> those that the codebook has; raises ``CellError`` for an unknown type."""
    codebook = load_codebook()
    name = event_type.strip().upper()
    if name not in codebook.types:
        raise CellError("event type", event_type, "one of PLOVER's 16 types")
    known = codebook.types[name]["modes"]
    losses, kept_modes, kept_contexts, flags = [], [], [], []
    for mode in modes:
        plain = mode.strip().lower().replace("_", "-")
        if plain in MODALITIES or plain == HISTORICAL:
            flags.append(plain)
            continue
        found = plain if plain in known else codebook.aliases["modes"].get(f"{name}.{mode.strip()}", "")
        kept_modes.append(found)
        if not found:
            losses.append(f"mode:{mode}")
    for context in contexts:
        plain = context.strip().lower()
        found = plain if plain in codebook.contexts else codebook.aliases["contexts"].get(plain, "")
        kept_contexts.append(found)
        if not found:
            losses.append(f"context:{context}")
    modality: Modality = next((MODALITIES[flag] for flag in flags if flag in MODALITIES), "actual")
    return Plover(name, _each_once(kept_modes), _each_once(kept_contexts), modality, HISTORICAL in flags, tuple(losses))


def _each_once(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, names)))


def plover_flags(modality: Modality, *, historical: bool) -> list[str]:
    """Modality and whether the event lies far back -> PLOVER's flags among the modes."""
    return [flag for flag, meant in MODALITIES.items() if meant == modality] + [HISTORICAL] * historical


@functools.cache
def _country_rows() -> tuple[Mapping[str, str], ...]:
    return tuple(read_table(TABLES / "country_codes.csv"))


@functools.cache
def _country_names() -> tuple[dict[str, str], dict[str, str]]:
    """Code -> the name we write; any name in small letters -> code."""
    rows = read_table(DATA / "actors" / "countries.csv")
    names = {row["code"]: row["name"] for row in rows}
    codes = {row["name"].casefold(): row["code"] for row in rows}
    for row in read_table(TABLES / "country_names.csv"):
        codes.setdefault(row["name"].casefold(), row["country"])
    for row in rows:
        for alias in row["aliases"].split("|"):
            if alias:
                codes.setdefault(alias.casefold(), row["code"])
    return names, codes


@functools.lru_cache(maxsize=100_000)
def country_code(text: str) -> str | None:
    """A country's name in any of the spellings of the tables, or its ISO code -> the ISO code."""
    names, codes = _country_names()
    text = text.strip()
    return text if text in names else codes.get(text.casefold())


def country_name(code: str | None) -> str | None:
    """An ISO code -> the country's name; a code that is not known stays as it is."""
    return None if code is None else _country_names()[0].get(code, code)


@functools.cache
def country_table(column: str) -> Mapping[str, str]:
    """A column of country_codes.csv (iso_number, fips, gw_number, cow_number, cameo) -> its values as keys of our codes."""
    return {row[column]: row["code"] for row in reversed(_country_rows()) if row[column]}


@functools.cache
def country_column(column: str) -> Mapping[str, str]:
    """A column of country_codes.csv -> our codes as keys of its values."""
    return {row["code"]: row[column] for row in _country_rows() if row[column]}


@functools.cache
def licence_of(origin: str) -> str:
    """An origin -> its licence tag; ``origins.csv`` says which of them bar passing rows on."""
    return origins()[origin]["licence"]


@functools.cache
def origins() -> Mapping[str, Mapping[str, str]]:
    """Origin -> licence, redistribute (yes or no), credit."""
    return {row["origin"]: row for row in read_table(TABLES / "origins.csv")}


@functools.cache
def sector_codes() -> frozenset[str]:
    """PLOVER's sectors."""
    return frozenset(load_codebook().sectors)


def in_order(sectors: Iterable[str]) -> tuple[str, ...]:
    """Sectors, perhaps twice -> each once, in PLOVER's order of weight."""
    return tuple(sorted(set(sectors), key=SECTOR_ORDER.index))


def names_a_state(name: str | None, country: str | None) -> bool:
    """Whether an actor's name is that of the country itself, so that the state is meant."""
    return name is not None and country is not None and country_code(name) == country
