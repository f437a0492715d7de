"""The day of each event: which time expression of the report dates it, and what holds where none does.

Expressions are found and resolved in ``coding.expressions``.
"""

from __future__ import annotations

import bisect
import datetime
import re
from collections.abc import Sequence

import msgspec

from detente.codebook.load import Codebook
from detente.codebook.types import STATE_SECTORS, SYMMETRIC, VERBAL
from detente.coding.expressions import Day, Expression, find_expressions, read_number, shift
from detente.coding.grammar import children, first_conjunct, goes_on, is_verb
from detente.records import EventMention, Sentence, When

_SAID_TODAY = VERBAL | {"CONSULT"}
HISTORICAL_AFTER_DAYS = 30
"""An event that ended more than this before publication is background (annotation guide)."""


class Story(msgspec.Struct, frozen=True):
    """The day of which a report tells, the countries between which the events of that day in its lead passed, and whether it was written on that day for
    the next ("yesterday")."""

    when: When
    parties: frozenset[str]
    is_eve: bool = False


class Dated(msgspec.Struct, frozen=True):
    """What ``date_events`` finds: the mentions with their days, the day of which the report tells, and whether a day stayed open for want of a publication date."""

    mentions: list[EventMention]
    story: Story | None
    is_unresolved: bool


def date_events(mentions: Sequence[EventMention], text: str, sentences: Sequence[Sentence], published_on: Day | None, codebook: Codebook) -> Dated:
    """Event mentions -> the same with ``when``, ``narrated`` and ``historical``; the story's day; and whether relative dates had to stay unresolved."""
    eve = _day_of_morning_paper(text, published_on)
    expressions, unresolved = _expressions_by_sentence(text, sentences, published_on, eve, codebook)
    narrated = _narrated_days(sentences, expressions, published_on, codebook)
    out = []
    for m in mentions:
        s = sentences[m.sentence]
        here = expressions[m.sentence]
        chosen, cost = _choose(s, m.trigger, here, codebook, nominal=m.nominal, verbal=m.event_type in VERBAL)
        before = narrated[m.sentence - 1] if m.sentence else None
        after = _after_clause(text, s, m, here, before, published_on)
        when = after or (chosen.when if chosen else None)
        historical = False
        if when is not None and published_on is not None:
            historical = is_historical(when, published_on)
            if Day.fromisoformat(when.start) > published_on:
                if m.event_type in VERBAL:
                    when = None  # a promise or a demand is made today, whatever day it is about
                elif s.tags[m.trigger] == "VBD" or _is_past_perfect(s, m.trigger, codebook) or _is_perfect(s, m.trigger):
                    when = None  # told as done: the day belongs to something else
                elif m.modality == "actual":
                    m = msgspec.structs.replace(m, modality="future")
        out.append(
            msgspec.structs.replace(
                m,
                when=when,
                historical=historical,
                narrated=before,
                is_continued=goes_on(s, m.trigger),
                opens_scene=s.words[0] in ("In", "At", "Near", "Outside"),
                is_past_perfect=_is_past_perfect(s, m.trigger, codebook),
                is_present=_is_present(s, m.trigger),
                date_cost=0.0 if after else cost,
                date_reason=chosen.reason if chosen and when is None else None if when else "no-expression",
            )
        )
    when = _story_day(narrated, out, published_on) or eve
    if when is None:
        return Dated(out, None, unresolved)
    news = [m for m in out if m.sentence <= LEAD_SENTENCES and (m.in_title or m.when is not None and m.when.start == when.start)]
    parties = frozenset(a.country for m in news for a in (*m.source, *m.target) if a.country)
    return Dated(out, Story(when, parties, eve is not None and eve.start == when.start), unresolved)


OWN_CLAUSE_COST = 2.5
"""Up to this cost an expression stands in the clause of the verb itself."""


def is_historical(when: When, published_on: Day) -> bool:
    """Whether a period ended so long before publication that what happened in it is background."""
    return (published_on - Day.fromisoformat(when.end)).days > HISTORICAL_AFTER_DAYS


