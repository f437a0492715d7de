"""Made-up dyads for the tests of the analysis: A and B, days counted from 1 January 2020."""

from __future__ import annotations

import datetime
import random
from collections.abc import Iterable
from typing import Any

import polars as pl

from detente.analysis.dyads import select_dyad
from detente.analysis.table import make_table
from detente.codebook.parties import Party

START = datetime.date(2020, 1, 1)
A, B = Party("A", names=("a",)), Party("B", names=("b",))
BY_RUNG: dict[int, tuple[str, list[str], int | None]] = {
    -4: ("AID", [], None),
    -3: ("CONCEDE", [], None),
    -2: ("AGREE", [], None),
    -1: ("CONSULT", [], None),
    0: ("REQUEST", [], None),
    1: ("ACCUSE", [], None),
    2: ("THREATEN", [], None),
    3: ("SANCTION", [], None),
    4: ("MOBILIZE", ["troops"], None),
    5: ("ASSAULT", ["destroy"], None),
    6: ("ASSAULT", ["firearms"], 2),
}


def day(number: int) -> datetime.date:
    return START + datetime.timedelta(days=number)


def act(number: int, rung: int, side: str = "a", **more: Any) -> dict[str, Any]:
    """An event of a rung on a day (0 is the first) by a side; its id tells day, rung and side."""
    kind, modes, dead = BY_RUNG[rung]
    source, target = ("A", "B") if side == "a" else ("B", "A")
    return {"event_id": f"{number}:{rung}:{side}", "day": day(number), "source": source, "target": target, "event_type": kind, "modes": modes, "dead": dead, **more}


def dyad(acts: Iterable[dict[str, Any]]) -> pl.DataFrame:
    return select_dyad(make_table(acts), A, B)


def random_acts(seed: int, days: int, rate: float = 0.5) -> list[dict[str, Any]]:
    rng = random.Random(seed)
    return [act(n, rng.choice([-4, -3, -2, -1, -1, 0, 1, 1, 1, 2, 3, 4, 5, 6]), rng.choice("ab"), event_id=f"r{n}") for n in range(days) if rng.random() < rate]
