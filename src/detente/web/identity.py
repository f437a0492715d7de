"""Who asks: the local user, or the holder of a token, shown with each request or kept as a signed session."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Mapping
from typing import NamedTuple

from detente.store.tokens import Role, Token, digest_of

SESSION_COOKIE = "detente_session"
SESSION_SECONDS = 12 * 3600
"""A session ends after so long: a working day."""
LOCAL_NAME = "local"


class Who(NamedTuple):
    """Who asks. ``name`` is what decisions and the log are signed with, ``key`` tells two sessions apart, ``csrf`` is the word that their forms carry."""

    name: str
    role: Role | None
    key: str
    csrf: str = ""

    @property
    def is_known(self) -> bool:
        """Whether anybody may be let in at all."""
        return self.role is not None


class Keys(NamedTuple):
    """The key that signs, and the live tokens by their digest."""

    secret: bytes
    tokens: Mapping[str, Token]


def sign(secret: bytes, purpose: str, text: str) -> str:
    """A key, a purpose and a text -> the signature; that of one purpose is none of another."""
    made = hmac.new(secret, f"{purpose}\0{text}".encode("utf-8", "surrogatepass"), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(made).decode().rstrip("=")


def known_as(secret: bytes, name: str, role: Role | None, key: str) -> Who:
    """A name, role and key -> who that is, with the word for forms."""
    return Who(name, role, key, sign(secret, "form", key))


def nobody(secret: bytes) -> Who:
    """Somebody whom nothing is known of: may see the page to log in at."""
    return known_as(secret, "nobody", None, "nobody")


def local_user(secret: bytes, name: str) -> Who:
    """The user of this machine: all is allowed."""
    return known_as(secret, name, "review", "local")


def by_token(keys: Keys, token: str) -> Who | None:
    """A token -> its holder; nobody if it is not live."""
    found = keys.tokens.get(digest_of(token))
    return known_as(keys.secret, found.name, found.role, f"token {found.digest[:16]}") if found else None


def open_session(keys: Keys, token: str) -> str | None:
    """A live token -> the value of a session's cookie, which does not hold the token."""
    found = keys.tokens.get(digest_of(token))
    if found is None:
        return None
    body = f"{found.digest[:32]}.{int(time.time())}.{secrets.token_hex(8)}"
    return f"{body}.{sign(keys.secret, 'session', body)}"


def by_session(keys: Keys, value: str) -> Who | None:
    """The value of a session's cookie -> its holder, while it is neither old nor its token revoked."""
    body, _, signature = value.rpartition(".")
    if not hmac.compare_digest(sign(keys.secret, "session", body).encode(), signature.encode("utf-8", "surrogatepass")):
        return None
    digest, _, rest = body.partition(".")
    began, _, number = rest.partition(".")
    if not began.isdigit() or time.time() - int(began) > SESSION_SECONDS:
        return None
    found = next((token for key, token in keys.tokens.items() if key.startswith(digest)), None)
    return known_as(keys.secret, found.name, found.role, f"session {number}") if found else None
