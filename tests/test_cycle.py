"""The cycle: its data file, and the stages of made-up dyads with the events that say so."""

from __future__ import annotations

import datetime
import tomllib
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import polars as pl
import pytest

from detente.analysis.cycle import cycle_weeks, find_stage, fit_cycle, name_stage, spells
from detente.analysis.dyads import load_dyad
from detente.analysis.markov import infer
from detente.analysis.simulated import SHOWN_BY, simulate_crisis
from detente.analysis.table import load_volume, make_table
from detente.analysis.weeks import log_emission, sign_terms
from detente.codebook.cycle import STAGES, find_faults, load_cycle, sign_of
from detente.codebook.ladder import rung_of
from detente.codebook.load import DATA, load_codebook
from detente.errors import CodebookError
from detente.pipeline import code_documents
from detente.reading import read_documents
from detente.records import Document
from detente.store.schema import open_store
from detente.store.sides import find_party
from detente.store.write import Sketches, add_report

DEMO_REPORTS = DATA.parents[1] / "demo" / "reports.jsonl"

MONDAY = datetime.date(2020, 1, 6)


def day(week: int, weekday: int = 0) -> datetime.date:
    return MONDAY + datetime.timedelta(days=7 * week + weekday)


def act(week: int, event_type: str, weekday: int = 0, **more: Any) -> dict[str, Any]:
    return {"day": day(week, weekday), "source": "AAA", "target": "BBB", "event_type": event_type, **more}


def routine(weeks: int) -> list[dict[str, Any]]:
    return [act(week, kind, weekday) for week in range(weeks) for weekday, kind in enumerate(("CONSULT", "AGREE", "COOPERATE"))]


def attack(week: int) -> list[dict[str, Any]]:
    kinds = [("ACCUSE", ()), ("ACCUSE", ()), ("THREATEN", ("violence",)), ("MOBILIZE", ("troops",)), ("ASSAULT", ("destroy",)), ("ASSAULT", ("explosives",)), ("REJECT", ())]
    return [act(week, kind, weekday, modes=list(modes)) for weekday, (kind, modes) in enumerate(kinds)]


# -- the data file --------------------------------------------------------------------------------------------------------
def test_every_type_with_every_mode_shows_a_sign() -> None:
    signs = load_cycle().signs
    for name, entry in load_codebook().types.items():
        for mode in ["", *entry["modes"]]:
            assert sign_of(name, rung_of(name, [mode] if mode else [])) in signs
    assert {rung for sign in signs.values() for rung in sign.rungs} == set(range(-4, 9))


def test_made_up_events_show_the_sign_that_they_stand_for() -> None:
    for sign, event in SHOWN_BY.items():
        assert sign_of(event["event_type"], rung_of(event["event_type"], event.get("modes", ()), dead=event.get("dead"))) == sign


def test_every_stage_says_what_it_means_and_why_its_weeks_look_so() -> None:
    assert all(stage.means and len(stage.why.split()) > 8 for stage in load_cycle().stages.values())


def test_a_cycle_with_wrong_sums_is_refused_with_all_its_faults(tmp_path: Path) -> None:
    text = (DATA / "cycle.toml").read_text("utf-8")
    path = tmp_path / "cycle.toml"
    path.write_text(text.replace("killing = 7", "killing = 8").replace("standoff = 48", "standoff = 50").replace("weeks = 26\nphases = 2", "weeks = 1\nphases = 2"), "utf-8")
    with pytest.raises(CodebookError) as caught:
        load_cycle(path)
    lines = str(caught.value).splitlines()
    assert [line.split(": ")[1] for line in lines] == ["calm", "provocation.shares", "provocation.next"]


def test_a_cycle_that_lacks_a_part_is_refused_with_its_path(tmp_path: Path) -> None:
    path = tmp_path / "cycle.toml"
    path.write_text("[signs]\n", "utf-8")
    with pytest.raises(CodebookError, match=r"cycle\.toml: found .*expected the signs"):
        load_cycle(path)


def test_stages_in_another_order_are_a_fault() -> None:
    book = load_cycle()
    turned = msgspec.structs.replace(book, stages=dict(reversed(book.stages.items())))
    assert any(fault.startswith("stages:") for fault in find_faults(turned))


def test_the_table_is_what_the_file_says() -> None:
    raw = tomllib.loads((DATA / "cycle.toml").read_text("utf-8"))
    assert tuple(raw["stages"]) == STAGES


# -- the stage of the present ---------------------------------------------------------------------------------------------
def test_talk_and_work_at_the_usual_volume_is_calm() -> None:
    assert find_stage(make_table(routine(60)), day(59, 6)).stage == "calm"


def test_deeds_of_force_are_a_provocation_and_the_deeds_are_named_first() -> None:
    table = make_table([*routine(60), *attack(60), *attack(61)])
    found = find_stage(table, day(61, 6))
    assert found.stage == "provocation" and found.probability > 0.8
    assert found.since == day(60)
    assert {e.sign for e in found.evidence[:4]} <= {"force", "show"}
    assert sum(found.probabilities.values()) == pytest.approx(1)


