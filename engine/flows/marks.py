"""Our mark in the Notes of one task: reading a row for it, believing one of several, and the verdict to keep.

One reading for all who look at rows that the ledger does not know. It must never store a verdict, nor take a task
that cannot be read for one without a mark.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from engine.core.identity import MARK_DIGITS, Mark, read_marks
from engine.nexudus.client import NexudusReader


@dataclass(frozen=True)
class Read:
    """One task, read by itself: the marks in its notes, the likeliest first, and the id that the service told."""

    marks: tuple[Mark, ...]
    unique_id: str = ""

    def is_of_others(self, identities: Collection[UUID]) -> bool:
        """Whether the service itself tells that it is none of these: a native list made it, or another program."""
        return bool(self.unique_id) and self.unique_id.casefold() not in {str(number) for number in identities}

    def verdict_of_others(self) -> UUID:
        """Return what is stored of a row that is none of ours by its id: that id, or nought where it is no UUID."""
        try:
            return UUID(self.unique_id)
        except ValueError:
            return UUID(int=0)


def read_row(reader: NexudusReader, task_id: int) -> Read | None:
    """Read one task; None when it is gone.

    Raises:
        UnreadableRecord: Nexudus cannot show it now.
    """
    record = reader.task(task_id)
    if record is None:
        return None
    return Read(read_marks(str(record.get("Notes") or "")), str(record.get("TaskItemUniqueId") or ""))


def likeliest(marks: Sequence[Mark], *preferred: Collection[str]) -> Mark | None:
    """Return the first mark of the first preferred set that holds any of them; without such a set the first mark.

    Member's text and staff may add lines of a mark's shape: what is looked for decides which one is ours.
    """
    believed = [mark for digits in preferred for mark in marks if mark.digits in digits]
    return next(iter([*believed, *marks]), None)


def verdict_of(mark: Mark | None) -> UUID | None:
    """Return what is stored of a row: its mark, filled up to an identity's length, or None for a row without one."""
    return None if mark is None else UUID(hex=mark.digits.ljust(32, "0"))


def digits_of(verdict: UUID | None) -> str | None:
    """Return the 16 hex digits that a stored verdict stands for, or None for a row without a mark."""
    return None if verdict is None else verdict.hex[:MARK_DIGITS]
