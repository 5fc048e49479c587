"""The folder of the user's files: which one is in use, what is in it, and nothing outside it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from engine.authoring.calendar_check import with_calendar_files
from engine.authoring.composing import composed
from engine.authoring.library import Library
from engine.authoring.loader import Loaded, load_mended
from engine.authoring.reading import loaded_list
from engine.authoring.source import Source, read_source
from engine.core.errors import Place, Problem, Problems, UserError
from engine.core.model import TaskList
from engine.core.organisation import Organisation
from engine.core.scalars import SLUG, is_slug, shown
from engine.core.words import nearest

ORGANISATION = "organisation.yaml"


@dataclass(frozen=True)
class Folder:
    """A folder of task lists. `path` is absolute; `name` is how it is shown in places."""

    path: Path
    name: str

    def lists(self) -> tuple[str, ...]:
        """Return the ids of all task lists, by file name; files whose names begin with a point are no lists."""
        return tuple(sorted(path.stem for path in self._files(".yaml") if re.fullmatch(SLUG, path.stem)))

    def odd_files(self) -> Iterator[Problem]:
        """Yield a problem for every YAML file that is no list because of its name."""
        for path in self._files(".yaml"):
            if not re.fullmatch(SLUG, path.stem):
                what = "a task list's file is named by its id: lower-case letters, digits and hyphens"
                yield Problem(self._start(path.name), what, found=repr(path.stem), corrected=f"{_slug(path.stem)}.yaml")
        for path in self._files(".yml"):
            what = f"this file is not read: rename it to {_slug(path.stem)}.yaml"
            yield Problem(self._start(path.name), what, severity="warning")

    def organisation(self) -> Loaded[Organisation]:
        """Load organisation.yaml. Raises Problems or UserError."""
        loaded = self.organisation_mended()
        if loaded.problems:
            raise Problems(loaded.problems)
        return loaded

    def organisation_mended(self) -> Loaded[Organisation]:
        """Load organisation.yaml with its problems taken out, for further checks. Raises Problems or UserError."""
        loaded = load_mended(Organisation, self.source(ORGANISATION))
        return with_calendar_files(loaded, self.source, [path.name for path in self._files(".ics")])

    def library(self) -> Library:
        """Return the folder's lists as trees, each file read once, when it is asked for."""
        return Library(lambda name: self.source(f"{name}.yaml"), self.lists)

    def tasklist(self, tasklist_id: str, library: Library | None = None) -> Loaded[TaskList]:
        """Load one task list by its id. Raises Problems or UserError; an unknown id names the nearest."""
        loaded = self.tasklist_mended(tasklist_id, library)
        if loaded.problems:
            raise Problems(loaded.problems)
        return loaded

    def tasklist_mended(self, tasklist_id: str, library: Library | None = None) -> Loaded[TaskList]:
        """Load one task list, with what it extends, includes and overlays, its problems taken out for further checks.

        `library` are the files that are read already. Raises as `tasklist`.
        """
        self._must_exist(tasklist_id)
        loaded = loaded_list(composed(library or self.library(), tasklist_id))
        found = loaded.model.tasklist
        if found == tasklist_id or ("tasklist",) in loaded.doubtful:
            return loaded
        what = "the id of a task list equals its file name"
        problem = Problem(loaded.place(("tasklist",)), what, found=repr(found), corrected=tasklist_id)
        return replace(loaded, problems=(*loaded.problems, problem), doubtful=loaded.doubtful | {("tasklist",)})

    def source(self, file_name: str) -> Source:
        """Read one file of the folder. Raises Problems, also when it is a link that leads out of the folder."""
        path = self.path / file_name
        shown = f"{self.name}/{file_name}"
        real = Path(os.path.realpath(path))  # unlike Path.resolve, it bears links that go round in circles
        if not real.is_relative_to(os.path.realpath(self.path)):
            what = "this is a link that leads out of the folder: put the file itself here"
            raise Problems([Problem(self._start(file_name), what)])
        if path.is_symlink() and not os.path.lexists(real):
            raise Problems([Problem(self._start(file_name), "this link leads to nothing")])
        return read_source(real, shown)

    def _files(self, suffix: str) -> list[Path]:
        found = (path for path in self.path.iterdir() if path.suffix == suffix and not path.name.startswith("."))
        return sorted(path for path in found if path.name != ORGANISATION)

    def _start(self, file_name: str) -> Place:
        return Place(f"{self.name}/{file_name}", 1, 1)

    def _must_exist(self, tasklist_id: str) -> None:
        if f"{tasklist_id}.yaml" == ORGANISATION:
            raise UserError(f"{ORGANISATION} holds no task list.", advice=self._advice(tasklist_id))
        if not is_slug(tasklist_id):
            raise UserError(
                f"{shown(tasklist_id)} is no task list's id: lower-case letters, digits and hyphens.",
                advice=self._advice(tasklist_id),
            )
        if not os.path.lexists(self.path / f"{tasklist_id}.yaml"):
            advice = self._advice(tasklist_id)
            if (self.path / f"{tasklist_id}.yml").exists():
                advice = f"Rename {tasklist_id}.yml to {tasklist_id}.yaml."
            raise UserError(f"there is no task list {tasklist_id!r} in {self.name}.", advice=advice)

    def _advice(self, tasklist_id: str) -> str:
        names = self.lists()
        close = nearest(tasklist_id, names)
        return f"Did you mean {close}?" if close else f"There are: {', '.join(names) or 'none yet'}."


def _slug(name: str) -> str:
    """Return the id that a file name comes nearest to."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "list"


def find_folder(named: str | None, environ: Mapping[str, str], here: Path) -> Folder:
    """Return the folder in use: `--dir`, else TASKLISTS_DIR, else ./tasklists, else the nearest one upwards.

    Raises:
        UserError: there is none, or the named one has no organisation.yaml.
    """
    wanted = named or environ.get("TASKLISTS_DIR")
    if wanted:
        path = (here / wanted).resolve()
        if not (path / ORGANISATION).is_file():
            raise UserError(
                f"{wanted} holds no {ORGANISATION}.", advice="Name the folder of your task lists with --dir."
            )
        return Folder(path, wanted.rstrip("/") or "/")
    for folder in (here, *here.parents):
        if (folder / "tasklists" / ORGANISATION).is_file():
            path = folder / "tasklists"
            return Folder(path, "tasklists" if folder == here else str(path))
    raise UserError(
        f"there is no folder tasklists with an {ORGANISATION} here or above.",
        advice="Go to the folder that holds it, or name it with --dir or TASKLISTS_DIR.",
    )
