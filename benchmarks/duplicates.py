"""How well near copies are told from other stories: pairs of texts made from our own corpora by fixed edits, with the answer known by how they were made.

Copies: what papers do with a wire report. No copies: other stories, an update of which most is new, the same template told of other facts, and a story that
quotes another one. Each copy is looked for in a store that holds every original, as a report that comes in is.
"""

from __future__ import annotations

import json
import random
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
CORPORA = (ROOT / "benchmarks" / "world_reports.jsonl", ROOT / "benchmarks" / "news_reports.jsonl", ROOT / "src" / "detente" / "demo" / "reports.jsonl")
BOILERPLATE = (
    "Sign up for our morning newsletter and never miss a story from the region.",
    "This article was produced with reporting from our correspondents. Copyright 2020. All rights reserved.",
    "Follow us for more news. Readers may write to the editor at the address given below.",
    "Advertisement. Scroll to continue with the story.",
)
OTHER_WORDS = {
    "said": "stated", "told": "informed", "also": "too", "after": "following", "before": "ahead of", "about": "some", "on": "this", "and": "as well as",
    "killed": "left dead", "accused": "charged", "called": "appealed", "announced": "made known", "would": "will", "several": "a number of", "people": "persons",
}  # fmt: skip
"""Words that an editor changes; that the sentence suffers is of no matter here."""


class Pair(NamedTuple):
    """A text that comes in, the original that it is of (``None``: it is no copy), and how it was made."""

    kind: str
    text: str
    original: str | None


class Story(NamedTuple):
    """An original: its name, title and paragraphs."""

    id: str
    title: str
    paragraphs: tuple[str, ...]

    @property
    def text(self) -> str:
        """Title and body as a report has them."""
        return "\n\n".join((self.title, *self.paragraphs))


def read_stories(paths: Sequence[Path] = CORPORA) -> list[Story]:
    """The corpora -> their reports; paragraphs are those of the text, or runs of two sentences where it has none."""
    out = []
    for path in paths:
        for line in path.read_text("utf-8").splitlines():
            row = json.loads(line)
            parts = [p.strip() for p in row["text"].split("\n\n") if p.strip()]
            if len(parts) < 3:
                sentences = split_sentences(row["text"])
                parts = [" ".join(sentences[n : n + 2]) for n in range(0, len(sentences), 2)]
            out.append(Story(row["id"], row.get("title") or "", tuple(parts)))
    return out


def split_sentences(text: str) -> list[str]:
    """A text -> its sentences, by full stops before a capital: good enough for edits."""
    return [part for part in re.split(r"(?<=[.!?])\s+(?=[A-Z“\"'])", " ".join(text.split())) if part]


# -- copies -------------------------------------------------------------------------------------------------------------------
def change_masthead(story: Story, rng: random.Random) -> str:
    """Another paper's headline and dateline, its line at the end."""
    body = (re.sub(r"^[^.]{0,60}\([^)]*\) -- ", "", story.paragraphs[0]), *story.paragraphs[1:])
    return "\n\n".join((f"{story.title} | Daily Paper {rng.randrange(90)}", *body, f"(c) Daily Paper {rng.randrange(90)}"))


def change_headline(story: Story, rng: random.Random) -> str:
    """A headline of the editor's own."""
    words = story.title.split()
    rng.shuffle(words)
    return "\n\n".join((f"World in brief: {' '.join(words[: max(3, len(words) // 2)])}", *story.paragraphs))


