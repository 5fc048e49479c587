"""What becomes of a job after an attempt: settled, or looked at again, when, and whether the attempt counts.

Pure. Nothing that is nobody's data (the service away, the login, a lease) ever uses up a job's tries. A reason must
never hold a member's text: it is kept, listed and logged.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from whenever import Instant

from engine.core.applies import DoesNotApply, NotStarted, Waits
from engine.core.errors import TasklistsError, Unreachable, UserError
from engine.core.expand import CannotExpand, Trouble
from engine.flows.apply import Applied
from engine.flows.deciding import LONGEST_PAUSE, MOST_TRIES, SETTING_PAUSE, pause_after
from engine.flows.gather import NotOurs
from engine.flows.judging import Parked, Result
from engine.flows.lists_in_use import BrokenList, NoSuchList
from engine.flows.stopping import Stopped
from engine.flows.tenure import Occupied, Overtaken
from engine.flows.whom import NotInTeam
from engine.ledger.limits import NoRoom
from engine.ledger.service_values import JobState, StoredJob
from engine.nexudus.errors import (
    LoginRefused,
    RoleMissing,
    Throttled,
    UnknownCoworker,
    UnknownRecord,
    UnknownUser,
    UnreadableRecord,
)

LOOK_AGAIN_HOURS: Final = 24
"""A job that waits for a moment is looked at at least so often: dates move, and members leave."""

LAG_SECONDS: Final = 600.0
"""So long after its event a record may not show it yet; what is missing later is believed at once."""

_BUSY_SECONDS: Final = 2.0
"""Another process works on the coworker: a run takes seconds."""

_HELD_SECONDS: Final = 60.0
"""Between looks at what no quiet period decides: another run has it in hand, or a list cannot be read to its end."""

_JUST_PASSED_SECONDS: Final = 5.0
"""A quiet period that ended while the plan was made decides now; one that ended long ago decided nothing."""

_UNREADABLE_PAUSE: Final = 60.0
"""Seconds, then three times as many: one record that answers 500 is gone, or trouble that lasts a while."""

_KEY: Final = re.compile(r" \[.*?\](?=[ :;,.]|$)")
"""A for_each key beside its item, which may be a member's text."""


@dataclass(frozen=True)
class Verdict:
    """What to do with a job. An open one is looked at again at `due_at` (UTC); `is_try` counts the attempt.

    `by_design`: nothing is in its way, it waits for a moment that was stated.
    """

    state: JobState
    why: str
    due_at: Instant | None = None
    is_try: bool = False
    by_design: bool = False


def again(why: str, at: Instant, *, by_design: bool = False) -> Verdict:
    """Return that a job is looked at again, and that the attempt was none."""
    return Verdict("open", why, at, by_design=by_design)


def busy(now: Instant) -> Verdict:
    """Return that somebody else makes this coworker's tasks just now."""
    return again("another run works on this coworker", now.add(seconds=_BUSY_SECONDS))


def tried(job: StoredJob, why: str, now: Instant, *, last: JobState, pause: float | None = None) -> Verdict:
    """Return that an attempt failed: the next one comes after a pause (seconds), after the last one `last`."""
    if job.tries + 1 >= MOST_TRIES:
        told = f"{why.rstrip('.')}; tried {MOST_TRIES} times" if last != "done" else why
        return Verdict(last, told)
    seconds = pause_after(job.tries) if pause is None else pause
    return Verdict("open", why, now.add(seconds=seconds), is_try=True)


def believed(job: StoredJob, why: str, now: Instant) -> Verdict:
    """Return that a record does not bear the event out: done, once that cannot be for being read too soon."""
    if (now - job.received_at).total("seconds") > LAG_SECONDS:
        return Verdict("done", why)
    return tried(job, why, now, last="done")


def of_error(error: Exception, job: StoredJob, now: Instant, *, outage: float) -> Verdict:
    """Return what an error means for a job. `outage` is for how many seconds Nexudus could not be reached by now."""
    match error:
        case Waits():
            return again(error.reason, min(error.until, now.add(hours=LOOK_AGAIN_HOURS)), by_design=True)
        case NoSuchList():
            return Verdict("aside", str(error))
        case NotStarted() | DoesNotApply() | NotOurs():
            return _not_started(error, job, now)
        case UnknownCoworker() | UnknownRecord() | NotInTeam() if not isinstance(error, UnknownUser):
            return _gone(error, job, now)
        case _:
            return of_stop(error, job, now, outage=outage)


def of_stop(error: Exception, job: StoredJob, now: Instant, *, outage: float) -> Verdict:
    """Return what it means for a job that something kept its tasks from being sent."""
    if isinstance(error, UnreadableRecord):
        pause = _UNREADABLE_PAUSE * 3.0**job.tries
        return tried(job, error.message, now, last="aside", pause=pause)
    if isinstance(error, TasklistsError):
        goes_on_at = _goes_on_at(error, now, outage)
        if goes_on_at is not None:
            return again(error.message, goes_on_at, by_design=isinstance(error, NoRoom | Parked))
        return tried(job, reason_of(error), now, last="aside" if isinstance(error, UserError) else "failed")
    return tried(job, f"a fault of the engine ({type(error).__name__})", now, last="failed")


