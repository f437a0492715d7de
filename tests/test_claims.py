"""Claims and relations of a dyad, read out of a store; the commands that show them, ties and precedents."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from detente.analysis.claims import find_claims, find_relations
from detente.analysis.neighbours import load_others
from detente.cli import main
from detente.codebook.parties import resolve_party
from detente.records import Claim, Relation
from detente.store.claims import documents_of, read_claims, read_evidence, read_relations
from detente.store.filters import Filters
from detente.store.query import find_events
from detente.store.schema import Store, open_store
from detente.store.write import add_report
from stores import actor, event, report

AT = datetime.date(2020, 6, 20)
BLAST = event("ASSAULT", modes=("destroy",), text="North Korea blew up the liaison office")
ANSWER = event("ACCUSE", "KOR", "PRK", day="2020-06-17", text="Seoul condemned the blast")


def stored(store: Store, *types: str) -> list[str]:
    """The store's own ids of its events of these types, by day."""
    return [found["event_id"] for found in find_events(store, Filters(types=types)).events]


def claim(text: str, *about: str, who: str = "Jane Roe", country: str = "USA/EDU", kind: str = "motive") -> Claim:
    return Claim(holder=actor(country, entity=who), affiliation="analyst", kind=kind, text=text, span=(0, len(text)), about=about)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "claims.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    store = open_store(path)
    claims = (
        claim("that Pyongyang wants Seoul to pay", "PRK", "KOR"),
        claim("that the North will go on", "PRK", kind="prediction"),
        claim("that the blast was staged"),
        claim("that oil is dear", "SAU"),
    )
    follows = Relation("followed", ANSWER.event_id, BLAST.event_id, (0, 5), "Seoul condemned the blast hours later")
    add_report(store, report(BLAST, ANSWER, doc_id="one", published_on="2020-06-17", publisher="Wire", claims=claims, relations=(follows,)))
    elsewhere = (claim("that Minsk is to blame", "BLR", who="John Doe"), claim("that nothing is known", who="John Doe"))
    add_report(store, report(event("ACCUSE", "USA", "BLR", text="Washington accused Minsk"), doc_id="two", published_on="2020-06-18", claims=elsewhere))
    late = (claim("that Pyongyang wants Seoul to pay", "PRK", "KOR", who="A Late One"),)
    add_report(store, report(event("CONSULT", "PRK", "KOR", day="2020-07-01", text="they met"), doc_id="three", published_on="2020-07-02", claims=late))
    yield store
    store.close()


def words(store: Store, a: str = "PRK", b: str = "KOR", *, at: datetime.date = AT, since: datetime.date | None = None) -> list[tuple[str, str]]:
    reports = documents_of(store, stored(store, "ASSAULT"))
    found = find_claims(read_claims(store, since=since, until=at), resolve_party(a), resolve_party(b), at=at, since=since, reports=reports)
    return [(c.words, c.bearing) for c in found]


def test_claims_that_name_either_party_are_listed_with_what_they_bear_on(store: Store) -> None:
    assert words(store) == [("Pyongyang wants Seoul to pay", "both"), ("the North will go on", "one"), ("the blast was staged", "report")]


def test_claims_published_after_the_day_are_not_listed(store: Store) -> None:
    assert ("Pyongyang wants Seoul to pay", "both") in words(store, at=datetime.date(2020, 7, 2), since=datetime.date(2020, 7, 1))
    assert words(store, at=datetime.date(2020, 6, 16)) == []


def test_a_claim_is_of_the_dyad_if_its_holder_is_of_the_other_party(store: Store) -> None:
    assert ("the North will go on", "both") in words(store, "USA", "PRK")


def test_a_claim_has_its_holder_and_its_report(store: Store) -> None:
    found = find_claims(read_claims(store), resolve_party("PRK"), resolve_party("KOR"), at=AT)[0]
    assert (found.who, found.affiliation, found.kind, found.country, found.side) == ("Jane Roe", "analyst", "motive", "USA", None)
    assert (found.day, found.source.doc_id, found.source.publisher) == (datetime.date(2020, 6, 17), "one", "Wire")


def test_who_says_the_same_twice_is_listed_once(store: Store) -> None:
    add_report(store, report(event("REJECT", "KOR", "PRK", day="2020-06-18"), doc_id="four", published_on="2020-06-19", claims=(claim("that the North will go on", "PRK"),)))
    found = [c for c in find_claims(read_claims(store), resolve_party("PRK"), resolve_party("KOR"), at=AT) if c.words == "the North will go on"]
    assert [str(c.day) for c in found] == ["2020-06-19"]


def test_relations_between_events_come_with_their_words(store: Store) -> None:
    blast, *others = stored(store, "ASSAULT", "ACCUSE")
    (found,) = find_relations(read_relations(store), {blast, *others}, at=AT)
    assert (found.kind, found.second) == ("followed", blast)
    assert found.first in others
    assert found.text == "Seoul condemned the blast hours later"


def test_relations_of_later_reports_or_other_events_are_left_out(store: Store) -> None:
    assert find_relations(read_relations(store), set(stored(store, "ASSAULT", "ACCUSE")), at=datetime.date(2020, 6, 16)) == []
    assert find_relations(read_relations(store), set(stored(store, "ASSAULT")), at=AT) == []


