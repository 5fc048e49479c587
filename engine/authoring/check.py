"""All that can be validated without the network: every problem of every file, each with its place."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Literal, TypeVar

from pydantic import BaseModel

from engine.authoring.composing import is_abstract
from engine.authoring.folder import Folder
from engine.authoring.library import Library, few
from engine.authoring.lint import not_allowed, roles_without_use, sense_of
from engine.authoring.loader import Loaded
from engine.authoring.nodes import Mapping
from engine.authoring.organisation_check import organisation_problems
from engine.authoring.overlaying import overlays_of
from engine.authoring.places import as_written, key_place
from engine.authoring.same_tasks import same_tasks
from engine.core.errors import Problem, Problems, UserError
from engine.core.model import TaskList
from engine.core.organisation import Organisation
from engine.core.prepared import Finding, Prepared
from engine.core.preparing import prepare
from engine.core.same_as import with_sameness
from engine.core.words import nearest

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
    abstract: frozenset[str] = frozenset()
    """The lists that are only extended or included; they are in neither of the two maps."""
    of_list: dict[str, tuple[Problem, ...]] = field(default_factory=dict)
    """What is wrong with each list, in its own file or in those that it is made of."""

    @property
    def errors(self) -> tuple[Problem, ...]:
        return tuple(problem for problem in self.problems if problem.severity == "error")


def check_folder(folder: Folder, names: Iterable[str] = ()) -> Checked:
    """Check organisation.yaml and the named lists with those that they are made of, or all and the names of all files.

    Raises:
        UserError: a named list does not exist.
    """
    named = tuple(dict.fromkeys(names))
    problems: list[Problem] = [] if named else list(folder.odd_files())
    organisation = _gathered(problems, folder.organisation_mended)
    if organisation is not None:
        problems.extend((*organisation.problems, *organisation_problems(organisation)))
    usable = organisation if organisation is not None and not organisation.problems else None
    work = _Lists(folder, usable.model if usable is not None else None)
    for name in named or folder.lists():
        work.check(name)
    for other in dict.fromkeys(reached for name in named for reached in work.library.reached(name)):
        work.check(other)
    work.of_all(named or folder.lists())
    every = [problem for found in work.of_list.values() for problem in found]
    if usable is not None and work.ready and not named and not any(one.severity == "error" for one in problems + every):
        problems.extend(roles_without_use(usable, work.ready.values()))
    told = told_once([*problems, *every])
    of_list = {name: tuple(sorted(set(found))) for name, found in work.of_list.items()}
    return Checked(usable, work.ready, work.sound, told, frozenset(work.abstract), of_list)


def told_once(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Return problems in order, and of those that say the same of the same place only one: lists share files."""
    found: dict[object, Problem] = {}
    for problem in sorted(problems):
        found.setdefault((problem.place, problem.what, problem.found, problem.severity), problem)
    return tuple(found.values())


def _gathered(problems: list[Problem], read: Callable[[], Loaded[M]]) -> Loaded[M] | None:
    try:
        return read()
    except Problems as error:
        problems.extend(error.problems)
        return None


