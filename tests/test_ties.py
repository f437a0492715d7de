"""Ties: what links a pair, its state by date, and the events that changed it."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from detente.analysis.table import make_table
from detente.analysis.ties import Tie, find_ties
from detente.codebook.ties import load_ties
from detente.errors import CodebookError

AT = datetime.date(2021, 1, 1)


def find(*rows: tuple[str, str, str] | dict[str, Any], at: datetime.date = AT, evidence: dict[str, list[str]] | None = None) -> dict[str, Tie]:
    """(day, type, words) or whole rows -> the ties by name."""
    made = [row if isinstance(row, dict) else {"day": row[0], "event_type": row[1], "text": row[2]} for row in rows]
    table = make_table({"source": "TCD", "target": "SDN", **row} for row in made)
    dyad = table.with_columns(side=pl.when(pl.col("source") == "TCD").then(pl.lit("a")).otherwise(pl.lit("b")))
    return {tie.name + (f" {tie.side}" if tie.side else ""): tie for tie in find_ties(dyad, at, evidence)}


def states(tie: Tie) -> list[tuple[str, str]]:
    return [(str(change.day), change.state) for change in tie.changes]


OPENED = ("2018-09-14", "SUPPORT", "Chad and Sudan opened a joint liaison office in Abeche")
CLOSED = ("2020-01-30", "SANCTION", "Chad shut the liaison office it shares with Sudan")
DESTROYED = ("2020-06-16", "ASSAULT", "Chadian troops blew up the empty liaison office")


def test_an_office_is_opened_closed_and_destroyed() -> None:
    tie = find(OPENED, CLOSED, DESTROYED)["liaison office"]
    assert states(tie) == [("2018-09-14", "open"), ("2020-01-30", "closed"), ("2020-06-16", "destroyed")]
    assert (tie.kind, tie.state, str(tie.since)) == ("channel", "destroyed", "2020-06-16")


def test_the_state_is_that_of_the_day_asked_for() -> None:
    assert find(OPENED, CLOSED, DESTROYED, at=datetime.date(2020, 6, 15))["liaison office"].state == "closed"
    assert find(OPENED, CLOSED, DESTROYED, at=datetime.date(2018, 1, 1)) == {}


def test_each_change_names_its_event_and_its_words() -> None:
    change = find({"event_id": "x1", "day": OPENED[0], "event_type": OPENED[1], "text": OPENED[2]})["liaison office"].changes[0]
    assert (change.event_id, change.words) == ("x1", OPENED[2])


@pytest.mark.parametrize(
    "words",
    [
        "Chad threatened to sever all hotlines with Sudan",
        "Chad would cut its phone lines if the raids went on",
        "Chad refused to close the hotline with Sudan",
        "Chad said it may shut down the communication lines",
    ],
)
def test_what_is_threatened_planned_or_refused_changes_nothing(words: str) -> None:
    assert "phone lines and hotlines" not in find(("2020-06-04", "SANCTION", words))


def test_a_threat_cuts_nothing_whatever_its_words() -> None:
    assert "phone lines and hotlines" not in find(("2020-06-04", "THREATEN", "Chad severed the hotlines, it warned"))


def test_lines_are_cut_and_restored() -> None:
    tie = find(("2020-06-09", "SANCTION", "Chad severed all communication lines with Sudan at noon"), ("2020-07-27", "COOPERATE", "the two sides restored their hotlines"))
    assert states(tie["phone lines and hotlines"]) == [("2020-06-09", "cut"), ("2020-07-27", "restored")]


def test_the_passive_tells_it_too() -> None:
    assert find(("2020-06-09", "SANCTION", "the hotline was abruptly cut"))["phone lines and hotlines"].state == "cut"


def test_of_two_acts_in_a_clause_the_nearer_one_counts() -> None:
    tie = find(("2018-01-09", "SUPPORT", "Sudan restored a military hotline in the west that it had cut in 2016"))
    assert tie["phone lines and hotlines"].state == "restored"


def test_an_opening_that_is_agreed_is_still_to_come() -> None:
    assert find(("2018-04-27", "AGREE", "They agreed to open a liaison office in Abeche"))["liaison office"].state == "agreed"


def test_a_closing_that_both_agreed_on_is_a_closing() -> None:
    assert find(("2020-01-30", "AGREE", "The two agreed on Thursday to close their joint liaison office"))["liaison office"].state == "closed"


def test_what_an_agreement_is_for_is_not_done_to_it() -> None:
    assert states(find(("2018-09-19", "AGREE", "The ministers signed a military pact to halt drills"))["military agreement"]) == [("2018-09-19", "signed")]


def test_sanctions_belong_to_the_side_that_imposed_them() -> None:
    rows = {"day": "2019-03-01", "source": "SDN", "target": "TCD", "event_type": "SANCTION", "text": "Sudan imposed sanctions on Chad"}
    tie = find(rows)
    assert list(tie) == ["sanctions b"]
    assert tie["sanctions b"].state == "in force"


def test_sanctions_are_eased_and_lifted() -> None:
    tie = find(("2019-03-01", "SANCTION", "Chad imposed new sanctions"), ("2019-05-01", "CONCEDE", "Chad eased sanctions"), ("2019-06-01", "CONCEDE", "Chad lifted its sanctions"))
    assert [state for _, state in states(tie["sanctions a"])] == ["in force", "eased", "lifted"]


def test_events_without_words_are_known_by_their_codes() -> None:
    rows = [
        {"day": "2019-01-01", "event_type": "SANCTION", "cameo": "163"},
        {"day": "2019-02-01", "event_type": "AGREE", "cameo": "057"},
        {"day": "2019-03-01", "event_type": "CONSULT", "modes": ["visit"]},
        {"day": "2019-04-01", "event_type": "SANCTION", "cameo": "164"},
    ]
    assert {name: tie.state for name, tie in find(*rows).items()} == {"sanctions a": "in force", "agreements": "signed", "visits": "made", "talks": "broken off"}


def test_talks_count_from_the_last_day_they_were_held() -> None:
    tie = find(("2019-01-01", "CONSULT", "they met"), ("2019-05-01", "CONSULT", "they met again"))["talks"]
    assert str(tie.since) == "2019-05-01"


def test_a_lasting_state_counts_from_its_first_day() -> None:
    tie = find(("2019-01-01", "SANCTION", "Chad cut the hotline"), ("2019-05-01", "SANCTION", "Chad cut off a second hotline"))["phone lines and hotlines"]
    assert (str(tie.since), len(tie.changes)) == ("2019-01-01", 2)


def test_what_is_told_again_within_days_is_one_change_under_the_event_of_most_reports() -> None:
    rows = [
        {"event_id": "few", "day": "2020-06-09", "event_type": "COERCE", "text": "Chad cut its phone lines"},
        {"event_id": "many", "day": "2020-06-09", "event_type": "SANCTION", "text": "Chad severed its hotlines", "reports": 8},
    ]
    (change,) = find(*rows)["phone lines and hotlines"].changes
    assert (change.event_id, change.also) == ("many", ("few",))


def test_the_place_that_is_told_most_is_that_of_a_channel() -> None:
    row = {"day": OPENED[0], "event_type": OPENED[1], "text": OPENED[2], "place_name": "Abeche", "place_country": "TCD"}
    assert find(row)["liaison office"].place == "Abeche"


def test_all_evidence_of_an_event_is_read_if_it_is_given() -> None:
    row = {"event_id": "x1", "day": "2020-06-16", "event_type": "ASSAULT", "text": "a blast was heard"}
    assert "liaison office" not in find(row)
    assert find(row, evidence={"x1": ["a blast was heard", DESTROYED[2]]})["liaison office"].state == "destroyed"


def test_a_word_within_another_names_no_tie() -> None:
    assert find(("2020-06-16", "SANCTION", "Chad cut the ghotlines of its telephones")) == {}


def test_every_act_of_the_table_says_what_it_means_and_is_used() -> None:
    table = load_ties()
    assert {name for tie in table.ties for name in tie.acts} == set(table.acts)
    assert all(act.means for act in table.acts.values())
    assert {tie.kind for tie in table.ties} == {"channel", "talks", "visits", "agreement", "project", "sanctions"}


def test_a_table_that_names_an_unknown_act_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ties.toml"
    path.write_text(
        'unreal = { words = [], within_words = 1 }\nagreed = { words = [], within_words = 1 }\nacts = {}\nties = [{ id = "x", kind = "k", name = "n", acts = ["fly"] }]\n'
    )
    with pytest.raises(CodebookError, match="x: found the act 'fly'"):
        load_ties(path)
