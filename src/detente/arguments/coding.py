"""Arguments of the commands that code, measure, and show codebook and actors."""

from __future__ import annotations

from detente.arguments.base import Commands, Parser, add_settings, command, parse_day
from detente.settings import CODING, FETCHING

PATHS = "files (.txt .html .json .jsonl .csv .parquet .xml), directories, web addresses of pages and feeds, or - for standard input"
FORMATS = ("jsonl", "csv", "parquet", "icews", "table")


def add_code(commands: Commands) -> None:
    """``detente code``."""
    example = "detente code reports/ more.jsonl -o events.jsonl --resume\n  cat report.txt | detente code - --date 2020-06-16"
    parser = command(commands, "code", "code reports: text in, events out", example, "run_code")
    parser.add_argument("paths", nargs="+", metavar="PATH|URL", help=PATHS)
    parser.add_argument("--date", type=parse_day, metavar="YYYY-MM-DD", help="publication date of reports that state none")
    parser.add_argument("--format", choices=FORMATS, help="what to write (default: by the ending of -o, else jsonl; a single report at a terminal: a brief)")
    parser.add_argument("-o", "--output", metavar="FILE", help="where to write (default: standard output)")
    parser.add_argument("--all", action="store_true", dest="keep_all", help="also write planned, hypothetical and denied acts")
    parser.add_argument("--resume", action="store_true", help="with -o: go on where a run that was stopped had come to")
    add_settings(parser, *CODING, *FETCHING)


def add_explain(commands: Commands) -> None:
    """``detente explain``."""
    example = 'detente explain "North Korea blew up the liaison office on Tuesday." --date 2020-06-16'
    parser = command(commands, "explain", "show what each step makes of a text, with the ids of the rules", example, "run_explain")
    parser.add_argument("text", metavar="TEXT|FILE", help="a text, the path of a report, or - for standard input")
    parser.add_argument("--date", type=parse_day, metavar="YYYY-MM-DD", help="publication date")
    add_settings(parser, "pipeline", "actors")


def add_relate(commands: Commands) -> None:
    """``detente relate``."""
    example = "detente relate pairs.tsv -o relations.tsv"
    parser = command(commands, "relate", "say what the source does to the target in each sentence of a table", example, "run_relate")
    parser.add_argument("pairs", metavar="PAIRS.tsv", help="a tab-separated table with the columns id, sentence, source, target, or - for standard input")
    parser.add_argument("-o", "--output", metavar="FILE", help="where to write (default: standard output)")
    add_settings(parser, "pipeline")


def add_evaluate(commands: Commands) -> None:
    """``detente evaluate``."""
    example = "detente evaluate gold.jsonl events.jsonl\n  detente evaluate gold.jsonl --reports articles.jsonl"
    parser = command(commands, "evaluate", "score coded events against gold events, with tables by type and all errors", example, "run_evaluate")
    parser.add_argument("gold", metavar="GOLD", help="JSON lines with doc, required, optional")
    parser.add_argument("coded", metavar="PRED", nargs="?", help="events as detente code writes them, or - for standard input")
    parser.add_argument("--reports", nargs="+", metavar="PATH", help="code these reports and score what comes out, in place of PRED")
    parser.add_argument("--json", action="store_true", help="write the figures as JSON")
    parser.add_argument("--no-errors", action="store_false", dest="errors", help="leave the list of errors out")
    add_settings(parser, "workers", "pipeline")


def add_codebook(commands: Commands) -> None:
    """``detente codebook``."""
    group = commands.add_parser("codebook", help="check the codebook, or show a type of it", description="The codebook.", epilog="example:\n  detente codebook show ASSAULT")
    inner = group.add_subparsers(title="commands", metavar="COMMAND", required=True, parser_class=Parser)
    command(inner, "check", "report all faults of the codebook at once", "detente codebook check", "run_codebook_check")
    show = command(inner, "show", "show what a type means, its modes, scores and rules", "detente codebook show ASSAULT", "run_codebook_show")
    show.add_argument("type", metavar="TYPE", help="a PLOVER type, such as ASSAULT")
    show.add_argument("--all", action="store_true", help="show all patterns of each rule, not the first eight")


def add_actors(commands: Commands) -> None:
    """``detente actors``."""
    group = commands.add_parser(
        "actors", help="look up, add and import actors", description="The actor register.", epilog='example:\n  detente actors show "Park Geun-hye" --at 2016-01-06'
    )
    inner = group.add_subparsers(title="commands", metavar="COMMAND", required=True, parser_class=Parser)
    show = command(inner, "show", "show who a name means", 'detente actors show "Park Geun-hye" --at 2016-01-06', "run_actors_show")
    show.add_argument("name", metavar="NAME", help="a name, an alias or a surname")
    show.add_argument("--at", type=parse_day, metavar="YYYY-MM-DD", help="mark the office held on this day")
    example = 'detente actors add "Jane Roe" --country USA --sectors GOV --role "special envoy" --start 2021-03-01 --aliases "Ambassador Roe"'
    add = command(inner, "add", "add an actor to your own actor file", example, "run_actors_add")
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
    load = command(inner, "import", "add a PETRARCH-style actor or agent dictionary to your own actor file", example, "run_actors_import")
    load.add_argument("file", metavar="FILE")
    for parser in (show, add, load):
        add_settings(parser, "actors")
