"""Dependencies as the parser gave them -> the same with errors mended that are plain from the words alone."""

from __future__ import annotations

from collections.abc import Sequence

_BREAKS = frozenset({";"})
_SUBORDINATE = frozenset({"ccomp", "dep", "parataxis", "advcl"})
_SUBJECTS = frozenset({"nsubj", "nsubjpass", "csubj", "expl"})
_LINKS = frozenset({"mark", "advmod"})


def mend_dependencies(words: Sequence[str], tags: Sequence[str], deps: list[str], heads: list[int]) -> None:
    """Tokens with their labels and heads (indexes into the sentence) -> labels and heads changed in place.

    A clause is told as a fact, not as the content of a verb that stands behind a semicolon or a conjunction. "Moscow vetoed the text; China abstained": the parser takes the first clause for the content of the second, so that it would not be told as a fact.
    """
    breaks = [k for k, word in enumerate(words) if word in _BREAKS]
    for v in _first_clauses(words, tags, deps, heads, breaks) if breaks else ():
        heads[v], deps[v] = v, "ROOT"
    for mark, h in [(k, heads[k]) for k, dep in enumerate(deps) if dep == "mark" and heads[k] > k]:
        if (told := _clause_before(mark, h, tags, deps, heads)) is not None:
            _turn(told, h, mark, deps, heads)


def _first_clauses(words: Sequence[str], tags: Sequence[str], deps: Sequence[str], heads: Sequence[int], breaks: Sequence[int]) -> list[int]:
    """Verbs with a subject of their own before a semicolon that hang on a verb behind it."""
    out = []
    for v, head in enumerate(heads):
        if deps[v] not in _SUBORDINATE or tags[v][:2] not in ("VB", "MD") or head <= v or not any(v < k < head for k in breaks):
            continue
        below = [c for c in range(len(words)) if heads[c] == v and c != v]
        is_marked = any(deps[c] == "mark" or deps[c] in _LINKS and tags[c] == "WRB" for c in below)
        if any(deps[c] in _SUBJECTS for c in below) and not is_marked and not any(words[k] in ('"', "``", "''") for k in range(v, head)):
            out.append(v)
    return out


def _clause_before(mark: int, h: int, tags: Sequence[str], deps: Sequence[str], heads: Sequence[int]) -> int | None:
    """A clause with a subject before "after", which the verb of the "after" clause was given for its content; ``None`` where there is none."""
    for v in range(mark):
        if heads[v] == h and deps[v] == "ccomp" and tags[v][:2] in ("VB", "MD") and any(heads[c] == v and deps[c] in _SUBJECTS for c in range(len(heads))):
            return v
    return None


def _turn(v: int, h: int, mark: int, deps: list[str], heads: list[int]) -> None:
    """ "The army seized the town, the ministry said, days after rebels vowed to hold it": the vow is what hangs on the seizure, not the reverse."""
    deps[v], heads[v] = deps[h], v if heads[h] == h else heads[h]
    deps[h], heads[h] = "advcl", v
    for c in range(mark):
        if heads[c] == h and c != v:
            heads[c] = v
