"""Parties and pairs of them, out of tables and stores."""

from __future__ import annotations

import datetime
from typing import Any

import msgspec
import pytest

from detente.analysis.dyads import list_dyads, load_dyad, select_dyad
from detente.analysis.table import EVENTS, load_table, load_volume, make_table
from detente.codebook.groups import load_groups
from detente.codebook.load import DATA, read_table
from detente.codebook.parties import Party, resolve_party
from detente.errors import InputError, SettingsError
from detente.store.importing import Imported, import_events
from detente.store.reviewing import judge_event
from detente.store.schema import Store
from detente.store.sides import Side, find_party
from detente.store.tables import Wanted, has_events
from detente.store.write import add_report
from stores import actor, event, report

DAY = datetime.date


def row(source: str, target: str, day: str = "2020-06-16", kind: str = "ACCUSE", **more: Any) -> dict[str, Any]:
    return {"day": day, "source": source, "target": target, "event_type": kind, **more}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("PRK", "PRK"),
        ("prk", "PRK"),
        ("North Korea", "PRK"),
        ("the United States", "USA"),
        ("PRK/MIL", "PRK/MIL"),
        ("PRK GOV", "PRK/GOV"),
        ("South Korea/GOV+MIL", "KOR/GOV+MIL"),
        ("/REB", "/REB"),
        ("the UN", "United Nations"),
        ("Nato", "NATO"),
        ("NATO members", "NATO members"),
        ("members of the EU", "European Union members"),
        ("East Asia", "Eastern Asia"),
        ("Hamas", "Hamas"),
    ],
)
def test_a_text_names_a_party(text: str, name: str) -> None:
    assert resolve_party(text).name == name


@pytest.mark.parametrize("text", ["Ruritania", "", "PRK/XYZ", "/"])
def test_a_text_that_names_nobody_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="expected a country"):
        resolve_party(text)


def test_a_slip_is_met_with_a_suggestion() -> None:
    with pytest.raises(InputError, match="did you mean north korea"):
        resolve_party("North Koreaa")


def test_a_name_of_the_store_is_a_party() -> None:
    assert resolve_party("Militant (Boko Haram)", lambda name: True).names == ("militant (boko haram)",)


def test_every_country_is_of_one_region_and_one_continent_or_none() -> None:
    codes = {r["code"] for r in read_table(DATA / "actors" / "countries.csv")}
    rows = read_table(DATA / "groups" / "regions.csv")
    listed = [code for r in rows for code in r["countries"].split("|") if code]
    assert sorted(listed) == sorted(codes)


def test_every_member_and_body_of_a_bloc_is_known_to_the_register() -> None:
    codes = {r["code"] for r in read_table(DATA / "actors" / "countries.csv")}
    names = {r["name"] for r in read_table(DATA / "actors" / "organisations.csv")}
    groups = load_groups()
    assert {b for g in groups.values() for b in g.bodies} <= names
    assert {m.country for g in groups.values() for m in g.members} <= codes


def test_the_side_says_who_did_it() -> None:
    table = make_table([row("PRK", "KOR"), row("KOR", "PRK"), row("USA", "PRK"), row("PRK", "PRK")])
    assert select_dyad(table, resolve_party("PRK"), resolve_party("KOR"))["side"].to_list() == ["a", "b"]


def test_one_direction_can_be_asked_for() -> None:
    table = make_table([row("PRK", "KOR"), row("KOR", "PRK")])
    found = select_dyad(table, resolve_party("PRK"), resolve_party("KOR"), "b-to-a")
    assert found["source"].to_list() == ["KOR"]


def test_a_part_of_a_country_counts_only_as_such() -> None:
    table = make_table([row("PRK", "KOR", source_sectors="+MIL+"), row("PRK", "KOR", source_sectors="+GOV+")])
    assert select_dyad(table, resolve_party("PRK/MIL"), resolve_party("KOR")).height == 1


