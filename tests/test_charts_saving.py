"""Charts in files and pages: every kind is written, hostile words stay data, and no page asks anything of a host."""

from __future__ import annotations

import json
import re
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from altair.typing import ChartType

from detente.analysis.ladder import track_rungs
from detente.charts.ladder import draw_ladder
from detente.charts.map import draw_map
from detente.charts.saving import as_html_block, as_svg, json_for_script, make_page, save_chart
from detente.errors import InputError, MissingExtraError
from dyads import act, day, dyad

HOSTILE = "</script><script>alert('x')</script> \"quoted\" <!-- & \u2028 <img src=https://evil.example/x>"


class Tags(HTMLParser):
    """The tags of a page, and what stands in its scripts of data."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.data: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1][1].get("type") == "application/json" and data.strip():
            self.data.append(data)


def chart(name: str = "Aland") -> ChartType:
    table = dyad([act(1, 2, text=HOSTILE, source_name=HOSTILE), act(3, 5, "b")])
    return draw_ladder(track_rungs(table, day(9)), table, names=(name, "Bland"))


def parse(page: str) -> Tags:
    tags = Tags()
    tags.feed(page)
    return tags


@pytest.mark.parametrize(("ending", "start"), [(".png", b"\x89PNG"), (".svg", b"<svg"), (".html", b"<!DOCTYPE html>"), (".pdf", b"%PDF"), (".json", b"{"), (".PNG", b"\x89PNG")])
def test_the_ending_says_what_is_written(tmp_path: Path, ending: str, start: bytes) -> None:
    path = tmp_path / f"chart{ending}"
    save_chart(chart(), path)
    assert path.read_bytes().startswith(start)


@pytest.mark.parametrize("name", ["chart.gif", "chart", ".png.bak"])
def test_another_ending_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match=r"expected one of \.png, \.svg, \.html, \.pdf, \.json"):
        save_chart(chart(), tmp_path / name)
    assert not (tmp_path / name).exists()


def test_a_directory_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be written: No such file or directory"):
        save_chart(chart(), tmp_path / "none" / "chart.json")


def test_the_same_chart_gives_the_same_svg() -> None:
    assert as_svg(chart()) == as_svg(chart())


def test_charts_of_one_page_have_ids_of_their_own() -> None:
    table = dyad([act(1, 5, place_name="Kaesong", latitude=37.97, longitude=126.55)])
    svg = as_svg(draw_map(table, title="A and B"), prefix="map-")
    ids, used = re.findall(r' id="([^"]*)"', svg), re.findall(r"url\(#([^)]*)\)", svg)
    assert ids
    assert set(ids) == set(used)
    assert all(name.startswith("map-") for name in ids)


def test_hostile_words_end_no_script_and_start_no_tag() -> None:
    page = make_page([as_html_block(chart(HOSTILE), "one", label=HOSTILE)], title=HOSTILE)
    parsed = parse(page)
    assert [tag for tag, _ in parsed.tags] == ["html", "head", "meta", "meta", "meta", "title", "style", "body", "div", "script", "script", "script"]
    assert dict(parsed.tags[8][1])["aria-label"] == HOSTILE


def test_hostile_words_are_in_the_page_as_they_were_written() -> None:
    [data] = parse(make_page([as_html_block(chart(), "one")], title="t")).data
    rows = [row for rows in json.loads(data)["datasets"].values() for row in rows]
    assert any(row.get("words", "").startswith("</script><script>alert('x')</script> \"quoted\" <!-- &") for row in rows)


def test_json_for_a_script_reads_back_as_it_was() -> None:
    text = json_for_script({"a": HOSTILE})
    assert json.loads(text) == {"a": HOSTILE}
    assert not set("<>&\u2028\u2029") & set(text)


def test_hostile_words_are_text_in_an_svg() -> None:
    import xml.etree.ElementTree as ElementTree

    tree = ElementTree.fromstring(as_svg(chart(HOSTILE[:60])))
    assert not [e for e in tree.iter() if e.tag.endswith(("script", "image", "foreignObject"))]
    assert any("</script>" in (e.text or "") for e in tree.iter())


@pytest.mark.parametrize("ending", [".png", ".svg", ".pdf", ".html", ".json"])
def test_characters_that_no_xml_can_hold_are_left_out(tmp_path: Path, ending: str) -> None:
    # the renderer would end the process, so that no test after it would run
    path = tmp_path / f"chart{ending}"
    save_chart(chart("A\x00\x08\x1b\uffff\ud800land"), path)
    if ending != ".png" and ending != ".pdf":
        assert "Aland" in path.read_text()


def test_a_page_names_no_host_to_load_from() -> None:
    parsed = parse(make_page([as_html_block(chart("Aland"), "one"), as_html_block(chart("Cland"), "two")], title="t"))
    assert not [(tag, name) for tag, attributes in parsed.tags for name in attributes if name in ("src", "href", "srcset", "action", "background")]
    [policy] = [a["content"] for tag, a in parsed.tags if tag == "meta" and a.get("http-equiv")]
    assert policy is not None
    assert policy.startswith("default-src 'none'")
    assert not re.search(r"https?:|\*|unsafe-eval", policy)
    assert not [data for data in parsed.data if "://" in data.replace("https://evil.example", "")]


def test_two_charts_share_one_script() -> None:
    page = make_page([as_html_block(chart(), "one"), as_html_block(chart(), "two")], title="t")
    assert page.count("window.vegaEmbed=") == 1
    assert len(parse(page).data) == 2


@pytest.mark.parametrize("block_id", ["", "1", "a b", 'a"onload=', "a<b"])
def test_an_id_that_is_none_is_refused(block_id: str) -> None:
    with pytest.raises(InputError, match="block_id"):
        as_html_block(chart(), block_id)


def test_a_missing_extra_is_told_with_its_line(monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib

    from detente.charts import saving

    monkeypatch.setitem(sys.modules, "vl_convert", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'detente\[charts\]'"):
        importlib.reload(saving)
    monkeypatch.undo()
    importlib.reload(saving)
