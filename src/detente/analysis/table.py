"""The events table, the one input of the analysis: a row per (event, source party, target party), by day."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl

from detente.codebook.ladder import rung_of
from detente.codebook.load import load_codebook
from detente.errors import InputError
from detente.exchange.crosswalk import intensity_of

EVENTS: dict[str, pl.DataType] = {
    "event_id": pl.String(),
    "origin": pl.String(),
    "day": pl.Date(),
    "precision": pl.String(),
    "source": pl.String(),
    "source_name": pl.String(),
    "source_sectors": pl.String(),
    "source_entity": pl.String(),
    "target": pl.String(),
    "target_name": pl.String(),
    "target_sectors": pl.String(),
    "target_entity": pl.String(),
    "event_type": pl.String(),
    "modes": pl.List(pl.String()),
    "contexts": pl.List(pl.String()),
    "quad": pl.Int8(),
    "rung": pl.Int8(),
    "intensity": pl.Float64(),
    "goldstein": pl.Float64(),
    "cameo": pl.String(),
    "dead": pl.Int32(),
    "injured": pl.Int32(),
    "historical": pl.Boolean(),
    "confidence": pl.Float64(),
    "reports": pl.Int32(),
    "place_name": pl.String(),
    "place_country": pl.String(),
    "latitude": pl.Float64(),
    "longitude": pl.Float64(),
    "text": pl.String(),
}
"""Columns and their types. ``day`` is the first day of the event, ``precision`` how sharp it is (day, week, month, year); events without a day are
left out. ``source`` and ``target`` are party keys: a country's code, else the actor's name; ``_sectors`` PLOVER's, as ``+GOV+MIL+``. ``quad`` 1 to 4,
``rung`` -4 to 6, ``intensity`` PLOVER's score (-10 to 10), ``goldstein`` Goldstein's; ``dead`` null: nobody says. ``historical``: told as background.
``reports``: independent ones; ``text``: the first words of the evidence. What is not known is null in columns of numbers and empty in those of text."""

SCHEMA = pl.Schema(EVENTS)
ORDER = ["day", "event_id", "source", "target"]


def make_table(rows: Iterable[Mapping[str, Any]]) -> pl.DataFrame:
    """Rows with at least ``day``, ``source``, ``target`` and ``event_type`` -> an events table. For tests, simulations and events of one's own.

    ``day`` may be ISO text. What is left out is filled in: ids in order, the names by the keys, sectors ``+GOV+``, quad, rung and
    intensity by type and modes, one report. Refused: another column, a type that PLOVER has not, a row that lacks one of the four.

    >>> make_table([{"day": "2020-06-16", "source": "PRK", "target": "KOR", "event_type": "ASSAULT", "modes": ["destroy"]}])["rung"].to_list()
    [5]
    """
    made = [_fill(number, row) for number, row in enumerate(rows, start=1)]
    return pl.DataFrame(made, schema=SCHEMA, orient="row").sort(ORDER)


def _fill(number: int, row: Mapping[str, Any]) -> dict[str, Any]:
    if unknown := sorted(set(row) - set(EVENTS)):
        raise InputError(f"row {number}: found the column {unknown[0]!r}; expected some of {', '.join(EVENTS)}")
    if missing := [name for name in ("day", "source", "target", "event_type") if not row.get(name)]:
        raise InputError(f"row {number}: found no {missing[0]}; expected day, source, target and event_type in each row")
    kind, modes = row["event_type"], list(row.get("modes", ()))
    types = load_codebook().types
    if kind not in types:
        raise InputError(f"row {number}: found the type {kind!r}; expected one of {', '.join(types)}")
    day = row["day"]
    filled = {
        "event_id": f"e{number:06}",
        "origin": "made",
        "precision": "day",
        "source_name": row["source"],
        "source_sectors": "+GOV+",
        "source_entity": "",
        "target_name": row["target"],
        "target_sectors": "+GOV+",
        "target_entity": "",
        "contexts": [],
        "quad": int(types[kind]["quad"]),
        "rung": rung_of(kind, modes, dead=row.get("dead"), cameo=row.get("cameo", ""), origin=row.get("origin", "")),
        "intensity": intensity_of(kind, modes),
        "goldstein": None,
        "cameo": "",
        "dead": None,
        "injured": None,
        "historical": False,
        "confidence": 1.0,
        "reports": 1,
        "place_name": "",
        "place_country": "",
        "latitude": None,
        "longitude": None,
        "text": "",
    }
    return filled | dict(row) | {"modes": modes, "day": datetime.date.fromisoformat(day) if isinstance(day, str) else day}
