"""``detente chart``: a chart of each kind out of a store, and what is refused in one line with exit code 2."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from detente.arguments.analysis import CHARTS
from detente.cli import main
from detente.commands_chart import _BY_KIND, SHOWN_DAYS
from detente.store.importing import Imported, import_events
from detente.store.schema import open_store
from detente.store.write import add_report
from dyads import random_acts
from stores import event, report


def _rows() -> Iterator[Imported]:
    """Kenya and Somalia on every other day of 2020; Kenya and Ethiopia twice."""
    countries = {"A": "KEN", "B": "SOM"}
    acts = [(a["event_id"], a["event_type"], countries[a["source"]], countries[a["target"]], a["day"].replace(year=2020).isoformat()) for a in random_acts(5, 300)]
    acts += [("u1", "ACCUSE", "KEN", "ETH", "2020-03-01"), ("u2", "CONSULT", "ETH", "KEN", "2020-09-01")]
    for number, (key, kind, source, target, day) in enumerate(acts):
        yield Imported(key, number, event(kind, source, target, day, f"act {key}", place="Goma" if number % 3 else None), f"act {key}")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of two countries that quarrel through 2020, with a third that looks on."""
    path = tmp_path_factory.mktemp("charts") / "events.db"
    opened = open_store(path, create=True)
    import_events(opened, list(_rows()), origin="icews", location="test", codebook="plover-2.0/test", licence="none", may_be_passed_on=False)
    opened.close()
    return path


def run(store: Path, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    code = main(["chart", *words, "--store", str(store)])
    said = capsys.readouterr()
    return code, said.err if code else said.out


@pytest.mark.parametrize("kind", CHARTS)
def test_each_kind_is_drawn_from_a_store(store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str) -> None:
    path = tmp_path / f"{kind}.json"
    code, said = run(store, capsys, kind, "KEN", "SOM", "-o", str(path))
    assert (code, said) == (0, f"{path} written\n")
    title = " ".join(json.loads(path.read_text())["title"]["text"])
    assert "Kenya" in title
    assert "Somalia" in title


@pytest.mark.parametrize("kind", ["network", "map"])
def test_a_network_and_a_map_are_drawn_of_a_whole_store_too(store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str) -> None:
    assert run(store, capsys, kind, "-o", str(tmp_path / "all.json"))[0] == 0


def test_dark_and_since_and_at_are_heeded(store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "x.json"
    assert run(store, capsys, "ladder", "KEN", "SOM", "--at", "2020-06-30", "--since", "2020-06-01", "--dark", "-o", str(path))[0] == 0
    spec = json.loads(path.read_text())
    days = {row["day"][:10] for rows in spec["datasets"].values() for row in rows if "day" in row}
    assert "2020-06-01" <= min(days) <= max(days) <= "2020-07-01"
    assert spec["config"]["background"] == "#14181d"


def test_a_series_of_intensity_is_told_on_its_axis(store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "x.json"
    assert run(store, capsys, "series", "KEN", "SOM", "--measure", "intensity", "-o", str(path))[0] == 0
    assert "PLOVER intensity a week" in path.read_text()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("ladder", "KEN", "SOM", "-o", "x.gif"), "expected one of .png, .svg, .html, .pdf, .json"),
        (("ladder", "KEN", "-o", "x.json"), "chart ladder: found one actor; expected two"),
        (("ladder", "-o", "x.json"), "chart ladder: found no actor; expected two"),
        (("map", "KEN", "-o", "x.json"), "chart map: found one actor; expected two"),
        (("ladder", "KEN", "Atlantis", "-o", "x.json"), "found 'Atlantis'"),
        (("ladder", "KEN", "SOM", "--at", "1990-01-01", "-o", "x.json"), "found no event in these days"),
        (("ladder", "KEN", "SOM", "--at", "2020-05-01", "--since", "2020-06-01", "-o", "x.json"), "--since: found 2020-06-01, after 2020-05-01"),
        (("map", "--since", "2030-01-01", "-o", "x.json"), "--since: found 2030-01-01"),
        (("ladder", "KEN", "SOM", "--measure", "intensity", "-o", "x.json"), "--measure: found it with ladder; expected it with series only"),
        (("cycle", "KEN", "ETH", "-o", "x.json"), "expected more to tell a stage by"),
        (("precedents", "KEN", "ETH", "-o", "x.json"), "too few events in the last four weeks"),
        (("reciprocity", "KEN", "ETH", "-o", "x.json"), "expected more events"),
    ],
)
def test_what_cannot_be_drawn_is_refused_in_one_line(
    store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    code, said = run(store, capsys, *words)
    assert code == 2
    assert message in said
    assert said.count("\n") == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("words", [("ladder", "KEN", "SOM"), ("network",)])
def test_an_empty_store_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]) -> None:
    open_store(tmp_path / "empty.db", create=True).close()
    code, said = run(tmp_path / "empty.db", capsys, *words, "-o", str(tmp_path / "x.json"))
    assert code == 2
    assert "found no events" in said


def test_a_kind_that_is_none_is_refused(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        run(store, capsys, "pie", "KEN", "SOM", "-o", "x.json")
    assert caught.value.code == 2
    assert "invalid choice: 'pie'" in capsys.readouterr().err


def test_the_command_line_names_the_kinds_that_can_be_drawn() -> None:
    assert set(CHARTS) == set(_BY_KIND)
    assert set(SHOWN_DAYS) <= set(CHARTS)


def test_a_map_without_a_day_has_what_was_told_on_the_day_after(tmp_path: Path) -> None:
    store = open_store(tmp_path / "told.db")
    add_report(store, report(event(day="2020-06-16", place="Kaesong"), doc_id="d1", published_on="2020-06-17"))
    store.close()
    assert main(["chart", "map", "--store", str(tmp_path / "told.db"), "-o", str(tmp_path / "map.json")]) == 0
    assert "Kaesong" in (tmp_path / "map.json").read_text(encoding="utf-8")
