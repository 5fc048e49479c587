"""What stands in the way of an expansion: items that cannot be made, people to look up, and what is left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.core.errors import UserError
from engine.core.forms import Holder
from engine.core.prepared import Path


@dataclass(frozen=True)
class Trouble:
    """Why one item cannot become a task for this coworker; `path` leads into the list's file."""

    path: Path
    item: str
    message: str

    def __str__(self) -> str:
        return f"{self.item}: {self.message}" if self.item else self.message


class CannotExpand(UserError):
    """Items that cannot be made for this coworker: all of them, and nothing is sent."""

    def __init__(self, troubles: Sequence[Trouble]) -> None:
        self.troubles = tuple(troubles)
        super().__init__("\n".join(str(trouble) for trouble in self.troubles))


class HoldersNeeded(Exception):
    """The directory lacks these holders; look them up and expand again."""

    def __init__(self, holders: Sequence[Holder]) -> None:
        super().__init__(", ".join(map(str, holders)))
        self.holders = tuple(holders)


class Missing(Exception):
    """A fact or an anchor that an optional item needs has no value: the item is left out with the reason."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
