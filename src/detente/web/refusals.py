"""What the desk refuses, in one shape for pages and data: a code, the message in the house's words, where it is, and what was expected."""

from __future__ import annotations

import re

import msgspec

from detente.errors import CodebookError, DetenteError, InputError, MissingExtraError, SettingsError, StoreError

_PARTS = re.compile(r"(?P<where>[^\n]{1,200}?): found .*?; expected (?P<expected>.+?)(?:; [^;]+)?", re.DOTALL)


class Fault(msgspec.Struct, frozen=True):
    """One refusal. ``where``: the parameter, field or object; ``expected``: what would do; both may be empty."""

    code: str
    message: str
    where: str = ""
    expected: str = ""


class Problem(msgspec.Struct, frozen=True):
    """The body of each answer that refuses."""

    error: Fault


class RefusedError(Exception):
    """A request that is answered with a refusal: its status and fault. ``headers``: further ones of the answer."""

    def __init__(self, status: int, fault: Fault, headers: dict[str, str] | None = None) -> None:
        super().__init__(fault.message)
        self.status = status
        self.fault = fault
        self.headers = headers or {}


TITLES = {
    400: "This cannot be read",
    401: "Who are you?",
    403: "Not allowed",
    404: "Not here",
    405: "Not in this way",
    406: "Not in this form",
    409: "It has changed meanwhile",
    412: "It has changed meanwhile",
    413: "Too large",
    415: "Not of this kind",
    421: "Not this host",
    422: "This cannot be read",
    429: "Too many requests",
    500: "A fault of ours",
    503: "Not now",
}
_CODES = {400: "bad-request", 401: "no-token", 403: "forbidden", 404: "not-found", 405: "wrong-method", 413: "too-large", 422: "bad-request", 429: "too-many", 503: "unavailable"}


def refuse(status: int, message: str, *, code: str = "", headers: dict[str, str] | None = None) -> RefusedError:
    """A status and a message as errors have it ("where: found ...; expected ...") -> the refusal to raise."""
    return RefusedError(status, make_fault(code or _CODES.get(status, "refused"), message), headers)


def missing(message: str) -> RefusedError:
    """What is asked for and is not there -> the refusal, 404."""
    return refuse(404, message)


def refusal_of(error: DetenteError) -> RefusedError:
    """An error of detente's -> its refusal: what the reader sent is 400, what the store cannot do 503, what is not installed 501."""
    status = 400 if isinstance(error, InputError | SettingsError | CodebookError) else 501 if isinstance(error, MissingExtraError) else 503
    if isinstance(error, StoreError):
        status = 503 if "the database refused" in str(error) else 400
    code = {400: "bad-request", 501: "not-installed", 503: "unavailable"}[status]
    return RefusedError(status, make_fault(code, str(error).replace("--", "")))


def make_fault(code: str, message: str) -> Fault:
    """A code and a message -> the fault, with where and what was expected taken out of the message.

    >>> make_fault("bad-request", "page: found '0'; expected 1 or more").expected
    '1 or more'
    """
    parts = _PARTS.fullmatch(message)
    return Fault(code, message, parts["where"], parts["expected"]) if parts else Fault(code, message)
