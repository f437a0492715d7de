#!/usr/bin/env python3
"""Fetch src/detente/charts/data/countries-110m.json from the npm package world-atlas 2.0.2: borders of Natural Earth (public domain), 1:110 million.

The package is Mike Bostock's (ISC licence). The file is kept as it is; its digest is checked, so that it is the one that the maps were looked at with.
Needs npm. Run: python tools/fetch_world.py [OUT]
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGE = "world-atlas@2.0.2"
MEMBER = "package/countries-110m.json"
DIGEST = "2516c915867c7baf18ddec727aec46c315541a07cfb3d79a6559b05d5e94eee8"


def main() -> None:
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "src/detente/charts/data/countries-110m.json"
    with tempfile.TemporaryDirectory() as folder:
        name = subprocess.run(["npm", "pack", "--silent", PACKAGE], cwd=folder, check=True, capture_output=True, text=True).stdout.split()[-1]
        with tarfile.open(Path(folder) / name) as archive:
            member = archive.extractfile(MEMBER)
            assert member is not None, f"{PACKAGE} has no {MEMBER}"
            content = member.read()
    found = hashlib.sha256(content).hexdigest()
    if found != DIGEST:
        sys.exit(f"{PACKAGE} {MEMBER}: found the digest {found}; expected {DIGEST}")
    out.write_bytes(content)


if __name__ == "__main__":
    main()
