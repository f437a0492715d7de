"""Fixtures that many tests share: the loaded codebook, the register, one parser, and the gold cases coded once."""

from __future__ import annotations

import datetime
import functools
import itertools
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from alerting import HOOK
from detente.codebook.load import Codebook, load_codebook, read_yaml
from detente.codebook.register import Register, load_register
from detente.coding.parse import Parser, load_parser, parse_blocks
from detente.pipeline import Trace, trace_documents
from detente.records import Block, Document, Sentence
from detente.store.schema import Store, open_store
from stores import MISSING_POSTGRES, find_initdb, running_postgres
from webs import Site, serving

GOLD = Path(__file__).parent / "gold"
PUBLISHED_ON = datetime.date(2021, 3, 10)
"""The day of gold cases that name none: a Wednesday. ``published_on: none`` stands for a report without a date."""


def make_document(text: str, *, title: str | None = None, published_on: datetime.date | None = PUBLISHED_ON, id: str = "test") -> Document:
    return Document(id=id, text=text, title=title, published_on=published_on)


@functools.cache
def gold_cases() -> dict[str, dict[str, Any]]:
    """Case id (``step/topic/id``) -> the case as written, with its step."""
    out: dict[str, dict[str, Any]] = {}
    for path in sorted(GOLD.glob("*/*.yaml")):
        for case in read_yaml(path):
            key = f"{path.parent.name}/{path.stem}/{case['id']}"
            assert key not in out, f"{path}: {case['id']} stands twice"
            out[key] = case
    return out


def gold_document(key: str, case: dict[str, Any]) -> Document:
    day = case.get("published_on")
    published = PUBLISHED_ON if day is None else None if day == "none" else datetime.date.fromisoformat(day)
    title = case.get("title")
    text = f"{title}\n\n{case['text']}" if title else case["text"]
    return make_document(text, title=title, published_on=published, id=key)


@pytest.fixture(scope="session")
def parser() -> Parser:
    return load_parser()


@pytest.fixture(scope="session")
def codebook() -> Codebook:
    return load_codebook()


@pytest.fixture(scope="session")
def register() -> Register:
    return load_register()


@pytest.fixture(scope="session")
def gold() -> dict[str, Trace]:
    """Case id -> what the whole flow made of it; all cases are coded in one run, each text as a report of its own."""
    cases = gold_cases()
    traces = trace_documents((gold_document(key, case) for key, case in cases.items()), keep_all=True)
    return {trace.document.id: trace for trace in traces}


@pytest.fixture(scope="session")
def parse(parser: Parser) -> Callable[[str], list[Sentence]]:
    """A text -> its sentences, parsed as one block of body."""

    def run(text: str) -> list[Sentence]:
        return parse_blocks(parser, [text], [[Block((0, len(text)), "body")]])[0]

    return run


@pytest.fixture(scope="session")
def code() -> Callable[..., list[Trace]]:
    """Documents -> their traces."""

    def run(documents: Iterable[Document], *, keep_all: bool = False) -> list[Trace]:
        return list(trace_documents(documents, keep_all=keep_all))

    return run


# -- the store --------------------------------------------------------------------------------------------------------------
@pytest.fixture(scope="session")
def postgres() -> Iterator[Callable[[], str]]:
    """A PostgreSQL of the test run; each call gives the URL of an empty database in it."""
    if find_initdb() is None:
        pytest.skip(MISSING_POSTGRES)
    import psycopg

    numbers = itertools.count()
    with running_postgres() as folder:

        def make() -> str:
            name = f"store{next(numbers)}"
            with psycopg.connect(f"host={folder} user=tester dbname=postgres", autocommit=True) as connection:
                connection.execute(f"CREATE DATABASE {name}")
            return f"postgresql+psycopg://tester@/{name}?host={folder}"

        yield make


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where an empty store can be made, on each database in turn."""
    if request.param == "sqlite":
        return str(tmp_path / "store.db")
    return str(request.getfixturevalue("postgres")())


@pytest.fixture
def store(address: str) -> Iterator[Store]:
    """An empty store, on each database in turn."""
    opened = open_store(address)
    yield opened
    opened.close()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if find_initdb() is None:
        terminalreporter.write_line(f"store: {MISSING_POSTGRES}", yellow=True)


@pytest.fixture
def quick_store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path / "store.db")
    yield opened
    opened.close()


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as started:
        started.pages[HOOK] = b""
        yield started
