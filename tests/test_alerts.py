"""Alerts: each kind fires on what it is for, spares what it is not for, and knows nothing of later days."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from detente.analysis.alerts import Alert, AlertSettings, _log_share, _tail, find_alerts
from detente.analysis.table import make_table
from detente.codebook.alerts import load_alert_kinds
from detente.errors import CodebookError
from dyads import act, day, random_acts


def alerts(acts: list[dict[str, Any]], at: int, since: int = 0, **more: Any) -> list[Alert]:
    return find_alerts(make_table(acts), day(at), since=day(since), least_events=1, **more)


def kinds(acts: list[dict[str, Any]], at: int, since: int = 0) -> set[str]:
    return {kind for x in alerts(acts, at, since) for kind in (x.kind, *x.also)}


CALM = [act(n, -1) for n in range(0, 120, 6)]


def test_force_out_of_calm_is_an_onset() -> None:
    (one,) = alerts([*CALM, act(121, 5)], 121, 121)
    assert (one.kind, one.day, one.rung, one.before, one.after, one.event_ids) == ("onset", day(121), 5, 0, 5, ("121:5:a",))


def test_force_amid_quarrel_is_a_jump() -> None:
    (one,) = alerts([*CALM, act(110, 3), act(135, 5)], 135, 135)
    assert (one.kind, one.before, one.after) == ("jump", 2, 5)


def test_a_store_of_two_days_has_no_jump() -> None:
    acts = [act(200, -1), act(201, 5)]
    assert kinds(acts, 201) == set()
    recalled = [act(20, 1, "b"), act(150, 1, "b")]  # what the reports recall is no past of the store
    assert "jump" not in kinds([*recalled, *acts], 201, 201)


def test_a_pair_new_to_a_store_with_a_past_has_jumps() -> None:
    acts = [act(200, -1), act(201, 5)]
    reported = [pl.DataFrame({"day": [day(n) for n in range(first, 202)], "events": [10] * (202 - first)}) for first in (100, 180)]
    assert [[x.kind for x in alerts(acts, 201, volume=volume)] for volume in reported] == [["jump"], []]


def test_one_rung_more_is_no_alert() -> None:
    assert kinds([*CALM, act(110, 3), act(121, 4)], 121, 121) <= {"first-type"}


def test_incidents_that_become_fighting_are_a_jump() -> None:
    found = alerts([*CALM, *(act(n, 6) for n in (121, 125, 129))], 129, 129)
    assert [(x.kind, x.rung) for x in found] == [("jump", 7)]


def test_many_acts_of_conflict_at_once_are_a_burst() -> None:
    base = [act(n, 1, event_id=f"s{n}") for n in range(0, 100, 10)]
    burst = [act(100 + n // 3, 1, "b", event_id=f"t{n}") for n in range(12)]
    found = [x for x in alerts([*base, *burst], 104, 100) if x.kind == "burst"]
    assert len(found) == 1
    assert found[0].before < 2 < 6 <= found[0].after == len(found[0].event_ids)


def test_more_of_everything_is_no_burst() -> None:
    base = [act(n, 1, event_id=f"s{n}") for n in range(0, 100, 5)]
    burst = [act(100 + n // 3, 1, "b", event_id=f"t{n}") for n in range(12)]
    volume = pl.DataFrame({"day": [day(n) for n in range(105)], "events": [10] * 100 + [200] * 5})
    assert not [x for x in alerts([*base, *burst], 104, 100, volume=volume) if x.kind == "burst"]


def test_the_first_ever_show_of_force_between_old_acquaintances_is_told() -> None:
    quarrel = [act(n, 3, event_id=f"q{n}") for n in range(0, 120, 5)]
    found = alerts([*quarrel, act(121, 4)], 121, 121)
    assert [(x.kind, x.event_ids) for x in found] == [("first-type", ("121:4:a",))]


def test_the_second_of_its_type_is_no_first() -> None:
    quarrel = [act(n, 3, event_id=f"q{n}") for n in range(0, 120, 5)]
    assert kinds([*quarrel, act(2, 4), act(121, 4)], 121, 121) == set()


def everyone_else(days: int) -> list[dict[str, Any]]:
    return [act(n, 0, source="X", target="Y", event_id=f"x{n}") for n in range(days)]


def test_silence_after_noise_is_told_once() -> None:
    noise = [act(n, -1, event_id=f"n{n}") for n in range(100)]
    found = [x for x in alerts([*noise, *everyone_else(140)], 139, 100) if x.kind == "silence"]
    assert len(found) == 1
    assert found[0].event_ids == ("n99",)
    assert found[0].day > day(99)


def test_days_on_which_nothing_was_reported_are_no_silence() -> None:
    noise = [act(n, -1, event_id=f"n{n}") for n in range(100)]
    assert "silence" not in kinds([*noise, *everyone_else(100)], 139, 100)


@pytest.mark.parametrize(
    "more",
    [
        {"event_type": "SANCTION", "modes": ["withdraw"], "contexts": ["diplomatic"]},
        {"event_type": "SANCTION", "modes": ["discontinue"], "text": "cut the hotline at noon"},
        {"event_type": "ASSAULT", "modes": ["destroy", "explosives"], "text": "blew up the joint liaison office"},
        {"event_type": "COERCE", "modes": ["censor"], "text": "cut its phone lines"},
    ],
)
def test_a_broken_channel_is_told(more: dict[str, Any]) -> None:
    assert "broken-channel" in kinds([*CALM, act(121, 3, **more)], 121, 121)


@pytest.mark.parametrize(
    "more",
    [
        {"event_type": "SANCTION", "modes": ["discontinue"], "contexts": ["economic"], "text": "halted aid"},
        {"event_type": "SANCTION", "modes": [], "text": "imposed sanctions after talks"},
        {"event_type": "ASSAULT", "modes": ["destroy"], "text": "blew up a bridge"},
        {"event_type": "ACCUSE", "modes": [], "contexts": ["diplomatic"], "text": "said the hotline was unanswered"},
    ],
)
def test_other_breaks_are_no_broken_channel(more: dict[str, Any]) -> None:
    assert "broken-channel" not in kinds([*CALM, act(121, 3, **more)], 121, 121)


def test_an_alert_is_not_repeated_within_a_month() -> None:
    raids = [act(n, 5) for n in (121, 150)]
    settings = AlertSettings(jump_rungs=1)
    assert [x.day for x in alerts([*CALM, *raids], 150, 100, settings=settings) if x.kind in ("onset", "jump")] == [day(121), day(150)]
    assert len([x for x in alerts([*CALM, act(121, 4), act(123, 5)], 150, 100, settings=settings) if x.kind == "onset"]) == 1


def test_events_on_one_day_that_fit_two_kinds_are_one_alert() -> None:
    quarrel = [act(n, -1, event_id=f"q{n}") for n in range(0, 120, 5)]
    (one,) = alerts([*quarrel, act(121, 5)], 121, 121)
    assert (one.kind, one.also) == ("onset", ("first-type",))


def test_what_a_state_does_to_itself_raises_nothing() -> None:
    acts = [act(n, 5, source="A", target="A", event_id=f"i{n}") for n in range(0, 200, 3)]
    assert alerts(acts, 200) == []


def test_the_highest_score_comes_first() -> None:
    found = alerts([a for seed in range(3) for a in random_acts(seed, 300, 0.2) for a in [{**a, "event_id": f"{seed}{a['event_id']}", "target": f"T{seed}", "source": "S"}]], 300)
    assert len(found) > 3
    assert [x.score for x in found] == sorted((x.score for x in found), reverse=True)


@pytest.mark.parametrize("seed", range(4))
def test_the_alerts_of_a_day_do_not_change_with_what_comes_later(seed: int) -> None:
    acts = random_acts(seed, 300, 0.3)
    then = alerts([a for a in acts if a["day"] <= day(200)], 200)
    now = [x for x in alerts(acts, 300) if x.day <= day(200)]
    assert sorted(then, key=repr) == sorted(now, key=repr)


def test_no_events_raise_nothing() -> None:
    assert alerts([], 10) == []


def test_the_file_of_alerts_is_checked(tmp_path: Path) -> None:
    path = tmp_path / "alerts.toml"
    path.write_text('[first_type]\ntypes = ["HUG"]\n[broken_channel]\ntypes = {}\ncontexts = {}\nwords = []\n')
    with pytest.raises(CodebookError, match="found the type 'HUG'"):
        load_alert_kinds(path)
    path.write_text("[first_type]\n")
    with pytest.raises(CodebookError, match=r"alerts\.toml: found"):
        load_alert_kinds(path)


def test_days_that_are_out_by_a_quick_look_are_out_by_the_test() -> None:
    rng = np.random.default_rng(5)
    windows = rng.negative_binomial(rng.uniform(0.3, 20, (400, 1)), 0.2, (400, 12)).astype(np.int64)
    windows[:20] = 0
    windows[20:40] = 3
    expected = rng.uniform(0.05, 60, 400)
    seen = (expected * rng.uniform(1, 8, 400)).astype(np.int64) + 1
    tails = np.array([_tail(int(n), float(usual), before) for n, usual, before in zip(seen, expected, windows, strict=True)])
    shares = np.exp(_log_share(seen, expected, windows))
    assert (shares <= tails * (1 + 1e-6)).all()
    assert (tails <= 1e-5).any() and (shares > 1e-5 * np.e).any()
