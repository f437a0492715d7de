"""Texts cut into pieces by what was coded in them."""

from __future__ import annotations

import random

from detente.records import Actor, Evidence
from detente.store.documents import StoredDocument, StoredMention
from detente.web.event_words import drop_repeats, rung_choices, split_trigger
from detente.web.marks import MARKED_EVENTS, Mark, cut, find_lead, mark_document, marks_css, name_document, order_mentions
from stores import event

TEXT = "Talks end\n\nNorth Korea blew up the office on Tuesday, “a grave act”, Seoul said.\n\nIt warned Japan."


def _told(text: str, trigger: str, clause: str, *, rung: int | None = 5, **more: object) -> StoredMention:
    start, at = text.index(clause), text.index(trigger)
    evidence = Evidence((start, start + len(clause)), clause, (at, at + len(trigger)), "assault.blow-up")
    coded = event("ASSAULT", text=trigger, evidence=(evidence,), **more)
    return StoredMention(coded.event_id, coded.event_id, "", rung, coded)


def _document(text: str, *mentions: StoredMention, title: str | None = None) -> StoredDocument:
    nothing = {"published_on": None, "url": None, "publisher": None, "language": None, "row": None, "copy_of": None, "similarity": None}
    return StoredDocument(doc_id="d", title=title, text=text, location="d.txt", mentions=mentions, claims=(), **nothing)


def test_the_pieces_of_nested_and_overlapping_marks_are_the_whole_text() -> None:
    draw = random.Random(7)
    for _ in range(200):
        marks = [
            Mark(a, a + draw.randint(-2, 20), draw.choice(("source", "words", "trigger", "quote", "claim")), draw.randint(1, 4))
            for a in (draw.randint(-3, len(TEXT)) for _ in range(12))
        ]
        pieces = cut(TEXT, marks)
        assert "".join(piece.text for piece in pieces) == TEXT


def test_a_piece_has_the_classes_of_all_marks_over_it() -> None:
    pieces = {piece.text: piece for piece in cut("abcdef", [Mark(0, 4, "words", 1), Mark(2, 6, "source", 2), Mark(3, 4, "trigger", 1)])}
    assert pieces["ab"].classes == "m-words e1-words"
    assert pieces["c"].classes.split() == ["m-words", "e1-words", "m-actor", "e2-source"]
    assert pieces["d"].trigger == 1
    assert pieces["d"].ends == (1,)
    assert pieces["ef"].classes == "m-actor e2-source"


def test_marks_outside_of_the_text_or_turned_around_are_left_out() -> None:
    assert [piece.classes for piece in cut("abc", [Mark(-1, 2, "date", 1), Mark(2, 9, "place", 1), Mark(2, 1, "source", 1), Mark(1, 1, "quote")])] == [""]


def test_paragraphs_leave_out_the_empty_lines_between() -> None:
    marked = mark_document(_document(TEXT, title="Talks end"))
    assert ["".join(piece.text for piece in paragraph) for paragraph in marked.paragraphs] == TEXT.split("\n\n")
    assert marked.has_title


def test_words_between_quotation_marks_are_marked() -> None:
    quoted = [piece.text for paragraph in mark_document(_document(TEXT)).paragraphs for piece in paragraph if "m-quote" in piece.classes]
    assert quoted == ["“a grave act”"]


def test_a_quotation_mark_that_is_not_closed_marks_nothing() -> None:
    text = 'He said “they left.\n\nThey said they left” again, 5" wide.'
    assert not any("m-quote" in piece.classes for paragraph in mark_document(_document(text)).paragraphs for piece in paragraph)


def test_events_are_numbered_in_the_order_of_the_text_and_those_without_words_come_last() -> None:
    late, early = _told(TEXT, "warned", "It warned Japan"), _told(TEXT, "blew", "North Korea blew up the office")
    bare = StoredMention("m3", "e3", "", None, event("CONSULT", evidence=()))
    told = order_mentions([bare, late, early], len(TEXT))
    assert [(t.number, t.mention.mention_id) for t in told] == [(1, early.mention_id), (2, late.mention_id), (3, "m3")]
    assert told[2].at is None
    assert told[2].event_id == "e3"


