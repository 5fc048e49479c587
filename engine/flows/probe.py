"""`probe`: asks a real account what no document tells, by reads and by at most ten tasks that are all removed.

What it learns is stored in the ledger at once, question by question. Nothing is written to Nexudus before `write`,
and `write` removes what it made whatever happens; what a killed probe left is removed by the next one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from whenever import Instant

from engine.core.errors import TasklistsError, Unfinished, Unreachable, UserError
from engine.core.organisation import Organisation
from engine.core.prepared import Prepared
from engine.core.wire_dates import wire_moment
from engine.flows.directory import Directory
from engine.flows.fitting import House
from engine.flows.probing.house import check_clock, check_house, skew_of
from engine.flows.probing.lists import ask_about_paging, ask_about_unknown_ids, tell_about_roles
from engine.flows.probing.native import ask_about_native_lists, check_webhooks
from engine.flows.probing.notebook import Check, Notebook, Told
from engine.flows.probing.opened import OpenBook
from engine.flows.probing.removing import Left, Remover, Timing
from engine.flows.probing.rights import EDIT, FOR_CHECKS, SEEING, WRITES, Door, needed_roles
from engine.flows.probing.scene import Stage, location_for, set_stage
from engine.flows.probing.tasks import ProbeTasks
from engine.flows.probing.trials import OF_TASKS, Trials, in_words, shared_fields, summer_and_winter
from engine.flows.probing.turn import Deferring, Turn
from engine.flows.stopping import Stopped
from engine.ledger.ledger import Ledger
from engine.nexudus.answers import Record
from engine.nexudus.client import NexudusClient
from engine.nexudus.errors import NexudusUnreachable, RequestRefused, RoleMissing


@dataclass(frozen=True)
class Asked:
    """What a person asks a probe for."""

    coworker_id: int
    location: str | None = None
    read_only: bool = False
    keep_going: bool = False


@dataclass(frozen=True)
class Report:
    """All that a probe found. `stopped_by` is what ended it before its last question."""

    coworker_id: int
    read_only: bool
    at: Instant
    told: tuple[Told, ...]
    checks: tuple[Check, ...]
    made: int = 0
    removed: int = 0
    left: tuple[Left, ...] = ()
    stopped_by: TasklistsError | None = None

    def to_json(self) -> dict[str, object]:
        return {
            "coworker_id": self.coworker_id,
            "read_only": self.read_only,
            "at": wire_moment(self.at),
            "answers": [told.to_json() for told in self.told],
            "checks": [check.to_json() for check in self.checks],
            "tasks": {
                "sent": self.made,
                "removed": self.removed,
                "left": [left.to_json() for left in self.left],
            },
            "stopped_by": self.stopped_by.message if self.stopped_by is not None else None,
        }

    @property
    def exit_code(self) -> int:
        """3 where tasks are left or something needs a person; what ended it early has its own code."""
        if isinstance(self.stopped_by, Unfinished | Unreachable | UserError):
            early = self.stopped_by.exit_code
            return 3 if self.left and early != 130 else early
        return 3 if self.left or any(check.state == "trouble" for check in self.checks) else 0


class NoRight(UserError):
    """The login may not make tasks, or may not remove them."""


class Interrupted(Unfinished):
    """A person ended the probe."""

    exit_code = 130

    def __init__(self) -> None:
        advice = "What was learned is kept; probe again for the rest."
        super().__init__("interrupted: nothing more was asked.", advice=advice)


class Probe:
    """One probe of one account. `organisation` and `lists` of `house` are what the account is compared with."""

    def __init__(  # noqa: PLR0913  what a probe works with, by name
        self,
        client: NexudusClient,
        ledger: Ledger,
        house: House,
        *,
        stop: Deferring,
        quiet_seconds: float,
        lease_seconds: float,
        say: Callable[[str], None],
    ) -> None:
        self._client = client
        self._ledger = ledger
        self._house = house
        self._stop = stop
        self._say = say
        self._clock = house.clock
        self._started = house.clock()
        self._timing = Timing(self._clock, stop.sleep, stop.wait, quiet_seconds)
        self._book = OpenBook(ledger, self._clock)
        self._notebook = Notebook(ledger.record_finding, ledger.findings(), self._clock)
        self._turn = Turn(ledger, stop, seconds=lease_seconds, clock=self._clock)
        self._needed = needed_roles(house.lists.values(), house.organisation)
        self._remover = Remover(client, self._timing)
        self._made = 0

    def run(self, asked: Asked, agree: Callable[[str], bool]) -> Report | None:
        """Read, ask with `agree` before the first write, write. None when the answer was no.

        Raises:
            UserError: a wrong login, an unknown coworker or location; nothing was written.
            Unreachable: Nexudus or the ledger gave no usable answer before the first write.
        """
        coworker = self._read(asked)
        if asked.read_only:
            self._note_leftovers()
            return self._report(asked, None)
        try:
            stage = self._stage(asked, coworker)
        except RoleMissing as error:  # what was read is told all the same
            tell_about_roles(self._door.rights, self._needed, self._notebook)
            return self._report(asked, error)
        where = f"{stage.location} (business {stage.business_id}, responsible user {stage.responsible_id})"
        if not agree(in_words(asked.coworker_id, where) + self._leftovers_in_words()):
            return None
        return self._report(asked, self._write(asked, stage))

    def _read(self, asked: Asked) -> Record | None:
        """All that reads can tell. The coworker, None where the login may not read it."""
        self._say("reading")
        self._tell_login()
        try:
            coworker = self._client.coworker(asked.coworker_id)
        except RoleMissing:
            coworker = None
        check_clock(self._notebook, skew_of(self._client.heard.date, self._clock()), "the Date of an answer")
        self._door = Door(
            self._client,
            coworker_id=asked.coworker_id,
            business_id=next(iter(self._house.organisation.locations.values())).business_id,
        )
        self._door.try_reads((*self._needed, *FOR_CHECKS))
        ask_about_unknown_ids(self._client, self._door.rights, self._notebook)
        ask_about_paging(self._client, self._notebook)
        ask_about_native_lists(self._client, self._house.organisation, self._house.lists, self._notebook)
        check_webhooks(self._client, self._house.organisation, self._notebook)
        check_house(self._house, self._notebook)
        if asked.read_only:
            tell_about_roles(self._door.rights, self._needed, self._notebook)
        return coworker

    def _tell_login(self) -> None:
        """Who we are; that address is known from other clients alone, so its silence proves nothing."""
        try:
            me = self._client.me()
        except (NexudusUnreachable, RequestRefused) as error:
            self._notebook.check("login", "warning", f"who it is could not be told: {error.message}")
        else:
            self._notebook.check("login", "ok", f"works; its default location is {me.get('DefaultBusinessName')}")

    def _stage(self, asked: Asked, coworker: Record | None) -> Stage:
        if coworker is None:
            raise RoleMissing("Coworker-Read")
        return set_stage(self._house, coworker, location_for(self._house, coworker, asked.location))

    def _note_leftovers(self) -> None:
        count = len(self._book.entries())
        if count:
            told = f"{count} earlier probes may have left tasks; a probe that is not read-only removes them"
            self._notebook.check("left over", "warning", told)

    def _leftovers_in_words(self) -> str:
        count = len(self._book.entries())
        return f"; first removes what {count} earlier probes may have left" if count else ""

    def _write(self, asked: Asked, stage: Stage) -> TasklistsError | None:
        """All that needs writes; what ended it early, None if nothing did. Nothing that was made outlives it."""
        tasks: ProbeTasks | None = None
        ended: TasklistsError | None = None
        try:
            self._turn.take(self._say)
            self._sweep_leftovers()
            self._check_rights(asked)
            tasks = self._tasks(asked, stage)
            self._trials(asked, stage, tasks).run()
        except TasklistsError as error:
            ended = Interrupted() if isinstance(error, Stopped) or self._stop.asked_for else error
        finally:
            self._stop.begin_removal()
            ended = self._clear(tasks) or ended
            self._turn.give_back()
        why = ended.message if ended is not None else "nothing told"
        for question in OF_TASKS:
            self._notebook.not_asked(question, f"not asked, the probe ended early: {why}")
        return ended

    def _clear(self, tasks: ProbeTasks | None) -> TasklistsError | None:
        if tasks is None:
            return None
        self._made = tasks.sent
        self._say("removing what was made")
        try:
            tasks.clear(wait=True)
        except TasklistsError as error:
            return error
        return None

    def _sweep_leftovers(self) -> None:
        for entry in self._book.entries():
            self._say("removing what an earlier probe left")
            left = self._remover.sweep(entry, wait=True)
            if left is None:
                self._book.close(entry.label)
            else:
                self._book.write(left)
            self._turn.check()

    def _check_rights(self, asked: Asked) -> None:
        """No task is made that could not be removed again."""
        self._door.try_writes()
        rights = self._door.rights
        tell_about_roles(rights, self._needed, self._notebook)
        ask_about_unknown_ids(self._client, rights, self._notebook)
        missing = [role for role in (*WRITES, *SEEING) if rights.lacks(role)]
        if missing:
            raise NoRight(
                f"the login has no role {', '.join(missing)}; no task was made.",
                advice="Give it these roles for the time of the probe, or look with --read-only.",
            )
        if not rights.has(WRITES[1]) and not asked.keep_going:
            raise NoRight(
                f"whether the login has the role {WRITES[1]} could not be told; no task was made.",
                advice="With --keep-going the first task is made all the same; if it cannot be removed it is named.",
            )

    def _tasks(self, asked: Asked, stage: Stage) -> ProbeTasks:
        due = summer_and_winter(self._clock())[0]
        shared = shared_fields(asked.coworker_id, stage.business_id, stage.responsible_id, due=due)
        return ProbeTasks(self._remover, self._book, shared, gate=self._turn)

    def _trials(self, asked: Asked, stage: Stage, tasks: ProbeTasks) -> Trials:
        self._say("asking with tasks, one at a time")
        return Trials(
            client=self._client,
            tasks=tasks,
            notebook=self._notebook,
            timing=self._timing,
            scene=stage.scene,
            may_edit=self._door.rights.has(EDIT),
            keep_going=asked.keep_going,
            check=self._turn.check,
        )

    def _report(self, asked: Asked, ended: TasklistsError | None) -> Report:
        return Report(
            coworker_id=asked.coworker_id,
            read_only=asked.read_only,
            at=self._started,
            told=self._notebook.told(),
            checks=tuple(self._notebook.checks),
            made=self._made,
            removed=self._remover.removed,
            left=tuple(self._remover.left),
            stopped_by=ended,
        )



def house_of(
    client: NexudusClient, organisation: Organisation, lists: Mapping[str, Prepared], clock: Callable[[], Instant]
) -> House:
    """Return what an account is compared with. The directory is read anew: a probe must not see a cached one."""
    return House(organisation, lists, client, Directory(client, None, clock), clock)
