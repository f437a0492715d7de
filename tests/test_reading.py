"""Reading: every source format gives the same reports, and whatever cannot be used is named with its file and line."""

from __future__ import annotations

import datetime
import json
import os
import random
import time
import tracemalloc
from pathlib import Path

import pytest

from detente.errors import InputError
from detente.reading import Position, Skipped, make_document, read_documents
from detente.reading.language import guess_foreign
from detente.reading.markup import strip_markup
from detente.reading.record import parse_date
from detente.reading.source import decode
from detente.records import Document

BODY = (
    "The army of Ruritania shelled a border village on Monday, killing four people, the governor of the province said. "
    "The government of Syldavia condemned the attack and said that it would recall its ambassador from the capital."
)
ROW = {"id": "r1", "title": "Border village shelled", "text": BODY, "published_on": "2019-05-07", "url": "https://example.org/1", "publisher": "Wire", "language": "en"}


def read(*paths: Path | str, **options: object) -> tuple[list[Document], list[Skipped]]:
    found = list(read_documents(paths, **options))  # type: ignore[arg-type]
    return [f for f in found if isinstance(f, Document)], [f for f in found if isinstance(f, Skipped)]


def write(path: Path, data: str | bytes) -> Path:
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def write_parquet(path: Path, rows: list[dict[str, object]]) -> Path:
    import pyarrow
    import pyarrow.parquet

    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), path)
    return path


def as_csv(rows: list[dict[str, str]]) -> str:
    quoted = [",".join('"' + cell.replace('"', '""') + '"' for cell in row.values()) for row in rows]
    return "\n".join([",".join(rows[0]), *quoted]) + "\n"


def test_every_table_format_gives_the_same_report(tmp_path: Path) -> None:
    files = [
        write(tmp_path / "a.jsonl", json.dumps(ROW) + "\n"),
        write(tmp_path / "b.json", json.dumps([ROW], indent=1)),
        write(tmp_path / "c.json", json.dumps({"articles": [ROW]})),
        write(tmp_path / "d.csv", as_csv([ROW])),
        write_parquet(tmp_path / "e.parquet", [{**ROW, "published_on": datetime.date(2019, 5, 7)}]),
    ]
    documents, skipped = read(*files)
    assert not skipped
    assert len({(d.id, d.text, d.title, d.published_on, d.url, d.publisher, d.language) for d in documents}) == 1
    assert documents[0].published_on == datetime.date(2019, 5, 7)
    assert documents[0].text == f"Border village shelled\n\n{BODY}"


@pytest.mark.parametrize(
    ("key", "field"), [("body", "text"), ("content", "text"), ("article", "text"), ("headline", "title"), ("pub_date", "published_on"), ("source", "publisher")]
)
def test_other_names_of_keys_are_understood(tmp_path: Path, key: str, field: str) -> None:
    row = {key if name == field else name: value for name, value in ROW.items()}
    documents, skipped = read(write(tmp_path / "a.jsonl", json.dumps(row)))
    assert not skipped
    assert documents[0] == read(write(tmp_path / "a.jsonl", json.dumps(ROW)))[0][0]


def test_a_title_that_the_text_begins_with_is_not_put_before_it_again() -> None:
    text = f"BORDER  VILLAGE shelled\n{BODY}"
    assert make_document(text, title="Border village shelled").text == text


def test_a_report_without_an_id_is_known_by_its_content() -> None:
    assert make_document(BODY).id == make_document(f"  {BODY}\r\n").id != make_document(BODY + " More.").id


def test_an_empty_text_is_refused() -> None:
    with pytest.raises(InputError, match="expected the text"):
        make_document(" \n")


def test_a_text_file_takes_the_date_that_is_given(tmp_path: Path) -> None:
    documents, _ = read(write(tmp_path / "a.txt", BODY), default_date=datetime.date(2001, 2, 3))
    assert documents[0].published_on == datetime.date(2001, 2, 3)


