"""Who is meant: pronouns, roles that name no country, and the parties of an event, by the fitted weights."""

from __future__ import annotations

import datetime

import pytest

from conftest import make_document
from detente.codebook.load import load_codebook
from detente.coding.parties import branch_of, side_key
from detente.coding.pronouns import pronoun_class, score_antecedent
from detente.coding.whose import Spoken, choose_country, read_setting
from detente.pipeline import code_documents
from detente.records import Actor, Event


def code(text: str) -> list[Event]:
    [report] = code_documents([make_document(text, published_on=datetime.date(2021, 3, 10))])
    return list(report.events)


def sides(events: list[Event], kind: str) -> list[tuple[list[str | None], list[str | None]]]:
    return [([a.country for a in e.source], [a.country for a in e.target]) for e in events if e.event_type == kind]


def test_the_weights_cover_all_four_choices() -> None:
    reference = load_codebook().reference
    assert set(reference) == {"pronoun", "role", "source", "target"}
    assert all(len(weights) > 20 for weights in reference.values())


def test_what_the_rules_chose_speaks_for_itself() -> None:
    reference = load_codebook().reference
    assert reference["source"]["chosen"] > 0.3
    assert reference["target"]["chosen"] > 0.3


def test_shares_of_a_setting_add_up() -> None:
    spoken = [Spoken("VEN", 0, True, 2, False, False, False), Spoken("VEN", 1, False, 3, True, True, False), Spoken("USA", 2, False, 1, False, False, True)]
    setting = read_setting(spoken)
    assert sum(setting.shares.values()) == pytest.approx(1.0)
    assert setting.shares["VEN"] == pytest.approx(0.75)  # the title counts twice
    assert setting.place_shares["VEN"] == 1.0
    assert setting.titled == {"VEN"}


def test_the_heaviest_country_wins_and_none_where_there_is_none() -> None:
    weights = {"before": 2.0, "share": 1.0}
    assert choose_country({"USA": {"share": 0.9}, "VEN": {"share": 0.1, "before": 1.0}}, weights) == "VEN"
    assert choose_country({}, weights) is None


@pytest.mark.parametrize(("word", "kind"), [("she", "person"), ("its", "thing"), ("them", "several"), ("we", ""), ("table", "")])
def test_pronouns_by_what_they_can_stand_for(word: str, kind: str) -> None:
    assert pronoun_class(word) == kind


def test_unknown_features_weigh_nothing() -> None:
    assert score_antecedent({"never seen": 1.0, "subject": 2.0}, {"subject": 0.5}) == 1.0


@pytest.mark.parametrize(
    ("sectors", "branch"), [(("REB",), "armed"), (("OPP", "PTY"), "opposition"), (("MIL",), "state"), (("JUD", "GOV"), "state"), (("CVL",), "people"), ((), "people")]
)
def test_branches_within_a_country(sectors: tuple[str, ...], branch: str) -> None:
    assert branch_of(sectors) == branch
    assert side_key(Actor("", "Chad", "TCD", sectors)) == f"TCD {branch}"


def test_a_party_that_the_words_name_is_not_overruled() -> None:
    text = "China and Japan held talks. China praised Japan. China thanked Japan. Norway bombed Chad on Tuesday."
    assert sides(code(text), "ASSAULT") == [(["NOR"], ["TCD"])]


def test_he_is_the_person_spoken_of_and_not_a_country() -> None:
    [(source, target)] = sides(code("Emmanuel Macron arrived in Rabat on Monday. He condemned Russia."), "ACCUSE")
    assert (source, target) == (["FRA"], ["RUS"])


def test_bare_police_are_those_of_the_town_that_the_story_is_about() -> None:
    events = code("Thousands marched through Caracas against the Venezuelan government. The United States watched with concern. Police arrested 40 people.")
    [(source, _)] = sides(events, "COERCE")
    assert source == ["VEN"]


def test_the_same_text_gives_the_same_parties_twice() -> None:
    text = "Rebels and soldiers clashed near Goma. Rwanda denied any part. Both sides accused each other. The UN urged them to stop."
    assert code(text) == code(text)
