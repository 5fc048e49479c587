"""What came of one creation: an answer of the wire to an outcome and a sentence without a member's text. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, assert_never

from whenever import Instant

from engine.core.errors import TasklistsError
from engine.core.plan import Action
from engine.core.wire_dates import parse_moment, wire_moment
from engine.ledger.limits import NoRoom
from engine.nexudus.answers import Ambiguous, Defer, Done, Fatal, Settled
from engine.nexudus.errors import RoleMissing


class Parked(TasklistsError):
    """The service wants us back later; whatever is left goes on then, at `resumes_at` (UTC)."""

    def __init__(self, message: str, resumes_at: Instant) -> None:
        super().__init__(message)
        self.resumes_at = resumes_at


@dataclass(frozen=True)
class Result:
    """What came of one action. `error` is '' or a sentence without a member's text.

    `resumable`: not the last word, this run or `tasklists resume` goes on with it; from `goes_on_at` (UTC) on, or
    once a person has acted where that is None.
    """

    action: Action
    outcome: str
    task_id: int | None = None
    error: str = ""
    resumable: bool = False
    goes_on_at: Instant | None = None

    def to_json(self) -> dict[str, Any]:
        wanted = self.action.wanted
        return {
            "item": wanted.item,
            "key": wanted.key,
            "outcome": self.outcome,
            "task_id": self.task_id,
            "error": self.error or None,
        }


@dataclass(frozen=True)
class Verdict:
    """A result, and what keeps the rest of the run from being sent."""

    result: Result
    stop: TasklistsError | None = None


def judge(action: Action, answer: Settled, now: Instant, *, quiet_seconds: float) -> Verdict:
    """Return what an answer to a creation means for its task and for the tasks after it."""
    match answer:
        case Done():
            return _done(action, answer)
        case Defer():
            at = now.add(seconds=answer.seconds)
            error = f"not made: {answer.reason}; goes on after {wire_moment(at)} {_by_resume(action)}"
            return Verdict(Result(action, "parked", error=error, resumable=True, goes_on_at=at), Parked(error, at))
        case Fatal():
            stop = RoleMissing(answer.role) if answer.role else None
            return Verdict(Result(action, "failed", error=_refused(action, answer)), stop)
        case Ambiguous():
            at = now.add(seconds=quiet_seconds)
            error = (
                f"{answer.reason} at {wire_moment(now)}: it may have been made; "
                f"looked up after {wire_moment(at)} {_by_resume(action)}"
            )
            return Verdict(Result(action, "held", error=error, resumable=True, goes_on_at=at))
    assert_never(answer)


def unsent(action: Action, error: TasklistsError) -> Result:
    """Return the result of a task that was certainly not sent, because of `error`."""
    resumes_at = error.resumes_at if isinstance(error, NoRoom | Parked) else None
    if isinstance(error, Parked):
        return Result(action, "parked", error=error.message, resumable=True, goes_on_at=resumes_at)
    why = f"not sent: {error.message.rstrip('.')}; made {_by_resume(action)}"
    outcome = "failed" if resumes_at is None else "parked"
    return Result(action, outcome, error=why, resumable=True, goes_on_at=resumes_at)


def taken_over(action: Action, task_id: int | None = None) -> Result:
    """Return the result of a task that another run has in hand by now: what comes of it is that run's to say.

    Resumable, since that run may have been about something else: ours is done only when every task is known to be.
    """
    error = f"another run has this task in hand; `tasklists status --coworker {action.wanted.coworker_id}` tells of it"
    return Result(action, "held", task_id, error, resumable=True)


def _by_resume(action: Action) -> str:
    return f"by `tasklists resume --coworker {action.wanted.coworker_id}`"


def _done(action: Action, answer: Done) -> Verdict:
    """A stored due other than the one sent would make every date of the run wrong: stop there."""
    sent, stored = action.payload["DueDate"], answer.record.get("DueDate")
    if "DueDate" in answer.record and parse_moment(stored) != parse_moment(sent):
        error = f"Nexudus stored the due {parse_moment(stored) or 'none'}, not {sent}"
        stop = TasklistsError(f"{error}; the rest was not sent", advice="Compare the task in Nexudus.")
        return Verdict(Result(action, "created", answer.task_id, error), stop)
    return Verdict(Result(action, "created", answer.task_id))


def _refused(action: Action, answer: Fatal) -> str:
    """A refusal is for good: only a change of the list or of the member's record can help."""
    fields = "; ".join(f"{error.property_name}: {error.message}" for error in answer.errors)
    refused = f"item {action.wanted.item}: {without_texts(fields or answer.reason, action.payload)}"
    return refused if answer.role else f"{refused}; correct the list or the record and run it again"


def without_texts(message: str, payload: Mapping[str, Any]) -> str:
    """Return a message of the service with every word that also stands in the payload's texts masked.

    The service may repeat a refused name, whole or in part; errors are kept and logged, members' texts are not.
    """
    texts = " ".join(str(payload.get(name) or "") for name in ("Name", "Notes", "TaskListName"))
    words = {_plain(word) for word in re.findall(r"\w{2,}", texts)} - _PLAIN_WORDS
    return re.sub(r"\w{2,}", lambda match: "..." if _plain(match[0]) in words else match[0], message)


def _plain(word: str) -> str:
    """A word without case and accents: the service may write both its own way."""
    return "".join(sign for sign in unicodedata.normalize("NFKD", word.casefold()) if not unicodedata.combining(sign))


_PLAIN_WORDS = frozenset(  # noqa: SIM905 - as prose it can be read
    [
        "is",
        "be",
        "of",
        "to",
        "in",
        "an",
        "at",
        "or",
        "no",
        "it",
        "the",
        "and",
        "not",
        "may",
        "must",
        "null",
        "empty",
        "required",
        "field",
        "invalid",
        "value",
        "name",
        "notes",
        "long",
        "too",
        "length",
        "maximum",
        "characters",
        "date",
        "due",
        "task",
        "list",
        "business",
        "coworker",
        "responsible",
        "found",
        "exist",
        "exists",
        "than",
        "more",
        "less",
        "allowed",
        "valid",
        "format",
    ]
)
"""Words that say what is wrong and tell nothing of anybody."""
