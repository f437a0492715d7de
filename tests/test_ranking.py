"""Forecasts of who acts on whom: ranks and scores worked out by hand, baselines, counts, and that the future moves nothing."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse

from detente.cli import main
from detente.errors import InputError
from detente.forecasting import baselines, candidates, counts, evaluation, latent, ranking_features, rule_weights, rules
from detente.forecasting.attributes import find_attributes
from detente.forecasting.backtest_quads import QuadBacktest, Run, ask_past, backtest_quads, learn_past, plan_days
from detente.forecasting.counts import Counts, Family
from detente.forecasting.evaluation import Queries, rank_answers, score_ranks, take_queries
from detente.forecasting.quads import Benchmark, Quads, add_mirrors, join_quads, read_benchmark
from detente.forecasting.ranking_model import Settings, draw_candidates, fit_ranker, pack_samples, score_entities

ENTITIES = tuple(f"Citizen_({name})" for name in ("Chad", "Mali", "Niger", "Kenya", "Ghana", "Togo", "Benin", "Gabon", "Egypt", "Libya", "Sudan", "Malawi"))
RELATIONS = ("Consult", "Make_statement", "Threaten", "Use_unconventional_violence")
QUICK = Settings(rounds=5, leaves=7, threads=1)
Row = tuple[int, int, int, int]


def quads(rows: Sequence[Row]) -> Quads:
    return join_quads([Quads(*np.array(rows, dtype=np.int64).reshape(-1, 4).T)])


def made_up(rng: random.Random, count: int, first: int, last: int) -> list[Row]:
    """Events of a few busy pairs, of two kinds each, and some noise."""
    rows = []
    for n in range(count):
        subject, other = rng.choice(((0, 1), (2, 3), (4, 5), (6, 7))) if rng.random() < 0.8 else (rng.randrange(10), rng.randrange(10))
        rows.append((subject, rng.randrange(3), other, first + n * (last - first + 1) // count))
    return rows


def made_up_benchmark(seed: int = 1) -> Benchmark:
    rng = random.Random(seed)
    return Benchmark(ENTITIES, RELATIONS, (quads(made_up(rng, 240, 0, 23)), quads(made_up(rng, 60, 24, 29))))


def queries(subjects: Sequence[int], query: Sequence[int], answers: Sequence[int], day: int = 9) -> Queries:
    return Queries(day, np.array(subjects), np.zeros(len(subjects), np.int64), np.array(query), np.array(answers))


# -- ranks and scores -------------------------------------------------------------------------------------------------------
SCORES = np.array([[0.9, 0.5, 0.5, 0.1, 0.5], [0.2, 0.2, 0.2, 0.2, 0.2]], np.float32)


@pytest.mark.parametrize(("query", "answer", "rank"), [(0, 0, 1), (0, 3, 5), (0, 1, 3), (1, 4, 3)], ids=["best", "last", "middle of three level", "all level"])
def test_a_rank_counts_the_better_ones_and_half_of_the_level_ones(query: int, answer: int, rank: float) -> None:
    assert rank_answers(SCORES, queries([0, 1], [query], [answer])).tolist() == [rank]


def test_other_answers_of_the_query_are_taken_out() -> None:
    assert rank_answers(SCORES, queries([0, 1], [0, 0, 0], [0, 1, 3])).tolist() == [1, 2, 3]


def test_answers_of_another_query_stay_in() -> None:
    assert rank_answers(SCORES, queries([0, 1], [1, 0], [0, 3])).tolist() == [3, 5]


def test_an_event_told_twice_does_not_filter_itself() -> None:
    assert rank_answers(SCORES, queries([0], [0, 0], [3, 3])).tolist() == [5, 5]


def test_mrr_and_hits_are_those_worked_out_by_hand() -> None:
    found = score_ranks(np.array([1.0, 2.0, 4.0, 20.0]), np.array([1, 1, 2, 2]))
    assert found.queries == 4
    assert found.mrr.value == pytest.approx((1 + 1 / 2 + 1 / 4 + 1 / 20) / 4)
    assert {k: interval.value for k, interval in found.hits.items()} == {1: 0.25, 3: 0.5, 10: 0.75}


def test_an_interval_spans_the_days() -> None:
    mrr = score_ranks(np.array([1.0, 1.0, 4.0, 4.0]), np.array([1, 1, 2, 2])).mrr
    assert (mrr.low, mrr.high) == (0.25, 1.0)


def test_ranks_of_one_day_have_no_spread() -> None:
    mrr = score_ranks(np.array([1.0, 4.0]), np.array([3, 3])).mrr
    assert mrr.low == mrr.high == mrr.value == 0.625


def test_a_part_of_the_queries_keeps_its_answers() -> None:
    part = take_queries(queries([5, 6, 7], [0, 1, 2, 1], [1, 2, 3, 4]), np.array([1, 2]))
    assert (part.subjects.tolist(), part.query.tolist(), part.answers.tolist()) == ([6, 7], [0, 1, 0], [2, 3, 4])


def test_both_directions_are_asked() -> None:
    both = add_mirrors(quads([(0, 1, 2, 5)]), 4)
    assert sorted(zip(*(column.tolist() for column in both), strict=True)) == [(0, 1, 2, 5), (2, 5, 0, 5)]


# -- counts and baselines ---------------------------------------------------------------------------------------------------
def counted(rows: Sequence[Row], families: tuple[Family, ...], until: int) -> Counts:
    """Rows -> the counts of those before a day."""
    both = add_mirrors(quads(rows), len(RELATIONS))
    found = counts.make_counts(both, find_attributes(ENTITIES, RELATIONS), families)
    for day in range(until):
        counts.add_day(found, both.take(both.days == day), day)
    return found


def test_a_count_halves_with_each_half_life() -> None:
    found = counted([(0, 0, 1, 0), (0, 0, 1, 7)], (counts.TRIPLE,), 14)
    table = found.tables[counts.TRIPLE]
    row = counts.find_rows(table, counts.code_keys(found.maps, counts.TRIPLE, np.array([0]), np.array([0]), np.array([1])))
    assert counts.HALF_LIVES[1] == 7
    assert counts.faded(found, table, row, 14, (1, 4)).tolist() == [[0.75, 2.0]]


def test_what_has_not_come_yet_counts_nothing() -> None:
    found = counted([(0, 0, 1, 0), (0, 0, 2, 5)], (counts.TRIPLE,), 3)
    asked = queries([0], [0], [2], day=3)
    assert baselines.last_ages(found, asked)[0, :3].tolist() == [0, 3, 0]


def test_recurrency_is_the_weighted_sum_of_strict_and_relaxed() -> None:
    found = counted([(0, 0, 1, 0), (0, 0, 2, 1), (3, 0, 2, 1)], baselines.FAMILIES, 3)
    every = np.ones(2 * len(RELATIONS))
    scores = baselines.recurrency_scores(found, queries([0], [0], [1], day=3), baselines.Recurrency(1.0 * every, 0.9 * every))
    assert scores[0, :4].tolist() == pytest.approx([0, 0.9 * 2**-3 + 0.1 / 3, 0.9 * 2**-2 + 0.1 * 2 / 3, 0])


def test_frequency_counts_the_triple_and_settles_ties_by_the_relation() -> None:
    found = counted([(0, 0, 1, 0), (0, 0, 1, 1), (0, 0, 2, 1), (0, 0, 4, 1), (3, 0, 2, 1)], baselines.FAMILIES, 2)
    scores = baselines.frequency_scores(found, queries([0], [0], [1], day=2))[0]
    assert scores[:3].tolist() == pytest.approx([0, 2 + 0.5 * 2 / 5, 1 + 0.5 * 2 / 5])
    assert scores[2] > scores[4] > scores[3] == 0


def test_lambda_and_alpha_are_the_best_of_the_days_tried() -> None:
    steep = baselines.PAIRS.index((1.0, 0.99))
    reciprocal = np.full((40, len(baselines.PAIRS)), 0.1)
    reciprocal[:, steep] = 0.2
    chosen = baselines.choose_recurrency([baselines.Trial(np.zeros(40, np.int64), reciprocal)], 2)
    assert (chosen.fadings.tolist(), chosen.mixes.tolist()) == ([1.0, 1.0], [0.99, 0.99])


# -- the ranker ---------------------------------------------------------------------------------------------------------------
def scored_day(rows: Sequence[Row], day: int) -> np.ndarray:
    """All rows, of which those before a day train the ranker -> its scores of fixed queries on that day."""
    both = add_mirrors(quads(rows), len(RELATIONS))
    run = Run(ranking_features.make_state(both, find_attributes(ENTITIES, RELATIONS)), plan_days(0, day, day, 12), QUICK)
    learned = learn_past(run, both, lambda _: None)
    subjects, relations = (column.reshape(-1) for column in np.meshgrid(np.arange(len(ENTITIES)), np.arange(2 * len(RELATIONS))))
    asked = ask_past(run, Queries(day, subjects, relations, np.zeros(0, np.int64), np.zeros(0, np.int64)), learned.weights)
    ranked = score_entities(fit_ranker(pack_samples(learned.samples, QUICK), QUICK), asked.features, asked.mixed, asked.chosen, 1)
    return np.concatenate([ranked, baselines.recurrency_scores(run.state.counts, asked.queries, learned.recurrency)])


def test_planting_events_of_the_day_and_later_moves_no_score() -> None:
    rng = random.Random(2)
    past = made_up(rng, 200, 0, 19)
    planted = [(rng.randrange(12), rng.randrange(4), rng.randrange(12), rng.randrange(20, 40)) for _ in range(300)]
    np.testing.assert_allclose(scored_day([*past, *planted], 20), scored_day([*past, (0, 0, 1, 20)], 20), rtol=1e-5, atol=1e-6)


def test_an_event_of_the_past_does_move_scores() -> None:
    past = made_up(random.Random(2), 200, 0, 19)
    assert not np.allclose(scored_day([*past, (8, 1, 9, 19)], 20), scored_day(past, 20))


@pytest.fixture(scope="module")
def found() -> QuadBacktest:
    return backtest_quads(made_up_benchmark(), QUICK)


def test_a_backtest_asks_every_event_of_the_last_part_in_both_directions(found: QuadBacktest) -> None:
    assert {model: scores.queries for model, scores in found.scores.items()} == {"ranker": 120, "recurrency": 120, "frequency": 120}
    assert (found.history, found.first_day, found.last_day, sorted(found.by_day)) == (240, 24, 29, list(range(24, 30)))


def test_the_ranker_finds_the_pattern_of_made_up_events(found: QuadBacktest) -> None:
    assert found.scores["ranker"].mrr.value > 0.6


def test_kinds_of_answers_share_out_the_whole(found: QuadBacktest) -> None:
    assert sum(kind.share for kind in found.kinds.values()) == pytest.approx(1)
    assert sum(kind.share * kind.mrr["ranker"] for kind in found.kinds.values()) == pytest.approx(found.scores["ranker"].mrr.value)


def test_two_runs_give_the_same_figures(found: QuadBacktest) -> None:
    assert backtest_quads(made_up_benchmark(), QUICK).scores == found.scores


def test_with_three_parts_the_second_is_history_and_the_third_is_scored() -> None:
    train, valid = made_up_benchmark().parts
    test = quads(made_up(random.Random(5), 20, 30, 31))
    found = backtest_quads(Benchmark(ENTITIES, RELATIONS, (train, valid, test)), QUICK)
    assert (found.history, found.first_day, found.last_day, found.scores["ranker"].queries) == (300, 30, 31, 40)


def test_entities_that_were_never_seen_share_the_last_ranks() -> None:
    mixed = np.array([[0.5, 0.3, 0.2, 0, 0, 0]], np.float32)
    scores = score_entities(None, np.zeros((1, 4, 1), np.float32), mixed, np.array([[0, 1, 2, 3]]), 1)
    assert rank_answers(scores, queries([0], [0], [5])).tolist() == [5]


def test_an_entity_that_is_no_candidate_ranks_behind_them_by_the_mixture() -> None:
    mixed = np.array([[0.5, 0.3, 0.1, 0.15, 0, 0]], np.float32)
    scores = score_entities(None, np.zeros((1, 2, 1), np.float32), mixed, np.array([[0, 1]]), 1)
    assert np.argsort(-scores[0])[:4].tolist() == [0, 1, 3, 2]


def test_features_are_as_many_as_their_names() -> None:
    both = add_mirrors(made_up_benchmark().parts[0], len(RELATIONS))
    run = Run(ranking_features.make_state(both, find_attributes(ENTITIES, RELATIONS)), plan_days(0, 20, 20, 12), QUICK)
    learned = learn_past(run, both, lambda _: None)
    names = ranking_features.name_features()
    assert learned.samples[0].features.shape[2] == len(names) == len(set(names))


def test_answers_are_always_among_the_candidates_drawn() -> None:
    start, chosen = np.zeros((2, 50), np.float32), np.tile(np.arange(50), (2, 1))
    draw = draw_candidates(start, chosen, queries([0, 1], [0, 0, 1], [49, 7, 20]), 10, np.random.default_rng(1))
    assert [chosen[q][draw.kept[q]][draw.right[q]].tolist() for q in (0, 1)] == [[7, 49], [20]]
    assert draw.kept.shape == draw.start.shape == (2, 10)


def test_candidates_drawn_stand_for_all_wrong_ones() -> None:
    start = np.linspace(0, -6, 60, dtype=np.float32)[None]
    rng, asked, chosen = np.random.default_rng(1), queries([0], [0], [5]), np.arange(60)[None]
    draws = [draw_candidates(start, chosen, asked, 12, rng) for _ in range(2000)]
    below = np.mean([np.exp(draw.start[~draw.right]).sum() for draw in draws])
    assert below == pytest.approx(np.exp(np.delete(start, 5)).sum(), rel=0.02)


def test_with_few_candidates_all_are_drawn_as_they_are() -> None:
    start = np.array([[0.5, 0.1, -1]], np.float32)
    draw = draw_candidates(start, np.array([[4, 2, 9]]), queries([0], [0], [2]), 3, np.random.default_rng(1))
    assert (draw.kept.tolist(), draw.right.tolist(), draw.start.tolist()) == ([[0, 1, 2]], [[False, True, False]], start.tolist())


def test_reading_cells_of_a_sparse_matrix_leaves_the_scratch_empty() -> None:
    matrix = sparse.csr_matrix(np.array([[0, 2, 0], [3, 0, 4]], np.float32))
    scratch = np.zeros((2, 3), np.float32)
    assert candidates.read_cells(matrix, np.array([[0], [1]]), np.array([[1, 2], [2, 0]]), scratch).tolist() == [[2, 0], [4, 3]]
    assert not scratch.any()


def weighed_rules(days: int) -> np.ndarray:
    """Each day citizen 0 threatens whom it consulted the day before (1 on odd days, 2 on even ones) -> the shares of all, asked after so many days."""
    rows = [(0, 0, 1 + day % 2, day) for day in range(days)] + [(0, 2, 1 + (day - 1) % 2, day) for day in range(1, days)]
    both = add_mirrors(quads(rows), len(RELATIONS))
    attributes = find_attributes(ENTITIES, RELATIONS)
    found = counts.make_counts(both, attributes, (counts.TRIPLE,))
    known = rules.make_rules(found, attributes)
    learned = rule_weights.make_rule_weights(known)
    for day in range(days):
        events = both.take(both.days == day)
        asked = evaluation.make_queries(events, day)
        rule_weights.learn_rule_weights(learned, rules.find_bodies(found, known, asked), asked, len(ENTITIES))
        counts.add_day(found, events, day)
    asked = Queries(days, np.array([0, 9]), np.array([2, 2]), np.zeros(0, np.int64), np.zeros(0, np.int64))
    shares: np.ndarray = rule_weights.weigh_bodies(learned, rules.find_bodies(found, known, asked), (2, len(ENTITIES)))[1].toarray()
    return shares


def test_weights_of_rules_learn_who_comes_next() -> None:
    shares = weighed_rules(31)
    assert shares[0, 1] > 0.8 > 0.2 > shares[0, 2]
    assert shares[0].sum() == pytest.approx(1)


def test_who_never_acted_has_no_weighed_rules() -> None:
    assert not weighed_rules(5)[1].any()


def test_entities_with_like_acts_have_like_vectors_though_they_never_met() -> None:
    acts = np.zeros((6, 8), np.float32)
    acts[0, [0, 1, 2]] = acts[1, [0, 1, 3]] = acts[2, [5, 6]] = acts[3, [5, 7]] = 1
    profiles = sparse.csr_matrix(acts / np.maximum(np.linalg.norm(acts, axis=1, keepdims=True), 1))
    vectors = latent.find_vectors(latent.make_latents(6), profiles, 3)
    alike = vectors @ vectors.T
    assert alike[0, 1] > 0.5 > 0.1 > abs(alike[0, 2])
    assert not vectors[4:].any()


def test_the_days_that_train_lie_before_those_that_are_scored() -> None:
    plan = plan_days(0, 304, 333, 124)
    assert (plan.warm, plan.fit, plan.score, plan.end) == (100, 180, 304, 333)
    short = plan_days(0, 10, 12, 124)
    assert 0 < short.warm <= short.fit < short.score


# -- files and the command -----------------------------------------------------------------------------------------------------
def write_files(folder: Path, train: str, valid: str) -> list[str]:
    (folder / "train.txt").write_text(train)
    (folder / "valid.txt").write_text(valid)
    (folder / "entity2id.txt").write_text("".join(f"{name}\t{n}\n" for n, name in enumerate(ENTITIES)))
    (folder / "relation2id.txt").write_text("".join(f"{name}\t{n}\n" for n, name in enumerate(RELATIONS)))
    names = {"--train": "train.txt", "--valid": "valid.txt", "--entities": "entity2id.txt", "--relations": "relation2id.txt"}
    return ["backtest", "quads", "--threads", "1", *(word for flag, name in names.items() for word in (flag, str(folder / name)))]


def lines(rows: Quads, step: int = 24) -> str:
    return "".join(f"{s}\t{r}\t{o}\t{d * step}\t-1\n" for s, r, o, d in zip(*(column.tolist() for column in rows), strict=True))


@pytest.mark.parametrize("step", [24, 1], ids=["hours", "days"])
def test_times_in_hours_and_in_days_are_read_alike(tmp_path: Path, step: int) -> None:
    made = made_up_benchmark()
    write_files(tmp_path, *(lines(part, step) for part in made.parts))
    read = read_benchmark([tmp_path / "train.txt", tmp_path / "valid.txt"], tmp_path / "entity2id.txt", tmp_path / "relation2id.txt")
    assert [part.days.tolist() for part in read.parts] == [part.days.tolist() for part in made.parts]
    assert (read.entities, read.relations) == (ENTITIES, RELATIONS)


@pytest.mark.parametrize(
    ("valid", "message"),
    [
        ("", "valid.txt: found no rows"),
        ("0\t0\tx\t720\n", "valid.txt:1: found '0\\t0\\tx\\t720'; expected subject, relation, object and time"),
        ("0\t0\t1\t720\n0\t9\t1\t720\n", "valid.txt:2: found relation 9; expected a number of the list"),
        ("0\t0\t1\t0\n", "valid.txt: found day 0; expected days after 23"),
    ],
    ids=["empty", "no number", "unknown number", "overlap"],
)
def test_a_faulty_file_is_refused_with_its_line(tmp_path: Path, capsys: pytest.CaptureFixture[str], valid: str, message: str) -> None:
    assert main(write_files(tmp_path, lines(made_up_benchmark().parts[0]), valid)) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("name", ["train.txt", "valid.txt", "entity2id.txt", "relation2id.txt"])
def test_a_missing_file_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    arguments = write_files(tmp_path, lines(made_up_benchmark().parts[0]), "0\t0\t1\t720\n")
    (tmp_path / name).unlink()
    assert main(arguments) == 2
    assert f"{tmp_path / name}: cannot be read" in capsys.readouterr().err


def test_a_chart_of_another_kind_is_refused_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*write_files(tmp_path, "", ""), "-o", "chart.bmp"]) == 2
    assert "chart.bmp: found the ending '.bmp'; expected one of .png, .svg" in capsys.readouterr().err


def test_one_day_of_history_is_too_little() -> None:
    part = quads([(0, 0, 1, 3)])
    with pytest.raises(InputError, match="found 1 days; expected 2 or more"):
        backtest_quads(Benchmark(ENTITIES, RELATIONS, (part, quads([(0, 0, 1, 4)]))), QUICK)


def test_a_hits_level_is_reported_for_one_three_and_ten() -> None:
    assert evaluation.HITS == (1, 3, 10)


def test_the_command_shows_the_ranker_beside_the_baselines_and_draws_the_days(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, found: QuadBacktest
) -> None:
    asked: list[Benchmark] = []
    monkeypatch.setattr("detente.forecasting.backtest_quads.backtest_quads", lambda benchmark, *_: asked.append(benchmark) or found)
    made = made_up_benchmark()
    chart = tmp_path / "days.svg"
    assert main([*write_files(tmp_path, *(lines(part) for part in made.parts)), "-o", str(chart)]) == 0
    out = capsys.readouterr().out
    assert [part.events for part in asked[0].parts] == [240, 60]
    assert [line.split()[0] for line in out.splitlines()[4:7]] == ["ranker", "recurrency", "frequency"]
    assert out.startswith("120 queries, both directions, of days 24 to 29; 240 events before them; 12 entities, 4 relations")
    assert all(f">{model}<" in chart.read_text() for model in ("ranker", "recurrency", "frequency"))


def test_json_has_the_figures_by_model_and_day(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, found: QuadBacktest) -> None:
    monkeypatch.setattr("detente.forecasting.backtest_quads.backtest_quads", lambda benchmark, *_: found)
    assert main([*write_files(tmp_path, *(lines(part) for part in made_up_benchmark().parts)), "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["scores"]["ranker"]["mrr"]["value"] == found.scores["ranker"].mrr.value
    assert set(shown["by_day"]) == {str(day) for day in range(24, 30)}
