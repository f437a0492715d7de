"""Reviews: what is decided stands against later reports and later coding, and can be taken back without a trace in the events."""

from __future__ import annotations

import random
from typing import Any

import pytest
import sqlalchemy as sa

from detente.corrections import make_fields
from detente.errors import SettingsError, StoreError
from detente.store import schema
from detente.store.filters import Filters
from detente.store.importing import Imported, import_events
from detente.store.query import count_days, find_events, load_event
from detente.store.recoding import compare_coding, keep_coding, pair_codings, stored_documents
from detente.store.reviewed import judged_documents, judgements, reviewers
from detente.store.reviewing import correct_event, judge_event, list_decisions, merge_events, split_event, undo
from detente.store.schema import Store, open_store, reading
from detente.store.write import add_report
from stores import event, report

EVENT_TABLES = ("events", "mentions", "participants", "dyads", "match_keys", "event_sources", "event_reports")


@pytest.fixture
def filled(store: Store) -> Store:
    """An attack told by three reports, talks, an accusation, and an imported event."""
    for n, day in enumerate(("2020-06-16", "2020-06-17", "2020-06-17")):
        blast = event(dead=n or None, place="Kaesong", modes=("destroy",))
        add_report(store, report(blast, doc_id=f"blast{n}", published_on=day, publisher=f"paper {n}"))
    add_report(store, report(event("CONSULT", "KOR", "PRK", "2018-04-27", "held a summit", cameo="040"), doc_id="talks", published_on="2018-04-27"))
    add_report(store, report(event("ACCUSE", "USA", "PRK", "2018-05-01", "accused it of stalling", cameo="112"), doc_id="accuse", published_on="2018-05-01"))
    import_events(
        store, [Imported("1", 1, event("AID", "CHN", "PRK", "2019-03-01", cameo="070"), evidence="sent rice", reports=4)], origin="icews", location="a.tab", codebook="cameo"
    )
    return store


def event_id(store: Store, event_type: str) -> str:
    (found,) = find_events(store, Filters(types=(event_type,), review=None)).events
    return str(found["event_id"])


def contents(store: Store) -> dict[str, list[str]]:
    """All rows about events, by permanent ids: the numbers of rows may differ, nothing else."""
    with reading(store) as connection:
        keys = {row.id: row.event_id for row in connection.execute(sa.select(schema.events.c.id, schema.events.c.event_id))}
        out = {}
        for name in EVENT_TABLES:
            rows = [dict(row) for row in connection.execute(sa.select(schema.metadata.tables[name])).mappings()]
            for row in rows:
                row["event_id"] = keys.get(row["event_id"], row["event_id"])
                row.pop("id", None)
            out[name] = sorted(map(repr, rows))
        h, m = schema.history, schema.mentions
        query = sa.select(h.c.event_id, h.c.revision, h.c.field, h.c.before, h.c.after, m.c.mention_id).join(m, h.c.mention_id == m.c.id)
        out["history"] = sorted(repr((keys[row[0]], *row[1:])) for row in connection.execute(query))
        return out


def test_an_accepted_event_keeps_its_values_and_says_that_it_was_accepted(filled: Store) -> None:
    before = contents(filled)
    made = judge_event(filled, event_id(filled, "CONSULT"), "accept", reviewer="jane", why="read it")
    after = contents(filled)
    assert (made.action, made.reviewer, made.why) == ("accept", "jane", "read it")
    assert [row.replace("'review': 'accepted'", "'review': ''") for row in after.pop("events")] == before.pop("events")
    assert after == before


def test_a_rejected_event_is_in_no_list_and_no_series_unless_asked_for(filled: Store) -> None:
    judge_event(filled, event_id(filled, "ACCUSE"), "reject", reviewer="jane")
    assert count_days(filled, "USA", "PRK") == []
    assert find_events(filled, Filters(dyad=("USA", "PRK"))).events == []
    assert [e["event_type"] for e in find_events(filled, Filters(dyad=("USA", "PRK"), review="rejected")).events] == ["ACCUSE"]


def test_no_later_report_joins_a_rejected_event(filled: Store) -> None:
    judge_event(filled, event_id(filled, "ASSAULT"), "reject", reviewer="jane")
    assert add_report(filled, report(event(place="Kaesong", modes=("destroy",)), doc_id="later", published_on="2020-06-18")).founded == 1


