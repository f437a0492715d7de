"""Event forecasts on the ICEWS14 benchmark: the ranker beside the recurrency baseline, in a process of its own so that its memory is its own.

python benchmarks/quads.py                       (make bench calls the same function)
python benchmarks/quads.py --test path/test.txt  # valid is history, test is scored
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "benchmarks")]

from store import Measure  # noqa: E402

DATA = ROOT.parent / "shared" / "data" / "icews14"
THREADS = "2"


def measure_quads(data: Path = DATA, test: Path | None = None) -> Iterator[Measure]:
    """A folder with train, valid and the two lists of names, and perhaps a test file -> the figures; nothing if the folder is not there."""
    if not (data / "train.txt").exists():
        return
    options = {"train": "train.txt", "valid": "valid.txt", "entities": "entity2id.txt", "relations": "relation2id.txt"}
    command = [sys.executable, "-m", "detente", "backtest", "quads", "--json", "--threads", THREADS]
    command += [word for flag, name in options.items() for word in (f"--{flag}", str(data / name))]
    command += ["--test", str(test)] if test else []
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT / "src"), os.environ.get("PYTHONPATH", "")]))}
    environment.pop("OMP_NUM_THREADS", None)  # run.py sets it to 1; the wanted time is for two cores
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True)
    found = json.loads(done.stdout)
    group = f"event forecasts (ICEWS14, {'test' if test else 'valid'})"
    for model, scores in found["scores"].items():
        mrr, hits = scores["mrr"], "/".join(f"{h['value']:.3f}" for h in scores["hits"].values())
        detail = f"95% {mrr['low']:.3f} to {mrr['high']:.3f}; Hits@1/3/10 {hits}; {scores['queries']:,} queries"
        yield Measure(group, f"MRR, {model}", mrr["value"], 0.5 if model == "ranker" else None, detail=detail)
    yield Measure(
        group,
        "train and score",
        found["seconds"]["total"],
        600,
        "<=",
        " s",
        f"{found['cpu_seconds']:.0f} s of CPU; " + ", ".join(f"{k} {v:.0f}" for k, v in found["seconds"].items()),
    )
    yield Measure(group, "peak memory", found["peak_bytes"] / 1e9, 6, "<=", " GB")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--test", type=Path)
    for m in measure_quads(test=parser.parse_args().test):
        told = f", wanted {m.bound} {m.wanted:g}{m.unit}" if m.wanted is not None else ""
        print(f"{m.group}: {m.name}: {m.value:.4f}{m.unit}{told}  {m.detail}", flush=True)