class _Lists:
    """The lists of one folder being checked, one after the other; what they share is read once."""

    def __init__(self, folder: Folder, organisation: Organisation | None) -> None:
        self.folder = folder
        self.organisation = organisation
        self.library: Library = folder.library()
        self.ready: dict[str, Prepared] = {}
        self.sound: dict[str, Loaded[TaskList]] = {}
        self.abstract: set[str] = set()
        self.of_list: dict[str, list[Problem]] = {}
        self.read: dict[str, Loaded[TaskList]] = {}

    def check(self, name: str) -> None:
        """Check one list, unless that is done already."""
        if name in self.of_list:
            return
        told = self.of_list.setdefault(name, [])
        loaded = _gathered(told, partial(self.folder.tasklist_mended, name, self.library))
        if loaded is None:
            return
        self.read[name] = loaded
        told.extend(loaded.problems)
        if loaded.model.abstract:
            self.abstract.add(name)
        elif not loaded.problems:
            self.sound[name] = loaded
        if self.organisation is None or not self.organisation.locations:
            return
        told.extend(_odd_overlays(loaded, self.library.file(name).node, self.organisation))
        if not loaded.whole:
            return
        prepared, findings = _prepared(loaded, self.organisation)
        told.extend(findings)
        if prepared is not None and not loaded.problems and not any(one.severity == "error" for one in told):
            self.ready[name] = prepared

    def of_all(self, asked: Iterable[str]) -> None:
        """Find what is wrong between lists: the one identity of two, and an abstract list that nobody uses."""
        lists = self.sound | self._others()
        for name, problem in _same_identity(lists):
            self.of_list.setdefault(name, []).append(problem)
        for name, same in same_tasks(self.sound, lists, self.library):
            self.of_list[name].extend(_problem(self.sound[name], finding) for finding in same.findings)
            if name in self.ready:
                self.ready[name] = with_sameness(self.ready[name], same)
        used = {one.to for name in self.folder.lists() for one in self.library.references(name)}
        readable = all(self._parses(name) for name in self.folder.lists())
        for name in sorted(self.abstract & set(asked) - used if readable else ()):
            file = self.library.file(name)
            if is_abstract(file.node):
                what = "this list is abstract, and no list extends or includes it"
                place = key_place(file.source, file.node, ("abstract",))
                self.of_list[name].append(Problem(place, what, severity="warning", code="unused-list"))
        for name, loaded in self.read.items():
            self.of_list[name] = not_allowed(self.of_list[name], loaded, sound=name in self.ready)

    def _others(self) -> dict[str, Loaded[TaskList]]:
        """The other lists, asked for or not, as far as they are sound: one of them may claim the same identity."""
        found: dict[str, Loaded[TaskList]] = {}
        for name in set(self.folder.lists()) - set(self.of_list):
            with suppress(UserError):
                loaded = self.folder.tasklist(name, self.library)
                if not loaded.model.abstract:
                    found[name] = loaded
        return found

    def _parses(self, name: str) -> bool:
        try:
            self.library.file(name)
        except UserError:
            return False
        return True


def _prepared(loaded: Loaded[TaskList], organisation: Organisation) -> tuple[Prepared | None, list[Problem]]:
    """Return a list made ready with its overlays, or None when anything is wrong in one of them."""
    where = [name for name in loaded.model.applies.locations if name in organisation.locations]
    where = where or list(organisation.locations)
    plain = [name for name in where if name not in loaded.at]
    prepared, findings = prepare(loaded.model, organisation, loaded.doubtful, locations=plain if loaded.at else None)
    problems = [_problem(loaded, finding) for finding in findings]
    overlays: dict[str, Prepared] = {}
    sound = prepared is not None
    for location in (name for name in where if name in loaded.at):
        there = loaded.at[location]
        made, findings = prepare(there.model, organisation, there.doubtful, locations=[location])
        problems += _only_there((_problem(there, finding) for finding in findings), problems, location)
        sound = sound and made is not None
        if made is not None:
            overlays[location] = replace(made, above=("overlays", location))
    if prepared is None or not sound:
        return None, problems
    whole = replace(prepared, overlays=overlays)
    for location, findings in sense_of(whole, where):
        there = loaded.at.get(location, loaded)
        problems += _only_there((_problem(there, finding) for finding in findings), problems, location)
    return whole, problems


def _only_there(found: Iterable[Problem], elsewhere: Iterable[Problem], location: str) -> list[Problem]:
    """Return what is wrong at one location, with its name where that is not wrong everywhere."""
    told = {(problem.place, problem.what) for problem in elsewhere}

    def named(one: Problem) -> Problem:
        is_clear = (one.place, one.what) in told or location in one.what
        return one if is_clear else replace(one, what=f"at {location}: {one.what}")

    return [named(one) for one in found]


