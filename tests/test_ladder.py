"""The ladder's data file and the rung of single events."""

from __future__ import annotations

from pathlib import Path

import pytest

from detente.codebook.ladder import HIGHEST, HIGHEST_SINGLE, LOWEST, load_ladder, rung_of
from detente.codebook.load import load_codebook
from detente.errors import CodebookError


def test_every_type_and_mode_of_the_ladder_is_plovers_and_no_type_is_missing() -> None:
    types = load_codebook().types
    ladder = load_ladder()
    assert set(ladder.types) == set(types)
    assert [(name, mode) for name, entry in ladder.types.items() for mode in entry.modes if mode not in types[name]["modes"]] == []


def test_every_rung_from_cooperation_to_war_has_a_name_and_single_events_end_at_a_lethal_incident() -> None:
    ladder = load_ladder()
    assert sorted(ladder.rungs) == list(range(LOWEST, HIGHEST + 1))
    entries = ladder.types.values()
    assert max([*ladder.cameo.values(), *(e.lethal or 0 for e in entries), *(r for e in entries for r in e.modes.values())]) == HIGHEST_SINGLE


@pytest.mark.parametrize(
    ("event_type", "modes", "rung"),
    [
        ("COOPERATE", (), -4),
        ("RETREAT", ("ceasefire",), -3),
        ("AGREE", (), -2),
        ("CONSULT", ("visit",), -1),
        ("REQUEST", ("assist",), 0),
        ("REQUEST", ("yield",), 1),
        ("PROTEST", ("riot",), 1),
        ("THREATEN", ("relations",), 2),
        ("THREATEN", ("violence",), 4),
        ("SANCTION", ("expel",), 3),
        ("COERCE", ("arrest",), 3),
        ("COERCE", ("seize",), 5),
        ("MOBILIZE", ("weapons",), 4),
        ("ASSAULT", ("destroy",), 5),
        ("ASSAULT", ("abduct",), 5),
    ],
)
def test_an_event_without_a_toll_stands_on_the_rung_of_its_type_and_modes(event_type: str, modes: tuple[str, ...], rung: int) -> None:
    assert rung_of(event_type, modes) == rung


def test_a_death_makes_an_assault_a_lethal_incident_and_no_death_keeps_it_below() -> None:
    assert rung_of("ASSAULT", ("destroy",), dead=1) == 6
    assert rung_of("ASSAULT", ("targeted",), dead=0) == 5
    assert rung_of("PROTEST", ("riot",), dead=3) == 1


def test_a_blockade_is_force_whatever_its_mode() -> None:
    assert rung_of("COERCE", ("restrict",), cameo="191") == 5


def test_fighting_is_taken_to_be_lethal_only_where_an_origin_counts_no_dead() -> None:
    assert rung_of("ASSAULT", (), cameo="195", origin="icews") == 6
    assert rung_of("ASSAULT", (), cameo="195", origin="detente") == 5
    assert rung_of("ASSAULT", (), cameo="195", origin="icews", dead=0) == 5


def test_a_ladder_that_lacks_a_part_is_refused_with_its_path(tmp_path: Path) -> None:
    path = tmp_path / "ladder.toml"
    path.write_text("[rungs]\n", encoding="utf-8")
    with pytest.raises(CodebookError, match=r"ladder\.toml: found .*expected the rungs"):
        load_ladder(path)
