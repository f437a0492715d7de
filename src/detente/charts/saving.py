"""Charts -> files, and blocks of pages that need no network."""

from __future__ import annotations

import functools
import html
import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from altair.typing import ChartType

from detente.charts.style import get_look
from detente.errors import InputError, MissingExtraError

try:
    import vl_convert
except ImportError as error:
    raise MissingExtraError("charts: found no vl_convert; to install it: pip install 'detente[charts]'") from error

SCALE = 2.0
"""Pixels of a PNG for one of the chart: sharp on screens of today and in print at 13 cm."""
POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:; base-uri 'none'; form-action 'none'"
"""Content security policy of our pages: no request to any host, and no text that is run as code."""
_NOT_XML = re.compile("[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\ud800-\\udfff\\ufffe\\uffff]")
"""Characters that XML 1.0 cannot hold. Words of reports may have them; the renderer does not refuse them, but ends the whole process."""
_BASE = 'href="https://vega.github.io/vega-datasets//'
"""What the renderer puts before a link that begins with a slash; ours lead to pages of the host that they stand on."""
_SVG_ID = re.compile(r'( id="|url\(#)((?:clip|gradient_)\d+)')
"""The ids that Vega gives, and where they are used."""
_ID = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_START = """
document.querySelectorAll("script.detente-chart").forEach(function (data) {
  var options = {mode: "vega-lite", ast: true, renderer: "svg", tooltip: {theme: data.dataset.theme},
    actions: {export: {svg: true, png: true}, source: false, compiled: false, editor: false}};
  vegaEmbed(document.getElementById(data.dataset.block), JSON.parse(data.textContent), options).catch(function (error) {
    document.getElementById(data.dataset.block).textContent = "This chart cannot be drawn: " + error;
  });
});
"""


def save_chart(chart: ChartType, path: Path) -> None:
    """A chart -> a file; its ending says of which kind: .png, .svg, .html (self-contained), .pdf or .json (Vega-Lite). Refused: another ending.

    Not to be called in a forked process: the renderer hangs there.
    """
    write = _writer_of(path)
    try:
        path.write_bytes(write(chart))
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror}") from error


def check_ending(path: Path) -> None:
    """A path -> nothing, or the refusal of its ending, before anything is computed."""
    _writer_of(path)


def _writer_of(path: Path) -> Callable[[ChartType], bytes]:
    write = _WRITERS.get(path.suffix.lower())
    if write is None:
        raise InputError(f"{path}: found the ending {path.suffix or 'of none'!r}; expected one of {', '.join(_WRITERS)}")
    return write


def make_spec(chart: ChartType) -> dict[str, Any]:
    """A chart -> its specification, checked against Vega-Lite's schema, without characters that a renderer cannot take."""
    spec: dict[str, Any] = _clean(chart.to_dict())
    return spec


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return _NOT_XML.sub("", value)
    if isinstance(value, dict):
        return {_clean(key): _clean(inner) for key, inner in value.items()}
    return [_clean(inner) for inner in value] if isinstance(value, list | tuple) else value


def as_svg(chart: ChartType, *, prefix: str = "") -> str:
    """A chart -> SVG, its texts escaped. ``prefix``: put before its ids, so that several can stand in one page without taking each other's clips."""
    if prefix and not _ID.fullmatch(prefix):
        raise InputError(f"prefix: found {prefix!r}; expected a letter, then letters, digits, - and _")
    drawn = vl_convert.vegalite_to_svg(make_spec(chart), allowed_base_urls=[]).replace(_BASE, 'href="/')
    return _SVG_ID.sub(rf"\g<1>{prefix}\g<2>", drawn) if prefix else drawn


def _as_png(chart: ChartType) -> bytes:
    return vl_convert.vegalite_to_png(make_spec(chart), scale=SCALE, allowed_base_urls=[])


def _as_pdf(chart: ChartType) -> bytes:
    return vl_convert.vegalite_to_pdf(make_spec(chart), allowed_base_urls=[])


def _as_json(chart: ChartType) -> bytes:
    return (json.dumps(make_spec(chart), ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


def _as_page(chart: ChartType) -> bytes:
    spec = make_spec(chart)
    heading = spec.get("title", {}).get("text", "")
    title = " ".join(heading) if isinstance(heading, list) else str(heading)
    dark = spec.get("config", {}).get("background") == get_look(dark=True).background
    return make_page([as_html_block(chart, "chart", label=title, dark=dark)], title=title, dark=dark).encode()


_WRITERS: dict[str, Callable[[ChartType], bytes]] = {
    ".png": _as_png,
    ".svg": lambda chart: as_svg(chart).encode(),
    ".html": _as_page,
    ".pdf": _as_pdf,
    ".json": _as_json,
}


def as_html_block(chart: ChartType, block_id: str, *, label: str = "", dark: bool = False) -> str:
    """A chart and an id of its own -> HTML for a page that ends with ``script_of_charts()``. ``label`` is read to those who do not see the chart.

    Words of events stand in it as data: nothing of them can end the script tag or start another.
    """
    if not _ID.fullmatch(block_id):
        raise InputError(f"block_id: found {block_id!r}; expected a letter, then letters, digits, - and _")
    spec = make_spec(chart)
    spec.pop("$schema", None)
    said = f' aria-label="{html.escape(label, quote=True)}"' if label else ""
    theme = "dark" if dark else "light"
    return (
        f'<div id="{block_id}" class="chart" role="img"{said}></div>\n'
        f'<script type="application/json" class="detente-chart" data-block="{block_id}" data-theme="{theme}">{json_for_script(spec)}</script>'
    )


def json_for_script(value: Any) -> str:
    """A value -> JSON that may stand within a script tag of a page, whatever text it holds.

    >>> json_for_script("</script>")
    '"\\\\u003c/script\\\\u003e"'
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return re.sub("[<>&\u2028\u2029]", lambda found: f"\\u{ord(found[0]):04x}", text)


@functools.cache
def script_of_charts() -> str:
    """Nothing -> the script tag (0.9 MB) that draws all blocks of a page, once, after the last of them."""
    bundle = vl_convert.javascript_bundle()  # type: ignore[call-arg]  # the stub asks for a snippet, the function does not
    return f"<script>{bundle}</script>\n<script>{_START}</script>"


def make_page(blocks: Sequence[str], *, title: str, dark: bool = False) -> str:
    """Blocks of ``as_html_block`` -> a whole page that needs nothing from any host."""
    look = get_look(dark=dark)
    style = f"body{{margin:1.5rem;background:{look.background};color:{look.ink};font-family:Arial,Helvetica,sans-serif}}.chart{{margin-bottom:2rem;overflow-x:auto}}"
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{html.escape(POLICY)}">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>{html.escape(title)}</title>\n<style>{style}</style>\n</head>\n<body>\n'
        + "\n".join(blocks)
        + f"\n{script_of_charts()}\n</body>\n</html>\n"
    )
