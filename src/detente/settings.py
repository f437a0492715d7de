"""One table of settings: name, type, unit, default, help. Flags (``--workers``) and environment variables (``DETENTE_WORKERS``) derive from it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import NamedTuple

from detente.errors import SettingsError

Value = str | int | None


class Setting(NamedTuple):
    """One setting. ``unit`` is part of what a number means and is shown in the help; a default of ``None`` means "decided at run time"."""

    name: str
    type: type
    unit: str
    default: Value
    help: str
    minimum: int = 1
    maximum: int | None = None
    has_flag: bool = True
    """``False``: from the environment only; everybody on a machine can read the arguments of its programs."""

    @property
    def flag(self) -> str:
        """The command-line flag, if it has one."""
        return "--" + self.name.replace("_", "-")

    @property
    def variable(self) -> str:
        """The environment variable."""
        return "DETENTE_" + self.name.upper()


SETTINGS: tuple[Setting, ...] = (
    Setting(
        "pipeline", str, "name", None, "spaCy pipeline that parses; any installed English one (default: an official en_core_web_* if there is one, else the bundled small one)"
    ),
    Setting("workers", int, "processes", None, "processes that code reports (default: one a core; a corpus of a few reports is coded in one)"),
    Setting("batch_reports", int, "reports", 32, "reports handed to a worker at a time"),
    Setting("small_corpus_reports", int, "reports", 12, "up to so many reports are coded without starting workers", 0),
    Setting("max_report_bytes", int, "bytes", 5_000_000, "a longer line or file is skipped with a message"),
    Setting("actors", str, "file", None, "the user's own actors (default: ~/.config/detente/actors.csv)"),
    Setting("by", str, "name", None, "who reviews (default: the user's login name)"),
    Setting("store", str, "file or URL", "detente.db", "the event store: a file (SQLite), or postgresql+psycopg://USER@HOST/NAME"),
    Setting("cache", str, "folder", None, "where trained models and arrays of events are kept (default: detente in $XDG_CACHE_HOME, else ~/.cache/detente)"),
    Setting("max_fetch_bytes", int, "bytes", 5_000_000, "a longer page or feed, as sent or unpacked, is not fetched"),
    Setting("fetch_timeout_seconds", int, "seconds", 30, "so long may one fetch take, redirects and all"),
    Setting("host_pause_seconds", int, "seconds", 2, "pause between two requests to one host", 0),
    Setting("user_agent", str, "text", None, "how detente names itself to servers (default: detente/VERSION)"),
    Setting("allow_private_addresses", int, "0 or 1", 0, "1: fetch from this machine, local networks and any port too", 0, 1),
    Setting("host", str, "address", "127.0.0.1", "address that the desk listens on; any but a loopback one needs a token"),
    Setting("port", int, "port", 8765, "port that the desk listens on", 0, 65_535),
    Setting("host_names", str, "names", None, "further names that the desk may be asked by, with commas between (default: none but the machine's own)"),
    Setting("require_token", int, "0 or 1", 0, "1: the desk asks for a token on a loopback address too, as behind a proxy", 0, 1),
    Setting("max_upload_bytes", int, "bytes", 5_000_000, "a longer form or file is refused by the desk"),
    Setting("upload_reports", int, "reports", 20, "reports of one uploaded file that the desk codes"),
    Setting("request_seconds", int, "seconds", 30, "so long may one request of the desk ask the store"),
    Setting("token_requests", int, "requests", 600, "requests a minute that one token may make, divided among the processes of the desk"),
    Setting("cache_bytes", int, "bytes", 64_000_000, "answers that each process of the desk keeps until the store changes", 0),
    Setting("style_page", int, "0 or 1", 0, "1: the desk has a page of its components, /style", 0, 1),
    Setting("web_secret", str, "text", None, "key that sessions and forms of the desk are signed with (default: a new one at each start)", has_flag=False),
    Setting("webhook", str, "URL", None, "where alerts are sent by POST, signed (default: nowhere)"),
    Setting("webhook_secret", str, "text", None, "key that what is sent to the webhook is signed with", has_flag=False),
)
FETCHING = ("max_fetch_bytes", "fetch_timeout_seconds", "host_pause_seconds", "user_agent", "allow_private_addresses")
"""The settings that fetching from the web goes by."""
SERVING = (
    "store",
    "host",
    "port",
    "host_names",
    "require_token",
    "max_upload_bytes",
    "upload_reports",
    "request_seconds",
    "token_requests",
    "cache_bytes",
    "style_page",
    "pipeline",
    "actors",
    *FETCHING,
)
"""The settings that the desk goes by."""
CODING = ("pipeline", "workers", "batch_reports", "small_corpus_reports", "max_report_bytes", "actors")
"""The settings that coding goes by."""
BY_NAME: Mapping[str, Setting] = {s.name: s for s in SETTINGS}


def read_setting(name: str, given: object = None) -> Value:
    """A setting's name and what the flag gave (``None`` if it was not used) -> its value: flag, else environment, else default."""
    setting = BY_NAME[name]
    where, raw = (setting.flag, given) if given is not None else (setting.variable, os.environ.get(setting.variable))
    if raw is None or raw == "":
        return setting.default
    if setting.type is str:
        return str(raw)
    try:
        number = int(str(raw).replace("_", ""))
    except ValueError:
        number = setting.minimum - 1
    if setting.maximum is not None and not setting.minimum <= number <= setting.maximum:
        raise SettingsError(f"{where}: found {raw!r}; expected {setting.unit}")
    if number < setting.minimum:
        raise SettingsError(f"{where}: found {raw!r}; expected a whole number of {setting.unit}, {setting.minimum} or more")
    return number


def read_number(name: str, given: object = None) -> int:
    """A numeric setting that has a default -> its value."""
    value = read_setting(name, given)
    if not isinstance(value, int):
        raise SettingsError(f"{BY_NAME[name].flag}: found {value!r}; expected a whole number of {BY_NAME[name].unit}")
    return value


def read_switch(name: str, given: object = None) -> bool:
    """A setting of 0 or 1 -> whether it is on."""
    return read_number(name, given) == 1


def count_workers(given: object = None) -> int:
    """What the flag gave -> how many processes code: the setting, else the cores that this process may use."""
    chosen = read_setting("workers", given)
    if isinstance(chosen, int):
        return chosen
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def read_text(name: str, given: object = None) -> str | None:
    """A textual setting -> its value, ``None`` if neither flag nor environment gives one."""
    value = read_setting(name, given)
    return None if value is None else str(value)


def read_reviewer(given: object = None) -> str:
    """What the flag gave -> who reviews: the setting, else the user's login name."""
    chosen = read_text("by", given)
    if chosen:
        return chosen
    import getpass  # what it imports to read passwords takes longer than all settings

    try:
        return getpass.getuser()
    except (KeyError, OSError):
        raise SettingsError("--by: found no name of a user; expected one, as --by jane") from None
