"""Exchange: what the reader makes of quads, and what holds for all formats."""

from __future__ import annotations

from pathlib import Path

import pytest

from detente.codebook.load import load_codebook, read_table
from detente.errors import InputError
from detente.exchange import IMPORTS, crosswalk, icews, quads, read_events
from detente.exchange.periods import parse_period, period_text
from formats import ICEWS, read_icews, split, table


def make_quads(folder: Path, *rows: str) -> Path:
    folder.mkdir()
    (folder / "entity2id.txt").write_text("Citizen_(Nigeria)\t0\nPeru\t1\nPolice_(Chile)\t2\nA_Person\t3\n")
    (folder / "relation2id.txt").write_text("Consult\t0\nMake_a_visit\t1\nHost_a_visit\t2\nArrest,_detain,_or_charge_with_legal_action\t3\nDance\t4\n")
    (folder / "train.txt").write_text("".join(row + "\n" for row in rows))
    return folder / "train.txt"


def test_quads_become_events_with_days_and_actors(tmp_path: Path) -> None:
    events, _ = split(quads.read_events(make_quads(tmp_path / "icews14", "2\t3\t0\t48\t-1", "3\t3\t1\t0")))
    assert [(e.date.start, e.event_type, e.modes) for e in events if e.date] == [("2014-01-03", "COERCE", ("arrest",)), ("2014-01-01", "COERCE", ("arrest",))]
    assert [(a.name, a.country, a.sectors) for a in (*events[0].source, *events[0].target)] == [
        ("Police (Chile)", "CHL", ("COP",)),
        ("Citizen (Nigeria)", "NGA", ("CVL",)),
    ]
    assert events[1].losses == ("actor-country", "actor-sector")


def test_quads_mirrored_are_folded_and_times_in_days_are_seen(tmp_path: Path) -> None:
    path = make_quads(tmp_path / "icews18", "1\t0\t2\t1", "2\t0\t1\t1", "1\t2\t2\t5", "2\t1\t1\t5", "1\t0\t2\t1")
    events, _ = split(quads.read_events(path))
    assert [(e.cameo, len(e.rows), e.repeats, e.date and e.date.start) for e in events] == [("040", 3, 1, "2018-01-02"), ("042", 2, 0, "2018-01-06")]
    assert events[1].source[0].name == "Police (Chile)"


def test_bad_quads_are_refused_and_an_unknown_start_is_asked_for(tmp_path: Path) -> None:
    path = make_quads(tmp_path / "other", "9\t0\t1\t0", "1\t4\t2\t0", "1\t0\t2", "1\t0\t2\tx", "1\t0\t2\t24")
    with pytest.raises(InputError, match="first day"):
        list(quads.read_events(path))
    import datetime

    events, refused = split(quads.read_events(path, start=datetime.date(2020, 1, 1)))
    assert ([e.date and e.date.start for e in events], [row.line for row in refused]) == (["2020-01-02"], [1, 2, 3, 4])


def test_every_format_is_read_by_its_name(tmp_path: Path) -> None:
    assert set(IMPORTS) == {"icews", "gdelt", "polecat", "acled", "ucdp", "plover", "quads", "jsonl", "csv"}
    assert list(read_events("icews", table(icews.COLUMNS, ICEWS))) == read_icews(ICEWS)


@pytest.mark.parametrize("text", ["2020-02-29", "2020-02", "2020", "2020-06-15/2020-06-21", "2020-06-15/2020-07-21"])
def test_partial_dates_come_back_as_they_were(text: str) -> None:
    assert period_text(parse_period(text, "date")) == text


def test_tables_name_only_what_the_codebook_has() -> None:
    countries = {row["code"] for row in read_table(crosswalk.DATA / "actors" / "countries.csv")}
    sectors, types = set(load_codebook().sectors), load_codebook().types
    assert {row["country"] for row in read_table(crosswalk.TABLES / "country_names.csv")} <= countries
    assert set(sectors) == set(crosswalk.SECTOR_ORDER)
    for name, column in (("icews_sectors", "sector"), ("cameo_actors", "sector"), ("acled_actors", "sector"), ("acled_names", "sector"), ("ucdp_violence", "group_sector")):
        assert {row[column] for row in read_table(crosswalk.TABLES / f"{name}.csv")} - {""} <= sectors
    assert {part for row in read_table(crosswalk.TABLES / "icews_roles.csv") for part in row["sectors"].split("|")} <= sectors
    for row in read_table(crosswalk.TABLES / "acled_events.csv"):
        assert not row["type"] or set(filter(None, row["modes"].split("|"))) <= set(types[row["type"]]["modes"])
        assert set(filter(None, row["contexts"].split("|"))) <= load_codebook().contexts
    assert {row["nearest"] for row in read_table(crosswalk.TABLES / "cameo_versions.csv")} <= set(load_codebook().cameo)


def test_the_table_of_country_codes_is_what_its_script_makes(tmp_path: Path) -> None:
    import subprocess
    import sys

    root = Path(__file__).parent.parent
    subprocess.run([sys.executable, root / "tools" / "make_country_codes.py", tmp_path / "made.csv"], check=True)
    assert (tmp_path / "made.csv").read_text() == (crosswalk.TABLES / "country_codes.csv").read_text()
