"""The desk over a million events, asked by 20 readers at once: how long its pages take, whether any fails, how soon it is up, what its pages weigh.

    python benchmarks/desk.py                          # makes the store, then 5 minutes for each number of processes: about 25 minutes
    python benchmarks/desk.py --seconds 20 STORE.db    # a store that is there already; only read

Readers ask one page after the other: the desk, and of pairs, days and filters drawn at random (seed 7) situations and lists of events, most of them the busiest, as readers do.
Each answer must be 200 and whole. Figures are those of the client, by page, the first views of a page among them.
"""

from __future__ import annotations

import argparse
import asyncio
import bisect
import contextlib
import datetime
import gzip
import itertools
import json
import os
import random
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "benchmarks")]
READERS, EVENTS = 20, 1_000_000
SECONDS = 300.0
MEDIAN_MS, START_SECONDS, WEIGHT_BYTES = 300.0, 3.0, 1_000_000
"""What is wanted: the median of each page, how soon the desk is up, what a page weighs with all that it loads."""
SHARES = {"desk": 0.25, "situation": 0.4, "events": 0.35}
"""How many of the requests are for which page."""
PAIRS, DAYS, FILTERS = 30, 3, 30
"""Different pairs, days of each but the latest, and filters that are asked for: some 120 situations and 130 lists of events. Each is worked out once, and found in the cache after that."""
WEIGHED = ("/", "/dyads", "/dyads/{pair}", "/events", "/documents", "/alerts", "/review", "/actors", "/codebook", "/codebook/rules", "/skill")


class Load(NamedTuple):
    """What the readers saw: seconds by page, those of them that nobody had had before (``first``), and answers that were no 200 or not whole."""

    seconds: dict[str, list[float]]
    first: dict[str, list[float]]
    failures: list[str]


def make_addresses(store: Path, seed: int = 7) -> dict[str, list[str]]:
    """A store -> the addresses that readers ask for, by page; the earlier ones more often."""
    import sqlalchemy as sa

    from detente.store.schema import dyads, open_store, reading

    rng = random.Random(seed)
    opened = open_store(store, create=False)
    with reading(opened) as connection:
        counted = connection.execute(
            sa.select(dyads.c.source, dyads.c.target).where(dyads.c.source < dyads.c.target).group_by(dyads.c.source, dyads.c.target).order_by(sa.func.count().desc()).limit(PAIRS)
        ).all()
        last = datetime.date.fromisoformat(connection.scalar(sa.select(sa.func.max(dyads.c.date_start))) or "2020-01-01")
    opened.close()
    pairs = [f"{a}-{b}" for a, b in counted if "-" not in a + b]
    days = ["", *(f"?at={last - datetime.timedelta(days=rng.randrange(30, 3_000))}" for _ in range(DAYS))]
    types = ("ASSAULT", "THREATEN", "CONSULT", "SANCTION", "PROTEST", "AID", "ACCUSE")
    filters = [
        "",
        *(f"?dyad={rng.choice(pairs)}&type={rng.choice(types)}" for _ in range(FILTERS)),
        *(f"?actor={pair[:3]}&since={last - datetime.timedelta(days=400)}" for pair in pairs[:FILTERS]),
    ]
    filters += [f"?type={name}&rung=2..6" for name in types] + [f"?dyad={pair}&order=gravest" for pair in pairs]
    return {"desk": ["/"], "situation": [f"/dyads/{pair}{day}" for day, pair in itertools.product(days, pairs)], "events": [f"/events{query}" for query in filters]}


