"""The files of cases in `tasklists/tests/`: which there are, what they say, and everything that is wrong in them.

`tests/LIST.yaml` holds cases of LIST, and so does `tests/LIST.ANYTHING.yaml`. It must never take one for a task list.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from engine.authoring.folder import Folder
from engine.authoring.loader import Loaded, load_node
from engine.authoring.nodes import Mapping as Tree
from engine.authoring.nodes import Path, parse
from engine.authoring.places import key_place
from engine.authoring.source import Source
from engine.core.case_checking import wrong_in
from engine.core.case_values import Wrong
from engine.core.cases import CaseFile
from engine.core.errors import Place, Problem, Problems, UserError
from engine.core.facts import Facts
from engine.core.prepared import Prepared
from engine.core.saved_facts import load_saved
from engine.core.words import nearest

CASES = "tests"
SAVED = "tests/facts"

MAX_NODES = 50_000
"""Values in a file of cases: some hundred cases, each with all tasks of a long list."""

_NAME = re.compile(r"([a-z0-9]+(?:-[a-z0-9]+)*)(?:\.[^.]+)?\Z")


@dataclass(frozen=True)
class CaseSet:
    """One sound file of cases, with the saved members that they name."""

    tasklist: str
    loaded: Loaded[CaseFile]
    saved: Mapping[str, Facts] = field(default_factory=dict, repr=False)

    def place(self, path: Sequence[str | int]) -> Place:
        """Return where something of a case stands in the file."""
        return self.loaded.place(path)


def case_files(folder: Folder, tasklist: str | None = None) -> tuple[str, ...]:
    """Return the names of the files of cases, relative to the folder; those of one list, or all."""
    at = folder.path / CASES
    found = sorted(at.glob("*.yaml")) if at.is_dir() else ()
    names = [path.name for path in found if not path.name.startswith(".")]
    return tuple(f"{CASES}/{name}" for name in names if tasklist is None or list_of(name) == tasklist)


def list_of(file_name: str) -> str:
    """Return the list that a file of cases is for, by its name; '' when the name is none."""
    match = _NAME.match(file_name.rpartition("/")[2].removesuffix(".yaml"))
    return match[1] if match else ""


def read_cases(folder: Folder, file_name: str, prepared: Prepared) -> CaseSet:
    """Return the cases of one file.

    Raises:
        Problems: everything that is wrong with it.
    """
    loaded = _loaded(folder.source(file_name))
    saved, troubles = _saved(folder, loaded)
    wrongs = () if loaded.problems else wrong_in(loaded.model, prepared, list_of(file_name), saved)
    problems = [*loaded.problems, *troubles, *(_problem(loaded, one) for one in wrongs)]
    if any(problem.severity == "error" for problem in problems):
        raise Problems(problems)
    return CaseSet(loaded.model.tasklist, loaded, saved)


def _loaded(source: Source) -> Loaded[CaseFile]:
    node, duplicates = parse(source, MAX_NODES)
    if not isinstance(node, Tree):
        raise Problems([*duplicates, Problem(Place(source.name, 1, 1), "a file is a mapping of keys to values")])
    return load_node(CaseFile, source, node, duplicates)


def _saved(folder: Folder, loaded: Loaded[CaseFile]) -> tuple[dict[str, Facts], list[Problem]]:
    found: dict[str, Facts] = {}
    troubles: list[Problem] = []
    given = loaded.model.given.facts.saved
    named: list[tuple[Path, str]] = [(("given", "facts"), given)] if given else []
    named += [(("cases", n, "facts"), one.facts.saved) for n, one in enumerate(loaded.model.cases) if one.facts.saved]
    for path, name in named:
        if name in found:
            continue
        place = loaded.place((*path, "saved"))
        if not re.fullmatch(r"[\w.-]+", name) or not (folder.path / SAVED / f"{name}.json").exists():
            there = saved_members(folder)
            what, close = f"there is no saved member {name!r} in {SAVED}", nearest(name, there)
            troubles.append(Problem(place, what, allowed="" if close else ", ".join(there) or "none", nearest=close))
            continue
        try:
            found[name] = load_saved(folder.source(f"{SAVED}/{name}.json").text, f"{SAVED}/{name}.json").facts
        except UserError as error:
            troubles.append(Problem(place, error.message.rstrip(".")))
    return found, troubles


def saved_members(folder: Folder) -> tuple[str, ...]:
    """Return the names of the saved members, by file name without .json."""
    at = folder.path / SAVED
    return tuple(sorted(path.stem for path in at.glob("*.json"))) if at.is_dir() else ()


def _problem(loaded: Loaded[CaseFile], one: Wrong) -> Problem:
    place = key_place(loaded.source, loaded.node, one.path) if one.on_key else loaded.place(one.path)
    severity = "warning" if one.is_warning else "error"
    return Problem(place, one.what, one.found, one.allowed, one.nearest, severity=severity)  # type: ignore[arg-type]


def case_problems(folder: Folder, lists: Mapping[str, Prepared], names: Iterable[str] = ()) -> Iterator[Problem]:
    """Yield all that is wrong in the files of cases; `lists` are the sound lists, `names` those that count, or all.

    Cases of a list that has mistakes itself are not looked at: most of what is wrong would follow from those.
    """
    asked = set(names)
    for file_name in case_files(folder):
        name = list_of(file_name)
        if asked and name not in asked:
            continue
        if name not in folder.lists():
            close = nearest(name, folder.lists())
            yield Problem(
                Place(f"{folder.name}/{file_name}", 1, 1),
                "a file of cases is named after its list, and there is no such list",
                found=repr(name),
                nearest=close,
            )
        elif name in lists:
            try:
                read_cases(folder, file_name, lists[name])
            except Problems as error:
                yield from error.problems