def test_nothing_after_the_day_counts() -> None:
    rows = [*routine(60), *attack(60)]
    later = [{**row, "event_id": f"later{n}"} for n, row in enumerate(attack(61) + attack(62))]
    at = day(60, 6)
    before, after = make_table(rows), make_table([*rows, *later])
    volume = after.group_by("day").agg(events=pl.len() * 10)
    assert msgspec.to_builtins(find_stage(before, at, volume=volume)) == msgspec.to_builtins(find_stage(after, at, volume=volume))


def test_the_evidence_adds_up_to_what_the_events_of_the_spell_say() -> None:
    table = make_table([*routine(60), *attack(60)])
    fit = fit_cycle(table, day(60, 6))
    found = name_stage(fit, day(60, 6))
    terms = sign_terms(fit.weeks, fit.emission)[-1].sum(axis=1)
    said = terms[STAGES.index("provocation")] - terms[STAGES.index(found.rival)]
    assert sum(e.log_ratio for e in (*found.evidence, *found.against)) == pytest.approx(said)
    assert {e.event_id for e in (*found.evidence, *found.against)} <= set(table.filter(pl.col("day") >= day(60))["event_id"])
    assert [e.log_ratio for e in found.evidence] == sorted((e.log_ratio for e in found.evidence), reverse=True)
    assert all(e.log_ratio < 0 for e in found.against)


def test_three_events_are_too_few() -> None:
    found = find_stage(make_table([act(0, "ASSAULT"), act(1, "ACCUSE"), act(2, "THREATEN")]), day(2, 6))
    assert (found.stage, found.reason, found.since, found.evidence) == (None, "few-events", None, ())


def test_no_events_at_all_are_too_few() -> None:
    found = find_stage(make_table([]), MONDAY)
    assert (found.stage, found.reason, found.events) == (None, "few-events", 0)
    assert cycle_weeks(fit_cycle(make_table([]), MONDAY)).height == spells(fit_cycle(make_table([]), MONDAY)).height == 0


def test_a_store_without_reports_for_weeks_knows_no_stage() -> None:
    table = make_table(routine(60))
    volume = table.group_by("day").agg(events=pl.len())
    assert find_stage(table, day(80), volume=volume).reason == "no-reports"


def test_silence_counts_as_calm_only_if_the_store_reported_on_others() -> None:
    table = make_table([*routine(60), *attack(60), *attack(61)])
    at = day(66, 6)
    days = pl.DataFrame({"day": [MONDAY + datetime.timedelta(days=n) for n in range(7 * 67)]}).with_columns(events=pl.lit(20))
    quiet = find_stage(table, at, volume=days)
    blind = find_stage(table, at, volume=days.filter(pl.col("day") < day(62)))
    assert quiet.probabilities["provocation"] < blind.probabilities["provocation"]
    assert quiet.probabilities["calm"] > blind.probabilities["calm"]


def test_an_event_that_stands_in_several_rows_counts_once() -> None:
    rows = make_table([*routine(60), *attack(60)])
    mirrored = rows.with_columns(source=pl.col("target"), target=pl.col("source"))
    twice = find_stage(pl.concat([rows, mirrored]).sort("day"), day(60, 6))
    assert twice == find_stage(rows, day(60, 6))


def test_events_of_a_month_or_year_and_background_before_the_first_news_are_left_out() -> None:
    rows = routine(60)
    old = [act(-400, "ASSAULT", historical=True), act(59, "ASSAULT", precision="month"), act(59, "ASSAULT", precision="year")]
    at = day(59, 6)
    found = fit_cycle(make_table([*rows, *old]), at)
    assert len(found.weeks.ends) == 60 and found.weeks.numbers.sum() == len(rows)


def test_an_event_of_doubtful_coding_says_less() -> None:
    sure, doubtful = ([*routine(60), *({**row, "confidence": c} for row in attack(60))] for c in (1.0, 0.3))
    assert find_stage(make_table(doubtful), day(60, 6)).probabilities["provocation"] < find_stage(make_table(sure), day(60, 6)).probabilities["provocation"]


def test_what_all_papers_tell_says_more_than_what_one_prints() -> None:
    once, often = ([*routine(60), *attack(60)[:4], act(60, "ASSAULT", 5, reports=n)] for n in (1, 8))
    assert find_stage(make_table(often), day(60, 6)).probabilities["provocation"] > find_stage(make_table(once), day(60, 6)).probabilities["provocation"]


def test_the_last_week_ends_with_the_day_that_is_asked_for() -> None:
    weeks = cycle_weeks(fit_cycle(make_table(routine(10)), day(9, 2)))
    assert weeks["week_end"].max() == day(9, 2)
    assert (weeks["week_end"] - weeks["week_start"]).unique().to_list() == [datetime.timedelta(days=6)]
    assert np.allclose(weeks.group_by("week_end").agg(pl.col("filtered", "smoothed").sum()).drop("week_end").to_numpy(), 1)


