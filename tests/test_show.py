"""What is shown of others' text: nothing that a terminal would act upon."""

from __future__ import annotations

import json

import pytest

from detente import show
from detente.reading import make_document
from detente.reading.record import read_record
from detente.records import Document

HOSTILE = "A\x1b[2Jb\x9b31mc\u202ed\re\tf"


def test_a_line_is_shown_without_controls(capsys: pytest.CaptureFixture[str]) -> None:
    show.say(f"{HOSTILE}\nnext é — 日本")
    assert capsys.readouterr().out == "A?[2Jb?31mc?d?e?f\nnext é — 日本\n"


def test_json_shows_controls_as_escapes_and_says_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    show.say_json({"name": HOSTILE})
    out = capsys.readouterr().out
    assert not set(out) & {"\x1b", "\x9b", "\u202e", "\r", "\t"}
    assert json.loads(out) == {"name": HOSTILE}


def test_names_of_a_report_are_one_line_without_controls() -> None:
    [document] = read_record({"text": "Iran seized a tanker.", "publisher": "\x1b[31mEvil\nNews", "id": "a\x9bb", "url": "http://x.org/\x07"}, "a.json", 1, None)
    assert isinstance(document, Document)
    assert (document.publisher, document.id, document.url) == ("[31mEvil News", "ab", "http://x.org/")


def test_a_name_of_controls_alone_is_no_name() -> None:
    [document] = read_record({"text": "Iran seized a tanker.", "id": "\x1b\x07"}, "a.json", 1, None)
    assert isinstance(document, Document)
    assert document.id == make_document("Iran seized a tanker.").id


def test_a_table_is_made_narrower_to_fit_a_terminal_and_stays_whole_elsewhere() -> None:
    columns = (("id", 8), ("source", 24), ("type", 20))
    assert show.narrow(columns, None) == columns
    assert show.narrow(columns, 56) == columns
    assert show.narrow(columns, 48) == (("id", 8), ("source", 18), ("type", 18))
    assert show.narrow(columns, 5) == (("id", 8), ("source", 10), ("type", 10))
