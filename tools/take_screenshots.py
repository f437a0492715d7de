#!/usr/bin/env python3
"""Take the screenshots of docs/desk.md: each page of the desk over the sample corpus, light, dark and on a phone -> docs/screenshots/*.png.

Run: make screenshots   (or: python tools/take_screenshots.py [STORE], with a store that has the sample corpus already)
"""

from __future__ import annotations

import contextlib
import io
import os
import struct
import sys
import tempfile
import zlib
from pathlib import Path
from typing import Any

from browsers import MISSING_CHROMIUM, PHONE, ROOT, find_chromium, make_sample, open_chromium, serving_desk
from detente.cli import main as detente

OUT = ROOT / "docs" / "screenshots"
DAY = "2020-06-16"
BACKTEST_SINCE = "2019-06-01"
"""The backtest scores forecasts of the last year of the corpus; what lies before is to learn from."""
PAGES = {
    "desk": f"/?at={DAY}",
    "report": "/documents/kr-091",
    "situation": f"/dyads/PRK-KOR?at={DAY}",
    "forecast": f"/dyads/PRK-KOR/forecast?at={DAY}",
    "precedents": f"/dyads/PRK-KOR/precedents?at={DAY}",
    "pairs": "/dyads",
    "events": "/events?dyad=PRK-KOR&order=gravest",
    "event": "/events/{event}",
    "review": "/review/next",
    "alerts": f"/alerts?at={DAY}",
    "map": "/map",
    "actor": "/actors/PRK",
    "codebook": "/codebook",
    "rule": "/codebook/rules/assault.blow-up",
    "skill": "/skill",
}
"""File and page. The event is that of most reports between the two Koreas."""
LOOKS = {"light": ({"width": 1280, "height": 860}, "light"), "dark": ({"width": 1280, "height": 860}, "dark"), "phone": (PHONE, "light")}
TALL = {"forecast": 2900}
"""Pixels of pages whose picture goes on below the first screen, where there is room beside: a forecast without its skill would say too much."""
MOST_BYTES, MOST_SUM = 250_000, 4_000_000
"""Of one picture and of all: the repository is cloned with them."""
COLOURS = 64
"""Colours of a picture: text and flat fields need few, and each takes its part of the file."""


def main() -> None:
    """Code the corpus, open the desk, and take each page in each look."""
    if find_chromium() is None:
        sys.exit(MISSING_CHROMIUM)
    OUT.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["DETENTE_CACHE"] = folder  # no model or backtest of this machine's user may show
        os.environ["DETENTE_BY"] = "analyst"
        store = Path(sys.argv[1]) if len(sys.argv) > 1 else make_sample(Path(folder, "sample.db"))
        measure(store)
        with serving_desk(store, with_style=False) as url, open_chromium() as browser:
            sizes = {path.name: path.stat().st_size for look in LOOKS for path in take_all(browser, url, look)}
    for old in set(OUT.glob("*.png")) - {OUT / name for name in sizes}:
        old.unlink()
    print(f"{len(sizes)} pictures, {sum(sizes.values()):,} bytes, the largest {max(sizes.values()):,}")
    if large := [name for name, size in sizes.items() if size > MOST_BYTES]:
        sys.exit(f"{', '.join(large)}: larger than {MOST_BYTES:,} bytes")
    if sum(sizes.values()) > MOST_SUM:
        sys.exit(f"found {sum(sizes.values()):,} bytes in all; expected at most {MOST_SUM:,}")


def measure(store: Path) -> None:
    """A store -> the models of the forecast that is shown, trained, and a backtest of such forecasts, kept (40 seconds of one core on the sample corpus)."""
    for command in (["forecast", "PRK", "KOR", "--at", DAY], ["backtest", "dyads", "--since", BACKTEST_SINCE, "--each", "quad", "--within", "7"]):
        with contextlib.redirect_stdout(io.StringIO()):
            ended = detente([*command, "--store", str(store)])
        if ended > (command[0] == "backtest"):  # 1 of a backtest: one of the classes has too few events, which its page says
            sys.exit(f"detente {' '.join(command)}: ended with {ended}; expected what the pages of forecasts and of skill show")


def take_all(browser: Any, url: str, look: str) -> list[Path]:
    """A browser, a desk and a look -> the pictures of its pages."""
    size, scheme = LOOKS[look]
    context = browser.new_context(viewport=size, color_scheme=scheme, reduced_motion="reduce", locale="en-GB", timezone_id="UTC")
    page = context.new_page()
    event = context.request.get(f"{url}/events.json?dyad=PRK-KOR&order=most-told").json()["events"][0]["event_id"]
    taken = []
    for name, path in PAGES.items():
        answer = page.goto(url + path.format(event=event))
        assert answer.ok, f"{path}: {answer.status}"
        page.evaluate("document.fonts.ready")
        path_out = OUT / f"{name}-{look}.png"
        if name in TALL and look != "phone":
            page.set_viewport_size({**size, "height": TALL[name]})
        path_out.write_bytes(shrink(page.screenshot(animations="disabled", caret="hide")))
        page.set_viewport_size(size)
        taken.append(path_out)
    context.close()
    return taken