@contextlib.contextmanager
def serving(store: Path, *, workers: int = 1) -> Iterator[tuple[int, float]]:
    """A store -> ``detente serve`` over it: the port that it listens on, and the seconds until its first page was there."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    started = time.perf_counter()
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    command = [sys.executable, "-m", "detente", "serve", "--store", str(store), "--port", str(port), "--workers", str(workers)]
    server = subprocess.Popen(command, env=environment)  # its log is told: what fails is to be seen
    try:
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/login", timeout=60) as answer:
                    answer.read()
                break
            except OSError:
                if server.poll() is not None or time.perf_counter() - started > 60:
                    raise RuntimeError("the desk did not start") from None
                time.sleep(0.02)
        yield port, time.perf_counter() - started
    finally:
        server.terminate()
        server.wait(timeout=30)


async def ask_all(port: int, addresses: dict[str, list[str]], seconds: float, readers: int = READERS) -> Load:
    """A desk, addresses and how long -> what ``readers`` saw that ask one page after the other, each on a connection that it keeps."""
    load = Load(defaultdict(list), defaultdict(list), [])
    had: set[str] = set()
    end = time.perf_counter() + seconds
    names, bounds = list(SHARES), list(itertools.accumulate(SHARES.values()))

    async def read_pages(number: int) -> None:
        rng = random.Random(number)
        connection: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        while time.perf_counter() < end:
            name = names[min(bisect.bisect(bounds, rng.random()), len(names) - 1)]
            listed = addresses[name]
            path = listed[int(len(listed) * rng.random() ** 3)]  # the first tenth is asked for by nearly half
            began = time.perf_counter()
            try:
                connection = connection or await asyncio.open_connection("127.0.0.1", port)
                status, length = await ask(*connection, path, port)
                if status != 200 or length < 1_000:
                    load.failures.append(f"{status} {path}")
            except (OSError, asyncio.IncompleteReadError, TimeoutError) as error:
                load.failures.append(f"{type(error).__name__} {path}")
                connection = None
                continue
            load.seconds[name].append(time.perf_counter() - began)
            if path not in had:
                load.first[name].append(load.seconds[name][-1])
                had.add(path)
        if connection:
            connection[1].close()

    await asyncio.gather(*(read_pages(number) for number in range(readers)))
    return load


async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str, port: int) -> tuple[int, int]:
    """A connection and an address -> the status of the answer and the bytes of its body, all of them read."""
    writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept: text/html\r\nAccept-Encoding: gzip\r\n\r\n".encode())
    head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 60)).lower()
    found = re.search(rb"content-length: (\d+)", head)
    length = int(found[1]) if found else 0
    await asyncio.wait_for(reader.readexactly(length), 60)
    return int(head.split(b" ", 2)[1]), length


def weigh(port: int, pair: str) -> dict[str, int]:
    """A desk -> the bytes of each of its pages with all that it loads, as they go over the line (gzip)."""
    assets: dict[str, int] = {}
    out = {}
    for path in WEIGHED:
        page, size = fetch(port, path.format(pair=pair))
        for asset in set(re.findall(r'(?:<link rel="(?:stylesheet|icon)" href|<script src|<img src)="([^"]+)"', page)):
            if asset not in assets:
                assets[asset] = fetch(port, asset)[1]
            size += assets[asset]
        out[path] = size
    return out


def fetch(port: int, path: str) -> tuple[str, int]:
    """An address -> its text, and its bytes on the line."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path.replace('&amp;', '&')}", headers={"Accept-Encoding": "gzip", "Accept": "text/html"})
    with urllib.request.urlopen(request, timeout=120) as answer:
        body = answer.read()
        text = gzip.decompress(body) if answer.headers.get("Content-Encoding") == "gzip" else body
    return text.decode("utf-8", "replace"), len(body)


def measure(store: Path, sample: Path, *, seconds: float = SECONDS, processes: Sequence[int] = (1, 2)) -> dict[str, Any]:
    """A large store and one of the sample corpus -> all figures as plain data. ``up``: seconds until the desk over the sample corpus gave its first page, median of three starts."""
    starts = []
    for _ in range(3):
        with serving(sample) as (port, up):
            starts.append(up)
            weights = weigh(port, "PRK-KOR")
    out: dict[str, Any] = {"up": statistics.median(starts), "weights": weights, "loads": []}
    addresses = make_addresses(store)
    for workers in processes:
        with serving(store, workers=workers) as (port, _):
            load = asyncio.run(ask_all(port, addresses, seconds))
        pages = {
            name: {
                "requests": len(taken),
                "median_ms": 1000 * statistics.median(taken),
                "p95_ms": 1000 * sorted(taken)[int(0.95 * len(taken))],
                "most_ms": 1000 * max(taken),
                "first_views": len(load.first[name]),
                "first_median_ms": 1000 * statistics.median(load.first[name]),
            }
            for name, taken in sorted(load.seconds.items())
        }
        out["loads"].append({"workers": workers, "seconds": seconds, "readers": READERS, "pages": pages, "failures": len(load.failures), "first_failures": load.failures[:5]})
    return out


def make_stores(folder: Path) -> tuple[Path, Path]:
    """A folder -> a store of a million made-up events, as if imported, and one of the sample corpus, made in it."""
    from store import make_rows

    from detente.cli import main as detente
    from detente.store.importing import import_events
    from detente.store.schema import open_store

    large, sample = folder / "million.db", folder / "sample.db"
    opened = open_store(large)
    import_events(opened, make_rows(EVENTS, random.Random(2)), origin="made-up", location="rows", codebook="cameo")
    opened.close()
    if detente(["add", str(ROOT / "src/detente/demo/reports.jsonl"), "--store", str(sample)]):
        raise RuntimeError("the sample corpus could not be coded")
    return large, sample


def main() -> int:
    """Arguments -> the figures as JSON -> 0, or 1 if an answer failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("store", nargs="?", type=Path, help="a store of many events (default: one is made)")
    parser.add_argument("sample", nargs="?", type=Path, help="a store of the sample corpus")
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--processes", type=int, action="append", help="as detente serve --workers; may be repeated (default: 1 and 2)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        store, sample = (arguments.store, arguments.sample or arguments.store) if arguments.store else make_stores(Path(folder))
        found = measure(store, sample, seconds=arguments.seconds, processes=arguments.processes or (1, 2))
    print(json.dumps(found, indent=1))
    return 1 if any(load["failures"] for load in found["loads"]) else 0


if __name__ == "__main__":
    raise SystemExit(main())