def test_a_story_of_a_crisis_is_told_in_its_order() -> None:
    rows = routine(60)
    for week in range(60, 64):
        rows += [act(week, kind, n) for n, kind in enumerate(("ACCUSE", "REJECT", "ACCUSE", "REQUEST", "CONSULT"))]
    for week in range(64, 67):
        rows += attack(week)
    for week in range(67, 77):
        rows += [act(week, kind, n) for n, kind in enumerate(("CONSULT", "AGREE", "CONSULT", "CONSULT", "AGREE", "REQUEST", "AGREE"))]
    for week in range(77, 80):
        rows += [act(week, kind, n) for n, kind in enumerate(("RETREAT", "CONCEDE", "AGREE", "CONSULT", "RETREAT"))]
    table = make_table([*rows, *({**row, "day": row["day"] + datetime.timedelta(days=7 * 80)} for row in routine(30))])
    found = spells(fit_cycle(table, day(109, 6)))
    assert found["stage"].to_list() == ["calm", "grievance", "provocation", "bargaining", "concession", "calm"]
    assert sorted(i for ids in found["event_ids"] for i in ids) == sorted(table["event_id"])
    assert found["weeks"].sum() == 110 and found["probability"].is_between(0.4, 1).all()


# -- made-up crises with known stages; benchmarks/cycle.py has the figures -------------------------------------------------
def right_share(seed: int, *, learn: bool | None = None, **settings: Any) -> float:
    crisis = simulate_crisis(np.random.default_rng(seed), **settings)
    fit = fit_cycle(crisis.table, crisis.at, learn=learn)
    true = np.array([STAGES.index(stage) for stage in crisis.stages])[-len(fit.path) :]
    return float((fit.filtered.argmax(axis=1) == true).mean())


def test_seven_of_ten_weeks_of_made_up_crises_are_named_rightly() -> None:
    assert np.mean([right_share(seed) for seed in range(5)]) > 0.7


def test_a_dyad_whose_weeks_are_unlike_the_table_is_learned() -> None:
    settings = {"level": 10.0, "shares_like": 30.0, "miscoded": 0.2}
    table_only, learned = (np.mean([right_share(seed, learn=learn, **settings) for seed in range(4)]) for learn in (False, True))
    assert learned > table_only + 0.03


def test_a_dyad_with_little_history_keeps_to_the_table() -> None:
    fit = fit_cycle(make_table(routine(60)), day(59, 6))
    assert not fit.learned
    assert np.allclose(fit.emission.shares.sum(axis=1), 1)
    assert fit.emission.shares[0, 0] == load_cycle().stages["calm"].shares["cooperation"] / 100


def test_the_usual_volume_of_a_dyad_is_found() -> None:
    crisis = simulate_crisis(np.random.default_rng(3), level=6.0)
    assert fit_cycle(crisis.table, crisis.at).emission.level == pytest.approx(6.0, rel=0.3)


def test_no_other_volume_makes_a_dyads_weeks_more_likely() -> None:
    fit = fit_cycle(make_table([*routine(30), *(row for week in range(30, 90) for row in attack(week))]), day(89, 6))
    likelihoods = [infer(fit.chain, log_emission(fit.weeks, fit.emission._replace(level=fit.emission.level * factor))).log_likelihood for factor in (0.85, 1.0, 1.15)]
    assert likelihoods[1] == max(likelihoods)


# -- the sample corpus ------------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def north_south(tmp_path_factory: pytest.TempPathFactory) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The bundled reports, coded and merged -> the events between the Koreas, and how many events each day has in all."""
    store = open_store(tmp_path_factory.mktemp("sample") / "sample.db")
    documents = [d for d in read_documents([DEMO_REPORTS]) if isinstance(d, Document)]
    sketches: Sketches = {}
    for report in code_documents(documents, keep_all=True):
        add_report(store, report, sketches)
    found = load_dyad(store, find_party(store, "PRK"), find_party(store, "KOR")), load_volume(store)
    store.close()
    return found


@pytest.mark.parametrize(
    ("at", "stages"),
    [
        ("2017-09-15", {"provocation", "standoff"}),
        ("2017-11-30", {"provocation", "standoff"}),
        ("2017-12-31", {"provocation", "standoff"}),
        ("2018-04-15", {"bargaining"}),
        ("2018-04-30", {"bargaining"}),
        ("2020-06-16", {"provocation"}),
        ("2020-06-17", {"provocation"}),
    ],
)
def test_the_sample_corpus_goes_through_its_stages(north_south: tuple[pl.DataFrame, pl.DataFrame], at: str, stages: set[str]) -> None:
    table, volume = north_south
    assert find_stage(table, datetime.date.fromisoformat(at), volume=volume).stage in stages


def test_the_end_of_the_liaison_office_is_among_the_evidence(north_south: tuple[pl.DataFrame, pl.DataFrame]) -> None:
    table, volume = north_south
    found = find_stage(table, datetime.date(2020, 6, 16), volume=volume)
    [office] = table.filter((pl.col("day") == datetime.date(2020, 6, 16)) & (pl.col("event_type") == "ASSAULT"))["event_id"]
    assert office in [e.event_id for e in found.evidence[:5]]
