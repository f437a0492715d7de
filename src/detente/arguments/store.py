"""Arguments of the commands about the event store."""

from __future__ import annotations

import argparse

from detente.arguments.base import Commands, add_settings, command, parse_day, parse_score
from detente.arguments.coding import PATHS
from detente.settings import CODING, FETCHING

IMPORTED = ("icews", "gdelt", "polecat", "acled", "ucdp", "plover", "quads", "jsonl", "csv", "parquet")
EXPORTED = ("jsonl", "csv", "parquet", "icews", "gdelt", "polecat", "plover")


def add_filters(parser: argparse.ArgumentParser) -> None:
    """Which events of the store: the same for all commands that take some of them."""
    for flag, variable, text in (
        ("--actor", "ACTOR", "takes part on either side: a country (PRK, North Korea), its sector (PRK/MIL), a sector (/REB), a region or a name; may be repeated"),
        ("--type", "TYPE", "PLOVER type; may be repeated, or several with commas between: any of them"),
        ("--mode", "MODE", "PLOVER mode; may be repeated: all of them"),
        ("--context", "CONTEXT", "PLOVER context, such as military; may be repeated: all of them"),
    ):
        parser.add_argument(flag, metavar=variable, action="append", default=[], help=text)
    parser.add_argument("--quad", metavar="N", type=int, action="append", default=[], help="quad class: 1 or 2 cooperation by words or deeds, 3 or 4 conflict; may be repeated")
    parser.add_argument("--rung", metavar="N", help="rung of the ladder, -4 to 6, or from..to, as 4..6 (--rung=-4..-1 where the first is below 0)")
    parser.add_argument("--source", metavar="ACTOR", help="who did it")
    parser.add_argument("--target", metavar="ACTOR", help="to whom it was done")
    parser.add_argument("--dyad", metavar="A-B", help="between two actors, in either direction; names with ' - ' between them")
    parser.add_argument("--one-way", action="store_true", help="with --dyad: only what A did to B")
    parser.add_argument("--place", metavar="PLACE", help="a place by name, or a country by code")
    parser.add_argument("--since", type=parse_day, metavar="YYYY-MM-DD", help="first day")
    parser.add_argument("--until", type=parse_day, metavar="YYYY-MM-DD", help="last day")
    parser.add_argument("--modality", metavar="MODALITY", default="actual", help="actual, future, hypothetical, negated, or any (default: actual)")
    parser.add_argument("--origin", metavar="ORIGIN", help="who coded it: detente, icews, gdelt ...")
    parser.add_argument("--confidence", metavar="P", type=float, help="least confidence, 0 to 1")
    parser.add_argument("--text", metavar="WORDS", help='words of the evidence; "a phrase" as it stands')
    parser.add_argument(
        "--review",
        metavar="STATE",
        default="standing",
        help="standing (all that no reviewer rejected and no origin withdrew), accepted, corrected, rejected, withdrawn, unreviewed, or any (default: standing)",
    )
    parser.add_argument("--no-background", action="store_true", help="leave out events that are told as background only")
    parser.add_argument("--newest", action="store_true", help="latest first")


def add_store(commands: Commands) -> None:
    """``detente add``, ``import``, ``export``, ``events``, ``event``."""
    example = "detente add reports/ https://example.org/world.xml --store crisis.db\n  cat report.txt | detente add - --date 2020-06-16"
    add = command(commands, "add", "code reports into the event store, one event per real event", example, "run_add")
    add.add_argument("paths", nargs="+", metavar="PATH|URL", help=PATHS)
    add.add_argument("--date", type=parse_day, metavar="YYYY-MM-DD", help="publication date of reports that state none")
    add.set_defaults(keep_all=True)
    add_settings(add, "store", *CODING, *FETCHING)
    example = "detente import icews events.2018.tab --store crisis.db"
    load = command(commands, "import", "bring events that others coded into the event store", example, "run_import")
    load.add_argument("format", metavar="FORMAT", choices=IMPORTED, help=f"{', '.join(IMPORTED[:-1])} or {IMPORTED[-1]}")
    load.add_argument("file", metavar="FILE", help="a file of that format, also as .gz or .zip")
    add_settings(load, "store")
    example = "detente events --dyad PRK-USA --since 2018-01-01 --until 2018-12-31\n  detente events --source PRK/MIL --type ASSAULT --format csv"
    events = command(commands, "events", "show events of the store, by any filter", example, "run_events")
    add_filters(events)
    events.add_argument("--page", metavar="N", type=int, default=1, help="which page (default: 1)")
    events.add_argument("--page-events", metavar="N", type=int, default=25, help="events on a page, 0 for all (default: 25)")
    events.add_argument("--format", choices=("table", "json", "csv"), default="table", help="what to write (default: table)")
    add_settings(events, "store")
    example = "detente export icews --dyad PRK-USA -o korea.tab\n  detente export jsonl --origin detente --review any | gzip > all.jsonl.gz"
    out = command(commands, "export", "write events of the store in a format that others read", example, "run_export")
    out.add_argument("format", metavar="FORMAT", choices=EXPORTED, help=f"{', '.join(EXPORTED[:-1])} or {EXPORTED[-1]}")
    out.add_argument("-o", "--output", metavar="FILE", help="where to write (default: standard output)")
    add_filters(out)
    out.add_argument("--with-barred", action="store_true", help="also events whose licence bars passing them on; what becomes of them is then up to you")
    add_settings(out, "store")
    event = command(commands, "event", "show one event with its evidence, sources, differing values and history", "detente event 3f2a91c07be4d586", "run_event")
    event.add_argument("event_id", metavar="ID", help="an event's id, a mention's, or its first characters")
    event.add_argument("--json", action="store_true", help="write it as JSON")
    add_settings(event, "store")


def add_watch(commands: Commands) -> None:
    """``detente watch``."""
    example = "detente watch feeds.toml --store crisis.db --alerts-file alerts.jsonl\n  detente watch feeds.toml --once"
    watch = command(commands, "watch", "watch RSS and Atom feeds, add what is new to the event store, and raise alerts", example, "run_watch")
    watch.add_argument("feeds", metavar="FEEDS.toml", help="the list of feeds: [[feed]] blocks with url, publisher, every_minutes, full_text")
    watch.add_argument("--once", action="store_true", help="visit each feed that is due one time, and end")
    watch.add_argument("--alerts-file", metavar="FILE", help="write each alert as a line of JSON at the end of this file")
    watch.add_argument("--least-score", metavar="N", type=parse_score, help="least score of an alert, 0 to 13: the rung plus how surprising it is (default: 6)")
    watch.set_defaults(keep_all=True)
    add_settings(watch, "webhook", "store", "pipeline", "actors", *FETCHING)
