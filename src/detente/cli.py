"""The command line: arguments -> one function of ``commands``. Imports nothing heavy, so that ``detente --help`` answers at once."""

from __future__ import annotations

import argparse
import datetime
import importlib
import os
import sys
from collections.abc import Sequence
from typing import NoReturn, TypeAlias

from detente import __version__
from detente.errors import DetenteError
from detente.settings import BY_NAME, CODING, FETCHING

DESCRIPTION = "News reports to coded political events: who did what to whom, when, where, and according to whom."
CHARTS = ("ladder", "series", "timeline", "cycle", "reciprocity", "network", "map", "precedents")
PATHS = "files (.txt .html .json .jsonl .csv .parquet .xml), directories, web addresses of pages and feeds, or - for standard input"
FORMATS = ("jsonl", "csv", "parquet", "icews", "table")
IMPORTED = ("icews", "gdelt", "polecat", "acled", "ucdp", "plover", "quads", "jsonl", "csv", "parquet")
EXPORTED = ("jsonl", "csv", "parquet", "icews", "gdelt", "polecat", "plover")


class _Parser(argparse.ArgumentParser):
    """Examples keep their lines; an error is one plain line and exit code 2."""

    def __init__(self, *args: object, **options: object) -> None:
        options.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        super().__init__(*args, **options)  # type: ignore[arg-type]

    def error(self, message: str) -> NoReturn:
        print(f"{self.prog}: {message}; see {self.prog} --help", file=sys.stderr)
        raise SystemExit(2)


def _day(text: str) -> datetime.date:
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"found {text!r}; expected YYYY-MM-DD") from None


def _score(text: str) -> float:
    try:
        if 0 <= (number := float(text)) <= 13:
            return number
    except ValueError:
        pass
    raise argparse.ArgumentTypeError(f"found {text!r}; expected a number, 0 to 13")


def make_parser() -> argparse.ArgumentParser:
    """Nothing -> the parser of all commands; ``run`` of what it gives names the function of ``commands``."""
    parser = _Parser(prog="detente", description=DESCRIPTION, epilog="example:\n  detente code report.txt --date 2020-06-16\n\ndetente COMMAND --help shows an example for each.")
    parser.add_argument("--version", action="version", version=f"detente {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True, parser_class=_Parser)
    _add_code(commands)
    _add_explain(commands)
    _add_relate(commands)
    _add_evaluate(commands)
    _add_codebook(commands)
    _add_actors(commands)
    _add_store(commands)
    _add_watch(commands)
    _add_analysis(commands)
    _add_chart(commands)
    _add_review(commands)
    _add_situation(commands)
    demo = _command(commands, "demo", "code the bundled reports, and say where North and South Korea stand by them", "detente demo", "run_demo")
    _add_settings(demo, "workers", "pipeline")
    return parser


Commands: TypeAlias = "argparse._SubParsersAction[_Parser]"  # argparse gives this class no public name


def _command(commands: Commands, name: str, summary: str, example: str, run: str) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=summary, description=summary[0].upper() + summary[1:] + ".", epilog=f"example:\n  {example}")
    parser.set_defaults(run=run)
    return parser


def _add_settings(parser: argparse.ArgumentParser, *names: str) -> None:
    for name in names:
        setting = BY_NAME[name]
        default = "" if setting.default is None else f" (default: {setting.default:,})" if isinstance(setting.default, int) else f" (default: {setting.default})"
        parser.add_argument(setting.flag, metavar=setting.unit.upper(), help=f"{setting.help}{default}; also {setting.variable}")


def _add_code(commands: Commands) -> None:
    example = "detente code reports/ more.jsonl -o events.jsonl --resume\n  cat report.txt | detente code - --date 2020-06-16"
    parser = _command(commands, "code", "code reports: text in, events out", example, "run_code")
    parser.add_argument("paths", nargs="+", metavar="PATH|URL", help=PATHS)
    parser.add_argument("--date", type=_day, metavar="YYYY-MM-DD", help="publication date of reports that state none")
    parser.add_argument("--format", choices=FORMATS, help="what to write (default: by the ending of -o, else jsonl; a single report at a terminal: a brief)")
    parser.add_argument("-o", "--output", metavar="FILE", help="where to write (default: standard output)")
    parser.add_argument("--all", action="store_true", dest="keep_all", help="also write planned, hypothetical and denied acts")
    parser.add_argument("--resume", action="store_true", help="with -o: go on where a run that was stopped had come to")
    _add_settings(parser, *CODING, *FETCHING)