def _goes_on_at(error: TasklistsError, now: Instant, outage: float) -> Instant | None:
    """Return when to look again at what is nobody's data; None for an error that is somebody's."""
    if isinstance(error, NoRoom | Parked):
        return error.resumes_at
    pause: float | None = None
    if isinstance(error, Stopped):
        pause = 0.0
    elif isinstance(error, Occupied | Overtaken):
        pause = _BUSY_SECONDS
    elif isinstance(error, BrokenList | LoginRefused | RoleMissing):
        pause = SETTING_PAUSE
    elif isinstance(error, Unreachable):
        pause = max(outage_pause(outage), error.seconds if isinstance(error, Throttled) else 0.0)
    return None if pause is None else now.add(seconds=pause)


def outage_pause(seconds: float) -> float:
    """Return the pause when Nexudus has been away for so long: as long again, from 5 s up to 5 min."""
    return min(max(seconds, pause_after(0)), LONGEST_PAUSE)


def of_applied(applied: Applied, job: StoredJob, now: Instant, *, outage: float) -> Verdict:
    """Return what a run that was made means for its job."""
    if applied.stopped_by is not None:
        return of_stop(applied.stopped_by, job, now, outage=outage)
    by_outcome: dict[str, list[Result]] = {}
    for result in applied.results:
        by_outcome.setdefault(result.outcome, []).append(result)
    counts = ", ".join(f"{outcome} {len(found)}" for outcome, found in sorted(by_outcome.items()))
    waiting = [*by_outcome.get("parked", ()), *by_outcome.get("held", ())]
    if waiting:
        moments = (result.goes_on_at for result in waiting)
        return _held(f"{counts}: {waiting[0].error}", moments, now, parked="held" not in by_outcome)
    if failed := by_outcome.get("failed"):
        return tried(job, f"{counts}: {_KEY.sub(' [...]', failed[0].error)}", now, last="failed")
    if conflicts := by_outcome.get("conflict"):
        return Verdict("failed", f"{counts}: {conflicts[0].error}")
    return Verdict("done", counts)


_GRAVEST: Final[tuple[JobState, ...]] = ("open", "failed", "aside", "done")


def of_parts(own: Verdict, *team: Verdict) -> Verdict:
    """Return what a job comes to by its parts: open while one of them is, and due with the first of those."""
    told = [own, *(replace(one, why=f"for the team: {one.why}") for one in team)]
    state = min((one.state for one in told), key=_GRAVEST.index)
    found = [one for one in told if one.state == state]
    return Verdict(
        state,
        "; ".join(one.why for one in found),
        min((one.due_at for one in found if one.due_at is not None), default=None),
        is_try=any(one.is_try for one in found),
        by_design=all(one.by_design for one in found),
    )


def _held(why: str, moments: Iterable[Instant | None], now: Instant, *, parked: bool = False) -> Verdict:
    """In doubt till a quiet period is over, or parked: looked at again a second later, never a try."""
    recent = now.subtract(seconds=_JUST_PASSED_SECONDS)
    near = [moment for moment in moments if moment is not None and moment > recent]
    at = max(min(near), now).add(seconds=1) if near else now.add(seconds=_HELD_SECONDS)
    return again(why, at, by_design=parked and bool(near))


def held_until(why: str, moments: Iterable[Instant | None], now: Instant) -> Verdict:
    """Return that all that is left is in doubt until one of these moments."""
    return _held(why, moments, now)


def _not_started(error: NotStarted | DoesNotApply | NotOurs, job: StoredJob, now: Instant) -> Verdict:
    if isinstance(error, NotStarted) and error.may_lag:
        return believed(job, error.reason, now)
    return Verdict("done", f"not ours: {error.message}" if isinstance(error, NotOurs) else error.reason)


def _gone(error: UserError, job: StoredJob, now: Instant) -> Verdict:
    """A coworker, a team or a contract is not there, or does not belong to the other any more."""
    if not isinstance(error, UnknownCoworker):
        return believed(job, error.message, now)
    gone = "the coworker is gone"
    return Verdict("done", gone) if job.event == "coworker.deleted" else believed(job, gone, now)


def reason_of(error: TasklistsError) -> str:
    """Return what may be kept of an error: a for_each key, which may be a member's text, is left out."""
    if isinstance(error, CannotExpand):
        return "; ".join(_without_key(trouble) for trouble in error.troubles)
    return _KEY.sub(" [...]", error.message)


def _without_key(trouble: Trouble) -> str:
    if trouble.path[-1:] == ("for_each",) and "keys tell" in trouble.message:
        return f"{trouble.item}: the keys of its things do not tell them apart"
    item = trouble.item.partition(" [")[0]
    return f"{item}: {trouble.message}" if item else trouble.message


