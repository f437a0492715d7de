"""The steps of coding, the figures of an evaluation, a part of the codebook -> lines for a person to read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from detente.codebook.load import Codebook, Rule
from detente.evaluating import Evaluation, Miss, Score, Side
from detente.show import describe_event, name_actors

if TYPE_CHECKING:
    from detente.pipeline import Trace


def explain_lines(trace: Trace) -> Iterator[str]:
    """The trace of a document -> each step's records with the ids of the rules that made them."""
    text = trace.document.text
    yield f"DOCUMENT {trace.document.id}, published {trace.document.published_on or 'on an unknown day'}, {len(text)} characters"
    yield "\nSENTENCES AND ACTORS"
    for sentence, phrases in zip(trace.sentences, trace.actors.phrases, strict=True):
        start, end = sentence.span
        yield f"  {sentence.index} [{sentence.kind}, {start}-{end}] {' '.join(text[start:end].split())}"
        for token, phrase in sorted(phrases.items()):
            inferred = ", inferred" if phrase.inferred else ""
            if phrase.actors:
                yield f"      {sentence.words[token]!r}: {name_actors(phrase.actors)} ({phrase.kind}{', ' + phrase.role if phrase.role else ''}{inferred})"
    yield "\nMENTIONS OF EVENTS"
    for mention in trace.mentions:
        what = f"{mention.event_type} {', '.join(mention.modes)}".strip()
        yield f"  {mention.sentence} {mention.evidence.rule} [{mention.decided_by}]: {name_actors(mention.source, '?')}: {what} > {name_actors(mention.target)}"
        yield f"      words: {' '.join(mention.evidence.text.split())!r}, trigger {text[slice(*mention.evidence.trigger)]!r}"
        yield "      " + ", ".join(_mention_details(mention))
    yield "\nREFUSED"
    for refusal in trace.report.refusals:
        where = " ".join(text[slice(*refusal.span)].split())
        yield f"  {refusal.step}: {refusal.reason}{f' [{refusal.rule}]' if refusal.rule else ''}: {where[:90]!r}"
    yield "\nEVENTS"
    for event in trace.report.events:
        yield f"  {describe_event(event)}"
        yield f"      cameo {event.cameo}, quad {event.quad}, confidence {event.confidence:.2f}, rules {', '.join(dict.fromkeys(e.rule for e in event.evidence))}"
    for note in trace.report.notes:
        yield f"\n{note}"


def _mention_details(mention: Any) -> Iterator[str]:
    yield mention.modality + (", background" if mention.historical else "")
    yield f"date {mention.when.start}..{mention.when.end} from {mention.when.text!r}" if mention.when else f"no date ({mention.date_reason or 'none named'})"
    if mention.place:
        yield f"place {mention.place.name}"
    if mention.said_by:
        yield f"said by {name_actors(mention.said_by)}"
    if mention.dead is not None or mention.injured is not None:
        yield f"dead {mention.dead}, injured {mention.injured}"


def evaluation_lines(evaluation: Evaluation, *, errors: bool = True) -> Iterator[str]:
    """An evaluation -> its tables, and the errors with their evidence."""
    yield f"{'level':<14} {'precision':>9} {'recall':>7} {'F1':>6} {'coded':>6} {'required':>9}"
    for level, score in evaluation.levels.items():
        yield f"{level:<14} {score.precision:>9.3f} {score.recall:>7.3f} {score.f1:>6.3f} {score.coded:>6} {score.required:>9}"
    yield "\nfields of the events that match strictly"
    for name, (right, asked) in evaluation.fields.items():
        yield f"{name:<14} {right:>4} of {asked:<4} {right / asked:.2f}"
    yield f"\n{'type':<14} {'precision':>9} {'recall':>7} {'F1':>6} {'coded':>6} {'required':>9}"
    for name, score in evaluation.types.items():
        f1 = f"{score.f1:.3f}" if score.required else "-"  # 0.000 would say that all was wrong where there was nothing to find
        yield f"{name:<14} {_share(score.right, score.coded):>9} {_share(score.found, score.required):>7} {f1:>6} {score.coded:>6} {score.required:>9}"
    if errors and evaluation.errors:
        yield "\nerrors"
        yield from (line for miss in evaluation.errors for line in _error_lines(miss))


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.3f}" if whole else "-"


def _error_lines(miss: Miss) -> Iterator[str]:
    side = miss.event
    near = f" (same actors as {', '.join(miss.near)})" if miss.near else ""
    yield f"{miss.kind} {miss.doc} {side.type} {_parties(side)} {side.date or 'no date'}{near}"
    evidence = side.raw.get("evidence")
    if isinstance(evidence, str):
        yield f"    {evidence!r}"
    for piece in evidence if isinstance(evidence, list) else []:
        yield f"    {' '.join(str(piece.get('text')).split())!r} [{piece.get('rule')}]"


def _parties(side: Side) -> str:
    def join(codes: frozenset[tuple[str, str]]) -> str:
        return "+".join(sorted("/".join(code) for code in codes)) or "nobody"

    return f"{join(side.source)} > {join(side.target)}"


def evaluation_data(evaluation: Evaluation) -> dict[str, Any]:
    """An evaluation -> plain data for ``--json``; levels and fields as tools/score_events.py prints them."""

    def numbers(score: Score) -> dict[str, Any]:
        shares = {"P": round(score.precision, 3), "R": round(score.recall, 3), "F1": round(score.f1, 3)}
        return {**shares, "n_pred": score.coded, "n_required": score.required}

    data: dict[str, Any] = {level: numbers(score) for level, score in evaluation.levels.items()}
    data["fields"] = {name: f"{right}/{asked} = {right / asked:.2f}" for name, (right, asked) in evaluation.fields.items()}
    data["types"] = {name: numbers(score) for name, score in evaluation.types.items()}
    data["errors"] = [{"kind": e.kind, "doc": e.doc, "event": dict(e.event.raw), "near": list(e.near)} for e in evaluation.errors]
    return data


SHOWN_PATTERNS = 8
"""Patterns of a rule that are shown of each part of speech, unless all are asked for: they fill a line or two."""


def type_lines(codebook: Codebook, name: str, *, whole: bool = False) -> Iterator[str]:
    """A type's name -> what it means, its scores and modes, and its rules with an example that fires and one that does not; ``whole``: with all patterns."""
    info: Mapping[str, Any] = codebook.types[name]
    yield f"{name}: {info['means']}"
    yield f"quad class {info['quad']}, score {info['score']}"
    modes = ", ".join(f"{mode} ({score})" for mode, score in info["modes"].items())
    yield f"modes: {modes or 'none'}"
    rules = sorted((r for r in codebook.rules.values() if r.type == name), key=lambda r: r.id)
    yield f"\n{len(rules)} rules"
    for rule in rules:
        yield from _rule_lines(rule, None if whole else SHOWN_PATTERNS)


def _rule_lines(rule: Rule, most: int | None) -> Iterator[str]:
    yield f"\n  {rule.id}: {rule.means}"
    yield f"    cameo {rule.cameo}" + (f", modes {', '.join(rule.modes)}" if rule.modes else "") + f" ({rule.file})"
    for label, patterns in (("verbs", rule.verbs), ("nouns", rule.nouns), ("adjectives", rule.adjectives)):
        if patterns:
            more = f" and {len(patterns) - most} more (--all)" if most is not None and len(patterns) > most else ""
            yield f"    {label}: {', '.join(patterns[:most])}{more}"
    if rule.beats:
        yield f"    beats {', '.join(rule.beats)}"
    yield f"    fires:  {rule.fires}"
    yield f"    spares: {rule.spares}"