def test_the_evidence_of_events_is_that_of_all_their_mentions(store: Store) -> None:
    again = event("ASSAULT", modes=("destroy",), text="the North dynamited the office")
    add_report(store, report(again, doc_id="five", published_on="2020-06-18"))
    (blast,) = stored(store, "ASSAULT")
    assert read_evidence(store, [blast]) == {blast: ["North Korea blew up the liaison office", "the North dynamited the office"]}


def test_other_dyads_are_read_without_the_one_asked_for(store: Store) -> None:
    for n in range(25):
        day = (datetime.date(2019, 1, 1) + datetime.timedelta(weeks=2 * n)).isoformat()
        add_report(store, report(event("ACCUSE", "CHN", "JPN", day=day), event("ACCUSE", "PRK", "KOR", day=day), doc_id=f"more{n}", published_on=day))
    others = load_others(store, resolve_party("KOR"), resolve_party("PRK"), 25)
    assert set(others.select("source", "target").iter_rows()) == {("CHN", "JPN")}
    assert others["rung"].unique().to_list() == [1]


# -- the commands -----------------------------------------------------------------------------------------------------------
def run(path: Path, *words: str) -> int:
    return main([*words, "--store", str(path)])


def test_claims_are_shown_beside_the_events(store: Store, path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(path, "claims", "PRK", "KOR", "--at", "2020-06-20") == 0
    out = capsys.readouterr().out
    assert "2020-06-17  Jane Roe (analyst, USA): motive\n  Pyongyang wants Seoul to pay\n" in out
    assert "-- followed --" in out
    assert "oil" not in out


def test_claims_of_one_kind_as_json(store: Store, path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(path, "claims", "PRK", "KOR", "--at", "2020-06-20", "--kind", "prediction", "--json") == 0
    out = json.loads(capsys.readouterr().out)
    assert [c["words"] for c in out["claims"]] == ["the North will go on"]
    assert [r["kind"] for r in out["relations"]] == ["followed"]


def test_ties_are_shown_with_the_events_that_changed_them(store: Store, path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(path, "ties", "North Korea", "KOR", "--at", "2020-06-20") == 0
    out = capsys.readouterr().out
    assert "liaison office: destroyed since 2020-06-16" in out
    assert stored(store, "ASSAULT")[0][:8] in out


def test_ties_as_json_name_the_dyad(store: Store, path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(path, "ties", "PRK", "KOR", "--json") == 0
    out = json.loads(capsys.readouterr().out)
    assert (out["first"], out["second"], out["at"], out["reason"]) == ("PRK", "KOR", "2020-07-01", None)
    assert out["ties"][0]["changes"][0]["event_id"] == stored(store, "ASSAULT")[0]


def test_a_dyad_with_three_events_knows_too_little(store: Store, path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(path, "precedents", "PRK", "KOR", "--at", "2020-07-01") == 0
    assert "knows too little: too few events in these weeks to compare them with others: 2 of at least 5" in capsys.readouterr().out


def test_precedents_as_json_say_why_there_are_none(store: Store, path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(path, "precedents", "PRK", "KOR", "--json") == 0
    assert json.loads(capsys.readouterr().out)["reason"] == "few-events"


def test_precedents_are_told_with_what_followed_and_base_rates(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = open_store(path)
    first = datetime.date(2019, 1, 7)
    for crisis in range(6):
        for n, kind in enumerate(("ACCUSE", "REJECT", "THREATEN", "ACCUSE", "SANCTION", "THREATEN")):
            day = (first + datetime.timedelta(weeks=10 * crisis, days=4 * n)).isoformat()
            add_report(store, report(event(kind, day=day, text=f"{kind} {day}", cameo="110"), doc_id=f"{crisis}-{n}", published_on=day))
    store.close()
    at = first + datetime.timedelta(weeks=50, days=21)
    assert run(path, "precedents", "PRK", "KOR", "--at", at.isoformat()) == 0
    out = capsys.readouterr().out
    assert "1. North Korea and South Korea, " in out
    assert max(map(len, out.splitlines())) <= 100
    assert "7 days after: " in out
    assert "escalation" in out
    assert " of 5" in out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["ties", "PRK", "Atlantis"], "found 'Atlantis'; expected a country"),
        (["ties", "PRK", "PRK"], "found PRK twice"),
        (["claims", "PRK", "FRA"], "found no event between PRK and FRA"),
        (["claims", "PRK", "KOR", "--at", "2020-06-20", "--since", "2020-06-30"], "--since: found 2020-06-30, after 2020-06-20"),
        (["precedents", "PRK", "KOR", "--limit", "0"], "--limit: found 0; expected 1 or more"),
    ],
)
def test_what_cannot_be_answered_is_one_plain_line(store: Store, path: Path, words: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(path, *words) == 2
    err = capsys.readouterr().err
    assert told in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("command", ["precedents", "ties", "claims"])
def test_an_impossible_day_is_refused(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main([command, "PRK", "KOR", "--at", "2020-02-30"])
    assert stopped.value.code == 2
    assert "found '2020-02-30'; expected YYYY-MM-DD" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["precedents", "ties", "claims"])
@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_the_first_and_the_last_day_of_the_calendar_are_days(store: Store, path: Path, command: str, day: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(path, command, "PRK", "KOR", "--at", day) == 0
    assert capsys.readouterr().out.startswith("North Korea and South Korea")


@pytest.mark.parametrize("command", ["precedents", "ties", "claims"])
def test_an_empty_store_is_told(command: str, path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    open_store(path).close()
    assert run(path, command, "PRK", "KOR") == 2
    assert "found no events; expected some" in capsys.readouterr().err
