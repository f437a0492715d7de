"""Rows a second that the readers of ICEWS and GDELT take in on one core.

    python benchmarks/exchange_speed.py [ROWS]

ICEWS: the sample file, its rows repeated with later dates and new ids; GDELT: rows of our own making. Only reading is timed, from a file, three rounds, the median.
"""

from __future__ import annotations

import datetime
import functools
import random
import statistics
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "src"))
SAMPLE = ROOT.parent / "shared" / "data" / "icews_2018_sample.tab"
ROWS = 200_000
ROUNDS = 3
SEED = 7


def make_icews(path: Path, rows: int, sample: Path = SAMPLE) -> None:
    """The sample's rows again and again, each time two days later and with new ids -> a file of ``rows`` rows."""
    header, *lines = sample.read_text("utf-8").splitlines()
    with path.open("w", encoding="utf-8") as out:
        out.write(header + "\n")
        for number in range(rows):
            turn, at = divmod(number, len(lines))
            row_id, date, rest = lines[at].split("\t", 2)
            day = datetime.date.fromisoformat(date) + datetime.timedelta(days=2 * turn)
            out.write(f"{int(row_id) + turn * 10_000_000}\t{day}\t{rest}\n")


def make_gdelt(path: Path, rows: int) -> None:
    """A file of ``rows`` rows in GDELT 2.0's columns, made up: 400 actors, 300 places, two rows a story."""
    from detente.codebook.load import load_codebook
    from detente.exchange import gdelt
    from detente.exchange.crosswalk import country_column

    chance = random.Random(SEED)
    cameo, fips = list(country_column("cameo").values())[:100], list(country_column("fips").values())[:100]
    roles = ["", "GOV", "MIL", "OPP", "CVL", "MED"]
    actors = [[code + role, f"ACTOR {code} {role}", code, "", "", "", "", role, "", ""] for code in cameo for role in chance.sample(roles, 4)]
    places = [
        ["4", f"Town{n}, Province{n % 40}, Land", chance.choice(fips), "X01", "", f"{chance.uniform(-60, 70):.4f}", f"{chance.uniform(-170, 170):.4f}", str(n)] for n in range(300)
    ]
    codes = [code for code in load_codebook().cameo if len(code) > 2]
    with path.open("w", encoding="utf-8") as out:
        for number in range(rows):
            day = datetime.date(2020, 1, 1) + datetime.timedelta(days=number // 5000)
            stamp, code, place = day.strftime("%Y%m%d"), chance.choice(codes), chance.choice(places)
            cells = [str(900_000_000 + number), stamp, stamp[:6], stamp[:4], gdelt.fraction_of(day), *chance.choice(actors), *chance.choice(actors), "1", code, code[:3], code[:2]]
            cells += ["1", "1.0", str(chance.randint(1, 20)), "1", "4", f"{chance.gauss(0, 3):.5f}", *chance.choice(places), *chance.choice(places), *place]
            out.write("\t".join([*cells, stamp + "120000", f"https://news.example/{number // 2}"]) + "\n")


def rows_per_second(read: Callable[[Path], object], path: Path, rows: int) -> float:
    """A reader, a file and the number of its rows -> rows a second, the median of ``ROUNDS``."""
    times = []
    for _ in range(ROUNDS):
        begun = time.process_time()
        deque(read(path), maxlen=0)  # type: ignore[call-overload]
        times.append(time.process_time() - begun)
    return rows / statistics.median(times)


def make_files(folder: Path, rows: int) -> Iterator[tuple[str, Path]]:
    """A folder and a number of rows -> the format and path of each file made there; ICEWS only where the sample file is there."""
    for name, make in (("icews", make_icews), ("gdelt", make_gdelt)):
        if name != "icews" or SAMPLE.exists():
            make(folder / name, rows)
            yield name, folder / name


def measure(rows: int = ROWS) -> dict[str, float]:
    """Rows -> rows a second for each format."""
    from detente.exchange import read_events

    with tempfile.TemporaryDirectory() as folder:
        return {name: rows_per_second(functools.partial(read_events, name), path, rows) for name, path in make_files(Path(folder), rows)}


if __name__ == "__main__":
    for name, speed in measure(int(sys.argv[1]) if len(sys.argv) > 1 else ROWS).items():
        print(f"{name}: {speed:,.0f} rows a second")