def test_the_fields_of_an_event_have_their_words() -> None:
    at = TEXT.index("Seoul")
    said = (Actor("Seoul", "South Korea", "KOR", ("GOV",), None, (at, at + 5)),)
    marked = mark_document(_document(TEXT, _told(TEXT, "blew", "North Korea blew up the office", said_by=said)))
    found = next(piece for paragraph in marked.paragraphs for piece in paragraph if piece.text == "Seoul")
    assert "e1-said" in found.classes.split()


def test_the_lead_is_the_gravest_that_happened_of_the_first_paragraph_that_tells_of_any() -> None:
    mild, grave, later = _told(TEXT, "said", "Seoul said", rung=1), _told(TEXT, "blew", "North Korea blew up the office", rung=5), _told(TEXT, "warned", "It warned Japan", rung=6)
    assert find_lead([mild, grave, later], TEXT) == grave


def test_the_title_leads_before_the_body() -> None:
    title, body = _told(TEXT, "end", "Talks end", rung=1), _told(TEXT, "blew", "North Korea blew up the office", rung=5)
    assert find_lead([body, title], TEXT) == title


def test_what_is_only_planned_or_background_does_not_lead() -> None:
    planned = _told(TEXT, "end", "Talks end", rung=6, modality="future")
    past = _told(TEXT, "blew", "North Korea blew up the office", rung=6, historical=True)
    later = _told(TEXT, "warned", "It warned Japan", rung=2)
    assert find_lead([planned, past, later], TEXT) == later
    assert find_lead([planned], TEXT) == planned


def test_a_report_without_events_has_no_lead() -> None:
    assert find_lead([], TEXT) is None


def test_each_number_has_its_rules_of_style() -> None:
    css = marks_css()
    assert ".c1:is(:hover" in css
    assert f".e{MARKED_EVENTS}-source" in css
    assert css.count("{") == css.count("}")


def test_a_long_text_is_cut_and_says_so() -> None:
    marked = mark_document(_document("word " * 100_000))
    assert marked.left_out == 100_000


def test_a_text_without_a_title_is_called_by_its_headline_or_its_first_words() -> None:
    assert mark_document(_document(TEXT)).has_title
    assert name_document(_document(TEXT)) == "Talks end"
    sentence = "North Korea blew up the office on Tuesday.\n\nSeoul said so."
    assert not mark_document(_document(sentence)).has_title
    long = "word " * 60
    assert name_document(_document(long)).endswith("word …")
    assert not mark_document(_document(long)).has_title
    assert name_document(_document(" \n ")) == "d"


def test_an_actor_that_the_text_names_twice_in_the_same_words_is_said_once() -> None:
    actor = {"name": "North Korea", "entity": None, "sectors": ["GOV"], "text": "North Korea"}
    assert drop_repeats([{**actor, "span": [0, 11]}, {**actor, "span": [82, 93]}, {**actor, "text": "Pyongyang"}]) == [{**actor, "span": [82, 93]}, {**actor, "text": "Pyongyang"}]


def test_a_trigger_is_cut_out_of_its_words_only_where_its_span_fits() -> None:
    piece = {"text": "they blew it up", "span": [10, 25], "trigger": [15, 19]}
    assert split_trigger(piece) == ("they ", "blew", " it up")
    assert split_trigger({**piece, "trigger": [0, 4]}) == ("they blew it up", "", "")
    assert split_trigger({**piece, "span": [10, 30]}) == ("they blew it up", "", "")


def test_a_rung_that_is_asked_for_can_be_chosen() -> None:
    assert ("4..5", "4..5") in rung_choices("4..5")
    assert len(rung_choices("")) == len(rung_choices("5..6"))
