"""What is kept between two forecasts: arrays and trained models in files of the cache folder. No pickle: numbers as arrays, all else as JSON. What cannot be read is made anew."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from detente.forecasting import dyad_model
from detente.settings import read_text

MOST_FILES = 2_000
"""Files of models that are kept, those used last; about 100 kB each."""
_KNOWN = {kind.__name__: kind for kind in (dyad_model.DyadModel, dyad_model.Calibration)}
_SOURCES = (
    *("dyad_baselines", "dyad_events", "dyad_features", "dyad_model", "dyad_scores", "dyad_states", "dyad_targets", "dyad_training"),
    *("flat_events", "intensity", "keeping"),
)
"""Modules that make what is kept: when one of them changes, all is made anew."""


Say = Callable[[str], None]
"""Told what takes long."""


def find_cache(given: str | None = None) -> Path:
    """What the flag gave -> the folder where things are kept: the setting, else ``detente`` in the user's cache folder."""
    chosen = read_text("cache", given)
    return Path(chosen).expanduser() if chosen else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "detente"


def digest(*parts: bytes | str) -> str:
    """Bytes and texts -> a short digest of them in their order."""
    made = hashlib.blake2b(digest_size=12)
    for part in parts:
        raw = part.encode() if isinstance(part, str) else part
        made.update(len(raw).to_bytes(8, "little"))
        made.update(raw)
    return made.hexdigest()


def digest_code(sources: Sequence[str] = _SOURCES) -> str:
    """Names of modules, by default those of dyad forecasts -> a digest of the code that makes what is kept."""
    folder = Path(__file__).parent
    return digest(*((folder / f"{name}.py").read_bytes() for name in sources))


def keep_bytes(path: Path, raw: bytes) -> None:
    """Bytes -> a file, whole or not at all; a folder that cannot be written costs time, not the forecast."""
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(raw)
        part.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)


def find_made(cache: Path, key: str, make: Callable[[], object]) -> Any:
    """The cache folder, a digest of what something is made of, and who makes it -> the thing, kept from the last time or made and kept now."""
    folder = cache / "models"
    path = folder / f"{key}.model"
    found = recall_value(path)
    if found is not None:
        with contextlib.suppress(OSError):
            path.touch()  # those used last stay
        return found
    made = pack_value(make())
    keep_bytes(path, made)
    prune(folder)
    return unpack_value(made)  # as it will be found, so that the first forecast is like the next


def prune(folder: Path) -> None:
    """A folder -> the same without the files that were used longest ago, where there are more than ``MOST_FILES``."""
    try:
        files = sorted(folder.glob("*.model"), key=lambda file: file.stat().st_mtime, reverse=True)
        for file in files[MOST_FILES:]:
            file.unlink(missing_ok=True)
    except OSError:
        return


def pack_value(value: object) -> bytes:
    """Nested records, lists, texts, numbers and arrays -> bytes: the length of the JSON, the JSON, what the arrays hold."""
    parts: list[bytes] = []
    shape = msgspec.json.encode(_pack(value, parts))
    return b"".join([len(shape).to_bytes(8, "little"), shape, *parts])


def _pack(value: object, parts: list[bytes]) -> object:
    if isinstance(value, np.ndarray):
        parts.append(np.ascontiguousarray(value).tobytes())
        return {"array": [sum(map(len, parts[:-1])), value.dtype.str, list(value.shape)]}
    if type(value).__name__ in _KNOWN:
        return {"record": type(value).__name__, "fields": {name: _pack(getattr(value, name), parts) for name in value._fields}}  # type: ignore[attr-defined]
    if isinstance(value, list | tuple):
        return [_pack(part, parts) for part in value]
    if isinstance(value, Mapping):
        return {"map": {str(name): _pack(part, parts) for name, part in value.items()}}
    if isinstance(value, msgspec.Struct):
        return _pack(msgspec.to_builtins(value), parts)
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(f"{type(value).__name__}: cannot be kept")


def unpack_value(raw: bytes) -> Any:
    """Bytes -> the value; records of ``msgspec`` come back as mappings, tuples as lists."""
    size = 8 + int.from_bytes(raw[:8], "little")
    return _unpack(msgspec.json.decode(raw[8:size]), raw, size)


def recall_value(path: Path) -> Any:
    """A file -> its value, ``None`` if there is none that can be read."""
    try:
        return unpack_value(path.read_bytes())
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _unpack(shape: Any, raw: bytes, start: int) -> Any:
    if isinstance(shape, list):
        return [_unpack(part, raw, start) for part in shape]
    if not isinstance(shape, dict):
        return shape
    if "array" in shape:
        offset, kind, sizes = shape["array"]
        return np.frombuffer(raw, dtype=kind, count=int(np.prod(sizes)), offset=start + offset).reshape(sizes)
    if "record" in shape:
        return _KNOWN[shape["record"]](**{name: _unpack(part, raw, start) for name, part in shape["fields"].items()})
    return {name: _unpack(part, raw, start) for name, part in shape["map"].items()}
