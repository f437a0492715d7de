"""The bundled codebook is sound, and the check finds every kind of fault that can be planted in a copy."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from detente.codebook.check import check_codebook
from detente.codebook.check_words import GRAMMAR_KEYS
from detente.codebook.load import DATA, Codebook, load_codebook
from detente.errors import CodebookError

RULE = """
- id: {id}
  means: The source waves at the target.
  type: {type}
  cameo: "{cameo}"
  verbs: [{verbs}]
  fires: "France waved at Spain."
  spares: "A tree waved in the wind."
"""


TABLE_ROWS = 300
"""Tables are cut to their first rows in the copy, to keep the tests quick."""


def make_copy(folder: Path) -> Path:
    shutil.copytree(DATA, folder, ignore=shutil.ignore_patterns("training", "classifier"))
    for path in [p for p in folder.rglob("*.csv") if p.name != "cameo.csv"]:
        path.write_text("".join(path.read_text("utf-8").splitlines(keepends=True)[:TABLE_ROWS]), "utf-8")
    return folder


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_copy(tmp_path_factory.mktemp("codebook") / "data")


@pytest.fixture
def copy(tmp_path: Path, pristine: Path) -> Path:
    return Path(shutil.copytree(pristine, tmp_path / "data"))


@pytest.fixture(scope="module")
def known(pristine: Path) -> frozenset[str]:
    """The faults of an untouched copy: none, if ``test_bundled_codebook_has_no_faults`` holds."""
    return frozenset(line.removeprefix(str(pristine)) for line in check_codebook(pristine, examples=False))


def append_rule(folder: Path, *, id: str = "support.wave", type: str = "SUPPORT", cameo: str = "050", verbs: str = "wave at +", more: str = "") -> Path:
    path = folder / "rules" / "support.yaml"
    with path.open("a", encoding="utf-8") as stream:
        stream.write(RULE.format(id=id, type=type, cameo=cameo, verbs=verbs) + more)
    return path


def replace(folder: Path, name: str, old: str, new: str) -> Path:
    path = folder / name
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")
    return path


def new_faults(folder: Path, known: frozenset[str]) -> list[str]:
    return [line for line in check_codebook(folder, examples=False) if line.removeprefix(str(folder)) not in known]


def test_bundled_codebook_has_no_faults() -> None:
    assert check_codebook(examples=False) == []


def test_every_rule_fires_on_its_example_and_spares_the_other() -> None:
    assert check_codebook(examples=True) == []


def test_a_sound_new_rule_gives_no_fault(copy: Path, known: frozenset[str]) -> None:
    append_rule(copy)
    assert new_faults(copy, known) == []


Plant = Callable[[Path], object]
PLANTED: dict[str, tuple[Plant, str]] = {
    "unknown-key": (lambda d: append_rule(d, more="  verb: [nod]\n"), "the key 'verb'"),
    "missing-key": (lambda d: replace(d, "rules/aid.yaml", "  means:", "  # means:"), "no 'means'"),
    "duplicate-key": (lambda d: append_rule(d, more="  type: SUPPORT\n"), "the key 'type' twice"),
    "duplicate-id-in-another-file": (lambda d: append_rule(d, id="assault.attack-noun"), "a second rule with this id"),
    "prefix-is-not-the-type": (lambda d: append_rule(d, id="reject.wave"), "id 'reject.wave' in a rule of type SUPPORT"),
    "mode-of-another-type": (lambda d: append_rule(d, more="  modes: [aerial]\n"), "mode 'aerial'"),
    "unknown-context": (lambda d: append_rule(d, more="  contexts: [gardening]\n"), "context 'gardening'"),
    "unknown-type": (lambda d: append_rule(d, id="wave.hand", type="WAVE"), "type 'WAVE'"),
    "unknown-cameo": (lambda d: append_rule(d, cameo="999"), "CAMEO code '999'"),
    "cameo-of-the-other-side": (lambda d: append_rule(d, cameo="195"), "CAMEO 195"),
    "unknown-class": (lambda d: append_rule(d, verbs="'wave {@flags} at +'"), "class @flags"),
    "unknown-class-in-condition": (lambda d: append_rule(d, more="  unless: {object: ['@flags']}\n"), "class @flags"),
    "unknown-condition": (lambda d: append_rule(d, more="  unless: {weather: [rain]}\n"), "unless.weather"),
    "pattern-that-does-not-compile": (lambda d: append_rule(d, verbs="'+ wave'"), "expected a verb lemma first"),
    "no-pattern": (lambda d: append_rule(d, verbs=""), "no pattern"),
    "unknown-sector": (lambda d: append_rule(d, more="  source: [GOVT]\n"), "source 'GOVT'"),
    "unknown-need": (lambda d: append_rule(d, more="  needs: [object]\n"), "needs 'object'"),
    "unknown-owner": (lambda d: append_rule(d, more="  owner: both\n"), "owner 'both'"),
    "beats-nothing": (lambda d: append_rule(d, more="  beats: [support.nod]\n"), "beats 'support.nod'"),
    "same-pattern-in-two-types": (lambda d: (append_rule(d), append_rule(d, id="reject.wave", type="REJECT", cameo="120")), "the pattern 'wave at +', which support.wave"),
    "broken-yaml": (lambda d: append_rule(d, more="  means: [open\n"), "expected YAML"),
    "unknown-type-in-compose": (lambda d: replace(d, "compose.yaml", "    CONSULT: {type: SANCTION", "    CONSULT: {type: SANCTIONS"), "SANCTIONS"),
    "unknown-type-in-anaphora": (lambda d: replace(d, "anaphora.yaml", "types: [MOBILIZE, ASSAULT]", "types: [MOBILISE, ASSAULT]"), "type 'MOBILISE'"),
    "grammar-list-lost": (lambda d: replace(d, "grammar.yaml", "light_verbs:", "lite_verbs:"), "light_verbs: found no such list"),
    "table-column-lost": (lambda d: replace(d, "actors/organisations.csv", "name,aliases,country", "name,alias,country"), "also aliases"),
    "country-code-unknown": (lambda d: replace(d, "actors/organisations.csv", ",COL,", ",COX,"), "country 'COX'"),
    "sector-unknown-in-table": (lambda d: replace(d, "actors/organisations.csv", ",REB,", ",RBL,"), "sector 'RBL'"),
    "date-not-well-formed": (lambda d: replace(d, "actors/people_africa.csv", "1992-01-01", "1992-13-01"), "date '1992-13-01'"),
    "start-after-end": (lambda d: replace(d, "actors/people_africa.csv", "1992-01-01,1996-12-31", "1999-01-01,1996-12-31"), "start 1999-01-01 after end"),
    "cells-too-many": (lambda d: replace(d, "actors/roles.csv", "\ngovernment,GOV,,body", "\ngovernment,GOV,,body,more"), "5 cells"),
    "role-kind-unknown": (lambda d: replace(d, "actors/roles.csv", "\ngovernment,GOV,,body", "\ngovernment,GOV,,thing"), "kind 'thing'"),
    "latitude-out-of-range": (lambda d: replace(d, "places/crisis_places.csv", ",31.36,63.96,", ",131.36,63.96,"), "latitude '131.36'"),
}  # fmt: skip


@pytest.mark.parametrize("name", PLANTED)
def test_check_finds_planted(name: str, copy: Path, known: frozenset[str]) -> None:
    plant, words = PLANTED[name]
    plant(copy)
    found = new_faults(copy, known)
    assert any(words in line for line in found), found


def test_a_fault_names_file_line_and_remedy(copy: Path, known: frozenset[str]) -> None:
    path = append_rule(copy, more="  modes: [aerial]\n")
    (fault,) = new_faults(copy, known)
    line = len(path.read_text("utf-8").splitlines())
    assert fault.startswith(f"{path}:{line}: support.wave: found mode 'aerial'; expected ")
    assert fault.count("; ") == 2


def test_all_faults_are_reported_at_once(copy: Path, known: frozenset[str]) -> None:
    append_rule(copy, cameo="999", more="  contexts: [gardening]\n  owner: both\n")
    assert len(new_faults(copy, known)) == 3


def test_loading_a_faulty_folder_raises_with_the_rule(copy: Path) -> None:
    append_rule(copy, more="  verb: [nod]\n")
    with pytest.raises(CodebookError, match=r"support\.wave"):
        load_codebook(str(copy))


def test_every_list_of_the_grammar_is_missed_where_it_is_lost(codebook: Codebook) -> None:
    assert codebook.grammar.keys() == GRAMMAR_KEYS


def test_every_type_has_rules_and_every_mode_of_every_type_has_one(codebook: Codebook) -> None:
    covered = {(rule.type, mode) for rule in codebook.rules.values() for mode in rule.modes}
    missing = [f"{kind}.{mode}" for kind, frame in codebook.types.items() for mode in frame.get("modes", {}) if (kind, mode) not in covered]
    assert not missing
    assert {rule.type for rule in codebook.rules.values()} == set(codebook.types)


def test_types_are_the_sixteen_of_plover(codebook: Codebook) -> None:
    assert len(codebook.types) == 16
    assert {frame["quad"] for frame in codebook.types.values()} == {1, 2, 3, 4}


def test_codebook_loads_within_two_seconds() -> None:
    load_codebook.cache_clear()
    start = time.process_time()
    load_codebook()
    assert time.process_time() - start < 2
