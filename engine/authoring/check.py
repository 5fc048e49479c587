"""All that can be validated without the network: every problem of every file, each with its place."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Literal, TypeVar

from pydantic import BaseModel

from engine.authoring.folder import Folder
from engine.authoring.loader import Loaded
from engine.authoring.organisation_check import organisation_problems
from engine.authoring.places import as_written
from engine.core.errors import Problem, Problems, UserError
from engine.core.model import TaskList
from engine.core.organisation import Organisation
from engine.core.prepared import Finding, Prepared
from engine.core.preparing import prepare

MOST_TO_PASTE = 400
"""Characters of a corrected line that a person would paste; a longer one only hides the other problems."""

M = TypeVar("M", bound=BaseModel)


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
    """Check organisation.yaml and the named lists, or all of them and the names of all files.

    Raises:
        UserError: a named list does not exist.
    """
    named = tuple(dict.fromkeys(names))
    problems: list[Problem] = [] if named else list(folder.odd_files())
    organisation = _gathered(problems, folder.organisation_mended)
    usable = organisation if organisation is not None and not organisation.problems else None
    if organisation is not None:
        problems.extend((*organisation.problems, *organisation_problems(organisation)))
    lists: dict[str, Prepared] = {}
    sound: dict[str, Loaded[TaskList]] = {}
    for name in named or folder.lists():
        loaded = _gathered(problems, partial(folder.tasklist_mended, name))
        if loaded is None:
            continue
        problems.extend(loaded.problems)
        if not loaded.problems:
            sound[name] = loaded
        if usable is not None and usable.model.locations:
            prepared, findings = prepare(loaded.model, usable.model, loaded.doubtful)
            problems.extend(_problem(loaded, finding) for finding in findings)
            if prepared is not None and not loaded.problems:
                lists[name] = prepared
    problems.extend(_same_identity(sound | _others(folder, sound)))
    return Checked(usable, lists, sound, tuple(sorted(set(problems))))


def _gathered(problems: list[Problem], read: Callable[[], Loaded[M]]) -> Loaded[M] | None:
    try:
        return read()
    except Problems as error:
        problems.extend(error.problems)
        return None


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
    severity: Literal["error", "warning"] = "warning" if finding.warning else "error"
    mended = fault.corrected if len(fault.corrected) <= MOST_TO_PASTE else ""
    other = f": the other stands on line {loaded.place(finding.other).line}" if finding.other else ""
    return Problem(
        loaded.place(path, fault.offset),
        fault.what + other,
        found=fault.found,
        allowed=fault.allowed,
        nearest=fault.nearest,
        corrected=as_written(loaded.source, loaded.node, path, mended),
        severity=severity,
    )


def _others(folder: Folder, known: Iterable[str]) -> dict[str, Loaded[TaskList]]:
    """The other lists, asked for or not, as far as they are sound: one of them may claim the same identity."""
    found: dict[str, Loaded[TaskList]] = {}
    for name in set(folder.lists()) - set(known):
        with suppress(UserError):
            found[name] = folder.tasklist(name)
    return found


def _same_identity(lists: dict[str, Loaded[TaskList]]) -> Iterator[Problem]:
    """Two lists that say they were formerly the same one would share identities."""
    seen: dict[str, str] = {}
    for name, loaded in sorted(lists.items()):
        number = loaded.model.formerly or loaded.model.tasklist
        if number in seen:
            what = f"the lists {seen[number]!r} and {name!r} both have the identity {number!r}"
            yield Problem(loaded.place(("formerly" if loaded.model.formerly else "tasklist",)), what)
        seen.setdefault(number, name)
