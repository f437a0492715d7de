"""The whole flow: what it promises of any report, and that no text breaks it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import msgspec
import pytest

from conftest import make_document
from detente.coding.casualties import read_toll
from detente.pipeline import STEPS, Trace
from detente.records import Document

Code = Callable[..., list[Trace]]
REPORT = (
    "SEOUL (AP) — North Korea blew up the liaison office in Kaesong on Tuesday, South Korea’s unification ministry said.\n\n"
    "The attack came three days after Kim Yo Jong threatened the South. “They will pay for it,” she said.\n\n"
    "Seoul condemned the demolition and put its army on alert. On 12 May 2018 the North had promised to close its test site.\n\n"
    "Analysts at a university in Tokyo believe that Pyongyang wants concessions from Washington."
)
HOSTILE = {
    "empty": "",
    "spaces": " \n\n\t  \n",
    "one-word": "Bomb",
    "no-letters": "1234 5678 !!! ??? ... ,,, ;;;",
    "control-characters": "Russia\x00 attacked\x07 Georgia\x1b[31m on Monday.\x0b France condemned\x0c the attack.\x7f",
    "bidi": "\u202eRussia attacked Georgia\u202c on Monday. \u2066France\u2069 condemned \u200fRussia\u200e.",
    "zero-width": "Rus\u200bsia at\u200dtacked Geor\ufeffgia on Monday.",
    "long-sentence": "Russia attacked Georgia and " * 1250 + "left.",
    "nested-clauses": "France said that " * 120 + "Russia attacked Georgia.",
    "one-long-word": "attack" * 4000,
    "open-quotes": "“" * 300 + "Russia attacked Georgia" + "(" * 300,
    "dates": "on Tuesday " * 400 + "March 32, 2021, 31 February, 99 May 0000, 9999-99-99",
    "huge-numbers": "Rebels killed 99999999999999999999999 people and 1,000,000,000,000,000 soldiers in Mali.",
    "markup": "<script>alert('Russia attacked Georgia')</script> {{7*7}} ${jndi:ldap://x} '; DROP TABLE events; --",
    "emoji": "Russia 🇷🇺 attacked 💥 Georgia 🇬🇪 on Monday 😀. 👩‍👩‍👧 marched in Paris.",
    "expanding-case": "İstanbul'da İran İİİİ attacked Israel on Tuesday, İ said on 5 May.",
    "surrogate-pairs": "𝐑𝐮𝐬𝐬𝐢𝐚 attacked 𝕲𝖊𝖔𝖗𝖌𝖎𝖆 on Monday.",
    "other-script": "Россия напала на Грузию. 北朝鮮が事務所を爆破した。 هاجمت روسيا جورجيا.",
    "line-separators": "Russia attacked\u2028Georgia\u2029on\u0085Monday.",
    "commas": "Russia" + ", Georgia" * 300 + " attacked Iran.",
}


@pytest.fixture(scope="module")
def report(code: Code) -> Trace:
    return code([make_document(REPORT)], keep_all=True)[0]


@pytest.fixture(scope="module")
def hostile(code: Code) -> dict[str, Trace]:
    documents = [make_document(text, id=name) for name, text in HOSTILE.items()]
    return {trace.document.id: trace for trace in code(documents, keep_all=True)}


def spans(trace: Trace) -> Iterator[tuple[tuple[int, int], str | None]]:
    """Every span of a report with the words that it should hold (``None``: only that it lies within the text)."""
    for event in trace.report.events:
        for evidence in event.evidence:
            yield evidence.span, evidence.text
            yield evidence.trigger, None
        for actor in (*event.source, *event.target, *event.said_by):
            if actor.span is not None:
                yield actor.span, actor.text or None
        for part in (event.date, event.place):
            if part is not None and part.span is not None:
                yield part.span, part.text
    for claim in trace.report.claims:
        yield claim.span, claim.text
    for relation in trace.report.relations:
        yield relation.span, relation.text
    for refusal in trace.report.refusals:
        yield refusal.span, None


def plain(text: str) -> str:
    """Actors' words are kept with plain quotes and spaces."""
    return text.translate(str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "\u00a0": " ", "–": "-", "\u2010": "-", "\u2011": "-", "\n": " "}))


def test_the_report_is_coded(report: Trace) -> None:
    types = {e.event_type for e in report.report.events if e.modality == "actual"}
    assert {"ASSAULT", "THREATEN", "ACCUSE", "MOBILIZE"} <= types


def test_spans_are_verbatim(report: Trace) -> None:
    text = report.document.text
    found = list(spans(report))
    assert found
    for (start, end), words in found:
        assert 0 <= start < end <= len(text)
        assert words is None or plain(text[start:end]) == plain(words)


@pytest.mark.xfail(reason="actors' text has its curly quotes and dashes replaced by plain ones (find_actors slices the plain copy of the text)", strict=True)
def test_actors_text_is_verbatim_to_the_quote_mark(report: Trace) -> None:
    text = report.document.text
    actors = [a for e in report.report.events for a in (*e.source, *e.target, *e.said_by) if a.span and a.text]
    assert all(text[slice(*a.span)] == a.text for a in actors if a.span)
    assert any("’" in a.text for a in actors)


