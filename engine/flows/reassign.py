"""Which open tasks of ours one user has, and whether another may be given them. Reads only.

What is live counts, not what the ledger says of it: staff may have given a task to somebody else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from whenever import Date

from engine.core.errors import UserError
from engine.core.forms import Holder
from engine.core.handover import Giving, Handover, Held, in_order, step_for, why_not_meant
from engine.core.known import LiveTask
from engine.core.organisation import Organisation
from engine.flows.directory import Directory
from engine.ledger.view import LedgerView
from engine.nexudus.calls import Entity
from engine.nexudus.client import NexudusReader
from engine.nexudus.errors import UnreadableRecord
from engine.nexudus.rows import live_task


@dataclass(frozen=True)
class Asked:
    """What somebody asked for: two persons, and perhaps one location and a last due day there."""

    before: Holder
    after: Holder
    location: str | None = None
    until: Date | None = None


@dataclass(frozen=True)
class HandoverPlan:
    """Every open task of ours that the one user has, in the order of their dues; `apart` are those not meant."""

    giving: Giving
    handovers: tuple[Handover, ...]
    apart: Mapping[str, int]
    """Why tasks are not meant -> how many."""
    warning: str = ""

    @property
    def changes(self) -> tuple[Handover, ...]:
        return tuple(one for one in self.handovers if one.step == "reassign")


class HandoverPlanner:
    """Plans for one account; `memory` is its ledger."""

    def __init__(
        self, reader: NexudusReader, memory: LedgerView, directory: Directory, organisation: Organisation
    ) -> None:
        self._reader = reader
        self._memory = memory
        self._directory = directory
        self._organisation = organisation

    def plan(self, asked: Asked) -> HandoverPlan:
        """Return what would be changed.

        Raises:
            UserError: a person who is no user, both are one, a location that is not known, or somebody who cannot be
                given tasks of a location where some would be.
            Unreachable: Nexudus gives no usable answer now.
        """
        giving = self._giving(asked)
        live, warning = self._live(giving.before_id)
        held = self._held(giving.before_id, live.values())
        told = in_order(self._handover(one, live.get(one.task_id), giving) for one in held)
        meant, apart = [], Counter[str]()
        for one in told:
            why = why_not_meant(one, giving, self._zone(one.held.business_id)) if one.step == "reassign" else ""
            if why:
                apart[why] += 1
            else:
                meant.append(one)
        plan = HandoverPlan(giving, tuple(meant), dict(sorted(apart.items())), warning)
        self._check_fit(asked.after, plan)
        return plan

    def _giving(self, asked: Asked) -> Giving:
        before, after = self._directory.user_id(asked.before), self._directory.user_id(asked.after)
        if before == after:
            raise UserError(f"{asked.before} and {asked.after} are the same user {before}.", advice="Name two people.")
        return Giving(before, after, self._business(asked.location), asked.until)

    def _business(self, location: str | None) -> int | None:
        if location is None:
            return None
        if location not in self._organisation.locations:
            known = ", ".join(self._organisation.locations)
            raise UserError(f"There is no location {location!r} in organisation.yaml.", advice=f"Known: {known}.")
        return self._organisation.locations[location].business_id

    def _live(self, user_id: int) -> tuple[dict[int, LiveTask], str]:
        """The open tasks of a user, of ours and of others. The filters are a hint only: rows are compared here."""
        filters = {"CoworkerTask_Responsible": str(user_id), "CoworkerTask_Completed": "false"}
        listing = self._reader.listing(Entity.COWORKER_TASK, filters)
        found = (live_task(row) for row in listing.rows)
        mine = {task.task_id: task for task in found if task and task.responsible_id == user_id and not task.completed}
        if listing.complete:
            return mine, ""
        why = f"the list of tasks was not read to its end ({listing.why_incomplete})"
        return mine, f"{why}; tasks that staff gave to this user may be missing here"

    def _held(self, user_id: int, live: Iterable[LiveTask]) -> Iterator[Held]:
        """Ours by the ledger's word on who has them; and those that staff gave to this user since, or from before
        the ledger knew."""
        known = {one.task_id: one for one in self._memory.tasks_held_by(user_id)}
        for one in known.values():
            place = (one.tasklist, one.item, one.key, one.business_id, one.due_at)
            yield Held(one.task_id, one.coworker_id, one.identity, *place)
        others = [task for task in live if task.task_id not in known]
        for coworker_id in sorted({task.coworker_id for task in others}):
            ours = {task.task_id: task for task in self._memory.known(coworker_id) if task.task_id is not None}
            for task in others:
                mine = ours.get(task.task_id) if task.coworker_id == coworker_id else None
                if mine is not None:
                    place = (mine.tasklist, mine.item, mine.key, task.business_id, task.due_at)
                    yield Held(task.task_id, coworker_id, mine.identity, *place)

    def _handover(self, held: Held, live: LiveTask | None, giving: Giving) -> Handover:
        """A task that is not among the user's open ones is read by itself: only that tells what became of it."""
        if live is not None:
            return step_for(held, live, giving)
        try:
            record = self._reader.task(held.task_id)
        except UnreadableRecord:
            return Handover("hold", held, "Nexudus cannot show it now")
        seen = None if record is None else live_task(record)
        if record is not None and seen is None:
            return Handover("hold", held, "its record lacks a field that every task has")
        return step_for(held, seen, giving)

    def _zone(self, business_id: int) -> str:
        name = self._organisation.location_of(business_id)
        told = self._organisation.locations[name].time_zone if name else None
        return told or self._directory.zone(business_id)

    def _check_fit(self, after: Holder, plan: HandoverPlan) -> None:
        """Refuse somebody who is inactive, no admin or not of a location, before anything is written."""
        counts = Counter(one.held.business_id for one in plan.changes)
        unfit = []
        for business_id in sorted(counts):
            person = self._directory.people([after], business_id)[str(after)]
            if person.trouble:
                where = self._organisation.location_of(business_id) or f"business {business_id}"
                unfit.append(f"{after} {person.trouble} ({where}: {counts[business_id]} tasks)")
        if unfit:
            raise UserError(
                f"{'; '.join(unfit)}. Nothing was changed.",
                advice="Name somebody else, mend the user in Nexudus, or choose one location with --location.",
            )
