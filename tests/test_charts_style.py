"""The look of charts: colours that can be told apart by those who see no red or no green, and words as readers expect them."""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from detente.charts.style import DARK, LIGHT, RUNGS, Look, cut, name_rung, say_number, say_rung, wrap
from detente.codebook.cycle import STAGES
from detente.wording import say_day

LOOKS = [pytest.param(LIGHT, id="light"), pytest.param(DARK, id="dark")]
SEEN_BY = {
    "all": np.eye(3),
    "no-red": np.array([[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]),
    "no-green": np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]),
}
"""Protanopia and deuteranopia on linear RGB. Machado, Oliveira and Fernandes, IEEE TVCG 15 (2009), 1291-1298, table 1 at severity 1."""


def linear(colour: str) -> NDArray[np.float64]:
    share = np.array([int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)])
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


def lab(rgb: NDArray[np.float64]) -> NDArray[np.float64]:
    xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]) @ rgb.clip(0, 1) / np.array([0.9505, 1.0, 1.089])
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def apart(pairs: Sequence[tuple[str, str]], eyes: str) -> float:
    """The least distance of any pair, in CIE Lab of 1976."""
    return min(float(np.linalg.norm(lab(SEEN_BY[eyes] @ linear(a)) - lab(SEEN_BY[eyes] @ linear(b)))) for a, b in pairs)


def contrast(a: str, b: str) -> float:
    """WCAG's contrast of two colours, 1 to 21."""
    light, dark = sorted((float(np.array([0.2126, 0.7152, 0.0722]) @ linear(c)) for c in (a, b)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("eyes", SEEN_BY)
@pytest.mark.parametrize("look", LOOKS)
def test_sides_quads_and_stages_can_be_told_apart_by_all_eyes(look: Look, eyes: str) -> None:
    assert apart([(look.a, look.b)], eyes) > 40
    assert apart(list(itertools.combinations(look.quads, 2)), eyes) > 20
    assert apart(list(itertools.combinations(look.stages.values(), 2)), eyes) > 10


@pytest.mark.parametrize("eyes", SEEN_BY)
@pytest.mark.parametrize("look", LOOKS)
def test_neighbouring_rungs_can_be_told_apart_by_all_eyes(look: Look, eyes: str) -> None:
    assert apart(list(itertools.pairwise(look.rungs)), eyes) > 5


@pytest.mark.parametrize("look", LOOKS)
def test_words_can_be_read_on_their_ground(look: Look) -> None:
    assert contrast(look.ink, look.background) > 7
    assert contrast(look.soft, look.background) > 4.5
    assert contrast(look.soft, look.land) > 4.5


@pytest.mark.parametrize("look", LOOKS)
def test_every_stage_and_rung_has_a_colour(look: Look) -> None:
    assert tuple(look.stages) == STAGES
    assert len(look.rungs) == len(RUNGS)


def test_words_of_titles() -> None:
    assert say_day(datetime.date(2020, 6, 6)) == "6 June 2020"
    assert (say_number(1, "event"), say_number(1200, "event")) == ("1 event", "1,200 events")
    assert (name_rung(-2), say_rung(5)) == ("−2 commitment", "5, force without deaths")


def test_lines_are_wrapped_between_words() -> None:
    assert wrap("one two three", 7) == ["one two", "three"]
    assert wrap("", 7) == [""]


def test_a_cut_text_ends_with_an_ellipsis_and_keeps_its_length() -> None:
    assert cut("one  two\nthree", 8) == "one two…"
    assert cut("one", 8) == "one"
