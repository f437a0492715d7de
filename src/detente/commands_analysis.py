"""The commands that say where two actors stand: parsed arguments -> one call of the library, shown -> exit code."""

from __future__ import annotations

import argparse
import contextlib
import datetime
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from detente import show, show_analysis
from detente.commands_store import open_given
from detente.errors import InputError, MissingExtraError, SettingsError, StoreError

if TYPE_CHECKING:
    import polars as pl

    from detente.codebook.parties import Party
    from detente.store.schema import Store

CLAIM_DAYS = 90
"""Claims are listed for so many days, unless ``--since`` says otherwise: older ones are of another crisis."""


class Dyad(NamedTuple):
    """Two actors of a store, their events with ``side``, and the day that is asked for."""

    store: Store
    a: Party
    b: Party
    events: pl.DataFrame
    at: datetime.date


@contextlib.contextmanager
def open_dyad(arguments: argparse.Namespace, *, with_text: bool) -> Iterator[Dyad]:
    """``a``, ``b``, ``at`` and ``store`` of the arguments -> the dyad. Refused: an empty store, an actor that nobody knows, two that never met."""
    try:
        from detente.analysis.dyads import load_dyad
        from detente.store.sides import find_party
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "detente":
            raise
        raise MissingExtraError(f"{error.name} is missing; install it: pip install 'detente[analysis]'") from None
    from detente.store.tables import Wanted, has_events

    store = open_given(arguments.store, create=False)
    try:
        if not has_events(store):
            raise StoreError(f"{store.name}: found no events; expected some; detente add or detente import brings them in")
        a, b = find_party(store, arguments.a), find_party(store, arguments.b)
        events = load_dyad(store, a, b, Wanted(until=arguments.at), with_text=with_text)
        latest = events["day"].max()
        if latest is None and arguments.at:  # they may have met later: then nothing is known yet, which is no fault of the question
            latest = load_dyad(store, a, b, with_text=False)["day"].max()
        if not isinstance(latest, datetime.date):
            raise InputError(f"{store.name}: found no event between {a.name} and {b.name} with a day; expected two actors that had to do with each other")
        yield Dyad(store, a, b, events, arguments.at or latest)
    finally:
        store.close()


def _write(value: object, lines: Iterable[str], *, as_json: bool) -> int:
    if as_json:
        show.say_json(value)
    else:
        for line in lines:
            show.say(line)
    return 0


def run_precedents(arguments: argparse.Namespace) -> int:
    """``detente precedents``."""
    if arguments.limit < 1:
        raise SettingsError(f"--limit: found {arguments.limit}; expected 1 or more")
    with open_dyad(arguments, with_text=False) as dyad:
        from detente.analysis.neighbours import load_others
        from detente.analysis.precedents import find_precedents

        others = None if arguments.own else load_others(dyad.store, dyad.a, dyad.b, dyad.events.height, until=dyad.at)
        found = find_precedents(dyad.events, others, names=(dyad.a.name, dyad.b.name), at=dyad.at, limit=arguments.limit)
    return _write(found, show_analysis.precedents_lines(found), as_json=arguments.json)


def run_ties(arguments: argparse.Namespace) -> int:
    """``detente ties``."""
    with open_dyad(arguments, with_text=True) as dyad:
        from detente.analysis.ties import find_ties
        from detente.store.claims import read_evidence

        known = dyad.events.filter(dyad.events["day"] <= dyad.at)
        ties = find_ties(known, dyad.at, read_evidence(dyad.store, known["event_id"], until=dyad.at))
    value = {"first": dyad.a.name, "second": dyad.b.name, "at": dyad.at, "reason": None if ties else "no-ties", "ties": ties}
    return _write(value, show_analysis.ties_lines(ties, dyad.a.name, dyad.b.name, dyad.at), as_json=arguments.json)


def run_claims(arguments: argparse.Namespace) -> int:
    """``detente claims``."""
    with open_dyad(arguments, with_text=False) as dyad:
        from detente.analysis.claims import find_claims, find_relations
        from detente.store.claims import documents_of, read_claims, read_relations

        day = dyad.at.toordinal() - CLAIM_DAYS
        since = arguments.since or datetime.date.fromordinal(max(day, 1))
        if since > dyad.at:
            raise SettingsError(f"--since: found {since}, after {dyad.at}; expected a day before it")
        ids = set(dyad.events.filter(dyad.events["day"] <= dyad.at)["event_id"])
        reports = documents_of(dyad.store, ids)
        claims = find_claims(read_claims(dyad.store, since=since, until=dyad.at), dyad.a, dyad.b, at=dyad.at, since=since, reports=reports)
        if arguments.kind:
            claims = [claim for claim in claims if claim.kind == arguments.kind]
        relations = find_relations(read_relations(dyad.store, since=since, until=dyad.at), ids, at=dyad.at)
    value = {"first": dyad.a.name, "second": dyad.b.name, "since": since, "at": dyad.at, "claims": claims, "relations": relations}
    return _write(value, show_analysis.claims_lines(claims, relations, dyad.events, (dyad.a.name, dyad.b.name), since, dyad.at), as_json=arguments.json)
