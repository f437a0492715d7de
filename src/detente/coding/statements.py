"""What is said of the future -> threats, promises and demands."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from detente.codebook.types import OPERATORS
from detente.coding.grammar import children, is_verb
from detente.coding.phrases import expand
from detente.coding.search import HOSTILE, Found, Search, clause_at, fits, without_source
from detente.records import Actor, Sentence

_SPEAKERS = frozenset({"GOV", "MIL", "LEG", "IGO", "REB", "PTY", "OPP", "PRM", "SPY", "COP", "JUD"})
_PROMISED = frozenset({"AID", "COOPERATE", "SUPPORT", "CONCEDE", "RETREAT"})
"""What is told of the future by who will do it is a promise."""


def find_statements(search: Search, found: Sequence[Found]) -> list[Found]:
    """ "said it would suspend aid" is a threat, "said it would send aid" a promise, "said he must resign" a demand."""
    s = search.s
    taken = {f.trigger for f in found}
    out: list[Found] = []
    for v, lemma in enumerate(s.lemmas):
        if lemma == "be" and s.tags[v] in ("VBZ", "VBP"):
            out.extend(f for f in [_arranged(search, v, found)] if f is not None)
        if v in taken or lemma not in search.book.grammar["report_verbs"] or not is_verb(s, v):
            continue
        content = children(s, v, "ccomp")
        if not content and s.deps[v] == "parataxis" and is_verb(s, s.heads[v]):
            content = [s.heads[v]]
        for below in content:
            made = _statement(search, v, below, found)
            if made is not None:
                out.append(made)
                break
    return out


def _statement(search: Search, v: int, below: int, found: Sequence[Found]) -> Found | None:
    """What verb of reporting ``v`` makes of the clause ``below`` it, where that is told with "will" or "must"."""
    s = search.s
    if not is_verb(s, below):
        return None
    modals = {s.words[c].lower() for c in children(s, below, "aux")}
    speaker = expand(s, clause_at(search, v).subjects, search.phrases)
    if not speaker or not fits(speaker, _SPEAKERS):
        return None
    inner = next((f for f in found if f.clause is not None and f.clause.verb == below or f.trigger == below), None)
    subject = without_source(expand(s, clause_at(search, below).subjects, search.phrases), ())
    own = _is_own_act(s, below, subject, speaker)
    if s.lemmas[v] == "insist" and not own and subject and _is_subjunctive(s, below):
        return _stated(search, v, speaker, subject, "request.say-must", inner)
    negated = any(s.deps[c] == "neg" or s.words[c].lower() == "never" for c in s.children[below])
    if (
        modals & {"must", "should", "ought"}
        and not own
        and (subject or s.deps[below] == "ccomp")
        and "must" in modals | ({"must"} if inner is not None and "should" in modals else set())
    ):
        return _stated(search, v, speaker, subject, "request.say-must", inner)
    if inner is None or not own or not modals & {"will", "would", "wo", "'ll", "'d"}:
        return None
    if negated:
        return _stated(search, v, speaker, inner.target, "reject.say-would-not", inner) if inner.type not in HOSTILE and inner.type not in OPERATORS else None
    if inner.type == "SANCTION":  # a state that announces a measure has taken it
        return msgspec.structs.replace(
            inner,
            trigger=v,
            clause=clause_at(search, v),
            source=speaker,
            target=without_source(inner.target, speaker),
            rule_id=f"statement+{inner.rule_id}",
            complement=None,
            incomplete=False,
        )
    if inner.type in HOSTILE:
        return _stated(search, v, speaker, inner.target, "threaten.say-would", inner)
    if inner.type == "CONSULT" or inner.type in _PROMISED:
        return _stated(search, v, speaker, inner.target, "agree.say-would", inner)
    return None


def _arranged(search: Search, v: int, found: Sequence[Found]) -> Found | None:
    """ "is to send aid": what is arranged is promised."""
    s = search.s
    for below in children(s, v, "xcomp"):
        inner = next((f for f in found if f.clause is not None and f.clause.verb == below or f.trigger == below), None)
        actors = expand(s, clause_at(search, v).subjects, search.phrases)
        if inner is not None and inner.type in _PROMISED and actors and fits(actors, _SPEAKERS) and any(s.tags[c] == "TO" for c in children(s, below, "aux")):
            return _stated(search, v, actors, inner.target, "agree.say-would", inner)
    return None


def _is_subjunctive(s: Sentence, v: int) -> bool:
    """ "insisted that the government scrap the law": a verb without an ending below a subject in the singular says what ought to be."""
    subjects = children(s, v, "nsubj", "nsubjpass")
    is_bare = s.words[v].lower() == s.lemmas[v] and not children(s, v, "aux") or s.words[v].lower() == "be"
    return is_bare and bool(subjects) and s.tags[subjects[0]] in ("NN", "NNP") and not children(s, subjects[0], "conj")


def _is_own_act(s: Sentence, below: int, subject: tuple[Actor, ...], speaker: tuple[Actor, ...]) -> bool:
    """Whether verb ``below`` tells what the speaker's own side will do, or a pronoun will that stands for nobody else."""
    if not subject:
        heads = children(s, below, "nsubj")
        return bool(heads) and s.words[heads[0]].lower() in ("it", "they", "he", "she", "we", "i")
    return any(
        a.country == b.country and (a.country or a.name == b.name) and bool(set(a.sectors) & set(b.sectors) or {"GOV", "MIL"} >= {*a.sectors, *b.sectors})
        for a in subject
        for b in speaker
    )


def _stated(search: Search, v: int, speaker: tuple[Actor, ...], target: Sequence[Actor], rule_id: str, inner: Found | None) -> Found | None:
    """The match of rule ``rule_id``, whose mode and code come from the act that the words are about."""
    rule = search.book.rules.get(rule_id)
    if rule is None:
        return None
    clause = clause_at(search, v)
    made = search.book.compositions.get(f"to-{rule.type}", {}).get(inner.type) if inner is not None else None
    if made is not None and made.type != rule.type:
        made = None
    return Found(
        rule=rule,
        trigger=v,
        clause=clause,
        source_heads=clause.subjects,
        target_heads=(),
        source=speaker,
        target=without_source(target, speaker),
        specificity=2,
        type=rule.type,
        modes=made.modes if made is not None else rule.modes,
        cameo=made.cameo if made is not None else rule.cameo,
        rule_id=rule_id,
    )
