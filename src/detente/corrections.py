"""What a reviewer types about an event -> the fields of ``records.Event`` that it sets, checked against the codebook and the register."""

from __future__ import annotations

import calendar
import datetime
import re
from collections.abc import Callable, Mapping
from typing import Any

from detente.codebook.load import load_codebook
from detente.codebook.register import load_register
from detente.coding.merge import goldstein_of, intensity_of
from detente.errors import SettingsError
from detente.records import Actor, Place, When

MODALITIES = ("actual", "future", "hypothetical", "negated")
_PERIOD = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?")
_ROOTS = 2
"""So many first digits of a CAMEO code name its root."""


def make_fields(given: Mapping[str, str], event: Mapping[str, Any]) -> dict[str, Any]:
    """Names and values as typed (``type``, ``mode``, ``context``, ``cameo``, ``source``, ``target``, ``date``, ``place``, ``modality``, ``background``,
    ``dead``, ``injured``; an empty value is nothing) and the event as it stands -> the fields to set; type, code and scores are kept together."""
    makers: dict[str, Callable[[str], dict[str, Any]]] = {
        "context": lambda v: {"contexts": _names(v, load_codebook().contexts, "context")},
        "source": lambda v: {"source": tuple(_parse_actor(a) for a in _listed(v))},
        "target": lambda v: {"target": tuple(_parse_actor(a) for a in _listed(v))},
        "date": lambda v: {"date": parse_period(v) if v else None},
        "place": lambda v: {"place": _parse_place(v) if v else None},
        "modality": lambda v: {"modality": _choose(v, MODALITIES, "modality")},
        "background": lambda v: {"historical": _choose(v, ("yes", "no"), "background") == "yes"},
        "dead": lambda v: {"dead": _parse_count(v, "dead")},
        "injured": lambda v: {"injured": _parse_count(v, "injured")},
    }
    known = (*makers, "type", "mode", "cameo")
    if unknown := [name for name in given if name not in known]:
        raise SettingsError(f"--set: found {unknown[0]!r}; expected one of {', '.join(sorted(known))}, as --set type=ASSAULT")
    out: dict[str, Any] = {}
    for name, value in given.items():
        if name in makers:
            out |= makers[name](value.strip())
    return out | _make_kind({name: given[name].strip() for name in ("type", "mode", "cameo") if name in given}, event)


def typed_fields(event: Mapping[str, Any]) -> dict[str, str]:
    """An event as it stands -> each field as a reviewer would type it: what ``make_fields`` takes."""
    date, place = event["date"], event["place"]
    return {
        "type": event["event_type"],
        "mode": ", ".join(event["modes"]),
        "context": ", ".join(event["contexts"]),
        "cameo": event["cameo"] or "",
        "source": ", ".join(_type_actor(a) for a in event["source"]),
        "target": ", ".join(_type_actor(a) for a in event["target"]),
        "date": _type_period(date["start"], date["end"], date["precision"]) if date else "",
        "place": ", ".join(part for part in (place["name"], place["country"]) if part)
        if place and place["precision"] != "country"
        else place["country"] or place["name"]
        if place
        else "",
        "modality": event["modality"],
        "background": "yes" if event["historical"] else "no",
        "dead": "" if event["dead"] is None else str(event["dead"]),
        "injured": "" if event["injured"] is None else str(event["injured"]),
    }


def _type_actor(actor: Mapping[str, Any]) -> str:
    sectors = "+".join(actor["sectors"] or ())
    name = actor["entity"] or actor["country"] or ("" if actor["name"] == "unknown" else actor["name"])
    return f"{name}/{sectors}" if sectors else str(name)


def _type_period(start: str, end: str, precision: str) -> str:
    whole = start[: {"year": 4, "month": 7}.get(precision, 10)]
    return whole if _bounds(whole, whole)[1].isoformat() == end else f"{start}..{end}"


def _make_kind(given: Mapping[str, str], event: Mapping[str, Any]) -> dict[str, Any]:
    """Type, modes and code hang together: a new type drops the modes of the old one and takes a code of its own unless one is given."""
    if not given:
        return {}
    codebook = load_codebook()
    event_type = _choose(given.get("type", event["event_type"]).upper(), tuple(codebook.types), "type")
    table = codebook.types[event_type]
    fallback = [m for m in event["modes"] if m in table["modes"]]
    modes = _names(given["mode"], frozenset(table["modes"]), f"mode of {event_type}") if "mode" in given else tuple(fallback)
    cameo = given.get("cameo") or event["cameo"] or ""
    if "cameo" in given and given["cameo"] and cameo not in codebook.cameo:
        raise SettingsError(f"--set cameo: found {cameo!r}; expected a code of CAMEO, such as 190")
    if "cameo" not in given and event_type != event["event_type"]:
        cameo = _code_of(event_type, modes)
    return {
        "event_type": event_type,
        "modes": modes,
        "quad": int(table["quad"]),
        "intensity": intensity_of(codebook, event_type, modes),
        "cameo": cameo,
        "goldstein": goldstein_of(codebook, cameo) if cameo else None,
    }


