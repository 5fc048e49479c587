"""The words of a due rule with their places, and the error that points at them.

It reads no grammar and knows no anchor: that is due.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable

from engine.core.words import nearest

FindAnchor = Callable[[str, Collection[str]], str]
"""Written name and known anchors to the anchor that is meant, or ''."""


class Days(tuple[str, ...]):
    """The names that a rule may count from, and beside them facts that are days too, too many to be listed."""

    facts: frozenset[str]

    def __new__(cls, names: Iterable[str], facts: Iterable[str] = ()) -> Days:
        found = super().__new__(cls, names)
        found.facts = frozenset(facts)
        return found

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or name in self.facts


class DueSyntax(ValueError):
    """A text that is no due rule: where (0-based `offset` into the text), what, and what to write.

    `nearest` and `corrected` are empty when there is no good guess; `corrected` is a whole rule.
    """

    def __init__(self, what: str, found: str, allowed: str, *, offset: int, nearest: str = "") -> None:
        super().__init__(what)
        self.what, self.found, self.allowed, self.nearest = what, found, allowed, nearest
        self.offset, self.length = offset, len(found)
        self.corrected = ""

    def __str__(self) -> str:
        parts = [self.what, f"found {self.found!r}" if self.found else "found nothing"]
        parts += [f"allowed: {self.allowed}"]
        parts += [f"nearest: {self.nearest}"] if self.nearest else []
        parts += [f"write: {self.corrected}"] if self.corrected else []
        return ", ".join(parts)


class Words:
    """The words of a rule from left to right, each with its place in the text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.spans = [match.span() for match in re.finditer(r"\S+", text)]
        self.words = [text[start:end].lower() for start, end in self.spans]
        self.at = 0

    def now(self) -> str:
        return self.words[self.at] if self.at < len(self.words) else ""

    def take(self, *phrase: str) -> bool:
        """Step over the phrase when it comes next."""
        found = tuple(self.words[self.at : self.at + len(phrase)]) == phrase
        self.at += len(phrase) if found else 0
        return found

    def span(self, count: int = 1) -> tuple[int, str]:
        """Return place and text of the next `count` words; at the end, the end and ''."""
        spans = self.spans[self.at : self.at + count]
        if not spans:
            return len(self.text), ""
        return spans[0][0], self.text[spans[0][0] : spans[-1][1]]

    def wrong(self, what: str, allowed: str, count: int = 1, known: Iterable[str] = ()) -> DueSyntax:
        """Return the error at the next `count` words; the nearest of the `known` ones is told with it."""
        offset, found = self.span(count)
        return DueSyntax(what, found, allowed, offset=offset, nearest=nearest(found.lower(), known))
