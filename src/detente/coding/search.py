"""The search for events in one sentence: what it reads, what it has found, and the questions that all its passes ask."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from detente.codebook.load import Codebook, Rule
from detente.codebook.types import SYMMETRIC
from detente.coding.grammar import Clause, children, conjuncts, read_clause
from detente.coding.phrases import Phrase
from detente.records import Actor, Refusal, Sentence

STATE = frozenset({"GOV", "MIL", "COP", "JUD", "LEG", "SPY", "IGO"})
ARMED = frozenset({"MIL", "REB", "UAF", "PRM", "COP", "CRM"})
CIVILIAN = frozenset({"EDU", "LAB", "AGR", "REL", "REF", "SOC", "MED", "NGO", "UNK", "OPP", "PTY"})
"""Sectors that the codebook's words for roles mean: state, armed, CVL."""
HOSTILE = frozenset({"ASSAULT", "COERCE", "SANCTION", "MOBILIZE", "PROTEST"})
REPEATED = frozenset({"ASSAULT", "CONSULT", "COERCE", "SANCTION", "MOBILIZE", "PROTEST", "RETREAT", "AGREE"})
"""Types of which a mention without actors, or without the roles that its rule needs, may repeat an event told elsewhere."""
Phrases = Mapping[int, Phrase]
"""Whom the noun phrases of a sentence denote, by head token."""


class Found(msgspec.Struct):
    """A match in the making: rule, trigger token, roles as head tokens and as actors."""

    rule: Rule
    trigger: int
    clause: Clause | None
    source_heads: tuple[int, ...]
    target_heads: tuple[int, ...]
    source: tuple[Actor, ...]
    target: tuple[Actor, ...]
    specificity: int
    type: str
    modes: tuple[str, ...]
    cameo: str
    rule_id: str
    nominal: bool = False
    complement: int | None = None
    noun: int | None = None
    own_object: bool = False
    incomplete: bool = False
    needs_target: bool = False
    is_reciprocal: bool = False


class Search(msgspec.Struct):
    """One sentence with its noun phrases, and what its search has come to. Lives for one sentence only.

    ``vocabulary`` is all words of the sentence, as written and as lemmas: a pattern that needs another need not be tried. ``clauses`` keeps the
    clauses read, by verb; ``used_nouns`` are nouns that belong to a match already and are no events of their own.
    """

    text: str
    s: Sentence
    phrases: Phrases
    book: Codebook
    vocabulary: frozenset[str]
    clauses: dict[int, Clause] = msgspec.field(default_factory=dict)
    refusals: list[Refusal] = msgspec.field(default_factory=list)
    used_nouns: set[int] = msgspec.field(default_factory=set)


def clause_at(search: Search, v: int) -> Clause:
    """The clause of verb ``v``, read once."""
    if v not in search.clauses:
        search.clauses[v] = read_clause(search.s, v)
    return search.clauses[v]


def refuse(search: Search, reason: str, token: int, rule: str) -> None:
    """Keep why a rule that matched at ``token`` gives no event; the reasons are listed in docs/architecture.md."""
    search.refusals.append(Refusal("events", reason, (search.s.starts[token], search.s.ends[token]), rule))


def with_conjuncts(search: Search, heads: Iterable[int]) -> Iterator[int]:
    """Heads with all that is coordinated with them."""
    for head in heads:
        yield from conjuncts(search.s, head)


def is_lemma(search: Search, token: int, lemmas: frozenset[str]) -> bool:
    """Whether a noun is one of the codebook's words, by itself, with the word before it, or as what a container holds ("a number of sites");
    or a named person, where the words are of people."""
    s = search.s
    lemma = s.lemmas[token].lower()
    if lemma in lemmas or "person" in lemmas and s.tags[token] == "NNP" and token in search.phrases and search.phrases[token].kind == "person":
        return True
    before = [c for c in s.children[token] if s.deps[c] in ("compound", "amod", "nmod") and c < token]
    if any(f"{s.lemmas[c].lower()} {lemma}" in lemmas for c in before):
        return True
    if lemma in search.book.grammar["containers"] and any(q in ("of",) for q in (s.lemmas[c] for c in children(s, token, "prep"))):
        return any(is_lemma(search, o, lemmas) for c in children(s, token, "prep") for o in children(s, c, "pobj"))
    return False


def fits(actors: Sequence[Actor], allowed: frozenset[str]) -> bool:
    """Whether any of the actors belongs to one of the classes or sectors."""
    if "any" in allowed or "actor" in allowed:
        return True
    for a in actors:
        sectors = set(a.sectors)
        if sectors & allowed or ("CVL" in allowed and sectors & CIVILIAN) or ("state" in allowed and sectors & STATE) or ("armed" in allowed and sectors & ARMED):
            return True
    return False


def is_mutual(rule: Rule) -> bool:
    """What two subjects do to one another: talks, accords, clashes."""
    return (
        rule.type in SYMMETRIC
        or rule.type == "SUPPORT"
        and rule.cameo in ("057", "054", "050")
        or rule.type == "ASSAULT"
        and any(w in rule.id for w in ("clash", "fight", "battle"))
    )


def without_source(actors: Iterable[Actor], source: tuple[Actor, ...]) -> tuple[Actor, ...]:
    """Actors but those who are the source."""
    keys = {(a.country, a.sectors, a.entity) for a in source}
    return tuple(a for a in actors if (a.country, a.sectors, a.entity) not in keys)