def cut_paragraphs(story: Story, rng: random.Random) -> str:
    """The first paragraphs only, at least half: what fits in a column."""
    keep = max(len(story.paragraphs) // 2, 2, len(story.paragraphs) - rng.randint(1, 3))
    return "\n\n".join((story.title, *story.paragraphs[:keep]))


def drop_a_paragraph(story: Story, rng: random.Random) -> str:
    """One paragraph within left out."""
    out = rng.randrange(1, len(story.paragraphs))
    return "\n\n".join((story.title, *(p for n, p in enumerate(story.paragraphs) if n != out)))


def edit_sentences(story: Story, rng: random.Random) -> str:
    """Every fourth sentence in other words."""
    sentences = split_sentences(" ".join(story.paragraphs))
    chosen = set(rng.sample(range(len(sentences)), max(1, len(sentences) // 4)))
    return "\n\n".join((story.title, " ".join(reword(s) if n in chosen else s for n, s in enumerate(sentences))))


def reword(sentence: str) -> str:
    """A sentence -> the same with the editor's words."""
    return " ".join(OTHER_WORDS.get(word, word) for word in sentence.split())


def add_boilerplate(story: Story, rng: random.Random) -> str:
    """Lines of the site before, within and after the story."""
    first, second, third = rng.sample(BOILERPLATE, 3)
    return "\n\n".join((first, story.title, story.paragraphs[0], second, *story.paragraphs[1:], third))


def do_several(story: Story, rng: random.Random) -> str:
    """Headline, boilerplate, one paragraph out and one sentence in other words, all at once."""
    shorter = story._replace(paragraphs=tuple(drop_a_paragraph(story, rng).split("\n\n"))[1:])
    sentences = split_sentences(shorter.paragraphs[0])
    edited = shorter._replace(title=f"News: {story.title[:20]}", paragraphs=(" ".join([reword(sentences[0]), *sentences[1:]]), *shorter.paragraphs[1:]))
    return add_boilerplate(edited, rng)


def add_a_paragraph(story: Story, rng: random.Random, others: Sequence[Story] = ()) -> str:
    """A short update: the same story with one new paragraph in front."""
    del rng
    return "\n\n".join((f"UPDATE: {story.title}", others[0].paragraphs[-1], *story.paragraphs))


def add_a_third(story: Story, others: Sequence[Story]) -> str:
    """An update: the whole story, and as much new text as makes a third of the whole."""
    new, wanted = [], len(" ".join(story.paragraphs).split()) // 2
    for paragraph in (p for other in others for p in other.paragraphs):
        if sum(len(p.split()) for p in new) >= wanted:
            break
        new.append(paragraph)
    return "\n\n".join((f"UPDATE: {story.title}", *new, *story.paragraphs))


COPIES: dict[str, Callable[[Story, random.Random], str]] = {
    "masthead": change_masthead,
    "headline": change_headline,
    "cut": cut_paragraphs,
    "paragraph out": drop_a_paragraph,
    "sentences edited": edit_sentences,
    "boilerplate": add_boilerplate,
    "several edits": do_several,
}


# -- no copies ----------------------------------------------------------------------------------------------------------------
FACTS = ("town village city province district border coast market bridge river harbour school airport station church mosque square camp road valley island").split()
NAMES = "Arland Borvia Cestan Dravos Elmira Farune Gostan Halvia Ismere Jorvan Kestra Lorvia Mestan Norvos Ostria Pellan Quoria Restan Sorvia Tallin Umbria Vestan".split()


def fill_template(rng: random.Random) -> str:
    """A daily bulletin whose sentences are those of all others, with other facts in each."""

    def fact() -> str:
        return f"{rng.choice(NAMES)} {rng.choice(FACTS)}"

    lines = [
        f"The ministry of {rng.choice(NAMES)} said on {rng.choice(['Monday', 'Tuesday', 'Friday', 'Sunday'])} that its troops had repelled an attack near the {fact()}.",
        f"At least {rng.randint(2, 90)} fighters were killed and {rng.randint(2, 90)} wounded in the {fact()}, according to {rng.choice(NAMES)} officials.",
        f"Shells also fell on the {fact()} and the {fact()}, where {rng.randint(2, 90)} houses burned.",
        f"General {rng.choice(NAMES)} accused {rng.choice(NAMES)} of breaking the truce that was signed in {rng.choice(NAMES)} in {rng.randint(1990, 2020)}.",
        f"A spokesman for {rng.choice(NAMES)} denied the charge and called on {rng.choice(NAMES)} to withdraw from the {fact()}.",
        f"Aid workers said {rng.randint(100, 9000)} people had fled from the {fact()} to the {fact()} since {rng.choice(['Monday', 'Thursday', 'Saturday'])}.",
        f"The price of {rng.choice(FACTS)} permits in {rng.choice(NAMES)} has risen by {rng.randint(3, 80)} percent.",
    ]
    return "\n\n".join(lines)


def quote_another(story: Story, other: Story) -> str:
    """A story of its own that quotes a paragraph of another one."""
    return "\n\n".join((story.title[::-1], *(" ".join(reversed(p.split())) for p in story.paragraphs), other.paragraphs[0]))


def make_pairs(stories: Sequence[Story], rng: random.Random) -> Iterator[Pair]:
    """Originals -> texts that come in after them. Stories that are not edited stand beside each other in the corpora: many tell one event in other words."""
    for n, story in enumerate(stories):
        others = rng.sample([s for s in stories if s is not story], 6)
        for kind, make in COPIES.items():
            yield Pair(kind, make(story, rng), story.id)
        yield Pair("update by a paragraph", add_a_paragraph(story, rng, others), story.id)
        yield Pair("update by a third", add_a_third(story, others), story.id)
        half = split_sentences(story.paragraphs[0])[:1]
        yield Pair("follow-up that repeats a sentence", "\n\n".join((f"Day after: {story.title}", *(p for o in others[:2] for p in map(shuffle_words, o.paragraphs)), *half)), None)
        yield Pair("quotes another story", quote_another(others[0], story), None)
        if n % 2:
            yield Pair("same template, other facts", fill_template(rng), None)


def shuffle_words(paragraph: str) -> str:
    """A paragraph -> text in its words that no other has."""
    words = paragraph.split()
    random.Random(len(paragraph)).shuffle(words)
    return " ".join(words)


def judge(pairs: Sequence[Pair], find: Callable[[str], str | None]) -> tuple[float, float, dict[str, tuple[int, int]]]:
    """Pairs and what finds the original of a text -> precision, recall, and for each kind how many were told right, of how many."""
    right: dict[str, list[bool]] = defaultdict(list)
    said = hits = 0
    for pair in pairs:
        found = find(pair.text)
        said += found is not None
        hits += found is not None and found == pair.original
        right[pair.kind].append(found == pair.original)
    wanted = sum(p.original is not None for p in pairs)
    return hits / max(1, said), hits / max(1, wanted), {kind: (sum(told), len(told)) for kind, told in right.items()}
