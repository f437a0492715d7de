"""How right the coding is and how good the forecasts are: figures measured before a release, and backtests on this store."""

from __future__ import annotations

import functools
import importlib.resources
import importlib.util
from typing import TYPE_CHECKING

import msgspec

from detente.web.asked import Asked
from detente.web.refusals import missing
from detente.web.routing import Page

if TYPE_CHECKING:
    from altair.typing import ChartType

    from detente.forecasting.backtest_dyads import DyadBacktest
    from detente.forecasting.kept_backtests import KeptBacktest, KeptRanking

COMMAND = "detente backtest dyads --since DAY --each quad --within 7"
RANKING_COMMANDS = ("detente backtest types --since DAY", "detente backtest quads --since DAY")
MODEL = "model"


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """A measure. ``wanted``: what was asked of it, ``None`` where nothing was; ``met``: whether it is so."""

    measure: str
    value: float
    unit: str = ""
    wanted: float | None = None
    met: bool | None = None
    detail: str = ""


class FigureGroup(msgspec.Struct, frozen=True):
    """Measures of one corpus or one part, and the command that takes them."""

    group: str
    command: str
    figures: tuple[Figure, ...]


class Accuracy(msgspec.Struct, frozen=True, kw_only=True):
    """The figures that came with this version; made by tools/make_accuracy.py from benchmarks/results.json."""

    measured_on: str
    codebook: str
    pipeline: str
    groups: tuple[FigureGroup, ...]


class TargetRow(msgspec.Struct, frozen=True, kw_only=True):
    """One target of a backtest. ``reason``: why there are no figures. ``skill``: of the model over each baseline, with the ends of its interval."""

    target: str
    horizon_days: int
    reason: str
    forecasts: int
    base_rate: float
    brier: float | None
    calibration_error: float | None
    auc: float | None
    skill: dict[str, tuple[float, float, float]]


class BacktestRow(msgspec.Struct, frozen=True, kw_only=True):
    """A backtest in the list; its days are ISO dates."""

    backtest_id: str
    made_at: str
    version: str
    pairs: int
    directed: bool
    first_day: str
    last_day: str
    events: int
    targets: tuple[TargetRow, ...]


class SkillPage(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of the coding and the backtests on this store; ``command`` makes one. ``rankings``: those of types and of quads. ``is_installed``: whether forecasts can be made here at all."""

    accuracy: Accuracy
    backtests: tuple[BacktestRow, ...]
    rankings: tuple[KeptRanking, ...]
    ranking_commands: tuple[str, ...]
    command: str
    is_installed: bool


class BacktestPage(msgspec.Struct, frozen=True, kw_only=True):
    """A backtest, whole: its row, and what was found."""

    row: BacktestRow
    baselines: tuple[str, ...]
    found: DyadBacktest


@functools.cache
def load_accuracy() -> Accuracy:
    """Nothing -> the figures of the coding that came with this version."""
    return msgspec.json.decode(importlib.resources.files("detente.web").joinpath("accuracy.json").read_bytes(), type=Accuracy)


def _kept(asked: Asked) -> list[KeptBacktest]:
    if not _has_forecasts():
        return []
    from detente.forecasting.kept_backtests import list_backtests

    return list_backtests(asked.store)


def _kept_rankings(asked: Asked) -> list[KeptRanking]:
    if not _has_forecasts():
        return []
    from detente.forecasting.kept_backtests import list_rankings

    # where the store lies on this machine is nobody's business
    return [msgspec.structs.replace(kept, store="") for kept in list_rankings(asked.store)]


def _has_forecasts() -> bool:
    return importlib.util.find_spec("numpy") is not None and importlib.util.find_spec("lightgbm") is not None


def _row(kept: KeptBacktest) -> BacktestRow:
    found = kept.found
    return BacktestRow(
        backtest_id=kept.backtest_id,
        made_at=kept.made_at,
        version=kept.version,
        pairs=len(found.dyads),
        directed=found.directed,
        first_day=str(found.score_day),
        last_day=str(found.end_day),
        events=found.events,
        targets=tuple(
            TargetRow(
                target=target.target,
                horizon_days=target.horizon_days,
                reason=target.reason,
                forecasts=target.forecasts,
                base_rate=target.base_rate,
                brier=score.brier.value if score else None,
                calibration_error=score.calibration_error if score else None,
                auc=score.auc if score else None,
                skill={name: (skill.value, skill.low, skill.high) for name, skill in target.skill.items()},
            )
            for target in found.targets
            for score in [target.scores.get(MODEL)]
        ),
    )


def read_skill(asked: Asked) -> SkillPage:
    """The store -> the figures of the coding, and the backtests on it."""
    return SkillPage(
        accuracy=load_accuracy(),
        backtests=tuple(_row(kept) for kept in _kept(asked)),
        rankings=tuple(_kept_rankings(asked)),
        ranking_commands=RANKING_COMMANDS,
        command=COMMAND,
        is_installed=_has_forecasts(),
    )


def _find(asked: Asked) -> KeptBacktest:
    name = asked.path["backtest"]
    found = next((kept for kept in _kept(asked) if kept.backtest_id == name), None)
    if found is None:
        raise missing(f"backtest: found none with the id {name[:40]!r} on this store; expected one of /skill")
    return found


def read_backtest(asked: Asked) -> BacktestPage:
    """``backtest`` of the address -> it."""
    kept = _find(asked)
    baselines = dict.fromkeys(name for target in kept.found.targets for name in target.skill)
    return BacktestPage(row=_row(kept), baselines=tuple(baselines), found=kept.found)


def draw_reliable(asked: Asked) -> ChartType | None:
    """How often came true what was forecast."""
    from detente.charts.reliability import draw_reliability

    found = _find(asked).found
    return draw_reliability(found) if any(not target.reason for target in found.targets) else None


def draw_skills(asked: Asked) -> ChartType | None:
    """The skill of the model over each baseline."""
    from detente.charts.skill import draw_skill

    found = _find(asked).found
    return draw_skill(found) if any(not target.reason for target in found.targets) else None


PAGES = (
    # backtests come and go without a change of the store: the pages are made anew each time
    Page("/skill", read_skill, "skill.html", "Skill", nav="skill", is_kept=False),
    Page(
        "/skill/{backtest}",
        read_backtest,
        "skill_backtest.html",
        lambda r: f"Backtest {r.row.first_day} to {r.row.last_day}",
        nav="skill",
        charts={"skill": draw_skills, "reliability": draw_reliable},
        is_kept=False,
    ),
)
