"""What links a pair of actors: the codebook's data file -> ties with their words, and the acts that change them."""

from __future__ import annotations

import functools
import tomllib
from pathlib import Path

import msgspec

from detente.codebook.load import DATA
from detente.errors import CodebookError


class Act(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an act makes of a tie: the words that tell it, and the event types in which they count. ``opens``: agreeing to it is not yet doing it.

    ``commits``: it is done by committing oneself, so that it counts in an AGREE as it stands.
    """

    means: str
    verbs: tuple[str, ...]
    types: tuple[str, ...]
    opens: bool = False
    commits: bool = False


class Coded(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A state that follows from how an event is coded: its type, one of ``modes``, none of ``not_modes``, a CAMEO code that begins so.

    ``without_text``: only for events that have no evidence in words.
    """

    state: str
    types: tuple[str, ...]
    modes: tuple[str, ...] = ()
    not_modes: tuple[str, ...] = ()
    cameo: tuple[str, ...] = ()
    without_text: bool = False


class TieKind(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A tie: its words, the words that contain them and do not mean it (``without``), its acts. ``directed``: each side has its own. ``momentary``: it does not last."""

    id: str
    kind: str
    name: str
    words: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    acts: tuple[str, ...] = ()
    coded: tuple[Coded, ...] = ()
    directed: bool = False
    momentary: bool = False


class Before(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Words that change the meaning of an act if they stand so many words before it. ``opening``: the state that they give to what opens."""

    words: tuple[str, ...]
    within_words: int
    opening: str | None = None


class Ties(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole table."""

    unreal: Before
    agreed: Before
    acts: dict[str, Act]
    ties: tuple[TieKind, ...]


@functools.cache
def load_ties(path: Path = DATA / "ties.toml") -> Ties:
    """The data file -> the table. Raises ``CodebookError`` for a file that is none, or a tie that names an act that is not there."""
    try:
        table = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Ties)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise CodebookError(f"{path}: found {error}; expected unreal, agreed, acts and ties") from error
    for tie in table.ties:
        if missing := [name for name in tie.acts if name not in table.acts]:
            raise CodebookError(f"{path}: {tie.id}: found the act {missing[0]!r}; expected one of {', '.join(table.acts)}")
    return table
