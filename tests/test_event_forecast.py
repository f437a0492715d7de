"""Event forecasts: whom an act is directed at and which type comes next; that the future moves nothing, and what is refused."""

from __future__ import annotations

import datetime
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from detente.analysis.table import make_table
from detente.cli import main
from detente.errors import InputError
from detente.forecasting import rank_models
from detente.forecasting.backtest_types import TYPE_SETTINGS, backtest_types, learn_types
from detente.forecasting.dyad_training import find_model_day
from detente.forecasting.evaluation import Queries, make_queries
from detente.forecasting.event_forecast import EventForecast, find_past, rank_targets, rank_types
from detente.forecasting.quads import add_mirrors
from detente.forecasting.rank_models import TARGETS, TYPES, find_rank_model, learn_rank_model
from detente.forecasting.ranking_features import advance, fill_state, make_state, take_lessons
from detente.forecasting.ranking_model import Settings
from detente.forecasting.rules import find_bodies
from detente.forecasting.store_quads import EPOCH, StoreQuads, split_quads, take_quads
from detente.forecasting.trees import score_trees, take_trees
from detente.forecasting.type_ranking import (
    PairQueries,
    ask_pairs,
    choose_fading,
    count_day,
    frequency_of_types,
    make_type_features,
    make_type_state,
    mix_shares,
    recurrency_of_types,
)
from detente.show_rank import event_lines
from detente.store.importing import Imported, import_events
from detente.store.schema import open_store
from stores import event

FIRST = datetime.date(2020, 1, 1)
Row = tuple[int, str, str, str]
QUICK = Settings(candidates=6, drawn=6, fit_days=40, rounds=10, threads=1)
QUICK_TYPES = TYPE_SETTINGS._replace(rounds=10, threads=1)


def day(number: int) -> datetime.date:
    return FIRST + datetime.timedelta(days=number)


def made_up(days: int = 120) -> list[Row]:
    """North Korea mobilises against the South every third day and talks with China; the South rejects the day after; others trade words."""
    rng, rows = np.random.default_rng(7), list[Row]()
    for number in range(days):
        if number % 3 == 0:
            rows += [(number, "PRK", "MOBILIZE", "KOR"), (number, "CHN", "CONSULT", "PRK")]
        if number % 3 == 1:
            rows.append((number, "KOR", "REJECT", "PRK"))
        for source, target in (("USA", "CHN"), ("CHN", "USA"), ("JPN", "KOR"), ("KOR", "JPN"), ("USA", "PRK"), ("Hamas", "ISR"), ("ISR", "Hamas"), ("PRK", "JPN")):
            if rng.random() < 0.8:
                rows.append((number, source, str(rng.choice(["ACCUSE", "CONSULT", "REQUEST"])), target))
    return rows


def take(rows: Sequence[Row]) -> StoreQuads:
    return take_quads(make_table([{"day": day(number), "source": source, "target": target, "event_type": kind} for number, source, kind, target in rows]))


def targets(found: StoreQuads, actor: str, kind: str, at: datetime.date) -> EventForecast:
    return rank_targets(found, actor, kind, at, learn_rank_model(TARGETS, found, find_model_day(at), QUICK))


def types(found: StoreQuads, actor: str, toward: str, at: datetime.date) -> EventForecast:
    return rank_types(found, actor, toward, at, learn_rank_model(TYPES, found, find_model_day(at), QUICK_TYPES))


def names(found: EventForecast) -> list[str]:
    return [answer.name for answer in found.answers]


# -- events of a store ---------------------------------------------------------------------------------------------------------
def test_quads_of_a_store_leave_out_what_a_party_does_to_itself_the_past_and_unsharp_days() -> None:
    base = {"source": "PRK", "target": "KOR", "event_type": "ASSAULT", "day": "2020-06-16"}
    table = make_table([base, base | {"target": "PRK"}, base | {"historical": True}, base | {"precision": "month"}, base | {"day": "2020-06-18", "source": "Hamas"}])
    found = take_quads(table)
    assert (found.parties, found.first) == (("Hamas", "KOR", "PRK"), (datetime.date(2020, 6, 16) - EPOCH).days)
    assert (found.quads.days.tolist(), found.quads.subjects.tolist()) == ([0, 2], [2, 0])


