"""The findings of an audit in words: what is the case, what the engine does next, what a person can do. Pure.

Every class of finding has its own sentences; none may hold a member's text.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from whenever import Instant

from engine.core.audit_findings import FOR_A_PERSON, Finding, Kind
from engine.core.identity import mark_of
from engine.core.known import KnownTask, LiveTask
from engine.core.wire_dates import wire_moment

_LEFT_ALONE = "nothing: it is never adopted and never touched"
_IN_WORDS = {
    "Name": "name",
    "DueDate": "due",
    "ResponsibleId": "responsible",
    "BusinessId": "location",
    "Notes": "notes",
    "CoworkerId": "coworker",
}


def _resume(coworker_id: int) -> str:
    return f"`tasklists resume --coworker {coworker_id}`"


def _audit(coworker_id: int) -> str:
    return f"`tasklists audit --coworker {coworker_id}`"


def _finding(kind: Kind, task: KnownTask, coworker_id: int, **told: Any) -> Finding:
    usual: dict[str, Any] = {"task_id": task.task_id, "needs_person": kind in FOR_A_PERSON}
    origin: dict[str, Any] = {"tasklist": task.tasklist, "item": task.item, "key": task.key, "identity": task.identity}
    return Finding(kind, coworker_id, **(usual | origin | told))


def _settling(task: KnownTask, coworker_id: int, *, resumes: bool) -> str:
    """The command that settles a task that is not settled."""
    return _resume(coworker_id) if resumes else f"`tasklists run {task.tasklist} --coworker {coworker_id}`"


def lost(task: KnownTask, coworker_id: int) -> Finding:
    """An open intent past the quiet period, and nothing there that it could have made."""
    what = f"the request of {wire_moment(task.at)} (run {task.run_id}) had no sure answer, and its task is not there"
    advice = _resume(coworker_id)
    return _finding("lost", task, coworker_id, what=what, next="it is made once more by resume or run", advice=advice)


def not_made(task: KnownTask, coworker_id: int, reason: str, resumes: bool) -> Finding:
    """A request that was refused or not sent: certainly not made."""
    what = f"not made by run {task.run_id} of {wire_moment(task.at)}" + (f": {reason.rstrip('.')}" if reason else "")
    command = _settling(task, coworker_id, resumes=resumes)
    made = "it is made by " + ("resume or run" if resumes else "the next run of its list") + ", if it is still wanted"
    return _finding("lost", task, coworker_id, what=what, next=made, advice=f"mend the reason, then {command}")


def parked(task: KnownTask, coworker_id: int, reason: str) -> Finding:
    """A task that waits for its turn: the service or its limits want us back later."""
    return _finding(
        "held",
        task,
        coworker_id,
        what=f"parked by run {task.run_id}: {reason.rstrip('.')}",
        next="it is made by resume once that time has come",
        advice="",
        needs_person=False,
    )


def doubled(task: KnownTask, coworker_id: int, rows: Iterable[LiveTask]) -> Finding:
    """Several live tasks of one identity."""
    ids = _oldest_first(rows)
    stays = task.task_id if task.task_id in ids else ids[0]
    then = "nothing is made, and the others are left alone"
    if task.task_id is None:
        then = "nothing is made; a run says conflict until one is left"
    return _finding(
        "doubled",
        task,
        coworker_id,
        what=f"{len(ids)} live tasks are this one: {_named(ids, task.task_id)}",
        next=then,
        advice=_delete(number for number in ids if number != stays),
        task_id=stays,
        task_ids=ids,
    )


def doubled_unknown(digits: str, coworker_id: int, rows: Iterable[LiveTask]) -> Finding:
    """Several live tasks with one mark that this ledger does not know."""
    ids = _oldest_first(rows)
    return Finding(
        "doubled",
        coworker_id,
        what=f"{len(ids)} live tasks carry the mark {digits}, which this ledger does not know: {_named(ids, None)}",
        next="nothing is made; a run of their list says conflict until one is left",
        advice=_delete(ids[1:]),
        task_id=ids[0],
        task_ids=ids,
        mark=digits,
        needs_person=True,
    )


def _oldest_first(rows: Iterable[LiveTask]) -> tuple[int, ...]:
    aged = sorted(rows, key=lambda row: (row.created_at or Instant.MAX, row.task_id))
    return tuple(row.task_id for row in aged)


def _named(ids: Sequence[int], remembered: int | None) -> str:
    return ", ".join(f"{number} (the one that we remember)" if number == remembered else str(number) for number in ids)


def _delete(ids: Iterable[int]) -> str:
    return f"delete {', '.join(map(str, ids))} in Nexudus, after a look at what staff wrote there"


def at_work(task: KnownTask, coworker_id: int, until: Instant) -> Finding:
    """An open intent of a run that lives."""
    what = f"a run is at work on this coworker; its lease ends at {wire_moment(until)}"
    return _held(task, coworker_id, what, next="that run decides it", advice="", needs_person=False)


def found(task: KnownTask, coworker_id: int, task_id: int, resumes: bool) -> Finding:
    """An unsettled task that is there: known to be ours, not yet to the ledger."""
    doubt = "no sure answer" if task.state == "intended" else "an answer that said it was not made"
    what = f"the request of {wire_moment(task.at)} (run {task.run_id}) had {doubt}; task {task_id} is what it made"
    command = _settling(task, coworker_id, resumes=resumes)
    return _held(task, coworker_id, what, next="it is adopted, none is made", advice=command, task_id=task_id)


def may_arrive(task: KnownTask, coworker_id: int, over: Instant) -> Finding:
    """An open intent inside the quiet period."""
    what = f"the request of {wire_moment(task.at)} (run {task.run_id}) had no sure answer and may still arrive"
    decided = f"decided after {wire_moment(over)}: adopted if it is there, made if not"
    return _held(task, coworker_id, what, next=decided, advice=_resume(coworker_id))


def doubtful(task: KnownTask, coworker_id: int, task_id: int) -> Finding:
    """An open intent beside a task of its name without a mark."""
    what = f"the request of {wire_moment(task.at)} (run {task.run_id}) had no sure answer, and task {task_id} may be"
    advice = (
        f"write `ref: {mark_of(task.identity)}` into the notes of task {task_id}, or delete it; "
        f"then {_resume(coworker_id)}"
    )
    stays = "nothing is made while nobody can tell"
    return _held(task, coworker_id, f"{what} its task but carries no mark", next=stays, advice=advice, task_id=task_id)


def cannot_tell(task: KnownTask, coworker_id: int, incomplete: str, unreadable: Sequence[int]) -> Finding:
    """An unsettled task that was not found where not all could be read."""
    why = f"the list of tasks was not read to its end ({incomplete})" if incomplete else ""
    rows = f"task {', '.join(map(str, unreadable))} cannot be read and may be it" if unreadable else ""
    doubt = f"whether the request of {wire_moment(task.at)} (run {task.run_id}) made it is unknown"
    what = f"{doubt}: {'; '.join(filter(None, (why, rows)))}"
    again = "nothing is made while not all tasks can be read"
    return _held(task, coworker_id, what, next=again, advice=f"when Nexudus answers again: {_resume(coworker_id)}")


def not_seen(task: KnownTask, coworker_id: int, why: str, at: Instant) -> Finding:
    """A settled task that neither the list nor its own record shows, without a sure word that it is gone."""
    what = f"task {task.task_id} was not seen, and whether it exists is unknown: {why}"
    kept = "nothing: it counts as made"
    advice = f"look again when Nexudus answers: {_audit(coworker_id)}"
    return replace(_held(task, coworker_id, what, next=kept, advice=advice), at=at)


def _held(task: KnownTask, coworker_id: int, what: str, **told: Any) -> Finding:
    return _finding("held", task, coworker_id, what=what, at=task.at, **told)


def unreadable_row(coworker_id: int, task_id: int, why: str, at: Instant) -> Finding:
    """A row that the ledger does not know and that cannot be read."""
    return Finding(
        "held",
        coworker_id,
        what=f"task {task_id} cannot be read, so whether it is one of ours is unknown: {why}",
        next="it is read again by the next run that looks for a task",
        advice=f"look again when Nexudus answers: {_audit(coworker_id)}",
        task_id=task_id,
        at=at,
        needs_person=True,
    )


def cut_list(coworker_id: int, why: str, at: Instant) -> Finding:
    """A list that was not read to its end, though all that is remembered was seen."""
    return Finding(
        "held",
        coworker_id,
        what=f"the list of tasks was not read to its end ({why}): tasks made twice may be in the rest",
        next="nothing is made while the list cannot be read to its end",
        advice=f"look again when Nexudus answers: {_audit(coworker_id)}",
        at=at,
        needs_person=True,
    )


def foreign(digits: str, coworker_id: int, task_id: int) -> Finding:
    """A live task with a mark that this ledger does not know."""
    return Finding(
        "foreign",
        coworker_id,
        what=f"task {task_id} carries the mark {digits}, which this ledger does not know: "
        "made with another ledger, or after the copy that this one was restored from",
        next="the next run of its list adopts it; none is made beside it",
        advice="",
        task_id=task_id,
        mark=digits,
    )


def copied(digits: str, coworker_id: int, task_id: int, owner: int) -> Finding:
    """A live task that carries the mark of a task of another coworker."""
    return Finding(
        "foreign",
        coworker_id,
        what=f"task {task_id} carries the mark {digits}, which is that of a task of coworker {owner}",
        next=_LEFT_ALONE,
        advice="take the line `ref:` out of its notes",
        task_id=task_id,
        mark=digits,
    )


def namesake(task: KnownTask, coworker_id: int, task_id: int) -> Finding:
    """A live task without a mark that bears the name of one of ours."""
    what = f"task {task_id} bears its name and no mark of ours: made by hand, or by a native list"
    advice = "delete it in Nexudus if it is the same work twice"
    return _finding("foreign", task, coworker_id, what=what, next=_LEFT_ALONE, advice=advice, task_id=task_id)


def drifted(task: KnownTask, coworker_id: int, edited: tuple[str, ...]) -> Finding:
    """A live task that staff changed."""
    words = [_IN_WORDS[name] for name in edited]
    verb = "differs" if len(words) == 1 else "differ"
    what = f"its {' and '.join(filter(None, (', '.join(words[:-1]), words[-1])))} {verb} from what was sent"
    return _finding(
        "drifted", task, coworker_id, what=what, next="nothing: staff's edit stays", advice="", fields=edited
    )


def completed(task: KnownTask, coworker_id: int) -> Finding:
    """A live task that is done."""
    return _finding("completed", task, coworker_id, what="completed", next="nothing", advice="")


def removed(task: KnownTask, coworker_id: int, stand_in: int | None) -> Finding:
    """A task that no longer exists. `stand_in`: a live task that carries its mark."""
    what = "deleted in Nexudus" + (f"; task {stand_in} carries its mark and is left alone" if stand_in else "")
    command = f"`tasklists run {task.tasklist} --coworker {coworker_id} --again LABEL`"
    return _finding(
        "removed",
        task,
        coworker_id,
        what=what,
        next="it is not made again",
        advice=f"if it is wanted: make it by hand, or the whole list once more with {command}",
    )
