"""What the parts of one expansion share: whose it is, in which language, and what was found on the way.

Pure. It must never stop at the first item that cannot be made: each is noted, and all are told together.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TypeVar

from engine.core.anchors import NO_CONTRACT
from engine.core.calendar import CalendarCoverage
from engine.core.due_troubles import AnchorMissing
from engine.core.errors import UserError
from engine.core.expansion_troubles import CannotExpand, HoldersNeeded, Missing, Trouble
from engine.core.facts import Facts
from engine.core.forms import Holder
from engine.core.identity import Subject
from engine.core.overrides import ReadyOverrides
from engine.core.prepared import Path, Prepared, ReadyItem
from engine.core.rounds import Round
from engine.core.subjects import subject_of
from engine.core.text import FactAbsent, FactEmpty
from engine.core.typed_facts import Read
from engine.core.wanted import LeftOut

Made = TypeVar("Made")

_MISSING = (FactAbsent, FactEmpty, AnchorMissing)
"""Errors that say: something is not known of this coworker. All others are somebody's mistake."""


@dataclass(frozen=True)
class Turn:
    """One round of an item: its place in the file, and in words the conditions that let it in."""

    path: Path
    ready: ReadyItem
    one: Round
    told: tuple[str, ...] = ()

    @property
    def who(self) -> str:
        """The task in messages: its item, with the key where there is one."""
        return f"{self.ready.item.id} [{self.one.key}]" if self.one.key else self.ready.item.id


@dataclass
class Expanding:
    """One list, or the part of it that counts, as it is at the coworker's location."""

    prepared: Prepared
    facts: Facts
    read: Read
    overrides: ReadyOverrides
    languages: tuple[str, ...] = ()
    cycle: str = ""
    troubles: list[Trouble] = field(default_factory=list)
    needed: dict[str, Holder] = field(default_factory=dict)
    loads: dict[int, int] = field(default_factory=dict)
    """Open tasks by user id: grows with each task that this expansion assigns."""
    left_out: list[LeftOut] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def business_id(self) -> int:
        return self.prepared.organisation.locations[self.facts.location].business_id

    def attempt(self, path: Path, who: str, make: Callable[[], Made], *, optional: bool = False) -> Made | None:
        """Return what is made, or note why it cannot be and return None.

        Raises:
            Missing: for an optional item, when a fact or an anchor has no value.
            CalendarCoverage: the caller can give the calendar more days.
        """
        try:
            return make()
        except CalendarCoverage:
            raise
        except UserError as error:
            if optional and isinstance(error, _MISSING):
                raise Missing(error.message) from error
            self.trouble(path, who, str(error))
        return None

    def trouble(self, path: Path, who: str, message: str) -> None:
        """Note why an item cannot be made."""
        self.troubles.append(Trouble(path, who, message))

    def subject(self, path: Path, who: str, once_per: str, *, optional: bool = False) -> Subject | None:
        """Return whom a task is made once for; errors as `attempt`."""
        if optional and once_per in {"contract", "membership"} and self.facts.contract_id is None:
            raise Missing(NO_CONTRACT)
        return self.attempt(path, who, lambda: subject_of(once_per, self.facts, self.business_id))

    def check(self) -> None:
        """Do nothing when everything could be made.

        Raises:
            CannotExpand: items cannot be made; all of them.
            HoldersNeeded: people must be looked up first.
        """
        if self.troubles:
            above = self.prepared.above
            raise CannotExpand([replace(one, path=(*above, *one.path)) for one in self.troubles])
        if self.needed:
            raise HoldersNeeded([self.needed[name] for name in sorted(self.needed)])
