"""The user's list of feeds (feeds.toml) -> checked plans, with all faults at once."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any, NamedTuple

from detente.errors import InputError
from detente.reading.addresses import Refused, parse_url

LEAST_MINUTES = 5
"""No feed is asked more often: publishers ask for 15 to 60 minutes between visits."""
MOST_MINUTES = 7 * 24 * 60
DEFAULT_MINUTES = 30
FIELDS = ("url", "publisher", "every_minutes", "full_text")
_HEADER = re.compile(r"^\s*\[\[\s*feed\s*\]\]")


class FeedPlan(NamedTuple):
    """A feed to watch. ``publisher`` is put in its reports (if not given, what page or feed say); ``full_text``: fetch the pages of its entries."""

    url: str
    publisher: str | None = None
    every_minutes: int = DEFAULT_MINUTES
    full_text: bool = True


def load_feeds(path: Path, *, any_port: bool = False) -> tuple[FeedPlan, ...]:
    """The path of a feeds.toml -> its feeds. Raises ``InputError`` with all faults, each as ``file:line: found; expected``."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no UTF-8"
        raise InputError(f"{path}: cannot be read ({reason}); expected a list of feeds in TOML") from error
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"at line (\d+)", str(error))
        raise InputError(f"{path}{f':{line[1]}' if line else ''}: found broken TOML ({error}); expected [[feed]] blocks") from error
    lines = text.splitlines()
    faults = [f"{path}:{_find_key(lines, 0, key)}: {key}: found a key of no meaning; expected [[feed]] blocks only" for key in data if key != "feed"]
    blocks = data.get("feed", [])
    if not isinstance(blocks, list) or not blocks or not all(isinstance(block, dict) for block in blocks):
        raise InputError("\n".join([*faults, f"{path}: found no [[feed]] block; expected one for each feed, with its url"]))
    starts = [n for n, line in enumerate(lines) if _HEADER.match(line)]
    plans: dict[str, FeedPlan] = {}
    for n, block in enumerate(blocks):
        start = starts[n] if len(starts) == len(blocks) else 0
        found = [f"{path}:{_find_key(lines, start, key)}: {key}: {message}" for key, message in _faults(block, any_port)]
        if not found:
            plan = FeedPlan(**{**block, "url": parse_url(block["url"], any_port=any_port).url})
            if plan.url in plans:
                found = [f"{path}:{_find_key(lines, start, 'url')}: url: found {plan.url} a second time; expected each feed once"]
            plans[plan.url] = plan
        faults += found
    if faults:
        raise InputError("\n".join(faults))
    return tuple(plans.values())


def _faults(block: dict[str, Any], any_port: bool) -> list[tuple[str, str]]:
    out = [(key, f"found a field of no meaning; expected some of {', '.join(FIELDS)}") for key in block if key not in FIELDS]
    url, minutes = block.get("url"), block.get("every_minutes", DEFAULT_MINUTES)
    if not isinstance(url, str):
        out.append(("url", f"found {'none' if url is None else repr(url)}; expected the address of the feed"))
    else:
        try:
            parse_url(url, any_port=any_port)
        except Refused as refused:
            out.append(("url", refused.message))
    if not isinstance(block.get("publisher", ""), str) or not block.get("publisher", "-").strip():
        out.append(("publisher", f"found {block['publisher']!r}; expected a name"))
    if not isinstance(minutes, int) or isinstance(minutes, bool) or not LEAST_MINUTES <= minutes <= MOST_MINUTES:
        out.append(("every_minutes", f"found {minutes!r}; expected a whole number, {LEAST_MINUTES} to {MOST_MINUTES}"))
    if not isinstance(block.get("full_text", True), bool):
        out.append(("full_text", f"found {block['full_text']!r}; expected true or false"))
    return out


def _find_key(lines: list[str], start: int, key: str) -> int:
    """The lines of the file and where a block starts -> the line of a key in it, else that of the block; TOML's own parser does not tell."""
    for n in range(start, len(lines)):
        if n > start and _HEADER.match(lines[n]):
            break
        if re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*[=.]", lines[n]):
            return n + 1
    return start + 1
