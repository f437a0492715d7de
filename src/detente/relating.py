"""Sentences with a marked source and target -> the relation between the two, as relation data sets have it: ``detente relate``.

Rules and classifier decide together: the classifier reads the rules' verdicts among its features, so that a rule that matches both parties weighs
more than any word. A row whose type a rule supports carries that rule's id, modes and CAMEO code; the others say ``classifier``.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from detente.codebook.load import Codebook, load_codebook, read_table
from detente.coding.classify import FOLDER, Head, Verdict
from detente.coding.pair_features import Pair, label_of
from detente.coding.parse import Parser, load_parser, parse_blocks
from detente.coding.tuned import load_both
from detente.records import Block, EventMention, Span

BATCH_ROWS = 64
MAX_SENTENCE_CHARS = 20_000
RELATION_TYPES = ("AGREE", "CONSULT", "SUPPORT", "COOPERATE", "AID", "YIELD", "REQUEST", "ACCUSE", "REJECT", "THREATEN", "PROTEST", "SANCTION", "MOBILIZE", "COERCE", "ASSAULT")
"""The 15 types that relation data tell apart: CONCEDE and RETREAT count as one, YIELD."""
_YIELDING = ("CONCEDE", "RETREAT")


class Relation(msgspec.Struct, frozen=True):
    """One answer. ``event_type`` is empty where the row could not be read, and ``reason`` then says why (``no-sentence``, ``no-parties``, ``too-long``)."""

    id: str
    event_type: str
    mode: str
    cameo: str
    quad: int | None
    confidence: float | None
    rule: str
    reason: str = ""


class Convention(msgspec.Struct, frozen=True):
    """Where relation data sort a label of the classifier: type, mode and CAMEO code."""

    event_type: str
    mode: str
    cameo: str


@functools.cache
def load_conventions() -> dict[str, Convention]:
    """``classifier/conventions.csv``: labels that relation data sort under another type than the codebook."""
    return {row["label"]: Convention(row["event_type"], row["mode"], row["cameo"]) for row in read_table(FOLDER / "conventions.csv")}


def relate_pairs(rows: Iterable[Mapping[str, str]], pipeline: str | None = None) -> Iterator[Relation]:
    """Rows with id, sentence, source, target -> a ``Relation`` for every row, in order.

    >>> rows = [{"id": "1", "sentence": "Poland expelled two Russian diplomats.", "source": "Poland", "target": "two Russian diplomats"}]
    >>> [(r.event_type, r.quad) for r in relate_pairs(rows)]
    [('SANCTION', 4)]
    """
    batch: list[Mapping[str, str]] = []
    for row in rows:
        batch.append(row)
        if len(batch) >= BATCH_ROWS:
            yield from _relate_batch(batch, pipeline)
            batch = []
    if batch:
        yield from _relate_batch(batch, pipeline)


def _relate_batch(rows: Sequence[Mapping[str, str]], pipeline: str | None) -> Iterator[Relation]:
    refused = [_refusal(row) for row in rows]
    good = [row for row, reason in zip(rows, refused, strict=True) if not reason]
    verdicts: Iterator[Verdict] = iter(())
    if good:
        classifier = load_both()
        verdicts = iter(classifier.judge(make_pairs(good, load_parser(pipeline))))
    for row, reason in zip(rows, refused, strict=True):
        if reason:
            yield Relation(row.get("id") or "", "", "", "", None, None, "", reason)
        else:
            yield decide(row.get("id") or "", next(verdicts), load_both().head, load_codebook())


def _refusal(row: Mapping[str, str]) -> str:
    sentence = (row.get("sentence") or "").strip()
    if not any(c.isalpha() for c in sentence):
        return "no-sentence"
    if len(sentence) > MAX_SENTENCE_CHARS:
        return "too-long"
    return "" if (row.get("source") or "").strip() or (row.get("target") or "").strip() else "no-parties"


def make_pairs(rows: Sequence[Mapping[str, str]], parser: Parser) -> list[Pair]:
    """Rows -> parsed pairs; a party that the sentence does not name is left open."""
    texts = [row["sentence"] for row in rows]
    parsed = parse_blocks(parser, texts, [[Block((0, len(text)), "body")] for text in texts])
    out = []
    for row, text, sentences in zip(rows, texts, parsed, strict=True):
        source = find_span(text, row.get("source") or "")
        out.append(Pair(text, tuple(sentences), source, find_span(text, row.get("target") or "", source)))
    return out


def find_span(text: str, words: str, taken: Span | None = None) -> Span | None:
    """Where ``words`` stand in ``text`` as whole words, outside ``taken`` if they also stand there; ``None`` where they do not."""
    words = words.strip()
    found: list[Span] = []
    for haystack, needle in ((text, words), (text.lower(), words.lower())):
        at = haystack.find(needle) if needle else -1
        while at >= 0:
            found.append((at, at + len(needle)))
            at = haystack.find(needle, at + 1)
        if found:
            break
    if not found:
        return None
    whole = [f for f in found if not text[f[0] - 1 : f[0]].isalnum() and not text[f[1] : f[1] + 1].isalnum()]
    free = [f for f in whole or found if taken is None or f[1] <= taken[0] or f[0] >= taken[1]]
    return (free or whole or found)[0]


def fold_label(label: str, conventions: Mapping[str, Convention]) -> str:
    """The classifier's label -> one of the 15 types (or NONE)."""
    kind = conventions[label].event_type if label in conventions else label
    return "YIELD" if kind in _YIELDING else kind


