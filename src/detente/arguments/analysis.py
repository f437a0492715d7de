"""Arguments of the commands that say where actors stand and what comes next."""

from __future__ import annotations

import argparse

from detente.arguments.base import Commands, Parser, add_settings, command, parse_day

CHARTS = ("ladder", "series", "timeline", "cycle", "reciprocity", "network", "map", "precedents")


def add_situation(commands: Commands) -> None:
    """``detente situation``, ``timeline``, ``report``, ``alerts``."""
    who = "a country (PRK), a part of one (PRK/MIL), a sector (/REB), a region, an organisation or a name"
    for name, summary in (
        ("situation", "say where two actors stand: rung, stage, direction, precedents, ties, claims, with the events behind each"),
        ("timeline", "list the events of two actors by day, with their rungs"),
        ("report", "write a page about two actors for a reader who has five minutes"),
    ):
        parser = command(commands, name, summary, f"detente {name} PRK KOR --at 2020-06-16{' -o report.html' if name == 'report' else ''}", f"run_{name}")
        parser.add_argument("a", metavar="A", help=who)
        parser.add_argument("b", metavar="B", help="the other one")
        parser.add_argument("--at", type=parse_day, metavar="YYYY-MM-DD", help="the day to stand at; nothing later counts (default: the day of their latest event)")
        if name == "timeline":
            parser.add_argument("--since", type=parse_day, metavar="YYYY-MM-DD", help="first day")
        parser.add_argument("--origin", metavar="ORIGIN", action="append", default=[], help="only events coded by it: detente, icews, gdelt ...; may be repeated")
        if name == "report":
            parser.add_argument("-o", "--output", metavar="FILE", required=True, help="where to write: .html (no network needed), .md, or .pdf (by a browser)")
        else:
            parser.add_argument("--json", action="store_true", help="write it as JSON")
        add_settings(parser, "store")
    alerts = command(commands, "alerts", "list what stirred between any two actors, the most urgent first", "detente alerts --at 2020-06-16", "run_alerts")
    alerts.add_argument("--at", type=parse_day, metavar="YYYY-MM-DD", help="last day; nothing later counts (default: the latest day of the store)")
    alerts.add_argument("--since", type=parse_day, metavar="YYYY-MM-DD", help="first day (default: 30 days before the last)")
    alerts.add_argument("--score", type=float, default=0.0, metavar="N", help="least score, 0 to 13: the rung plus how surprising it is (default: 0)")
    alerts.add_argument("--limit", type=int, default=25, metavar="N", help="alerts that are listed (default: 25)")
    alerts.add_argument("--origin", metavar="ORIGIN", action="append", default=[], help="only events coded by it; may be repeated")
    alerts.add_argument("--json", action="store_true", help="write all of them as JSON")
    add_settings(alerts, "store")


def add_tables(commands: Commands) -> None:
    """``detente dyads``, ``series``."""
    dyads = command(commands, "dyads", "list the pairs of actors in the store, the busiest first", "detente dyads PRK --since 2020-01-01", "run_dyads")
    dyads.add_argument("actor", metavar="ACTOR", nargs="?", help="only pairs of this one: a country, a part of one, a region, an organisation or a name")
    series = command(
        commands, "series", "give the series of two actors: events and intensity by day, week or month", "detente series PRK KOR --by month -o months.csv", "run_series"
    )
    series.add_argument("a", metavar="A", help="a country (PRK), a part of one (PRK/MIL), a sector (/REB), a region, an organisation or a name")
    series.add_argument("b", metavar="B", help="the other one")
    series.add_argument("--by", choices=("day", "week", "month"), default="week", help="the period (default: week)")
    series.add_argument("--kind", choices=("event_type", "quad", "rung"), help="a row for each type, quad class or rung of a period")
    series.add_argument("--per-side", action="store_true", help="a row for what each of the two did")
    series.add_argument("--score", choices=("intensity", "goldstein"), default="intensity", help="PLOVER's intensity or Goldstein's scale (default: intensity)")
    for parser, last in ((dyads, "the latest day of the store"), (series, "the day of their latest event")):
        parser.add_argument("--at", type=parse_day, metavar="YYYY-MM-DD", help=f"last day; nothing later counts (default: {last})")
        parser.add_argument("--since", type=parse_day, metavar="YYYY-MM-DD", help="first day")
        parser.add_argument("--origin", metavar="ORIGIN", action="append", default=[], help="only events coded by it; may be repeated")
        if parser is dyads:
            parser.add_argument("--limit", type=int, default=25, metavar="N", help="pairs that are listed (default: 25)")
        parser.add_argument("-o", "--output", metavar="FILE", help="write the whole table: .csv, .parquet or .jsonl")
        parser.add_argument("--json", action="store_true", help="write it as JSON")
        add_settings(parser, "store")


