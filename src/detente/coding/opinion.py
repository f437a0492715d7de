"""Clauses that no rule covers -> event mentions by the trained classifier, where it is sure.

A clause is asked about when its subject and another argument are different actors, its verb tells of something done, and no rule has coded it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import msgspec

from detente.codebook.load import Codebook
from detente.coding.classify import Classifier
from detente.coding.grammar import clause_span, is_verb, read_clause
from detente.coding.pair_features import Pair
from detente.coding.phrases import Phrase, expand
from detente.records import Actor, EventMention, Evidence, Sentence, Span

MAX_QUESTIONS = 6
"""Clauses asked about in one document: an answer costs ten milliseconds."""
SURE = 0.75
"""Probability from which the classifier's type is taken. Set on benchmarks/gold_world.jsonl, gold_sample.jsonl and gold_news.jsonl."""
DOUBT = 0.05
"""Probability of "no event" above which nothing is taken."""
_PARTIES = frozenset({"person", "body", "group", "country", "capital", "people", "pronoun"})


class Question(msgspec.Struct, frozen=True):
    """A clause to ask about: its verb and the two parties with their heads."""

    sentence: Sentence
    verb: int
    source: tuple[Actor, ...]
    target: tuple[Actor, ...]
    spans: tuple[Span, Span]


def find_opinions(
    text: str, sentences: Sequence[Sentence], phrases: Sequence[Mapping[int, Phrase]], mentions: Sequence[EventMention], codebook: Codebook, load: Callable[[], Classifier]
) -> list[EventMention]:
    """A document's sentences and the rules' mentions -> further mentions, decided by the classifier, which ``load`` gives once it is needed."""
    questions = ask(sentences, phrases, mentions, codebook)[:MAX_QUESTIONS]
    if not questions:
        return []
    classifier = load()
    verdicts = classifier.judge([_pair(text, q) for q in questions])
    out = []
    for question, verdict in zip(questions, verdicts, strict=True):
        labels = dict(zip(classifier.head.labels, (float(p) for p in verdict.labels), strict=True))
        nothing = labels.pop("NONE", 0.0)
        by_type: dict[str, float] = {}
        for label, probability in labels.items():
            kind = label.split("/")[0]
            by_type[kind] = by_type.get(kind, 0.0) + probability
        kind = max(by_type, key=lambda k: by_type[k])
        if by_type[kind] >= SURE and nothing <= DOUBT:
            out.append(_mention(text, question, kind, codebook))
    return out


def ask(sentences: Sequence[Sentence], phrases: Sequence[Mapping[int, Phrase]], mentions: Sequence[EventMention], codebook: Codebook) -> list[Question]:
    """The clauses that are worth asking about, in order of the text."""
    covered = {(m.sentence, m.trigger) for m in mentions}
    skip = (
        codebook.grammar["report_verbs"]
        | codebook.grammar["belief_verbs"]
        | codebook.grammar["future_verbs"]
        | codebook.grammar["negating_verbs"]
        | codebook.grammar["silent_verbs"]
    )
    out: list[Question] = []
    for s, here in zip(sentences, phrases, strict=True):
        if s.kind == "title":
            continue
        for v, lemma in enumerate(s.lemmas):
            if (
                s.tags[v] not in ("VBD", "VBN", "VBZ", "VBP", "VBG")
                or s.deps[v] in ("aux", "auxpass", "amod", "pcomp")
                or lemma in skip
                or (s.index, v) in covered
                or (s.index, s.heads[v]) in covered
                or any((s.index, c) in covered for c in s.children[v])
            ):
                continue
            question = _question(s, here, v)
            if question is not None:
                out.append(question)
                break
    return out


def _question(s: Sentence, here: Mapping[int, Phrase], v: int) -> Question | None:
    if not is_verb(s, v) or any(s.deps[c] in ("neg", "mark") or s.deps[c] == "aux" and s.tags[c] in ("MD", "TO") for c in s.children[v]):
        return None
    clause = read_clause(s, v)
    subjects = [h for h in clause.subjects if h in here and here[h].kind in _PARTIES]
    others = [h for h in clause.objects if h in here and here[h].kind in _PARTIES and h not in subjects]
    others = others or [
        q.object
        for q in clause.prepositions
        if q.object in here and here[q.object].kind in _PARTIES and q.depth == 0 and q.name not in ("in", "at", "by", "from", "after", "during", "near")
    ]
    if not subjects or not others:
        return None
    source, target = expand(s, subjects[:1], here), expand(s, others[:1], here)
    if not source or not target or {(a.country, a.sectors) for a in source} == {(a.country, a.sectors) for a in target} or any({"JRN"} & set(a.sectors) for a in source):
        return None
    return Question(s, v, source, target, (_span(s, subjects[0]), _span(s, others[0])))


def _span(s: Sentence, head: int) -> Span:
    first = min([head, *(c for c in s.children[head] if c < head and s.deps[c] in ("compound", "amod", "poss", "det", "nmod"))])
    return (s.starts[first], s.ends[head])


def _pair(text: str, q: Question) -> Pair:
    """The sentence alone, its spans counted from its own start: the classifier reads nothing else."""
    start, end = q.sentence.span
    s = msgspec.structs.replace(q.sentence, index=0, starts=[x - start for x in q.sentence.starts], ends=[x - start for x in q.sentence.ends])
    (a, b), (c, d) = q.spans
    return Pair(text[start:end], (s,), (a - start, b - start), (c - start, d - start))


def _mention(text: str, q: Question, kind: str, codebook: Codebook) -> EventMention:
    s = q.sentence
    first, last = clause_span(s, q.verb)
    start, end = s.starts[first], s.ends[last]
    codes = sorted(code for code, row in codebook.cameo.items() if row["type"] == kind and len(code) == 3)
    cameo = next((code for code in codes if code.endswith("0")), codes[0])  # the general code: the classifier names a type, not more
    return EventMention(
        sentence=s.index,
        trigger=q.verb,
        event_type=kind,
        modes=(),
        contexts=(),
        cameo=cameo,
        source=q.source,
        target=q.target,
        rule="classifier",
        decided_by="classifier",
        evidence=Evidence((start, end), text[start:end], (s.starts[q.verb], s.ends[q.verb]), "classifier"),
        score=1.0,
    )
