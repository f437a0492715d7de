"""The commands about where a pair stands: parsed arguments -> one call of the library, shown -> exit code."""

from __future__ import annotations

import argparse

import msgspec

from detente import show
from detente.commands_store import open_given


def run_situation(arguments: argparse.Namespace) -> int:
    """``detente situation``: 1 if too little is known."""
    from detente.analysis.situation import Situation
    from detente.show_situation import situation_lines

    store = open_given(arguments.store, create=False)
    try:
        situation = Situation(store, arguments.a, arguments.b, at=arguments.at, origins=tuple(arguments.origin))
        if arguments.json:
            show.say(msgspec.json.format(msgspec.json.encode(situation.as_record())).decode())
        else:
            for line in situation_lines(situation):
                show.say(line)
        return 1 if situation.reason else 0
    finally:
        store.close()
