"""The event store measured: merging against the annotation, near copies, the cost of a report as the store grows, a million imported events, fifty kills.

python benchmarks/store.py merging|duplicates|growth|import|million|kills      (make bench calls the same functions)
"""

from __future__ import annotations

import datetime
import functools
import hashlib
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "benchmarks")]

import duplicates  # noqa: E402
import exchange_speed  # noqa: E402
import merging  # noqa: E402
import sqlalchemy as sa  # noqa: E402
from measure import Measure  # noqa: E402

from detente.codebook.load import load_codebook  # noqa: E402
from detente.coding.merge import goldstein_of, intensity_of  # noqa: E402
from detente.exchange import read_events  # noqa: E402
from detente.exchange.imported import ImportedActor, ImportedEvent, ImportedPlace  # noqa: E402
from detente.pipeline import code_documents  # noqa: E402
from detente.reading import make_document, read_documents  # noqa: E402
from detente.records import Actor, CodedReport, Document, Event, Evidence, Place, When  # noqa: E402
from detente.store import schema  # noqa: E402
from detente.store.duplicates import find_original, hash_bands, word_runs  # noqa: E402
from detente.store.filters import Filters  # noqa: E402
from detente.store.importing import Imported, import_events  # noqa: E402
from detente.store.query import count_days, find_events  # noqa: E402
from detente.store.schema import Store, open_store, reading  # noqa: E402
from detente.store.write import Sketches, add_report, find_known  # noqa: E402

DEMO = ROOT / "src" / "detente" / "demo" / "reports.jsonl"
SAME = ROOT / "benchmarks" / "same_events.jsonl"
GOLD = ROOT / "benchmarks" / "gold_sample.jsonl"
PLOT = ROOT / "docs" / "store-growth.svg"
GROWTH_REPORTS = 100_000
GROWTH_STEPS = (1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000)
GROWTH_WINDOW = 500
"""Reports over whose median the cost is taken, ending at each step."""
REPORTS_A_DAY = 275
MILLION = 1_000_000
KILLS = 50
COMMAND_KILLS, COMMAND_REPORTS = 10, 24
"""Kills of ``detente add`` itself, and the reports of the corpus that it is given: its start and the coding cost seconds a run."""
KILLS_OF_A_STORE = 8
"""So often a store is killed at most before it is filled to the end and compared."""
COUNTRIES = "USA CHN RUS IND PAK IRN ISR PRK KOR JPN TUR SYR IRQ SAU YEM UKR FRA DEU GBR EGY SDN SSD ETH ERI SOM KEN COD RWA UGA NGA".split()
TYPES = "CONSULT CONSULT CONSULT AGREE SUPPORT REQUEST ACCUSE ACCUSE REJECT THREATEN SANCTION MOBILIZE COERCE ASSAULT ASSAULT AID COOPERATE PROTEST".split()


# -- merging ------------------------------------------------------------------------------------------------------------------
def measure_merging() -> Iterator[Measure]:
    """The sample corpus through ``add_report``: which annotated mentions stand in one event."""
    documents = [d for d in read_documents([DEMO]) if isinstance(d, Document)]
    reports = list(code_documents(documents, keep_all=True))
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(Path(folder, "s.db"))
        sketches: Sketches = {}
        for report in reports:
            add_report(store, report, sketches)
        found = stored_groups(store)
        store.close()
    true = merging.label_mentions(reports, SAME, GOLD)
    groups = {key: found[key] for key in true}
    shared = sum(" alone " not in label for label in true.values())
    detail = f"{len(true)} mentions judged, {shared} of annotated shared events"
    for name, score in (("pairwise", merging.score_pairs(true, groups)), ("B-cubed", merging.score_b_cubed(true, groups))):
        yield Measure("merging, sample", f"{name} F1", score.f1, 0.85, detail=f"P {score.precision:.3f} R {score.recall:.3f}; {detail}")


def stored_groups(store: Store) -> dict[tuple[str, str], int]:
    """A store -> (report, event id as coded) of each mention, and the event that it is of."""
    table = schema.mentions
    query = sa.select(schema.documents.c.doc_id, table.c.record, table.c.event_id).join(schema.documents, table.c.document_id == schema.documents.c.id)
    import msgspec

    decoder = msgspec.json.Decoder(Event)
    with reading(store) as connection:
        return {(doc, decoder.decode(record).event_id): event for doc, record, event in connection.execute(query)}