def test_parties_are_grouped_by_region_and_by_the_sectors_told_before_the_day() -> None:
    rows = [(0, "PRK", "ACCUSE", "KOR"), (0, "KEN", "ACCUSE", "KOR"), (5, "A", "ACCUSE", "KOR"), (9, "B", "ACCUSE", "KOR")]
    table = make_table([{"day": day(n), "source": s, "target": t, "event_type": k, "source_sectors": "+REB+"} for n, s, k, t in rows])
    found = take_quads(table, day(7))
    country, role = ({name: int(groups[n]) for n, name in enumerate(found.parties)} for groups in (found.attributes.countries, found.attributes.roles))
    assert country["PRK"] == country["KOR"] != country["KEN"]
    assert role["PRK"] == role["KEN"] != role["A"] != role["B"]


@pytest.mark.parametrize("score", [0, 50])
def test_a_store_without_events_on_both_sides_of_the_day_is_refused(score: int) -> None:
    with pytest.raises(InputError, match="expected some before the first scored day and some from it on"):
        split_quads(take([(1, "PRK", "ACCUSE", "KOR"), (2, "PRK", "ACCUSE", "KOR")]), (day(score) - EPOCH).days)


def test_a_store_without_events_between_parties_is_refused() -> None:
    with pytest.raises(InputError, match="found no events between two parties"):
        take([(0, "PRK", "ASSAULT", "PRK")])


# -- types -----------------------------------------------------------------------------------------------------------------------
def counted(rows: Sequence[Row], asked: tuple[str, str]) -> tuple[StoreQuads, object, PairQueries]:
    found = take(rows)
    quads = add_mirrors(found.quads, found.attributes.relations)
    state = make_type_state(quads, found.attributes)
    for number in np.unique(quads.days):
        count_day(state, quads.take(quads.days == number), int(number))
    pair = [np.array([found.parties.index(name)]) for name in asked]
    return found, state, PairQueries(int(quads.days[-1]) + 1, *pair, np.zeros(0, np.int64), np.zeros(0, np.int64))  # type: ignore[arg-type]


def test_only_acts_as_they_were_are_asked_for_not_their_mirrors() -> None:
    found = take([(0, "PRK", "ACCUSE", "KOR"), (0, "PRK", "REJECT", "KOR"), (0, "KOR", "ACCUSE", "PRK")])
    queries = ask_pairs(add_mirrors(found.quads, found.attributes.relations), 0, found.attributes.relations)
    assert (len(queries.subjects), len(queries.answers)) == (2, 3)


def test_shares_of_a_pair_add_up_and_follow_what_it_did() -> None:
    found, state, queries = counted([*[(n, "PRK", "ASSAULT", "KOR") for n in range(9)], (9, "USA", "CONSULT", "CHN")], ("PRK", "KOR"))
    shares = mix_shares(state, queries)[0]  # type: ignore[arg-type]
    assert shares.sum() == pytest.approx(1)
    assert found.types[int(shares.argmax())] == "ASSAULT"
    assert (shares > 0).all()


def test_recurrency_goes_by_the_latest_and_frequency_by_how_often() -> None:
    found, state, queries = counted([(0, "PRK", "ACCUSE", "KOR"), (1, "PRK", "ACCUSE", "KOR"), (8, "PRK", "REJECT", "KOR"), (8, "USA", "CONSULT", "KOR")], ("PRK", "KOR"))
    lately, often = recurrency_of_types(state, queries)[0], frequency_of_types(state, queries)[0]  # type: ignore[arg-type]
    accuse, reject, consult, aid = (found.types.index(name) for name in ("ACCUSE", "REJECT", "CONSULT", "AID"))
    assert lately[reject] > lately[accuse] > lately[consult] > lately[aid] == 0
    assert often[accuse] > often[reject] > often[consult] > often[aid] == 0


