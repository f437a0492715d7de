"""The map: the one ordered list of coding steps, and the function that runs them over documents."""

from __future__ import annotations

import gc
import re
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from detente.codebook.load import Codebook, load_codebook
from detente.codebook.register import Register, load_register
from detente.coding.actors import find_actors
from detente.coding.attribution import attribute_events
from detente.coding.casualties import count_casualties
from detente.coding.claims import find_claims
from detente.coding.classify import load_classifier
from detente.coding.confidence import estimate_confidence
from detente.coding.counterparts import complete_roles
from detente.coding.dates import Story, date_events, day_of_event, is_historical
from detente.coding.events import find_events
from detente.coding.merge import event_ids, goldstein_of, intensity_of, joined_actors, merge_groups, merge_mentions
from detente.coding.opinion import find_opinions
from detente.coding.parse import Parser, load_parser, parse_blocks
from detente.coding.parties import choose_parties
from detente.coding.phrases import ActorTable
from detente.coding.places import best_place, locate_events
from detente.coding.relations import relate_events
from detente.coding.relevance import keep_political
from detente.reading.segment import segment_document
from detente.records import CodedReport, Document, Event, EventMention, Place, Refusal, Sentence

STEPS = (
    ("segment", "reading.segment", "Document", "blocks, dateline"),
    ("parse", "coding.parse", "blocks", "sentences"),
    ("actors", "coding.actors", "sentences, register", "names and noun phrases resolved to actors"),
    ("events", "coding.events", "sentences, phrases, rules", "event mentions"),
    ("opinion", "coding.opinion", "clauses that no rule covers", "event mentions decided by the classifier"),
    ("attribution", "coding.attribution", "mentions", "modality, said_by"),
    ("counterparts", "coding.counterparts", "mentions, phrases", "missing targets that the document gives"),
    ("relevance", "coding.relevance", "mentions, phrases", "mentions of political events"),
    ("dates", "coding.dates", "mentions, publication date", "when, historical"),
    ("places", "coding.places", "mentions, gazetteer", "place"),
    ("casualties", "coding.casualties", "mentions", "dead, injured"),
    ("merge", "coding.merge", "mentions", "events"),
    ("relations", "coding.relations", "mentions, events", "relations"),
    ("claims", "coding.claims", "sentences, phrases", "claims"),
)
"""Step, module, what it takes, what it gives: what docs/architecture.md and ``detente explain`` show."""

BATCH_DOCUMENTS = 32


class Trace(msgspec.Struct, frozen=True):
    """Everything that the steps made of one document, for ``explain`` and the tests."""

    document: Document
    sentences: tuple[Sentence, ...]
    actors: ActorTable
    mentions: tuple[EventMention, ...]
    report: CodedReport


def code_documents(documents: Iterable[Document], *, pipeline: str | None = None, keep_all: bool = False) -> Iterator[CodedReport]:
    """Documents -> coded reports, in order, a batch at a time. ``keep_all`` also keeps planned, hypothetical and negated acts."""
    for trace in trace_documents(documents, pipeline=pipeline, keep_all=keep_all):
        yield trace.report


def trace_documents(documents: Iterable[Document], *, pipeline: str | None = None, keep_all: bool = False) -> Iterator[Trace]:
    """Documents -> the full record of every step."""
    gc.disable()  # loading makes half a million objects that stay: collecting among them costs a third of the time
    try:
        parser, codebook, register = load_parser(pipeline), load_codebook(), load_register()
    finally:
        gc.enable()
        gc.freeze()
    batch: list[Document] = []
    for document in documents:
        batch.append(document)
        if len(batch) >= BATCH_DOCUMENTS:
            yield from _code_batch(batch, parser, codebook, register, keep_all)
            batch = []
    if batch:
        yield from _code_batch(batch, parser, codebook, register, keep_all)


def _code_batch(batch: Sequence[Document], parser: Parser, codebook: Codebook, register: Register, keep_all: bool) -> Iterator[Trace]:
    segmented = [segment_document(d) for d in batch]
    parsed = parse_blocks(parser, [d.text for d in batch], [blocks for blocks, _ in segmented])
    for document, (_, dateline), sentences in zip(batch, segmented, parsed, strict=True):
        yield _code_sentences(document, dateline, sentences, codebook, register, keep_all)


