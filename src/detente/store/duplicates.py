"""A text -> the stored text of which it is a near copy, by locality-sensitive hashing: the cost does not grow with the store.

Method: MinHash (Broder 1997) over runs of words, cut into bands; texts that share a band are candidates, and the share of their runs
is then counted exactly. The bands stand in SQL, so that copies are found across runs.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from typing import NamedTuple

import rensa
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from detente.store.schema import bands, documents

RUN_WORDS = 3
"""Words in a run: fewer, and texts on one subject look alike; more, and one edited word costs too much."""
BAND_COUNT, BAND_ROWS = 24, 4
"""A pair of texts with Jaccard 0.6 shares a band with probability 0.96, one with 0.2 with 0.04. A store keeps these numbers for life."""
SEED = 20200616
SAME_SHARE = 0.45
"""Jaccard similarity from which two texts are copies. Of 213 reports of three corpora, many on one event, the two most alike have 0.07; a copy with headline, boilerplate,
a paragraph and a sentence changed has 0.46 to 0.81 (deciles; benchmarks/duplicates.py). The bands find one of 0.45 with probability 0.63, one of 0.6 with 0.96."""
CONTAINED_SHARE = 0.85
"""A cut copy: this share of the shorter text's runs stand in the longer one."""
CONTAINED_RUNS = 60
"""A text shorter than this is no cut copy of a longer one: it may be a quotation."""
LEAST_RUNS = 12
"""A shorter text is a copy only if it is the same."""
MOST_CANDIDATES = 12

_WORD = re.compile(r"\w+")


class Copy(NamedTuple):
    """The stored document that a text is a copy of, and the Jaccard similarity of the two."""

    document: int
    similarity: float


def text_digest(text: str) -> str:
    """A text -> what the store knows it by: the same whatever the spaces and line ends are."""
    return hashlib.blake2b(" ".join(text.split()).encode(), digest_size=16).hexdigest()


def word_runs(text: str) -> frozenset[str]:
    """A text -> its runs of ``RUN_WORDS`` words, without case and punctuation."""
    words = _WORD.findall(text.casefold())
    return frozenset(" ".join(words[i : i + RUN_WORDS]) for i in range(len(words) - RUN_WORDS + 1))


def hash_bands(runs: Iterable[str]) -> list[int]:
    """Runs of words -> a hash for each band, signed 64-bit integers."""
    sketch = rensa.RMinHash(BAND_COUNT * BAND_ROWS, SEED)
    sketch.update(sorted(runs))
    digest = sketch.digest()
    out = []
    for band in range(BAND_COUNT):
        part = digest[band * BAND_ROWS : (band + 1) * BAND_ROWS]
        raw = hashlib.blake2b(b"".join(n.to_bytes(4, "little") for n in part), digest_size=8, salt=band.to_bytes(2, "little")).digest()
        out.append(int.from_bytes(raw, "little", signed=True))
    return out


def find_original(connection: Connection, runs: frozenset[str], hashes: list[int]) -> Copy | None:
    """A new text's runs and bands -> the stored text that it is a copy of, the most alike; ``None`` if it is none."""
    if len(runs) < LEAST_RUNS:
        return None
    shared = sa.func.count().label("shared")
    found = sa.select(bands.c.document_id, shared).where(bands.c.hash.in_(hashes)).group_by(bands.c.document_id).order_by(shared.desc(), bands.c.document_id).limit(MOST_CANDIDATES)
    candidates = [row.document_id for row in connection.execute(found)]
    if not candidates:
        return None
    best: Copy | None = None
    for document, text in connection.execute(sa.select(documents.c.id, documents.c.text).where(documents.c.id.in_(candidates)).order_by(documents.c.id)):
        similarity = compare_runs(runs, word_runs(text))
        if similarity is not None and (best is None or similarity > best.similarity):
            best = Copy(document, similarity)
    return best


def compare_runs(a: frozenset[str], b: frozenset[str]) -> float | None:
    """The runs of two texts -> their Jaccard similarity if one is a copy of the other, else ``None``."""
    both = len(a & b)
    similarity = both / max(1, len(a | b))
    shorter = min(len(a), len(b))
    is_cut = shorter >= CONTAINED_RUNS and both / shorter >= CONTAINED_SHARE
    return round(similarity, 4) if similarity >= SAME_SHARE or is_cut else None
