#!/usr/bin/env python3
"""Draw the pictures of docs/charts.md from the sample corpus, coded into a store of its own: docs/charts/*.svg.

Run: python tools/draw_docs.py [STORE]   (a store that has the sample corpus already saves the coding; make pictures)
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from detente.cli import main as detente

ROOT = Path(__file__).parent.parent
OUT = ROOT / "docs" / "charts"
PICTURES = {"ladder": "PRK KOR", "timeline": "PRK KOR", "precedents": "PRK KOR"}
AT = "2020-06-16"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = sys.argv[1] if len(sys.argv) > 1 else f"{folder}/sample.db"
        if len(sys.argv) < 2 and detente(["add", str(ROOT / "src/detente/demo/reports.jsonl"), "--store", store]):
            sys.exit(f"{store}: the sample corpus could not be coded")
        OUT.mkdir(exist_ok=True)
        for kind, actors in PICTURES.items():
            if detente(["chart", kind, *actors.split(), "--at", AT, "--store", store, "-o", str(OUT / f"{kind}.svg")]):
                sys.exit(f"{kind}: not drawn")


if __name__ == "__main__":
    main()
