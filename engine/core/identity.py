"""The identity of a wanted task, stable for ever (design 5.1), and the mark that Notes carry.

Not in it, ever: the business, a name, a text, a date, a responsible, an index or a clock.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from uuid import UUID, uuid5

NAMESPACE = UUID("3668bd1b-c290-527c-ac21-80e3d400b351")
MARK_DIGITS = 16
_MARK_LINE = re.compile(r"^ref: ([0-9a-f]{16})(?: · (.*))?$", re.MULTILINE)
_MARK_ANYWHERE = re.compile(r"ref: ([0-9a-f]{16})(?![0-9a-f])")


@dataclass(frozen=True)
class Subject:
    """Whom or what a task is made once for. `alternatives`: other ids that an older run may have used."""

    kind: str
    id: int | str
    alternatives: tuple[int | str, ...] = ()


@dataclass(frozen=True)
class ItemRef:
    """Which item of which list: ids, the for_each key ('' without one) and the cycle ('' without one)."""

    tasklist_id: str
    item_id: str
    key: str = ""
    cycle: str = ""


def identity(owner: str, subject: Subject, ref: ItemRef) -> UUID:
    """Return the TaskItemUniqueId: UUIDv5 over the compact UTF-8 JSON array, texts in NFC.

    A lone surrogate, which UTF-8 cannot hold, counts as its JSON escape.
    """
    parts = [owner, subject.kind, subject.id, ref.tasklist_id, ref.item_id, ref.key, ref.cycle]
    text = json.dumps([_nfc(part) for part in parts], ensure_ascii=False, separators=(",", ":"))
    return uuid5(NAMESPACE, text.encode("utf-8", "backslashreplace").decode())


def alternatives(owner: str, subject: Subject, ref: ItemRef) -> tuple[UUID, ...]:
    """Return the identities that the same task may bear when another id of the subject was in use."""
    return tuple(identity(owner, Subject(subject.kind, other), ref) for other in subject.alternatives)


def identities(owner: str, subject: Subject, refs: Iterable[ItemRef]) -> tuple[UUID, ...]:
    """Return all identities that a task may bear, each once: that of the first reference, which is its own, first."""
    found = ((identity(owner, subject, ref), *alternatives(owner, subject, ref)) for ref in refs)
    return tuple(dict.fromkeys(number for numbers in found for number in numbers))


@dataclass(frozen=True)
class Naming:
    """How the tasks of one batch get their identities: what tells whether an older task belongs to it."""

    owner: str
    tasklist_id: str
    item_ids: Mapping[str, str]
    """Item -> the id that its identity uses, where the two differ."""
    subjects: tuple[Subject, ...]
    cycle: str
    shared: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Item -> list and item whose identity it has."""
    common: frozenset[str] = frozenset()
    """Items that another list may have made: what such a task tells of its batch is that list's."""
    own: frozenset[str] = frozenset()
    """Of the part of a list that is made for a team: items that are no team's, and wanted by the other part."""

    def identities(self, item: str, key: str) -> frozenset[UUID]:
        """Return every identity that a task of this batch may bear for an item, whatever its once_per."""
        own = ItemRef(self.tasklist_id, self.item_ids.get(item, item), key, self.cycle)
        refs = [own, *([ItemRef(*self.shared[item], key, self.cycle)] if item in self.shared else [])]
        return frozenset(
            number
            for subject in self.subjects
            if item not in self.own or subject.kind == "team"
            for ref in refs
            for number in (identity(self.owner, subject, ref), *alternatives(self.owner, subject, ref))
        )


def _nfc(part: int | str) -> int | str:
    return unicodedata.normalize("NFC", part) if isinstance(part, str) else part


def mark_of(task_identity: UUID) -> str:
    """Return the 16 hex digits that stand for an identity in Notes."""
    return task_identity.hex[:MARK_DIGITS]


def notes_with_mark(notes: str, task_identity: UUID, task_list_name: str) -> str:
    """Return the notes with our last line, after one empty line, or alone when the notes are empty."""
    line = f"ref: {mark_of(task_identity)} · {' '.join(task_list_name.splitlines())}"
    body = notes.rstrip("\n")
    return f"{body}\n\n{line}" if body else line


def without_mark(notes: str, task_identity: UUID) -> str:
    """Return notes as they were before `notes_with_mark`."""
    body, _, last = notes.rpartition("\n")
    return body.rstrip("\n") if last.startswith(f"ref: {mark_of(task_identity)}") else notes


@dataclass(frozen=True)
class Mark:
    digits: str
    task_list_name: str | None = None


def read_marks(notes: str) -> tuple[Mark, ...]:
    """Return the marks found in the notes of a live task, each once, the likeliest to be ours first.

    Our line is the last one written at creation, so lines of its shape count from the last to the first; when
    line breaks did not survive, marks found anywhere follow. Member's text and staff may add others: which one
    is ours, what is wanted decides. `task_list_name` is the rest of a line: information, never identity.
    """
    lines = _MARK_LINE.findall(notes.replace("\r\n", "\n").replace("\r", "\n"))
    found = {digits: Mark(digits, name or None) for digits, name in lines[::-1]}
    anywhere = {digits: Mark(digits) for digits in _MARK_ANYWHERE.findall(notes)}
    return tuple({**anywhere, **found}[digits] for digits in dict.fromkeys([*found, *anywhere]))


def read_mark(notes: str) -> Mark | None:
    """Return the likeliest mark of a live task's notes, or None."""
    return next(iter(read_marks(notes)), None)
