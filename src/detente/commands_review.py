"""The commands of reviewers, and ``recode``: parsed arguments -> one call of the library, shown -> exit code."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import msgspec

from detente import show, show_review, show_store
from detente.commands import Run, read_objects, writing_to
from detente.commands_store import open_given, split_dyad
from detente.errors import DetenteError, SettingsError
from detente.records import CodedReport
from detente.settings import read_reviewer
from detente.wording import count_of

if TYPE_CHECKING:
    from detente.store.filters import Filters
    from detente.store.reviewing import Decision
    from detente.store.schema import Store


def _decided(store: Store, decision: Decision) -> int:
    show.say(show_review.decision_line(decision))
    store.close()
    return 0


def run_review_accept(arguments: argparse.Namespace) -> int:
    """``detente review accept``."""
    from detente.store.reviewing import judge_event

    store = open_given(arguments.store, create=False)
    return _decided(store, judge_event(store, arguments.event_id, "accept", reviewer=read_reviewer(arguments.by), why=arguments.why))


def run_review_reject(arguments: argparse.Namespace) -> int:
    """``detente review reject``."""
    from detente.store.reviewing import judge_event

    store = open_given(arguments.store, create=False)
    return _decided(store, judge_event(store, arguments.event_id, "reject", reviewer=read_reviewer(arguments.by), why=arguments.why))


def run_review_correct(arguments: argparse.Namespace) -> int:
    """``detente review correct``."""
    store = open_given(arguments.store, create=False)
    return _decided(store, _correct(store, arguments.event_id, arguments.set, read_reviewer(arguments.by), arguments.why))


def _correct(store: Store, event_id: str, given: list[str], reviewer: str, why: str) -> Decision:
    from detente.corrections import make_fields
    from detente.store.query import load_event
    from detente.store.reviewing import correct_event

    values = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals:
            raise SettingsError(f"--set: found {text!r}; expected a field and its value, as type=ASSAULT or target=KOR/GOV")
        values[name.strip()] = value
    return correct_event(store, event_id, make_fields(values, load_event(store, event_id)), reviewer=reviewer, why=why)


def run_review_merge(arguments: argparse.Namespace) -> int:
    """``detente review merge``."""
    from detente.store.reviewing import merge_events

    store = open_given(arguments.store, create=False)
    return _decided(store, merge_events(store, arguments.event_id, arguments.others, reviewer=read_reviewer(arguments.by), why=arguments.why))


def run_review_split(arguments: argparse.Namespace) -> int:
    """``detente review split``."""
    from detente.store.reviewing import split_event

    store = open_given(arguments.store, create=False)
    return _decided(store, split_event(store, arguments.event_id, arguments.mentions, reviewer=read_reviewer(arguments.by), why=arguments.why))


def run_review_undo(arguments: argparse.Namespace) -> int:
    """``detente review undo``."""
    from detente.store.reviewing import undo

    store = open_given(arguments.store, create=False)
    return _decided(store, undo(store, arguments.decision, reviewer=read_reviewer(arguments.by), why=arguments.why))


def run_review_log(arguments: argparse.Namespace) -> int:
    """``detente review log``."""
    from detente.store.reviewing import list_decisions

    store = open_given(arguments.store, create=False)
    decisions = list_decisions(store, event_id=arguments.event, reviewer=arguments.by)
    store.close()
    if arguments.json:
        show.say_json(decisions)
        return 0
    for decision in decisions:
        show.say(show_review.decision_line(decision))
    if not decisions:
        show.say(f"{store.name}: no decisions")
    return 0


def run_review_export(arguments: argparse.Namespace) -> int:
    """``detente review export``."""
    from detente.review_gold import gold_document, report_of, required_ids
    from detente.store.reviewed import judged_documents

    store = open_given(arguments.store, create=False)
    documents = list(judged_documents(store))
    lines = [(gold_document(d), report_of(d)) for d in documents]
    store.close()
    for name, part in ((arguments.output, 0), (arguments.reports, 1)):
        text = "".join(json.dumps(pair[part], ensure_ascii=False) + "\n" for pair in lines)
        if name and name != "-":
            with writing_to(Path(name)):
                Path(name).write_text(text, encoding="utf-8")
        elif part == 0:
            sys.stdout.write(text)
    events = len(set().union(*map(required_ids, documents)))
    told = sum(len(gold["required"]) for gold, _ in lines)
    show.warn(
        f"{store.name}: {count_of(events, 'judged event')}, told {told:,} times in {count_of(len(lines), 'document')}"
        + ("" if lines else "; nothing is gold before a reviewer accepts or corrects it")
    )
    return 0 if lines else 2


def run_agreement(arguments: argparse.Namespace) -> int:
    """``detente agreement``."""
    from detente.agreement import GOLD_FIELDS, compare_judgements, pair_gold

    names = (arguments.first, arguments.second)
    if all(Path(name).is_file() for name in names):
        first, second = pair_gold(*(list(read_objects(name, ("doc", "required", "optional"))) for name in names))
        found = compare_judgements(first, second, GOLD_FIELDS)
    else:
        first, second = _judgements(arguments.store, names)
        found = compare_judgements(first, second)
    if arguments.json:
        show.say_json(found)
        return 0
    for line in show_review.agreement_lines(*names, found):
        show.say(line)
    return 0


def _judgements(address: str | None, names: tuple[str, str]) -> list[dict[str, dict[str, Any]]]:
    from detente.store.reviewed import judgements, reviewers

    store = open_given(address, create=False)
    try:
        known = reviewers(store)
        for name in names:
            if name not in known:
                listed = ", ".join(f"{n} ({number})" for n, number in known.items()) or "nobody yet"
                raise SettingsError(f"{store.name}: found no judgements of {name!r}; expected two reviewers ({listed}), or two gold files")
        return [judgements(store, name) for name in names]
    finally:
        store.close()


# -- at the terminal -----------------------------------------------------------------------------------------------------------
HELP = "a [why] accept; r [why] reject; c field=value ... [; why] correct; m ID ... merge; s MENTION ... split; u undo; n next; q quit; ? fields"
FIELDS = "type mode context cameo source target date place modality background dead injured; an empty value is nothing: target="


def run_review(arguments: argparse.Namespace) -> int:
    """``detente review``: one event after the other, with a prompt."""
    from detente.store.query import find_events

    reviewer = read_reviewer(arguments.by)
    store = open_given(arguments.store, create=False)
    seen: set[str] = set()
    judged: set[str] = set()
    try:
        filters = _review_filters(arguments, store)
        page = find_events(store, filters, limit=None)
        show.say(f"{page.said}: {len(page.events):,}. Reviewer: {reviewer}.\n{HELP}")
        for event in page.events:
            if event["event_id"] in seen:
                continue
            if not _review_one(store, event["event_id"], reviewer, seen, judged):
                break
    finally:
        store.close()
    show.say(f"{store.name}: {count_of(len(judged), 'event')} reviewed by {reviewer}")
    return 0


def _review_filters(arguments: argparse.Namespace, store: Store) -> Filters:
    from detente.store.filters import Filters
    from detente.store.query import check_actors

    dyad = split_dyad(arguments.dyad) if arguments.dyad else None
    filters = Filters(dyad=dyad, since=arguments.since, until=arguments.until, origin=arguments.origin, review=arguments.review, modality=None)
    check_actors(store, filters, "--")
    return filters


def _review_one(store: Store, event_id: str, reviewer: str, seen: set[str], judged: set[str]) -> bool:
    """Shows an event and asks until it is judged or passed over -> whether to go on; ``judged`` are the events of this session whose judgement stands."""
    from detente.store.query import load_event

    shown = ""
    while True:
        try:
            event = load_event(store, event_id)
        except DetenteError:
            return True  # merged into another one
        if shown != (shown := event_id + str(len(event["decisions"])) + str(event["mentions"])):
            show.say()
            for line in [*show_store.event_lines(event), *show_review.near_lines(store, event)]:
                show.say(line)
        answer = _ask(f"{event_id[:8]}> ")
        if answer is None or answer in ("q", "quit"):
            return False
        letter, _, rest = answer.partition(" ")
        if letter in ("n", ""):
            return True
        try:
            if _act(store, event_id, letter, rest.strip(), reviewer, seen, judged):
                return True
        except DetenteError as error:
            show.say(f"  {error}")


def _act(store: Store, event_id: str, letter: str, rest: str, reviewer: str, seen: set[str], judged: set[str]) -> bool:
    """One answer -> its decision; gives back whether the event is judged."""
    import shlex

    from detente.store.reviewed import judgements
    from detente.store.reviewing import judge_event, merge_events, split_event, undo

    if letter in ("a", "r"):
        decision = judge_event(store, event_id, "accept" if letter == "a" else "reject", reviewer=reviewer, why=rest)
    elif letter == "c":
        given, _, why = rest.partition(";")
        try:
            words = shlex.split(given)
        except ValueError as error:
            raise SettingsError(f"found {given!r} ({error}); expected field=value, quoted if it has spaces") from None
        decision = _correct(store, event_id, words, reviewer, why.strip())
    elif letter == "m":
        decision = merge_events(store, event_id, rest.split(), reviewer=reviewer)
        seen.update(decision.record["others"])
    elif letter == "s":
        decision = split_event(store, event_id, rest.split(), reviewer=reviewer)
    elif letter == "u":
        decision = undo(store, None, reviewer=reviewer)
    else:
        if letter != "?":
            show.say(f"  found {letter!r}; expected one of a, r, c, m, s, u, n, q, ?")
        show.say(f"{HELP}\n{FIELDS}")
        return False
    show.say("  " + show_review.decision_line(decision))
    if letter == "u" and decision.event_id not in judgements(store, reviewer):
        judged.discard(decision.event_id)
    if letter in ("a", "r", "c"):
        judged.add(decision.event_id)
        return True
    return False


def _ask(prompt: str) -> str | None:
    try:
        return input(prompt).strip()
    except EOFError:
        return None


# -- recode --------------------------------------------------------------------------------------------------------------------
def run_recode(arguments: argparse.Namespace) -> int:
    """``detente recode``."""
    from detente.store.recoding import compare_coding, count_documents, keep_coding, stored_documents

    run = Run(arguments)
    store = open_given(arguments.store, create=False)
    counts: Counter[str] = Counter()
    try:
        run.position.documents = count_documents(store)
        documents = stored_documents(store, doc_ids=tuple(arguments.doc), since=arguments.since, until=arguments.until)
        with tempfile.TemporaryFile() as held:
            for report in run.code(documents):
                recoded = compare_coding(store, report)
                counts["documents"] += 1
                counts["differing"] += recoded.differs
                counts.update(change.kind for change in recoded.changes)
                if recoded.differs:
                    held.write(msgspec.json.encode(report) + b"\n")
                    for line in show_review.recoded_lines(recoded):
                        show.say(line)
            show.say(show_review.recoded_summary(store.name, counts))
            if counts["differing"] and (arguments.keep or (sys.stdin.isatty() and not arguments.dry_run and _ask("Keep the new coding? [y/N] ") in ("y", "Y", "yes"))):
                kept = sum(keep_coding(store, report).differs for report in _held(held))
                show.say(f"{store.name}: {count_of(kept, 'document')} coded anew")
            elif counts["differing"]:
                show.say("nothing was changed" + ("" if arguments.dry_run else "; detente recode --keep keeps the new coding"))
    finally:
        store.close()
    if not counts["documents"]:
        show.warn(f"{store.name}: found no documents to code; expected some that detente add has stored")
    return run.finish()


def _held(file: IO[bytes]) -> Iterator[CodedReport]:
    file.seek(0)
    decoder = msgspec.json.Decoder(CodedReport)
    for line in file:
        yield decoder.decode(line)