def test_the_best_fading_is_that_of_the_days_tried() -> None:
    tried = np.full((5, 24), 0.2)
    tried[:, 3] = 0.9
    assert choose_fading([tried]) == (0.0, 0.99999)


def test_features_of_types_do_not_move_with_events_of_the_day_and_later() -> None:
    rows = made_up(60)
    planted = [*rows, *[(n, "PRK", "AID", "KOR") for n in range(60, 80) for _ in range(30)]]
    columns = []
    for some in (rows, planted):
        found = take(some)
        quads = add_mirrors(found.quads, found.attributes.relations)
        state = make_type_state(quads, found.attributes)
        learn_types(state, quads, 60, QUICK_TYPES)
        queries = PairQueries(60, np.array([found.parties.index("PRK")]), np.array([found.parties.index("KOR")]), np.zeros(0, np.int64), np.zeros(0, np.int64))
        columns.append(make_type_features(state, queries, mix_shares(state, queries)))
    assert np.array_equal(columns[0], columns[1])


def test_a_backtest_of_types_finds_who_answers_how() -> None:
    found = take(made_up())
    scored = backtest_types(split_quads(found, (day(100) - EPOCH).days), found.attributes, QUICK_TYPES)
    assert list(scored.scores) == ["ranker", "counts", "recurrency", "frequency"]
    assert scored.scores["ranker"].mrr.value > 0.6
    assert scored.kinds["known pair"][0] == 1
    assert sum(row.forecasts for row in scored.reliability["ranker"]) == 16 * scored.scores["ranker"].queries
    assert (scored.first_day, scored.last_day) == (100, 119)


