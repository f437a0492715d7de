"""Tokens: who may use the desk from elsewhere, and how far. A token is shown once; the store keeps its digest."""

from __future__ import annotations

import hashlib
import secrets
from typing import Literal, NamedTuple

import sqlalchemy as sa

from detente.errors import SettingsError, StoreError
from detente.store.audit import keep_entry
from detente.store.schema import Store, now, reading, writing
from detente.store.web_tables import tokens

Role = Literal["read", "code", "review"]
ROLES: tuple[Role, ...] = ("read", "code", "review")
"""Each may do what those before it may: read pages and data; have reports coded and stored; judge, correct, merge, split events."""
PREFIX = "detente_"
"""What a token begins with: scanners of repositories know by it what they have found."""
TOKEN_BYTES = 32
LONGEST_NAME = 100


class Token(NamedTuple):
    """A token as the store knows it. ``digest`` is the SHA-256 of the token: 256 random bits need no slow hash."""

    digest: str
    name: str
    role: Role
    created_at: str
    revoked_at: str | None = None


def allows(role: Role, needed: Role) -> bool:
    """A role, and the one that something needs -> whether it is enough.

    >>> allows("review", "code"), allows("read", "code")
    (True, False)
    """
    return ROLES.index(role) >= ROLES.index(needed)


def digest_of(token: str) -> str:
    """A token -> its digest."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def add_token(store: Store, name: str, role: Role, *, by: str) -> str:
    """A name that no live token has, and a role -> a new token, which is kept nowhere."""
    wanted = name.strip()
    if not wanted or not wanted.isprintable() or len(wanted) > LONGEST_NAME:
        raise SettingsError(f"token: found the name {name[:40]!r}; expected one of at most {LONGEST_NAME} characters")
    token = PREFIX + secrets.token_urlsafe(TOKEN_BYTES)
    with writing(store, counter="access") as connection:
        if connection.scalar(sa.select(tokens.c.digest).where(tokens.c.name == wanted, tokens.c.revoked_at.is_(None))):
            raise SettingsError(f"token: found a token of {wanted!r} already; expected another name, or detente token revoke {wanted} first")
        connection.execute(tokens.insert().values(digest=digest_of(token), name=wanted, role=role, created_at=now()))
        keep_entry(connection, who=by, role="", action="token add", what=f"{wanted} ({role})")
    return token


def revoke_token(store: Store, name: str, *, by: str) -> None:
    """A name -> its token is not let in any more, and sessions that it opened end. Refused: a name without a live token."""
    with writing(store, counter="access") as connection:
        done = connection.execute(tokens.update().where(tokens.c.name == name.strip(), tokens.c.revoked_at.is_(None)).values(revoked_at=now()))
        if not done.rowcount:
            raise StoreError(f"{store.name}: found no live token of {name!r}; expected a name as detente token list shows it")
        keep_entry(connection, who=by, role="", action="token revoke", what=name.strip())


def list_tokens(store: Store, *, live: bool = False) -> list[Token]:
    """A store -> its tokens, oldest first; ``live``: without the revoked ones."""
    query = sa.select(tokens).order_by(tokens.c.created_at, tokens.c.name)
    with reading(store) as connection:
        return [Token(**row) for row in connection.execute(query.where(tokens.c.revoked_at.is_(None)) if live else query).mappings()]
