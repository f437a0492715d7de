"""What the document has said so far: names, roles and things spoken of, by which later phrases are understood."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import msgspec

from detente.codebook.register import Register
from detente.coding.phrases import Mention, Phrase
from detente.coding.whose import Setting
from detente.records import Actor, Sentence

MAX_NESTING = 6
"""How deep a phrase is looked into ("the brother of the head of the office of ..."): hostile text nests without end."""


class Known(msgspec.Struct):
    """Something the document has mentioned: for coreference."""

    sentence: int
    token: int
    phrase: Phrase
    is_subject: bool


class Discourse(msgspec.Struct):
    """The document up to the sentence being read. Lives for one ``find_actors`` call only.

    ``plain`` is the text with plain quotation marks and hyphens, ``home`` the country that it is mostly about, ``countries`` all that it names, ``day`` its
    date (ISO), ``other_names`` surnames of people whom the register lacks. The rest changes as sentences are read: ``s`` is the sentence, ``at`` its
    names by token, ``here`` the phrases understood in it by head token; ``people`` and ``roles`` whom a surname or a role last meant, ``known`` what was
    spoken of, latest last, ``authors`` whose the last text was. ``resolve_new`` understands a phrase that is not in ``here``: the kinds of phrase
    contain one another, so that each needs the way back to all of them.
    """

    plain: str
    sentences: Sequence[Sentence]
    mentions: Sequence[Sequence[Mention]]
    grammar: Mapping[str, frozenset[str]]
    reference: Mapping[str, Mapping[str, float]]
    register: Register
    day: str | None
    home: str | None
    countries: frozenset[str]
    dateline_country: str | None
    setting: Setting
    other_names: frozenset[str]
    resolve_new: Callable[[Discourse, int, int], Phrase | None]
    s: Sentence
    at: dict[int, Mention] = msgspec.field(default_factory=dict)
    here: dict[int, Phrase] = msgspec.field(default_factory=dict)
    people: dict[str, Phrase] = msgspec.field(default_factory=dict)
    roles: dict[str, Phrase] = msgspec.field(default_factory=dict)
    known: list[Known] = msgspec.field(default_factory=list)
    authors: tuple[Actor, ...] = ()


def resolve(d: Discourse, i: int, depth: int = 0) -> Phrase | None:
    """Whom the noun phrase with head ``i`` denotes; ``depth`` counts the phrases around it."""
    if depth > MAX_NESTING:
        return None
    if i in d.here:
        return d.here[i]
    return d.resolve_new(d, i, depth)


def is_head(d: Discourse, i: int) -> bool:
    """Whether token ``i`` heads a noun phrase of its own."""
    s = d.s
    tag = s.tags[i]
    if i in d.at:
        return d.at[i].head == i
    if tag in ("PRP", "PRP$"):
        return True
    if tag[:2] == "NN":
        return s.deps[i] not in ("compound", "nmod") or s.lemmas[i] in d.register.roles
    return s.deps[i] in ("nsubj", "nsubjpass", "dobj", "pobj", "appos", "conj", "attr") and tag in ("CD", "JJ", "DT", "VBN", "WDT", "WP", "JJS")


def actor_at(d: Discourse, first: int, last: int, name: str, country: str | None, sectors: tuple[str, ...], entity: str | None = None) -> Actor:
    """The actor that tokens ``first`` to ``last`` name, both included."""
    s = d.s
    span = (s.starts[first], s.ends[last])
    return Actor(d.plain[span[0] : span[1]], name, country, sectors, entity, span)


def country_name(d: Discourse, code: str) -> str:
    """A country's name in the register; its code where it has none."""
    entry = d.register.countries.get(code)
    return entry.name if entry else code


def learn_name(d: Discourse, i: int, phrase: Phrase) -> None:
    """Note that a surname means this phrase's person, unless it already means another."""
    word = d.s.words[i]
    if word[0].isupper() and len(word) > 2:
        d.people.setdefault(word, phrase)
