"""The rules of the codebook: found by words, and each with all that it says and what it coded."""

from __future__ import annotations

from typing import Any

import msgspec

from detente.codebook.load import Rule, load_codebook
from detente.errors import InputError
from detente.store.rule_uses import COUNTED_TO, find_coded_by
from detente.web.asked import Asked
from detente.web.pages_codebook import SHOWN_PATTERNS, RuleRow, patterns_of, row_of
from detente.web.refusals import missing
from detente.web.routing import Page

PAGE_RULES = 25
SHOWN_EVENTS = 8
CLASSIFIER = "classifier"
SECOND_OPINION = (
    "The trained second opinion: it reads the sentence where no rule says what was done. It has no patterns; docs/classifier.md says how it was trained and how right it is."
)
"""What the page says of what stands where a rule would, and is none."""


class RulesPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of rules. ``patterns``: those of the rules found that hold the words; all of theirs without words."""

    text: str
    type: str
    types: tuple[str, ...]
    page: int
    page_rules: int
    total: int
    patterns: int
    rules: tuple[RuleRow, ...]


class RulePage(msgspec.Struct, frozen=True, kw_only=True):
    """A rule, whole; ``rule`` is ``None`` for the trained second opinion. ``kinds``: verbs, nouns, adjectives with their patterns; ``conditions``: what must be there, and what must not; ``beaten_by``: rules that go before it.

    ``coded``: mentions of the store that it coded, at most ``counted_to``.
    """

    id: str
    means: str
    rule: Rule | None
    cameo_name: str = ""
    kinds: tuple[tuple[str, tuple[str, ...]], ...] = ()
    conditions: tuple[tuple[str, str, tuple[str, ...]], ...] = ()
    beaten_by: tuple[str, ...] = ()
    coded: int
    counted_to: int
    events: tuple[dict[str, Any], ...]


def read_rules(asked: Asked) -> RulesPage:
    """``text`` (words that a rule has in its id, meaning, patterns or examples), ``type``, ``page`` -> a page of rules."""
    codebook = load_codebook()
    text, kind, number = asked.text("text") or "", asked.text("type") or "", asked.number("page", 1, most=10_000)
    if kind and kind not in codebook.types:
        raise InputError(f"type: found {kind[:60]!r}; expected one of {', '.join(codebook.types)}")
    words = text.casefold().split()
    found = [(rule, shown) for rule in sorted(codebook.rules.values(), key=lambda r: r.id) if not kind or rule.type == kind if (shown := _match(rule, words)) is not None]
    if words:  # a rule that has the words in its patterns says more of them than one that has them in its example
        found.sort(key=lambda pair: (not pair[1], pair[0].id))
    cut = found[(number - 1) * PAGE_RULES : number * PAGE_RULES]
    return RulesPage(
        text=text,
        type=kind,
        types=tuple(codebook.types),
        page=number,
        page_rules=PAGE_RULES,
        total=len(found),
        patterns=sum(len(shown) for _, shown in found),
        rules=tuple(row_of(rule, (shown or patterns_of(rule))[:SHOWN_PATTERNS]) for rule, shown in cut),
    )


def _match(rule: Rule, words: list[str]) -> tuple[str, ...] | None:
    """A rule and words -> those of its patterns that hold them all; ``None`` if the rule has them nowhere."""
    patterns = patterns_of(rule)
    if not words:
        return patterns
    held = tuple(pattern for pattern in patterns if all(word in pattern.casefold() for word in words))
    if held:
        return held
    told = " ".join((rule.id, rule.means, rule.type, *rule.modes, rule.fires, rule.spares)).casefold()
    return () if all(word in told for word in words) else None


def read_rule(asked: Asked) -> RulePage:
    """``rule`` of the address -> the rule and what it coded."""
    codebook, name = load_codebook(), asked.path["rule"]
    rule = codebook.rules.get(name)
    if rule is None and name != CLASSIFIER:
        raise missing(f"rule: found none with the id {name[:80]!r}; expected one of the codebook; it may be of an older one")
    uses = find_coded_by(asked.store, name, most=SHOWN_EVENTS)
    shared: dict[str, Any] = {"coded": uses.mentions, "counted_to": COUNTED_TO, "events": uses.events}
    if rule is None:
        return RulePage(id=name, means=SECOND_OPINION, rule=None, **shared)
    conditions = [(label, where, tuple(sorted(words))) for label, given in (("only with", rule.when), ("not with", rule.unless)) for where, words in given.items()]
    return RulePage(
        id=name,
        means=rule.means,
        rule=rule,
        cameo_name=codebook.cameo.get(rule.cameo, {}).get("name", ""),
        kinds=tuple((label, patterns) for label, patterns in (("verbs", rule.verbs), ("nouns", rule.nouns), ("adjectives", rule.adjectives)) if patterns),
        conditions=tuple(conditions),
        beaten_by=tuple(sorted(other.id for other in codebook.rules.values() if name in other.beats)),
        **shared,
    )


PAGES = (
    Page("/codebook/rules", read_rules, "codebook_rules.html", "Rules", nav="codebook"),
    Page("/codebook/rules/{rule}", read_rule, "codebook_rule.html", lambda r: r.id, nav="codebook"),
)
