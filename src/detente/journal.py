"""Coded reports -> an output file that can be taken up again after the run was killed: nothing lost, nothing twice.

Beside ``out.jsonl`` stands ``out.jsonl.progress``: a line with what the run was asked for, then after each report a line with the size of the
output and the report's key. Output is flushed before its journal line, so the last journal line tells where the complete reports end. When
the run ends the journal is removed.
"""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

import msgspec

from detente.errors import InputError
from detente.records import Document


def key_of(document: Document) -> str:
    """A document -> what the journal knows it by: a digest of its id and its text."""
    return hashlib.blake2b(f"{document.id}\0{document.text}".encode(), digest_size=8).hexdigest()


class JournaledFile:
    """An output file with its journal; use as a context manager. ``done`` counts the reports that an earlier run has written, by key."""

    def __init__(self, path: Path, header: bytes, asked: Mapping[str, object], *, resume: bool) -> None:
        """``header`` begins a new file; ``asked`` are the options that the lines depend on, which must be the same when resuming."""
        self.path = path
        self.journal_path = path.with_name(path.name + ".progress")
        self.done: Counter[str] = Counter()
        self.complete = False
        self._out: BinaryIO | None = None
        self._journal: BinaryIO | None = None
        if resume and not self.journal_path.exists() and path.exists():
            self.complete = True
            return
        if not (resume and self.journal_path.exists() and self._take_up(asked)):
            self._begin(header, asked)

    def _begin(self, header: bytes, asked: Mapping[str, object]) -> None:
        # the journal is emptied before the output is: killed in between, the next run finds no reports done and begins anew
        self._journal = self.journal_path.open("wb")
        self._journal.write(msgspec.json.encode(asked) + b"\n")
        self._journal.flush()
        try:
            self._out = self.path.open("wb")
        except OSError:
            self._journal.close()
            self.journal_path.unlink()  # of a run that never began; it would be taken for one that was stopped
            raise
        self._out.write(header)
        self._out.flush()

    def _take_up(self, asked: Mapping[str, object]) -> bool:
        """Cut output and journal back to the last complete report; ``False`` if none is."""
        size = self.path.stat().st_size if self.path.exists() else 0
        kept = offset = 0
        with self.journal_path.open("rb") as stream:
            first = stream.readline()
            if not first.endswith(b"\n"):
                return False
            before = msgspec.json.decode(first)
            if before != dict(asked):
                changed = ", ".join(f"{k} was {before.get(k)!r}, now {v!r}" for k, v in asked.items() if before.get(k) != v)
                raise InputError(f"{self.path}: found a run made otherwise ({changed}); expected the same options; repeat them, or start anew without --resume")
            kept = len(first)
            for line in stream:
                at, _, key = line.decode("ascii", "replace").rstrip("\n").partition(" ")
                # an output shorter than its journal says: the machine went down; what is there still counts
                if not line.endswith(b"\n") or not at.isdigit() or int(at) > size:
                    break
                kept, offset = kept + len(line), int(at)
                self.done[key] += 1
        if not self.done:
            return False
        os.truncate(self.path, offset)
        os.truncate(self.journal_path, kept)
        self._out, self._journal = self.path.open("ab"), self.journal_path.open("ab")
        return True

    def is_done(self, document: Document) -> bool:
        """A document -> whether the earlier run has written it; each report of that run counts once."""
        if not self.done:
            return False
        key = key_of(document)
        if self.done[key] <= 0:
            return False
        self.done[key] -= 1
        return True

    def write(self, document: Document, data: bytes) -> None:
        """Append a report's lines, then note that they are complete."""
        if self._out is None or self._journal is None:
            raise ValueError("the file is complete or closed")
        self._out.write(data)
        self._out.flush()
        self._journal.write(f"{self._out.tell()} {key_of(document)}\n".encode())
        self._journal.flush()

    def __enter__(self) -> JournaledFile:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for stream in (self._out, self._journal):
            if stream is not None:
                stream.close()
        if kind is None and self._journal is not None:
            self.journal_path.unlink(missing_ok=True)