def _add_explain(commands: Commands) -> None:
    example = 'detente explain "North Korea blew up the liaison office on Tuesday." --date 2020-06-16'
    parser = _command(commands, "explain", "show what each step makes of a text, with the ids of the rules", example, "run_explain")
    parser.add_argument("text", metavar="TEXT|FILE", help="a text, the path of a report, or - for standard input")
    parser.add_argument("--date", type=_day, metavar="YYYY-MM-DD", help="publication date")
    _add_settings(parser, "pipeline", "actors")


def _add_relate(commands: Commands) -> None:
    example = "detente relate pairs.tsv -o relations.tsv"
    parser = _command(commands, "relate", "say what the source does to the target in each sentence of a table", example, "run_relate")
    parser.add_argument("pairs", metavar="PAIRS.tsv", help="a tab-separated table with the columns id, sentence, source, target, or - for standard input")
    parser.add_argument("-o", "--output", metavar="FILE", help="where to write (default: standard output)")
    _add_settings(parser, "pipeline")


def _add_evaluate(commands: Commands) -> None:
    example = "detente evaluate gold.jsonl events.jsonl\n  detente evaluate gold.jsonl --reports articles.jsonl"
    parser = _command(commands, "evaluate", "score coded events against gold events, with tables by type and all errors", example, "run_evaluate")
    parser.add_argument("gold", metavar="GOLD", help="JSON lines with doc, required, optional")
    parser.add_argument("coded", metavar="PRED", nargs="?", help="events as detente code writes them, or - for standard input")
    parser.add_argument("--reports", nargs="+", metavar="PATH", help="code these reports and score what comes out, in place of PRED")
    parser.add_argument("--json", action="store_true", help="write the figures as JSON")
    parser.add_argument("--no-errors", action="store_false", dest="errors", help="leave the list of errors out")
    _add_settings(parser, "workers", "pipeline")


def _add_codebook(commands: Commands) -> None:
    group = commands.add_parser("codebook", help="check the codebook, or show a type of it", description="The codebook.", epilog="example:\n  detente codebook show ASSAULT")
    inner = group.add_subparsers(title="commands", metavar="COMMAND", required=True, parser_class=_Parser)
    _command(inner, "check", "report all faults of the codebook at once", "detente codebook check", "run_codebook_check")
    show = _command(inner, "show", "show what a type means, its modes, scores and rules", "detente codebook show ASSAULT", "run_codebook_show")
    show.add_argument("type", metavar="TYPE", help="a PLOVER type, such as ASSAULT")


def _add_actors(commands: Commands) -> None:
    group = commands.add_parser(
        "actors", help="look up, add and import actors", description="The actor register.", epilog='example:\n  detente actors show "Park Geun-hye" --at 2016-01-06'
    )
    inner = group.add_subparsers(title="commands", metavar="COMMAND", required=True, parser_class=_Parser)
    show = _command(inner, "show", "show who a name means", 'detente actors show "Park Geun-hye" --at 2016-01-06', "run_actors_show")
    show.add_argument("name", metavar="NAME", help="a name, an alias or a surname")
    show.add_argument("--at", type=_day, metavar="YYYY-MM-DD", help="mark the office held on this day")
    example = 'detente actors add "Jane Roe" --country USA --sectors GOV --role "special envoy" --start 2021-03-01 --aliases "Ambassador Roe"'
    add = _command(inner, "add", "add an actor to your own actor file", example, "run_actors_add")
    add.add_argument("name", metavar="NAME")
    for flag, text in (
        ("country", "ISO 3166 alpha-3 code; none for a stateless actor"),
        ("sectors", "PLOVER sectors, with commas between them (default: GOV if a country is given)"),
        ("role", "office or kind"),
        ("start", "first day: YYYY, YYYY-MM or YYYY-MM-DD"),
        ("end", "last day (default: still)"),
        ("aliases", "other names, with commas between them"),
    ):
        add.add_argument(f"--{flag}", default="", metavar=flag.upper(), help=text)
    example = "detente actors import Phoenix.Countries.actors.txt"
    load = _command(inner, "import", "add a PETRARCH-style actor or agent dictionary to your own actor file", example, "run_actors_import")
    load.add_argument("file", metavar="FILE")
    for parser in (show, add, load):
        _add_settings(parser, "actors")


