"""What a call of the API is: an address, its parameters, what it takes and gives. The route and the OpenAPI record are both made of it."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal, NamedTuple

from detente.store.filters import MODALITIES, REVIEWS
from detente.store.tokens import Role
from detente.web.asked import LONGEST_VALUE, Asked

Kind = Literal["text", "number", "fraction", "day", "switch", "choice"]
Format = Literal["json", "csv", "jsonl", "parquet"]
PREFIX = "/api/v1"
MOST_ITEMS, ITEMS = 200, 50
"""Items on a page: at most, and unless asked otherwise."""


class Parameter(NamedTuple):
    """A parameter of an address. ``means``: one sentence; ``allowed``: of a choice; ``least`` and ``most``: of a number; ``many``: may be repeated; ``needed``: must be given."""

    name: str
    means: str
    kind: Kind = "text"
    allowed: tuple[str, ...] = ()
    least: int = 1
    most: int = 0
    default: str | int | None = None
    many: bool = False
    in_path: bool = False
    in_header: bool = False
    needed: bool = False
    example: str | int | None = None


class Table(NamedTuple):
    """How a call gives all its rows as CSV, JSONL and Parquet: the columns with their kinds (text, integer, number, truth, date), and the rows. ``name`` is that of the file."""

    name: str
    columns: Callable[[Asked], tuple[tuple[str, str], ...]]
    rows: Callable[[Asked], Iterator[dict[str, Any]]]


class Call(NamedTuple):
    """A call. ``path`` is without the prefix; ``handler`` has the parameters and, if the call ``takes`` a body, that; ``gives`` is the type of the answer, or where it stands, as "module:Name".

    ``table``: further formats of all its rows; ``files``: a function that writes them, of what is asked and the format; ``example``: a body to try; ``is_logged``: it stands in the log who asked;
    ``refuses``: further statuses. ``is_conditional``: it takes ``If-Match`` with the tag of the event, and its handler the state that the tag names, or ``None``.
    ``has_state``: the record has a ``state`` with which the tag of the answer begins.
    """

    method: Literal["GET", "POST"]
    path: str
    name: str
    title: str
    means: str
    handler: Callable[..., Any]
    gives: Any
    tag: str
    parameters: tuple[Parameter, ...] = ()
    takes: Any = None
    role: Role = "read"
    status: int = 200
    table: Table | None = None
    files: Callable[..., Any] | None = None
    example: Mapping[str, Any] = {}
    is_kept: bool = True
    is_logged: bool = False
    refuses: tuple[int, ...] = ()
    is_conditional: bool = False
    has_state: bool = False

    @property
    def formats(self) -> tuple[Format, ...]:
        """The formats that it gives, the first unless asked otherwise."""
        return ("json", "csv", "jsonl", "parquet") if self.table or self.files else ("json",)


def lazy(where: str) -> Callable[..., Any]:
    """ "module:function" -> a function that imports it when it is first called: analysis and forecasts take seconds to load, and the start need not wait for them."""

    def call(*given: Any) -> Any:
        return find(where)(*given)

    return call


def find(where: str) -> Any:
    """ "module:name" -> what stands there."""
    module, _, name = where.partition(":")
    return getattr(importlib.import_module(module), name)


MEDIA: dict[Format, str] = {"json": "application/json", "csv": "text/csv", "jsonl": "application/x-ndjson", "parquet": "application/vnd.apache.parquet"}

CURSOR = Parameter("cursor", "Where the page begins: as `next` and `previous` of a page have it; made by nobody else.")
LIMIT = Parameter("limit", "Items on the page.", "number", least=1, most=MOST_ITEMS, default=ITEMS)
IF_MATCH = Parameter(
    "If-Match",
    "A header: the `ETag` of the event as it was read, or its `state`. If it has changed since, nothing is done (412). `*`, or no header: however it stands.",
    in_header=True,
)
FORMAT = Parameter("format", "The format of the answer, instead of `Accept`. In csv, jsonl and parquet come all rows at once, without pages.", "choice", tuple(MEDIA))
PAIR = Parameter("pair", "Two parties: PRK-KOR; with spaces around the hyphen where a name has one, as `Hamas - ISR`.", in_path=True, example="PRK-KOR")
AT = Parameter("at", "The day to stand at: nothing that happened or was told of later counts. By default the latest.", "day", example="2020-06-16")
ORIGIN = Parameter("origin", "Only events coded by it: `detente` or the name of an import.", many=True)
SINCE = Parameter("since", "From this day on.", "day", example="2020-06-01")
UNTIL = Parameter("until", "Up to this day.", "day", example="2020-06-30")
FILTERS = (
    Parameter("actor", "With it on either side: a country (PRK), one's sector (PRK/MIL), a sector (/REB), or a name.", many=True, example="PRK"),
    Parameter("source", "Done by it."),
    Parameter("target", "Done to it."),
    Parameter("dyad", "Between the two, whoever did it: PRK-KOR."),
    Parameter("one_way", "With `dyad`: only what the first did to the second.", "switch"),
    Parameter("type", "A PLOVER type: ASSAULT. Several with commas, or repeated.", many=True),
    Parameter("mode", "A mode of PLOVER's.", many=True),
    Parameter("context", "A context of PLOVER's.", many=True),
    Parameter("quad", "A quad class: 1 verbal cooperation, 2 material cooperation, 3 verbal conflict, 4 material conflict.", "choice", ("1", "2", "3", "4"), many=True),
    Parameter("rung", "A rung of the ladder, -4 to 6, or two with dots between: 4..6."),
    Parameter("place", "In it: a country (KOR) or the name of a place."),
    SINCE,
    UNTIL,
    Parameter("modality", "Whether it happened.", "choice", (*MODALITIES, "any"), default="actual"),
    Parameter("origin", "Coded by it: `detente` or the name of an import."),
    Parameter("confidence", "At least so sure.", "fraction"),
    Parameter("text", "Words of its evidence; a phrase in quotes."),
    Parameter("background", "Whether what is told as the past comes too.", "choice", ("with", "without"), default="with"),
    Parameter("review", "How reviewers judged it; standing: neither rejected nor withdrawn.", "choice", (*REVIEWS, "any"), default="standing"),
)
"""Those of ``filters.read_filters``."""


def schema_of(parameter: Parameter) -> dict[str, Any]:
    """A parameter -> its JSON schema."""
    kinds: dict[Kind, dict[str, Any]] = {
        "text": {"type": "string", "minLength": 1, "maxLength": LONGEST_VALUE},
        "number": {"type": "integer", "minimum": parameter.least, "maximum": parameter.most},
        "fraction": {"type": "number", "minimum": 0, "maximum": 1},
        "day": {"type": "string", "format": "date"},
        "switch": {"type": "string", "enum": ["0", "1"]},
        "choice": {"type": "string", "enum": list(parameter.allowed)},
    }
    schema = kinds[parameter.kind] | ({} if parameter.default is None else {"default": parameter.default})
    return {"type": "array", "items": schema} if parameter.many else schema
