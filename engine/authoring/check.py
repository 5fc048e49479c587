"""All that can be validated without the network: every problem of every file, each with its place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from engine.authoring.folder import Folder
from engine.authoring.loader import Loaded
from engine.core.errors import Place, Problem, Problems
from engine.core.model import TaskList
from engine.core.organisation import Organisation
from engine.core.prepared import Finding, Prepared
from engine.core.preparing import prepare
from engine.core.words import nearest


@dataclass(frozen=True)
class Checked:
    """What checking a folder found. `lists` holds the sound ones, ready to be expanded."""

    organisation: Loaded[Organisation] | None
    lists: dict[str, Prepared]
    loaded: dict[str, Loaded[TaskList]]
    problems: tuple[Problem, ...]

    @property
    def errors(self) -> tuple[Problem, ...]:
        return tuple(problem for problem in self.problems if problem.severity == "error")


def check_folder(folder: Folder, names: Iterable[str] = ()) -> Checked:
    """Check organisation.yaml and the named lists, or all of them.

    Raises:
        UserError: a named list does not exist.
    """
    wanted = tuple(names) or folder.lists()
    problems: list[Problem] = []
    organisation: Loaded[Organisation] | None = None
    try:
        organisation = folder.organisation()
        problems.extend(_organisation_problems(organisation))
    except Problems as error:
        problems.extend(error.problems)
    lists: dict[str, Prepared] = {}
    sound: dict[str, Loaded[TaskList]] = {}
    for name in wanted:
        try:
            loaded = folder.tasklist(name)
        except Problems as error:
            problems.extend(error.problems)
            continue
        sound[name] = loaded
        if organisation is not None:
            prepared, findings = prepare(loaded.model, organisation.model)
            problems.extend(_problem(loaded, finding) for finding in findings)
            if prepared is not None:
                lists[name] = prepared
    problems.extend(_same_identity(lists))
    return Checked(organisation, lists, sound, tuple(sorted(set(problems))))


@dataclass(frozen=True)
class Ready:
    """One sound list, with the file that it stands in."""

    prepared: Prepared
    loaded: Loaded[TaskList]
    warnings: tuple[Problem, ...]

    @property
    def data(self) -> bytes:
        return self.loaded.source.data


def ready_list(folder: Folder, name: str) -> Ready:
    """Return one list made ready, with the warnings.

    Raises:
        Problems: everything that is wrong with the two files.
        UserError: the list does not exist.
    """
    found = check_folder(folder, [name])
    if found.errors:
        raise Problems(found.problems)
    return Ready(found.lists[name], found.loaded[name], found.problems)


def _problem(loaded: Loaded[TaskList], finding: Finding) -> Problem:
    fault, path = finding.fault, finding.path
    place = loaded.place(path, fault.offset)
    severity: Literal["error", "warning"] = "warning" if finding.warning else "error"
    return Problem(
        place,
        fault.what,
        found=fault.found,
        allowed=fault.allowed,
        nearest=fault.nearest,
        corrected=fault.corrected,
        severity=severity,
    )


def _organisation_problems(loaded: Loaded[Organisation]) -> Iterator[Problem]:
    told = loaded.model
    seen: dict[int, str] = {}
    for name, location in told.locations.items():
        at = ("locations", name)
        if location.calendar not in told.calendars:
            yield _unknown(
                loaded, (*at, "calendar"), kind="calendar", name=location.calendar, known=told.calendars
            )
        if location.business_id in seen:
            what = f"{name!r} and {seen[location.business_id]!r} have the same business_id"
            yield Problem(loaded.place((*at, "business_id")), what, found=str(location.business_id))
        seen.setdefault(location.business_id, name)
    if not told.locations:
        yield Problem(loaded.place(("locations",)), "there is at least one location")
    known = told.known_roles()
    for name, role in told.roles.items():
        for index, other in enumerate(role.fallback):
            if other not in known:
                yield _unknown(
                    loaded, ("roles", name, "fallback", index), kind="role", name=other, known=known
                )
    for name, rules in told.calendars.items():
        if not rules.working_days:
            yield Problem(loaded.place(("calendars", name, "working_days")), "a calendar has a working day")


def _unknown(
    loaded: Loaded[Organisation], path: tuple[str | int, ...], *, kind: str, name: str, known: Iterable[str]
) -> Problem:
    names = sorted(known)
    allowed = ", ".join(names) or f"no {kind} is given"
    return Problem(
        loaded.place(path), f"there is no {kind} {name!r}", allowed=allowed, nearest=nearest(name, names)
    )


def _same_identity(lists: dict[str, Prepared]) -> Iterator[Problem]:
    """Two lists that say they were formerly the same one would share identities."""
    seen: dict[str, str] = {}
    for name, prepared in lists.items():
        number = prepared.identity_id
        if number in seen:
            what = f"the lists {seen[number]!r} and {name!r} both have the identity {number!r}"
            yield Problem(Place(f"{name}.yaml", 1, 1), what)
        seen.setdefault(number, name)
