"""The command line: arguments -> one function of a ``commands`` module. Imports nothing heavy, so that ``detente --help`` answers at once."""

from __future__ import annotations

import argparse
import contextlib
import errno
import importlib
import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence

from detente import __version__
from detente.arguments import analysis, coding, review, store, web
from detente.arguments.base import Parser, add_settings, command
from detente.errors import DetenteError

STOPPED = 130
"""Exit code of a command that was stopped by SIGINT, as shells give it (128 + 2)."""
DESCRIPTION = "News reports to coded political events: who did what to whom, when, where, and according to whom."


def make_parser() -> Parser:
    """Nothing -> the parser of all commands; ``run`` of what it gives names the function of ``commands``."""
    parser = Parser(prog="detente", description=DESCRIPTION, epilog="example:\n  detente code report.txt --date 2020-06-16\n\ndetente COMMAND --help shows an example for each.")
    parser.add_argument("--version", action="version", version=f"detente {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True, parser_class=Parser)
    coding.add_code(commands)
    coding.add_explain(commands)
    coding.add_relate(commands)
    coding.add_evaluate(commands)
    coding.add_codebook(commands)
    coding.add_actors(commands)
    store.add_store(commands)
    store.add_watch(commands)
    analysis.add_analysis(commands)
    analysis.add_chart(commands)
    review.add_review(commands)
    analysis.add_situation(commands)
    analysis.add_tables(commands)
    analysis.add_forecast(commands)
    analysis.add_backtest(commands)
    web.add_web(commands)
    demo = command(commands, "demo", "code the bundled reports, and say where North and South Korea stand by them", "detente demo", "run_demo")
    add_settings(demo, "workers", "pipeline")
    return parser


_MODULES = {
    "run_chart": "commands_chart",
    "run_demo": "commands_demo",
    "run_situation": "commands_situation",
    "run_timeline": "commands_situation",
    "run_report": "commands_situation",
    "run_dyads": "commands_tables",
    "run_series": "commands_tables",
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
    "run_any_forecast": "commands_rank",
    "run_forecast": "commands_forecast",
    "run_backtest": "commands_backtest",
    "run_serve": "commands_web",
    "run_token": "commands_web",
    "run_audit": "commands_web",
}
"""The commands that are not in ``detente.commands``, by the first letters of their function."""


def _module_of(run: str) -> str:
    return "detente." + next((module for start, module in _MODULES.items() if run.startswith(start)), "commands")


FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""A device, a quota or a file that takes no more."""


def _drop_output() -> None:
    """What is still buffered for standard output goes nowhere, so that the interpreter does not fail over it when it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextlib.contextmanager
def _stopping() -> Iterator[None]:
    """Within it the first SIGINT stops the command in order, and a second one, while it cleans up, at once.

    What is written is whole at any time (transactions, journals), and workers end when their parent is gone; an exception in the midst of cleaning up
    would only be told as a fault of the database. Commands with handlers of their own (watch, serve) set theirs after this one.
    """
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return

    def stop_now(_: int, __: object) -> None:
        os.write(2, b"detente: stopped\n")
        os._exit(STOPPED)

    def stop(_: int, __: object) -> None:
        signal.signal(signal.SIGINT, stop_now)
        logging.getLogger("sqlalchemy.pool").setLevel(logging.CRITICAL + 1)  # a connection that was interrupted is closed: not worth a traceback
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def main(argv: Sequence[str] | None = None) -> int:
    """Arguments -> the exit code: 0 all done, 1 part of the input was skipped, 2 nothing could be read or an argument is wrong."""
    arguments = make_parser().parse_args(argv)
    with _stopping():
        return _run(arguments, sys.argv[1:] if argv is None else argv)


def _by_option(message: str, given: Sequence[str]) -> str:
    """A refusal and the command line -> the same; what the library calls by the name of a parameter ("within: found 0", "the target: ...") by the option that was given."""
    name, colon, rest = message.partition(":")
    option = f"--{name.removeprefix('the ')}"
    return f"{option}:{rest}" if colon and any(word == option or word.startswith(f"{option}=") for word in given) else message


def _run(arguments: argparse.Namespace, given: Sequence[str]) -> int:
    try:
        code = int(getattr(importlib.import_module(_module_of(arguments.run)), arguments.run)(arguments))
        sys.stdout.flush()
    except DetenteError as error:
        importlib.import_module("detente.show").warn(f"detente: {_by_option(str(error), given)}")
        return 2
    except BrokenPipeError:
        # the reader of our output has left (detente code ... | head): no fault; what is still buffered goes nowhere
        _drop_output()
        return 0
    except OSError as error:
        if error.errno not in FULL:
            raise  # a fault of ours: commands name the file that they could not read or write
        _drop_output()
        print(f"detente: cannot write ({error.strerror}); expected a device with room", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("detente: stopped", file=sys.stderr)
        return STOPPED
    return code