# -- near copies --------------------------------------------------------------------------------------------------------------
def measure_duplicates() -> Iterator[Measure]:
    """Copies and other texts made of our corpora (``duplicates.py``), each looked for among the originals in a store, and the originals among each other."""
    stories = duplicates.read_stories()
    pairs = list(duplicates.make_pairs(stories, random.Random(5)))
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(Path(folder, "s.db"))
        taken = 0
        for story in stories:
            document = make_document(story.text, doc_id=story.id, published_on=None, origin=f"{story.id}.txt")
            taken += add_report(store, CodedReport(document=document, events=(), claims=(), relations=(), refusals=())).copy_of is not None
        with reading(store) as connection:
            names = {row.id: row.doc_id for row in connection.execute(sa.select(schema.documents.c.id, schema.documents.c.doc_id))}

            def find(text: str) -> str | None:
                runs = word_runs(text)
                found = find_original(connection, runs, hash_bands(runs))
                return names[found.document] if found else None

            precision, recall, kinds = duplicates.judge(pairs, find)
        store.close()
    group, copies = "near copies", sum(p.original is not None for p in pairs)
    yield Measure(group, "precision", precision, 0.95, detail=f"{copies} copies and {len(pairs) - copies} other texts of {len(stories)} originals")
    yield Measure(group, "recall", recall, 0.95, detail="; ".join(f"{kind} {right}/{number}" for kind, (right, number) in kinds.items()))
    yield Measure(group, "originals taken for copies of each other", taken, 0, "<=", detail=f"{len(stories)} stories, many on one event")


# -- growth -------------------------------------------------------------------------------------------------------------------
def make_reports(count: int, rng: random.Random) -> Iterator[CodedReport]:
    """A made-up stream of coded reports: so many a day, each on two to four events, most of which several reports tell, one in twenty a near copy."""
    vocabulary = [hashlib.blake2b(str(n).encode(), digest_size=3).hexdigest().translate(str.maketrans("0123456789", "ghijklmnop")) for n in range(20_000)]
    open_events: list[Event] = []
    texts: list[tuple[str, CodedReport]] = []
    for n in range(count):
        day = datetime.date(2015, 1, 1) + datetime.timedelta(days=n // REPORTS_A_DAY)
        if texts and rng.random() < 0.05:
            text, original = rng.choice(texts)
            yield CodedReport(document=_document(n, day, f"{text} Copy {n}.", rng), events=original.events, claims=(), relations=(), refusals=())
            continue
        events = []
        for _ in range(rng.randint(2, 4)):
            if open_events and rng.random() < 0.6:
                events.append(rng.choice(open_events[-400:]))
            else:
                events.append(_make_event(day, rng, vocabulary))
                open_events.append(events[-1])
        del open_events[:-400]
        body = " ".join(rng.choices(vocabulary, k=180))
        unique = {e.event_id: e for e in events}
        report = CodedReport(document=_document(n, day, f"{body}.", rng), events=tuple(unique.values()), claims=(), relations=(), refusals=())
        texts.append((report.document.text, report))
        del texts[:-2000]
        yield report


def _document(n: int, day: datetime.date, text: str, rng: random.Random) -> Document:
    return make_document(text, doc_id=f"g{n}", published_on=day, publisher=f"Paper {rng.randrange(60)}", origin=f"stream.jsonl:{n}")


def _make_event(day: datetime.date, rng: random.Random, vocabulary: Sequence[str]) -> Event:
    codebook = load_codebook()
    event_type = rng.choice(TYPES)
    weights = [1 / (n + 1) for n in range(len(COUNTRIES))]
    source, target = rng.choices(COUNTRIES, weights, k=2)
    text = " ".join(rng.choices(vocabulary, k=9))
    cameo = {"CONSULT": "040", "ASSAULT": "190", "ACCUSE": "112"}.get(event_type, "030")
    happened = (day - datetime.timedelta(days=rng.choice((0, 0, 0, 1, 1, 2)))).isoformat()
    place = Place(f"Town {rng.randrange(2000)}", target, rng.uniform(-60, 60), rng.uniform(-180, 180), "city") if rng.random() < 0.4 else None
    return Event(
        event_id=hashlib.blake2b(f"{text}{happened}".encode(), digest_size=8).hexdigest(),
        doc_id="",
        codebook=codebook.version,
        event_type=event_type,
        modes=(),
        contexts=(),
        quad=int(codebook.types[event_type]["quad"]),
        intensity=intensity_of(codebook, event_type, ()),
        cameo=cameo,
        goldstein=goldstein_of(codebook, cameo),
        source=(Actor(source, source, source, ("GOV",)),),
        target=(Actor(target, target, target, (rng.choice(("GOV", "CVL", "MIL")),)),),
        date=When(happened, happened, "day", "that day"),
        place=place,
        said_by=(),
        modality="actual",
        historical=False,
        dead=None,
        injured=None,
        evidence=(Evidence((0, len(text)), text, (0, 5), "made.up"),),
        confidence=0.7,
        decided_by="rule",
    )


def measure_growth(count: int = GROWTH_REPORTS, plot: Path | None = PLOT) -> Iterator[Measure]:
    """What one report costs (near copies looked for, matched, merged, written) when the store has 1,000 of them, and when it has 100,000. CPU time."""
    rng = random.Random(1)
    points: list[tuple[int, float]] = []
    costs: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "s.db")
        store = open_store(path)
        sketches: Sketches = {}
        for n, report in enumerate(make_reports(count, rng), start=1):
            started = time.process_time()
            add_report(store, report, sketches)
            costs.append((time.process_time() - started) * 1000)
            if n in GROWTH_STEPS:
                points.append((n, statistics.median(costs[-GROWTH_WINDOW:])))
                print(f"  {n:>7,} reports: {points[-1][1]:.2f} ms a report, {path.stat().st_size / 1e6:.0f} MB", flush=True)
        with reading(store) as connection:
            copies = connection.scalar(sa.select(sa.func.count()).where(schema.documents.c.copy_of.is_not(None)))
            events = connection.scalar(sa.select(sa.func.count()).select_from(schema.events))
        size = path.stat().st_size
        store.close()
    group = f"growth ({count:,} made-up reports)"
    for number, cost in points:
        yield Measure(group, f"a report at {number:,}", cost, unit=" ms")
    yield Measure(group, "last / first", points[-1][1] / points[0][1], 1.5, "<=", "x", f"{events:,} events, {copies:,} near copies, {size / 1e6:.0f} MB")
    if plot is not None:
        plot.write_text(draw_growth(points), "utf-8")


