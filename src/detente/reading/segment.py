"""Text of a report -> blocks: title, body, captions, boilerplate and repeated paragraphs; and the dateline's place.

What is not news prose is marked, never deleted, so that spans keep pointing into the stored text.
"""

from __future__ import annotations

import re

from detente.records import Block, BlockKind, Document

_CAPTION = re.compile(
    r"^\s*(?:file (?:photo|picture|image)|photo:|image:|picture:|fig(?:ure)?\.? \d|\(?(?:photo|image|picture)(?: credit| by|:)|watch:|video:|pictured:|caption:)|(?:©|\(c\)) ?[A-Z]|(?:REUTERS|AFP|AP|EPA|Getty Images)(?:/[A-Z][\w .-]+){1,}\s*$|\((?:[A-Z][\w.' -]+/)(?:Associated Press|AP|Reuters|AFP|EPA|Getty Images)[^)]*\)\s*$|© ?(?:REUTERS|AFP|AP|EPA|Getty)",
    re.IGNORECASE,
)
_CAPTION_END = re.compile(
    r"(?:\((?:[A-Z][\w.'’ -]+[/,] ?)?(?:Associated Press|AP|Reuters|AFP|EPA|Getty Images|AP Photo[^)]*|File)\)|©\s?(?:REUTERS|Reuters|AFP|AP|EPA|Getty)[^.]{0,40}|REUTERS/[A-Z][\w .-]+(?:/[\w .-]+)*|(?:Photo|Image|Picture)(?: by|:)[^.]{0,60})\s*$"
)
_BOILERPLATE = re.compile(
    r"^\s*(?:read more|read also|also read|more:|see also|related(?: stories| articles|:)|advertisement|share (?:this|on)|follow us|sign up|subscribe|click here|get the latest|download the|copyright|all rights reserved|© ?\d{4}|\(?reporting by|writing by|editing by|additional reporting|by [A-Z][a-z]+ [A-Z][a-z'’-]+(?: (?:and|in) .{2,60})?\s*$|\(?this (?:story|version)|story continues|skip advertisement|most read|trending|recommended|comments?\s*\d*\s*$|tweet\s*$|facebook\s*$|whatsapp|email\s*$|print\s*$|updated? (?:at|on):?|published (?:at|on):?|last updated|posted (?:at|on)|contact us|privacy policy|terms of (?:use|service)|newsletter|loading|play video|media playback)",
    re.IGNORECASE,
)
_DATELINE = re.compile(
    r"^\s*\(?(?P<place>[A-ZÀ-Þ][A-ZÀ-Þ.'’ /-]{2,40}(?:, [A-Z][\w. ]{2,25})?|[A-Z][a-z]+(?: [A-Z][a-z]+)?)\)?(?:, (?:(?:Jan|Feb|Mar|Apr|Aug|Sept|Oct|Nov|Dec)\.?|March|April|May|June|July|January|February|August|September|October|November|December) \d{1,2}(?:, \d{4})?|, \d{1,2} [A-Z][a-z]{2,8}\.?(?: \d{4})?)? ?(?:\([^)]{2,40}\))? ?(?:--|—|–| - |:(?= |$))\s*"
)
_AGENCY = re.compile(r"^\s*(?:(?P<place>[A-Z][A-Za-z.'’ -]{2,40}(?:, [A-Z][\w. ]{2,25})?) )?\((?:CNN|AP|AFP|UPI|BBC|VOA|ANI|IANS|PTI|EFE|DPA|TASS|ABC|CBS|NBC|Reuters|Xinhua|Yonhap|Bloomberg|Kyodo|[A-Z]{3} News)\) ?(?:--|—|–|-)?\s*")
"""A dateline without a dash, or without a place: "Seoul (CNN)", "(Reuters) -"."""
MAX_DATELINE_CHARS = 110


