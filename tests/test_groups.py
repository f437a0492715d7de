"""Regions and organisations of states."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from detente.codebook.groups import Member, load_groups
from detente.errors import CodebookError

REGIONS = "name,aliases,part_of,countries\nNear Side,,Land,AAA|BBB\nFar Side,the Far Side,Land,CCC\nLand,,,\n"
BLOCS = "name,bodies,members\nClub,Club Office,AAA 2001-01-01|BBB 2002-02-02/2003-03-03\nSecretariat,,\n"


def write(folder: Path, regions: str = REGIONS, blocs: str = BLOCS) -> Path:
    (folder / "regions.csv").write_text(regions)
    (folder / "blocs.csv").write_text(blocs)
    return folder


def test_a_region_has_the_countries_of_those_that_are_part_of_it(tmp_path: Path) -> None:
    groups = load_groups(write(tmp_path))
    assert [m.country for m in groups["land"].members] == ["AAA", "BBB", "CCC"]
    assert groups["the far side"].name == "Far Side"


def test_an_organisation_and_its_members_are_two_groups(tmp_path: Path) -> None:
    groups = load_groups(write(tmp_path))
    assert (groups["club"].bodies, groups["club"].members) == (("Club", "Club Office"), ())
    assert groups["club members"].members[1] == Member("BBB", datetime.date(2002, 2, 2), datetime.date(2003, 3, 3))
    assert "secretariat members" not in groups


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"regions": REGIONS + "Isle,,Sea,DDD\n"}, "found the region 'Sea' in part_of"),
        ({"blocs": "name,bodies,members\nClub,,AAA since 2001\n"}, "Club: found 'AAA since 2001'; expected a member as"),
        ({"blocs": "name,bodies,members\nClub,,AAA\n"}, "Club: found 'AAA'"),
    ],
)
def test_a_row_that_is_none_is_refused_with_its_file(tmp_path: Path, files: dict[str, str], words: str) -> None:
    with pytest.raises(CodebookError, match=rf"\.csv: .*{words}"):
        load_groups(write(tmp_path, **files))


def test_africa_and_east_asia_have_all_their_countries() -> None:
    groups = load_groups()
    assert len(groups["africa"].members) == 60
    assert {m.country for m in groups["east asia"].members} == {"CHN", "HKG", "JPN", "KOR", "MAC", "MNG", "PRK", "TWN"}


@pytest.mark.parametrize(
    ("name", "day", "size"),
    [
        ("eu members", "2019-01-01", 28),
        ("eu members", "2021-01-01", 27),
        ("nato members", "2024-06-01", 32),
        ("asean members", "2020-01-01", 10),
        ("african union members", "2020-01-01", 55),
        ("arab league members", "2020-01-01", 22),
    ],
)
def test_an_organisation_has_as_many_members_as_it_had(name: str, day: str, size: int) -> None:
    on = datetime.date.fromisoformat(day)
    assert sum((m.since is None or m.since <= on) and (m.until is None or on <= m.until) for m in load_groups()[name].members) == size
