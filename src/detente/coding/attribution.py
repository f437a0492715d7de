"""Event mentions -> the same with modality (actual, future, hypothetical, negated) and with who is said to have reported them.

Modality is read by climbing from the trigger to the root: auxiliaries, negation, conditions, and what governs an infinitive, a gerund or a noun.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from detente.codebook.load import Codebook
from detente.codebook.types import OPERATORS, STATE_SECTORS, VERBAL
from detente.coding.grammar import children, conjuncts, first_conjunct, goes_on, is_passive, is_verb, read_clause, surface_subjects
from detente.coding.phrases import Phrase, expand
from detente.records import Actor, EventMention, Modality, Sentence

_WILL = frozenset({"will", "'ll", "shall", "wo", "gonna"})
_WOULD = frozenset({"would", "could", "may", "might", "should", "must", "can", "'d", "ought", "ca"})
_CONDITIONS = frozenset({"if", "unless", "whether", "lest", "once", "until"})
_PRESUPPOSING = frozenset(
    {"after", "since", "by", "in", "for", "while", "following", "when", "before", "over", "despite", "upon", "on", "with", "at", "as", "about", "during", "amid"}
)


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


def read_modality(s: Sentence, m: EventMention, by_token: Mapping[tuple[int, int], EventMention], codebook: Codebook) -> Modality:
    """The modality of one event mention."""
    if s.words[-1] == "?" or any(w == "?" for w in s.words[-2:]):
        return "hypothetical"
    token = m.trigger
    above = by_token.get((s.index, s.heads[token]))
    if above is not None and above is not m and above.event_type == "PROTEST" and m.event_type in ("REQUEST", "ACCUSE") and is_verb(s, token):
        return "actual"  # "marched to demand that": marching is demanding
    if not is_verb(s, token):
        return _noun_modality(s, token, by_token, codebook)
    return _verb_modality(s, token, by_token, codebook, 0)


def _noun_modality(s: Sentence, n: int, by_token: Mapping[tuple[int, int], EventMention], codebook: Codebook) -> Modality:
    grammar = codebook.grammar
    if s.tags[n][:2] == "JJ":
        head = s.heads[n]
        return _verb_modality(s, head, by_token, codebook, 0) if is_verb(s, head) else "actual"
    for c in s.children[n]:
        low = s.words[c].lower()
        if low in ("no", "any") and s.deps[c] == "det":
            return "negated" if low == "no" else "hypothetical"
        if low in codebook.grammar["unreal_adjectives"]:
            return "hypothetical"
    for _ in range(8):
        dep, head = s.deps[n], s.heads[n]
        if dep == "conj":
            n = head
            continue
        if dep in ("dobj", "nsubj", "nsubjpass", "attr") and is_verb(s, head):
            lemma = s.lemmas[head]
            if dep == "dobj":
                if lemma in grammar["negating_verbs"]:
                    return "negated"
                if lemma in grammar["future_verbs"] and lemma not in grammar["light_verbs"] or lemma in ("plan", "seek", "want", "propose", "discuss", "consider"):
                    return "future"
            if lemma in grammar["light_verbs"] or lemma in grammar["occurrence_verbs"]:
                return _verb_modality(s, head, by_token, codebook, 1)
            return "actual"
        if dep == "pobj":
            prep, above = s.lemmas[head], s.heads[head]
            if s.tags[above][:2] == "NN":
                if s.lemmas[above] in grammar["future_nouns"] and prep in ("of", "for", "to", "on", "against"):
                    return "future"
                if prep in ("of",) and s.lemmas[above] in ("start", "beginning", "end", "resumption", "wake", "aftermath", "series", "wave", "day", "round", "spate", "string"):
                    n = above
                    continue
                return "actual"
            if (
                is_verb(s, above)
                and prep in ("for", "of", "to")
                and (
                    s.lemmas[above] in grammar["future_verbs"]
                    or s.lemmas[above] in ("call", "warn", "push", "press", "appeal", "brace", "lead", "threaten", "amount", "agree", "return")
                )
            ):
                return "future"
            if is_verb(s, above) and prep == "from" and s.lemmas[above] in grammar["negating_verbs"]:
                return "negated"
            return "negated" if prep == "without" else "actual"
        break
    return "actual"


def _verb_modality(s: Sentence, v: int, by_token: Mapping[tuple[int, int], EventMention], codebook: Codebook, depth: int) -> Modality:
    if depth > 10:
        return "actual"
    grammar = codebook.grammar
    infinitive = gerund = own_finite = False
    for c in s.children[v]:
        dep, low = s.deps[c], s.words[c].lower()
        if dep == "neg" or dep in ("advmod", "preconj") and low in ("never", "hardly", "neither", "nor"):
            return "negated"
        if dep == "aux":
            if s.tags[c] == "TO":
                infinitive = True
            elif low in _WILL:
                return "future"
            elif low in _WOULD:
                return "hypothetical"
            else:
                own_finite = True
        if dep == "mark" and low in _CONDITIONS:
            return "hypothetical"
        if dep == "prep" and low == "in" and any(s.lemmas[o] in grammar["opinion_nouns"] and children(s, o, "poss") for o in children(s, c, "pobj")):
            return "hypothetical"  # "a government that in its view lets them": somebody's opinion
        if dep == "advmod" and low in ("potentially", "possibly", "perhaps", "nearly", "almost"):
            return "hypothetical"
        if dep in ("nsubj", "nsubjpass", "dobj") and any(s.words[d].lower() == "no" and s.deps[d] == "det" for d in s.children[c]):
            return "negated"
        if dep in ("nsubj", "nsubjpass") and low in ("nobody", "none", "neither"):
            return "negated"
    if s.tags[v] == "VBG" and not own_finite:
        gerund = True
    dep, head = s.deps[v], s.heads[v]
    if head == v:
        return "future" if infinitive and s.kind == "title" else "actual"
    if dep in ("acl", "ccomp", "relcl") and _is_doubt(s, head, codebook) and not gerund:
        return "hypothetical"
    if dep == "conj":
        if not is_verb(s, head):
            return "actual"
        has_subject = any(s.deps[c] in ("nsubj", "nsubjpass") for c in s.children[v])
        is_past = s.tags[v] == "VBD" and s.words[v].lower() != s.lemmas[v]  # "threatened to end the accord and shut the office": both are threatened
        if has_subject or own_finite or is_past and s.tags[head] != "VBD":
            return _upward_clause(s, head, by_token, codebook, depth + 1)
        return _verb_modality(s, head, by_token, codebook, depth + 1)
    governor = by_token.get((s.index, head))
    lemma = s.lemmas[head]
    if dep in ("xcomp", "ccomp", "advcl", "oprd", "dep") and is_verb(s, head):
        return _under_verb(s, v, dep, head, lemma, governor, infinitive, by_token, codebook, depth)
    if dep == "pcomp":
        return _under_preposition(s, v, by_token, codebook, depth)
    if dep in ("acl", "relcl") and (infinitive or gerund and s.lemmas[head] in grammar["future_nouns"]):
        if lemma not in grammar["future_nouns"] and lemma in ("decision", "order", "move", "first", "last", "second", "latest", "failure", "only", "one"):
            return "negated" if lemma == "failure" else "actual"
        return "future"
    if dep in ("acl", "relcl"):
        return "actual"
    if dep in ("xcomp", "ccomp", "advcl", "acomp") and s.tags[head][:2] in ("JJ", "NN", "RB"):
        if infinitive or lemma in grammar["future_adjectives"]:
            return "future" if s.tags[head][:2] == "JJ" or infinitive else "actual"
        if is_verb(s, s.heads[head]):
            return _verb_modality(s, s.heads[head], by_token, codebook, depth + 1)
    if dep in ("csubj", "csubjpass") and s.tags[v] == "VBG" and s.tags[head] in ("VBZ", "VBP"):
        return "hypothetical"
    if dep in ("acomp", "attr") and is_verb(s, head):
        return _verb_modality(s, head, by_token, codebook, depth + 1)
    return "actual"


def _is_doubt(s: Sentence, token: int, codebook: Codebook) -> bool:
    """ "an accusation that it had attacked": the clause tells what is claimed, not what is."""
    return s.tags[token][:2] == "NN" and s.lemmas[token] in codebook.grammar["doubt_nouns"]


def _upward_clause(s: Sentence, v: int, by_token: Mapping[tuple[int, int], EventMention], codebook: Codebook, depth: int) -> Modality:
    """The modality that a conjunct with its own subject takes from what governs the whole coordination."""
    dep, head = s.deps[v], s.heads[v]
    if dep in ("ccomp", "advcl") and is_verb(s, head):
        found = _under_verb(s, v, dep, head, s.lemmas[head], by_token.get((s.index, head)), False, by_token, codebook, depth)
        return found
    return "actual"


def _under_verb(
    s: Sentence,
    v: int,
    dep: str,
    head: int,
    lemma: str,
    governor: EventMention | None,
    infinitive: bool,
    by_token: Mapping[tuple[int, int], EventMention],
    codebook: Codebook,
    depth: int,
) -> Modality:
    grammar = codebook.grammar
    told = by_token.get((s.index, v))
    if infinitive and told is not None and told.event_type in VERBAL and (lemma in grammar["contact_verbs"] or governor is not None and governor.event_type == "CONSULT"):
        return _verb_modality(s, head, by_token, codebook, depth + 1)  # "telephoned to urge": the urging was done
    if dep == "advcl":
        if infinitive:
            if governor is not None and governor.event_type in OPERATORS:
                return "future"
            if lemma in grammar["actual_verbs"] and lemma in ("go", "come", "use", "rush", "join", "order", "force"):
                return _verb_modality(s, head, by_token, codebook, depth + 1)
            return "future"
        marks = [s.words[c].lower() for c in s.children[v] if s.deps[c] in ("mark", "advmod")]
        if any(w in _CONDITIONS for w in marks):
            return "hypothetical"
        if not marks and s.tags[v] in ("VBG", "VBN"):
            return _verb_modality(s, head, by_token, codebook, depth + 1)
        return "actual"
    if governor is not None and governor.event_type in OPERATORS and (infinitive or dep == "ccomp" or dep == "xcomp"):
        if governor.rule.startswith("agree") and dep == "ccomp" and not infinitive:
            return "actual"
        return "future"
    if lemma in codebook.grammar["alleging_verbs"] and lemma != "claim":
        return "negated" if lemma == "deny" else "hypothetical"
    if lemma in grammar["negating_verbs"] or lemma == "rule" and any(s.words[c].lower() == "out" for c in s.children[head]):
        return "negated"
    if infinitive and lemma == "go" and s.words[head].lower() == "going":
        return "future"
    if (
        s.tags[v] == "VBG"
        and dep == "xcomp"
        and lemma in ("consider", "mull", "weigh", "contemplate", "plan", "propose", "discuss", "suggest", "recommend", "favour", "favor", "oppose", "risk", "envisage")
    ):
        return "future"
    if infinitive and lemma in grammar["future_verbs"] and lemma not in ("see",):
        return "future"
    if infinitive and is_passive(s, head) and lemma in ("say", "report", "believe", "think", "know", "claim", "allege"):
        return "actual"
    if infinitive and lemma in grammar["actual_verbs"]:
        return _verb_modality(s, head, by_token, codebook, depth + 1)
    if infinitive and dep in ("xcomp", "ccomp"):
        return "future"
    if dep == "ccomp" and lemma in grammar["belief_verbs"] and lemma not in ("see", "consider"):
        return "hypothetical"
    if dep == "ccomp" and lemma in ("warn", "demand", "insist", "recommend", "propose", "suggest", "ensure", "pretend"):
        return "hypothetical" if lemma not in ("insist", "suggest", "warn") else "actual"
    if dep == "ccomp" and lemma in grammar["report_verbs"]:
        return "actual"
    if dep in ("xcomp", "ccomp", "oprd"):
        above = _verb_modality(s, head, by_token, codebook, depth + 1)
        return above
    return "actual"


def _under_preposition(s: Sentence, v: int, by_token: Mapping[tuple[int, int], EventMention], codebook: Codebook, depth: int) -> Modality:
    grammar = codebook.grammar
    prep = s.heads[v]
    name, above = s.lemmas[prep], s.heads[prep]
    if name == "without":
        return "negated"
    lemma = s.lemmas[above]
    if name == "from" and lemma in grammar["negating_verbs"] or lemma in ("fall", "stop", "refrain") and name in ("short", "of", "from"):
        return "negated"
    if lemma in codebook.grammar["alleging_verbs"] or lemma == "warn" and name == "against":
        return "hypothetical"
    governor = by_token.get((s.index, above))
    if governor is not None and governor.event_type == "ACCUSE" and name in ("of",):
        return "hypothetical"
    if s.tags[above][:2] == "NN":
        return "future" if lemma in grammar["future_nouns"] else "actual"
    if lemma in grammar["future_adjectives"] or lemma in ("consider", "think", "plan", "talk", "dream"):
        return "future"
    if name in _PRESUPPOSING:
        above_modality = _verb_modality(s, above, by_token, codebook, depth + 1) if is_verb(s, above) else "actual"
        return above_modality if above_modality in ("future", "hypothetical") and name in ("after", "by", "before", "upon", "when", "while", "in") else "actual"
    return _verb_modality(s, above, by_token, codebook, depth + 1) if is_verb(s, above) else "actual"


# -- who says so --------------------------------------------------------------------------------------------------------
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


__all__ = ["attribute_events", "conjuncts", "find_speakers", "read_modality"]