def test_a_page_gives_its_article_title_and_date(tmp_path: Path) -> None:
    paragraphs = "".join(f"<p>{BODY} Paragraph {n} adds something of its own to the account.</p>" for n in range(4))
    page = f"""<!DOCTYPE html><html lang="en"><head><title>Border village shelled</title><meta property="article:published_time" content="2019-05-07T10:00:00Z">
    <script>var x = "Ruritania invades";</script></head><body><nav><a href="/">Home</a><a href="/w">World</a></nav><article><h1>Border village shelled</h1>{paragraphs}</article>
    <footer>Copyright 2023 Example</footer></body></html>"""
    documents, skipped = read(write(tmp_path / "a.html", page))
    assert not skipped
    assert documents[0].published_on == datetime.date(2019, 5, 7)
    assert documents[0].text.startswith("Border village shelled")
    assert "Paragraph 3" in documents[0].text
    assert "invades" not in documents[0].text
    assert "Copyright" not in documents[0].text


def test_a_page_nested_ten_thousand_deep_is_read(tmp_path: Path) -> None:
    page = "<html><body>" + "<div>" * 10_000 + f"<p>{BODY}</p>" + "</div>" * 10_000 + "</body></html>"
    documents, skipped = read(write(tmp_path / "a.html", page))
    assert not skipped
    assert "Ruritania" in documents[0].text


def test_tags_inside_a_json_text_are_taken_out(tmp_path: Path) -> None:
    row = {"text": f"<div><p>{BODY}</p><script>alert(1)</script><p>Talks <b>go on</b>.</p></div>"}
    documents, _ = read(write(tmp_path / "a.jsonl", json.dumps(row)))
    assert documents[0].text == f"{BODY}\n\nTalks go on."


def test_a_broken_line_is_named_and_the_others_are_read(tmp_path: Path) -> None:
    lines = [json.dumps({**ROW, "id": str(n)}) for n in range(1, 21)]
    lines[16] = lines[16][:-5]
    path = write(tmp_path / "a.jsonl", "\n".join(lines))
    documents, skipped = read(path)
    assert len(documents) == 19
    assert str(skipped[0]).startswith(f"{path}:17: found broken JSON")
    assert "expected one JSON object a line" in str(skipped[0])


def test_a_broken_line_of_a_json_file_with_an_object_a_line_costs_itself_only(tmp_path: Path) -> None:
    lines = [json.dumps({**ROW, "id": str(n)}) for n in range(3)]
    documents, skipped = read(write(tmp_path / "a.json", "\n".join([lines[0], "{oops", lines[2]])))
    assert [d.id for d in documents] == ["0", "2"]
    assert [s.line for s in skipped] == [2]


def test_a_broken_array_gives_what_stands_before_the_fault(tmp_path: Path) -> None:
    text = json.dumps([ROW, ROW], indent=1)
    documents, skipped = read(write(tmp_path / "a.json", text[:-30]))
    assert len(documents) == 1
    assert skipped[0].reason == "broken-json"
    assert skipped[0].line is not None
    assert skipped[0].line >= 10


def test_a_missing_key_is_named_with_what_was_found(tmp_path: Path) -> None:
    _, skipped = read(write(tmp_path / "a.jsonl", json.dumps(ROW) + '\n{"titel": "x", "number": 3}\n'))
    assert "a.jsonl:2: found titel, number; expected a key text or body" in str(skipped[0])


def test_a_csv_without_a_text_column_is_refused_once(tmp_path: Path) -> None:
    _, skipped = read(write(tmp_path / "a.csv", "id,words\n1,x\n2,y\n"))
    assert [s.reason for s in skipped] == ["missing-key"]


