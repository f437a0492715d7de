"""One function a command: parsed arguments -> one call of the library, shown -> exit code."""

from __future__ import annotations

import argparse
import contextlib
import importlib
import itertools
import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from detente import show
from detente.errors import InputError, SettingsError
from detente.exchange import LINE_FORMATS, LineFormat, line_format
from detente.journal import JournaledFile
from detente.reading import READERS, Position, Skipped, make_document, read_documents
from detente.reading.addresses import looks_like_url
from detente.records import CodedReport, Document
from detente.running import Item, Options, code_corpus, limit_threads
from detente.settings import count_workers, read_number, read_text

DEMO_REPORTS = Path(__file__).parent / "demo" / "reports.jsonl"
PAIR_COLUMNS = ("id", "sentence", "source", "target")
RELATION_COLUMNS = ("id", "event_type", "mode", "cameo", "quad", "confidence", "rule")
_ENDINGS = {".csv": "csv", ".parquet": "parquet", ".jsonl": "jsonl", ".ndjson": "jsonl", ".tab": "icews"}


class Run:
    """A run of ``code``: counts what was coded, names what was skipped, says each note with the first report that it is about, and of how many it is."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        if getattr(arguments, "actors", None):
            os.environ["DETENTE_ACTORS"] = arguments.actors  # the register of this process and of the workers looks there
        self.options = Options(
            pipeline=read_text("pipeline", arguments.pipeline),
            keep_all=getattr(arguments, "keep_all", False),
            workers=count_workers(getattr(arguments, "workers", None)),
            batch_reports=read_number("batch_reports", getattr(arguments, "batch_reports", None)),
            small_corpus_reports=read_number("small_corpus_reports", getattr(arguments, "small_corpus_reports", None)),
        )
        self.limit_bytes = read_number("max_report_bytes", getattr(arguments, "max_report_bytes", None))
        self._flags = vars(arguments)
        self.position = Position()
        self.log = show.SkipLog()
        self.coded = 0
        self.done_before = 0
        self._notes: Counter[str] = Counter()

    def read(self, paths: Iterable[str | Path], date: Any = None) -> Iterator[Item]:
        """Paths and URLs -> documents and skips."""
        named = [os.fspath(path) for path in paths]
        web = None
        if any(map(looks_like_url, named)):
            from detente.reading.fetch import read_limits
            from detente.reading.web import make_web

            web = make_web(read_limits(self._flags))
        return read_documents(named, date, limit_bytes=self.limit_bytes, position=self.position, web=web)

    def code(self, items: Iterable[Item]) -> Iterator[CodedReport]:
        """Documents and skips -> coded reports, with a progress bar; the skips are named."""
        with show.ProgressBar(self.position) as bar, contextlib.closing(code_corpus(items, self.options)) as results:
            for result in results:
                if isinstance(result, Skipped):
                    self.log.note(result)
                    continue
                for note in result.notes:
                    self._notes[note] += 1
                    if self._notes[note] == 1:
                        show.warn(f"{result.document.origin or result.document.id}: {note}")
                self.coded += 1
                bar.advance()
                yield result

    def finish(self) -> int:
        """Say what was skipped -> the exit code."""
        lost = sum(self.log.lost.values())
        for note, count in self._notes.items():
            if count > 1:
                show.warn(f"{count:,} reports in all: {note}")
        if not self.coded and not self.done_before:
            if lost != 1:
                self.log.close(0)
            if not lost:
                show.warn("detente: no reports found; expected .txt, .html, .json, .jsonl, .csv, .parquet or .xml")
            return 2
        self.log.close(self.coded)
        return 1 if lost else 0


class _TableFormat:
    """The table for the eye, in the shape of a line format."""

    HEADER = (show.table_header() + "\n").encode()

    def encode_report(self, report: CodedReport) -> bytes:
        return "".join(line + "\n" for line in show.table_lines(report.events)).encode()


def run_code(arguments: argparse.Namespace) -> int:
    """``detente code``."""
    run = Run(arguments)
    output = Path(arguments.output) if arguments.output and arguments.output != "-" else None
    name = arguments.format or _format_of(output)
    if arguments.resume and (output is None or name == "parquet"):
        raise SettingsError("--resume: found no output that can be taken up again; expected -o FILE and a format other than parquet")
    items = run.read(arguments.paths, arguments.date)
    if name == "parquet":
        _write_parquet(run.code(items), output)
    elif output is not None:
        asked = {"format": name, "all": run.options.keep_all, "pipeline": run.options.pipeline, "date": str(arguments.date or "")}
        _write_file(run, items, output, _choose_format(name), asked, resume=arguments.resume)
    elif arguments.format is None and sys.stdout.isatty():
        _show_or_stream(run.code(items))
    else:
        _stream(run.code(items), _choose_format(name))
    return run.finish()


def _format_of(output: Path | None) -> str:
    """A file -> the format of its ending; a name without one (/dev/stdout) is of JSON lines."""
    if output is None or not output.suffix:
        return "jsonl"
    if output.suffix.lower() not in _ENDINGS:
        raise SettingsError(f"-o: found {output}; expected a name that ends in {', '.join(_ENDINGS)}, or --format with it")
    return _ENDINGS[output.suffix.lower()]


def _choose_format(name: str) -> LineFormat:
    return line_format(name) if name in LINE_FORMATS else _TableFormat()


def _stream(reports: Iterable[CodedReport], form: LineFormat) -> None:
    out = sys.stdout.buffer
    out.write(form.HEADER)
    for report in reports:
        out.write(form.encode_report(report))
        out.flush()


def _show_or_stream(reports: Iterator[CodedReport]) -> None:
    """At a terminal: a brief if there is one report only, else JSON lines."""
    first = list(itertools.islice(reports, 2))
    if len(first) == 1:
        show.show_brief(first[0])
    elif first:
        _stream(itertools.chain(first, reports), line_format("jsonl"))


def _write_file(run: Run, items: Iterable[Item], path: Path, form: LineFormat, asked: dict[str, Any], *, resume: bool) -> None:
    with writing_to(path), JournaledFile(path, form.HEADER, asked, resume=resume) as file:
        run.done_before = file.done.total()
        if file.complete:
            run.done_before = 1
            show.warn(f"{path}: is complete; nothing to resume")
            return
        left = (item for item in items if not (isinstance(item, Document) and file.is_done(item)))
        for report in run.code(left):
            file.write(report.document, form.encode_report(report))
    if run.done_before:
        show.warn(f"{path}: went on after {run.done_before} reports")


def _write_parquet(reports: Iterable[CodedReport], path: Path | None) -> None:
    from detente.exchange.table import write_parquet

    events = (event for report in reports for event in report.events)
    if path is None:
        if sys.stdout.isatty():
            raise SettingsError("--format parquet: found a terminal; expected -o FILE or a pipe")
        write_parquet(events, sys.stdout.buffer)
        return
    part = path.with_name(path.name + ".part")  # a Parquet file is readable only when it is complete
    with writing_to(path):
        write_parquet(events, part)
        part.replace(path)


@contextlib.contextmanager
def writing_to(path: Path) -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror or error}); expected a file that can") from error


def run_explain(arguments: argparse.Namespace) -> int:
    """``detente explain``."""
    run = Run(arguments)
    given = arguments.text
    is_path = given == "-" or _looks_like_path(given)
    items: Iterable[Item] = run.read([given], arguments.date) if is_path else [make_document(given, published_on=arguments.date)]
    limit_threads()
    from detente.pipeline import trace_documents
    from detente.show_details import explain_lines

    for item in items:
        if isinstance(item, Skipped):
            run.log.note(item)
            continue
        for trace in trace_documents([item], pipeline=run.options.pipeline, keep_all=True):
            run.coded += 1
            for line in explain_lines(trace):
                show.say(line)
    return run.finish()


def _looks_like_path(given: str) -> bool:
    """A text or a path? It is a path if it is there, or is one word that is a URL or has an ending (which is then missed by name)."""
    return os.path.exists(given) or (len(given.split()) == 1 and (looks_like_url(given) or Path(given).suffix in {*READERS, ".parquet"}))  # noqa: PTH110 - Path.exists fails on long texts


def run_relate(arguments: argparse.Namespace) -> int:
    """``detente relate``."""
    rows = list(_read_pairs(arguments.pairs))
    limit_threads()
    relating: Any = importlib.import_module("detente.relating")
    pipeline = read_text("pipeline", arguments.pipeline)
    found = relating.relate_pairs((cells for _, cells in rows), pipeline=pipeline) if pipeline else relating.relate_pairs(cells for _, cells in rows)
    unread: Counter[str] = Counter()
    lines = itertools.chain(["\t".join(RELATION_COLUMNS)], _relation_lines(arguments.pairs, rows, found, unread))
    if arguments.output and arguments.output != "-":
        with writing_to(Path(arguments.output)), Path(arguments.output).open("w", encoding="utf-8") as stream:
            stream.writelines(line + "\n" for line in lines)
    else:
        for line in lines:
            sys.stdout.write(line + "\n")  # say() would take the tabs for controls; the cells have none
    if unread:
        show.warn(f"{len(rows) - unread.total()} answered, {unread.total()} not: " + ", ".join(f"{count} {reason}" for reason, count in sorted(unread.items())))
    return 0 if not unread else 1 if unread.total() < len(rows) else 2


UNREAD_ROWS = {
    "no-sentence": "found no sentence; expected one in the column sentence",
    "no-parties": "found neither source nor target; expected the words of at least one",
    "too-long": "found a sentence that is too long; expected at most {limit:,} characters",
}
"""Why a row of pairs is not answered, by the reason of ``relating``."""


def _relation_lines(name: str, rows: Sequence[tuple[int, dict[str, str]]], found: Iterable[Any], unread: Counter[str]) -> Iterator[str]:
    """Answers -> lines of cells with tabs between them; rows that could not be read are named, and counted in ``unread``."""
    from detente.relating import MAX_SENTENCE_CHARS

    for (number, _), row in zip(rows, found, strict=True):
        if row.reason:
            unread[row.reason] += 1
            if unread[row.reason] <= show.SHOWN_PER_REASON:
                show.warn(f"{name}:{number}: {UNREAD_ROWS[row.reason].format(limit=MAX_SENTENCE_CHARS)}")
        yield "\t".join(_relation_cell(getattr(row, column, None)) for column in RELATION_COLUMNS)


def _relation_cell(value: Any) -> str:
    if isinstance(value, list | tuple):
        value = "|".join(map(str, value))
    return "" if value is None else show.make_plain(" ".join(str(value).split()))


def _read_pairs(name: str) -> Iterator[tuple[int, dict[str, str]]]:
    """A table of pairs -> each row with the number of its line."""
    lines = _read_text_file(name).splitlines()
    columns = [column.strip().lower() for column in lines[0].split("\t")] if lines else []
    if missing := [column for column in PAIR_COLUMNS if column not in columns]:
        raise InputError(f"{name}:1: found the columns {', '.join(columns) or 'none'}; expected {', '.join(PAIR_COLUMNS)} with tabs between them; {', '.join(missing)} missing")
    for number, line in enumerate(lines[1:], start=2):
        if line.strip():
            cells = line.split("\t")
            yield number, dict(zip(columns, cells + [""] * (len(columns) - len(cells)), strict=False))


def _read_text_file(name: str) -> str:
    from detente.reading.source import decode

    try:
        return decode(sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes())
    except OSError as error:
        raise InputError(f"{name}: cannot be read ({error.strerror}); expected a readable file") from error


def run_evaluate(arguments: argparse.Namespace) -> int:
    """``detente evaluate``."""
    from detente.evaluating import evaluate_events
    from detente.show_details import evaluation_data, evaluation_lines

    if bool(arguments.coded) == bool(arguments.reports):
        raise SettingsError("evaluate: expected either PRED or --reports, not both and not neither")
    run = Run(arguments)
    gold = list(read_objects(arguments.gold, ("doc", "required", "optional")))
    if arguments.reports:
        coded = [msgspec.to_builtins(event) for report in run.code(run.read(arguments.reports)) for event in report.events]
    else:
        coded = list(read_objects(arguments.coded, ("doc_id", "event_type")))
    evaluation = evaluate_events(gold, coded)
    if arguments.json:
        show.say_json(evaluation_data(evaluation))
    else:
        for line in evaluation_lines(evaluation, errors=arguments.errors):
            show.say(line)
    return run.finish() if arguments.reports else 0


def read_objects(name: str, keys: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(_read_text_file(name).split("\n"), start=1):
        if not line.strip():
            continue
        try:
            value = msgspec.json.decode(line)
        except msgspec.DecodeError as error:
            raise InputError(f"{name}:{number}: found broken JSON ({error}); expected one JSON object a line") from error
        if not isinstance(value, dict) or any(key not in value for key in keys):
            raise InputError(f"{name}:{number}: found {line[:60]!r}; expected a JSON object with {', '.join(keys)}")
        yield value