def test_parts_of_one_country_are_a_dyad() -> None:
    table = make_table([row("NGA", "NGA", target_sectors="+REB+"), row("NGA", "NGA")])
    assert select_dyad(table, resolve_party("NGA/GOV"), resolve_party("NGA/REB")).height == 1


def test_a_state_counts_as_a_member_while_it_is_one() -> None:
    table = make_table([row("GBR", "RUS", "2019-05-01"), row("GBR", "RUS", "2021-05-01"), row("FRA", "RUS", "2021-05-01")])
    found = select_dyad(table, resolve_party("EU members"), resolve_party("RUS"))
    assert found.select("source", "day").rows() == [("GBR", DAY(2019, 5, 1)), ("FRA", DAY(2021, 5, 1))]


def test_an_event_of_several_members_is_one_row() -> None:
    table = make_table([row("JPN", "USA", event_id="e"), row("KOR", "USA", event_id="e")])
    assert select_dyad(table, resolve_party("East Asia"), resolve_party("USA")).height == 1


def test_an_organisation_acts_through_its_bodies_not_its_members() -> None:
    table = make_table([row("UN Security Council", "PRK"), row("USA", "PRK")])
    assert select_dyad(table, resolve_party("the UN"), resolve_party("PRK"))["source"].to_list() == ["UN Security Council"]


def test_a_name_is_found_among_several_of_one_party() -> None:
    table = make_table([row("PSE", "ISR", source_name="Fatah; Hamas")])
    assert select_dyad(table, resolve_party("Hamas"), resolve_party("ISR")).height == 1


def test_a_party_with_itself_is_refused() -> None:
    with pytest.raises(InputError, match="found PRK twice"):
        select_dyad(make_table([]), resolve_party("PRK"), resolve_party("North Korea"))


def test_dyads_are_listed_by_events_either_way() -> None:
    table = make_table([row("PRK", "KOR"), row("KOR", "PRK"), row("USA", "PRK"), row("PRK", "PRK")])
    assert list_dyads(table).select("a", "b", "events").rows() == [("KOR", "PRK", 2), ("PRK", "USA", 1)]


def test_a_countrys_dyads_with_all_have_it_first() -> None:
    table = make_table([row("PRK", "KOR"), row("KOR", "PRK"), row("USA", "PRK"), row("USA", "KOR")])
    assert list_dyads(table, resolve_party("PRK")).select("a", "b").rows() == [("PRK", "KOR"), ("PRK", "USA")]


@pytest.fixture
def filled(store: Store) -> Store:
    coded = [
        event(modes=("destroy", "explosives"), place="Kaesong", dead=2),
        event("CONSULT", "KOR", "PRK", "2018-04-27", text="held a summit"),
        event("ACCUSE", "USA", "PRK", "2018-05-01", text="accused it of stalling", confidence=0.3),
        event("ASSAULT", "PRK", "KOR", "2018-05-02", text="will attack", modality="future"),
        event("ACCUSE", "KOR", "PRK", None, text="blamed it"),
    ]
    for n, one in enumerate(coded):
        add_report(store, report(one, doc_id=f"d{n}", published_on=one.date.start if one.date else "2020-06-17"))
    import_events(store, [Imported("1", 1, event("AID", "CHN", "PRK", "2019-03-01"), evidence="sent rice")], origin="icews", location="a.tab", codebook="cameo")
    return store


def test_what_was_first_told_of_after_the_last_day_asked_for_was_not_known_then(store: Store) -> None:
    add_report(store, report(event("CONSULT", "KOR", "PRK", "2018-04-27"), doc_id="d", published_on="2018-06-01"))
    assert [load_table(store, Wanted(until=DAY(2018, m, 30))).height for m in (5, 6)] == [0, 1]