def test_csv_cells_may_hold_line_ends_quotes_and_other_delimiters(tmp_path: Path) -> None:
    rows = [{"id": "1", "text": f'{BODY}\n\n"No," he said; twice'}, {"id": "2", "text": BODY}]
    documents, skipped = read(write(tmp_path / "a.csv", as_csv(rows)), write(tmp_path / "b.tsv", f"id\ttext\n3\t{BODY}\n"), write(tmp_path / "c.csv", f"id;text\n4;{BODY}\n"))
    assert not skipped
    assert [d.id for d in documents] == ["1", "2", "3", "4"]
    assert documents[0].text == rows[0]["text"]


def test_a_quote_that_is_never_closed_costs_its_own_line_only(tmp_path: Path) -> None:
    documents, skipped = read(write(tmp_path / "a.csv", f'id,text\n1,{BODY.replace(",", ";")}\n2,"{BODY}\n3,{BODY.replace(",", ";")}\n'))
    assert [d.id for d in documents] == ["1", "3"]
    assert [(s.line, s.reason) for s in skipped] == [(3, "open-quote")]


@pytest.mark.parametrize("name", ["a.jsonl", "a.csv"])
def test_a_line_of_50_mb_is_passed_over_without_being_held(tmp_path: Path, name: str) -> None:
    good = json.dumps(ROW) if name.endswith("jsonl") else f'r1,"{BODY}"'
    path = tmp_path / name
    with path.open("w") as stream:
        stream.write("" if name.endswith("jsonl") else "id,text\n")
        stream.write(good + "\n")
        for _ in range(50):
            stream.write("x" * 1_000_000)
        stream.write("\n" + good + "\n")
    tracemalloc.start()
    documents, skipped = read(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(documents) == 2
    assert [s.reason for s in skipped] == ["too-long"]
    assert "50.0 MB" in skipped[0].message
    assert peak < 25_000_000


def test_a_text_over_the_limit_is_skipped(tmp_path: Path) -> None:
    _, skipped = read(write(tmp_path / "a.txt", BODY * 10), limit_bytes=1000)
    assert skipped[0].reason == "too-long"


def test_empty_and_binary_files_are_named(tmp_path: Path) -> None:
    write(tmp_path / "a.txt", "")
    write(tmp_path / "b.txt", random.Random(1).randbytes(5000))
    write(tmp_path / "c.json", "  \n")
    write(tmp_path / "d.parquet", b"PAR1 not really")
    write(tmp_path / "e.csv", "")
    _, skipped = read(tmp_path)
    assert [s.reason for s in skipped] == ["empty", "binary", "empty", "broken-parquet", "empty"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_encodings_are_told_apart(encoding: str) -> None:
    text = f"“The talks are over,” a café owner said. {BODY}"
    assert decode(text.encode(encoding)) == text


def test_stray_bytes_among_utf8_are_mended() -> None:
    assert decode("naïve – ".encode() + "it’s".encode("cp1252")) == "naïve – it’s"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (
            "French",
            "Le gouvernement a annoncé mardi que les troupes seraient retirées de la frontière dans les prochains jours, après une réunion avec le ministre des affaires étrangères du pays voisin.",
        ),
        (
            "German",
            "Die Regierung hat am Dienstag angekündigt, dass die Truppen in den nächsten Tagen von der Grenze abgezogen werden, nachdem der Minister mit dem Nachbarland gesprochen hatte und sich einig war.",
        ),
        (
            "Spanish",
            "El gobierno anunció el martes que las tropas se retirarán de la frontera en los próximos días, después de una reunión con el ministro de asuntos exteriores del país vecino, según la agencia.",
        ),
        ("another script", "북한은 화요일 개성에 있는 남북공동연락사무소를 폭파했다고 통일부가 밝혔다."),
    ],
)
def test_reports_in_other_languages_are_skipped(tmp_path: Path, name: str, text: str) -> None:
    assert guess_foreign(text) == name
    _, skipped = read(write(tmp_path / "a.txt", text))
    assert skipped[0].reason == "not-english"


