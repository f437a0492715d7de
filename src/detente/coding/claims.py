"""Sentences -> claims: what named experts and officials hold of causes, motives, assessments and next steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from detente.codebook.load import Codebook
from detente.coding.grammar import children, is_verb, subtree, surface_subjects
from detente.coding.phrases import Phrase
from detente.records import Claim, EventMention, Sentence


def find_claims(mentions: Sequence[EventMention], sentences: Sequence[Sentence], phrases: Sequence[Mapping[int, Phrase]], codebook: Codebook, text: str) -> list[Claim]:
    """A document's sentences -> claims, in order. A report of an event that was coded from the clause is attribution, not a claim."""
    coded = {(m.sentence, m.trigger) for m in mentions if m.modality == "actual"}
    out = []
    verbs = codebook.grammar["report_verbs"] | codebook.grammar["belief_verbs"] | {"warn", "caution"}
    for s, here in zip(sentences, phrases, strict=True):
        for v, lemma in enumerate(s.lemmas):
            if lemma not in verbs or not is_verb(s, v):
                continue
            holder = _holder(s, v, here)
            if holder is None:
                continue
            actor = holder.actors[0]
            content = next(iter(children(s, v, "ccomp", "parataxis")), None)
            if content is None and s.deps[v] in ("parataxis", "ccomp"):
                content = s.heads[v]
            if content is None:
                continue
            words = [k for k in subtree(s, content) if not (v in (k,) or k in subtree(s, v) and content == s.heads[v])]
            if not words or (s.index, content) in coded and holder.kind != "expert":
                continue
            start, end = s.starts[words[0]], s.ends[words[-1]]
            if end - start < 15:
                continue
            lemmas = {s.lemmas[k].lower() for k in words}
            kind = (
                "cause"
                if lemmas & codebook.grammar["claim_cause"]
                else "motive"
                if lemmas & codebook.grammar["claim_motive"]
                else "prediction"
                if lemmas & codebook.grammar["claim_prediction"]
                else "assessment"
            )
            about = tuple(dict.fromkeys(a.country for k in words if k in here for a in here[k].actors if a.country))
            out.append(Claim(holder=actor, affiliation=holder.role or None, kind=kind, text=text[start:end], span=(start, end), about=about))
    return out


def _holder(s: Sentence, v: int, here: Mapping[int, Phrase]) -> Phrase | None:
    """The expert or named person who speaks, else ``None``."""
    for subject in surface_subjects(s, v)[0]:
        phrase = here.get(subject)
        if phrase is None or not phrase.actors:
            continue
        if phrase.kind == "expert" or phrase.kind in ("person", "kin", "pronoun") and phrase.actors[0].entity:
            return phrase
    return None
