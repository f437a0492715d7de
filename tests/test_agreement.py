"""Agreement of reviewers, against figures worked out by hand and published ones."""

from __future__ import annotations

import pytest

from detente.agreement import alpha_of, compare_judgements, interval, pair_gold

# Krippendorff's worked example of four coders and twelve units (Computing Krippendorff's Alpha-Reliability, 2011), three of whom are used as he gives them
A = (1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None)
B = (1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3)
C = (None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None)
D = (1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None)


def test_alpha_of_the_published_example_with_missing_values() -> None:
    units = list(zip(A, B, C, D, strict=True))
    assert alpha_of(units) == pytest.approx(0.743, abs=0.0005)
    assert alpha_of(units, interval) == pytest.approx(0.849, abs=0.0005)


def test_full_agreement_is_one_and_no_variation_has_no_alpha() -> None:
    assert alpha_of([(1, 1), (2, 2)]) == 1.0
    assert alpha_of([(1, 1), (1, 1)]) is None
    assert alpha_of([(1, 2)]) is None


def test_a_rejected_event_counts_for_the_verdict_only() -> None:
    first = {
        "a": {"verdict": "accept", "event_type": "AID"},
        "b": {"verdict": "reject", "event_type": "AID"},
        "c": {"verdict": "accept", "event_type": "ACCUSE"},
        "z": {"verdict": "accept"},
    }
    second = {"a": {"verdict": "accept", "event_type": "AID"}, "b": {"verdict": "accept", "event_type": "ACCUSE"}, "c": {"verdict": "accept", "event_type": "ACCUSE"}}
    verdict, kind = compare_judgements(first, second, ("verdict", "event_type"))
    assert (verdict.units, verdict.agreed, kind.units, kind.agreed, kind.alpha) == (3, 2 / 3, 2, 1.0, 1.0)


def test_gold_events_are_paired_by_their_words_and_what_one_lacks_is_told() -> None:
    def gold(*events: tuple[str, str]) -> list[dict[str, object]]:
        rows = [{"type": t, "source": ["PRK/GOV"], "target": [], "date": "2020-06-16", "place": None, "background": False, "evidence": words} for t, words in events]
        return [{"doc": "a", "required": rows, "optional": []}]

    first, second = pair_gold(gold(("ASSAULT", "blew up the office"), ("ACCUSE", "accused the South")), gold(("COERCE", "the North blew up the office")))
    found = {entry.field: entry for entry in compare_judgements(first, second, ("found", "event_type"))}
    assert (found["found"].units, found["found"].agreed) == (2, 0.5)
    assert (found["event_type"].units, found["event_type"].agreed) == (1, 0.0)
