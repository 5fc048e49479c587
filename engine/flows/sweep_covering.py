"""Which lists an occurrence starts that no delivery told about: by what each `applies` says now, and said then.

It must never start a list for what happened before the service first saw that the list meant it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from whenever import Instant

from engine.authoring.check import Ready
from engine.core.applies import DoesNotApply
from engine.core.coverage import (
    COVERED,
    Coverage,
    Occurrence,
    applies_of_text,
    applies_text,
    covered_then,
    fits,
    in_force,
    uncovered,
)
from engine.core.errors import UserError
from engine.core.model import Applies
from engine.core.preparing import prepare
from engine.core.triggers import Starts
from engine.flows.directory import Cache, Directory
from engine.flows.gather import Gatherer, Remembered
from engine.flows.request import Request
from engine.flows.version import version_of
from engine.nexudus.client import NexudusReader
from engine.nexudus.errors import UnreadableRecord


class Lists(Protocol):
    """The lists as they are on disk now."""

    def ready(self) -> Mapping[str, Ready]: ...

    def starts(self) -> Mapping[str, Starts]: ...

    def formers(self) -> Mapping[str, str]: ...


class Watched(Protocol):
    """The ledger's memory of what each list covered, and since when."""

    def cover(self, tasklist: str, applies: str, now: Instant) -> None: ...

    def coverage(self, tasklist: str) -> Sequence[tuple[str, Instant]]: ...


class Memory(Cache, Remembered, Protocol):
    """The ledger's memory that facts are read with."""


def see_lists(lists: Lists, watched: Watched, now: Instant) -> None:
    """Note what each sound list covers from now on; a broken one keeps what it had."""
    for name, ready in lists.ready().items():
        watched.cover(name, applies_text(ready.prepared.tasklist.applies), now)


class Covering:
    """The lists at one moment, with their history. A broken list is taken as it was last seen: its jobs wait for it."""

    def __init__(self, lists: Lists, watched: Watched, meant: Callable[[Ready, Applies, Occurrence], bool]) -> None:
        self._ready = lists.ready()
        self.starts = lists.starts()
        self._meant = meant
        self.formers = lists.formers()
        self._history = {name: self._told(watched, name) for name in sorted(self.starts)}
        newest = {name: applies_of_text(told[-1].applies) for name, told in self._history.items() if told}
        self._now = {name: applies for name, applies in newest.items() if applies is not None}

    def _told(self, watched: Watched, name: str) -> tuple[Coverage, ...]:
        """All that a list said, the oldest first: under a former name it was the same list."""
        former = self.formers.get(name)
        before = watched.coverage(former) if former else ()
        return tuple(Coverage(*one) for one in (*before, *watched.coverage(name)))

    def events(self) -> frozenset[str]:
        """Return the events that some list starts on and that records tell of."""
        return frozenset(event for applies in self._now.values() for event in applies.on if event in COVERED)

    def not_covered(self) -> tuple[str, ...]:
        """Return `list: event` for each event that only a delivery tells of."""
        return tuple(f"{name}: {event}" for name, applies in self._now.items() for event in uncovered(applies.on))

    def may_start(self, occurrence: Occurrence) -> bool:
        """Return whether any list could be started; without a read."""
        return any(self._verdict(name, occurrence) != "no" for name in self._now)

    def lists_for(self, occurrence: Occurrence) -> tuple[str, ...]:
        """Return the lists that an occurrence starts, by name; facts are read only where rows cannot tell.

        Raises:
            Unreachable: facts were needed, and Nexudus gives no usable answer now.
        """
        return tuple(name for name in self._now if self._covers(name, occurrence))

    def _covers(self, name: str, occurrence: Occurrence) -> bool:
        verdict = self._verdict(name, occurrence)
        if verdict != "ask" or name not in self._ready:
            return verdict != "no"
        before = applies_of_text(in_force(self._history[name], occurrence.until) or "")
        return before is not None and self._meant(self._ready[name], before, occurrence)

    def _verdict(self, name: str, occurrence: Occurrence) -> str:
        now = self._now[name]
        if fits(now, occurrence) is False:
            return "no"
        return covered_then(in_force(self._history[name], occurrence.until), now, occurrence)


class Meant:
    """Whether an `applies` of before means a coworker, by the facts of today: the only ones that there are."""

    def __init__(self, reader: NexudusReader, memory: Memory, clock: Callable[[], Instant]) -> None:
        self._reader = reader
        self._memory = memory
        self._directory = Directory(reader, memory, clock)
        self._clock = clock

    def __call__(self, ready: Ready, before: Applies, occurrence: Occurrence) -> bool:
        """Return it; what only the list's own run can find wrong does not count here. Raises Unreachable."""
        tasklist = ready.prepared.tasklist.model_copy(update={"applies": before})
        # locations=(): who holds which role where is no matter of `applies`, and an overlay may settle it
        prepared, _ = prepare(tasklist, ready.prepared.organisation, locations=())
        if prepared is None:  # it names what organisation.yaml has no more
            return False
        request = Request(
            coworker_id=occurrence.coworker_id,
            now=self._clock(),
            contract_id=occurrence.contract_id,
            event_name=occurrence.event,
            event_at=occurrence.since,
        )
        own, _ = prepared.parts()  # whoever it is, what is their own decides; their team's part asks for itself
        gatherer = Gatherer(self._reader, self._directory, own, self._memory)
        try:
            gatherer.gather(request, version_of(prepared, ready.data))
        except DoesNotApply:
            return False
        except (UserError, UnreadableRecord):  # of this one only: its job will say so
            return True
        return True