def segment_document(document: Document) -> tuple[list[Block], str | None]:
    """A document -> its blocks in order, and the place that its dateline names (``None`` if it has none)."""
    text = document.text
    blocks: list[Block] = []
    seen: set[str] = set()
    dateline: str | None = None
    title = (document.title or "").strip()
    first = True
    for start, end in _paragraphs(text):
        raw = text[start:end]
        key = re.sub(r"\W+", " ", raw).strip().lower()
        kind: BlockKind
        if first and (title and key == re.sub(r"\W+", " ", title).strip().lower() or _looks_like_title(raw)):
            blocks.append(Block((start, end), "title"))
            seen.add(key)
            first = False
            continue
        first = False
        if key in seen:
            kind = "repeat"
        elif _CAPTION.search(raw) or _CAPTION_END.search(raw) and len(raw) < 600:
            kind = "caption"
        elif _BOILERPLATE.match(raw) and len(raw) < 300 or not key:
            kind = "boilerplate"
        else:
            kind = "body"
        seen.add(key)
        if kind == "body":
            matched = _DATELINE.match(raw[:MAX_DATELINE_CHARS])
            if matched is not None and not _is_dateline(matched, raw):
                matched = None
            matched = matched or _AGENCY.match(raw[:MAX_DATELINE_CHARS])
            if matched and dateline is None and len(blocks) < 5:
                dateline = (matched.group("place") or "").strip() or None
                blocks.append(Block((start, start + matched.end()), "boilerplate"))
                start += matched.end()
                if start >= end:
                    continue
        blocks.extend(_repeats(text, start, end, kind, seen))
    return blocks, dateline


def _is_dateline(matched: re.Match[str], raw: str) -> bool:
    """ "KABUL -", "Kabul (EPW) -", "(Kabul) -"; a town in small letters alone only before a long dash and a capital: "Addis Ababa — For"."""
    place, whole = matched.group("place"), matched.group(0)
    if place.split(",")[0].isupper():
        return True
    return ":" not in whole and ("(" in whole or whole.endswith("— ") and raw[matched.end() : matched.end() + 1].isupper())


def _repeats(text: str, start: int, end: int, kind: BlockKind, seen: set[str]) -> list[Block]:
    """A paragraph that begins with a whole paragraph seen before (a lead pasted twice) is cut there."""
    if kind != "body" or end - start < 60:
        return [Block((start, end), kind)]
    raw = text[start:end]
    for earlier in list(seen)[:6]:
        if len(earlier) < 60:
            continue
        cut = _prefix_end(raw, earlier)
        if cut and cut < len(raw) - 5:
            return [Block((start, start + cut), "repeat"), Block((start + cut, end), "body")]
    half = len(raw) // 2
    if raw[:half].strip() and raw[:half].strip() == raw[half:].strip():
        return [Block((start, start + half), kind), Block((start + half, end), "repeat")]
    return [Block((start, end), kind)]


def _prefix_end(raw: str, key: str) -> int:
    """Where ``key`` (words in lower case) ends in ``raw`` if ``raw`` begins with it, else 0."""
    at = 0
    for match in re.finditer(r"\w+", raw):
        word = match.group(0).lower()
        if not key.startswith(word, at):
            return 0
        at += len(word)
        if at >= len(key):
            stop = match.end()
            while stop < len(raw) and not raw[stop].isalnum() and raw[stop] not in "\"“'‘":
                stop += 1
            return stop
        if key[at] != " ":
            return 0
        at += 1
    return 0


def _paragraphs(text: str) -> list[tuple[int, int]]:
    out = []
    for match in re.finditer(r"[^\n]+", text):
        raw = match.group(0)
        if raw.strip():
            lead = len(raw) - len(raw.lstrip())
            out.append((match.start() + lead, match.end() - (len(raw) - len(raw.rstrip()))))
    return _joined_wrapped(text, out)


def _joined_wrapped(text: str, lines: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Hard-wrapped text (lines of 50 to 90 characters that end without a full stop) is joined again."""
    if len(lines) < 6:
        return lines
    lengths = sorted(end - start for start, end in lines)
    wrapped = sum(1 for start, end in lines if text[end - 1] not in ".!?\"”’'):" and 45 <= end - start <= 95)
    if wrapped < len(lines) * 0.5 or lengths[len(lengths) // 2] > 95:
        return lines
    out: list[tuple[int, int]] = [lines[0]]
    for (start, end), (before, stop) in zip(lines[1:], lines, strict=False):
        gap = text[stop:start]
        if gap.count("\n") == 1 and text[stop - 1] not in '.!?"”:' and stop - before >= 45:
            out[-1] = (out[-1][0], end)
        else:
            out.append((start, end))
    return out


def _looks_like_title(raw: str) -> bool:
    return len(raw) < 200 and raw[-1:] not in '.!”"' and not _DATELINE.match(raw[:MAX_DATELINE_CHARS])
