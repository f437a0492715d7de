"""Where two parties stand, as a whole: from stored events to the page, the record and the report; nothing after the day counts."""

from __future__ import annotations

import datetime
import json
import re
from pathlib import Path
from typing import Any

import pytest

from detente.analysis.neighbours import load_others
from detente.analysis.situation import Situation
from detente.analysis.ties import Tie
from detente.cli import main
from detente.errors import InputError, SettingsError, StoreError
from detente.report import make_report, number_sources, plain_markdown, render_html, render_markdown, safe_link, write_report
from detente.show_situation import say_tie, situation_lines, timeline_lines
from detente.store.claims import read_evidence
from detente.store.schema import Store, open_store
from detente.store.sides import find_party
from detente.store.sources import Telling
from detente.store.write import add_report
from stores import event, report

AT = datetime.date(2020, 6, 16)
HOSTILE = "<script>alert(1)</script> [x](javascript:alert(2)) blew up the office"


def fill(store: Store) -> None:
    """A quiet year with talks, a quarrel that climbs, and the blast; one event afterwards."""
    acts: list[tuple[str, str, str, str, dict[str, Any]]] = [
        ("CONSULT", "KOR", "PRK", "2019-06-20", {"cameo": "040"}),
        ("AGREE", "KOR", "PRK", "2019-07-20", {"cameo": "057"}),
        ("ACCUSE", "PRK", "KOR", "2020-05-20", {"cameo": "112"}),
        ("ACCUSE", "PRK", "KOR", "2020-06-01", {"cameo": "111"}),
        ("REJECT", "PRK", "KOR", "2020-06-03", {"cameo": "120"}),
        ("THREATEN", "PRK", "KOR", "2020-06-05", {"cameo": "131", "modes": ("relations",)}),
        ("SANCTION", "PRK", "KOR", "2020-06-09", {"cameo": "160", "modes": ("discontinue",)}),
        ("THREATEN", "PRK", "KOR", "2020-06-13", {"cameo": "138", "modes": ("violence",)}),
        ("ASSAULT", "PRK", "KOR", "2020-06-16", {"cameo": "171", "modes": ("destroy",), "text": HOSTILE}),
        ("ASSAULT", "KOR", "PRK", "2020-06-20", {"cameo": "190", "dead": 40}),
    ]
    for n, (kind, source, target, day, more) in enumerate(acts):
        text = more.pop("text", f"act number {n} of that quarrel")
        add_report(store, report(event(kind, source, target, day, text, rule=f"r{n}", **more), doc_id=f"d{n}", published_on=day, publisher=f"paper {n}"))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A store of the quarrel."""
    opened = open_store(tmp_path_factory.mktemp("situation") / "s.db")
    fill(opened)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def situation(store: Store) -> Situation:
    """Where the two stand on the day of the blast."""
    return Situation(store, "PRK", "KOR", at=AT)


def test_the_page_says_rung_direction_and_the_events_that_it_rests_on(situation: Situation) -> None:
    page = "\n".join(situation_lines(situation))
    assert "North Korea and South Korea on 16 June 2020" in page
    assert "Rung 5 of 8, force without deaths, since 16 June 2020" in page
    assert "North Korea stands higher (rung 5) than South Korea" in page
    blast = situation.dyad.filter(situation.dyad["rung"] == 5)["event_id"][0]
    assert f"  {blast[:8]}  2020-06-16  rung  5  PRK: ASSAULT destroy > KOR" in page


def test_nothing_after_the_day_counts(store: Store, tmp_path: Path) -> None:
    earlier = open_store(tmp_path / "earlier.db")
    fill(earlier)
    late = report(event("ASSAULT", "KOR", "PRK", "2020-06-10", "shelled it", rule="late", dead=9), doc_id="late", published_on="2020-06-30")
    add_report(earlier, late)  # happened before, but nobody had told of it yet
    for n in range(20):
        add_report(earlier, report(event("ASSAULT", "PRK", "KOR", f"2020-07-{n + 1:02}", f"fired {n}", rule=f"x{n}", dead=5), doc_id=f"x{n}", published_on=f"2020-07-{n + 1:02}"))
    before, after = (Situation(s, "PRK", "KOR", at=AT).as_record() for s in (store, earlier))
    earlier.close()
    assert before == after


def test_every_event_that_a_part_names_is_in_the_record(situation: Situation) -> None:
    record = situation.as_record()
    named = {
        *record.standing.event_ids,
        *(e.event_id for e in record.stage.evidence),
        *(i for a in record.alerts for i in a.event_ids),
        *(i for e in record.episodes for i in e.hostile_ids),
    }
    assert named and named <= set(record.events)
    assert all(cited.day <= AT for cited in record.events.values())


def test_with_three_events_too_little_is_known(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "s.db"
    small = open_store(path)
    for n in range(3):
        add_report(small, report(event("ACCUSE", "USA", "PRK", f"2018-05-0{n + 1}", f"accused {n}", rule=f"r{n}", cameo="112"), doc_id=f"d{n}"))
    small.close()
    assert main(["situation", "USA", "PRK", "--store", str(path)]) == 1
    out = capsys.readouterr().out
    assert "Too little is known: 3 events until that day" in out
    assert "Rung" not in out.split("All that is known")[0].splitlines()[2]


def test_unknown_actors_impossible_days_and_empty_stores_are_one_line_and_exit_code_2(store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    open_store(tmp_path / "empty.db").close()
    for arguments, told in (
        (["situation", "Nobody At All", "KOR", "--store", store.name], "actor: found 'Nobody At All'; expected a country"),
        (["situation", "PRK", "PRK", "--store", store.name], "dyad: found PRK twice; expected two parties"),
        (["situation", "PRK", "KOR", "--store", str(tmp_path / "empty.db")], "found no events; expected some"),
        (["situation", "PRK", "KOR", "--store", str(tmp_path / "none.db")], "found no store"),
        (["alerts", "--store", str(tmp_path / "empty.db")], "found no events; expected some"),
        (["timeline", "USA", "CHN", "--store", store.name], "found no event between USA and CHN"),
    ):
        assert main(arguments) == 2
        assert told in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["situation", "PRK", "KOR", "--at", "2020-02-30", "--store", store.name])
    assert "found '2020-02-30'; expected YYYY-MM-DD" in capsys.readouterr().err
    with pytest.raises(InputError, match="at: found 'soon'"):
        Situation(store, "PRK", "KOR", at="soon")
    with pytest.raises(StoreError):
        Situation(tmp_path / "none.db", "PRK", "KOR")


def test_the_situation_as_json_reads_back(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["situation", "PRK", "KOR", "--at", "2020-06-16", "--json", "--store", store.name]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["standing"]["rung"], found["at"], found["a"]) == (5, "2020-06-16", "PRK")
    assert set(found["standing"]["event_ids"]) <= set(found["events"])


def test_the_timeline_marks_each_event_with_its_rung_and_side(situation: Situation) -> None:
    lines = list(timeline_lines(situation, datetime.date(2020, 6, 9)))
    assert [line.split()[:4] for line in lines[1:]] == [["2020-06-09", "3", "▮▮▮", "→"], ["2020-06-13", "4", "▮▮▮▮", "→"], ["2020-06-16", "5", "▮▮▮▮▮", "→"]]


def test_alerts_are_ranked_and_name_the_pair(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "s.db"
    opened = open_store(path)
    for n in range(12):
        add_report(opened, report(event("CONSULT", "IND", "CHN", f"2019-{n + 1:02}-10", f"met {n}", rule=f"r{n}", cameo="040"), doc_id=f"d{n}", published_on=f"2019-{n + 1:02}-10"))
    add_report(opened, report(event("ASSAULT", "CHN", "IND", "2020-06-15", "killed soldiers", dead=20, cameo="190"), doc_id="clash", published_on="2020-06-16"))
    opened.close()
    assert main(["alerts", "--at", "2020-06-16", "--json", "--store", str(path)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found and [a["score"] for a in found] == sorted((a["score"] for a in found), reverse=True)
    assert {(a["a"], a["b"], a["day"]) for a in found} == {("CHN", "IND", "2020-06-15")}
    assert main(["alerts", "--at", "2020-06-14", "--store", str(path)]) == 0
    assert "the most urgent first: none" in capsys.readouterr().out


# -- the report --------------------------------------------------------------------------------------------------------------
def test_a_report_says_the_same_in_markdown_and_html_and_escapes_hostile_words(situation: Situation) -> None:
    made = make_report(situation)
    page, text = render_html(made, {}), render_markdown(made)
    for out in (page, text):
        assert "North Korea and South Korea on 16 June 2020" in out and "Rung 5, force without deaths" in out
        assert "<script>" not in out and "paper 8" in out
    assert "&lt;script&gt;alert(1)" in page and "\\[x\\](javascript:alert(2))" in text


def test_a_page_asks_no_host_for_anything(situation: Situation) -> None:
    page = render_html(make_report(situation), {})
    assert "default-src 'none'" in page
    assert "http" not in page.replace('http-equiv="', "")


def test_only_addresses_of_the_web_become_links() -> None:
    assert safe_link("https://example.org/a") == "https://example.org/a"
    assert [safe_link(u) for u in ("javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "http:", "https://[", None)] == [""] * 6


def test_marks_of_markdown_are_made_harmless() -> None:
    assert plain_markdown("a\n# b `c` |d|") == "a \\# b \\`c\\` \\|d\\|"


def test_sources_are_numbered_once_and_copies_left_out() -> None:
    def telling(doc: str, words: str, *, is_copy: bool = False) -> Telling:
        return Telling(doc, None, None, None, None, words, "detente", "f", None, is_copy)

    sources, numbers = number_sources(["e1", "e2"], {"e1": [telling("a", "one"), telling("b", "copy", is_copy=True)], "e2": [telling("c", "two"), telling("a", "three")]})
    assert numbers == {"e1": (1,), "e2": (1, 2)}
    assert [(s.number, s.label, s.quotes) for s in sources] == [(1, "a", (("e1", "one"), ("e2", "three"))), (2, "c", (("e2", "two"),))]


def test_a_report_is_written_by_its_ending(situation: Situation, tmp_path: Path) -> None:
    write_report(situation, tmp_path / "r.html")
    page = (tmp_path / "r.html").read_text()
    assert "<svg" in page and "<script" not in page
    write_report(situation, tmp_path / "r.md")
    assert (tmp_path / "r.md").read_text().startswith("# North Korea")
    with pytest.raises(InputError, match=r"found the ending '.doc'; expected one of .html, .md, .pdf"):
        write_report(situation, tmp_path / "r.doc")


def test_what_later_reports_add_to_an_event_is_not_known_before(tmp_path: Path) -> None:
    opened = open_store(tmp_path / "s.db")
    blast = {"modes": ("destroy",), "place": "Kaesong"}
    add_report(opened, report(event(**blast), doc_id="first", published_on="2020-06-16", publisher="one"))
    more = event(**blast, dead=9, text="blew up the liaison office and cut the hotline")
    assert add_report(opened, report(more, doc_id="second", published_on="2020-06-20", publisher="two")).joined == 1
    before, after = (Situation(opened, "PRK", "KOR", at=day) for day in ("2020-06-17", "2020-06-20"))
    assert before.dyad.select("rung", "dead", "reports").rows() == [(5, None, 1)]
    assert after.dyad.select("rung", "dead", "reports").rows() == [(6, 9, 2)]
    key = before.dyad["event_id"][0]
    assert len(read_evidence(opened, [key], until=before.at)[key]) == 1
    assert len(read_evidence(opened, [key], until=after.at)[key]) == 2
    opened.close()


def test_other_pairs_are_chosen_and_read_as_they_were_known_at_the_day(tmp_path: Path) -> None:
    opened = open_store(tmp_path / "s.db")
    for n in range(40):
        day = f"2020-0{1 + n // 28}-{1 + n % 28:02}"
        add_report(opened, report(event("ACCUSE", "USA", "IRN", day, f"accused {n}", rule=f"r{n}"), doc_id=f"d{n}", published_on=day if n < 30 else "2020-09-01"))
    a, b = (find_party(opened, code) for code in ("PRK", "KOR"))
    assert load_others(opened, a, b, 30, until=datetime.date(2020, 6, 1))["event_id"].n_unique() == 30
    assert load_others(opened, a, b, 30, until=datetime.date(2020, 1, 20)).get_column("day").max() == datetime.date(2020, 1, 20)
    assert load_others(opened, a, b, 30).height == 40
    opened.close()


def test_what_was_told_of_only_after_the_day_is_counted_apart(tmp_path: Path) -> None:
    opened = open_store(tmp_path / "s.db")
    fill(opened)
    add_report(opened, report(event("ASSAULT", "KOR", "PRK", "2020-06-15", "shots of the day before", rule="r90"), doc_id="d90", published_on="2020-06-17", publisher="paper"))
    asked, latest = Situation(opened, "PRK", "KOR", at=AT), Situation(opened, "PRK", "KOR")
    assert asked.told_later == 1
    assert list(situation_lines(asked))[-1] == "Not counted: 1 event of which the first report came after that day."
    assert latest.told_later == 0
    opened.close()


def test_events_without_a_day_are_told_of_as_not_counted(tmp_path: Path) -> None:
    opened = open_store(tmp_path / "s.db")
    fill(opened)
    add_report(opened, report(event("ACCUSE", "PRK", "KOR", None, "accused it some time", rule="r90"), doc_id="d90", published_on="2020-06-15"))
    add_report(opened, report(event("ACCUSE", "KOR", "PRK", None, "accused it back", rule="r91"), doc_id="d91", published_on="2020-06-18"))
    add_report(opened, report(event("ACCUSE", "PRK", "USA", None, "accused another", rule="r92"), doc_id="d92", published_on="2020-06-15"))
    asked, latest = Situation(opened, "PRK", "KOR", at=AT), Situation(opened, "PRK", "KOR")
    assert (asked.undated, latest.undated) == (1, 2)  # the second was told of after the day
    assert list(situation_lines(asked))[-1] == "Not counted: 1 event without a day."
    assert asked.as_record().undated == 1
    assert "Not counted: 2 events without a day." in render_markdown(make_report(latest))
    assert Situation(opened, "PRK/GOV", "KOR").undated == 2
    assert Situation(opened, "PRK/MIL", "KOR").undated == 0
    assert Situation(opened, "PRK", "USA").undated == 1
    opened.close()


def test_a_report_says_the_rung_once_and_numbers_its_sources_in_order(situation: Situation) -> None:
    page = render_markdown(make_report(situation))
    assert page.count("5 of 8") == 1
    body, listed = page.split("## Sources")
    cited = list(dict.fromkeys(int(n) for n in re.findall(r" \[(\d+)\]", body)))
    assert len(cited) > 3 and cited == list(range(1, len(cited) + 1))
    assert len(re.findall(r"(?m)^\d+\. ", listed)) == len(cited)


def test_a_report_of_two_without_an_event_is_refused(store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "r.md"
    assert main(["report", "PRK", "FRA", "-o", str(path), "--store", store.name]) == 2
    assert "found no event between PRK and FRA with a day" in capsys.readouterr().err
    assert not path.exists()


def test_two_without_an_event_stand_at_the_latest_day_of_the_store(store: Store) -> None:
    there = Situation(store, "PRK", "FRA")
    assert there.at == datetime.date(2020, 6, 20)
    assert "0 events until that day" in "\n".join(situation_lines(there))


def test_an_origin_that_the_store_does_not_have_is_refused_with_those_it_has(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SettingsError, match="origin: found 'foo'; expected detente"):
        Situation(store, "PRK", "KOR", at=AT, origins=("foo",))
    assert main(["alerts", "--store", store.name, "--origin", "foo"]) == 2
    assert "expected detente" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("state", "said"), [("held", "talks: last held 3 May 2020"), ("refused", "talks: last refused 3 May 2020"), ("broken off", "talks: last broken off 3 May 2020")]
)
def test_talks_that_were_refused_are_not_told_as_talks_that_were_held(state: str, said: str) -> None:
    assert say_tie(Tie(kind="talks", name="talks", state=state, since=datetime.date(2020, 5, 3), place="", side=None, changes=()), "A", "B") == said
