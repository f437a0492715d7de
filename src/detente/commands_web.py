"""The commands about the desk: parsed arguments -> one call of the library, shown -> exit code."""

from __future__ import annotations

import argparse
import os
import secrets
import socket

from detente import show
from detente.commands_store import open_given
from detente.errors import MissingExtraError, SettingsError
from detente.settings import BY_NAME, SERVING, read_reviewer, read_setting

INSTALL = "pip install 'detente[web]'"


def run_serve(arguments: argparse.Namespace) -> int:
    """``detente serve``: until it is stopped. What the flags say goes to its processes by the environment."""
    for name in SERVING:
        read_setting(name, getattr(arguments, name))  # a wrong value is refused before anything starts
        if getattr(arguments, name) is not None:
            os.environ[BY_NAME[name].variable] = str(getattr(arguments, name))
    secret = BY_NAME["web_secret"].variable
    os.environ.setdefault(secret, secrets.token_urlsafe(32))  # one key for all processes
    try:
        import uvicorn

        from detente.web.options import PROCESSES, is_loopback, read_options
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "detente":
            raise
        raise MissingExtraError(f"serve: {error.name} is missing; install it: {INSTALL}") from None
    os.environ[PROCESSES] = str(arguments.workers)
    options = read_options(os.environ[secret].encode())
    _check_open(options.store, options.host, is_open=is_loopback(options.host))
    host = options.host.strip("[]")
    _check_port(host, options.port)
    show.warn(f"detente: the desk of {options.store} is at http://{f'[{host}]' if ':' in host else host}:{options.port}/; stop it with Ctrl+C")
    uvicorn.run(
        "detente.web.app:app_of_environment",
        factory=True,
        host=host,
        port=options.port,
        workers=arguments.workers,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=5,
    )
    return 0


def _check_open(store_address: str, host: str, *, is_open: bool) -> None:
    """Refuses to listen where others can reach the desk while nobody has a token: all of them would be let in, or none."""
    from detente.store.tokens import list_tokens

    store = open_given(store_address, create=True)
    try:
        if not is_open and not list_tokens(store, live=True):
            raise SettingsError(f"--host: found {host}, which others can reach, and no token in {store.name}; expected one; make it with: detente token add NAME --role review")
    finally:
        store.close()


def _check_port(host: str, port: int) -> None:
    """Refuses a port that is taken, or an address that is not of this machine, before the desk says that it is there."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the server does: a port that was just let go is free
        try:
            probe.bind((host, port))
        except OSError as error:
            raise SettingsError(
                f"--port: found {port}, on which {host} cannot listen ({error.strerror}); expected a free port of this machine, such as --port {port + 1}"
            ) from None


def run_token_add(arguments: argparse.Namespace) -> int:
    """``detente token add``."""
    from detente.store.tokens import add_token

    store = open_given(arguments.store, create=True)
    try:
        token = add_token(store, arguments.name, arguments.role, by=read_reviewer(arguments.by))
    finally:
        store.close()
    show.say(token)
    show.warn(f"{store.name}: {arguments.name} may {arguments.role}; the token is shown this once and kept nowhere")
    return 0


def run_token_list(arguments: argparse.Namespace) -> int:
    """``detente token list``."""
    from detente.store.tokens import list_tokens

    store = open_given(arguments.store, create=False)
    try:
        found = list_tokens(store)
    finally:
        store.close()
    if arguments.json:
        show.say_json([{name: value for name, value in token._asdict().items() if name != "digest"} for token in found])
        return 0
    for token in found:
        show.say(f"{token.name:<24} {token.role:<7} since {token.created_at}" + (f", revoked {token.revoked_at}" if token.revoked_at else ""))
    if not found:
        show.say(f"{store.name}: no tokens")
    return 0


def run_token_revoke(arguments: argparse.Namespace) -> int:
    """``detente token revoke``."""
    from detente.store.tokens import revoke_token

    store = open_given(arguments.store, create=False)
    try:
        revoke_token(store, arguments.name, by=read_reviewer(arguments.by))
    finally:
        store.close()
    show.say(f"{store.name}: the token of {arguments.name} is let in no more")
    return 0


def run_audit(arguments: argparse.Namespace) -> int:
    """``detente audit``."""
    from detente.store.audit import list_entries

    store = open_given(arguments.store, create=False)
    try:
        found = list_entries(store, limit=arguments.limit, who=arguments.who)
    finally:
        store.close()
    if arguments.json:
        show.say_json([entry._asdict() for entry in found])
        return 0
    for entry in found:
        show.say(f"{entry.at}  {entry.who} ({entry.role or '-'})  {entry.action}  {entry.object}")
    if not found:
        show.say(f"{store.name}: nothing was logged")
    return 0
