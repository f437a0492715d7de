"""Documents -> coded reports on all cores, in input order, in memory that does not grow with the corpus."""

from __future__ import annotations

import contextlib
import itertools
import os
import threading
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from detente.errors import DetenteError
from detente.reading.record import Skipped
from detente.records import CodedReport, Document

if TYPE_CHECKING:
    from concurrent.futures import Future

BATCHES_AHEAD = 2
"""Batches a worker that wait besides the one in work: enough to keep it busy, few enough to bound memory."""
Item = Document | Skipped
Result = CodedReport | Skipped


class Options(NamedTuple):
    """How to code: the parser's pipeline, whether acts that did not happen are kept, and how work is shared out."""

    pipeline: str | None = None
    keep_all: bool = False
    workers: int = 1
    batch_reports: int = 32
    small_corpus_reports: int = 12


def code_corpus(items: Iterable[Item], options: Options) -> Generator[Result, None, None]:
    """What reading gives -> coded reports in the same order, the skipped ones passed on at their place.

    A report that makes the coder fail is skipped with the reason ``coding-failed``; the rest is coded. Up to ``small_corpus_reports`` are coded in
    this process, more of them by ``workers`` processes that are started afresh (spawn). Close the iterator to stop them.
    """
    left = iter(items)
    head: list[Item] = []
    documents = 0
    for item in left:
        head.append(item)
        documents += isinstance(item, Document)
        if documents > options.small_corpus_reports:
            break
    everything = itertools.chain(head, left)
    batches = _batches(everything, options.batch_reports)
    if options.workers <= 1 or documents <= options.small_corpus_reports:
        limit_threads()
        for batch in batches:
            yield from code_batch(batch, options.pipeline, options.keep_all)
        return
    yield from _code_in_pool(batches, options)


def code_batch(batch: list[Item], pipeline: str | None, keep_all: bool) -> list[Result]:
    """A batch -> its results in order. If it fails as a whole its reports are coded one by one, and only those that fail are skipped."""
    from detente.pipeline import code_documents

    documents = [item for item in batch if isinstance(item, Document)]
    coded: Iterator[Result]
    try:
        coded = iter(list(code_documents(documents, pipeline=pipeline, keep_all=keep_all)))
    except DetenteError:
        raise
    except Exception:  # any fault of one report must not cost the others; each is tried alone and named below
        coded = iter([_code_alone(document, pipeline, keep_all) for document in documents])
    return [next(coded) if isinstance(item, Document) else item for item in batch]


def limit_threads() -> None:
    """One thread per process for the numeric libraries; must come before they are imported. What the user has set stays."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"):
        os.environ.setdefault(name, "1")


def _code_alone(document: Document, pipeline: str | None, keep_all: bool) -> Result:
    from detente.pipeline import code_documents

    try:
        return next(code_documents([document], pipeline=pipeline, keep_all=keep_all))
    except Exception as error:
        place, _, line = (document.origin or document.id).rpartition(":")
        path, number = (place, int(line)) if place and line.isdigit() else (document.origin or document.id, None)
        return Skipped(path, number, "coding-failed", f"coding this report failed ({type(error).__name__}: {str(error)[:200]}); please report it as a bug")


def _batches(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    left = iter(items)
    while batch := list(itertools.islice(left, size)):
        yield batch


def _code_in_pool(batches: Iterator[list[Item]], options: Options) -> Iterator[Result]:
    # commands that code nothing need not wait for these
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool

    limit_threads()
    pool = ProcessPoolExecutor(options.workers, mp_context=multiprocessing.get_context("spawn"), initializer=_start_worker)
    waiting: deque[Future[list[Result]]] = deque()
    try:
        for batch in itertools.chain(batches, itertools.repeat([])):
            if batch:
                waiting.append(pool.submit(code_batch, batch, options.pipeline, options.keep_all))
            if not batch or len(waiting) > options.workers * (1 + BATCHES_AHEAD):
                if not waiting:
                    return
                yield from waiting.popleft().result()
    except BrokenProcessPool as error:
        raise DetenteError("a worker was ended from outside, perhaps for want of memory; use fewer --workers, and --resume to go on") from error
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _start_worker() -> None:
    """Runs first in each worker: interrupts are the parent's business, and a worker whose parent was killed ends itself."""
    import multiprocessing
    import multiprocessing.connection
    import signal

    with contextlib.suppress(ValueError):
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()

    def watch() -> None:
        if parent is not None:
            multiprocessing.connection.wait([parent.sentinel])
            os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
