"""What the tests of the store share: a PostgreSQL of their own, and coded reports made by hand."""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from detente.reading import make_document
from detente.records import Actor, CodedReport, Event, Evidence, Place, When

MISSING_POSTGRES = "found no initdb; PostgreSQL is not installed, so that the store is tested on SQLite only"
PLACES = {
    "Kaesong": Place("Kaesong", "PRK", 37.97, 126.55, "city"),
    "Seoul": Place("Seoul", "KOR", 37.57, 126.98, "city"),
    "Goma": Place("Goma", "COD", -1.68, 29.22, "city"),
    "Bunia": Place("Bunia", "COD", 1.57, 30.25, "city"),
}


def find_initdb() -> Path | None:
    """The program that makes a PostgreSQL cluster, ``None`` if it is not there."""
    found = shutil.which("initdb")
    paths = [Path(found)] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return paths[-1].resolve() if paths else None


@contextlib.contextmanager
def running_postgres() -> Iterator[Path]:
    """A PostgreSQL that listens on a socket in the directory it gives, and is gone afterwards. As root it runs as the user postgres, as it must."""
    initdb = find_initdb()
    assert initdb is not None
    folder = Path(tempfile.mkdtemp(prefix="detente-pg-"))
    user: dict[str, Any] = {}
    if os.geteuid() == 0:
        account = pwd.getpwnam("postgres")
        os.chown(folder, account.pw_uid, account.pw_gid)
        user = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": [], "cwd": folder}
    data = folder / "data"
    subprocess.run([initdb, "-D", data, "-U", "tester", "--auth=trust", "--no-sync", "--encoding=UTF8", "--no-locale"], check=True, capture_output=True, **user)
    command = [initdb.with_name("postgres"), "-D", data, "-k", folder, "-h", "", "-F"]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **user)
    try:
        ready = [initdb.with_name("pg_isready"), "-h", folder, "-U", "tester", "-q"]
        end = time.monotonic() + 30
        while subprocess.run(ready, check=False).returncode:
            assert time.monotonic() < end and server.poll() is None, "PostgreSQL did not start"
            time.sleep(0.05)
        yield folder
    finally:
        server.terminate()
        server.wait(20)
        shutil.rmtree(folder, ignore_errors=True)


def actor(code: str, name: str | None = None, entity: str | None = None) -> Actor:
    """PRK/MIL, KOR, /UAF -> an actor."""
    country, _, sectors = code.partition("/")
    return Actor(name or country or "unknown", name or country or "unknown", country or None, tuple((sectors or "GOV").split("+")), entity)


def event(
    event_type: str = "ASSAULT",
    source: str = "PRK",
    target: str = "KOR",
    day: str | None = "2020-06-16",
    text: str = "blew up the liaison office",
    *,
    modes: tuple[str, ...] = (),
    cameo: str = "180",
    rule: str = "assault.blow-up",
    place: str | None = None,
    end: str | None = None,
    precision: Any = "day",
    entity: str | None = None,
    **more: Any,
) -> Event:
    """A coded event; an actor is given as PRK or PRK/MIL, none as an empty text."""
    quads = {"CONSULT": 1, "AGREE": 1, "SUPPORT": 1, "COOPERATE": 2, "AID": 2, "RETREAT": 2, "CONCEDE": 2, "ACCUSE": 3, "REQUEST": 3, "REJECT": 3, "THREATEN": 3}
    values: dict[str, Any] = {
        "event_id": hashlib.blake2b(f"{event_type}{source}{target}{day}{text}{modes}".encode(), digest_size=8).hexdigest(),
        "doc_id": "",
        "codebook": "test-1",
        "event_type": event_type,
        "modes": modes,
        "contexts": (),
        "quad": quads.get(event_type, 4),
        "intensity": -5.0,
        "cameo": cameo,
        "goldstein": -9.0,
        "source": (actor(source, entity=entity),) if source else (),
        "target": (actor(target),) if target else (),
        "date": When(day, end or day, precision, text="on that day") if day else None,
        "place": PLACES[place] if place else None,
        "said_by": (),
        "modality": "actual",
        "historical": False,
        "dead": None,
        "injured": None,
        "evidence": (Evidence((0, len(text)), text, (0, 4), rule),),
        "confidence": 0.8,
        "decided_by": "rule",
    }
    return Event(**{**values, **more})


def report(*events: Event, doc_id: str, text: str | None = None, published_on: str = "2020-06-17", publisher: str | None = None, **more: Any) -> CodedReport:
    """A coded report with a text of its own, unless one is given."""
    body = text or " ".join(hashlib.blake2b(f"{doc_id} {n}".encode(), digest_size=4).hexdigest() for n in range(60))
    document = make_document(body, doc_id=doc_id, published_on=datetime.date.fromisoformat(published_on), publisher=publisher, origin=f"{doc_id}.txt")
    return CodedReport(document=document, events=events, **{"claims": (), "relations": (), "refusals": (), **more})
