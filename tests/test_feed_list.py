"""The list of feeds: what it may say, and all its faults at once with file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from detente.errors import InputError
from detente.feed_list import FeedPlan, load_feeds

WHOLE = """# what we watch
[[feed]]
url = "https://Example.org/world.xml"
publisher = "Example Wire"
every_minutes = 60
full_text = false

[[feed]]
url = "https://example.net/atom"
"""


def faults(tmp_path: Path, text: str) -> list[str]:
    path = tmp_path / "feeds.toml"
    path.write_text(text)
    with pytest.raises(InputError) as error:
        load_feeds(path)
    return [line.removeprefix(f"{path}:") for line in str(error.value).splitlines()]


def test_a_list_gives_its_feeds_in_order(tmp_path: Path) -> None:
    path = tmp_path / "feeds.toml"
    path.write_text(WHOLE)
    assert load_feeds(path) == (FeedPlan("https://example.org/world.xml", "Example Wire", 60, False), FeedPlan("https://example.net/atom", None, 30, True))


def test_all_faults_are_told_at_once_with_their_lines(tmp_path: Path) -> None:
    text = """[general]
[[feed]]
url = "ftp://example.org/a"
every_minutes = 1
[[feed]]
publisher = ""
fulltext = true
[[feed]]
url = "https://example.org/b"
full_text = "yes"
every_minutes = true
[[feed]]
url = "https://example.org/c"
[[feed]]
url = "https://EXAMPLE.org/c"
"""
    found = faults(tmp_path, text)
    expected = [
        ("1: general:", "[[feed]] blocks only"),
        ("3: url:", "'ftp'"),
        ("4: every_minutes:", "found 1; expected a whole number, 5 to 10080"),
        ("7: fulltext:", "expected some of url, publisher"),
        ("5: url:", "found none"),
        ("6: publisher:", "expected a name"),
        ("11: every_minutes:", "found True"),
        ("10: full_text:", "expected true or false"),
        ("15: url:", "a second time"),
    ]
    assert len(found) == len(expected)
    for line, (start, part) in zip(found, expected, strict=True):
        assert line.startswith(start) and part in line


@pytest.mark.parametrize("text", ["", "feed = 1", "feed = []", "[feed]\nurl = 'http://a/'"])
def test_a_list_without_feeds_is_refused(tmp_path: Path, text: str) -> None:
    assert "found no [[feed]] block" in faults(tmp_path, text)[-1]


def test_broken_toml_is_told_with_its_line(tmp_path: Path) -> None:
    [fault] = faults(tmp_path, "[[feed]]\nurl = nowhere\n")
    assert fault.startswith("2: found broken TOML")


def test_a_list_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        load_feeds(tmp_path / "no.toml")


def test_other_ports_are_open_if_the_setting_says_so(tmp_path: Path) -> None:
    path = tmp_path / "feeds.toml"
    path.write_text('[[feed]]\nurl = "http://127.0.0.1:5000/feed"\n')
    with pytest.raises(InputError, match="port 5000"):
        load_feeds(path)
    assert load_feeds(path, any_port=True)[0].url == "http://127.0.0.1:5000/feed"
