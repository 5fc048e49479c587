"""One file of the user's, read with care: size, encoding and kind are checked before its text is used."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

from engine.core.errors import Place, Problem, Problems, UserError

MAX_BYTES = 1 << 20


@dataclass(frozen=True, eq=False)
class Source:
    """A file's name as people know it (relative to the folder they named), its bytes and its text."""

    name: str
    data: bytes
    text: str
    lines: tuple[str, ...] = field(default=(), repr=False)

    def at(self, line: int, column: int) -> Place:
        """Return the place of a YAML mark, whose line and column count from 0."""
        return Place(self.name, line + 1, column + 1)

    def line(self, number: int) -> str:
        """Return a line by its number from 0, or '' outside the file."""
        return self.lines[number] if 0 <= number < len(self.lines) else ""


def source_of(name: str, data: bytes) -> Source:
    """Return a Source from bytes.

    Raises:
        Problems: when the bytes are not UTF-8, at the first bad one.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        column = len(before) - (before.rfind(b"\n") + 1)
        place = Place(name, before.count(b"\n") + 1, column + 1)
        raise Problems([Problem(place, "this byte is not UTF-8: save the file as UTF-8")]) from None
    return Source(name, data, text, tuple(text.splitlines()))


def read_source(path: Path, name: str) -> Source:
    """Read a regular file of at most 1 MiB.

    Raises:
        Problems: it is missing, no regular file, unreadable, too large or not UTF-8.
    """
    start = Place(name, 1, 1)
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))  # a FIFO must not hang us
    except FileNotFoundError:
        raise UserError(f"{name} does not exist.") from None
    except OSError as error:
        raise Problems([Problem(start, f"this file cannot be read: {error.strerror}")]) from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise Problems([Problem(start, "this is no regular file")])
    try:
        with os.fdopen(descriptor, "rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise Problems([Problem(start, f"this file cannot be read: {error.strerror}")]) from None
    if len(data) > MAX_BYTES:
        raise Problems([Problem(start, "a file holds at most 1 MiB")])
    return source_of(name, data)
