"""Q10: how long Name and Notes may be, and whether longer ones are cut or refused. At most three creations.

Both are asked with one task. A refusal that names one of them says that the other one passed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from engine.flows.probing.notebook import Notebook
from engine.flows.probing.tasks import Made
from engine.nexudus.answers import Fatal

LONGEST: Final = 5000
_CREATIONS: Final = 3
_MIDDLE, _ABOVE, _BELOW = 256, 1000, 200
"""The lengths of api.md's question: what databases usually stop at lies between them."""


class Make(Protocol):
    def __call__(self, fields: Mapping[str, object], *, name_length: int = 0) -> Made | Fatal: ...


@dataclass
class _Field:
    """What is known of one field: lengths that came through, that a refusal did not name, and that were refused."""

    name: str
    passed: int = 0
    unnamed: int = 0
    refused: list[int] = field(default_factory=list)
    cut_at: int | None = None

    @property
    def settled(self) -> bool:
        return self.cut_at is not None or self.next == 0

    @property
    def next(self) -> int:
        """The length to send next, 0 when none would tell more."""
        best = max(self.passed, self.unnamed)
        if LONGEST not in self.refused:
            return 0 if self.passed == LONGEST else LONGEST
        if best == _MIDDLE and _ABOVE not in self.refused:
            return _ABOVE
        if best:
            return 0 if self.passed == best else best
        return next((length for length in (_MIDDLE, _BELOW) if length not in self.refused), 0)

    @property
    def length(self) -> int:
        """What to send now; a field that is settled stays short, so as not to spoil the other's turn."""
        return 0 if self.settled else self.next

    @property
    def limit(self) -> int | None:
        if self.cut_at is not None:
            return self.cut_at
        best = max(self.passed, self.unnamed)
        if best == LONGEST or not self.refused:
            return None
        return best or min(self.refused) - 1

    @property
    def word(self) -> str:
        if self.cut_at is not None:
            return f"cut at {self.cut_at}"
        best = max(self.passed, self.unnamed)
        if not self.refused:
            return f"{best} accepted" if best else "unknown"
        return f"refused above {best}" if best else f"refused at {min(self.refused)}"


class Lengths:
    """Tries lengths until both fields are settled or the creations are used up. `due` is a moment in winter."""

    def __init__(self, make: Make, notebook: Notebook, due: str) -> None:
        self._make = make
        self._notebook = notebook
        self._due = due
        self._name, self._notes = _Field("Name"), _Field("Notes")

    def ask(self, remove: Callable[[Made], None]) -> None:
        """Answer Q10."""
        for _ in range(_CREATIONS):
            if self._name.settled and self._notes.settled:
                break
            lengths = (self._name.length, self._notes.length)
            made = self._make({"Notes": "x" * lengths[1], "DueDate": self._due}, name_length=lengths[0])
            if isinstance(made, Made):
                self._take(self._name, len(made.name), str(made.record.get("Name") or ""))
                self._take(self._notes, lengths[1], str(made.record.get("Notes") or ""))
                remove(made)
            else:
                self._refuse(made, lengths)
        self._tell()

    def _take(self, one: _Field, sent: int, back: str) -> None:
        if not one.settled:
            if len(back) < sent:
                one.cut_at = len(back)
            else:
                one.passed = sent

    def _refuse(self, refusal: Fatal, lengths: tuple[int, int]) -> None:
        named = {error.property_name for error in refusal.errors} & {"Name", "Notes"}
        for one, length in zip((self._name, self._notes), lengths, strict=True):
            if one.settled:
                continue
            if one.name in named or not named:
                one.refused.append(length)
            else:
                one.unnamed = length

    def _tell(self) -> None:
        words = [f"{one.name} {one.word}" for one in (self._name, self._notes)]
        if not any(one.passed or one.unnamed or one.cut_at is not None for one in (self._name, self._notes)):
            self._notebook.not_told("Q10", f"{', '.join(words)}: every length was refused")
            return
        facts = {"name": self._name.limit, "notes": self._notes.limit}
        self._notebook.tell("Q10", ", ".join(words), "the longest that came through whole", **facts)