def draw_growth(points: Sequence[tuple[int, float]]) -> str:
    """(reports, milliseconds) -> an SVG: cost per report against the logarithm of the store's size."""
    import math

    top = max(cost for _, cost in points) * 1.3
    low, high = math.log10(points[0][0]), math.log10(points[-1][0])
    spots = [(60 + 420 * (math.log10(n) - low) / (high - low), 230 - 190 * cost / top, n, cost) for n, cost in points]
    lines = ['<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 520 280" font-family="sans-serif" font-size="11">', '<rect width="520" height="280" fill="white"/>']
    lines.append('<path d="M60 40V230H490" fill="none" stroke="black"/>')
    lines.append(f'<polyline fill="none" stroke="#1f5fa8" stroke-width="2" points="{" ".join(f"{x:.0f},{y:.0f}" for x, y, _, _ in spots)}"/>')
    for x, y, n, cost in spots:
        lines.append(f'<circle cx="{x:.0f}" cy="{y:.0f}" r="3" fill="#1f5fa8"/><text x="{x:.0f}" y="{y - 8:.0f}" text-anchor="middle">{cost:.1f}</text>')
        lines.append(f'<text x="{x:.0f}" y="246" text-anchor="middle">{n:,}</text>')
    lines.append('<text x="275" y="268" text-anchor="middle">reports in the store</text><text x="60" y="28">milliseconds of CPU a report (median of 500)</text></svg>')
    return "\n".join(lines) + "\n"


