"""Event mentions -> the same with the dead and injured that the sentence counts, as numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from detente.coding.grammar import NUMBER_WORDS
from detente.records import EventMention, Sentence

_WORDS = NUMBER_WORDS | {"dozen": 12, "hundred": 100, "scores": 40}
_TENS = r"(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)"
_UNITS = r"(?:one|two|three|four|five|six|seven|eight|nine)"
_NUM = rf"(?P<{{}}>(?:two|three|four|five|six|several) (?:dozen|hundred|thousand)|a dozen|a hundred|\d{{{{1,3}}}}(?:,\d{{{{3}}}})+|\d+|{_TENS}-{_UNITS}|{_TENS}|{_UNITS}|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|(?:two|three|four|five|six|several) (?:dozen|hundred|thousand)|a dozen|a hundred|an?)"
_QUALIFIER = r"(?:at least |more than |over |about |around |some |up to |as many as |nearly |almost |another |a further |a total of )*"
_PERSON = r"(?:[a-z'’-]+ ){0,4}?(?:people|persons?|civilians?|soldiers?|troops|officers?|policemen|police|militants?|rebels?|fighters?|protesters?|demonstrators?|children|women|men|man|woman|girl|boy|others?|villagers?|residents?|insurgents?|terrorists?|students?|worshippers?|passengers?|guards?|workers?|members?|journalists?|migrants?|refugees?|marines|sailors|victims|worshipers|attackers?|gunmen|bystanders|personnel|citizens?|child|lives)"
_DEAD = (
    rf"\b(?:kill(?:s|ed|ing)?|murder(?:s|ed|ing)?|slaughter(?:s|ed|ing)?|massacr(?:es|ed|ing)|claim(?:s|ed|ing)?) (?:the lives of )?{_QUALIFIER}{_NUM.format('n1')}\b(?! (?:per cent|percent|year|day|hour|week|month))(?: {_PERSON})?",
    rf"\b{_QUALIFIER}{_NUM.format('n2')} {_PERSON} (?:[a-z]+ ){{0,3}}?(?:were |was |have been |had been |has been |been |are |reported )?(?:killed|dead|died|murdered|slain|massacred|executed)\b",
    rf"\bdeath toll (?:[a-z'’,-]+ ){{0,12}}?(?:to|at|of|was|stood at) {_QUALIFIER}{_NUM.format('n3')}\b",
    rf"\b{_NUM.format('n4')} (?:were |have been )?(?:killed|dead|died)\b",
    rf"\b(?:shot|stabbed|beaten|hacked) (?:dead|to death) {_QUALIFIER}{_NUM.format('n7')}\b",
    rf"\b{_QUALIFIER}{_NUM.format('n8')} {_PERSON},? (?:including|among them) [^.;]{{0,60}}?,? (?:were|have been|had been) (?:killed|shot dead)\b",
    rf"\b{_NUM.format('n9')} (?:[a-z-]+ ){{0,4}}?(?:was|were) (?:shot dead|stabbed to death|beaten to death|killed)\b",
    rf"\blost {_QUALIFIER}{_NUM.format('n10')} (?:soldiers|men|troops|fighters|policemen|officers|people)\b",
    rf"\b(?:left|leaving|leaves) {_QUALIFIER}{_NUM.format('n5')} (?:{_PERSON} )?(?:[a-z]+ ){{0,2}}?dead\b",
    rf"\bdeaths? of {_QUALIFIER}{_NUM.format('n6')}\b",
)
_INJURED = (
    rf"\b(?:wound(?:s|ed|ing)?|injur(?:es|ed|ing|e)|hurt|hurting) {_QUALIFIER}{_NUM.format('n1')}\b(?: {_PERSON})?",
    rf"\b{_QUALIFIER}{_NUM.format('n2')} (?:{_PERSON} )?(?:[a-z]+ ){{0,2}}?(?:were |was |have been |had been |been )?(?:[a-z]+ly )?(?:wounded|injured|hurt|maimed)\b",
)
_DEAD_GRAMMAR = [re.compile(p) for p in _DEAD]
_INJURED_GRAMMAR = [re.compile(p) for p in _INJURED]
_NEEDED = re.compile(r"kill|dead|died|death|murder|slaughter|massacr|claim|slain|execut|wound|injur|hurt|maim")


def count_casualties(mentions: Sequence[EventMention], text: str, sentences: Sequence[Sentence]) -> list[EventMention]:
    """Event mentions -> event mentions with ``dead`` and ``injured`` where their sentence counts them; only acts of violence have any."""
    found: dict[int, tuple[int | None, int | None]] = {}
    out = []
    for m in mentions:
        if m.event_type not in ("ASSAULT", "PROTEST"):
            out.append(m)
            continue
        if m.sentence not in found:
            start, end = sentences[m.sentence].span
            found[m.sentence] = read_toll(text[start:end])
        dead, injured = found[m.sentence]
        out.append(msgspec.structs.replace(m, dead=dead, injured=injured) if dead is not None or injured is not None else m)
    return out


def read_toll(sentence: str) -> tuple[int | None, int | None]:
    """A sentence -> the dead and the injured that it counts (``None``: it does not say).

    >>> read_toll("The bomb killed at least 23 people and wounded dozens, including two children.")
    (23, None)
    """
    low = sentence.lower()
    if not _NEEDED.search(low):
        return None, None
    return _first(_DEAD_GRAMMAR, low), _first(_INJURED_GRAMMAR, low)


def _first(grammar: Sequence[re.Pattern[str]], low: str) -> int | None:
    for pattern in grammar:
        match = pattern.search(low)
        if match:
            value = _number(next(v for k, v in match.groupdict().items() if v))
            if value is not None:
                return value
    return None


def _number(word: str) -> int | None:
    plain = word.replace(",", "")
    if plain.isdigit():
        is_year = "," not in word and "1900" <= plain <= "2099" and len(plain) == 4
        return int(plain) if len(plain) < 8 and not is_year else None
    parts = word.split(" ")
    if len(parts) == 2:
        return {"several": 3}.get(parts[0], _WORDS.get(parts[0], 1)) * {"dozen": 12, "hundred": 100, "thousand": 1000}[parts[1]] if parts[0] != "several" else None
    return sum(_WORDS.get(part, 0) for part in word.split("-")) or None