def test_the_store_gives_what_happened_and_has_a_day(filled: Store) -> None:
    table = load_table(filled)
    assert dict(table.schema) == EVENTS
    assert table.select("day", "source", "target", "event_type").rows() == [
        (DAY(2018, 4, 27), "KOR", "PRK", "CONSULT"),
        (DAY(2018, 5, 1), "USA", "PRK", "ACCUSE"),
        (DAY(2019, 3, 1), "CHN", "PRK", "AID"),
        (DAY(2020, 6, 16), "PRK", "KOR", "ASSAULT"),
    ]


def test_what_a_reviewer_rejected_is_left_out(filled: Store) -> None:
    judge_event(filled, load_table(filled)["event_id"][-1], "reject", reviewer="ann")
    assert load_table(filled)["event_type"].to_list() == ["CONSULT", "ACCUSE", "AID"]
    assert load_volume(filled)["events"].sum() == 3


def test_a_row_of_the_store_is_whole(filled: Store) -> None:
    last = load_table(filled).row(-1, named=True)
    assert (last["modes"], last["rung"], last["dead"], last["place_name"], last["text"], last["historical"]) == (
        ["destroy", "explosives"],
        6,
        2,
        "Kaesong",
        "blew up the liaison office",
        False,
    )
    assert (last["source_sectors"], last["reports"], last["origin"]) == ("+GOV+", 1, "detente")


def test_a_dyad_is_read_alone(filled: Store) -> None:
    found = load_dyad(filled, find_party(filled, "PRK"), find_party(filled, "KOR"))
    assert found.select("event_type", "side").rows() == [("CONSULT", "b"), ("ASSAULT", "a")]


@pytest.mark.parametrize(
    ("wanted", "types"),
    [
        (Wanted(first=Side(keys=("USA",))), ["ACCUSE"]),
        (Wanted(first=Side(sectors=("GOV",)), second=Side(keys=("PRK",)), until=DAY(2018, 4, 30)), ["CONSULT"]),
        (Wanted(origins=("icews",)), ["AID"]),
        (Wanted(since=DAY(2020, 1, 1)), ["ASSAULT"]),
        (Wanted(least_confidence=0.5, until=DAY(2018, 12, 31)), ["CONSULT"]),
        (Wanted(first=Side(names=("prk",)), second=Side(keys=("CHN",))), ["AID"]),
    ],
)
def test_what_is_wanted_bounds_the_table(filled: Store, wanted: Wanted, types: list[str]) -> None:
    assert load_table(filled, wanted)["event_type"].to_list() == types


def test_a_second_side_without_a_first_is_refused(store: Store) -> None:
    with pytest.raises(SettingsError, match="second side without a first"):
        load_table(store, Wanted(second=Side(keys=("PRK",))))


def test_the_volume_counts_events_by_day(filled: Store) -> None:
    assert load_volume(filled, Wanted(since=DAY(2019, 1, 1))).rows() == [(DAY(2019, 3, 1), 1), (DAY(2020, 6, 16), 1)]


def test_an_empty_store_gives_an_empty_table(store: Store) -> None:
    assert not has_events(store)
    assert dict(load_table(store).schema) == EVENTS
    assert load_volume(store).height == 0


def test_an_actor_of_the_store_alone_is_found(store: Store) -> None:
    import_events(store, [Imported("1", 1, event("ASSAULT", "NGA/REB", "NGA"))], origin="quads", location="q", codebook="cameo")
    assert find_party(store, "NGA") == Party("NGA", resolve_party("NGA").members)
    with pytest.raises(InputError, match="Militant"):
        find_party(store, "Militant (Nobody)")


def test_parties_of_one_side_with_one_key_are_one_row(store: Store) -> None:
    army = msgspec.structs.replace(event(text="the army did"), source=(actor("PRK"), actor("PRK/MIL", "army")), event_id="0123456789abcdef")
    import_events(store, [Imported("1", 1, army)], origin="icews", location="a.tab", codebook="cameo")
    rows = load_table(store, Wanted(origins=("icews",))).select("source", "source_name", "source_sectors").rows()
    assert rows == [("PRK", "PRK; army", "+GOV+MIL+")]
