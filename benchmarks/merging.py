"""How well reports of one event are merged: pairwise F1 and B-cubed over the annotated mentions of the sample corpus.

``same_events.jsonl`` has an event a line, with its mentions: report, type, and the words of the report that tell of it. A coded event is an
annotated mention if it is of that type (CONCEDE and RETREAT are one) and its trigger lies in those words; what the coder did not find cannot be
merged and is not judged. A coded event that matches a gold event of its report which is in no line of the file stands for an event of its own, so
that merging what does not belong together costs precision.
"""

from __future__ import annotations

import itertools
import json
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from detente.codebook.types import FOLDED
from detente.evaluating import match_document, normalize_coded, normalize_gold
from detente.records import CodedReport, Event


class Agreement(NamedTuple):
    """Precision, recall and F1 of one measure."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


def score_pairs(true: Mapping[Any, Hashable], found: Mapping[Any, Hashable]) -> Agreement:
    """Item -> true and found group -> how right the pairs are that stand in one group."""
    told, wanted = _pairs(found), _pairs(true)
    both = len(told & wanted)
    return Agreement(both / len(told) if told else 1.0, both / len(wanted) if wanted else 1.0)


def _pairs(groups: Mapping[Any, Hashable]) -> set[frozenset[Any]]:
    members: dict[Hashable, list[Any]] = defaultdict(list)
    for item, group in groups.items():
        members[group].append(item)
    return {frozenset(pair) for group in members.values() for pair in itertools.combinations(group, 2)}


def score_b_cubed(true: Mapping[Any, Hashable], found: Mapping[Any, Hashable]) -> Agreement:
    """Item -> true and found group -> B-cubed (Bagga and Baldwin 1998): the mean over items of how right their own group is."""
    size_true, size_found = Counter(true.values()), Counter(found[i] for i in true)
    both = Counter((true[i], found[i]) for i in true)
    precision = sum(both[true[i], found[i]] / size_found[found[i]] for i in true) / len(true)
    recall = sum(both[true[i], found[i]] / size_true[true[i]] for i in true) / len(true)
    return Agreement(precision, recall)


def label_mentions(reports: Iterable[CodedReport], same: Path, gold: Path) -> dict[tuple[str, str], str]:
    """Coded reports and both annotations -> (report, event id) of each judged mention, and the true event that it is of."""
    coded = {r.document.id: r for r in reports}
    out: dict[tuple[str, str], str] = {}
    listed: set[tuple[str, str]] = set()
    for line in _lines(same):
        for doc, event_type, words in line["mentions"]:
            event = find_mention(coded[doc], event_type, words)
            listed.add((doc, words))
            if event is not None and (doc, event.event_id) not in out:
                out[doc, event.event_id] = line["event"]
    for line in _lines(gold):
        doc = line["doc"]
        found = [normalize_coded(e) for e in _plain([e for e in coded[doc].events if e.modality == "actual"])]
        required, optional = ([normalize_gold(e) for e in line[kind]] for kind in ("required", "optional"))
        for n, pair in enumerate(match_document(found, required, optional, "strict")):
            words = str(pair.gold.raw["evidence"])
            if not any(d == doc and (words in w or w in words) for d, w in listed):
                out.setdefault((doc, str(pair.coded.raw["event_id"])), f"{doc} alone {n}")
    return out


def find_mention(report: CodedReport, event_type: str, words: str) -> Event | None:
    """The coded event of a report that its words tell of, the first if there are several."""
    start = report.document.text.find(words)
    fitting = [e for e in report.events if e.modality == "actual" and FOLDED.get(e.event_type, e.event_type) == FOLDED.get(event_type, event_type)]
    hit = [e for e in fitting if any(start <= part.trigger[0] and part.trigger[1] <= start + len(words) for part in e.evidence)]
    return hit[0] if start >= 0 and hit else None


def _plain(events: Sequence[Event]) -> list[dict[str, Any]]:
    import msgspec

    return list(msgspec.to_builtins(events))


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]