def _add_filters(parser: argparse.ArgumentParser) -> None:
    """Which events of the store: the same for all commands that take some of them."""
    for flag, variable, text in (
        ("--actor", "ACTOR", "takes part on either side: a country (PRK), its sector (PRK/MIL), a sector (/REB) or a name; may be repeated"),
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
    parser.add_argument("--since", type=_day, metavar="YYYY-MM-DD", help="first day")
    parser.add_argument("--until", type=_day, metavar="YYYY-MM-DD", help="last day")
    parser.add_argument("--modality", metavar="MODALITY", default="actual", help="actual, future, hypothetical, negated, or any (default: actual)")
    parser.add_argument("--origin", metavar="ORIGIN", help="who coded it: detente, icews, gdelt ...")
    parser.add_argument("--confidence", metavar="P", type=float, help="least confidence, 0 to 1")
    parser.add_argument("--text", metavar="WORDS", help='words of the evidence; "a phrase" as it stands')
    parser.add_argument(
        "--review", metavar="STATE", default="standing", help="standing (all that no reviewer rejected and no origin withdrew), accepted, corrected, rejected, withdrawn, unreviewed, or any (default: standing)"
    )
    parser.add_argument("--no-background", action="store_true", help="leave out events that are told as background only")
    parser.add_argument("--newest", action="store_true", help="latest first")


def _add_store(commands: Commands) -> None:
    example = "detente add reports/ https://example.org/world.xml --store crisis.db\n  cat report.txt | detente add - --date 2020-06-16"
    add = _command(commands, "add", "code reports into the event store, one event per real event", example, "run_add")
    add.add_argument("paths", nargs="+", metavar="PATH|URL", help=PATHS)
    add.add_argument("--date", type=_day, metavar="YYYY-MM-DD", help="publication date of reports that state none")
    add.set_defaults(keep_all=True)
    _add_settings(add, "store", *CODING, *FETCHING)
    example = "detente import icews events.2018.tab --store crisis.db"
    load = _command(commands, "import", "bring events that others coded into the event store", example, "run_import")
    load.add_argument("format", metavar="FORMAT", choices=IMPORTED, help=f"{', '.join(IMPORTED[:-1])} or {IMPORTED[-1]}")
    load.add_argument("file", metavar="FILE", help="a file of that format, also as .gz or .zip")
    _add_settings(load, "store")
    example = "detente events --dyad PRK-USA --since 2018-01-01 --until 2018-12-31\n  detente events --source PRK/MIL --type ASSAULT --format csv"
    events = _command(commands, "events", "show events of the store, by any filter", example, "run_events")
    _add_filters(events)
    events.add_argument("--page", metavar="N", type=int, default=1, help="which page (default: 1)")
    events.add_argument("--page-events", metavar="N", type=int, default=25, help="events on a page, 0 for all (default: 25)")
    events.add_argument("--format", choices=("table", "json", "csv"), default="table", help="what to write (default: table)")
    _add_settings(events, "store")
    example = "detente export icews --dyad PRK-USA -o korea.tab\n  detente export jsonl --origin detente --review any | gzip > all.jsonl.gz"
    out = _command(commands, "export", "write events of the store in a format that others read", example, "run_export")
    out.add_argument("format", metavar="FORMAT", choices=EXPORTED, help=f"{', '.join(EXPORTED[:-1])} or {EXPORTED[-1]}")
    out.add_argument("-o", "--output", metavar="FILE", help="where to write (default: standard output)")
    _add_filters(out)
    out.add_argument("--with-barred", action="store_true", help="also events whose licence bars passing them on; what becomes of them is then up to you")
    _add_settings(out, "store")
    event = _command(commands, "event", "show one event with its evidence, sources, differing values and history", "detente event 3f2a91c07be4d586", "run_event")
    event.add_argument("event_id", metavar="ID", help="an event's id, a mention's, or its first characters")
    event.add_argument("--json", action="store_true", help="write it as JSON")
    _add_settings(event, "store")


def _add_watch(commands: Commands) -> None:
    example = "detente watch feeds.toml --store crisis.db --alerts-file alerts.jsonl\n  detente watch feeds.toml --once"
    watch = _command(commands, "watch", "watch RSS and Atom feeds, add what is new to the event store, and raise alerts", example, "run_watch")
    watch.add_argument("feeds", metavar="FEEDS.toml", help="the list of feeds: [[feed]] blocks with url, publisher, every_minutes, full_text")
    watch.add_argument("--once", action="store_true", help="visit each feed that is due one time, and end")
    watch.add_argument("--alerts-file", metavar="FILE", help="write each alert as a line of JSON at the end of this file")
    watch.add_argument("--least-score", metavar="N", type=_score, help="least score of an alert, 0 to 13: the rung plus how surprising it is (default: 6)")
    watch.set_defaults(keep_all=True)
    _add_settings(watch, "webhook", "store", "pipeline", "actors", *FETCHING)


def _add_chart(commands: Commands) -> None:
    example = "detente chart ladder PRK KOR --at 2020-06-16 -o ladder.png\n  detente chart network -o network.html --dark"
    parser = _command(commands, "chart", "draw a chart of two actors into a file", example, "run_chart")
    parser.add_argument("kind", metavar="KIND", choices=CHARTS, help=", ".join(CHARTS[:-1]) + f" or {CHARTS[-1]}")
    parser.add_argument(
        "a", metavar="A", nargs="?", help="a country (PRK), a part of one (PRK/MIL), a sector (/REB), a region, an organisation or a name; network and map also without"
    )
    parser.add_argument("b", metavar="B", nargs="?", help="the other one")
    parser.add_argument("--at", type=_day, metavar="YYYY-MM-DD", help="the day up to which is drawn; nothing later counts (default: the day of their latest event)")
    parser.add_argument(
        "--since", type=_day, metavar="YYYY-MM-DD", help="first day (default: a year before the last; series and cycle two; timeline, reciprocity and precedents all)"
    )
    parser.add_argument("-o", "--output", metavar="FILE", required=True, help="where to write: .png, .svg, .html, .pdf or .json by its ending")
    parser.add_argument("--dark", action="store_true", help="light on a dark ground")
    parser.add_argument("--measure", choices=("events", "intensity"), default="events", help="what a series shows (default: events)")
    _add_settings(parser, "store")


def _add_review(commands: Commands) -> None:
    example = "detente review --dyad PRK-KOR --by jane\n  detente review correct 3f2a91c0 --set type=ASSAULT --set target=KOR/GOV --why 'the office was blown up'"
    group = _command(commands, "review", "go through events at the terminal: accept, correct, reject, merge, split, undo", example, "run_review")
    _add_settings(group, "by", "store")
    group.add_argument("--dyad", metavar="A-B", help="events between two actors, in either direction")
    group.add_argument("--since", type=_day, metavar="YYYY-MM-DD", help="first day")
    group.add_argument("--until", type=_day, metavar="YYYY-MM-DD", help="last day")
    group.add_argument("--origin", metavar="ORIGIN", help="who coded it: detente, icews, gdelt ...")
    group.add_argument("--review", metavar="STATE", default="unreviewed", help="unreviewed, accepted, corrected, rejected or standing (default: unreviewed)")
    inner = group.add_subparsers(title="commands", metavar="COMMAND", parser_class=_Parser)
    event, why = ("event_id", "an event's id, a mention's, or its first characters"), "the reason, kept with the decision"
    for name, summary, more in (
        ("accept", "accept an event as it stands", ""),
        ("reject", "reject an event: it is in no list or series any more", ""),
        ("correct", "set fields of an event", " --set target=KOR/GOV --set date=2020-06-16"),
        ("merge", "make one event of several", " 9b01d4e6"),
        ("split", "take mentions out of an event: they become one of their own", " 5d0c77aa"),
        ("undo", "take a decision back", ""),
    ):
        shown = "detente review undo 12" if name == "undo" else f"detente review {name} 3f2a91c0{more} --by jane"
        parser = _command(inner, name, summary, shown, f"run_review_{name}")
        if name == "undo":
            parser.add_argument("decision", metavar="DECISION", type=int, nargs="?", help="its number, as review log shows it (default: the reviewer's latest)")
        else:
            parser.add_argument(event[0], metavar="ID", help=event[1])
        if name == "merge":
            parser.add_argument("others", metavar="OTHER", nargs="+", help="events that the first is to take in")
        if name == "split":
            parser.add_argument("mentions", metavar="MENTION", nargs="+", help="mentions that are another event, as detente event shows them")
        if name == "correct":
            parser.add_argument(
                "--set",
                metavar="FIELD=VALUE",
                action="append",
                default=[],
                required=True,
                help="type, mode, context, cameo, source, target, date, place, modality, background, dead or injured; an empty value is nothing; may be repeated",
            )
        parser.add_argument("--why", metavar="TEXT", default="", help=why)
        _add_settings(parser, "by", "store")
    log = _command(inner, "log", "list decisions with who, when and why", "detente review log --event 3f2a91c0", "run_review_log")
    log.add_argument("--event", metavar="ID", help="of one event")
    log.add_argument("--by", metavar="NAME", help="of one reviewer")
    log.add_argument("--json", action="store_true", help="write them as JSON")
    _add_settings(log, "store")
    export = _command(inner, "export", "write judged events as gold for detente evaluate", "detente review export -o gold.jsonl --reports reports.jsonl", "run_review_export")
    export.add_argument("-o", "--output", metavar="FILE", help="where to write the gold (default: standard output)")
    export.add_argument("--reports", metavar="FILE", help="also write the documents, for detente evaluate --reports")
    _add_settings(export, "store")
    example = "detente agreement jane omar --store crisis.db\n  detente agreement gold_jane.jsonl gold_omar.jsonl"
    agreement = _command(commands, "agreement", "say how far two reviewers agree: Krippendorff's alpha per field", example, "run_agreement")
    agreement.add_argument("first", metavar="A", help="a reviewer, or a gold file")
    agreement.add_argument("second", metavar="B", help="the other one")
    agreement.add_argument("--json", action="store_true", help="write it as JSON")
    _add_settings(agreement, "store")
    recode = _command(commands, "recode", "code stored documents again and show what would change", "detente recode --since 2020-01-01 --keep", "run_recode")
    recode.add_argument("--doc", metavar="ID", action="append", default=[], help="this document only; may be repeated")
    recode.add_argument("--since", type=_day, metavar="YYYY-MM-DD", help="documents published on this day or later")
    recode.add_argument("--until", type=_day, metavar="YYYY-MM-DD", help="documents published on this day or earlier")
    recode.add_argument("--keep", action="store_true", help="keep the new coding without asking")
    recode.add_argument("--dry-run", action="store_true", help="show the difference and ask nothing")
    recode.set_defaults(keep_all=True)
    _add_settings(recode, "store", *CODING)


def _add_analysis(commands: Commands) -> None:
    who = "a country (PRK), a part of one (PRK/MIL), a sector (/REB), a region, an organisation or a name"
    for name, summary, run, until in (
        ("precedents", "find past weeks like the present ones of two actors, and what followed", "run_precedents", "the day up to which they are compared"),
        ("ties", "list what links two actors, in which state it is, and what changed it", "run_ties", "the day whose state is told"),
        ("claims", "list what named experts and officials say of two actors", "run_claims", "last day of publication"),
    ):
        parser = _command(commands, name, summary, f"detente {name} PRK KOR --at 2020-06-16", run)
        parser.add_argument("a", metavar="A", help=who)
        parser.add_argument("b", metavar="B", help="the other one")
        parser.add_argument("--at", type=_day, metavar="YYYY-MM-DD", help=f"{until}; nothing later counts (default: the day of their latest event)")
        if name == "precedents":
            parser.add_argument("--limit", type=int, default=20, metavar="N", help="precedents that the base rates rest on (default: 20)")
            parser.add_argument("--own", action="store_true", help="look in their own history only")
        if name == "claims":
            parser.add_argument("--since", type=_day, metavar="YYYY-MM-DD", help="first day of publication (default: 90 days before the last)")
            parser.add_argument("--kind", choices=("cause", "motive", "assessment", "prediction"), help="claims of this kind only")
        parser.add_argument("--json", action="store_true", help="write it as JSON")
        _add_settings(parser, "store")


def _add_situation(commands: Commands) -> None:
    who = "a country (PRK), a part of one (PRK/MIL), a sector (/REB), a region, an organisation or a name"
    for name, summary in (
        ("situation", "say where two actors stand: rung, stage, direction, precedents, ties, claims, with the events behind each"),
        ("timeline", "list the events of two actors by day, with their rungs"),
        ("report", "write a page about two actors for a reader who has five minutes"),
    ):
        parser = _command(commands, name, summary, f"detente {name} PRK KOR --at 2020-06-16{' -o report.html' if name == 'report' else ''}", f"run_{name}")
        parser.add_argument("a", metavar="A", help=who)
        parser.add_argument("b", metavar="B", help="the other one")
        parser.add_argument("--at", type=_day, metavar="YYYY-MM-DD", help="the day to stand at; nothing later counts (default: the day of their latest event)")
        if name == "timeline":
            parser.add_argument("--since", type=_day, metavar="YYYY-MM-DD", help="first day")
        parser.add_argument("--origin", metavar="ORIGIN", action="append", default=[], help="only events coded by it: detente, icews, gdelt ...; may be repeated")
        if name == "report":
            parser.add_argument("-o", "--output", metavar="FILE", required=True, help="where to write: .html (no network needed), .md, or .pdf (by a browser)")
        else:
            parser.add_argument("--json", action="store_true", help="write it as JSON")
        _add_settings(parser, "store")
    alerts = _command(commands, "alerts", "list what stirred between any two actors, the most urgent first", "detente alerts --at 2020-06-16", "run_alerts")
    alerts.add_argument("--at", type=_day, metavar="YYYY-MM-DD", help="last day; nothing later counts (default: the latest day of the store)")
    alerts.add_argument("--since", type=_day, metavar="YYYY-MM-DD", help="first day (default: 30 days before the last)")
    alerts.add_argument("--score", type=float, default=0.0, metavar="N", help="least score, 0 to 13: the rung plus how surprising it is (default: 0)")
    alerts.add_argument("--limit", type=int, default=25, metavar="N", help="alerts that are listed (default: 25)")
    alerts.add_argument("--origin", metavar="ORIGIN", action="append", default=[], help="only events coded by it; may be repeated")
    alerts.add_argument("--json", action="store_true", help="write all of them as JSON")
    _add_settings(alerts, "store")


_MODULES = {
    "run_chart": "commands_chart",
    "run_demo": "commands_demo",
    "run_situation": "commands_situation",
    "run_timeline": "commands_situation",
    "run_report": "commands_situation",
    "run_alerts": "commands_situation",
    "run_precedents": "commands_analysis",
    "run_ties": "commands_analysis",
    "run_claims": "commands_analysis",
    "run_actors": "commands_register",
    "run_codebook": "commands_register",
    "run_add": "commands_store",
    "run_event": "commands_store",
    "run_import": "commands_store",
    "run_watch": "commands_watch",
    "run_review": "commands_review",
    "run_agreement": "commands_review",
    "run_recode": "commands_review",
    "run_export": "commands_store",
}
"""The commands that are not in ``detente.commands``, by the first letters of their function."""


def _module_of(run: str) -> str:
    return "detente." + next((module for start, module in _MODULES.items() if run.startswith(start)), "commands")


def main(argv: Sequence[str] | None = None) -> int:
    """Arguments -> the exit code: 0 all done, 1 part of the input was skipped, 2 nothing could be read or an argument is wrong."""
    arguments = make_parser().parse_args(argv)
    try:
        code = int(getattr(importlib.import_module(_module_of(arguments.run)), arguments.run)(arguments))
        sys.stdout.flush()
    except DetenteError as error:
        print(f"detente: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        # the reader of our output has left (detente code ... | head): no fault; what is still buffered goes nowhere
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        print("detente: stopped", file=sys.stderr)
        return 130
    return code