def add_analysis(commands: Commands) -> None:
    """``detente precedents``, ``ties``, ``claims``."""
    who = "a country (PRK), a part of one (PRK/MIL), a sector (/REB), a region, an organisation or a name"
    for name, summary, run, until in (
        ("precedents", "find past weeks like the present ones of two actors, and what followed", "run_precedents", "the day up to which they are compared"),
        ("ties", "list what links two actors, in which state it is, and what changed it", "run_ties", "the day whose state is told"),
        ("claims", "list what named experts and officials say of two actors", "run_claims", "last day of publication"),
    ):
        parser = command(commands, name, summary, f"detente {name} PRK KOR --at 2020-06-16", run)
        parser.add_argument("a", metavar="A", help=who)
        parser.add_argument("b", metavar="B", help="the other one")
        parser.add_argument("--at", type=parse_day, metavar="YYYY-MM-DD", help=f"{until}; nothing later counts (default: the day of their latest event)")
        if name == "precedents":
            parser.add_argument("--limit", type=int, default=20, metavar="N", help="precedents that the base rates rest on (default: 20)")
            parser.add_argument("--own", action="store_true", help="look in their own history only")
        if name == "claims":
            parser.add_argument("--since", type=parse_day, metavar="YYYY-MM-DD", help="first day of publication (default: 90 days before the last)")
            parser.add_argument("--kind", choices=("cause", "motive", "assessment", "prediction"), help="claims of this kind only")
        parser.add_argument("--json", action="store_true", help="write it as JSON")
        add_settings(parser, "store")


def add_chart(commands: Commands) -> None:
    """``detente chart``."""
    example = "detente chart ladder PRK KOR --at 2020-06-16 -o ladder.png\n  detente chart network -o network.html --dark"
    parser = command(commands, "chart", "draw a chart of two actors into a file", example, "run_chart")
    parser.add_argument("kind", metavar="KIND", choices=CHARTS, help=", ".join(CHARTS[:-1]) + f" or {CHARTS[-1]}")
    parser.add_argument(
        "a", metavar="A", nargs="?", help="a country (PRK), a part of one (PRK/MIL), a sector (/REB), a region, an organisation or a name; network and map also without"
    )
    parser.add_argument("b", metavar="B", nargs="?", help="the other one")
    parser.add_argument("--at", type=parse_day, metavar="YYYY-MM-DD", help="the day up to which is drawn; nothing later counts (default: the day of their latest event)")
    parser.add_argument(
        "--since", type=parse_day, metavar="YYYY-MM-DD", help="first day (default: a year before the last; series and cycle two; timeline, reciprocity and precedents all)"
    )
    parser.add_argument("-o", "--output", metavar="FILE", required=True, help="where to write: .png, .svg, .html, .pdf or .json by its ending")
    parser.add_argument("--dark", action="store_true", help="light on a dark ground")
    parser.add_argument("--measure", choices=("events", "intensity"), default="events", help="what a series shows (default: events)")
    add_settings(parser, "store")


def add_forecast(commands: Commands) -> None:
    """``detente forecast``."""
    example = 'detente forecast PRK KOR --at 2020-06-16\n  detente forecast PRK KOR --at 2020-06-16 --if "2020-06-17 PRK MOBILIZE KOR"\n  detente forecast --actor PRK --type MOBILIZE --at 2020-06-16'
    parser = command(commands, "forecast", "say how likely acts of two countries toward each other are in the next days, beside the baselines", example, "run_any_forecast")
    parser.add_argument("a", metavar="A", nargs="?", help="a country: its code (PRK) or a name of it (North Korea)")
    parser.add_argument("b", metavar="B", nargs="?", help="the other one")
    _add_events(parser)
    parser.add_argument("--at", type=parse_day, metavar="YYYY-MM-DD", help="the last day that counts; the forecast begins the day after (default: the latest day of the store)")
    parser.add_argument(
        "--target",
        action="append",
        metavar="TARGET",
        help="conflict, a type (ASSAULT), quad:3, or rung:4 for it or higher; may be repeated (default: each quad class, of which the fourth is conflict)",
    )
    parser.add_argument("--within", action="append", type=int, metavar="DAYS", help="days that are forecast; may be repeated (default: 1, 7, 30 and 90)")
    parser.add_argument("--full", action="store_true", help="each type and each rung or higher too; the first time it trains a model for each")
    parser.add_argument(
        "--if", dest="suppose", action="append", default=[], metavar='"DAY WHO TYPE WHOM"', help="suppose that this happens, and say how the outlook moves; may be repeated"
    )
    parser.add_argument("--json", action="store_true", help="write it as JSON")
    add_settings(parser, "store", "cache")


