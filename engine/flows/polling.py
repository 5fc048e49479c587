"""Looking after what waits: whoever's turn came gets their tasks, by the same run that any door begins.

It must never begin anything that nobody asked for: what was asked is in the row of the batch that waits. And never lose
one: a row goes only when nothing waits, or is given up for a reason that `status` tells.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Final

from whenever import Instant

from engine.core.applies import DoesNotApply, NotStarted
from engine.core.errors import TasklistsError, Unreachable
from engine.core.leaving import left_since
from engine.flows.batch_names import batch_key
from engine.flows.gather import NotOurs
from engine.flows.lists_in_use import NoSuchList
from engine.flows.planned import Preview
from engine.flows.resume import JobOf, Left, Recovery, Resumed
from engine.flows.run import Job, Moved, Ran, Runner
from engine.flows.stopping import Stopped
from engine.flows.stored_request import request_of_text
from engine.flows.tenure import Occupied
from engine.flows.verdicts import reason_of
from engine.flows.waiting import LOOK_AGAIN_HOURS, is_stuck, note_ends, note_waits
from engine.flows.waiting_changes import ChangeReader
from engine.flows.whom import NotInTeam
from engine.ledger.limits import NoRoom
from engine.ledger.values import BatchKey, StoredWait
from engine.nexudus.errors import LoginRefused, RoleMissing, UnknownCoworker, UnreadableRecord

_CHANGES: Final = frozenset({"create", "adopt"})
"""What a run is made for; a plan of nothing else is only written down as what still waits."""

_SOON_SECONDS: Final = 60.0
_AFTER_OUTAGE_SECONDS: Final = 180.0
_MOST_AWAY: Final = 30
"""Looks, a day apart, at one whom the list is not for any more: a month later nobody means it."""

_AT_ONCE: Final = 20
"""Looks after which it is asked again who completed something: whoever did must not stand behind a thousand others."""

_BY_HAND: Final = "it was given up by hand"

_FOR_ALL = (LoginRefused, RoleMissing, NoRoom)


@dataclass(frozen=True)
class Looked:
    """What a look at what waits led to."""

    ran: tuple[Ran, ...] = ()
    left: tuple[Left, ...] = ()
    """Batches that could not be looked at, and why; they are looked at again."""
    ended: tuple[Left, ...] = ()
    """Batches that are given up."""

    def __add__(self, other: Looked) -> Looked:
        return Looked(self.ran + other.ran, self.left + other.left, self.ended + other.ended)

    def as_resumed(self) -> Resumed:
        """The same, as `tasklists resume` tells it."""
        applied = (part.applied for ran in self.ran for part in ran.parts())
        return Resumed(settled=tuple(applied), left=self.left + self.ended)


@dataclass
class _Seen:
    """What a plan told: whose batches it is for, and why it could not decide, if so."""

    batches: set[tuple[int, BatchKey]] = field(default_factory=set)
    held: str = ""


class Waits:
    """Looks at batches that wait, each by a run of its own. `runner` must have a holder of its own."""

    def __init__(
        self, runner: Runner, job_of: JobOf, *, say: Callable[[str], None], clock: Callable[[], Instant] = Instant.now
    ) -> None:
        self._runner = runner
        self._ledger = runner.tools.ledger
        self._job_of = job_of
        self._say = say
        self._clock = clock
        self._recovery = Recovery(runner, job_of, say)
        self._changes = ChangeReader(runner.tools.reader, self._ledger, runner.conduct.stop)

    def poll(self, *, always: bool = False) -> Looked:
        """Ask for whom tasks changed, and look at those and at whatever is due. Without a wait nothing is asked.

        `always`: completions are of interest even when nothing waits.

        Raises:
            Unreachable, LoginRefused, RoleMissing: nothing can be done for anybody now; nothing is lost.
            Stopped: asked to stop.
        """
        found, looked = Looked(), set[tuple[int, BatchKey]]()
        while True:
            waits = _open(self._ledger.waits())
            if waits or always:
                self._changes.read(waits, self._clock())
            due = [one for one in self._due() if (one.coworker_id, one.key) not in looked][:_AT_ONCE]
            found += self.look(due)
            looked.update((one.coworker_id, one.key) for one in due)
            if len(due) < _AT_ONCE:
                return found

    def _due(self) -> list[StoredWait]:
        """Return what is to be looked at, the latest first: it was told of just now, the rest has its turn each day.

        A look in the future is one by a clock that ran ahead: what it put off is looked at again.
        """
        now = self._clock()
        waits = [(one.next_look_at, one) for one in _open(self._ledger.waits()) if one.next_look_at is not None]
        due = [(at, one) for at, one in waits if at <= now or one.looked_at > now]
        return [one for _, one in sorted(due, key=lambda pair: pair[0], reverse=True)]

    def look(self, waits: Iterable[StoredWait]) -> Looked:
        """Look at these batches now; errors as `poll`."""
        found = Looked()
        for wait in waits:
            self._runner.conduct.stop.check()
            found += self._look(wait)
        return found

    def look_for(self, coworker_id: int, *, give_up: bool = False) -> Looked:
        """Look at all that waits for one coworker, because a person asks; errors as `poll`.

        `give_up`: what cannot go on as things are is ended: it could not be looked at, or waits for a deleted task.
        """
        found = self.look(_open(self._ledger.waits(coworker_id)))
        if not give_up:
            return found
        hopeless = [one for one in _open(self._ledger.waits(coworker_id)) if one.why or is_stuck(one)]
        for wait in hopeless:
            self._ledger.end_wait(wait.coworker_id, wait.key, _BY_HAND, self._clock())
            self._say(f"{wait.key.tasklist} for coworker {wait.coworker_id} waits no more: {_BY_HAND}")
        ended = {(one.coworker_id, one.key.tasklist) for one in hopeless}
        return replace(found, left=tuple(one for one in found.left if (one.coworker_id, one.tasklist) not in ended))

    def _look(self, wait: StoredWait) -> Looked:
        try:
            return self._run(wait)
        except (Stopped, *_FOR_ALL):
            raise
        except (NoSuchList, Moved, NotInTeam, NotOurs) as error:
            return self._end(wait, reason_of(error))
        except UnknownCoworker as error:
            return self._later(wait, error) if error.unsure else self._end(wait, "the coworker has left")
        except (DoesNotApply, NotStarted) as error:
            return self._away(wait, error)
        except (Occupied, UnreadableRecord) as error:
            return self._later(wait, error)
        except Unreachable:  # of all, or of this one alone: next time others have their turn before
            again = self._clock().add(seconds=_AFTER_OUTAGE_SECONDS)
            self._ledger.put_off(replace(wait, next_look_at=again), looked_at=wait.looked_at)
            raise
        except TasklistsError as error:
            return self._later(wait, error)

    def _run(self, wait: StoredWait) -> Looked:
        now = self._clock()
        tasklist, request = request_of_text(wait.request, now)
        seen = _Seen()
        # A `now` that was chosen for the first run would stand still for ever.
        job = self._job_of(tasklist, replace(request, cause="wait", now=now, now_given=False))
        ran = self._runner.run(
            job,
            agree=lambda made: self._is_worth_running(made, wait, seen, job),
            before=lambda tenure, text: self._tell(self._recovery.unfinished(tenure, but=text)),
            after=lambda tenure, done: self._tell(self._recovery.after_run(tenure, done)),
        )
        if ran is not None and ran.stopped_by is not None:
            return Looked((ran,)) + self._later(wait, ran.stopped_by)
        if ran is None and seen.held:
            return self._postpone(wait, seen.held, _SOON_SECONDS)
        if (wait.coworker_id, wait.key) not in seen.batches:  # nothing waits, or it is another's, or another batch
            self._ledger.waits_no_more(wait.coworker_id, wait.key, looked_by=wait.looked_at)
        return Looked() if ran is None else Looked((ran,))

    def _is_worth_running(self, made: Preview, wait: StoredWait, seen: _Seen, job: Job) -> bool:
        """Whether a plan makes anything; if not, what it saw is written down and no run begun."""
        _check_still_there(made, job, self._clock())
        parts = [part.plan for part in made.parts()]
        told = [plan.expansion for plan in parts if plan.expansion.ordered]
        seen.batches.update((expansion.coworker_id, batch_key(expansion)) for expansion in told)
        actions = [action for plan in parts for action in plan.actions]
        if any(action.action in _CHANGES for action in actions):
            return True
        seen.held = next((f"in doubt: {action.reason}" for action in actions if action.action == "hold"), "")
        if seen.held:
            return False  # what is in doubt may not be there at all: the row stays until that is known
        for plan in parts:
            note_ends(self._ledger, plan, self._clock())
            if batch_key(plan.expansion) == wait.key:
                note_waits(self._ledger, plan, wait.request, self._clock())
        return False

    def _tell(self, resumed: Resumed) -> None:
        for left in resumed.left:
            self._say(f"coworker {left.coworker_id} has something open: {left.why}")

    def _end(self, wait: StoredWait, why: str) -> Looked:
        self._ledger.end_wait(wait.coworker_id, wait.key, why, self._clock())
        return Looked(ended=(_left(wait, f"waits no more: {why}"),))

    def _away(self, wait: StoredWait, error: TasklistsError) -> Looked:
        """The list is not for them as things are: looked at by day for a month, for members come back."""
        why = reason_of(error)
        times = wait.tries if wait.why == why else 0  # other troubles are no sign that it is not meant any more
        if times + 1 >= _MOST_AWAY:
            return self._end(wait, why)
        return self._postpone(replace(wait, tries=times), why, LOOK_AGAIN_HOURS * 3600.0)

    def _later(self, wait: StoredWait, error: TasklistsError) -> Looked:
        """Something is in the way: looked at again, after three times as long each time, a day at most."""
        pause = min(_SOON_SECONDS * 3.0 ** min(wait.tries, 10), LOOK_AGAIN_HOURS * 3600.0)
        return self._postpone(wait, reason_of(error), _SOON_SECONDS if isinstance(error, Occupied) else pause)

    def _postpone(self, wait: StoredWait, why: str, seconds: float) -> Looked:
        now = self._clock()
        later = replace(wait, next_look_at=now.add(seconds=seconds), tries=wait.tries + 1, why=why)
        self._ledger.put_off(later, looked_at=min(wait.looked_at, now))
        return Looked(left=(_left(wait, why),))


def _check_still_there(made: Preview, job: Job, now: Instant) -> None:
    """Do nothing for a member. Raises NotStarted: they have left since it was asked, and the list is for members."""
    gone = [why for part in made.parts() if (why := left_since(job.prepared, part.facts, now))]
    if gone and not job.request.leaving:
        raise NotStarted(gone[0])


def _open(waits: Iterable[StoredWait]) -> list[StoredWait]:
    return [one for one in waits if one.ended_at is None]


def _left(wait: StoredWait, why: str) -> Left:
    return Left(wait.coworker_id, why, tasklist=wait.key.tasklist)
