"""Near copies: what papers make of a report is found, what only resembles it is not."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import pytest

from detente.store.duplicates import compare_runs, hash_bands, word_runs

sys.path.append(str(Path(__file__).parent.parent / "benchmarks"))
import duplicates

STORIES = duplicates.read_stories()[::7]
RUNS = {story.id: word_runs(story.text) for story in STORIES}
BANDS = {name: set(hash_bands(runs)) for name, runs in RUNS.items()}


def find(text: str) -> str | None:
    """What the store does, without a store: candidates by bands, then the share of runs."""
    runs = word_runs(text)
    bands = set(hash_bands(runs))
    found = {name: compare_runs(runs, RUNS[name]) for name in RUNS if BANDS[name] & bands}
    alike = {name: share for name, share in found.items() if share is not None}
    return max(alike, key=lambda name: alike[name]) if alike else None


def test_copies_are_found_and_other_texts_are_not() -> None:
    pairs = list(duplicates.make_pairs(STORIES, random.Random(1)))
    precision, recall, kinds = duplicates.judge(pairs, find)
    assert precision >= 0.98, kinds
    assert recall >= 0.95, kinds


@pytest.mark.parametrize("kind", duplicates.COPIES)
def test_an_edit_changes_the_text(kind: str) -> None:
    story = STORIES[0]
    assert duplicates.COPIES[kind](story, random.Random(1)) != story.text


def test_bulletins_of_one_template_are_not_alike() -> None:
    rng = random.Random(2)
    first, second = (word_runs(duplicates.fill_template(rng)) for _ in range(2))
    assert compare_runs(first, second) is None


def test_what_is_judged_counts_wrong_originals_against_both() -> None:
    pairs = [duplicates.Pair("a", "x", "1"), duplicates.Pair("b", "y", None)]
    assert duplicates.judge(pairs, lambda _: "2") == (0.0, 0.0, {"a": (0, 1), "b": (0, 1)})
