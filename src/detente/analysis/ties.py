"""A dyad's events and a day -> what links the two (channels, talks, agreements, projects, sanctions, visits), its state, and the events that changed it."""

from __future__ import annotations

import datetime
import functools
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec
import polars as pl

from detente.codebook.ties import Coded, TieKind, load_ties

VERB_BEFORE_WORDS = 7
"""So many words may stand between an act and the tie that it is done to: "shut down the last two of its hotlines"."""
VERB_AFTER_WORDS = 4
"""So many between a tie and the act that follows it: "the office was on Tuesday destroyed"."""
MERGE_DAYS = 3
"""A state that is told again within so many days is the same change, told again."""


class Change(msgspec.Struct, frozen=True):
    """What an event made of a tie. ``words``: the words that tell it, empty for an event that has none; ``also``: ids of events that tell the same."""

    day: datetime.date
    state: str
    event_id: str
    words: str
    precision: str = "day"
    also: tuple[str, ...] = ()


class Tie(msgspec.Struct, frozen=True, kw_only=True):
    """A tie at a day. ``since``: the first day of its present state, of talks and visits the last. ``side``: whose it is ("a" or "b"), for those of one side only. ``changes``: oldest first."""

    kind: str
    name: str
    state: str
    since: datetime.date
    place: str = ""
    side: str | None = None
    changes: tuple[Change, ...]


class _Telling(NamedTuple):
    """What an event tells of a tie: the state that it gives, and the words that tell it."""

    tie: TieKind
    state: str
    words: str


class _Told(NamedTuple):
    change: Change
    place: str
    reports: int


def find_ties(dyad: pl.DataFrame, at: datetime.date, evidence: Mapping[str, Sequence[str]] | None = None) -> list[Tie]:
    """A dyad's events (with ``side``), a day, and all evidence by event id -> the ties, in the order of the codebook's table.

    Without ``evidence`` the column ``text`` is read, which has the first words only. A tie of which no event up to ``at`` tells is not listed.
    """
    found: dict[tuple[str, str | None], list[_Told]] = {}
    known = dyad.filter(pl.col("day") <= at).sort("day", "event_id")
    tellings, kinds_of = _tell_kinds(known, evidence or {})
    columns = ("event_id", "day", "precision", "side", "place_name", "place_country", "reports")
    for kind, row in zip(kinds_of["kind"], known[kinds_of["index"]].select(columns).iter_rows(), strict=True):
        event_id, day, precision, side, place, country, reports = row
        where = place if place and len(place) > 3 and country else ""
        for tie, state, words in tellings[kind]:
            found.setdefault((tie.id, side if tie.directed else None), []).append(_Told(Change(day, state, event_id, words, precision), where, reports))
    kinds = {tie.id: (n, tie) for n, tie in enumerate(load_ties().ties)}
    ordered = sorted(found.items(), key=lambda item: (kinds[item[0][0]][0], item[0][1] or ""))
    return [_make_tie(kinds[name][1], side, told) for (name, side), told in ordered]


def _tell_kinds(known: pl.DataFrame, evidence: Mapping[str, Sequence[str]]) -> tuple[list[tuple[_Telling, ...]], pl.DataFrame]:
    """Rows of a dyad, and all evidence by event id -> what each kind of row tells, and the rows that tell anything (``index``) with their ``kind``, in order.

    Rows that are coded alike and have the same words are of one kind: of a dataset's events, which have few words or none, nearly all are. One with evidence is a kind of its own.
    """
    own = pl.when(pl.col("event_id").is_in(list(evidence))).then("event_id")
    keys = ("event_type", "cameo", "text", pl.col("modes").list.join(",").alias("mode_names"), own.alias("own"))
    kinds = known.with_row_index().group_by(*keys, maintain_order=True).agg("index", pl.col("modes").first())
    tellings = []
    for event_type, cameo, text, modes, event_id in kinds.select("event_type", "cameo", "text", "modes", "own").iter_rows():
        texts = list(evidence.get(event_id, ())) or ([text] if text else [])
        tellings.append(tuple(_tell(event_type, modes or (), cameo or "", texts)))
    told = kinds.with_row_index("kind").filter(pl.Series([bool(told) for told in tellings], dtype=pl.Boolean))
    return tellings, told.select("kind", "index").explode("index").sort("index")


def _tell(event_type: str, modes: Sequence[str], cameo: str, texts: Sequence[str]) -> Iterator[_Telling]:
    """How an event is coded, and its words -> the ties that it tells of."""
    # most words name no tie at all: one look at all names spares a look for each
    names = _pattern(tuple(word for tie in load_ties().ties for word in tie.words), plural=True)
    naming = [plain for text in texts if names.search((plain := " ".join(text.split())).lower())]
    for tie in _open_to(event_type, bool(naming)):
        told = _by_words(tie, event_type, naming) or _by_code(tie.coded, event_type, modes, cameo, has_text=bool(texts))
        if told is not None:
            yield _Telling(tie, *told)