def _expressions_by_sentence(text: str, sentences: Sequence[Sentence], published_on: Day | None, context: When | None, codebook: Codebook) -> tuple[list[list[Expression]], bool]:
    """The time expressions of each sentence, each resolved against the day spoken of before it (at first ``context``); and whether any needs a
    publication date."""
    out: list[list[Expression]] = []
    unresolved = False
    done = codebook.grammar["actual_verbs"] | codebook.grammar["attempt_verbs"]
    for s in sentences:
        found = find_expressions(text, s, published_on, context, done)
        for e in found:
            unresolved = unresolved or e.reason == "relative-without-publication-date"
            if e.when is not None and e.when.precision in ("day", "month") and (published_on is None or e.when.start <= published_on.isoformat()):
                context = e.when
        out.append(found)
    return out, unresolved


def _narrated_days(sentences: Sequence[Sentence], expressions: Sequence[Sequence[Expression]], published_on: Day | None, codebook: Codebook) -> list[When | None]:
    """For each sentence the day of which it tells: the one that dates its main verb; a sentence without one goes on with the day before it if it goes on
    with the subject ("He also urged")."""
    out: list[When | None] = []
    for s in sentences:
        root = next((k for k, head in enumerate(s.heads) if head == k and is_verb(s, k)), None)
        when: When | None = None
        if root is not None:
            said = children(s, root, "ccomp") if s.lemmas[root] in codebook.grammar["report_verbs"] else []
            for verb in (*said, root):
                chosen, cost = _choose(s, verb, expressions[s.index], codebook)
                when = when or (chosen.when if chosen is not None and cost < OWN_CLAUSE_COST else None)
            if when is None and out and goes_on(s, root):
                when = out[-1]
            if when is not None and published_on is not None and when.start > published_on.isoformat():
                when = None
        out.append(when)
    return out


def _story_day(narrated: Sequence[When | None], mentions: Sequence[EventMention], published_on: Day | None) -> When | None:
    """The day of which the report tells: the first day of the week before publication that dates the main clause of its headline or of its first two
    sentences, else an event in them (not one below "a day after")."""
    if published_on is None:
        return None
    told = [m.when for m in sorted(mentions, key=lambda m: (m.sentence, m.trigger)) if m.sentence <= LEAD_SENTENCES and m.modality == "actual" and not _is_anchored(m.when)]
    for when in (*narrated[: LEAD_SENTENCES + 1], *told):
        if when is not None and when.precision == "day" and 0 <= (published_on - Day.fromisoformat(when.end)).days <= 7:
            return when
    return None


LEAD_SENTENCES = 4
_EVE = re.compile(r"\byesterday\b|\blast night\b", re.IGNORECASE)


def _day_of_morning_paper(text: str, published_on: Day | None) -> When | None:
    """The day before publication, where a report says "yesterday" or "last night" in its own voice: it was written then, and is read today."""
    if published_on is None:
        return None
    eve = (published_on - datetime.timedelta(days=1)).isoformat()
    return next((When(eve, eve, "day", m.group(0), m.span()) for m in _EVE.finditer(text) if not _is_quoted(text, m.start())), None)


def _is_quoted(text: str, at: int) -> bool:
    """Whether character ``at`` stands between double quotation marks of its paragraph."""
    before = text[text.rfind("\n", 0, at) + 1 : at]
    return before.count("\u201c") > before.count("\u201d") or before.count('"') % 2 == 1


def _is_anchored(when: When | None) -> bool:
    """Whether a day is told by its distance from another event's ("a day after")."""
    return when is not None and (when.text or "").lower().endswith((" after", " following"))


def day_of_event(group: Sequence[EventMention], published_on: Day | None, story: Story | None) -> When | None:
    """The day of one event, told by ``group``, best mention first: the most precise one that any mention gives, else the one that the story gives.

    A noun's day of long ago does not date an event that a verb tells as news ("the 2011 attack" beside "Gunmen attacked the hotel").
    """
    dated = [m for m in group if m.when is not None]
    told = [m for m in dated if not m.nominal]
    if dated and (told or len(dated) == len(group) or all(m.nominal for m in group) or not all(m.historical for m in dated)):
        return min(told or dated, key=lambda m: (_RANK[m.when.precision] if m.when else 9, round(m.date_cost))).when
    return default_day(group, published_on, story)


