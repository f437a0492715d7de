"""A Chromium and a desk for it: what the tests in a browser, the pictures of the docs and the measure of the desk share."""

from __future__ import annotations

import contextlib
import functools
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from detente.cli import main as detente

ROOT = Path(__file__).resolve().parent.parent
REPORTS = ROOT / "src" / "detente" / "demo" / "reports.jsonl"
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MISSING_CHROMIUM = "found no Chromium; what runs in a browser is left out; make browser installs one"
WIDE = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}


@functools.cache
def find_chromium() -> str | None:
    """The program of a Chromium: one on the path, else that of Playwright; ``None`` if there is none, or no Playwright to drive it."""
    try:
        from playwright.sync_api import sync_playwright
    except ModuleNotFoundError:
        return None
    if found := next((path for name in CHROMIUMS if (path := shutil.which(name))), None):
        return found
    with sync_playwright() as playwright:
        own = Path(playwright.chromium.executable_path)
    return str(own) if own.is_file() else None


@contextlib.contextmanager
def open_chromium() -> Iterator[Any]:
    """Nothing -> a running Chromium. Its sandbox is off, as it cannot be had by root; it sees pages of this machine alone."""
    from playwright.sync_api import sync_playwright

    path = find_chromium()
    assert path, MISSING_CHROMIUM
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--lang=en-GB", "--disable-gpu", "--force-color-profile=srgb", "--font-render-hinting=none"]
        )
        try:
            yield browser
        finally:
            browser.close()


def make_sample(path: Path) -> Path:
    """Where to -> a store of the sample corpus, coded there."""
    if detente(["add", str(REPORTS), "--store", str(path)]):
        raise SystemExit(f"{path}: the sample corpus could not be coded")
    return path


@contextlib.contextmanager
def serving_desk(store: Path | str, **options: Any) -> Iterator[str]:
    """A store -> the address of a desk over it, on a free port of this machine, in a thread of this process."""
    import uvicorn

    from detente.web.app import make_app
    from detente.web.options import Options

    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(128)
        port = listening.getsockname()[1]
        app = make_app(Options(store=str(store), port=port, secret=b"a key of a desk on this machine..", **options))
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", access_log=False, timeout_graceful_shutdown=2))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        end = time.monotonic() + 30
        while not server.started:
            if time.monotonic() > end or not thread.is_alive():
                raise RuntimeError("the desk did not start")
            time.sleep(0.02)
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            server.should_exit = True
            thread.join(timeout=20)
