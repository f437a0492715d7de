"""Evaluating: figures of small cases that can be counted by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from detente.cli import main
from detente.evaluating import evaluate_events


def gold_event(kind: str, source: list[str], target: list[str], **more: Any) -> dict[str, Any]:
    return {"type": kind, "source": source, "target": target, "date": None, "place": None, "said_by": [], "background": False, **more}


def coded_event(kind: str, source: str | None, target: str | None, **more: Any) -> dict[str, Any]:
    def side(country: str | None) -> list[dict[str, Any]]:
        return [] if country is None else [{"country": country, "sectors": ["GOV"], "name": country}]

    return {"doc_id": "d", "event_type": kind, "source": side(source), "target": side(target), "date": None, "place": None, "said_by": [], "historical": False, **more}


def document(*required: dict[str, Any], optional: tuple[dict[str, Any], ...] = ()) -> list[dict[str, Any]]:
    return [{"doc": "d", "required": list(required), "optional": list(optional)}]


def test_an_optional_event_counts_for_precision_only() -> None:
    gold = document(gold_event("ACCUSE", ["FRA/GOV"], ["ITA/GOV"]), optional=(gold_event("AID", ["FRA/GOV"], ["MLI/GOV"]),))
    score = evaluate_events(gold, [coded_event("AID", "FRA", "MLI")]).levels["strict"]
    assert (score.precision, score.recall, score.f1) == (1.0, 0.0, 0.0)


def test_a_required_event_is_matched_once() -> None:
    gold = document(gold_event("ACCUSE", ["FRA/GOV"], ["ITA/GOV"]))
    score = evaluate_events(gold, [coded_event("ACCUSE", "FRA", "ITA")] * 2).levels["strict"]
    assert (score.precision, score.recall) == (0.5, 1.0)


def test_concede_and_retreat_are_one_type() -> None:
    gold = document(gold_event("RETREAT", ["FRA/GOV"], ["ITA/GOV"]))
    assert evaluate_events(gold, [coded_event("CONCEDE", "FRA", "ITA")]).levels["strict"].f1 == 1.0


def test_the_levels_forgive_the_type_step_by_step() -> None:
    gold = document(gold_event("ACCUSE", ["FRA/GOV"], ["ITA/GOV"]))
    same_quad, other_quad = coded_event("REJECT", "FRA", "ITA"), coded_event("AID", "FRA", "ITA")
    assert [s.f1 for s in evaluate_events(gold, [same_quad]).levels.values()] == [0.0, 1.0, 1.0]
    assert [s.f1 for s in evaluate_events(gold, [other_quad]).levels.values()] == [0.0, 0.0, 1.0]


def test_the_sides_of_a_consultation_may_be_swapped_but_not_those_of_an_accusation() -> None:
    for kind, right in (("CONSULT", 1.0), ("ACCUSE", 0.0)):
        gold = document(gold_event(kind, ["FRA/GOV"], ["ITA/GOV"]))
        assert evaluate_events(gold, [coded_event(kind, "ITA", "FRA")]).levels["strict"].f1 == right


def test_a_stateless_actor_matches_by_a_name_that_contains_the_other() -> None:
    gold = document(gold_event("ASSAULT", ["---/REB:Islamic State"], ["IRQ/CVL"]))
    event = coded_event("ASSAULT", None, "IRQ") | {"source": [{"country": None, "sectors": ["REB"], "name": "Islamic State group"}]}
    assert evaluate_events(gold, [event]).levels["strict"].f1 == 1.0


def test_fields_are_judged_as_precisely_as_the_gold_states_them() -> None:
    gold = document(gold_event("AID", ["FRA/GOV"], ["MLI/GOV"], date="2020-06", place={"name": "Bamako"}, said_by=["MLI/GOV"]))
    event = coded_event(
        "AID",
        "FRA",
        "MLI",
        date={"start": "2020-06-16", "end": "2020-06-16", "precision": "day"},
        place={"name": "bamako"},
        said_by=[{"country": "MLI", "sectors": ["MIL"], "name": "Mali"}],
        historical=True,
    )
    fields = evaluate_events(gold, [event]).fields
    assert fields == {"date": (1, 1), "background": (0, 1), "place": (1, 1), "said_by": (1, 1), "source sector": (1, 1)}


def test_a_coarse_date_does_not_match_a_day() -> None:
    gold = document(gold_event("AID", ["FRA/GOV"], ["MLI/GOV"], date="2020-06-01"))
    event = coded_event("AID", "FRA", "MLI", date={"start": "2020-06-01", "end": "2020-06-30", "precision": "month"})
    assert evaluate_events(gold, [event]).fields["date"] == (0, 1)


def test_errors_name_what_stands_against_them() -> None:
    gold = document(gold_event("ACCUSE", ["FRA/GOV"], ["ITA/GOV"], evidence="France blamed Italy"))
    errors = evaluate_events(gold, [coded_event("THREATEN", "FRA", "ITA", evidence=[{"text": "France blamed Italy", "rule": "threaten.x"}])]).errors
    assert [(e.kind, e.event.type, e.near) for e in errors] == [("missed", "ACCUSE", ("THREATEN",)), ("wrong", "THREATEN", ("ACCUSE",))]


def test_types_have_tables_of_their_own() -> None:
    gold = document(gold_event("ACCUSE", ["FRA/GOV"], ["ITA/GOV"]), gold_event("AID", ["FRA/GOV"], ["MLI/GOV"]))
    types = evaluate_events(gold, [coded_event("ACCUSE", "FRA", "ITA"), coded_event("ACCUSE", "DEU", "ESP")]).types
    assert (types["ACCUSE"].precision, types["ACCUSE"].recall) == (0.5, 1.0)
    assert (types["AID"].coded, types["AID"].recall) == (0, 0.0)


def test_the_command_prints_the_figures_and_the_errors(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    gold, coded = tmp_path / "gold.jsonl", tmp_path / "coded.jsonl"
    gold.write_text(json.dumps(document(gold_event("ACCUSE", ["FRA/GOV"], ["ITA/GOV"], evidence="France blamed Italy"))[0]))
    coded.write_text(json.dumps(coded_event("AID", "FRA", "MLI", evidence=[{"text": "France helped", "rule": "aid.help"}])))
    assert main(["evaluate", str(gold), str(coded)]) == 0
    out = capsys.readouterr().out
    assert "missed d ACCUSE FRA/GOV > ITA/GOV" in out
    assert "'France helped' [aid.help]" in out
    assert main(["evaluate", str(gold), str(coded), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["strict"] == {"P": 0.0, "R": 0.0, "F1": 0.0, "n_pred": 1, "n_required": 1}


def test_a_broken_gold_line_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    gold = tmp_path / "gold.jsonl"
    gold.write_text('{"doc": "d", "required": []}\n')
    assert main(["evaluate", str(gold), str(gold)]) == 2
    assert "gold.jsonl:1: found" in capsys.readouterr().err