_RANK = {"day": 0, "week": 1, "month": 2, "year": 3}


def default_day(group: Sequence[EventMention], published_on: Day | None, story: Story | None) -> When | None:
    """The day of an event that no expression dates.

    What goes on with the subject of the sentence before goes on with its day. Verbal acts happened when they were reported (annotation guide), but on the
    ``story``'s day if that is told as "yesterday", or if the state that speaks is a party to a story of the day before. What the headline or the first
    sentence tells as news happened on the story's day, else on that of publication; what is told further down on the day of the sentence before, else
    on the story's; what is told as past already ("had cut") has none.
    """
    if published_on is None or all(m.is_past_perfect for m in group):
        return None
    key = group[0]
    today = When(published_on.isoformat(), published_on.isoformat(), "day")
    going_on = next((m.narrated for m in group if m.is_continued and m.narrated is not None and not m.is_past_perfect), None)
    if going_on is not None and not any(m.in_title for m in group):
        return going_on
    if key.event_type in SYMMETRIC and key.narrated is not None and not key.nominal and not is_historical(key.narrated, published_on):
        return key.narrated  # "The two met on Monday. They agreed to": a deal, unlike a comment, is part of what is told
    if key.event_type in _SAID_TODAY:
        return story.when if story is not None and _spoke_in_story(key, story, published_on) else today
    lead = next((m for m in group if (m.in_title or m.sentence <= 1) and not m.nominal and not m.is_past_perfect), None)
    if lead is not None:
        is_told_later = story is not None and story.when.span is not None and story.when.span[0] > lead.evidence.span[1] and not lead.in_title
        return today if story is None or is_told_later else story.when
    told = next((m for m in group if not m.is_past_perfect and not m.nominal), None)
    if told is None:
        return None
    of_story = story.when if story is not None else None
    day = (of_story or told.narrated) if told.opens_scene else (told.narrated or of_story)
    return today if day is None and told.is_present else day


def _spoke_in_story(m: EventMention, story: Story, published_on: Day) -> bool:
    """Whether an undated comment belongs to the story's day: a morning paper's "yesterday", or the words of a state that takes part in the news of the day before."""
    if story.is_eve:
        return True
    is_day_before = (published_on - Day.fromisoformat(story.when.end)).days == 1
    return is_day_before and any(a.country in story.parties and STATE_SECTORS & set(a.sectors) for a in m.source)


_AFTER = re.compile(
    r"\b(?P<n>\d{1,2}|one|two|three|four|five|six|seven|eight|nine|ten|an?|several|a few) (?P<u>days?|weeks?|months?|years?|hours?|minutes?) (?:after|following)\b|\b(?P<h>(?:just |only )?(?:hours|minutes|shortly|soon|immediately)) (?:after|following)\b"
)


def _is_past_perfect(s: Sentence, token: int, codebook: Codebook) -> bool:
    """Whether the verb tells what was past already ("had cut"); in what somebody said it is but the past of reported speech ("said it had cut")."""
    if not any(s.words[c].lower() in ("had", "'d") for c in s.children[token] if s.deps[c] == "aux"):
        return False
    top = first_conjunct(s, token)
    head = s.heads[top]
    return not (head != top and s.deps[top] == "ccomp" and s.lemmas[head] in codebook.grammar["report_verbs"] and s.tags[head] in ("VBD", "VBN", "VB", "VBG"))


