"""The line of a file with a caret under the place, for a terminal. No data can steer it (C11)."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from engine.core.errors import Place, Problems, UserError
from engine.core.report import visible

if TYPE_CHECKING:
    from engine.authoring.folder import Folder

WIDTH = 100
"""Signs of a line that are shown: a terminal's width, with the place well inside."""


class Excerpts:
    """Excerpts from the files of one folder, each file read once."""

    def __init__(self, folder: Folder) -> None:
        self.folder = folder
        self.lines: dict[str, tuple[str, ...]] = {}

    def at(self, place: Place) -> tuple[str, ...]:
        """Return the line and the caret below it, or nothing when the file cannot be shown."""
        lines = self._lines_of(place.file)
        if place.line > len(lines):
            return ()
        line = lines[place.line - 1].expandtabs(1)
        start = max(min(place.column - WIDTH // 2, len(line) - WIDTH), 0)
        before = visible(line[start : place.column - 1])
        return (f"    {visible(line[start : start + WIDTH])}", f"    {' ' * _width(before)}^")

    def _lines_of(self, file: str) -> tuple[str, ...]:
        if file not in self.lines:
            try:
                self.lines[file] = self.folder.source(file.rpartition("/")[2]).lines
            except (Problems, UserError):
                self.lines[file] = ()
        return self.lines[file]


def _width(text: str) -> int:
    """Return how many columns a text takes: Asian signs two, accents that join the sign before them none."""
    wide = sum(unicodedata.east_asian_width(sign) in "WF" for sign in text)
    return len(text) + wide - sum(unicodedata.combining(sign) > 0 for sign in text)