def _add_events(parser: argparse.ArgumentParser) -> None:
    """Event forecasts: whom an act is directed at, which type comes next."""
    parser.add_argument(
        "--actor", metavar="ACTOR", help="rank whom its acts of the type of --type will be directed at, in place of A and B: a country, or an actor of the store by name"
    )
    parser.add_argument("--type", metavar="TYPE", help="the type of act, with --actor: MOBILIZE, ASSAULT ...")
    parser.add_argument("--next", action="store_true", help="rank which type of act comes next from A toward B")
    parser.add_argument("--limit", type=int, default=10, metavar="N", help="ranked answers that are shown, with --actor and --next (default: 10)")
    parser.add_argument(
        "--origin", metavar="ORIGIN", action="append", default=[], help="only events coded by it; may be repeated. Of several that tell of the same event each counts once"
    )


def _add_targets(parser: argparse.ArgumentParser, days: str) -> None:
    parser.add_argument("--target", action="append", metavar="TARGET", help="conflict, a type (ASSAULT), quad:3, or rung:4 for it or higher; may be repeated (default: conflict)")
    parser.add_argument("--within", action="append", type=int, metavar="DAYS", help=f"days within which at least one event counts; may be repeated (default: {days})")


def _add_ranking(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--threads", type=int, default=2, metavar="N", help="threads that train the ranker (default: 2)")
    parser.add_argument("-o", "--output", metavar="FILE", help="where to draw the figures by day: .png, .svg, .html, .pdf or .json by its ending")


def add_backtest(commands: Commands) -> None:
    """``detente backtest``."""
    example = "detente backtest quads --train train.txt --valid valid.txt --entities entity2id.txt --relations relation2id.txt"
    group = commands.add_parser("backtest", help="measure forecasts on days that they did not see", description="Backtests.", epilog=f"example:\n  {example}")
    inner = group.add_subparsers(title="commands", metavar="COMMAND", required=True, parser_class=Parser)
    quads = command(inner, "quads", "rank who an act is directed at, and by whom, on the files of a benchmark, beside the baselines", example, "run_backtest_quads")
    _add_data(quads)
    _add_ranking(quads)
    _add_look(quads)
    example = "detente backtest types --since 2014-10-01"
    types = command(inner, "types", "rank which type of act comes from one party toward another, beside the baselines", example, "run_backtest_types")
    _add_data(types)
    _add_ranking(types)
    _add_look(types)
    example = "detente backtest dyads --since 2014-10-01 --each quad --within 7 -o skill.svg"
    dyads = command(inner, "dyads", "forecast what pairs of countries do within so many days, beside the baselines", example, "run_backtest_dyads")
    _add_data(dyads)
    _add_targets(dyads, "7")
    dyads.add_argument("--each", action="append", choices=("type", "quad", "rung"), help="all targets of a kind, in one table; may be repeated")
    dyads.add_argument("--dyads", type=int, default=200, metavar="N", help="the most active pairs before the scored days (default: 200)")
    sides = dyads.add_mutually_exclusive_group()
    sides.add_argument("--directed", action="store_true", help="acts of the first toward the second count (default)")
    sides.add_argument("--undirected", action="store_true", help="acts of either side count")
    dyads.add_argument("-o", "--output", metavar="FILE", help="where to draw a chart: .png, .svg, .html, .pdf or .json by its ending")
    dyads.add_argument(
        "--chart", choices=("reliability", "skill"), help="what is drawn: how forecasts came true, or the skill by target (default: reliability of one target, skill of several)"
    )
    _add_look(dyads)


def _add_data(parser: argparse.ArgumentParser) -> None:
    """Files of a benchmark, or events of a store."""
    for flag, text in (
        ("train", "the earliest events: subject, relation, object and time as numbers, with tabs between"),
        ("valid", "the events after them; scored, or history where --test is given"),
        ("test", "the events after those; scored"),
        ("entities", "names and numbers of the entities"),
        ("relations", "names and numbers of the relations"),
    ):
        parser.add_argument(f"--{flag}", metavar="FILE", help=text)
    parser.add_argument("--since", type=parse_day, metavar="YYYY-MM-DD", help="the first scored day, for the events of a store in place of files")
    parser.add_argument("--until", type=parse_day, metavar="YYYY-MM-DD", help="the last day; what happened or was told of later does not count (default: the last of the store)")
    parser.add_argument("--origin", metavar="ORIGIN", action="append", default=[], help="only events coded by it: detente, icews, gdelt ...; may be repeated")
    add_settings(parser, "store")


def _add_look(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--dark", action="store_true", help="a chart that is light on a dark ground")
    parser.add_argument("--json", action="store_true", help="write the figures as JSON")
