"""Events of a document -> how they hang together: prompted, followed, in response to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from detente.codebook.load import Codebook
from detente.coding.grammar import is_verb
from detente.records import EventMention, Relation, Sentence

_AFTER = frozenset({"after", "following", "since"})


def relate_events(mentions: Sequence[EventMention], sentences: Sequence[Sentence], owner: Mapping[int, str], codebook: Codebook, text: str) -> list[Relation]:
    """Mentions (with ``owner``: index of the mention -> event id) -> relations between different events, each stated within one sentence.

    ``first`` is the earlier or causing event, ``second`` the later or caused one.
    """
    by_sentence: dict[int, list[int]] = {}
    for i, m in enumerate(mentions):
        if i in owner:
            by_sentence.setdefault(m.sentence, []).append(i)
    out: dict[tuple[str, str, str], Relation] = {}
    for number, members in by_sentence.items():
        if len(members) < 2:
            continue
        s = sentences[number]
        for i in members:
            for j in members:
                if i == j or owner[i] == owner[j]:
                    continue
                kind = _kind(s, mentions[i].trigger, mentions[j].trigger, codebook)
                if kind is not None:
                    name, swap = kind
                    first, second = (owner[j], owner[i]) if swap else (owner[i], owner[j])
                    start, end = s.span
                    out.setdefault((name, first, second), Relation(name, first, second, (start, end), text[start:end]))
    return list(out.values())


def _kind(s: Sentence, a: int, b: int, codebook: Codebook) -> tuple[str, bool] | None:
    """How the event at ``b`` hangs below the one at ``a``: the relation, and whether ``b`` is the earlier one."""
    token = b
    for _ in range(6):
        head, dep = s.heads[token], s.deps[token]
        if head == token:
            return None
        marks = {s.lemmas[c].lower() for c in s.children[token] if s.deps[c] in ("mark", "advmod", "prep")}
        if dep == "advcl" and marks & _AFTER and head == a:
            return "followed", True
        if dep == "advcl" and "before" in marks and head == a:
            return "followed", False
        if dep in ("pobj", "pcomp") and s.lemmas[head].lower() in _AFTER and _reaches(s, head, a):
            return "followed", True
        if dep == "pobj" and s.lemmas[head] in ("to", "for", "against", "over") and s.lemmas[s.heads[head]] in codebook.grammar["response_nouns"] and _reaches(s, s.heads[head], a):
            return "in-response-to", True
        if is_verb(s, head) and s.lemmas[head] in codebook.grammar["relation_prompted"] and dep in ("ccomp", "xcomp", "dobj", "advcl") and head != b:
            if _subject_below(s, head, a):
                return "prompted", False
        token = head
        if token == a:
            return None
    return None


def _reaches(s: Sentence, token: int, a: int) -> bool:
    for _ in range(4):
        token = s.heads[token]
        if token == a:
            return True
    return False


def _subject_below(s: Sentence, verb: int, a: int) -> bool:
    token = a
    for _ in range(5):
        if s.heads[token] == verb and s.deps[token] in ("nsubj", "nsubjpass", "csubj"):
            return True
        token = s.heads[token]
    return False
