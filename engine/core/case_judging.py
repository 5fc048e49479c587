"""What a list made of a case's member, held against what the case expects. Pure.

Every field that a case names is compared, and each that differs is told alone, with the steps that led to it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from whenever import Date

from engine.core.cases import NONE, Case, Expected, Part, Waiting, task_named
from engine.core.people import Directory
from engine.core.plan import Action
from engine.core.wanted import LeftOut

Path = tuple[str | int, ...]

FIELDS: Final = (
    *("name", "notes", "due", "responsible", "phase", "action"),
    *("waits", "late", "notify_by_email", "display_to_everyone"),
)
"""The fields of a task that a case may expect, in the order in which they are compared and written."""


_STAND_IN = re.compile(r" -> user -\d+")
"""People are stood in for here, by numbers that no user has."""


@dataclass(frozen=True)
class Failure:
    """One thing that is not as expected. `path` leads into the case; `task` is ITEM or ITEM[KEY], or ''."""

    path: Path
    task: str
    field: str
    expected: str
    found: str
    why: tuple[str, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """What became of a case at one location: tasks and what is left out, or why there is no plan."""

    location: str
    zone: str
    people: Directory
    actions: tuple[Action, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    warnings: tuple[str, ...] = ()
    error: str = ""


def without_stand_in(step: str) -> str:
    """Return a step of a choice without the number of somebody who was only stood in for."""
    return _STAND_IN.sub("", step)


def task_text(item: str, key: str) -> str:
    """Return how a case and its report name a task."""
    return f"{item}[{key}]" if key else item


def failures(case: Case, outcome: Outcome) -> Iterator[Failure]:
    """Yield all that is not as the case expects."""
    if outcome.error or case.error is not None:
        yield from _of_error(case, outcome)
        return
    if case.expect is not None:
        yield from _of_tasks(case, case.expect, outcome)
    yield from _of_left_out(case, outcome)
    yield from _of_warnings(case, outcome)


def _of_error(case: Case, outcome: Outcome) -> Iterator[Failure]:
    if case.error is None:
        yield Failure((), "", "error", "a plan", outcome.error)
    elif case.error.casefold() not in outcome.error.casefold():
        yield Failure(("error",), "", "error", case.error, outcome.error or "a plan, and no error")


def _of_tasks(case: Case, expected: Sequence[Expected], outcome: Outcome) -> Iterator[Failure]:
    left = list(outcome.actions)
    for number, one, action in matched(expected, outcome):
        path = ("expect", number)
        if action is None:
            yield Failure(path, task_text(one.item, one.key or ""), "task", "a task", _absence(one, outcome))
            continue
        left.remove(action)
        yield from _of_fields(path, one, action, outcome)
    for action in left if case.only else ():
        if action.action != "skip":
            yield Failure(("expect",), named(action), "task", "no task", told(action, outcome))


def matched(expected: Sequence[Expected], outcome: Outcome) -> Iterator[tuple[int, Expected, Action | None]]:
    """Yield each expectation that counts at the location, with its place and its task.

    Of several tasks that one may mean, the first that is wholly as expected is taken, else the first.
    """
    left = list(outcome.actions)
    for number, one in enumerate(expected):
        if one.at and outcome.location not in one.at:
            continue
        means = [action for action in left if _means(one, action)]
        fits = (action for action in means if not any(_of_fields((), one, action, outcome)))
        action = next(fits, means[0] if means else None)
        if action is not None:
            left.remove(action)
        yield number, one, action


def _means(one: Expected, action: Action) -> bool:
    wanted = action.wanted
    if one.item != wanted.item or one.key not in {None, wanted.key}:
        return False
    return action.action != "skip" or one.action == "skip"


def _absence(one: Expected, outcome: Outcome) -> str:
    reasons = [reason for task, reason in _reasons(outcome) if task.split("[")[0] == one.item]
    return "; ".join(dict.fromkeys(reasons)) or "no such task"


def _reasons(outcome: Outcome) -> Iterator[tuple[str, str]]:
    """Yield each task that is not made, with the reason: left out, or wanted and skipped."""
    yield from ((task_text(one.item, one.key), one.reason) for one in outcome.left_out)
    yield from ((named(one), one.reason) for one in outcome.actions if one.action == "skip")


def named(action: Action) -> str:
    """Return a task's name in a case."""
    return task_text(action.wanted.item, action.wanted.key)


def told(action: Action, outcome: Outcome) -> str:
    """Return a task in one line: when, and who."""
    return f"due {due_text(action, outcome.zone)}, {person_text(action, outcome)}"


def _of_fields(path: Path, one: Expected, action: Action, outcome: Outcome) -> Iterator[Failure]:
    for name in FIELDS:
        expected = getattr(one, name)
        if expected is None:
            continue
        found = field_value(name, action, outcome)
        if not _is_as_expected(name, expected, action, outcome):
            why = _why(name, action)
            yield Failure((*path, name), named(action), name, _shown(expected), _shown(found), why)