def test_a_correction_sets_fields_and_what_filters_go_by(filled: Store) -> None:
    correct_event(
        filled,
        event_id(filled, "ACCUSE"),
        make_fields({"type": "THREATEN", "mode": "violence", "target": "KOR/MIL", "date": "2018-05-02"}, {"event_type": "ACCUSE", "modes": [], "cameo": "112"}),
        reviewer="jane",
    )
    (found,) = find_events(filled, Filters(dyad=("USA", "KOR"), types=("THREATEN",), quads=(3,), rungs=(4, 4), review="corrected")).events
    assert (found["date"]["start"], found["modes"], found["target"][0]["sectors"], found["cameo"][:2]) == ("2018-05-02", ["violence"], ["MIL"], "13")
    assert count_days(filled, "USA", "KOR") == [("2018-05-02", 1)]
    assert count_days(filled, "USA", "PRK") == []


def test_a_correction_stands_against_later_reports_which_still_count(filled: Store) -> None:
    key = event_id(filled, "ASSAULT")
    correct_event(filled, key, {"dead": 0, "target": []}, reviewer="jane", why="nobody was there")
    add_report(filled, report(event(place="Kaesong", modes=("destroy",), dead=9), doc_id="later", published_on="2020-06-18", publisher="paper 9"))
    found = load_event(filled, key)
    assert (found["dead"], found["target"], found["reports"], found["sources"], found["rung"]) == (0, [], 4, 4, 5)


def test_later_corrections_count_over_earlier_ones_and_the_first_comes_back_when_they_are_undone(filled: Store) -> None:
    key = event_id(filled, "ASSAULT")
    correct_event(filled, key, {"dead": 5}, reviewer="jane")
    second = correct_event(filled, key, {"dead": 7}, reviewer="omar")
    assert load_event(filled, key)["dead"] == 7
    undo(filled, second.id, reviewer="jane")
    assert load_event(filled, key)["dead"] == 5


def test_merging_makes_one_event_with_all_mentions_that_is_found_by_both_ids(filled: Store) -> None:
    first, second = event_id(filled, "ASSAULT"), event_id(filled, "ACCUSE")
    merge_events(filled, first, [second], reviewer="jane")
    found = load_event(filled, second)
    assert (found["event_id"], found["event_type"], found["mentions"], found["reports"]) == (first, "ASSAULT", 4, 4)


def test_merging_with_an_imported_event_keeps_how_often_that_was_reported(filled: Store) -> None:
    first = event_id(filled, "AID")
    merge_events(filled, first, [event_id(filled, "ACCUSE")], reviewer="jane")
    assert load_event(filled, first)["mentions"] == 2
    undo(filled, reviewer="jane")
    assert (load_event(filled, first)["mentions"], load_event(filled, first)["reports"]) == (1, 4)


def test_a_later_report_joins_what_was_merged_into_an_imported_event(filled: Store) -> None:
    first = event_id(filled, "AID")
    merge_events(filled, first, [event_id(filled, "ASSAULT")], reviewer="jane")
    assert add_report(filled, report(event(place="Kaesong", modes=("destroy",)), doc_id="later", published_on="2020-06-18")).joined == 1
    assert load_event(filled, first)["mentions"] == 5


def test_a_split_makes_an_event_of_its_own_with_its_own_toll(filled: Store) -> None:
    key = event_id(filled, "ASSAULT")
    last = load_event(filled, key)["evidence"][-1]["mention_id"]
    made = split_event(filled, key, [last[:8]], reviewer="jane")
    whole, part = load_event(filled, key), load_event(filled, made.record["others"][0])
    assert (whole["mentions"], whole["dead"], part["mentions"], part["dead"]) == (2, 1, 1, 2)


def test_all_mentions_cannot_be_split_off(filled: Store) -> None:
    key = event_id(filled, "ASSAULT")
    with pytest.raises(StoreError, match="expected some, so that one stays"):
        split_event(filled, key, [m["mention_id"] for m in load_event(filled, key)["evidence"]], reviewer="jane")


def test_a_decision_that_a_later_one_rests_on_is_undone_after_it(filled: Store) -> None:
    first, second = event_id(filled, "ASSAULT"), event_id(filled, "ACCUSE")
    earlier = judge_event(filled, second, "accept", reviewer="jane")
    later = merge_events(filled, first, [second], reviewer="jane")
    with pytest.raises(StoreError, match=f"found decision {later.id} .merge.*undo that one first"):
        undo(filled, earlier.id, reviewer="jane")
    with pytest.raises(StoreError, match="found no such decision"):
        undo(filled, 999, reviewer="jane")


