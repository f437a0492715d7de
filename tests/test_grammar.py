"""Whatever the surface form of a clause, its logical subject and object are the same."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from detente.coding.grammar import Clause, conjuncts, is_passive, noun_agents, read_clause, subtree
from detente.records import Sentence

Parse = Callable[[str], list[Sentence]]


def clause_of(parse: Parse, text: str, verb: str) -> tuple[Sentence, Clause]:
    s = parse(text)[0]
    return s, read_clause(s, s.words.index(verb))


@pytest.mark.parametrize(
    ("text", "verb", "subject", "object_"),
    [
        ("Russia attacked Georgia.", "attacked", "Russia", "Georgia"),
        ("Georgia was attacked by Russia.", "attacked", "Russia", "Georgia"),
        ("Georgia has been attacked by Russia.", "attacked", "Russia", "Georgia"),
        ("Villages attacked by rebels burned for days.", "attacked", "rebels", "Villages"),
        ("The soldiers who attacked the village fled.", "attacked", "soldiers", "village"),
        ("The village that rebels attacked is empty.", "attacked", "rebels", "village"),
        ("Russia threatened to attack Georgia.", "attack", "Russia", "Georgia"),
        ("Russia promised Serbia to attack Georgia.", "attack", "Russia", "Georgia"),
        ("France urged Russia to leave Georgia.", "leave", "Russia", "Georgia"),
        ("Russia invaded Georgia and attacked Gori.", "attacked", "Russia", "Gori"),
        ("Russia was accused of attacking Georgia.", "attacking", "Russia", "Georgia"),
        ("France accused Russia of attacking Georgia.", "attacking", "Russia", "Georgia"),
        ("Russia left after attacking Georgia.", "attacking", "Russia", "Georgia"),
        ("Rebels shelled and looted the town.", "shelled", "Rebels", "town"),
        ("The minister said that Russia attacked Georgia.", "attacked", "Russia", "Georgia"),
    ],
)  # fmt: skip
def test_logical_subject_and_object(parse: Parse, text: str, verb: str, subject: str, object_: str) -> None:
    s, clause = clause_of(parse, text, verb)
    assert [s.words[i] for i in clause.subjects] == [subject]
    assert s.words[clause.objects[0]] == object_


def test_a_passive_without_agent_has_no_subject(parse: Parse) -> None:
    s, clause = clause_of(parse, "The bridge was destroyed on Friday.", "destroyed")
    assert clause.passive
    assert clause.subjects == ()
    assert [s.words[i] for i in clause.objects] == ["bridge"]


def test_an_active_past_is_not_passive(parse: Parse) -> None:
    s = parse("Rebels destroyed the bridge on Friday.")[0]
    assert not is_passive(s, s.words.index("destroyed"))


def test_prepositions_of_the_object_count_as_the_verbs(parse: Parse) -> None:
    s, clause = clause_of(parse, "The United States imposed sanctions on Iran.", "imposed")
    assert ("on", "Iran") in {(p.name, s.words[p.object]) for p in clause.prepositions}


def test_two_word_prepositions_are_one(parse: Parse) -> None:
    s, clause = clause_of(parse, "Japan walked out of the talks.", "walked")
    assert "talks" in {s.words[p.object] for p in clause.prepositions if p.name.endswith("of")}


def test_a_particle_is_found_on_either_side_of_the_object(parse: Parse) -> None:
    for text in ("Rebels blew up the bridge.", "Rebels blew the bridge up."):
        _, clause = clause_of(parse, text, "blew")
        assert "up" in clause.particles


def test_conjuncts_are_all_found_in_order(parse: Parse) -> None:
    s = parse("France, Germany and Italy condemned the raid.")[0]
    assert [s.words[i] for i in conjuncts(s, s.words.index("France"))] == ["France", "Germany", "Italy"]


def test_the_possessor_of_a_noun_is_its_agent(parse: Parse) -> None:
    s = parse("Pyongyang's decision to close the office angered Seoul.")[0]
    assert [s.words[i] for i in noun_agents(s, s.words.index("decision"))] == ["Pyongyang"]


def test_a_subtree_is_in_order_and_holds_its_top(parse: Parse) -> None:
    s = parse("The old bridge over the river fell.")[0]
    top = s.words.index("bridge")
    found = subtree(s, top)
    assert found == sorted(found)
    assert top in found


def test_every_head_and_child_agree(parse: Parse) -> None:
    for s in parse("Russia, which invaded Georgia in 2008, said on Monday it would not leave. France and Italy protested."):
        for i, head in enumerate(s.heads):
            assert head == i or i in s.children[head]
