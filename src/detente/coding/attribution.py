"""Event mentions -> the same with modality (``coding.modality``) and with who is said to have reported them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from detente.codebook.load import Codebook
from detente.codebook.types import STATE_SECTORS, VERBAL
from detente.coding.grammar import children, first_conjunct, goes_on, is_passive, is_verb, read_clause, surface_subjects
from detente.coding.modality import read_modality
from detente.coding.phrases import Phrase, expand
from detente.records import Actor, EventMention, Sentence


def attribute_events(
    mentions: Sequence[EventMention], sentences: Sequence[Sentence], phrases: Sequence[Mapping[int, Phrase]], codebook: Codebook, home: str | None = None
) -> list[EventMention]:
    """Event mentions -> event mentions with ``modality`` and ``said_by`` filled. ``home``: the country whose "officials" and "witnesses" are meant."""
    by_token = {(m.sentence, m.trigger): m for m in mentions}
    speakers = _speakers_in_order(sentences, phrases, codebook)
    media = [_state_media(here) for here in phrases]
    out: list[EventMention] = []
    for m in mentions:
        s = sentences[m.sentence]
        modality = read_modality(s, m, by_token, codebook)
        said = find_speakers(s, m, phrases[m.sentence], codebook, home)
        if not said and _inside_quote(s, m.trigger):
            said = speakers[m.sentence]
        if _same_side(said, m.source) and (m.event_type in VERBAL and not _told_by_another(s, m, said, codebook) or s.tags[m.trigger] == "VBG"):
            said = ()  # what somebody says he demands, or is doing now, he does by saying it
        if not said:
            said = _said_before(s, m, out) or (_carried_by(m, media) if m.event_type in VERBAL or goes_on(s, m.trigger) else ())
        out.append(msgspec.structs.replace(m, modality=modality, said_by=said))
    return out


def _told_by_another(s: Sentence, m: EventMention, said: Sequence[Actor], codebook: Codebook) -> bool:
    """Whether the speaker of the source's own side reports the act rather than does it: "He pressed him to act, the palace said", "said the two sides agreed"."""
    homes = {a.country for a in said}
    if any(a.country not in homes for a in m.source):
        return True
    top = first_conjunct(s, m.trigger)
    verb = s.heads[top]
    is_reported = s.tags[m.trigger] == "VBD" and verb > m.trigger and s.deps[top] == "ccomp" and s.lemmas[verb] in codebook.grammar["report_verbs"]
    return is_reported or any(
        s.deps[v] == "parataxis" and v > m.trigger and s.tags[m.trigger] == "VBD" and s.lemmas[v] in codebook.grammar["report_verbs"] for v in s.children[top]
    )


def _said_before(s: Sentence, m: EventMention, before: Sequence[EventMention]) -> tuple[Actor, ...]:
    """Who told the sentence before, where this one goes on with its subject: "The North would yield, the minister said. It promised"."""
    if not goes_on(s, m.trigger):
        return ()
    earlier = next((o for o in reversed(before) if o.sentence == m.sentence - 1), None)
    return earlier.said_by if earlier is not None and _same_side(earlier.source, m.source) and (m.event_type not in VERBAL or not _same_side(earlier.said_by, m.source)) else ()


def _state_media(here: Mapping[int, Phrase]) -> tuple[Actor, ...]:
    return tuple(a for phrase in here.values() for a in phrase.actors if {"JRN", "GOV"} <= set(a.sectors))


def _carried_by(m: EventMention, media: Sequence[Sequence[Actor]]) -> tuple[Actor, ...]:
    """The state medium on which a report of its country's words rests: named with it or in a sentence beside it."""
    near = media[max(0, m.sentence - 1) : m.sentence + 2]
    return tuple(dict.fromkeys(a for found in near for a in found if any(a.country == o.country for o in m.source)))[:1]


def find_speakers(s: Sentence, m: EventMention, phrases: Mapping[int, Phrase], codebook: Codebook, home: str | None = None) -> tuple[Actor, ...]:
    """The actors to whom the sentence attributes its report of the event: reporting verbs above it, "according to", "a statement carried by"."""
    grammar = codebook.grammar
    out: list[Actor] = []
    token = m.trigger
    for _ in range(12):
        head = s.heads[token]
        if head == token:
            break
        if s.deps[token] in ("advcl", "pcomp") and _presupposes(s, token) and not (is_verb(s, head) and s.deps[head] == "ccomp"):
            break
        is_told = (
            s.deps[token] in ("ccomp", "parataxis", "advcl", "xcomp", "dep") or s.deps[token] == "dobj" and token == m.trigger and s.lemmas[head] in grammar["attesting_verbs"]
        )
        if is_verb(s, head) and is_told and (s.lemmas[head] in grammar["report_verbs"] or s.lemmas[head] in grammar["telling_verbs"]):
            for actor in _speaking(s, head, phrases, codebook, home):
                if actor not in out:
                    out.append(actor)
        token = head
    if is_verb(s, token):
        for v in s.children[token]:
            if s.deps[v] in ("parataxis", "ccomp", "dep") and s.lemmas[v] in grammar["report_verbs"] and is_verb(s, v) and v > m.trigger and not children(s, v, "dobj", "ccomp"):
                out.extend(a for a in _speaking(s, v, phrases, codebook, home) if a not in out)
    if not out:
        out.extend(_trailing_speaker(s, m.trigger, phrases, codebook))
    for v, lemma in enumerate(s.lemmas):
        if lemma in grammar["carrying_verbs"] and s.tags[v] in ("VBN", "VBD") and s.deps[v] in ("acl", "relcl"):
            for agent in children(s, v, "agent", "prep"):
                if s.lemmas[agent] in ("by", "on", "in"):
                    out.extend(a for a in expand(s, children(s, agent, "pobj"), phrases) if a not in out and {"JRN", "IGO", "GOV", "NGO"} & set(a.sectors))
    for p, lemma in enumerate(s.lemmas):
        if lemma.lower() in ("accord", "according") and p + 1 < len(s.words):
            for inner in children(s, p, "prep"):
                out.extend(a for a in expand(s, children(s, inner, "pobj"), phrases) if a not in out)
    return tuple(out[:4])


