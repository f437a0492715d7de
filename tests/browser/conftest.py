"""A Chromium, and desks for it: one over the sample corpus that is only read, and one with a store of its own for each test that changes something."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from browsers import MISSING_CHROMIUM, PHONE, WIDE, find_chromium, make_sample, open_chromium, serving_desk


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with the sample corpus."""
    return make_sample(tmp_path_factory.mktemp("corpus") / "sample.db")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """A browser, for the tests of one module: while Playwright runs, no other test of this thread could have an event loop of its own."""
    if find_chromium() is None:
        pytest.skip(MISSING_CHROMIUM)
    with open_chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def desk(chromium: Any, corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a desk over the sample corpus, for tests that only read."""
    with serving_desk(shutil.copy(corpus, tmp_path_factory.mktemp("desk") / "sample.db")) as url:
        yield url


@pytest.fixture
def own_desk(chromium: Any, corpus: Path, tmp_path: Path) -> Iterator[str]:
    """The address of a desk over a copy of the sample corpus, for one test."""
    with serving_desk(shutil.copy(corpus, tmp_path / "sample.db")) as url:
        yield url


@pytest.fixture
def empty_desk(chromium: Any, tmp_path: Path) -> Iterator[str]:
    """The address of a desk over an empty store."""
    with serving_desk(tmp_path / "empty.db") as url:
        yield url


class Seen:
    """What a page did that its reader does not see: faults of its scripts, what its policy kept back, requests to other hosts."""

    def __init__(self) -> None:
        self.faults: list[str] = []


@pytest.fixture
def open_page(chromium: Any) -> Iterator[Callable[..., Any]]:
    """A function that opens an address in a window of its own; at the end nothing may have gone wrong in it."""
    contexts: list[Any] = []
    seen = Seen()

    def open_at(url: str, *, phone: bool = False, dark: bool = False, script: bool = True) -> Any:
        context = chromium.new_context(
            viewport=PHONE if phone else WIDE, color_scheme="dark" if dark else "light", java_script_enabled=script, accept_downloads=True, reduced_motion="reduce"
        )
        contexts.append(context)
        context.set_default_timeout(20_000)
        page = context.new_page()
        host = url.split("/")[2]
        page.on("console", lambda message: seen.faults.append(message.text) if message.type in ("error", "warning") and "status of 4" not in message.text else None)
        page.on("pageerror", lambda error: seen.faults.append(str(error)))
        page.on("request", lambda request: seen.faults.append(request.url) if not request.url.startswith((f"http://{host}/", "data:")) else None)
        page.goto(url)
        return page

    yield open_at
    for context in contexts:
        context.close()
    assert seen.faults == []


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says that the tests in a browser did not run, and why."""
    if find_chromium() is None:
        terminalreporter.write_line(f"desk: {MISSING_CHROMIUM}", yellow=True)
