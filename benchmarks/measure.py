"""What every benchmark gives."""

from __future__ import annotations

from typing import NamedTuple


class Measure(NamedTuple):
    """A figure with what is wanted of it; ``bound`` says which way is good."""

    group: str
    name: str
    value: float
    wanted: float | None = None
    bound: str = ">="
    unit: str = ""
    detail: str = ""