def _presupposes(s: Sentence, clause: int) -> bool:
    """Whether a clause below a verb of saying tells what is known: "condemned it after rebels attacked the town"."""
    return s.deps[clause] == "pcomp" or any(
        s.words[c].lower() in ("after", "since", "before", "when", "as", "while", "until") for c in s.children[clause] if s.deps[c] in ("mark", "advmod")
    )


def _trailing_speaker(s: Sentence, trigger: int, phrases: Mapping[int, Phrase], codebook: Codebook) -> tuple[Actor, ...]:
    """The speaker of ", the chief of the delegation said on Tuesday" at the end, where the parser hung the words between comma and verb on the noun before."""
    for v in range(trigger + 1, len(s.words)):
        if s.lemmas[v] not in codebook.grammar["report_verbs"] or s.tags[v] not in ("VBD", "VBZ") or children(s, v, "nsubj", "nsubjpass", "dobj", "ccomp", "xcomp", "auxpass"):
            continue
        comma = next((i for i in range(v - 1, trigger, -1) if s.words[i] == ","), None)
        if comma is None or any(is_verb(s, i) or s.tags[i] in ("WDT", "WP", "WRB", "IN") and s.deps[i] == "mark" for i in range(comma + 1, v)):
            continue
        heads = [i for i in range(comma + 1, v) if s.heads[i] <= comma and s.tags[i].startswith("NN")]
        return expand(s, heads[:1], phrases)
    return ()


def _speaking(s: Sentence, v: int, phrases: Mapping[int, Phrase], codebook: Codebook, home: str | None = None) -> tuple[Actor, ...]:
    subjects, _ = surface_subjects(s, v)
    if is_passive(s, v):
        subjects = list(read_clause(s, v).subjects) or subjects
    out = list(expand(s, subjects, phrases))
    for subject in subjects:
        for c in children(s, subject, "acl"):
            for agent in children(s, c, "agent", "prep"):
                out.extend(a for a in expand(s, children(s, agent, "pobj"), phrases) if a not in out)
        if not out:
            for prep in children(s, subject, "prep"):
                if s.lemmas[prep] in ("by", "from", "of", "in", "for"):
                    out.extend(expand(s, children(s, prep, "pobj"), phrases))
        if not out and home is not None:
            out.extend(_nameless(s, subject, codebook, home))
    return tuple(out)


def _nameless(s: Sentence, subject: int, codebook: Codebook, home: str) -> list[Actor]:
    """ "officials said", "witnesses said", of whom nobody says whose: those of the country that the report is about."""
    word = s.words[subject].lower()
    lemma = s.lemmas[subject].lower()
    span = (s.starts[subject], s.ends[subject])
    for sector, nouns in (("GOV", "official_nouns"), ("CVL", "witness_nouns")):
        if {word, lemma, word.removesuffix("s"), word.removesuffix("es")} & codebook.grammar[nouns]:
            return [Actor(s.words[subject], lemma, home, (sector,), None, span)]
    return []


def _speakers_in_order(sentences: Sequence[Sentence], phrases: Sequence[Mapping[int, Phrase]], codebook: Codebook) -> list[tuple[Actor, ...]]:
    """For each sentence who spoke last at its end."""
    current: tuple[Actor, ...] = ()
    out = []
    for s, here in zip(sentences, phrases, strict=True):
        for v, lemma in enumerate(s.lemmas):
            if lemma in codebook.grammar["report_verbs"] and is_verb(s, v) and s.deps[v] in ("ROOT", "conj", "ccomp", "parataxis", "advcl"):
                current = _speaking(s, v, here, codebook) or current
        out.append(current)
    return out


def _inside_quote(s: Sentence, token: int) -> bool:
    return sum(1 for w in s.words[:token] if w in ('"', "``", "''")) % 2 == 1


def _same_side(said: Sequence[Actor], source: Sequence[Actor]) -> bool:
    """Whether the speaker of a verbal act is but its source again (a medium that carries the words is not, nor the government for its opponents)."""
    return all("JRN" not in a.sectors for a in said) and any(_is_one_side(a, b) for a in said for b in source)


def _is_one_side(a: Actor, b: Actor) -> bool:
    if a.entity is not None and a.entity == b.entity:
        return True
    return a.country == b.country and (a.country is not None or a.name == b.name) and bool(STATE_SECTORS & set(a.sectors)) == bool(STATE_SECTORS & set(b.sectors))


__all__ = ["attribute_events", "find_speakers"]
