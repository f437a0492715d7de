"""How right, how fast, how small: every measure of ``make bench`` as one table, and as benchmarks/results.json.

    python benchmarks/run.py            # everything; about ten minutes on two cores
    python benchmarks/run.py --quick    # without the memory run of 10,000 reports; about two minutes

What each measure is, and how it is taken, stands in benchmarks/README.md. Files that are not there (the development data) are left out.
"""

from __future__ import annotations

import argparse
import csv
import datetime
import itertools
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"  # before numpy is imported: figures are per core

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "benchmarks")]

import msgspec  # noqa: E402

from detente.codebook.load import load_codebook  # noqa: E402
from detente.coding.parse import Parser, load_parser, parse_only  # noqa: E402
from detente.evaluating import Evaluation, evaluate_events  # noqa: E402
from detente.pipeline import code_documents  # noqa: E402
from detente.reading import read_documents  # noqa: E402
from detente.records import Document  # noqa: E402

RESULTS = ROOT / "benchmarks" / "results.json"
SHARED = ROOT.parent / "shared" / "data"
DEMO = ROOT / "src" / "detente" / "demo" / "reports.jsonl"
WORLD = ROOT / "benchmarks" / "world_reports.jsonl"
NEWS = ROOT / "benchmarks" / "news_reports.jsonl"
SPEED_REPORTS = 600
SPEED_ROUNDS = 3
MEMORY_REPORTS = 10_000
MEMORY_WORKERS = 2
START_RUNS = 5
CALIBRATION_BINS = 8
CALIBRATION_BIN_EVENTS = 30
"""Fewer events than this in a bin measure chance only; a small corpus has fewer bins."""
FOLD = {"CONCEDE": "YIELD", "RETREAT": "YIELD"}


class Corpus(NamedTuple):
    """Reports with their annotation. ``wanted``: the figures that are asked for, by measure; the others are shown only."""

    name: str
    reports: Path
    gold: Path
    wanted: Mapping[str, float]


CORPORA = (
    Corpus("sample", DEMO, ROOT / "benchmarks" / "gold_sample.jsonl", {"strict F1": 0.80}),
    Corpus("world", WORLD, ROOT / "benchmarks" / "gold_world.jsonl", {"strict F1": 0.80}),
    Corpus("news", NEWS, ROOT / "benchmarks" / "gold_news.jsonl", {}),
    Corpus("development", SHARED / "gold_dev" / "articles.jsonl", SHARED / "gold_dev" / "gold.jsonl", {"strict F1": 0.75, "date": 0.9, "said_by": 0.8, "place": 0.8}),
)


