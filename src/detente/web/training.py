"""Forecast models are trained in processes of their own, one at a time, so that the desk stays quick; pages and the API ask here how far that is."""

from __future__ import annotations

import contextlib
import datetime
import os
import subprocess
import sys
import threading
from collections.abc import Hashable, Sequence

import msgspec

from detente.web.refusals import refuse

TRAINING = "training"
"""With this word the forecast says that it is about to train a model."""
TOLD = (0, 1)
"""The command ends with 1 where nothing could be told; its models are there all the same."""
NICENESS = 10
MOST_WAITING = 8
"""Trainings that wait for their turn."""
MOST_FAULTS = 100
"""Faults that are remembered."""


class Work(msgspec.Struct, frozen=True):
    """Training that goes on or waits: since when, what it does now, how many models are made; ``fault`` if it ended in one."""

    since: datetime.datetime
    what: str
    models: int
    fault: str = ""


class NotTrainedError(Exception):
    """A model that a forecast needs is not there."""


class Queue:
    """Trainings that go on, wait or failed, by their keys. A thread keeps to the queue that began it."""

    def __init__(self) -> None:
        self.works: dict[Hashable, Work] = {}
        self.lock, self.turn = threading.Lock(), threading.Lock()


_queue = Queue()


def refuse_training(said: str) -> None:
    """What a forecast says of its work -> refused if it would train: no work for a request that reads."""
    if TRAINING in said:
        raise NotTrainedError(said)


def refuse_work(said: str) -> None:
    """The same where reading all events of a large store again would take seconds."""
    raise NotTrainedError(said)


def find_work(key: Hashable) -> Work | None:
    """What is trained under a key, or how that failed."""
    with _queue.lock:
        return _queue.works.get(key)


def begin_work(key: Hashable, arguments: Sequence[str], store: str) -> tuple[Work, bool]:
    """A key, the arguments of ``detente forecast`` and a store -> the training, and whether it is new. Refused: too many that wait."""
    queue = _queue
    with queue.lock:
        known = queue.works.get(key)
        if known and not known.fault:
            return known, False
        going = sum(not work.fault for work in queue.works.values())
        if going > MOST_WAITING:
            raise refuse(503, f"models: found {going} trainings that wait; expected fewer; try again", code="busy", headers={"Retry-After": "60"})
        for old in [k for k, work in queue.works.items() if work.fault][: max(0, len(queue.works) - MOST_FAULTS)]:
            del queue.works[old]
        work = Work(datetime.datetime.now(datetime.UTC).replace(microsecond=0), "waits for its turn" if going else "reads the events", 0)
        queue.works[key] = work
    threading.Thread(target=_train, args=(queue, key, [sys.executable, "-m", "detente", "forecast", *arguments, "--json"], store), name="training", daemon=True).start()
    return work, True


def _train(queue: Queue, key: Hashable, command: list[str], store: str) -> None:
    """Run the command and keep what it says. The store goes by the environment: its address may hold a password, which the list of processes would show."""
    last = fault = ""
    try:
        with (
            queue.turn,
            subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, errors="replace", env={**os.environ, "DETENTE_STORE": store}) as process,  # noqa: S603 - our own command
        ):
            with contextlib.suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, process.pid, NICENESS)
            assert process.stderr is not None
            for line in process.stderr:
                last = line.strip() or last
                with queue.lock:
                    before = queue.works[key]
                    queue.works[key] = Work(before.since, last, before.models + (TRAINING in last))
        if process.returncode not in TOLD:
            fault = (last or f"the command ended with {process.returncode}")[:300]
    except OSError as error:
        fault = f"the process cannot be started: {error.strerror}"
    with queue.lock:
        if fault:
            before = queue.works[key]
            queue.works[key] = Work(before.since, "", before.models, fault)
        else:
            del queue.works[key]
