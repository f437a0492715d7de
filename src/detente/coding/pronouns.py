"""He, it, they: which of the things that the document has spoken of a pronoun stands for.

A linear score over the last things spoken of. The weights stand in ``codebook/data/reference.toml``; ``tools/fit_reference.py`` fits them on the annotated corpora.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from detente.coding.grammar import MAX_DEPTH, SUBJECTS, conjuncts, is_verb, surface_subjects
from detente.records import Sentence

HE = frozenset({"he", "him", "his", "himself", "she", "her", "herself", "hers"})
IT = frozenset({"it", "its", "itself"})
THEY = frozenset({"they", "them", "their", "themselves", "theirs"})
MAX_GAP_SENTENCES = 3
_SECTORS = frozenset({"GOV", "IGO", "JRN", "NGO", "REB", "CVL", "MIL"})
_PLACES = frozenset({"nsubj", "nsubjpass", "dobj", "pobj", "poss", "compound", "conj", "appos", "amod"})


class Antecedent(msgspec.Struct, frozen=True):
    """What a pronoun may stand for: its kind of phrase, first sector, number, whether it is a subject, where it stands (sentence, head token)."""

    kind: str
    sector: str
    plural: bool
    is_subject: bool
    sentence: Sentence
    token: int


def subjects_above(s: Sentence, token: int) -> list[int]:
    """The subject of the nearest verb above a token, found through control ("told Iran to stop its ships": Iran): its own things are "its", itself is never "it"."""
    for _ in range(MAX_DEPTH):
        if s.heads[token] == token:
            return []
        if s.deps[token] in SUBJECTS and is_verb(s, s.heads[token]):
            token = s.heads[token]  # within the subject itself the verb above decides
            continue
        token = s.heads[token]
        if is_verb(s, token):
            subjects, _ = surface_subjects(s, token)
            return [k for h in subjects for k in conjuncts(s, h)]
    return []


def pronoun_class(low: str) -> str:
    """ "he" and "she" are a person, "it" a thing, "they" several; anything else is no pronoun that is looked up: the empty string."""
    return "person" if low in HE else "thing" if low in IT else "several" if low in THEY else ""


def describe_antecedent(found: Antecedent, nearer: int, s: Sentence, token: int) -> dict[str, float]:
    """A candidate for the pronoun at ``token`` of ``s``, with ``nearer`` candidates between the two -> named features."""
    gap = s.index - found.sentence.index
    dep = found.sentence.deps[found.token]
    names = {f"gap {min(gap, 3)}": 1.0, "between": nearer / 10, "nearest" if nearer == 0 else "not nearest": 1.0, f"kind {found.kind}": 1.0}
    names[f"sector {found.sector if found.sector in _SECTORS else 'other'}"] = 1.0
    names[f"place {dep if dep in _PLACES else 'other'}"] = 1.0
    names[f"{'subject' if s.deps[token] == 'nsubj' else 'other'} for {'subject' if found.is_subject else 'other'}"] = 1.0
    if found.is_subject:
        names["subject"] = names[f"subject, gap {min(gap, 2)}"] = 1.0
    if found.plural:
        names["plural"] = 1.0
    if found.sentence.kind == "title":
        names["title"] = 1.0
    if gap == 0 and found.sentence.heads[found.token] == s.heads[token]:
        names["same verb"] = 1.0
    kind = pronoun_class(s.words[token].lower()) + (" owning" if s.deps[token] == "poss" else "")
    return names | {f"{kind}: {name}": value for name, value in names.items()}


def score_antecedent(names: Mapping[str, float], weights: Mapping[str, float]) -> float:
    """Features -> their weighted sum; the highest wins."""
    return sum(weights.get(name, 0.0) * value for name, value in names.items())
