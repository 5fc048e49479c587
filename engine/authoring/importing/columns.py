"""Which column of a sheet holds what: by its header, else by what stands in it. A guess that a person confirms.

Pure. It must never drop a column silently: what is not used is named.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from engine.authoring.importing.cells import Row, Sheet, column_name
from engine.core.errors import UserError
from engine.core.words import nearest

Use = Literal["task", "who", "when", "notes", "phase"]
USES: Final[tuple[Use, ...]] = ("task", "who", "when", "notes", "phase")

_HEADERS: Final[dict[str, tuple[str, ...]]] = {
    "task": (
        *("task", "tasks", "task name", "to do", "todo", "item", "action", "action item", "step", "activity", "what"),
        *("checklist", "checklist item", "title", "subject", "aufgabe", "tarea", "tache", "attivita", "taak", "tarefa"),
    ),
    "who": (
        *("who", "owner", "responsible", "responsible person", "assignee", "assigned to", "role", "person", "done by"),
        *("department", "in charge", "wer", "zustandig", "verantwortlich", "quien", "responsable", "qui", "chi"),
    ),
    "when": (
        *("when", "due", "due date", "due by", "deadline", "timing", "time", "timeline", "day", "date", "offset"),
        *("days", "schedule", "wann", "fallig", "cuando", "plazo", "fecha", "quand", "echeance", "quando", "wanneer"),
    ),
    "notes": (
        *("notes", "note", "details", "detail", "comment", "comments", "description", "instructions", "how", "remarks"),
        *("hinweise", "hinweis", "bemerkung", "bemerkungen", "notas", "nota", "detalles", "remarques", "opmerking"),
    ),
    "phase": ("phase", "section", "category", "stage", "group", "area", "etapa", "fase", "abschnitt", "categorie"),
    "": (  # known, and of no use here
        *("done", "status", "complete", "completed", "check", "checked", "#", "no", "nr", "number", "id", "priority"),
    ),
}
_LOOKED_AT: Final = 15
"""Rows in which a header is looked for: above it stand a title and perhaps a logo's caption."""

Telling = Callable[[str], bool]
"""Whether a text reads like a time such as `3 days before start`."""


@dataclass(frozen=True)
class Columns:
    """Use -> column, counted from 0. `header` is the row number of the header, 0 without one."""

    of: Mapping[Use, int]
    header: int
    titles: Mapping[int, str]
    unused: tuple[int, ...] = ()

    def said(self) -> str:
        """Return the mapping for a person: task = column B "Task", ..."""
        return ", ".join(f"{use} = {self.title(column)}" for use, column in self.of.items())

    def title(self, column: int) -> str:
        name = f"column {column_name(column)}"
        return f'{name} "{self.titles[column]}"' if self.titles.get(column) else name


def guess_columns(sheet: Sheet, is_time: Telling) -> Columns:
    """Return the columns that hold tasks, persons, times, notes and phases.

    Raises:
        UserError: no column looks like tasks.
    """
    header = _header(sheet)
    found: dict[Use, int] = dict(_by_titles(header)) if header else {}
    body = [row for row in sheet.rows if header is None or row.number > header.number]
    _by_content(found, body, is_time, guess_all=header is None)
    if "task" not in found:
        raise UserError("no column looks like tasks.", advice="Name it: --columns task=A,who=B,when=C,notes=D.")
    return _columns(found, header, body)


def given_columns(sheet: Sheet, text: str) -> Columns:
    """Return the columns that a person names: `task=B,when=Due date`.

    Raises:
        UserError: a use or a column that there is not, all of them.
    """
    header = _header(sheet)
    titles = {_plain(title): number for number, title in enumerate(header.texts) if title} if header else {}
    found: dict[Use, int] = {}
    troubles: list[str] = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, column = (one.strip() for one in part.partition("="))
        use = next((use for use in USES if use == name), None)
        number = titles.get(_plain(column), _letter(column))
        if use is None:
            close = nearest(name, USES)
            troubles.append(f"there is no use {name!r}" + (f", nearest: {close}" if close else ""))
        elif number is None:
            troubles.append(f"there is no column {column!r}: a letter or a header is meant")
        else:
            found[use] = number
    if "task" not in found and not troubles:
        troubles.append("the tasks' column is not named")
    if troubles:
        known = ", ".join(f"{column_name(number)} {title!r}" for title, number in titles.items())
        raise UserError(f"--columns: {'; '.join(troubles)}.", advice=f"Columns: {known or 'A, B, C, ...'}.")
    body = [row for row in sheet.rows if header is None or row.number > header.number]
    return _columns(found, header, body)