def _why(name: str, action: Action) -> tuple[str, ...]:
    explained = action.wanted.explanation
    if name == "responsible":
        return tuple(map(without_stand_in, explained.responsible))
    return explained.due if name in {"due", "late"} else ()


def field_value(name: str, action: Action, outcome: Outcome) -> Any:
    """Return a field of a task in the words of a case."""
    wanted = action.wanted
    readers: Mapping[str, Callable[[], Any]] = {
        "due": lambda: due_text(action, outcome.zone),
        "responsible": lambda: person_text(action, outcome),
        "action": lambda: action.action,
        "waits": lambda: list(wanted.waits.items) or True if wanted.waits and action.action == "wait" else False,
        "late": lambda: action.late_from is not None,
    }
    return readers[name]() if name in readers else getattr(wanted, name)


def due_text(action: Action, zone: str) -> str:
    """Return a due as local day and time, or `none`."""
    return NONE if action.due_at is None else local(action.due_at.to_tz(zone).to_plain().format_iso())


def local(iso: str) -> str:
    """Return a local ISO moment as a case writes it."""
    return f"{iso[:10]} {iso[11:16]}"


def person_text(action: Action, outcome: Outcome) -> str:
    """Return who is responsible as organisation.yaml names them, else by the number of the user."""
    number = action.wanted.responsible_id
    names = [holder for holder, person in outcome.people.items() if person.id == number]
    return min(names, key=lambda name: (name.startswith("user "), name), default=f"user {number}")


def _is_as_expected(name: str, expected: Any, action: Action, outcome: Outcome) -> bool:
    found = field_value(name, action, outcome)
    if isinstance(expected, Part):
        has = all(part.casefold() in found.casefold() for part in expected.contains)
        return has and not any(part.casefold() in found.casefold() for part in expected.lacks)
    if name == "due":
        return bool(found == expected or (len(expected) == 10 and found[:10] == expected))
    if name == "responsible":
        return _is_person(expected, action, outcome)
    if name == "waits":
        return _waits(expected, action, outcome)
    return bool(found == expected)


def _is_person(expected: str, action: Action, outcome: Outcome) -> bool:
    number = action.wanted.responsible_id
    if expected == f"user {number}":
        return True
    return any(
        person.id == number and holder.strip().casefold() == expected.casefold()
        for holder, person in outcome.people.items()
    )


def _waits(expected: bool | Waiting, action: Action, outcome: Outcome) -> bool:
    waits = action.wanted.waits if action.action == "wait" else None
    if isinstance(expected, bool):
        return expected == (waits is not None)
    if waits is None:
        return False
    if expected.items and set(map(_close, waits.items)) != set(map(_close, expected.items)):
        return False
    if expected.until is None:
        return True
    until = "" if waits.until is None else local(waits.until.to_tz(outcome.zone).to_plain().format_iso())
    return until == expected.until or (len(expected.until) == 10 and until[:10] == expected.until)


def _close(task: str) -> str:
    """Return ITEM [KEY] as ITEM[KEY]."""
    return task.replace(" [", "[")


def _of_left_out(case: Case, outcome: Outcome) -> Iterator[Failure]:
    reasons = list(_reasons(outcome))
    for task, part in case.left_out.items():
        item, key = task_named(task)
        own = [reason for name, reason in reasons if name == task or (key is None and name.split("[")[0] == item)]
        if not any(part.casefold() in reason.casefold() for reason in own):
            made = [told(one, outcome) for one in outcome.actions if one.wanted.item == item and one.action != "skip"]
            found = "; ".join(own) or "; ".join(f"made: {one}" for one in made) or "neither made nor left out"
            yield Failure(("left_out", task), task, "left_out", part or "left out", found)


def _of_warnings(case: Case, outcome: Outcome) -> Iterator[Failure]:
    if case.warnings is None:
        return
    if not case.warnings and outcome.warnings:
        yield Failure(("warnings",), "", "warnings", "no warning", "; ".join(outcome.warnings))
    for number, part in enumerate(case.warnings):
        if not any(part.casefold() in one.casefold() for one in outcome.warnings):
            found = "; ".join(outcome.warnings) or "no warning"
            yield Failure(("warnings", number), "", "warnings", part, found)


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Part):
        parts = [f"contains {part!r}" for part in value.contains] + [f"lacks {part!r}" for part in value.lacks]
        return " and ".join(parts)
    if isinstance(value, Waiting):
        said = [", ".join(value.items)] if value.items else []
        return " and ".join([*said, *([f"until {value.until}"] if value.until else [])])
    return ", ".join(value) if isinstance(value, list) else with_weekday(str(value))


def with_weekday(text: str) -> str:
    """Return a local day with its weekday before it; any other text as it is."""
    if len(text) not in {10, 16} or text[4:5] != "-":
        return text
    try:
        return f"{Date.parse_iso(text[:10]).day_of_week().name[:3].title()} {text}"
    except ValueError:
        return text