@pytest.mark.parametrize("text", [BODY, "North Korea fires missile over Japan", "Police arrest 12 in Harare protest; opposition leader Nelson Chamisa held"])
def test_english_is_kept(text: str) -> None:
    assert guess_foreign(text) is None


def test_a_stated_language_counts(tmp_path: Path) -> None:
    documents, skipped = read(write(tmp_path / "a.jsonl", "\n".join(json.dumps({**ROW, "language": code}) for code in ("fr", "en-GB", "English"))))
    assert len(documents) == 2
    assert [s.line for s in skipped] == [1]


@pytest.mark.parametrize(
    "text", ["2020-06-16", "2020-06-16T23:10:00+09:00", "20200616", "16 June 2020", "Tue, 16 Jun 2020 10:11:12 GMT", "June 16, 2020", "Jun. 16, 2020", "2020/6/16"]
)
def test_dates_are_read(text: str) -> None:
    assert parse_date(text) == datetime.date(2020, 6, 16)


@pytest.mark.parametrize("text", ["06/07/2020", "2020-13-01", "31 February 2020", "soon", "1592265600"])
def test_dates_that_are_not_certain_are_not_read(text: str) -> None:
    assert parse_date(text) is None


def test_a_date_that_is_not_understood_costs_the_date_only(tmp_path: Path) -> None:
    documents, skipped = read(write(tmp_path / "a.jsonl", json.dumps({**ROW, "date": None, "published_on": "06/07/2020"})), default_date=datetime.date(2001, 1, 1))
    assert documents[0].published_on is None
    assert [(s.reason, s.whole) for s in skipped] == [("date-not-understood", False)]


def test_directories_are_read_in_order_and_odd_files_named(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    write(tmp_path / "sub" / "z.txt", BODY)
    write(tmp_path / "a.txt", BODY + " First.")
    write(tmp_path / "notes.pdf", b"%PDF-1.4")
    write(tmp_path / ".hidden.txt", BODY)
    (tmp_path / "gone.txt").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "pipe.txt")
    documents, skipped = read(tmp_path)
    assert [Path(d.origin or "").name for d in documents] == ["a.txt", "z.txt"]
    assert {Path(s.path).name: s.reason for s in skipped} == {"gone.txt": "not-found", "notes.pdf": "unknown-format", "pipe.txt": "unreadable"}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_unreadable_files_and_directories_are_named(tmp_path: Path) -> None:
    closed = write(tmp_path / "a.txt", BODY)
    closed.chmod(0)
    (tmp_path / "sub").mkdir(mode=0)
    _, skipped = read(tmp_path)
    (tmp_path / "sub").chmod(0o700)
    assert [s.reason for s in skipped] == ["unreadable", "unreadable"]


def test_the_position_tells_how_far_reading_has_come(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", (json.dumps(ROW) + "\n") * 50)
    position = Position()
    reader = read_documents([path], position=position)
    for _ in range(10):
        next(reader)
    assert position.estimate_total() == 50


def test_a_csv_of_reports_reads_with_wrong_cell_counts_named(tmp_path: Path) -> None:
    _, skipped = read(write(tmp_path / "a.csv", "id,text\n1,some text,too,many\n"))
    assert str(skipped[0]).endswith(":2: found 4 cells; expected 2 (id, text)")


@pytest.mark.parametrize("opener", ["<a ", "<!--", "</", "<?", '<a b="', "<![CDATA[", "<!"])
@pytest.mark.parametrize("end", ["", ">"])
def test_tags_that_are_never_closed_cost_no_more_than_their_length(opener: str, end: str) -> None:
    text = "<p>" + opener * (300_000 // len(opener)) + end
    started = time.process_time()
    strip_markup(text)
    assert time.process_time() - started < 5  # the parser alone takes minutes for most of them


def test_a_sign_that_opens_nothing_stays_text() -> None:
    assert strip_markup("<p>5 < 6 and 7 > 6</p><p>x <!-- gone --> y</p> a <b") == "5 < 6 and 7 > 6\n\nx y\n\na <b"
