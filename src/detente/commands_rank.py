"""``detente forecast`` with --actor or --next: event forecasts; without them the forecast of a dyad."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from detente import commands_forecast, show, show_rank
from detente.commands_backtest import need
from detente.commands_store import open_given
from detente.errors import InputError, SettingsError

if TYPE_CHECKING:
    from detente.codebook.parties import Party
    from detente.forecasting.store_quads import StoreQuads
    from detente.store.schema import Store


def run_any_forecast(arguments: argparse.Namespace) -> int:
    """``detente forecast``: 1 if there is not enough data for what was asked."""
    _check(arguments)
    return _run_events(arguments) if arguments.actor or arguments.next else commands_forecast.run_forecast(arguments)


def _check(arguments: argparse.Namespace) -> None:
    """Refused: flags that do not go together."""
    if (arguments.actor is None) != (arguments.type is None):
        given, lacking = ("--actor", "--type") if arguments.actor else ("--type", "--actor")
        raise SettingsError(f"forecast: found {given} without {lacking}; expected both, to rank whom an act will be directed at")
    if arguments.actor and (arguments.a or arguments.next):
        raise SettingsError(f"forecast: found --actor with {arguments.a or '--next'}; expected either --actor and --type, or two parties")
    if not arguments.actor and not arguments.b:
        raise SettingsError(f"forecast: found {'one party' if arguments.a else 'no party'}; expected two, or --actor and --type")
    if (arguments.actor or arguments.next) and (arguments.target or arguments.within):
        raise SettingsError(f"--{'target' if arguments.target else 'within'}: found it with {'--actor' if arguments.actor else '--next'}; expected it with two parties alone")
    if arguments.limit < 1:
        raise SettingsError(f"--limit: found {arguments.limit}; expected 1 or more")


def _run_events(arguments: argparse.Namespace) -> int:
    from detente.running import limit_threads

    limit_threads()
    need("polars", "scipy")
    from detente.forecasting.dyad_training import find_model_day
    from detente.forecasting.event_forecast import find_past, find_type, rank_targets, rank_types
    from detente.forecasting.keeping import find_cache
    from detente.forecasting.rank_models import TARGETS, TYPES, find_rank_model
    from detente.store.tables import latest_day

    cache = find_cache(arguments.cache)
    store = open_given(arguments.store, create=False)
    try:
        at = arguments.at or latest_day(store)
        if at is None:
            raise InputError(f"{store.name}: found no events; expected some; detente add or detente import brings them in")
        # without --at nothing is left out as told later: the press tells of a day on the next
        past = find_past(store, at, cache, told_later=arguments.at is None, origins=arguments.origin, say=show.warn)
        keys = [_find_key(store, text, past.now) for text in ([arguments.actor] if arguments.actor else [arguments.a, arguments.b])]
    finally:
        store.close()
    if arguments.actor:
        find_type(past.now, arguments.type)  # before anything is trained
    elif keys[0] == keys[1]:
        raise InputError(f"the pair: found {keys[0]} twice; expected two parties")
    model = find_rank_model(TARGETS if arguments.actor else TYPES, past.before, find_model_day(at), cache, show.warn)
    found = rank_targets(past.now, keys[0], arguments.type, at, model) if arguments.actor else rank_types(past.now, keys[0], keys[1], at, model)
    if arguments.json:
        show.say_json(found)
    else:
        for line in show_rank.event_lines(found, arguments.limit):
            show.say(line)
    return 1 if found.reason else 0


def _find_key(store: Store, text: str, quads: StoreQuads) -> str:
    """What the user calls a party -> its name among the parties of the events. Refused: a group, a part of a country, one that has no event."""
    from detente.store.sides import find_party

    party: Party = find_party(store, text)
    if party.sectors or len(party.members) > 1:
        raise InputError(f"{text}: found {'a part of a party' if party.sectors else 'a group of countries'}; expected one country, or an actor by name, for event forecasts")
    names = {member.country.casefold() for member in party.members} | {name.casefold() for name in (party.name, *party.names)}
    known = [key for key in quads.parties if key.casefold() in names]
    if not known:
        raise InputError(f"{text}: found no event of it with another party in the days that count; expected a party that acted, or was acted on")
    return known[0]
