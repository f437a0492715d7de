"""The day of each event: which time expression of the report dates it, and what holds where none does.

Expressions are found and resolved in ``coding.expressions``.
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Sequence

import msgspec

from detente.codebook.load import Codebook
from detente.codebook.types import VERBAL
from detente.coding.expressions import Day, Expression, find_expressions, read_number, shift
from detente.coding.grammar import is_verb
from detente.records import EventMention, Sentence, When

_SAID_TODAY = VERBAL | {"CONSULT"}
HISTORICAL_AFTER_DAYS = 30
"""An event that ended more than this before publication is background (annotation guide)."""


def date_events(mentions: Sequence[EventMention], text: str, sentences: Sequence[Sentence], published_on: Day | None, codebook: Codebook) -> tuple[list[EventMention], bool]:
    """Event mentions -> the same with ``when`` and ``historical``; and whether relative dates had to stay unresolved."""
    expressions: dict[int, list[Expression]] = {}
    unresolved = False
    context: Day | None = None
    wanted = {m.sentence for m in mentions}
    for s in sentences:
        if s.index not in wanted and s.index + 1 not in wanted:
            continue
        expressions[s.index] = find_expressions(text, s, published_on, context)
        for e in expressions[s.index]:
            unresolved = unresolved or e.reason == "relative-without-publication-date"
            if e.when is not None and e.when.precision in ("day", "month") and (published_on is None or e.when.start <= published_on.isoformat()):
                context = Day.fromisoformat(e.when.start)
    out = []
    for m in mentions:
        s = sentences[m.sentence]
        here = expressions.get(m.sentence, [])
        chosen, cost = _choose(s, m, here, codebook)
        after = _after_clause(text, s, m, here, published_on)
        when = after or (chosen.when if chosen else None)
        historical = False
        if when is not None and published_on is not None:
            historical = (published_on - Day.fromisoformat(when.end)).days > HISTORICAL_AFTER_DAYS
            if Day.fromisoformat(when.start) > published_on:
                if m.event_type in VERBAL:
                    when = None  # a promise or a demand is made today, whatever day it is about
                elif s.tags[m.trigger] == "VBD" or _is_past_perfect(s, m.trigger) or any(s.lemmas[c] == "have" for c in s.children[m.trigger] if s.deps[c] == "aux"):
                    when = None  # told as done: the day belongs to something else
                elif m.modality == "actual":
                    m = msgspec.structs.replace(m, modality="future")
        out.append(
            msgspec.structs.replace(
                m,
                when=when,
                historical=historical,
                is_past_perfect=_is_past_perfect(s, m.trigger),
                date_cost=0.0 if after else cost,
                date_reason=chosen.reason if chosen and when is None else None if when else "no-expression",
            )
        )
    return out, unresolved


def story_day(mentions: Sequence[EventMention], published_on: Day | None) -> When | None:
    """The day of which the report tells: the first day that its headline or its first two sentences give to an event of the week before publication."""
    if published_on is None:
        return None
    for m in sorted(mentions, key=lambda m: m.trigger):
        if m.sentence <= 2 and m.modality == "actual" and m.when is not None and m.when.precision == "day":
            if 0 <= (published_on - Day.fromisoformat(m.when.end)).days <= 7:
                return m.when
    return None


def default_day(group: Sequence[EventMention], published_on: Day | None, story: When | None) -> When | None:
    """The day of an event that no expression dates: verbal acts happened when they were reported (annotation guide), and so did what a headline
    or the first sentence tells as news; what is told further down happened on the ``story``'s day; what is told as past ("had cut") has none."""
    if published_on is None or all(m.is_past_perfect for m in group):
        return None
    if group[0].event_type in _SAID_TODAY:
        return When(published_on.isoformat(), published_on.isoformat(), "day")
    if any((m.in_title or m.sentence <= 1) and not m.nominal and not m.is_past_perfect for m in group):
        return When(published_on.isoformat(), published_on.isoformat(), "day")
    return story if any(not m.is_past_perfect and not m.nominal for m in group) else None


_AFTER = re.compile(
    r"\b(?P<n>\d{1,2}|one|two|three|four|five|six|seven|eight|nine|ten|an?|several|a few) (?P<u>days?|weeks?|months?|years?|hours?|minutes?) (?:after|following)\b|\b(?P<h>(?:just |only )?(?:hours|minutes|shortly|soon|immediately)) (?:after|following)\b"
)


def _is_past_perfect(s: Sentence, token: int) -> bool:
    return any(s.words[c].lower() in ("had", "'d") for c in s.children[token] if s.deps[c] == "aux")


