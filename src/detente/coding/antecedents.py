"""Pronouns -> whom they stand for: what of the document may be meant, and who is quoted. The choice among it is weighed in ``coding.pronouns``."""

from __future__ import annotations

from detente.coding.discourse import Discourse, Known, is_head, resolve
from detente.coding.grammar import MAX_DEPTH, RELATIVE, children, conjuncts, first_conjunct, is_verb
from detente.coding.phrases import Phrase
from detente.coding.pronouns import MAX_GAP_SENTENCES, Antecedent, describe_antecedent, pronoun_class, score_antecedent

_ME = frozenset({"i", "me", "my", "we", "us", "our", "myself", "ourselves"})


def resolve_pronoun(d: Discourse, i: int, low: str) -> Phrase | None:
    """Whom a pronoun stands for: the likeliest of what was spoken of before; "we" and "I" who is quoted."""
    s = d.s
    if low in _ME:
        found = _quoting_subject(d, i)
        return Phrase(found.actors, "pronoun", False, found.role) if found else None
    kind = pronoun_class(low)
    if not kind:
        return None
    candidates = find_antecedents(d, i)
    scored = [score_antecedent(describe_antecedent(found, n, s, i), d.reference["pronoun"]) for n, (_, found) in enumerate(candidates)]
    if not scored:
        return None
    best = candidates[max(range(len(scored)), key=lambda n: scored[n])][0]
    if not best.phrase.actors:
        return None
    actors = best.phrase.actors
    if kind == "several":
        there = d.sentences[best.sentence]
        side_by_side = set(conjuncts(there, first_conjunct(there, best.token)))
        if len(side_by_side) > 1:
            actors = tuple(dict.fromkeys(a for k in d.known[-25:] if k.sentence == best.sentence and k.token in side_by_side for a in k.phrase.actors)) or actors
    return Phrase(actors, "pronoun", best.phrase.plural, best.phrase.role)


def find_antecedents(d: Discourse, i: int) -> list[tuple[Known, Antecedent]]:
    """What the pronoun at token ``i`` may stand for, nearest first."""
    out = []
    barred = _bars(d, i)
    for known in reversed(d.known[-25:]):
        phrase, here = known.phrase, d.sentences[known.sentence]
        if d.s.index - known.sentence > MAX_GAP_SENTENCES:
            break
        if known.sentence == d.s.index and known.token >= i:
            continue
        sector = phrase.actors[0].sectors[0] if phrase.actors and phrase.actors[0].sectors else ""
        if known.sentence == d.s.index and known.token in barred or any((a.entity or a.country, a.sectors) in barred for a in phrase.actors):
            continue
        out.append((known, Antecedent(phrase.kind, sector, phrase.plural, known.is_subject, here, known.token)))
    return out


def _bars(d: Discourse, i: int) -> set[object]:
    """Whom an object cannot be, since he is the subject of its very verb ("Tsai decorated her"): head tokens, and names with sectors."""
    s = d.s
    top = i if s.deps[i] in ("dobj", "dative") else s.heads[i] if s.deps[i] == "pobj" and s.lemmas[s.heads[i]] in ("to", "against", "on", "of", "by") else None
    if top is None or s.words[i].lower().endswith(("self", "selves")) or not is_verb(s, s.heads[top]):
        return set()
    subjects = [k for h in children(s, s.heads[top], "nsubj") if s.words[h].lower() not in RELATIVE for k in conjuncts(s, h)]
    out: set[object] = set(subjects)
    out.update((a.entity or a.country, a.sectors) for k in subjects if k in d.here for a in d.here[k].actors)
    return out


def _quoting_subject(d: Discourse, i: int) -> Phrase | None:
    """Whose words a sentence tells: the subject of its verb of reporting."""
    s = d.s
    for v, lemma in enumerate(s.lemmas):
        if is_verb(s, v) and lemma in d.grammar["report_verbs"]:
            for subject in children(s, v, "nsubj"):
                if subject != i and subject not in d.here and abs(v - i) > 1 and is_head(d, subject):
                    phrase = resolve(d, subject, 3)
                    if phrase is not None and phrase.kind != "pronoun":
                        return phrase
                elif subject in d.here and subject != i:
                    return d.here[subject]
    return None


def resolve_whose(d: Discourse, i: int, depth: int) -> Phrase | None:
    """ "Kuwait, whose emir flew": the noun that the clause of "whose" describes."""
    s = d.s
    token = i
    for _ in range(MAX_DEPTH):
        if s.deps[token] == "relcl":
            return resolve(d, s.heads[token], depth + 1)
        if s.heads[token] == token:
            break
        token = s.heads[token]
    return None
