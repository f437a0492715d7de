"""All events of a store as narrow rows that arrays can be made of and kept, and a mark of the store's state that says whether they still hold."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, NamedTuple, cast

import sqlalchemy as sa

from detente.codebook.ladder import rung_of
from detente.codebook.load import load_plover
from detente.store import schema
from detente.store.filters import OUT_OF_VIEW
from detente.store.known import in_parts, stand_at
from detente.store.rows import dyad_pairs
from detente.store.schema import Store, reading
from detente.store.web_tables import read_counters

COLUMNS = ("id", "source", "target", "day", "told", "event_type", "quad", "rung", "intensity", "goldstein", "dead", "sharp", "origin")
"""What a flat row has: the event's number in this store, party keys, ISO days (``told``: of the first report, ``None`` if it is not known), what it is; ``sharp``: of ``SHARP``, 0 of background;
``origin``: who coded it."""
SHARP = {"day": 2, "week": 1}
"""How sharp the day of an event is known; to the month or year: 0."""

_e, _m, _d = schema.events, schema.mentions, schema.dyads
Row = tuple[Any, ...]


class Retold(NamedTuple):
    """An event that reports told of on several days: its number, the first and the latest of them, ISO. Between them it may have stood otherwise than now."""

    id: int
    first: str
    latest: str


def mark_state(store: Store) -> tuple[str, str]:
    """A store -> what it is called everywhere, and a text that is another one after every change of its events, asked for in milliseconds; it may also change without one.

    It is the store's counter of changes, which bookkeeping leaves as it is. Beside it stand what another store that was laid in the place of this one would not share, though it had been changed as
    often: when it was made, its last document and its last event.
    """
    made = sa.select(schema.migrations.c.applied_at).order_by(schema.migrations.c.number).limit(1)
    last = [sa.select(table.c.id, column).order_by(table.c.id.desc()).limit(1) for table, column in ((schema.documents, schema.documents.c.digest), (_e, _e.c.event_id))]
    with reading(store) as connection:
        told = [read_counters(connection)[0], connection.scalar(made), *(tuple(row) for query in last for row in connection.execute(query))]
    name = store.name if store.engine.dialect.name == "postgresql" else str(Path(str(store.engine.url.database)).resolve())
    return name, str(told)


def read_flat_rows(store: Store) -> tuple[Sequence[Row], Sequence[Retold]]:
    """A store -> its flat rows, one for each pair of parties, of events that have a day, happened and were not rejected; and the retold ones."""
    columns = (_e.c.id, _d.c.source, _d.c.target, _e.c.date_start, _e.c.first_report, _e.c.event_type, _e.c.quad, _e.c.rung, _e.c.intensity, _e.c.goldstein, _e.c.dead)
    sharp = sa.case((_e.c.historical.is_(True), 0), (_e.c.date_precision == "day", SHARP["day"]), (_e.c.date_precision == "week", SHARP["week"]), else_=0)
    happened = (_e.c.modality == "actual", _e.c.review.not_in(OUT_OF_VIEW))
    chosen = sa.select(*columns, sharp, _e.c.origin).join(_e, _d.c.event_id == _e.c.id).where(*happened, _e.c.date_start.is_not(None), _d.c.source != "", _d.c.target != "")
    told_by_document = sa.exists().where(_m.c.event_id == _e.c.id, _m.c.document_id.is_not(None))
    retold = sa.select(_e.c.id, _e.c.first_report, _e.c.latest_report).where(*happened, _e.c.mentions > 1, _e.c.latest_report > _e.c.first_report, told_by_document)
    with reading(store) as connection:
        cursor = connection.execute(chosen).cursor
        assert cursor is not None
        rows = cast("Sequence[Row]", cursor.fetchall())  # the driver's own tuples, as in ``tables``
        return rows, [Retold(*row) for row in connection.execute(retold)]


def restate_rows(store: Store, numbers: Collection[int], day: datetime.date) -> list[Row]:
    """Numbers of retold events, and a day -> flat rows of these as they stood at its end, those that then had no day left out."""
    out: list[Row] = []
    with reading(store) as connection:
        for part in in_parts(numbers):
            about = {row.event_id: row for row in connection.execute(sa.select(_e.c.id, _e.c.event_id, _e.c.origin, _e.c.first_report).where(_e.c.id.in_(part)))}
            for event_id, known in stand_at(connection, part, day).items():
                then, row = known.standing, about[event_id]
                if not then.date_start:
                    continue
                sharp = 0 if then.historical else SHARP.get(then.date_precision or "", 0)
                quad = int(load_plover()["types"][then.event_type]["quad"])
                rung = rung_of(then.event_type, then.modes, dead=then.dead, cameo=then.cameo, origin=row.origin)
                what = (then.date_start, row.first_report, then.event_type, quad, rung, then.intensity, then.goldstein, then.dead, sharp, row.origin)
                out += [(row.id, source, target, *what) for source, target in dyad_pairs(then.source, then.target) if source and target]
    return out


def name_ids(store: Store, numbers: Collection[int]) -> dict[int, str]:
    """Numbers of events in this store -> their ids."""
    with reading(store) as connection:
        return {row.id: row.event_id for part in in_parts(numbers) for row in connection.execute(sa.select(_e.c.id, _e.c.event_id).where(_e.c.id.in_(part)))}


def read_sectors(store: Store) -> list[tuple[int, str, str]]:
    """A store -> (event, party, PLOVER's sectors as ``+REB+``) of its parties without a country, which are known by name: what sort of actor each is told to be, event by event."""
    table, actors = schema.participants, schema.actors
    query = (
        sa.select(table.c.event_id, actors.c.name, actors.c.sectors).join(actors, table.c.actor_id == actors.c.id).where(actors.c.country == "", actors.c.sectors != "").distinct()
    )
    with reading(store) as connection:
        return [(number, name, sectors) for number, name, sectors in connection.execute(query)]