# -- forecasts at a day ----------------------------------------------------------------------------------------------------------
@pytest.fixture
def little(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few hundred events are enough to train on."""
    monkeypatch.setattr(rank_models, "LEAST_EVENTS", 200)


@pytest.mark.usefixtures("little")
def test_the_target_of_an_act_is_ranked_with_probabilities_beside_recurrency() -> None:
    found = targets(take(made_up()), "PRK", "mobilize", day(119))
    assert (found.method, found.event_type, found.own_events, found.reason) == ("ranker", "MOBILIZE", 40, "")
    assert sum(answer.probability for answer in found.answers) == pytest.approx(1)
    assert (found.answers[0].name, found.answers[0].recurrency_place, found.answers[0].events, found.answers[0].last) == ("KOR", 1, 40, day(117))
    assert "PRK" not in names(found)
    assert found.answers[1].recurrency_place is None


@pytest.mark.usefixtures("little")
def test_the_type_that_comes_next_is_ranked() -> None:
    found = types(take(made_up()), "KOR", "PRK", day(119))
    assert (found.method, names(found)[0], len(found.answers)) == ("ranker", "REJECT", 16)
    assert sum(answer.probability for answer in found.answers) == pytest.approx(1, abs=1e-5)


@pytest.mark.usefixtures("little")
def test_nothing_after_the_day_moves_an_event_forecast() -> None:
    rows = made_up()
    planted = [*rows, *[(n, "PRK", kind, "USA") for n in range(100, 200) for kind in ("MOBILIZE", "AID")]]
    one, other = ([targets(take(some), "PRK", "MOBILIZE", day(99)), types(take(some), "PRK", "USA", day(99))] for some in ([r for r in rows if r[0] < 100], planted))
    assert one == other


def test_below_enough_events_the_counts_rank_and_say_so() -> None:
    rows = made_up(40)
    found = targets(take(rows), "PRK", "MOBILIZE", day(39)), types(take(rows), "PRK", "KOR", day(39))
    assert [forecast.method for forecast in found] == ["counts", "counts"]
    assert [names(forecast)[0] for forecast in found] == ["KOR", "MOBILIZE"]
    assert any("as too little was known before 1 February 2020 to train a ranker" in line for line in event_lines(found[0], 3))


def test_who_has_not_acted_is_not_forecast() -> None:
    rows = [*made_up(10), (30, "KEN", "ACCUSE", "SOM")]
    found = targets(take(rows), "KEN", "ACCUSE", day(9)), types(take(rows), "KEN", "SOM", day(9))
    assert [(forecast.reason, forecast.answers) for forecast in found] == [("no-acts", ()), ("no-acts", ())]
    assert list(event_lines(found[1], 5))[1] == "not enough data: Kenya has not acted, nor has anybody acted toward Somalia in the days that count"


@pytest.mark.parametrize(
    ("actor", "kind", "at", "message"),
    [
        ("KEN", "ACCUSE", day(5), "KEN: found no event of it with another party"),
        ("PRK", "WAR", day(5), "the type: found 'WAR'; expected one of AGREE"),
        ("PRK", "ACCUSE", datetime.date(2019, 1, 1), "found no events between two parties in the 730 days up to 2019-01-01"),
    ],
)
def test_what_cannot_be_asked_is_refused(actor: str, kind: str, at: datetime.date, message: str) -> None:
    with pytest.raises(InputError, match=message):
        targets(take(made_up(10)), actor, kind, at)


# -- the model that is kept ------------------------------------------------------------------------------------------------------
def test_counts_filled_at_once_are_those_of_each_day() -> None:
    found = take(made_up(60))
    quads = add_mirrors(found.quads, found.attributes.relations)
    slow = make_state(quads, found.attributes)
    for number in np.unique(quads.days):
        events = quads.take(quads.days == number)
        queries = make_queries(events, int(number))
        advance(slow, events, queries, find_bodies(slow.counts, slow.rules, queries))
    subject, relation = found.parties.index("PRK"), found.types.index("MOBILIZE")
    asked = Queries(int(quads.days[-1]) + 20, np.array([subject]), np.array([relation]), np.zeros(0, np.int64), np.zeros(0, np.int64))
    quick = fill_state(quads, found.attributes, asked, take_lessons(slow))
    assert np.array_equal(quick.rules.right, slow.rules.right)
    for one, other in ((slow.counts.tables, quick.counts.tables), (slow.new, quick.new)):
        for family, table in other.items():
            rows = np.searchsorted(one[family].codes, table.codes)
            assert len(rows)
            assert np.array_equal(one[family].codes[rows], table.codes)
            for name in ("sums", "first", "last", "days"):
                assert np.allclose(getattr(one[family], name)[rows], getattr(table, name)[:-1]), (family, name)


def test_trees_as_arrays_say_what_lightgbm_says() -> None:
    lightgbm = pytest.importorskip("lightgbm")
    rng = np.random.default_rng(3)
    features = rng.normal(size=(400, 5)).astype(np.float32)
    data = lightgbm.Dataset(features, features[:, 0] * features[:, 1] + (features[:, 2] > 0))
    booster = lightgbm.train({"num_leaves": 9, "verbose": -1, "num_threads": 1, "seed": 1, "deterministic": True, "force_row_wise": True}, data, num_boost_round=12)
    assert score_trees(take_trees(booster), features) == pytest.approx(booster.predict(features, raw_score=True))


def test_trees_that_could_not_grow_are_their_one_leaf() -> None:
    lightgbm = pytest.importorskip("lightgbm")
    features = np.zeros((50, 2), np.float32)
    booster = lightgbm.train({"verbose": -1, "num_threads": 1}, lightgbm.Dataset(features, np.ones(50)), num_boost_round=3)
    assert score_trees(take_trees(booster), features) == pytest.approx(booster.predict(features, raw_score=True))


@pytest.mark.usefixtures("little")
@pytest.mark.parametrize(("kind", "settings"), [(TARGETS, QUICK), (TYPES, QUICK_TYPES)])
def test_a_model_is_trained_once_and_then_found(kind: str, settings: Settings, tmp_path: Path) -> None:
    past, told = take(made_up(100)), list[str]()
    one, other = (find_rank_model(kind, past, day(91), tmp_path, told.append, settings) for _ in range(2))
    assert len(told) == 1
    asked = [rank_targets(past, "PRK", "MOBILIZE", day(99), m) if kind == TARGETS else rank_types(past, "KOR", "PRK", day(99), m) for m in (one, other)]
    assert asked[0] == asked[1]
    assert asked[0].method == "ranker"


@pytest.mark.usefixtures("little")
def test_days_of_a_month_share_a_model_and_have_counts_of_their_own() -> None:
    found = take(made_up(120))
    model = learn_rank_model(TARGETS, found, day(91), QUICK)
    early, late = (rank_targets(found, "PRK", "MOBILIZE", day(number), model) for number in (95, 115))
    assert (early.model_day, late.model_day) == (day(91), day(91))
    assert (early.own_events, late.own_events) == (32, 39)
    assert early.answers[0].last == day(93)


def test_events_read_from_arrays_are_those_known_at_the_day(store: Path, tmp_path: Path) -> None:
    opened = open_store(store, create=False)
    past = find_past(opened, day(35), tmp_path)
    opened.close()
    rows = [row for row in made_up(40) if row[0] <= 35]
    assert past.now.quads.events == len(rows)
    assert past.before.quads.events == len([row for row in rows if row[0] < 31])
    assert past.now.parties == take(rows).parties
    assert (past.now.first - past.before.first) % 7 == 0


# -- the command -----------------------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("events") / "events.db"
    opened = open_store(path, create=True)
    rows = [Imported(f"e{n}", n, event(kind, source, target, day(number).isoformat(), f"act {n}"), f"act {n}") for n, (number, source, kind, target) in enumerate(made_up(40))]
    import_events(opened, rows, origin="icews", location="test", codebook="plover-2.0/test", licence="none", may_be_passed_on=False)
    opened.close()
    return path


def run(store: Path, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    code = main(["forecast", *words, "--store", str(store)])
    said = capsys.readouterr()
    return code, said.err if code == 2 else said.out


def test_the_command_ranks_targets_by_the_names_that_people_use(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out = run(store, capsys, "--actor", "north korea", "--type", "mobilize", "--at", "2020-02-09", "--limit", "2")
    lines = out.splitlines()
    assert (code, lines[0]) == (0, "Whom will North Korea direct MOBILIZE at? From the day after 9 February 2020, if there is such an act.")
    head = next(n for n, line in enumerate(lines) if "probability" in line)
    assert max(map(len, lines[:head])) <= 105
    assert lines[head + 1].split()[:3] == ["1", "South", "Korea"]
    assert " more " in lines[head + 3]


def test_the_command_ranks_what_comes_next_as_json(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out = run(store, capsys, "PRK", "KOR", "--next", "--json")
    shown = json.loads(out)
    assert (code, shown["question"], shown["actor"], shown["toward"], shown["at"]) == (0, "type", "PRK", "KOR", "2020-02-09")
    assert shown["answers"][0]["name"] == "MOBILIZE"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "found no party; expected two, or --actor and --type"),
        (("PRK",), "found one party; expected two, or --actor and --type"),
        (("--actor", "PRK"), "found --actor without --type; expected both"),
        (("--type", "AID", "PRK", "KOR"), "found --type without --actor; expected both"),
        (("PRK", "KOR", "--actor", "PRK", "--type", "AID"), "found --actor with PRK; expected either"),
        (("PRK", "KOR", "--next", "--within", "7"), "--within: found it with --next; expected it with two parties alone"),
        (("PRK", "KOR", "--next", "--limit", "0"), "--limit: found 0; expected 1 or more"),
        (("PRK", "PRK", "--next"), "the pair: found PRK twice; expected two parties"),
        (("PRK/MIL", "KOR", "--next"), "PRK/MIL: found a part of a party; expected one country"),
        (("East Asia", "KOR", "--next"), "East Asia: found a group of countries; expected one country"),
        (("PRK", "KEN", "--next"), "KEN: found no event of it with another party"),
        (("PRK", "KOR", "--next", "--origin", "gdelt"), "--origin: found gdelt; expected one that coded events of the store: icews"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(store: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], message: str) -> None:
    code, err = run(store, capsys, *words)
    assert (code, message in err) == (2, True), err
