"""Pages by cursor: a page begins after the last row of the one before, wherever that is by now, so that what comes in meanwhile shifts nothing."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from detente.errors import SettingsError

LONGEST_CURSOR = 400
_SEEN = msgspec.json.Decoder(tuple[str, str, str | float | int | None, int])


class Order(NamedTuple):
    """In what order rows come: by a column, rows without a value last, and by number where values are the same. ``name`` binds a cursor to it."""

    name: str
    column: sa.ColumnElement[Any]
    is_falling: bool


class Cut(NamedTuple):
    """A page of rows: their numbers in order, and the cursors of the pages before and after, ``None`` where there is none."""

    keys: list[int]
    before: str | None
    after: str | None


def cut_page(connection: Connection, conditions: Sequence[sa.ColumnElement[bool]], order: Order, key: sa.ColumnElement[int], *, cursor: str | None, limit: int) -> Cut:
    """Conditions, an order and a cursor (``None``: from the start) -> a page. Refused: a cursor that was not made for this order."""
    direction, value, last = _read(cursor, order) if cursor else ("after", None, 0)
    is_back = direction == "before"
    found = _walk(connection, conditions, order, key, (value, last) if cursor else None, is_back=is_back, limit=limit + 1)
    has_more = len(found) > limit
    rows = found[:limit][::-1] if is_back else found[:limit]
    if not rows:
        return Cut([], None, None)
    first, end = rows[0], rows[-1]
    # a page that was reached by a cursor has one beside it where that came from; rows that went meanwhile only make it empty
    return Cut(
        [number for _, number in rows],
        _write("before", order, first) if (has_more if is_back else bool(cursor)) else None,
        _write("after", order, end) if (True if is_back else has_more) else None,
    )


def _walk(
    connection: Connection, conditions: Sequence[sa.ColumnElement[bool]], order: Order, key: sa.ColumnElement[int], beyond: tuple[Any, int] | None, *, is_back: bool, limit: int
) -> list[tuple[Any, int]]:
    """Rows beyond one, in two steps, those with a value and those without: each is a range of an index, which a condition with OR over both is not."""
    column, is_falling = order.column, order.is_falling != is_back
    by = (column.desc(), key.desc()) if is_falling else (column.asc(), key.asc())
    key_by = key.desc() if is_falling else key.asc()
    out: list[tuple[Any, int]] = []
    for is_known in (False, True) if is_back else (True, False):
        if beyond is not None and (beyond[0] is not None) != is_known and is_known != is_back:
            continue  # the step before the one where the cursor stands
        where = [*conditions, column.is_not(None) if is_known else column.is_(None)]
        if beyond is not None and (beyond[0] is not None) == is_known:
            value, number = beyond
            past = key < number if is_falling else key > number
            where += [sa.and_(column <= value if is_falling else column >= value, sa.or_(column != value, past))] if is_known else [past]
        query = sa.select(column, key).where(*where).order_by(*(by if is_known else (key_by,))).limit(limit - len(out))
        out += [(row[0], row[1]) for row in connection.execute(query)]
        if len(out) >= limit:
            break
    return out


def _write(direction: str, order: Order, row: tuple[Any, int]) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode((direction, order.name, *row))).decode().rstrip("=")


def _read(cursor: str, order: Order) -> tuple[str, Any, int]:
    try:
        if len(cursor) > LONGEST_CURSOR:
            raise ValueError
        direction, name, value, number = _SEEN.decode(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
        if name != order.name or direction not in ("before", "after") or abs(number) >= 2**63:
            raise ValueError
    except (ValueError, binascii.Error, msgspec.DecodeError):
        raise SettingsError(f"cursor: found {cursor[:40]!r}; expected one of a page in the same order; begin without it") from None
    return direction, value, number