# -- imports ------------------------------------------------------------------------------------------------------------------
def measure_imports(rows: int = exchange_speed.ROWS) -> Iterator[Measure]:
    """Files of ICEWS and GDELT, made of the sample and made up: rows a second that are read, and that are read and stored in a new store. CPU time of one core."""
    group = f"import ({rows:,} rows, SQLite, one core)"
    with tempfile.TemporaryDirectory() as folder:
        for name, path in exchange_speed.make_files(Path(folder), rows):
            read = exchange_speed.rows_per_second(functools.partial(read_events, name), path, rows)
            yield Measure(group, f"{name}: rows read a second", read, 50_000, unit="/s")
            times = []
            for turn in range(exchange_speed.ROUNDS):
                store = open_store(Path(folder, f"{name}{turn}.db"))
                begun = time.process_time()
                found = import_events(store, _of_type(read_events(name, path)), origin=name, location=path.name, codebook="cameo")
                times.append(time.process_time() - begun)
                store.close()
            seconds = statistics.median(times)
            size = Path(folder, f"{name}0.db").stat().st_size / 1e6
            detail = f"{found.new:,} events, {size:.0f} MB; reading alone would take {rows / read / seconds:.0%} of the time"
            yield Measure(group, f"{name}: rows imported a second", rows / seconds, 50_000, unit="/s", detail=detail)


def _of_type(read: Iterable[object]) -> Iterator[ImportedEvent]:
    return (item for item in read if isinstance(item, ImportedEvent) and item.event_type is not None)


# -- a million imported events ------------------------------------------------------------------------------------------------
def make_rows(count: int, rng: random.Random) -> Iterator[Imported]:
    """Made-up rows of a dataset over twenty years; a tenth of all events is on thirty countries' most frequent pairs."""
    codebook = load_codebook()
    weights = [1 / (n + 1) for n in range(len(COUNTRIES))]
    shapes = []
    for event_type in dict.fromkeys(TYPES):
        cameo = {"CONSULT": "040", "ASSAULT": "190", "ACCUSE": "112"}.get(event_type, "030")
        shapes.append((event_type, int(codebook.types[event_type]["quad"]), intensity_of(codebook, event_type, ()), cameo, goldstein_of(codebook, cameo)))
    actors = {(c, s): ImportedActor(c, c, (s,)) for c in COUNTRIES for s in ("GOV", "CVL", "MIL", "REB")}
    places = [ImportedPlace(f"Town {n}", COUNTRIES[n % 30], n % 60, n % 180, "city") for n in range(3000)]
    first = datetime.date(2000, 1, 1)
    days = [(first + datetime.timedelta(days=n)).isoformat() for n in range(7300)]
    for n in range(count):
        event_type, quad, intensity, cameo, goldstein = rng.choice(shapes)
        source, target = rng.choices(COUNTRIES, weights, k=2)
        day = days[n * 7300 // count]
        event = ImportedEvent(
            event_id=str(n),
            origin="made-up",
            licence="own",
            event_type=event_type,
            quad=quad,
            intensity=intensity,
            cameo=cameo,
            goldstein=goldstein,
            source=(actors[source, rng.choice(("GOV", "MIL", "REB"))],),
            target=(actors[target, rng.choice(("GOV", "CVL"))],),
            date=When(day, day, "day"),
            place=rng.choice(places),
        )
        yield Imported(str(n), n, event, evidence=f"{event_type.lower()} between {source} and {target}")


def measure_million(count: int = MILLION) -> Iterator[Measure]:
    """Queries over a million imported events on SQLite, by the clock: medians of 15 after one that warms the cache."""
    group = f"queries ({count:,} imported events, SQLite)"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "s.db")
        store = open_store(path)
        started = time.perf_counter()
        import_events(store, make_rows(count, random.Random(2)), origin="made-up", location="rows", codebook="cameo")
        seconds = time.perf_counter() - started
        yield Measure(group, "rows stored a second", count / seconds, unit="/s", detail=f"{path.stat().st_size / 1e6:.0f} MB; making the rows included")
        day = datetime.date
        asked: dict[str, Callable[[], Any]] = {
            "daily series of a dyad": lambda: count_days(store, "PRK", "USA"),
            "page: a dyad": lambda: find_events(store, Filters(dyad=("PRK", "USA"))),
            "page: the largest dyad": lambda: find_events(store, Filters(dyad=("USA", "CHN"))),
            "page: type and days": lambda: find_events(store, Filters(types=("ASSAULT",), since=day(2010, 3, 1), until=day(2010, 6, 30))),
            "page: source, sector, place": lambda: find_events(store, Filters(source="IRN/MIL", place="ISR")),
            "page: dyad, type, days": lambda: find_events(
                store, Filters(dyad=("RUS", "UKR"), one_way=True, types=("ASSAULT", "COERCE"), since=day(2014, 1, 1), until=day(2014, 12, 31))
            ),
            "page: words": lambda: find_events(store, Filters(text="aid yem")),
            "page: everything, latest first": lambda: find_events(store, Filters(), newest_first=True),
        }
        for name, ask in asked.items():
            ask()
            times = []
            for _ in range(15):
                started = time.perf_counter()
                ask()
                times.append((time.perf_counter() - started) * 1000)
            yield Measure(group, name, statistics.median(times), 100.0, "<=", " ms", f"{min(times):.1f} to {max(times):.1f}")
        sizes = {pair: sum(number for way in (pair, pair[::-1]) for _, number in count_days(store, *way)) for pair in (("PRK", "KOR"), ("RUS", "UKR"), ("USA", "CHN"))}
        store.close()
        for (a, b), size in sizes.items():
            yield _measure_command(group, "situation", path, a, b, size)
        yield from _measure_forecasts(group, path, sizes)


