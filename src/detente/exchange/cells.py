"""Cells with numbers -> numbers; what is none is a ``CellError`` that says what was expected."""

from __future__ import annotations

from detente.exchange.imported import CellError


def parse_number(cell: str, column: str, most: float, *, missing: str = "") -> float | None:
    """A cell -> the number; ``None`` for what stands for nothing; raises ``CellError`` if it is no number or beyond ``most`` on either side of zero."""
    try:
        value = None if cell == missing else float(cell)
    except ValueError:
        value = float("nan")
    if value is not None and not -most <= value <= most:
        raise CellError(column, cell, f"a number from -{most:g} to {most:g}, or {missing or 'nothing'}")
    return value


def parse_whole(cell: str, column: str, *, missing: str = "") -> int | None:
    """A cell -> the whole number, perhaps with ``.0`` after it; ``None`` for what stands for nothing; raises ``CellError`` for anything else."""
    if cell == missing:
        return None
    digits = cell.removesuffix(".0")
    if not digits.isascii() or not digits.isdigit():
        raise CellError(column, cell, f"a whole number, or {missing or 'nothing'}")
    return int(digits)
