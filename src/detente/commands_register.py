"""The commands about the codebook and the actor register: parsed arguments -> one call of the library, shown -> exit code."""

from __future__ import annotations

import argparse
import importlib
import os
from pathlib import Path
from typing import Any

from detente import show
from detente.errors import InputError
from detente.wording import count_of


def run_codebook_check(arguments: argparse.Namespace) -> int:
    """``detente codebook check``: 2 if it has faults."""
    check: Any = importlib.import_module("detente.codebook.check")
    faults = list(check.check_codebook())
    for fault in faults:
        show.warn(fault)
    show.say(f"{len(faults)} faults" if faults else "the codebook has no faults")
    return 2 if faults else 0


def run_codebook_show(arguments: argparse.Namespace) -> int:
    """``detente codebook show``."""
    from detente.codebook.load import load_codebook
    from detente.show_details import type_lines

    codebook, name = load_codebook(), arguments.type.upper()
    if name not in codebook.types:
        raise InputError(f"type: found {arguments.type!r}; expected one of {', '.join(codebook.types)}")
    for line in type_lines(codebook, name, whole=arguments.all):
        show.say(line)
    return 0


def run_actors_show(arguments: argparse.Namespace) -> int:
    """``detente actors show``."""
    from detente.actor_file import describe_entry, find_entries, suggest_names

    _use_actor_file(arguments)
    entries = find_entries(arguments.name)
    if not entries:
        near = suggest_names(arguments.name)
        raise InputError(f"actor: found nobody called {arguments.name!r}" + (f"; similar names: {', '.join(near)}" if near else "; detente actors add enters new ones"))
    day = arguments.at.isoformat() if arguments.at else None
    for form, entry in entries:
        lines = describe_entry(entry, day)
        show.say(lines[0] + (f", named as {form!r}" if form != entry.name else ""))
        for line in lines[1:]:
            show.say(line)
    return 0


def run_actors_add(arguments: argparse.Namespace) -> int:
    """``detente actors add``."""
    from detente.actor_file import add_rows, make_row
    from detente.codebook.register import user_actor_file

    _use_actor_file(arguments)
    parts = {name: getattr(arguments, name) for name in ("name", "aliases", "country", "sectors", "role", "start", "end")}
    added = add_rows([make_row(**parts)])
    show.say(f"{user_actor_file()}: {'added' if added else 'has it already'}: {arguments.name}")
    return 0


def run_actors_import(arguments: argparse.Namespace) -> int:
    """``detente actors import``: 1 if lines were not understood, 2 if none was."""
    from detente.actor_file import import_dictionary
    from detente.codebook.register import user_actor_file

    _use_actor_file(arguments)
    report = import_dictionary(Path(arguments.file))
    if not report.read and not report.faults:
        raise InputError(f"{arguments.file}: found no actor; expected a dictionary in PETRARCH's form, NAME_ [CODE] on a line")
    for fault in report.faults[: show.SHOWN_PER_REASON]:
        show.warn(fault)
    if len(report.faults) > show.SHOWN_PER_REASON:
        show.warn(f"... {len(report.faults)} lines in all were not understood")
    show.say(f"{user_actor_file()}: {count_of(report.added, 'row')} added of {report.read:,}")
    return (1 if report.read else 2) if report.faults else 0


def _use_actor_file(arguments: argparse.Namespace) -> None:
    if arguments.actors:
        os.environ["DETENTE_ACTORS"] = arguments.actors
