#!/usr/bin/env python3
"""Delete the ``xfail`` of gold cases that pass by now. Run: python tools/pass_gold.py (after reading what it says the tests say)."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def main() -> None:
    said = subprocess.run([sys.executable, "-m", "pytest", "-q", "-p", "no:randomly", "tests/test_gold.py"], cwd=ROOT, capture_output=True, text=True, check=False).stdout
    passing = re.findall(r"^_+ test_gold\[([^\]]+)\] _+\n(?:.*\n)?\[XPASS", said, flags=re.MULTILINE)
    for name in passing:
        step, topic, case = name.split("/", 2)
        path = ROOT / "tests" / "gold" / step / f"{topic}.yaml"
        text = path.read_text("utf-8")
        pattern = rf"(\{{id: {re.escape(case)}, .*?), xfail: (?:\"[^\"]*\"|'[^']*')\}}"
        changed, count = re.subn(pattern, r"\1}", text)
        path.write_text(changed, "utf-8")
        print(name, "passes now" if count else "passes, but its xfail was not found")


if __name__ == "__main__":
    main()
