"""The two, both governments, the pair, each camp, the four: which of the parties spoken of a phrase stands for that only counts them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import msgspec

from detente.coding.grammar import NUMBER_WORDS, children, conjuncts
from detente.coding.whose import LOCATIVE
from detente.records import Actor, Sentence

MAX_GAP_SENTENCES = 3
"""How far back the parties may have been named."""
FARTHEST_SENTENCES = 8
"""The same for two countries, where nobody nearer is meant."""
MOST_COUNTED = 12
"""A larger number counts the members of a body ("the 27 leaders"), whom no sentence lists."""
_NO_SIDE = frozenset({"JRN", "IGO", "NGO", "EDU", "ELI"})
_NO_PARTY_KINDS = frozenset({"place", "property", "expert", "owner"})
_STATE = frozenset({"GOV", "MIL", "LEG", "JUD", "COP", "SPY"})


class Named(msgspec.Struct, frozen=True):
    """Somebody whom the text has named before: in which sentence, at which head, of which kind of phrase, and who it is."""

    sentence: Sentence
    token: int
    kind: str
    actors: tuple[Actor, ...]


def count_sides(s: Sentence, i: int, nouns: frozenset[str], people: frozenset[str]) -> tuple[int, bool] | None:
    """How many parties the phrase with head ``i`` speaks of without naming them, and whether they are persons; ``None`` where it is no such phrase.

    ``nouns`` are words for parties ("side", "government"), ``people`` for those who lead them ("man", "leader").
    """
    low, lemma = s.words[i].lower(), s.lemmas[i].lower()
    below = {s.words[c].lower() for c in s.children[i]}
    is_plain = not children(s, i, "prep", "relcl", "acl")
    is_alone = low not in ("each", "neither") or children(s, s.heads[i], "nsubj") == [i] and (i == 0 or s.tags[i - 1][:2] != "NN")
    if low in ("two", "both", "each", "neither") and s.tags[i] in ("CD", "DT", "PDT") and is_plain and is_alone:
        return 2, False
    if s.tags[i] == "CD" and "the" in below and 2 < NUMBER_WORDS.get(low, 0) <= MOST_COUNTED and is_plain:
        return NUMBER_WORDS[low], False
    if lemma not in nouns and lemma not in people or children(s, i, "poss"):
        return None  # "its two heads" are somebody's own
    if below & {"both", "each", "either", "neither"}:
        return 2, lemma in people
    counted = next((s.words[c].lower() for c in children(s, i, "nummod")), "")
    if counted == "two" or "the" in below and 2 < NUMBER_WORDS.get(counted, 0) <= MOST_COUNTED:
        return NUMBER_WORDS[counted], lemma in people
    return None


def last_parties(known: Iterable[Named], index: int, number: int, are_people: bool) -> tuple[Actor, ...]:
    """Who was spoken of, latest first -> the ``number`` parties that a phrase in sentence ``index`` counts, in order of the text; empty if they were not named."""
    parties = [k for k in known if not _is_setting(k) and 0 <= index - k.sentence.index <= FARTHEST_SENTENCES]
    near = [k for k in parties if index - k.sentence.index <= MAX_GAP_SENTENCES]
    if number != 2:
        return _listed(near, number)
    persons = [k for k in near if k.kind == "person" and k.actors and k.actors[0].entity]
    within = _latest(near, _branch)
    if {_branch(a)[-5:] for a in within} != {"state", "armed"}:
        within = ()
    return are_people and _latest(persons, lambda a: a.entity or "") or _latest(near, _country) or within or _latest(parties, _country)


def _country(a: Actor) -> str:
    return a.country or a.name


def _is_setting(k: Named) -> bool:
    """Whether the words tell where something is rather than who acts: "met in Pyongyang"."""
    s = k.sentence
    return k.kind in _NO_PARTY_KINDS or k.kind in ("capital", "country") and s.deps[k.token] == "pobj" and s.lemmas[s.heads[k.token]].lower() in LOCATIVE


def _latest(near: Sequence[Named], key: Callable[[Actor], str]) -> tuple[Actor, ...]:
    pair: dict[str, Actor] = {}
    for k in near:
        for a in k.actors:
            if not _NO_SIDE & set(a.sectors):
                pair.setdefault(key(a), a)
        if len(pair) >= 2:
            return tuple(reversed(list(pair.values())[:2]))
    return ()


def _branch(a: Actor) -> str:
    """Within one country the state and those who fight it are two sides."""
    return f"{a.country or a.name} {'state' if _STATE & set(a.sectors) else 'armed' if {'REB', 'PRM'} & set(a.sectors) else 'others'}"


def _listed(near: Sequence[Named], number: int) -> tuple[Actor, ...]:
    """The last coordination of just so many members: "Egypt, Bahrain and Kuwait ... The three"."""
    by_place = {(k.sentence.index, k.token): k for k in reversed(near)}
    for k in near:
        members = [by_place.get((k.sentence.index, t)) for t in conjuncts(k.sentence, k.token)]
        actors = [m.actors[0] for m in members if m is not None and m.actors]
        if len(members) == len(actors) == number and len({(a.country, a.sectors, a.entity) for a in actors}) == number:
            return tuple(actors)
    return ()
