"""Texts and conditions for many coworkers: what is the same is rendered once, the rest put together from pieces.

Pure. Every way ends in the JSON of the text that `CompiledText.render` gives; where a value is not plain enough for
pieces, that very function is called. Memories are bounded, whatever number of coworkers comes by.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from json.encoder import encode_basestring
from typing import Protocol, TypeVar

from whenever import Date

from engine.core.fact_values import Path, Value, show
from engine.core.text import CompiledCondition, CompiledText
from engine.core.wanted import MAX_NAME

Key = TypeVar("Key")
Found = TypeVar("Found")

MOST_KEPT = 4096
"""Answers that one memory holds: more than the days of ten years or the plans of a house; then it starts afresh."""

_FACT_SHOWN = re.compile(r"\{\{\s*([a-z_][a-z0-9_]*(?:\.[a-z_][a-z0-9_]*)+)\s*\}\}")
_ROOTS = frozenset({"coworker", "contract", "location"})
"""Whose facts are read by type, here or once for a place; inputs are as they were given."""

_LONG = 32 * 1024
"""Characters: below it no text of UTF-8 can pass the 64 KiB of a page, so nobody has to count."""


class NotPlain(Exception):
    """The fast way stops here, and the plain way tells what there is to tell."""


class Member(Protocol):
    """What a text needs of one coworker."""

    @property
    def values(self) -> Mapping[str, Value]: ...

    def piece(self, path: Path) -> tuple[str, int] | None:
        """Return a fact as JSON with its length as shown, or None when it is not one tame line."""
        ...


Write = Callable[[Member, Mapping[str, Value]], str]
"""One text for one coworker: the inside of a JSON string. The values hold a for_each thing as well."""

Decide = Callable[[Mapping[str, Value]], bool]


def escaped(text: str) -> str:
    """Return the inside of the JSON string of a text, non-ASCII literal."""
    return encode_basestring(text)[1:-1]


def as_name(text: str) -> str:
    """Return a name as it is sent. Raises NotPlain for one that expansion refuses."""
    name = " ".join(text.splitlines()).strip()
    if not name or len(name) > MAX_NAME:
        raise NotPlain
    return escaped(name)


def as_notes(text: str) -> str:
    """Return notes as they are sent, before the mark."""
    return escaped(text.strip("\n"))


def as_line(text: str) -> str:
    """Return a line of a checklist, which may be empty."""
    return escaped(" ".join(text.splitlines()).strip())


def piece_of(value: Value, path: Path) -> tuple[str, int] | None:
    """Return a value as a text shows it, in JSON, with its length; None when it is not one line of ordinary size."""
    text = show(value, path)
    if not text or len(text) > _LONG or text != text.strip() or len(text.splitlines()) != 1:
        return None
    return escaped(text), len(text)


def writer(text: CompiledText | None, finish: Callable[[str], str], thing: str) -> Write:
    """Return how a text is written; `finish` gives it the form that is sent, `thing` is the for_each name or ''."""
    if text is None:
        return lambda _member, _values: ""
    if not text.facts_used and "{" not in text.source:
        return _constant(text, finish)
    pieces = _pieces(text, finish, thing)
    return pieces if pieces is not None else _Remembered(text, finish)


def _constant(text: CompiledText, finish: Callable[[str], str]) -> Write:
    known: list[str] = []

    def write(_: Member, values: Mapping[str, Value]) -> str:
        if not known:
            known.append(finish(text.render(values)))
        return known[0]

    return write


def _pieces(text: CompiledText, finish: Callable[[str], str], thing: str) -> Write | None:
    """Return a text of words and single facts as its pieces; None when there is anything else in it."""
    parts = _FACT_SHOWN.split(text.source)
    words, names = parts[::2], parts[1::2]
    paths = [tuple(name.split(".")) for name in names]
    if not names or any("{" in word for word in words) or any(path[0] not in _ROOTS for path in paths):
        return None
    if thing in _ROOTS or frozenset(paths) != text.facts_used:
        return None
    if finish is as_notes:
        words = [words[0].lstrip("\n"), *words[1:]]
        words[-1] = words[-1].rstrip("\n")
    elif finish is not as_name or " ".join(("x".join(words)).splitlines()).strip() != "x".join(words):
        return None
    return _Pieces(text, finish, words, paths)


class _Pieces:
    """A text of words and facts in turn."""

    def __init__(
        self, text: CompiledText, finish: Callable[[str], str], words: list[str], paths: list[Path]
    ) -> None:
        self.text, self.finish = text, finish
        self.first = escaped(words[0])
        self.rest = [(path, escaped(word)) for path, word in zip(paths, words[1:], strict=True)]
        self.room = (MAX_NAME if finish is as_name else _LONG) - sum(map(len, words))
        self.proved = False

    def __call__(self, member: Member, values: Mapping[str, Value]) -> str:
        if not self.proved:  # what is wrong with a location's own words is wrong at the first coworker already
            self.proved = True
            return self.finish(self.text.render(values))
        room, found = self.room, self.first
        for path, word in self.rest:
            piece = member.piece(path)
            if piece is None:
                return self.finish(self.text.render(values))
            found += piece[0] + word
            room -= piece[1]
        return found if room >= 0 else self.finish(self.text.render(values))


class _Remembered:
    """A text whose answers are kept by the values of the facts that it may read."""

    def __init__(self, text: CompiledText, finish: Callable[[str], str]) -> None:
        self.text, self.finish = text, finish
        self.paths = tuple(sorted(text.facts_used))
        self.known: dict[tuple[object, ...], str] = {}

    def __call__(self, _: Member, values: Mapping[str, Value]) -> str:
        key = key_of(self.paths, values)
        if key is None:
            return self.finish(self.text.render(values))
        found = self.known.get(key)
        if found is None:
            found = self.finish(self.text.render(values))
            remember(self.known, key, found)
        return found


def decider(condition: CompiledCondition) -> Decide:
    """Return how a condition is decided, with a memory by the values that it reads."""
    paths, known = tuple(sorted(condition.facts_used)), dict[tuple[object, ...], bool]()

    def decide(values: Mapping[str, Value]) -> bool:
        key = key_of(paths, values)
        if key is None:
            return condition.evaluate(values)
        found = known.get(key)
        if found is None:
            found = condition.evaluate(values)
            remember(known, key, found)
        return found

    return decide


def with_lines(notes: Write, lines: Sequence[tuple[Write, Decide | None]]) -> Write:
    """Return notes with the checklist below an empty line; a line is left out by its condition, or when empty."""
    if not lines:
        return notes

    def write(member: Member, values: Mapping[str, Value]) -> str:
        told = notes(member, values)
        texts = [line(member, values) if decide is None or decide(values) else "" for line, decide in lines]
        boxes = "\\n".join(f"- [ ] {text}" for text in texts if text)
        return "\\n\\n".join(part for part in (told, boxes) if part)

    return write


_KEYS = frozenset({str, Date, type(None)})
_TYPED = frozenset({bool, int})


def key_of(paths: tuple[Path, ...], values: Mapping[str, Value]) -> tuple[object, ...] | None:
    """Return what a text or condition that reads these facts hangs on; None when that is no key, or one is missing.

    Numbers go with their type: true and 1 are equal, and are shown differently.
    """
    key: list[object] = []
    for path in paths:
        found: object = values
        for name in path:
            if type(found) is not dict or name not in found:
                return None
            found = found[name]
        kind = type(found)
        if kind in _KEYS:
            key.append(found)
        elif kind in _TYPED:
            key.append((kind, found))
        else:
            return None
    return tuple(key)


def remember(known: dict[Key, Found], key: Key, found: Found) -> None:
    """Keep an answer; a memory that is full starts afresh."""
    if len(known) >= MOST_KEPT:
        known.clear()
    known[key] = found
