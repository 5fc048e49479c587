"""What the parts that make a list ready share: the files, the names that are known, and the mistakes found so far.

Pure. It must never stop at a mistake: each is noted with its path, and the next part goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import TypeVar

from engine.core.anchors import anchor_names
from engine.core.catalogue import Type
from engine.core.fact_days import fact_day_names
from engine.core.model import TaskList
from engine.core.organisation import Organisation
from engine.core.prepared import Finding, Path
from engine.core.scopes import base_scope
from engine.core.text_faults import Fault, TextSyntax
from engine.core.words import nearest

Made = TypeVar("Made")


class Checking:
    """One list being made ready. `doubtful` are paths whose mistakes are known and taken out of it.

    `at`: of the locations where it can run, the only ones at which roles and vars are looked for; None means all.
    """

    def __init__(
        self,
        tasklist: TaskList,
        organisation: Organisation,
        doubtful: Collection[Path],
        at: Collection[str] | None = None,
    ) -> None:
        self.tasklist = tasklist
        self.organisation = organisation
        self.doubtful = doubtful
        self.findings: list[Finding] = []
        self.locations = [name for name in tasklist.applies.locations if name in organisation.locations]
        self.locations = self.locations or list(organisation.locations)
        self.base: dict[str, Type] = dict(base_scope(tasklist, organisation, self.locations, doubtful))
        if self.doubted("applies", "locations"):
            self.locations = []  # nobody knows which ones are meant: nothing is checked at each of them
        self.locations = [name for name in self.locations if at is None or name in at]
        self.days = fact_day_names(organisation)
        self.anchors = anchor_names(tasklist, facts=self.days)

    def attempt(self, path: Path, make: Callable[[], Made]) -> Made | None:
        """Return what is made, or note the mistakes of its text and return None."""
        try:
            return make()
        except TextSyntax as error:
            self.findings.extend(Finding(path, fault) for fault in error.faults)
        return None

    def unknown(self, path: Path, kind: str, name: str, known: Iterable[str], *, near: str = "") -> None:
        """Note that something of a kind does not exist, with what does and the nearest name."""
        names = sorted(known)
        allowed = ", ".join(names) or f"no {kind} is given"
        self.fault(path, f"there is no {kind} {name!r}", allowed=allowed, nearest=near or nearest(name, names))

    def doubted(self, *path: str | int) -> bool:
        """Return whether a path, something above it or something below it is known to have a mistake."""
        return any(path[: len(other)] == other[: len(path)] for other in self.doubtful)

    def fault(
        self, path: Path, what: str, *, offset: int = 0, code: str = "", other: Path = (), **details: str
    ) -> None:
        """Note a mistake at a place; with a `code` it is a warning. Details: found, allowed, nearest, corrected."""
        self.findings.append(Finding(path, Fault(offset, 1, what, **details), bool(code), other, code))