def _after_clause(text: str, s: Sentence, m: EventMention, expressions: Sequence[Expression], before: When | None, published_on: Day | None) -> When | None:
    """ "a day after the North cut its lines": the day of the main clause (else of the text before, else of publication) less the interval, for the
    event below "after"."""
    start, end = s.span
    low = text[start:end].lower()
    for match in _AFTER.finditer(low):
        at = start + match.end()
        token = bisect.bisect_left(s.starts, at - 5)
        if not (s.starts[min(token, len(s.starts) - 1)] <= s.starts[m.trigger] and _is_below_after(s, m.trigger, at)):
            continue
        anchor = next((e.when for e in expressions if e.when is not None and e.when.precision == "day" and e.span[1] <= start + match.start() + 1), None)
        anchor = anchor or (before if before is not None and before.precision == "day" and s.heads[m.trigger] != m.trigger else None)
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


def _choose(s: Sentence, trigger: int, expressions: Sequence[Expression], codebook: Codebook, *, nominal: bool = False, verbal: bool = False) -> tuple[Expression | None, float]:
    """The expression that hangs nearest to the trigger in the tree; one that hangs on another clause only if nothing else governs it."""
    if not expressions:
        return None, 0.0
    path = _ancestors(s, trigger, codebook, nominal=nominal)
    best, best_cost = None, 99.0
    for e in expressions:
        head = e.first
        for k in range(e.first, min(e.last, len(s.words) - 1) + 1):
            if not e.first <= s.heads[k] <= e.last:
                head = k
                break
        cost = _distance(s, head, head, path, codebook)
        if verbal and _inside_content(s, head, trigger):
            cost += 4.0
        if e.is_modifier and s.heads[e.first] != trigger:
            cost += 4.0  # "denied the November attack": the attack's month, not the denial's
        if e.when is None:
            cost += 3
        if e.text.lower().startswith("since"):
            cost += SINCE_COST
        cost += abs(e.first - trigger) / 100
        if cost < best_cost:
            best, best_cost = e, cost
    return (best, best_cost) if best_cost < 6.5 else (None, 0.0)


SINCE_COST = 1.0
"""What "since" and a day costs more than a day itself: "on Monday, the third time since May"."""


def _inside_content(s: Sentence, token: int, trigger: int) -> bool:
    """Whether the expression stands in what is promised, asked or threatened, not with the promise itself."""
    for _ in range(12):
        if token == trigger or s.heads[token] == token:
            return False
        if s.heads[token] == trigger and s.deps[token] in ("xcomp", "ccomp", "advcl", "dobj"):
            return not (s.deps[token] == "advcl" and _opens_with(s, token, _AT_ONE_TIME))
        token = s.heads[token]
    return False


def _ancestors(s: Sentence, token: int, codebook: Codebook, *, nominal: bool) -> dict[int, float]:
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
        elif dep in ("relcl", "advcl") and _opens_with(s, token, "when" if dep == "relcl" else _AT_ONE_TIME):
            cost += 1.0  # "on 3 July, when students clashed"; "moved on Monday as police fired"
        elif dep == "advcl" and s.lemmas[token] in codebook.grammar["report_verbs"] and any(s.tags[c] == "TO" for c in s.children[token]):
            cost += 0.5  # "appeared on television on Monday to announce"
        elif dep in ("relcl", "advcl", "acl"):
            cost += 4.0 if dep != "acl" else 3.0
        elif dep in ("pcomp",):
            cost += 3.0
        elif dep == "conj" and is_verb(s, token) and children(s, token, "nsubj", "nsubjpass") and _is_perfect(s, token) != _is_perfect(s, head):
            cost += 6.0  # "balloons were sent last week, and Seoul has since promised a law"
        elif dep == "conj":
            cost += 1.0 if is_verb(s, token) else 0.2
        elif dep in ("xcomp", "dobj", "nsubj", "nsubjpass", "attr", "prep", "pobj"):
            cost += 0.3
        else:
            cost += 0.5
        token = head
        out.setdefault(token, cost)
    return out


def _is_day(s: Sentence, first: int, codebook: Codebook) -> bool:
    """Whether a weekday's name stands in the expression that begins here ("on Monday", "Monday")."""
    return any(w.lower() in codebook.grammar["weekdays"] for w in s.words[first : first + 3])