@pytest.mark.parametrize("seed", range(6))
def test_any_decisions_undone_in_turn_leave_the_events_as_they_were(filled: Store, seed: int) -> None:
    rng = random.Random(seed)
    before = contents(filled)
    made = []
    for _ in range(8):
        events = find_events(filled, Filters(review=None, modality=None), limit=None).events
        chosen = rng.choice(events)["event_id"]
        kind = rng.choice(["accept", "reject", "correct", "merge", "split"])
        if kind in ("accept", "reject"):
            made.append(judge_event(filled, chosen, kind, reviewer="jane"))  # type: ignore[arg-type]
        elif kind == "correct":
            made.append(correct_event(filled, chosen, {"dead": rng.randrange(9), "place": None, "date": None}, reviewer="jane"))
        elif kind == "merge" and len(events) > 1:
            made.append(merge_events(filled, chosen, [next(e["event_id"] for e in events if e["event_id"] != chosen)], reviewer="jane"))
        elif kind == "split" and (mentions := load_event(filled, chosen)["evidence"])[1:]:
            made.append(split_event(filled, chosen, [rng.choice(mentions)["mention_id"]], reviewer="jane"))
    for decision in reversed(made):
        undo(filled, decision.id, reviewer="jane")
    assert contents(filled) == before
    assert len(list_decisions(filled)) == 2 * len(made)


def test_a_nameless_reviewer_and_a_correction_of_nothing_are_refused(filled: Store) -> None:
    key = event_id(filled, "ASSAULT")
    with pytest.raises(StoreError, match="reviewer: found ' '; expected a name"):
        judge_event(filled, key, "accept", reviewer=" ")
    with pytest.raises(StoreError, match="found nothing to correct"):
        correct_event(filled, key, {}, reviewer="jane")
    with pytest.raises(StoreError, match="found the field 'mood'"):
        correct_event(filled, key, {"mood": 1}, reviewer="jane")
    assert list_decisions(filled) == []


def test_each_reviewers_last_judgement_of_an_event_counts(filled: Store) -> None:
    key = event_id(filled, "ASSAULT")
    judge_event(filled, key, "reject", reviewer="jane")
    correct_event(filled, key, {"dead": 4}, reviewer="jane")
    judge_event(filled, key, "accept", reviewer="omar")
    assert reviewers(filled) == {"jane": 1, "omar": 1}
    assert [(judgements(filled, name)[key]["verdict"], judgements(filled, name)[key]["dead"]) for name in ("jane", "omar")] == [("correct", 4), ("accept", 4)]


def test_judged_documents_hold_all_their_mentions(filled: Store) -> None:
    correct_event(filled, event_id(filled, "CONSULT"), {"dead": 1}, reviewer="jane")
    (document,) = judged_documents(filled)
    assert (document.doc_id, [(m.review, m.fields) for m in document.mentions]) == ("talks", [("corrected", {"dead": 1})])


# -- another coding ----------------------------------------------------------------------------------------------------------
def first_report(*events: Any) -> Any:
    return report(*events, doc_id="a", text="One two three four five six seven eight nine ten. " * 8, published_on="2020-06-17")


def test_the_same_coding_differs_in_nothing_and_changes_nothing(filled: Store) -> None:
    add_report(filled, first_report(event("SANCTION", "USA", "PRK", "2020-06-16", cameo="163")))
    before = contents(filled)
    assert not keep_coding(filled, first_report(event("SANCTION", "USA", "PRK", "2020-06-16", cameo="163"))).differs
    assert contents(filled) == before


def test_a_difference_is_shown_before_it_is_kept(store: Store) -> None:
    add_report(store, first_report(event("SANCTION", "USA", "PRK", "2020-06-16", "one two three", cameo="163")))
    before = contents(store)
    other = first_report(
        event("SANCTION", "USA", "PRK", "2020-06-16", "one two three", cameo="163", dead=1), event("AID", "CHN", "PRK", "2020-06-16", "four five", cameo="070", evidence=())
    )
    recoded = compare_coding(store, other)
    assert [(c.kind, c.fields) for c in recoded.changes] == [("changed", ("dead",)), ("new", ())]
    assert contents(store) == before


def test_a_kept_coding_is_that_of_a_store_that_was_coded_so_at_first(store: Store, tmp_path: Any) -> None:
    after = first_report(event("SANCTION", "JPN", "PRK", "2020-06-16", "one two three", cameo="163"))
    add_report(store, report(event("SANCTION", "JPN", "PRK", "2020-06-16", "put sanctions on it", cameo="163"), doc_id="b", publisher="x"))
    add_report(store, first_report(event("SANCTION", "USA", "PRK", "2020-06-16", "one two three", cameo="163"), event("AID", "CHN", "PRK", "2020-06-16", cameo="070")))
    keep_coding(store, after)
    fresh = open_store(tmp_path / "fresh.db")
    add_report(fresh, report(event("SANCTION", "JPN", "PRK", "2020-06-16", "put sanctions on it", cameo="163"), doc_id="b", publisher="x"))
    add_report(fresh, after)
    shown = [[(e["event_type"], e["source"], e["reports"], e["mentions"]) for e in find_events(s, Filters()).events] for s in (store, fresh)]
    fresh.close()
    assert shown[0] == shown[1]
    assert shown[0][0][2:] == (2, 2)


