"""Every error that a person may meet, one tree; the exit codes of design section 7.

    TasklistsError                  1   a bug, unless a subclass says otherwise
    ├── UserError                   2   what the user gave is wrong: arguments, files, configuration
    │   └── Problems                2   many at once, each with its place
    ├── Unfinished                  3   some tasks failed, are held, parked or in conflict
    ├── Stale                       5   the reviewed plan is no longer the plan
    └── Unreachable                 6   Nexudus or the ledger cannot be reached now; nothing is lost

Each says what, where, why and, in `advice`, what to do now. Anything that is not a
TasklistsError is a bug and shows its traceback.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple


class TasklistsError(Exception):
    exit_code = 1

    def __init__(self, message: str, *, advice: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice

    def __str__(self) -> str:
        stop = "." if self.advice and self.message and self.message[-1] not in ".?!:" else ""
        return f"{self.message}{stop} {self.advice}".strip()


class UserError(TasklistsError):
    exit_code = 2


class Unfinished(TasklistsError):
    exit_code = 3


class Stale(TasklistsError):
    exit_code = 5


class Unreachable(TasklistsError):
    exit_code = 6


class Place(NamedTuple):
    """Where in a file: line and column count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, order=True)
class Problem:
    """One thing that is wrong in a file, with all that a person needs to mend it."""

    place: Place
    what: str
    found: str = ""
    allowed: str = ""
    nearest: str = ""
    corrected: str = ""
    severity: Literal["error", "warning"] = "error"
    code: str = ""
    """The word that a file can allow a warning by; without one it cannot be silenced."""

    def __str__(self) -> str:
        parts = [self.what]
        if self.found:
            parts.append(f"found {self.found}")
        if self.allowed:
            parts.append(f"allowed: {self.allowed}")
        if self.nearest:
            parts.append(f"nearest: {self.nearest}")
        if self.corrected:
            parts.append(f"write: {self.corrected}")
        code = f" [{self.code}]" if self.code else ""
        return f"{self.place}: {', '.join(parts)}{code}"


class Problems(UserError):
    """All that is wrong, at once, in the order of the places."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems))
        super().__init__("\n".join(str(problem) for problem in self.problems))