def _columns(found: Mapping[Use, int], header: Row | None, body: Sequence[Row]) -> Columns:
    titles = {number: title for number, title in enumerate(header.texts) if title} if header else {}
    held = {number for row in body for number in row.filled()}
    known = {number for number, title in titles.items() if _use(title) == ""}
    unused = tuple(sorted(held - set(found.values()) - known))
    in_order = {use: found[use] for use in USES if use in found}
    return Columns(in_order, header.number if header else 0, titles, unused)


def _letter(text: str) -> int | None:
    if not re.fullmatch(r"[A-Za-z]{1,2}", text):
        return None
    number = 0
    for sign in text.upper():
        number = number * 26 + ord(sign) - ord("A") + 1
    return number - 1


def _plain(text: str) -> str:
    """Return a header without case, accents and punctuation."""
    kept = unicodedata.normalize("NFKD", text.casefold())
    letters = "".join(sign for sign in kept if not unicodedata.combining(sign))
    return " ".join(re.findall(r"[a-z0-9#]+", letters))


def _use(title: str) -> str | None:
    """Return the use that a header names: the whole of it, else one of its words; None for an unknown one."""
    text = _plain(title)
    if not text or len(text) > 40:
        return None
    for use, words in _HEADERS.items():
        if text in words:
            return use
    parts = set(text.split())
    return next((use for use, words in _HEADERS.items() if parts & set(words)), None)


def _header(sheet: Sheet) -> Row | None:
    """The row in which the most cells are headers: two of them at least, or the only cell of a one-column sheet."""
    rows = sheet.rows[:_LOOKED_AT]
    is_narrow = max((len(row.filled()) for row in sheet.rows), default=0) == 1

    def score(row: Row) -> int:
        return len({use for text in row.texts if (use := _use(text)) is not None})

    best = max(rows, key=score, default=None)
    return best if best is not None and score(best) >= (1 if is_narrow else 2) else None


def _by_titles(header: Row) -> Mapping[Use, int]:
    found: dict[Use, int] = {}
    for use in USES:
        named = [number for number, title in enumerate(header.texts) if _use(title) == use]
        exact = [number for number in named if _plain(header.texts[number]) in _HEADERS[use]]
        if named:
            found[use] = (exact or named)[0]
    return found


def _by_content(found: dict[Use, int], body: Sequence[Row], is_time: Telling, *, guess_all: bool) -> None:
    """Fill in what headers did not tell; with a header only the tasks' own column is worth a guess."""
    held = {number: [row.text(number) for row in body if row.text(number)] for row in body for number in row.filled()}
    free = {number: texts for number, texts in held.items() if number not in found.values()}
    many = {number: texts for number, texts in free.items() if len(texts) * 3 >= len(body)}
    if guess_all and "when" not in found:
        _take(found, free, "when", lambda texts: sum(map(is_time, texts)) / len(texts), least=0.5)
    if "task" not in found:
        rest = {number: texts for number, texts in (many or free).items() if number not in found.values()}
        _take(found, rest, "task", _is_like_tasks, least=0.2)
    if not guess_all:
        return
    rest = {number: texts for number, texts in free.items() if number not in found.values()}
    _take(found, rest, "who", _is_like_people, least=0.4)
    rest = {number: texts for number, texts in rest.items() if number not in found.values()}
    _take(found, rest, "notes", lambda texts: min(sum(map(len, texts)) / len(texts) / 40, 1.0), least=0.3)


def _take(
    found: dict[Use, int], free: Mapping[int, list[str]], use: Use, score: Callable[[list[str]], float], *, least: float
) -> None:
    best = max(free, key=lambda number: (score(free[number]), -number), default=None)
    if best is not None and score(free[best]) >= least:
        found[use] = best


def _is_like_tasks(texts: list[str]) -> float:
    """Different from each other, of several words, and no essays."""
    words = [len(text.split()) for text in texts]
    sized = sum(2 <= count <= 25 for count in words) / len(texts)
    return sized * len(set(texts)) / len(texts)


def _is_like_people(texts: list[str]) -> float:
    """Short, and often the same."""
    short = sum(len(text) <= 30 and not any(sign.isdigit() for sign in text) for text in texts) / len(texts)
    again = 1 - len(set(texts)) / len(texts)
    return short * (0.4 + again) if len(texts) > 1 else 0.0
