"""Text with HTML tags in it -> plain paragraphs. Works without recursion, so that no depth of nesting hurts."""

from __future__ import annotations

import re
from html.parser import HTMLParser

_TAG = re.compile(r"</(?:p|div|span|a|b|i|em|strong|html|body|article|section|h[1-6]|li|ul|td|table|blockquote)\s*>|<(?:br|p|div)\b[^>]*>", re.IGNORECASE)
_BLOCKS = frozenset(
    [
        "p",
        "div",
        "br",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "li",
        "ul",
        "ol",
        "tr",
        "table",
        "section",
        "article",
        "header",
        "footer",
        "blockquote",
        "figure",
        "figcaption",
        "aside",
        "nav",
        "main",
        "title",
    ]
)
_DROPPED = frozenset(["script", "style", "noscript", "template", "svg", "iframe", "nav", "footer", "form", "button", "select", "head"])


class _Stripper(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.dropping: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _DROPPED:
            self.dropping.append(tag)
        elif tag in _BLOCKS:
            self.parts.append("\n\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in self.dropping:
            while self.dropping.pop() != tag:
                pass
        elif tag in _BLOCKS:
            self.parts.append("\n\n")

    def handle_data(self, data: str) -> None:
        if not self.dropping:
            self.parts.append(re.sub(r"\s+", " ", data))


def looks_like_markup(text: str) -> bool:
    """Text -> whether it has HTML tags in it."""
    return "<" in text and _TAG.search(text) is not None


def _close_openers(text: str) -> str:
    """Text -> the same with every ``<`` as plain text that opens what is never closed. The parser would search to the end for each: hours for a hostile page."""
    for opener, closer in (("<", ">"), ("<!--", "-->"), ("<![", "]>")):
        end = text.rfind(closer) + 1
        if opener in text[end:]:
            text = text[:end] + text[end:].replace(opener, "&lt;" + opener[1:])
    return text


def strip_markup(text: str) -> str:
    """Text with HTML tags -> its paragraphs, scripts, styles, menus and forms left out."""
    stripper = _Stripper()
    stripper.feed(_close_openers(text))
    stripper.close()
    paragraphs = (re.sub(r"[ \t]+", " ", p).strip() for p in "".join(stripper.parts).split("\n\n"))
    return "\n\n".join(p for p in paragraphs if p)