def test_what_a_reviewer_decided_stays_when_the_text_is_coded_otherwise(store: Store) -> None:
    add_report(store, first_report(event("SANCTION", "USA", "PRK", "2020-06-16", cameo="163"), event("AID", "CHN", "PRK", "2020-06-16", "sent rice", cameo="070", evidence=())))
    correct_event(store, event_id(store, "SANCTION"), {"dead": 3}, reviewer="jane")
    judge_event(store, event_id(store, "AID"), "accept", reviewer="jane")
    recoded = keep_coding(store, first_report(event("SANCTION", "JPN", "KOR", "2020-06-16", cameo="163")))
    assert [(c.kind, c.stays) for c in recoded.changes] == [("changed", True), ("same", True)]
    found = load_event(store, event_id(store, "SANCTION"))
    assert (found["dead"], found["source"][0]["country"], found["review"]) == (3, "JPN", "corrected")
    assert load_event(store, event_id(store, "AID"))["review"] == "accepted"


def test_stored_documents_come_back_as_they_were_added(store: Store) -> None:
    coded = [report(doc_id=name, publisher="x", published_on=day) for name, day in (("a", "2020-01-01"), ("b", "2020-02-01"))]
    for one in coded:
        add_report(store, one)
    assert list(stored_documents(store)) == [one.document for one in coded]
    assert [d.id for d in stored_documents(store, since=coded[1].document.published_on)] == ["b"]
    with pytest.raises(StoreError, match="found no document 'z'"):
        list(stored_documents(store, doc_ids=["z"]))


def test_events_of_two_codings_are_paired_by_the_words_that_they_rest_on() -> None:
    one, two = event("AID", text="aid"), event("ACCUSE", text="accused")
    assert pair_codings([one, two], [two, one]) == {0: 1, 1: 0}


# -- what reviewers type -----------------------------------------------------------------------------------------------------
STANDING = {"event_type": "ACCUSE", "modes": ["disapprove"], "cameo": "111"}


def test_a_new_type_takes_code_class_and_scores_that_go_with_it() -> None:
    fields = make_fields({"type": "ASSAULT", "mode": "firearms"}, STANDING)
    assert (fields["quad"], fields["cameo"], fields["goldstein"], fields["intensity"], fields["modes"]) == (4, "193", -10, -9, ("firearms",))
    assert make_fields({"type": "ASSAULT"}, STANDING)["cameo"] == "180"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("PRK/MIL", ("North Korea", "PRK", ("MIL",), None)),
        ("KOR", ("South Korea", "KOR", ("GOV",), None)),
        ("/REB", ("unknown", None, ("REB",), None)),
        ("Some Front/REB", ("Some Front", None, ("REB",), None)),
        ("Hezbollah", None),
    ],
)
def test_an_actor_is_a_code_a_sector_or_a_name(text: str, found: tuple[Any, ...] | None) -> None:
    (actor,) = make_fields({"source": text}, STANDING)["source"]
    if found is None:
        assert actor.entity == "Hezbollah"
    else:
        assert (actor.name, actor.country, actor.sectors, actor.entity) == found


@pytest.mark.parametrize(
    ("text", "period"),
    [("2020-06-16", ("2020-06-16", "2020-06-16", "day")), ("2020-02", ("2020-02-01", "2020-02-29", "month")), ("2020-06-15..2020-06-18", ("2020-06-15", "2020-06-18", "week"))],
)
def test_a_date_is_a_day_a_month_a_year_or_a_period(text: str, period: tuple[str, str, str]) -> None:
    when = make_fields({"date": text}, STANDING)["date"]
    assert (when.start, when.end, when.precision) == period


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("type", "WAR"),
        ("mode", "aerial"),
        ("source", "Nobody Known"),
        ("source", "PRK/XYZ"),
        ("date", "2020-13"),
        ("date", "2020-06-16..2019"),
        ("dead", "-1"),
        ("dead", "²"),
        ("place", "Nowhereville"),
        ("cameo", "999"),
        ("mood", "x"),
        ("modality", "maybe"),
    ],
)
def test_a_value_that_nothing_can_have_is_refused_with_what_is_expected(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=r"found .*; expected"):
        make_fields({name: value}, STANDING)


def test_an_empty_value_is_nothing() -> None:
    assert make_fields({"target": "", "date": "", "place": "", "dead": ""}, STANDING) == {"target": (), "date": None, "place": None, "dead": None}
