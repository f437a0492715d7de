"""Sentences -> who each noun phrase denotes: register names, roles by composition, owners of things, and coreference within the document.

``find_actors`` walks the document once, in order, keeping what it has learned of names and roles on the way.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence

import msgspec

from detente.codebook.load import Codebook
from detente.codebook.register import Register
from detente.coding.antecedents import resolve_pronoun, resolve_whose
from detente.coding.descriptions import resolve_contained, resolve_role
from detente.coding.discourse import Discourse, Known, actor_at, is_head, resolve
from detente.coding.grammar import RELATIVE, SUBJECTS
from detente.coding.mentions import choose_entry, code_of, count_countries, find_mentions, is_stray, narrator
from detente.coding.names import remember_person, resolve_named
from detente.coding.owners import resolve_owned
from detente.coding.phrases import ActorTable, Mention, Phrase
from detente.coding.pronouns import subjects_above
from detente.coding.roles import find_role
from detente.coding.sides import Named, count_sides, last_parties
from detente.coding.strangers import is_name, resolve_unknown_name, unknown_surnames
from detente.coding.whose import LOCATIVE, Spoken, read_setting
from detente.records import Sentence


def find_actors(text: str, sentences: Sequence[Sentence], codebook: Codebook, register: Register, published_on: datetime.date | None, dateline_country: str | None) -> ActorTable:
    """A document's sentences -> its ``ActorTable``. ``published_on`` decides who held which office; without it the latest holder is meant."""
    plain = text.translate(_PLAIN)
    day = published_on.isoformat() if published_on else None
    mentions = [find_mentions(plain, s, register) for s in sentences]
    counts = count_countries(sentences, mentions, register)
    if dateline_country:
        counts[dateline_country] += 1
    mentions = [[msgspec.structs.replace(m, entry=choose_entry(m.options, day, counts)) if m.options else m for m in found] for found in mentions]
    mentions = [[m for m in found if not is_stray(m, counts, mentions)] for found in mentions]
    ranked = tuple(counts.most_common())
    home = ranked[0][0] if ranked else dateline_country
    home = narrator(ranked, mentions) or home
    if dateline_country and ranked and counts[dateline_country] > 2 and counts[dateline_country] * 2.5 >= ranked[0][1]:
        home = dateline_country
    elif dateline_country and counts[dateline_country] * 2.5 < (ranked[0][1] if ranked else 0):
        dateline_country = None  # written from elsewhere: a correspondent's desk is not what the report is about
    if not sentences:
        return ActorTable((), (), ranked, home, dateline_country)
    discourse = Discourse(
        plain=plain,
        sentences=sentences,
        mentions=mentions,
        grammar=codebook.grammar,
        reference=codebook.reference,
        register=register,
        day=day,
        home=home,
        countries=frozenset(code for code, _ in ranked),
        dateline_country=dateline_country,
        setting=read_setting(_spoken(sentences, mentions)),
        other_names=frozenset(word for s, found in zip(sentences, mentions, strict=True) for word in unknown_surnames(s, found, codebook.grammar)),
        resolve_new=_resolve_new,
        s=sentences[0],
    )
    _remember_people(discourse)
    return ActorTable(tuple(tuple(m) for m in mentions), tuple(_read_sentences(discourse)), ranked, home, dateline_country)


_PLAIN = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "\u00a0": " ", "–": "-", "\u2010": "-", "\u2011": "-", "\n": " "})


def _spoken(sentences: Sequence[Sentence], mentions: Sequence[Sequence[Mention]]) -> Iterable[Spoken]:
    """Every mention of a country, as what weighs whose a bare role is."""
    for s, found in zip(sentences, mentions, strict=True):
        for m in found:
            country = code_of(m.entry)
            if country:
                kind, dep, above = m.entry.kind, s.deps[m.head], s.lemmas[s.heads[m.head]].lower()
                located = kind in ("place", "capital", "country") and dep == "pobj" and above in LOCATIVE
                yield Spoken(
                    country, s.index, s.kind == "title", m.last, located, located or kind == "place", dep in ("nsubj", "nsubjpass") and kind in ("country", "capital", "metonym")
                )


def _remember_people(d: Discourse) -> None:
    """The persons of the register whom the document names anywhere are known from the start."""
    for s, found in zip(d.sentences, d.mentions, strict=True):
        d.s = s
        for mention in found:
            if mention.entry.kind == "person":
                remember_person(d, mention)


def _read_sentences(d: Discourse) -> list[dict[int, Phrase]]:
    """By sentence and head token, whom each noun phrase denotes."""
    out = []
    for s, found in zip(d.sentences, d.mentions, strict=True):
        d.s, d.here = s, {}
        d.at = {k: m for m in found for k in range(m.first, m.last + 1)}
        for i in range(len(s.words)):
            if i in d.here or not is_head(d, i):
                continue
            phrase = resolve(d, i)
            if phrase is None:
                continue
            if phrase.actors:
                d.here[i] = phrase
                mention = d.at.get(i)
                if mention is not None:
                    for k in range(mention.first, mention.last + 1):
                        if not mention.first <= s.heads[k] <= mention.last or s.heads[k] == k:
                            d.here[k] = phrase
            _note(d, i, phrase)
        out.append(d.here)
    return out


def _note(d: Discourse, i: int, phrase: Phrase) -> None:
    """Keep what was spoken of for later pronouns and definite phrases."""
    s = d.s
    if phrase.kind == "pronoun":
        return
    top = i
    while s.deps[top] in ("conj", "appos", "compound") and s.heads[top] != top:
        top = s.heads[top]
    subject = s.deps[top] in ("nsubj", "nsubjpass", "agent") or (s.deps[top] == "pobj" and s.lemmas[s.heads[top]] == "by")
    d.known.append(Known(s.index, i, phrase, subject))


def _resolve_new(d: Discourse, i: int, depth: int) -> Phrase | None:
    """Whom the noun phrase with head ``i`` denotes: the first kind of phrase that it is decides."""
    s = d.s
    mention = d.at.get(i)
    if mention is not None:
        return resolve_named(d, i, mention, depth)
    low = s.words[i].lower()
    if s.tags[i] in ("PRP", "PRP$"):
        return resolve_pronoun(d, i, low)
    if low in ("north", "south") and s.words[i][0].isupper() and {"PRK", "KOR"} & d.countries:
        code = "PRK" if low == "north" else "KOR"
        return Phrase((actor_at(d, i, i, d.register.countries[code].name, code, ("GOV",)),), "country")
    if low in RELATIVE:
        return resolve_whose(d, i, depth) if low == "whose" else None
    counted = count_sides(s, i, d.grammar["party_nouns"], d.grammar["party_leaders"])
    if counted is not None:
        above = [] if s.deps[i] in SUBJECTS else [a for k in subjects_above(s, i) if k in d.here for a in d.here[k].actors]
        others = (k for k in reversed(d.known[-40:]) if not any(a in above for a in k.phrase.actors))  # nobody mediates between himself and others
        parties = last_parties((Named(d.sentences[k.sentence], k.token, k.phrase.kind, k.phrase.actors) for k in others), s.index, *counted)
        if parties:
            return Phrase(parties, "pronoun", True)
    contained = resolve_contained(d, i, depth)
    if contained is not None:
        return contained
    role = find_role(d, i)
    if role is not None:
        return resolve_role(d, i, role, depth)
    if s.tags[i] in ("NNP", "NNPS") or s.tags[i] in ("NN", "NNS") and s.words[i][0].isupper() and is_name(d, i):
        return resolve_unknown_name(d, i, depth)
    return resolve_owned(d, i, depth)


__all__ = ["find_actors"]