# -- PNG: eight bits of palette in place of 24 of colour -----------------------------------------------------------------------
def shrink(png: bytes) -> bytes:
    """A PNG of Chromium (8 bits, RGB or RGBA, not interlaced) -> the same picture with a palette of its ``COLOURS`` most used colours, others as the nearest of them."""
    import numpy as np

    width, height, pixels = read_png(png)
    colours = pixels[:, 0].astype(np.uint32) << 16 | pixels[:, 1].astype(np.uint32) << 8 | pixels[:, 2]
    found, where, counts = np.unique(colours, return_inverse=True, return_counts=True)
    every = np.stack([found >> 16, found >> 8 & 255, found & 255], axis=1).astype(np.int64)
    chosen = choose_colours(every, counts, COLOURS)
    nearest = np.empty(len(found), dtype=np.uint8)
    for start in range(0, len(found), 4096):
        part = every[start : start + 4096]
        nearest[start : start + 4096] = ((part[:, None, :] - chosen[None, :, :]) ** 2).sum(axis=2).argmin(axis=1)
    rows = nearest[where.reshape(-1)].reshape(height, width)
    raw = b"".join(b"\x00" + row.tobytes() for row in rows)
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"PLTE", chosen.astype(np.uint8).tobytes()) + chunk(b"IDAT", zlib.compress(raw, 9)) + chunk(b"IEND", b"")


def choose_colours(every: Any, counts: Any, most: int) -> Any:
    """All colours with how often each is used -> a palette: the most used ones that are not nearly one that was taken before."""
    import numpy as np

    # a colour far from all taken ones is worth as much as a near one that is used far more often: small coloured marks keep their colour
    distance = np.full(len(every), 3 * 255.0**2)
    weight = np.sqrt(counts.astype(float))
    chosen: list[int] = []
    for _ in range(min(most, len(every))):
        at = int((weight * distance).argmax())
        chosen.append(at)
        distance = np.minimum(distance, ((every - every[at]) ** 2).sum(axis=1))
    return every[chosen]


def read_png(png: bytes) -> tuple[int, int, Any]:
    """A PNG -> its width, its height and its pixels as rows of RGB."""
    import numpy as np

    at, data, width, height, channels = 8, b"", 0, 0, 3
    while at < len(png):
        size, kind = struct.unpack(">I4s", png[at : at + 8])
        body = png[at + 8 : at + 8 + size]
        if kind == b"IHDR":
            width, height, depth, colour = struct.unpack(">IIBB", body[:10])
            assert (depth, colour) in ((8, 2), (8, 6)), (depth, colour)
            channels = 3 if colour == 2 else 4
        elif kind == b"IDAT":
            data += body
        at += 12 + size
    lines = np.frombuffer(zlib.decompress(data), dtype=np.uint8).reshape(height, 1 + width * channels)
    above = np.zeros(width * channels, dtype=np.uint8)
    out = np.empty((height, width * channels), dtype=np.uint8)
    for n in range(height):
        above = out[n] = unfilter(int(lines[n, 0]), lines[n, 1:], above, channels)
    return width, height, out.reshape(-1, channels)[:, :3]


def unfilter(kind: int, line: Any, above: Any, step: int) -> Any:
    """A filtered line of a PNG and the one above it -> its bytes (PNG specification, section 9)."""
    import numpy as np

    if kind == 0:
        return line.copy()
    if kind == 1:
        return np.add.accumulate(line.reshape(-1, step), axis=0, dtype=np.uint8).reshape(-1)
    if kind == 2:
        return line + above
    out, up = bytearray(line.tobytes()), above.tobytes()
    for n in range(len(out)):
        left, corner = (out[n - step], up[n - step]) if n >= step else (0, 0)
        if kind == 3:
            out[n] = (out[n] + (left + up[n]) // 2) & 255
        else:
            guess = left + up[n] - corner
            nearest = min((abs(guess - left), 0, left), (abs(guess - up[n]), 1, up[n]), (abs(guess - corner), 2, corner))
            out[n] = (out[n] + nearest[2]) & 255
    return np.frombuffer(bytes(out), dtype=np.uint8)


def chunk(kind: bytes, body: bytes) -> bytes:
    """A kind and its bytes -> a chunk of a PNG."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


if __name__ == "__main__":
    main()