def _odd_overlays(loaded: Loaded[TaskList], node: Mapping, organisation: Organisation) -> Iterator[Problem]:
    """Yield a problem for each overlay of the list's own file whose location is unknown, or not one of the list's."""
    own = loaded.model.applies.locations
    for name, (key, _) in overlays_of(node).items():
        place = loaded.source.at(key.line, key.column)
        known = organisation.locations
        if name not in known:
            what = f"there is no location {name!r} in organisation.yaml"
            yield Problem(place, what, allowed=few(known), nearest=nearest(name, known))
        elif own and name not in own and not loaded.model.abstract:
            what = f"this overlay is never used: applies.locations leaves {name!r} out"
            yield Problem(place, what, severity="warning", code="unused-overlay")


@dataclass(frozen=True)
class Ready:
    """One sound list, with the files that it stands in."""

    prepared: Prepared
    loaded: Loaded[TaskList]
    warnings: tuple[Problem, ...]

    @property
    def data(self) -> bytes:
        """All bytes that the list is made of."""
        return self.loaded.data


def ready_list(folder: Folder, name: str) -> Ready:
    """Return one list made ready, with the warnings.

    Raises:
        Problems: everything that is wrong with the files that it is made of, and with organisation.yaml.
        UserError: the list does not exist, or is abstract.
    """
    found = check_folder(folder, [name])
    if name not in found.lists or name not in found.loaded:
        _refuse_abstract(folder, name, found)
        raise Problems(found.problems)
    if found.organisation is None or found.errors and _own_errors(found, name):
        raise Problems(found.problems)
    return Ready(found.lists[name], found.loaded[name], found.problems)


def _own_errors(found: Checked, name: str) -> bool:
    """Whether anything is wrong besides what is only wrong with a list that this one is made of."""
    elsewhere = {one for other, told in found.of_list.items() if other != name for one in told}
    return any(problem not in elsewhere for problem in found.errors) or any(
        problem.severity == "error" for problem in found.of_list[name]
    )


def _refuse_abstract(folder: Folder, name: str, found: Checked) -> None:
    if name not in found.abstract or found.errors:
        return
    library = folder.library()
    users = [one for one in library.names if name in library.reached(one) and not is_abstract(library.file(one).node)]
    advice = f"Lists made with it: {few(users)}." if users else "No list extends or includes it yet."
    raise UserError(f"the list {name!r} is abstract: it is not run by itself.", advice=advice)


def _problem(loaded: Loaded[TaskList], finding: Finding) -> Problem:
    fault, path = finding.fault, finding.path
    severity: Literal["error", "warning"] = "warning" if finding.warning else "error"
    mended = fault.corrected if len(fault.corrected) <= MOST_TO_PASTE else ""
    place = loaded.place(path, fault.offset)
    other = loaded.place(finding.other) if finding.other else None
    where = "" if other is None else f"on line {other.line}" if other.file == place.file else f"at {other}"
    return Problem(
        place,
        fault.what + (f": the other stands {where}" if where else ""),
        found=fault.found,
        allowed=fault.allowed,
        nearest=fault.nearest,
        corrected=as_written(loaded.source, loaded.node, path, mended),
        severity=severity,
        code=finding.code,
    )


def _same_identity(lists: dict[str, Loaded[TaskList]]) -> Iterator[tuple[str, Problem]]:
    """Two lists that say they were formerly the same one would share identities."""
    seen: dict[str, str] = {}
    for name, loaded in sorted(lists.items()):
        number = loaded.model.formerly or loaded.model.tasklist
        if number in seen:
            what = f"the lists {seen[number]!r} and {name!r} both have the identity {number!r}"
            yield name, Problem(loaded.place(("formerly" if loaded.model.formerly else "tasklist",)), what)
        seen.setdefault(number, name)
