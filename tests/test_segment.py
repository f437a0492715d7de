"""Blocks of a report: title, body, captions, boilerplate, repeats, and the dateline; nothing is lost."""

from __future__ import annotations

import pytest

from conftest import make_document
from detente.reading.segment import segment_document

LEAD = "North Korea blew up the joint liaison office near the border town of Kaesong on Tuesday afternoon."
NEXT = "The South said it would respond strongly if the North went on raising tensions along the border."


def kinds(text: str, title: str | None = None) -> list[tuple[str, str]]:
    blocks, _ = segment_document(make_document(text, title=title))
    return [(b.kind, text[b.span[0] : b.span[1]]) for b in blocks]


def kind_of(line: str) -> str:
    found = dict((text, kind) for kind, text in kinds(f"{LEAD}\n\n{line}\n\n{NEXT}"))
    return found[line]


def test_a_known_title_is_the_title() -> None:
    title = "North Korea blows up liaison office"
    assert kinds(f"{title}\n\n{LEAD}", title)[0] == ("title", title)


def test_a_short_first_line_without_a_full_stop_is_a_title() -> None:
    assert kinds(f"Office blown up\n\n{LEAD}")[0] == ("title", "Office blown up")


def test_prose_is_body() -> None:
    assert [kind for kind, _ in kinds(f"{LEAD}\n\n{NEXT}")] == ["body", "body"]


@pytest.mark.parametrize(
    "line",
    [
        "File photo: Soldiers stand guard at the border village of Panmunjom.",
        "FILE PHOTO: A guard post seen from Paju. REUTERS/Kim Hong-Ji/File Photo",
        "Smoke rises over Kaesong on Tuesday. (Yonhap/AFP)",
        "Photo: the office in 2018",
        "Image: Kim Yo Jong at the Winter Games.",
    ],
)
def test_captions(line: str) -> None:
    assert kind_of(line) == "caption"


@pytest.mark.parametrize(
    "line",
    [
        "Read more: what the North wants",
        "Reporting by Jane Doe; Editing by John Roe",
        "By Jane Doe",
        "By Jane Doe and John Roe",
        "Share this article",
        "© 2021 Example News. All rights reserved.",
        "Advertisement",
        "Sign up for our newsletter",
    ],
)
def test_boilerplate_and_bylines(line: str) -> None:
    assert kind_of(line) == "boilerplate"


@pytest.mark.parametrize("line", ["Shares fell after the blast.", "Photographs showed the ruin of the building.", "By Friday the army had sent more troops to the border."])
def test_prose_that_begins_like_boilerplate_is_body(line: str) -> None:
    assert kind_of(line) == "body"


@pytest.mark.parametrize(
    ("start", "place"),
    [
        ("SEOUL, June 16 (Reuters) - ", "SEOUL"),
        ("SEOUL (AP) — ", "SEOUL"),
        ("KABUL, Afghanistan (AP) — ", "KABUL"),
        ("NEW DELHI -- ", "NEW DELHI"),
        ("NEW DELHI: ", "NEW DELHI"),
        ("RÖSZKE, Hungary – ", "RÖSZKE"),
        ("(Abuja) – ", "Abuja"),
        ("Addis Ababa — ", "Addis Ababa"),
        ("ANKARA/MOSCOW, Nov 25 (BNW) - ", "ANKARA/MOSCOW"),
    ],
)
def test_datelines(start: str, place: str) -> None:
    text = f"{start}{LEAD}"
    blocks, dateline = segment_document(make_document(text))
    assert dateline is not None
    assert dateline.split(",")[0] == place
    assert [text[b.span[0] : b.span[1]] for b in blocks if b.kind == "body"] == [LEAD]


def test_a_dash_in_prose_is_no_dateline() -> None:
    text = "The army — which denies it — shelled the town on Monday, and the town fell on Tuesday morning."
    _, dateline = segment_document(make_document(text))
    assert dateline is None


def test_a_repeated_paragraph_is_a_repeat() -> None:
    assert [kind for kind, _ in kinds(f"{LEAD}\n\n{NEXT}\n\n{LEAD}")] == ["body", "body", "repeat"]


def test_a_lead_pasted_before_the_next_paragraph_is_cut_off() -> None:
    found = kinds(f"{LEAD}\n\n{LEAD} {NEXT}")
    assert [kind for kind, _ in found] == ["body", "repeat", "body"]
    assert found[2][1] == NEXT


def test_hard_wrapped_lines_are_joined() -> None:
    lines = [
        "North Korea blew up the joint liaison office near the border", "town of Kaesong on Tuesday, the ministry in the South said in a",
        "short statement that gave no further details of the explosion.", "The South had warned its neighbour for weeks that it would not",
        "stand by if the North raised tensions along their border, and", "it repeated the warning in a statement on Tuesday evening that",
        "was read out by a senior official of the unification ministry.",
    ]  # fmt: skip
    text = "\n".join(lines)
    assert len(kinds(text)) < len(lines)
    assert "".join(part for _, part in kinds(text)).replace("\n", "") in text.replace("\n", "")


@pytest.mark.parametrize("text", ["", "   \n\n \t ", "\n", "…"])
def test_texts_without_prose_have_no_body(text: str) -> None:
    assert all(kind != "body" for kind, _ in kinds(text))


def test_blocks_are_in_order_and_do_not_overlap() -> None:
    text = f"Office blown up\n\nSEOUL (AP) — {LEAD}\n\nPhoto: the office in 2018\n\n{NEXT}\n\n{NEXT}\n\nRead more: what next"
    blocks, _ = segment_document(make_document(text))
    ends = [b.span[1] for b in blocks]
    assert all(b.span[0] >= end for b, end in zip(blocks[1:], ends, strict=False))
    assert all(0 <= b.span[0] < b.span[1] <= len(text) for b in blocks)
