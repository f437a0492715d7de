#!/usr/bin/env python3
"""Make src/detente/web/accuracy.json, the figures of the desk's page /skill, from benchmarks/results.json, which is not installed.

Run: python tools/make_accuracy.py [OUT]   (make bench runs it whenever it writes new results)
"""

from __future__ import annotations

import itertools
import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results.json"
OUT = ROOT / "src" / "detente" / "web" / "accuracy.json"
SHOWN = ("events", "relations", "merging", "near copies", "alerts")
"""Groups that say how right the coding is, by how their names begin; the others say how fast it was on one machine."""


def make_accuracy() -> str:
    """benchmarks/results.json -> the text of the file."""
    results = json.loads(RESULTS.read_text("utf-8"))
    measures = [measure for measure in results["measures"] if measure["group"].startswith(SHOWN) and not measure["unit"]]
    groups = []
    for (group, command), rows in itertools.groupby(measures, key=lambda measure: (measure["group"], measure["command"])):
        figures = [{name: row[name] for name in ("measure", "value", "unit", "wanted", "met", "detail")} for row in rows]
        groups.append({"group": group, "command": command, "figures": figures})
    machine = results["machine"]
    made = {"measured_on": machine["measured_on"], "codebook": machine["codebook"], "pipeline": machine["pipeline"], "groups": groups}
    return json.dumps(made, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    (Path(sys.argv[1]) if len(sys.argv) > 1 else OUT).write_text(make_accuracy(), "utf-8")