class Row(NamedTuple):
    """One measure. ``bound`` says which way is good: ``>=`` or ``<=`` the wanted value, which is ``None`` where nothing is asked."""

    group: str
    measure: str
    command: str
    value: float
    wanted: float | None = None
    bound: str = ">="
    unit: str = ""
    detail: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the value is as wanted; ``None`` where nothing is asked."""
        if self.wanted is None:
            return None
        return self.value >= self.wanted if self.bound == ">=" else self.value <= self.wanted


class CommandFailed(Exception):
    """A command that a measure needs did not work; the other measures are still taken."""


def read_corpus(path: Path) -> list[Document]:
    """A file of reports -> its documents."""
    return [item for item in read_documents([path]) if isinstance(item, Document)]


def measure_events(corpus: Corpus) -> Iterator[Row]:
    """Events end to end: F1 at three levels, the share of right fields among the strict matches, and the calibration of confidence."""
    command = f"detente evaluate {_short(corpus.gold)} --reports {_short(corpus.reports)}"
    gold = [msgspec.json.decode(line) for line in corpus.gold.read_text("utf-8").splitlines() if line.strip()]
    coded = [msgspec.to_builtins(event) for report in code_documents(read_corpus(corpus.reports)) for event in report.events]
    evaluation = evaluate_events(gold, coded)
    group = f"events, {corpus.name} ({len(gold)} reports)"
    for level, score in evaluation.levels.items():
        detail = f"P {score.precision:.3f} R {score.recall:.3f}, {score.coded} coded, {score.required} required"
        yield Row(group, f"{level} F1", command, score.f1, corpus.wanted.get(f"{level} F1"), detail=detail)
    for name, (right, asked) in sorted(evaluation.fields.items()):
        yield Row(group, name, command, right / asked, corpus.wanted.get(name), detail=f"{right} of {asked}")
    judged = [event for event in coded if event["doc_id"] in {str(g["doc"]) for g in gold}]
    yield Row(group, "confidence: calibration error", command, calibration_error(judged, evaluation), bound="<=", detail=f"{len(judged)} events")


def calibration_error(coded: Sequence[Mapping[str, Any]], evaluation: Evaluation) -> float:
    """Coded events with their evaluation -> the mean distance between confidence and the share right, over bins of equal count."""
    wrong = {error.event.raw["event_id"] for error in evaluation.errors if error.kind == "wrong"}
    pairs = sorted((event["confidence"], event["event_id"] not in wrong) for event in coded)
    size = max(CALIBRATION_BIN_EVENTS, -(-len(pairs) // CALIBRATION_BINS))
    bins = [pairs[i : i + size] for i in range(0, len(pairs), size)]
    return sum(abs(sum(c for c, _ in b) - sum(r for _, r in b)) for b in bins) / max(1, len(pairs))


def measure_relations(table: Path) -> Iterator[Row]:
    """``detente relate``: macro F1 over 15 classes and the share of right quad classes. It is given the four columns that it may know."""
    with table.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))
    with tempfile.TemporaryDirectory() as folder:
        asked, told = Path(folder, "pairs.tsv"), Path(folder, "relations.tsv")
        columns = ("id", "sentence", "source", "target")
        asked.write_text("".join("\t".join(line) + "\n" for line in (columns, *(tuple(r[c] for c in columns) for r in rows))), "utf-8")
        started = time.perf_counter()
        run_detente("relate", str(asked), "-o", str(told))
        seconds = time.perf_counter() - started
        with told.open(encoding="utf-8", newline="") as stream:
            found = {r["id"]: r for r in csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE)}
    quads = {name: str(info["quad"]) for name, info in load_codebook().types.items()} | {"YIELD": "2"}
    truth = [FOLD.get(r["event_type"], r["event_type"]) for r in rows]
    answers = [FOLD.get(t, t) for t in (found.get(r["id"], {}).get("event_type", "") for r in rows)]
    command = f"detente relate {_short(table)}"
    group = f"relations, development ({len(rows)} pairs)"
    yield Row(group, "macro F1, 15 classes", command, macro_f1(truth, answers), 0.80, detail=f"accuracy {_share(t == a for t, a in zip(truth, answers, strict=True)):.3f}")
    yield Row(group, "quad accuracy", command, _share(quads.get(a) == r["quad"] for r, a in zip(rows, answers, strict=True)), 0.90)
    yield Row(group, "pairs per second", command, len(rows) / seconds, unit="/s", detail="start included")


def macro_f1(truth: Sequence[str], answers: Sequence[str]) -> float:
    """True and given labels -> the mean over the true classes of F1."""
    hits, given, asked = Counter(t for t, a in zip(truth, answers, strict=True) if t == a), Counter(answers), Counter(truth)
    return statistics.mean(2 * hits[c] / (given[c] + n) for c, n in asked.items())


def _share(verdicts: Iterator[bool]) -> float:
    listed = list(verdicts)
    return sum(listed) / len(listed)


def measure_speed() -> Iterator[Row]:
    """Reports a second on one core, and CPU time relative to spaCy's own parse of the same texts. The runs take turns, so that all meet the same machine."""
    import spacy

    base = read_corpus(DEMO) + read_corpus(WORLD)
    documents = vary_documents(base, SPEED_REPORTS)
    texts = [d.text for d in documents]
    ours = load_parser()
    whole = Parser(spacy.load(ours.name), ours.name)

    def parse_bare() -> None:
        others = [p for p in ours.nlp.pipe_names if p not in ("tok2vec", "transformer", "tagger", "parser")]
        with ours.nlp.select_pipes(disable=others):
            parse_only(ours, texts)

    runs: dict[str, Callable[[], Any]] = {"code": lambda: list(code_documents(documents)), "whole": lambda: parse_only(whole, texts), "bare": parse_bare}
    list(code_documents(documents[:40]))
    parse_only(whole, texts[:40])
    seconds = {name: 0.0 for name in runs}
    wall = 0.0
    for _ in range(SPEED_ROUNDS):
        for name, run in runs.items():
            cpu, clock = time.process_time(), time.perf_counter()
            run()
            seconds[name] += time.process_time() - cpu
            wall += (time.perf_counter() - clock) * (name == "code")
    coded = SPEED_ROUNDS * len(documents)
    group = f"speed ({len(documents)} reports of {sum(map(len, texts)) // len(texts)} characters)"
    command = "detente code (one process)"
    yield Row(group, "reports per second and core", command, coded / seconds["code"], unit="/s", detail=f"CPU time; by the clock {coded / wall:.1f}/s")
    yield Row(group, "time / spaCy's full pipeline", command, seconds["code"] / seconds["whole"], 1.25, "<=", "x", f"spaCy alone: {coded / seconds['whole']:.1f}/s")
    yield Row(group, "time / tagger and parser only", command, seconds["code"] / seconds["bare"], 1.25, "<=", "x", f"spaCy alone: {coded / seconds['bare']:.1f}/s")