def decide(row_id: str, verdict: Verdict, head: Head, codebook: Codebook) -> Relation:
    """A verdict -> the relation, with the rule that supports it if there is one."""
    conventions = load_conventions()
    folded = [fold_label(label, conventions) for label in head.labels]
    totals: dict[str, float] = {}
    for kind, probability in zip(folded, verdict.labels.tolist(), strict=True):
        if kind != "NONE":
            totals[kind] = totals.get(kind, 0.0) + probability
    kind = max(totals, key=lambda k: totals[k])
    confidence = round(totals[kind] / max(sum(totals.values()), 1e-9), 3)
    label = max((k for k, f in enumerate(folded) if f == kind), key=lambda k: float(verdict.labels[k]))
    mention = _supporting(verdict, kind, conventions)
    if mention is not None:
        moved = conventions.get(label_of(mention.event_type, mention.modes, mention.cameo))
        event_type = moved.event_type if moved else mention.event_type
        mode = moved.mode if moved else next(iter(mention.modes), "")
        return Relation(row_id, event_type, mode, moved.cameo if moved else mention.cameo, int(codebook.types[event_type]["quad"]), confidence, mention.rule)
    moved = conventions.get(head.labels[label])
    event_type = moved.event_type if moved else head.labels[label]
    mode = moved.mode if moved else _likeliest_mode(verdict, head, event_type)
    cameo = moved.cameo if moved else _crosswalk(codebook, event_type, mode)
    return Relation(row_id, event_type, mode, cameo, int(codebook.types[event_type]["quad"]), confidence, "classifier")


def _supporting(verdict: Verdict, kind: str, conventions: Mapping[str, Convention]) -> EventMention | None:
    """The rules' mention of this type whose roles match best; one that has the parties the wrong way round supports nothing."""
    for quality, mention in verdict.features.mentions:
        if quality >= 0 and fold_label(label_of(mention.event_type, mention.modes, mention.cameo), conventions) == kind:
            return mention
    return None


def _likeliest_mode(verdict: Verdict, head: Head, event_type: str) -> str:
    own = [k for k, name in enumerate(head.modes) if name.split(".")[0] == event_type]
    return head.modes[max(own, key=lambda k: float(verdict.modes[k]))].split(".")[1] if own else ""


def _crosswalk(codebook: Codebook, event_type: str, mode: str) -> str:
    """The most general CAMEO code that has this type and mode, else that of the type."""
    codes = sorted((len(code) < 3, len(code), code) for code, row in codebook.cameo.items() if row.get("type") == event_type)
    same_mode = [entry for entry in codes if mode and codebook.cameo[entry[2]].get("mode") == mode]
    return (same_mode or codes or [(False, 0, "")])[0][2]
