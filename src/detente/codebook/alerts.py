"""What raises an alert by its kind alone: the codebook's data file -> types, modes, contexts and words."""

from __future__ import annotations

import functools
import tomllib
from pathlib import Path

import msgspec

from detente.codebook.load import DATA, load_plover
from detente.errors import CodebookError


class FirstType(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Types of which the first ever between two parties is news."""

    types: tuple[str, ...]


class BrokenChannel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """By which types with which modes a channel is broken; it is one by the ``contexts`` of the type, or by ``words``."""

    types: dict[str, tuple[str, ...]]
    contexts: dict[str, tuple[str, ...]]
    words: tuple[str, ...]


class AlertKinds(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    first_type: FirstType
    broken_channel: BrokenChannel


@functools.cache
def load_alert_kinds(path: Path = DATA / "alerts.toml") -> AlertKinds:
    """The data file -> what raises an alert. Raises ``CodebookError`` for a file that is none, and for a type that PLOVER has not."""
    try:
        kinds = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), AlertKinds)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise CodebookError(f"{path}: found {error}; expected first_type and broken_channel") from error
    known = load_plover()["types"]
    used = {*kinds.first_type.types, *kinds.broken_channel.types, *kinds.broken_channel.contexts}
    if wrong := sorted(used - set(known)):
        raise CodebookError(f"{path}: found the type {wrong[0]!r}; expected one of {', '.join(known)}")
    return kinds