def vary_documents(base: Sequence[Document], count: int) -> list[Document]:
    """Documents -> ``count`` of them by going round, each with an id and a last paragraph of its own, so that no two are the same text."""
    rounds = ((n, base[n % len(base)]) for n in range(count))
    return [msgspec.structs.replace(d, id=f"{d.id}-{n}", text=f"{d.text}\n\nThis is copy {n} of the report.") for n, d in rounds]


def measure_memory() -> Iterator[Row]:
    """The peak of the memory of ``detente code`` with all its workers over 10,000 reports, sampled four times a second."""
    if not Path("/proc/self/stat").exists():
        raise CommandFailed("found no /proc; memory is measured on Linux only")
    with tempfile.TemporaryDirectory() as folder:
        reports, events = Path(folder, "reports.jsonl"), Path(folder, "events.jsonl")
        with reports.open("w", encoding="utf-8") as stream:
            lines = [json.loads(line) for path in (DEMO, WORLD) for line in path.read_text("utf-8").splitlines() if line.strip()]
            for n, line in enumerate(itertools.islice(itertools.cycle(lines), MEMORY_REPORTS)):
                stream.write(json.dumps({**line, "id": f"{line['id']}-{n}", "text": f"{line['text']}\n\nThis is copy {n} of the report."}) + "\n")
        started = time.perf_counter()
        process = subprocess.Popen(_command("code", str(reports), "-o", str(events), "--workers", str(MEMORY_WORKERS)), env=_environment(), stderr=subprocess.DEVNULL)
        peak = early = 0
        while process.poll() is None:
            now = tree_memory(process.pid)
            peak = max(peak, now)
            if time.perf_counter() - started < 60:
                early = max(early, now)
            time.sleep(0.25)
        if process.returncode:
            raise CommandFailed(f"detente code ended with {process.returncode}")
        seconds = time.perf_counter() - started
        with events.open("rb") as stream:
            written = sum(1 for _ in stream)
    command = f"detente code 10k.jsonl -o events.jsonl --workers {MEMORY_WORKERS}"
    detail = f"{early / 1e9:.2f} GB in the first minute; {written} events, {MEMORY_REPORTS / seconds:.1f} reports/s by the clock"
    yield Row(f"memory ({MEMORY_REPORTS:,} reports)", "peak resident, all processes", command, peak / 1e9, 1.5, "<=", " GB", detail)


def tree_memory(pid: int) -> int:
    """A process -> the resident memory of it and all its descendants, bytes; pages that they share count for each."""
    children: dict[int, list[int]] = {}
    pages: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()  # what follows the name: state, parent, ...
            except OSError:  # it has just ended
                continue
            children.setdefault(int(fields[1]), []).append(int(entry.name))
            pages[int(entry.name)] = int(fields[21])
    family = [pid]
    for member in family:
        family.extend(children.get(member, ()))
    return sum(pages.get(member, 0) for member in family) * os.sysconf("SC_PAGE_SIZE")