@functools.cache
def _open_to(event_type: str, named: bool) -> tuple[TieKind, ...]:
    """The ties that an event of a type can tell of: by the words of one that is named, or by its code."""
    return tuple(tie for tie in load_ties().ties if (named and tie.words) or any(event_type in rule.types for rule in tie.coded))


def _make_tie(kind: TieKind, side: str | None, told: Sequence[_Told]) -> Tie:
    changes = tuple(_merge(told))
    last = changes[-1].state
    since = changes[-1].day
    if not kind.momentary:
        since = next(changes[n].day for n in range(len(changes) - 1, -1, -1) if n == 0 or changes[n - 1].state != last)
    places = Counter(each.place for each in told if each.place and kind.kind in ("channel", "project"))
    return Tie(kind=kind.kind, name=kind.name, state=last, since=since, place=places.most_common(1)[0][0] if places else "", side=side, changes=changes)


def _merge(told: Sequence[_Told]) -> Iterator[Change]:
    """What was told by day -> the changes; what tells the last one again within ``MERGE_DAYS`` is one with it, under the event of most reports.

    Of one day the sharper date counts last, so that it tells the state.
    """
    group: list[_Told] = []
    for each in sorted(told, key=lambda t: (t.change.day, t.change.precision == "day")):
        if group and (group[0].change.state != each.change.state or (each.change.day - group[-1].change.day).days > MERGE_DAYS):
            yield _as_one(group)
            group = []
        group.append(each)
    if group:
        yield _as_one(group)


def _as_one(group: Sequence[_Told]) -> Change:
    best = max(group, key=lambda t: t.reports).change
    also = tuple(t.change.event_id for t in group if t.change.event_id != best.event_id)
    return msgspec.structs.replace(best, day=group[0].change.day, precision=group[0].change.precision, also=also)


def _by_code(rules: Sequence[Coded], event_type: str, modes: Sequence[str], cameo: str, *, has_text: bool) -> tuple[str, str] | None:
    for rule in rules:
        if event_type not in rule.types or (rule.without_text and has_text) or (rule.cameo and not cameo.startswith(rule.cameo)):
            continue
        if (rule.modes and not set(modes) & set(rule.modes)) or set(modes) & set(rule.not_modes):
            continue
        return rule.state, ""
    return None


def _by_words(tie: TieKind, event_type: str, texts: Sequence[str]) -> tuple[str, str] | None:
    """The state that an event's words tell: those of the first mention that tells any, and there the act that stands nearest to the tie."""
    if not tie.words:
        return None
    for plain in texts:
        best: tuple[int, str] | None = None
        low = plain.lower().replace("’", "'")
        nouns = [m.span() for m in _pattern(tie.words, plural=True).finditer(low)]
        spared = [m.span() for m in _pattern(tie.without, plural=True).finditer(low)] if tie.without else []
        for start, end in nouns:
            if any(s <= start and end <= e for s, e in spared):
                continue
            for gap, state in _acts_near(tie, event_type, low, start, end):
                if best is None or gap < best[0]:
                    best = (gap, state)
        if best is not None:
            return best[1], plain
    return None


def _acts_near(tie: TieKind, event_type: str, low: str, start: int, end: int) -> Iterator[tuple[int, str]]:
    """A tie's place in a text -> acts done to it, each with how many words away. Of a tie's acts that share a word the first counts."""
    table = load_ties()
    for name in tie.acts:
        act = table.acts[name]
        if event_type not in act.types:
            continue
        for match in _pattern(act.verbs).finditer(low):
            if match.end() <= start:
                between, limit = low[match.end() : start], VERB_BEFORE_WORDS
            elif match.start() >= end:
                between, limit = low[end : match.start()], VERB_AFTER_WORDS
            else:
                continue
            gap = len(between.split())
            # what follows a tie with "to" is what the tie is for: "an agreement to halt drills"
            if gap > limit or re.search(r"[.;:!?]\s", between) or (match.start() >= end and between.split()[-1:] == ["to"]):
                continue
            state = _state(name, low[: match.start()], event_type)
            if state is not None:
                yield gap, state


def _state(name: str, before: str, event_type: str) -> str | None:
    """An act, what stands before it, and the type of the event -> the state it gives, ``None`` if it is only threatened, planned or asked for."""
    table = load_ties()
    clause = re.split(r"[.;:!?]\s", before)[-1].split()
    act = table.acts[name]
    agreed = not act.commits and any(_bare(w) in table.agreed.words for w in clause[-table.agreed.within_words :])
    if agreed:
        return table.agreed.opening if act.opens else name
    unreal = any(_bare(w) in table.unreal.words for w in clause[-table.unreal.within_words :])
    return None if unreal or event_type == "THREATEN" or (event_type == "AGREE" and not act.commits) else name


def _bare(word: str) -> str:
    return word.strip("\"'“”,()")


@functools.cache
def _pattern(words: tuple[str, ...], plural: bool = False) -> re.Pattern[str]:
    longest_first = sorted(words, key=len, reverse=True)
    return re.compile(r"(?<![\w-])(?:" + "|".join(re.escape(w) for w in longest_first) + ")" + ("s?" if plural else "") + r"(?![\w-])")
