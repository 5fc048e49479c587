"""All cases of a list in one go: what failed, what no case reaches, and the file that would hold.

It must never write a file: the door that asks for the new text does.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from engine.authoring.case_files import CaseSet, case_files, read_cases
from engine.authoring.case_writing import with_renewed
from engine.authoring.check import Ready, ready_list
from engine.authoring.folder import Folder
from engine.core.case_coverage import Branch, Coverage, coverage_of
from engine.core.case_judging import Failure
from engine.core.case_updating import renewed
from engine.core.errors import Place, Problems, UserError
from engine.core.words import nearest
from engine.flows.cases import Tried, try_cases


@dataclass(frozen=True)
class CaseRun:
    """One file of cases with what became of them."""

    file_name: str
    cases: CaseSet
    tried: tuple[Tried, ...]

    def place(self, tried: Tried, failure: Failure | None = None) -> Place:
        """Return where a case stands, or the expectation that failed."""
        return self.cases.place(("cases", tried.number, *(failure.path if failure else ("case",))))


@dataclass(frozen=True)
class ListRun:
    """One list with all its files of cases."""

    ready: Ready
    runs: tuple[CaseRun, ...]
    coverage: Coverage

    @property
    def tasklist(self) -> str:
        return self.ready.prepared.tasklist.tasklist

    def tried(self) -> Iterator[tuple[CaseRun, Tried]]:
        """Yield every case with its file, in order."""
        yield from ((run, one) for run in self.runs for one in run.tried)

    def place(self, branch: Branch) -> Place:
        """Return where a branch stands in the list."""
        return self.ready.loaded.place(branch.place())


def lists_with_cases(folder: Folder, names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the lists to test: those named, else all that have cases.

    Raises:
        UserError: a named list has no cases, or there are none at all.
    """
    known = tuple(name for name in folder.lists() if case_files(folder, name))
    for name in names:
        if name not in known and name in folder.lists():
            advice = f"Write some into {folder.name}/tests/{name}.yaml."
            raise UserError(f"there are no cases for {name}.", advice=advice)
        if name not in known:
            close = nearest(name, folder.lists())
            there = f"Did you mean {close}?" if close else f"There are: {', '.join(folder.lists()) or 'none yet'}."
            raise UserError(f"there is no task list {name!r} in {folder.name}.", advice=there)
    if not known:
        advice = f"Write some into {folder.name}/tests/LIST.yaml; `tasklists schema cases` shows the form."
        raise UserError("no list has cases yet.", advice=advice)
    return tuple(dict.fromkeys(names)) or known


def run_list(folder: Folder, name: str, only: str = "") -> ListRun:
    """Return what became of the cases of one list; with `only`, of those whose name holds that text.

    Raises:
        Problems: everything that is wrong with the list, or with its cases.
        UserError: no case has such a name.
    """
    ready = ready_list(folder, name)
    runs = tuple(_run(folder, file_name, ready, only) for file_name in case_files(folder, name))
    if only and not any(run.tried for run in runs):
        raise UserError(f"no case of {name} has {only!r} in its name.", advice="Leave --case out to see them all.")
    members = ((one.outcome, one.facts) for run in runs for one in run.tried)
    return ListRun(ready, runs, coverage_of(ready.prepared, members))


def _run(folder: Folder, file_name: str, ready: Ready, only: str) -> CaseRun:
    found = read_cases(folder, file_name, ready.prepared)
    tried = try_cases(found.loaded.model, ready.prepared, found.saved, only)
    return CaseRun(file_name, found, tried)


def run_all(folder: Folder, names: tuple[str, ...], only: str = "") -> tuple[ListRun, ...]:
    """Return the runs of several lists.

    Raises:
        Problems: everything that is wrong with any of them.
    """
    found: list[ListRun] = []
    problems: list[Problems] = []
    for name in names:
        try:
            found.append(run_list(folder, name, only))
        except Problems as error:
            problems.append(error)
    if problems:
        raise Problems({problem for error in problems for problem in error.problems})
    return tuple(found)


def updated(run: CaseRun) -> tuple[str, tuple[Tried, ...]]:
    """Return the text of a file whose cases would hold, and those that cannot be renewed: refused, or on one line."""
    changes = {}
    left: list[Tried] = []
    numbers = dict.fromkeys(one.number for one in run.tried if not one.is_good or one.case.expect is None)
    for number in numbers:
        own = [one for one in run.tried if one.number == number]
        if all(one.is_good for one in own) and not _says_nothing(own[0]):
            continue
        failed = [failure for one in own for failure in one.failures]
        case = own[0].case.model_copy(update={"expect": ()}) if _says_nothing(own[0]) else own[0].case
        told = renewed(case, [one.outcome for one in own], [*failed, *([_NOTHING] if _says_nothing(own[0]) else [])])
        if told is None:
            left.append(own[0])
        else:
            changes[number] = told.parts
    text, kept = with_renewed(run.cases.loaded, changes)
    left += [one for one in run.tried if one.number in kept]
    return text, tuple({one.number: one for one in left}.values())


_NOTHING = Failure(("expect",), "", "task", "", "")
"""What stands for a case that expects nothing yet."""


def _says_nothing(one: Tried) -> bool:
    case = one.case
    return case.expect is None and not case.left_out and case.warnings is None and case.error is None