def measure_start() -> Iterator[Row]:
    """What a user waits for: the median of five runs, by the clock, after one that warms the disk."""
    document = read_corpus(DEMO)[0]
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.txt")
        report.write_text(document.text, "utf-8")
        cases = {"detente --help": (("--help",), 0.3), "detente code of one report": (("code", str(report), "--date", str(document.published_on)), 3.0)}
        for name, (arguments, wanted) in cases.items():
            times, before = [], sum(os.times()[2:4])
            for _ in range(1 + START_RUNS):
                started = time.perf_counter()
                run_detente(*arguments)
                times.append(time.perf_counter() - started)
            spread = f"{min(times[1:]):.2f} to {max(times[1:]):.2f} by the clock; CPU time {(sum(os.times()[2:4]) - before) / len(times):.2f}"
            yield Row("start", name, "detente --help" if name.endswith("help") else "detente code report.txt", statistics.median(times[1:]), wanted, "<=", " s", spread)


def measure_store(name: str) -> Iterator[Row]:
    """A measure of ``store.py``: merging, duplicates, growth, import, million or kills."""
    import store

    for m in store.MEASURES[name]():
        yield Row(m.group, m.name, f"python benchmarks/store.py {name}", m.value, m.wanted, m.bound, m.unit, m.detail)


def measure_analysis(name: str) -> Iterator[Row]:
    """A measure of ``ladder.py`` (decay, direction), ``alerts.py`` or ``precedents.py`` on ICEWS14, or of ``cycle.py`` or ``hawkes.py`` on made-up dyads."""
    import alerts
    import cycle
    import hawkes
    import ladder
    import precedents

    made: dict[str, Callable[[], Iterator[Any]]] = {"cycle": cycle.measure_cycle, "hawkes": hawkes.measure_hawkes, "precedents": precedents.measure_skill}
    module = {"decay": "ladder", "direction": "ladder"}.get(name, name)
    command = f"python benchmarks/{module}.py" + (f" {name}" if module == "ladder" else " skill" if name == "precedents" else "")
    for m in (ladder.MEASURES | alerts.MEASURES | made)[name]():
        yield Row(m.group, m.name, command, m.value, m.wanted, m.bound, m.unit, m.detail)


def measure_desk(seconds: float) -> Iterator[Row]:
    """The desk: see ``desk.py``. The stores are made for it."""
    import desk

    command = "python benchmarks/desk.py"
    with tempfile.TemporaryDirectory() as folder:
        found = desk.measure(*desk.make_stores(Path(folder)), seconds=seconds)
    yield Row("desk (sample corpus)", "detente serve is up", command, found["up"], desk.START_SECONDS, "<=", " s", "until its first page was there; median of 3 starts")
    heaviest = max(found["weights"], key=found["weights"].get)
    yield Row("desk (sample corpus)", "heaviest page", command, found["weights"][heaviest] / 1000, desk.WEIGHT_BYTES / 1000, "<=", " kB", f"{heaviest}, with all that it loads, gzip; the map left out")
    for load in found["loads"]:
        group = f"desk ({desk.EVENTS:,} events, {load['readers']} readers for {load['seconds']:.0f} s, {load['workers']} process{'es' if load['workers'] > 1 else ''})"
        for name, page in load["pages"].items():
            detail = f"p95 {page['p95_ms']:.0f} ms, most {page['most_ms']:.0f} ms; {page['requests']:,} requests, {page['first_views']} of them first views with a median of {page['first_median_ms']:.0f} ms"
            yield Row(group, f"{name}: median", command, page["median_ms"], desk.MEDIAN_MS, "<=", " ms", detail)
        yield Row(group, "failures", command, load["failures"], 0, "<=", "", "; ".join(load["first_failures"]))


def measure_quads() -> Iterator[Row]:
    """Event forecasts on ICEWS14, see ``quads.py``; nothing where the data is not there."""
    import quads

    try:
        for m in quads.measure_quads():
            yield Row(m.group, m.name, "python benchmarks/quads.py", m.value, m.wanted, m.bound, m.unit, m.detail)
    except subprocess.CalledProcessError as error:
        raise CommandFailed(f"detente backtest quads ended with {error.returncode}") from error


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "detente", *arguments]


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT / "src"), os.environ.get("PYTHONPATH", "")]))}


def run_detente(*arguments: str) -> None:
    """Run the command line in a process of its own; raises ``CommandFailed`` with the last line of its error."""
    done = subprocess.run(_command(*arguments), env=_environment(), capture_output=True, text=True, check=False)
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:]
        raise CommandFailed(f"detente {' '.join(arguments)} ended with {done.returncode}: {' '.join(last)}")