def test_a_trigger_lies_within_its_evidence(report: Trace) -> None:
    for event in report.report.events:
        for e in event.evidence:
            assert e.span[0] <= e.trigger[0] < e.trigger[1] <= e.span[1]


def test_ids_are_stable_and_unique(code: Code, report: Trace) -> None:
    again = code([make_document("Kenya condemned Uganda.", id="other"), make_document(REPORT)], keep_all=True)[1]
    assert [e.event_id for e in again.report.events] == [e.event_id for e in report.report.events]
    assert len({e.event_id for e in report.report.events}) == len(report.report.events)


def test_coding_twice_gives_the_same_bytes(code: Code, report: Trace) -> None:
    again = code([make_document(REPORT)], keep_all=True)[0]
    assert msgspec.json.encode(again.report) == msgspec.json.encode(report.report)


def test_the_neighbours_of_a_document_do_not_change_it(code: Code) -> None:
    alone = code([make_document("He condemned the raid. It withdrew its envoy.", id="b")])[0]
    beside = code([make_document("Vladimir Putin met Xi Jinping.", id="a"), make_document("He condemned the raid. It withdrew its envoy.", id="b")])[1]
    assert alone.report == beside.report


def test_only_actual_events_are_kept_by_default_and_the_rest_is_counted(code: Code) -> None:
    document = make_document("Russia did not attack Georgia. Poland will expel a Russian diplomat.")
    (trace,) = code([document])
    assert trace.report.events == ()
    assert {"negated", "future"} <= {r.reason for r in trace.report.refusals}


def test_without_a_publication_date_relative_dates_stay_unresolved_and_a_note_says_so(code: Code) -> None:
    (trace,) = code([make_document("Russia attacked Georgia on Tuesday.", published_on=None)])
    assert [e.date for e in trace.report.events] == [None]
    assert any("publication date" in note for note in trace.report.notes)


def test_without_a_publication_date_full_dates_are_read_and_no_note_is_made(code: Code) -> None:
    (trace,) = code([make_document("Russia attacked Georgia on 8 August 2008.", published_on=None)])
    assert [e.date.start for e in trace.report.events if e.date] == ["2008-08-08"]
    assert trace.report.notes == ()


def test_with_a_publication_date_there_is_no_note(report: Trace) -> None:
    assert report.report.notes == ()


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_is_coded_without_error_and_its_spans_hold(name: str, hostile: dict[str, Trace]) -> None:
    trace = hostile[name]
    text = trace.document.text
    for (start, end), words in spans(trace):
        assert 0 <= start < end <= len(text)
        assert words is None or plain(text[start:end]) == plain(words)
    for s in trace.sentences:
        for word, start, end in zip(s.words, s.starts, s.ends, strict=True):
            assert plain(text[start:end]).translate({9: 32, 13: 32}) == word


@pytest.mark.parametrize("name", ["empty", "spaces", "no-letters"])
def test_text_without_words_has_no_events(name: str, hostile: dict[str, Trace]) -> None:
    assert hostile[name].report.events == ()


def test_a_sentence_of_five_thousand_words_takes_no_longer_than_ten_seconds(code: Code) -> None:
    start = time.process_time()
    code([make_document("Rebels shelled the town and the army fled from it because " * 500 + "it rained.")])
    assert time.process_time() - start < 10


def test_no_casualty_count_is_absurd(hostile: dict[str, Trace]) -> None:
    assert all((e.dead or 0) < 10_000_000 for e in hostile["huge-numbers"].report.events)


def test_events_are_whole(report: Trace) -> None:
    for event in report.report.events:
        assert event.source or event.target
        assert event.evidence
        assert event.doc_id == report.document.id
        assert 0 <= event.confidence <= 1
        assert -10 <= event.intensity <= 10
        assert event.date is None or event.date.start <= event.date.end


def test_documents_come_back_in_order_across_batches(code: Code) -> None:
    documents = [Document(id=str(n), text="Kenya condemned Uganda.") for n in range(70)]
    assert [t.document.id for t in code(documents)] == [d.id for d in documents]


def test_the_steps_are_named_with_what_they_take_and_give() -> None:
    assert [name for name, *_ in STEPS] == list(dict.fromkeys(name for name, *_ in STEPS))
    assert all(len(step) == 4 and all(step) for step in STEPS)


@pytest.mark.parametrize(
    ("sentence", "dead"),
    [
        ("Chad suspended the tours in July 2008 after a soldier shot dead a woman.", 1),
        ("The raid killed 2,008 people, the ministry said.", 2008),
        ("At least 40 people were killed in 2014.", 40),
    ],
)
def test_a_year_is_no_toll(sentence: str, dead: int | None) -> None:
    assert read_toll(sentence)[0] == dead
