"""What came of one creation: an answer of the wire to an outcome and a sentence without a member's text. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, assert_never

from whenever import Instant

from engine.core.errors import TasklistsError
from engine.core.plan import Action
from engine.core.wire_dates import parse_moment, wire_moment
from engine.nexudus.answers import Ambiguous, Defer, Done, Fatal, Settled
from engine.nexudus.errors import RoleMissing


class Parked(TasklistsError):
    """The service wants us back later; whatever is left goes on then."""


@dataclass(frozen=True)
class Result:
    """What came of one action. `error` is '' or a sentence without a member's text."""

    action: Action
    outcome: str
    task_id: int | None = None
    error: str = ""

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


def judge(action: Action, answer: Settled, now: Instant) -> Verdict:
    """Return what an answer to a creation means for its task and for the tasks after it."""
    match answer:
        case Done():
            return _done(action, answer)
        case Defer():
            error = f"{answer.reason}; goes on after {wire_moment(now.add(seconds=answer.seconds))}"
            return Verdict(Result(action, "parked", error=error), Parked(error))
        case Fatal():
            stop = RoleMissing(answer.role) if answer.role else None
            return Verdict(Result(action, "failed", error=_refused(action, answer)), stop)
        case Ambiguous():
            quiet = "it is looked up after the quiet period; run again then"
            return Verdict(Result(action, "held", error=f"{answer.reason}; {quiet}"))
    assert_never(answer)


def _done(action: Action, answer: Done) -> Verdict:
    """A stored due other than the one sent would make every date of the run wrong: stop there."""
    sent, stored = action.payload["DueDate"], answer.record.get("DueDate")
    if "DueDate" in answer.record and parse_moment(stored) != parse_moment(sent):
        error = f"Nexudus stored the due {parse_moment(stored) or 'none'}, not {sent}"
        stop = TasklistsError(f"{error}; the rest was not sent", advice="Compare the task in Nexudus.")
        return Verdict(Result(action, "created", answer.task_id, error), stop)
    return Verdict(Result(action, "created", answer.task_id))


def _refused(action: Action, answer: Fatal) -> str:
    fields = "; ".join(f"{error.property_name}: {error.message}" for error in answer.errors)
    return f"item {action.wanted.item}: {without_texts(fields or answer.reason, action.payload)}"


def without_texts(message: str, payload: Mapping[str, Any]) -> str:
    """Return a message of the service with every word that also stands in the payload's texts masked.

    The service may repeat a refused name, whole or in part; errors are kept and logged, members' texts are not.
    """
    texts = " ".join(str(payload.get(name) or "") for name in ("Name", "Notes", "TaskListName"))
    words = {word.casefold() for word in re.findall(r"\w{3,}", texts)} - _PLAIN_WORDS
    return re.sub(r"\w{3,}", lambda match: "..." if match[0].casefold() in words else match[0], message)


_PLAIN_WORDS = frozenset(  # noqa: SIM905 - as prose it can be read
    [
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