def _short(path: Path) -> str:
    return os.path.relpath(path, ROOT)


def table_lines(rows: Sequence[Row]) -> Iterator[str]:
    """Rows -> the lines of the table, a heading for each group with the command that gives it."""
    for (group, command), members in itertools.groupby(rows, key=lambda r: (r.group, r.command)):
        yield f"\n{group}: {command}"
        yield f"  {'measure':32} {'value':>10} {'wanted':>11}  met?"
        for row in members:
            wanted = f"{row.bound} {row.wanted:g}{row.unit}" if row.wanted is not None else "-"
            met = {None: "", True: "yes", False: "NO"}[row.met]
            digits = 3 if not row.unit or row.unit == "x" else 2
            yield f"  {row.measure:32} {f'{row.value:.{digits}f}{row.unit}':>10} {wanted:>11}  {met:4} {row.detail}".rstrip()


def describe_machine() -> dict[str, Any]:
    """Where and with what the figures were taken."""
    import spacy

    try:
        cpu = next(line.split(":", 1)[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name"))
    except (OSError, StopIteration):
        cpu = platform.processor()
    parser = load_parser()
    return {
        "measured_on": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "cpu": cpu,
        "cores": os.cpu_count(),
        "load_before": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        "python": platform.python_version(),
        "spacy": spacy.__version__,
        "pipeline": f"{parser.name} {parser.version}",
        "codebook": load_codebook().version,
    }


def main() -> int:
    """Take the measures, print the table, write results.json -> 0, or 1 if a command failed (not: if a figure is short of what is wanted)."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="leave the memory run out")
    parser.add_argument(
        "--only",
        choices=("events", "relations", "speed", "memory", "start", "store", "analysis", "quads"),
        action="append",
        help="take these measures only and write no results.json",
    )
    parser.add_argument("--desk-seconds", type=float, default=300.0, help="how long the desk is asked for each number of processes (default: 300)")
    arguments = parser.parse_args()
    machine = describe_machine()
    steps: list[tuple[str, Callable[[], Iterator[Row]]]] = [
        ("events", lambda c=corpus: measure_events(c)) for corpus in CORPORA if corpus.gold.exists() and corpus.reports.exists()
    ]
    if (SHARED / "plv_dev.tsv").exists():
        steps.append(("relations", lambda: measure_relations(SHARED / "plv_dev.tsv")))
    steps += [("speed", measure_speed), ("start", measure_start), ("memory", measure_memory)]
    steps += [
        ("store", lambda n=name: measure_store(n)) for name in (("merging", "duplicates") if arguments.quick else ("merging", "duplicates", "import", "million", "kills", "growth"))
    ]
    chosen = () if arguments.quick else ("cycle", "hawkes")
    if (SHARED / "icews14").exists():
        chosen += ("alerts",) if arguments.quick else ("alerts", "decay", "direction", "precedents")
    steps += [("analysis", lambda n=name: measure_analysis(n)) for name in chosen]
    if not arguments.quick:
        steps += [("quads", measure_quads), ("desk", lambda: measure_desk(arguments.desk_seconds))]
    rows: list[Row] = []
    failures: list[str] = []
    for name, step in steps:
        if (arguments.only and name not in arguments.only) or (name == "memory" and arguments.quick):
            continue
        try:
            found = list(step())
        except CommandFailed as error:
            failures.append(f"{name}: {error}")
            print(f"\n{name}: FAILED: {error}", flush=True)
            continue
        rows.extend(found)
        print("\n".join(table_lines(found)), flush=True)
    asked = [row for row in rows if row.met is not None]
    print(f"\n{sum(bool(r.met) for r in asked)} of {len(asked)} wanted figures are met; " + ", ".join(f"{k} {v}" for k, v in machine.items()))
    if not arguments.only:
        RESULTS.write_text(
            json.dumps({"machine": machine, "failures": failures, "measures": [{**r._asdict(), "value": round(r.value, 4), "met": r.met} for r in rows]}, indent=1) + "\n", "utf-8"
        )
        subprocess.run([sys.executable, ROOT / "tools" / "make_accuracy.py"], check=True)
        print(f"wrote {_short(RESULTS)}, and the figures of the desk's page /skill")
    return 1 if failures else 0


if __name__ == "__main__":
    raise SystemExit(main())
