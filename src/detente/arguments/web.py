"""Arguments of the commands about the desk."""

from __future__ import annotations

from detente.arguments.base import Commands, Parser, add_settings, command, parse_count
from detente.settings import SERVING

ROLES = ("read", "code", "review")


def add_web(commands: Commands) -> None:
    """``detente serve``, ``token`` and ``audit``."""
    serve = command(commands, "serve", "open the desk: pages and an API over the store", "detente serve --store detente.db", "run_serve")
    serve.add_argument("--workers", type=parse_count, metavar="PROCESSES", default=1, help="processes that answer (default: 1)")
    add_settings(serve, *SERVING)
    token = commands.add_parser(
        "token", help="who may use the desk from elsewhere", description="Who may use the desk from elsewhere.", epilog="example:\n  detente token add jane --role review"
    )
    below = token.add_subparsers(title="commands", metavar="COMMAND", required=True, parser_class=Parser)
    add = command(below, "add", "make a token and show it, once", "detente token add jane --role review", "run_token_add")
    add.add_argument("name", metavar="NAME", help="whose it is; what they decide is signed with it")
    add.add_argument(
        "--role", choices=ROLES, default="read", help="read pages and data; code: have reports coded and stored too; review: judge and correct events too (default: read)"
    )
    listed = command(below, "list", "show who has tokens", "detente token list", "run_token_list")
    listed.add_argument("--json", action="store_true", help="write it as JSON")
    revoke = command(below, "revoke", "let a token in no more", "detente token revoke jane", "run_token_revoke")
    revoke.add_argument("name", metavar="NAME", help="whose it is")
    audit = command(commands, "audit", "show who logged in and changed what through the desk", "detente audit --who jane --limit 20", "run_audit")
    audit.add_argument("--who", metavar="NAME", help="of this person only")
    audit.add_argument("--limit", type=parse_count, metavar="N", default=50, help="the latest so many entries (default: 50)")
    audit.add_argument("--json", action="store_true", help="write it as JSON")
    for parser in (add, listed, revoke, audit):
        add_settings(parser, "store")
    for parser in (add, revoke):
        add_settings(parser, "by")
