"""What all commands' arguments are made of: the parser with its one-line errors, commands with their examples, settings as flags."""

from __future__ import annotations

import argparse
import datetime
import sys
from typing import NoReturn, TypeAlias

from detente.settings import BY_NAME


class Parser(argparse.ArgumentParser):
    """Examples keep their lines; an error is one plain line and exit code 2."""

    def __init__(self, *args: object, **options: object) -> None:
        options.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        super().__init__(*args, **options)  # type: ignore[arg-type]

    def error(self, message: str) -> NoReturn:
        print(f"{self.prog}: {message}; see {self.prog} --help", file=sys.stderr)
        raise SystemExit(2)


Commands: TypeAlias = "argparse._SubParsersAction[Parser]"  # argparse gives this class no public name


def parse_day(text: str) -> datetime.date:
    """YYYY-MM-DD -> the day; anything else is refused as argparse wants it."""
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"found {text!r}; expected YYYY-MM-DD") from None


def parse_score(text: str) -> float:
    """The text of a flag -> the score of an alert, 0 to 13."""
    try:
        if 0 <= (number := float(text)) <= 13:
            return number
    except ValueError:
        pass
    raise argparse.ArgumentTypeError(f"found {text!r}; expected a number, 0 to 13")


def parse_count(text: str) -> int:
    """The text of a flag -> a whole number from 1 up."""
    if text.isascii() and text.isdecimal() and 1 <= int(text) <= 100_000:
        return int(text)
    raise argparse.ArgumentTypeError(f"found {text!r}; expected a whole number, 1 or more")


def command(commands: Commands, name: str, summary: str, example: str, run: str) -> argparse.ArgumentParser:
    """A command with its one-line summary, an example for its help, and the function of a module that runs it."""
    parser = commands.add_parser(name, help=summary, description=summary[0].upper() + summary[1:] + ".", epilog=f"example:\n  {example}")
    parser.set_defaults(run=run)
    return parser


def add_settings(parser: argparse.ArgumentParser, *names: str) -> None:
    """Settings as flags of a command."""
    for name in names:
        setting = BY_NAME[name]
        default = "" if setting.default is None else f" (default: {setting.default:,})" if isinstance(setting.default, int) else f" (default: {setting.default})"
        parser.add_argument(setting.flag, metavar=setting.unit.upper(), help=f"{setting.help}{default}; also {setting.variable}")
