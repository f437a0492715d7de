"""Dyad forecasts on ICEWS14 month by month: each month of train with a model of the days before it, then valid, if asked for. Beside skill and calibration error what forecasts
as these would have by chance if every one of them held (`dyad_chance.py`): the skill over dyad climatology, the calibration error from 0.1 to 0.6, and what one draw in forty exceeds.

    python benchmarks/dyads.py [--undirected] [--target conflict] [--within 7] [--valid]
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from detente.forecasting.dyad_baselines import CLIMATOLOGY, DYAD_CLIMATOLOGY, make_baselines
from detente.forecasting.dyad_chance import draw_scores
from detente.forecasting.dyad_events import DyadEvents, choose_dyads, read_dyad_events
from detente.forecasting.dyad_features import Array, make_features
from detente.forecasting.dyad_model import DyadSettings, predict, train_model
from detente.forecasting.dyad_scores import MIDDLE, sum_errors, tabulate_reliability
from detente.forecasting.dyad_targets import Target, answer, parse_target
from detente.forecasting.dyad_training import MOST_DYADS
from detente.forecasting.quads import read_benchmark

FOLDER = Path(os.environ.get("DETENTE_ICEWS14") or Path(__file__).resolve().parents[2] / "shared" / "data" / "icews14")
MONTHS = (150, 180, 210, 240, 270)
"""First days of the months of train that settings were chosen on."""
VALID = 304
DAYS, DYADS = 30, 200


def forecast_month(events: DyadEvents, start: int, target: Target, horizon: int, *, directed: bool) -> tuple[Array, Array, dict[str, Array]]:
    """Events, the first day of a month and what is asked -> forecasts, what came, and baselines, each [dyad, day]; as ``detente backtest dyads`` does it."""
    stop = start + DAYS
    known = events.take(events.days < stop)
    features = make_features(known, choose_dyads(known, start, MOST_DYADS, directed=directed), target, horizon, stop, directed=directed)
    days, asked = np.arange(start, stop - horizon + 1), features.take(DYADS)
    told = predict(train_model(features, horizon, start, DyadSettings()), asked, days)
    right = answer(asked.counts, horizon)[:, days].astype(float)
    return told, right, {name: values[:, days] for name, values in make_baselines(asked, horizon, start).items()}


def find_error(told: Array, right: Array, low: float = 0.0, high: float = 1.0) -> float:
    """Forecasts and what came -> the calibration error of the forecasts from ``low`` to ``high``."""
    inside = (told >= low) & (told < high)
    return sum_errors(tabulate_reliability(told[inside], right[inside])) if inside.any() else 0.0


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line -> a table on standard output."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--undirected", action="store_true")
    parser.add_argument("--target", default="conflict")
    parser.add_argument("--within", type=int, default=7)
    parser.add_argument("--valid", action="store_true")
    given = parser.parse_args(arguments)
    events = read_dyad_events(read_benchmark([FOLDER / "train.txt", FOLDER / "valid.txt"], FOLDER / "entity2id.txt", FOLDER / "relation2id.txt"))
    print(f"{'from day':>8}{'came':>8}{'over climatology':>18}{'over dyad climatology':>23}{'if right':>10}{'error':>8}{'.1-.6':>8}{'if right':>10}{'1 in 40':>9}")
    rows = []
    for start in (*MONTHS, *([VALID] if given.valid else [])):
        told, right, baselines = forecast_month(events, start, parse_target(given.target), given.within, directed=not given.undirected)
        skills = [float(1 - ((told - right) ** 2).sum() / ((baselines[name] - right) ** 2).sum()) for name in (CLIMATOLOGY, DYAD_CLIMATOLOGY)]
        held = draw_scores(told, {DYAD_CLIMATOLOGY: baselines[DYAD_CLIMATOLOGY]}, given.within)
        by_chance = held.middle_calibration_error
        row = [float(right.mean()), *skills, held.skill[DYAD_CLIMATOLOGY].value, find_error(told, right), find_error(told, right, *MIDDLE)]
        row += [by_chance.value, by_chance.high] if by_chance else [0.0, 0.0]
        print(_line(str(start), row), flush=True)
        if start != VALID:
            rows.append((row, told, right))
    print(_line("mean", np.mean([row for row, _, _ in rows], axis=0).tolist()))
    told, right = (np.concatenate([values.reshape(-1) for values in part]) for part in ([told for _, told, _ in rows], [right for _, _, right in rows]))
    print(f"the months before valid in one: calibration error {find_error(told, right):.4f}, {find_error(told, right, *MIDDLE):.4f} from 0.1 to 0.6")


def _line(name: str, row: Sequence[float]) -> str:
    return f"{name:>8}" + "".join(f"{value:>{width}.{places}f}" for value, width, places in zip(row, (8, 18, 23, 10, 8, 8, 10, 9), (3, 3, 3, 3, 4, 3, 3, 3), strict=True))


if __name__ == "__main__":
    main()