_AT_ONE_TIME = ("as", "while", "when")


def _opens_with(s: Sentence, v: int, words: str | Sequence[str]) -> bool:
    return any(s.words[c].lower() in words for c in s.children[v] if s.deps[c] in ("mark", "advmod"))


def _distance(s: Sentence, first: int, head: int, path: dict[int, float], codebook: Codebook) -> float:
    """What it costs to date by the expression a verb or noun at the root of ``path``, climbing from the expression's head."""
    cost = 0.0
    token = head
    for _ in range(12):
        if token in path:
            return cost + path[token]
        dep = s.deps[token]
        if dep == "acl" and s.tags[token] == "VBD" and s.lemmas[token] in codebook.grammar["report_verbs"]:
            return cost + 1.0 + max(path.values())  # ", the minister announced on Tuesday" hung on the noun before it: a participle it is not
        if dep in ("relcl", "acl", "advcl", "ccomp", "pcomp"):
            cost += _way_out(s, token, first, path, codebook)
        elif dep == "conj" and is_verb(s, token):
            cost += 7.0 if children(s, token, "nsubj", "nsubjpass") else 3.0  # another clause with a subject of its own has a day of its own
        elif s.tags[token][:2] == "NN" and dep in ("pobj", "dobj", "nsubj"):
            cost += _bond(s.words[s.heads[token]].lower()) if dep == "pobj" and token != head and s.lemmas[token] not in codebook.grammar["times_of_day"] else 0.6
        else:
            cost += 0.3
        if s.heads[token] == token:
            break
        token = s.heads[token]
    return cost + 5


def _is_perfect(s: Sentence, v: int) -> bool:
    return any(s.lemmas[c] == "have" for c in s.children[v] if s.deps[c] == "aux")


def _is_present(s: Sentence, v: int) -> bool:
    """Whether a verb tells of what holds when the report is read: "has sent", "are blocking"."""
    top = first_conjunct(s, v)
    auxiliaries = [s.words[c].lower() for k in {v, top} for c in s.children[k] if s.deps[c] in ("aux", "auxpass")]
    return is_verb(s, v) and any(w in ("has", "have", "'ve", "'s", "is", "are", "'re") for w in auxiliaries)


def _bond(preposition: str) -> float:
    """How firmly a preposition keeps the day of its noun to itself: "after talks on Monday" may be Monday, "over his speech of Monday" is not."""
    return 6.0 if preposition in ("over", "for", "despite", "about", "since", "before") else 4.0 if preposition in ("after", "following", "amid") else 0.6


def _way_out(s: Sentence, clause: int, first: int, path: dict[int, float], codebook: Codebook) -> float:
    """What it costs to take the day of a subordinate clause for what stands above it."""
    grammar, dep, head = codebook.grammar, s.deps[clause], s.heads[clause]
    if dep in ("advcl", "acl") and s.tags[clause] in ("VBG", "NN") and not children(s, clause, "mark", "nsubj", "nsubjpass") and (dep == "advcl" or s.words[clause - 1] == ","):
        return 1.0  # "meeting in Abuja on Sunday, the leaders gave": at one time
    if dep == "acl" and s.lemmas[clause] in grammar["carrying_verbs"] and s.lemmas[head] in grammar["message_nouns"]:
        return 1.0  # "in a video released on 5 May he threatened"
    if dep == "relcl" and s.lemmas[clause] in grammar["occasion_verbs"] and s.deps[head] in ("nsubj", "nsubjpass"):
        return 2.0  # "the ambassadors, who met on Tuesday, urged"
    if dep in ("relcl", "acl"):
        is_restrictive = "," not in s.words[head:clause] and s.deps[head] in ("dobj", "pobj")
        return 3.0 if is_restrictive and first > min(path) and _is_day(s, first, codebook) else 7.0  # "at men who tried to cross on Monday" may be either's day
    if dep == "advcl" and _opens_with(s, clause, _AT_ONE_TIME):
        return 1.5
    return 3.5 if dep != "ccomp" else 5.0
