"""One list for one request, as a job to run: what it asks, what it works with, what came of it. Never writes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Protocol

from whenever import Instant

from engine.core.errors import TasklistsError, UserError
from engine.core.leaving import left_since
from engine.core.prepared import Prepared
from engine.core.subjects import team_left_out
from engine.flows.apply import Applied, TaskWriter, exit_code
from engine.flows.gather import Gathered
from engine.flows.preview import Preview, Previewer
from engine.flows.request import Request, at_zone
from engine.flows.stored_request import request_text
from engine.ledger.ledger import Ledger
from engine.nexudus.client import NexudusReader


class Tools(Protocol):
    """What a run works with: one account's reader and writer, and its ledger."""

    @property
    def reader(self) -> NexudusReader: ...

    @property
    def client(self) -> TaskWriter: ...

    @property
    def ledger(self) -> Ledger: ...


@dataclass(frozen=True)
class Job:
    """One list for one request. `version` is that of the list's bytes."""

    prepared: Prepared
    request: Request
    version: str


@dataclass(frozen=True)
class Patience:
    """Whether and how long a run waits for what it cannot decide yet, and for a lease. Seconds."""

    wait: bool = True
    most_rounds: int = 8
    """Rounds of sending and looking: a service that leaves every answer open is not asked for ever."""
    most_seconds: float = 600.0
    """For one wait: what goes on later than that is left to `tasklists resume`."""


@dataclass(frozen=True)
class Ran:
    """A run with the plan it began with, what came of it, and the text of what was asked."""

    preview: Preview
    applied: Applied
    request: str = ""
    team: Ran | None = None
    """The run of the items that are made once for the coworker's team, where the list has such beside others."""
    trouble: TasklistsError | None = None
    """What kept that run from being made, after this one was: a later one or `tasklists resume` makes it."""

    def parts(self) -> Iterator[Ran]:
        """Yield this run, and that of the team's items where there is one."""
        yield self
        if self.team is not None:
            yield self.team

    @property
    def stopped_by(self) -> TasklistsError | None:
        """What kept a part of it from being sent, or from being begun."""
        return self.trouble or next((ran.applied.stopped_by for ran in self.parts() if ran.applied.stopped_by), None)

    @property
    def exit_code(self) -> int:
        """Return 0 when everything is done, 3 when some tasks are not; or what stopped it: 2, 6, 130."""
        codes = [self.trouble.exit_code if self.trouble else 0, *(exit_code(ran.applied) for ran in self.parts())]
        return max(codes)


@dataclass(frozen=True)
class Begun:
    """A job whose facts are read: what is wanted is known, and nothing is written yet."""

    job: Job
    previewer: Previewer
    gathered: Gathered
    left_out: str = ""
    """Why the team's items are left out, in the coworker's own part of a list that has such."""

    @property
    def coworker_id(self) -> int:
        """Whose tasks it makes."""
        return self.gathered.expansion.coworker_id

    @property
    def text(self) -> str:
        """What is asked, with the contract and the location that it was planned for: later ones are not meant."""
        request, prepared, facts = self.job.request, self.job.prepared, self.gathered.facts
        contract_id = facts.contract_id if prepared.names_contract() else request.contract_id
        part = request.part if prepared.part == "whole" else prepared.part
        leaving = request.leaving or bool(left_since(prepared, facts, at_zone(request.now, facts.zone)))
        pinned = replace(request, contract_id=contract_id, location=facts.location, part=part, leaving=leaving)
        return request_text(self.gathered.expansion.tasklist, pinned)

    def without_team(self, why: str) -> Begun:
        """Return this with the team's items left out for a reason; '' changes nothing."""
        return replace(self, gathered=self.gathered.without(team_left_out(self.job.prepared, why)), left_out=why)

    def look(self) -> Preview:
        """Look at what is remembered and live, and plan; errors as `Previewer.preview`."""
        now = at_zone(self.job.request.now, self.gathered.facts.zone)
        return self.previewer.look(self.gathered, now)

    def anew(self, now: Instant) -> Begun:
        """Read the facts once more: by now another run may have changed what identities rest on.

        Raises:
            Moved: the tasks are another coworker's by now.
        """
        request = self.job.request
        job = self.job if request.now_given else replace(self.job, request=replace(request, now=now))
        fresh = begin(job, self.previewer, left_out=self.left_out)
        return fresh.of(self.coworker_id)

    def of(self, coworker_id: int) -> Begun:
        """Return this, if its tasks are those of the coworker whose lease is held. Raises Moved."""
        if self.coworker_id != coworker_id:
            raise Moved(coworker_id, self.coworker_id)
        return self


def begin(job: Job, previewer: Previewer, *, left_out: str = "") -> Begun:
    """Read the facts of a job and expand its list; errors as `Previewer.preview`."""
    return Begun(job, previewer, previewer.gather(job.request, job.version)).without_team(left_out)


class Moved(UserError):
    """The tasks of a list are another coworker's by now: the team's paying member changed."""

    def __init__(self, before: int, now: int) -> None:
        super().__init__(
            f"the tasks of this list are coworker {now}'s by now, no longer coworker {before}'s: "
            "the team's paying member changed; nothing was sent.",
            advice="Run the list again: it is made for the one who pays now.",
        )