def _code_sentences(
    document: Document, dateline: str | None, sentences: list[Sentence], codebook: Codebook, register: Register, keep_all: bool, second_opinion: bool = True
) -> Trace:
    text, published = document.text, document.published_on
    sent_from = _dateline_place(dateline, register)
    table = find_actors(text, sentences, codebook, register, published, sent_from.country if sent_from else None)
    found, refusals = find_events(text, sentences, table.phrases, codebook)
    if second_opinion:
        found = [*found, *find_opinions(text, sentences, table.phrases, found, codebook, load_classifier)]
    mentions = attribute_events(found, sentences, table.phrases, codebook, table.home)
    mentions = complete_roles(mentions, sentences, table, codebook)
    mentions, left_out = keep_political(mentions, sentences, table)
    refusals.extend(left_out)
    dated = date_events(mentions, text, sentences, published, codebook)
    mentions = locate_events(dated.mentions, sentences, table.mentions, register, codebook, [c for c, _ in table.countries], sent_from)
    mentions = count_casualties(mentions, text, sentences)
    refusals.extend(Refusal("attribution", m.modality, m.evidence.span, m.rule) for m in mentions if m.modality != "actual" and not keep_all)
    # all are grouped, so that an event is the same whether or not the others are asked for
    groups = [g for g in group_mentions(mentions, sentences, table, codebook) if keep_all or g[0].modality == "actual"]
    kept = sorted((m for g in groups for m in g), key=lambda m: (m.sentence, m.trigger))
    ids = event_ids(document.id, [g[0] for g in groups])
    events = [_make_event(document, group, key, dated.story, codebook) for group, key in zip(groups, ids, strict=True)]
    index = {id(m): i for i, m in enumerate(kept)}
    owner = {index[id(m)]: e.event_id for g, e in zip(groups, events, strict=True) for m in g}
    relations = relate_events(kept, sentences, owner, codebook, text)
    claims = find_claims(mentions, sentences, table.phrases, codebook, text)
    notes = ("no publication date: relative dates stay unresolved",) if dated.is_unresolved and published is None else ()
    report = CodedReport(document=document, events=tuple(events), claims=tuple(claims), relations=tuple(relations), refusals=tuple(refusals), notes=notes)
    return Trace(document, tuple(sentences), table, tuple(mentions), report)


def group_mentions(mentions: Sequence[EventMention], sentences: Sequence[Sentence], table: ActorTable, codebook: Codebook) -> list[list[EventMention]]:
    """Mentions -> one group an event, best first, each with the source and target that are likeliest in the whole document."""
    return merge_groups(choose_parties(merge_mentions(mentions), sentences, table, codebook.reference))


def _dateline_place(dateline: str | None, register: Register) -> Place | None:
    """The city of a dateline; of cities of one name, a capital and then the largest comes first."""
    if not dateline:
        return None
    name = re.split(r"[,/]", dateline)[0].strip()
    for form in (name, name.title()):
        capital, options = register.capitals.get(form), register.places.get(form, ())
        if capital is not None:
            return next((p for p in options if p.country == capital), Place(form, capital, None, None, "city"))
        if options:
            return options[0]
    return None


def _make_event(document: Document, group: Sequence[EventMention], event_id: str, story: Story | None, codebook: Codebook) -> Event:
    key = group[0]
    when = day_of_event(group, document.published_on, story)
    modes = tuple(dict.fromkeys(m for mention in group for m in mention.modes))
    contexts = tuple(dict.fromkeys(c for mention in group for c in mention.contexts))
    said = tuple(dict.fromkeys(a for mention in group for a in mention.said_by))
    place = best_place(group)
    return Event(
        event_id=event_id,
        doc_id=document.id,
        codebook=codebook.version,
        event_type=key.event_type,
        modes=modes,
        contexts=contexts,
        quad=int(codebook.types[key.event_type]["quad"]),
        intensity=intensity_of(codebook, key.event_type, modes),
        cameo=max((m.cameo for m in group if m.event_type == key.event_type), key=len),
        goldstein=goldstein_of(codebook, key.cameo),
        source=joined_actors(group, "source"),
        target=joined_actors(group, "target"),
        date=when,
        place=place,
        said_by=said,
        modality=key.modality,
        historical=is_historical(when, document.published_on) if when is not None and document.published_on is not None else any(m.historical for m in group),
        dead=next((m.dead for m in reversed(group) if m.dead is not None), None),
        injured=next((m.injured for m in reversed(group) if m.injured is not None), None),
        evidence=tuple(m.evidence for m in sorted(group, key=lambda m: m.evidence.span)),
        confidence=estimate_confidence(group),
        decided_by=key.decided_by,
    )
