"""Arguments of the commands of reviewers."""

from __future__ import annotations

from detente.arguments.base import Commands, Parser, add_settings, command, parse_day
from detente.settings import CODING


def add_review(commands: Commands) -> None:
    """``detente review``, ``agreement``, ``recode``."""
    example = "detente review --dyad PRK-KOR --by jane\n  detente review correct 3f2a91c0 --set type=ASSAULT --set target=KOR/GOV --why 'the office was blown up'"
    group = command(commands, "review", "go through events at the terminal: accept, correct, reject, merge, split, undo", example, "run_review")
    add_settings(group, "by", "store")
    group.add_argument("--dyad", metavar="A-B", help="events between two actors, in either direction")
    group.add_argument("--since", type=parse_day, metavar="YYYY-MM-DD", help="first day")
    group.add_argument("--until", type=parse_day, metavar="YYYY-MM-DD", help="last day")
    group.add_argument("--origin", metavar="ORIGIN", help="who coded it: detente, icews, gdelt ...")
    group.add_argument("--review", metavar="STATE", default="unreviewed", help="unreviewed, accepted, corrected, rejected or standing (default: unreviewed)")
    inner = group.add_subparsers(title="commands", metavar="COMMAND", parser_class=Parser)
    _add_decisions(inner)
    log = command(inner, "log", "list decisions with who, when and why", "detente review log --event 3f2a91c0", "run_review_log")
    log.add_argument("--event", metavar="ID", help="of one event")
    log.add_argument("--by", metavar="NAME", help="of one reviewer")
    log.add_argument("--json", action="store_true", help="write them as JSON")
    add_settings(log, "store")
    export = command(inner, "export", "write judged events as gold for detente evaluate", "detente review export -o gold.jsonl --reports reports.jsonl", "run_review_export")
    export.add_argument("-o", "--output", metavar="FILE", help="where to write the gold (default: standard output)")
    export.add_argument("--reports", metavar="FILE", help="also write the documents, for detente evaluate --reports")
    add_settings(export, "store")
    _add_agreement(commands)
    _add_recode(commands)


def _add_decisions(inner: Commands) -> None:
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
        parser = command(inner, name, summary, shown, f"run_review_{name}")
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
        add_settings(parser, "by", "store")


def _add_agreement(commands: Commands) -> None:
    example = "detente agreement jane omar --store crisis.db\n  detente agreement gold_jane.jsonl gold_omar.jsonl"
    agreement = command(commands, "agreement", "say how far two reviewers agree: Krippendorff's alpha per field", example, "run_agreement")
    agreement.add_argument("first", metavar="A", help="a reviewer, or a gold file")
    agreement.add_argument("second", metavar="B", help="the other one")
    agreement.add_argument("--json", action="store_true", help="write it as JSON")
    add_settings(agreement, "store")


def _add_recode(commands: Commands) -> None:
    recode = command(commands, "recode", "code stored documents again and show what would change", "detente recode --since 2020-01-01 --keep", "run_recode")
    recode.add_argument("--doc", metavar="ID", action="append", default=[], help="this document only; may be repeated")
    recode.add_argument("--since", type=parse_day, metavar="YYYY-MM-DD", help="documents published on this day or later")
    recode.add_argument("--until", type=parse_day, metavar="YYYY-MM-DD", help="documents published on this day or earlier")
    recode.add_argument("--keep", action="store_true", help="keep the new coding without asking")
    recode.add_argument("--dry-run", action="store_true", help="show the difference and ask nothing")
    recode.set_defaults(keep_all=True)
    add_settings(recode, "store", *CODING)
