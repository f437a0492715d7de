"""The events table, the one input of the analysis: a row per (event, source party, target party), by day."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
import polars as pl

from detente.codebook.ladder import rung_of
from detente.codebook.load import load_plover
from detente.collecting import uncollected
from detente.errors import InputError
from detente.exchange.crosswalk import intensity_of
from detente.records import Actor
from detente.store.matching import party_key
from detente.store.schema import Store
from detente.store.tables import COLUMNS, Wanted, read_reported, read_rows, read_volume

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
    types = load_plover()["types"]
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


# -- out of a store ------------------------------------------------------------------------------------------------------------
JOINED = "; "
"""Stands between the names of several actors of one party in ``source_name`` and ``source_entity``."""
_RAW: dict[str, pl.DataType] = {
    "day": pl.String(),
    "sources": pl.String(),
    "targets": pl.String(),
    "modes": pl.String(),
    "contexts": pl.String(),
    "historical": pl.Int8(),
}
_FILLED = ("precision", "cameo", "place_name", "place_country", "text")
_ACTORS = msgspec.json.Decoder(tuple[Actor, ...])


def load_table(store: Store, wanted: Wanted | None = None, *, with_text: bool = True) -> pl.DataFrame:
    """A store and what is wanted of it -> the events table. What did not happen (planned, denied, hypothetical),
    what a reviewer rejected, and what has no day is left out.

    All pairs of an event's parties are rows, also those that were not asked for: ``dyads.select_dyad`` takes the pair out.
    """
    raw = _read_columns(store, wanted, with_text=with_text)
    for column in ("modes", "contexts"):
        raw = _decode_lists(raw, column)
    for side in ("source", "target"):
        raw = raw.join(_parties(raw[f"{side}s"].unique(), side), on=f"{side}s", how="inner")
    return (
        raw.with_columns(
            pl.col("day").str.to_date(),
            pl.col("historical").cast(pl.Boolean),
            pl.col("rung").fill_null(0),
            pl.col("intensity").fill_null(0.0),
            pl.col("confidence").fill_null(1.0),
            *(pl.col(c).fill_null("") for c in _FILLED),
        )
        .select(*EVENTS)
        .sort(ORDER)
    )


def _read_columns(store: Store, wanted: Wanted | None, *, with_text: bool) -> pl.DataFrame:
    with uncollected():
        rows = read_rows(store, wanted, with_text=with_text)
        columns = list(zip(*rows, strict=True)) if rows else [()] * len(COLUMNS)
        out = pl.DataFrame([pl.Series(name, values, dtype=_RAW.get(name) or EVENTS[name]) for name, values in zip(COLUMNS, columns, strict=True)])
        del rows, columns  # or the search for cycles would go through them
    return out


def load_volume(store: Store, wanted: Wanted | None = None) -> pl.DataFrame:
    """A store -> how many events each day has in all (``day``, ``events``), or of a reference set: what a dyad's series is corrected by."""
    return pl.DataFrame(read_volume(store, wanted), schema={"day": pl.String(), "events": pl.Int64()}, orient="row").with_columns(pl.col("day").str.to_date())


def load_reported(store: Store, wanted: Wanted | None = None) -> pl.DataFrame:
    """A store -> how many events each day has in all (``day``, ``events``) by the day on which they were first told (``told``, null if it is not known): what ``volume_until`` takes for any day."""
    columns = {"day": pl.String(), "told": pl.String(), "events": pl.Int64()}
    return pl.DataFrame(read_reported(store, wanted), schema=columns, orient="row").with_columns(pl.col("day").str.to_date())


def volume_until(reported: pl.DataFrame, at: datetime.date) -> pl.DataFrame:
    """What ``load_reported`` gives, and a day -> the volume as ``load_volume`` gives it until that day: neither happened nor was first told of after it."""
    known = reported.filter((pl.col("day") <= at) & (pl.col("told").is_null() | (pl.col("told") <= at.isoformat())))
    return known.group_by("day").agg(pl.col("events").sum()).sort("day")


def _decode_lists(raw: pl.DataFrame, column: str) -> pl.DataFrame:
    """A column of JSON lists -> the lists, each distinct text decoded once; the text stays beside them."""
    texts = raw[column].unique().to_list()
    decoded = pl.DataFrame(
        {f"{column}_text": texts, column: [msgspec.json.decode(t, type=list[str]) for t in texts]}, schema={f"{column}_text": pl.String(), column: EVENTS[column]}
    )
    return raw.rename({column: f"{column}_text"}).join(decoded, on=f"{column}_text", how="left")


def _parties(texts: pl.Series, side: str) -> pl.DataFrame:
    """Distinct texts of actors as JSON -> a row for each text and party of it."""
    rows = [(text, key, *_join(actors)) for text in texts.to_list() for key, actors in _by_key(text).items()]
    names = (f"{side}s", side, f"{side}_name", f"{side}_sectors", f"{side}_entity")
    return pl.DataFrame(rows, schema={name: pl.String() for name in names}, orient="row")


def _by_key(text: str) -> dict[str, list[Actor]]:
    out: dict[str, list[Actor]] = {}
    for actor in _ACTORS.decode(text):
        out.setdefault(party_key(actor), []).append(actor)
    return out


def _join(actors: list[Actor]) -> tuple[str, str, str]:
    sectors = "+".join(dict.fromkeys(s for a in actors for s in a.sectors))
    return JOINED.join(dict.fromkeys(a.name for a in actors)), f"+{sectors}+" if sectors else "", JOINED.join(dict.fromkeys(a.entity for a in actors if a.entity))