def _after_clause(text: str, s: Sentence, m: EventMention, expressions: Sequence[Expression], published_on: Day | None) -> When | None:
    """ "a day after the North cut its lines": the day of the main clause less the interval, for the event below "after"."""
    start, end = s.span
    low = text[start:end].lower()
    for match in _AFTER.finditer(low):
        at = start + match.end()
        token = bisect.bisect_left(s.starts, at - 5)
        if not (s.starts[min(token, len(s.starts) - 1)] <= s.starts[m.trigger] and _is_below_after(s, m.trigger, at)):
            continue
        anchor = next((e.when for e in expressions if e.when is not None and e.when.precision == "day" and e.span[1] <= start + match.start() + 1), None)
        day = Day.fromisoformat(anchor.start) if anchor else published_on
        if day is None:
            return None
        if match.group("h"):
            return When(day.isoformat(), day.isoformat(), "day", match.group(0), (start + match.start(), at))
        found, _ = shift(day, -read_number(match.group("n")), match.group("u"))
        if found is not None:
            return When(found[0].isoformat(), found[1].isoformat(), found[2], match.group(0), (start + match.start(), at))
    return None


def _is_below_after(s: Sentence, trigger: int, at: int) -> bool:
    """Whether the trigger stands in the clause or phrase that the word before character ``at`` opens."""
    token = trigger
    for _ in range(8):
        for c in s.children[token]:
            if s.words[c].lower() in ("after", "following") and s.deps[c] in ("mark", "prep", "advmod") and abs(s.ends[c] - at) < 2:
                return True
        if s.words[token].lower() in ("after", "following") and abs(s.ends[token] - at) < 2:
            return token != trigger
        if s.heads[token] == token or s.deps[token] in ("relcl", "acl") or s.deps[token] == "pobj" and s.words[s.heads[token]].lower() not in ("after", "following"):
            return False
        token = s.heads[token]
    return False


def _choose(s: Sentence, m: EventMention, expressions: Sequence[Expression], codebook: Codebook) -> tuple[Expression | None, float]:
    """The expression that hangs nearest to the trigger in the tree; one that hangs on another clause only if nothing else governs it."""
    if not expressions:
        return None, 0.0
    path = _ancestors(s, m.trigger, m.nominal, codebook)
    best, best_cost = None, 99.0
    for e in expressions:
        head = e.first
        for k in range(e.first, min(e.last, len(s.words) - 1) + 1):
            if not e.first <= s.heads[k] <= e.last:
                head = k
                break
        cost = _distance(s, head, path, m)
        if m.event_type in VERBAL and _inside_content(s, head, m.trigger):
            cost += 4.0
        if e.when is None:
            cost += 3
        cost += abs(e.first - m.trigger) / 100
        if cost < best_cost:
            best, best_cost = e, cost
    return (best, best_cost) if best_cost < 6.5 else (None, 0.0)


def _inside_content(s: Sentence, token: int, trigger: int) -> bool:
    """Whether the expression stands in what is promised, asked or threatened, not with the promise itself."""
    for _ in range(12):
        if token == trigger or s.heads[token] == token:
            return False
        if s.heads[token] == trigger and s.deps[token] in ("xcomp", "ccomp", "advcl", "dobj"):
            return True
        token = s.heads[token]
    return False


def _ancestors(s: Sentence, token: int, nominal: bool, codebook: Codebook) -> dict[int, float]:
    """Tokens above the trigger with the cost of borrowing a date from them."""
    out = {token: 0.0}
    cost = 0.0
    for _ in range(14):
        head, dep = s.heads[token], s.deps[token]
        if head == token:
            break
        if (
            nominal
            and is_verb(s, head)
            and not is_verb(s, token)
            and dep != "acl"
            and s.lemmas[head] not in codebook.grammar["occurrence_verbs"]
            and s.lemmas[head] not in codebook.grammar["light_verbs"]
        ):
            cost += 3.0  # "the death toll of the bombing rose on Friday": the verb's day is not the event's
        if dep in ("ccomp",):
            cost += 2.5
        elif dep in ("relcl", "advcl", "acl"):
            cost += 4.0 if dep != "acl" else 3.0
        elif dep in ("pcomp",):
            cost += 3.0
        elif dep == "conj":
            cost += 1.0 if is_verb(s, token) else 0.2
        elif dep in ("xcomp", "dobj", "nsubj", "nsubjpass", "attr", "prep", "pobj"):
            cost += 0.3
        else:
            cost += 0.5
        token = head
        out.setdefault(token, cost)
    return out


def _distance(s: Sentence, head: int, path: dict[int, float], m: EventMention) -> float:
    cost = 0.0
    token = head
    for _ in range(12):
        if token in path:
            return cost + path[token]
        dep = s.deps[token]
        if dep in ("relcl", "acl"):
            cost += 5.0
        elif dep in ("advcl", "ccomp", "pcomp"):
            cost += 3.5 if dep != "ccomp" else 5.0
        elif dep == "conj" and is_verb(s, token):
            cost += 3.0
        elif s.tags[token][:2] == "NN" and dep in ("pobj", "dobj", "nsubj"):
            cost += (
                0.6
                if not (
                    dep == "pobj" and s.words[s.heads[token]].lower() in ("after", "following", "before", "since", "during", "amid", "despite", "over", "for") and token != head
                )
                else 4.0
            )
        else:
            cost += 0.3
        if s.heads[token] == token:
            break
        token = s.heads[token]
    return cost + 5
