"""Confidence: a probability that never falls when more speaks for the event, from weights that the file holds."""

from __future__ import annotations

import datetime
import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import make_document
from detente.codebook.load import DATA, load_codebook
from detente.coding.confidence import CEILING, FEATURES, FLOOR, confidence_features, estimate_confidence, load_weights
from detente.errors import CodebookError
from detente.pipeline import code_documents
from detente.records import Actor, EventMention, Evidence, When

TEXT = "On Tuesday Russia attacked Georgia with rockets."
RUSSIA = Actor("Russia", "Russia", "RUS", ("GOV",), span=(11, 17))
GEORGIA = Actor("Georgia", "Georgia", "GEO", ("GOV",), span=(27, 34))
INFERRED = Actor("", "Georgia", "GEO", ("GOV",))
UNIDENTIFIED = Actor("gunmen", "gunmen", None, ("UAF",), span=(11, 17))


def make_mention(**changes: Any) -> EventMention:
    evidence = Evidence((0, len(TEXT)), TEXT, (18, 26), "assault.attack")
    mention = EventMention(
        sentence=4, trigger=3, event_type="ASSAULT", modes=(), contexts=(), cameo="190", source=(RUSSIA,), target=(GEORGIA,), rule="assault.attack", evidence=evidence, score=2.0
    )
    return msgspec.structs.replace(mention, **changes)


mentions = st.builds(
    make_mention,
    sentence=st.integers(0, 400),
    event_type=st.sampled_from(sorted(load_codebook().types)),
    source=st.sampled_from([(), (RUSSIA,), (UNIDENTIFIED,), (RUSSIA, UNIDENTIFIED)]),
    target=st.sampled_from([(), (GEORGIA,), (INFERRED,), (UNIDENTIFIED,)]),
    score=st.floats(0, 50),
    nominal=st.booleans(),
    is_passive=st.booleans(),
    in_title=st.booleans(),
    historical=st.booleans(),
    weak_target=st.booleans(),
    decided_by=st.sampled_from(["rule", "classifier"]),
    when=st.sampled_from([None, When("2020-06-16", "2020-06-16", "day")]),
    said_by=st.sampled_from([(), (RUSSIA,)]),
)


@given(st.lists(mentions, min_size=1, max_size=12))
def test_confidence_is_a_probability_that_is_never_certain(group: list[EventMention]) -> None:
    assert 0 < FLOOR <= estimate_confidence(group) <= CEILING < 1


@given(st.lists(mentions, min_size=1, max_size=6))
def test_the_same_event_told_again_is_not_less_likely(group: list[EventMention]) -> None:
    assert estimate_confidence([*group, group[0]]) >= estimate_confidence(group)


@pytest.mark.parametrize(
    ("worse", "better"),
    [
        ({"source": ()}, {}),
        ({"target": ()}, {}),
        ({"target": (INFERRED,)}, {}),
        ({"source": (UNIDENTIFIED,)}, {}),
        ({"weak_target": True}, {}),
        ({"decided_by": "classifier"}, {}),
        ({}, {"score": 6.0}),
    ],
    ids=["no-source", "no-target", "target-inferred", "source-unidentified", "weak-target", "by-classifier", "more-specific-rule"],
)
def test_what_speaks_against_an_event_does_not_raise_its_confidence(worse: dict[str, Any], better: dict[str, Any]) -> None:
    assert estimate_confidence([make_mention(**worse)]) <= estimate_confidence([make_mention(**better)])


def test_an_event_with_both_sides_named_beats_one_without_a_source() -> None:
    assert estimate_confidence([make_mention()]) > estimate_confidence([make_mention(source=())]) + 0.1


def test_a_close_choice_of_parties_lowers_confidence() -> None:
    assert estimate_confidence([make_mention()]) > estimate_confidence([make_mention(doubt=2.0)]) + 0.1


def test_confidence_tells_events_apart() -> None:
    text = "Russia attacked Georgia on Monday. Georgia condemned the attack. Two men were stabbed by unknown gunmen in Tbilisi. France and Germany held talks in Paris."
    [report] = code_documents([make_document(text, published_on=datetime.date(2021, 3, 10))])
    assert len({event.confidence for event in report.events}) > 1


def test_the_file_holds_a_weight_for_each_feature_and_for_known_types_only() -> None:
    raw = tomllib.loads((DATA / "confidence.toml").read_text("utf-8"))
    assert list(raw["features"]) == [feature.name for feature in FEATURES] == list(confidence_features([make_mention()]))
    assert set(raw["types"]) <= set(load_codebook().types)


def test_the_weights_keep_the_signs_that_the_features_state() -> None:
    weights = load_weights()
    wrong = [f.name for f in FEATURES if f.sign * weights.features[f.name] < 0]
    assert not wrong


@pytest.mark.parametrize(
    "text", ["", "bias = 'x'\n[features]\n[types]\n", "bias = 0.0\n[features]\nmentions = 1.0\n[types]\n", "bias = \n"], ids=["empty", "no-number", "one-feature", "no-toml"]
)
def test_a_file_that_does_not_fit_the_features_is_named_with_the_remedy(tmp_path: Path, text: str) -> None:
    path = tmp_path / "confidence.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(CodebookError, match=r"confidence\.toml: .*fit_confidence\.py"):
        load_weights(path)