def _measure_command(group: str, name: str, path: Path, a: str, b: str, size: int, *, label: str = "", day: str = "2015-06-16", cache: str = "") -> Measure:
    """The whole command, with the start of Python: median of five by the clock after one that warms the cache."""
    command = [sys.executable, "-m", "detente", name, a, b, "--at", day, "--store", str(path)]
    times = []
    for _ in range(6):
        started = time.perf_counter()
        subprocess.run(command, env=_installed(path.parent, cache), check=True, capture_output=True)
        times.append(time.perf_counter() - started)
    return Measure(
        group, f"detente {name} {a} {b}{label}", statistics.median(times[1:]), 2.0, "<=", " s", f"{size:,} events of the pair; {min(times[1:]):.2f} to {max(times[1:]):.2f}"
    )


def _installed(folder: Path, cache: str) -> dict[str, str]:
    """The environment of a command as an installed detente has it: its modules are compiled once, also where Python is told to keep nothing of that."""
    return {**os.environ, "PYTHONPATH": str(ROOT / "src"), "DETENTE_CACHE": cache, "PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(folder / "bytecode")}


def _measure_forecasts(group: str, path: Path, sizes: Mapping[tuple[str, str], int]) -> Iterator[Measure]:
    """Training of all models of a month, by one command; then other pairs and days of that month, whose models are kept."""
    cache = str(path.parent / "cache")
    started = time.perf_counter()
    command = [sys.executable, "-m", "detente", "forecast", "FRA", "DEU", "--at", "2015-06-16", "--store", str(path)]
    subprocess.run(command, env=_installed(path.parent, cache), check=True, capture_output=True)
    yield Measure(group, "detente forecast, nothing kept", time.perf_counter() - started, 120.0, "<=", " s", "events read, models trained and measured")
    for (a, b), size in sizes.items():
        yield _measure_command(group, "forecast", path, a, b, size, label=", models kept", day="2015-06-18", cache=cache)


# -- kills --------------------------------------------------------------------------------------------------------------------
def measure_kills(times: int = KILLS, of_the_command: int = COMMAND_KILLS) -> Iterator[Measure]:
    """Runs that fill a store, killed with SIGKILL at random moments and run again to their end: how many of the stores differ from one that was never killed.

    Coding takes nearly all of a run's time and touches nothing; so that kills strike the store, most are of a process that hands it reports coded beforehand
    (``store.py feed``), the rest of ``detente add`` itself. Each round starts where the one before was killed until a run ends; then it is compared, and a new store begun.
    """
    import msgspec

    rng = random.Random(4)
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "OMP_NUM_THREADS": "1"}
    documents = [d for d in read_documents([DEMO]) if isinstance(d, Document)]
    with tempfile.TemporaryDirectory() as folder:
        coded, few = Path(folder, "coded.jsonl"), Path(folder, "few.jsonl")
        coded.write_bytes(b"".join(msgspec.json.encode(r) + b"\n" for r in code_documents(documents, keep_all=True)))
        few.write_bytes(b"".join(DEMO.read_bytes().splitlines(keepends=True)[:COMMAND_REPORTS]))
        feed = [sys.executable, str(Path(__file__).resolve()), "feed", str(coded)]
        add = [sys.executable, "-m", "detente", "add", str(few), "--workers", "1", "--batch-reports", "4", "--store"]
        yield _kill_rounds("of the storing of reports", feed, times - of_the_command, Path(folder, "feed"), environment, rng)
        yield _kill_rounds("of detente add", add, of_the_command, Path(folder, "add"), environment, rng)


