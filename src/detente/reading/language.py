"""Text -> whether it is in English, by its most frequent words and its script. Cheap enough to run on every report."""

from __future__ import annotations

import re

MAX_WORDS = 600
"""Words looked at; more changes no verdict."""
MIN_WORDS = 25
"""A shorter text (a headline, a caption) has too few function words for a verdict by words; only its script counts."""
MIN_ENGLISH_SHARE = 0.10
"""Least share of English function words. News prose has 0.25 to 0.4, a list of English names and figures 0.1, other languages below 0.05 (own texts)."""
MAX_FOREIGN_LETTERS = 0.3
"""Most letters that may be of other scripts than the Latin one."""

_ENGLISH = frozenset(
    [
        "the",
        "of",
        "and",
        "to",
        "that",
        "for",
        "with",
        "said",
        "by",
        "from",
        "has",
        "have",
        "had",
        "were",
        "which",
        "its",
        "it",
        "is",
        "at",
        "his",
        "her",
        "their",
        "would",
        "are",
        "be",
        "been",
        "not",
        "after",
        "who",
        "this",
        "but",
        "they",
        "will",
        "he",
        "she",
        "as",
        "on",
        "was",
    ]
)
_OTHERS = {
    "French": [
        "le",
        "la",
        "les",
        "des",
        "et",
        "un",
        "une",
        "que",
        "qui",
        "dans",
        "pour",
        "sur",
        "avec",
        "est",
        "au",
        "aux",
        "du",
        "ce",
        "sont",
        "pas",
        "plus",
        "par",
        "ont",
        "il",
        "elle",
    ],
    "Spanish": ["el", "la", "los", "las", "de", "del", "y", "que", "en", "un", "una", "por", "con", "para", "se", "su", "es", "al", "lo", "como", "fue", "más", "ha", "sus"],
    "Portuguese": ["o", "os", "as", "de", "do", "da", "dos", "das", "e", "que", "em", "um", "uma", "por", "com", "para", "se", "não", "no", "na", "ao", "foi", "mais", "sua"],
    "Italian": ["il", "lo", "la", "gli", "le", "di", "del", "della", "e", "che", "in", "un", "una", "per", "con", "non", "è", "si", "da", "al", "nel", "sono", "ha", "dei"],
    "German": ["der", "die", "das", "und", "den", "dem", "des", "ein", "eine", "von", "zu", "mit", "auf", "für", "im", "ist", "nicht", "sich", "auch", "es", "wurde", "hat", "bei"],
    "Dutch": ["de", "het", "een", "van", "en", "dat", "te", "op", "voor", "met", "niet", "zijn", "aan", "door", "ook", "naar", "bij", "uit", "heeft", "werd"],
    "Polish": ["i", "w", "z", "na", "do", "się", "nie", "że", "jest", "o", "od", "po", "za", "przez", "dla", "jak", "był", "oraz"],
    "Turkish": ["ve", "bir", "bu", "da", "de", "için", "ile", "olarak", "olan", "daha", "çok", "ama", "gibi", "kadar", "sonra"],
    "Indonesian": ["yang", "dan", "di", "ke", "dari", "untuk", "dengan", "pada", "ini", "itu", "dalam", "tidak", "akan", "oleh", "telah"],
    "Swedish": ["och", "i", "att", "det", "som", "en", "på", "är", "av", "för", "med", "den", "till", "inte", "har", "om", "ett", "var"],
}
_WORD = re.compile(r"[^\W\d_]+")


def guess_foreign(text: str) -> str | None:
    """Text -> ``None`` if it is in English (or too short to tell), else what it seems to be."""
    words = [m.group(0).lower() for _, m in zip(range(MAX_WORDS), _WORD.finditer(text), strict=False)]
    if not words:
        return None
    letters = "".join(words)
    foreign = sum(1 for c in letters if c > "\u024f" and not "\u1e00" <= c <= "\u1eff")
    if foreign > MAX_FOREIGN_LETTERS * len(letters):
        return "another script"
    if len(words) < MIN_WORDS:
        return None
    english = sum(1 for w in words if w in _ENGLISH) / len(words)
    best = max(_OTHERS, key=lambda name: _share(words, name))
    if _share(words, best) > english:
        return best
    return None if english >= MIN_ENGLISH_SHARE else "few English words"


def _share(words: list[str], name: str) -> float:
    known = frozenset(_OTHERS[name])
    return sum(1 for w in words if w in known) / len(words)