def _code_of(event_type: str, modes: tuple[str, ...]) -> str:
    """A type and its modes -> a code of CAMEO that means them: of several the general one, which ends in 0, else the shortest."""
    rows = [(code, row) for code, row in load_codebook().cameo.items() if row["type"] == event_type and len(code) > _ROOTS]
    fitting = [code for code, row in rows if row["mode"] in modes] or [code for code, row in rows if not row["mode"]] or [code for code, _ in rows]
    return min(fitting, key=lambda c: (not c.endswith("0"), len(c), c), default="")


def _choose(value: str, allowed: tuple[str, ...], name: str) -> str:
    if value not in allowed:
        raise SettingsError(f"--set {name}: found {value!r}; expected one of {', '.join(allowed)}")
    return value


def _names(value: str, allowed: frozenset[str], name: str) -> tuple[str, ...]:
    names = _listed(value)
    if wrong := [n for n in names if n not in allowed]:
        raise SettingsError(f"--set {name}: found {wrong[0]!r}; expected some of {', '.join(sorted(allowed)) or 'none'}, with commas between")
    return tuple(dict.fromkeys(names))


def _listed(value: str) -> list[str]:
    return [part.strip() for part in value.split(",") if part.strip()]


def _parse_count(value: str, name: str) -> int | None:
    if not value:
        return None
    if not value.isascii() or not value.isdigit() or int(value) > 100_000_000:
        raise SettingsError(f"--set {name}: found {value!r}; expected a number of people, or nothing if it is not known")
    return int(value)


def parse_period(value: str) -> When:
    """2020, 2020-06, 2020-06-16, or two days with two dots between -> the period. Raises ``SettingsError``."""
    first, dots, last = value.partition("..")
    start, end = _bounds(first, value), _bounds(last or first, value)
    if start[0] > end[1]:
        raise SettingsError(f"--set date: found {value!r}; expected the first day before the last")
    precision = start[2]
    if dots:
        days = (end[1] - start[0]).days + 1
        precision = "day" if days == 1 else "week" if days <= 7 else "month" if days <= 31 else "year"
    return When(start[0].isoformat(), end[1].isoformat(), precision)


def _bounds(text: str, whole: str) -> tuple[datetime.date, datetime.date, Any]:
    match = _PERIOD.fullmatch(text.strip())
    try:
        if match is None:
            raise ValueError
        year, month, day = (int(part) if part else None for part in match.groups())
        assert year is not None
        if month is None:
            return datetime.date(year, 1, 1), datetime.date(year, 12, 31), "year"
        if day is None:
            return datetime.date(year, month, 1), datetime.date(year, month, calendar.monthrange(year, month)[1]), "month"
        return datetime.date(year, month, day), datetime.date(year, month, day), "day"
    except ValueError:
        raise SettingsError(f"--set date: found {whole!r}; expected YYYY-MM-DD, YYYY-MM, YYYY, or FIRST..LAST") from None


def _parse_actor(text: str) -> Actor:
    """PRK, PRK/GOV+MIL, /REB, a name of the register, or Name/REB -> an actor."""
    register, codebook = load_register(), load_codebook()
    name, slash, given = text.partition("/")
    name = name.strip()
    sectors = tuple(s.strip().upper() for s in given.split("+") if s.strip()) if slash else ()
    if wrong := [s for s in sectors if s not in codebook.sectors]:
        raise SettingsError(f"--set source or target: found the sector {wrong[0]!r}; expected some of {', '.join(sorted(codebook.sectors))}")
    if not name:
        if not sectors:
            raise SettingsError(f"--set source or target: found {text!r}; expected a country (PRK), its sector (PRK/MIL), a sector (/REB) or a name")
        return Actor("", "unknown", None, sectors)
    if name in register.countries:
        return Actor("", register.countries[name].name, name, sectors or ("GOV",))
    found = next((entries[0] for form, entries in register.names.get(name.split(" ")[0], ()) if form == name), None)
    if found is None or found.kind == "place":
        if not sectors:
            raise SettingsError(
                f"--set source or target: found nobody called {name!r}; expected a code, a name as detente actors show has it, or the name with its sector, as '{name}/REB'"
            )
        return Actor("", name, None, sectors)
    entity = found.name if found.kind in ("person", "organisation") else None
    country = register.countries[found.country].name if found.country and found.country in register.countries else found.name
    return Actor("", found.name if found.country is None else country, found.country, sectors or found.sectors, entity)


def _parse_place(text: str) -> Place:
    """A place of the gazetteer (``Kaesong``, ``Tripoli, LBN``) or a country's code -> the place."""
    register = load_register()
    if text in register.country_places:
        return register.country_places[text]
    name, comma, country = (part.strip() for part in text.rpartition(",")) if "," in text else (text, "", "")
    found = [p for p in register.places.get(name, ()) if not comma or p.country == country]
    if not found:
        raise SettingsError(f"--set place: found no place {text!r}; expected a name of the gazetteer, with its country's code if need be, as 'Tripoli, LBN', or a country's code")
    return found[0]