def _kill_rounds(name: str, command: Sequence[str], times: int, stem: Path, environment: dict[str, str], rng: random.Random) -> Measure:
    """A command that takes the store's file as its last argument, killed so many times in as many stores as that takes."""
    whole_path = f"{stem}_whole.db"
    writing_from, started = 0.0, time.perf_counter()
    process = subprocess.Popen([*command, whole_path], env=environment, stdout=subprocess.DEVNULL)
    while process.poll() is None:  # what comes before the first report is in need not be struck
        if not writing_from and Path(whole_path).exists() and _count_documents(whole_path):
            writing_from = time.perf_counter() - started
        time.sleep(0.02)
    if process.returncode:
        raise SystemExit(f"{name}: the run that was to be left alone ended with {process.returncode}")
    longest, whole = time.perf_counter() - started, table_rows(Path(whole_path))
    killed = rounds = different = cut_short = 0
    while killed < times:
        path, in_round = f"{stem}_{rounds}.db", 0
        while killed < times and in_round < KILLS_OF_A_STORE:
            began = time.perf_counter()
            process = subprocess.Popen([*command, path], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            moment = rng.uniform(writing_from * 0.9, longest)
            while process.poll() is None and time.perf_counter() - began < moment:
                time.sleep(0.01)
            if process.poll() is not None:  # the machine is faster now than when the whole run was timed
                longest = min(longest, time.perf_counter() - began)
                writing_from = min(writing_from, longest * 0.7)
                break
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            killed, in_round = killed + 1, in_round + 1
            cut_short += 0 < _count_documents(path) < len(whole["documents"])
        subprocess.run([*command, path], env=environment, check=True, capture_output=True)
        different += table_rows(Path(path)) != whole
        rounds += 1
    detail = f"{killed} kills in {rounds} stores, {cut_short} with some but not all reports in; {sum(map(len, whole.values())):,} rows compared in each"
    return Measure("kills", f"stores that differ, {name}", different, 0, "<=", detail=detail)


def _count_documents(path: str) -> int:
    """How many documents a store has that may have been killed before it had tables."""
    import contextlib
    import sqlite3

    with contextlib.closing(sqlite3.connect(path)) as connection, contextlib.suppress(sqlite3.OperationalError):
        return int(connection.execute("SELECT count(*) FROM documents").fetchone()[0])
    return 0


def feed_store(coded: str, address: str) -> None:
    """Reports coded beforehand, a line each -> the store, as ``detente add`` hands them over."""
    import msgspec

    decoder = msgspec.json.Decoder(CodedReport)
    store = open_store(address)
    sketches: Sketches = {}
    for line in Path(coded).read_bytes().splitlines():
        report = decoder.decode(line)
        if not find_known(store, [report.document]):
            add_report(store, report, sketches)
    store.close()


def table_rows(path: Path) -> dict[str, list[str]]:
    """A store -> all rows of all tables, without the moments of recording."""
    store = open_store(path, create=False)
    out = {}
    with reading(store) as connection:
        for name, table in schema.metadata.tables.items():
            columns = [c for c in table.c if c.name not in ("recorded_at", "applied_at")]
            out[name] = sorted(map(repr, connection.execute(sa.select(*columns))))
    store.close()
    return out


MEASURES: dict[str, Callable[[], Iterator[Measure]]] = {
    "merging": measure_merging,
    "duplicates": measure_duplicates,
    "growth": measure_growth,
    "import": measure_imports,
    "million": measure_million,
    "kills": measure_kills,
}


if __name__ == "__main__":
    if sys.argv[1:2] == ["feed"]:
        feed_store(*sys.argv[2:])
        sys.exit()
    for chosen in sys.argv[1:] or MEASURES:
        for m in MEASURES[chosen]():
            told = f", wanted {m.bound} {m.wanted:g}{m.unit}" if m.wanted is not None else ""
            print(f"{m.group}: {m.name}: {m.value:.3f}{m.unit}{told}  {m.detail}", flush=True)
